"""The `openai` SDK of npm keeps files and runs batches through oblivd.

sdk/files.mjs is a program as a developer would write it; the scripted provider is that of relay_files.py.
"""
import unittest

from relay_files import Keeper
from sdkcase import OpenAiSdkTest


class OpenAiSdkFiles(OpenAiSdkTest):
    def test_files_and_batches(self) -> None:
        self.upstream.answer = Keeper()
        self.daemon.add_channel(self.upstream, models=["m1"])
        self.assertEqual(self.sdk("files"), {
            "file": "file-1", "found": "batch", "listed": ["file-1"], "lines": 3001, "batch": "batch_", "status": "in_progress",
            "batches": ["batch_"], "cancelled": True, "gone": True})
        self.assert_books(self.daemon)


if __name__ == "__main__":
    unittest.main()
