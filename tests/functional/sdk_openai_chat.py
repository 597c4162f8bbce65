"""The `openai` SDK of npm, by chat completions, notices nothing, whatever provider stands behind oblivd.

Behind the daemon stand simulated providers of OpenAI's, Anthropic's, Gemini's, Cohere's and AWS's format. sdk/openai.mjs
holds the programs as a developer would write them; each asks every model and prints what it saw of each.
"""
import unittest
from typing import Any

from harness import until
from sdkcase import SimulatedProviders

ARGUMENTS = {"text": "lorem ipsum dolor"}


class OpenAiSdkChat(SimulatedProviders):
    packages = ("openai", "zod")

    def ask(self, case: str, *said: str, models: tuple[str, ...] = (), key: str = "") -> dict[str, Any]:
        return self.run_node("openai.mjs", ",".join(models or self.kinds), case, *said, key=key)

    def test_a_reply(self) -> None:
        for kind, seen in self.ask("chat", "Say hello. [[sim:tokens=5]]").items():
            with self.subTest(provider=kind):
                self.assertEqual((len(seen.get("text", "").split()), seen.get("finish"), seen.get("output")), (5, "stop", 5), seen)
                self.assertEqual(seen["model"], kind)
                row = self.daemon.call(seen["request_id"])
                self.assertEqual((row["usage"]["input"], row["usage"]["output"], row["usage_source"]), (seen["input"], 5, "provider"))
        self.assert_books(self.daemon)

    def test_a_stream(self) -> None:
        for kind, seen in self.ask("stream", "Say hello. [[sim:tokens=5]]").items():
            with self.subTest(provider=kind):
                self.assertEqual((len(seen.get("parts", [])), seen.get("finish"), seen.get("output"), seen.get("roles")), (5, "stop", 5, 1), seen)
                self.assertGreater(seen["input"], 0)
        for kind, seen in self.ask("helper", "Say hello. [[sim:tokens=5]]").items():
            with self.subTest(provider=kind):
                self.assertEqual((len(seen.get("text", "").split()), seen.get("finish")), (5, "stop"), seen)

    def test_tools(self) -> None:
        for kind, seen in self.ask("tools").items():
            with self.subTest(provider=kind):
                self.assertEqual((seen.get("first", {}).get("calls"), seen["first"]["finish"]), ([["weather", ARGUMENTS]], "tool_calls"), seen)
                self.assertEqual((seen["second"]["calls"], seen["second"]["finish"]), ([], "stop"))
        for kind, seen in self.ask("tools-stream").items():
            with self.subTest(provider=kind):
                self.assertEqual((seen.get("calls"), seen.get("finish")), ([["weather", ARGUMENTS]], "tool_calls"), seen)

    def test_images(self) -> None:
        for kind, seen in self.ask("image", "What is this? [[sim:tokens=2]]").items():
            with self.subTest(provider=kind):
                self.assertEqual((seen.get("finish"), seen.get("output")), ("stop", 2), seen)

    def test_structured_output(self) -> None:
        for kind, seen in self.ask("structured", '{"text":"lorem ipsum dolor"} [[sim:echo]]').items():
            with self.subTest(provider=kind):
                self.assertEqual(seen, ARGUMENTS)

    def test_a_limit_ends_the_reply(self) -> None:
        for kind, seen in self.ask("settings", "[[sim:tokens=50]]").items():
            with self.subTest(provider=kind):
                self.assertEqual((seen.get("finish"), seen.get("output")), ("length", 3), seen)

    def test_errors_are_the_sdks_own_classes(self) -> None:
        wrong = self.ask("chat", models=("openai",), key="sk-wrong")["openai"]
        self.assertEqual((wrong["error"], wrong["status"], wrong["code"]), ("AuthenticationError", 401, "invalid_api_key"), wrong)
        missing = self.ask("stream", models=("no-such-model",))["no-such-model"]
        self.assertEqual((missing["error"], missing["status"]), ("NotFoundError", 404), missing)
        for kind, seen in self.ask("chat", "[[sim:fault=400]]").items():
            with self.subTest(provider=kind):
                self.assertEqual((seen["error"], seen["status"]), ("BadRequestError", 400), seen)
                self.assertIn("simulated fault 400", seen["message"])
        for kind, seen in self.ask("stream", "[[sim:fault=cut]] [[sim:tokens=9]]").items():
            with self.subTest(provider=kind):
                self.assertEqual((seen["error"], seen["ours"]), ("APIError", True), seen)

    def test_leaving_is_billed(self) -> None:
        for kind, seen in self.ask("abort", "[[sim:tokens=2000]][[sim:itl=5ms]]").items():
            with self.subTest(provider=kind):
                self.assertTrue(3 <= seen.get("texts", 0) < 1000, seen)
        until(lambda: len(self.daemon.calls()) == len(self.kinds), "the usage rows")
        for row in self.daemon.calls():
            self.assertEqual(row["finish_reason"], "aborted")
            self.assertGreater(float(row["cost"]), 0)
        self.assert_books(self.daemon)


if __name__ == "__main__":
    unittest.main()
