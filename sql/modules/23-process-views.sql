/*
 * 23-process-views.sql
 *		The process list, the opportunities of a template, the roll-up.
 *
 * The views belong to the caller and use nothing of the extension, so they
 * outlive it.  They run with the rights of whoever reads them.
 */

CREATE FUNCTION @extschema@.create_native_views(crm_schema text)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM set_config('search_path', @extschema@.existing_schema_path(crm_schema), true);

    CREATE VIEW sales_process_list WITH (security_invoker = true) AS
    SELECT p.process_id,
           p.name,
           coalesce(d.default_for, 'none') AS default_for,
           coalesce(s.steps, 0) AS steps,
           coalesce(o.in_use, 0) AS in_use,
           coalesce(o.open_opportunities, 0) AS open_opportunities,
           p.changed_at,
           p.changed_by,
           coalesce(changer.owner_id, p.changed_by) AS changed_initials,
           p.created_at,
           p.created_by,
           coalesce(creator.owner_id, p.created_by) AS created_initials,
           p.active,
           current_user IN (p.created_by, p.changed_by) AS mine,
           p.note,
           p.template_id,
           template.name AS template_name,
           p.built_in,
           coalesce(c.copies, 0) AS copies,
           coalesce(o.in_use, 0) > 0
               OR EXISTS (SELECT FROM sales_process_step step
                            JOIN stage_change move ON move.to_stage_id = step.stage_id
                           WHERE step.process_id = p.process_id)
               OR EXISTS (SELECT FROM sales_process_step step
                            JOIN stage_change move ON move.from_stage_id = step.stage_id
                           WHERE step.process_id = p.process_id) AS ever_in_use
      FROM sales_process p
      LEFT JOIN (SELECT process_id,
                        string_agg(concat_ws(' ', kind, value), ', '
                                   ORDER BY array_position(ARRAY['employee', 'region',
                                       'department', 'none', 'all'], kind), value) AS default_for
                   FROM sales_process_default
                  GROUP BY process_id) d ON d.process_id = p.process_id
      LEFT JOIN (SELECT process_id, count(*) AS steps
                   FROM sales_process_step
                  GROUP BY process_id) s ON s.process_id = p.process_id
      LEFT JOIN (SELECT process_id, count(*) AS in_use,
                        count(*) FILTER (WHERE status = 'open') AS open_opportunities
                   FROM opportunity
                  GROUP BY process_id) o ON o.process_id = p.process_id
      LEFT JOIN (SELECT template_id, count(*) AS copies
                   FROM sales_process
                  GROUP BY template_id) c ON c.template_id = p.process_id
      LEFT JOIN sales_process template ON template.process_id = p.template_id
      LEFT JOIN employee changer ON changer.login = p.changed_by
      LEFT JOIN employee creator ON creator.login = p.created_by;

    CREATE VIEW sales_process_opportunity WITH (security_invoker = true) AS
    SELECT template.process_id AS template_id,
           template.name AS template_name,
           p.process_id,
           p.name AS process_name,
           o.opportunity_id,
           o.name,
           o.account_id,
           o.owner_id,
           s.stage_id,
           s.name AS stage_name,
           s.stage_order,
           s.percent,
           o.status,
           o.amount,
           o.currency,
           CASE o.status WHEN 'lost' THEN 0 ELSE s.percent END AS percent_counted,
           CASE o.status WHEN 'lost' THEN 0 * o.amount
                         ELSE o.amount * s.percent * 0.01 END AS weighted_value,
           o.expected_close_on,
           o.created_at
      FROM opportunity o
      JOIN sales_process p ON p.process_id = o.process_id
      JOIN sales_process template
        ON template.process_id = coalesce(p.template_id, p.process_id)
      JOIN sales_process_step s ON s.stage_id = o.stage_id;

    CREATE VIEW sales_process_rollup WITH (security_invoker = true) AS
    SELECT band.percent_from,
           band.percent_to,
           o.currency,
           count(DISTINCT o.process_id) AS processes,
           count(*) AS deals,
           count(*) FILTER (WHERE o.amount IS NULL) AS deals_without_amount,
           sum(o.amount) AS amount,
           sum(o.amount * s.percent * 0.01) AS weighted_value
      FROM opportunity o
      LEFT JOIN sales_process_step s
        ON s.process_id = o.process_id AND s.stage_id = o.stage_id
      LEFT JOIN (VALUES (0, 25), (25, 50), (50, 75), (75, 100))
                AS band(percent_from, percent_to)
        ON s.percent >= band.percent_from AND s.percent < band.percent_to
     WHERE o.status = 'open'
     GROUP BY band.percent_from, band.percent_to, o.currency;
END
$$;
COMMENT ON FUNCTION @extschema@.create_native_views(text) IS
'Internal part of create_native_crm: views sales_process_list, sales_process_opportunity, sales_process_rollup. Null does nothing.';

CREATE FUNCTION @extschema@.search_pattern(term text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN term LIKE '%\%%' THEN literal ELSE '%' || literal || '%' END
      FROM replace(replace(term, '\', '\\'), '_', '\_') AS literal
$$;
COMMENT ON FUNCTION @extschema@.search_pattern(text) IS
'Pattern for LIKE or ILIKE from what a user types into a search field: AS% starts with, %AS ends with, AS without a per cent sign contains. Underscore and backslash stand for themselves. The empty term matches everything; null gives null.';
