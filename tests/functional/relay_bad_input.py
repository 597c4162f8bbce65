"""Whatever is sent, the daemon answers with a clear error in the right shape, charges nothing and goes on.

Each case is followed by the proof that the provider was not asked and that the next good call works.
"""
import json
import socket
import unittest

from client import Response, parse_replies, raw, request
from harness import WAIT, FunctionalTest, ask


class RelayBadInput(FunctionalTest):
    def setUp(self) -> None:
        super().setUp()
        self.upstream = self.new_upstream()
        self.daemon = self.new_daemon("[limits]\nbody_bytes = \"1MiB\"\nhead_bytes = \"16KiB\"\n")
        self.daemon.add_channel(self.upstream)
        self.daemon.set_price()
        self.key = self.daemon.add_token()

    def tearDown(self) -> None:
        if self.daemon.process is not None and not self.failed():
            self.assertEqual(self.daemon.post(self.key, ask()).status, 200, "the next call works")
            self.assertEqual(len(self.upstream.requests), 1, "no bad call reached the provider")
            self.assertEqual([row["cost"] for row in self.daemon.calls() if row["status"] != 200 and float(row["cost"])], [])
            self.assert_books(self.daemon)
        super().tearDown()

    def send(self, head: str, body: bytes = b"") -> Response:
        replies = parse_replies(raw(self.daemon.port, head.replace("\n", "\r\n").encode("latin-1") + b"\r\n\r\n" + body))
        self.assertTrue(replies, f"no answer to {head[:200]!r}")
        return replies[0]

    def test_malformed_requests_are_400(self) -> None:
        for head in ("GARBAGE", "GET", "GET /healthz", "GET /healthz HTTP/9.9\nhost: x", "G ET /healthz HTTP/1.1\nhost: x",
                     "GET /healthz HTTP/1.1", "GET /healthz HTTP/1.1\nhost: a\nhost: b", "GET /healthz HTTP/1.1\nhost : x",
                     "GET /healthz HTTP/1.1\nhost: x\n folded: y", "GET /healthz HTTP/1.1\nhost: x\nbad name: y",
                     "GET /healthz HTTP/1.1\nhost: x\nno-colon", "GET /healthz HTTP/1.1\nhost: x\na: \x00",
                     "POST /v1/chat/completions HTTP/1.1\nhost: x\ncontent-length: -1",
                     "POST /v1/chat/completions HTTP/1.1\nhost: x\ncontent-length: 99999999999999999999",
                     "POST /v1/chat/completions HTTP/1.1\nhost: x\ncontent-length: 0x10",
                     "POST /v1/chat/completions HTTP/1.1\nhost: x\ncontent-length: 5\ncontent-length: 6",
                     "POST /v1/chat/completions HTTP/1.1\nhost: x\ncontent-length: 5\ntransfer-encoding: chunked",
                     "POST /v1/chat/completions HTTP/1.1\nhost: x\ntransfer-encoding: gzip"):
            with self.subTest(head):
                self.assertEqual(self.send(head).status, 400)

    def test_bare_line_feeds_are_400(self) -> None:
        reply = parse_replies(raw(self.daemon.port, b"GET /healthz HTTP/1.1\nhost: x\n\n"))[0]
        self.assertEqual(reply.status, 400)

    def test_bad_chunks_are_400(self) -> None:
        head = (f"POST /v1/chat/completions HTTP/1.1\nhost: x\nauthorization: Bearer {self.key}\n"
                "transfer-encoding: chunked")
        for body in (b"zz\r\n", b"-1\r\nx\r\n", b"fffffffffffffffff\r\n", b"2\r\nabc\r\n0\r\n\r\n", b"1 \n"):
            with self.subTest(body):
                self.assertEqual(self.send(head, body).status, 400)

    def test_huge_headers_are_431(self) -> None:
        for head in ("GET /" + "a" * 40000 + " HTTP/1.1\nhost: x", "GET / HTTP/1.1\nhost: x\na: " + "b" * 40000,
                     "GET / HTTP/1.1\nhost: x\n" + "\n".join(f"h{i}: v" for i in range(1000))):
            with self.subTest(head[:20]):
                self.assertEqual(self.send(head).status, 431)

    def test_a_huge_body_is_413_before_it_is_sent(self) -> None:
        head = f"POST /v1/chat/completions HTTP/1.1\nhost: x\nauthorization: Bearer {self.key}\ncontent-type: application/json"
        self.assert_openai_error(self.send(head + "\ncontent-length: 5000000"), 413)
        body = b"%x\r\n%s\r\n" % (2 << 20, b" " * (2 << 20)) + b"0\r\n\r\n"
        self.assert_openai_error(self.send(head + "\ntransfer-encoding: chunked", body), 413)

    def test_bodies_that_are_no_call_are_400(self) -> None:
        deep = b'{"model":"m1","messages":' + b"[" * 100000 + b"]" * 100000 + b"}"
        for body in (b"", b"{", b"[]", b"null", b"true", b'"text"', b"{}", b'{"model":"m1"', b'{"model":"m1"} x',
                     b'{"model":"m1","messages":[{"role":"user","content":"\xff\xfe"}]}', b'{"model":"\xc3"}',
                     b'{"model":"m1","messages":[{"role":"user","content":"\x01"}]}', b"\xef\xbb\xbf{", deep,
                     b'{"model":"m1",}', b"{'model':'m1'}", b'{"model":"m1","messages":[],"a":NaN}'):
            with self.subTest(body[:60]):
                self.assert_openai_error(self.daemon.post(self.key, body), 400)

    def test_wrong_types_are_400_and_name_the_field(self) -> None:
        for field, value in (("model", 7), ("model", None), ("model", ["m1"]), ("model", ""), ("stream", "yes"), ("stream", 1),
                             ("messages", "hello"), ("messages", {}), ("stream_options", 3),
                             ("max_tokens", "many"), ("max_tokens", -5), ("max_completion_tokens", -1), ("n", -1),
                             ("n", "two"), ("max_tokens", 1.5)):
            with self.subTest(f"{field}={value!r}"):
                reply = self.daemon.post(self.key, {**ask(), field: value})
                self.assert_openai_error(reply, 400)
                self.assertIn(field, json.dumps(reply.json["error"]))

    def test_overflowing_numbers_are_400(self) -> None:
        for number in ("99999999999999999999", "-99999999999999999999", "1e400", "9223372036854775808"):
            with self.subTest(number):
                body = f'{{"model":"m1","messages":[{{"role":"user","content":"x"}}],"max_tokens":{number}}}'
                self.assert_openai_error(self.daemon.post(self.key, body.encode()), 400)

    def test_unknown_callers_are_401(self) -> None:
        for headers in ({}, {"Authorization": "Bearer"}, {"Authorization": "Bearer sk-unknown"}, {"Authorization": "Basic abc"},
                        {"Authorization": f"Bearer {self.key}x"}, {"Authorization": f"Bearer {self.key[:-1]}"},
                        {"Authorization": "Bearer " + "a" * 5000}):
            with self.subTest(headers):
                reply = request(self.daemon.port, "POST", "/v1/chat/completions", ask(), headers)
                self.assert_openai_error(reply, 401, "invalid_api_key")

    def test_unknown_models_and_paths(self) -> None:
        self.assert_openai_error(self.daemon.post(self.key, ask("no-such-model")), 404, "model_not_found")
        auth = {"Authorization": f"Bearer {self.key}"}
        self.assertEqual(request(self.daemon.port, "POST", "/v1/no/such/path", ask(), auth).status, 404)
        self.assertEqual(request(self.daemon.port, "GET", "/v1/chat/completions", headers=auth).status, 405)

    def test_a_relay_token_does_not_manage(self) -> None:
        reply = request(self.daemon.port, "GET", "/api/v1/tokens", headers={"Authorization": f"Bearer {self.key}"})
        self.assertEqual((reply.status, reply.json["error"]["code"]), (403, "forbidden"))
        self.assertEqual(request(self.daemon.port, "GET", "/api/v1/tokens").status, 401)

    def test_a_caller_that_breaks_off_inside_its_request_costs_nothing(self) -> None:
        with socket.create_connection(("127.0.0.1", self.daemon.port), timeout=WAIT) as sock:
            sock.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer "
                         + self.key.encode() + b"\r\ncontent-length: 500\r\n\r\n{\"model\"")
        self.assertEqual(self.upstream.requests, [])


if __name__ == "__main__":
    unittest.main()
