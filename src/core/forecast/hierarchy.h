/*
 * hierarchy.h
 *		Which series add up to which: any tree, and any grouped structure.
 *
 * A bottom series is one that nothing is added up to; every other node is the
 * sum of a set of bottom series, kept as a list (the matrix S of the literature
 * without its zeros).  A grouped structure needs no more than a tree: the sales
 * of a department in all shops and of a shop in all departments are just sets
 * that overlap.
 */
#ifndef SF_HIERARCHY_H
#define SF_HIERARCHY_H

#include "core/base/arena.h"

/* Parts of a key at most. */
#define SF_HIERARCHY_DEPTH_MAX 30

/* Entries of all lists together at most: 400 MB. */
#define SF_HIERARCHY_MEMBERS_MAX INT64_C(100000000)

/* A part of a key that stands for all of its values. */
#define SF_SUMMED (-1)

/* The error of an aggregate without bottom series; it goes away with incomplete. */
#define SF_HIERARCHY_EMPTY_TEXT "a series that sums up others has no bottom series"

typedef struct SfHierarchy
{
	int32_t		nodes;
	int32_t		bottoms;
	int32_t		aggregates;		/* nodes = bottoms + aggregates */
	const int32_t *bottom;		/* [bottoms] the node, ascending */
	const int32_t *aggregate;	/* [aggregates] the node, ascending */
	const int32_t *place;		/* [nodes] where it stands in bottom; of an
								 * aggregate, -1 - where in aggregate */
	const int64_t *start;		/* [aggregates + 1] into member */
	const int32_t *member;		/* places in bottom, ascending for each
								 * aggregate */
	const int32_t *parent;		/* [nodes] the node above in one tree that holds
								 * every bottom series, or -1: see below */
	const int32_t *level;		/* [nodes] of a tree: steps below the root; of
								 * keys: parts that are not summed over */
	const int32_t *key;			/* [nodes][depth] of keys; NULL for a tree */
	int32_t		depth;
} SfHierarchy;

/*
 * sf_hierarchy_from_parents
 *		A tree, or several: parent[n] is the node above or -1.  Nodes without
 *		children are the bottom.  SF_BAD_DATA with ctx->where a node on a cycle;
 *		SF_BAD_ARGUMENT for a parent that is no node; SF_TOO_LARGE, SF_NO_MEMORY,
 *		SF_CANCELLED.  O(n + entries).
 */
extern SfStatus sf_hierarchy_from_parents(SfArena *arena, const int32_t *parent, int32_t n,
										  SfHierarchy *h);

/*
 * sf_hierarchy_from_keys
 *		A grouped structure: node i has the key key[i * depth ...], codes >= 0 or
 *		SF_SUMMED.  A key without SF_SUMMED is a bottom series; any other is the
 *		sum of the bottom series that agree in what it does not sum over.
 *
 *		The result may have more nodes than were given: what is summed over (the
 *		pattern) is completed, so that each bottom series is in exactly one node
 *		of each pattern that was given, and the sum of all is always there.  The
 *		first n nodes are the given ones, in their order; h->key has all.
 *
 *		With incomplete set, an aggregate that has nothing below it is a bottom
 *		series itself, part of whatever sums over more; two of those that overlap
 *		("*|a" and "b|*") are refused, for then nobody knows their sum.
 *
 *		The tree in h->parent: the total, the patterns given that sum over
 *		everything from some part on, the bottom.  Nodes of other patterns have
 *		no parent and are nobody's.
 *
 *		SF_BAD_DATA with ctx->where the node: a key that came before, an
 *		aggregate without a bottom series, one that overlaps; without where: no
 *		bottom series at all.  SF_BAD_ARGUMENT for a depth out of range or a code that is
 *		neither.  O((n + completed nodes) * patterns * depth).
 */
extern SfStatus sf_hierarchy_from_keys(SfArena *arena, const int32_t *key, int32_t n,
									   int32_t depth, bool incomplete, SfHierarchy *h);

/* Bottom series in a node: 1 for the bottom itself. */
static inline int64_t
sf_hierarchy_size(const SfHierarchy *h, int32_t node)
{
	int32_t		a = -1 - h->place[node];

	return h->place[node] >= 0 ? 1 : h->start[a + 1] - h->start[a];
}

/*
 * sf_hierarchy_sum
 *		value[nodes][columns]: every aggregate becomes the sum of its bottom
 *		series, rounded once.  SF_OK, SF_NO_MEMORY, SF_CANCELLED.
 */
extern SfStatus sf_hierarchy_sum(SfArena *arena, const SfHierarchy *h, double *value, int64_t columns);

#endif							/* SF_HIERARCHY_H */
