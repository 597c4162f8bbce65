"""Reports say what the rows say: by every key, with every filter, over a restart; and so does the business report.

Proved with real calls and the rows that they left.
"""
import json
import unittest
from typing import Any

import upstream as provider
from client import request
from harness import FunctionalTest, ask, until


class UsageReport(FunctionalTest):
    def setUp(self) -> None:
        super().setUp()
        self.upstream = self.new_upstream()
        self.daemon = self.new_daemon()
        self.daemon.add_channel(self.upstream, models=["m1", "m2"])
        self.daemon.set_price("m1")
        self.keys = [self.daemon.add_token("alpha"), self.daemon.add_token("beta")]
        for number in range(7):
            reply = self.daemon.post(self.keys[number % 2], ask("m1" if number % 3 else "m2"))
            self.assertEqual(reply.status, 200, reply.body)
        self.upstream.answer = provider.error(400)
        self.assertEqual(self.daemon.post(self.keys[0], ask()).status, 400)
        until(lambda: len(self.daemon.calls()) == 8, "eight rows")
        self.rows = self.daemon.calls()

    def report(self, query: str) -> list[dict[str, Any]]:
        return list(self.daemon.api("GET", f"/usage/report?{query}")["data"])

    def assert_sums(self, by: str, key: Any) -> None:
        """The sums of the report by `by`, beside those of the rows by `key(row)`."""
        wanted: dict[str, list[float]] = {}
        for row in self.rows:
            sums = wanted.setdefault(key(row), [0, 0, 0, 0])
            sums[0] += 1
            sums[1] += row["usage"]["input"]
            sums[2] += row["usage"]["output"]
            sums[3] = round(sums[3] + float(row["cost"]), 9)
        told = {group[by]: [group["requests"], group["usage"]["input"], group["usage"]["output"], float(group["cost"])]
                for group in self.report(f"by={by}")}
        self.assertEqual(told, wanted)

    def assert_all(self) -> None:
        self.assert_sums("model", lambda row: row["model"])
        self.assert_sums("served", lambda row: row["model_served"] or "")
        self.assert_sums("token", lambda row: row["token_id"])
        self.assert_sums("user", lambda row: row["user_id"] or "0")
        self.assert_sums("channel", lambda row: row["channel_id"] or "0")
        self.assert_sums("account", lambda row: row["account_id"])
        self.assert_sums("hour", lambda row: row["time"][:13] + ":00:00Z")
        self.assert_sums("day", lambda row: row["time"][:10])
        self.assert_sums("month", lambda row: row["time"][:7])

    def test_a_token_reads_its_own_bills_and_no_others(self) -> None:
        owners = {token["id"]: self.keys[("alpha", "beta").index(token["name"])]
                  for token in self.daemon.api("GET", "/tokens")["data"]}
        for row in self.rows:
            for key in self.keys:
                reply = request(self.daemon.port, "GET", f"/api/v1/calls/{row['request_id']}",
                                headers={"Authorization": f"Bearer {key}"})
                own = owners[row["token_id"]] == key
                self.assertEqual(reply.status, 200 if own else 404, reply.body)
                if own:
                    self.assertEqual(reply.json["cost"], row["cost"])
                else:
                    self.assertEqual(reply.json["error"]["message"], f"there is no call {row['request_id']}")

    def test_reports_are_the_sums_of_the_rows(self) -> None:
        self.assert_all()
        self.daemon.stop()
        self.daemon.start()
        # Now they are summed up, and nothing is left to read.
        self.assert_all()
        self.assertEqual([group["requests"] for group in self.report("by=model&error=" + self.rows[0]["error"])], [1])
        self.assertEqual(self.report("by=model&until=-1h"), [])
        self.assertEqual(sum(group["requests"] for group in self.report("by=token&model=m2&since=-1h")),
                         sum(row["model"] == "m2" for row in self.rows))
        self.assert_books(self.daemon)

    def test_the_day_is_counted_on_after_a_restart(self) -> None:
        self.daemon.stop()
        self.daemon.start()
        live = self.daemon.api("GET", "/usage/live?window=24h")
        self.assertEqual(live["windows"][0]["total"]["requests"], 8)
        self.assertEqual({row["key"]: row["figures"]["requests"] for row in live["windows"][0]["models"]}, {"m1": 5, "m2": 3})

    def test_the_command_line_reports(self) -> None:
        shown = self.obliv(self.daemon, "usage", "report", "--by", "time,user", "--json")
        self.assertEqual(shown.returncode, 0, shown.stderr)
        groups = json.loads(shown.stdout)["data"]
        self.assertEqual(sum(group["requests"] for group in groups), 8)
        self.assertLessEqual({"hour", "user"}, set(groups[0]))
        self.assertEqual(self.obliv(self.daemon, "usage", "report", "--by", "colour").returncode, 2)

    def test_the_business_report(self) -> None:
        shown = self.obliv(self.daemon, "usage", "report", "--business", "--by", "month", "--json")
        self.assertEqual(shown.returncode, 0, shown.stderr)
        document = json.loads(shown.stdout)
        self.assertEqual(document["schema"], "obliv.usage.business/1")
        (month,) = document["data"]
        self.assertEqual((month["active_users"], month["returning_users"], month["requests"]), (1, 0, 8))
        self.assertAlmostEqual(float(month["revenue"]), sum(float(row["cost"]) for row in self.rows), 9)
        for wrong in (["--by", "model"], ["--attempts"], ["--error", "upstream_error"]):
            self.assertEqual(self.obliv(self.daemon, "usage", "report", "--business", *wrong).returncode, 2)


if __name__ == "__main__":
    unittest.main()
