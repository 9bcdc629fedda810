# Golden values for test_stl.c: stats::stl and forecast::mstl, every stride-th row.
# Rscript test/golden/stl.R > test/core/stl_golden.h
suppressMessages(library(forecast))

number <- function(x) formatC(x, digits = 17, format = "g", width = 1)
table <- function(name, values)
	cat("static const double ", name, "[] = {\n\t", paste(strwrap(paste(number(values), collapse = ", "), 110), collapse = "\n\t"), "\n};\n", sep = "")

cat("/* Golden values of R", as.character(getRversion()), "stats::stl and forecast", as.character(packageVersion("forecast")), "mstl; made by test/golden/stl.R. */\n")
table("nottem", nottem)
table("air_passengers", AirPassengers)
first <- ts(as.numeric(taylor)[1:1400], frequency = 48)
table("taylor", first)
case <- function(name, x, stride, ...) {
	fit <- stl(x, ...)$time.series
	at <- seq(1, length(x), by = stride)
	table(paste0(name, "_trend"), fit[at, "trend"])
	table(paste0(name, "_season"), fit[at, "seasonal"])
}
case("nottem_periodic", nottem, 7, s.window = "periodic")
case("nottem_seven", nottem, 7, s.window = 7)
case("nottem_robust", nottem, 7, s.window = "periodic", robust = TRUE)
# an odd length: with an even one R's median of the residuals is sometimes off, its partial sort
# gets the two middle places in descending order
case("air_robust", window(AirPassengers, end = c(1960, 11)), 5, s.window = 11, robust = TRUE)
case("air_lines", AirPassengers, 5, s.window = 7, s.degree = 1, t.window = 21, t.jump = 1, l.degree = 0, l.window = 13, inner = 3)
case("taylor_wide", first, 53, s.window = 15)
many <- mstl(msts(as.numeric(first), c(48, 336)))
at <- seq(1, 1400, by = 53)
table("taylor_mstl_trend", many[at, "Trend"])
table("taylor_mstl_48", many[at, "Seasonal48"])
table("taylor_mstl_336", many[at, "Seasonal336"])
table("nile", Nile)
