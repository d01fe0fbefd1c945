#!/usr/bin/env python3
"""Random books as margin-jsonl reads them: 1-256 positions, 1-12 expiries, 1-4 underlyings, near expiry, inside the settlement
window, expired, extreme surfaces, low confidences, lost pegs, random parameters; spreads that can lose only so much, hedges across
tenors, claims, old surfaces, slow prices and parts whose data can't be used. With --extensions each book has those of section 6:
groups with offsets, floors, charges, parameters that follow the market, and all three modes.

    scripts/risk/books.py --count 1000 --seed 1 > books.jsonl
"""

import argparse
import datetime
import json
import math
import random

SYMBOLS = {1: "ETH", 2: "BTC", 7: "SOL", 255: "DOGE"}
SPOTS = {1: 3000, 2: 90000, 7: 150, 255: 0.12}
RANGES = {1: "0.18", 2: "0.16", 7: "0.3", 255: "0.4"}
NOW = 1_768_406_400  # a whole hour


def decimal(x, digits=18):
    """A decimal of at most so many places, as text."""
    return format(round(x, min(digits, 15)), f".{min(digits, 15)}f").rstrip("0").rstrip(".") or "0"


def name_of(expiry):
    moment = datetime.datetime.fromtimestamp(expiry, datetime.timezone.utc)
    text = f"{moment.day}{moment:%b%y}".upper()
    return text if moment.hour == 8 else f"{text}T{moment.hour:02}"


def strike_text(price):
    """At most five significant digits, so that an id holds it; and its name."""
    digits = max(0, 4 - int(math.floor(math.log10(price))))
    power = 10 ** max(0, int(math.floor(math.log10(price))) - 4)
    text = str(round(price / power) * power) if power > 1 else decimal(round(price, digits), min(digits, 15))
    return text, text.replace(".", "d")


def surface(r, tau, extreme):
    vol = r.uniform(0.2, 1.2) if not extreme else 10 ** r.uniform(-1.5, 1)
    w = min(vol * vol * tau, 4)
    b = r.uniform(0, 0.2) * math.sqrt(tau) if not extreme else r.uniform(0, 1)
    rho = r.uniform(-0.8, 0.3) if not extreme else r.uniform(-0.999, 0.999)
    sigma = r.uniform(0.05, 0.6) if not extreme else 10 ** r.uniform(-4, 0)
    b = min(b, 2 / (1 + abs(rho)))
    a = w - b * sigma * math.sqrt(1 - rho * rho)
    a = max(a, -b * sigma * math.sqrt(1 - rho * rho) * 0.9)
    return {"a": decimal(a), "b": decimal(b), "rho": decimal(rho), "m": decimal(r.uniform(-0.2, 0.2)), "sigma": decimal(sigma)}


def confidence(r):
    return decimal(r.uniform(0, 1), 6) if r.random() < 0.15 else "1"


def following(r, now, width):
    """A range as a number, as a rule that follows volatility, or as a ramp."""
    u = lambda a, b: decimal(r.uniform(a, b), 9)
    kind = r.random()
    if kind < 0.3:
        return {"multiple": u(1, 6), "daily_volatility": u(0.005, 0.15), "horizon": r.randint(1, 30), "floor": u(0.05, 0.2), "ceiling": u(0.2, 0.9)}
    if kind < 0.7:
        return {"from": u(0.02, 0.8), "to": u(0.02, 0.8), "start": now - r.randint(0, 86400), "length": r.choice([0, 3600, 86400, 7 * 86400])}
    return width


def theta(r):
    """An offset: often at the ends, or next to them."""
    return r.choice(["0", "0.000000000000000001", "0.000001", "0.3", "0.599999", "0.6"]) if r.random() < 0.4 else decimal(r.uniform(0, 0.6), 9)


