"""scripts/quickstart does what it says, and so do the commands that it prints at its end.

Proved in a folder that looks like a clone with a finished build: what installs and builds is replaced by nothing, the rest
is the real script with the real programs.
"""
import os
import re
import shutil
import subprocess
import unittest
from pathlib import Path

from harness import BIN, SOURCE, FunctionalTest, environment

LIMIT = 120.0  # seconds; a bound for failure only


class Quickstart(FunctionalTest):
    def setUp(self) -> None:
        super().setUp()
        self.clone = self.folder / "clone"
        programs = self.clone / "build/release/bin"
        programs.mkdir(parents=True)
        for name in ("obliv", "oblivd"):
            try:
                os.link(BIN / name, programs / name)
            except OSError:
                shutil.copy(BIN / name, programs / name)
        (self.clone / "scripts").mkdir()
        shutil.copy(SOURCE / "scripts/quickstart", self.clone / "scripts/quickstart")
        self.write_program(self.clone / "scripts/setup")
        self.write_program(self.folder / "tools/cmake")
        self.environment = environment(self.folder)
        self.environment["PATH"] = f"{self.folder}/tools:{os.environ['PATH']}"
        self.addCleanup(self.quickstart, "stop")

    def write_program(self, path: Path) -> None:
        path.parent.mkdir(exist_ok=True)
        path.write_text("#!/bin/sh\nexit 0\n", encoding="utf-8")
        path.chmod(0o755)

    def run_shell(self, command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(["bash", "-c", command], cwd=self.clone, env=self.environment, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=LIMIT, check=False)

    def quickstart(self, arguments: str = "") -> str:
        done = self.run_shell(f"scripts/quickstart {arguments}")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def pids(self) -> list[str]:
        return [(self.clone / f".quickstart/{name}.pid").read_text(encoding="utf-8").strip() for name in ("oblivd", "sim")]

    def test_a_second_run_uses_everything_again_and_what_it_prints_works(self) -> None:
        first = self.quickstart()
        for told in ("simulated", '"object":"chat.completion"', "lorem ipsum", "settle", "available", "scripts/quickstart stop"):
            self.assertIn(told, first)
        self.assertRegex(first, r"(?m)^ok\s+yes$")
        pids = self.pids()
        second = self.quickstart()
        self.assertEqual(self.pids(), pids)
        self.assertNotIn("created token", second)
        # The lines of its end, as a person would type them.
        lines = re.search(r"(export OBLIV_SERVER=.*)\n\s+(build/release/bin/obliv ask .*)\n", second)
        assert lines is not None, second
        asked = self.run_shell(f"{lines[1]}\n{lines[2]}")
        self.assertEqual(asked.returncode, 0, asked.stderr)
        self.assertIn("lorem ipsum", asked.stdout)
        self.assertEqual(self.run_shell(f"{lines[1]}\nbuild/release/bin/obliv token list").returncode, 0)
        self.quickstart("stop")
        self.assertEqual([Path(f"/proc/{pid}").exists() for pid in pids], [False, False])

    def test_with_a_key_of_ones_own(self) -> None:
        self.quickstart()
        port = re.search(r"sim_port=(\d+)", (self.clone / ".quickstart/ports").read_text(encoding="utf-8"))
        assert port is not None
        key = self.clone / "key"
        key.write_text("sk-mine-1234567890\n", encoding="utf-8")
        key.chmod(0o600)
        told = self.quickstart(f"--with-key-file key --type openai --base-url http://127.0.0.1:{port[1]}/v1 --model sim-1")
        self.assertIn("The channel quickstart-openai calls the real provider", told)
        self.assertNotIn("sk-mine", told)
        gone = self.run_shell("scripts/quickstart --with-key-file nowhere --type openai")
        self.assertEqual((gone.returncode, gone.stderr), (1, "scripts/quickstart: cannot read nowhere\n"))
        self.assertEqual(self.run_shell("scripts/quickstart --colour").returncode, 2)


if __name__ == "__main__":
    unittest.main()
