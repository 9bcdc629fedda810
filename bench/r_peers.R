# Forecasts and timings of R's forecast package, for the tables of accuracy.sql and forecast_speed.sql.
#
#   Rscript r_peers.R accuracy FOLDER SERIES SET...    ets and Naive2 on every k-th series of the sets, as far as they
#                                                      are of M1, tourism or hospital; about SERIES of each; one csv a
#                                                      set in FOLDER, kept for the next run
#   Rscript r_peers.R speed FILE SEASON                seconds of thetaf and ets; FILE holds series,t,value
suppressMessages(library(forecast))
options(warn = -1)
arguments <- commandArgs(trailingOnly = TRUE)

# The Naive2 of the M4 competition, by R's own acf and decompose.
naive2 <- function(y, h)
{
	m <- frequency(y)
	figure <- rep(1, m)
	if (m > 1 && length(y) >= 3 * m)
	{
		r <- acf(y, plot = FALSE)$acf[-1, 1, 1]
		limit <- 1.645 / sqrt(length(y)) * sqrt(cumsum(c(1, 2 * r^2)))
		if (isTRUE(abs(r[m]) > limit[m]))
			figure <- tail(as.numeric(decompose(y, type = "multiplicative")$seasonal), m)
	}
	as.numeric(tail(y, 1)) / tail(figure, 1) * rep_len(figure, h)
}

read_series <- function(set)
{
	d <- read.csv(pipe(paste("./series.sh", set)), header = FALSE, col.names = c("set", "part", "series", "t", "value"))
	d[d$part == "train", ]
}

run_set <- function(set, m, h, wanted, file)
{
	d <- read_series(set)
	ids <- sort(unique(as.character(d$series)), method = "radix")
	ids <- ids[seq(1, length(ids), by = max(1, length(ids) %/% wanted))]
	rows <- lapply(ids, function(id)
	{
		y <- ts(d$value[d$series == id], frequency = m)
		set.seed(1)
		started <- proc.time()[[1]]
		f <- forecast(ets(y), h = h, level = 95)
		seconds <- proc.time()[[1]] - started
		n2 <- naive2(y, h)
		data.frame(set = set, method = rep(c("R ets", "R naive2"), each = h), series = id, step = rep(1:h, 2),
		           mean = c(f$mean, n2), lower = c(f$lower, n2), upper = c(f$upper, n2),
		           seconds = rep(c(seconds, 0), each = h))
	})
	write.csv(do.call(rbind, rows), file, row.names = FALSE, quote = FALSE)
}

if (arguments[1] == "accuracy")
{
	folder <- arguments[2]
	wanted <- as.integer(arguments[3])
	dir.create(folder, recursive = TRUE, showWarnings = FALSE)
	sets <- list(m1_monthly = c(12, 18), m1_quarterly = c(4, 8), m1_yearly = c(1, 6), tourism_monthly = c(12, 24),
	             tourism_quarterly = c(4, 8), tourism_yearly = c(1, 4), hospital_monthly = c(12, 12))
	for (set in intersect(names(sets), arguments[-(1:3)]))
	{
		file <- file.path(folder, sprintf("r_%s_%d.csv", set, wanted))
		if (!file.exists(file))
			run_set(set, sets[[set]][1], sets[[set]][2], wanted, file)
	}
} else
{
	d <- read.csv(arguments[2], header = FALSE, col.names = c("series", "t", "value"))
	series <- split(d$value, d$series)
	m <- as.numeric(arguments[3])
	timed <- function(name, work, n)
	{
		started <- proc.time()[[1]]
		for (y in series[seq_len(min(n, length(series)))])
			work(ts(y, frequency = m))
		seconds <- proc.time()[[1]] - started
		cat(sprintf("%s,%d,%.6f\n", name, min(n, length(series)), seconds))
	}
	timed("R thetaf", function(y) thetaf(y, h = m), 200)
	timed("R ets", function(y) forecast(ets(y), h = m), 12)
}
