"""What happens by itself reaches people: by webhook, Slack, DingTalk and mail, repeated until it is taken, never lost
without a trace.

Proved with receivers on loopback that refuse as the test tells them.
"""
import hashlib
import hmac
import json
import unittest
from typing import Any

import upstream as provider
from client import request
from harness import Daemon, FunctionalTest, ask, until
from mailserver import MailServer
from upstream import Connection, Request, usage

CONFIG = """
[notices]
webhook = "${HOOK}"
webhook_secret = "${HOOK_SECRET}"
retry_pause = "10ms"
balance_interval = "20ms"
"""


class NoticeDelivery(FunctionalTest):
    def setUp(self) -> None:
        super().setUp()
        self.hook = self.new_upstream(answer=lambda connection, _: connection.reply(200, b"ok"))

    def serve(self, config: str = CONFIG, **extra: str) -> Daemon:
        self.daemon = self.new_daemon(config, start=False)
        url = f"http://127.0.0.1:{self.hook.port}/hook"
        return self.daemon.start(extra={"HOOK": url, "HOOK_SECRET": "s3cret-of-the-hook", **extra})

    def received(self, kind: str) -> list[dict[str, Any]]:
        return [each.json for each in list(self.hook.requests) if each.json.get("kind") == kind]

    def metric(self, labels: str) -> float:
        text = request(self.daemon.socket, "GET", "/metrics").body.decode()
        return float(next(line.rpartition(" ")[2] for line in text.splitlines() if labels in line))

    def break_channel(self) -> None:
        upstream = self.new_upstream(answer=provider.error(500))
        self.daemon.add_channel(upstream, name="shaky")
        key = self.daemon.add_token("breaker")
        for _ in range(6):
            self.daemon.post(key, ask())

    def test_a_webhook_is_told_of_a_channel_and_can_trust_it(self) -> None:
        daemon = self.serve()
        self.break_channel()
        until(lambda: bool(self.received("channel.opened")), "the notice")
        got = next(each for each in self.hook.requests if each.json["kind"] == "channel.opened")
        self.assertEqual((got.json["subject"], got.json["severity"]), ("shaky", "warning"))
        self.assertIn("shaky", got.json["title"])
        self.assertEqual(got.headers["x-oblivious-notice"], got.json["id"])
        parts = dict(part.split("=", 1) for part in got.headers["x-oblivious-signature"].split(","))
        wanted = hmac.new(b"s3cret-of-the-hook", parts["t"].encode() + b"." + got.body, hashlib.sha256).hexdigest()
        self.assertEqual(parts["v1"], wanted)
        listed = daemon.api("GET", "/notices?kind=channel.opened")["data"]
        self.assertIn(got.json["id"], [row["id"] for row in listed])
        shown = self.obliv(daemon, "notice", "list", "--kind", "channel.opened", "--json")
        self.assertEqual(shown.returncode, 0, shown.stderr)
        self.assertEqual(len(json.loads(shown.stdout)["data"]), len(listed))
        self.assertNotIn("s3cret", daemon.stderr())

    def test_a_notice_is_repeated_until_the_webhook_takes_it(self) -> None:
        daemon = self.serve()
        self.hook.queue.extend([provider.error(500), provider.error(404), lambda connection, _: connection.cut()])
        daemon.add_prepaid("team", "1")
        until(lambda: daemon.api("GET", "/accounts/team")["balance"] == "1.00", "the money")
        self.spend("team")
        until(lambda: self.metric('oblivd_notices_total{receiver="webhook",result="delivered"}') >= 1, "it is taken")
        ids = {each.json["id"] for each in self.hook.requests}
        self.assertEqual((len(self.hook.requests), len(ids)), (4, 1))
        self.assertEqual(self.metric('oblivd_notices_total{receiver="webhook",result="failed"}'), 3)

    def test_a_notice_that_nobody_takes_is_given_up_in_the_log_and_the_metrics(self) -> None:
        daemon = self.serve(CONFIG + "attempts = 2\n")
        self.hook.answer = provider.error(500)
        self.break_channel()
        until(lambda: self.metric('oblivd_notices_total{receiver="webhook",result="lost"}') >= 1, "it is given up")
        self.assertIn("a notice was not delivered", daemon.stderr())
        self.assertTrue(daemon.api("GET", "/notices")["data"], "it is still in the list")

    def spend(self, account: str, tokens: int = 99_000) -> None:
        """Costs a millionth of a dollar a token."""
        upstream = self.new_upstream()
        upstream.answer = provider.chat(used=usage(0, tokens))
        self.daemon.add_channel(upstream, name="meter", models=["dear"])
        self.daemon.set_price("dear", input="0", output="1")
        key = self.daemon.add_token("spender", account=account)

        def spend_once(count: int) -> None:
            upstream.answer = provider.chat(used=usage(0, count))
            reply = self.daemon.post(key, {**ask("dear"), "max_tokens": count})
            self.assertEqual(reply.status, 200, reply.body)
        self.spend_once = spend_once
        spend_once(tokens * 10)

    def test_an_account_is_told_of_at_a_tenth_a_twentieth_and_nothing(self) -> None:
        daemon = self.serve()
        daemon.add_prepaid("team", "1")
        self.spend("team", 85_000)
        self.assertEqual(self.received("balance.low"), [])
        self.spend_once(50_000)
        until(lambda: len(self.received("balance.low")) == 1, "a tenth is left")
        self.spend_once(50_000)
        until(lambda: len(self.received("balance.low")) == 2, "a twentieth is left")
        self.spend_once(50_000)
        until(lambda: len(self.received("balance.empty")) == 1, "nothing is left")
        texts = [each["title"] for each in self.received("balance.low")]
        self.assertIn("10 %", texts[0])
        self.assertIn("5 %", texts[1])
        self.assertEqual(self.received("balance.empty")[0]["severity"], "critical")
        # A restart says nothing again; money that comes in begins anew.
        daemon.stop()
        daemon.start(extra={"HOOK": f"http://127.0.0.1:{self.hook.port}/hook", "HOOK_SECRET": "s"})
        daemon.api("POST", "/accounts/team/topup", {"amount": "0.1"})
        until(lambda: daemon.api("GET", "/accounts/team")["balance"] == "0.10", "the money")
        self.spend_once(95_000)
        until(lambda: len(self.received("balance.low")) == 3, "a twentieth of the new money")
        self.assertEqual(len(self.received("balance.empty")), 1)

    def test_slack_dingtalk_and_mail_get_a_test(self) -> None:
        mail = MailServer()
        self.addCleanup(mail.stop)
        seen: dict[str, Request] = {}

        def answer(connection: Connection, got: Request) -> None:
            seen[got.path.split("?")[0]] = got
            connection.reply(200, b'{"errcode":0}' if "ding" in got.path else b"ok")
        self.hook.answer = answer
        base = f"http://127.0.0.1:{self.hook.port}"
        config = f"""
[notices]
slack = "${{SLACK}}"
dingtalk = "${{DING}}"
dingtalk_secret = "${{DING_SECRET}}"
smtp = "smtp://127.0.0.1:{mail.port}"
mail_from = "oblivd@example.org"
mail_to = "a@example.org, b@example.org"
"""
        daemon = self.serve(config, SLACK=base + "/slack", DING=base + "/ding?access_token=x", DING_SECRET="SEC1")
        done = self.obliv(daemon, "notice", "test", "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual([(each["receiver"], each["ok"]) for each in json.loads(done.stdout)["data"]],
                         [("slack", True), ("dingtalk", True), ("mail", True)])
        self.assertIn("notice", seen["/slack"].json["text"])
        self.assertEqual(seen["/ding"].json["msgtype"], "text")
        self.assertIn("access_token=x&timestamp=", seen["/ding"].path)
        self.assertIn("&sign=", seen["/ding"].path)
        receivers, message = mail.mails[0]
        self.assertEqual(receivers, ["a@example.org", "b@example.org"])
        self.assertEqual(message["From"], "oblivd@example.org")
        self.assertIn("notice", message["Subject"])
        self.assertIn("nothing to do", message.get_content())

    def test_an_empty_account_is_told_of_to_every_receiver(self) -> None:
        mail = MailServer()
        self.addCleanup(mail.stop)
        self.hook.answer = lambda connection, _: connection.reply(200, b'{"errcode":0}')
        base = f"http://127.0.0.1:{self.hook.port}"
        daemon = self.serve(CONFIG + f"""slack = "${{SLACK}}"
dingtalk = "${{DING}}"
smtp = "smtp://127.0.0.1:{mail.port}"
mail_from = "oblivd@example.org"
mail_to = "a@example.org"
""", SLACK=base + "/slack", DING=base + "/ding?access_token=x")
        daemon.add_prepaid("team", "1")
        self.spend("team", 85_000)
        for tokens, kind, share in ((50_000, "balance.low", "10 %"), (50_000, "balance.low", "5 %"), (50_000, "balance.empty", "nothing is left")):
            self.spend_once(tokens)

            def texts() -> dict[str, list[str]]:
                got = [(each.path.split("?")[0], each.json) for each in list(self.hook.requests)]
                return {"webhook": [body["title"] for path, body in got if path == "/hook"],
                        "slack": [body["text"] for path, body in got if path == "/slack"],
                        "dingtalk": [body["text"]["content"] for path, body in got if path == "/ding"],
                        "mail": [message["Subject"] for _, message in mail.mails],
                        "in-product": [row["title"] for row in daemon.api("GET", f"/notices?kind={kind}")["data"]]}
            until(lambda: all(any("team" in text and share in text for text in each) for each in texts().values()),
                  f"{kind} {share} has reached everybody: {texts()}")

    def test_a_test_that_fails_says_so(self) -> None:
        daemon = self.serve()
        self.hook.answer = provider.error(403)
        done = self.obliv(daemon, "notice", "test", "--json")
        self.assertEqual(done.returncode, 10, done.stdout)
        self.assertIn("403", json.loads(done.stdout)["data"][0]["error"])
        quiet = self.new_daemon("", name="quiet")
        self.assertEqual(self.obliv(quiet, "notice", "test").returncode, 6)

    def test_a_channel_that_dies_and_comes_back_is_told_of_twice(self) -> None:
        upstream = self.new_upstream(answer=provider.error(500))
        daemon = self.serve(CONFIG + '[health]\ncheck_interval = "100ms"\ncheck_retry = "10ms"\n'
                                     'recheck_interval = "100ms"\n')
        daemon.add_channel(upstream, name="lone")
        until(lambda: bool(self.received("channel.disabled")), "it is found dead")
        self.assertEqual(self.received("channel.disabled")[0]["severity"], "critical")
        upstream.answer = lambda connection, _: connection.reply(200, b'{"data":[]}')
        until(lambda: bool(self.received("channel.restored")), "it is found alive")

    def test_a_slow_receiver_holds_up_no_call(self) -> None:
        daemon = self.serve()

        def hang(connection: Connection, _: Request) -> None:
            connection.wait_closed()
        self.hook.answer = hang
        self.break_channel()
        good = self.new_upstream()
        daemon.add_channel(good, name="good", models=["m2"])
        key = daemon.add_token("other")
        self.assertTrue(self.hook.wait_requests(1))
        self.assertEqual(daemon.post(key, ask("m2"), timeout=5).status, 200)

    def test_secrets_are_given_by_reference_only(self) -> None:
        daemon = self.new_daemon('[notices]\nwebhook = "https://example.org/s3cret"\n', start=False)
        with self.assertRaises(AssertionError) as refused:
            daemon.start()
        self.assertIn("notices.webhook", str(refused.exception) + daemon.stderr())
        self.assertNotIn("s3cret", daemon.stderr())


if __name__ == "__main__":
    unittest.main()
