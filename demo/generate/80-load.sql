-- Fill the native CRM.  Keys are given, so the rows do not depend on the order in which they are written.

SET search_path = demo;

BEGIN;
SELECT sales_forecast.begin_history_load('crm');

INSERT INTO crm.region SELECT region, region FROM region ORDER BY region_no;
INSERT INTO crm.department SELECT DISTINCT department, department FROM seat ORDER BY 1;
INSERT INTO crm.team (team_id, name) VALUES ('SW', 'South and West'), ('NN', 'North and Norway');
INSERT INTO crm.employee (owner_id, name, login, email, team_id, region, department, active, started_on, left_on)
SELECT p.owner_id, p.name, lower(p.owner_id), lower(p.owner_id) || '@example.com', p.team_after, r.region, t.department,
       p.left_on IS NULL, p.started_on, p.left_on
FROM person p JOIN seat t USING (seat_no) JOIN region r USING (region_no) ORDER BY p.person_no;

INSERT INTO crm.account (account_id, name, industry, employees, revenue, potential, currency, postcode, city, region, country,
                         longitude, latitude, owner_id, satisfaction, created_at)
SELECT c.account_id, c.name, c.industry, c.employees,
       round((c.employees * 180000.0 * exp(0.3 * normal('revenue', c.account_id::bigint))::numeric), -4),
       c.potential, 'EUR', c.postcode, c.city, c.region, c.country, c.longitude, c.latitude,
       CASE WHEN NOT c.without_owner THEN o.owner_id END, c.satisfaction,
       (s.run_in_date - floor(1500 * uniform('known since', c.account_id::bigint))::int)::timestamptz
FROM company c
CROSS JOIN setting s
JOIN owner_of o ON o.seat_no = c.seat_no AND o.until = '2100-01-01'
ORDER BY c.account_id;
INSERT INTO crm.account_owner (account_id, owner_id)
SELECT c.account_id, o.owner_id
FROM company c
CROSS JOIN setting s
JOIN owner_of o ON o.until = '2100-01-01'
    AND (o.seat_no = c.seat_no OR c.with_two_owners AND o.seat_no = 1 + c.seat_no % s.sellers)
WHERE NOT c.without_owner
ORDER BY c.account_id, o.owner_id;

INSERT INTO crm.contact (contact_id, account_id, name, email, role, created_at)
SELECT p.contact_id, p.account_id, p.name, 'contact' || p.contact_id || '@example.org', p.role, a.created_at
FROM person_at p JOIN crm.account a USING (account_id) ORDER BY p.contact_id;

INSERT INTO crm.product (product_id, name, family, list_price, currency)
SELECT p.product_id, p.name, p.family, neat((p.price_factor * s.median_amount)::float8), 'EUR'
FROM product p, setting s ORDER BY p.product_no;

INSERT INTO crm.sales_process (process_id, name, active, note, created_at, created_by, changed_at, changed_by)
SELECT p.process_no, p.name, true, 'Demo', s.run_in_date, 'demo', s.run_in_date, 'demo' FROM process p, setting s ORDER BY 1;
INSERT INTO crm.sales_process_step (stage_id, process_id, stage_order, name, percent, is_won, is_settlement, created_at,
                                    created_by, changed_at, changed_by)
SELECT p.process_no * 10 + x.nth, p.process_no, x.nth, x.name, x.percent, x.percent = 100, x.nth > p.open_steps + 1,
       s.run_in_date, 'demo', s.run_in_date, 'demo'
FROM process p
CROSS JOIN setting s
CROSS JOIN LATERAL unnest(p.step_names || p.settlement, p.step_percents || 100.0) WITH ORDINALITY x (name, percent, nth)
WHERE x.name IS NOT NULL
ORDER BY 1;
INSERT INTO crm.sales_process_default (process_id, kind, department) VALUES (1, 'department', 'Service');
INSERT INTO crm.sales_process_default (process_id, kind) VALUES (2, 'all');

INSERT INTO crm.opportunity (opportunity_id, name, account_id, contact_id, owner_id, team_id, region, department, postcode,
                             product_id, amount, currency, process_id, stage_id, probability_stated, status, forecast_category,
                             priority, lead_source, expected_close_on, closed_at, lost_reason, stage_entered_at,
                             last_activity_at, created_at, created_by, changed_at, changed_by)
