#!/usr/bin/env python3
"""How much books of real chains must hold, and how often a day cost them more: docs/reports/coverage.md.

The data isn't part of the project; a folder with chains/ and prices/ is named on the command line.

    scripts/risk/coverage.py --data FOLDER > docs/reports/coverage.md
"""

import argparse
import collections
import math
import pathlib
import statistics
import sys

import chains
import replay
import strategies
import svi
import valuation

DAY = 86_400
CALM = "deribit_20260114T153405Z_calm.csv"
FALL = "deribit_20260131-20260202_selloff_seq.csv.gz"
HISTORY = "{}USDT_binance_1h_history_dev.csv.gz"
RECENT = "{}USDT_binance_15m_20260112-20260202.csv.gz"


def table(heads, rows):
    print("| " + " | ".join(heads) + " |")
    print("|" + " --- |" * len(heads))
    for row in rows:
        print("| " + " | ".join(str(x) for x in row) + " |")
    print()


def percent(x, digits=1):
    return "–" if x is None else f"{100 * x:.{digits}f}%"


def share(count, total):
    """A share with the 95% interval of Wilson, for independent cases."""
    if not total:
        return "–"
    z, p = 1.96, count / total
    middle, spread = p + z * z / (2 * total), z * math.sqrt(p * (1 - p) / total + z * z / (4 * total * total))
    low, high = (middle - spread) / (1 + z * z / total), (middle + spread) / (1 + z * z / total)
    return f"{count} of {total} = {100 * p:.2f}% ({100 * low:.2f}–{100 * high:.2f})"


def marks(snapshot, legs):
    """What a book's options are worth by the recorded marks."""
    return sum(q * snapshot.quotes[leg.expiry, leg.strike, leg.kind].mark for leg, q in legs if valuation.is_option(leg))


def market_of(snapshot):
    slices, errors = svi.fitted(snapshot)
    return {e: (snapshot.forwards[e], s) for e, s in slices.items()}, errors


def requirements(margin, found):
    """The table of requirement over notional and of savings, over all snapshots."""
    rows, errors, count = collections.defaultdict(list), [], 0
    books = {}
    for snapshot in found:
        expiries, fit = market_of(snapshot)
        errors += fit
        books[snapshot.currency, snapshot.time] = held = []
        for name, legs in strategies.of_snapshot(snapshot, f"{snapshot.currency}/{snapshot.time}"):
            if any(leg.expiry and leg.expiry not in expiries for leg, _ in legs):
                continue
            of = {m: margin(valuation.line(snapshot.currency, legs, snapshot.time, snapshot.index, expiries, m)) for m in valuation.MODES}
            size = valuation.notional(legs, snapshot.index)
            # What must be there besides the options themselves, which are worth the equity of a book without cash.
            need = {m: x["initial_requirement"] - x["equity"] for m, x in of.items()}
            plain = of["portfolio"]
            saving = lambda mode: 1 - need["portfolio"] / need[mode] if need[mode] > 1e-9 * size else None
            rows[name].append((plain["initial_requirement"] / size, plain["maintenance_requirement"] / size, need["portfolio"] / size,
                               need["isolated"] / size, saving("isolated"), saving("cross")))
            held.append((name, legs, plain))
            count += 1
    print(f"{count:,} books on {len(found)} snapshots; {len(errors)} slices fitted, weighted error of volatility: median "
          f"{100 * statistics.median(errors):.2f} points, greatest {100 * max(errors):.2f}.\n")
    median = lambda values: statistics.median(v) if (v := [x for x in values if x is not None]) else None
    body = [(name, len(x), *(percent(median(column)) for column in zip(*x))) for name, x in rows.items()]
    everything = [row for x in rows.values() for row in x]
    body.append(("**all**", len(everything), *(percent(median(column)) for column in zip(*everything))))
    table(["book", "books", "initial / notional", "maintenance / notional", "cash needed / notional", "isolated: cash needed",
           "saving against isolated", "saving against cross"], body)
    dearer = sum(1 for x in everything if x[4] is not None and x[4] < 0)
    print(f"{dearer} of the {sum(1 for x in everything if x[4] is not None)} books with an isolated need cost more in portfolio mode than isolated.\n")
    return books


