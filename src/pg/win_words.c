/*
 * win_words.c
 *		What a win model knows, in words and numbers that a seller accepts.
 */
#include "pg/win_words.h"

#include <math.h>

#define NAMED_CATEGORIES 5		/* of those that share a bin */

/* Digits before the point in groups of three. */
static void
append_grouped(StringInfo out, const char *digits)
{
	int			whole;

	if (*digits == '-')
		appendStringInfoChar(out, *digits++);
	whole = (int) strspn(digits, "0123456789");
	for (int i = 0; i < whole; i++)
	{
		if (i > 0 && (whole - i) % 3 == 0)
			appendStringInfoChar(out, ',');
		appendStringInfoChar(out, digits[i]);
	}
	appendStringInfoString(out, digits + whole);
}

void
sf_words_number(StringInfo out, double x)
{
	char		text[64];
	double		size = fabs(x);

	if (size >= 1000.0 && size < 1e15)
		snprintf(text, sizeof text, size >= 100000.0 || x == floor(x) ? "%.0f" : "%.1f", x);
	else
		snprintf(text, sizeof text, "%.4g", x == 0.0 ? 0.0 : x);
	append_grouped(out, text);
}

void
sf_words_percent(StringInfo out, double share)
{
	double		percent = 100.0 * share;

	if (fabs(percent) >= 9.95 || percent == floor(percent))
		appendStringInfo(out, "%.0f %%", percent == 0.0 ? 0.0 : percent);
	else
		appendStringInfo(out, "%.1f %%", percent);
}

static void
append_days(StringInfo out, double days)
{
	double		rounded = fabs(days) < 10.0 ? rint(days * 10.0) / 10.0 : rint(days);

	sf_words_number(out, rounded);
	appendStringInfoString(out, fabs(rounded) == 1.0 ? " day" : " days");
}

void
sf_words_cell(StringInfo out, SfFeatureKind kind, const SfCell *cell)
{
	switch (kind)
	{
		case SF_FEATURE_CATEGORY:
			appendBinaryStringInfo(out, cell->text.at, cell->text.length);
			break;
		case SF_FEATURE_BOOLEAN:
			appendStringInfoString(out, cell->number != 0.0 ? "true" : "false");
			break;
		case SF_FEATURE_AGE:
			append_days(out, cell->number);
			break;
		default:
			sf_words_number(out, cell->number);
			break;
	}
}

int32
sf_words_sharing(const SfFeatureBins *bins, int32 code)
{
	int32		n = 0;

	for (int32 i = 0; i < bins->categories; i++)
		n += bins->category_code[i] == code;
	return n;
}

static void
append_age(StringInfo out, double age)
{
	if (age < 0.0)
		appendStringInfoString(out, "in ");
	append_days(out, fabs(age));
	if (age >= 0.0)
		appendStringInfoString(out, " ago");
}

/* Ages count backwards: 3 is three days ago, -3 is in three days. */
static void
append_age_range(StringInfo out, double low, double high)
{
	if (rint(low) == rint(high))
		append_age(out, rint(low));
	else if (low >= 0.0)
	{
		sf_words_number(out, rint(low));
		appendStringInfoString(out, " to ");
		append_days(out, high);
		appendStringInfoString(out, " ago");
	}
	else if (high <= 0.0)
	{
		appendStringInfoString(out, "in ");
		sf_words_number(out, rint(-high));
		appendStringInfoString(out, " to ");
		append_days(out, -low);
	}
	else
	{
		append_days(out, high);
		appendStringInfoString(out, " ago to in ");
		append_days(out, -low);
	}
}

static void
append_value(StringInfo out, bool age, double x)
{
	if (age)
		append_age(out, x);
	else
		sf_words_number(out, x);
}

/* All bins at once: what training had, and whatever else comes. */
static void
append_any(StringInfo out, bool age, double low, double high)
{
	appendStringInfoString(out, "any value, in training ");
	if (low == high)
		append_value(out, age, low);
	else if (age)
		append_age_range(out, low, high);
	else
	{
		sf_words_number(out, low);
		appendStringInfoString(out, " to ");
		sf_words_number(out, high);
	}
}

