/*
 * forecast_options.h
 *		forecast_options, read into a struct once and compared afterwards.
 */
#ifndef SF_FORECAST_OPTIONS_H
#define SF_FORECAST_OPTIONS_H

#include "pg/calendar.h"

#include "access/htup.h"
#include "core/forecast/forecast.h"
#include "lib/stringinfo.h"
#include "pgtime.h"

typedef enum SfGaps
{
	SF_GAPS_MISSING,			/* a period without rows was not observed */
	SF_GAPS_ZERO				/* nothing happened in it */
} SfGaps;

typedef enum SfDuplicates
{
	SF_DUPLICATES_SUM,
	SF_DUPLICATES_MEAN,
	SF_DUPLICATES_LAST,
	SF_DUPLICATES_FIRST,
	SF_DUPLICATES_ERROR
} SfDuplicates;

/* Made by the functions below, which zero it first: equal options have equal bytes. */
typedef struct SfForecastOptions
{
	char		method[64];
	char		time_zone[64];
	int32		accuracy;		/* 1: high */
	int32		gaps;			/* SfGaps */
	int32		duplicates;		/* SfDuplicates */
	int32		nonnegative;	/* boolean */
	int32		transform;		/* SfTransform */
	int32		intervals;		/* SfIntervals */
	int32		has_until;		/* boolean */
	int32		seasons;		/* -1: those of the unit */
	double		season[SF_SEASONS_MAX];
	double		lambda;
	Timestamp	until;
	int64		unit_kind;		/* SfUnitKind */
	int64		unit_length;
} SfForecastOptions;

/* What forecast_options() gives. */
extern void sf_forecast_options_default(SfForecastOptions *out);

/*
 * sf_forecast_options_read
 *		From a value of type forecast_options.  Errors: 22023, naming the option.
 */
extern void sf_forecast_options_read(HeapTupleHeader row, SfForecastOptions *out);

/* To another process of the same server and back; 22P03 when the bytes are not ours. */
extern void sf_forecast_options_send(StringInfo out, const SfForecastOptions *options);
extern void sf_forecast_options_receive(StringInfo in, SfForecastOptions *options);

/* The plan of the core; options must outlive it. Error 22023 for the horizon or the method. */
extern SfPlan sf_forecast_plan(const SfForecastOptions *options, int32 horizon);

static inline SfUnit
sf_forecast_unit(const SfForecastOptions *options)
{
	return (SfUnit) {(SfUnitKind) options->unit_kind, options->unit_length};
}

/* The time zone that timestamptz is cut in; NULL = UTC. */
extern pg_tz *sf_forecast_zone(const SfForecastOptions *options);

#endif							/* SF_FORECAST_OPTIONS_H */
