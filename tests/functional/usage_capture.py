"""What was said in a call is kept only where that is switched on, cut, without secrets and for a time, and shown only to
those who are named for it.

Proved by calls of several tokens and models, streamed and not, and a look at all that is kept.
"""
import contextlib
import json
import sqlite3
import threading
import unittest
from typing import Any

import client
import upstream as provider
from harness import Daemon, FunctionalTest, ask, until

CONFIG = """
[capture]
models = "m2*"
tokens = "watched"
redact = "email, name"
bytes = "1KiB"
"""


class UsageCapture(FunctionalTest):
    def serve(self, config: str = CONFIG) -> Daemon:
        self.upstream = self.new_upstream()
        self.daemon = self.new_daemon(config)
        self.daemon.add_channel(self.upstream, models=["m1", "m2"])
        self.daemon.set_price("m1")
        self.plain = self.daemon.add_token("plain")
        self.watched = self.daemon.add_token("watched")
        return self.daemon

    def post(self, key: str, body: Any) -> str:
        reply = self.daemon.post(key, body)
        self.assertEqual(reply.status, 200, reply.body)
        return str(reply.headers["x-request-id"])

    def capture(self, request_id: str, key: str = "") -> client.Response:
        where = self.daemon.port if key else self.daemon.socket
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        return client.request(where, "GET", f"/api/v1/requests/{request_id}/captures", None, headers)

    def kept(self, request_id: str) -> dict[str, Any]:
        until(lambda: self.capture(request_id).json["data"], "the capture")
        (row,) = self.capture(request_id).json["data"]
        return dict(row)

    def captures(self) -> int:
        store = sqlite3.connect(self.daemon.data / "oblivd.db", timeout=20)
        count = store.execute("SELECT count(*) FROM capture").fetchone()[0]
        store.close()
        return int(count)

    def test_only_named_tokens_and_models_are_kept(self) -> None:
        self.serve()
        plain = self.post(self.plain, ask("m1"))
        token = self.post(self.watched, ask("m1"))
        model = self.post(self.plain, ask("m2", metadata={"email": "a@b.c \" quoted", "key": "sk-proj-0123456789abcdef01"}))
        self.assertIn("Say hello.", self.kept(token)["request"])
        self.assertIn("Hello", self.kept(token)["reply"])
        seen = self.kept(model)
        self.assertEqual(json.loads(seen["request"])["metadata"], {"email": "[redacted]", "key": "[redacted]"})
        self.assertNotIn("a@b.c", seen["request"])
        self.assertNotIn("0123456789abcdef", seen["request"])
        self.assertFalse(seen["request_cut"])
        self.assertEqual(self.capture(plain).json["data"], [])
        self.assertEqual(self.captures(), 2)

    def test_streams_and_repeats_are_kept_as_the_caller_saw_them(self) -> None:
        self.serve()
        stream = self.daemon.stream(self.watched, ask("m1", stream=True))
        seen = b"".join(iter(stream.event, b""))
        stream.close()
        request_id = str(stream.headers["x-request-id"])
        self.assertEqual(self.kept(request_id)["reply"], seen.decode())
        reply = self.daemon.post(self.watched, ask("m1"), {"Idempotency-Key": "once"})
        self.assertIn("Hello", self.kept(str(reply.headers["x-request-id"]))["reply"])

    def test_a_secret_that_came_in_pieces_of_a_stream_is_not_kept(self) -> None:
        self.serve(CONFIG.replace("1KiB", "16KiB"))
        self.upstream.answer = provider.chat(["The key is sk-pro", "j-0123", "456789abcdef", "ghij", ", keep it."])
        stream = self.daemon.stream(self.watched, ask("m1", stream=True))
        seen = b"".join(iter(stream.event, b""))
        stream.close()
        self.assertIn(b"456789abcdef", seen)
        reply = self.kept(str(stream.headers["x-request-id"]))["reply"]
        events = [json.loads(line[6:]) for line in reply.splitlines() if line.startswith("data: {")]
        said = "".join(choice["delta"].get("content", "") for event in events for choice in event["choices"])
        self.assertEqual(said, "The key is [redacted], keep it.")

    def test_calls_have_a_bounded_memory_for_it_and_others_need_none(self) -> None:
        self.serve('[capture]\nmodels = "m2"\nbytes = "64KiB"\nmemory = "64KiB"\n')
        go_on = threading.Event()
        self.addCleanup(go_on.set)

        def wait(connection: provider.Connection, request: provider.Request) -> None:
            connection.start_stream()
            connection.event(provider.delta("begun"))
            go_on.wait(provider.WAIT)
            for event in (provider.delta(finish="stop"), provider.usage_event(), "[DONE]"):
                connection.event(event)
            connection.end_stream()

        def begun(model: str) -> client.Stream:
            self.upstream.queue.append(wait)
            stream = self.daemon.stream(self.plain, long_ask(model, stream=True))
            self.assertIn(b"begun", stream.event())
            return stream

        def long_ask(model: str, **more: Any) -> dict[str, Any]:
            return {**ask(model, **more), "messages": [{"role": "user", "content": "word " * 8000}]}

        others = [begun("m1") for _ in range(3)]
        running = begun("m2")
        cut = self.kept(self.post(self.plain, long_ask("m2")))
        self.assertEqual((cut["request"], cut["request_cut"]), ("", True))
        go_on.set()
        for stream in [running, *others]:
            self.assertIn(b"[DONE]", b"".join(iter(stream.event, b"")))
            stream.close()
        self.assertFalse(self.kept(str(running.headers["x-request-id"]))["request_cut"])
        until(lambda: not self.kept(self.post(self.plain, long_ask("m2")))["request_cut"], "its memory is given back")

    def test_what_is_long_is_cut(self) -> None:
        self.serve()
        body = ask("m1")
        body["messages"][0]["content"] = "x" * 5000
        seen = self.kept(self.post(self.watched, body))
        self.assertTrue(seen["request_cut"])
        self.assertFalse(seen["reply_cut"])
        self.assertLessEqual(len(seen["request"]), 1024)

    def test_only_named_readers_see_it(self) -> None:
        self.serve()
        request_id = self.post(self.watched, ask("m1"))
        self.kept(request_id)
        auditor, other = (self.daemon.add_token(name, role="admin") for name in ("auditor", "other"))
        tokens = {row["name"]: row["id"] for row in self.daemon.api("GET", "/tokens")["data"]}
        self.assertEqual(self.capture(request_id, auditor).status, 403)
        self.daemon.config.write_text(CONFIG + f'readers = "{tokens["auditor"]}"\n')
        self.daemon.api("POST", "/system/reload")
        for key, status in ((auditor, 200), (other, 403), (self.watched, 403)):
            self.assertEqual(self.capture(request_id, key).status, status)
        # Neither a name nor a new token of the same name gives what an id gives.
        self.daemon.api("DELETE", f"/tokens/{tokens['auditor']}")
        again = self.daemon.add_token("auditor", role="admin")
        self.assertEqual((self.capture(request_id, auditor).status, self.capture(request_id, again).status), (401, 403))

    def test_the_command_line_shows_it(self) -> None:
        self.serve()
        request_id = self.post(self.watched, ask("m1"))
        self.kept(request_id)
        shown = self.obliv(self.daemon, "request", "show", request_id, "--capture")
        self.assertEqual(shown.returncode, 0, shown.stderr)
        self.assertIn("Say hello.", shown.stdout)
        document = json.loads(self.obliv(self.daemon, "request", "show", request_id, "--capture", "--json").stdout)
        self.assertEqual((document["schema"], document["data"][0]["request_id"]), ("obliv.request.capture/1", request_id))
        self.assertEqual(self.obliv(self.daemon, "request", "show", "nothing", "--capture").returncode, 5)

    def test_a_clients_own_id_hides_nobody_elses_call(self) -> None:
        self.serve()
        for word in ("first", "second"):
            body = ask("m1")
            body["messages"][0]["content"] = word
            self.assertEqual(self.daemon.post(self.watched, body, {"x-request-id": "same"}).status, 200)
            until(lambda: word in str(self.capture("same").json), "the capture")
        rows = self.capture("same").json["data"]
        self.assertEqual(len(rows), 2)
        self.assertIn("second", rows[0]["request"])
        self.assertEqual({row["token_id"] for row in rows}, {row["id"] for row in self.daemon.api("GET", "/tokens")["data"] if row["name"] == "watched"})

    def test_headers_and_keys_are_not_kept(self) -> None:
        self.serve()
        secret = "sk-proj-0123456789abcdefghij"
        body = ask("m1")
        body["messages"][0]["content"] = f"my key is {secret}" + "x" * 900
        self.kept(self.post(self.watched, body))
        # Where a text is cut in the middle of a key, nothing of the key is left.
        body["messages"][0]["content"] = "y" * (1024 - len(json.dumps(ask("m1"))) + 6) + " " + secret + " " + "z" * 500
        seen = self.kept(self.post(self.watched, body))
        self.assertTrue(seen["request_cut"])
        with contextlib.closing(sqlite3.connect(self.daemon.data / "oblivd.db", timeout=20)) as store:
            kept = json.dumps(store.execute("SELECT * FROM capture").fetchall())
        for hidden in (self.watched, self.watched[:12], secret, "sk-proj", "sk-upstream"):
            self.assertNotIn(hidden, kept)

    def test_it_survives_a_kill_and_the_total_is_bounded(self) -> None:
        self.serve()
        first = self.post(self.watched, ask("m1"))
        self.kept(first)
        self.daemon.kill()
        with contextlib.closing(sqlite3.connect(self.daemon.data / "oblivd.db")) as store, store:
            store.execute("INSERT INTO capture (request_id, time, account, token, model, request, reply, request_cut, reply_cut, size) "
                          "SELECT 'large', time, account, token, model, request, reply, 0, 0, 1200000 FROM capture")
        self.daemon.config.write_text(CONFIG + 'total_bytes = "1MiB"\n')
        self.daemon.start()
        # Both go: the second alone is too large.
        until(lambda: self.captures() == 0, "a sweep")
        last = self.post(self.watched, ask("m1"))
        self.kept(last)
        self.daemon.kill()
        self.daemon.start()
        self.assertIn("Say hello.", self.kept(last)["request"])

    def test_nothing_is_kept_by_default_and_a_reload_switches_it(self) -> None:
        self.serve("")
        before = self.post(self.watched, ask("m1"))
        self.daemon.config.write_text('[capture]\ntokens = "watched"\n')
        self.daemon.api("POST", "/system/reload")
        after = self.post(self.watched, ask("m1"))
        self.kept(after)
        self.assertEqual(self.capture(before).json["data"], [])
        self.daemon.config.write_text("")
        self.daemon.api("POST", "/system/reload")
        self.post(self.watched, ask("m1"))
        self.assertEqual(self.captures(), 1)

    def test_it_goes_after_its_time(self) -> None:
        self.serve()
        request_id = self.post(self.watched, ask("m1"))
        self.kept(request_id)
        self.daemon.stop()
        store = sqlite3.connect(self.daemon.data / "oblivd.db")
        store.execute("UPDATE capture SET time = time - 8 * 86400 * 1000000000")
        store.commit()
        store.close()
        self.daemon.start()
        until(lambda: self.capture(request_id).json["data"] == [], "it is swept")


if __name__ == "__main__":
    unittest.main()
