/*
 * 21-process.sql
 *		Sales processes of the native CRM: templates, copies, defaults, steps,
 *		the process list, and the moves of an opportunity.
 *
 * An opportunity stands in the last step it has reached and counts with the
 * per cent of that step: the per cent says what finishing the step means.
 */

CREATE FUNCTION @extschema@.native_crm_path(crm_schema text)
RETURNS text
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF crm_schema IS NULL
       OR to_regclass(format('%I.sales_process_step', crm_schema)) IS NULL THEN
        RAISE EXCEPTION 'schema % has no native CRM',
              coalesce('"' || crm_schema || '"', 'null')
            USING ERRCODE = 'undefined_table',
                  HINT = 'Create it with sales_forecast.create_native_crm(crm_schema).';
    END IF;
    RETURN format('%I, pg_temp', crm_schema);
END
$$;
COMMENT ON FUNCTION @extschema@.native_crm_path(text) IS
'The search_path under which plain SQL finds the native CRM in a schema (pg_catalog is searched before it). Error 42P01 when the schema has no native CRM or is null.';

/* -------- built-in templates -------- */

CREATE FUNCTION @extschema@.sales_process_templates()
RETURNS TABLE (template text, stage_order integer, name text, percent numeric,
               is_won boolean, is_settlement boolean,
               entry_criteria text, exit_criteria text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT v.template, v.stage_order, v.name, v.percent, v.percent = 100,
           v.is_settlement, v.entry_criteria, v.exit_criteria
      FROM (VALUES
    ('six_steps', 1, 'First contact', 10::numeric, false,
     'A named person at the customer.',
     'The person has answered and agreed to go on.'),
    ('six_steps', 2, 'Qualification', 20, false,
     'The person has answered.',
     'Need, budget, time and who decides are known.'),
    ('six_steps', 3, 'Needs mapping', 40, false,
     'The customer is qualified.',
     'The customer has confirmed the needs in writing.'),
    ('six_steps', 4, 'Offer', 60, false,
     'Confirmed needs.',
     'The customer has received a written offer with a price.'),
    ('six_steps', 5, 'Negotiation', 80, false,
     'The customer has answered the offer.',
     'Price, terms and delivery are agreed.'),
    ('six_steps', 6, 'Close', 100, false,
     'Agreed terms.',
     'The contract is signed.'),

    ('eight_steps', 1, 'Search and first contact', 5, false,
     'A company in our market.',
     'A named person has answered.'),
    ('eight_steps', 2, 'Planning', 10, false,
     'A named person has answered.',
     'Aim, people and next meeting are written down.'),
    ('eight_steps', 3, 'Sales situation', 20, false,
     'A meeting is agreed.',
     'The customer wants to look at a solution with us.'),
    ('eight_steps', 4, 'Needs analysis', 35, false,
     'The customer wants to look at a solution.',
     'The customer has confirmed the needs.'),
    ('eight_steps', 5, 'Presentation', 50, false,
     'Confirmed needs.',
     'The solution was shown to those who decide, with a price.'),
    ('eight_steps', 6, 'Objection handling', 70, false,
     'The customer has said what speaks against it.',
     'Every objection has an answer the customer accepts.'),
    ('eight_steps', 7, 'Commitment', 100, false,
     'No open objection; the contract was asked for.',
     'The contract is signed.'),
    ('eight_steps', 8, 'Follow-up', 100, true,
     'The contract is signed.',
     'Delivered, and the customer was asked how it went.'),

    ('nine_steps', 1, 'First contact', 5, false,
     'A named person at the customer.',
     'The person has answered.'),
    ('nine_steps', 2, 'Relevance check', 10, false,
     'The person has answered.',
     'What we sell fits what the customer does.'),
    ('nine_steps', 3, 'Lead and formal opportunity', 20, false,
     'The customer is relevant.',
     'Value, expected close and who decides are known.'),
    ('nine_steps', 4, 'Need identification', 35, false,
     'A formal opportunity.',
     'The customer has confirmed the needs.'),
    ('nine_steps', 5, 'Presentation', 50, false,
     'Confirmed needs.',
     'The solution was shown to those who decide.'),
    ('nine_steps', 6, 'Proposal', 65, false,
     'Those who decide want a proposal.',
     'The customer has received a written proposal with a price.'),
    ('nine_steps', 7, 'Negotiation', 80, false,
     'The customer has answered the proposal.',
     'Price, terms and delivery are agreed.'),
    ('nine_steps', 8, 'Close', 100, false,
     'Agreed terms.',
     'The contract is signed.'),
    ('nine_steps', 9, 'Financial settlement', 100, true,
     'The contract is signed.',
     'The invoice is paid.'),

    ('fixed_percentages', 1, 'Created', 0, false,
     'An opportunity, no contact yet.',
     'It was decided to contact the customer.'),
    ('fixed_percentages', 2, 'Initial contact', 25, false,
     'The customer has answered.',
     'The customer wants a quote.'),
    ('fixed_percentages', 3, 'Written quote', 50, false,
     'The customer has a written quote or price specification.',
     'The customer has answered the quote.'),
    ('fixed_percentages', 4, 'Accepted verbally', 75, false,
     'The customer has accepted verbally or signalled it otherwise.',
     'The contract is ready for signature.'),
    ('fixed_percentages', 5, 'Contract', 100, false,
     'The contract is made.',
     'The contract is signed by both.')
      ) AS v(template, stage_order, name, percent, is_settlement,
             entry_criteria, exit_criteria)
$$;
COMMENT ON FUNCTION @extschema@.sales_process_templates() IS
'Steps of the built-in templates six_steps, eight_steps, nine_steps and fixed_percentages (0, 25, 50, 75, 100 %). percent is 0 to 100; is_won marks every step at 100 %, is_settlement those after the won one (follow-up, financial settlement).';

/* -------- create, copy, delete -------- */

CREATE FUNCTION @extschema@.create_sales_process(
    template text, name text, crm_schema text DEFAULT 'crm',
    active boolean DEFAULT true, note text DEFAULT NULL)
RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    new_process bigint;
    known text;
BEGIN
    PERFORM set_config('search_path', @extschema@.native_crm_path(crm_schema), true);
    SELECT string_agg(DISTINCT t.template, ', ' ORDER BY t.template) INTO known
      FROM @extschema@.sales_process_templates() t
    HAVING bool_or(t.template = create_sales_process.template) IS NOT TRUE;
    IF known IS NOT NULL THEN
        RAISE EXCEPTION 'unknown sales process template %',
              coalesce('"' || create_sales_process.template || '"', 'null')
            USING ERRCODE = 'invalid_parameter_value',
                  DETAIL = format('Built-in templates are %s.', known),
                  HINT = 'To copy a process of your own use sales_forecast.copy_sales_process.';
    END IF;
    INSERT INTO sales_process (name, built_in, active, note)
    VALUES (create_sales_process.name, create_sales_process.template,
            create_sales_process.active, create_sales_process.note)
    RETURNING process_id INTO new_process;
    INSERT INTO sales_process_step
        (process_id, stage_order, name, percent, is_won, is_settlement,
         entry_criteria, exit_criteria)
    SELECT new_process, t.stage_order, t.name, t.percent, t.is_won,
           t.is_settlement, t.entry_criteria, t.exit_criteria
      FROM @extschema@.sales_process_templates() t
     WHERE t.template = create_sales_process.template
     ORDER BY t.stage_order;
    RETURN new_process;
END
$$;
COMMENT ON FUNCTION @extschema@.create_sales_process(text, text, text, boolean, text) IS
'Create a sales process with the steps of a built-in template (six_steps, eight_steps, nine_steps, fixed_percentages) and return its process_id. Name must be new (23505) and not null (23502); error 22023 for an unknown or null template, 42P01 when the schema has no native CRM.';

CREATE FUNCTION @extschema@.copy_sales_process(
    process_id bigint, name text, crm_schema text DEFAULT 'crm',
    independent boolean DEFAULT false)
RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    source record;
    new_process bigint;
BEGIN
    PERFORM set_config('search_path', @extschema@.native_crm_path(crm_schema), true);
    SELECT p.process_id, p.template_id, p.built_in, p.active, p.note INTO source
      FROM sales_process p
     WHERE p.process_id = copy_sales_process.process_id
       FOR SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no sales process %',
              coalesce(copy_sales_process.process_id::text, 'null')
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    INSERT INTO sales_process (name, template_id, built_in, active, note)
    VALUES (copy_sales_process.name,
            CASE WHEN independent IS NOT TRUE
                 THEN coalesce(source.template_id, source.process_id) END,
            source.built_in, source.active, source.note)
    RETURNING process_id INTO new_process;
    INSERT INTO sales_process_step
        (process_id, stage_order, name, percent, is_won, is_settlement,
         entry_criteria, exit_criteria)
    SELECT new_process, s.stage_order, s.name, s.percent, s.is_won,
           s.is_settlement, s.entry_criteria, s.exit_criteria
      FROM sales_process_step s
     WHERE s.process_id = source.process_id
     ORDER BY s.stage_order;
    RETURN new_process;
END
$$;
COMMENT ON FUNCTION @extschema@.copy_sales_process(bigint, text, text, boolean) IS
'Copy a sales process with its steps, note and active flag, not its defaults, and return the new process_id. The copy is based on the same template as the source, or on the source when that has none; independent => true makes a template of its own. Error 22023 when there is no such process, 23505 when the name is taken, 42P01 when the schema has no native CRM.';

CREATE FUNCTION @extschema@.delete_sales_processes(
    process_ids bigint[], crm_schema text DEFAULT 'crm')
RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    in_use text;
    copies bigint;
    others bigint;
BEGIN
    PERFORM set_config('search_path', @extschema@.native_crm_path(crm_schema), true);
    SELECT string_agg(format('%s "%s" (opportunities: %s, processes based on it: %s%s)',
                             l.process_id, l.name, l.in_use, l.copies,
                             CASE WHEN l.ever_in_use AND l.in_use = 0
                                  THEN ', opportunities have been in its steps' END),
                      '; ' ORDER BY l.process_id)
      INTO in_use
      FROM sales_process_list l
     WHERE l.process_id = ANY (process_ids)
       AND (l.ever_in_use
            OR EXISTS (SELECT FROM sales_process p
                        WHERE p.template_id = l.process_id
                          AND p.process_id <> ALL (process_ids)));
    IF in_use IS NOT NULL THEN
        RAISE EXCEPTION 'sales processes in use cannot be deleted'
            USING ERRCODE = 'foreign_key_violation',
                  DETAIL = format('In use: %s.', in_use),
                  HINT = 'Set active = false to take them out of use; nothing was deleted.';
    END IF;
    /* Copies before their templates: the guard looks at each row. */
    DELETE FROM sales_process p
     WHERE p.process_id = ANY (process_ids) AND p.template_id IS NOT NULL;
    GET DIAGNOSTICS copies = ROW_COUNT;
    DELETE FROM sales_process p WHERE p.process_id = ANY (process_ids);
    GET DIAGNOSTICS others = ROW_COUNT;
    RETURN copies + others;
END
$$;
COMMENT ON FUNCTION @extschema@.delete_sales_processes(bigint[], text) IS
'Delete sales processes with their steps and defaults and return how many there were; ids that do not exist are ignored, null or an empty array deletes none. When an opportunity follows any of them or has ever been in its steps, or it is the template of a process that is not in the list, nothing is deleted: error 23503 lists all of them. Error 42P01 when the schema has no native CRM.';

/* -------- the default process of a new opportunity -------- */

CREATE FUNCTION @extschema@.resolve_sales_process(
    employee text DEFAULT NULL, region text DEFAULT NULL,
    department text DEFAULT NULL, crm_schema text DEFAULT 'crm')
RETURNS bigint
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('search_path', @extschema@.native_crm_path(crm_schema), true);
    RETURN (
        WITH seller AS (
            SELECT resolve_sales_process.employee AS owner_id,
                   coalesce(resolve_sales_process.region, e.region) AS region,
                   coalesce(resolve_sales_process.department, e.department) AS department
              FROM (VALUES (1)) AS one(row)
              LEFT JOIN employee e ON e.owner_id = resolve_sales_process.employee
        )
        SELECT p.process_id
          FROM sales_process p
          JOIN sales_process_default d ON d.process_id = p.process_id
         CROSS JOIN seller s
         WHERE p.active
           AND (d.kind = 'all' OR d.owner_id = s.owner_id
                OR d.region = s.region OR d.department = s.department)
           AND NOT EXISTS (SELECT FROM sales_process_default n
                            WHERE n.process_id = p.process_id AND n.kind = 'none')
         ORDER BY array_position(ARRAY['employee', 'region', 'department', 'all'], d.kind),
                  p.created_at DESC, p.process_id DESC
         LIMIT 1);
END
$$;
COMMENT ON FUNCTION @extschema@.resolve_sales_process(text, text, text, text) IS
'process_id of the default sales process for a new opportunity: the default for the employee, else for the sales region, else for the department, else for all; of several the newest by created_at. Inactive processes and those whose default is none never are. A null region or department is taken from the employee; null when there is no default. Error 42P01 when the schema has no native CRM.';

/* -------- steps -------- */

CREATE FUNCTION @extschema@.insert_sales_process_step(
    process_id bigint, stage_order integer, name text, percent numeric,
    entry_criteria text DEFAULT NULL, exit_criteria text DEFAULT NULL,
    is_settlement boolean DEFAULT false, crm_schema text DEFAULT 'crm')
RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    steps integer;
    new_stage bigint;
BEGIN
    PERFORM set_config('search_path', @extschema@.native_crm_path(crm_schema), true);
    PERFORM FROM sales_process p
      WHERE p.process_id = insert_sales_process_step.process_id FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no sales process %',
              coalesce(insert_sales_process_step.process_id::text, 'null')
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    SELECT count(*) INTO steps FROM sales_process_step s
     WHERE s.process_id = insert_sales_process_step.process_id;
    IF (insert_sales_process_step.stage_order BETWEEN 1 AND steps + 1) IS NOT TRUE THEN
        RAISE EXCEPTION 'a new step of process % must be at 1 to %',
              insert_sales_process_step.process_id, steps + 1
            USING ERRCODE = 'invalid_parameter_value',
                  DETAIL = format('The place given is %s.',
                                  coalesce(insert_sales_process_step.stage_order::text, 'null'));
    END IF;
    PERFORM @extschema@.number_sales_process_steps(
        insert_sales_process_step.process_id, crm_schema,
        insert_sales_process_step.stage_order);
    INSERT INTO sales_process_step
        (process_id, stage_order, name, percent, is_won, is_settlement,
         entry_criteria, exit_criteria)
    VALUES (insert_sales_process_step.process_id,
            insert_sales_process_step.stage_order,
            insert_sales_process_step.name, insert_sales_process_step.percent,
            insert_sales_process_step.percent = 100,
            insert_sales_process_step.is_settlement,
            insert_sales_process_step.entry_criteria,
            insert_sales_process_step.exit_criteria)
    RETURNING stage_id INTO new_stage;
    PERFORM @extschema@.require_whole_process(
        insert_sales_process_step.process_id, crm_schema);
    RETURN new_stage;
END
$$;
COMMENT ON FUNCTION @extschema@.insert_sales_process_step(bigint, integer, text, numeric, text, text, boolean, text) IS
'Insert a step at a place (1 = first), move the later ones down and return the stage_id; opportunities stay in the steps they are in. percent 0 to 100 must fit between its neighbours and only the won and the settlement steps have 100 (23514). Error 22023 when there is no such process or place.';

CREATE FUNCTION @extschema@.move_sales_process_step(
    stage_id bigint, stage_order integer, percent numeric DEFAULT NULL,
    crm_schema text DEFAULT 'crm')
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    process bigint;
    steps integer;
BEGIN
    PERFORM set_config('search_path', @extschema@.native_crm_path(crm_schema), true);
    SELECT p.process_id INTO process
      FROM sales_process p JOIN sales_process_step s ON s.process_id = p.process_id
     WHERE s.stage_id = move_sales_process_step.stage_id
       FOR NO KEY UPDATE OF p;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no sales process step %',
              coalesce(move_sales_process_step.stage_id::text, 'null')
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    SELECT count(*) INTO steps FROM sales_process_step s WHERE s.process_id = process;
    IF (move_sales_process_step.stage_order BETWEEN 1 AND steps) IS NOT TRUE THEN
        RAISE EXCEPTION 'a step of process % must be at 1 to %', process, steps
            USING ERRCODE = 'invalid_parameter_value',
                  DETAIL = format('The place given is %s.',
                                  coalesce(move_sales_process_step.stage_order::text, 'null'));
    END IF;
    PERFORM @extschema@.number_sales_process_steps(
        process, crm_schema, move_sales_process_step.stage_order,
        move_sales_process_step.stage_id);
    UPDATE sales_process_step s
       SET percent = coalesce(move_sales_process_step.percent, s.percent)
     WHERE s.stage_id = move_sales_process_step.stage_id;
    PERFORM @extschema@.require_whole_process(process, crm_schema);
END
$$;
COMMENT ON FUNCTION @extschema@.move_sales_process_step(bigint, integer, numeric, text) IS
'Move a step to another place in its process (1 = first) and, when percent is given, change its per cent; the others close the gap and opportunities stay in the steps they are in. Error 23514 when per cent would fall along the process, 22023 when there is no such step or place.';

CREATE FUNCTION @extschema@.number_sales_process_steps(
    process_id bigint, crm_schema text, place integer, stage_id bigint DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('search_path', format('%I, pg_temp', crm_schema), true);
    WITH others AS (
        SELECT s.stage_id, row_number() OVER (ORDER BY s.stage_order) AS n
          FROM sales_process_step s
         WHERE s.process_id = number_sales_process_steps.process_id
           AND s.stage_id IS DISTINCT FROM number_sales_process_steps.stage_id
    ), numbered AS (
        SELECT o.stage_id, CASE WHEN o.n < place THEN o.n ELSE o.n + 1 END AS n
          FROM others o
        UNION ALL
        SELECT number_sales_process_steps.stage_id, place
    )
    UPDATE sales_process_step s SET stage_order = n.n
      FROM numbered n
     WHERE s.stage_id = n.stage_id AND s.stage_order <> n.n;
END
$$;
COMMENT ON FUNCTION @extschema@.number_sales_process_steps(bigint, text, integer, bigint) IS
'Internal: number the steps of a process 1, 2, 3 ..., with the given step at the given place, or with the place left free when the step is null.';
