"""Every format that a chat provider streams in, event by event, so that a test can stop between any two of them.

Written by hand from the formats' own references, like formats.py; here are also those that are no server-sent events: Ollama's
lines, Amazon's binary event stream, Spark's WebSocket.
"""
from __future__ import annotations

import json
import struct
import zlib
from dataclasses import dataclass
from typing import Any, Callable

import formats
import websocket
from formats import ARGUMENTS, CACHED, INPUT, OUTPUT, TEXT, Client, Script
from upstream import Connection, Request

Send = Callable[[bytes], None]


def sse(event: tuple[str, Any]) -> bytes:
    name, data = event
    text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)
    return (f"event: {name}\n" if name else "").encode() + f"data: {text}\n\n".encode()


def start_sse(connection: Connection, _: Request) -> Send:
    connection.start_stream()
    return connection.chunk


@dataclass
class Dialect:
    """One format as providers stream it."""
    kind: str  # the channel's type
    events: Callable[[Script], list[Any]]
    opening: int = 0          # events before the first word
    behind: int = 0           # events behind the one with the figures
    late: int = 0             # events from the figures on, where the end is told before them
    told: bool = False        # tells figures with every event
    begun: int = 0            # tokens of output that the opening tells of
    whole_calls: bool = False  # whose calls come in one piece
    cached: int = CACHED
    url: str = "http://127.0.0.1:{port}"
    key: str = "sk-upstream-secret-0001"
    frame: Callable[[Any], bytes] = sse
    start: Callable[[Connection, Request], Send] = start_sse
    end: Callable[[Connection], None] = Connection.end_stream
    comment: bytes = b": hello\n\n"  # what may be said before the first event

    def frames(self, events: list[Any]) -> bytes:
        return b"".join(self.frame(event) for event in events)

    def channel(self, port: int) -> dict[str, Any]:
        return {"upstream": self.url.format(port=port), "type": self.kind, "keys": [self.key]}


# --- OpenAI's older completions. There are no tools.

def completions_events(script: Script) -> list[tuple[str, Any]]:
    def chunk(text: str, finish: str | None = None) -> tuple[str, Any]:
        return "", {"id": "cmpl-up", "object": "text_completion", "created": 1, "model": "up",
                    "choices": [{"index": 0, "text": text, "logprobs": None, "finish_reason": finish}]}
    if script.cut:
        return [chunk(TEXT[0])]
    return [*[chunk(text) for text in TEXT], chunk("", "stop"), ("", {"id": "cmpl-up", "choices": [], "usage": formats.openai_usage()}), ("", "[DONE]")]


def completions_ask(_: bool, stream: bool) -> tuple[str, Any]:
    return "/v1/completions", {"model": "m1", "prompt": "Hello?", "max_tokens": 100, "stream": stream}


def completions_said(documents: list[Any]) -> formats.Said:
    said = formats.Said()
    for document in documents:
        if "error" in document:
            said.error = document["error"]["message"]
        for choice in document.get("choices", []):
            said.text += choice["text"]
            said.finish = choice.get("finish_reason") or said.finish
    return said


# --- OpenAI Responses.