def corrections(r):
    """Some corrections off, or at other values."""
    u = lambda a, b: decimal(r.uniform(a, b), 9)
    return {"calendar_floor": r.choice(["0", "0.002", u(0, 0.05)]), "calendar_slope": r.choice(["0", u(0, 0.2)]),
            "calendar_initial": r.choice(["0", "1", u(0, 2)]), "vanishing": r.choice(["0", "1", u(0, 1)]),
            "caps_losses": r.random() < 0.5, "smooth_confidence": r.random() < 0.5, "charges_old_surfaces": r.random() < 0.5}


def extensions(r, given, now):
    """Section 6 on one book."""
    u = lambda a, b: decimal(r.uniform(a, b), 9)
    rule = {"correlation": u(-0.5, 1.5), "share": u(0, 1), "floor": u(0, 0.3), "ceiling": u(0.3, 0.6)}
    for listed in given["underlyings"]:
        listed["group"] = r.choice([0, 1, 1, 1, 2])
        listed["range"] = following(r, now, listed["range"])
    given["extensions"] = {
        "offsets": [{"group": 1, "offset": theta(r) if r.random() < 0.6 else rule}],
        "floor_net": r.choice(["0", u(0, 0.3)]), "floor_hedged": r.choice(["0", u(0, 0.3)]),
        "gamma": r.choice(["0", u(0, 10)]), "gamma_threshold": r.choice([0, 100, 10000]),
        "liquidity_rate": r.choice(["0", "0.00000001", "0.000001"]), "liquidity_maximum": u(0, 0.5),
        "liquidity_threshold": r.choice([0, 1000, 1000000])}
    given["mode"] = r.choice(["portfolio", "portfolio", "portfolio", "cross", "isolated"])
    if given["mode"] != "portfolio" and r.random() < 0.5:
        given["standard"] = {"option_initial": u(0.1, 0.3), "option_minimum": u(0.05, 0.1), "option_maintenance": u(0.01, 0.1),
                             "linear_initial": u(0.05, 0.3), "linear_maintenance": u(0.01, 0.05)}


def parameters(r, underlyings, extreme):
    given = {
        "underlyings": [
            {"underlying": u, "symbol": SYMBOLS[u], "range": RANGES[u] if r.random() < 0.8 else decimal(r.uniform(0.02, 1), 6)}
            for u in underlyings],
    }
    if r.random() < 0.3 or extreme:
        u = lambda a, b: decimal(r.uniform(a, b), 9)
        for listed in given["underlyings"]:
            listed["volatility_up"], listed["volatility_down"] = u(0, 2), u(0, 1.5)
        maintenance = r.uniform(0.5, 1)
        given["scan"] = {"maintenance": decimal(maintenance, 9), "initial": decimal(maintenance + r.uniform(0, 1), 9),
                         "peg_threshold": u(0.9, 1.05), "peg_factor": u(0, 5)}
        given["volatility"] = {"short_power": u(0, 1), "long_power": u(0, 1), "floor": r.choice([3600, 86400, 14 * 86400, 60 * 86400]),
                               "minimum_up": u(0, 1)}
        given["skew"] = {"linear_cap": u(0, 2), "linear_slope": u(-0.3, 0.3), "absolute_cap": u(0, 2), "absolute_slope": u(-0.3, 0.3),
                         "kstar_minimum": u(0.001, 0.1), "width": u(0, 6), "volatility_static": u(0, 1), "volatility_slope": u(-0.3, 0.3)}
        given["basis"] = {"up": u(0, 0.2), "down": u(0, 0.2), "add": u(0, 1), "multiplier": u(0, 4)}
        given["contingencies"] = {"perpetual_maintenance": u(0, 0.1), "perpetual_initial": u(0, 0.1), "option_maintenance": u(0, 0.05),
                                  "option_initial": u(0, 0.05), "confidence_threshold": u(0, 1), "confidence_margin": u(0, 2)}
        given["long"] = {"base": u(0.5, 1), "multiplier": u(0, 3), "addition": u(0, 0.5)}
        given["short"] = {"base": u(1, 2), "multiplier": u(0, 3), "addition": u(0, 0.5)}
    if r.random() < 0.3:
        u = lambda a, b: decimal(r.uniform(a, b), 9)
        for listed in given["underlyings"]:
            listed["group"] = r.choice([0, 1, 1, 2])
        given["extensions"] = {"offsets": [{"group": 1, "offset": theta(r)}], "floor_net": u(0, 0.1), "floor_hedged": u(0, 0.05),
                               "gamma": u(0, 2), "gamma_threshold": r.choice([0, 100, 10000]), "liquidity_rate": "0.00000001",
                               "liquidity_maximum": u(0, 0.1), "liquidity_threshold": r.choice([0, 1000, 1000000])}
    if r.random() < 0.2:
        given["mode"] = r.choice(["cross", "isolated"])
    if r.random() < 0.25:
        given["corrections"] = corrections(r)
    if r.random() < 0.1:
        given["scenarios"] = [
            {"spot": {"absolute": decimal(r.uniform(-0.9, 5), 9)} if r.random() < 0.5 else {"ranges": decimal(r.uniform(-1, 2), 9)},
             "volatility": r.choice(["none", "up", "down", "skew-linear", "skew-absolute"]),
             "weight": decimal(r.uniform(0, 2), 9) if r.random() < 0.7 else {"tail": decimal(r.uniform(0, 1), 9)}}
            for _ in range(r.choice([1, 2, 16, 33, 64, 64]))]
        for s in given["scenarios"]:
            if isinstance(s["weight"], dict) and float(s["spot"].get("ranges", s["spot"].get("absolute"))) == 0:
                s["weight"] = "1"
    return given


