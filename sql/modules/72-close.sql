-- The room of win probabilities, part 3: when deals close, and how; when customers leave.

CREATE TYPE close_model;
CREATE FUNCTION close_model_in(cstring) RETURNS close_model
    AS 'MODULE_PATHNAME', 'sf_close_model_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION close_model_out(close_model) RETURNS cstring
    AS 'MODULE_PATHNAME', 'sf_close_model_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION close_model_recv(internal) RETURNS close_model
    AS 'MODULE_PATHNAME', 'sf_close_model_recv' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION close_model_send(close_model) RETURNS bytea
    AS 'MODULE_PATHNAME', 'sf_close_model_send' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

-- Storage external: a model is packed already, and a stored one is recognised by its toast pointer.
CREATE TYPE close_model (
    INPUT = close_model_in, OUTPUT = close_model_out, RECEIVE = close_model_recv, SEND = close_model_send,
    INTERNALLENGTH = variable, STORAGE = external);

CREATE TYPE close_options AS (
    algorithm text,
    buckets int,
    bins int,
    ridge float8,
    smoothness float8,
    trees int,
    leaves int,
    learning_rate float8,
    folds int,
    validate text,
    force boolean,
    seed bigint);

CREATE TYPE close_chance AS (
    won float8,
    lost float8,
    still_open float8);

CREATE TYPE close_expectation AS (
    mean_days float8,
    median_days float8,
    p10_days float8,
    p90_days float8,
    win_probability float8,
    restricted boolean);

CREATE TYPE close_term AS (
    part text,
    feature text,
    value text,
    from_days float8,
    to_days float8,
    deals bigint,
    coefficient float8,
    standard_error float8,
    ratio float8,
    ratio_low float8,
    ratio_high float8);

CREATE FUNCTION close_options(
    algorithm text DEFAULT 'auto', buckets int DEFAULT NULL, bins int DEFAULT NULL, ridge float8 DEFAULT NULL,
    smoothness float8 DEFAULT NULL, trees int DEFAULT NULL, leaves int DEFAULT NULL, learning_rate float8 DEFAULT NULL,
    folds int DEFAULT 5, validate text DEFAULT 'auto', force boolean DEFAULT false, seed bigint DEFAULT 0)
    RETURNS close_options
    LANGUAGE sql IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
    RETURN ROW(algorithm, buckets, bins, ridge, smoothness, trees, leaves, learning_rate, folds, validate, force,
               seed)::@extschema@.close_options;

-- Steps of the aggregates.

CREATE FUNCTION close_fit_add(internal, outcome text, days float8, features record) RETURNS internal
    AS 'MODULE_PATHNAME', 'sf_close_fit_add' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;
CREATE FUNCTION close_fit_add(internal, outcome text, days float8, features record, options close_options) RETURNS internal
    AS 'MODULE_PATHNAME', 'sf_close_fit_add' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;
CREATE FUNCTION close_fit_add(internal, outcome text, days float8, entry_days float8, features record) RETURNS internal
    AS 'MODULE_PATHNAME', 'sf_close_fit_add_entry' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;
CREATE FUNCTION close_fit_add(internal, outcome text, days float8, entry_days float8, features record,
                              options close_options) RETURNS internal
    AS 'MODULE_PATHNAME', 'sf_close_fit_add_entry' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;
CREATE FUNCTION churn_fit_add(internal, churned boolean, tenure_days float8, features record) RETURNS internal
    AS 'MODULE_PATHNAME', 'sf_churn_fit_add' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;
CREATE FUNCTION churn_fit_add(internal, churned boolean, tenure_days float8, features record, options close_options)
    RETURNS internal
    AS 'MODULE_PATHNAME', 'sf_churn_fit_add' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;
CREATE FUNCTION close_fit_combine(internal, internal) RETURNS internal
    AS 'MODULE_PATHNAME', 'sf_close_fit_combine' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;
CREATE FUNCTION close_fit_serialize(internal) RETURNS bytea
    AS 'MODULE_PATHNAME', 'sf_close_fit_serialize' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION close_fit_deserialize(bytea, internal) RETURNS internal
    AS 'MODULE_PATHNAME', 'sf_close_fit_deserialize' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION close_fit_final(internal) RETURNS close_model
    AS 'MODULE_PATHNAME', 'sf_close_fit_final' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;

