/*
 * features.c
 *		Numbers that describe one series: how long, how seasonal, how rough.
 */
#include "core/forecast/features.h"

#include <math.h>

#include "core/forecast/feature_parts.h"

static const struct
{
	const char *name;
	const char *meaning;
}			table[SF_FEATURES] = {
	[SF_FEATURE_LENGTH] = {"length", "number of periods"},
	[SF_FEATURE_SEASON_LENGTH] = {"season_length", "periods of the first season, rounded; 1 = none"},
	[SF_FEATURE_CYCLES] = {"cycles", "length / season_length; 0 without a season"},
	[SF_FEATURE_MISSING_SHARE] = {"missing_share", "share of periods that were not observed"},
	[SF_FEATURE_ZERO_SHARE] = {"zero_share", "share of zeros"},
	[SF_FEATURE_ZERO_TAIL] = {"zero_tail", "share of the zeros after the last other value in all periods"},
	[SF_FEATURE_NEGATIVE_SHARE] = {"negative_share", "share of negative values"},
	[SF_FEATURE_DEMAND_INTERVAL] = {"demand_interval", "periods for each value that is not 0 (ADI); periods + 1 without any"},
	[SF_FEATURE_DEMAND_CV2] = {"demand_cv2", "squared coefficient of variation of the values that are not 0"},
	[SF_FEATURE_VARIATION] = {"variation", "standard deviation / mean absolute value"},
	[SF_FEATURE_SKEWNESS] = {"skewness", "third standardized moment"},
	[SF_FEATURE_KURTOSIS] = {"kurtosis", "fourth standardized moment; 3 for a normal distribution"},
	[SF_FEATURE_MEDIAN_GAP] = {"median_gap", "(mean - median) / standard deviation"},
	[SF_FEATURE_QUARTILE_RANGE] = {"quartile_range", "distance of the quartiles / standard deviation; 1.35 for a normal distribution"},
	[SF_FEATURE_DISTINCT_SHARE] = {"distinct_share", "share of distinct values"},
	[SF_FEATURE_HISTOGRAM_MODE] = {"histogram_mode", "middle of the fullest of ten equal bins, as (middle - mean) / standard deviation"},
	[SF_FEATURE_LAST_VALUE] = {"last_value", "(last value - mean) / standard deviation"},
	[SF_FEATURE_LAST_CYCLE] = {"last_cycle", "(mean of the last season or ten periods - mean) / standard deviation"},
	[SF_FEATURE_GROWTH] = {"growth", "(b - a) / (|a| + |b|), a and b the means of the first and the last third"},
	[SF_FEATURE_GROWTH_CYCLE] = {"growth_cycle", "the same of the last but one and the last season (ten periods)"},
	[SF_FEATURE_VARIANCE_GROWTH] = {"variance_growth", "the same of the variances of the two halves"},
	[SF_FEATURE_TREND_STRENGTH] = {"trend_strength", "1 - var(remainder) / var(remainder + trend), at least 0"},
	[SF_FEATURE_SEASONAL_STRENGTH] = {"seasonal_strength", "1 - var(remainder) / var(remainder + season), at least 0, degrees of freedom counted"},
	[SF_FEATURE_SPIKE] = {"spike", "variance of the variances of the remainder that leave one period out, times n squared"},
	[SF_FEATURE_LINEARITY] = {"linearity", "correlation with a straight line"},
	[SF_FEATURE_CURVATURE] = {"curvature", "correlation with the parabola that is orthogonal to a line"},
	[SF_FEATURE_E_ACF1] = {"e_acf1", "first autocorrelation of the remainder"},
	[SF_FEATURE_E_ACF10] = {"e_acf10", "sum of its first ten squared autocorrelations"},
	[SF_FEATURE_OUTLIER_SHARE] = {"outlier_share", "share of the remainder more than three quartile ranges beyond a quartile"},
	[SF_FEATURE_REMAINDER_KURTOSIS] = {"remainder_kurtosis", "kurtosis of the remainder"},
	[SF_FEATURE_REMAINDER_SHARE] = {"remainder_share", "standard deviation of the remainder / of the series"},
	[SF_FEATURE_SPREAD_LEVEL] = {"spread_level", "correlation of the trend with the distance from it: positive = multiplicative"},
	[SF_FEATURE_SEASONAL_AMPLITUDE] = {"seasonal_amplitude", "largest - smallest seasonal figure, in standard deviations of the series"},
	[SF_FEATURE_SEASONAL_PEAK] = {"seasonal_peak", "steps after the end until the highest figure, 1 .. season_length"},
	[SF_FEATURE_SEASONAL_TROUGH] = {"seasonal_trough", "steps after the end until the lowest figure"},
	[SF_FEATURE_SEASONAL_WAVE] = {"seasonal_wave", "share of one sine wave in the sum of squares of the figures"},
	[SF_FEATURE_ACF1] = {"acf1", "first autocorrelation"},
	[SF_FEATURE_ACF10] = {"acf10", "sum of the first ten squared autocorrelations"},
	[SF_FEATURE_DIFF1_ACF1] = {"diff1_acf1", "acf1 of the first differences"},
	[SF_FEATURE_DIFF1_ACF10] = {"diff1_acf10", "acf10 of the first differences"},
	[SF_FEATURE_DIFF2_ACF1] = {"diff2_acf1", "acf1 of the second differences"},
	[SF_FEATURE_DIFF2_ACF10] = {"diff2_acf10", "acf10 of the second differences"},
	[SF_FEATURE_SEASONAL_ACF] = {"seasonal_acf", "autocorrelation one season apart"},
	[SF_FEATURE_PACF5] = {"pacf5", "sum of the first five squared partial autocorrelations"},
	[SF_FEATURE_DIFF1_PACF5] = {"diff1_pacf5", "pacf5 of the first differences"},
	[SF_FEATURE_DIFF2_PACF5] = {"diff2_pacf5", "pacf5 of the second differences"},
	[SF_FEATURE_SEASONAL_PACF] = {"seasonal_pacf", "partial autocorrelation one season apart, seasons up to 60"},
	[SF_FEATURE_ACF_FIRST_ZERO] = {"acf_first_zero", "first lag with an autocorrelation of at most 0; one past the last looked at when none"},
	[SF_FEATURE_ACF_FIRST_MINIMUM] = {"acf_first_minimum", "first lag with a smaller autocorrelation than its neighbours"},
	[SF_FEATURE_AR_ORDER] = {"ar_order", "order of the Yule-Walker autoregression with the least AIC"},
	[SF_FEATURE_AR_SHARE] = {"ar_share", "share of the variance it explains"},
	[SF_FEATURE_ENTROPY] = {"entropy", "entropy of its spectrum: 1 = noise, near 0 = one frequency"},
	[SF_FEATURE_LOW_POWER] = {"low_power", "share of its spectrum in the lowest fifth of frequencies"},
	[SF_FEATURE_CENTROID] = {"centroid", "mean frequency of its spectrum, 0 .. 1 = Nyquist"},
	[SF_FEATURE_ARCH_ACF] = {"arch_acf", "sum of the first twelve squared autocorrelations of its squared errors"},
	[SF_FEATURE_ARCH_R2] = {"arch_r2", "share of their variance that a Yule-Walker autoregression of order 12 explains"},
	[SF_FEATURE_HURST] = {"hurst", "Hurst exponent from the variances of block means: .5 = no memory"},
	[SF_FEATURE_KPSS] = {"kpss", "statistic of Kwiatkowski, Phillips, Schmidt & Shin (1992) about a level, 4 (n / 100)^(1/4) lags"},
	[SF_FEATURE_PP] = {"pp", "Z-alpha of Phillips & Perron (1988) with a constant, as many lags; divided by n"},
	[SF_FEATURE_NONLINEARITY] = {"nonlinearity", "ten times the statistic of Terasvirta, Lin & Granger (1993) at lag 1, divided by n"},
	[SF_FEATURE_DRIFT] = {"drift", "t value of the mean first difference, -1000 .. 1000"},
	[SF_FEATURE_RUNS] = {"runs", "z value of the number of runs above and below the median (Wald & Wolfowitz 1940)"},
	[SF_FEATURE_CROSSING_POINTS] = {"crossing_points", "share of steps that cross the median"},
	[SF_FEATURE_FLAT_SPOTS] = {"flat_spots", "longest run within one of ten equal bins, as a share of the periods"},
	[SF_FEATURE_TURNING_POINTS] = {"turning_points", "share of inner periods above or below both neighbours; 2/3 for noise"},
	[SF_FEATURE_LONGEST_RISE] = {"longest_rise", "longest run of rising values, as a share of the steps"},
	[SF_FEATURE_LONGEST_ABOVE] = {"longest_above", "longest run above the mean, as a share of the periods"},
	[SF_FEATURE_ORDER_ENTROPY] = {"order_entropy", "entropy of the orders of three neighbours (Bandt & Pompe 2002): 1 = all alike"},
	[SF_FEATURE_TIME_ASYMMETRY] = {"time_asymmetry", "third moment of the steps / second moment to the power 3/2"},
	[SF_FEATURE_LARGE_STEPS] = {"large_steps", "share of steps beyond 0.4 standard deviations"},
	[SF_FEATURE_MOBILITY] = {"mobility", "standard deviation of the steps / of the series (Hjorth 1970)"},
	[SF_FEATURE_COMPLEXITY] = {"complexity", "mobility of the steps / mobility (Hjorth 1970)"},
	[SF_FEATURE_LUMPINESS] = {"lumpiness", "variance of the variances of blocks of one season (ten periods)"},
	[SF_FEATURE_STABILITY] = {"stability", "variance of the means of those blocks"},
	[SF_FEATURE_LEVEL_SHIFT] = {"level_shift", "largest change of the mean between neighbouring windows of a season (ten periods)"},
	[SF_FEATURE_LEVEL_SHIFT_PLACE] = {"level_shift_place", "share of the periods before it"},
	[SF_FEATURE_VARIANCE_SHIFT] = {"variance_shift", "largest change of the variance between such windows"},
	[SF_FEATURE_VARIANCE_SHIFT_PLACE] = {"variance_shift_place", "share of the periods before it"},
	[SF_FEATURE_KL_SHIFT] = {"kl_shift", "largest Kullback-Leibler divergence between such windows, as normal distributions"},
	[SF_FEATURE_KL_SHIFT_PLACE] = {"kl_shift_place", "share of the periods before it"},
	[SF_FEATURE_SES_ALPHA] = {"ses_alpha", "constant of simple exponential smoothing with the least squared error, of ten"},
	[SF_FEATURE_HOLT_ALPHA] = {"holt_alpha", "the same of Holt's method: level, of 24 pairs"},
	[SF_FEATURE_HOLT_BETA] = {"holt_beta", "trend; a share of the change of the level"},
	[SF_FEATURE_HW_ALPHA] = {"hw_alpha", "the same of additive Holt-Winters: level, of 32 triples, seasons up to 400"},
	[SF_FEATURE_HW_BETA] = {"hw_beta", "trend; a share of the change of the level"},
	[SF_FEATURE_HW_GAMMA] = {"hw_gamma", "season"},
	[SF_FEATURE_SES_GAIN] = {"ses_gain", "1 - squared error of simple smoothing / of the last value, -1 .. 1"},
	[SF_FEATURE_HOLT_GAIN] = {"holt_gain", "the same of Holt's method"},
	[SF_FEATURE_HW_GAIN] = {"hw_gain", "the same of additive Holt-Winters"},
	[SF_FEATURE_SNAIVE_GAIN] = {"snaive_gain", "(a - b) / (a + b), a and b the mean absolute change over one period and over one season"},
};