/* Bins first .. last of a number; the first and the last of all are open to one side. */
static void
append_range(StringInfo out, SfFeatureKind kind, const SfFeatureBins *bins, int32 first, int32 last)
{
	double		low = bins->low[first - 1];
	double		high = bins->high[last - 1];
	bool		age = kind == SF_FEATURE_AGE;

	if (kind == SF_FEATURE_BOOLEAN)
		appendStringInfoString(out, low != high ? "true or false" : low != 0.0 ? "true" : "false");
	else if (first == 1 && last == bins->values)
		append_any(out, age, low, high);
	else if (last == bins->values)
	{
		append_value(out, age, low);
		appendStringInfoString(out, age ? " or earlier" : " or more");
	}
	else if (first == 1)
	{
		append_value(out, age, high);
		appendStringInfoString(out, age ? " or later" : " or less");
	}
	else if (low == high)
		append_value(out, age, low);
	else if (age)
		append_age_range(out, low, high);
	else
	{
		sf_words_number(out, low);
		appendStringInfoString(out, " to ");
		sf_words_number(out, high);
	}
}

/* A code that stands for one number, and for no other. */
static bool
is_one_number(SfFeatureKind kind, const SfFeatureBins *bins, int32 code)
{
	return kind == SF_FEATURE_NUMBER && code > 1 && code < bins->values && bins->low[code - 1] == bins->high[code - 1];
}

static inline bool
has_code(const uint64 *codes, int32 code)
{
	return (codes[code / 64] >> (code % 64)) & 1;
}

/* Categories of any of these codes. */
static void
append_categories_of(StringInfo out, const SfFeatureBins *bins, const uint64 *codes)
{
	int32		n = 0;
	int32		shown = 0;

	for (int32 i = 0; i < bins->categories; i++)
		n += has_code(codes, bins->category_code[i]);
	for (int32 i = 0; i < bins->categories && shown < NAMED_CATEGORIES; i++)
	{
		if (!has_code(codes, bins->category_code[i]))
			continue;
		if (shown > 0)
			appendStringInfoString(out, shown == n - 1 ? " or " : ", ");
		if (bins->category[i].length == 0)
			appendStringInfoString(out, "(empty)");
		appendBinaryStringInfo(out, bins->category[i].at, bins->category[i].length);
		shown++;
	}
	if (n > shown)
		appendStringInfo(out, " or %d more", n - shown);
}

static void
append_ranges_of(StringInfo out, SfFeatureKind kind, const SfFeatureBins *bins, const uint64 *codes)
{
	bool		more = false;

	for (int32 first = 1; first <= bins->values; first++)
	{
		int32		last = first;

		if (!has_code(codes, first))
			continue;
		while (last < bins->values && has_code(codes, last + 1))
			last++;
		if (more)
			appendStringInfoString(out, " or ");
		append_range(out, kind, bins, first, last);
		more = true;
		first = last;
	}
}

void
sf_words_codes(StringInfo out, const SfFeature *feature, const SfFeatureBins *bins, const uint64 *codes)
{
	int			start;

	appendBinaryStringInfo(out, feature->name.at, feature->name.length);
	appendStringInfoString(out, feature->kind == SF_FEATURE_CATEGORY || feature->kind == SF_FEATURE_BOOLEAN ? " = " : " ");
	start = out->len;
	if (feature->kind == SF_FEATURE_CATEGORY)
		append_categories_of(out, bins, codes);
	else
		append_ranges_of(out, feature->kind, bins, codes);
	if (has_code(codes, SF_CODE_MISSING))
		appendStringInfoString(out, out->len > start ? " or not given" : "not given");
}

void
sf_words_code(StringInfo out, SfFeatureKind kind, const SfFeatureBins *bins, int32 code)
{
	if (code == SF_CODE_MISSING)
		appendStringInfoString(out, "not given");
	else if (code > bins->values)
		appendStringInfoString(out, "not seen in training");
	else if (kind == SF_FEATURE_CATEGORY)
	{
		uint64		codes[4] = {0};

		codes[code / 64] = UINT64CONST(1) << (code % 64);
		append_categories_of(out, bins, codes);
	}
	else
		append_range(out, kind, bins, code, code);
}

void
sf_words_condition(StringInfo out, const SfFeature *feature, const SfFeatureBins *bins, int32 code,
				   const SfText *category)
{
	appendBinaryStringInfo(out, feature->name.at, feature->name.length);
	if (code == SF_CODE_MISSING)
	{
		appendStringInfoString(out, " not given");
		return;
	}
	if (feature->kind == SF_FEATURE_CATEGORY || feature->kind == SF_FEATURE_BOOLEAN ||
		is_one_number(feature->kind, bins, code))
		appendStringInfoString(out, " = ");
	else
		appendStringInfoChar(out, ' ');
	if (category == NULL)
		sf_words_code(out, feature->kind, bins, code);
	else
	{
		if (category->length == 0)
			appendStringInfoString(out, "(empty)");
		appendBinaryStringInfo(out, category->at, category->length);
		if (code <= bins->values && sf_words_sharing(bins, code) > 1)
			appendStringInfoString(out, " and others like it");
	}
}

