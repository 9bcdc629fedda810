/*
 * method.c
 *		What every forecasting method takes and gives: labels and notes.
 */
#include "core/forecast/method.h"

#include <string.h>

static void
copy_text(char *to, size_t size, const char *from)
{
	size_t		n = strlen(from);

	if (n > size - 1)
		n = size - 1;
	memcpy(to, from, n);
	to[n] = '\0';
}

void
sf_forecast_note(SfForecast *out, const char *name, double value)
{
	SfNote	   *note;

	if (out->notes >= SF_NOTES_MAX)
		return;
	note = &out->note[out->notes++];
	copy_text(note->name, sizeof note->name, name);
	note->value = value;
	note->amount = false;
}

void
sf_forecast_amount(SfForecast *out, const char *name, double value)
{
	int32_t		before = out->notes;

	sf_forecast_note(out, name, value);
	if (out->notes > before)
		out->note[before].amount = true;
}

void
sf_forecast_label(SfForecast *out, const char *text)
{
	out->label[0] = '\0';
	sf_label_text(out, text);
}

void
sf_label_text(SfForecast *out, const char *text)
{
	size_t		used = strlen(out->label);

	copy_text(out->label + used, sizeof out->label - used, text);
}

void
sf_label_int(SfForecast *out, int32_t number)
{
	char		digits[12];
	int			at = sizeof digits - 1;
	uint32_t	left = number < 0 ? 0u - (uint32_t) number : (uint32_t) number;

	digits[at] = '\0';
	do
		digits[--at] = (char) ('0' + left % 10);
	while ((left /= 10) > 0);
	if (number < 0)
		digits[--at] = '-';
	sf_label_text(out, digits + at);
}
