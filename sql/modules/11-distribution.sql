-- The pipeline room, part 2: revenue_distribution, the range of the open pipeline.

CREATE TYPE revenue_distribution;

CREATE FUNCTION revenue_distribution_in(cstring) RETURNS revenue_distribution
    AS 'MODULE_PATHNAME', 'sf_revenue_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION revenue_distribution_out(revenue_distribution) RETURNS cstring
    AS 'MODULE_PATHNAME', 'sf_revenue_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION revenue_distribution_recv(internal) RETURNS revenue_distribution
    AS 'MODULE_PATHNAME', 'sf_revenue_recv' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION revenue_distribution_send(revenue_distribution) RETURNS bytea
    AS 'MODULE_PATHNAME', 'sf_revenue_send' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE TYPE revenue_distribution (
    INPUT = revenue_distribution_in, OUTPUT = revenue_distribution_out,
    RECEIVE = revenue_distribution_recv, SEND = revenue_distribution_send,
    INTERNALLENGTH = VARIABLE, STORAGE = extended);

CREATE TYPE revenue_error_bound AS (amount float8, probability float8);

-- Steps of the aggregates.

CREATE FUNCTION revenue_distribution_add(internal, amount numeric, probability float8) RETURNS internal
    AS 'MODULE_PATHNAME', 'sf_revenue_add_numeric' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;
CREATE FUNCTION revenue_distribution_add(internal, amount numeric, probability float8, correlation float8) RETURNS internal
    AS 'MODULE_PATHNAME', 'sf_revenue_add_numeric' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;
CREATE FUNCTION revenue_distribution_add(internal, amount float8, probability float8) RETURNS internal
    AS 'MODULE_PATHNAME', 'sf_revenue_add_float' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;
CREATE FUNCTION revenue_distribution_add(internal, amount float8, probability float8, correlation float8) RETURNS internal
    AS 'MODULE_PATHNAME', 'sf_revenue_add_float' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;
CREATE FUNCTION revenue_distribution_add(internal, revenue_distribution) RETURNS internal
    AS 'MODULE_PATHNAME', 'sf_revenue_add_value' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;
CREATE FUNCTION revenue_distribution_combine(internal, internal) RETURNS internal
    AS 'MODULE_PATHNAME', 'sf_revenue_combine' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;
CREATE FUNCTION revenue_distribution_serialize(internal) RETURNS bytea
    AS 'MODULE_PATHNAME', 'sf_revenue_serialize' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION revenue_distribution_deserialize(bytea, internal) RETURNS internal
    AS 'MODULE_PATHNAME', 'sf_revenue_deserialize' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION revenue_distribution_final(internal) RETURNS revenue_distribution
    AS 'MODULE_PATHNAME', 'sf_revenue_final' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;

CREATE AGGREGATE revenue_distribution(amount numeric, probability float8) (
    SFUNC = revenue_distribution_add, STYPE = internal, COMBINEFUNC = revenue_distribution_combine,
    SERIALFUNC = revenue_distribution_serialize, DESERIALFUNC = revenue_distribution_deserialize,
    FINALFUNC = revenue_distribution_final, SSPACE = 1024, PARALLEL = SAFE);
CREATE AGGREGATE revenue_distribution(amount numeric, probability float8, correlation float8) (
    SFUNC = revenue_distribution_add, STYPE = internal, COMBINEFUNC = revenue_distribution_combine,
    SERIALFUNC = revenue_distribution_serialize, DESERIALFUNC = revenue_distribution_deserialize,
    FINALFUNC = revenue_distribution_final, SSPACE = 1024, PARALLEL = SAFE);
CREATE AGGREGATE revenue_distribution(amount float8, probability float8) (
    SFUNC = revenue_distribution_add, STYPE = internal, COMBINEFUNC = revenue_distribution_combine,
    SERIALFUNC = revenue_distribution_serialize, DESERIALFUNC = revenue_distribution_deserialize,
    FINALFUNC = revenue_distribution_final, SSPACE = 1024, PARALLEL = SAFE);
CREATE AGGREGATE revenue_distribution(amount float8, probability float8, correlation float8) (
    SFUNC = revenue_distribution_add, STYPE = internal, COMBINEFUNC = revenue_distribution_combine,
    SERIALFUNC = revenue_distribution_serialize, DESERIALFUNC = revenue_distribution_deserialize,
    FINALFUNC = revenue_distribution_final, SSPACE = 1024, PARALLEL = SAFE);
