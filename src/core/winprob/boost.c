/*
 * boost.c
 *		Gradient boosting of the log-loss, by histograms, best leaf first.
 *
 *	f		log-odds so far		p = 1 / (1 + exp(-f))
 *	g = p - won, h = p (1 - p)	first and second derivative of a deal's log-loss by f
 *	G, H	their sums over the deals of a node
 *	gain	G_l^2 / (H_l + ridge) + G_r^2 / (H_r + ridge) - G^2 / (H + ridge)
 *	value	-rate G / (H + ridge) of a leaf
 *
 * Leaf values come from g and h in full.  Splits are searched with g rounded to
 * 2^-15 and h to 2^-14, far below what chance moves them by: count, h and g of a
 * deal then fit one word of 64 bits, a deal is counted by one addition for each
 * feature, sums are exact in any order, and the histogram of the larger child
 * is that of the parent less that of the smaller one, without loss.
 *
 * Source: Friedman, Greedy function approximation, Annals of Statistics 29,
 * 2001 (5.2 Newton leaf values); Chen & Guestrin, XGBoost, KDD 2016, eq. 5-7;
 * Ke et al., LightGBM, NIPS 2017 (histograms, leaf-wise growth).
 */
#if defined(__GNUC__) && !defined(__clang__)
/* Comparisons may be made for all lanes: results are the same, only exception flags are not. Ahead of the includes,
 * as functions compiled otherwise do not get in line. */
#pragma GCC optimize ("O3", "no-trapping-math")
#endif
#include <float.h>
#include <math.h>
#include <string.h>

#include "core/base/logit.h"
#include "core/base/rng.h"
#include "core/base/vector.h"
#include "core/winprob/tree_walk.h"

#define MAX_LEAVES 32

/* Codes looked at between two polls, about a millisecond. */
#define POLL_CODES 500000

/* Blocks of SF_WALK_ROWS deals that find their leaves between two polls. */
#define POLL_BLOCKS 8

/* Rows ahead of the one that is counted. */
#define AHEAD 16

/* A split that gains less than this is rounding; log-loss falls by half the gain. */
#define LEAST_GAIN 1e-6
#define LEAST_GAIN_SHARE 1e-10

/* A leaf without curvature could move without end: at most so far, in log-odds, before the rate. */
#define LARGEST_STEP 20.0

/* Probabilities enter the log-loss of watched deals as at least this. */
#define LEAST_PROBABILITY 1e-15

/*
 * A deal, or the sum of up to CHUNK of them, in one word: from the top g (signed),
 * h, how many.  4095 * 2^15 takes 28 bits with its sign, 4095 * 2^12 (h is at most
 * a quarter of 2^14) 24, and the count 12.
 */
#define CHUNK 4095
#define COUNT_BITS 12
#define H_BITS 24
#define G_SCALE 0x1p15
#define H_SCALE 0x1p14

/* Sums over any number of deals: g; h, and below it in `count_bits` bits how many. */
typedef struct Bin
{
	int64_t		g;
	int64_t		hc;
} Bin;

typedef struct Split
{
	double		gain;			/* 0: none */
	int32_t		feature;
	uint8_t		threshold;
	bool		missing_left;
	bool		unseen_left;
	Bin			left;
} Split;

typedef struct Leaf
{
	int64_t		first;			/* run of grower.row */
	int64_t		rows;
	int32_t		node;
	int32_t		depth;
	Bin			total;
	Split		best;
} Leaf;

typedef struct Grower
{
	SfCtx	   *ctx;
	const SfCodes *codes;
	SfBoostOptions options;
	const uint8_t *column;
	/* features of this tree */
	int32_t		features;
	int32_t    *feature;
	int32_t    *offset;			/* [features] first bin of feature[j] */
	size_t		bins;
	bool		whole;			/* nearly all features take part: count all of them */
	Bin		   *histogram;		/* [leaves][bins_max] */
	size_t		bins_max;
	uint64_t   *packed;			/* [features of the deals][SF_TREE_CODES] sums of a chunk, zero between chunks */
	int			count_bits;
	int			h_shift;		/* digits of h dropped, for over 2^25 deals */
	double		h_unit;			/* of the h in a Bin */
	int64_t		least_rows;
	/* deals */
	double	   *f;				/* [rows] log-odds so far */
	double	   *g;				/* [rows] h is |g| (1 - |g|) */
	uint64_t   *deal;			/* [rows] count, h and g in one word */
	uint32_t   *row;			/* [rows] of this tree, by leaf; then those that were not drawn */
	uint32_t   *aside;			/* [rows] */
	int64_t		drawn;			/* rows of this tree */
	SfTreeWalk *walk;
	/* the tree */
	int32_t		leaves;
	Leaf		leaf[MAX_LEAVES];
	int32_t		nodes;
	SfNode		node[2 * MAX_LEAVES - 1];
} Grower;

