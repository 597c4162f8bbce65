"""Realtime: frames pass both ways as they came, and each response is billed before its end is seen.

Proved with a WebSocket client and a scripted provider that share no code with the daemon.
"""
import json
import threading
import unittest
from typing import Any, Callable

import upstream as provider
import websocket
from harness import WAIT, FunctionalTest, until
from websocket import Refused, Socket

USED = {"total_tokens": 30, "input_tokens": 20, "output_tokens": 10,
        "input_token_details": {"text_tokens": 8, "audio_tokens": 12, "cached_tokens": 6,
                                "cached_tokens_details": {"text_tokens": 2, "audio_tokens": 4}},
        "output_token_details": {"text_tokens": 3, "audio_tokens": 7}}
COST = "0.0007168"  # 6 fresh, 8 heard, 6 cached, 3 written, 7 spoken tokens at PRICES
PRICES = {"input": "4", "output": "16", "audio_in": "32", "audio_out": "55.2", "cache_read": "0.4"}


def respond(server: Socket, used: Any = USED) -> None:
    server.send({"type": "response.created", "response": {"id": "r"}})
    server.send({"type": "response.output_audio.delta", "delta": "A" * 64_000})
    server.send({"type": "response.done", "response": {"id": "r", "usage": used}})


def talkative(server: Socket) -> None:
    """Answers each response.create, and a close with a close."""
    server.send({"type": "session.created", "session": {}})
    while True:
        opcode, payload = server.receive()
        if opcode == websocket.CLOSE:
            server.sock.sendall(server.frame(websocket.CLOSE, payload))
            return
        if opcode == websocket.PING:
            server.sock.sendall(server.frame(websocket.PONG, payload))
        elif b"response.create" in payload:
            respond(server)


