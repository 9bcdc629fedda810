/*
 * trees.h
 *		Decision trees over codes, summed (boosted) or averaged (forest).
 */
#ifndef SF_TREES_H
#define SF_TREES_H

#include "core/winprob/bins.h"

#define SF_MAX_TREES 5000
#define SF_MAX_DEPTH 32
#define SF_LEAF_MAX 1e4			/* largest log-odds of a leaf, or base */
#define SF_QUICK_LEAVES 32		/* trees of at most so many leaves are evaluated by leaf masks */

/*
 * One node. A deal goes left when its code is in 1 .. threshold, and when it is
 * missing as the flag says.  An unseen category gets the mean of both sides by
 * their covers; only where deals are counted into leaves it goes to one side.  Nodes stand in the order in which a walk
 * that turns left first meets them: the left child follows its parent at once.
 */
typedef struct SfNode
{
	int32_t		feature;		/* -1: a leaf */
	uint8_t		threshold;		/* 1 .. values - 1, or 0: only missing deals may go left; */
	bool		missing_left;
	bool		unseen_left;	/* the larger side */
	int32_t		left;			/* leaf of a forest: won deals in it */
	int32_t		right;
	double		value;			/* leaf: log-odds to add, or win rate; inner: cover-weighted mean below it */
	double		cover;			/* deals it was grown from (forest: with their counts; boosted with row_share < 1:
								 * the drawn ones), a whole number > 0; parent = sum of children */
} SfNode;

typedef struct SfTree
{
	int32_t		nodes;
	int32_t		leaves;
	int32_t		depth;			/* edges on the longest path */
	const SfNode *node;			/* [nodes], node[0] is the root */
} SfTree;

typedef struct SfTrees
{
	bool		mean;			/* forest: log-odds of the mean of the leaves' win rates; else base + sum */
	double		base;			/* log-odds before any tree; forest: of the training deals */
	double		smoothing;		/* forest: as in its options; boosted: 0 */
	int32_t		trees;
	const SfTree *tree;			/* [trees] */
	int32_t		features;
	int64_t		rows;			/* trained on; a forest's mean is kept inside 1 / (2 rows + 2) .. 1 - that */
} SfTrees;

typedef struct SfBoostOptions
{
	int32_t		trees;			/* 1 .. SF_MAX_TREES; with early stop: at most */
	int32_t		leaves;			/* 2 .. 32 */
	int32_t		depth;			/* 1 .. SF_MAX_DEPTH */
	double		rate;			/* learning rate, (0, 1] */
	double		ridge;			/* lambda on leaf values, >= 0 */
	double		least_rows;		/* deals in a leaf, >= 1 */
	double		least_hessian;	/* sum of p (1 - p) in a leaf, >= 0 */
	double		row_share;		/* rows drawn per tree, (0, 1] */
	double		feature_share;	/* features drawn per tree, (0, 1] */
	uint64_t	seed;
} SfBoostOptions;

typedef struct SfForestOptions
{
	int32_t		trees;
	int32_t		depth;
	double		least_rows;		/* >= 1, 5 is usual */
	int32_t		features;		/* tried at each split; 0: square root of their number, rounded up */
	uint64_t	seed;
	double		smoothing;		/* deals at its parent's rate added to each node, from the root down; > 0, 0: SF_SMOOTHING */
} SfForestOptions;

/*
 * Out-of-bag log-loss on IBM's training deals: .4260 without, .4088 with one deal, .4017 with 8, .4001 with 16, .3998 with 32.
 * Source: Agarwal, Tan, Ronen, Singh & Yu, Hierarchical shrinkage, ICML 2022; ours counts each
 * node's own deals against its parent's shrunken rate.
 */
#define SF_SMOOTHING 16.0

/* Tells how far: done of total trees. May be NULL. */
typedef void (*SfReport) (void *arg, int64_t done, int64_t total);

/*
 * sf_boost_fit
 *		Gradient boosting of the log-loss. `watch` (may be NULL) are held-out codes: when given, *losses[trees]
 *		gets their mean log-loss after each tree, and growing stops when it has not fallen for `patience` trees
 *		(model then keeps the best number of trees; those grown
 *		after it stand behind them in model->tree, as many as there are losses: the rest of losses is NaN). Same codes, same trees, bit for bit.
 */
extern SfStatus sf_boost_fit(SfArena *arena, const SfCodes *codes, SfBoostOptions options,
							 const SfCodes *watch, int32_t patience, double **losses, SfTrees *model);

/*
 * sf_forest_fit
 *		Random forest of win-rate trees on bootstrap samples. out_of_bag [rows], or NULL: mean of the trees
 *		that did not train on the row (NaN when none).
 */
extern SfStatus sf_forest_fit(SfArena *arena, const SfCodes *codes, SfForestOptions options,
							  double *out_of_bag, SfTrees *model);

/*
 * Leaves are summed in SF_LANES lanes, tree t in lane t % SF_LANES, in the order of
 * the trees; sf_trees_link adds the lanes pairwise and gives the log-odds.  Every
 * way to predict does so, and gives the same bits.
 */
#define SF_LANES 8
extern double sf_trees_link(bool mean, double base, int32_t trees, int64_t rows, const double lane[SF_LANES]);

/* log-odds of every row; plain walk, for held-out data. SF_CANCELLED. */
extern SfStatus sf_trees_predict(SfCtx *ctx, const SfTrees *model, const SfCodes *codes, double *log_odds);

/* Prediction of single deals, fast: made once after fitting or decoding. Model and codes are borrowed. */
typedef struct SfTreeIndex SfTreeIndex;
extern SfStatus sf_trees_index(SfArena *arena, const SfTrees *model, const int32_t *codes, const SfTreeIndex **index);
extern double sf_trees_log_odds(const SfTreeIndex *index, const uint8_t *code);

/* New deals counted into a forest's leaves, without growing: `old` with updated values and covers. */
extern SfStatus sf_forest_update(SfArena *arena, const SfTrees *old, const SfCodes *codes, SfTrees *model);

/* codes[features] limit what nodes may name; children above parents, covers positive, values finite. */
extern void sf_trees_encode(const SfTrees *model, SfWriter *write);
extern SfStatus sf_trees_decode(SfArena *arena, SfReader *read, int32_t features, const int32_t *codes, SfTrees *model);

#endif							/* SF_TREES_H */
