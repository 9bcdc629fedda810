/*
 * 22-native-triggers.sql
 *		What the native CRM keeps true by itself.
 *
 * The functions live in the extension, the triggers on the caller's tables;
 * pg_dump writes triggers after the data, so a restore does not fire them.
 * BEFORE triggers of opportunity run in name order: a_stamp gives the row one
 * clock reading (changed_at), b_fill and c_status use it, log_change writes it
 * down.  clock_timestamp(), not now(): two changes in one transaction must
 * keep their order in the history.
 *
 * They run with the rights of whoever writes: a seller who moves deals needs
 * INSERT on stage_change and opportunity_change.
 */

/* -------- who and when -------- */

CREATE FUNCTION @extschema@.stamp_process()
RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        /* Not NEW *= OLD: generated columns are not there yet in NEW. */
        IF to_jsonb(NEW) - 'probability' = to_jsonb(OLD) - 'probability' THEN
            RETURN NEW;
        END IF;
        NEW.created_at := OLD.created_at;
        NEW.created_by := OLD.created_by;
    END IF;
    NEW.changed_at := clock_timestamp();
    NEW.changed_by := current_user;
    IF TG_OP = 'INSERT' THEN
        NEW.created_at := NEW.changed_at;
        NEW.created_by := current_user;
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION @extschema@.stamp_process() IS
'Trigger of sales_process and sales_process_step: keeps created_at, created_by, changed_at and changed_by; values given by the writer are ignored, an update that changes nothing leaves them alone.';

CREATE FUNCTION @extschema@.touch_process()
RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM set_config('search_path', format('%I, pg_temp', TG_TABLE_SCHEMA), true);
    IF TG_OP = 'UPDATE' AND NEW *= OLD THEN
        RETURN NULL;
    END IF;
    /* The row lock this takes also makes two editors of one process wait for
     * each other, so that the check at commit sees the work of both. */
    IF TG_OP <> 'INSERT' THEN
        UPDATE sales_process p SET changed_at = clock_timestamp()
         WHERE p.process_id = OLD.process_id;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        IF TG_OP = 'UPDATE' AND NEW.process_id = OLD.process_id THEN
            RETURN NULL;
        END IF;
        UPDATE sales_process p SET changed_at = clock_timestamp()
         WHERE p.process_id = NEW.process_id;
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION @extschema@.touch_process() IS
'Trigger of sales_process_step and sales_process_default: a changed step or default changes its process, too (time and by whom).';

/* -------- a process is whole when the transaction ends -------- */

CREATE FUNCTION @extschema@.sales_process_faults(process_id bigint, crm_schema text)
RETURNS text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    faults text;
BEGIN
    PERFORM set_config('search_path', format('%I, pg_temp', crm_schema), true);
    WITH step AS (
        SELECT s.stage_order, s.name, s.percent, s.is_won, s.is_settlement,
               s.is_won AND NOT s.is_settlement AS wins,
               lag(s.percent) OVER w AS percent_before,
               lag(s.is_settlement) OVER w AS settlement_before
          FROM sales_process_step s
         WHERE s.process_id = sales_process_faults.process_id
        WINDOW w AS (ORDER BY s.stage_order)
    ), fault(rank, text) AS (
        SELECT 1, 'It is active but has no steps.'
          FROM sales_process p
         WHERE p.process_id = sales_process_faults.process_id AND p.active
           AND NOT EXISTS (SELECT FROM step)
        UNION ALL
        SELECT 2, format('It has %s won steps (100 %%, not a settlement step); exactly one is needed.',
                         count(*) FILTER (WHERE wins))
          FROM step HAVING count(*) > 0 AND count(*) FILTER (WHERE wins) <> 1
        UNION ALL
        SELECT 3, 'It has no open step before the won one.'
          FROM step HAVING count(*) > 0 AND count(*) FILTER (WHERE NOT is_won) = 0
        UNION ALL
        SELECT 4, format('Step %s "%s" has %s %%, the step before it %s %%; per cent may not fall.',
                         stage_order, name, percent, percent_before)
          FROM step WHERE percent < percent_before
        UNION ALL
        SELECT 5, format('The won step "%s" comes after a settlement step.', name)
          FROM step WHERE wins AND settlement_before
        UNION ALL
        SELECT 6, 'It is a default for "none" and for something else.'
          FROM sales_process_default d
         WHERE d.process_id = sales_process_faults.process_id
        HAVING bool_or(d.kind = 'none') AND bool_or(d.kind <> 'none')
    )
    SELECT string_agg(text, ' ' ORDER BY rank, text) INTO faults FROM fault;
    RETURN faults;
