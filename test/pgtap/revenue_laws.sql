-- The laws of the revenue forecast: parts make the total to the cent, currencies stay apart, the past knows nothing of
-- the future, hidden rows stay hidden, and too little history says so.
BEGIN;
SELECT no_plan();
SET LOCAL client_min_messages = 'warning';
SET LOCAL timezone = 'UTC';

-- Four years of wins by a fixed rule: three teams, seven sellers and five products, some of them unknown, two currencies
-- and none, keys that look like paths, deals without an amount, without a close, and lost.
CREATE SCHEMA shop;
CREATE TABLE shop.deal (id int PRIMARY KEY, owner text, team text, product text, amount numeric, currency text, status text,
    created timestamptz, closed timestamptz);
INSERT INTO shop.deal
SELECT i, CASE WHEN i % 11 > 0 THEN (ARRAY['*', 'a|b', '', 'o3', 'o4', 'o5', 'o6'])[1 + i % 7] END, CASE WHEN i % 13 > 0 THEN (ARRAY['*', 't|1', 't2'])[1 + i % 3] END,
       CASE WHEN i % 17 > 0 THEN 'x' || i % 5 END, CASE WHEN i % 23 > 0 THEN round((1000 + i * 37 % 5000) * (1 + 0.3 * sin(i / 60.0))::numeric, 2) END,
       CASE WHEN i % 29 = 0 THEN NULL WHEN i % 3 = 0 THEN 'NOK' ELSE 'EUR' END, CASE i % 10 WHEN 9 THEN 'lost' ELSE 'won' END,
       timestamptz '2020-01-01' + i * interval '29 hours', CASE WHEN i % 37 > 0 THEN timestamptz '2020-01-20' + i * interval '29 hours' END
FROM generate_series(1, 1200) i;
CREATE TABLE shop.change (deal int, field text, old text, at timestamptz);
CREATE TEMPORARY TABLE mapping AS SELECT '{
  "change_fields": ["amount", "owner_id", "team_id"], "time_zone": "Asia/Tokyo",
  "relations": {"opportunity": {"from": "deal", "columns": {"opportunity_id": "id", "owner_id": "owner", "team_id": "team",
      "product_id": "product", "amount": "amount", "currency": "currency", "status": "status", "created_at": "created", "closed_at": "closed"}},
    "opportunity_change": {"from": "change", "columns": {"opportunity_id": "deal", "field": "field", "old_value": "old", "changed_at": "at"}},
    "owner": {"from": "(SELECT DISTINCT owner FROM deal) o", "columns": {"owner_id": "owner", "name": "upper(owner)"}}}}'::jsonb AS body;
SELECT lives_ok($$SELECT sales_forecast.connect_crm('generic', 'shop', 'forecast', (SELECT body FROM mapping))$$, 'a CRM is connected');
SET LOCAL search_path = forecast, public;
SET LOCAL sales_forecast.as_of = '2023-12-20 00:00+00';

/* -------- what was won -------- */

SELECT is((SELECT sum(amount) FROM revenue_by_month), (SELECT sum(amount) FROM shop.deal WHERE status = 'won' AND closed <= '2023-12-20'), 'revenue is what was won');
SELECT results_eq('SELECT currency, month, sum(deals), sum(deals_without_amount), sum(amount) FROM revenue_by_month GROUP BY 1, 2 ORDER BY 1, 2',
    $$SELECT currency, date_trunc('month', closed AT TIME ZONE 'Asia/Tokyo')::date, count(*)::numeric, count(*)::numeric - count(amount), sum(amount)
      FROM shop.deal WHERE status = 'won' AND closed <= '2023-12-20' GROUP BY 1, 2 ORDER BY 1, 2$$, 'in the month of the close, in the time zone of the CRM');

/* -------- parts make the total -------- */

