-- Sales processes: templates, copies, steps, defaults, the list, and the way of an opportunity through them.
\set QUIET on
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS sales_forecast;
\pset format unaligned
\pset tuples_only on
\pset null '(null)'

-- SQLSTATE, message, detail and hint of a statement that must fail, at once or at commit.
CREATE FUNCTION pg_temp.fails(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    m text; d text; h text;
BEGIN
    EXECUTE statement;
    SET CONSTRAINTS ALL IMMEDIATE;
    RETURN 'NO ERROR: ' || statement;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS m = MESSAGE_TEXT, d = PG_EXCEPTION_DETAIL, h = PG_EXCEPTION_HINT;
    RETURN concat_ws(E'\n  ', SQLSTATE || ' ' || m,
                     CASE WHEN d NOT LIKE 'Failing row%' THEN nullif(d, '') END, nullif(h, ''));
END
$$;

SELECT sales_forecast.create_native_crm('process') \gset
CREATE FUNCTION pg_temp.steps(process bigint) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(stage_order || ' ' || name || ' ' || trim_scale(percent) || '%'
                      || CASE WHEN is_settlement THEN ' settlement' WHEN is_won THEN ' won' ELSE '' END,
                      E'\n' ORDER BY stage_order)
      FROM process.sales_process_step WHERE process_id = process
$$;

INSERT INTO process.region VALUES ('North'), ('South');
INSERT INTO process.department VALUES ('Sales'), ('Service');
INSERT INTO process.employee (owner_id, name, login, region, department) VALUES
    ('AHL', 'Anna', current_user, 'North', 'Sales'), ('BKO', 'Bo', NULL, 'South', 'Service'),
    ('CDA', 'Carl', NULL, NULL, NULL);

\echo '-- templates: six, eight, nine steps and the fixed percentages, each with criteria'
SELECT sales_forecast.create_sales_process('six_steps', 'Solutions', 'process', note => 'for consultants') AS six \gset
SELECT sales_forecast.create_sales_process('eight_steps', 'Direct', 'process') AS eight \gset
SELECT sales_forecast.create_sales_process('nine_steps', 'Assets', 'process') AS nine \gset
SELECT sales_forecast.create_sales_process('fixed_percentages', 'Fixed', 'process') AS fixed \gset
SELECT pg_temp.steps(:six);
SELECT pg_temp.steps(:eight);
SELECT pg_temp.steps(:nine);
SELECT pg_temp.steps(:fixed);
SELECT count(*) FROM process.sales_process_step WHERE entry_criteria IS NULL OR exit_criteria IS NULL;
SELECT count(*) FROM process.sales_process_step WHERE probability <> percent::float8 / 100;
SELECT pg_temp.fails($$SELECT sales_forecast.create_sales_process('seven_steps', 'x', 'process')$$);
SELECT pg_temp.fails($$SELECT sales_forecast.create_sales_process(NULL, 'x', 'process')$$);
SELECT pg_temp.fails($$SELECT sales_forecast.create_sales_process('six_steps', 'Fixed', 'process')$$);
SELECT pg_temp.fails($$SELECT sales_forecast.create_sales_process('six_steps', NULL, 'process')$$);
SELECT pg_temp.fails($$SELECT sales_forecast.create_sales_process('six_steps', 'x', 'nowhere')$$);

\echo '-- a copy has the steps and the template of its source, not its defaults'
INSERT INTO process.sales_process_default (process_id, kind, region) VALUES (:six, 'region', 'North');
SELECT sales_forecast.copy_sales_process(:six, 'Solutions Nordic', 'process') AS copy \gset
SELECT sales_forecast.copy_sales_process(:copy, 'Solutions Baltic', 'process') AS copy2 \gset
SELECT sales_forecast.copy_sales_process(:copy, 'Own', 'process', independent => true) AS own \gset
SELECT pg_temp.steps(:copy2) = pg_temp.steps(:six), pg_temp.steps(:own) = pg_temp.steps(:six);
SELECT name, template_name, copies, default_for, note, built_in FROM process.sales_process_list ORDER BY process_id;
SELECT pg_temp.fails($$SELECT sales_forecast.copy_sales_process(99, 'x', 'process')$$);
SELECT pg_temp.fails($$SELECT sales_forecast.copy_sales_process(NULL, 'x', 'process')$$);
SELECT pg_temp.fails(format('UPDATE process.sales_process SET template_id = %s WHERE process_id = %s', :copy, :own));
SELECT pg_temp.fails(format('UPDATE process.sales_process SET template_id = %s WHERE process_id = %s', :own, :six));
SELECT pg_temp.fails(format('UPDATE process.sales_process SET template_id = process_id WHERE process_id = %s', :own));

\echo '-- a process is whole when the transaction ends, and everything wrong is said at once'
BEGIN;
INSERT INTO process.sales_process (name, active) VALUES ('By hand', true) RETURNING process_id AS hand \gset
INSERT INTO process.sales_process_step (process_id, stage_order, name, percent, is_won) VALUES
    (:hand, 1, 'Talk', 30, false), (:hand, 2, 'Deal', 100, true);
COMMIT;
SELECT pg_temp.fails($$INSERT INTO process.sales_process (name, active) VALUES ('Empty', true)$$);
INSERT INTO process.sales_process (name) VALUES ('Empty and not active');
SELECT active FROM process.sales_process WHERE name = 'Empty and not active';
SELECT pg_temp.fails($$UPDATE process.sales_process SET active = true WHERE name = 'Empty and not active'$$);
SELECT pg_temp.fails(format($$INSERT INTO process.sales_process_step (process_id, stage_order, name, percent, is_won)
    SELECT process_id, n, 'step ' || n, p, p = 100 FROM process.sales_process,
           (VALUES (1, 50), (2, 20), (3, 100), (4, 100), (5, 10)) v(n, p)
     WHERE name = 'Empty and not active'$$));
SELECT pg_temp.fails(format('DELETE FROM process.sales_process_step WHERE process_id = %s AND is_won', :hand));
SELECT pg_temp.fails(format('DELETE FROM process.sales_process_step WHERE process_id = %s AND NOT is_won', :hand));
SELECT pg_temp.fails(format('UPDATE process.sales_process_step SET stage_order = 10 - stage_order WHERE process_id = %s', :nine));
SELECT pg_temp.fails(format('UPDATE process.sales_process_step SET percent = 90 WHERE process_id = %s AND is_won', :hand));
SELECT pg_temp.fails(format('UPDATE process.sales_process_step SET percent = 101 WHERE process_id = %s', :hand));
SELECT pg_temp.fails(format('UPDATE process.sales_process_step SET is_settlement = true WHERE process_id = %s AND stage_order = 1', :hand));
SELECT pg_temp.fails(format('UPDATE process.sales_process_step SET is_settlement = true WHERE process_id = %s AND is_won', :hand));
SELECT pg_temp.fails(format('UPDATE process.sales_process_step SET is_settlement = NOT is_settlement WHERE process_id = %s AND is_won', :nine));
\echo '-- the same at COMMIT'
BEGIN;
UPDATE process.sales_process_step SET percent = 99 WHERE process_id = :six AND stage_order = 1;
COMMIT;
SELECT percent FROM process.sales_process_step WHERE process_id = :six AND stage_order = 1;

\echo '-- steps can be inserted and moved; opportunities stay where they are'
INSERT INTO process.opportunity (name, stage_id, amount, currency)
SELECT name, stage_id, 100, 'EUR' FROM process.sales_process_step WHERE process_id = :copy AND NOT is_won ORDER BY stage_order;
SELECT sales_forecast.insert_sales_process_step(:copy, 4, 'Demo', 50, 'Needs are known.', crm_schema => 'process') > 0;
SELECT sales_forecast.insert_sales_process_step(:copy, 8, 'Invoice paid', 100, is_settlement => true, crm_schema => 'process') > 0;
SELECT stage_id AS demo FROM process.sales_process_step WHERE process_id = :copy AND name = 'Demo' \gset
SELECT pg_temp.steps(:copy);
SELECT sales_forecast.move_sales_process_step(:demo, 3, 30, 'process');
SELECT pg_temp.steps(:copy);
SELECT bool_and(o.name = s.name) FROM process.opportunity o JOIN process.sales_process_step s USING (stage_id);
SELECT pg_temp.fails(format('SELECT sales_forecast.move_sales_process_step(%s, 1, NULL, ''process'')', :demo));
SELECT pg_temp.fails(format('SELECT sales_forecast.move_sales_process_step(%s, 9, NULL, ''process'')', :demo));
SELECT pg_temp.fails(format('SELECT sales_forecast.move_sales_process_step(%s, NULL, NULL, ''process'')', :demo));
SELECT pg_temp.fails($$SELECT sales_forecast.move_sales_process_step(999, 1, NULL, 'process')$$);
SELECT pg_temp.fails(format('SELECT sales_forecast.insert_sales_process_step(%s, 0, ''x'', 10, crm_schema => ''process'')', :copy));
SELECT pg_temp.fails(format('SELECT sales_forecast.insert_sales_process_step(%s, 2, ''x'', 90, crm_schema => ''process'')', :copy));
SELECT pg_temp.fails(format('SELECT sales_forecast.insert_sales_process_step(%s, 2, ''Demo'', 15, crm_schema => ''process'')', :copy));
SELECT pg_temp.fails(format('SELECT sales_forecast.insert_sales_process_step(%s, 2, ''x'', NULL, crm_schema => ''process'')', :copy));
SELECT pg_temp.fails($$SELECT sales_forecast.insert_sales_process_step(99, 1, 'x', 1, crm_schema => 'process')$$);
\echo '-- plain SQL may swap two steps in one statement'
BEGIN;
UPDATE process.sales_process_step
   SET stage_order = CASE stage_order WHEN 3 THEN 4 ELSE 3 END,
       percent = CASE stage_order WHEN 3 THEN 45 ELSE percent END
 WHERE process_id = :copy AND stage_order IN (3, 4);
COMMIT;
SELECT pg_temp.steps(:copy);

\echo '-- a step in use keeps its meaning and stays; one never used may go'
SELECT pg_temp.fails(format('DELETE FROM process.sales_process_step WHERE process_id = %s AND name = ''Offer''', :copy));
SELECT pg_temp.fails(format('UPDATE process.sales_process_step SET percent = 100, is_won = true WHERE process_id = %s AND name = ''Offer''', :copy));
SELECT pg_temp.fails(format('UPDATE process.sales_process_step SET process_id = %s, name = ''y'', stage_order = 99 WHERE process_id = %s AND name = ''Offer''', :own, :copy));
UPDATE process.sales_process_step SET name = 'Quote', percent = 62.5 WHERE process_id = :copy AND name = 'Offer';
DELETE FROM process.sales_process_step WHERE stage_id = :demo;
SELECT pg_temp.steps(:copy);

\echo '-- default process: employee, region, department, all; newest of several; none and inactive never'
SELECT sales_forecast.resolve_sales_process('CDA', crm_schema => 'process');
INSERT INTO process.sales_process_default (process_id, kind) VALUES (:fixed, 'all');
INSERT INTO process.sales_process_default (process_id, kind, department) VALUES (:eight, 'department', 'Sales'), (:eight, 'department', 'Service');
INSERT INTO process.sales_process_default (process_id, kind, owner_id) VALUES (:nine, 'employee', 'AHL');
CREATE FUNCTION pg_temp.default_of(employee text, region text DEFAULT NULL, department text DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
    SELECT name FROM process.sales_process
     WHERE process_id = sales_forecast.resolve_sales_process(employee, region, department, 'process')
$$;
SELECT v.*, pg_temp.default_of(e, r, d) FROM (VALUES
    ('AHL', NULL, NULL), ('AHL', 'South', 'Service'), ('BKO', 'North', NULL), ('BKO', NULL, NULL), ('BKO', 'South', 'Sales'),
    ('CDA', NULL, NULL), ('CDA', 'North', 'Sales'), (NULL, NULL, 'Sales'), (NULL, NULL, NULL), ('nobody', 'nowhere', 'none')) v(e, r, d);
\echo '-- newest'
INSERT INTO process.sales_process_default (process_id, kind, region) VALUES (:own, 'region', 'North');
SELECT pg_temp.default_of(NULL, 'North');
UPDATE process.sales_process SET active = false WHERE process_id = :own;
SELECT pg_temp.default_of(NULL, 'North');
UPDATE process.sales_process SET active = false WHERE process_id = :nine;
SELECT pg_temp.default_of('AHL');
UPDATE process.sales_process SET active = true WHERE process_id = :nine;
SELECT pg_temp.fails(format('INSERT INTO process.sales_process_default (process_id, kind) VALUES (%s, ''none'')', :fixed));
INSERT INTO process.sales_process_default (process_id, kind) VALUES (:copy, 'none');
SELECT pg_temp.fails(format('INSERT INTO process.sales_process_default (process_id, kind) VALUES (%s, ''none'')', :copy));
SELECT pg_temp.fails(format('INSERT INTO process.sales_process_default (process_id, kind) VALUES (%s, ''employee'')', :eight));
SELECT pg_temp.fails(format('INSERT INTO process.sales_process_default (process_id, kind, region) VALUES (%s, ''all'', ''North'')', :eight));
SELECT pg_temp.fails(format('INSERT INTO process.sales_process_default (process_id, kind, region) VALUES (%s, ''region'', ''West'')', :eight));
SELECT pg_temp.fails(format('INSERT INTO process.sales_process_default (process_id, kind, region) VALUES (%s, ''team'', ''North'')', :eight));
SELECT pg_temp.fails($$SELECT sales_forecast.resolve_sales_process('AHL', crm_schema => NULL)$$);
\echo '-- a new opportunity gets it, with the first step; an inactive process takes no new ones'
INSERT INTO process.opportunity (name, owner_id) VALUES ('d1', 'AHL'), ('d2', 'BKO'), ('d3', 'CDA'), ('d4', NULL);
SELECT o.name, p.name, s.name FROM process.opportunity o JOIN process.sales_process p USING (process_id)
  JOIN process.sales_process_step s USING (stage_id) WHERE o.name LIKE 'd_' ORDER BY 1;
SELECT pg_temp.fails(format('INSERT INTO process.opportunity (name, process_id) VALUES (''x'', %s)', :own));
SELECT pg_temp.fails(format('UPDATE process.opportunity SET process_id = %s, stage_id = (SELECT min(stage_id) FROM process.sales_process_step WHERE process_id = %s) WHERE name = ''d1''', :own, :own));
SELECT pg_temp.fails($$UPDATE process.opportunity SET process_id = NULL WHERE name = 'd1'$$);

\echo '-- lost in any open step, and then gone from the forecast; never lost once won'
SELECT opportunity_id AS d3 FROM process.opportunity WHERE name = 'd3' \gset
UPDATE process.opportunity SET amount = 1000, currency = 'EUR' WHERE opportunity_id = :d3;
CREATE FUNCTION pg_temp.deal(id bigint) RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', o.status, s.name, 'closed: ' || (o.closed_at IS NOT NULL), o.lost_reason,
                     'weighs', trim_scale(w.weighted_value),
                     'moves', (SELECT count(*) FROM process.stage_change c WHERE c.opportunity_id = id))
      FROM process.opportunity o JOIN process.sales_process_step s USING (stage_id)
      JOIN process.sales_process_opportunity w USING (opportunity_id) WHERE o.opportunity_id = id
$$;
CREATE FUNCTION pg_temp.try_losing(id bigint, step text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM sales_forecast.move_opportunity(id, step, 'process');
    PERFORM sales_forecast.lose_opportunity(id, 'price', 'process');
    RETURN pg_temp.deal(id) || ', in the roll-up: '
           || (SELECT coalesce(sum(deals), 0) FROM process.sales_process_rollup WHERE amount >= 1000);
EXCEPTION WHEN object_not_in_prerequisite_state THEN
    RETURN SQLSTATE || ' ' || SQLERRM;
END
$$;
SELECT pg_temp.try_losing(:d3, 'Created');
SELECT sales_forecast.reopen_opportunity(:d3, 'process');
SELECT pg_temp.deal(:d3);
SELECT pg_temp.try_losing(:d3, 'Initial contact');
SELECT sales_forecast.reopen_opportunity(:d3, 'process');
SELECT pg_temp.try_losing(:d3, 'Written quote');
SELECT sales_forecast.reopen_opportunity(:d3, 'process');
SELECT pg_temp.try_losing(:d3, 'Accepted verbally');
SELECT pg_temp.fails(format('SELECT sales_forecast.move_opportunity(%s, ''Contract'', ''process'')', :d3));
SELECT pg_temp.fails(format('SELECT sales_forecast.lose_opportunity(%s, NULL, ''process'')', :d3));
SELECT sales_forecast.reopen_opportunity(:d3, 'process');
SELECT pg_temp.try_losing(:d3, 'Contract');
SELECT pg_temp.deal(:d3);
\echo '-- won by moving, by status, by function; back to an open step reopens'
SELECT sales_forecast.move_opportunity(:d3, 'Contract', 'process');
SELECT pg_temp.deal(:d3);
SELECT pg_temp.fails(format('UPDATE process.opportunity SET status = ''open'' WHERE opportunity_id = %s', :d3));
SELECT pg_temp.fails(format('UPDATE process.opportunity SET status = ''lost'' WHERE opportunity_id = %s', :d3));
SELECT pg_temp.fails(format('SELECT sales_forecast.win_opportunity(%s, ''process'')', :d3));
SELECT pg_temp.fails(format('SELECT sales_forecast.reopen_opportunity(%s, ''process'')', :d3));
SELECT sales_forecast.move_opportunity(:d3, 'Written quote', 'process');
SELECT pg_temp.deal(:d3);
UPDATE process.opportunity SET status = 'won' WHERE opportunity_id = :d3;
SELECT pg_temp.deal(:d3);
SELECT pg_temp.fails(format('UPDATE process.opportunity o SET status = ''won'', stage_id = s.stage_id FROM process.sales_process_step s
    WHERE s.process_id = %s AND s.name = ''Negotiation'' AND o.name = ''First contact''', :copy));
SELECT opportunity_id AS d1 FROM process.opportunity WHERE name = 'd1' \gset
SELECT sales_forecast.win_opportunity(:d1, 'process');
SELECT closed_at AS won_at FROM process.opportunity WHERE opportunity_id = :d1 \gset
SELECT sales_forecast.move_opportunity(:d1, 'Financial settlement', 'process');
SELECT pg_temp.deal(:d1), closed_at = :'won_at' FROM process.opportunity WHERE opportunity_id = :d1;
SELECT pg_temp.fails(format('SELECT sales_forecast.lose_opportunity(%s, NULL, ''process'')', :d1));
INSERT INTO process.opportunity (name, process_id, status, closed_at) VALUES ('sold long ago', :six, 'won', '2020-01-01 00:00+00')
    RETURNING status, closed_at = '2020-01-01 00:00+00', (SELECT name FROM process.sales_process_step s WHERE s.stage_id = opportunity.stage_id);
SELECT pg_temp.fails(format('INSERT INTO process.opportunity (name, stage_id, status) SELECT ''x'', stage_id, ''lost'' FROM process.sales_process_step WHERE process_id = %s AND is_won', :six));
SELECT s.name, t.name FROM process.stage_change c LEFT JOIN process.sales_process_step s ON s.stage_id = c.from_stage_id
  LEFT JOIN process.sales_process_step t ON t.stage_id = c.to_stage_id WHERE opportunity_id = :d3 ORDER BY c.changed_at;
SELECT field, old_value, new_value FROM process.opportunity_change
 WHERE opportunity_id = :d3 AND field IN ('status', 'lost_reason') ORDER BY opportunity_change_id;
SELECT pg_temp.fails(format('SELECT sales_forecast.move_opportunity(%s, ''Offer'', ''process'')', :d3));
SELECT pg_temp.fails(format('SELECT sales_forecast.move_opportunity(%s, NULL::bigint, ''process'')', :d3));
SELECT pg_temp.fails($$SELECT sales_forecast.move_opportunity(9999, 'Offer', 'process')$$);
SELECT pg_temp.fails($$SELECT sales_forecast.move_opportunity(NULL, 1, 'process')$$);
SELECT pg_temp.fails($$SELECT sales_forecast.lose_opportunity(9999, NULL, 'process')$$);

\echo '-- the process list'
SELECT name, default_for, steps, in_use, open_opportunities, changed_initials, created_initials, active, mine, template_name
  FROM process.sales_process_list ORDER BY process_id;
\echo '-- opportunities of a template'
SELECT template_name, process_name, count(*), trim_scale(sum(weighted_value)) FROM process.sales_process_opportunity
 GROUP BY 1, 2 ORDER BY 1, 2;
\echo '-- all processes in common bands; parts equal the whole and weighted_value'
INSERT INTO process.opportunity (name, stage_id, amount, currency)
SELECT 'r' || stage_id, stage_id, 100 + stage_id + 0.01, CASE WHEN process_id = :nine THEN 'NOK' ELSE 'EUR' END
  FROM process.sales_process_step WHERE NOT is_won AND process_id NOT IN (:own, :hand);
BEGIN;
SELECT sales_forecast.begin_history_load('process');
INSERT INTO process.opportunity (name, stage_id, amount, currency) VALUES ('unknown stage', 99999, 1, 'EUR');
SELECT sales_forecast.end_history_load('process');
COMMIT;
SELECT percent_from, percent_to, currency, processes, deals, deals_without_amount, amount, trim_scale(weighted_value)
  FROM process.sales_process_rollup ORDER BY 1, 3;
SELECT (SELECT sum(deals) FROM process.sales_process_rollup) = count(*),
       (SELECT sum(amount) FROM process.sales_process_rollup) = sum(o.amount),
       (SELECT sum(weighted_value) FROM process.sales_process_rollup)
           = sales_forecast.weighted_value(o.amount, s.probability)
  FROM process.opportunity o LEFT JOIN process.sales_process_step s USING (stage_id) WHERE o.status = 'open';

\echo '-- the filters of the list'
UPDATE process.sales_process SET note = 'AS_1 100%' WHERE process_id = :copy2;
CREATE ROLE regress_process_other;
GRANT USAGE ON SCHEMA process, sales_forecast TO regress_process_other;
GRANT SELECT, UPDATE ON ALL TABLES IN SCHEMA process TO regress_process_other;
SELECT changed_at AS then FROM process.sales_process WHERE process_id = :fixed \gset
SET ROLE regress_process_other;
SELECT count(*) FROM process.sales_process_list WHERE mine;
UPDATE process.sales_process SET note = 'mine now', created_by = 'x', changed_by = 'y', created_at = '2000-01-01'
 WHERE process_id = :fixed RETURNING created_by <> 'x', changed_by, changed_at > :'then', created_at > '2001-01-01';
SELECT name FROM process.sales_process_list WHERE mine;
SELECT count(*) FROM process.sales_process_list WHERE NOT mine;
RESET ROLE;
SELECT name, mine, changed_by FROM process.sales_process_list WHERE process_id = :fixed;
SELECT name FROM process.sales_process_list WHERE NOT active ORDER BY 1;
SELECT name FROM process.sales_process_list WHERE steps >= 8 AND in_use <> 0 AND name ILIKE sales_forecast.search_pattern('s') ORDER BY 1;
SELECT term, sales_forecast.search_pattern(term), string_agg(name, ', ' ORDER BY process_id)
  FROM (VALUES (1, 'As%'), (2, '%ic'), (3, 'ol'), (4, 'S%s'), (5, '_'), (6, '\'), (7, '')) t(n, term)
  LEFT JOIN process.sales_process_list l ON l.name ILIKE sales_forecast.search_pattern(term) GROUP BY n, term ORDER BY n;
SELECT sales_forecast.search_pattern(NULL);
SELECT name FROM process.sales_process_list WHERE note ILIKE sales_forecast.search_pattern('as_1');
SELECT name FROM process.sales_process_list l WHERE EXISTS
    (SELECT FROM process.sales_process_default d WHERE d.process_id = l.process_id AND d.department = 'Service');

\echo '-- the list goes out as CSV'
COPY (SELECT name, default_for, steps, in_use, note FROM process.sales_process_list WHERE active ORDER BY name) TO STDOUT (FORMAT csv, HEADER, FORCE_QUOTE (note));

\echo '-- a step or default that changes, changes its process; by whom is in the list'
SELECT changed_at AS then FROM process.sales_process WHERE process_id = :fixed \gset
UPDATE process.sales_process_step SET exit_criteria = 'Signed.' WHERE process_id = :fixed AND stage_order = 5;
SELECT changed_at > :'then', changed_by = current_user FROM process.sales_process WHERE process_id = :fixed;
SELECT changed_at AS then FROM process.sales_process WHERE process_id = :fixed \gset
DELETE FROM process.sales_process_default WHERE process_id = :fixed;
SELECT changed_at > :'then' FROM process.sales_process WHERE process_id = :fixed;
SELECT changed_at AS then FROM process.sales_process WHERE process_id = :fixed \gset
UPDATE process.sales_process SET note = note WHERE process_id = :fixed;
SELECT changed_at = :'then' FROM process.sales_process WHERE process_id = :fixed;
CREATE TEMPORARY TABLE stamped AS SELECT stage_id, changed_at FROM process.sales_process_step WHERE process_id = :fixed;
UPDATE process.sales_process_step SET name = name WHERE process_id = :fixed;
SELECT count(*) FROM (TABLE stamped EXCEPT SELECT stage_id, changed_at FROM process.sales_process_step) t;
SELECT changed_at = :'then' FROM process.sales_process WHERE process_id = :fixed;

\echo '-- delete one, delete many: never what is in use'
SELECT pg_temp.fails(format('DELETE FROM process.sales_process WHERE process_id = %s', :fixed));
SELECT pg_temp.fails($$DELETE FROM process.sales_process WHERE name = 'Solutions'$$);
SELECT pg_temp.fails(format('SELECT sales_forecast.delete_sales_processes(ARRAY[%s, %s, %s], ''process'')', :fixed, :own, :six));
DELETE FROM process.opportunity WHERE process_id = :six;
DELETE FROM process.opportunity WHERE process_id = :copy2;
SELECT pg_temp.fails(format('DELETE FROM process.sales_process WHERE process_id = %s', :six));
SELECT pg_temp.fails(format('SELECT sales_forecast.delete_sales_processes(ARRAY[%s], ''process'')', :six));
DELETE FROM process.sales_process WHERE process_id = :hand;
SELECT sales_forecast.delete_sales_processes(ARRAY[:own, :copy2, 9999], 'process');
SELECT sales_forecast.delete_sales_processes(NULL, 'process'), sales_forecast.delete_sales_processes('{}', 'process');
\echo '-- opportunities that went over to another process still keep the old one'
SELECT sales_forecast.copy_sales_process(:six, 'Left behind', 'process') AS behind \gset
INSERT INTO process.opportunity (name, process_id) VALUES ('wanderer', :behind);
UPDATE process.opportunity SET process_id = :eight, stage_id = (SELECT min(stage_id) FROM process.sales_process_step WHERE process_id = :eight)
 WHERE name = 'wanderer';
SELECT pg_temp.fails(format('DELETE FROM process.sales_process WHERE process_id = %s', :behind));
SELECT pg_temp.fails(format('SELECT sales_forecast.delete_sales_processes(ARRAY[%s], ''process'')', :behind));
SELECT pg_temp.fails(format('SELECT sales_forecast.delete_sales_processes(ARRAY[%s, %s], ''process'')', :behind, :eight));
SELECT name, in_use > 0, ever_in_use FROM process.sales_process_list WHERE in_use = 0 OR process_id = :eight ORDER BY process_id;
\echo '-- the foreign keys hold without the triggers'
BEGIN;
SELECT sales_forecast.begin_history_load('process');
SELECT pg_temp.fails(format('DELETE FROM process.sales_process WHERE process_id = %s', :fixed));
SELECT pg_temp.fails(format('DELETE FROM process.sales_process_step WHERE process_id = %s', :fixed));
ROLLBACK;
SELECT name, steps, in_use FROM process.sales_process_list ORDER BY process_id;

SET client_min_messages = error;
DROP OWNED BY regress_process_other;
DROP ROLE regress_process_other;
DROP SCHEMA process CASCADE;
