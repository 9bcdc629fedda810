# Golden values for test/core/test_transform.c: BoxCox() and BoxCox.lambda() of R's forecast package.
# Rscript test/golden/transform.R > test/core/transform_golden.h
suppressMessages(library(forecast))

digits <- function(x) paste(sprintf("%.17g", x), collapse = ", ")
series <- list(ts(as.numeric(AirPassengers), frequency = 12), ts(as.numeric(UKgas), frequency = 4), ts(as.numeric(Nile)),
               ts(as.numeric(lynx)), ts(as.numeric(sunspot.year)[1:90] + 1), ts(as.numeric(UKDriverDeaths)[1:100], frequency = 12))

# The coefficient of variation that is made small, as Guerrero has it.
unevenness <- function(y, lambda) {
  m <- max(2, frequency(y))
  k <- floor(length(y) / m)
  blocks <- matrix(y[(length(y) - k * m + 1):length(y)], m, k)
  ratio <- apply(blocks, 2, sd) / colMeans(blocks)^(1 - lambda)
  sd(ratio) / mean(ratio)
}

cat("/* Made by test/golden/transform.R with R", as.character(getRversion()), "and forecast",
    as.character(packageVersion("forecast")), "*/\n")
cat("static const struct\n{\n\tint\t\t\tn;\n\tint\t\t\tseason;\n\tdouble\t\ty[144];\n\tdouble\t\tlambda;\n\tdouble\t\tunevenness;\t\t/* at that lambda */\n}\t\t\tlambda_golden[] = {\n", sep = "")
for (y in series) {
  lambda <- BoxCox.lambda(y, method = "guerrero")
  cat("\t{", length(y), ", ", frequency(y), ", {", digits(y), "},\n\t", digits(lambda), ", ", digits(unevenness(y, lambda)), "},\n", sep = "")
}
cat("};\n\nstatic const struct\n{\n\tdouble\t\ty;\n\tdouble\t\tlambda;\n\tdouble\t\tx;\n}\t\t\tbox_cox_golden[] = {\n")
for (lambda in c(-1, -0.5, 0, 0.25, 0.5, 1, 2))
  for (y in c(0.01, 0.5, 1, 3, 1000))
    cat("\t{", digits(y), ", ", digits(lambda), ", ", digits(as.numeric(BoxCox(y, lambda))), "},\n", sep = "")
cat("};\n")
