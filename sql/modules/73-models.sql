-- The registry: trained models under a name, with versions, a card, rights and a log.
--
-- Rights.  The tables belong to the extension and nobody reads them directly.  Readers see the views model,
-- model_version, model_run and model_grant, which show what the current role owns or was given (they run with the rights
-- of their owner, so that the tables stay closed, and are security barriers, so that no function sees a row they hide).
-- Writers go through own_model and its sisters, which let a role write the models it manages and nothing else, and of
-- those only what may change: who owns, trained, granted or logged is what the defaults say, the current role.  New
-- rows go through views of their own, so that no role may both insert and update through one: ON CONFLICT DO UPDATE
-- would read rows that the view hides.  Who may write at all is the installer's decision: allow_training().
-- Roles are kept by name: names survive dump and restore, numbers do not.

CREATE FUNCTION win_model_quality(
    model win_model, OUT sample text, OUT deals bigint, OUT won bigint, OUT auc float8, OUT auc_low float8, OUT auc_high float8,
    OUT log_loss float8, OUT brier float8, OUT calibration_error float8, OUT base_log_loss float8,
    OUT skill float8, OUT skill_low float8, OUT skill_high float8)
    RETURNS SETOF record
    AS 'MODULE_PATHNAME', 'sf_win_model_quality' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 3;
CREATE FUNCTION close_model_quality(
    model close_model, OUT sample text, OUT deals bigint, OUT closed bigint, OUT concordance float8, OUT concordance_error float8,
    OUT cause_auc float8, OUT log_loss float8, OUT base_log_loss float8, OUT skill float8, OUT skill_low float8, OUT skill_high float8)
    RETURNS SETOF record
    AS 'MODULE_PATHNAME', 'sf_close_model_quality' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 1;
CREATE FUNCTION close_model_gates(
    model close_model, OUT gate text, OUT feature text, OUT limit_value float8, OUT measured float8, OUT verdict text, OUT reason text)
    RETURNS SETOF record
    AS 'MODULE_PATHNAME', 'sf_close_model_gates' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 6;
CREATE FUNCTION query_columns(query text) RETURNS text[]
    AS 'MODULE_PATHNAME', 'sf_query_columns' LANGUAGE C STABLE STRICT PARALLEL RESTRICTED;

-- Names are for people, in lists and in messages: no line breaks, and name@3 is version 3.
CREATE TABLE stored_model (
    model_id bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    name text PRIMARY KEY CHECK (name COLLATE "C" ~ '^[^[:space:][:cntrl:]]([^[:cntrl:]]{0,198}[^[:space:][:cntrl:]])?$'
                                 AND name COLLATE "C" !~ '@[0-9]+$'),
    kind text NOT NULL CHECK (kind IN ('win', 'close')),
    owner name NOT NULL DEFAULT current_user,
    promoted int,
    previous int,
    last_version int NOT NULL DEFAULT 0,
    keep_versions int NOT NULL DEFAULT 10 CHECK (keep_versions BETWEEN 2 AND 10000),
    champion_days int NOT NULL DEFAULT 90 CHECK (champion_days BETWEEN 0 AND 36500),
    least_quality float8 NOT NULL DEFAULT 0.95 CHECK (least_quality BETWEEN 0 AND 10),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp());

CREATE TABLE stored_version (
    name text NOT NULL REFERENCES stored_model ON UPDATE CASCADE ON DELETE CASCADE,
    version int NOT NULL CHECK (version > 0),
    status text NOT NULL CHECK (status IN ('promoted', 'candidate', 'retired', 'refused')),
    reason text NOT NULL,
    win win_model,
    close close_model,
    algorithm text,
    query text NOT NULL,
    options text NOT NULL,
    seed bigint NOT NULL,
    forced boolean NOT NULL,
    deals bigint,
    won bigint,
    quality_from text,
    auc float8,
    auc_low float8,
    auc_high float8,
    concordance float8,
    log_loss float8,
    brier float8,
    calibration_error float8,
    skill float8,
    skill_low float8,
    skill_high float8,
    trained_by name NOT NULL DEFAULT current_user,
    trained_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    promoted_at timestamptz,
    PRIMARY KEY (name, version),
    CHECK ((win IS NULL) <> (close IS NULL)));

-- A line is about the model of that number, if there was one: another model that takes the name later does not get it.
CREATE TABLE stored_run (
    run_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    model_id bigint,
    name text NOT NULL,
    version int,
    action text NOT NULL,
    outcome text NOT NULL,
    reason text NOT NULL,
    run_by name NOT NULL DEFAULT current_user,
    run_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    seconds float8);
CREATE INDEX stored_run_model ON stored_run (model_id);

CREATE TABLE stored_grant (
    name text NOT NULL REFERENCES stored_model ON UPDATE CASCADE ON DELETE CASCADE,
    grantee name NOT NULL,
    privilege text NOT NULL CHECK (privilege IN ('use', 'manage')),
    granted_by name NOT NULL DEFAULT current_user,
    granted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (name, grantee));

