-- What a seller and an analyst ask of win models: the requirements as stories with made-up deals whose truth is known,
-- and what is said when something is wrong.
BEGIN;
SELECT no_plan();
SET LOCAL search_path = public, sales_forecast;
SELECT setseed(0.25);

-- SQLSTATE and words of what a query is refused with.
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
CREATE FUNCTION pg_temp.sigmoid(x float8) RETURNS float8 LANGUAGE sql IMMUTABLE AS 'SELECT 1 / (1 + exp(-x))';

-- Small companies buy fast, and so do very large ones; those in the middle hesitate. A line cannot say that.
CREATE TABLE company AS
SELECT g AS id, staff, random() < 0.15 + 0.6 * abs(staff - 500) / 500 AS won, 0.15 + 0.6 * abs(staff - 500) / 500 AS truth
FROM (SELECT g, round(1000 * random()) AS staff FROM generate_series(1, 3000) AS g) AS s;
CREATE TEMP TABLE contest AS
SELECT name, auc(won, probability) AS area, log_loss(won, probability) AS loss
FROM (VALUES ('a line', win_options('logistic', terms => 'linear')), ('bins', win_options('logistic', terms => 'binned')), ('a forest', win_options('forest')),
             ('boosted trees', win_options('boosted')), ('the default', win_options())) AS v(name, options),
     LATERAL cross_validate_win('SELECT won, staff FROM company', options) AS c
GROUP BY name;
SELECT ok(abs(area - 0.5) < 0.04, format('the U of company sizes is hidden from a line: AUC %s', round(area::numeric, 3))) FROM contest WHERE name = 'a line';
SELECT ok(c.area > b.area - 0.035 AND c.loss < b.loss + 0.03, format('%s: AUC %s of a possible %s, log-loss %s of %s', name, round(c.area::numeric, 3), round(b.area::numeric, 3), round(c.loss::numeric, 3), round(b.loss::numeric, 3)))
FROM contest AS c, (SELECT auc(won, truth) AS area, log_loss(won, truth) AS loss FROM company) AS b WHERE name <> 'a line' ORDER BY name COLLATE "C";
CREATE TEMP TABLE u_model AS SELECT a AS algorithm, (SELECT fit_win_model(won, c, win_options(a)) FROM (SELECT won, staff FROM company) AS c) AS m FROM unnest('{auto,logistic,forest,boosted,blend}'::text[]) AS a;
SELECT ok(bool_and(lo > mid + 0.25 AND hi > mid + 0.25), 'both ends are promising, the middle is not: ' || string_agg(format('%s %s %s %s', algorithm, round(lo::numeric, 2), round(mid::numeric, 2), round(hi::numeric, 2)), ', '))
FROM (SELECT algorithm, avg(p) FILTER (WHERE r.staff < 150) AS lo, avg(p) FILTER (WHERE r.staff BETWEEN 425 AND 575) AS mid, avg(p) FILTER (WHERE r.staff > 850) AS hi
      FROM u_model, generate_series(0, 1000, 5) AS n, LATERAL (SELECT n AS staff) AS r, LATERAL (SELECT win_probability(m, r) AS p) AS a GROUP BY algorithm) AS s;

-- E-mails, days since the first contact and company size; what is not known tells something, too.
SELECT setseed(0.5);
CREATE TYPE region AS ENUM ('north', 'south', 'east');
CREATE DOMAIN chf AS numeric(12, 2) CHECK (VALUE >= 0);
CREATE TABLE deal AS
SELECT id, random() < truth AS won, truth, emails, staff, amount, source, region, referred, as_of, first_contact, reply, owner
FROM (SELECT *, pg_temp.sigmoid(-0.4 + 0.15 * (emails - 6) + 0.9 * referred::int + CASE source WHEN 'fair' THEN 0.7 WHEN 'web' THEN -0.5 ELSE -1.1 END - 0.02 * (as_of::date - first_contact)) AS truth
      FROM (SELECT g AS id, (12 * random())::int AS emails, (1000 * random())::int AS staff, (10 ^ (3 + 3 * random()))::chf AS amount,
                   CASE WHEN random() < 0.3 THEN 'fair' WHEN random() < 0.5 THEN 'web' END AS source, (ARRAY['north', 'south', 'east'])[1 + g % 3]::region AS region,
                   random() < 0.3 AS referred, timestamptz '2021-01-04 09:00+00' + g * interval '9 hours' AS as_of,
                   (timestamp '2021-01-04 09:00' + g * interval '9 hours')::date - (60 * random())::int AS first_contact,
                   make_interval(hours => (200 * random())::int) AS reply, g % 7 AS owner
            FROM generate_series(1, 2500) AS g) AS s) AS t;
CREATE VIEW example AS SELECT won, emails, staff, amount, source, region, referred, as_of, first_contact, reply FROM deal;
CREATE TEMP TABLE model AS
SELECT a AS algorithm, (SELECT fit_win_model(won, e, win_options(a)) FROM example AS e) AS m FROM unnest('{logistic,forest,boosted,blend,auto}'::text[]) AS a;
CREATE TEMP TABLE line AS SELECT fit_win_model(won, e, win_options('logistic', terms => 'linear')) AS m FROM example AS e;

SELECT ok(count(*) = 2500 AND max(abs(s - ln(p / (1 - p)))) < 1e-9, format('%s: the reasons add up to the probability of every deal', algorithm))
FROM (SELECT algorithm, win_probability(m, e) AS p, (SELECT sum(contribution) FROM explain_win(m, e)) AS s FROM model, example AS e) AS x GROUP BY algorithm;
-- What one column adds is the same whatever the others say, and what the terms list.
SELECT ok(count(*) = 3 AND max(n) = 1, 'in a logistic model a source adds the same in every deal')
FROM (SELECT value, count(DISTINCT round(contribution::numeric, 9)) AS n FROM model, example AS e, explain_win(m, e) WHERE algorithm = 'logistic' AND feature = 'source' GROUP BY value) AS s;
SELECT ok(bool_and(abs(f.contribution - t.coefficient) < 1e-9 AND abs(f.odds_ratio - t.odds_ratio) < 1e-9 AND f.deals = t.deals AND abs(f.win_rate - t.win_rate) < 1e-12) AND count(*) = 6,
          'and that is its coefficient, with the deals and their win rate')
FROM (SELECT DISTINCT ON (feature, value) algorithm, f.* FROM model, example AS e, explain_win(m, e) AS f WHERE algorithm = 'logistic' AND feature IN ('source', 'region')) AS f
     JOIN (SELECT t.* FROM model, win_model_terms(m) AS t WHERE algorithm = 'logistic') AS t ON t.feature = f.feature AND t.value = coalesce(f.value, 'not given');
SELECT ok(bool_and(t.deals = d.deals AND t.won = d.won AND abs(t.win_rate - d.won / d.deals::float8) < 1e-12 AND abs(t.base_rate - b.r) < 1e-12 AND abs(t.lift - d.won / d.deals::float8 / b.r) < 1e-9) AND count(*) = 3,
          'win rates against the base rate are those of the table')
FROM (SELECT avg(won::int)::float8 AS r FROM deal) AS b, (SELECT coalesce(source, 'not given') AS value, count(*) AS deals, count(*) FILTER (WHERE won) AS won FROM deal GROUP BY 1) AS d
     JOIN (SELECT t.* FROM model, win_model_terms(m) AS t WHERE algorithm = 'auto' AND feature = 'source') AS t USING (value);
