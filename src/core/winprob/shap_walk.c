/*
 * shap_walk.c
 *		SHAP values of one tree of any size by walking all of it.
 *
 * What a leaf gives when only the features in S are known is its value times,
 * for each feature i on its path, o_i if i is in S and z_i if not: o_i = 1 if
 * the deal satisfies all of the path's conditions on i, else 0; z_i the share of
 * training deals that do, condition after condition.  The Shapley weights are
 * integrals, |S|! (n - 1 - |S|)! / n! = integral of t^|S| (1 - t)^(n - 1 - |S|), so
 *
 *	value_i = integral over 0 .. 1 of V (o_i - z_i) product over j != i of f_j,
 *	f_j = t o_j + (1 - t) z_j.
 *
 * The integrand is a polynomial in t: Gauss-Legendre points give it exactly,
 * and, all of them being positive, without cancellation, which expanding it by
 * powers of t does not.  With P the product of all f_j of a leaf, and G(e) the sum
 * of V P over the leaves below an edge e of feature i,
 *
 *	value_i = sum over edges e of i: integral of G(e) (r(e) - r(e')),  r = (o_i - z_i) / f_i,
 *
 * where e' is the edge of i before e on the way down (r = 0 if there is none): each
 * leaf is counted with the state of i at the end of its path.
 *
 * Source: Lundberg, Erion & Lee, arXiv 1802.03888, 2018 (the game); Yu, Xu, Bifet &
 * Read, Linear TreeShap, NeurIPS 2022 (sums over edges).  We differ in the
 * integral in place of interpolated polynomials.
 */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("O3")
#endif
#include "core/winprob/shap_walk.h"

#include "core/base/vector.h"
#include "core/winprob/grow.h"

/* Points are taken four at a time; those that fill the last four up weigh nothing. */
#define LANES 4

/* What is known of a feature so far on the way down. */
typedef struct State
{
	bool		met;			/* o */
	double		share;			/* z */
	const double *inverse;		/* 1 / f at each point; while met */
} State;

/* One node on the way down. */
typedef struct Level
{
	int32_t		node;
	int32_t		stage;			/* children that were visited */
	int32_t		feature;		/* of the edge that leads here */
	State		here;			/* of that feature, with this edge */
	State		before;
	double		product[SF_QUADRATURE_MAX];	/* P */
	double		below[SF_QUADRATURE_MAX];	/* G */
	double		inverse[SF_QUADRATURE_MAX];
} Level;

struct SfShapWalk
{
	int32_t		features;
	int32_t		points;			/* a multiple of LANES */
	double		at[SF_QUADRATURE_MAX];	/* t */
	double		rest[SF_QUADRATURE_MAX];	/* 1 - t */
	double		weight[SF_QUADRATURE_MAX];
	double		failed[SF_QUADRATURE_MAX];	/* r of a condition that fails, -1 / (1 - t) */
	double		one[SF_QUADRATURE_MAX];
	Level	   *level;			/* [depth + 1] */
	State	   *state;			/* [features] */
};

static void
set_points(SfShapWalk *w, int32_t features)
{
	SfQuadrature exact;

	/* so many features on a path make a polynomial of one degree less */
	sf_quadrature_make((features + 1) / 2, &exact);
	w->points = (exact.points + LANES - 1) / LANES * LANES;
	for (int32_t q = 0; q < w->points; q++)
	{
		w->at[q] = q < exact.points ? exact.at[q] : 0.5;
		w->weight[q] = q < exact.points ? exact.weight[q] : 0.0;
		w->rest[q] = 1.0 - w->at[q];
		w->failed[q] = -1.0 / w->rest[q];
		w->one[q] = 1.0;
	}
}

