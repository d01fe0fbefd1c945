#!/usr/bin/env python3
"""Slow reference of the margin method, written from the formulas of docs/margin.md alone.

Reads the lines that `margin-jsonl` reads (docs/margin-jsonl.md) and answers in the same form. It prices every position by
itself, under every scenario, with nothing shared and nothing cached: puts by their own formula, the forward's shock applied to
prices, time in seconds. Numbers are mpmath at 40 digits (--precise) or float64.

    scripts/risk/reference.py [--precise] < books.jsonl > figures.jsonl
"""

import argparse
import datetime
import json
import math
import sys
from decimal import Decimal

import mpmath

YEAR = 31_536_000
MONTHS = "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split()

DEFAULTS = {
    "scan": {"initial": "1", "maintenance": "0.8", "peg_threshold": "0.99", "peg_factor": "4"},
    "volatility": {"short_power": "0.3", "long_power": "0.13", "floor": 86400, "minimum_up": "0.4"},
    "skew": {"linear_cap": "0.25", "linear_slope": "-0.1", "absolute_cap": "0.25", "absolute_slope": "-0.1",
             "kstar_minimum": "0.01", "width": "4", "volatility_static": "0.6", "volatility_slope": "0"},
    "basis": {"up": "0.045", "down": "0.045", "add": "0.5", "multiplier": "2"},
    "contingencies": {"perpetual_maintenance": "0.03", "perpetual_initial": "0.01", "option_maintenance": "0.003",
                      "option_initial": "0.002", "confidence_threshold": "0.55", "confidence_margin": "1"},
    "long": {"base": "0.95", "multiplier": "0", "addition": "0.16"},
    "short": {"base": "1.05", "multiplier": "0", "addition": "0.16"},
}


def default_scenarios():
    table = []
    for quarters in range(-4, 5):
        spot = {"ranges": str(Decimal(quarters) / 4)}
        for mode in ("up",) if abs(quarters) == 4 else ("up", "none", "down"):
            table.append({"spot": spot, "volatility": mode, "weight": "1"})
    for tail in ("-0.66", "-0.33", "0.5", "1", "2", "3", "4", "5"):
        table.append({"spot": {"absolute": tail}, "volatility": "up", "weight": {"tail": "0.77"}})
    for mode in ("skew-linear", "skew-absolute"):
        table.append({"spot": {"ranges": "0"}, "volatility": mode, "weight": "1"})
    return table


class Binary64:
    """Floating point of 53 bits."""
    ln, exp, sqrt = staticmethod(math.log), staticmethod(math.exp), staticmethod(math.sqrt)

    @staticmethod
    def number(text):
        return float(text)

    @staticmethod
    def cdf(x):
        return math.erfc(-x / math.sqrt(2)) / 2


class Digits40:
    """mpmath."""
    ln, exp, sqrt = staticmethod(mpmath.log), staticmethod(mpmath.exp), staticmethod(mpmath.sqrt)

    @staticmethod
    def number(text):
        return mpmath.mpf(str(text))

    @staticmethod
    def cdf(x):
        return mpmath.erfc(-x / mpmath.sqrt(2)) / 2


def instrument(name, symbols):
    """(underlying, kind, expiry in seconds, strike as text) of a name."""
    symbol, *rest = name.split("-")
    underlying = symbols[symbol]
    if rest == ["PERP"]:
        return underlying, "perpetual", None, None
    date, *option = rest
    hour = 8
    at = date.rfind("T")
    if at > 0 and date[at - 1].isdigit():
        date, hour = date[:at], int(date[at + 1:])
    first = next(i for i, c in enumerate(date) if c.isalpha())
    day, month, year = int(date[:first]), MONTHS.index(date[first:first + 3]) + 1, date[first + 3:]
    year = int(year) + (2000 if len(year) == 2 else 0)
    moment = datetime.datetime(year, month, day, hour, tzinfo=datetime.timezone.utc)
    expiry = int((moment - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)).total_seconds())
    if not option:
        return underlying, "future", expiry, None
    strike, right = option
    return underlying, {"C": "call", "P": "put"}[right], expiry, strike.replace("d", ".")


