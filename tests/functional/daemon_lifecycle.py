"""How oblivd starts, reloads, drains and hands over: what a service manager and its clients see.

The manager is played by the test: a NOTIFY_SOCKET of its own, and a listening socket that it holds while oblivd comes
and goes.
"""
import signal
import socket
import subprocess
import threading
import time
import unittest
from pathlib import Path

import upstream as provider
from client import request
from harness import BIN, WAIT, Daemon, FunctionalTest, ask, environment, until


class Manager:
    """Receives sd_notify datagrams."""

    def __init__(self, folder: Path) -> None:
        self.path = str(folder / "notify.sock")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.socket.settimeout(WAIT)
        self.got: list[dict[str, str]] = []

    def wait_for(self, key: str, value: str | None = None) -> dict[str, str]:
        """The next datagram that says so."""
        while True:
            text = self.socket.recv(65536).decode()
            fields = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
            self.got.append(fields)
            if key in fields and value in (None, fields[key]):
                return fields

    def close(self) -> None:
        self.socket.close()


# Runs a program with a held listening socket as descriptor 3 and its own pid in LISTEN_PID, as systemd does.
ACTIVATE = ["bash", "-c", 'exec 3<&"$OBLIV_TEST_FD"; export LISTEN_PID=$$; exec "$@"', "activate"]


def held_socket() -> socket.socket:
    return socket.create_server(("127.0.0.1", 0), backlog=1024)


def start_behind(daemon: Daemon, listener: socket.socket, wait: bool = True, extra: dict[str, str] | None = None) -> Daemon:
    daemon.port = listener.getsockname()[1]
    number = listener.fileno()
    return daemon.start(wait, ACTIVATE, listen=False, pass_fds=(number,),
                        extra={"LISTEN_FDS": "1", "LISTEN_FDNAMES": "api", "OBLIV_TEST_FD": str(number), **(extra or {})})


