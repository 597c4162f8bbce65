#!/usr/bin/env python3
"""Fails on what a compiler lets pass and this house does not.

  co_await   an expression with co_await holds no braces, no lambda, no ?: (GCC 12 frees twice)
  detached   coroutines are started by loop::spawn, so that their errors land somewhere
  coroutine lambdas   outside core/loop no coroutine is a capturing lambda
  headers    #pragma once; includes in the order own, ours, then <...>; each block sorted
  text       no tabs, no trailing blanks, no to-do notes, at most 600 lines in a file
  sleep      no test sleeps

    scripts/check_style.py [ROOT]
"""
from __future__ import annotations

import re
import sys
from pathlib import Path

from cpp_text import Token, blanked, sources, tokens

LINES_MAX = 600
TO_DO = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")
INCLUDE = re.compile(r'^\s*#\s*include\s+(?:"([^"]+)"|<([^>]+)>)')
# What may stand before a `{` that opens a block rather than an initialiser.
BLOCK_BEFORE = {")", "else", "do", "try", "{", "}", ";", ":", "noexcept", "const", "mutable", "override", ""}
LAMBDA_BEFORE = {"(", ",", "=", "return", "co_return", "{", "&&", "||", "?", ":", ";", "}", "co_await"}


def opens_block(code: list[Token], at: int) -> bool:
    """Whether the `{` at `at` opens a block: not an initialiser, whose braces belong to the expression."""
    before = code[at - 1].text if at else ""
    if before in BLOCK_BEFORE:
        return True
    # A lambda or function with a trailing return type: `) -> awaitable<void> {`.
    texts = [t.text for t in code[max(0, at - 16):at]]
    if "->" not in texts:
        return False
    arrow = len(texts) - 1 - texts[::-1].index("->")
    return arrow > 0 and texts[arrow - 1] == ")" and not set(texts[arrow + 1:]) & {";", "{", "}", "(", "="}


def matching_open(code: list[Token], at: int) -> int:
    """Index of the `{` that the `}` at `at` closes."""
    depth = 0
    for index in range(at, -1, -1):
        depth += (code[index].text == "}") - (code[index].text == "{")
        if depth == 0:
            return index
    return 0


def statement(code: list[Token], at: int) -> tuple[int, int]:
    """First and one-past-last index of the full expression around the co_await at `at`."""
    first, depth = at, 0
    while first > 0:
        text = code[first - 1].text
        if text in (")", "]"):
            depth += 1
        elif text in ("(", "["):
            depth -= 1
        elif depth <= 0 and text == ";":
            break
        elif depth <= 0 and text == "{" and opens_block(code, first - 1):
            break
        elif depth <= 0 and text == "}" and opens_block(code, matching_open(code, first - 1)):
            break
        first -= 1
    last, depth = at + 1, 0
    while last < len(code):
        text = code[last].text
        if text in ("(", "["):
            depth += 1
        elif text in (")", "]"):
            depth -= 1
        elif text == ";" and depth <= 0:
            break
        elif text == "{" and depth < 0 and code[last - 1].text == ")":
            break
        last += 1
    return first, last


def check_co_await(code: list[Token]) -> list[tuple[int, str]]:
    problems = []
    for at, token in enumerate(code):
        if token.text != "co_await" or (at > 0 and code[at - 1].text == "operator"):
            continue
        first, last = statement(code, at)
        part = code[first:last]
        texts = [t.text for t in part]
        if "?" in texts:
            problems.append((token.line, "co_await in one expression with ?: (name the argument on the line above)"))
        elif "{" in texts:
            problems.append((token.line, "co_await in one expression with braces (name the argument on the line above)"))
        elif any(text == "[" and (i == 0 or texts[i - 1] in LAMBDA_BEFORE) for i, text in enumerate(texts)):
            problems.append((token.line, "co_await in one expression with a lambda (name it on the line above)"))
    return problems


def matching(code: list[Token], at: int) -> int:
    """Index of the bracket that closes the one at `at`."""
    pairs = {"(": ")", "[": "]", "{": "}"}
    opening, closing, depth = code[at].text, pairs[code[at].text], 0
    for index in range(at, len(code)):
        depth += (code[index].text == opening) - (code[index].text == closing)
        if depth == 0:
            return index
    return len(code) - 1


def check_coroutine_lambdas(code: list[Token]) -> list[tuple[int, str]]:
    problems = []
    for at, token in enumerate(code):
        before = code[at - 1].text if at else ";"
        if token.text != "[" or before not in LAMBDA_BEFORE:
            continue
        end = matching(code, at)
        if end == at + 1 or (end + 1 < len(code) and code[at + 1].text == "["):
            continue  # captures nothing, or is an attribute
        body = next((i for i in range(end + 1, len(code)) if code[i].text in ("{", ";")), None)
        if body is None or code[body].text == ";":
            continue
        inside = {t.text for t in code[body:matching(code, body)]}
        if inside & {"co_await", "co_return", "co_yield"}:
            problems.append((token.line, "a coroutine that is a capturing lambda (write a named function with parameters)"))
    return problems


def include_rank(path: Path, ours: str | None) -> int:
    if ours is not None:
        return 0 if Path(ours).stem == path.stem and Path(ours).parent.name == path.parent.name else 1
    return 2


def check_includes(path: Path, lines: list[str]) -> list[tuple[int, str]]:
    problems = []
    highest, previous, previous_line = -1, "", -1
    for number, line in enumerate(lines, 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        rank = include_rank(path, match[1])
        if rank < highest:
            problems.append((number, "includes go: own header, ours, then <...>"))
        name = match[1] or match[2]
        if previous_line == number - 1 and rank == highest and name < previous:
            problems.append((number, f"includes are sorted: {name} stands before {previous}"))
        highest, previous, previous_line = max(highest, rank), name, number
    return problems


def check_text(path: Path, text: str, lines: list[str]) -> list[tuple[int, str]]:
    problems = []
    for number, line in enumerate(lines, 1):
        if "\t" in line:
            problems.append((number, "a tab"))
        if line != line.rstrip():
            problems.append((number, "a trailing blank"))
        if TO_DO.search(line):
            problems.append((number, "a note of something to do: what is not there is not promised"))
    if len(lines) > LINES_MAX:
        problems.append((LINES_MAX, f"{len(lines)} lines: a file past {LINES_MAX} is two files"))
    if path.suffix == ".hpp" and "#pragma once" not in text:
        problems.append((1, "a header without #pragma once"))
    return problems


def check_file(root: Path, file: Path) -> list[str]:
    path = file.relative_to(root).as_posix()
    text = file.read_text(encoding="utf-8")
    lines = text.split("\n")[:-1] if text.endswith("\n") else text.split("\n")
    bare = blanked(text)
    code = tokens(bare)
    problems = check_text(file, text, lines) + check_includes(file, lines) + check_co_await(code)
    if not path.startswith("core/loop/"):
        problems += check_coroutine_lambdas(code)
        problems += [(t.line, "detached: start coroutines with loop::spawn") for t in code if t.text == "detached"]
    if path.startswith("tests/unit/"):
        problems += [(t.line, "a test sleeps") for t in code if t.text in ("sleep_for", "sleep_until", "usleep", "nanosleep")]
    return [f"{path}:{line}: {message}" for line, message in sorted(problems)]


def main() -> int:
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent
    problems = [p for file in sources(root, "core", "cli", "daemon", "tests") for p in check_file(root, file)]
    print("\n".join(problems), file=sys.stderr, end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