int32_t
sf_feature_count(void)
{
	return SF_FEATURES;
}

const char *
sf_feature_name(int32_t i)
{
	return i >= 0 && i < SF_FEATURES ? table[i].name : NULL;
}

const char *
sf_feature_meaning(int32_t i)
{
	return i >= 0 && i < SF_FEATURES ? table[i].meaning : NULL;
}

SfMoments
sf_moments(const double *z, int32_t n)
{
	SfMoments	m = {0};
	double		third = 0.0;
	double		fourth = 0.0;

	for (int32_t t = 0; t < n; t++)
		m.mean += z[t];
	m.mean /= n;
	for (int32_t t = 0; t < n; t++)
	{
		double		d = z[t] - m.mean;
		double		square = d * d;

		m.variance += square;
		third += square * d;
		fourth += square * square;
	}
	m.variance /= n;
	if (m.variance > 0.0)
	{
		m.skewness = third / n / (m.variance * sqrt(m.variance));
		m.kurtosis = fourth / n / (m.variance * m.variance);
	}
	return m;
}

/* y = s->y from `from` on with straight lines over the gaps, scaled to |y| < 1. */
static void
fill_and_scale(const double *from, int32_t n, double *y)
{
	double		largest = 0.0;
	int32_t		before = -1;	/* the last one observed */
	int			exponent;

	for (int32_t t = 0; t < n; t++)
		if (fabs(from[t]) > largest)
			largest = fabs(from[t]);
	frexp(largest, &exponent);
	for (int32_t t = 0; t < n; t++)
	{
		if (isnan(from[t]))
			continue;
		y[t] = ldexp(from[t], -exponent);
		for (int32_t gap = before + 1; gap < t; gap++)
			y[gap] = before < 0 ? y[t]
				: y[before] + (y[t] - y[before]) * (gap - before) / (t - before);
		before = t;
	}
	for (int32_t gap = before + 1; gap < n; gap++)
		y[gap] = before < 0 ? 0.0 : y[before];
}

