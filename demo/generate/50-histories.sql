-- What the CRM writes down about a deal over time: amount, stated probability, expected close, owner, team, status.
--
-- Every value of every field goes into demo.state with the moment it was entered.  The log of changes and the value
-- of today are both read from there, so the past can be rebuilt exactly.

SET search_path = demo;

-- Who sits where when: from the first day of a person to the last.
CREATE TABLE owner_of AS
SELECT seat_no, person_no, owner_id, CASE WHEN person_no > s.sellers THEN started_on ELSE '2000-01-01' END AS since,
       coalesce(left_on, '2100-01-01') AS until, optimism, answer_factor, moved_on, team_before, team_after
FROM person, setting s;

-- Amounts: log-normal, log-sd 0.8, correlation with the log-odds as the profile says; three in ten are revised when
-- the offer is written; at signing the calendar decides how much is ordered (10-calendar.sql).
CREATE TABLE deal_amount AS
WITH odds AS (
    SELECT era, sum(billionths(logit(p))) / 1e9 / count(*) AS middle,
           sqrt(sum(billionths(logit(p) ^ 2)) / 1e9 / count(*) - (sum(billionths(logit(p))) / 1e9 / count(*)) ^ 2) AS spread
    FROM deal GROUP BY era
), first AS (
    SELECT d.deal_id, d.closed_at, d.lost_in, c.currency, CASE c.currency WHEN 'NOK' THEN 11.5 ELSE 1 END AS unit,
           s.median_amount * exp(sqrt(0.64 - 0.0055) * (s.amount_correlation * (logit(d.p) - o.middle) / o.spread
               + sqrt(1 - s.amount_correlation ^ 2) * d.amount_draw)) AS amount,
           t.entered_at AS revised_at, exp(0.2 * normal('revision', d.deal_id) - 0.02) AS revision
    FROM deal d
    CROSS JOIN setting s
    JOIN odds o USING (era)
    JOIN company c USING (account_id)
    LEFT JOIN step t ON t.deal_id = d.deal_id AND t.k = 4 AND uniform('revised', d.deal_id) < 0.3
)
SELECT f.deal_id, f.currency, f.revised_at,
       neat(f.amount * f.unit) AS first_amount,
       neat(f.amount * f.unit * CASE WHEN f.revised_at IS NULL THEN 1 ELSE f.revision END) AS last_amount,
       CASE WHEN f.lost_in IS NULL THEN
           neat(f.amount * f.unit * CASE WHEN f.revised_at IS NULL THEN 1 ELSE f.revision END * coalesce(y.factor, 1)) END AS won_amount
FROM first f LEFT JOIN day y ON y.day = f.closed_at::date;
ALTER TABLE deal_amount ADD PRIMARY KEY (deal_id);

-- Stated probability: the truth at each step times the optimism of the seller times one factor, rounded to
-- five points and capped at 95 % (nobody says 100 before the contract is signed); the factor makes the sum over all steps 1.27 x the truth.  Hours before a deal is lost the
-- seller lowers it, some more than others, so that the last word before the close adds up to 1.27 x the wins.
-- (Without that it could not be both: a deal that is lost is lost in an early step, whose true odds are those of all
-- that enter it.)
CREATE TABLE stated AS
SELECT t.deal_id, t.k, t.entered_at, t.left_at, d.p ^ (1 - w.used_before) AS truth, o.optimism, o.owner_id,
       t.k = max(t.k) OVER (PARTITION BY t.deal_id) AS is_last, d.lost_in IS NULL AS won,
       d.closed_at >= s.start_date AND d.closed_at < s.end_date AS closed_in_window
FROM step t
JOIN deal d USING (deal_id)
CROSS JOIN setting s
JOIN step_power w ON w.process_no = d.process_no AND w.era = d.era AND w.k = t.k
JOIN owner_of o ON o.seat_no = d.seat_no AND t.entered_at >= o.since AND t.entered_at < o.until;

CREATE FUNCTION five_points(probability float8) RETURNS float8
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (least(95, greatest(5, round(20 * probability) * 5)) / 100.0)::float8;

