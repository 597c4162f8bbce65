"""Our tokens are those of the reference, token for token, for each encoding.

Proved by asking the npm package `tiktoken` (the reference in WebAssembly) about every code point among others, random
mixtures of all that the split patterns tell apart, long runs, special tokens, and documents up to a megabyte, and by
counting each text also as a stream that is cut at random.
"""
import os
import subprocess
import tempfile
import unittest

from harness import BIN, SANITIZED, SOURCE, WAIT
from sdkcase import HERE, NODE

CHECK = BIN / "token_check"
VOCABULARIES = BIN.parent / "share/obliv/vocabularies"
REAL = ["README.md", "docs/architecture.md", "docs/conversion.md", "docs/api.md", "core/tokenizer/splitter.cpp",
        "tests/functional/harness.py", "core/tokenizer/unicode_classes.hpp", ".cache/vocabularies/data/TestPlans.txt"]


@unittest.skipUnless(NODE.exists() and (HERE / "node_modules/tiktoken").exists(), "npm packages missing (scripts/setup --test)")
class TokenizerOracle(unittest.TestCase):
    def compare(self, encoding: str) -> None:
        seed = os.environ.get("OBLIV_SEED") or str(int.from_bytes(os.urandom(3), "little"))
        files = [str(SOURCE / name) for name in REAL if (SOURCE / name).exists()]
        with tempfile.TemporaryFile() as answers:
            subprocess.run([str(NODE), str(SOURCE / "tests/oracle/tiktoken.mjs"), encoding, seed, *files], stdout=answers,
                           check=True, timeout=6 * WAIT)
            answers.seek(0)
            done = subprocess.run([str(CHECK), encoding, str(VOCABULARIES), seed], stdin=answers, capture_output=True,
                                  text=True, timeout=(30 if SANITIZED else 6) * WAIT, check=False)
        self.assertEqual(done.returncode, 0, f"OBLIV_SEED={seed}\n{done.stdout}{done.stderr}")
        texts = int(done.stdout.split()[-4])
        self.assertGreater(texts, 6000, "the reference answered too little for a proof")

    def test_o200k_base(self) -> None:
        self.compare("o200k_base")

    def test_o200k_harmony(self) -> None:
        self.compare("o200k_harmony")

    def test_cl100k_base(self) -> None:
        self.compare("cl100k_base")

    def test_p50k_base(self) -> None:
        self.compare("p50k_base")

    def test_r50k_base(self) -> None:
        self.compare("r50k_base")


if __name__ == "__main__":
    unittest.main()