class RelayRealtime(FunctionalTest):
    def setUp(self) -> None:
        super().setUp()
        self.upstream = self.new_upstream()
        self.talk(talkative)
        self.daemon = self.new_daemon('[server]\ndrain_timeout = "300ms"\n')
        self.daemon.add_channel(self.upstream, models=["gpt-realtime", "voice"], aliases={"voice": "gpt-realtime"})
        self.daemon.set_price("gpt-realtime", **PRICES)
        self.daemon.set_price("voice", **PRICES)
        self.key = self.daemon.add_token()

    def talk(self, script: Callable[[Socket], None]) -> None:
        self.upstream.answer = lambda connection, request: script(websocket.accept(connection, request))

    def connect(self, model: str = "gpt-realtime", key: str | None = None, **headers: str) -> Socket:
        sent = {"Authorization": f"Bearer {key or self.key}", **headers}
        client, self.headers = websocket.connect(self.daemon.port, f"/v1/realtime?model={model}", sent)
        self.addCleanup(client.sock.close)
        return client

    def rows(self, count: int) -> list[dict[str, Any]]:
        until(lambda: len(self.daemon.calls()) == count, f"{count} usage rows")
        self.assert_books(self.daemon)
        return self.daemon.calls()[::-1]

    def test_responses_are_billed_one_by_one_before_their_ends_are_seen(self) -> None:
        client = self.connect("voice")
        self.assertEqual(client.event()["type"], "session.created")
        for number in range(2):
            client.send({"type": "response.create"})
            types = [client.event()["type"] for _ in range(3)]
            self.assertEqual(types, ["response.created", "response.output_audio.delta", "response.done"])
        client.close(1000, "bye")
        self.assertEqual(client.close_code(), 1000)
        self.assertTrue(client.ended())
        rows = self.rows(2)
        used = rows[0]["usage"]
        self.assertEqual((used["input"], used["audio_in"], used["cache_read"], used["output"], used["audio_out"]), (6, 8, 6, 3, 7))
        self.assertEqual([(row["model"], row["model_served"], row["status"], row["usage_source"], row["cost"], row["error"]) for row in rows],
                         [("voice", "gpt-realtime", 101, "provider", COST, None)] * 2)
        self.assertEqual(rows[1]["request_id"], rows[0]["request_id"] + ".2")
        asked = self.upstream.requests[0]
        self.assertEqual(asked.path, "/v1/realtime?model=gpt-realtime")
        self.assertNotIn("sec-websocket-extensions", asked.headers)
        self.assertEqual(asked.headers["authorization"], "Bearer sk-upstream-secret-0001")

    def test_frames_pass_as_they_came_whatever_their_size_and_parts(self) -> None:
        def echo(server: Socket) -> None:
            while True:
                opcode, payload = server.receive()
                server.sock.sendall(server.frame(opcode or websocket.TEXT, payload))
        self.talk(echo)
        client = self.connect()
        for payload in (b"", b"x", b"y" * 125, b"z" * 126, bytes(range(256)) * 256, b"w" * 1_000_000):
            client.send(payload, websocket.BINARY)
            self.assertEqual(client.receive(), (websocket.BINARY, payload))
        client.send(b"are you there", websocket.PING)
        self.assertEqual(client.receive(), (websocket.PING, b"are you there"))
        client.sock.sendall(client.frame(websocket.TEXT, b"Hel", fin=False) + client.frame(0, b"lo"))
        self.assertEqual([client.receive()[1], client.receive()[1]], [b"Hel", b"lo"])
        # Byte by byte, with the first frame on the heels of the handshake.
        for byte in client.frame(websocket.TEXT, b"slow"):
            client.sock.sendall(bytes([byte]))
        self.assertEqual(client.receive(), (websocket.TEXT, b"slow"))

    def test_a_key_may_be_one_of_the_protocols(self) -> None:
        protocols = f"realtime, openai-insecure-api-key.{self.key}, openai-beta.realtime-v1"
        client, headers = websocket.connect(self.daemon.port, "/v1/realtime?model=voice", {"Sec-WebSocket-Protocol": protocols})
        self.assertEqual(headers["sec-websocket-protocol"], "realtime")
        self.assertNotIn("sec-websocket-extensions", headers)
        self.assertEqual(client.event()["type"], "session.created")
        self.assertEqual(self.upstream.requests[0].headers["openai-beta"], "realtime=v1")
        self.assertNotIn(self.key, json.dumps(self.upstream.requests[0].headers))
        client.sock.close()
        row = self.rows(1)[0]
        self.assertEqual((row["usage_source"], row["cost"], row["finish_reason"]), ("none", "0.00", "aborted"))

    def refused(self, path: str, headers: dict[str, str], raw: str = "") -> Refused:
        with self.assertRaises(Refused) as caught:
            websocket.connect(self.daemon.port, path, headers, raw)
        self.assertIn("message", json.loads(caught.exception.body)["error"])
        return caught.exception

    def test_what_is_no_handshake_is_refused_in_words(self) -> None:
        auth = {"Authorization": f"Bearer {self.key}"}
        path = "/v1/realtime?model=gpt-realtime"
        self.assertEqual(self.refused(path, {"Authorization": "Bearer sk-wrong"}).status, 401)
        self.assertEqual(self.refused("/v1/realtime", auth).status, 400)
        self.assertEqual(self.refused("/v1/realtime?model=nobody", auth).status, 404)
        self.assertEqual(self.refused(path, {**auth, "Upgrade": "h2c"}).status, 400)
        self.assertEqual(self.refused(path, {**auth, "Sec-WebSocket-Version": "8"}).status, 400)
        self.assertEqual(self.refused(path, {**auth, "Sec-WebSocket-Key": "short"}).status, 400)
        self.assertEqual(self.upstream.requests, [])
        self.upstream.answer = provider.error(400, "no such voice")
        problem = self.refused(path, auth)
        self.assertEqual((problem.status, json.loads(problem.body)["error"]["message"]), (400, "no such voice"))
        self.assertEqual({row["cost"] for row in self.rows(1)}, {"0.00"})

    def test_a_provider_that_does_not_answer_is_failed_over(self) -> None:
        self.upstream.answer = provider.error(503)
        second = self.new_upstream()
        second.answer = lambda connection, request: talkative(websocket.accept(connection, request))
        self.daemon.add_channel(second, name="second", models=["gpt-realtime"], priority=-1)
        self.assertEqual(self.connect().event()["type"], "session.created")
        third = self.new_upstream()  # one that answers without having read the key
        third.answer = lambda connection, _: connection.send(provider.head(101, {"connection": "Upgrade", "upgrade": "websocket",
                                                                                 "sec-websocket-accept": "x"}))
        self.daemon.add_channel(third, name="third", models=["gpt-realtime"], priority=9)
        self.assertEqual(self.connect().event()["type"], "session.created")
        self.assertEqual(len(third.requests), 1)

    def test_frames_against_the_protocol_end_the_call_with_their_code(self) -> None:
        for wire, code in ((b"\x81\x01x", 1002), (b"\x83\x81abcdx", 1002), (b"\x82\xff\x00\x00\x00\x00\x02\x00\x00\x00abcd", 1009)):
            client = self.connect()
            client.event()
            client.sock.sendall(wire)
            self.assertEqual(client.close_code(), code)
            self.assertTrue(client.ended())
        self.talk(lambda server: server.sock.sendall(b"\x81\x81abcdx") or server.ended())
        self.assertEqual(self.connect().close_code(), 1011)

    def test_a_provider_that_breaks_off_is_told_and_what_was_said_is_billed(self) -> None:
        def breaks(server: Socket) -> None:
            server.send({"type": "response.created"})
            server.send({"type": "response.output_audio.delta", "delta": "A" * 64_000})
            server.sock.close()
        self.talk(breaks)
        client = self.connect()
        self.assertEqual(client.close_code(), 1011)
        row = self.rows(1)[0]
        self.assertEqual((row["usage"]["audio_out"], row["usage_source"], row["finish_reason"]), (20, "estimated", "cut"))
        self.assertEqual(row["cost"], "0.001104")

    def test_who_leaves_takes_the_providers_call_along_and_pays_for_what_was_said(self) -> None:
        left = threading.Event()

        def waits(server: Socket) -> None:
            server.send({"type": "response.created"})
            server.send({"type": "response.output_text.delta", "delta": "12345678"})
            if server.ended():
                left.set()
        self.talk(waits)
        client = self.connect()
        client.event()
        client.event()
        client.sock.close()
        self.assertTrue(left.wait(WAIT))
        row = self.rows(1)[0]
        self.assertEqual((row["usage"]["output"], row["usage_source"], row["finish_reason"], row["error"]), (2, "estimated", "aborted", None))

    def test_the_talk_ends_when_the_money_does(self) -> None:
        self.daemon.add_prepaid("small", "1.3")
        key = self.daemon.add_token("small", account="small")
        dear = {"total_tokens": 20_000, "input_tokens": 0, "output_tokens": 20_000, "output_token_details": {"audio_tokens": 2_000, "text_tokens": 18_000}}

        def spender(server: Socket) -> None:
            respond(server, dear)
            server.ended()
        self.talk(spender)
        client = self.connect(key=key)
        types = [client.event()["type"] for _ in range(4)]
        self.assertEqual(types[2:], ["response.done", "error"])
        self.assertEqual(client.close_code(), 1008)
        self.assertEqual(self.rows(1)[0]["cost"], "0.3984")
        with self.assertRaises(Refused) as caught:
            self.connect(key=key)
        self.assertEqual(caught.exception.status, 429)

    def test_money_does_not_lie_aside_for_a_talk_in_which_nobody_speaks(self) -> None:
        self.daemon.stop()
        self.daemon.config.write_text('[billing]\nhold_limit = "3s"\n[upstream]\n' + "".join(
            f'{name}_timeout = "1s"\n' for name in ("connect", "first_byte", "idle", "total")), encoding="utf-8")
        self.daemon.start()
        self.daemon.add_prepaid("quiet", "5")
        account = "/accounts/quiet"
        client = self.connect(key=self.daemon.add_token("quiet", account="quiet"))
        self.assertEqual(client.event()["type"], "session.created")
        self.assertNotEqual(self.daemon.api("GET", account)["held"], "0.00")
        until(lambda: self.daemon.api("GET", account)["held"] == "0.00", "the sweeper has given it back")
        self.assertIn("billing.hold_limit", self.daemon.stderr())
        for _ in range(2):  # the talk goes on, and is paid for
            client.send({"type": "response.create"})
            self.assertEqual([client.event()["type"] for _ in range(3)][-1], "response.done")
        self.assertEqual([row["cost"] for row in self.rows(2)], [COST] * 2)
        until(lambda: self.daemon.api("GET", account)["held"] == "0.00", "the next one goes back, too")
        left = self.daemon.api("GET", account)["available"]
        self.daemon.api("POST", account + "/adjust", {"amount": f"-{left}", "reason": "all of it"})
        client.send({"type": "response.create"})
        types = [client.event()["type"] for _ in range(2)]
        self.assertEqual(types[0], "response.created")
        while types[-1] != "error":
            types.append(client.event()["type"])
        self.assertEqual(client.close_code(), 1008)
        self.assert_books(self.daemon)

    def test_a_slow_client_stops_the_reading_from_the_provider(self) -> None:
        sent = [0]
        stuck = threading.Event()

        def floods(server: Socket) -> None:
            frame = server.frame(websocket.BINARY, b"x" * 60_000)
            server.sock.settimeout(1.0)
            try:
                for _ in range(2_000):
                    server.sock.sendall(frame)
                    sent[0] += len(frame)
            except TimeoutError:
                stuck.set()
            server.sock.settimeout(WAIT)
            server.ended()
        self.talk(floods)
        client = self.connect()
        self.assertTrue(stuck.wait(WAIT), "the provider was stopped")
        self.assertLess(sent[0], 60_000_000)
        client.sock.close()

    def test_a_restart_says_good_bye(self) -> None:
        client = self.connect()
        client.event()
        threading.Thread(target=self.daemon.stop, daemon=True).start()
        self.assertEqual(client.close_code(), 1001)


if __name__ == "__main__":
    unittest.main()