static inline double
probability_of(double f)
{
	f = f > 700 ? 700 : f;
	f = f < -700 ? -700 : f;
	return 1.0 / (1.0 + sf_exp_within(-f));
}

/* The whole number nearest to x, which is within 2^50 of 0. */
static inline int64_t
whole(double x)
{
	double		shifted = x + 0x1.8p52;
	uint64_t	bits;

	memcpy(&bits, &shifted, sizeof bits);
	return (int64_t) (bits - UINT64_C(0x4338000000000000));
}

SF_VECTOR_CLONES static void
take_gradients(const double *restrict f, const uint8_t *restrict won, double *restrict g, uint64_t *restrict deal, int64_t n)
{
	for (int64_t i = 0; i < n; i++)
	{
		double		p = probability_of(f[i]);

		g[i] = p - (double) won[i];
		deal[i] = (uint64_t) whole(g[i] * G_SCALE) << (H_BITS + COUNT_BITS);
		deal[i] += ((uint64_t) whole(p * (1.0 - p) * H_SCALE) << COUNT_BITS) + 1;
	}
}

static inline int64_t
count_of(const Grower *grower, Bin bin)
{
	return bin.hc & ((INT64_C(1) << grower->count_bits) - 1);
}

static inline double
gradient_of(Bin bin)
{
	return (double) bin.g * (1.0 / G_SCALE);
}

static inline double
hessian_of(const Grower *grower, Bin bin)
{
	return (double) (bin.hc >> grower->count_bits) * grower->h_unit;
}

static inline Bin
plus(Bin a, Bin b)
{
	return (Bin) {a.g + b.g, a.hc + b.hc};
}

static inline Bin
minus(Bin a, Bin b)
{
	return (Bin) {a.g - b.g, a.hc - b.hc};
}

/* h of n rows and their count share 63 bits. */
static void
choose_units(Grower *grower, int64_t n)
{
	int			bits = 1;

	while ((INT64_C(1) << bits) <= n)
		bits++;
	grower->count_bits = bits;
	grower->h_shift = 2 * bits > 51 ? 2 * bits - 51 : 0;
	grower->h_unit = ldexp(1.0 / H_SCALE, grower->h_shift);
}

/* Counts deals into all features, four at a time. */
static void
count_all(const Grower *grower, const uint32_t *row, int32_t n)
{
	const uint8_t *code = grower->codes->code;
	const uint64_t *deal = grower->deal;
	int32_t		features = grower->codes->features;
	size_t		stride = (size_t) features;

	for (int32_t i = 0; i < n; i++)
	{
		const uint8_t *c = code + row[i] * stride;
		uint64_t	x = deal[row[i]];
		uint64_t   *to = grower->packed;
		int32_t		j = features;

		if (i + AHEAD < n)
		{
			__builtin_prefetch(code + row[i + AHEAD] * stride);
			__builtin_prefetch(&deal[row[i + AHEAD]]);
		}
		for (; j >= 4; j -= 4, c += 4, to += 4 * SF_TREE_CODES)
		{
			to[c[0]] += x;
			to[SF_TREE_CODES + c[1]] += x;
			to[2 * SF_TREE_CODES + c[2]] += x;
			to[3 * SF_TREE_CODES + c[3]] += x;
		}
		for (; j > 0; j--, c++, to += SF_TREE_CODES)
			to[c[0]] += x;
	}
}

