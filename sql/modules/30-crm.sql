-- The CRM contract: the relations and columns every source is brought to.
--
-- This file is the only place where they are written down.  connect_crm builds its views from these rows, check_crm
-- compares a schema with them, the comments on the views and the page doc/crm.md come from them, and so do the tests.
-- A new column goes to the end of its relation: CREATE OR REPLACE VIEW can then extend a connected schema in place.

CREATE FUNCTION @extschema@.crm_relations(
    OUT relation text, OUT "position" int, OUT key_columns text[], OUT description text)
RETURNS SETOF record
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 17
BEGIN ATOMIC
SELECT * FROM (VALUES
    ('opportunity', 1, '{opportunity_id}'::text[],
     'One row per deal, open or closed, as the source shows it today.'),
    ('sales_process', 2, '{process_id}', 'One row per sales process.'),
    ('stage', 3, '{process_id,stage_id}', 'One row per stage of a sales process.'),
    ('stage_change', 4, '{opportunity_id,to_stage_id,changed_at}', 'One row per move of a deal into a stage.'),
    ('opportunity_change', 5, '{opportunity_id,field,changed_at}',
     'One row per logged change of one field of a deal. Needed to see the past as it was.'),
    ('account', 6, '{account_id}', 'One row per customer or prospect company.'),
    ('owner', 7, '{owner_id}', 'One row per seller.'),
    ('contact', 8, '{contact_id}', 'One row per person at an account.'),
    ('lead', 9, '{lead_id}', 'One row per lead, converted or not.'),
    ('product', 10, '{product_id}', 'One row per product or service.'),
    ('sales_order', 11, '{order_id}', 'One row per order or invoice: the historical sales, often from an ERP.'),
    ('activity', 12, '{activity_id}', 'One row per e-mail, call, meeting, note or visit.'),
    ('quota', 13, '{owner_id,team_id,period_start,currency}', 'One row per sales target of a seller or team and period.'),
    ('external_series', 14, '{series,at}', 'One row per observation of an outside indicator.'),
    ('exchange_rate', 15, '{currency,base_currency,valid_on}', 'One row per currency pair and day.'),
    ('fiscal_period', 16, '{calendar,period}', 'One row per period of a fiscal calendar.'),
    ('crm_source', 17, '{}', 'One row: where these views come from and what the source can tell about the past.')
) AS v (relation, "position", key_columns, description);
END;
COMMENT ON FUNCTION @extschema@.crm_relations() IS
'The relations of the CRM contract in order: name, the columns that identify a row (empty array: exactly one row) and what a row is. Never NULL.';

CREATE FUNCTION @extschema@.crm_columns(
    OUT relation text, OUT "position" int, OUT column_name text, OUT type text, OUT required boolean,
    OUT description text)
RETURNS SETOF record
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 140
BEGIN ATOMIC
SELECT v.relation, (row_number() OVER (PARTITION BY v.relation ORDER BY v.line))::int, v.column_name,
       CASE v.type WHEN 'float8' THEN 'double precision' WHEN 'timestamptz' THEN 'timestamp with time zone' ELSE v.type END,
       v.required, v.description
