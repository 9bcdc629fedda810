# Golden values for test/core/test_smooth.c: Holt's and simple exponential smoothing of R itself, with given
# constants (stats::HoltWinters), and the least squares that ets() of R's forecast package finds.
# Rscript test/golden/smooth.R > test/core/smooth_golden.h
suppressMessages(library(forecast))

digits <- function(x) paste(sprintf("%.17g", x), collapse = ", ")
series <- list(as.numeric(Nile)[1:60], as.numeric(WWWusage)[1:50], as.numeric(LakeHuron)[1:40], log(as.numeric(lynx))[1:30])

cat("/* Made by test/golden/smooth.R with R", as.character(getRversion()), "and forecast",
    as.character(packageVersion("forecast")), "*/\n")
cat("static const struct\n{\n\tint\t\t\tn;\n\tdouble\t\ty[60];\n",
    "\tdouble\t\tlevel;\t\t\t/* SES, alpha 0.3, started at y[0] */\n\tdouble\t\tses_sse;\n",
    "\tdouble\t\tholt[2];\t\t/* level and trend, alpha 0.4, beta 0.2, started at y[1], y[1] - y[0] */\n",
    "\tdouble\t\tholt_sse;\n",
    "\tdouble\t\tleast[3];\t\t/* squared errors of ANN, AAN, AAdN fitted by least squares */\n",
    "}\t\t\tsmooth_golden[] = {\n", sep = "")
for (y in series) {
  ses <- HoltWinters(ts(y), alpha = 0.3, beta = FALSE, gamma = FALSE, l.start = y[1])
  holt <- HoltWinters(ts(y), alpha = 0.4, beta = 0.2, gamma = FALSE, l.start = y[2], b.start = y[2] - y[1])
  least <- sapply(list(c("ANN", FALSE), c("AAN", FALSE), c("AAN", TRUE)), function(m) {
    fit <- ets(ts(y), m[1], damped = as.logical(m[2]), opt.crit = "mse", lower = c(1e-4, 1e-5, 1e-4, 0.8), bounds = "usual")
    sum(residuals(fit)^2)
  })
  cat("\t{", length(y), ", {", digits(y), "},\n\t", digits(ses$coefficients["a"]), ", ", digits(ses$SSE), ", {",
      digits(holt$coefficients[c("a", "b")]), "}, ", digits(holt$SSE), ",\n\t{", digits(least), "}},\n", sep = "")
}
cat("};\n")
