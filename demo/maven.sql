-- The Maven CRM sample: four plain tables, brought to the contract by a mapping.
--
-- psql variable: data, the folder with maven_*.csv.gz.
--
-- What the source does not have is estimated, and said here:
--   amount of a deal that is not won    list price of its product (the file has none, or 0 for a lost one)
--   expected close                      day of engagement + median days from engagement to a win
--   entry of a deal not engaged yet     the last day of the file: it stood there then, nobody knows since when
-- The file is a picture taken on its last day, so nothing has changed after it.  The moves between stages and the
-- change of the amount at the win follow from its dates.

\set QUIET on
SET client_min_messages = warning;
SET TimeZone = 'UTC';
CREATE SCHEMA maven;
SET search_path = maven;

CREATE TABLE accounts (account text PRIMARY KEY, sector text, year_established int, revenue numeric, employees int, office_location text, subsidiary_of text);
CREATE TABLE products (product text PRIMARY KEY, series text, sales_price numeric);
CREATE TABLE sales_teams (sales_agent text PRIMARY KEY, manager text, regional_office text);
CREATE TABLE sales_pipeline (opportunity_id text PRIMARY KEY, sales_agent text, product text, account text, deal_stage text,
                             engage_date text, close_date text, close_value numeric);
\set file :data/maven_accounts.csv.gz
\setenv FILE :file
\copy accounts FROM PROGRAM 'gzip -dc "$FILE"' (FORMAT csv, HEADER)
\set file :data/maven_products.csv.gz
\setenv FILE :file
\copy products FROM PROGRAM 'gzip -dc "$FILE"' (FORMAT csv, HEADER)
\set file :data/maven_sales_teams.csv.gz
\setenv FILE :file
\copy sales_teams FROM PROGRAM 'gzip -dc "$FILE"' (FORMAT csv, HEADER)
\set file :data/maven_sales_pipeline.csv.gz
\setenv FILE :file
\copy sales_pipeline FROM PROGRAM 'gzip -dc "$FILE"' (FORMAT csv, HEADER)

-- Dates are month/day/year; "GTXPro" in the pipeline is "GTX Pro" in the price list.
CREATE VIEW deal AS
SELECT s.opportunity_id, s.sales_agent, coalesce(p.product, s.product) AS product, s.account, s.deal_stage,
       to_date(s.engage_date, 'MM/DD/YYYY') AS engaged_on, to_date(s.close_date, 'MM/DD/YYYY') AS closed_on,
       s.close_value, p.sales_price, t.manager, t.regional_office
FROM sales_pipeline s
LEFT JOIN products p ON replace(p.product, ' ', '') = replace(s.product, ' ', '')
LEFT JOIN sales_teams t USING (sales_agent);

CREATE TABLE estimate AS
SELECT max(greatest(closed_on, engaged_on)) AS last_day,
       percentile_disc(0.5) WITHIN GROUP (ORDER BY closed_on - engaged_on) FILTER (WHERE deal_stage = 'Won') AS median_days_to_win
FROM deal;
ANALYZE;

SELECT count(*) AS relations_connected FROM sales_forecast.connect_crm('generic', 'maven', 'forecast', $${
  "time_zone": "UTC",
  "currency": "USD",
  "probability_unit": "fraction",
  "status": {"Won": "won", "Lost": "lost", "Engaging": "open", "Prospecting": "open"},
  "change_fields": ["amount", "owner_id", "team_id", "region", "product_id", "currency", "expected_close_on"],
  "relations": {
    "opportunity": {
      "from": "deal CROSS JOIN estimate",
      "columns": {
        "opportunity_id": "opportunity_id",
        "name": "product || coalesce(', ' || account, '')",
        "account_id": "account",
        "owner_id": "sales_agent",
        "team_id": "manager",
        "region": "regional_office",
        "product_id": "product",
        "amount": "CASE WHEN deal_stage = 'Won' THEN close_value ELSE sales_price END",
        "process_id": "'maven'",
        "stage_id": "deal_stage",
        "status": "deal_stage",
        "created_at": "coalesce(engaged_on, last_day)",
        "expected_close_on": "engaged_on + median_days_to_win",
        "closed_at": "closed_on",
        "stage_entered_at": "coalesce(closed_on, engaged_on, last_day)"
      }
    },
    "sales_process": {
      "from": "(SELECT 1) AS one",
      "columns": {"process_id": "'maven'", "name": "'Maven'", "active": "true"}
    },
    "stage": {
      "from": "(VALUES ('Prospecting', 1), ('Engaging', 2), ('Won', 3), ('Lost', 4)) AS v (stage, nth)",
      "columns": {"process_id": "'maven'", "stage_id": "stage", "name": "stage", "stage_order": "nth",
                  "is_won": "stage = 'Won'", "is_lost": "stage = 'Lost'", "is_settlement": "false"}
    },
    "stage_change": {
      "from": "(SELECT opportunity_id, 'Prospecting' AS before, 'Engaging' AS after, engaged_on AS on_day FROM deal WHERE engaged_on IS NOT NULL UNION ALL SELECT opportunity_id, 'Engaging', deal_stage, closed_on FROM deal WHERE closed_on IS NOT NULL) AS m",
      "columns": {"opportunity_id": "opportunity_id", "from_stage_id": "before", "to_stage_id": "after", "changed_at": "on_day"}
    },
    "opportunity_change": {
      "from": "deal",
      "where": "deal_stage = 'Won' AND close_value IS DISTINCT FROM sales_price",
      "columns": {"opportunity_id": "opportunity_id", "field": "'amount'", "old_value": "sales_price::text",
                  "new_value": "close_value::text", "changed_at": "closed_on"}
    },
    "account": {
      "from": "accounts",
      "columns": {"account_id": "account", "name": "account", "industry": "sector", "employees": "employees",
                  "revenue": "revenue * 1000000", "country": "office_location", "parent_id": "subsidiary_of"}
    },
    "owner": {
      "from": "sales_teams",
      "columns": {"owner_id": "sales_agent", "name": "sales_agent", "team_id": "manager", "region": "regional_office"}
    },
    "product": {
      "from": "products",
      "columns": {"product_id": "product", "name": "product", "family": "series", "list_price": "sales_price", "currency": "'USD'"}
    }
  }
}$$) \gset maven_
RESET search_path;
