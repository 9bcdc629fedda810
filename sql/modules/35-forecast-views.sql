-- create_forecast_views: all views on top of the contract, and what their columns mean.

CREATE FUNCTION @extschema@.forecast_view_descriptions(
    OUT view_name text, OUT key_columns text, OUT description text)
RETURNS SETOF record
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 30
BEGIN ATOMIC
SELECT * FROM (VALUES
    ('known_stage', 'process_key, stage_id', 'One row per stage; of a key that the source has twice only the first.'),
    ('opportunity_as_of', 'opportunity_id', 'One row per deal that was known at as_of, with the values it had then.'),
    ('deal_path', 'opportunity_id', 'One row per deal: the set of stages it has been in.'),
    ('historical_probability', 'key_kind, process_id, key_id', 'One row per stage, owner and product, and one for all: how many of the closed deals were won.'),
    ('pipeline', 'opportunity_id', 'One row per open deal. Deals of unknown status are not here; data_quality counts them.'),
    ('pipeline_total', 'currency', 'One row per currency: all open deals.'),
    ('pipeline_by_stage', 'process_id, stage_id, currency', 'One row per stage and currency: open deals.'),
    ('pipeline_by_owner', 'owner_id, currency', 'One row per seller and currency: open deals.'),
    ('pipeline_by_team', 'team_id, currency', 'One row per team and currency: open deals.'),
    ('pipeline_by_region', 'region, currency', 'One row per region and currency: open deals.'),
    ('pipeline_by_department', 'department, currency', 'One row per department and currency: open deals.'),
    ('pipeline_by_month', 'month, currency', 'One row per month of the expected close and currency: open deals. NULL: no date.'),
    ('pipeline_by_quarter', 'quarter, currency', 'One row per quarter of the expected close and currency: open deals. NULL: no date.'),
    ('stage_conversion', 'process_id, stage_id', 'One row per open stage: what became of the deals that entered it.'),
    ('stage_entry', 'opportunity_id, stage_id', 'One row per deal and stage it has been in.'),
    ('stage_conversion_by_quarter', 'quarter, process_id, stage_id', 'One row per open stage and quarter of entry: for comparisons before and after a change.'),
    ('stage_stay', 'opportunity_id, stage_id, entered_at', 'One row per stay of a deal in an open stage.'),
    ('stage_velocity', 'process_id, stage_id', 'One row per open stage: how long deals stay in it.'),
    ('revenue_by_month', 'month, team_id, owner_id, product_id, currency', 'One row per month of the close, team, seller, product and currency: what was won. Deals without a closing time are not here; data_quality counts them.'),
    ('revenue_forecast', 'level, team_id, owner_id, product_id, currency, month', 'One row per level, team, seller or product of it, currency and each of 12 months from that of as_of on: what will be won in the whole month. Teams, sellers and products add up to the total, to the cent up to a trillion.'),
    ('revenue_forecast_series', 'time, level, key, currency, metric', 'One row per month and number of revenue_forecast, and what was won in the complete months before: for time-series panels.'),
    ('deal_features', 'opportunity_id', 'One row per open deal: what was known of it at as_of, the features of its prediction.'),
    ('deal_history', 'opportunity_id, as_of', 'One row per deal and age at which it was seen while it was open, from its creation on, with what became of it: the rows that models are trained on.'),
    ('lead_priority', 'opportunity_id', 'One row per open deal: ranked by amount times probability, with the priority of the seller beside it.'),
    ('rep_bias', 'level, team_id, owner_id', 'One row per seller and team, and one for all: what was stated just before the close against what was won. No rows when the source does not log the stated probability.'),
    ('deal_risk', 'opportunity_id', 'One row per open deal: whether it is stalled, slipping, cooling or falling, and why.'),
    ('next_best_action', 'opportunity_id', 'One row per open deal: what to do next, when and why.'),
    ('churn_risk', 'account_id', 'One row per customer who has ordered at least four times: whether the next order is overdue.'),
    ('win_drivers', 'feature, value', 'One row per value, or range of numbers, of a feature of the promoted win model: how deals with it went, the surest and most used first. No rows without a model.'),
    ('win_patterns', 'condition, segment', 'One row per condition that matters in one segment more than elsewhere, from closed deals as they were known two days after their creation. Searched for when the view is read.'),
    ('win_rate_by_segment', 'industry, company_size, region', 'One row per industry, size and region: win rate against the same kind of customer elsewhere.'),
    ('data_quality', 'area, check_name, relation_name, column_name', 'One row per check of the data behind these views.')
) AS v (view_name, key_columns, description);
END;
COMMENT ON FUNCTION @extschema@.forecast_view_descriptions() IS
'The views that create_forecast_views writes: name, the columns that identify a row, and what a row is. Never NULL.';

