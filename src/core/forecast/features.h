/*
 * features.h
 *		Numbers that describe one series: how long, how seasonal, how rough.
 *
 * What they are for: choosing or weighting methods from many series at once,
 * finding odd ones, drawing a map of a product range.  Every feature is a finite
 * number, does not change when the series is scaled by a power of two (bit for
 * bit), and is 0 where it is not defined: no season, too short, constant.  Nor
 * does a constant added to the series change them, but for rounding, save those
 * of zeros and signs, variation, demand_cv2, growth and growth_cycle.
 *
 * Symbols: y the series, x = (y - mean) / standard deviation, m the first season
 * as a whole number of periods, acf and pacf the (partial) autocorrelations.
 * Gaps are bridged by straight lines; of a series of more than
 * SF_FEATURES_PERIODS_MAX periods the last ones are looked at (length,
 * season_length and cycles tell of the whole).
 *
 * Trend and season come from a moving average over one season (2 x m when m is
 * even; without a season, over about a fifth of the series) and the mean of what
 * is left for each place in the season, not from loess: ten times faster.  The
 * strength of the season counts the degrees of freedom of its m figures, so that
 * noise has none.
 *
 * Source: Hyndman, Wang & Laptev, Large-scale unusual time series detection, IEEE
 * ICDM workshops, 2015; Montero-Manso, Athanasopoulos, Hyndman & Talagala, FFORMA,
 * International Journal of Forecasting 36, 2020, table 1; Lubba et al., catch22,
 * Data Mining and Knowledge Discovery 33, 2019.  The meaning of each, with the
 * source where another one, in sf_feature_meaning.
 */
#ifndef SF_FEATURES_H
#define SF_FEATURES_H

#include "core/forecast/series.h"

#define SF_FEATURES_PERIODS_MAX 10000

typedef enum SfFeature
{
	/* size and values */
	SF_FEATURE_LENGTH,
	SF_FEATURE_SEASON_LENGTH,
	SF_FEATURE_CYCLES,
	SF_FEATURE_MISSING_SHARE,
	SF_FEATURE_ZERO_SHARE,
	SF_FEATURE_ZERO_TAIL,
	SF_FEATURE_NEGATIVE_SHARE,
	SF_FEATURE_DEMAND_INTERVAL,
	SF_FEATURE_DEMAND_CV2,
	SF_FEATURE_VARIATION,
	SF_FEATURE_SKEWNESS,
	SF_FEATURE_KURTOSIS,
	SF_FEATURE_MEDIAN_GAP,
	SF_FEATURE_QUARTILE_RANGE,
	SF_FEATURE_DISTINCT_SHARE,
	SF_FEATURE_HISTOGRAM_MODE,
	SF_FEATURE_LAST_VALUE,
	SF_FEATURE_LAST_CYCLE,
	SF_FEATURE_GROWTH,
	SF_FEATURE_GROWTH_CYCLE,
	SF_FEATURE_VARIANCE_GROWTH,
	/* trend and season */
	SF_FEATURE_TREND_STRENGTH,
	SF_FEATURE_SEASONAL_STRENGTH,
	SF_FEATURE_SPIKE,
	SF_FEATURE_LINEARITY,
	SF_FEATURE_CURVATURE,
	SF_FEATURE_E_ACF1,
	SF_FEATURE_E_ACF10,
	SF_FEATURE_OUTLIER_SHARE,
	SF_FEATURE_REMAINDER_KURTOSIS,
	SF_FEATURE_REMAINDER_SHARE,
	SF_FEATURE_SPREAD_LEVEL,
	SF_FEATURE_SEASONAL_AMPLITUDE,
	SF_FEATURE_SEASONAL_PEAK,
	SF_FEATURE_SEASONAL_TROUGH,
	SF_FEATURE_SEASONAL_WAVE,
	/* memory */
	SF_FEATURE_ACF1,
	SF_FEATURE_ACF10,
	SF_FEATURE_DIFF1_ACF1,
	SF_FEATURE_DIFF1_ACF10,
	SF_FEATURE_DIFF2_ACF1,
	SF_FEATURE_DIFF2_ACF10,
	SF_FEATURE_SEASONAL_ACF,
	SF_FEATURE_PACF5,
	SF_FEATURE_DIFF1_PACF5,
	SF_FEATURE_DIFF2_PACF5,
	SF_FEATURE_SEASONAL_PACF,
	SF_FEATURE_ACF_FIRST_ZERO,
	SF_FEATURE_ACF_FIRST_MINIMUM,
	SF_FEATURE_AR_ORDER,
	SF_FEATURE_AR_SHARE,
	SF_FEATURE_ENTROPY,
	SF_FEATURE_LOW_POWER,
	SF_FEATURE_CENTROID,
	SF_FEATURE_ARCH_ACF,
	SF_FEATURE_ARCH_R2,
	SF_FEATURE_HURST,
	/* tests */
	SF_FEATURE_KPSS,
	SF_FEATURE_PP,
	SF_FEATURE_NONLINEARITY,
	SF_FEATURE_DRIFT,
	SF_FEATURE_RUNS,
	/* path */
	SF_FEATURE_CROSSING_POINTS,
	SF_FEATURE_FLAT_SPOTS,
	SF_FEATURE_TURNING_POINTS,
	SF_FEATURE_LONGEST_RISE,
	SF_FEATURE_LONGEST_ABOVE,
	SF_FEATURE_ORDER_ENTROPY,
	SF_FEATURE_TIME_ASYMMETRY,
	SF_FEATURE_LARGE_STEPS,
	SF_FEATURE_MOBILITY,
	SF_FEATURE_COMPLEXITY,
	/* windows */
	SF_FEATURE_LUMPINESS,
	SF_FEATURE_STABILITY,
	SF_FEATURE_LEVEL_SHIFT,
	SF_FEATURE_LEVEL_SHIFT_PLACE,
	SF_FEATURE_VARIANCE_SHIFT,
	SF_FEATURE_VARIANCE_SHIFT_PLACE,
	SF_FEATURE_KL_SHIFT,
	SF_FEATURE_KL_SHIFT_PLACE,
	/* smoothing */
	SF_FEATURE_SES_ALPHA,
	SF_FEATURE_HOLT_ALPHA,
	SF_FEATURE_HOLT_BETA,
	SF_FEATURE_HW_ALPHA,
	SF_FEATURE_HW_BETA,
	SF_FEATURE_HW_GAMMA,
	SF_FEATURE_SES_GAIN,
	SF_FEATURE_HOLT_GAIN,
	SF_FEATURE_HW_GAIN,
	SF_FEATURE_SNAIVE_GAIN,
	SF_FEATURES
} SfFeature;

extern int32_t sf_feature_count(void);

/* Name ("seasonal_strength") and meaning of feature i; NULL out of range. */
extern const char *sf_feature_name(int32_t i);
extern const char *sf_feature_meaning(int32_t i);

/*
 * sf_features
 *		out[SF_FEATURES], in the order of the names, of a series without
 *		infinities.  SF_OK, SF_BAD_DATA (nothing observed), SF_NO_MEMORY,
 *		SF_CANCELLED.  Memory is given back to the arena.  O(n); 33 microseconds for
 *		115 periods with a season of 12, 5 ms for the longest.
 */
extern SfStatus sf_features(SfArena *arena, const SfSeries *s, double *out);

#endif							/* SF_FEATURES_H */
