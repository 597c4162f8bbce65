"""`cohere-ai` of npm notices nothing: its chat with each provider that oblivd can ask, and its rerank.

Behind the daemon stand simulated providers of OpenAI's, Anthropic's, Gemini's, Cohere's and AWS's format. sdk/cohere.mjs
holds the programs as a developer would write them; each asks every model and prints what it saw of each.
"""
import unittest
from typing import Any

from harness import until
from sdkcase import SimulatedProviders

ARGUMENTS = {"text": "lorem ipsum dolor"}


class CohereSdk(SimulatedProviders):
    packages = ("cohere-ai",)

    def ask(self, case: str, *said: str, models: tuple[str, ...] = (), key: str = "") -> dict[str, Any]:
        return self.run_node("cohere.mjs", ",".join(models or self.kinds), case, *said, key=key)

    def test_a_reply(self) -> None:
        for kind, seen in self.ask("chat", "Say hello. [[sim:tokens=5]]").items():
            with self.subTest(provider=kind):
                self.assertEqual((len(seen.get("text", "").split()), seen.get("finish"), seen.get("output")), (5, "COMPLETE", 5), seen)
                self.assertGreater(seen["input"], 0)
        until(lambda: len(self.daemon.calls()) == len(self.kinds), "the usage rows")
        self.assertEqual({row["usage_source"] for row in self.daemon.calls()}, {"provider"})
        self.assert_books(self.daemon)

    def test_a_stream(self) -> None:
        for kind, seen in self.ask("stream", "Say hello. [[sim:tokens=5]]").items():
            with self.subTest(provider=kind):
                self.assertEqual((len(seen.get("parts", [])), seen.get("finish"), seen.get("output")), (5, "COMPLETE", 5), seen)
                self.assertEqual(seen["kinds"], ["message-start", "content-start", "content-delta", "content-end", "message-end"])

    def test_thoughts(self) -> None:
        for case in ("chat", "stream"):
            for kind, seen in self.ask(case, "[[sim:tokens=3]][[sim:think=4]]", models=("anthropic", "cohere", "bedrock")).items():
                with self.subTest(case=case, provider=kind):
                    self.assertEqual(len(seen.get("thought", "").split()), 4, seen)

    def test_tools(self) -> None:
        for kind, seen in self.ask("tools").items():
            with self.subTest(provider=kind):
                self.assertEqual((seen.get("first", {}).get("calls"), seen["first"]["finish"]), ([["weather", ARGUMENTS]], "TOOL_CALL"), seen)
                self.assertEqual((seen["second"]["calls"], seen["second"]["finish"]), ([], "COMPLETE"))
        for kind, seen in self.ask("tools-stream").items():
            with self.subTest(provider=kind):
                self.assertEqual((seen.get("calls"), seen.get("finish")), ([["weather", ARGUMENTS]], "TOOL_CALL"), seen)

    def test_images_and_documents(self) -> None:
        for case in ("image", "documents"):
            for kind, seen in self.ask(case, "What is this? [[sim:tokens=2]]").items():
                with self.subTest(case=case, provider=kind):
                    self.assertEqual((seen.get("finish"), seen.get("output")), ("COMPLETE", 2), seen)

    def test_structured_output(self) -> None:
        for kind, seen in self.ask("structured", '{"text":"lorem ipsum dolor"} [[sim:echo]]').items():
            with self.subTest(provider=kind):
                self.assertEqual(seen, ARGUMENTS)

    def test_a_limit_ends_the_reply(self) -> None:
        for kind, seen in self.ask("settings", "[[sim:tokens=50]]").items():
            with self.subTest(provider=kind):
                self.assertEqual((seen.get("finish"), seen.get("output")), ("MAX_TOKENS", 3), seen)

    def test_errors_are_the_sdks_own_classes(self) -> None:
        wrong = self.ask("chat", models=("openai",), key="sk-wrong")["openai"]
        self.assertEqual((wrong["error"], wrong["status"], wrong["ours"]), ("UnauthorizedError", 401, True), wrong)
        missing = self.ask("stream", models=("no-such-model",))["no-such-model"]
        self.assertEqual((missing["error"], missing["status"]), ("NotFoundError", 404), missing)
        for kind, seen in self.ask("chat", "[[sim:fault=400]]").items():
            with self.subTest(provider=kind):
                self.assertEqual((seen["error"], seen["status"]), ("BadRequestError", 400), seen)
                self.assertIn("simulated fault 400", seen["message"])

    def test_leaving_is_billed(self) -> None:
        for kind, seen in self.ask("abort", "[[sim:tokens=2000]][[sim:itl=5ms]]").items():
            with self.subTest(provider=kind):
                self.assertTrue(3 <= seen.get("texts", 0) < 1000, seen)
        until(lambda: len(self.daemon.calls()) == len(self.kinds), "the usage rows")
        for row in self.daemon.calls():
            self.assertEqual(row["finish_reason"], "aborted")
            self.assertGreater(float(row["cost"]), 0)

    def test_vectors(self) -> None:
        self.daemon.api("PATCH", "/channels/openai", {"losses": "drop"})  # OpenAI cannot be told what the vectors are for
        seen = self.ask("embed", models=("openai",))["openai"]
        self.assertIn("vectors", seen, seen)
        self.assertEqual((len(seen["vectors"]), seen["texts"]), (2, ["one", "two"]), seen)
        until(lambda: len(self.daemon.calls()) == 1, "the usage row")
        self.assertEqual(self.daemon.calls()[0]["usage"]["input"], seen["tokens"])

    def test_rerank(self) -> None:
        self.assertEqual(len(self.ask("rerank", models=("cohere",))["cohere"]), 2)


if __name__ == "__main__":
    unittest.main()
