-- What to do next with each open deal, by when, and why.  The first rule that fits wins; the numbers in a rule come from
-- the closed deals: where demos lift, when won deals had their meeting, how long they paused between contacts.

CREATE FUNCTION @extschema@.create_action_views(target_schema text)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM set_config('search_path', format('%I, pg_temp', target_schema), true);

    CREATE OR REPLACE VIEW next_best_action WITH (security_invoker = true) AS
    WITH closed AS MATERIALIZED (
        SELECT DISTINCT ON (o.opportunity_id) o.opportunity_id, coalesce(o.process_id, '') AS process_key, o.account_id, o.created_at, o.closed_at, o.status = 'won' AS won
        FROM opportunity_as_of o
        WHERE coalesce(o.status IN ('won', 'lost'), false) AND o.created_at IS NOT NULL AND o.closed_at >= o.created_at ORDER BY o.opportunity_id
    ), customer AS (
        SELECT DISTINCT ON (a.account_id) a.account_id, a.industry FROM account a ORDER BY a.account_id, a.created_at, a.name
    ), contacted AS (
        SELECT a.opportunity_id, count(*) AS contacts, min(a.at) AS first_at, max(a.at) AS last_at,
               min(a.at) FILTER (WHERE lower(a.kind) = 'demo') AS demo_at, min(a.at) FILTER (WHERE lower(a.kind) IN ('meeting', 'visit', 'demo')) AS meeting_at
        FROM activity a WHERE a.at <= as_of() GROUP BY a.opportunity_id
    ), ended AS MATERIALIZED (
        SELECT c.won, c.process_key, u.industry, t.demo_at <= c.created_at + interval '48 hours' AS quick_demo,
               date_part('epoch', t.meeting_at - c.created_at) / 86400 AS meeting_days,
               CASE WHEN t.contacts >= 3 THEN date_part('epoch', t.last_at - t.first_at) / 86400 / (t.contacts - 1) END AS pause_days,
               c.closed_at > c.created_at + interval '48 hours' AS lasted
        FROM closed c LEFT JOIN contacted t ON t.opportunity_id = c.opportunity_id LEFT JOIN customer u ON u.account_id = c.account_id
    ), demo AS (        -- industries in which a quick demo lifts, beyond luck (99 %)
        SELECT n.industry, n.won_with::double precision / n.closed_with AS rate_with, n.won_without::double precision / n.closed_without AS rate_without
        FROM (SELECT e.industry, count(*) FILTER (WHERE e.quick_demo AND e.won) AS won_with, count(*) FILTER (WHERE e.quick_demo) AS closed_with,
                     count(*) FILTER (WHERE e.quick_demo IS NOT TRUE AND e.won) AS won_without, count(*) FILTER (WHERE e.quick_demo IS NOT TRUE) AS closed_without
              FROM ended e WHERE e.lasted AND e.industry IS NOT NULL GROUP BY e.industry) n
        WHERE n.closed_with >= 10 AND n.closed_without >= 10 AND n.won_with > 0
          AND ln((n.won_with + 0.5) / (n.closed_with + 0.5) / ((n.won_without + 0.5) / (n.closed_without + 0.5)))
              > 2.575829 * sqrt(1 / (n.won_with + 0.5) - 1 / (n.closed_with + 0.5) + 1 / (n.won_without + 0.5) - 1 / (n.closed_without + 0.5))
    ), pace AS (
        SELECT e.process_key, percentile_cont(0.75) WITHIN GROUP (ORDER BY e.meeting_days) FILTER (WHERE e.won) AS meeting_days,
               percentile_cont(0.5) WITHIN GROUP (ORDER BY e.pause_days) FILTER (WHERE e.won) AS pause_days,
               count(*) FILTER (WHERE e.won) AS won, count(*) FILTER (WHERE NOT e.won) AS lost,
               count(e.meeting_days) FILTER (WHERE e.won) AS won_met, count(e.meeting_days) FILTER (WHERE NOT e.won) AS lost_met
        FROM ended e GROUP BY e.process_key
    ), last_word AS (
        SELECT DISTINCT ON (a.opportunity_id) a.opportunity_id, a.direction, a.at
        FROM activity a WHERE a.at <= as_of() AND a.direction IN ('in', 'out') AND a.opportunity_id IN (SELECT p.opportunity_id FROM pipeline p)
        ORDER BY a.opportunity_id, a.at DESC, a.activity_id DESC
    ), won_stay AS (
        SELECT s.process_id, s.stage_id, percentile_cont(0.9) WITHIN GROUP (ORDER BY s.days) AS p90
        FROM stage_stays() s JOIN opportunity_as_of o ON o.opportunity_id = s.opportunity_id
        WHERE s.completed AND coalesce(o.status = 'won', false)
        GROUP BY s.process_id, s.stage_id HAVING count(*) >= 20
    ), neck AS (
        SELECT c.process_id, c.stage_id, c.drop_off FROM stage_conversion c WHERE c.is_bottleneck
    ), seen AS MATERIALIZED (
        SELECT DISTINCT ON (f.opportunity_id) f.* FROM deal_features f ORDER BY f.opportunity_id
    ), deal AS (
        SELECT p.opportunity_id, p.name, p.account_id, p.owner_id, p.team_id, p.stage_id, p.stage_name, p.currency, p.amount, p.created_at,
               coalesce(p.probability_model, p.probability_history, p.probability) AS probability, p.expected_days_to_close, p.expected_close_on, p.as_of,
               (p.as_of AT TIME ZONE s.time_zone)::date AS today, s.time_zone, p.age_days, p.days_in_stage,
               f.stage_share, f.contacts, f.industry, f.answer_hours, f.hours_to_meeting, f.hours_to_demo, f.demo_within_48_hours, f.activities, f.days_since_activity,
               l.direction, date_part('epoch', p.as_of - l.at) / 86400 AS days_since_word, d.rate_with, d.rate_without,
               c.meeting_days, c.pause_days, c.won, c.lost, c.won_met, c.lost_met, w.p90 AS stall_days, k.drop_off
        FROM pipeline p
        CROSS JOIN crm_source s
        LEFT JOIN seen f ON f.opportunity_id = p.opportunity_id
        LEFT JOIN last_word l ON l.opportunity_id = p.opportunity_id
        LEFT JOIN demo d ON d.industry = f.industry
        LEFT JOIN pace c ON c.process_key = coalesce(p.process_id, '')
        LEFT JOIN won_stay w ON w.stage_id = p.stage_id AND coalesce(w.process_id, '') = coalesce(p.process_id, '')
        LEFT JOIN neck k ON k.stage_id = p.stage_id AND coalesce(k.process_id, '') = coalesce(p.process_id, '')
    ), ruled AS (
        SELECT d.*, CASE
            WHEN d.direction = 'in' AND d.days_since_word >= 1 THEN 'answer'
            WHEN d.rate_with IS NOT NULL AND d.demo_within_48_hours IS NULL AND d.hours_to_demo IS NULL AND d.as_of < d.created_at + interval '48 hours' THEN 'book_demo'
            WHEN d.expected_close_on < d.today THEN 'new_date'
            WHEN d.direction = 'out' AND d.days_since_word >= 14 THEN 'other_contact'
            WHEN d.days_in_stage > d.stall_days THEN 'decide'
            WHEN d.activities IS NOT NULL AND d.hours_to_meeting IS NULL AND d.stage_share <= 0.5 AND d.age_days > d.meeting_days AND d.won_met >= 20 THEN 'get_meeting'
            ELSE 'keep_in_touch' END AS action
        FROM deal d
    )
    SELECT r.opportunity_id, r.name, r.account_id, r.owner_id, r.team_id, r.stage_id, r.stage_name, r.currency, r.amount, r.probability, r.action,
           CASE r.action
               WHEN 'answer' THEN 'answer the customer'
               WHEN 'book_demo' THEN 'book a demo within 48 hours of the first contact'
               WHEN 'new_date' THEN 'agree on a new date with the customer, or close the deal'
               WHEN 'other_contact' THEN CASE WHEN r.contacts = 2 THEN 'try another way or the other contact' WHEN r.contacts > 2 THEN format('try another way or one of the %s other contacts', r.contacts - 1) ELSE 'try another way or find another contact' END
               WHEN 'decide' THEN 'agree on the next step with a date, or close the deal as lost'
               WHEN 'get_meeting' THEN 'offer a short meeting with a reason of its own; bring a colleague or somebody the customer trusts'
               ELSE 'keep in touch' END AS what,
           CASE r.action
               WHEN 'book_demo' THEN greatest(r.today, ((r.created_at + interval '48 hours') AT TIME ZONE r.time_zone)::date)
               WHEN 'decide' THEN r.today + 7
               WHEN 'get_meeting' THEN r.today + 7
               -- The same pause as in won deals, however long the cycle is.
               WHEN 'keep_in_touch' THEN greatest(r.today, r.today + ceil(least(coalesce(r.pause_days, 14), 90) - coalesce(r.days_since_activity, 0))::int)
               ELSE r.today END AS due_on,
           CASE r.action
               WHEN 'answer' THEN format('the customer was the last to speak, %s ago', sales_forecast.counted(floor(r.days_since_word)::numeric, 'day'))
                   || coalesce('; answers in this deal took ' || sales_forecast.counted(round(r.answer_hours)::numeric, 'hour') || ' so far', '')
               WHEN 'book_demo' THEN format('in %s %s %% of the deals with a demo in 48 hours were won, %s %% of those without', r.industry, round(100 * r.rate_with), round(100 * r.rate_without))
               WHEN 'new_date' THEN format('the stated close passed %s ago', sales_forecast.counted(r.today - r.expected_close_on, 'day'))
               WHEN 'other_contact' THEN format('no answer for %s', sales_forecast.counted(floor(r.days_since_word)::numeric, 'day'))
               WHEN 'decide' THEN format('%s in "%s"; nine of ten won deals left it within %s', sales_forecast.counted(r.days_in_stage, 'day'), r.stage_name, sales_forecast.counted(round(r.stall_days)::numeric, 'day'))
               WHEN 'get_meeting' THEN format('no meeting after %s; three of four won deals that had one had it within %s. Met: %s of 100 won deals, %s of 100 lost', sales_forecast.counted(r.age_days, 'day'), sales_forecast.counted(round(r.meeting_days)::numeric, 'day'),
                                              round(100.0 * r.won_met / nullif(r.won, 0)), coalesce(round(100.0 * r.lost_met / nullif(r.lost, 0))::text, '-'))
               ELSE CASE WHEN r.days_since_activity IS NULL THEN 'no contact is logged' ELSE format('last contact %s ago', sales_forecast.counted(floor(r.days_since_activity)::numeric, 'day')) END
                   || coalesce('; won deals of this process paused ' || sales_forecast.counted(round(r.pause_days)::numeric, 'day') || ' between contacts', '')
                   || coalesce('; expected to be decided in ' || sales_forecast.counted(round(r.expected_days_to_close)::numeric, 'day'), '') END
           || CASE WHEN r.drop_off IS NOT NULL THEN format('. Most deals of this process are lost here: %s of 100', round(100 * r.drop_off)) ELSE '' END AS why,
           r.as_of
    FROM ruled r;
END
$$;
COMMENT ON FUNCTION @extschema@.create_action_views(text) IS
'Internal part of create_forecast_views: next_best_action. NULL does nothing.';