def unusable(r, terms, now, spot):
    """A slow price, and now and then an index that can't be used, at every age that matters."""
    if r.random() < 0.25:
        terms["slow_price"] = decimal(spot * r.choice([1, 0.5, 3, math.exp(r.gauss(0, 0.05)), math.exp(r.gauss(0, 0.3))]), 10)
    if r.random() < 0.12:
        terms["validity"] = r.choice(["invalid", "invalid", "too-volatile", "too-volatile", "too-uncertain", "stale", "valid"])
        ages = [0, 86_399, 86_400, 86_401, 4 * 86_400 - 1, 4 * 86_400, 4 * 86_400 + 1, r.randint(0, 5 * 86_400), r.randint(86_400, 4 * 86_400)]
        terms["updated_at"] = now - r.choice(ages)


def settling(r, terms, is_expired, forward, spot):
    """What is observed of an average, and what may still be made of a price."""
    share = r.choice([0, 1, r.uniform(0, 1), r.uniform(0, 1)])
    average = spot * math.exp(r.gauss(0, 0.02))
    if r.random() < 0.7:
        variable, fixed = decimal((1 - share) * spot, 9), decimal(share * average, 9)
        terms["forward"] = decimal(float(variable) + float(fixed), 9)
        if float(terms["forward"]) < float(variable):
            terms["forward"] = variable
        terms["observed_share"] = decimal(share, 9)
        if r.random() < 0.5:
            terms["forward_variable"] = variable
        else:
            terms["forward_fixed"] = decimal(float(terms["forward"]) - float(variable), 9)
    if not is_expired:
        return
    kind = r.random()
    if kind < 0.3:
        for name in ("forward_variable", "forward_fixed"):
            terms.pop(name, None)
        terms["settlement_price"] = decimal(average, 10)
        if r.random() < 0.5:
            terms.pop("observed_share", None)
    if kind < 0.15:
        return
    if kind < 0.7:
        wide = r.choice([0, 0.05, 0.05, 0.2])
        terms["settlement"] = {"least": decimal(average * (1 - wide) * r.choice([1, 0.97]), 9), "greatest": decimal(average * (1 + wide), 9)}
    elif kind < 0.8:
        terms["settlement"] = "final"


