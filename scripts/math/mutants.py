#!/usr/bin/env python3
"""Mutation testing of novate-math: the mutants of cargo-mutants, compiled together and run one by one.

    python3 scripts/math/mutants.py [--folder DIR] [--only REGEX] [--again LOG] [--no-report]

Needs `cargo install cargo-mutants`.

`cargo mutants --list --json` names the mutants: a span of the source and what replaces it. cargo-mutants builds the crate once for
each; here every mutated function is a copy beside the original, and the original's name becomes a switch on the environment
variable MUTANT, so that one build serves all. Mutants outside of functions (constants), and of trait implementations, are built
one by one. A mutant that the compiler refuses is unviable. A mutant is caught when the unit tests or the integration tests fail,
trap, or use more than 60 seconds of processor time. Tests draw the same random numbers in every run, so the result is repeatable.

`--again LOG` runs only what an earlier run of the same source printed as surviving: tests only grow, so the rest is still caught.
Mutants that `math/mutants.toml` leaves out are counted in the report.

The report docs/reports/math-mutants.md lists every survivor with its reason, from scripts/math/mutants.txt: lines of
`FILE | FUNCTION | REGEX OF THE CHANGE | REASON`, `*` for any. A survivor without a reason fails the run, and so does a score below 95%.
"""
import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter, defaultdict

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from mutation import (  # noqa: E402
    ENVIRONMENT, SWITCH, describe, offset, passes, reasons, refused_by, replace, switched, text_of, write)

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
REPORT = os.path.join(ROOT, "docs", "reports", "math-mutants.md")
REASONS = os.path.join(ROOT, "scripts", "math", "mutants.txt")
SECONDS = 60
LEAST_SCORE = 0.95
# The compiler refuses it, but only a build of its own shows it.
UNVIABLE_ALONE = {"math/src/accuracy.rs:22:5: replace bound -> Bound with Default::default()"}
PROFILE = """
[profile.dev]
debug = false
incremental = false
[profile.dev.package.novate-math]
opt-level = 1
"""


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
            # Constants need `accuracy::bound` as it is.
            if not function or " for " in function["function_name"] or path.endswith("accuracy.rs"):
                alone.append(number)
                continue
            span = (offset(lines, function["span"]["start"]), offset(lines, function["span"]["end"]))
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
        if not path.endswith("accuracy.rs"):
            text = re.sub(r"\bconst fn ", "fn ", text)
        # Copies of copies would multiply.
        text = re.sub(r"#\[inline(\(always\))?\]", "#[inline(never)]", text)
        text = text.replace("#![no_std]", "#![no_std]\n#![allow(warnings, clippy::all)]")
        if path.endswith("src/lib.rs"):
            raise ValueError("lib.rs has a mutant: not expected")
        write(os.path.join(folder, path), text)
    return alone


def copy_tree(folder):
    shutil.rmtree(os.path.join(folder, "math"), ignore_errors=True)
    shutil.copytree(os.path.join(ROOT, "math"), os.path.join(folder, "math"))
    os.makedirs(os.path.join(folder, "docs"), exist_ok=True)
    shutil.copy(os.path.join(ROOT, "docs", "accuracy.md"), os.path.join(folder, "docs"))  # a test reads it
    workspace = text_of(os.path.join(ROOT, "Cargo.toml"))
    workspace = re.sub(r"members = \[.*?\]", 'members = ["math"]', workspace, flags=re.S)
    workspace = re.sub(r'\[profile\.dev\]\ndebug = "line-tables-only"\n', PROFILE.lstrip(), workspace)
    workspace = re.sub(r"\[profile\.contract.*", "", workspace, flags=re.S)
    workspace = re.sub(r"\[workspace\.lints\.rust\].*?(?=\n# |\n\[profile)", "[workspace.lints.rust]\n", workspace, flags=re.S)
    write(os.path.join(folder, "Cargo.toml"), workspace)
    for name in ("Cargo.lock", "rust-toolchain.toml"):
        shutil.copy(os.path.join(ROOT, name), folder)


def build(folder):
    """The test binaries and None, or None and the compiler's errors as (file, line)."""
    command = ["cargo", "test", "-q", "-p", "novate-math", "--tests", "--no-run", "--message-format=json"]
    process = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    binaries, errors = [], []
    for line in process.stdout.splitlines():
        message = json.loads(line)
        if message.get("executable"):
            binaries.append(message["executable"])
        if message["reason"] == "compiler-message" and message["message"]["level"] == "error":
            found = message["message"]["spans"]
            errors += [(s["file_name"], s["line_start"], message["message"]["rendered"]) for s in found if s["is_primary"]]
    if process.returncode:
        return None, errors or [("", 0, process.stderr)]
    return sorted(binaries, key=lambda name: "novate_math" not in os.path.basename(name)), None


