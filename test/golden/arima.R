# Golden values of seasonal ARIMA and of the unit-root tests, from R's stats::arima, forecast and urca.
#
#   Rscript test/golden/arima.R > test/core/arima_golden.h

suppressMessages({library(forecast); library(urca)})
options(digits = 12, warn = -1)

num <- function(x) ifelse(is.na(x), "NAN", format(as.numeric(x), digits = 10, trim = TRUE, scientific = FALSE))
block <- function(x) paste0("\t", sapply(split(num(x), (seq_along(x) - 1) %/% 12), paste, collapse = ", "), collapse = ",\n")
array <- function(name, x) cat("static const double ", name, "[] = {\n", block(x), "\n};\n\n", sep = "")

air <- log(AirPassengers)
air_gaps <- air
air_gaps[c(20, 47, 48, 49, 100, 143)] <- NA
set.seed(1)
promo <- as.numeric(arima.sim(list(ar = 0.5), 132))
sales <- ts(50 + 0.8 * promo[1:120] + cumsum(rnorm(120, sd = 0.3)) + 2 * sin(2 * pi * (1:120) / 12), frequency = 12)
sets <- list(air = air, air_gaps = air_gaps, air_raw = AirPassengers, deaths = USAccDeaths, lh = lh, presidents = presidents,
	nile = Nile, users = WWWusage, lynx = lynx, huron = LakeHuron, sales = round(sales, 6))
drivers <- list(huron = matrix(c(time(LakeHuron) - 1920, 1973:1978 - 1920)), sales = matrix(round(promo, 6)))

cases <- list(
	list("air", c(0, 1, 1), c(0, 1, 1), ""), list("air", c(2, 1, 1), c(0, 1, 1), ""), list("air", c(1, 0, 0), c(1, 1, 0), "drift"),
	list("air_gaps", c(0, 1, 1), c(0, 1, 1), ""), list("deaths", c(0, 1, 1), c(0, 1, 1), ""),
	list("lh", c(1, 0, 0), NULL, ""), list("lh", c(3, 0, 0), NULL, ""), list("lh", c(1, 0, 1), NULL, ""),
	list("presidents", c(3, 0, 0), NULL, ""), list("presidents", c(1, 0, 0), c(1, 0, 0), ""), list("presidents", c(1, 1, 0), NULL, ""),
	list("nile", c(1, 1, 1), NULL, ""), list("nile", c(0, 1, 1), NULL, "drift"), list("users", c(3, 1, 0), NULL, ""),
	list("lynx", c(2, 0, 2), NULL, ""), list("lynx", c(2, 0, 0), NULL, "no mean"),
	list("huron", c(2, 0, 0), NULL, "", TRUE), list("sales", c(0, 1, 1), c(1, 0, 0), "", TRUE))

cat("/*\n * arima_golden.h\n *\t\tMade by test/golden/arima.R; do not edit.  ", R.version.string, ", forecast ",
	format(packageVersion("forecast")), ", urca ", format(packageVersion("urca")), ".\n */\n\n", sep = "")
for (s in names(sets)) array(paste0("golden_", s), sets[[s]])
for (s in names(drivers)) array(paste0("golden_", s, "_driver"), drivers[[s]])

cat("/* Coefficients in the order of R: ar, ma, sar, sma, mean or drift, driver; 6 forecasts and their standard errors. */\n")
cat("static const struct GoldenFit\n{\n\tconst char *spec;\n\tconst double *y;\n\tint\t\t\tn;\n\tint\t\t\tm;\n",
	"\tconst double *driver;\n\tint\t\t\tcoefficients;\n\tdouble\t\tcoefficient[8];\n\tdouble\t\tsigma2;\n\tdouble\t\tlog_likelihood;\n",
	"\tdouble\t\tmean[6];\n\tdouble\t\tse[6];\n}\t\t\tgolden_fit[] = {\n", sep = "")
for (k in cases) {
	x <- sets[[k[[1]]]]
	n <- length(x)
	xreg <- NULL
	future <- NULL
	if (length(k) > 4) {
		d <- drivers[[k[[1]]]]
		xreg <- d[1:n, , drop = FALSE]
		future <- d[n + 1:6, , drop = FALSE]
	}
	if (k[[4]] == "drift") {
		xreg <- cbind(1:n, xreg)
		future <- cbind(n + 1:6, future)
	}
	seasonal <- if (is.null(k[[3]])) c(0, 0, 0) else k[[3]]
	fit <- stats::arima(x, order = k[[2]], seasonal = list(order = seasonal, period = frequency(x)), xreg = xreg,
		include.mean = k[[4]] != "no mean" && k[[2]][2] + seasonal[2] == 0, method = "ML", optim.control = list(reltol = 1e-15, maxit = 5000))
	p <- predict(fit, 6, newxreg = future)
	spec <- paste0("arima(", paste(k[[2]], collapse = ","), ")", if (is.null(k[[3]])) "" else paste0("(", paste(k[[3]], collapse = ","), ")"),
		if (k[[4]] == "") "" else paste0(" ", k[[4]]))
	cat("\t{\n\t\t\"", spec, "\", golden_", k[[1]], ", ", n, ", ", frequency(x), ", ",
		if (length(k) > 4) paste0("golden_", k[[1]], "_driver") else "NULL", ", ", length(coef(fit)), ",\n\t\t{", paste(num(coef(fit)), collapse = ", "),
		"},\n\t\t", num(fit$sigma2), ", ", num(fit$loglik), ",\n\t\t{", paste(num(p$pred), collapse = ", "), "},\n\t\t{", paste(num(p$se), collapse = ", "), "}\n\t},\n", sep = "")
}
cat("};\n\n/* auto.arima without approximation: its AICc; ndiffs after nsdiffs; the KPSS statistic of the series without gaps. */\n")
cat("static const struct GoldenAuto\n{\n\tconst char *name;\n\tconst double *y;\n\tint\t\t\tn;\n\tint\t\t\tm;\n\tdouble\t\taicc;\n",
	"\tint\t\t\td;\n\tint\t\t\tD;\n\tdouble\t\tkpss;\n}\t\t\tgolden_auto[] = {\n", sep = "")
for (s in setdiff(names(sets), c("air_gaps", "sales"))) {
	x <- sets[[s]]
	fit <- auto.arima(x, approximation = FALSE)
	y <- na.omit(as.numeric(x))
	D <- if (frequency(x) > 1) nsdiffs(x) else 0
	kpss <- ur.kpss(y, type = "mu", use.lag = trunc(3 * sqrt(length(y)) / 13))@teststat
	d <- ndiffs(if (D > 0) diff(x, frequency(x)) else x)
	cat("\t{\"", forecast:::arima.string(fit), "\", golden_", s, ", ", length(x), ", ", frequency(x), ", ", num(fit$aicc), ", ", d, ", ", D, ", ", num(kpss), "},\n", sep = "")
}
cat("};\n")
