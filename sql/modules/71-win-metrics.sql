-- The win room: how good probabilities of a win are.

-- Means: one state for all.  A type of its own, so that a distributed planner can
-- send it between nodes; storage plain keeps it aligned.

CREATE TYPE win_sums;

CREATE FUNCTION win_sums_in(cstring) RETURNS win_sums
    AS 'MODULE_PATHNAME', 'sf_win_sums_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION win_sums_out(win_sums) RETURNS cstring
    AS 'MODULE_PATHNAME', 'sf_win_sums_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION win_sums_recv(internal) RETURNS win_sums
    AS 'MODULE_PATHNAME', 'sf_win_sums_recv' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION win_sums_send(win_sums) RETURNS bytea
    AS 'MODULE_PATHNAME', 'sf_win_sums_send' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE TYPE win_sums (
    INPUT = win_sums_in, OUTPUT = win_sums_out, RECEIVE = win_sums_recv, SEND = win_sums_send,
    INTERNALLENGTH = 168, ALIGNMENT = double, STORAGE = plain);

-- What comes out.

CREATE TYPE auc_estimate AS (
    auc float8,
    standard_error float8,
    low float8,
    high float8,
    won bigint,
    lost bigint);

CREATE TYPE paired_difference AS (
    difference float8,
    standard_error float8,
    low float8,
    high float8,
    p_value float8,
    deals bigint);

CREATE TYPE roc_point AS (
    threshold float8,
    true_positive_rate float8,
    false_positive_rate float8);

CREATE TYPE calibration_point AS (
    bin_low float8,
    bin_high float8,
    deals bigint,
    mean_probability float8,
    win_rate float8,
    low float8,
    high float8);

CREATE TYPE lift_point AS (
    share_of_deals float8,
    deals bigint,
    won bigint,
    win_rate float8,
    lift float8,
    share_of_won float8);

-- Steps and results.

CREATE FUNCTION win_sums_add_log_loss(win_sums, won boolean, probability float8) RETURNS win_sums
    AS 'MODULE_PATHNAME', 'sf_win_sums_add_log_loss' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION win_sums_add_brier(win_sums, won boolean, probability float8) RETURNS win_sums
    AS 'MODULE_PATHNAME', 'sf_win_sums_add_brier' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION win_sums_add_calibration(win_sums, won boolean, probability float8) RETURNS win_sums
    AS 'MODULE_PATHNAME', 'sf_win_sums_add_calibration' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION win_sums_add_difference(win_sums, won boolean, a float8, b float8) RETURNS win_sums
    AS 'MODULE_PATHNAME', 'sf_win_sums_add_difference' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION win_sums_combine(win_sums, win_sums) RETURNS win_sums
    AS 'MODULE_PATHNAME', 'sf_win_sums_combine' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION win_sums_final_mean(win_sums) RETURNS float8
    AS 'MODULE_PATHNAME', 'sf_win_sums_final_mean' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION win_sums_final_calibration(win_sums) RETURNS float8
    AS 'MODULE_PATHNAME', 'sf_win_sums_final_calibration' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION win_sums_final_difference(win_sums) RETURNS paired_difference
    AS 'MODULE_PATHNAME', 'sf_win_sums_final_difference' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION win_ranks_add(internal, won boolean, probability float8) RETURNS internal
    AS 'MODULE_PATHNAME', 'sf_win_ranks_add' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;
CREATE FUNCTION win_ranks_add_bins(internal, won boolean, probability float8) RETURNS internal
    AS 'MODULE_PATHNAME', 'sf_win_ranks_add_bins' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;
CREATE FUNCTION win_ranks_add_bins(internal, won boolean, probability float8, bins int) RETURNS internal
    AS 'MODULE_PATHNAME', 'sf_win_ranks_add_bins' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;
CREATE FUNCTION win_ranks_combine(internal, internal) RETURNS internal
    AS 'MODULE_PATHNAME', 'sf_win_ranks_combine' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;
