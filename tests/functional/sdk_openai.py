"""The `openai` SDK of npm, pointed at oblivd, notices nothing: chat, streaming, abort, errors, models.

Each sdk/<case>.mjs is a program as a developer would write it; it prints one JSON line of what it saw, judged here.
"""
import threading
import unittest

import upstream as provider
from harness import WAIT, until
from sdkcase import OpenAiSdkTest


class OpenAiSdk(OpenAiSdkTest):
    def setUp(self) -> None:
        super().setUp()
        self.daemon.add_channel(self.upstream, models=["m1", "m2"])
        self.daemon.set_price()

    def test_chat(self) -> None:
        seen = self.sdk("chat")
        self.assertEqual(seen["text"], "Hello.")
        self.assertEqual(seen["usage"], provider.usage())
        self.assertEqual(self.daemon.call(seen["request_id"])["cost"], "0.0000975")
        self.assertIn("OpenAI/JS", self.daemon.call(seen["request_id"])["user_agent"])

    def test_streaming(self) -> None:
        seen = self.sdk("stream")
        self.assertEqual((seen["texts"], seen["finish"], seen["usage_chunks"]), (["Hel", "lo", "."], "stop", 0))
        seen = self.sdk("stream", "with-usage")
        self.assertEqual((seen["texts"], seen["usage_chunks"]), (["Hel", "lo", "."], 1))
        until(lambda: len(self.daemon.calls()) == 2, "the usage rows")
        self.assertEqual([row["cost"] for row in self.daemon.calls()], ["0.0000975"] * 2)

    def test_abort_reaches_the_provider_and_is_billed(self) -> None:
        left = threading.Event()

        def endless(connection: provider.Connection, _: provider.Request) -> None:
            connection.start_stream()
            for _ in range(3):
                connection.event(provider.delta("word "))
            if connection.wait_closed():
                left.set()
        self.upstream.answer = endless
        seen = self.sdk("abort")
        self.assertEqual(seen["texts"], 3)
        self.assertTrue(left.wait(WAIT), "the provider saw the close")
        row = self.daemon.call(seen["request_id"])
        self.assertEqual(row["finish_reason"], "aborted")
        self.assertGreater(float(row["cost"]), 0)

    def test_errors_are_the_sdks_own_classes(self) -> None:
        self.assertEqual(self.sdk("error", key="sk-wrong"), {"class": "AuthenticationError", "status": 401, "code": "invalid_api_key"})
        self.assertEqual(self.sdk("error", "no-such-model"), {"class": "NotFoundError", "status": 404, "code": "model_not_found"})
        limited = self.daemon.add_token("limited", requests_per_minute=1)
        self.sdk("chat", key=limited)
        self.assertEqual(self.sdk("error", key=limited), {"class": "RateLimitError", "status": 429, "code": "rate_limit_exceeded"})
        self.upstream.answer = provider.error(400, "temperature is out of range")
        self.assertEqual(self.sdk("error")["class"], "BadRequestError")
        self.upstream.answer = provider.error(500)
        self.assertEqual(self.sdk("error")["class"], "InternalServerError")

    def test_an_error_in_the_middle_of_a_stream_is_thrown(self) -> None:
        def cut(connection: provider.Connection, _: provider.Request) -> None:
            connection.start_stream()
            connection.event(provider.delta("some "))
            connection.cut()
        self.upstream.answer = cut
        seen = self.sdk("stream", "expect-error")
        self.assertEqual(seen["texts"], ["some "])
        self.assertEqual(seen["error"], "APIError")

    def test_the_sdk_retries_what_may_be_retried(self) -> None:
        seen_before = len(self.upstream.requests)
        self.upstream.queue.append(provider.error(503))
        seen = self.sdk("chat", "retry")
        self.assertEqual(seen["text"], "Hello.")
        self.assertGreater(len(self.upstream.requests), seen_before + 1)

    def test_models(self) -> None:
        self.assertEqual(self.sdk("models"), ["m1", "m2"])


if __name__ == "__main__":
    unittest.main()
