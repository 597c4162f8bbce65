"""obliv sim plays Anthropic, Bedrock, Spark and Ollama too, pictures and sound: plain, streamed, with tools, thoughts, faults, and their ways to prove a caller.

What it sends is judged by the formats' own rules, with parsers written here.
"""
import base64
import hashlib
import hmac
import json
import shutil
import struct
import tempfile
import unittest
import zlib
from pathlib import Path
from typing import Any
from urllib.parse import quote

import client
import media
import websocket
from harness import BIN
from simulator import Sim

MESSAGES = "/v1/messages"
CONVERSE = "/model/us.sim-v1%3A0/converse"
TOOL = {"name": "weather", "input_schema": {"type": "object"}}


def events(data: bytes) -> list[dict[str, Any]]:
    """The events of an Anthropic stream, whose names are those of their data."""
    out = []
    for block in data.decode().split("\n\n")[:-1]:
        name, payload = block.split("\n")
        value = json.loads(payload.removeprefix("data: "))
        assert name == "event: " + value["type"], block
        out.append(value)
    return out


def frames(data: bytes) -> list[tuple[str, dict[str, Any]]]:
    """The messages of an AWS event stream, checksums verified."""
    out = []
    while data:
        total, header_size, prelude = struct.unpack(">III", data[:12])
        assert zlib.crc32(data[:8]) == prelude
        assert zlib.crc32(data[:total - 4]) == struct.unpack(">I", data[total - 4:total])[0]
        raw, headers = data[12:12 + header_size], {}
        while raw:
            size = raw[0]
            name, kind = raw[1:1 + size].decode(), raw[1 + size]
            assert kind == 7
            length = struct.unpack(">H", raw[2 + size:4 + size])[0]
            headers[name] = raw[4 + size:4 + size + length].decode()
            raw = raw[4 + size + length:]
        out.append((headers[":event-type"], json.loads(data[12 + header_size:total - 4])))
        data = data[total:]
    return out


