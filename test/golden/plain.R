# Golden values for test/core/test_plain.c: the simple forecasts of R's forecast package.
# Rscript test/golden/plain.R > test/core/plain_golden.h
suppressMessages(library(forecast))

digits <- function(x) paste(sprintf("%.17g", x), collapse = ", ")
series <- list(ts(as.numeric(AirPassengers)[1:50], frequency = 12), ts(as.numeric(UKgas)[1:30], frequency = 4),
               ts(as.numeric(Nile)[1:40]), ts(as.numeric(nottem)[1:26], frequency = 12))

cat("/* Made by test/golden/plain.R with R", as.character(getRversion()), "and forecast",
    as.character(packageVersion("forecast")), "*/\n")
cat("static const struct\n{\n\tint\t\t\tn;\n\tint\t\t\tseason;\n\tdouble\t\ty[50];\n\tdouble\t\tmean[8];\n\tdouble\t\tnaive[8];\n",
    "\tdouble\t\tseasonal[8];\n\tdouble\t\tdrift[8];\n}\t\t\tplain_golden[] = {\n", sep = "")
for (y in series)
  cat("\t{", length(y), ", ", frequency(y), ", {", digits(y), "},\n\t{", digits(meanf(y, h = 8)$mean), "},\n\t{",
      digits(naive(y, h = 8)$mean), "},\n\t{", digits(snaive(y, h = 8)$mean), "},\n\t{",
      digits(rwf(y, h = 8, drift = TRUE)$mean), "}},\n", sep = "")
cat("};\n")
