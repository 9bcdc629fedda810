-- revenue_distribution: one large portfolio, and many small ones.

SELECT setseed(0.5) \g /dev/null
CREATE TABLE deal AS
SELECT i AS id, exp(10 + 0.8 * sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random()))::numeric(12, 2) AS amount,
       random() AS probability
FROM generate_series(1, 1000000) i;
VACUUM (FREEZE, ANALYZE) deal;

INSERT INTO query VALUES
    ('weighted_value, 1M', 'SELECT weighted_value(amount, probability) FROM deal', 0),
    ('distribution, 1M',
     'SELECT quantiles(revenue_distribution(amount, probability), ARRAY[0.1, 0.5, 0.9]) FROM deal', 0),
    ('distribution, 1M correlated',
     'SELECT quantiles(revenue_distribution(amount, probability, 0.1), ARRAY[0.1, 0.5, 0.9]) FROM deal', 0),
    ('10,000 groups of 100',
     'SELECT id % 10000, quantiles(revenue_distribution(amount, probability), ARRAY[0.1, 0.5, 0.9]) FROM deal GROUP BY 1', 0),
    ('10,000 groups of 100, correlated',
     'SELECT id % 10000, quantiles(revenue_distribution(amount, probability, 0.1), ARRAY[0.1, 0.5, 0.9]) FROM deal GROUP BY 1', 0),
    ('10,000 groups of 20',
     'SELECT id % 10000, quantiles(revenue_distribution(amount, probability), ARRAY[0.1, 0.5, 0.9]) FROM deal WHERE id <= 200000 GROUP BY 1', 0);
SELECT pg_temp.measure() \g /dev/null

SELECT name AS query, pg_temp.show(pg_temp.seconds(name)) AS seconds FROM timing GROUP BY name ORDER BY name;

SELECT measure, pg_temp.show(value) AS measured, wanted FROM (VALUES
    ('1M deals: (distribution and quantiles - 0.5 s) / weighted_value',
     (pg_temp.seconds('distribution, 1M') - 0.5) / pg_temp.seconds('weighted_value, 1M'), 'at most 3'),
    ('10,000 groups of 100 deals, seconds', pg_temp.seconds('10,000 groups of 100'), 'at most 2'),
    ('10,000 groups of 100 correlated deals, seconds', pg_temp.seconds('10,000 groups of 100, correlated'), 'at most 10')
) AS v(measure, value, wanted);

SELECT n AS deals, correlation,
       round((stddev(d) / mean(d))::numeric, 4) AS "stddev / mean",
       round(((e).amount / stddev(d))::numeric, 4) AS "error amount / stddev", (e).probability AS "error probability"
FROM (VALUES (20, 0::float8), (100, 0), (1000, 0), (10000, 0), (100000, 0), (1000000, 0),
             (20, 0.1), (100, 0.1), (1000, 0.1), (10000, 0.1)) AS v(n, correlation),
     LATERAL (SELECT revenue_distribution(amount, probability, correlation) AS d FROM deal WHERE id <= n) s,
     LATERAL (SELECT error_bound(d) AS e OFFSET 0) t
ORDER BY correlation, n;
DROP TABLE deal;