def survives(folder, binaries, number):
    environment = dict(os.environ, MUTANT=str(number), **ENVIRONMENT)
    for binary in binaries:
        if not passes([binary, "-q"], os.path.join(folder, "math"), environment, SECONDS):
            return False
    return True


def together(folder, mutants):
    """Builds until nothing unviable is left; returns the binaries, the unviable and the lonely."""
    unviable = set()
    while True:
        copy_tree(folder)
        alone = transform(folder, mutants, unviable)
        lib = os.path.join(folder, "math", "src", "lib.rs")
        text = text_of(lib).replace("pub mod accuracy;", SWITCH + "\npub mod accuracy;").replace("#![forbid(unsafe_code)]", "")
        write(lib, re.sub(r"#!\[doc = .*\n", "", text).replace("#![no_std]", "#![no_std]\n#![allow(warnings, clippy::all)]"))
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


def list_mutants(config):
    """All mutants, or those that a configuration keeps."""
    command = ["cargo", "mutants", "--list", "--json", "-p", "novate-math"]
    command += ["--config", config] if config else ["--no-config"]
    return json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", default=os.path.join(ROOT, "target", "mutants"), help="where to build")
    parser.add_argument("--only", default="", help="mutants whose name matches")
    parser.add_argument("--again", help="the output of an earlier run")
    parser.add_argument("--no-report", action="store_true", help="print only")
    options = parser.parse_args()
    mutants, left_out = list_mutants("math/mutants.toml"), len(list_mutants(None))
    left_out -= len(mutants)
    os.makedirs(options.folder, exist_ok=True)
    binaries, unviable, alone = together(options.folder, mutants)
    if not survives(options.folder, binaries, 0):
        sys.exit("the tests fail without a mutant")
    wanted = [n for n, m in enumerate(mutants, 1) if re.search(options.only, m["name"])]
    survivors, caught = [], Counter()
    if options.again:
        names = set(re.findall(r"^survives: (.*)$", text_of(options.again), re.M))
        for number in [n for n in wanted if mutants[n - 1]["name"] not in names]:
            wanted.remove(number)
            if number not in unviable and mutants[number - 1]["name"] not in UNVIABLE_ALONE:
                caught[mutants[number - 1]["file"]] += 1
    for number in (n for n in wanted if n not in unviable and n not in alone):
        if survives(options.folder, binaries, number):
            survivors.append(number)
            print("survives:", mutants[number - 1]["name"], flush=True)
        else:
            caught[mutants[number - 1]["file"]] += 1
    for number in (n for n in wanted if n in alone):
        verdict = by_itself(options.folder, mutants[number - 1])
        if verdict == "unviable":
            unviable.add(number)
        elif verdict:
            survivors.append(number)
            print("survives:", mutants[number - 1]["name"], flush=True)
        else:
            caught[mutants[number - 1]["file"]] += 1
    viable = sum(caught.values()) + len(survivors)
    score = sum(caught.values()) / viable
    print(f"{len(wanted)} mutants, {viable} viable, {len(survivors)} survive: {score:.2%}")
    known, unexplained, listed = reasons(REASONS), [], []
    for number in survivors:
        file, function, change = describe(ROOT, mutants[number - 1], "math/src/")
        reason = next((r for f, g, c, r in known if f in (file, "*") and g in (function, "*") and c.search(change)), None)
        if reason is None:
            unexplained.append(f"{file} | {function} | {change}")
        listed.append(f"| {file} | {function} | {change.replace('|', chr(92) + '|')} | {reason or 'NO REASON'} |")
    print("\n".join(["without a reason:", *unexplained]) if unexplained else "every survivor has a reason")
    if not options.no_report and not options.only:
        rows = [f"| {f.removeprefix('math/src/')} | {caught[f]} | "
                f"{sum(mutants[n - 1]['file'] == f for n in survivors)} |" for f in sorted({m["file"] for m in mutants})]
        write(REPORT, "# Mutation testing of the mathematics\n\nWritten by `python3 scripts/math/mutants.py` (`make mutants`); its head "
              f"says how.\n\nOf {len(mutants) + left_out} mutants of cargo-mutants {left_out} are left out as the same function (see "
              f"`math/mutants.toml`: a bitwise or of disjoint bits), all others run: {len(unviable)} are refused by the compiler; of "
              f"{viable} viable ones {sum(caught.values())} are caught and {len(survivors)} survive: **{score:.2%}**.\n\n"
              "| file | caught | survive |\n| --- | ---: | ---: |\n" + "\n".join(rows) +
              "\n\n## Survivors\n\nThe number behind `@` is the column.\n\n| file | function | change | why no test can, or need, tell |\n"
              "| --- | --- | --- | --- |\n" + "\n".join(listed) + "\n")
    sys.exit(bool(unexplained) or score < LEAST_SCORE)


if __name__ == "__main__":
    main()
