"""A statement is exported in memory that does not grow with its lines, and adds up to the last nano-dollar: the same account
with a few thousand charges and with many times as many.
"""
import csv
import json
import unittest
from decimal import Decimal
from pathlib import Path

import statements
from harness import FunctionalTest

FEW = 4_000
MANY = 60_000
# What an allocator and a page of lines take or leave; the lines themselves are many times as much.
SLACK = 6 << 20


class Statements(FunctionalTest):
    def setUp(self) -> None:
        super().setUp()
        self.daemon = self.new_daemon()
        self.daemon.add_prepaid("team", "100")
        self.account = self.daemon.api("GET", "/accounts/team")["id"]

    def fill(self, charges: int) -> int:
        self.daemon.stop()
        cost = statements.fill(self.daemon, self.account, charges)
        self.daemon.start()
        return cost

    def export(self, *flags: str) -> tuple[statements.Export, Path]:
        target = self.folder / "statement.out"
        return statements.export(self.daemon, self.folder / "home", target, *flags), target

    def test_memory_does_not_grow_with_the_lines(self) -> None:
        kinds = (("--csv",), ("--json",), ("--xlsx",))
        cost = self.fill(FEW)
        few = {flags: self.export(*flags)[0].peak_bytes for flags in kinds}
        before = statements.peak_of_daemon(self.daemon)
        cost += self.fill(MANY - FEW)
        for flags in kinds:
            used, target = self.export(*flags)
            with self.subTest(flags):
                self.assertGreater(target.stat().st_size, MANY * 10)
                self.assertLess(used.peak_bytes - few[flags], SLACK)
        self.assertLess(statements.peak_of_daemon(self.daemon) - before, SLACK)
        self.assertEqual(self.daemon.api("GET", f"/accounts/team/statement?month={statements.last_month()}")["calls"], MANY)

    def test_opening_and_lines_make_closing(self) -> None:
        cost = self.fill(FEW)
        _, target = self.export("--csv")
        with target.open(newline="") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual(len(rows), FEW + 2)
        opening, closing = Decimal(rows[0]["balance"]), Decimal(rows[-1]["balance"])
        self.assertEqual(opening + sum(Decimal(row["amount"]) for row in rows[1:-1]), closing)
        self.assertEqual(opening - closing, Decimal(cost) / 10**9)
        balance = opening
        for row in rows[1:-1]:
            balance += Decimal(row["amount"])
            self.assertEqual(Decimal(row["balance"]), balance)
        _, target = self.export("--json")
        whole = json.loads(target.read_text())
        self.assertEqual(Decimal(whole["opening"]) + sum(Decimal(line["amount"]) for line in whole["lines"]), Decimal(whole["closing"]))
        self.assertEqual(len({line["id"] for line in whole["lines"]}), FEW)


if __name__ == "__main__":
    unittest.main()