CREATE AGGREGATE fit_close_model(outcome text, days float8, features record) (
    SFUNC = close_fit_add, STYPE = internal, COMBINEFUNC = close_fit_combine,
    SERIALFUNC = close_fit_serialize, DESERIALFUNC = close_fit_deserialize,
    FINALFUNC = close_fit_final, SSPACE = 65536, PARALLEL = SAFE);
CREATE AGGREGATE fit_close_model(outcome text, days float8, features record, options close_options) (
    SFUNC = close_fit_add, STYPE = internal, COMBINEFUNC = close_fit_combine,
    SERIALFUNC = close_fit_serialize, DESERIALFUNC = close_fit_deserialize,
    FINALFUNC = close_fit_final, SSPACE = 65536, PARALLEL = SAFE);
CREATE AGGREGATE fit_close_model(outcome text, days float8, entry_days float8, features record) (
    SFUNC = close_fit_add, STYPE = internal, COMBINEFUNC = close_fit_combine,
    SERIALFUNC = close_fit_serialize, DESERIALFUNC = close_fit_deserialize,
    FINALFUNC = close_fit_final, SSPACE = 65536, PARALLEL = SAFE);
CREATE AGGREGATE fit_close_model(outcome text, days float8, entry_days float8, features record, options close_options) (
    SFUNC = close_fit_add, STYPE = internal, COMBINEFUNC = close_fit_combine,
    SERIALFUNC = close_fit_serialize, DESERIALFUNC = close_fit_deserialize,
    FINALFUNC = close_fit_final, SSPACE = 65536, PARALLEL = SAFE);
CREATE AGGREGATE fit_churn_model(churned boolean, tenure_days float8, features record) (
    SFUNC = churn_fit_add, STYPE = internal, COMBINEFUNC = close_fit_combine,
    SERIALFUNC = close_fit_serialize, DESERIALFUNC = close_fit_deserialize,
    FINALFUNC = close_fit_final, SSPACE = 65536, PARALLEL = SAFE);
CREATE AGGREGATE fit_churn_model(churned boolean, tenure_days float8, features record, options close_options) (
    SFUNC = churn_fit_add, STYPE = internal, COMBINEFUNC = close_fit_combine,
    SERIALFUNC = close_fit_serialize, DESERIALFUNC = close_fit_deserialize,
    FINALFUNC = close_fit_final, SSPACE = 65536, PARALLEL = SAFE);

-- One deal in, one answer out; by model, and by the name it is registered under.

CREATE FUNCTION close_probability(model close_model, features record, age_days float8, within_days float8) RETURNS float8
    AS 'MODULE_PATHNAME', 'sf_close_probability' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 40;
CREATE FUNCTION close_probability(model text, features record, age_days float8, within_days float8) RETURNS float8
    AS 'MODULE_PATHNAME', 'sf_close_probability_named' LANGUAGE C STABLE STRICT PARALLEL RESTRICTED COST 40;
CREATE FUNCTION close_outcome(model close_model, features record, age_days float8, within_days float8) RETURNS close_chance
    AS 'MODULE_PATHNAME', 'sf_close_outcome' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 40;
CREATE FUNCTION close_outcome(model text, features record, age_days float8, within_days float8) RETURNS close_chance
    AS 'MODULE_PATHNAME', 'sf_close_outcome_named' LANGUAGE C STABLE STRICT PARALLEL RESTRICTED COST 40;
CREATE FUNCTION expected_days_to_close(model close_model, features record, age_days float8) RETURNS close_expectation
    AS 'MODULE_PATHNAME', 'sf_close_expected_days' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 40;
CREATE FUNCTION expected_days_to_close(model text, features record, age_days float8) RETURNS close_expectation
    AS 'MODULE_PATHNAME', 'sf_close_expected_days_named' LANGUAGE C STABLE STRICT PARALLEL RESTRICTED COST 40;
CREATE FUNCTION churn_probability(model close_model, features record, tenure_days float8, within_days float8) RETURNS float8
    AS 'MODULE_PATHNAME', 'sf_churn_probability' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 40;
CREATE FUNCTION churn_probability(model text, features record, tenure_days float8, within_days float8) RETURNS float8
    AS 'MODULE_PATHNAME', 'sf_churn_probability_named' LANGUAGE C STABLE STRICT PARALLEL RESTRICTED COST 40;
