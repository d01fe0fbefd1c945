"""Books through recorded price bars. The bars carry no volatilities: the surface has the shape of a recorded chain, its level
follows the realised volatility of the bars, and it moves with the forward."""

import math

import strategies
from svi import YEAR, black76, cdf

DAY = 86_400
# Days to the expiries of replayed books.
NEAR, FAR = 14, 60
# Half-life of the realised volatility, and implied over realised.
HALF_LIFE, PREMIUM = 5 * DAY, 1.1
LEAST, MOST = 0.25, 3.0


def realised(bars):
    """Annual volatility before each bar, by exponential weights; the first month of a block settles it."""
    out, variance, last = [], 0.5, None
    for time, row in zip(bars.times, bars.rows):
        out.append(math.sqrt(variance))
        if last is not None and time - last == bars.step:
            weight = 0.5 ** (bars.step / HALF_LIFE)
            move = math.log(row[3] / row[0])
            variance = weight * variance + (1 - weight) * move * move * YEAR / bars.step
        last = time
    return out


class Surface:
    """A chain's slices by time to expiry, at any level."""

    def __init__(self, slices):
        self.slices = sorted(slices, key=lambda s: s.tau)
        near = min(self.slices, key=lambda s: abs(s.tau - 30 / 365))
        self.level = near.vol(0)

    def at(self, tau, level):
        """The nearest slice, as volatilities, at a level of 30-day volatility."""
        shape = min(self.slices, key=lambda s: abs(math.log(s.tau / tau)))
        ratio = max(LEAST, min(MOST, PREMIUM * level)) / self.level
        scaled = shape.scaled(ratio * math.sqrt(tau / shape.tau))
        scaled.tau = tau
        return scaled


def strike_of(slice_, spot, right, delta):
    """The strike, of four significant digits, at which the option has that delta."""
    low, high = -3.0, 3.0
    for _ in range(40):
        k = (low + high) / 2
        deviation = max(slice_.vol(k) * math.sqrt(slice_.tau), 1e-6)
        call = cdf(-k / deviation + deviation / 2)
        reached = call if right == "C" else 1 - call
        above = reached > delta
        if above == (right == "C"):
            low = k
        else:
            high = k
    price = spot * math.exp((low + high) / 2)
    power = 10 ** (math.floor(math.log10(price)) - 3)
    return round(price / power) * power


class Quote:
    def __init__(self, right, expiry, strike):
        self.right, self.expiry, self.strike = right, expiry, strike


def opened(surface, now, spot, level, seed):
    """(slices by expiry, books by name) at a moment."""
    expiries = {now - now % 3600 + days * DAY: None for days in (NEAR, FAR)}
    slices = {e: surface.at((e - now) / YEAR, level) for e in expiries}
    pick = lambda expiry, right, delta: Quote(right, expiry, strike_of(slices[expiry], spot, right, delta))
    near, far = sorted(slices)
    books = list(strategies.named(pick, near, far).items())

    def delta_of(leg):
        k = math.log(leg.strike / spot)
        deviation = slices[leg.expiry].vol(k) * math.sqrt(slices[leg.expiry].tau)
        call = cdf(-k / deviation + deviation / 2)
        return call if leg.kind == "C" else call - 1

    books.append(("maker, hedged", strategies.maker(pick, [near, far], delta_of, seed)))
    return slices, books


def value(legs, spot, entry, slices, prices):
    """The books' gains since entry and marks; `prices` remembers what an option is worth in this state."""
    total = 0.0
    for leg, quantity in legs:
        if leg.kind in ("perpetual", "future"):
            total += quantity * (spot - entry)
            continue
        if leg not in prices:
            slice_ = slices[leg.expiry]
            k = math.log(leg.strike / spot)
            prices[leg] = black76(leg.kind, spot, leg.strike, slice_.vol(k) * math.sqrt(slice_.tau))
        total += quantity * prices[leg]
    return total


def states(bars, vols, start, surface, expiries):
    """(time, price, slices) at each bar's close of the 24 hours after an opening time, and at the lowest and the highest price."""
    window = bars.window(start, DAY)
    first = bars.at[start]
    prices = [(i, row[3]) for i, row in enumerate(window)]
    prices.append(min(((i, row[2]) for i, row in enumerate(window)), key=lambda e: e[1]))
    prices.append(max(((i, row[1]) for i, row in enumerate(window)), key=lambda e: e[1]))
    for i, price in prices:
        time = start + (i + 1) * bars.step
        level = vols[min(first + i + 1, len(vols) - 1)]
        yield time, price, {e: surface.at((e - time) / YEAR, level) for e in expiries}