-- The cube of the optimism: only the lost deals can tell sellers apart, the others stand at the cap, and they carry a
-- quarter of the sum.  With it the last words of the sellers spread by 0.15.
CREATE FUNCTION last_word(stated float8, optimism float8, factor float8) RETURNS float8
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN demo.five_points(least(stated, stated * optimism ^ 3 * factor));

CREATE FUNCTION calibrate_optimism() RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    low float8 := 0.2;
    high float8 := 5;
    ratio float8;
    stating float8;
BEGIN
    FOR round_no IN 1 .. 30 LOOP
        SELECT sum(billionths(five_points(truth * optimism * (low + high) / 2)))::float8 / sum(billionths(truth)) INTO ratio
        FROM stated WHERE closed_in_window;
        IF ratio > 1.27 THEN
            high := (low + high) / 2;
        ELSE
            low := (low + high) / 2;
        END IF;
    END LOOP;
    stating := round(((low + high) / 2)::numeric, 6);
    INSERT INTO parameter VALUES ('optimism', 0, stating);

    low := 0;
    high := 3;
    FOR round_no IN 1 .. 30 LOOP
        SELECT sum(billionths(CASE WHEN won THEN x.said ELSE last_word(x.said, optimism, (low + high) / 2) END)) / 1e9
               / count(*) FILTER (WHERE won) INTO ratio
        FROM stated CROSS JOIN LATERAL (SELECT five_points(truth * optimism * stating) AS said) x
        WHERE is_last AND closed_in_window;
        IF ratio > 1.27 THEN
            high := (low + high) / 2;
        ELSE
            low := (low + high) / 2;
        END IF;
    END LOOP;
    INSERT INTO parameter VALUES ('last word', 0, round(((low + high) / 2)::numeric, 6));
END
$$;
ANALYZE stated;
SELECT calibrate_optimism();
ALTER TABLE stated ADD said float8;
UPDATE stated t SET said = five_points(t.truth * t.optimism * f.value) FROM parameter f WHERE f.name = 'optimism';

-- Expected close: first 4 tau after creation; whenever the day comes (or some days later) and the deal is still open
-- it is pushed by kappa tau, with kappa such that 15 % of the closed deals were pushed three times or more.
CREATE TABLE close_plan AS
SELECT d.deal_id, d.tau, d.created_at, d.closed_at,
       greatest(10, 4 * d.tau * exp(0.15 * normal('first plan', d.deal_id))) AS first_days,
       (SELECT array_agg(CASE WHEN uniform('late push', d.deal_id * 16 + j) < 0.7 THEN 0
                              ELSE floor(15 * uniform('push delay', d.deal_id * 16 + j)) END ORDER BY j)
        FROM generate_series(1, 12) j) AS delays
FROM deal d;
INSERT INTO parameter
SELECT 'push', 0, round((percentile_disc(0.85) WITHIN GROUP (ORDER BY
    (extract(epoch FROM closed_at - created_at) / 86400 - first_days - delays[1] - delays[2] - delays[3]) / (2 * tau)))::numeric, 6)
FROM close_plan, setting s WHERE closed_at < s.end_date;

CREATE TABLE push AS
SELECT c.deal_id, j,
       date_trunc('second', c.created_at + interval '1 day' * (c.first_days
           + (SELECT sum(x) FROM unnest(c.delays[1:j]) x) + (j - 1) * e.days)) AS pushed_at, e.days
FROM close_plan c
JOIN parameter k ON k.name = 'push'
CROSS JOIN LATERAL (SELECT greatest(5, k.value * c.tau) AS days) e
CROSS JOIN generate_series(1, 12) j;
DELETE FROM push p USING close_plan c WHERE c.deal_id = p.deal_id AND p.pushed_at >= c.closed_at;

