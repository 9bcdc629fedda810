-- Laws of the model registry: who may do what with whose models, what training leaves behind and what it does not,
-- the champion rule, versions and the log.  The extension belongs to an ordinary role here.
BEGIN;
SELECT no_plan();
SET LOCAL client_min_messages = 'error';

CREATE ROLE m_installer;
CREATE ROLE m_owner;
CREATE ROLE m_user;
CREATE ROLE m_manager;
CREATE ROLE m_helper;
CREATE ROLE m_stranger;
CREATE ROLE m_other;
CREATE ROLE m_group;
CREATE ROLE m_member IN ROLE m_group;
CREATE ROLE m_outside IN ROLE m_group NOINHERIT;
SELECT lives_ok(format('GRANT CREATE ON DATABASE %I TO m_installer', current_database()), 'an ordinary role may create schemas');

-- What a statement gives a role: its SQLSTATE, 00000 if it goes through; or its first value, or the SQLSTATE.
CREATE FUNCTION pg_temp.as_role(role name, statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('role', role, true);
    EXECUTE statement;
    PERFORM set_config('role', 'none', true);
    RETURN '00000';
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE;
END $$;
CREATE FUNCTION pg_temp.value_as(role name, query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    found text;
BEGIN
    PERFORM set_config('role', role, true);
    EXECUTE query INTO found;
    PERFORM set_config('role', 'none', true);
    RETURN found;
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE;
END $$;
-- What goes wrong, in words.
CREATE FUNCTION pg_temp.said_to(role name, statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('role', role, true);
    EXECUTE statement;
    PERFORM set_config('role', 'none', true);
    RETURN 'nothing';
EXCEPTION WHEN OTHERS THEN
    RETURN SQLERRM;
END $$;

DROP EXTENSION sales_forecast;
DROP SCHEMA IF EXISTS sales_forecast;
SELECT is(pg_temp.as_role('m_installer', 'CREATE EXTENSION sales_forecast'), '00000', 'an ordinary role installs');
SELECT is(pg_temp.as_role('m_installer', 'GRANT USAGE ON SCHEMA sales_forecast TO PUBLIC'), '00000', 'and lets everybody in');
SET LOCAL search_path = public, sales_forecast;

-- Deals whose size tells a lot and whose noise tells nothing.
CREATE SCHEMA sales;
GRANT USAGE ON SCHEMA sales TO PUBLIC;
CREATE TABLE sales.deal AS
SELECT g AS deal_id, CASE WHEN g <= 900 THEN (hashint4(g) & 65535) / 65536.0 < CASE g % 3 WHEN 0 THEN 0.15 WHEN 1 THEN 0.5 ELSE 0.85 END END AS won,
       g % 3 AS size, hashint4(-g) % 5 AS noise, g % 2 AS region, (ARRAY['north', 'south'])[1 + g % 2] AS area, date '2022-01-01' + g AS as_of
FROM generate_series(1, 1000) AS g;
GRANT SELECT ON sales.deal TO m_owner, m_manager, m_helper, m_other, m_user, m_member;
CREATE FUNCTION pg_temp.train(name text, columns text DEFAULT 'won, size, as_of', options text DEFAULT $$win_options('logistic')$$)
RETURNS text LANGUAGE sql AS $$
SELECT format('SELECT status FROM train_model(%L, %L, %s)', $1, 'SELECT ' || $2 || ' FROM sales.deal', $3)
$$;

-- Who may store at all.
SELECT is(pg_temp.as_role('m_owner', pg_temp.train('mine')), '42501', 'nobody stores a model unasked');
SELECT matches(pg_temp.said_to('m_owner', pg_temp.train('mine')), 'may not store models', 'and is told why');
SELECT is(pg_temp.as_role('m_owner', 'SELECT drop_model(''mine'')'), '42501', 'nor manages one');
SELECT is(pg_temp.as_role('m_owner', 'SELECT allow_training(''m_owner'')'), '42501', 'nor allows it to himself');
SELECT is(pg_temp.as_role('m_installer', format('SELECT allow_training(%L)', r)), '00000', 'the installer allows ' || r)
FROM unnest('{m_owner,m_manager,m_other}'::name[]) AS r;
SELECT is(pg_temp.as_role('m_owner', 'SELECT allow_training(''m_stranger'')'), '42501', 'who may store does not let others');
SELECT is(pg_temp.as_role('m_installer', 'SELECT allow_training(''no_such_role'')'), '42704', 'a role that is none cannot be allowed');
SELECT is(pg_temp.as_role('m_stranger', 'INSERT INTO new_model (name, kind) VALUES (''x'', ''win'')'), '42501', 'a stranger writes no model');
SELECT is(pg_temp.as_role('m_stranger', 'INSERT INTO own_run (name, action, outcome, reason) VALUES (''x'', ''x'', ''x'', ''x'')'), '42501', 'nor a log');
SELECT is(pg_temp.as_role(r, 'TABLE ' || t), '42501', format('%s does not read %s', r, t))
FROM unnest('{m_stranger,m_owner}'::name[]) AS r, unnest('{stored_model,stored_version,stored_run,stored_grant,model_right}'::name[]) AS t;
SELECT is(pg_temp.as_role(r, format('DELETE FROM %I', t)), '42501', format('%s does not empty %s', r, t))
FROM unnest('{m_stranger,m_owner}'::name[]) AS r, unnest('{stored_model,stored_version,stored_run,stored_grant,own_run,model,model_version,model_run}'::name[]) AS t;

-- Training.
SELECT is(pg_temp.value_as('m_owner', pg_temp.train('mine')), 'promoted', 'who may, trains');
SELECT is(pg_temp.value_as('m_owner', 'SELECT owner || '' '' || promoted || '' '' || may_manage FROM model'), 'm_owner 1 true', 'it is his');
SELECT is(pg_temp.value_as('m_owner', 'SELECT trained_by || '' '' || query FROM model_version'), 'm_owner SELECT won, size, as_of FROM sales.deal',
          'who and what is kept');
SELECT is(pg_temp.value_as('m_owner', 'SELECT string_agg(action || '' '' || outcome || '' '' || run_by, '', '') FROM model_run'), 'train promoted m_owner', 'and logged');
SELECT isnt(pg_temp.value_as('m_owner', 'SELECT win_probability(''mine'', d) FROM sales.deal AS d LIMIT 1'), '55000', 'he predicts with it');

-- A stranger: nothing to be seen, nothing to be had.
CREATE TABLE open_deal AS SELECT 1 AS size, date '2025-01-01' AS as_of;
GRANT SELECT ON open_deal TO PUBLIC;
SELECT is(pg_temp.value_as(r, format('SELECT count(*) FROM %I', v)), '0', format('%s sees no row of %s', r, v))
FROM unnest('{m_stranger,m_other,m_user,m_installer,m_member}'::name[]) AS r, unnest('{model,model_version,model_run,model_grant}'::name[]) AS v;
SELECT is(pg_temp.as_role(r, 'SELECT win_probability(''mine'', d) FROM open_deal AS d'), '55000', r || ' predicts with no model')
FROM unnest('{m_stranger,m_other,m_installer}'::name[]) AS r;
SELECT is(replace(pg_temp.said_to('m_stranger', format('SELECT %s', call)), 'mine', 'none'),
          pg_temp.said_to('m_stranger', format('SELECT %s', replace(call, 'mine', 'none'))), 'a model unseen is one that is not there: ' || call)
FROM unnest(ARRAY['model_card(''mine'')', 'model_card(''mine@1'')', 'promoted_win_model(''mine'')', 'export_model(''mine'')', 'compare_models(''mine'', ''mine'', ''SELECT 1'')',
                  'promoted_close_model(''mine'')', 'drop_model(''mine'')']) AS call;
SELECT is(replace(pg_temp.said_to('m_other', format('SELECT %s', call)), 'mine', 'none'),
          pg_temp.said_to('m_other', format('SELECT %s', replace(call, 'mine', 'none'))), 'also to who trains his own: ' || call)
FROM unnest(ARRAY['drop_model(''mine'')', 'promote_model(''mine'', 1)', 'rollback_model(''mine'')', 'purge_model_versions(''mine'', 1)', 'set_model_policy(''mine'')',
                  'grant_model(''mine'', ''m_other'')', 'revoke_model(''mine'', ''m_owner'')']) AS call;
-- A function that is cheap and tells what it sees is not called before the barrier.
CREATE FUNCTION public.tell(text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE COST 0.0001 AS 'BEGIN RAISE EXCEPTION ''seen: %'', $1 USING ERRCODE = ''ZZ001''; END';
SELECT is(pg_temp.as_role('m_stranger', format('SELECT 1 FROM %I WHERE public.tell(%s::text)', v, c)), '00000', 'no function sees hidden rows of ' || v)
FROM (VALUES ('model', 'name'), ('model_version', 'query'), ('model_run', 'reason'), ('model_grant', 'grantee')) AS s(v, c);

-- Names.
SELECT is(pg_temp.as_role('m_other', pg_temp.train('mine')), '42501', 'a name is not taken from its owner');
SELECT matches(pg_temp.said_to('m_other', pg_temp.train('mine')), 'belongs to another role', 'which is all he is told');
SELECT is(pg_temp.as_role('m_other', 'SELECT train_close_model(''mine'', ''SELECT 1'')'), '42501', 'nor by another kind of model');
SELECT is(pg_temp.as_role('m_owner', 'SELECT train_close_model(''mine'', ''SELECT 1'')'), '22023', 'nor does one name stand for two kinds');
SELECT is(pg_temp.as_role('m_owner', pg_temp.train(n)), '22023', 'no name: ' || coalesce(quote_literal(n), 'NULL'))
FROM unnest(ARRAY['', ' x', 'x ', E'a\nb', 'x@1', repeat('x', 201), NULL]) AS n;
SELECT is(pg_temp.value_as('m_other', 'SELECT count(*) FROM model'), '0', 'trying a name leaves none behind');

-- What a writer may do by hand: with his own, and no more.
SELECT is(pg_temp.as_role('m_other', 'INSERT INTO new_model (name, kind) VALUES (''his'', ''win'')'), '00000', 'by hand: a model of his own');
SELECT is(pg_temp.as_role('m_other', 'INSERT INTO new_model (name, kind, owner) VALUES (''hers'', ''win'', ''m_owner'')'), '42501', 'not in the name of another');
SELECT is(pg_temp.as_role('m_other', 'INSERT INTO new_model (name, kind) VALUES (''mine'', ''win'')'), '23505', 'not under a name that is taken');
SELECT is(pg_temp.as_role('m_other', 'UPDATE own_model SET owner = ''m_owner'''), '42501', 'he does not give it away');
SELECT is(pg_temp.as_role('m_other', 'UPDATE own_model SET name = ''mine2'''), '42501', 'nor rename it');
SELECT is(pg_temp.value_as('m_other', 'WITH u AS (UPDATE own_model SET promoted = 1 WHERE name = ''mine'' RETURNING 1) SELECT count(*) FROM u'), '0', 'he changes no other model');
SELECT is(pg_temp.value_as('m_other', 'WITH u AS (DELETE FROM own_model WHERE name = ''mine'' RETURNING 1) SELECT count(*) FROM u'), '0', 'and removes none');
SELECT is(pg_temp.value_as('m_other', format('WITH u AS (%s RETURNING 1) SELECT count(*) FROM u', s)), '0', 'nothing happens: ' || s)
FROM unnest(ARRAY['UPDATE own_version SET status = ''retired'' WHERE name = ''mine''', 'DELETE FROM own_version WHERE name = ''mine''', 'DELETE FROM own_grant WHERE name = ''mine''']) AS s;
SELECT is(pg_temp.as_role('m_other', s), e, s)
FROM (VALUES
    ($$INSERT INTO new_version (name, version, status, reason, query, options, seed, forced, win) SELECT 'mine', 9, 'promoted', '', '', '', 0, false, fit_win_model(won, d, win_options('logistic')) FROM (SELECT won, size FROM sales.deal) AS d$$, '44000'),
    ($$INSERT INTO new_version (name, version, status, reason, query, options, seed, forced, win, trained_by) SELECT 'his', 9, 'promoted', '', '', '', 0, false, fit_win_model(won, d, win_options('logistic')), 'm_owner' FROM (SELECT won, size FROM sales.deal) AS d$$, '42501'),
    ($$INSERT INTO new_version (name, version, status, reason, query, options, seed, forced) VALUES ('his', 9, 'promoted', '', '', '', 0, false)$$, '23514'),
    ($$INSERT INTO own_grant (name, grantee, privilege) VALUES ('mine', 'm_other', 'manage')$$, '44000'),
    ($$INSERT INTO own_grant (name, grantee, privilege) VALUES ('his', 'm_user', 'use')$$, '00000'),
    ($$INSERT INTO own_grant (name, grantee, privilege, granted_by) VALUES ('his', 'm_helper', 'use', 'm_owner')$$, '42501'),
    ($$INSERT INTO own_model (name, kind) VALUES ('mine', 'win') ON CONFLICT (name) DO UPDATE SET promoted = NULL$$, '42501'),
    ($$INSERT INTO new_model (name, kind) VALUES ('mine', 'win') ON CONFLICT (name) DO UPDATE SET kind = new_model.owner$$, '42501'),
    ($$INSERT INTO own_version (name, version, status, reason, query, options, seed, forced) VALUES ('mine', 1, '', '', '', '', 0, false) ON CONFLICT (name, version) DO UPDATE SET reason = own_version.query$$, '42501'),
    ($$INSERT INTO new_version (name, version, status, reason, query, options, seed, forced) VALUES ('mine', 1, 'retired', '', '', '', 0, false) ON CONFLICT (name, version) DO UPDATE SET reason = new_version.query$$, '42501'),
    ($$INSERT INTO new_version (name, version, status, reason, query, options, seed, forced) VALUES ('his', 1, 'retired', '', '', '', 0, false) RETURNING query$$, '42501'),
    ($$INSERT INTO own_grant (name, grantee, privilege) VALUES ('mine', 'm_user', 'use') ON CONFLICT (name, grantee) DO UPDATE SET privilege = 'manage'$$, '42501'),
    ($$UPDATE own_grant SET name = 'mine'$$, '42501'),
    ($$UPDATE own_version SET name = 'mine'$$, '42501'),
    ($$UPDATE own_version SET trained_by = 'm_owner'$$, '42501'),
    ($$INSERT INTO own_run (model_id, name, action, outcome, reason) SELECT n, 'mine', 'train', 'promoted', 'forged' FROM generate_series(1, 9) AS n$$, '44000'),
    ($$INSERT INTO own_run (name, action, outcome, reason, run_by) VALUES ('mine', 'train', 'promoted', 'forged', 'm_owner')$$, '42501'),
    ($$INSERT INTO own_run (name, action, outcome, reason, run_at) VALUES ('mine', 'train', 'promoted', 'forged', now())$$, '42501'),
    ($$INSERT INTO own_run (name, action, outcome, reason, run_id) OVERRIDING SYSTEM VALUE VALUES ('mine', 'train', 'promoted', 'forged', 1)$$, '42501'),
    ($$UPDATE own_run SET reason = 'forged'$$, '42501'), ($$DELETE FROM own_run$$, '42501'), ($$TRUNCATE own_model$$, '42809'),
    ($$TRUNCATE stored_model$$, '42501'), ($$INSERT INTO model_grant SELECT * FROM model_grant$$, '42501'),
    ($$CREATE TRIGGER t INSTEAD OF INSERT ON own_run FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()$$, '42501'),
    ($$INSERT INTO own_run (name, version, action, outcome, reason) VALUES ('mine', 2147483647, 'train', 'promoted', 'a line about nothing')$$, '00000')) AS v(s, e);
SELECT ok((SELECT model_id BETWEEN 1 AND 9 FROM stored_model WHERE name = 'mine'), 'the forged lines named this model');
SELECT is(pg_temp.value_as('m_owner', 'SELECT count(*) FROM model_run'), '1', 'the owner sees no line that a stranger wrote about his model');
SELECT is(pg_temp.value_as('m_owner', pg_temp.train('mine')), 'promoted', 'and trains on');
SELECT is(pg_temp.value_as('m_owner', 'SELECT promoted FROM model'), '2', 'with the next number');

-- Granted use.
SELECT is(pg_temp.as_role('m_owner', 'SELECT grant_model(''mine'', ''m_user'')'), '00000', 'the owner lets another use it');
SELECT is(pg_temp.value_as('m_user', 'SELECT count(*) FROM model_version WHERE name = ''mine'''), '2', 'he sees it');
SELECT is(pg_temp.value_as('m_user', 'SELECT win_probability(''mine'', d) BETWEEN 0 AND 1 FROM open_deal AS d'), 'true', 'he predicts with it');
SELECT is(pg_temp.value_as('m_user', 'SELECT count(*) > 10 FROM model_card(''mine'')'), 'true', 'he reads the card');
SELECT is(pg_temp.value_as('m_user', 'SELECT count(*) > 0 FROM model_run WHERE name = ''mine'''), 'true', 'and the log');
SELECT is(pg_temp.value_as('m_user', 'SELECT count(*) FROM model_grant WHERE name = ''mine'''), '0', 'not who else may');
SELECT is(pg_temp.as_role('m_user', call), '42501', 'he does not: ' || call)
FROM unnest(ARRAY['SELECT drop_model(''mine'')', 'SELECT promote_model(''mine'', 1)', 'SELECT grant_model(''mine'', ''m_stranger'')', pg_temp.train('mine'),
                  'SELECT import_model(export_model(''mine''))']) AS call;
SELECT is(pg_temp.as_role('m_installer', 'SELECT allow_training(''m_user'')'), '00000', 'even when he may train');
SELECT is(pg_temp.as_role('m_user', call), '42501', 'he does not: ' || call)
FROM unnest(ARRAY['SELECT drop_model(''mine'')', 'SELECT promote_model(''mine'', 1)', 'SELECT grant_model(''mine'', ''m_stranger'')', pg_temp.train('mine'),
                  'SELECT import_model(export_model(''mine''))']) AS call;
SELECT is(pg_temp.as_role('m_user', 'SELECT import_model(export_model(''mine''), ''copy of mine'')'), '00000', 'a copy of his own he may make');

-- Granted manage, with and without the right to store.
SELECT is(pg_temp.as_role('m_owner', format('SELECT grant_model(''mine'', %L, ''manage'')', r)), '00000', 'the owner lets manage: ' || r) FROM unnest('{m_manager,m_helper}'::name[]) AS r;
SELECT is(pg_temp.value_as('m_manager', pg_temp.train('mine')), 'promoted', 'a manager retrains');
SELECT is(pg_temp.value_as('m_manager', 'SELECT owner || '' '' || (SELECT trained_by FROM model_version WHERE version = 3) FROM model WHERE name = ''mine'''), 'm_owner m_manager', 'in his own name, the owner stays');
SELECT is(pg_temp.as_role('m_manager', 'UPDATE own_model SET owner = ''m_manager'''), '42501', 'he does not take it over');
SELECT is(pg_temp.as_role('m_manager', 'SELECT rollback_model(''mine'')'), '00000', 'he rolls back');
SELECT is(pg_temp.value_as('m_manager', 'SELECT promoted || '' '' || previous FROM model WHERE name = ''mine'''), '2 1', 'to the version before, and not forward again');
SELECT is(pg_temp.as_role('m_helper', 'SELECT rollback_model(''mine'')'), '42501', 'without the right to store there is no managing');
SELECT is(pg_temp.as_role('m_manager', 'SELECT revoke_model(''mine'', ''m_manager'')'), '00000', 'he may give his right up');
SELECT is(pg_temp.value_as('m_manager', 'SELECT count(*) FROM model'), '0', 'and then has none');
SELECT is(pg_temp.value_as('m_owner', 'SELECT run_by FROM model_run WHERE action = ''revoke'''), 'm_manager', 'the log says so');

-- Groups, everybody, nobody.
SELECT is(pg_temp.as_role('m_owner', 'SELECT grant_model(''mine'', ''m_group'')'), '00000', 'a group gets it');
SELECT is(pg_temp.value_as(r, 'SELECT count(*) FROM model'), n, r || ' sees as many models: ' || n) FROM (VALUES ('m_member', '1'), ('m_group', '1'), ('m_outside', '0'), ('m_stranger', '0')) AS v(r, n);
SELECT is(pg_temp.value_as('m_member', 'SELECT win_probability(''mine'', d) BETWEEN 0 AND 1 FROM open_deal AS d'), 'true', 'a member predicts');
SELECT is(pg_temp.as_role('m_outside', 'SELECT win_probability(''mine'', d) FROM open_deal AS d'), '55000', 'one that does not inherit does not');
SELECT is(pg_temp.as_role('m_owner', 'SELECT grant_model(''mine'', ''public'')'), '00000', 'everybody gets it');
SELECT is(pg_temp.value_as('m_stranger', 'SELECT win_probability(''mine'', d) BETWEEN 0 AND 1 FROM open_deal AS d'), 'true', 'a stranger predicts');
SELECT is(pg_temp.as_role('m_stranger', 'SELECT drop_model(''mine'')'), '42501', 'no more than that');
SELECT is(pg_temp.value_as('m_owner', format('SELECT revoke_model(''mine'', %L)', r)), 'true', 'taken back: ' || r) FROM unnest('{public,m_group,m_user}'::name[]) AS r;
SELECT is(pg_temp.value_as('m_owner', 'SELECT revoke_model(''mine'', ''m_stranger'')'), 'false', 'there was none to take back');
SELECT is(pg_temp.as_role(r, 'SELECT win_probability(''mine'', d) FROM open_deal AS d'), '55000', 'a right taken back is gone: ' || r) FROM unnest('{m_stranger,m_member,m_user}'::name[]) AS r;
SELECT is(pg_temp.as_role('m_owner', 'SELECT grant_model(''mine'', ''no_such_role'')'), '42704', 'no grant to a role that is none');
SELECT is(pg_temp.as_role('m_owner', 'SELECT grant_model(''mine'', ''m_user'', ''own'')'), '22023', 'no privilege of another name');

-- A right that ends within a session ends at once.
CREATE FUNCTION public.twice() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    d record;
    p float8;
BEGIN
    SELECT * INTO d FROM public.open_deal;
    FOR i IN 1..2 LOOP
        PERFORM set_config('role', CASE i WHEN 1 THEN 'm_owner' ELSE 'm_stranger' END, true);
        p := sales_forecast.win_probability('mine', d);
    END LOOP;
    RETURN 'it predicts';
END $$;
SELECT is(pg_temp.value_as('none', 'SELECT public.twice()'), '55000', 'what one role looked up is not kept for another');

-- What training sees is what the caller sees.
ALTER TABLE sales.deal ENABLE ROW LEVEL SECURITY;
CREATE POLICY regions ON sales.deal TO m_owner USING (region = 0);
SELECT is(pg_temp.value_as('m_owner', $$SELECT deals FROM train_model('rls', 'SELECT won, size, as_of FROM sales.deal', win_options('logistic'))$$),
          (SELECT count(won)::text FROM sales.deal WHERE region = 0), 'row security limits what is trained on');
SELECT is(pg_temp.value_as('m_owner', $$SELECT deals FROM compare_models('rls', 'mine', 'SELECT * FROM sales.deal') LIMIT 1$$),
          (SELECT count(won)::text FROM sales.deal WHERE region = 0), 'and compared on');
SELECT is(pg_temp.as_role('m_stranger', 'SELECT train_model(''x'', ''SELECT won FROM sales.deal'')'), '42501', 'nor does training read what the caller may not');
ALTER TABLE sales.deal DISABLE ROW LEVEL SECURITY;

-- The caller's search_path is for his query, and for nothing else.
CREATE SCHEMA evil;
GRANT USAGE ON SCHEMA evil TO PUBLIC;
CREATE FUNCTION evil.set_config(text, text, boolean) RETURNS text LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''called'' USING ERRCODE = ''ZZ001''; END';
CREATE FUNCTION evil.format(text, VARIADIC text[]) RETURNS text LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''called'' USING ERRCODE = ''ZZ001''; END';
CREATE FUNCTION evil.eq(text, text) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''called'' USING ERRCODE = ''ZZ001''; END';
CREATE OPERATOR evil.= (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.eq);
CREATE FUNCTION evil.current_setting(text) RETURNS text LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''called'' USING ERRCODE = ''ZZ001''; END';
CREATE TABLE evil.deal AS SELECT won, size, as_of FROM sales.deal WHERE deal_id <= 500;
GRANT SELECT ON evil.deal TO PUBLIC;
CREATE FUNCTION pg_temp.with_evil_path(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    found text;
BEGIN
    PERFORM pg_catalog.set_config('role', 'm_owner', true), pg_catalog.set_config('search_path', 'evil, sales, pg_catalog, public, sales_forecast', true);
    EXECUTE query INTO found;
    found := pg_catalog.concat(found, ', then ', pg_catalog.current_setting('search_path'));
    PERFORM pg_catalog.set_config('role', 'none', true), pg_catalog.set_config('search_path', 'public, sales_forecast', true);
    RETURN found;
END $$;
SELECT is(pg_temp.with_evil_path($$SELECT deals FROM sales_forecast.train_model('path', 'SELECT * FROM deal', sales_forecast.win_options('logistic'))$$),
          '500, then evil, sales, pg_catalog, public, sales_forecast', 'the query is looked up with the caller''s search_path, which stays what it is');
SELECT is(pg_temp.with_evil_path($$SELECT deals FROM sales_forecast.compare_models('path', 'mine', 'SELECT * FROM deal')$$),
          '500, then evil, sales, pg_catalog, public, sales_forecast', 'also when models are compared');

-- What is refused changes nothing, but is logged.
CREATE FUNCTION pg_temp.state() RETURNS text LANGUAGE sql AS $$SELECT (SELECT string_agg(m::text, ';') FROM sales_forecast.stored_model AS m) || (SELECT string_agg(concat(v.name, v.version, v.status, v.reason), ';' ORDER BY v.name, v.version) FROM sales_forecast.stored_version AS v)$$;
CREATE TEMPORARY TABLE before AS SELECT pg_temp.state() AS state, (SELECT count(*) FROM stored_run) AS lines;
SELECT is(pg_temp.value_as('m_owner', $$SELECT status FROM train_model('mine', 'SELECT won, won AS copy, as_of FROM sales.deal')$$), 'refused', 'a leak is refused');
SELECT is(pg_temp.value_as('m_owner', $$SELECT status FROM train_model('new', 'SELECT won, size FROM sales.deal LIMIT 50')$$), 'refused', 'so are too few deals');
SELECT is(pg_temp.value_as('m_owner', $$SELECT status FROM train_model('new', 'SELECT won, size FROM sales.deal WHERE false')$$), 'refused', 'and none');
SELECT is(pg_temp.state(), state, 'models and versions are what they were') FROM before;
SELECT is((SELECT count(*) FROM stored_run), lines + 3, 'three lines say why') FROM before;
SELECT is(pg_temp.as_role('m_owner', format('SELECT train_model(''mine'', %L)', q)), e, format('%s: %s', e, q))
FROM (VALUES ('SELECT won, size / 0 AS x FROM sales.deal', '22012'), ('SELECT won, size', '42703'), ('SELECT size FROM sales.deal', '42703'), ('SELECT size::text AS won, 1 AS x FROM sales.deal', '42804'), ('SELECT won::int AS won, 1 AS x FROM sales.deal', '42804'),
             ('DELETE FROM sales.deal RETURNING won, size', '42601'), ('SELECT 1; SELECT 2', '42601'), ('', '42601'), (NULL, '22023'), ('SELECT won, ''Infinity''::float8 AS x FROM sales.deal', '22003'),
             ('SELECT * FROM sales.deal) AS q; DROP TABLE sales.deal; --', '42601'), ('WITH d AS (DELETE FROM sales.deal RETURNING won) SELECT * FROM d', '42601')) AS v(q, e);
SELECT is(pg_temp.as_role('m_owner', $$SELECT train_model('mine', 'SELECT won, size FROM sales.deal', win_options('none such'))$$), '22023', 'options out of range');
SELECT is(pg_temp.state(), state, 'a failing query leaves nothing behind') FROM before;
SELECT is((SELECT count(*) FROM stored_run), lines + 3, 'not even a line') FROM before;

-- No skill: refused, unless forced; the champion stays.
SELECT is(pg_temp.value_as('m_owner', pg_temp.train('mine', 'won, noise, as_of')), 'refused', 'a model without skill is refused');
SELECT is(pg_temp.value_as('m_owner', 'SELECT promoted || '' '' || last_version FROM model WHERE name = ''mine'''), '2 4', 'the champion stays');
SELECT is((SELECT array_agg(gate ORDER BY gate) FROM stored_version AS v, win_model_gates(v.win) WHERE name = 'mine' AND version = 4 AND verdict = 'refuse'),
          ARRAY['skill on held-out deals', 'skill on the latest deals'], 'both splits say so');
SELECT is((SELECT count(*) FROM stored_version AS v, win_model_gates(v.win) AS g WHERE name = 'mine' AND version = 4 AND verdict = 'refuse' AND position(g.reason IN v.reason) > 0), 2::bigint,
          'every gate that failed is in the reason');
SELECT is(pg_temp.as_role('m_owner', 'SELECT promote_model(''mine'', 4)'), '55000', 'a refused version is not promoted');
SELECT is(pg_temp.as_role('m_owner', 'SELECT promote_model(''mine'', 4, true)'), '22023', 'nor without a reason');
SELECT is(pg_temp.value_as('m_owner', 'SELECT status FROM promote_model(''mine'', 4, true, ''to see'')'), 'promoted', 'with one it is');
SELECT is(pg_temp.value_as('m_owner', 'SELECT outcome || '': '' || reason FROM model_run ORDER BY run_id DESC LIMIT 1'), 'forced: to see', 'which is logged');
SELECT is(pg_temp.value_as('m_owner', 'SELECT version FROM rollback_model(''mine'')'), '2', 'and can be undone');
SELECT is(pg_temp.as_role('m_owner', 'SELECT promote_model(''mine'', 4)'), '55000', 'which does not make it one that may be used');
SELECT is(pg_temp.value_as('m_owner', pg_temp.train('forced', 'won, noise, as_of', $$win_options('logistic', force => true)$$)), 'promoted', 'force trains and promotes');
SELECT matches(reason, 'forced in spite of: on deals held out', 'and says so') FROM stored_version WHERE name = 'forced';
SELECT is(pg_temp.value_as('m_owner', pg_temp.train('blind', options => $$win_options('logistic', validate => 'none')$$)), 'candidate', 'what was not tested is not promoted');

-- The champion rule.
SELECT is(pg_temp.value_as('m_owner', pg_temp.train('rule', 'won, size, as_of')), 'promoted', 'a champion');
SELECT is(pg_temp.value_as('m_owner', pg_temp.train('rule', 'won, size > 0 AS large, as_of')), 'candidate', 'a worse one does not replace it');
SELECT matches((SELECT reason FROM stored_version WHERE name = 'rule' AND version = 2), '^skill 0\.\d+ \(latest fifth\) is less than 95(\.0)? % of the 0\.\d+ of version 1, which stays$', 'with the numbers');
SELECT is(pg_temp.value_as('m_owner', pg_temp.train('rule', 'won, size, noise, as_of')), 'promoted', 'one about as good does');
SELECT is(pg_temp.value_as('m_owner', 'SELECT string_agg(status, '' '' ORDER BY version) FROM model_version WHERE name = ''rule'''), 'retired candidate promoted', 'there is one in use');
SELECT is(pg_temp.value_as('m_owner', 'SELECT status FROM train_model(''rule'', ''SELECT won, size FROM sales.deal'', win_options(''logistic''), false)'), 'candidate', 'one that is not to be promoted is not');
UPDATE stored_version SET trained_at = trained_at - interval '91 days' WHERE name = 'rule' AND version = 3;
SELECT is(pg_temp.value_as('m_owner', pg_temp.train('rule', 'won, size > 0 AS large, as_of')), 'promoted', 'an old champion gives way');
SELECT matches((SELECT reason FROM stored_version WHERE name = 'rule' AND version = 5), 'version 3 was trained 91 days ago', 'and the reason is its age');
SELECT is(pg_temp.as_role('m_owner', 'SELECT set_model_policy(''rule'', least_quality => 0.1, keep_versions => 3)'), '00000', 'the rule can be changed');
SELECT is(pg_temp.as_role('m_owner', format('SELECT set_model_policy(''rule'', %s)', p)), '22023', 'within limits: ' || p) FROM unnest(ARRAY['keep_versions => 1', 'champion_days => -1', 'least_quality => ''NaN''']) AS p;

-- Retention.
SELECT is(pg_temp.value_as('m_owner', pg_temp.train('rule', 'won, size, as_of')), 'promoted', 'the next version');
SELECT is(pg_temp.value_as('m_owner', 'SELECT string_agg(version || '' '' || status, '', '' ORDER BY version) FROM model_version WHERE name = ''rule'''), '4 candidate, 5 retired, 6 promoted', 'old ones go, three stay');
SELECT is(pg_temp.value_as('m_owner', 'SELECT purge_model_versions(''rule'', 1)'), '1', 'more go when asked');
SELECT is(pg_temp.value_as('m_owner', 'SELECT string_agg(version::text, '' '' ORDER BY version) FROM model_version WHERE name = ''rule'''), '5 6', 'those in use now and before stay');
SELECT is(pg_temp.as_role('m_owner', 'SELECT purge_model_versions(''rule'', 0)'), '22023', 'at least one is kept');

-- Out and in.
SELECT is(pg_temp.value_as('m_owner', 'SELECT status FROM import_model(export_model(''rule''), ''copy'')'), 'candidate', 'an imported model waits');
SELECT is((SELECT win::text FROM stored_version WHERE name = 'copy'), (SELECT win::text FROM stored_version WHERE name = 'rule' AND version = 6), 'it is the same model');
SELECT is((SELECT to_jsonb(v) - '{name,version,status,reason,trained_by,promoted_at,win}'::text[] FROM stored_version AS v WHERE name = 'copy'),
          (SELECT to_jsonb(v) - '{name,version,status,reason,trained_by,promoted_at,win}'::text[] FROM stored_version AS v WHERE name = 'rule' AND version = 6), 'with the same card');
SELECT is(pg_temp.value_as('m_owner', $$SELECT status FROM import_model(export_model('mine@4') || '{"status": "candidate", "forced": true, "reason": "good"}', 'copy')$$), 'refused', 'its gates count, not what the document says');
SELECT is(pg_temp.as_role('m_owner', format('SELECT import_model(%L, ''broken'')', d)), e, format('%s: %s', e, left(d, 60)))
FROM (VALUES ('{}', '22023'), ('[]', '22023'), (NULL, '22023'), ('{"format": "sales_forecast model 1", "kind": "win", "model": "x"}', '22P03'),
             ('{"format": "sales_forecast model 1", "kind": "win", "model": null}', '22023'), ('{"format": "sales_forecast model 2", "kind": "win", "model": "x"}', '22023'),
             ('{"format": "sales_forecast model 1", "kind": "other", "model": "x"}', '22023')) AS v(d, e);
SELECT is(pg_temp.as_role('m_owner', format('SELECT import_model(export_model(''rule'') || %L::jsonb, ''broken'')', d)), '22023', 'not an exported model: ' || d)
FROM unnest(ARRAY['{"trained_at": "-infinity"}', '{"trained_at": "soon"}', '{"seed": "many"}']) AS d;
SELECT is(pg_temp.value_as('m_owner', 'SELECT count(*) FROM model WHERE name = ''broken'''), '0', 'and nothing is left behind');

-- Dropped: the name is free, the log stays with those who were there.
SELECT is(pg_temp.as_role('m_owner', 'SELECT drop_model(''mine'')'), '00000', 'the owner drops it');
SELECT is((SELECT count(*) FROM stored_version WHERE name = 'mine') + (SELECT count(*) FROM stored_grant WHERE name = 'mine'), 0::bigint, 'versions and grants go');
SELECT is(pg_temp.value_as('m_other', pg_temp.train('mine')), 'promoted', 'the name is free');
SELECT is(pg_temp.value_as('m_other', 'SELECT count(*) FROM model_run WHERE name = ''mine'' AND run_by <> ''m_other'''), '0', 'the log of the one before is not his');
SELECT is(pg_temp.value_as('m_owner', 'SELECT count(*) > 5 FROM model_run WHERE name = ''mine'''), 'true', 'it is that of whoever wrote it');

-- Close models, on the same path.
CREATE TABLE sales.closing AS
SELECT (ARRAY['lost', 'won', 'open'])[1 + (hashint4(g) & 65535) % 3] AS outcome, 1 + (hashint4(g + 7) & 65535) % CASE g % 2 WHEN 0 THEN 20 ELSE 100 END AS days, g % 2 AS speed, 0 AS entry_days,
       hashint4(g + 11) % 5 AS noise, hashint4(g + 13) % 7 AS more_noise
FROM generate_series(1, 900) AS g;
GRANT SELECT ON sales.closing TO m_owner;
SELECT is(pg_temp.value_as('m_owner', 'SELECT status || '' '' || quality_from FROM train_close_model(''closing'', ''SELECT outcome, days, speed FROM sales.closing'', close_options(''additive''))'), 'promoted cross-validation', 'a close model is trained');
SELECT is(pg_temp.value_as('m_owner', 'SELECT skill_low > 0 AND concordance > 0.5 AND close IS NOT NULL AND win IS NULL FROM model_version WHERE name = ''closing'''), 'true', 'with its quality');
SELECT is(pg_temp.value_as('m_owner', 'SELECT close_probability(''closing'', c, 1, 30) BETWEEN 0 AND 1 FROM sales.closing AS c LIMIT 1'), 'true', 'and predicts by name');
SELECT is(pg_temp.value_as('m_owner', 'SELECT status FROM train_close_model(''closing'', ''SELECT * FROM sales.closing'', close_options(''additive''))'), 'promoted', 'entry_days are taken');
SELECT is(pg_temp.value_as('m_owner', 'SELECT status FROM train_close_model(''closing'', ''SELECT outcome, days, noise, more_noise FROM sales.closing'', close_options(''additive''))'), 'refused', 'without skill it is refused');
SELECT is(pg_temp.value_as('m_owner', 'SELECT status || '' '' || algorithm FROM train_close_model(''churn'', ''SELECT outcome = ''''won'''' AS churned, days AS tenure_days, speed FROM sales.closing'', close_options(''additive''))'), 'promoted additive, churn', 'so is a churn model');
SELECT is(pg_temp.as_role('m_owner', 'SELECT train_close_model(''x'', ''SELECT days FROM sales.closing'')'), '42703', 'the columns are asked for');
SELECT is(pg_temp.as_role('m_owner', 'SELECT win_probability(''closing'', c) FROM sales.closing AS c'), '55000', 'it is no win model');
SELECT is(pg_temp.as_role('m_owner', 'SELECT compare_models(''closing'', ''closing'', ''SELECT 1'')'), '22023', 'nor is it compared as one');
SELECT is(pg_temp.value_as('m_owner', 'SELECT status FROM import_model(export_model(''closing''), ''closing 2'')'), 'candidate', 'it goes out and in');
SELECT is(pg_temp.value_as('m_owner', 'SELECT count(*) > 10 FROM model_card(''closing'')'), 'true', 'and has a card');

-- Not allowed any more; a superuser.
SELECT is(pg_temp.as_role('m_installer', 'SELECT allow_training(''m_owner'', false)'), '00000', 'the installer takes it back');
SELECT is(pg_temp.as_role('m_owner', pg_temp.train('rule')), '42501', 'then nothing is stored');
SELECT is(pg_temp.value_as('m_owner', 'SELECT win_probability(''rule'', d) BETWEEN 0 AND 1 FROM open_deal AS d'), 'true', 'what is stored stays');
SELECT is_empty($$SELECT FROM pg_class AS c, aclexplode(c.relacl) AS a WHERE c.relnamespace = 'sales_forecast'::regnamespace AND a.grantee = 'm_owner'::regrole$$, 'no right is left');
SELECT is_empty($$SELECT FROM pg_attribute AS c, aclexplode(c.attacl) AS a WHERE a.grantee = 'm_owner'::regrole$$, 'on no column');
SELECT lives_ok('DROP POLICY regions ON sales.deal; REVOKE ALL ON open_deal, sales.deal, sales.closing FROM m_owner; DROP ROLE m_owner', 'a role that is allowed nothing can be dropped, its models stay');
SELECT is((SELECT count(*) FROM model WHERE owner = 'm_owner'), (SELECT count(*) FROM stored_model WHERE owner = 'm_owner'), 'a superuser sees them all');
SELECT lives_ok('SELECT drop_model(''rule'')', 'and manages them');
SELECT is(pg_temp.as_role('m_installer', 'UPDATE stored_model SET owner = ''m_other'' WHERE owner = ''m_owner'''), '00000', 'the installer gives them to another role');
SELECT is(pg_temp.value_as('m_other', 'SELECT count(*) > 3 FROM model'), 'true', 'which has them then');
SELECT is(pg_temp.as_role('m_installer', 'SELECT allow_training(''public'')'), '00000', 'everybody may be allowed');
SELECT is(pg_temp.value_as('m_member', pg_temp.train('of a member')), 'promoted', 'and then everybody trains');
SELECT is(pg_temp.value_as('m_stranger', 'SELECT count(*) FROM model'), '0', 'unseen by others');
SELECT is(pg_temp.as_role('m_installer', 'SELECT allow_training(''public'', false)'), '00000', 'which ends');
SELECT is(pg_temp.as_role('m_member', pg_temp.train('of a member')), '42501', 'as it began');

SELECT * FROM finish();
ROLLBACK;