def hedge(r, positions, u, tenors, quantity, reference):
    """Delta-one lines of different tenors against each other, sometimes to the last millionth."""
    names = [f"{SYMBOLS[u]}-PERP"] + [f"{SYMBOLS[u]}-{name_of(expiry)}" for _, expiry, _, _ in tenors]
    legs = r.sample(names, min(len(names), r.choice([2, 2, 3])))
    sign = 1
    for name in legs:
        size = float(quantity) * sign
        if r.random() < 0.2:
            size += r.choice([0.000001, -0.000001, size * r.uniform(-0.5, 0.5)])
        positions[name] = {"quantity": decimal(size, 6), "reference_price": reference}
        sign = -sign


def structure(r, positions, points, u, expiry, forward, tau, quantity, extreme):
    """A spread, a condor, a box, a butterfly or a ratio: what it can lose is known, but for a millionth at times."""
    width = 0.3 * math.sqrt(max(tau, 1e-3)) * r.choice([0.2, 1, 3])
    at = sorted({strike_text(forward * math.exp(width * x)) for x in (r.uniform(-1.5, -0.5), r.uniform(-0.5, 0), r.uniform(0, 0.5), r.uniform(0.5, 1.5))},
                key=lambda entry: float(entry[0]))
    if len(at) < 4:
        return
    a, b, c, d = range(4)
    legs = r.choice([[(a, "P", 1), (b, "P", -1), (c, "C", -1), (d, "C", 1)], [(b, "C", 1), (c, "C", -1)], [(b, "P", -1), (a, "P", 1)],
                     [(b, "C", 1), (c, "C", -1), (b, "P", -1), (c, "P", 1)], [(a, "C", 1), (b, "C", -1), (c, "C", -1), (d, "C", 1)],
                     [(b, "C", 1), (c, "C", -2), (d, "C", 1)], [(b, "C", 1), (d, "C", -2)], [(b, "C", 1)], [(b, "C", 1), (b, "P", 1)]])
    for strike, right, ratio in legs:
        price, name = at[strike]
        size = float(quantity) * ratio
        if r.random() < 0.1:
            size += r.choice([0.000001, -0.000001])
        if (u, expiry) in points:
            points[u, expiry].setdefault(price, decimal(r.uniform(0, 3) if extreme else r.uniform(0.2, 1.2), 9))
        positions[f"{SYMBOLS[u]}-{name_of(expiry)}-{name}-{right}"] = {"quantity": decimal(size, 6)}


