"""A channel of iFlytek's Spark whose base URL is a WebSocket: callers of every format are served by it.

Proved with a scripted provider that checks the signature of the handshake with another HMAC than ours, reads one
message and answers in frames: cut, pinged, closed by either side, broken off, refused.
"""
import base64
import hashlib
import hmac
import json
import threading
import time
import unittest
from email.utils import parsedate_to_datetime
from typing import Any, Callable
from urllib.parse import parse_qs, urlsplit

import formats
import upstream as provider
import websocket
from client import Response, request
from formats import CLIENTS, OUTPUT, TEXT
from harness import WAIT, FunctionalTest
from simulator import Sim
from upstream import Connection, Request
from websocket import Socket

KEY = "app0001|key-0001|secret-0001"
PROMPT = 5
COST = "0.0001025"  # 5 tokens at 2.5, 9 at 10 dollars a million
AUTHORISED = {"openai": "authorization", "anthropic": "x-api-key", "gemini": "x-goog-api-key", "responses": "authorization"}


def said(status: int, content: str = "", more: Any = None, usage: bool = False) -> Any:
    text = {"content": content, "role": "assistant", "index": 0, **(more or {})}
    payload: dict[str, Any] = {"choices": {"status": status, "seq": 0, "text": [text]}}
    if usage:
        payload["usage"] = {"text": {"question_tokens": 4, "prompt_tokens": PROMPT, "completion_tokens": OUTPUT,
                                     "total_tokens": PROMPT + OUTPUT}}
    return {"header": {"code": 0, "message": "Success", "sid": "cht-up", "status": status}, "payload": payload}


def messages(tool: bool = False) -> list[Any]:
    call = {"function_call": {"name": "weather", "arguments": '{"city":"K\u00f6ln"}'}} if tool else None
    return [said(0, TEXT[0]), *[said(1, text) for text in TEXT[1:]], said(2, "", call, usage=True)]


def failure(code: int, message: str) -> Any:
    return {"header": {"code": code, "message": message, "sid": "cht-up", "status": 2}}