/* The same for the features of this tree only. */
static void
count_some(const Grower *grower, const uint32_t *row, int32_t n)
{
	size_t		stride = (size_t) grower->codes->features;

	for (int32_t i = 0; i < n; i++)
	{
		const uint8_t *c = grower->codes->code + row[i] * stride;
		uint64_t	x = grower->deal[row[i]];

		if (i + AHEAD < n)
		{
			__builtin_prefetch(grower->codes->code + row[i + AHEAD] * stride);
			__builtin_prefetch(&grower->deal[row[i + AHEAD]]);
		}
		for (int32_t j = 0; j < grower->features; j++)
			grower->packed[grower->feature[j] * SF_TREE_CODES + c[grower->feature[j]]] += x;
	}
}

/* Adds the sums of a chunk to a histogram. */
SF_VECTOR_CLONES static void
unpack(Bin *restrict to, const uint64_t *restrict from, int32_t n, int count_bits, int h_shift)
{
	const uint64_t count_mask = (UINT64_C(1) << COUNT_BITS) - 1;
	const uint64_t h_mask = (UINT64_C(1) << H_BITS) - 1;

	for (int32_t i = 0; i < n; i++)
	{
		uint64_t	x = from[i];
		uint64_t	top = x >> (H_BITS + COUNT_BITS);
		uint64_t	sign = UINT64_C(1) << (63 - H_BITS - COUNT_BITS);

		to[i].g += (int64_t) ((top ^ sign) - sign);
		to[i].hc += (int64_t) ((((x >> COUNT_BITS & h_mask) >> h_shift) << count_bits) + (x & count_mask));
	}
}

