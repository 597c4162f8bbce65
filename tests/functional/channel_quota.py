"""What is left upstream is shown: rate limits as replies tell them, money as it is asked for, shares of our own limits.

Proved with a scripted provider that tells its limits in headers and its balance at its own path: `channel list --stats`,
the management API and /metrics say the same.
"""
import unittest
from typing import Any

from client import request
from harness import FunctionalTest, as_json, ask, until
from upstream import Connection, Request, completion_bytes

BALANCE = b'{"balance_infos":[{"currency":"CNY","total_balance":"110.00"}]}'


class ChannelQuota(FunctionalTest):
    def setUp(self) -> None:
        super().setUp()
        self.upstream = self.new_upstream()
        self.upstream.answer = self.answer
        self.left = {"x-ratelimit-remaining-requests": "59", "x-ratelimit-remaining-tokens": "14000"}
        self.status = 200
        self.daemon = self.new_daemon('[health]\ncheck_interval = "100ms"\n')
        self.daemon.set_price()
        self.key = self.daemon.add_token()

    def answer(self, connection: Connection, asked: Request) -> None:
        if asked.path.endswith("/user/balance"):
            connection.reply(200, BALANCE)
        elif asked.method == "GET":
            connection.reply(200, b'{"object":"list","data":[]}')
        else:
            connection.reply(self.status, completion_bytes(), self.left)

    def health(self, name: str = "main") -> dict[str, Any]:
        found: dict[str, Any] = self.daemon.api("GET", f"/channels/{name}")["health"]
        return found

    def metrics(self) -> str:
        return request(self.daemon.socket, "GET", "/metrics").body.decode()

    def test_rate_limits_are_shown_as_the_provider_tells_them(self) -> None:
        self.daemon.add_channel(self.upstream, requests_per_minute=10)
        before = self.health()
        self.assertEqual((before["requests_left"], before["tokens_left"], before["balance"]), (None, None, None))
        self.assertEqual(self.daemon.post(self.key, ask()).status, 200)
        now = self.health()
        self.assertEqual((now["requests_left"], now["tokens_left"]), (59, 14000))
        self.assertAlmostEqual(now["quota_used"], 0.1)
        page = self.metrics()
        self.assertIn('oblivd_channel_quota_left{channel="main",kind="requests"} 59\n', page)
        self.assertIn('oblivd_channel_quota_left{channel="main",kind="tokens"} 14000\n', page)
        self.assertRegex(page, r'oblivd_channel_quota_used_ratio\{channel="main"\} 0\.1')
        shown = self.obliv(self.daemon, "channel", "list", "--stats").stdout
        for text in ("CALLS LEFT", "TOKENS LEFT", "BALANCE", "59", "14000"):
            self.assertIn(text, shown)
        row = as_json(self.obliv(self.daemon, "channel", "list", "--json").stdout)["data"][0]
        self.assertEqual(row["health"]["requests_left"], 59)

    def test_a_refusal_tells_them_too(self) -> None:
        self.status = 429
        self.left = {"x-ratelimit-remaining-requests": "0"}
        self.daemon.add_channel(self.upstream)
        self.daemon.post(self.key, ask())
        self.assertEqual((self.health()["requests_left"], self.health()["tokens_left"]), (0, None))

    def test_money_is_asked_for_now_and_then(self) -> None:
        base = f"http://127.0.0.1:{self.upstream.port}/v1"
        self.daemon.add_channel(base, name="rich", type="deepseek", keys=["sk-a-00000001", "sk-b-00000002"])
        self.daemon.add_channel(base, name="mute")
        until(lambda: self.health("rich")["balance"] == "220.00 CNY", "the balance of both keys is known")
        self.assertIsNone(self.health("mute")["balance"])
        self.assertIn('oblivd_channel_balance{channel="rich",currency="CNY"} 220\n', self.metrics())
        self.assertNotIn('channel="mute",currency', self.metrics())
        keys = {asked.headers["authorization"] for asked in self.upstream.requests if asked.path.endswith("/user/balance")}
        self.assertEqual(keys, {"Bearer sk-a-00000001", "Bearer sk-b-00000002"})


if __name__ == "__main__":
    unittest.main()