CREATE AGGREGATE sum(revenue_distribution) (
    SFUNC = revenue_distribution_add, STYPE = internal, COMBINEFUNC = revenue_distribution_combine,
    SERIALFUNC = revenue_distribution_serialize, DESERIALFUNC = revenue_distribution_deserialize,
    FINALFUNC = revenue_distribution_final, SSPACE = 1024, PARALLEL = SAFE);

-- Questions.

CREATE FUNCTION revenue_distribution_plus(a revenue_distribution, b revenue_distribution) RETURNS revenue_distribution
    AS 'MODULE_PATHNAME', 'sf_revenue_plus' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
CREATE OPERATOR + (
    LEFTARG = revenue_distribution, RIGHTARG = revenue_distribution,
    FUNCTION = revenue_distribution_plus, COMMUTATOR = +);

CREATE FUNCTION deals(distribution revenue_distribution) RETURNS bigint
    AS 'MODULE_PATHNAME', 'sf_revenue_deals' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10;
CREATE FUNCTION mean(distribution revenue_distribution) RETURNS float8
    AS 'MODULE_PATHNAME', 'sf_revenue_mean' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10;
CREATE FUNCTION stddev(distribution revenue_distribution) RETURNS float8
    AS 'MODULE_PATHNAME', 'sf_revenue_stddev' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
CREATE FUNCTION quantile(distribution revenue_distribution, p float8) RETURNS float8
    AS 'MODULE_PATHNAME', 'sf_revenue_quantile' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000;
CREATE FUNCTION quantiles(distribution revenue_distribution, p float8[]) RETURNS float8[]
    AS 'MODULE_PATHNAME', 'sf_revenue_quantiles' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000;
CREATE FUNCTION probability_at_least(distribution revenue_distribution, amount float8) RETURNS float8
    AS 'MODULE_PATHNAME', 'sf_revenue_at_least' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000;
CREATE FUNCTION error_bound(distribution revenue_distribution) RETURNS revenue_error_bound
    AS 'MODULE_PATHNAME', 'sf_revenue_error_bound' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000;

COMMENT ON TYPE revenue_distribution IS
'The distribution of the revenue of open deals that each close whole or not at all. Holds the deals themselves (the 8192 largest distinct pairs of amount and probability, smaller ones as moments), so values can be added; at most about 220 kB. Text: "3 deals, correlation 0, certain 0: 200 @ 0.25 x 2, 100 @ 0.5".';
COMMENT ON TYPE revenue_error_bound IS
'How far an answer of a revenue_distribution may be from the exact one of its model: every quantile(d, p) lies within "amount" of the exact quantiles between p - probability and p + probability; probability_at_least(d, x) lies within "probability" of the exact values between x - amount and x + amount.';
COMMENT ON COLUMN revenue_error_bound.amount IS 'In the currency of the amounts; 0 where the atoms are exact.';
COMMENT ON COLUMN revenue_error_bound.probability IS 'Between 0 and 1; 0 where the atoms are exact.';

