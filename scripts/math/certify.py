#!/usr/bin/env python3
"""Proves the error bounds of the kernels, and writes the proof's figures to docs/reports/math-certify.md.

    python3 scripts/math/certify.py [--no-report]      needs: pip install python-flint

1. Approximation. The coefficients are read from the committed Rust. On each of many small intervals the difference between
   the polynomial and the function is expanded at the midpoint, with the last coefficient enclosed over the whole interval
   (Taylor with Lagrange's remainder in Arb's ball arithmetic): the sum of the magnitudes bounds the error everywhere.
2. Rounding. A Horner step loses [0, 1) units; half a unit is folded into each coefficient, so that a step errs by at most half a
   unit, times |t|^i by the end. The steps around the polynomials are bounded by the ranges that the Rust comments state,
   evaluated on intervals of the argument with outward rounding.
3. Composition. The bounds of the functions, compared with `math/src/accuracy.rs`; a bound that is not reached fails the run.
"""
import argparse
import os
import re
import sys

from flint import arb, arb_series, ctx

ctx.prec = 300
ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
COEFFICIENTS = os.path.join(ROOT, "math", "src", "kernel", "coefficients")
REPORT = os.path.join(ROOT, "docs", "reports", "math-certify.md")
ORDER = 16
LN2, ROOT_2PI = arb(2).log(), (2 * arb.pi()).sqrt()
lines = []


def two(n):
    return arb(2) ** n


def up(x):
    """An upper bound of |x|, as an exact ball."""
    return abs(arb(x)).upper()


def show(what, bound):
    line = f"| {what} | {float(bound):.4g} |"
    print(line, flush=True)
    lines.append(line)
    return bound


def read(name):
    """Coefficients of a generated polynomial, constant term first, in units of the last place."""
    text = open(os.path.join(COEFFICIENTS, name + ".rs")).read()
    body = text[text.index("{\n") :]
    numbers = re.findall(r"(?:let p = |, t, |wrapping_add\()(-?[\d_]+)(?:_u64)?[;)]", body)
    return [int(n.replace("_", "")) for n in reversed(numbers)]


def series(coefficients, t, unit):
    """The polynomial of a power series, half a unit taken off every coefficient that follows a floored product."""
    value = arb_series([arb(coefficients[-1]) * unit])
    for c in reversed(coefficients[:-1]):
        value = value * t + (arb(c) - arb(1) / 2) * unit
    return value


def sup(difference, low, high, pieces):
    """Bounds |difference| on [low, high]; `difference` maps a power series in t to one."""
    worst = arb(0)
    low, high = arb(low), arb(high)
    radius = (high - low) / (2 * pieces)
    ctx.cap = ORDER + 1
    for i in range(pieces):
        middle = (low + (2 * i + 1) * radius).mid()
        reach = up(radius) * arb("1.0000001")
        at_middle = difference(arb_series([middle, 1]))
        ball = arb(middle, reach)
        over_all = difference(arb_series([ball, 1]))
        bound = arb(0)
        for k in range(ORDER):
            bound += up(at_middle[k]) * reach**k
        bound += up(over_all[ORDER]) * reach**ORDER
        worst = worst if worst > bound else bound.upper()
    return worst


def mills(x):
    return (x * x / 2).exp() * (x * (1 / arb(2).sqrt())).erfc() / 2


def prove_polynomials():
    found = {}
    c = read("mills")
    found["mills"] = sup(lambda t: series(c, t, two(-63)) - mills((1 + t) * 5 / (1 - t)), -1, arb(3) / 5, 16384)
    e = read("exp2")
    found["exp2"] = sup(lambda t: series(e, t, two(-62)) - (t * (-LN2 / 2)).exp(), -1, 1, 64)
    x = read("exp2_excess")
    found["exp2_excess"] = sup(lambda f: f * series(x, f, two(-63)) - ((f * LN2).exp() - 1), 0, 1, 64)
    a = read("atanh")
    limit = (arb(2).sqrt() - 1) / (arb(2).sqrt() + 1)

    def ratio(t):
        return t * series(a, t * t * 32, two(-62)) - ((1 + t) / (1 - t)).log()

    found["atanh"] = sup(ratio, -limit, limit, 64)
    for name, bound in found.items():
        show(f"`{name}`: approximation, over the whole interval", bound)
    return found, {n: len(v) - 1 for n, v in (("mills", c), ("exp2", e), ("exp2_excess", x), ("atanh", a))}


