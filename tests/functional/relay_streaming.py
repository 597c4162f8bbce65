"""A stream that is silent says that it lives, a client that takes nothing is let go, and a body that drips in is refused.

The provider is scripted and waits for what the client has seen, so that the order of things is proved and no time is.
"""
import json
import os
import socket
import threading
import time
import unittest
from typing import Any, Callable

import formats
import upstream as provider
from client import Response, Stream, parse_replies, request
from formats import PROVIDERS, Script
from harness import WAIT, FunctionalTest, ask

CLIENTS = {**formats.CLIENTS, "cohere": formats.COHERE_CLIENT}
BEATS = {"openai": b": waiting\n\n", "responses": b": waiting\n\n", "completions": b": waiting\n\n", "cohere": b": waiting\n\n",
         "anthropic": b'event: ping\ndata: {"type": "ping"}\n\n'}
QUICK = '[server]\nheartbeat_interval = "100ms"\n[upstream]\nretry_pause_first = "20ms"\nretry_pause_last = "50ms"\n'


def client_call(name: str) -> tuple[str, Any]:
    if name == "completions":
        return "/v1/completions", {"model": "m1", "prompt": "Hello?", "stream": True}
    return CLIENTS[name].ask(False, True)


class Heartbeats(FunctionalTest):
    def setUp(self) -> None:
        super().setUp()
        self.upstream = self.new_upstream()
        self.daemon = self.new_daemon(QUICK)
        self.daemon.set_price()
        self.key = self.daemon.add_token()
        self.heard = threading.Event()

    def channel(self, kind: str = "openai", upstream: provider.Upstream | None = None, **more: Any) -> None:
        spoken = PROVIDERS[kind]
        port = (upstream or self.upstream).port
        self.daemon.add_channel(f"http://127.0.0.1:{port}{spoken.prefix}", type=spoken.kind, **{"name": kind, **more})

    def open(self, name: str) -> Stream:
        path, body = client_call(name)
        stream = Stream(self.daemon.port, path, body, {"Authorization": f"Bearer {self.key}", "x-goog-api-key": self.key})
        self.addCleanup(stream.close)
        return stream

    def after_beats(self, answer: provider.Answer) -> provider.Answer:
        """A provider that says nothing until the client has heard a heartbeat."""
        def wait(connection: provider.Connection, asked: provider.Request) -> None:
            self.assertTrue(self.heard.wait(WAIT), "the client heard a heartbeat")
            answer(connection, asked)
        return wait

    def beats(self, stream: Stream, beat: bytes, count: int = 2) -> None:
        for _ in range(count):
            self.assertEqual(stream.event(), beat)
        self.heard.set()

    def said(self, name: str, stream: Stream) -> formats.Said:
        rest = stream.rest().replace(BEATS[name], b"")
        reply = Response(stream.status, stream.headers, rest)
        return CLIENTS[name].said(formats.documents_of(reply))

    def test_each_format_that_bears_it_hears_them_before_the_first_word(self) -> None:
        for name in BEATS:
            self.heard.clear()
            self.upstream.answer = self.after_beats(PROVIDERS["openai" if name != "anthropic" else name].answer(Script()))
            kind = "anthropic" if name == "anthropic" else "openai"
            if name == "responses":  # which the scripted OpenAI does not speak
                kind = "gemini"
                self.upstream.answer = self.after_beats(PROVIDERS["gemini"].answer(Script()))
            with self.subTest(format=name):
                self.channel(kind)
                stream = self.open(name)
                self.assertEqual((stream.status, stream.headers["content-type"]), (200, "text/event-stream; charset=utf-8"))
                self.assertEqual(stream.headers["x-accel-buffering"], "no")
                self.beats(stream, BEATS[name])
                if name == "completions":
                    self.assertIn(b"[DONE]", stream.rest())
                else:
                    self.assertEqual(self.said(name, stream).text, "".join(formats.TEXT))
                row = self.daemon.call(stream.headers["x-request-id"])
                self.assertEqual((row["attempts"], row["error"], row["usage_source"]), (1, None, "provider"))
                self.daemon.api("DELETE", f"/channels/{kind}")
        self.assert_books(self.daemon)

    def test_they_go_between_two_events_of_a_stream_and_change_nothing_of_it(self) -> None:
        for joined in (True, False):  # events that pass as they came, and such as are cut
            self.heard.clear()
            parts = [provider.event_bytes(provider.delta("Hel")), provider.event_bytes(provider.delta("lo"))]

            def answer(connection: provider.Connection, _: provider.Request, whole: bool = joined) -> None:
                connection.start_stream()
                connection.chunk(parts[0] if whole else parts[0] + parts[1][:9])
                self.assertTrue(self.heard.wait(WAIT))
                connection.chunk(parts[1] if whole else parts[1][9:])
                connection.event(provider.delta(finish="stop"))
                connection.event("[DONE]")
                connection.end_stream()
            self.upstream.answer = answer
            with self.subTest(joined=joined):
                self.channel()
                stream = self.open("openai")
                self.assertEqual(stream.event(), parts[0])
                self.beats(stream, BEATS["openai"])
                rest = stream.rest().replace(BEATS["openai"], b"")
                self.assertEqual(rest, parts[1] + provider.event_bytes(provider.delta(finish="stop")) + b"data: [DONE]\n\n")
                self.daemon.api("DELETE", "/channels/openai")

    def test_gemini_hears_none(self) -> None:
        told = threading.Event()
        self.channel("gemini")

        def answer(connection: provider.Connection, asked: provider.Request) -> None:
            self.assertTrue(told.wait(WAIT))
            PROVIDERS["gemini"].answer(Script())(connection, asked)
        self.upstream.answer = answer
        got: list[bytes] = []
        caller = threading.Thread(target=lambda: got.append(self.open("gemini").rest()))
        caller.start()
        self.assertTrue(self.upstream.wait_requests(1))
        # Somebody else's heartbeats, twice, prove that the time for some has passed.
        self.heard.clear()
        other = self.new_upstream(answer=self.after_beats(provider.chat()))
        self.daemon.add_channel(other, "other", models=["m2"])
        stream = self.daemon.stream(self.key, ask("m2", stream=True))
        self.beats(stream, BEATS["openai"], 3)
        stream.close()
        told.set()
        caller.join()
        self.assertTrue(got[0].startswith(b"data: {"), got[0])
        self.assertNotIn(b"\n:", got[0])

    def test_a_call_that_has_heard_only_heartbeats_is_failed_over(self) -> None:
        second = self.new_upstream()
        for failure in (provider.error(500), lambda connection, _: connection.cut(),
                        lambda connection, asked: (connection.start_stream(), connection.event({"error": {"message": "x"}}), connection.end_stream())):
            self.heard.clear()
            self.upstream.answer = self.after_beats(failure)
            self.channel(name="first", priority=5)
            self.channel(name="second", upstream=second)
            stream = self.open("openai")
            self.beats(stream, BEATS["openai"])
            self.assertTrue(stream.rest().endswith(b"data: [DONE]\n\n"))
            row = self.daemon.call(stream.headers["x-request-id"])
            self.assertEqual((row["attempts"], row["error"]), (2, None))
            for name in ("first", "second"):
                self.daemon.api("DELETE", f"/channels/{name}")
        self.assert_books(self.daemon)

    def test_a_failure_after_heartbeats_is_an_error_event_in_each_format(self) -> None:
        cases: list[tuple[str, Callable[..., None], str]] = [
            ("down", provider.error(503, "down for repairs"), "upstream_failed"),
            ("refused", provider.error(400, "temperature is too high"), "invalid_request")]
        for what, failure, code in cases:
            for name in BEATS:
                kind = {"anthropic": "anthropic", "responses": "gemini"}.get(name, "openai")
                with self.subTest(failure=what, format=name):
                    self.heard.clear()
                    self.upstream.answer = self.after_beats(failure)
                    self.channel(kind)
                    stream = self.open(name)
                    self.beats(stream, BEATS[name])
                    rest = stream.rest().replace(BEATS[name], b"")
                    self.assertIn(b"down for repairs" if what == "down" else b"temperature is too high", rest)
                    self.assertNotIn(b"[DONE]", rest)
                    if name != "completions":
                        self.assertNotEqual(CLIENTS[name].said(formats.documents_of(Response(200, stream.headers, rest))).error, "")
                    row = self.daemon.call(stream.headers["x-request-id"])
                    self.assertEqual((row["status"], row["error"], row["cost"]), (200, code, "0.00"))
                    self.daemon.api("DELETE", f"/channels/{kind}")
        self.assert_books(self.daemon)

    def test_a_provider_that_does_not_stream_after_heartbeats_has_failed(self) -> None:
        self.upstream.answer = self.after_beats(lambda connection, _: connection.reply(200, provider.completion_bytes()))
        self.channel()
        stream = self.open("openai")
        self.beats(stream, BEATS["openai"])
        self.assertIn(b"did not stream", stream.rest())

    def test_a_call_that_does_not_stream_hears_none(self) -> None:
        other = self.new_upstream(answer=self.after_beats(provider.chat()))
        self.daemon.add_channel(other, "other", models=["m2"])
        self.upstream.answer = self.after_beats(provider.chat())
        self.channel()
        replies: list[Response] = []
        caller = threading.Thread(target=lambda: replies.append(self.daemon.post(self.key, ask())))
        caller.start()
        self.assertTrue(self.upstream.wait_requests(1))
        stream = self.daemon.stream(self.key, ask("m2", stream=True))
        self.beats(stream, BEATS["openai"], 3)
        stream.close()
        caller.join()
        self.assertEqual((replies[0].status, replies[0].json["object"]), (200, "chat.completion"))

    def test_a_client_of_http_1_0_hears_them_too(self) -> None:
        self.upstream.answer = self.after_beats(provider.chat())
        self.channel()
        body = json.dumps(ask(stream=True)).encode()
        with socket.create_connection(("127.0.0.1", self.daemon.port), timeout=WAIT) as sock:
            sock.sendall(b"POST /v1/chat/completions HTTP/1.0\r\nauthorization: Bearer %s\r\ncontent-length: %d\r\n\r\n%s"
                         % (self.key.encode(), len(body), body))
            data = b""
            while part := sock.recv(65536):
                data += part
                if BEATS["openai"] in data:
                    self.heard.set()
        self.assertTrue(data.endswith(b"data: [DONE]\n\n"), data)
        self.assertIn(b"\r\n\r\n: waiting\n\n", data)


