#!/usr/bin/env python3
"""Writes the reports of campaigns from what they printed: `make differential` and `make fuzz-risk` end with it.

    scripts/risk/reports.py differential PLAIN.log EXTENDED.log BEYOND.log
    scripts/risk/reports.py fuzz CAMPAIGN.log
"""
import os
import re
import sys

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "reports")

DIFFERENTIAL = """# The margin engine against its slow reference

`make differential` compares `margin-jsonl` (the code of the margin contract) with `scripts/risk/reference.py`, which was written from the formulas alone, prices every position under every
scenario by itself and shares nothing. Compared are equity, both requirements, the close, last and healthy figures, and for each underlying value, worst outcome, basis charge, both requirements and every entry of the loss vector: each to 1e-9 relative, or 1e-9 USD below 1.
The reference computes in float64; where it differs by more than 1e-10, it computes the book again with 40 digits. The tables count how many books hold what.
"""

FUZZ = """# Totality of the margin engine

`make fuzz-risk` (`fuzz/risk`): bytes from a seed become a packed book as contracts receive it (mostly canonical, with quantities, cash and strikes at the ends of their ranges; sometimes one bit off; sometimes noise), a market state (one in
sixteen with a field outside its domain) and parameters (the defaults, random ones within their bounds, any values at all). What the codec accepts goes through the functions below, in release with overflow checks and debug assertions: none may fail, panic or wrap; what is
outside must be refused with the typed error that names it; equal books have equal bytes; what the method says is equal or ordered is. A failing case is run again by its number.
"""


def section(path, closing):
    """The table that a campaign printed, and the line that closes it."""
    with open(path) as file:
        text = file.read()
    found = re.search(rf"^(\| .*?)\n\n(\S[^\n]*{closing}[^\n]*)", text, re.S | re.M)
    if found is None:
        sys.exit(f"{path}: the campaign isn't finished")
    return f"\n**{found[2]}**\n\n{found[1]}\n"


def differential(plain, extended, beyond):
    text = DIFFERENTIAL
    for title, path in (("Sections 1 to 5, now and then section 6", plain), ("Section 6 on every book", extended),
                        ("Parameters beyond our bounds, within those of peers", beyond)):
        text += f"\n## {title}\n" + section(path, "disagree")
    return "risk-differential.md", text


def fuzz(path):
    return "risk-fuzz.md", FUZZ + section(path, "executions, seed")


def main():
    kinds = {"differential": (differential, 3), "fuzz": (fuzz, 1)}
    write, count = kinds.get(sys.argv[1] if len(sys.argv) > 1 else "", (None, 0))
    if write is None or len(sys.argv) != count + 2:
        sys.exit(__doc__)
    name, text = write(*sys.argv[2:])
    with open(os.path.join(FOLDER, name), "w") as file:
        file.write(text)
    print(f"docs/reports/{name} written")


if __name__ == "__main__":
    main()
