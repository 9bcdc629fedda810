# Golden values of exponential smoothing models, from R's forecast package.
#
#   Rscript test/golden/ets.R > test/core/ets_golden.h
#
# Written with R 4.2.2 and forecast 8.20.  Series are R's own (package datasets).
# Seasonal states are written in the order in which the first values use them.
suppressMessages(library(forecast))

series <- list(accidents = USAccDeaths, passengers = AirPassengers, gas = UKgas,
               nile = Nile, users = WWWusage, earnings = JohnsonJohnson)
cases <- list(
  c("accidents", "ANN"), c("accidents", "ANA"), c("accidents", "AAA"), c("accidents", "AAdA"), c("accidents", "MNA"), c("accidents", "MAA"), c("accidents", "MAdA"),
  c("passengers", "MNM"), c("passengers", "MAM"), c("passengers", "MAdM"), c("passengers", "AAdN"), c("passengers", "MAN"),
  c("gas", "ANA"), c("gas", "AAA"), c("gas", "MNM"), c("gas", "MAM"), c("gas", "MAdM"),
  c("nile", "ANN"), c("nile", "MNN"), c("nile", "AAN"),
  c("users", "AAN"), c("users", "AAdN"), c("users", "MAdN"), c("users", "MAN"),
  c("earnings", "MAA"), c("earnings", "MAM"), c("earnings", "AAdA"))

numbers <- function(x) paste(formatC(x, digits = 17, format = "g"), collapse = ", ")

cat("/* Written by test/golden/ets.R; R 4.2.2, forecast 8.20. */\n")
for (name in names(series))
  cat(sprintf("static const double golden_%s[] = {%s};\n", name, paste(as.numeric(series[[name]]), collapse = ", ")))
cat("\nstatic const struct GoldenEts\n{\n\tconst double *y;\n\tint\t\t\tn;\n\tint\t\t\tm;\n\tconst char *spec;\n",
    "\tdouble\t\tpoint[6];\t\t/* alpha, beta, gamma, phi, level, trend */\n\tdouble\t\tseason[12];\n",
    "\tdouble\t\tloglik;\n\tdouble\t\taicc;\n\tdouble\t\tsigma2;\n\tdouble\t\tmean[4];\t\t/* at the steps of golden_steps */\n\tdouble\t\tvariance[4];\n",
    "}\t\t\tgolden_ets[] = {\n", sep = "")
for (case in cases) {
  y <- series[[case[1]]]
  m <- frequency(y)
  kind <- strsplit(gsub("d", "", case[2]), "")[[1]]
  fit <- ets(y, model = paste(kind, collapse = ""), damped = grepl("d", case[2]))
  steps <- c(1, 3, 13, 25)
  fc <- forecast(fit, h = 25, level = 95)
  sd <- (as.numeric(fc$upper) - as.numeric(fc$mean)) / qnorm(0.975)
  value <- function(name, none) if (name %in% names(fit$par)) fit$par[[name]] else none
  season <- rev(fit$initstate[grep("^s", names(fit$initstate))])
  cat(sprintf("\t{golden_%s, %d, %d, \"ets(%s,%s,%s)\", {%s}, {%s}, %s, %s, %s, {%s}, {%s}},\n",
              case[1], length(y), m, kind[1], sub("^.(.*).$", "\\1", case[2]), kind[3],
              numbers(c(value("alpha", 0), value("beta", 0), value("gamma", 0), value("phi", 1),
                        fit$initstate[["l"]], if ("b" %in% names(fit$initstate)) fit$initstate[["b"]] else 0)),
              if (length(season) > 0) numbers(season) else "0",
              numbers(fit$loglik), numbers(fit$aicc), numbers(fit$sigma2),
              numbers(fc$mean[steps]), numbers(sd[steps]^2)))
}
cat("};\n\nstatic const int golden_steps[] = {1, 3, 13, 25};\n")