class StalledClients(FunctionalTest):
    def test_a_client_that_takes_nothing_is_let_go_and_its_call_stopped_and_charged(self) -> None:
        left = threading.Event()
        sent = [0]
        event = provider.event_bytes(provider.delta("word " * 3000))

        def flood(connection: provider.Connection, _: provider.Request) -> None:
            connection.start_stream()
            connection.sock.settimeout(WAIT)
            try:
                while True:
                    connection.chunk(event)
                    sent[0] += len(event)
            except OSError:
                left.set()
        upstream = self.new_upstream(answer=flood)
        daemon = self.new_daemon('[limits]\nwrite_timeout = "1s"\n[server]\nthreads = 1\n')
        daemon.set_price(input="1000", output="1000")
        daemon.add_channel(upstream)
        key = daemon.add_token()
        before = memory_of(daemon.running().pid)
        stream = daemon.stream(key, ask(stream=True))
        self.assertTrue(left.wait(WAIT), "the provider's call is stopped")
        row = daemon.call(stream.headers["x-request-id"])
        self.assertEqual((row["finish_reason"], row["error"], row["status"]), ("aborted", "cancelled", 200))
        # What had been produced when the client stopped: what the sockets hold, and one read.
        self.assertGreater(row["usage"]["output"], 1000)
        self.assertLess(row["usage"]["output"], sent[0])
        self.assertLess(memory_of(daemon.running().pid) - before, 16 << 20, "the backlog lies in the sockets, not here")
        stream.close()
        self.assert_books(daemon)


