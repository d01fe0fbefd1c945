#!/usr/bin/env python3
"""How much books of real chains must hold, and how often a day cost them more: docs/reports/coverage.md.

The data isn't part of the project; a folder with chains/ and prices/ is named on the command line.

    scripts/risk/coverage.py --data FOLDER --every 4 --out docs/reports/coverage.md
"""

import argparse
import collections
import contextlib
import datetime
import io
import math
import os
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


# The claim, and the maturities (days to the nearest option's expiry, to below) by which it is tested.
CLAIM_SHARE = 0.995
BUCKETS = ((0, 2, "to 2 days"), (2, 4, "2 to 4 days"), (4, 8, "4 to 8 days"), (8, 30, "8 to 30 days"), (30, 4000, "30 days and more"))
LINEAR = "no options"


def bucket(now, legs):
    """The maturity of a book: of its nearest option."""
    near = min((leg.expiry for leg, _ in legs if valuation.is_option(leg)), default=None)
    if near is None:
        return LINEAR
    return next(name for low, high, name in BUCKETS if low <= (near - now) / DAY < high)


class Count:
    """Losses against requirements of one kind of book. A day of one coin is one trial."""

    def __init__(self):
        self.cases = self.over = self.over_inside = self.over_initial = self.over_end = 0
        self.worst = 0.0
        self.trials, self.failures = collections.defaultdict(set), collections.defaultdict(dict)

    def add(self, coin, day, loss, at_end, figures, excursion):
        """`excursion`: the largest move of the price within the day, in ranges."""
        required = figures["maintenance_requirement"]
        over = loss > required
        self.cases += 1
        self.over += over
        self.over_end += at_end > required
        self.over_inside += over and excursion <= 1
        self.over_initial += loss > figures["initial_requirement"]
        self.trials[coin].add(day)
        if over:
            self.failures[coin][day] = excursion
        if required > 0:
            self.worst = max(self.worst, loss / required)

    def merge(self, other):
        for field in ("cases", "over", "over_end", "over_inside", "over_initial"):
            setattr(self, field, getattr(self, field) + getattr(other, field))
        self.worst = max(self.worst, other.worst)

    def coverage(self):
        return 1 - self.over / self.cases

    def kupiec(self):
        """The least p-value of the coins: they move together, so that their days aren't added."""
        return min(kupiec(len(self.failures[coin]), len(days)) for coin, days in self.trials.items())

    def is_refuted(self):
        low = [kupiec(len(self.failures[coin]), len(days)) for coin, days in self.trials.items()
               if len(self.failures[coin]) > (1 - CLAIM_SHARE) * len(days)]
        return min(low, default=1) < 0.05


def merged(counts, key):
    """Counts summed by what `key` makes of their names."""
    out = collections.defaultdict(Count)
    for name, count in counts.items():
        out[key(name)].merge(count)
    return out


def kupiec(failures, trials, p=1 - CLAIM_SHARE):
    """The p-value of Kupiec's test of unconditional coverage: how likely a share of failures as far from `p` is if `p` is true."""
    log = lambda share: failures * math.log(share) if failures else 0.0
    rest = lambda share: (trials - failures) * math.log(1 - share) if trials > failures else 0.0
    found = failures / trials
    ratio = 2 * (log(found) + rest(found) - log(p) - rest(p))
    return math.erfc(math.sqrt(max(ratio, 0) / 2))


def print_counts(counts):
    rows = merged(counts, lambda key: key[0])
    everything = Count()
    for count in rows.values():
        everything.merge(count)
    rows["**all**"] = everything
    table(["book", "cases", "loss over maintenance", "share", "at the end of the day", "over while the price stayed within one range",
           "loss over initial", "greatest loss / maintenance"],
          [(name, c.cases, c.over, percent(c.over / c.cases, 2), c.over_end, c.over_inside, c.over_initial, f"{c.worst:.2f}")
           for name, c in rows.items()])
    return everything


MATURITIES = [name for *_, name in BUCKETS] + [LINEAR]


