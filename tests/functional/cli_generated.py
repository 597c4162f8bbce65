"""Completions, manual pages and docs/commands.md are what the program generates now: `scripts/generate_cli_docs`
writes them. Every command has a help with two examples or more, and both help forms work for all of them."""
import re
import subprocess
import unittest

from clitest import SOURCE, CliTest


class Generated(CliTest):
    def test_completions_are_fresh(self) -> None:
        for shell in ("bash", "zsh", "fish"):
            stored = (SOURCE / f"completions/obliv.{shell}").read_text(encoding="utf-8")
            self.assertEqual(self.ok("completion", shell), stored, f"run scripts/generate_cli_docs ({shell})")

    def test_manual_pages_are_fresh(self) -> None:
        self.ok("man", "--all", str(self.folder / "man"))
        made = {p.name: p.read_text(encoding="utf-8") for p in (self.folder / "man").iterdir()}
        stored = {p.name: p.read_text(encoding="utf-8")
                  for p in (SOURCE / "man").iterdir() if re.fullmatch(r"obliv(-[a-z]+)?\.1", p.name)}
        self.assertEqual(sorted(made), sorted(stored))
        for name, text in made.items():
            self.assertEqual(text, stored[name], f"run scripts/generate_cli_docs ({name})")

    def test_the_reference_is_fresh(self) -> None:
        stored = (SOURCE / "docs/commands.md").read_text(encoding="utf-8")
        self.assertEqual(self.ok("man", "--markdown"), stored, "run scripts/generate_cli_docs")

    def test_every_command_has_both_helps_and_two_examples(self) -> None:
        paths = re.findall(r"^## obliv (.+)$", self.ok("man", "--markdown"), re.MULTILINE)
        self.assertGreater(len(paths), 40)
        for path in paths:
            words = path.split()
            full = self.ok(*words, "--help")
            self.assertEqual(full, self.ok("help", *words))
            brief = self.ok(*words, "-h")
            self.assertIn("Usage: obliv " + path, brief)
            self.assertLessEqual(max(map(len, full.splitlines())), 100, path)
            if "COMMAND\n" in brief:
                continue
            self.assertGreaterEqual(len(re.findall(r"^  (?:\S.*)?\bobliv\b", brief, re.MULTILINE)), 2, path)
            self.assertIn("Exit codes:", full)
            # Also proves that no flag of the command has the name of a global one: that aborts.
            self.fails(2, *words, "--no-such-flag")

    def test_bash_accepts_and_completes(self) -> None:
        script = self.ok("completion", "bash")
        probe = script + '\nCOMP_WORDS=(obliv --server x token create n --ro); COMP_CWORD=6; _obliv; echo "${COMPREPLY[@]}"'
        done = subprocess.run(["bash", "-c", probe], capture_output=True, text=True, timeout=20, check=True)
        self.assertEqual(done.stdout.strip(), "--role")

    def test_zsh_and_fish_complete_too(self) -> None:
        # The words up to the cursor, and what has to be among the offers.
        for words, wanted in ((["tok"], "token"), (["token", "cr"], "create"), (["token", "create", "n", "--ro"], "--role"),
                              (["--server", "x", "token", "re"], "revoke"), (["completion", ""], "fish"),
                              (["token", "create", "n", "--role", ""], "admin"), (["config", "set", "mo"], "model")):
            with self.subTest(words):
                line = "obliv " + " ".join(words)
                self.assertIn(wanted, self.fish(line))
                self.assertIn(wanted, self.zsh(words))

    def fish(self, line: str) -> list[str]:
        script = f"source {SOURCE}/completions/obliv.fish; complete -C '{line}'"
        done = subprocess.run(["fish", "--no-config", "-c", script], capture_output=True, text=True, timeout=20,
                              check=True, env=self.environment())
        return [offer.split("\t")[0] for offer in done.stdout.splitlines()]

    def zsh(self, words: list[str]) -> list[str]:
        """With what zsh's own completion would call and be called by replaced: it needs a terminal."""
        script = ("compadd() { shift; print -l -- $@ }; _files() { }; compdef() { }; "
                  f"source {SOURCE}/completions/obliv.zsh; words=(obliv \"$@\"); CURRENT=$#words; _obliv")
        done = subprocess.run(["zsh", "-f", "-c", script, "zsh", *words], capture_output=True, text=True, timeout=20,
                              check=True, env=self.environment())
        return done.stdout.splitlines()


if __name__ == "__main__":
    unittest.main()
