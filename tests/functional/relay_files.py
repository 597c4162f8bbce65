"""Files and batches: kept by one channel, found there again, seen by their owner only, billed when a batch has ended.

Proved with two scripted providers that keep files, and a second account that asks for what is not its own.
"""
import contextlib
import json
import sqlite3
import unittest
from typing import Any

import media
import upstream as provider
from client import Response, request
from harness import FunctionalTest, ask, until

USED = {"input_tokens": 1000, "input_tokens_details": {"cached_tokens": 200}, "output_tokens": 500,
        "output_tokens_details": {"reasoning_tokens": 100}, "total_tokens": 1500}


class Keeper:
    """A provider's files and batches. Ids count from 1, so two of them give out the same."""

    def __init__(self, prefix: str = "") -> None:
        self.prefix = prefix
        self.count = 0
        self.status = "in_progress"
        self.usage: Any = None
        self.model = "m1"

    def __call__(self, connection: provider.Connection, asked: provider.Request) -> None:
        path = asked.path.removeprefix("/v1")
        reply: dict[str, Any] = {"error": {"message": "what?", "type": "invalid_request_error"}}
        status = 404
        if (asked.method, path) == ("POST", "/files"):
            self.count += 1
            sent = media.fields_of(asked)
            reply, status = self.file(f"file-{self.prefix}{self.count}", len(sent["file"]), sent["purpose"].decode()), 200
        elif (asked.method, path) == ("POST", "/batches"):
            reply, status = self.batch("batch_" + self.prefix), 200
        elif path.endswith("/content"):
            return connection.reply(200, b'{"line":1}\n' * 3000, {"content-type": "application/jsonl"})
        elif path.startswith("/files/file-"):
            identity = path.split("/")[2]
            reply, status = {"id": identity, "object": "file", "deleted": True} if asked.method == "DELETE" else self.file(identity, 1, "batch"), 200
        elif path.startswith("/batches/batch_"):
            reply, status = self.batch(path.split("/")[2]), 200
        elif path == "/chat/completions":
            return provider.chat()(connection, asked)
        connection.reply(status, json.dumps(reply).encode())

    @staticmethod
    def file(identity: str, size: int, purpose: str) -> dict[str, Any]:
        return {"id": identity, "object": "file", "bytes": size, "created_at": 1, "filename": "a.jsonl", "purpose": purpose}

    def batch(self, identity: str) -> dict[str, Any]:
        ended = self.status == "completed"
        return {"id": identity, "object": "batch", "status": self.status, "model": self.model, "input_file_id": "file-1",
                "output_file_id": f"file-out{self.prefix}" if ended else None, "usage": self.usage if ended else None}


