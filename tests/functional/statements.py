"""A month of an account with as many charges as one likes, written into the store of a daemon that does not run, and what an
export of it took."""
import contextlib
import os
import resource
import sqlite3
import subprocess
import time
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from harness import BIN, Daemon, environment


def last_month() -> str:
    return f"{datetime.now(timezone.utc).replace(day=1) - timedelta(days=1):%Y-%m}"


def fill(daemon: Daemon, account: str, charges: int) -> int:
    """So many charges of one to nine nano-dollars in the middle of the last month; what they cost together."""
    begin = int(datetime.strptime(last_month() + "-10", "%Y-%m-%d").replace(tzinfo=timezone.utc).timestamp()) * 10**9
    with contextlib.closing(sqlite3.connect(daemon.data / "oblivd.db")) as store, store:
        first = store.execute("SELECT max((SELECT coalesce(max(id), 0) FROM charge), (SELECT coalesce(max(id), 0) FROM transfer), "
                              "(SELECT watermark FROM fold)) + 1").fetchone()[0]
        store.execute("WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?) INSERT INTO charge "
                      "(id, time, account, token, price, held, cost, loss) SELECT ? + i, ? + i * 1000, ?, NULL, NULL, 9, 1 + i % 9, 0 "
                      "FROM n", (charges, first, begin, int(account)))
        return int(store.execute("SELECT sum(cost) FROM charge WHERE id >= ?", (first,)).fetchone()[0])


@dataclass
class Export:
    seconds: float
    peak_bytes: int  # of obliv


def export(daemon: Daemon, home: Path, target: Path, *flags: str) -> Export:
    """Runs the export of the account `team` into a file."""
    command = [str(BIN / "obliv"), "account", "statement", "team", "--month", last_month(), *flags, "-o", str(target), "--force"]
    begin = time.monotonic()
    process = subprocess.Popen(command, env={**environment(home), "OBLIV_SERVER": f"unix:{daemon.socket}"}, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise AssertionError(f"obliv ended with {process.returncode}")
    return Export(time.monotonic() - begin, peak_of(used))


def peak_of(used: resource.struct_rusage) -> int:
    return used.ru_maxrss * 1024


def peak_of_daemon(daemon: Daemon) -> int:
    """Memory that is its own, at its highest."""
    status: dict[str, Any] = {}
    for line in Path(f"/proc/{daemon.running().pid}/status").read_text().splitlines():
        name, _, value = line.partition(":")
        status[name] = value.split()
    return int(status["VmHWM"][0]) * 1024
