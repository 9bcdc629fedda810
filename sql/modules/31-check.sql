-- check_crm: is the data behind the views good enough, counted and in words.
--
-- Every check is a row with what was found, out of how many, the limit and a reason.  The deals are read once for all
-- checks that need nothing else; these functions bring their own work_mem and do without JIT, which would take longer
-- than the checks.  "Today" is as_of() of the schema, so that old data can be judged as of its own time: a deal entered
-- later is not counted, one closed later is open.  The other columns are those of today, logged or not: it is the source
-- as it is that is judged.

CREATE TYPE @extschema@.crm_finding AS (
    area text, check_name text, relation_name text, column_name text, found bigint, of_total bigint,
    share double precision, limit_value double precision, passed boolean, severity text, reason text);
COMMENT ON TYPE @extschema@.crm_finding IS
'One check of check_crm: found out of of_total (NULL: found is a plain number), share = found / of_total, the limit, whether it is kept (NULL: nothing to measure), what follows when it is not (refuse, warn, info), and the finding in words.';

CREATE FUNCTION @extschema@.data_gates(
    OUT gate text, OUT comparison text, OUT limit_value double precision, OUT unit text, OUT severity text, OUT reason text)
RETURNS SETOF record
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 16
BEGIN ATOMIC
SELECT * FROM (VALUES
    ('won deals to train', '>=', 40::double precision, 'deals', 'refuse', 'Fewer than 40 won deals cannot teach a model.'),
    ('lost deals to train', '>=', 40, 'deals', 'refuse', 'Fewer than 40 lost deals cannot teach a model.'),
    ('won deals to trust', '>=', 200, 'deals', 'warn', 'With fewer than 200 won deals the intervals are wide.'),
    ('lost deals to trust', '>=', 200, 'deals', 'warn', 'With fewer than 200 lost deals the intervals are wide.'),
    ('rows per parameter to train', '>=', 10, 'rows', 'refuse', 'Fewer than 10 rows per parameter overfit.'),
    ('rows per parameter to trust', '>=', 20, 'rows', 'warn', 'Fewer than 20 rows per parameter may overfit.'),
    ('history', '>=', 730, 'days', 'warn', 'Less than two years show no yearly season.'),
    ('critical fields filled', '>=', 0.7, 'share', 'refuse', 'Deal value, close date, customer information and activity data must be at least 70 % complete.'),
    ('bad amounts', '<', 0.4, 'share', 'refuse', 'With 40 % of the amounts missing or absurd a forecast is worse than none.'),
    ('deals a year', '>=', 100, 'deals', 'warn', 'With fewer than 100 deals a year a model is hardly worth it.'),
    ('sales cycle', '>=', 14, 'days', 'warn', 'With a cycle under two weeks the pipeline says little about the quarter.'),
    ('sellers', '>=', 3, 'sellers', 'warn', 'Fewer than three sellers have no territories to balance.'),
    ('skill', '>', 0, 'lower 95 % bound', 'refuse', 'A model that does not beat the base rate is not promoted.')
) AS v (gate, comparison, limit_value, unit, severity, reason);
END;
COMMENT ON FUNCTION @extschema@.data_gates() IS
'The gates between data and models: name, how the measured value must compare with the limit, the limit and its unit, what follows when it does not (refuse or warn) and why. check_crm measures those that need no model. Never NULL.';

-- reason is a format for found (%1$s) and of_total (%2$s).
CREATE FUNCTION @extschema@.crm_finding(
    area text, check_name text, relation_name text, column_name text, found bigint, of_total bigint,
    comparison text, limit_value double precision, severity text, reason text)
RETURNS @extschema@.crm_finding
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
SELECT area, check_name, relation_name, column_name, found, of_total, m.share, limit_value,
       CASE comparison WHEN '>=' THEN m.measured >= limit_value WHEN '<' THEN m.measured < limit_value
                       ELSE m.measured <= limit_value END,
       severity, format(reason, coalesce(found::text, 'unknown'), of_total)
FROM (SELECT s.share, CASE WHEN of_total IS NULL THEN found ELSE s.share END AS measured
      FROM (SELECT found::double precision / nullif(of_total, 0)) s (share)) m;
END;
COMMENT ON FUNCTION @extschema@.crm_finding(text, text, text, text, bigint, bigint, text, double precision, text, text) IS
'One row of check_crm from its parts; comparison is >=, < or <=, and reason a format for found and of_total.';

