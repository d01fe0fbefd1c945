"""Option chains and price bars as they were recorded: rows become quotes, snapshots and closes."""

import collections
import csv
import datetime
import gzip
import pathlib
import statistics

UNDERLYINGS = {"ETH": 1, "BTC": 2}

Quote = collections.namedtuple("Quote", "name right strike expiry mark iv delta bid")


def opened(path):
    return gzip.open(path, "rt") if path.suffix == ".gz" else open(path)


def seconds(text):
    return int(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp())


class Snapshot:
    """One currency's chain at one moment. Marks are in USD: the recorded ones are in coin of the forward."""

    def __init__(self, time, currency, rows):
        self.time, self.currency = time, currency
        self.index = statistics.median(float(r["index"]) for r in rows)
        forwards = collections.defaultdict(list)
        for r in rows:
            forwards[seconds(r["expiry"])].append(float(r["fwd"]))
        self.forwards = {expiry: statistics.median(x) for expiry, x in forwards.items()}
        self.quotes = {}
        for r in rows:
            if not r["mark"] or not r["mark_iv"] or not r["delta"]:
                continue
            expiry = seconds(r["expiry"])
            mark = float(r["mark"]) * float(r["fwd"])
            quote = Quote(r["instrument"], r["type"], float(r["strike"]), expiry, mark, float(r["mark_iv"]), float(r["delta"]), r["bid"] != "")
            self.quotes[(expiry, quote.strike, quote.right)] = quote

    def expiries(self, at_least=0):
        """Expiries that many seconds away or more, nearest first."""
        return [e for e in sorted(self.forwards) if e - self.time >= at_least and len(self.slice(e)) >= 8]

    def slice(self, expiry):
        return [q for q in self.quotes.values() if q.expiry == expiry]

    def by_delta(self, expiry, right, delta):
        """The bid quote whose delta is nearest."""
        sign = 1 if right == "C" else -1
        bid = [q for q in self.slice(expiry) if q.right == right and q.bid]
        return min(bid or self.slice(expiry), key=lambda q: abs(q.delta - sign * delta) + (q.right != right))


def snapshots(path):
    """The snapshots of a file, in time."""
    rows = collections.defaultdict(list)
    with opened(path) as file:
        for row in csv.DictReader(file):
            rows[(row["ts"], row["ccy"])].append(row)
    return [Snapshot(seconds(ts), ccy, mine) for (ts, ccy), mine in sorted(rows.items())]


class Bars:
    """Price bars, with lookups by time."""

    def __init__(self, path):
        self.times, self.rows = [], []
        with opened(pathlib.Path(path)) as file:
            for row in csv.DictReader(file):
                self.times.append(int(row["t"]))
                self.rows.append(tuple(float(row[name]) for name in ("open", "high", "low", "close")))
        self.step = statistics.mode(b - a for a, b in zip(self.times[:1000], self.times[1:1001]))
        self.at = {t: i for i, t in enumerate(self.times)}

    def open_at(self, time):
        """The open of the bar that holds the time."""
        return self.rows[self.at[time - time % self.step]][0]

    def window(self, start, length):
        """Bars from an opening time on; nothing if one is missing."""
        first = self.at.get(start)
        count = length // self.step
        if first is None or first + count > len(self.rows) or self.times[first + count - 1] != start + (count - 1) * self.step:
            return []
        return self.rows[first:first + count]
