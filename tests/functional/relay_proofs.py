"""What a provider signs comes back to it, although the caller's format has no place for it and the caller sends none back.

Scripted providers sign a call (Gemini) or the thought before it (Anthropic). The caller, an OpenAI client, sends back only what
OpenAI's reference names; another account that names the same call gets nothing of it.
"""
import json
import unittest
from typing import Any

import upstream as provider
from harness import FunctionalTest


def gemini(connection: provider.Connection, request: provider.Request) -> None:
    call = {"functionCall": {"name": "weather", "args": {}, "id": "call_one"}, "thoughtSignature": "c2lnbmVk"}
    body = {"candidates": [{"index": 0, "content": {"role": "model", "parts": [call]}, "finishReason": "STOP"}],
            "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 2, "totalTokenCount": 5}}
    if "stream" in request.path:
        connection.start_stream()
        connection.event(body)
        connection.end_stream()
    else:
        connection.reply(200, json.dumps(body).encode())


def anthropic(connection: provider.Connection, _: provider.Request) -> None:
    content = [{"type": "thinking", "thinking": "let me see", "signature": "c2lnbmVk"},
               {"type": "tool_use", "id": "toolu_one", "name": "weather", "input": {}}]
    connection.reply(200, json.dumps({"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": content,
                                      "stop_reason": "tool_use", "stop_sequence": None,
                                      "usage": {"input_tokens": 3, "output_tokens": 2}}).encode())


class RelayProofs(FunctionalTest):
    def setUp(self) -> None:
        super().setUp()
        self.upstream = self.new_upstream()
        self.daemon = self.new_daemon()
        self.daemon.set_price()
        self.key = self.daemon.add_token()

    def serve(self, kind: str, answer: provider.Answer) -> None:
        self.upstream.answer = answer
        self.daemon.add_channel(f"http://127.0.0.1:{self.upstream.port}", type=kind)

    def ask(self, messages: list[Any], stream: bool = False, key: str = "") -> Any:
        tool = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}}}
        body = {"model": "m1", "stream": stream, "messages": messages, "tools": [tool]}
        reply = self.daemon.post(key or self.key, body)
        self.assertEqual(reply.status, 200, reply.body)
        return reply

    def turn(self, call_id: str) -> list[Any]:
        call = {"id": call_id, "type": "function", "function": {"name": "weather", "arguments": "{}"}}
        return [{"role": "user", "content": "Weather?"}, {"role": "assistant", "tool_calls": [call]},
                {"role": "tool", "tool_call_id": call_id, "content": "sunny"}]

    def test_a_signed_call_goes_back_signed(self) -> None:
        self.serve("gemini", gemini)
        for stream in (False, True):
            self.ask([{"role": "user", "content": "Weather?"}], stream)
            self.ask(self.turn("call_one"))
            part = self.upstream.requests[-1].json["contents"][1]["parts"][0]
            self.assertEqual(part["thoughtSignature"], "c2lnbmVk")

    def test_a_signed_thought_goes_back_in_front_of_its_call(self) -> None:
        self.serve("anthropic", anthropic)
        self.ask([{"role": "user", "content": "Weather?"}])
        self.ask(self.turn("toolu_one"))
        blocks = self.upstream.requests[-1].json["messages"][1]["content"]
        self.assertEqual(blocks[0], {"type": "thinking", "thinking": "let me see", "signature": "c2lnbmVk"})
        self.assertEqual(blocks[1]["type"], "tool_use")

    def test_nobody_else_gets_it(self) -> None:
        self.serve("anthropic", anthropic)
        self.ask([{"role": "user", "content": "Weather?"}])
        self.daemon.add_prepaid("other", "5")
        other = self.daemon.add_token("other", account="other")
        self.ask(self.turn("toolu_one"), key=other)
        self.assertEqual([block["type"] for block in self.upstream.requests[-1].json["messages"][1]["content"]], ["tool_use"])


if __name__ == "__main__":
    unittest.main()
