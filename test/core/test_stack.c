/* stack: shares of members' log-odds by Newton's method; a member must earn its place. */
#include "check.h"

#include "core/base/arena.h"
#include "core/winprob/stack.h"

#define N 4000
#define MEMBERS 4

typedef struct Data
{
	double		log_odds[MEMBERS][N];
	uint8_t		won[N];
} Data;

static Data data;

static double
rate_of(double x)
{
	return 1 / (1 + exp(-x));
}

/*
 * Two independent signals a and b make the outcome: log-odds = a + b.  Members:
 * what a alone tells, what b alone tells, noise, and a's opposite.
 */
static void
draw(Data *d, int64_t n)
{
	SfRng		rng;

	sf_rng_seed(&rng, 7);
	for (int64_t i = 0; i < n; i++)
	{
		double		a = sf_rng_normal(&rng);
		double		b = sf_rng_normal(&rng);

		d->log_odds[0][i] = a;
		d->log_odds[1][i] = b;
		d->log_odds[2][i] = sf_rng_normal(&rng);
		d->log_odds[3][i] = -a;
		d->won[i] = sf_rng_uniform(&rng) < rate_of(a + b);
	}
}

static void
members_of(const Data *d, const double **members)
{
	for (int m = 0; m < MEMBERS; m++)
		members[m] = d->log_odds[m];
}

static void
test_recovers(void)
{
	const double *members[MEMBERS];
	SfArena		arena;
	SfStack		stack = {0};
	Host		host;

	host_init(&host);
	sf_arena_init(&arena, &host.ctx);
	draw(&data, N);
	members_of(&data, members);
	group("the shares of two signals are found, noise and the opposite of a signal are left out");
	check(sf_stack_fit(&arena, members, MEMBERS, data.won, N, &stack) == SF_OK, "status");
	check(close_to(stack.share[0], 1, 0.15, 0) && close_to(stack.share[1], 1, 0.15, 0), "shares %g, %g", stack.share[0], stack.share[1]);
	check(stack.share[2] == 0 && stack.share[3] == 0, "others %g, %g", stack.share[2], stack.share[3]);
	check(fabs(stack.intercept) < 0.15, "intercept %g", stack.intercept);
	done();
	host_free(&host);
}

/* The gradient of the penalized loss in every unknown, by the definition. */
static void
test_optimum(void)
{
	const double *members[MEMBERS];
	SfArena		arena;
	SfStack		s = {0};
	Host		host;

	host_init(&host);
	sf_arena_init(&arena, &host.ctx);
	draw(&data, N);
	members_of(&data, members);
	group("at the optimum no share can be moved to gain, those at 0 only below it");
	check(sf_stack_fit_set(&arena, members, MEMBERS, 15, data.won, N, &s) == SF_OK, "status");
	for (int m = -1; m < MEMBERS; m++)
	{
		double		g = m < 0 ? s.intercept : s.share[m] - 0.25;

		for (int i = 0; i < N; i++)
		{
			double		x = s.intercept;

			for (int k = 0; k < MEMBERS; k++)
				x += s.share[k] * data.log_odds[k][i];
			g += (rate_of(x) - data.won[i]) * (m < 0 ? 1 : data.log_odds[m][i]);
		}
		if (m >= 0 && s.share[m] == 0)
			check(g >= -1e-3, "share %d is 0, slope %g", m, g);
		else
			check(fabs(g) < 1e-3, "unknown %d, slope %g", m, g);
	}
	done();
	host_free(&host);
}

