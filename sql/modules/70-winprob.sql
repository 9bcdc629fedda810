-- The room of win probabilities, part 1: training, predicting, explaining.

CREATE TYPE win_model;
CREATE FUNCTION win_model_in(cstring) RETURNS win_model
    AS 'MODULE_PATHNAME', 'sf_win_model_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION win_model_out(win_model) RETURNS cstring
    AS 'MODULE_PATHNAME', 'sf_win_model_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION win_model_recv(internal) RETURNS win_model
    AS 'MODULE_PATHNAME', 'sf_win_model_recv' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION win_model_send(win_model) RETURNS bytea
    AS 'MODULE_PATHNAME', 'sf_win_model_send' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

-- Storage external: a model is packed already, and a stored one is recognised by its toast pointer.
CREATE TYPE win_model (
    INPUT = win_model_in, OUTPUT = win_model_out, RECEIVE = win_model_recv, SEND = win_model_send,
    INTERNALLENGTH = variable, STORAGE = external);

CREATE TYPE win_interval AS (
    probability float8,
    low float8,
    high float8);

CREATE TYPE win_factor AS (
    position int,
    kind text,
    feature text,
    value text,
    contribution float8,
    odds_ratio float8,
    win_rate float8,
    deals bigint,
    unseen boolean,
    reason text);

CREATE TYPE win_term AS (
    feature text,
    value text,
    deals bigint,
    won bigint,
    win_rate float8,
    base_rate float8,
    lift float8,
    coefficient float8,
    standard_error float8,
    odds_ratio float8,
    odds_ratio_low float8,
    odds_ratio_high float8,
    importance float8);

CREATE TYPE win_options AS (
    algorithm text,
    terms text,
    bins int,
    ridge float8,
    trees int,
    leaves int,
    depth int,
    learning_rate float8,
    least_rows float8,
    folds int,
    calibration text,
    validate text,
    force boolean,
    seed bigint);

CREATE FUNCTION win_options(
    algorithm text DEFAULT 'auto', terms text DEFAULT 'auto', bins int DEFAULT NULL, ridge float8 DEFAULT NULL,
    trees int DEFAULT NULL, leaves int DEFAULT NULL, depth int DEFAULT NULL, learning_rate float8 DEFAULT NULL,
    least_rows float8 DEFAULT NULL, folds int DEFAULT 5, calibration text DEFAULT 'auto', validate text DEFAULT 'auto',
    force boolean DEFAULT false, seed bigint DEFAULT 0)
    RETURNS win_options
    LANGUAGE sql IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
    RETURN ROW(algorithm, terms, bins, ridge, trees, leaves, depth, learning_rate, least_rows, folds, calibration,
               validate, force, seed)::@extschema@.win_options;

-- Steps of the aggregates.

CREATE FUNCTION win_fit_add(internal, won boolean, features record) RETURNS internal
    AS 'MODULE_PATHNAME', 'sf_win_fit_add' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;
CREATE FUNCTION win_fit_add(internal, won boolean, features record, options win_options) RETURNS internal
    AS 'MODULE_PATHNAME', 'sf_win_fit_add' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;
CREATE FUNCTION win_update_add(internal, model win_model, won boolean, features record) RETURNS internal
    AS 'MODULE_PATHNAME', 'sf_win_update_add' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;
CREATE FUNCTION win_fit_combine(internal, internal) RETURNS internal
    AS 'MODULE_PATHNAME', 'sf_win_fit_combine' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;
CREATE FUNCTION win_fit_serialize(internal) RETURNS bytea
    AS 'MODULE_PATHNAME', 'sf_win_fit_serialize' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION win_fit_deserialize(bytea, internal) RETURNS internal
    AS 'MODULE_PATHNAME', 'sf_win_fit_deserialize' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION win_fit_final(internal) RETURNS win_model
    AS 'MODULE_PATHNAME', 'sf_win_fit_final' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;

