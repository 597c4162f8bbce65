"""An upgrade that migrates the database, behind the held listening socket and under load, refuses no connection.

The old release is played by the database: while nobody serves, it is migrated one step down, as the old release had left
it. The new daemon must find that, migrate up, and answer those who have been waiting in the backlog meanwhile.
"""
import re
import subprocess
import unittest

from daemon_lifecycle import Callers, held_socket, start_behind
from harness import BIN, WAIT, Daemon, FunctionalTest, environment, until


class Upgrade(FunctionalTest):
    def migrate(self, daemon: Daemon, *arguments: str) -> str:
        done = subprocess.run([str(BIN / "oblivd"), "migrate", "--config", str(daemon.config), "--data-dir", str(daemon.data),
                               *arguments], capture_output=True, text=True, timeout=WAIT, env=environment(daemon.folder), check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def schema(self, daemon: Daemon) -> int:
        """The version that the database says it has."""
        done = subprocess.run(["sqlite3", "-readonly", str(daemon.data / "oblivd.db"),
                               "SELECT max(version) FROM schema_migration"],
                              capture_output=True, text=True, timeout=WAIT, check=True)
        return int(done.stdout)

    def test_an_upgrade_under_load_refuses_nobody_and_keeps_the_books(self) -> None:
        upstream = self.new_upstream()
        with held_socket() as listener:
            daemon = start_behind(self.new_daemon(start=False), listener)
            daemon.add_channel(upstream)
            daemon.set_price()
            key = daemon.add_token()
            newest = self.schema(daemon)
            self.assertGreater(newest, 1, "there is a migration to go back over")
            with Callers(daemon.port, key) as callers:
                callers.wait_more(30)
                self.assertEqual(daemon.stop(), 0)
                self.migrate(daemon, "--to", str(newest - 1))
                self.assertEqual(self.schema(daemon), newest - 1)
                start_behind(daemon, listener)
                callers.wait_more(30)
            self.assertEqual(callers.problems, [])
            self.assertEqual(self.schema(daemon), newest)
            until(lambda: [row["cost"] for row in daemon.calls()] == ["0.0000975"] * len(upstream.requests),
                  "every call of both releases is charged, once", seconds=5)
            self.assert_books(daemon)

    def test_a_dry_run_says_the_steps_and_does_none(self) -> None:
        daemon = self.new_daemon()
        newest = self.schema(daemon)
        self.assertEqual(daemon.stop(), 0)
        told = self.migrate(daemon, "--dry-run", "--to", str(newest - 1))
        self.assertTrue(re.search(r"\d", told), told)
        self.assertEqual(self.schema(daemon), newest)

    def test_a_database_of_a_newer_release_is_78_and_left_alone(self) -> None:
        daemon = self.new_daemon()
        newest = self.schema(daemon)
        daemon.stop()
        later = f"SELECT {newest + 1}, 'from_later', checksum, applied_at FROM schema_migration LIMIT 1"
        subprocess.run(["sqlite3", str(daemon.data / "oblivd.db"), f"INSERT INTO schema_migration {later}"], timeout=WAIT, check=True)
        daemon.start(wait=False)
        self.assertEqual(daemon.running().wait(WAIT), 78, daemon.stderr())
        self.assertEqual(self.schema(daemon), newest + 1)


if __name__ == "__main__":
    unittest.main()
