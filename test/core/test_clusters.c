/* Tests of core/winprob/clusters.c, and of intervals of deals that belong together. */
#include "check.h"

#include "core/base/dist.h"
#include "core/winprob/metrics.h"

#define DEALS 1200

typedef struct Deals
{
	double		p[DEALS];
	uint8_t		won[DEALS];
	uint64_t	group[DEALS];
	int64_t		n;
} Deals;

/* So many groups of `each` deals; a group's prediction is drawn, its deals are won or lost together in nine of ten. */
static Deals *
draw(int64_t groups, int64_t each, uint64_t seed)
{
	Deals	   *d = calloc(1, sizeof *d);
	SfRng		rng;

	sf_rng_seed(&rng, seed);
	for (int64_t g = 0; g < groups; g++)
	{
		double		p = 0.3 + 0.4 * sf_rng_uniform(&rng);
		bool		wins = sf_rng_uniform(&rng) < 0.5;

		for (int64_t i = 0; i < each; i++, d->n++)
		{
			d->p[d->n] = p;
			d->won[d->n] = (sf_rng_uniform(&rng) < 0.1) != wins;
			d->group[d->n] = 1000 - (uint64_t) g;
		}
	}
	return d;
}

static void
test_by_hand(void)
{
	static const uint64_t names[] = {7, 3, 7, 3, 9};
	static const double x[] = {1, 2, 3, 6, 8};
	SfClusters	clusters;
	SfArena		arena;
	double		mean;
	double		error;
	Host		host;

	host_init(&host);
	sf_arena_init(&arena, &host.ctx);
	group("sums over groups, by hand");
	check(sf_clusters_make(&arena, names, 5, &clusters) == SF_OK && clusters.count == 3, "three groups");
	check(clusters.of[0] == 1 && clusters.of[1] == 0 && clusters.of[2] == 1 && clusters.of[3] == 0 && clusters.of[4] == 2, "numbers");
	/* sums around the mean of 4: -4, 0, 4 */
	check(sf_cluster_mean(&arena, &clusters, x, 5, &mean, &error) == SF_OK && mean == 4, "mean");
	check(close_to(error, sqrt((16.0 + 0 + 16) * 3 / 2) / 5, 1e-15, 0), "error %g", error);
	check(sf_cluster_mean(&arena, NULL, x, 5, &mean, &error) == SF_OK && close_to(error, sqrt(34.0 / 20), 1e-15, 0), "each by itself: %g", error);
	check(sf_clusters_make(&arena, names, 1, &clusters) == SF_OK && sf_cluster_mean(&arena, &clusters, x, 1, &mean, &error) == SF_OK && isnan(error), "one");
	clusters = (SfClusters) {10, clusters.of};
	/* qt(.975, 9) of R */
	check(close_to(sf_cluster_width(&clusters), 2.2621571627409915, 1e-9, 0), "width %.12g", sf_cluster_width(&clusters));
	check(sf_cluster_width(NULL) == sf_normal_quantile(0.975), "width of the normal");
	done();
	host_free(&host);
}

/* A group of one deal each changes nothing; each deal written down k times makes intervals no narrower. */
static void
test_laws(void)
{
	SfArena		arena;
	Host		host;

	host_init(&host);
	sf_arena_init(&arena, &host.ctx);
	group("a deal a group is as no groups; copies of a deal tell no more than the deal");
	for (uint64_t seed = 1; seed <= 20; seed++)
	{
		Deals	   *one = draw(60, 1, seed);
		Deals	   *many = calloc(1, sizeof *many);
		SfClusters	clusters;
		SfWinMetrics a;
		SfWinMetrics b;
		SfWinMetrics c;

		for (int64_t i = 0; i < 10 * one->n; i++, many->n++)
		{
			many->p[i] = one->p[i % one->n];
			many->won[i] = one->won[i % one->n];
			many->group[i] = one->group[i % one->n];
		}
		check(sf_win_metrics(&arena, one->p, one->won, one->n, 0.5, &a) == SF_OK, "plain");
		check(sf_clusters_make(&arena, one->group, one->n, &clusters) == SF_OK &&
			  sf_win_metrics_clustered(&arena, one->p, one->won, one->n, &clusters, 0.5, &b) == SF_OK, "a deal a group");
		check(close_to(a.auc.auc, b.auc.auc, 1e-14, 0) && close_to(a.auc.error, b.auc.error, 1e-12, 0), "auc %g %g", a.auc.error, b.auc.error);
		check((a.skill - a.skill_low) < (b.skill - b.skill_low) && (b.skill - b.skill_low) < 1.05 * (a.skill - a.skill_low), "skill %g %g", a.skill_low, b.skill_low);
		check(sf_clusters_make(&arena, many->group, many->n, &clusters) == SF_OK && clusters.count == one->n &&
			  sf_win_metrics_clustered(&arena, many->p, many->won, many->n, &clusters, 0.5, &c) == SF_OK, "copies");
		check(close_to(c.auc.error, b.auc.error, 1e-12, 0) && close_to(c.skill_low, b.skill_low, 1e-9, 0) && close_to(c.log_loss, b.log_loss, 1e-12, 0),
			  "copies: %g %g, %g %g", c.auc.error, b.auc.error, c.skill_low, b.skill_low);
		free(one);
		free(many);
	}
	done();
	host_free(&host);
}

static void
test_coverage(void)
{
	int			low = 0;
	int			of = 0;
	SfArena		arena;
	Host		host;

	host_init(&host);
	sf_arena_init(&arena, &host.ctx);
	group("an AUC of one half lies in 95 % of the intervals, whatever the size of the groups");
	for (uint64_t seed = 1; seed <= 300; seed++)
	{
		SfArenaMark mark = sf_arena_mark(&arena);
		Deals	   *d = draw(40, 25, 77 * seed);
		SfClusters	clusters;
		SfAuc		auc;

		check(sf_clusters_make(&arena, d->group, d->n, &clusters) == SF_OK &&
			  sf_auc_clustered(&arena, d->p, d->won, d->n, &clusters, 0.95, &auc) == SF_OK, "auc");
		low += auc.low <= 0.5 && auc.high >= 0.5;
		check(sf_auc(&arena, d->p, d->won, d->n, 0.95, &auc) == SF_OK, "auc");
		of += auc.low <= 0.5 && auc.high >= 0.5;
		sf_arena_rewind(&arena, mark);
		free(d);
	}
	check(low >= 270 && of < 150, "%d of 300 with groups, %d without", low, of);
	done();
	host_free(&host);
}

static SfStatus
work(SfCtx *ctx, void *argument)
{
	const Deals *d = argument;
	SfClusters	clusters;
	SfWinMetrics metrics;
	SfArena		arena;
	SfStatus	status;

	sf_arena_init(&arena, ctx);
	status = sf_clusters_make(&arena, d->group, d->n, &clusters);
	return status == SF_OK ? sf_win_metrics_clustered(&arena, d->p, d->won, d->n, &clusters, 0.5, &metrics) : status;
}

int
main(void)
{
	Deals	   *d = draw(30, 10, 4);

	test_by_hand();
	test_laws();
	test_coverage();
	group("each refused allocation and each cancelled poll is a clean failure");
	refuse_each(work, d);
	cancel_each(work, d, 1);
	done();
	free(d);
	return finish();
}