CREATE AGGREGATE fit_win_model(won boolean, features record) (
    SFUNC = win_fit_add, STYPE = internal, COMBINEFUNC = win_fit_combine,
    SERIALFUNC = win_fit_serialize, DESERIALFUNC = win_fit_deserialize,
    FINALFUNC = win_fit_final, SSPACE = 65536, PARALLEL = SAFE);
CREATE AGGREGATE fit_win_model(won boolean, features record, options win_options) (
    SFUNC = win_fit_add, STYPE = internal, COMBINEFUNC = win_fit_combine,
    SERIALFUNC = win_fit_serialize, DESERIALFUNC = win_fit_deserialize,
    FINALFUNC = win_fit_final, SSPACE = 65536, PARALLEL = SAFE);
CREATE AGGREGATE update_win_model(model win_model, won boolean, features record) (
    SFUNC = win_update_add, STYPE = internal, COMBINEFUNC = win_fit_combine,
    SERIALFUNC = win_fit_serialize, DESERIALFUNC = win_fit_deserialize,
    FINALFUNC = win_fit_final, SSPACE = 65536, PARALLEL = SAFE);

-- One deal in, one answer out; by model, and by the name it is registered under.

CREATE FUNCTION win_probability(model win_model, features record) RETURNS float8
    AS 'MODULE_PATHNAME', 'sf_win_probability' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20;
CREATE FUNCTION win_probability(model text, features record) RETURNS float8
    AS 'MODULE_PATHNAME', 'sf_win_probability_named' LANGUAGE C STABLE STRICT PARALLEL RESTRICTED COST 20;
CREATE FUNCTION win_probability_interval(model win_model, features record) RETURNS win_interval
    AS 'MODULE_PATHNAME', 'sf_win_interval' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 40;
CREATE FUNCTION win_probability_interval(model text, features record) RETURNS win_interval
    AS 'MODULE_PATHNAME', 'sf_win_interval_named' LANGUAGE C STABLE STRICT PARALLEL RESTRICTED COST 40;
CREATE FUNCTION explain_win(model win_model, features record) RETURNS SETOF win_factor
    AS 'MODULE_PATHNAME', 'sf_win_explain_deal' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000 ROWS 10;
CREATE FUNCTION explain_win(model text, features record) RETURNS SETOF win_factor
    AS 'MODULE_PATHNAME', 'sf_win_explain_deal_named' LANGUAGE C STABLE STRICT PARALLEL RESTRICTED COST 1000 ROWS 10;

-- What a model is.

CREATE FUNCTION win_model_summary(model win_model, OUT topic text, OUT item text, OUT value float8, OUT reason text)
    RETURNS SETOF record
    AS 'MODULE_PATHNAME', 'sf_win_model_summary' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 50;
CREATE FUNCTION win_model_terms(model win_model) RETURNS SETOF win_term
    AS 'MODULE_PATHNAME', 'sf_win_model_terms' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 200;
CREATE FUNCTION win_model_gates(model win_model, OUT gate text, OUT feature text, OUT limit_value float8,
                                OUT measured float8, OUT verdict text, OUT reason text)
    RETURNS SETOF record
    AS 'MODULE_PATHNAME', 'sf_win_model_gates' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 30;
CREATE FUNCTION win_model_candidates(model win_model, OUT candidate int, OUT algorithm text, OUT terms text, OUT bins int,
                                     OUT ridge float8, OUT trees int, OUT leaves int, OUT learning_rate float8,
                                     OUT least_rows float8, OUT smoothness float8, OUT features int, OUT log_loss float8, OUT auc float8, OUT chosen boolean)
    RETURNS SETOF record
    AS 'MODULE_PATHNAME', 'sf_win_model_candidates' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 20;

-- What needs all rows of a query.

CREATE FUNCTION fit_win_model_query(query text, options win_options DEFAULT win_options()) RETURNS win_model
    AS 'MODULE_PATHNAME', 'sf_win_fit_query' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 100000;
