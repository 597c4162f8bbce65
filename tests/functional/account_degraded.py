"""An account that is nearly out of money gets cheaper models and narrower limits, as its operator has chosen, at once, until
money comes in; who calls, who operates and the rows are told.
"""
import threading
import unittest
from typing import Any

import client
import upstream as provider
from harness import WAIT, FunctionalTest, ask, until

CONFIG = """
[notices]
balance_interval = "20ms"
"""


class Degraded(FunctionalTest):
    def setUp(self) -> None:
        super().setUp()
        self.upstream = self.new_upstream()
        self.daemon = self.new_daemon(CONFIG)
        self.daemon.add_channel(self.upstream, models=["big", "small"], aliases={"tiny": "tiny-2026"})
        self.daemon.set_price("big", input="1000", output="1000")  # a tenth of a cent a token
        self.daemon.set_price("small", input="10", output="10")
        self.daemon.set_price("tiny", input="1", output="1")
        self.daemon.add_prepaid("team", "100")
        self.key = self.daemon.add_token("t", account="team")

    def set(self, *flags: str) -> None:
        done = self.obliv(self.daemon, "account", "set", "team", *flags)
        self.assertEqual(done.returncode, 0, done.stderr)

    def account(self) -> Any:
        return self.daemon.api("GET", "/accounts/team")

    def leave(self, amount: str) -> None:
        """Takes money away until so much is left."""
        self.daemon.api("POST", "/accounts/team/adjust", {"amount": f"{float(amount) - float(self.account()['balance']):.9f}"})

    def call(self, model: str = "big", **more: Any) -> client.Response:
        response = self.daemon.post(self.key, ask(model=model, max_tokens=7, **more))
        self.assertEqual(response.status, 200, response.body)
        return response

    def told(self, kind: str) -> list[Any]:
        return list(self.daemon.api("GET", f"/notices?kind={kind}")["data"])

    def test_a_cheaper_model_answers_until_money_comes_in(self) -> None:
        self.set("--degraded-model", "big=small", "--degraded-model", "s*=tiny")
        first = self.call()
        self.assertNotIn("x-oblivious-model", first.headers)
        self.assertEqual(self.upstream.requests[-1].json["model"], "big")
        self.leave("5.01")
        self.assertFalse(self.account()["degraded"])
        self.call()
        self.assertEqual(self.upstream.requests[-1].json["model"], "big")
        self.assertTrue(self.account()["degraded"])  # by what that call has cost
        for stream in (False, True):
            response = self.call(stream=stream)
            self.assertEqual(self.upstream.requests[-1].json["model"], "small")
            self.assertEqual(response.headers["x-oblivious-model"], "small")
            row = self.daemon.call(response.request_id)
            self.assertEqual((row["model"], row["model_served"], row["cost"]), ("big", "small", "0.00018"))
        # A reasoning effort in the name is no way round it.
        self.assertEqual(self.call("big-high").headers["x-oblivious-model"], "small")
        sent = self.upstream.requests[-1].json
        self.assertEqual((sent["model"], sent["reasoning_effort"]), ("small", "high"))
        # One step, not two; a pattern, an alias of the channel, and another format.
        response = self.call("small")
        row = self.daemon.call(response.request_id)
        self.assertEqual((row["model"], row["model_served"], row["cost"]), ("small", "tiny-2026", "0.000018"))
        response = client.request(self.daemon.port, "POST", "/v1/messages",
                                  {"model": "big", "max_tokens": 7, "messages": [{"role": "user", "content": "Hello"}]},
                                  {"authorization": f"Bearer {self.key}"})
        self.assertEqual((response.status, response.headers["x-oblivious-model"]), (200, "small"))
        self.assertEqual(self.call("tiny").headers.get("x-oblivious-model"), None)
        until(lambda: len(self.told("account.degraded")) == 1, "the notice")
        notice = self.told("account.degraded")[0]
        self.assertEqual((notice["subject"], notice["severity"]), ("team", "warning"))
        self.assertIn("small instead of big, tiny instead of s*.", notice["text"])
        self.assertEqual(len(self.told("account.restored")), 0)

        self.daemon.api("POST", "/accounts/team/topup", {"amount": "1"})
        self.assertFalse(self.account()["degraded"])
        self.assertNotIn("x-oblivious-model", self.call().headers)
        self.assertEqual(self.upstream.requests[-1].json["model"], "big")
        until(lambda: len(self.told("account.restored")) == 1, "the notice that it is over")
        # What came in is the new whole.
        self.leave("0.29")
        self.assertEqual(self.call().headers["x-oblivious-model"], "small")
        self.set("--degraded-model", "none")
        self.assertNotIn("x-oblivious-model", self.call().headers)
        self.assert_books(self.daemon)

    def test_what_a_call_costs_counts_at_once(self) -> None:
        """The call that takes the account under the mark is the last at the dear price."""
        self.set("--degraded-model", "big=small")
        self.upstream.answer = provider.chat(used=provider.usage(10, 90_000))
        first = self.daemon.post(self.key, ask(model="big", max_tokens=95_000))
        self.assertNotIn("x-oblivious-model", first.headers)
        self.upstream.answer = provider.chat(used=provider.usage(10, 5_500))
        self.assertNotIn("x-oblivious-model", self.daemon.post(self.key, ask(model="big", max_tokens=6_000)).headers)
        self.assertEqual(self.call().headers["x-oblivious-model"], "small")
        self.assert_books(self.daemon)

    def test_it_outlives_a_restart_and_is_told_once(self) -> None:
        self.set("--degraded-model", "big=small")
        self.leave("4")
        until(lambda: len(self.told("account.degraded")) == 1, "the notice")
        self.daemon.kill()
        self.daemon.start()
        self.assertEqual(self.call().headers["x-oblivious-model"], "small")
        self.assertTrue(self.account()["degraded"])
        self.daemon.api("POST", "/accounts/team/topup", {"amount": "50"})
        until(lambda: len(self.told("account.restored")) == 1, "the notice that it is over")
        self.assertEqual(len(self.told("account.degraded")), 1)

    def test_an_account_without_a_limit_any_more_is_told_to_be_restored(self) -> None:
        self.set("--degraded-model", "big=small")
        self.leave("1")
        until(lambda: len(self.told("account.degraded")) == 1, "the notice")
        self.daemon.api("PATCH", "/accounts/team", {"kind": "unlimited"})
        self.assertNotIn("x-oblivious-model", self.call().headers)
        until(lambda: len(self.told("account.restored")) == 1, "the notice that it is over")

    def test_where_nobody_serves_the_cheaper_model_the_asked_one_answers(self) -> None:
        self.set("--degraded-model", "big=nobodys")
        self.leave("1")
        self.assertNotIn("x-oblivious-model", self.call().headers)
        self.assertEqual(self.upstream.requests[-1].json["model"], "big")

    def test_an_answer_of_the_cheaper_model_is_not_given_to_others(self) -> None:
        self.daemon.api("PATCH", "/tokens/t", {"cache": "exact"})
        self.set("--degraded-model", "big=small")
        self.leave("1")
        for _ in range(2):
            self.assertEqual(self.call().headers["x-oblivious-model"], "small")
        self.daemon.api("POST", "/accounts/team/topup", {"amount": "50"})
        self.call()
        self.assertEqual([each.json["model"] for each in self.upstream.requests], ["small", "small", "big"])

    def test_limits_are_narrower_until_money_comes_in(self) -> None:
        self.set("--degraded-requests-per-minute", "2", "--degraded-concurrent", "1")
        go = threading.Event()

        def wait(connection: provider.Connection, asked: provider.Request) -> None:
            self.assertTrue(go.wait(WAIT))
            provider.chat()(connection, asked)
        self.leave("4")
        self.upstream.answer = wait
        caller = threading.Thread(target=self.call)
        caller.start()
        self.assertTrue(self.upstream.wait_requests(1))
        refused = self.daemon.post(self.key, ask(model="big", max_tokens=7))
        self.assert_openai_error(refused, 429)
        self.assertIn("more than 1 calls at once", refused.json["error"]["message"])
        # Another token has places of its own, another account no such limits.
        other = self.daemon.add_token("other", account="team")
        go.set()
        caller.join()
        self.assertEqual(self.daemon.post(other, ask(model="big", max_tokens=7)).status, 200)
        self.call()
        refused = self.daemon.post(self.key, ask(model="big", max_tokens=7))
        self.assert_openai_error(refused, 429)
        self.assertIn("more than 2 requests a minute", refused.json["error"]["message"])
        until(lambda: len(self.told("account.degraded")) == 1, "the notice")
        self.assertIn("2 requests a minute with each token, 1 calls at once with each token.", self.told("account.degraded")[0]["text"])
        self.daemon.api("POST", "/accounts/team/topup", {"amount": "50"})
        for _ in range(4):
            self.call()
        self.assert_books(self.daemon)

    def test_a_credit_line_counts(self) -> None:
        self.daemon.api("POST", "/accounts", {"name": "lab", "kind": "credit", "credit_limit": "10", "degraded_models": {"big": "small"}})
        key = self.daemon.add_token("lab", account="lab")
        self.daemon.api("POST", "/accounts/lab/topup", {"amount": "1"})
        self.assertNotIn("x-oblivious-model", self.daemon.post(key, ask(model="big", max_tokens=7)).headers)
        self.daemon.api("POST", "/accounts/lab/adjust", {"amount": "-10.5"})
        response = self.daemon.post(key, ask(model="big", max_tokens=7))
        self.assertEqual(response.headers.get("x-oblivious-model"), "small")
        until(lambda: [each["subject"] for each in self.told("balance.low")] == ["lab"], "the account is told of, too")


if __name__ == "__main__":
    unittest.main()
