-- The forecast room: accuracy, how far forecasts were from what came.

-- One state for all measures.  A type of its own, so that a distributed planner
-- can send it between nodes; storage plain keeps it aligned.

CREATE TYPE accuracy_state;

CREATE FUNCTION accuracy_in(cstring) RETURNS accuracy_state
    AS 'MODULE_PATHNAME', 'sf_accuracy_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION accuracy_out(accuracy_state) RETURNS cstring
    AS 'MODULE_PATHNAME', 'sf_accuracy_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION accuracy_recv(internal) RETURNS accuracy_state
    AS 'MODULE_PATHNAME', 'sf_accuracy_recv' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION accuracy_send(accuracy_state) RETURNS bytea
    AS 'MODULE_PATHNAME', 'sf_accuracy_send' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE TYPE accuracy_state (
    INPUT = accuracy_in, OUTPUT = accuracy_out, RECEIVE = accuracy_recv, SEND = accuracy_send,
    INTERNALLENGTH = 96, ALIGNMENT = double, STORAGE = plain);

-- Steps: a row in, a row out.

CREATE FUNCTION accuracy_add_mape(accuracy_state, actual float8, forecast float8) RETURNS accuracy_state
    AS 'MODULE_PATHNAME', 'sf_accuracy_add_mape' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION accuracy_add_smape(accuracy_state, actual float8, forecast float8) RETURNS accuracy_state
    AS 'MODULE_PATHNAME', 'sf_accuracy_add_smape' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION accuracy_add_mae(accuracy_state, actual float8, forecast float8) RETURNS accuracy_state
    AS 'MODULE_PATHNAME', 'sf_accuracy_add_mae' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION accuracy_add_bias(accuracy_state, actual float8, forecast float8) RETURNS accuracy_state
    AS 'MODULE_PATHNAME', 'sf_accuracy_add_bias' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION accuracy_add_rmse(accuracy_state, actual float8, forecast float8) RETURNS accuracy_state
    AS 'MODULE_PATHNAME', 'sf_accuracy_add_rmse' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION accuracy_add_mase(accuracy_state, actual float8, forecast float8, scale float8) RETURNS accuracy_state
    AS 'MODULE_PATHNAME', 'sf_accuracy_add_mase' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION accuracy_add_rmsse(accuracy_state, actual float8, forecast float8, scale float8) RETURNS accuracy_state
    AS 'MODULE_PATHNAME', 'sf_accuracy_add_rmsse' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION accuracy_add_pinball(accuracy_state, actual float8, forecast float8, level float8) RETURNS accuracy_state
    AS 'MODULE_PATHNAME', 'sf_accuracy_add_pinball' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION accuracy_add_interval(accuracy_state, actual float8, lower float8, upper float8, level float8) RETURNS accuracy_state
    AS 'MODULE_PATHNAME', 'sf_accuracy_add_interval' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION accuracy_add_msis(accuracy_state, actual float8, lower float8, upper float8, level float8, scale float8) RETURNS accuracy_state
    AS 'MODULE_PATHNAME', 'sf_accuracy_add_msis' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION accuracy_add_coverage(accuracy_state, actual float8, lower float8, upper float8) RETURNS accuracy_state
    AS 'MODULE_PATHNAME', 'sf_accuracy_add_coverage' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION accuracy_remove_mape(accuracy_state, actual float8, forecast float8) RETURNS accuracy_state
    AS 'MODULE_PATHNAME', 'sf_accuracy_remove_mape' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION accuracy_remove_smape(accuracy_state, actual float8, forecast float8) RETURNS accuracy_state
    AS 'MODULE_PATHNAME', 'sf_accuracy_remove_smape' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION accuracy_remove_mae(accuracy_state, actual float8, forecast float8) RETURNS accuracy_state
    AS 'MODULE_PATHNAME', 'sf_accuracy_remove_mae' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION accuracy_remove_bias(accuracy_state, actual float8, forecast float8) RETURNS accuracy_state
    AS 'MODULE_PATHNAME', 'sf_accuracy_remove_bias' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION accuracy_remove_rmse(accuracy_state, actual float8, forecast float8) RETURNS accuracy_state
    AS 'MODULE_PATHNAME', 'sf_accuracy_remove_rmse' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION accuracy_remove_mase(accuracy_state, actual float8, forecast float8, scale float8) RETURNS accuracy_state
    AS 'MODULE_PATHNAME', 'sf_accuracy_remove_mase' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION accuracy_remove_rmsse(accuracy_state, actual float8, forecast float8, scale float8) RETURNS accuracy_state
    AS 'MODULE_PATHNAME', 'sf_accuracy_remove_rmsse' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION accuracy_remove_pinball(accuracy_state, actual float8, forecast float8, level float8) RETURNS accuracy_state
    AS 'MODULE_PATHNAME', 'sf_accuracy_remove_pinball' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION accuracy_remove_interval(accuracy_state, actual float8, lower float8, upper float8, level float8) RETURNS accuracy_state
    AS 'MODULE_PATHNAME', 'sf_accuracy_remove_interval' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION accuracy_remove_msis(accuracy_state, actual float8, lower float8, upper float8, level float8, scale float8) RETURNS accuracy_state
    AS 'MODULE_PATHNAME', 'sf_accuracy_remove_msis' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION accuracy_remove_coverage(accuracy_state, actual float8, lower float8, upper float8) RETURNS accuracy_state
    AS 'MODULE_PATHNAME', 'sf_accuracy_remove_coverage' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION accuracy_combine(accuracy_state, accuracy_state) RETURNS accuracy_state
    AS 'MODULE_PATHNAME', 'sf_accuracy_combine' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION accuracy_final_mean(accuracy_state) RETURNS float8
    AS 'MODULE_PATHNAME', 'sf_accuracy_final_mean' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION accuracy_final_root(accuracy_state) RETURNS float8
    AS 'MODULE_PATHNAME', 'sf_accuracy_final_root' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION accuracy_final_ratio(accuracy_state) RETURNS float8
    AS 'MODULE_PATHNAME', 'sf_accuracy_final_ratio' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION accuracy_final_percent(accuracy_state) RETURNS float8
    AS 'MODULE_PATHNAME', 'sf_accuracy_final_percent' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION accuracy_final_hit(accuracy_state) RETURNS float8
    AS 'MODULE_PATHNAME', 'sf_accuracy_final_hit' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION accuracy_final_left_out(accuracy_state) RETURNS bigint
    AS 'MODULE_PATHNAME', 'sf_accuracy_final_left_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

