#!/usr/bin/env python3
"""Proves the error bounds of the kernels, and writes the proof's figures to docs/reports/math-certify.md.

    python3 scripts/math/certify.py [--no-report]      needs: pip install python-flint

1. Approximation. The coefficients are read from the committed Rust. On each of many small intervals the difference between
   the polynomial and the function is expanded at the midpoint, with the last coefficient enclosed over the whole interval
   (Taylor with Lagrange's remainder in Arb's ball arithmetic): the sum of the magnitudes bounds the error everywhere.
2. Rounding. A Horner step loses [0, 1) units; half a unit is folded into each coefficient, so that a step errs by at most half a
   unit, times |t|^i by the end. The steps around the polynomials are bounded by the ranges that the Rust comments state,
   evaluated on intervals of the argument with outward rounding. The rules of the steps (a product of 64-bit limbs is floored, a
   reciprocal is within 2^-60, a root is floored) are unit tests of the Rust.
3. Composition. What enters a function (rounded arguments, logarithms, distances) moves its value by the derivative, bounded over
   the domain; the margins of the directed functions are checked too. The bounds of the functions are compared with `math/src/accuracy.rs`; a bound that is not reached fails the run.
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
# Bounds that need no figures.
ARGUED = {"SQRT": "exact: the integer remainder decides the last unit; the unit tests square the results of all sizes"}
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
    # Beside the mantissa: the multiple of ln 2 (floored, with 96 bits) less 18 ln 10. Between 1/e and e, where the error counts as
    # it is, the exponent is 58 to 61, and what those constants are off by is known exactly. Rounding adds 9 units of Q64 and floors.
    ln2_high, ln2_low = rust_constant("kernel/log.rs", "LN_2"), rust_constant("kernel/log.rs", "LN_2_EXTRA")
    unit = rust_constant("ln.rs", "LN_UNIT")
    offset = lambda e: up((e * ln2_high + (e * ln2_low >> 32) - unit) * two(-64) - (e * LN2 - 18 * arb(10).log()))
    near = mantissa + max((offset(e) for e in range(58, 62)), key=float)
    # Elsewhere |ln x| is above 1, up to 136. Only above 2^64 units is the mantissa cut, by 2^-63.
    log = mantissa + two(-64) + 256 * two(-97) + up(unit * two(-64) - 18 * arb(10).log()) + two(-63)
    rounding = max(9 * two(-64), arb("1e-18") - 9 * two(-64), key=float)
    assert log < 12 * two(-64), "MARGIN of ln_down, ln_up"
    # Those exponents reach from -1.24 to 1.52.
    assert (log - two(-63) + rounding) / arb("1.2") < near + rounding and (log + rounding) / arb("2.8") < near + rounding
    show("`ln` before rounding, any number", log)
    show("`ln` before rounding, within e and 1/e", near)
    ln = (near + rounding).upper()
    show("`ln`, rounded", ln)
    exp, relative = arb(0), arb(0)
    for i in range(256):
        f, least = arb(i + 1) / 256, arb(2) ** (arb(i) / 256)
        halves = sum((f**k for k in range(1, steps["exp2_excess"] + 1)), arb(0)) / 2
        mantissa = found["exp2_excess"] + two(-63) * (halves + 1) + LN2 * two(-63) * 2
        relative = max(relative, (mantissa / least).upper(), key=float)
        # Above one the half unit shrinks with the result as well.
        error = (mantissa + arb("0.5e-18")) / least
        exp = exp if exp > error else error.upper()
    show("`exp`, relative above one, with half a unit", exp)
    assert relative < 8 * two(-63), "MARGIN of exp_down, exp_up; DISCOUNT_MARGIN of prices_down, prices_up"
    proved = {
        "EXP_NEGATIVE": exp_negative + two(-63), "NORMAL": normal + two(-63), "DENSITY": density, "LN_KERNEL": kernel,
        "OPTION_KERNEL": value, "LN": ln, "EXP": exp,
    }
    return proved, {"bell": bell, "mills": m9, "mills_far": m19, "times": times, "fraction": fraction, "log": log, "log_near": near,
                    "exp_relative": relative}


def rust_constant(file, name):
    """An integer constant of the Rust source."""
    text = open(os.path.join(ROOT, "math", "src", file)).read()
    return int(re.search(rf"const {name}: \w+ = (-?[\d_]+);", text)[1].replace("_", ""))


def prove_numbers(kernels, parts, found, steps):
    """The functions of one number that are composed of kernels."""
    half, largest = arb("0.5e-18"), 1 / ROOT_2PI
    # The argument is rounded to Q58 (2^-59) with a constant of 63 bits. |x n(x)| <= 0.242 bounds the slope of n, |x^2 n(x)| <= 0.294.
    cdf = kernels["NORMAL"] + two(-59) * largest + two(-63) * arb("0.242") + half
    pdf = kernels["DENSITY"] + two(-59) * arb("0.242") + two(-63) * arb("0.294") + half
    # log2(e) in Q63 is relative, 2^-64; its two products are floored in Q63.
    log2_e = up(rust_constant("ln.rs", "LOG2_E") * two(-63) - 1 / LN2) * LN2
    log2 = parts["log_near"] / LN2 + log2_e + two(-62) + max(9 * two(-64), arb("1e-18") - 9 * two(-64), key=float)
    # Outside of 1/e and e the logarithm errs by more, but the result is above 1.44; from 2^64 units on by more still, but above 4.
    assert ((parts["log"] - two(-63)) / LN2 + two(-62) + arb("0.6e-18")) / arb("1.44") + log2_e < log2
    assert (parts["log"] / LN2 + two(-62) + arb("0.6e-18")) / 4 + log2_e < log2
    # x^y: |y| times the error of ln x; seven roundings of Floats (2^-63 each) times |y ln x|; the floor of Q64, and 2^f.
    power = max(parts["log"], 7 * two(-63) / 3, two(-64) * LN2 + parts["exp_relative"], key=float)
    for name, bound in (("normal_cdf", cdf), ("normal_pdf", pdf), ("log2", log2), ("pow", power)):
        show(f"`{name}`", bound)
    return {"CDF": cdf, "PDF": pdf, "LOG2": log2, "POW": power, "INVERSE": prove_inverse(kernels, parts)}


def prove_inverse(kernels, parts):
    """x with N(x) = p, over boxes of |x| <= 8.9: the guess, the two steps, and what the last one is computed from."""
    worst, guess_worst, last_worst = arb(0), arb(0), arb(0)
    pieces, end = 16_384, arb("8.9")
    for i in range(pieces):
        low, high = end * i / pieces, end * (i + 1) / pieces
        x = arb((low + high) / 2, (high - low) / 2)
        m = arb((mills(low) + mills(high)) / 2, (mills(low) - mills(high)) / 2 + two(-200))  # falls
        h = 1 / (ROOT_2PI * m)
        # l rises with x, t with l, and the guess with t: the ends of the box enclose it.
        ends = []
        for at in (low, high):
            t = (2 * ((at * at / 2) - mills(at).log())).sqrt()
            ends.append(t - (arb("2.30753") + arb("0.27061") * t) / (1 + arb("0.99229") * t + arb("0.04481") * t * t))
        # Beside it the guess's arithmetic: five floors of Q24, and the constants' rounding in Q24.
        first = max(up(ends[0] - high), up(ends[1] - low), up(ends[0] - low), up(ends[1] - high), key=float) + 32 * two(-24)
        bend = up(h - x)
        third = up(1 - h * (h - x) + 2 * (h - x) ** 2) / 6  # of the inverse function's series, times h^3
        # f = L(guess) - l is h e to first order; h grows by less than 0.5% over an error of 4e-3 (h' = h (h - x) <= 0.64).
        second = arb("1.05") * third * first**3 + bend * (two(-29) + first * two(-34)) + first * two(-28)
        # In the second step u^2 is below 2^-29 and counts as nothing.
        last = bend / 2 * second**2 + arb("1.05") * third * second**3
        # f: the logarithm of the tail, that of M, the floor of x^2/2; M itself; then the floor of u, and the unit.
        value = ROOT_2PI * up(m) * (2 * kernels["LN_KERNEL"] + two(-56)) + ROOT_2PI * parts["mills"]
        total = value + last + two(-58) + arb("0.5e-18")
        guess_worst, last_worst = max(guess_worst, first, key=float), max(last_worst, last, key=float)
        worst = max(worst, total.upper(), key=float)
    assert guess_worst < arb("4e-3") and second < two(-15)
    show("`normal_inverse`: the guess", guess_worst)
    show("`normal_inverse`: what two steps leave", last_worst)
    show("`normal_inverse`", worst)
    return worst


def prove_options(kernels, parts, steps):
    """Black-76 from raw inputs. `rel` are relative errors of Floats: 2^-63 for a product, a cut or a root, 2^-60 for an inverse."""
    rel = two(-63)
    share = 1 / ROOT_2PI
    # s: volatility (cut, constant, product), root of the seconds, constant, product, product.
    deviation = 6 * rel
    # ln(K/F) nearby: two cuts, a quotient, the series A(w) with its steps' half units of Q62, a product.
    a = [arb(2) / (2 * k + 1) / 32**k for k in range(64)]
    poly = read("atanh")
    limit = 32 * ((arb(2).sqrt() - 1) / (arb(2).sqrt() + 1)) ** 2
    exact = lambda w: sum((c * w**k for k, c in reversed(list(enumerate(a)))), arb_series([0]))
    series_error = sup(lambda w: series(poly, w, two(-62)) - exact(w), 0, limit, 64)
    near = 4 * rel + two(-60) + (series_error + steps["atanh"] * two(-63)) / 2 + two(-64)
    show("`ln(K/F)` within a factor of sqrt 2, relative", near)
    # Farther away: a difference of two logarithms.
    far = 2 * parts["log"]
    show("`ln(K/F)` beyond it", far)
    quotient = two(-60) + rel
    # The value in units of max(F, K). The errors of y and s/2 in Q58; ln(K/F) moves it by e^k N(d2) <= 1 of F (K N(d2)), |k| times
    # that is below 0.368 of the larger; s moves it by s n(d1) F = s n(d2) K <= 0.484 of the larger.
    kernel = parts["bell"] + parts["mills"] + parts["mills_far"] + parts["times"] + two(-58) * (arb("0.35") + 2 * share)
    moneyness = max(arb("0.347") * near, far, key=float) + arb("0.368") * quotient
    value = kernel + moneyness + arb("0.484") * deviation + two(-63)
    show("value in units of the larger price, undiscounted", value)
    price = value + parts["exp_relative"]
    show("`Black76::prices`", price)
    assert 2 * value < two(-54) * 2 and value < two(-54), "margin of prices_down, prices_up"
    # d1 = +-y + s/2: two floors of Q58; relative errors of y and s/2 count most where both are large and cancel: y s/2 = |k|/2 <= 50.
    root = arb(50).sqrt()
    distance = 2 * two(-58) + root * (near + quotient + 2 * deviation)
    delta = kernels["NORMAL"] + share * distance + parts["exp_relative"] + rel + arb("0.5e-18")
    show("`Black76::greeks`: delta", delta)
    # n(d1), relative, for |d1| <= 6 and |ln(K/F)| <= 14: |d1| times its error (a floor of Q58, relative errors of parts that sum to
    # sqrt(36 + 2 * 14)), and bell_float: x^2/2 in three floors of Q58 and a constant of 63 bits, then 2^-f of [1/sqrt 2, sqrt 2].
    parts_sum = arb(64).sqrt()
    density = 6 * (two(-58) + parts_sum * (near + quotient + 2 * deviation))
    density += LN2 * two(-58) * (6 + 2) + 18 * two(-63) + parts["fraction"] * arb(2).sqrt()
    # The products around it: D, F, 1/sqrt(2 pi), root, 1/s, 1/F; and d1, d2 by their own sums (volga, vanna).
    around = 12 * rel + 3 * two(-60) + parts["exp_relative"]
    lean = parts_sum * (near + quotient + 2 * deviation)  # of d1 and d2, absolute: counted with 1 + |d|
    greeks = density + around + 2 * lean + arb("0.5e-18")
    show("`Black76::greeks`: gamma, vega, vanna, volga", greeks)
    # theta = r V - decay, rho = -T V with |r| <= 1, T <= 5: the price's error, and decay (at most |theta| + V) by its factors.
    carry = 5 * (price + arb("0.5e-18")) + 2 * (density + around + 4 * rel) + arb("1e-18")
    show("`Black76::greeks`: theta, rho", carry)
    return {"BLACK76": price, "DELTA": delta, "GREEKS": greeks, "CARRY": carry}


def prove_surfaces():
    """SVI, per unit of max(1, b), for |k|, |m|, sigma <= 5."""
    # k and m to Q56 each, w' <= b (1 + |rho|); sigma to Q56, dw/dsigma <= b; the floors of the root and of rho x in Q56; rho to Q63
    # and b to Q62, times |x| <= 10 and y <= 25; a to Q118.
    variance = 2 * two(-56) + two(-57) + 2 * two(-56) + 10 * two(-64) + 25 * two(-63) + two(-118) + arb("0.5e-18")
    show("`Svi::total_variance`", variance)
    # The root is cut at 64 bits; 1/sqrt(T) has a root, a reciprocal and a constant; the product is cut; Q58, and the unit.
    volatility = 2 * two(-63) + two(-60) + 4 * two(-63) + two(-58) + arb("0.5e-18")
    show("`Svi::volatility`, of a given variance", volatility)
    return {"SVI_VARIANCE": variance, "SVI_VOLATILITY": volatility}


def prove_implied(kernels, parts):
    """Implied volatility, beside what the price's two units move it by."""
    # In units of s: an error of M moves the root by sqrt(2 pi) (1/h = sqrt(2 pi) M per unit of ln M) whatever the side; both tails
    # count. The logarithms: of the target (times M <= 1/2), of the weight; q^2/2 in Q56, floored twice; y in Q58, common to both: sqrt(2 pi) M(p) s <= 2
    # of it, as p >= s/2; moneyness in Q56, sqrt(2 pi) M <= 1.26 of it. The quotient y is relative, 2^-60: so much of s, or of vol.
    weight = ROOT_2PI * (parts["mills"] + parts["mills_far"])
    logs = ROOT_2PI * (2 * kernels["LN_KERNEL"] + 2 * two(-56))
    # The last step is below 2^-26 of s: what remains is its cube. That 24 steps reach it is no part of this proof:
    # the vectors and the fuzz target `implied_volatility` show it.
    s = weight + logs + 2 * two(-58) + arb("1.26") * two(-56) + 28 * two(-78)
    show("`implied_deviation`", s)
    root = (arb(1) / 31_536_000).sqrt()
    volatility = s / root + 1000 * two(-59) + arb("0.5e-18")
    show("`Quote::implied_volatility`, T = 1 s, vol <= 1000", volatility)
    return {"IMPLIED_VOLATILITY": volatility}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--no-report", action="store_true", help="print only")
    options = parser.parse_args()
    found, steps = prove_polynomials()
    proved, parts = compose(found, steps)
    proved |= prove_numbers(proved, parts, found, steps) | prove_options(proved, parts, steps) | prove_surfaces()
    proved |= prove_implied(proved, parts)
    text = open(os.path.join(ROOT, "math", "src", "accuracy.rs")).read()
    stated = {n: int(v.replace("_", "")) for n, v in re.findall(r"pub const (\w+): Bound =\s*bound\([^;]*?([\d_]+),?\s*\);", text)}
    verdicts, failed = [], False
    for name in sorted(stated.keys() - proved.keys() - ARGUED.keys()):
        failed = True
        verdicts.append(f"| `{name}` | - | {stated[name] * 1e-20:.4g} | NO PROOF |")
    for name, argument in ARGUED.items():
        verdicts.append(f"| `{name}` | - | {stated[name] * 1e-20:.4g} | {argument} |")
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