END
$$;
COMMENT ON FUNCTION @extschema@.sales_process_faults(bigint, text) IS
'Everything that is wrong with one sales process, in sentences; null when nothing is, when there is no such process, or when an argument is null. A process needs exactly one won step, at least one step before it, per cent that never falls, settlement steps only after the won one; an active process needs steps; the default "none" stands alone.';

CREATE FUNCTION @extschema@.require_whole_process(process_id bigint, crm_schema text)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    faults text := @extschema@.sales_process_faults(process_id, crm_schema);
BEGIN
    IF faults IS NOT NULL THEN
        RAISE EXCEPTION 'sales process % is not complete', process_id
            USING ERRCODE = 'check_violation', DETAIL = faults,
                  SCHEMA = crm_schema, TABLE = 'sales_process_step';
    END IF;
END
$$;
COMMENT ON FUNCTION @extschema@.require_whole_process(bigint, text) IS
'Error 23514 with everything that is wrong with the sales process; silent when nothing is or an argument is null.';

CREATE FUNCTION @extschema@.check_process_at_commit()
RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        PERFORM @extschema@.require_whole_process(OLD.process_id, TG_TABLE_SCHEMA);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        PERFORM @extschema@.require_whole_process(NEW.process_id, TG_TABLE_SCHEMA);
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION @extschema@.check_process_at_commit() IS
'Deferred constraint trigger of sales_process, its steps and its defaults: error 23514 at commit when the process is not whole.';

/* -------- guards -------- */

CREATE FUNCTION @extschema@.guard_process_delete()
RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    deals bigint;
    passed bigint;
    copies bigint;
BEGIN
    PERFORM set_config('search_path', format('%I, pg_temp', TG_TABLE_SCHEMA), true);
    SELECT count(*) INTO deals FROM opportunity o
     WHERE o.process_id = OLD.process_id;
    SELECT count(DISTINCT c.opportunity_id) INTO passed
      FROM sales_process_step s
      JOIN stage_change c ON s.stage_id IN (c.from_stage_id, c.to_stage_id)
     WHERE s.process_id = OLD.process_id;
    SELECT count(*) INTO copies FROM sales_process p
     WHERE p.template_id = OLD.process_id;
    IF deals > 0 OR passed > 0 THEN
        RAISE EXCEPTION 'sales process % "%" is in use', OLD.process_id, OLD.name
            USING ERRCODE = 'foreign_key_violation',
                  DETAIL = format('Opportunities that follow it: %s; that have ever been in its steps: %s.',
                                  deals, greatest(passed, deals)),
                  HINT = 'Set active = false to take it out of use; history keeps its steps.';
    ELSIF copies > 0 THEN
        RAISE EXCEPTION 'sales process % "%" is a template in use',
              OLD.process_id, OLD.name
            USING ERRCODE = 'foreign_key_violation',
                  DETAIL = format('Sales processes based on it: %s.', copies),
                  HINT = 'Set active = false to take it out of use, or delete the processes based on it first.';
    END IF;
    RETURN OLD;
END
$$;
COMMENT ON FUNCTION @extschema@.guard_process_delete() IS
'Trigger of sales_process: error 23503 when an opportunity is or was in the process, or another process is based on it. The foreign keys hold the same line against concurrent transactions.';

CREATE FUNCTION @extschema@.guard_process_template()
RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NEW.template_id IS NULL THEN
        RETURN NEW;
    END IF;
    PERFORM set_config('search_path', format('%I, pg_temp', TG_TABLE_SCHEMA), true);
    IF EXISTS (SELECT FROM sales_process p
                WHERE p.process_id = NEW.template_id
                  AND p.template_id IS NOT NULL)
       OR EXISTS (SELECT FROM sales_process p
                   WHERE p.template_id = NEW.process_id) THEN
        RAISE EXCEPTION 'a template of a sales process cannot itself be based on a template'
            USING ERRCODE = 'check_violation',
                  DETAIL = format('Process %s would be based on %s.',
                                  NEW.process_id, NEW.template_id),
                  HINT = 'Base it on the template of that process.';
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION @extschema@.guard_process_template() IS
'Trigger of sales_process: templates are one level deep (error 23514), so "based on the same template" has one answer.';