def mills_error(x_low, x_high, approximation, steps):
    """Bound of the error of `mills` for x in [x_low, x_high]."""
    x = arb((arb(x_low) + x_high) / 2, (arb(x_high) - x_low) / 2)
    d = x + 5
    u = 2 * x / d
    # sqrt(2 pi) M(x) is the integral of exp(-x v - v^2/2): M falls, M' rises to 0, M'' falls; so the left end bounds each.
    left = arb(x_low)
    value = mills(left)
    first = left * value - 1 / ROOT_2PI
    bend = value + left * first
    poly = approximation + two(-63) * steps / 2
    # The quotient: its floor takes [0, 1), the floor of d (29 bits and more) gives up to u 2^31 / (d 2^27 - 1), the other way.
    over = up(u) * two(31) / (d.lower() * two(27) - 1)
    quotient = over if over > 1 else arb(1)
    t_low = up(quotient) * two(-31)
    # Second derivative in t: M'' = M + x M', M' = x M - 1/sqrt(2 pi); dx/dt = d^2/10, d2x/dt2 = d^3/50.
    second = up(bend) * up(d * d / 10) ** 2 + up(first) * up(d) ** 3 / 50
    curvature = second * t_low**2 / 2
    # The correction: rest/2^58 <= t_low d 2^31, times weight = slope d/10.
    rest = t_low * two(31) * d.upper()
    slope = up(first)
    slope_error = two(-56) + two(-34) + up(bend) * t_low * d.upper() ** 2 / 10
    tenth = d.upper() / 10
    tenth_error = two(-27) / 10 + two(-30) + d.upper() / 10 * arb("2.4e-10")
    weight_error = slope * tenth_error + tenth * slope_error + slope_error * tenth_error + two(-34)
    correction = rest * two(-31) * weight_error + two(-28) * two(-31) * (slope * tenth + weight_error) + two(-63)
    return poly + curvature + correction


