"""A `tokenizer.json` of each kind that is taken gives the tokens that Hugging Face's own library gives.

Proved with small tokenizers made here of the first merges of a public encoding, in the forms in which Qwen, Llama,
DeepSeek and GPT-2 publish theirs, against the npm package `@huggingface/tokenizers`, also as streams.
"""
import base64
import json
import os
import subprocess
import tempfile
import unittest
from typing import Any

from harness import BIN, SANITIZED, SOURCE, WAIT
from sdkcase import HERE, NODE

RANKS = SOURCE / ".cache/vocabularies/data/cl100k_base.tiktoken"
TOKENS = 6000
REAL = ["README.md", "docs/architecture.md", "core/tokenizer/splitter.cpp", ".cache/vocabularies/data/TestPlans.txt"]
GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
CL100K = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}%s| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
LLAMA, QWEN = CL100K % "{1,3}", CL100K % ""
DEEPSEEK = [r"\p{N}{1,3}", "[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+",
            r"""[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*"""
            r"|\s*[\r\n]+|\s+(?!\S)|\s+"]


def byte_letters() -> list[str]:
    """GPT-2's letter for each byte."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = iter(range(0x100, 0x200))
    return [chr(byte) if byte in printable else chr(next(others)) for byte in range(256)]


def pair_of(token: bytes, ranks: dict[bytes, int]) -> tuple[bytes, bytes]:
    """The last two parts that merging leaves of a token with what ranks below it."""
    parts = [token[i:i + 1] for i in range(len(token))]
    while len(parts) > 2:
        best = min(range(len(parts) - 1), key=lambda i: ranks.get(parts[i] + parts[i + 1], 1 << 30))
        parts[best:best + 2] = [parts[best] + parts[best + 1]]
    return parts[0], parts[1]


def split(*patterns: str) -> dict[str, Any]:
    steps: list[dict[str, Any]] = [{"type": "Split", "pattern": {"Regex": each}, "behavior": "Isolated", "invert": False}
                                   for each in patterns]
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
    return {"type": "Sequence", "pretokenizers": [*steps, byte_level]}


def definition(pre_tokenizer: dict[str, Any], normalizer: Any = None, pairs_as_lists: bool = False,
               ignore_merges: bool = False) -> dict[str, Any]:
    lines = [line.split() for line in RANKS.read_text().splitlines()[:TOKENS]]
    ranks = {base64.b64decode(token): int(rank) for token, rank in lines}
    letters = byte_letters()

    def written(token: bytes) -> str:
        return "".join(letters[byte] for byte in token)
    pairs = [[written(part) for part in pair_of(token, ranks)] for token in ranks if len(token) > 1]
    added = [{"id": TOKENS + i, "content": text, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False,
              "special": True} for i, text in enumerate(("<|im_start|>", "<|im_end|>", "<|im_start|>x"))]
    return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": added, "normalizer": normalizer,
            "pre_tokenizer": pre_tokenizer, "post_processor": None, "decoder": {"type": "ByteLevel"},
            "model": {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
                      "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "ignore_merges": ignore_merges,
                      "vocab": {written(token): rank for token, rank in ranks.items()},
                      "merges": pairs if pairs_as_lists else [" ".join(pair) for pair in pairs]}}


@unittest.skipUnless(NODE.exists() and (HERE / "node_modules/@huggingface/tokenizers").exists(),
                     "npm packages missing (scripts/setup --test)")
class HuggingFace(unittest.TestCase):
    def compare(self, made: dict[str, Any]) -> None:
        seed = os.environ.get("OBLIV_SEED") or str(int.from_bytes(os.urandom(3), "little"))
        files = [str(SOURCE / name) for name in REAL if (SOURCE / name).exists()]
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file, tempfile.TemporaryFile() as answers:
            json.dump(made, file)
            file.flush()
            subprocess.run([str(NODE), str(SOURCE / "tests/oracle/hugging_face.mjs"), file.name, seed, *files], stdout=answers,
                           check=True, timeout=8 * WAIT)
            answers.seek(0)
            done = subprocess.run([str(BIN / "token_check"), file.name, "-", seed], stdin=answers, capture_output=True,
                                  text=True, timeout=(30 if SANITIZED else 6) * WAIT, check=False)
        self.assertEqual(done.returncode, 0, f"OBLIV_SEED={seed}\n{done.stdout}{done.stderr}")
        self.assertGreater(int(done.stdout.split()[-4]), 3000, "the reference answered too little for a proof")

    def test_as_gpt2_has_it(self) -> None:
        self.compare(definition({"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}))

    def test_as_llama_3_has_it(self) -> None:
        self.compare(definition(split(LLAMA), ignore_merges=True))

    def test_as_qwen_has_it(self) -> None:
        self.compare(definition(split(QWEN), {"type": "NFC"}))

    def test_as_deepseek_has_it(self) -> None:
        self.compare(definition(split(*DEEPSEEK), {"type": "Sequence", "normalizers": []}, pairs_as_lists=True))


if __name__ == "__main__":
    unittest.main()
