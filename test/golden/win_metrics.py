#!/usr/bin/env python3
"""Writes test/core/win_metrics_golden.h: measures of predictions as scikit-learn has them, and by brute force.

Run:  python3 test/golden/win_metrics.py > test/core/win_metrics_golden.h
Made with scikit-learn 1.2 and numpy 1.24 of Debian 12.
"""
import numpy as np
from sklearn.calibration import _sigmoid_calibration
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

ROWS = 240


def deals():
    """Predictions with ties, and what became of the deals; too sure of themselves, so that calibration has work."""
    rng = np.random.default_rng(7)
    x = np.round(rng.normal(-0.5, 2.0, ROWS), 1)
    won = (rng.uniform(size=ROWS) < 1 / (1 + np.exp(-(0.3 + 0.5 * x)))).astype(int)
    other = np.round(x + rng.normal(0, 2.0, ROWS), 1)
    return x, other, won


def placements(x, won):
    """V of the won deals and W of the lost ones (DeLong et al., 1988)."""
    psi = np.sign(x[won == 1][:, None] - x[won == 0][None, :]) / 2 + 0.5
    return psi.mean(axis=1), psi.mean(axis=0)


def delong(x, other, won):
    v, w = placements(x, won)
    v2, w2 = placements(other, won)
    error = np.sqrt(v.var(ddof=1) / len(v) + w.var(ddof=1) / len(w))
    paired = np.sqrt((v - v2).var(ddof=1) / len(v) + (w - w2).var(ddof=1) / len(w))
    return error, v.mean() - v2.mean(), paired


def calibration_error(p, won):
    bin_of = np.minimum((p * 10).astype(int), 9)
    return sum(abs(p[bin_of == b].sum() - won[bin_of == b].sum()) for b in range(10)) / len(p)


def array(kind, name, values, form):
    lines = []
    for start in range(0, len(values), 12):
        lines.append("\t" + ", ".join(form % v for v in values[start:start + 12]))
    return "static const %s %s[] = {\n%s\n};\n" % (kind, name, ",\n".join(lines))


def main():
    x, other, won = deals()
    p = 1 / (1 + np.exp(-x))
    error, difference, paired = delong(x, other, won)
    a, b = _sigmoid_calibration(x, won)
    isotonic = IsotonicRegression().fit(x, won)
    print("/* Made by test/golden/win_metrics.py: deals and their measures by scikit-learn and brute force. */")
    print(array("double", "golden_log_odds", x, "%.1f"))
    print(array("double", "golden_other", other, "%.1f"))
    print(array("uint8_t", "golden_won", won, "%d"))
    for name, value in (("auc", roc_auc_score(won, x)), ("auc_error", error), ("auc_difference", difference),
                        ("auc_difference_error", paired), ("log_loss", log_loss(won, p)),
                        ("brier", brier_score_loss(won, p)), ("calibration_error", calibration_error(p, won)),
                        ("platt_a", -b), ("platt_b", -a)):
        print("static const double golden_%s = %.17g;" % (name, value))
    grid = np.unique(x)
    print()
    print(array("double", "golden_isotonic_at", grid, "%.1f"))
    print(array("double", "golden_isotonic", isotonic.predict(grid), "%.17g"), end="")


main()
