/*
 * metrics.c
 *		How good predictions of won and lost are.
 *
 * Notation: x_i predictions of the m won deals, y_j of the l lost ones.
 *
 *	psi(x, y) = 1 if x > y, 1/2 if x = y, else 0
 *	AUC = sum psi(x_i, y_j) / (m l)
 *	V_i = sum_j psi(x_i, y_j) / l, W_j = sum_i psi(x_i, y_j) / m
 *	var(AUC) = S(V) / m + S(W) / l, S the sample variance (divisor one less)
 *
 * V and W come from walking both sorted lists at once; twice V l and W m are
 * whole numbers, so the AUC is a ratio of whole numbers and the variance a sum
 * with twice the digits of a double: the order of deals does not show.
 */
#include "core/winprob/metrics.h"

#include <math.h>

#include "core/base/dist.h"
#include "core/base/logit.h"
#include "core/base/radix.h"
#include "core/base/sum.h"

#define CLIP 1e-15
#define BINS 10
#define POLL_EVERY 16384

/* One value with the deals that have it, and those that stand before it. */
typedef struct Tie
{
	int64_t		won;			/* deals at this value */
	int64_t		lost;
	int64_t		won_before;
	int64_t		lost_before;
} Tie;

/* The next value from (won_before, lost_before) on. */
static Tie
next_tie(const uint64_t *won, int64_t m, const uint64_t *lost, int64_t l, int64_t i, int64_t j)
{
	Tie			tie = {.won_before = i, .lost_before = j};
	uint64_t	value = j >= l || (i < m && won[i] < lost[j]) ? won[i] : lost[j];

	for (; i < m && won[i] == value; i++)
		tie.won++;
	for (; j < l && lost[j] == value; j++)
		tie.lost++;
	return tie;
}