def print_coverage(counts):
    """Coverage of each strategy at each maturity; those for which 99.5% holds, and those for which it is refuted."""
    def cell(count):
        if count is None:
            return "–"
        text = f"{100 * count.coverage():.2f}%"
        return f"**{text}** (p {count.kupiec():.3f})" if count.is_refuted() else text if count.coverage() >= CLAIM_SHARE else f"{text} (p {count.kupiec():.2f})"
    totals = merged(counts, lambda key: key[0])
    rows = [(name, f"{100 * total.coverage():.2f}%", *(cell(counts.get((name, maturity))) for maturity in MATURITIES)) for name, total in totals.items()]
    of_all = merged(counts, lambda key: key[1])
    rows.append(("**all**", f"{100 * merged(counts, lambda _: 0)[0].coverage():.2f}%",
                 *(f"{100 * of_all[m].coverage():.2f}%" if m in of_all else "–" for m in MATURITIES)))
    table(["book", "all maturities"] + MATURITIES, rows)
    say = lambda names: "; ".join(names) if names else "none"
    reached = [name for name, total in totals.items() if total.coverage() >= CLAIM_SHARE]
    print(f"At least 99.5% over all maturities: {say(reached)}. Less: {say([name for name in totals if name not in reached])}.\n")
    refuted = [f"{name}, {maturity}" for (name, maturity), count in counts.items() if count.is_refuted()]
    print(f"Refuted by Kupiec's test at 5%, of {len(counts)} pairs: {len(refuted)}.\n")


def print_events(counts):
    """Days over, joined where they follow each other within three days."""
    days = collections.defaultdict(lambda: [0.0, set()])
    for (name, _), count in counts.items():
        for failures in count.failures.values():
            for day, excursion in failures.items():
                days[day][0] = max(days[day][0], excursion)
                days[day][1].add(name)
    events = []
    for day in sorted(days):
        if events and day - events[-1][1] <= 3:
            events[-1][1] = day
            events[-1][2] = max(events[-1][2], days[day][0])
            events[-1][3] |= days[day][1]
        else:
            events.append([day, day, days[day][0], set(days[day][1])])
    date = lambda day: datetime.datetime.fromtimestamp(day * DAY, datetime.timezone.utc).strftime("%Y-%m-%d")
    rows = [(date(a) if a == b else f"{date(a)} to {date(b)}", f"{x:.2f}", len(names), "; ".join(sorted(names)) if len(names) <= 3 else "–")
            for a, b, x, names in events]
    print(f"{len(events)} events:\n")
    table(["event", "greatest move within a day, ranges", "kinds of books over", "which, if three at most"], rows)


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
                    key = name, bucket(snapshot.time, legs)
                    counts[key].add(currency, snapshot.time, max(losses), losses[-1], figures, excursion)
    return counts


