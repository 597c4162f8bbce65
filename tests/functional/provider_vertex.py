"""A channel of Vertex AI whose key is a service account: its signed statement is exchanged for an access token first.

Proved with a scripted token endpoint and a scripted Gemini: one token for many calls at once, kept until shortly before it
expires, asked for again when it is not taken; and what goes wrong there is the key's failure, told with its reason.
"""
import base64
import json
import threading
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from client import Response, request
from harness import FunctionalTest
from upstream import Connection, Request

ACCOUNT = Path(__file__).resolve().parents[1] / "fixtures/google/service_account.json"
ANSWER = {"candidates": [{"content": {"role": "model", "parts": [{"text": "Hello."}]}, "finishReason": "STOP", "index": 0}],
          "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 2, "totalTokenCount": 5}}


class ProviderVertex(FunctionalTest):
    def setUp(self) -> None:
        super().setUp()
        self.google = self.new_upstream()
        self.google.answer = self.gemini
        self.tokens = self.new_upstream()
        self.tokens.answer = self.token
        self.lifetime = 3600
        self.given = 0
        self.good = threading.Lock()
        self.refused: set[str] = set()
        self.daemon = self.new_daemon("[server]\nthreads = 1\n")
        account = json.loads(ACCOUNT.read_text())
        self.add("vertex", account)
        self.daemon.set_price("gemini-x")
        self.key = self.daemon.add_token()

    def add(self, name: str, account: Any, **more: Any) -> None:
        account["token_uri"] = f"http://127.0.0.1:{self.tokens.port}/token"
        self.daemon.add_channel(f"http://127.0.0.1:{self.google.port}", name=name, type="vertex", models=["gemini-x"],
                                keys=[json.dumps(account)], **more)

    def gemini(self, connection: Connection, asked: Request) -> None:
        token = asked.headers.get("authorization", "").removeprefix("Bearer ")
        if not token or token in self.refused:
            connection.reply(401, b'{"error":{"code":401,"message":"expired","status":"UNAUTHENTICATED"}}')
        else:
            connection.reply(200, json.dumps(ANSWER).encode())

    def token(self, connection: Connection, _: Request) -> None:
        with self.good:
            self.given += 1
            body = {"access_token": f"ya29.{self.given}", "expires_in": self.lifetime, "token_type": "Bearer"}
        connection.reply(200, json.dumps(body).encode())

    def ask(self, path: str = "/v1beta/models/gemini-x:generateContent") -> Response:
        body = {"contents": [{"parts": [{"text": "Say hello."}]}]}
        return request(self.daemon.port, "POST", path, body, {"x-goog-api-key": self.key})

    def test_a_statement_is_exchanged_for_a_token_that_calls_carry(self) -> None:
        reply = self.ask()
        self.assertEqual((reply.status, reply.json), (200, ANSWER))
        asked = self.tokens.requests[0]
        self.assertEqual((asked.method, asked.path), ("POST", "/token"))
        self.assertEqual(asked.headers["content-type"], "application/x-www-form-urlencoded")
        form = parse_qs(asked.body.decode())
        self.assertEqual(form["grant_type"], ["urn:ietf:params:oauth:grant-type:jwt-bearer"])
        claims = json.loads(base64.urlsafe_b64decode(form["assertion"][0].split(".")[1] + "=="))
        self.assertEqual(claims["aud"], f"http://127.0.0.1:{self.tokens.port}/token")
        sent = self.google.requests[0]
        self.assertEqual(sent.path, "/v1/projects/sample-project/locations/global/publishers/google/models/gemini-x:generateContent")
        self.assertEqual(sent.headers["authorization"], "Bearer ya29.1")
        self.assertNotIn("PRIVATE KEY", self.daemon.stderr())
        self.assert_books(self.daemon)

    def test_the_file_of_an_account_is_a_key(self) -> None:
        file = self.folder / "account.json"
        file.touch(0o600)
        account = json.loads(ACCOUNT.read_text())
        account["token_uri"] = f"http://127.0.0.1:{self.tokens.port}/token"
        file.write_text(json.dumps(account, indent=2))
        url = f"http://127.0.0.1:{self.google.port}"
        added = self.obliv(self.daemon, "channel", "add", "cli", "--type", "vertex", "--base-url", url, "--key-file", str(file),
                           "--models", "gemini-y")
        self.assertEqual(added.returncode, 0, added.stderr)
        self.assertEqual(self.ask("/v1beta/models/gemini-y:generateContent").status, 200)

    def test_many_calls_share_one_token(self) -> None:
        held, release = threading.Event(), threading.Event()

        def slowly(connection: Connection, asked: Request) -> None:
            held.set()
            release.wait(20)
            self.token(connection, asked)
        self.tokens.answer = slowly
        with ThreadPoolExecutor(8) as pool:
            calls = [pool.submit(self.ask) for _ in range(8)]
            self.assertTrue(held.wait(20))
            release.set()
            self.assertEqual({call.result().status for call in calls}, {200})
        self.assertEqual(self.ask().status, 200)
        self.assertEqual((len(self.tokens.requests), len(self.google.requests)), (1, 9))

    def test_a_short_token_is_used_for_half_its_life_at_most(self) -> None:
        self.lifetime = 0
        self.ask()
        self.ask()
        self.assertEqual([sent.headers["authorization"] for sent in self.google.requests], ["Bearer ya29.1", "Bearer ya29.2"])

    def test_a_token_that_is_not_taken_is_replaced(self) -> None:
        self.assertEqual(self.ask().status, 200)
        self.refused.add("ya29.1")
        self.assertEqual(self.ask().status, 200)
        self.assertEqual(self.google.requests[-1].headers["authorization"], "Bearer ya29.2")

    def test_a_refused_account_is_the_keys_failure_and_says_why(self) -> None:
        self.tokens.answer = lambda connection, _: connection.reply(
            400, b'{"error":"invalid_grant","error_description":"Invalid JWT Signature."}')
        reply = self.ask()
        self.assertEqual(reply.status, 502, reply.body)
        self.assertIn("invalid_grant", reply.json["error"]["message"])
        self.assertEqual(self.google.requests, [])
        self.assertEqual(self.daemon.call(reply.request_id)["cost"], "0.00")
        tested = self.obliv(self.daemon, "channel", "test", "vertex", "--json")
        self.assertIn("invalid_grant", tested.stdout + tested.stderr)
        keys = self.daemon.api("GET", "/channels/vertex")["keys"]
        self.assertEqual(keys[0]["failures"], 1, keys)

    def test_another_channel_serves_while_no_token_is_to_be_had(self) -> None:
        self.tokens.answer = lambda connection, _: connection.cut()
        second = self.new_upstream()
        second.answer = lambda connection, _: connection.reply(200, json.dumps(ANSWER).encode())
        self.daemon.add_channel(f"http://127.0.0.1:{second.port}", name="second", type="gemini", models=["gemini-x"], priority=-1)
        self.assertEqual(self.ask().status, 200)
        self.assertEqual((len(second.requests), self.google.requests), (1, []))

    def test_a_test_of_the_channel_gets_a_token_too(self) -> None:
        tested = self.obliv(self.daemon, "channel", "test", "vertex", "--json")
        self.assertEqual(tested.returncode, 0, tested.stdout + tested.stderr)
        self.assertEqual(self.google.requests[0].headers["authorization"], "Bearer ya29.1")


if __name__ == "__main__":
    unittest.main()