CREATE FUNCTION @extschema@.guard_step()
RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    deals bigint;
    passed bigint;
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.stage_id = OLD.stage_id
       AND NEW.process_id = OLD.process_id AND NEW.is_won = OLD.is_won THEN
        RETURN NEW;
    END IF;
    PERFORM set_config('search_path', format('%I, pg_temp', TG_TABLE_SCHEMA), true);
    /* Wait for transactions that are moving a deal into this step. */
    PERFORM FROM sales_process_step s WHERE s.stage_id = OLD.stage_id FOR UPDATE;
    SELECT count(*) INTO deals FROM opportunity o
     WHERE o.process_id = OLD.process_id AND o.stage_id = OLD.stage_id;
    SELECT count(DISTINCT c.opportunity_id) INTO passed FROM stage_change c
     WHERE OLD.stage_id IN (c.from_stage_id, c.to_stage_id);
    IF deals = 0 AND passed = 0 THEN
        IF TG_OP = 'DELETE' THEN
            RETURN OLD;
        END IF;
        RETURN NEW;
    ELSIF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'step % "%" is in use', OLD.stage_id, OLD.name
            USING ERRCODE = 'foreign_key_violation',
                  DETAIL = format('Opportunities in it: %s; that have ever been in it: %s.',
                                  deals, greatest(passed, deals)),
                  HINT = 'Copy the process without this step and take the old process out of use.';
    END IF;
    RAISE EXCEPTION 'step % "%" is in use and cannot change what it means',
          OLD.stage_id, OLD.name
        USING ERRCODE = 'object_not_in_prerequisite_state',
              DETAIL = format('Opportunities in it: %s; that have ever been in it: %s. Process, key and won flag are fixed then.',
                              deals, greatest(passed, deals)),
              HINT = 'Copy the process, change the copy and take the old process out of use.';
END
$$;
COMMENT ON FUNCTION @extschema@.guard_step() IS
'Trigger of sales_process_step: a step that an opportunity is or was in cannot be deleted (error 23503), nor become or cease to be won or go to another process (error 55000). Name, order, per cent and criteria may change.';

/* -------- opportunity: stamp, fill, status, log -------- */

CREATE FUNCTION @extschema@.stamp_opportunity()
RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    unseen record;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        unseen := NEW;
        unseen.last_activity_at := OLD.last_activity_at;
        IF unseen *= OLD THEN
            RETURN NEW;
        END IF;
        NEW.created_by := OLD.created_by;
    ELSE
        NEW.created_by := current_user;
    END IF;
    NEW.changed_at := clock_timestamp();
    NEW.changed_by := current_user;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION @extschema@.stamp_opportunity() IS
'Trigger of opportunity: keeps created_by, changed_at and changed_by. created_at may be given (a deal older than its entry); an update of nothing but last_activity_at is not a change.';

CREATE FUNCTION @extschema@.fill_opportunity()
RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    seller record;
BEGIN
    PERFORM set_config('search_path', format('%I, pg_temp', TG_TABLE_SCHEMA), true);
    SELECT e.team_id, e.region, e.department INTO seller
      FROM employee e WHERE e.owner_id = NEW.owner_id;
    IF TG_OP = 'UPDATE' THEN
        /* A deal handed over goes to the new seller's team and department,
         * unless the same statement says otherwise; its region stays. */
        IF NEW.owner_id IS DISTINCT FROM OLD.owner_id AND FOUND THEN
            IF NEW.team_id IS NOT DISTINCT FROM OLD.team_id THEN
                NEW.team_id := seller.team_id;
            END IF;
            IF NEW.department IS NOT DISTINCT FROM OLD.department THEN
                NEW.department := seller.department;
            END IF;
        END IF;
        RETURN NEW;
    END IF;

    NEW.team_id := coalesce(NEW.team_id, seller.team_id);
    NEW.department := coalesce(NEW.department, seller.department);
    NEW.region := coalesce(NEW.region,
                           (SELECT a.region FROM account a
                             WHERE a.account_id = NEW.account_id),
                           seller.region);
    IF NEW.process_id IS NULL AND NEW.stage_id IS NULL THEN
        NEW.process_id := @extschema@.resolve_sales_process(
            NEW.owner_id, NEW.region, NEW.department, TG_TABLE_SCHEMA::text);
    ELSIF NEW.process_id IS NULL THEN
        NEW.process_id := (SELECT s.process_id FROM sales_process_step s
                            WHERE s.stage_id = NEW.stage_id);
    END IF;
    IF NEW.stage_id IS NULL THEN
        NEW.stage_id := (SELECT s.stage_id FROM sales_process_step s
                          WHERE s.process_id = NEW.process_id
                          ORDER BY s.stage_order LIMIT 1);
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION @extschema@.fill_opportunity() IS
'Trigger of opportunity: a new deal without team, department or region takes them from its seller (the region from the account first); one without process gets the default process and its first step, one with a step gets the process of the step. A handed-over deal takes the new seller''s team and department.';

