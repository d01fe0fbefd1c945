#!/usr/bin/env python3
"""Downloads a current Deribit option chain, or a price history, as CSV in the columns that the demonstration reads.

Only Deribit's public REST interface is used (no key), and only Python's own library.

  chain   one snapshot of all BTC or ETH options settled in coin. Prices are in coin per coin of underlying, as Deribit
          quotes them; `t_years` is (expiry - ts) / 365 days; `mark_iv` is a fraction; `delta` and `vega` (USD per
          point of volatility and coin) are Black-76 at `mark_iv` with rate zero, because the one request that
          returns the whole chain leaves them out.
  prices  open, high, low, close and volume (coin) of each bar of an instrument, by default the perpetual.
"""

import argparse
import csv
import json
import math
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from datetime import datetime, timedelta, timezone
from pathlib import Path

CHAIN_COLUMNS = (
    "ts,instrument,ccy,type,strike,expiry,t_years,fwd,fwd_name,index,bid,ask,mark,mark_iv,delta,vega,oi,vol24h"
).split(",")
PRICE_COLUMNS = "t,open,high,low,close,volume".split(",")
MONTHS = "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split()
RESOLUTIONS = ("1", "3", "5", "10", "15", "30", "60", "120", "180", "360", "720")
YEAR_SECONDS = 365 * 86_400
EXPIRY_HOUR = 8  # UTC
BARS_PER_REQUEST = 4_000
ATTEMPTS = 5


class FetchError(Exception):
    """What went wrong, in one line for the user."""


class Deribit:
    """The public methods over HTTP GET, with patience for rate limits."""

    def __init__(self, url, wait=1.0):
        self.url = url.rstrip("/")
        self.wait = wait

    def call(self, method, **parameters):
        """Result of a public method; raises FetchError."""
        address = f"{self.url}/public/{method}?{urllib.parse.urlencode(parameters)}"
        for attempt in range(ATTEMPTS):
            try:
                with urllib.request.urlopen(address, timeout=30) as reply:
                    body = reply.read()
            except urllib.error.HTTPError as error:
                body = error.read()
                if error.code == 429 or b"too_many_requests" in body:
                    time.sleep(self.wait * 2**attempt)
                    continue
                raise FetchError(f"{method}: HTTP {error.code}: {message_of(body)}") from error
            except (urllib.error.URLError, OSError) as error:
                raise FetchError(f"{method}: {getattr(error, 'reason', error)}") from error
            try:
                return json.loads(body)["result"]
            except (ValueError, KeyError, TypeError) as error:
                raise FetchError(f"{method}: unexpected answer: {message_of(body)}") from error
        raise FetchError(f"{method}: still refused for too many requests after {ATTEMPTS} attempts")


def message_of(body):
    """The error message in an answer, or the start of whatever came instead."""
    try:
        return json.loads(body)["error"]["message"]
    except (ValueError, KeyError, TypeError):
        return repr(body[:80])


def parse_instrument(name):
    """('BTC', expiry, strike, 'C' or 'P') of an option's name such as BTC-27MAR26-90000-C."""
    try:
        currency, date, strike, right = name.split("-")
        day, month, year = int(date[:-5]), MONTHS.index(date[-5:-2]) + 1, 2000 + int(date[-2:])
        expiry = datetime(year, month, day, EXPIRY_HOUR, tzinfo=timezone.utc)
        if right not in ("C", "P"):
            raise ValueError(right)
        return currency, expiry, float(strike), right
    except ValueError as error:
        raise FetchError(f"not the name of an option: {name!r}") from error


def black76_delta_vega(forward, strike, years, volatility, right):
    """Delta per coin, and vega in USD per point of volatility and coin, at rate zero."""
    deviation = volatility * math.sqrt(years)
    if deviation == 0:
        call = 1.0 if forward > strike else 0.0
        return (call if right == "C" else call - 1.0), 0.0
    d1 = math.log(forward / strike) / deviation + deviation / 2
    call = 0.5 * math.erfc(-d1 / math.sqrt(2))
    density = math.exp(-d1 * d1 / 2) / math.sqrt(2 * math.pi)
    return (call if right == "C" else call - 1.0), forward * density * math.sqrt(years) / 100


def text(value, digits):
    """A number with at most `digits` decimals and no trailing zeros; nothing for None."""
    if value is None:
        return ""
    fixed = f"{value:.{digits}f}"
    fixed = fixed.rstrip("0").rstrip(".") if "." in fixed else fixed
    return "0" if fixed in ("-0", "") else fixed


