"""What is fetched at set-up is used only when it is, byte for byte, what was pinned."""
import base64
import hashlib
import io
import os
import subprocess
import tarfile
import tempfile
import unittest
from pathlib import Path

from support import SOURCE

SCRIPT = SOURCE / "scripts/pinned_package"

# Instead of npm: packs nothing, but lays down what the test has made, and says so.
NPM = '#!/bin/sh\necho "$@" >>"$FAKE/asked"\ncp "$FAKE/package.tgz" a-1.0.0.tgz\necho a-1.0.0.tgz\n'


class PinnedPackage(unittest.TestCase):
    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory(prefix="obliv-")
        self.addCleanup(temporary.cleanup)
        self.root = Path(temporary.name)
        (self.root / "bin").mkdir()
        npm = self.root / "bin/npm"
        npm.write_text(NPM)
        npm.chmod(0o755)
        self.target = self.root / "cache/tables"

    def pack(self, text: bytes) -> str:
        """Makes the package that will be served; its integrity."""
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz") as archive:
            for name, content in (("package/data/table", text), ("package/other", b"not asked for")):
                entry = tarfile.TarInfo(name)
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
        (self.root / "package.tgz").write_bytes(packed.getvalue())
        return "sha512-" + base64.b64encode(hashlib.sha512(packed.getvalue()).digest()).decode()

    def run_script(self, integrity: str) -> subprocess.CompletedProcess[str]:
        env = {**os.environ, "PATH": f"{self.root / 'bin'}:{os.environ['PATH']}", "FAKE": str(self.root)}
        return subprocess.run([str(SCRIPT), "a@1.0.0", integrity, str(self.target), "data/table"], env=env, capture_output=True, text=True,
                              timeout=60, check=False)

    def asked(self) -> int:
        log = self.root / "asked"
        return len(log.read_text().splitlines()) if log.exists() else 0

    def left(self) -> list[str]:
        return sorted(str(path.relative_to(self.target)) for path in self.target.rglob("*") if path.is_file())

    def test_what_is_pinned_is_unpacked_once(self) -> None:
        integrity = self.pack(b"ranks")
        for _ in range(2):
            done = self.run_script(integrity)
            self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual((self.asked(), self.left()), (1, [".integrity", "data/table"]))
        self.assertEqual((self.target / "data/table").read_bytes(), b"ranks")

    def test_what_is_not_what_was_pinned_is_refused(self) -> None:
        pinned = self.pack(b"ranks")
        self.pack(b"ranks of somebody else")
        done = self.run_script(pinned)
        self.assertEqual(done.returncode, 1)
        self.assertIn("is not used", done.stderr)
        self.assertEqual([path.name for path in self.target.parent.iterdir()], [])

    def test_what_was_there_stays_when_the_new_one_is_refused(self) -> None:
        first = self.pack(b"ranks")
        self.run_script(first)
        self.pack(b"others")
        self.assertEqual(self.run_script("sha512-" + "A" * 86 + "==").returncode, 1)
        self.assertEqual((self.target / "data/table").read_bytes(), b"ranks")


if __name__ == "__main__":
    unittest.main()