-- The measures.

CREATE AGGREGATE mae(actual float8, forecast float8) (
    SFUNC = accuracy_add_mae, STYPE = accuracy_state, INITCOND = '0 0 0 0 0 0 0 0 0 0 0 0',
    COMBINEFUNC = accuracy_combine, FINALFUNC = accuracy_final_mean,
    MSFUNC = accuracy_add_mae, MINVFUNC = accuracy_remove_mae,
    MSTYPE = accuracy_state, MINITCOND = '0 0 0 0 0 0 0 0 0 0 0 0', MFINALFUNC = accuracy_final_mean,
    PARALLEL = SAFE);
CREATE AGGREGATE rmse(actual float8, forecast float8) (
    SFUNC = accuracy_add_rmse, STYPE = accuracy_state, INITCOND = '0 0 0 0 0 0 0 0 0 0 0 0',
    COMBINEFUNC = accuracy_combine, FINALFUNC = accuracy_final_root,
    MSFUNC = accuracy_add_rmse, MINVFUNC = accuracy_remove_rmse,
    MSTYPE = accuracy_state, MINITCOND = '0 0 0 0 0 0 0 0 0 0 0 0', MFINALFUNC = accuracy_final_root,
    PARALLEL = SAFE);
CREATE AGGREGATE mape(actual float8, forecast float8) (
    SFUNC = accuracy_add_mape, STYPE = accuracy_state, INITCOND = '0 0 0 0 0 0 0 0 0 0 0 0',
    COMBINEFUNC = accuracy_combine, FINALFUNC = accuracy_final_mean,
    MSFUNC = accuracy_add_mape, MINVFUNC = accuracy_remove_mape,
    MSTYPE = accuracy_state, MINITCOND = '0 0 0 0 0 0 0 0 0 0 0 0', MFINALFUNC = accuracy_final_mean,
    PARALLEL = SAFE);
CREATE AGGREGATE accuracy_percent(actual float8, forecast float8) (
    SFUNC = accuracy_add_mape, STYPE = accuracy_state, INITCOND = '0 0 0 0 0 0 0 0 0 0 0 0',
    COMBINEFUNC = accuracy_combine, FINALFUNC = accuracy_final_hit,
    MSFUNC = accuracy_add_mape, MINVFUNC = accuracy_remove_mape,
    MSTYPE = accuracy_state, MINITCOND = '0 0 0 0 0 0 0 0 0 0 0 0', MFINALFUNC = accuracy_final_hit,
    PARALLEL = SAFE);
CREATE AGGREGATE accuracy_left_out(actual float8, forecast float8) (
    SFUNC = accuracy_add_mape, STYPE = accuracy_state, INITCOND = '0 0 0 0 0 0 0 0 0 0 0 0',
    COMBINEFUNC = accuracy_combine, FINALFUNC = accuracy_final_left_out,
    MSFUNC = accuracy_add_mape, MINVFUNC = accuracy_remove_mape,
    MSTYPE = accuracy_state, MINITCOND = '0 0 0 0 0 0 0 0 0 0 0 0', MFINALFUNC = accuracy_final_left_out,
    PARALLEL = SAFE);
CREATE AGGREGATE smape(actual float8, forecast float8) (
    SFUNC = accuracy_add_smape, STYPE = accuracy_state, INITCOND = '0 0 0 0 0 0 0 0 0 0 0 0',
    COMBINEFUNC = accuracy_combine, FINALFUNC = accuracy_final_mean,
    MSFUNC = accuracy_add_smape, MINVFUNC = accuracy_remove_smape,
    MSTYPE = accuracy_state, MINITCOND = '0 0 0 0 0 0 0 0 0 0 0 0', MFINALFUNC = accuracy_final_mean,
    PARALLEL = SAFE);
