-- The pipeline views over a million open deals and their history of closed ones.

CREATE SCHEMA shop;
SELECT setseed(0.5) \g /dev/null
CREATE TABLE shop.deals AS
SELECT i AS id, 'deal ' || i AS title, 'seller ' || i % 60 AS seller, 'team ' || i % 8 AS team, 'region ' || i % 4 AS region,
       'department ' || i % 3 AS department, exp(9 + 0.8 * sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random()))::numeric(12, 2) AS amount,
       round(random()::numeric * 100)::float8 AS chance,
       CASE WHEN i <= 1000000 THEN 'open' WHEN random() < 0.3 THEN 'won' ELSE 'lost' END AS state, 'stage ' || 1 + i % 6 AS stage,
       timestamptz '2024-01-01' + i % 700 * interval '1 day' AS made, date '2026-01-01' + i % 700 AS due,
       CASE WHEN i > 1000000 THEN timestamptz '2024-03-01' + i % 700 * interval '1 day' END AS done
FROM generate_series(1, 1100000) i;
VACUUM (FREEZE, ANALYZE) shop.deals;

SELECT count(*) FROM sales_forecast.connect_crm('generic', 'shop', 'forecast', '{
    "currency": "EUR", "probability_unit": "percent",
    "relations": {
        "opportunity": {"from": "deals", "columns": {
            "opportunity_id": "id", "name": "title", "owner_id": "seller", "team_id": "team", "region": "region",
            "department": "department", "amount": "amount", "probability_stated": "chance", "status": "state",
            "stage_id": "stage", "created_at": "made", "expected_close_on": "due", "closed_at": "done"}},
        "stage": {"from": "(SELECT ''stage '' || i AS stage, i FROM generate_series(1, 6) AS i) AS s", "columns": {
            "stage_id": "stage", "name": "stage", "stage_order": "i"}}}}') \g /dev/null

INSERT INTO query
SELECT v, format('SELECT * FROM forecast.%I', v), 0
FROM unnest(ARRAY['pipeline_by_stage', 'pipeline_by_owner', 'pipeline_by_team', 'pipeline_by_region',
                  'pipeline_by_department', 'pipeline_by_month', 'pipeline_by_quarter', 'pipeline_total']) AS v;
INSERT INTO query VALUES ('pipeline, all rows', 'SELECT count(weighted_value) FROM forecast.pipeline', 0),
                         ('sum by hand', 'SELECT stage, sum(amount * chance::numeric) FROM shop.deals WHERE state = ''open'' GROUP BY stage', 0);
SELECT pg_temp.measure() \g /dev/null

SELECT name AS "1M open deals, one core", pg_temp.show(pg_temp.seconds(name)) AS seconds,
       CASE WHEN name LIKE 'pipeline_by%' THEN 'below 2' ELSE '' END AS wanted
FROM timing GROUP BY name ORDER BY name;
DROP SCHEMA forecast CASCADE;
DROP SCHEMA shop CASCADE;
