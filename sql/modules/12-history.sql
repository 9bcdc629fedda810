-- The pipeline room, part 3: win rates from history, drawn towards the common rate.

CREATE TYPE rate_prior AS (
    mean float8,
    strength float8,
    keys bigint,
    won bigint,
    closed bigint);

CREATE FUNCTION rate_prior_add(internal, won bigint, closed bigint) RETURNS internal
    AS 'MODULE_PATHNAME', 'sf_rate_add' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;
CREATE FUNCTION rate_prior_combine(internal, internal) RETURNS internal
    AS 'MODULE_PATHNAME', 'sf_rate_combine' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;
CREATE FUNCTION rate_prior_serialize(internal) RETURNS bytea
    AS 'MODULE_PATHNAME', 'sf_rate_serialize' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION rate_prior_deserialize(bytea, internal) RETURNS internal
    AS 'MODULE_PATHNAME', 'sf_rate_deserialize' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION rate_prior_final(internal) RETURNS rate_prior
    AS 'MODULE_PATHNAME', 'sf_rate_final' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;

CREATE AGGREGATE fit_rate_prior(won bigint, closed bigint) (
    SFUNC = rate_prior_add, STYPE = internal, COMBINEFUNC = rate_prior_combine,
    SERIALFUNC = rate_prior_serialize, DESERIALFUNC = rate_prior_deserialize,
    FINALFUNC = rate_prior_final, SSPACE = 64, PARALLEL = SAFE);

CREATE FUNCTION shrunken_rate(prior rate_prior, won bigint, closed bigint) RETURNS float8
    AS 'MODULE_PATHNAME', 'sf_shrunken_rate' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;

CREATE TYPE rate_interval AS (lower float8, upper float8);

CREATE FUNCTION shrunken_rate_interval(prior rate_prior, won bigint, closed bigint, level float8 DEFAULT 0.9)
    RETURNS rate_interval
    AS 'MODULE_PATHNAME', 'sf_shrunken_rate_interval' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 100;

CREATE FUNCTION beta_quantile(p float8, alpha float8, beta float8) RETURNS float8
    AS 'MODULE_PATHNAME', 'sf_beta_quantile_sql' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;

CREATE TYPE history_options AS (min_won int, min_lost int, level float8);

CREATE FUNCTION history_options(min_won int DEFAULT 40, min_lost int DEFAULT 40, level float8 DEFAULT 0.9)
    RETURNS history_options
    LANGUAGE sql IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
    RETURN ROW(min_won, min_lost, level)::@extschema@.history_options;

CREATE FUNCTION historical_probability(
    query text, options history_options DEFAULT @extschema@.history_options(),
    OUT key text, OUT won bigint, OUT closed bigint, OUT rate float8, OUT probability float8,
    OUT lower float8, OUT upper float8, OUT enough boolean, OUT reason text)
    RETURNS SETOF record
    AS 'MODULE_PATHNAME', 'sf_historical_probability' LANGUAGE C STABLE STRICT PARALLEL UNSAFE ROWS 100;

CREATE FUNCTION progress(OUT pid int, OUT work text, OUT done bigint, OUT total bigint) RETURNS SETOF record
    AS 'MODULE_PATHNAME', 'sf_progress' LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED ROWS 10;

CREATE VIEW progress WITH (security_invoker = true) AS SELECT pid, work, done, total FROM @extschema@.progress();
REVOKE ALL ON progress FROM PUBLIC;
GRANT SELECT ON progress TO PUBLIC;

