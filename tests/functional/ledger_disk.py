"""A disk that fails makes oblivd say so and refuse new calls, and nothing that was charged is lost or doubled.

A small library is loaded into oblivd that answers its writes and syncs of the store as the test tells it: the disk is full,
read-only, or fails to sync. Once it works again the daemon goes on by itself.
"""
import contextlib
import os
import resource
import signal
import sqlite3
import unittest
from pathlib import Path
from typing import Any

import client
import upstream as provider
from harness import BIN, Daemon, FunctionalTest, ask, until

COST = "0.0000975"  # of the scripted provider's 11 and 7 tokens

CONFIG = """
[notices]
webhook = "${HOOK}"
balance_interval = "20ms"
"""

FORMATS = {
    "/v1/chat/completions": ask(),
    "/v1/responses": {"model": "m1", "input": "Say hello."},
    "/v1/messages": {"model": "m1", "max_tokens": 9, "messages": [{"role": "user", "content": "Say hello."}]},
    "/v1beta/models/m1:generateContent": {"contents": [{"role": "user", "parts": [{"text": "Say hello."}]}]},
    "/v1/embeddings": {"model": "m1", "input": "hello"},
}


class FailingDisk(FunctionalTest):
    def setUp(self) -> None:
        super().setUp()
        self.fault = self.folder / "fault"
        self.fault.write_text("-")
        self.whole: list[str] = []  # ids of the calls whose replies were seen whole
        self.upstream = self.new_upstream()
        self.hook = self.new_upstream(answer=lambda connection, _: connection.reply(200, b"ok"))
        self.extra = {"LD_PRELOAD": str(BIN / "libfailing_disk.so"), "OBLIV_DISK_FAULT": str(self.fault),
                      "HOOK": f"http://127.0.0.1:{self.hook.port}/hook",
                      # The library is not the sanitizer's, and comes before it.
                      "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"}
        self.daemon = self.new_daemon(CONFIG, start=False).start(extra=self.extra)
        self.daemon.add_channel(self.upstream)
        self.daemon.set_price()
        self.daemon.add_prepaid("team", "10")
        self.key = self.daemon.add_token(account="team")

    def break_disk(self, kind: str) -> None:
        # In place: the daemon has it mapped, and dies where a file that is mapped becomes empty.
        with self.fault.open("r+", encoding="ascii") as control:
            control.write(kind)

    def call(self) -> client.Response:
        response = self.daemon.post(self.key, ask())
        if response.status == 200:
            self.whole.append(response.headers["x-request-id"])
        return response

    def call_until_refused(self) -> None:
        """Calls that run when the disk begins to fail are answered, and kept; soon no new one is let in."""
        until(lambda: self.call().status == 503, "a call is refused")

    def assert_charged_once(self) -> None:
        until(lambda: set(self.whole) <= {row["request_id"] for row in self.daemon.calls()}, "every call is stored")
        rows = [row for row in self.daemon.calls() if row["cost"] != "0.00"]
        self.assertEqual(sorted(row["request_id"] for row in rows), sorted(self.whole))
        self.assertEqual({row["cost"] for row in rows}, {COST})
        spent = len(self.whole) * 97_500
        balance = self.daemon.api("GET", "/accounts/team")["balance"]
        whole, _, part = balance.partition(".")
        self.assertEqual(int(whole) * 10**9 + int(part.ljust(9, "0")), 10 * 10**9 - spent)
        self.assert_books(self.daemon)

    def notices(self, kind: str) -> list[Any]:
        return [each.json for each in list(self.hook.requests) if each.json.get("kind") == kind]

    def metric(self, name: str) -> float:
        text = client.request(self.daemon.socket, "GET", "/metrics").body.decode()
        return float(next(line.split()[-1] for line in text.splitlines() if line.startswith(name + " ")))

    def assert_refuses_and_says_why(self, reason: str) -> None:
        asked = len(self.upstream.requests)
        for path, body in FORMATS.items():
            response = client.request(self.daemon.port, "POST", path, body, {"Authorization": f"Bearer {self.key}"})
            # Anthropic's clients know 529 for it.
            self.assertEqual(response.status, 529 if path == "/v1/messages" else 503, (path, response.body))
            problem = response.json["error"]
            self.assertIn("cannot be stored", problem["message"], path)
            self.assertNotIn(str(self.daemon.data), response.body.decode(), "callers learn no paths")
        self.assertEqual(response.headers["content-type"].split(";")[0], "application/json")
        self.assertEqual(len(self.upstream.requests), asked, "no provider hears of a refused call")

        ready = client.request(self.daemon.port, "GET", "/readyz")
        self.assertEqual(ready.status, 503)
        self.assertIn(reason, ready.body.decode())
        self.assertEqual(client.request(self.daemon.port, "GET", "/healthz").status, 200)
        models = client.request(self.daemon.port, "GET", "/v1/models", headers={"Authorization": f"Bearer {self.key}"})
        self.assertEqual(models.status, 200, "what writes nothing is answered")
        self.assertEqual(self.daemon.api("GET", "/accounts/team")["name"], "team")
        self.daemon.api("POST", "/accounts/team/topup", {"amount": "1"}, status=503)
        self.assertEqual(self.metric("oblivd_ready"), 0)
        self.assertGreater(self.metric("oblivd_commit_failures_total"), 0)
        self.assertIn("the store cannot be written", self.daemon.stderr())
        until(lambda: len(self.notices("store.failing")) == 1, "the notice")
        self.assertEqual(self.notices("store.failing")[0]["severity"], "critical")

    def kept(self) -> int:
        with contextlib.closing(sqlite3.connect(self.daemon.data / "oblivd.db")) as store:
            return int(store.execute("SELECT count(*) FROM repeat WHERE whole").fetchone()[0])

    def heal(self) -> None:
        self.break_disk("-")
        until(self.daemon.ready, "the disk is used again, without a restart")
        self.assertEqual(self.call().status, 200)
        until(lambda: len(self.notices("store.restored")) == 1, "the notice that it works")

    def round(self, kind: str, reason: str) -> None:
        self.assertEqual(self.call().status, 200)
        self.break_disk(kind)
        self.call_until_refused()
        self.assert_refuses_and_says_why(reason)
        self.heal()
        self.assert_charged_once()

    def test_a_full_disk(self) -> None:
        self.round("f", "full")

    def test_a_read_only_file_system(self) -> None:
        self.round("r", "disk I/O error")

    def test_a_disk_that_cannot_sync(self) -> None:
        self.round("s", "disk I/O error")

    def test_a_kill_while_the_disk_fails_loses_nothing(self) -> None:
        for kind in "fs":
            self.assertEqual(self.call().status, 200)
            self.break_disk(kind)
            self.call_until_refused()
            self.daemon.kill()
            self.break_disk("-")
            self.daemon.start(extra=self.extra)
            self.assert_charged_once()

    def test_a_reply_that_the_disk_did_not_take_is_kept_all_the_same(self) -> None:
        def breaks(connection: provider.Connection, asked: provider.Request) -> None:
            self.break_disk("f")  # that the call began is on the disk by now
            provider.chat()(connection, asked)
        self.upstream.answer = breaks
        headers = {"Idempotency-Key": "kept"}
        first = self.daemon.post(self.key, ask(), headers)
        self.assertEqual(first.status, 200)
        self.whole.append(first.headers["x-request-id"])
        again = self.daemon.post(self.key, ask(), headers)
        self.assertEqual((again.status, again.body), (200, first.body))
        self.break_disk("-")
        self.upstream.answer = provider.chat()
        until(self.daemon.ready, "the disk is used again")
        # The next call with a key finds that the disk works.
        other = self.daemon.post(self.key, ask(), {"Idempotency-Key": "other"})
        self.whole.append(other.headers["x-request-id"])
        until(lambda: self.kept() == 2, "both replies are stored")
        self.daemon.kill()
        self.daemon.start(extra=self.extra)
        again = self.daemon.post(self.key, ask(), headers)
        self.assertEqual((again.status, again.body), (200, first.body))
        self.assertEqual(len(self.upstream.requests), 2)
        self.assert_charged_once()

    def test_a_limit_of_file_sizes_is_a_full_disk(self) -> None:
        self.assertEqual(self.call().status, 200)
        pid = self.daemon.running().pid
        before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (4096, before[1]))
        self.call_until_refused()
        resource.prlimit(pid, resource.RLIMIT_FSIZE, before)
        until(self.daemon.ready, "it goes on")
        self.assert_charged_once()

    def test_no_start_on_a_disk_that_cannot_be_written(self) -> None:
        self.assertEqual(self.call().status, 200)
        self.daemon.signal(signal.SIGKILL)
        self.daemon.running().wait()
        for kind in "frs":
            self.break_disk(kind)
            self.daemon.start(wait=False, extra=self.extra)
            self.assertNotIn(self.daemon.running().wait(20), (0, -signal.SIGABRT, -signal.SIGSEGV))
            self.assertIn("the store", Path(self.daemon.log).read_text().splitlines()[-1])
        self.break_disk("-")
        self.daemon.start(extra=self.extra)
        self.assert_charged_once()


if __name__ == "__main__":
    unittest.main()