def compose(found, steps):
    boxes = [(arb(i) / 32, arb(i + 1) / 32) for i in range(20 * 32)]
    errors = [mills_error(a, b, found["mills"], steps["mills"]) for a, b in boxes]
    worst = lambda last: max((e for (a, b), e in zip(boxes, errors) if b <= last), key=float)
    m5, m9, m19 = worst(arb(5)), worst(arb(10)), worst(arb(19))
    show("`mills`, x <= 5", m5)
    show("`mills`, x <= 10", m9)
    show("`mills`, x <= 19", m19)
    # 2^-f in Q62: steps; the upper 31 bits of p times the rest; the floor; the square of the rest; ln 2 in 32 bits.
    fraction = found["exp2"] + two(-62) * steps["exp2"] / 2 + two(-31) * two(-32) + two(-62) + two(-65) + two(-64) + two(-65)
    show("`2^-f`", fraction)
    # v in Q58 floored, half of it restored as 22 units of 2^-64: what remains, and one unit of the restored constant.
    floor = LN2 * two(-59) + two(-64)
    # exp(-z), relative to itself 2^-f: z log2(e) with a constant of 63 bits, z < 64.
    constant = two(-64) * 64 * LN2
    exp_negative = (fraction + floor * 2 ** arb("0.5") + constant * arb("0.6")).upper()
    # The constant's error is z 2^-64 ln 2 exp(-z) <= 2^-64; taken generously above.
    show("`exp_negative`", exp_negative + two(-63))
    # exp(-x^2/2): the first product is short by less than two units of 2^-58, and the constant's 63 bits; times x exp(-x^2/2) <= 0.607.
    bell = fraction + floor * 2 ** arb("0.5") + (two(-57) + two(-60)) * LN2 * arb("0.607")
    show("`exp(-x^2/2)`", bell)
    times = 5 * two(-63)
    normal = bell / 2 + m9 + times
    show("`cdf`, `upper_tail`", normal + two(-63))
    density = bell / ROOT_2PI + times + two(-63)
    show("`density`", density)
    # An option: exp(-d1^2/2) (M(q) +- M(p)), p and q each rounded in Q58. The rounding of y is common to both and moves the value by
    # s (K/F) N(d2) <= 0.35 of itself; the halved deviation by a density each; the reciprocal has 60 bits.
    rounding = two(-58) * (arb("0.35") + 2 / ROOT_2PI) + two(-60) * arb("0.35") * 10
    value = bell + m9 + m19 + times + rounding
    show("`call_value`", value)
    # ln: the reciprocal of a sum in [2.41, 3.42] is within half of 2^-61 after centring: the floor of the correction (2^-62), the
    # square of an error within 0.86 2^-31, and a unit; t has a unit of Q65; the slope of 2 atanh is at most 2.07. A step's half unit
    # counts (32 t^2)^i t, 32 t^2 <= 0.943; the floor of 32 t^2 hardly counts.
    t = arb("0.1716") * two(-61) * arb("0.55") + two(-65)
    geometric = sum((arb("0.943") ** i for i in range(steps["atanh"])), arb(0))
    mantissa = found["atanh"] + arb("0.1716") * two(-62) * (geometric / 2 + arb("0.1")) + arb("2.07") * t + two(-64) * 2
    show("`ln` of a mantissa", mantissa)
    kernel = mantissa + two(-57) + 130 * two(-97) + 36 * two(-94) + two(-62) + two(-63)
    show("`ln_wad`, `ln_decimal`", kernel)
    # Only above 2^64 is the mantissa cut, by 2^-63; the logarithm is above 2.9 there, and the error relative to it.
    ln = mantissa + two(-64) + arb("0.5e-18")
    show("`ln`, with half a unit", ln)
    exp = arb(0)
    for i in range(256):
        f, least = arb(i + 1) / 256, arb(2) ** (arb(i) / 256)
        halves = sum((f**k for k in range(1, steps["exp2_excess"] + 1)), arb(0)) / 2
        mantissa = found["exp2_excess"] + two(-63) * (halves + 1) + LN2 * two(-63) * 2
        # Above one the half unit shrinks with the result as well.
        error = (mantissa + arb("0.5e-18")) / least
        exp = exp if exp > error else error.upper()
    show("`exp`, relative above one, with half a unit", exp)
    return {
        "EXP_NEGATIVE": exp_negative + two(-63), "NORMAL": normal + two(-63), "DENSITY": density, "LN_KERNEL": kernel,
        "OPTION_KERNEL": value, "LN": ln, "EXP": exp,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--no-report", action="store_true", help="print only")
    options = parser.parse_args()
    proved = compose(*prove_polynomials())
    text = open(os.path.join(ROOT, "math", "src", "accuracy.rs")).read()
    stated = {n: int(v.replace("_", "")) for n, v in re.findall(r"pub const (\w+): Bound =\s*bound\([^;]*?([\d_]+)\);", text)}
    verdicts, failed = [], False
    for name, bound in proved.items():
        good = name in stated and bool(bound < arb(stated[name]) * arb("1e-20"))
        failed |= not good
        verdicts.append(f"| `{name}` | {float(bound):.4g} | {stated.get(name, 0) * 1e-20:.4g} | {'proved' if good else 'NOT PROVED'} |")
    print("\n".join(verdicts))
    if not options.no_report:
        with open(REPORT, "w") as report:
            report.write("# Proof of the error bounds\n\nWritten by `python3 scripts/math/certify.py`; its head says how it proves.\n\n"
                         "| quantity | bound of the absolute error |\n| --- | --- |\n" + "\n".join(lines)
                         + "\n\n| bound in `accuracy.rs` | proved | stated | |\n| --- | --- | --- | --- |\n" + "\n".join(verdicts) + "\n")
    sys.exit(failed)


if __name__ == "__main__":
    main()
