/*
 * arma_lanes.c
 *		The exact filter for eight processes of one order at a time; formulas and
 *		letters as in arma.c.
 */
#include "core/forecast/arma_lanes.h"

#include <math.h>
#include <string.h>

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize ("O3")
#endif

/* As in arma.c. */
#define QUIET 1e-24

/* Steps between two polls. */
#define POLL_STEPS 4096

typedef SfLanes Lanes;

#define INLINE static inline __attribute__((always_inline))

/* A function with versions is looked up before the sanitizer has started. */
#ifdef __SANITIZE_ADDRESS__
#define CLONES
#else
#define CLONES SF_LANES_CLONES
#endif

/* One run of the filter. */
typedef struct Run
{
	int32_t		terms;
	int32_t		lag[SF_ARMA_TERMS_MAX];
	Lanes		ar[SF_ARMA_TERMS_MAX];
	Lanes		variance;
	Lanes		m;
	Lanes	   *gain;
	int32_t		size;
} Run;

/* count elements, aligned for the widest loads; NULL when refused. */
static double *
take_lanes(SfArena *arena, size_t count)
{
	char	   *piece = count < SIZE_MAX ? sf_arena_take(arena, count + 1, sizeof(Lanes)) : NULL;
	size_t		over = (uintptr_t) piece % sizeof(Lanes);

	if (piece == NULL)
		return NULL;
	return (double *) (void *) (over == 0 ? piece : piece + (sizeof(Lanes) - over));
}

