/*
 * Any text as the name of a method: it is one or none; what is read of a specification
 * lies within its bounds, and a method that is found forecasts.
 */
#include "fuzz.h"

#include "core/forecast/arima.h"
#include "core/forecast/ets.h"
#include "core/forecast/forecast.h"

#define TEXT_MAX 200
#define PERIODS 30
#define HORIZON 3

static void
try_ets(const char *text)
{
	SfEtsSpec	spec;

	if (!sf_ets_spec_parse(text, &spec))
		return;
	demand(spec.error != '\0' && strchr("AMZ", spec.error) != NULL, "the error of ets");
	demand(spec.trend != '\0' && strchr("NADMZ", spec.trend) != NULL, "the trend of ets");
	demand(spec.season != '\0' && strchr("NAMZ", spec.season) != NULL, "the season of ets");
}

static void
try_arima(const char *text)
{
	SfArimaSpec s;

	if (!sf_arima_spec_parse(text, &s))
		return;
	demand(s.p >= 0 && s.p <= 12 && s.q >= 0 && s.q <= 12 && s.d >= 0 && s.d <= 2, "orders of arima");
	demand(s.P >= 0 && s.P <= 3 && s.Q >= 0 && s.Q <= 3 && s.D >= 0 && s.D <= 2 && s.period >= 0, "seasonal orders of arima");
	demand(!s.drift || s.d + s.D <= 1, "a drift needs few differences");
}

static void
try_method(const char *text)
{
	SfMethodChoice choice;
	double		y[PERIODS];
	double		number[5 * HORIZON];
	SfSeries	s = {.y = y, .n = PERIODS, .seasons = 1, .season = {4}};
	SfPlan		plan = {.method = text, .horizon = HORIZON, .lambda = NAN};
	SfProjection out = {.mean = number, .lo80 = number + HORIZON, .hi80 = number + 2 * HORIZON, .lo95 = number + 3 * HORIZON, .hi95 = number + 4 * HORIZON};
	SfArena		arena;
	SfStatus	status;
	Host		host;

	if (!sf_method_find(text, &choice))
		return;
	demand(choice.method != NULL && choice.method->forecast != NULL, "a method that is found is one");
	for (int t = 0; t < PERIODS; t++)
		y[t] = 20 + t % 4 + t * t % 7;
	fuzz_host(&host);
	host.cancel_at = 0;
	sf_arena_init(&arena, &host.ctx);
	status = sf_forecast_series(&arena, &s, &plan, &out);
	demand(status == SF_OK || status == SF_BAD_ARGUMENT, "the status of a method that is found");
	for (int i = 0; status == SF_OK && i < 5 * HORIZON; i++)
		demand(isfinite(number[i]), "its forecasts are numbers");
	host_free(&host);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char	   *text;

	if (size > TEXT_MAX)
		return 0;
	/* of its own size, so that a look beyond the end shows */
	text = malloc(size + 1);
	demand(text != NULL, "memory for the text");
	memcpy(text, data, size);
	text[size] = '\0';
	try_ets(text);
	try_arima(text);
	try_method(text);
	free(text);
	return 0;
}