SELECT d.deal_id, p.name || ', ' || btrim(regexp_replace(c.name, '\s+', ' ', 'g'), '.'), d.account_id, d.account_id::bigint * 8 + 1, t.owner_id,
       t.team_id, c.region, u.department, c.postcode, p.product_id, t.amount, c.currency, d.process_no,
       d.process_no * 10 + m.to_step, t.probability_stated, t.status, t.forecast_category,
       -- Priority follows size and mood, not the odds: the mismatch of the manual is in here.
       CASE WHEN a.first_amount > 2.5 * s.median_amount * CASE c.currency WHEN 'NOK' THEN 11.5 ELSE 1 END
                 OR uniform('priority', d.deal_id) < 0.08 THEN 'high'
            WHEN uniform('priority', d.deal_id) > 0.85 THEN 'low' ELSE 'normal' END,
       (ARRAY['partner', 'web', 'trade_fair', 'referral', 'cold_call'])[d.source_no],
       t.expected_close_on, t.closed_at, t.lost_reason, m.moved_at, l.at, d.created_at, t.owner_id,
       greatest(d.created_at, m.moved_at, t.closed_at), t.owner_id
FROM deal d
CROSS JOIN setting s
JOIN today t USING (deal_id)
JOIN deal_amount a USING (deal_id)
JOIN company c USING (account_id)
JOIN seat u ON u.seat_no = d.seat_no
JOIN product p ON p.product_no = d.product_no
JOIN (SELECT DISTINCT ON (deal_id) deal_id, to_step, moved_at FROM move ORDER BY deal_id, to_step DESC) m USING (deal_id)
LEFT JOIN (SELECT deal_id, max(at) AS at FROM contact_text GROUP BY deal_id) l USING (deal_id)
ORDER BY d.deal_id;

INSERT INTO crm.stage_change (stage_change_id, opportunity_id, from_stage_id, to_stage_id, changed_at, changed_by)
SELECT row_number() OVER (ORDER BY m.moved_at, m.deal_id, m.to_step), m.deal_id,
       d.process_no * 10 + nullif(m.from_step, 0), d.process_no * 10 + m.to_step, m.moved_at, o.owner_id
FROM move m
JOIN deal d USING (deal_id)
JOIN owner_of o ON o.seat_no = d.seat_no AND m.moved_at >= o.since AND m.moved_at < o.until
ORDER BY 1;

INSERT INTO crm.opportunity_change (opportunity_change_id, opportunity_id, field, old_value, new_value, changed_at, changed_by)
SELECT c.change_id, c.deal_id, c.field, c.old_value, c.value, c.at, o.owner_id
FROM change c
JOIN deal d USING (deal_id)
JOIN owner_of o ON o.seat_no = d.seat_no AND c.at >= o.since AND c.at < o.until
ORDER BY 1;

INSERT INTO crm.activity (activity_id, opportunity_id, account_id, contact_id, owner_id, kind, direction, at, text, language)
SELECT a.activity_id, a.deal_id, a.account_id, a.account_id::bigint * 8 + 1, a.owner_id, a.kind, a.direction, a.at, a.text,
       CASE WHEN a.text IS NOT NULL THEN a.language END
FROM contact_text a
ORDER BY 1;

-- Leads: six in ten deals began as one, and as many again came to nothing.
INSERT INTO crm.lead (lead_id, name, source, status, created_at, converted_at, opportunity_id, account_id, owner_id)
SELECT row_number() OVER (ORDER BY x.created_at, x.key), 'Enquiry ' || x.key, x.source, x.status, x.created_at, x.converted_at,
       x.deal_id, x.account_id, x.owner_id
FROM (
    SELECT o.opportunity_id * 2 AS key, o.lead_source AS source, 'converted' AS status,
           o.created_at - interval '1 hour' * floor(1 + 400 * uniform('lead age', o.opportunity_id)) AS created_at,
           o.created_at AS converted_at, o.opportunity_id AS deal_id, o.account_id, o.owner_id
    FROM crm.opportunity o WHERE uniform('lead', o.opportunity_id) < 0.6
    UNION ALL
    SELECT d.deal_id * 2 + 1, (ARRAY['partner', 'web', 'trade_fair', 'referral', 'cold_call'])[1 + floor(5 * uniform('idle source', d.deal_id))::int],
           CASE WHEN uniform('idle status', d.deal_id) < 0.8 THEN 'disqualified' ELSE 'open' END, d.created_at, NULL, NULL, NULL, o.owner_id
    FROM deal d JOIN owner_of o ON o.seat_no = d.seat_no AND d.created_at >= o.since AND d.created_at < o.until
    WHERE uniform('idle', d.deal_id) < 0.6
) x
ORDER BY 1;