void
sf_words_rate(StringInfo out, int64 deals, int64 won, double average)
{
	if (deals == 0)
	{
		appendStringInfoString(out, ": no such deal in training");
		return;
	}
	appendStringInfoString(out, ": won ");
	sf_words_percent(out, (double) won / (double) deals);
	appendStringInfoString(out, " of ");
	sf_words_number(out, (double) deals);
	appendStringInfoString(out, deals == 1 ? " deal, average " : " deals, average ");
	sf_words_percent(out, average);
}

const char *
sf_verdict_name(SfVerdict verdict)
{
	return verdict == SF_PASS ? "pass" : verdict == SF_WARN ? "warn" : "refuse";
}

const char *
sf_gate_name(SfGateKind kind)
{
	static const char *const names[SF_GATES] = {
		"won deals", "lost deals", "deals per parameter", "history", "deals per year", "leak: tells too much",
		"leak: filled in late", "leak: from the future", "skill on held-out deals", "skill on the latest deals",
		"overfitting", "constant", "deals per parameter of this model",
		"leak: tells when it closes"
	};

	return names[kind];
}

static void
append_counts(StringInfo out, const SfGate *gate, const char *which)
{
	appendStringInfoString(out, gate->measured == 1.0 ? "there is " : "there are ");
	sf_words_number(out, gate->measured);
	appendStringInfo(out, " %s deal%s; at least 40 are needed, and below 200 probabilities are rough", which,
					 gate->measured == 1.0 ? "" : "s");
}

/* "better than the base rate by 2 % to 5 %" */
static void
append_against_base(StringInfo out, double low, double high)
{
	bool		worse = high < 0.0;

	if (low < 0.0 && high >= 0.0)
	{
		appendStringInfoString(out, "between ");
		sf_words_percent(out, -low);
		appendStringInfoString(out, " worse and ");
		sf_words_percent(out, high);
		appendStringInfoString(out, " better than the base rate");
		return;
	}
	appendStringInfo(out, "%s than the base rate by ", worse ? "worse" : "better");
	sf_words_percent(out, worse ? -high : low);
	appendStringInfoString(out, " to ");
	sf_words_percent(out, worse ? -low : high);
}

static void
append_skill(StringInfo out, const SfGate *gate, const char *untested, const char *where)
{
	if (isnan(gate->measured))
	{
		appendStringInfo(out, "the model was not tested on %s", untested);
		return;
	}
	appendStringInfo(out, "%s the model is ", where);
	append_against_base(out, gate->measured, gate->other);
	appendStringInfo(out, " by log-loss (95 %% interval); %s", gate->measured > 0 ? "above 0 it has skill" :
					 "unless all of it is better, nothing shows that it has skill");
}

static void
append_skill_time(StringInfo out, const SfGate *gate)
{
	append_skill(out, gate, "the latest 20 % of the deals; training with validate => 'full' tests it, where as_of is known",
				 "trained on the earlier deals, on the latest 20 %");
	if (gate->verdict == SF_WARN && gate->measured > 0)
		appendStringInfoString(out, "; outcomes that came after the split may have been learned, "
							   "since there is no column closed_at that tells when deals closed");
}

static void
append_parameters(StringInfo out, const SfGate *gate)
{
	bool		made = gate->kind == SF_GATE_MODEL_PARAMETERS;

	if (isnan(gate->measured))
	{
		appendStringInfoString(out, "the parameters of trees cannot be counted; overfitting tells of them");
		return;
	}
	appendStringInfoString(out, "there are ");
	sf_words_number(out, gate->measured);
	appendStringInfo(out, " deals per parameter of the %s", made ?
					 "logistic model that was made; below 20 it may have learned chance, below 10 it has" :
					 "simplest model that is tried; at least 10 are needed, 20 are better");
}

static void
append_history(StringInfo out, const SfGate *gate)
{
	bool		years = gate->kind == SF_GATE_HISTORY;

	if (isnan(gate->measured))
	{
		appendStringInfoString(out, "the times of the deals are not known; a column as_of tells them");
		return;
	}
	appendStringInfoString(out, years ? "the deals span " : "there are ");
	sf_words_number(out, years ? rint(gate->measured * 10.0) / 10.0 : rint(gate->measured));
	appendStringInfoString(out, years ? " years; below 2 a season cannot be told from a trend" :
						   " deals a year; below 100 changes are noticed late");
}