CREATE FUNCTION cross_validate_win(query text, options win_options DEFAULT win_options(), folds text DEFAULT 'shuffled',
                                   n int DEFAULT 5,
                                   OUT fold int, OUT won boolean, OUT probability float8, OUT as_of timestamp, OUT base_rate float8, OUT deal_id text)
    RETURNS SETOF record
    AS 'MODULE_PATHNAME', 'sf_win_cross_validation' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
    COST 100000 ROWS 10000;

CREATE FUNCTION win_interactions(
    query text, level float8 DEFAULT 0.05, least_deals int DEFAULT 30, bins int DEFAULT 8, threes boolean DEFAULT true,
    OUT condition text, OUT segment text, OUT deals bigint, OUT win_rate float8, OUT others bigint, OUT others_win_rate float8,
    OUT lift float8, OUT lift_outside float8, OUT odds_ratio float8, OUT odds_ratio_low float8, OUT odds_ratio_high float8,
    OUT odds_ratio_outside float8, OUT odds_ratio_shrunk float8, OUT p_value float8, OUT reason text)
    RETURNS SETOF record
    AS 'MODULE_PATHNAME', 'sf_win_interactions' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
    COST 100000 ROWS 20;

COMMENT ON TYPE win_model IS
'A trained win model, made by fit_win_model. Holds no deal, only counts and weights. Text form: win_model: and base64; the binary form is the same bytes on every machine. What is not a model is refused (22P03).';
COMMENT ON FUNCTION win_model_in(cstring) IS 'Text form of win_model to value; every part is checked (22P03).';
COMMENT ON FUNCTION win_model_out(win_model) IS 'Value of win_model to text form: win_model: and base64.';
COMMENT ON FUNCTION win_model_recv(internal) IS 'Binary form of win_model to value; every part is checked (22P03).';
COMMENT ON FUNCTION win_model_send(win_model) IS 'Value of win_model to binary form.';

COMMENT ON TYPE win_interval IS 'A win probability, and between which values the win rate of deals with such an estimate lies. low <= probability <= high, each between 0 and 1. What the true probability of a single deal is nobody knows: deals with one estimate differ.';
COMMENT ON COLUMN win_interval.probability IS 'The probability that the deal is won, between 0 and 1.';
COMMENT ON COLUMN win_interval.low IS 'Lower end of the 95 % interval of the win rate of the up to 200 held-out deals with the nearest estimates (Wilson); lower where one more lost deal would move it further (Venn-Abers). NULL when the model was not validated.';
COMMENT ON COLUMN win_interval.high IS 'Upper end of the 95 % interval of the win rate of the up to 200 held-out deals with the nearest estimates (Wilson); higher where one more won deal would move it further (Venn-Abers). NULL when the model was not validated.';

COMMENT ON TYPE win_factor IS 'One reason for the probability of a deal, made by explain_win. The contributions of all rows of a deal sum to ln(p / (1 - p)).';
COMMENT ON COLUMN win_factor.position IS 'From 1: the baseline, then features by the size of their contribution, then calibration.';
COMMENT ON COLUMN win_factor.kind IS 'baseline (an average deal), feature, or calibration (what was brought in line with held-out deals).';
COMMENT ON COLUMN win_factor.feature IS 'Name of the column; NULL for baseline and calibration.';
COMMENT ON COLUMN win_factor.value IS 'What the deal has there; NULL when it has nothing.';
COMMENT ON COLUMN win_factor.contribution IS 'Log-odds it adds: above 0 raises the probability, below 0 lowers it.';
COMMENT ON COLUMN win_factor.odds_ratio IS 'exp(contribution): 2 doubles the odds. NULL for the baseline.';
COMMENT ON COLUMN win_factor.win_rate IS 'Share of those deals that was won; NULL when there were none. The contribution of the feature beside others can point the other way.';
COMMENT ON COLUMN win_factor.deals IS 'Training deals with such a value; of numbers and dates with a rare one, those of neighbouring ranges too, until there are 50.';
COMMENT ON COLUMN win_factor.unseen IS 'A category that training never saw; it counts as average in every learner, so its contribution is 0. NULL for baseline and calibration.';
COMMENT ON COLUMN win_factor.reason IS 'The same in words and numbers.';

