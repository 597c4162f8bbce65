"""A call that its client repeats with the same Idempotency-Key is made, and charged, once.

The provider is scripted and counts; what a repeat gets is compared byte by byte.
"""
import contextlib
import json
import sqlite3
import threading
import unittest
from typing import Any

import formats
import upstream as provider
from client import Response, Stream, request
from formats import CLIENTS, Script
from harness import WAIT, FunctionalTest, ask, until

HEADER = "Idempotency-Key"


class Repeats(FunctionalTest):
    def setUp(self) -> None:
        super().setUp()
        self.upstream = self.new_upstream()
        self.daemon = self.new_daemon()
        self.daemon.set_price()
        self.daemon.add_channel(self.upstream)
        self.key = self.daemon.add_token()

    def post(self, body: Any, given: str = "one", key: str | None = None) -> Response:
        return self.daemon.post(key or self.key, body, {HEADER: given})

    def test_a_repeat_gets_the_same_reply_and_costs_nothing(self) -> None:
        for number, body in enumerate((ask(), ask(stream=True), ask(stream=True, stream_options={"include_usage": True}))):
            with self.subTest(body=body):
                first = self.post(body, f"key-{number}")
                self.assertNotIn("idempotent-replayed", first.headers)
                self.daemon.call(first.request_id)
                for _ in range(3):
                    again = self.post(body, f"key-{number}")
                    self.assertEqual((again.status, again.body), (200, first.body))
                    self.assertEqual(again.headers["content-type"], first.headers["content-type"])
                    self.assertEqual(again.headers["idempotent-replayed"], "true")
                self.assertEqual(len(self.upstream.requests), number + 1)
        self.assertEqual(len(self.daemon.calls()), 3)
        self.assert_books(self.daemon)

    def test_every_format_repeats(self) -> None:
        self.upstream.answer = formats.PROVIDERS["openai"].answer(Script())
        for client in ("openai", "anthropic", "gemini"):
            for stream in (False, True):
                path, body = CLIENTS[client].ask(False, stream)
                headers = {"Authorization": f"Bearer {self.key}", HEADER: f"{client}-{stream}"}
                before = len(self.upstream.requests)
                first, again = (request(self.daemon.port, "POST", path, body, headers) for _ in range(2))
                self.assertEqual((first.status, again.body), (200, first.body))
                self.assertEqual(len(self.upstream.requests), before + 1)

    def test_while_the_first_runs_a_repeat_is_409(self) -> None:
        go = threading.Event()

        def wait(connection: provider.Connection, asked: provider.Request) -> None:
            self.assertTrue(go.wait(WAIT))
            provider.chat()(connection, asked)
        self.upstream.answer = wait
        replies: list[Response] = []
        caller = threading.Thread(target=lambda: replies.append(self.post(ask())))
        caller.start()
        self.assertTrue(self.upstream.wait_requests(1))
        self.assert_openai_error(self.post(ask()), 409)
        go.set()
        caller.join()
        self.assertEqual(self.post(ask()).body, replies[0].body)
        self.assertEqual(len(self.upstream.requests), 1)

    def test_a_key_is_an_accounts_own_and_a_requests_own(self) -> None:
        self.post(ask())
        self.daemon.add_prepaid("other", "10")
        other = self.daemon.add_token("other", account="other")
        self.assertNotIn("idempotent-replayed", self.post(ask(), key=other).headers)
        refused = self.post(ask(temperature=1))
        self.assert_openai_error(refused, 400)
        self.assertEqual(refused.json["error"]["param"], "idempotency-key")
        for bad in ("", "x" * 256):
            self.assert_openai_error(self.post(ask(), bad), 400)
        self.assert_openai_error(self.post(ask(), key="sk-wrong"), 401)
        self.assertEqual(len(self.upstream.requests), 2)

    def test_who_is_over_a_limit_has_nothing_written(self) -> None:
        key = self.daemon.add_token("slow", requests_per_minute=1)
        self.assertEqual(self.post(ask(), key=key).status, 200)
        with contextlib.closing(sqlite3.connect(self.daemon.data / "oblivd.db")) as store, store:
            store.execute("create trigger full before insert on repeat begin select raise(fail, 'no more'); end")
        self.assert_openai_error(self.post(ask(), "over", key=key), 429)
        self.assertIn("idempotent-replayed", self.post(ask(), key=key).headers)  # what is kept takes no limit

    def test_what_failed_may_be_tried_again(self) -> None:
        self.upstream.answer = provider.error(400, "no")
        self.assertEqual(self.post(ask()).status, 400)

        def cut(connection: provider.Connection, _: provider.Request) -> None:
            connection.start_stream()
            connection.event(provider.delta("some "))
            connection.cut()
        self.upstream.answer = cut
        self.assertIn(b'"error"', self.post(ask(stream=True), "two").body)
        self.upstream.answer = provider.chat()
        self.assertEqual(self.post(ask()).status, 200)
        self.assertTrue(self.post(ask(stream=True), "two").body.endswith(b"data: [DONE]\n\n"))

    def test_who_leaves_finds_the_whole_reply_when_he_comes_back(self) -> None:
        left = threading.Event()

        def slow(connection: provider.Connection, _: provider.Request) -> None:
            connection.start_stream()
            connection.event(provider.delta("one "))
            self.assertTrue(left.wait(WAIT))
            for word in ("two ", "three"):
                connection.event(provider.delta(word))
            connection.event(provider.delta(finish="stop"))
            connection.event(provider.usage_event())
            connection.event("[DONE]")
            connection.end_stream()
        self.upstream.answer = slow
        stream = Stream(self.daemon.port, "/v1/chat/completions", ask(stream=True), {"Authorization": f"Bearer {self.key}", HEADER: "left"})
        self.assertIn(b"one", stream.event())
        stream.close()
        left.set()
        row = self.daemon.call(stream.headers["x-request-id"])
        self.assertEqual((row["finish_reason"], row["usage_source"], row["cost"]), ("stop", "provider", "0.0000975"))
        until(lambda: self.post(ask(stream=True), "left").status != 409, "the first has ended")
        again = self.post(ask(stream=True), "left")
        self.assertTrue(again.body.endswith(b"data: [DONE]\n\n"))
        for word in (b"one", b"two", b"three"):
            self.assertIn(word, again.body)
        self.assertEqual((len(self.upstream.requests), len(self.daemon.calls())), (1, 1))
        self.assert_books(self.daemon)

    def test_a_call_whose_reply_is_too_long_to_be_kept_is_not_charged_again(self) -> None:
        self.upstream.answer = lambda connection, _: connection.reply(200, provider.completion_bytes("x" * (5 << 20)))
        first = self.post(ask())
        self.assertEqual(first.status, 200)
        self.daemon.call(first.request_id)
        for kills in range(2):
            again = self.post(ask())
            self.assert_openai_error(again, 409)
            self.assertIn(f"charged as {first.request_id}".encode(), again.body)
            self.assert_openai_error(self.post(ask("other")), 400)
            if kills == 0:
                self.daemon.kill()
                self.daemon.start()
        self.assertEqual(len(self.upstream.requests), 1)
        self.assertEqual(len(self.daemon.calls()), 1)
        self.assert_books(self.daemon)

    def test_a_reply_outlives_a_kill(self) -> None:
        bodies = [ask(), ask(stream=True), ask(stream=True, stream_options={"include_usage": True})]
        firsts = []
        for number, body in enumerate(bodies):
            firsts.append(self.post(body, f"killed-{number}"))
            self.daemon.kill()  # who has seen the end may repeat it
            self.daemon.start()
        for number, body in enumerate(bodies):
            again = self.post(body, f"killed-{number}")
            self.assertEqual((again.status, again.body), (200, firsts[number].body))
            self.assertEqual(again.headers["content-type"], firsts[number].headers["content-type"])
            self.assertEqual(again.headers["idempotent-replayed"], "true")
            self.assert_openai_error(self.post(ask(temperature=1), f"killed-{number}"), 400)
        self.assertEqual((len(self.upstream.requests), len(self.daemon.calls())), (3, 3))
        self.assert_books(self.daemon)

    def test_a_call_that_a_kill_cut_off_is_made_and_charged_once(self) -> None:
        asked = threading.Event()

        def hang(connection: provider.Connection, _: provider.Request) -> None:
            connection.start_stream()
            connection.event(provider.delta("one "))
            asked.set()
            connection.wait_closed()
        self.upstream.answer = hang
        stream = Stream(self.daemon.port, "/v1/chat/completions", ask(stream=True), {"Authorization": f"Bearer {self.key}", HEADER: "cut"})
        self.assertTrue(asked.wait(WAIT))
        self.daemon.kill()
        stream.close()
        self.daemon.start()
        self.upstream.answer = provider.chat()
        for _ in range(3):
            self.assertEqual(self.post(ask(stream=True), "cut").status, 200)
        until(lambda: [row["cost"] for row in self.daemon.calls()] == ["0.0000975"], "one charge")
        self.assertEqual(len(self.upstream.requests), 2)
        self.assert_books(self.daemon)

    def test_a_charge_whose_reply_was_lost_is_not_made_again(self) -> None:
        first = self.post(ask())
        self.daemon.call(first.request_id)
        self.daemon.kill()
        # As a kill between the charge and the keeping of the reply leaves it.
        with contextlib.closing(sqlite3.connect(self.daemon.data / "oblivd.db")) as store, store:
            self.assertEqual(store.execute("UPDATE repeat SET whole = 0, body = '', (account, call_time, since) = "
                                           "(SELECT account, time, id FROM charge)").rowcount, 1)
        self.daemon.start()
        for _ in range(2):
            again = self.post(ask())
            self.assert_openai_error(again, 409)
            self.assertIn(first.request_id, again.json["error"]["message"])
        self.assertEqual(self.post(ask(), "another").status, 200)
        self.assertEqual(len(self.upstream.requests), 2)


if __name__ == "__main__":
    unittest.main()
