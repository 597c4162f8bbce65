#!/usr/bin/env python3
"""Fails when a folder includes, or links, what it may not: the only copy of the layer table.

Looked at: every #include "..." of core/, cli/ and daemon/, the USES of every obliv_library and
obliv_program, and which folders may see the heavy third-party headers.

    scripts/check_layers.py [ROOT]
"""
from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path

# Low to high. A folder may use every folder of the groups named for it; folders of one group never use
# each other. A folder that is not here is refused, so that a new one gets a place on purpose.
GROUPS: dict[str, list[str]] = {
    "base": ["core/base"],
    "plain": ["core/config", "core/api", "core/llm", "core/http", "core/tokenizer"],
    "wire": ["core/wire"],
    "rules": ["core/ledger", "core/metering", "core/reconcile", "core/conversation", "core/documents", "core/providers"],
    "outside": ["core/retrieval", "core/client", "core/storage", "core/loop"],
    "parse": ["core/parse"],
    "cli_output": ["cli/output"],
    "cli_table": ["cli/grammar", "cli/settings"],
    "cli_parts": ["cli/chat", "cli/dashboard", "cli/bench", "cli/sim"],
    "cli_commands": ["cli/commands"],
    "cli_main": ["cli/main"],
    "transport": ["daemon/server", "daemon/upstream", "daemon/fetch", "daemon/metrics", "daemon/ops"],
    "services": ["daemon/gate", "daemon/cache", "daemon/notices", "daemon/live", "daemon/watch", "daemon/billing", "daemon/channels", "daemon/sessions", "daemon/kb"],
    "roads": ["daemon/relay", "daemon/admin"],
    "app": ["daemon/app"],
    "daemon_commands": ["daemon/commands"],
    "daemon_main": ["daemon/main"],
}
CORE = ["base", "plain", "wire", "rules", "outside"]
MAY_USE: dict[str, list[str]] = {
    "base": [],
    "plain": ["base"],
    "wire": ["base", "plain"],
    "rules": ["base", "plain", "wire"],
    "outside": ["base", "plain", "wire", "rules"],
    "parse": [],  # see EXTRA: two named folders, not a group
    "cli_output": CORE,
    "cli_table": [*CORE, "cli_output"],
    "cli_parts": [*CORE, "cli_output", "cli_table"],
    "cli_commands": [*CORE, "cli_output", "cli_table", "cli_parts"],
    "cli_main": [*CORE, "cli_output", "cli_table", "cli_parts", "cli_commands"],
    "transport": CORE,
    "services": CORE,
    "roads": [*CORE, "transport", "services"],
    "app": [*CORE, "transport", "services", "roads"],
    "daemon_commands": [*CORE, "transport", "services", "roads", "app"],
    "daemon_main": [*CORE, "transport", "services", "roads", "app", "daemon_commands"],
}
EXTRA: dict[str, list[str]] = {"core/parse": ["core/base", "core/tokenizer"]}
# Arrows that the groups would allow and that we refuse all the same.
NEVER: dict[str, list[str]] = {
    "daemon/gate": ["core/http"],
    "daemon/cache": ["core/http"],
    "daemon/billing": ["core/http"],
    "daemon/channels": ["core/http"],
    "daemon/sessions": ["core/http"],
    "daemon/kb": ["core/http"],
}
# Files that lie in a program's root folder belong to the unit named here.
ROOT_FILES: dict[str, str] = {
    "cli/command": "cli/grammar",
    "cli/commands": "cli/main",
    "cli/main": "cli/main",
    "daemon/app": "daemon/app",
    "daemon/main": "daemon/main",
}
# Headers that are expensive or that tie a folder to one library: who may include them.
FENCES: list[tuple[str, list[str]]] = [
    (r"boost/", []),
    (r"curl/", ["daemon/fetch", "core/client"]),
    (r"sqlite3\.h", ["core/storage/sqlite"]),
    (r"poppler/", ["core/parse"]),
    (r"CLI/", ["cli/grammar", "daemon/commands"]),
    (r"jq\.h", ["cli/output"]),
    (r"xlsxwriter", ["cli/output"]),
    (r"catch2/", []),
]
# Targets of CMake that are not named after their folder.
TARGET_FOLDERS: dict[str, str] = {"obliv": "cli/main", "oblivd": "daemon/main", "obliv-parse": "core/parse",
                                 "daemon_commands": "daemon/commands"}