COMMENT ON TYPE win_term IS 'One value or range of one feature of a model, made by win_model_terms.';
COMMENT ON COLUMN win_term.feature IS 'Name of the column; (intercept) for the constant of a logistic model.';
COMMENT ON COLUMN win_term.value IS 'A category or several, a range of a number, each unit (or each day) for a slope, or not given for NULL.';
COMMENT ON COLUMN win_term.deals IS 'Training deals with such a value.';
COMMENT ON COLUMN win_term.won IS 'How many of them were won.';
COMMENT ON COLUMN win_term.win_rate IS 'won / deals, between 0 and 1.';
COMMENT ON COLUMN win_term.base_rate IS 'Share of all training deals that was won.';
COMMENT ON COLUMN win_term.lift IS 'win_rate / base_rate: 2 is won twice as often as the average deal.';
COMMENT ON COLUMN win_term.coefficient IS 'Log-odds it adds, against an average deal, before the share of the learner (win_model_summary, member) and calibration; NULL unless the model is logistic.';
COMMENT ON COLUMN win_term.standard_error IS 'Standard error of the coefficient; NULL unless the model is logistic.';
COMMENT ON COLUMN win_term.odds_ratio IS 'exp(coefficient), so before calibration as well; NULL unless the model is logistic.';
COMMENT ON COLUMN win_term.odds_ratio_low IS 'Lower end of its 95 % interval; NULL unless the model is logistic.';
COMMENT ON COLUMN win_term.odds_ratio_high IS 'Upper end of its 95 % interval; NULL unless the model is logistic.';
COMMENT ON COLUMN win_term.importance IS 'How far the whole feature moves an average deal, in log-odds: the mean size of its weights, or of what its splits change; the same in all rows of the feature.';

COMMENT ON TYPE win_options IS 'How a win model is trained. Made by the function win_options, which names every option and its default.';
COMMENT ON COLUMN win_options.algorithm IS 'auto (the best of several by cross-validation, the default), logistic, forest, boosted, or blend (logistic and boosted together).';
COMMENT ON COLUMN win_options.terms IS 'Of logistic: auto, linear (numbers by a slope) or binned (numbers by ranges).';
COMMENT ON COLUMN win_options.bins IS 'Ranges a number is cut into, and groups that categories fall into, 2 to 254; NULL chooses.';
COMMENT ON COLUMN win_options.ridge IS 'Penalty on squared weights, 0 or more; NULL chooses.';
COMMENT ON COLUMN win_options.trees IS 'Number of trees, 1 to 5000; NULL chooses.';
COMMENT ON COLUMN win_options.leaves IS 'Leaves of a boosted tree, 2 to 32; NULL chooses.';
COMMENT ON COLUMN win_options.depth IS 'Levels of a tree, 1 to 32; NULL chooses.';
COMMENT ON COLUMN win_options.learning_rate IS 'Share of each boosted tree that is added, 0.0001 to 1; NULL chooses.';
COMMENT ON COLUMN win_options.least_rows IS 'Deals in a leaf of a tree, 1 or more; NULL chooses.';
COMMENT ON COLUMN win_options.folds IS 'Parts of the cross-validation, 2 to 20; as many as there are groups (fold_group) when these are fewer.';
COMMENT ON COLUMN win_options.calibration IS 'auto (where held-out probabilities become better by it), none, platt or isotonic.';
COMMENT ON COLUMN win_options.validate IS 'auto (cross-validated where the algorithm is auto or blend), none, or full (cross-validated, and on the latest 20 % in time).';
COMMENT ON COLUMN win_options.force IS 'Train in spite of checks that refuse; the model records it.';
COMMENT ON COLUMN win_options.seed IS 'Start of the random numbers: the same deals, options and seed give the same model.';
COMMENT ON FUNCTION win_options(text, text, int, float8, int, int, int, float8, float8, int, text, text, boolean, bigint) IS
'Options of fit_win_model. What is NULL by default is chosen: by cross-validation for auto and blend, a usual value for the others. Another NULL, or a value out of range, is an error 22023 when the options are used.';

