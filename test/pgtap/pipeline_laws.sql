-- Laws of the pipeline room: exactness, order, workers, windows, groups, the printed bound.
BEGIN;
SELECT plan(28);
SET LOCAL search_path = public, sales_forecast;

-- A portfolio with everything: NULLs, cents, extreme scales, repeated deals, negative amounts.
SELECT setseed(0.25);
CREATE TABLE deal AS
SELECT i AS id, i % 7 AS owner,
       CASE WHEN i % 97 = 0 THEN NULL WHEN i % 53 = 0 THEN -round((random() * 500)::numeric, 2)
            WHEN i % 31 = 0 THEN 12500 ELSE exp(8 + 1.2 * (random() + random() + random() - 1.5))::numeric(14, 2) END AS amount,
       CASE WHEN i % 89 = 0 THEN NULL WHEN i % 5 = 0 THEN 0.25 WHEN i % 41 = 0 THEN 0 WHEN i % 43 = 0 THEN 1
            WHEN i % 11 = 0 THEN random() * 1e-6 ELSE random() END AS probability
FROM generate_series(1, 60000) AS i;
ALTER TABLE deal SET (parallel_workers = 2);
ANALYZE deal;

CREATE FUNCTION pg_temp.plan_of(query text) RETURNS SETOF text LANGUAGE plpgsql AS
$$BEGIN RETURN QUERY EXECUTE 'EXPLAIN (COSTS OFF) ' || query; END$$;
CREATE FUNCTION pg_temp.workers(n int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('max_parallel_workers_per_gather', n::text, true),
            set_config('parallel_setup_cost', '0', true), set_config('parallel_tuple_cost', '0', true),
            set_config('min_parallel_table_scan_size', '0', true);
END
$$;

-- Exact to the last digit, shown decimals included.
SELECT is(weighted_value(amount, probability)::text, sum(amount * probability::numeric)::text, 'weighted_value is the numeric sum') FROM deal;
SELECT is(weighted_value(amount, probability::numeric)::text, sum(amount * probability::numeric)::text, 'also for numeric probabilities') FROM deal;
SELECT is(count(*) FILTER (WHERE a <> b), 0::bigint, 'in every small group, too')
FROM (SELECT weighted_value(amount, probability)::text AS a, sum(amount * probability::numeric)::text AS b FROM deal GROUP BY id / 5) s;
SELECT is(count(*) FILTER (WHERE a IS DISTINCT FROM b), 0::bigint, 'amounts and probabilities of any size')
FROM (SELECT weighted_value(amount * ('1e' || (id % 60 - 30))::numeric, probability * ('1e-' || id % 12)::float8)::text AS a,
             sum(amount * ('1e' || (id % 60 - 30))::numeric * (probability * ('1e-' || id % 12)::float8)::numeric)::text AS b
      FROM deal WHERE id <= 6000 GROUP BY id) s;
SELECT is(count(*) FILTER (WHERE a IS DISTINCT FROM b), 0::bigint, 'row by row: float8::numeric and its 15 digits')
FROM (SELECT weighted_value(1::numeric, x)::text AS a, (1 * x::numeric)::text AS b
      FROM (SELECT DISTINCT probability * ('1e-' || id % 9)::float8 AS x FROM deal WHERE probability IS NOT NULL) v GROUP BY x) s;

-- Parts make up the whole, the NULL group included.
SELECT is((SELECT sum(v) FROM (SELECT weighted_value(amount, probability) AS v FROM deal GROUP BY nullif(owner, 3)) s),
          (SELECT weighted_value(amount, probability) FROM deal), 'parts make up the whole');

-- Windows: an exact inverse.
SELECT is(count(*) FILTER (WHERE a IS DISTINCT FROM b), 0::bigint, 'a moving frame is the sum of its rows, shown decimals included')
FROM (SELECT (weighted_value(amount, probability) OVER w)::text AS a, (sum(amount * probability::numeric) OVER w)::text AS b
      FROM (SELECT id, amount, probability FROM deal WHERE id <= 3000) d WINDOW w AS (ORDER BY id ROWS 49 PRECEDING)) s;
SELECT is(count(*) FILTER (WHERE abs(a - b) > 1e-15 * abs(b)), 0::bigint, 'in doubles to the last bit, though 1e300 has passed')
FROM (SELECT weighted_value(x, 1) OVER w AS a, (sum(x::numeric) OVER w)::float8 AS b, max(x) OVER w AS top
      FROM (SELECT id, CASE WHEN id % 100 = 50 THEN 1e300 ELSE id * 0.1 END AS x FROM deal WHERE id <= 1000) d
      WINDOW w AS (ORDER BY id ROWS 2 PRECEDING)) s WHERE top < 1e299;

-- Workers change nothing, and the plan really is parallel.
SELECT pg_temp.workers(0);
CREATE TEMP TABLE serial AS
SELECT weighted_value(amount, probability)::text AS exact, weighted_value(amount::float8, probability) AS approximate,
       md5(revenue_distribution(amount, probability)::text) AS free, md5(revenue_distribution(amount, probability, 0.2)::text) AS bound
FROM deal;
CREATE TEMP TABLE serial_prior AS SELECT fit_rate_prior(w, n)::text AS p FROM (SELECT id::bigint % 5 AS w, 5 + id::bigint % 11 AS n FROM deal) s;
SELECT pg_temp.workers(2);
SELECT ok(string_agg(l, ' ') LIKE '%Partial Aggregate%', 'the plan of weighted_value is parallel')
FROM pg_temp.plan_of('SELECT weighted_value(amount, probability) FROM deal') AS l;
SELECT ok(string_agg(l, ' ') LIKE '%Partial Aggregate%', 'the plan of revenue_distribution is parallel')
FROM pg_temp.plan_of('SELECT revenue_distribution(amount, probability) FROM deal') AS l;
SELECT is(weighted_value(amount, probability)::text, exact, 'weighted_value: parallel equals serial') FROM deal, serial GROUP BY exact;
SELECT ok(abs(weighted_value(amount::float8, probability) - approximate) <= 1e-15 * abs(approximate), 'in doubles: parallel equals serial') FROM deal, serial GROUP BY approximate;
SELECT is((SELECT md5(revenue_distribution(amount, probability)::text) FROM deal), free, 'revenue_distribution: parallel equals serial, byte for byte') FROM serial;
SELECT is((SELECT md5(revenue_distribution(amount, probability, 0.2)::text) FROM deal), bound, 'with a common factor, too') FROM serial;
SELECT is((SELECT fit_rate_prior(w, n)::text FROM (SELECT id::bigint % 5 AS w, 5 + id::bigint % 11 AS n FROM deal) s), p, 'fit_rate_prior: parallel equals serial') FROM serial_prior;
SELECT pg_temp.workers(0);
SELECT is((SELECT md5(revenue_distribution(amount, probability ORDER BY amount DESC, id)::text) FROM deal), free, 'row order does not show') FROM serial;
SELECT is((SELECT md5(sum(d)::text) FROM (SELECT revenue_distribution(amount, probability) AS d FROM deal GROUP BY id % 13) s), free, 'sum of parts is the whole') FROM serial;

-- Bounded however many deals there are, and stored and read back unchanged.
SELECT ok(pg_column_size(revenue_distribution(amount, probability)) < 260000, 'the value stays small') FROM deal;
SELECT is(md5(d::text::revenue_distribution::text), md5(d::text), 'text reads back') FROM (SELECT revenue_distribution(amount, probability, 0.2) AS d FROM deal) s;
SET LOCAL extra_float_digits = -5;
SELECT is((SELECT md5(revenue_distribution(amount, probability)::text) FROM deal), free, 'text does not follow extra_float_digits') FROM serial;
RESET extra_float_digits;

-- Mean is the weighted value; the standard deviation that of independent deals.
SELECT ok(abs(mean(d) - w) <= 1e-9 * abs(w), 'mean is the weighted value')
FROM (SELECT revenue_distribution(amount, probability) AS d, weighted_value(amount, probability)::float8 AS w FROM deal) x;
SELECT ok(abs(stddev(d) - s) <= 1e-9 * s, 'stddev is the root of sum a^2 p (1 - p)')
FROM (SELECT revenue_distribution(amount, probability) AS d,
             sqrt(sum(amount::float8 ^ 2 * probability * (1 - probability))) AS s FROM deal) x;

-- The exact atoms against full enumeration in SQL, ten deals, with and without a common factor.
CREATE TEMP TABLE ten AS SELECT row_number() OVER (ORDER BY id) - 1 AS i, amount::float8 AS a, probability AS p FROM deal WHERE id BETWEEN 101 AND 110;
CREATE TEMP TABLE outcome AS
SELECT sum(CASE WHEN (m >> i::int) & 1 = 1 THEN a ELSE 0 END) AS total,
       exp(sum(ln(CASE WHEN (m >> i::int) & 1 = 1 THEN p ELSE 1 - p END))) AS chance
FROM ten, generate_series(0, 1023) AS m WHERE p > 0 AND p < 1 GROUP BY m;
SELECT is(count(*) FILTER (WHERE abs(probability_at_least(d, t) - chance) > 1e-9), 0::bigint, 'every atom''s probability, within 1e-9')
FROM (SELECT revenue_distribution(a, p) AS d FROM ten) s,
     (SELECT o.total AS t, (SELECT sum(chance) FROM outcome b WHERE b.total >= o.total - 1e-7) AS chance FROM outcome o) e;

-- Many deals: smoothed, yet where a normal distribution of that mean and spread says.
SELECT is(count(*) FILTER (WHERE abs(q[2] - mean(d)) > 0.05 * stddev(d) OR abs(q[3] - q[1] - 2.5631 * stddev(d)) > 0.05 * stddev(d)),
          0::bigint, 'many deals, some negative, some alike: the quantiles stand where they should')
FROM (SELECT revenue_distribution(amount, probability) AS d FROM deal UNION ALL
      SELECT revenue_distribution(amount, probability, 0.001) FROM deal UNION ALL
      SELECT revenue_distribution((ARRAY[99.90, 149.50, 990.25, 4990.75])[1 + id % 4], 0.1 + 0.2 * (id % 5)) FROM deal) s,
     LATERAL (SELECT quantiles(d, ARRAY[0.1, 0.5, 0.9]) AS q OFFSET 0) t;
SELECT is(count(*) FILTER (WHERE (e).amount > 0.2 * stddev(d) OR (e).probability > 0.05), 0::bigint, 'and the printed bound is small')
FROM (SELECT revenue_distribution((ARRAY[99.90, 149.50, 990.25, 4990.75])[1 + id % 4], 0.1 + 0.2 * (id % 5)) AS d
      FROM deal GROUP BY id % 3) s,
     LATERAL (SELECT error_bound(d) AS e OFFSET 0) t;

-- Questions agree with each other, and the bound shrinks to nothing where it should.
SELECT is(count(*) FILTER (WHERE probability_at_least(d, quantile(d, q)) < 1 - q - 1e-9), 0::bigint, 'quantile and probability_at_least agree')
FROM (SELECT revenue_distribution(amount, probability) AS d FROM deal GROUP BY id % 500) s, unnest(ARRAY[0.05, 0.5, 0.95]) AS q;
SELECT ok(bool_and(q[1] <= q[2] AND q[2] <= q[3]), 'P10 <= P50 <= P90')
FROM (SELECT quantiles(revenue_distribution(amount, probability, 0.1), ARRAY[0.1, 0.5, 0.9]) AS q FROM deal GROUP BY id % 1000) s;
SELECT is((error_bound(revenue_distribution(1000 * (1 + id % 9), 0.3))).amount, 0::float8, 'whole thousands need no rounding') FROM deal WHERE id <= 300;

SELECT * FROM finish();
ROLLBACK;
