"""scikit-learn and XGBoost on the deals that win models are measured on, for win_accuracy.sql and win_speed.sql.

    win_peers.py accuracy FOLDER         FOLDER holds held_out.csv (set, split, key) and a csv for each set (key, won,
                                         moment, features).  Prints set, split, method, seconds, won, probability
    win_peers.py speed FOLDER TABLE:METHOD...
                                         copies each table out, trains on it, predicts it, and copies the answers into
                                         came_back.  Prints table, method, seconds of each step

One thread.  Settings are those a careful user takes: categories as such where the library knows them, else one-hot;
numbers of trees by early stopping on a held-out part of the training deals, then trained again on all of them; the
penalty of logistic regression by cross-validation on the training deals.
"""
import os
import subprocess
import sys
import time
import warnings

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"
warnings.filterwarnings("ignore")

import numpy as np
import pandas as pd
import xgboost
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, LogisticRegressionCV
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import KBinsDiscretizer, OneHotEncoder, StandardScaler

FEW = 20000          # deals: below, trees are kept smaller
LEVELS = 200         # categories kept; the others, rarer ones are one
PENALTIES = [0.01, 0.1, 1, 10]


def features_of(frame):
    """Missing numbers stay NaN, missing categories become a category."""
    x = frame.drop(columns=[c for c in ("key", "won", "moment") if c in frame])
    for c in x:
        if x[c].dtype == object:
            x[c] = x[c].fillna("(missing)")
    return x


def outcome_of(frame):
    return (frame["won"].astype(str).str[0] == "t").to_numpy(dtype=int)


def texts(x):
    return [c for c in x if x[c].dtype == object]


def numbers(x):
    return [c for c in x if x[c].dtype != object]


def one_hot():
    return OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=5)


class Codes:
    """Categories as numbers below LEVELS + 1: the most frequent ones, all others together."""

    def __init__(self, x):
        self.levels = {c: {v: i + 1 for i, v in enumerate(x[c].value_counts().index[:LEVELS])} for c in texts(x)}

    def __call__(self, x):
        x = x.copy()
        for c, level in self.levels.items():
            x[c] = x[c].map(level).fillna(0).astype(int)
        return x


def logistic(x, y, binned, penalties=PENALTIES):
    few = len(y) < FEW
    if binned:
        number = make_pipeline(SimpleImputer(strategy="median"),
                               KBinsDiscretizer(16 if few else 64, encode="onehot", strategy="quantile", subsample=None))
    else:
        number = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
    shape = ColumnTransformer([("n", number, numbers(x)), ("c", one_hot(), texts(x))])
    if len(penalties) > 1:
        model = LogisticRegressionCV(Cs=penalties, cv=5, scoring="neg_log_loss", max_iter=2000)
    else:
        model = LogisticRegression(C=penalties[0], max_iter=2000)
    return make_pipeline(shape, model).fit(x, y)


class Coded:
    def __init__(self, codes, model):
        self.codes, self.model = codes, model

    def predict_proba(self, x):
        return self.model.predict_proba(self.codes(x))


def histogram_boosting(x, y, trees=None):
    few = len(y) < FEW
    codes = Codes(x)
    same = dict(learning_rate=0.05 if trees is None else 0.1, max_leaf_nodes=8 if few else 31, min_samples_leaf=20,
                l2_regularization=1.0, categorical_features=[c in texts(x) for c in x], random_state=1)
    if trees is None:
        stopped = HistGradientBoostingClassifier(max_iter=2000, early_stopping=True, validation_fraction=0.15,
                                                 n_iter_no_change=30, **same).fit(codes(x), y)
        trees = int(np.argmax(stopped.validation_score_))
    return Coded(codes, HistGradientBoostingClassifier(max_iter=max(trees, 1), early_stopping=False, **same).fit(codes(x), y))


class Categories:
    """Categories as pandas knows them, which XGBoost takes as such; unseen ones are missing."""

    def __init__(self, x):
        self.kinds = {c: pd.CategoricalDtype(x[c].value_counts().index[:LEVELS]) for c in texts(x)}

    def __call__(self, x):
        return x.astype(self.kinds)