COMMENT ON FUNCTION win_fit_add(internal, boolean, record) IS 'Step of the aggregate fit_win_model.';
COMMENT ON FUNCTION win_fit_add(internal, boolean, record, win_options) IS 'Step of the aggregate fit_win_model.';
COMMENT ON FUNCTION win_update_add(internal, win_model, boolean, record) IS 'Step of the aggregate update_win_model.';
COMMENT ON FUNCTION win_fit_combine(internal, internal) IS 'Puts two states of fit_win_model or update_win_model together.';
COMMENT ON FUNCTION win_fit_serialize(internal) IS 'State of fit_win_model to bytes, for parallel workers.';
COMMENT ON FUNCTION win_fit_deserialize(bytea, internal) IS 'Bytes back to a state of fit_win_model.';
COMMENT ON FUNCTION win_fit_final(internal) IS 'Trains the model of a state of fit_win_model or update_win_model.';

COMMENT ON AGGREGATE fit_win_model(boolean, record) IS
'Trains a win model: fit_win_model(won, d) FROM (SELECT ...) AS d. won NULL is an open deal: not trained on, but looked at for leaks. Every column of the record is a feature by its name, save won, as_of (the moment the row describes), closed_at (a date or timestamp: when it was won or lost, so that the test on the latest fifth learns no outcome that came later), fold_group (rows of one group are held out together, and intervals of quality allow for it) and deal_id (for cross_validate_win): numbers, intervals (days), booleans, dates (as days before as_of), texts, enums, uuids (of texts the first 256 bytes count); NULL is information of its own. Row order and workers do not show in the model. NULL without rows; a NULL record is skipped. Errors: 22000 checks that refuse (fewer than 40 won or lost deals, leaks), all named; 42703 no column names, or dates without as_of; 42804 other types; 22003 infinite numbers; 22008 infinite dates; 54000 over 500 features; 53200 more memory than maintenance_work_mem, or more rows than a worker of a parallel plan can hand over (about 1 GB).';
COMMENT ON AGGREGATE fit_win_model(boolean, record, win_options) IS
'The same with options: fit_win_model(won, d, win_options(algorithm => ''boosted'')). NULL options are the defaults; they must be the same for all rows of a model (22023).';
COMMENT ON AGGREGATE update_win_model(win_model, boolean, record) IS
'Adds newly closed deals to a trained model without its old deals: update_win_model(m, won, d). Logistic models and forests only, else 0A000: train a new one. Counts, win rates, weights and the checks of counts and history are those of all deals; figures of quality go, and their checks warn, since the new model was not tested. Columns are found by name, further ones are ignored; open deals (won NULL) and NULL records or models change nothing. NULL without rows. Errors as for fit_win_model and win_probability; 22023 when rows have different models.';

COMMENT ON FUNCTION win_probability(win_model, record) IS
'The probability that a deal is won, above 0 and below 1: win_probability(m, d). Columns are found by name, whatever their order; further ones are ignored. A NULL column counts as missing, a category that training never saw as average. The label of an enum is what counts: renaming one changes what is stored, an index on it too. NULL when the model or the whole record is NULL. Errors: 42703 columns missing, 42804 of another type than in training, 22003 infinite numbers, 22008 infinite dates.';
COMMENT ON FUNCTION win_probability(text, record) IS
'The same by the name of a registered model, whose promoted version is used: win_probability(''deals'', d). 55000 when there is none; NULL when an argument is NULL.';
COMMENT ON FUNCTION win_probability_interval(win_model, record) IS
'The probability that a deal is won, and between which values the win rate of deals with such an estimate lies, at 95 %: wide where few such deals were held out. No interval for this one deal. Read it with LATERAL. NULL when an argument is NULL; errors as for win_probability.';
COMMENT ON FUNCTION win_probability_interval(text, record) IS
'The same by the name of a registered model, whose promoted version is used. 55000 when there is none; NULL when an argument is NULL.';
COMMENT ON FUNCTION explain_win(win_model, record) IS
'Why a deal has its probability, one row a factor: FROM deal AS d, LATERAL explain_win(m, d). The baseline first, features by the size of their contribution, calibration last; the contributions sum to ln(p / (1 - p)). Exact for logistic models and for trees (SHAP values along the paths of the trees). No rows when an argument is NULL; errors as for win_probability.';
COMMENT ON FUNCTION explain_win(text, record) IS
'The same by the name of a registered model, whose promoted version is used. 55000 when there is none; no rows when an argument is NULL.';

