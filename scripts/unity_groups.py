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

GROUP_MAX = 8


def private_names(text: str) -> set[str]:
    """What is declared directly in namespaces without a name; rather too many names than too few."""
    names: set[str] = set()
    depth, inside, parens, value = 0, -1, 0, False
    words = [token.text for token in tokens(blanked(text))]
    for before, word, after in zip(["", *words], words, [*words[1:], ""]):
        if word == "{":
            if before == "namespace" and inside < 0:
                inside = depth
            depth += 1
        elif word == "}":
            depth -= 1
            if depth == inside:
                inside = -1
            value = False
        elif word in "()":
            parens += 1 if word == "(" else -1
        elif word == ";":
            value = False
        elif word == "=" and depth == inside + 1:
            value = True
        directly = inside >= 0 and depth == inside + 1 and parens == 0 and not value
        if directly and word.isidentifier() and (before in ("class", "struct") or after in ("(", "=", "{", ";", "[")):
            names.add(word)
    return names


def groups(texts: list[str]) -> list[int]:
    held: list[tuple[int, set[str]]] = []
    found = []
    for text in texts:
        names = private_names(text)
        for number, (size, taken) in enumerate(held):
            if size < GROUP_MAX and not names & taken:
                held[number] = (size + 1, taken | names)
                break
        else:
            number = len(held)
            held.append((1, names))
        found.append(number)
    return found


if __name__ == "__main__":
    print(";".join(map(str, groups([Path(name).read_text() for name in sys.argv[1:]]))))
