"""A channel of Qwen whose base URL is DashScope's native API: callers of every format are served by it.

Proved with a scripted provider that speaks that format only, and only if it is asked as its reference says: what is
to stream by a header, texts at one path and pictures at another.
"""
import json
import unittest
from typing import Any

import formats
from client import Response, request
from formats import CACHED, CLIENTS, INPUT, OUTPUT, Provider, Script
from harness import FunctionalTest
from upstream import Connection, Request

COST = "0.00014"  # 16 fresh and 4 cached tokens at 2.5, 9 at 10 dollars a million
TEXT_PATH = "/api/v1/services/aigc/text-generation/generation"
MEDIA_PATH = "/api/v1/services/aigc/multimodal-generation/generation"
AUTHORISED = {"openai": "authorization", "anthropic": "x-api-key", "gemini": "x-goog-api-key", "responses": "authorization"}


class Native(Provider):
    def streams(self, asked: Request) -> bool:
        return asked.headers.get("x-dashscope-sse") == "enable"


NATIVE = Native("qwen", formats.dashscope_events, formats.dashscope_document, "/api/v1")


class ProviderQwen(FunctionalTest):
    def setUp(self) -> None:
        super().setUp()
        self.upstream = self.new_upstream()
        self.upstream.answer = NATIVE.answer(Script())
        self.daemon = self.new_daemon("[upstream]\nretry_pause_first = \"1ms\"\nretry_pause_last = \"1ms\"\n")
        self.daemon.add_channel(f"http://127.0.0.1:{self.upstream.port}/api/v1", type="qwen", models=["m1", "qwen-vl-max"],
                                aliases={"m1": "qwen-max"})
        self.daemon.set_price()
        self.key = self.daemon.add_token()

    def post(self, client: str, path: str, body: Any) -> Response:
        prefix = "Bearer " if AUTHORISED[client] == "authorization" else ""
        return request(self.daemon.port, "POST", path, body, {AUTHORISED[client]: prefix + self.key})

    def test_every_client_understands_it(self) -> None:
        for tool in (False, True):
            self.upstream.answer = NATIVE.answer(Script(tool=tool))
            for client, spoken in CLIENTS.items():
                for stream in (False, True):
                    with self.subTest(client=client, stream=stream, tool=tool):
                        reply = self.post(client, *spoken.ask(tool, stream))
                        self.assertEqual(reply.status, 200, reply.body)
                        said = spoken.said(formats.documents_of(reply))
                        self.assertEqual((said.text, said.finish), ("".join(formats.TEXT), spoken.called if tool else spoken.stopped))
                        self.assertEqual((said.input, said.output), (INPUT, OUTPUT))
                        if tool:
                            self.assertEqual((said.tool, said.arguments), ("weather", {"city": "K\u00f6ln"}))
                        row = self.daemon.call(reply.request_id)
                        self.assertEqual((row["usage"]["cache_read"], row["cost"], row["usage_source"]), (CACHED, COST, "provider"))
                        self.check_asked(stream, tool)
        self.assert_books(self.daemon)

    def check_asked(self, stream: bool, tool: bool) -> None:
        asked = self.upstream.requests[-1]
        self.assertEqual((asked.path, asked.headers["authorization"]), (TEXT_PATH, "Bearer sk-upstream-secret-0001"))
        body = asked.json
        self.assertEqual((set(body), body["model"]), ({"model", "input", "parameters"}, "qwen-max"))
        self.assertEqual(body["input"]["messages"], [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello?"}])
        known = {"result_format", "max_tokens"} | ({"incremental_output"} if stream else set()) | ({"tools"} if tool else set())
        self.assertEqual(set(body["parameters"]), known)

    def test_a_model_that_sees_is_asked_at_its_own_path(self) -> None:
        parts = [{"type": "text", "text": "Look"}, {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}]
        body = {"model": "qwen-vl-max", "messages": [{"role": "user", "content": parts}]}
        self.assertEqual(self.post("openai", "/v1/chat/completions", body).status, 200)
        asked = self.upstream.requests[-1]
        self.assertEqual(asked.path, MEDIA_PATH)
        self.assertEqual(asked.json["input"]["messages"][0]["content"], [{"text": "Look"}, {"image": "data:image/png;base64,AAAA"}])
        reply = self.post("openai", "/v1/chat/completions", {**body, "model": "m1"})
        self.assertEqual(reply.status, 400)
        self.assertIn("an image in a message", reply.json["error"]["message"])
        self.assertEqual(len(self.upstream.requests), 1)

    def test_an_error_in_the_stream_is_told_in_the_callers_format(self) -> None:
        self.upstream.answer = NATIVE.answer(Script(error="overloaded just now"))
        for client, spoken in CLIENTS.items():
            reply = self.post(client, *spoken.ask(False, True))
            said = spoken.said(formats.documents_of(reply))
            self.assertEqual((reply.status, said.text), (200, formats.TEXT[0]))
            self.assertIn("overloaded just now", said.error)
            self.assertEqual(self.daemon.call(reply.request_id)["finish_reason"], "cut")

    def test_a_refusal_is_told_in_the_providers_words(self) -> None:
        def refuse(connection: Connection, _: Request) -> None:
            connection.reply(400, json.dumps({"code": "InvalidParameter", "message": "Range of max_tokens", "request_id": "r"}).encode())
        self.upstream.answer = refuse
        reply = self.post("openai", *CLIENTS["openai"].ask(False, False))
        self.assertEqual((reply.status, reply.json["error"]["message"]), (400, "Range of max_tokens"))
        self.assertEqual(self.daemon.call(reply.request_id)["cost"], "0.00")

    def test_the_channel_is_tried_in_its_own_format(self) -> None:
        found = self.daemon.api("POST", "/channels/main/test", {"model": "m1"})
        self.assertEqual((found["ok"], found["reply"]), (True, "".join(formats.TEXT)))


if __name__ == "__main__":
    unittest.main()
