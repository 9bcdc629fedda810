/* Tests of core/forecast/methods.c: the methods by name, and what holds for all of them. */
#include "method_laws.h"

#include "core/forecast/methods.h"

#define N 72

/* A forecast by name. */
typedef struct Named
{
	SfMethodChoice choice;
	const SfSeries *s;
	int			horizon;
	Run			run;
} Named;

static SfStatus
forecast_work(SfCtx *ctx, void *argument)
{
	Named	   *n = argument;
	SfArena		arena;

	sf_arena_init(&arena, ctx);
	memset(&n->run.out, 0, sizeof n->run.out);
	n->run.out.horizon = n->horizon;
	n->run.out.mean = n->run.mean;
	n->run.out.variance = n->run.variance;
	n->run.out.fitted = n->run.fitted;
	return sf_method_forecast(&arena, n->s, &n->choice, &n->run.out);
}

static bool
forecast(const char *name, const SfSeries *s, int horizon, Named *n)
{
	Host		host;

	n->s = s;
	n->horizon = horizon;
	if (!check(sf_method_find(name, &n->choice), "%s is not found", name))
		return false;
	host_init(&host);
	n->run.status = forecast_work(&host.ctx, n);
	check(n->run.status == SF_OK, "%s: status %d, %s", name, n->run.status, host.ctx.what ? host.ctx.what : "");
	host_free(&host);
	return n->run.status == SF_OK;
}

/* Months of four years and more: a trend, a season, noise. */
static void
draw(double *y)
{
	SfRng		rng;

	sf_rng_seed(&rng, 111);
	for (int t = 0; t < N; t++)
		y[t] = 100 + 0.5 * t + 15 * sin(t * PI / 6) + 6 * sf_rng_uniform(&rng);
}

static void
test_names(void)
{
	static const char *const good[] = {"stl", "mstl", "stl+theta", "mstl+theta", "stl+ets", "stl+arima", "stl+auto", "ets(M,Ad,M)", "ets(A,N,N)", "arima(1,1,1)(0,1,1)", "arima(0,1,0)"};
	static const char *const bad[] = {"", " ", "Auto", "auto ", "stl+", "mstl+", "+", "stl+stl", "stl+stl+theta", "stl + theta", "ets(", "ets()", "ets(M,Ad)", "arima(1,1)",
		"arima(1,1,1", "stl+nothing", "nothing", "ets(Q,Q,Q)", "arima(-1,0,0)", "theta(1)", "holt_winters_multiplicative", "sesx", "se"};
	SfMethodChoice choice;
	int			methods = 0;

	group("the table: each name once, found, with a function and a source");
	for (const SfMethod *m; (m = sf_method_at(methods)) != NULL; methods++)
	{
		check(strlen(m->name) > 0 && m->forecast != NULL && m->source != NULL && strlen(m->source) > 0, "line %d", methods);
		check(sf_method_find(m->name, &choice) && choice.method == m && !choice.decomposed && choice.specification == NULL, "%s", m->name);
		for (const char *c = m->name; *c; c++)
			check((*c >= 'a' && *c <= 'z') || *c == '_', "%s", m->name);
	}
	check(methods >= 20 && sf_method_at(-1) == NULL && sf_method_at(methods + 1) == NULL && sf_method_at(INT32_MAX) == NULL, "%d methods", methods);
	done();

	group("names that are methods and names that are not");
	for (int i = 0; i < LENGTH(good); i++)
	{
		check(sf_method_find(good[i], &choice) && choice.method != NULL, "%s", good[i]);
		check(choice.decomposed == (strstr(good[i], "stl") != NULL), "%s: decomposed %d", good[i], choice.decomposed);
		check((choice.specification != NULL) == (strchr(good[i], '(') != NULL), "%s: specification", good[i]);
	}
	for (int i = 0; i < LENGTH(bad); i++)
		check(!sf_method_find(bad[i], &choice), "'%s' is a method", bad[i]);
	done();
}

static void
test_all(void)
{
	static const char *const more[] = {"stl", "stl+theta", "mstl+damped", "ets(M,Ad,M)", "ets(A,N,N)", "arima(1,1,1)(0,1,1)", "arima(0,1,0)"};
	static double y[N];
	static double doubled[N];
	static Named one;
	static Named other;
	SfSeries	s = {.y = y, .n = N, .seasons = 1, .season = {12}};
	SfSeries	p = {.y = doubled, .n = N, .seasons = 1, .season = {12}};
	const SfMethod *m;

	draw(y);
	for (int t = 0; t < N; t++)
		doubled[t] = ldexp(y[t], 30);
	group("every method: numbers, a label, scaled exactly, the same when asked again");
	for (int i = 0;; i++)
	{
		const char *name = (m = sf_method_at(i)) != NULL ? m->name : NULL;

		if (name == NULL)
		{
			int			methods = 0;

			while (sf_method_at(methods) != NULL)
				methods++;
			if (i - methods >= LENGTH(more))
				break;
			name = more[i - methods];
		}
		if (!forecast(name, &s, 18, &one) || !forecast(name, &p, 18, &other))
			continue;
		check(is_sound(&one.run, &s), "%s: %s", name, one.run.out.label);
		check(one.run.out.demand == one.choice.method->demand, "%s: demand %d", name, one.run.out.demand);
		check(strcmp(one.run.out.label, other.run.out.label) == 0, "%s: %s, scaled %s", name, one.run.out.label, other.run.out.label);
		for (int k = 0; k < 18; k++)
		{
			check(same_bits(other.run.mean[k], ldexp(one.run.mean[k], 30)), "%s, step %d: %.17g, not %.17g", name, k + 1, ldexp(other.run.mean[k], -30), one.run.mean[k]);
			check(one.run.mean[k] > 50 && one.run.mean[k] < 250, "%s, step %d: %g", name, k + 1, one.run.mean[k]);
		}
		(void) forecast(name, &s, 18, &other);
		check(memcmp(one.run.mean, other.run.mean, 18 * sizeof(double)) == 0, "%s: not the same again", name);
		/* the fit does not depend on how far it is asked to look; the share of the seasonal naive does */
		if (strcmp(name, "auto") == 0)
			continue;
		(void) forecast(name, &s, 5, &other);
		for (int k = 0; k < 5; k++)
			check(same_bits(one.run.mean[k], other.run.mean[k]), "%s, step %d: the horizon shows", name, k + 1);
	}
	done();

	group("every method: each refused allocation is a clean failure");
	for (int i = 0; (m = sf_method_at(i)) != NULL; i++)
	{
		one.s = &s;
		one.horizon = 6;
		(void) sf_method_find(m->name, &one.choice);
		refuse_each(forecast_work, &one);
	}
	(void) sf_method_find("stl+theta", &one.choice);
	refuse_each(forecast_work, &one);
	done();

	group("every method: a cancelled poll is a clean failure");
	for (int i = 0; (m = sf_method_at(i)) != NULL; i++)
	{
		Host		host;

		(void) sf_method_find(m->name, &one.choice);
		host_init(&host);
		check(forecast_work(&host.ctx, &one) == SF_OK && host.polls > 0, "%s never polls", m->name);
		host_free(&host);
		cancel_each(forecast_work, &one, 1 + host.polls / 12);
	}
	done();
}

int
main(void)
{
	test_names();
	test_all();
	return finish();
}
