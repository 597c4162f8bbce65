"""The working half of scripts/test: configure, build, ctest, and count the single cases."""
from __future__ import annotations

import argparse
import os
import platform
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path

import coverage

ROOT = Path(__file__).resolve().parent.parent
# What a sanitizer finds must end the program, in children of functional tests too.
SANITIZER_ENVIRONMENT = {
    "ASAN_OPTIONS": "detect_leaks=1:halt_on_error=1:strict_string_checks=1:detect_stack_use_after_return=0",
    "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
    "TSAN_OPTIONS": f"halt_on_error=1:second_deadlock_stack=1:suppressions={ROOT}/scripts/tsan.supp",
}
SANITIZED = ("asan", "tsan")


@dataclass
class Count:
    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def add(self, other: Count) -> None:
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


def number(pattern: str, text: str) -> int:
    match = re.search(pattern, text)
    return int(match[1]) if match else 0


def cases_in(output: str) -> Count | None:
    """What the test program itself counted, when it is one that counts: Catch2 or unittest."""
    whole = re.findall(r"^All tests passed \(\d+ assertions? in (\d+) test cases?\)", output, re.MULTILINE)
    if whole:
        return Count(passed=int(whole[-1]))
    some = re.findall(r"^test cases:(.*)$", output, re.MULTILINE)
    if some:
        return Count(passed=number(r"(\d+) passed", some[-1]), failed=number(r"(\d+) failed", some[-1]))
    ran = re.findall(r"^Ran (\d+) tests? in .*\n\n(OK|FAILED)(.*)$", output, re.MULTILINE)
    if ran:
        total, _, rest = ran[-1]
        failed = number(r"failures=(\d+)", rest) + number(r"errors=(\d+)", rest)
        skipped = number(r"skipped=(\d+)", rest)
        return Count(max(int(total) - failed - skipped, 0), failed, skipped)
    return None


def count_entry(case: ElementTree.Element) -> Count:
    """One ctest entry as single cases; an entry that failed counts at least one failure."""
    status = case.get("status", "")
    counted = cases_in(case.findtext("system-out") or "")
    if status in ("notrun", "disabled") or case.find("skipped") is not None:
        return counted if counted and counted.skipped else Count(skipped=1)
    if status == "fail" or case.find("failure") is not None:
        counted = counted or Count()
        counted.failed = max(counted.failed, 1)
        return counted
    return counted or Count(passed=1)


def count_report(report: Path) -> tuple[Count, list[str]]:
    total, failed = Count(), []
    for case in ElementTree.parse(report).getroot().iter("testcase"):
        count = count_entry(case)
        total.add(count)
        if count.failed:
            failed.append(case.get("name", "?"))
    return total, failed


def run(*command: str, environment: dict[str, str] | None = None) -> int:
    print("+", " ".join(command), flush=True)
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


def sanitizer_environment(reports: Path) -> dict[str, str]:
    """Each report becomes a file of its own: what a test does with the output and the exit code of the program it
    started, which may be a daemon that has already answered, hides nothing."""
    return {name: f"{options}:log_path={reports}/report" for name, options in SANITIZER_ENVIRONMENT.items()}


def show_reports(reports: Path) -> int:
    """Prints what the sanitizers have written, and says how many reports that is."""
    files = sorted(reports.glob("report.*"))
    for file in files:
        print(f"--- {file.name}\n{file.read_text(encoding='utf-8', errors='replace')}")
    return len(files)


def without_randomised_addresses() -> list[str]:
    """GCC 12's ThreadSanitizer fails at random where the kernel spreads addresses wider than it expects."""
    command = ["setarch", platform.machine(), "-R"]
    works = subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0
    if not works:
        print("scripts/test: setarch -R is refused here; ThreadSanitizer may fail to start", file=sys.stderr)
    return command if works else []


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/test")
    kind = parser.add_mutually_exclusive_group()
    for preset in ("asan", "tsan", "coverage"):
        kind.add_argument(f"--{preset}", dest="preset", action="store_const", const=preset, default="test")
    parser.add_argument("--unit", action="store_true")
    parser.add_argument("--filter", default="")
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    return parser.parse_args(arguments)


def build(options: argparse.Namespace) -> bool:
    target = ["--target", "unit_tests"] if options.unit else []
    return (run("cmake", "--preset", options.preset, "--log-level=WARNING") == 0
            and run("cmake", "--build", f"build/{options.preset}", "-j", str(options.jobs), *target) == 0)


def main() -> int:
    options = parse(sys.argv[1:])
    folder = ROOT / "build" / options.preset
    report = folder / "ctest.xml"
    if not build(options):
        print("scripts/test: the build failed\n0 passed, 1 failed, 0 skipped")
        return 1
    if options.preset == "coverage":
        coverage.forget(folder)
    report.unlink(missing_ok=True)
    prefix = without_randomised_addresses() if options.preset == "tsan" else []
    reports = folder / "reports"
    shutil.rmtree(reports, ignore_errors=True)
    reports.mkdir()
    select = (["-L", "^unit$"] if options.unit else []) + (["-R", options.filter] if options.filter else [])
    code = run(*prefix, "ctest", "--test-dir", str(folder), "-j", str(options.jobs), "--output-on-failure",
               "--no-tests=error", "--test-output-size-passed", "1000000", "--test-output-size-failed", "1000000",
               "--output-junit", str(report), *select,
               environment={**os.environ, **(sanitizer_environment(reports) if options.preset in SANITIZED else {})})
    total, failed = count_report(report) if report.exists() else (Count(failed=1), ["ctest"])
    if code != 0 and total.failed == 0:
        total.failed = 1  # ctest itself found something wrong, such as no test at all
    if options.preset == "coverage" and not coverage.report(ROOT, folder):
        total.failed += 1
        failed.append("coverage")
    if found := show_reports(reports):
        total.failed += found
        failed.append(f"sanitizer ({found} reports)")
    if failed:
        print("failed:", *failed)
    print(total)
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(main())
