/*
 * decomposed.c
 *		"stl+theta": seasons by STL, the rest by another method.
 */
#include "core/forecast/decomposed.h"

#include "core/forecast/stl.h"

#include <string.h>

static void
prefix_label(const SfDecomposition *d, SfForecast *out)
{
	char		rest[sizeof out->label];
	int32_t		fitted = 0;

	for (int32_t k = 0; k < d->seasons; k++)
	{
		fitted += d->fitted[k];
		if (d->fitted[k])
			sf_forecast_note(out, "season length", d->period[k]);
	}
	memcpy(rest, out->label, sizeof rest);
	sf_forecast_label(out, fitted == 0 ? "" : fitted == 1 ? "STL + " : "MSTL + ");
	sf_label_text(out, rest);
}

SfStatus
sf_decomposed_forecast(SfArena *arena, const SfSeries *s, SfMethodFunction rest, SfForecast *out)
{
	SfDecomposeOptions options = {.robust = false};
	SfDecomposition d;
	SfSeries	plain = *s;
	double	   *y = sf_arena_take(arena, (size_t) s->n, sizeof(double));
	double	   *season = sf_arena_take(arena, (size_t) out->horizon, sizeof(double));
	SfStatus	status;

	if (y == NULL || season == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	status = sf_decompose(arena, s, &options, &d);
	if (status != SF_OK)
		return status;
	for (int32_t t = 0; t < s->n; t++)
	{
		y[t] = s->y[t];
		for (int32_t k = 0; k < d.seasons; k++)
			y[t] -= d.season[k][t];
	}
	plain.y = y;
	plain.seasons = 0;
	status = sf_poll(arena->ctx);
	if (status == SF_OK)
		status = rest(arena, &plain, out);
	if (status != SF_OK)
		return status;
	for (int32_t k = 0; k < d.seasons; k++)
	{
		if (!d.fitted[k])
			continue;
		sf_season_continue(&d, k, out->horizon, season);
		for (int32_t i = 0; i < out->horizon; i++)
			out->mean[i] += season[i];
		for (int32_t t = 0; out->fitted != NULL && t < s->n; t++)
			out->fitted[t] += d.season[k][t];
	}
	prefix_label(&d, out);
	return SF_OK;
}