CREATE AGGREGATE wape(actual float8, forecast float8) (
    SFUNC = accuracy_add_mae, STYPE = accuracy_state, INITCOND = '0 0 0 0 0 0 0 0 0 0 0 0',
    COMBINEFUNC = accuracy_combine, FINALFUNC = accuracy_final_percent,
    MSFUNC = accuracy_add_mae, MINVFUNC = accuracy_remove_mae,
    MSTYPE = accuracy_state, MINITCOND = '0 0 0 0 0 0 0 0 0 0 0 0', MFINALFUNC = accuracy_final_percent,
    PARALLEL = SAFE);
CREATE AGGREGATE forecast_bias(actual float8, forecast float8) (
    SFUNC = accuracy_add_bias, STYPE = accuracy_state, INITCOND = '0 0 0 0 0 0 0 0 0 0 0 0',
    COMBINEFUNC = accuracy_combine, FINALFUNC = accuracy_final_ratio,
    MSFUNC = accuracy_add_bias, MINVFUNC = accuracy_remove_bias,
    MSTYPE = accuracy_state, MINITCOND = '0 0 0 0 0 0 0 0 0 0 0 0', MFINALFUNC = accuracy_final_ratio,
    PARALLEL = SAFE);
CREATE AGGREGATE mase(actual float8, forecast float8, scale float8) (
    SFUNC = accuracy_add_mase, STYPE = accuracy_state, INITCOND = '0 0 0 0 0 0 0 0 0 0 0 0',
    COMBINEFUNC = accuracy_combine, FINALFUNC = accuracy_final_mean,
    MSFUNC = accuracy_add_mase, MINVFUNC = accuracy_remove_mase,
    MSTYPE = accuracy_state, MINITCOND = '0 0 0 0 0 0 0 0 0 0 0 0', MFINALFUNC = accuracy_final_mean,
    PARALLEL = SAFE);
CREATE AGGREGATE rmsse(actual float8, forecast float8, scale float8) (
    SFUNC = accuracy_add_rmsse, STYPE = accuracy_state, INITCOND = '0 0 0 0 0 0 0 0 0 0 0 0',
    COMBINEFUNC = accuracy_combine, FINALFUNC = accuracy_final_root,
    MSFUNC = accuracy_add_rmsse, MINVFUNC = accuracy_remove_rmsse,
    MSTYPE = accuracy_state, MINITCOND = '0 0 0 0 0 0 0 0 0 0 0 0', MFINALFUNC = accuracy_final_root,
    PARALLEL = SAFE);
CREATE AGGREGATE accuracy_left_out(actual float8, forecast float8, scale float8) (
    SFUNC = accuracy_add_mase, STYPE = accuracy_state, INITCOND = '0 0 0 0 0 0 0 0 0 0 0 0',
    COMBINEFUNC = accuracy_combine, FINALFUNC = accuracy_final_left_out,
    MSFUNC = accuracy_add_mase, MINVFUNC = accuracy_remove_mase,
    MSTYPE = accuracy_state, MINITCOND = '0 0 0 0 0 0 0 0 0 0 0 0', MFINALFUNC = accuracy_final_left_out,
    PARALLEL = SAFE);
CREATE AGGREGATE pinball_loss(actual float8, forecast float8, level float8) (
    SFUNC = accuracy_add_pinball, STYPE = accuracy_state, INITCOND = '0 0 0 0 0 0 0 0 0 0 0 0',
    COMBINEFUNC = accuracy_combine, FINALFUNC = accuracy_final_mean,
    MSFUNC = accuracy_add_pinball, MINVFUNC = accuracy_remove_pinball,
    MSTYPE = accuracy_state, MINITCOND = '0 0 0 0 0 0 0 0 0 0 0 0', MFINALFUNC = accuracy_final_mean,
    PARALLEL = SAFE);
CREATE AGGREGATE interval_score(actual float8, lower float8, upper float8, level float8) (
    SFUNC = accuracy_add_interval, STYPE = accuracy_state, INITCOND = '0 0 0 0 0 0 0 0 0 0 0 0',
    COMBINEFUNC = accuracy_combine, FINALFUNC = accuracy_final_mean,
    MSFUNC = accuracy_add_interval, MINVFUNC = accuracy_remove_interval,
    MSTYPE = accuracy_state, MINITCOND = '0 0 0 0 0 0 0 0 0 0 0 0', MFINALFUNC = accuracy_final_mean,
    PARALLEL = SAFE);
