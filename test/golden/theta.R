# Golden values for test/core/test_theta.c: thetaf() of R's forecast package, and the least squares of the recursions
# of Fiorucci et al. 2016 found by optim() from many starts.
# Rscript test/golden/theta.R > test/core/theta_golden.h
suppressMessages(library(forecast))

digits <- function(x) paste(sprintf("%.17g", x), collapse = ", ")
series <- list(as.numeric(Nile)[1:60], as.numeric(WWWusage)[1:50], as.numeric(LakeHuron)[1:40], log(as.numeric(lynx))[1:30])

line <- function(y) {
  if (length(y) == 1) return(c(y, 0))
  unname(coef(lm(y ~ seq_along(y))))
}

# One-step forecasts, straight from the paper.
errors <- function(y, alpha, w, l, dynamic) {
  whole <- line(y)
  e <- numeric(length(y))
  for (t in seq_along(y)) {
    ab <- if (!dynamic) whole else if (t == 1) c(y[1], 0) else line(y[1:(t - 1)])
    mu <- l + w * ((1 - alpha)^(t - 1) * ab[1] + (1 - (1 - alpha)^t) / alpha * ab[2])
    e[t] <- y[t] - mu
    l <- alpha * y[t] + (1 - alpha) * l
  }
  e
}

least <- function(y, dynamic, w = NULL) {
  best <- Inf
  for (alpha in c(0.05, 0.3, 0.6, 0.95)) {
    f <- function(p) sum(errors(y, p[1], if (is.null(w)) p[3] else w, p[2] * y[1], dynamic)^2)
    start <- c(alpha, 0.5, 0.5)[seq_len(if (is.null(w)) 3 else 2)]
    fit <- optim(start, f, method = "L-BFGS-B", lower = c(0.02, -5, 0)[seq_along(start)], upper = c(0.99, 5, 1)[seq_along(start)])
    best <- min(best, fit$value)
  }
  best
}

cat("/* Made by test/golden/theta.R with R", as.character(getRversion()), "and forecast",
    as.character(packageVersion("forecast")), "*/\n")
cat("static const struct\n{\n\tint\t\t\tn;\n\tdouble\t\ty[60];\n",
    "\tdouble\t\tthetaf[6];\t\t/* thetaf() */\n\tdouble\t\tsse;\t\t\t/* alpha 0.3, w 0.6, l_0 0.4 y[0], the whole line */\n",
    "\tdouble\t\tdynamic_sse;\t/* the line so far */\n",
    "\tdouble\t\tleast[3];\t\t/* Theta, OTM, DOTM */\n",
    "}\t\t\ttheta_golden[] = {\n", sep = "")
for (y in series) {
  cat("\t{", length(y), ", {", digits(y), "},\n\t{", digits(thetaf(ts(y), h = 6)$mean), "},\n\t",
      digits(sum(errors(y, 0.3, 0.6, 0.4 * y[1], FALSE)^2)), ", ", digits(sum(errors(y, 0.3, 0.6, 0.4 * y[1], TRUE)^2)), ",\n\t{",
      digits(c(least(y, FALSE, 0.5), least(y, FALSE), least(y, TRUE))), "}},\n", sep = "")
}
cat("};\n")