CREATE FUNCTION win_ranks_serialize(internal) RETURNS bytea
    AS 'MODULE_PATHNAME', 'sf_win_ranks_serialize' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION win_ranks_deserialize(bytea, internal) RETURNS internal
    AS 'MODULE_PATHNAME', 'sf_win_ranks_deserialize' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION win_ranks_final_auc(internal) RETURNS float8
    AS 'MODULE_PATHNAME', 'sf_win_ranks_final_auc' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;
CREATE FUNCTION win_ranks_final_interval(internal) RETURNS auc_estimate
    AS 'MODULE_PATHNAME', 'sf_win_ranks_final_interval' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;
CREATE FUNCTION win_ranks_final_roc(internal) RETURNS roc_point[]
    AS 'MODULE_PATHNAME', 'sf_win_ranks_final_roc' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;
CREATE FUNCTION win_ranks_final_calibration(internal) RETURNS calibration_point[]
    AS 'MODULE_PATHNAME', 'sf_win_ranks_final_calibration' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;
CREATE FUNCTION win_ranks_final_lift(internal) RETURNS lift_point[]
    AS 'MODULE_PATHNAME', 'sf_win_ranks_final_lift' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;

CREATE FUNCTION win_pairs_add(internal, won boolean, a float8, b float8) RETURNS internal
    AS 'MODULE_PATHNAME', 'sf_win_pairs_add' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;
CREATE FUNCTION win_pairs_combine(internal, internal) RETURNS internal
    AS 'MODULE_PATHNAME', 'sf_win_pairs_combine' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;
CREATE FUNCTION win_pairs_serialize(internal) RETURNS bytea
    AS 'MODULE_PATHNAME', 'sf_win_pairs_serialize' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION win_pairs_deserialize(bytea, internal) RETURNS internal
    AS 'MODULE_PATHNAME', 'sf_win_pairs_deserialize' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION win_pairs_final(internal) RETURNS paired_difference
    AS 'MODULE_PATHNAME', 'sf_win_pairs_final' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;

-- The measures.

CREATE AGGREGATE log_loss(won boolean, probability float8) (
    SFUNC = win_sums_add_log_loss, STYPE = win_sums, INITCOND = '0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0',
    COMBINEFUNC = win_sums_combine, FINALFUNC = win_sums_final_mean, PARALLEL = SAFE);
CREATE AGGREGATE brier_score(won boolean, probability float8) (
    SFUNC = win_sums_add_brier, STYPE = win_sums, INITCOND = '0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0',
    COMBINEFUNC = win_sums_combine, FINALFUNC = win_sums_final_mean, PARALLEL = SAFE);
CREATE AGGREGATE calibration_error(won boolean, probability float8) (
    SFUNC = win_sums_add_calibration, STYPE = win_sums, INITCOND = '0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0',
    COMBINEFUNC = win_sums_combine, FINALFUNC = win_sums_final_calibration, PARALLEL = SAFE);
CREATE AGGREGATE log_loss_difference(won boolean, a float8, b float8) (
    SFUNC = win_sums_add_difference, STYPE = win_sums, INITCOND = '0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0',
    COMBINEFUNC = win_sums_combine, FINALFUNC = win_sums_final_difference, PARALLEL = SAFE);
CREATE AGGREGATE auc(won boolean, probability float8) (
    SFUNC = win_ranks_add, STYPE = internal, COMBINEFUNC = win_ranks_combine,
    SERIALFUNC = win_ranks_serialize, DESERIALFUNC = win_ranks_deserialize,
    FINALFUNC = win_ranks_final_auc, SSPACE = 4096, PARALLEL = SAFE);
CREATE AGGREGATE auc_interval(won boolean, probability float8) (
    SFUNC = win_ranks_add, STYPE = internal, COMBINEFUNC = win_ranks_combine,
    SERIALFUNC = win_ranks_serialize, DESERIALFUNC = win_ranks_deserialize,
    FINALFUNC = win_ranks_final_interval, SSPACE = 4096, PARALLEL = SAFE);