-- Moves between steps; a won deal goes to the won step, in the third process later to the settlement.
CREATE TABLE move AS
SELECT t.deal_id, t.k - 1 AS from_step, t.k AS to_step, t.entered_at AS moved_at FROM step t
UNION ALL
SELECT d.deal_id, d.n, d.n + 1, d.closed_at FROM deal d WHERE d.lost_in IS NULL
UNION ALL
SELECT d.deal_id, d.n + 1, d.n + 2, date_trunc('second', d.closed_at + interval '1 day' * (20 + 40 * uniform('settled', d.deal_id)))
FROM deal d JOIN process p USING (process_no) WHERE d.lost_in IS NULL AND p.settlement IS NOT NULL;
DELETE FROM move m USING setting s WHERE m.moved_at >= s.end_date;
ALTER TABLE move ADD PRIMARY KEY (deal_id, to_step);

-- When a deal lost by mistake was closed and reopened: on reaching step 2, for pause_days.
CREATE TABLE pause AS
SELECT d.deal_id, t.entered_at + interval '1 hour' AS lost_at,
       date_trunc('second', t.entered_at + interval '1 day' * d.pause_days) AS reopened_at
FROM deal d JOIN step t ON t.deal_id = d.deal_id AND t.k = 2
WHERE d.pause_days > 0;

CREATE TABLE closing AS
SELECT d.deal_id, d.closed_at, d.lost_in IS NULL AS won,
       CASE WHEN d.lost_in IS NOT NULL THEN
           (ARRAY['price', 'no budget', 'competitor', 'no decision', 'technical fit'])[1 + floor(5 * uniform('reason', d.deal_id))::int]
           END AS reason
FROM deal d, setting s WHERE d.closed_at < s.end_date;

CREATE FUNCTION category_of(probability float8) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN probability < 0.3 THEN 'pipeline' WHEN probability < 0.6 THEN 'best_case'
            WHEN probability < 0.85 THEN 'most_likely' ELSE 'commit' END;

CREATE TABLE state (deal_id bigint, field text, value text, at timestamptz, turn int);

INSERT INTO state
SELECT deal_id, 'amount', first_amount::text, created_at, 0 FROM deal_amount JOIN deal USING (deal_id)
UNION ALL
SELECT deal_id, 'amount', last_amount::text, revised_at, 0 FROM deal_amount WHERE revised_at IS NOT NULL
UNION ALL
SELECT deal_id, 'amount', won_amount::text, closed_at, 0 FROM deal_amount JOIN closing USING (deal_id) WHERE won;

INSERT INTO state
SELECT c.deal_id, 'expected_close_on', ((c.created_at + interval '1 day' * c.first_days)::date)::text, c.created_at, 0 FROM close_plan c
UNION ALL
SELECT p.deal_id, 'expected_close_on', ((p.pushed_at + interval '1 day' * p.days)::date)::text, p.pushed_at, 0 FROM push p;

WITH entry AS (
    SELECT deal_id, entered_at AS at, said AS probability, 0 AS turn FROM stated
    UNION ALL
    SELECT deal_id, lost_at, 0, 0 FROM pause
    UNION ALL
    SELECT p.deal_id, p.reopened_at, t.said, 0 FROM pause p JOIN stated t ON t.deal_id = p.deal_id AND t.k = 2
    UNION ALL
    SELECT t.deal_id,
           date_trunc('second', greatest(t.left_at - (t.left_at - greatest(t.entered_at, coalesce(p.reopened_at, t.entered_at))) / 2,
                                         t.left_at - interval '1 hour' * (1 + 8 * uniform('last word', t.deal_id)))),
           last_word(t.said, t.optimism, f.value), 0
    FROM stated t JOIN parameter f ON f.name = 'last word' LEFT JOIN pause p ON p.deal_id = t.deal_id AND t.k = 2
    WHERE t.is_last AND NOT t.won
    UNION ALL
    -- As real CRMs do, the close overwrites what the seller said.
    SELECT deal_id, closed_at, won::int, 1 FROM closing
)
INSERT INTO state
SELECT deal_id, 'probability_stated', probability::text, at, turn FROM entry
UNION ALL
SELECT deal_id, 'forecast_category',
       CASE WHEN turn = 1 AND probability = 1 THEN 'closed' WHEN probability = 0 THEN 'omitted' ELSE category_of(probability) END, at, turn