def book(r, number, vast=False, extended=False):
    extreme = r.random() < 0.15
    now = NOW + r.randint(0, 3599)
    underlyings = sorted(r.sample(list(SYMBOLS), r.choice([1, 1, 1, 2, 3, 4])))
    given = parameters(r, underlyings, extreme)
    if extended:
        extensions(r, given, now)
    market = {"stable_price": "1" if r.random() < 0.7 else decimal(r.uniform(0.85, 1.03), 6), "underlyings": [], "expiries": []}
    size = r.choice([1, 2, 3, 5, 8, 16, 32, 64, 64, 128, 256]) if r.random() < 0.9 else r.randint(1, 256)
    spots, expiries = {}, []
    inside = r.random() < 0.2  # the settlement window of some expiry
    if inside:
        now = NOW + 3600 - r.choice([-1, 0, 1, 2, 1799, 1800, 1801] + [r.randint(1, 1800)] * 14)
    old = 0.5 if r.random() < 0.2 else 0
    for u in underlyings:
        spots[u] = SPOTS[u] * math.exp(r.gauss(0, 0.5)) if not vast else 10 ** r.uniform(-3, 14)
        terms = {"underlying": u, "index": decimal(spots[u], 10), "confidence": confidence(r)}
        unusable(r, terms, now, spots[u])
        if r.random() < 0.8:
            terms["perpetual"] = {"mark": decimal(spots[u] * (1 + r.gauss(0, 0.005)), 10), "funding_index": decimal(r.gauss(0, 10), 9),
                                  "confidence": confidence(r)}
        market["underlyings"].append(terms)
        hours = set()
        past = 0.03 if r.random() < 0.8 else 0.4
        for _ in range(r.randint(1, 12)):
            kind = r.random()
            hours.add(r.randint(-30, 0) if kind < past else r.choice([95, 96, 97, 150, 191, 192, 193]) if kind < 0.06 else r.randint(1, 2) if kind < 0.1 else r.randint(3, 72) if kind < 0.3
                      else r.randint(72, 24 * 90) if kind < 0.8 else r.randint(24 * 90, 24 * 800))
        if inside:
            hours.add(1)
        for hour in sorted(hours):
            expiry = NOW + 3600 * hour
            tau = max(expiry - now, 60) / 31_536_000
            forward = spots[u] * math.exp(r.gauss(0.03, 0.05) * tau + r.gauss(0, 0.001))
            model_time = min(now, expiry - 1) - (r.randint(0, 600) if r.random() < 0.8 else 0)
            if r.random() < old:
                # An hour, and the day over which maintenance follows.
                model_time = min(expiry - 1, now - r.choice([3599, 3600, 3601, 3600 + 86_399, 3600 + 86_400, 3600 + 86_401, r.randint(3600, 200_000)]))
            terms = {"underlying": u, "expiry": expiry, "forward": decimal(forward, 10), "rate": decimal(r.gauss(0.04, 0.05), 9),
                     "model_time": model_time, "svi": surface(r, tau, extreme), "forward_confidence": confidence(r),
                     "rate_confidence": confidence(r), "volatility_confidence": confidence(r)}
            if expiry <= now + 1800:
                settling(r, terms, expiry <= now, forward, spots[u])
            market["expiries"].append(terms)
            expiries.append((u, expiry, forward, tau))
    positions = {}
    scale = 10 ** r.uniform(-2, 3) if not vast else 10 ** r.uniform(-5, 11.9)
    points = {key[:2]: {} for key in expiries if r.random() < 0.1}
    steps = 4 if size <= 64 else 64
    hedged = 0.12 if r.random() < 0.7 else 0.5
    for _ in range(20 * size):
        if len(positions) >= size:
            break
        u, expiry, forward, tau = r.choice(expiries)
        kind = r.random()
        quantity = decimal(r.choice([-1, 1]) * scale * 10 ** r.uniform(-1, 1), 6)
        if float(quantity) == 0:
            quantity = "0.000001"
        reference = decimal(forward * (1 + r.gauss(0, 0.1)), 10)
        if kind < 0.05:
            positions[f"{SYMBOLS[u]}-PERP"] = {"quantity": quantity, "reference_price": reference, "funding_reference": decimal(r.gauss(0, 10), 9)}
        elif kind < 0.12:
            positions[f"{SYMBOLS[u]}-{name_of(expiry)}"] = {"quantity": quantity, "reference_price": reference}
        elif kind < hedged and not vast:
            hedge(r, positions, u, [e for e in expiries if e[0] == u], quantity, reference)
        elif kind < hedged + 0.1 and not vast:
            structure(r, positions, points, u, expiry, forward, tau, quantity, extreme)
        else:
            width = 0.6 * math.sqrt(max(tau, 1e-3)) * (1 if not extreme else 5)
            width = width if not vast else 10
            grid = forward * math.exp(round(r.gauss(0, 1) * steps) / steps * width)
            price, strike = strike_text(min(max(grid, 1e-8), 1e15))
            if (u, expiry) in points:
                points[u, expiry].setdefault(price, decimal(r.uniform(0, 3) if extreme else r.uniform(0.2, 1.2), 9))
            positions[f"{SYMBOLS[u]}-{name_of(expiry)}-{strike}-{r.choice('CP')}"] = {"quantity": quantity}
    for terms in market["expiries"]:
        volatilities = points.get((terms["underlying"], terms["expiry"]))
        if volatilities:
            del terms["svi"]
            terms["volatilities"] = [[strike, volatility] for strike, volatility in volatilities.items()]
    held = [{"instrument": n, **p} for n, p in positions.items() if float(p["quantity"])][:256]
    portfolio = {"cash": decimal(r.gauss(0, 1e5), 9), "positions": held}
    if r.random() < 0.2:
        portfolio["pool"] = decimal(10 ** r.uniform(-6, 6), 9)
    if r.random() < 0.3:
        given["collateral"], portfolio["collateral"] = [], []
        market["collateral"] = []
        for number_of in range(1, r.randint(2, 4)):
            haircut = r.uniform(0, 0.5)
            u = r.choice(underlyings)
            given["collateral"].append({"collateral": number_of, "underlying": u, "maintenance_haircut": decimal(haircut, 6),
                                        "initial_haircut": decimal(r.uniform(0, 0.5), 6), "cancels_risk": r.random() < 0.5})
            portfolio["collateral"].append({"collateral": number_of, "amount": decimal(scale * r.uniform(0, 5), 9)})
            if r.random() < 0.5:
                market["collateral"].append({"collateral": number_of, "price": decimal(spots[u] * r.uniform(0.9, 1.1), 9), "confidence": confidence(r)})
    return {"id": number, "now": now, "parameters": given, "market": market, "portfolio": portfolio}