def by_bars(margin, surfaces, files, every):
    """Losses of replayed books, a book of each kind and maturity opened every so many days; and how far the price went."""
    counts, following, moves = collections.defaultdict(Count), collections.defaultdict(Count), collections.defaultdict(list)
    for currency, path in files:
        bars = chains.Bars(path)
        if not bars.times:
            sys.exit(f"coverage: {path} is empty")
        vols, widths = replay.realised(bars), replay.ranges(bars, currency)
        surface, scale = surfaces[currency], float(valuation.RANGES[currency])
        start = bars.times[0] - bars.times[0] % DAY + 5 * DAY
        # The same days in both coins.
        start += -(start // DAY) % every * DAY
        for now in range(start, bars.times[-1], every * DAY):
            window = bars.window(now, DAY)
            if not window:
                continue
            spot = window[0][0]
            excursion = max(max(row[1] / spot - 1, 1 - row[2] / spot) for row in window) / scale
            moves[currency].append((excursion, abs(window[-1][3] / spot - 1) / scale))
            once, lines, outcomes = set(), [], []
            for near, far in replay.MATURITIES:
                vol = lambda tau: replay.level(vols, bars.at[now], tau)
                slices, books = replay.opened(surface, now, spot, vol, f"{currency}/{now}/{near}", near, far)
                path_ = list(replay.states(bars, vols, now, surface, slices))
                known = [{} for _ in path_]
                before = {}
                for name, legs in books:
                    maturity = bucket(now, legs)
                    if maturity == LINEAR:
                        # Without options it is the same book at each maturity.
                        if name in once:
                            continue
                        once.add(name)
                    at = {e: (spot, s) for e, s in slices.items()}
                    lines += [valuation.line(currency, legs, now, spot, at), valuation.line(currency, legs, now, spot, at, width=widths[bars.at[now]])]
                    entry = replay.value(legs, spot, spot, slices, before)
                    losses = [entry - replay.value(legs, price, spot, after, prices) for (_, price, after), prices in zip(path_, known)]
                    outcomes.append(((name, maturity), max(losses), losses[-3]))
            answers = margin.many(lines)
            for (key, worst, at_end), fixed, moved in zip(outcomes, answers[::2], answers[1::2]):
                counts[key].add(currency, now // DAY, worst, at_end, fixed, excursion)
                following[key].add(currency, now // DAY, worst, at_end, moved, excursion * scale / widths[bars.at[now]])
        print(f"{path.name}: {len(moves[currency])} days so far", file=sys.stderr)
    return counts, following, moves


HEAD = """# Requirements of real chains, and what a day cost

Written by `make coverage DATA=folder ARGS="--every {every}"` (`scripts/risk/coverage.py`). The data (option chains of Deribit, price bars of Binance) has no licence to
be redistributed and isn't part of the project. Default parameters: range 18% for ETH and 16% for BTC, 37 scenarios, maintenance factor 0.8, every correction on.

## Requirement and saving

Books by strategy, one contract a leg, on recorded chains: 14 January 2026 (calm) and eleven snapshots, six hours apart, of a fall of 17% in ETH (31 January to 2 February 2026). Each expiry's volatilities are a raw-SVI slice
fitted to the recorded ones; perpetuals and futures are entered at the market; the account has no cash. Strikes are those whose recorded delta is nearest, among options with a bid, on up to four
expiries; a maker's book has 12 to 48 random options of five expiries with its delta hedged by the perpetual. Medians of each kind; notional counts every leg at the index. Requirements include the mark of the options, which equity holds too, so
"cash needed" is the initial requirement less equity: what must be there besides the positions. The saving compares that with the standard formulas (`mode: isolated`, `cross`); – where these need nothing.
"""


def study(arguments):
    margin = valuation.Margin(arguments.binary)
    folder = arguments.data
    calm, fall = (chains.snapshots(folder / "chains" / name) for name in (CALM, FALL))
    if not calm or not fall:
        sys.exit("coverage: a file of chains is empty")
    print(HEAD.format(every=arguments.every))
    books = requirements(margin, calm + fall)

    print(MARKS)
    recent = {c: chains.Bars(folder / "prices" / RECENT.format(c)) for c in chains.UNDERLYINGS}
    counts = by_marks(fall, books, recent)
    if not counts:
        sys.exit("coverage: no snapshot has another one a day later")
    print_counts(counts)
    print_maturities(counts)

    print(BARS)
    surfaces = {s.currency: replay.Surface(list(svi.fitted(s)[0].values())) for s in calm}
    files = [(c, folder / "prices" / name.format(c)) for name in (HISTORY, RECENT) for c in chains.UNDERLYINGS]
    counts, following, moves = by_bars(margin, surfaces, files, arguments.every)
    if not counts:
        sys.exit("coverage: the files of prices hold no whole day")
    total = print_counts(counts)
    print("Days: " + ", ".join(f"{currency} {len(days):,}" for currency, days in moves.items()) + f"; one in {arguments.every}.\n")
    print(COVERAGE)
    print_coverage(counts)
    print_events(counts)
    print(FOLLOWING)
    followed = print_counts(following)
    print_coverage(following)
    print_events(following)
    conclusion(total, followed, moves)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, required=True, help="folder with chains/ and prices/")
    parser.add_argument("--binary", default="target/release/margin-jsonl")
    parser.add_argument("--every", type=int, default=1, help="days between replayed books")
    parser.add_argument("--out", type=pathlib.Path, required=True, help="where the report goes; what stood there stays until it is whole")
    arguments = parser.parse_args()
    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        study(arguments)
    part = arguments.out.with_suffix(arguments.out.suffix + ".part")
    part.write_text(text.getvalue())
    os.replace(part, arguments.out)


def conclusion(total, followed, moves):
    print(CLAIM)
    rows = []
    for currency, days in moves.items():
        n = len(days)
        rows.append((currency, share(sum(x > 1 for x, _ in days), n), share(sum(x > 1 for _, x in days), n), share(sum(x > 0.8 for x, _ in days), n)))
    table(["", "left one range within the day", "was beyond it at the day's end", "went beyond 0.8 ranges"], rows)
    print(f"All books over maintenance: {share(total.over, total.cases)} with fixed ranges, {share(followed.over, followed.cases)} with ranges that follow "
          "(books of one day aren't independent: the intervals are too narrow).\n")


def print_maturities(counts):
    """Cases by maturity."""
    rows = merged(counts, lambda key: key[1])
    table(["nearest option, any book", "cases", "loss over maintenance", "greatest loss / maintenance"],
          [(name, rows[name].cases, rows[name].over, f"{rows[name].worst:.2f}") for name in MATURITIES if name in rows])


MARKS = """## A day by recorded marks

Each of those books in the falling market, held for the next four snapshots (24 hours), valued by the recorded marks, indices and forwards at both ends. The loss of a case is the worst of the four; it is over the requirement if an account that held just that would have been insolvent
at a snapshot. One fall is one event, however many books meet it: these tables show whether it was covered, not how often such falls are.
"""

BARS = """## Days in recorded bars, with fixed ranges

A book of each kind and maturity (nearest expiry in 36 hours, 3, 6, 14 and 45 days) opened at midnight (UTC; which days, see below) of the recorded hourly bars (2018 to 2024, with gaps) and of January 2026, held for 24 hours. The loss is the worst at the close of any bar and at the day's extremes.
The bars carry no volatilities: the surface has the shape of the calm chain, sticks to moneyness, and its level is 1.1 times realised volatility (exponential weights; half-life 5 days for expiries within a week, 12.5 at a month, 25 at three, as recorded at-the-money volatilities move; 25% to 300%), at
opening and at each bar. So a fall raises volatility only as fast as it is realised: jumps of implied volatility ahead of it are not in this table. The maintenance requirement takes the fixed default ranges.
"""

COVERAGE = """## Coverage by strategy and maturity

Coverage is the share of days of a coin on which the loss stayed within the maintenance requirement. Kupiec's test asks whether so many days over are plausible if 99.5% are covered; it is made for each coin by itself, because the two move together, and p is that of the coin that fits worse. Bold: p below 0.05 and too many
days over, so that 99.5% is refuted. A p without bold: less than 99.5%, but the days are too few to refute it (598 days without one over show 99.5% at that certainty). An event is a run of days over, each within three days of the one before, whatever books, maturities and coins they meet.
"""

FOLLOWING = """## The same days, with ranges that follow volatility

The range as the rule for it would have stood: `4.85 sqrt(V)` within 10% and 45%, `V` a day's variance of a third each of a fast (168 hours) and a slow (1,440 hours) average of squared hourly returns and a constant (0.00142 for BTC, 0.00242 for ETH), rising over a day and falling over three. Everything else is as above; the
constants are means of 2018 to 2021, so the first years are not out of sample.
"""

CLAIM = """## What the table claims

A scenario table promises that a loss stays within the scan loss while the price stays within its ranges. Beyond them (tails count with reduced weight) it promises nothing in full. So the share of days on which the price left one range is
the share of cases in which the requirement may be exceeded. Maintenance takes 0.8 of the scan loss (and contingencies on top), so a book that loses in proportion may be over from 0.8 ranges on.
"""


if __name__ == "__main__":
    main()
