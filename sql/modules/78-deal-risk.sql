-- Which open deals are in danger, in the caller's schema.  Limits come from the deals the reader may see; no reason names
-- another seller.

CREATE FUNCTION @extschema@.create_risk_views(target_schema text)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM set_config('search_path', format('%I, pg_temp', target_schema), true);

    CREATE OR REPLACE VIEW deal_risk WITH (security_invoker = true) AS
    WITH won_stay AS (
        SELECT s.process_id, s.stage_id, percentile_cont(0.9) WITHIN GROUP (ORDER BY s.days) AS p90
        FROM stage_stays() s JOIN opportunity_as_of o ON o.opportunity_id = s.opportunity_id
        WHERE s.completed AND coalesce(o.status = 'won', false)
        GROUP BY s.process_id, s.stage_id HAVING count(*) >= 20
    ), now AS MATERIALIZED (
        SELECT DISTINCT ON (d.opportunity_id) d.*, d.in_30_days + d.out_30_days AS recent, d.in_90_days + d.out_90_days - d.in_30_days - d.out_30_days AS earlier
        FROM deal_predictions('open', true) d ORDER BY d.opportunity_id
    ), before AS MATERIALIZED (
        SELECT DISTINCT ON (d.opportunity_id) d.opportunity_id, d.probability_model FROM deal_predictions('before') d ORDER BY d.opportunity_id
    ), judged AS (
        SELECT p.opportunity_id, p.name, p.account_id, p.owner_id, p.team_id, p.process_id, p.stage_id, p.stage_name, p.currency, p.amount,
               f.probability_model, b.probability_model AS probability_model_before, w.p90 AS stall_days, p.days_in_stage,
               f.pushes, f.days_pushed, p.expected_close_on - (p.as_of AT TIME ZONE s.time_zone)::date AS days_to_stated_close,
               f.recent AS activities_30_days, f.earlier AS activities_60_days_before, f.days_since_customer,
               p.days_in_stage > w.p90 AS stalled,
               CASE WHEN f.pushes IS NOT NULL OR p.expected_close_on IS NOT NULL
                    THEN coalesce(f.pushes >= 3, false) OR coalesce(p.expected_close_on < (p.as_of AT TIME ZONE s.time_zone)::date, false) END AS slipping,
               -- Fewer than four before are too few to tell a fall from luck.
               f.earlier >= 4 AND 4 * f.recent < f.earlier AS fewer,
               coalesce(f.days_since_customer > greatest(14, 3 * least(f.age_days, 90) / nullif(f.in_90_days, 0)), f.days_since_customer > 90, false) AS silent,
               f.activities IS NOT NULL AS has_activity,
               b.probability_model - f.probability_model >= 0.1 AND f.probability_model <= 0.75 * b.probability_model AS falling, p.as_of
        FROM pipeline p
        CROSS JOIN crm_source s
        LEFT JOIN now f ON f.opportunity_id = p.opportunity_id
        LEFT JOIN before b ON b.opportunity_id = p.opportunity_id
        LEFT JOIN won_stay w ON w.stage_id = p.stage_id AND coalesce(w.process_id, '') = coalesce(p.process_id, '')
    )
    SELECT j.opportunity_id, j.name, j.account_id, j.owner_id, j.team_id, j.process_id, j.stage_id, j.stage_name, j.currency, j.amount,
           j.probability_model, j.probability_model_before,
           coalesce(j.stalled, false)::int + coalesce(j.slipping, false)::int + (j.has_activity AND (coalesce(j.fewer, false) OR j.silent))::int
               + coalesce(j.falling, false)::int AS risks,
           j.stalled, j.stall_days, j.days_in_stage, j.slipping, j.pushes, j.days_pushed, j.days_to_stated_close,
           CASE WHEN j.has_activity THEN coalesce(j.fewer, false) OR j.silent END AS cooling,
           j.activities_30_days, j.activities_60_days_before, j.days_since_customer, j.falling,
           nullif(concat_ws('; ',
               CASE WHEN j.stalled THEN format('stalled: %s in "%s", nine of ten won deals left it within %s', sales_forecast.counted(j.days_in_stage, 'day'), j.stage_name, sales_forecast.counted(round(j.stall_days)::numeric, 'day')) END,
               CASE WHEN j.pushes >= 3 THEN format('slipping: close moved %s times, by %s', j.pushes, sales_forecast.counted(j.days_pushed::numeric, 'day')) END,
               CASE WHEN j.days_to_stated_close < 0 THEN format('slipping: the stated close passed %s ago', sales_forecast.counted(-j.days_to_stated_close, 'day')) END,
               CASE WHEN j.fewer THEN format('cooling: %s in 30 days, %s in the 60 before', sales_forecast.counted(j.activities_30_days, 'contact'), j.activities_60_days_before) END,
               CASE WHEN j.silent THEN format('cooling: nothing from the customer for %s', sales_forecast.counted(floor(j.days_since_customer)::numeric, 'day')) END,
               CASE WHEN j.falling THEN format('falling: chance %s %%, 30 days ago %s %%', round(100 * j.probability_model), round(100 * j.probability_model_before)) END), '') AS reason,
           j.as_of
    FROM judged j;
END
$$;
COMMENT ON FUNCTION @extschema@.create_risk_views(text) IS
'Internal part of create_forecast_views: deal_risk. NULL does nothing.';
