# Logistic regression by R: glm for plain fits, glmnet for ridge.
#
#   Rscript test/golden/logistic.R > test/core/logistic_golden.h
#
# R 4.2, glmnet 4.1.  300 deals, three features as codes: a number (0 missing,
# 1..6 its values), a boolean (0 missing, never; 1, 2), a category (1..4).
suppressMessages(library(glmnet))
set.seed(20)
n <- 300
value <- c(-3, 0.5, 1, 2.5, 7, 11)
number <- sample(0:6, n, TRUE, prob = c(2, 4, 3, 5, 2, 1, 1))
boolean <- sample(1:2, n, TRUE, prob = c(3, 1))
category <- sample(1:4, n, TRUE, prob = c(4, 3, 2, 1))
x <- -0.4 + c(0.5, -1, -0.5, 0, 0.3, 0.8, 1.5)[number + 1] + 0.9 * (boolean == 2) + c(0, 0.7, -0.6, 0.4)[category]
won <- rbinom(n, 1, plogis(x))
exact <- glm.control(epsilon = 1e-15, maxit = 100)

one_hot <- function(code, codes) 1 * outer(code, codes, "==")
with_value <- number > 0
v <- ifelse(with_value, value[pmax(number, 1)], 0)
mean_v <- mean(v[with_value])
sd_v <- sqrt(mean((v[with_value] - mean_v)^2))
z <- ifelse(with_value, (v - mean_v) / sd_v, 0)
columns <- list(number = one_hot(number, 0:6), boolean = one_hot(boolean, 0:2), category = one_hot(category, 0:4))

# centred weights and their errors: contrasts of b with covariance V, from a map code -> columns of the design
centred <- function(b, V, maps) {
  base <- c(1, rep(0, length(b) - 1))
  weight <- c(); error <- c()
  for (m in maps) {
    mean_row <- colSums(m$share * m$row)
    base <- base + mean_row
    d <- sweep(m$row, 2, mean_row)
    weight <- c(weight, ifelse(m$share > 0, d %*% b, 0))
    error <- c(error, ifelse(m$share > 0, sqrt(pmax(0, diag(d %*% V %*% t(d)))), 0))
  }
  list(intercept = sum(base * b), intercept_error = sqrt(c(base %*% V %*% base)), weight = weight, error = error)
}
# rows: for each code, what it adds in each column; columns of the design in `x`
map_of <- function(code, codes, x) {
  share <- sapply(codes, function(c) mean(code == c))
  row <- t(sapply(codes, function(c) if (any(code == c)) x[which(code == c)[1], ] else rep(0, ncol(x))))
  list(share = share, row = row)
}
emit <- function(name, r) {
  cat(sprintf("static const double %s_weight[] = {%s};\n", name, paste(sprintf("%.15g", r$weight), collapse = ", ")))
  if (!is.null(r$error))
    cat(sprintf("static const double %s_error[] = {%s};\n", name, paste(sprintf("%.15g", r$error), collapse = ", ")))
  cat(sprintf("static const double %s_fit[] = {%s};\n\n", name,
              paste(sprintf("%.15g", c(r$intercept, r$intercept_error, r$deviance, r$slope, r$slope_error)), collapse = ", ")))
}
by_feature <- function(x, own) { x2 <- x; x2[, !own] <- 0; x2[, 1] <- 0; x2 }
glm_case <- function(name, x, owner, slope = NULL) {
  fit <- glm.fit(x, won, family = binomial(), control = exact)
  class(fit) <- "glm"
  V <- solve(t(x) %*% (x * (fit$fitted.values * (1 - fit$fitted.values))))
  b <- fit$coefficients
  maps <- list(map_of(number, 0:7, by_feature(x, owner == 1)), map_of(boolean, 0:3, by_feature(x, owner == 2)),
               map_of(category, 0:5, by_feature(x, owner == 3)))
  r <- centred(b, V, maps)
  r$deviance <- fit$deviance
  if (!is.null(slope)) { r$slope <- b[slope] / sd_v; r$slope_error <- sqrt(V[slope, slope]) / sd_v }
  emit(name, r)
}
ridge_case <- function(name, x, owner, ridge, slope = NULL) {
  x <- x[, -1]
  fit <- glmnet(x, won, family = "binomial", alpha = 0, lambda = ridge / n, standardize = FALSE, thresh = 1e-22, maxit = 1e7)
  b <- c(fit$a0, as.numeric(fit$beta))
  x <- cbind(1, x)
  maps <- list(map_of(number, 0:7, by_feature(x, owner == 1)), map_of(boolean, 0:3, by_feature(x, owner == 2)),
               map_of(category, 0:5, by_feature(x, owner == 3)))
  r <- centred(b, diag(length(b)), maps)
  p <- plogis(c(x %*% b))
  A <- t(x) %*% (x * (p * (1 - p)))
  V <- solve(A + ridge * diag(c(0, rep(1, length(b) - 1))))
  r <- centred(b, V, maps)
  r$deviance <- -2 * sum(log(ifelse(won == 1, p, 1 - p)))
  if (!is.null(slope)) { r$slope <- b[slope] / sd_v; r$slope_error <- sqrt(V[slope, slope]) / sd_v }
  emit(name, r)
}

cat("/* Made by test/golden/logistic.R: logistic regression by glm and glmnet. */\n")
cat("/* number, boolean, category, won */\n")
cat(sprintf("static const uint8_t golden_deal[%d][4] = {\n%s};\n", n,
            paste(sprintf("{%d,%d,%d,%d},%s", number, boolean, category, won, ifelse(seq_len(n) %% 8 == 0, "\n", " ")), collapse = "")))
cat(sprintf("static const double golden_value[] = {%s};\n", paste(value, collapse = ", ")))
cat("/* weights and errors by code; fit: intercept, its error, deviance[, slope, its error] */\n")
binned <- cbind(1, columns$number[, -1], columns$boolean[, 3, drop = FALSE], columns$category[, 3:5])
glm_case("binned", binned, c(0, rep(1, 6), 2, rep(3, 3)))
linear <- cbind(1, 1 * !with_value, z, columns$boolean[, 3, drop = FALSE], columns$category[, 3:5])
glm_case("linear", linear, c(0, 1, 1, 2, rep(3, 3)), 3)
hot <- cbind(1, columns$number, columns$boolean, columns$category)
ridge_case("binned_ridge", hot, c(0, rep(1, 7), rep(2, 3), rep(3, 5)), 2.5)
hot <- cbind(1, 1 * !with_value, z, columns$boolean, columns$category)
ridge_case("linear_ridge", hot, c(0, 1, 1, rep(2, 3), rep(3, 5)), 2.5, 3)
