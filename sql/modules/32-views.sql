-- The forecast views, first part: the past as it was, historical rates, the pipeline.
--
-- A status read through a mapping has no statistics, and the planner takes 0.5 % for an equality it knows nothing about;
-- for coalesce(status = 'open', false) it takes one half, which is near enough to choose hashing over sorting.
--
-- The views are written into the caller's schema by plain CREATE VIEW statements that run with that schema in
-- search_path.  pg_catalog is not in that list on purpose: it is then searched first, so nothing in the caller's schema
-- can shadow a built-in.
--
-- as_of.  opportunity_as_of has two branches joined by UNION ALL, each behind a condition on the moment alone, which
-- the executor checks once: the branch that is not wanted never starts.  The branch for today, and for what is still to
-- come, reads the columns of today.  The other one calls opportunity_at(), which rebuilds the columns that change from the logs: the value at T is
-- the old value of the first change after T, else the value of today if the source logs this column, else NULL.  It is
-- a function and not a view so that its cost does not enter the plans for today (they would be compiled by JIT).

CREATE FUNCTION @extschema@.read_numeric(written text)
RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
RETURN CASE WHEN written ~ '^\s*[-+]?[0-9]{1,100}([.][0-9]{0,100})?([eE][-+]?[0-9]{1,2})?\s*$' THEN written::numeric END;
COMMENT ON FUNCTION @extschema@.read_numeric(text) IS
'A logged number as numeric; NULL when it is not a plain finite number, never an error. NULL for NULL.';

CREATE FUNCTION @extschema@.read_date(written text)
RETURNS date
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
RETURN CASE
    WHEN written ~ '^[1-9][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])($|[T ])'
         AND substr(written, 9, 2)::int
             <= extract(day FROM make_date(substr(written, 1, 4)::int, substr(written, 6, 2)::int, 1) + interval '1 month - 1 day')
    THEN make_date(substr(written, 1, 4)::int, substr(written, 6, 2)::int, substr(written, 9, 2)::int) END;
COMMENT ON FUNCTION @extschema@.read_date(text) IS
'A logged date written YYYY-MM-DD, with or without a time behind it; NULL when it is not one, never an error. NULL for NULL.';

CREATE FUNCTION @extschema@.read_time(written text)
RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
RETURN CASE WHEN @extschema@.read_date(written) IS NOT NULL
             AND written ~ '^.{10}[ T]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,6})?)?(Z|[+]00(:?00)?)$'
    THEN make_timestamp(substr(written, 1, 4)::int, substr(written, 6, 2)::int, substr(written, 9, 2)::int,
                        substr(written, 12, 2)::int, substr(written, 15, 2)::int,
                        coalesce(substring(written FROM '^.{16}:([0-9.]+)'), '0')::double precision) AT TIME ZONE 'UTC' END;
COMMENT ON FUNCTION @extschema@.read_time(text) IS
'A logged time written YYYY-MM-DD HH:MM, with or without seconds, and UTC (Z, +00 or +00:00) behind it; NULL when it is not one, never an error. NULL for NULL.';

CREATE FUNCTION @extschema@.finite_amount(amount numeric) RETURNS numeric
    AS 'MODULE_PATHNAME', 'sf_finite_amount' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION @extschema@.finite_amount(numeric) IS
'The amount if it is finite, NULL for NaN and the infinities, which no sum survives. NULL for NULL.';

CREATE FUNCTION @extschema@.month_start(day date) RETURNS date
    AS 'MODULE_PATHNAME', 'sf_month_start' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION @extschema@.month_start(date) IS
'The first day of the month; an infinite day stays what it is. NULL for NULL.';

CREATE FUNCTION @extschema@.quarter_start(day date) RETURNS date
    AS 'MODULE_PATHNAME', 'sf_quarter_start' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION @extschema@.quarter_start(date) IS
'The first day of the calendar quarter; an infinite day stays what it is. NULL for NULL.';

