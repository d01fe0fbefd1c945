#!/usr/bin/env python3
"""Writes risk/tests/suite/fixtures/books.jsonl: small random books and their figures at 40 digits, so that `cargo test` needs no Python.

    scripts/risk/fixture.py > risk/tests/suite/fixtures/books.jsonl
"""

import json

import books
import reference

MOST_POSITIONS = 8
COUNT = 40


def text(x):
    return reference.mpmath.nstr(x, 34, strip_zeros=False)


def main():
    written = 0
    for line in books.books(1000, 2026):
        if len(line["portfolio"]["positions"]) > MOST_POSITIONS:
            continue
        figures = reference.assess(line, True)
        print(json.dumps({"case": line, "expected": figures}, default=text, separators=(",", ":")))
        written += 1
        if written == COUNT:
            return


if __name__ == "__main__":
    main()
