"""scripts/bench compares round by round, judges what it shows, and takes no failed load for a figure."""
import os
import sys
import unittest

from support import SOURCE

sys.path.insert(0, str(SOURCE / "scripts"))
from benchmark import load, probes, table  # noqa: E402

WRK = """Running 3s test @ http://127.0.0.1:18099/v1/chat/completions
  1 threads and 64 connections
  206151 requests in 3.00s, 140.37MB read
{more}Requests/sec:  68623.24
"""


class Ratios(unittest.TestCase):
    def test_a_slow_round_slows_both(self) -> None:
        self.assertEqual(table.ratio([1, 10, 1], [2, 20, 2]), 0.5)
        self.assertEqual(table.ratio([1, 2, 9], [1, 1, 1]), 2)
        self.assertEqual(table.spread([1, 2, 9], [1, 1, 1]), (1, 9))

    def test_rounds_that_lack_a_partner_are_a_mistake(self) -> None:
        with self.assertRaises(ValueError):
            table.ratio([1, 2], [1])


class Verdicts(unittest.TestCase):
    def test_a_target_is_met_missed_or_not_there(self) -> None:
        self.assertIs(table.Row("x", "", value=1.004, most=1.0).passed(), True)
        self.assertIs(table.Row("x", "", value=1.006, most=1.0).passed(), False)
        self.assertIs(table.Row("x", "", value=0.99, least=1.0).passed(), False)
        self.assertIs(table.Row("x", "", value=1.2, least=1.0).passed(), True)
        self.assertIs(table.Row("x", "", value=0.026, most=0.025).passed(), False)
        self.assertIsNone(table.Row("x", "", value=5.0).passed())
        self.assertIsNone(table.Row("x", "", most=1.0).passed())

    def test_the_table_shows_medians_spread_target_and_verdict(self) -> None:
        rows = [table.compared("CPU", "s", [0.5, 0.6, 0.4], [1.0, 1.0, 1.0], most=0.45), table.Row("note", "5", "6")]
        lines = table.markdown(rows, "nginx").splitlines()
        self.assertEqual(lines[2], "| CPU | 0.50 s | 1.00 s | 0.50 (0.40–0.60) | ≤ 0.45 | FAIL |")
        self.assertEqual(lines[3], "| note | 5 | 6 |  |  |  |")
        self.assertEqual(len({line.count("|") for line in lines}), 1)


class Loads(unittest.TestCase):
    def test_wrk_is_read(self) -> None:
        found = load.read_wrk(WRK.format(more=""), 206_151_000)
        self.assertEqual((found.requests_per_s, found.cpu_us), (68623.24, 1.0))

    def test_a_load_with_errors_is_no_figure(self) -> None:
        for more in ("  Non-2xx or 3xx responses: 7\n", "  Socket errors: connect 0, read 7, write 0, timeout 0\n"):
            with self.assertRaises(SystemExit):
                load.read_wrk(WRK.format(more=more), 1)


class Probes(unittest.TestCase):
    def test_cpu_time_grows_with_work(self) -> None:
        before = probes.cpu_ns([os.getpid()])
        sum(range(1_000_000))
        self.assertGreater(probes.cpu_ns([os.getpid()]), before)

    def test_memory_is_what_a_process_holds(self) -> None:
        block = b"x" * (64 << 20)
        held = probes.private_kib([os.getpid()])
        self.assertGreater(held, 64 << 10)
        del block
        self.assertLess(probes.private_kib([os.getpid()]), held - (60 << 10))
        self.assertGreaterEqual(probes.resident_kib([os.getpid()]), probes.anonymous_kib([os.getpid()]))


if __name__ == "__main__":
    unittest.main()
