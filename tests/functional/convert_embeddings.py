"""Vectors and rankings asked in one format and made by a provider of another.

Proved with a scripted upstream that answers as each provider would: what it was sent has no word of another format, what
the client gets is in its own, and the bill has the provider's figures, or an estimate where it tells none.
"""
import base64
import json
import struct
import unittest
from dataclasses import dataclass
from typing import Any

from client import Response, request
from harness import FunctionalTest

VECTORS = [[0.25, -1.0], [0.5, 2.0]]
TEXTS = ["one text", "another text"]


@dataclass
class Provider:
    """One provider of vectors: where and how it is asked for TEXTS, what it answers, and the tokens that it tells."""
    kind: str
    path: str
    asked: Any
    answer: Any
    tokens: int | None


def part(text: str) -> Any:
    return {"model": "models/up", "content": {"parts": [{"text": text}]}}


PROVIDERS = [
    Provider("openai", "/embeddings", {"model": "up", "input": TEXTS},
             {"object": "list", "data": [{"object": "embedding", "index": i, "embedding": v} for i, v in enumerate(VECTORS)],
              "model": "up", "usage": {"prompt_tokens": 4, "total_tokens": 4}}, 4),
    Provider("gemini", "/v1beta/models/up:batchEmbedContents", {"requests": [part(text) for text in TEXTS]},
             {"embeddings": [{"values": v} for v in VECTORS]}, None),
    Provider("vertex", "/v1/publishers/google/models/up:predict", {"instances": [{"content": text} for text in TEXTS]},
             {"predictions": [{"embeddings": {"values": v, "statistics": {"token_count": 2}}} for v in VECTORS]}, 4),
    Provider("cohere", "/v2/embed",
             {"model": "up", "texts": TEXTS, "input_type": "search_document", "embedding_types": ["float"]},
             {"id": "e", "embeddings": {"float": VECTORS}, "meta": {"billed_units": {"input_tokens": 5}}}, 5),
    Provider("voyage", "/embeddings", {"model": "up", "input": TEXTS},
             {"data": [{"index": i, "embedding": v} for i, v in enumerate(VECTORS)], "usage": {"total_tokens": 6}}, 6),
]


