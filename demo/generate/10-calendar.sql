-- The calendar: what every week does to demand, and the outside series that a forecaster may look at.
--
-- A calendar segment is a piece of a week that does not cross a month, so factors by week, month and quarter are
-- all constant in it.  The value of an order signed in a segment is multiplied by
--     September (+23 % usually, +18 % in the indicator year) x shock quarter (-35 %)
--     x driver six weeks ago ^ 0.8 x common quarterly shock (sd 4 %).
-- All but the last are "known": the oracle has them.

SET search_path = demo;

CREATE TABLE week AS
SELECT w AS week_no, (date_trunc('week', s.run_in_date) + w * interval '7 days')::date AS starts_on
FROM setting s, generate_series(-60, (s.end_date - s.run_in_date) / 7 + 80) AS w;
ALTER TABLE week ADD PRIMARY KEY (week_no);

-- Outside series: the driver and 20 decoys.  Each is autoregressive, x(t) = memory x(t-1) + noise; most decoys have the
-- memory of the driver, some drift, some have a season of their own.
CREATE TABLE series AS
SELECT row_number() OVER () - 1 AS series_no, s.*
FROM (VALUES
    ('regional_production_index', 0.75, 0.12, 0.00, 0.00),
    ('steel_price', 0.75, 0.12, 0.00, 0.00), ('oil_price', 0.75, 0.15, 0.00, 0.00),
    ('copper_price', 0.75, 0.12, 0.00, 0.00), ('gas_price', 0.75, 0.18, 0.00, 0.00),
    ('freight_index', 0.75, 0.12, 0.00, 0.00), ('truck_toll_index', 0.75, 0.10, 0.00, 0.00),
    ('web_visits', 0.75, 0.14, 0.00, 0.00), ('newsletter_opens', 0.75, 0.10, 0.00, 0.00),
    ('competitor_ads', 0.75, 0.16, 0.00, 0.00), ('job_postings', 0.75, 0.12, 0.00, 0.00),
    ('sick_leave', 0.75, 0.12, 0.00, 0.15), ('rainfall', 0.50, 0.25, 0.00, 0.10),
    ('sunshine_hours', 0.50, 0.20, 0.00, 0.40), ('temperature_index', 0.60, 0.06, 0.00, 0.30),
    ('retail_sales', 0.60, 0.05, 0.03, 0.10), ('consumer_prices', 0.95, 0.01, 0.03, 0.00),
    ('wage_index', 0.95, 0.01, 0.04, 0.00), ('stock_index', 0.97, 0.15, 0.05, 0.00),
    ('euro_dollar', 0.97, 0.06, 0.00, 0.00), ('interest_rate', 0.97, 0.20, 0.00, 0.00)
) AS s (name, memory, deviation, growth, season);

-- The first value is drawn from the stationary distribution.
CREATE FUNCTION autoregression(series_name text, memory float8, deviation float8, weeks int)
RETURNS TABLE (nth int, x float8)
LANGUAGE plpgsql IMMUTABLE
AS $$
BEGIN
    x := deviation * demo.normal(series_name, 0);
    FOR i IN 1 .. weeks LOOP
        nth := i;
        x := memory * x + deviation * sqrt(1 - memory ^ 2) * demo.normal(series_name, i);
        RETURN NEXT;
    END LOOP;
END
$$;

CREATE TABLE series_value AS
SELECT s.series_no, w.week_no, w.starts_on,
       a.x + s.growth * w.week_no / 52 + s.season * cos(2 * pi() * (w.week_no - 4 * s.series_no) / 52.18) AS log_level
FROM series s
CROSS JOIN LATERAL autoregression(s.name, s.memory, s.deviation, (SELECT count(*)::int FROM week)) a
JOIN (SELECT *, week_no - min(week_no) OVER () + 1 AS nth FROM week) w ON w.nth = a.nth;
ALTER TABLE series_value ADD PRIMARY KEY (series_no, week_no);

CREATE TABLE quarter AS
SELECT row_number() OVER (ORDER BY q) AS quarter_no, q::date AS starts_on, (q + interval '3 months')::date AS ends_on,
       exp(0.04 * normal('common shock', extract(epoch FROM q)::bigint) - 0.0008) AS common
FROM setting s,
     generate_series(date_trunc('quarter', s.run_in_date - 120), s.end_date + interval '1 year', interval '3 months') q;
ALTER TABLE quarter ADD PRIMARY KEY (starts_on);

CREATE TABLE segment AS
WITH bound AS (
    SELECT starts_on AS day FROM week
    UNION
    SELECT m::date FROM setting s,
        generate_series(date_trunc('month', s.run_in_date - 120), s.end_date + interval '1 year', interval '1 month') m
), piece AS (
    SELECT day AS starts_on, lead(day) OVER (ORDER BY day) AS ends_on FROM bound
)
SELECT row_number() OVER (ORDER BY p.starts_on) AS segment_no, p.starts_on, p.ends_on, q.starts_on AS quarter_start,
       CASE WHEN extract(month FROM p.starts_on) <> 9 THEN 1
            WHEN extract(year FROM p.starts_on) = s.indicator_year THEN 1.18 ELSE 1.23 END AS september,
       CASE WHEN q.starts_on = s.shock_quarter THEN 0.65 ELSE 1 END AS shock,
       -- Scaled so that the mean over the weeks is 1.
       exp(0.8 * d.log_level - 0.5 * (0.8 * 0.12) ^ 2) AS driver,
       q.common
FROM piece p
CROSS JOIN setting s
JOIN quarter q ON p.starts_on >= q.starts_on AND p.starts_on < q.ends_on
JOIN series_value d ON d.series_no = 0 AND d.starts_on = (date_trunc('week', p.starts_on) - interval '42 days')::date
WHERE p.ends_on IS NOT NULL;
ALTER TABLE segment ADD PRIMARY KEY (segment_no);
ALTER TABLE segment ADD known float8 GENERATED ALWAYS AS (september * shock * driver) STORED;
CREATE UNIQUE INDEX ON segment (starts_on);

CREATE TABLE day AS
SELECT d::date AS day, g.segment_no, g.known * g.common AS factor,
       -- Creation of deals: Q4 x 1.25, Q1 x 0.85, +4 % a year, on working days only.
       CASE extract(quarter FROM d) WHEN 4 THEN 1.25 WHEN 1 THEN 0.85 ELSE 1 END
           * exp(ln(1.04) * (d::date - s.start_date - 913) / 365.25) AS rate,
       extract(isodow FROM d) < 6 AS working
FROM setting s
CROSS JOIN generate_series(s.run_in_date, s.end_date + 200, interval '1 day') d
JOIN segment g ON d >= g.starts_on AND d < g.ends_on;
ALTER TABLE day ADD PRIMARY KEY (day);

-- 0.328 is the mean win rate over the five years that the drop-offs of 40-deals.sql imply.
ALTER TABLE day ADD deals_expected float8;
UPDATE day d
SET deals_expected = CASE WHEN d.working
    THEN d.rate * s.wins_per_quarter / 0.328 / 1.025 / w.working_days ELSE 0 END
FROM setting s, (
    SELECT q.starts_on, q.ends_on, count(*) FILTER (WHERE extract(isodow FROM x) < 6) AS working_days
    FROM quarter q, generate_series(q.starts_on, q.ends_on - 1, interval '1 day') x
    GROUP BY q.starts_on, q.ends_on) w
WHERE d.day >= w.starts_on AND d.day < w.ends_on;
