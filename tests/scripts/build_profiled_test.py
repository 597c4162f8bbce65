"""scripts/build_profiled leaves no program that writes a profile where the shipped ones are looked for."""
import importlib.machinery
import importlib.util
import sys
import tempfile
import unittest
from pathlib import Path
from types import ModuleType
from unittest import mock

from support import SOURCE


def loaded() -> ModuleType:
    sys.path.insert(0, str(SOURCE / "scripts"))
    loader = importlib.machinery.SourceFileLoader("build_profiled", str(SOURCE / "scripts/build_profiled"))
    spec = importlib.util.spec_from_loader("build_profiled", loader)
    assert spec
    module = importlib.util.module_from_spec(spec)
    sys.dont_write_bytecode = True
    loader.exec_module(module)
    return module


class BuildProfiled(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory(prefix="obliv-profiled-")
        self.addCleanup(folder.cleanup)
        self.build = Path(folder.name)
        (self.build / "bin").mkdir()
        self.script = loaded()
        self.steps: list[str] = []
        self.fails = ""

    def make(self, profile: str) -> None:
        self.steps.append(profile)
        if profile == self.fails:
            raise RuntimeError(profile)
        for name in self.script.PROGRAMS:
            (self.build / "bin" / name).write_text(profile, encoding="ascii")

    def programs(self) -> set[str]:
        return {file.read_text(encoding="ascii") for file in (self.build / "bin").iterdir()}

    def run_it(self, train: mock.Mock) -> int:
        with mock.patch.multiple(self.script, BUILD=self.build, build=self.make, train=train):
            return int(self.script.main())

    def test_what_is_trained_is_built_again(self) -> None:
        self.assertEqual(self.run_it(mock.Mock()), 0)
        self.assertEqual((self.steps, self.programs()), (["make", "use"], {"use"}))

    def test_nothing_is_left_when_the_training_fails(self) -> None:
        for problem in (RuntimeError, KeyboardInterrupt):
            with self.assertRaises(problem):
                self.run_it(mock.Mock(side_effect=problem))
            self.assertEqual(self.programs(), set())

    def test_nothing_is_left_when_the_second_build_fails(self) -> None:
        self.fails = "use"
        with self.assertRaises(RuntimeError):
            self.run_it(mock.Mock())
        self.assertEqual(self.programs(), set())


if __name__ == "__main__":
    unittest.main()
