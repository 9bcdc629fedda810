/*
 * bin_cuts.c
 *		Where the values of a number are cut into bins.
 */
#include "core/winprob/bin_cuts.h"

#include <math.h>

#include "core/base/radix.h"
#include "core/winprob/bins.h"

/* Heavy values, and the runs between, before and after them. */
#define PIECES_MAX (2 * SF_MAX_BINS + 1)

typedef struct Distinct
{
	double		value;
	int64_t		count;
} Distinct;

/* One heavy value, or a run of light ones. */
typedef struct Piece
{
	int64_t		first;			/* among the distinct values */
	int64_t		end;
	int64_t		weight;			/* deals */
	int32_t		bins;
	bool		heavy;
} Piece;

static int64_t
find_distinct(const uint64_t *key, int64_t n, Distinct *distinct)
{
	int64_t		d = 0;

	for (int64_t i = 0, end; i < n; i = end, d++)
	{
		for (end = i + 1; end < n && key[end] == key[i];)
			end++;
		distinct[d].value = sf_of_key(key[i]);
		distinct[d].count = end - i;
	}
	return d;
}

/* Halfway, where that lies between; a deal at the cut is above it. */
static double
cut_between(double below, double above)
{
	double		middle = below / 2 + above / 2;

	return middle > below && middle < above ? middle : above;
}

static int32_t
make_pieces(const Distinct *distinct, int64_t d, int64_t n, int32_t bins, Piece *piece)
{
	int32_t		pieces = 0;

	for (int64_t i = 0; i < d; i++)
	{
		/* count >= n / bins, in whole numbers */
		bool		heavy = distinct[i].count * bins >= n;

		if (heavy || pieces == 0 || piece[pieces - 1].heavy)
			piece[pieces++] = (Piece) {.first = i, .bins = 1, .heavy = heavy};
		piece[pieces - 1].end = i + 1;
		piece[pieces - 1].weight += distinct[i].count;
	}
	return pieces;
}

/* While there are too many pieces, the smallest run loses its bin; heavy values are at most `bins`. */
static int32_t
drop_runs(Piece *piece, int32_t pieces, int32_t bins)
{
	int32_t		used = pieces;

	for (; used > bins; used--)
	{
		int32_t		least = -1;

		for (int32_t p = 0; p < pieces; p++)
			if (!piece[p].heavy && piece[p].bins > 0 && (least < 0 || piece[p].weight < piece[least].weight))
				least = p;
		piece[least].bins = 0;
	}
	return used;
}

/* The bins left go one by one to the run with the most deals for each of its bins and one more. */
static void
share_bins(Piece *piece, int32_t pieces, int32_t left)
{
	for (; left > 0; left--)
	{
		int32_t		most = -1;
		double		best = 0;

		for (int32_t p = 0; p < pieces; p++)
		{
			double		each = (double) piece[p].weight / (piece[p].bins + 1);

			if (!piece[p].heavy && piece[p].bins > 0 && piece[p].bins < piece[p].end - piece[p].first && each > best)
			{
				most = p;
				best = each;
			}
		}
		if (most < 0)
			return;
		piece[most].bins++;
	}
}

/* Cuts inside a run, into parts of about equal counts, none of them empty. */
static int32_t
split_run(const Distinct *distinct, const Piece *piece, double *cut)
{
	int64_t		left = piece->weight;
	int64_t		i = piece->first;
	int32_t		cuts = 0;

	for (int32_t parts = piece->bins; parts > 1; parts--)
	{
		double		target = (double) left / parts;
		int64_t		last = piece->end - (parts - 1);
		int64_t		taken = distinct[i++].count;

		while (i < last && (double) taken + (double) distinct[i].count / 2 <= target)
			taken += distinct[i++].count;
		left -= taken;
		cut[cuts++] = cut_between(distinct[i - 1].value, distinct[i].value);
	}
	return cuts;
}

static int32_t
cut_pieces(const Distinct *distinct, int64_t d, int64_t n, int32_t bins, double *cut)
{
	Piece		piece[PIECES_MAX];
	int32_t		pieces = make_pieces(distinct, d, n, bins, piece);
	int32_t		used = drop_runs(piece, pieces, bins);
	int32_t		cuts = 0;
	bool		begun = false;

	share_bins(piece, pieces, bins - used);
	for (int32_t p = 0; p < pieces; p++)
	{
		/* a run without a bin belongs to the bin before it, the first one to the bin after it */
		if (piece[p].bins == 0)
			continue;
		if (begun)
			cut[cuts++] = cut_between(distinct[piece[p].first - 1].value, distinct[piece[p].first].value);
		cuts += split_run(distinct, &piece[p], cut + cuts);
		begun = true;
	}
	return cuts;
}

SfStatus
sf_bin_cuts(SfArena *arena, const uint64_t *key, int64_t n, int32_t bins, double *cut, int32_t *values)
{
	SfArenaMark mark = sf_arena_mark(arena);
	Distinct   *distinct = sf_arena_take(arena, (size_t) n, sizeof(Distinct));
	int64_t		d;

	if (distinct == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	d = find_distinct(key, n, distinct);
	if (d <= bins)
	{
		for (int64_t i = 1; i < d; i++)
			cut[i - 1] = cut_between(distinct[i - 1].value, distinct[i].value);
		*values = (int32_t) d;
	}
	else
		*values = cut_pieces(distinct, d, n, bins, cut) + 1;
	sf_arena_rewind(arena, mark);
	return SF_OK;
}
