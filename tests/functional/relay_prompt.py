"""A channel's system prompt reaches its models whatever format the caller speaks, and is paid for.

Proved with callers of every format before scripted providers of every format, the caller's own among them: the prompt stands
where the channel says among the caller's own, the rest of the request and the reply are as without it, and where the provider
sends no figures the estimate knows of it.
"""
import json
import unittest
from typing import Any

import formats
from client import Response, request
from formats import CLIENTS, PROVIDERS, Script
from harness import FunctionalTest

OWN, RULES = "Be brief.", "Speak Latin."
EXPECTED = {"prepend": [RULES, OWN], "append": [OWN, RULES], "when_absent": [OWN], "replace": [RULES]}
AUTHORISED = {"openai": "authorization", "anthropic": "x-api-key", "gemini": "x-goog-api-key", "responses": "authorization"}


def texts(value: Any) -> list[str]:
    """Every text in it, in order."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for key, each in value.items() if key in ("text", "content", "parts") for text in texts(each)]
    return [text for each in value or [] for text in texts(each)]


def prompts(body: Any) -> list[str]:
    """The system prompts of a provider's request, wherever its format has them."""
    found = [body.get("instructions"), body.get("system"), body.get("systemInstruction")]
    for message in [*body.get("messages", []), *(body["input"] if isinstance(body.get("input"), list) else [])]:
        if message.get("role") in ("system", "developer"):
            found.append(message["content"])
    said = "\n".join(text for each in found for text in texts(each))
    return [line for line in said.split("\n") if line]


def told(value: Any) -> Any:
    """The same without members that say what goes without saying."""
    if isinstance(value, dict):
        return {key: told(each) for key, each in value.items() if each is not False and each != ""}
    return [told(each) for each in value] if isinstance(value, list) else value


def without_own(body: Any) -> Any:
    """The caller's request without his own prompt."""
    kept = {key: value for key, value in body.items() if key not in ("instructions", "system", "systemInstruction")}
    if "messages" in kept:
        kept["messages"] = [message for message in kept["messages"] if message["role"] != "system"]
    return kept


class RelayPrompt(FunctionalTest):
    def setUp(self) -> None:
        super().setUp()
        self.upstream = self.new_upstream()
        self.daemon = self.new_daemon()
        self.daemon.set_price()
        self.key = self.daemon.add_token()

    def channel(self, provider: str, **settings: Any) -> None:
        spoken = PROVIDERS[provider]
        self.upstream.answer = spoken.answer(Script())
        self.daemon.add_channel(f"http://127.0.0.1:{self.upstream.port}{spoken.prefix}", name=provider, type=spoken.kind,
                                aliases={"m1": "up"}, **settings)

    def post(self, client: str, path: str, body: Any) -> Response:
        prefix = "Bearer " if AUTHORISED[client] == "authorization" else ""
        return request(self.daemon.port, "POST", path, body, {AUTHORISED[client]: prefix + self.key})

    def asked(self, client: str, stream: bool, own: bool = True) -> Any:
        path, body = CLIENTS[client].ask(False, stream)
        self.post(client, path, body if own else without_own(body))
        return self.upstream.requests[-1].json

    def test_every_client_before_every_provider(self) -> None:
        for provider in PROVIDERS:
            self.channel(provider, system_prompt=RULES)
            for place, expected in EXPECTED.items():
                self.daemon.api("PATCH", f"/channels/{provider}", {"system_prompt_place": place})
                for client in CLIENTS:
                    if (provider, client) == ("openai", "responses"):
                        continue  # the next test: OpenAI itself is asked in that format
                    with self.subTest(provider=provider, client=client, place=place):
                        self.assertEqual(prompts(self.asked(client, stream=False)), expected)
                        self.assertEqual(prompts(self.asked(client, stream=True, own=False)), [RULES])
            self.daemon.api("DELETE", f"/channels/{provider}")

    def test_responses_before_openai(self) -> None:
        self.channel("openai", system_prompt=RULES)
        document = {"id": "resp_1", "object": "response", "created_at": 1, "status": "completed", "model": "up", "output": [
            {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed",
             "content": [{"type": "output_text", "text": "Salve.", "annotations": []}]}],
            "usage": {"input_tokens": 9, "output_tokens": 2, "total_tokens": 11}}
        self.upstream.answer = lambda connection, _: connection.reply(200, json.dumps(document).encode())
        for place, expected in EXPECTED.items():
            self.daemon.api("PATCH", "/channels/openai", {"system_prompt_place": place})
            with self.subTest(place=place):
                reply = self.post("responses", *CLIENTS["responses"].ask(False, False))
                asked = self.upstream.requests[-1]
                self.assertEqual((asked.path, prompts(asked.json)), ("/v1/responses", expected))
                self.assertEqual(reply.json["output"], document["output"])

    def test_all_else_is_as_without_it(self) -> None:
        for name in PROVIDERS:
            for stream in (False, True):
                with self.subTest(format=name, stream=stream):
                    replies, bodies = [], []
                    for settings in ({}, {"system_prompt": RULES, "system_prompt_place": "replace"}):
                        self.channel(name, **settings)
                        path, body = CLIENTS[name].ask(True, stream)
                        replies.append(self.post(name, path, body))
                        bodies.append(self.upstream.requests[-1].json)
                        self.daemon.api("DELETE", f"/channels/{name}")
                    self.assertEqual(replies[0].body, replies[1].body)
                    self.assertEqual(replies[1].status, 200)
                    self.assertEqual(told(without_own(bodies[0])), told(without_own(bodies[1])))
                    self.assertEqual((prompts(bodies[0]), prompts(bodies[1])), ([OWN], [RULES]))
        self.assert_books(self.daemon)

    def test_another_channel_is_not_told(self) -> None:
        self.channel("openai", system_prompt=RULES, priority=1)
        self.daemon.add_channel(self.upstream, name="plain")
        self.upstream.answer = lambda connection, _: connection.reply(503, b"{}")
        self.post("openai", *CLIENTS["openai"].ask(False, False))
        self.assertEqual([prompts(each.json) for each in self.upstream.requests[:2]], [[RULES, OWN], [OWN]])

    def test_an_estimate_knows_of_it(self) -> None:
        def answer(connection: Any, _: Any) -> None:
            body = {"id": "c", "object": "chat.completion", "created": 1, "model": "up", "choices": [
                {"index": 0, "message": {"role": "assistant", "content": "yes"}, "finish_reason": "stop"}]}
            connection.reply(200, json.dumps(body).encode())
        counted = []
        for settings in ({}, {"system_prompt": "word " * 1000}):
            self.channel("openai", **settings)
            self.upstream.answer = answer
            reply = self.post("openai", *CLIENTS["openai"].ask(False, False))
            counted.append(self.daemon.call(reply.request_id)["usage"]["input"])
            self.daemon.api("DELETE", "/channels/openai")
        self.assertGreater(counted[1], counted[0] + 500)


if __name__ == "__main__":
    unittest.main()
