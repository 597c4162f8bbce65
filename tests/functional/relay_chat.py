"""A relayed chat is what the provider said, byte for byte, and what the caller asked, untouched but for three things:
the key, the model's name at the channel, and the question for usage.

Proved with a scripted upstream that keeps every request and writes replies no JSON writer would.
"""
import json
import threading
import unittest

import upstream as provider
from client import parse_replies, raw, request
from harness import FunctionalTest, ask
from upstream import completion_bytes, delta, event_bytes, usage, usage_event


class RelayChat(FunctionalTest):
    def setUp(self) -> None:
        super().setUp()
        self.upstream = self.new_upstream()
        self.daemon = self.new_daemon()
        self.daemon.add_channel(self.upstream, models=["m1"])
        self.daemon.set_price("m1")
        self.key = self.daemon.add_token()

    def test_a_plain_reply_arrives_byte_for_byte(self) -> None:
        body = completion_bytes("Grüße, 世界 \U0001f600", used=usage(11, 7))
        self.upstream.answer = lambda connection, _: connection.reply(200, body)
        reply = self.daemon.post(self.key, ask())
        self.assertEqual((reply.status, reply.body), (200, body))
        self.assertEqual(reply.headers["content-type"], "application/json")
        row = self.daemon.call(reply.request_id)
        self.assertEqual((row["usage"]["input"], row["usage"]["output"], row["usage_source"]), (11, 7, "provider"))
        self.assertEqual((row["model"], row["status"], row["stream"], row["finish_reason"]), ("m1", 200, False, "stop"))
        self.assertIsNone(row["error"])
        # 11 x 2.5 + 7 x 10 nano-dollars a token, times 1000.
        self.assertEqual(row["cost"], "0.0000975")
        self.assert_books(self.daemon)

    def test_a_stream_arrives_byte_for_byte_when_the_caller_asked_for_usage(self) -> None:
        sent = [event_bytes(delta("Hel")), b": a comment\n\n", event_bytes(delta("lo")), event_bytes(delta(finish="stop")),
                event_bytes(usage_event()), b"data: [DONE]\n\n"]

        def answer(connection: provider.Connection, _: provider.Request) -> None:
            connection.start_stream()
            for part in sent:
                connection.chunk(part)
            connection.end_stream()
        self.upstream.answer = answer
        reply = self.daemon.post(self.key, ask(stream=True, stream_options={"include_usage": True}))
        self.assertEqual(reply.body, b"".join(sent))
        self.assertTrue(reply.headers["content-type"].startswith("text/event-stream"))
        self.assertEqual(self.daemon.call(reply.request_id)["cost"], "0.0000975")

    def test_the_usage_chunk_nobody_asked_for_is_asked_for_and_withheld(self) -> None:
        reply = self.daemon.post(self.key, ask(stream=True))
        self.assertEqual(self.upstream.requests[0].json["stream_options"], {"include_usage": True})
        expected = [delta("Hel"), delta("lo"), delta("."), delta(finish="stop"), "[DONE]"]
        self.assertEqual(reply.body, b"".join(event_bytes(e) for e in expected))
        row = self.daemon.call(reply.request_id)
        self.assertEqual((row["usage"]["output"], row["usage_source"], row["stream"]), (7, "provider", True))

    def test_other_stream_options_survive_the_question_for_usage(self) -> None:
        self.daemon.post(self.key, ask(stream=True, stream_options={"include_obfuscation": False}))
        self.assertEqual(self.upstream.requests[0].json["stream_options"],
                         {"include_obfuscation": False, "include_usage": True})

    def test_a_caller_who_refused_usage_gets_none(self) -> None:
        reply = self.daemon.post(self.key, ask(stream=True, stream_options={"include_usage": False}))
        self.assertNotIn(b'"usage"', reply.body)
        self.assertEqual(self.daemon.call(reply.request_id)["usage_source"], "provider")

    def test_any_cut_of_the_stream_into_packets_gives_the_same_bytes(self) -> None:
        whole = b"".join(event_bytes(e) for e in [delta("a"), delta(finish="stop"), usage_event(), "[DONE]"])
        wanted = b"".join(event_bytes(e) for e in [delta("a"), delta(finish="stop"), "[DONE]"])
        for size in (1, 7, 64, 333):
            def answer(connection: provider.Connection, _: provider.Request, step: int = size) -> None:
                connection.start_stream()
                for at in range(0, len(whole), step):
                    connection.chunk(whole[at:at + step])
                connection.end_stream()
            self.upstream.answer = answer
            reply = self.daemon.post(self.key, ask(stream=True))
            self.assertEqual(reply.body, wanted, f"pieces of {size}")
            self.assertEqual(self.daemon.call(reply.request_id)["usage"]["output"], 7)

    def test_events_arrive_when_they_are_sent_not_at_the_end(self) -> None:
        seen = threading.Event()

        def answer(connection: provider.Connection, _: provider.Request) -> None:
            connection.start_stream()
            connection.event(delta("first"))
            if seen.wait(provider.WAIT):  # goes on only once the client has the first event
                connection.event(delta("second", finish="stop"))
                connection.event("[DONE]")
                connection.end_stream()
        self.upstream.answer = answer
        stream = self.daemon.stream(self.key, ask(stream=True))
        self.assertEqual(stream.event(), event_bytes(delta("first")))
        seen.set()
        self.assertTrue(stream.rest().endswith(b"data: [DONE]\n\n"))
        stream.close()

    def test_unknown_fields_and_formatting_reach_the_provider_untouched(self) -> None:
        body = (b'{ "x_future":{"deep":[1,2.50,1e3,"\\u00e9",null]} ,"messages":[{"role":"user",\n"content":"hi","own":true}],'
                b'\t"model" : "m1" , "big":123456789012345678901234567890}')
        reply = self.daemon.post(self.key, body)
        self.assertEqual(reply.status, 200, reply.body)
        self.assertEqual(self.upstream.requests[0].body, body)

    def test_the_provider_sees_the_channels_key_and_never_the_callers(self) -> None:
        self.daemon.post(self.key, ask())
        got = self.upstream.requests[0]
        self.assertEqual((got.method, got.path), ("POST", "/v1/chat/completions"))
        self.assertEqual(got.headers["authorization"], "Bearer sk-upstream-secret-0001")
        self.assertNotIn(self.key, str(got.headers) + got.body.decode())

    def test_an_alias_changes_the_models_name_and_nothing_else(self) -> None:
        self.daemon.add_channel(self.upstream, "aliased", models=["fast"], aliases={"fast": "real-model-7"})
        body = b'{"model":"fast","messages":[{"role":"user","content":"the model is \\"fast\\""}], "x":{"model":"fast"}}'
        reply = self.daemon.post(self.key, body)
        self.assertEqual(reply.status, 200, reply.body)
        self.assertEqual(self.upstream.requests[0].body, body.replace(b'{"model":"fast","mess', b'{"model":"real-model-7","mess'))
        row = self.daemon.call(reply.request_id)
        self.assertEqual((row["model"], row["model_served"]), ("fast", "real-model-7"))

    def test_every_reply_has_a_request_id_and_a_sane_one_is_kept(self) -> None:
        first, second = self.daemon.post(self.key, ask()), self.daemon.post(self.key, ask())
        self.assertNotEqual(first.request_id, second.request_id)
        kept = self.daemon.post(self.key, ask(), {"x-request-id": "my-own.id_7"})
        self.assertEqual(kept.request_id, "my-own.id_7")
        refused = self.daemon.post(self.key, ask(), {"x-request-id": "not sane;"})
        self.assertNotEqual(refused.request_id, "not sane;")
        self.assertIn("x-request-id", request(self.daemon.port, "GET", "/healthz").headers)

    def test_models_lists_what_the_caller_can_reach(self) -> None:
        self.daemon.add_channel(self.upstream, "others", models=["m2"], groups=["vip"])
        reply = request(self.daemon.port, "GET", "/v1/models", headers={"Authorization": f"Bearer {self.key}"})
        self.assertEqual(reply.json["object"], "list")
        self.assertEqual([model["id"] for model in reply.json["data"]], ["m1"])
        self.assertEqual(reply.json["data"][0]["object"], "model")
        vip = self.daemon.add_token("vip", group="vip")
        reply = request(self.daemon.port, "GET", "/v1/models", headers={"Authorization": f"Bearer {vip}"})
        self.assertEqual([model["id"] for model in reply.json["data"]], ["m2"])

    def test_a_change_is_seen_by_the_next_call(self) -> None:
        self.assertEqual(self.daemon.post(self.key, ask("m9")).status, 404)
        self.daemon.add_channel(self.upstream, "nine", models=["m9"])
        self.assertEqual(self.daemon.post(self.key, ask("m9")).status, 200)
        self.daemon.api("POST", "/tokens/t/revoke")
        self.assert_openai_error(self.daemon.post(self.key, ask()), 401, "invalid_api_key")

    def test_pipelined_calls_are_answered_in_order(self) -> None:
        bodies = [json.dumps(ask(x=i)).encode() for i in range(3)]
        self.upstream.answer = lambda connection, got: connection.reply(
            200, completion_bytes(f"answer {got.json['x']}"))
        data = b"".join(b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer %s\r\n"
                        b"content-type: application/json\r\ncontent-length: %d\r\n\r\n%s"
                        % (self.key.encode(), len(body), body) for body in bodies)
        replies = parse_replies(raw(self.daemon.port, data, replies=3))
        self.assertEqual([reply.json["choices"][0]["message"]["content"] for reply in replies],
                         ["answer 0", "answer 1", "answer 2"])

    def test_a_chunked_body_and_expect_continue_are_understood(self) -> None:
        body = json.dumps(ask()).encode()
        chunks = b"".join(b"%x\r\n%s\r\n" % (len(body[i:i + 9]), body[i:i + 9]) for i in range(0, len(body), 9))
        data = (b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer %s\r\nexpect: 100-continue\r\n"
                b"transfer-encoding: chunked\r\nconnection: close\r\n\r\n" % self.key.encode()) + chunks + b"0\r\n\r\n"
        replies = parse_replies(raw(self.daemon.port, data))
        self.assertEqual(replies[-1].status, 200, replies)
        self.assertEqual(self.upstream.requests[0].json, ask())

    def test_upstream_connections_are_used_again(self) -> None:
        for _ in range(8):
            self.assertEqual(self.daemon.post(self.key, ask()).status, 200)
        self.assertLessEqual(self.upstream.connections, 4)  # one for each loop, with room for four cores

    def test_a_busy_channel_is_passed_over_for_the_next(self) -> None:
        spare = self.new_upstream()
        self.daemon.add_channel(spare, "spare", priority=-1)
        self.upstream.answer = provider.error(500)
        reply = self.daemon.post(self.key, ask())
        self.assertEqual(reply.status, 200, reply.body)
        row = self.daemon.call(reply.request_id)
        self.assertEqual((row["attempts"], len(spare.requests)), (2, 1))

    def test_a_providers_refusal_of_the_request_is_passed_on_and_not_billed(self) -> None:
        self.upstream.answer = provider.error(400, "max_tokens is too large: 999")
        reply = self.daemon.post(self.key, ask())
        self.assertEqual(reply.status, 400)
        self.assertIn("max_tokens is too large", reply.json["error"]["message"])
        row = self.daemon.call(reply.request_id)
        self.assertEqual((row["cost"], row["error"]), ("0.00", "invalid_request"))
        self.assert_books(self.daemon)

    def test_the_providers_refusal_of_our_key_is_not_the_callers_fault(self) -> None:
        self.upstream.answer = provider.error(401, "Incorrect API key provided: sk-upstream-secret-0001")
        reply = self.daemon.post(self.key, ask())
        self.assert_openai_error(reply, 502, "upstream_credentials_exhausted")
        self.assertNotIn(b"secret", reply.body)
        self.assertNotIn("secret-0001", self.daemon.stderr())
        self.assertEqual(self.daemon.call(reply.request_id)["error"], "upstream_credentials")

    def test_the_unix_socket_relays_too(self) -> None:
        reply = request(self.daemon.socket, "POST", "/v1/chat/completions", ask(), {"Authorization": f"Bearer {self.key}"})
        self.assertEqual(reply.status, 200, reply.body)

    def test_every_way_to_name_a_credential(self) -> None:
        for headers, query in (({"x-api-key": self.key}, ""), ({"api-key": self.key}, ""),
                               ({"x-goog-api-key": self.key}, ""), ({}, f"?key={self.key}")):
            reply = request(self.daemon.port, "POST", "/v1/chat/completions" + query, ask(), headers)
            self.assertEqual(reply.status, 200, (headers, query, reply.body))

    def test_the_log_has_one_line_for_a_call_and_no_secret(self) -> None:
        reply = self.daemon.post(self.key, ask(messages=[{"role": "user", "content": "the-prompt-text"}]))
        self.daemon.stop()
        lines = [line for line in self.daemon.stderr().splitlines() if reply.request_id in line]
        self.assertEqual(len(lines), 1, lines)
        for secret in (self.key, "the-prompt-text", "sk-upstream-secret-0001"):
            self.assertNotIn(secret, self.daemon.stderr())


if __name__ == "__main__":
    unittest.main()
