# Values for test/core/tbats_golden.h: forecast::tbats (Hyndman & Khandakar, R package forecast) on
# series that come with R.  Rscript test/golden/tbats.R > test/core/tbats_golden.h
suppressMessages(library(forecast))
number <- function(x) paste(formatC(x, digits = 10, format = "g", width = 1), collapse = ", ")
cat("/*\n * tbats_golden.h\n *\t\tforecast::tbats", as.character(packageVersion("forecast")),
    "on data sets of R; made by test/golden/tbats.R.\n */\n")
cat("typedef struct Golden\n{\n\tconst char *name;\n\tint\t\t\tn;\n\tdouble\t\tseason;\n\tdouble\t\taic;\n",
    "\tdouble\t\tmean[12];\n\tdouble\t\ty[240];\n}\t\t\tGolden;\n\nstatic const Golden golden[] = {\n", sep = "")
for (name in c("USAccDeaths", "nottem", "AirPassengers", "UKgas", "ldeaths"))
{
	y <- get(name)
	fit <- tbats(y, use.parallel = FALSE)
	cat("\t/* ", as.character(fit), " */\n\t{\"", name, "\", ", length(y), ", ", frequency(y), ", ", number(fit$AIC), ",\n\t\t{",
	    number(as.numeric(forecast(fit, 12)$mean)), "},\n", sep = "")
	lines <- split(as.numeric(y), (seq_along(y) - 1) %/% 12)
	cat("\t\t{", paste(sapply(lines, number), collapse = ",\n\t\t"), "}},\n", sep = "")
}
cat("};\n")
