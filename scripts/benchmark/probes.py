"""What the kernel says about running programs: CPU time, memory, system calls."""
from __future__ import annotations

import re
import signal
import subprocess
from pathlib import Path


def cpu_ns(pids: list[int]) -> int:
    """User and system time of all threads, in nanoseconds: finer than the ticks of /proc/PID/stat."""
    total = 0
    for pid in pids:
        for task in Path(f"/proc/{pid}/task").iterdir():
            total += int((task / "schedstat").read_text().split()[0])
    return total


def fields_kib(pid: int, file: str) -> dict[str, int]:
    found = re.findall(r"^(\w+):\s+(\d+) kB$", Path(f"/proc/{pid}/{file}").read_text(), re.MULTILINE)
    return {name: int(value) for name, value in found}


def private_kib(pids: list[int]) -> int:
    """Memory that would be free again if these processes ended."""
    rollups = [fields_kib(pid, "smaps_rollup") for pid in pids]
    return sum(rollup["Private_Clean"] + rollup["Private_Dirty"] for rollup in rollups)


def resident_kib(pids: list[int]) -> int:
    return sum(fields_kib(pid, "status")["VmRSS"] for pid in pids)


def anonymous_kib(pids: list[int]) -> int:
    return sum(fields_kib(pid, "status")["RssAnon"] for pid in pids)


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


class SystemCalls:
    """Counts the system calls of some processes between entering and leaving (slows them down a lot)."""

    def __init__(self, pids: list[int]) -> None:
        self.command = ["strace", "-f", "-c", "-qq", "-U", "calls,name", *[f"-p{pid}" for pid in pids]]
        self.counts: dict[str, int] = {}

    def __enter__(self) -> SystemCalls:
        self.process = subprocess.Popen(self.command, stderr=subprocess.PIPE, text=True)
        return self

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGINT)
        _, text = self.process.communicate(timeout=30)
        self.counts = {name: int(calls) for calls, name in re.findall(r"^\s*(\d+)\s+(\w+)$", text, re.MULTILINE)
                       if name != "total"}


def other_load(seconds_before: tuple[int, int], seconds_after: tuple[int, int]) -> float:
    """Share of all CPU time between two readings of busy_ticks() that was busy."""
    busy = seconds_after[0] - seconds_before[0]
    total = seconds_after[1] - seconds_before[1]
    return busy / total if total else 0.0


def busy_ticks() -> tuple[int, int]:
    """Busy and total ticks of the machine since it started."""
    numbers = [int(word) for word in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    return sum(numbers) - numbers[3] - numbers[4], sum(numbers)
