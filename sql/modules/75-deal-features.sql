-- What was known of a deal at a moment: the features of win and close models.
--
-- One function makes every row, for training as for prediction, so the two cannot differ.  A deal is seen at moments:
-- training sees it when it was created and at fixed ages while it was open, prediction sees the open deals at as_of.
-- All that follows looks at the pair of deal and moment only: a column that changes has the value it had then (the old
-- value of the first logged change after the moment, else that of today where the source logs the column, else NULL), a
-- count counts what lies up to the moment.  So nothing that happened later can reach a feature, and a column without a
-- log is NULL in both, which is what a model should learn from.  Not so lead_source, industry and staff, which no source
-- logs: they are taken to have been what they are.
--
-- The stage.  A deal that never moved has always stood where it stands, open or closed by now.  Where the close has moved
-- it, unlogged, into a stage for closed deals, its former stage cannot be known.  In a source with more than a few of these
-- a missing stage would mean "is closed by now", so there nobody has a stage.  Neither before the first logged move of all.
--
-- Days and years are spans of hours, for a day of the session's time zone may have 23 or 25 of them.
--
-- Speed.  Every log is read once and joined by deal with a range of time, which hashes; nothing is looked up row by row.
-- What belongs to an account comes from running counts over the account's own events, because an account with a
-- thousand deals would make a million pairs.
--
-- The stated probability is not a feature.  Where sellers overstate, the model would learn to trust them in one team and
-- not in the other, and whoever wants a better forecast could write one; models would no longer be a second opinion.  It
-- is kept beside, so that the two can be compared.

CREATE FUNCTION @extschema@.deal_feature_descriptions(
    OUT feature text, OUT type text, OUT description text)
RETURNS SETOF record
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 50
BEGIN ATOMIC
SELECT * FROM (VALUES
    ('age_days', 'double precision', 'Days since the deal was entered.'),
    ('process', 'text', 'Name of the sales process.'),
    ('stage', 'text', 'Name of the stage.'),
    ('stage_share', 'double precision', 'Place of the stage among the open stages of its process, above 0 to 1.'),
    ('days_in_stage', 'double precision', 'Days since the deal entered its stage.'),
    ('amount', 'double precision', 'Value of the deal in the currency of the house, at the rate of the day; in its own currency where the source has no rates at all.'),
    ('currency', 'text', 'Currency of the deal.'),
    ('pushes', 'integer', 'How often the expected close was moved to a later day.'),
    ('days_pushed', 'integer', 'By how many days in all.'),
    ('days_to_stated_close', 'integer', 'Days until the day the seller expects to close; negative: it has passed.'),
    ('owner_id', 'text', 'Seller.'),
    ('team_id', 'text', 'Sales team.'),
    ('region', 'text', 'Sales region.'),
    ('department', 'text', 'Department.'),
    ('product_id', 'text', 'Main product.'),
    ('lead_source', 'text', 'Where the deal came from.'),
    ('industry', 'text', 'Industry of the customer.'),
    ('employees', 'integer', 'Staff of the customer.'),
    ('company_size', 'text', 'Staff in classes: 1-19, 20-49, 50-249, 250-999, 1000+.'),
    ('account_age_days', 'double precision', 'Days since the account was entered.'),
    ('contacts', 'integer', 'Contacts of the customer.'),
    ('won_before', 'integer', 'Deals that the customer had given us.'),
    ('lost_before', 'integer', 'Deals that the customer had not given us.'),
    ('orders_before', 'integer', 'Orders of the customer.'),
    ('days_since_order', 'double precision', 'Days since the last order of the customer.'),
    ('activities', 'integer', 'Activities on the deal.'),
    ('emails', 'integer', 'E-mails on the deal, both ways.'),
    ('days_since_first_contact', 'double precision', 'Days since the first activity on the deal.'),
    ('days_since_activity', 'double precision', 'Days since the last activity on the deal.'),
    ('days_since_customer', 'double precision', 'Days since the customer was last heard of.'),
    ('in_30_days', 'integer', 'Activities from the customer in the last 30 days.'),
    ('out_30_days', 'integer', 'Activities to the customer in the last 30 days.'),
    ('in_90_days', 'integer', 'Activities from the customer in the last 90 days.'),
    ('out_90_days', 'integer', 'Activities to the customer in the last 90 days.'),
    ('first_response_hours', 'double precision', 'Hours from the first sign of the customer to our first answer.'),
    ('answer_hours', 'double precision', 'Mean hours from a sign of the customer to our answer.'),
    ('reply_rate', 'double precision', 'Share of our activities that the customer answered before we came again.'),
    ('reply_hours', 'double precision', 'Mean hours until the customer answered.'),
    ('hours_to_meeting', 'double precision', 'Hours from creation to the first meeting, visit or demo.'),
    ('hours_to_demo', 'double precision', 'Hours from creation to the first demo.'),
    ('demo_within_48_hours', 'boolean', 'A demo took place within 48 hours of creation; NULL while that is still possible.'),
    ('month_of_year', 'integer', 'Month, 1 to 12.'),
    ('days_to_quarter_end', 'integer', 'Days until the quarter ends.')
) AS v (feature, type, description);
END;
COMMENT ON FUNCTION @extschema@.deal_feature_descriptions() IS
'The features of a deal that deal_features and deal_history have, in order: name, type and what it means with its unit. Never NULL.';