class RelayFiles(FunctionalTest):
    def setUp(self) -> None:
        super().setUp()
        self.keeper = Keeper()
        self.upstream = self.new_upstream(answer=self.keeper)
        self.daemon = self.new_daemon()
        self.daemon.add_channel(self.upstream, models=["m1"])
        self.daemon.set_price("m1", input="2", output="8", cache_read="1")
        self.key = self.daemon.add_token()

    def ask(self, method: str, path: str, body: Any = None, key: str | None = None, headers: dict[str, str] | None = None) -> Response:
        return request(self.daemon.port, method, path, body, {"authorization": f"Bearer {key or self.key}", **(headers or {})})

    def upload(self, content: bytes = b'{"custom_id":"1"}\n', purpose: str = "batch", key: str | None = None) -> str:
        body, headers = media.form([("purpose", purpose), ("file", content)])
        reply = self.ask("POST", "/v1/files", body, key, headers)
        self.assertEqual(reply.status, 200, reply.body)
        self.assertEqual(self.upstream.requests[-1].body, body)
        return str(reply.json["id"])

    def ids(self, path: str, key: str | None = None) -> list[str]:
        return [each["id"] for each in self.ask("GET", path, key=key).json["data"]]

    def other_account(self) -> str:
        self.daemon.api("POST", "/accounts", {"name": "other", "kind": "credit", "credit_limit": "10"})
        return self.daemon.add_token("other", account="other")

    def test_a_file_lives_where_it_was_put(self) -> None:
        first = self.upload(b"x" * 500_000, "user_data")
        second = self.new_upstream(answer=Keeper("b"))
        self.daemon.add_channel(second, name="second", models=["m1"], priority=9)
        body, headers = media.form([("purpose", "batch"), ("file", b"y")])
        newer = self.ask("POST", "/v1/files", body, headers=headers).json["id"]
        self.assertEqual((first, newer), ("file-1", "file-b1"))
        self.assertEqual(self.ids("/v1/files"), [newer, first])
        self.assertEqual(self.ids("/v1/files?order=asc&limit=1"), [first])
        self.assertEqual(self.ids(f"/v1/files?after={newer}"), [first])
        self.assertEqual(self.ids("/v1/files?purpose=user_data"), [first])
        self.assertEqual(self.ask("GET", f"/v1/files/{first}").json["bytes"], 1)
        reply = self.ask("GET", f"/v1/files/{newer}/content")
        self.assertEqual((reply.body, reply.headers["content-type"]), (b'{"line":1}\n' * 3000, "application/jsonl"))
        self.assertEqual([asked.path for asked in second.requests], ["/v1/files", f"/v1/files/{newer}/content"])
        self.assertEqual(self.upstream.requests[-1].path, f"/v1/files/{first}")
        self.assertTrue(self.ask("DELETE", f"/v1/files/{first}").json["deleted"])
        self.assert_openai_error(self.ask("GET", f"/v1/files/{first}"), 404)
        self.assertEqual(self.ids("/v1/files"), [newer])

    def test_azures_version_stands_behind_the_whole_path(self) -> None:
        keeper = Keeper("az")
        azure = self.new_upstream()

        def answer(connection: provider.Connection, asked: provider.Request) -> None:
            path, _, query = asked.path.partition("?")
            self.assertEqual((query, asked.headers["api-key"]), ("api-version=2024-10-21", "sk-upstream-secret-0001"))
            keeper(connection, provider.Request(asked.method, path.replace("/openai", "/v1", 1), asked.headers, asked.body))
        azure.answer = answer
        self.daemon.add_channel(f"http://127.0.0.1:{azure.port}", name="azure", type="azure", models=["m1"], priority=9)
        body, headers = media.form([("purpose", "batch"), ("file", b"{}")])
        file = self.ask("POST", "/v1/files", body, headers=headers).json["id"]
        batch = self.ask("POST", "/v1/batches", {"input_file_id": file, "endpoint": "/chat/completions"}).json["id"]
        for method, path in (("GET", f"files/{file}"), ("GET", f"files/{file}/content"), ("GET", f"batches/{batch}"),
                             ("POST", f"batches/{batch}/cancel"), ("DELETE", f"files/{file}")):
            self.assertEqual(self.ask(method, "/v1/" + path).status, 200)
            self.assertEqual(azure.requests[-1].path, f"/openai/{path}?api-version=2024-10-21")
        self.assertEqual(self.upstream.requests, [])

    def test_nobody_else_finds_a_file(self) -> None:
        mine = self.upload()
        other = self.other_account()
        asked = len(self.upstream.requests)
        for method, path in (("GET", ""), ("GET", "/content"), ("DELETE", "")):
            self.assert_openai_error(self.ask(method, f"/v1/files/{mine}{path}", key=other), 404)
        self.assert_openai_error(self.ask("POST", "/v1/batches", {"input_file_id": mine}, other), 404)
        self.assertEqual((self.ids("/v1/files", other), len(self.upstream.requests)), ([], asked))

    def test_a_batch_follows_its_file_and_is_billed_once(self) -> None:
        file = self.upload()
        second = self.new_upstream(answer=Keeper("b"))
        self.daemon.add_channel(second, name="second", models=["m1"], priority=9)
        made = self.ask("POST", "/v1/batches", {"input_file_id": file, "endpoint": "/v1/chat/completions", "completion_window": "24h"})
        self.assertEqual((made.status, made.json["status"], second.requests), (200, "in_progress", []))
        batch = made.json["id"]
        self.assertEqual(self.ask("GET", f"/v1/batches/{batch}").json["status"], "in_progress")
        self.assertEqual(self.ask("POST", f"/v1/batches/{batch}/cancel").status, 200)
        self.assertEqual(self.upstream.requests[-1].path, f"/v1/batches/{batch}/cancel")
        self.keeper.status, self.keeper.usage = "completed", USED
        ended = self.ask("GET", f"/v1/batches/{batch}")
        self.ask("GET", f"/v1/batches/{batch}")
        row = self.daemon.call(ended.request_id)
        used = row["usage"]
        self.assertEqual((used["input"], used["cache_read"], used["output"], used["reasoning"]), (800, 200, 400, 100))
        self.assertEqual((row["model"], row["cost"]), ("m1", "0.0058"))
        self.assertEqual(self.ask("GET", f"/v1/files/{ended.json['output_file_id']}/content").status, 200)
        self.assertEqual([each["status"] for each in self.ask("GET", "/v1/batches").json["data"]], ["completed"])
        until(lambda: len(self.daemon.calls()) == 2, "the rows of the new batch and of its end")
        self.assertEqual(sorted(row["cost"] for row in self.daemon.calls()), ["0.00", "0.0058"])
        self.assert_books(self.daemon)

    def test_a_batch_pays_its_part_of_the_price_and_no_tier(self) -> None:
        done = self.obliv(self.daemon, "price", "set", "m1", "--input", "2", "--output", "8", "--cache-read", "1", "--batch", "0.5",
                          "--tier", "500:input=9,output=9")
        self.assertEqual(done.returncode, 0, done.stderr)
        batch = self.ask("POST", "/v1/batches", {"input_file_id": self.upload()}).json["id"]
        self.keeper.status, self.keeper.usage = "completed", USED
        row = self.daemon.call(self.ask("GET", f"/v1/batches/{batch}").request_id)
        self.assertEqual((row["usage"]["input"], row["usage_source"], row["price_share"], row["cost"]), (800, "batch", "0.50", "0.0029"))
        audit = self.obliv(self.daemon, "usage", "recompute", "--dry-run", "--json")
        self.assertEqual((audit.returncode, json.loads(audit.stdout)["differing"]), (0, 0))
        self.assert_books(self.daemon)

    def test_a_kill_between_mark_and_charge_loses_no_batch_and_doubles_none(self) -> None:
        file = self.upload()
        batch = self.ask("POST", "/v1/batches", {"input_file_id": file}).json["id"]
        self.keeper.status, self.keeper.usage = "completed", USED
        guess = {"x-request-id": "guess"}
        for charged in (True, False):
            # What a client calls its requests proves nothing: these have the id of the one that charges.
            for _ in range(2):
                self.assertEqual(self.daemon.post(self.key, ask(), guess).status, 200)
            self.daemon.call("guess")
            before = self.charges()
            self.daemon.kill()
            # As a kill leaves it: marked, and the charge is in the books, or its id is another call's.
            with contextlib.closing(sqlite3.connect(self.daemon.data / "oblivd.db")) as store, store:
                mark = "1, 7" if charged else "id, time"
                self.assertEqual(store.execute(f"UPDATE object SET settled = 1, (charge_since, charge_time) = (SELECT {mark} FROM charge "
                                               "ORDER BY cost DESC LIMIT 1) WHERE id = ?", (batch,)).rowcount, 1)
            self.daemon.start()
            for _ in range(3):
                self.assertEqual(self.ask("GET", f"/v1/batches/{batch}", headers=guess).status, 200)
            wanted = before + (1 if charged else 0)
            until(lambda: self.charges() >= wanted, "the charge")
            self.assertEqual(self.charges(), wanted)
        self.assert_books(self.daemon)

    def charges(self) -> int:
        """Of batches: chats of these tests use fewer tokens."""
        return len([row for row in self.daemon.calls() if row["usage"]["input"] == 800])

    def test_a_batch_without_a_price_is_charged_when_it_has_one(self) -> None:
        self.daemon.add_prepaid("payer", "10")
        self.daemon.set_price("batches", input="0", output="0")
        key = self.daemon.add_token("payer", account="payer")
        file = self.upload(key=key)
        batch = self.ask("POST", "/v1/batches", {"input_file_id": file}, key).json["id"]
        self.keeper.status, self.keeper.usage, self.keeper.model = "completed", USED, "m9"
        for _ in range(2):
            self.assert_openai_error(self.ask("GET", f"/v1/batches/{batch}", key=key), 403)
        self.assertEqual(self.ids("/v1/files", key), [file])  # what was not paid for is not there
        self.daemon.set_price("m9", input="2", output="8")
        for _ in range(2):
            result = self.ask("GET", f"/v1/batches/{batch}", key=key).json["output_file_id"]
        self.assertEqual(sorted(self.ids("/v1/files", key)), sorted([file, result]))
        until(lambda: len([row for row in self.daemon.calls() if row["model"] == "m9"]) == 1, "one charge")

    def test_who_pays_by_price_makes_batches_only_at_a_price(self) -> None:
        self.daemon.add_prepaid("small", "1")
        key = self.daemon.add_token("small", account="small")
        file = self.upload(key=key)
        self.assert_openai_error(self.ask("POST", "/v1/batches", {"input_file_id": file}, key), 403)
        self.daemon.set_price("batches", input="0", output="0", per_call="0.25")
        reply = self.ask("POST", "/v1/batches", {"input_file_id": file}, key)
        self.assertEqual(self.daemon.call(reply.request_id)["cost"], "0.25")

    def test_what_is_wrong_is_said(self) -> None:
        for method, path in (("PUT", "/v1/files"), ("POST", "/v1/files/file-1"), ("DELETE", "/v1/batches/batch_1"), ("GET", "/v1/batches/b/cancel")):
            self.assert_openai_error(self.ask(method, path), 405)
        for path in ("/v1/files/a%2Fb", "/v1/files/a/b/c", "/v1/filesystem", "/v1/batches/../files"):
            self.assert_openai_error(self.ask("GET", path), 404)
        self.assert_openai_error(self.ask("GET", "/v1/files", key="sk-wrong"), 401)
        self.assert_openai_error(self.ask("POST", "/v1/batches", {"input_file_id": 7}), 400)
        self.assert_openai_error(self.ask("POST", "/v1/batches", {"input_file_id": "file-none"}), 404)
        self.assertEqual(self.upstream.requests, [])
        narrow = self.daemon.add_token("narrow", models=["m1"])
        self.assert_openai_error(self.ask("GET", "/v1/files", key=narrow), 403)
        self.assertEqual(self.ids("/v1/files", self.daemon.add_token("wide", models=["m1", "files"])), [])

    def test_a_failing_provider_keeps_nothing(self) -> None:
        body, headers = media.form([("purpose", "batch"), ("file", b"y")])
        for status, shown in ((500, 502), (400, 400), (401, 502)):
            self.upstream.queue.append(provider.error(status))
            self.assert_openai_error(self.ask("POST", "/v1/files", body, headers=headers), shown)
        self.upstream.queue.append(lambda connection, _: connection.reply(200, b"[]"))
        self.assert_openai_error(self.ask("POST", "/v1/files", body, headers=headers), 502)
        self.assertEqual(self.ids("/v1/files"), [])


if __name__ == "__main__":
    unittest.main()