SELECT ok(bool_and(coefficient BETWEEN 0.15 - 3 * standard_error AND 0.15 + 3 * standard_error AND value ~ 'each'), 'the slope of e-mails is the one that was put in: ' || max(coefficient)::numeric(6, 3))
FROM line, win_model_terms(m) WHERE feature = 'emails' AND value ~ 'each';
SELECT ok(bool_and(coefficient BETWEEN -0.02 - 3 * standard_error AND -0.02 + 3 * standard_error), 'and so is that of the days since the first contact: ' || max(coefficient)::numeric(6, 4))
FROM line, win_model_terms(m) WHERE feature = 'first_contact' AND value ~ 'each';
SELECT ok((array_agg(feature ORDER BY importance DESC))[1] = 'source' OR algorithm = 'forest' AND (array_agg(feature ORDER BY importance DESC))[1:3] @> '{source}', algorithm || ' finds what matters most')
FROM (SELECT DISTINCT algorithm, feature, importance FROM model, win_model_terms(m) WHERE feature <> '(intercept)') AS s GROUP BY algorithm;
SELECT is((SELECT array_agg(feature ORDER BY feature) FROM (SELECT feature FROM (SELECT DISTINCT feature, importance FROM win_model_terms(m) WHERE feature <> '(intercept)') AS d ORDER BY importance DESC LIMIT 4) AS t),
          '{emails,first_contact,referred,source}', algorithm || ' finds all four, and none that does not') FROM model WHERE algorithm IN ('logistic', 'boosted', 'blend', 'auto');
SELECT ok(area > best - 0.02, format('%s: AUC %s, the truth has %s', algorithm, round(area::numeric, 3), round(best::numeric, 3)))
FROM (SELECT algorithm, auc(won, win_probability(m, e)) AS area FROM model, example AS e WHERE algorithm IN ('logistic', 'auto') GROUP BY algorithm) AS s, (SELECT auc(won, truth) AS best FROM deal) AS t;

-- What is missing: here the deals without a source are the worst, and the models say so.
SELECT ok(bool_and(unknown < web AND web < fair) AND count(*) = 5, 'no source is worse than any source')
FROM (SELECT algorithm, avg(win_probability(m, f)) AS fair, avg(win_probability(m, w)) AS web, avg(win_probability(m, n)) AS unknown
      FROM model, example AS e, LATERAL (SELECT e.emails, e.staff, e.amount, 'fair' AS source, e.region, e.referred, e.as_of, e.first_contact, e.reply) AS f,
           LATERAL (SELECT e.emails, e.staff, e.amount, 'web' AS source, e.region, e.referred, e.as_of, e.first_contact, e.reply) AS w,
           LATERAL (SELECT e.emails, e.staff, e.amount, NULL::text AS source, e.region, e.referred, e.as_of, e.first_contact, e.reply) AS n WHERE e.emails % 4 = 0 GROUP BY algorithm) AS s;
SELECT ok(bool_and(filled < missing - 0.3), 'missing numbers tell as well: ' || string_agg(format('%s %s %s', a, round(filled::numeric, 2), round(missing::numeric, 2)), ', '))
FROM (SELECT a, win_probability(m, f) AS filled, win_probability(m, n) AS missing
      FROM (SELECT a, (SELECT fit_win_model(won, e, win_options(a)) FROM (SELECT random() < CASE WHEN g % 3 = 0 THEN 0.8 ELSE 0.2 END AS won, CASE WHEN g % 3 > 0 THEN g % 50 END AS budget FROM generate_series(1, 900) AS g) AS e) AS m
            FROM unnest('{auto,logistic,forest,boosted}'::text[]) AS a) AS s, (SELECT 25 AS budget) AS f, (SELECT NULL::int AS budget) AS n) AS t;

-- A source that was never seen: said, and without weight.
SELECT ok(bool_and(unseen AND (contribution = 0 OR algorithm <> 'logistic') AND deals = 0 AND win_rate IS NULL) AND count(*) = 5, 'an unknown source is flagged') FROM model,
     (SELECT 6 AS emails, 500 AS staff, 1e4::chf AS amount, 'TikTok' AS source, 'north'::region AS region, false AS referred, now() AS as_of, now()::date - 30 AS first_contact, interval '4 days' AS reply) AS e, explain_win(m, e) WHERE feature = 'source';
SELECT ok(bool_and(abs(ln(pu / (1 - pu)) - ln(pb / (1 - pb))) < 1e-9), 'an unknown source counts as the average one')
FROM (SELECT win_probability(m, e) AS pu, pg_temp.sigmoid((SELECT sum(contribution) FROM explain_win(m, e) WHERE feature IS DISTINCT FROM 'source')) AS pb FROM model,
     (SELECT 6 AS emails, 500 AS staff, 1e4::chf AS amount, 'TikTok' AS source, 'north'::region AS region, false AS referred, now() AS as_of, now()::date - 30 AS first_contact, interval '4 days' AS reply) AS e WHERE algorithm = 'logistic') AS s;
SELECT ok(bool_and(p BETWEEN least_p - 0.02 AND most_p + 0.02), 'in every model it lies between the best and the worst one')
FROM (SELECT algorithm, max(p) FILTER (WHERE source = 'TikTok') AS p, min(p) FILTER (WHERE source IS DISTINCT FROM 'TikTok') AS least_p, max(p) FILTER (WHERE source IS DISTINCT FROM 'TikTok') AS most_p
      FROM (SELECT algorithm, e.source, win_probability(m, e) AS p FROM model, unnest(ARRAY['TikTok', 'fair', 'web', NULL]) AS s,
           LATERAL (SELECT 6 AS emails, 500 AS staff, 1e4::chf AS amount, s AS source, 'north'::region AS region, false AS referred, now() AS as_of, now()::date - 30 AS first_contact, interval '4 days' AS reply) AS e) AS t GROUP BY algorithm) AS u;

-- A year later is the same model: dates are ages.
SELECT ok((SELECT fit_win_model(won, e)::text FROM (SELECT won, emails, as_of + days * interval '24 hours' AS as_of, first_contact + days AS first_contact FROM deal) AS e)
          <> (SELECT fit_win_model(won, e)::text FROM (SELECT won, emails, as_of, first_contact FROM deal) AS e), 'the model knows when its deals were') FROM (SELECT 365 AS days) AS s;
SELECT ok(CASE name WHEN 'auto' THEN avg(abs(win_probability(m, a) - win_probability(n, b))) < 0.02 ELSE max(abs(win_probability(m, a) - win_probability(n, b))) < 1e-12 END,
          format('when everything is a year later, probabilities are the same: %s, by %s', name, max(abs(win_probability(m, a) - win_probability(n, b)))))
FROM (VALUES ('auto', win_options()), ('logistic', win_options('logistic')), ('boosted', win_options('boosted'))) AS o(name, options),
     LATERAL (SELECT fit_win_model(won, e, options) AS m FROM (SELECT won, emails, as_of, first_contact FROM deal) AS e) AS f,
     LATERAL (SELECT fit_win_model(won, e, options) AS n FROM (SELECT won, emails, as_of + 365 * interval '24 hours' AS as_of, first_contact + 365 AS first_contact FROM deal) AS e) AS g,
     deal AS d, LATERAL (SELECT d.emails, d.as_of, d.first_contact) AS a, LATERAL (SELECT d.emails, d.as_of + 365 * interval '24 hours' AS as_of, d.first_contact + 365 AS first_contact) AS b
GROUP BY name;
SELECT ok(bool_and(value ~ 'day' AND reason !~ '20[0-9][0-9]-' AND reason !~ '\m(\d+) to \1 days'), 'reasons speak of days, not of dates') FROM model, (SELECT * FROM example LIMIT 5) AS e, explain_win(m, e) WHERE feature = 'first_contact';

