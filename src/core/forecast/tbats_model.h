/*
 * tbats_model.h
 *		A TBATS model, the series it is fitted to, and what its files share.
 *
 * Equations and source: tbats.h.  tbats_pass.c runs a model over the series,
 * tbats_point.c turns its parameters into a point that can be searched,
 * tbats_search.c searches, with orders of ARMA errors from tbats_arma.c and waves
 * from tbats_waves.c.  Cancelled work is told in SfTbatsData and by SF_CANCELLED.
 */
#ifndef SF_TBATS_MODEL_H
#define SF_TBATS_MODEL_H

#include "core/forecast/method.h"
#include "core/forecast/terms.h"

#define SF_TBATS_STATES_MAX (2 + 2 * SF_HARMONICS_MAX)
#define SF_TBATS_PARAMETERS_MAX (3 + 2 * SF_SEASONS_MAX + 1 + 4)
#define SF_TBATS_ARMA_MAX 2
#define SF_TBATS_PHI_MIN 0.8

typedef struct SfTbatsSpec
{
	bool		box_cox;
	bool		trend;
	bool		damped;
	int32_t		p;
	int32_t		q;
} SfTbatsSpec;

/* What is searched, and the states before the first period. */
typedef struct SfTbatsModel
{
	SfTbatsSpec	spec;
	double		lambda;
	double		alpha;
	double		beta;
	double		phi;			/* 1 when not damped, 0 without trend */
	double		gamma1[SF_SEASONS_MAX];
	double		gamma2[SF_SEASONS_MAX];
	double		ar[SF_TBATS_ARMA_MAX];
	double		ma[SF_TBATS_ARMA_MAX];
	double		seed[SF_TBATS_STATES_MAX];	/* l, b, s_k, r_k */
	double		squares;		/* sum of e^2 */
	double		value;			/* n log squares and the Jacobian */
	double		aic;
	bool		converged;
} SfTbatsModel;

/* The series and what all models share. */
typedef struct SfTbatsData
{
	SfArena    *arena;
	const double *y;			/* [n], divided by a power of two */
	double	   *z;				/* [n] after Box-Cox */
	double	   *logs;			/* [n] of y; NULL when not all are positive */
	double		log_sum;
	double	   *d;				/* [n] */
	double	   *e;				/* [n] */
	int32_t		n;
	int32_t		seasons;		/* with at least one wave */
	int32_t		states;			/* 2 + 2 waves, the slope always has a place */
	int32_t		seeds;			/* states that count: without slope, and one for the fastest wave */
	int32_t		stable_steps;
	double		whole;			/* sum of squares of z around its mean, lambda = 1 */
	SfHarmonics waves;
	double		cosine[SF_HARMONICS_MAX];
	double		sine[SF_HARMONICS_MAX];
	double	   *sum;			/* [states + 1]^2 products of rows and error */
	double	   *rows;			/* [SF_PRODUCT_ROWS][states + 1] */
	bool		cancelled;
} SfTbatsData;

/* Angles that (gamma1, gamma2) of a season may have. */
typedef struct SfTbatsWedge
{
	double		middle;			/* angle */
	double		half;
} SfTbatsWedge;

/* Gains of each wave, spread from those of its season. */
extern void sf_tbats_spread_gains(const SfTbatsData *data, const SfTbatsModel *m, double *g1, double *g2);

/* z expected from the states x, without d; and the states one period on: x = A x + g d. */
extern double sf_tbats_expected(const SfTbatsData *data, const SfTbatsModel *m, const double *x);
extern void sf_tbats_advance(const SfTbatsData *data, const SfTbatsModel *m, const double *g1, const double *g2, double d,
							 double *x);

/* data->d from the seeds in x, which become the states after the last period. */
extern void sf_tbats_filter(const SfTbatsData *data, const SfTbatsModel *m, double *x);

/* data->e from data->d; gives the sum of squares of e. */
extern double sf_tbats_whiten(const SfTbatsData *data, const SfTbatsModel *m);

/* No eigenvalue of A - g w' outside the circle, as far as its powers show.  O(stable_steps states). */
extern bool sf_tbats_stable(const SfTbatsData *data, const SfTbatsModel *m);

/* Moves the seeds to the least sum of squares, which it gives; +Infinity when there is none, or data->cancelled. */
extern double sf_tbats_solve_seeds(SfTbatsData *data, SfTbatsModel *m);

/* Box-Cox of one value (log_y is used when lambda is not 1) and of data->y into data->z. */
extern double sf_tbats_transform(double y, double log_y, double lambda);
extern void sf_tbats_transform_series(SfTbatsData *data, double lambda);

/* Median of what has the transformed value z, and the derivative of the way back. */
extern double sf_tbats_back(double z, double lambda, double *slope);

/* The wedge of season i; false when the season has no wave. */
extern bool sf_tbats_wedge(const SfTbatsData *data, const SfTbatsModel *m, int32_t i, SfTbatsWedge *wedge);

/* Model to the point that is searched, with first steps, each [SF_TBATS_PARAMETERS_MAX]; how many numbers there are. */
extern int32_t sf_tbats_pack(const SfTbatsData *data, const SfTbatsModel *m, double *x, double *step);
extern void sf_tbats_unpack(const SfTbatsData *data, const double *x, SfTbatsModel *m);
extern int32_t sf_tbats_parameter_count(const SfTbatsData *data, const SfTbatsModel *m);

/* 1 - a_1 B - a_2 B^2 has its roots outside the circle. */
extern bool sf_tbats_inside(const double *a, int32_t order);

/* All parameters in their ranges, ARMA invertible and stationary, the model stable. */
extern bool sf_tbats_allowed(const SfTbatsData *data, const SfTbatsModel *m);

/* Orders and first coefficients for the d of the last fit, data->e is scratch; false: none is better. */
extern bool sf_tbats_suggest_arma(const SfTbatsData *data, SfTbatsModel *m);

/* The best model by AIC; best->aic is not finite when there is none.  SF_OK, SF_NO_MEMORY, SF_CANCELLED. */
extern SfStatus sf_tbats_search(SfTbatsData *data, SfTbatsModel *best);

/* data->waves and what follows from them, for the part s of a series that is fitted. */
extern SfStatus sf_tbats_choose_waves(SfTbatsData *data, const SfSeries *s);

#endif							/* SF_TBATS_MODEL_H */