CREATE AGGREGATE auc_difference(won boolean, a float8, b float8) (
    SFUNC = win_pairs_add, STYPE = internal, COMBINEFUNC = win_pairs_combine,
    SERIALFUNC = win_pairs_serialize, DESERIALFUNC = win_pairs_deserialize,
    FINALFUNC = win_pairs_final, SSPACE = 4096, PARALLEL = SAFE);
CREATE AGGREGATE roc_curve(won boolean, probability float8) (
    SFUNC = win_ranks_add, STYPE = internal, COMBINEFUNC = win_ranks_combine,
    SERIALFUNC = win_ranks_serialize, DESERIALFUNC = win_ranks_deserialize,
    FINALFUNC = win_ranks_final_roc, SSPACE = 4096, PARALLEL = SAFE);
CREATE AGGREGATE calibration_curve(won boolean, probability float8) (
    SFUNC = win_ranks_add_bins, STYPE = internal, COMBINEFUNC = win_ranks_combine,
    SERIALFUNC = win_ranks_serialize, DESERIALFUNC = win_ranks_deserialize,
    FINALFUNC = win_ranks_final_calibration, SSPACE = 4096, PARALLEL = SAFE);
CREATE AGGREGATE calibration_curve(won boolean, probability float8, bins int) (
    SFUNC = win_ranks_add_bins, STYPE = internal, COMBINEFUNC = win_ranks_combine,
    SERIALFUNC = win_ranks_serialize, DESERIALFUNC = win_ranks_deserialize,
    FINALFUNC = win_ranks_final_calibration, SSPACE = 4096, PARALLEL = SAFE);
CREATE AGGREGATE lift_curve(won boolean, probability float8) (
    SFUNC = win_ranks_add_bins, STYPE = internal, COMBINEFUNC = win_ranks_combine,
    SERIALFUNC = win_ranks_serialize, DESERIALFUNC = win_ranks_deserialize,
    FINALFUNC = win_ranks_final_lift, SSPACE = 4096, PARALLEL = SAFE);
CREATE AGGREGATE lift_curve(won boolean, probability float8, bins int) (
    SFUNC = win_ranks_add_bins, STYPE = internal, COMBINEFUNC = win_ranks_combine,
    SERIALFUNC = win_ranks_serialize, DESERIALFUNC = win_ranks_deserialize,
    FINALFUNC = win_ranks_final_lift, SSPACE = 4096, PARALLEL = SAFE);

-- Splits that are the same on every machine: a key belongs to the same part for ever.

CREATE FUNCTION hash_bucket(key text, salt text, buckets int) RETURNS int
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN CASE WHEN buckets >= 1 THEN ((('x' || substr(md5(salt || ':' || key), 1, 8))::bit(32))::bigint % buckets)::int END;
CREATE FUNCTION in_holdout(key text, salt text DEFAULT '', share float8 DEFAULT 0.2) RETURNS boolean
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN CASE WHEN share BETWEEN 0 AND 1 THEN (('x' || substr(md5(salt || ':' || key), 1, 8))::bit(32))::bigint < share * 4294967296 END;

