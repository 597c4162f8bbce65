"""Usage rows of old months are removed, and the books stay whole: charges, balances, statements, sums.

Proved by calls that the store is told to be of another time, which no test can wait for.
"""
import contextlib
import sqlite3
import unittest

from harness import FunctionalTest, ask, until

OLD = 1_577_880_000_000_000_000  # 2020-01-01 12:00 UTC


class UsageRetention(FunctionalTest):
    def setUp(self) -> None:
        super().setUp()
        self.daemon = self.new_daemon()
        self.daemon.add_channel(self.new_upstream())
        self.daemon.set_price("m1")
        self.key = self.daemon.add_token()

    def calls(self, count: int) -> None:
        before = len(self.daemon.calls())
        for _ in range(count):
            self.assertEqual(self.daemon.post(self.key, ask()).status, 200)
        until(lambda: len(self.daemon.calls()) == before + count, "the rows of the calls")

    def age(self) -> None:
        """What is there was said in January 2020."""
        self.daemon.stop()
        with contextlib.closing(sqlite3.connect(self.daemon.data / "oblivd.db")) as store, store:
            (month,) = store.execute("SELECT max(month) FROM usage_month").fetchone()
            renamed = [f"ALTER TABLE usage_{of}_{month} RENAME TO usage_{of}_202001" for of in ("row", "brief", "kind")]
            for statement in ("DROP VIEW usage_all", *renamed,
                              f"UPDATE usage_month SET month = 202001 WHERE month = {month}",
                              f"UPDATE usage_row_202001 SET time = {OLD}", f"UPDATE charge SET time = {OLD}"):
                store.execute(statement)

    def keep(self, months: int) -> None:
        self.daemon.config.write_text(f"[usage]\nmonths_kept = {months}\n")

    def test_old_months_go_and_the_books_stay_whole(self) -> None:
        self.calls(3)
        self.age()
        self.daemon.start()
        self.assertEqual(len(self.daemon.calls()), 3)
        account = self.daemon.calls()[0]["account_id"]
        spent = self.statement(account)
        self.assertEqual(spent["calls"], 3)
        self.calls(2)
        self.keep(12)
        self.daemon.api("POST", "/system/reload")
        until(lambda: len(self.daemon.calls()) == 2, "the rows of this month only")
        report = self.daemon.verify()
        self.assertEqual((report["ok"], report["retired"], report["charges"]), (True, 3, 5), report["problems"])
        self.assertEqual(self.daemon.api("GET", "/usage/report?by=model")["data"][0]["requests"], 5)
        self.assertEqual(self.statement(account), spent)
        # Its table goes too, and nothing comes back with the next start.
        until(lambda: self.tables() == 1, "the table of the month is dropped")
        self.daemon.kill()
        self.daemon.start()
        self.assertEqual(len(self.daemon.calls()), 2)
        self.calls(1)
        self.assert_books(self.daemon)

    def statement(self, account: str) -> dict[str, object]:
        return dict(self.daemon.api("GET", f"/accounts/{account}/statement?month=2020-01"))

    def tables(self) -> int:
        with contextlib.closing(sqlite3.connect(self.daemon.data / "oblivd.db", timeout=20)) as store:
            return int(store.execute("SELECT count(*) FROM sqlite_schema WHERE name GLOB 'usage_row_2*'").fetchone()[0])

    def test_everything_is_kept_unless_told_otherwise(self) -> None:
        self.calls(2)
        self.age()
        self.daemon.start()
        self.calls(1)
        self.assertEqual((len(self.daemon.calls()), self.tables()), (3, 2))
        self.assertEqual(self.daemon.verify()["retired"], 0)

    def test_a_row_that_is_lost_is_not_taken_for_a_removed_one(self) -> None:
        self.calls(3)
        self.age()
        self.keep(1)
        self.daemon.start()
        until(lambda: self.daemon.calls() == [], "no rows any more")
        self.calls(2)
        self.daemon.stop()
        with contextlib.closing(sqlite3.connect(self.daemon.data / "oblivd.db")) as store, store:
            (month,) = store.execute("SELECT max(month) FROM usage_month").fetchone()
            store.execute(f"DELETE FROM usage_row_{month} WHERE id = (SELECT max(id) FROM usage_row_{month})")
        self.daemon.start()
        report = self.daemon.verify()
        self.assertEqual((report["ok"], report["retired"]), (False, 3))
        self.assertIn("has no usage row", " ".join(report["problems"]))


if __name__ == "__main__":
    unittest.main()