class ProviderSpark(FunctionalTest):
    def setUp(self) -> None:
        super().setUp()
        self.upstream = self.new_upstream()
        self.upstream.answer = self.spark
        self.asked: list[Any] = []
        self.ends: list[Any] = []  # what came behind the question
        self.ended = threading.Event()
        self.script: Callable[[Socket], None] = self.talk(messages())
        self.daemon = self.new_daemon("[upstream]\nretry_pause_first = \"1ms\"\nretry_pause_last = \"1ms\"\n")
        self.add("main")
        self.daemon.set_price()
        self.key = self.daemon.add_token()

    def add(self, name: str, path: str = "", **more: Any) -> None:
        self.daemon.add_channel(f"ws://127.0.0.1:{self.upstream.port}{path}", name=name, type="spark", keys=[KEY],
                                aliases={"m1": "4.0Ultra"}, **more)

    def spark(self, connection: Connection, asked: Request) -> None:
        """Refuses what is not signed; else answers the handshake and goes on with the script."""
        url = urlsplit(asked.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        app, key, secret = KEY.split("|")
        signed = f"host: {query['host']}\ndate: {query['date']}\nGET {url.path} HTTP/1.1"
        mac = base64.b64encode(hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest()).decode()
        right = f'api_key="{key}", algorithm="hmac-sha256", headers="host date request-line", signature="{mac}"'
        fresh = abs(parsedate_to_datetime(query["date"]).timestamp() - time.time()) < 300
        if base64.b64decode(query["authorization"]).decode() != right or query["host"] != asked.headers["host"] or not fresh:
            connection.reply(401, b'{"message":"HMAC signature cannot be verified"}')
            return
        server = websocket.accept(connection, asked)
        self.asked.append(json.loads(server.receive()[1]))
        self.script(server)
        try:
            while True:
                opcode, payload = server.receive()
                self.ends.append((opcode, payload))
        except (ConnectionError, OSError):
            self.ended.set()

    def talk(self, said: list[Any]) -> Callable[[Socket], None]:
        def answer(server: Socket) -> None:
            for message in said:
                server.send(message)
        return answer

    def post(self, client: str, stream: bool, tool: bool = False, **more: Any) -> Response:
        path, body = CLIENTS[client].ask(tool, stream)
        prefix = "Bearer " if AUTHORISED[client] == "authorization" else ""
        return request(self.daemon.port, "POST", path, {**body, **more}, {AUTHORISED[client]: prefix + self.key})

    def text(self, reply: Response, client: str = "openai") -> str:
        return CLIENTS[client].said(formats.documents_of(reply)).text

    def test_every_client_understands_it(self) -> None:
        for tool in (False, True):
            self.script = self.talk(messages(tool))
            for client, spoken in CLIENTS.items():
                for stream in (False, True):
                    with self.subTest(client=client, stream=stream, tool=tool):
                        reply = self.post(client, stream, tool)
                        self.assertEqual(reply.status, 200, reply.body)
                        told = spoken.said(formats.documents_of(reply))
                        self.assertEqual((told.text, told.finish), ("".join(TEXT), spoken.called if tool else spoken.stopped))
                        self.assertEqual((told.input, told.output), (PROMPT, OUTPUT))
                        if tool:
                            self.assertEqual((told.tool, told.arguments), ("weather", {"city": "K\u00f6ln"}))
                        row = self.daemon.call(reply.request_id)
                        self.assertEqual((row["status"], row["cost"], row["usage_source"]), (200, COST, "provider"))
        self.assert_books(self.daemon)
        self.assertNotIn("secret-0001", self.daemon.stderr())

    def test_it_is_asked_in_its_own_words_at_the_models_path(self) -> None:
        self.post("openai", False, tool=True)
        handshake = self.upstream.requests[-1]
        self.assertEqual((handshake.method, urlsplit(handshake.path).path), ("GET", "/v4.0/chat"))
        self.assertNotIn("authorization", handshake.headers)
        self.assertEqual(self.asked[-1], {
            "header": {"app_id": "app0001"},
            "parameter": {"chat": {"domain": "4.0Ultra", "max_tokens": 100}},
            "payload": {"message": {"text": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello?"}]},
                        "functions": {"text": [{"name": "weather", "description": "", "parameters": {
                            "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}]}}})
        self.daemon.api("DELETE", "/channels/main")
        self.add("placed", "/v9/chat")
        self.assertEqual(self.post("openai", False).status, 200)
        self.assertEqual(urlsplit(self.upstream.requests[-1].path).path, "/v9/chat")

    def test_we_say_good_bye_after_the_last_message(self) -> None:
        self.assertEqual(self.text(self.post("openai", True)), "".join(TEXT))
        self.assertTrue(self.ended.wait(WAIT))
        self.assertEqual(self.ends, [(websocket.CLOSE, b"\x03\xe8")])

    def test_frames_may_be_cut_anywhere_and_pings_are_answered(self) -> None:
        def drip(server: Socket) -> None:
            server.send(b"alive?", websocket.PING)
            first, *rest = [json.dumps(message).encode() for message in messages()]
            server.sock.sendall(server.frame(websocket.TEXT, first[:10], fin=False) + server.frame(0, first[10:]))
            for byte in server.frame(websocket.TEXT, rest[0]):
                server.sock.sendall(bytes([byte]))
            server.sock.sendall(b"".join(server.frame(websocket.TEXT, message) for message in rest[1:]))
        self.script = drip
        for stream in (True, False):
            self.ends.clear()
            self.ended.clear()
            self.assertEqual(self.text(self.post("openai", stream)), "".join(TEXT))
            self.assertTrue(self.ended.wait(WAIT))
            self.assertEqual(self.ends[0], (websocket.PONG, b"alive?"))

    def test_an_error_before_any_text_is_another_channels_to_make_good(self) -> None:
        self.script = self.talk([failure(11202, "too many requests")])
        second = self.new_upstream()
        self.daemon.add_channel(second, name="second", priority=-1)
        for stream in (False, True):
            reply = self.post("openai", stream)
            self.assertEqual((reply.status, self.daemon.call(reply.request_id)["attempts"]), (200, 2))
        self.daemon.api("DELETE", "/channels/second")
        reply = self.post("openai", True)
        self.assertEqual((reply.status, self.daemon.call(reply.request_id)["cost"]), (502, "0.00"))

    def test_an_error_after_text_ends_the_stream_in_the_callers_format(self) -> None:
        self.script = self.talk([said(0, TEXT[0]), failure(10013, "not a word of it")])
        for client, spoken in CLIENTS.items():
            reply = self.post(client, True)
            told = spoken.said(formats.documents_of(reply))
            self.assertEqual((reply.status, told.text), (200, TEXT[0]))
            self.assertIn("not a word of it (10013)", told.error)
            self.assertEqual(self.daemon.call(reply.request_id)["finish_reason"], "cut")
        reply = self.post("openai", False)
        self.assertGreaterEqual(reply.status, 400)
        self.assert_books(self.daemon)

    def test_a_connection_that_ends_early_is_told(self) -> None:
        def breaks(server: Socket) -> None:
            server.send(said(0, TEXT[0]))
            server.sock.close()

        def closes(server: Socket) -> None:
            server.send(said(0, TEXT[0]))
            server.close(1001)
        for script in (breaks, closes):
            self.script = script
            reply = self.post("openai", True)
            told = CLIENTS["openai"].said(formats.documents_of(reply))
            self.assertEqual((reply.status, told.text), (200, TEXT[0]))
            self.assertNotEqual(told.error, "")
            self.assertEqual(self.daemon.call(reply.request_id)["finish_reason"], "cut")

    def test_what_agrees_to_no_websocket_is_failed_over(self) -> None:
        second = self.new_upstream()
        self.daemon.add_channel(second, name="second", priority=-1)
        for answer in (provider.error(503), provider.error(401), lambda connection, _: connection.reply(200, b"{}"),
                       lambda connection, _: connection.send(provider.head(101, {"connection": "Upgrade", "upgrade": "websocket",
                                                                                 "sec-websocket-accept": "x"}))):
            self.upstream.answer = answer
            self.assertEqual(self.post("openai", False).status, 200)

    def test_who_leaves_takes_the_providers_call_along(self) -> None:
        self.script = self.talk([said(0, TEXT[0])])
        stream = self.daemon.stream(self.key, CLIENTS["openai"].ask(False, True)[1])
        while TEXT[0].encode() not in stream.event():
            pass
        stream.close()
        self.assertTrue(self.ended.wait(WAIT))
        row = self.daemon.call(stream.headers["x-request-id"])
        self.assertEqual((row["finish_reason"], row["usage_source"]), ("aborted", "estimated"))

    def test_what_it_cannot_be_told_is_refused_by_its_name(self) -> None:
        reply = self.post("openai", False, seed=7)
        self.assertEqual(reply.status, 400)
        self.assertIn("'seed'", reply.json["error"]["message"])
        self.assertEqual(self.upstream.requests, [])

    def test_the_channel_is_tried_over_its_websocket(self) -> None:
        found = self.daemon.api("POST", "/channels/main/test", {"model": "m1"})
        self.assertEqual((found["ok"], found["reply"]), (True, "".join(TEXT)))
        self.script = self.talk([failure(11200, "no licence")])
        found = self.daemon.api("POST", "/channels/main/test", {"model": "m1"})
        self.assertFalse(found["ok"])
        self.assertIn("no licence (11200)", found["error"])

    def test_the_simulator_plays_it(self) -> None:
        sim = Sim(self.folder, "--key-stdin", stdin=KEY + "\n")
        self.addCleanup(sim.stop)
        self.daemon.add_channel(f"ws://127.0.0.1:{sim.port}", name="sim", type="spark", keys=[KEY], models=["lite"])
        self.daemon.add_channel(f"ws://127.0.0.1:{sim.port}", name="wrong", type="spark", keys=["a|b|c"], models=["x1"])
        self.daemon.set_price("lite")
        for client, spoken in CLIENTS.items():
            for stream in (False, True):
                path, body = spoken.ask(False, stream)
                sent = json.dumps(body).replace("Hello?", "Hello? [[sim:tokens=3]]").replace('"m1"', '"lite"')
                prefix = "Bearer " if AUTHORISED[client] == "authorization" else ""
                reply = request(self.daemon.port, "POST", path.replace("m1", "lite"), sent.encode(),
                                {AUTHORISED[client]: prefix + self.key, "Content-Type": "application/json"})
                self.assertEqual(reply.status, 200, reply.body)
                told = spoken.said(formats.documents_of(reply))
                self.assertEqual((len(told.text.split()), told.output, told.finish), (3, 3, spoken.stopped))
        found = self.daemon.api("POST", "/channels/wrong/test", {"model": "x1"})
        self.assertEqual((found["ok"], found["status"]), (False, 401))
        self.assert_books(self.daemon)


if __name__ == "__main__":
    unittest.main()
