"""What `obliv sim` says in Cohere's format is what the SDKs understand: `cohere-ai`, and the `ai` SDK's package for Cohere.

sdk/cohere.mjs and sdk/ai.mjs hold the programs as a developer would write them; each prints what it saw.
"""
import json
import os
import subprocess
import unittest
from typing import Any

from harness import WAIT, FunctionalTest
from sdkcase import HERE, NODE
from simulator import Sim

ARGUMENTS = {"text": "lorem ipsum dolor"}


class CohereSdkAndSim(FunctionalTest):
    def setUp(self) -> None:
        super().setUp()
        if not NODE.exists() or not all((HERE / "node_modules" / name).exists() for name in ("cohere-ai", "ai", "@ai-sdk/cohere")):
            self.skipTest("the npm packages are not installed (scripts/setup --test)")
        self.sim = Sim(self.folder)
        self.addCleanup(self.sim.stop)

    def run_node(self, *arguments: str) -> Any:
        env = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "OBLIV_URL": f"http://127.0.0.1:{self.sim.port}", "OBLIV_KEY": "k"}
        done = subprocess.run([str(NODE), str(HERE / "sdk" / arguments[0]), *arguments[1:]], env=env, capture_output=True,
                              text=True, timeout=3 * WAIT, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return json.loads(done.stdout)["m1"]

    def cohere(self, case: str, *said: str) -> Any:
        return self.run_node("cohere.mjs", "m1", case, *said)

    def ai(self, case: str, *said: str) -> Any:
        return self.run_node("ai.mjs", "cohere", "m1", case, *said)

    def test_a_reply_whole_and_streamed(self) -> None:
        whole = self.cohere("chat", "[[sim:tokens=5]]")
        self.assertEqual((len(whole["text"].split()), whole["finish"], whole["output"]), (5, "COMPLETE", 5))
        streamed = self.cohere("stream", "[[sim:tokens=5]]")
        self.assertEqual((len(streamed["parts"]), streamed["finish"], streamed["output"]), (5, "COMPLETE", 5))
        self.assertEqual(streamed["kinds"], ["message-start", "content-start", "content-delta", "content-end", "message-end"])
        self.assertEqual((len(self.ai("stream", "[[sim:tokens=5]]")["parts"]), self.ai("chat", "[[sim:tokens=5]]")["output"]), (5, 5))

    def test_thoughts(self) -> None:
        for case in ("chat", "stream"):
            self.assertEqual(len(self.cohere(case, "[[sim:tokens=3]][[sim:think=4]]")["thought"].split()), 4)

    def test_tools(self) -> None:
        seen = self.cohere("tools")
        self.assertEqual((seen["first"]["calls"], seen["first"]["finish"]), ([["weather", ARGUMENTS]], "TOOL_CALL"))
        self.assertEqual((seen["second"]["calls"], seen["second"]["finish"]), ([], "COMPLETE"))
        self.assertEqual(self.cohere("tools-stream")["calls"], [["weather", ARGUMENTS]])
        for case in ("tools", "tools-stream"):
            self.assertEqual([step["finish"] for step in self.ai(case)["steps"]], ["tool-calls", "stop"])

    def test_images_documents_and_structured_output(self) -> None:
        for case in ("image", "documents"):
            self.assertEqual(self.cohere(case, "[[sim:tokens=2]]")["output"], 2)
        said = '{"text":"lorem ipsum dolor"} [[sim:echo]]'
        self.assertEqual((self.cohere("structured", said), self.ai("structured", said)), (ARGUMENTS, {"output": ARGUMENTS}))

    def test_limits_and_errors(self) -> None:
        self.assertEqual(self.cohere("settings", "[[sim:tokens=50]]")["finish"], "MAX_TOKENS")
        refused = self.cohere("chat", "[[sim:fault=400]]")
        self.assertEqual((refused["error"], refused["status"]), ("BadRequestError", 400))


if __name__ == "__main__":
    unittest.main()
