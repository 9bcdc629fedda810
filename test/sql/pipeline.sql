-- The pipeline room as a reader meets it: weighted_value, revenue_distribution,
-- win rates from history.
SET search_path = public, sales_forecast;

CREATE TABLE deal (id int, owner text, amount numeric, probability float8);
INSERT INTO deal VALUES
    (1, 'Kari', 100, 0.99), (2, 'Kari', 200, 0), (3, 'Ola', 1000.50, 0.25),
    (4, 'Ola', NULL, 0.5), (5, 'Ola', 400, NULL), (6, NULL, 80.25, 1);

-- 100 at 99 % and 200 at 0 % are worth 99, not 300 times the average.
SELECT owner, weighted_value(amount, probability), weighted_value(amount, probability::numeric) AS from_numeric,
       weighted_value(amount::float8, probability) AS from_double
FROM deal GROUP BY owner ORDER BY owner;
SELECT weighted_value(amount, probability) FROM deal WHERE amount IS NULL;

-- The fixed percentages of a sales process: created, contact, offer, accepted, won.
SELECT p AS probability, weighted_value(1000, p::float8) FROM unnest(ARRAY[0, 0.25, 0.5, 0.75, 1]) AS p
GROUP BY p ORDER BY p;

-- To the last digit, also where 128 bits do not reach.
SELECT weighted_value(1e30::numeric, 0.1::float8), weighted_value('1e-30'::numeric, 0.1::float8),
       weighted_value(0.00, 0.3::float8), weighted_value(-12.50, 0.333333333333333::float8);

-- Bad rows name the value.
SELECT weighted_value(100, 1.5);
SELECT weighted_value(100::numeric, 'NaN'::float8);
SELECT weighted_value(100, -0.000001);
SELECT weighted_value('NaN'::numeric, 0.5::float8);
SELECT weighted_value('Infinity'::numeric, 0.5);
SELECT weighted_value('-Infinity'::float8, 0.5::float8);
SELECT weighted_value(1e308::float8, 1::float8) FROM generate_series(1, 2);
SELECT weighted_numeric_add('0 0 0 0 0 -', 1, 0.5::float8);
SELECT 'x'::weighted_numeric_state;
SELECT '1 2 0 0 0 -'::weighted_numeric_state;
SELECT '1 1 0 0 0 NaN'::weighted_numeric_state;
SELECT '1 0 0 0 0'::weighted_float_state;

-- A moving frame: rows enter and leave exactly.
SELECT id, weighted_value(amount, probability) OVER w AS exact, weighted_value(amount::float8, probability) OVER w AS approximate
FROM (VALUES (1, 1e30::numeric, 1::float8), (2, 1.25, 1), (3, 2.5, 0.5), (4, 10, 0.001), (5, NULL, 1)) AS v(id, amount, probability)
WINDOW w AS (ORDER BY id ROWS 1 PRECEDING) ORDER BY id OFFSET 1;

-- Deals that close whole or not at all: two coins.
SELECT d, deals(d), mean(d), stddev(d), quantiles(d, ARRAY[0, 0.1, 0.25, 0.5, 0.75, 0.9, 1]), error_bound(d)
FROM (SELECT revenue_distribution(amount, 0.5) AS d FROM (VALUES (100.0), (200.0)) AS v(amount)) s;
SELECT x AS amount, probability_at_least(d, x)
FROM (SELECT revenue_distribution(amount, 0.5) AS d FROM (VALUES (100.0), (200.0)) AS v(amount)) s,
     unnest(ARRAY['-Infinity', 0, 100, 100.01, 300, 300.01, 'Infinity']::float8[]) AS x;

-- Certain, impossible, negative and missing deals.
SELECT d, quantiles(d, ARRAY[0, 0.5, 1])
FROM (SELECT revenue_distribution(amount, probability) AS d
      FROM (VALUES (50.10, 1.0), (70, 0), (-10, 0.5), (NULL, 0.5), (30, NULL), (0, 0.5)) AS v(amount, probability)) s;
SELECT revenue_distribution(1, NULL::float8);

-- One common factor: the mean stays, the range grows, and addition keeps it.
SELECT c AS correlation, round(mean(d)::numeric, 6) AS mean, round(stddev(d)::numeric, 4) AS stddev,
       round(quantile(d, 0.1)::numeric, 2) AS p10, round(quantile(d, 0.9)::numeric, 2) AS p90
FROM unnest(ARRAY[0, 0.1, 0.5, 0.9]) AS c,
     LATERAL (SELECT revenue_distribution(100 + i, 0.4, c) AS d FROM generate_series(1, 15) AS i) s;
