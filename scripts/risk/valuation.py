"""Books as margin-jsonl reads them, and what it answers."""

import json
import subprocess
import threading

import books
import chains

RANGES = {"ETH": "0.18", "BTC": "0.16"}
MODES = ("portfolio", "cross", "isolated")


def terms(currency, index, expiries):
    """The market of one currency: expiry -> (forward, slice)."""
    number = chains.UNDERLYINGS[currency]
    return {
        "underlyings": [{"underlying": number, "index": books.decimal(index, 10), "perpetual": {"mark": books.decimal(index, 10)}}],
        "expiries": [{"underlying": number, "expiry": expiry, "forward": books.decimal(forward, 10), "svi": slice_.terms()}
                     for expiry, (forward, slice_) in expiries.items()],
    }


def positions(currency, legs, index, expiries, scale):
    """The legs, `scale` contracts for each; perpetuals and futures are entered at the market."""
    held = []
    for leg, quantity in legs:
        entry = {"quantity": books.decimal(quantity * scale, 6)}
        if leg.kind == "perpetual":
            entry |= {"instrument": f"{currency}-PERP", "reference_price": books.decimal(index, 10)}
        elif leg.kind == "future":
            entry |= {"instrument": f"{currency}-{books.name_of(leg.expiry)}", "reference_price": books.decimal(expiries[leg.expiry][0], 10)}
        else:
            strike = books.decimal(leg.strike, 10).replace(".", "d")
            entry["instrument"] = f"{currency}-{books.name_of(leg.expiry)}-{strike}-{leg.kind}"
        held.append(entry)
    return held


def line(currency, legs, now, index, expiries, mode="portfolio", scale=1, width=None):
    used = {leg.expiry for leg, _ in legs if leg.expiry}
    listed = {"underlying": chains.UNDERLYINGS[currency], "symbol": currency, "range": RANGES[currency] if width is None else books.decimal(width, 9)}
    return {
        "now": now, "parameters": {"underlyings": [listed], "mode": mode},
        "market": terms(currency, index, {e: x for e, x in expiries.items() if e in used}),
        "portfolio": {"positions": positions(currency, legs, index, expiries, scale)},
    }


def notional(legs, index):
    return sum(abs(quantity) for _, quantity in legs) * index


class Margin:
    """margin-jsonl, running."""

    def __init__(self, binary):
        self.process = subprocess.Popen([binary], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __call__(self, case):
        return self.many([case])[0]

    def many(self, cases):
        """The answers to many cases: written by a thread, so that neither side waits for the other."""
        def write():
            self.process.stdin.writelines(json.dumps(case) + "\n" for case in cases)
            self.process.stdin.flush()
        writer = threading.Thread(target=write)
        writer.start()
        answers = [self.answer(case) for case in cases]
        writer.join()
        return answers

    def answer(self, case):
        answer = json.loads(self.process.stdout.readline())
        if "error" in answer:
            raise ValueError(f"{answer['error']}: {json.dumps(case)}")
        return {name: float(answer[name]) for name in ("equity", "initial_requirement", "maintenance_requirement")} | {
            "scan": -sum(float(part["worst"]) for part in answer["underlyings"])}


def is_option(leg):
    return leg.kind in "CP"
