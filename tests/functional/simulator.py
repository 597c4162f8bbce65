"""obliv sim as a process of a test."""
from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path
from typing import Any

from harness import BIN, WAIT, environment

AT_ONCE = ("--ttft", "0ms", "--itl", "0ms", "--jitter", "0")


class Sim:
    """One obliv sim, at once unless told otherwise."""

    def __init__(self, folder: Path, *flags: str, stdin: str = "") -> None:
        self.process = subprocess.Popen([str(BIN / "obliv"), "sim", *AT_ONCE, *flags, "--ndjson"], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(folder))
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(stdin)
        self.process.stdin.close()
        line = self.process.stdout.readline()
        self.told: dict[str, Any] = json.loads(line)
        self.port = int(self.told.get("address", ":0").rpartition(":")[2])

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.process.wait(WAIT)

    def stop(self) -> None:
        """Whatever state it is in."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(WAIT)
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()
