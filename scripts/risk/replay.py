"""Books through recorded price bars. The bars carry no volatilities: the surface has the shape of a recorded chain, its level
follows the realised volatility of the bars, and it moves with the forward."""

import math

import strategies
from svi import YEAR, black76, cdf

DAY = 86_400
# Days to the nearer and the farther expiry of replayed books.
MATURITIES = ((1.5, 14), (3, 30), (6, 30), (14, 60), (45, 90))
# Half-lives of the realised volatility by days to expiry (recorded at-the-money volatilities of 7, 30 and 90 days move by 7.5%, 3% and
# 1.5% a day), and implied over realised.
HALF_LIVES, PREMIUM = ((7, 5 * DAY), (30, 12.5 * DAY), (90, 25 * DAY)), 1.1
LEAST, MOST = 0.25, 3.0
# The rule by which ranges follow volatility: half-lives, share and size of the constant (a day), multiple, bounds, ramps up and down.
FAST, SLOW, CONSTANT, MULTIPLE, FLOOR, CEILING, UP, DOWN = 7 * DAY, 60 * DAY, 1 / 3, 4.85, 0.10, 0.45, DAY, 3 * DAY
MEAN = {"BTC": 0.00142, "ETH": 0.00242}


def realised(bars):
    """Annual volatility before each bar, by exponential weights of each half-life; the first month of a block settles it."""
    out = []
    for _, half_life in HALF_LIVES:
        levels, variance, last = [], 0.5, None
        weight = 0.5 ** (bars.step / half_life)
        for time, row in zip(bars.times, bars.rows):
            levels.append(math.sqrt(variance))
            if last is not None and time - last == bars.step:
                move = math.log(row[3] / row[0])
                variance = weight * variance + (1 - weight) * move * move * YEAR / bars.step
            last = time
        out.append(levels)
    return out


def level(vols, place, tau):
    """The volatility of a time to expiry, between the half-lives of the nearest."""
    place = min(place, len(vols[0]) - 1)
    days = max(HALF_LIVES[0][0], min(HALF_LIVES[-1][0], tau * 365))
    for (low, _), (high, _), near, far in zip(HALF_LIVES, HALF_LIVES[1:], vols, vols[1:]):
        if days <= high:
            share = math.log(days / low) / math.log(high / low)
            return near[place] * (1 - share) + far[place] * share
    return vols[-1][place]


def ranges(bars, currency):
    """The range for maintenance before each bar: where the rule would have it, on its ramps."""
    out, fast, slow, here = [], MEAN[currency], MEAN[currency], None
    hour = bars.step / 3600
    for time, row in zip(bars.times, bars.rows):
        variance = (fast + slow) * (1 - CONSTANT) / 2 + CONSTANT * MEAN[currency]
        target = max(FLOOR, min(CEILING, MULTIPLE * math.sqrt(variance)))
        here = target if here is None else here + (target - here) * min(1, bars.step / (UP if target > here else DOWN))
        out.append(here)
        move = min(abs(math.log(row[3] / row[0])), 0.5) ** 2 * 24 / hour
        fast += (move - fast) * (1 - 0.5 ** (bars.step / FAST))
        slow += (move - slow) * (1 - 0.5 ** (bars.step / SLOW))
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


def opened(surface, now, spot, vol, seed, near, far):
    """(slices by expiry, books by name) at a moment; `vol`: of a time to expiry; `near`, `far`: days to the expiries."""
    expiries = {now - now % 3600 + int(days * DAY): None for days in (near, far)}
    slices = {e: surface.at((e - now) / YEAR, vol((e - now) / YEAR)) for e in expiries}
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
        vol = lambda tau: level(vols, first + i + 1, tau)
        yield time, price, {e: surface.at((e - time) / YEAR, vol((e - time) / YEAR)) for e in expiries}
