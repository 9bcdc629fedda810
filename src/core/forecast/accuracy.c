/*
 * accuracy.c
 *		How far forecasts were from what came: the sums behind every measure.
 */
#include "core/forecast/accuracy.h"

#include <math.h>

#define OUT_OF_RANGE_TEXT "accuracy is out of range for double precision"

/* Polls of a scale are this many values apart. */
#define POLL_EVERY 65536

typedef enum Role
{
	NONE,
	ACTUAL,
	FORECAST,
	LOWER,
	UPPER,
	LEVEL,
	SCALE
} Role;

static const Role row_of[][SF_ACCURACY_ARGUMENTS_MAX] = {
	[SF_ACCURACY_MAPE] = {ACTUAL, FORECAST},
	[SF_ACCURACY_SMAPE] = {ACTUAL, FORECAST},
	[SF_ACCURACY_MAE] = {ACTUAL, FORECAST},
	[SF_ACCURACY_BIAS] = {ACTUAL, FORECAST},
	[SF_ACCURACY_RMSE] = {ACTUAL, FORECAST},
	[SF_ACCURACY_MASE] = {ACTUAL, FORECAST, SCALE},
	[SF_ACCURACY_RMSSE] = {ACTUAL, FORECAST, SCALE},
	[SF_ACCURACY_PINBALL] = {ACTUAL, FORECAST, LEVEL},
	[SF_ACCURACY_INTERVAL] = {ACTUAL, LOWER, UPPER, LEVEL},
	[SF_ACCURACY_MSIS] = {ACTUAL, LOWER, UPPER, LEVEL, SCALE},
	[SF_ACCURACY_COVERAGE] = {ACTUAL, LOWER, UPPER},
};

/* What one row adds: x + x_lo, where x_lo is what rounding x lost. */
typedef struct Terms
{
	double		x[SF_ACCURACY_SUMS];
	double		x_lo[SF_ACCURACY_SUMS];
	bool		left_out;
} Terms;

int
sf_accuracy_arguments(SfAccuracyKind kind)
{
	int			n = 0;

	while (n < SF_ACCURACY_ARGUMENTS_MAX && row_of[kind][n] != NONE)
		n++;
	return n;
}

static SfStatus
check_number(SfCtx *ctx, Role role, double x)
{
	static const char *const not_finite[] = {
		[ACTUAL] = "actual must be a finite number",
		[FORECAST] = "forecast must be a finite number",
		[LOWER] = "lower must be a finite number",
		[UPPER] = "upper must be a finite number",
		[SCALE] = "scale must be a finite number",
	};

	if (role == LEVEL)
		return x > 0.0 && x < 1.0 ? SF_OK :
			sf_fail_value(ctx, SF_BAD_ARGUMENT, "level must be above 0 and below 1", x);
	if (!isfinite(x))
		return sf_fail_value(ctx, SF_BAD_DATA, not_finite[role], x);
	if (role == SCALE && x < 0.0)
		return sf_fail_value(ctx, SF_BAD_DATA, "scale must not be below 0", x);
	return SF_OK;
}

static SfStatus
check_row(SfCtx *ctx, SfAccuracyKind kind, const double *x)
{
	for (int i = 0; i < SF_ACCURACY_ARGUMENTS_MAX && row_of[kind][i] != NONE; i++)
	{
		SfStatus	status = check_number(ctx, row_of[kind][i], x[i]);

		if (status != SF_OK)
			return status;
	}
	if (row_of[kind][1] == LOWER && x[1] > x[2])
		return sf_fail_value(ctx, SF_BAD_DATA, "lower must not be above upper", x[1]);
	return SF_OK;
}

/* fmax without its call; no NaN comes here. */
static inline double
larger(double a, double b)
{
	return a > b ? a : b;
}

/* Near the end of the range a difference is taken at a quarter of its size. */
static double
shrink_for(double a, double b)
{
	return larger(fabs(a), fabs(b)) > 0x1p1000 ? 0.25 : 1.0;
}

/* |a - b| / scale, finite wherever the quotient is. */
static double
relative_error(double a, double b, double scale)
{
	double		k = shrink_for(a, b);

	return fabs(a * k - b * k) / (scale * k);
}

/* x + x_lo = a - b exactly (Knuth's two-sum). */
static void
put_difference(Terms *t, double a, double b)
{
	double		x = a - b;
	double		v = x - a;

	t->x[0] = x;
	t->x_lo[0] = (a - (x - v)) - (b + v);
}

/* e^2 in the range where neither it nor its rounding error leaves the doubles. */
static void
put_square(Terms *t, double e)
{
	double		size = fabs(e);
	int			range = size >= 0x1p400 ? 0 : size >= 0x1p-400 ? 1 : 2;
	double		scaled = range == 0 ? size * 0x1p-600 : range == 1 ? size : size * 0x1p600;

	t->x[range] = scaled * scaled;
	t->x_lo[range] = fma(scaled, scaled, -t->x[range]);
}

