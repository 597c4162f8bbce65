"""`obliv count` counts a text or a request without a server, says whether that is exact, and shows the tokens."""
import json
import shutil
import subprocess
import unittest

from clitest import OBLIV, WAIT, CliTest

CHAT = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hello"}]}


class Count(CliTest):
    def test_a_text_from_a_file_or_from_stdin(self) -> None:
        path = self.write("text", "hello world")
        self.assertEqual(self.ok("count", "-m", "gpt-4o", path), "2\n")
        self.assertEqual(self.ok("count", "-m", "gpt-4o", stdin="hello world"), "2\n")
        self.assertEqual(self.ok("count", "-m", "gpt-4o", "-", stdin=""), "0\n")
        self.assertEqual(self.server.calls, [])

    def test_the_form_that_scripts_hold_on_to(self) -> None:
        self.assertEqual(self.json("count", "-m", "gpt-4", stdin="hello world"),
                         {"schema": "obliv.count/1", "tokens": 2, "exact": True, "model": "gpt-4", "encoding": "cl100k_base"})
        guess = self.json("count", "-m", "claude-sonnet-4", stdin="hello world")
        self.assertEqual((guess["exact"], guess["model"]), (False, "claude-sonnet-4"))
        self.assertGreater(guess["tokens"], 1)
        self.assertNotIn("encoding", guess)

    def test_an_estimate_says_so_on_stderr(self) -> None:
        done = self.obliv("count", "-m", "claude-sonnet-4", stdin="hello")
        self.assertEqual(done.returncode, 0)
        self.assertIn("estimate", done.stderr)

    def test_the_tokens_can_be_seen(self) -> None:
        self.assertEqual(self.ok("count", "--encoding", "o200k_base", "--show", stdin="hello world"), "|hello| world|\n")
        shown = self.json("count", "--encoding", "r50k_base", "--show", stdin="𓀀\x1b")
        self.assertEqual(shown["tokens"], len(shown["pieces"]))
        self.assertIn("\\x", "".join(piece["text"] for piece in shown["pieces"]))
        self.assertNotIn("\x1b", self.ok("count", "--encoding", "o200k_base", "--show", stdin="a\x1b[31m"))
        self.assertIn("not public", self.fails(2, "count", "-m", "claude-x", "--show", stdin="hello"))

    def test_a_tokenizer_of_an_open_model(self) -> None:
        made = {"pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False}, "added_tokens": [{"id": 9, "content": "<e>"}],
                "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2}, "merges": ["a b"]}}
        path = self.write("tokenizer.json", json.dumps(made))
        counted = self.json("count", "--tokenizer", path, stdin="abab<e>")
        self.assertEqual((counted["tokens"], counted["exact"], counted["encoding"]), (3, True, path))
        self.assertEqual(self.ok("count", "--tokenizer", path, "--show", stdin="aab"), "|a|ab|\n")
        self.assertIn("BPE", self.fails(2, "count", "--tokenizer", self.write("other.json", "{}"), stdin="a"))

    def test_a_special_token_is_text(self) -> None:
        self.assertGreater(int(self.ok("count", "-m", "gpt-4o", stdin="<|endoftext|>")), 1)

    def test_a_whole_request(self) -> None:
        answer = self.json("count", "--request", "openai", stdin=json.dumps(CHAT))
        self.assertEqual((answer["tokens"], answer["exact"]), (8, True))
        anthropic = {**CHAT, "model": "claude-sonnet-4"}
        self.assertFalse(self.json("count", "--request", "anthropic", stdin=json.dumps(anthropic))["exact"])
        gemini = {"contents": [{"role": "user", "parts": [{"text": "hello"}]}]}
        self.assertGreater(self.json("count", "--request", "gemini", "-m", "gemini-2.5-pro", stdin=json.dumps(gemini))["tokens"], 1)
        self.assertEqual(self.json("count", "--request", "openai", "-m", "gpt-4", stdin=json.dumps(CHAT))["tokens"], 8)
        self.fails(2, "count", "--request", "openai", stdin="hello")
        self.fails(2, "count", "--request", "openai", "--show", stdin=json.dumps(CHAT))

    def test_what_cannot_be_counted(self) -> None:
        self.assertIn("--model", self.fails(2, "count", stdin="x"))
        self.fails(2, "count", "-m", "gpt-4o", str(self.folder / "missing"))
        self.fails(2, "count", "--encoding", "nothing", stdin="x")
        done = subprocess.run([str(OBLIV), "count", "-m", "gpt-4o"], input=b"\xff\xfe", env=self.environment(), capture_output=True,
                              timeout=WAIT, check=False)
        self.assertEqual(done.returncode, 2)

    def test_a_program_without_its_vocabularies_estimates_and_warns(self) -> None:
        alone = self.folder / "bin/obliv"
        alone.parent.mkdir()
        shutil.copy(OBLIV, alone)
        done = subprocess.run([str(alone), "count", "-m", "gpt-4o", "--json"], input="hello", env=self.environment(), text=True,
                              capture_output=True, timeout=WAIT, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertFalse(json.loads(done.stdout)["exact"])
        self.assertIn("warning", done.stderr)


if __name__ == "__main__":
    unittest.main()
