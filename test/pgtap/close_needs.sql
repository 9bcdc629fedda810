-- What a seller asks of close models: what will be won by when, among deals of which many are still open. The truth is
-- known: deals are won and lost at constant rates a day.
BEGIN;
SELECT no_plan();
SET LOCAL search_path = public, sales_forecast;
SELECT setseed(0.5);

CREATE FUNCTION pg_temp.refusal(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    said text;
    detail text;
    hint text;
BEGIN
    EXECUTE query;
    RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS said = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN concat_ws(' | ', SQLSTATE, said, nullif(detail, ''), nullif(hint, ''));
END $$;
-- Won within some days, and still open then, at these rates a day.
CREATE FUNCTION pg_temp.won_within(win float8, loss float8, days float8) RETURNS float8 LANGUAGE sql IMMUTABLE AS
$$SELECT win / (win + loss) * (1 - exp(-(win + loss) * days))$$;

-- Three profiles; deals began during the last 120 days, so most of the slow ones are still open.
CREATE TABLE profile AS SELECT * FROM (VALUES ('hot', 0.0485, 0.004), ('cold', 0.0041, 0.03), ('slow', 0.004, 0.004)) AS v(profile, win, loss);
CREATE TABLE deal AS
SELECT id, profile, win, loss, began, CASE WHEN least(w, l) > watched THEN 'open' WHEN w < l THEN 'won' ELSE 'lost' END AS outcome, least(w, l, watched) AS days, noise
FROM (SELECT g AS id, p.*, current_date - watched::int AS began, watched, -ln(1 - random()) / win AS w, -ln(1 - random()) / loss AS l, random() AS noise
      FROM (SELECT g, 120 * random() AS watched FROM generate_series(1, 4500) AS g) AS s JOIN profile AS p ON p.profile = (ARRAY['hot', 'cold', 'slow'])[1 + g % 3]) AS t;
CREATE TEMP TABLE model AS
SELECT a AS algorithm, (SELECT fit_close_model(outcome, days, d, close_options(a)) FROM (SELECT outcome, days, profile, noise FROM deal) AS d) AS m FROM unnest('{auto,additive,boosted}'::text[]) AS a;

SELECT ok(bool_and(abs(p - truth) < 0.07), format('%s: within 30 days %s', algorithm, string_agg(format('%s %s (%s)', profile, round(p::numeric, 3), round(truth::numeric, 3)), ', ' ORDER BY profile)))
FROM (SELECT algorithm, q.profile, avg(close_probability(m, r, 0, 30)) AS p, pg_temp.won_within(win, loss, 30) AS truth
      FROM model, profile AS q, generate_series(0.05, 0.95, 0.1) AS x, LATERAL (SELECT q.profile, x AS noise) AS r GROUP BY algorithm, q.profile, win, loss) AS s GROUP BY algorithm;
SELECT ok(abs(hot - 0.73) < 0.04 AND cold < 0.16, format('73 %% within the next 30 days for one profile (%s), 12 %% ever for another (%s)', round(hot::numeric, 3), round(cold::numeric, 3)))
FROM (SELECT avg(close_probability(m, h, 0, 30)) AS hot, avg((expected_days_to_close(m, c, 0)).win_probability) AS cold
      FROM model, generate_series(0.05, 0.95, 0.1) AS x, LATERAL (SELECT 'hot' AS profile, x AS noise) AS h, LATERAL (SELECT 'cold' AS profile, x AS noise) AS c WHERE algorithm = 'auto') AS s;
-- Rates do not change with age, so a deal of 20 days has the chances of a new one.
SELECT ok(max(abs(old - new)) < 0.07, 'constant rates: a deal of 20 days is as good as a new one: ' || max(abs(old - new))::numeric(6, 4))
FROM (SELECT q.profile, avg(close_probability(m, r, 20, 30)) AS old, avg(close_probability(m, r, 0, 30)) AS new
      FROM model, profile AS q, generate_series(0.05, 0.95, 0.1) AS x, LATERAL (SELECT q.profile, x AS noise) AS r WHERE algorithm = 'additive' GROUP BY q.profile) AS s;
SELECT ok(bool_and(abs(median - ln(2) / (win + loss)) < 0.15 * ln(2) / (win + loss)), 'half of them are closed after ' || string_agg(format('%s %s (%s)', profile, round(median::numeric, 1), round((ln(2) / (win + loss))::numeric, 1)), ', '))
FROM (SELECT q.*, avg((expected_days_to_close(m, r, 0)).median_days) AS median FROM model, profile AS q, generate_series(0.05, 0.95, 0.1) AS x, LATERAL (SELECT q.profile, x AS noise) AS r WHERE algorithm = 'additive' GROUP BY q.profile, win, loss) AS s;
SELECT ok(abs(mean_days - 19) < 3 AND NOT restricted, 'a hot deal closes in 19 days on average: ' || round(mean_days::numeric, 1)) FROM model, (SELECT 'hot' AS profile, 0.5 AS noise) AS r, expected_days_to_close(m, r, 0) WHERE algorithm = 'additive';
SELECT ok(restricted AND p90_days IS NULL, 'of slow deals many outlast all that was seen, which is told') FROM model, (SELECT 'slow' AS profile, 0.5 AS noise) AS r, expected_days_to_close(m, r, 0) WHERE algorithm = 'additive';

-- Who leaves out the open deals is wrong by far; who counts them as censored is not.
SELECT ok(abs(kept - truth) < 0.04 AND dropped > truth + 0.15, format('slow deals won within 60 days: %s in truth, %s with the open ones, %s without them', round(truth::numeric, 3), round(kept::numeric, 3), round(dropped::numeric, 3)))
FROM (SELECT pg_temp.won_within(0.004, 0.004, 60) AS truth, close_probability(a.m, r, 0, 60) AS kept, close_probability(b.m, r, 0, 60) AS dropped
      FROM (SELECT fit_close_model(outcome, days, d) AS m FROM (SELECT outcome, days, profile FROM deal) AS d) AS a, (SELECT fit_close_model(outcome, days, d) AS m FROM (SELECT outcome, days, profile FROM deal WHERE outcome <> 'open') AS d) AS b, (SELECT 'slow' AS profile) AS r) AS s;
-- Deals that came into the CRM late, and only if they were still open then.
CREATE TABLE late AS
SELECT CASE WHEN least(w, l) > entry + 60 THEN 'open' WHEN w < l THEN 'won' ELSE 'lost' END AS outcome, entry, least(w, l, entry + 60) AS days
FROM (SELECT 40 * random() AS entry, -ln(1 - random()) / 0.02 AS w, -ln(1 - random()) / 0.02 AS l FROM generate_series(1, 5000)) AS s WHERE least(w, l) > entry;
SELECT ok(abs(told - truth) < 0.04 AND untold < truth - 0.1, format('deals entered late: %s in truth, %s with entry_days, %s without', round(truth::numeric, 3), round(told::numeric, 3), round(untold::numeric, 3)))
FROM (SELECT pg_temp.won_within(0.02, 0.02, 20) AS truth, close_probability(a.m, r, 0, 20) AS told, close_probability(b.m, r, 0, 20) AS untold
      FROM (SELECT fit_close_model(outcome, days, entry_days, d) AS m FROM (SELECT outcome, days, entry AS entry_days, 1 AS one FROM late) AS d) AS a, (SELECT fit_close_model(outcome, days, d) AS m FROM (SELECT outcome, days, 1 AS one FROM late) AS d) AS b, (SELECT 1 AS one) AS r) AS s;

-- Customers who leave: one of two plans loses five times as many.
CREATE TABLE customer AS
SELECT CASE g % 2 WHEN 0 THEN 'basic' ELSE 'pro' END AS plan, least(leaves, watched) AS days, leaves <= watched AS churned
FROM (SELECT g, 1000 * random() AS watched, -ln(1 - random()) / CASE g % 2 WHEN 0 THEN 0.005 ELSE 0.001 END AS leaves FROM generate_series(1, 3000) AS g) AS s;
SELECT ok(abs(basic - (1 - exp(-0.005 * 90))) < 0.05 AND abs(pro - (1 - exp(-0.001 * 90))) < 0.03, format('leave within 90 days: basic %s (0.362), pro %s (0.086)', round(basic::numeric, 3), round(pro::numeric, 3)))
FROM (SELECT churn_probability(m, b, 100, 90) AS basic, churn_probability(m, p, 100, 90) AS pro FROM (SELECT fit_churn_model(churned, days, c) AS m FROM (SELECT churned, days, plan FROM customer) AS c) AS f, (SELECT 'basic' AS plan) AS b, (SELECT 'pro' AS plan) AS p) AS s;
SELECT ok(abs(basic / pro - 5) < 0.8, format('the hazard ratio of the two plans: %s', round((basic / pro)::numeric, 2)))
FROM (SELECT max(ratio) FILTER (WHERE value = 'basic') AS basic, max(ratio) FILTER (WHERE value = 'pro') AS pro
      FROM (SELECT fit_churn_model(churned, days, c, close_options('additive', ridge => 0)) AS m FROM (SELECT churned, days, plan FROM customer) AS c) AS f, close_model_terms(m) WHERE feature = 'plan' AND part = 'closing') AS s;

-- The value: text there and back, in every algorithm.
SELECT is(count(*) FILTER (WHERE m::text::close_model::text = m::text AND close_model_send(m::text::close_model) = close_model_send(m)), 3::bigint, 'text and bytes are the same model') FROM model;
SELECT is(count(*), 0::bigint, 'which answers the same') FROM model, (SELECT profile, noise FROM deal LIMIT 300) AS r WHERE close_outcome(m, r, 7, 30) IS DISTINCT FROM close_outcome(m::text::close_model, r, 7, 30);

-- Whatever is asked: probabilities that add up and never fall with the days.
CREATE TEMP TABLE hostile AS SELECT row_number() OVER () AS n, profile, noise FROM unnest('{1e308,-1e308,4.9e-324,-0,NaN}'::float8[]) AS noise, unnest(ARRAY['hot', '', NULL, repeat('y', 70000), E'\U0001F600']) AS profile;
SELECT ok(bool_and(won >= 0 AND won < 1 AND lost >= 0 AND still_open >= 0 AND abs(won + lost + still_open - 1) < 1e-9 AND won >= before), 'hostile deals: ' || count(*))
FROM (SELECT o.*, coalesce(lag(o.won) OVER (PARTITION BY algorithm, h.n, age ORDER BY within), 0) AS before
      FROM model, hostile AS h, unnest('{0,4.9e-324,30,119.99,1e6}'::float8[]) AS age, unnest('{0,1e-300,30,1e300,Infinity}'::float8[]) AS within, close_outcome(m, h, age, within) AS o) AS s;
SELECT ok(bool_and(e.mean_days >= 0 AND e.win_probability >= 0 AND e.win_probability < 1 AND coalesce(e.p10_days <= e.p90_days, true)), 'and expectations') FROM model, hostile AS h, unnest('{0,119.99,1e6}'::float8[]) AS age, expected_days_to_close(m, h, age) AS e;
SELECT ok(r LIKE state || said, format('%s: %s', call, r))
FROM (VALUES ('fit_close_model(''stolen'', days, d)', '22000', '%won%lost%open%stolen%'), ('fit_close_model(outcome, -1, d)', '22000', '%-1%'), ('fit_close_model(outcome, ''NaN'', d)', '22000', '%'), ('fit_close_model(outcome, ''Infinity'', d)', '22000', '%'),
             ('fit_close_model(outcome, 1e7, d)', '22000', '%1000000%'), ('fit_close_model(outcome, days, days + 1, d)', '22000', '%entry%'), ('fit_close_model(''open'', days, d)', '22000', '%'), ('fit_close_model(''won'', days, d)', '22000', '%lost deals: 0, at least 40%'),
             ('fit_close_model(outcome, days, ROW(days))', '42703', '%names%'), ('fit_close_model(outcome, days, d, close_options(buckets => 61))', '22023', '%buckets%2%60%'), ('fit_close_model(outcome, days, d, close_options(''cox''))', '22023', '%additive%boosted%cox%'),
             ('close_probability(m, d, -1, 30)', '22023', '%age%days%'), ('close_probability(m, d, ''NaN'', 30)', '22023', '%age%days%'), ('close_probability(m, d, ''Infinity'', 30)', '22023', '%age%days%'), ('close_probability(m, d, 1, -30)', '22023', '%within_days%'),
             ('close_probability(m, d, 1, ''NaN'')', '22023', '%within_days%'), ('close_probability(''nothing'', d, 1, 1)', '55000', '%nothing%'), ('churn_probability(m, d, 1, 1)', '22023', '%churn%')) AS v(call, state, said),
     LATERAL pg_temp.refusal(format('SELECT %s FROM (SELECT outcome, days, profile, noise FROM deal%s) AS d%s', call, CASE WHEN call ~ 'probability' THEN ' LIMIT 3' ELSE '' END, CASE WHEN call ~ 'probability' THEN ', model' ELSE '' END)) AS r;

SELECT * FROM finish();
ROLLBACK;
