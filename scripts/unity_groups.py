#!/usr/bin/env python3
"""Which sources of a folder may be compiled as one: prints a group's number for each, in the order of the arguments.

  scripts/unity_groups.py FILE.cpp...

The names that files keep to themselves (in namespaces without a name) must not meet, so files that have one in common go
to different groups.
"""
from __future__ import annotations

import sys
from pathlib import Path

from cpp_text import blanked, tokens

GROUP_MAX = 24
NO_NAMES = {"noexcept", "const", "override", "final", "requires", "operator"}  # what also stands before ( or { or ;
IN_BULK = "using all of"  # in the place of a name: only files that take the same from elsewhere go together


def alias(words: list[str]) -> tuple[str, str]:
    """`using A = b::C` and `using b::C`, without the word itself: the name, and what it stands for."""
    if "=" in words:
        return words[0], " ".join(words[words.index("=") + 1:])
    return words[-1], " ".join(words)


def private_names(file: str, text: str) -> dict[str, str]:
    """What a file has for itself, with what it stands for: what it declares directly in namespaces without a name (rather
    too much than too little), and what it abbreviates."""
    names = {IN_BULK: ""}
    words = ["", *(token.text for token in tokens(blanked(text))), ""]
    braces: list[str] = []  # of each that is open: "private" or "named" namespace, or "other"
    parens, value, skipped_to = 0, False, 0
    for at in range(1, len(words) - 1):
        before, word, after = words[at - 1:at + 2]
        if word == "{":
            head = words[max(at - 8, 0):at]
            named = "namespace" in head and not {";", "}", "{", ")"} & set(head[head.index("namespace"):])
            braces.append("private" if before == "namespace" else "named" if named else "other")
        elif word == "}":
            if braces:
                braces.pop()
            value = False
        elif word in "()":
            parens += 1 if word == "(" else -1
        elif word == ";":
            value = False
        elif word == "using" and "other" not in braces:
            skipped_to = words.index(";", at)
            what = words[at + 1:skipped_to]
            if after in ("namespace", "enum"):
                names[IN_BULK] = names.get(IN_BULK, "") + " ".join(what) + ";"
            else:
                name, meaning = alias(what)
                names[name] = meaning
        elif word == "=" and braces[-1:] == ["private"]:
            value = True
        directly = braces[-1:] == ["private"] and parens == 0 and not value and at >= skipped_to
        declares = before in ("class", "struct") or (before != "::" and after in ("(", "=", "{", ";", "["))
        if directly and declares and word.isidentifier() and word not in NO_NAMES:
            names.setdefault(word, file)
    return names


def groups(files: list[str]) -> list[int]:
    held: list[tuple[int, dict[str, str]]] = []
    found = []
    for file in files:
        names = private_names(file, Path(file).read_text())
        for number, (size, taken) in enumerate(held):
            if size < GROUP_MAX and all(taken.get(name, meaning) == meaning for name, meaning in names.items()):
                held[number] = (size + 1, taken | names)
                break
        else:
            number = len(held)
            held.append((1, names))
        found.append(number)
    return found


if __name__ == "__main__":
    print(";".join(map(str, groups(sys.argv[1:]))))