class Reference:
    def __init__(self, line, arithmetic):
        self.a, self.n = arithmetic, arithmetic.number
        self.line, self.now = line, line["now"]
        given = line.get("parameters", {})
        self.p = {section: {**fields, **given.get(section, {})} for section, fields in DEFAULTS.items()}
        self.scenarios = given.get("scenarios", default_scenarios())
        self.ranges = {u["underlying"]: u for u in given["underlyings"]}
        self.symbols = {u["symbol"]: u["underlying"] for u in given["underlyings"]}
        self.tokens = {c["collateral"]: c for c in given.get("collateral", [])}
        market = line["market"]
        self.stable = self.n(market.get("stable_price", "1"))
        self.underlyings = {u["underlying"]: u for u in market["underlyings"]}
        self.expiries = {(e["underlying"], e["expiry"]): e for e in market.get("expiries", [])}
        self.feeds = {c["collateral"]: c for c in market.get("collateral", [])}
        self.positions = []
        for p in line["portfolio"].get("positions", []):
            self.positions.append((instrument(p["instrument"], self.symbols), self.n(p["quantity"]), p))

    def par(self, section, name):
        return self.n(self.p[section][name])

    # Prices

    def black76(self, kind, forward, strike, vol, tau):
        """Undiscounted."""
        s = vol * self.a.sqrt(tau)
        if s == 0:
            payoff = forward - strike if kind == "call" else strike - forward
            return max(payoff, 0 * payoff)
        d1 = (self.a.ln(forward) - self.a.ln(strike)) / s + s / 2
        d2 = d1 - s
        if kind == "call":
            return max(forward * self.a.cdf(d1) - strike * self.a.cdf(d2), self.n(0))
        return max(strike * self.a.cdf(-d2) - forward * self.a.cdf(-d1), self.n(0))

    def vol(self, terms, forward, strike):
        if "volatilities" in terms:
            # Total deviations count as at most 64 (schema of margin-jsonl).
            most = 64 / self.a.sqrt(self.n(terms["expiry"] - self.now) / YEAR)
            return min(self.n(dict((Decimal(k), v) for k, v in terms["volatilities"])[Decimal(strike)]), most)
        v = {name: self.n(x) for name, x in terms["svi"].items()}
        k = self.a.ln(self.n(strike)) - self.a.ln(forward)
        x = k - v["m"]
        w = v["a"] + v["b"] * (v["rho"] * x + self.a.sqrt(x * x + v["sigma"] ** 2))
        reference = self.n(terms["expiry"] - terms.get("model_time", self.now)) / YEAR
        return self.a.sqrt(max(w, self.n(0)) / reference)

    def shocked_vol(self, vol, mode, k, tau, seconds, underlying):
        ranges, shock = self.ranges[underlying], self.p["volatility"]
        if mode == "none":
            return vol
        if mode in ("up", "down"):
            power = self.n(shock["short_power"] if seconds <= 30 * 86400 else shock["long_power"])
            ratio = self.n(30 * 86400) / max(seconds, int(shock["floor"]))
            m = self.a.exp(power * self.a.ln(ratio))
            if mode == "up":
                up = 1 + self.n(ranges.get("volatility_up", "0.5")) * m
                return max(self.n(shock["minimum_up"]), vol * min(up, self.n(64)))
            return vol * max(self.n(0), 1 - self.n(ranges.get("volatility_down", "0.3")) * m)
        name = "linear" if mode == "skew-linear" else "absolute"
        root = self.a.sqrt(tau)
        cap = max(self.par("skew", name + "_cap") + self.par("skew", name + "_slope") * root, self.n(0))
        level = max(self.par("skew", "volatility_static") + root * self.par("skew", "volatility_slope"), self.n(0))
        kstar = max(self.par("skew", "kstar_minimum"), root * self.par("skew", "width") * level)
        x = k if name == "linear" else abs(k)
        return vol * max(self.n(0), 1 + max(-cap, min(cap, x * cap / kstar)))

    def shock(self, scenario, underlying):
        """(shocked price over price, weight)"""
        spot, weight = scenario["spot"], scenario["weight"]
        width = self.n(self.ranges[underlying]["range"])
        move = self.n(spot["ranges"]) * width if "ranges" in spot else self.n(spot["absolute"])
        if isinstance(weight, dict):
            weight = min(self.n(weight["tail"]) * width / abs(move), self.n(64))
        else:
            weight = self.n(weight)
        if scenario["volatility"].startswith("skew"):
            move = self.n(0)
        return 1 + move, weight

    def tenor(self, underlying, expiry):
        terms = self.expiries[(underlying, expiry)]
        seconds = max(expiry - self.now, 0)
        tau = self.n(seconds) / YEAR
        index = self.n(self.underlyings[underlying]["index"])
        if seconds == 0:
            forward = self.n(terms["settlement_price"]) if "settlement_price" in terms else index
            variable = self.n(0)
        elif "forward_fixed" in terms:
            forward = self.n(terms["forward"])
            variable = forward - self.n(terms["forward_fixed"])
        else:
            forward = self.n(terms["forward"])
            variable = forward * min(self.n(1), self.n(seconds) / 1800)
        rate = max(self.n(terms.get("rate", "0")), self.n(0))
        return terms, seconds, tau, forward, variable, rate

    def option_value(self, position, ratio, mode):
        """Discounted value of the position with the forward's variable part times `ratio`."""
        (underlying, kind, expiry, strike), quantity, _ = position
        terms, seconds, tau, forward, variable, rate = self.tenor(underlying, expiry)
        shocked = variable * ratio + forward - variable
        if seconds == 0:
            vol = self.n(0)
        else:
            k = self.a.ln(self.n(strike)) - self.a.ln(forward)
            vol = self.shocked_vol(self.vol(terms, forward, strike), mode, k, tau, seconds, underlying)
        price = self.black76(kind, shocked, self.n(strike), vol, tau)
        return quantity * price * self.a.exp(-rate * tau)

    # One underlying

    def figures(self, underlying):
        u = self.underlyings[underlying]
        index, spot_confidence = self.n(u["index"]), self.n(u.get("confidence", "1"))
        mine = [p for p in self.positions if p[0][0] == underlying]
        perpetuals = [p for p in mine if p[0][1] == "perpetual"]
        futures = [p for p in mine if p[0][1] == "future"]
        options = [p for p in mine if p[0][1] in ("call", "put")]
        tokens = [(self.tokens[c["collateral"]], self.n(c["amount"])) for c in self.line["portfolio"].get("collateral", [])]
        tokens = [(t, amount) for t, amount in tokens if t["underlying"] == underlying]
        zero = self.n(0)

        value, mark, perpetual_confidence = zero, index, None
        if perpetuals:
            market = u.get("perpetual")
            mark = self.n(market["mark"]) if market else index
            perpetual_confidence = self.n(market.get("confidence", "1")) if market else zero
            for _, quantity, p in perpetuals:
                paid = self.n(market.get("funding_index", "0")) if market else self.n(p.get("funding_reference", "0"))
                value += quantity * (mark - self.n(p.get("reference_price", "0")))
                value -= quantity * (paid - self.n(p.get("funding_reference", "0")))
        for (_, _, expiry, _), quantity, p in futures:
            forward = self.tenor(underlying, expiry)[3]
            value += quantity * (forward - self.n(p.get("reference_price", "0")))
        prices = []
        for token, amount in tokens:
            feed = self.feeds.get(token["collateral"])
            price = self.n(feed["price"]) if feed else index
            confidence = self.n(feed.get("confidence", "1")) if feed else spot_confidence
            prices.append((token, amount * price / self.stable, confidence))
            value += amount * price / self.stable

        linear = sum((quantity * mark for _, quantity, _ in perpetuals), zero)
        linear += sum((v for token, v, _ in prices if token.get("cancels_risk")), zero)
        expiries = sorted({p[0][2] for p in options + futures})
        marks = {e: sum((self.option_value(p, self.n(1), "none") for p in options if p[0][2] == e), zero) for e in expiries}
        value += sum(marks.values(), zero)

        pnl = []
        for scenario in self.scenarios:
            ratio, weight = self.shock(scenario, underlying)
            total = weight * (ratio - 1) * linear
            for expiry in expiries:
                _, _, tau, forward, variable, rate = self.tenor(underlying, expiry)
                held = sum((q for t, q, _ in futures if t[2] == expiry), zero)
                shocked = variable * ratio + forward - variable
                total += weight * held * (shocked - forward) * self.a.exp(-rate * tau)
                worth = sum((self.option_value(p, ratio, scenario["volatility"]) for p in options if p[0][2] == expiry), zero)
                if worth >= 0:
                    long = self.p["long"]
                    factor = self.n(long["base"]) * self.a.exp(-tau * (rate * self.n(long["multiplier"]) + self.n(long["addition"])))
                else:
                    short = self.p["short"]
                    factor = self.n(short["base"]) * self.a.exp(tau * (rate * self.n(short["multiplier"]) + self.n(short["addition"])))
                    factor = min(factor, self.a.exp(rate * tau))
                term = worth * factor - marks[expiry]
                total += weight * (-abs(term) if scenario["volatility"].startswith("skew") else term)
            pnl.append(total)

        basis = zero
        for expiry in expiries:
            tau = self.tenor(underlying, expiry)[2]
            mine_here = [p for p in options if p[0][2] == expiry]
            moves = (1 + self.par("basis", "up"), 1 - self.par("basis", "down"))
            outcomes = [sum((self.option_value(p, r, "none") for p in mine_here), zero) - marks[expiry] for r in moves]
            basis += min(*outcomes, zero) * (self.par("basis", "add") + self.par("basis", "multiplier") * tau)
        worst = min([basis] + pnl)

        # Contingencies
        con = self.p["contingencies"]
        notional = sum((abs(q) for _, q, _ in perpetuals), zero) * index
        naked = zero
        for expiry in expiries:
            for strike in {Decimal(p[0][3]) for p in options if p[0][2] == expiry}:
                at = [q for t, q, _ in options if t[2] == expiry and Decimal(t[3]) == strike]
                short, long = sum((-q for q in at if q < 0), zero), sum((q for q in at if q > 0), zero)
                naked += max(short - long, zero)

        def doubt(confidence, amount):
            if confidence < self.n(con["confidence_threshold"]):
                return (1 - confidence) * self.n(con["confidence_margin"]) * amount
            return zero

        uncertainty = zero
        if perpetuals:
            uncertainty += doubt(min(spot_confidence, perpetual_confidence), notional)
        for expiry in expiries:
            terms = self.expiries[(underlying, expiry)]
            confidences = [spot_confidence, self.n(terms.get("forward_confidence", "1"))]
            if any(p[0][2] == expiry for p in options):
                confidences += [self.n(terms.get("rate_confidence", "1")), self.n(terms.get("volatility_confidence", "1"))]
            if perpetuals:
                confidences.append(perpetual_confidence)
            uncertainty += doubt(min(confidences), sum((abs(q) for t, q, _ in options + futures if t[2] == expiry), zero) * index)
        for _, v, confidence in prices:
            uncertainty += doubt(min(confidence, spot_confidence), v)

        maintenance = notional * self.n(con["perpetual_maintenance"]) + naked * index * self.n(con["option_maintenance"])
        initial = notional * self.n(con["perpetual_initial"]) + naked * index * self.n(con["option_initial"]) + uncertainty
        for token, v, _ in prices:
            maintenance += v * self.n(token["maintenance_haircut"])
            initial += v * self.n(token["initial_haircut"])
        scan = self.p["scan"]
        peg = max(zero, self.n(scan["peg_threshold"]) - self.stable) * self.n(scan["peg_factor"])
        return {
            "underlying": underlying, "value": value, "worst": worst, "basis": basis, "pnl": pnl,
            "maintenance_contingency": maintenance, "initial_contingency": initial,
            "initial_requirement": (self.n(scan["initial"]) + peg) * -worst + maintenance + initial,
            "maintenance_requirement": self.n(scan["maintenance"]) * -worst + maintenance,
        }

    # Beyond one underlying

    def greeks(self, position):
        """(delta, gamma) of an option position with respect to the forward's part that can still move."""
        (underlying, kind, expiry, strike), quantity, _ = position
        terms, seconds, tau, forward, variable, rate = self.tenor(underlying, expiry)
        discount, share, strike_price = self.a.exp(-rate * tau), variable / forward, self.n(strike)
        s = self.vol(terms, forward, strike) * self.a.sqrt(tau) if seconds else self.n(0)
        if s == 0:
            probability, density = self.n(1 if strike_price < forward else 0), self.n(0)
        else:
            d1 = (self.a.ln(forward) - self.a.ln(strike_price)) / s + s / 2
            probability = self.a.cdf(d1)
            density = self.a.exp(-d1 * d1 / 2) / self.a.sqrt(self.n("6.283185307179586476925286766559005768394")) / (forward * s)
        delta = probability if kind == "call" else probability - 1
        return quantity * delta * discount * share, quantity * density * discount * share * share

    def floor_and_charge(self, underlying, extensions):
        index = self.n(self.underlyings[underlying]["index"])
        deltas, gamma = [], self.n(0)
        for position in self.positions:
            (mine, kind, expiry, _), quantity, _ = position
            if mine != underlying:
                continue
            if kind == "perpetual":
                deltas.append(quantity)
            elif kind == "future":
                _, _, _, forward, variable, _ = self.tenor(underlying, expiry)
                deltas.append(quantity * variable / forward)
            else:
                delta, curvature = self.greeks(position)
                deltas.append(delta)
                gamma += curvature
        for c in self.line["portfolio"].get("collateral", []):
            token = self.tokens[c["collateral"]]
            if token["underlying"] == underlying and token.get("cancels_risk"):
                feed = self.feeds.get(token["collateral"])
                price = self.n(feed["price"]) if feed else index
                deltas.append(self.n(c["amount"]) * price / self.stable / index)
        net = abs(sum(deltas, self.n(0)))
        hedged = (sum((abs(d) for d in deltas), self.n(0)) - net) / 2
        x = lambda name: self.n(extensions.get(name, "0"))
        floor = (x("floor_net") * net + x("floor_hedged") * hedged) * index
        move = self.n(self.ranges[underlying]["range"]) * index
        loss = max(-gamma, self.n(0)) * move * move / 2
        charge = x("gamma") * max(loss - x("gamma_threshold"), self.n(0))
        size = net * index
        charge += min(x("liquidity_maximum"), x("liquidity_rate") * max(size - x("liquidity_threshold"), self.n(0))) * size
        return floor, charge

    def offset(self, given):
        """A number, or the share of a correlation inside its bounds."""
        if not isinstance(given, dict):
            return self.n(given)
        correlation = max(self.n(0), min(self.n(1), self.n(given["correlation"])))
        return max(self.n(given["floor"]), min(self.n(given["ceiling"]), correlation * self.n(given["share"])))

    def extended(self, parts):
        """(initial requirement, maintenance requirement) with the extensions."""
        extensions = self.line.get("parameters", {}).get("extensions", {})
        offsets = {o["group"]: self.offset(o["offset"]) for o in extensions.get("offsets", [])}
        groups = {}
        for part in parts:
            group = self.ranges[part["underlying"]].get("group", 0)
            key = ("group", group) if group and group in offsets else ("alone", part["underlying"])
            groups.setdefault(key, []).append(part)
        initial = maintenance = self.n(0)
        scan = self.p["scan"]
        peg = max(self.n(0), self.n(scan["peg_threshold"]) - self.stable) * self.n(scan["peg_factor"])
        for (kind, group), members in groups.items():
            rows = []
            for number, scenario in enumerate(self.scenarios):
                total = self.n(0)
                for part in members:
                    x = part["pnl"][number]
                    if kind == "group" and x > 0:
                        x = self.n(0) if scenario["volatility"].startswith("skew") else x * offsets[group]
                    total += x
                rows.append(total)
            worst = min(rows + [sum((part["basis"] for part in members), self.n(0))])
            floors, charges = zip(*(self.floor_and_charge(part["underlying"], extensions) for part in members))
            loss = max(-worst, sum(floors, self.n(0)))
            extra = sum((part["maintenance_contingency"] for part in members), self.n(0)) + sum(charges, self.n(0))
            maintenance += self.n(scan["maintenance"]) * loss + extra
            initial += (self.n(scan["initial"]) + peg) * loss + extra
            initial += sum((part["initial_contingency"] for part in members), self.n(0))
        return initial, maintenance

    def standard(self, underlying, mode, initial):
        """Requirement of one underlying by the standard formulas."""
        index = self.n(self.underlyings[underlying]["index"])
        rates = {"option_initial": "0.15", "option_minimum": "0.13", "option_maintenance": "0.09",
                 "linear_initial": "0.1", "linear_maintenance": "0.065", **self.line["parameters"].get("standard", {})}
        rate = lambda name: self.n(rates[name])
        zero, required = self.n(0), self.n(0)
        expiries = set()
        for (mine, kind, expiry, _), quantity, _ in self.positions:
            if mine == underlying and kind in ("perpetual", "future"):
                required += abs(quantity) * index * rate("linear_initial" if initial else "linear_maintenance")
            elif mine == underlying:
                expiries.add(expiry)
        for c in self.line["portfolio"].get("collateral", []):
            token = self.tokens[c["collateral"]]
            if token["underlying"] == underlying:
                feed = self.feeds.get(token["collateral"])
                v = self.n(c["amount"]) * (self.n(feed["price"]) if feed else index) / self.stable
                required += v * (self.n(token["maintenance_haircut"]) + (self.n(token["initial_haircut"]) if initial else 0))
        for expiry in expiries:
            here = [p for p in self.positions if p[0][0] == underlying and p[0][2] == expiry and p[0][1] in ("call", "put")]
            live = expiry > self.now
            alone = zero
            for position in here:
                (_, kind, _, strike), quantity, _ = position
                if quantity >= 0:
                    continue
                price, k = self.option_value(position, self.n(1), "none") / quantity, self.n(strike)
                otm = max(k - index if kind == "call" else index - k, zero)
                margin = max(rate("option_initial") * index - otm, rate("option_minimum") * index) if initial else rate("option_maintenance") * index
                owed = price + (margin if live else zero)
                alone += -quantity * (min(owed, k) if kind == "put" else owed)
            held = alone
            if mode == "cross":
                payoff = lambda at: sum((q * max(at - self.n(t[3]) if t[1] == "call" else self.n(t[3]) - at, zero) for t, q, _ in here), zero)
                loss = -min([payoff(x) for x in [zero] + [self.n(t[3]) for t, _, _ in here]] + [zero])
                naked = max(-sum((q for t, q, _ in here if t[1] == "call"), zero), zero)
                beyond = naked * index * rate("option_minimum" if initial else "option_maintenance") if live else zero
                held = min(alone, loss + beyond)
            required += held + sum((self.option_value(p, self.n(1), "none") for p in here), zero)
        return max(required, zero)

    def assess(self):
        used = {p[0][0] for p in self.positions}
        used |= {self.tokens[c["collateral"]]["underlying"] for c in self.line["portfolio"].get("collateral", [])}
        parts = [self.figures(u) for u in sorted(used)]
        mode = self.line.get("parameters", {}).get("mode", "portfolio")
        if mode == "portfolio":
            pair = self.extended(parts)
        else:
            pair = [sum((self.standard(u, mode, initial) for u in sorted(used)), self.n(0)) for initial in (True, False)]
        total = dict(zip(("initial_requirement", "maintenance_requirement"), pair))
        total["equity"] = self.n(self.line["portfolio"].get("cash", "0")) + sum((part["value"] for part in parts), self.n(0))
        return {"id": self.line.get("id"), **total, "underlyings": parts}


