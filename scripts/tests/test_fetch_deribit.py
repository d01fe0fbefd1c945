"""The fetcher against a local server that answers as Deribit does, from a small sample of our own making."""

import csv
import io
import json
import os
import sys
import tempfile
import threading
import unittest
from contextlib import redirect_stderr, redirect_stdout
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

SCRIPTS = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(SCRIPTS))
import fetch_deribit as fetcher  # noqa: E402

SAMPLE = SCRIPTS / "testdata"


class FakeDeribit(BaseHTTPRequestHandler):
    """Serves the sample; refuses the first request of each test for coming too fast."""

    def do_GET(self):
        address = urlsplit(self.path)
        method = address.path.removeprefix("/api/v2/public/")
        query = {name: values[0] for name, values in parse_qs(address.query).items()}
        self.server.requests.append((method, query))
        if self.server.refusals > 0:
            self.server.refusals -= 1
            return self.answer(429, {"error": {"code": 10028, "message": "too_many_requests"}})
        return self.answer(*self.reply(method, query))

    def reply(self, method, query):
        if method == "get_index_price" and query["index_name"] == "eth_usd":
            return 200, {"result": {"index_price": 1999.5, "estimated_delivery_price": 1999.5}}
        if method == "get_book_summary_by_currency" and query == {"currency": "ETH", "kind": "option"}:
            return 200, json.loads((SAMPLE / "book_summary_eth.json").read_text())
        if method == "get_tradingview_chart_data" and query["instrument_name"] == "ETH-PERPETUAL":
            answer = json.loads((SAMPLE / "chart_eth_perpetual.json").read_text())
            chart, first, last = answer["result"], int(query["start_timestamp"]), int(query["end_timestamp"])
            keep = [i for i, tick in enumerate(chart["ticks"]) if first <= tick <= last]
            for name, values in chart.items():
                if isinstance(values, list):
                    chart[name] = [values[i] for i in keep]
            chart["status"] = "ok" if keep else "no_data"
            return 200, answer
        return 400, {"error": {"code": 13020, "message": "not_found"}}

    def answer(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


class FetchDeribit(unittest.TestCase):
    def setUp(self):
        os.environ["NO_PROXY"] = "127.0.0.1"
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), FakeDeribit)
        self.server.requests, self.server.refusals = [], 0
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/api/v2"
        self.folder = tempfile.TemporaryDirectory()
        self.output = Path(self.folder.name) / "out.csv"

    def tearDown(self):
        self.server.shutdown()
        self.server.server_close()
        self.folder.cleanup()

    def run_main(self, *arguments):
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            status = fetcher.main(["--url", self.url, *arguments, "--output", str(self.output)])
        return status, out.getvalue(), err.getvalue()

    def rows(self):
        with self.output.open(newline="") as file:
            return list(csv.DictReader(file))

    def test_chain_has_the_documented_columns_and_values(self):
        status, out, _ = self.run_main("chain", "--currency", "ETH")
        self.assertEqual(status, 0)
        self.assertIn("12 rows", out)
        header = self.output.read_text().splitlines()[0]
        self.assertEqual(
            header,
            "ts,instrument,ccy,type,strike,expiry,t_years,fwd,fwd_name,index,bid,ask,mark,mark_iv,delta,vega,oi,vol24h",
        )
        first = self.rows()[0]
        self.assertEqual(first["ts"], "2026-03-02T12:30:05Z")
        self.assertEqual(first["instrument"], "ETH-6MAR26-1800-C")
        self.assertEqual((first["ccy"], first["type"], first["strike"]), ("ETH", "C", "1800"))
        self.assertEqual(first["expiry"], "2026-03-06T08:00:00Z")
        self.assertAlmostEqual(float(first["t_years"]), (3 * 86400 + 19.5 * 3600 - 5) / (365 * 86400), delta=1e-9)
        self.assertEqual((first["fwd"], first["fwd_name"], first["index"]), ("2000", "SYN.ETH-6MAR26", "1999.5"))
        self.assertEqual(first["mark_iv"], "0.625")
        self.assertEqual((first["oi"], first["vol24h"]), ("125", "10.5"))

    def test_chain_is_ordered_and_leaves_out_what_has_no_mark_or_has_expired(self):
        self.run_main("chain", "--currency", "ETH")
        rows = self.rows()
        names = [row["instrument"] for row in rows]
        self.assertEqual(names[:3], ["ETH-6MAR26-1800-C", "ETH-6MAR26-1800-P", "ETH-6MAR26-2000-C"])
        self.assertNotIn("ETH-27MAR26-5000-C", names)
        self.assertNotIn("ETH-2MAR26-2000-C", names)
        self.assertEqual(len(set(names)), 12)

    def test_an_empty_side_of_the_book_is_an_empty_field(self):
        self.run_main("chain", "--currency", "ETH")
        row = next(row for row in self.rows() if row["instrument"] == "ETH-6MAR26-2200-C")
        self.assertEqual(row["bid"], "")
        self.assertNotEqual(row["ask"], "")

    def test_delta_obeys_parity_and_vega_is_the_slope_of_the_price(self):
        for forward, strike, years, volatility in [(2000, 1800, 0.01, 0.6), (2010, 2200, 0.07, 0.58), (90_000, 90_000, 1, 0.4)]:
            call, vega = fetcher.black76_delta_vega(forward, strike, years, volatility, "C")
            put, same = fetcher.black76_delta_vega(forward, strike, years, volatility, "P")
            self.assertAlmostEqual(call - put, 1, delta=1e-12)
            self.assertEqual(vega, same)
            bump = 1e-5
            slope = (self.call_price(forward, strike, years, volatility + bump)
                     - self.call_price(forward, strike, years, volatility - bump)) / (2 * bump) / 100  # fmt: skip
            self.assertAlmostEqual(vega / slope, 1, delta=1e-6)
        self.assertEqual(fetcher.black76_delta_vega(2000, 1800, 0, 0.6, "P"), (0.0, 0.0))

    @staticmethod
    def call_price(forward, strike, years, volatility):
        deviation = volatility * years**0.5
        d1 = fetcher.math.log(forward / strike) / deviation + deviation / 2
        cdf = lambda x: 0.5 * fetcher.math.erfc(-x / 2**0.5)  # noqa: E731
        return forward * cdf(d1) - strike * cdf(d1 - deviation)

    def test_prices_come_in_pages_each_bar_once(self):
        bars = fetcher.BARS_PER_REQUEST
        fetcher.BARS_PER_REQUEST = 3
        self.addCleanup(setattr, fetcher, "BARS_PER_REQUEST", bars)
        start = datetime(2026, 3, 1, tzinfo=timezone.utc)
        rows = fetcher.fetch_prices(fetcher.Deribit(self.url), "ETH-PERPETUAL", "15", start, start.replace(hour=2))
        self.assertEqual(len(self.server.requests), 3)
        self.assertEqual([row[0] for row in rows], [int(start.timestamp()) + 900 * i for i in range(8)])
        self.assertEqual(rows[1][1:], ["2001", "2004.25", "1998.5", "2002.05", "200.25"])

    def test_prices_file_has_the_documented_columns(self):
        status, _, _ = self.run_main("prices", "--from", "2026-03-01", "--to", "2026-03-02")
        self.assertEqual(status, 0)
        self.assertEqual(self.output.read_text().splitlines()[:2], [
            "t,open,high,low,close,volume", "1772323200,2000,2003.25,1997.5,2001.05,100.125",
        ])  # fmt: skip

    def test_a_rate_limit_is_waited_out(self):
        self.server.refusals = 2
        deribit = fetcher.Deribit(self.url, wait=0.001)
        self.assertEqual(deribit.call("get_index_price", index_name="eth_usd")["index_price"], 1999.5)
        self.server.refusals = fetcher.ATTEMPTS
        with self.assertRaisesRegex(fetcher.FetchError, "too many requests"):
            deribit.call("get_index_price", index_name="eth_usd")

    def test_an_error_is_one_line_and_leaves_no_file(self):
        status, _, err = self.run_main("prices", "--instrument", "DOGE-PERPETUAL", "--from", "2026-03-01", "--to", "2026-03-02")
        self.assertEqual(status, 2)
        self.assertEqual(err, "fetch_deribit: get_tradingview_chart_data: HTTP 400: not_found\n")
        self.assertEqual(list(Path(self.folder.name).iterdir()), [])

    def test_an_interval_without_bars_is_an_error(self):
        status, _, err = self.run_main("prices", "--from", "2020-03-01", "--to", "2020-03-02")
        self.assertEqual((status, err), (2, "fetch_deribit: Deribit has no bars of ETH-PERPETUAL in this interval\n"))

    def test_a_server_that_is_not_there_is_an_error(self):
        self.url = "http://127.0.0.1:9"
        status, _, err = self.run_main("chain")
        self.assertEqual(status, 2)
        self.assertRegex(err, r"^fetch_deribit: get_index_price: .*refused.*\n$")

    def test_names_that_are_no_options_are_refused(self):
        for name in ["ETH-PERPETUAL", "ETH-6MAR26-2000-X", "ETH-6XXX26-2000-C", "ETH-32MAR26-2000-C", ""]:
            with self.assertRaises(fetcher.FetchError):
                fetcher.parse_instrument(name)


if __name__ == "__main__":
    unittest.main()
