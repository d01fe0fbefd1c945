"""What the mutation tests of `math` and `risk` share: Rust functions with their mutants beside them."""
import re


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
