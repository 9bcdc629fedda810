/*
 * arima_spec.c
 *		The text of an ARIMA specification.
 */
#include "core/forecast/arima.h"

#include "core/forecast/arma.h"

static void
skip_blanks(const char **at)
{
	while (**at == ' ' || **at == '\t')
		(*at)++;
}

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char) (c - 'A' + 'a') : c;
}

/* Whether the text goes on with this word; if so, goes past it. */
static bool
take(const char **at, const char *word)
{
	const char *p;

	skip_blanks(at);
	for (p = *at; *word != '\0'; p++, word++)
		if (lower(*p) != *word)
			return false;
	*at = p;
	return true;
}

static bool
take_number(const char **at, int32_t max, int32_t *number)
{
	int32_t		value = 0;

	skip_blanks(at);
	if (**at < '0' || **at > '9')
		return false;
	for (; **at >= '0' && **at <= '9'; (*at)++)
	{
		value = value * 10 + (**at - '0');
		if (value > max)
			return false;
	}
	*number = value;
	return true;
}

static bool
take_orders(const char **at, int32_t max, int32_t *p, int32_t *d, int32_t *q)
{
	return take_number(at, max, p) && take(at, ",") &&
		take_number(at, SF_ARIMA_DIFFERENCES_MAX, d) && take(at, ",") &&
		take_number(at, max, q) && take(at, ")");
}

bool
sf_arima_spec_parse(const char *text, SfArimaSpec *spec)
{
	SfArimaSpec made = {0};
	const char *at = text;

	if (!take(&at, "arima") || !take(&at, "(") || !take_orders(&at, SF_ARMA_ORDER_MAX, &made.p, &made.d, &made.q))
		return false;
	if (take(&at, "(") && !take_orders(&at, SF_ARMA_SEASONAL_MAX, &made.P, &made.D, &made.Q))
		return false;
	if (take(&at, "[") && (!take_number(&at, SF_SERIES_LENGTH_MAX, &made.period) || made.period < 2 || !take(&at, "]")))
		return false;
	made.mean = made.d + made.D == 0;
	if (take(&at, "no"))
	{
		if (!take(&at, "mean") || !made.mean)
			return false;
		made.mean = false;
	}
	else
	{
		(void) take(&at, "with");
		if (take(&at, "drift"))
			made.drift = true;
		else if (take(&at, "mean") && !made.mean)
			return false;
	}
	skip_blanks(&at);
	if (*at != '\0' || (made.drift && made.d + made.D > 1))
		return false;
	*spec = made;
	return true;
}
