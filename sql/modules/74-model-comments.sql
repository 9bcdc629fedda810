-- What the registry's relations and functions are, for the catalog and for doc/reference.

COMMENT ON TABLE stored_model IS 'Models by name. Read the view model; the table is closed.';
COMMENT ON TABLE stored_version IS 'Versions of models. Read the view model_version; the table is closed.';
COMMENT ON TABLE stored_run IS 'The log of the registry. Read the view model_run; the table is closed.';
COMMENT ON TABLE stored_grant IS 'Who may use or manage whose model. Read the view model_grant; the table is closed.';
COMMENT ON VIEW model_right IS 'What the current role may do with which model. For the other views; not readable itself.';
COMMENT ON COLUMN model_right.model_id IS 'Its number, which no other model ever gets.';
COMMENT ON COLUMN model_right.name IS 'Model.';
COMMENT ON COLUMN model_right.privilege IS 'use or manage.';
COMMENT ON VIEW model IS 'One row per model that the current role owns or was granted: its promoted version and its policy.';
COMMENT ON COLUMN model.may_manage IS 'Whether the current role may train, promote, grant and drop it.';
COMMENT ON VIEW model_version IS 'One row per stored version of the models that the current role may use: the model, its quality, query, options, seed, who and when.';
COMMENT ON VIEW model_run IS 'One row per event: train, import, promote, grant, revoke, purge, policy, drop; of models that the current role may use, and its own.';
COMMENT ON VIEW model_grant IS 'Who else may use or manage the models that the current role manages.';
COMMENT ON VIEW own_model IS 'For the registry''s functions: models that the current role manages, writable by roles named in allow_training.';
COMMENT ON VIEW own_version IS 'For the registry''s functions: versions of models that the current role manages.';
COMMENT ON VIEW new_model IS 'For the registry''s functions: a new model of the current role comes in here; not readable.';
COMMENT ON VIEW new_version IS 'For the registry''s functions: a new version of a model that the current role manages comes in here; not readable.';
COMMENT ON VIEW own_grant IS 'For the registry''s functions: grants on models that the current role manages.';
COMMENT ON VIEW own_run IS 'For the registry''s functions: the log, to be added to in the name of the current role.';

-- The same columns stand in tables and views, with the same words.
DO $$
DECLARE
    c record;
