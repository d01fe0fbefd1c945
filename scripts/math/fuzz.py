#!/usr/bin/env python3
"""Runs the fuzz targets of novate-math and writes the counts to docs/reports/math-fuzz.md.

    python3 scripts/math/fuzz.py [--runs N] [--corpora DIR] [--no-report] [target ...]

Needs a nightly toolchain and `cargo install cargo-fuzz`. fuzz/src says what each target checks. A finding stops the run; its input
stays in DIR, and `cargo +nightly fuzz run -s none TARGET FILE` repeats it.
"""
import argparse
import os
import re
import subprocess
import sys

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
FUZZ = os.path.join(ROOT, "fuzz")
REPORT = os.path.join(ROOT, "docs", "reports", "math-fuzz.md")
TARGETS = {
    "numbers": "products, quotients, roots, logarithms, exponential, powers, averages",
    "normal": "distribution, complement, density, inverse",
    "kernels": "every kernel on any words",
    "options": "Black-76 prices in each direction, sensitivities",
    "implied_volatility": "implied volatility, and back to the price",
    "surfaces": "SVI: variance, volatility, conditions",
}
LENGTH = 400  # bytes: more than any input takes


def run(target, runs, corpora):
    """Executions and covered edges; exits on a finding."""
    corpus = os.path.join(corpora, target)
    os.makedirs(corpus, exist_ok=True)
    with open(os.path.join(corpus, "seed"), "wb") as seed:
        seed.write(bytes((i * i * 31 + i // 7 * 17) % 256 for i in range(LENGTH)))
    # No sanitizer: there is no unsafe code for one to watch, and it costs most of the speed.
    binary = os.path.join(FUZZ, "target", "x86_64-unknown-linux-gnu", "release", target)
    command = [binary, f"-runs={runs}", f"-max_len={LENGTH}", "-len_control=0", f"-artifact_prefix={corpora}/{target}-", corpus]
    process = subprocess.run(command, capture_output=True, text=True)
    done = re.findall(r"#(\d+)\s+DONE\s+cov: (\d+)", process.stderr)
    if process.returncode or not done:
        sys.exit(f"{target}: {process.stderr[-3000:]}")
    return int(done[-1][0]), int(done[-1][1])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=1_000_000, help="executions of each target")
    parser.add_argument("--corpora", default=os.path.join(FUZZ, "corpus"), help="where the inputs are kept")
    parser.add_argument("--no-report", action="store_true", help="print only")
    parser.add_argument("targets", nargs="*")
    options = parser.parse_args()
    subprocess.run(["cargo", "+nightly", "fuzz", "build", "-s", "none"], cwd=ROOT, check=True)
    rows = []
    for target in options.targets or TARGETS:
        runs, edges = run(target, options.runs, options.corpora)
        rows.append(f"| `{target}` | {TARGETS[target]} | {runs:,} | {edges:,} | 0 |")
        print(rows[-1], flush=True)
    if not options.no_report and not options.targets:
        with open(REPORT, "w") as report:
            report.write(
                "# Fuzzing of the mathematics\n\n"
                f"Written by `python3 scripts/math/fuzz.py --runs {options.runs}` (`make fuzz ARGS=\"--runs {options.runs}\"`). "
                "libFuzzer guides the inputs by coverage; overflow checks and debug assertions are on. A finding is a panic: of the "
                "library (no input may cause one), or of an assertion in `fuzz/src` (an identity, a bound, an order of results).\n\n"
                "| target | functions | executions | edges covered | findings |\n| --- | --- | ---: | ---: | ---: |\n" + "\n".join(rows) + "\n"
            )


if __name__ == "__main__":
    main()