def memory_of(pid: int) -> int:
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")


class Cancelling(FunctionalTest):
    def test_a_client_that_leaves_is_noticed_while_the_provider_says_nothing(self) -> None:
        """The provider hears of it before anything else happens: nothing is sent meanwhile that could tell."""
        order: list[str] = []
        left = threading.Event()

        def silent(connection: provider.Connection, _: provider.Request) -> None:
            connection.start_stream()
            connection.event(provider.delta("a"))
            if connection.wait_closed():
                order.append("provider left")
                left.set()
        upstream = self.new_upstream(answer=silent)
        daemon = self.new_daemon('[server]\nheartbeat_interval = "2s"\n')
        daemon.add_channel(upstream)
        key = daemon.add_token()
        for _ in range(3):
            left.clear()
            stream = daemon.stream(key, ask(stream=True))
            self.assertIn(b'"a"', stream.event())
            begun = time.monotonic()
            stream.close()
            self.assertTrue(left.wait(WAIT))
            order.append(f"{(time.monotonic() - begun) * 1000:.1f} ms")
        print("cancel reached the provider after", ", ".join(entry for entry in order if entry.endswith("ms")))
        self.assertEqual(order.count("provider left"), 3)


class SlowUploads(FunctionalTest):
    def drip(self, daemon: Any, path: str, head: bytes, piece: Callable[[int], bytes]) -> bytes:
        """Sends one piece after the other, each well within the time-out of a read, until there is an answer."""
        with socket.create_connection(("127.0.0.1", daemon.port), timeout=WAIT) as sock:
            sock.sendall(b"POST %s HTTP/1.1\r\nhost: x\r\n%s\r\n" % (path.encode(), head))
            sock.settimeout(0.05)
            data = b""
            try:
                for number in range(int(WAIT / 0.05)):
                    sock.sendall(piece(number))
                    try:
                        data += sock.recv(65536)
                        break
                    except TimeoutError:
                        continue
                sock.settimeout(WAIT)
                while not parse_replies(data) and (part := sock.recv(65536)):
                    data += part
            except ConnectionError:
                pass
            return data

    def test_a_body_that_drips_in_is_408_in_the_shape_of_the_api(self) -> None:
        daemon = self.new_daemon('[limits]\nbody_timeout = "1s"\nbody_rate = "1KiB"\n')
        key = daemon.add_token().encode()
        shapes = {"/v1/chat/completions": b"authorization: Bearer " + key, "/v1/messages": b"x-api-key: " + key,
                  "/v1beta/models/m1:generateContent": b"x-goog-api-key: " + key}
        framings = {"in place": (b"content-length: 2000\r\n", lambda _: b"x"), "large": (b"content-length: 9000000\r\n", lambda _: b"x"),
                    "chunked": (b"transfer-encoding: chunked\r\n", lambda _: b"1\r\nx\r\n")}
        for path, credential in shapes.items():
            for name, (framing, piece) in framings.items():
                with self.subTest(path=path, body=name):
                    replies = parse_replies(self.drip(daemon, path, credential + b"\r\n" + framing, piece))
                    self.assertEqual([reply.status for reply in replies], [408])
                    error = replies[0].json["error"]
                    self.assertTrue(error["message"])
                    self.assertEqual("status" in error, "v1beta" in path)
                    self.assertEqual(replies[0].json.get("type") == "error", "messages" in path)

    def test_a_body_at_its_rate_is_taken_however_long_it_takes(self) -> None:
        daemon = self.new_daemon('[limits]\nbody_timeout = "1s"\nbody_rate = "1KiB"\n')
        daemon.add_channel(self.new_upstream())
        key = daemon.add_token().encode()
        body = json.dumps(ask(user="x" * 40_000)).encode()
        step = len(body) // 40 + 1
        head = b"authorization: Bearer %s\r\ncontent-length: %d\r\n" % (key, len(body))
        reply = self.drip(daemon, "/v1/chat/completions", head, lambda number: body[number * step:(number + 1) * step])
        self.assertEqual([r.status for r in parse_replies(reply)], [200])


if __name__ == "__main__":
    unittest.main()
