#!/usr/bin/env python3
"""Mutation testing of novate-risk: the mutants of cargo-mutants, compiled together and run one by one.

    python3 scripts/risk/mutants.py [--folder DIR] [--only REGEX] [--seconds N] [--tests-added] [--no-report]      needs: cargo install cargo-mutants

`cargo mutants --list --json` names the mutants: a span of the source and what replaces it. cargo-mutants builds the crate once for
each; here every mutated function is a copy beside the original, and the original's name becomes a switch on the environment
variable MUTANT, so that one build serves all. Mutants outside of functions (constants), and of trait implementations, are built
one by one. A mutant that the compiler refuses is unviable. A mutant is caught when the tests of the crate, of its program or of its suite
fail, trap, or use more than 120 seconds of processor time (20 where a second
is usual). Tests draw the same random numbers in every run, so the result is repeatable.

Verdicts are kept in the folder as long as the sources stay as they are: a run that was stopped (or ended by --seconds) goes on.

The report docs/reports/risk-mutants.md lists every survivor with its reason, from scripts/risk/mutants.txt: lines of
`FILE | FUNCTION | REGEX OF THE CHANGE | REASON`. A survivor without a reason fails the run, and so does a score below 95%.
"""
import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections import Counter, defaultdict

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from mutation import (  # noqa: E402
    ENVIRONMENT, SWITCH, describe, offset, passes, reasons, refused_by, replace, switched, text_of, write)

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
REPORT = os.path.join(ROOT, "docs", "reports", "risk-mutants.md")
REASONS = os.path.join(ROOT, "scripts", "risk", "mutants.txt")
# Processor time of the quick tests, which take a second, and of all.
SECONDS = (20, 120)
LEAST_SCORE = 0.95


def transform(folder, mutants, skip):
    """Writes the switched sources; returns the numbers of the mutants that need a build of their own."""
    alone, by_file = [], defaultdict(list)
    for number, mutant in enumerate(mutants, 1):
        by_file[mutant["file"]].append((number, mutant))
    for path in sorted({m["file"] for m in mutants}):
        text = text_of(os.path.join(ROOT, path))
        lines = text.splitlines(keepends=True)
        functions = defaultdict(list)
        for number, mutant in by_file[path]:
            function = mutant.get("function")
            if not function or " for " in function["function_name"]:
                alone.append(number)
                continue
            span = (offset(lines, function["span"]["start"]), offset(lines, function["span"]["end"]))
            # Two functions that return `impl Trait` don't return the same type.
            if "-> impl" in text[span[0]:text.index("{", span[0])]:
                alone.append(number)
                continue
            if number not in skip:
                functions[span].append((number, mutant))
        for (start, end), found in sorted(functions.items(), reverse=True):
            source = text[start:end]
            changes = [(n, offset(lines, m["span"]["start"]) - start, offset(lines, m["span"]["end"]) - start, m["replacement"])
                       for n, m in found]
            column = found[0][1]["function"]["span"]["start"]["column"]
            text = text[:start] + switched(("    " if column > 1 else "") + source,
                                           [(n, s + (4 if column > 1 else 0), e + (4 if column > 1 else 0), r)
                                            for n, s, e, r in changes], column > 1) + text[end:]
        # What calls such a function cannot be const either.
        text = re.sub(r"\bconst fn ", "fn ", text)
        # Copies of copies would multiply.
        text = re.sub(r"#\[inline(\(always\))?\]", "#[inline(never)]", text)
        write(os.path.join(folder, path), text)
    return alone


def copy_tree(folder):
    for name in ("math", "risk", "docs"):
        shutil.rmtree(os.path.join(folder, name), ignore_errors=True)
        shutil.copytree(os.path.join(ROOT, name), os.path.join(folder, name))
    workspace = text_of(os.path.join(ROOT, "Cargo.toml"))
    workspace = re.sub(r"members = \[.*?\]", 'members = ["math", "risk"]', workspace, flags=re.S)
    workspace = re.sub(r"\[workspace\.lints\.rust\].*?(?=\n# |\n\[profile)", "[workspace.lints.rust]\n", workspace, flags=re.S)
    workspace = re.sub(r"\[profile\.contract.*?(?=\n# |\Z)", "", workspace, flags=re.S)
    write(os.path.join(folder, "Cargo.toml"), workspace)
    for name in ("Cargo.lock", "rust-toolchain.toml"):
        shutil.copy(os.path.join(ROOT, name), folder)


