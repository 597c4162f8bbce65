"""A failure that another channel can make good is invisible to the caller, and the operator can read what happened."""
from __future__ import annotations

import json
import unittest

import upstream as provider
from client import request
from harness import FunctionalTest, ask


class RelayFailover(FunctionalTest):
    def setUp(self) -> None:
        super().setUp()
        self.bad = self.new_upstream()
        self.good = self.new_upstream()
        self.daemon = self.new_daemon()
        self.daemon.add_channel(self.bad, "bad", priority=1)
        self.daemon.add_channel(self.good, "good")
        self.daemon.set_price("m1")
        self.key = self.daemon.add_token()

    def record(self, request_id: str) -> dict:
        self.daemon.call(request_id)
        return self.daemon.api("GET", f"/requests/{request_id}")

    def test_the_record_tells_every_attempt(self) -> None:
        self.bad.answer = provider.error(503, "out of \"capacity\"")
        reply = self.daemon.post(self.key, ask())
        self.assertEqual(reply.status, 200)
        record = self.record(reply.request_id)
        self.assertEqual([(a["channel"]["name"], a["status"], a["cause"]) for a in record["attempts"]],
                         [("bad", 503, "server_error"), ("good", 200, "ok")])
        self.assertIn('out of "capacity"', record["attempts"][0]["why"])
        self.assertGreater(record["attempts"][1]["bytes"], 0)
        self.assertEqual({c["channel"]["name"] for c in record["candidates"]}, {"bad", "good"})
        shown = self.obliv(self.daemon, "request", "show", reply.request_id)
        self.assertEqual(shown.returncode, 0, shown.stderr)
        self.assertIn("server_error", shown.stdout)
        explained = self.obliv(self.daemon, "channel", "explain", "--request", reply.request_id, "--json")
        self.assertEqual(json.loads(explained.stdout)["attempts"][0]["channel"]["name"], "bad")
        report = self.obliv(self.daemon, "usage", "report", "--attempts", "--json")
        counted = {(row["channel"]["name"], row["cause"]): row["attempts"] for row in json.loads(report.stdout)["data"]}
        self.assertEqual(counted, {("bad", "server_error"): 1, ("good", "ok"): 1})
        metrics = request(self.daemon.port, "GET", "/metrics").body.decode()
        self.assertIn('oblivd_attempts_total{channel="bad",cause="server_error"} 1', metrics)
        self.assertIn('oblivd_attempts_total{channel="good",cause="ok"} 1', metrics)

    def test_an_only_channel_that_wants_no_wait_is_asked_again(self) -> None:
        only = self.new_upstream()
        self.daemon.add_channel(only, "only", models=["m2"])
        self.daemon.set_price("m2")
        only.queue.append(provider.error(429, headers={"retry-after": "0"}))
        reply = self.daemon.post(self.key, ask(model="m2"))
        self.assertEqual(reply.status, 200, reply.body)
        self.assertEqual(self.daemon.call(reply.request_id)["attempts"], 2)

    def test_the_row_tells_all_of_its_call(self) -> None:
        self.bad.answer = provider.error(503)
        (token,) = self.daemon.api("GET", "/tokens")["data"]
        good = next(row for row in self.daemon.api("GET", "/channels")["data"] if row["name"] == "good")
        for stream in (False, True):
            body = ask(stream=stream)
            reply = self.daemon.post(self.key, body, {"User-Agent": "a-program/1.0"})
            row = self.daemon.call(reply.request_id)
            self.assertEqual((row["request_id"], row["model"], row["model_served"], row["stream"]), (reply.request_id, "m1", "m1", stream))
            self.assertEqual((row["status"], row["finish_reason"], row["error"]), (200, "stop", None))
            self.assertIn(row["attempts"], (1, 2) if stream else (2,))  # the first may have learnt from it
            self.assertEqual((row["token_id"], row["user_id"], row["account_id"]), (token["id"], "1", token["account_id"]))
            self.assertEqual((row["channel_id"], row["key_index"]), (good["id"], 0))
            self.assertEqual((row["client"], row["user_agent"]), ("127.0.0.1", "a-program/1.0"))
            self.assertEqual(row["price_version"], self.daemon.api("GET", "/prices/m1")["version"])
            self.assertEqual((row["usage"]["input"], row["usage"]["output"], row["usage_source"], row["cost"]), (11, 7, "provider", "0.0000975"))
            self.assertLessEqual({"cache_read", "cache_write_5m", "cache_write_1h", "audio_in", "image_in", "reasoning", "audio_out", "images",
                                  "seconds", "characters", "searches"}, set(row["usage"]))
            self.assertGreater(row["duration_ms"], 0)
            if stream:
                self.assertTrue(0 < row["ttft_ms"] <= row["duration_ms"], row)

    def test_a_call_served_at_once_has_its_record_too(self) -> None:
        for stream in (False, True):
            reply = self.daemon.post(self.key, ask(stream=stream))
            record = self.record(reply.request_id)
            self.assertEqual([(a["channel"]["name"], a["cause"], a["status"]) for a in record["attempts"]], [("bad", "ok", 200)])
            self.assertGreater(record["attempts"][0]["bytes"], 0)
            self.assertEqual(record["group"], "default")
            self.assertEqual([(c["channel"]["name"], c["priority"], c["score"]) for c in record["candidates"]], [("bad", 1, 1.0), ("good", 0, 1.0)])

    def test_a_call_that_one_channel_can_serve_is_told_from_its_row(self) -> None:
        self.daemon.add_channel(self.good, "only", models=["m-only"])
        self.daemon.set_price("m-only")
        reply = self.daemon.post(self.key, ask(model="m-only"))
        record = self.record(reply.request_id)
        self.assertEqual([(a["channel"]["name"], a["cause"]) for a in record["attempts"]], [("only", "ok")])
        self.assertEqual([(c["channel"]["name"], c["priority"], c["score"]) for c in record["candidates"]], [("only", 0, 1.0)])
        self.assertIsNone(record["group"])

    def test_explain_takes_a_model_or_a_request(self) -> None:
        self.assertEqual(self.obliv(self.daemon, "channel", "explain").returncode, 2)
        self.assertEqual(self.obliv(self.daemon, "channel", "explain", "m1", "--request", "x").returncode, 2)
        self.assertEqual(self.obliv(self.daemon, "request", "show", "none").returncode, 5)


if __name__ == "__main__":
    unittest.main()
