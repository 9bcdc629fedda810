# Golden values for test/core/test_features.c, from R's own functions (stats, urca, tseries) and,
# where they have none, from the definition written down once more without care for speed.
# Rscript test/golden/features.R > test/core/features_golden.h
suppressMessages({library(urca); library(tseries)})

digits <- function(x) paste(sprintf("%.17g", x), collapse = ", ")
square_sum <- function(x) sum(x^2)
moment <- function(x, k) mean((x - mean(x))^k) / mean((x - mean(x))^2)^(k / 2)
acf_of <- function(x, lags) as.numeric(acf(x, lag.max = lags, plot = FALSE)$acf)[-1]
pacf_of <- function(x, lags) as.numeric(pacf(x, lag.max = lags, plot = FALSE)$acf)

decomposed <- function(x, m) {
  d <- decompose(ts(x, frequency = m))
  inner <- !is.na(d$trend)
  list(trend = d$trend[inner], season = d$seasonal[inner], rest = d$random[inner], figure = d$figure)
}

smoothing <- function(x, m, figure) {
  n <- length(x)
  naive <- sum(diff(x)^2)
  ses <- sapply(c(0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.55, 0.7, 0.85, 0.99), function(a) {
    l <- x[1]; s <- 0
    for (t in 2:n) { e <- x[t] - l; s <- s + e^2; l <- l + a * e }
    s
  })
  pairs <- expand.grid(b = c(0.01, 0.05, 0.15, 0.4), a = c(0.02, 0.1, 0.3, 0.5, 0.7, 0.95))
  holt <- mapply(function(a, b) {
    l <- x[1]; g <- (x[5] - x[1]) / 4; s <- 0
    for (t in 2:n) { e <- x[t] - l - g; s <- s + e^2; l <- l + g + a * e; g <- g + a * b * e }
    s
  }, pairs$a, pairs$b)
  i <- which.min(holt)
  out <- c(ses_alpha = c(0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.55, 0.7, 0.85, 0.99)[which.min(ses)],
           holt_alpha = pairs$a[i], holt_beta = pairs$b[i],
           ses_gain = max(-1, 1 - min(ses) / naive), holt_gain = max(-1, 1 - holt[i] / naive))
  if (m == 1) return(out)
  three <- expand.grid(c = c(0.01, 0.1, 0.3, 0.6), b = c(0.01, 0.1), a = c(0.05, 0.2, 0.5, 0.9))
  hw <- mapply(function(a, b, c) {
    g <- (mean(x[m + 1:m]) - mean(x[1:m])) / m
    l <- mean(x[1:m]) - g * (m + 1) / 2
    f <- figure; s <- 0
    for (t in 1:n) {
      k <- (t - 1) %% m + 1
      e <- x[t] - l - g - f[k]
      s <- s + e^2; l <- l + g + a * e; g <- g + a * b * e; f[k] <- f[k] + c * (1 - a) * e
    }
    s
  }, three$a, three$b, three$c)
  i <- which.min(hw)
  a <- mean(abs(diff(x))); b <- mean(abs(diff(x, m)))
  c(out, hw_alpha = three$a[i], hw_beta = three$b[i], hw_gamma = three$c[i],
    hw_gain = max(-1, 1 - hw[i] / naive), snaive_gain = (a - b) / (a + b))
}

seasonal <- function(x, m) {
  d <- decomposed(x, m)
  r <- d$rest; n <- length(r); away <- abs(d$season + r)
  q <- quantile(r, c(0.25, 0.75))
  left <- function(z) mean((z - mean(z))^2)
  w <- fft(d$figure)
  c(trend_strength = max(0, 1 - left(r) / left(r + d$trend)),
    seasonal_strength = max(0, 1 - left(r) / left(r + d$season) * (n - 1) / (n - m)),
    spike = var(sapply(seq_along(r), function(i) var(r[-i]))) * n^2,
    e_acf1 = acf_of(r, 10)[1], e_acf10 = square_sum(acf_of(r, 10)),
    outlier_share = mean(r < q[1] - 3 * diff(q) | r > q[2] + 3 * diff(q)),
    remainder_kurtosis = moment(r, 4), remainder_share = sqrt(left(r)),
    spread_level = cor(away, d$trend),
    seasonal_amplitude = diff(range(d$figure)),
    seasonal_peak = (which.max(d$figure) - 1 - length(x)) %% m + 1,
    seasonal_trough = (which.min(d$figure) - 1 - length(x)) %% m + 1,
    seasonal_wave = 2 * Mod(w[2])^2 / m / sum(d$figure^2),
    seasonal_acf = acf_of(x, m)[m], seasonal_pacf = pacf_of(x, m)[m],
    smoothing(x, m, d$figure))
}

windows <- function(x, m) {
  w <- if (m > 1) m else 10
  n <- length(x)
  blocks <- split(x[1:(n %/% w * w)], rep(1:(n %/% w), each = w))
  at <- 1:(n - 2 * w + 1)
  mean1 <- sapply(at, function(i) mean(x[i:(i + w - 1)]))
  mean2 <- sapply(at, function(i) mean(x[i + w:(2 * w - 1)]))
  var1 <- sapply(at, function(i) var(x[i:(i + w - 1)]))
  var2 <- sapply(at, function(i) var(x[i + w:(2 * w - 1)]))
  v1 <- var1 + 0.01; v2 <- var2 + 0.01
  kl <- (log(v1 / v2) + (v2 + (mean2 - mean1)^2) / v1 - 1) / 2
  place <- function(z) (which.max(z) + w - 1) / n
  c(lumpiness = var(sapply(blocks, var)), stability = var(sapply(blocks, mean)),
    level_shift = max(abs(mean2 - mean1)), level_shift_place = place(abs(mean2 - mean1)),
    variance_shift = max(abs(var2 - var1)), variance_shift_place = place(abs(var2 - var1)),
    kl_shift = max(kl), kl_shift_place = place(kl))
}

