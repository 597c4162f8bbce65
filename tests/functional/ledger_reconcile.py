"""A provider's bill is held against what calls used: what agrees, what differs, by how much it may, and the exit code.

Proved with real calls and bills written by the test.
"""
import json
import unittest

from harness import FunctionalTest, ask, until


class LedgerReconcile(FunctionalTest):
    def test_the_command_line_reconciles(self) -> None:
        upstream = self.new_upstream()
        daemon = self.new_daemon()
        daemon.add_channel(upstream)
        daemon.set_price("m1")
        key = daemon.add_token()
        for _ in range(2):
            self.assertEqual(daemon.post(key, ask()).status, 200)
        until(lambda: len(daemon.calls()) == 2, "two rows")
        # The calls may lie on both sides of midnight.
        days = {row["time"][:10] for row in daemon.calls()}
        head = "date,model,input_tokens,output_tokens,cost\n"

        def bill(model: str = "m1-2024-08-06", more: int = 0) -> str:
            rows = []
            for day in days:
                count = sum(row["time"][:10] == day for row in daemon.calls())
                rows.append(f"{day},{model},{11 * count + more},{7 * count},0.5\n")
            return head + "".join(rows)

        def reconcile(*flags: str, stdin: str) -> int:
            return self.obliv(daemon, "ledger", "reconcile", "-", *flags, stdin=stdin).returncode

        good = self.obliv(daemon, "ledger", "reconcile", "-", "--provider", "openai", stdin=bill())
        self.assertEqual(good.returncode, 0, good.stderr)
        self.assertIn("agrees", good.stderr)
        costs = self.obliv(daemon, "ledger", "reconcile", "-", "--cost", "--json", stdin=bill())
        self.assertEqual(costs.returncode, 10, costs.stderr)
        rows = json.loads(costs.stdout)["data"]
        self.assertEqual({(row["day"], row["model"], row["theirs"]["cost"]) for row in rows},
                         {(day, "m1", "0.50") for day in days})
        self.assertEqual(reconcile(stdin=bill(more=1)), 10)
        self.assertEqual(reconcile("--tolerance", "10", stdin=bill(more=1)), 0)
        self.assertEqual(reconcile("--tolerance", "x", stdin=bill()), 2)
        self.assertEqual(reconcile("--channel", "main", stdin=bill()), 0)
        self.assertEqual(reconcile("--provider", "gemini", stdin=bill()), 5)
        self.assertEqual(reconcile(stdin=bill("other")), 10)
        self.assertEqual(reconcile(stdin="a,b\n1,2\n"), 1)
        self.assertEqual(self.obliv(daemon, "ledger", "reconcile", "/nowhere.csv").returncode, 5)


if __name__ == "__main__":
    unittest.main()
