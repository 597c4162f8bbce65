"""Lists of models and counts of tokens in the form of each SDK.

Proved by asking as each SDK does: a caller sees the models that his key may call, and nothing else.
"""
import json
import subprocess
import unittest

from client import Response, request
from harness import BIN, WAIT, FunctionalTest

ANTHROPIC = {"anthropic-version": "2023-06-01"}


class ConvertLists(FunctionalTest):
    def setUp(self) -> None:
        super().setUp()
        self.daemon = self.new_daemon()
        self.daemon.add_channel(self.new_upstream(), models=["a1", "b/2", "c3"])
        self.key = self.daemon.add_token()

    def get(self, path: str, headers: dict[str, str] | None = None, key: str | None = None) -> Response:
        return request(self.daemon.port, "GET", path, None, {"x-api-key": key or self.key, **(headers or {})})

    def test_each_sdk_gets_the_list_in_its_own_form(self) -> None:
        openai = self.get("/v1/models").json
        self.assertEqual((openai["object"], [m["id"] for m in openai["data"]]), ("list", ["a1", "b/2", "c3"]))
        anthropic = self.get("/v1/models?limit=2", ANTHROPIC).json
        self.assertEqual([m["id"] for m in anthropic["data"]], ["a1", "b/2"])
        self.assertTrue(anthropic["has_more"])
        rest = self.get(f"/v1/models?after_id={anthropic['last_id']}", ANTHROPIC).json
        self.assertEqual([m["id"] for m in rest["data"]], ["c3"])
        first = self.get("/v1beta/models?pageSize=2").json
        self.assertEqual([m["name"] for m in first["models"]], ["models/a1", "models/b/2"])
        second = self.get(f"/v1beta/models?pageSize=2&pageToken={first['nextPageToken']}").json
        self.assertEqual([m["name"] for m in second["models"]], ["models/c3"])
        self.assertNotIn("nextPageToken", second)

    def test_one_model_is_described_and_an_unknown_one_is_not_found(self) -> None:
        self.assertEqual(self.get("/v1/models/b%2F2").json["id"], "b/2")
        self.assertEqual(self.get("/v1/models/b/2", ANTHROPIC).json["type"], "model")
        self.assertEqual(self.get("/v1beta/models/a1").json["name"], "models/a1")
        for path, headers in (("/v1/models/x", {}), ("/v1/models/x", ANTHROPIC), ("/v1beta/models/x", {})):
            self.assertEqual(self.get(path, headers).status, 404)

    def test_a_key_sees_only_what_it_may_call(self) -> None:
        key = self.daemon.add_token("narrow", models=["a1"])
        self.assertEqual([m["id"] for m in self.get("/v1/models", key=key).json["data"]], ["a1"])
        self.assertEqual(self.get("/v1/models/c3", key=key).status, 404)
        self.assertEqual(self.get("/v1beta/models", key="sk-wrong").status, 401)

    def test_tokens_are_counted_without_a_provider(self) -> None:
        def count(body: object, key: str | None = None) -> Response:
            return request(self.daemon.port, "POST", "/v1/messages/count_tokens", body, {"x-api-key": key or self.key})
        short = {"model": "a1", "messages": [{"role": "user", "content": "Hello?"}]}
        long = {"model": "a1", "messages": [{"role": "user", "content": "word " * 4000}]}
        self.assertGreater(count(short).json["input_tokens"], 0)
        self.assertAlmostEqual(count(long).json["input_tokens"], 4000, delta=600)
        self.assertEqual(count({**short, "model": "gpt-4o"}).json["input_tokens"], 9)
        tools = [{"name": "look", "description": "Look it up", "input_schema": {"type": "object", "properties": {}}}]
        self.assertGreater(count({**short, "tools": tools}).json["input_tokens"], count(short).json["input_tokens"] + 10)
        self.assertEqual(count({"model": "a1"}).status, 400)
        self.assertEqual(count(short, "sk-wrong").json["error"]["type"], "authentication_error")

    def test_an_open_model_is_counted_by_the_tokenizer_that_the_operator_names(self) -> None:
        made = {"pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False},
                "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2}, "merges": ["a b"]}}
        path = self.folder / "tokenizer.json"
        path.write_text(json.dumps(made))
        daemon = self.new_daemon(f'[tokenizers]\nmodels = ["open*={path}", "mine=cl100k_base"]\n', name="open")
        count = daemon.api("POST", "/tokens/count", {"model": "open-1", "text": "abab"}, 200)
        self.assertEqual(count, {"tokens": 2, "exact": True, "model": "open-1", "encoding": str(path)})
        self.assertEqual(daemon.api("POST", "/tokens/count", {"model": "mine", "text": "a"}, 200)["encoding"], "cl100k_base")
        path.write_text("{}")
        done = subprocess.run([str(BIN / "oblivd"), "check", "--config", str(daemon.config)], capture_output=True, text=True,
                              timeout=WAIT, check=False)
        self.assertEqual(done.returncode, 78, done.stderr)
        self.assertIn("tokenizers.models", done.stderr)


if __name__ == "__main__":
    unittest.main()
