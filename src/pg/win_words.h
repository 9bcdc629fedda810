/*
 * win_words.h
 *		What a win model knows, in words and numbers that a seller accepts.
 */
#ifndef SF_WIN_WORDS_H
#define SF_WIN_WORDS_H

#include "pg/compat.h"

#include "core/winprob/winmodel.h"
#include "lib/stringinfo.h"

/* "12,500", "0.35", "1.5e+20" */
extern void sf_words_number(StringInfo out, double x);

/* 0.41 as "41 %", 0.034 as "3.4 %" */
extern void sf_words_percent(StringInfo out, double share);

/* What a deal has there: "12,500", "true", "45 days", "referral". Not for missing cells. */
extern void sf_words_cell(StringInfo out, SfFeatureKind kind, const SfCell *cell);

/* What a code stands for: "10,000 to 25,000", "referral, web and 3 more", "not given". */
extern void sf_words_code(StringInfo out, SfFeatureKind kind, const SfFeatureBins *bins, int32 code);

/* Categories that share this code. */
extern int32 sf_words_sharing(const SfFeatureBins *bins, int32 code);

/*
 * A code as a condition: "amount 10,000 to 25,000", "lead_source = referral".
 * category: of the deal, when it is known.
 */
extern void sf_words_condition(StringInfo out, const SfFeature *feature, const SfFeatureBins *bins, int32 code,
							   const SfText *category);

/* The same for several codes: bit c % 64 of codes[c / 64], [4]. "industry = retail or software", "amount 5,000 or more" */
extern void sf_words_codes(StringInfo out, const SfFeature *feature, const SfFeatureBins *bins, const uint64 *codes);

/* ": won 41 % of 320 deals, average 23 %" */
extern void sf_words_rate(StringInfo out, int64 deals, int64 won, double average);

/* A check as a sentence without its end; `feature` NULL where it is about none. */
extern void sf_words_gate(StringInfo out, const SfGate *gate, const SfFeature *feature);
extern const char *sf_gate_name(SfGateKind kind);
extern const char *sf_verdict_name(SfVerdict verdict);

#endif							/* SF_WIN_WORDS_H */
