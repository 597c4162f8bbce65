"""scripts/test counts single cases out of what Catch2, unittest and ctest print, and never loses a failure."""
import contextlib
import io
import sys
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from support import SOURCE

sys.path.insert(0, str(SOURCE / "scripts"))
import run_tests  # noqa: E402


def entry(status: str, output: str, extra: str = "") -> run_tests.Count:
    case = ElementTree.fromstring(f'<testcase name="x" status="{status}">{extra}<system-out/></testcase>')
    case.find("system-out").text = output
    return run_tests.count_entry(case)


class Counting(unittest.TestCase):
    def test_catch2(self) -> None:
        self.assertEqual(entry("run", "====\nAll tests passed (12 assertions in 3 test cases)\n"), run_tests.Count(3))
        self.assertEqual(entry("run", "All tests passed (1 assertion in 1 test case)\n"), run_tests.Count(1))
        self.assertEqual(entry("fail", "test cases:  9 |  7 passed | 2 failed\nassertions: 1\n"), run_tests.Count(7, 2))

    def test_unittest(self) -> None:
        self.assertEqual(entry("run", "Ran 4 tests in 0.1s\n\nOK\n"), run_tests.Count(4))
        self.assertEqual(entry("run", "Ran 4 tests in 0.1s\n\nOK (skipped=1)\n"), run_tests.Count(3, 0, 1))
        self.assertEqual(entry("fail", "Ran 5 tests in 0.1s\n\nFAILED (failures=1, errors=2, skipped=1)\n"),
                         run_tests.Count(1, 3, 1))

    def test_a_program_that_does_not_count_is_one_case(self) -> None:
        self.assertEqual(entry("run", "fine"), run_tests.Count(1))
        self.assertEqual(entry("notrun", "", "<skipped/>"), run_tests.Count(skipped=1))

    def test_a_failed_entry_is_a_failure_whatever_it_printed(self) -> None:
        self.assertEqual(entry("fail", "All tests passed (12 assertions in 3 test cases)\n").failed, 1)
        self.assertEqual(entry("fail", "").failed, 1)

    def test_every_sanitizer_report_is_shown_and_counted(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            reports = Path(folder)
            for options in run_tests.sanitizer_environment(reports).values():
                self.assertIn(f":log_path={folder}/report", options)
            self.assertEqual(run_tests.show_reports(reports), 0)
            for pid in (7, 8):
                (reports / f"report.{pid}").write_text(f"found by {pid}\n", encoding="utf-8")
            with contextlib.redirect_stdout(io.StringIO()) as out:
                self.assertEqual(run_tests.show_reports(reports), 2)
            self.assertIn("found by 8", out.getvalue())

    def test_the_last_line_has_the_promised_form(self) -> None:
        self.assertEqual(str(run_tests.Count(3, 1, 2)), "3 passed, 1 failed, 2 skipped")


if __name__ == "__main__":
    unittest.main()
