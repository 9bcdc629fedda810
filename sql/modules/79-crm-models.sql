-- Train the two models of a connected schema on its own deal_history.
--
-- Which rows.  A model of today should not learn from years in which customers decided differently, but too few deals
-- teach nothing: so the latest whole years that hold 1,000 won and 1,000 lost deals, or everything where there are fewer.
-- Of the youngest deals only the quickest are closed; a win model that saw those would learn that deals are decided fast,
-- and the ones that are lost are usually decided first.  So it leaves out rows seen less than the middle time to a
-- decision ago.  The close model needs no such thing: it takes open deals as deals that have not been decided yet.
--
-- The clock of the close model starts when a deal is seen, and its age then is a feature: a deal in the first stage hardly
-- ever closes within days, however old it is, which a clock that starts at its creation cannot tell.
--
-- How many rows.  A fit works in maintenance_work_mem; above 600 rows for each of its megabytes whole deals are left out by
-- a hash of their key, the same ones every time.  The close model, which needs more
-- memory and time for each, gets a quarter of them, but 8,000 where there are: with 2,000 it had no skill.

CREATE FUNCTION @extschema@.crm_training_queries(target_schema text, max_rows int, OUT win_query text, OUT close_query text, OUT since timestamptz,
                                                 OUT deals bigint, OUT kept int, OUT reason text)
RETURNS record
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    seen bigint;
    kept_close int;
    moment_format CONSTANT text := 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"';
    cycle_days float8;
    years int;
    features text := (SELECT string_agg(format('h.%I', d.feature), ', ' ORDER BY d.nr)
                      FROM @extschema@.deal_feature_descriptions() WITH ORDINALITY d (feature, type, description, nr));
    rows_from text;
    moment timestamptz;
BEGIN
    EXECUTE format('SELECT %1$I.as_of()', target_schema) INTO moment;
    EXECUTE format($q$
        SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY date_part('epoch', o.closed_at - o.created_at) / 86400), min(o.created_at), count(*),
               max(w.years) FILTER (WHERE w.nth = 1)
        FROM (SELECT o.created_at, o.closed_at FROM %1$I.opportunity_as_of o
              WHERE o.status IN ('won', 'lost') AND o.closed_at >= o.created_at AND o.created_at IS NOT NULL) o
        CROSS JOIN (SELECT y.years, row_number() OVER (ORDER BY y.years) AS nth
                    FROM (SELECT g.years FROM generate_series(1, 20) g (years)
                          CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE x.status = 'won') AS won, count(*) FILTER (WHERE x.status = 'lost') AS lost
                                              FROM %1$I.opportunity_as_of x
                                              WHERE x.status IN ('won', 'lost') AND x.closed_at >= ($1 AT TIME ZONE 'UTC' - g.years * interval '1 year') AT TIME ZONE 'UTC') n
                          WHERE n.won >= 1000 AND n.lost >= 1000) y
                    UNION ALL SELECT NULL, 0) w$q$, target_schema)
    INTO cycle_days, since, deals, years USING moment;
    since := CASE WHEN years IS NOT NULL THEN (moment AT TIME ZONE 'UTC' - years * interval '1 year') AT TIME ZONE 'UTC' END;
    max_rows := coalesce(max_rows, (600 * pg_size_bytes(current_setting('maintenance_work_mem')) / 1048576)::int);

    -- The rows of deal_history without making them.
    EXECUTE format($q$
        SELECT count(*)
        FROM %1$I.opportunity_as_of o
        CROSS JOIN LATERAL unnest(@extschema@.deal_ages()) a (days)
        CROSS JOIN LATERAL (SELECT o.created_at + make_interval(hours => 24 * a.days) AS at) s
        WHERE (o.status = 'open' OR o.status IN ('won', 'lost') AND o.closed_at IS NOT NULL)
          AND s.at < least(o.closed_at, $1) AND s.at >= coalesce($2, '-infinity')$q$, target_schema)
    INTO seen USING moment, since;
    kept := least(1000, ceil(1000.0 * max_rows / greatest(seen, 1)))::int;
    kept_close := least(1000, ceil(1000.0 * greatest(max_rows / 4, 8000) / greatest(seen, 1)))::int;
    -- Moments are written in UTC, for the registry keeps the query and another session may read it.
    rows_from := 'FROM %I.deal_snapshots(''history'', %s) h WHERE '
                 || coalesce('h.as_of >= ' || quote_literal(to_char(since AT TIME ZONE 'UTC', moment_format)), 'true');
    close_query := format('SELECT h.outcome, h.days, 0::double precision AS entry_days, h.as_of, h.opportunity_id AS fold_group, %s ', features)
                   || format(rows_from, target_schema, kept_close) || ' AND h.outcome IS NOT NULL';
    -- Open deals are not trained on; the scan for leaks compares with them.
    win_query := format('SELECT CASE h.outcome WHEN ''won'' THEN true WHEN ''lost'' THEN false END AS won, h.as_of, h.closed_at, h.opportunity_id AS fold_group, %s ', features)
                 || format(rows_from, target_schema, kept);
    IF moment - make_interval(secs => 4 * cycle_days * 86400) > coalesce(since, '-infinity') THEN
        win_query := win_query || format(' AND h.as_of <= %L', to_char((moment - make_interval(secs => cycle_days * 86400)) AT TIME ZONE 'UTC', moment_format));
    END IF;
    reason := CASE WHEN since IS NULL THEN 'all of the history' WHEN years = 1 THEN 'the last year' ELSE format('the last %s years', years) END
              || format(', %s rows of deals', seen) || CASE WHEN kept < 1000 THEN format(', of these %s %%', round(kept / 10.0, 1)) ELSE '' END;
