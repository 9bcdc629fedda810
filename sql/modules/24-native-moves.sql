/*
 * 24-native-moves.sql
 *		What a seller does with an opportunity: move, win, lose, reopen.
 *
 * A plain UPDATE of stage_id or status does the same and is guarded by the
 * same triggers; these functions add names for steps and say what is wrong
 * before a foreign key does.
 */

CREATE FUNCTION @extschema@.move_opportunity(
    opportunity_id bigint, stage_id bigint, crm_schema text DEFAULT 'crm')
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    process bigint;
    steps text;
BEGIN
    PERFORM set_config('search_path', @extschema@.native_crm_path(crm_schema), true);
    SELECT o.process_id INTO process FROM opportunity o
     WHERE o.opportunity_id = move_opportunity.opportunity_id
       FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no opportunity %',
              coalesce(move_opportunity.opportunity_id::text, 'null')
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    SELECT string_agg(format('%s "%s"', s.stage_id, s.name), ', ' ORDER BY s.stage_order)
      INTO steps
      FROM sales_process_step s
     WHERE s.process_id = process
    HAVING bool_or(s.stage_id = move_opportunity.stage_id) IS NOT TRUE;
    IF FOUND THEN
        RAISE EXCEPTION 'opportunity % has no step %', move_opportunity.opportunity_id,
              coalesce(move_opportunity.stage_id::text, 'null')
            USING ERRCODE = 'invalid_parameter_value',
                  DETAIL = CASE WHEN process IS NULL THEN 'It follows no sales process.'
                                ELSE format('Its process %s has the steps %s.', process, steps) END;
    END IF;
    UPDATE opportunity o SET stage_id = move_opportunity.stage_id
     WHERE o.opportunity_id = move_opportunity.opportunity_id;
END
$$;
COMMENT ON FUNCTION @extschema@.move_opportunity(bigint, bigint, text) IS
'Move an opportunity to a step of its process. The won step wins it, an open step reopens a won one; a lost one must be reopened first (error 55000). Error 22023 when there is no such opportunity or step, listing the steps.';

CREATE FUNCTION @extschema@.move_opportunity(
    opportunity_id bigint, step text, crm_schema text DEFAULT 'crm')
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    wanted bigint;
    steps text;
BEGIN
    PERFORM set_config('search_path', @extschema@.native_crm_path(crm_schema), true);
    SELECT max(s.stage_id) FILTER (WHERE s.name = step),
           string_agg(format('"%s"', s.name), ', ' ORDER BY s.stage_order)
      INTO wanted, steps
      FROM opportunity o JOIN sales_process_step s ON s.process_id = o.process_id
     WHERE o.opportunity_id = move_opportunity.opportunity_id;
    IF wanted IS NULL AND steps IS NOT NULL THEN
        RAISE EXCEPTION 'opportunity % has no step %', move_opportunity.opportunity_id,
              coalesce('"' || step || '"', 'null')
            USING ERRCODE = 'invalid_parameter_value',
                  DETAIL = format('Its process has the steps %s.', steps);
    END IF;
    PERFORM @extschema@.move_opportunity(
        move_opportunity.opportunity_id, wanted, crm_schema);
END
$$;
COMMENT ON FUNCTION @extschema@.move_opportunity(bigint, text, text) IS
'Move an opportunity to the step of its process with this name. Otherwise like move_opportunity with a stage_id.';

CREATE FUNCTION @extschema@.restate_opportunity(
    opportunity_id bigint, status text, lost_reason text, crm_schema text)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    status_now text;
BEGIN
    PERFORM set_config('search_path', @extschema@.native_crm_path(crm_schema), true);
    SELECT o.status INTO status_now FROM opportunity o
     WHERE o.opportunity_id = restate_opportunity.opportunity_id
       FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no opportunity %',
              coalesce(restate_opportunity.opportunity_id::text, 'null')
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF status_now = restate_opportunity.status THEN
        RAISE EXCEPTION 'opportunity % is % already',
              restate_opportunity.opportunity_id, status_now
            USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    UPDATE opportunity o
       SET status = restate_opportunity.status,
           lost_reason = restate_opportunity.lost_reason
     WHERE o.opportunity_id = restate_opportunity.opportunity_id;
END
$$;
COMMENT ON FUNCTION @extschema@.restate_opportunity(bigint, text, text, text) IS
'Internal: set the status of one opportunity. Error 22023 when there is no such opportunity, 55000 when it has that status already.';

CREATE FUNCTION @extschema@.win_opportunity(
    opportunity_id bigint, crm_schema text DEFAULT 'crm')
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM @extschema@.restate_opportunity(opportunity_id, 'won', NULL, crm_schema);
END
$$;
COMMENT ON FUNCTION @extschema@.win_opportunity(bigint, text) IS
'Win an opportunity: it moves to the won step of its process and closes now. Error 55000 when it is won already, 22023 when there is no such opportunity.';

CREATE FUNCTION @extschema@.lose_opportunity(
    opportunity_id bigint, reason text DEFAULT NULL, crm_schema text DEFAULT 'crm')
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM @extschema@.restate_opportunity(opportunity_id, 'lost', reason, crm_schema);
END
$$;
COMMENT ON FUNCTION @extschema@.lose_opportunity(bigint, text, text) IS
'Lose an opportunity in the open step it is in: it stays there, closes now and leaves pipeline and forecast. The reason is free text, null when unknown. Error 55000 when it is lost already or stands in a won or settlement step, 22023 when there is no such opportunity.';

CREATE FUNCTION @extschema@.reopen_opportunity(
    opportunity_id bigint, crm_schema text DEFAULT 'crm')
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM @extschema@.restate_opportunity(opportunity_id, 'open', NULL, crm_schema);
END
$$;
COMMENT ON FUNCTION @extschema@.reopen_opportunity(bigint, text) IS
'Reopen a lost opportunity in the step where it was lost; closed_at and lost_reason become null, the log keeps them. A won one is reopened by moving it to an open step (error 55000 here). Error 22023 when there is no such opportunity.';
