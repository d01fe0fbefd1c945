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
DAY = 86_400
# From this age on a surface is charged, and maintenance follows over the next day.
OLD = 3_600
MONTHS = "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split()
LEVELS = ("invalid", "too-volatile", "too-uncertain", "stale", "valid")

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
    "corrections": {"calendar_floor": "0.005", "calendar_slope": "0.02", "calendar_initial": "0.5", "vanishing": "0.2",
                    "caps_losses": True, "smooth_confidence": True, "charges_old_surfaces": True},
    "standard": {"option_initial": "0.15", "option_minimum": "0.13", "option_maintenance": "0.09",
                 "linear_initial": "0.1", "linear_maintenance": "0.065"},
}


def default_scenarios():
    table = []
    for quarters in range(-4, 5):
        spot = {"ranges": str(Decimal(quarters) / 4)}
        for mode in ("up", "none", "down"):
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


class Tenor:
    """One expiry as it stands: `forward = variable + fixed`, `observed` of the settlement window, `dispute` what its price may yet become."""

    def __init__(self, reference, underlying, expiry):
        n = reference.n
        self.terms = terms = reference.expiries[(underlying, expiry)]
        index = n(reference.underlyings[underlying]["index"])
        self.seconds = max(expiry - reference.now, 0)
        self.expired = self.seconds == 0
        self.tau = n(self.seconds) / YEAR
        self.rate = max(n(terms.get("rate", "0")), n(0))
        self.discount = reference.a.exp(-self.rate * self.tau)
        part_given = "forward_variable" in terms or "forward_fixed" in terms
        self.forward = n(terms["forward"])
        self.dispute = None
        unknown = False
        if self.expired:
            if "settlement_price" in terms:
                self.forward = n(terms["settlement_price"])
            elif "settlement" not in terms and not part_given:
                # Nothing is observed: the index stands for all of it.
                self.forward, unknown = index, True
            if isinstance(terms.get("settlement"), dict):
                self.dispute = n(terms["settlement"]["least"]), n(terms["settlement"]["greatest"])
            elif "settlement" not in terms and "settlement_price" not in terms:
                self.dispute = index * n("0.8"), index * n("1.2")
        if "forward_variable" in terms:
            self.variable = n(terms["forward_variable"])
        elif "forward_fixed" in terms:
            self.variable = self.forward - n(terms["forward_fixed"])
        else:
            self.variable = self.forward if not self.expired or unknown else n(0)
        known = self.expired and ("settlement_price" in terms or terms.get("settlement") == "final")
        self.observed = n(terms.get("observed_share", "1" if known else "0"))
        # What of a charge on notional is left of a claim.
        self.exposed = 1 - self.observed if self.expired else n(1)

    def at(self, ratio):
        """The forward with the part that can move times `ratio`."""
        return self.variable * ratio + self.forward - self.variable


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
        self.tenors = {}
        self.positions = []
        for p in line["portfolio"].get("positions", []):
            self.positions.append((instrument(p["instrument"], self.symbols), self.n(p["quantity"]), p))

    def par(self, section, name):
        return self.n(self.p[section][name])

    def total(self, items):
        return sum(items, self.n(0))

    def tenor(self, underlying, expiry):
        key = underlying, expiry
        if key not in self.tenors:
            self.tenors[key] = Tenor(self, underlying, expiry)
        return self.tenors[key]

    # Prices

    def black76(self, kind, forward, strike, vol, tau):
        """Undiscounted."""
        s = vol * self.a.sqrt(tau)
        if s == 0 or forward == 0:
            payoff = forward - strike if kind == "call" else strike - forward
            return max(payoff, 0 * payoff)
        d1 = (self.a.ln(forward) - self.a.ln(strike)) / s + s / 2
        d2 = d1 - s
        if kind == "call":
            return max(forward * self.a.cdf(d1) - strike * self.a.cdf(d2), self.n(0))
        return max(strike * self.a.cdf(-d2) - forward * self.a.cdf(-d1), self.n(0))

    def surface(self, terms, k):
        """The volatility of raw SVI at a log-moneyness."""
        v = {name: self.n(x) for name, x in terms["svi"].items()}
        x = k - v["m"]
        w = v["a"] + v["b"] * (v["rho"] * x + self.a.sqrt(x * x + v["sigma"] ** 2))
        reference = self.n(terms["expiry"] - min(terms.get("model_time", self.now), self.now)) / YEAR
        return self.a.sqrt(max(w, self.n(0)) / reference)

    def vol(self, terms, forward, strike):
        if "volatilities" in terms:
            # Total deviations count as at most 64 (schema of margin-jsonl).
            most = 64 / self.a.sqrt(self.n(terms["expiry"] - self.now) / YEAR)
            return min(self.n(dict((Decimal(k), v) for k, v in terms["volatilities"])[Decimal(strike)]), most)
        return self.surface(terms, self.a.ln(self.n(strike)) - self.a.ln(forward))

    def shocked_vol(self, vol, mode, k, tau, seconds, underlying):
        ranges, shock = self.ranges[underlying], self.p["volatility"]
        if mode == "none":
            return vol
        if mode in ("up", "down"):
            power = self.n(shock["short_power"] if seconds <= 30 * DAY else shock["long_power"])
            ratio = self.n(30 * DAY) / max(seconds, int(shock["floor"]))
            m = self.a.exp(power * self.a.ln(ratio))
            if mode == "up":
                up = 1 + self.n(ranges.get("volatility_up", "0.5")) * m
                return max(self.n(shock["minimum_up"]), vol * min(up, self.n(64)))
            return vol * max(self.n(0), 1 - self.n(ranges.get("volatility_down", "0.3")) * m)
        name = "linear" if mode == "skew-linear" else "absolute"
        root = self.a.sqrt(tau)
        cap = self.par("skew", name + "_cap") + self.par("skew", name + "_slope") * root
        level = max(self.par("skew", "volatility_static") + root * self.par("skew", "volatility_slope"), self.n(0))
        kstar = max(self.par("skew", "kstar_minimum"), root * self.par("skew", "width") * level)
        x = k if name == "linear" else abs(k)
        # Clamped on the side of the money where it is; a cap below 0 inverts, as the peer's does.
        turn = min(cap, x * cap / kstar) if x >= 0 else max(-cap, x * cap / kstar)
        return vol * max(self.n(0), 1 + turn)

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

    def option_value(self, position, ratio, mode, flat=None):
        """Discounted value of the position with the forward's variable part times `ratio`; `flat`: at that volatility."""
        (underlying, kind, expiry, strike), quantity, _ = position
        tenor = self.tenor(underlying, expiry)
        vol = self.n(0)
        if flat is not None:
            vol = flat
        elif not tenor.expired:
            k = self.a.ln(self.n(strike)) - self.a.ln(tenor.forward)
            vol = self.shocked_vol(self.vol(tenor.terms, tenor.forward, strike), mode, k, tenor.tau, tenor.seconds, underlying)
        price = self.black76(kind, tenor.at(ratio), self.n(strike), vol, tenor.tau)
        return quantity * price * tenor.discount

    # What a part holds

    def part(self, underlying, *kinds):
        return [p for p in self.positions if p[0][0] == underlying and p[0][1] in kinds]

    def of_expiry(self, underlying, expiry):
        """(options, futures) of one expiry."""
        options = [p for p in self.part(underlying, "call", "put") if p[0][2] == expiry]
        return options, [p for p in self.part(underlying, "future") if p[0][2] == expiry]

    def expiries_of(self, underlying):
        return sorted({p[0][2] for p in self.part(underlying, "call", "put", "future")})

    def index(self, underlying):
        return self.n(self.underlyings[underlying]["index"])

    def perpetual(self, underlying):
        """(mark, funding index or nothing, confidence)"""
        market = self.underlyings[underlying].get("perpetual")
        if market is None:
            return self.index(underlying), None, self.n(0)
        return self.n(market["mark"]), self.n(market.get("funding_index", "0")), self.n(market.get("confidence", "1"))

    def collateral(self, underlying):
        """(terms, value, confidence) of each token that counts to the underlying."""
        held = []
        for c in self.line["portfolio"].get("collateral", []):
            token = self.tokens[c["collateral"]]
            if token["underlying"] != underlying:
                continue
            feed = self.feeds.get(token["collateral"])
            price = self.n(feed["price"]) if feed else self.index(underlying)
            own = feed if feed else self.underlyings[underlying]
            held.append((token, self.n(c["amount"]) * price / self.stable, self.n(own.get("confidence", "1"))))
        return held

    def cancelling(self, underlying):
        return self.total(value for token, value, _ in self.collateral(underlying) if token.get("cancels_risk"))

    def delta_one_gains(self, underlying):
        """Unsettled gains and funding."""
        gains = self.n(0)
        mark, funding, _ = self.perpetual(underlying)
        for _, quantity, p in self.part(underlying, "perpetual"):
            settled = self.n(p.get("funding_reference", "0"))
            gains += quantity * (mark - self.n(p.get("reference_price", "0")))
            gains -= quantity * ((settled if funding is None else funding) - settled)
        for (_, _, expiry, _), quantity, p in self.part(underlying, "future"):
            gains += quantity * (self.tenor(underlying, expiry).forward - self.n(p.get("reference_price", "0")))
        return gains

    def payoff(self, options, at):
        out = self.n(0)
        for (_, kind, _, strike), quantity, _ in options:
            out += quantity * max(at - self.n(strike) if kind == "call" else self.n(strike) - at, self.n(0))
        return out

    def greatest_loss(self, underlying, options, mark):
        """L: signed. Calls that are short on balance lose ever more beyond six times the index: each leaves room of the index at least."""
        if not options:
            return self.n(0)
        index = self.index(underlying)
        loss = -min(self.payoff(options, x) for x in [self.n(0), 6 * index] + [self.n(p[0][3]) for p in options])
        short = -self.total(q for (_, kind, _, _), q, _ in options if kind == "call")
        return max(loss, short * index - mark) if short > 0 else loss

    # One underlying

    def delta_one_outcome(self, underlying, ratio, weight):
        held = self.total(q for _, q, _ in self.part(underlying, "perpetual"))
        linear = held * self.perpetual(underlying)[0] + self.cancelling(underlying)
        out = weight * (ratio - 1) * linear
        for (_, _, expiry, _), quantity, _ in self.part(underlying, "future"):
            tenor = self.tenor(underlying, expiry)
            out += weight * quantity * (tenor.at(ratio) - tenor.forward)
        return out

    def options_outcome(self, underlying, expiry, ratio, mode, weight, mark, loss):
        """What the options of an expiry gain in one scenario."""
        options, _ = self.of_expiry(underlying, expiry)
        tenor = self.tenor(underlying, expiry)
        caps = self.p["corrections"]["caps_losses"]
        worth = self.total(self.option_value(p, ratio, mode) for p in options)
        if worth >= 0:
            long = self.p["long"]
            growth = tenor.rate * self.n(long["multiplier"]) + self.n(long["addition"])
            worth *= self.n(long["base"]) * self.a.exp(-tenor.tau * growth)
        else:
            short = self.p["short"]
            growth = tenor.rate * self.n(short["multiplier"]) + self.n(short["addition"])
            worth *= min(1 / tenor.discount, self.n(short["base"]) * self.a.exp(tenor.tau * growth))
        if caps:
            worth = max(worth, min(mark, -loss))
        term = worth - mark
        if mode.startswith("skew"):
            term = -abs(term)
            if caps:
                term = max(term, -max(self.n(0), loss + mark))
        return weight * term

    def doubt(self, confidence, amount):
        threshold = self.par("contingencies", "confidence_threshold")
        if confidence >= threshold:
            return self.n(0)
        lacking = 1 - confidence
        if self.p["corrections"]["smooth_confidence"]:
            lacking = min(self.n(1), (threshold - confidence) / threshold)
        return lacking * self.par("contingencies", "confidence_margin") * amount

    def contracts(self, positions):
        return self.total(abs(q) for _, q, _ in positions)

    def naked(self, options):
        out = self.n(0)
        for strike in {Decimal(p[0][3]) for p in options}:
            at = [q for t, q, _ in options if Decimal(t[3]) == strike]
            out += max(self.total(-q for q in at), self.n(0))
        return out

    def calendar(self, underlying):
        perpetual = self.total(q for _, q, _ in self.part(underlying, "perpetual"))
        # The mark only where a perpetual is held: what a book doesn't hold has no part in its figures.
        price = self.perpetual(underlying)[0] if perpetual else self.index(underlying)
        legs = [(perpetual + self.cancelling(underlying) / self.index(underlying), price, self.n(0))]
        for expiry in self.expiries_of(underlying):
            _, futures = self.of_expiry(underlying, expiry)
            tenor = self.tenor(underlying, expiry)
            legs.append((self.total(q for _, q, _ in futures), tenor.variable, tenor.tau))
        zero = self.n(0)
        sides = [[leg for leg in legs if leg[0] > 0], [leg for leg in legs if leg[0] < 0]]
        sizes = [self.total(abs(q) for q, _, _ in side) for side in sides]
        matched = min(sizes)
        if matched == 0:
            return zero
        charge = zero
        for side, size in zip(sides, sizes):
            for quantity, price, tau in side:
                rate = self.par("corrections", "calendar_floor") + self.par("corrections", "calendar_slope") * self.a.sqrt(tau)
                charge += matched / size * abs(quantity) * price * rate
        return charge

    def expiry_confidence(self, underlying, expiry):
        spot = self.n(self.underlyings[underlying].get("confidence", "1"))
        terms = self.tenor(underlying, expiry).terms
        confidences = [spot, self.n(terms.get("forward_confidence", "1"))]
        if self.of_expiry(underlying, expiry)[0]:
            confidences += [self.n(terms.get("rate_confidence", "1")), self.n(terms.get("volatility_confidence", "1"))]
        if self.part(underlying, "perpetual"):
            confidences.append(self.perpetual(underlying)[2])
        return min(confidences)

    def old_surface(self, underlying, expiry):
        """(initial, maintenance) charge of a surface that is over an hour old."""
        zero = self.n(0)
        options, _ = self.of_expiry(underlying, expiry)
        tenor = self.tenor(underlying, expiry)
        age = self.now - tenor.terms.get("model_time", self.now)
        on = self.p["corrections"]["charges_old_surfaces"]
        # Volatilities by strike are no surface.
        if not on or not options or tenor.expired or "svi" not in tenor.terms or age <= OLD:
            return zero, zero
        flat = self.surface(tenor.terms, zero)
        mark = self.total(self.option_value(p, self.n(1), "none") for p in options)
        lost = max(mark - self.total(self.option_value(p, self.n(1), "none", flat) for p in options), zero)
        return lost, lost * min(self.n(age - OLD) / DAY, self.n(1))

    def dispute(self, underlying, expiry):
        """The most that an expiry's lines together can lose against what they count at, before its price is final."""
        tenor = self.tenor(underlying, expiry)
        if tenor.dispute is None:
            return self.n(0)
        options, futures = self.of_expiry(underlying, expiry)
        least, greatest = tenor.dispute
        worth = lambda at: self.payoff(options, at) + self.total(q for _, q, _ in futures) * at
        prices = [least, greatest] + [x for x in (self.n(p[0][3]) for p in options) if least < x < greatest]
        return max(self.n(0), worth(tenor.forward) - min(worth(x) for x in prices))

    def data_charges(self, underlying):
        """(initial, maintenance) of what every mode carries but for options' confidence: other confidence, old surfaces, claims, haircuts."""
        index = self.index(underlying)
        spot = self.n(self.underlyings[underlying].get("confidence", "1"))
        initial = maintenance = self.n(0)
        perpetuals = self.part(underlying, "perpetual")
        if perpetuals:
            initial += self.doubt(min(spot, self.perpetual(underlying)[2]), self.contracts(perpetuals) * index)
        for expiry in self.expiries_of(underlying):
            _, futures = self.of_expiry(underlying, expiry)
            if not self.is_claim(underlying, expiry):
                initial += self.doubt(self.expiry_confidence(underlying, expiry), self.contracts(futures) * index)
            old = self.old_surface(underlying, expiry)
            initial += old[0] + self.dispute(underlying, expiry)
            maintenance += old[1]
        for token, value, confidence in self.collateral(underlying):
            haircut = value * self.n(token["maintenance_haircut"])
            maintenance += haircut
            initial += haircut + value * self.n(token["initial_haircut"]) + self.doubt(min(confidence, spot), value)
        return initial, maintenance

    def is_claim(self, underlying, expiry):
        """An expired line, of which no model is trusted any more; the peers charge it like any other."""
        return self.tenor(underlying, expiry).expired and any(float(x) for x in self.p["corrections"].values())

    def options_doubt(self, underlying, expiry):
        options, _ = self.of_expiry(underlying, expiry)
        if not options or self.is_claim(underlying, expiry):
            return self.n(0)
        return self.doubt(self.expiry_confidence(underlying, expiry), self.contracts(options) * self.index(underlying))

    def slow_ratio(self, underlying):
        slow = self.underlyings[underlying].get("slow_price")
        return None if slow is None else self.n(slow) / self.index(underlying)

    def figures(self, underlying):
        zero, one = self.n(0), self.n(1)
        index = self.index(underlying)
        expiries = self.expiries_of(underlying)
        options = {e: self.of_expiry(underlying, e)[0] for e in expiries}
        marks = {e: self.total(self.option_value(p, one, "none") for p in options[e]) for e in expiries}
        losses = {e: self.greatest_loss(underlying, options[e], marks[e]) for e in expiries}
        caps = self.p["corrections"]["caps_losses"]
        value = self.delta_one_gains(underlying) + self.total(marks.values())
        value += self.total(v for _, v, _ in self.collateral(underlying))

        # Scenarios; the last is initial margin's own. Without a slow price an underlying has none, and brings nothing to that of its group.
        rows = [(*self.shock(s, underlying), s["volatility"]) for s in self.scenarios]
        slow = self.slow_ratio(underlying)
        rows.append((one if slow is None else slow, one, "none"))
        own = {e: [self.options_outcome(underlying, e, ratio, mode, weight, marks[e], losses[e]) for ratio, weight, mode in rows]
               if options[e] else [zero] * len(rows) for e in expiries}
        pnl = [self.delta_one_outcome(underlying, ratio, weight) + self.total(own[e][i] for e in expiries)
               for i, (ratio, weight, mode) in enumerate(rows)]
        slow_pnl = pnl.pop()

        basis = zero
        for e in expiries:
            moves = (1 + self.par("basis", "up"), 1 - self.par("basis", "down"))
            outcomes = [self.total(self.option_value(p, r, "none") for p in options[e]) - marks[e] for r in moves]
            factor = self.par("basis", "add") + self.par("basis", "multiplier") * self.tenor(underlying, e).tau
            term = min(*outcomes, zero) * factor
            basis += max(term, -max(zero, losses[e] + marks[e])) if caps else term
        worst = min([basis] + pnl)
        initial_worst = worst if slow is None else min(worst, slow_pnl)

        # Contingencies: `initial` holds both.
        con = lambda name: self.par("contingencies", name)
        initial, maintenance = self.data_charges(underlying)
        notional = self.contracts(self.part(underlying, "perpetual")) * index
        calendar = self.calendar(underlying)
        maintenance += notional * con("perpetual_maintenance") + calendar
        initial += notional * (con("perpetual_maintenance") + con("perpetual_initial"))
        initial += calendar * (1 + self.par("corrections", "calendar_initial"))
        for e in expiries:
            if not options[e]:
                continue
            tenor = self.tenor(underlying, e)
            naked = self.naked(options[e]) * index * tenor.exposed
            long = self.total(self.option_value(p, one, "none") for p in options[e] if p[1] > 0)
            near = max(zero, min(one, (8 * DAY - self.n(tenor.seconds)) / (4 * DAY)))
            vanishing = self.par("corrections", "vanishing") * (1 - tenor.observed) * max(zero, min(long, marks[e] + losses[e])) * near
            first = naked * con("option_maintenance") + vanishing
            both = first + naked * con("option_initial") + self.options_doubt(underlying, e)
            if caps:
                scan = own[e][:-1]
                initial_scan = scan if slow is None else own[e]
                room = losses[e] + marks[e]
                first = min(first, max(zero, room + self.par("scan", "maintenance") * min(scan)))
                both = min(both, max(zero, room + self.par("scan", "initial") * min(initial_scan)))
            maintenance += first
            initial += both
        late = self.par("scan", "maintenance") * -worst + maintenance
        return {
            "underlying": underlying, "value": value, "worst": worst, "basis": basis, "pnl": pnl,
            "slow": None if slow is None else slow_pnl, "slow_row": zero if slow is None else slow_pnl,
            "maintenance_contingency": maintenance, "initial_contingency": initial,
            "initial_requirement": max(self.initial_factor() * -initial_worst + initial, late),
            "maintenance_requirement": late,
            "room": {e: max(zero, losses[e] + marks[e]) for e in expiries},
        }

    def initial_factor(self):
        peg = max(self.n(0), self.par("scan", "peg_threshold") - self.stable) * self.par("scan", "peg_factor")
        return self.par("scan", "initial") + peg

    # Beyond one underlying

    def greeks(self, position):
        """(delta, gamma) of an option position with respect to the forward's part that can still move."""
        (underlying, kind, expiry, strike), quantity, _ = position
        tenor = self.tenor(underlying, expiry)
        forward, share, strike_price = tenor.forward, tenor.variable / tenor.forward, self.n(strike)
        s = self.vol(tenor.terms, forward, strike) * self.a.sqrt(tenor.tau) if not tenor.expired else self.n(0)
        if s == 0:
            probability, density = self.n(1 if strike_price < forward else 0), self.n(0)
        else:
            d1 = (self.a.ln(forward) - self.a.ln(strike_price)) / s + s / 2
            probability = self.a.cdf(d1)
            density = self.a.exp(-d1 * d1 / 2) / self.a.sqrt(self.n("6.283185307179586476925286766559005768394")) / (forward * s)
        delta = probability if kind == "call" else probability - 1
        return quantity * delta * tenor.discount * share, quantity * density * tenor.discount * share * share

    def floor_and_charge(self, part, extensions):
        underlying = part["underlying"]
        index, zero = self.index(underlying), self.n(0)
        # (net, gross) of what each brings.
        deltas, gamma = [], zero
        for _, quantity, _ in self.part(underlying, "perpetual"):
            deltas.append((quantity, abs(quantity)))
        for token, value, _ in self.collateral(underlying):
            if token.get("cancels_risk"):
                deltas.append((value / index, abs(value / index)))
        for expiry in self.expiries_of(underlying):
            options, futures = self.of_expiry(underlying, expiry)
            tenor = self.tenor(underlying, expiry)
            for _, quantity, _ in futures:
                moved = quantity * tenor.variable / tenor.forward
                deltas.append((moved, abs(moved)))
            greeks = [self.greeks(p) for p in options]
            net, gross = self.total(d for d, _ in greeks), self.total(abs(d) for d, _ in greeks)
            if self.p["corrections"]["caps_losses"]:
                most = part["room"][expiry] / index
                net, gross = max(-most, min(most, net)), min(most, gross)
            deltas.append((net, gross))
            gamma += self.total(g for _, g in greeks)
        net = abs(self.total(d for d, _ in deltas))
        hedged = max(self.total(d for _, d in deltas) - net, zero) / 2
        x = lambda name: self.n(extensions.get(name, "0"))
        floor = (x("floor_net") * net + x("floor_hedged") * hedged) * index
        move = self.n(self.ranges[underlying]["range"]) * index
        loss = max(-gamma, zero) * move * move / 2
        charge = x("gamma") * max(loss - x("gamma_threshold"), zero)
        size = net * index
        charge += min(x("liquidity_maximum"), x("liquidity_rate") * max(size - x("liquidity_threshold"), zero)) * size
        return floor, charge

    def offset(self, given):
        """A number, or the share of a correlation inside its bounds."""
        if not isinstance(given, dict):
            return self.n(given)
        correlation = max(self.n(0), min(self.n(1), self.n(given["correlation"])))
        return max(self.n(given["floor"]), min(self.n(given["ceiling"]), correlation * self.n(given["share"])))

    def scan_loss(self, members, theta, initial, floor):
        """The loss of a group that is charged: offset and plain sum blended, at least the floor. `theta` is nothing for one that stands alone."""
        zero = self.n(0)
        basis = self.total(part["basis"] for part in members)
        with_slow = initial and any(part["slow"] is not None for part in members)
        rows = [[part["pnl"][i] for part in members] for i in range(len(self.scenarios))]
        modes = [s["volatility"] for s in self.scenarios]
        if with_slow:
            rows.append([part["slow_row"] for part in members])
            modes.append("none")
        alone = zero
        for i, part in enumerate(members):
            own = [row[i] for row in (rows if initial and part["slow"] is not None else rows[:len(self.scenarios)])]
            alone -= min([part["basis"]] + own)
        if theta is None:
            return max(alone, floor)
        phi = lambda x, mode: x if x < 0 else zero if mode.startswith("skew") else theta * x
        together = -min([basis] + [self.total(phi(x, mode) for x in row) for row, mode in zip(rows, modes)])
        weight = min(theta / self.n("0.6"), self.n(1))
        return max(weight * together + (1 - weight) * alone, floor)

    def extended(self, parts):
        """(initial requirement, maintenance requirement) of each group, with the extensions."""
        extensions = self.line.get("parameters", {}).get("extensions", {})
        offsets = {o["group"]: self.offset(o["offset"]) for o in extensions.get("offsets", [])}
        groups = {}
        for part in parts:
            groups.setdefault(self.group_of(part["underlying"], "portfolio"), []).append(part)
        out = {}
        for (kind, group), members in groups.items():
            floors, charges = zip(*(self.floor_and_charge(part, extensions) for part in members))
            floor, charge = self.total(floors), self.total(charges)
            theta = offsets[group] if kind == "group" else None
            late = self.par("scan", "maintenance") * self.scan_loss(members, theta, False, floor) + charge
            late += self.total(part["maintenance_contingency"] for part in members)
            first = self.initial_factor() * self.scan_loss(members, theta, True, floor) + charge
            first += self.total(part["initial_contingency"] for part in members)
            # The cap of contingencies looks at each expiry alone: where expiries hedge each other it would leave less initially.
            out[kind, group] = max(first, late), late
        return out

    def group_of(self, underlying, mode):
        group = self.ranges[underlying].get("group", 0)
        offsets = {o["group"] for o in self.line["parameters"].get("extensions", {}).get("offsets", [])}
        return ("group", group) if mode == "portfolio" and group and group in offsets else ("alone", underlying)

    def standard(self, underlying, mode, initial):
        """Requirement of one underlying by the standard formulas."""
        index, zero, one = self.index(underlying), self.n(0), self.n(1)
        width = self.n(self.ranges[underlying]["range"])
        rate = lambda name: self.par("standard", name)
        wide = max(one, width / self.n("0.18"))
        linear_rate = rate("linear_initial" if initial else "linear_maintenance") * max(one, width / self.n("0.1"))
        held = zero

        linear = [q for _, q, _ in self.part(underlying, "perpetual")]
        for (_, _, expiry, _), quantity, _ in self.part(underlying, "future"):
            linear.append(quantity * self.tenor(underlying, expiry).exposed)
        contracts = abs(self.total(linear)) if mode == "cross" else self.total(abs(q) for q in linear)
        held += contracts * index * linear_rate
        if mode == "cross":
            held += self.calendar(underlying)
        held += self.cancelling(underlying) * width * (one if initial else self.n("0.8"))

        charges = self.data_charges(underlying)[0 if initial else 1]
        for expiry in self.expiries_of(underlying):
            options, _ = self.of_expiry(underlying, expiry)
            tenor = self.tenor(underlying, expiry)
            if initial:
                charges += self.options_doubt(underlying, expiry)
            values = self.total(self.option_value(p, one, "none") for p in options)
            alone = zero
            for position in options:
                (_, kind, _, strike), quantity, _ = position
                if quantity >= 0:
                    continue
                price, k = self.option_value(position, one, "none") / quantity, self.n(strike)
                otm = max(k - index if kind == "call" else index - k, zero)
                if initial:
                    margin = max(wide * rate("option_initial") * index - otm, wide * rate("option_minimum") * index)
                else:
                    margin = wide * rate("option_maintenance") * index
                owed = price + margin * tenor.exposed
                alone += -quantity * (min(owed, k) if kind == "put" else owed)
            if mode == "isolated":
                held += values + alone
            elif options:
                short = max(-self.total(q for _, q, _ in options), zero)
                beyond = self.n("0.01") * wide * index * short * tenor.exposed
                held += max(zero, values + min(alone, self.greatest_loss(underlying, options, values) + beyond))
        slow = self.figures(underlying)["slow"] if initial else None
        return max(held, zero if slow is None else -slow) + charges

    # Parts whose data can't be used

    def level(self, underlying):
        return LEVELS.index(self.underlyings[underlying].get("validity", "valid"))

    def worst_bound(self, underlying):
        """What stands in equity for a part whose data can't be used."""
        out, index = self.n(0), self.index(underlying)
        for (_, kind, _, strike), quantity, _ in self.part(underlying, "call", "put"):
            if quantity < 0:
                out += quantity * (index if kind == "call" else self.n(strike))
        if index == 0:
            return out
        if self.part(underlying, "perpetual", "future"):
            held = self.total(q for _, q, _ in self.part(underlying, "perpetual"))
            rows = [self.n(0)]
            for scenario in self.scenarios:
                ratio, weight = self.shock(scenario, underlying)
                row = weight * (ratio - 1) * held * self.perpetual(underlying)[0]
                for (_, _, expiry, _), quantity, _ in self.part(underlying, "future"):
                    tenor = self.tenor(underlying, expiry)
                    row += weight * quantity * (tenor.at(ratio) - tenor.forward)
                rows.append(row)
            out += self.delta_one_gains(underlying) + min(rows)
        return out

    def assess(self):
        zero, one = self.n(0), self.n(1)
        used = {p[0][0] for p in self.positions}
        used |= {self.tokens[c["collateral"]]["underlying"] for c in self.line["portfolio"].get("collateral", [])}
        used = sorted(used)
        mode = self.line.get("parameters", {}).get("mode", "portfolio")
        marked = [u for u in used if self.index(u) > 0]
        parts = {u: self.figures(u) for u in marked}
        bounds = {u: self.worst_bound(u) for u in used if self.level(u) < 4}

        def required(wanted):
            """(initial, maintenance) of these parts, by what they are scanned with."""
            if mode == "portfolio":
                return self.extended([parts[u] for u in wanted])
            both = {u: [self.standard(u, mode, initial) for initial in (True, False)] for u in wanted}
            return {("alone", u): (max(first, late), late) for u, (first, late) in both.items()}

        def summed(wanted):
            pairs = required(wanted).values()
            return self.total(first for first, _ in pairs), self.total(late for _, late in pairs)

        portfolio = self.line["portfolio"]
        liquid = self.n(portfolio.get("cash", "0")) + self.n(portfolio.get("pool", "0"))
        sound = [u for u in marked if u not in bounds]
        broken = [u for u in used if self.level(u) < 2]
        initial, maintenance = summed(sound)
        total = {"equity": liquid + self.total(parts[u]["value"] for u in sound) + self.total(bounds.values()),
                 "initial_requirement": initial, "maintenance_requirement": maintenance}

        # Whether the account is short: what is broken drifts from its last data to its worst bound.
        drift = {}
        for u in broken:
            age = self.now - self.underlyings[u].get("updated_at", self.now)
            drift[u] = max(zero, min(one, (self.n(age) - DAY) / (3 * DAY))) if u in parts else one
        close = liquid + self.total((one - drift.get(u, zero)) * parts[u]["value"] for u in marked)
        total["close_equity"] = close + self.total(d * bounds[u] for u, d in drift.items())
        last, healthy = required(marked), required([u for u in marked if u not in broken])
        total["close_requirement"] = zero
        for group, (_, whole) in last.items():
            # What is scanned together moves together, with the part that is broken for the shortest time.
            rest = healthy.get(group, (zero, zero))[1]
            gone = [d for u, d in drift.items() if u in parts and group == self.group_of(u, mode)]
            total["close_requirement"] += whole + (rest - whole) * min(gone, default=zero)
        total["last_equity"] = liquid + self.total(parts[u]["value"] for u in marked)
        # What never had data owes its worst bound.
        total["last_requirement"] = self.total(late for _, late in last.values()) - self.total(bounds[u] for u in used if u not in parts)
        total["healthy_requirement"] = self.total(late for _, late in healthy.values())
        shown = ("underlying", "value", "worst", "basis", "pnl", "initial_requirement", "maintenance_requirement")
        return {"id": self.line.get("id"), **total, "underlyings": [{name: parts[u][name] for name in shown} for u in marked]}


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
        print(json.dumps(figures, default=lambda x: mpmath.nstr(x, 30)), flush=True)


if __name__ == "__main__":
    main()