CREATE TEMPORARY TABLE seen AS SELECT * FROM revenue_forecast;
SELECT set_eq('SELECT level, team_id, owner_id, product_id, currency, month FROM seen',
    $$SELECT DISTINCT l.*, currency, m::date FROM shop.deal
      CROSS JOIN LATERAL (VALUES ('total', NULL, NULL, NULL), ('team', team, NULL, NULL), ('owner', NULL, owner, NULL), ('product', NULL, NULL, product)) l
      CROSS JOIN generate_series(timestamp '2023-12-01', '2024-11-01', '1 month') m
      WHERE status = 'won' AND (closed AT TIME ZONE 'Asia/Tokyo') < '2023-12-01'$$, 'every team, seller and product has twelve months, from that of as_of on, those of unknown ones too');
SELECT is(count(*), (SELECT count(*) FROM (SELECT DISTINCT level, team_id, owner_id, product_id, currency, month FROM seen) x), 'and each one row') FROM seen;
SELECT is_empty($$SELECT currency, month, level FROM seen GROUP BY 1, 2, 3
    HAVING sum(forecast) <> (SELECT t.forecast FROM seen t WHERE t.level = 'total' AND t.currency IS NOT DISTINCT FROM seen.currency AND t.month = seen.month)
        OR sum(deals) <> (SELECT t.deals FROM seen t WHERE t.level = 'total' AND t.currency IS NOT DISTINCT FROM seen.currency AND t.month = seen.month)
        OR sum(deals_without_amount) <> (SELECT t.deals_without_amount FROM seen t WHERE t.level = 'total' AND t.currency IS NOT DISTINCT FROM seen.currency AND t.month = seen.month)$$,
    'teams, sellers and products are the total, to the cent');
SELECT isnt_empty($$SELECT 1 FROM seen WHERE level = '$$ || l || $$' AND $$ || l || $$_id IS NULL AND forecast > 0$$, 'the unknown ' || l || ' is a group of its own')
FROM unnest('{team,owner,product}'::text[]) l;
SELECT is(count(DISTINCT coalesce(currency, '-')), 3::bigint, 'currencies are not mixed') FROM seen WHERE level = 'total';
SELECT is_empty('SELECT * FROM seen WHERE forecast <> round(forecast, 2) OR forecast IS NULL OR base_forecast IS NULL', 'forecasts are whole cents');
SELECT is_empty('SELECT * FROM seen WHERE (0 <= lo95 AND lo95 <= lo80 AND lo80 <= forecast AND forecast <= hi80 AND hi80 <= hi95) IS NOT TRUE',
                'the forecast lies in its intervals, and nothing is negative');
SELECT is_empty($$SELECT * FROM seen WHERE owner_name IS DISTINCT FROM upper(owner_id)$$, 'sellers have their names');
SELECT is_empty($$SELECT * FROM seen WHERE enough IS DISTINCT FROM (months_of_history >= 24) OR reason IS NULL OR model IS NULL$$, 'every row says what it rests on');
SELECT is((SELECT sum(deals) FROM seen WHERE level = 'total' AND step = 1),
          (SELECT count(*)::numeric FROM shop.deal WHERE status = 'won' AND closed AT TIME ZONE 'Asia/Tokyo' < '2023-12-01'), 'the month of as_of is not history');
SELECT ok(bool_and(abs(f.forecast - f.base_forecast) < 0.3 * f.base_forecast), 'the total is moved, not replaced') FROM seen f WHERE level = 'total' AND currency IS NOT NULL;
SELECT ok(bool_and(f.forecast BETWEEN 0.5 * a.amount AND 2 * a.amount), 'and near to what a month used to bring')
FROM seen f JOIN (SELECT currency, sum(amount) / 46 AS amount FROM revenue_by_month GROUP BY 1) a USING (currency) WHERE f.level = 'total';

