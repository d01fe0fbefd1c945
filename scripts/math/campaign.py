#!/usr/bin/env python3
"""Checks the functions at random points against Arb, and writes the largest errors to docs/reports/math-campaign.md.

    python3 scripts/math/campaign.py [--count N] [--seed S] [function ...]      needs: pip install python-flint

Every error is an upper bound: the reference is a ball of interval arithmetic at 192 bits, and the ball's far end counts.
"""
import argparse
import os
import re
import struct
import subprocess
import sys

from flint import arb, ctx

ctx.prec = 192
ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
REPORT = os.path.join(ROOT, "docs", "reports", "math-campaign.md")
TWO = arb(2)
Q56, Q58, Q63 = TWO**-56, TWO**-58, TWO**-63
WAD = arb(10) ** -18
ROOT2 = TWO.sqrt()
ROOT_2PI = (2 * arb.pi()).sqrt()
YEAR = arb(31_536_000)
LN2 = TWO.log()
CHUNK = 4096  # records read at a time


def cdf(x):
    """N(x), accurate relative to itself."""
    return (-x / ROOT2).erfc() / 2


def check_cdf(x, y):
    return y * Q63 - cdf(x * Q58)


def check_density(x, y):
    x = x * Q58
    return y * Q63 - (-x * x / 2).exp() / ROOT_2PI


def check_exp_negative(z, y):
    return y * Q63 - (-(z * Q58)).exp()


def check_ln_wad(x, y):
    return y * Q56 - (x * WAD).log()


def black(k, s):
    """call/F of log-moneyness k and deviation s > 0."""
    d1 = -k / s + s / 2
    return cdf(d1) - k.exp() * cdf(d1 - s)


def check_call_value(k, s, fraction, plus):
    k, s = k * Q56, s * Q58
    value = fraction * Q63
    if plus:
        value += 1 - k.exp()
    if not s > 0:
        return value - (1 - k.exp() if k < 0 else arb(0))
    return value - black(k, s)


def check_exp(x, low, high):
    mask = (1 << 128) - 1
    result = arb((low & mask) | ((high & mask) << 128)) * WAD
    exact = (x * WAD).exp()
    return (result - exact) / exact if exact > 1 else result - exact


def check_ln(x, y):
    exact = (x * WAD).log()
    error = y * WAD - exact
    return error / abs(exact) if abs(exact) > 1 else error


def check_log2(x, y):
    exact = (x * WAD).log() / LN2
    error = y * WAD - exact
    return error / abs(exact) if abs(exact) > 1 else error


def check_pow(x, y, result):
    y, log = y * WAD, (x * WAD).log()
    exact = (y * log).exp()
    error = abs(result * WAD - exact) - WAD / 2  # rounding to the unit is not counted
    return error / (exact * (1 + abs(y) + 3 * abs(y * log))) if error > 0 else arb(0)


def check_normal_inverse(p, x):
    # The error of x is that of N(x) over the density, to first order; the tail on the near side keeps its relative accuracy.
    x, p = x * WAD, p * WAD
    tail, target = (cdf(x), p) if x < 0 else (cdf(-x), 1 - p)
    density = (-x * x / 2).exp() / ROOT_2PI
    return (tail - target) / density


def check_black76(forward, strike, seconds, volatility, rate, call, put):
    f, k = forward * WAD, strike * WAD
    t = seconds / YEAR
    discount = (-(rate * WAD) * t).exp()
    s = volatility * WAD * t.sqrt()
    unit = (discount * (f if f > k else k))
    if s > 0:
        fraction = black((k / f).log(), s)
        exact_call = discount * f * fraction
    else:
        exact_call = discount * (f - k if f > k else arb(0))
    exact_put = exact_call - discount * (f - k)
    half = WAD / 2  # rounding to the unit is not counted
    worst = arb(0)
    for got, exact in ((call, exact_call), (put, exact_put)):
        error = abs(got * WAD - exact) - half
        if error > 0:
            error = error / (unit if unit > WAD else WAD)
            if float(error.upper()) > float(worst.upper()):
                worst = error
    return worst


FUNCTIONS = {
    # name: (fields, bound in accuracy.rs)
    "cdf": (2, "NORMAL"),
    "density": (2, "DENSITY"),
    "exp_negative": (2, "EXP_NEGATIVE"),
    "ln_wad": (2, "LN_KERNEL"),
    "call_value": (4, "OPTION_KERNEL"),
    "exp": (3, "EXP"),
    "ln": (2, "LN"),
    "log2": (2, "LOG2"),
    "pow": (3, "POW"),
    "normal_inverse": (2, "INVERSE"),
    "black76": (7, "BLACK76"),
}


def bounds():
    text = open(os.path.join(ROOT, "math", "src", "accuracy.rs")).read()
    found = re.findall(r"pub const (\w+): Bound =\s*bound\([^;]*?([\d_]+),?\s*\);", text)
    return {name: int(value.replace("_", "")) * 1e-20 for name, value in found}


def run(name, count, seed):
    fields, _ = FUNCTIONS[name]
    check = globals()["check_" + name]
    tool = os.path.join(ROOT, "target", "release", "examples", "campaign")
    process = subprocess.Popen([tool, name, str(count), str(seed)], stdout=subprocess.PIPE)
    check, worst, at, done = globals()["check_" + name], -1.0, None, 0
    record = struct.Struct("<" + "Qq" * fields)
    while chunk := process.stdout.read(record.size * CHUNK):
        for halves in record.iter_unpack(chunk):
            values = [low | high << 64 for low, high in zip(halves[::2], halves[1::2])]
            error = float(abs(check(*values)).upper())
            if not error <= worst:
                worst, at = error, values
        done += len(chunk) // record.size
    if process.wait() != 0 or done != count:
        sys.exit(f"{name}: the tool failed after {done} points")
    return worst, at


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1_000_000, help="points for each function")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--no-report", action="store_true", help="print only")
    parser.add_argument("functions", nargs="*")
    options = parser.parse_args()
    subprocess.run(["cargo", "build", "--release", "-q", "-p", "novate-math", "--example", "campaign"], cwd=ROOT, check=True)
    limits, lines, failed = bounds(), [], False
    for name in options.functions or FUNCTIONS:
        worst, at = run(name, options.count, options.seed)
        limit = limits[FUNCTIONS[name][1]]
        failed |= not worst <= limit
        line = f"| `{name}` | {options.count:,} | {worst:.3g} | {limit:.3g} | {', '.join(map(str, at))} |"
        print(line, flush=True)
        lines.append(line)
    if not options.no_report:
        with open(REPORT, "w") as report:
            report.write(
                "# Random points against interval arithmetic\n\n"
                f"Written by `python3 scripts/math/campaign.py --count {options.count} --seed {options.seed}`. Largest error found "
                "(an upper bound, Arb at 192 bits), the bound that `accuracy.rs` guarantees, and the worst point as the integers "
                "of the record.\n\n"
                "| function | points | largest error | guaranteed | where |\n| --- | --- | --- | --- | --- |\n" + "\n".join(lines) + "\n"
            )
    sys.exit(failed)


if __name__ == "__main__":
    main()