-- A column means the same in every view unless a row with the name of the view says otherwise.
CREATE FUNCTION @extschema@.forecast_column_descriptions(
    OUT view_name text, OUT column_name text, OUT description text)
RETURNS SETOF record
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 200
BEGIN ATOMIC
SELECT * FROM (VALUES
    (NULL, 'as_of', 'The moment the row looks from: sales_forecast.as_of, or now.'),
    (NULL, 'process_key', 'process_id, or an empty text where it is NULL.'),
    (NULL, 'stage_name', 'Name of the stage, or its key when the relation stage does not have it.'),
    (NULL, 'next_stage_name', 'Name of the stage after it; NULL for the last open one.'),
    (NULL, 'owner_name', 'Name of the seller.'),
    (NULL, 'month', 'First day of the month.'),
    (NULL, 'quarter', 'First day of the calendar quarter.'),
    (NULL, 'probability_stage', 'Probability of a win fixed for the stage, 0 to 1.'),
    (NULL, 'probability_history', 'Probability of a win from the closed deals that have been in the stage, drawn towards the rate of all stages; the rate of all closed deals, half a deal added on either side, when there are too few. Between 0 and 1; NULL when no deal has been closed.'),
    (NULL, 'probability_source', 'Which one it is: stated, stage or history.'),
    (NULL, 'weighted_value', 'Sum of amount times probability, in currency, not rounded. NULL when no deal has both.'),
    (NULL, 'weighted_value_stated', 'The same with probability_stated.'),
    (NULL, 'weighted_value_stage', 'The same with probability_stage.'),
    (NULL, 'weighted_value_history', 'The same with probability_history.'),
    (NULL, 'age_days', 'Whole days since created_at.'),
    (NULL, 'days_in_stage', 'Whole days since stage_entered_at.'),
    (NULL, 'deals', 'Number of deals.'),
    (NULL, 'deals_without_amount', 'Deals without a usable amount: in deals, not in any sum.'),
    (NULL, 'deals_without_probability', 'Deals without any probability: in deals and amount, not in weighted_value.'),
    (NULL, 'amount', 'Sum of the amounts in currency, not weighted.'),
    (NULL, 'probability_model', 'Probability of a win from the promoted win model, above 0 and below 1. NULL without one.'),
    (NULL, 'probability_model_low', 'Lower end of the 95 % interval of the win rate of deals with such an estimate (win_interval.low).'),
    (NULL, 'probability_model_high', 'Upper end of the 95 % interval of the win rate of deals with such an estimate (win_interval.high).'),
    (NULL, 'win_within_30_days', 'Probability of a win within 30 days of as_of, from the promoted close model. NULL without one.'),
    (NULL, 'win_within_60_days', 'The same within 60 days.'),
    (NULL, 'win_within_90_days', 'The same within 90 days.'),
    (NULL, 'win_by_quarter_end', 'The same before the calendar quarter of as_of ends.'),
    (NULL, 'expected_days_to_close', 'Expected days until the deal is won or lost, from the promoted close model.'),
    (NULL, 'model_version', 'Version of the win model.'),
    (NULL, 'model_reason', 'Why there is no prediction; NULL when there are all.'),
    (NULL, 'rank', 'Place in the list; 1 comes first.'),
    (NULL, 'priority_level', 'priority as high, normal or low.'),
    (NULL, 'mismatch', 'By odds, p / (1 - p), against those of the mean chance of the open deals. overrated: high priority with less than half of them. underrated: low priority with over one and a half times, normal priority with over twice. NULL: neither.'),
    (NULL, 'p10', 'With 90 % probability the sum of what is won is at least this, if deals close independently of each other. In currency. Quantiles do not add up over rows.'),
    (NULL, 'p50', 'The middle: as likely more as less. In currency.'),
    (NULL, 'p90', 'With 10 % probability it is more than this. In currency.'),
    (NULL, 'p_error_amount', 'Bound on the error of p10, p50 and p90 along the amount, in currency.'),
    (NULL, 'p_error_probability', 'Bound on the error of p10, p50 and p90 along the probability.'),
    (NULL, 'key_kind', 'all, stage, owner or product.'),
    (NULL, 'key_id', 'stage_id, owner_id or product_id; NULL for all.'),
    (NULL, 'won', 'Closed deals that were won.'),
    (NULL, 'closed', 'Closed deals: the denominator of rate.'),
    (NULL, 'rate', 'won / closed.'),
    (NULL, 'enough', 'At least 40 deals won and 40 lost in all, and one closed here.'),
    (NULL, 'reason', 'In words.'),
    (NULL, 'entered', 'Deals that have been in the stage, each once: moved_on + lost + still_open + unknown.'),
    (NULL, 'moved_on', 'Of these, won or seen in a later stage.'),
    (NULL, 'lost', 'Of these, lost without having got further.'),
    (NULL, 'still_open', 'Of these, open and not further yet.'),
    (NULL, 'unknown', 'Of these, of unknown status and not further.'),
    (NULL, 'decided', 'moved_on + lost: the denominator of drop_off.'),
    (NULL, 'drop_off', 'lost / decided.'),
    (NULL, 'drop_off_lower', 'Lower end of the 95 % interval of drop_off (Wilson).'),
    (NULL, 'drop_off_upper', 'Upper end of the 95 % interval of drop_off (Wilson).'),
    (NULL, 'is_bottleneck', 'Highest drop_off of its process among stages with at least 40 deals decided; no stage when nothing was lost in any of them.'),
    (NULL, 'entered_at', 'When the deal entered the stage; of the first stage, when it was created.'),
    (NULL, 'left_at', 'When the deal left the stage or was closed in it. NULL while it is there.'),
    (NULL, 'days', 'Days in the stage, until as_of while it is there.'),
    (NULL, 'completed', 'The stay is over.'),
    (NULL, 'stays', 'Stays in the stage; a deal that comes back stays again.'),
    (NULL, 'still_there', 'Stays that are not over.'),
    (NULL, 'median_days', 'Days after which half have left (Kaplan-Meier, so that stays that are not over count too). NULL when fewer than half have been seen to leave.'),
    (NULL, 'p90_days', 'Days after which nine of ten have left (Kaplan-Meier). NULL when fewer have been seen to leave.'),
    (NULL, 'mean_days_completed', 'Mean of the stays that are over. Too short, because long stays are still going on.'),
    (NULL, 'longest_still_there_days', 'Days of the longest stay that is not over.'),
    ('known_stage', 'bit', 'Place of the stage in deal_path.visited; 0 for lost stages and for those after the 62nd of a process.'),
    ('known_stage', 'probability', 'Probability fixed for the stage, 0 to 1; NULL when the source gives one outside.'),
    ('opportunity_as_of', 'amount', 'Value of the deal in currency; NULL when it is not finite.'),
    ('opportunity_as_of', 'probability_stated', 'Probability as stated, 0 to 1; NULL when the source gives one outside.'),
    ('deal_path', 'visited', 'Stages the deal has been in: the sum of known_stage.bit.'),
    ('historical_probability', 'name', 'Name of the stage.'),
    ('historical_probability', 'probability', 'rate drawn towards the rates of the other keys of its kind, the more the fewer deals; the rate of all closed deals, half a deal added on either side, when there are too few. Between 0 and 1; NULL when no deal has been closed.'),
    ('pipeline', 'amount', 'Value of the deal in currency, not weighted. NULL when there is no usable one.'),
    ('pipeline', 'probability', 'The probability used: stated, else of the stage, else from history. 0 to 1.'),
    ('pipeline', 'weighted_value', 'amount times probability, in currency, not rounded.'),
    ('historical_probability', 'lower', 'Lower end of the 90 % interval of probability; NULL when there are too few deals.'),
    ('historical_probability', 'upper', 'Upper end of the 90 % interval of probability; NULL when there are too few deals.'),
    ('stage_entry', 'moved_on', 'The deal was won or has been in a later stage.'),
    ('stage_velocity', 'completed', 'Stays that are over.'),
    ('revenue_by_month', 'month', 'First day of the month of the close, in the time zone of crm_source.'),
    ('revenue_by_month', 'deals', 'Won deals.'),
    ('revenue_by_month', 'amount', 'Sum of the amounts of the won deals, in currency. NULL when no deal has one.'),
    ('revenue_forecast', 'level', 'total, team, owner or product: whose revenue it is. Each level is all of it, so never add up two.'),
    ('revenue_forecast', 'team_id', 'The team of level team; NULL: the deals without one. NULL in the other levels.'),
    ('revenue_forecast', 'owner_id', 'The seller of level owner; NULL: the deals without one. NULL in the other levels.'),
    ('revenue_forecast', 'product_id', 'The product of level product; NULL: the deals without one. NULL in the other levels.'),
    ('revenue_forecast', 'step', 'Number of the month, 1 is that of as_of.'),
    ('revenue_forecast', 'base_forecast', 'Expected revenue of the month in currency, from the months of this row alone. NULL when there are too few for a forecast.'),
    ('revenue_forecast', 'forecast', 'base_forecast changed so that the parts add up to the total: the number to use. In currency, 0 or more; NULL when there is too little history in the currency.'),
    ('revenue_forecast', 'lo80', 'With 90 % probability the month brings at least this: with hi80 an interval of 80 %. In currency, 0 or more. Intervals do not add up over rows.'),
    ('revenue_forecast', 'hi80', 'With 90 % probability the month brings at most this. In currency.'),
    ('revenue_forecast', 'lo95', 'With hi95 an interval of 95 %. In currency, 0 or more.'),
    ('revenue_forecast', 'hi95', 'With lo95 an interval of 95 %. In currency.'),
    ('revenue_forecast', 'model', 'What base_forecast was made with.'),
    ('revenue_forecast', 'deals', 'Won deals in the history of this row.'),
    ('revenue_forecast', 'months_of_history', 'Complete months from the first win with an amount up to as_of, at most 240; months without a win count as 0.'),
    ('revenue_forecast', 'enough', 'months_of_history is 24 or more.'),
    ('revenue_forecast_series', 'time', 'First moment of the month in the time zone of crm_source.'),
    ('revenue_forecast_series', 'level', 'total, team, owner or product. Each level is all of it, so never add up two.'),
    ('revenue_forecast_series', 'key', 'team_id, owner_id or product_id of the level; NULL: the deals without one, and of the total.'),
    ('revenue_forecast_series', 'metric', 'actual (complete months), forecast, lo80, hi80, lo95 or hi95.'),
    ('revenue_forecast_series', 'value', 'In currency.'),
    (NULL, 'outcome', 'won, lost or open, as it is known at sales_forecast.as_of.'),
    (NULL, 'fold_group', 'The deal: all its rows stay on one side of a split.'),
    ('deal_features', 'probability_stated', 'Probability as stated then, 0 to 1. Kept beside; not a feature, because sellers differ in how they state it and could write their own forecast.'),
    ('deal_history', 'probability_stated', 'Probability as stated then, 0 to 1. Kept beside; not a feature, because sellers differ in how they state it and could write their own forecast.'),
    ('deal_history', 'as_of', 'The moment at which the deal is seen: when it was created, and 2, 7, 14, 30, 60, 90, 135, 180, 270, 365, 545, 730, 1095, 1460 and 1825 days later while it was open.'),
    ('deal_history', 'won', 'true or false for closed deals, NULL for open ones.'),
    ('deal_history', 'days', 'Days from as_of of the row until the deal was closed; for open ones until sales_forecast.as_of or now.'),
    ('lead_priority', 'amount', 'Value of the deal in currency, not weighted.'),
    ('lead_priority', 'probability', 'The probability ranked by: that of the model, else from history, else stated or of the stage.'),
    ('lead_priority', 'probability_source', 'Which one it is: model, history, stated or stage.'),
    ('lead_priority', 'weighted_value', 'amount times probability, in currency. Across currencies deals are ranked by multiples of the middle amount of their currency.'),
    ('rep_bias', 'level', 'total, team or owner. Each level is all deals, so never add up two.'),
    ('rep_bias', 'deals', 'Closed deals with a known stated probability just before the close.'),
    ('rep_bias', 'won', 'Of these, won.'),
    ('rep_bias', 'stated_sum', 'Sum of the probabilities stated just before the close: the wins that were promised.'),
    ('rep_bias', 'ratio', 'stated_sum / won. NULL when none was won.'),
    ('rep_bias', 'bias', 'ratio drawn towards that of all, the more the fewer deals; above 1: overstates. Divide a stated probability by it to correct it.'),
    ('rep_bias', 'bias_low', 'Lower end of the 95 % interval of bias.'),
    ('rep_bias', 'bias_high', 'Upper end of the 95 % interval of bias.'),
    ('rep_bias', 'enough', 'At least 40 of these deals won and 40 lost.'),
    ('deal_risk', 'amount', 'Value of the deal in currency, not weighted.'),
    ('deal_risk', 'risks', 'How many of stalled, slipping, cooling and falling are true.'),
    ('deal_risk', 'stalled', 'Longer in its stage than nine of ten deals that were won stayed there (at least 20 such stays). NULL: cannot be told.'),
    ('deal_risk', 'stall_days', 'Days within which nine of ten won deals left the stage.'),
    ('deal_risk', 'slipping', 'The expected close was moved to a later day three times or more, or has passed. NULL: no date is known.'),
    ('deal_risk', 'cooling', 'In the last 30 days under half as many activities a day as in the 60 days before, where there were four or more; or nothing from the customer for 14 days and three times its usual pause. NULL: no activities are known.'),
    ('deal_risk', 'falling', 'The probability of the model fell by a tenth or more, and by a quarter of itself, in 30 days. NULL without a model and for deals under 30 days.'),
    ('deal_risk', 'probability_model_before', 'probability_model 30 days earlier, by the model of today.'),
    ('deal_risk', 'pushes', 'How often the expected close was moved to a later day. NULL: not logged.'),
    ('deal_risk', 'days_pushed', 'By how many days in all.'),
    ('deal_risk', 'days_to_stated_close', 'Days until the expected close; negative: it has passed.'),
    ('deal_risk', 'activities_30_days', 'Activities from and to the customer in the last 30 days.'),
    ('deal_risk', 'activities_60_days_before', 'The same in the 60 days before these.'),
    ('deal_risk', 'days_since_customer', 'Days since the customer was last heard of.'),
    ('next_best_action', 'amount', 'Value of the deal in currency, not weighted.'),
    ('next_best_action', 'action', 'answer, book_demo, new_date, other_contact, decide, get_meeting or keep_in_touch.'),
    ('next_best_action', 'what', 'What to do, in words.'),
    ('next_best_action', 'due_on', 'By which day, in the time zone of crm_source; never before that of as_of.'),
    ('next_best_action', 'why', 'The reason in words and numbers.'),
    ('next_best_action', 'probability', 'That of the model, else from history, else stated or of the stage.'),
    ('churn_risk', 'orders', 'Orders up to as_of; several on one day count once.'),
    ('churn_risk', 'last_order_at', 'The last of them.'),
    ('churn_risk', 'cycle_days', 'Middle of the days between the last 12 orders.'),
    ('churn_risk', 'days_since_order', 'Days from the last order to as_of.'),
    ('churn_risk', 'cycles_since_order', 'days_since_order / cycle_days.'),
    ('churn_risk', 'overdue', 'Silent for longer than nine of ten intervals between orders, each in cycles of its customer.'),
    ('churn_risk', 'probability_gone', 'Probability that no further order comes: of customers who leave after an order at the rate seen here, and who else would order within the intervals seen here. 0 to 1.'),
    ('churn_risk', 'amount_a_year', 'Orders of the last 12 months before the last order, in currency. NULL when they are in several.'),
    ('win_drivers', 'deals', 'About how many training deals that is: rows / rows per deal of the model. From 30 on; fewer are left out.'),
    ('win_drivers', 'rows', 'Training rows with the value: a deal is seen at several moments.'),
    ('win_drivers', 'rows_won', 'Of these, of deals that were won.'),
    ('win_drivers', 'beyond_luck', 'Whether the win rate differs from that of all by more than the luck of so many deals explains (95 %, one value looked at).'),
    ('win_drivers', 'win_rate', 'rows_won / rows.'),
    ('win_drivers', 'base_rate', 'Share won of all training rows.'),
    ('win_drivers', 'lift', 'win_rate / base_rate.'),
    ('win_drivers', 'feature', 'Feature of the model.'),
    ('win_drivers', 'description', 'What the feature means.'),
    ('win_drivers', 'value', 'Its value or range of values.'),
    ('win_drivers', 'coefficient', 'Log-odds of a logistic model; NULL for trees, and for a range made of several.'),
    ('win_drivers', 'odds_ratio', 'Odds against those of the average deal; NULL like coefficient.'),
    ('win_drivers', 'odds_ratio_low', 'Lower end of its 95 % interval, by deals.'),
    ('win_drivers', 'odds_ratio_high', 'Upper end of its 95 % interval, by deals.'),
    ('win_drivers', 'importance', 'Mean absolute contribution of the feature to the log-odds.'),
    ('win_drivers', 'direction', 'for: more wins than usual; against: fewer.'),
    ('win_patterns', 'condition', 'A value of a feature, such as a demo within 48 hours.'),
    ('win_patterns', 'segment', 'Where it matters: a value of another feature, or of two.'),
    ('win_patterns', 'deals', 'Closed deals with the condition in the segment.'),
    ('win_patterns', 'win_rate', 'Share of these that was won.'),
    ('win_patterns', 'others', 'Closed deals in the segment without the condition.'),
    ('win_patterns', 'others_win_rate', 'Share of these that was won.'),
    ('win_patterns', 'lift', 'win_rate / others_win_rate.'),
    ('win_patterns', 'lift_outside', 'The same outside the segment.'),
    ('win_patterns', 'odds_ratio', 'Odds with the condition against those without it, in the segment.'),
    ('win_patterns', 'odds_ratio_low', 'Lower end of its 95 % interval.'),
    ('win_patterns', 'odds_ratio_high', 'Upper end of its 95 % interval.'),
    ('win_patterns', 'p_value', 'How often chance alone would show so large a difference from outside, corrected for all pairs tried.'),
    ('win_rate_by_segment', 'industry', 'Industry of the customer.'),
    ('win_rate_by_segment', 'company_size', 'Staff: under 50, 50-249 or 250+.'),
    ('win_rate_by_segment', 'won_elsewhere', 'Won deals of the same industry and size in all other regions.'),
    ('win_rate_by_segment', 'closed_elsewhere', 'Closed deals of the same industry and size in all other regions: the denominator of rate_elsewhere.'),
    ('win_rate_by_segment', 'rate_elsewhere', 'won_elsewhere / closed_elsewhere.'),
    ('win_rate_by_segment', 'lift', 'rate / rate_elsewhere, half a deal added to each number.'),
    ('win_rate_by_segment', 'lift_low', 'Lower end of the 95 % interval of lift.'),
    ('win_rate_by_segment', 'lift_high', 'Upper end of the 95 % interval of lift.'),
    ('win_rate_by_segment', 'stands_out', 'The interval of lift does not hold 1. Among many segments one in twenty does so by luck.'),
    ('data_quality', 'area', 'contract, completeness, consistency, timeliness, accuracy or gates.'),
    ('data_quality', 'check_name', 'What is checked.'),
    ('data_quality', 'relation_name', 'Relation of the contract that is checked.'),
    ('data_quality', 'column_name', 'Its column; NULL when the check concerns several.'),
    ('data_quality', 'found', 'What was counted: the numerator of share. Rows with the fault, or fields filled.'),
    ('data_quality', 'of_total', 'Out of how many: the denominator of share. NULL when the check is a plain number.'),
    ('data_quality', 'share', 'found / of_total.'),
    ('data_quality', 'limit_value', 'The limit the share, or found when there is no share, is held against.'),
    ('data_quality', 'passed', 'Within the limit. NULL when it could not be measured.'),
    ('data_quality', 'severity', 'refuse: no model is trained; warn: it is, with this said beside it; info: nothing follows.'),
    ('data_quality', 'reason', 'The finding in words.')
) AS v (view_name, column_name, description);
END;
COMMENT ON FUNCTION @extschema@.forecast_column_descriptions() IS
'What the columns of the forecast views mean, with units; view_name NULL: in every view that has such a column. Columns not listed mean what they mean in opportunity or stage.';

