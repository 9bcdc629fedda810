# Golden values of reconciled forecasts, by explicit matrix algebra with the full S and W.
#
#   Rscript test/golden/reconcile.R > test/core/reconcile_golden.h
#
# P = (S' W^-1 S)^-1 S' W^-1 (Wickramasuriya, Athanasopoulos & Hyndman, JASA 114, 2019, eq. 9), shrinkage after
# Schaefer & Strimmer, SAGMB 4(1), 2005; not negative by quadprog.
suppressMessages(library(quadprog))

digits <- function(x) paste(sprintf("%.17g", x), collapse = ", ")

# rows: total, 2 regions, 3 products, 6 bottom series (region by product)
S <- rbind(1, cbind(diag(2)[, 1] %o% c(1, 1, 1, 0, 0, 0) + diag(2)[, 2] %o% c(0, 0, 0, 1, 1, 1)),
           cbind(diag(3), diag(3)), diag(6))
n <- nrow(S)

shrunk <- function(e) {
  t <- nrow(e)
  v <- colMeans(e^2)
  x <- sweep(e, 2, sqrt(v), "/")
  r <- crossprod(x) / t
  spread <- (crossprod(x^2) - crossprod(x)^2 / t) / (t * (t - 1))
  diag(spread) <- 0
  lambda <- max(0, min(1, sum(spread) / sum((r - diag(n))^2)))
  list(lambda = lambda, W = lambda * diag(v) + (1 - lambda) * crossprod(e) / t)
}

reconcile <- function(W, base) S %*% solve(t(S) %*% solve(W, S), t(S) %*% solve(W, base))

nonnegative <- function(W, base) {
  A <- t(S) %*% solve(W, S)
  k <- max(abs(A))
  S %*% apply(base, 2, function(y) solve.QP(A / k, t(S) %*% solve(W, y) / k, diag(6), rep(0, 6))$solution)
}

set.seed(66)
periods <- 15
steps <- 3
e <- matrix(rnorm(periods * 6), periods) %*% chol(0.5 * diag(6) + 0.5) %*% diag(c(1, 2, 0.5, 3, 1, 1.5))
e <- round(e %*% t(S) + matrix(rnorm(periods * n, sd = 0.7), periods), 4)
bottom <- matrix(c(20, 3, 0.4, 8, 1, 2, 21, 2, -0.8, 9, -2, 2, 22, 4, 0.1, -1, 0.5, 2.5), 6)
base <- round(S %*% bottom + matrix(rnorm(n * steps, sd = 2), n), 4)

cat("/* Written by test/golden/reconcile.R; R", as.character(getRversion()), "*/\n")
cat(sprintf("#define GOLDEN_NODES %d\n#define GOLDEN_STEPS %d\n#define GOLDEN_PERIODS %d\n\n", n, steps, periods))
cat("/* rows: total, 2 regions, 3 products, 6 bottom series, region by region */\n")
cat("static const int32_t golden_key[GOLDEN_NODES * 2] = {-1, -1, 0, -1, 1, -1, -1, 0, -1, 1, -1, 2, 0, 0, 0, 1, 0, 2, 1, 0, 1, 1, 1, 2};\n")
cat("static const double golden_base[] = {", digits(t(base)), "};\n", sep = "")
cat("static const double golden_residuals[] = {", digits(e), "};\n", sep = "")
s <- shrunk(e)
cat("static const double golden_lambda = ", digits(s$lambda), ";\n", sep = "")
weights <- list(struct = diag(rowSums(S)), var = diag(colMeans(e^2)), shrink = s$W)
for (name in names(weights)) {
  cat("static const double golden_", name, "[] = {", digits(t(reconcile(weights[[name]], base))), "};\n", sep = "")
  # MinT: its own result, made not negative by the variances alone
  start <- if (name == "shrink") reconcile(weights$shrink, base) else base
  metric <- if (name == "shrink") weights$var else weights[[name]]
  cat("static const double golden_", name, "_nonnegative[] = {", digits(t(nonnegative(metric, start))), "};\n", sep = "")
}
