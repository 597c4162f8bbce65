"""The `openai` SDK of npm asks oblivd for embeddings, in base64 as is its habit, and for moderations.

The provider is `obliv sim`; sdk/plain.mjs is a program as a developer would write it.
"""
import unittest

from harness import until
from sdkcase import OpenAiSdkTest
from sim_openai import Sim


class OpenAiSdkPlain(OpenAiSdkTest):
    def setUp(self) -> None:
        super().setUp()
        self.sim = Sim(self.folder)
        self.enterContext(self.sim.process)
        self.addCleanup(self.sim.process.terminate)
        self.daemon.add_channel(f"http://127.0.0.1:{self.sim.port}/v1", name="sim", models=["e1", "omni-moderation-latest"])

    def test_embeddings_and_moderations(self) -> None:
        seen = self.sdk("plain")
        self.assertEqual(seen, {"lengths": [8, 8], "same": True, "usage": {"prompt_tokens": 6, "total_tokens": 6},
                                "flagged": [False, True]})
        until(lambda: len(self.daemon.calls()) == 3, "the usage rows")
        by_model = {(row["model"], row["usage"]["input"]) for row in self.daemon.calls()}
        self.assertEqual(by_model, {("e1", 6), ("e1", 3), ("omni-moderation-latest", 0)})
        self.assert_books(self.daemon)


if __name__ == "__main__":
    unittest.main()
