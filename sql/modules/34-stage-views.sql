-- The forecast views, second part: where deals stop and how long they stay.

CREATE FUNCTION @extschema@.create_conversion_views(target_schema text)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM set_config('search_path', format('%I, pg_temp', target_schema), true);

    -- Each deal counts once per stage.  It has moved on when it was won or has been in a later stage, even if it came
    -- back, so a deal that was lost, reopened and moved is not counted twice.
    CREATE OR REPLACE VIEW stage_conversion WITH (security_invoker = true) AS
    WITH path AS MATERIALIZED (SELECT p.* FROM stage_paths() p
    ), counted AS (
        SELECT k.process_id, k.stage_id, k.stage_name, k.stage_order,
               lead(k.stage_name) OVER (PARTITION BY k.process_key ORDER BY k.stage_order, k.stage_id) AS next_stage_name,
               n.*, n.moved_on + n.lost AS decided
        FROM known_stage k
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(p.deals), 0)::bigint AS entered,
                   coalesce(sum(p.deals) FILTER (WHERE m.on), 0)::bigint AS moved_on,
                   coalesce(sum(p.deals) FILTER (WHERE NOT m.on AND p.status = 'lost'), 0)::bigint AS lost,
                   coalesce(sum(p.deals) FILTER (WHERE NOT m.on AND p.status = 'open'), 0)::bigint AS still_open,
                   coalesce(sum(p.deals) FILTER (WHERE NOT m.on AND p.status IS NULL), 0)::bigint AS unknown
            FROM path p CROSS JOIN LATERAL (SELECT p.status IS NOT DISTINCT FROM 'won' OR p.visited >= 2 * k.bit) m ("on")
            WHERE p.process_key = k.process_key AND (p.visited & k.bit) <> 0) n
        WHERE NOT k.is_lost AND NOT k.is_won
    )
    SELECT c.process_id, c.stage_id, c.stage_name, c.stage_order, c.next_stage_name,
           c.entered, c.moved_on, c.lost, c.still_open, c.unknown, c.decided,
           c.lost::double precision / nullif(c.decided, 0) AS drop_off,
           CASE WHEN c.decided > 0 THEN greatest(w.low, 0) END AS drop_off_lower,
           CASE WHEN c.decided > 0 THEN least(w.high, 1) END AS drop_off_upper,
           c.decided >= 40 AND c.lost > 0 AND row_number() OVER (
               PARTITION BY c.process_id, c.decided >= 40
               ORDER BY c.lost::double precision / nullif(c.decided, 0) DESC NULLS LAST, c.stage_order, c.stage_id) = 1 AS is_bottleneck,
           as_of() AS as_of
    FROM counted c
    CROSS JOIN LATERAL (    -- Wilson's interval, 95 %: z = 1.959964
        SELECT (x.mid - x.half) / (1 + 3.841459 / x.n), (x.mid + x.half) / (1 + 3.841459 / x.n)
        FROM (SELECT y.n, y.p + 1.920729 / y.n, 1.959964 * sqrt(y.p * (1 - y.p) / y.n + 0.960365 / y.n / y.n)
              FROM (SELECT nullif(c.decided, 0)::double precision, c.lost::double precision / nullif(c.decided, 0)) y (n, p)
             ) x (n, mid, half)) w (low, high);

    CREATE OR REPLACE VIEW stage_entry WITH (security_invoker = true) AS
    SELECT d.opportunity_id, k.process_id, k.stage_id, k.stage_name, k.stage_order, coalesce(e.entered_at, o.created_at) AS entered_at,
           o.status, o.status IS NOT DISTINCT FROM 'won' OR d.visited >= 2 * k.bit AS moved_on
    FROM deal_path d
    JOIN opportunity_as_of o ON o.opportunity_id = d.opportunity_id
    JOIN known_stage k ON k.process_key = d.process_key AND (d.visited & k.bit) <> 0 AND NOT k.is_won
    LEFT JOIN (SELECT c.opportunity_id, c.to_stage_id, min(c.changed_at) AS entered_at
               FROM stage_change c WHERE c.changed_at <= as_of() GROUP BY 1, 2) e
           ON e.opportunity_id = d.opportunity_id AND e.to_stage_id = k.stage_id;

    CREATE OR REPLACE VIEW stage_conversion_by_quarter WITH (security_invoker = true) AS
    SELECT g.*, g.moved_on + g.lost AS decided, g.lost::double precision / nullif(g.moved_on + g.lost, 0) AS drop_off, as_of() AS as_of
    FROM (SELECT date_trunc('quarter', e.entered_at AT TIME ZONE (SELECT s.time_zone FROM crm_source s))::date AS quarter,
                 e.process_id, e.stage_id, e.stage_name, e.stage_order,
                 count(*) AS entered,
                 count(*) FILTER (WHERE e.moved_on) AS moved_on,
                 count(*) FILTER (WHERE NOT e.moved_on AND e.status = 'lost') AS lost,
                 count(*) FILTER (WHERE NOT e.moved_on AND e.status = 'open') AS still_open,
                 count(*) FILTER (WHERE NOT e.moved_on AND e.status IS NULL) AS unknown
          FROM stage_entry e
          GROUP BY 1, 2, 3, 4, 5) g;
