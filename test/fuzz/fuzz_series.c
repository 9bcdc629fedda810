/*
 * Any series, any method, any option: a documented status, or forecasts that are
 * numbers, in order, with intervals that never narrow; and twice the series has
 * twice the forecast, bit for bit.
 */
#include "series.h"

#include "core/forecast/forecast.h"

static const char *const more_methods[] = {
	"stl+theta", "stl+ets", "mstl+arima", "stl+naive", "ets(M,Ad,M)", "ets(A,A,A)", "ets(Z,N,Z)", "arima(2,1,1)(1,1,1)",
	"arima(0,2,2)", "arima(1,0,0)(0,1,1)[4] drift", "arima(12,0,3)"
};

/* What is refitted many times over is kept short. */
#define REFITTED_PERIODS_MAX 36

/* Numbers beyond this lose bits when they are made smaller. */
#define EXACT_MOST 1e200

typedef struct Answer
{
	SfStatus	status;
	SfProjection made;
	double		number[5 * FUZZ_HORIZON_MAX];
	double		fitted[FUZZ_PERIODS_MAX];
} Answer;

static void
read_plan(SfReader *read, SfPlan *plan)
{
	uint32_t	methods = 0;
	uint32_t	choice = fuzz_below(read, 64);

	while (sf_method_at((int32_t) methods) != NULL)
		methods++;
	choice %= methods + LENGTH(more_methods) + 1;
	*plan = (SfPlan) {.method = "auto", .horizon = 1 + (int32_t) fuzz_below(read, FUZZ_HORIZON_MAX), .lambda = NAN};
	if (choice < methods)
		plan->method = sf_method_at((int32_t) choice)->name;
	else if (choice < methods + LENGTH(more_methods))
		plan->method = more_methods[choice - methods];
	else
		plan->high = true;
	plan->nonnegative = fuzz_below(read, 2) == 1;
	plan->transform = (SfTransform) (fuzz_below(read, 9) % 5 % 3);
	plan->intervals = (SfIntervals) (fuzz_below(read, 9) % 5 % 3);
	if (fuzz_below(read, 3) == 0)
		plan->lambda = (double) (int8_t) sf_read_bits(read, 1) / 20.0;
}

static void
ask(Host *host, const SfSeries *s, const SfPlan *plan, bool fitted, Answer *a)
{
	SfArena		arena;

	fuzz_host(host);
	host->cancel_at = FUZZ_SERIES_POLLS;
	sf_arena_init(&arena, &host->ctx);
	memset(a->number, 0xA5, sizeof a->number);
	a->made = (SfProjection) {
		.mean = a->number,
		.lo80 = a->number + FUZZ_HORIZON_MAX,
		.hi80 = a->number + 2 * FUZZ_HORIZON_MAX,
		.lo95 = a->number + 3 * FUZZ_HORIZON_MAX,
		.hi95 = a->number + 4 * FUZZ_HORIZON_MAX,
		.made = {.fitted = fitted ? a->fitted : NULL}
	};
	a->status = sf_forecast_series(&arena, s, plan, &a->made);
}

static void
check_numbers(const Answer *a, const SfPlan *plan)
{
	const SfProjection *p = &a->made;
	double		below = 0.0;
	double		above = 0.0;
	double		size = 0.0;

	for (int k = 0; k < plan->horizon; k++)
	{
		/* bounds are rounded to the last bit of the largest number */
		size = fmax(size, fabs(p->mean[k]) + (p->hi95[k] - p->lo95[k]));
		for (int i = 0; i < 5; i++)
			demand(isfinite(a->number[i * FUZZ_HORIZON_MAX + k]), "forecasts and bounds are numbers");
		demand(p->lo95[k] <= p->lo80[k] && p->lo80[k] <= p->mean[k], "bounds below the mean are in order");
		demand(p->mean[k] <= p->hi80[k] && p->hi80[k] <= p->hi95[k], "bounds above the mean are in order");
		demand(!plan->nonnegative || p->lo95[k] >= 0, "nothing below 0 when that is asked for");
		if (plan->nonnegative || plan->transform != SF_TRANSFORM_NONE)
			continue;
		demand(p->mean[k] - p->lo95[k] >= below - 1e-9 * size && p->hi95[k] - p->mean[k] >= above - 1e-9 * size, "intervals never narrow");
		below = p->mean[k] - p->lo95[k];
		above = p->hi95[k] - p->mean[k];
	}
}

static void
check_answer(const Answer *a, const SfSeries *s, const SfPlan *plan)
{
	const SfForecast *f = &a->made.made;

	check_numbers(a, plan);
	demand(f->label[0] != '\0' && memchr(f->label, '\0', sizeof f->label) != NULL, "a label tells what was fitted");
	demand(f->notes >= 0 && f->notes <= SF_NOTES_MAX, "the number of notes");
	for (int i = 0; i < f->notes; i++)
		demand(memchr(f->note[i].name, '\0', sizeof f->note[i].name) != NULL && !isinf(f->note[i].value), "a note has a name and a number");
	for (int t = 0; f->fitted != NULL && t < s->n; t++)
		demand(!isinf(f->fitted[t]), "fitted values are numbers or NaN");
}

/* Twice the series: the same label, and twice the numbers. */
static void
check_twice(const FuzzSeries *f, const SfPlan *plan, const Answer *once)
{
	static FuzzSeries doubled;
	static Answer twice;
	Host		host;

	doubled = *f;
	doubled.s.y = doubled.y;
	for (int t = 0; t < f->s.n; t++)
	{
		if (f->y[t] != 0.0 && !isnan(f->y[t]) && !(fabs(f->y[t]) < EXACT_MOST && fabs(f->y[t]) > 1 / EXACT_MOST))
			return;
		doubled.y[t] = 2 * f->y[t];
	}
	ask(&host, &doubled.s, plan, false, &twice);
	demand(twice.status == SF_OK && strcmp(twice.made.made.label, once->made.made.label) == 0, "twice the series has the same model");
	for (int i = 0; i < 5; i++)
		for (int k = 0; k < plan->horizon; k++)
		{
			double		x = once->number[i * FUZZ_HORIZON_MAX + k];

			demand(twice.number[i * FUZZ_HORIZON_MAX + k] == 2 * x || (x != 0.0 && fabs(x) < 1 / EXACT_MOST), "twice the series has twice the forecast");
		}
	host_free(&host);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static FuzzSeries f;
	static Answer answer;
	SfReader	read = {data, size, true};
	SfPlan		plan;
	bool		fitted;
	Host		host;

	read_plan(&read, &plan);
	fitted = fuzz_below(&read, 2) == 1;
	fuzz_series(&read, &f);
	if ((plan.high || plan.intervals == SF_INTERVALS_CONFORMAL) && f.s.n > REFITTED_PERIODS_MAX)
		f.s.n = REFITTED_PERIODS_MAX;
	ask(&host, &f.s, &plan, fitted, &answer);
	demand(answer.status == SF_OK || answer.status == SF_BAD_ARGUMENT || answer.status == SF_BAD_DATA ||
		   answer.status == SF_OVERFLOW || answer.status == SF_CANCELLED, "the status of a forecast");
	if (answer.status == SF_OK)
	{
		check_answer(&answer, &f.s, &plan);
		check_twice(&f, &plan, &answer);
	}
	else
		demand(host.ctx.what != NULL, "a refusal names the rule");
	host_free(&host);
	return 0;
}