CREATE AGGREGATE msis(actual float8, lower float8, upper float8, level float8, scale float8) (
    SFUNC = accuracy_add_msis, STYPE = accuracy_state, INITCOND = '0 0 0 0 0 0 0 0 0 0 0 0',
    COMBINEFUNC = accuracy_combine, FINALFUNC = accuracy_final_mean,
    MSFUNC = accuracy_add_msis, MINVFUNC = accuracy_remove_msis,
    MSTYPE = accuracy_state, MINITCOND = '0 0 0 0 0 0 0 0 0 0 0 0', MFINALFUNC = accuracy_final_mean,
    PARALLEL = SAFE);
CREATE AGGREGATE coverage(actual float8, lower float8, upper float8) (
    SFUNC = accuracy_add_coverage, STYPE = accuracy_state, INITCOND = '0 0 0 0 0 0 0 0 0 0 0 0',
    COMBINEFUNC = accuracy_combine, FINALFUNC = accuracy_final_mean,
    MSFUNC = accuracy_add_coverage, MINVFUNC = accuracy_remove_coverage,
    MSTYPE = accuracy_state, MINITCOND = '0 0 0 0 0 0 0 0 0 0 0 0', MFINALFUNC = accuracy_final_mean,
    PARALLEL = SAFE);

-- Scales: the error of the naive forecast within the training part.  The values
-- are needed in order of time, so the state keeps them.

CREATE FUNCTION accuracy_scale_add(internal, at bigint, value float8, season int) RETURNS internal
    AS 'MODULE_PATHNAME', 'sf_accuracy_scale_add_bigint' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;
CREATE FUNCTION accuracy_scale_add(internal, at date, value float8, season int) RETURNS internal
    AS 'MODULE_PATHNAME', 'sf_accuracy_scale_add_date' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;
CREATE FUNCTION accuracy_scale_add(internal, at timestamp, value float8, season int) RETURNS internal
    AS 'MODULE_PATHNAME', 'sf_accuracy_scale_add_timestamp' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;
CREATE FUNCTION accuracy_scale_add(internal, at timestamptz, value float8, season int) RETURNS internal
    AS 'MODULE_PATHNAME', 'sf_accuracy_scale_add_timestamp' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;
CREATE FUNCTION accuracy_scale_combine(internal, internal) RETURNS internal
    AS 'MODULE_PATHNAME', 'sf_accuracy_scale_combine' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;
CREATE FUNCTION accuracy_scale_serialize(internal) RETURNS bytea
    AS 'MODULE_PATHNAME', 'sf_accuracy_scale_serialize' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION accuracy_scale_deserialize(bytea, internal) RETURNS internal
    AS 'MODULE_PATHNAME', 'sf_accuracy_scale_deserialize' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION accuracy_scale_mean_by_number(internal) RETURNS float8
    AS 'MODULE_PATHNAME', 'sf_accuracy_scale_mean_by_number' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;
CREATE FUNCTION accuracy_scale_mean_by_order(internal) RETURNS float8
    AS 'MODULE_PATHNAME', 'sf_accuracy_scale_mean_by_order' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;
CREATE FUNCTION accuracy_scale_root_by_number(internal) RETURNS float8
    AS 'MODULE_PATHNAME', 'sf_accuracy_scale_root_by_number' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;
CREATE FUNCTION accuracy_scale_root_by_order(internal) RETURNS float8
    AS 'MODULE_PATHNAME', 'sf_accuracy_scale_root_by_order' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;

CREATE AGGREGATE mase_scale(at bigint, value float8, season int) (
    SFUNC = accuracy_scale_add, STYPE = internal, COMBINEFUNC = accuracy_scale_combine,
    SERIALFUNC = accuracy_scale_serialize, DESERIALFUNC = accuracy_scale_deserialize,
    FINALFUNC = accuracy_scale_mean_by_number, SSPACE = 4096, PARALLEL = SAFE);
CREATE AGGREGATE mase_scale(at date, value float8, season int) (
    SFUNC = accuracy_scale_add, STYPE = internal, COMBINEFUNC = accuracy_scale_combine,
    SERIALFUNC = accuracy_scale_serialize, DESERIALFUNC = accuracy_scale_deserialize,
    FINALFUNC = accuracy_scale_mean_by_order, SSPACE = 4096, PARALLEL = SAFE);
CREATE AGGREGATE mase_scale(at timestamp, value float8, season int) (
    SFUNC = accuracy_scale_add, STYPE = internal, COMBINEFUNC = accuracy_scale_combine,
    SERIALFUNC = accuracy_scale_serialize, DESERIALFUNC = accuracy_scale_deserialize,
    FINALFUNC = accuracy_scale_mean_by_order, SSPACE = 4096, PARALLEL = SAFE);
CREATE AGGREGATE mase_scale(at timestamptz, value float8, season int) (
    SFUNC = accuracy_scale_add, STYPE = internal, COMBINEFUNC = accuracy_scale_combine,
    SERIALFUNC = accuracy_scale_serialize, DESERIALFUNC = accuracy_scale_deserialize,
    FINALFUNC = accuracy_scale_mean_by_order, SSPACE = 4096, PARALLEL = SAFE);
