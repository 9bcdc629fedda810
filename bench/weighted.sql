-- weighted_value against the server's own sums.

SELECT setseed(0.5) \g /dev/null
CREATE TABLE deal AS
SELECT (random() * 100000)::numeric(12, 2) AS amount, random() AS probability
FROM generate_series(1, 10000000);
ALTER TABLE deal SET (parallel_workers = 2);
VACUUM (FREEZE, ANALYZE) deal;

INSERT INTO query VALUES
    ('scan', 'SELECT count(*) FROM deal', 0),
    ('sum of double precision', 'SELECT sum(probability) FROM deal', 0),
    ('weighted_value', 'SELECT weighted_value(amount, probability) FROM deal', 0),
    ('numeric by hand', 'SELECT sum(amount * probability::numeric) FROM deal', 0),
    ('double by hand', 'SELECT sum(amount::float8 * probability) FROM deal', 0);
SELECT pg_temp.measure() \g /dev/null

\! taskset -cp 0-1 "$BENCH_PID" >/dev/null 2>&1 || true
DELETE FROM query;
INSERT INTO query VALUES
    ('weighted_value, alone', 'SELECT weighted_value(amount, probability) FROM deal', 0),
    ('weighted_value, 2 workers', 'SELECT weighted_value(amount, probability) FROM deal', 2);
SELECT pg_temp.measure() \g /dev/null
\! taskset -cp 0 "$BENCH_PID" >/dev/null 2>&1 || true

CREATE TABLE moving AS
SELECT i AS id, (random() * 100000)::numeric(12, 2) AS amount, random() AS probability
FROM generate_series(1, 300000) i;
VACUUM (FREEZE, ANALYZE) moving;
DELETE FROM query;
INSERT INTO query VALUES
    ('window: sum(amount)', 'SELECT count(x) FROM (SELECT sum(amount) OVER (ORDER BY id ROWS 9999 PRECEDING) AS x FROM moving) s', 0),
    ('window: weighted_value', 'SELECT count(x) FROM (SELECT weighted_value(amount, probability) OVER (ORDER BY id ROWS 9999 PRECEDING) AS x FROM moving) s', 0);
SELECT pg_temp.measure() \g /dev/null

SELECT name AS query, pg_temp.show(pg_temp.seconds(name)) AS seconds FROM timing GROUP BY name ORDER BY name;

SELECT measure, pg_temp.show(value) AS measured, wanted FROM (VALUES
    ('10M rows: weighted_value / sum(double precision)',
     pg_temp.seconds('weighted_value') / pg_temp.seconds('sum of double precision'), 'at most 1.35'),
    ('10M rows: sum(amount * probability::numeric) / weighted_value',
     pg_temp.seconds('numeric by hand') / pg_temp.seconds('weighted_value'), 'at least 6'),
    ('10M rows: sum(amount::float8 * probability) / weighted_value',
     pg_temp.seconds('double by hand') / pg_temp.seconds('weighted_value'), ''),
    ('10M rows: alone / with 2 workers',
     pg_temp.seconds('weighted_value, alone') / pg_temp.seconds('weighted_value, 2 workers'), 'at least 1.4'),
    ('10,000-row moving frame: weighted_value / sum(amount)',
     pg_temp.seconds('window: weighted_value') / pg_temp.seconds('window: sum(amount)'), 'at most 2')
) AS v(measure, value, wanted);

SELECT weighted_value(amount, probability) = sum(amount * probability::numeric) AS "equal to the last digit" FROM deal;
DROP TABLE deal, moving;
