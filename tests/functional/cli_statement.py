"""A statement adds up although lines come in while it is exported: its sums are those of its lines."""
import csv
import io
import unittest
from typing import Any

from apiserver import Call, Handler
from clitest import CliTest

PATH = "GET /api/v1/accounts/team/statement"
SUMS = {"account_id": "11", "account": "team", "month": "2026-10", "time_zone": "UTC", "since": "2026-10-01T00:00:00.000Z",
        "until": "2026-11-01T00:00:00.000Z", "opening": "1.00", "in": "5.00", "out": "0.00", "charged": "0.00", "closing": "6.00",
        "calls": 0, "transfers": 1}


def line(number: int, kind: str, amount: str) -> dict[str, Any]:
    return {"id": str(number), "time": "2026-10-02T00:00:00.000Z", "kind": kind, "amount": amount, "call": None, "model": None,
            "reason": None}


class Statement(CliTest):
    def setUp(self) -> None:
        super().setUp()
        # Two calls, a correction and a gift have come in since the sums were made.
        lines = [line(1, "topup", "5.00"), line(2, "settle", "-0.25"), line(3, "settle", "-0.50"), line(4, "adjust", "-1.00"),
                 line(5, "transfer", "2.000000001")]

        def page(handler: Handler, call: Call) -> None:
            at = 2 if "cursor=" in call.path else 0
            handler.reply(200, {"data": lines[at:at + 2] if at == 0 else lines[at:], "next_cursor": None if at else "more"})
        self.server.routes[PATH] = lambda handler, _: handler.reply(200, SUMS)
        self.server.routes[PATH + "/lines"] = page

    def test_the_sums_are_those_of_the_lines(self) -> None:
        expected = {"opening": "1.00", "in": "7.000000001", "out": "1.00", "charged": "0.75", "closing": "6.250000001", "calls": 2,
                    "transfers": 3}
        flags = ("account", "statement", "team", "--month", "2026-10")
        whole = self.json(*flags)
        self.assertEqual({name: whole[name] for name in expected}, expected)
        self.assertEqual((whole["schema"], whole["account"], len(whole["lines"])), ("obliv.account.statement/1", "team", 5))
        self.assertEqual(self.ok(*flags, "--jq", "[.closing, (.lines | length)] | @tsv").split(), ["6.250000001", "5"])
        rows = list(csv.DictReader(io.StringIO(self.ok(*flags, "--csv"))))
        self.assertEqual([row["balance"] for row in rows], ["1.00", "6.00", "5.75", "5.25", "4.25", "6.250000001", "6.250000001"])
        self.assertEqual((rows[0]["kind"], rows[-1]["kind"]), ("opening", "closing"))


if __name__ == "__main__":
    unittest.main()