CREATE AGGREGATE rmsse_scale(at bigint, value float8, season int) (
    SFUNC = accuracy_scale_add, STYPE = internal, COMBINEFUNC = accuracy_scale_combine,
    SERIALFUNC = accuracy_scale_serialize, DESERIALFUNC = accuracy_scale_deserialize,
    FINALFUNC = accuracy_scale_root_by_number, SSPACE = 4096, PARALLEL = SAFE);
CREATE AGGREGATE rmsse_scale(at date, value float8, season int) (
    SFUNC = accuracy_scale_add, STYPE = internal, COMBINEFUNC = accuracy_scale_combine,
    SERIALFUNC = accuracy_scale_serialize, DESERIALFUNC = accuracy_scale_deserialize,
    FINALFUNC = accuracy_scale_root_by_order, SSPACE = 4096, PARALLEL = SAFE);
CREATE AGGREGATE rmsse_scale(at timestamp, value float8, season int) (
    SFUNC = accuracy_scale_add, STYPE = internal, COMBINEFUNC = accuracy_scale_combine,
    SERIALFUNC = accuracy_scale_serialize, DESERIALFUNC = accuracy_scale_deserialize,
    FINALFUNC = accuracy_scale_root_by_order, SSPACE = 4096, PARALLEL = SAFE);
CREATE AGGREGATE rmsse_scale(at timestamptz, value float8, season int) (
    SFUNC = accuracy_scale_add, STYPE = internal, COMBINEFUNC = accuracy_scale_combine,
    SERIALFUNC = accuracy_scale_serialize, DESERIALFUNC = accuracy_scale_deserialize,
    FINALFUNC = accuracy_scale_root_by_order, SSPACE = 4096, PARALLEL = SAFE);

