-- The forecast views, third part: won revenue by month, and what the next months will bring.
--
-- Forecasts that are made one by one do not add up.  So every currency is one grouped structure: the combinations of
-- team, seller and product that have won something are its bottom, and total, teams, sellers and products are sums over
-- them.  Each of these series is forecast by itself, and reconcile_forecasts moves them, by how far each has been off in
-- the last year, to near ones that add up to the cent.
--
-- The series reach backtest_series and reconcile_forecasts as literals in the text of a query.  So the deals are read
-- once, by plain SQL with the rights of the reader, and no name in those texts can be taken for another.

CREATE FUNCTION @extschema@.create_revenue_views(target_schema text)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM set_config('search_path', format('%I, pg_temp', target_schema), true);

    -- The limit is that of check_crm ("amount far too high"); it is worked out only when it is asked for.
    CREATE OR REPLACE FUNCTION won_by_month(usual_amounts boolean) RETURNS TABLE (
        month date, team_id text, owner_id text, product_id text, currency text, deals bigint, deals_without_amount bigint, amount numeric)
    LANGUAGE sql STABLE PARALLEL SAFE STRICT ROWS 1000
    SET search_path = pg_catalog, pg_temp SET jit = off SET work_mem = '64MB'
    BEGIN ATOMIC
    WITH sized AS (
        SELECT o.currency, ln(o.amount::double precision) AS size
        FROM opportunity_as_of o WHERE won_by_month.usual_amounts AND o.amount > 0
    ), middle AS (
        SELECT s.currency, percentile_disc(0.5) WITHIN GROUP (ORDER BY s.size) AS median FROM sized s GROUP BY s.currency
    ), limits AS (
        SELECT s.currency, m.median + 3.5 * coalesce(nullif(1.4826 * percentile_disc(0.5) WITHIN GROUP (ORDER BY abs(s.size - m.median)), 0),
                                                     nullif(1.2533 * avg(abs(s.size - m.median)), 0)) AS size
        FROM sized s JOIN middle m ON m.currency IS NOT DISTINCT FROM s.currency GROUP BY s.currency, m.median
    )
    SELECT w.month, w.team_id, w.owner_id, w.product_id, w.currency, count(*), count(*) - count(w.amount), sum(w.amount)
    FROM (SELECT sales_forecast.month_start((o.closed_at AT TIME ZONE (SELECT s.time_zone FROM crm_source s))::date) AS month,
                 o.team_id, o.owner_id, o.product_id, o.currency,
                 CASE WHEN (ln(CASE WHEN o.amount > 0 AND won_by_month.usual_amounts THEN o.amount END::double precision) > l.size) IS NOT TRUE THEN o.amount END AS amount
          FROM opportunity_as_of o
          LEFT JOIN limits l ON won_by_month.usual_amounts AND l.currency IS NOT DISTINCT FROM o.currency
          WHERE coalesce(o.status = 'won', false) AND o.closed_at <= o.as_of) w
    GROUP BY w.month, w.team_id, w.owner_id, w.product_id, w.currency;
    END;

    CREATE OR REPLACE VIEW revenue_by_month WITH (security_invoker = true) AS
    SELECT w.month, w.team_id, w.owner_id, w.product_id, w.currency, w.deals, w.deals_without_amount, w.amount, as_of() AS as_of
    FROM won_by_month(false) w;

    CREATE OR REPLACE FUNCTION revenue_forecasts(months int DEFAULT 12, usual_amounts boolean DEFAULT false) RETURNS TABLE (
        level text, team_id text, owner_id text, owner_name text, product_id text, currency text, month date, step int,
        base_forecast numeric, forecast numeric, lo80 numeric, hi80 numeric, lo95 numeric, hi95 numeric, model text,
        deals bigint, deals_without_amount bigint, months_of_history int, enough boolean, reason text)
    LANGUAGE sql STABLE PARALLEL UNSAFE STRICT ROWS 1000
    SET search_path = pg_catalog, pg_temp SET jit = off SET work_mem = '64MB' SET extra_float_digits = 1 SET "DateStyle" = 'ISO'
    BEGIN ATOMIC
    WITH clock AS (
        SELECT m.first_month, m.first_month - 1 AS last_day,
               sales_forecast.forecast_options(unit => 'month', gaps => 'zero', until => m.first_month - interval '1 day', nonnegative => true) AS options
        FROM (SELECT sales_forecast.month_start((as_of() AT TIME ZONE s.time_zone)::date) AS first_month FROM crm_source s) m
    ), cell AS (        -- numbers for the keys: a key may hold anything, a path may not
        SELECT w.*, dense_rank() OVER (ORDER BY w.currency COLLATE "C") AS c, dense_rank() OVER (ORDER BY w.team_id COLLATE "C") AS t,
               dense_rank() OVER (ORDER BY w.owner_id COLLATE "C") AS o, dense_rank() OVER (ORDER BY w.product_id COLLATE "C") AS p
        FROM won_by_month(revenue_forecasts.usual_amounts) w CROSS JOIN clock k
        WHERE w.month < k.first_month AND w.month >= k.first_month - interval '20 years'
    ), node_month AS (
        SELECT x.c, coalesce(x.t::text, '*') || '|' || coalesce(x.o::text, '*') || '|' || coalesce(x.p::text, '*') AS path,
               CASE GROUPING(x.t, x.o, x.p) WHEN 7 THEN 'total' WHEN 3 THEN 'team' WHEN 5 THEN 'owner' WHEN 6 THEN 'product' END AS level,
               min(x.team_id) AS team_id, min(x.owner_id) AS owner_id, min(x.product_id) AS product_id, min(x.currency) AS currency,
               x.month, sum(x.deals) AS deals, sum(x.deals_without_amount) AS deals_without_amount, sum(x.amount)::double precision AS amount
        FROM cell x
        GROUP BY GROUPING SETS ((x.c, x.month), (x.c, x.month, x.t), (x.c, x.month, x.o), (x.c, x.month, x.p), (x.c, x.month, x.t, x.o, x.p))
    ), node AS MATERIALIZED (
        SELECT n.*, max(n.months_of_history) OVER (PARTITION BY n.c) AS longest
        FROM (SELECT m.c, m.path, m.level, min(m.team_id) AS team_id, min(m.owner_id) AS owner_id, min(m.product_id) AS product_id,
                     min(m.currency) AS currency, sum(m.deals)::bigint AS deals, sum(m.deals_without_amount)::bigint AS deals_without_amount,
                     array_agg(m.month) FILTER (WHERE m.amount IS NOT NULL) AS at,
                     array_agg(m.amount) FILTER (WHERE m.amount IS NOT NULL) AS amounts,
                     coalesce(extract(year FROM a.age) * 12 + extract(month FROM a.age), 0)::int AS months_of_history,
                     sales_forecast.forecast(m.month, m.amount, revenue_forecasts.months, k.options) FILTER (WHERE m.amount IS NOT NULL) AS points
              FROM (SELECT y.*, min(y.month) FILTER (WHERE y.amount IS NOT NULL) OVER (PARTITION BY y.c, y.path) AS since FROM node_month y) m
              CROSS JOIN clock k CROSS JOIN LATERAL age(k.first_month, m.since) a (age)
              GROUP BY m.c, m.path, m.level, a.age) n
    ), base AS MATERIALIZED (   -- where no deal has an amount: 0
        SELECT n.c, n.path, s.step, coalesce(p.mean, 0) AS mean, coalesce(p.lo80, 0) AS lo80, coalesce(p.hi80, 0) AS hi80,
               coalesce(p.lo95, 0) AS lo95, coalesce(p.hi95, 0) AS hi95, p.model
        FROM node n CROSS JOIN generate_series(1, revenue_forecasts.months) s (step) LEFT JOIN LATERAL unnest(n.points) p ON p.step = s.step
        WHERE n.longest >= 3
    ), coherent AS (
        SELECT f.c, r.series AS path, r.step, r.reconciled AS forecast
        FROM (SELECT b.c, format('SELECT * FROM unnest(%L::text[], %L::int4[], %L::float8[]) AS f (series, step, forecast)',
                                 array_agg(b.path), array_agg(b.step), array_agg(b.mean)) AS forecasts,
                     -- To the cent, up to a trillion.
                     greatest(-9, least(2, 14 - ceil(log(greatest(sum(b.mean) / revenue_forecasts.months, 1)))::int)) AS decimals
              FROM base b WHERE b.model IS NOT NULL GROUP BY b.c) f
        LEFT JOIN (SELECT n.c, format('SELECT b.series, b.at, b.error AS residual FROM sales_forecast.backtest_series(%L, 1, sales_forecast.forecast_options('
                                 'unit => ''month'', gaps => ''zero'', until => %L, nonnegative => true), origins => 12) AS b',
                                 format('SELECT * FROM unnest(%L::text[], %L::date[], %L::float8[]) AS h (series, at, value)',
                                        array_agg(n.path), array_agg(h.at), array_agg(h.amount)), k.last_day) AS errors
              FROM node n CROSS JOIN clock k CROSS JOIN LATERAL unnest(n.at, n.amounts) h (at, amount)
              WHERE n.longest > 3       -- the first error is that of a fourth month
              GROUP BY n.c, k.last_day) e USING (c)
        CROSS JOIN LATERAL sales_forecast.reconcile_forecasts(f.forecasts, e.errors, NULL,
                               sales_forecast.reconcile_options(nonnegative => true, decimals => f.decimals)) r
    )
    SELECT n.level, CASE n.level WHEN 'team' THEN n.team_id END, CASE n.level WHEN 'owner' THEN n.owner_id END, w.name,
           CASE n.level WHEN 'product' THEN n.product_id END, n.currency, (k.first_month + (s.step - 1) * interval '1 month')::date, s.step,
           round(b.mean::numeric, 2), round(c.forecast::numeric, 2),
           -- The interval moves along with its middle; what is never below 0 begins at 0.
           round(i.lo80::numeric, 2), round((b.hi80 + c.forecast - b.mean)::numeric, 2),
           round(i.lo95::numeric, 2), round((b.hi95 + c.forecast - b.mean)::numeric, 2),
           b.model, n.deals, n.deals_without_amount, n.months_of_history, n.months_of_history >= 24,
           CASE WHEN n.longest < 3 THEN format('no forecast: complete months since the first win in this currency: %s, at least 3 are needed', n.longest)
                WHEN n.months_of_history = 0 THEN 'no won deal here has an amount: 0'
                WHEN n.months_of_history < 3 THEN format('a guess: complete months since the first win: %s', n.months_of_history)
                WHEN n.months_of_history < 24 THEN format('complete months since the first win: %s, fewer than 24: seasons cannot be told', n.months_of_history)
                ELSE format('complete months since the first win: %s', n.months_of_history) END
    FROM node n
    CROSS JOIN clock k
    CROSS JOIN generate_series(1, revenue_forecasts.months) s (step)
    LEFT JOIN base b ON b.c = n.c AND b.path = n.path AND b.step = s.step
    LEFT JOIN coherent r ON r.c = n.c AND r.path = n.path AND r.step = s.step
    CROSS JOIN LATERAL coalesce(r.forecast, b.mean) c (forecast)
    LEFT JOIN (SELECT d.owner_id, min(d.name) AS name FROM owner d GROUP BY d.owner_id) w ON n.level = 'owner' AND w.owner_id = n.owner_id
    CROSS JOIN LATERAL (SELECT CASE WHEN b.lo80 > 0 THEN greatest(b.lo80 + c.forecast - b.mean, 0) ELSE b.lo80 END,
                               CASE WHEN b.lo95 > 0 THEN greatest(b.lo95 + c.forecast - b.mean, 0) ELSE b.lo95 END) i (lo80, lo95)
    WHERE n.level IS NOT NULL;
    END;

    CREATE OR REPLACE VIEW revenue_forecast WITH (security_invoker = true) AS
    SELECT f.level, f.team_id, f.owner_id, f.owner_name, f.product_id, f.currency, f.month, f.step, f.base_forecast, f.forecast,
           f.lo80, f.hi80, f.lo95, f.hi95, f.model, f.deals, f.deals_without_amount, f.months_of_history, f.enough, f.reason, as_of() AS as_of
    FROM revenue_forecasts(12) f;

    -- Months without a win are 0 from the first win on.
    CREATE OR REPLACE VIEW revenue_forecast_series WITH (security_invoker = true) AS
    WITH clock AS (
        SELECT s.time_zone, sales_forecast.month_start((as_of() AT TIME ZONE s.time_zone)::date) AS first_month FROM crm_source s
    ), won AS (
        SELECT l.level, l.key, r.currency, r.month, r.amount
        FROM revenue_by_month r CROSS JOIN clock k
        CROSS JOIN LATERAL (VALUES ('total', NULL), ('team', r.team_id), ('owner', r.owner_id), ('product', r.product_id)) l (level, key)
        WHERE r.amount IS NOT NULL AND r.month < k.first_month AND r.month >= k.first_month - interval '20 years'
    ), shown AS (
        SELECT y.level, y.key, y.currency, y.month, 'actual' AS metric, sum(y.amount) AS value
        FROM (SELECT w.* FROM won w
              UNION ALL
              SELECT z.level, z.key, z.currency, m.month::date, 0
              FROM (SELECT w.level, w.key, w.currency, min(w.month) AS since FROM won w GROUP BY 1, 2, 3) z
              CROSS JOIN clock k
              CROSS JOIN LATERAL generate_series(z.since::timestamp, k.first_month - interval '1 month', interval '1 month') m (month)) y
        GROUP BY 1, 2, 3, 4
        UNION ALL
        SELECT f.level, CASE f.level WHEN 'team' THEN f.team_id WHEN 'owner' THEN f.owner_id WHEN 'product' THEN f.product_id END,
               f.currency, f.month, v.metric, v.value
        FROM revenue_forecast f
        CROSS JOIN LATERAL (VALUES ('forecast', f.forecast), ('lo80', f.lo80), ('hi80', f.hi80), ('lo95', f.lo95), ('hi95', f.hi95)) v (metric, value)
        WHERE v.value IS NOT NULL
    )
    SELECT s.month::timestamp AT TIME ZONE k.time_zone AS "time", s.level, s.key, s.currency, s.metric, s.value::double precision AS value,
           as_of() AS as_of
    FROM shown s CROSS JOIN clock k;
END
$$;
COMMENT ON FUNCTION @extschema@.create_revenue_views(text) IS
'Internal part of create_forecast_views: won_by_month(), revenue_by_month, revenue_forecasts(), revenue_forecast and revenue_forecast_series. NULL does nothing.';