CREATE FUNCTION @extschema@.keep_opportunity_status()
RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    new_row boolean := TG_OP = 'INSERT';
    moved boolean := new_row OR NEW.stage_id IS DISTINCT FROM OLD.stage_id;
    restated boolean := new_row OR NEW.status IS DISTINCT FROM OLD.status;
    rebased boolean := new_row OR NEW.process_id IS DISTINCT FROM OLD.process_id;
    step record;
BEGIN
    IF NOT (moved OR restated OR rebased) THEN
        RETURN NEW;
    END IF;
    IF (moved OR rebased) AND NEW.process_id IS NULL AND NEW.stage_id IS NOT NULL THEN
        RAISE EXCEPTION 'step % of no sales process cannot be a stage', NEW.stage_id
            USING ERRCODE = 'foreign_key_violation',
                  HINT = 'Give a step of sales_process_step; without a process the stage must be null.';
    END IF;
    PERFORM set_config('search_path', format('%I, pg_temp', TG_TABLE_SCHEMA), true);
    SELECT s.name, s.is_won INTO step FROM sales_process_step s
     WHERE s.process_id = NEW.process_id AND s.stage_id = NEW.stage_id;

    IF rebased
       AND EXISTS (SELECT FROM sales_process p
                    WHERE p.process_id = NEW.process_id AND NOT p.active) THEN
        RAISE EXCEPTION 'sales process % is not active', NEW.process_id
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = 'Choose an active process, or set active = true.';
    END IF;

    IF NEW.status = 'lost' THEN
        IF NOT restated AND moved THEN
            RAISE EXCEPTION 'opportunity % is lost and cannot move to another step',
                  NEW.opportunity_id
                USING ERRCODE = 'object_not_in_prerequisite_state',
                      HINT = 'Reopen it first: set status = ''open''.';
        ELSIF step.is_won THEN
            RAISE EXCEPTION 'opportunity % cannot be lost in step "%"',
                  NEW.opportunity_id, step.name
                USING ERRCODE = 'object_not_in_prerequisite_state',
                      DETAIL = 'An opportunity can be lost in any open step, not once it is won.',
                      HINT = 'If the contract fell through, move it to an open step and lose it there.';
        END IF;
    ELSIF NEW.status = 'open' AND step.is_won THEN
        IF NOT moved THEN
            RAISE EXCEPTION 'opportunity % cannot be open in step "%"',
                  NEW.opportunity_id, step.name
                USING ERRCODE = 'object_not_in_prerequisite_state',
                      HINT = 'Reopen it by moving it to an open step.';
        END IF;
        NEW.status := 'won';
    ELSIF NEW.status = 'won' AND NOT step.is_won THEN
        IF NOT restated THEN
            NEW.status := 'open';
        ELSIF moved AND NOT new_row THEN
            RAISE EXCEPTION 'opportunity % cannot be won in step "%"',
                  NEW.opportunity_id, step.name
                USING ERRCODE = 'object_not_in_prerequisite_state',
                      HINT = 'Move it to the won step; the status follows.';
        ELSE
            NEW.stage_id := (SELECT s.stage_id FROM sales_process_step s
                              WHERE s.process_id = NEW.process_id
                                AND s.is_won AND NOT s.is_settlement);
        END IF;
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION @extschema@.keep_opportunity_status() IS
'Trigger of opportunity: status and step agree. Into a won step: won. From a won step back to an open one: open. Set to won: moved to the won step. Lost in any open step, never in a won or settlement step; a lost deal stays in the step where it was lost until it is reopened. A new deal needs an active process. Error 55000.';