SELECT pg_catalog.pg_extension_config_dump('@extschema@.stored_model', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.stored_model_model_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.stored_version', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.stored_run', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.stored_run_run_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.stored_grant', '');

-- What the current role may do with each model.  'public' as a grantee is everybody; a superuser manages all, those
-- of roles that are gone included.

CREATE VIEW model_right WITH (security_barrier) AS
SELECT m.model_id, m.name, 'manage' AS privilege
FROM @extschema@.stored_model AS m
WHERE EXISTS (SELECT FROM pg_catalog.pg_roles AS r
              WHERE r.rolname = m.owner AND pg_catalog.pg_has_role(r.oid, 'USAGE') OR r.rolname = current_user AND r.rolsuper)
UNION
SELECT m.model_id, m.name, g.privilege
FROM @extschema@.stored_grant AS g JOIN @extschema@.stored_model AS m ON m.name = g.name
WHERE g.grantee = 'public'
   OR EXISTS (SELECT FROM pg_catalog.pg_roles AS r WHERE r.rolname = g.grantee AND pg_catalog.pg_has_role(r.oid, 'USAGE'));

CREATE VIEW model WITH (security_barrier) AS
SELECT m.name, m.kind, m.owner, m.promoted, m.previous, m.last_version, m.keep_versions, m.champion_days, m.least_quality, m.created_at,
       EXISTS (SELECT FROM @extschema@.model_right AS r WHERE r.name = m.name AND r.privilege = 'manage') AS may_manage
FROM @extschema@.stored_model AS m
WHERE m.name IN (SELECT r.name FROM @extschema@.model_right AS r);

CREATE VIEW model_version WITH (security_barrier) AS
SELECT v.*
FROM @extschema@.stored_version AS v
WHERE v.name IN (SELECT r.name FROM @extschema@.model_right AS r);

CREATE VIEW model_run WITH (security_barrier) AS
SELECT r.run_id, r.name, r.version, r.action, r.outcome, r.reason, r.run_by, r.run_at, r.seconds
FROM @extschema@.stored_run AS r
WHERE r.model_id IN (SELECT g.model_id FROM @extschema@.model_right AS g)
   OR EXISTS (SELECT FROM pg_catalog.pg_roles AS a
              WHERE a.rolname = r.run_by AND pg_catalog.pg_has_role(a.oid, 'USAGE') OR a.rolname = current_user AND a.rolsuper);

CREATE VIEW model_grant WITH (security_barrier) AS
SELECT g.*
FROM @extschema@.stored_grant AS g
WHERE g.name IN (SELECT r.name FROM @extschema@.model_right AS r WHERE r.privilege = 'manage');

-- For writers: what may be changed, and what may come in.

CREATE VIEW own_model WITH (security_barrier) AS
SELECT m.*
FROM @extschema@.stored_model AS m
WHERE m.name IN (SELECT r.name FROM @extschema@.model_right AS r WHERE r.privilege = 'manage')
WITH CASCADED CHECK OPTION;

CREATE VIEW own_version WITH (security_barrier) AS
SELECT v.*
FROM @extschema@.stored_version AS v
WHERE v.name IN (SELECT r.name FROM @extschema@.model_right AS r WHERE r.privilege = 'manage')
WITH CASCADED CHECK OPTION;

CREATE VIEW new_model WITH (security_barrier) AS
SELECT m.name, m.kind, m.owner
FROM @extschema@.stored_model AS m
WHERE EXISTS (SELECT FROM pg_catalog.pg_roles AS r WHERE r.rolname = m.owner AND pg_catalog.pg_has_role(r.oid, 'USAGE'))
WITH CASCADED CHECK OPTION;

CREATE VIEW new_version WITH (security_barrier) AS
SELECT v.*
FROM @extschema@.stored_version AS v
WHERE v.name IN (SELECT r.name FROM @extschema@.model_right AS r WHERE r.privilege = 'manage')
WITH CASCADED CHECK OPTION;

CREATE VIEW own_grant WITH (security_barrier) AS
SELECT g.*
FROM @extschema@.stored_grant AS g
WHERE g.name IN (SELECT r.name FROM @extschema@.model_right AS r WHERE r.privilege = 'manage')
WITH CASCADED CHECK OPTION;

-- The log is only added to, in the name of who writes, and about models that he manages or about none.
CREATE VIEW own_run WITH (security_barrier) AS
SELECT r.*
FROM @extschema@.stored_run AS r
WHERE r.run_by = current_user
  AND (r.model_id IS NULL OR r.model_id IN (SELECT g.model_id FROM @extschema@.model_right AS g WHERE g.privilege = 'manage'))
WITH CASCADED CHECK OPTION;

REVOKE ALL ON stored_model, stored_version, stored_run, stored_grant, model_right, own_model, own_version, own_grant, own_run,
    new_model, new_version FROM PUBLIC;
GRANT SELECT ON model, model_version, model_run, model_grant TO PUBLIC;
GRANT SELECT, INSERT, UPDATE, DELETE ON stored_model, stored_version, stored_run, stored_grant TO @extowner@;
GRANT SELECT, USAGE, UPDATE ON SEQUENCE stored_model_model_id_seq, stored_run_run_id_seq TO @extowner@;

-- The rights of a trainer, as GRANT and REVOKE take them.
CREATE FUNCTION trainer_rights(OUT rights text, OUT relation text) RETURNS SETOF record
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 6
BEGIN ATOMIC
    VALUES ('INSERT (name, kind)', 'new_model'),
           ('SELECT, DELETE, UPDATE (promoted, previous, last_version, keep_versions, champion_days, least_quality)', 'own_model'),
           ('INSERT (name, version, status, reason, win, close, algorithm, query, options, seed, forced, deals, won, '
            'quality_from, auc, auc_low, auc_high, concordance, log_loss, brier, calibration_error, skill, skill_low, skill_high, '
            'trained_at)', 'new_version'),
           ('SELECT, DELETE, UPDATE (status, reason, promoted_at)', 'own_version'),
           ('SELECT, DELETE, INSERT (name, grantee, privilege)', 'own_grant'),
           ('INSERT (model_id, name, version, action, outcome, reason, seconds)', 'own_run');
END;

DO $$
DECLARE
    r record;
BEGIN
    FOR r IN SELECT * FROM @extschema@.trainer_rights() LOOP
        EXECUTE pg_catalog.format('GRANT %s ON @extschema@.%I TO %s WITH GRANT OPTION', r.rights, r.relation, $owner$@extowner@$owner$);
    END LOOP;
END
$$;

CREATE FUNCTION allow_training(role_name name, allowed boolean DEFAULT true) RETURNS void
LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    who text := CASE WHEN role_name = 'public' THEN 'PUBLIC' ELSE quote_ident(role_name) END;
    r record;
    giver name;
BEGIN
    IF role_name <> 'public' AND NOT EXISTS (SELECT FROM pg_roles AS p WHERE p.rolname = role_name) THEN
        RAISE EXCEPTION 'role "%" does not exist', role_name USING ERRCODE = 'undefined_object';
    END IF;
    IF NOT has_table_privilege('@extschema@.own_model', 'DELETE WITH GRANT OPTION') THEN
        RAISE EXCEPTION 'role "%" may not decide who stores models', current_user
            USING ERRCODE = 'insufficient_privilege', HINT = 'Whoever installed the extension may.';
    END IF;
    FOR r IN SELECT * FROM @extschema@.trainer_rights() LOOP
        IF allowed THEN
            EXECUTE format('GRANT %s ON @extschema@.%I TO %s', r.rights, r.relation, who);
        ELSE
            EXECUTE format('REVOKE %s ON @extschema@.%I FROM %s', r.rights, r.relation, who);
        END IF;
    END LOOP;
    IF NOT allowed THEN
        SELECT a.grantor::regrole::name INTO giver
        FROM pg_class AS c, aclexplode(c.relacl) AS a
        WHERE c.oid = '@extschema@.own_model'::regclass
          AND a.grantee = coalesce((SELECT p.oid FROM pg_roles AS p WHERE p.rolname = role_name), 0) AND a.privilege_type = 'DELETE'
          AND a.grantee <> c.relowner
        LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION 'role "%" was allowed by role "%"', role_name, giver
                USING ERRCODE = 'insufficient_privilege', HINT = 'That role may take it back.';
        END IF;
    END IF;
END;
$$;

-- Raises unless the current role may store models.
CREATE FUNCTION check_trainer() RETURNS void
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT has_table_privilege('@extschema@.own_version', 'DELETE') THEN
        RAISE EXCEPTION 'role "%" may not store models', current_user
            USING ERRCODE = 'insufficient_privilege',
                  HINT = 'Whoever installed the extension allows it: allow_training(role). fit_win_model needs no right.';
    END IF;
END;
$$;

-- The one place that writes the log.
CREATE FUNCTION log_model_run(name text, version int, action text, outcome text, reason text, seconds float8 DEFAULT NULL)
RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
    INSERT INTO @extschema@.own_run (model_id, name, version, action, outcome, reason, seconds)
    SELECT (SELECT m.model_id FROM @extschema@.own_model AS m WHERE m.name = $1), $1, $2, $3, $4, $5, $6;
END;

-- Takes the row of a model that the caller manages, locked against other trainers; an error names what is wrong.
CREATE FUNCTION manage_model(model_name text, OUT managed model)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM @extschema@.check_trainer();
    PERFORM FROM @extschema@.own_model AS m WHERE m.name = model_name FOR UPDATE;
    IF NOT FOUND THEN
        IF EXISTS (SELECT FROM @extschema@.model AS m WHERE m.name = model_name) THEN
            RAISE EXCEPTION 'model "%" belongs to another role', model_name
                USING ERRCODE = 'insufficient_privilege',
                      HINT = 'Ask its owner for the right: grant_model(name, role, ''manage'').';
        END IF;
        RAISE EXCEPTION 'there is no model "%"', coalesce(model_name, '(null)')
            USING ERRCODE = 'undefined_object', HINT = 'The view model lists those you may see; train_model makes one.';
    END IF;
    SELECT m.* INTO managed FROM @extschema@.model AS m WHERE m.name = model_name;
END;
$$;

CREATE FUNCTION promoted_win_model_or_null(name text) RETURNS win_model
LANGUAGE sql STABLE PARALLEL RESTRICTED
BEGIN ATOMIC
    SELECT v.win FROM @extschema@.model AS m JOIN @extschema@.model_version AS v ON v.name = m.name AND v.version = m.promoted
    WHERE m.name = $1 AND m.kind = 'win';
END;

CREATE FUNCTION promoted_close_model_or_null(name text) RETURNS close_model
LANGUAGE sql STABLE PARALLEL RESTRICTED
BEGIN ATOMIC
    SELECT v.close FROM @extschema@.model AS m JOIN @extschema@.model_version AS v ON v.name = m.name AND v.version = m.promoted
    WHERE m.name = $1 AND m.kind = 'close';
END;

-- Says why a name gives no model; never returns.
CREATE FUNCTION refuse_model_name(model_name text, wanted text) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    found @extschema@.model;
BEGIN
    SELECT m.* INTO found FROM @extschema@.model AS m WHERE m.name = model_name;
    IF found.name IS NULL THEN
        RAISE EXCEPTION 'there is no model "%"', coalesce(model_name, '(null)')
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = 'Train one with train_model or train_close_model, or ask its owner for the right to use it.';
    ELSIF found.kind <> wanted THEN
        RAISE EXCEPTION 'model "%" is a % model, not a % model', model_name, found.kind, wanted
            USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    RAISE EXCEPTION 'no version of model "%" is promoted', model_name
        USING ERRCODE = 'object_not_in_prerequisite_state',
              HINT = 'model_card(''name@version'') says why; promote_model(name, version) puts one to use.';
END;
$$;

CREATE FUNCTION promoted_win_model(name text) RETURNS win_model
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    found @extschema@.win_model := @extschema@.promoted_win_model_or_null(name);
BEGIN
    IF found IS NULL THEN
        PERFORM @extschema@.refuse_model_name(name, 'win');
    END IF;
    RETURN found;
END;
$$;

CREATE FUNCTION promoted_close_model(name text) RETURNS close_model
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    found @extschema@.close_model := @extschema@.promoted_close_model_or_null(name);
BEGIN
    IF found IS NULL THEN
        PERFORM @extschema@.refuse_model_name(name, 'close');
    END IF;
    RETURN found;
END;
$$;

-- name or name@version
CREATE FUNCTION stored_model_version(model_name text) RETURNS model_version
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    found @extschema@.model_version;
    asked int := CASE WHEN model_name ~ '@[0-9]{1,9}$' THEN substring(model_name FROM '@([0-9]+)$')::int END;
BEGIN
    SELECT v.* INTO found
    FROM @extschema@.model AS m JOIN @extschema@.model_version AS v ON v.name = m.name
    WHERE m.name = CASE WHEN asked IS NULL THEN model_name ELSE regexp_replace(model_name, '@[0-9]+$', '') END
      AND v.version = coalesce(asked, m.promoted);
    IF found.name IS NULL AND asked IS NOT NULL THEN
        RAISE EXCEPTION 'there is no version "%"', model_name
            USING ERRCODE = 'undefined_object', HINT = 'The view model_version lists those you may see.';
    ELSIF found.name IS NULL THEN
        PERFORM @extschema@.refuse_model_name(model_name, s.kind)
        FROM (SELECT max(m.kind) AS kind FROM @extschema@.model AS m WHERE m.name = model_name) AS s;
    END IF;
    RETURN found;
END;
$$;

-- What a model says of itself, of either kind.

CREATE FUNCTION model_gates(win win_model, close close_model, OUT gate text, OUT feature text, OUT limit_value float8,
                            OUT measured float8, OUT verdict text, OUT reason text)
RETURNS SETOF record
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 30
BEGIN ATOMIC
    SELECT g.gate, g.feature, g.limit_value, g.measured, g.verdict, g.reason FROM @extschema@.win_model_gates($1) AS g
    UNION ALL
    SELECT g.gate, g.feature, g.limit_value, g.measured, g.verdict, g.reason FROM @extschema@.close_model_gates($2) AS g;
END;

-- The reasons of the gates that refuse, in one line.
CREATE FUNCTION failed_gates(win win_model, close close_model) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT string_agg(g.reason, '; ' ORDER BY g.position)
    FROM @extschema@.model_gates($1, $2) WITH ORDINALITY AS g(gate, feature, limit_value, measured, verdict, reason, position)
    WHERE g.verdict = 'refuse';
END;

-- Quality by sample, the one that counts most first: how it did on the latest deals, where that is known.
CREATE FUNCTION model_quality(win win_model, close close_model, OUT place bigint, OUT sample text, OUT auc float8, OUT auc_low float8,
                              OUT auc_high float8, OUT concordance float8, OUT log_loss float8, OUT brier float8,
                              OUT calibration_error float8, OUT skill float8, OUT skill_low float8, OUT skill_high float8)
RETURNS SETOF record
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 3
BEGIN ATOMIC
    SELECT array_position(ARRAY['latest fifth', 'cross-validation', 'training'], q.sample), q.*
    FROM (SELECT w.sample, w.auc, w.auc_low, w.auc_high, NULL::float8, w.log_loss, w.brier, w.calibration_error, w.skill, w.skill_low, w.skill_high
          FROM @extschema@.win_model_quality($1) AS w
          UNION ALL
          SELECT c.sample, c.cause_auc, NULL, NULL, c.concordance, c.log_loss, NULL, NULL, c.skill, c.skill_low, c.skill_high
          FROM @extschema@.close_model_quality($2) AS c) AS q
    ORDER BY 1;
END;

-- The figures of a version, from its model.
CREATE FUNCTION describe_version(plain stored_version) RETURNS stored_version
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    told @extschema@.stored_version := plain;
    kind text;
BEGIN
    SELECT q.sample, q.auc, q.auc_low, q.auc_high, q.concordance, q.log_loss, q.brier, q.calibration_error, q.skill, q.skill_low, q.skill_high
    INTO told.quality_from, told.auc, told.auc_low, told.auc_high, told.concordance, told.log_loss, told.brier, told.calibration_error,
         told.skill, told.skill_low, told.skill_high
    FROM @extschema@.model_quality(plain.win, plain.close) AS q
    ORDER BY q.place LIMIT 1;
    SELECT max(s.reason) FILTER (WHERE s.topic = 'model' AND s.item = 'algorithm'),
           max(s.reason) FILTER (WHERE s.topic = 'model' AND s.item = 'kind'),
           coalesce(plain.forced, false) OR coalesce(bool_or(s.value > 0) FILTER (WHERE s.topic = 'model' AND s.item = 'forced'), false),
           max(s.value) FILTER (WHERE s.topic = 'deals' AND s.item = 'closed' OR s.topic = 'data' AND s.item IN ('deals', 'customers')),
           max(s.value) FILTER (WHERE s.topic IN ('deals', 'data') AND s.item = 'won')
    INTO told.algorithm, kind, told.forced, told.deals, told.won
    FROM (SELECT w.topic, w.item, w.value, w.reason FROM @extschema@.win_model_summary(plain.win) AS w
          UNION ALL
          SELECT c.topic, c.item, c.value, c.reason FROM @extschema@.close_model_summary(plain.close) AS c) AS s;
    IF kind LIKE 'churn%' THEN
        told.algorithm := told.algorithm || ', churn';
    END IF;
    RETURN told;
END;
$$;

CREATE TYPE model_training AS (
    name text,
    version int,
    status text,
    reason text,
    algorithm text,
    deals bigint,
    won bigint,
    quality_from text,
    auc float8,
    auc_low float8,
    auc_high float8,
    log_loss float8,
    skill float8,
    skill_low float8,
    champion int);

CREATE FUNCTION training_of(told stored_version, champion int) RETURNS model_training
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT ROW(($1).name, ($1).version, ($1).status, ($1).reason, ($1).algorithm, ($1).deals, ($1).won, ($1).quality_from, ($1).auc,
               ($1).auc_low, ($1).auc_high, ($1).log_loss, ($1).skill, ($1).skill_low, $2)::@extschema@.model_training;
END;

-- What the champion rule and the gates say about a new version.
CREATE FUNCTION judge_version(managed model, fresh stored_version, failed text, OUT status text, OUT reason text)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    champion @extschema@.model_version;
    days float8;
    same record;
BEGIN
    IF failed IS NOT NULL AND NOT fresh.forced THEN
        status := 'refused';
        reason := failed;
        RETURN;
    END IF;
    SELECT v.* INTO champion FROM @extschema@.model_version AS v WHERE v.name = managed.name AND v.version = managed.promoted;
    days := extract(epoch FROM fresh.trained_at - champion.trained_at) / 86400;
    -- Skill is compared on the same kind of sample, and never on deals the model was trained on.
    SELECT f.sample, f.skill, c.skill AS champion INTO same
    FROM @extschema@.model_quality(fresh.win, fresh.close) AS f
    LEFT JOIN @extschema@.model_quality(champion.win, champion.close) AS c USING (sample)
    WHERE f.sample <> 'training' AND f.skill IS NOT NULL
    ORDER BY c.skill IS NULL, f.place LIMIT 1;
    status := 'promoted';
    IF same.sample IS NULL AND NOT fresh.forced THEN
        status := 'candidate';
        reason := 'not tested on deals held out';
    ELSIF champion.name IS NULL THEN
        reason := 'the first version that may be used';
    ELSIF days > managed.champion_days THEN
        reason := format('version %s was trained %s days ago, more than %s', champion.version, round(days::numeric), managed.champion_days);
    ELSIF same.skill >= managed.least_quality * same.champion THEN
        reason := format('skill %s against %s of version %s (%s), at least %s %% of it', round(same.skill::numeric, 4),
                         round(same.champion::numeric, 4), champion.version, same.sample, round((100 * managed.least_quality)::numeric, 1));
    ELSIF same.champion IS NULL THEN
        status := 'candidate';
        reason := format('its skill and that of version %s, which stays, are not known on the same kind of deals', champion.version);
    ELSE
        status := 'candidate';
        reason := format('skill %s (%s) is less than %s %% of the %s of version %s, which stays', round(same.skill::numeric, 4), same.sample,
                         round((100 * managed.least_quality)::numeric, 1), round(same.champion::numeric, 4), champion.version);
    END IF;
    IF failed IS NOT NULL THEN
        reason := reason || '; forced in spite of: ' || failed;
    END IF;
END;
$$;

-- The pointer to the version in use, and the status beside it.
CREATE FUNCTION switch_version(managed model, to_version int, why text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE @extschema@.own_version AS v SET status = 'retired', reason = format('version %s is in use', to_version)
    WHERE v.name = managed.name AND v.status = 'promoted' AND v.version <> to_version;
    UPDATE @extschema@.own_version AS v SET status = 'promoted', reason = why, promoted_at = clock_timestamp()
    WHERE v.name = managed.name AND v.version = to_version;
    UPDATE @extschema@.own_model AS m SET promoted = to_version, previous = managed.promoted
    WHERE m.name = managed.name AND m.promoted IS DISTINCT FROM to_version;
END;
$$;

CREATE FUNCTION purge_model_versions(name text, keep int DEFAULT NULL) RETURNS int
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    managed @extschema@.model := @extschema@.manage_model(name);
    gone int;
BEGIN
    IF keep < 1 THEN
        RAISE EXCEPTION 'keep must be at least 1' USING ERRCODE = 'invalid_parameter_value', DETAIL = format('It is %s.', keep);
    END IF;
    WITH old AS (
        SELECT v.version
        FROM @extschema@.own_version AS v
        WHERE v.name = managed.name AND v.version IS DISTINCT FROM managed.promoted AND v.version IS DISTINCT FROM managed.previous
        ORDER BY v.version DESC
        OFFSET greatest(coalesce(keep, managed.keep_versions) - (managed.promoted IS NOT NULL)::int - (managed.previous IS NOT NULL)::int, 0))
    DELETE FROM @extschema@.own_version AS v USING old WHERE v.name = managed.name AND v.version = old.version;
    GET DIAGNOSTICS gone = ROW_COUNT;
    IF gone > 0 THEN
        PERFORM @extschema@.log_model_run(managed.name, NULL, 'purge', 'done', format('old versions removed: %s', gone));
    END IF;
    RETURN gone;
END;
$$;

-- Judges a new version and puts it into the registry; the fit is done by now, so the lock is short.
CREATE FUNCTION store_version(action text, plain stored_version, promote boolean, began timestamptz) RETURNS model_training
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    fresh @extschema@.stored_version := @extschema@.describe_version(plain);
    failed text := @extschema@.failed_gates(plain.win, plain.close);
    managed @extschema@.model;
    wanted text := CASE WHEN fresh.win IS NULL THEN 'close' ELSE 'win' END;
BEGIN
    INSERT INTO @extschema@.new_model (name, kind) VALUES (fresh.name, wanted) ON CONFLICT DO NOTHING;
    managed := @extschema@.manage_model(fresh.name);
    IF managed.kind <> wanted THEN
        RAISE EXCEPTION 'model "%" is a % model, not a % model', fresh.name, managed.kind, wanted
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Choose another name.';
    END IF;
    UPDATE @extschema@.own_model AS m SET last_version = m.last_version + 1 WHERE m.name = fresh.name
    RETURNING m.last_version INTO fresh.version;
    fresh.trained_at := coalesce(fresh.trained_at, clock_timestamp());
    SELECT j.status, j.reason INTO fresh.status, fresh.reason FROM @extschema@.judge_version(managed, fresh, failed) AS j;
    IF fresh.status = 'promoted' AND promote IS NOT TRUE THEN
        fresh.status := 'candidate';
        fresh.reason := 'not promoted, as asked; it could be: ' || fresh.reason;
    END IF;
    INSERT INTO @extschema@.new_version (name, version, status, reason, win, close, algorithm, query, options, seed, forced, deals, won,
                                         quality_from, auc, auc_low, auc_high, concordance, log_loss, brier, calibration_error,
                                         skill, skill_low, skill_high, trained_at)
    VALUES (fresh.name, fresh.version, fresh.status, fresh.reason, fresh.win, fresh.close, fresh.algorithm, fresh.query, fresh.options,
            fresh.seed, fresh.forced, fresh.deals, fresh.won, fresh.quality_from, fresh.auc, fresh.auc_low, fresh.auc_high,
            fresh.concordance, fresh.log_loss, fresh.brier, fresh.calibration_error, fresh.skill, fresh.skill_low, fresh.skill_high,
            fresh.trained_at);
    IF fresh.status = 'promoted' THEN
        PERFORM @extschema@.switch_version(managed, fresh.version, fresh.reason);
    END IF;
    PERFORM @extschema@.log_model_run(fresh.name, fresh.version, action, fresh.status, fresh.reason,
                                      extract(epoch FROM clock_timestamp() - began)::float8);
    PERFORM @extschema@.purge_model_versions(fresh.name);
    RETURN @extschema@.training_of(fresh, CASE WHEN fresh.status = 'promoted' THEN fresh.version ELSE managed.promoted END);
END;
$$;

-- Training.  The query runs with the caller's search_path, everything else with a fixed one: the SQL functions read the
-- setting before the PL functions replace it.

-- A name that somebody else has taken; found out by trying, for his models are not to be seen.
CREATE FUNCTION model_name_taken(model_name text) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO @extschema@.new_model (name, kind) VALUES (model_name, 'win');
    RAISE EXCEPTION 'the name is free' USING ERRCODE = 'triggered_action_exception';
EXCEPTION
    WHEN unique_violation THEN
        RETURN true;
    WHEN triggered_action_exception THEN
        RETURN false;
END;
$$;

CREATE FUNCTION check_model_name(model_name text, wanted text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    found @extschema@.model;
BEGIN
    IF NOT coalesce(model_name COLLATE "C" ~ '^[^[:space:][:cntrl:]]([^[:cntrl:]]{0,198}[^[:space:][:cntrl:]])?$'
                    AND model_name COLLATE "C" !~ '@[0-9]+$', false) THEN
        RAISE EXCEPTION 'a model''s name has 1 to 200 characters, no line breaks, no blank at its ends, and does not end in @ and a number'
            USING ERRCODE = 'invalid_parameter_value', DETAIL = format('The name is %s.', coalesce(quote_literal(model_name), 'NULL'));
    END IF;
    PERFORM @extschema@.check_trainer();
    SELECT m.* INTO found FROM @extschema@.model AS m WHERE m.name = model_name;
    IF found.name IS NULL AND @extschema@.model_name_taken(model_name) THEN
        -- Another session of the same role may have been a little faster.
        SELECT m.* INTO found FROM @extschema@.model AS m WHERE m.name = model_name;
        found.may_manage := coalesce(found.may_manage, false);
    END IF;
    IF NOT found.may_manage THEN
        RAISE EXCEPTION 'model "%" belongs to another role', model_name
            USING ERRCODE = 'insufficient_privilege',
                  HINT = 'Choose another name, or ask its owner: grant_model(name, role, ''manage'').';
    ELSIF found.kind <> wanted THEN
        RAISE EXCEPTION 'model "%" is a % model, not a % model', model_name, found.kind, wanted
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Choose another name.';
    END IF;
END;
$$;

-- The call that trains a model of a kind from a query with these columns.
CREATE FUNCTION fit_call(kind text, columns text[]) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    needed text[] := CASE WHEN kind = 'win' THEN ARRAY['won']
                          WHEN 'churned' = ANY (columns) THEN ARRAY['churned', 'tenure_days'] ELSE ARRAY['outcome', 'days'] END;
BEGIN
    IF NOT columns @> needed THEN
        RAISE EXCEPTION 'the query must return a column "%"', (SELECT n FROM unnest(needed) AS n WHERE n <> ALL (columns) LIMIT 1)
            USING ERRCODE = 'undefined_column',
                  DETAIL = format('Needed are %s; it returns %s.', array_to_string(needed, ', '), array_to_string(columns, ', '));
    END IF;
    RETURN CASE
        WHEN kind = 'win' THEN '@extschema@.fit_win_model(q.won, q.*, $1)'
        WHEN 'churned' = ANY (columns) THEN '@extschema@.fit_churn_model(q.churned, q.tenure_days, q.*, $1)'
        WHEN 'entry_days' = ANY (columns) THEN '@extschema@.fit_close_model(q.outcome, q.days, q.entry_days, q.*, $1)'
        ELSE '@extschema@.fit_close_model(q.outcome, q.days, q.*, $1)' END;
END;
$$;

-- A query as it can stand in FROM: without the semicolon and the comments behind it.  What looks so may be the inside of a
-- literal, and then the rest is no query.
CREATE FUNCTION bare_query(query text, caller_path text) RETURNS text
LANGUAGE plpgsql STABLE STRICT PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bare text := regexp_replace(query, ';([;[:space:]]|--[^\n]*(\n|$)|/\*([^*]|\*(?!/))*\*/)*$', '');
BEGIN
    IF bare <> query THEN
        PERFORM set_config('search_path', caller_path, true);
        PERFORM @extschema@.query_columns(bare);
    END IF;
    RETURN bare;
EXCEPTION WHEN syntax_error THEN
    RETURN bare_query.query;
END;
$$;

CREATE FUNCTION fit_by_query(kind text, query text, options anyelement, caller_path text, OUT model text, OUT refusal text)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    columns text[];
    bare text;
    call text;
    message text;
    detail text;
BEGIN
    IF query IS NULL THEN
        RAISE EXCEPTION 'query must not be NULL' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    bare := @extschema@.bare_query(query, caller_path);
    -- Under the caller's path nothing but his query is looked up.
    PERFORM pg_catalog.set_config('search_path', caller_path, true);
    columns := @extschema@.query_columns(bare);
    PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
    call := format(E'SELECT %s FROM (%s\n) AS q', @extschema@.fit_call(kind, columns), bare);
    PERFORM pg_catalog.set_config('search_path', caller_path, true);
    EXECUTE call INTO model USING options;
    PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
    IF model IS NULL THEN
        refusal := 'the query returned no rows';
    END IF;
EXCEPTION WHEN undefined_function THEN
    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT;
    IF message !~ 'fit_(win|close|churn)_model\(' THEN
        RAISE;
    END IF;
    RAISE EXCEPTION 'a column of the query has a type that does not fit' USING ERRCODE = 'datatype_mismatch',
        DETAIL = CASE WHEN kind = 'win' THEN 'Column "won" must be boolean.'
                      WHEN 'churned' = ANY (columns) THEN 'Column "churned" must be boolean and "tenure_days" double precision.'
                      ELSE 'Column "outcome" must be text, "days" and "entry_days" double precision.' END,
        HINT = 'Cast it in the query.';
WHEN data_exception THEN
    -- 22000 itself is how fits say that the data will not do; its subclasses are faults of the query.
    IF SQLSTATE <> '22000' THEN
        RAISE;
    END IF;
    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
    -- The detail lists the checks that refuse, so the message need not say how many do.
    refusal := regexp_replace(message, ': [0-9]+ of [0-9]+ checks refuse$', '')
               || coalesce(': ' || nullif(regexp_replace(detail, '^Checks that refuse: ', ''), ''), '');
END;
$$;

-- plan: name, query, options, seed and force of what is to be trained.
CREATE FUNCTION train_as(kind text, plan stored_version, options anyelement, promote boolean, caller_path text) RETURNS model_training
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    began timestamptz := clock_timestamp();
    fresh @extschema@.stored_version := plan;
    fit record;
    gate record;
BEGIN
    PERFORM @extschema@.check_model_name(fresh.name, kind);
    fit := @extschema@.fit_by_query(kind, fresh.query, options, caller_path);
    IF fit.model IS NULL THEN
        RAISE WARNING 'model "%" was not trained: %', fresh.name, fit.refusal;
        fresh.status := 'refused';
        fresh.reason := fit.refusal;
        PERFORM @extschema@.log_model_run(fresh.name, NULL, 'train', fresh.status, fresh.reason,
                                          extract(epoch FROM clock_timestamp() - began)::float8);
        RETURN @extschema@.training_of(fresh, (SELECT m.promoted FROM @extschema@.model AS m WHERE m.name = fresh.name));
    END IF;
    IF kind = 'win' THEN
        fresh.win := fit.model::@extschema@.win_model;
    ELSE
        fresh.close := fit.model::@extschema@.close_model;
    END IF;
    -- Two gates may have the same reason; columns that are constant come in one line.
    FOR gate IN
        SELECT g.verdict, CASE WHEN g.gate = 'constant' AND count(*) > 1
                               THEN format('%s columns have one value only and tell nothing: %s', count(*), string_agg(g.feature, ', ' ORDER BY g.place))
                               ELSE min(g.reason) END AS reason
        FROM (SELECT a.gate, a.feature, a.verdict, a.reason, row_number() OVER () AS place
              FROM @extschema@.model_gates(fresh.win, fresh.close) AS a WHERE a.verdict <> 'pass') AS g
        GROUP BY g.verdict, g.gate = 'constant', g.gate, CASE WHEN g.gate <> 'constant' THEN g.reason END ORDER BY min(g.place)
    LOOP
        RAISE WARNING 'model "%", %: %', fresh.name, gate.verdict, gate.reason;
    END LOOP;
    RETURN @extschema@.store_version('train', fresh, promote, began);
END;
$$;

CREATE FUNCTION train_model_as(model_name text, query text, options win_options, promote boolean, caller_path text) RETURNS model_training
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    asked @extschema@.win_options := coalesce(options, @extschema@.win_options());
    fresh @extschema@.stored_version;
BEGIN
    IF asked.validate = 'auto' THEN
        asked.validate := 'full';
    END IF;
    fresh.name := model_name;
    fresh.query := query;
    fresh.options := asked::text;
    fresh.seed := asked.seed;
    fresh.forced := asked.force;
    RETURN @extschema@.train_as('win', fresh, asked, promote, caller_path);
END;
$$;

CREATE FUNCTION train_model(name text, query text, options win_options DEFAULT NULL, promote boolean DEFAULT true)
RETURNS model_training
LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
    SELECT @extschema@.train_model_as($1, $2, $3, $4, current_setting('search_path'));
END;

CREATE FUNCTION train_close_model_as(model_name text, query text, options close_options, promote boolean, caller_path text) RETURNS model_training
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    asked @extschema@.close_options := coalesce(options, @extschema@.close_options());
    fresh @extschema@.stored_version;
BEGIN
    fresh.name := model_name;
    fresh.query := query;
    fresh.options := asked::text;
    fresh.seed := asked.seed;
    fresh.forced := asked.force;
    RETURN @extschema@.train_as('close', fresh, asked, promote, caller_path);
END;
$$;

CREATE FUNCTION train_close_model(name text, query text, options close_options DEFAULT NULL, promote boolean DEFAULT true)
RETURNS model_training
LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
    SELECT @extschema@.train_close_model_as($1, $2, $3, $4, current_setting('search_path'));
END;

CREATE FUNCTION promote_model(name text, version int, force boolean DEFAULT false, reason text DEFAULT NULL)
RETURNS model_training
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    managed @extschema@.model := @extschema@.manage_model(name);
    chosen @extschema@.stored_version;
    why text := coalesce(nullif(btrim(reason), ''), 'asked for');
    failed text;
BEGIN
    SELECT v.* INTO chosen FROM @extschema@.own_version AS v WHERE v.name = managed.name AND v.version = promote_model.version;
    IF chosen.name IS NULL THEN
        RAISE EXCEPTION 'model "%" has no version %', managed.name, coalesce(version::text, '(null)')
            USING ERRCODE = 'undefined_object', HINT = 'The view model_version lists them.';
    END IF;
    -- Having been in use once does not make it better.
    IF NOT chosen.forced THEN
        failed := @extschema@.failed_gates(chosen.win, chosen.close);
    END IF;
    IF failed IS NOT NULL AND NOT coalesce(force, false) THEN
        RAISE EXCEPTION 'version % of model "%" was refused', chosen.version, managed.name
            USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = failed,
                  HINT = 'promote_model(name, version, force => true, reason => ''...'') does it all the same, and the log says so.';
    END IF;
    IF failed IS NOT NULL AND nullif(btrim(reason), '') IS NULL THEN
        RAISE EXCEPTION 'a refused version needs a reason to be promoted'
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Give reason => ''...''; it goes into the log.';
    END IF;
    PERFORM @extschema@.log_model_run(managed.name, chosen.version, 'promote', CASE WHEN failed IS NULL THEN 'done' ELSE 'forced' END, why);
    why := why || coalesce('; forced in spite of: ' || failed, '');
    PERFORM @extschema@.switch_version(managed, chosen.version, why);
    chosen.status := 'promoted';
    chosen.reason := why;
    RETURN @extschema@.training_of(chosen, chosen.version);
END;
$$;

CREATE FUNCTION rollback_model(name text, reason text DEFAULT NULL) RETURNS model_training
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    managed @extschema@.model := @extschema@.manage_model(name);
    since timestamptz;
    done @extschema@.model_training;
BEGIN
    IF managed.previous IS NULL THEN
        RAISE EXCEPTION 'model "%" has no earlier promoted version', managed.name
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'promote_model(name, version) takes any version.';
    END IF;
    SELECT v.promoted_at INTO since FROM @extschema@.own_version AS v WHERE v.name = managed.name AND v.version = managed.previous;
    done := @extschema@.promote_model(managed.name, managed.previous, true,
                                      coalesce(nullif(btrim(reason), ''), format('rolled back from version %s', managed.promoted)));
    -- What was taken back is not gone back to: the next step leads to what was in use before this version.
    UPDATE @extschema@.own_version AS v SET promoted_at = NULL WHERE v.name = managed.name AND v.version = managed.promoted;
    UPDATE @extschema@.own_model AS m
    SET previous = (SELECT v.version FROM @extschema@.own_version AS v
                    WHERE v.name = managed.name AND v.promoted_at < since ORDER BY v.promoted_at DESC, v.version DESC LIMIT 1)
    WHERE m.name = managed.name;
    RETURN done;
END;
$$;

CREATE FUNCTION drop_model(name text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    managed @extschema@.model := @extschema@.manage_model(name);
BEGIN
    PERFORM @extschema@.log_model_run(managed.name, NULL, 'drop', 'done', 'asked for');
    DELETE FROM @extschema@.own_model AS m WHERE m.name = managed.name;
END;
$$;

CREATE FUNCTION set_model_policy(name text, keep_versions int DEFAULT NULL, champion_days int DEFAULT NULL, least_quality float8 DEFAULT NULL)
RETURNS model
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    managed @extschema@.model := @extschema@.manage_model(name);
BEGIN
    IF NOT coalesce(set_model_policy.keep_versions BETWEEN 2 AND 10000, true)
       OR NOT coalesce(set_model_policy.champion_days BETWEEN 0 AND 36500, true)
       OR NOT coalesce(set_model_policy.least_quality BETWEEN 0 AND 10, true) THEN
        RAISE EXCEPTION 'a policy keeps 2 to 10000 versions, has a champion for 0 to 36500 days, and asks for 0 to 10 times its quality'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    UPDATE @extschema@.own_model AS m
    SET keep_versions = coalesce(set_model_policy.keep_versions, m.keep_versions),
        champion_days = coalesce(set_model_policy.champion_days, m.champion_days),
        least_quality = coalesce(set_model_policy.least_quality, m.least_quality)
    WHERE m.name = managed.name;
    SELECT m.* INTO managed FROM @extschema@.model AS m WHERE m.name = managed.name;
    PERFORM @extschema@.log_model_run(managed.name, NULL, 'policy', 'done',
        format('keep %s versions, champion for %s days, quality at least %s', managed.keep_versions, managed.champion_days, managed.least_quality));
    RETURN managed;
END;
$$;

CREATE FUNCTION grant_model(name text, grantee name, privilege text DEFAULT 'use') RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    managed @extschema@.model := @extschema@.manage_model(name);
BEGIN
    IF NOT coalesce(privilege IN ('use', 'manage'), false) THEN
        RAISE EXCEPTION 'privilege must be use or manage' USING ERRCODE = 'invalid_parameter_value',
            DETAIL = format('It is %s.', coalesce(quote_literal(privilege), 'NULL'));
    END IF;
    IF grantee IS DISTINCT FROM 'public' AND NOT EXISTS (SELECT FROM pg_roles AS r WHERE r.rolname = grantee) THEN
        RAISE EXCEPTION 'role "%" does not exist', coalesce(grantee, '(null)') USING ERRCODE = 'undefined_object';
    END IF;
    DELETE FROM @extschema@.own_grant AS g WHERE g.name = managed.name AND g.grantee = grant_model.grantee;
    INSERT INTO @extschema@.own_grant (name, grantee, privilege) VALUES (managed.name, grantee, privilege);
    PERFORM @extschema@.log_model_run(managed.name, NULL, 'grant', 'done', format('%s to %s', privilege, grantee));
END;
$$;

CREATE FUNCTION revoke_model(name text, grantee name) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    managed @extschema@.model := @extschema@.manage_model(name);
BEGIN
    IF NOT EXISTS (SELECT FROM @extschema@.own_grant AS g WHERE g.name = managed.name AND g.grantee = revoke_model.grantee) THEN
        RETURN false;
    END IF;
    -- First, for whoever gives up his own right has none to log with afterwards.
    PERFORM @extschema@.log_model_run(managed.name, NULL, 'revoke', 'done', format('from %s', grantee));
    DELETE FROM @extschema@.own_grant AS g WHERE g.name = managed.name AND g.grantee = revoke_model.grantee;
    RETURN true;
END;
$$;

-- The card: everything about one version, in rows.

CREATE FUNCTION model_card(name text, OUT topic text, OUT item text, OUT value float8, OUT reason text)
RETURNS SETOF record
LANGUAGE sql STABLE PARALLEL RESTRICTED ROWS 60
BEGIN ATOMIC
    WITH chosen AS MATERIALIZED (SELECT v.* FROM @extschema@.stored_model_version($1) AS v)
    SELECT s.topic, s.item, s.value, s.reason
    FROM (
        SELECT 1 AS part, o.place, 'version' AS topic, o.item, o.value, o.reason
        FROM chosen AS c, LATERAL (VALUES
            (1, 'name', NULL::float8, c.name), (2, 'version', c.version, c.status || ': ' || c.reason),
            (3, 'trained', NULL, to_char(c.trained_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') || ' UTC by ' || c.trained_by),
            (4, 'forced', c.forced::int, CASE WHEN c.forced THEN 'gates that refuse did not stop it' ELSE 'no gate was overruled in training' END),
            (5, 'seed', c.seed, NULL), (6, 'query', NULL, c.query), (7, 'options', NULL, c.options)) AS o(place, item, value, reason)
        UNION ALL
        SELECT 2, w.place, w.topic, w.item, w.value, w.reason
        FROM chosen AS c, LATERAL @extschema@.win_model_summary(c.win) WITH ORDINALITY AS w(topic, item, value, reason, place)
        UNION ALL
        SELECT 2, w.place, w.topic, w.item, w.value, w.reason
        FROM chosen AS c, LATERAL @extschema@.close_model_summary(c.close) WITH ORDINALITY AS w(topic, item, value, reason, place)
        WHERE w.topic <> 'gate'
        UNION ALL
        SELECT 3, g.place, 'gate: ' || g.verdict, g.gate || coalesce(' of ' || g.feature, ''), g.measured, g.reason
        FROM chosen AS c, LATERAL @extschema@.model_gates(c.win, c.close)
             WITH ORDINALITY AS g(gate, feature, limit_value, measured, verdict, reason, place)) AS s
    ORDER BY s.part, s.place;
END;

-- A/B on the same rows.

CREATE TYPE model_comparison AS (
    metric text,
    a float8,
    b float8,
    difference float8,
    low float8,
    high float8,
    p_value float8,
    deals bigint,
    better text);

CREATE FUNCTION compare_models_as(a text, b text, query text, caller_path text) RETURNS SETOF model_comparison
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE ROWS 4
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    first_model @extschema@.win_model := (@extschema@.stored_model_version(a)).win;
    second_model @extschema@.win_model := (@extschema@.stored_model_version(b)).win;
    columns text[];
    bare text;
    message text;
    call text;
    found record;
BEGIN
    IF first_model IS NULL OR second_model IS NULL THEN
        RAISE EXCEPTION 'only win models can be compared' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF query IS NULL THEN
        RAISE EXCEPTION 'query must not be NULL' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    bare := @extschema@.bare_query(query, caller_path);
    PERFORM pg_catalog.set_config('search_path', caller_path, true);
    columns := @extschema@.query_columns(bare);
    PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
    IF 'won' <> ALL (columns) THEN
        RAISE EXCEPTION 'the query must return a column "won"' USING ERRCODE = 'undefined_column',
            DETAIL = format('It returns %s.', array_to_string(columns, ', '));
    END IF;
    -- OFFSET 0: each probability is worked out once.
    call := format($call$
        SELECT count(*) AS deals, @extschema@.auc(s.won, s.a) AS auc_a, @extschema@.auc(s.won, s.b) AS auc_b,
               @extschema@.log_loss(s.won, s.a) AS loss_a, @extschema@.log_loss(s.won, s.b) AS loss_b,
               @extschema@.brier_score(s.won, s.a) AS brier_a, @extschema@.brier_score(s.won, s.b) AS brier_b,
               @extschema@.calibration_error(s.won, s.a) AS calibration_a, @extschema@.calibration_error(s.won, s.b) AS calibration_b,
               @extschema@.auc_difference(s.won, s.a, s.b) AS auc, @extschema@.log_loss_difference(s.won, s.a, s.b) AS loss
        FROM (SELECT q.won, @extschema@.win_probability($1, q.*) AS a, @extschema@.win_probability($2, q.*) AS b
              FROM (%s
              ) AS q WHERE q.won IS NOT NULL OFFSET 0) AS s$call$, bare);
    PERFORM pg_catalog.set_config('search_path', caller_path, true);
    BEGIN
        EXECUTE call INTO found USING first_model, second_model;
    EXCEPTION WHEN undefined_function THEN
        GET STACKED DIAGNOSTICS message = MESSAGE_TEXT;
        IF message !~ 'auc\(' THEN
            RAISE;
        END IF;
        RAISE EXCEPTION 'column "won" must be boolean' USING ERRCODE = 'datatype_mismatch', HINT = 'Cast it in the query.';
    END;
    PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
    RETURN QUERY
    SELECT m.metric, m.a, m.b, coalesce(m.difference, m.a - m.b), m.low, m.high, m.p_value, found.deals,
           CASE WHEN m.p_value >= 0.05 THEN 'no difference shown'
                WHEN m.p_value IS NULL OR m.difference = 0 THEN NULL
                WHEN (m.difference > 0) = m.more_is_better THEN compare_models_as.a ELSE compare_models_as.b END
    FROM (VALUES
        ('auc', found.auc_a, found.auc_b, (found.auc).difference, (found.auc).low, (found.auc).high, (found.auc).p_value, true),
        ('log_loss', found.loss_a, found.loss_b, (found.loss).difference, (found.loss).low, (found.loss).high, (found.loss).p_value, false),
        ('brier_score', found.brier_a, found.brier_b, NULL, NULL, NULL, NULL, false),
        ('calibration_error', found.calibration_a, found.calibration_b, NULL, NULL, NULL, NULL, false))
        AS m(metric, a, b, difference, low, high, p_value, more_is_better);
END;
$$;

CREATE FUNCTION compare_models(a text, b text, query text) RETURNS SETOF model_comparison
LANGUAGE sql VOLATILE PARALLEL UNSAFE ROWS 4
BEGIN ATOMIC
    SELECT * FROM @extschema@.compare_models_as($1, $2, $3, current_setting('search_path'));
END;

-- A version as a document, and back.

CREATE FUNCTION export_model(name text) RETURNS jsonb
LANGUAGE sql STABLE PARALLEL RESTRICTED
BEGIN ATOMIC
    SELECT jsonb_build_object('format', 'sales_forecast model 1', 'kind', CASE WHEN v.win IS NULL THEN 'close' ELSE 'win' END,
                              'model', coalesce(v.win::text, v.close::text), 'name', v.name, 'version', v.version, 'status', v.status,
                              'reason', v.reason, 'query', v.query, 'options', v.options, 'seed', v.seed,
                              'trained_by', v.trained_by, 'trained_at', to_char(v.trained_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))
    FROM @extschema@.stored_model_version($1) AS v;
END;

CREATE FUNCTION import_model(document jsonb, name text DEFAULT NULL) RETURNS model_training
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    began timestamptz := clock_timestamp();
    kind text := document ->> 'kind';
    fresh @extschema@.stored_version;
BEGIN
    IF NOT coalesce(document ->> 'format' = 'sales_forecast model 1' AND kind IN ('win', 'close')
                    AND jsonb_typeof(document -> 'model') = 'string', false) THEN
        RAISE EXCEPTION 'this is not an exported model' USING ERRCODE = 'invalid_parameter_value',
            HINT = 'export_model(name) makes the document that import_model takes.';
    END IF;
    fresh.name := coalesce(import_model.name, document ->> 'name');
    PERFORM @extschema@.check_model_name(fresh.name, kind);
    -- The figures of quality and the gates are those of the model, whatever the document says.
    IF kind = 'win' THEN
        fresh.win := (document ->> 'model')::@extschema@.win_model;
    ELSE
        fresh.close := (document ->> 'model')::@extschema@.close_model;
    END IF;
    fresh.query := coalesce(document ->> 'query', '');
    fresh.options := coalesce(document ->> 'options', '');
    BEGIN
        fresh.seed := coalesce((document ->> 'seed')::bigint, 0);
        fresh.trained_at := least((document ->> 'trained_at')::timestamptz, began);
    EXCEPTION WHEN data_exception THEN
        RAISE EXCEPTION 'this is not an exported model' USING ERRCODE = 'invalid_parameter_value', DETAIL = SQLERRM || '.';
    END;
    IF NOT isfinite(fresh.trained_at) THEN
        RAISE EXCEPTION 'this is not an exported model' USING ERRCODE = 'invalid_parameter_value',
            DETAIL = format('It was trained at %s.', document ->> 'trained_at');
    END IF;
    RETURN @extschema@.store_version('import', fresh, false, began);
END;
$$;
