#!/bin/bash
# Objects of the same names in front of ours and of PostgreSQL's change nothing: the same work gives the same rows
# under a normal and under a hostile search_path.  The decoys raise an error when anybody falls for them.
set -eu
cd "$(dirname "$0")/../.."
. test/tap.sh

work="
	SELECT sales_forecast.create_native_crm('crm');
	INSERT INTO crm.opportunity (name, amount, currency, probability_stated, created_at, expected_close_on)
	SELECT 'deal ' OPERATOR(pg_catalog.||) g, g, 'EUR', 0.5, '2024-01-01', '2024-06-30' FROM pg_catalog.generate_series(1, 50) AS g;
	UPDATE crm.opportunity SET amount = 7 WHERE opportunity_id OPERATOR(pg_catalog.=) 3;
	SELECT sales_forecast.connect_crm('native', 'crm', 'forecast');
	SELECT sales_forecast.check_crm('forecast');
	SELECT sales_forecast.weighted_value(amount, probability) FROM forecast.pipeline;
	SELECT sales_forecast.quantile(sales_forecast.revenue_distribution(amount, probability), 0.9) FROM forecast.pipeline;
	SELECT stage_id, deals, amount, weighted_value, p10, p50, p90 FROM forecast.pipeline_by_stage;
	SELECT field, old_value, new_value FROM forecast.opportunity_change;
	SELECT count(*) FROM forecast.data_quality"

decoys="
	CREATE FUNCTION public.decoy() RETURNS text LANGUAGE plpgsql AS \$\$BEGIN RAISE EXCEPTION 'hijacked'; END\$\$;
	DO \$\$
	DECLARE
		r record;
	BEGIN
		-- our own names, and the built-in functions and operators that code like ours uses, with the same arguments
		FOR r IN
			SELECT DISTINCT p.proname, pg_get_function_identity_arguments(p.oid) AS args, p.prokind,
			       format_type(p.prorettype, NULL) AS result
			FROM pg_proc p
			WHERE p.prokind = 'f' AND NOT p.proretset AND p.prorettype <> 'internal'::regtype
			  AND 'internal'::regtype <> ALL (p.proargtypes) AND 'cstring'::regtype <> ALL (p.proargtypes)
			  AND p.prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype, 'cstring'::regtype)
			  AND p.provariadic = 0 AND p.prorettype::regtype::text !~ '^any|record|handler'
			  AND p.proargtypes::text !~ '^\$' AND NOT EXISTS (SELECT 1 FROM unnest(p.proargtypes) a WHERE a::regtype::text ~ '^any')
			  AND (p.pronamespace = 'sales_forecast'::regnamespace
			       OR p.proname IN ('format', 'now', 'lower', 'upper', 'length', 'set_config', 'current_setting', 'round', 'replace',
			                        'abs', 'date_trunc', 'to_regclass', 'quote_ident', 'btrim', 'numeric', 'text', 'date',
			                        'timestamptz', 'float8', 'substr', 'strpos', 'has_table_privilege', 'timezone', 'extract'))
		LOOP
			BEGIN
				EXECUTE format('CREATE FUNCTION public.%I(%s) RETURNS %s LANGUAGE plpgsql AS ''BEGIN RAISE EXCEPTION ''''hijacked''''; END''',
				               r.proname, r.args, r.result);
			EXCEPTION WHEN OTHERS THEN
				RAISE NOTICE '%', SQLERRM;
			END;
		END LOOP;
		FOR r IN
			SELECT o.oprname, o.oprleft::regtype AS l, o.oprright::regtype AS r, o.oprresult::regtype AS res
			FROM pg_operator o
			WHERE o.oprleft::regtype::text IN ('text', 'numeric', 'double precision', 'integer', 'bigint', 'date', 'timestamp with time zone', 'jsonb', 'oid')
			  AND o.oprright::regtype::text IN ('text', 'numeric', 'double precision', 'integer', 'bigint', 'date', 'timestamp with time zone', 'jsonb', 'oid')
		LOOP
			EXECUTE format('CREATE FUNCTION public.decoy_op(%s, %s) RETURNS %s LANGUAGE plpgsql AS ''BEGIN RAISE EXCEPTION ''''hijacked''''; END''', r.l, r.r, r.res);
			EXECUTE format('CREATE OPERATOR public.%s (LEFTARG = %s, RIGHTARG = %s, FUNCTION = public.decoy_op)', r.oprname, r.l, r.r);
			EXECUTE format('ALTER FUNCTION public.decoy_op(%s, %s) RENAME TO %I', r.l, r.r, 'decoy_' || md5(r::text));
		END LOOP;
	END \$\$;
	CREATE TABLE public.pg_class (oid int);
	CREATE TABLE public.pg_namespace (oid int);
	CREATE TABLE public.pg_attribute (oid int);
	CREATE TABLE public.opportunity (decoy int);
	CREATE TABLE public.stage (decoy int);
	CREATE TYPE public.text AS (decoy int);"
temporary="
	CREATE TEMPORARY TABLE opportunity (decoy int);
	CREATE TEMPORARY TABLE stage (decoy int);
	CREATE TEMPORARY TABLE stage_change (decoy int);
	CREATE TEMPORARY TABLE sales_process (decoy int);
	CREATE TEMPORARY TABLE pipeline (decoy int);
	CREATE TEMPORARY TABLE pg_class (decoy int);
	CREATE TEMPORARY TABLE pg_namespace (decoy int);"

createdb path_plain
psql -Xq -d path_plain -c 'CREATE EXTENSION sales_forecast'
wanted=$(psql -XAtq -v ON_ERROR_STOP=1 -d path_plain -c "$work" 2>&1 || true)
like "$wanted" '^639\.5' 'the work is done under a normal search_path'

is "$(printf '%s' "$wanted" | grep ERROR)" '' 'all of it'

createdb path_hostile
psql -Xq -d path_hostile -c 'CREATE EXTENSION sales_forecast'
psql -Xq -v ON_ERROR_STOP=1 -d path_hostile -c 'SET client_min_messages = error' -c "$decoys" >/dev/null
like "$(psql -XAtq -d path_hostile -c "SET search_path = public, pg_catalog" -c "SELECT lower('A'::pg_catalog.text)" 2>&1)" hijacked 'the decoys bite'
got=$(psql -XAtq -v ON_ERROR_STOP=1 -d path_hostile -c "$temporary" -c 'SET search_path = pg_temp, public, pg_catalog' -c "$work" 2>&1 || true)
is "$got" "$wanted" 'under a hostile one it gives the same'

# The install script runs as a superuser: nothing in a schema that others write to may be called by it.
createdb path_install
psql -Xq -d path_install -c 'CREATE EXTENSION sales_forecast; DROP SCHEMA IF EXISTS nothing' 2>/dev/null
snapshot=$(psql -XAtq -d path_install -f test/cli/snapshot.sql)
psql -Xq -d path_install -c 'SET client_min_messages = error' -c "$decoys" >/dev/null
psql -Xq -d path_install -c 'SET client_min_messages = error' -c 'DROP EXTENSION sales_forecast CASCADE'
is "$(psql -XAtq -d path_install -c 'SET search_path = public, pg_catalog' -c 'CREATE EXTENSION sales_forecast' 2>&1)" '' \
	'the extension installs among decoys'
is "$(psql -XAtq -d path_install -f test/cli/snapshot.sql | md5sum)" "$(printf '%s\n' "$snapshot" | md5sum)" 'and is what it is elsewhere'