SfStatus
sf_arma_lanes_take(SfArena *arena, SfArmaFilter *filter, SfArmaLanes *lanes)
{
	size_t		length = (size_t) filter->n_max + (size_t) filter->size_max + 1;

	lanes->filter = filter;
	lanes->gain = take_lanes(arena, (size_t) filter->size_max + 1);
	lanes->change = take_lanes(arena, length);
	lanes->state = take_lanes(arena, length * (size_t) filter->cols_max);
	lanes->start = sf_arena_take(arena, (size_t) filter->size_max + 1, sizeof(double));
	if (lanes->gain == NULL || lanes->change == NULL || lanes->state == NULL || lanes->start == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	return SF_OK;
}

/* Puts every process in its lane; lanes left over repeat the first one. */
static void
start_run(SfArmaLanes *lanes, const SfArma *arma, int32_t count, Run *run)
{
	SfArmaFilter *f = lanes->filter;

	run->gain = (Lanes *) lanes->gain;
	for (int32_t k = SF_LANES - 1; k >= 0; k--)
	{
		if (k < count)
		{
			sf_arma_filter_set(f, &arma[k]);
			run->variance[k] = sf_arma_start(f, &arma[k], lanes->start);
		}
		else if (k == SF_LANES - 1)
		{
			sf_arma_filter_set(f, &arma[0]);
			run->variance[k] = sf_arma_start(f, &arma[0], lanes->start);
		}
		else
			run->variance[k] = run->variance[SF_LANES - 1];
		run->m[k] = -1.0 / run->variance[k];
		for (int32_t i = 0; i < f->size; i++)
			run->gain[i][k] = lanes->start[i];
		for (int32_t i = 0; i < f->ar.count; i++)
		{
			run->lag[i] = f->ar.lag[i];
			run->ar[i][k] = f->ar.value[i];
		}
	}
	run->terms = f->ar.count;
	run->size = f->size;
}

INLINE void
add_ar(const Run *run, Lanes *x)
{
	Lanes		first = x[-1];

	for (int32_t i = 0; i < run->terms; i++)
		x[run->lag[i] - 1] += run->ar[i] * first;
}

/* The next variance and gain; false when nothing changed in any lane. */
INLINE bool
step_gain(Run *run, Lanes *change)
{
	Lanes		first = change[-1];
	Lanes		moved = run->m * first * first;
	Lanes		next = run->variance + moved;
	Lanes		up = first * run->m;
	Lanes		down;
	bool		any = false;

	for (int k = 0; k < SF_LANES; k++)
	{
		any = any || -moved[k] > QUIET * run->variance[k];
		next[k] = next[k] > 1.0 ? next[k] : 1.0;
	}
	if (!any)
		return false;
	down = first / next;
	add_ar(run, change);
	for (int32_t i = 0; i < run->size; i++)
	{
		run->gain[i] += change[i] * up;
		change[i] -= run->gain[i] * down;
	}
	run->m *= next / run->variance;
	run->variance = next;
	return true;
}

/* Adds the logarithm of what was multiplied up to each lane's sum. */
static void
add_logs(double *product, double *sum)
{
	for (int k = 0; k < SF_LANES; k++)
	{
		sum[k] += log(product[k]);
		product[k] = 1.0;
	}
}

INLINE void
step_column(const Run *run, double x, Lanes *state, const Lanes *root, const Lanes *inverse,
			double *out, int64_t out_stride, int32_t count)
{
	Lanes		innovation = x - state[0];
	Lanes		scaled = innovation * *root;
	Lanes		pull = innovation * *inverse;

	for (int k = 0; k < count; k++)
		out[k * out_stride] = scaled[k];
	add_ar(run, state + 1);
	for (int32_t i = 0; i < run->size; i++)
		state[1 + i] += run->gain[i] * pull;
}

/* The steps from `from` to `to`; returns how many steps on end the gain has been constant. */
CLONES
static int64_t
run_steps(SfArmaLanes *lanes, Run *run, int64_t from, int64_t to, int64_t quiet, const double *x, int64_t n,
		  int64_t stride, int32_t cols, double *out, int64_t out_stride, int32_t count, double *sum)
{
	int64_t		length = n + run->size + 1;
	double		product[SF_LANES];

	for (int k = 0; k < SF_LANES; k++)
		product[k] = 1.0;
	for (int64_t t = from; t < to; t++)
	{
		Lanes		inverse = 1.0 / run->variance;
		Lanes		root = {0};
		bool		large = false;

		for (int k = 0; k < SF_LANES; k++)
		{
			root[k] = sqrt(inverse[k]);
			product[k] *= run->variance[k];
			large = large || product[k] > 1e200;
		}
		if (large)
			add_logs(product, sum);
		for (int32_t c = 0; c < cols; c++)
			step_column(run, x[c * stride + t], (Lanes *) lanes->state + c * length + t, &root, &inverse,
						out + c * stride + t, out_stride, count);
		if (quiet < run->size)
			quiet = step_gain(run, (Lanes *) lanes->change + t + 1) ? 0 : quiet + 1;
	}
	add_logs(product, sum);
	return quiet;
}

SfStatus
sf_arma_whiten_lanes(SfArmaLanes *lanes, const SfArma *arma, int32_t count,
					 const double *x, int64_t n, int64_t stride, int32_t cols,
					 double *out, int64_t out_stride, double *log_det)
{
	SfArmaFilter *f = lanes->filter;
	int64_t		length;
	int64_t		quiet = 0;
	double		sum[SF_LANES] = {0.0};
	Run			run;

	start_run(lanes, arma, count, &run);
	length = n + run.size + 1;
	memset(lanes->state, 0, (size_t) length * (size_t) cols * sizeof(Lanes));
	memset(lanes->change, 0, (size_t) length * sizeof(Lanes));
	memcpy(lanes->change, run.gain, (size_t) run.size * sizeof(Lanes));
	for (int64_t t = 0; t < n; t += POLL_STEPS)
	{
		quiet = run_steps(lanes, &run, t, t + POLL_STEPS < n ? t + POLL_STEPS : n, quiet, x, n, stride, cols,
						  out, out_stride, count, sum);
		if (t > 0 && sf_cancelled(f->ctx))
			return sf_fail(f->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	}
	memcpy(log_det, sum, (size_t) count * sizeof(double));
	return SF_OK;
}