def responses_events(script: Script) -> list[tuple[str, Any]]:
    item = {"id": "msg_up", "type": "message", "role": "assistant", "status": "in_progress", "content": []}
    part = {"type": "output_text", "text": "", "annotations": []}
    place = {"item_id": "msg_up", "output_index": 0, "content_index": 0}

    def response(status: str, **more: Any) -> Any:
        return {"id": "resp_up", "object": "response", "created_at": 7, "status": status, "model": "up", "output": [], **more}
    events: list[Any] = [
        {"type": "response.created", "response": response("in_progress")}, {"type": "response.in_progress", "response": response("in_progress")},
        {"type": "response.output_item.added", "output_index": 0, "item": item}, {"type": "response.content_part.added", **place, "part": part},
        {"type": "response.output_text.delta", **place, "delta": TEXT[0]}]
    if not script.cut:
        whole = {**part, "text": "".join(TEXT)}
        output = [{**item, "status": "completed", "content": [whole]}]
        events += [{"type": "response.output_text.delta", **place, "delta": text} for text in TEXT[1:]]
        events += [{"type": "response.output_text.done", **place, "text": whole["text"]}, {"type": "response.content_part.done", **place, "part": whole},
                   {"type": "response.output_item.done", "output_index": 0, "item": output[0]}]
        if script.tool:
            call = {"id": "fc_up", "type": "function_call", "status": "in_progress", "call_id": "call_1", "name": "weather", "arguments": ""}
            output.append({**call, "status": "completed", "arguments": "".join(ARGUMENTS)})
            events.append({"type": "response.output_item.added", "output_index": 1, "item": call})
            events += [{"type": "response.function_call_arguments.delta", "item_id": "fc_up", "output_index": 1, "delta": piece} for piece in ARGUMENTS]
            events.append({"type": "response.output_item.done", "output_index": 1, "item": output[1]})
        used = {"input_tokens": INPUT, "input_tokens_details": {"cached_tokens": CACHED}, "output_tokens": OUTPUT,
                "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": INPUT + OUTPUT}
        events.append({"type": "response.completed", "response": response("completed", output=output, usage=used)})
    return [(event["type"], event) for event in events]


# --- Gemini, whose figures grow with its words.

def gemini_events(script: Script) -> list[tuple[str, Any]]:
    events = formats.gemini_events(script)
    for number, (_, chunk) in enumerate(events):
        told = OUTPUT - (len(events) - 1 - number)
        chunk["usageMetadata"].update(candidatesTokenCount=told, totalTokenCount=INPUT + told)
    return events


# --- Ollama's chat: lines.

def ollama_line(content: str = "", **more: Any) -> Any:
    return {"model": "up", "created_at": "2026-01-02T03:04:05Z", "message": {"role": "assistant", "content": content, **more}, "done": False}


def ollama_events(script: Script) -> list[Any]:
    if script.cut:
        return [ollama_line(TEXT[0])]
    lines = [ollama_line(text) for text in TEXT]
    if script.tool:
        lines.append(ollama_line(tool_calls=[{"function": {"name": "weather", "arguments": json.loads("".join(ARGUMENTS))}}]))
    return [*lines, {**ollama_line(), "done": True, "done_reason": "stop", "prompt_eval_count": INPUT, "eval_count": OUTPUT}]


def line(event: Any) -> bytes:
    return json.dumps(event, ensure_ascii=False).encode() + b"\n"


def start_lines(connection: Connection, _: Request) -> Send:
    connection.start_stream({"content-type": "application/x-ndjson"})
    return connection.chunk


# --- Amazon Bedrock's ConverseStream: messages of an event stream, in bytes.

def bedrock_events(script: Script) -> list[tuple[str, Any]]:
    def piece(block: int, delta: Any) -> tuple[str, Any]:
        return "contentBlockDelta", {"contentBlockIndex": block, "delta": delta}
    events: list[tuple[str, Any]] = [("messageStart", {"role": "assistant"}), piece(0, {"text": TEXT[0]})]
    if script.cut:
        return events
    events += [piece(0, {"text": text}) for text in TEXT[1:]]
    events.append(("contentBlockStop", {"contentBlockIndex": 0}))
    if script.tool:
        events.append(("contentBlockStart", {"contentBlockIndex": 1, "start": {"toolUse": {"toolUseId": "call_1", "name": "weather"}}}))
        events += [piece(1, {"toolUse": {"input": part}}) for part in ARGUMENTS]
        events.append(("contentBlockStop", {"contentBlockIndex": 1}))
    used = {"inputTokens": INPUT - CACHED, "cacheReadInputTokens": CACHED, "cacheWriteInputTokens": 0, "outputTokens": OUTPUT,
            "totalTokens": INPUT + OUTPUT}
    return [*events, ("messageStop", {"stopReason": "tool_use" if script.tool else "end_turn"}), ("metadata", {"usage": used})]


