-- Deals: when they begin, their true odds, and their way through the steps.
--
-- A deal stays in each step for an exponential time with its own mean tau; at the end of step k it is lost, or moves
-- on with probability p^w(k), where w(1) + ... + w(n) = 1.  So
--     P(win) = p,     P(win | in step k) = p^(w(k) + ... + w(n)),
--     time to a win is gamma with shape n and scale tau,
--     P(win within t days | in step k) = P(win | in step k) * gamma_cdf(n - k + 1, t / tau):
-- won and lost compete, both with gamma times, and every probability has a closed form.  The weights w(k) are chosen
-- so that over all deals of a process and an era the drop-off is 40 % between step 3 and 4 and 12 % elsewhere.

SET search_path = demo;

CREATE TABLE process (process_no int PRIMARY KEY, name text, open_steps int, step_names text[], step_percents numeric[],
                      settlement text, mean_days float8, tau float8);
INSERT INTO process VALUES
    (1, 'Service, six steps', 5,
     '{Lead received,Qualification,Needs mapping,Offer,Negotiation,Contract signed}', '{0,10,25,50,75,100}', NULL, 71.5),
    (2, 'Machines, eight steps', 7,
     '{First contact,Planning,Sales situation,Needs analysis,Presentation,Objections,Commitment,Contract made}',
     '{0,10,20,30,50,65,80,100}', NULL, 91.5),
    (3, 'Plants, nine steps', 7,
     '{First contact,Relevance check,Formal opportunity,Needs identified,Presentation,Proposal,Negotiation,Close}',
     '{0,10,20,30,50,65,80,100}', 'Financial settlement', 94.5);

CREATE TABLE product (product_no int PRIMARY KEY, product_id text, name text, family text, process_no int, price_factor numeric);
INSERT INTO product VALUES
    (1, 'M100', 'Press 100', 'Machines', 2, 0.9), (2, 'M200', 'Press 200', 'Machines', 2, 1.3),
    (3, 'P10', 'Packing line', 'Plants', 3, 1.5), (4, 'P20', 'Sorting line', 'Plants', 3, 1.2),
    (5, 'S1', 'Service agreement', 'Service', 1, 0.4), (6, 'E1', 'Spare parts', 'Parts', NULL, 0.02);

-- A Poisson number of new deals a day.
CREATE TABLE deal_draw AS
SELECT row_number() OVER (ORDER BY d.day, j) AS deal_id, d.day,
       d.day + interval '7 hours' + date_trunc('second', j * interval '10 hours' / (n.deals + 1)) AS created_at
FROM day d
CROSS JOIN setting s
CROSS JOIN LATERAL (SELECT poisson(uniform('new deals', d.day - date '2000-01-01'), d.deals_expected) AS deals) n
CROSS JOIN generate_series(1, n.deals) j
WHERE d.day < s.end_date;

CREATE TABLE deal AS
WITH total AS (
    SELECT sum(weight ORDER BY seat_no) AS weight, array_agg(weight_before ORDER BY seat_no) AS bounds FROM seat
), seated AS (
    SELECT d.*, width_bucket(uniform('seat', d.deal_id) * t.weight, t.bounds) AS seat_no FROM deal_draw d, total t
)
SELECT d.deal_id, d.day, d.created_at, d.seat_no, c.account_id,
       CASE WHEN d.created_at < s.intervention_date THEN 1 WHEN d.created_at < s.drift_date THEN 2 ELSE 3 END AS era,
       p.product_no, p.process_no, r.open_steps AS n,
       c.industry_no IN (5, 6) AS demo_industry,
       uniform('demo', d.deal_id) < 0.20 AS demo_48h,
       c.industry_no = 1 AND c.employees < 50 AND c.region = 'South' AS small_south,
       c.industry_no = 1 AND c.employees < 50 AND c.region = 'North' AS small_north,
       c.employees < 20 OR c.employees > 1000 AS quick_size,
       width_bucket(uniform('lead source', d.deal_id), ARRAY[0, 0.30, 0.55, 0.75, 0.90]) AS source_no,
       -- A message that tells the truth about the deal in 85 of 100 cases.
       CASE WHEN uniform('signal', d.deal_id) < 0.08 THEN 0.7 WHEN uniform('signal', d.deal_id) < 0.16 THEN -0.7 ELSE 0 END AS text_shift,
       uniform('misleading', d.deal_id) < 0.15 AS text_misleads,
       0.6 * normal('hidden', d.deal_id) AS hidden,
       normal('amount', d.deal_id) AS amount_draw