CREATE FUNCTION @extschema@.date_opportunity()
RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NEW.status = 'open' THEN
        IF TG_OP = 'UPDATE' AND OLD.status <> 'open' THEN
            NEW.closed_at := NULL;
        END IF;
    ELSIF TG_OP = 'INSERT' THEN
        NEW.closed_at := coalesce(NEW.closed_at, NEW.changed_at);
    ELSIF NEW.status <> OLD.status
          AND NEW.closed_at IS NOT DISTINCT FROM OLD.closed_at THEN
        NEW.closed_at := NEW.changed_at;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.status = 'lost' AND NEW.status <> 'lost' THEN
        NEW.lost_reason := NULL;
    END IF;

    IF TG_OP = 'INSERT' THEN
        NEW.stage_entered_at := coalesce(NEW.stage_entered_at,
                                         CASE NEW.status WHEN 'won' THEN NEW.closed_at END, NEW.created_at);
    ELSIF NEW.stage_id IS DISTINCT FROM OLD.stage_id
          AND NEW.stage_entered_at IS NOT DISTINCT FROM OLD.stage_entered_at THEN
        NEW.stage_entered_at := NEW.changed_at;
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION @extschema@.date_opportunity() IS
'Trigger of opportunity: fills closed_at and stage_entered_at when a deal closes or moves and the writer gave none; a reopened deal has neither closed_at nor lost_reason.';

CREATE FUNCTION @extschema@.log_opportunity()
RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET DateStyle = 'ISO'
SET TimeZone = 'UTC'
SET extra_float_digits = 1
AS $$
DECLARE
    from_stage bigint;
    to_stage bigint := CASE WHEN NEW.process_id IS NOT NULL THEN NEW.stage_id END;
BEGIN
    PERFORM set_config('search_path', format('%I, pg_temp', TG_TABLE_SCHEMA), true);
    IF TG_OP = 'UPDATE' THEN
        from_stage := CASE WHEN OLD.process_id IS NOT NULL THEN OLD.stage_id END;
        INSERT INTO opportunity_change
            (opportunity_id, field, old_value, new_value, changed_at, changed_by)
        SELECT NEW.opportunity_id, f.field, f.old_value, f.new_value,
               NEW.changed_at, NEW.changed_by
          FROM (VALUES
            ('amount', OLD.amount::text, NEW.amount::text),
            ('currency', OLD.currency, NEW.currency),
            ('expected_close_on', OLD.expected_close_on::text, NEW.expected_close_on::text),
            ('owner_id', OLD.owner_id, NEW.owner_id),
            ('team_id', OLD.team_id, NEW.team_id),
            ('region', OLD.region, NEW.region),
            ('department', OLD.department, NEW.department),
            ('product_id', OLD.product_id, NEW.product_id),
            ('process_id', OLD.process_id::text, NEW.process_id::text),
            ('probability_stated', OLD.probability_stated::text, NEW.probability_stated::text),
            ('status', OLD.status, NEW.status),
            ('closed_at', OLD.closed_at::text, NEW.closed_at::text),
            ('lost_reason', OLD.lost_reason, NEW.lost_reason),
            ('forecast_category', OLD.forecast_category, NEW.forecast_category),
            ('priority', OLD.priority, NEW.priority)
          ) AS f(field, old_value, new_value)
         WHERE f.old_value IS DISTINCT FROM f.new_value;
    ELSIF NEW.status <> 'open' THEN     -- entered when it was closed already
        INSERT INTO opportunity_change
            (opportunity_id, field, old_value, new_value, changed_at, changed_by)
        VALUES (NEW.opportunity_id, 'status', 'open', NEW.status, NEW.closed_at, NEW.changed_by);
    END IF;
    IF from_stage IS DISTINCT FROM to_stage THEN
        /* Before the foreign key locked the step, an editor may have changed
         * what it means; what we decided from the old meaning is void. */
        IF (NEW.status = 'won') <> (SELECT s.is_won FROM sales_process_step s
                                     WHERE s.stage_id = to_stage) THEN
            RAISE EXCEPTION 'step % changed while opportunity % moved into it',
                  to_stage, NEW.opportunity_id
                USING ERRCODE = 'serialization_failure', HINT = 'Try again.';
        END IF;
        INSERT INTO stage_change
            (opportunity_id, from_stage_id, to_stage_id, changed_at, changed_by)
        VALUES (NEW.opportunity_id, from_stage, to_stage,
                CASE TG_OP WHEN 'INSERT' THEN NEW.stage_entered_at ELSE NEW.changed_at END, NEW.changed_by);
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION @extschema@.log_opportunity() IS
'Trigger of opportunity: writes every move to stage_change (the first one from null, at stage_entered_at) and every change of amount, currency, expected close, owner, team, region, department, product, process, stated probability, status, closing time, reason, category and priority to opportunity_change. A later move counts from when it was entered, whatever stage_entered_at says. A deal entered when it was closed already has its status changed at closed_at. Values as text: dates ISO, times in UTC.';

