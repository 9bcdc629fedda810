#!/usr/bin/env python3
"""Golden values of the distribution functions, from series summed with 80 decimal digits.

    python3 test/golden/make.py

writes normal.csv and beta.csv beside this file.  Only the standard library is used.  Arguments are taken as the
exact binary value of the double that is written, so the values are good to the last bit of a double.
"""
import csv
import pathlib
from decimal import Decimal, getcontext
from fractions import Fraction

getcontext().prec = 80
EPS = Decimal(10) ** -75


def arctan_inverse(n):
    """atan(1 / n) by its series."""
    power = total = Decimal(1) / n
    k = 1
    while abs(power) > EPS:
        power /= -n * n
        k += 2
        total += power / k
    return total


PI = 4 * (4 * arctan_inverse(5) - arctan_inverse(239))


def normal_cdf(x):
    """By the alternating-free series phi(x) * sum x^(2k+1) / (1*3*5*...), Abramowitz & Stegun 26.2.11."""
    term = total = abs(x)
    k = 1
    while term > EPS * (total + EPS):
        k += 2
        term *= x * x / k
        total += term
    density = (-x * x / 2).exp() / (2 * PI).sqrt()
    half = density * total
    return Decimal("0.5") + half.copy_sign(x)


def normal_tail(x):
    """P(Z <= x) far below 0 by Laplace's continued fraction, A&S 26.2.14."""
    x = -x
    f = x
    for k in range(4000, 0, -1):
        f = x + k / f
    return (-x * x / 2).exp() / (2 * PI).sqrt() / f


def normal(x):
    return normal_tail(x) if x < -6 else normal_cdf(x)


def normal_quantile(p):
    """Newton's method from a bracket that is halved first."""
    lo, hi = Decimal(-40), Decimal(9)
    for _ in range(60):
        mid = (lo + hi) / 2
        lo, hi = (mid, hi) if normal(mid) < p else (lo, mid)
    x = (lo + hi) / 2
    for _ in range(4):
        density = (-x * x / 2).exp() / (2 * PI).sqrt()
        x -= (normal(x) - p) / density
    return x


def bernoulli(n):
    """B_0 .. B_n as fractions."""
    b = [Fraction(1)]
    for m in range(1, n + 1):
        total, binomial = Fraction(0), 1
        for j in range(m):
            total += binomial * b[j]
            binomial = binomial * (m + 1 - j) // (j + 1)
        b.append(-total / (m + 1))
    return b


B = bernoulli(60)


def log_gamma(x):
    """Stirling's series, after the recurrence has moved x beyond 60."""
    shift = Decimal(1)
    while x < 60:
        shift *= x
        x += 1
    total = (x - Decimal("0.5")) * x.ln() - x + (2 * PI).ln() / 2
    for k in range(1, 31):
        total += Decimal(B[2 * k].numerator) / Decimal(B[2 * k].denominator) / (2 * k * (2 * k - 1) * x ** (2 * k - 1))
    return total - shift.ln()


def beta_lower(x, a, b):
    """I_x(a, b) by A&S 26.5.4; all terms are positive."""
    term = total = Decimal(1)
    n = 0
    while term > EPS * total:
        term *= (a + b + n) / (a + 1 + n) * x
        total += term
        n += 1
    front = a * x.ln() + b * (1 - x).ln() - (log_gamma(a) + log_gamma(b) - log_gamma(a + b))
    return front.exp() / a * total


def beta_cdf(x, a, b):
    if x < (a + 1) / (a + b + 2):
        return beta_lower(x, a, b)
    return 1 - beta_lower(1 - x, b, a)


def write(name, head, rows):
    with open(pathlib.Path(__file__).parent / name, "w", newline="") as out:
        for line in head:
            out.write(f"# {line}\n")
        csv.writer(out, lineterminator="\n").writerows(rows)


def number(x):
    return f"{x:.20e}"


def main():
    rows = []
    for x in [-37.5, -30.0, -20.0, -12.0, -8.2, -6.0, -5.0, -3.0, -1.96, -1.0, -0.5, -1e-3, 0.0, 0.1, 0.674489750196,
              1.0, 1.6448536269514722, 2.5, 4.0, 6.0, 8.0]:
        rows.append(["cdf", repr(x), number(normal(Decimal(x))), "1e-16", "2e-16" if abs(x) < 2 else "5e-13"])
    for p in [5e-324, 1e-300, 1e-100, 1e-20, 1e-10, 1e-9, 1e-5, 0.001, 0.01, 0.025, 0.0749, 0.075, 0.1, 0.2, 0.3, 0.4,
              0.499, 0.5, 0.51, 0.6, 0.75, 0.9, 0.925, 0.975, 0.99, 0.999, 0.999999, 1 - 2.0**-40, 1 - 2.0**-53]:
        rows.append(["quantile", repr(p), number(normal_quantile(Decimal(p))), "1e-15", "2e-15"])
    write("normal.csv", ["written by make.py: function, argument, value, absolute and relative tolerance",
                         "cdf: series A&S 26.2.11 and continued fraction 26.2.14 with 80 digits; quantile: its inverse by Newton"],
          rows)
    rows = []
    shapes = [(0.5, 0.5), (1.0, 1.0), (1.0, 7.5), (3.0, 1.0), (0.05, 2.0), (2.0, 0.01), (2.5, 4.25), (0.3, 0.7), (5.0, 95.0),
              (20.0, 20.0), (1000.0, 3.5), (300.5, 700.25), (12000.0, 48000.0), (1e6, 1e6), (2e5, 3.0), (3e7, 7e7)]
    for a, b in shapes:
        mean = a / (a + b)
        sd = (mean * (1 - mean) / (a + b + 1)) ** 0.5
        points = {min(max(mean + t * sd, 1e-12), 1 - 1e-12) for t in (-4, -2, -1, 0, 0.5, 1, 3, 6)}
        if a < 1000:
            points |= {0.001, 0.5, 0.999}
        for x in sorted(points):
            value = beta_cdf(Decimal(x), Decimal(a), Decimal(b))
            if value > Decimal(10) ** -200:
                rows.append([repr(x), repr(a), repr(b), number(value), "1e-12"])
    write("beta.csv", ["written by make.py: x, a, b, I_x(a, b), absolute tolerance",
                       "series A&S 26.5.4 with Stirling's series for the gamma function, 80 digits"], rows)


if __name__ == "__main__":
    main()
