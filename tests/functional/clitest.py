"""What tests of obliv share: a home of their own, a scripted server, and nothing of the caller's settings."""
from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path
from typing import Any

from apiserver import ApiServer

SOURCE = Path(os.environ.get("OBLIV_SOURCE_DIR", Path(__file__).resolve().parents[2]))
OBLIV = Path(os.environ.get("OBLIV_BIN_DIR", SOURCE / "build/dev/bin")) / "obliv"
WAIT = 20.0  # seconds; a bound for failure only


class CliTest(unittest.TestCase):
    def setUp(self) -> None:
        if not OBLIV.exists():
            self.skipTest(f"{OBLIV} is not built")
        self.folder = Path(tempfile.mkdtemp(prefix="obliv-cli-"))
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.home = self.folder / "home"
        self.home.mkdir()
        self.server = ApiServer()
        self.addCleanup(self.server.stop)

    def environment(self, **more: str) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if k == "PATH" or k.endswith("SAN_OPTIONS")}
        return {**kept, "HOME": str(self.home), "LC_ALL": "C", "OBLIV_SERVER": self.server.url, **more}

    def obliv(self, *words: str, stdin: str = "", env: dict[str, str] | None = None,
              **options: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.run([str(OBLIV), *words], input=stdin, env=env or self.environment(), cwd=self.folder,
                              capture_output=True, text=True, encoding="utf-8", timeout=WAIT, check=False, **options)

    def ok(self, *words: str, **options: Any) -> str:
        done = self.obliv(*words, **options)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def json(self, *words: str, **options: Any) -> Any:
        return json.loads(self.ok(*words, "--json", **options))

    def fails(self, code: int, *words: str, **options: Any) -> str:
        done = self.obliv(*words, **options)
        self.assertEqual(done.returncode, code, f"{words}: {done.stdout!r} {done.stderr!r}")
        return done.stderr

    def write(self, name: str, text: str, mode: int = 0o600) -> str:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(mode)
        return str(path)