CREATE FUNCTION @extschema@.company_key(name text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
BEGIN ATOMIC
SELECT btrim(regexp_replace(
           ' ' || regexp_replace(
               translate(replace(replace(replace(replace(lower(name COLLATE pg_catalog."C"), '&', ' and '), 'ß', 'ss'), 'æ', 'ae'), 'Æ', 'ae'),
                         'øåäöüéèêëáàâíìîóòôúùûñçØÅÄÖÜÉÈÊËÁÀÂÍÌÎÓÒÔÚÙÛÑÇ''’´`.', 'oaaoueeeeaaaiiiooouuuncoaaoueeeeaaaiiiooouuunc'),
               '[][!-/:-@\\^_`{|}~[:space:]]+', ' ', 'g') || ' ',
           '( (and|og|und|the|a s|as|asa|aps|ab|oy|oyj|gmbh|ag|kg|co|company|corp|corporation|inc|incorporated|ltd|limited|llc|plc|sa|sarl|srl|bv|nv|group|holding))+ ',
           ' ', 'g'));
END;
COMMENT ON FUNCTION @extschema@.company_key(text) IS
'A company name without case, accents, punctuation and legal form, so that different spellings meet. Latin letters only; typing errors stay different. NULL for NULL.';

/* -------- contract -------- */

CREATE FUNCTION @extschema@.check_contract(target_schema text)
RETURNS SETOF @extschema@.crm_finding
LANGUAGE sql STABLE PARALLEL SAFE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
SELECT f.*
FROM (SELECT c.relation, array_agg(c.column_name ORDER BY c."position") FILTER (WHERE a.attname IS NULL) AS absent,
             array_agg(format('%s is %s and not %s', c.column_name, format_type(a.atttypid, a.atttypmod), c.type) ORDER BY c."position")
                 FILTER (WHERE a.atttypid <> c.type::regtype) AS wrong,
             count(*) AS wanted
      FROM @extschema@.crm_columns() c
      LEFT JOIN pg_attribute a ON a.attrelid = to_regclass(format('%I.%I', target_schema, c.relation))
                               AND a.attname = c.column_name AND a.attnum > 0 AND NOT a.attisdropped
      GROUP BY c.relation) r
CROSS JOIN LATERAL @extschema@.crm_finding('contract', 'columns', r.relation, NULL,
    coalesce(cardinality(r.absent), 0)::bigint + coalesce(cardinality(r.wrong), 0), r.wanted, '<=', 0, 'refuse',
    CASE WHEN r.absent IS NULL AND r.wrong IS NULL THEN 'all %2$s columns are there'
         ELSE '%1$s of %2$s columns are absent or of another type: ' || replace(array_to_string(r.absent || r.wrong, ', '), '%', '%%') END) f
$$;
COMMENT ON FUNCTION @extschema@.check_contract(text) IS
'Part of check_crm: whether every relation of the contract is there with the right columns. NULL gives no rows.';

CREATE FUNCTION @extschema@.check_source(target_schema text)
RETURNS SETOF @extschema@.crm_finding
LANGUAGE plpgsql STABLE PARALLEL UNSAFE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM set_config('search_path', format('%I, pg_temp', target_schema), true);
    RETURN QUERY
    SELECT f.*
    FROM (SELECT c.relation, count(*) AS wanted, count(*) FILTER (WHERE k.name IS NULL) AS absent,
                 string_agg(c.column_name, ', ' ORDER BY c."position") FILTER (WHERE k.name IS NULL) AS names
          FROM crm_source s CROSS JOIN sales_forecast.crm_columns() c
          LEFT JOIN LATERAL unnest(s.mapped_columns) k (name) ON k.name = c.relation || '.' || c.column_name
          WHERE c.relation <> 'crm_source'
          GROUP BY c.relation) r
    CROSS JOIN LATERAL sales_forecast.crm_finding('contract', 'columns filled by the source', r.relation, NULL, r.absent, r.wanted,
        '<=', 0, 'info',
        CASE r.absent WHEN 0 THEN 'the source fills all %2$s columns' WHEN r.wanted THEN 'the source does not have this relation'
             ELSE 'the source does not fill %1$s of %2$s columns: ' || r.names END) f;
    RETURN QUERY
    SELECT f.* FROM crm_source s
    CROSS JOIN LATERAL sales_forecast.crm_finding('contract', 'times without time zone', NULL, NULL,
        cardinality(s.zoneless_columns)::bigint, NULL, '<=', 0, 'info',
        CASE cardinality(s.zoneless_columns) WHEN 0 THEN 'all times in the source have a time zone'
             ELSE '%1$s columns have none in the source and are read as ' || s.time_zone || ': ' || array_to_string(s.zoneless_columns, ', ') END) f
    UNION ALL
    SELECT f.* FROM crm_source s
    CROSS JOIN LATERAL sales_forecast.crm_finding('contract', 'history', 'stage_change', NULL, s.has_stage_history::int, NULL, '>=', 1, 'warn',
        CASE WHEN s.has_stage_history THEN 'moves between stages are logged'
             ELSE 'moves between stages are not logged: past stages, rates by stage and times in stage are not known' END) f
    UNION ALL
    SELECT f.* FROM crm_source s
    CROSS JOIN LATERAL sales_forecast.crm_finding('contract', 'history', 'opportunity_change', NULL, cardinality(s.change_fields)::bigint, NULL,
        '>=', 1, 'warn',
        CASE cardinality(s.change_fields) WHEN 0 THEN 'changes of deals are not logged: past amounts, dates, owners and probabilities are not known'
             ELSE 'changes are logged for %1$s columns: ' || array_to_string(s.change_fields, ', ') END) f;
END
$$;
COMMENT ON FUNCTION @extschema@.check_source(text) IS
'Part of check_crm: what the source fills, its times without zone and its history. NULL gives no rows.';

/* -------- keys and names -------- */

CREATE FUNCTION @extschema@.check_keys(target_schema text)
RETURNS SETOF @extschema@.crm_finding
LANGUAGE plpgsql STABLE PARALLEL UNSAFE STRICT
SET search_path = pg_catalog, pg_temp SET jit = off SET work_mem = '64MB'
AS $$
DECLARE
    item record;
BEGIN
    -- The logs are left out: they have no key of their own and may hold many millions of rows.
    FOR item IN SELECT r.relation, (SELECT string_agg(format('t.%I', k), ', ') FROM unnest(r.key_columns) k) AS keys,
                       array_to_string(r.key_columns, ', ') AS names
                FROM @extschema@.crm_relations() r
                WHERE r.relation IN ('opportunity', 'sales_process', 'stage', 'account', 'owner', 'contact', 'lead', 'product')
                ORDER BY r."position"
    LOOP
        RETURN QUERY EXECUTE format($query$
            SELECT f.*
            FROM (SELECT coalesce(sum(n.rows) FILTER (WHERE n.rows > 1), 0)::bigint AS twice, coalesce(sum(n.rows), 0)::bigint AS rows
                  FROM (SELECT count(*) AS rows FROM %1$I.%2$I t GROUP BY %3$s) n) d
            CROSS JOIN LATERAL @extschema@.crm_finding('consistency', 'duplicate keys', %2$L, %4$L, d.twice, d.rows, '<=', 0, 'warn',
                '%%1$s of %%2$s rows share their key with another row') f $query$,
            target_schema, item.relation, item.keys, item.names);
    END LOOP;
END
$$;
COMMENT ON FUNCTION @extschema@.check_keys(text) IS
'Part of check_crm: duplicate keys in the relations that have one. NULL gives no rows.';

CREATE FUNCTION @extschema@.check_accounts(target_schema text)
RETURNS SETOF @extschema@.crm_finding
LANGUAGE plpgsql STABLE PARALLEL UNSAFE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM set_config('search_path', format('%I, pg_temp', target_schema), true);
    RETURN QUERY
    SELECT f.*
    FROM (SELECT coalesce(sum(n.accounts) FILTER (WHERE n.accounts > 1), 0)::bigint AS alike, coalesce(sum(n.accounts), 0)::bigint AS accounts
          FROM (SELECT count(*) AS accounts FROM account a
                WHERE sales_forecast.company_key(a.name) <> '' GROUP BY sales_forecast.company_key(a.name)) n) d
    CROSS JOIN LATERAL sales_forecast.crm_finding('consistency', 'company names spelled differently', 'account', 'name', d.alike, d.accounts,
        '<=', 0.02, 'warn', '%1$s of %2$s accounts have the name of another account but for case, accents, punctuation or legal form') f
    UNION ALL
    SELECT f.*
    FROM (SELECT count(*) FILTER (WHERE NOT s.probability BETWEEN 0 AND 1) AS outside, count(s.probability) AS stated,
                 min(s.probability) AS low, max(s.probability) AS high FROM stage s) d
    CROSS JOIN LATERAL sales_forecast.crm_finding('consistency', 'probability of a stage outside 0 to 1', 'stage', 'probability', d.outside, d.stated,
        '<=', 0, 'warn', '%1$s of %2$s stages; lowest ' || coalesce(d.low::text, 'none') || ', highest ' || coalesce(d.high::text, 'none')) f;
END
$$;
COMMENT ON FUNCTION @extschema@.check_accounts(text) IS
'Part of check_crm: company names that differ only in spelling, and probabilities of stages. NULL gives no rows.';

/* -------- amounts -------- */

CREATE FUNCTION @extschema@.check_amounts(target_schema text)
RETURNS SETOF @extschema@.crm_finding
LANGUAGE plpgsql STABLE PARALLEL UNSAFE STRICT
SET search_path = pg_catalog, pg_temp SET jit = off SET work_mem = '64MB'
AS $$
BEGIN
    PERFORM set_config('search_path', format('%I, pg_temp', target_schema), true);
    -- Far too high: more than 3.5 robust standard deviations above the median of its currency on the log scale
    -- (Iglewicz & Hoaglin 1993); 1.4826 scales the median deviation, 1.2533 the mean one where most amounts are equal.
    RETURN QUERY
    WITH amount AS MATERIALIZED (
        SELECT o.currency, o.amount, CASE WHEN o.amount > 0 AND o.amount < 'Infinity' THEN ln(o.amount::double precision) END AS size
        FROM opportunity o WHERE (o.created_at > as_of() AND as_of() < now()) IS NOT TRUE
    ), middle AS (
        SELECT a.currency, percentile_disc(0.5) WITHIN GROUP (ORDER BY a.size) AS median FROM amount a GROUP BY a.currency
    ), spread AS (
        SELECT m.currency, m.median,
               coalesce(nullif(1.4826 * percentile_disc(0.5) WITHIN GROUP (ORDER BY abs(a.size - m.median)), 0),
                        nullif(1.2533 * avg(abs(a.size - m.median)), 0)) AS sd
        FROM amount a JOIN middle m ON m.currency IS NOT DISTINCT FROM a.currency
        WHERE a.size IS NOT NULL GROUP BY m.currency, m.median
    ), n AS (
        SELECT count(*) AS deals,
               count(*) FILTER (WHERE a.amount IS NULL) AS missing,
               count(*) FILTER (WHERE a.amount = 0) AS zero,
               count(*) FILTER (WHERE a.amount < 0 AND a.amount > '-Infinity') AS negative,
               count(*) FILTER (WHERE a.amount IN ('NaN', 'Infinity', '-Infinity')) AS infinite,
               count(*) FILTER (WHERE a.size > s.median + 3.5 * s.sd) AS high,
               count(*) FILTER (WHERE a.amount IS NOT NULL AND a.currency IS NULL) AS no_currency,
               count(*) FILTER (WHERE a.amount IS NOT NULL) AS stated
        FROM amount a LEFT JOIN spread s ON s.currency IS NOT DISTINCT FROM a.currency
    ), code AS (
        SELECT count(c.currency) AS currencies, coalesce(sum(c.deals), 0)::bigint AS deals, coalesce(max(c.deals), 0) AS most,
               coalesce(sum(c.deals) FILTER (WHERE c.currency !~ '^[A-Z]{3}$'), 0)::bigint AS malformed,
               string_agg(left(c.currency, 20) || ' ' || c.deals, ', ' ORDER BY c.deals DESC, c.currency) AS list
        FROM (SELECT a.currency, count(*) AS deals FROM amount a WHERE a.currency IS NOT NULL GROUP BY a.currency) c
    )
    SELECT f.*
    FROM n CROSS JOIN code c
    JOIN sales_forecast.data_gates() g ON g.gate = 'bad amounts'
    CROSS JOIN LATERAL (VALUES
        ('accuracy', 'bad amounts', 'amount', n.missing + n.zero + n.negative + n.infinite + n.high, n.deals, g.comparison, g.limit_value, g.severity,
         '%1$s of %2$s deals have no amount or one that is zero, negative, not finite or far too high'),
        ('accuracy', 'amount missing', 'amount', n.missing, n.deals, '<=', 0.1, 'warn', '%1$s of %2$s deals have no amount'),
        ('accuracy', 'amount zero', 'amount', n.zero, n.deals, '<=', 0.1, 'warn', '%1$s of %2$s deals have the amount 0'),
        ('accuracy', 'amount negative', 'amount', n.negative, n.deals, '<=', 0, 'warn', '%1$s of %2$s deals have a negative amount'),
        ('accuracy', 'amount not finite', 'amount', n.infinite, n.deals, '<=', 0, 'warn', '%1$s of %2$s amounts are NaN or infinite; the views leave them out'),
        ('accuracy', 'amount far too high', 'amount', n.high, n.deals, '<=', 0.01, 'warn',
         '%1$s of %2$s amounts lie more than 3.5 robust standard deviations above the median of their currency (log scale)'),
        ('consistency', 'amount without currency', 'currency', n.no_currency, n.stated, '<=', 0, 'warn', '%1$s of %2$s amounts state no currency'),
        ('consistency', 'currency code', 'currency', c.malformed, c.deals, '<=', 0, 'warn', '%1$s of %2$s currency codes are not three capital letters'),
        ('consistency', 'mixed currencies', 'currency', c.deals - c.most, c.deals, '<=', 0, 'info',
         '%1$s of %2$s deals are not in the most frequent currency; sums are kept apart: ' || replace(coalesce(c.list, 'none'), '%', '%%'))
    ) v (area, check_name, column_name, found, of_total, comparison, limit_value, severity, reason)
    CROSS JOIN LATERAL sales_forecast.crm_finding(v.area, v.check_name, 'opportunity', v.column_name, v.found, v.of_total, v.comparison,
                                                  v.limit_value, v.severity, v.reason) f;
END
$$;
COMMENT ON FUNCTION @extschema@.check_amounts(text) IS
'Part of check_crm: amounts and currencies of deals. NULL gives no rows.';

/* -------- stages -------- */

CREATE FUNCTION @extschema@.check_stages(target_schema text)
RETURNS SETOF @extschema@.crm_finding
LANGUAGE plpgsql STABLE PARALLEL UNSAFE STRICT
SET search_path = pg_catalog, pg_temp SET jit = off SET work_mem = '64MB'
AS $$
BEGIN
    PERFORM set_config('search_path', format('%I, pg_temp', target_schema), true);
    -- By the key of the stage alone: the process of a move is that of its deal, and looking it up would cost a join of all moves.
    RETURN QUERY
    SELECT f.*
    FROM (SELECT count(*) AS moves,
                 count(*) FILTER (WHERE c.to_stage_id IS NOT NULL AND t.stage_id IS NULL
                                     OR c.from_stage_id IS NOT NULL AND g.stage_id IS NULL) AS astray
          FROM stage_change c
          LEFT JOIN (SELECT DISTINCT s.stage_id FROM stage s) t ON t.stage_id = c.to_stage_id
          LEFT JOIN (SELECT DISTINCT s.stage_id FROM stage s) g ON g.stage_id = c.from_stage_id
          WHERE c.changed_at <= as_of()) d
    CROSS JOIN LATERAL sales_forecast.crm_finding('consistency', 'unknown stages in the history', 'stage_change', 'to_stage_id', d.astray, d.moves,
        '<=', 0, 'warn', '%1$s of %2$s moves lead from or to a stage that the relation stage does not have (renamed or deleted?); deals that stood there are of unknown status then') f;
    -- In the native CRM a lost deal stays where it was lost, and its won steps are marked.
    RETURN QUERY
    WITH place AS (
        SELECT coalesce(o.process_id, '') AS process_key, o.stage_id, count(*) AS deals,
               count(*) FILTER (WHERE o.status = 'won') AS won, count(*) FILTER (WHERE o.status = 'lost') AS lost
        FROM opportunity o GROUP BY 1, 2
    ), flag AS (
        SELECT p.*, coalesce(s.is_won, false) AS is_won, coalesce(s.is_lost, false) AS is_lost,
               sum(p.won) OVER w AS all_won, sum(p.lost) OVER w AS all_lost, s.stage_id IS NOT NULL AS known
        FROM place p
        LEFT JOIN (SELECT coalesce(s.process_id, '') AS process_key, s.stage_id, bool_or(s.is_won) AS is_won, bool_or(s.is_lost) AS is_lost
                   FROM stage s GROUP BY 1, 2) s ON s.process_key = p.process_key AND s.stage_id = p.stage_id
        WINDOW w AS (PARTITION BY p.process_key)
    ), n AS (
        SELECT count(*) FILTER (WHERE k.known) AS stages, count(*) FILTER (WHERE k.unmarked) AS unmarked,
               string_agg(left(k.stage_id, 40), ', ' ORDER BY k.process_key, k.stage_id) FILTER (WHERE k.unmarked) AS names,
               coalesce(sum(k.deals) FILTER (WHERE k.known), 0)::bigint AS deals,
               coalesce(sum(CASE WHEN k.is_won THEN k.deals - k.won WHEN k.is_lost THEN k.deals - k.lost END), 0)::bigint AS disagree
        FROM (SELECT f.*,
                     f.known AND NOT f.is_won AND NOT f.is_lost AND f.deals >= 5
                     AND (f.won = f.deals OR f.lost = f.deals AND 2 * f.lost >= f.all_lost)
                     AND (SELECT c.source <> 'native' FROM crm_source c) AS unmarked
              FROM flag f) k
    )
    SELECT f.*
    FROM n
    CROSS JOIN LATERAL (VALUES
        ('closed stages not marked', 'stage', 'is_lost', n.unmarked, n.stages,
         '%1$s of %2$s stages hold only won or only lost deals, five or more, and are marked neither is_won nor is_lost; they count as open stages: '
         || replace(coalesce(n.names, 'none'), '%', '%%')),
        ('status and stage disagree', 'opportunity', 'status', n.disagree, n.deals,
         '%1$s of %2$s deals stand in a won stage and are not won, or in a lost one and are not lost')
    ) v (check_name, relation_name, column_name, found, of_total, reason)
    CROSS JOIN LATERAL sales_forecast.crm_finding('consistency', v.check_name, v.relation_name, v.column_name, v.found, v.of_total,
                                                  '<=', 0, 'warn', v.reason) f;
END
$$;
COMMENT ON FUNCTION @extschema@.check_stages(text) IS
'Part of check_crm: stages that the history names and the relation stage does not have, won and lost stages that are not marked, and deals whose status and stage disagree. NULL gives no rows.';

/* -------- deals -------- */

CREATE FUNCTION @extschema@.check_deals(target_schema text)
RETURNS SETOF @extschema@.crm_finding
LANGUAGE plpgsql STABLE PARALLEL UNSAFE STRICT
SET search_path = pg_catalog, pg_temp SET jit = off SET work_mem = '64MB'
AS $$
BEGIN
    PERFORM set_config('search_path', format('%I, pg_temp', target_schema), true);
    RETURN QUERY
    WITH n AS MATERIALIZED (
        SELECT count(*) AS deals,
               count(*) FILTER (WHERE o.status = 'open') AS open,
               count(*) FILTER (WHERE o.status IN ('won', 'lost')) AS closed,
               count(*) FILTER (WHERE o.status IS NULL) AS unknown,
               count(*) FILTER (WHERE o.amount > 0 AND o.amount < 'Infinity') AS valued,
               count(*) FILTER (WHERE CASE o.status WHEN 'open' THEN o.expected_close_on IS NOT NULL
                                      ELSE o.closed_at IS NOT NULL END) AS dated,
               count(o.account_id) AS with_account,
               count(a.account_id) AS account_known,
               count(a.account_id) + count(a.industry) + count(a.employees) + count(a.place) AS customer_fields,
               count(*) FILTER (WHERE o.last_activity_at IS NOT NULL OR m.opportunity_id IS NOT NULL) AS active,
               count(o.stage_id) AS staged,
               count(*) FILTER (WHERE o.stage_id IS NOT NULL AND s.stage_id IS NULL) AS orphans,
               count(*) FILTER (WHERE o.status = 'open' AND o.owner_id IS NULL) AS open_no_owner,
               count(o.probability_stated) AS stated,
               count(*) FILTER (WHERE NOT o.probability_stated BETWEEN 0 AND 1) AS p_outside,
               min(o.probability_stated) AS p_low, max(o.probability_stated) AS p_high,
               count(*) FILTER (WHERE o.status = 'open' AND o.expected_close_on < t.today) AS overdue,
               count(*) FILTER (WHERE o.status = 'open'
                                  AND greatest(o.last_activity_at, o.stage_entered_at, o.created_at) < t.now - interval '90 days') AS stale,
               floor(extract(epoch FROM max(t.now) - max(greatest(o.last_activity_at, o.stage_entered_at, o.created_at, o.closed_at))
                                        FILTER (WHERE greatest(o.last_activity_at, o.stage_entered_at, o.created_at, o.closed_at) <= t.now))
                     / 86400)::bigint AS silent_days,
               count(*) FILTER (WHERE o.created_at IS NULL) AS no_created,
               count(*) FILTER (WHERE o.status IN ('won', 'lost') AND o.closed_at IS NULL) AS closed_no_date,
               count(*) FILTER (WHERE o.closed_at < o.created_at) AS closed_before,
               count(*) FILTER (WHERE o.status IN ('won', 'lost') AND o.closed_at > t.now) AS closed_later,
               count(*) FILTER (WHERE o.status IN ('won', 'lost') AND o.closed_at IS NOT NULL AND o.expected_close_on IS NOT NULL) AS both_dates,
               count(*) FILTER (WHERE o.status IN ('won', 'lost') AND abs((o.closed_at AT TIME ZONE t.zone)::date - o.expected_close_on) > 30) AS missed,
               count(*) FILTER (WHERE o.status = 'open' AND o.closed_at IS NOT NULL) AS open_closed,
               count(*) FILTER (WHERE o.absurd) AS absurd
        FROM (SELECT m.now, m.now < now() AS past, (m.now AT TIME ZONE c.time_zone)::date AS today, c.time_zone AS zone,
                     timestamptz '1970-01-01 00:00+00' AS early, m.late, date '1970-01-01' AS early_day, m.late::date AS late_day
              FROM crm_source c
              CROSS JOIN (SELECT as_of() AS now, greatest(as_of(), now()) + interval '20 years' AS late) m OFFSET 0) t
        CROSS JOIN LATERAL (
              SELECT d.opportunity_id, d.account_id, d.owner_id, d.process_id, d.stage_id, d.amount, d.probability_stated,
                     CASE WHEN isfinite(d.created_at) THEN d.created_at END AS created_at,
                     CASE WHEN isfinite(d.expected_close_on) THEN d.expected_close_on END AS expected_close_on,
                     CASE WHEN isfinite(d.stage_entered_at) THEN d.stage_entered_at END AS stage_entered_at,
                     CASE WHEN isfinite(d.last_activity_at) THEN d.last_activity_at END AS last_activity_at,
                     CASE WHEN isfinite(d.closed_at) AND NOT l.closed_later THEN d.closed_at END AS closed_at,
                     CASE WHEN l.closed_later THEN 'open' ELSE d.status END AS status,
                     coalesce(d.created_at NOT BETWEEN t.early AND t.late, false) OR coalesce(d.closed_at NOT BETWEEN t.early AND t.late, false)
                     OR coalesce(d.expected_close_on NOT BETWEEN t.early_day AND t.late_day, false) AS absurd
              FROM opportunity d
              CROSS JOIN LATERAL (SELECT t.past AND coalesce(d.closed_at > t.now AND d.status IN ('won', 'lost'), false)) l (closed_later)
              WHERE (t.past AND d.created_at > t.now) IS NOT TRUE
              OFFSET 0) o      -- so that each of these is worked out once and not in every count
        LEFT JOIN (SELECT DISTINCT ON (c.account_id) c.account_id, nullif(c.industry, '') AS industry, c.employees,
                          coalesce(nullif(c.postcode, ''), nullif(c.city, ''), nullif(c.country, '')) AS place
                   FROM account c) a ON a.account_id = o.account_id
        LEFT JOIN (SELECT DISTINCT coalesce(c.process_id, '') AS process_key, c.stage_id FROM stage c) s
               ON s.process_key = coalesce(o.process_id, '') AND s.stage_id = o.stage_id
        LEFT JOIN (SELECT DISTINCT c.opportunity_id FROM activity c) m ON m.opportunity_id = o.opportunity_id
    )
    SELECT f.*
    FROM n
    JOIN sales_forecast.data_gates() g ON g.gate = 'critical fields filled'
    CROSS JOIN LATERAL (VALUES
        ('completeness', 'deal value', 'amount', n.valued, n.deals, g.comparison, g.limit_value, g.severity, '%1$s of %2$s deals have an amount above zero'),
        ('completeness', 'close date', 'expected_close_on', n.dated, n.deals, g.comparison, g.limit_value, g.severity,
         '%1$s of %2$s deals have a date: open ones an expected close, the others the day they were closed'),
        ('completeness', 'customer information', 'account_id', n.customer_fields, 4 * n.deals, g.comparison, g.limit_value, g.severity,
         '%1$s of %2$s fields are filled: a known account, its industry, its employees, its place'),
        ('completeness', 'activity data', 'last_activity_at', n.active, n.deals, g.comparison, g.limit_value, g.severity, '%1$s of %2$s deals have an activity or the date of one'),
        ('completeness', 'owner of open deals', 'owner_id', n.open - n.open_no_owner, n.open, '>=', 0.9, 'warn', '%1$s of %2$s open deals have an owner'),
        ('completeness', 'day of entry', 'created_at', n.deals - n.no_created, n.deals, '>=', 0.95, 'warn',
         '%1$s of %2$s deals say when they were entered; the others are absent from views of the past'),
        ('consistency', 'unknown status', 'status', n.unknown, n.deals, '<=', 0, 'warn', '%1$s of %2$s deals are of unknown status and in no forecast'),
        ('consistency', 'orphan stages', 'stage_id', n.orphans, n.staged, '<=', 0, 'warn', '%1$s of %2$s deals are in a stage that the relation stage does not have'),
        ('consistency', 'unknown accounts', 'account_id', n.with_account - n.account_known, n.with_account, '<=', 0, 'warn',
         '%1$s of %2$s deals point to an account that the relation account does not have'),
        ('consistency', 'probability outside 0 to 1', 'probability_stated', n.p_outside, n.stated, '<=', 0, 'warn',
         '%1$s of %2$s stated probabilities; lowest ' || coalesce(n.p_low::text, 'none') || ', highest ' || coalesce(n.p_high::text, 'none')),
        ('consistency', 'probability unit', 'probability_stated',
         CASE WHEN n.p_outside > n.stated / 10 OR (n.stated >= 20 AND n.p_high <= 0.01) THEN n.stated ELSE 0 END, n.stated, '<=', 0, 'refuse',
         CASE WHEN n.p_outside > n.stated / 10 THEN 'the values go up to ' || n.p_high || ': they look like per cent; set probability_unit to "percent"'
              WHEN n.stated >= 20 AND n.p_high <= 0.01 THEN 'the highest value is ' || n.p_high || ': they look divided by 100 twice; set probability_unit to "fraction"'
              ELSE 'the values look like fractions' END),
        ('timeliness', 'close date has passed', 'expected_close_on', n.overdue, n.open, '<=', 0.1, 'warn', '%1$s of %2$s open deals should have been closed by now'),
        ('timeliness', 'stale pipeline', 'last_activity_at', n.stale, n.open, '<=', 0.2, 'warn', '%1$s of %2$s open deals show no sign of life for 90 days'),
        ('timeliness', 'last update', NULL, n.silent_days, NULL, '<=', 7, 'warn', 'the last sign of life in the whole pipeline is %1$s days old'),
        ('accuracy', 'closed without a date', 'closed_at', n.closed_no_date, n.closed, '<=', 0.05, 'warn', '%1$s of %2$s closed deals do not say when'),
        ('accuracy', 'closed before entered', 'closed_at', n.closed_before, n.closed, '<=', 0, 'warn', '%1$s of %2$s closed deals were closed before they were entered'),
        ('accuracy', 'closed in the future', 'closed_at', n.closed_later, n.closed, '<=', 0, 'warn', '%1$s of %2$s closed deals are to be closed later than now'),
        ('accuracy', 'open deals with a closing time', 'closed_at', n.open_closed, n.open, '<=', 0, 'warn',
         '%1$s of %2$s open deals have a time at which they were closed; if the source has one date with two meanings, map it to expected_close_on and to closed_at only where the deal is closed'),
        ('accuracy', 'absurd dates', NULL, n.absurd, n.deals, '<=', 0, 'warn',
         '%1$s of %2$s deals have a day of entry, expected close or closing time that is not finite, before 1970 or more than 20 years ahead'),
        ('accuracy', 'close dates hold', 'expected_close_on', n.missed, n.both_dates, '<=', 0.3, 'warn',
         '%1$s of %2$s closed deals were closed more than 30 days before or after the expected day')
    ) v (area, check_name, column_name, found, of_total, comparison, limit_value, severity, reason)
    CROSS JOIN LATERAL sales_forecast.crm_finding(v.area, v.check_name, 'opportunity', v.column_name, v.found, v.of_total, v.comparison,
                                                  v.limit_value, v.severity, v.reason) f;
END
$$;
COMMENT ON FUNCTION @extschema@.check_deals(text) IS
'Part of check_crm: everything that can be counted in one pass over the deals. NULL gives no rows.';

/* -------- gates -------- */

CREATE FUNCTION @extschema@.check_gates(target_schema text)
RETURNS SETOF @extschema@.crm_finding
LANGUAGE plpgsql STABLE PARALLEL UNSAFE STRICT
SET search_path = pg_catalog, pg_temp SET jit = off SET work_mem = '64MB'
AS $$
BEGIN
    PERFORM set_config('search_path', format('%I, pg_temp', target_schema), true);
    -- A year is the one before the last deal was closed, so that an old export is judged by its own time.
    RETURN QUERY
    WITH closed AS MATERIALIZED (
        SELECT o.status = 'won' AS won, CASE WHEN isfinite(o.created_at) THEN o.created_at END AS created_at,
               CASE WHEN isfinite(o.closed_at) THEN o.closed_at END AS closed_at, o.owner_id
        FROM opportunity o
        WHERE coalesce(o.status IN ('won', 'lost'), false) AND (o.closed_at <= as_of() OR o.closed_at IS NULL)
          AND (o.created_at > as_of() AND as_of() < now()) IS NOT TRUE
    ), last AS (SELECT max(c.closed_at) AS at FROM closed c
    ), n AS (
        SELECT count(*) FILTER (WHERE c.won) AS won, count(*) FILTER (WHERE NOT c.won) AS lost,
               floor(extract(epoch FROM max(l.at) - least(min(c.created_at), min(c.closed_at))) / 86400)::bigint AS days,
               count(*) FILTER (WHERE c.closed_at > l.at - interval '365 days') AS year,
               floor(percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM c.closed_at - c.created_at) / 86400)
                     FILTER (WHERE c.won AND c.closed_at >= c.created_at))::bigint AS cycle,
               (SELECT count(*) FROM (SELECT DISTINCT s.owner_id FROM closed s WHERE s.owner_id IS NOT NULL) s) AS sellers
        FROM closed c CROSS JOIN last l
    )
    SELECT f.*
    FROM n
    CROSS JOIN LATERAL (VALUES
        ('won deals to train', 'status', n.won, '%1$s deals are won'),
        ('lost deals to train', 'status', n.lost, '%1$s deals are lost'),
        ('won deals to trust', 'status', n.won, '%1$s deals are won'),
        ('lost deals to trust', 'status', n.lost, '%1$s deals are lost'),
        ('history', 'closed_at', n.days, 'the closed deals reach over %1$s days'),
        ('deals a year', 'closed_at', n.year, '%1$s deals were closed in the last year'),
        ('sales cycle', 'closed_at', n.cycle, 'half of the won deals took %1$s days or more'),
        ('sellers', 'owner_id', n.sellers, '%1$s sellers have closed deals')
    ) v (gate, column_name, found, reason)
    JOIN sales_forecast.data_gates() g ON g.gate = v.gate
    CROSS JOIN LATERAL sales_forecast.crm_finding('gates', v.gate, 'opportunity', v.column_name, v.found, NULL, g.comparison,
                                                  g.limit_value, g.severity, v.reason || ', at least ' || g.limit_value || ' are needed') f;
