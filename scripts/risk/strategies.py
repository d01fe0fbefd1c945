"""Plausible books: what traders and makers hold, as lists of (leg, contracts)."""

import collections
import random

DAY = 86_400

# kind: perpetual, future, C or P.
Leg = collections.namedtuple("Leg", "kind expiry strike")
PERPETUAL = Leg("perpetual", None, None)


def option(quote):
    return Leg(quote.right, quote.expiry, quote.strike)


def named(pick, expiry, far):
    """Books of one expiry (and a farther one): `pick(expiry, right, delta)` is a quote."""
    call = lambda d, e=expiry: option(pick(e, "C", d))
    put = lambda d, e=expiry: option(pick(e, "P", d))
    books = {
        "perpetual, long": [(PERPETUAL, 1)],
        "perpetual, short": [(PERPETUAL, -1)],
        "call, short 25 delta": [(call(0.25), -1)],
        "put, short 25 delta": [(put(0.25), -1)],
        "call, long at the money": [(call(0.5), 1)],
        "covered call": [(PERPETUAL, 1), (call(0.25), -1)],
        "protective put": [(PERPETUAL, 1), (put(0.25), 1)],
        "collar": [(PERPETUAL, 1), (put(0.25), 1), (call(0.25), -1)],
        "straddle, short": [(call(0.5), -1), (put(0.5), -1)],
        "straddle, long": [(call(0.5), 1), (put(0.5), 1)],
        "strangle, short 25 delta": [(call(0.25), -1), (put(0.25), -1)],
        "iron condor, 25/10 delta": [(call(0.25), -1), (call(0.1), 1), (put(0.25), -1), (put(0.1), 1)],
        "butterfly of calls": [(call(0.6), 1), (call(0.4), -2), (call(0.2), 1)],
        "risk reversal": [(call(0.25), 1), (put(0.25), -1)],
        "ratio spread of calls, 1 by 2": [(call(0.5), 1), (call(0.25), -2)],
        "ratio spread of puts, 1 by 2": [(put(0.5), 1), (put(0.25), -2)],
    }
    if far:
        books["calendar, short near"] = [(call(0.5), -1), (call(0.5, far), 1)]
        books["calendar, long near"] = [(call(0.5), 1), (call(0.5, far), -1)]
        books["basis, perpetual against future"] = [(PERPETUAL, 1), (Leg("future", far, None), -1)]
    return {name: merged(legs) for name, legs in books.items()}


def merged(legs):
    """Legs of one instrument as one, without those that cancel."""
    sums = collections.OrderedDict()
    for leg, quantity in legs:
        sums[leg] = sums.get(leg, 0) + quantity
    return [(leg, quantity) for leg, quantity in sums.items() if quantity]


def maker(pick, expiries, delta_of, seed):
    """A maker's book: short and long options of several expiries, its delta hedged with the perpetual."""
    r = random.Random(seed)
    legs = []
    for _ in range(r.choice([12, 24, 48])):
        quote = pick(r.choice(expiries), r.choice("CP"), r.uniform(0.05, 0.6))
        legs.append((option(quote), round(r.gauss(-0.1, 1), 3)))
    legs = merged(legs)
    delta = sum(quantity * delta_of(leg) for leg, quantity in legs)
    return merged(legs + [(PERPETUAL, -round(delta, 3))])


def of_snapshot(snapshot, seed):
    """All books of a snapshot by name: each strategy on each of up to four expiries, and makers' books."""
    expiries = snapshot.expiries(1.2 * DAY)
    chosen = expiries[:1] + expiries[2:8:2]
    pick = snapshot.by_delta
    books = []
    for i, expiry in enumerate(chosen):
        far = chosen[i + 1] if i + 1 < len(chosen) else None
        books += list(named(pick, expiry, far).items())
    delta_of = lambda leg: snapshot.quotes[(leg.expiry, leg.strike, leg.kind)].delta
    books += [("maker, hedged", maker(pick, expiries[:5], delta_of, f"{seed}/{n}")) for n in range(12)]
    # A perpetual is the same book on every expiry.
    once = set()
    return [(n, legs) for n, legs in books if not (n.startswith("perpetual") and (n in once or once.add(n)))]