COMMENT ON AGGREGATE log_loss(boolean, float8) IS
'Mean log-loss (cross-entropy, in nats a deal): mean of -ln(probability given to what happened). 0 is perfect; always saying the win rate r gives -r ln r - (1 - r) ln(1 - r), 0.693 for a half. Probabilities are clipped to 1e-15 .. 1 - 1e-15. Rows with a NULL are skipped; NULL when no row counts. The order of the rows does not show. Errors: 22000 when a probability is outside 0 to 1.';
COMMENT ON AGGREGATE brier_score(boolean, float8) IS
'Brier score: mean of (probability - outcome)^2 with 1 for won and 0 for lost; 0 is perfect, 0.25 is what always saying one half gives. Rows with a NULL are skipped; NULL when no row counts. Errors: 22000 when a probability is outside 0 to 1.';
COMMENT ON AGGREGATE calibration_error(boolean, float8) IS
'Expected calibration error: probabilities in ten bins of equal width, mean over the deals of |mean probability - win rate| of their bin; 0 to 1, 0 is perfect. Even perfect probabilities show about 0.007 for 15,000 deals. Rows with a NULL are skipped; NULL when no row counts. Errors: 22000 when a probability is outside 0 to 1.';
COMMENT ON AGGREGATE auc(boolean, float8) IS
'Area under the ROC curve: the probability that a won deal has a higher prediction than a lost one, ties halved; 0.5 is chance, 1 is perfect. The prediction may be any finite number, only the order counts. Rows with a NULL are skipped; NULL unless there are both won and lost deals. The order of the rows does not show. Errors: 22000 when a prediction is NaN or infinite, 54000 beyond 500 million deals a class.';
COMMENT ON AGGREGATE auc_interval(boolean, float8) IS
'auc with DeLong''s standard error and a 95 % interval on the scale of log-odds. Rows with a NULL are skipped; NULL unless there are both won and lost deals. Errors: as auc.';
COMMENT ON AGGREGATE auc_difference(boolean, float8, float8) IS
'Two models on the same deals: auc of a less auc of b, with DeLong''s paired standard error, 95 % interval and p-value. Above 0: a orders better. Rows with a NULL are skipped; NULL unless there are both won and lost deals. Errors: 22000 when a prediction is NaN or infinite, 54000 beyond 500 million deals.';
COMMENT ON AGGREGATE log_loss_difference(boolean, float8, float8) IS
'Two models on the same deals: log_loss of a less log_loss of b, with the standard error of the paired differences, 95 % interval and p-value. Below 0: a is better. Rows with a NULL are skipped; NULL when no row counts. Errors: 22000 when a probability is outside 0 to 1.';
COMMENT ON AGGREGATE roc_curve(boolean, float8) IS
'ROC curve as at most 1000 points from (0, 0) to (1, 1), by falling threshold: SELECT p.* FROM (SELECT roc_curve(won, probability) AS c FROM deal) s, unnest(s.c) p. Rows with a NULL are skipped; NULL unless there are both won and lost deals. Errors: as auc.';
COMMENT ON AGGREGATE calibration_curve(boolean, float8) IS
'Probabilities in ten bins of equal width against what came, by rising bin; bins without deals are left out. Rows with a NULL are skipped; NULL when no row counts. Errors: 22000 when a probability is outside 0 to 1.';
COMMENT ON AGGREGATE calibration_curve(boolean, float8, int) IS
'As calibration_curve(won, probability) with a number of bins, 1 to 1000, the same in all rows. Errors: 22000 when a probability is outside 0 to 1, 22023 when bins is out of range or differs.';
COMMENT ON AGGREGATE lift_curve(boolean, float8) IS
'Deals in ten bins, the most promising first, and how many more of them are won than of all. Bins hold about the same number of deals; equal probabilities stay together, so there may be fewer bins. Rows with a NULL are skipped; NULL when no row counts. Errors: 22000 when a probability is outside 0 to 1.';
COMMENT ON AGGREGATE lift_curve(boolean, float8, int) IS
'As lift_curve(won, probability) with a number of bins, 1 to 1000, the same in all rows. Errors: 22000 when a probability is outside 0 to 1, 22023 when bins is out of range or differs.';
COMMENT ON FUNCTION hash_bucket(text, text, int) IS
'Bucket of a key, 0 to buckets - 1, about equally many keys each: the first 32 bits of md5(salt:key) modulo buckets. The same key and salt give the same bucket everywhere and for ever, so that a deal never moves from the test part to the training part. NULL for a NULL, and when buckets is below 1. No errors.';
COMMENT ON FUNCTION in_holdout(text, text, float8) IS
'Whether a key is held out for testing: true for about the given share of keys (0 none, 1 all), by the first 32 bits of md5(salt:key). Train on the rows where it is false: an 80/20 split by default. NULL for a NULL, and when share is not between 0 and 1. No errors.';
COMMENT ON TYPE auc_estimate IS
'Area under the ROC curve and how well it is known, made by auc_interval.';
COMMENT ON COLUMN auc_estimate.auc IS
'Probability that a won deal has a higher prediction than a lost one, 0 to 1.';
COMMENT ON COLUMN auc_estimate.standard_error IS
'DeLong''s standard error; NULL when a class has fewer than two deals.';
COMMENT ON COLUMN auc_estimate.low IS
'Lower end of the 95 % interval, 0 to 1; 0 when the error is not known.';
COMMENT ON COLUMN auc_estimate.high IS
'Upper end of the 95 % interval, 0 to 1; 1 when the error is not known.';
COMMENT ON COLUMN auc_estimate.won IS
'Won deals that were counted.';
COMMENT ON COLUMN auc_estimate.lost IS
'Lost deals that were counted.';
COMMENT ON TYPE paired_difference IS
'Difference of two models on the same deals, made by auc_difference and log_loss_difference.';
COMMENT ON COLUMN paired_difference.difference IS
'The measure of a less that of b.';
COMMENT ON COLUMN paired_difference.standard_error IS
'Standard error of the difference; NULL when there are too few deals to know it.';
COMMENT ON COLUMN paired_difference.low IS
'Lower end of the 95 % interval of the difference; NULL as standard_error.';
COMMENT ON COLUMN paired_difference.high IS
'Upper end of the 95 % interval of the difference; NULL as standard_error.';
COMMENT ON COLUMN paired_difference.p_value IS
'Two-sided p-value of no difference, by the normal distribution, 0 to 1; NULL as standard_error.';
COMMENT ON COLUMN paired_difference.deals IS
'Deals that were counted.';
COMMENT ON TYPE roc_point IS
'One point of a ROC curve: what calling every deal at or above a threshold won would do.';
COMMENT ON COLUMN roc_point.threshold IS
'Predictions at or above it are called won; Infinity at the first point.';
COMMENT ON COLUMN roc_point.true_positive_rate IS
'Share of the won deals that are called won, 0 to 1.';
COMMENT ON COLUMN roc_point.false_positive_rate IS
'Share of the lost deals that are called won, 0 to 1.';
COMMENT ON TYPE calibration_point IS
'One bin of a calibration curve.';
COMMENT ON COLUMN calibration_point.bin_low IS
'Lower end of the bin, within it.';
COMMENT ON COLUMN calibration_point.bin_high IS
'Upper end of the bin, not within it, except 1.';
COMMENT ON COLUMN calibration_point.deals IS
'Deals in the bin, 1 or more.';
COMMENT ON COLUMN calibration_point.mean_probability IS
'Mean of their probabilities.';
COMMENT ON COLUMN calibration_point.win_rate IS
'Share of them that was won, 0 to 1.';
COMMENT ON COLUMN calibration_point.low IS
'Lower end of Wilson''s 95 % interval of the win rate.';
COMMENT ON COLUMN calibration_point.high IS
'Upper end of Wilson''s 95 % interval of the win rate.';
COMMENT ON TYPE lift_point IS
'One bin of a lift curve, the most promising deals first.';
COMMENT ON COLUMN lift_point.share_of_deals IS
'Share of all deals in this bin and those before, 0 to 1.';
COMMENT ON COLUMN lift_point.deals IS
'Deals in the bin, 1 or more.';
COMMENT ON COLUMN lift_point.won IS
'Won ones among them.';
COMMENT ON COLUMN lift_point.win_rate IS
'won / deals, 0 to 1.';
COMMENT ON COLUMN lift_point.lift IS
'win_rate / win rate of all deals; NULL when none was won.';
COMMENT ON COLUMN lift_point.share_of_won IS
'Share of all won deals in this bin and those before, 0 to 1; NULL when none was won.';
COMMENT ON TYPE win_sums IS
'State of log_loss, brier_score, calibration_error and log_loss_difference, for the planner''s use: rows counted, and the two parts of ten sums.';
COMMENT ON FUNCTION win_sums_in(cstring) IS
'Input of win_sums. Errors: 22P02 malformed text, 22P03 parts that do not agree.';
COMMENT ON FUNCTION win_sums_out(win_sums) IS
'Output of win_sums.';
COMMENT ON FUNCTION win_sums_recv(internal) IS
'Binary input of win_sums. Errors: 22P03 parts that do not agree.';
COMMENT ON FUNCTION win_sums_send(win_sums) IS
'Binary output of win_sums.';
COMMENT ON FUNCTION win_sums_add_log_loss(win_sums, boolean, float8) IS
'Step of log_loss. Errors: 22000 when a probability is outside 0 to 1.';
COMMENT ON FUNCTION win_sums_add_brier(win_sums, boolean, float8) IS
'Step of brier_score. Errors: 22000 when a probability is outside 0 to 1.';
COMMENT ON FUNCTION win_sums_add_calibration(win_sums, boolean, float8) IS
'Step of calibration_error. Errors: 22000 when a probability is outside 0 to 1.';
COMMENT ON FUNCTION win_sums_add_difference(win_sums, boolean, float8, float8) IS
'Step of log_loss_difference. Errors: 22000 when a probability is outside 0 to 1.';
COMMENT ON FUNCTION win_sums_combine(win_sums, win_sums) IS
'Combines two states of a mean.';
COMMENT ON FUNCTION win_sums_final_mean(win_sums) IS
'Result of log_loss and brier_score. NULL when no row counts.';
COMMENT ON FUNCTION win_sums_final_calibration(win_sums) IS
'Result of calibration_error. NULL when no row counts.';
COMMENT ON FUNCTION win_sums_final_difference(win_sums) IS
'Result of log_loss_difference. NULL when no row counts.';
COMMENT ON FUNCTION win_ranks_add(internal, boolean, float8) IS
'Step of auc, auc_interval and roc_curve. Errors: 22000 when a prediction is NaN or infinite, 54000 beyond 500 million deals a class.';
COMMENT ON FUNCTION win_ranks_add_bins(internal, boolean, float8) IS
'Step of calibration_curve and lift_curve with ten bins. Errors: 22000 when a probability is outside 0 to 1.';
COMMENT ON FUNCTION win_ranks_add_bins(internal, boolean, float8, int) IS
'Step of calibration_curve and lift_curve. Errors: 22000 when a probability is outside 0 to 1, 22023 when bins is out of range or differs.';
COMMENT ON FUNCTION win_ranks_combine(internal, internal) IS
'Combines two states of ordered predictions.';
COMMENT ON FUNCTION win_ranks_serialize(internal) IS
'State of ordered predictions as bytes, for the way between the processes of one server. Errors: 54000 when it is beyond 1 GB.';
COMMENT ON FUNCTION win_ranks_deserialize(bytea, internal) IS
'State of ordered predictions from bytes. Errors: 22P03 bytes that are none.';
COMMENT ON FUNCTION win_ranks_final_auc(internal) IS
'Result of auc. NULL when there is nothing to answer from.';
COMMENT ON FUNCTION win_ranks_final_interval(internal) IS
'Result of auc_interval. NULL when there is nothing to answer from.';
COMMENT ON FUNCTION win_ranks_final_roc(internal) IS
'Result of roc_curve. NULL when there is nothing to answer from.';
COMMENT ON FUNCTION win_ranks_final_calibration(internal) IS
'Result of calibration_curve. NULL when there is nothing to answer from.';
COMMENT ON FUNCTION win_ranks_final_lift(internal) IS
'Result of lift_curve. NULL when there is nothing to answer from.';
COMMENT ON FUNCTION win_pairs_add(internal, boolean, float8, float8) IS
'Step of auc_difference. Errors: 22000 when a prediction is NaN or infinite, 54000 beyond 500 million deals.';
COMMENT ON FUNCTION win_pairs_combine(internal, internal) IS
'Combines two states of auc_difference.';
COMMENT ON FUNCTION win_pairs_serialize(internal) IS
'State of auc_difference as bytes, for the way between the processes of one server. Errors: 54000 when it is beyond 1 GB.';
COMMENT ON FUNCTION win_pairs_deserialize(bytea, internal) IS
'State of auc_difference from bytes. Errors: 22P03 bytes that are none.';
COMMENT ON FUNCTION win_pairs_final(internal) IS
'Result of auc_difference. NULL unless there are both won and lost deals.';