SfStatus
sf_shap_walk_make(SfArena *arena, int32_t depth, int32_t features, SfShapWalk **walk)
{
	SfShapWalk *w = sf_arena_take(arena, 1, sizeof *w);
	Level	   *level = sf_arena_take(arena, (size_t) depth + 1, sizeof(Level));
	State	   *state = sf_arena_take(arena, (size_t) features, sizeof(State));

	if (w == NULL || level == NULL || state == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	if (depth > 2 * SF_QUADRATURE_MAX)
		return sf_fail_value(arena->ctx, SF_TOO_LARGE, "a tree is too deep to be explained", depth);
	set_points(w, depth < features ? depth : features);
	w->features = features;
	w->level = level;
	w->state = state;
	for (int32_t f = 0; f < features; f++)
		state[f] = (State) {true, 1.0, w->one};
	*walk = w;
	return SF_OK;
}

/* f and 1 / f of a condition that is met, and P with it. */
static inline void
meet(const SfShapWalk *w, const Level *from, Level *to)
{
	for (int32_t first = 0; first < w->points; first += LANES)
		for (int32_t q = first; q < first + LANES; q++)
		{
			double		f = w->at[q] + w->rest[q] * to->here.share;

			to->product[q] = from->product[q] * f * to->before.inverse[q];
			to->inverse[q] = 1.0 / f;
		}
	to->here.inverse = to->inverse;
}

static inline void
miss(const SfShapWalk *w, const Level *from, Level *to)
{
	for (int32_t first = 0; first < w->points; first += LANES)
		for (int32_t q = first; q < first + LANES; q++)
			to->product[q] = from->product[q] * (w->rest[q] * to->here.share) * to->before.inverse[q];
}

/* Missed before: f shrinks by the share alone. */
static inline void
scale(const SfShapWalk *w, const Level *from, Level *to, double ratio)
{
	for (int32_t first = 0; first < w->points; first += LANES)
		for (int32_t q = first; q < first + LANES; q++)
			to->product[q] = from->product[q] * ratio;
}

/* From a node to one of its children. */
static inline void
descend(SfShapWalk *w, const SfTree *tree, const Level *from, Level *to, int32_t child, bool goes)
{
	const SfNode *node = &tree->node[from->node];
	State	   *state = &w->state[node->feature];
	double		ratio = tree->node[child].cover / node->cover;

	to->node = child;
	to->stage = 0;
	to->feature = node->feature;
	to->before = *state;
	to->here = (State) {state->met && goes, state->share * ratio, NULL};
	if (to->here.met)
		meet(w, from, to);
	else if (to->before.met)
		miss(w, from, to);
	else
		scale(w, from, to, ratio);
	*state = to->here;
	for (int32_t q = 0; q < w->points; q++)
		to->below[q] = 0.0;
}

/* The edge's part of its feature's value: r of a missed condition does not change any more. */
static inline double
edge_value(const SfShapWalk *w, const Level *level)
{
	double		here = 1.0 - level->here.share;
	double		before = 1.0 - level->before.share;
	double		sum[LANES] = {0};

	if (!level->before.met)
		return 0.0;
	if (level->here.met)
		for (int32_t first = 0; first < w->points; first += LANES)
			for (int32_t k = 0, q = first; k < LANES; k++, q++)
				sum[k] += w->weight[q] * level->below[q] * (here * level->inverse[q] - before * level->before.inverse[q]);
	else
		for (int32_t first = 0; first < w->points; first += LANES)
			for (int32_t k = 0, q = first; k < LANES; k++, q++)
				sum[k] += w->weight[q] * level->below[q] * (w->failed[q] - before * level->before.inverse[q]);
	return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

/* Unseen features count as missed before the first edge: f is their share whatever t, and they add nothing. */
static void
mark_unseen(SfShapWalk *walk, const int32_t *codes, const uint8_t *code, bool met)
{
	for (int32_t f = 0; f < walk->features; f++)
		if (code[f] >= codes[f] - 1)
			walk->state[f].met = met;
}

SF_VECTOR_CLONES
void
sf_shap_walk(SfShapWalk *walk, const SfTree *tree, const int32_t *codes, const uint8_t *code, double *value)
{
	int32_t		points = walk->points;
	int32_t		k = 0;

	mark_unseen(walk, codes, code, false);
	walk->level[0].node = 0;
	walk->level[0].stage = 0;
	for (int32_t q = 0; q < points; q++)
	{
		walk->level[0].product[q] = 1.0;
		walk->level[0].below[q] = 0.0;
	}
	for (;;)
	{
		Level	   *level = &walk->level[k];
		const SfNode *node = &tree->node[level->node];

		if (node->feature >= 0 && level->stage < 2)
		{
			bool		right = level->stage++ == 1;
			bool		goes_right = sf_goes_right(node, codes[node->feature], code[node->feature]);

			descend(walk, tree, level, &walk->level[++k], right ? node->right : node->left, right == goes_right);
			continue;
		}
		if (node->feature < 0)
			for (int32_t q = 0; q < points; q++)
				level->below[q] = node->value * level->product[q];
		if (k-- == 0)
			break;
		value[level->feature] += edge_value(walk, level);
		walk->state[level->feature] = level->before;
		for (int32_t q = 0; q < points; q++)
			level[-1].below[q] += level->below[q];
	}
	mark_unseen(walk, codes, code, true);
}