COMMENT ON FUNCTION win_model_summary(win_model) IS
'What a model is and how good it was: algorithm, deals, members, calibration, quality on held-out deals, on the latest ones and on those it was trained on. value is NULL where reason says it all. No rows for NULL.';
COMMENT ON FUNCTION win_model_terms(win_model) IS
'Every value or range of every feature, with its deals, its win rate against the base rate and, for logistic models, coefficient and odds ratio; the most important features first. No rows for NULL.';
COMMENT ON FUNCTION win_model_gates(win_model) IS
'Every check of the deals and of the model: what was measured, the limit, the verdict (pass, warn or refuse) and the reason in words. measured is NULL where there was nothing to measure. No rows for NULL.';
COMMENT ON FUNCTION win_model_candidates(win_model) IS
'What was tried when the model was trained, features: of how many of the strongest columns, with cross-validated log-loss (lower is better) and AUC, and what was chosen. Settings that an algorithm has not are NULL; so are log-loss and AUC of what was clearly worse on the first folds and given up. No rows when nothing was to be chosen, or for NULL.';

COMMENT ON FUNCTION fit_win_model_query(text, win_options) IS
'Trains a win model from the rows of a query, run as the caller: fit_win_model_query(''SELECT won, amount, lead_source FROM deal''). The column won (boolean, NULL for open deals) is the outcome, all others are as in fit_win_model. Shown in the view progress. NULL options are the defaults. Errors as for fit_win_model, and 22023 when the query is NULL, 42601 when it is not a single SELECT, 42703 without a column won, 42804 when that is no boolean.';
COMMENT ON FUNCTION cross_validate_win(text, win_options, text, int) IS
'Probabilities of deals that were held out, one row a deal; the query is as for fit_win_model_query. folds: shuffled (n parts, each held out once), grouped (the same, rows of one fold_group together), forward (by as_of: each part is predicted by a model of the deals before it; with a column closed_at of those that had closed before the first deal of the part, else outcomes that came later are learned too). Above 20000 deals settings, shares and calibration are chosen once, on the first training part, which holds deals of later parts. n: 2 to 20. Columns: fold from 1, won, probability, as_of (UTC; NULL when the query has none), base_rate of the deals that trained, deal_id (the column of that name as text, of any type, never a feature; NULL without one) to join them with. Put the rows into aggregates: SELECT auc(won, probability), log_loss(won, probability) FROM cross_validate_win(''...''). NULL options are the defaults, other NULLs an error 22023; 22000 when there are too few deals, groups or times, with their count; 42703 without the column fold_group or as_of that grouped or forward folds need.';
COMMENT ON FUNCTION win_interactions(text, float8, int, int, boolean) IS
'Conditions that matter in some segments only, the most evident first: a demo within two days helps, but only in two industries. The query is as for fit_win_model_query. level: rows with a p_value up to it (above 0, at most 1), already corrected for all pairs that were tried: about so large a share of the rows is chance. least_deals: in a segment, with and without the condition (1 or more). bins: ranges a number is cut into (2 to 254). threes: segments of two columns, too. Columns: condition, segment, deals and win_rate with the condition in the segment, others and others_win_rate without it there, lift (ratio of the two) and lift_outside (the same elsewhere), odds_ratio with its 95 % interval, the one outside, the one inside drawn towards the common one, p_value, and reason, all of it in words. NULL arguments and others out of range are an error 22023; errors of the query as for fit_win_model_query.';