COMMENT ON TYPE rate_prior IS
'What the win rates of many keys have in common: a beta distribution. Made by fit_rate_prior, used by shrunken_rate.';
COMMENT ON COLUMN rate_prior.mean IS 'The common win rate, strictly between 0 and 1.';
COMMENT ON COLUMN rate_prior.strength IS 'How strongly a key is drawn to the common rate, in closed deals, above 0: a key with this many counts half.';
COMMENT ON COLUMN rate_prior.keys IS 'Keys with at least one closed deal.';
COMMENT ON COLUMN rate_prior.won IS 'Won deals of all keys.';
COMMENT ON COLUMN rate_prior.closed IS 'Closed deals (won and lost) of all keys.';
COMMENT ON AGGREGATE fit_rate_prior(bigint, bigint) IS
'Empirical Bayes: what the win rates of many keys (stages, owners, products) have in common. One row a key: deals won, deals closed (won and lost). Rows with a NULL or without closed deals are skipped; NULL when no row counts. Beta-binomial; mean by optimal linear weights (Kleinman 1973), strength by marginal likelihood with a uniform-shrinkage prior (Christiansen & Morris 1997). Errors: 22000 unless 0 <= won <= closed, 54000 beyond 16,777,216 keys.';
COMMENT ON FUNCTION shrunken_rate(rate_prior, bigint, bigint) IS
'The expected win rate of a key with these won and closed deals, strictly between 0 and 1: (mean * strength + won) / (strength + closed). NULL counts are 0, so an unknown key gets the common rate; NULL when the prior is NULL. Errors: 22000 unless 0 <= won <= closed, 22023 when the prior has no mean between 0 and 1 or no strength.';
COMMENT ON FUNCTION shrunken_rate_interval(rate_prior, bigint, bigint, float8) IS
'The central interval that holds the win rate of a key with probability level (0 to 1). NULL counts are 0; NULL when the prior or the level is NULL. Errors: 22000 unless 0 <= won <= closed, 22023 when level is outside 0 to 1 or the prior is not one.';
COMMENT ON TYPE rate_interval IS 'The two ends of an interval of a win rate, each 0 to 1.';
COMMENT ON COLUMN rate_interval.lower IS 'Lower end, 0 to 1.';
COMMENT ON COLUMN rate_interval.upper IS 'Upper end, 0 to 1.';
COMMENT ON FUNCTION beta_quantile(float8, float8, float8) IS
'x with P(X <= x) = p for a beta distribution with parameters alpha and beta, both above 0 and at most 1e15; p from 0 to 1. NULL in, NULL out. Error: 22023 outside these ranges.';
COMMENT ON TYPE history_options IS 'Options of historical_probability; made by the function of the same name.';
COMMENT ON COLUMN history_options.min_won IS 'Won deals needed in all, at least 0.';
COMMENT ON COLUMN history_options.min_lost IS 'Lost deals needed in all, at least 0.';
COMMENT ON COLUMN history_options.level IS 'Probability of the interval, strictly between 0 and 1.';
COMMENT ON FUNCTION history_options(int, int, float8) IS
'Options of historical_probability: won and lost deals needed in all before a rate counts as known (default 40 each), and the probability of the interval (default 0.9).';
COMMENT ON FUNCTION historical_probability(text, history_options) IS
'Win rates by any key. The query returns the columns key (any type) and won (boolean; NULL rows are skipped), one row a closed deal; it runs as the caller and must be a single SELECT. One row a key: deals won and closed, the plain rate, the probability drawn towards the common rate (strictly 0 to 1), its interval, whether the data suffice, and else the reason. Below the minimum the probability is still the shrunken rate. NULL arguments give no rows. Errors: 22023 option out of range, 42601 not a single SELECT, 42703 and 42804 columns missing or of another type, 54000 beyond 16,777,216 keys.';
COMMENT ON FUNCTION progress() IS
'Long work of this extension that runs now: process, what it does, how much is done and, where known, of how much. Others'' work is shown to members of pg_read_all_stats.';
COMMENT ON VIEW progress IS 'Long work of this extension that runs now. One row a process; key: pid.';
COMMENT ON COLUMN progress.pid IS 'Process id of the backend, as in pg_stat_activity.';
COMMENT ON COLUMN progress.work IS 'What it does.';
COMMENT ON COLUMN progress.done IS 'Units done so far; rows, for reading.';
COMMENT ON COLUMN progress.total IS 'Units in all; NULL when not known beforehand.';
COMMENT ON FUNCTION rate_prior_add(internal, bigint, bigint) IS 'Step of fit_rate_prior.';
COMMENT ON FUNCTION rate_prior_combine(internal, internal) IS 'Combines two states of fit_rate_prior.';
COMMENT ON FUNCTION rate_prior_serialize(internal) IS 'State of fit_rate_prior as bytes.';
COMMENT ON FUNCTION rate_prior_deserialize(bytea, internal) IS 'State of fit_rate_prior from bytes. Error: 22P03 bytes that are not such a state.';
COMMENT ON FUNCTION rate_prior_final(internal) IS 'Result of fit_rate_prior.';