CREATE FUNCTION close_curve(model close_model, features record, age_days float8, horizons float8[],
                            OUT days float8, OUT won float8, OUT lost float8, OUT still_open float8) RETURNS SETOF record
    AS 'MODULE_PATHNAME', 'sf_close_curve' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100 ROWS 10;
CREATE FUNCTION close_curve(model text, features record, age_days float8, horizons float8[],
                            OUT days float8, OUT won float8, OUT lost float8, OUT still_open float8) RETURNS SETOF record
    AS 'MODULE_PATHNAME', 'sf_close_curve_named' LANGUAGE C STABLE STRICT PARALLEL RESTRICTED COST 100 ROWS 10;

-- What a model is.

CREATE FUNCTION close_model_summary(model close_model, OUT topic text, OUT item text, OUT value float8, OUT reason text)
    RETURNS SETOF record
    AS 'MODULE_PATHNAME', 'sf_close_model_summary' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 40;
CREATE FUNCTION close_model_buckets(model close_model, OUT bucket int, OUT from_days float8, OUT to_days float8,
                                    OUT closed bigint, OUT won bigint, OUT deal_days float8, OUT hazard float8,
                                    OUT average_hazard float8, OUT win_share float8)
    RETURNS SETOF record
    AS 'MODULE_PATHNAME', 'sf_close_model_buckets' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 30;
CREATE FUNCTION close_model_terms(model close_model) RETURNS SETOF close_term
    AS 'MODULE_PATHNAME', 'sf_close_model_terms' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 200;

COMMENT ON TYPE close_model IS
'When deals are won or lost (or customers leave), as fit_close_model and fit_churn_model make it. Text form: "close_model:" and base64; binary form: the bytes. Both are the same on every machine. Bytes that are no model are error 22P03.';
COMMENT ON TYPE close_options IS 'How a close model is trained; made by close_options().';
COMMENT ON COLUMN close_options.algorithm IS 'auto, additive or boosted. Two questions are answered apart: when a deal closes, and whether it is won then. additive: hazard as a sum of log effects, won or lost by logistic regression, both with a few effects that change with age. boosted: trees. auto: for each question the one with the smaller held-out log loss.';
COMMENT ON COLUMN close_options.buckets IS 'Age buckets, 2 to 60; NULL: 12 to 40 by the number of closed deals, fewer where there are few.';
COMMENT ON COLUMN close_options.bins IS 'Bins of a feature, 2 to 64; NULL: 16.';
COMMENT ON COLUMN close_options.ridge IS 'Penalty on squared weights, 0 to 1e9; NULL: chosen by cross-validation for either question, 25 without.';
COMMENT ON COLUMN close_options.smoothness IS 'Penalty on squared differences of neighbouring age buckets and bins, 0 to 1e9; NULL: 1.';
COMMENT ON COLUMN close_options.trees IS 'Boosted: at most so many trees, 1 to 5000; NULL: 150.';
COMMENT ON COLUMN close_options.leaves IS 'Boosted: leaves of a tree, 2 to 32; NULL: 8 for closing, 4 for winning.';
COMMENT ON COLUMN close_options.learning_rate IS 'Boosted: 0.0001 to 1; NULL: 0.1.';
COMMENT ON COLUMN close_options.folds IS 'Folds of the cross-validation, 2 to 20; NULL: 5. Folds hold whole deals.';
COMMENT ON COLUMN close_options.validate IS 'auto or full: quality is measured on held-out deals. none: it is not, and nothing is chosen.';
COMMENT ON COLUMN close_options.force IS 'Train in spite of checks that refuse; the model records it.';
COMMENT ON COLUMN close_options.seed IS 'Seed of the folds of groups and of the trees.';
COMMENT ON FUNCTION close_options(text, int, int, float8, float8, int, int, float8, int, text, boolean, bigint) IS
'Options of fit_close_model and fit_churn_model, each with a default. NULL: chosen from the data. Values are checked when a model is trained: 22023.';
COMMENT ON TYPE close_chance IS 'What an open deal may be some days later; the three add up to 1.';
COMMENT ON COLUMN close_chance.won IS 'Probability that it is won by then, 0 to below 1.';
COMMENT ON COLUMN close_chance.lost IS 'Probability that it is lost by then, 0 to 1.';
COMMENT ON COLUMN close_chance.still_open IS 'Probability that it is still open then, 0 to 1.';
COMMENT ON TYPE close_expectation IS 'When an open deal is expected to close, won or lost, in days from its age on.';
COMMENT ON COLUMN close_expectation.mean_days IS 'Mean of the days until it closes or reaches the oldest age seen in training.';
COMMENT ON COLUMN close_expectation.median_days IS 'Half of such deals close within so many days; NULL beyond the oldest age seen in training.';
COMMENT ON COLUMN close_expectation.p10_days IS 'One in ten of such deals closes within so many days; NULL beyond the oldest age seen.';
COMMENT ON COLUMN close_expectation.p90_days IS 'Nine in ten of such deals close within so many days; NULL beyond the oldest age seen.';
COMMENT ON COLUMN close_expectation.win_probability IS 'Probability that it is won in the end, if the hazards of the oldest ages went on.';
COMMENT ON COLUMN close_expectation.restricted IS 'Over 1 % of such deals are still open at the oldest age seen, so the mean is too small.';
COMMENT ON TYPE close_term IS 'What a value of a feature does to the hazard of closing, or to the odds that a closing is a win.';
COMMENT ON COLUMN close_term.part IS 'closing: ratio is a hazard ratio, above 1 closes sooner. winning: ratio is an odds ratio, above 1 is won more often.';
COMMENT ON COLUMN close_term.feature IS 'Name of the column.';
COMMENT ON COLUMN close_term.value IS 'A bin of numbers, categories, or "not given".';
COMMENT ON COLUMN close_term.from_days IS 'The effect holds from this age on, days.';
COMMENT ON COLUMN close_term.to_days IS 'The effect holds up to this age, days; NULL: to the end.';
COMMENT ON COLUMN close_term.deals IS 'Training deals with this value.';
COMMENT ON COLUMN close_term.coefficient IS 'Log of the ratio, against an average deal.';
COMMENT ON COLUMN close_term.standard_error IS 'Of the coefficient; NULL for effects that change with age.';
COMMENT ON COLUMN close_term.ratio IS 'Hazard ratio or odds ratio, against an average deal.';
COMMENT ON COLUMN close_term.ratio_low IS 'Lower end of the 95 % interval.';
COMMENT ON COLUMN close_term.ratio_high IS 'Upper end of the 95 % interval.';