COMMENT ON AGGREGATE revenue_distribution(numeric, float8) IS
'The distribution of the sum of independent deals that each pay their amount with their probability, else nothing. Amounts in one currency, of either sign, at most 1e90; probability 0 to 1. Rows with a NULL amount or probability are skipped; NULL when no row counts. Errors: 22000 when a probability is outside 0 to 1 or a number is NaN, 22003 when an amount is not finite or too large.';
COMMENT ON AGGREGATE revenue_distribution(numeric, float8, float8) IS
'The distribution of the sum of deals that share one factor: deal i is won when sqrt(c) Z + sqrt(1 - c) e_i falls below the normal quantile of its probability, with correlation c between 0 and 0.99, the same for all rows. Each deal keeps its own probability. Rows with a NULL amount or probability are skipped; NULL when no row counts. Errors: 22023 when a correlation is NULL, out of range or not the same for all rows, 22000 when a probability is outside 0 to 1 or a number is NaN, 22003 when an amount is not finite or too large.';
COMMENT ON AGGREGATE revenue_distribution(float8, float8) IS
'As revenue_distribution(numeric, float8), for amounts kept as double precision, integer or bigint.';
COMMENT ON AGGREGATE revenue_distribution(float8, float8, float8) IS
'As revenue_distribution(numeric, float8, float8), for amounts kept as double precision, integer or bigint.';
COMMENT ON AGGREGATE sum(revenue_distribution) IS
'The distribution of the total of several: as if one aggregate had seen all their deals, so a common factor stays common. (Only sums of certain deals, and of deals beyond the 8192 kept, are rounded once in each value.) NULLs are skipped; NULL when there is none. Error: 22023 when correlations differ.';
COMMENT ON FUNCTION revenue_distribution_plus(revenue_distribution, revenue_distribution) IS
'The distribution of the total of two: as if one aggregate had seen the deals of both. NULL when either is NULL. Error: 22023 when correlations differ.';
COMMENT ON OPERATOR + (revenue_distribution, revenue_distribution) IS
'The distribution of the total of two: as if one aggregate had seen the deals of both. Error: 22023 when correlations differ.';
COMMENT ON FUNCTION deals(revenue_distribution) IS
'How many deals a distribution counts, certain and impossible ones included. NULL in, NULL out.';
COMMENT ON FUNCTION mean(revenue_distribution) IS
'Expected revenue, in the currency of the amounts: the weighted value of the amounts as double precision. NULL in, NULL out.';
COMMENT ON FUNCTION stddev(revenue_distribution) IS
'Standard deviation of the revenue, in the currency of the amounts, the share of the common factor included. NULL in, NULL out.';
COMMENT ON FUNCTION quantile(revenue_distribution, float8) IS
'The smallest amount x with P(revenue <= x) >= p: quantile(d, 0.1) is P10, the low side. p from 0 (the least possible) to 1 (the most possible; where very many small deals are smoothed, the ends of the curve); probabilities are compared with a slack of 1e-12. How exact it is says error_bound(d). NULL in, NULL out. Errors: 22023 when p is outside 0 to 1, 54000 when about 10^9 deals or more share a factor.';
COMMENT ON FUNCTION quantiles(revenue_distribution, float8[]) IS
'Several quantiles at once; NULL elements give NULL. As quantile(d, p). Errors: 22023 when an element is outside 0 to 1 or the array has more than one dimension, 54000 as there.';
COMMENT ON FUNCTION probability_at_least(revenue_distribution, float8) IS
'P(revenue >= amount), 0 to 1; an amount that differs from an attainable total by rounding only counts as reached. How exact it is says error_bound(d). NULL in, NULL out. Errors: 22023 when amount is NaN, 54000 when about 10^9 deals or more share a factor.';
COMMENT ON FUNCTION error_bound(revenue_distribution) IS
'How far the answers of this distribution may be from the exact ones of its model; see the type revenue_error_bound. Its amount is zero up to 20 deals and where all amounts are multiples of a common unit, few enough to count in; its probability is then at most 1e-6. NULL in, NULL out. Error: 54000 when about 10^9 deals or more share a factor.';
COMMENT ON FUNCTION revenue_distribution_in(cstring) IS 'Input of revenue_distribution. Errors: 22P02 malformed text, 22P03 deals that break the contract, 22023 correlation out of range.';
COMMENT ON FUNCTION revenue_distribution_out(revenue_distribution) IS 'Output of revenue_distribution.';
COMMENT ON FUNCTION revenue_distribution_recv(internal) IS 'Binary input of revenue_distribution. Error: 22P03 bytes that are not such a value.';
COMMENT ON FUNCTION revenue_distribution_send(revenue_distribution) IS 'Binary output of revenue_distribution.';
COMMENT ON FUNCTION revenue_distribution_add(internal, numeric, float8) IS 'Step of revenue_distribution(numeric, float8).';
COMMENT ON FUNCTION revenue_distribution_add(internal, numeric, float8, float8) IS 'Step of revenue_distribution(numeric, float8, float8).';
COMMENT ON FUNCTION revenue_distribution_add(internal, float8, float8) IS 'Step of revenue_distribution(float8, float8).';
COMMENT ON FUNCTION revenue_distribution_add(internal, float8, float8, float8) IS 'Step of revenue_distribution(float8, float8, float8).';
COMMENT ON FUNCTION revenue_distribution_add(internal, revenue_distribution) IS 'Step of sum(revenue_distribution).';
COMMENT ON FUNCTION revenue_distribution_combine(internal, internal) IS 'Combines two states of revenue_distribution.';
COMMENT ON FUNCTION revenue_distribution_serialize(internal) IS 'State of revenue_distribution as bytes, the same on every machine.';
COMMENT ON FUNCTION revenue_distribution_deserialize(bytea, internal) IS 'State of revenue_distribution from bytes. Error: 22P03 bytes that are not such a state.';
COMMENT ON FUNCTION revenue_distribution_final(internal) IS 'Result of revenue_distribution.';
