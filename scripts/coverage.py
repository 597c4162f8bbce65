"""Line coverage by library, from the .gcda files of one build folder, judged against the minimum."""
from __future__ import annotations

import gzip
import json
import subprocess
import tempfile
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

OVERALL_MIN = 85.0
CAREFUL_MIN = 95.0
# Where a wrong line costs somebody money, lets somebody in, or sends a call to the wrong place.
CAREFUL = {
    "core/base/money": "money",
    "core/ledger": "money",
    "core/llm/price": "money",
    "daemon/billing": "money",
    "daemon/gate": "authentication",
    "daemon/channels": "channel choice",
}

Lines = dict[str, dict[int, int]]  # file -> line -> how often it ran


def forget(folder: Path) -> None:
    """Drops the counts of earlier runs."""
    for file in folder.rglob("*.gcda"):
        file.unlink()


def read_one(notes: Path) -> list[dict]:
    """gcov's own view of one object file."""
    with tempfile.TemporaryDirectory() as scratch:
        done = subprocess.run(["gcov", "--json-format", "--preserve-paths", str(notes)],
                              cwd=scratch, capture_output=True, check=False)
        if done.returncode != 0:
            return []
        return [entry for result in Path(scratch).glob("*.gcov.json.gz")
                for entry in json.loads(gzip.decompress(result.read_bytes()))["files"]]


def collect(root: Path, folder: Path) -> Lines:
    """Objects without counts are read too: a library that no test ran is 0 %, not absent."""
    lines: Lines = defaultdict(dict)
    notes = [file for top in ("core", "cli", "daemon") for file in (folder / top).rglob("*.gcno")]
    notes += list((folder / "tests").rglob("*.gcno"))
    with ThreadPoolExecutor() as pool:
        for entries in pool.map(read_one, notes):
            for entry in entries:
                add(root, lines, entry)
    return lines


def add(root: Path, lines: Lines, entry: dict) -> None:
    name = entry["file"].removeprefix(f"{root}/").lstrip("/")
    if not name.startswith(("core/", "cli/", "daemon/")):
        return
    counts = lines[name]
    for line in entry["lines"]:
        counts[line["line_number"]] = counts.get(line["line_number"], 0) + line["count"]


def library(file: str) -> str:
    parts = file.split("/")
    return "/".join(parts[:2]) if len(parts) > 2 else parts[0]


def percent(counts: list[int]) -> float:
    return 100.0 * sum(1 for count in counts if count) / len(counts) if counts else 100.0


def report(root: Path, folder: Path) -> bool:
    """Prints the tables; true when every minimum is met."""
    lines = collect(root, folder)
    by_library: dict[str, list[int]] = defaultdict(list)
    by_care: dict[str, list[int]] = defaultdict(list)
    for file, counts in sorted(lines.items()):
        by_library[library(file)] += counts.values()
        for start, subject in CAREFUL.items():
            if file.startswith(start):
                by_care[subject] += counts.values()
    everything = [count for counts in by_library.values() for count in counts]
    print(f"\n{'library':<24}{'lines':>8}{'covered':>10}")
    for name, counts in sorted(by_library.items()):
        print(f"{name:<24}{len(counts):>8}{percent(counts):>9.1f}%")
    good = bool(everything)
    for name, counts, minimum in [("all", everything, OVERALL_MIN),
                                  *((name, counts, CAREFUL_MIN) for name, counts in sorted(by_care.items()))]:
        reached = percent(counts) >= minimum
        good = good and reached
        print(f"{name:<24}{len(counts):>8}{percent(counts):>9.1f}%  at least {minimum:.0f}%{'' if reached else '  TOO LOW'}")
    return good
