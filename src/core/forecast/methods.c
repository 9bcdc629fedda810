/*
 * methods.c
 *		The methods by name.
 */
#include "core/forecast/methods.h"

#include "core/forecast/aggregate.h"
#include "core/forecast/arima.h"
#include "core/forecast/auto.h"
#include "core/forecast/ces.h"
#include "core/forecast/croston.h"
#include "core/forecast/cycle.h"
#include "core/forecast/decomposed.h"
#include "core/forecast/ets.h"
#include "core/forecast/high.h"
#include "core/forecast/intermittent.h"
#include "core/forecast/mfles.h"
#include "core/forecast/prophet.h"
#include "core/forecast/simple.h"
#include "core/forecast/smooth.h"
#include "core/forecast/tbats.h"
#include "core/forecast/theta.h"

#include <string.h>

#define SMOOTHING "Hyndman, Koehler, Ord & Snyder 2008"
#define TEXTBOOK "Hyndman & Athanasopoulos 2021"
#define THETA "Fiorucci et al. 2016"

static const SfMethod methods[] = {
	{.name = "auto", .forecast = sf_auto_forecast, .chooses = true, .plain = true, .source = "Petropoulos & Svetunkov 2020; ours"},
	{.name = "mean", .forecast = sf_mean_forecast, .plain = true, .source = TEXTBOOK},
	{.name = "naive", .forecast = sf_naive_forecast, .plain = true, .source = TEXTBOOK},
	{.name = "seasonal_naive", .forecast = sf_seasonal_naive_forecast, .plain = true, .source = TEXTBOOK},
	{.name = "drift", .forecast = sf_drift_forecast, .plain = true, .source = TEXTBOOK},
	{.name = "ses", .forecast = sf_ses_forecast, .plain = true, .source = SMOOTHING},
	{.name = "holt", .forecast = sf_holt_forecast, .plain = true, .source = SMOOTHING},
	{.name = "damped", .forecast = sf_damped_forecast, .plain = true, .source = "Gardner & McKenzie 1985"},
	{.name = "holt_winters", .forecast = sf_holt_winters_forecast, .source = "Winters 1960"},
	{.name = "holt_winters_additive", .forecast = sf_holt_winters_additive_forecast, .source = "Winters 1960"},
	{.name = "ets", .forecast = sf_ets_forecast, .source = SMOOTHING},
	{.name = "arima", .forecast = sf_arima_forecast, .takes_gaps = true, .takes_drivers = true,
	.source = "Hyndman & Khandakar 2008"},
	{.name = "theta", .forecast = sf_theta_forecast, .plain = true, .source = "Assimakopoulos & Nikolopoulos 2000"},
	{.name = "otm", .forecast = sf_otm_forecast, .plain = true, .source = THETA},
	{.name = "dotm", .forecast = sf_dotm_forecast, .plain = true, .source = THETA},
	{.name = "ces", .forecast = sf_ces_forecast, .plain = true, .source = "Svetunkov, Kourentzes & Ord 2022"},
	{.name = "tbats", .forecast = sf_tbats_forecast, .source = "De Livera, Hyndman & Snyder 2011"},
	{.name = "mfles", .forecast = sf_mfles_forecast, .takes_gaps = true, .takes_drivers = true, .source = "Blume 2024"},
	{.name = "prophet", .forecast = sf_prophet_forecast, .takes_gaps = true, .takes_drivers = true,
	.source = "Taylor & Letham 2018"},
	{.name = "croston", .forecast = sf_croston_forecast, .takes_gaps = true, .demand = true, .source = "Croston 1972"},
	{.name = "croston_sba", .forecast = sf_croston_sba_forecast, .takes_gaps = true, .demand = true, .source = "Syntetos & Boylan 2005"},
	{.name = "tsb", .forecast = sf_tsb_forecast, .takes_gaps = true, .demand = true, .source = "Teunter, Syntetos & Babai 2011"},
	{.name = "adida", .forecast = sf_adida_forecast, .takes_gaps = true, .demand = true, .source = "Nikolopoulos et al. 2011"},
	{.name = "imapa", .forecast = sf_imapa_forecast, .takes_gaps = true, .demand = true, .source = "Petropoulos & Kourentzes 2015"},
	{.name = "intermittent", .forecast = sf_intermittent_forecast, .takes_gaps = true, .demand = true, .source = "ours"},
	{.name = "cycle", .forecast = sf_cycle_forecast, .demand = true, .source = "Cox 1962; ours"}
};

const SfMethod *
sf_method_at(int32_t i)
{
	return i >= 0 && i < (int32_t) (sizeof methods / sizeof methods[0]) ? &methods[i] : NULL;
}

static const SfMethod *
find(const char *name)
{
	const SfMethod *method;

	for (int32_t i = 0; (method = sf_method_at(i)) != NULL; i++)
		if (strcmp(method->name, name) == 0)
			return method;
	return NULL;
}

bool
sf_method_find(const char *name, SfMethodChoice *choice)
{
	SfEtsSpec	ets;
	SfArimaSpec arima;

	*choice = (SfMethodChoice) {.method = NULL};
	if (strcmp(name, "stl") == 0 || strcmp(name, "mstl") == 0)
		name = "stl+ets";
	if (strncmp(name, "stl+", 4) == 0 || strncmp(name, "mstl+", 5) == 0)
	{
		choice->decomposed = true;
		name = strchr(name, '+') + 1;
	}
	choice->method = find(name);
	if (choice->method != NULL)
		return !(choice->decomposed && choice->method->demand);
	choice->specification = name;
	if (sf_ets_spec_parse(name, &ets))
		choice->method = find("ets");
	else if (sf_arima_spec_parse(name, &arima))
		choice->method = find("arima");
	return choice->method != NULL && !choice->decomposed;
}

void
sf_method_high(SfMethodChoice *choice)
{
	static const SfMethod high = {
		.name = "auto", .forecast = sf_high_forecast, .chooses = true, .plain = true, .source = "Montero-Manso et al. 2020; ours"
	};

	*choice = (SfMethodChoice) {.method = &high};
}

SfStatus
sf_method_forecast(SfArena *arena, const SfSeries *s, const SfMethodChoice *choice, SfForecast *out)
{
	SfEtsSpec	ets;
	SfArimaSpec arima;

	if (choice->method->demand)
		out->demand = true;
	if (choice->specification == NULL && choice->decomposed)
		return sf_decomposed_forecast(arena, s, choice->method->forecast, out);
	if (choice->specification == NULL)
		return choice->method->forecast(arena, s, out);
	if (sf_ets_spec_parse(choice->specification, &ets))
		return sf_ets_spec_forecast(arena, s, ets, out);
	if (sf_arima_spec_parse(choice->specification, &arima))
		return sf_arima_spec_forecast(arena, s, &arima, out);
	return sf_fail(arena->ctx, SF_BAD_ARGUMENT, "no such forecasting method");
}