FROM entry;

INSERT INTO state
SELECT deal_id, 'status', 'open', created_at, 0 FROM deal
UNION ALL SELECT deal_id, 'status', 'lost', lost_at, 1 FROM pause
UNION ALL SELECT deal_id, 'status', 'open', reopened_at, 2 FROM pause
UNION ALL SELECT deal_id, 'status', CASE WHEN won THEN 'won' ELSE 'lost' END, closed_at, 3 FROM closing
UNION ALL SELECT deal_id, 'closed_at', NULL, created_at, 0 FROM deal
UNION ALL SELECT deal_id, 'closed_at', lost_at::text, lost_at, 1 FROM pause
UNION ALL SELECT deal_id, 'closed_at', NULL, reopened_at, 2 FROM pause
UNION ALL SELECT deal_id, 'closed_at', closed_at::text, closed_at, 3 FROM closing
UNION ALL SELECT deal_id, 'lost_reason', NULL, created_at, 0 FROM deal
UNION ALL SELECT deal_id, 'lost_reason', 'no answer', lost_at, 1 FROM pause
UNION ALL SELECT deal_id, 'lost_reason', NULL, reopened_at, 2 FROM pause
UNION ALL SELECT deal_id, 'lost_reason', reason, closed_at, 3 FROM closing;

-- Owner and team: set at creation, changed for open deals when somebody leaves or changes team.
INSERT INTO state
SELECT d.deal_id, f.field, f.value, d.created_at, 0
FROM deal d
JOIN owner_of o ON o.seat_no = d.seat_no AND d.created_at >= o.since AND d.created_at < o.until
CROSS JOIN LATERAL (VALUES ('owner_id', o.owner_id),
                           ('team_id', CASE WHEN d.created_at >= o.moved_on THEN o.team_after ELSE o.team_before END)) f (field, value)
UNION ALL
SELECT d.deal_id, 'owner_id', o.owner_id, o.since + interval '12 hours', 1
FROM deal d JOIN owner_of o ON o.seat_no = d.seat_no AND o.since > '2000-01-01'
WHERE d.created_at < o.since AND d.closed_at > o.since + interval '12 hours'
UNION ALL
SELECT d.deal_id, 'team_id', o.team_after, o.moved_on + interval '12 hours', 1
FROM deal d JOIN owner_of o ON o.seat_no = d.seat_no
WHERE d.created_at < o.moved_on AND d.closed_at > o.moved_on + interval '12 hours';

DELETE FROM state t USING setting s WHERE t.at >= s.end_date;

CREATE TABLE change AS
SELECT row_number() OVER (ORDER BY c.at, c.deal_id, c.field, c.turn) AS change_id, c.deal_id, c.field, c.old_value, c.value, c.at
FROM (SELECT t.*, lag(value) OVER w AS old_value, row_number() OVER w AS nth
      FROM state t WINDOW w AS (PARTITION BY deal_id, field ORDER BY at, turn)) c
WHERE c.nth > 1 AND c.old_value IS DISTINCT FROM c.value;

CREATE TABLE today AS
SELECT deal_id,
       max(value) FILTER (WHERE field = 'amount')::numeric AS amount,
       max(value) FILTER (WHERE field = 'expected_close_on')::date AS expected_close_on,
       max(value) FILTER (WHERE field = 'probability_stated')::float8 AS probability_stated,
       max(value) FILTER (WHERE field = 'forecast_category') AS forecast_category,
       max(value) FILTER (WHERE field = 'status') AS status,
       max(value) FILTER (WHERE field = 'closed_at')::timestamptz AS closed_at,
       max(value) FILTER (WHERE field = 'lost_reason') AS lost_reason,
       max(value) FILTER (WHERE field = 'owner_id') AS owner_id,
       max(value) FILTER (WHERE field = 'team_id') AS team_id
FROM (SELECT DISTINCT ON (deal_id, field) deal_id, field, value FROM state ORDER BY deal_id, field, at DESC, turn DESC) x
GROUP BY deal_id;
ALTER TABLE today ADD PRIMARY KEY (deal_id);
