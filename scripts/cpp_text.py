"""C++ text as the scripts need it: comments and literals blanked out, tokens with their lines."""
from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

BLANK = re.compile(
    r'R"(?P<tag>[^\s()\\]{0,16})\(.*?\)(?P=tag)"'  # raw string
    r'|//(?:\\\n|[^\n])*'
    r"|/\*.*?\*/"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9A-Za-z_])'(?:\\.|[^'\\\n])+'",
    re.DOTALL)
TOKEN = re.compile(r"[A-Za-z_]\w*|\d[\w'.]*|::|->|&&|\|\||[^\s\w]")


@dataclass(frozen=True)
class Token:
    text: str
    line: int


def blanked(text: str) -> str:
    """The same text, same length and lines, with every comment gone and every literal empty."""
    def blank(match: re.Match[str]) -> str:
        whole = match[0]
        lines = re.sub(r"[^\n]", " ", whole)
        return lines if whole.startswith("/") else '""' + lines[2:]
    return BLANK.sub(blank, text)


def tokens(text: str) -> list[Token]:
    """The tokens of blanked text; preprocessor lines are left out."""
    result = []
    in_directive = False
    for number, line in enumerate(text.split("\n"), 1):
        directive = in_directive or line.lstrip().startswith("#")
        in_directive = directive and line.endswith("\\")
        if not directive:
            result += [Token(found, number) for found in TOKEN.findall(line)]
    return result


def sources(root: Path, *tops: str) -> Iterator[Path]:
    """Our own .cpp and .hpp files under the named folders, sorted."""
    for top in tops:
        yield from sorted((root / top).rglob("*.[ch]pp"))