/* Pairs in the right order counted twice, ties once. */
static SfStatus
count_pairs(SfCtx *ctx, const uint64_t *won, int64_t m, const uint64_t *lost, int64_t l, SfSum *pairs)
{
	int64_t		turn = 0;
	Tie			tie;

	*pairs = (SfSum) {0};
	for (int64_t i = 0, j = 0; i < m || j < l; i += tie.won, j += tie.lost)
	{
		tie = next_tie(won, m, lost, l, i, j);
		sf_sum_add_product(pairs, (double) tie.won, (double) (2 * tie.lost_before + tie.lost));
		if (++turn % POLL_EVERY == 0 && sf_cancelled(ctx))
			return sf_fail(ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	}
	return SF_OK;
}

static SfStatus
delong_error(SfCtx *ctx, const uint64_t *won, int64_t m, const uint64_t *lost, int64_t l, double auc, double *error)
{
	SfSum		of_won = {0};
	SfSum		of_lost = {0};
	int64_t		turn = 0;
	Tie			tie;

	for (int64_t i = 0, j = 0; i < m || j < l; i += tie.won, j += tie.lost)
	{
		double		v;
		double		w;

		tie = next_tie(won, m, lost, l, i, j);
		v = (double) (2 * tie.lost_before + tie.lost) / (2.0 * (double) l) - auc;
		w = (double) (2 * (m - tie.won_before - tie.won) + tie.won) / (2.0 * (double) m) - auc;
		sf_sum_add_product(&of_won, (double) tie.won, v * v);
		sf_sum_add_product(&of_lost, (double) tie.lost, w * w);
		if (++turn % POLL_EVERY == 0 && sf_cancelled(ctx))
			return sf_fail(ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	}
	*error = sqrt(sf_sum_value(of_won) / ((double) m * (double) (m - 1)) +
				  sf_sum_value(of_lost) / ((double) l * (double) (l - 1)));
	return SF_OK;
}

static void
set_interval(SfAuc *auc, int64_t smaller, double level)
{
	double		tail = (1.0 - level) / 2.0;

	auc->low = 0;
	auc->high = 1;
	if (isnan(auc->error))
		return;
	if (auc->auc >= 1)
		auc->low = sf_exp(sf_log(tail) / (double) smaller);
	else if (auc->auc <= 0)
		auc->high = -sf_expm1(sf_log(tail) / (double) smaller);
	else
	{
		double		centre = sf_logit(auc->auc);
		double		width = -sf_normal_quantile(tail) * auc->error / (auc->auc * (1.0 - auc->auc));

		/* rounding must not put the estimate outside */
		auc->low = fmin(auc->auc, sf_logistic(centre - width));
		auc->high = fmax(auc->auc, sf_logistic(centre + width));
	}
}

SfStatus
sf_auc_sorted(SfCtx *ctx, const uint64_t *won, int64_t won_rows, const uint64_t *lost, int64_t lost_rows,
			  double level, SfAuc *auc)
{
	SfAuc		result = {NAN, NAN, NAN, NAN};
	SfStatus	status = SF_OK;
	SfSum		pairs;

	if (!(level > 0 && level < 1))
		return sf_fail_value(ctx, SF_BAD_ARGUMENT, "level must be between 0 and 1", level);
	if (won_rows > 0 && lost_rows > 0)
	{
		status = count_pairs(ctx, won, won_rows, lost, lost_rows, &pairs);
		if (status != SF_OK)
			return status;
		result.auc = sf_sum_value(pairs) / (2.0 * (double) won_rows * (double) lost_rows);
		if (won_rows > 1 && lost_rows > 1)
			status = delong_error(ctx, won, won_rows, lost, lost_rows, result.auc, &result.error);
		set_interval(&result, won_rows < lost_rows ? won_rows : lost_rows, level);
	}
	if (status == SF_OK)
		*auc = result;
	return status;
}

/* Keys of the won deals from the front on, those of the lost ones behind them. */
static SfStatus
split_keys(SfCtx *ctx, const double *prediction, const uint8_t *won, int64_t n, uint64_t *key, int64_t *won_rows)
{
	SfStatus	status = SF_OK;
	int64_t		front = 0;
	int64_t		back = n;

	for (int64_t i = 0; i < n && status == SF_OK; i++)
	{
		if (won[i] != 0)
			key[front++] = sf_rank_key(prediction[i]);
		else
			key[--back] = sf_rank_key(prediction[i]);
		if (i % POLL_EVERY == POLL_EVERY - 1)
			status = sf_poll(ctx);
	}
	*won_rows = front;
	return status;
}

SfStatus
sf_auc(SfArena *arena, const double *prediction, const uint8_t *won, int64_t n, double level, SfAuc *auc)
{
	SfArenaMark mark = sf_arena_mark(arena);
	uint64_t   *key = sf_arena_take(arena, (size_t) n, sizeof(uint64_t));
	uint64_t   *scratch = sf_arena_take(arena, (size_t) n, sizeof(uint64_t));
	int64_t		m;
	SfStatus	status;

	if (key == NULL || scratch == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	status = split_keys(arena->ctx, prediction, won, n, key, &m);
	if (status == SF_OK)
		status = sf_radix_sort(arena->ctx, key, NULL, m, scratch, NULL);
	if (status == SF_OK)
		status = sf_radix_sort(arena->ctx, key + m, NULL, n - m, scratch, NULL);
	if (status == SF_OK)
		status = sf_auc_sorted(arena->ctx, key, m, key + m, n - m, level, auc);
	sf_arena_rewind(arena, mark);
	return status;
}

/* Deals in order of prediction, with what sorting them needs; [n] each. */
typedef struct Ranks
{
	uint64_t   *key;
	uint64_t   *key_spare;
	uint32_t   *row;
	uint32_t   *row_spare;
} Ranks;

static SfStatus
take_ranks(SfArena *arena, int64_t n, Ranks *ranks)
{
	ranks->key = sf_arena_take(arena, (size_t) n, sizeof(uint64_t));
	ranks->key_spare = sf_arena_take(arena, (size_t) n, sizeof(uint64_t));
	ranks->row = sf_arena_take(arena, (size_t) n, sizeof(uint32_t));
	ranks->row_spare = sf_arena_take(arena, (size_t) n, sizeof(uint32_t));
	return ranks->key == NULL || ranks->key_spare == NULL || ranks->row == NULL || ranks->row_spare == NULL ?
		sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT) : SF_OK;
}

/*
 * wins[i] += sign * twice the deals of the other class that prediction i is on the right side of, ties once.
 */
static SfStatus
add_wins(SfCtx *ctx, const double *prediction, const uint8_t *won, int64_t n, int64_t m, double sign,
		 Ranks ranks, double *wins)
{
	const uint64_t *key = ranks.key;
	const uint32_t *row = ranks.row;
	int64_t		won_before = 0;
	int64_t		lost_before = 0;
	SfStatus	status;

	for (int64_t i = 0; i < n; i++)
	{
		ranks.key[i] = sf_rank_key(prediction[i]);
		ranks.row[i] = (uint32_t) i;
	}
	status = sf_radix_sort(ctx, ranks.key, ranks.row, n, ranks.key_spare, ranks.row_spare);
	for (int64_t i = 0, end; i < n && status == SF_OK; i = end)
	{
		int64_t		here = 0;
		int64_t		lost;

		for (end = i; end < n && key[end] == key[i]; end++)
			here += won[row[end]] != 0;
		lost = end - i - here;
		for (int64_t k = i; k < end; k++)
			wins[row[k]] += sign * (double) (won[row[k]] != 0 ? 2 * lost_before + lost : 2 * (m - won_before - here) + here);
		won_before += here;
		lost_before += lost;
		if (i / POLL_EVERY != end / POLL_EVERY)
			status = sf_poll(ctx);
	}
	return status;
}

/* Difference and error from the differences of V and W, each times twice the size of the other class. */
static void
paired_difference(const double *wins, const uint8_t *won, int64_t n, int64_t m, double *difference, double *error)
{
	SfSum		sum = {0};
	SfSum		squares[2] = {{0, 0}, {0, 0}};
	double		size[2] = {(double) (n - m), (double) m};

	for (int64_t i = 0; i < n; i++)
		if (won[i] != 0)
			sf_sum_add(&sum, wins[i]);
	*difference = sf_sum_value(sum) / (2.0 * size[0] * size[1]);
	*error = NAN;
	if (m < 2 || n - m < 2)
		return;
	for (int64_t i = 0; i < n; i++)
	{
		int			k = won[i] != 0;
		double		off = wins[i] / (2.0 * size[1 - k]) - *difference;

		sf_sum_add(&squares[k], off * off);
	}
	*error = sqrt(sf_sum_value(squares[0]) / (size[0] * (size[0] - 1)) + sf_sum_value(squares[1]) / (size[1] * (size[1] - 1)));
}

SfStatus
sf_auc_difference(SfArena *arena, const double *a, const double *b, const uint8_t *won, int64_t n,
				  double *difference, double *error)
{
	SfArenaMark mark = sf_arena_mark(arena);
	double	   *wins = sf_arena_take(arena, (size_t) n, sizeof(double));
	int64_t		m = 0;
	Ranks		ranks;
	SfStatus	status = take_ranks(arena, n, &ranks);

	if (status != SF_OK || wins == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	for (int64_t i = 0; i < n; i++)
	{
		m += won[i] != 0;
		wins[i] = 0;
	}
	status = add_wins(arena->ctx, a, won, n, m, 1, ranks, wins);
	if (status == SF_OK)
		status = add_wins(arena->ctx, b, won, n, m, -1, ranks, wins);
	if (status == SF_OK && (m == 0 || m == n))
		*difference = *error = NAN;
	else if (status == SF_OK)
		paired_difference(wins, won, n, m, difference, error);
	sf_arena_rewind(arena, mark);
	return status;
}

/* What the deals of one cluster add to V - AUC and W - AUC. */
typedef struct ClusterWins
{
	double		of[2];			/* lost, won */
	int64_t		deals[2];
} ClusterWins;

/*
 * With c_k of all C clusters holding deals of class k, n_k of them, and A_gk the sum of a cluster's V - AUC or W - AUC:
 * var = sum over k of c_k / (c_k - 1) sum A_gk^2 / n_k^2 + 2 C / (C - 1) sum A_g0 A_g1 / (n_0 n_1).
 */
static void
clustered_error(const ClusterWins *cluster, int64_t clusters, const double *size, SfAuc *auc, int64_t *smaller)
{
	SfSum		squares[2] = {{0, 0}, {0, 0}};
	SfSum		products = {0};
	int64_t		count[2] = {0, 0};
	double		c[2];

	for (int64_t g = 0; g < clusters; g++)
	{
		for (int k = 0; k < 2; k++)
		{
			sf_sum_add_product(&squares[k], cluster[g].of[k], cluster[g].of[k]);
			count[k] += cluster[g].deals[k] > 0;
		}
		sf_sum_add_product(&products, cluster[g].of[0], cluster[g].of[1]);
	}
	*smaller = count[0] < count[1] ? count[0] : count[1];
	if (*smaller < 2)
		return;
	for (int k = 0; k < 2; k++)
		c[k] = (double) count[k] / (double) (count[k] - 1) / (size[k] * size[k]);
	auc->error = sqrt(fmax(0, c[0] * sf_sum_value(squares[0]) + c[1] * sf_sum_value(squares[1]) +
						   2.0 * (double) clusters / (double) (clusters - 1) * sf_sum_value(products) / (size[0] * size[1])));
}

/* From each deal's wins, as add_wins gives them. */
static SfStatus
auc_of_clusters(SfArena *arena, const double *wins, const uint8_t *won, int64_t n, int64_t m,
				const SfClusters *clusters, double level, SfAuc *auc)
{
	ClusterWins *cluster = sf_arena_take(arena, (size_t) clusters->count, sizeof(ClusterWins));
	double		size[2] = {(double) (n - m), (double) m};
	SfSum		sum = {0};
	int64_t		smaller;

	if (cluster == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	memset(cluster, 0, (size_t) clusters->count * sizeof(ClusterWins));
	for (int64_t i = 0; i < n; i++)
		if (won[i] != 0)
			sf_sum_add(&sum, wins[i]);
	auc->auc = sf_sum_value(sum) / (2.0 * size[0] * size[1]);
	for (int64_t i = 0; i < n; i++)
	{
		int			k = won[i] != 0;
		ClusterWins *of = &cluster[clusters->of[i]];

		of->of[k] += wins[i] / (2.0 * size[1 - k]) - auc->auc;
		of->deals[k]++;
	}
	clustered_error(cluster, clusters->count, size, auc, &smaller);
	set_interval(auc, smaller, level);
	return sf_poll(arena->ctx);
}

SfStatus
sf_auc_clustered(SfArena *arena, const double *prediction, const uint8_t *won, int64_t n,
				 const SfClusters *clusters, double level, SfAuc *auc)
{
	SfArenaMark mark = sf_arena_mark(arena);
	SfAuc		result = {NAN, NAN, NAN, NAN};
	Ranks		ranks;
	double	   *wins;
	int64_t		m = 0;
	SfStatus	status;

	if (clusters == NULL || clusters->of == NULL)
		return sf_auc(arena, prediction, won, n, level, auc);
	if (!(level > 0 && level < 1))
		return sf_fail_value(arena->ctx, SF_BAD_ARGUMENT, "level must be between 0 and 1", level);
	wins = sf_arena_take(arena, (size_t) n, sizeof(double));
	status = take_ranks(arena, n, &ranks);
	if (status != SF_OK || wins == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	for (int64_t i = 0; i < n; i++)
	{
		m += won[i] != 0;
		wins[i] = 0;
	}
	status = add_wins(arena->ctx, prediction, won, n, m, 1, ranks, wins);
	if (status == SF_OK && m > 0 && m < n)
		status = auc_of_clusters(arena, wins, won, n, m, clusters, level, &result);
	sf_arena_rewind(arena, mark);
	if (status == SF_OK)
		*auc = result;
	return status;
}

double
sf_log_loss_one(double probability, bool won)
{
	double		p = fmin(fmax(probability, CLIP), 1.0 - CLIP);

	return won ? -sf_log(p) : -sf_log1p(-p);
}

typedef struct Bin
{
	int64_t		rows;
	int64_t		won;
	SfSum		probability;
} Bin;

typedef struct Sums
{
	int64_t		won;
	SfSum		loss;
	SfSum		brier;
	Bin			bin[BINS];
} Sums;

static SfStatus
sum_up(SfCtx *ctx, const double *probability, const uint8_t *won, int64_t n, Sums *sums)
{
	SfStatus	status = SF_OK;

	*sums = (Sums) {0};
	for (int64_t i = 0; i < n && status == SF_OK; i++)
	{
		double		p = probability[i];
		double		off = won[i] != 0 ? 1.0 - p : p;
		Bin		   *bin = &sums->bin[p * BINS >= BINS ? BINS - 1 : p > 0 ? (int) (p * BINS) : 0];

		sums->won += won[i] != 0;
		sf_sum_add(&sums->loss, sf_log_loss_one(p, won[i] != 0));
		sf_sum_add_product(&sums->brier, off, off);
		bin->rows++;
		bin->won += won[i] != 0;
		sf_sum_add(&bin->probability, p);
		if (i % POLL_EVERY == POLL_EVERY - 1)
			status = sf_poll(ctx);
	}
	return status;
}

static double
calibration_error(const Sums *sums, int64_t n)
{
	double		error = 0;

	for (int b = 0; b < BINS; b++)
		error += fabs(sf_sum_value(sums->bin[b].probability) - (double) sums->bin[b].won);
	return error / (double) n;
}

/*
 * skill = 1 - L / L0 with L the mean of l_i and L0 of the base losses b_i: the error of the ratio R = L / L0 is
 * that of the mean of l_i - R b_i, by L0.
 */
static SfStatus
set_skill(SfArena *arena, const double *probability, const uint8_t *won, int64_t n, const SfClusters *clusters,
		  const double *base, SfWinMetrics *metrics)
{
	double		ratio = metrics->log_loss / metrics->base_log_loss;
	SfArenaMark mark = sf_arena_mark(arena);
	double	   *off = sf_arena_take(arena, (size_t) n, sizeof(double));
	double		mean;
	double		width;
	SfStatus	status = SF_OK;

	if (off == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	for (int64_t i = 0; i < n && status == SF_OK; i++)
	{
		off[i] = sf_log_loss_one(probability[i], won[i] != 0) - ratio * base[won[i] != 0];
		if (i % POLL_EVERY == POLL_EVERY - 1)
			status = sf_poll(arena->ctx);
	}
	if (status == SF_OK)
		status = sf_cluster_mean(arena, clusters, off, n, &mean, &width);
	sf_arena_rewind(arena, mark);
	width *= sf_cluster_width(clusters) / metrics->base_log_loss;
	metrics->skill = 1.0 - ratio;
	metrics->skill_low = metrics->skill - width;
	metrics->skill_high = metrics->skill + width;
	return status;
}

SfStatus
sf_win_metrics(SfArena *arena, const double *probability, const uint8_t *won, int64_t n,
			   double base_rate, SfWinMetrics *metrics)
{
	return sf_win_metrics_clustered(arena, probability, won, n, NULL, base_rate, metrics);
}

SfStatus
sf_win_metrics_clustered(SfArena *arena, const double *probability, const uint8_t *won, int64_t n,
						 const SfClusters *clusters, double base_rate, SfWinMetrics *metrics)
{
	const double base[2] = {sf_log_loss_one(base_rate, false), sf_log_loss_one(base_rate, true)};
	SfWinMetrics result = {
		.rows = n, .auc = {NAN, NAN, NAN, NAN}, .log_loss = NAN, .brier = NAN, .calibration_error = NAN,
		.base_log_loss = NAN, .skill = NAN, .skill_low = NAN, .skill_high = NAN
	};
	Sums		sums;
	SfStatus	status = SF_OK;

	if (n > 0)
	{
		status = sf_auc_clustered(arena, probability, won, n, clusters, 0.95, &result.auc);
		if (status == SF_OK)
			status = sum_up(arena->ctx, probability, won, n, &sums);
		if (status != SF_OK)
			return status;
		result.won = sums.won;
		result.log_loss = sf_sum_value(sums.loss) / (double) n;
		result.brier = sf_sum_value(sums.brier) / (double) n;
		result.calibration_error = calibration_error(&sums, n);
		result.base_log_loss = ((double) sums.won * base[1] + (double) (n - sums.won) * base[0]) / (double) n;
		status = set_skill(arena, probability, won, n, clusters, base, &result);
	}
	if (status == SF_OK)
		*metrics = result;
	return status;
}
