"""Budgets of days and months hold under a race, say when they begin anew, survive a kill, and are told of; statements add up
and are exported, and a token can read what it may still spend."""
import contextlib
import io
import json
import selectors
import socket
import threading
import time
import unittest
import zipfile
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from typing import Any

import client
import upstream as provider
from harness import WAIT, FunctionalTest, ask, until

CONFIG = """
[notices]
balance_interval = "20ms"
"""


class Budgets(FunctionalTest):
    def setUp(self) -> None:
        super().setUp()
        self.upstream = self.new_upstream()
        self.daemon = self.new_daemon(CONFIG)
        self.daemon.add_channel(self.upstream, models=["m1", "m2"])
        for model in ("m1", "m2"):
            self.daemon.set_price(model, input="1000", output="1000")  # a tenth of a cent a token
        self.daemon.api("POST", "/accounts", {"name": "team", "time_zone": "Europe/Berlin"})
        self.daemon.api("POST", "/accounts/team/topup", {"amount": "1000"})
        self.key = self.daemon.add_token("t", account="team")

    def budget(self, number: str) -> dict[str, Any]:
        return dict(self.daemon.api("GET", f"/budgets/{number}"))

    def add(self, **row: str) -> str:
        return str(self.daemon.api("POST", "/budgets", row, 201)["id"])

    def own(self, path: str, key: str | None = None) -> client.Response:
        return client.request(self.daemon.port, "GET", path, headers={"authorization": f"Bearer {key or self.key}"})

    def test_a_budget_holds_under_a_race_and_says_when_it_begins_anew(self) -> None:
        first = self.daemon.post(self.key, ask(max_tokens=7))
        cost = float(self.daemon.call(first.request_id)["cost"])
        amount = f"{cost * 4.5:.9f}"
        number = self.add(scope="token", of="t", period="day", amount=amount)
        # What was spent today counts already.
        self.assertAlmostEqual(float(self.budget(number)["spent"]), cost)
        gate = threading.Barrier(16)

        def one(_: int) -> client.Response:
            gate.wait()
            return self.daemon.post(self.key, ask(max_tokens=7))
        with ThreadPoolExecutor(16) as pool:
            replies = list(pool.map(one, range(16)))
        refused = [reply for reply in replies if reply.status == 429]
        self.assertGreaterEqual(len(refused), 13)
        until(lambda: float(self.budget(number)["held"]) == 0, "all have ended")
        self.assertLessEqual(float(self.budget(number)["spent"]), float(amount))
        self.assert_openai_error(refused[0], 429, "insufficient_quota")
        message = refused[0].json["error"]["message"]
        self.assertIn("the daily budget of token", message)
        resets = self.budget(number)["resets_at"]
        self.assertIn(resets, message)
        self.assertLessEqual(int(refused[0].headers["retry-after"]), 25 * 3600)
        # Midnight in Berlin is 22 or 23 o'clock in Greenwich.
        self.assertIn(datetime.fromisoformat(resets.replace("Z", "+00:00")).hour, (22, 23))
        # Others are not concerned.
        self.assertEqual(self.daemon.post(self.daemon.add_token("other", account="team"), ask(max_tokens=7)).status, 200)
        self.assert_books(self.daemon)

    def test_a_budget_of_a_model_counts_that_model_and_survives_a_kill(self) -> None:
        number = self.add(scope="everyone", model="m1", period="month", amount="50")
        for model in ("m1", "m2", "m1"):
            self.daemon.call(self.daemon.post(self.key, ask(model=model, max_tokens=7)).request_id)
        spent = self.budget(number)["spent"]
        self.assertGreater(float(spent), 0)
        total = sum(float(call["cost"]) for call in self.daemon.calls() if call["model"] == "m1")
        self.assertAlmostEqual(float(spent), total)
        self.daemon.kill()
        self.daemon.start()
        self.assertEqual(self.budget(number)["spent"], spent)
        self.daemon.api("PATCH", f"/budgets/{number}", {"amount": "0"})
        self.assertEqual(self.daemon.post(self.key, ask(model="m1", max_tokens=7)).status, 429)
        self.assertEqual(self.daemon.post(self.key, ask(model="m2", max_tokens=7)).status, 200)
        removed = self.obliv(self.daemon, "budget", "remove", number, "-y")
        self.assertEqual(removed.returncode, 0, removed.stderr)
        self.assertEqual(self.daemon.post(self.key, ask(model="m1", max_tokens=7)).status, 200)

    def test_budgets_and_losses_are_told_of(self) -> None:
        def told(kind: str) -> list[dict[str, Any]]:
            return list(self.daemon.api("GET", f"/notices?kind={kind}")["data"])
        first = self.daemon.post(self.key, ask(max_tokens=7))
        cost = float(self.daemon.call(first.request_id)["cost"])
        made = self.obliv(self.daemon, "budget", "create", "month", f"{cost * 20:.9f}", "--account", "team")
        self.assertEqual(made.returncode, 0, made.stderr)
        number = self.daemon.api("GET", "/budgets")["data"][0]["id"]
        self.daemon.api("PATCH", f"/budgets/{number}", {"amount": f"{cost * 1.08:.9f}"})
        until(lambda: told("budget.low"), "at most a tenth is left")
        self.daemon.api("PATCH", f"/budgets/{number}", {"amount": f"{cost:.9f}"})
        until(lambda: told("budget.empty"), "nothing is left")
        self.assertIn("begins anew at", told("budget.empty")[0]["text"])
        self.daemon.api("DELETE", f"/budgets/{number}")
        # A provider that claims more than was set aside, and an account that has no more.
        self.daemon.add_prepaid("small", "0.5")
        key = self.daemon.add_token("s", account="small")
        self.upstream.answer = provider.chat(used=provider.usage(5, 5000))
        reply = self.daemon.post(key, ask(max_tokens=7))
        call = self.daemon.call(reply.request_id)
        self.assertEqual((call["cost"], self.daemon.api("GET", "/accounts/small")["balance"]), ("0.50", "0.00"))
        self.assertGreater(float(call["loss"]), 4)
        until(lambda: told("loss.booked"), "the loss is told of")
        self.assertIn(call["loss"], told("loss.booked")[0]["title"])
        self.assert_books(self.daemon)

    def test_a_thousand_calls_at_once_race_for_the_last_cent(self) -> None:
        """All of them are there before any is answered by the provider, and those that it hears of had money set aside."""
        go = threading.Event()

        def wait(connection: provider.Connection, asked: provider.Request) -> None:
            self.assertTrue(go.wait(3 * WAIT))
            provider.chat()(connection, asked)
        body = json.dumps(ask(max_tokens=7)).encode()
        self.upstream.answer = wait
        self.daemon.add_prepaid("alone", "100")
        with ThreadPoolExecutor(1) as pool:
            alone = pool.submit(self.daemon.post, self.daemon.add_token("alone", account="alone"), body)
            self.assertTrue(self.upstream.wait_requests(1))
            bound = round(float(self.daemon.api("GET", "/accounts/alone")["held"]) * 1e9)
            go.set()
            cost = round(float(self.daemon.call(alone.result().request_id)["cost"]) * 1e9)
            go.clear()
        money = 25 * bound + bound - 1
        self.daemon.add_prepaid("small", f"{money / 1e9:.9f}")
        key = self.daemon.add_token("s", account="small")
        call = (f"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\n"
                f"content-length: {len(body)}\r\n\r\n").encode() + body
        with contextlib.ExitStack() as open_ones, selectors.DefaultSelector() as ready:
            callers = [open_ones.enter_context(socket.create_connection(("127.0.0.1", self.daemon.port), WAIT)) for _ in range(1000)]
            for caller in callers:
                caller.sendall(call)
                ready.register(caller, selectors.EVENT_READ)
            got = {caller: b"" for caller in callers}
            whole: dict[socket.socket, int] = {}

            def read_until(count: int) -> None:
                end = time.monotonic() + 3 * WAIT
                while len(whole) < count:
                    self.assertLess(time.monotonic(), end, f"{len(whole)} of {count} were answered")
                    for item, _ in ready.select(1):
                        caller = callers[callers_by[item.fd]]
                        got[caller] += caller.recv(65536)
                        if replies := client.parse_replies(got[caller]):
                            whole[caller] = replies[0].status
                            ready.unregister(caller)
            callers_by = {caller.fileno(): number for number, caller in enumerate(callers)}
            read_until(975)
            self.assertEqual(set(whole.values()), {429})
            self.assertTrue(self.upstream.wait_requests(1 + 25))
            self.assertEqual(self.daemon.api("GET", "/accounts/small")["available"], f"{(bound - 1) / 1e9:.9f}".rstrip("0"))
            go.set()
            read_until(1000)
        self.assertEqual((len(self.upstream.requests), list(whole.values()).count(200)), (1 + 25, 25))
        until(lambda: self.daemon.api("GET", "/accounts/small")["held"] == "0.00", "all have ended")
        account = self.daemon.api("GET", "/accounts/small")
        self.assertEqual(round(float(account["balance"]) * 1e9), money - 25 * cost)
        self.assert_books(self.daemon)

    def test_a_token_reads_what_it_may_spend(self) -> None:
        self.add(scope="token", of="t", period="month", amount="40")
        self.add(scope="account", of="team", period="day", amount="900")
        self.add(scope="account", of="admin", period="day", amount="1")
        reply = self.daemon.post(self.key, ask(max_tokens=7))
        cost = float(self.daemon.call(reply.request_id)["cost"])
        who = self.own("/api/v1/whoami").json
        self.assertEqual(sorted(budget["amount"] for budget in who["budgets"]), ["40.00", "900.00"])
        self.assertAlmostEqual(float(who["account"]["balance"]), 1000 - cost)
        usage = self.own("/api/v1/whoami/usage?by=model").json
        self.assertAlmostEqual(float(usage["data"][0]["cost"]), cost)
        for prefix in ("/v1/dashboard", "/dashboard"):
            limits = self.own(prefix + "/billing/subscription").json
            self.assertEqual(limits["object"], "billing_subscription")
            self.assertAlmostEqual(limits["hard_limit_usd"], 40)
            today = datetime.now(timezone.utc)
            spent = self.own(f"{prefix}/billing/usage?start_date={today:%Y-%m}-01&end_date={today.year + 1}-01-01").json
            self.assertAlmostEqual(spent["total_usage"], cost * 100)
            self.assertAlmostEqual(spent["daily_costs"][0]["line_items"][0]["cost"], cost * 100)
            self.assertEqual(self.own(prefix + "/billing/usage?start_date=soon").status, 400)
            self.assertEqual(client.request(self.daemon.port, "GET", prefix + "/billing/usage").status, 401)
        other = self.daemon.add_token("other")
        self.assertEqual(self.own("/api/v1/whoami/usage", other).json["data"], [])
        self.assertEqual(self.own("/v1/dashboard/billing/subscription", other).json["hard_limit_usd"], 1)

    def test_a_statement_adds_up_in_every_form(self) -> None:
        self.daemon.api("POST", "/accounts/team/adjust", {"amount": "-1.5", "reason": "=cmd|' /C calc'!A0"})
        for _ in range(5):
            self.daemon.call(self.daemon.post(self.key, ask(max_tokens=7)).request_id)
        balance = self.daemon.api("GET", "/accounts/team")["balance"]
        month = f"{datetime.now(timezone.utc):%Y-%m}"
        sums = self.daemon.api("GET", f"/accounts/team/statement?month={month}")
        self.assertEqual((sums["opening"], sums["in"], sums["out"], sums["calls"]), ("0.00", "1000.00", "1.50", 5))
        self.assertEqual(sums["closing"], balance)
        self.assertEqual(self.daemon.api("GET", "/accounts/team/statement?month=2020-01")["closing"], "0.00")

        def export(*more: str) -> str:
            done = self.obliv(self.daemon, "account", "statement", "team", "--month", month, *more)
            self.assertEqual(done.returncode, 0, done.stderr)
            return done.stdout
        lines = export("--csv").splitlines()
        self.assertEqual(len(lines), 1 + 2 + 7)
        self.assertTrue(lines[-1].split(",")[3] == balance, lines[-1])
        self.assertTrue(any("'=cmd" in line for line in lines))
        whole = json.loads(export("--json"))
        self.assertEqual((whole["schema"], len(whole["lines"])), ("obliv.account.statement/1", 7))
        moved = sum(round(float(line["amount"]) * 1e9) for line in whole["lines"])
        self.assertEqual(moved, round(float(balance) * 1e9))
        self.assertEqual(export("--jq", ".lines | length").strip(), "7")
        self.assertIn(balance, export())
        path = self.folder / "statement.xlsx"
        export("--xlsx", "-o", str(path))
        with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as book:
            sheet = book.read("xl/worksheets/sheet1.xml").decode()
        self.assertEqual(sheet.count("<row "), 1 + 2 + 7)
        self.assertNotIn("<f>", sheet)
        self.assertEqual(sorted(p.name for p in self.folder.iterdir() if "obliv-" in p.name), [])


if __name__ == "__main__":
    unittest.main()
