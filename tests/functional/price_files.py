"""Prices as files, in and out by the command line, as CSV and as JSON, with nothing lost on the way; and every bill computed
again from its row and the version of the price that the row names.
"""
import csv
import io
import json
import sqlite3
import unittest
from typing import Any

from prices import PriceTest


class Bills(PriceTest):
    def setUp(self) -> None:
        super().setUp()
        self.upstream = self.new_upstream()
        self.daemon = self.new_daemon()

    def test_every_bill_can_be_computed_again(self) -> None:
        self.daemon.add_channel(self.upstream)
        self.daemon.set_price("m1", input="0", output="0", per_call="0.01")
        key = self.daemon.add_token()
        rows = [self.cost(key) for _ in range(3)]
        self.daemon.set_price("m1", input="0", output="0", per_call="7")
        self.assertEqual(self.recompute(), (0, {**self.recompute()[1], "calls": 3, "differing": 0, "charged": "0.03", "recomputed": "0.03"}))
        said = self.obliv(self.daemon, "usage", "recompute")
        self.assertEqual(said.returncode, 2, said.stderr)
        self.assertIn("--dry-run", said.stderr)
        self.daemon.stop()
        with sqlite3.connect(self.daemon.data / "oblivd.db") as database:
            tables = [name for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE 'usage_row%'")]
            for table in tables:
                database.execute(f"UPDATE {table} SET cost = cost + 1 WHERE request_id = ?", [rows[1]["request_id"]])
        self.daemon.start()
        code, audit = self.recompute("--model", "m1")
        self.assertNotEqual(code, 0)
        self.assertEqual((audit["calls"], audit["differing"], audit["charged"], audit["recomputed"]), (3, 1, "0.030000001", "0.03"))
        self.assertEqual([(row["request_id"], row["charged"], row["recomputed"]) for row in audit["differences"]],
                         [(rows[1]["request_id"], "0.010000001", "0.01")])
        self.assertEqual(self.recompute("--until", "-1h")[1]["calls"], 0)


class PriceFiles(PriceTest):
    def setUp(self) -> None:
        super().setUp()
        self.daemon = self.new_daemon()

    def ok(self, *words: str, stdin: str = "") -> str:
        done = self.obliv(self.daemon, *words, stdin=stdin)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def prices(self) -> list[dict[str, Any]]:
        rows = self.daemon.api("GET", "/prices?limit=1000")["data"]
        return sorted(({name: value for name, value in row.items() if name not in ("version", "effective_from")} for row in rows),
                      key=lambda row: (row["model"], row["channel"] or "", row["variant"] or ""))

    def test_the_shipped_list_is_looked_at_taken_and_taken_again(self) -> None:
        plan = json.loads(self.ok("price", "import", "--default", "--dry-run", "--json"))
        self.assertGreater(plan["added"], 80)
        self.assertTrue(plan["dry_run"])
        self.assertEqual(self.prices(), [])
        self.assertIn("gpt-4o", self.ok("price", "import", "--default"))
        again = json.loads(self.ok("price", "import", "--default", "--json"))
        self.assertEqual((again["added"], again["changed"], again["unchanged"], again["changes"]), (0, 0, plan["added"], []))
        sonnet = self.daemon.api("GET", "/prices/claude-sonnet-4-5")
        self.assertEqual((sonnet["input"], sonnet["cache_write_1h"], sonnet["batch"]), ("3.00", "6.00", "0.50"))
        self.assertEqual([(tier["above"], tier["output"], tier["reasoning"]) for tier in sonnet["tiers"]], [(200_000, "22.50", None)])

    def test_what_is_exported_is_imported_elsewhere_without_loss(self) -> None:
        channel = {"name": "main", "type": "openai", "base_url": "http://127.0.0.1:9/v1", "keys": ["k"], "models": ["m"]}
        self.daemon.api("POST", "/channels", channel)
        self.ok("price", "import", "--default")
        self.daemon.api("PUT", "/prices/odd", {"input": "0.000000001", "output": "12.5", "per_call": "0.5", "reasoning": "0"})
        self.daemon.api("PUT", "/prices/odd", {"input": "0", "output": "0", "per_search": "0.002", "channel": "main", "batch": "0.25",
                                               "variant": 'a "fine", one', "tiers": [{"above": 5, "input": "1", "output": "0.000000001"}]})
        exported = {form: self.ok("price", "export", *flags) for form, flags in (("json", []), ("csv", ["--format", "csv"]))}
        head, *lines = csv.reader(io.StringIO(exported["csv"]))
        self.assertEqual(len(lines), len(self.prices()))
        self.assertIn("tiers", head)
        for form, text in exported.items():
            other = self.new_daemon(name=form)
            other.api("POST", "/channels", channel)
            path = self.folder / f"prices.{form}"
            path.write_text(text, encoding="utf-8")
            before, self.daemon = self.daemon, other
            try:
                self.ok("price", "import", str(path))
                mine = self.prices()
            finally:
                self.daemon = before
            self.assertEqual(mine, self.prices(), form)
            other.stop()

    def test_a_file_is_taken_whole_or_not_at_all(self) -> None:
        for text, reason in (('{"prices":[{"model":"a","input":"1","output":"1"},{"model":"b","input":"1"}]}', "output"),
                             ('[{"model":"a","input":"1","output":"1"},{"model":"a","input":"2","output":"1"}]', "twice"),
                             ('[{"model":"a","input":"1","output":"1","inptu":"1"}]', "inptu"),
                             ('[{"model":"a","input":"1","output":"1","channel":"nowhere"}]', "nowhere"),
                             ('[{"model":"a","input":"1","output":"1","batch":"2"}]', "batch"),
                             ("no JSON", "expected JSON")):
            done = self.obliv(self.daemon, "price", "import", "-", stdin=text)
            self.assertNotEqual(done.returncode, 0, text)
            self.assertIn(reason, done.stderr)
        for text, reason in (("model,input,output\na,1\n", "cells"), ("a,b\n1,2\n", "head line"),
                             ("model,input,output,tiers\na,1,1,x\n", "ABOVE")):
            done = self.obliv(self.daemon, "price", "import", "-", "--from-format", "csv", stdin=text)
            self.assertNotEqual(done.returncode, 0, text)
            self.assertIn(reason, done.stderr)
        self.assertEqual(self.prices(), [])
        self.assertEqual(self.obliv(self.daemon, "price", "import").returncode, 2)

    def test_every_version_stays_and_is_shown(self) -> None:
        for output in ("2", "3", "4"):
            self.ok("price", "set", "m1", "--input", "1", "--output", output)
        history = json.loads(self.ok("price", "history", "m1", "--json"))["data"]
        self.assertEqual([row["output"] for row in history], ["4.00", "3.00", "2.00"])
        self.assertEqual(len({row["version"] for row in history}), 3)
        self.assertEqual(json.loads(self.ok("price", "get", "m1", "--json"))["version"], history[0]["version"])
        self.ok("price", "rm", "m1", "-y")
        kept = json.loads(self.ok("price", "history", "m1", "--json"))["data"]
        self.assertEqual(kept[-3:], history, "what was charged by can be looked up for ever")

    def test_a_change_tells_what_was_and_what_is(self) -> None:
        self.ok("price", "set", "m1", "--input", "1", "--output", "2")
        said = self.ok("price", "import", "-", "--dry-run", stdin='[{"model":"m1","input":"1","output":"3"}]')
        self.assertIn("output 2.00 -> 3.00", said)
        self.assertEqual(self.daemon.api("GET", "/prices/m1")["output"], "2.00")


if __name__ == "__main__":
    unittest.main()
