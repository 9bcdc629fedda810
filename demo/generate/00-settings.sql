-- Settings of the generated company, and the numbers it is drawn from.
--
-- psql variables: profile (machine_builder, volume, dirty), seed, scale, end_date.
--
-- There is no random(): every draw is a hash of (seed, stream, index).  A draw therefore depends on what it is for
-- and on the row it belongs to, never on the order in which rows are visited, so every plan gives the same rows.

SET client_min_messages = warning;
SET TimeZone = 'UTC';
SET DateStyle = 'ISO, YMD';
SET extra_float_digits = 1;
SET jit = off;

CREATE SCHEMA demo;
CREATE SCHEMA truth;
COMMENT ON SCHEMA demo IS 'Working tables of the demo generator. May be dropped once the CRM is filled.';
COMMENT ON SCHEMA truth IS 'What the demo generator planted: the limits against which models are measured. Never a feature.';
SET search_path = demo;

CREATE TABLE setting AS
SELECT p.*, :seed::bigint AS seed, :scale::float8 AS scale,
       :'end_date'::date AS end_date,
       (:'end_date'::date - interval '5 years')::date AS start_date,
       -- Deals that were created earlier and were still open on the first day belong to the CRM too.
       (:'end_date'::date - interval '5 years')::date - 720 AS run_in_date,
       (:'end_date'::date - interval '30 months')::date AS intervention_date,
       (:'end_date'::date - interval '12 months')::date AS drift_date,
       (date_trunc('quarter', :'end_date'::date) - interval '3 years')::date AS shock_quarter,
       extract(year FROM :'end_date'::date - interval '9 months')::int AS indicator_year
FROM (VALUES
    -- profile, sellers, wins a quarter, accounts, median deal, correlation of amount and odds, days between
    -- activities, reorders a week, then the shares of dirt
    ('machine_builder', 8, 50, 600, 60000, -0.2, 9, 150, 0.04, 0.02, 0.03, 0.01, 0.00, 0.00),
    ('volume', 60, 700, 6000, 8000, 0.0, 15, 400, 0.04, 0.02, 0.03, 0.01, 0.00, 0.00),
    ('dirty', 8, 50, 600, 60000, -0.2, 9, 150, 0.38, 0.14, 0.28, 0.06, 0.35, 0.40)
) AS p (profile, sellers, wins_per_quarter, accounts, median_amount, amount_correlation, activity_gap_days,
        reorders_per_week, dirt_amount_missing, dirt_amount_times_100, dirt_close_missing, dirt_stage_orphan,
        dirt_account_blank, dirt_activity_missing)
WHERE p.profile = :'profile';

UPDATE setting SET sellers = greatest(4, round(sellers * scale)),
                   wins_per_quarter = wins_per_quarter * scale,
                   accounts = greatest(60, round(accounts * scale)),
                   reorders_per_week = greatest(20, round(reorders_per_week * scale));

DO $$
BEGIN
    IF (SELECT count(*) FROM demo.setting) <> 1 THEN
        RAISE EXCEPTION 'unknown profile of the demo'
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'Choose machine_builder, volume or dirty.';
    END IF;
    IF NOT (SELECT scale BETWEEN 0.02 AND 20 FROM demo.setting) THEN
        RAISE EXCEPTION 'scale of the demo must be between 0.02 and 20'
            USING ERRCODE = 'invalid_parameter_value',
                  DETAIL = format('The scale given is %s.', (SELECT scale FROM demo.setting));
    END IF;
END
$$;

-- Calibrated numbers, by name and key; written by the scripts that follow.
CREATE TABLE parameter (name text, key int, value float8, PRIMARY KEY (name, key));

-- Uniform on (0, 1), never 0 or 1.  PostgreSQL keeps these hash functions stable, for hash partitions depend on them.
-- Hashed twice: after one round neighbouring indices are still visibly dependent (five in a row below one half came
-- 27 % too seldom, which cost 6 % of the wins).
SELECT format($f$
    CREATE FUNCTION demo.uniform(stream text, i bigint) RETURNS float8
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (((hashint8extended(hashint8extended(i, hashtextextended(stream, %1$s)), hashtextextended(stream, %1$s)) >> 12)
             & 4503599627370495)::float8 + 0.5) / 4503599627370496.0
$f$, seed) FROM setting \gexec

-- Standard normal (Box & Muller 1958).
CREATE FUNCTION demo.normal(stream text, i bigint) RETURNS float8
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN sqrt(-2 * ln(demo.uniform(stream, i))) * cos(2 * pi() * demo.uniform(stream || '/angle', i));

-- Exponential with mean 1.
CREATE FUNCTION demo.exponential(stream text, i bigint) RETURNS float8
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN -ln(demo.uniform(stream, i));

-- Poisson by inversion: the smallest n whose distribution function reaches u.
CREATE FUNCTION demo.poisson(u float8, mean float8) RETURNS int
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
AS $$
DECLARE
    n int := 0;
    term float8 := exp(-mean);
    total float8 := term;
BEGIN
    WHILE total < u AND n < 10 * mean + 100 LOOP
        n := n + 1;
        term := term * mean / n;
        total := total + term;
    END LOOP;
    RETURN n;
END
$$;

CREATE FUNCTION demo.logistic(x float8) RETURNS float8
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN 1 / (1 + exp(-x));

CREATE FUNCTION demo.logit(p float8) RETURNS float8
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ln(p / (1 - p));

-- Distribution function of a sum of r exponentials of mean 1 (gamma with whole shape r, 1 to 8).
CREATE FUNCTION demo.gamma_cdf(r int, x float8) RETURNS float8
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN x <= 0 THEN 0 WHEN x > 300 THEN 1 ELSE 1 - exp(-x) * CASE r
    WHEN 1 THEN 1
    WHEN 2 THEN 1 + x
    WHEN 3 THEN 1 + x * (1 + x / 2)
    WHEN 4 THEN 1 + x * (1 + x / 2 * (1 + x / 3))
    WHEN 5 THEN 1 + x * (1 + x / 2 * (1 + x / 3 * (1 + x / 4)))
    WHEN 6 THEN 1 + x * (1 + x / 2 * (1 + x / 3 * (1 + x / 4 * (1 + x / 5))))
    WHEN 7 THEN 1 + x * (1 + x / 2 * (1 + x / 3 * (1 + x / 4 * (1 + x / 5 * (1 + x / 6)))))
    WHEN 8 THEN 1 + x * (1 + x / 2 * (1 + x / 3 * (1 + x / 4 * (1 + x / 5 * (1 + x / 6 * (1 + x / 7))))))
END END;

-- Sums of floats depend on the order of the rows, which depends on the plan.  Means that steer the generator are
-- therefore taken over whole numbers of a billionth.
CREATE FUNCTION demo.billionths(x float8) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (x * 1e9)::bigint;

-- An amount as people write it: four significant digits at most, whole tens at least.
CREATE FUNCTION demo.neat(x float8) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN round(x::numeric, least(-1, 3 - floor(log(greatest(x, 1)))::int));
