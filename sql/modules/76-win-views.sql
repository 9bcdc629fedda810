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
        CREATE OR REPLACE FUNCTION deal_predictions(seen text DEFAULT 'open') RETURNS TABLE (
            opportunity_id text, probability_model double precision, probability_model_low double precision, probability_model_high double precision,
            win_within_30_days double precision, win_within_60_days double precision, win_within_90_days double precision,
            win_by_quarter_end double precision, expected_days_to_close double precision, model_version int, model_reason text)
        LANGUAGE sql STABLE PARALLEL RESTRICTED STRICT ROWS 1000
        SET search_path = pg_catalog, pg_temp
        BEGIN ATOMIC
        WITH chosen AS MATERIALIZED (
            SELECT sales_forecast.promoted_win_model_or_null(%1$L) AS win, sales_forecast.promoted_close_model_or_null(%2$L) AS close,
                   (SELECT m.promoted FROM sales_forecast.model m WHERE m.name = %1$L) AS version
        ), model AS MATERIALIZED (
            SELECT c.*, CASE WHEN c.win IS NOT NULL OR c.close IS NOT NULL THEN deal_predictions.seen END AS seen FROM chosen c
        )
        SELECT d.opportunity_id, i.probability, i.low, i.high, c.days_30, c.days_60, c.days_90, c.quarter, c.days, m.version,
               CASE WHEN m.win IS NULL THEN format('no win model is promoted under the name %%s', %1$L::text)
                    WHEN m.close IS NULL THEN format('no close model is promoted under the name %%s', %2$L::text) END
        FROM model m
        CROSS JOIN LATERAL deal_snapshots(m.seen) d
        CROSS JOIN LATERAL (SELECT %3$s OFFSET 0) f
        LEFT JOIN LATERAL sales_forecast.win_probability_interval(m.win, f) i ON m.win IS NOT NULL
        LEFT JOIN LATERAL (
            SELECT sales_forecast.close_probability(m.close, f, 0, 30) AS days_30,
                   sales_forecast.close_probability(m.close, f, 0, 60) AS days_60,
                   sales_forecast.close_probability(m.close, f, 0, 90) AS days_90,
                   sales_forecast.close_probability(m.close, f, 0, d.days_to_quarter_end) AS quarter,
                   e.mean_days AS days
            FROM sales_forecast.expected_days_to_close(m.close, f, 0) e WHERE m.close IS NOT NULL) c ON true;
        END$function$,
        target_schema || '.win', target_schema || '.close',
        (SELECT string_agg(format('d.%1$I AS %1$I', x.feature), ', ' ORDER BY x.nr)
         FROM sales_forecast.deal_feature_descriptions() WITH ORDINALITY x (feature, type, description, nr)));
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
               CASE WHEN j.level = 'high' AND j.chance < e.mean / 2 THEN 'overrated'
                    WHEN j.level IN ('low', 'normal') AND j.chance > least(1.5 * e.mean, (1 + e.mean) / 2) AND (j.level = 'low' OR j.chance > 2 * e.mean) THEN 'underrated' END AS mismatch
        FROM judged j CROSS JOIN everything e LEFT JOIN middle m ON m.currency IS NOT DISTINCT FROM j.currency
    )
    SELECT row_number() OVER (ORDER BY f.promise DESC NULLS LAST, f.chance DESC NULLS LAST, f.opportunity_id) AS rank,
           f.opportunity_id, f.name, f.account_id, f.owner_id, f.team_id, f.currency, f.amount, f.priority, f.level AS priority_level,
           f.probability_stated, f.probability_stage, f.probability_history, f.probability_model, f.win_within_30_days,
           f.chance AS probability, f.chance_source AS probability_source, f.amount * f.chance::numeric AS weighted_value, f.mismatch,
           CASE f.mismatch
               WHEN 'overrated' THEN format('priority is %s, but the chance is %s %%: the open deals have %s %% in the middle', f.priority,
                                            round(100 * f.chance), round(100 * f.mean))
               WHEN 'underrated' THEN format('priority is %s, but the chance is %s %%: the open deals have %s %% in the middle', f.priority,
                                             round(100 * f.chance), round(100 * f.mean))
               ELSE CASE WHEN f.chance IS NULL THEN 'no probability is known' WHEN f.amount IS NULL THEN 'no amount: ranked last'
                         ELSE format('%s %% of %s %s', round(100 * f.chance), to_char(f.amount, 'FM999,999,999,999,990'), coalesce(f.currency, '')) END END AS reason,
           as_of() AS as_of
    FROM flagged f;

    EXECUTE format($view$
        CREATE OR REPLACE VIEW win_drivers WITH (security_invoker = true) AS
        SELECT row_number() OVER (ORDER BY t.importance * abs(t.log_lift) * sqrt(t.deals::double precision) DESC, t.feature, t.value) AS rank, t.feature, d.description, t.value, t.deals, t.won,
               t.win_rate, t.base_rate, t.lift, t.coefficient, t.odds_ratio, t.odds_ratio_low, t.odds_ratio_high, t.importance,
               CASE WHEN t.log_lift >= 0 THEN 'for' ELSE 'against' END AS direction,
               format('%%s = %%s: %%s of %%s won (%%s %%%%), all deals %%s %%%%', t.feature, coalesce(t.value, 'not known'), t.won, t.deals,
                      round((100 * t.win_rate)::numeric, 1), round((100 * t.base_rate)::numeric, 1)) AS reason,
               as_of() AS as_of
        FROM (SELECT w.*, ln((w.won + w.base_rate) / (w.deals + 1) / w.base_rate) AS log_lift
              FROM sales_forecast.win_model_terms(sales_forecast.promoted_win_model_or_null(%1$L)) w
              WHERE w.deals > 0 AND w.base_rate > 0 AND w.base_rate < 1) t
        LEFT JOIN sales_forecast.deal_feature_descriptions() d ON d.feature = t.feature$view$, target_schema || '.win');

    -- As deals are known two days after their creation, when nearly all of them are still open.
    EXECUTE format($view$
        CREATE OR REPLACE VIEW win_patterns WITH (security_invoker = true) AS
        SELECT row_number() OVER (ORDER BY i.p_value, i.condition, i.segment) AS rank, i.condition, i.segment, i.deals, i.win_rate, i.others, i.others_win_rate,
               i.lift, i.lift_outside, i.odds_ratio, i.odds_ratio_low, i.odds_ratio_high, i.p_value, i.reason, as_of() AS as_of
        FROM sales_forecast.win_interactions(%L) i$view$,
        format('SELECT h.won, h.as_of, h.fold_group, h.demo_within_48_hours, h.industry, h.company_size, h.region, h.team_id, h.process, h.product_id, h.lead_source,
                       h.amount, h.won_before, h.emails FROM %I.deal_history h WHERE h.won IS NOT NULL AND h.age_days = 2', target_schema));

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