CREATE FUNCTION @extschema@.deal_ages()
RETURNS int[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN '{0,2,7,14,30,60,90,135,180,270,365,545,730,1095,1460,1825}'::int[];
COMMENT ON FUNCTION @extschema@.deal_ages() IS
'The ages in days at which deal_history sees a deal, as long as it was open.';

CREATE FUNCTION @extschema@.create_deal_feature_views(target_schema text)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM set_config('search_path', format('%I, pg_temp', target_schema), true);

    -- seen: open (open deals at as_of), before (the same deals, 30 days earlier) or history (every deal, when it was
    -- created and at fixed ages while it was open).  kept: how many of 1000 deals, chosen by a hash of their key.
    CREATE OR REPLACE FUNCTION deal_snapshots(seen text, kept int DEFAULT 1000) RETURNS TABLE (
        opportunity_id text, as_of timestamptz, outcome text, closed_at timestamptz, days double precision, probability_stated double precision,
        age_days double precision, process text, stage text, stage_share double precision, days_in_stage double precision,
        amount double precision, currency text, pushes int, days_pushed int, days_to_stated_close int,
        owner_id text, team_id text, region text, department text, product_id text, lead_source text,
        industry text, employees int, company_size text, account_age_days double precision, contacts int, won_before int, lost_before int,
        orders_before int, days_since_order double precision,
        activities int, emails int, days_since_first_contact double precision, days_since_activity double precision,
        days_since_customer double precision, in_30_days int, out_30_days int, in_90_days int, out_90_days int,
        first_response_hours double precision, answer_hours double precision, reply_rate double precision, reply_hours double precision,
        hours_to_meeting double precision, hours_to_demo double precision, demo_within_48_hours boolean,
        month_of_year int, days_to_quarter_end int)
    LANGUAGE sql STABLE PARALLEL SAFE STRICT ROWS 10000
    SET search_path = pg_catalog, pg_temp SET jit = off SET work_mem = '64MB' SET enable_mergejoin = off SET enable_nestloop = off
    BEGIN ATOMIC
    WITH ending AS MATERIALIZED (  -- stages in which deals are closed, by their mark or, as in check_crm, by the deals in them
        SELECT f.process_key, f.stage_id
        FROM (SELECT coalesce(o.process_id, '') AS process_key, o.stage_id, count(*) AS deals,
                     count(*) FILTER (WHERE o.status = 'won') AS won, count(*) FILTER (WHERE o.status = 'lost') AS lost,
                     sum(count(*) FILTER (WHERE o.status = 'lost')) OVER (PARTITION BY coalesce(o.process_id, '')) AS all_lost
              FROM opportunity o WHERE o.stage_id IS NOT NULL GROUP BY 1, 2) f
        LEFT JOIN known_stage k ON k.process_key = f.process_key AND k.stage_id = f.stage_id
        WHERE k.is_won OR k.is_lost OR f.deals >= 5 AND (f.won = f.deals OR f.lost = f.deals AND 2 * f.lost >= f.all_lost)
    ), stage_log AS MATERIALIZED (
        SELECT l.since, 20 * count(*) FILTER (WHERE m.opportunity_id IS NULL AND g.stage_id IS NOT NULL) <= count(*) AS complete
        FROM (SELECT min(c.changed_at) AS since FROM stage_change c) l
        LEFT JOIN opportunity o ON coalesce(o.status IN ('won', 'lost'), false) AND o.created_at >= l.since
        LEFT JOIN ending g ON g.process_key = coalesce(o.process_id, '') AND g.stage_id = o.stage_id
        LEFT JOIN (SELECT c.opportunity_id FROM stage_change c GROUP BY c.opportunity_id) m ON m.opportunity_id = o.opportunity_id
        GROUP BY l.since
    ), source AS MATERIALIZED (
        SELECT as_of() AS at, CASE WHEN s.has_stage_history AND g.complete THEN g.since END AS stage_since, s.change_fields, s.time_zone, 'activity.opportunity_id' = ANY (s.mapped_columns) AS has_activity,
               'contact.account_id' = ANY (s.mapped_columns) AS has_contact, 'sales_order.account_id' = ANY (s.mapped_columns) AS has_order,
               EXISTS (SELECT FROM exchange_rate) AS has_rates,
               coalesce(s.currency, (SELECT r.base_currency FROM exchange_rate r GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1)) AS house
        FROM crm_source s LEFT JOIN stage_log g ON true
    ), snapshot AS MATERIALIZED (
        SELECT row_number() OVER () AS nr, o.opportunity_id, o.account_id, o.created_at, p.status AS outcome, p.closed_at, l.at,
               o.lead_source, o.process_id, o.currency, CASE WHEN g.stage_id IS NULL THEN o.stage_id END AS stage_id, l.at >= s.stage_since AS stage_known,
               CASE WHEN 'product_id' = ANY (s.change_fields) THEN o.product_id END AS product_id,
               CASE WHEN 'amount' = ANY (s.change_fields) THEN sales_forecast.finite_amount(o.amount)::double precision END AS amount,
               CASE WHEN 'expected_close_on' = ANY (s.change_fields) THEN o.expected_close_on END AS expected_close_on,
               CASE WHEN 'probability_stated' = ANY (s.change_fields) THEN o.probability_stated END AS probability_stated,
               CASE WHEN 'owner_id' = ANY (s.change_fields) THEN o.owner_id END AS owner_id,
               CASE WHEN 'team_id' = ANY (s.change_fields) THEN o.team_id END AS team_id,
               CASE WHEN 'region' = ANY (s.change_fields) THEN o.region END AS region,
               CASE WHEN 'department' = ANY (s.change_fields) THEN o.department END AS department,
               -- Closed later is open then; of what was closed before only a log can say that it was open.
               o.status = 'open' OR o.closed_at > l.at AS open_then
        FROM source s
        -- Grouped, for the planner knows nothing about keys behind a cast and would expect millions of rows for thousands.
        CROSS JOIN (SELECT k.opportunity_id, max(k.status) AS status, max(k.closed_at) AS closed_at, min(k.created_at) AS created_at
                    FROM opportunity_as_of k
                    WHERE deal_snapshots.kept >= 1000 OR sales_forecast.hash_bucket(k.opportunity_id, 'train', 1000) < deal_snapshots.kept
                    GROUP BY k.opportunity_id) p
        JOIN opportunity o ON o.opportunity_id = p.opportunity_id
        CROSS JOIN LATERAL (
            SELECT s.at WHERE deal_snapshots.seen = 'open' AND p.status = 'open'
            UNION ALL
            SELECT s.at - interval '720 hours' WHERE deal_snapshots.seen = 'before' AND p.status = 'open' AND p.created_at <= s.at - interval '720 hours'
            UNION ALL       -- at a moment shared with the close nothing is left to predict
            SELECT p.created_at + make_interval(hours => 24 * a.days)
            FROM unnest(sales_forecast.deal_ages()) a (days)
            WHERE deal_snapshots.seen = 'history' AND p.status IN ('open', 'won', 'lost') AND (p.status = 'open' OR p.closed_at IS NOT NULL)
              AND p.created_at + make_interval(hours => 24 * a.days) < least(p.closed_at, s.at)) l
        LEFT JOIN ending g ON g.process_key = coalesce(o.process_id, '') AND g.stage_id = o.stage_id
    ), logged AS (      -- the old value holds from since (NULL: before all snapshots) until changed_at
        SELECT c.opportunity_id, c.field, c.old_value, c.changed_at,
               CASE WHEN c.field IN ('amount', 'probability_stated')
                    THEN sales_forecast.finite_amount(sales_forecast.read_numeric(c.old_value)) END::double precision AS number,
               CASE WHEN c.field = 'expected_close_on' THEN sales_forecast.read_date(c.old_value) END AS day,
               lag(c.changed_at) OVER (PARTITION BY c.opportunity_id, c.field ORDER BY c.changed_at, c.change_order) AS since
        FROM opportunity_change c
        WHERE c.changed_at > (SELECT min(n.at) FROM snapshot n)
          AND c.opportunity_id IN (SELECT n.opportunity_id FROM snapshot n)
          AND c.field IN ('amount', 'currency', 'expected_close_on', 'probability_stated', 'owner_id', 'team_id', 'region', 'department',
                          'product_id', 'process_id', 'status')
    ), was AS (
        SELECT n.nr,
               bool_or(g.field = 'amount') AS amount_logged, max(g.number) FILTER (WHERE g.field = 'amount') AS amount,
               bool_or(g.field = 'currency') AS currency_logged, max(g.old_value) FILTER (WHERE g.field = 'currency') AS currency,
               bool_or(g.field = 'expected_close_on') AS close_logged, max(g.day) FILTER (WHERE g.field = 'expected_close_on') AS expected_close_on,
               bool_or(g.field = 'probability_stated') AS stated_logged, max(g.number) FILTER (WHERE g.field = 'probability_stated') AS probability_stated,
               bool_or(g.field = 'owner_id') AS owner_logged, max(g.old_value) FILTER (WHERE g.field = 'owner_id') AS owner_id,
               bool_or(g.field = 'team_id') AS team_logged, max(g.old_value) FILTER (WHERE g.field = 'team_id') AS team_id,
               bool_or(g.field = 'region') AS region_logged, max(g.old_value) FILTER (WHERE g.field = 'region') AS region,
               bool_or(g.field = 'department') AS department_logged, max(g.old_value) FILTER (WHERE g.field = 'department') AS department,
               bool_or(g.field = 'product_id') AS product_logged, max(g.old_value) FILTER (WHERE g.field = 'product_id') AS product_id,
               bool_or(g.field = 'process_id') AS process_logged, max(g.old_value) FILTER (WHERE g.field = 'process_id') AS process_id,
               bool_or(g.field = 'status') AS status_logged, max(g.old_value) FILTER (WHERE g.field = 'status') AS status
        FROM snapshot n JOIN logged g ON g.opportunity_id = n.opportunity_id AND g.changed_at > n.at AND (g.since <= n.at) IS NOT FALSE
        GROUP BY n.nr
    ), push AS (
        SELECT n.nr, count(*)::int AS pushes, sum(p.days)::int AS days
        FROM snapshot n
        JOIN (SELECT c.opportunity_id, c.changed_at,
                     least(sales_forecast.read_date(c.new_value) - sales_forecast.read_date(c.old_value), 36500) AS days
              FROM opportunity_change c
              WHERE c.field = 'expected_close_on' AND c.opportunity_id IN (SELECT n.opportunity_id FROM snapshot n)) p
          ON p.opportunity_id = n.opportunity_id AND p.changed_at <= n.at AND p.days > 0
        GROUP BY n.nr
    ), move AS MATERIALIZED (
        SELECT c.opportunity_id, c.from_stage_id, c.to_stage_id, c.changed_at, lead(c.changed_at) OVER w AS until, row_number() OVER w AS nth
        FROM stage_change c WHERE c.opportunity_id IN (SELECT n.opportunity_id FROM snapshot n)
        WINDOW w AS (PARTITION BY c.opportunity_id ORDER BY c.changed_at, c.change_order)
    ), standing AS (    -- the first stage, when the source logs only that it was left
        SELECT n.nr, max(v.stage_id) AS stage_id, max(v.entered_at) AS entered_at
        FROM snapshot n
        JOIN (SELECT m.opportunity_id, m.to_stage_id AS stage_id, m.changed_at AS entered_at, m.changed_at AS since, m.until FROM move m
              UNION ALL
              SELECT m.opportunity_id, m.from_stage_id, NULL, NULL, m.changed_at FROM move m WHERE m.nth = 1) v
          ON v.opportunity_id = n.opportunity_id AND (v.since <= n.at) IS NOT FALSE AND (v.until > n.at) IS NOT FALSE
        GROUP BY n.nr
    ), place AS (
        SELECT k.process_key, k.stage_id, k.stage_name, k.is_won OR k.is_lost AS is_closed,
               CASE WHEN NOT (k.is_won OR k.is_lost) THEN
                   count(*) FILTER (WHERE NOT (k.is_won OR k.is_lost)) OVER (PARTITION BY k.process_key ORDER BY k.stage_order, k.stage_id)::double precision
                   / count(*) FILTER (WHERE NOT (k.is_won OR k.is_lost)) OVER (PARTITION BY k.process_key) END AS share
        FROM known_stage k
    ), contacted AS (
        SELECT a.opportunity_id, a.at, lower(a.kind) AS kind, a.direction, min(a.at) FILTER (WHERE a.direction = 'in') OVER deal AS first_in,
               lead(a.direction) OVER turn AS next_direction, lead(a.at) OVER turn AS next_at
        FROM activity a WHERE a.opportunity_id IN (SELECT n.opportunity_id FROM snapshot n) AND a.at <= (SELECT s.at FROM source s)
        WINDOW deal AS (PARTITION BY a.opportunity_id),
               turn AS (PARTITION BY a.opportunity_id, a.direction IS NULL ORDER BY a.at, a.activity_id)
    ), talk AS (
        SELECT n.nr, count(*)::int AS activities, count(*) FILTER (WHERE c.kind = 'email')::int AS emails,
               min(c.at) AS first_at, max(c.at) AS last_at, max(c.at) FILTER (WHERE c.direction = 'in') AS last_in,
               count(*) FILTER (WHERE c.direction = 'in' AND c.at > n.at - interval '720 hours')::int AS in_30,
               count(*) FILTER (WHERE c.direction = 'out' AND c.at > n.at - interval '720 hours')::int AS out_30,
               count(*) FILTER (WHERE c.direction = 'in' AND c.at > n.at - interval '2160 hours')::int AS in_90,
               count(*) FILTER (WHERE c.direction = 'out' AND c.at > n.at - interval '2160 hours')::int AS out_90,
               min(c.first_in) AS first_in, min(c.at) FILTER (WHERE c.direction = 'out' AND c.at >= c.first_in) AS first_answer,
               date_part('epoch', avg(c.next_at - c.at) FILTER (WHERE c.direction = 'in' AND c.next_direction = 'out' AND c.next_at <= n.at)) AS answer_seconds,
               count(*) FILTER (WHERE c.direction = 'out')::int AS sent,
               count(*) FILTER (WHERE c.direction = 'out' AND c.next_direction = 'in' AND c.next_at <= n.at)::int AS answered,
               date_part('epoch', avg(c.next_at - c.at) FILTER (WHERE c.direction = 'out' AND c.next_direction = 'in' AND c.next_at <= n.at)) AS reply_seconds,
               min(c.at) FILTER (WHERE c.kind IN ('meeting', 'visit', 'demo') AND c.at >= n.created_at) AS meeting_at,
               min(c.at) FILTER (WHERE c.kind = 'demo' AND c.at >= n.created_at) AS demo_at
        FROM snapshot n JOIN contacted c ON c.opportunity_id = n.opportunity_id AND c.at <= n.at
        GROUP BY n.nr
    ), customer AS (    -- running counts over the events of an account
        SELECT e.nr, e.won, e.lost, e.orders, e.last_order, e.contacts
        FROM (SELECT v.nr, count(*) FILTER (WHERE v.kind = 'won') OVER w AS won, count(*) FILTER (WHERE v.kind = 'lost') OVER w AS lost,
                     count(*) FILTER (WHERE v.kind = 'order') OVER w AS orders, max(v.at) FILTER (WHERE v.kind = 'order') OVER w AS last_order,
                     count(*) FILTER (WHERE v.kind = 'contact') OVER w AS contacts
              FROM (SELECT o.account_id, o.closed_at AS at, 0 AS turn, o.status AS kind, NULL::bigint AS nr
                    FROM opportunity_as_of o WHERE o.account_id IN (SELECT n.account_id FROM snapshot n) AND o.status IN ('won', 'lost') AND o.closed_at IS NOT NULL
                    UNION ALL
                    SELECT r.account_id, r.ordered_at, 0, 'order', NULL FROM sales_order r WHERE r.account_id IN (SELECT n.account_id FROM snapshot n) AND r.ordered_at IS NOT NULL
                    UNION ALL
                    SELECT c.account_id, c.created_at, 0, 'contact', NULL FROM contact c WHERE c.account_id IN (SELECT n.account_id FROM snapshot n) AND c.created_at IS NOT NULL
                    UNION ALL
                    SELECT n.account_id, n.at, 1, 'seen', n.nr FROM snapshot n WHERE n.account_id IS NOT NULL) v
              WINDOW w AS (PARTITION BY v.account_id ORDER BY v.at, v.turn ROWS UNBOUNDED PRECEDING)) e
        WHERE e.nr IS NOT NULL
    ), company AS (
        SELECT DISTINCT ON (a.account_id) a.account_id, a.industry, a.employees, a.created_at
        FROM account a WHERE a.account_id IN (SELECT n.account_id FROM snapshot n) ORDER BY a.account_id, a.created_at, a.name
    ), rate AS (
        SELECT r.currency, r.valid_on, lead(r.valid_on) OVER (PARTITION BY r.currency ORDER BY r.valid_on) AS until, r.rate::double precision AS rate
        FROM exchange_rate r CROSS JOIN source s WHERE r.base_currency = s.house
    ), named AS (
        SELECT DISTINCT ON (p.process_id) p.process_id, coalesce(p.name, p.process_id) AS name FROM sales_process p ORDER BY p.process_id, p.name
    ), known AS (
        SELECT n.nr, n.opportunity_id, n.account_id, n.created_at, n.outcome, n.closed_at, n.at, n.lead_source, s.has_activity, s.has_contact, s.has_order,
               (n.at AT TIME ZONE s.time_zone)::date AS today, s.house, s.has_rates,
               CASE WHEN w.amount_logged THEN w.amount ELSE n.amount END AS amount,
               CASE WHEN w.currency_logged THEN w.currency ELSE n.currency END AS currency,
               CASE WHEN w.close_logged THEN w.expected_close_on ELSE n.expected_close_on END AS expected_close_on,
               sales_forecast.valid_probability(CASE WHEN w.stated_logged THEN w.probability_stated ELSE n.probability_stated END) AS probability_stated,
               CASE WHEN w.owner_logged THEN w.owner_id ELSE n.owner_id END AS owner_id,
               CASE WHEN w.team_logged THEN w.team_id ELSE n.team_id END AS team_id,
               CASE WHEN w.region_logged THEN w.region ELSE n.region END AS region,
               CASE WHEN w.department_logged THEN w.department ELSE n.department END AS department,
               CASE WHEN w.product_logged THEN w.product_id ELSE n.product_id END AS product_id,
               CASE WHEN w.process_logged THEN w.process_id ELSE n.process_id END AS process_id,
               CASE WHEN 'expected_close_on' = ANY (s.change_fields) THEN coalesce(p.pushes, 0) END AS pushes,
               CASE WHEN 'expected_close_on' = ANY (s.change_fields) THEN coalesce(p.days, 0) END AS days_pushed,
               CASE WHEN n.stage_known THEN CASE WHEN v.nr IS NOT NULL THEN v.stage_id ELSE n.stage_id END END AS stage_id,
               coalesce(v.entered_at, n.created_at) AS entered_at,
               'process_id' = ANY (s.change_fields) OR (SELECT count(*) <= 1 FROM named) AS process_shown,
               'currency' = ANY (s.change_fields) AS currency_shown,
               CASE WHEN w.status_logged THEN w.status = 'open' ELSE n.open_then END AS is_open
        FROM snapshot n
        CROSS JOIN source s
        LEFT JOIN was w ON w.nr = n.nr
        LEFT JOIN push p ON p.nr = n.nr
        LEFT JOIN standing v ON v.nr = n.nr
        OFFSET 0        -- each of these once, however often it is used below
    )
    SELECT k.opportunity_id, k.at, k.outcome, k.closed_at,
           greatest(date_part('epoch', coalesce(k.closed_at, s.at) - k.at) / 86400, 0)::double precision, k.probability_stated,
           greatest(date_part('epoch', k.at - k.created_at) / 86400, 0)::double precision,
           CASE WHEN k.process_shown THEN coalesce(d.name, k.process_id) END, coalesce(g.stage_name, k.stage_id), g.share,
           CASE WHEN k.stage_id IS NOT NULL THEN greatest(date_part('epoch', k.at - k.entered_at) / 86400, 0) END::double precision,
           CASE WHEN k.currency = k.house OR NOT k.has_rates THEN k.amount ELSE k.amount * r.rate END, CASE WHEN k.currency_shown THEN k.currency END,
           k.pushes, k.days_pushed, k.expected_close_on - k.today, k.owner_id, k.team_id, k.region, k.department, k.product_id, k.lead_source,
           c.industry, c.employees,
           CASE WHEN c.employees < 20 THEN '1-19' WHEN c.employees < 50 THEN '20-49' WHEN c.employees < 250 THEN '50-249'
                WHEN c.employees < 1000 THEN '250-999' WHEN c.employees >= 1000 THEN '1000+' END,
           CASE WHEN c.created_at <= k.at THEN date_part('epoch', k.at - c.created_at) / 86400 END::double precision,
           CASE WHEN k.has_contact THEN m.contacts END::int, m.won::int, m.lost::int,
           CASE WHEN k.has_order THEN m.orders END::int, (date_part('epoch', k.at - m.last_order) / 86400)::double precision,
           CASE WHEN k.has_activity THEN coalesce(t.activities, 0) END, CASE WHEN k.has_activity THEN coalesce(t.emails, 0) END,
           (date_part('epoch', k.at - t.first_at) / 86400)::double precision, (date_part('epoch', k.at - t.last_at) / 86400)::double precision,
           (date_part('epoch', k.at - t.last_in) / 86400)::double precision,
           CASE WHEN k.has_activity THEN coalesce(t.in_30, 0) END, CASE WHEN k.has_activity THEN coalesce(t.out_30, 0) END,
           CASE WHEN k.has_activity THEN coalesce(t.in_90, 0) END, CASE WHEN k.has_activity THEN coalesce(t.out_90, 0) END,
           (date_part('epoch', t.first_answer - t.first_in) / 3600)::double precision, t.answer_seconds / 3600,
           t.answered::double precision / nullif(t.sent, 0), t.reply_seconds / 3600,
           (date_part('epoch', t.meeting_at - k.created_at) / 3600)::double precision,
           (date_part('epoch', t.demo_at - k.created_at) / 3600)::double precision,
           CASE WHEN NOT k.has_activity THEN NULL WHEN t.demo_at <= k.created_at + interval '48 hours' THEN true
                WHEN k.at >= k.created_at + interval '48 hours' THEN false END,
           date_part('month', k.today)::int, (sales_forecast.quarter_start(k.today) + interval '3 months')::date - k.today
    FROM known k
    CROSS JOIN source s
    LEFT JOIN place g ON g.process_key = coalesce(k.process_id, '') AND g.stage_id = k.stage_id
    LEFT JOIN named d ON d.process_id = k.process_id
    LEFT JOIN company c ON c.account_id = k.account_id
    LEFT JOIN customer m ON m.nr = k.nr
    LEFT JOIN talk t ON t.nr = k.nr
    LEFT JOIN rate r ON r.currency = k.currency AND r.valid_on <= k.today AND (r.until > k.today) IS NOT FALSE
    -- Lost, reopened and lost again: while it was taken for lost nobody asked for a prediction.
    WHERE deal_snapshots.seen = 'open' OR coalesce(k.is_open, false) AND NOT coalesce(g.is_closed, false);
    END;

    EXECUTE format($view$
        CREATE OR REPLACE VIEW deal_features WITH (security_invoker = true) AS
        SELECT s.opportunity_id, s.as_of, s.probability_stated, %1$s FROM deal_snapshots('open') s;
        CREATE OR REPLACE VIEW deal_history WITH (security_invoker = true) AS
        SELECT s.opportunity_id, s.as_of, s.outcome, CASE s.outcome WHEN 'won' THEN true WHEN 'lost' THEN false END AS won, s.closed_at, s.days,
               s.opportunity_id AS fold_group, s.probability_stated, %1$s FROM deal_snapshots('history') s$view$,
        (SELECT string_agg('s.' || quote_ident(d.feature), ', ' ORDER BY d.nr)
         FROM sales_forecast.deal_feature_descriptions() WITH ORDINALITY d (feature, type, description, nr)));
END
$$;
COMMENT ON FUNCTION @extschema@.create_deal_feature_views(text) IS
'Internal part of create_forecast_views: deal_snapshots(), deal_features and deal_history. NULL does nothing.';
