"""A stream of text that its provider breaks off is gone on with by another one: the caller sees one whole text and one end.

Proved with scripted providers of several types, of which the first cuts its stream: the second is told how the answer begins in
its own way, what it adds follows without a seam, the head of the stream comes once, and the bill has one prompt and all of the
answer. What cannot be gone on with ends as it always does.
"""
import json
import threading
import unittest
from pathlib import Path
from typing import Any

import formats
import upstream as provider
from client import Response, Stream, request
from formats import CLIENTS, INPUT, OUTPUT, PROVIDERS, TEXT, Script
from harness import WAIT, Daemon, FunctionalTest, until

CONFIG = """
[routing]
continued = ["m1"]
"""
AUTHORISED = {"openai": "authorization", "anthropic": "x-api-key", "gemini": "x-goog-api-key", "responses": "authorization"}
MARKS = {"mistral": {"prefix": True}, "deepseek": {"prefix": True}, "moonshot": {"partial": True}, "qwen": {"partial": True},
         "anthropic": {}}


def rest(kind: str) -> list[tuple[str, Any]]:
    """A whole stream of a provider but for the first text."""
    return [event for event in PROVIDERS[kind].events(Script()) if json.dumps(TEXT[0]) not in json.dumps(event[1])]


class RelayContinued(FunctionalTest):
    def setUp(self) -> None:
        super().setUp()
        self.first, self.second = self.new_upstream(), self.new_upstream()

    def serve(self, first: str, second: str, config: str = CONFIG, **settings: Any) -> Daemon:
        self.daemon = self.new_daemon(config, name=first)
        self.daemon.set_price()
        self.key = self.daemon.add_token()
        self.first.answer = PROVIDERS[self.spoken(first)].answer(Script(cut=True))
        self.second.answer = self.adds(second)
        for place, (upstream, kind) in enumerate(((self.first, first), (self.second, second))):
            prefix = PROVIDERS[self.spoken(kind)].prefix if kind != "deepseek" else ""
            self.daemon.add_channel(f"http://127.0.0.1:{upstream.port}{prefix}", name=f"c{place}", type=kind,
                                    aliases={"m1": "up"}, priority=2 - place, **settings)
        return self.daemon

    def spoken(self, kind: str) -> str:
        return kind if kind in PROVIDERS else "openai"

    def adds(self, kind: str) -> provider.Answer:
        def answer(connection: provider.Connection, _: provider.Request) -> None:
            formats.sse(connection, rest(self.spoken(kind)), connection.end_stream)
        return answer

    def ask(self, client: str, body: dict[str, Any] | None = None) -> Response:
        path, asked = CLIENTS[client].ask(False, True)
        prefix = "Bearer " if AUTHORISED[client] == "authorization" else ""
        return request(self.daemon.port, "POST", path, asked | (body or {}), {AUTHORISED[client]: prefix + self.key})

    def attempts(self, reply: Response) -> list[tuple[str, str]]:
        self.daemon.call(reply.request_id)
        return [(each["channel"]["name"], each["cause"])
                for each in self.daemon.api("GET", f"/requests/{reply.request_id}")["attempts"]]

    def test_every_client_sees_one_answer(self) -> None:
        for kind, mark in MARKS.items():
            daemon = self.serve(kind, kind)
            for client in CLIENTS:
                with self.subTest(provider=kind, client=client):
                    reply = self.ask(client)
                    self.check_whole(client, reply)
                    message = self.second.requests[-1].json["messages"][-1]
                    self.assertEqual(message, {"role": "assistant", "content": message["content"]} | mark)
                    self.assertIn(message["content"], (TEXT[0], [{"type": "text", "text": TEXT[0]}]))
                    self.assertEqual(self.second.requests[-1].path.startswith("/beta/"), kind == "deepseek")
                    self.assertEqual(self.attempts(reply), [("c0", "cut"), ("c1", "ok")])
                    row = daemon.call(reply.request_id)
                    self.assertEqual((row["attempts"], row["status"], row["error"], row["usage_source"]), (2, 200, None, "partial"))
            self.assert_books(daemon)
            daemon.stop()

    def check_whole(self, client: str, reply: Response) -> None:
        self.assertEqual(reply.status, 200, reply.body)
        documents = formats.documents_of(reply)
        said = CLIENTS[client].said(documents)
        self.assertEqual((said.text, said.finish, said.error), ("".join(TEXT), CLIENTS[client].stopped, ""))
        text = reply.body.decode()
        for once in ('"role":"assistant","content":""', "message_start\n", "content_block_start\n", "message_stop\n", "[DONE]",
                     "response.created\n", "response.completed\n", "response.output_item.added\n", "response.output_text.done\n",
                     '"finishReason"', '"finish_reason":"stop"'):
            self.assertLessEqual(text.count(once), 1, once)
        row = self.daemon.call(reply.request_id)["usage"]
        self.assertEqual(said.output, row["output"])
        self.assertEqual(said.input, row["input"] + row["cache_read"])

    def test_the_prompt_is_paid_once_and_every_word_once(self) -> None:
        daemon = self.serve("anthropic", "anthropic")
        usage = daemon.call(self.ask("anthropic").request_id)["usage"]
        self.assertEqual(usage["input"] + usage["cache_read"], INPUT)
        # An estimate of the first stream's three bytes, of which its head has told, and what the second one reports.
        self.assertEqual(usage["output"], 1 + OUTPUT)
        self.assert_books(daemon)

    def test_providers_of_other_formats_go_on(self) -> None:
        self.serve("gemini", "anthropic")
        for client in CLIENTS:
            with self.subTest(client=client):
                self.check_whole(client, self.ask(client))

    def test_the_channel_itself_goes_on_if_there_is_no_other(self) -> None:
        daemon = self.serve("anthropic", "gemini")
        answers = [PROVIDERS["anthropic"].answer(Script(cut=True)), self.adds("anthropic")]
        self.first.answer = lambda connection, asked: answers.pop(0)(connection, asked)
        reply = self.ask("openai")
        self.check_whole("openai", reply)
        self.assertEqual(self.attempts(reply), [("c0", "cut"), ("c0", "ok")])
        self.assertEqual(len(self.second.requests), 0)
        self.assert_books(daemon)

    def test_an_error_event_is_gone_on_from_as_well(self) -> None:
        self.serve("anthropic", "anthropic")
        self.first.answer = PROVIDERS["anthropic"].answer(Script(error="overloaded just now"))
        for client in CLIENTS:
            with self.subTest(client=client):
                self.check_whole(client, self.ask(client))

    def test_white_space_at_the_seam_comes_once(self) -> None:
        daemon = self.serve("moonshot", "moonshot")

        def cut(connection: provider.Connection, _: provider.Request) -> None:
            connection.start_stream()
            connection.event(provider.delta("Hello \n", model="up"))
            connection.cut()
        self.first.answer = cut
        self.second.answer = provider.chat(["\n", " wor", "ld"])
        said = CLIENTS["openai"].said(formats.documents_of(self.ask("openai")))
        self.assertEqual(said.text, "Hello \nworld")
        self.assertEqual(self.second.requests[-1].json["messages"][-1]["content"], "Hello")
        self.assert_books(daemon)

    def test_a_limit_of_the_caller_holds_for_both_together(self) -> None:
        self.serve("moonshot", "moonshot")
        self.ask("openai", {"max_completion_tokens": 50})
        self.assertEqual(self.second.requests[-1].json["max_tokens"], 49)

    def fails(self, reply: Response, asked: int) -> None:
        self.assertIn("error", formats.documents_of(reply)[-1])
        self.assertEqual(len(self.second.requests), asked)
        self.assertEqual(self.daemon.call(reply.request_id)["error"], "upstream_failed")
        self.assert_books(self.daemon)

    def test_it_is_off_unless_it_is_asked_for(self) -> None:
        self.serve("anthropic", "anthropic", config='[routing]\ncontinued = ["m2", "gpt-*"]\n')
        self.fails(self.ask("openai"), asked=0)

    def test_a_second_break_ends_the_stream(self) -> None:
        self.serve("moonshot", "moonshot")
        self.second.answer = PROVIDERS["openai"].answer(Script(cut=True))
        reply = self.ask("openai")
        self.fails(reply, asked=1)
        self.assertEqual(self.attempts(reply), [("c0", "cut"), ("c1", "cut")])

    def test_a_provider_that_refuses_to_go_on_is_not_blamed(self) -> None:
        daemon = self.serve("moonshot", "moonshot")
        self.second.answer = provider.error(400, "no prefill here")
        reply = self.ask("openai")
        self.fails(reply, asked=1)
        self.assertEqual(self.attempts(reply), [("c0", "cut"), ("c1", "refused")])
        row = daemon.call(reply.request_id)
        self.assertEqual((row["attempts"], row["finish_reason"]), (2, "cut"))
        self.assertEqual(daemon.api("GET", "/channels/c1")["health"]["failures"], 0)
        self.assertEqual(daemon.api("GET", f"/channels/{row['channel_id']}")["name"], "c0")

    def test_models_that_take_no_prefill_are_not_asked(self) -> None:
        daemon = self.serve("anthropic", "anthropic")
        for channel in ("c0", "c1"):
            daemon.api("PATCH", f"/channels/{channel}", {"aliases": {"m1": "claude-opus-4-6"}})
        self.fails(self.ask("openai"), asked=0)

    def test_a_model_of_another_price_is_not_asked(self) -> None:
        """One row has one price: a dear model's words are not sold at a cheap one's, nor the other way round."""
        daemon = self.serve("anthropic", "anthropic")
        daemon.api("DELETE", "/prices/m1")
        for channel, model, price in (("c0", "dear", "9"), ("c1", "cheap", "1")):
            daemon.set_price(model, input=price, output=price)
            daemon.api("PATCH", f"/channels/{channel}", {"aliases": {"m1": model}})
        self.fails(self.ask("openai"), asked=0)
        daemon.set_price("cheap", input="9", output="9")
        self.fails(self.ask("openai"), asked=0)  # as dear, but another price: it may change by itself
        daemon.set_price("m1")
        self.check_whole("openai", self.ask("openai"))

    def test_what_came_with_the_break_is_the_callers_if_nobody_goes_on(self) -> None:
        daemon = self.serve("moonshot", "moonshot")
        daemon.api("DELETE", "/channels/c1")
        seen = threading.Event()

        def breaks(connection: provider.Connection, _: provider.Request) -> None:
            if seen.is_set():
                connection.reply(400, b'{"error":{"message":"no prefix here"}}')
                return
            connection.start_stream()
            connection.event(provider.delta("Hello ", model="up"))
            self.assertTrue(seen.wait(WAIT))
            # One packet: the last words, and an end without a finish reason.
            last = provider.event_bytes(provider.delta("wor", model="up"))
            connection.send(b"%x\r\n%s\r\n0\r\n\r\n" % (len(last), last))
        self.first.answer = breaks
        path, asked = CLIENTS["openai"].ask(False, True)
        stream = Stream(daemon.port, path, asked, {"Authorization": f"Bearer {self.key}"})
        self.addCleanup(stream.close)
        self.assertIn(b"Hello ", stream.event() + stream.event())  # the role comes first
        seen.set()
        self.assertIn(b'"wor"', stream.rest())
        self.assertEqual(len(self.first.requests), 2)
        self.assert_books(daemon)

    def test_only_text_is_gone_on_with(self) -> None:
        self.serve("moonshot", "moonshot")

        def calls(connection: provider.Connection, _: provider.Request) -> None:
            connection.start_stream()
            connection.event(provider.delta("Let me see.", model="up"))
            call = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"ci'}}
            connection.event({"id": "c", "choices": [{"index": 0, "delta": {"tool_calls": [call]}}]})
            connection.cut()

        def thinks(connection: provider.Connection, _: provider.Request) -> None:
            connection.start_stream()
            connection.event({"id": "c", "choices": [{"index": 0, "delta": {"reasoning_content": "well"}}]})
            connection.event(provider.delta("Yes", model="up"))
            connection.cut()
        for answer in (calls, thinks):
            self.first.answer = answer
            self.fails(self.ask("openai"), asked=0)

    def test_a_request_is_kept_only_as_long_as_somebody_may_go_on(self) -> None:
        """One of two megabytes lies in a file, which is seen from outside."""
        self.serve("moonshot", "moonshot", "[server]\nthreads = 1\n" + CONFIG)
        steps = [threading.Event() for _ in range(2)]

        def answer(connection: provider.Connection, _: provider.Request) -> None:
            connection.start_stream()
            connection.event(provider.delta("Let me see.", model="up"))
            steps[0].wait(WAIT)
            call = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"ci'}}
            connection.event({"id": "c", "choices": [{"index": 0, "delta": {"tool_calls": [call]}}]})
            steps[1].wait(WAIT)
            connection.cut()
        self.first.answer = answer
        maps = Path(f"/proc/{self.daemon.running().pid}/maps")

        def kept() -> bool:
            return str(self.daemon.data) in "".join(line for line in maps.read_text(encoding="utf-8").splitlines() if "(deleted)" in line)
        body = {"model": "m1", "stream": True, "messages": [{"role": "user", "content": "x" * (2 << 20)}]}
        stream = self.daemon.stream(self.key, body)
        while b"Let me see" not in (event := stream.event()):
            self.assertTrue(event)
        self.assertTrue(kept())
        steps[0].set()
        until(lambda: not kept(), "the request is gone while its reply goes on")
        steps[1].set()
        self.assertIn(b"error", stream.response.read())
        stream.close()
        self.assertEqual(len(self.second.requests), 0)

    def test_an_answer_that_the_caller_began_is_left_alone(self) -> None:
        self.serve("anthropic", "anthropic")
        self.fails(self.ask("openai", {"messages": [{"role": "user", "content": "x"}, {"role": "assistant", "content": "I"}]}), 0)


if __name__ == "__main__":
    unittest.main()
