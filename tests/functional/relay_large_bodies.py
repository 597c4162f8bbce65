"""Bodies of a hundred megabytes go their way byte for byte, and to another channel when the first fails, in little memory.

Proved with digests at scripted providers, with the kernel's own account of the daemon's memory at its highest, and
with its folder, in which nothing is left, also by a daemon that was killed.
"""
import hashlib
import hmac
import json
import os
import random
import re
import threading
import unittest
from pathlib import Path
from typing import Any

import media
import upstream as provider
from client import Response, request
from harness import WAIT, FunctionalTest, ask, until
from upstream import Connection, Request

MIB = 1 << 20
PATIENCE = 3 * WAIT
# Far less than one body, let alone what lies in buffers of sockets.
MEMORY = 48 * MIB


def noise(size: int) -> bytes:
    """Letters, different everywhere: a piece in the wrong place shows."""
    return random.Random(size).randbytes(size // 2).hex().encode()


def chat_body(size: int, **more: Any) -> bytes:
    body = ask(**more)
    body["messages"] = [{"role": "user", "content": "@"}]
    return json.dumps(body).encode().replace(b"@", noise(size))


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def signature(asked: Request, secret: str) -> str:
    """AWS Signature Version 4 of what came, by what its own header says it covers."""
    said = dict(part.strip().split("=", 1) for part in asked.headers["authorization"].split(" ", 1)[1].split(","))
    scope = said["Credential"].split("/", 1)[1]
    names = said["SignedHeaders"].split(";")
    path, _, query = asked.path.partition("?")
    canonical = "\n".join([asked.method, path, query, *(f"{name}:{asked.headers[name]}" for name in names), "", ";".join(names), digest(asked.body)])
    text = "\n".join(["AWS4-HMAC-SHA256", asked.headers["x-amz-date"], scope, digest(canonical.encode())])
    key = ("AWS4" + secret).encode()
    for step in scope.split("/"):
        key = hmac.digest(key, step.encode(), "sha256")
    return hmac.digest(key, text.encode(), "sha256").hex()


class Notes:
    """What a provider got, without keeping it."""

    def __init__(self, answer: provider.Answer) -> None:
        self.answer = answer
        self.digests: list[str] = []
        self.go = threading.Event()
        self.go.set()

    def __call__(self, connection: Connection, asked: Request) -> None:
        self.digests.append(digest(asked.body))
        self.go.wait(PATIENCE)
        self.answer(connection, asked)


class RelayLargeBodies(FunctionalTest):
    def begin(self, config: str = "") -> None:
        self.first, self.second = Notes(provider.error(503)), Notes(provider.chat())
        first, second = self.new_upstream(answer=self.first), self.new_upstream(answer=self.second)
        self.upstreams = (first, second)
        self.daemon = self.new_daemon('[server]\nthreads = 1\n[upstream]\nretry_pause_first = "1ms"\n' + config)
        models = ["m1", "whisper-1"]
        self.daemon.add_channel(first, "first", models, priority=2)
        self.daemon.add_channel(second, "second", models, priority=1)
        for model in models:
            self.daemon.set_price(model)
        self.key = self.daemon.add_token()

    def ask(self, path: str, body: bytes, headers: dict[str, str] | None = None) -> Response:
        return request(self.daemon.port, "POST", path, body, {"authorization": f"Bearer {self.key}", **(headers or {})}, PATIENCE)

    def memory(self, name: str) -> int:
        text = Path(f"/proc/{self.daemon.running().pid}/status").read_text(encoding="ascii")
        found = re.search(rf"^{name}:\s+(\d+) kB", text, re.MULTILINE)
        assert found, name
        return int(found[1]) * 1024

    def at_most_more(self) -> "Peak":
        return Peak(self, MEMORY)

    def left_in_folder(self) -> list[str]:
        known = re.compile(r"obliv.*\.db.*|intent\.ring.*|master\.key|.*lock.*")
        return [each.name for each in self.daemon.data.iterdir() if not known.fullmatch(each.name)]

    def test_a_hundred_megabytes_of_chat_reach_the_next_channel(self) -> None:
        self.begin()
        body = chat_body(95 * MIB)
        with self.at_most_more():
            reply = self.ask("/v1/chat/completions", body)
        self.assertEqual(reply.status, 200, reply.body[:500])
        self.assertEqual([self.first.digests, self.second.digests], [[digest(body)]] * 2)
        self.assertEqual(self.daemon.call(reply.request_id)["attempts"], 2)
        self.assertEqual(self.left_in_folder(), [])

    def test_a_form_with_a_large_sound_goes_the_same_way(self) -> None:
        self.begin()
        self.second.answer = lambda connection, asked: connection.reply(200, b'{"text":"hello"}')
        body, headers = media.form([("model", "whisper-1"), ("file", noise(60 * MIB))])
        with self.at_most_more():
            reply = self.ask("/v1/audio/transcriptions", body, headers)
        self.assertEqual(reply.status, 200, reply.body[:500])
        self.assertEqual([self.first.digests, self.second.digests], [[digest(body)]] * 2)

    def test_a_large_file_is_kept_by_its_channel(self) -> None:
        self.begin()
        self.first.answer = lambda connection, asked: connection.reply(
            200, b'{"id":"file-1","object":"file","bytes":1,"created_at":1,"filename":"a","purpose":"batch"}')
        body, headers = media.form([("purpose", "batch"), ("file", noise(60 * MIB))])
        with self.at_most_more():
            reply = self.ask("/v1/files", body, headers)
        self.assertEqual(reply.status, 200, reply.body[:500])
        self.assertEqual(self.first.digests, [digest(body)])

    def test_fields_are_changed_in_place(self) -> None:
        """The model's name, what a channel sets, and the wish for figures: in front of the long text and behind it."""
        self.begin()
        self.daemon.api("PATCH", "/channels/second", {"aliases": {"m1": "other"}, "parameters": {"temperature": 0, "seed": 7}})
        for place in (0, 3):
            fields = [("model", '"m1"'), ("stream", "true"), ("temperature", "1.5"), ("user", '"u"')]
            fields.insert(place, ("messages", '[{"role":"user","content":"%s"}]' % noise(3 * MIB).decode()))
            body = ("{" + ", ".join(f'"{name}": {value}' for name, value in fields) + "}").encode()
            reply = self.ask("/v1/chat/completions", body)
            self.assertEqual(reply.status, 200, reply.body[:500])
            got = self.upstreams[1].requests[-1].json
            expected = json.loads(body)
            expected.update(model="other", temperature=0, seed=7, stream_options={"include_usage": True})
            self.assertEqual({name: value == expected[name] for name, value in got.items()}, dict.fromkeys(expected, True))

    def test_an_effort_in_the_models_name_is_put_in_without_a_copy(self) -> None:
        self.begin('[limits]\nbody_memory = "1MiB"\n')
        self.daemon.add_channel(self.upstreams[1], "thinks", ["o3"])
        body = chat_body(5 * MIB, model="o3-high")
        for said in ("high", "low"):
            with self.at_most_more():
                reply = self.ask("/v1/chat/completions", body)
            self.assertEqual(reply.status, 200, reply.body[:500])
            got = self.upstreams[1].requests[-1].json
            self.assertEqual((got.pop("model"), got.pop("reasoning_effort")), ("o3", said))
            self.assertTrue(got["messages"] == json.loads(body)["messages"])
            # What the channel sets goes before.
            self.daemon.api("PATCH", "/channels/thinks", {"parameters": {"reasoning_effort": "low"}})

    def test_fields_of_bodies_that_say_much_outside_of_texts_are_changed(self) -> None:
        self.begin()
        self.daemon.api("PATCH", "/channels/second", {"parameters": {"seed": 7, "user": None}})
        body = json.dumps({**ask(), "user": "u", "tags": [1] * 4 * MIB}, separators=(",", ":")).encode()
        self.assertEqual(self.ask("/v1/chat/completions", body).status, 200)
        expected = {**json.loads(body), "seed": 7}
        del expected["user"]
        self.assertTrue(self.upstreams[1].requests[-1].json == expected)

    def test_a_converted_body_is_changed_and_signed(self) -> None:
        self.begin()
        self.second.answer = lambda connection, asked: connection.reply(200, json.dumps(
            {"output": {"message": {"role": "assistant", "content": [{"text": "Hi."}]}}, "stopReason": "end_turn",
             "usage": {"inputTokens": 1, "outputTokens": 1, "totalTokens": 2}}).encode())
        self.daemon.add_channel(self.upstreams[1], "bedrock", ["c1"], type="bedrock", keys=["AKIA1|hush|eu-west-1"],
                                parameters={"requestMetadata": {"a": "b"}})
        for size in (MIB // 2, 3 * MIB):
            body = chat_body(size, model="c1")
            reply = self.ask("/v1/chat/completions", body)
            self.assertEqual(reply.status, 200, reply.body[:500])
            asked = self.upstreams[1].requests[-1]
            self.assertEqual(asked.json["requestMetadata"], {"a": "b"})
            self.assertTrue(asked.json["messages"][0]["content"][0]["text"] == json.loads(body)["messages"][0]["content"])
            self.assertTrue(asked.headers["authorization"].endswith("Signature=" + signature(asked, "hush")))

    def test_a_large_body_without_long_texts_passes_too(self) -> None:
        self.begin()
        self.second.answer = lambda connection, asked: connection.reply(
            200, b'{"object":"list","data":[],"model":"m1","usage":{"prompt_tokens":3,"total_tokens":3}}')
        body = b'{"model":"m1","input":[' + b"1234," * (4 * MIB) + b"1]}"
        reply = self.ask("/v1/embeddings", body)
        self.assertEqual(reply.status, 200, reply.body[:500])
        self.assertEqual(self.second.digests, [digest(body)])

    def test_a_large_body_that_is_wrong_is_told_so(self) -> None:
        self.begin()
        body = chat_body(3 * MIB)
        for wrong, why in ((body[:-1], "valid JSON"), (body.replace(b'"m1"', b'"' + b"m" * 300 + b'"'), "model"),
                           (body.replace(b'"role"', b'"\xff' + b"x" * 300 + b'"'), "UTF-8")):
            reply = self.ask("/v1/chat/completions", wrong)
            self.assert_openai_error(reply, 400)
            self.assertIn(why, reply.json["error"]["message"])
        self.assertEqual(self.first.digests + self.second.digests, [])

    def test_more_than_there_is_room_for_is_refused_and_comes_in_later(self) -> None:
        self.begin('[limits]\nbody_disk = "50MiB"\n')
        self.first.answer = provider.chat()
        self.first.go.clear()
        body = chat_body(20 * MIB)
        replies: list[Response] = []

        def post() -> None:
            replies.append(self.ask("/v1/chat/completions", body))
        callers = [threading.Thread(target=post, daemon=True) for _ in range(5)]
        for caller in callers:
            caller.start()
        until(lambda: len(self.first.digests) == 2 and len(replies) == 3, "two go on and three are refused", PATIENCE)
        for reply in replies:
            self.assert_openai_error(reply, 503)
            self.assertEqual(reply.headers["retry-after"], "1")
        headers = {"x-api-key": self.key, "anthropic-version": "2023-06-01"}
        message = json.dumps({"model": "m1", "max_tokens": 9, "messages": [{"role": "user", "content": "x" * 20 * MIB}]})
        other = request(self.daemon.port, "POST", "/v1/messages", message.encode(), headers, PATIENCE)
        self.assertEqual((other.status, other.json["type"], bool(other.json["error"]["message"])), (529, "error", True))
        self.first.go.set()
        for caller in callers:
            caller.join(PATIENCE)
        self.assertEqual(sorted(reply.status for reply in replies), [200, 200, 503, 503, 503])
        self.assertEqual(self.ask("/v1/chat/completions", body).status, 200)
        too_large = self.ask("/v1/chat/completions", chat_body(51 * MIB))
        self.assert_openai_error(too_large, 413)

    def test_the_last_of_the_disk_is_not_for_bodies(self) -> None:
        self.begin('[limits]\ndisk_reserve = "1024TiB"\n')
        self.assertIn("less free than limits.body_disk", self.daemon.stderr())
        body = chat_body(2 * MIB)
        refused = self.ask("/v1/chat/completions", body)
        self.assert_openai_error(refused, 503)
        self.assertEqual(refused.headers["retry-after"], "10")
        headers = {"x-api-key": self.key, "anthropic-version": "2023-06-01"}
        other = request(self.daemon.port, "POST", "/v1/messages", body, headers, PATIENCE)
        self.assertEqual((other.status, other.json["type"]), (529, "error"))
        self.assertEqual(self.ask("/v1/chat/completions", chat_body(MIB // 2)).status, 200)
        self.assertEqual(self.left_in_folder(), [])
        self.daemon.config.write_text("")
        self.daemon.api("POST", "/system/reload")
        self.assertEqual(self.ask("/v1/chat/completions", body).status, 200)

    def test_a_killed_daemon_leaves_no_file(self) -> None:
        self.begin()
        self.first.go.clear()
        body = chat_body(20 * MIB)
        threading.Thread(target=self._post_and_lose, args=(body,), daemon=True).start()
        until(lambda: bool(self.first.digests), "the body is with the provider", PATIENCE)
        self.assertEqual(self.left_in_folder(), [])
        self.daemon.kill()
        self.assertEqual(self.left_in_folder(), [])
        self.first.go.set()

    def _post_and_lose(self, body: bytes) -> None:
        try:
            self.ask("/v1/chat/completions", body)
        except OSError:
            pass

    def test_a_conversion_takes_memory_and_is_refused_where_there_is_none(self) -> None:
        self.begin('[limits]\nbody_memory = "40MiB"\n')
        claude = Notes(lambda connection, asked: connection.reply(200, json.dumps(
            {"id": "msg_1", "type": "message", "role": "assistant", "model": "c1", "stop_reason": "end_turn",
             "content": [{"type": "text", "text": "Hi."}], "usage": {"input_tokens": 1, "output_tokens": 1}}).encode()))
        server = self.new_upstream(answer=claude)
        self.daemon.add_channel(server, "claude", ["c1"], type="anthropic")
        self.daemon.set_price("c1")
        claude.go.clear()
        body = chat_body(12 * MIB, model="c1")
        replies: list[Response] = []
        caller = threading.Thread(target=lambda: replies.append(self.ask("/v1/chat/completions", body)), daemon=True)
        caller.start()
        until(lambda: bool(claude.digests), "the first is with the provider", PATIENCE)
        refused = self.ask("/v1/chat/completions", body)
        self.assert_openai_error(refused, 503)
        self.assertEqual(refused.headers["retry-after"], "1")
        claude.go.set()
        caller.join(PATIENCE)
        self.assertEqual(replies[0].status, 200, replies[0].body[:500])
        text = server.requests[0].json["messages"][0]["content"]
        self.assertIn(noise(12 * MIB).decode(), json.dumps(text))
        # A worker may still be freeing what the first has taken.
        until(lambda: self.ask("/v1/chat/completions", body).status == 200, "the memory is given back", PATIENCE)
        self.assert_openai_error(self.ask("/v1/chat/completions", chat_body(41 * MIB, model="c1")), 413)


class Peak:
    """The daemon's memory, in files and out of them, at its highest while something is done."""

    def __init__(self, case: RelayLargeBodies, size: int) -> None:
        self.case, self.size, self.before = case, size, 0

    def __enter__(self) -> None:
        Path(f"/proc/{self.case.daemon.running().pid}/clear_refs").write_text("5", encoding="ascii")
        self.before = self.case.memory("VmHWM")

    def __exit__(self, *problem: object) -> None:
        # A sanitizer has memory of its own for each byte, and keeps what was freed.
        if problem[0] is None and not any(name.endswith("SAN_OPTIONS") for name in os.environ):
            self.case.assertLess(self.case.memory("VmHWM") - self.before, self.size)


if __name__ == "__main__":
    unittest.main()