COMMENT ON AGGREGATE fit_close_model(text, float8, record) IS
'Trains a model of when deals close and how: a competing-risks hazard by age. outcome is won, lost or open; days is the age at the end, or today''s age of an open deal, 0 to 1000000; features is a record whose columns won, as_of, fold_group, outcome, days, entry_days, churned and tenure_days are never features. Features must be as of the start. Open deals count as censored. Rows with a NULL argument are skipped; no rows: NULL. Stages: outcome won = moved on, lost = closed, days = days in the stage. The order of rows and workers do not matter. Errors: 22000 outcome, days, checks that refuse (fewer than 40 won or 40 lost deals, rows of one fold_group counted once; fewer than 10 closed deals per parameter; a feature that alone tells the outcome, orders closed deals by their days, is missing in open deals far more or less often, or has dates after as_of) or nothing closed, 22023 options, 42703 and 42804 columns, 53200 memory beyond maintenance_work_mem, 54000 limits.';
COMMENT ON AGGREGATE fit_close_model(text, float8, record, close_options) IS
'As fit_close_model(outcome, days, features), with options, which must be the same in every row.';
COMMENT ON AGGREGATE fit_close_model(text, float8, float8, record) IS
'As fit_close_model(outcome, days, features); entry_days is the age at which the deal''s features were taken and from which on it was watched, 0 to days. NULL is 0. A deal can give several rows, each from one set of features to the next: open, then won, lost or open; group them by fold_group.';
COMMENT ON AGGREGATE fit_close_model(text, float8, float8, record, close_options) IS
'As fit_close_model(outcome, days, entry_days, features), with options, which must be the same in every row.';
COMMENT ON AGGREGATE fit_churn_model(boolean, float8, record) IS
'Trains a model of when customers leave. churned: left at tenure_days, or still there then; days 0 to 1000000. Columns that grow with tenure, such as what was paid in total, tell the answer: leave them out. Otherwise as fit_close_model; checks refuse below 40 that left or 40 that stayed.';
COMMENT ON AGGREGATE fit_churn_model(boolean, float8, record, close_options) IS
'As fit_churn_model(churned, tenure_days, features), with options, which must be the same in every row.';

