"""Who leaves a stream pays by one rule, whatever format he speaks and whatever provider answers.

A table: at each stage of a reply the provider stops and waits, the caller leaves, and the row is compared. The stages: before
the first byte of the provider's answer, after its opening events, in the text, in the arguments of a tool, after the last
word but before the figures, after the figures but before the event that closes the stream.
"""
import json
import socket
import threading
import unittest
from typing import Any, Callable

import formats
import upstream as provider
from client import Stream
from formats import ARGUMENTS, CACHED, INPUT, OUTPUT, TEXT, Script
from harness import WAIT, FunctionalTest, until

PROVIDERS = {**formats.PROVIDERS, "cohere": formats.COHERE_PROVIDER}
CLIENTS = {**formats.CLIENTS, "cohere": formats.COHERE_CLIENT}
PAIRS = [(client, kind) for kind in PROVIDERS for client in CLIENTS if (client, kind) != ("responses", "openai")]
ANTHROPIC_BEGUN = 1  # its opening event reports so many tokens of output already


def estimate(text: str) -> int:
    return (len(text.encode()) + 3) // 4


def framed(events: list[tuple[str, Any]]) -> bytes:
    return b"".join((f"event: {name}\n" if name else "").encode()
                    + b"data: " + (data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)).encode() + b"\n\n" for name, data in events)


