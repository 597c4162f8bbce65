"""The Responses API and legacy completions of the `openai` SDK, with a provider that speaks them and with one that does not.

The provider is `obliv sim`: `m1` is called in the client's format, `m2` only in chat completions, so that every request
and reply is converted. sdk/responses.mjs and sdk/completions.mjs are programs as a developer would write them.
"""
import unittest

from harness import until
from sdkcase import OpenAiSdkTest
from sim_openai import Sim


class OpenAiSdkResponses(OpenAiSdkTest):
    def setUp(self) -> None:
        super().setUp()
        self.sim = Sim(self.folder)
        self.enterContext(self.sim.process)
        self.addCleanup(self.sim.process.terminate)
        url = f"http://127.0.0.1:{self.sim.port}/v1"
        self.daemon.add_channel(url, name="native", models=["m1"])
        self.daemon.add_channel(url, name="converted", type="vllm", models=["m2"])
        self.daemon.set_price("m1")
        self.daemon.set_price("m2")

    def test_plain(self) -> None:
        for model in ("m1", "m2"):
            with self.subTest(model):
                seen = self.sdk("responses", "plain", model)
                self.assertEqual((seen["text"].strip(), seen["status"]), ("hello", "completed"))
                self.assertTrue(seen["id"].startswith("resp_"))
                self.assertEqual(seen["usage"]["output_tokens"], 1)
        until(lambda: len(self.daemon.calls()) == 2, "the usage rows")
        self.assertEqual({row["usage"]["output"] for row in self.daemon.calls()}, {1})
        self.assert_books(self.daemon)

    def test_streaming(self) -> None:
        for model in ("m1", "m2"):
            with self.subTest(model):
                seen = self.sdk("responses", "stream", model)
                self.assertEqual(seen["text"].strip(), "one two three")
                self.assertEqual(seen["types"][:2], ["response.created", "response.in_progress"])
                self.assertEqual(seen["types"][-3:], ["response.content_part.done", "response.output_item.done", "response.completed"])
                self.assertEqual(seen["numbers"], list(range(len(seen["numbers"]))))
                self.assertEqual(seen["usage"]["output_tokens"], 3)
                self.assertEqual(self.sdk("responses", "helper", model)["text"].strip(), "four five")

    def test_tools_and_structured_output(self) -> None:
        for model in ("m1", "m2"):
            with self.subTest(model):
                seen = self.sdk("responses", "tools", model)
                self.assertEqual((seen["name"], seen["arguments"]), ("weather", {"text": "lorem ipsum dolor"}))
                self.assertEqual(seen["text"].strip(), "so")
                seen = self.sdk("responses", "structured", model)
                self.assertEqual(seen["text"].strip(), '{"name":"Ada"}')
        # A converted response repeats what was asked; the simulator leaves that out.
        self.assertEqual(self.sdk("responses", "structured", "m2")["format"], "json_schema")

    def test_a_conversation_by_its_id(self) -> None:
        for model in ("m1", "m2"):
            with self.subTest(model):
                seen = self.sdk("responses", "conversation", model)
                self.assertEqual((seen["same"], seen["gone"], seen["lost"], seen["never"]), (True, 404, 404, 404))
                self.assertEqual(seen["items"], ["second"])
                self.assertGreater(seen["tokens"][1], seen["tokens"][0] + 4)

    def test_errors_are_the_sdks_own_classes(self) -> None:
        for model in ("m1", "m2"):
            with self.subTest(model):
                seen = self.sdk("responses", "errors", model)
                self.assertEqual(seen["missing"], ["NotFoundError", 404])
                self.assertGreaterEqual(seen["background"], 400)
                self.assertEqual(seen["broken"], "APIError")

    def test_abort(self) -> None:
        for model in ("m1", "m2"):
            with self.subTest(model):
                self.assertEqual(self.sdk("responses", "abort", model), {"texts": 2})

    def test_completions(self) -> None:
        for model in ("m1", "m2"):
            with self.subTest(model):
                seen = self.sdk("completions", model)
                self.assertEqual((seen["object"], seen["text"].strip(), seen["streamed"].strip()),
                                 ("text_completion", "Say it.", "Say it."))
                self.assertEqual((seen["finish"], seen["usage"]["completion_tokens"]), ("stop", 2))


if __name__ == "__main__":
    unittest.main()
