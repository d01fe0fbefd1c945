"""What the mutation tests of `math` and `risk` share: Rust functions with their mutants beside them, and what becomes of these."""
import os
import re
import resource
import subprocess
import sys

SWITCH = """
extern crate std;
/// The mutant that is switched on; 0 for none.
pub(crate) fn mutant() -> u32 {
    use core::sync::atomic::{AtomicU32, Ordering};
    static ID: AtomicU32 = AtomicU32::new(u32::MAX);
    let id = ID.load(Ordering::Relaxed);
    if id != u32::MAX { return id; }
    let id = std::env::var("MUTANT").ok().and_then(|x| x.parse().ok()).unwrap_or(0);
    ID.store(id, Ordering::Relaxed);
    id
}
"""
ENVIRONMENT = {"PROPTEST_MAX_SHRINK_ITERS": "0", "PROPTEST_DISABLE_FAILURE_PERSISTENCE": "1", "PROPTEST_RNG_SEED": "1",
               "RUST_BACKTRACE": "0"}


def offset(lines, place):
    return sum(map(len, lines[: place["line"] - 1])) + place["column"] - 1


def text_of(path):
    with open(path) as file:
        return file.read()


def write(path, text):
    with open(path, "w") as file:
        file.write(text)


def split_arguments(text):
    """The parts of an argument list, at commas outside of brackets."""
    parts, depth, part = [], 0, ""
    for c in text:
        depth += (c in "([{<") - (c in ")]}" or (c == ">" and part[-1:] != "-"))
        if c == "," and depth == 0:
            parts.append(part)
            part = ""
        else:
            part += c
    return [p.strip() for p in [*parts, part] if p.strip()]


def close(text, at):
    """Index of the bracket that closes the one at `at`."""
    pairs, depth = {"(": ")", "<": ">"}, 0
    opening = text[at]
    for i in range(at, len(text)):
        depth += (text[i] == opening) - (text[i] == pairs[opening] and text[i - 1] != "-")
        if depth == 0:
            return i
    raise ValueError(text)


def switched(source, mutants, within):
    """A function's source with its mutants beside it; `mutants` are (number, start, end, replacement) in the source,
    `within` tells whether it stands in an impl."""
    source = re.sub(r"\bconst (?=fn\b)", lambda m: " " * len(m[0]), source)  # same length: spans stay
    name = re.search(r"\bfn (\w+)", source)
    after, generics = name.end(), ""
    if source[after] == "<":
        end = close(source, after)
        names = [p.split(":")[0].replace("const ", "").strip() for p in split_arguments(source[after + 1 : end])]
        generics, after = "::<" + ", ".join(n for n in names if not n.startswith("'")) + ">", end + 1
    end = close(source, after)
    body = source.index("{", end)
    method, passed, taken = False, [], []
    for i, argument in enumerate(split_arguments(source[after + 1 : end])):
        if re.match(r"(&?\s*(mut )?self)\b", argument):
            method = True
            taken.append(argument)
        else:
            # The type begins at the first colon outside of brackets.
            depth, at = 0, 0
            for at, c in enumerate(argument):
                depth += (c in "([{<") - (c in ")]}>")
                if c == ":" and depth == 0:
                    break
            passed.append(f"a{i}")
            taken.append(f"a{i}:{argument[at + 1:]}")
    indented = source.startswith("    ") or method
    path = "self." if method else "Self::" if indented and within else ""
    copies, arms = [], []
    head, tail = source[: name.start(1)], source[name.end(1) :]
    attributes = "#[allow(warnings, clippy::all)]\n"
    for number, start, finish, replacement in [(None, 0, 0, ""), *mutants]:
        copy = f"{name[1]}__{'original' if number is None else number}"
        changed = source if number is None else source[:start] + replacement + source[finish:]
        changed = changed.replace(f"fn {name[1]}", f"fn {copy}", 1)
        marker = "" if number is None else f"/*MUTANT {number}*/"
        copies.append("\n" + marker + attributes + re.sub(r"#\[expect\((.|\n)*?\)\]\n", "", changed) + marker)
        arms.append(f"{'_' if number is None else number} => {path}{copy}{generics}({', '.join(passed)}),")
    arms.append(arms.pop(0))
    switch = head + name[1] + source[name.end(1) : after + 1] + ", ".join(taken) + source[end : body]
    switch = re.sub(r"#\[expect\((.|\n)*?\)\]\n", "", switch)
    return switch + "{ match crate::mutant() { " + " ".join(arms) + " } }" + "".join(copies)


def passes(command, folder, environment, seconds):
    """Whether tests pass, within so much processor time."""
    try:
        process = subprocess.run(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                 timeout=1800, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds)))
    except subprocess.TimeoutExpired:
        return False
    return process.returncode == 0


def refused_by(folder, errors):
    """Numbers of the mutants in which the compiler's errors, (file, line, text), lie."""
    refused = set()
    for path, line, rendered in errors:
        lines = text_of(os.path.join(folder, path)).splitlines() if path else []
        markers = re.findall(r"/\*MUTANT (\d+)\*/", "\n".join(lines[:line]))
        if len(markers) % 2 == 0 or not markers:
            sys.exit(f"the switched sources do not compile:\n{rendered}")
        refused.add(int(markers[-1]))
    return refused


def replace(folder, mutant):
    """Puts a mutant in the place of what it changes."""
    path = os.path.join(folder, mutant["file"])
    text = text_of(path)
    lines = text.splitlines(keepends=True)
    start, end = offset(lines, mutant["span"]["start"]), offset(lines, mutant["span"]["end"])
    write(path, text[:start] + mutant["replacement"] + text[end:])


def reasons(path):
    """Why mutants survive: (file, function, regex of the change, reason)."""
    found = []
    for line in text_of(path).splitlines() if os.path.exists(path) else []:
        if line.strip() and not line.startswith("#"):
            file, function, change, reason = (part.strip() for part in line.split(" | ", 3))
            found.append((file, function, re.compile(change), reason))
    return found


def describe(root, mutant, prefix):
    """File without the prefix, function, and the change with its line's text."""
    what = mutant["name"].split(": ", 1)[1]
    line = text_of(os.path.join(root, mutant["file"])).splitlines()[mutant["span"]["start"]["line"] - 1].strip()
    function = (mutant.get("function") or {"function_name": "-"})["function_name"]
    column = mutant["span"]["start"]["column"]
    return mutant["file"].removeprefix(prefix), function, f"{what.split(' in ')[0]} @{column} in `{line}`"