INCLUDE = re.compile(r'^\s*#\s*include\s+(?:"([^"]+)"|<([^>]+)>)')
TARGET = re.compile(r"\bobliv_(library|program)\(\s*([\w-]+)(.*?)\)", re.DOTALL)


@dataclass(frozen=True)
class Problem:
    place: str
    text: str

    def __str__(self) -> str:
        return f"{self.place}: {self.text}"


def group_of(folder: str) -> str | None:
    return next((group for group, folders in GROUPS.items() if folder in folders), None)


def folder_of(path: str) -> str:
    """The unit a file belongs to: `core/base/money.hpp` -> `core/base`, `daemon/app.cpp` -> `daemon/app`."""
    parts = Path(path).parts
    if len(parts) == 2:
        stem = f"{parts[0]}/{Path(parts[1]).stem}"
        return ROOT_FILES.get(stem, stem)
    return "/".join(parts[:2])


def allowed(source: str, target: str) -> bool:
    if source == target:
        return True
    if source in EXTRA:
        return target in EXTRA[source]
    if target in NEVER.get(source, []):
        return False
    source_group, target_group = group_of(source), group_of(target)
    return source_group is not None and target_group in MAY_USE[source_group]


def check_include(path: str, line: int, ours: str | None, theirs: str | None) -> list[Problem]:
    place, source = f"{path}:{line}", folder_of(path)
    if ours is not None:
        if not ours.startswith(("core/", "cli/", "daemon/")):
            return [Problem(place, f'"{ours}" is not written from the root of the tree')]
        target = folder_of(ours)
        if not allowed(source, target):
            return [Problem(place, f"{source} must not include {target} ({ours})")]
        return []
    for pattern, folders in FENCES:
        if re.match(pattern, theirs or "") and not any(path.startswith(folder) for folder in folders):
            where = ", ".join(folders) or "tests"
            return [Problem(place, f"<{theirs}> is for {where} only")]
    return []


def check_sources(root: Path) -> list[Problem]:
    problems: list[Problem] = []
    for file in sorted(f for top in ("core", "cli", "daemon") for f in (root / top).rglob("*.[ch]pp")):
        path = file.relative_to(root).as_posix()
        if group_of(folder_of(path)) is None:
            problems.append(Problem(path, f"{folder_of(path)} has no place in the layer table"))
            continue
        for number, text in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            match = INCLUDE.match(text)
            if match:
                problems += check_include(path, number, match[1], match[2])
    return problems


def check_targets(root: Path) -> list[Problem]:
    """USES must point the same way as includes; a library is named after its folder."""
    found: list[tuple[str, str, list[str]]] = []
    folders = dict(TARGET_FOLDERS)
    for file in sorted(f for top in ("core", "cli", "daemon") for f in (root / top).rglob("CMakeLists.txt")):
        path = file.relative_to(root).as_posix()
        text = re.sub(r"#.*", "", file.read_text(encoding="utf-8"))
        for _, name, body in TARGET.findall(text):
            uses = body.partition("USES")[2].split()
            if name not in folders:
                parts = Path(path).parts
                folders[name] = "/".join(parts[:2]) if len(parts) > 2 else ROOT_FILES.get(f"{parts[0]}/{name}", f"{parts[0]}/{name}")
            found.append((path, name, uses))
    problems = []
    for path, name, uses in found:
        for use in uses:
            if use in folders and not allowed(folders[name], folders[use]):
                problems.append(Problem(path, f"{name} ({folders[name]}) must not use {use} ({folders[use]})"))
    return problems


def main() -> int:
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent
    problems = check_sources(root) + check_targets(root)
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
