"""`@langchain/openai` of npm, by chat completions and by Responses, before each provider that oblivd can ask.

Behind the daemon stand simulated providers of OpenAI's, Anthropic's, Gemini's, Cohere's and AWS's format. sdk/langchain.mjs holds
the programs as a developer would write them; each asks every model and prints what it saw of each.
"""
import unittest
from typing import Any

from harness import until
from sdkcase import SimulatedProviders

APIS = ("chat", "responses")
ARGUMENTS = {"text": "lorem ipsum dolor"}


class LangChain(SimulatedProviders):
    packages = ("@langchain/openai", "@langchain/core", "zod")

    def ask(self, api: str, case: str, *said: str, models: tuple[str, ...] = (), key: str = "") -> dict[str, Any]:
        return self.run_node("langchain.mjs", api, ",".join(models or self.kinds), case, *said, key=key)

    def each(self, case: str, *said: str) -> list[tuple[str, str, Any]]:
        return [(api, kind, seen) for api in APIS for kind, seen in self.ask(api, case, *said).items()]

    def test_a_reply(self) -> None:
        for api, kind, seen in self.each("chat", "Say hello. [[sim:tokens=5]]"):
            with self.subTest(api=api, provider=kind):
                self.assertEqual((len(seen.get("text", "").split()), seen.get("output")), (5, 5), seen)
                self.assertGreater(seen["input"], 0)
        until(lambda: len(self.daemon.calls()) == len(APIS) * len(self.kinds), "the usage rows")
        self.assert_books(self.daemon)

    def test_a_stream(self) -> None:
        for api, kind, seen in self.each("stream", "Say hello. [[sim:tokens=5]]"):
            with self.subTest(api=api, provider=kind):
                self.assertEqual(len(seen.get("parts", [])), 5, seen)
                self.assertEqual(("".join(seen["parts"]), seen["output"]), (seen["text"], 5))

    def test_tools(self) -> None:
        for api, kind, seen in self.each("tools"):
            with self.subTest(api=api, provider=kind):
                self.assertEqual(seen.get("first", {}).get("calls"), [["weather", ARGUMENTS]], seen)
                self.assertEqual(seen["second"]["calls"], [])
                self.assertTrue(seen["second"]["text"])
        for api, kind, seen in self.each("tools-stream"):
            with self.subTest(api=api, provider=kind):
                self.assertEqual(seen.get("calls"), [["weather", ARGUMENTS]], seen)

    def test_images(self) -> None:
        for api, kind, seen in self.each("image", "What is this? [[sim:tokens=2]]"):
            with self.subTest(api=api, provider=kind):
                self.assertEqual(seen.get("output"), 2, seen)

    def test_structured_output(self) -> None:
        for case in ("structured", "structured-by-call"):
            for api, kind, seen in self.each(case, '{"text":"lorem ipsum dolor"} [[sim:echo]]'):
                with self.subTest(api=api, provider=kind):
                    self.assertEqual(seen, ARGUMENTS)

    def test_a_limit_ends_the_reply(self) -> None:
        for api, kind, seen in self.each("settings", "[[sim:tokens=50]]"):
            with self.subTest(api=api, provider=kind):
                self.assertEqual((len(seen.get("text", "").split()), seen.get("output")), (3, 3), seen)

    def test_errors(self) -> None:
        for api in APIS:
            with self.subTest(api=api):
                wrong = self.ask(api, "chat", models=("openai",), key="sk-wrong")["openai"]
                self.assertEqual((wrong["error"], wrong["status"], wrong["code"]), ("AuthenticationError", 401, "MODEL_AUTHENTICATION"))
                missing = self.ask(api, "stream", models=("no-such-model",))["no-such-model"]
                self.assertEqual((missing["status"], missing["code"]), (404, "MODEL_NOT_FOUND"))
        for api, kind, seen in self.each("chat", "[[sim:fault=400]]"):
            with self.subTest(api=api, provider=kind):
                self.assertEqual((seen["error"], seen["status"]), ("BadRequestError", 400), seen)
        for api, kind, seen in self.each("stream", "[[sim:fault=cut]] [[sim:tokens=9]]"):
            with self.subTest(api=api, provider=kind):
                self.assertIn("error", seen)

    def test_leaving_is_billed(self) -> None:
        for api, kind, seen in self.each("abort", "[[sim:tokens=2000]][[sim:itl=5ms]]"):
            with self.subTest(api=api, provider=kind):
                self.assertTrue(3 <= seen.get("texts", 0) < 1000, seen)
        until(lambda: len(self.daemon.calls()) == len(APIS) * len(self.kinds), "the usage rows")
        for row in self.daemon.calls():
            self.assertEqual(row["finish_reason"], "aborted")
            self.assertGreater(float(row["cost"]), 0)

    def test_embeddings(self) -> None:
        self.assertEqual(self.ask("chat", "embed", models=("openai",))["openai"], {"vectors": 2, "same_length": True})


if __name__ == "__main__":
    unittest.main()