class Count:
    """Losses against requirements of one kind of book."""

    def __init__(self):
        self.cases = self.over = self.over_inside = self.over_initial = self.over_end = 0
        self.worst = 0.0

    def add(self, loss, at_end, figures, excursion):
        """`excursion`: the largest move of the price within the day, in ranges."""
        required = figures["maintenance_requirement"]
        self.cases += 1
        self.over += loss > required
        self.over_end += at_end > required
        self.over_inside += loss > required and excursion <= 1
        self.over_initial += loss > figures["initial_requirement"]
        if required > 0:
            self.worst = max(self.worst, loss / required)


def print_counts(counts):
    body = [(name, c.cases, c.over, percent(c.over / c.cases, 2), c.over_end, c.over_inside, c.over_initial, f"{c.worst:.2f}")
            for name, c in counts.items()]
    total = Count()
    for c in counts.values():
        for field in ("cases", "over", "over_end", "over_inside", "over_initial"):
            setattr(total, field, getattr(total, field) + getattr(c, field))
        total.worst = max(total.worst, c.worst)
    body.append(("**all**", total.cases, total.over, percent(total.over / total.cases, 2), total.over_end, total.over_inside,
                 total.over_initial, f"{total.worst:.2f}"))
    table(["book", "cases", "loss over maintenance", "share", "at the end of the day", "over while the price stayed within one range",
           "loss over initial", "greatest loss / maintenance"], body)
    return total


def by_marks(sequence, books, bars):
    """Losses of each book over the next 24 hours by recorded marks."""
    counts = collections.defaultdict(Count)
    for currency in chains.UNDERLYINGS:
        mine = [s for s in sequence if s.currency == currency]
        for i, snapshot in enumerate(mine):
            later = [s for s in mine[i + 1:i + 5] if s.time - snapshot.time <= DAY + 3600]
            if len(later) < 4:
                continue
            window = bars[currency].window(snapshot.time - snapshot.time % 900 + 900, DAY)
            moves = [abs(row[j] / snapshot.index - 1) for row in window for j in (1, 2)]
            excursion = max(moves) / float(valuation.RANGES[currency])
            for name, legs, figures in books[currency, snapshot.time]:
                losses = []
                for then in later:
                    if all(not valuation.is_option(leg) or (leg.expiry, leg.strike, leg.kind) in then.quotes for leg, _ in legs):
                        change = marks(then, legs) - marks(snapshot, legs)
                        change += sum(q * (then.index - snapshot.index) for leg, q in legs if leg.kind == "perpetual")
                        change += sum(q * (then.forwards[leg.expiry] - snapshot.forwards[leg.expiry]) for leg, q in legs if leg.kind == "future")
                        losses.append(-change)
                if len(losses) == len(later):
                    counts[name].add(max(losses), losses[-1], figures, excursion)
    return counts


def by_bars(margin, surfaces, files, every):
    """Losses of replayed books, a book of each kind opened every so many days; and how far the price went."""
    counts, moves = collections.defaultdict(Count), collections.defaultdict(list)
    for currency, path in files:
        bars = chains.Bars(path)
        vols = replay.realised(bars)
        surface, scale = surfaces[currency], float(valuation.RANGES[currency])
        start = bars.times[0] - bars.times[0] % DAY + 5 * DAY
        for now in range(start, bars.times[-1], every * DAY):
            window = bars.window(now, DAY)
            if not window:
                continue
            spot = window[0][0]
            excursion = max(max(row[1] / spot - 1, 1 - row[2] / spot) for row in window) / scale
            moves[currency].append((excursion, abs(window[-1][3] / spot - 1) / scale))
            slices, books = replay.opened(surface, now, spot, vols[bars.at[now]], f"{currency}/{now}")
            path_ = list(replay.states(bars, vols, now, surface, slices))
            known = [{} for _ in path_]
            before = {}
            for name, legs in books:
                figures = margin(valuation.line(currency, legs, now, spot, {e: (spot, s) for e, s in slices.items()}))
                entry = replay.value(legs, spot, spot, slices, before)
                losses = [entry - replay.value(legs, price, spot, after, prices) for (_, price, after), prices in zip(path_, known)]
                counts[name].add(max(losses), losses[-3], figures, excursion)
        print(f"{path.name}: {len(moves[currency])} days so far", file=sys.stderr)
    return counts, moves


