-- What the models say of the open deals, in the caller's schema.
--
-- pipeline shows the predictions, but sums over it must not pay for them: making features reads every log.  So they come
-- from a function, joined on a key that the subquery makes visibly unique; where no column of it is asked for, the planner
-- leaves the join out.  Without a promoted model the function returns at once.

CREATE FUNCTION @extschema@.priority_level(written text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN lower(btrim(written)) IN ('high', 'highest', 'very high', 'urgent', 'critical', 'hot', 'a', '1', 'p1', 'hoch', 'høy', 'høj', 'hög') THEN 'high'
            WHEN lower(btrim(written)) IN ('low', 'lowest', 'very low', 'cold', 'c', '3', 'p3', 'niedrig', 'gering', 'lav', 'låg') THEN 'low'
            WHEN btrim(written) <> '' THEN 'normal' END;
COMMENT ON FUNCTION @extschema@.priority_level(text) IS
'A priority as a CRM writes it, as high, normal or low; words that are not known count as normal. NULL for NULL and blanks.';

CREATE FUNCTION @extschema@.counted(n numeric, one text)
RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN to_char(n, 'FM999,999,999,999,990') || ' ' || one || CASE WHEN round(n) = 1 THEN '' ELSE 's' END;
COMMENT ON FUNCTION @extschema@.counted(numeric, text) IS
'A number, rounded to a whole one, and what is counted: 1 day, 2 days, 1,000 days. NULL for NULL.';

-- Models are found by name, and whoever may train could take the name first.  So the views of a schema go by a model only
-- if its owner may create objects there: the owner of the schema, who acts for him, and whom he granted it.
CREATE FUNCTION @extschema@.model_of_schema(model_name text, target_schema text)
RETURNS text
LANGUAGE sql STABLE STRICT PARALLEL RESTRICTED
BEGIN ATOMIC
    SELECT m.name
    FROM @extschema@.model m
    JOIN pg_catalog.pg_roles r ON r.rolname = m.owner
    JOIN pg_catalog.pg_namespace n ON n.nspname = $2
    WHERE m.name = $1 AND pg_catalog.has_schema_privilege(r.oid, n.oid, 'CREATE');
END;
COMMENT ON FUNCTION @extschema@.model_of_schema(text, text) IS
'The name of a model, if the caller may use it and its owner may create objects in the schema; else NULL. The views of a schema trust no other model that bears its name. NULL for NULL.';

-- Why there is none, in words.
CREATE FUNCTION @extschema@.model_of_schema_missing(model_name text, target_schema text, kind text)
RETURNS text
LANGUAGE sql STABLE STRICT PARALLEL RESTRICTED
BEGIN ATOMIC
    SELECT CASE WHEN m.name IS NOT NULL AND @extschema@.model_of_schema($1, $2) IS NULL
                THEN format('the model %s belongs to %s, who may not create objects in schema %s and so does not speak for it', $1, m.owner, $2)
                ELSE format('no %s model that you may use is promoted as %s: train_crm_models trains one, grant_model gives the right', $3, $1) END
    FROM (SELECT 1) AS o LEFT JOIN @extschema@.model m ON m.name = $1;
END;
COMMENT ON FUNCTION @extschema@.model_of_schema_missing(text, text, text) IS
'Why the views of a schema show nothing of the win or close model of that name. NULL for NULL.';

CREATE FUNCTION @extschema@.create_prediction_views(target_schema text)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM set_config('search_path', format('%I, pg_temp', target_schema), true);

    -- Age 0: the clock of the close model starts when the deal is seen (79-crm-models.sql).
    -- The argument of deal_snapshots is NULL, and nothing is read, when there is no model.
    EXECUTE format($function$
        CREATE OR REPLACE FUNCTION deal_predictions(seen text DEFAULT 'open', always boolean DEFAULT false) RETURNS TABLE (
            opportunity_id text, probability_model double precision, probability_model_low double precision, probability_model_high double precision,
            win_within_30_days double precision, win_within_60_days double precision, win_within_90_days double precision,
            win_by_quarter_end double precision, expected_days_to_close double precision, model_version int, model_reason text,
            age_days double precision, pushes int, days_pushed int, activities int, days_since_customer double precision,
            in_30_days int, out_30_days int, in_90_days int, out_90_days int)
        LANGUAGE sql STABLE PARALLEL RESTRICTED STRICT ROWS 1000
        SET search_path = pg_catalog, pg_temp
        BEGIN ATOMIC
        WITH chosen AS MATERIALIZED (
            SELECT sales_forecast.promoted_win_model_or_null(sales_forecast.model_of_schema(%1$L, %4$L)) AS win,
                   sales_forecast.promoted_close_model_or_null(sales_forecast.model_of_schema(%2$L, %4$L)) AS close,
                   (SELECT m.promoted FROM sales_forecast.model m WHERE m.name = %1$L) AS version
        ), model AS MATERIALIZED (
            SELECT c.*, CASE WHEN deal_predictions.always OR c.win IS NOT NULL OR c.close IS NOT NULL THEN deal_predictions.seen END AS seen FROM chosen c
        )
        SELECT d.opportunity_id, i.probability, i.low, i.high, c.days_30, c.days_60, c.days_90, c.quarter, c.days, m.version,
               CASE WHEN m.win IS NULL THEN sales_forecast.model_of_schema_missing(%1$L, %4$L, 'win')
                    WHEN m.close IS NULL THEN sales_forecast.model_of_schema_missing(%2$L, %4$L, 'close') END,
               d.age_days, d.pushes, d.days_pushed, d.activities, d.days_since_customer, d.in_30_days, d.out_30_days, d.in_90_days, d.out_90_days
        FROM model m
        CROSS JOIN LATERAL deal_snapshots(m.seen) d
        CROSS JOIN LATERAL (SELECT %3$s OFFSET 0) f
        CROSS JOIN LATERAL (        -- to the first moment of the next quarter
            SELECT date_part('epoch', (sales_forecast.quarter_start((d.as_of AT TIME ZONE s.time_zone)::date) + interval '3 months') AT TIME ZONE s.time_zone - d.as_of) / 86400 AS days
            FROM crm_source s) q
        LEFT JOIN LATERAL sales_forecast.win_probability_interval(m.win, f) i ON m.win IS NOT NULL
        LEFT JOIN LATERAL (
            SELECT sales_forecast.close_probability(m.close, f, 0, 30) AS days_30,
                   sales_forecast.close_probability(m.close, f, 0, 60) AS days_60,
                   sales_forecast.close_probability(m.close, f, 0, 90) AS days_90,
                   sales_forecast.close_probability(m.close, f, 0, q.days) AS quarter,
                   e.mean_days AS days
            FROM sales_forecast.expected_days_to_close(m.close, f, 0) e WHERE m.close IS NOT NULL) c ON true;
        END$function$,
        target_schema || '.win', target_schema || '.close',
        (SELECT string_agg(format('d.%1$I AS %1$I', x.feature), ', ' ORDER BY x.nr)
         FROM sales_forecast.deal_feature_descriptions() WITH ORDINALITY x (feature, type, description, nr)), target_schema);
END
$$;
COMMENT ON FUNCTION @extschema@.create_prediction_views(text) IS
'Internal part of create_forecast_views: deal_predictions(). NULL does nothing.';

CREATE FUNCTION @extschema@.create_win_views(target_schema text)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM set_config('search_path', format('%I, pg_temp', target_schema), true);

    -- Ranked by what the seller is not asked about: the model, else history.  Deals of several currencies meet in one
    -- list, so each is measured by the middle deal of its currency where no common one is known.
    CREATE OR REPLACE VIEW lead_priority WITH (security_invoker = true) AS
    WITH judged AS (
        SELECT p.*, o.priority, sales_forecast.priority_level(o.priority) AS level,
               coalesce(p.probability_model, p.probability_history, p.probability) AS chance,
               CASE WHEN p.probability_model IS NOT NULL THEN 'model' WHEN p.probability_history IS NOT NULL THEN 'history'
                    ELSE p.probability_source END AS chance_source
        FROM pipeline p LEFT JOIN (SELECT DISTINCT ON (x.opportunity_id) x.opportunity_id, x.priority FROM opportunity_as_of x) o
                               ON o.opportunity_id = p.opportunity_id
    ), middle AS (
        SELECT j.currency, nullif(percentile_cont(0.5) WITHIN GROUP (ORDER BY j.amount::double precision), 0) AS amount
        FROM judged j WHERE j.amount > 0 GROUP BY j.currency
    ), everything AS (
        SELECT avg(j.chance ORDER BY j.opportunity_id) AS mean FROM judged j
    ), flagged AS (
        SELECT j.*, e.mean, j.amount::double precision / m.amount * j.chance AS promise,
               -- By odds, which work on either side: chance / (1 - chance) against the same of the mean.
               CASE WHEN j.level = 'high' AND 2 * j.chance * (1 - e.mean) < e.mean * (1 - j.chance) THEN 'overrated'
                    WHEN j.level = 'low' AND j.chance * (1 - e.mean) > 1.5 * e.mean * (1 - j.chance) THEN 'underrated'
                    WHEN j.level = 'normal' AND j.chance * (1 - e.mean) > 2 * e.mean * (1 - j.chance) THEN 'underrated' END AS mismatch
        FROM judged j CROSS JOIN everything e LEFT JOIN middle m ON m.currency IS NOT DISTINCT FROM j.currency
    )
    SELECT row_number() OVER (ORDER BY f.promise DESC NULLS LAST, f.chance DESC NULLS LAST, f.opportunity_id) AS rank,
           f.opportunity_id, f.name, f.account_id, f.owner_id, f.team_id, f.currency, f.amount, f.priority, f.level AS priority_level,
           f.probability_stated, f.probability_stage, f.probability_history, f.probability_model, f.win_within_30_days,
           f.chance AS probability, f.chance_source AS probability_source, f.amount * f.chance::numeric AS weighted_value, f.mismatch,
           CASE f.mismatch
               WHEN 'overrated' THEN format('priority is %s, but the chance is %s %%: the mean of the open deals is %s %%', f.priority,
                                            round(100 * f.chance), round(100 * f.mean))
               WHEN 'underrated' THEN format('priority is %s, but the chance is %s %%: the mean of the open deals is %s %%', f.priority,
                                             round(100 * f.chance), round(100 * f.mean))
               ELSE CASE WHEN f.chance IS NULL THEN 'no probability is known' WHEN f.amount IS NULL THEN 'no amount: ranked last'
                         ELSE format('%s %% of %s %s', round(100 * f.chance), to_char(f.amount, 'FM999,999,999,999,990'), coalesce(f.currency, '')) END END AS reason,
           as_of() AS as_of
    FROM flagged f;

    -- The model learned from several moments of each deal, and those are not so many witnesses: evidence is counted in
    -- deals, rows / rows per deal.  Numbers come in up to eight ranges of 60 deals or more; stage_share only repeats stage.
    -- Ranked by what is at least there: the lower end of |ln(win rate / that of all)|, times the importance of the feature.
    EXECUTE format($view$
        CREATE OR REPLACE VIEW win_drivers WITH (security_invoker = true) AS
        WITH model AS MATERIALIZED (
            SELECT sales_forecast.promoted_win_model_or_null(sales_forecast.model_of_schema(%1$L, %2$L)) AS win
        ), term AS MATERIALIZED (
            SELECT w.*, d.description, d.type LIKE '%%int%%' AS whole, coalesce(d.type IN ('double precision', 'bigint', 'int', 'integer', 'numeric'), false) AND w.value <> 'not given' AND w.value !~ '^any value' AS is_range
            FROM model m
            CROSS JOIN LATERAL sales_forecast.win_model_terms(m.win) WITH ORDINALITY w (
                feature, value, rows, won, win_rate, base_rate, lift, coefficient, standard_error, odds_ratio, odds_ratio_low, odds_ratio_high, importance, nr)
            LEFT JOIN sales_forecast.deal_feature_descriptions() d ON d.feature = w.feature
            WHERE w.rows > 0 AND w.base_rate > 0 AND w.base_rate < 1
        ), trained AS (
            SELECT greatest(1, r.rows / least(g.deals, nullif(o.deals, 0)))::double precision AS rows_per_deal, r.rows
            FROM (SELECT max(x.rows) AS rows FROM (SELECT sum(t.rows) AS rows FROM term t GROUP BY t.feature) x) r
            CROSS JOIN (SELECT nullif(sum(w.measured), 0)::numeric AS deals FROM model m CROSS JOIN LATERAL sales_forecast.win_model_gates(m.win) w
                        WHERE w.gate IN ('won deals', 'lost deals')) g
            CROSS JOIN (SELECT count(*) AS deals FROM opportunity_as_of o WHERE o.status IN ('won', 'lost') AND EXISTS (SELECT FROM term)) o
        ), placed AS (
            SELECT t.*, n.rows_per_deal,
                   CASE WHEN t.is_range THEN floor((sum(t.rows) OVER w - t.rows / 2.0) / sum(t.rows) OVER f
                                                   * greatest(1, least(8, floor((sum(t.rows) OVER f)::double precision / n.rows_per_deal / 60)))) ELSE t.nr END AS part
            FROM term t CROSS JOIN trained n
            WHERE t.feature <> 'stage_share' OR NOT EXISTS (SELECT FROM term x WHERE x.feature = 'stage')
            WINDOW f AS (PARTITION BY t.feature, t.is_range), w AS (PARTITION BY t.feature, t.is_range ORDER BY t.nr)
        ), merged AS (
            SELECT p.feature, min(p.description) AS description, min(p.base_rate) AS base_rate, min(p.importance) AS importance, min(p.rows_per_deal) AS rows_per_deal,
                   sum(p.rows)::bigint AS rows, sum(p.won)::bigint AS rows_won, count(*) AS bins, p.is_range, bool_or(p.whole) AS whole,
                   (array_agg(p.value ORDER BY p.nr))[1] AS first, (array_agg(p.value ORDER BY p.nr DESC))[1] AS last,
                   CASE WHEN count(*) = 1 THEN min(p.coefficient) END AS coefficient, CASE WHEN count(*) = 1 THEN min(p.standard_error) END AS error
            FROM placed p GROUP BY p.feature, p.is_range, p.part
        ), said AS (
            SELECT m.*, m.rows / m.rows_per_deal AS deals, m.rows_won::double precision / m.rows AS win_rate,
                   CASE WHEN m.whole AND m.last = '0 or less' THEN '0'
                        WHEN NOT m.is_range OR m.bins = 1 THEN m.first
                        WHEN m.first ~ ' or less$' AND m.last ~ ' or more$' THEN 'any value'
                        WHEN m.first ~ ' or less$' THEN regexp_replace(m.last, '^.* to ', '') || ' or less'
                        WHEN m.last ~ ' or more$' THEN regexp_replace(m.first, ' to .*$', '') || ' or more'
                        ELSE regexp_replace(m.first, ' to .*$', '') || ' to ' || regexp_replace(m.last, '^.* to ', '') END AS value
            FROM merged m
        ), judged AS (
            SELECT s.*, ln(r.rate / s.base_rate) AS log_lift,
                   greatest(0, abs(ln(r.rate / s.base_rate)) - 1.959964 * sqrt((1 - r.rate) / (r.rate * s.deals))) AS at_least
            FROM said s CROSS JOIN LATERAL (SELECT (s.win_rate * s.deals + s.base_rate) / (s.deals + 1)) r (rate)
            WHERE s.deals >= 30 AND s.value <> 'any value'
        )
        SELECT row_number() OVER (ORDER BY j.importance * j.at_least DESC, j.importance * abs(j.log_lift) DESC, j.feature, j.value) AS rank,
               j.feature, j.description, j.value, round(j.deals)::bigint AS deals, j.rows, j.rows_won, j.win_rate, j.base_rate, j.win_rate / j.base_rate AS lift,
               j.coefficient, exp(j.coefficient) AS odds_ratio, exp(j.coefficient - 1.959964 * j.error * sqrt(j.rows_per_deal)) AS odds_ratio_low,
               exp(j.coefficient + 1.959964 * j.error * sqrt(j.rows_per_deal)) AS odds_ratio_high, j.importance,
               CASE WHEN j.log_lift >= 0 THEN 'for' ELSE 'against' END AS direction, j.at_least > 0 AS beyond_luck,
               format('%%s %%s: %%s %%%% won, on average %%s %%%%%%s', j.feature, CASE WHEN j.is_range AND j.value ~ ' (to|or) ' OR j.value = 'not given' THEN '' ELSE '= ' END || coalesce(j.value, 'not known'),
                      round((100 * j.win_rate)::numeric, 1), round((100 * j.base_rate)::numeric, 1),
                      CASE WHEN j.rows_per_deal > 1 THEN format(' (about %%s deals, seen %%s times)', to_char(j.deals, 'FM999,999,990'), to_char(j.rows, 'FM999,999,990'))
                           ELSE format(' (%%s deals)', to_char(j.deals, 'FM999,999,990')) END) AS reason,
               as_of() AS as_of
        FROM judged j$view$, target_schema || '.win', target_schema);

    -- As deals are known two days after their creation, when nearly all of them are still open.
    EXECUTE format($view$
        CREATE OR REPLACE VIEW win_patterns WITH (security_invoker = true) AS
        SELECT row_number() OVER (ORDER BY i.p_value, i.condition, i.segment) AS rank, i.condition, i.segment, i.deals, i.win_rate, i.others, i.others_win_rate,
               i.lift, i.lift_outside, i.odds_ratio, i.odds_ratio_low, i.odds_ratio_high, i.p_value, i.reason, as_of() AS as_of
        -- Asked only where something can be found: too few deals are no error here.
        FROM (SELECT %1$L::text AS query
              FROM %2$I.opportunity_as_of o
              WHERE coalesce(o.status IN ('won', 'lost'), false) AND o.created_at + interval '48 hours' < o.closed_at
              HAVING count(*) >= 20 AND count(DISTINCT o.status) = 2) q
        CROSS JOIN LATERAL sales_forecast.win_interactions(q.query) i$view$,
        format('SELECT h.won, h.as_of, h.fold_group, h.demo_within_48_hours, h.industry, h.company_size, h.region, h.team_id, h.process, h.product_id, h.lead_source,
                       h.amount, h.won_before, h.emails FROM %I.deal_history h WHERE h.won IS NOT NULL AND h.age_days = 2', target_schema), target_schema);

    -- One row per kind of customer and region, against the same kind elsewhere.
    CREATE OR REPLACE VIEW win_rate_by_segment WITH (security_invoker = true) AS
    WITH closed AS (
        SELECT coalesce(c.industry, '(not known)') AS industry,
               CASE WHEN c.employees < 50 THEN 'under 50' WHEN c.employees < 250 THEN '50-249' WHEN c.employees >= 250 THEN '250+' ELSE '(not known)' END AS company_size,
               coalesce(o.region, c.region, '(not known)') AS region, o.status = 'won' AS won
        FROM opportunity_as_of o
        LEFT JOIN (SELECT DISTINCT ON (a.account_id) a.account_id, a.industry, a.employees, a.region FROM account a
                   ORDER BY a.account_id, a.created_at, a.name) c ON c.account_id = o.account_id
        WHERE coalesce(o.status IN ('won', 'lost'), false)
    ), counted AS (
        SELECT g.*, sum(g.won) OVER kind - g.won AS won_elsewhere, sum(g.closed) OVER kind - g.closed AS closed_elsewhere
        FROM (SELECT c.industry, c.company_size, c.region, count(*) FILTER (WHERE c.won) AS won, count(*) AS closed FROM closed c GROUP BY 1, 2, 3) g
        WINDOW kind AS (PARTITION BY g.industry, g.company_size)
    )
    SELECT c.industry, c.company_size, c.region, c.won, c.closed, c.won::double precision / c.closed AS rate,
           c.won_elsewhere::bigint AS won_elsewhere, c.closed_elsewhere::bigint AS closed_elsewhere,
           c.won_elsewhere::double precision / nullif(c.closed_elsewhere, 0)::double precision AS rate_elsewhere,
           exp(r.mid) AS lift, exp(r.mid - 1.959964 * r.error) AS lift_low, exp(r.mid + 1.959964 * r.error) AS lift_high,
           r.mid - 1.959964 * r.error > 0 OR r.mid + 1.959964 * r.error < 0 AS stands_out,
           format('%s of %s won in %s, %s of %s elsewhere', c.won, c.closed, c.region, c.won_elsewhere, c.closed_elsewhere) AS reason,
           as_of() AS as_of
    FROM counted c
    -- Ratio of two shares, half a deal added (Katz & others, Biometrics 34, 1978).
    CROSS JOIN LATERAL (SELECT ln((c.won + 0.5) / (c.closed + 0.5) / ((c.won_elsewhere + 0.5) / (c.closed_elsewhere + 0.5)))::double precision,
                               sqrt(1 / (c.won + 0.5) - 1 / (c.closed + 0.5) + 1 / (c.won_elsewhere + 0.5) - 1 / (c.closed_elsewhere + 0.5))::double precision
                        WHERE c.closed_elsewhere > 0) r (mid, error);
END
$$;
COMMENT ON FUNCTION @extschema@.create_win_views(text) IS
'Internal part of create_forecast_views: lead_priority, win_drivers, win_patterns and win_rate_by_segment. NULL does nothing.';
