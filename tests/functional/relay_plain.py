"""Embeddings, rerank and moderations go the road of a chat: authenticated, routed, failed over, billed, byte for byte.

Proved with a scripted upstream that keeps every request and answers as the provider would.
"""
import json
import unittest
from typing import Any

import upstream as provider
from client import Response, request
from harness import FunctionalTest

VECTORS = b'{ "object":"list","data":[{"object":"embedding","index":0,"embedding":[0.10,2e-3]}],"model":"e1","usage":%s}'


def vectors(used: Any = None) -> bytes:
    return VECTORS % json.dumps(used if used is not None else {"prompt_tokens": 8, "total_tokens": 8}).encode()


class RelayPlain(FunctionalTest):
    def setUp(self) -> None:
        super().setUp()
        self.upstream = self.new_upstream()
        self.daemon = self.new_daemon()
        self.daemon.add_channel(self.upstream, models=["e1", "omni-moderation-latest"])
        self.daemon.set_price("e1")
        self.key = self.daemon.add_token()

    def post(self, path: str, body: Any, key: str | None = None) -> Response:
        return request(self.daemon.port, "POST", path, body, {"authorization": f"Bearer {key or self.key}"})

    def answer(self, body: bytes, status: int = 200) -> None:
        self.upstream.answer = lambda connection, _: connection.reply(status, body)

    def test_embeddings_pass_byte_for_byte_and_cost_their_input(self) -> None:
        self.answer(vectors())
        sent = b'{"model":"e1", "input":["a","b"],"encoding_format":"float"}'
        reply = self.post("/v1/embeddings", sent)
        self.assertEqual((reply.status, reply.body), (200, vectors()))
        self.assertEqual((self.upstream.requests[0].path, self.upstream.requests[0].body), ("/v1/embeddings", sent))
        row = self.daemon.call(reply.request_id)
        self.assertEqual((row["usage"]["input"], row["usage"]["output"], row["usage_source"]), (8, 0, "provider"))
        self.assertEqual(row["cost"], "0.00002")
        self.assert_books(self.daemon)

    def test_embeddings_without_figures_cost_an_estimate_of_what_was_read(self) -> None:
        self.answer(b'{"object":"list","data":[],"model":"e1"}')
        row = self.daemon.call(self.post("/v1/embeddings", {"model": "e1", "input": "four words of text"}).request_id)
        self.assertEqual(row["usage_source"], "estimated")
        self.assertGreater(row["usage"]["input"], 0)

    def test_a_failing_channel_is_failed_over(self) -> None:
        self.upstream.queue.append(provider.error(500))
        second = self.new_upstream()
        second.answer = lambda connection, _: connection.reply(200, vectors())
        self.daemon.add_channel(second, name="second", models=["e1"], priority=-1)
        reply = self.post("/v1/embeddings", {"model": "e1", "input": "a"})
        self.assertEqual((reply.status, reply.body), (200, vectors()))

    def test_moderations_need_no_model_and_no_price(self) -> None:
        body = b'{"id":"modr-1","model":"omni-moderation-latest","results":[{"flagged":false}]}'
        self.answer(body)
        reply = self.post("/v1/moderations", {"input": "hello"})
        self.assertEqual((reply.status, reply.body), (200, body))
        self.assertEqual(self.upstream.requests[0].json, {"input": "hello"})
        row = self.daemon.call(reply.request_id)
        self.assertEqual((row["model"], row["usage"]["input"], row["error"]), ("omni-moderation-latest", 0, None))

    def test_moderations_cost_their_price_per_call_and_nothing_when_they_fail(self) -> None:
        self.daemon.set_price("omni-moderation-latest", input="0", output="0", per_call="0.001")
        self.answer(b'{"id":"modr-1","model":"omni-moderation-latest","results":[{"flagged":true}]}')
        good = self.post("/v1/moderations", {"input": ["a", "b"]})
        self.answer(b'{"error":{"message":"too many inputs","type":"invalid_request_error","param":"input","code":null}}', 400)
        bad = self.post("/v1/moderations", {"input": ["a", "b"]})
        self.assert_openai_error(bad, 400)
        self.assertEqual(bad.json["error"]["message"], "too many inputs")
        self.assertEqual([self.daemon.call(reply.request_id)["cost"] for reply in (good, bad)], ["0.001", "0.00"])
        self.assert_openai_error(self.post("/v1/moderations", {"input": "a"}, "sk-wrong"), 401)
        self.assert_books(self.daemon)

    def test_a_failing_moderation_is_failed_over_under_the_channels_own_name(self) -> None:
        self.upstream.queue.append(provider.error(500))
        second = self.new_upstream()
        second.answer = lambda connection, _: connection.reply(200, b'{"id":"modr-2","results":[{"flagged":false}]}')
        self.daemon.add_channel(second, name="second", models=["omni-moderation-latest"], priority=-1,
                                aliases={"omni-moderation-latest": "text-moderation-007"})
        reply = self.post("/v1/moderations", {"model": "omni-moderation-latest", "input": "a"})
        self.assertEqual((reply.status, reply.json["id"]), (200, "modr-2"))
        self.assertEqual(second.requests[0].json["model"], "text-moderation-007")

    def test_a_provider_that_does_not_rerank_is_not_asked(self) -> None:
        reply = self.post("/v1/rerank", {"model": "e1", "query": "q", "documents": ["a"]})
        self.assertGreaterEqual(reply.status, 400)
        self.assertIn("does not", reply.json["error"]["message"])
        self.assertEqual(self.upstream.requests, [])
        self.assert_books(self.daemon)

    def test_rerank_is_billed_by_total_tokens_or_by_the_call(self) -> None:
        self.daemon.add_channel(self.upstream, name="ranker", type="vllm", models=["r1"])
        self.daemon.set_price("r1", input="1.00", output="0", per_call="0.002")
        self.answer(b'{"id":"r","results":[{"index":0,"relevance_score":0.5}],"usage":{"total_tokens":10}}')
        reply = self.post("/v1/rerank", {"model": "r1", "query": "q", "documents": ["a"]})
        self.assertEqual(self.upstream.requests[0].path, "/v1/rerank")
        self.assertEqual(self.daemon.call(reply.request_id)["usage"]["input"], 10)
        self.answer(b'{"id":"r","results":[],"meta":{"billed_units":{"search_units":1}}}')
        reply = self.post("/v1/rerank", {"model": "r1", "query": "q", "documents": ["a"]})
        row = self.daemon.call(reply.request_id)
        self.assertEqual((row["usage"]["input"], row["usage"]["searches"], row["usage_source"], row["cost"]), (0, 1, "provider", "0.002"))

    def test_what_is_wrong_is_said_and_costs_nothing(self) -> None:
        for body in (b"{", b"[]", {"input": "no model"}, {"model": 7, "input": "a"}):
            reply = self.post("/v1/embeddings", body)
            self.assert_openai_error(reply, 400)
        self.assert_openai_error(self.post("/v1/embeddings", {"model": "e1", "input": "a"}, "sk-wrong"), 401)
        self.answer(b'{"error":{"message":"too long","type":"invalid_request_error","param":"input","code":null}}', 400)
        reply = self.post("/v1/embeddings", {"model": "e1", "input": "a"})
        self.assertEqual((reply.status, reply.json["error"]["message"]), (400, "too long"))
        self.assertEqual(self.daemon.call(reply.request_id)["cost"], "0.00")
        self.assertEqual({row["cost"] for row in self.daemon.calls()}, {"0.00"})
        self.assert_books(self.daemon)


if __name__ == "__main__":
    unittest.main()