SELECT together = apart AS "sum is the aggregate over all", together = plus AS "and so is plus"
FROM (SELECT sum(d)::text AS apart FROM (SELECT revenue_distribution(100 + i, 0.4, 0.3) AS d FROM generate_series(1, 40) AS i GROUP BY i % 7) s) a,
     (SELECT revenue_distribution(100 + i, 0.4, 0.3)::text AS together FROM generate_series(1, 40) AS i) b,
     (SELECT (revenue_distribution(100 + i, 0.4, 0.3) FILTER (WHERE i <= 9) + revenue_distribution(100 + i, 0.4, 0.3) FILTER (WHERE i > 9))::text AS plus
      FROM generate_series(1, 40) AS i) c;

SELECT revenue_distribution(1, 0.5, 1.0);
SELECT revenue_distribution(1, 0.5, NULL::float8);
SELECT revenue_distribution(1, 0.5, i / 10.0) FROM generate_series(1, 2) AS i;
SELECT revenue_distribution(1, 0.5, 0.1) + revenue_distribution(1, 0.5, 0.2);
SELECT revenue_distribution('NaN'::float8, 0.5);
SELECT revenue_distribution('Infinity'::numeric, 0.5);
SELECT revenue_distribution(1e91::float8, 0.5);
SELECT revenue_distribution(1, 2);
SELECT quantile('1 deals, correlation 0, certain 0: 5 @ 0.5', 1.1);
SELECT quantiles('1 deals, correlation 0, certain 0: 5 @ 0.5', ARRAY[0.5, NULL]);
SELECT quantiles('1 deals, correlation 0, certain 0: 5 @ 0.5', ARRAY[[0.5], [2]]);
SELECT probability_at_least('1 deals, correlation 0, certain 0: 5 @ 0.5', 'NaN');
SELECT 'nonsense'::revenue_distribution;
SELECT '1 deals, correlation 0, certain 0: 5 @ 1.5'::revenue_distribution;
SELECT '1 deals, correlation 2, certain 0: 5 @ 0.5'::revenue_distribution;
SELECT '0 deals, correlation 0, certain 0: 5 @ 0.5'::revenue_distribution;
SELECT '3 deals, correlation 0, certain 0: 5 @ 0.5, 7 @ 0.25 x 2'::revenue_distribution;

-- History: a key with few deals leans on all of them together.
SELECT key, won, closed, round(rate::numeric, 3) AS rate, round(probability::numeric, 3) AS probability,
       round(lower::numeric, 3) AS lower, round(upper::numeric, 3) AS upper, enough, reason
FROM historical_probability($$
    SELECT stage AS key, i <= won AS won
    FROM (VALUES ('offer', 60, 100), ('contact', 30, 100), ('talk', 3, 4), (NULL, 10, 25)) AS s(stage, won, closed),
         generate_series(1, closed) AS i$$);
SELECT key, won, closed, round(probability::numeric, 3) AS probability, enough, reason
FROM historical_probability('SELECT 1 AS key, true AS won', history_options(min_lost => 0));
SELECT count(*) FROM historical_probability('SELECT 1 AS key, NULL::boolean AS won');
SELECT round(shrunken_rate(p, NULL, NULL)::numeric, 4) AS unknown, round(shrunken_rate(p, 3, 4)::numeric, 4) AS few,
       (p).keys, (p).won, (p).closed, (SELECT round(lower::numeric, 3) FROM shrunken_rate_interval(p, 3, 4)) AS lower
FROM (SELECT fit_rate_prior(won, closed) AS p FROM (VALUES (10, 20), (30, 40), (5, 30), (0, 0), (NULL, 3)) AS v(won, closed)) s;
SELECT fit_rate_prior(0, 0), fit_rate_prior(NULL, 1);
SELECT fit_rate_prior(3, 2);
SELECT fit_rate_prior(-1, 2);
SELECT round(beta_quantile(0.5, 2, 2)::numeric, 12), beta_quantile(0, 2, 2), beta_quantile(1, 2, 2);
SELECT beta_quantile(0.5, 0, 2);
SELECT * FROM historical_probability('SELECT 1 AS k, 2 AS w');
SELECT * FROM historical_probability('SELECT 1 AS key, 2 AS won');
SELECT * FROM historical_probability('SELECT 1 AS key, true AS won; SELECT 2');
SELECT * FROM historical_probability('DELETE FROM deal RETURNING id AS key, true AS won');
SELECT * FROM historical_probability('WITH gone AS (DELETE FROM deal RETURNING id) SELECT id AS key, true AS won FROM gone');
SELECT * FROM historical_probability('');
SELECT * FROM historical_probability('SELECT 1 AS key, true AS won', history_options(level => 2));
SELECT * FROM historical_probability('SELECT 1 AS key, true AS won', history_options(min_won => -1));
SELECT * FROM historical_probability('SELECT 1 AS key, true AS won', history_options(min_won => NULL));
SELECT count(*) AS "nobody is working" FROM progress WHERE pid <> pg_backend_pid();

DROP TABLE deal;
