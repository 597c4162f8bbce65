"""Money that expires goes back as far as it is unspent, money moves between accounts once, and a code is redeemed once,
however many try and whenever the process dies."""
import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone

import client
from harness import FunctionalTest, ask, until


def in_seconds(seconds: float) -> str:
    return (datetime.now(timezone.utc) + timedelta(seconds=seconds)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class AccountMoney(FunctionalTest):
    def setUp(self) -> None:
        super().setUp()
        self.upstream = self.new_upstream()
        self.daemon = self.new_daemon()
        self.daemon.add_channel(self.upstream)
        self.daemon.set_price("m1", input="1000", output="1000")
        self.daemon.api("POST", "/accounts", {"name": "team"})

    def balance(self, account: str = "team") -> str:
        return str(self.daemon.api("GET", f"/accounts/{account}")["balance"])

    def topup(self, amount: str, **more: str) -> None:
        self.daemon.api("POST", "/accounts/team/topup", {"amount": amount, **more})

    def test_what_expires_is_spent_first_and_the_rest_goes_back(self) -> None:
        self.topup("1")
        self.topup("10", expires_at=in_seconds(3))
        key = self.daemon.add_token("a", account="team")
        reply = self.daemon.post(key, ask(max_tokens=7))
        self.assertEqual(reply.status, 200)
        cost = float(self.daemon.call(reply.request_id)["cost"])
        self.assertGreater(cost, 0)
        lots = self.daemon.api("GET", "/accounts/team/lots")["data"]
        self.assertEqual([float(lot["left"]) for lot in lots], [10 - cost])
        until(lambda: self.balance() == "1.00", "the rest has gone back")
        self.assertEqual(self.daemon.api("GET", "/accounts/team/lots")["data"], [])
        entries = self.daemon.api("GET", "/ledger/entries?account=team")["data"]
        self.assertEqual([float(e["amount"]) for e in entries if e["kind"] == "expiry"], [cost - 10])
        self.assert_books(self.daemon)

    def test_what_expired_meanwhile_goes_back_at_the_start(self) -> None:
        self.topup("2")
        end = time.time() + 1.5
        self.topup("10", expires_at=in_seconds(1.5))
        self.daemon.kill()
        until(lambda: time.time() > end + 0.1, "the money expires while nobody is there")
        self.daemon.start()
        self.assertEqual(self.balance(), "2.00")
        self.assert_books(self.daemon)

    def test_money_moves_between_accounts_once(self) -> None:
        self.daemon.api("POST", "/accounts", {"name": "lab"})
        self.topup("5")
        for _ in range(2):
            done = self.obliv(self.daemon, "account", "transfer", "team", "lab", "2.00", "--operation-id", "once")
            self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual((self.balance(), self.balance("lab")), ("3.00", "2.00"))
        self.assertEqual(self.obliv(self.daemon, "account", "transfer", "team", "lab", "3.01").returncode, 6)
        self.topup("4", expires_at=in_seconds(3600))
        refused = self.obliv(self.daemon, "account", "transfer", "team", "lab", "3.01")
        self.assertEqual(refused.returncode, 6)
        self.assertIn("do not expire", refused.stderr)
        self.assertEqual((self.balance(), self.balance("lab")), ("7.00", "2.00"))
        self.assert_books(self.daemon)

    def codes(self, **order: object) -> list[str]:
        made = self.daemon.api("POST", "/redeem-codes", {"amount": "5", "batch": "spring", **order}, 201)
        return [row["code"] for row in made["data"]]

    def redeem(self, key: str, code: str) -> client.Response:
        return client.request(self.daemon.port, "POST", "/api/v1/redeem", {"code": code}, {"authorization": f"Bearer {key}"})

    def test_a_code_is_redeemed_once_under_a_race_and_a_kill(self) -> None:
        keys = []
        for name in ("a", "b", "c", "d"):
            self.daemon.api("POST", "/accounts", {"name": name})
            keys.append(self.daemon.add_token(name, account=name))
        codes = self.codes(count=12, credit_lasts="90d")
        self.assertEqual(len(set(codes)), 12)

        def attempt(job: tuple[str, str]) -> int:
            try:
                return self.redeem(*job).status
            except (OSError, ValueError, client.http.client.HTTPException):
                return 0
        jobs = [(key, code.lower().replace("-", "")) for code in codes for key in keys]
        with ThreadPoolExecutor(16) as pool:
            first = [pool.submit(attempt, job) for job in jobs]
            until(lambda: sum(f.done() for f in first) >= 8, "some were redeemed")
            self.daemon.kill()
        self.daemon.start()
        # Everybody asks again for what they know nothing of.
        statuses = [attempt(job) for job in jobs]
        self.assertEqual(sorted(set(statuses)), [200, 409])
        self.assertEqual(statuses.count(200), 12)
        self.assertEqual(sum(float(self.balance(name)) for name in "abcd"), 60)
        used = self.daemon.api("GET", "/redeem-codes?batch=spring&state=used")["data"]
        self.assertEqual(len(used), 12)
        self.assertNotIn("code", used[0])
        self.assertEqual(sum(len(self.daemon.api("GET", f"/accounts/{name}/lots")["data"]) for name in "abcd"), 12)
        self.assert_books(self.daemon)

    def test_codes_are_revoked_expire_and_are_not_guessed(self) -> None:
        key = self.daemon.add_token("a", account="team")
        revoked, expired, good = self.codes(count=1)[0], self.codes(count=1, batch="old", expires_at=in_seconds(0.3))[0], self.codes(
            count=1, batch="good")[0]
        done = self.obliv(self.daemon, "redeem", "revoke", "--batch", "spring", "-y")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.redeem(key, revoked).status, 409)
        until(lambda: self.daemon.api("GET", "/redeem-codes?state=expired")["data"], "the code expires")
        self.assertEqual(self.redeem(key, expired).status, 409)
        statuses = [self.redeem(key, f"0000-0000-0000-0000-{i:04}").status for i in range(11)]
        self.assertEqual(statuses, [404] * 10 + [429])
        limited = self.redeem(key, good)
        self.assertEqual(limited.status, 429)
        self.assertGreater(int(limited.headers["retry-after"]), 0)
        self.assertEqual(self.balance(), "0.00")
        # An administrator is another matter, and so is another account.
        self.daemon.api("POST", "/accounts", {"name": "lab"})
        used = self.obliv(self.daemon, "redeem", "use", good, "--account", "lab")
        self.assertEqual(used.returncode, 0, used.stderr)
        self.assertEqual(self.balance("lab"), "5.00")
        self.assertEqual(client.request(self.daemon.port, "POST", "/api/v1/redeem", {"code": good, "account": "lab"},
                                        {"authorization": f"Bearer {key}"}).status, 403)
        self.assert_books(self.daemon)

    def test_a_batch_is_made_on_the_command_line_and_shown_once(self) -> None:
        made = self.obliv(self.daemon, "redeem", "create", "--count", "3", "--amount", "2.50", "--expires", "30d",
                          "--credit-expires", "90d", "--batch", "autumn", "--jq", ".data[].code")
        self.assertEqual(made.returncode, 0, made.stderr)
        codes = made.stdout.split()
        self.assertEqual(len(codes), 3)
        listed = self.obliv(self.daemon, "redeem", "list", "--batch", "autumn")
        for code in codes:
            self.assertIn(code[:5], listed.stdout)
            self.assertNotIn(code, listed.stdout)
            for path in self.daemon.data.iterdir():
                if path.is_file():
                    self.assertNotIn(code.replace("-", "").encode(), path.read_bytes().replace(b"-", b""))


if __name__ == "__main__":
    unittest.main()