CREATE FUNCTION @extschema@.valid_probability(probability float8) RETURNS float8
    AS 'MODULE_PATHNAME', 'sf_valid_probability' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION @extschema@.valid_probability(float8) IS
'The probability if it is one, 0 to 1; NULL for everything else and for NULL.';

CREATE FUNCTION @extschema@.create_as_of_views(target_schema text)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM set_config('search_path', format('%I, pg_temp', target_schema), true);

    -- A key that the source has twice would multiply deals in every join, so the first row counts.
    CREATE OR REPLACE VIEW known_stage WITH (security_invoker = true) AS
    SELECT s.process_key, s.process_id, s.stage_id, s.stage_name, s.stage_order, s.probability, s.is_won, s.is_lost,
           CASE WHEN NOT s.is_lost AND s.place <= 61 THEN 1::bigint << s.place::int ELSE 0 END AS bit
    FROM (SELECT d.*, row_number() OVER (PARTITION BY d.process_key, d.is_lost ORDER BY d.stage_order, d.stage_id) - 1 AS place
          FROM (SELECT DISTINCT ON (coalesce(s.process_id, ''), s.stage_id)
                       coalesce(s.process_id, '') AS process_key, s.process_id, s.stage_id,
                       coalesce(s.name, s.stage_id) AS stage_name, s.stage_order,
                       sales_forecast.valid_probability(s.probability) AS probability,
                       s.is_won IS TRUE AS is_won, s.is_lost IS TRUE AS is_lost
                FROM stage s
                WHERE s.stage_id IS NOT NULL
                ORDER BY coalesce(s.process_id, ''), s.stage_id, s.stage_order, s.name) d) s;

    CREATE OR REPLACE FUNCTION opportunity_at(moment timestamptz) RETURNS SETOF opportunity
    LANGUAGE sql STABLE PARALLEL SAFE STRICT ROWS 10000
    SET search_path = pg_catalog, pg_temp SET jit = off SET work_mem = '64MB'
    BEGIN ATOMIC
    SELECT p.opportunity_id, p.name, p.account_id, p.contact_id, p.owner_id, p.team_id, p.region, p.department, p.postcode,
           p.product_id, p.amount, p.currency, p.process_id, p.stage_id, p.probability_stated,
           CASE WHEN NOT (p.status = 'open' AND p.stage_unknown) THEN p.status END,     -- as the contract has it today
           p.forecast_category, p.priority, p.lead_source, p.created_at, p.expected_close_on,
           CASE WHEN p.status IN ('won', 'lost') AND p.closed_at <= moment THEN p.closed_at END,
           CASE WHEN p.status = 'lost' AND p.closed_at <= moment THEN p.lost_reason END,
           p.stage_entered_at, p.last_activity_at
    FROM (
        SELECT o.opportunity_id, o.name, o.account_id, o.contact_id, o.postcode, o.lead_source, o.created_at,
               CASE WHEN l.old ? 'closed_at' THEN sales_forecast.read_time(l.old ->> 'closed_at') ELSE o.closed_at END AS closed_at,
               CASE WHEN l.old ? 'lost_reason' THEN l.old ->> 'lost_reason' ELSE o.lost_reason END AS lost_reason,
               CASE WHEN l.old ? 'owner_id' THEN l.old ->> 'owner_id'
                    WHEN 'owner_id' = ANY (s.change_fields) THEN o.owner_id END AS owner_id,
               CASE WHEN l.old ? 'team_id' THEN l.old ->> 'team_id'
                    WHEN 'team_id' = ANY (s.change_fields) THEN o.team_id END AS team_id,
               CASE WHEN l.old ? 'region' THEN l.old ->> 'region'
                    WHEN 'region' = ANY (s.change_fields) THEN o.region END AS region,
               CASE WHEN l.old ? 'department' THEN l.old ->> 'department'
                    WHEN 'department' = ANY (s.change_fields) THEN o.department END AS department,
               CASE WHEN l.old ? 'forecast_category' THEN l.old ->> 'forecast_category'
                    WHEN 'forecast_category' = ANY (s.change_fields) THEN o.forecast_category END AS forecast_category,
               CASE WHEN l.old ? 'priority' THEN l.old ->> 'priority'
                    WHEN 'priority' = ANY (s.change_fields) THEN o.priority END AS priority,
               CASE WHEN l.old ? 'amount' THEN sales_forecast.read_numeric(l.old ->> 'amount')
                    WHEN 'amount' = ANY (s.change_fields) THEN o.amount END AS amount,
               CASE WHEN l.old ? 'expected_close_on' THEN sales_forecast.read_date(l.old ->> 'expected_close_on')
                    WHEN 'expected_close_on' = ANY (s.change_fields) THEN o.expected_close_on END AS expected_close_on,
               CASE WHEN l.old ? 'probability_stated'
                    THEN sales_forecast.read_numeric(l.old ->> 'probability_stated')::double precision
                    WHEN 'probability_stated' = ANY (s.change_fields) THEN o.probability_stated END AS probability_stated,
               -- These three belong to the deal; without a log they are taken to have been what they are.
               CASE WHEN l.old ? 'product_id' THEN l.old ->> 'product_id' ELSE o.product_id END AS product_id,
               CASE WHEN l.old ? 'currency' THEN l.old ->> 'currency' ELSE o.currency END AS currency,
               h.process_id,
               h.stage_id,
               -- Closed later is open then, whatever today says; only a logged move into a won or lost stage says otherwise.
               CASE WHEN l.old ? 'status' THEN l.old ->> 'status'
                    WHEN 'status' = ANY (s.change_fields) AND NOT h.closed_later THEN o.status
                    WHEN b.opportunity_id IS NOT NULL AND k.is_won THEN 'won'
                    WHEN b.opportunity_id IS NOT NULL AND k.is_lost THEN 'lost'
                    WHEN o.closed_at <= moment THEN o.status
                    WHEN h.closed_later OR o.status = 'open' THEN 'open' END AS status,
               h.stage_id IS NOT NULL AND k.stage_id IS NULL AND EXISTS (SELECT FROM known_stage) AS stage_unknown,
               h.stage_entered_at,
               CASE WHEN o.last_activity_at <= moment THEN o.last_activity_at ELSE a.last_at END AS last_activity_at
        FROM opportunity o
        CROSS JOIN crm_source s
        LEFT JOIN (     -- old value of the first change after T, per column
            SELECT f.opportunity_id, jsonb_object_agg(f.field, f.old_value) AS old
            FROM (SELECT DISTINCT ON (c.opportunity_id, c.field) c.opportunity_id, c.field, c.old_value
                  FROM opportunity_change c
                  WHERE c.changed_at > moment AND c.field IS NOT NULL
                  ORDER BY c.opportunity_id, c.field, c.changed_at, c.change_order) f
            GROUP BY f.opportunity_id) l ON l.opportunity_id = o.opportunity_id
        LEFT JOIN (     -- last move up to T
            SELECT DISTINCT ON (c.opportunity_id) c.opportunity_id, c.to_stage_id, c.changed_at
            FROM stage_change c WHERE c.changed_at <= moment
            ORDER BY c.opportunity_id, c.changed_at DESC, c.change_order DESC NULLS LAST) b
            ON b.opportunity_id = o.opportunity_id
        LEFT JOIN (     -- first move after T
            SELECT DISTINCT ON (c.opportunity_id) c.opportunity_id, c.from_stage_id
            FROM stage_change c WHERE c.changed_at > moment
            ORDER BY c.opportunity_id, c.changed_at, c.change_order) n
            ON n.opportunity_id = o.opportunity_id
        LEFT JOIN (
            SELECT c.opportunity_id, max(c.at) AS last_at FROM activity c WHERE c.at <= moment GROUP BY c.opportunity_id) a
            ON a.opportunity_id = o.opportunity_id
        -- A deal that never moved has always stood where it stands, unless its close moved it, unlogged.
        LEFT JOIN known_stage z ON z.process_key = coalesce(o.process_id, '') AND z.stage_id = o.stage_id
        CROSS JOIN LATERAL (
            SELECT CASE WHEN b.opportunity_id IS NOT NULL THEN b.to_stage_id
                        WHEN n.opportunity_id IS NOT NULL THEN n.from_stage_id
                        WHEN s.has_stage_history AND (NOT c.closed_later OR NOT z.is_won AND NOT z.is_lost) THEN o.stage_id END AS stage_id,
                   coalesce(b.changed_at, CASE WHEN s.has_stage_history THEN o.created_at END) AS stage_entered_at,
                   c.closed_later,
                   CASE WHEN l.old ? 'process_id' THEN l.old ->> 'process_id' ELSE o.process_id END AS process_id
            FROM (SELECT coalesce(o.closed_at > moment AND o.status IS DISTINCT FROM 'open', false)) c (closed_later)) h
        LEFT JOIN known_stage k ON k.process_key = coalesce(h.process_id, '') AND k.stage_id = h.stage_id
        WHERE coalesce(o.created_at, b.changed_at, o.closed_at) <= moment
    ) p;
    END;

    -- Amounts and probabilities that cannot be summed are NULL here; check_crm counts them.
    CREATE OR REPLACE VIEW opportunity_as_of WITH (security_invoker = true) AS
    SELECT o.opportunity_id, o.name, o.account_id, o.contact_id, o.owner_id, o.team_id, o.region, o.department, o.postcode,
           o.product_id,
           sales_forecast.finite_amount(o.amount) AS amount,
           o.currency, o.process_id, o.stage_id,
           sales_forecast.valid_probability(o.probability_stated) AS probability_stated,
           o.status, o.forecast_category, o.priority, o.lead_source,
           CASE WHEN isfinite(o.created_at) THEN o.created_at END AS created_at,
           CASE WHEN isfinite(o.expected_close_on) THEN o.expected_close_on END AS expected_close_on,
           CASE WHEN isfinite(o.closed_at) AND o.status IS DISTINCT FROM 'open' THEN o.closed_at END AS closed_at,
           o.lost_reason,
           CASE WHEN isfinite(o.stage_entered_at) THEN o.stage_entered_at END AS stage_entered_at,
           CASE WHEN isfinite(o.last_activity_at) THEN o.last_activity_at END AS last_activity_at, as_of() AS as_of
    FROM opportunity o
    WHERE as_of() >= now()
    UNION ALL
    SELECT o.opportunity_id, o.name, o.account_id, o.contact_id, o.owner_id, o.team_id, o.region, o.department, o.postcode,
           o.product_id,
           sales_forecast.finite_amount(o.amount) AS amount,
           o.currency, o.process_id, o.stage_id,
           sales_forecast.valid_probability(o.probability_stated) AS probability_stated,
           o.status, o.forecast_category, o.priority, o.lead_source,
           CASE WHEN isfinite(o.created_at) THEN o.created_at END AS created_at,
           CASE WHEN isfinite(o.expected_close_on) THEN o.expected_close_on END AS expected_close_on,
           CASE WHEN isfinite(o.closed_at) AND o.status IS DISTINCT FROM 'open' THEN o.closed_at END AS closed_at,
           o.lost_reason,
           CASE WHEN isfinite(o.stage_entered_at) THEN o.stage_entered_at END AS stage_entered_at,
           CASE WHEN isfinite(o.last_activity_at) THEN o.last_activity_at END AS last_activity_at, as_of() AS as_of
    FROM opportunity_at(as_of()) o
    WHERE as_of() < now();