class Aborts(FunctionalTest):
    def setUp(self) -> None:
        super().setUp()
        self.upstream = self.new_upstream()
        self.daemon = self.new_daemon('[server]\nthreads = 1\n')
        for kind in PROVIDERS:
            self.daemon.set_price(kind)
        self.key = self.daemon.add_token()
        self.sent = threading.Event()
        self.left = threading.Event()
        for kind, spoken in PROVIDERS.items():
            self.daemon.add_channel(f"http://127.0.0.1:{self.upstream.port}{spoken.prefix}", name=kind, type=spoken.kind, models=[kind])

    def stage(self, first: list[tuple[str, Any]], then: list[tuple[str, Any]] | None = None, head: bool = True) -> None:
        """The provider says `first`, and the rest once the caller has left."""
        self.sent.clear()
        self.left.clear()

        def answer(connection: provider.Connection, _: provider.Request) -> None:
            if head:
                connection.start_stream()
                connection.chunk(framed(first) or b": hello\n\n")
            self.sent.set()
            if then is not None:
                self.assertTrue(self.left.wait(WAIT))
                connection.chunk(framed(then))
                connection.end_stream()
            else:
                self.gone = connection.wait_closed()
        self.upstream.answer = answer

    def call(self, client: str, kind: str, tool: bool = False) -> tuple[str, Any]:
        path, body = CLIENTS[client].ask(tool, True)
        if "model" in body:
            body["model"] = kind
        return path.replace("m1", kind), body

    def leave_unseen(self, client: str, kind: str) -> dict[str, Any]:
        """Asks and leaves without having read a byte; the daemon has seen what the provider said."""
        known = {row["request_id"] for row in self.daemon.calls()}
        path, body = self.call(client, kind)
        data = json.dumps(body).encode()
        with socket.create_connection(("127.0.0.1", self.daemon.port), timeout=WAIT) as sock:
            sock.sendall(b"POST %s HTTP/1.1\r\nhost: x\r\nauthorization: Bearer %s\r\ncontent-length: %d\r\n\r\n%s"
                         % (path.encode(), self.key.encode(), len(data), data))
            self.assertTrue(self.sent.wait(WAIT))
            for _ in range(3):  # on the same loop, so later than what the provider has sent
                self.daemon.api("GET", "/channels")
        rows: list[dict[str, Any]] = []
        until(lambda: bool(rows.extend(row for row in self.daemon.calls() if row["request_id"] not in known) or rows), "the row")
        return rows[0]

    def leave_after(self, client: str, kind: str, seen: bytes, tool: bool = False) -> dict[str, Any]:
        path, body = self.call(client, kind, tool)
        stream = Stream(self.daemon.port, path, body, {"Authorization": f"Bearer {self.key}"})
        self.addCleanup(stream.close)
        got = b""
        while seen not in got:
            event = stream.event()
            self.assertNotEqual(event, b"", f"{seen!r} not in {got!r}")
            got += event
        stream.close()
        self.left.set()
        return self.daemon.call(stream.headers["x-request-id"])

    def check(self, row: dict[str, Any], source: str, input_tokens: int | None, output: int) -> None:
        usage = row["usage"]
        self.assertEqual((row["finish_reason"], row["error"]), ("aborted", "cancelled"))
        self.assertEqual((row["usage_source"], usage["output"]), (source, output))
        if input_tokens is not None:
            self.assertEqual(usage["input"] + usage["cache_read"], input_tokens)
        else:
            self.assertGreater(usage["input"], 0)
        expected = usage["input"] * 2500 + usage["cache_read"] * 2500 + output * 10_000
        self.assertEqual(round(float(row["cost"]) * 1e9), expected)

    def every(self, check: Callable[[str, str], None]) -> None:
        for client, kind in PAIRS:
            with self.subTest(client=client, provider=kind):
                check(client, kind)
        self.assert_books(self.daemon)

    def events(self, kind: str, **script: Any) -> list[tuple[str, Any]]:
        return PROVIDERS[kind].events(Script(**script))

    def test_before_the_first_byte(self) -> None:
        def check(client: str, kind: str) -> None:
            self.stage([], head=False)
            row = self.leave_unseen(client, kind)
            self.assertEqual((row["status"], row["error"], row["cost"], row["usage_source"]), (499, "cancelled", "0.00", "none"))
        self.every(check)

    def test_after_the_opening_events(self) -> None:
        opening = {"openai": 1, "anthropic": 2, "gemini": 0, "cohere": 2}
        def check(client: str, kind: str) -> None:
            self.stage(self.events(kind, cut=True)[:opening[kind]])
            row = self.leave_unseen(client, kind)
            if kind == "anthropic":
                self.check(row, "partial", INPUT, ANTHROPIC_BEGUN)
            elif kind in ("openai", "cohere"):
                self.check(row, "estimated", None, 0)
            else:  # a comment is all that Gemini could say before its first word
                self.assertIn(row["usage_source"], ("estimated", "none"))
                self.assertEqual(row["usage"]["output"], 0)
        self.every(check)

    def test_in_the_text(self) -> None:
        def check(client: str, kind: str) -> None:
            self.stage(self.events(kind, cut=True))
            row = self.leave_after(client, kind, TEXT[0].encode())
            if kind == "anthropic":
                self.check(row, "partial", INPUT, ANTHROPIC_BEGUN + estimate(TEXT[0]))
            elif kind == "gemini":  # which reports its figures with every event
                self.check(row, "partial", INPUT, OUTPUT)
            else:
                self.check(row, "estimated", None, estimate(TEXT[0]))
        self.every(check)

    def test_in_the_arguments_of_a_tool(self) -> None:
        said = "".join(TEXT) + "weather" + ARGUMENTS[0]
        def check(client: str, kind: str) -> None:
            if kind == "gemini":  # whose calls come whole, with the end
                return
            events = self.events(kind, tool=True)
            last = next(number for number, (_, data) in enumerate(events) if json.dumps(ARGUMENTS[0])[1:-1] in json.dumps(data))
            self.stage(events[:last + 1])
            # A Gemini client gets calls whole: it leaves while the arguments are gathered for it.
            seen = b"rld." if client == "gemini" else b"city"
            row = self.leave_after(client, kind, seen, tool=True)
            output = row["usage"]["output"]
            begun = ANTHROPIC_BEGUN if kind == "anthropic" else 0
            # OpenAI's bytes are measured with their escapes.
            self.assertTrue(begun + estimate(said) - 1 <= output <= begun + estimate(json.dumps(said)) + 2, (output, said))
            self.check(row, "partial" if begun else "estimated", INPUT if begun else None, output)
        self.every(check)

    def test_after_the_last_word_and_before_the_figures(self) -> None:
        """The figures still come: whoever leaves just before them does not pay less."""
        def check(client: str, kind: str) -> None:
            events = self.events(kind)
            if kind != "openai":  # whose end and figures are one event
                return
            self.stage(events[:-2], events[-2:])
            row = self.leave_after(client, kind, TEXT[2][2:].encode() if client == "openai" else b"rld.")
            self.check_paid(row)
        self.every(check)

    def test_after_the_figures_and_before_the_close(self) -> None:
        def check(client: str, kind: str) -> None:
            events = self.events(kind)
            closing = {"openai": -1, "anthropic": -1, "gemini": len(events), "cohere": -1}[kind]
            self.stage(events[:closing], events[closing:] or [("", {"candidates": []})])
            row = self.leave_after(client, kind, b"rld.")
            self.check_paid(row)
        self.every(check)

    def check_paid(self, row: dict[str, Any]) -> None:
        """The whole reply, by the provider's figures."""
        usage = row["usage"]
        cached = CACHED if row["model"] != "cohere" else 0
        self.assertEqual((usage["input"], usage["cache_read"], usage["output"]), (INPUT - cached, cached, OUTPUT), row)
        self.assertEqual(row["cost"], "0.00014")


if __name__ == "__main__":
    unittest.main()