CREATE FUNCTION @extschema@.note_activity()
RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM set_config('search_path', format('%I, pg_temp', TG_TABLE_SCHEMA), true);
    IF TG_OP <> 'INSERT' THEN
        UPDATE opportunity o
           SET last_activity_at = (SELECT max(a.at) FROM activity a
                                    WHERE a.opportunity_id = OLD.opportunity_id)
         WHERE o.opportunity_id = OLD.opportunity_id;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        UPDATE opportunity o SET last_activity_at = NEW.at
         WHERE o.opportunity_id = NEW.opportunity_id
           AND (o.last_activity_at < NEW.at OR o.last_activity_at IS NULL);
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION @extschema@.note_activity() IS
'Trigger of activity: keeps last_activity_at of the opportunity.';

/* -------- the triggers themselves -------- */

CREATE FUNCTION @extschema@.create_native_triggers(crm_schema text)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM set_config('search_path', @extschema@.existing_schema_path(crm_schema), true);

    CREATE TRIGGER a_stamp BEFORE INSERT OR UPDATE ON sales_process
        FOR EACH ROW EXECUTE FUNCTION @extschema@.stamp_process();
    CREATE TRIGGER b_template BEFORE INSERT OR UPDATE OF template_id ON sales_process
        FOR EACH ROW EXECUTE FUNCTION @extschema@.guard_process_template();
    CREATE TRIGGER guard_delete BEFORE DELETE ON sales_process
        FOR EACH ROW EXECUTE FUNCTION @extschema@.guard_process_delete();
    CREATE CONSTRAINT TRIGGER sales_process_is_whole
        AFTER INSERT OR UPDATE OF active ON sales_process
        DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION @extschema@.check_process_at_commit();

    CREATE TRIGGER a_stamp BEFORE INSERT OR UPDATE ON sales_process_step
        FOR EACH ROW EXECUTE FUNCTION @extschema@.stamp_process();
    CREATE TRIGGER guard_use BEFORE UPDATE OR DELETE ON sales_process_step
        FOR EACH ROW EXECUTE FUNCTION @extschema@.guard_step();
    CREATE TRIGGER touch_process AFTER INSERT OR UPDATE OR DELETE ON sales_process_step
        FOR EACH ROW EXECUTE FUNCTION @extschema@.touch_process();
    CREATE CONSTRAINT TRIGGER sales_process_step_is_whole
        AFTER INSERT OR UPDATE OR DELETE ON sales_process_step
        DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION @extschema@.check_process_at_commit();

    CREATE TRIGGER touch_process AFTER INSERT OR UPDATE OR DELETE ON sales_process_default
        FOR EACH ROW EXECUTE FUNCTION @extschema@.touch_process();
    CREATE CONSTRAINT TRIGGER sales_process_default_is_whole
        AFTER INSERT OR UPDATE ON sales_process_default
        DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION @extschema@.check_process_at_commit();

    CREATE TRIGGER a_stamp BEFORE INSERT OR UPDATE ON opportunity
        FOR EACH ROW EXECUTE FUNCTION @extschema@.stamp_opportunity();
    CREATE TRIGGER b_fill BEFORE INSERT OR UPDATE OF owner_id ON opportunity
        FOR EACH ROW EXECUTE FUNCTION @extschema@.fill_opportunity();
    CREATE TRIGGER c_status BEFORE INSERT OR UPDATE OF status, stage_id, process_id ON opportunity
        FOR EACH ROW EXECUTE FUNCTION @extschema@.keep_opportunity_status();
    CREATE TRIGGER d_date BEFORE INSERT OR UPDATE OF status, stage_id, process_id ON opportunity
        FOR EACH ROW EXECUTE FUNCTION @extschema@.date_opportunity();
    CREATE TRIGGER log_change AFTER INSERT OR UPDATE ON opportunity
        FOR EACH ROW EXECUTE FUNCTION @extschema@.log_opportunity();

    CREATE TRIGGER note_activity AFTER INSERT OR DELETE OR UPDATE OF at, opportunity_id ON activity
        FOR EACH ROW EXECUTE FUNCTION @extschema@.note_activity();
END
$$;
COMMENT ON FUNCTION @extschema@.create_native_triggers(text) IS
'The triggers of the native CRM on the tables of a schema. Part of create_native_crm; call it by itself to put them back after DROP EXTENSION ... CASCADE and a new CREATE EXTENSION. Error 42710 when they are there already; null does nothing.';
