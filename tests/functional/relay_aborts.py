"""Who leaves a stream pays by one rule, whatever format he speaks and whatever provider answers.

A table: at each stage of a reply the provider stops and waits, the caller leaves, and the row is compared. The stages: before
the first byte of the provider's answer, after its opening events, in the text, in the arguments of a tool, after the last
word but before the figures, after the figures but before what closes the stream.
"""
import json
import socket
import threading
import unittest
from typing import Any, Callable

import upstream as provider
from client import Stream
from dialects import CLIENTS, DIALECTS, pairs
from formats import ARGUMENTS, INPUT, OUTPUT, TEXT, Script
from harness import WAIT, FunctionalTest, until


def estimate(text: str) -> int:
    return (len(text.encode()) + 3) // 4


class Aborts(FunctionalTest):
    def setUp(self) -> None:
        super().setUp()
        self.upstream = self.new_upstream()
        self.daemon = self.new_daemon('[server]\nthreads = 1\n')
        self.key = self.daemon.add_token()
        self.sent = threading.Event()
        self.left = threading.Event()
        for kind, dialect in DIALECTS.items():
            self.daemon.set_price(kind)
            self.daemon.add_channel(**dialect.channel(self.upstream.port), name=kind, models=[kind])

    def stage(self, kind: str, first: list[Any], then: list[Any] | None = None, head: bool = True) -> None:
        """The provider says `first`, and the rest once the caller has left."""
        dialect = DIALECTS[kind]
        self.sent.clear()
        self.left.clear()

        def answer(connection: provider.Connection, asked: provider.Request) -> None:
            if head:
                send = dialect.start(connection, asked)
                if opening := dialect.frames(first) or dialect.comment:
                    send(opening)
            self.sent.set()
            if then is not None:
                self.assertTrue(self.left.wait(WAIT))
                if then:
                    send(dialect.frames(then))
                dialect.end(connection)
            else:
                self.gone = connection.wait_closed()
        self.upstream.answer = answer

    def call(self, client: str, kind: str, tool: bool = False) -> tuple[str, Any]:
        path, body = CLIENTS[client].ask(tool, True)
        if "model" in body:
            body["model"] = kind
        return path.replace("m1", kind), body

    def let_it_read(self) -> None:
        """Returns when the daemon has seen what the provider said: these calls are on the same loop, and later."""
        self.assertTrue(self.sent.wait(WAIT))
        for _ in range(3):
            self.daemon.api("GET", "/channels")

    def leave_unseen(self, client: str, kind: str) -> dict[str, Any]:
        """Asks and leaves without having read a byte; the daemon has seen what the provider said."""
        known = {row["request_id"] for row in self.daemon.calls()}
        path, body = self.call(client, kind)
        data = json.dumps(body).encode()
        with socket.create_connection(("127.0.0.1", self.daemon.port), timeout=WAIT) as sock:
            sock.sendall(b"POST %s HTTP/1.1\r\nhost: x\r\nauthorization: Bearer %s\r\ncontent-length: %d\r\n\r\n%s"
                         % (path.encode(), self.key.encode(), len(data), data))
            self.let_it_read()
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
        self.let_it_read()
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
        for client, kind in pairs():
            with self.subTest(client=client, provider=kind):
                check(client, kind)
        self.assert_books(self.daemon)

    def events(self, kind: str, **script: Any) -> list[Any]:
        return DIALECTS[kind].events(Script(**script))

    def check_words(self, kind: str, row: dict[str, Any], words: int) -> None:
        """A row of a reply that was left when so many words had been said."""
        dialect = DIALECTS[kind]
        if dialect.told:
            self.check(row, "partial", INPUT, OUTPUT)
        elif dialect.begun:
            self.check(row, "partial", INPUT, max(dialect.begun, words))  # what it told of at first are the first of them
        else:
            self.check(row, "estimated", None, words)

    def test_before_the_first_byte(self) -> None:
        def check(client: str, kind: str) -> None:
            self.stage(kind, [], head=False)
            row = self.leave_unseen(client, kind)
            self.assertEqual((row["status"], row["error"], row["cost"], row["usage_source"]), (499, "cancelled", "0.00", "none"))
        self.every(check)

    def test_after_the_opening_events(self) -> None:
        def check(client: str, kind: str) -> None:
            opening = DIALECTS[kind].opening
            self.stage(kind, self.events(kind, cut=True)[:opening])
            row = self.leave_unseen(client, kind)
            if opening:
                self.check_words(kind, row, 0)
            else:  # such a provider has nothing to say before its first word
                self.assertIn(row["usage_source"], ("estimated", "none"))
                self.assertEqual(row["usage"]["output"], 0)
        self.every(check)

    def test_in_the_text(self) -> None:
        def check(client: str, kind: str) -> None:
            self.stage(kind, self.events(kind, cut=True))
            self.check_words(kind, self.leave_after(client, kind, TEXT[0].encode()), estimate(TEXT[0]))
        self.every(check)

    def test_in_the_arguments_of_a_tool(self) -> None:
        def check(client: str, kind: str) -> None:
            dialect = DIALECTS[kind]
            if kind == "gemini" or "completions" in (client, kind):
                return  # its calls come whole, with the end; there are none
            arguments = ARGUMENTS if dialect.whole_calls else ARGUMENTS[:1]
            said = "".join(TEXT) + "weather" + "".join(arguments)
            events = self.events(kind, tool=True)
            last = next(number for number, event in enumerate(events) if "city" in json.dumps(event))
            self.stage(kind, events[:last + 1])
            # A Gemini client gets calls whole: it leaves while the arguments are gathered for it.
            seen = b"rld." if client == "gemini" else b"city"
            row = self.leave_after(client, kind, seen, tool=True)
            if dialect.told:
                return self.check(row, "partial", INPUT, OUTPUT)
            output = row["usage"]["output"]
            # OpenAI's bytes are measured with their escapes.
            self.assertTrue(estimate(said) - 1 <= output <= estimate(json.dumps(said)) + 2, (output, said))
            self.check_words(kind, row, output)
        self.every(check)

    def test_after_the_last_word_and_before_the_figures(self) -> None:
        """The figures still come: whoever leaves just before them does not pay less."""
        def check(client: str, kind: str) -> None:
            late = DIALECTS[kind].late
            if not late:  # whose end and figures are one event
                return
            events = self.events(kind)
            self.stage(kind, events[:-late], events[-late:])
            row = self.leave_after(client, kind, b"rld.")
            self.check_paid(row)
        self.every(check)

    def test_after_the_figures_and_before_the_close(self) -> None:
        def check(client: str, kind: str) -> None:
            events = self.events(kind)
            end = len(events) - DIALECTS[kind].behind
            self.stage(kind, events[:end], events[end:])
            self.check_paid(self.leave_after(client, kind, b"rld."))
        self.every(check)

    def check_paid(self, row: dict[str, Any]) -> None:
        """The whole reply, by the provider's figures."""
        usage = row["usage"]
        cached = DIALECTS[row["model"]].cached
        self.assertEqual((usage["input"], usage["cache_read"], usage["output"]), (INPUT - cached, cached, OUTPUT), row)
        self.assertEqual(row["cost"], "0.00014")


if __name__ == "__main__":
    unittest.main()
