"""What a stream costs that does not end as it should: cut when its money is used up, or reported late, or thought unseen.

The providers are scripted, one for each format; the balance is chosen so that each call can pay for so many tokens.
"""
import json
import threading
import unittest
from typing import Any

import formats
import upstream as provider
from client import Response, Stream
from harness import WAIT, FunctionalTest, ask

CLIENTS = {**formats.CLIENTS, "cohere": formats.COHERE_CLIENT}

# What is set aside for a call that names no limit: 100 tokens of output, at a dollar each. Input is free.
CONFIG = "[billing]\noutput_tokens_default = 100\n"
PRICE = {"input": "0", "output": "1000000"}
WORD = "word word word word "  # 20 bytes: four tokens; the last blank is one by itself until a word follows it
COUNTED = {"m1": "gpt-4o"}  # whose tokens can be counted
LENGTH = {"openai": "length", "anthropic": "max_tokens", "gemini": "MAX_TOKENS", "responses": "incomplete", "cohere": "MAX_TOKENS"}


def openai_word(model: str) -> tuple[str, Any]:
    return "", {"id": "chatcmpl-up", "object": "chat.completion.chunk", "created": 7, "model": model,
                "choices": [{"index": 0, "delta": {"content": WORD}, "finish_reason": None}]}


def words_of(kind: str) -> tuple[list[tuple[str, Any]], tuple[str, Any]]:
    """How a stream of this format begins, and the event that brings one more word."""
    if kind == "anthropic":
        begin = formats.anthropic_events(formats.Script(cut=True))[:3]
        delta = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": WORD}}
        return begin, (delta["type"], delta)
    if kind == "gemini":
        chunk = {"candidates": [{"index": 0, "content": {"role": "model", "parts": [{"text": WORD}]}}], "modelVersion": "up", "responseId": "r-up"}
        return [], ("", chunk)
    if kind == "cohere":
        events = formats.cohere_events(formats.Script(cut=True))
        word = {**events[2][1], "delta": {"message": {"content": {"text": WORD}}}}
        return events[:2], (word["type"], word)
    if kind == "responses":
        head = {"id": "resp_up", "object": "response", "created_at": 7, "status": "in_progress", "model": "up", "output": []}
        item = {"id": "msg_up", "type": "message", "role": "assistant", "status": "in_progress", "content": []}
        part = {"type": "output_text", "text": "", "annotations": []}
        begin = [{"type": "response.created", "response": head}, {"type": "response.in_progress", "response": head},
                 {"type": "response.output_item.added", "output_index": 0, "item": item},
                 {"type": "response.content_part.added", "item_id": "msg_up", "output_index": 0, "content_index": 0, "part": part}]
        word = {"type": "response.output_text.delta", "item_id": "msg_up", "output_index": 0, "content_index": 0, "delta": WORD}
        return [(event["type"], event) for event in begin], (word["type"], word)
    return [openai_word("up")], openai_word("up")


