/*
 * 26-native-comments.sql
 *		What every table, view and column of the native CRM means.
 */

CREATE FUNCTION @extschema@.native_crm_dictionary()
RETURNS TABLE (relation text, column_name text, description text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    VALUES
    ('region', NULL, 'Sales regions.'),
    ('region', 'region', 'Key of the sales region, readable; never changed once used.'),
    ('region', 'name', 'Long name. Null: the key says it.'),

    ('department', NULL, 'Departments.'),
    ('department', 'department', 'Key of the department, readable; never changed once used.'),
    ('department', 'name', 'Long name. Null: the key says it.'),

    ('team', NULL, 'Sales teams.'),
    ('team', 'team_id', 'Key of the team.'),
    ('team', 'name', 'Name of the team.'),
    ('team', 'region', 'Sales region the team serves. Null: none in particular.'),
    ('team', 'department', 'Department the team belongs to. Null: none.'),

    ('employee', NULL, 'Employees who sell: the owners of accounts and opportunities.'),
    ('employee', 'owner_id', 'Key of the employee, usually the initials.'),
    ('employee', 'name', 'Full name.'),
    ('employee', 'login', 'Database role the employee works as; turns changed_by into initials in the process list. Null: none.'),
    ('employee', 'email', 'E-mail address. Null: unknown.'),
    ('employee', 'team_id', 'Team today. Opportunities keep the team they had. Null: none.'),
    ('employee', 'region', 'Sales region today. Null: none.'),
    ('employee', 'department', 'Department today. Null: none.'),
    ('employee', 'active', 'Whether the employee sells today.'),
    ('employee', 'started_on', 'First day. Null: unknown.'),
    ('employee', 'left_on', 'Last day. Null: still here.'),

    ('account', NULL, 'Companies: customers and those who may become one.'),
    ('account', 'account_id', 'Key of the account.'),
    ('account', 'name', 'Name of the company.'),
    ('account', 'industry', 'Industry, free text. Null: unknown.'),
    ('account', 'employees', 'Number of staff, 0 or more. Null: unknown.'),
    ('account', 'revenue', 'Yearly revenue in currency. Null: unknown.'),
    ('account', 'potential', 'What could be sold to the account in a year, in currency, 0 or more. Null: unknown.'),
    ('account', 'currency', 'ISO 4217 code of revenue and potential. Null: unknown.'),
    ('account', 'postcode', 'Postcode. Null: unknown.'),
    ('account', 'city', 'City. Null: unknown.'),
    ('account', 'region', 'Sales region the account lies in. Null: none.'),
    ('account', 'country', 'Country, usually ISO 3166 alpha-2. Null: unknown.'),
    ('account', 'longitude', 'Degrees east, -180 to 180. Null: unknown.'),
    ('account', 'latitude', 'Degrees north, -90 to 90. Null: unknown.'),
    ('account', 'parent_id', 'Account this one belongs to. Null: none.'),
    ('account', 'owner_id', 'Employee responsible; more in account_owner. Null: nobody.'),
    ('account', 'satisfaction', 'Customer satisfaction on the scale of the company. Null: not asked.'),
    ('account', 'created_at', 'When the account was entered.'),

    ('account_owner', NULL, 'Further employees responsible for an account beside account.owner_id. Never sum amounts after joining it: it multiplies rows.'),
    ('account_owner', 'account_id', 'The account.'),
    ('account_owner', 'owner_id', 'The employee.'),

    ('contact', NULL, 'People at accounts.'),
    ('contact', 'contact_id', 'Key of the contact.'),
    ('contact', 'account_id', 'Account the person works for. Null: none.'),
    ('contact', 'name', 'Name of the person.'),
    ('contact', 'email', 'E-mail address. Null: unknown.'),
    ('contact', 'role', 'Role in the purchase or job title. Null: unknown.'),
    ('contact', 'created_at', 'When the contact was entered.'),

    ('product', NULL, 'Products and services.'),
    ('product', 'product_id', 'Key of the product, for example the article number.'),
    ('product', 'name', 'Name of the product.'),
    ('product', 'family', 'Product family. Null: none.'),
    ('product', 'list_price', 'List price in currency, 0 or more. Null: none.'),
    ('product', 'currency', 'ISO 4217 code of list_price.'),
    ('product', 'active', 'Whether it is sold today.'),

    ('sales_process', NULL, 'Sales processes. A process based on another has that one as its template.'),
    ('sales_process', 'process_id', 'Key of the sales process.'),
    ('sales_process', 'name', 'Name of the process, unique.'),
    ('sales_process', 'template_id', 'Process this one is based on, which has no template itself. Null: it is a template or stands alone.'),
    ('sales_process', 'built_in', 'Built-in template the steps first came from, see sales_forecast.sales_process_templates(). Null: none.'),
    ('sales_process', 'active', 'Available for new opportunities; needs steps.'),
    ('sales_process', 'note', 'Free text. Null: none.'),
    ('sales_process', 'created_at', 'When the process was created; kept by a trigger.'),
    ('sales_process', 'created_by', 'Database role that created it; kept by a trigger.'),
    ('sales_process', 'changed_at', 'When the process, a step or a default of it last changed; kept by a trigger.'),
    ('sales_process', 'changed_by', 'Database role that made the last change; kept by a trigger.'),

    ('sales_process_step', NULL, 'Steps of the sales processes: the stages of opportunities.'),
    ('sales_process_step', 'stage_id', 'Key of the step, unique over all processes.'),
    ('sales_process_step', 'process_id', 'Process the step belongs to.'),
    ('sales_process_step', 'stage_order', 'Relative position in the process, 1 or more, unique in the process.'),
    ('sales_process_step', 'name', 'Name of the step, unique in the process.'),
    ('sales_process_step', 'percent', 'Completion that finishing this step means, 0 to 100, never falling along the process; 100 exactly for won and settlement steps.'),
    ('sales_process_step', 'probability', 'percent as a probability, 0 to 1.'),
    ('sales_process_step', 'is_won', 'Opportunities in this step are won; true for settlement steps, too.'),
    ('sales_process_step', 'is_settlement', 'Step after the won one, such as follow-up or financial settlement.'),
    ('sales_process_step', 'entry_criteria', 'What must be true before an opportunity enters the step. Null: not written down.'),
    ('sales_process_step', 'exit_criteria', 'What must be true before an opportunity leaves the step. Null: not written down.'),
    ('sales_process_step', 'created_at', 'When the step was created; kept by a trigger.'),
    ('sales_process_step', 'created_by', 'Database role that created it; kept by a trigger.'),
    ('sales_process_step', 'changed_at', 'When the step last changed; kept by a trigger.'),
    ('sales_process_step', 'changed_by', 'Database role that made the last change; kept by a trigger.'),

    ('sales_process_default', NULL, 'For whose new opportunities a sales process is the default. A process without a row is no default.'),
    ('sales_process_default', 'default_id', 'Key of the row.'),
    ('sales_process_default', 'process_id', 'The sales process.'),
    ('sales_process_default', 'kind', 'employee, region, department (one of the next three columns says which), all, or none: never a default.'),
    ('sales_process_default', 'owner_id', 'Employee, when kind is employee; else null.'),
    ('sales_process_default', 'region', 'Sales region, when kind is region; else null.'),
    ('sales_process_default', 'department', 'Department, when kind is department; else null.'),
    ('sales_process_default', 'value', 'The one of owner_id, region and department that is set; null for all and none. Computed.'),

    ('opportunity', NULL, 'Opportunities (deals), open and closed.'),
    ('opportunity', 'opportunity_id', 'Key of the opportunity.'),
    ('opportunity', 'name', 'What it is about.'),
    ('opportunity', 'account_id', 'Account that may buy. Null: unknown.'),
    ('opportunity', 'contact_id', 'Contact at the account. Null: unknown.'),
    ('opportunity', 'owner_id', 'Employee who sells. Null: nobody.'),
    ('opportunity', 'team_id', 'Team the deal belongs to; filled from the owner.'),
    ('opportunity', 'region', 'Sales region of the deal; filled from the account, else the owner.'),
    ('opportunity', 'department', 'Department the deal belongs to; filled from the owner.'),
    ('opportunity', 'postcode', 'Postcode of the place delivered to. Null: unknown.'),
    ('opportunity', 'product_id', 'Main product. Null: unknown.'),
    ('opportunity', 'amount', 'Sales value in currency, 0 or more. Null: not known yet.'),
    ('opportunity', 'currency', 'ISO 4217 code of amount; needed when there is an amount.'),
    ('opportunity', 'process_id', 'Sales process; filled with the default of the owner, region or department. Null: none.'),
    ('opportunity', 'stage_id', 'Last step reached, of that process. Without a process it is not checked and means an unknown stage.'),
    ('opportunity', 'probability_stated', 'Probability of winning as the seller states it, 0 to 1. Null: not stated.'),
    ('opportunity', 'status', 'open, won or lost; goes along with the step.'),
    ('opportunity', 'forecast_category', 'pipeline, best_case, most_likely, commit, closed or omitted. Null: none.'),
    ('opportunity', 'priority', 'low, normal or high. Null: none.'),
    ('opportunity', 'lead_source', 'Where it came from. Null: unknown.'),
    ('opportunity', 'expected_close_on', 'Day the seller expects the decision. Null: unknown.'),
    ('opportunity', 'closed_at', 'When it was won or lost; filled at that moment unless given. Null while open.'),
    ('opportunity', 'lost_reason', 'Why it was lost. Null: unknown or not lost.'),
    ('opportunity', 'stage_entered_at', 'When it entered the step it is in.'),
    ('opportunity', 'last_activity_at', 'Time of the latest activity; kept by a trigger of activity.'),
    ('opportunity', 'created_at', 'When the opportunity arose; may be given when it is entered later.'),
    ('opportunity', 'created_by', 'Database role that entered it; kept by a trigger.'),
    ('opportunity', 'changed_at', 'When it last changed; kept by a trigger.'),
    ('opportunity', 'changed_by', 'Database role that made the last change; kept by a trigger.'),

    ('stage_change', NULL, 'Moves of opportunities between steps, the first one from null. Written by a trigger.'),
    ('stage_change', 'stage_change_id', 'Key of the move.'),
    ('stage_change', 'opportunity_id', 'The opportunity.'),
    ('stage_change', 'from_stage_id', 'Step it left. Null: it was new or followed no process.'),
    ('stage_change', 'to_stage_id', 'Step it entered. Null: it follows no process any more.'),
    ('stage_change', 'changed_at', 'When it moved.'),
    ('stage_change', 'changed_by', 'Database role that moved it.'),

    ('opportunity_change', NULL, 'Changes of fields of opportunities, one row per field. Written by a trigger.'),
    ('opportunity_change', 'opportunity_change_id', 'Key of the change.'),
    ('opportunity_change', 'opportunity_id', 'The opportunity.'),
    ('opportunity_change', 'field', 'Column of opportunity that changed.'),
    ('opportunity_change', 'old_value', 'Value before as text: dates ISO, times in UTC. Null: there was none.'),
    ('opportunity_change', 'new_value', 'Value after as text. Null: there is none.'),
    ('opportunity_change', 'changed_at', 'When it changed; all fields of one change have the same time.'),
    ('opportunity_change', 'changed_by', 'Database role that changed it.'),

    ('activity', NULL, 'Calls, meetings, mails, demos, notes that happened.'),
    ('activity', 'activity_id', 'Key of the activity.'),
    ('activity', 'opportunity_id', 'Opportunity it belongs to. Null: none.'),
    ('activity', 'account_id', 'Account it belongs to. Null: none.'),
    ('activity', 'contact_id', 'Contact it was with. Null: none.'),
    ('activity', 'owner_id', 'Employee who took part. Null: unknown.'),
    ('activity', 'kind', 'call, meeting, email, demo, note or a word of your own.'),
    ('activity', 'direction', 'in: from the customer, out: from us. Null: neither.'),
    ('activity', 'at', 'When it happened.'),
    ('activity', 'text', 'What was said or written. Null: nothing kept.'),
    ('activity', 'language', 'Language of text, ISO 639-1 such as nb, da, en, de. Null: unknown.'),

    ('lead', NULL, 'Leads: interest that is not an opportunity yet.'),
    ('lead', 'lead_id', 'Key of the lead.'),
    ('lead', 'name', 'Who or what. Null: unknown.'),
    ('lead', 'source', 'Where it came from. Null: unknown.'),
    ('lead', 'status', 'new, working, converted, dropped or a word of your own.'),
    ('lead', 'created_at', 'When it came in.'),
    ('lead', 'converted_at', 'When it became an opportunity. Null: not yet.'),
    ('lead', 'opportunity_id', 'Opportunity it became. Null: none.'),
    ('lead', 'account_id', 'Account it belongs to. Null: unknown.'),
    ('lead', 'owner_id', 'Employee who follows it up. Null: nobody.'),

    ('sales_order', NULL, 'Orders and invoices: what was really sold. Credit notes have a negative amount.'),
    ('sales_order', 'order_id', 'Key of the order.'),
    ('sales_order', 'account_id', 'Account that bought. Null: unknown.'),
    ('sales_order', 'opportunity_id', 'Opportunity it came from. Null: none.'),
    ('sales_order', 'owner_id', 'Employee who sold. Null: nobody.'),
    ('sales_order', 'product_id', 'Product sold. Null: unknown.'),
    ('sales_order', 'ordered_at', 'When it was ordered.'),
    ('sales_order', 'amount', 'Value in currency; negative for credit notes.'),
    ('sales_order', 'currency', 'ISO 4217 code of amount.'),

    ('quota', NULL, 'Sales targets of employees or teams.'),
    ('quota', 'quota_id', 'Key of the quota.'),
    ('quota', 'owner_id', 'Employee. Null: the target of a team.'),
    ('quota', 'team_id', 'Team. Null: the target of an employee.'),
    ('quota', 'period_start', 'First day.'),
    ('quota', 'period_end', 'Day after the last.'),
    ('quota', 'amount', 'Target in currency, 0 or more.'),
    ('quota', 'currency', 'ISO 4217 code of amount.'),

    ('external_series', NULL, 'Series from outside, such as indicators and prices.'),
    ('external_series', 'series', 'Name of the series.'),
    ('external_series', 'at', 'Time of the observation.'),
    ('external_series', 'value', 'Value, in the unit of the series.'),

    ('exchange_rate', NULL, 'Exchange rates by day.'),
    ('exchange_rate', 'currency', 'ISO 4217 code that is converted.'),
    ('exchange_rate', 'base_currency', 'ISO 4217 code it is converted to.'),
    ('exchange_rate', 'valid_on', 'Day from which the rate holds until the next one.'),
    ('exchange_rate', 'rate', 'One unit of currency in base_currency, above 0.'),

    ('fiscal_period', NULL, 'Periods of fiscal calendars, such as 4-4-5.'),
    ('fiscal_period', 'calendar', 'Name of the calendar.'),
    ('fiscal_period', 'period', 'Name of the period in the calendar.'),
    ('fiscal_period', 'starts_on', 'First day.'),
    ('fiscal_period', 'ends_on', 'Last day, inclusive.'),

    ('sales_process_list', NULL, 'Sales processes with what the list shows, one row per process.'),
    ('sales_process_list', 'process_id', 'Key of the sales process.'),
    ('sales_process_list', 'name', 'Name.'),
    ('sales_process_list', 'default_for', 'For whose new opportunities it is the default, such as "employee AHL, region North", all or none.'),
    ('sales_process_list', 'steps', 'Number of steps.'),
    ('sales_process_list', 'in_use', 'Number of opportunities that follow it, open and closed.'),
    ('sales_process_list', 'open_opportunities', 'How many of those are open.'),
    ('sales_process_list', 'changed_at', 'When it, a step or a default of it last changed.'),
    ('sales_process_list', 'changed_by', 'Database role that made the last change.'),
    ('sales_process_list', 'changed_initials', 'Employee with that login, else the role.'),
    ('sales_process_list', 'created_at', 'When it was created.'),
    ('sales_process_list', 'created_by', 'Database role that created it.'),
    ('sales_process_list', 'created_initials', 'Employee with that login, else the role.'),
    ('sales_process_list', 'active', 'Available for new opportunities.'),
    ('sales_process_list', 'mine', 'Created or last changed by the role that reads.'),
    ('sales_process_list', 'note', 'Free text. Null: none.'),
    ('sales_process_list', 'template_id', 'Process it is based on. Null: none.'),
    ('sales_process_list', 'template_name', 'Name of that process. Null: none.'),
    ('sales_process_list', 'built_in', 'Built-in template its steps first came from. Null: none.'),
    ('sales_process_list', 'copies', 'Number of processes based on it.'),
    ('sales_process_list', 'ever_in_use', 'An opportunity follows it or has ever been in one of its steps: it cannot be deleted.'),

    ('sales_process_opportunity', NULL, 'Opportunities by the template their process is based on, one row per opportunity that follows a process. A process without template is its own.'),
    ('sales_process_opportunity', 'template_id', 'Template of the process, or the process itself.'),
    ('sales_process_opportunity', 'template_name', 'Its name.'),
    ('sales_process_opportunity', 'process_id', 'Process the opportunity follows.'),
    ('sales_process_opportunity', 'process_name', 'Its name.'),
    ('sales_process_opportunity', 'opportunity_id', 'Key of the opportunity.'),
    ('sales_process_opportunity', 'name', 'What it is about.'),
    ('sales_process_opportunity', 'account_id', 'Account that may buy. Null: unknown.'),
    ('sales_process_opportunity', 'owner_id', 'Employee who sells. Null: nobody.'),
    ('sales_process_opportunity', 'stage_id', 'Step it is in.'),
    ('sales_process_opportunity', 'stage_name', 'Name of the step.'),
    ('sales_process_opportunity', 'stage_order', 'Position of the step in its process.'),
    ('sales_process_opportunity', 'percent', 'Per cent of the step, 0 to 100.'),
    ('sales_process_opportunity', 'status', 'open, won or lost.'),
    ('sales_process_opportunity', 'amount', 'Sales value in currency. Null: not known yet.'),
    ('sales_process_opportunity', 'currency', 'ISO 4217 code of amount.'),
    ('sales_process_opportunity', 'percent_counted', 'Per cent it counts with: that of the step, 0 when lost.'),
    ('sales_process_opportunity', 'weighted_value', 'Sales value times percent_counted, in currency, not rounded. Null without amount.'),
    ('sales_process_opportunity', 'expected_close_on', 'Day the seller expects the decision. Null: unknown.'),
    ('sales_process_opportunity', 'created_at', 'When the opportunity arose.'),

    ('sales_process_rollup', NULL, 'Open opportunities of all sales processes by bands of per cent they have in common, one row per band and currency.'),
    ('sales_process_rollup', 'percent_from', 'Lower end of the band, 0, 25, 50 or 75, inclusive. Null: opportunities without a known step.'),
    ('sales_process_rollup', 'percent_to', 'Upper end of the band, exclusive. Null: opportunities without a known step.'),
    ('sales_process_rollup', 'currency', 'ISO 4217 code of the amounts. Null: opportunities without one.'),
    ('sales_process_rollup', 'processes', 'Number of sales processes in the band.'),
    ('sales_process_rollup', 'deals', 'Number of open opportunities.'),
    ('sales_process_rollup', 'deals_without_amount', 'How many of those have no amount and add nothing to the sums.'),
    ('sales_process_rollup', 'amount', 'Sum of the sales values in currency. Null: none has an amount.'),
    ('sales_process_rollup', 'weighted_value', 'Sum of sales value times per cent of the step, in currency, not rounded. Null: none has amount and step.')
$$;
COMMENT ON FUNCTION @extschema@.native_crm_dictionary() IS
'Meaning of every table and view (column_name null) and column of the native CRM: units, range, what null says.';

CREATE FUNCTION @extschema@.comment_native_crm(crm_schema text)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    entry record;
BEGIN
    FOR entry IN
        SELECT d.relation, d.column_name, d.description,
               CASE c.relkind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END AS kind
          FROM @extschema@.native_crm_dictionary() d
          JOIN pg_class c ON c.oid = to_regclass(format('%I.%I', crm_schema, d.relation))
    LOOP
        IF entry.column_name IS NULL THEN
            EXECUTE format('COMMENT ON %s %I.%I IS %L', entry.kind, crm_schema,
                           entry.relation, entry.description);
        ELSE
            EXECUTE format('COMMENT ON COLUMN %I.%I.%I IS %L', crm_schema,
                           entry.relation, entry.column_name, entry.description);
        END IF;
    END LOOP;
END
$$;
COMMENT ON FUNCTION @extschema@.comment_native_crm(text) IS
'Internal part of create_native_crm: comments on its tables, views and columns. Null does nothing.';
