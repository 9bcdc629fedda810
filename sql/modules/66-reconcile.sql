-- The forecasting room, part 7: forecasts of a hierarchy of series that add up.

CREATE TYPE reconcile_options AS (
    method text,
    nonnegative boolean,
    decimals int,
    separator text,
    incomplete boolean,
    reach float8);

CREATE FUNCTION reconcile_options(
    method text DEFAULT 'auto', nonnegative boolean DEFAULT false, decimals int DEFAULT NULL,
    separator text DEFAULT '|', incomplete boolean DEFAULT false, reach float8 DEFAULT 0.25)
    RETURNS reconcile_options
    LANGUAGE sql IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
    RETURN ROW(method, nonnegative, decimals, separator, incomplete, reach)::@extschema@.reconcile_options;

CREATE FUNCTION reconcile_forecasts(
    forecasts text, residuals text DEFAULT NULL, history text DEFAULT NULL,
    options reconcile_options DEFAULT @extschema@.reconcile_options(),
    OUT series text, OUT step int, OUT at timestamp, OUT period bigint, OUT base float8, OUT reconciled float8,
    OUT adjustment float8, OUT level int, OUT pattern text, OUT bottom boolean, OUT method text,
    OUT lambda float8, OUT converged boolean)
    RETURNS SETOF record
    AS 'MODULE_PATHNAME', 'sf_reconcile_forecasts' LANGUAGE C STABLE CALLED ON NULL INPUT PARALLEL UNSAFE COST 100000 ROWS 1000;

COMMENT ON TYPE reconcile_options IS 'Options of reconcile_forecasts; made by the function of the same name.';
COMMENT ON COLUMN reconcile_options.method IS
'"auto": mint_shrink with residuals, else wls_struct. "mint_shrink": least variance, by the covariance of the errors, shrunk, and held back as reach says (needs residuals). "wls_var": by the variances of the errors (needs residuals). "wls_struct": errors grow with the number of bottom series. "bottom_up": the bottom added up. "top_down": the total shared out as the forecasts are. "top_down_history": shared out by the average shares of the past (needs history).';
COMMENT ON COLUMN reconcile_options.nonnegative IS
'True: nothing below 0. wls finds the nearest such forecasts that add up, mint_shrink those nearest to its own result by the variances; the others cut the bottom at 0.';
COMMENT ON COLUMN reconcile_options.decimals IS
'Digits after the point, -9 to 9, that results are rounded to (2: cents, -3: thousands) so that parts still make up the whole exactly; NULL: not rounded.';
COMMENT ON COLUMN reconcile_options.separator IS 'What stands between the parts of a path, not empty and not "*".';
COMMENT ON COLUMN reconcile_options.incomplete IS
'True: a series with "*" in its path that has nothing below it is a bottom series itself; two of those that overlap are an error. False: it is an error.';
COMMENT ON COLUMN reconcile_options.reach IS
'How far mint_shrink may move sums, above 0.001 and below 1000: at no level may what it gives differ from the sums of the bottom forecasts, in all, by more than this share of what the forecasts of the sums differ from them; where it would, lambda is raised, at most to 1. NULL: no limit, MinT as published.';
COMMENT ON FUNCTION reconcile_options(text, boolean, int, text, boolean, float8) IS
'Options of reconcile_forecasts: the method (default auto), whether nothing may be below 0 (default false), the decimals to round to (default NULL, none), the separator of paths (default "|"), whether sums without parts are parts themselves (default false), how far mint_shrink may move sums (default 0.25). NULL is allowed for decimals and reach only. Errors are raised where the options are used: 22023.';
COMMENT ON FUNCTION reconcile_forecasts(text, text, text, reconcile_options) IS
'Forecasts of many series, each made by itself, changed as little as their usual errors suggest so that they add up: shops to regions to the total, or departments across shops. forecasts is one SELECT, run with the rights of the caller, that returns series (any type), forecast (a number) and step (whole number), at (date, timestamp, timestamptz in UTC or whole numbers) or period (whole number); the first of these that is there tells the rows of a series apart. The hierarchy is told in one of two ways. Paths: series is "north|bikes", with "*" for what is summed over ("north|*", "*|bikes", "*|*"); any grouping, all paths with the same number of parts. Parents: a column parent (any type) names the series above, NULL at the top; a tree of any shape. Series that sum up others may lack forecasts, all steps or none, and are added up; nodes of a pattern that are not there, and the total, are made. residuals is a SELECT of series, residual (forecast errors, in-sample or of a backtest; either sign) and a key as above that tells them apart, the same for all series; the latest 1024 periods count, NULL and missing ones are allowed. From a backtest: SELECT series, origin * 100000 + ahead AS period, error AS residual FROM backtest_series(...). history is a SELECT of series, value and a key: the past, for top_down_history; and for wls and mint what sums hold beyond the bottom series given. By as many last periods as there are steps (at least 4), forecasts and residuals of a sum are first multiplied by the share of its bottom series in it; where that is below 0.01 or above 100, the mean gap is taken off its forecasts instead. Without history mint_shrink may take what is missing for an error that all series share, and the option reach then keeps it near wls_var; so give the history where sums hold more than their parts. NULL for residuals or history: none; NULL for forecasts or options, or no rows: no rows. Rows: series, step (as given, else 1, 2, ...), at and period as given, base (the forecast given; NULL if none), reconciled, adjustment = reconciled - base, level (parts of the path that are not "*", or steps below the top), pattern (the path with x for a part that is kept; NULL with parents), bottom, method, lambda (the shrinkage of mint_shrink after reach, 0 = covariance as observed, 1 = variances only), converged (false: the search for nothing below 0 was stopped; results add up and are not negative, but are not the nearest). In byte order of series. Errors: 22023 options, 22000 (with the series) a bottom series or a step without forecasts, no bottom series, two rows for one step, two parents, parents in a circle, paths of different length, residuals or history of a series without forecasts (sums with "*" in their path are passed over), a value that is not finite, 22003 too large, 42601, 42703 and 42804 as every query argument, 54000 beyond 8192 series that sum up others and have forecasts, 134,217,728 numbers, 1,000,000 periods.';