COMMENT ON AGGREGATE mae(float8, float8) IS
'Mean absolute error: mean of |actual - forecast|, in the unit of actual. 0 is perfect. Rows with a NULL are skipped; NULL when no row counts. Errors: 22000 when a number is NaN or infinite, 22003 when the result is out of range.';
COMMENT ON AGGREGATE rmse(float8, float8) IS
'Root mean square error: root of the mean of (actual - forecast)^2, in the unit of actual. 0 is perfect; large errors weigh more than in mae. Rows with a NULL are skipped; NULL when no row counts. Errors: 22000 when a number is NaN or infinite, 22003 when the result is out of range.';
COMMENT ON AGGREGATE mape(float8, float8) IS
'Mean absolute percentage error: mean of 100 * |actual - forecast| / |actual|, in per cent, 0 or more. Rows whose actual is 0 have none and are left out; accuracy_left_out tells how many. Rows with a NULL are skipped; NULL when no row counts. Errors: 22000 when a number is NaN or infinite, 22003 when the result is out of range.';
COMMENT ON AGGREGATE accuracy_percent(float8, float8) IS
'Accuracy in per cent: 100 - mape, so 100 is perfect and below 0 is possible. Rows whose actual is 0 are left out; accuracy_left_out tells how many. Give it one row a period, with the total of the period. Rows with a NULL are skipped; NULL when no row counts. Errors: 22000 when a number is NaN or infinite, 22003 when the result is out of range.';
COMMENT ON AGGREGATE accuracy_left_out(float8, float8) IS
'How many rows mape and accuracy_percent leave out because their actual is 0. Rows with a NULL are skipped; NULL when there is no other row. Errors: as mape.';
COMMENT ON AGGREGATE smape(float8, float8) IS
'Symmetric mean absolute percentage error as in the M4 competition: mean of 200 * |actual - forecast| / (|actual| + |forecast|), 0 to 200 per cent; a row of two zeros counts as 0. Not for series with many zeros: use mase or rmsse. Rows with a NULL are skipped; NULL when no row counts. Errors: 22000 when a number is NaN or infinite.';
COMMENT ON AGGREGATE wape(float8, float8) IS
'Weighted absolute percentage error: 100 * sum of |actual - forecast| / sum of |actual|, in per cent, 0 or more. Rows with an actual of 0 count. Rows with a NULL are skipped; NULL when no row counts or all actuals are 0. Errors: 22000 when a number is NaN or infinite, 22003 when the result is out of range.';
COMMENT ON AGGREGATE forecast_bias(float8, float8) IS
'Bias: sum of (forecast - actual) / |sum of actual|, a share without unit. Above 0: forecasts were too high; below 0: too low; 0.05 = 5 per cent too high in total. Rows with a NULL are skipped; NULL when no row counts or the actuals sum to 0. Errors: 22000 when a number is NaN or infinite, 22003 when the result is out of range.';
COMMENT ON AGGREGATE mase(float8, float8, float8) IS
'Mean absolute scaled error: mean of |actual - forecast| / scale, without unit. scale is the series'' own, from mase_scale over its training part; below 1 beats the in-sample naive forecast. Rows whose scale is 0 (a series that never changed) are left out; accuracy_left_out(actual, forecast, scale) counts them. Rows with a NULL are skipped; NULL when no row counts. Errors: 22000 when a number is NaN or infinite or scale is below 0, 22003 when the result is out of range.';
COMMENT ON AGGREGATE rmsse(float8, float8, float8) IS
'Root mean squared scaled error: root of the mean of ((actual - forecast) / scale)^2, without unit. scale is the series'' own, from rmsse_scale over its training part. Meant for one series at a time: average the values of GROUP BY series. Rows whose scale is 0 are left out; accuracy_left_out(actual, forecast, scale) counts them. Rows with a NULL are skipped; NULL when no row counts. Errors: 22000 when a number is NaN or infinite or scale is below 0, 22003 when the result is out of range.';
COMMENT ON AGGREGATE accuracy_left_out(float8, float8, float8) IS
'How many rows mase, rmsse and msis leave out because their scale is 0. Rows with a NULL are skipped; NULL when there is no other row. Errors: as mase.';
COMMENT ON AGGREGATE pinball_loss(float8, float8, float8) IS
'Pinball (quantile) loss of forecasts of the quantile level: mean of level * (actual - forecast) where the actual is higher, else (1 - level) * (forecast - actual); in the unit of actual, 0 is perfect. level lies above 0 and below 1 and may differ by row. Rows with a NULL are skipped; NULL when no row counts. Errors: 22023 level, 22000 when a number is NaN or infinite, 22003 when the result is out of range.';
COMMENT ON AGGREGATE interval_score(float8, float8, float8, float8) IS
'Interval (Winkler) score of intervals meant to hold the actual with probability level: mean of upper - lower, plus 2 / (1 - level) times the distance by which an actual lies outside; in the unit of actual, small is good. level lies above 0 and below 1 (0.95 for lo95 and hi95). Rows with a NULL are skipped; NULL when no row counts. Errors: 22023 level, 22000 when a number is NaN or infinite or lower is above upper, 22003 when the result is out of range.';
COMMENT ON AGGREGATE msis(float8, float8, float8, float8, float8) IS
'Mean scaled interval score as in the M4 competition: the interval score of each row / scale, averaged; without unit, small is good. scale is the series'' own, from mase_scale over its training part. Rows whose scale is 0 are left out; accuracy_left_out(actual, upper, scale) counts them. Rows with a NULL are skipped; NULL when no row counts. Errors: 22023 level, 22000 when a number is NaN or infinite, lower is above upper or scale below 0, 22003 when the result is out of range.';
COMMENT ON AGGREGATE coverage(float8, float8, float8) IS
'Share of actuals within lower .. upper, ends included, 0 to 1. Good intervals of level 0.95 give 0.95, neither less nor more. Rows with a NULL are skipped; NULL when no row counts. Errors: 22000 when a number is NaN or infinite or lower is above upper.';
COMMENT ON AGGREGATE mase_scale(bigint, float8, int) IS
'Scale of one series over its training part: mean of |value - value one season before|, in the unit of value: what mase and msis divide by. at is the number of the period: values exactly season apart are compared, a period without a row is a gap. season is in periods, 1 or more, the same in all rows: 12 for monthly series, 1 for weekly and daily ones as in the M4 competition. Rows may come in any order. Rows with a NULL at or season are skipped; NULL when no two values are a season apart; 0 when the series never changed. Errors: 22023 season, 22000 value NaN or infinite or two rows with one at, 22003 out of range, 54000 more than 1,000,000 rows.';
COMMENT ON AGGREGATE mase_scale(date, float8, int) IS
'Scale of one series over its training part: mean of |value - value one season before|, in the unit of value: what mase and msis divide by. The rows in order of at are taken as consecutive periods: write a row with a NULL value where a period is missing. season is in periods, 1 or more, the same in all rows: 12 for monthly series, 1 for weekly and daily ones as in the M4 competition. Rows may come in any order. Rows with a NULL at or season are skipped; NULL when no two values are a season apart; 0 when the series never changed. Errors: 22023 season, 22000 value NaN or infinite or two rows with one at, 22008 infinite at, 22003 out of range, 54000 more than 1,000,000 rows.';
COMMENT ON AGGREGATE mase_scale(timestamp, float8, int) IS
'Scale of one series over its training part: mean of |value - value one season before|, in the unit of value: what mase and msis divide by. The rows in order of at are taken as consecutive periods: write a row with a NULL value where a period is missing. season is in periods, 1 or more, the same in all rows: 12 for monthly series, 1 for weekly and daily ones as in the M4 competition. Rows may come in any order. Rows with a NULL at or season are skipped; NULL when no two values are a season apart; 0 when the series never changed. Errors: 22023 season, 22000 value NaN or infinite or two rows with one at, 22008 infinite at, 22003 out of range, 54000 more than 1,000,000 rows.';
COMMENT ON AGGREGATE mase_scale(timestamptz, float8, int) IS
'Scale of one series over its training part: mean of |value - value one season before|, in the unit of value: what mase and msis divide by. The rows in order of at are taken as consecutive periods: write a row with a NULL value where a period is missing. season is in periods, 1 or more, the same in all rows: 12 for monthly series, 1 for weekly and daily ones as in the M4 competition. Rows may come in any order. Rows with a NULL at or season are skipped; NULL when no two values are a season apart; 0 when the series never changed. Errors: 22023 season, 22000 value NaN or infinite or two rows with one at, 22008 infinite at, 22003 out of range, 54000 more than 1,000,000 rows.';
COMMENT ON AGGREGATE rmsse_scale(bigint, float8, int) IS
'Scale of one series over its training part: root of the mean of (value - value one season before)^2, in the unit of value: what rmsse divides by. at is the number of the period: values exactly season apart are compared, a period without a row is a gap. season is in periods, 1 or more, the same in all rows: 12 for monthly series, 1 for weekly and daily ones as in the M4 competition. Rows may come in any order. Rows with a NULL at or season are skipped; NULL when no two values are a season apart; 0 when the series never changed. Errors: 22023 season, 22000 value NaN or infinite or two rows with one at, 22003 out of range, 54000 more than 1,000,000 rows.';
COMMENT ON AGGREGATE rmsse_scale(date, float8, int) IS
'Scale of one series over its training part: root of the mean of (value - value one season before)^2, in the unit of value: what rmsse divides by. The rows in order of at are taken as consecutive periods: write a row with a NULL value where a period is missing. season is in periods, 1 or more, the same in all rows: 12 for monthly series, 1 for weekly and daily ones as in the M4 competition. Rows may come in any order. Rows with a NULL at or season are skipped; NULL when no two values are a season apart; 0 when the series never changed. Errors: 22023 season, 22000 value NaN or infinite or two rows with one at, 22008 infinite at, 22003 out of range, 54000 more than 1,000,000 rows.';
COMMENT ON AGGREGATE rmsse_scale(timestamp, float8, int) IS
'Scale of one series over its training part: root of the mean of (value - value one season before)^2, in the unit of value: what rmsse divides by. The rows in order of at are taken as consecutive periods: write a row with a NULL value where a period is missing. season is in periods, 1 or more, the same in all rows: 12 for monthly series, 1 for weekly and daily ones as in the M4 competition. Rows may come in any order. Rows with a NULL at or season are skipped; NULL when no two values are a season apart; 0 when the series never changed. Errors: 22023 season, 22000 value NaN or infinite or two rows with one at, 22008 infinite at, 22003 out of range, 54000 more than 1,000,000 rows.';
COMMENT ON AGGREGATE rmsse_scale(timestamptz, float8, int) IS
'Scale of one series over its training part: root of the mean of (value - value one season before)^2, in the unit of value: what rmsse divides by. The rows in order of at are taken as consecutive periods: write a row with a NULL value where a period is missing. season is in periods, 1 or more, the same in all rows: 12 for monthly series, 1 for weekly and daily ones as in the M4 competition. Rows may come in any order. Rows with a NULL at or season are skipped; NULL when no two values are a season apart; 0 when the series never changed. Errors: 22023 season, 22000 value NaN or infinite or two rows with one at, 22008 infinite at, 22003 out of range, 54000 more than 1,000,000 rows.';
COMMENT ON TYPE accuracy_state IS
'State of the accuracy measures, for the planner''s use: rows counted, rows left out, steps, and of three sums the two parts and the largest partial sum.';
COMMENT ON FUNCTION accuracy_in(cstring) IS 'Input of accuracy_state. Errors: 22P02 malformed text, 22P03 parts that do not agree.';
COMMENT ON FUNCTION accuracy_out(accuracy_state) IS 'Output of accuracy_state.';
COMMENT ON FUNCTION accuracy_recv(internal) IS 'Binary input of accuracy_state. Errors: 22P03 parts that do not agree.';
COMMENT ON FUNCTION accuracy_send(accuracy_state) IS 'Binary output of accuracy_state.';
COMMENT ON FUNCTION accuracy_add_mape(accuracy_state, float8, float8) IS 'Step of mape, accuracy_percent and accuracy_left_out.';
COMMENT ON FUNCTION accuracy_add_smape(accuracy_state, float8, float8) IS 'Step of smape.';
COMMENT ON FUNCTION accuracy_add_mae(accuracy_state, float8, float8) IS 'Step of mae and wape.';
COMMENT ON FUNCTION accuracy_add_bias(accuracy_state, float8, float8) IS 'Step of forecast_bias.';
COMMENT ON FUNCTION accuracy_add_rmse(accuracy_state, float8, float8) IS 'Step of rmse.';
COMMENT ON FUNCTION accuracy_add_mase(accuracy_state, float8, float8, float8) IS 'Step of mase and accuracy_left_out.';
COMMENT ON FUNCTION accuracy_add_rmsse(accuracy_state, float8, float8, float8) IS 'Step of rmsse.';
COMMENT ON FUNCTION accuracy_add_pinball(accuracy_state, float8, float8, float8) IS 'Step of pinball_loss.';
COMMENT ON FUNCTION accuracy_add_interval(accuracy_state, float8, float8, float8, float8) IS 'Step of interval_score.';
COMMENT ON FUNCTION accuracy_add_msis(accuracy_state, float8, float8, float8, float8, float8) IS 'Step of msis.';
COMMENT ON FUNCTION accuracy_add_coverage(accuracy_state, float8, float8, float8) IS 'Step of coverage.';
COMMENT ON FUNCTION accuracy_remove_mape(accuracy_state, float8, float8) IS 'Inverse step of mape, accuracy_percent and accuracy_left_out. NULL when the rest is no longer known to the last bit.';
COMMENT ON FUNCTION accuracy_remove_smape(accuracy_state, float8, float8) IS 'Inverse step of smape. NULL when the rest is no longer known to the last bit.';
COMMENT ON FUNCTION accuracy_remove_mae(accuracy_state, float8, float8) IS 'Inverse step of mae and wape. NULL when the rest is no longer known to the last bit.';
COMMENT ON FUNCTION accuracy_remove_bias(accuracy_state, float8, float8) IS 'Inverse step of forecast_bias. NULL when the rest is no longer known to the last bit.';
COMMENT ON FUNCTION accuracy_remove_rmse(accuracy_state, float8, float8) IS 'Inverse step of rmse. NULL when the rest is no longer known to the last bit.';
COMMENT ON FUNCTION accuracy_remove_mase(accuracy_state, float8, float8, float8) IS 'Inverse step of mase and accuracy_left_out. NULL when the rest is no longer known to the last bit.';
COMMENT ON FUNCTION accuracy_remove_rmsse(accuracy_state, float8, float8, float8) IS 'Inverse step of rmsse. NULL when the rest is no longer known to the last bit.';
COMMENT ON FUNCTION accuracy_remove_pinball(accuracy_state, float8, float8, float8) IS 'Inverse step of pinball_loss. NULL when the rest is no longer known to the last bit.';
COMMENT ON FUNCTION accuracy_remove_interval(accuracy_state, float8, float8, float8, float8) IS 'Inverse step of interval_score. NULL when the rest is no longer known to the last bit.';
COMMENT ON FUNCTION accuracy_remove_msis(accuracy_state, float8, float8, float8, float8, float8) IS 'Inverse step of msis. NULL when the rest is no longer known to the last bit.';
COMMENT ON FUNCTION accuracy_remove_coverage(accuracy_state, float8, float8, float8) IS 'Inverse step of coverage. NULL when the rest is no longer known to the last bit.';
COMMENT ON FUNCTION accuracy_combine(accuracy_state, accuracy_state) IS 'Combines two states of an accuracy measure.';
COMMENT ON FUNCTION accuracy_final_mean(accuracy_state) IS 'Result of accuracy measures: the mean of the terms. NULL when there is none.';
COMMENT ON FUNCTION accuracy_final_root(accuracy_state) IS 'Result of accuracy measures: the root of the mean of squares. NULL when there is none.';
COMMENT ON FUNCTION accuracy_final_ratio(accuracy_state) IS 'Result of accuracy measures: the sum of the first terms by the size of the sum of the second. NULL when there is none.';
COMMENT ON FUNCTION accuracy_final_percent(accuracy_state) IS 'Result of accuracy measures: that ratio in per cent. NULL when there is none.';
COMMENT ON FUNCTION accuracy_final_hit(accuracy_state) IS 'Result of accuracy measures: 100 less the mean of the terms. NULL when there is none.';
COMMENT ON FUNCTION accuracy_final_left_out(accuracy_state) IS 'Result of accuracy measures: the rows left out. NULL when there is none.';
COMMENT ON FUNCTION accuracy_scale_add(internal, bigint, float8, int) IS 'Step of mase_scale and rmsse_scale. A NULL value is a gap.';
COMMENT ON FUNCTION accuracy_scale_add(internal, date, float8, int) IS 'Step of mase_scale and rmsse_scale. A NULL value is a gap.';
COMMENT ON FUNCTION accuracy_scale_add(internal, timestamp, float8, int) IS 'Step of mase_scale and rmsse_scale. A NULL value is a gap.';
COMMENT ON FUNCTION accuracy_scale_add(internal, timestamptz, float8, int) IS 'Step of mase_scale and rmsse_scale. A NULL value is a gap.';
COMMENT ON FUNCTION accuracy_scale_combine(internal, internal) IS 'Combines two states of mase_scale or rmsse_scale.';
COMMENT ON FUNCTION accuracy_scale_serialize(internal) IS 'State of mase_scale and rmsse_scale as bytes.';
COMMENT ON FUNCTION accuracy_scale_deserialize(bytea, internal) IS 'State of mase_scale and rmsse_scale from bytes. Errors: 22P03 bytes that are none.';
COMMENT ON FUNCTION accuracy_scale_mean_by_number(internal) IS 'Result of mase_scale, at being period numbers.';
COMMENT ON FUNCTION accuracy_scale_mean_by_order(internal) IS 'Result of mase_scale, rows being consecutive.';
COMMENT ON FUNCTION accuracy_scale_root_by_number(internal) IS 'Result of rmsse_scale, at being period numbers.';
COMMENT ON FUNCTION accuracy_scale_root_by_order(internal) IS 'Result of rmsse_scale, rows being consecutive.';
