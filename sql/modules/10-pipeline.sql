-- The pipeline room, part 1: weighted_value, the sum of amount * probability.

-- States of weighted_value.  Types of their own, so that a distributed planner
-- can send them between nodes; storage plain keeps them aligned.

CREATE TYPE weighted_numeric_state;

CREATE FUNCTION weighted_numeric_in(cstring) RETURNS weighted_numeric_state
    AS 'MODULE_PATHNAME', 'sf_weighted_numeric_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION weighted_numeric_out(weighted_numeric_state) RETURNS cstring
    AS 'MODULE_PATHNAME', 'sf_weighted_numeric_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION weighted_numeric_recv(internal) RETURNS weighted_numeric_state
    AS 'MODULE_PATHNAME', 'sf_weighted_numeric_recv' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION weighted_numeric_send(weighted_numeric_state) RETURNS bytea
    AS 'MODULE_PATHNAME', 'sf_weighted_numeric_send' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE TYPE weighted_numeric_state (
    INPUT = weighted_numeric_in, OUTPUT = weighted_numeric_out,
    RECEIVE = weighted_numeric_recv, SEND = weighted_numeric_send,
    INTERNALLENGTH = VARIABLE, ALIGNMENT = double, STORAGE = plain);

CREATE TYPE weighted_float_state;

CREATE FUNCTION weighted_float_in(cstring) RETURNS weighted_float_state
    AS 'MODULE_PATHNAME', 'sf_weighted_float_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION weighted_float_out(weighted_float_state) RETURNS cstring
    AS 'MODULE_PATHNAME', 'sf_weighted_float_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION weighted_float_recv(internal) RETURNS weighted_float_state
    AS 'MODULE_PATHNAME', 'sf_weighted_float_recv' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION weighted_float_send(weighted_float_state) RETURNS bytea
    AS 'MODULE_PATHNAME', 'sf_weighted_float_send' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE TYPE weighted_float_state (
    INPUT = weighted_float_in, OUTPUT = weighted_float_out,
    RECEIVE = weighted_float_recv, SEND = weighted_float_send,
    INTERNALLENGTH = 40, ALIGNMENT = double, STORAGE = plain);

-- Steps of the aggregates.

CREATE FUNCTION weighted_numeric_add(weighted_numeric_state, amount numeric, probability float8)
    RETURNS weighted_numeric_state
    AS 'MODULE_PATHNAME', 'sf_weighted_numeric_add_float' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION weighted_numeric_add(weighted_numeric_state, amount numeric, probability numeric)
    RETURNS weighted_numeric_state
    AS 'MODULE_PATHNAME', 'sf_weighted_numeric_add_numeric' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION weighted_numeric_remove(weighted_numeric_state, amount numeric, probability float8)
    RETURNS weighted_numeric_state
    AS 'MODULE_PATHNAME', 'sf_weighted_numeric_remove_float' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION weighted_numeric_remove(weighted_numeric_state, amount numeric, probability numeric)
    RETURNS weighted_numeric_state
    AS 'MODULE_PATHNAME', 'sf_weighted_numeric_remove_numeric' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION weighted_numeric_combine(weighted_numeric_state, weighted_numeric_state)
    RETURNS weighted_numeric_state
    AS 'MODULE_PATHNAME', 'sf_weighted_numeric_combine' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION weighted_numeric_final(weighted_numeric_state) RETURNS numeric
    AS 'MODULE_PATHNAME', 'sf_weighted_numeric_final' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION weighted_float_add(weighted_float_state, amount float8, probability float8)
    RETURNS weighted_float_state
    AS 'MODULE_PATHNAME', 'sf_weighted_float_add' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION weighted_float_remove(weighted_float_state, amount float8, probability float8)
    RETURNS weighted_float_state
    AS 'MODULE_PATHNAME', 'sf_weighted_float_remove' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION weighted_float_combine(weighted_float_state, weighted_float_state)
    RETURNS weighted_float_state
    AS 'MODULE_PATHNAME', 'sf_weighted_float_combine' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION weighted_float_final(weighted_float_state) RETURNS float8
    AS 'MODULE_PATHNAME', 'sf_weighted_float_final' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE AGGREGATE weighted_value(amount numeric, probability float8) (
    SFUNC = weighted_numeric_add, STYPE = weighted_numeric_state, INITCOND = '0 0 0 0 0 -',
    COMBINEFUNC = weighted_numeric_combine, FINALFUNC = weighted_numeric_final,
    MSFUNC = weighted_numeric_add, MINVFUNC = weighted_numeric_remove,
    MSTYPE = weighted_numeric_state, MINITCOND = '0 0 0 0 0 -', MFINALFUNC = weighted_numeric_final,
    PARALLEL = SAFE);
CREATE AGGREGATE weighted_value(amount numeric, probability numeric) (
    SFUNC = weighted_numeric_add, STYPE = weighted_numeric_state, INITCOND = '0 0 0 0 0 -',
    COMBINEFUNC = weighted_numeric_combine, FINALFUNC = weighted_numeric_final,
    MSFUNC = weighted_numeric_add, MINVFUNC = weighted_numeric_remove,
    MSTYPE = weighted_numeric_state, MINITCOND = '0 0 0 0 0 -', MFINALFUNC = weighted_numeric_final,
    PARALLEL = SAFE);
