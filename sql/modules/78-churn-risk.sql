-- Customers who order in a rhythm of their own, and have stopped.
--
-- Each interval between two orders is measured in cycles of its customer, the middle of the last 12 intervals.  After each
-- order a customer either leaves, with a probability q, or orders again after an interval that is longer than r cycles with
-- probability S(r), which is counted over all intervals seen.  So after a silence of r cycles
--     P(gone) = q / (q + (1 - q) S(r)).
-- Orders that came from a deal are left out where the source has others: they follow the deal and not the rhythm.
-- q = customers whose silence is longer than 99 of 100 intervals / orders after which something could be seen.

CREATE FUNCTION @extschema@.create_churn_views(target_schema text)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM set_config('search_path', format('%I, pg_temp', target_schema), true);

    CREATE OR REPLACE VIEW churn_risk WITH (security_invoker = true) AS
    WITH bought AS MATERIALIZED (
        SELECT o.account_id, max(o.ordered_at) AS at, sum(sales_forecast.finite_amount(o.amount)) AS amount,
               CASE WHEN min(o.currency) = max(o.currency) THEN min(o.currency) END AS currency, count(DISTINCT o.currency) AS currencies
        FROM sales_order o
        WHERE o.account_id IS NOT NULL AND isfinite(o.ordered_at) AND o.ordered_at <= as_of()
          AND (o.opportunity_id IS NULL OR NOT EXISTS (SELECT FROM sales_order x WHERE x.opportunity_id IS NULL))
        GROUP BY o.account_id, (o.ordered_at AT TIME ZONE (SELECT s.time_zone FROM crm_source s))::date
    ), interval_days AS (
        SELECT b.*, date_part('epoch', b.at - lag(b.at) OVER w) / 86400 AS days, row_number() OVER (PARTITION BY b.account_id ORDER BY b.at DESC) AS back
        FROM bought b WINDOW w AS (PARTITION BY b.account_id ORDER BY b.at)
    ), customer AS MATERIALIZED (
        SELECT i.account_id, count(*) AS orders, max(i.at) AS last_order_at,
               percentile_cont(0.5) WITHIN GROUP (ORDER BY i.days) FILTER (WHERE i.back <= 12) AS cycle_days,
               date_part('epoch', as_of() - max(i.at)) / 86400 AS days_since_order
        FROM interval_days i GROUP BY i.account_id HAVING count(*) >= 4
    ), spent AS (
        SELECT c.account_id, CASE WHEN count(DISTINCT b.currency) <= 1 AND max(b.currencies) <= 1 THEN sum(b.amount) END AS amount,
               CASE WHEN count(DISTINCT b.currency) <= 1 AND max(b.currencies) <= 1 THEN min(b.currency) END AS currency
        FROM customer c JOIN bought b ON b.account_id = c.account_id AND b.at > (c.last_order_at AT TIME ZONE 'UTC' - interval '12 months') AT TIME ZONE 'UTC' GROUP BY c.account_id
    ), silence AS (     -- everybody's intervals, and how long each customer has been silent, in cycles
        SELECT v.account_id, v.cycles, count(*) FILTER (WHERE v.account_id IS NULL) OVER (ORDER BY v.cycles DESC) AS longer,
               count(*) FILTER (WHERE v.account_id IS NULL) OVER () AS intervals
        FROM (SELECT NULL AS account_id, i.days / c.cycle_days AS cycles
              FROM interval_days i JOIN customer c ON c.account_id = i.account_id WHERE i.days IS NOT NULL AND c.cycle_days > 0
              UNION ALL
              SELECT c.account_id, c.days_since_order / c.cycle_days FROM customer c WHERE c.cycle_days > 0) v
    ), share AS (
        SELECT s.account_id, s.cycles, s.intervals, (s.longer + 0.5) / (s.intervals + 1)::double precision AS longer FROM silence s WHERE s.account_id IS NOT NULL
    ), leaving AS (
        SELECT (count(*) FILTER (WHERE s.longer < 0.01) + 0.5) / (max(s.intervals) + count(*) + 1)::double precision AS q FROM share s
    )
    SELECT c.account_id, a.name, a.owner_id, c.orders, c.last_order_at, c.cycle_days, c.days_since_order, s.cycles AS cycles_since_order,
           s.longer < 0.1 AS overdue, l.q / (l.q + (1 - l.q) * s.longer) AS probability_gone, p.amount AS amount_a_year, p.currency,
           format('orders about every %s, last order %s ago, %s times that; %s pauses between orders are longer',
                  CASE WHEN c.cycle_days < 10 AND round(c.cycle_days::numeric, 1) <> 1 THEN round(c.cycle_days::numeric, 1) || ' days' ELSE sales_forecast.counted(round(c.cycle_days)::numeric, 'day') END,
                  sales_forecast.counted(floor(c.days_since_order)::numeric, 'day'), round(s.cycles::numeric, 1),
                  CASE WHEN s.longer < 0.001 THEN 'fewer than 1 of 1,000' ELSE round((100 * s.longer)::numeric, 1) || ' of 100' END) AS reason,
           as_of() AS as_of
    FROM customer c
    JOIN share s ON s.account_id = c.account_id
    CROSS JOIN leaving l
    LEFT JOIN spent p ON p.account_id = c.account_id
    LEFT JOIN (SELECT DISTINCT ON (x.account_id) x.account_id, x.name, x.owner_id FROM account x ORDER BY x.account_id, x.created_at, x.name) a
           ON a.account_id = c.account_id;
END
$$;
COMMENT ON FUNCTION @extschema@.create_churn_views(text) IS
'Internal part of create_forecast_views: churn_risk. NULL does nothing.';