-- Intervals are days.
SELECT is((SELECT fit_win_model(won, e)::text FROM (SELECT won, reply FROM deal) AS e), (SELECT fit_win_model(won, e)::text FROM (SELECT won, extract(epoch FROM reply)::float8 / 86400 AS reply FROM deal) AS e), 'an interval counts in days');

-- Whatever is asked, a probability is above 0 and below 1, and its reasons are numbers that add up.
CREATE TEMP TABLE hostile AS
SELECT m, r.emails, r.source FROM (SELECT a, (SELECT fit_win_model(won, e, win_options(a, trees => CASE WHEN a IN ('forest', 'boosted') THEN 60 END, validate => v, force => true)) FROM (SELECT emails > 6 AS won, emails + 0.001 * staff AS emails, source FROM deal) AS e) AS m
      FROM (VALUES ('logistic', 'none'), ('logistic', 'full'), ('forest', 'none'), ('boosted', 'none'), ('blend', 'auto'), ('auto', 'auto')) AS v(a, v)
      UNION ALL SELECT 'a line', (SELECT fit_win_model(won, e, win_options('logistic', terms => 'linear', ridge => 0, force => true)) FROM (SELECT emails > 6 AS won, emails, source FROM deal) AS e)) AS s,
     LATERAL (SELECT x::float8 AS emails, s AS source FROM unnest('{1e308,-1e308,1.7976931348623157e308,4.9e-324,-0,0,NaN,6.5}'::float8[]) AS x, unnest(ARRAY['fair', '', NULL, repeat('x', 100000), E'\u00fc\U0001F600', ' fair', 'FAIR']) AS s) AS r;
SELECT ok(bool_and(p > 0 AND p < 1 AND 1 - p > 0) AND count(*) = 392, format('hostile values: from %s to 1 - %s', min(p), 1 - max(p))) FROM hostile AS h, LATERAL (SELECT win_probability(m, h) AS p) AS s;
SELECT ok(bool_and(abs(s - ln(p / (1 - p))) < 1e-6 AND s BETWEEN -16 AND 16), 'and the reasons of them add up') FROM hostile AS h, LATERAL (SELECT win_probability(m, h) AS p, (SELECT sum(contribution) FROM explain_win(m, h)) AS s) AS x;
SELECT ok(bool_and(i.low >= 0 AND i.low <= p AND p <= i.high AND i.high <= 1 OR i.low IS NULL AND i.high IS NULL), 'the interval holds it') FROM hostile AS h, LATERAL (SELECT win_probability(m, h) AS p) AS x, win_probability_interval(m, h) AS i;
SELECT is(win_probability(m, n), win_probability(m, z), 'NaN is missing') FROM model, (SELECT 1 AS staff, 1::chf AS amount, 'web' AS source, 'north'::region AS region, true AS referred, now() AS as_of, now()::date AS first_contact, interval '1 d' AS reply) AS b,
     LATERAL (SELECT b.*, 'NaN'::float8 AS emails) AS n, LATERAL (SELECT b.*, NULL::float8 AS emails) AS z WHERE algorithm IN ('auto', 'forest');
SELECT is((SELECT fit_win_model(won, e)::text FROM (SELECT won, CASE WHEN staff < 300 THEN -0.0::float8 ELSE emails END AS x FROM deal) AS e), (SELECT fit_win_model(won, e)::text FROM (SELECT won, CASE WHEN staff < 300 THEN 0.0::float8 ELSE emails END AS x FROM deal) AS e), '-0 is 0');
SELECT ok(bool_and(p > 0 AND p < 1), 'trained on values up to 1e308: ' || string_agg(a || ' ' || round(p::numeric, 3), ', '))
FROM (SELECT a, win_probability(m, e) AS p FROM unnest('{auto,logistic,forest,boosted}'::text[]) AS a,
      LATERAL (SELECT fit_win_model(won, e, win_options(a)) AS m FROM (SELECT won, emails::float8 * 1e307 * (1 - 2 * (staff % 2)) AS x FROM deal) AS e) AS f, (SELECT 1e308::float8 AS x) AS e) AS s;
SELECT ok(bool_and(p > 0 AND p < 1), 'a line, too')
FROM (SELECT win_probability(m, e) AS p FROM (SELECT fit_win_model(won, e, win_options('logistic', terms => 'linear')) AS m FROM (SELECT won, emails::float8 * 1e307 * (1 - 2 * (staff % 2)) AS x FROM deal) AS e) AS f, (SELECT 1e308::float8 AS x UNION ALL SELECT -1e308) AS e) AS s;
SELECT ok(r LIKE '22003%x%', r) FROM pg_temp.refusal($$SELECT fit_win_model(won, e) FROM (SELECT won, 'Infinity'::float8 / nullif(staff, 7) AS x FROM deal) AS e$$) AS r;
SELECT ok(r LIKE '22008%first_contact%', r) FROM pg_temp.refusal($$SELECT fit_win_model(won, e) FROM (SELECT won, as_of, date '-infinity' AS first_contact FROM deal) AS e$$) AS r;

-- Separation, columns that say nothing or the same twice.
SELECT ok(bool_and(coefficient BETWEEN -50 AND 50 AND standard_error < 1e6), 'a line through deals that fall apart stays finite: ' || string_agg(feature || ' ' || round(coefficient::numeric, 2), ', '))
FROM (SELECT fit_win_model(won, e, win_options('logistic', terms => 'linear', force => true)) AS m FROM (SELECT emails > 6 AS won, emails FROM deal) AS e) AS f, win_model_terms(m) WHERE coefficient IS NOT NULL;
SELECT ok(bool_and(abs(win_probability(f.m, a) - win_probability(g.m, a)) < 0.02), 'a column twice changes little: ' || max(abs(win_probability(f.m, a) - win_probability(g.m, a)))::numeric(8, 5))
FROM (SELECT fit_win_model(won, e, win_options('logistic', terms => 'linear')) AS m FROM (SELECT won, emails, source FROM deal) AS e) AS f,
     (SELECT fit_win_model(won, e, win_options('logistic', terms => 'linear')) AS m FROM (SELECT won, emails, source, 3 * emails + 7 AS again, source AS source_too FROM deal) AS e) AS g,
     (SELECT emails, source, 3 * emails + 7 AS again, source AS source_too FROM deal LIMIT 300) AS a;
SELECT ok(bool_and(abs(win_probability(f.m, a) - win_probability(g.m, a)) < 0.005), 'a constant changes nothing: ' || max(abs(win_probability(f.m, a) - win_probability(g.m, a)))::numeric(8, 5))
FROM (SELECT fit_win_model(won, e, win_options('logistic')) AS m FROM (SELECT won, emails, source FROM deal) AS e) AS f,
     (SELECT fit_win_model(won, e, win_options('logistic')) AS m FROM (SELECT won, emails, source, 42 AS answer, NULL::text AS nothing, 'one' AS level FROM deal) AS e) AS g,
     (SELECT emails, source, 42 AS answer, NULL::text AS nothing, 'one' AS level FROM deal LIMIT 300) AS a;
SELECT is(string_agg(feature || ' ' || verdict, ', ' ORDER BY feature COLLATE "C"), 'answer warn, level warn, nothing warn', 'constants are named')
FROM (SELECT fit_win_model(won, e, win_options('logistic')) AS m FROM (SELECT won, emails, source, 42 AS answer, NULL::text AS nothing, 'one' AS level FROM deal) AS e) AS g, win_model_gates(m) WHERE gate = 'constant' AND verdict <> 'pass';