CREATE AGGREGATE weighted_value(amount float8, probability float8) (
    SFUNC = weighted_float_add, STYPE = weighted_float_state, INITCOND = '0 0 0 0 0',
    COMBINEFUNC = weighted_float_combine, FINALFUNC = weighted_float_final,
    MSFUNC = weighted_float_add, MINVFUNC = weighted_float_remove,
    MSTYPE = weighted_float_state, MINITCOND = '0 0 0 0 0', MFINALFUNC = weighted_float_final,
    PARALLEL = SAFE);

COMMENT ON AGGREGATE weighted_value(numeric, float8) IS
'Sum of amount * probability, in the currency of amount: what the open pipeline is worth on average. Exact: equal to sum(amount * probability::numeric) to the last digit. Rows with a NULL are skipped; NULL when no row counts. Errors: 22000 when a probability is outside 0 to 1 or NaN or an amount is NaN, 22003 when an amount is infinite.';
COMMENT ON AGGREGATE weighted_value(numeric, numeric) IS
'Sum of amount * probability, in the currency of amount, for probabilities kept as numeric. Exact: equal to sum(amount * probability) to the last digit. Rows with a NULL are skipped; NULL when no row counts. Errors: 22000 when a probability is outside 0 to 1 or NaN or an amount is NaN, 22003 when an amount is infinite.';
COMMENT ON AGGREGATE weighted_value(float8, float8) IS
'Sum of amount * probability in double precision, with compensated summation: rounded once, at the end. Integer and bigint amounts with double precision probabilities come here. Rows with a NULL are skipped; NULL when no row counts. Errors: 22000 when a probability is outside 0 to 1 or NaN or an amount is NaN, 22003 when an amount or a sum on the way is not finite.';

COMMENT ON TYPE weighted_numeric_state IS
'State of weighted_value over numeric amounts, for the planner''s use: row counts, decimals, a 128-bit total in units of 10^-20, and a numeric for rows that do not fit.';
COMMENT ON TYPE weighted_float_state IS
'State of weighted_value over double precision amounts, for the planner''s use: rows, steps, the two parts of the total, the largest partial sum.';
COMMENT ON FUNCTION weighted_numeric_in(cstring) IS 'Input of weighted_numeric_state. Errors: 22P02 malformed text, 22P03 parts that do not agree.';
COMMENT ON FUNCTION weighted_numeric_out(weighted_numeric_state) IS 'Output of weighted_numeric_state.';
COMMENT ON FUNCTION weighted_numeric_recv(internal) IS 'Binary input of weighted_numeric_state. Errors: 22P03 parts that do not agree.';
COMMENT ON FUNCTION weighted_numeric_send(weighted_numeric_state) IS 'Binary output of weighted_numeric_state.';
COMMENT ON FUNCTION weighted_float_in(cstring) IS 'Input of weighted_float_state. Errors: 22P02 malformed text, 22P03 parts that do not agree.';
COMMENT ON FUNCTION weighted_float_out(weighted_float_state) IS 'Output of weighted_float_state.';
COMMENT ON FUNCTION weighted_float_recv(internal) IS 'Binary input of weighted_float_state. Errors: 22P03 parts that do not agree.';
COMMENT ON FUNCTION weighted_float_send(weighted_float_state) IS 'Binary output of weighted_float_state.';
COMMENT ON FUNCTION weighted_numeric_add(weighted_numeric_state, numeric, float8) IS 'Step of weighted_value(numeric, float8).';
COMMENT ON FUNCTION weighted_numeric_add(weighted_numeric_state, numeric, numeric) IS 'Step of weighted_value(numeric, numeric).';
COMMENT ON FUNCTION weighted_numeric_remove(weighted_numeric_state, numeric, float8) IS 'Inverse step of weighted_value(numeric, float8); exact. NULL when the decimals of the remaining rows are no longer known.';
COMMENT ON FUNCTION weighted_numeric_remove(weighted_numeric_state, numeric, numeric) IS 'Inverse step of weighted_value(numeric, numeric); exact. NULL when the decimals of the remaining rows are no longer known.';
COMMENT ON FUNCTION weighted_numeric_combine(weighted_numeric_state, weighted_numeric_state) IS 'Combines two states of weighted_value over numeric amounts.';
COMMENT ON FUNCTION weighted_numeric_final(weighted_numeric_state) IS 'Result of weighted_value over numeric amounts.';
COMMENT ON FUNCTION weighted_float_add(weighted_float_state, float8, float8) IS 'Step of weighted_value(float8, float8).';
COMMENT ON FUNCTION weighted_float_remove(weighted_float_state, float8, float8) IS 'Inverse step of weighted_value(float8, float8). NULL when the leaving row was so large that the rest is no longer known.';
COMMENT ON FUNCTION weighted_float_combine(weighted_float_state, weighted_float_state) IS 'Combines two states of weighted_value over double precision amounts.';
COMMENT ON FUNCTION weighted_float_final(weighted_float_state) IS 'Result of weighted_value over double precision amounts.';