# How far peers let their governance go, which is further than ours may.
BEYOND = {
    "scan": {"initial": (0.5, 10), "maintenance": (0.5, 10), "peg_threshold": (0, 100), "peg_factor": (0, 10)},
    "volatility": {"short_power": (0, 10), "long_power": (0, 10), "minimum_up": (0, 20)},
    "skew": {"linear_cap": (0, 10), "linear_slope": (-10, 10), "absolute_cap": (0, 10), "absolute_slope": (-10, 10),
             "kstar_minimum": (0.0001, 10), "width": (0, 10), "volatility_static": (0, 10), "volatility_slope": (-20, 20)},
    "basis": {"up": (0.0001, 1.99), "down": (0.0001, 0.99), "add": (0, 20), "multiplier": (0, 20)},
    "contingencies": {"perpetual_maintenance": (0, 3), "perpetual_initial": (0, 3), "option_maintenance": (0, 2),
                      "option_initial": (0, 2), "confidence_threshold": (0, 1), "confidence_margin": (0, 20)},
    "long": {"base": (0, 4), "multiplier": (0, 10), "addition": (0, 10)},
    "short": {"base": (0, 4), "multiplier": (0, 10), "addition": (0, 10)},
}


def beyond(r, line):
    """Sets one to three parameters anywhere within what peers allow, mostly to the ends; some weights, rates and volatilities too."""
    given, expiries = line["parameters"], line["market"]["expiries"]
    within = lambda low, high: decimal(r.choice([low, high, r.uniform(low, high)]), 15)
    for _ in range(r.randint(1, 3)):
        section = r.choice(sorted(BEYOND))
        name = r.choice(sorted(BEYOND[section]))
        given.setdefault(section, {})[name] = within(*BEYOND[section][name])
    if r.random() < 0.3:
        given["scenarios"] = [{"spot": {"absolute": within(-0.99, 9)}, "volatility": r.choice(["none", "up", "down"]), "weight": within(0, 5)}
                              for _ in range(r.randint(1, 8))]
    if r.random() < 0.3:
        for terms in expiries:
            terms["rate"] = within(-1.2, 3)
    for terms in expiries:
        if "volatilities" in terms:
            terms["volatilities"] = [[strike, decimal(10 ** r.uniform(-2, 4), 9)] for strike, _ in terms["volatilities"]]


def books(count, seed, vast=False, extended=False, start=0):
    for number in range(start, start + count):
        yield book(random.Random(f"{seed}/{number}"), number, vast, extended)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--vast", action="store_true", help="prices up to 1e14, strikes to 1e15, quantities to 1e12")
    parser.add_argument("--extensions", action="store_true", help="section 6 on every book")
    arguments = parser.parse_args()
    for line in books(arguments.count, arguments.seed, arguments.vast, arguments.extensions):
        print(json.dumps(line))


if __name__ == "__main__":
    main()