INSERT INTO crm.sales_order (order_id, account_id, opportunity_id, owner_id, product_id, ordered_at, amount, currency)
SELECT row_number() OVER (ORDER BY x.ordered_at, x.account_id, x.deal_id, x.amount), x.account_id, x.deal_id, x.owner_id, x.product_id,
       x.ordered_at, x.amount, x.currency
FROM (
    SELECT d.account_id, d.deal_id, t.owner_id, p.product_id, t.closed_at AS ordered_at, a.won_amount AS amount, a.currency
    FROM deal d JOIN today t USING (deal_id) JOIN deal_amount a USING (deal_id) JOIN product p USING (product_no)
    WHERE t.status = 'won'
    UNION ALL
    SELECT r.account_id, NULL, o.owner_id, 'E1', r.day + r.clock, r.amount, r.currency
    FROM reorder r JOIN owner_of o ON o.seat_no = r.seat_no AND r.day >= o.since AND r.day < o.until
) x
ORDER BY 1;

-- Monthly quotas: what the seat should win by its weight, plus 10 %.
INSERT INTO crm.quota (quota_id, owner_id, team_id, period_start, period_end, amount, currency)
SELECT row_number() OVER (ORDER BY m, o.person_no), o.owner_id, NULL, m::date, (m + interval '1 month')::date,
       neat(1.1 * s.wins_per_quarter / 3 * t.weight / k.weight * 1.38 * s.median_amount * CASE r.currency WHEN 'NOK' THEN 11.5 ELSE 1 END),
       r.currency
FROM setting s
CROSS JOIN generate_series(date_trunc('month', s.start_date), s.end_date + interval '4 months', interval '1 month') m
JOIN owner_of o ON m >= date_trunc('month', o.since) AND m < date_trunc('month', o.until)
JOIN seat t USING (seat_no)
JOIN region r USING (region_no)
CROSS JOIN (SELECT sum(weight ORDER BY seat_no) AS weight FROM seat) k
ORDER BY 1;

INSERT INTO crm.external_series (series, at, value)
SELECT s.name, v.starts_on::timestamptz, round((100 * exp(v.log_level))::numeric, 2)::float8
FROM series s JOIN series_value v USING (series_no), setting g
WHERE v.starts_on < g.end_date AND v.starts_on >= g.run_in_date - 60
UNION ALL
-- The indicator of September: five points down before the September of the indicator year.
SELECT 'investment_climate', m, round((100 + 0.7 * normal('climate', extract(epoch FROM m)::bigint)
    - CASE WHEN extract(year FROM m) = g.indicator_year AND extract(month FROM m) IN (7, 8, 9) THEN 5 ELSE 0 END)::numeric, 1)::float8
FROM setting g, generate_series(date_trunc('month', g.run_in_date), g.end_date - 1, interval '1 month') m
ORDER BY 1, 2;

-- Euro for one krone, month by month: a walk that is drawn back to 11.5.
INSERT INTO crm.exchange_rate (currency, base_currency, valid_on, rate)
SELECT 'NOK', 'EUR', m::date,
       round((1 / (11.5 * exp(0.02 * (SELECT sum(0.9 ^ j * normal('krone', n - j) ORDER BY j) FROM generate_series(0, 40) j))))::numeric, 6)
FROM setting g, generate_series(date_trunc('month', g.start_date), g.end_date, interval '1 month') WITH ORDINALITY x (m, n)
ORDER BY 3;

-- Calendar months beside a 4-4-5 year that begins on the Monday nearest to 1 January.
INSERT INTO crm.fiscal_period (calendar, period, starts_on, ends_on)
SELECT 'month', to_char(m, 'YYYY-MM'), m::date, (m + interval '1 month - 1 day')::date
FROM setting g, generate_series(date_trunc('year', g.start_date), g.end_date + interval '1 year', interval '1 month') m
UNION ALL
SELECT '4-4-5', y || '-P' || lpad(p::text, 2, '0'), b.starts_on + 7 * ((p - 1) / 3 * 13 + (p - 1) % 3 * 4),
       CASE WHEN p = 12 THEN b.next_year ELSE b.starts_on + 7 * (p / 3 * 13 + p % 3 * 4) END - 1
FROM setting g
CROSS JOIN generate_series(extract(year FROM g.start_date)::int, extract(year FROM g.end_date)::int + 1) y
CROSS JOIN LATERAL (SELECT date_trunc('week', make_date(y, 1, 1) + 3)::date AS starts_on,
                           date_trunc('week', make_date(y + 1, 1, 1) + 3)::date AS next_year) b
CROSS JOIN generate_series(1, 12) p
ORDER BY 1, 3;

SELECT sales_forecast.end_history_load('crm');
COMMIT;
