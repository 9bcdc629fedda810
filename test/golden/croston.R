# Golden values for test/core/test_croston.c: Croston's method of R's forecast package (8.20).
# Rscript test/golden/croston.R > test/core/croston_golden.h
suppressMessages(library(forecast))

digits <- function(x) paste(sprintf("%.17g", x), collapse = ", ")

set.seed(20)
series <- list(
  c(0, 0, 3, 0, 1, 0, 0, 0, 4, 2, 0, 1),
  c(5, 0, 0, 0, 0, 0, 0, 0),
  rpois(40, 0.4),
  rpois(60, 0.7) * rpois(60, 3),
  ifelse(runif(50) < 0.3, round(rlnorm(50, 3, 0.8), 2), 0)
)

cat("/* Made by test/golden/croston.R with R", as.character(getRversion()), "and forecast",
    as.character(packageVersion("forecast")), "*/\n")
cat("static const struct\n{\n\tint\t\t\tn;\n\tdouble\t\ty[60];\n\tdouble\t\tmean;\n\tdouble\t\tlast_fitted;\n}\t\t\tcroston_golden[] = {\n")
for (y in series) {
  fit <- croston(ts(y), h = 1, alpha = 0.1)
  cat("\t{", length(y), ", {", digits(y), "},\n\t", digits(fit$mean[1]), ", ",
      digits(fit$fitted[length(y)]), "},\n", sep = "")
}
cat("};\n")