def range_at(given, now, initial):
    """A range as text: as it is, by the rule that follows volatility, or where its ramp stands."""
    if not isinstance(given, dict):
        return given
    x = {name: mpmath.mpf(str(number)) for name, number in given.items()}
    if "multiple" in x:
        wanted = x["multiple"] * x["daily_volatility"] * mpmath.sqrt(x["horizon"])
        return mpmath.nstr(max(x["floor"], min(x["ceiling"], wanted)), 30)
    # Before it sets out it stands where it starts.
    gone = max(0, min(now - x["start"], x["length"]))
    share = gone / x["length"] if x["length"] else 1
    here = x["from"] + (x["to"] - x["from"]) * share
    return mpmath.nstr(max(here, x["to"]) if initial else here, 30)


def at_ranges(line, initial):
    """The line with numbers for ranges."""
    given = line["parameters"]
    listed = [{**u, "range": range_at(u["range"], line["now"], initial)} for u in given["underlyings"]]
    return {**line, "parameters": {**given, "underlyings": listed}}


def assess(line, precise):
    mpmath.mp.dps = 40
    arithmetic = Digits40 if precise else Binary64
    figures = Reference(at_ranges(line, False), arithmetic).assess()
    if any(isinstance(u["range"], dict) and "from" in u["range"] for u in line["parameters"]["underlyings"]):
        # A range on its way up counts at once for the initial requirement.
        ahead = Reference(at_ranges(line, True), arithmetic).assess()
        figures["initial_requirement"] = max(figures["initial_requirement"], ahead["initial_requirement"])
    return figures


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--precise", action="store_true", help="40 digits instead of float64")
    precise = parser.parse_args().precise
    for text in sys.stdin:
        figures = assess(json.loads(text), precise)
        print(json.dumps(figures, default=lambda x: mpmath.nstr(x, 30)))


if __name__ == "__main__":
    main()
