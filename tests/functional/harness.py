"""Starts the real programs for a test, in folders and on ports of its own, and ends them by their pids."""
from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path
from typing import Any, Callable

import client
from upstream import Upstream

SOURCE = Path(os.environ.get("OBLIV_SOURCE_DIR", Path(__file__).resolve().parents[2]))
BIN = Path(os.environ.get("OBLIV_BIN_DIR", SOURCE / "build/dev/bin"))
WAIT = 20.0  # seconds; sanitizers make programs slow, nothing makes a test wait longer

# Only a program that ends by itself says what it has leaked.
SANITIZED = "ASAN_OPTIONS" in os.environ

# A thousand clients and their provider live in the test's own process.
MOST_FILES = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (MOST_FILES, MOST_FILES))

PRICE = {"input": "2.5", "output": "10"}  # USD per million tokens


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def until(condition: Callable[[], bool], what: str, seconds: float = WAIT) -> None:
    """Waits for a state that nothing announces; the bound is for failure only."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.01)


def environment(home: Path) -> dict[str, str]:
    """Nothing of the caller's settings, and no proxy, reaches a program under test."""
    kept = {name: value for name, value in os.environ.items()
            if name in ("PATH", "LANG", "LC_ALL") or name.endswith("SAN_OPTIONS")}
    return {**kept, "HOME": str(home), "XDG_CONFIG_HOME": str(home / "config"), "XDG_DATA_HOME": str(home / "data"),
            "XDG_STATE_HOME": str(home / "state"), "XDG_CACHE_HOME": str(home / "cache"),
            "XDG_RUNTIME_DIR": str(home / "run")}