BEGIN
    FOR c IN
        SELECT r.relation, w.column_name, w.words
        FROM (VALUES
            ('model', 'stored_model'), ('model', 'model'), ('model', 'own_model'), ('model', 'new_model'),
            ('version', 'stored_version'), ('version', 'model_version'), ('version', 'own_version'), ('version', 'new_version'),
            ('run', 'stored_run'), ('run', 'model_run'), ('run', 'own_run'),
            ('grant', 'stored_grant'), ('grant', 'model_grant'), ('grant', 'own_grant')) AS r(family, relation)
        JOIN (VALUES
            ('model', 'model_id', 'Number that no other model ever gets.'),
            ('model', 'name', 'Name; forecast.win for instance.'),
            ('model', 'kind', 'win: probability of a win; close: when deals are won or lost.'),
            ('model', 'owner', 'Role that trained it first.'),
            ('model', 'promoted', 'Version in use, NULL when none is.'),
            ('model', 'last_version', 'Number of the newest version, kept or not.'),
            ('model', 'previous', 'Version that was in use before; rollback_model goes back to it.'),
            ('model', 'keep_versions', 'How many versions training leaves, those in use now and before included.'),
            ('model', 'champion_days', 'Days after which the version in use gives way to any that passes its gates.'),
            ('model', 'least_quality', 'Share of the skill of the version in use that a new one must reach.'),
            ('model', 'created_at', 'When the name was first used.'),
            ('version', 'name', 'Model.'),
            ('version', 'version', 'Number, from 1; never used twice.'),
            ('version', 'status', 'promoted: in use; candidate: could be; retired: was; refused: a gate says no.'),
            ('version', 'reason', 'Why it has, or got, this status.'),
            ('version', 'win', 'The model, of kind win; else NULL.'),
            ('version', 'close', 'The model, of kind close; else NULL.'),
            ('version', 'algorithm', 'What it is made of, in words.'),
            ('version', 'query', 'Query it was trained from.'),
            ('version', 'options', 'Options it was trained with, as text of the type.'),
            ('version', 'seed', 'Seed of its random choices.'),
            ('version', 'forced', 'Trained with force => true: gates that refuse did not stop it.'),
            ('version', 'deals', 'Deals it was trained on, rows of one fold_group counted once: closed ones, for close models all, for churn models customers.'),
            ('version', 'won', 'Won ones among them; NULL for churn models.'),
            ('version', 'quality_from', 'Deals the figures of quality come from: latest fifth (of time, unseen), cross-validation, or training; NULL: not measured.'),
            ('version', 'auc', 'Area under the ROC curve, 0 to 1; 0.5 is chance. Close models: of won against lost among what closed.'),
            ('version', 'auc_low', 'Lower end of its 95 % interval.'),
            ('version', 'auc_high', 'Upper end of its 95 % interval.'),
            ('version', 'concordance', 'Close models: share of pairs whose order of closing was told right; 0.5 is chance. Win models: NULL.'),
            ('version', 'log_loss', 'Mean of -ln(probability of what happened).'),
            ('version', 'brier', 'Mean squared error of the probability.'),
            ('version', 'calibration_error', 'Mean distance of probability and rate over ten bins, 0 to 1.'),
            ('version', 'skill', 'Win models: 1 - log-loss / log-loss of the base rate; close models: 1 - exp(log-loss - log-loss of age alone). 0: no better than that.'),
            ('version', 'skill_low', 'Lower end of its 95 % interval.'),
            ('version', 'skill_high', 'Upper end of its 95 % interval.'),
            ('version', 'trained_by', 'Role that trained or imported it.'),
            ('version', 'trained_at', 'When it was trained, elsewhere if it was imported.'),
            ('version', 'promoted_at', 'When it was last put to use; NULL: never, or taken back by rollback_model.'),
            ('run', 'run_id', 'Number of the event.'),
            ('run', 'model_id', 'Number of the model; NULL: none was stored under the name.'),
            ('run', 'name', 'Name of the model, when it happened.'),
            ('run', 'version', 'Version meant; NULL: none.'),
            ('run', 'action', 'train, import, promote, grant, revoke, purge, policy or drop.'),
            ('run', 'outcome', 'Status of the version, done, or forced.'),
            ('run', 'reason', 'Why, in words.'),
            ('run', 'run_by', 'Role.'),
            ('run', 'run_at', 'When.'),
            ('run', 'seconds', 'How long it took; NULL where nobody waits.'),
            ('grant', 'name', 'Model.'),
            ('grant', 'grantee', 'Role, or public for everybody.'),
            ('grant', 'privilege', 'use: predict and read; manage: also train, promote, grant, drop.'),
            ('grant', 'granted_by', 'Role that gave it.'),
            ('grant', 'granted_at', 'When.')) AS w(family, column_name, words) USING (family)
        JOIN pg_catalog.pg_attribute AS a ON a.attname = w.column_name
         AND a.attrelid = pg_catalog.to_regclass('@extschema@.' || r.relation)
    LOOP
        EXECUTE pg_catalog.format('COMMENT ON COLUMN %I.%I.%I IS %L', '@extschema@', c.relation, c.column_name, c.words);
    END LOOP;
END
$$;

COMMENT ON TYPE model_training IS
'What training, promoting or importing did: name, version (NULL: nothing was stored), status (promoted, candidate, refused) with its reason, algorithm, deals and won ones, figures of quality as in model_version, champion = version in use afterwards.';
COMMENT ON TYPE model_comparison IS
'One metric of two models on the same deals: a, b, difference a - b with its 95 % interval and two-sided p-value (NULL where no test is made), deals, better = the name that is better, or that no difference is shown.';