class ConvertEmbeddings(FunctionalTest):
    def setUp(self) -> None:
        super().setUp()
        self.upstream = self.new_upstream()
        self.daemon = self.new_daemon()
        self.key = self.daemon.add_token()

    def channel(self, kind: str, model: str = "e1", **more: Any) -> None:
        self.daemon.add_channel(f"http://127.0.0.1:{self.upstream.port}", name=kind, type=kind, models=[model],
                                aliases={model: "up"}, **more)
        self.daemon.set_price(model)

    def answer(self, body: Any, status: int = 200) -> None:
        self.upstream.answer = lambda connection, _: connection.reply(status, json.dumps(body).encode())

    def post(self, path: str, body: Any) -> Response:
        header = "x-goog-api-key" if path.startswith("/v1beta") else "authorization"
        value = self.key if header.startswith("x") else f"Bearer {self.key}"
        return request(self.daemon.port, "POST", path, body, {header: value})

    def test_coheres_clients_get_vectors_of_every_provider(self) -> None:
        asked = {"texts": TEXTS, "input_type": "classification", "embedding_types": ["float"], "output_dimension": 2}
        for case in PROVIDERS:
            with self.subTest(provider=case.kind):
                model = "e-" + case.kind
                self.channel(case.kind, model, losses="drop")
                self.answer(case.answer)
                reply = self.post("/v2/embed", {"model": model, **asked})
                self.assertEqual(reply.status, 200, reply.body)
                self.assertEqual(reply.json["embeddings"], {"float": VECTORS})
                if case.kind == "cohere":
                    self.assertEqual(self.upstream.requests[-1].json, {"model": "up", **asked})
                    continue
                self.assertEqual(reply.json["texts"], TEXTS)
                told = reply.json["meta"]["billed_units"]["input_tokens"]
                self.assertEqual(told, case.tokens if case.tokens is not None else told)
                self.assertEqual(self.daemon.call(reply.request_id)["usage"]["input"], told)
        self.daemon.add_channel(f"http://127.0.0.1:{self.upstream.port}", name="other", type="voyage", models=["e1"])
        for wrong in ({"texts": 7}, {}, {"texts": TEXTS, "embedding_types": ["int8"]}, {"texts": TEXTS, "input_type": "image"}):
            refused = self.post("/v2/embed", {"model": "e1", **wrong})
            self.assertEqual(refused.status, 400, refused.body)
            self.assertEqual(refused.json["error"]["type"], "invalid_request_error")

    def test_openais_clients_get_vectors_of_every_provider(self) -> None:
        for case in PROVIDERS:
            with self.subTest(provider=case.kind):
                model = "e-" + case.kind
                self.channel(case.kind, model)
                self.answer(case.answer)
                reply = self.post("/v1/embeddings", {"model": model, "input": TEXTS})
                self.assertEqual(reply.status, 200, reply.body)
                sent = self.upstream.requests[-1]
                self.assertEqual((sent.path, sent.json), (case.path, case.asked))
                self.assertEqual([entry["embedding"] for entry in reply.json["data"]], VECTORS)
                row = self.daemon.call(reply.request_id)
                self.assertEqual(row["usage_source"], "estimated" if case.tokens is None else "provider")
                self.assertEqual(row["usage"]["input"], case.tokens or row["usage"]["input"])
                self.assertEqual(reply.json["usage"]["prompt_tokens"], row["usage"]["input"])
        self.assert_books(self.daemon)

    def test_geminis_clients_get_vectors_of_every_provider(self) -> None:
        for case in PROVIDERS:
            with self.subTest(provider=case.kind):
                model = "e-" + case.kind
                self.channel(case.kind, model)
                self.answer(case.answer)
                requests = [{"model": "models/" + model, "content": {"parts": [{"text": text}]}} for text in TEXTS]
                reply = self.post(f"/v1beta/models/{model}:batchEmbedContents", {"requests": requests})
                self.assertEqual((reply.status, reply.json), (200, {"embeddings": [{"values": v} for v in VECTORS]}))
                sent = self.upstream.requests[-1]
                self.assertEqual((sent.path, sent.json), (case.path, case.asked))
                self.assertGreater(self.daemon.call(reply.request_id)["usage"]["input"], 0)
        self.assert_books(self.daemon)

    def test_one_text_is_asked_for_by_a_path_of_its_own(self) -> None:
        self.channel("cohere")
        self.answer({"embeddings": {"float": VECTORS[:1]}})
        reply = self.post("/v1beta/models/e1:embedContent", {"content": {"parts": [{"text": "a"}]}, "taskType": "RETRIEVAL_QUERY"})
        self.assertEqual((reply.status, reply.json), (200, {"embedding": {"values": VECTORS[0]}}))
        self.assertEqual(self.upstream.requests[-1].json["input_type"], "search_query")

    def test_geminis_own_bytes_pass_under_the_models_own_name(self) -> None:
        self.daemon.add_channel(f"http://127.0.0.1:{self.upstream.port}", name="g", type="gemini", models=["g1"])
        body = b'{ "content":{"parts":[{"text":"a"}]}, "unknown":1 }'
        answer = b'{ "embedding":{"values":[0.10]}}'
        self.upstream.answer = lambda connection, _: connection.reply(200, answer)
        reply = self.post("/v1beta/models/g1:embedContent", body)
        self.assertEqual((reply.status, reply.body), (200, answer))
        self.assertEqual((self.upstream.requests[0].path, self.upstream.requests[0].body), ("/v1beta/models/g1:embedContent", body))
        other = self.post("/v1beta/models/g1:batchEmbedContents", {"requests": [{"model": "models/g2", "content": {}}]})
        self.assertEqual((other.status, other.json["error"]["status"]), (400, "INVALID_ARGUMENT"))
        self.assertEqual(len(self.upstream.requests), 1)

    def test_base64_is_made_where_the_provider_does_not(self) -> None:
        self.channel("gemini")
        self.answer(PROVIDERS[1].answer)
        reply = self.post("/v1/embeddings", {"model": "e1", "input": TEXTS, "encoding_format": "base64"})
        packed = base64.b64decode(reply.json["data"][1]["embedding"])
        self.assertEqual(list(struct.unpack("<2f", packed)), VECTORS[1])

    def test_what_cannot_be_said_is_refused_or_dropped_as_the_channel_says(self) -> None:
        self.channel("gemini")
        self.answer({"embeddings": [{"values": VECTORS[0]}]})
        odd = {"model": "e1", "input": "a", "odd": 1}
        self.assert_openai_error(refused := self.post("/v1/embeddings", odd), 400)
        self.assertEqual(refused.json["error"]["param"], "odd")
        self.assert_openai_error(self.post("/v1/embeddings", {"model": "e1", "input": [1, 2]}), 400)
        self.assertEqual(self.upstream.requests, [])
        self.daemon.api("PATCH", "/channels/gemini", {"losses": "drop"})
        reply = self.post("/v1/embeddings", odd)
        self.assertEqual((reply.status, reply.headers["x-oblivious-dropped"]), (200, "odd"))
        self.assert_openai_error(self.post("/v1/embeddings", {"model": "e1", "input": [1, 2]}), 400)
        self.assert_books(self.daemon)

    def test_a_reply_that_is_none_costs_nothing(self) -> None:
        self.channel("gemini")
        self.answer({"error": {"code": 400, "message": "too long", "status": "INVALID_ARGUMENT"}}, 400)
        reply = self.post("/v1/embeddings", {"model": "e1", "input": TEXTS})
        self.assert_openai_error(reply, 400)
        self.assertIn("too long", reply.json["error"]["message"])
        self.answer({"embeddings": []})  # a failure that another channel could make good: tried again, then told
        reply = self.post("/v1/embeddings", {"model": "e1", "input": TEXTS})
        self.assert_openai_error(reply, 502)
        self.assertEqual(self.daemon.call(reply.request_id)["cost"], "0.00")
        self.assert_books(self.daemon)

    def test_a_failing_provider_is_failed_over_to_one_of_another_form(self) -> None:
        self.channel("gemini", priority=1)
        second = self.new_upstream()
        second.answer = lambda connection, _: connection.reply(200, json.dumps(PROVIDERS[3].answer).encode())
        self.daemon.add_channel(f"http://127.0.0.1:{second.port}", name="second", type="cohere", models=["e1"])
        self.answer({}, 500)
        reply = self.post("/v1/embeddings", {"model": "e1", "input": TEXTS})
        self.assertEqual([entry["embedding"] for entry in reply.json["data"]], VECTORS)
        self.assertEqual(self.daemon.call(reply.request_id)["usage"]["input"], 5)

    def test_long_batches_are_converted_whole(self) -> None:
        self.channel("gemini")
        self.answer({"embeddings": [{"values": [0.5] * 1536}] * 200})
        reply = self.post("/v1/embeddings", {"model": "e1", "input": ["text"] * 200})
        self.assertEqual((len(reply.json["data"]), len(reply.json["data"][199]["embedding"])), (200, 1536))

    def test_rankings_of_every_provider_have_one_shape(self) -> None:
        meta = {"billed_units": {"search_units": 2}}
        ask = {"query": "q", "documents": ["a", {"text": "b"}], "top_n": 1, "return_documents": True}
        for kind, path, answer, sent in (
                ("cohere", "/v2/rerank", {"id": "r", "results": [{"index": 1, "relevance_score": 0.5}], "meta": meta},
                 {"model": "up", "query": "q", "documents": ["a", "b"], "top_n": 1}),
                ("voyage", "/rerank", {"data": [{"index": 1, "relevance_score": 0.5}], "usage": {"total_tokens": 9}},
                 {"model": "up", "query": "q", "documents": ["a", "b"], "top_k": 1})):
            with self.subTest(provider=kind):
                model = "r-" + kind
                self.channel(kind, model)
                self.answer(answer)
                for route in ("/v1/rerank", "/v2/rerank"):
                    reply = self.post(route, {"model": model, **ask})
                    self.assertEqual(reply.status, 200, reply.body)
                    self.assertEqual(reply.json["results"], [{"index": 1, "relevance_score": 0.5, "document": {"text": "b"}}])
                    self.assertEqual((self.upstream.requests[-1].path, self.upstream.requests[-1].json), (path, sent))
                self.assertEqual(reply.json.get("meta"), answer.get("meta"))
                row = self.daemon.call(reply.request_id)
                told = (9, 0) if kind == "voyage" else (0, 2)
                self.assertEqual((row["usage"]["input"], row["usage"]["searches"], row["usage_source"]), (*told, "provider"))
        self.assert_books(self.daemon)


if __name__ == "__main__":
    unittest.main()