def instant(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def chain_rows(summaries, index):
    """Rows of one currency's chain from its book summaries, ordered by expiry, strike and right.

    Options without a mark, a volatility or a forward, and those that have expired, cannot be used and are left out.
    """
    usable = [s for s in summaries if s.get("mark_iv") and s.get("underlying_price") and s.get("mark_price") is not None]
    if not usable:
        return []
    ts = datetime.fromtimestamp(max(s["creation_timestamp"] for s in usable) // 1000, tz=timezone.utc)
    keyed = []
    for summary in usable:
        currency, expiry, strike, right = parse_instrument(summary["instrument_name"])
        years = (expiry - ts).total_seconds() / YEAR_SECONDS
        if years <= 0:
            continue
        forward, volatility = summary["underlying_price"], summary["mark_iv"] / 100
        delta, vega = black76_delta_vega(forward, strike, years, volatility, right)
        row = [
            instant(ts), summary["instrument_name"], currency, right, text(strike, 4), instant(expiry), text(years, 9),
            text(forward, 4), summary.get("underlying_index", ""), text(index, 2), text(summary.get("bid_price"), 8),
            text(summary.get("ask_price"), 8), text(summary["mark_price"], 8), text(volatility, 4), text(delta, 5),
            text(vega, 5), text(summary.get("open_interest"), 4), text(summary.get("volume"), 4),
        ]  # fmt: skip
        keyed.append(((expiry, strike, right), row))
    return [row for _, row in sorted(keyed)]


def fetch_chain(deribit, currencies):
    """Rows of the chains of all `currencies`, one after the other."""
    rows = []
    for currency in currencies:
        index = deribit.call("get_index_price", index_name=f"{currency.lower()}_usd")["index_price"]
        found = chain_rows(deribit.call("get_book_summary_by_currency", currency=currency, kind="option"), index)
        if not found:
            raise FetchError(f"Deribit quotes no {currency} options that can be used")
        rows += found
    return rows


def price_rows(chart):
    """Rows of one answer of get_tradingview_chart_data."""
    if chart.get("status") != "ok":
        return []
    columns = [chart[name] for name in ("ticks", "open", "high", "low", "close", "volume")]
    if len({len(column) for column in columns}) != 1:
        raise FetchError("the bars' columns differ in length")
    return [[tick // 1000] + [text(value, 8) for value in values] for tick, *values in zip(*columns)]


def fetch_prices(deribit, instrument, resolution, start, end):
    """Bars of `instrument` that open in [start, end), by pages, each once and in order."""
    step = timedelta(minutes=int(resolution) * BARS_PER_REQUEST)
    bars = {}
    while start < end:
        page_end = min(start + step, end)
        first, last = int(start.timestamp() * 1000), int(page_end.timestamp() * 1000) - 1
        chart = deribit.call(
            "get_tradingview_chart_data",
            instrument_name=instrument,
            start_timestamp=first,
            end_timestamp=last,
            resolution=resolution,
        )
        bars.update((row[0], row) for row in price_rows(chart) if first <= row[0] * 1000 <= last)
        start = page_end
    if not bars:
        raise FetchError(f"Deribit has no bars of {instrument} in this interval")
    return [bars[t] for t in sorted(bars)]


def write_csv(path, columns, rows):
    """Writes beside the target first, so that a failure leaves no half file."""
    partial = path.with_name(path.name + ".partial")
    with partial.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
    partial.replace(path)


def day(argument):
    try:
        return datetime.strptime(argument, "%Y-%m-%d").replace(tzinfo=timezone.utc)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{argument!r} is not a day like 2026-01-31") from None


def parser():
    root = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    root.add_argument("--url", default="https://www.deribit.com/api/v2", help="base of the REST interface (%(default)s)")
    commands = root.add_subparsers(dest="command", required=True)
    chain = commands.add_parser("chain", help="one snapshot of the option chain")
    chain.add_argument("--currency", action="append", choices=("BTC", "ETH"), help="may be repeated; default: both")
    chain.add_argument("--output", type=Path, required=True, help="CSV file to write")
    prices = commands.add_parser("prices", help="bars of a price")
    prices.add_argument("--instrument", default="ETH-PERPETUAL", help="Deribit's name (%(default)s)")
    prices.add_argument("--resolution", default="15", choices=RESOLUTIONS, help="minutes a bar (%(default)s)")
    prices.add_argument("--from", dest="start", type=day, required=True, help="first day, UTC, like 2026-01-12")
    prices.add_argument("--to", dest="end", type=day, required=True, help="day after the last, UTC")
    prices.add_argument("--output", type=Path, required=True, help="CSV file to write")
    return root


def main(arguments=None):
    options = parser().parse_args(arguments)
    deribit = Deribit(options.url)
    try:
        if options.command == "chain":
            columns, rows = CHAIN_COLUMNS, fetch_chain(deribit, options.currency or ["BTC", "ETH"])
        else:
            if options.start >= options.end:
                raise FetchError("--from must be before --to")
            columns = PRICE_COLUMNS
            rows = fetch_prices(deribit, options.instrument, options.resolution, options.start, options.end)
        write_csv(options.output, columns, rows)
    except (FetchError, OSError) as error:
        print(f"fetch_deribit: {error}", file=sys.stderr)
        return 2
    print(f"{options.output}: {len(rows)} rows")
    return 0


if __name__ == "__main__":
    sys.exit(main())