def build(folder):
    """The test binaries and None, or None and the compiler's errors as (file, line)."""
    command = ["cargo", "test", "-q", "--profile", "mutants", "-p", "novate-risk", "--tests", "--no-run", "--message-format=json"]
    process = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    binaries, errors = [], []
    for line in process.stdout.splitlines():
        message = json.loads(line)
        if message.get("executable") and message["profile"]["test"]:
            binaries.append(message["executable"])
        if message["reason"] == "compiler-message" and message["message"]["level"] == "error":
            found = message["message"]["spans"]
            errors += [(s["file_name"], s["line_start"], message["message"]["rendered"]) for s in found if s["is_primary"]]
    if process.returncode:
        return None, errors or [("", 0, process.stderr)]
    names = {os.path.basename(name).split("-")[0]: name for name in binaries}
    # What catches most and takes least goes first.
    suite = names["suite"]
    return [[suite, "fixtures"], [suite, "edges", "bounds", "example"], [names["novate_risk"]], [names["margin_jsonl"]], [suite]], None


def survives(folder, binaries, number):
    environment = dict(os.environ, MUTANT=str(number), **ENVIRONMENT)
    for binary in binaries:
        seconds = SECONDS[binary == binaries[-1]]
        if not passes([*binary, "-q"], os.path.join(folder, "risk"), environment, seconds):
            return False
    return True


def together(folder, mutants):
    """Builds until nothing unviable is left; returns the binaries, the unviable and the lonely."""
    unviable = set()
    while True:
        copy_tree(folder)
        alone = transform(folder, mutants, unviable)
        for name, at in (("lib.rs", "pub mod adaptive;"), ("bin/margin-jsonl/main.rs", "mod decimal;")):
            path = os.path.join(folder, "risk", "src", *name.split("/"))
            text = text_of(path).replace(at, SWITCH + at, 1).replace("#[cfg(test)]\nextern crate std;", "")
            write(path, re.sub(r"^((//!.*\n)*)", r"\1#![allow(warnings, clippy::all)]\n", text, count=1))
        suite = os.path.join(folder, "risk", "tests", "suite")
        for name in os.listdir(suite):
            if name.endswith(".rs"):
                path = os.path.join(suite, name)
                write(path, re.sub(r"\bconst fn ", "fn ", text_of(path)))
        binaries, errors = build(folder)
        if binaries:
            return binaries, unviable, alone
        refused = refused_by(folder, errors)
        print(f"refused by the compiler: {len(refused)}", flush=True)
        unviable |= refused


def by_itself(folder, mutant):
    """One mutant by itself: 'unviable', True if it survives, else False."""
    copy_tree(folder)
    replace(folder, mutant)
    binaries, errors = build(folder)
    return "unviable" if errors else survives(folder, binaries, 0)


def digest():
    """Of everything that a verdict depends on."""
    sha = hashlib.sha256()
    for folder in ("math/src", "risk"):
        for path, _, names in sorted(os.walk(os.path.join(ROOT, folder))):
            for name in sorted(names):
                with open(os.path.join(path, name), "rb") as file:
                    sha.update(name.encode() + file.read())
    return sha.hexdigest()


def identities(mutants):
    """What each mutant is told by when lines have moved: its place in its line, and the how manieth of that kind it is."""
    met, found = Counter(), []
    for mutant in mutants:
        what = " | ".join(describe(ROOT, mutant, "risk/src/"))
        met[what] += 1
        found.append(f"{what} | {met[what]}")
    return found


class State:
    """What is known of a run, in a file of the folder."""

    def __init__(self, folder, mutants, tests_added):
        self.path = os.path.join(folder, "verdicts.json")
        self.identities = identities(mutants)
        self.known = json.loads(text_of(self.path)) if os.path.exists(self.path) else {}
        if self.known.get("digest") != digest():
            kept = {n: v for n, v in self.known.get("verdicts", {}).items() if tests_added and v == "caught"}
            self.known = {"digest": digest(), "verdicts": kept}

    def save(self):
        write(self.path, json.dumps(self.known))

    def verdict(self, number):
        """'caught', 'survives', 'unviable' or None."""
        return self.known["verdicts"].get(self.identities[number - 1])

    def set(self, number, verdict):
        self.known["verdicts"][self.identities[number - 1]] = verdict
        self.save()