memory <- function(x, m) {
  n <- length(x)
  lags <- max(10, floor(10 * log10(n)), m)
  fit <- ar.yw(x, order.max = min(floor(10 * log10(n)), n %/% 3))
  p <- fit$order
  phi <- as.numeric(fit$ar)
  w <- (1:64 - 0.5) / 64
  power <- sapply(w, function(f) 1 / Mod(1 - sum(phi * exp(-1i * pi * f * seq_along(phi))))^2)
  share <- power / sum(power)
  e <- sapply((p + 1):n, function(t) x[t] - sum(phi * x[t - seq_along(phi)]))^2
  c(acf1 = acf_of(x, 10)[1], acf10 = square_sum(acf_of(x, 10)),
    diff1_acf1 = acf_of(diff(x), 10)[1], diff1_acf10 = square_sum(acf_of(diff(x), 10)),
    diff2_acf1 = acf_of(diff(x, differences = 2), 10)[1],
    diff2_acf10 = square_sum(acf_of(diff(x, differences = 2), 10)),
    pacf5 = square_sum(pacf_of(x, 5)), diff1_pacf5 = square_sum(pacf_of(diff(x), 5)),
    diff2_pacf5 = square_sum(pacf_of(diff(x, differences = 2), 5)),
    acf_first_zero = min(which(acf_of(x, lags) <= 0), lags + 1),
    ar_order = p, ar_share = 1 - prod(1 - fit$partialacf[seq_len(p)]^2),
    entropy = -sum(share * log(share)) / log(64), low_power = sum(share[w < 0.2]),
    centroid = sum(share * w),
    arch_acf = square_sum(acf_of(e, 12)), arch_r2 = 1 - prod(1 - pacf_of(e, 12)^2))
}

tests <- function(x) {
  n <- length(x)
  side <- sign(x - median(x)); side <- side[side != 0]
  n1 <- sum(side > 0); n2 <- sum(side < 0)
  mu <- 2 * n1 * n2 / (n1 + n2)
  c(kpss = ur.kpss(x)@teststat, pp = ur.pp(x, type = "Z-alpha")@teststat / (n - 1),
    nonlinearity = 10 * as.numeric(terasvirta.test(x[-n], x[-1])$statistic) / n,
    drift = as.numeric(t.test(diff(x))$statistic),
    runs = (sum(diff(side) != 0) - mu) / sqrt(mu * (mu - 1) / (n1 + n2 - 1)))
}

values <- function(x, y) {
  n <- length(x); third <- n %/% 3
  run <- function(z) max(c(0, with(rle(z), lengths[values])))
  bins <- cut(x, breaks = seq(min(x), max(x), length.out = 11), include.lowest = TRUE, right = FALSE)
  grow <- function(a, b) (b - a) / (abs(a) + abs(b))
  d <- diff(x); dd <- diff(d)
  pop <- function(z) sqrt(mean((z - mean(z))^2))
  order <- sapply(1:(n - 2), function(i) paste(rank(x[i + 0:2], ties.method = "first"), collapse = ""))
  p <- table(order) / (n - 2)
  t <- 1:n
  c(skewness = moment(x, 3), kurtosis = moment(x, 4), median_gap = -median(x),
    quartile_range = IQR(x), distinct_share = length(unique(y)) / n,
    variation = pop(y) / mean(abs(y)), zero_share = mean(y == 0), demand_interval = n / sum(y != 0),
    demand_cv2 = var(y[y != 0]) / mean(y[y != 0])^2,
    last_value = x[n], growth = grow(mean(y[1:third]), mean(y[n - third + 1:third])),
    linearity = cor(x, t), curvature = cor(x, poly(t, 2)[, 2]),
    crossing_points = sum(diff(x <= median(x)) != 0) / (n - 1),
    flat_spots = max(rle(as.integer(bins))$lengths) / n,
    turning_points = sum(sign(d[-1]) * sign(d[-length(d)]) < 0) / (n - 2),
    longest_rise = run(d > 0) / (n - 1), longest_above = run(x > 0) / n,
    order_entropy = -sum(p * log(p)) / log(6),
    time_asymmetry = mean(d^3) / mean(d^2)^1.5, large_steps = mean(abs(d) > 0.4),
    mobility = pop(d) / pop(x), complexity = (pop(dd) / pop(d)) / (pop(d) / pop(x)))
}

all_of <- function(y, m) {
  x <- as.numeric(scale(y))
  f <- c(values(x, y), memory(x, m), tests(x), windows(x, m))
  if (m > 1) c(f, seasonal(x, m)) else c(f, smoothing(x, 1, 0))
}

series <- list(AirPassengers = 12, WWWusage = 1, UKgas = 4, lynx = 1, nhtemp = 1)
cat("/* Made by test/golden/features.R with R", as.character(getRversion()), "*/\n")
for (name in names(series))
  cat("static const double golden_", name, "[] = {", digits(as.numeric(get(name))), "};\n\n", sep = "")
cat("static const struct\n{\n\tconst double *y;\n\tint\t\t\tn;\n\tint\t\t\tm;\n\tconst char *name;\n\tdouble\t\tvalue;\n}\t\t\tfeatures_golden[] = {\n")
for (name in names(series)) {
  f <- all_of(as.numeric(get(name)), series[[name]])
  cat(sprintf("\t{golden_%s, %d, %d, \"%s\", %.17g},\n", name, length(get(name)), series[[name]],
              names(f), f), sep = "")
}
cat("};\n")