FROM seated d
CROSS JOIN setting s
CROSS JOIN LATERAL (SELECT width_bucket(uniform('product', d.deal_id), ARRAY[0, 0.25, 0.45, 0.65, 0.80]) AS product_no) x
JOIN product p ON p.product_no = x.product_no
JOIN process r ON r.process_no = p.process_no
JOIN company c ON c.account_id = d.seat_no + s.sellers
    * floor(uniform('account', d.deal_id) * ((s.accounts - d.seat_no) / s.sellers + 1))::int;
ALTER TABLE deal ADD PRIMARY KEY (deal_id);

-- Target of the win rate in each process and era: the product of the steps; after the drift five points lower.
CREATE TABLE target AS
SELECT process_no, era, process_no * 10 + era AS cell, open_steps AS n,
       CASE era WHEN 1 THEN 0.40 ELSE 0.20 END AS peak,
       (1 - CASE era WHEN 1 THEN 0.40 ELSE 0.20 END) * 0.88 ^ (open_steps - 1) - CASE era WHEN 3 THEN 0.05 ELSE 0 END AS win_rate
FROM process, generate_series(1, 3) era;

-- Solve for the intercepts (one for each process and era), the effect of a quick demo (win rate x 4.3 in two
-- industries, which without one win 15 %), of the south (x 1.4) and of the lead source (so that the columns explain a
-- standard deviation of 0.8): each round moves every one of them by the logit of what it misses.  The lead source is the coefficient that changes its sign at the drift.
CREATE FUNCTION calibrate() RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    of_industry float8 := -1;
    of_demo float8 := 2.5;
    of_south float8 := 0.5;
    of_source float8 := 0.5;
    had float8;
    base float8;
    spread float8;
BEGIN
    INSERT INTO parameter SELECT 'intercept', cell, logit(win_rate) FROM target;
    FOR round_no IN 1 .. 40 LOOP
        CREATE TEMP TABLE try ON COMMIT DROP AS
        SELECT d.cell, d.demo_industry, d.demo_48h, d.small_south, d.small_north, d.era,
               billionths(e.columns) AS columns, billionths(e.columns * e.columns) AS squares,
               billionths(logistic(e.columns + d.hidden)) AS p
        FROM (SELECT x.*, x.process_no * 10 + x.era AS cell FROM deal x) d
        JOIN parameter a ON a.name = 'intercept' AND a.key = d.cell
        CROSS JOIN LATERAL (SELECT column_part(a.value, d.quick_size, d.demo_industry AND d.demo_48h, d.small_south,
            d.source_no, d.era, d.text_shift, d.demo_industry, of_industry, of_demo, of_south, of_source) AS columns) e;

        UPDATE parameter a
        SET value = a.value + 1.2 * (logit(t.win_rate) - logit(m.p))
        FROM target t, (SELECT cell, sum(p) / 1e9 / count(*) AS p FROM try GROUP BY cell) m
        WHERE a.name = 'intercept' AND a.key = t.cell AND m.cell = t.cell;

        SELECT sum(p) FILTER (WHERE demo_48h) / 1e9 / nullif(count(*) FILTER (WHERE demo_48h), 0),
               sum(p) FILTER (WHERE NOT demo_48h) / 1e9 / nullif(count(*) FILTER (WHERE NOT demo_48h), 0)
        INTO had, base FROM try WHERE demo_industry;
        of_industry := of_industry + coalesce(logit(0.15) - logit(base), 0);
        of_demo := of_demo + coalesce(logit(4.3 * 0.15) - logit(had), 0);

        SELECT sum(p) FILTER (WHERE small_south) / 1e9 / nullif(count(*) FILTER (WHERE small_south), 0),
               sum(p) FILTER (WHERE small_north) / 1e9 / nullif(count(*) FILTER (WHERE small_north), 0)
        INTO had, base FROM try WHERE small_south OR small_north;
        of_south := of_south + coalesce(logit(least(0.95, 1.4 * base)) - logit(had), 0);

        SELECT sum(squares) / 1e9 / count(*) - (sum(columns) / 1e9 / count(*)) ^ 2 INTO spread FROM try WHERE era = 1;
        of_source := least(0.9, greatest(0.4, of_source + 0.7 * (0.64 - spread) / (2 * 0.21 * of_source)));
        DROP TABLE try;
    END LOOP;
    -- Rounded, so that nothing below the sixth decimal can reach a row.
    UPDATE parameter SET value = round(value::numeric, 6);
    INSERT INTO parameter VALUES ('demo industry', 0, round(of_industry::numeric, 6)), ('demo', 0, round(of_demo::numeric, 6)), ('south', 0, round(of_south::numeric, 6)),
                                 ('lead source', 0, round(of_source::numeric, 6));