END
$$;
COMMENT ON FUNCTION @extschema@.create_conversion_views(text) IS
'Internal part of create_forecast_views: stage_conversion, stage_entry and stage_conversion_by_quarter. NULL does nothing.';

CREATE FUNCTION @extschema@.create_velocity_views(target_schema text)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM set_config('search_path', format('%I, pg_temp', target_schema), true);

    CREATE OR REPLACE FUNCTION stage_stays() RETURNS TABLE (
        opportunity_id text, process_id text, stage_id text, stage_name text, stage_order int,
        entered_at timestamptz, left_at timestamptz, days double precision, completed boolean)
    LANGUAGE sql STABLE PARALLEL SAFE ROWS 100000
    SET search_path = pg_catalog, pg_temp SET jit = off SET work_mem = '64MB' SET enable_mergejoin = off
    BEGIN ATOMIC
    SELECT o.opportunity_id, k.process_id, k.stage_id, k.stage_name, k.stage_order, v.entered_at,
           coalesce(v.left_at, o.closed_at) AS left_at,
           greatest(extract(epoch FROM coalesce(v.left_at, o.closed_at, o.as_of) - v.entered_at) / 86400, 0)::double precision AS days,
           coalesce(v.left_at, o.closed_at) IS NOT NULL AS completed
    FROM opportunity_as_of o
    JOIN (
        SELECT c.opportunity_id, c.to_stage_id AS stage_id, c.changed_at AS entered_at,
               lead(c.changed_at) OVER (PARTITION BY c.opportunity_id ORDER BY c.changed_at, c.change_order) AS left_at
        FROM stage_change c WHERE c.changed_at <= as_of()
        UNION ALL       -- the first stage, when the source logs only that it was left
        SELECT f.opportunity_id, f.from_stage_id, p.created_at, f.changed_at
        FROM (SELECT DISTINCT ON (c.opportunity_id) c.opportunity_id, c.from_stage_id, c.changed_at
              FROM stage_change c WHERE c.changed_at <= as_of()
              ORDER BY c.opportunity_id, c.changed_at, c.change_order) f
        JOIN opportunity_as_of p ON p.opportunity_id = f.opportunity_id
        WHERE f.from_stage_id IS NOT NULL
        UNION ALL       -- deals that never moved
        SELECT p.opportunity_id, p.stage_id, coalesce(p.stage_entered_at, p.created_at), NULL
        FROM opportunity_as_of p
        WHERE NOT EXISTS (SELECT FROM stage_change c WHERE c.opportunity_id = p.opportunity_id AND c.changed_at <= as_of())
    ) v ON v.opportunity_id = o.opportunity_id
    JOIN known_stage k ON k.process_key = coalesce(o.process_id, '') AND k.stage_id = v.stage_id AND NOT k.is_won AND NOT k.is_lost
    WHERE isfinite(v.entered_at) AND isfinite(v.left_at) IS NOT FALSE AND (o.status = 'open' OR coalesce(v.left_at, o.closed_at) IS NOT NULL);
    END;

    CREATE OR REPLACE VIEW stage_stay WITH (security_invoker = true) AS
    SELECT s.opportunity_id, s.process_id, s.stage_id, s.stage_name, s.stage_order, s.entered_at, s.left_at, s.days, s.completed,
           as_of() AS as_of
    FROM stage_stays() s;

    -- Deals that are still in the stage have not told their time yet.  Leaving them out makes every stage look fast, so
    -- the quantiles are those of the Kaplan-Meier estimate (Kaplan & Meier, JASA 53, 1958), where they count until now.
    CREATE OR REPLACE VIEW stage_velocity WITH (security_invoker = true) AS
    SELECT z.process_id, z.stage_id, z.stage_name, z.stage_order,
           sum(z.stays)::bigint AS stays, sum(z.completed)::bigint AS completed, sum(z.stays - z.completed)::bigint AS still_there,
           min(z.days) FILTER (WHERE z.staying <= 0.5 + 1e-12) AS median_days,
           min(z.days) FILTER (WHERE z.staying <= 0.1 + 1e-12) AS p90_days,
           sum(z.days * z.completed) / nullif(sum(z.completed), 0) AS mean_days_completed,
           max(z.days) FILTER (WHERE z.stays > z.completed) AS longest_still_there_days,
           as_of() AS as_of
    FROM (SELECT y.*, exp(sum(CASE WHEN y.completed = y.at_risk THEN '-Infinity'::double precision
                                   ELSE ln(1 - y.completed::double precision / y.at_risk::double precision) END)
                          OVER (PARTITION BY y.process_id, y.stage_id ORDER BY y.days)) AS staying
          FROM (SELECT x.*, sum(x.stays) OVER (PARTITION BY x.process_id, x.stage_id ORDER BY x.days DESC) AS at_risk
                FROM (SELECT s.process_id, s.stage_id, s.stage_name, s.stage_order, s.days,
                             count(*) AS stays, count(*) FILTER (WHERE s.completed) AS completed
                      FROM stage_stay s GROUP BY 1, 2, 3, 4, 5) x) y) z
    GROUP BY z.process_id, z.stage_id, z.stage_name, z.stage_order;
END
$$;
COMMENT ON FUNCTION @extschema@.create_velocity_views(text) IS
'Internal part of create_forecast_views: stage_stays(), stage_stay and stage_velocity. NULL does nothing.';