static double
pinball_loss(double a, double f, double q)
{
	return a >= f ? q * (a - f) : (1.0 - q) * (f - a);
}

static double
interval_score(const double *x)
{
	double		a = x[0];
	double		lower = x[1];
	double		upper = x[2];
	double		penalty = 2.0 / (1.0 - x[3]);

	if (a < lower)
		return upper - lower + penalty * (lower - a);
	if (a > upper)
		return upper - lower + penalty * (a - upper);
	return upper - lower;
}

static void
put_smape(Terms *t, double a, double f)
{
	double		k = shrink_for(a, f);
	double		size = fabs(a * k) + fabs(f * k);

	t->x[0] = size > 0.0 ? 200.0 * (fabs(a * k - f * k) / size) : 0.0;
}

static void
put_absolute_error(Terms *t, double a, double f)
{
	put_difference(t, a > f ? a : f, a > f ? f : a);
	t->x[1] = fabs(a);
}

static Terms
terms_of(SfAccuracyKind kind, const double *x)
{
	Terms		t = {.left_out = false};

	switch (kind)
	{
		case SF_ACCURACY_MAPE:
			t.left_out = x[0] == 0.0;
			t.x[0] = t.left_out ? 0.0 : 100.0 * relative_error(x[0], x[1], fabs(x[0]));
			break;
		case SF_ACCURACY_SMAPE:
			put_smape(&t, x[0], x[1]);
			break;
		case SF_ACCURACY_MAE:
			put_absolute_error(&t, x[0], x[1]);
			break;
		case SF_ACCURACY_BIAS:
			put_difference(&t, x[1], x[0]);
			t.x[1] = x[0];
			break;
		case SF_ACCURACY_RMSE:
			put_square(&t, x[0] - x[1]);
			break;
		case SF_ACCURACY_MASE:
			t.left_out = x[2] == 0.0;
			t.x[0] = t.left_out ? 0.0 : relative_error(x[0], x[1], x[2]);
			break;
		case SF_ACCURACY_RMSSE:
			t.left_out = x[2] == 0.0;
			put_square(&t, t.left_out ? 0.0 : relative_error(x[0], x[1], x[2]));
			break;
		case SF_ACCURACY_PINBALL:
			t.x[0] = pinball_loss(x[0], x[1], x[2]);
			break;
		case SF_ACCURACY_INTERVAL:
			t.x[0] = interval_score(x);
			break;
		case SF_ACCURACY_MSIS:
			t.left_out = x[4] == 0.0;
			t.x[0] = t.left_out ? 0.0 : interval_score(x) / x[4];
			break;
		case SF_ACCURACY_COVERAGE:
			t.x[0] = x[1] <= x[0] && x[0] <= x[2] ? 1.0 : 0.0;
			break;
	}
	return t;
}

/* The new sum, or false when it is not finite; then s is as it was. */
static inline bool
change_sum(SfAccuracy *s, int i, double x, double x_lo)
{
	SfSum		sum = s->sum[i];

	if (x == 0.0 && x_lo == 0.0)
		return true;
	sf_sum_add_pair(&sum, x, x_lo);
	if (!isfinite(sum.hi) || !isfinite(sum.lo))
		return false;
	s->sum[i] = sum;
	s->peak[i] = larger(s->peak[i], larger(fabs(x), fabs(sum.hi)));
	return true;
}

SfStatus
sf_accuracy_add(SfCtx *ctx, SfAccuracy *s, SfAccuracyKind kind, const double *x)
{
	SfStatus	status = check_row(ctx, kind, x);
	SfAccuracy	before;
	Terms		t;

	if (status != SF_OK)
		return status;
	t = terms_of(kind, x);
	if (t.left_out)
	{
		s->left_out++;
		return SF_OK;
	}
	before = *s;
	for (int i = 0; i < SF_ACCURACY_SUMS; i++)
		if (!change_sum(s, i, t.x[i], t.x_lo[i]))
		{
			*s = before;
			return sf_fail(ctx, SF_OVERFLOW, OUT_OF_RANGE_TEXT);
		}
	s->count++;
	s->steps++;
	return SF_OK;
}

/*
 * Each step errs by at most 2^-103 of the peak.  The rest is good to half an
 * ulp as long as those errors stay below 2^-55 of it.
 */
static bool
still_known(const SfAccuracy *s, int i)
{
	return s->peak[i] * 0x1p-103 * (double) s->steps <= fabs(s->sum[i].hi) * 0x1p-55;
}

