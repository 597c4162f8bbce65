"""Who calls the Responses API goes on from a reply by its id: oblivd remembers the conversation for the provider.

Proved with a scripted upstream that keeps every request and knows nothing of earlier ones.
"""
import contextlib
import json
import sqlite3
import unittest
from typing import Any

import upstream as provider
from client import Response, request
from harness import FunctionalTest


def response(number: int, text: str, status: str = "completed") -> dict[str, Any]:
    return {"id": f"resp_{number}", "object": "response", "created_at": 1700000000, "status": status, "model": "m1",
            "output": [{"type": "message", "id": f"msg_{number}", "status": "completed", "role": "assistant",
                        "content": [{"type": "output_text", "text": text, "annotations": [], "logprobs": []}]}],
            "usage": {"input_tokens": 11, "output_tokens": 7, "total_tokens": 18}}


class RelayConversation(FunctionalTest):
    def setUp(self) -> None:
        super().setUp()
        self.upstream = self.new_upstream()
        self.upstream.answer = self.answer
        self.daemon = self.new_daemon()
        self.daemon.add_channel(self.upstream, models=["m1"])
        self.daemon.set_price("m1")
        self.key = self.daemon.add_token()

    def answer(self, connection: provider.Connection, asked: provider.Request) -> None:
        number = len(self.upstream.requests)
        whole = response(number, f"reply {number}")
        if not asked.json.get("stream"):
            connection.reply(200, json.dumps(whole).encode())
            return
        connection.start_stream()
        for event in ({"type": "response.created", "response": {**whole, "status": "in_progress", "output": []}},
                      {"type": "response.output_item.added", "output_index": 0,
                       "item": {"type": "message", "id": "msg", "role": "assistant", "content": []}},
                      {"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": f"reply {number}"},
                      {"type": "response.completed", "response": whole}):
            connection.chunk(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())
        connection.end_stream()

    def call(self, method: str, path: str, body: Any = None, key: str | None = None) -> Response:
        return request(self.daemon.port, method, path, body, {"authorization": f"Bearer {key or self.key}"})

    def ask(self, text: str, key: str | None = None, **more: Any) -> Response:
        return self.call("POST", "/v1/responses", {"model": "m1", "input": text, **more}, key)

    def test_what_went_before_takes_its_memory_from_all_that_there_is(self) -> None:
        self.daemon.stop()
        self.daemon.config.write_text('[limits]\nbody_memory = "8MiB"\n', encoding="utf-8")
        self.daemon.start()
        before: dict[str, str] = {}
        for number in (1, 2, 3):
            self.assertEqual(self.ask("x" * 2_700_000, **before).status, 200)
            before = {"previous_response_id": f"resp_{number}"}
        refused = self.ask("z" * 400_000, **before)  # with 8.1 MB before it
        self.assert_openai_error(refused, 413)
        self.assertIn("body_memory", refused.json["error"]["message"])
        self.assertEqual(self.ask("y" * 2_700_000).status, 200)  # nothing is missing of it

    def test_a_conversation_goes_on_by_the_id_streamed_or_not(self) -> None:
        first = self.ask("one")
        self.assertEqual((first.status, first.json["id"]), (200, "resp_1"))
        second = self.ask("two", previous_response_id="resp_1", stream=True)
        self.assertIn(b"reply 2", second.body)
        third = self.ask("three", previous_response_id="resp_2", instructions="Be brief.")
        self.assertEqual(third.status, 200, third.body)
        sent = self.upstream.requests[2].json
        self.assertNotIn("previous_response_id", sent)
        self.assertEqual(sent["instructions"], "Be brief.")
        said = [item["content"] if isinstance(item["content"], str) else item["content"][0]["text"] for item in sent["input"]]
        self.assertEqual(said, ["one", "reply 1", "two", "reply 2", "three"])
        self.assertNotIn("id", sent["input"][1])
        self.assertEqual(self.daemon.call(third.request_id)["usage"]["input"], 11)
        self.assert_books(self.daemon)

    def test_a_request_without_a_past_reaches_the_provider_as_it_came(self) -> None:
        body = b'{ "model":"m1" ,"input" : "x","x_own":[1.50] }'
        self.call("POST", "/v1/responses", body)
        self.assertEqual(self.upstream.requests[0].body, body)

    def test_a_stored_response_can_be_read_listed_and_deleted(self) -> None:
        reply = self.ask("one")
        self.assertEqual(self.call("GET", "/v1/responses/resp_1").json, reply.json)
        items = self.call("GET", "/v1/responses/resp_1/input_items").json
        self.assertEqual([item["content"][0]["text"] for item in items["data"]], ["one"])
        deleted = self.call("DELETE", "/v1/responses/resp_1").json
        self.assertEqual(deleted, {"id": "resp_1", "object": "response", "deleted": True})
        for path in ("/v1/responses/resp_1", "/v1/responses/resp_1/input_items", "/v1/responses/never"):
            self.assert_openai_error(self.call("GET", path), 404)
        self.assert_openai_error(self.call("DELETE", "/v1/responses/resp_1"), 404)
        self.assert_openai_error(self.call("POST", "/v1/responses/resp_1"), 405)
        self.assert_openai_error(self.ask("two", previous_response_id="resp_1"), 404)

    def test_what_is_not_to_be_stored_is_not(self) -> None:
        self.ask("one", store=False)
        self.assert_openai_error(self.call("GET", "/v1/responses/resp_1"), 404)

    def test_a_stranger_can_neither_read_nor_go_on(self) -> None:
        self.ask("one")
        self.daemon.add_prepaid("bob", "10")
        stranger = self.daemon.add_token("stranger", account="bob")
        self.assert_openai_error(self.call("GET", "/v1/responses/resp_1", key=stranger), 404)
        self.assert_openai_error(self.call("DELETE", "/v1/responses/resp_1", key=stranger), 404)
        self.assert_openai_error(self.ask("two", stranger, previous_response_id="resp_1"), 404)
        self.assert_openai_error(self.call("GET", "/v1/responses/resp_1", key="sk-wrong"), 401)
        self.assertEqual(len(self.upstream.requests), 1)

    def test_a_conversation_outlives_the_daemon(self) -> None:
        self.ask("one")
        self.daemon.stop()
        self.daemon.start()
        self.assertEqual(self.ask("two", previous_response_id="resp_1").status, 200)
        self.assertEqual(len(self.upstream.requests[1].json["input"]), 3)

    def test_a_conversation_is_kept_for_thirty_days(self) -> None:
        day = 86_400 * 10**9
        for age, status in ((29, 200), (31, 404)):
            with self.subTest(days=age):
                name = self.ask("one").json["id"]
                self.assertEqual(self.call("GET", f"/v1/responses/{name}").status, 200)
                self.daemon.stop()
                with contextlib.closing(sqlite3.connect(self.daemon.data / "oblivd.db")) as store:
                    store.execute("UPDATE response SET created_at = created_at - ? WHERE id = ?", (age * day, name))
                    store.commit()
                self.daemon.start()
                self.assertEqual(self.call("GET", f"/v1/responses/{name}").status, status)
                self.assertEqual(self.ask("two", previous_response_id=name).status, status)

    def test_background_is_refused_in_words(self) -> None:
        reply = self.ask("one", background=True)
        self.assertGreaterEqual(reply.status, 400)
        self.assertIn("background", reply.json["error"]["message"])
        self.assertEqual(self.upstream.requests, [])

    def test_a_reply_that_broke_off_cannot_be_gone_on_from(self) -> None:
        def cut(connection: provider.Connection, _: provider.Request) -> None:
            connection.start_stream()
            for event in ({"type": "response.created", "response": response(1, "", "in_progress")},
                          {"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": "a"}):
                connection.chunk(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())
            connection.cut()
        self.upstream.answer = cut
        self.ask("one", stream=True)
        self.assert_openai_error(self.call("GET", "/v1/responses/resp_1"), 404)


if __name__ == "__main__":
    unittest.main()