def xg_boosting(x, y, trees=None):
    few = len(y) < FEW
    codes = Categories(x)
    same = dict(tree_method="hist", enable_categorical=True, n_jobs=1, verbosity=0, random_state=1)
    if trees is None:
        same.update(learning_rate=0.05, max_depth=4 if few else 8, subsample=0.8, colsample_bytree=0.8, min_child_weight=5)
        a, b, ya, yb = train_test_split(x, y, test_size=0.15, random_state=1, stratify=y)
        trees = xgboost.XGBClassifier(n_estimators=2000, early_stopping_rounds=30, eval_metric="logloss", **same).fit(
            codes(a), ya, eval_set=[(codes(b), yb)], verbose=False).best_iteration + 1
    return Coded(codes, xgboost.XGBClassifier(n_estimators=trees, **same).fit(codes(x), y))


def forest(x, y, trees=300):
    number = SimpleImputer(strategy="median", add_indicator=True)
    shape = ColumnTransformer([("n", number, numbers(x)), ("c", one_hot(), texts(x))], sparse_threshold=0)
    return make_pipeline(shape, RandomForestClassifier(trees, min_samples_leaf=5, n_jobs=1, random_state=1)).fit(x, y)


METHODS = {
    "sklearn logistic": lambda x, y: logistic(x, y, False),
    "sklearn logistic, binned": lambda x, y: logistic(x, y, True),
    "sklearn histogram boosting": histogram_boosting,
    "xgboost": xg_boosting,
    "sklearn forest": forest,
}


def accuracy(folder):
    held = pd.read_csv(f"{folder}/held_out.csv", dtype=str)
    for name, splits in held.groupby("set"):
        frame = pd.read_csv(f"{folder}/{name}.csv", dtype={"key": str, "won": str, "moment": str})
        x, y = features_of(frame), outcome_of(frame)
        for split, rows in splits.groupby("split"):
            test = frame["key"].isin(set(rows["key"])).to_numpy()
            for method, fit in METHODS.items():
                started = time.perf_counter()
                model = fit(x[~test], y[~test])
                seconds = time.perf_counter() - started
                p = model.predict_proba(x[test])[:, 1]
                for won, q in zip(y[test], p):
                    print(f'{name},{split},"{method}",{seconds:.4f},{won},{q!r}')
                sys.stdout.flush()


SPEED = {
    "logistic": ("sklearn logistic", lambda x, y: logistic(x, y, False, [1.0])),
    "histogram": ("sklearn histogram boosting", lambda x, y: histogram_boosting(x, y, trees=100)),
    "xgboost": ("xgboost", lambda x, y: xg_boosting(x, y, trees=100)),
    "forest": ("sklearn forest", lambda x, y: forest(x, y, trees=100)),
}


def psql(command):
    subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", command], check=True)


def speed(folder, *tasks):
    there, back = f"{folder}/moved.csv", f"{folder}/back.csv"
    for table, name in (task.split(":") for task in tasks):
        label, fit = SPEED[name]
        psql("TRUNCATE public.came_back")
        clock = [time.perf_counter()]

        def lap():
            clock.append(time.perf_counter())

        psql(f"\\copy public.{table} TO '{there}' (FORMAT csv, HEADER)")
        lap()
        frame = pd.read_csv(there, dtype={"won": str})
        x, y = features_of(frame), outcome_of(frame)
        lap()
        model = fit(x, y)
        lap()
        p = model.predict_proba(x)[:, 1]
        lap()
        pd.DataFrame({"p": p}).to_csv(back, header=False, index=False)
        lap()
        psql(f"\\copy public.came_back FROM '{back}' (FORMAT csv)")
        lap()
        print(f"{table},peer: {label}," + ",".join(f"{b - a:.4f}" for a, b in zip(clock, clock[1:])))
        sys.stdout.flush()


if __name__ == "__main__":
    {"accuracy": accuracy, "speed": speed}[sys.argv[1]](*sys.argv[2:])
