#!/usr/bin/env python3
"""Compares margin-jsonl with the slow reference on random books: every figure and every entry of every loss vector agrees to 1e-9
relative or 1e-9 USD (--vast: or 1e-16 of the largest notional, the kernel's own error). Where the float64 reference differs by more
than 1e-10, the one of 40 digits decides.

    scripts/risk/differential.py --binary target/release/margin-jsonl --count 20000 --seed 1
"""

import argparse
import collections
import json
import random
import subprocess
import sys

import books
import features
import reference

TOLERANCE = 1e-9
TOTALS = ("equity", "initial_requirement", "maintenance_requirement", "close_equity", "close_requirement", "last_equity", "last_requirement",
          "healthy_requirement")
# From here on the reference of 40 digits decides: float64 may be what is wrong.
DOUBTFUL = 1e-10


def notional(line):
    """The largest of quantity times price or strike."""
    prices = [float(u["index"]) for u in line["market"]["underlyings"]]
    prices += [float(e["forward"]) for e in line["market"]["expiries"]]
    sizes = [abs(float(p["quantity"])) for p in line["portfolio"]["positions"]]
    return sum(sizes) * max(prices)


def differences(given, expected, unit=1.0):
    """(what, given, expected, error) of each figure that disagrees, and the greatest error of all."""
    pairs = [(name, given[name], expected[name]) for name in TOTALS]
    if len(given["underlyings"]) != len(expected["underlyings"]):
        return [("underlyings", len(given["underlyings"]), len(expected["underlyings"]), 1)], 1
    for one, other in zip(given["underlyings"], expected["underlyings"]):
        where = f"{other['underlying']}."
        for name in ("value", "worst", "basis", "initial_requirement", "maintenance_requirement"):
            pairs.append((where + name, one[name], other[name]))
        for number, (x, y) in enumerate(zip(one["pnl"], other["pnl"], strict=True)):
            pairs.append((f"{where}pnl[{number}]", x, y))
    wrong, worst = [], 0.0
    for name, x, y in pairs:
        error = abs(float(x) - float(y)) if isinstance(y, float) else float(abs(reference.mpmath.mpf(x) - y))
        error /= max(unit, abs(float(y)))
        worst = max(worst, error)
        if error > TOLERANCE:
            wrong.append((name, x, float(y), error))
    return wrong, worst


def natural(name):
    """Sorts 9 before 64."""
    return [(x.isdigit(), int(x) if x.isdigit() else 0, x) for x in name.replace("-", " ").split()]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default="target/release/margin-jsonl")
    parser.add_argument("--count", type=int, default=20000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--vast", action="store_true", help="prices, strikes and quantities to the ends of their ranges")
    parser.add_argument("--precise", action="store_true", help="40 digits for every book")
    parser.add_argument("--beyond", action="store_true", help="parameters, rates and volatilities beyond our bounds, within those of peers")
    parser.add_argument("--extensions", action="store_true", help="section 6 on every book")
    arguments = parser.parse_args()
    reference.mpmath.mp.dps = 40
    failed, decided, worst, positions = 0, 0, 0.0, 0
    met = collections.Counter()
    process = subprocess.Popen([arguments.binary], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    for line in books.books(arguments.count, arguments.seed, arguments.vast, arguments.extensions):
        if arguments.beyond:
            books.beyond(random.Random(line["id"]), line)
        process.stdin.write(json.dumps(line) + "\n")
        process.stdin.flush()
        given = json.loads(process.stdout.readline())
        positions += len(line["portfolio"]["positions"])
        met.update(features.features(line))
        if "error" in given:
            failed += 1
            print(f"book {line['id']}: {given['error']}", file=sys.stderr)
            continue
        unit = max(1.0, notional(line) * 1e-7) if arguments.vast else 1.0
        wrong, error = differences(given, reference.assess(line, arguments.precise or arguments.vast), unit)
        if error > DOUBTFUL and not arguments.precise:
            decided += 1
            wrong, error = differences(given, reference.assess(line, True), unit)
        worst = max(worst, error)
        if wrong:
            failed += 1
            name, x, y, size = max(wrong, key=lambda entry: entry[3])
            names = " ".join(entry[0] for entry in wrong[:12])
            print(f"book {line['id']}: {name} is {x}, not {y} (error {size:.3g}; {len(wrong)} figures: {names})", file=sys.stderr)
        if line["id"] % 1000 == 999:
            print(f"{line['id'] + 1} books, {positions} positions, {failed} failed, worst error {worst:.3g}", flush=True)
    process.stdin.close()
    process.wait()
    print("\n| what a book holds | books |\n| --- | --- |")
    for name, count in sorted(met.items(), key=lambda entry: natural(entry[0])):
        print(f"| {name} | {count:,} |")
    print()
    print(f"{arguments.count} books, {positions} positions, seed {arguments.seed}: {failed} disagree; {decided} decided at 40 digits; "
          f"greatest error {worst:.3g} (relative, or USD below 1)")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