END
$$;
COMMENT ON FUNCTION @extschema@.create_as_of_views(text) IS
'Internal part of create_forecast_views: known_stage, opportunity_at() and opportunity_as_of. NULL does nothing.';

CREATE FUNCTION @extschema@.create_rate_views(target_schema text)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM set_config('search_path', format('%I, pg_temp', target_schema), true);

    -- The stages a deal has been in, as bits in the order of its process: one small number per deal instead of one row
    -- per deal and stage, and a stage counts once however often the deal came back to it.  Many sources log the first
    -- stage only as the one that was left, so both ends of a move count.
    CREATE OR REPLACE VIEW deal_path WITH (security_invoker = true) AS
    SELECT p.opportunity_id, p.process_key, p.status, bit_or(p.bit) AS visited
    FROM (SELECT o.opportunity_id, coalesce(o.process_id, '') AS process_key, o.status, coalesce(h.bit, 0) AS bit
          FROM opportunity_as_of o
          LEFT JOIN known_stage h ON h.process_key = coalesce(o.process_id, '') AND h.stage_id = o.stage_id
          UNION ALL
          SELECT o.opportunity_id, coalesce(o.process_id, ''), o.status, coalesce(t.bit, 0) | coalesce(f.bit, 0)
          FROM stage_change c
          JOIN opportunity_as_of o ON o.opportunity_id = c.opportunity_id
          LEFT JOIN known_stage t ON t.process_key = coalesce(o.process_id, '') AND t.stage_id = c.to_stage_id
          LEFT JOIN known_stage f ON f.process_key = coalesce(o.process_id, '') AND f.stage_id = c.from_stage_id
          WHERE c.changed_at <= as_of()) p
    GROUP BY p.opportunity_id, p.process_key, p.status;

    -- These are functions, so that they run once per query with settings of their own and their cost stays out of the
    -- other plans: the planner knows nothing about keys behind a cast, would sort all moves to merge them and compile it.
    CREATE OR REPLACE FUNCTION stage_paths() RETURNS TABLE (process_key text, visited bigint, status text, deals bigint)
    LANGUAGE sql STABLE PARALLEL SAFE ROWS 200
    SET search_path = pg_catalog, pg_temp SET jit = off SET work_mem = '64MB' SET enable_mergejoin = off
    BEGIN ATOMIC
    SELECT d.process_key, d.visited, d.status, count(*) FROM deal_path d GROUP BY 1, 2, 3;
    END;

    CREATE OR REPLACE FUNCTION closed_stage_paths() RETURNS TABLE (process_key text, visited bigint, status text, deals bigint)
    LANGUAGE sql STABLE PARALLEL SAFE ROWS 200
    SET search_path = pg_catalog, pg_temp SET jit = off SET work_mem = '64MB' SET enable_mergejoin = off
    BEGIN ATOMIC
    SELECT d.process_key, d.visited, d.status, count(*)
    FROM deal_path d WHERE coalesce(d.status IN ('won', 'lost'), false) GROUP BY 1, 2, 3;
    END;

    CREATE OR REPLACE FUNCTION stage_rates() RETURNS TABLE (
        process_key text, process_id text, stage_id text, stage_name text, stage_order int, probability_stage double precision,
        is_open boolean, won bigint, closed bigint, probability double precision, prior sales_forecast.rate_prior, enough boolean, all_won bigint, all_closed bigint)
    LANGUAGE sql STABLE PARALLEL SAFE ROWS 50
    SET search_path = pg_catalog, pg_temp
    BEGIN ATOMIC
    WITH path AS MATERIALIZED (SELECT p.* FROM closed_stage_paths() p
    ), total AS (       -- never 0 or 1: half a deal is added on either side (Jeffreys)
        SELECT n.*, CASE WHEN n.closed > 0 THEN (n.won + 0.5)::double precision / (n.closed + 1) END AS rate
        FROM (SELECT coalesce(sum(p.deals) FILTER (WHERE p.status = 'won'), 0)::bigint AS won, coalesce(sum(p.deals), 0)::bigint AS closed
              FROM path p) n
    ), counted AS (
        SELECT k.*, NOT k.is_won AND NOT k.is_lost AS is_open,
               (SELECT coalesce(sum(p.deals) FILTER (WHERE p.status = 'won'), 0)::bigint FROM path p
                WHERE p.process_key = k.process_key AND (p.visited & k.bit) <> 0) AS won,
               (SELECT coalesce(sum(p.deals), 0)::bigint FROM path p
                WHERE p.process_key = k.process_key AND (p.visited & k.bit) <> 0) AS closed
        FROM known_stage k
    ), gated AS (
        SELECT c.*, t.won AS all_won, t.closed AS all_closed, t.rate AS all_rate,
               c.is_open AND c.closed > 0 AND t.won >= 40 AND t.closed - t.won >= 40 AS enough,
               sales_forecast.fit_rate_prior(c.won, c.closed) FILTER (WHERE c.is_open AND c.closed > 0) OVER () AS prior
        FROM counted c CROSS JOIN total t
    )
    SELECT g.process_key, g.process_id, g.stage_id, g.stage_name, g.stage_order, g.probability, g.is_open, g.won, g.closed,
           CASE WHEN g.enough THEN sales_forecast.shrunken_rate(g.prior, g.won, g.closed) ELSE g.all_rate END,
           CASE WHEN g.enough THEN g.prior END, g.enough, g.all_won, g.all_closed
    FROM gated g
    UNION ALL
    SELECT NULL, NULL, NULL, NULL, NULL, NULL, false, t.won, t.closed, t.rate, NULL,
           t.won >= 40 AND t.closed - t.won >= 40, t.won, t.closed
    FROM total t;
    END;

    CREATE OR REPLACE VIEW historical_probability WITH (security_invoker = true) AS
    WITH rate AS MATERIALIZED (SELECT r.* FROM stage_rates() r),
    counted AS (
        SELECT r.key_kind, r.key_id, count(*) FILTER (WHERE r.status = 'won') AS won, count(*) AS closed
        FROM (SELECT 'owner', o.owner_id, o.status FROM opportunity_as_of o WHERE coalesce(o.status IN ('won', 'lost'), false)
              UNION ALL
              SELECT 'product', o.product_id, o.status FROM opportunity_as_of o WHERE coalesce(o.status IN ('won', 'lost'), false)) r (key_kind, key_id, status)
        GROUP BY 1, 2
    )
    SELECT p.key_kind, p.process_id, p.key_id, p.name, p.won, p.closed, p.won::double precision / nullif(p.closed, 0) AS rate,
           p.probability, i.lower, i.upper, p.enough,
           CASE WHEN p.all_closed = 0 THEN 'no deal has been closed yet'
                WHEN p.all_won < 40 OR p.all_closed - p.all_won < 40
                    THEN format('only %s won and %s lost deals, at least 40 of each are needed: rate of all closed deals',
                                p.all_won, p.all_closed - p.all_won)
                WHEN p.closed = 0 THEN 'no closed deal is known to have been in this stage: rate of all closed deals'
                WHEN p.key_kind = 'all' THEN format('%s of %s closed deals won', p.won, p.closed)
                ELSE format('%s of %s closed deals won, drawn towards the rate of its kind', p.won, p.closed) END AS reason,
           as_of() AS as_of
    FROM (
        SELECT CASE WHEN r.stage_id IS NULL THEN 'all' ELSE 'stage' END AS key_kind, r.process_id, r.stage_id AS key_id,
               r.stage_name AS name, r.won, r.closed, r.probability, r.prior, r.enough, r.all_won, r.all_closed
        FROM rate r WHERE r.is_open OR r.stage_id IS NULL
        UNION ALL
        SELECT g.key_kind, NULL, g.key_id, NULL, g.won, g.closed,
               CASE WHEN g.enough THEN sales_forecast.shrunken_rate(g.prior, g.won, g.closed) ELSE g.all_rate END,
               CASE WHEN g.enough THEN g.prior END, g.enough, g.all_won, g.all_closed
        FROM (SELECT c.*, sales_forecast.fit_rate_prior(c.won, c.closed) OVER (PARTITION BY c.key_kind) AS prior,
                     t.probability AS all_rate, t.enough, t.all_won, t.all_closed
              FROM counted c CROSS JOIN (SELECT r.* FROM rate r WHERE r.stage_id IS NULL) t
              WHERE c.key_id IS NOT NULL) g) p
    LEFT JOIN LATERAL sales_forecast.shrunken_rate_interval(p.prior, p.won, p.closed) i ON p.prior IS NOT NULL;
