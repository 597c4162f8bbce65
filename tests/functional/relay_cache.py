"""An answer is given again to the same question: only where somebody asked for it, never to a stranger, marked in a
header and in the usage row, at the price that is set.

Proved with a scripted upstream that counts what reaches it.
"""
import json
import threading
import unittest

import client
import upstream as provider
from client import WAIT, request
from harness import Daemon, FunctionalTest, ask, until
from upstream import completion_bytes, usage

CACHE = """
[cache]
models = ["m1=exact"]
"""


class RelayCache(FunctionalTest):
    def setUp(self) -> None:
        super().setUp()
        self.upstream = self.new_upstream()

    def serve(self, config: str = CACHE) -> Daemon:
        self.daemon = self.new_daemon(config)
        self.daemon.add_channel(self.upstream, models=["m1", "m2"])
        self.daemon.set_price("m1")
        self.key = self.daemon.add_token()
        return self.daemon

    def post(self, body: object, how: str, key: str = "", **headers: str) -> client.Response:
        """Asks, and checks how the cache says that it was looked up."""
        reply = self.daemon.post(key or self.key, body, {name.replace("_", "-"): value for name, value in headers.items()})
        self.assertEqual(reply.status, 200, reply.body)
        self.assertEqual(reply.headers.get("x-oblivious-cache", "none"), how, reply.body)
        return reply

    def words(self, reply: client.Response) -> str:
        if "text/event-stream" not in reply.headers["content-type"]:
            return str(reply.json["choices"][0]["message"]["content"])
        said, ended = "", False
        for event in reply.body.decode().split("\n\n"):
            if event == "data: [DONE]":
                ended = True
            elif event:
                for choice in json.loads(event.removeprefix("data: "))["choices"]:
                    said += choice["delta"].get("content") or ""
        self.assertTrue(ended)
        return said

    def metric(self, result: str) -> int:
        text = request(self.daemon.socket, "GET", "/metrics").body.decode()
        return int(float(next(line.rpartition(" ")[2] for line in text.splitlines()
                              if line.startswith(f'oblivd_cache_lookups_total{{result="{result}"}}'))))

    def test_the_same_question_is_answered_once_by_the_provider(self) -> None:
        self.serve()
        first = self.post(ask(), "miss")
        again = self.post({**ask(), "user": "somebody else"}, "hit")
        self.assertEqual(again.body, first.body)
        self.assertEqual(again.headers["content-type"], first.headers["content-type"])
        self.assertIn("age", again.headers)
        self.assertNotEqual(again.request_id, first.request_id)
        self.post(ask(temperature=0), "miss")
        self.assertEqual(len(self.upstream.requests), 2)
        self.assertEqual((self.metric("hit"), self.metric("miss")), (1, 2))
        page = request(self.daemon.socket, "GET", "/metrics").body.decode()
        ratio = next(line for line in page.splitlines() if line.startswith("oblivd_cache_hit_ratio "))
        self.assertAlmostEqual(float(ratio.split()[1]), 1 / 3)

    def test_a_repeated_answer_is_marked_and_costs_nothing_by_default(self) -> None:
        self.serve()
        self.post(ask(), "miss")
        row = self.daemon.call(self.post(ask(), "hit").request_id)
        self.assertEqual((row["usage_source"], row["cost"], row["attempts"], row["channel_id"]), ("cache", "0.00", 0, None))
        self.assertEqual((row["usage"]["input"], row["usage"]["output"], row["status"]), (11, 7, 200))
        self.assertEqual((row["model_served"], row["finish_reason"], row["error"]), ("m1", "stop", None))
        self.assert_books(self.daemon)

    def test_a_repeated_answer_costs_its_part_of_the_price(self) -> None:
        daemon = self.serve(CACHE + "price_percent = 20\n")
        daemon.add_prepaid("small", "1")
        key = daemon.add_token("prepaid", account="small")
        self.post(ask(), "miss", key)
        row = daemon.call(self.post(ask(), "hit", key).request_id)
        # A fifth of 11 x 2.5 + 7 x 10 nano-dollars a token, times 1000.
        self.assertEqual(row["cost"], "0.0000195")
        self.assert_books(daemon)

    def test_streams_and_whole_replies_serve_each_other(self) -> None:
        self.serve()
        streamed = self.post(ask(stream=True), "miss")
        whole = self.post(ask(), "hit")
        self.assertEqual(self.words(whole), self.words(streamed))
        self.assertEqual(whole.json["usage"]["prompt_tokens"], 11)
        self.assertEqual(self.post(ask(stream=True), "hit").body, streamed.body)
        loud = self.post(ask(stream=True, stream_options={"include_usage": True}), "hit")
        self.assertEqual(self.words(loud), self.words(streamed))
        self.assertIn(b'"completion_tokens":7', loud.body)

        self.post(ask(seed=1), "miss")
        again = self.post(ask(seed=1, stream=True), "hit")
        self.assertTrue(again.headers["content-type"].startswith("text/event-stream"))
        self.assertEqual(self.words(again), "Hello.")
        row = self.daemon.call(again.request_id)
        self.assertEqual((row["stream"], row["usage_source"]), (True, "cache"))
        self.assertEqual(len(self.upstream.requests), 2)

    def test_a_stream_holds_no_memory_of_a_long_question(self) -> None:
        self.serve(CACHE + '[limits]\nbody_memory = "10MiB"\n')
        go = threading.Event()
        self.addCleanup(go.set)

        def answer(connection: provider.Connection, asked: provider.Request) -> None:
            if asked.path.endswith("/embeddings"):
                return connection.reply(200, b'{"object":"list","data":[],"model":"m2","usage":{"prompt_tokens":3,"total_tokens":3}}')
            connection.start_stream()
            connection.event(provider.delta("Hello."))
            go.wait(WAIT)
            connection.event(provider.delta(finish="stop"))
            connection.event("[DONE]")
            connection.end_stream()
        self.upstream.answer = answer
        # Five megabytes of short texts: all of it is kept while the call finds its channel.
        stream = self.daemon.stream(self.key, {**ask(stream=True), "messages": [{"role": "user", "content": "x" * 200}] * 22_000})
        self.addCleanup(stream.close)
        self.assertIn(b"Hello.", stream.event())
        # Nearly nine, which take three quarters of the memory that there is.
        body = b'{"model":"m2","input":[' + b"1234," * 1_750_000 + b"1]}"
        reply = request(self.daemon.port, "POST", "/v1/embeddings", body, {"authorization": f"Bearer {self.key}"})
        self.assertEqual(reply.status, 200, reply.body[:500])
        go.set()
        self.assertIn(b"[DONE]", stream.rest())

    def test_nobody_is_served_from_the_cache_who_did_not_ask_for_it(self) -> None:
        daemon = self.serve("")
        self.post(ask(), "none")
        self.post(ask(), "none")
        asked = daemon.add_token("asked", cache="exact")
        self.post(ask(), "miss", asked)
        self.post(ask(), "hit", asked)
        daemon.api("PATCH", "/tokens/asked", {"cache": None})
        self.post(ask(), "none", asked)
        self.assertEqual(len(self.upstream.requests), 4)

    def test_a_token_can_stay_out_of_it(self) -> None:
        daemon = self.serve()
        out = self.obliv(daemon, "token", "create", "fresh", "--cache", "off", "--jq", ".key")
        key = out.stdout.strip().strip('"')
        self.post(ask(), "none", key)
        self.post(ask(), "none", key)
        self.assertIn('"cache": "off"', self.obliv(daemon, "token", "get", "fresh", "--json").stdout)

    def test_another_account_gets_no_answer_of_mine(self) -> None:
        daemon = self.serve()
        daemon.add_prepaid("other", "1")
        other = daemon.add_token("other", account="other")
        mine = daemon.add_token("mine-too")
        self.post(ask(), "miss")
        self.post(ask(), "hit", mine)
        self.post(ask(), "miss", other)

    def test_everybody_shares_where_that_is_set_but_not_across_groups(self) -> None:
        daemon = self.serve(CACHE + 'scope = "everyone"\n')
        daemon.api("PATCH", "/channels/main", {"groups": ["default", "gold"]})
        daemon.add_prepaid("other", "1")
        other = daemon.add_token("other", account="other")
        gold = daemon.add_token("gold", group="gold")
        self.post(ask(), "miss")
        self.post(ask(), "hit", other)
        self.post(ask(), "miss", gold)

    def test_who_may_not_call_the_model_gets_no_repeated_answer(self) -> None:
        daemon = self.serve()
        self.post(ask(), "miss")
        narrow = daemon.add_token("narrow", models=["m2"])
        self.assert_openai_error(daemon.post(narrow, ask()), 403)
        slow = daemon.add_token("slow", requests_per_minute=1)
        self.post(ask(), "hit", slow)
        self.assert_openai_error(daemon.post(slow, ask()), 429)

    def test_the_caller_can_ask_anew(self) -> None:
        self.serve()
        self.post(ask(), "miss")
        self.upstream.answer = lambda connection, _: connection.reply(200, completion_bytes("New."))
        self.assertEqual(self.words(self.post(ask(), "miss", cache_control="no-cache")), "New.")
        self.assertEqual(self.words(self.post(ask(), "hit")), "New.")
        self.upstream.answer = lambda connection, _: connection.reply(200, completion_bytes("Secret."))
        self.post(ask(), "miss", cache_control="no-store")
        self.assertEqual(self.words(self.post(ask(), "hit")), "New.")

    def test_only_whole_good_answers_are_kept(self) -> None:
        self.serve()
        self.upstream.queue.append(provider.error(400, "no"))
        self.assertEqual(self.daemon.post(self.key, ask()).status, 400)

        def cut(connection: provider.Connection, _: provider.Request) -> None:
            connection.start_stream()
            connection.event(provider.delta("half"))
            connection.cut()
        self.upstream.queue.append(cut)
        broken = self.daemon.post(self.key, ask(stream=True))
        self.assertNotIn(b"[DONE]", broken.body)
        self.assertEqual(self.words(self.post(ask(), "miss")), "Hello.")
        self.post(ask(), "hit")

    def test_a_response_that_is_not_stored_is_kept_however_long_its_question(self) -> None:
        said = {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed",
                "content": [{"type": "output_text", "text": "Hi.", "annotations": []}]}
        reply_body = json.dumps({"id": "resp_1", "object": "response", "status": "completed", "model": "m1", "output": [said],
                                 "usage": {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2}}).encode()
        self.upstream.answer = lambda connection, asked: connection.reply(200, reply_body)
        self.serve()
        for length in (10, 200_000):
            for kept, hows in ((True, ["miss", "miss"]), (False, ["miss", "hit"])):
                body = {"model": "m1", "input": "x" * length, "store": kept}
                for how in hows:
                    reply = client.request(self.daemon.port, "POST", "/v1/responses", body, {"Authorization": f"Bearer {self.key}"})
                    self.assertEqual((reply.status, reply.headers.get("x-oblivious-cache", "none")), (200, how), (length, kept))

    def test_a_long_answer_is_not_kept(self) -> None:
        self.serve(CACHE + 'answer_bytes = "1KiB"\n')
        self.upstream.answer = lambda connection, _: connection.reply(200, completion_bytes("x" * 2000))
        self.post(ask(), "miss")
        self.post(ask(), "miss")

    def test_an_old_answer_stands_in_when_every_channel_is_down(self) -> None:
        daemon = self.serve(CACHE + 'ttl = "1s"\nstale = "1h"\n[upstream]\nattempts = 1\n')
        self.post(ask(), "miss")
        until(lambda: self.daemon.post(self.key, ask()).headers["x-oblivious-cache"] == "miss", "the answer is old")
        self.upstream.answer = provider.error(500)
        stale: list[client.Response] = []

        def stands_in() -> bool:
            reply = self.daemon.post(self.key, ask(stream=True))
            stale.append(reply)
            return reply.headers["x-oblivious-cache"] == "stale"
        until(stands_in, "the answer of then")
        self.assertEqual(self.words(stale[-1]), "Hello.")
        row = daemon.call(stale[-1].request_id)
        self.assertEqual((row["status"], row["usage_source"], row["cost"], row["error"]), (200, "cache", "0.00", None))
        # Also when nobody is asked any more, because the breaker is open.
        rows = [daemon.call(self.post(ask(), "stale").request_id) for _ in range(8)]
        self.assertEqual({row["usage_source"] for row in rows}, {"cache"})
        self.assertIn(0, {row["attempts"] for row in rows})
        self.assertGreaterEqual(self.daemon.post(self.key, ask(seed=9)).status, 500)
        self.assert_books(daemon)

    def test_equal_calls_at_once_share_one_answer(self) -> None:
        daemon = self.serve(CACHE + 'single_flight = "on"\n[server]\nthreads = 2\n')
        go = threading.Event()

        def slow(connection: provider.Connection, _: provider.Request) -> None:
            go.wait(20)
            connection.reply(200, completion_bytes("Once."))
        self.upstream.answer = slow
        replies: list[client.Response] = []
        callers = [threading.Thread(target=lambda: replies.append(daemon.post(self.key, ask()))) for _ in range(8)]
        for caller in callers:
            caller.start()
        self.assertTrue(self.upstream.wait_requests(1))
        until(lambda: daemon.api("GET", "/system/status")["requests_in_flight"] >= 9, "all wait, and this one asks")
        go.set()
        for caller in callers:
            caller.join(20)
        self.assertEqual({reply.status for reply in replies}, {200})
        self.assertEqual({self.words(reply) for reply in replies}, {"Once."})
        self.assertEqual(len(self.upstream.requests), 1)
        self.assertEqual(sorted(reply.headers["x-oblivious-cache"] for reply in replies), ["miss"] + ["shared"] * 7)
        self.assert_books(daemon)

    def test_who_waited_for_a_call_that_failed_asks_for_himself(self) -> None:
        daemon = self.serve(CACHE + 'single_flight = "on"\n[server]\nthreads = 1\n')
        go = threading.Event()

        def refuse(connection: provider.Connection, _: provider.Request) -> None:
            go.wait(20)
            provider.error(400, "not this one")(connection, _)
        self.upstream.queue.append(refuse)
        replies: list[client.Response] = []
        first = threading.Thread(target=lambda: replies.append(daemon.post(self.key, ask())))
        first.start()
        self.assertTrue(self.upstream.wait_requests(1))
        second = threading.Thread(target=lambda: replies.append(daemon.post(self.key, ask())))
        second.start()
        until(lambda: daemon.api("GET", "/system/status")["requests_in_flight"] >= 3, "both wait, and this one asks")
        go.set()
        first.join(20)
        second.join(20)
        self.assertEqual(sorted(reply.status for reply in replies), [200, 400])
        self.assertEqual(len(self.upstream.requests), 2)

    def test_a_question_that_means_the_same_is_found(self) -> None:
        vectors = {"Say hello.": [1.0, 0.0], "Please say hello.": [0.99, 0.05], "Say goodbye.": [0.0, 1.0]}
        chats: list[str] = []

        def answer(connection: provider.Connection, asked: provider.Request) -> None:
            if asked.path.endswith("/embeddings"):
                vector = vectors[asked.json["input"]]
                connection.reply(200, json.dumps({"object": "list", "model": "e1", "data": [
                    {"object": "embedding", "index": 0, "embedding": vector}],
                    "usage": {"prompt_tokens": 3, "total_tokens": 3}}).encode())
                return
            chats.append(asked.json["messages"][-1]["content"])
            connection.reply(200, completion_bytes("To: " + chats[-1], used=usage()))
        self.upstream.answer = answer
        daemon = self.serve('[cache]\nmodels = ["m1=semantic"]\nembedding_model = "e1"\n')
        daemon.api("PATCH", "/channels/main", {"models": ["m1", "e1"]})
        daemon.set_price("e1", input="1", output="0")

        def say(words: str, **more: object) -> dict[str, object]:
            return {"model": "m1", "messages": [{"role": "user", "content": words}], **more}
        self.post(say("Say hello."), "miss")
        close = self.post(say("Please say hello."), "semantic")
        self.assertEqual(self.words(close), "To: Say hello.")
        self.assertEqual(daemon.call(close.request_id)["usage_source"], "cache")
        self.post(say("Say hello."), "hit")
        self.post(say("Say goodbye."), "miss")
        self.post(say("Please say hello.", temperature=1), "miss")
        self.assertEqual(chats, ["Say hello.", "Say goodbye.", "Please say hello."])
        # Asking what a question means is a call of the same token, with its own row and bill.
        meaning = daemon.call(close.request_id + "-meaning")
        self.assertEqual((meaning["model"], meaning["cost"]), ("e1", "0.000003"))
        self.assert_books(daemon)

    def test_without_its_embedding_model_the_cache_is_exact(self) -> None:
        self.serve('[cache]\nmodels = ["m1=semantic"]\nembedding_model = "nobody-serves-it"\n')
        self.post(ask(), "miss")
        self.post(ask(), "hit")


if __name__ == "__main__":
    unittest.main()