/* x = y standardized; false, and x all 0, when y is constant but for rounding. */
static bool
standardize(const double *y, int32_t n, double *x)
{
	SfMoments	m = sf_moments(y, n);
	double		largest = 0.0;
	double		scale;

	for (int32_t t = 0; t < n; t++)
		largest = fmax(largest, fabs(y[t]));
	if (n < 2 || !(m.variance > SF_FEATURE_NOTHING * largest * largest))
	{
		for (int32_t t = 0; t < n; t++)
			x[t] = 0.0;
		return false;
	}
	scale = sqrt(m.variance * n / (n - 1.0));
	for (int32_t t = 0; t < n; t++)
		x[t] = (y[t] - m.mean) / scale;
	return true;
}

static SfStatus
take_trace(SfArena *arena, const SfSeries *s, SfTrace *t, double **y, double **x)
{
	double		season = s->seasons > 0 ? floor(s->season[0] + 0.5) : 1.0;

	t->n = s->n < SF_FEATURES_PERIODS_MAX ? s->n : SF_FEATURES_PERIODS_MAX;
	t->season = season < SF_SERIES_LENGTH_MAX ? (int32_t) season : SF_SERIES_LENGTH_MAX;
	t->m = t->season > 1 && t->season <= t->n / 2 ? t->season : 1;
	*y = sf_arena_take(arena, (size_t) t->n, sizeof(double));
	*x = sf_arena_take(arena, (size_t) t->n, sizeof(double));
	t->seasonal = sf_arena_take(arena, (size_t) t->m, sizeof(double));
	if (*y == NULL || *x == NULL || t->seasonal == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	for (int i = 0; i < 5; i++)
		if ((t->work[i] = sf_arena_take(arena, (size_t) t->n, sizeof(double))) == NULL)
			return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	if (t->m > 1 && t->m <= SF_FEATURE_WINTERS_MAX)
	{
		t->lanes = sf_arena_take(arena, (size_t) t->m * SF_FEATURE_WINTERS_LANES, sizeof(double));
		if (t->lanes == NULL)
			return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	}
	t->y = *y;
	t->x = *x;
	return SF_OK;
}

static SfStatus
work_out(SfArena *arena, const SfSeries *s, double *out)
{
	static void (*const part[]) (const SfTrace *, double *) = {
		sf_feature_values, sf_feature_season, sf_feature_memory, sf_feature_tests,
		sf_feature_path, sf_feature_windows, sf_feature_smoothing
	};
	SfTrace		t = {0};
	double	   *y;
	double	   *x;
	int			parts = 1;
	SfStatus	status = take_trace(arena, s, &t, &y, &x);

	if (status != SF_OK)
		return status;
	fill_and_scale(s->y + (s->n - t.n), t.n, y);
	if (standardize(y, t.n, x))
		parts = (int) (sizeof part / sizeof part[0]);
	for (int i = 0; i < parts; i++)
	{
		if (sf_cancelled(arena->ctx))
			return sf_fail(arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		part[i] (&t, out);
	}
	return SF_OK;
}

SfStatus
sf_features(SfArena *arena, const SfSeries *s, double *out)
{
	SfArenaMark mark = sf_arena_mark(arena);
	double		f[SF_FEATURES] = {0};
	int32_t		missing = 0;
	SfStatus	status;

	for (int32_t t = 0; t < s->n; t++)
		missing += isnan(s->y[t]) != 0;
	if (missing == s->n)
		return sf_fail(arena->ctx, SF_BAD_DATA, "a series needs at least one observation");
	status = work_out(arena, s, f);
	sf_arena_rewind(arena, mark);
	if (status != SF_OK)
		return status;
	f[SF_FEATURE_LENGTH] = s->n;
	f[SF_FEATURE_MISSING_SHARE] = (double) missing / s->n;
	f[SF_FEATURE_SEASON_LENGTH] = 1.0;
	if (s->seasons > 0)
	{
		f[SF_FEATURE_SEASON_LENGTH] = floor(s->season[0] + 0.5);
		f[SF_FEATURE_CYCLES] = s->n / s->season[0];
	}
	for (int32_t i = 0; i < SF_FEATURES; i++)
		out[i] = isfinite(f[i]) ? f[i] : 0.0;
	return SF_OK;
}