class Daemon:
    """One oblivd: its folder outlives restarts, so the same books are opened again."""

    def __init__(self, folder: Path, config: str = "", port: int | None = None) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.config = folder / "oblivd.toml"
        self.socket = str(folder / "oblivd.sock")
        self.log = folder / "stderr.log"
        self.port = port or free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self.data.mkdir(parents=True, exist_ok=True)
        (folder / "run").mkdir(exist_ok=True)
        self.config.write_text(config, encoding="utf-8")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def command(self, listen: bool = True) -> list[str]:
        address = ["--listen", f"127.0.0.1:{self.port}"] if listen else []
        return [str(BIN / "oblivd"), "run", "--config", str(self.config), "--data-dir", str(self.data), *address,
                "--socket", self.socket]

    def start(self, wait: bool = True, prefix: list[str] | None = None, listen: bool = True,
              extra: dict[str, str] | None = None, pass_fds: tuple[int, ...] = ()) -> Daemon:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen([*(prefix or []), *self.command(listen)], stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, pass_fds=pass_fds,
                                            env={**environment(self.folder), **(extra or {})})
        if wait:
            until(self.ready, f"oblivd is ready; it said:\n{self.stderr()}")
        return self

    def ready(self) -> bool:
        if self.process is not None and self.process.poll() is not None:
            raise AssertionError(f"oblivd ended with {self.process.returncode}:\n{self.stderr()}")
        try:
            return client.request(self.port, "GET", "/readyz", timeout=2).status == 200
        except (OSError, ValueError, client.http.client.HTTPException):
            return False

    def running(self) -> subprocess.Popen[bytes]:
        assert self.process is not None
        return self.process

    def stderr(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""

    def stop(self, seconds: float = WAIT) -> int:
        """SIGTERM, and SIGKILL when that is not enough: which a test then sees in the code."""
        process = self.running()
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(seconds)
            except subprocess.TimeoutExpired:
                process.kill()
        return process.wait()

    def kill(self) -> None:
        process = self.running()
        process.kill()
        process.wait()

    def signal(self, number: signal.Signals) -> None:
        self.running().send_signal(number)

    def api(self, method: str, path: str, body: Any = None, status: int | None = None) -> Any:
        """A management call over the Unix socket, as root or the daemon's own user."""
        response = client.request(self.socket, method, "/api/v1" + path, body)
        if response.status != (status or response.status) or (status is None and response.status >= 300):
            raise AssertionError(f"{method} {path}: {response.status} {response.body[:2000]!r}")
        return response.json if response.body else None

    def add_channel(self, upstream: Upstream | str, name: str = "main", models: list[str] | None = None, **more: Any) -> Any:
        base_url = upstream if isinstance(upstream, str) else upstream.base_url
        return self.api("POST", "/channels", {"name": name, "type": "openai", "base_url": base_url,
                                              "keys": ["sk-upstream-secret-0001"], "models": models or ["m1"], **more})

    def add_token(self, name: str = "t", **more: Any) -> str:
        return str(self.api("POST", "/tokens", {"name": name, **more})["key"])

    def add_prepaid(self, name: str, amount: str) -> None:
        self.api("POST", "/accounts", {"name": name, "kind": "prepaid"})
        self.api("POST", f"/accounts/{name}/topup", {"amount": amount})

    def set_price(self, model: str = "m1", **price: str) -> None:
        self.api("PUT", f"/prices/{model}", price or PRICE)

    def post(self, key: str, body: Any, headers: dict[str, str] | None = None, timeout: float = WAIT) -> client.Response:
        return client.request(self.port, "POST", "/v1/chat/completions", body,
                              {"Authorization": f"Bearer {key}", **(headers or {})}, timeout)

    def stream(self, key: str, body: Any, headers: dict[str, str] | None = None, timeout: float = WAIT) -> client.Stream:
        return client.Stream(self.port, "/v1/chat/completions", body,
                             {"Authorization": f"Bearer {key}", **(headers or {})}, timeout)

    def calls(self) -> list[dict[str, Any]]:
        """Every usage row, newest first."""
        rows: list[dict[str, Any]] = []
        cursor = ""
        while True:
            page = self.api("GET", "/usage?limit=1000" + (f"&cursor={cursor}" if cursor else ""))
            rows += page["data"]
            cursor = page["next_cursor"]
            if not cursor:
                return rows

    def call(self, request_id: str) -> dict[str, Any]:
        """The usage row of a call that has ended. It is stored with its group, up to 20 ms later."""
        found: list[Any] = []

        def stored() -> bool:
            response = client.request(self.socket, "GET", f"/api/v1/calls/{request_id}")
            if response.status == 200:
                found.append(response.json)
            return bool(found)
        until(stored, f"the usage row of {request_id}")
        return found[0]

    def verify(self) -> dict[str, Any]:
        return self.api("POST", "/ledger/verify")


class FunctionalTest(unittest.TestCase):
    """A test with a folder of its own; what it starts is ended, and the log is shown when it failed."""

    def setUp(self) -> None:
        if not (BIN / "oblivd").exists():
            self.fail(f"{BIN}/oblivd is not built")
        self.folder = Path(tempfile.mkdtemp(prefix="obliv-"))
        self.daemons: list[Daemon] = []
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.addCleanup(self._end_daemons)

    def failed(self) -> bool:
        """Whether this test has failed so far; unittest tells only by its list of results."""
        result = self._outcome.result
        return any(getattr(test, "test_case", test) is self for test, _ in [*result.failures, *result.errors])

    def _end_daemons(self) -> None:
        failed = self.failed()
        for daemon in self.daemons:
            if daemon.process is not None and daemon.process.poll() is None:
                if SANITIZED:
                    daemon.stop()
                daemon.kill()
            if failed:
                sys.stderr.write(f"--- oblivd of {self.id()}:\n{daemon.stderr()[-8000:]}\n")

    def new_upstream(self, **options: Any) -> Upstream:
        upstream = Upstream(**options)
        self.addCleanup(upstream.stop)
        self.addCleanup(lambda: self.assertEqual(upstream.problems, []))
        return upstream

    def new_daemon(self, config: str = "", name: str = "oblivd", start: bool = True) -> Daemon:
        daemon = Daemon(self.folder / name, config)
        self.daemons.append(daemon)
        return daemon.start() if start else daemon

    def obliv(self, daemon: Daemon | None, *arguments: str, stdin: str = "", seconds: float = WAIT) -> subprocess.CompletedProcess[str]:
        env = environment(self.folder / "home")
        if daemon is not None:
            env["OBLIV_SERVER"] = f"unix:{daemon.socket}"
        return subprocess.run([str(BIN / "obliv"), *arguments], input=stdin, env=env, capture_output=True, text=True,
                              timeout=seconds, check=False)

    def assert_books(self, daemon: Daemon) -> None:
        report = daemon.verify()
        self.assertEqual((report["ok"], report["problems"]), (True, []))

    def assert_openai_error(self, response: client.Response, status: int, code: str | None = None) -> None:
        self.assertEqual(response.status, status, response.body)
        self.assertIn("application/json", response.headers.get("content-type", ""))
        problem = response.json["error"]
        self.assertLessEqual({"message", "type", "param", "code"}, set(problem))
        self.assertTrue(problem["message"])
        self.assertIn("x-request-id", response.headers)
        if code is not None:
            self.assertEqual(problem["code"], code, problem)


def ask(model: str = "m1", stream: bool = False, **more: Any) -> dict[str, Any]:
    body: dict[str, Any] = {"model": model, "messages": [{"role": "user", "content": "Say hello."}], **more}
    return {**body, "stream": True} if stream else body


def as_json(text: str) -> Any:
    return json.loads(text)


if __name__ == "__main__":
    sys.exit("harness.py is used by the tests beside it")
