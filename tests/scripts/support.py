"""What the tests of the scripts share: a small tree on disk, and a script run over it."""
from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SOURCE = Path(os.environ.get("OBLIV_SOURCE_DIR", Path(__file__).resolve().parents[2]))


class TreeTest(unittest.TestCase):
    """Writes files into a fresh folder and runs one script of ours over it."""

    script = ""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory(prefix="obliv-tree-")
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)

    def write(self, path: str, text: str) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def run_script(self) -> tuple[int, str]:
        done = subprocess.run([sys.executable, "-B", str(SOURCE / "scripts" / self.script), str(self.root)],
                              capture_output=True, text=True, timeout=60, check=False)
        return done.returncode, done.stdout + done.stderr

    def assert_clean(self) -> None:
        code, output = self.run_script()
        self.assertEqual((code, output), (0, ""))

    def assert_refused(self, *parts: str) -> None:
        code, output = self.run_script()
        self.assertEqual(code, 1, output)
        for part in parts:
            self.assertIn(part, output)