CREATE FUNCTION @extschema@.comment_forecast_views(target_schema text)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    item record;
BEGIN
    FOR item IN
        SELECT format('VIEW %I.%I', target_schema, v.view_name) AS target,
               @extschema@.crm_written_comment(v.description || ' Key: ' || v.key_columns || '.') AS description
        FROM @extschema@.forecast_view_descriptions() v
        UNION ALL
        SELECT format('COLUMN %I.%I.%I', target_schema, v.view_name, a.attname),
               coalesce((SELECT d.description FROM @extschema@.forecast_column_descriptions() d
                         WHERE d.column_name = a.attname AND (d.view_name = v.view_name OR d.view_name IS NULL)
                           AND NOT (d.view_name IS NULL AND v.view_name IN ('deal_features', 'deal_history')
                                    AND a.attname IN (SELECT f.feature FROM @extschema@.deal_feature_descriptions() f))
                         ORDER BY d.view_name IS NULL LIMIT 1),
                        (SELECT f.description FROM @extschema@.deal_feature_descriptions() f
                         WHERE f.feature = a.attname AND v.view_name IN ('deal_features', 'deal_history')),
                        (SELECT c.description FROM @extschema@.crm_columns() c
                         WHERE c.column_name = a.attname AND c.relation IN ('opportunity', 'stage') ORDER BY c.relation LIMIT 1))
        FROM @extschema@.forecast_view_descriptions() v
        JOIN pg_attribute a ON a.attrelid = to_regclass(format('%I.%I', target_schema, v.view_name)) AND a.attnum > 0 AND NOT a.attisdropped
    LOOP
        EXECUTE format('COMMENT ON %s IS %L', item.target, item.description);
    END LOOP;
    PERFORM set_config('search_path', format('%I, pg_temp', target_schema), true);
    FOR item IN
        SELECT * FROM (VALUES
            ('opportunity_at(timestamptz)', 'The relation opportunity as it was known at a moment: deals entered later are absent, columns whose past is not logged are NULL. No rows for NULL.'),
            ('stage_paths()', 'Deals counted by the set of stages they have been in (deal_path.visited) and status.'),
            ('closed_stage_paths()', 'stage_paths() of the closed deals. With a very long history this is the costly part of the pipeline views: you may replace it by a function that reads a table of your own with the same columns.'),
            ('stage_rates()', 'One row per known stage, and one with NULL keys for all: closed deals that have been in it, how many were won, and the probability that follows.'),
            ('stage_stays()', 'The rows of stage_stay: stays of deals in open stages, their days, and whether they are over.'),
            ('deal_snapshots(text,int)', 'The rows of deal_features (open), of deal_history (history), and of the open deals 30 days earlier (before). kept: so many of 1000 deals, chosen by a hash of their key; the default is all. No rows for NULL and other words.'),
            ('deal_predictions(text,boolean)', 'What the promoted models say of the open deals at as_of (open, the default) or 30 days earlier (before), with the features that deal_risk needs. No rows when no model is promoted, or not for the caller, except when always is true: then without predictions.'),
            ('won_by_month(boolean)', 'The rows of revenue_by_month. True: amounts that check_crm finds far too high count as missing. No rows for NULL.'),
            ('revenue_forecasts(int, boolean)', 'The rows of revenue_forecast for as many months as you like (default 12). usual_amounts true: amounts that check_crm finds far too high, mostly typing errors, count as missing, in deals_without_amount (default false). No rows for NULL and for months below 1; 22023 for months above 100000, 22003 where amounts are too large for double precision or a sum of 10^24.')
        ) v (target, description)
    LOOP
        EXECUTE format('COMMENT ON FUNCTION %s IS %L', item.target, @extschema@.crm_written_comment(item.description));
    END LOOP;
