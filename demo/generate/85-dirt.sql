-- Dirt, with the clean value kept in truth.truth_dirt.
--
-- Each deal has at most one fault.  A missing amount was never entered, so its log goes too; an amount typed a hundred
-- times too high is so in the log as well.

SET search_path = demo;

CREATE TABLE truth.truth_dirt AS
SELECT o.opportunity_id, f.fault,
       CASE f.fault WHEN 'amount_missing' THEN o.amount::text WHEN 'amount_times_100' THEN o.amount::text
                    WHEN 'close_date_missing' THEN o.expected_close_on::text ELSE o.stage_id::text END AS clean_value
FROM crm.opportunity o
CROSS JOIN setting s
CROSS JOIN LATERAL (SELECT uniform('dirt', o.opportunity_id) AS u) x
CROSS JOIN LATERAL (SELECT CASE
    WHEN u < s.dirt_amount_missing THEN 'amount_missing'
    WHEN u < s.dirt_amount_missing + s.dirt_amount_times_100 THEN 'amount_times_100'
    WHEN u < s.dirt_amount_missing + s.dirt_amount_times_100 + s.dirt_close_missing THEN 'close_date_missing'
    WHEN u < s.dirt_amount_missing + s.dirt_amount_times_100 + s.dirt_close_missing + s.dirt_stage_orphan THEN 'stage_orphan'
    END AS fault) f
WHERE f.fault IS NOT NULL
ORDER BY o.opportunity_id;
ALTER TABLE truth.truth_dirt ADD PRIMARY KEY (opportunity_id);

BEGIN;
SELECT sales_forecast.begin_history_load('crm');

DELETE FROM crm.opportunity_change c USING truth.truth_dirt d
WHERE d.opportunity_id = c.opportunity_id
  AND (c.field, d.fault) IN (('amount', 'amount_missing'), ('expected_close_on', 'close_date_missing'));
UPDATE crm.opportunity_change c SET old_value = (c.old_value::numeric * 100)::text, new_value = (c.new_value::numeric * 100)::text
FROM truth.truth_dirt d
WHERE d.opportunity_id = c.opportunity_id AND d.fault = 'amount_times_100' AND c.field = 'amount';

UPDATE crm.opportunity o
SET amount = CASE d.fault WHEN 'amount_missing' THEN NULL WHEN 'amount_times_100' THEN o.amount * 100 ELSE o.amount END,
    expected_close_on = CASE d.fault WHEN 'close_date_missing' THEN NULL ELSE o.expected_close_on END,
    -- A stage that no process has any more, as after a clean-up of the configuration.
    process_id = CASE d.fault WHEN 'stage_orphan' THEN NULL ELSE o.process_id END,
    stage_id = CASE d.fault WHEN 'stage_orphan' THEN 9000 + o.process_id ELSE o.stage_id END
FROM truth.truth_dirt d WHERE d.opportunity_id = o.opportunity_id;

UPDATE crm.account a
SET industry = CASE WHEN uniform('blank industry', a.account_id) < s.dirt_account_blank THEN NULL ELSE a.industry END,
    employees = CASE WHEN uniform('blank employees', a.account_id) < s.dirt_account_blank THEN NULL ELSE a.employees END,
    postcode = CASE WHEN uniform('blank postcode', a.account_id) < s.dirt_account_blank THEN NULL ELSE a.postcode END
FROM setting s WHERE s.dirt_account_blank > 0;

DELETE FROM crm.activity a USING setting s
WHERE s.dirt_activity_missing > 0 AND uniform('blank activity', a.opportunity_id) < s.dirt_activity_missing;
UPDATE crm.opportunity o SET last_activity_at = NULL FROM setting s
WHERE s.dirt_activity_missing > 0 AND uniform('blank activity', o.opportunity_id) < s.dirt_activity_missing;

SELECT sales_forecast.end_history_load('crm');
COMMIT;

DO $$
DECLARE
    t regclass;
BEGIN
    FOR t IN SELECT c.oid FROM pg_class c WHERE c.relnamespace = 'crm'::regnamespace AND c.relkind = 'r' LOOP
        EXECUTE format('ANALYZE %s', t);
    END LOOP;
END
$$;
