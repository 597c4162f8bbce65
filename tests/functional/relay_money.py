"""What a stream costs that does not end as it should: cut when its money is used up, or reported late, or thought unseen.

The providers are scripted, one for each format; the balance is chosen so that each call can pay for so many tokens.
"""
import json
import threading
import unittest
from typing import Any

import formats
import upstream as provider
from client import Response, Stream, request
from dialects import CLIENTS, DIALECTS, pairs
from harness import WAIT, FunctionalTest, ask

# What is set aside for a call that names no limit: 100 tokens of output, at a dollar each. Input is free.
CONFIG = "[billing]\noutput_tokens_default = 100\n"
PRICE = {"input": "0", "output": "1000000"}
WORD = "word word word word "  # 20 bytes: four tokens; the last blank is one by itself until a word follows it
COUNTED = {"m1": "gpt-4o"}  # whose tokens can be counted
LENGTH = {"openai": "length", "anthropic": "max_tokens", "gemini": "MAX_TOKENS", "responses": "incomplete", "cohere": "MAX_TOKENS",
          "completions": "length"}


def words_of(kind: str) -> tuple[bytes, bytes]:
    """How a stream of this format begins, and the event that brings one more word."""
    dialect = DIALECTS[kind]
    events = dialect.events(formats.Script(cut=True))
    word = json.loads(json.dumps(events[-1]).replace(json.dumps(formats.TEXT[0]), json.dumps(WORD)))
    if kind == "gemini":
        del word[1]["usageMetadata"]
    if kind == "dashscope":
        del word[1]["usage"]
    return dialect.frames(events[:-1]), dialect.frame(word)


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

        def answer(connection: provider.Connection, asked: provider.Request) -> None:
            send = DIALECTS[kind].start(connection, asked)
            try:
                if begin:
                    send(begin)
                for _ in range(20_000 // at_once):  # far beyond any limit here
                    send(word * at_once)
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
        elif client in ("cohere", "completions"):
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
        for client, kind in pairs():
            for at_once in (1, 40):
                with self.subTest(client=client, provider=kind, events_at_once=at_once):
                    name = f"{client}-{kind}-{at_once}"
                    self.daemon.add_prepaid(name, "120")  # dollars, that is tokens: 100 at first, 20 more
                    key = self.daemon.add_token(name, account=name)
                    self.upstream.answer = self.endless(kind, at_once)
                    self.daemon.add_channel(**DIALECTS[kind].channel(self.upstream.port), name=name, aliases=COUNTED)
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


class Filtered(FunctionalTest):
    """A content filter ends a reply as any other end does: what the provider tells is charged."""
    # The word for a natural end, and the one for a filter's, in the provider's format.
    ENDS = {"openai": ("stop", "content_filter"), "completions": ("stop", "content_filter"), "anthropic": ("end_turn", "refusal"),
            "gemini": ("STOP", "SAFETY"), "bedrock": ("end_turn", "content_filtered"), "dashscope": ("stop", "content_filter")}

    def test_what_a_filter_ends_is_charged_by_the_providers_figures(self) -> None:
        upstream = self.new_upstream()
        daemon = self.new_daemon()
        key = daemon.add_token()
        for kind, (natural, filtered) in self.ENDS.items():
            daemon.set_price(kind)
            daemon.add_channel(**DIALECTS[kind].channel(upstream.port), name=kind, models=[kind])
            dialect = DIALECTS[kind]
            events = json.loads(json.dumps(dialect.events(formats.Script())).replace(json.dumps(natural), json.dumps(filtered)))

            def answer(connection: provider.Connection, asked: provider.Request) -> None:
                dialect.start(connection, asked)(dialect.frames(events))
                dialect.end(connection)
            upstream.answer = answer
            client = "completions" if kind == "completions" else "openai"
            with self.subTest(provider=kind):
                path, body = CLIENTS[client].ask(False, True)
                reply = request(daemon.port, "POST", path, {**body, "model": kind}, {"Authorization": f"Bearer {key}"})
                said = CLIENTS[client].said(formats.documents_of(reply))
                self.assertEqual((said.text, said.finish), ("".join(formats.TEXT), "content_filter"))
                row = daemon.call(reply.request_id)
                self.assertEqual((row["usage_source"], row["cost"], row["error"]), ("provider", "0.00014", None))
        self.assert_books(daemon)

    def test_without_figures_what_was_said_is_counted(self) -> None:
        upstream = self.new_upstream()
        daemon = self.new_daemon()
        daemon.set_price("gpt-4o")
        daemon.add_channel(upstream, models=["gpt-4o"])

        def answer(connection: provider.Connection, _: provider.Request) -> None:
            connection.start_stream()
            for event in (provider.delta("word word"), provider.delta(finish="content_filter"), "[DONE]"):
                connection.event(event)
            connection.end_stream()
        upstream.answer = answer
        row = daemon.call(daemon.post(daemon.add_token(), ask("gpt-4o", stream=True)).request_id)
        self.assertEqual((row["usage"]["output"], row["finish_reason"], row["error"]), (2, "content_filter", None))
        self.assertIn(row["usage_source"], ("counted", "estimated"))
        self.assertGreater(row["usage"]["input"], 0)


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