def aws_message(event: tuple[str, Any]) -> bytes:
    headers = {":event-type": event[0], ":content-type": "application/json", ":message-type": "event"}
    head = b"".join(bytes([len(name)]) + name.encode() + b"\x07" + struct.pack(">H", len(value)) + value.encode() for name, value in headers.items())
    payload = json.dumps(event[1], ensure_ascii=False).encode()
    prelude = struct.pack(">II", 16 + len(head) + len(payload), len(head))
    message = prelude + struct.pack(">I", zlib.crc32(prelude)) + head + payload
    return message + struct.pack(">I", zlib.crc32(message))


def start_aws(connection: Connection, _: Request) -> Send:
    connection.start_stream({"content-type": "application/vnd.amazon.eventstream"})
    return connection.chunk


# --- iFlytek's Spark: messages of a WebSocket, behind the caller's question.

def spark_message(status: int, content: str = "", **more: Any) -> Any:
    text = {"content": content, "role": "assistant", "index": 0, **more}
    return {"header": {"code": 0, "message": "Success", "sid": "cht-up", "status": status},
            "payload": {"choices": {"status": status, "seq": 0, "text": [text]}}}


def spark_events(script: Script) -> list[Any]:
    if script.cut:
        return [spark_message(0, TEXT[0])]
    said = [spark_message(0, TEXT[0]), *[spark_message(1, text) for text in TEXT[1:]]]
    if script.tool:
        said.append(spark_message(1, function_call={"name": "weather", "arguments": "".join(ARGUMENTS)}))
    last = spark_message(2)
    last["payload"]["usage"] = {"text": {"prompt_tokens": INPUT, "completion_tokens": OUTPUT, "total_tokens": INPUT + OUTPUT}}
    return [*said, last]


def spark_frame(event: Any) -> bytes:
    return websocket.Socket.frame_of(json.dumps(event, ensure_ascii=False).encode())


def start_spark(connection: Connection, request: Request) -> Send:
    websocket.accept(connection, request).receive()
    return connection.send


DIALECTS = {
    "openai": Dialect("openai", formats.openai_events, opening=1, behind=1, late=2, url="http://127.0.0.1:{port}/v1"),
    "completions": Dialect("openai", completions_events, behind=1, late=2, url="http://127.0.0.1:{port}/v1"),
    "responses": Dialect("openai", responses_events, opening=4, url="http://127.0.0.1:{port}/v1"),
    "anthropic": Dialect("anthropic", formats.anthropic_events, opening=2, behind=1, begun=1),
    "gemini": Dialect("gemini", gemini_events, told=True, whole_calls=True),
    "cohere": Dialect("cohere", formats.cohere_events, opening=2, cached=0),
    "dashscope": Dialect("qwen", formats.dashscope_events, told=True, url="http://127.0.0.1:{port}/api/v1"),
    "bedrock": Dialect("bedrock", bedrock_events, opening=1, late=1, frame=aws_message, start=start_aws, comment=b""),
    "ollama": Dialect("ollama", ollama_events, cached=0, whole_calls=True, frame=line, start=start_lines, comment=b""),
    "spark": Dialect("spark", spark_events, cached=0, whole_calls=True, url="ws://127.0.0.1:{port}", key="app|key|secret", frame=spark_frame,
                     start=start_spark, end=lambda connection: connection.sock.close(), comment=b""),
}

CLIENTS = {**formats.CLIENTS, "cohere": formats.COHERE_CLIENT, "completions": Client(completions_ask, completions_said, "stop", "stop")}


def pairs() -> list[tuple[str, str]]:
    """Each client with each provider that is asked in this format for it: OpenAI is asked in each of its own, Ollama also in OpenAI's."""
    native = {("responses", "openai"), ("completions", "openai"), ("openai", "ollama")}
    own = ("responses", "completions")
    return [(client, kind) for kind in DIALECTS for client in CLIENTS if (client, kind) not in native and (kind not in own or client == kind)]
