"""The daemon notices by itself when what ended, what was written and what is stored do not agree, and proves its books and
reconciles bills at their time.

Proved by changing the store behind its back, which no fault of the daemon's own would do on request.
"""
import datetime
import sqlite3
import unittest

from client import request
from harness import Daemon, FunctionalTest, ask, until


def soon() -> str:
    """A time of day that begins in half a minute at the earliest, and in one and a half at the latest."""
    now = datetime.datetime.now(datetime.timezone.utc)
    return (now + datetime.timedelta(seconds=90 if now.second > 30 else 60)).strftime("%H:%M")


class LedgerWatch(FunctionalTest):
    def serve(self, config: str) -> Daemon:
        self.upstream = self.new_upstream()
        self.daemon = self.new_daemon(config)
        self.daemon.add_channel(self.upstream)
        self.daemon.set_price("m1")
        self.key = self.daemon.add_token()
        return self.daemon

    def calls(self, count: int) -> None:
        before = len(self.daemon.calls())
        for _ in range(count):
            self.assertEqual(self.daemon.post(self.key, ask()).status, 200)
        until(lambda: len(self.daemon.calls()) == before + count, "the rows of the calls")

    def notices(self, kind: str) -> list[dict[str, str]]:
        return [row for row in self.daemon.api("GET", "/notices?limit=1000")["data"] if row["kind"] == kind]

    def metric(self, name: str) -> float:
        text = request(self.daemon.socket, "GET", "/metrics").body.decode()
        return float(next(line.rpartition(" ")[2] for line in text.splitlines() if line.startswith(name + " ")))

    def damage(self, *statements: str) -> None:
        store = sqlite3.connect(self.daemon.data / "oblivd.db", timeout=20)
        with store:
            for statement in statements:
                store.execute(statement)
        store.close()

    def test_a_gap_stops_paid_work_until_it_closes(self) -> None:
        self.serve('[billing]\nwatch_interval = "1s"\non_gap = "stop"\n')
        self.calls(3)
        self.assertEqual(self.metric("oblivd_calls_ended_total"), 3)
        self.assertEqual(self.metric("oblivd_billing_gap"), 0)
        self.damage("UPDATE fold SET billed = billed - 1")
        until(lambda: len(self.notices("billing.gap")) == 1, "a notice of the gap")
        self.assertEqual(self.notices("billing.gap")[0]["severity"], "critical")
        self.assertEqual(self.metric("oblivd_billing_gap"), 1)
        refused = self.daemon.post(self.key, ask())
        self.assertEqual(refused.status, 503, refused.body)
        self.assertFalse(self.daemon.verify()["ok"])
        self.damage("UPDATE fold SET billed = billed + 1")
        until(lambda: len(self.notices("billing.agreed")) == 1, "a notice that it has closed")
        self.calls(1)
        self.assertEqual(len(self.notices("billing.gap")), 1)
        self.assert_books(self.daemon)

    def test_a_gap_only_alerts_unless_told_otherwise(self) -> None:
        self.serve('[billing]\nwatch_interval = "1s"\n')
        self.calls(2)
        self.damage("UPDATE fold SET units = units + 1")
        until(lambda: len(self.notices("billing.gap")) == 1, "a notice of the gap")
        self.calls(1)

    def test_calls_alone_are_no_gap(self) -> None:
        self.serve('[billing]\nwatch_interval = "1s"\non_gap = "stop"\n')
        for _ in range(30):
            self.calls(10)
        self.daemon.stop()
        self.daemon.start()
        self.calls(5)
        self.assertEqual(self.notices("billing.gap"), [])

    def test_books_are_proved_and_bills_reconciled_at_their_time(self) -> None:
        self.serve('[billing]\nwatch_interval = "1s"\n')
        self.calls(2)
        day = self.daemon.calls()[0]["time"][:10]
        bills = self.folder / "bills"
        bills.mkdir()
        (bills / "openai-good.csv").write_text(f"date,model,input_tokens,output_tokens\n{day},m1,22,14\n")
        (bills / "openai-bad.csv").write_text(f"date,model,input_tokens,output_tokens\n{day},m1,23,14\n")
        (bills / "broken.json").write_text("{")
        (bills / "readme.txt").write_text("no bill")
        at = soon()
        self.daemon.config.write_text(f'[billing]\nverify_at = "{at}"\nreconcile_at = "{at}"\n'
                                      f'reconcile_folder = "{bills}"\n')
        self.daemon.api("POST", "/system/reload")
        until(lambda: len(self.notices("billing.reconciled")) == 3, "three bills", 180)
        (proof,) = self.notices("billing.verified")
        self.assertEqual(proof["severity"], "info")
        self.assertIn("2 charges", proof["title"])
        told = {row["title"]: row for row in self.notices("billing.reconciled")}
        self.assertEqual(set(told), {"openai-good.csv: agrees with the books", "openai-bad.csv: differs from the books",
                                     "broken.json: could not be read"})
        self.assertIn("ours 22 in", told["openai-bad.csv: differs from the books"]["text"])

    def test_settings_that_make_no_sense_are_refused(self) -> None:
        for wrong in ('verify_at = "25:00"', 'verify_at = "3:30"', 'reconcile_at = "03:30"', 'on_gap = "cry"'):
            daemon = self.new_daemon(f"[billing]\n{wrong}\n", name="x" + str(len(self.daemons)), start=False)
            daemon.start(wait=False)
            self.assertEqual(daemon.running().wait(20), 78, wrong)


if __name__ == "__main__":
    unittest.main()