-- Not in the order of the rows, not with other settings, not with other lengths.
SELECT results_eq('SELECT * FROM revenue_forecast', 'SELECT * FROM seen', 'the same again');
SAVEPOINT turned;
CREATE TABLE shop.copy AS SELECT * FROM shop.deal ORDER BY md5(id::text);
TRUNCATE shop.deal;
INSERT INTO shop.deal SELECT * FROM shop.copy;
SET LOCAL extra_float_digits = -15;
SET LOCAL datestyle = 'German';
SET LOCAL enable_hashagg = off;
SELECT set_eq('SELECT * FROM revenue_forecast', 'SELECT * FROM seen', 'the same from rows in another order, under other settings');
ROLLBACK TO turned;
SELECT results_eq('SELECT DISTINCT step FROM revenue_forecasts(3) ORDER BY 1', 'VALUES (1), (2), (3)', 'three months are three');
SELECT is_empty('SELECT * FROM revenue_forecasts(0)', 'none are none');
SELECT throws_ok('SELECT * FROM revenue_forecasts(100001)', '22023', NULL, 'too many are refused');

-- A typing error.
SAVEPOINT typo;
UPDATE shop.deal SET amount = 1000 * amount WHERE id = 700;
SELECT ok((SELECT max(hi95) FROM revenue_forecasts(1)) > 3 * (SELECT max(hi95) FROM seen WHERE step = 1), 'an amount far too high counts');
SELECT ok((SELECT max(hi95) FROM revenue_forecasts(1, true)) < 1.5 * (SELECT max(hi95) FROM seen WHERE step = 1), 'unless it is to be left out');
SELECT is((SELECT sum(deals_without_amount) FROM revenue_forecasts(1, true) WHERE level = 'total'),
          (SELECT sum(deals_without_amount) + 1 FROM seen WHERE level = 'total' AND step = 1), 'and then it is counted');
ROLLBACK TO typo;

/* -------- the series -------- */

SELECT results_eq($$SELECT level, key, currency, time, metric, value FROM revenue_forecast_series WHERE metric <> 'actual' ORDER BY 1, 2, 3, 4, 5$$,
    $$SELECT level, coalesce(team_id, owner_id, product_id), currency, month::timestamp AT TIME ZONE 'Asia/Tokyo', metric, value::float8
      FROM seen CROSS JOIN LATERAL (VALUES ('forecast', forecast), ('lo80', lo80), ('hi80', hi80), ('lo95', lo95), ('hi95', hi95)) v (metric, value) ORDER BY 1, 2, 3, 4, 5$$,
    'the series has the numbers of the view');
SELECT results_eq($$SELECT level, key, currency, count(*)::int, sum(value)::numeric(20,2) FROM revenue_forecast_series WHERE metric = 'actual' GROUP BY 1, 2, 3 ORDER BY 1, 2, 3$$,
    $$SELECT f.level, coalesce(f.team_id, f.owner_id, f.product_id), f.currency, f.months_of_history,
             (SELECT sum(r.amount) FROM revenue_by_month r WHERE r.month < '2023-12-01' AND r.currency IS NOT DISTINCT FROM f.currency
              AND CASE f.level WHEN 'team' THEN r.team_id IS NOT DISTINCT FROM f.team_id WHEN 'owner' THEN r.owner_id IS NOT DISTINCT FROM f.owner_id
                               WHEN 'product' THEN r.product_id IS NOT DISTINCT FROM f.product_id ELSE true END)
      FROM seen f WHERE step = 1 AND months_of_history > 0 ORDER BY 1, 2, 3$$, 'and the history, with its empty months');
SELECT is(max(time), timestamptz '2023-10-31 15:00+00', 'the last month is a whole one') FROM revenue_forecast_series WHERE metric = 'actual';

/* -------- the past -------- */

CREATE FUNCTION pg_temp.report() RETURNS text LANGUAGE sql AS $$
    SELECT md5(string_agg(f::text, E'\n' ORDER BY f::text)) || (SELECT md5(string_agg(s::text, E'\n' ORDER BY s::text)) FROM forecast.revenue_forecast_series s)
    FROM forecast.revenue_forecast f