static void
append_overfit(StringInfo out, const SfGate *gate)
{
	if (isnan(gate->measured))
	{
		appendStringInfoString(out, "without held-out deals overfitting cannot be measured");
		return;
	}
	appendStringInfoString(out, "the log-loss of the training deals is ");
	sf_words_percent(out, fabs(gate->measured));
	appendStringInfo(out, " %s than that of held-out ones", gate->measured < 0.0 ? "higher" : "lower");
	appendStringInfoString(out, "; above 25 % lower the model has learned single deals by heart");
}

static void
append_leak_auc(StringInfo out, const SfGate *gate)
{
	if (isnan(gate->measured))
	{
		appendStringInfoString(out, "could not be tested alone");
		return;
	}
	appendStringInfo(out, "alone tells won from lost with an AUC of %.3f", gate->measured);
	appendStringInfoString(out, gate->verdict == SF_PASS ? "; up to 0.9 is believable" :
						   "; above 0.9 it was probably filled in when the outcome was known");
}

static void
append_leak_days(StringInfo out, const SfGate *gate)
{
	if (isnan(gate->measured))
	{
		appendStringInfoString(out, "has too few numbers to compare with when deals closed");
		return;
	}
	appendStringInfoString(out, "alone orders ");
	sf_words_percent(out, gate->measured);
	appendStringInfo(out, " of the pairs of closed deals by when they close%s", gate->verdict == SF_PASS ? "; up to 90 % is believable" :
					 "; above 90 % it was probably counted until the deal closed");
}

static void
append_leak_missing(StringInfo out, const SfGate *gate)
{
	if (isnan(gate->measured))
	{
		appendStringInfoString(out, "could not be compared with open deals, for there are none");
		return;
	}
	appendStringInfoString(out, "is missing in ");
	sf_words_percent(out, gate->other);
	appendStringInfo(out, " of the open deals, and the closed ones differ by %.0f points", 100.0 * gate->measured);
	if (gate->verdict != SF_PASS)
		appendStringInfoString(out, "; it is probably filled in when a deal closes");
}

static void
append_leak_after(StringInfo out, const SfGate *gate)
{
	appendStringInfoString(out, "lies after as_of in ");
	sf_words_number(out, gate->other);
	appendStringInfoString(out, gate->other == 1.0 ? " deal" : " deals");
	if (gate->verdict == SF_PASS)
		return;
	appendStringInfoString(out, ", ");
	sf_words_percent(out, gate->measured);
	appendStringInfoString(out, gate->verdict == SF_WARN ? " of all; up to 1 % may be typing errors" :
						   " of all; what was not known at that moment must not be used");
}

void
sf_words_gate(StringInfo out, const SfGate *gate, const SfFeature *feature)
{
	if (feature != NULL)
		appendStringInfo(out, "\"%.*s\" ", feature->name.length, feature->name.at);
	switch (gate->kind)
	{
		case SF_GATE_WON:
			append_counts(out, gate, "won");
			break;
		case SF_GATE_LOST:
			append_counts(out, gate, "lost");
			break;
		case SF_GATE_ROWS_PER_PARAMETER:
		case SF_GATE_MODEL_PARAMETERS:
			append_parameters(out, gate);
			break;
		case SF_GATE_HISTORY:
		case SF_GATE_DEALS_PER_YEAR:
			append_history(out, gate);
			break;
		case SF_GATE_SKILL_RANDOM:
			append_skill(out, gate, "deals held out; training with validate => 'full' tests it", "on deals held out");
			break;
		case SF_GATE_SKILL_TIME:
			append_skill_time(out, gate);
			break;
		case SF_GATE_OVERFIT:
			append_overfit(out, gate);
			break;
		case SF_GATE_LEAK_AUC:
			append_leak_auc(out, gate);
			break;
		case SF_GATE_LEAK_DAYS:
			append_leak_days(out, gate);
			break;
		case SF_GATE_LEAK_MISSING:
			append_leak_missing(out, gate);
			break;
		case SF_GATE_LEAK_AFTER:
			append_leak_after(out, gate);
			break;
		default:
			appendStringInfoString(out, gate->verdict == SF_PASS ? "has more than one value" :
								   "has one value only and tells nothing");
			break;
	}
}