static void
test_laws(void)
{
	const double *members[MEMBERS];
	SfArena		arena;
	SfStack		one = {0};
	SfStack		same = {0};
	Host		host;

	host_init(&host);
	sf_arena_init(&arena, &host.ctx);
	draw(&data, N);
	members_of(&data, members);
	group("one member is taken as it is");
	check(sf_stack_fit(&arena, members, 1, data.won, N, &one) == SF_OK, "status");
	check(one.share[0] == 1 && one.intercept == 0, "share %g, intercept %g", one.share[0], one.intercept);
	done();
	group("twins share alike when both must be in, and only one is taken when it is free");
	members[1] = members[0];
	check(sf_stack_fit_set(&arena, members, 2, 3, data.won, N, &same) == SF_OK, "status");
	check(close_to(same.share[0], same.share[1], 1e-6, 0), "%g and %g", same.share[0], same.share[1]);
	check(sf_stack_fit(&arena, members, 2, data.won, N, &same) == SF_OK, "status");
	check(same.share[0] == 1 && same.share[1] == 0, "%g and %g", same.share[0], same.share[1]);
	done();
	group("a loss is the negative logarithm of the probability");
	for (double x = -700; x <= 700; x += 7)
		check(close_to(sf_log_odds_loss(x, true), x < -30 ? -x : -log(rate_of(x)), 1e-12, 1e-12) && sf_log_odds_loss(x, true) == sf_log_odds_loss(-x, false), "%g", x);
	done();
	host_free(&host);
}

static void
test_few(void)
{
	const double *members[MEMBERS];
	SfArena		arena;
	SfStack		stack = {0};
	Host		host;
	int			more = 0;

	host_init(&host);
	sf_arena_init(&arena, &host.ctx);
	draw(&data, N);
	members_of(&data, members);
	members[1] = data.log_odds[2];
	group("with few deals noise seldom gets a place");
	for (int part = 0; part < 20; part++)
	{
		const double *at[2] = {members[0] + part * 60, members[1] + part * 60};

		check(sf_stack_fit(&arena, at, 2, data.won + part * 60, 60, &stack) == SF_OK, "status");
		more += stack.share[1] > 0 && stack.share[0] > 0;
	}
	check(more <= 6, "%d of 20", more);
	done();
	host_free(&host);
}

static void
test_hostile(void)
{
	static const double values[] = {0, -700, 700, 1e6, -1e6, 1e-300};
	double		x[8];
	double		y[8];
	const double *members[2] = {x, y};
	uint8_t		won[8];
	SfArena		arena;
	Host		host;

	host_init(&host);
	sf_arena_init(&arena, &host.ctx);
	group("constant, huge and separating log-odds give finite shares");
	for (int a = 0; a < LENGTH(values); a++)
		for (int b = 0; b < LENGTH(values); b++)
			for (int n = 1; n <= 8; n += 7)
				for (int pattern = 0; pattern < 4; pattern++)
				{
					SfStack		stack = {0};

					for (int i = 0; i < n; i++)
					{
						won[i] = pattern == 1 || (pattern == 2 && i % 2);
						x[i] = pattern == 3 ? values[a] * (i % 2) : values[a];
						y[i] = values[b];
					}
					check(sf_stack_fit(&arena, members, 2, won, n, &stack) == SF_OK, "status");
					check(sf_stack_fit_set(&arena, members, 2, 3, won, n, &stack) == SF_OK, "status");
					check(isfinite(stack.intercept) && stack.share[0] >= 0 && stack.share[1] >= 0 && isfinite(stack.share[0] + stack.share[1]) && stack.log_loss >= 0,
						  "%g, %g, %d deals: %g %g %g", values[a], values[b], n, stack.intercept, stack.share[0], stack.share[1]);
				}
	done();
	group("a wrong number of members is refused");
	{
		SfStack		stack;

		check(fails_with(&host, sf_stack_fit(&arena, members, 0, won, 8, &stack), SF_BAD_ARGUMENT), "none");
		check(fails_with(&host, sf_stack_fit(&arena, members, SF_STACK_MAX + 1, won, 8, &stack), SF_BAD_ARGUMENT), "nine");
	}
	done();
	host_free(&host);
}

static SfStatus
work(SfCtx *ctx, void *argument)
{
	const double *members[MEMBERS];
	SfArena		arena;
	SfStack		stack;

	(void) argument;
	sf_arena_init(&arena, ctx);
	members_of(&data, members);
	return sf_stack_fit(&arena, members, MEMBERS, data.won, 500, &stack);
}

int
main(void)
{
	test_recovers();
	test_optimum();
	test_laws();
	test_few();
	test_hostile();
	group("each cancelled poll is a clean failure");
	cancel_each(work, NULL, 1);
	done();
	return finish();
}