$$;
SAVEPOINT future;
SET LOCAL sales_forecast.as_of = '2022-07-10 00:00+00';
CREATE TEMPORARY TABLE before AS SELECT pg_temp.report() AS report;
INSERT INTO shop.change SELECT id, 'amount', amount::text, '2022-08-01' FROM shop.deal WHERE closed < '2022-07-10' AND amount IS NOT NULL AND id % 2 = 0;
UPDATE shop.deal SET amount = 1e6 WHERE closed >= '2022-07-10' OR amount IS NOT NULL AND id % 2 = 0;
UPDATE shop.deal SET status = 'lost' WHERE closed > '2022-12-31';
INSERT INTO shop.deal SELECT id + 2000, owner, team, 'new', 1e6, currency, 'won', '2022-07-11', '2022-08-01' FROM shop.deal WHERE id < 100;
SELECT is(pg_temp.report(), report, 'the forecast of a past day knows nothing of what came later') FROM before;
SELECT is(min(month), date '2022-07-01', 'and begins with its month') FROM revenue_forecast;
ROLLBACK TO future;
SET LOCAL sales_forecast.as_of = '2023-12-20 00:00+00';

/* -------- too little -------- */

CREATE FUNCTION pg_temp.keep(condition text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN EXECUTE 'DELETE FROM shop.deal WHERE (' || condition || ') IS NOT TRUE'; END $$;
SAVEPOINT little;
SELECT pg_temp.keep('false');
SELECT is_empty('SELECT * FROM revenue_by_month', 'nothing was won');
SELECT is_empty('SELECT * FROM revenue_forecast', 'nothing is forecast');
SELECT is_empty('SELECT * FROM revenue_forecast_series', 'nothing is shown');
ROLLBACK TO little;
SELECT pg_temp.keep($$closed >= '2023-11-02' AND closed < '2023-11-30' AND currency = 'EUR'$$);
SELECT results_eq('SELECT DISTINCT base_forecast, forecast, lo80, hi95, months_of_history, enough, reason FROM revenue_forecast',
    $$VALUES (NULL::numeric, NULL::numeric, NULL::numeric, NULL::numeric, 1, false, 'no forecast: complete months since the first win in this currency: 1, at least 3 are needed')$$,
    'one month is no history');
SELECT is(count(*), 12::bigint, 'and the total says so in every month') FROM revenue_forecast WHERE level = 'total';
SELECT set_eq('SELECT DISTINCT metric FROM revenue_forecast_series', $$VALUES ('actual')$$, 'the series has what there is');
ROLLBACK TO little;
SELECT pg_temp.keep($$closed >= '2023-12-02'$$);
SELECT is_empty('SELECT * FROM revenue_forecast', 'this month alone is no history');
SELECT isnt_empty('SELECT * FROM revenue_by_month', 'though it was won');
ROLLBACK TO little;
-- From three months on there is a forecast, and it adds up, whatever the length.
CREATE FUNCTION pg_temp.holds(since date) RETURNS text LANGUAGE plpgsql AS $$
DECLARE answer text;
BEGIN
    DELETE FROM shop.deal WHERE closed < since;
    CREATE TEMPORARY TABLE short ON COMMIT DROP AS SELECT * FROM forecast.revenue_forecast WHERE currency = 'EUR';
    SELECT format('%s rows off, %s missing, enough: %s', (SELECT count(*) FROM (
               SELECT 1 FROM short p WHERE level <> 'total' GROUP BY level, month
               HAVING sum(forecast) <> (SELECT t.forecast FROM short t WHERE t.level = 'total' AND t.month = p.month)) x),
           (SELECT count(*) FROM short WHERE forecast IS NULL), (SELECT bool_or(enough) FROM short)) INTO answer;
    RAISE EXCEPTION '%', answer;
EXCEPTION WHEN raise_exception THEN
    RETURN SQLERRM;
END $$;
SELECT is(pg_temp.holds((date '2023-12-01' - n * interval '1 month' + interval '1 day')::date), '0 rows off, 0 missing, enough: ' || CASE WHEN n >= 24 THEN 't' ELSE 'f' END,
          n || ' months of history') FROM unnest('{3,4,5,6,9,13,23,24,30}'::int[]) n;
SELECT pg_temp.keep($$team = 't2' AND owner = 'o3' AND product = 'x3' AND currency = 'EUR'$$);
SELECT is(count(DISTINCT (month, forecast)), 12::bigint, 'one team, one seller, one product: the same for all four') FROM revenue_forecast;
ROLLBACK TO little;
UPDATE shop.deal SET amount = NULL WHERE team = 't2' OR currency = 'NOK';
SELECT results_eq($$SELECT DISTINCT forecast, hi95, reason FROM revenue_forecast WHERE team_id = 't2' AND currency = 'EUR'$$,
                  $$VALUES (0.00, 0.00, 'no won deal here has an amount: 0')$$, 'deals without amounts bring nothing');
SELECT is(deals_without_amount, deals, 'but are counted') FROM revenue_forecast WHERE team_id = 't2' AND currency = 'EUR' AND step = 1;
SELECT is(bool_or(forecast IS NOT NULL), false, 'a currency without any amount is not forecast') FROM revenue_forecast WHERE currency = 'NOK';
ROLLBACK TO little;

/* -------- odd numbers -------- */

UPDATE shop.deal SET amount = amount * 1e12;
SELECT is_empty($$SELECT currency, month FROM revenue_forecast WHERE level = 'team' GROUP BY 1, 2
    HAVING sum(forecast) <> (SELECT t.forecast FROM revenue_forecasts(12) t WHERE t.level = 'total' AND t.currency IS NOT DISTINCT FROM revenue_forecast.currency AND t.month = revenue_forecast.month)$$,
    'a thousand trillion a month adds up, too');
ROLLBACK TO little;
UPDATE shop.deal SET amount = -amount;
SELECT is_empty('SELECT * FROM revenue_forecast WHERE forecast < 0 OR lo95 < 0', 'repayments do not forecast negative revenue');
ROLLBACK TO little;
UPDATE shop.deal SET closed = '-infinity' WHERE id = 1;
UPDATE shop.deal SET closed = '0202-05-01' WHERE id = 2;
UPDATE shop.deal SET amount = 'NaN' WHERE id = 3;
SELECT is(max(months_of_history), 47, 'a close 1,800 years ago is not history') FROM revenue_forecast;
ROLLBACK TO little;

/* -------- rights -------- */

CREATE ROLE sf_seller;
GRANT USAGE ON SCHEMA sales_forecast, forecast, shop TO sf_seller;
GRANT SELECT ON ALL TABLES IN SCHEMA forecast, shop TO sf_seller;
ALTER TABLE shop.deal ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_deals ON shop.deal TO sf_seller USING (owner = 'o3');
CREATE TEMPORARY TABLE own AS SELECT count(*) AS deals FROM shop.deal WHERE owner = 'o3' AND status = 'won' AND closed AT TIME ZONE 'Asia/Tokyo' < '2023-12-01';
GRANT SELECT ON own TO sf_seller;
SET LOCAL ROLE sf_seller;
SELECT set_eq($$SELECT DISTINCT owner_id FROM forecast.revenue_forecast WHERE level = 'owner'$$, $$VALUES ('o3')$$, 'who may see one seller sees one');
SELECT is(sum(deals), (SELECT deals::numeric FROM own), 'and a total of his deals') FROM forecast.revenue_forecast WHERE level = 'total' AND step = 1;
SELECT is_empty($$SELECT 1 FROM forecast.revenue_forecast_series WHERE level = 'owner' AND key <> 'o3'$$, 'also in the series');
RESET ROLE;

/* -------- other people's names -------- */

CREATE FUNCTION forecast.unnest(anyarray) RETURNS SETOF text LANGUAGE sql AS $$SELECT 'trap'$$;
CREATE FUNCTION forecast.format(text, text) RETURNS text LANGUAGE sql AS $$SELECT 'trap'$$;
CREATE TEMPORARY TABLE revenue_by_month (trap int);
CREATE FUNCTION pg_temp.unnest(text[], int[], float8[]) RETURNS SETOF text LANGUAGE sql AS $$SELECT 'trap'$$;
SELECT results_eq('SELECT forecast FROM forecast.revenue_forecast', 'SELECT forecast FROM seen', 'functions and tables with the same names are not used');

SELECT * FROM finish();
ROLLBACK;