END
$$;
COMMENT ON FUNCTION @extschema@.create_rate_views(text) IS
'Internal part of create_forecast_views: deal_path, stage_paths(), closed_stage_paths(), stage_rates() and historical_probability. NULL does nothing.';

CREATE FUNCTION @extschema@.create_pipeline_views(target_schema text)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    grain record;
BEGIN
    PERFORM set_config('search_path', format('%I, pg_temp', target_schema), true);

    -- The rates come in as one array, made once before the deals are read, so that parallel workers can share it.
    CREATE OR REPLACE VIEW pipeline WITH (security_invoker = true) AS
    SELECT o.opportunity_id, o.name, o.account_id, o.owner_id, o.team_id, o.region, o.department, o.product_id,
           o.process_id, o.stage_id, coalesce(k.stage_name, o.stage_id) AS stage_name, k.stage_order,
           o.currency, o.amount, o.probability_stated, k.probability_stage,
           k.probability AS probability_history,
           coalesce(o.probability_stated, k.probability_stage, k.probability) AS probability,
           CASE WHEN o.probability_stated IS NOT NULL THEN 'stated' WHEN k.probability_stage IS NOT NULL THEN 'stage'
                WHEN k.probability IS NOT NULL THEN 'history' END AS probability_source,
           o.amount * coalesce(o.probability_stated, k.probability_stage, k.probability)::numeric AS weighted_value,
           o.expected_close_on, o.created_at, o.stage_entered_at, o.last_activity_at,
           floor(extract(epoch FROM greatest(o.as_of, o.created_at) - o.created_at) / 86400)::int AS age_days,
           floor(extract(epoch FROM greatest(o.as_of, o.stage_entered_at) - o.stage_entered_at) / 86400)::int AS days_in_stage,
           o.as_of,
           d.probability_model, d.probability_model_low, d.probability_model_high,
           d.win_within_30_days, d.win_within_60_days, d.win_within_90_days, d.win_by_quarter_end, d.expected_days_to_close, d.model_version,
           CASE WHEN d.opportunity_id IS NULL THEN 'no model that you may use is promoted: sales_forecast.train_crm_models trains them, sales_forecast.grant_model gives the right' ELSE d.model_reason END AS model_reason
    FROM opportunity_as_of o
    -- Visibly one row per deal, so that sums which ask for none of these columns leave the join out, and its cost.
    LEFT JOIN (SELECT DISTINCT ON (p.opportunity_id) p.* FROM deal_predictions() p ORDER BY p.opportunity_id) d ON d.opportunity_id = o.opportunity_id
    -- A deal without a stage, or in a CRM without any, takes the row of all deals.
    LEFT JOIN unnest((SELECT array_agg(s) FROM (
                  SELECT t.stage_id IS NULL, coalesce(t.process_key, ''), coalesce(t.stage_id, ''), t.stage_name, t.stage_order,
                         t.probability_stage, t.probability
                  FROM stage_rates() t) s))
              k (is_all boolean, process_key text, stage_id text, stage_name text, stage_order int,
                 probability_stage double precision, probability double precision)
           ON k.is_all = (o.stage_id IS NULL OR NOT EXISTS (SELECT FROM known_stage))
          AND k.process_key = CASE WHEN o.stage_id IS NULL OR NOT EXISTS (SELECT FROM known_stage) THEN '' ELSE coalesce(o.process_id, '') END
          AND k.stage_id = CASE WHEN NOT EXISTS (SELECT FROM known_stage) THEN '' ELSE coalesce(o.stage_id, '') END
    WHERE coalesce(o.status = 'open', false);

    -- One template: the same sums at every grain.  Names are looked up after the sums, once per group.
    FOR grain IN
        SELECT * FROM (VALUES
            ('total', '', '', ''),
            ('stage', 'p.process_id, p.stage_id', 'g.process_id, g.stage_id, coalesce(n.stage_name, g.stage_id) AS stage_name, n.stage_order',
             'LEFT JOIN known_stage n ON n.process_key = coalesce(g.process_id, '''') AND n.stage_id = g.stage_id'),
            ('owner', 'p.owner_id', 'g.owner_id, n.name AS owner_name',
             'LEFT JOIN (SELECT w.owner_id, min(w.name) AS name FROM owner w GROUP BY w.owner_id) n ON n.owner_id = g.owner_id'),
            ('team', 'p.team_id', 'g.team_id', ''),
            ('region', 'p.region', 'g.region', ''),
            ('department', 'p.department', 'g.department', ''),
            ('month', 'sales_forecast.month_start(p.expected_close_on) AS month', 'g.month', ''),
            ('quarter', 'sales_forecast.quarter_start(p.expected_close_on) AS quarter', 'g.quarter', '')
        ) v (name, inner_keys, outer_keys, lookup)
    LOOP
        EXECUTE format($view$
            CREATE OR REPLACE VIEW %1$I WITH (security_invoker = true) AS
            SELECT %3$s g.currency, g.deals, g.deals_without_amount, g.deals_without_probability, g.amount,
                   g.weighted_value, g.weighted_value_stated, g.weighted_value_stage, g.weighted_value_history,
                   q.at[1]::numeric AS p10, q.at[2]::numeric AS p50, q.at[3]::numeric AS p90,
                   (q.error).amount AS p_error_amount, (q.error).probability AS p_error_probability, as_of() AS as_of
            FROM (SELECT %2$s p.currency,
                         count(*) AS deals,
                         count(*) - count(p.amount) AS deals_without_amount,
                         count(*) - count(p.probability) AS deals_without_probability,
                         sum(p.amount) AS amount,
                         sales_forecast.weighted_value(p.amount, p.probability) AS weighted_value,
                         sales_forecast.weighted_value(p.amount, p.probability_stated) AS weighted_value_stated,
                         sales_forecast.weighted_value(p.amount, p.probability_stage) AS weighted_value_stage,
                         sales_forecast.weighted_value(p.amount, p.probability_history) AS weighted_value_history,
                         sales_forecast.revenue_distribution(p.amount, p.probability) AS revenue
                  FROM (SELECT %4$s s.currency, s.amount, s.probability, s.probability_stated, s.probability_stage,
                               s.probability_history FROM pipeline s) p
                  GROUP BY %5$s) g
            CROSS JOIN LATERAL (SELECT sales_forecast.quantiles(g.revenue, '{0.1,0.5,0.9}'::double precision[]) AS at,
                                       sales_forecast.error_bound(g.revenue) AS error OFFSET 0) q
            %6$s$view$,
            CASE grain.name WHEN 'total' THEN 'pipeline_total' ELSE 'pipeline_by_' || grain.name END,
            regexp_replace(grain.inner_keys, '.* AS ', 'p.') || CASE grain.inner_keys WHEN '' THEN '' ELSE ',' END,
            grain.outer_keys || CASE grain.outer_keys WHEN '' THEN '' ELSE ',' END,
            replace(grain.inner_keys, 'p.', 's.') || CASE grain.inner_keys WHEN '' THEN '' ELSE ',' END,
            concat_ws(', ', nullif(regexp_replace(grain.inner_keys, '.* AS ', 'p.'), ''), 'p.currency'),
            grain.lookup);
    END LOOP;
END
$$;
COMMENT ON FUNCTION @extschema@.create_pipeline_views(text) IS
'Internal part of create_forecast_views: pipeline, pipeline_total and pipeline_by_*. NULL does nothing.';