bool
sf_accuracy_remove(SfAccuracy *s, SfAccuracyKind kind, const double *x)
{
	Terms		t = terms_of(kind, x);
	bool		known = true;

	if (t.left_out)
	{
		s->left_out--;
		return true;
	}
	s->count--;
	s->steps++;
	if (s->count == 0)
	{
		*s = (SfAccuracy) {.left_out = s->left_out};
		return true;
	}
	for (int i = 0; i < SF_ACCURACY_SUMS; i++)
		known &= change_sum(s, i, -t.x[i], -t.x_lo[i]) && still_known(s, i);
	return known;
}

SfStatus
sf_accuracy_merge(SfCtx *ctx, SfAccuracy *s, const SfAccuracy *other)
{
	SfAccuracy	next = *s;

	for (int i = 0; i < SF_ACCURACY_SUMS; i++)
	{
		if (!change_sum(&next, i, other->sum[i].hi, other->sum[i].lo))
			return sf_fail(ctx, SF_OVERFLOW, OUT_OF_RANGE_TEXT);
		next.peak[i] = fmax(next.peak[i], other->peak[i]);
	}
	if (next.count > INT64_MAX - other->count || next.left_out > INT64_MAX - other->left_out ||
		next.steps > INT64_MAX - 1 - other->steps)
		return sf_fail(ctx, SF_OVERFLOW, "accuracy is taken over too many rows");
	next.count += other->count;
	next.left_out += other->left_out;
	next.steps += other->steps + 1;
	*s = next;
	return SF_OK;
}

bool
sf_accuracy_valid(const SfAccuracy *s)
{
	bool		valid = s->count >= 0 && s->left_out >= 0 && s->steps >= s->count &&
		s->steps < INT64_MAX / 2 && s->left_out < INT64_MAX / 2;

	for (int i = 0; i < SF_ACCURACY_SUMS; i++)
	{
		valid &= isfinite(s->sum[i].hi) && isfinite(s->sum[i].lo) && isfinite(s->peak[i]);
		valid &= s->sum[i].hi + s->sum[i].lo == s->sum[i].hi && s->peak[i] >= 0.0;
		/* no rows, no sum */
		valid &= s->count > 0 || (s->sum[i].hi == 0.0 && s->peak[i] == 0.0);
	}
	return valid;
}

double
sf_accuracy_mean(const SfAccuracy *s)
{
	return s->count > 0 ? sf_sum_value(s->sum[0]) / (double) s->count : NAN;
}

double
sf_accuracy_root_mean(const SfAccuracy *s)
{
	SfSum		total = s->sum[0];
	SfSum		middle = s->sum[1];
	double		n = (double) s->count;

	if (s->count == 0)
		return NAN;
	/* what lies two ranges below could not change a bit */
	if (total.hi > 0.0)
	{
		sf_sum_add_pair(&total, middle.hi * 0x1p-1000 * 0x1p-200, 0.0);
		return sqrt(sf_sum_value(total) / n) * 0x1p600;
	}
	if (middle.hi > 0.0)
	{
		sf_sum_add_pair(&middle, s->sum[2].hi * 0x1p-1000 * 0x1p-200, 0.0);
		return sqrt(sf_sum_value(middle) / n);
	}
	return sqrt(fmax(sf_sum_value(s->sum[2]), 0.0) / n) * 0x1p-600;
}

double
sf_accuracy_ratio(const SfAccuracy *s)
{
	double		top = sf_sum_value(s->sum[0]);
	double		bottom = fabs(sf_sum_value(s->sum[1]));

	return s->count > 0 && bottom > 0.0 ? top / bottom : NAN;
}

SfStatus
sf_accuracy_scale(SfCtx *ctx, const int64_t *at, const double *y, int64_t n,
				  int64_t season, bool squared, double *scale)
{
	SfAccuracyKind kind = squared ? SF_ACCURACY_RMSE : SF_ACCURACY_MAE;
	SfAccuracy	naive = {0};
	double		row[SF_ACCURACY_ARGUMENTS_MAX] = {0};
	int64_t		back = 0;

	for (int64_t i = 0; i < n; i++)
	{
		SfStatus	status;

		if (i % POLL_EVERY == 0 && sf_cancelled(ctx))
			return sf_fail(ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		if (at == NULL)
			back = i - season;
		else
			while (back < i && (uint64_t) at[i] - (uint64_t) at[back] > (uint64_t) season)
				back++;
		if (back < 0 || back >= i || isnan(y[i]) || isnan(y[back]) ||
			(at != NULL && (uint64_t) at[i] - (uint64_t) at[back] != (uint64_t) season))
			continue;
		row[0] = y[i];
		row[1] = y[back];
		status = sf_accuracy_add(ctx, &naive, kind, row);
		if (status != SF_OK)
			return status;
	}
	*scale = squared ? sf_accuracy_root_mean(&naive) : sf_accuracy_mean(&naive);
	return SF_OK;
}
