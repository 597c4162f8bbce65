"""A caller of any format gets what a provider of any other said, and pays for it.

Proved with scripted providers that speak their own format only: text, a tool call, figures, ends and errors arrive
in the caller's words, what reaches the provider is in its own, and the books agree with the provider's figures.
"""
import json
import unittest
from typing import Any

import formats
from client import Response, request
from formats import CACHED, CLIENTS, INPUT, OUTPUT, PROVIDERS, Script
from harness import FunctionalTest

# 16 fresh tokens at 2.5, 4 cached ones at 2.5 (no price of their own), 9 at 10 dollars a million.
COST = "0.00014"
AUTHORISED = {"openai": "authorization", "anthropic": "x-api-key", "gemini": "x-goog-api-key", "responses": "authorization"}


class ConvertFormats(FunctionalTest):
    def setUp(self) -> None:
        super().setUp()
        self.upstream = self.new_upstream()
        self.daemon = self.new_daemon()
        self.daemon.set_price()
        self.key = self.daemon.add_token()

    def channel(self, provider: str, script: Script | None = None, **more: Any) -> None:
        spoken = PROVIDERS[provider]
        self.upstream.answer = spoken.answer(script or Script())
        self.daemon.add_channel(f"http://127.0.0.1:{self.upstream.port}{spoken.prefix}", name=provider, type=spoken.kind,
                                aliases={"m1": "up"}, **more)

    def drop_channel(self, provider: str) -> None:
        self.daemon.api("DELETE", f"/channels/{provider}")

    def post(self, client: str, path: str, body: Any) -> Response:
        prefix = "Bearer " if AUTHORISED[client] == "authorization" else ""
        return request(self.daemon.port, "POST", path, body, {AUTHORISED[client]: prefix + self.key})

    def ask(self, client: str, stream: bool, tool: bool = False) -> Response:
        return self.post(client, *CLIENTS[client].ask(tool, stream))

    def clients(self, provider: str) -> list[str]:
        """OpenAI itself is asked for responses in that format, which the scripted provider does not speak."""
        return [client for client in CLIENTS if (provider, client) != ("openai", "responses")]

    def test_every_client_understands_every_provider(self) -> None:
        for tool in (False, True):
            for provider in PROVIDERS:
                self.channel(provider, Script(tool=tool))
                for client in self.clients(provider):
                    for stream in (False, True):
                        with self.subTest(provider=provider, client=client, stream=stream, tool=tool):
                            self.check_reply(client, self.ask(client, stream, tool), tool)
                self.drop_channel(provider)
        self.assert_books(self.daemon)

    def check_reply(self, client: str, reply: Response, tool: bool) -> None:
        self.assertEqual(reply.status, 200, reply.body)
        said = CLIENTS[client].said(formats.documents_of(reply))
        self.assertEqual(said.text, "".join(formats.TEXT))
        self.assertEqual(said.finish, CLIENTS[client].called if tool else CLIENTS[client].stopped)
        self.assertEqual((said.input, said.output), (INPUT, OUTPUT))
        if tool:
            self.assertEqual((said.tool, said.arguments), ("weather", {"city": "K\u00f6ln"}))
        row = self.daemon.call(reply.request_id)
        self.assertEqual((row["usage"]["input"], row["usage"]["cache_read"], row["usage"]["output"]),
                         (INPUT - CACHED, CACHED, OUTPUT))
        self.assertEqual((row["cost"], row["usage_source"], row["error"]), (COST, "provider", None))

    def test_a_provider_is_asked_in_its_own_format(self) -> None:
        for provider in PROVIDERS:
            self.channel(provider)
            for client in self.clients(provider):
                for stream in (False, True):
                    with self.subTest(provider=provider, client=client, stream=stream):
                        self.ask(client, stream, tool=True)
                        self.check_asked(provider, stream)
            self.drop_channel(provider)

    def check_asked(self, provider: str, stream: bool) -> None:
        asked = self.upstream.requests[-1]
        path, expected = CLIENTS[provider].ask(True, stream)
        self.assertEqual(asked.path, path.replace("m1", "up"))
        body = asked.json
        self.assertEqual(body.get("model", "up"), "up")
        # Nothing but the fields of the format, and the tool as it would have been sent by its own client.
        known = {"openai": {"model", "messages", "stream", "stream_options", "tools", "max_completion_tokens", "store"},
                 "anthropic": {"model", "messages", "stream", "system", "tools", "max_tokens"},
                 "gemini": {"contents", "systemInstruction", "tools", "generationConfig"}}[provider]
        self.assertLessEqual(set(body), known)
        self.assertIn("weather", json.dumps(body["tools"]))
        self.assertIn("Be brief.", json.dumps(body))
        self.assertEqual(set(expected) - set(body) - {"stream"}, set())
        self.assertNotIn(self.key, str(asked.headers))

    def test_an_anthropic_client_comes_with_either_key_and_any_version(self) -> None:
        path, body = CLIENTS["anthropic"].ask(False, False)
        for provider in ("anthropic", "openai"):
            self.channel(provider)
            for credential in ({"x-api-key": self.key}, {"authorization": f"Bearer {self.key}"}):
                for version in ({}, {"anthropic-version": "2023-06-01"}, {"anthropic-version": "2027-01-31"}):
                    with self.subTest(provider=provider, credential=list(credential), version=version):
                        reply = request(self.daemon.port, "POST", path, body, {**credential, **version})
                        self.assertEqual(reply.status, 200, reply.body)
                        self.assertEqual(reply.json["content"][0]["text"], "".join(formats.TEXT))
                        if provider == "anthropic":
                            self.assertEqual(self.upstream.requests[-1].headers["anthropic-version"], "2023-06-01")
            self.drop_channel(provider)

    def test_the_same_format_passes_byte_for_byte(self) -> None:
        for name in ("anthropic", "gemini"):
            self.channel(name)
            for stream in (False, True):
                with self.subTest(format=name, stream=stream):
                    reply = self.ask(name, stream)
                    script = Script()
                    if stream:
                        sent = "".join((f"event: {event}\n" if event else "") + f"data: {json.dumps(data)}\n\n"
                                       for event, data in PROVIDERS[name].events(script))
                    else:
                        sent = json.dumps(PROVIDERS[name].document(script))
                    self.assertEqual(reply.body.decode(), sent)
                    self.assertEqual(self.daemon.call(reply.request_id)["cost"], COST)
            self.drop_channel(name)

    def test_a_provider_that_breaks_off_ends_the_stream_with_an_error_in_the_callers_format(self) -> None:
        for provider in PROVIDERS:
            self.channel(provider, Script(error="overloaded just now"))
            for client in self.clients(provider):
                with self.subTest(provider=provider, client=client):
                    reply = self.ask(client, stream=True)
                    said = CLIENTS[client].said(formats.documents_of(reply))
                    self.assertEqual((reply.status, said.text), (200, formats.TEXT[0]))
                    self.assertIn("overloaded just now", said.error)
                    row = self.daemon.call(reply.request_id)
                    self.assertEqual(row["finish_reason"], "cut")
            self.drop_channel(provider)
        self.assert_books(self.daemon)

    def test_a_connection_that_breaks_is_told_and_what_was_said_is_billed(self) -> None:
        for provider in ("anthropic", "gemini"):
            self.channel(provider, Script(cut=True))
            with self.subTest(provider=provider):
                reply = self.ask("openai", stream=True)
                said = CLIENTS["openai"].said(formats.documents_of(reply))
                self.assertEqual(said.text, formats.TEXT[0])
                self.assertNotEqual(said.error, "")
                row = self.daemon.call(reply.request_id)
                self.assertEqual((row["finish_reason"], row["usage_source"]), ("cut", "partial"))
            self.drop_channel(provider)

    def test_a_refused_request_is_told_in_the_shape_of_the_format_that_was_called(self) -> None:
        self.channel("anthropic", Script(refusal=400, error="tools.0 is no tool"))
        shapes = {"openai": ("error", "message"), "responses": ("error", "message"),
                  "anthropic": ("error", "message"), "gemini": ("error", "message")}
        for client, (outer, inner) in shapes.items():
            with self.subTest(client=client):
                reply = self.ask(client, stream=True)
                self.assertEqual(reply.status, 400)
                self.assertEqual(reply.json[outer][inner], "tools.0 is no tool")
                self.assertEqual("status" in reply.json["error"], client == "gemini")
                self.assertEqual(reply.json.get("type") == "error", client == "anthropic")
                self.assertEqual(self.daemon.call(reply.request_id)["cost"], "0.00")

    def test_errors_of_our_own_have_the_shape_of_the_format(self) -> None:
        for client in CLIENTS:
            path, body = CLIENTS[client].ask(False, False)
            with self.subTest(client=client):
                reply = request(self.daemon.port, "POST", path, body, {"authorization": "Bearer sk-wrong"})
                self.assertEqual(reply.status, 401)
                self.assertEqual("status" in reply.json["error"], client == "gemini")
                self.assertEqual(reply.json.get("type") == "error", client == "anthropic")

    def test_what_cannot_be_carried_is_refused_by_its_name_and_costs_nothing(self) -> None:
        self.channel("openai")
        path, body = CLIENTS["anthropic"].ask(False, False)
        reply = self.post("anthropic", path, {**body, "top_k": 5})
        self.assertEqual(reply.status, 400)
        self.assertIn("'top_k'", reply.json["error"]["message"])
        self.assertEqual(self.upstream.requests, [])
        row = self.daemon.call(reply.request_id)
        self.assertEqual((row["cost"], row["error"]), ("0.00", "invalid_request"))

    def test_a_channel_may_drop_what_it_cannot_carry_and_tells(self) -> None:
        self.channel("openai", losses="drop")
        path, body = CLIENTS["anthropic"].ask(False, False)
        for stream in (False, True):
            reply = self.post("anthropic", path, {**body, "top_k": 5, "stream": stream})
            self.assertEqual((reply.status, reply.headers["x-oblivious-dropped"]), (200, "top_k"))
            self.assertNotIn("top_k", self.upstream.requests[-1].json)
        whole = self.post("anthropic", path, body)
        self.assertNotIn("x-oblivious-dropped", whole.headers)

    def test_a_failure_is_told_rather_than_what_another_channel_cannot_carry(self) -> None:
        second = self.new_upstream()
        second.answer = lambda connection, _: connection.reply(503, b'{"error":{"message":"down"}}')
        self.daemon.add_channel(f"http://127.0.0.1:{second.port}", name="claude", type="anthropic", priority=5)
        self.channel("openai", priority=1)
        path, body = CLIENTS["anthropic"].ask(False, False)
        reply = self.post("anthropic", path, {**body, "top_k": 5})
        self.assertEqual(reply.status, 502)
        self.assertIn("503", reply.json["error"]["message"])

    def test_a_channel_that_can_carry_it_is_found(self) -> None:
        self.channel("openai", priority=5)
        second = self.new_upstream()
        second.answer = PROVIDERS["anthropic"].answer(Script())
        self.daemon.add_channel(f"http://127.0.0.1:{second.port}", name="claude", type="anthropic", priority=1)
        path, body = CLIENTS["anthropic"].ask(False, False)
        reply = self.post("anthropic", path, {**body, "top_k": 5})
        self.assertEqual(reply.status, 200, reply.body)
        self.assertEqual((len(self.upstream.requests), second.requests[0].json["top_k"]), (0, 5))

    def test_an_aborted_call_stops_the_provider_and_is_billed_by_what_was_said(self) -> None:
        self.channel("anthropic")
        gone: list[bool] = []

        def hang(connection: Any, _: Any) -> None:
            connection.start_stream()
            for name, data in formats.anthropic_events(Script(cut=True)):
                connection.chunk(f"event: {name}\ndata: {json.dumps(data)}\n\n".encode())
            gone.append(connection.wait_closed())
        self.upstream.answer = hang
        stream = self.daemon.stream(self.key, CLIENTS["openai"].ask(False, True)[1])
        self.assertEqual(stream.status, 200)
        while formats.TEXT[0].encode() not in stream.event():
            pass
        stream.close()
        row = self.daemon.call(stream.headers["x-request-id"])
        self.assertEqual((row["finish_reason"], row["usage_source"]), ("aborted", "partial"))
        self.assertEqual(row["usage"]["cache_read"], CACHED)
        self.assert_books(self.daemon)

    def test_a_reply_of_megabytes_is_converted_whole(self) -> None:
        self.channel("anthropic")
        text = "W\u00f6rter " * 500_000
        document = {**formats.anthropic_document(Script()), "content": [{"type": "text", "text": text}]}
        self.upstream.answer = lambda connection, _: connection.reply(200, json.dumps(document).encode())
        reply = self.ask("openai", stream=False)
        self.assertEqual(reply.json["choices"][0]["message"]["content"], text)
        self.assertEqual(self.daemon.call(reply.request_id)["cost"], COST)
        same = self.ask("anthropic", stream=False)
        self.assertEqual(same.json, document)
        self.assertEqual(self.daemon.call(same.request_id)["cost"], COST)

    def test_a_request_of_megabytes_is_converted(self) -> None:
        self.channel("anthropic")
        path, body = CLIENTS["openai"].ask(False, False)
        text = "many words " * 300_000
        body["messages"][1]["content"] = text
        self.assertEqual(self.post("openai", path, body).status, 200)
        self.assertIn(text, json.dumps(self.upstream.requests[-1].json["messages"]))

    def test_a_channel_is_tried_in_its_own_format(self) -> None:
        for provider in PROVIDERS:
            with self.subTest(provider=provider):
                self.channel(provider)
                found = self.daemon.api("POST", f"/channels/{provider}/test", {"model": "m1"})
                self.assertEqual((found["ok"], found["reply"]), (True, "".join(formats.TEXT)))
                self.upstream.answer = lambda connection, _: connection.reply(200, b'{"hello":"world"}')
                found = self.daemon.api("POST", f"/channels/{provider}/test", {"model": "m1"})
                self.assertFalse(found["ok"])
                self.assertNotEqual(found["error"], "")
                self.drop_channel(provider)

    def test_a_gemini_stream_without_sse_is_one_json_array(self) -> None:
        for provider in PROVIDERS:
            self.channel(provider)
            with self.subTest(provider=provider):
                _, body = CLIENTS["gemini"].ask(False, True)
                reply = self.post("gemini", "/v1beta/models/m1:streamGenerateContent", body)
                self.assertEqual(reply.status, 200)
                documents = json.loads(reply.body)
                self.assertIsInstance(documents, list)
                self.assertEqual(CLIENTS["gemini"].said(documents).text, "".join(formats.TEXT))
            self.drop_channel(provider)


if __name__ == "__main__":
    unittest.main()