class UsedUp(FunctionalTest):
    def setUp(self) -> None:
        super().setUp()
        self.upstream = self.new_upstream()
        self.daemon = self.new_daemon(CONFIG)
        self.daemon.set_price(**PRICE)
        self.stopped = threading.Event()
        self.events = 0

    def endless(self, kind: str, at_once: int) -> provider.Answer:
        """A provider that says words until it is stopped, so many in one packet."""
        begin, word = words_of(kind)

        def framed(name: str, data: Any) -> bytes:
            return (f"event: {name}\n" if name else "").encode() + b"data: " + json.dumps(data).encode() + b"\n\n"

        def answer(connection: provider.Connection, _: provider.Request) -> None:
            connection.start_stream()
            connection.chunk(b"".join(framed(*event) for event in begin) or b": hello\n\n")
            try:
                for _ in range(20_000 // at_once):  # far beyond any limit here
                    connection.chunk(framed(*word) * at_once)
                if connection.wait_closed():
                    self.stopped.set()
            except OSError:
                self.stopped.set()
        return answer

    def open(self, client: str, key: str, **more: Any) -> Stream:
        path, body = CLIENTS[client].ask(False, True)
        if client == "openai":
            del body["max_completion_tokens"]
            del body["stream_options"]
        elif client == "responses":
            del body["max_output_tokens"]
        elif client == "gemini":
            del body["generationConfig"]
        elif client == "anthropic":
            body["max_tokens"] = 50
        elif client == "cohere":
            del body["max_tokens"]
        stream = Stream(self.daemon.port, path, {**body, **more}, {"Authorization": f"Bearer {key}", "x-goog-api-key": key})
        self.addCleanup(stream.close)
        return stream

    def check_cut(self, client: str, stream: Stream, tokens: int) -> dict[str, Any]:
        self.assertEqual(stream.status, 200)
        rest = stream.rest()
        said = CLIENTS[client].said(formats.documents_of(Response(200, stream.headers, rest)))
        self.assertEqual((said.finish, said.error), (LENGTH[client], ""), rest[-600:])
        # At most one event late.
        self.assertEqual(len(said.text), 5 * tokens)
        self.assertEqual(said.text, WORD * (len(said.text) // len(WORD)))
        self.assertTrue(self.stopped.wait(WAIT), "the provider was stopped")
        self.stopped.clear()
        row = self.daemon.call(stream.headers["x-request-id"])
        self.assertEqual((row["finish_reason"], row["error"], row["status"]), ("length", "quota_exhausted", 200))
        return row

    def test_a_stream_ends_as_too_long_when_its_money_is_used_up_in_every_format(self) -> None:
        pairs = [("openai", "openai"), ("anthropic", "anthropic"), ("gemini", "gemini"), ("responses", "responses"),
                 ("openai", "anthropic"), ("openai", "gemini"), ("anthropic", "openai"), ("gemini", "openai"),
                 ("responses", "anthropic"), ("gemini", "anthropic"), ("cohere", "cohere"), ("cohere", "openai"),
                 ("openai", "cohere")]
        for client, kind in pairs:
            for at_once in (1, 40):
                with self.subTest(client=client, provider=kind, events_at_once=at_once):
                    name = f"{client}-{kind}-{at_once}"
                    self.daemon.add_prepaid(name, "120")  # dollars, that is tokens: 100 at first, 20 more
                    key = self.daemon.add_token(name, account=name)
                    self.upstream.answer = self.endless(kind, at_once)
                    spoken = "openai" if kind == "responses" else kind
                    prefix = "/v1" if spoken == "openai" else ""
                    self.daemon.add_channel(f"http://127.0.0.1:{self.upstream.port}{prefix}", name=name, type=spoken, aliases=COUNTED)
                    try:
                        self.check_cut(client, self.open(client, key), 120)
                        account = self.daemon.api("GET", f"/accounts/{name}")
                        self.assertEqual(account["available"], "0.00", account)
                    finally:
                        self.daemon.api("DELETE", f"/channels/{name}")
        self.assert_books(self.daemon)

    def test_legacy_completions_end_as_too_long_too(self) -> None:
        def answer(connection: provider.Connection, asked: provider.Request) -> None:
            self.assertEqual(asked.path, "/v1/chat/completions")
            self.endless("openai", 3)(connection, asked)
        self.upstream.answer = answer
        self.daemon.add_channel(self.upstream, type="vllm", aliases=COUNTED)
        key = self.daemon.add_token("budget", budget="100")
        stream = Stream(self.daemon.port, "/v1/completions", {"model": "m1", "prompt": "Hello?", "stream": True}, {"Authorization": f"Bearer {key}"})
        self.addCleanup(stream.close)
        rest = stream.rest()
        choices = [choice for document in formats.documents_of(Response(200, stream.headers, rest)) for choice in document["choices"]]
        text = "".join(choice["text"] for choice in choices)
        self.assertEqual(len(text), 500)
        self.assertEqual([choice["finish_reason"] for choice in choices if choice["finish_reason"]], ["length"])
        self.assertTrue(rest.endswith(b"data: [DONE]\n\n"))
        self.assertTrue(self.stopped.wait(WAIT))
        self.assertEqual(self.daemon.call(stream.headers["x-request-id"])["cost"], "100.00")
        self.assert_books(self.daemon)

    def test_who_has_more_is_not_cut(self) -> None:
        self.daemon.add_prepaid("rich", "100000")
        key = self.daemon.add_token("rich", account="rich")
        self.daemon.add_channel(self.upstream, aliases=COUNTED)
        self.upstream.answer = provider.chat([WORD] * 200)
        for key in (key, self.daemon.add_token("unlimited")):
            reply = self.daemon.post(key, ask(stream=True))
            self.assertEqual(reply.body.count(WORD.encode()), 200)
            self.assertTrue(reply.body.endswith(b"data: [DONE]\n\n"))
            row = self.daemon.call(reply.request_id)
            self.assertEqual((row["finish_reason"], row["usage_source"], row["error"]), ("stop", "provider", None))
        self.assert_books(self.daemon)

    def test_a_budget_ends_a_stream_like_an_account(self) -> None:
        key = self.daemon.add_token("budget", budget="100")
        self.daemon.add_channel(self.upstream, aliases=COUNTED)
        self.upstream.answer = self.endless("openai", 3)
        row = self.check_cut("openai", self.open("openai", key), 100)
        self.assertEqual(row["cost"], "100.00")
        self.assert_books(self.daemon)

    def test_each_choice_ends_and_the_figures_are_told_to_who_asked(self) -> None:
        key = self.daemon.add_token("budget", budget="200")
        self.daemon.add_channel(self.upstream, aliases=COUNTED)
        self.upstream.answer = self.endless("openai", 1)
        stream = self.open("openai", key, n=2, stream_options={"include_usage": True})
        documents = formats.documents_of(Response(200, stream.headers, stream.rest()))
        ends = [choice for document in documents for choice in document["choices"] if choice["finish_reason"]]
        self.assertEqual([(end["index"], end["finish_reason"]) for end in ends], [(0, "length"), (1, "length")])
        self.assertEqual({document["id"] for document in documents}, {"chatcmpl-up"})
        used = documents[-1]["usage"]["completion_tokens"]
        self.assertEqual(self.daemon.call(stream.headers["x-request-id"])["usage"]["output"], used)
        self.assertTrue(200 < used <= 205, used)

    def test_a_limit_of_the_callers_own_is_the_providers_to_keep(self) -> None:
        """Tokens may be longer than they are estimated: nobody is cut before the limit that was paid for."""
        key = self.daemon.add_token("budget", budget="100")
        self.daemon.add_channel(self.upstream, aliases=COUNTED)
        used = provider.usage()
        self.upstream.answer = provider.chat(["x" * 6] * 100, {**used, "completion_tokens": 100})
        reply = self.daemon.post(key, ask(stream=True, max_completion_tokens=100))
        self.assertEqual(reply.body.count(b"xxxxxx"), 100)
        self.assertEqual(self.daemon.call(reply.request_id)["cost"], "100.00")


class LateFigures(FunctionalTest):
    def test_usage_behind_the_closing_event_is_read(self) -> None:
        upstream = self.new_upstream()
        daemon = self.new_daemon()
        daemon.set_price()
        daemon.add_channel(upstream)
        key = daemon.add_token()
        figures = provider.event_bytes(provider.usage_event())
        closing = [provider.event_bytes(provider.delta(finish="stop")), b"data: [DONE]\n\n"]
        for joined in (True, False):
            def answer(connection: provider.Connection, _: provider.Request, whole: bool = joined) -> None:
                connection.start_stream()
                connection.event(provider.delta("some words"))
                if whole:
                    connection.chunk(b"".join(closing) + figures)
                else:
                    connection.chunk(b"".join(closing))
                    connection.chunk(figures[:30])
                    connection.chunk(figures[30:])
                connection.end_stream()
            upstream.answer = answer
            with self.subTest(joined=joined):
                reply = daemon.post(key, ask(stream=True))
                self.assertTrue(reply.body.startswith(provider.event_bytes(provider.delta("some words")) + b"".join(closing)))
                row = daemon.call(reply.request_id)
                self.assertEqual((row["usage_source"], row["cost"]), ("provider", "0.0000975"))
                # And converted.
                path, body = CLIENTS["anthropic"].ask(False, True)
                stream = Stream(daemon.port, path, body, {"x-api-key": key})
                stream.rest()
                stream.close()
                row = daemon.call(stream.headers["x-request-id"])
                self.assertEqual((row["usage_source"], row["cost"]), ("provider", "0.0000975"))

    def test_a_provider_that_goes_on_after_the_closing_event_holds_nobody_up(self) -> None:
        upstream = self.new_upstream()

        def answer(connection: provider.Connection, _: provider.Request) -> None:
            connection.start_stream()
            connection.event(provider.delta("some words"))
            connection.event("[DONE]")
            connection.wait_closed()
        upstream.answer = answer
        daemon = self.new_daemon()
        daemon.add_channel(upstream)
        reply = daemon.post(daemon.add_token(), ask(stream=True), timeout=5)
        self.assertTrue(reply.body.endswith(b"data: [DONE]\n\n"))
        self.assertEqual(daemon.call(reply.request_id)["usage_source"], "estimated")


class UnseenThoughts(FunctionalTest):
    def test_who_leaves_a_model_that_thinks_unseen_pays_for_the_time_of_its_thoughts(self) -> None:
        upstream = self.new_upstream()
        held = threading.Event()

        def think(connection: provider.Connection, _: provider.Request) -> None:
            connection.start_stream()
            connection.event(provider.delta(""))
            held.wait(0.4)
            connection.event(provider.delta("word"))
            connection.wait_closed()
        upstream.answer = think
        daemon = self.new_daemon('[billing]\nhidden_reasoning_rate = 1000\n')
        for model in ("o3-mini", "gpt-4o"):
            daemon.set_price(model, input="0", output="1000000")
        daemon.add_channel(upstream, models=["o3-mini", "gpt-4o"])
        key = daemon.add_token()
        rows = {}
        for model in ("o3-mini", "gpt-4o"):
            stream = daemon.stream(key, ask(model, stream=True))
            while b"word" not in stream.event():
                pass
            stream.close()
            rows[model] = daemon.call(stream.headers["x-request-id"])
        self.assertGreaterEqual(rows["o3-mini"]["usage"]["reasoning"], 300)
        self.assertEqual(rows["gpt-4o"]["usage"]["reasoning"], 0)
        self.assertEqual({row["usage"]["output"] for row in rows.values()}, {1})
        self.assert_books(daemon)


if __name__ == "__main__":
    unittest.main()