def signed(port: int, path: str, body: bytes, key: str, secret: str, region: str) -> dict[str, str]:
    """The headers of AWS Signature Version 4, made as its reference says."""
    host, time, day = f"127.0.0.1:{port}", "20261122T080000Z", "20261122"
    path = "/".join(quote(piece, safe="-._~") for piece in path.split("/"))
    canonical = "\n".join(["POST", path, "", f"host:{host}", f"x-amz-date:{time}", "", "host;x-amz-date",
                           hashlib.sha256(body).hexdigest()])
    scope = f"{day}/{region}/bedrock/aws4_request"
    to_sign = "\n".join(["AWS4-HMAC-SHA256", time, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    mac = ("AWS4" + secret).encode()
    for step in (day, region, "bedrock", "aws4_request"):
        mac = hmac.digest(mac, step.encode(), "sha256")
    signature = hmac.digest(mac, to_sign.encode(), "sha256").hex()
    return {"Host": host, "X-Amz-Date": time,
            "Authorization": f"AWS4-HMAC-SHA256 Credential={key}/{scope}, SignedHeaders=host;x-amz-date, Signature={signature}"}


class SimFormats(unittest.TestCase):
    def setUp(self) -> None:
        if not (BIN / "obliv").exists():
            self.skipTest(f"{BIN}/obliv is not built")
        self.folder = Path(tempfile.mkdtemp(prefix="obliv-"))
        self.addCleanup(shutil.rmtree, self.folder, True)

    def sim(self, *flags: str, stdin: str = "") -> Sim:
        sim = Sim(self.folder, *flags, stdin=stdin)
        self.addCleanup(sim.stop)
        return sim

    def messages(self, sim: Sim, text: str, headers: dict[str, str] | None = None, **more: Any) -> client.Response:
        body = {"model": "m1", "max_tokens": 100, "messages": [{"role": "user", "content": text}], **more}
        return client.request(sim.port, "POST", MESSAGES, body, headers)

    def converse(self, sim: Sim, text: str, path: str = CONVERSE, **more: Any) -> client.Response:
        return client.request(sim.port, "POST", path, {"messages": [{"role": "user", "content": [{"text": text}]}], **more})

    # Anthropic

    def test_a_message_counts_exactly(self) -> None:
        reply = self.messages(self.sim(), "one two three [[sim:tokens=5]]")
        self.assertEqual((reply.status, reply.headers["x-simulated"]), (200, "true"))
        value = reply.json
        self.assertEqual((value["type"], value["role"], value["model"], value["stop_reason"]), ("message", "assistant", "m1", "end_turn"))
        self.assertEqual(len(value["content"][0]["text"].split()), 5)
        self.assertEqual((value["usage"]["input_tokens"], value["usage"]["output_tokens"]), (8, 5))
        short = self.messages(self.sim(), "[[sim:tokens=5]]", max_tokens=2).json
        self.assertEqual((short["stop_reason"], short["usage"]["output_tokens"]), ("max_tokens", 2))

    def test_a_message_streams_with_thought(self) -> None:
        found = events(self.messages(self.sim(), "[[sim:tokens=3]][[sim:think=2]]", stream=True).body)
        kinds = [event["type"] for event in found]
        self.assertEqual((kinds[0], kinds[-2:]), ("message_start", ["message_delta", "message_stop"]))
        blocks = [event["content_block"]["type"] for event in found if event["type"] == "content_block_start"]
        self.assertEqual(blocks, ["thinking", "text"])
        deltas = [event["delta"]["type"] for event in found if event["type"] == "content_block_delta"]
        self.assertEqual(deltas, ["thinking_delta"] * 2 + ["signature_delta"] + ["text_delta"] * 3)
        self.assertEqual(found[-2]["usage"]["output_tokens"], 5)
        self.assertEqual(found[-2]["usage"]["output_tokens_details"]["thinking_tokens"], 2)

    def test_a_tool_is_called(self) -> None:
        for choice in ({"type": "any"}, {"type": "tool", "name": "weather"}):
            value = self.messages(self.sim(), "hi", tools=[TOOL], tool_choice=choice).json
            self.assertEqual(value["stop_reason"], "tool_use")
            self.assertEqual((value["content"][0]["name"], type(value["content"][0]["input"])), ("weather", dict))
        found = events(self.messages(self.sim(), "[[sim:tool=f]]", stream=True).body)
        text = "".join(event["delta"].get("partial_json", "") for event in found if event["type"] == "content_block_delta")
        self.assertIsInstance(json.loads(text), dict)

    def test_faults_come_in_anthropics_shape(self) -> None:
        sim = self.sim()
        for status, kind in ((429, "rate_limit_error"), (529, "overloaded_error"), (401, "authentication_error"), (500, "api_error")):
            reply = self.messages(sim, "hi", {"x-sim-fault": str(status)})
            self.assertEqual((reply.status, reply.json["type"], reply.json["error"]["type"]), (status, "error", kind))
        self.assertEqual(client.request(sim.port, "POST", MESSAGES, {"model": "m"}).json["error"]["type"], "invalid_request_error")
        with self.assertRaises((client.http.client.IncompleteRead, ConnectionError)):
            self.messages(sim, "[[sim:fault=cut]]", stream=True)
        with self.assertRaises(ValueError):
            events(self.messages(sim, "[[sim:fault=malformed]]", stream=True).body)
        self.assertEqual(events(self.messages(sim, "[[sim:fault=drip]]", stream=True).body)[-1]["type"], "message_stop")

    def test_tokens_are_counted_and_models_listed(self) -> None:
        sim = self.sim("--models", "m1,m2")
        counted = client.request(sim.port, "POST", MESSAGES + "/count_tokens",
                                 {"model": "m1", "messages": [{"role": "user", "content": "one two"}]})
        self.assertEqual(counted.json, {"input_tokens": 6})
        listed = client.request(sim.port, "GET", "/v1/models", None, {"anthropic-version": "2023-06-01"}).json
        self.assertEqual([model["id"] for model in listed["data"]], ["m1", "m2"])
        self.assertEqual(listed["has_more"], False)

    def test_a_key_is_asked_for_in_either_header(self) -> None:
        sim = self.sim("--key-stdin", stdin="sk-of-the-test\n")
        self.assertEqual(self.messages(sim, "hi").status, 401)
        self.assertEqual(self.messages(sim, "hi", {"x-api-key": "sk-of-the-tesT"}).status, 401)
        self.assertEqual(self.messages(sim, "hi", {"x-api-key": "sk-of-the-test"}).status, 200)
        self.assertEqual(self.messages(sim, "hi", {"Authorization": "Bearer sk-of-the-test"}).status, 200)

    # Bedrock

    def test_converse_counts_exactly(self) -> None:
        value = self.converse(self.sim(), "one two three [[sim:tokens=5]]", inferenceConfig={"maxTokens": 4}).json
        self.assertEqual(len(value["output"]["message"]["content"][0]["text"].split()), 4)
        self.assertEqual(value["stopReason"], "max_tokens")
        self.assertEqual((value["usage"]["inputTokens"], value["usage"]["outputTokens"], value["usage"]["totalTokens"]), (8, 4, 12))

    def test_converse_streams_frames(self) -> None:
        reply = self.converse(self.sim(), "[[sim:tokens=3]][[sim:think=1]]", CONVERSE + "-stream")
        self.assertEqual(reply.headers["content-type"], "application/vnd.amazon.eventstream")
        found = frames(reply.body)
        names = [name for name, _ in found]
        self.assertEqual((names[0], names[-2:]), ("messageStart", ["messageStop", "metadata"]))
        texts = [value["delta"]["text"] for name, value in found if name == "contentBlockDelta" and "text" in value["delta"]]
        self.assertEqual(len(texts), 3)
        self.assertEqual(found[-1][1]["usage"]["outputTokens"], 4)

    def test_converse_calls_a_tool(self) -> None:
        config = {"tools": [{"toolSpec": {"name": "weather", "inputSchema": {"json": {}}}}], "toolChoice": {"any": {}}}
        value = self.converse(self.sim(), "hi", toolConfig=config).json
        self.assertEqual(value["stopReason"], "tool_use")
        self.assertIsInstance(value["output"]["message"]["content"][0]["toolUse"]["input"], dict)
        found = frames(self.converse(self.sim(), "hi", CONVERSE + "-stream", toolConfig=config).body)
        self.assertIn("contentBlockStart", [name for name, _ in found])

    def test_converse_tells_errors_as_aws_does(self) -> None:
        sim = self.sim("--models", "us.sim-v1:0")
        reply = self.converse(sim, "[[sim:fault=429]]")
        self.assertEqual((reply.status, reply.headers["x-amzn-errortype"], list(reply.json)), (429, "ThrottlingException", ["message"]))
        self.assertEqual(self.converse(sim, "hi", "/model/other/converse").status, 404)
        self.assertEqual(self.converse(sim, "hi").status, 200)

    def test_a_signature_is_verified(self) -> None:
        sim = self.sim("--key-stdin", stdin="AKIA1|secret|eu-west-1\n")
        body = json.dumps({"messages": [{"role": "user", "content": [{"text": "hi"}]}]}).encode()

        def status(secret: str, sent: bytes = body) -> int:
            headers = signed(sim.port, CONVERSE, body, "AKIA1", secret, "eu-west-1")
            return client.request(sim.port, "POST", CONVERSE, sent, headers).status
        self.assertEqual(status("secret"), 200)
        self.assertEqual(status("other"), 401)
        self.assertEqual(status("secret", body + b" "), 401)
        self.assertEqual(self.converse(sim, "hi").status, 401)

    # Spark

    def spark(self, sim: Sim, text: str, **more: Any) -> list[dict[str, Any]]:
        """The messages that answer one, up to the close."""
        talk, headers = websocket.connect(sim.port, "/v4.0/chat", {})
        self.addCleanup(talk.sock.close)
        self.assertEqual(headers["x-simulated"], "true")
        talk.send({"header": {"app_id": "a"}, "parameter": {"chat": {"domain": "4.0Ultra", "max_tokens": 4}},
                   "payload": {"message": {"text": [{"role": "user", "content": text}]}, **more}})
        found = []
        while True:
            opcode, payload = talk.receive()
            if opcode == websocket.CLOSE:
                return found
            found.append(json.loads(payload))

    def test_spark_answers_over_a_websocket(self) -> None:
        sim = self.sim()
        found = self.spark(sim, "one two three [[sim:tokens=5]][[sim:think=1]]")
        self.assertEqual([message["header"]["status"] for message in found], [0, 1, 1, 1, 1, 2])
        texts = [message["payload"]["choices"]["text"][0] for message in found]
        self.assertEqual(len("".join(text["content"] for text in texts).split()), 4)
        self.assertIn("reasoning_content", texts[0])
        self.assertEqual(found[-1]["payload"]["usage"]["text"],
                         {"question_tokens": 8, "prompt_tokens": 8, "completion_tokens": 5, "total_tokens": 13})
        called = self.spark(sim, "[[sim:tool]]", functions={"text": [{"name": "weather", "parameters": {}}]})[-1]
        call = called["payload"]["choices"]["text"][0]["function_call"]
        self.assertEqual((call["name"], type(json.loads(call["arguments"]))), ("weather", dict))

    def test_spark_tells_errors_by_numbers(self) -> None:
        sim = self.sim("--models", "4.0Ultra")
        self.assertEqual([message["header"]["code"] for message in self.spark(sim, "[[sim:fault=429]]")], [11202])
        self.assertEqual(self.spark(sim, "[[sim:fault=nonsense]]")[0]["header"]["code"], 10163)
        with self.assertRaises(ConnectionError):
            self.spark(sim, "[[sim:fault=cut]]")
        self.assertEqual(client.request(sim.port, "GET", "/v4.0/chat").status, 400)
        signed_only = self.sim("--key-stdin", stdin="app|key|secret\n")
        with self.assertRaises(websocket.Refused) as refused:
            websocket.connect(signed_only.port, "/v4.0/chat?authorization=x&date=y&host=z", {})
        self.assertEqual(refused.exception.status, 401)

    # Ollama

    def test_ollama_streams_lines(self) -> None:
        sim = self.sim("--models", "llama3:8b")
        asked = {"model": "llama3:8b", "messages": [{"role": "user", "content": "one two [[sim:tokens=3]]"}]}
        reply = client.request(sim.port, "POST", "/api/chat", asked)
        self.assertEqual((reply.status, reply.headers["content-type"]), (200, "application/x-ndjson"))
        lines = [json.loads(line) for line in reply.body.splitlines()]
        self.assertEqual([line["done"] for line in lines], [False] * 3 + [True])
        self.assertEqual("".join(line["message"]["content"] for line in lines), "lorem ipsum dolor")
        self.assertEqual((lines[-1]["prompt_eval_count"], lines[-1]["eval_count"], lines[-1]["done_reason"]), (7, 3, "stop"))
        again = client.request(sim.port, "POST", "/api/chat", asked).body
        self.assertEqual(len(again), len(reply.body))
        whole = client.request(sim.port, "POST", "/api/generate", {"model": "llama3:8b", "prompt": "[[sim:tokens=2]]", "stream": False})
        self.assertEqual((whole.json["response"], whole.json["eval_count"]), ("lorem ipsum", 2))
        listed = client.request(sim.port, "GET", "/api/tags").json
        self.assertEqual([model["name"] for model in listed["models"]], ["llama3:8b"])
        refused = client.request(sim.port, "POST", "/api/chat", asked, {"x-sim-fault": "503"})
        self.assertEqual((refused.status, type(refused.json["error"])), (503, str))
        self.assertEqual(client.request(sim.port, "POST", "/api/chat", {**asked, "model": "other"}).status, 404)

    # Pictures and sound

    def test_what_is_spoken_is_heard(self) -> None:
        sim = self.sim()
        spoken = client.request(sim.port, "POST", "/v1/audio/speech", {"model": "s", "voice": "v", "input": "a b c", "response_format": "wav"})
        self.assertEqual((spoken.status, spoken.headers["content-type"], spoken.body[:4]), (200, "audio/wav", b"RIFF"))
        body, headers = media.form([("model", "w"), ("file", spoken.body)])
        heard = client.request(sim.port, "POST", "/v1/audio/transcriptions", body, headers)
        self.assertEqual(heard.json, {"text": "lorem ipsum", "usage": {"type": "duration", "seconds": 1}})
        refused = client.request(sim.port, "POST", "/v1/audio/transcriptions", body, {**headers, "x-sim-fault": "429"})
        self.assertEqual(refused.status, 429)

    def test_pictures_are_counted(self) -> None:
        sim = self.sim()
        made = client.request(sim.port, "POST", "/v1/images/generations", {"model": "i", "prompt": "a red fox", "n": 2})
        self.assertEqual(len(made.json["data"]), 2)
        self.assertEqual(made.json["usage"]["total_tokens"], 23)
        self.assertEqual(base64.b64decode(made.json["data"][0]["b64_json"])[:4], b"\x89PNG")


if __name__ == "__main__":
    unittest.main()
