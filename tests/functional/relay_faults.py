"""Each fault of the simulator, streamed or not, with another channel to make it good or without, in each format: what the
caller sees, and what is billed.

What must hold whatever the fault: the caller gets the reply whole or an error in his own format, never a half that looks
whole; the provider's figures are charged exactly when the reply came whole; what nobody could use costs nothing; the books
agree. The faults of the bytes themselves (malformed, cut, drip) come after the first words of a stream.
"""
import json
import unittest
from typing import Any

import formats
from client import Response, request
from formats import CLIENTS
from harness import FunctionalTest
from simulator import Sim

# A fault, and the statuses that a caller without another channel may see before a stream has begun.
STATUSES = {"400": 400, "401": 502, "403": 502, "404": 404, "408": 504, "409": 502, "413": 413, "422": 422, "425": 502,
            "429": 429, "500": 502, "502": 502, "503": 502, "529": 502, "hang": 504}
CALLERS = {"400", "404", "413", "422"}  # the request is at fault: no other channel is asked
BROKEN = ("cut", "malformed")
WORDS = 30
CONFIG = ('[upstream]\nattempts = 2\nretry_pause_first = "1ms"\nretry_pause_last = "1ms"\n'
          '[routing]\nstrategy = "weighted_random"\n')


class Faults(FunctionalTest):
    def setUp(self) -> None:
        super().setUp()
        self.bad = Sim(self.folder)
        self.good = Sim(self.folder)
        self.addCleanup(self.bad.stop)
        self.addCleanup(self.good.stop)
        self.daemon = self.new_daemon(CONFIG)
        self.key = self.daemon.add_token()
        self.number = 0

    def ask(self, client: str, fault: str, stream: bool, spare: bool, kind: str) -> Response:
        """A call of its own channels, so that no breaker or resting key is another call's."""
        self.number += 1
        model = f"m{self.number}"
        path = "/v1" if kind == "openai" else ""
        self.daemon.add_channel(f"http://127.0.0.1:{self.bad.port}{path}", name=f"bad{self.number}", type=kind, models=[model],
                                priority=5, timeouts={"first_byte_ms": 300, "idle_ms": 1000}, headers={"x-sim-fault": fault})
        if spare:
            self.daemon.add_channel(f"http://127.0.0.1:{self.good.port}{path}", name=f"good{self.number}", type=kind, models=[model])
        self.daemon.set_price(model)
        path, body = CLIENTS[client].ask(False, stream)
        # Word by word, so that a stream has begun when its fault comes.
        pace = "[[sim:itl=3ms]]" if stream and fault in BROKEN else ""
        text = json.dumps(body).replace("Hello?", f"Hello? [[sim:tokens={WORDS}]]{pace}").replace('"m1"', f'"{model}"')
        return request(self.daemon.port, "POST", path.replace("m1", model), text.encode(),
                       {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"})

    def said(self, client: str, reply: Response) -> formats.Said:
        return CLIENTS[client].said(formats.documents_of(reply))

    def check_whole(self, client: str, reply: Response, attempts: int) -> None:
        self.assertEqual(reply.status, 200, reply.body)
        said = self.said(client, reply)
        self.assertEqual((len(said.text.split()), said.finish, said.error), (WORDS, CLIENTS[client].stopped, ""))
        row = self.daemon.call(reply.request_id)
        self.assertEqual((row["usage"]["output"], row["usage_source"], row["error"], row["attempts"]), (WORDS, "provider", None, attempts))
        usage = row["usage"]
        self.assertEqual(round(float(row["cost"]) * 1e9), usage["input"] * 2500 + WORDS * 10_000)

    def check_error(self, client: str, reply: Response, status: int) -> None:
        self.assertEqual(reply.status, status, reply.body)
        self.assertEqual("status" in reply.json["error"], client == "gemini")
        self.assertEqual(reply.json.get("type") == "error", client == "anthropic")
        row = self.daemon.call(reply.request_id)
        self.assertEqual((row["cost"], row["usage_source"], row["status"]), ("0.00", "none", status))
        self.assertIsNotNone(row["error"])

    def every(self, faults: Any, check: Any) -> None:
        for fault in faults:
            for client in CLIENTS:
                for stream in (False, True):
                    for kind in ("openai", "anthropic"):
                        with self.subTest(fault=fault, client=client, stream=stream, provider=kind):
                            check(fault, client, stream, kind)
        self.assert_books(self.daemon)

    def test_a_refusal_without_another_channel_is_told_and_costs_nothing(self) -> None:
        def check(fault: str, client: str, stream: bool, kind: str) -> None:
            self.check_error(client, self.ask(client, fault, stream, False, kind), STATUSES[fault])
        self.every([fault for fault in STATUSES if fault != "hang"], check)

    def test_what_another_channel_can_make_good_is_not_seen(self) -> None:
        def check(fault: str, client: str, stream: bool, kind: str) -> None:
            reply = self.ask(client, fault, stream, True, kind)
            if fault in CALLERS:
                self.check_error(client, reply, STATUSES[fault])
            else:
                self.check_whole(client, reply, 2)
        self.every(["400", "401", "408", "429", "500", "503"], check)

    def test_a_provider_that_hangs_is_left_for_another_or_told(self) -> None:
        for client in CLIENTS:
            self.check_whole(client, self.ask(client, "hang", True, True, "openai"), 2)
            self.check_error(client, self.ask(client, "hang", False, False, "anthropic"), 504)
        self.assert_books(self.daemon)

    def test_pieces_of_a_few_bytes_are_a_reply_like_any_other(self) -> None:
        self.every(["drip"], lambda fault, client, stream, kind: self.check_whole(client, self.ask(client, fault, stream, False, kind), 1))

    def test_a_stream_that_breaks_is_an_error_event_and_what_was_said_is_billed(self) -> None:
        for fault in BROKEN:
            for client in CLIENTS:
                for kind in ("openai", "anthropic"):
                    for spare in (False, True):  # after the first word nobody else can help
                        with self.subTest(fault=fault, client=client, provider=kind, spare=spare):
                            if fault == "malformed" and (client, kind) in (("openai", "openai"), ("responses", "openai"), ("anthropic", "anthropic")):
                                continue  # what passes as it came is the client's to read
                            reply = self.ask(client, fault, True, spare, kind)
                            self.assertEqual(reply.status, 200)
                            said = self.said(client, reply)
                            self.assertNotEqual(said.error, "", reply.body[-500:])
                            self.assertLess(len(said.text.split()), WORDS)
                            row = self.daemon.call(reply.request_id)
                            self.assertEqual((row["finish_reason"], row["attempts"]), ("cut", 1))
                            self.assertIn(row["usage_source"], ("estimated", "partial"))
                            self.assertTrue(0 < row["usage"]["output"] < 4 * WORDS)
        self.assert_books(self.daemon)

    def test_a_reply_that_breaks_is_never_half_a_reply(self) -> None:
        for fault in BROKEN:
            for client, kind in (("anthropic", "openai"), ("openai", "anthropic"), ("gemini", "openai"), ("responses", "anthropic")):
                with self.subTest(fault=fault, client=client, provider=kind):
                    reply = self.ask(client, fault, False, False, kind)
                    self.assertGreaterEqual(reply.status, 500, reply.body)
                    self.assertNotEqual(self.daemon.call(reply.request_id)["error"], None)
        self.assert_books(self.daemon)


if __name__ == "__main__":
    unittest.main()