def prepared(folder, mutants, state):
    """The binaries of all switched mutants, and which mutants need a build of their own."""
    if "binaries" not in state.known:
        binaries, unviable, alone = together(folder, mutants)
        if not survives(folder, binaries, 0):
            sys.exit("the tests fail without a mutant")
        # A mutant that is built by itself overwrites them.
        kept = [[os.path.join(folder, "kept-" + os.path.basename(b[0])), *b[1:]] for b in binaries]
        for (name, *_), (copy, *_) in zip(binaries, kept):
            shutil.copy(name, copy)
        state.known |= {"binaries": kept, "alone": alone}
        for number in unviable:
            state.set(number, "unviable")
        state.save()
    return state.known["binaries"], set(state.known["alone"])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", default=os.path.join(ROOT, "target", "mutants-risk"), help="where to build")
    parser.add_argument("--only", default="", help="mutants whose name matches")
    parser.add_argument("--seconds", type=int, default=10 ** 9, help="stop after that long; the next run goes on")
    parser.add_argument("--tests-added", action="store_true", help="what was caught stays caught, where its line is as it was: when tests are new, or a few lines")
    parser.add_argument("--no-report", action="store_true", help="print only")
    options = parser.parse_args()
    stop = time.monotonic() + options.seconds
    listed = subprocess.run(["cargo", "mutants", "--list", "--json", "--config", "risk/mutants.toml", "-p", "novate-risk"], cwd=ROOT,
                            capture_output=True, text=True, check=True)
    mutants = json.loads(listed.stdout)
    os.makedirs(options.folder, exist_ok=True)
    state = State(options.folder, mutants, options.tests_added)
    binaries, alone = prepared(options.folder, mutants, state)
    wanted = [n for n, m in enumerate(mutants, 1) if re.search(options.only, m["name"])]
    # In random order, so that a run that was stopped is a sample; those that need a build come last.
    order = sorted(wanted, key=lambda n: (n in alone, hashlib.sha256(f"{n}".encode()).digest()))
    for number in order:
        if state.verdict(number) is None and time.monotonic() < stop:
            if number in alone:
                outcome = by_itself(options.folder, mutants[number - 1])
            else:
                outcome = survives(options.folder, binaries, number)
            state.set(number, outcome if outcome == "unviable" else "survives" if outcome else "caught")
            if outcome is True:
                print("survives:", mutants[number - 1]["name"], flush=True)
    report(options, mutants, wanted, state)


def sample(viable, waiting, score):
    """Says so if not all were run, with the 95% interval of Wilson of the score of all."""
    if not waiting:
        return ""
    middle, spread = score + 1.92 / viable, 1.96 * (score * (1 - score) / viable + 0.96 / viable ** 2) ** 0.5
    low, high = (middle - spread) / (1 + 3.84 / viable), (middle + spread) / (1 + 3.84 / viable)
    return (f"{viable} of the others were run, a random sample; {len(waiting)} wait (the next run goes on). The score of all lies between "
            f"{low:.1%} and {high:.1%}, with 95% confidence. ")


def report(options, mutants, wanted, state):
    """Prints the score, and writes the report if all have a verdict."""
    survivors = [n for n in wanted if state.verdict(n) == "survives"]
    unviable = [n for n in wanted if state.verdict(n) == "unviable"]
    caught = Counter(mutants[n - 1]["file"] for n in wanted if state.verdict(n) == "caught")
    waiting = [n for n in wanted if state.verdict(n) is None]
    viable = sum(caught.values()) + len(survivors)
    score = sum(caught.values()) / max(viable, 1)
    print(f"{len(wanted)} mutants, {len(unviable)} unviable, {viable} run, {len(waiting)} waiting, {len(survivors)} survive: {score:.2%}")
    known, unexplained, listed = reasons(REASONS), [], []
    for number in survivors:
        file, function, change = describe(ROOT, mutants[number - 1], "risk/src/")
        reason = next((r for f, g, c, r in known if f == file and re.fullmatch(g, function) and c.search(change)), None)
        if reason is None:
            unexplained.append(f"{file} | {function} | {change}")
        listed.append(f"| {file} | {function} | {change.replace('|', chr(92) + '|')} | {reason or 'NO REASON'} |")
    print("\n".join(["without a reason:", *unexplained]) if unexplained else "every survivor has a reason")
    if not options.no_report and not options.only and viable:
        rows = [f"| {f.removeprefix('risk/src/')} | {caught[f]} | "
                f"{sum(mutants[n - 1]['file'] == f for n in survivors)} |" for f in sorted({m["file"] for m in mutants})]
        write(REPORT, "# Mutation testing of the margin engine\n\nWritten by `python3 scripts/risk/mutants.py` (`make mutants-risk`); its head "
              f"says how.\n\nOf {len(mutants)} mutants of cargo-mutants {len(unviable)} are refused by the compiler. "
              f"{sample(viable, waiting, score)}Of {viable} viable ones {sum(caught.values())} are caught and {len(survivors)} survive: **{score:.2%}**.\n\n"
              "| file | caught | survive |\n| --- | ---: | ---: |\n" + "\n".join(rows) +
              "\n\n## Survivors\n\nThe number behind `@` is the column.\n\n| file | function | change | why no test can, or need, tell |\n"
              "| --- | --- | --- | --- |\n" + "\n".join(listed) + "\n")
    sys.exit(bool(unexplained or waiting) or score < LEAST_SCORE)


if __name__ == "__main__":
    main()
