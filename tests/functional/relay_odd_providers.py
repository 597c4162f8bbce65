"""A provider that is odd, broken or hostile costs nobody a call, a secret or a wrong bill.

Proved with replies that no good provider sends: compressed, empty, redirecting, with errors inside a stream, with
figures that cannot be true.
"""
import gzip
import json
import socket
import threading
import unittest
from typing import Any

import upstream as provider
from client import Response
from harness import FunctionalTest, ask, until
from upstream import completion_bytes, delta, event_bytes, usage, usage_event

SECRET = "sk-upstream-secret-0001"


def events(*parts: Any) -> provider.Answer:
    def answer(connection: provider.Connection, _: provider.Request) -> None:
        connection.start_stream()
        for part in parts:
            connection.chunk(part if isinstance(part, bytes) else event_bytes(part))
        connection.end_stream()
    return answer


def plain(body: bytes, status: int = 200, **headers: str) -> provider.Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda connection, _: connection.reply(status, body, named)


class RelayOddProviders(FunctionalTest):
    def setUp(self) -> None:
        super().setUp()
        self.upstream = self.new_upstream()
        self.daemon = self.new_daemon("[upstream]\nretry_pause_first = \"1ms\"\nretry_pause_last = \"1ms\"\n")
        self.daemon.add_channel(self.upstream, models=["m1", "gpt-4o", "odd-*"])
        self.daemon.set_price("m1")
        self.key = self.daemon.add_token()

    def post(self, answer: provider.Answer, **more: Any) -> tuple[Response, dict[str, Any]]:
        self.upstream.answer = answer
        reply = self.daemon.post(self.key, ask(**more))
        return reply, self.daemon.call(reply.request_id)

    def test_what_is_no_answer_is_the_providers_failure_and_costs_nothing(self) -> None:
        empty = b""
        for number, (name, answer) in enumerate((
                ("no content", lambda connection, _: connection.send(b"HTTP/1.1 204 X\r\n\r\n")),
                ("not modified", lambda connection, _: connection.send(b"HTTP/1.1 304 X\r\n\r\n")),
                ("redirection", plain(empty, 302, location="http://127.0.0.1:9/")),
                ("empty", plain(empty)),
                ("empty stream", events()),
                ("compressed", plain(gzip.compress(completion_bytes()), content_encoding="gzip")),
                ("an error with status 200", plain(b'{"error":{"message":"overloaded"}}')))):
            # A model of its own for each: the circuit breaker of one does not hold up the others.
            reply, row = self.post(answer, model=f"odd-{number}")
            self.assertEqual((reply.status, row["status"], row["cost"]), (502, 502, "0.00"), name)
        self.assert_books(self.daemon)

    def test_the_next_channel_makes_an_empty_answer_good(self) -> None:
        spare = self.new_upstream()
        self.daemon.add_channel(spare, "spare", priority=-1)
        reply, row = self.post(plain(b""))
        self.assertEqual((reply.status, row["attempts"], len(spare.requests)), (200, 2, 1))

    def test_an_error_inside_a_stream_is_passed_on_without_secrets(self) -> None:
        error = {"error": {"message": f"bad key {SECRET}", "type": "server_error", "code": "overloaded"}}
        reply, row = self.post(events(delta("Hel"), error, "[DONE]"), stream=True)
        said, told, end = reply.body.split(b"\n\n", 2)
        self.assertEqual((said + b"\n\n", end), (event_bytes(delta("Hel")), b"data: [DONE]\n\n"))
        self.assertEqual(json.loads(told[6:])["error"]["code"], "overloaded")
        self.assertNotIn(b"secret", reply.body)
        self.assertEqual((row["finish_reason"], row["usage_source"]), ("cut", "estimated"))

    def test_figures_of_zero_beside_a_text_are_not_believed(self) -> None:
        body = completion_bytes("x" * 400, used=usage(0, 0))
        reply, row = self.post(plain(body))
        self.assertEqual((reply.body, row["usage_source"]), (body, "estimated"))
        self.assertGreaterEqual(row["usage"]["output"], 100)
        self.assertGreater(row["usage"]["input"], 0)

    def test_what_follows_the_last_figures_is_counted(self) -> None:
        first = {**delta("x"), "usage": usage(11, 1)}
        _, row = self.post(events(first, delta(" world" * 40), delta(finish="stop"), "[DONE]"), stream=True, model="gpt-4o")
        self.assertEqual((row["usage"]["input"], row["usage"]["output"], row["usage_source"]), (11, 41, "partial"))
        _, row = self.post(events(first, delta("y" * 400), delta(finish="stop"), usage_event(), "[DONE]"), stream=True)
        self.assertEqual((row["usage"]["output"], row["usage_source"]), (7, "provider"))

    def test_a_provider_that_tells_no_figures_is_counted(self) -> None:
        """Exactly, where the model's encoding is known: OpenAI's cookbook says how messages are counted."""
        text = "Hello, w\u00f6rld! \U0001f600"
        message = {"messages": [{"role": "user", "content": "Hello?"}]}
        silent = {**json.loads(completion_bytes(text)), "usage": None}
        reply, row = self.post(plain(json.dumps(silent).encode()), model="gpt-4o", **message)
        # The cookbook: 3 tokens for the message, 1 for its role, 2 for its text, 3 before the reply.
        figures = (9, self.daemon.api("POST", "/tokens/count", {"model": "gpt-4o", "text": text})["tokens"], "counted")
        self.assertEqual((row["usage"]["input"], row["usage"]["output"], row["usage_source"]), figures)
        # Now that it is known to tell none, its streams are counted too.
        for pieces in ([text], list(text)):
            _, row = self.post(events(*[delta(piece) for piece in pieces], delta(finish="stop"), "[DONE]"), stream=True, model="gpt-4o", **message)
            self.assertEqual((row["usage"]["input"], row["usage"]["output"], row["usage_source"]), figures)
        _, row = self.post(events(delta("a"), usage_event(), "[DONE]"), stream=True, model="gpt-4o")
        self.assertEqual(row["usage_source"], "provider")
        _, row = self.post(events(delta("a"), delta(finish="stop"), "[DONE]"), stream=True, model="gpt-4o")
        self.assertEqual(row["usage_source"], "estimated")

    def test_nobody_sees_the_end_before_it_is_billed_however_it_is_written(self) -> None:
        for end in (b"event: end\ndata: [DONE]\n\n", b"data: [DONE] \n\n"):
            reply, row = self.post(events(delta("a"), usage_event(), end), stream=True)
            self.assertEqual(reply.body, event_bytes(delta("a")) + end)
            self.assertEqual((row["finish_reason"], row["usage_source"]), (None, "provider"))

    def test_who_leaves_before_the_first_word_pays_for_the_prompt(self) -> None:
        def silent(connection: provider.Connection, _: provider.Request) -> None:
            connection.start_stream()
            # Longer than what is held back until there is a word.
            connection.event({**delta(""), "note": "the prompt has been read" * 300})
            connection.wait_closed()
        self.upstream.answer = silent
        stream = self.daemon.stream(self.key, ask(stream=True))
        self.assertIn(b"note", stream.event())
        stream.close()
        row = self.daemon.call(stream.headers["x-request-id"])
        self.assertEqual((row["finish_reason"], row["usage"]["output"]), ("aborted", 0))
        self.assertGreater(row["usage"]["input"], 0)
        self.assert_books(self.daemon)

    def test_who_leaves_while_nothing_was_worth_showing_pays_for_the_prompt(self) -> None:
        begun = threading.Event()

        def pings(connection: provider.Connection, _: provider.Request) -> None:
            connection.start_stream()
            for _ in range(100):
                connection.event(delta(""))
                if connection.wait_closed(0.05):  # long enough for the relay to have read one
                    return
                connection.sock.settimeout(None)
                begun.set()
        self.upstream.answer = pings
        with socket.create_connection(("127.0.0.1", self.daemon.port)) as client:
            body = json.dumps(ask(stream=True)).encode()
            client.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer "
                           + self.key.encode() + b"\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
            self.assertTrue(begun.wait(20))
        until(lambda: len(self.daemon.calls()) == 1, "the usage row")
        row = self.daemon.calls()[0]
        self.assertEqual((row["finish_reason"], row["usage"]["output"]), ("aborted", 0))
        self.assertGreater(row["usage"]["input"], 0)

    def leave_and_row(self, stream: Any) -> dict[str, Any]:
        stream.close()
        return self.daemon.call(stream.headers["x-request-id"])

    def test_leaving_between_the_last_word_and_the_figures_makes_no_call_cheaper(self) -> None:
        def answer(connection: provider.Connection, _: provider.Request) -> None:
            connection.start_stream()
            connection.event(delta("x"))
            connection.event(delta(finish="stop"))
            if not connection.wait_closed(0.3):  # long enough for the relay to see that its client has left
                connection.event(usage_event(usage(11, 777)))
                connection.event("[DONE]")
                connection.end_stream()
        self.upstream.answer = answer
        stream = self.daemon.stream(self.key, ask(stream=True))
        self.assertIn(b"x", stream.event())
        self.assertIn(b"stop", stream.event())
        self.assertEqual(self.leave_and_row(stream)["usage"]["output"], 777)
        self.assert_books(self.daemon)

    def test_leaving_inside_a_plain_reply_makes_no_call_cheaper(self) -> None:
        body = completion_bytes("x" * 50000, used=usage(11, 777))

        def answer(connection: provider.Connection, _: provider.Request) -> None:
            connection.send(provider.head(200, {"content-type": "application/json", "content-length": str(len(body))}))
            connection.send(body[:20000])
            if not connection.wait_closed(0.3):
                connection.send(body[20000:])
        self.upstream.answer = answer
        stream = self.daemon.stream(self.key, ask())
        self.assertTrue(stream.response.read(1000))
        self.assertEqual(self.leave_and_row(stream)["usage"]["output"], 777)
        self.assert_books(self.daemon)

    def test_a_change_of_channels_during_a_call_leaves_the_call_alone(self) -> None:
        self.assertEqual(self.daemon.post(self.key, ask()).status, 200)

        def change_and_drop(connection: provider.Connection, _: provider.Request) -> None:
            self.daemon.api("PATCH", "/channels/main", {"weight": 7})
            self.upstream.answer = provider.chat()
            connection.sock.shutdown(socket.SHUT_RDWR)
        self.upstream.answer = change_and_drop
        # The connection had been used before, so the call is sent again, by the table it began with.
        reply = self.daemon.post(self.key, ask())
        self.assertIn(reply.status, (200, 502))  # 502: the other loop has the call, and its connection was new
        self.assertEqual((self.daemon.running().poll(), self.upstream.problems), (None, []))


if __name__ == "__main__":
    unittest.main()
