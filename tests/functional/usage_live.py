"""What ends is counted at once: by the API, and on the dashboard of `obliv usage top` in a terminal of any width.

Proved with real calls, a pseudo-terminal of our own and a look at what it is left with.
"""
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
import unittest
from typing import Any

import upstream as provider
from harness import BIN, WAIT, Daemon, FunctionalTest, ask, environment, until

LEAVES = "\x1b[?25h\x1b[?1049l"  # the cursor and the screen that were there before


class Terminal:
    """`obliv usage top` on a terminal; `seen` is everything that was written to it."""

    def __init__(self, test: FunctionalTest, daemon: Daemon, columns: int = 80, rows: int = 24, **env: str) -> None:
        self.master, self.slave = pty.openpty()
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.before = termios.tcgetattr(self.slave)
        env = {**environment(test.folder / "home"), "TERM": "xterm", "OBLIV_SERVER": f"unix:{daemon.socket}", **env}
        self.process = subprocess.Popen([str(BIN / "obliv"), "usage", "top"], stdin=self.slave, stdout=self.slave,
                                        stderr=self.slave, env=env, start_new_session=True,
                                        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0) and None)
        self.seen = ""
        test.addCleanup(self.close)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.slave)
        os.close(self.master)

    def read(self, seconds: float) -> None:
        if select.select([self.master], [], [], seconds)[0]:
            self.seen += os.read(self.master, 65536).decode(errors="replace")

    def expect(self, text: str) -> None:
        end = time.monotonic() + WAIT
        while text not in self.seen:
            if time.monotonic() > end:
                raise AssertionError(f"{text!r} did not come: {self.seen[-3000:]!r}")
            self.read(0.1)

    def end(self) -> int:
        until(lambda: self.read(0.01) or self.process.poll() is not None, "obliv ends")
        self.read(0.1)
        return self.process.wait()

    def frames(self) -> list[list[str]]:
        """The lines of each frame, without what drives the terminal."""
        return [[re.sub("\x1b\\[[0-9;?]*[A-Za-z]|\r", "", line) for line in frame.split("\n")]
                for frame in self.seen.split("\x1b[?2026h\x1b[H")[1:]]


