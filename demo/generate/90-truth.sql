-- The truth behind the rows of the CRM, by the keys of the CRM.

SET search_path = demo;

CREATE TABLE truth.truth_setting AS SELECT * FROM setting;
COMMENT ON TABLE truth.truth_setting IS 'The settings of this company: profile, seed, dates of intervention, drift and shock.';

CREATE TABLE truth.truth_deal AS
SELECT d.deal_id AS opportunity_id, d.era, d.columns_part, d.hidden, d.columns_part + d.hidden AS log_odds, d.p AS p_win,
       d.text_shift, d.text_misleads, d.demo_industry, d.demo_48h, d.quick_size, d.small_south, d.small_north,
       d.source_no = 1 AS from_partner, d.n AS open_steps, d.tau AS step_days, d.tau * d.n AS win_days_mean,
       d.lost_in IS NULL AS wins, d.lost_in AS lost_in_step, d.closed_at AS decided_at, d.pause_days > 0 AS reopened,
       a.currency, a.first_amount, a.last_amount, a.won_amount,
       a.last_amount / CASE a.currency WHEN 'NOK' THEN 11.5 ELSE 1 END AS amount_eur,
       a.won_amount / CASE a.currency WHEN 'NOK' THEN 11.5 ELSE 1 END AS won_eur
FROM deal d JOIN deal_amount a USING (deal_id)
ORDER BY d.deal_id;
ALTER TABLE truth.truth_deal ADD PRIMARY KEY (opportunity_id);
COMMENT ON TABLE truth.truth_deal IS
'One row per deal: log-odds at creation (what columns and texts explain, what is hidden), true probability, mean days per step, and how it ends, also after the last day of the CRM. Amounts before dirt; EUR at 11.5 NOK. win_days_mean: mean of the gamma time to a win.';

-- What can be said about each open deal on the last day: the exact probabilities of F013.
CREATE TABLE truth.truth_open AS
SELECT t.deal_id AS opportunity_id, s.end_date AS as_of, t.k AS step, d.p ^ (1 - w.used_before) AS p_win,
       d.p ^ (1 - w.used_before) * gamma_cdf(d.n - t.k + 1, 30 / d.tau) AS p_win_30_days,
       d.p ^ (1 - w.used_before) * gamma_cdf(d.n - t.k + 1, 60 / d.tau) AS p_win_60_days,
       d.p ^ (1 - w.used_before) * gamma_cdf(d.n - t.k + 1, 90 / d.tau) AS p_win_90_days,
       d.p ^ (1 - w.used_before) * gamma_cdf(d.n - t.k + 1,
           (date_trunc('quarter', s.end_date + interval '3 months')::date - s.end_date) / d.tau) AS p_win_this_quarter
FROM deal d
CROSS JOIN setting s
JOIN step t ON t.deal_id = d.deal_id AND t.entered_at < s.end_date AND t.left_at >= s.end_date
JOIN step_power w ON w.process_no = d.process_no AND w.era = d.era AND w.k = t.k
ORDER BY 1;
ALTER TABLE truth.truth_open ADD PRIMARY KEY (opportunity_id);
COMMENT ON TABLE truth.truth_open IS
'Open deals on the last day: true probability of a win at all, and within 30, 60, 90 days and before the end of the quarter.';

CREATE TABLE truth.truth_step AS
SELECT w.process_no AS process_id, w.process_no * 10 + w.k AS stage_id, w.era, w.k AS step, 
       1 - w.survive / coalesce(lag(w.survive) OVER (PARTITION BY w.process_no, w.era ORDER BY w.k), 1) AS drop_off,
       1 - w.used_before AS power_left
FROM step_power w
ORDER BY 1, 3, 4;
COMMENT ON TABLE truth.truth_step IS
'Planned drop-off of each open step by era (1 before the intervention, 2 after it, 3 after the drift). P(win | in the step) = p_win ^ power_left.';

CREATE TABLE truth.truth_calendar AS
SELECT starts_on, ends_on, september, shock, driver, common, known * common AS factor FROM segment, setting s
WHERE starts_on < s.end_date + 200
ORDER BY 1;
COMMENT ON TABLE truth.truth_calendar IS
'Factors on what is ordered in each piece of the calendar. ends_on is exclusive. common is the irreducible quarterly shock.';

CREATE TABLE truth.truth_driver AS
SELECT name AS series, CASE WHEN series_no = 0 THEN 42 END AS lag_days, CASE WHEN series_no = 0 THEN 0.8 ELSE 0 END::float8 AS elasticity
FROM series ORDER BY 1;
COMMENT ON TABLE truth.truth_driver IS 'Outside series: the one that drives demand, with lag and elasticity, and the 20 decoys.';

CREATE TABLE truth.truth_owner AS
SELECT owner_id, seat_no, optimism, answer_factor, left_on, moved_on, team_before, team_after FROM person ORDER BY person_no;
COMMENT ON TABLE truth.truth_owner IS
'Sellers: factor on the stated probability (mean 1, sd 0.15), factor on the time to answer, day of leaving and of the move to another team.';

CREATE TABLE truth.truth_account AS
SELECT c.account_id, c.duplicate_of, c.in_cluster, c.seat_no, c.without_owner, c.with_two_owners, u.cycle_days AS reorder_days,
       CASE WHEN u.account_id IS NOT NULL THEN c.churn_rate END AS churn_rate,
       CASE WHEN u.account_id IS NOT NULL THEN c.churn_at END AS churns_on
FROM company c LEFT JOIN customer u USING (account_id)
ORDER BY 1;
ALTER TABLE truth.truth_account ADD PRIMARY KEY (account_id);
COMMENT ON TABLE truth.truth_account IS
'Accounts: near-duplicates, ownership faults, and for customers the mean days between orders (at demand 1), the yearly chance of leaving and the day they leave, also in the future.';