class Notify(FunctionalTest):
    def setUp(self) -> None:
        super().setUp()
        self.manager = Manager(self.folder)
        self.addCleanup(self.manager.close)

    def start(self, config: str = "", extra: dict[str, str] | None = None) -> Daemon:
        daemon = self.new_daemon(config, start=False)
        return daemon.start(wait=False, extra={"NOTIFY_SOCKET": self.manager.path, **(extra or {})})

    def test_ready_is_said_when_calls_are_answered_and_stopping_when_they_end(self) -> None:
        daemon = self.start()
        self.manager.wait_for("READY", "1")
        self.assertEqual(request(daemon.port, "GET", "/readyz").status, 200)
        daemon.signal(signal.SIGTERM)
        self.manager.wait_for("STOPPING", "1")
        self.assertEqual(daemon.running().wait(WAIT), 0)

    def test_reload_is_announced_with_its_time_in_one_datagram(self) -> None:
        daemon = self.start()
        self.manager.wait_for("READY", "1")
        daemon.signal(signal.SIGHUP)
        reloading = self.manager.wait_for("RELOADING", "1")
        self.assertLessEqual(int(reloading["MONOTONIC_USEC"]), time.monotonic_ns() // 1000)
        self.manager.wait_for("READY", "1")
        self.assertEqual(daemon.stop(), 0)

    def test_the_watchdog_is_fed(self) -> None:
        daemon = self.start(extra={"WATCHDOG_USEC": "1000000"})
        self.manager.wait_for("READY", "1")
        for _ in range(2):
            self.manager.wait_for("WATCHDOG", "1")
        daemon.stop()

    def test_a_configuration_that_is_wrong_is_78_and_never_ready(self) -> None:
        daemon = self.start("[server]\nlisten = 7\n")
        self.assertEqual(daemon.running().wait(WAIT), 78)
        self.assertIn("oblivd.toml:2:", daemon.stderr())

    def test_a_port_in_use_is_75(self) -> None:
        first = self.start()
        self.manager.wait_for("READY", "1")
        second = self.new_daemon(name="second", start=False)
        second.port = first.port
        second.start(wait=False)
        self.assertEqual(second.running().wait(WAIT), 75, second.stderr())

    def test_one_data_folder_serves_one_daemon(self) -> None:
        first = self.start()
        self.manager.wait_for("READY", "1")
        second = self.new_daemon(name="second", start=False)
        second.data = first.data
        second.start(wait=False)
        self.assertEqual(second.running().wait(WAIT), 75, second.stderr())


class Reload(FunctionalTest):
    def ctl(self, daemon: Daemon, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([str(BIN / "oblivd"), "ctl", *arguments, "--socket", daemon.socket], capture_output=True,
                              text=True, timeout=WAIT, env=environment(daemon.folder), check=False)

    def test_a_bad_configuration_changes_nothing_and_a_good_one_everything(self) -> None:
        daemon = self.new_daemon('[limits]\nbody_bytes = "1MiB"\n')
        body = b"{" + b" " * 100_000 + b"}"
        self.assertEqual(request(daemon.port, "POST", "/v1/chat/completions", body).status, 401)

        daemon.config.write_text('[limits]\nbody_bytes = "64KiB"\nno_such_key = 1\n')
        refused = self.ctl(daemon, "reload")
        self.assertEqual(refused.returncode, 78, refused.stderr)
        self.assertIn("no_such_key", refused.stderr + refused.stdout)
        self.assertEqual(request(daemon.port, "POST", "/v1/chat/completions", body).status, 401)

        daemon.config.write_text('[limits]\nbody_bytes = "64KiB"\n')
        done = self.ctl(daemon, "reload")
        self.assertEqual(done.returncode, 0, done.stderr)
        key = daemon.add_token()
        self.assertEqual(daemon.post(key, body).status, 413)

    def test_what_needs_a_restart_is_named(self) -> None:
        daemon = self.new_daemon()
        daemon.config.write_text("[server]\nthreads = 1\n")
        done = self.ctl(daemon, "reload")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("threads", done.stdout + done.stderr)

    def test_status_tells_who_runs(self) -> None:
        daemon = self.new_daemon()
        done = self.ctl(daemon, "status")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(daemon.api("GET", "/system/status")["pid"], daemon.running().pid)


class Drain(FunctionalTest):
    def setUp(self) -> None:
        super().setUp()
        self.go_on = threading.Event()
        self.addCleanup(self.go_on.set)
        self.upstream = self.new_upstream()

        def answer(connection: provider.Connection, _: provider.Request) -> None:
            connection.start_stream()
            connection.event(provider.delta("first"))
            self.go_on.wait(WAIT)
            for event in (provider.delta("last", finish="stop"), provider.usage_event(), "[DONE]"):
                connection.event(event)
            connection.end_stream()
        self.upstream.answer = answer

    def begin(self, config: str) -> tuple[Daemon, object]:
        daemon = self.new_daemon(config)
        daemon.add_channel(self.upstream)
        daemon.set_price()
        stream = daemon.stream(daemon.add_token(), ask(stream=True))
        stream.event()
        return daemon, stream

    def test_a_stop_waits_for_streams_and_takes_no_new_call(self) -> None:
        daemon, stream = self.begin('[server]\ndrain_timeout = "30s"\n')
        daemon.signal(signal.SIGTERM)

        def refused() -> bool:
            try:
                return request(daemon.port, "GET", "/readyz", timeout=2).status == 503
            except OSError:
                return True
        until(refused, "a draining daemon takes no new connection")
        self.go_on.set()
        self.assertTrue(stream.rest().endswith(b"data: [DONE]\n\n"))
        self.assertEqual(daemon.running().wait(WAIT), 0)
        daemon.start()
        self.assertEqual(daemon.call(stream.headers["x-request-id"])["cost"], "0.0000975")
        self.assert_books(daemon)

    def test_a_stream_that_outlasts_the_drain_is_ended_by_an_error_and_billed(self) -> None:
        daemon, stream = self.begin('[server]\ndrain_timeout = "300ms"\n')
        daemon.signal(signal.SIGTERM)
        self.assertIn(b'"error"', stream.rest())
        self.assertEqual(daemon.running().wait(WAIT), 0)
        daemon.start()
        row = daemon.call(stream.headers["x-request-id"])
        self.assertGreater(float(row["cost"]), 0)
        self.assertEqual(row["error"], "unavailable")
        self.assert_books(daemon)

    def test_a_second_signal_waits_no_longer(self) -> None:
        daemon, stream = self.begin('[server]\ndrain_timeout = "10m"\n')
        daemon.signal(signal.SIGTERM)
        until(lambda: "drain" in daemon.stderr().lower() or "stop" in daemon.stderr().lower(), "the drain has begun")
        daemon.signal(signal.SIGTERM)
        self.assertIn(daemon.running().wait(WAIT), (0, 1))
        stream.close()

    def test_an_idle_connection_does_not_hold_up_a_stop(self) -> None:
        daemon = self.new_daemon('[server]\ndrain_timeout = "10m"\n')
        with socket.create_connection(("127.0.0.1", daemon.port), timeout=WAIT) as sock:
            sock.sendall(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
            sock.recv(65536)
            self.assertEqual(daemon.stop(), 0)


class Activation(FunctionalTest):
    def test_a_restart_behind_the_held_socket_refuses_nobody(self) -> None:
        upstream = self.new_upstream()
        with held_socket() as listener:
            daemon = start_behind(self.new_daemon(start=False), listener)
            daemon.add_channel(upstream)
            key = daemon.add_token()
            with Callers(daemon.port, key) as callers:
                for _ in range(3):
                    callers.wait_more(20)
                    self.assertEqual(daemon.stop(), 0)
                    start_behind(daemon, listener)
                callers.wait_more(20)
            self.assertEqual(callers.problems, [])
            self.assert_books(daemon)


class Callers:
    """Four callers, a fresh connection for every call: nothing but 200 is acceptable."""

    def __init__(self, port: int, key: str) -> None:
        self.port, self.key = port, key
        self.changed = threading.Condition()
        self.answered = 0
        self.problems: list[str] = []
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self._run) for _ in range(4)]

    def __enter__(self) -> "Callers":
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        for thread in self.threads:
            thread.join()

    def wait_more(self, count: int) -> None:
        with self.changed:
            wanted = self.answered + count
            if not self.changed.wait_for(lambda: self.answered >= wanted or self.problems, WAIT):
                raise AssertionError("calls are answered")

    def _run(self) -> None:
        while not self.stopping.is_set():
            try:
                reply = request(self.port, "POST", "/v1/chat/completions", ask(),
                                {"Authorization": f"Bearer {self.key}", "Connection": "close"})
                problem = "" if reply.status == 200 else f"{reply.status} {reply.body[:200]!r}"
            except Exception as error:  # whatever it is, a caller must not see it
                problem = repr(error)
            with self.changed:
                self.answered += 1
                if problem:
                    self.problems.append(problem)
                self.changed.notify_all()


if __name__ == "__main__":
    unittest.main()