class UsageLive(FunctionalTest):
    def setUp(self) -> None:
        super().setUp()
        self.upstream = self.new_upstream()
        self.daemon = self.new_daemon()
        self.daemon.add_channel(self.upstream, models=["m1", "m2"])
        self.daemon.set_price("m1")
        self.key = self.daemon.add_token("alpha")

    def live(self, query: str = "") -> Any:
        return self.daemon.api("GET", "/usage/live" + query)

    def calls(self, count: int, model: str = "m1") -> None:
        for _ in range(count):
            self.assertEqual(self.daemon.post(self.key, ask(model)).status, 200)

    def window(self, name: str) -> Any:
        return next(each for each in self.live()["windows"] if each["window"] == name)

    def test_calls_are_counted_within_two_seconds(self) -> None:
        self.assertEqual(self.live()["today"]["requests"], 0)
        self.calls(3)
        began = time.monotonic()
        until(lambda: self.window("5m")["total"]["requests"] == 3, "three calls", 2.0)
        self.assertLess(time.monotonic() - began, 2.0)
        hour = self.window("1h")
        self.assertEqual(hour["models"], [{"key": "m1", "name": "m1", "figures": hour["total"]}])
        self.assertEqual([row["name"] for row in hour["channels"]], ["main"])
        self.assertEqual([row["name"] for row in hour["tokens"]], ["alpha"])
        total = hour["total"]
        self.assertEqual((total["input_tokens"], total["output_tokens"], total["errors"]), (33, 21, 0))
        self.assertAlmostEqual(float(total["cost"]), sum(float(call["cost"]) for call in self.daemon.calls()), 9)
        self.assertGreater(total["p50_ms"], 0)
        self.assertEqual(self.live()["minutes"][-1]["requests"] + self.live()["minutes"][-2]["requests"], 3)

    def test_failed_calls_are_errors(self) -> None:
        self.calls(1)
        self.upstream.answer = provider.error(400)
        self.assertEqual(self.daemon.post(self.key, ask()).status, 400)
        until(lambda: self.window("24h")["total"]["errors"] == 1, "an error")
        self.assertEqual(self.window("24h")["total"]["error_rate"], 0.5)

    def test_windows_and_rows_are_chosen(self) -> None:
        self.calls(1)
        self.calls(1, "m2")
        until(lambda: self.live()["today"]["requests"] == 2, "two calls")
        answer = self.live("?window=24h&rows=1")
        self.assertEqual([each["window"] for each in answer["windows"]], ["24h"])
        rows = answer["windows"][0]["models"]
        self.assertEqual([(row["key"], row["figures"]["requests"]) for row in rows], [("m1", 1), (None, 1)])

    def test_the_dashboard_in_a_terminal(self) -> None:
        self.calls(2)
        until(lambda: self.live()["today"]["requests"] == 2, "two calls")
        terminal = Terminal(self, self.daemon)
        terminal.expect("2 requests")
        terminal.expect("LAST CALLS")
        self.calls(1)
        terminal.expect("3 requests")
        os.write(terminal.master, b"q")
        self.assertEqual(terminal.end(), 0)
        self.assertTrue(terminal.seen.endswith(LEAVES) or LEAVES in terminal.seen, terminal.seen[-200:])
        self.assertEqual(termios.tcgetattr(terminal.slave), terminal.before)
        self.assertTrue(any("m1" in line and "100 %" in line for line in terminal.frames()[-1]), terminal.frames()[-1])

    def test_ctrl_c_leaves_the_terminal_as_it_was(self) -> None:
        terminal = Terminal(self, self.daemon)
        terminal.expect("LAST CALLS")
        os.write(terminal.master, b"\x03")
        self.assertEqual(terminal.end(), 130)
        self.assertIn(LEAVES, terminal.seen)
        self.assertEqual(termios.tcgetattr(terminal.slave), terminal.before)

    def test_a_narrow_terminal_and_no_colour(self) -> None:
        self.calls(1)
        until(lambda: self.live()["today"]["requests"] == 1, "a call")
        terminal = Terminal(self, self.daemon, columns=32, rows=12, NO_COLOR="1")
        terminal.expect("LAST CALLS")
        os.write(terminal.master, b"q")
        self.assertEqual(terminal.end(), 0)
        self.assertNotIn("\x1b[1m", terminal.seen)
        for frame in terminal.frames():
            self.assertLessEqual(len(frame), 12)
            for line in frame:
                self.assertLessEqual(len(line), 32, frame)

    def test_it_outlives_a_restart_of_the_daemon(self) -> None:
        terminal = Terminal(self, self.daemon)
        terminal.expect("LAST CALLS")
        self.daemon.stop()
        terminal.expect("no answer")
        self.daemon.start()
        terminal.seen = ""
        terminal.expect("UTC\x1b[K")
        terminal.process.send_signal(signal.SIGTERM)
        self.assertEqual(terminal.end(), 143)

    def test_without_a_terminal_it_is_shown_once(self) -> None:
        self.calls(1)
        until(lambda: self.live()["today"]["requests"] == 1, "a call")
        shown = self.obliv(self.daemon, "usage", "top")
        self.assertEqual(shown.returncode, 0, shown.stderr)
        self.assertIn("1 requests", shown.stdout)
        self.assertNotIn("\x1b", shown.stdout)
        document = json.loads(self.obliv(self.daemon, "usage", "top", "--json").stdout)
        self.assertEqual(document["schema"], "obliv.usage.top/1")
        self.assertEqual((document["today"]["requests"], len(document["calls"])), (1, 1))


if __name__ == "__main__":
    unittest.main()