-- 10,000 customers, each with a name of its own or nearly; no cheating by it.
SELECT ok(area > 0.7, format('%s: with 10,000 categories the e-mails still count: AUC %s', a, round(area::numeric, 3)))
FROM (SELECT a, auc(won, probability) AS area FROM unnest('{logistic,boosted,auto}'::text[]) AS a,
      LATERAL cross_validate_win($$SELECT random() < pg_temp.sigmoid(0.4 * (g % 13 - 6)) AS won, g % 13 AS emails, 'Müller & Söhne №' || g % 10000 AS customer FROM generate_series(1, 12000) AS g$$, win_options(a), n => 3) GROUP BY a) AS s;

-- Names and texts in any script, in any collation.
SELECT is((SELECT fit_win_model(won, e)::text FROM (SELECT won, emails, s.source COLLATE "C" AS source FROM deal AS d, LATERAL (SELECT translate(source, 'afr', 'äßø') AS source) AS s) AS e),
          (SELECT fit_win_model(won, e)::text FROM (SELECT won, emails, s.source COLLATE "und-x-icu" AS source FROM deal AS d, LATERAL (SELECT translate(source, 'afr', 'äßø') AS source) AS s) AS e), 'a collation does not show');
CREATE COLLATION blind (provider = icu, locale = 'und-u-ks-level1', deterministic = false);
SELECT is((SELECT fit_win_model(won, e)::text FROM (SELECT won, upper(left(source, 1 + id % 3)) || substr(source, 2 + id % 3) COLLATE blind AS source FROM deal) AS e),
          (SELECT fit_win_model(won, e)::text FROM (SELECT won, upper(left(source, 1 + id % 3)) || substr(source, 2 + id % 3) AS source FROM deal) AS e), 'nor one that is blind to case');
SELECT ok(string_agg(DISTINCT f.feature || '=' || f.value, ', ') LIKE '%Größe "klein"=søndag 🎉%' AND bool_and(f.reason ~ 'søndag 🎉' OR f.feature <> 'Größe "klein"'), 'unicode in names and values: ' || max(f.reason) FILTER (WHERE f.feature = 'Größe "klein"'))
FROM (SELECT fit_win_model(won, e) AS m FROM (SELECT won, emails AS "e-mails ✉", CASE WHEN referred THEN 'søndag 🎉' ELSE '日曜日' END AS "Größe ""klein""" FROM deal) AS e) AS s, (SELECT 3 AS "e-mails ✉", 'søndag 🎉' AS "Größe ""klein""") AS d, explain_win(m, d) AS f WHERE f.kind = 'feature';

-- One class, with counts.
SELECT ok(r LIKE '22000%won deals alone%2500 won, 0 lost and 0 open%', r) FROM pg_temp.refusal($$SELECT fit_win_model(true, e) FROM (SELECT emails, source FROM deal) AS e$$) AS r;
SELECT ok(r LIKE '22000%lost deals alone%0 won, 2500 lost%', r) FROM pg_temp.refusal($$SELECT fit_win_model(false, e, win_options(force => true)) FROM (SELECT emails, source FROM deal) AS e$$) AS r;
SELECT ok(r LIKE '22000%without closed deals%2500 open%', r) FROM pg_temp.refusal($$SELECT fit_win_model(NULL, e) FROM (SELECT emails, source FROM deal) AS e$$) AS r;