END
$$;

-- The part of the log-odds that columns and texts explain.
CREATE FUNCTION column_part(intercept float8, quick_size boolean, quick_demo boolean, small_south boolean, source_no int,
                            era int, text_shift float8, demo_industry boolean, of_industry float8, of_demo float8, of_south float8, of_source float8) RETURNS float8
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN intercept + CASE WHEN quick_size THEN ln(1.6::float8) ELSE ln(0.6::float8) END
    + CASE WHEN demo_industry THEN of_industry ELSE 0 END
    + CASE WHEN quick_demo THEN of_demo ELSE 0 END
    + CASE WHEN small_south THEN of_south ELSE 0 END
    + CASE WHEN era = 3 THEN -1 ELSE 1 END * of_source * (CASE WHEN source_no = 1 THEN 0.7 ELSE -0.3 END)
    + text_shift;

ANALYZE deal;
SELECT calibrate();

ALTER TABLE deal ADD columns_part float8, ADD p float8, ADD speed float8;
UPDATE deal d
SET columns_part = e.columns_part, p = logistic(e.columns_part + d.hidden),
    speed = CASE WHEN d.quick_size THEN 1.6 ELSE 0.6 END
FROM (
    SELECT x.deal_id, column_part(a.value, x.quick_size, x.demo_industry AND x.demo_48h, x.small_south, x.source_no, x.era,
                                  x.text_shift, x.demo_industry, i.value, b.value, c.value, f.value) AS columns_part
    FROM deal x
    JOIN parameter a ON a.name = 'intercept' AND a.key = x.process_no * 10 + x.era
    JOIN parameter i ON i.name = 'demo industry'
    JOIN parameter b ON b.name = 'demo'
    JOIN parameter c ON c.name = 'south'
    JOIN parameter f ON f.name = 'lead source') e
WHERE e.deal_id = d.deal_id;

-- Power of p that is used up after step k: solves mean(p ^ used) = share that is to survive step k.  Solved on a
-- histogram of the log-odds in each cell.
CREATE TABLE step_power (process_no int, era int, k int, n int, used_before float8, used float8, survive float8,
                         PRIMARY KEY (process_no, era, k));
CREATE FUNCTION solve_powers() RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    CREATE TEMP TABLE histogram ON COMMIT DROP AS
    SELECT process_no * 10 + era AS cell, logistic((width_bucket(logit(p), -8, 8, 800) - 400.5) / 50.0) AS p, count(*) AS deals
    FROM deal GROUP BY 1, 2;
    INSERT INTO step_power
    SELECT t.process_no, t.era, k, t.n, 0, k::float8 / t.n,
           (1 - CASE WHEN k >= 3 THEN t.peak ELSE 0 END)
           -- Before the drift all other drop-offs are 12 %; after it they share the five points.
           * (t.win_rate / (1 - t.peak)) ^ ((k - CASE WHEN k >= 3 THEN 1 ELSE 0 END) / (t.n - 1.0)::float8)
    FROM target t, generate_series(1, t.n) k;
    FOR round_no IN 1 .. 25 LOOP
        UPDATE step_power s
        SET used = greatest(0.001, least(0.999, s.used - (m.mean - s.survive) / m.slope))
        FROM (SELECT x.process_no, x.era, x.k,
                     sum(billionths(h.p ^ x.used) * h.deals) / sum(h.deals) / 1e9 AS mean,
                     sum(billionths(h.p ^ x.used * ln(h.p)) * h.deals) / sum(h.deals) / 1e9 AS slope
              FROM step_power x JOIN histogram h ON h.cell = x.process_no * 10 + x.era
              WHERE x.k < x.n
              GROUP BY x.process_no, x.era, x.k) m
        WHERE (s.process_no, s.era, s.k) = (m.process_no, m.era, m.k);
    END LOOP;
    UPDATE step_power SET used = CASE WHEN k = n THEN 1 ELSE round(used::numeric, 6) END;
    UPDATE step_power s SET used_before = b.used
    FROM step_power b WHERE (b.process_no, b.era, b.k) = (s.process_no, s.era, s.k - 1);
