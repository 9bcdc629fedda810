-- Orders of existing customers: each has a cycle of its own and may leave.
--
-- Time is stretched by demand: a customer orders after gamma (shape 4) intervals of operational time, and a day with
-- twice the demand has twice the operational time.  So both the cycle of the customer and the effect of season,
-- September, shock and driver are exact.

SET search_path = demo;

-- Q4 x 1.25, Q1 x 0.85, +4 % a year, and what the calendar segment says.
CREATE TABLE order_day AS
SELECT d.day, d.rate * d.factor AS demand, sum(d.rate * d.factor) OVER (ORDER BY d.day) AS until
FROM day d, setting s WHERE d.day >= s.start_date AND d.day < s.end_date;

CREATE TABLE customer AS
WITH drawn AS (
    SELECT account_id, seat_no, currency, exp(0.5 * normal('cycle', account_id::bigint)) AS raw, satisfaction, churn_at
    FROM company WHERE is_customer AND duplicate_of IS NULL
), mean AS (
    SELECT sum(billionths(1 / raw)) / 1e9 AS rate FROM drawn
)
-- Scaled so that all of them together order as often as the profile says.
SELECT d.account_id, d.seat_no, d.currency, d.satisfaction, d.churn_at, d.raw * 7 * m.rate / s.reorders_per_week AS cycle_days
FROM drawn d, mean m, setting s;
ALTER TABLE customer ADD PRIMARY KEY (account_id);

CREATE TABLE reorder AS
WITH calendar AS (
    SELECT array_agg(until ORDER BY day) AS until, max(until) AS total, min(day) AS first_day FROM order_day
), tick AS (
    SELECT c.account_id, j,
           -- It begins about three and a half cycles before the first day, so that the customers are out of step.
           sum(c.cycle_days / 4 * (exponential('order a', i) + exponential('order b', i) + exponential('order c', i)
               + exponential('order d', i))) OVER (PARTITION BY c.account_id ORDER BY j)
           - c.cycle_days * (3 + uniform('phase', c.account_id::bigint)) AS at
    FROM customer c
    CROSS JOIN calendar k
    CROSS JOIN LATERAL generate_series(1, ceil(1.4 * k.total / c.cycle_days)::int + 12) j
    CROSS JOIN LATERAL (SELECT c.account_id::bigint * 65536 + j AS i) x
)
SELECT t.account_id, t.j, k.first_day + width_bucket(t.at, k.until) AS day,
       round((900 * exp(0.5 * normal('order amount', t.account_id::bigint * 65536 + t.j))
              * CASE c.currency WHEN 'NOK' THEN 11.5 ELSE 1 END)::numeric, 2) AS amount,
       c.currency, c.seat_no,
       interval '1 second' * floor(25200 + 36000 * uniform('order time', t.account_id::bigint * 65536 + t.j)) AS clock
FROM tick t
JOIN customer c USING (account_id)
CROSS JOIN calendar k
WHERE t.at >= 0 AND t.at < k.total AND k.first_day + width_bucket(t.at, k.until) < c.churn_at;
