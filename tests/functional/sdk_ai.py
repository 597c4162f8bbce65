"""The `ai` SDK of npm (Vercel's), through each of its provider packages, before each provider that oblivd can ask.

Its packages speak OpenAI's chat completions and Responses, Anthropic's messages, Gemini's and Cohere's chat; behind the
daemon stand simulated providers of OpenAI's, Anthropic's, Gemini's, Cohere's and AWS's format. sdk/ai.mjs holds the programs as a
developer would write them; each asks every model and prints what it saw of each.
"""
import unittest
from typing import Any

from harness import until
from sdkcase import SimulatedProviders

FRONTS = ("openai", "responses", "compatible", "anthropic", "google", "cohere")
ARGUMENTS = {"text": "lorem ipsum dolor"}

class AiSdk(SimulatedProviders):
    packages = ("ai", "@ai-sdk/openai", "@ai-sdk/openai-compatible", "@ai-sdk/anthropic", "@ai-sdk/google", "@ai-sdk/cohere")

    def ask(self, front: str, case: str, *said: str, models: tuple[str, ...] | None = None, key: str = "") -> dict[str, Any]:
        return self.run_node("ai.mjs", front, ",".join(models or self.kinds), case, *said, key=key)

    def each(self, case: str, *said: str) -> list[tuple[str, str, Any]]:
        """What every front saw of every provider."""
        return [(front, kind, seen) for front in FRONTS for kind, seen in self.ask(front, case, *said).items()]

    def test_a_reply(self) -> None:
        for front, kind, seen in self.each("chat", "Say hello. [[sim:tokens=5]]"):
            with self.subTest(front=front, provider=kind):
                self.assertEqual((seen.get("finish"), len(seen.get("text", "").split())), ("stop", 5), seen)

                self.assertEqual((seen["output"], seen["warnings"]), (5, []), seen)
                row = self.daemon.call(seen["request_id"])
                self.assertEqual((row["usage"]["input"], row["usage"]["output"], row["usage_source"]), (seen["input"], 5, "provider"))
        self.assert_books(self.daemon)

    def test_a_stream(self) -> None:
        for front, kind, seen in self.each("stream", "Say hello. [[sim:tokens=5]]"):
            with self.subTest(front=front, provider=kind):
                self.assertEqual(len(seen.get("parts", [])), 5, seen)
                self.assertEqual(("".join(seen["parts"]), seen["finish"], seen["output"]), (seen["text"], "stop", 5))
                self.assertGreater(seen["input"], 0)

    def test_tools(self) -> None:
        for case in ("tools", "tools-stream"):
            for front, kind, seen in self.each(case):
                with self.subTest(front=front, provider=kind):
                    self.assertEqual(len(seen.get("steps", [])), 2, seen)
                    first, second = seen["steps"]
                    self.assertEqual((first["calls"], first["finish"]), ([["weather", ARGUMENTS]], "tool-calls"))
                    self.assertEqual((second["calls"], second["finish"], second["text"]), ([], "stop", seen["text"]))
                    self.assertTrue(seen["text"])

    def test_images(self) -> None:
        for front, kind, seen in self.each("image", "What is this? [[sim:tokens=2]]"):
            with self.subTest(front=front, provider=kind):
                self.assertEqual((seen.get("finish"), seen.get("output")), ("stop", 2), seen)

    def test_structured_output(self) -> None:
        for case in ("structured", "structured-stream"):
            for front, kind, seen in self.each(case, '{"text":"lorem ipsum dolor"} [[sim:echo]]'):
                with self.subTest(front=front, provider=kind):
                    self.assertEqual(seen, {"output": ARGUMENTS})

    def test_a_limit_ends_the_reply(self) -> None:
        for front, kind, seen in self.each("settings", "[[sim:tokens=50]]"):
            with self.subTest(front=front, provider=kind):
                self.assertEqual((seen.get("finish"), seen.get("output")), ("length", 3), seen)

    def test_errors(self) -> None:
        for front in FRONTS:
            with self.subTest(front=front):
                wrong = self.ask(front, "chat", models=("openai",), key="sk-wrong")["openai"]
                self.assertEqual((wrong["error"], wrong["status"], wrong["retryable"]), ("APICallError", 401, False), wrong)
                missing = self.ask(front, "stream", models=("no-such-model",))["no-such-model"]
                self.assertEqual((missing["error"], missing["status"]), ("APICallError", 404), missing)
        for front, kind, seen in self.each("chat", "[[sim:fault=400]]"):
            with self.subTest(front=front, provider=kind):
                self.assertEqual((seen["error"], seen["status"], seen["retryable"]), ("APICallError", 400, False), seen)
                self.assertIn("simulated fault 400", seen["message"])

    def test_a_stream_that_breaks_off_is_an_error(self) -> None:
        for front in FRONTS:
            seen = self.ask(front, "stream", "[[sim:fault=cut]] [[sim:tokens=9]]", models=("anthropic", "gemini"))
            for kind, said in seen.items():
                with self.subTest(front=front, provider=kind):
                    self.assertIn("error", said)

    def test_leaving_is_billed(self) -> None:
        for front in FRONTS:
            with self.subTest(front=front):
                before = len(self.daemon.calls())
                for seen in self.ask(front, "abort", "[[sim:tokens=2000]][[sim:itl=5ms]]").values():
                    self.assertTrue(3 <= seen.get("texts", 0) < 1000, seen)
                until(lambda: len(self.daemon.calls()) == before + len(self.kinds), "the usage rows")
                for row in self.daemon.calls()[:len(self.kinds)]:
                    self.assertEqual(row["finish_reason"], "aborted")
                    self.assertGreater(float(row["cost"]), 0)
        self.assert_books(self.daemon)

if __name__ == "__main__":
    unittest.main()