CREATE TABLE truth.truth_text AS
SELECT a.activity_id, a.deal_id AS opportunity_id, a.signal AS shown, d.text_shift AS shift, d.text_misleads AS misleads
FROM contact_text a JOIN deal d USING (deal_id) WHERE a.slot = 2 ORDER BY 1;
COMMENT ON TABLE truth.truth_text IS
'Texts that carry a signal: the sign that the words show, the shift of the log-odds that is true, and whether they mislead.';

-- The best any model can do, at creation: with the true rate, with columns and texts (the hidden part integrated out,
-- a text believed to 85 %), with columns alone.  Expected over the true rates, so free of the luck of the draw.
CREATE TABLE truth.truth_model AS
WITH hermite (z, weight) AS (VALUES
    (0.0, 0.457142857142857), (1.154405394739968, 0.240123178605013), (-1.154405394739968, 0.240123178605013),
    (2.366759410734541, 0.030757123967586), (-2.366759410734541, 0.030757123967586),
    (3.750439717725742, 0.000548268855972), (-3.750439717725742, 0.000548268855972)
), deal AS (
    SELECT d.opportunity_id, d.era, d.p_win, d.wins, d.decided_at < s.end_date AS decided,
           d.columns_part - d.text_shift AS plain,
           sign(d.text_shift) * CASE WHEN d.text_misleads THEN -1 ELSE 1 END AS shown
    FROM truth.truth_deal d JOIN crm.opportunity o USING (opportunity_id), setting s
    WHERE o.created_at >= s.start_date
), known AS (
    SELECT d.*, sum(h.weight * logistic(plain + 0.6 * h.z) ORDER BY h.z) AS p_none,
           sum(h.weight * logistic(plain + 0.7 + 0.6 * h.z) ORDER BY h.z) AS p_up,
           sum(h.weight * logistic(plain - 0.7 + 0.6 * h.z) ORDER BY h.z) AS p_down
    FROM deal d CROSS JOIN hermite h
    GROUP BY d.opportunity_id, d.era, d.p_win, d.wins, d.decided, d.plain, d.shown
), predicted AS (
    SELECT k.opportunity_id, k.era, k.p_win, k.wins, k.decided, v.information, v.prediction
    FROM known k
    CROSS JOIN LATERAL (VALUES
        ('1 true rate', p_win),
        ('2 columns and texts', CASE shown WHEN 0 THEN p_none WHEN 1 THEN 0.85 * p_up + 0.15 * p_down ELSE 0.15 * p_up + 0.85 * p_down END),
        ('3 columns', 0.84 * p_none + 0.08 * p_up + 0.08 * p_down),
        ('4 base rate', NULL)) v (information, prediction)
), scoped AS (
    SELECT c.scope, p.information, p.opportunity_id, p.p_win, p.wins, p.decided,
           coalesce(round(p.prediction::numeric, 12)::float8,
                    sum(billionths(p.p_win)) OVER (PARTITION BY c.scope, p.information) / 1e9
                    / count(*) OVER (PARTITION BY c.scope, p.information)) AS q
    FROM predicted p
    JOIN (VALUES ('all', '{1,2,3}'::int[]), ('before the drift', '{1,2}'), ('after the drift', '{3}')) c (scope, eras)
        ON p.era = ANY (c.eras)
), ranked AS (
    -- Whole billionths, so that the sums do not depend on the order of the rows.
    SELECT s.*, billionths(1 - s.p_win) AS miss,
           sum(billionths(1 - s.p_win)) OVER upto AS upto, sum(billionths(1 - s.p_win)) OVER tie AS tied,
           count(*) FILTER (WHERE decided AND NOT wins) OVER upto AS lost_upto,
           count(*) FILTER (WHERE decided AND NOT wins) OVER tie AS lost_tied
    FROM scoped s
    WINDOW upto AS (PARTITION BY scope, information ORDER BY q), tie AS (PARTITION BY scope, information, q)
)
SELECT scope, information, count(*) AS deals, round(sum(p_win::numeric) / count(*), 6) AS base_rate,
       -- A deal is not compared with itself.
       round(sum((p_win * ((upto - tied) / 1e9 + (tied - miss) / 2e9))::numeric)
             / (sum(p_win::numeric) * sum((1 - p_win)::numeric) - sum((p_win * (1 - p_win))::numeric)), 6) AS auc,
       round(sum((-p_win * ln(q) - (1 - p_win) * ln(1 - q))::numeric) / count(*), 6) AS log_loss,
       round(sum((p_win * (1 - q) ^ 2 + (1 - p_win) * q ^ 2)::numeric) / count(*), 6) AS brier,
       count(*) FILTER (WHERE decided) AS decided,
       round(sum((lost_upto - lost_tied / 2.0)) FILTER (WHERE decided AND wins)
             / nullif(count(*) FILTER (WHERE decided AND wins) * count(*) FILTER (WHERE decided AND NOT wins), 0), 6) AS auc_realised,
       round(sum((CASE WHEN wins THEN -ln(q) ELSE -ln(1 - q) END)::numeric) FILTER (WHERE decided)
             / nullif(count(*) FILTER (WHERE decided), 0), 6) AS log_loss_realised
FROM ranked
GROUP BY scope, information
ORDER BY 1, 2;
COMMENT ON TABLE truth.truth_model IS
'Bayes limits of a prediction at creation, by what is known: expected over the true rates, and realised on the decided deals. Nothing can do better in expectation than row 2 with what a CRM holds.';