HEAD = """# Requirements of real chains, and what a day cost

Written by `make coverage DATA=folder ARGS="--every 4"` (`scripts/risk/coverage.py`). The data (option chains of Deribit, price bars of Binance) has no licence to
be redistributed and isn't part of the project. Default parameters: range 18% for ETH and 16% for BTC, 33 scenarios, maintenance factor 0.8.

## Requirement and saving

Books by strategy, one contract a leg, on recorded chains: 14 January 2026 (calm) and eleven snapshots, six hours apart, of a fall of 17% in ETH (31 January to 2 February 2026). Each expiry's volatilities are a raw-SVI slice
fitted to the recorded ones; perpetuals and futures are entered at the market; the account has no cash. Strikes are those whose recorded delta is nearest, among options with a bid, on up to four
expiries; a maker's book has 12 to 48 random options of five expiries with its delta hedged by the perpetual. Medians of each kind; notional counts every leg at the index. Requirements include the mark of the options, which equity holds too, so
"cash needed" is the initial requirement less equity: what must be there besides the positions. The saving compares that with the standard formulas (`mode: isolated`, `cross`); – where these need nothing.
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, required=True, help="folder with chains/ and prices/")
    parser.add_argument("--binary", default="target/release/margin-jsonl")
    parser.add_argument("--every", type=int, default=1, help="days between replayed books")
    arguments = parser.parse_args()
    margin = valuation.Margin(arguments.binary)
    folder = arguments.data
    calm, fall = (chains.snapshots(folder / "chains" / name) for name in (CALM, FALL))
    print(HEAD)
    books = requirements(margin, calm + fall)

    print(MARKS)
    recent = {c: chains.Bars(folder / "prices" / RECENT.format(c)) for c in chains.UNDERLYINGS}
    print_counts(by_marks(fall, books, recent))

    print(BARS)
    surfaces = {s.currency: replay.Surface(list(svi.fitted(s)[0].values())) for s in calm}
    files = [(c, folder / "prices" / name.format(c)) for name in (HISTORY, RECENT) for c in chains.UNDERLYINGS]
    counts, moves = by_bars(margin, surfaces, files, arguments.every)
    total = print_counts(counts)
    print("Days: " + ", ".join(f"{currency} {len(days):,}" for currency, days in moves.items()) + f"; one in {arguments.every}.\n")
    conclusion(counts, total, moves)


def conclusion(counts, total, moves):
    print(CLAIM)
    rows = []
    for currency, days in moves.items():
        n = len(days)
        rows.append((currency, share(sum(x > 1 for x, _ in days), n), share(sum(x > 1 for _, x in days), n), share(sum(x > 0.8 for x, _ in days), n)))
    table(["", "left one range within the day", "was beyond it at the day's end", "went beyond 0.8 ranges"], rows)
    n = sum(len(days) for days in moves.values())
    tail = sum(x > 1 for days in moves.values() for x, _ in days)
    claim = tail / n
    worse = [name for name, c in counts.items() if c.over / c.cases > claim]
    print(f"All days: {share(tail, n)}. All books: {share(total.over, total.cases)} (books of one day aren't independent: the interval is too narrow). "
          f"{'No kind of book exceeds' if not worse else 'Above'} the claim{'' if not worse else ': ' + ', '.join(worse)}.\n")


MARKS = """## A day by recorded marks

Each of those books in the falling market, held for the next four snapshots (24 hours), valued by the recorded marks, indices and forwards at both ends. The loss of a case is the worst of the four; it is over the requirement if an account that held just that would have been insolvent
at a snapshot. One fall is one event, however many books meet it.

Long calls are over: what they are worth counts as equity and may be borrowed against, but for 0.8 of what they lose in the worst scenario, and near expiry a falling day takes more than that of
them. An account that borrowed nothing against its options can't owe anything; one that borrowed all it may would.
"""

BARS = """## Days in recorded bars

A book of each kind (expiries in 14 and 60 days) opened at midnight (UTC; which days, see below) of the recorded hourly bars (2018 to 2024, with gaps) and of January 2026, held for 24 hours. The loss is the worst at the close of any bar and at the day's extremes.
The bars carry no volatilities: the surface has the shape of the calm chain, sticks to moneyness, and its level is 1.1 times realised volatility (exponential weights, half-life 5 days; 25% to 300%), at opening and at each bar. So a fall raises volatility only as
fast as it is realised: jumps of implied volatility ahead of it are not in this table. The maintenance requirement takes the fixed default ranges.
"""

CLAIM = """## What the table claims

A scenario table promises that a loss stays within the scan loss while the price stays within its ranges. Beyond them (tails count with reduced weight) it promises nothing in full. So the share of days on which the price left one range is
the share of cases in which the requirement may be exceeded. Maintenance takes 0.8 of the scan loss (and contingencies on top), so a book that loses in proportion may be over from 0.8 ranges on.
"""


if __name__ == "__main__":
    main()
