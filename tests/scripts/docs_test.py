"""The pages are true to the tree: every link leads somewhere, and every path they name exists."""
import re
import subprocess
import unittest

from support import SOURCE

LINK = re.compile(r"\[[^\]]*\]\(([^)#:]+)(?:#[^)]*)?\)")
PATH = re.compile(r"`((?:core|cli|daemon|scripts|tests|docs|man|completions)/[\w./-]+)`")


class Pages(unittest.TestCase):
    def setUp(self) -> None:
        listed = subprocess.run(["git", "-C", str(SOURCE), "ls-files", "*.md"], capture_output=True, text=True, timeout=60, check=False)
        self.pages = [SOURCE / name for name in listed.stdout.split()] or [*SOURCE.glob("*.md"), *SOURCE.glob("docs/*.md")]

    def test_links_lead_somewhere(self) -> None:
        missing = [f"{page.name}: {target}" for page in self.pages for target in LINK.findall(page.read_text(encoding="utf-8"))
                   if not (page.parent / target).exists()]
        self.assertEqual(missing, [])

    def test_named_paths_exist(self) -> None:
        missing = [f"{page.name}: {path}" for page in self.pages for path in PATH.findall(page.read_text(encoding="utf-8"))
                   if not (SOURCE / path).exists()]
        self.assertEqual(missing, [])

    def test_every_functional_test_is_told_of(self) -> None:
        told = (SOURCE / "docs/testing.md").read_text(encoding="utf-8")
        files = [path.name for path in (SOURCE / "tests/functional").glob("*_*.py")]
        self.assertGreater(len(files), 80)
        self.assertEqual([name for name in sorted(files) if f"| `{name}` |" not in told], [])


if __name__ == "__main__":
    unittest.main()