END
$$;
COMMENT ON FUNCTION @extschema@.check_gates(text) IS
'Part of check_crm: the gates of data_gates() that can be measured without a model. NULL gives no rows.';

CREATE FUNCTION @extschema@.check_crm(target_schema text DEFAULT 'forecast')
RETURNS SETOF @extschema@.crm_finding
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF target_schema IS NULL OR to_regclass(format('%I.crm_source', target_schema)) IS NULL THEN
        RAISE EXCEPTION 'schema % is not connected to a CRM', coalesce('"' || target_schema || '"', 'null')
            USING ERRCODE = 'undefined_table', HINT = 'Call sales_forecast.connect_crm first.';
    END IF;
    RETURN QUERY SELECT * FROM @extschema@.check_contract(target_schema);
    IF EXISTS (SELECT FROM @extschema@.check_contract(target_schema) c WHERE NOT c.passed) THEN
        RETURN;     -- the other checks could not read the columns
    END IF;
    RETURN QUERY SELECT * FROM @extschema@.check_source(target_schema);
    RETURN QUERY SELECT * FROM @extschema@.check_keys(target_schema);
    RETURN QUERY SELECT * FROM @extschema@.check_accounts(target_schema);
    RETURN QUERY SELECT * FROM @extschema@.check_amounts(target_schema);
    RETURN QUERY SELECT * FROM @extschema@.check_stages(target_schema);
    RETURN QUERY SELECT * FROM @extschema@.check_deals(target_schema);
    RETURN QUERY SELECT * FROM @extschema@.check_gates(target_schema);
END
$$;
COMMENT ON FUNCTION @extschema@.check_crm(text) IS
'Check the data behind a connected schema: one row per check with the area (contract, completeness, consistency, timeliness, accuracy, gates), what was found out of how many, the limit, whether it is kept, what follows when it is not, and the finding in words. Looks from as_of() of the schema: deals entered later are not counted, those closed later are open, all else is as it is today. When a relation of the contract lacks columns only that is reported. 42P01 when the schema is not connected; 22007 or 22008 when as_of is no moment.';
