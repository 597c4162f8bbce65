"""A channel that is slower than usual is overtaken by another: the caller sees one answer and pays once, the record tells of
both roads.

Proved with two scripted upstreams, of which one is held back as long as the test says.
"""
import threading
import unittest

import client
import upstream as provider
from harness import Daemon, FunctionalTest, ask, until
from upstream import completion_bytes, delta, usage_event

CONFIG = """
[routing]
hedges = ["m1=100ms"]
[server]
heartbeat_interval = "1s"
"""


class RelayHedged(FunctionalTest):
    def setUp(self) -> None:
        super().setUp()
        self.go = threading.Event()
        self.addCleanup(self.go.set)
        self.slow, self.fast = self.new_upstream(), self.new_upstream()
        self.left = threading.Event()

        def late(connection: provider.Connection, asked: provider.Request) -> None:
            if self.go.is_set():
                return provider.chat()(connection, asked)
            if connection.wait_closed():
                self.left.set()
            return None
        self.slow.answer = late

    def serve(self, config: str = CONFIG) -> Daemon:
        self.daemon = self.new_daemon(config)
        self.daemon.add_channel(self.slow, "slow", models=["m1"], priority=1)
        self.daemon.add_channel(self.fast, "fast", models=["m1"])
        self.daemon.set_price("m1")
        self.key = self.daemon.add_token(concurrent_max=1)
        return self.daemon

    def record(self, reply: client.Response) -> list[tuple[str, str]]:
        self.daemon.call(reply.request_id)
        attempts = self.daemon.api("GET", f"/requests/{reply.request_id}")["attempts"]
        return sorted((each["channel"]["name"], each["cause"]) for each in attempts)

    def test_a_second_channel_answers_for_a_silent_one_and_the_call_is_billed_once(self) -> None:
        daemon = self.serve()
        for stream in (False, True):
            reply = daemon.post(self.key, ask(stream=stream))
            self.assertEqual(reply.status, 200)
            self.assertIn(b"lo" if stream else b"Hello.", reply.body)
            row = daemon.call(reply.request_id)
            self.assertEqual((row["cost"], row["attempts"], row["status"], row["error"]), ("0.0000975", 2, 200, None))
            self.assertEqual(self.record(reply), [("fast", "ok"), ("slow", "cancelled")])
        self.assertTrue(self.left.wait(20), "the slow one was told to stop")
        self.assertEqual(len(daemon.calls()), 2)
        self.assert_books(daemon)
        shown = self.obliv(daemon, "request", "show", reply.request_id)
        self.assertIn("the operator's", shown.stdout)

    def test_a_channel_that_answers_in_time_stays_alone(self) -> None:
        daemon = self.serve(CONFIG.replace("100ms", "20s"))
        self.go.set()
        reply = daemon.post(self.key, ask())
        self.assertEqual(daemon.call(reply.request_id)["attempts"], 1)
        self.assertEqual(len(self.fast.requests), 0)

    def test_the_first_may_still_win(self) -> None:
        daemon = self.serve()
        hold = threading.Event()
        self.addCleanup(hold.set)

        def first(connection: provider.Connection, _: provider.Request) -> None:
            self.fast.wait_requests(1)
            connection.reply(200, completion_bytes("First."))
        self.slow.answer = first
        self.fast.answer = lambda connection, _: None if hold.wait(20) else None
        reply = daemon.post(self.key, ask())
        self.assertEqual(reply.json["choices"][0]["message"]["content"], "First.")
        self.assertEqual(self.record(reply), [("fast", "cancelled"), ("slow", "ok")])
        self.assertEqual(len(daemon.calls()), 1)
        self.assert_books(daemon)

    def test_content_decides_not_the_head_of_a_reply(self) -> None:
        daemon = self.serve()

        def role_only(connection: provider.Connection, _: provider.Request) -> None:
            connection.start_stream()
            connection.event({**delta(), "choices": [{"index": 0, "delta": {"role": "assistant"}, "finish_reason": None}]})
            connection.wait_closed()
        self.slow.answer = role_only
        reply = daemon.post(self.key, ask(stream=True))
        self.assertNotIn(b'"role":"assistant"', reply.body)
        self.assertTrue(reply.body.endswith(b"data: [DONE]\n\n"))

    def test_when_both_fail_the_call_fails_once(self) -> None:
        daemon = self.serve(CONFIG + "[upstream]\nattempts = 1\n")
        self.fast.answer = provider.error(500)

        def fails_late(connection: provider.Connection, asked: provider.Request) -> None:
            self.fast.wait_requests(1)
            provider.error(503)(connection, asked)
        self.slow.answer = fails_late
        reply = daemon.post(self.key, ask())
        self.assertGreaterEqual(reply.status, 500)
        row = daemon.call(reply.request_id)
        self.assertEqual((row["cost"], row["attempts"]), ("0.00", 2))
        self.assertEqual(len(daemon.calls()), 1)
        until(lambda: daemon.api("GET", "/system/status")["requests_in_flight"] == 1, "only the one who asks is served")
        self.assert_books(daemon)

    def test_a_first_road_that_fails_leaves_the_second_its_time(self) -> None:
        daemon = self.serve(CONFIG + "[upstream]\nattempts = 1\n")
        failed = threading.Event()

        def fails_late(connection: provider.Connection, asked: provider.Request) -> None:
            self.fast.wait_requests(1)
            provider.error(503)(connection, asked)
            failed.set()

        def answers_later(connection: provider.Connection, asked: provider.Request) -> None:
            failed.wait(20)
            provider.chat()(connection, asked)
        self.slow.answer, self.fast.answer = fails_late, answers_later
        reply = daemon.post(self.key, ask())
        self.assertEqual(reply.status, 200, reply.body)
        self.assertEqual(self.record(reply), [("fast", "ok"), ("slow", "server_error")])
        self.assertEqual(len(daemon.calls()), 1)
        self.assert_books(daemon)

    def test_a_caller_who_leaves_stops_both(self) -> None:
        daemon = self.serve()
        gone = threading.Event()
        self.fast.answer = lambda connection, _: gone.set() if connection.wait_closed() else None
        call = client.connect(daemon.port)
        call.request("POST", "/v1/chat/completions", client.json.dumps(ask()).encode(),
                     {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"})
        self.assertTrue(self.fast.wait_requests(1))
        call.close()
        self.assertTrue(gone.wait(20) and self.left.wait(20), "both were told to stop")
        until(lambda: len(daemon.calls()) == 1, "one row")
        self.assertEqual(daemon.calls()[0]["finish_reason"], "aborted")
        self.assert_books(daemon)

    def test_slower_than_usual_is_known_after_twenty_calls(self) -> None:
        daemon = self.serve(CONFIG.replace("100ms", "p95"))
        self.go.set()
        for _ in range(20):
            self.assertEqual(daemon.post(self.key, ask()).status, 200)
        self.assertEqual(len(self.fast.requests), 0)
        self.go.clear()
        reply = daemon.post(self.key, ask())
        self.assertEqual(reply.status, 200)
        self.assertEqual(self.record(reply), [("fast", "ok"), ("slow", "cancelled")])


if __name__ == "__main__":
    unittest.main()