/* The histogram of a leaf's rows. */
static SfStatus
make_histogram(Grower *grower, const Leaf *leaf, Bin *histogram)
{
	int64_t		codes = 0;

	memset(histogram, 0, grower->bins * sizeof(Bin));
	for (int64_t i = 0; i < leaf->rows; i += CHUNK)
	{
		int32_t		n = leaf->rows - i < CHUNK ? (int32_t) (leaf->rows - i) : CHUNK;

		if (grower->whole)
			count_all(grower, grower->row + leaf->first + i, n);
		else
			count_some(grower, grower->row + leaf->first + i, n);
		for (int32_t j = 0; j < grower->features; j++)
			unpack(histogram + grower->offset[j], grower->packed + (size_t) grower->feature[j] * SF_TREE_CODES,
				   grower->codes->codes[grower->feature[j]], grower->count_bits, grower->h_shift);
		memset(grower->packed, 0, (size_t) grower->codes->features * SF_TREE_CODES * sizeof(uint64_t));
		codes += n * (int64_t) grower->features;
		if (codes >= POLL_CODES)
		{
			codes = 0;
			if (sf_cancelled(grower->ctx))
				return sf_fail(grower->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		}
	}
	return SF_OK;
}

SF_VECTOR_CLONES static void
subtract(Bin *restrict from, const Bin *restrict what, size_t n)
{
	for (size_t i = 0; i < n; i++)
	{
		from[i].g -= what[i].g;
		from[i].hc -= what[i].hc;
	}
}

static inline double
worth(const Grower *grower, Bin bin)
{
	double		g = gradient_of(bin);
	double		h = hessian_of(grower, bin) + grower->options.ridge;

	return h > 0 ? g * g / h : 0.0;
}

/* One way to split: `left` with the missing deals or without, everything else but the unseen to the right. */
static inline void
try_split(const Grower *grower, const Leaf *leaf, Bin left, Bin unseen, Split split, double least, Split *best)
{
	Bin			right = minus(minus(leaf->total, left), unseen);

	split.unseen_left = count_of(grower, left) >= count_of(grower, right);
	if (unseen.hc != 0)
	{
		left = split.unseen_left ? plus(left, unseen) : left;
		right = split.unseen_left ? right : plus(right, unseen);
	}
	if (count_of(grower, left) < grower->least_rows || count_of(grower, right) < grower->least_rows)
		return;
	if (hessian_of(grower, left) < grower->options.least_hessian || hessian_of(grower, right) < grower->options.least_hessian)
		return;
	split.gain = worth(grower, left) + worth(grower, right) - least;
	if (split.gain > best->gain)
	{
		split.left = left;
		*best = split;
	}
}

/* The best split of a leaf by one feature, if it beats *best. */
static void
search_feature(const Grower *grower, const Leaf *leaf, const Bin *bin, int32_t f, double least, Split *best)
{
	int32_t		values = grower->codes->codes[f] - 2;
	Bin			missing = bin[SF_CODE_MISSING];
	Bin			unseen = bin[values + 1];
	Bin			left = {0, 0};
	Split		split = {.feature = f};

	if (missing.hc != 0)
	{
		split.missing_left = true;
		try_split(grower, leaf, missing, unseen, split, least, best);
	}
	for (int32_t t = 1; t < values; t++)
	{
		Bin			with_missing;
		Bin			right;

		if (bin[t].hc == 0)
			continue;
		left = plus(left, bin[t]);
		split.threshold = (uint8_t) t;
		if (missing.hc == 0)
		{
			right = minus(minus(leaf->total, left), unseen);
			split.missing_left = count_of(grower, left) >= count_of(grower, right);
			try_split(grower, leaf, left, unseen, split, least, best);
			continue;
		}
		with_missing = plus(left, missing);
		split.missing_left = true;
		try_split(grower, leaf, with_missing, unseen, split, least, best);
		split.missing_left = false;
		try_split(grower, leaf, left, unseen, split, least, best);
	}
}

static bool
can_split(const Grower *grower, const Leaf *leaf)
{
	return leaf->depth < grower->options.depth && leaf->rows >= 2 * grower->least_rows;
}

static void
search_leaf(const Grower *grower, Leaf *leaf, const Bin *histogram)
{
	double		least = worth(grower, leaf->total);

	least += LEAST_GAIN + LEAST_GAIN_SHARE * least;
	for (int32_t j = 0; j < grower->features; j++)
		search_feature(grower, leaf, histogram + grower->offset[j], grower->feature[j], least, &leaf->best);
}

/* Which rows and features this tree sees. */
static void
draw(Grower *grower, SfRng *rng, int32_t *varying, int32_t n)
{
	const SfBoostOptions *options = &grower->options;
	int64_t		rows = grower->codes->rows;
	int64_t		wanted = (int64_t) ceil(options->row_share * (double) rows);
	int64_t		taken = 0;

	grower->features = n;
	if (options->feature_share < 1 && n > 0)
	{
		grower->features = (int32_t) ceil(options->feature_share * (double) n);
		sf_features_draw(rng, varying, n, grower->features);
	}
	grower->bins = 0;
	for (int32_t j = 0; j < grower->features; j++)
	{
		grower->feature[j] = varying[j];
		grower->offset[j] = (int32_t) grower->bins;
		grower->bins += (size_t) grower->codes->codes[varying[j]];
	}
	grower->whole = grower->features > grower->codes->features / 4 * 3;
	grower->drawn = wanted;
	for (int64_t r = 0; r < rows; r++)
	{
		bool		in = wanted == rows ||
			(taken < wanted && sf_rng_uniform(rng) * (double) (rows - r) < (double) (wanted - taken));

		grower->row[in ? taken : wanted + r - taken] = (uint32_t) r;
		taken += in;
	}
}

/* Rows of a leaf that go left stay, the others move behind them. Returns how many stay. */
static int64_t
part_rows(uint32_t *row, uint32_t *aside, int64_t n, const uint8_t *code, const uint8_t *right)
{
	int64_t		l = 0;
	int64_t		r = 0;

	for (int64_t i = 0; i < n; i++)
	{
		uint32_t	one = row[i];
		uint8_t		side = right[code[one]];

		row[l] = one;
		aside[r] = one;
		l += 1 - side;
		r += side;
	}
	memcpy(row + l, aside, (size_t) r * sizeof *row);
	return l;
}

/* Splits leaf k as found; its smaller child becomes the last leaf. */
static SfStatus
split_leaf(Grower *grower, int32_t k)
{
	uint8_t		right[SF_TREE_CODES];
	Leaf		parent = grower->leaf[k];
	SfNode	   *node = &grower->node[parent.node];
	Leaf		child[2];
	int			small;

	node->feature = parent.best.feature;
	node->threshold = parent.best.threshold;
	node->missing_left = parent.best.missing_left;
	node->unseen_left = parent.best.unseen_left;
	node->left = grower->nodes;
	node->right = grower->nodes + 1;
	sf_node_sides(node, grower->codes->codes[node->feature], right);
	for (int c = 0; c < 2; c++)
	{
		child[c] = parent;
		child[c].node = grower->nodes + c;
		child[c].depth = parent.depth + 1;
		child[c].best = (Split) {0};
		grower->node[grower->nodes + c] = (SfNode) {.feature = -1};
	}
	grower->nodes += 2;
	child[0].rows = part_rows(grower->row + parent.first, grower->aside, parent.rows,
							  grower->column + (size_t) node->feature * (size_t) grower->codes->rows, right);
	child[0].total = parent.best.left;
	child[1].first = parent.first + child[0].rows;
	child[1].rows = parent.rows - child[0].rows;
	child[1].total = minus(parent.total, parent.best.left);
	small = child[0].rows <= child[1].rows ? 0 : 1;
	grower->leaf[k] = child[1 - small];
	grower->leaf[grower->leaves++] = child[small];
	return parent.rows >= POLL_CODES ? sf_poll(grower->ctx) : SF_OK;
}

/* Histograms of two new leaves, and their best splits: k holds their parent's histogram. */
static SfStatus
search_children(Grower *grower, int32_t k)
{
	int32_t		small = grower->leaves - 1;
	Bin		   *large_bins = grower->histogram + (size_t) k * grower->bins_max;
	Bin		   *small_bins = grower->histogram + (size_t) small * grower->bins_max;
	SfStatus	status;

	if (!can_split(grower, &grower->leaf[k]) && !can_split(grower, &grower->leaf[small]))
		return SF_OK;
	status = make_histogram(grower, &grower->leaf[small], small_bins);
	if (status != SF_OK)
		return status;
	if (can_split(grower, &grower->leaf[small]))
		search_leaf(grower, &grower->leaf[small], small_bins);
	if (can_split(grower, &grower->leaf[k]))
	{
		subtract(large_bins, small_bins, grower->bins);
		search_leaf(grower, &grower->leaf[k], large_bins);
	}
	/* many bins cost as much as many rows */
	return grower->bins >= POLL_CODES / 16 ? sf_poll(grower->ctx) : SF_OK;
}

static SfStatus
grow_tree(Grower *grower)
{
	Leaf	   *root = &grower->leaf[0];
	SfStatus	status = SF_OK;

	*root = (Leaf) {.rows = grower->drawn};
	grower->leaves = 1;
	grower->nodes = 1;
	grower->node[0] = (SfNode) {.feature = -1};
	if (can_split(grower, root) && grower->features > 0)
	{
		status = make_histogram(grower, root, grower->histogram);
		/* every deal is in one bin of the first feature */
		for (int32_t c = 0; c < grower->codes->codes[grower->feature[0]]; c++)
			root->total = plus(root->total, grower->histogram[c]);
		if (status == SF_OK)
			search_leaf(grower, root, grower->histogram);
	}
	while (status == SF_OK && grower->leaves < grower->options.leaves)
	{
		int32_t		k = 0;

		for (int32_t i = 1; i < grower->leaves; i++)
			if (grower->leaf[i].best.gain > grower->leaf[k].best.gain)
				k = i;
		if (!(grower->leaf[k].best.gain > 0))
			break;
		status = split_leaf(grower, k);
		if (status == SF_OK && grower->leaves < grower->options.leaves)
			status = search_children(grower, k);
	}
	return status;
}

/* The Newton step of a leaf times the rate; its deals stand in the order of the codes. */
static double
leaf_value(const Grower *grower, const Leaf *leaf)
{
	const uint32_t *row = grower->row + leaf->first;
	double		g = 0;
	double		h = 0;
	double		step;

	for (int64_t i = 0; i < leaf->rows; i++)
	{
		double		one = grower->g[row[i]];

		g += one;
		one = fabs(one);
		h += one * (1.0 - one);
	}
	h += grower->options.ridge;
	if (g == 0)
		return 0.0;
	step = h > 0 ? -g / h : copysign(LARGEST_STEP, -g);
	return grower->options.rate * fmin(fmax(step, -LARGEST_STEP), LARGEST_STEP);
}

/* Log-odds of the training deals after this tree; its nodes in their final order. */
static SfStatus
apply_tree(Grower *grower, SfNode *node, SfTree *tree)
{
	const SfCodes *codes = grower->codes;
	int32_t		at[SF_WALK_ROWS];

	for (int32_t k = 0; k < grower->leaves; k++)
	{
		const Leaf *leaf = &grower->leaf[k];
		double		value = leaf_value(grower, leaf);

		grower->node[leaf->node].value = value;
		grower->node[leaf->node].cover = (double) leaf->rows;
		for (int64_t i = 0; i < leaf->rows; i++)
			grower->f[grower->row[leaf->first + i]] += value;
	}
	sf_tree_finish(grower->node, grower->nodes, node, tree);
	if (grower->drawn == codes->rows)
		return SF_OK;
	sf_walk_start(grower->walk, tree, codes->codes);
	for (int64_t i = grower->drawn; i < codes->rows; i += SF_WALK_ROWS)
	{
		const uint32_t *row = grower->row + i;
		int32_t		n = codes->rows - i < SF_WALK_ROWS ? (int32_t) (codes->rows - i) : SF_WALK_ROWS;

		sf_walk_leaves(grower->walk, codes->code, (size_t) codes->features, row, n, at);
		for (int32_t j = 0; j < n; j++)
			grower->f[row[j]] += node[at[j]].value;
		if ((i - grower->drawn) / SF_WALK_ROWS % POLL_BLOCKS == POLL_BLOCKS - 1 && sf_cancelled(grower->ctx))
			return sf_fail(grower->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	}
	return SF_OK;
}

/* What was given to the outcome, at least LEAST_PROBABILITY. */
SF_VECTOR_CLONES static void
take_given(const double *restrict f, const uint8_t *restrict won, double *restrict given, int32_t n)
{
	for (int32_t i = 0; i < n; i++)
	{
		double		p = probability_of(won[i] ? f[i] : -f[i]);

		given[i] = p > LEAST_PROBABILITY ? p : LEAST_PROBABILITY;
	}
}

/* Adds a tree to the watched deals and takes their mean log-loss. */
static SfStatus
watch_tree(Grower *grower, const SfCodes *watch, const SfTree *tree, double *f, double *loss)
{
	/* the product of what was given to each outcome, as fraction and exponent: one logarithm for all */
	double		product = 1.0;
	int64_t		exponent = 0;
	int32_t		at[SF_WALK_ROWS];
	double		given[SF_WALK_ROWS];

	sf_walk_start(grower->walk, tree, watch->codes);
	for (int64_t first = 0; first < watch->rows; first += SF_WALK_ROWS)
	{
		int32_t		n = watch->rows - first < SF_WALK_ROWS ? (int32_t) (watch->rows - first) : SF_WALK_ROWS;

		sf_walk_leaves(grower->walk, watch->code + (size_t) (first * watch->features), (size_t) watch->features, NULL, n, at);
		for (int32_t i = 0; i < n; i++)
		{
			const uint8_t *code = watch->code + (size_t) ((first + i) * watch->features);

			f[first + i] += sf_any_unseen(watch->codes, code, watch->features) ?
				sf_tree_value(tree, watch->codes, code) : tree->node[at[i]].value;
		}
		take_given(f + first, watch->won + first, given, n);
		for (int32_t i = 0; i < n; i++)
		{
			int			e;

			product *= given[i];
			if (i % 16 != 15)
				continue;
			product = frexp(product, &e);
			exponent += e;
		}
		if (first / SF_WALK_ROWS % POLL_BLOCKS == POLL_BLOCKS - 1 && sf_cancelled(grower->ctx))
			return sf_fail(grower->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	}
	*loss = -(sf_log(product) + (double) exponent * 0.69314718055994530942) / (double) watch->rows;
	return SF_OK;
}

static SfStatus
check_options(SfCtx *ctx, const SfCodes *codes, const SfBoostOptions *options, const SfCodes *watch, int32_t patience)
{
	if (options->trees < 1 || options->trees > SF_MAX_TREES)
		return sf_fail_value(ctx, SF_BAD_ARGUMENT, "trees must be between 1 and 5000", options->trees);
	if (options->leaves < 2 || options->leaves > MAX_LEAVES)
		return sf_fail_value(ctx, SF_BAD_ARGUMENT, "leaves of boosted trees must be between 2 and 32", options->leaves);
	if (options->depth < 1 || options->depth > SF_MAX_DEPTH)
		return sf_fail_value(ctx, SF_BAD_ARGUMENT, "depth must be between 1 and 32", options->depth);
	if (!(options->rate > 0 && options->rate <= 1))
		return sf_fail_value(ctx, SF_BAD_ARGUMENT, "learning rate must be above 0 and at most 1", options->rate);
	if (!(options->ridge >= 0 && options->ridge <= DBL_MAX))
		return sf_fail_value(ctx, SF_BAD_ARGUMENT, "ridge must be 0 or more", options->ridge);
	if (!(options->least_rows >= 1 && options->least_rows <= SF_MAX_ROWS))
		return sf_fail_value(ctx, SF_BAD_ARGUMENT, "least rows of a leaf must be between 1 and 500000000", options->least_rows);
	if (!(options->least_hessian >= 0))
		return sf_fail_value(ctx, SF_BAD_ARGUMENT, "least hessian of a leaf must be 0 or more", options->least_hessian);
	if (!(options->row_share > 0 && options->row_share <= 1))
		return sf_fail_value(ctx, SF_BAD_ARGUMENT, "share of rows must be above 0 and at most 1", options->row_share);
	if (!(options->feature_share > 0 && options->feature_share <= 1))
		return sf_fail_value(ctx, SF_BAD_ARGUMENT, "share of features must be above 0 and at most 1", options->feature_share);
	if (watch != NULL && (watch->rows < 1 || patience < 1 || watch->features != codes->features))
		return sf_fail(ctx, SF_BAD_ARGUMENT, "watched deals need rows, the same features, and a patience of 1 or more");
	if (codes->rows < 1)
		return sf_fail(ctx, SF_BAD_DATA, "there are no deals to train on");
	if (codes->rows > SF_MAX_ROWS)
		return sf_fail(ctx, SF_TOO_LARGE, "trees can be trained on at most 500000000 deals");
	return SF_OK;
}

/* What the trees take from the arena and the caller keeps. */
typedef struct Result
{
	SfTree	   *tree;			/* [trees] */
	SfNode	   *node;			/* [trees][2 leaves - 1] */
	double	   *loss;			/* [trees], NaN after the last one grown; NULL without watched deals */
} Result;

static SfStatus
take_result(SfArena *arena, const SfBoostOptions *options, bool watched, Result *result)
{
	size_t		trees = (size_t) options->trees;

	result->tree = sf_arena_take(arena, trees, sizeof(SfTree));
	result->node = sf_arena_take(arena, trees * (size_t) (2 * options->leaves - 1), sizeof(SfNode));
	result->loss = watched ? sf_arena_take(arena, trees, sizeof(double)) : NULL;
	if (result->tree == NULL || result->node == NULL || (watched && result->loss == NULL))
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	for (size_t t = 0; watched && t < trees; t++)
		result->loss[t] = NAN;
	return SF_OK;
}

static SfStatus
start_grower(SfArena *arena, const SfCodes *codes, SfBoostOptions options, double base, Grower *grower,
			 int32_t *varying, int32_t *n)
{
	size_t		rows = (size_t) codes->rows;
	SfStatus	status;

	*grower = (Grower) {.ctx = arena->ctx, .codes = codes, .options = options};
	grower->least_rows = (int64_t) ceil(options.least_rows);
	choose_units(grower, codes->rows);
	status = sf_columns_make(arena, codes, &grower->column);
	if (status == SF_OK)
		status = sf_features_varying(arena->ctx, codes, grower->column, varying, n);
	if (status != SF_OK)
		return status;
	for (int32_t j = 0; j < *n; j++)
		grower->bins_max += (size_t) codes->codes[varying[j]];
	grower->feature = sf_arena_take(arena, (size_t) codes->features, sizeof(int32_t));
	grower->offset = sf_arena_take(arena, (size_t) codes->features, sizeof(int32_t));
	grower->histogram = sf_arena_take(arena, (size_t) options.leaves * grower->bins_max, sizeof(Bin));
	grower->f = sf_arena_take(arena, rows, sizeof(double));
	grower->g = sf_arena_take(arena, rows, sizeof(double));
	grower->deal = sf_arena_take(arena, rows, sizeof(uint64_t));
	grower->packed = sf_arena_take(arena, (size_t) codes->features * SF_TREE_CODES, sizeof(uint64_t));
	grower->row = sf_arena_take(arena, rows, sizeof(uint32_t));
	grower->aside = sf_arena_take(arena, rows, sizeof(uint32_t));
	grower->walk = sf_arena_take(arena, 1, sizeof(SfTreeWalk));
	if (grower->feature == NULL || grower->offset == NULL || grower->histogram == NULL || grower->f == NULL ||
		grower->g == NULL || grower->deal == NULL || grower->packed == NULL || grower->row == NULL || grower->aside == NULL ||
		grower->walk == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	for (size_t r = 0; r < rows; r++)
		grower->f[r] = base;
	memset(grower->packed, 0, (size_t) codes->features * SF_TREE_CODES * sizeof(uint64_t));
	return SF_OK;
}

/* Gradients of all rows, with polls. */
static SfStatus
refresh_gradients(Grower *grower)
{
	int64_t		rows = grower->codes->rows;

	for (int64_t r = 0; r < rows; r += POLL_CODES)
	{
		take_gradients(grower->f + r, grower->codes->won + r, grower->g + r, grower->deal + r,
					   rows - r < POLL_CODES ? rows - r : POLL_CODES);
		if (sf_cancelled(grower->ctx))
			return sf_fail(grower->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	}
	return SF_OK;
}

/* Grows trees until there are enough, none can split, or the watched deals gain no more. */
static SfStatus
grow_all(SfArena *arena, const SfCodes *codes, SfBoostOptions options, const SfCodes *watch, int32_t patience,
		 double base, const Result *result, int32_t *kept)
{
	bool		sampled = options.row_share < 1 || options.feature_share < 1;
	Grower	   *grower = sf_arena_take(arena, 1, sizeof(Grower));
	int32_t    *varying = sf_arena_take(arena, (size_t) codes->features, sizeof(int32_t));
	double	   *watched = watch == NULL ? NULL : sf_arena_take(arena, (size_t) watch->rows, sizeof(double));
	int32_t		best = 0;
	int32_t		n = 0;
	SfRng		seeds;
	SfStatus	status;

	if (grower == NULL || varying == NULL || (watch != NULL && watched == NULL))
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	for (int64_t r = 0; watch != NULL && r < watch->rows; r++)
		watched[r] = base;
	status = start_grower(arena, codes, options, base, grower, varying, &n);
	sf_rng_seed(&seeds, options.seed);
	*kept = 0;
	for (int32_t t = 0; status == SF_OK && t < options.trees; t++)
	{
		SfTree	   *tree = &result->tree[t];
		SfRng		rng;

		sf_rng_seed(&rng, sf_rng_next(&seeds));
		draw(grower, &rng, varying, n);
		status = refresh_gradients(grower);
		if (status == SF_OK)
			status = grow_tree(grower);
		if (status == SF_OK)
			status = apply_tree(grower, result->node + (size_t) t * (size_t) (2 * options.leaves - 1), tree);
		if (status == SF_OK && watch != NULL)
			status = watch_tree(grower, watch, tree, watched, &result->loss[t]);
		if (status != SF_OK)
			return status;
		if (watch == NULL || t == 0 || result->loss[t] < result->loss[best])
			best = t;
		*kept = best + 1;
		if ((watch != NULL && t - best >= patience) || (tree->nodes == 1 && !sampled))
			break;
	}
	return status;
}

SfStatus
sf_boost_fit(SfArena *arena, const SfCodes *codes, SfBoostOptions options,
			 const SfCodes *watch, int32_t patience, double **losses, SfTrees *model)
{
	SfStatus	status = check_options(arena->ctx, codes, &options, watch, patience);
	double		base;
	int32_t		kept;
	SfArenaMark mark;
	Result		result;

	if (status == SF_OK)
		status = take_result(arena, &options, watch != NULL, &result);
	if (status != SF_OK)
		return status;
	base = sf_base_log_odds(codes);
	mark = sf_arena_mark(arena);
	status = grow_all(arena, codes, options, watch, patience, base, &result, &kept);
	sf_arena_rewind(arena, mark);
	if (status != SF_OK)
		return status;
	if (watch != NULL && losses != NULL)
		*losses = result.loss;
	*model = (SfTrees) {.base = base, .trees = kept, .tree = result.tree, .features = codes->features, .rows = codes->rows};
	return SF_OK;
}