END
$$;
COMMENT ON FUNCTION @extschema@.crm_training_queries(text, int) IS
'Internal part of train_crm_models: the queries of the win and the close model, from when on deals are seen (NULL: all), closed deals in all, how many of 1000 deals are kept, and the choice in words.';

CREATE FUNCTION @extschema@.train_crm_models(target_schema text DEFAULT 'forecast', options @extschema@.win_options DEFAULT NULL, max_rows int DEFAULT NULL)
RETURNS TABLE (name text, kind text, version int, status text, reason text, trained_on text, deals bigint, won bigint, auc float8, log_loss float8,
               skill float8, skill_low float8, seconds float8)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    query record;
    result @extschema@.model_training;
    untimed text;
    began timestamptz;
BEGIN
    IF target_schema IS NULL OR to_regclass(format('%I.deal_history', target_schema)) IS NULL THEN
        RAISE EXCEPTION 'schema % is not connected to a CRM', coalesce('"' || target_schema || '"', 'null')
            USING ERRCODE = 'undefined_table', HINT = 'Call sales_forecast.connect_crm first.';
    END IF;
    IF max_rows < 1000 THEN
        RAISE EXCEPTION 'max_rows must be 1000 or more' USING ERRCODE = 'invalid_parameter_value', DETAIL = format('The value given is %s.', max_rows);
    END IF;
    query := @extschema@.crm_training_queries(target_schema, max_rows);
    began := clock_timestamp();
    result := @extschema@.train_model(target_schema || '.win', query.win_query, options);
    -- The usual cause of no rows.
    IF result.version IS NULL THEN
        EXECUTE format($q$
            SELECT CASE WHEN count(*) FILTER (WHERE o.closed_at IS NOT NULL) = 0 THEN format('there are %%s deals, %%s of them closed, none with a closing time: map closed_at', count(*), count(*) FILTER (WHERE o.status IN ('won', 'lost')))
                        WHEN count(*) FILTER (WHERE o.created_at IS NOT NULL) = 0 THEN format('there are %%s deals, none with a time of creation: map created_at', count(*)) END
            FROM %I.opportunity_as_of o HAVING count(*) FILTER (WHERE o.status IN ('won', 'lost')) > 0$q$, target_schema) INTO untimed;
    END IF;
    result.reason := coalesce(untimed, result.reason);
    RETURN QUERY SELECT target_schema || '.win', 'win', result.version, result.status, result.reason, query.reason, result.deals, result.won,
                        result.auc, result.log_loss, result.skill, result.skill_low, date_part('epoch', clock_timestamp() - began);
    began := clock_timestamp();
    result := @extschema@.train_close_model(target_schema || '.close', query.close_query, @extschema@.close_options(algorithm => 'additive'));
    result.reason := CASE WHEN result.version IS NULL THEN coalesce(untimed, result.reason) ELSE result.reason END;
    RETURN QUERY SELECT target_schema || '.close', 'close', result.version, result.status, result.reason, query.reason, result.deals, result.won,
                        result.auc, result.log_loss, result.skill, result.skill_low, date_part('epoch', clock_timestamp() - began);
END
$$;
COMMENT ON FUNCTION @extschema@.train_crm_models(text, @extschema@.win_options, int) IS
'Train the win model and the close model of a connected schema on what its deal_history shows the caller, as of sales_forecast.as_of or now, and store them in the registry as <schema>.win and <schema>.close, which pipeline, lead_priority, deal_risk and win_drivers read. One row per model: what train_model says of it, what it was trained on, and seconds. A new version takes the place of the old one only by the rule of the registry. options: those of the win model (NULL: chosen by cross-validation). max_rows: 1000 or more; NULL: 600 for each MB of maintenance_work_mem; above it whole deals are left out, and the close model takes a quarter of it, at least 8,000. 42P01 when the schema is not connected, 22023 for max_rows, 42501 without the right to train; too few deals are no error but a row with status refused.';