-- Records from anywhere: tables, views, subqueries, joins, common table expressions.
CREATE TEMP TABLE small AS SELECT id, won, emails, source FROM deal;
CREATE TEMP VIEW small_view AS SELECT won, emails, source FROM small;
CREATE FUNCTION pg_temp.logistic(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    made text;
BEGIN
    EXECUTE query INTO made;
    RETURN made;
END $$;
SELECT is(pg_temp.logistic(replace(q, 'FIT', 'fit_win_model(won, e, win_options(''logistic''))::text')), (SELECT fit_win_model(won, e, win_options('logistic'))::text FROM (SELECT won, emails, source FROM deal) AS e), q)
FROM unnest(ARRAY['SELECT FIT FROM small_view AS e', 'SELECT FIT FROM (SELECT won, emails, source FROM small OFFSET 0) AS e', 'WITH e AS MATERIALIZED (SELECT won, emails, source FROM small) SELECT FIT FROM e',
                  'WITH e AS (SELECT won, emails, source FROM small) SELECT FIT FROM e', 'SELECT FIT FROM (SELECT a.won, a.emails, b.source FROM small AS a JOIN small AS b USING (id)) AS e',
                  'SELECT FIT FROM small AS s, LATERAL (SELECT s.emails, s.source) AS e', 'SELECT FIT FROM (SELECT won, emails, source FROM small UNION ALL SELECT won, emails, source FROM small WHERE false) AS e',
                  'SELECT FIT FROM (SELECT won, emails::numeric, source::varchar FROM small ORDER BY random()) AS e']) AS q;
SELECT is(count(*), 0::bigint, 'and so are the deals that are asked about')
FROM (SELECT fit_win_model(won, e, win_options('logistic')) AS m FROM small_view AS e) AS f, small AS s, LATERAL (SELECT source, emails FROM small WHERE id = s.id) AS sub, LATERAL (SELECT s.*) AS whole
WHERE win_probability(m, s) IS DISTINCT FROM win_probability(m, sub) OR win_probability(m, s) IS DISTINCT FROM win_probability(m, whole);
SELECT ok(r LIKE '42703%no names%ROW(...)%SELECT%', r) FROM pg_temp.refusal($$SELECT fit_win_model(won, ROW(emails, source)) FROM deal$$) AS r;
SELECT ok(r LIKE '42703%first_contact%as_of%', r) FROM pg_temp.refusal($$SELECT fit_win_model(won, e) FROM (SELECT won, first_contact FROM deal) AS e$$) AS r;
SELECT ok(r LIKE '42804%tags%text[]%', r) FROM pg_temp.refusal($$SELECT fit_win_model(won, e) FROM (SELECT won, '{a}'::text[] AS tags FROM deal) AS e$$) AS r;
SELECT ok(r LIKE '42703%source%', r) FROM pg_temp.refusal($$SELECT win_probability(m, e) FROM (SELECT fit_win_model(won, e, win_options('logistic')) AS m FROM small_view AS e) AS f, (SELECT 1 AS emails) AS e$$) AS r;

-- One model a group, whatever the plan.
SET LOCAL max_parallel_workers_per_gather = 2;
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
CREATE TABLE by_region AS SELECT region, won, emails, referred, source FROM deal;
ALTER TABLE by_region SET (parallel_workers = 2);
ANALYZE by_region;
CREATE TEMP TABLE grouped AS SELECT region, fit_win_model(won, d, win_options(a, trees => CASE a WHEN 'forest' THEN 20 END, seed => 7)) AS m, a FROM by_region AS d, unnest('{logistic,forest,auto}'::text[]) AS a GROUP BY region, a;
SET LOCAL max_parallel_workers_per_gather = 0;
SELECT is(count(*) FILTER (WHERE m::text = (SELECT fit_win_model(won, d, win_options(a, trees => CASE a WHEN 'forest' THEN 20 END, seed => 7) ORDER BY random())::text FROM by_region AS d WHERE region = g.region)), 9::bigint, 'one model a region, as if it were alone') FROM grouped AS g;
SELECT is((SELECT count(*) FROM (SELECT fit_win_model(won, d, win_options('logistic')) FROM by_region AS d GROUP BY GROUPING SETS ((region), (source), ())) AS s), 7::bigint, 'and by grouping sets');

-- What is out of range says what is allowed.
SELECT ok(r LIKE '22023%' || said, format('%s: %s', o, r))
FROM (VALUES ('algorithm => ''knn''', '%auto%logistic%forest%boosted%blend%knn%'), ('terms => ''cubic''', '%linear%binned%cubic%'), ('bins => 1', '%bins%2%254%'), ('ridge => -0.5', '%ridge%0%'), ('ridge => ''Infinity''', '%ridge%'),
             ('trees => 5001', '%trees%1%5000%'), ('leaves => 1', '%leaves%2%32%'), ('depth => 33', '%depth%1%32%'), ('learning_rate => 1.5', '%learning_rate%1%'), ('least_rows => 0.5', '%least_rows%1%'), ('folds => 21', '%folds%2%20%'),
             ('calibration => ''beta''', '%none%platt%isotonic%beta%'), ('validate => ''some''', '%auto%none%full%some%'), ('force => NULL', '%force%'), ('algorithm => NULL', '%algorithm%')) AS v(o, said),
     LATERAL pg_temp.refusal(format('SELECT fit_win_model(won, d, win_options(%s)) FROM deal AS d', o)) AS r;
SELECT ok(r LIKE state || said, format('%s: %s', call, r))
FROM (VALUES ('''SELECT won, emails FROM deal'', n => 1', '22023', '%between 2 and%'), ('''SELECT won, emails FROM deal'', folds => ''random''', '22023', '%shuffled%grouped%forward%'), ('''SELECT won, emails FROM deal'', folds => ''grouped''', '42703', '%fold_group%'),
             ('''SELECT won, emails FROM deal'', folds => ''forward''', '42703', '%as_of%'), ('NULL', '22023', '%query%'), ('''SELECT emails FROM deal''', '42703', '%won%'), ('''DELETE FROM deal''', '42601', '%SELECT%'),
             ('''SELECT 1 AS won, emails FROM deal''', '42804', '%won%boolean%'), ('''SELECT won FROM no_such_table''', '42P01', '%no_such_table%')) AS v(call, state, said), LATERAL pg_temp.refusal(format('SELECT count(*) FROM cross_validate_win(%s)', call)) AS r;

-- Every check, by a table that should trip it and one that should not: what was measured, and words for it.
CREATE FUNCTION pg_temp.gates_of(columns text, which text DEFAULT 'true', options win_options DEFAULT win_options('logistic', force => true))
    RETURNS TABLE (gate text, feature text, limit_value float8, measured float8, verdict text, reason text) LANGUAGE plpgsql AS $$
DECLARE
    m win_model;
BEGIN
    EXECUTE format('SELECT fit_win_model(won, e, $1) FROM (SELECT %s FROM deal WHERE %s) AS e', columns, which) INTO m USING options;
    RETURN QUERY SELECT * FROM win_model_gates(m);
END $$;
SELECT is(string_agg(verdict || ' ' || measured, ', ' ORDER BY measured), 'refuse 39, warn 40, warn 199, pass 200', which || ': 40 at least, 200 better')
FROM unnest('{won,lost}'::text[]) AS which, unnest('{39,40,199,200}'::int[]) AS n,
     LATERAL (SELECT * FROM pg_temp.gates_of('won, emails', format('id IN (SELECT id FROM (SELECT id, won, row_number() OVER (PARTITION BY won ORDER BY id) AS r FROM deal) AS s WHERE r <= CASE WHEN won = %L THEN %s ELSE 300 END)', which = 'won', n))
              WHERE gate = which || ' deals') AS g GROUP BY which;
SELECT is(string_agg(format('%s %s', verdict, round(measured::numeric, 1)), ', ' ORDER BY measured), 'refuse 9.9, warn 10.0, warn 19.9, pass 20.0', 'ten deals a parameter, 20 better')
FROM (VALUES (99), (100), (199), (200)) AS v(n), LATERAL (SELECT * FROM pg_temp.gates_of('won, emails, staff, amount, source, region, referred, reply, id % 2 AS a, id % 3 AS b', 'id <= ' || n) WHERE gate = 'deals per parameter') AS g;
SELECT is(string_agg(format('%s %s', g.verdict, round(g.measured::numeric, 3)), ', ' ORDER BY g.measured), format('warn %s, pass %s', round(a::numeric, 3), round(b::numeric, 3)), 'two years of history')
FROM (SELECT 1899 * 9 / 24.0 / 365.25 AS a, 2499 * 9 / 24.0 / 365.25 AS b) AS d, LATERAL (SELECT * FROM pg_temp.gates_of('won, emails, as_of', 'id <= 1900') UNION ALL SELECT * FROM pg_temp.gates_of('won, emails, as_of')) AS g WHERE g.gate = 'history' GROUP BY a, b;
SELECT is(string_agg(format('%s %s', verdict, round(measured)), ', ' ORDER BY measured), 'warn 98, pass 974', 'a hundred deals a year')
FROM (SELECT * FROM pg_temp.gates_of('won, emails, ''2020-01-01''::timestamptz + id * interval ''90 hours'' AS as_of', 'id <= 400') UNION ALL SELECT * FROM pg_temp.gates_of('won, emails, as_of')) AS g WHERE gate = 'deals per year';
-- A column filled in with the outcome; one filled in for closed deals only; dates of the future.
SELECT is(string_agg(DISTINCT feature || ' ' || verdict, ', '), 'closing_note refuse, emails pass', 'a column that tells the outcome: ' || max(reason) FILTER (WHERE feature = 'closing_note'))
FROM pg_temp.gates_of($$won, emails, CASE WHEN random() < 0.95 THEN won::text ELSE 'x' END AS closing_note$$) WHERE gate = 'leak: tells too much';
SELECT is(string_agg(DISTINCT feature || ' ' || verdict, ', '), 'emails pass, lost_reason refuse, source pass', 'a column that only closed deals have: ' || max(reason) FILTER (WHERE feature = 'lost_reason'))
FROM pg_temp.gates_of($$CASE WHEN id % 3 > 0 THEN won END AS won, emails, source, CASE WHEN id % 3 > 0 OR random() < 0.4 THEN id % 4 END AS lost_reason$$) WHERE gate = 'leak: filled in late';
SELECT is(string_agg(DISTINCT format('%s %s %s', feature, verdict, round(measured::numeric, 3)), ', '), 'decided_on refuse 0.018, first_contact pass 0.000', 'dates after as_of: ' || max(reason) FILTER (WHERE feature = 'decided_on'))
FROM pg_temp.gates_of($$won, as_of, first_contact, (as_of AT TIME ZONE 'UTC')::date - CASE WHEN id % 57 = 1 THEN -3 ELSE 9 END AS decided_on$$) WHERE gate = 'leak: from the future';
SELECT ok(r LIKE '22000%2 of % checks refuse%"closing_note" alone%"decided_on" lies after%force => true%', r) FROM pg_temp.refusal($$SELECT fit_win_model(won, e) FROM (SELECT won, as_of, won::text AS closing_note, as_of + interval '1 day' AS decided_on FROM deal) AS e$$) AS r;
-- No skill: refused for promotion, on deals held out at random or the latest ones; trained all the same.
SELECT is(string_agg(format('%s %s', gate, verdict), ', ' ORDER BY gate), 'skill on held-out deals refuse, skill on the latest deals refuse', 'columns that tell nothing have no skill: ' || min(reason))
FROM pg_temp.gates_of($$hashint4(id) % 2 = 0 AS won, staff, amount, as_of$$, options => win_options('boosted', validate => 'full')) WHERE gate LIKE 'skill%';
SELECT is(string_agg(format('%s %s', gate, verdict), ', ' ORDER BY gate), 'skill on held-out deals pass, skill on the latest deals refuse', 'what held for the first 80 %% only has none later')
FROM pg_temp.gates_of($$CASE WHEN id <= 2000 THEN random() < 0.2 + 0.6 * (emails > 6)::int ELSE random() < 0.2 + 0.6 * (emails < 6)::int END AS won, emails, as_of$$, options => win_options('logistic', validate => 'full')) WHERE gate LIKE 'skill%';
SELECT is(string_agg(format('%s %s', gate, verdict), ', ' ORDER BY gate), 'skill on held-out deals pass, skill on the latest deals pass', 'the deals have skill')
FROM pg_temp.gates_of($$won, emails, source, referred, as_of, as_of + interval '9 days' AS closed_at$$, options => win_options(validate => 'full')) WHERE gate LIKE 'skill%';
SELECT ok(bool_and(verdict = 'warn' AND measured > 0 AND reason LIKE '%no column closed_at%'), 'when it is not known when deals closed, it says so: ' || max(reason))
FROM pg_temp.gates_of($$won, emails, source, referred, as_of$$, options => win_options('logistic', validate => 'full')) WHERE gate = 'skill on the latest deals';
SELECT ok(r LIKE '42804%"closed_at"%integer%', r) FROM pg_temp.refusal($$SELECT fit_win_model(won, e) FROM (SELECT won, emails, 5 AS closed_at FROM deal) AS e$$) AS r;
SELECT is(count(*) FILTER (WHERE feature = 'closed_at'), 0::bigint, 'closed_at is no feature') FROM pg_temp.gates_of($$won, emails, as_of::date AS closed_at$$);
SELECT is(string_agg(verdict, ',') FILTER (WHERE measured < 10), 'refuse', 'a model with too many parameters is not promoted: ' || max(reason))
FROM pg_temp.gates_of('won, staff, amount', options => win_options('logistic', bins => 254, ridge => 0)) WHERE gate = 'deals per parameter of this model';
SELECT ok(r LIKE '22000%1%', 'a test that cannot be is an error where it is asked for: ' || r) FROM pg_temp.refusal($$SELECT fit_win_model(won, e, win_options('logistic', calibration => 'platt')) FROM (SELECT won, emails, 1 AS fold_group FROM deal) AS e$$) AS r;
SELECT ok(bool_and(verdict = 'warn' AND measured > 0.25), 'deals learned by heart: ' || max(reason))
FROM pg_temp.gates_of($$won, staff, amount, reply$$, options => win_options('forest', trees => 60, depth => 32, least_rows => 1, calibration => 'none', validate => 'full')) WHERE gate = 'overfitting';
SELECT ok(bool_and(verdict = 'pass'), 'and deals that were not') FROM pg_temp.gates_of($$won, emails, source$$, options => win_options(validate => 'full')) WHERE gate = 'overfitting';
SELECT is(string_agg(gate, ', ' ORDER BY gate), 'constant, deals per parameter, deals per parameter of this model, deals per year, history, leak: filled in late, leak: from the future, leak: tells too much, lost deals, overfitting, skill on held-out deals, skill on the latest deals, won deals',
          'every check is there, and passed ones have words') FROM (SELECT DISTINCT gate FROM pg_temp.gates_of('won, emails, as_of, first_contact') WHERE length(reason) > 20) AS s;
-- Force is recorded where it was used.
SELECT is(array_agg(value ORDER BY n), '{1,0}', 'force is in the summary, where it was needed') FROM unnest('{500,50}'::int[]) AS n, LATERAL (SELECT fit_win_model(won, e, win_options('logistic', force => true)) AS m FROM (SELECT won, emails FROM deal WHERE id <= n) AS e) AS s, win_model_summary(m) WHERE item = 'forced';

-- There and back: text, bytes, a cast, a dump.
SELECT is(count(*) FILTER (WHERE m::text::win_model::text = m::text AND win_model_send(m) = win_model_send(m::text::win_model) AND encode(win_model_send(m), 'base64') IS NOT NULL AND split_part(m::text, ':', 2) = replace(encode(win_model_send(m), 'base64'), E'\n', '')), 5::bigint, 'text and bytes are the same model') FROM model;
SELECT is(count(*), 0::bigint, 'which answers the same') FROM model, example AS e WHERE win_probability(m, e) IS DISTINCT FROM win_probability(m::text::win_model, e) AND e.emails % 5 = 0;

-- Metrics by hand: five deals.
CREATE TEMP TABLE five AS SELECT * FROM (VALUES (true, 0.9), (true, 0.4), (false, 0.4), (false, 0.2), (true, NULL), (NULL, 0.7), (false, 0.6)) AS v(won, p);
SELECT is(round(auc(won, p)::numeric, 12), round(4.5 / 6, 12), 'AUC: of six pairs four are right and one is a tie') FROM five;
SELECT is(round(log_loss(won, p)::numeric, 12), round(-(ln(0.9) + ln(0.4) + ln(0.6) + ln(0.8) + ln(0.4)) / 5, 12), 'log-loss') FROM five;
SELECT is(round(brier_score(won, p)::numeric, 12), round((0.01 + 0.36 + 0.16 + 0.04 + 0.36) / 5, 12), 'Brier score') FROM five;
SELECT is(round(calibration_error(won, p)::numeric, 12), round((1 * 0.1 + 2 * 0.1 + 1 * 0.2 + 1 * 0.6) / 5, 12), 'calibration error: bins .9, .4, .2, .6') FROM five;
SELECT is(array_agg(format('%s %s', round(false_positive_rate::numeric, 3), round(true_positive_rate::numeric, 3)) ORDER BY o), '{"0.000 0.000","0.000 0.500","0.333 0.500","0.667 1.000","1.000 1.000"}', 'ROC curve') FROM (SELECT roc_curve(won, p) AS c FROM five) AS s, unnest(c) WITH ORDINALITY AS t(threshold, true_positive_rate, false_positive_rate, o);

-- Cross-validation as it should be.  Groups: all deals of an owner share a fate that only its name tells.
SELECT setseed(0.75);
CREATE TABLE fate AS SELECT g AS id, g % 60 AS account, random() < CASE hashint4(g % 60) % 2 WHEN 0 THEN 0.2 ELSE 0.8 END AS won, 'account ' || g % 60 AS name, timestamp '2022-01-01' + g * interval '6 hours' AS as_of FROM generate_series(1, 2400) AS g;
SELECT ok(s.area > 0.7 AND g.area < 0.58, format('the name of an account tells its fate within it (AUC %s), but nothing about other accounts (AUC %s)', round(s.area::numeric, 3), round(g.area::numeric, 3)))
FROM (SELECT auc(won, probability) AS area FROM cross_validate_win('SELECT won, name FROM fate', win_options('logistic'))) AS s,
     (SELECT auc(won, probability) AS area FROM cross_validate_win('SELECT won, name, account AS fold_group FROM fate', win_options('logistic'), 'grouped')) AS g;
SELECT is(string_agg(format('%s: %s in %s', folds, n, m), ', ' ORDER BY folds), 'grouped: 2400 in 5, shuffled: 2400 in 5', 'every closed deal is held out once, open ones never')
FROM (SELECT folds, count(*) AS n, count(DISTINCT fold) AS m FROM unnest('{shuffled,grouped}'::text[]) AS folds,
             LATERAL cross_validate_win('SELECT won, name, account AS fold_group FROM fate UNION ALL SELECT NULL, name, account FROM fate', win_options('logistic'), folds) GROUP BY folds) AS s;
SELECT is(max(n), 1::bigint, 'a group is in one fold')
FROM (SELECT probability, count(DISTINCT fold) AS n FROM cross_validate_win('SELECT won, name, account AS fold_group FROM fate', win_options('logistic', calibration => 'none'), 'grouped') GROUP BY fold % 1, as_of, probability) AS s;
-- Forward: every month the code of the winners is another one, so only the month itself could tell it.
CREATE TABLE monthly AS SELECT won, 'm' || month || CASE WHEN won THEN 'w' ELSE 'l' END AS code, as_of FROM (SELECT random() < 0.4 AS won, to_char(as_of, 'YYYYMM') AS month, as_of FROM (SELECT timestamp '2020-01-01' + g * interval '12 hours' AS as_of FROM generate_series(1, 2000) AS g) AS s) AS t;
SELECT ok(s.area > 0.95 AND abs(f.area - 0.5) < 0.12, format('what only the future tells: AUC %s shuffled, %s forward', round(s.area::numeric, 3), round(f.area::numeric, 3)))
FROM (SELECT auc(won, probability) AS area FROM cross_validate_win('SELECT won, code, as_of FROM monthly', win_options('logistic', force => true))) AS s,
     (SELECT auc(won, probability) AS area FROM cross_validate_win('SELECT won, code, as_of FROM monthly', win_options('logistic', force => true), 'forward')) AS f;
SELECT ok(bool_and(abs(base_rate - coalesce(before, base_rate)) < 1e-9) AND count(*) FILTER (WHERE before IS NOT NULL) >= 4, 'each part is predicted by all deals before it and no other')
FROM (SELECT fold, base_rate, (SELECT avg(won::int) FROM monthly AS m WHERE m.as_of < c.first) AS before FROM (SELECT fold, min(as_of) AS first, min(base_rate) AS base_rate FROM cross_validate_win('SELECT won, code, as_of FROM monthly', win_options('logistic', force => true), 'forward') GROUP BY fold) AS c) AS s;
-- The choice, too, is made inside: nothing is learned from noise, whatever is tried.
SELECT ok(bool_and(abs(area - 0.5) < 0.05), 'noise has an AUC of a half: ' || string_agg(a || ' ' || round(area::numeric, 3), ', '))
FROM (SELECT a, auc(won, probability) AS area FROM unnest('{auto,blend,logistic,forest,boosted}'::text[]) AS a, LATERAL cross_validate_win($$SELECT hashint4(id) % 2 = 0 AS won, emails, staff, amount, source, region, reply FROM deal WHERE id <= 1200$$, win_options(a)) GROUP BY a) AS s;

-- Newly closed deals: an update comes near to what a new training on all deals says, whatever the order.
SELECT ok(updated < full_loss + 0.005 AND updated < old - 0.01, format('%s: log-loss %s after the update, %s of the old model, %s of a new one', a, round(updated::numeric, 4), round(old::numeric, 4), round(full_loss::numeric, 4)))
FROM (SELECT a, log_loss(d.won, win_probability(u, d)) AS updated, log_loss(d.won, win_probability(m, d)) AS old, log_loss(d.won, win_probability(f, d)) AS full_loss
      FROM unnest('{logistic,forest}'::text[]) AS a,
           LATERAL (SELECT fit_win_model(won, e, win_options(a, trees => CASE a WHEN 'forest' THEN 100 END)) AS m FROM (SELECT won, emails, source, referred FROM deal WHERE id <= 200) AS e) AS t,
           LATERAL (SELECT update_win_model(m, won, e) AS u FROM (SELECT won, emails, source, referred FROM deal WHERE id BETWEEN 201 AND 1500) AS e) AS v,
           LATERAL (SELECT fit_win_model(won, e, win_options(a, trees => CASE a WHEN 'forest' THEN 100 END)) AS f FROM (SELECT won, emails, source, referred FROM deal WHERE id <= 1500) AS e) AS w,
           (SELECT won, emails, source, referred FROM deal WHERE id > 1500) AS d GROUP BY a) AS s;
SELECT is(string_agg(item || ' ' || value, ', '), 'closed 1500', 'an updated model counts all its deals')
FROM (SELECT update_win_model(m, won, e) AS u FROM (SELECT fit_win_model(won, e, win_options('logistic')) AS m FROM (SELECT won, emails, source FROM deal WHERE id <= 1000) AS e) AS t, (SELECT won, emails, source FROM deal WHERE id BETWEEN 1001 AND 1500) AS e) AS s, win_model_summary(u) WHERE topic = 'deals' AND item = 'closed';

-- Few deals: 60 deals and three columns are a modest model that ranks a good deal above a bad one; twelve columns and
-- it keeps to the strongest.
CREATE TEMP TABLE few AS SELECT fit_win_model(won, e, win_options(force => true)) AS m FROM (SELECT won, emails, source, referred FROM deal ORDER BY id LIMIT 60) AS e;
SELECT ok(win_probability(m, g) > win_probability(m, b) AND win_probability(m, g) < 0.95 AND win_probability(m, b) > 0.02, format('60 deals: a good deal %s, a bad one %s', round(win_probability(m, g)::numeric, 2), round(win_probability(m, b)::numeric, 2)))
FROM few, (SELECT 11 AS emails, 'fair' AS source, true AS referred) AS g, (SELECT 1 AS emails, NULL::text AS source, false AS referred) AS b;
SELECT ok(log_loss(won, win_probability(m, d)) < min(base) AND max(base) < 1, format('it is better than the base rate on the others: %s, %s', round(log_loss(won, win_probability(m, d))::numeric, 3), round(min(base)::numeric, 3)))
FROM few, (SELECT won, emails, source, referred FROM deal WHERE id > 60) AS d, (SELECT -(r * ln(r) + (1 - r) * ln(1 - r)) AS base FROM (SELECT avg(won::int)::float8 AS r FROM deal WHERE id > 60) AS a) AS b;
SELECT is((SELECT string_agg(item, ', ') FROM few, win_model_summary(m) WHERE topic = 'member' AND item IN ('logistic', 'boosted', 'forest')), 'logistic', 'and a simple one');
SELECT is((SELECT c.algorithm || ' ' || c.terms FROM (SELECT fit_win_model(won, e) AS m FROM (SELECT won, emails, source, referred FROM deal WHERE id <= 300) AS e) AS s, win_model_candidates(m) AS c WHERE candidate = 1), 'logistic linear', 'with 300 deals the simplest one comes first');
SELECT ok(min(features) FILTER (WHERE candidate = 1) BETWEEN 3 AND 5 AND count(*) FILTER (WHERE chosen) = 1, format('with twelve columns, first the strongest: %s', string_agg(features || CASE WHEN chosen THEN ' chosen' ELSE '' END, ', ' ORDER BY candidate)))
FROM (SELECT fit_win_model(won, e) AS m FROM (SELECT won, emails, source, referred, staff, amount, region, reply, id % 5 AS n1, id % 7 AS n2, id % 11 AS n3, hashint4(id) % 13 AS n4, hashint4(id + 9999) % 17 AS n5 FROM deal WHERE id <= 250) AS e) AS s, win_model_candidates(m);
SELECT ok(count(DISTINCT c.algorithm) >= 3, 'more deals: more is tried: ' || string_agg(DISTINCT c.algorithm, ', ')) FROM model, win_model_candidates(m) AS c WHERE model.algorithm = 'auto';

-- R's glm, to the digit: won ~ days + partner, and won ~ days + segment, 96 deals; with a bin for each number of days.
CREATE TEMP TABLE golden AS
SELECT i * 7 % 24 + 1 AS days, i % 5 < 2 AS partner, 's' || i * 11 % 4 AS segment, i * 37 % 97 / 97.0::float8 < pg_temp.sigmoid(0.9 - 0.12 * (i * 7 % 24 + 1) + 1.1 * (i % 5 < 2)::int) AS won FROM generate_series(1, 96) AS i;
CREATE TEMP TABLE plain AS
SELECT (SELECT fit_win_model(won, e, win_options('logistic', terms => 'linear', ridge => 0, bins => 254)) FROM (SELECT won, days, partner FROM golden) AS e) AS a,
       (SELECT fit_win_model(won, e, win_options('logistic', terms => 'linear', ridge => 0, bins => 254)) FROM (SELECT won, days, segment FROM golden) AS e) AS b;
SELECT ok(abs(win_probability(a, x) - 0.802062091887311) < 1e-9 AND abs(win_probability(a, y) - 0.222475315048194) < 1e-9, 'glm''s probabilities') FROM plain, (SELECT 3 AS days, true AS partner) AS x, (SELECT 20 AS days, false AS partner) AS y;
SELECT ok(abs(win_probability(b, x) - 0.713103007365727) < 1e-9 AND abs(win_probability(b, y) - 0.243984196833203) < 1e-9, 'with a category') FROM plain, (SELECT 3 AS days, 's1' AS segment) AS x, (SELECT 20 AS days, 's3' AS segment) AS y;
SELECT ok(abs(coefficient - -0.125624708128956) < 1e-8 AND abs(standard_error - 0.0346542395312377) < 1e-7 AND abs(odds_ratio - exp(-0.125624708128956)) < 1e-8
          AND abs(ln(odds_ratio_low) - (-0.125624708128956 - 1.959964 * 0.0346542395312377)) < 1e-6, format('glm''s slope %s and its error %s', coefficient, standard_error))
FROM plain, win_model_terms(a) WHERE feature = 'days' AND value ~ 'each';
SELECT ok(abs(max(coefficient) FILTER (WHERE value = 'true') - max(coefficient) FILTER (WHERE value = 'false') - 0.514911842696083) < 1e-8, 'glm''s contrast') FROM plain, win_model_terms(a) WHERE feature = 'partner';
SELECT ok(abs(max(coefficient) FILTER (WHERE value = 's1') - max(coefficient) FILTER (WHERE value = 's0') - -0.2683285576545488) < 1e-8 AND
          abs(max(coefficient) FILTER (WHERE value = 's3') - max(coefficient) FILTER (WHERE value = 's2') - (-0.2204561838178232 - 0.0501887067924207)) < 1e-8, 'and those of four segments') FROM plain, win_model_terms(b) WHERE feature = 'segment';
SELECT ok(abs(log_loss(won, win_probability(a, g)) - 0.607563883900009) < 1e-9, 'and its likelihood') FROM plain, golden AS g;

-- A demo within 48 hours makes a deal 4.3 times as likely, but in two industries only.
SELECT setseed(0.125);
CREATE TABLE demo AS
SELECT random() < CASE WHEN industry IN ('machines', 'software') AND demo_hours <= 48 THEN 0.43 ELSE 0.1 END AS won, industry, demo_hours, staff
FROM (SELECT (ARRAY['machines', 'software', 'retail', 'food', 'care'])[1 + g % 5] AS industry, CASE WHEN random() < 0.9 THEN round((240 * random() ^ 1.5)::numeric) END AS demo_hours, (1000 * random())::int AS staff FROM generate_series(1, 8000) AS g) AS s;
CREATE TEMP TABLE found AS SELECT * FROM win_interactions('SELECT * FROM demo');
SELECT ok(count(*) FILTER (WHERE segment ~ 'machines|software' AND condition ~ 'demo_hours' AND lift BETWEEN 3 AND 6 AND lift_outside < 1.5) >= 1 AND count(*) FILTER (WHERE condition ~ 'staff' OR segment ~ 'staff') = 0,
          'the demo within two days, and in which industries: ' || min(reason)) FROM found WHERE p_value < 0.01;
SELECT is((SELECT count(*) FROM win_interactions('SELECT hashint4(id) % 2 = 0 AS won, emails, source, region, staff, referred FROM deal')), 0::bigint, 'nothing is found where there is nothing');

-- Fields that are mostly empty, the pitfall of bad data: a feature nobody fills in is named.
SELECT ok(bool_and(deals = n AND value = 'not given'), 'a column with 90 % gaps: the gaps are a row of their own')
FROM (SELECT fit_win_model(won, e, win_options('logistic')) AS m FROM (SELECT won, emails, CASE WHEN id % 10 = 0 THEN staff END AS staff FROM deal) AS e) AS f, win_model_terms(m), (SELECT count(*) AS n FROM deal WHERE id % 10 > 0) AS c WHERE feature = 'staff' AND value = 'not given';

-- A deal seen eight times is one deal: few deals are refused, and noise shows no skill.
SELECT ok(r LIKE '22000%15 won deals%', r)
FROM pg_temp.refusal($$SELECT fit_win_model(deal <= 15, s, win_options('logistic')) FROM (SELECT deal, deal AS fold_group, random() AS x
                       FROM generate_series(1, 200) AS deal, generate_series(1, 8)) AS s$$) AS r;
SELECT ok(count(*) FILTER (WHERE verdict = 'refuse') >= 9, 'noise of 200 deals in 8 snapshots each has no skill: ' || count(*) FILTER (WHERE verdict = 'refuse') || ' of 10')
FROM (SELECT set, fit_win_model(won, s, win_options('logistic', validate => 'full')) AS m
      FROM (SELECT set, won, fold_group, x, y
            FROM (SELECT set, deal AS fold_group, random() < 0.4 AS won, random() AS x, chr(65 + (8 * random())::int) AS y
                  FROM generate_series(1, 10) AS set, generate_series(1, 200) AS deal) AS d, generate_series(1, 8)) AS s GROUP BY set) AS f,
     win_model_gates(m) WHERE gate = 'skill on held-out deals';
SELECT is(string_agg(format('%s %s', item, value), ', ' ORDER BY item), 'closed 200, rows 1600, won 80', 'the summary tells deals and rows')
FROM (SELECT fit_win_model(won, s, win_options('logistic')) AS m
      FROM (SELECT deal % 5 < 2 AS won, deal AS fold_group, random() AS x FROM generate_series(1, 200) AS deal, generate_series(1, 8)) AS s) AS f,
     win_model_summary(m) WHERE topic = 'deals' AND item IN ('closed', 'won', 'rows');

-- Rights: what a role may not read does not train; row security holds while training.
CREATE ROLE win_seller;
CREATE ROLE win_stranger;
GRANT USAGE ON SCHEMA sales_forecast, public TO win_seller, win_stranger;
CREATE TABLE guarded AS SELECT won, emails, source, region FROM deal;
ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON guarded FOR SELECT TO win_seller USING (region = 'north');
GRANT SELECT ON guarded TO win_seller;
CREATE TEMP TABLE north AS SELECT fit_win_model(won, e, win_options('logistic'))::text AS m, count(*) AS n FROM (SELECT won, emails, source FROM guarded WHERE region = 'north') AS e;
GRANT SELECT ON north TO win_seller;
SET LOCAL ROLE win_stranger;
SELECT ok(r LIKE '42501%guarded%', r) FROM pg_temp.refusal($$SELECT fit_win_model(won, g) FROM guarded AS g$$) AS r;
SELECT ok(r LIKE '42501%guarded%', f || ': ' || r) FROM unnest(ARRAY['fit_win_model_query(''SELECT * FROM guarded'')', 'cross_validate_win(''SELECT * FROM guarded'')', 'win_interactions(''SELECT * FROM guarded'')']) AS f, LATERAL pg_temp.refusal('SELECT ' || f) AS r;
RESET ROLE;
SET LOCAL ROLE win_seller;
SELECT is((SELECT fit_win_model(won, e, win_options('logistic'))::text FROM (SELECT won, emails, source FROM guarded) AS e), m, 'a model learns from the rows that its trainer may see') FROM north;
SELECT is(fit_win_model_query('SELECT won, emails, source FROM guarded', win_options('logistic'))::text, m, 'from a query, too') FROM north;
SELECT is((SELECT count(*) FROM cross_validate_win('SELECT won, emails, source FROM guarded', win_options('logistic'))), n, 'and when it is put to the test') FROM north;
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
