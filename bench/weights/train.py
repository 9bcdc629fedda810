#!/usr/bin/python3
"""Train the weights of accuracy => 'high' (src/core/forecast/high.h) and show what they are worth.

    train.py FOLDER [TABLE]     FOLDER holds what parts.c wrote, one file a set; TABLE gets the constants

Loss: the OWA of the combined forecast, every set with the same weight.  Trained on the origins one and two horizons
before the end of the training part, so the test parts are never seen; the table that is printed leaves the whole
collection of the scored set out of the training.
"""
import re
import sys
import numpy as np

MEMBERS, FEATURES = 7, 9
HORIZON = dict(m1_monthly=18, m1_quarterly=8, m1_yearly=6, tourism_monthly=24, tourism_quarterly=8, tourism_yearly=4,
               hospital_monthly=12, m4_weekly=13, m4_hourly=48, walmart=13, superstore=6)
TEST, TRAIN = 0, (1, 2)
BIAS = 0.8                  # of the default, before training
SHRINK_SLOPE, SHRINK_BIAS = 10.0, 0.05
STEPS, RATE = 200, 0.05
SHORT = 40.0                # as in high.c
LIMIT = 2.0


def collection(name):
    return name.split('_')[0]


def smape(actual, f):
    size = np.abs(actual) + np.abs(f)
    return np.where(size > 0, 200 * np.abs(actual - f) / np.maximum(size, 1e-300), 0)


class Part:
    """One set at one origin."""

    def __init__(self, rows, h):
        at = np.cumsum([0, 3, MEMBERS, FEATURES, MEMBERS, h, h, MEMBERS * h])
        take = [rows[:, a:b] for a, b in zip(at, at[1:])]
        self.n, self.scale = take[0][:, 1], take[0][:, 2:3]
        self.record, self.feature, self.usable, self.actual, naive2, member = take[1:]
        self.member = member.reshape(len(rows), MEMBERS, h)
        self.naive_smape = smape(self.actual, naive2).mean()
        self.naive_mase = (np.abs(self.actual - naive2) / self.scale).mean()

    def owa(self, f):
        return 0.5 * (smape(self.actual, f).mean() / self.naive_smape +
                      (np.abs(self.actual - f) / self.scale).mean() / self.naive_mase)


def load(folder):
    parts = {}
    for name, h in HORIZON.items():
        rows = np.fromfile(f'{folder}/{name}.bin').reshape(-1, 3 + 2 * MEMBERS + FEATURES + 2 * h + MEMBERS * h)
        rows = rows[(rows[:, 2] > 0) & np.isfinite(rows).all(1)]
        for origin in (TEST,) + TRAIN:
            chosen = rows[rows[:, 0] == origin]
            if len(chosen) > 4:
                parts[name, origin] = Part(chosen, h)
    return parts


def weights(model, p):
    x = np.clip((p.feature - model['centre']) / model['spread'], -LIMIT, LIMIT)
    z = model['bias'] + model['record'] * p.record + x @ model['slope']
    z[:, 1:] += np.log(p.n / (p.n + SHORT))[:, None]
    z[p.usable == 0] = -np.inf
    w = np.exp(z - z.max(1, keepdims=True))
    return w / w.sum(1, keepdims=True), x


def gradient(model, p):
    w, x = weights(model, p)
    f = np.einsum('nk,nkh->nh', w, p.member)
    size = np.maximum(np.abs(p.actual) + np.abs(f), 1e-300)
    by_f = np.sign(f - p.actual) * 0.5 * (200 / size / p.naive_smape + 1 / p.scale / p.naive_mase) / f.size
    by_w = np.einsum('nh,nkh->nk', by_f, p.member)
    by_z = w * (by_w - (by_w * w).sum(1, keepdims=True))
    return dict(bias=by_z.sum(0), record=(by_z * p.record).sum(), slope=x.T @ by_z)


def train(parts):
    feature = np.concatenate([p.feature for p in parts])
    start = np.zeros(MEMBERS)
    start[0] = BIAS
    model = dict(bias=start.copy(), record=0.5, slope=np.zeros((FEATURES, MEMBERS)),
                 centre=feature.mean(0), spread=feature.std(0) + 1e-9)
    first = {k: 0.0 for k in ('bias', 'record', 'slope')}
    second = dict(first)
    for step in range(1, STEPS + 1):
        g = {k: sum(v) / len(parts) for k, v in
             {k: [gradient_of[k] for gradient_of in [gradient(model, p) for p in parts]] for k in first}.items()}
        g['bias'] = g['bias'] + 2 * SHRINK_BIAS * (model['bias'] - start) / MEMBERS
        g['slope'] = g['slope'] + 2 * SHRINK_SLOPE * model['slope'] / model['slope'].size ** 0.5
        for k in first:         # Adam: Kingma & Ba, 2015
            first[k] = 0.9 * first[k] + 0.1 * g[k]
            second[k] = 0.999 * second[k] + 0.001 * np.square(g[k])
            move = first[k] / (1 - 0.9 ** step) / (np.sqrt(second[k] / (1 - 0.999 ** step)) + 1e-9)
            model[k] = model[k] - RATE * (1 - (step - 1) / STEPS) * move
    return model


def combined(model, p):
    return np.einsum('nk,nkh->nh', weights(model, p)[0], p.member)


def leave_out(parts):
    print(f'{"set":20} {"default":>9} {"high":>9}   trained without the collection')
    scores = []
    for name in HORIZON:
        model = train([p for (other, o), p in parts.items() if o in TRAIN and collection(other) != collection(name)])
        p = parts[name, TEST]
        scores.append((p.owa(p.member[:, 0]), p.owa(combined(model, p))))
        print(f'{name:20} {scores[-1][0]:9.4f} {scores[-1][1]:9.4f}', flush=True)
    print(f'{"mean":20} {np.mean([s[0] for s in scores]):9.4f} {np.mean([s[1] for s in scores]):9.4f}')


def write_table(model, path):
    def row(x):
        return '{' + ', '.join(f'{v:.6g}' for v in x) + '}'
    text = open(path).read()
    constants = '\n'.join([
        f'static const double sf_high_bias[{MEMBERS}] = {row(model["bias"])};',
        f'static const double sf_high_record = {model["record"]:.6g};',
        f'static const double sf_high_centre[{FEATURES}] = {row(model["centre"])};',
        f'static const double sf_high_spread[{FEATURES}] = {row(model["spread"])};',
        f'static const double sf_high_slope[{FEATURES}][{MEMBERS}] = {{',
        ',\n'.join('\t' + row(x) for x in model['slope']),
        '};'])
    open(path, 'w').write(re.sub(r'static const.*(?=\n\n#endif)', lambda _: constants, text, flags=re.S))


if __name__ == '__main__':
    found = load(sys.argv[1])
    leave_out(found)
    if len(sys.argv) > 2:
        write_table(train([p for (_, origin), p in found.items() if origin in TRAIN]), sys.argv[2])