FROM (VALUES
    (101, 'opportunity', 'opportunity_id', 'text', true, 'Key of the deal.'),
    (102, 'opportunity', 'name', 'text', false, 'What the deal is called.'),
    (103, 'opportunity', 'account_id', 'text', false, 'Customer: account.account_id.'),
    (104, 'opportunity', 'contact_id', 'text', false, 'Main contact: contact.contact_id.'),
    (105, 'opportunity', 'owner_id', 'text', false, 'Seller: owner.owner_id.'),
    (106, 'opportunity', 'team_id', 'text', false, 'Sales team.'),
    (107, 'opportunity', 'region', 'text', false, 'Sales region.'),
    (108, 'opportunity', 'department', 'text', false, 'Department.'),
    (109, 'opportunity', 'postcode', 'text', false, 'Postcode of the place of business.'),
    (110, 'opportunity', 'product_id', 'text', false, 'Main product: product.product_id.'),
    (111, 'opportunity', 'amount', 'numeric', false, 'Value of the deal in currency, not weighted. NULL when not stated.'),
    (112, 'opportunity', 'currency', 'text', false, 'ISO 4217 code of amount.'),
    (113, 'opportunity', 'process_id', 'text', false, 'Sales process: sales_process.process_id.'),
    (114, 'opportunity', 'stage_id', 'text', false, 'Stage the deal is in: stage.stage_id within its process.'),
    (115, 'opportunity', 'probability_stated', 'float8', false,
     'Probability of a win as stated by the seller or the CRM, 0 to 1. Shown as it is: check_crm reports values outside.'),
    (116, 'opportunity', 'status', 'text', false,
     'open, won or lost. NULL when it is not known, for instance when the stage of an open deal is not known.'),
    (117, 'opportunity', 'forecast_category', 'text', false, 'pipeline, best_case, most_likely, commit, closed or omitted.'),
    (118, 'opportunity', 'priority', 'text', false, 'Priority given by the seller, as the source writes it.'),
    (119, 'opportunity', 'lead_source', 'text', false, 'Where the deal came from.'),
    (120, 'opportunity', 'created_at', 'timestamptz', false, 'When the deal was entered.'),
    (121, 'opportunity', 'expected_close_on', 'date', false, 'Day on which the seller expects the decision.'),
    (122, 'opportunity', 'closed_at', 'timestamptz', false, 'When the deal was won or lost. NULL while it is open.'),
    (123, 'opportunity', 'lost_reason', 'text', false, 'Why the deal was lost.'),
    (124, 'opportunity', 'stage_entered_at', 'timestamptz', false, 'When the deal entered its stage.'),
    (125, 'opportunity', 'last_activity_at', 'timestamptz', false, 'Last sign of life: mail, call, meeting, visit.'),

    (201, 'sales_process', 'process_id', 'text', true, 'Key of the process.'),
    (202, 'sales_process', 'name', 'text', false, 'Name of the process.'),
    (203, 'sales_process', 'template_id', 'text', false, 'Process template it was copied from.'),
    (204, 'sales_process', 'active', 'boolean', false, 'Whether new deals may use it.'),

    (301, 'stage', 'process_id', 'text', false, 'Process the stage belongs to. NULL when the source has one process only.'),
    (302, 'stage', 'stage_id', 'text', true, 'Key of the stage within its process.'),
    (303, 'stage', 'name', 'text', false, 'Name of the stage.'),
    (304, 'stage', 'stage_order', 'integer', true, 'Place in the process; smaller comes first.'),
    (305, 'stage', 'probability', 'float8', false, 'Probability of a win fixed for the stage, 0 to 1.'),
    (306, 'stage', 'is_won', 'boolean', false, 'Deals in this stage are won.'),
    (307, 'stage', 'is_lost', 'boolean', false, 'Deals in this stage are lost.'),
    (308, 'stage', 'is_settlement', 'boolean', false, 'A step after the win, such as payment; is_won is true there too.'),
    (309, 'stage', 'entry_criteria', 'text', false, 'What must hold before a deal enters.'),
    (310, 'stage', 'exit_criteria', 'text', false, 'What must hold before a deal leaves.'),

    (401, 'stage_change', 'opportunity_id', 'text', true, 'Deal that moved.'),
    (402, 'stage_change', 'from_stage_id', 'text', false, 'Stage it left; NULL when it was created.'),
    (403, 'stage_change', 'to_stage_id', 'text', true, 'Stage it entered.'),
    (404, 'stage_change', 'changed_at', 'timestamptz', true, 'When.'),
    (405, 'stage_change', 'changed_by', 'text', false, 'By whom.'),
    (406, 'stage_change', 'change_order', 'bigint', false, 'Orders changes of one deal made at the same time; NULL: not known.'),

    (501, 'opportunity_change', 'opportunity_id', 'text', true, 'Deal that changed.'),
    (502, 'opportunity_change', 'field', 'text', true, 'Column of opportunity that changed, for instance amount.'),
    (503, 'opportunity_change', 'old_value', 'text', true, 'Value before, as text; probabilities 0 to 1, dates YYYY-MM-DD, times YYYY-MM-DD HH:MM:SS+00 in UTC.'),
    (504, 'opportunity_change', 'new_value', 'text', false, 'Value after, as text.'),
    (505, 'opportunity_change', 'changed_at', 'timestamptz', true, 'When.'),
    (506, 'opportunity_change', 'changed_by', 'text', false, 'By whom.'),
    (507, 'opportunity_change', 'change_order', 'bigint', false, 'Orders changes of one deal made at the same time; NULL: not known.'),

    (601, 'account', 'account_id', 'text', true, 'Key of the account.'),
    (602, 'account', 'name', 'text', false, 'Name of the company.'),
    (603, 'account', 'industry', 'text', false, 'Industry.'),
    (604, 'account', 'employees', 'integer', false, 'Number of employees.'),
    (605, 'account', 'revenue', 'numeric', false, 'Yearly revenue of the company, in the unit of the source.'),
    (606, 'account', 'postcode', 'text', false, 'Postcode.'),
    (607, 'account', 'city', 'text', false, 'City.'),
    (608, 'account', 'region', 'text', false, 'State, county or sales region.'),
    (609, 'account', 'country', 'text', false, 'Country.'),
    (610, 'account', 'longitude', 'float8', false, 'Degrees east, -180 to 180.'),
    (611, 'account', 'latitude', 'float8', false, 'Degrees north, -90 to 90.'),
    (612, 'account', 'parent_id', 'text', false, 'Parent company: account.account_id.'),
    (613, 'account', 'owner_id', 'text', false, 'Seller who looks after the account.'),
    (614, 'account', 'satisfaction', 'float8', false, 'Satisfaction, in the unit of the source.'),
    (615, 'account', 'potential', 'numeric', false, 'Estimated yearly sales that could be made, in the currency of the house.'),
    (616, 'account', 'created_at', 'timestamptz', false, 'When the account was entered.'),

    (701, 'owner', 'owner_id', 'text', true, 'Key of the seller.'),
    (702, 'owner', 'name', 'text', false, 'Name of the seller.'),
    (703, 'owner', 'team_id', 'text', false, 'Team today.'),
    (704, 'owner', 'region', 'text', false, 'Region today.'),
    (705, 'owner', 'department', 'text', false, 'Department today.'),
    (706, 'owner', 'active', 'boolean', false, 'Still selling.'),
    (707, 'owner', 'started_on', 'date', false, 'First day.'),
    (708, 'owner', 'left_on', 'date', false, 'Last day.'),

    (801, 'contact', 'contact_id', 'text', true, 'Key of the contact.'),
    (802, 'contact', 'account_id', 'text', false, 'Company the person works for.'),
    (803, 'contact', 'name', 'text', false, 'Name of the person.'),
    (804, 'contact', 'email', 'text', false, 'E-mail address.'),
    (805, 'contact', 'role', 'text', false, 'Role in the decision.'),
    (806, 'contact', 'created_at', 'timestamptz', false, 'When the contact was entered.'),

    (901, 'lead', 'lead_id', 'text', true, 'Key of the lead.'),
    (902, 'lead', 'source', 'text', false, 'Campaign or channel.'),
    (903, 'lead', 'status', 'text', false, 'Status as the source writes it.'),
    (904, 'lead', 'created_at', 'timestamptz', false, 'When the lead came in.'),
    (905, 'lead', 'converted_at', 'timestamptz', false, 'When it became a deal. NULL when it did not.'),
    (906, 'lead', 'opportunity_id', 'text', false, 'Deal it became.'),
    (907, 'lead', 'account_id', 'text', false, 'Account it belongs to.'),
    (908, 'lead', 'owner_id', 'text', false, 'Seller who has it.'),

    (1001, 'product', 'product_id', 'text', true, 'Key of the product.'),
    (1002, 'product', 'name', 'text', false, 'Name.'),
    (1003, 'product', 'family', 'text', false, 'Product family.'),
    (1004, 'product', 'list_price', 'numeric', false, 'List price in currency.'),
    (1005, 'product', 'currency', 'text', false, 'ISO 4217 code of list_price.'),

    (1101, 'sales_order', 'order_id', 'text', true, 'Key of the order.'),
    (1102, 'sales_order', 'account_id', 'text', false, 'Customer.'),
    (1103, 'sales_order', 'opportunity_id', 'text', false, 'Deal it came from.'),
    (1104, 'sales_order', 'owner_id', 'text', false, 'Seller.'),
    (1105, 'sales_order', 'product_id', 'text', false, 'Product.'),
    (1106, 'sales_order', 'ordered_at', 'timestamptz', false, 'When it was ordered.'),
    (1107, 'sales_order', 'amount', 'numeric', false, 'Value in currency.'),
    (1108, 'sales_order', 'currency', 'text', false, 'ISO 4217 code of amount.'),

    (1201, 'activity', 'activity_id', 'text', true, 'Key of the activity.'),
    (1202, 'activity', 'opportunity_id', 'text', false, 'Deal it is about.'),
    (1203, 'activity', 'account_id', 'text', false, 'Account it is about.'),
    (1204, 'activity', 'owner_id', 'text', false, 'Seller.'),
    (1205, 'activity', 'kind', 'text', false, 'email, call, meeting, demo, note, visit …'),
    (1206, 'activity', 'direction', 'text', false, 'in: from the customer; out: to the customer; NULL: neither.'),
    (1207, 'activity', 'at', 'timestamptz', false, 'When.'),
    (1208, 'activity', 'text', 'text', false, 'What was written or noted.'),
    (1209, 'activity', 'language', 'text', false, 'Language of text, for instance nb.'),

    (1301, 'quota', 'owner_id', 'text', false, 'Seller; NULL for a target of a team.'),
    (1302, 'quota', 'team_id', 'text', false, 'Team; NULL for a target of a seller.'),
    (1303, 'quota', 'period_start', 'date', true, 'First day.'),
    (1304, 'quota', 'period_end', 'date', true, 'First day after the period.'),
    (1305, 'quota', 'amount', 'numeric', false, 'Target in currency.'),
    (1306, 'quota', 'currency', 'text', false, 'ISO 4217 code of amount.'),

    (1401, 'external_series', 'series', 'text', true, 'Name of the indicator.'),
    (1402, 'external_series', 'at', 'timestamptz', true, 'When it was observed.'),
    (1403, 'external_series', 'value', 'float8', false, 'Value in the unit of the indicator.'),

    (1501, 'exchange_rate', 'currency', 'text', true, 'ISO 4217 code.'),
    (1502, 'exchange_rate', 'base_currency', 'text', true, 'ISO 4217 code of the base.'),
    (1503, 'exchange_rate', 'valid_on', 'date', true, 'Day of the rate.'),
    (1504, 'exchange_rate', 'rate', 'numeric', false, 'Units of base_currency for one unit of currency.'),

    (1601, 'fiscal_period', 'calendar', 'text', true, 'Name of the calendar.'),
    (1602, 'fiscal_period', 'period', 'text', true, 'Name of the period.'),
    (1603, 'fiscal_period', 'starts_on', 'date', true, 'First day.'),
    (1604, 'fiscal_period', 'ends_on', 'date', true, 'Last day, inclusive.'),

    (1701, 'crm_source', 'source', 'text', true, 'Adapter: native or generic.'),
    (1702, 'crm_source', 'source_schema', 'text', true, 'Schema of the source tables.'),
    (1703, 'crm_source', 'has_stage_history', 'boolean', true, 'stage_change is filled: past stages are known.'),
    (1704, 'crm_source', 'has_change_history', 'boolean', true, 'opportunity_change is filled for the fields in change_fields.'),
    (1705, 'crm_source', 'connected_at', 'timestamptz', true, 'When connect_crm was last called.'),
    (1706, 'crm_source', 'connected_by', 'text', true, 'Role that called it.'),
    (1707, 'crm_source', 'change_fields', 'text[]', true,
     'Columns of opportunity whose changes are logged. The past of other changing columns is NULL, never the value of today.'),
    (1708, 'crm_source', 'mapped_columns', 'text[]', true, 'relation.column the source fills; all others are NULL.'),
    (1709, 'crm_source', 'zoneless_columns', 'text[]', true, 'relation.column read from a source type without time zone.'),
    (1710, 'crm_source', 'time_zone', 'text', true, 'Zone in which times without one are read.'),
    (1711, 'crm_source', 'currency', 'text', false, 'Currency used where a row states none.'),
    (1712, 'crm_source', 'probability_unit', 'text', true, 'Unit of the probabilities in the source: fraction or percent.')
) AS v (line, relation, column_name, type, required, description);
END;
COMMENT ON FUNCTION @extschema@.crm_columns() IS
'The columns of the CRM contract in order: relation, position, name, type, whether a mapping of the relation must fill it, and what it means with its unit. Never NULL.';