COMMENT ON FUNCTION win_model_quality(win_model) IS
'How good a win model is, one row per sample it was measured on: training (the deals it was made from, which flatters; without intervals), cross-validation (each deal predicted by a model that had not seen it), latest fifth (trained on the deals before, in time). Rows of the sample as deals, won ones, AUC with its 95 % interval, log-loss, Brier score, calibration error, log-loss of the base rate, skill = 1 - log_loss / base_log_loss with its 95 % interval. A figure that cannot be worked out is NULL. No row for NULL.';
COMMENT ON FUNCTION close_model_quality(close_model) IS
'How good a close model is on deals held out by cross-validation, one row; none when that was not measured, or for NULL. deals and closed ones among them; concordance (share of pairs whose order of closing was told right) with its standard error over the folds; cause_auc (won against lost of those that closed; NULL for churn); log-loss per deal, the same of age alone, and skill = 1 - exp(log_loss - base_log_loss) with its 95 % interval.';
COMMENT ON FUNCTION close_model_gates(close_model) IS
'Every check of the deals and of the close model: what was measured, the limit, the verdict (pass, warn or refuse) and the reason in words. feature is NULL where it is about all of them; measured is NULL where there was nothing to measure. No rows for NULL.';
COMMENT ON FUNCTION query_columns(text) IS
'Names of the columns that a query returns, in their order; the query is not run. NULL for NULL. Errors: 42601 not a single SELECT, and those of the query.';
COMMENT ON FUNCTION trainer_rights() IS
'What allow_training grants on which view. Takes nothing.';
COMMENT ON FUNCTION allow_training(name, boolean) IS
'Allow a role (or public) to store models of its own, or take that back with false; its models stay. For the role that installed the extension. Errors: 42704 unknown role, 42501 no right to decide, or the role was allowed by another one. NULL does nothing.';
COMMENT ON FUNCTION check_trainer() IS
'Raises 42501 unless the current role may store models, see allow_training.';
COMMENT ON FUNCTION log_model_run(text, int, text, text, text, float8) IS
'Adds a line to the log of the registry in the name of the current role. Used by the functions of the registry. NULL is stored where the column takes it. Errors: 42501 no right to store.';
COMMENT ON FUNCTION manage_model(text) IS
'The row of a model that the current role manages, locked until the transaction ends. Errors: 42704 no such model (NULL too), 42501 it belongs to another role, or no right to store.';
COMMENT ON FUNCTION promoted_win_model(text) IS
'The version in use of a win model. Errors: 55000 when there is none that the current role may use, also for NULL.';
COMMENT ON FUNCTION promoted_win_model_or_null(text) IS
'The version in use of a win model; NULL when there is none that the current role may use. For views.';
COMMENT ON FUNCTION promoted_close_model(text) IS
'The version in use of a close model. Errors: 55000 when there is none that the current role may use, also for NULL.';
COMMENT ON FUNCTION promoted_close_model_or_null(text) IS
'The version in use of a close model; NULL when there is none that the current role may use. For views.';
COMMENT ON FUNCTION refuse_model_name(text, text) IS
'Raises 55000 and says why a name gives no model of the kind wanted. Used by the functions of the registry. NULL is no name.';
COMMENT ON FUNCTION stored_model_version(text) IS
'One version: name (the version in use) or name@number. Errors: 42704 no such version, 55000 none in use; NULL is no name.';
COMMENT ON FUNCTION model_gates(win_model, close_model) IS
'win_model_gates or close_model_gates, of the model that is not NULL.';
COMMENT ON FUNCTION failed_gates(win_model, close_model) IS
'The reasons of the gates that refuse, of the model that is not NULL, in one line; NULL when none does.';
COMMENT ON FUNCTION model_quality(win_model, close_model) IS
'Quality of the model that is not NULL, one row per sample, the one that counts most first: latest fifth, cross-validation, training. Figures as in model_version.';
COMMENT ON FUNCTION describe_version(stored_version) IS
'The row with algorithm, deals, quality and whether it was forced as the model itself says. Used by the functions of the registry. NULL gives a row of NULLs.';
COMMENT ON FUNCTION training_of(stored_version, int) IS
'A version as the result of training. NULL gives a row of NULLs.';
COMMENT ON FUNCTION judge_version(model, stored_version, text) IS
'The champion rule: a version whose gates refuse is refused unless forced; one that was not tested on deals held out is a candidate; else it is promoted when there is none in use, or its skill, on the same kind of sample, reaches least_quality of the one in use, or that one is older than champion_days; else it is a candidate. NULL failed: all gates passed.';
COMMENT ON FUNCTION store_version(text, stored_version, boolean, timestamptz) IS
'Judges and stores a new version, promotes it if it may be and promote is true, logs, and removes old versions. Used by train_model and import_model. Errors: 42501 no right, 22023 another kind of model has the name.';
COMMENT ON FUNCTION switch_version(model, int, text) IS
'Puts a version to use, with the reason, and retires the one before. Used by the functions of the registry. NULL does nothing useful.';
COMMENT ON FUNCTION purge_model_versions(text, int) IS
'Removes the oldest versions until `keep` are left (NULL: the model''s keep_versions); those in use now and before stay. Returns how many went. Errors: 22023 keep < 1, 42704, 42501.';
COMMENT ON FUNCTION model_name_taken(text) IS
'Whether a name belongs to a model, seen or not. Errors: 42501 no right to store. Used by check_model_name. NULL is an error 23502.';
COMMENT ON FUNCTION check_model_name(text, text) IS
'Raises when a model of this name and kind could not be stored by the current role: 22023 the name (NULL too) or another kind, 42501 no right to store, or the name belongs to another role.';
COMMENT ON FUNCTION fit_call(text, text[]) IS
'The aggregate that trains a model of a kind from a query with these columns. Errors: 42703 a column is missing. Used by fit_by_query.';
COMMENT ON FUNCTION fit_by_query(text, text, anyelement, text) IS
'Runs a fit over a query with the caller''s search_path; data that will not do (22000), and no rows, come back as `refusal`. model: text form. Used by train_model. Errors: 22023 query NULL, 42601 not a single SELECT, 42703 a column is missing, those of the query and of the fit.';
COMMENT ON FUNCTION train_as(text, stored_version, anyelement, boolean, text) IS
'What train_model and train_close_model share. Errors as there.';
COMMENT ON FUNCTION train_model_as(text, text, win_options, boolean, text) IS
'train_model with the search_path the query runs under. NULL options: the defaults.';
COMMENT ON FUNCTION train_close_model_as(text, text, close_options, boolean, text) IS
'train_close_model with the search_path the query runs under. NULL options: the defaults.';
COMMENT ON FUNCTION train_model(text, text, win_options, boolean) IS
'Train a win model from a query and keep it under a name. The query runs as the caller; it returns `won` (NULL: open), features, and where known `as_of`, `closed_at` and `fold_group`, see fit_win_model. Quality is measured by cross-validation and on the latest fifth in time. Every gate that warns or refuses is printed. A version whose gates pass is promoted by the champion rule (judge_version; never silently: the result and the log say so) unless promote is false or NULL; one that refuses is stored as refused, or, when the data will not do, only logged. options NULL: win_options(). Errors: 22023 name or query NULL, 42501 no right to store or the name belongs to another role, 42601 not a single SELECT, 42703 no column won, 42804 it is not boolean, those of the query and of fit_win_model except 22000.';
COMMENT ON FUNCTION train_close_model(text, text, close_options, boolean) IS
'Train a close model from a query and keep it under a name, as train_model does. The query returns `outcome` (won, lost, open), `days`, where known `entry_days`, and features, see fit_close_model; or `churned` and `tenure_days` and features, see fit_churn_model. Quality is measured by cross-validation. options NULL: close_options(). Errors: as train_model, and those of fit_close_model except 22000.';
COMMENT ON FUNCTION promote_model(text, int, boolean, text) IS
'Put a version to use. A refused version needs force => true and a reason; both are logged. Errors: 42704 no such model or version (NULL too), 42501 not yours, 55000 refused, 22023 no reason.';
COMMENT ON FUNCTION bare_query(text, text) IS
'A query, read under a search_path, without its semicolon and the comments behind it; as it is where that would not be a query. NULL for NULL. Errors of the query except 42601.';
COMMENT ON FUNCTION rollback_model(text, text) IS
'Go back to the version that was in use before, and, called again, to the one before that, as far as they are kept; never to one that was taken back. Logged with the reason (NULL: says from which version). Errors: 42704, 42501, 55000 when there is none.';
COMMENT ON FUNCTION drop_model(text) IS
'Remove a model with all its versions and grants; the log stays. Errors: 42704 no such model (NULL too), 42501 not yours.';
COMMENT ON FUNCTION set_model_policy(text, int, int, float8) IS
'Change how many versions are kept (2 to 10000), after how many days the version in use gives way (0 to 36500), and which share of its skill a new one must reach (0 to 10). NULL leaves a value. Errors: 42704, 42501, 22023 out of range.';
COMMENT ON FUNCTION grant_model(text, name, text) IS
'Let a role (or public) use or manage a model: ''use'' to predict and read the card, ''manage'' for everything. Replaces an earlier grant to the role. Errors: 42704 no such model or role (NULL too), 42501, 22023 privilege.';
COMMENT ON FUNCTION revoke_model(text, name) IS
'Take a grant back; false when there was none. Errors: 42704 no such model (NULL too), 42501 not yours.';
COMMENT ON FUNCTION model_card(text) IS
'Everything about one version (name, or name@number), in rows: how it was trained, by whom, from which query, quality on unseen deals, features, gates. Errors: 42704, 55000 none in use (NULL too).';
COMMENT ON FUNCTION compare_models_as(text, text, text, text) IS
'compare_models with the search_path the query runs under. NULL names are an error 55000.';
COMMENT ON FUNCTION compare_models(text, text, text) IS
'Two win models (name, or name@number) on the same deals: AUC and log-loss with a paired test (DeLong; mean difference per deal), Brier score and calibration error. The query, run as the caller, returns `won` (boolean) and the features; open deals are left out. Nothing is known of which deals they were trained on, and those flatter a model: give later ones, and one row per deal, for the tests take rows as independent. Errors: 42704, 55000 (NULL too), 22023 close models, 42601 not a single SELECT, 42703 no column won, 42804 won is not boolean, and those of the query.';
COMMENT ON FUNCTION export_model(text) IS
'A version (name, or name@number) as a document that import_model takes in this or another database. Holds the query and the names of features and categories. Errors: 42704, 55000 (NULL too).';
COMMENT ON FUNCTION import_model(jsonb, text) IS
'Store an exported version, as a new version under its name or the one given (NULL: its own). Quality and gates are read from the model, not from the document: it is refused if a gate refuses, else a candidate until promoted. Errors: 22023 not an exported model (NULL too, and a time or a seed that is none) or the name, 22P02 and 22P03 damaged, 42501.';
