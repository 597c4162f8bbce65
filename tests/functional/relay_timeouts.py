"""No silence lasts for ever, and whoever leaves takes the provider's call along; what was produced is billed."""
import socket
import threading
import unittest

import upstream as provider
from harness import WAIT, FunctionalTest, ask, free_port, until

CONFIG = """
[upstream]
attempts = 1
"""


class RelayTimeouts(FunctionalTest):
    def setUp(self) -> None:
        super().setUp()
        self.upstream = self.new_upstream()
        self.daemon = self.new_daemon(CONFIG)
        self.daemon.set_price("m1", input="1000", output="1000")
        self.key = self.daemon.add_token()

    def channel(self, **timeouts: int) -> None:
        self.daemon.add_channel(self.upstream, timeouts=timeouts)

    def row(self, request_id: str) -> dict:
        row = self.daemon.call(request_id)
        self.assert_books(self.daemon)
        return row

    def test_a_provider_that_refuses_connections_is_502(self) -> None:
        self.daemon.add_channel(f"http://127.0.0.1:{free_port()}/v1")
        reply = self.daemon.post(self.key, ask())
        self.assert_openai_error(reply, 502, "upstream_error")
        row = self.row(reply.request_id)
        self.assertEqual((row["cost"], row["status"], row["error"]), ("0.00", 502, "upstream_failed"))

    def test_a_provider_that_never_accepts_is_504(self) -> None:
        with socket.socket() as full:
            full.bind(("127.0.0.1", 0))
            full.listen(0)
            address = full.getsockname()
            fillers = []
            for _ in range(4):  # a backlog of none still holds a few
                filler = socket.socket()
                filler.setblocking(False)
                filler.connect_ex(address)
                fillers.append(filler)
            self.daemon.add_channel(f"http://127.0.0.1:{address[1]}/v1", timeouts={"connect_ms": 300})
            self.assert_openai_error(self.daemon.post(self.key, ask()), 504, "timeout")
            for filler in fillers:
                filler.close()

    def test_a_provider_that_says_nothing_is_504_and_not_billed(self) -> None:
        self.channel(first_byte_ms=300)
        left = threading.Event()

        def hang(connection: provider.Connection, _: provider.Request) -> None:
            if connection.wait_closed():
                left.set()
        self.upstream.answer = hang
        reply = self.daemon.post(self.key, ask())
        self.assert_openai_error(reply, 504, "timeout")
        self.assertTrue(left.wait(WAIT), "the provider's connection is closed")
        row = self.row(reply.request_id)
        self.assertEqual((row["cost"], row["status"], row["error"]), ("0.00", 504, "upstream_timeout"))

    def test_a_stream_that_falls_silent_ends_with_an_error_event_and_is_billed_for_what_came(self) -> None:
        self.channel(idle_ms=300)

        def silent(connection: provider.Connection, _: provider.Request) -> None:
            connection.start_stream()
            connection.event(provider.delta("some words that were produced"))
            connection.wait_closed()
        self.upstream.answer = silent
        reply = self.daemon.post(self.key, ask(stream=True))
        self.assertEqual(reply.status, 200)
        events = reply.body.split(b"\n\n")
        self.assertEqual(events[0] + b"\n\n", provider.event_bytes(provider.delta("some words that were produced")))
        self.assertIn(b'"error"', events[1])
        row = self.row(reply.request_id)
        self.assertGreater(float(row["cost"]), 0)
        self.assertNotEqual(row["usage_source"], "provider")
        self.assertEqual((row["status"], row["error"]), (200, "upstream_timeout"))

    def test_a_stream_cut_in_the_middle_is_told_and_billed(self) -> None:
        self.channel()

        def cut(connection: provider.Connection, _: provider.Request) -> None:
            connection.start_stream()
            connection.event(provider.delta("some words"))
            connection.cut()
        self.upstream.answer = cut
        reply = self.daemon.post(self.key, ask(stream=True))
        self.assertIn(b'"error"', reply.body)
        row = self.row(reply.request_id)
        self.assertEqual((row["finish_reason"], row["error"]), ("cut", "upstream_failed"))
        self.assertGreater(float(row["cost"]), 0)

    def test_a_plain_reply_cut_in_the_middle_is_an_error_and_not_half_an_answer(self) -> None:
        self.channel()

        def cut(connection: provider.Connection, _: provider.Request) -> None:
            body = provider.completion_bytes()
            connection.send(provider.head(200, {"content-type": "application/json", "content-length": str(len(body))}) + body[:40])
            connection.cut()
        self.upstream.answer = cut
        try:
            status = self.daemon.post(self.key, ask()).status
        except OSError:
            status = 502  # the head had been sent: a broken connection says it too
        except Exception as problem:  # http.client's IncompleteRead
            self.assertIn("IncompleteRead", repr(problem))
            status = 502
        self.assertEqual(status, 502)
        until(lambda: len(self.daemon.calls()) == 1, "the usage row")
        self.assertEqual(self.daemon.calls()[0]["error"], "upstream_failed")
        self.assert_books(self.daemon)

    def test_a_caller_that_leaves_a_stream_ends_the_providers_call_and_pays_for_what_was_produced(self) -> None:
        self.channel()
        left = threading.Event()

        def endless(connection: provider.Connection, _: provider.Request) -> None:
            connection.start_stream()
            for _ in range(5):
                connection.event(provider.delta("word "))
            if connection.wait_closed():
                left.set()
        self.upstream.answer = endless
        stream = self.daemon.stream(self.key, ask(stream=True))
        for _ in range(5):
            self.assertIn(b"word", stream.event())
        stream.close()
        self.assertTrue(left.wait(WAIT), "the provider saw the close")
        row = self.row(stream.headers["x-request-id"])
        self.assertEqual((row["finish_reason"], row["error"]), ("aborted", "cancelled"))
        self.assertGreater(row["usage"]["output"], 0)
        self.assertGreater(float(row["cost"]), 0)

    def test_a_caller_that_leaves_before_the_answer_ends_the_providers_call(self) -> None:
        self.channel()
        left = threading.Event()

        def hang(connection: provider.Connection, _: provider.Request) -> None:
            if connection.wait_closed():
                left.set()
        self.upstream.answer = hang
        with socket.create_connection(("127.0.0.1", self.daemon.port)) as sock:
            body = b'{"model":"m1","messages":[{"role":"user","content":"x"}]}'
            sock.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer %s\r\n"
                         b"content-length: %d\r\n\r\n%s" % (self.key.encode(), len(body), body))
            self.assertTrue(self.upstream.wait_requests(1))
        self.assertTrue(left.wait(WAIT), "the provider saw the close")
        until(lambda: len(self.daemon.calls()) == 1, "the usage row")
        row = self.daemon.calls()[0]
        self.assertEqual((row["status"], row["error"]), (499, "cancelled"))
        self.assert_books(self.daemon)

    def test_a_client_that_reads_slowly_does_not_make_the_provider_silent(self) -> None:
        self.channel(idle_ms=300)
        stalled = threading.Event()
        event = provider.event_bytes(provider.delta("word " * 3000))

        def flood(connection: provider.Connection, _: provider.Request) -> None:
            connection.start_stream()
            data = memoryview(b"%x\r\n%s\r\n" % (len(event), event) * 1000)
            connection.sock.settimeout(0.9)  # three times what the provider may be silent
            while data:
                try:
                    data = data[connection.sock.send(data):]
                except TimeoutError:
                    stalled.set()
            connection.event("[DONE]")
            connection.end_stream()
        self.upstream.answer = flood
        stream = self.daemon.stream(self.key, ask(stream=True))
        self.assertTrue(stalled.wait(WAIT), "the client has stopped the provider")
        self.assertTrue(stream.rest().endswith(b"data: [DONE]\n\n"))
        stream.close()

    def test_the_whole_call_has_a_limit(self) -> None:
        self.channel(total_ms=500, idle_ms=10000)
        stop = threading.Event()
        self.addCleanup(stop.set)

        def drip(connection: provider.Connection, _: provider.Request) -> None:
            connection.start_stream()
            while not stop.wait(0.02):
                connection.event(provider.delta("drip "))
        self.upstream.answer = drip
        reply = self.daemon.post(self.key, ask(stream=True))
        self.assertIn(b'"error"', reply.body[-400:])

    def test_a_slow_provider_is_not_asked_twice_after_the_first_byte(self) -> None:
        spare = self.new_upstream()
        self.channel(idle_ms=300)
        self.daemon.add_channel(spare, "spare", priority=-1)

        def silent(connection: provider.Connection, _: provider.Request) -> None:
            connection.start_stream()
            connection.event(provider.delta("a"))
            connection.wait_closed()
        self.upstream.answer = silent
        self.daemon.post(self.key, ask(stream=True))
        self.assertEqual(spare.requests, [])


class SlowCallers(FunctionalTest):
    def test_a_head_or_body_that_does_not_come_is_408(self) -> None:
        daemon = self.new_daemon('[limits]\nhead_timeout = "1s"\nbody_timeout = "1s"\n')
        key = daemon.add_token()
        for begun in (b"GET /healthz HTTP/1.1\r\nhost: x\r\n",
                      b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer %s\r\ncontent-length: 9\r\n\r\n{"
                      % key.encode()):
            with socket.create_connection(("127.0.0.1", daemon.port), timeout=WAIT) as sock:
                sock.sendall(begun)
                reply = b""
                while part := sock.recv(65536):
                    reply += part
            self.assertTrue(reply.startswith(b"HTTP/1.1 408 ") or reply == b"", reply)

    def test_an_idle_connection_is_closed_without_a_word(self) -> None:
        daemon = self.new_daemon('[limits]\nkeep_alive_timeout = "1s"\n')
        with socket.create_connection(("127.0.0.1", daemon.port), timeout=WAIT) as sock:
            sock.sendall(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
            data = b""
            while part := sock.recv(65536):
                data += part
        self.assertEqual(data.count(b"HTTP/1.1"), 1)


if __name__ == "__main__":
    unittest.main()
