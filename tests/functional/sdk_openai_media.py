"""The `openai` SDK of npm makes images, speaks and transcribes through oblivd, whole and streamed.

sdk/media.mjs is a program as a developer would write it; a scripted provider answers it as OpenAI would.
"""
import unittest

import media
from harness import until
from sdkcase import OpenAiSdkTest


class OpenAiSdkMedia(OpenAiSdkTest):
    def test_images_speech_and_transcripts(self) -> None:
        self.upstream.answer = media.provider
        self.daemon.add_channel(self.upstream, models=["gpt-image-1", "dall-e-2", "tts-1", "whisper-1", "gpt-4o-transcribe"])
        seen = self.sdk("media")
        self.assertEqual(seen, {
            "images": [2, 1, 1], "used": 1056,
            "events": ["image_generation.partial_image", "image_generation.partial_image", "image_generation.completed"],
            "spoken": 16000, "heard": "Hello.", "subtitles": "1", "words": ["Hel", "lo.", 5], "translated": "Hello."})
        until(lambda: len(self.daemon.calls()) == 9, "the usage rows")
        self.assertEqual({row["error"] for row in self.daemon.calls()}, {None})
        self.assertEqual(sum(row["usage"]["images"] for row in self.daemon.calls()), 5)
        self.assert_books(self.daemon)


if __name__ == "__main__":
    unittest.main()