COMMENT ON FUNCTION close_probability(close_model, record, float8, float8) IS
'Probability that a deal that is open at age_days is won within the next within_days: 0 to below 1, rising with within_days; Infinity: won in the end. NULL if an argument is. Errors: 22023 days below 0, 42703 and 42804 columns, 22P03.';
COMMENT ON FUNCTION close_probability(text, record, float8, float8) IS
'As close_probability(model, ...), by the name the model is registered under; 55000 when nothing is promoted under it.';
COMMENT ON FUNCTION close_outcome(close_model, record, float8, float8) IS
'Won, lost or still open within_days after age_days, for a deal that is open then; adds up to 1. Errors as close_probability.';
COMMENT ON FUNCTION close_outcome(text, record, float8, float8) IS
'As close_outcome(model, ...), by the name the model is registered under.';
COMMENT ON FUNCTION expected_days_to_close(close_model, record, float8) IS
'Days until a deal that is open at age_days closes, won or lost: mean, quantiles, and the probability of a win in the end. Errors as close_probability.';
COMMENT ON FUNCTION expected_days_to_close(text, record, float8) IS
'As expected_days_to_close(model, ...), by the name the model is registered under.';
COMMENT ON FUNCTION churn_probability(close_model, record, float8, float8) IS
'Probability that a customer who is there at tenure_days leaves within the next within_days: 0 to below 1. The model must come from fit_churn_model, else 22023. Errors as close_probability.';
COMMENT ON FUNCTION churn_probability(text, record, float8, float8) IS
'As churn_probability(model, ...), by the name the model is registered under.';
COMMENT ON FUNCTION close_curve(close_model, record, float8, float8[]) IS
'close_outcome for several horizons in days, one row each, in the order given; NULL elements are skipped. Errors as close_probability.';
COMMENT ON FUNCTION close_curve(text, record, float8, float8[]) IS
'As close_curve(model, ...), by the name the model is registered under.';
COMMENT ON FUNCTION close_model_summary(close_model) IS
'What a close model is and how good: model, data, quality and calibration on held-out deals (wins predicted and seen within the middle time to a close, 30 and 90 days), checks, candidates. One row per figure; value is NULL for words.';
COMMENT ON FUNCTION close_model_buckets(close_model) IS
'Age buckets of a close model: closed and won training deals, deal-days watched, hazard = closed / deal_days per day, the hazard of an average deal (additive only), share won of the closed. to_days NULL: open-ended.';
COMMENT ON FUNCTION close_model_terms(close_model) IS
'Effects of a close model by feature and value, of the parts that are additive; no rows for boosted ones.';

COMMENT ON FUNCTION close_fit_add(internal, text, float8, record) IS 'Step of fit_close_model.';
COMMENT ON FUNCTION close_fit_add(internal, text, float8, record, close_options) IS 'Step of fit_close_model.';
COMMENT ON FUNCTION close_fit_add(internal, text, float8, float8, record) IS 'Step of fit_close_model.';
COMMENT ON FUNCTION close_fit_add(internal, text, float8, float8, record, close_options) IS 'Step of fit_close_model.';
COMMENT ON FUNCTION churn_fit_add(internal, boolean, float8, record) IS 'Step of fit_churn_model.';
COMMENT ON FUNCTION churn_fit_add(internal, boolean, float8, record, close_options) IS 'Step of fit_churn_model.';
COMMENT ON FUNCTION close_fit_combine(internal, internal) IS 'Joins states of fit_close_model and fit_churn_model.';
COMMENT ON FUNCTION close_fit_serialize(internal) IS 'State of fit_close_model and fit_churn_model for a parallel plan.';
COMMENT ON FUNCTION close_fit_deserialize(bytea, internal) IS 'State of fit_close_model and fit_churn_model from a parallel plan.';
COMMENT ON FUNCTION close_fit_final(internal) IS 'End of fit_close_model and fit_churn_model.';
COMMENT ON FUNCTION close_model_in(cstring) IS 'Text form of close_model in; 22P03 if it is none.';
COMMENT ON FUNCTION close_model_out(close_model) IS 'Text form of close_model.';
COMMENT ON FUNCTION close_model_recv(internal) IS 'Binary form of close_model in; 22P03 if it is none.';
COMMENT ON FUNCTION close_model_send(close_model) IS 'Binary form of close_model.';