END
$$;
SELECT solve_powers();

-- Each step a deal visits.  wait is in units of tau, at least a thousandth.
CREATE TABLE visit AS
WITH tried AS (
    SELECT d.deal_id, w.k, w.n,
           uniform('step', d.deal_id * 16 + w.k) >= d.p ^ (w.used - w.used_before) AS fails,
           greatest(0.001, exponential('wait', d.deal_id * 16 + w.k)) AS wait
    FROM deal d JOIN step_power w ON w.process_no = d.process_no AND w.era = d.era
), ended AS (
    SELECT t.*, min(k) FILTER (WHERE fails) OVER (PARTITION BY deal_id) AS lost_in FROM tried t
)
SELECT deal_id, k, lost_in, wait, sum(wait) OVER (PARTITION BY deal_id ORDER BY k) AS until
FROM ended WHERE k <= coalesce(lost_in, n);
ALTER TABLE visit ADD PRIMARY KEY (deal_id, k);
ANALYZE visit;

-- tau: the mean time from creation to the decision is 90 days over all (mean_days by process); companies that decide fast are 1.6
-- times as quick, the others 0.6 times.
UPDATE process p
SET tau = round((p.mean_days / (m.total / 1e9 / m.deals))::numeric, 4)
FROM (SELECT d.process_no, sum(billionths(v.until / d.speed)) AS total, count(*) AS deals
      FROM deal d
      JOIN (SELECT deal_id, max(until) AS until FROM visit GROUP BY deal_id) v USING (deal_id)
      GROUP BY d.process_no) m
WHERE m.process_no = p.process_no;

-- 3 % of all deals are closed as lost by mistake when they reach step 2 and reopened later; the clock stands still.
ALTER TABLE deal ADD tau float8, ADD pause_days float8, ADD lost_in int, ADD closed_at timestamptz;
UPDATE deal d
SET tau = p.tau / d.speed, lost_in = v.lost_in,
    pause_days = CASE WHEN v.last >= 2 AND uniform('reopened', d.deal_id) < 0.0305 / 0.88
                      THEN 10 + 30 * uniform('pause', d.deal_id) ELSE 0 END
FROM process p, (SELECT deal_id, min(lost_in) AS lost_in, max(k) AS last FROM visit GROUP BY deal_id) v
WHERE p.process_no = d.process_no AND v.deal_id = d.deal_id;

CREATE TABLE step AS
SELECT v.deal_id, v.k,
       date_trunc('second', d.created_at + interval '1 day' * ((v.until - v.wait) * d.tau + CASE WHEN v.k >= 3 THEN d.pause_days ELSE 0 END)) AS entered_at,
       date_trunc('second', d.created_at + interval '1 day' * (v.until * d.tau + CASE WHEN v.k >= 2 THEN d.pause_days ELSE 0 END)) AS left_at
FROM visit v JOIN deal d USING (deal_id);
ALTER TABLE step ADD PRIMARY KEY (deal_id, k);

UPDATE deal d SET closed_at = s.closed_at
FROM (SELECT deal_id, max(left_at) AS closed_at FROM step GROUP BY deal_id) s WHERE s.deal_id = d.deal_id;

-- Deals that were over before the first day of the CRM are not in it.
DELETE FROM deal d USING setting s WHERE d.closed_at < s.start_date;
DELETE FROM step t WHERE NOT EXISTS (SELECT FROM deal d WHERE d.deal_id = t.deal_id);
ANALYZE deal;
ANALYZE step;
