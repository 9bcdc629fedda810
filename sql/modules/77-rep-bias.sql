-- How much sellers overstate: what they said just before the close against what was won.
--
-- Many CRMs overwrite the stated probability with 0 or 1 when a deal is closed.  So the value just before the close is the
-- old value of the first change at or after closed_at, or, where the close is known by its day only, of the change on that
-- day to the outcome itself; without such a change it is the value of today.
--
-- bias = sum of what was said / number won.  With few wins that ratio is mostly luck, so the logarithms are drawn towards
-- that of all, as far as the sellers do not differ by more than their luck explains (DerSimonian & Laird, Controlled
-- Clinical Trials 7, 1986).  The error of ln(S / W) is that of a ratio estimate: sqrt(sum((s - R w)^2)) / S, with R of all.

CREATE FUNCTION @extschema@.create_bias_views(target_schema text)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM set_config('search_path', format('%I, pg_temp', target_schema), true);

    CREATE OR REPLACE VIEW rep_bias WITH (security_invoker = true) AS
    WITH closed AS (
        SELECT o.opportunity_id, o.owner_id, o.team_id, o.closed_at, (o.status = 'won')::int AS won
        FROM opportunity_as_of o WHERE coalesce(o.status IN ('won', 'lost'), false) AND o.closed_at IS NOT NULL
    ), change AS (
        SELECT DISTINCT ON (c.opportunity_id) c.opportunity_id, g.old_value
        FROM closed c
        JOIN opportunity_change g ON g.opportunity_id = c.opportunity_id AND g.field = 'probability_stated'
        WHERE g.changed_at >= c.closed_at - interval '1 minute'
           OR g.changed_at >= c.closed_at - interval '12 hours' AND sales_forecast.read_numeric(g.new_value) = c.won
              AND c.closed_at = date_trunc('hour', c.closed_at, (SELECT s.time_zone FROM crm_source s))
        ORDER BY c.opportunity_id, g.changed_at, g.change_order
    ), said AS (
        SELECT c.owner_id, c.team_id, c.won,
               sales_forecast.valid_probability(CASE WHEN g.opportunity_id IS NOT NULL THEN sales_forecast.read_numeric(g.old_value)::double precision
                                                     ELSE t.probability_stated END)::numeric AS stated
        FROM closed c
        CROSS JOIN crm_source s
        LEFT JOIN change g ON g.opportunity_id = c.opportunity_id
        LEFT JOIN (SELECT DISTINCT ON (x.opportunity_id) x.opportunity_id, x.probability_stated FROM opportunity x) t ON t.opportunity_id = c.opportunity_id
        WHERE 'probability_stated' = ANY (s.change_fields)
    ), whole AS (
        SELECT sum(d.stated)::double precision / nullif(sum(d.won), 0) AS ratio FROM said d WHERE d.stated IS NOT NULL
    ), summed AS (
        SELECT CASE GROUPING(d.team_id, d.owner_id) WHEN 3 THEN 'total' WHEN 1 THEN 'team' ELSE 'owner' END AS level, d.team_id, d.owner_id,
               count(*) AS deals, sum(d.won)::bigint AS won, sum(d.stated)::double precision AS stated,
               -- Sums of numerics, so that no order of the rows shows: (s - R w)^2 = s s - 2 R s w + R R w.
               sum(d.stated * d.stated)::double precision - 2 * min(w.ratio) * sum(d.stated * d.won)::double precision + min(w.ratio) ^ 2 * sum(d.won) AS squares,
               min(w.ratio) AS whole
        FROM said d CROSS JOIN whole w WHERE d.stated IS NOT NULL
        GROUP BY GROUPING SETS ((), (d.team_id), (d.owner_id))
    ), measured AS (
        SELECT s.*, m.log_ratio, m.log_whole, s.squares / nullif(s.stated, 0) ^ 2 AS variance
        FROM summed s
        -- Half a deal at the rate of all, so that a seller without a win has a ratio too.
        CROSS JOIN LATERAL (SELECT ln((s.stated + 0.5 * s.whole) / (s.won + 0.5)), ln(s.whole)) m (log_ratio, log_whole)
        WHERE s.whole > 0
    ), spread AS (
        SELECT m.level, greatest(0, (sum((m.log_ratio - m.log_whole) ^ 2 / m.variance ORDER BY m.team_id, m.owner_id) - (count(*) - 1))
                                    / nullif(sum(1 / m.variance ORDER BY m.team_id, m.owner_id) - sum(1 / m.variance ^ 2 ORDER BY m.team_id, m.owner_id)
                                                                                                  / sum(1 / m.variance ORDER BY m.team_id, m.owner_id), 0)) AS tau2
        FROM measured m WHERE m.level <> 'total' AND m.variance > 0 GROUP BY m.level
    ), drawn AS (
        SELECT m.*, CASE WHEN m.level = 'total' THEN m.log_whole
                         WHEN coalesce(p.tau2, 0) = 0 OR m.variance IS NULL THEN m.log_whole
                         ELSE (m.log_ratio * p.tau2 + m.log_whole * m.variance) / (p.tau2 + m.variance) END AS centre,
               CASE WHEN m.level = 'total' THEN sqrt(m.variance)
                    WHEN coalesce(p.tau2, 0) = 0 THEN sqrt(t.variance)
                    ELSE sqrt(coalesce(m.variance * p.tau2 / (m.variance + p.tau2), p.tau2) + t.variance * coalesce(m.variance / (m.variance + p.tau2), 1) ^ 2) END AS error
        FROM measured m
        LEFT JOIN spread p ON p.level = m.level
        CROSS JOIN (SELECT v.variance FROM measured v WHERE v.level = 'total') t
    )
    SELECT s.level, s.team_id, s.owner_id, n.name AS owner_name, s.deals, s.won, s.stated AS stated_sum,
           s.stated / nullif(s.won, 0) AS ratio, exp(d.centre) AS bias, exp(d.centre - 1.959964 * d.error) AS bias_low, exp(d.centre + 1.959964 * d.error) AS bias_high,
           s.won >= 40 AND s.deals - s.won >= 40 AS enough,
           CASE WHEN d.level IS NULL THEN format('%s closed deals with a stated probability, none won: no ratio', s.deals)
                ELSE format('said %s wins, had %s in %s closed deals: %s', round(s.stated::numeric, 1), s.won, s.deals,
                       CASE WHEN exp(d.centre - 1.959964 * d.error) > 1 THEN format('overstates by %s %%', round((100 * (exp(d.centre) - 1))::numeric))
                            WHEN exp(d.centre + 1.959964 * d.error) < 1 THEN format('understates by %s %%', round((100 * (1 - exp(d.centre)))::numeric))
                            ELSE 'no bias that luck does not explain' END)
                     || CASE WHEN s.won < 40 OR s.deals - s.won < 40 THEN '; few deals, so mostly the bias of all' ELSE '' END END AS reason,
           as_of() AS as_of
    FROM summed s
    LEFT JOIN drawn d ON d.level = s.level AND d.team_id IS NOT DISTINCT FROM s.team_id AND d.owner_id IS NOT DISTINCT FROM s.owner_id
    LEFT JOIN (SELECT w.owner_id, min(w.name) AS name FROM owner w GROUP BY w.owner_id) n ON s.level = 'owner' AND n.owner_id = s.owner_id
    WHERE s.deals > 0;
END
$$;
COMMENT ON FUNCTION @extschema@.create_bias_views(text) IS
'Internal part of create_forecast_views: rep_bias. NULL does nothing.';