END
$$;
COMMENT ON FUNCTION @extschema@.comment_forecast_views(text) IS
'Internal part of create_forecast_views: comments on the views, their columns and their functions. NULL does nothing.';

CREATE FUNCTION @extschema@.create_forecast_views(target_schema text DEFAULT 'forecast')
RETURNS TABLE (view_name text, key_columns text, description text)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    problems text[];
    codes text[];
BEGIN
    IF target_schema IS NULL OR to_regclass(format('%I.crm_source', target_schema)) IS NULL THEN
        RAISE EXCEPTION 'schema % is not connected to a CRM', coalesce('"' || target_schema || '"', 'null')
            USING ERRCODE = 'undefined_table', HINT = 'Call sales_forecast.connect_crm first.';
    END IF;
    SELECT array_agg(p.problem ORDER BY p.problem), array_agg(p.code) INTO problems, codes
      FROM @extschema@.crm_target_problems(target_schema, ARRAY(SELECT v.view_name FROM @extschema@.forecast_view_descriptions() v)) p;
    PERFORM @extschema@.crm_raise_problems(format('the views cannot be written to schema "%s"', target_schema), problems, codes);

    PERFORM @extschema@.crm_write_as_of(target_schema);
    PERFORM @extschema@.create_as_of_views(target_schema);
    PERFORM @extschema@.create_rate_views(target_schema);
    PERFORM @extschema@.create_deal_feature_views(target_schema);
    PERFORM @extschema@.create_prediction_views(target_schema);
    PERFORM @extschema@.create_pipeline_views(target_schema);
    PERFORM @extschema@.create_conversion_views(target_schema);
    PERFORM @extschema@.create_velocity_views(target_schema);
    PERFORM @extschema@.create_revenue_views(target_schema);
    PERFORM @extschema@.create_win_views(target_schema);
    PERFORM @extschema@.create_bias_views(target_schema);
    PERFORM @extschema@.create_risk_views(target_schema);
    PERFORM @extschema@.create_action_views(target_schema);
    PERFORM @extschema@.create_churn_views(target_schema);
    EXECUTE format('CREATE OR REPLACE VIEW %1$I.data_quality WITH (security_invoker = true) AS
                    SELECT q.*, %1$I.as_of() AS as_of FROM @extschema@.check_crm(%1$L) q', target_schema);
    PERFORM @extschema@.comment_forecast_views(target_schema);
    RETURN QUERY SELECT v.view_name, v.key_columns, v.description FROM @extschema@.forecast_view_descriptions() v;
END
$$;
COMMENT ON FUNCTION @extschema@.create_forecast_views(text) IS
'Write the forecast views into a schema that connect_crm has filled (connect_crm calls this itself; call it again after an update of the extension), and return one row per view: its name, the columns that identify a row, and what a row is. The views belong to the caller, run with the rights of whoever reads them and are not part of the extension. Calling it again replaces them in place and keeps grants. 42P01 when the schema is not connected; 42P07, 42723 or 42501 with all names that are taken by something else, and nothing is changed.';
