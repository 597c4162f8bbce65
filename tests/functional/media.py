"""A provider of pictures and sound for the tests: forms, what it answers, and what it says that was used."""
from __future__ import annotations

import json
import struct
from email import message_from_bytes
from typing import Any

from upstream import Connection, Request

IMAGE_USAGE = {"total_tokens": 1106, "input_tokens": 50, "output_tokens": 1056,
               "input_tokens_details": {"text_tokens": 10, "image_tokens": 40}}
HEARD_USAGE = {"type": "tokens", "input_tokens": 14, "input_token_details": {"text_tokens": 4, "audio_tokens": 10},
               "output_tokens": 5, "total_tokens": 19}
SPOKEN_USAGE = {"input_tokens": 6, "output_tokens": 90, "total_tokens": 96}


def wave(seconds: float, rate: int = 8000) -> bytes:
    """A WAV file of silence."""
    data = b"\x00" * int(seconds * rate)
    head = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, rate, rate, 1, 8)
    return b"RIFF" + struct.pack("<I", 4 + len(head) + 8 + len(data)) + b"WAVE" + head + b"data" + struct.pack("<I", len(data)) + data


def form(fields: list[tuple[str, str | bytes]], boundary: str = "0123-boundary") -> tuple[bytes, dict[str, str]]:
    """The body and its header; bytes are a file."""
    body = b""
    for name, value in fields:
        body += f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"'.encode()
        if isinstance(value, bytes):
            body += b'; filename="a.bin"\r\nContent-Type: application/octet-stream\r\n\r\n' + value + b"\r\n"
        else:
            body += b"\r\n\r\n" + value.encode() + b"\r\n"
    return body + f"--{boundary}--\r\n".encode(), {"content-type": f"multipart/form-data; boundary={boundary}"}


def fields_of(request: Request) -> dict[str, bytes]:
    """What a form says, read by the standard library and not by us."""
    message = message_from_bytes(b"content-type: " + request.headers["content-type"].encode() + b"\r\n\r\n" + request.body)
    return {str(part.get_param("name", header="content-disposition")): part.get_payload(decode=True) for part in message.get_payload()}


def images(count: int = 1, used: dict[str, Any] | None = None) -> bytes:
    reply: dict[str, Any] = {"created": 1, "data": [{"b64_json": "aGVsbG8="} for _ in range(count)]}
    return json.dumps({**reply, "usage": used} if used else reply).encode()


def named_event(connection: Connection, data: dict[str, Any]) -> None:
    connection.chunk(f"event: {data['type']}\ndata: {json.dumps(data)}\n\n".encode())


def image_stream(connection: Connection, request: Request) -> None:
    connection.start_stream()
    for index in range(2):
        named_event(connection, {"type": "image_generation.partial_image", "partial_image_index": index, "b64_json": "cGFydA=="})
    named_event(connection, {"type": "image_generation.completed", "b64_json": "ZG9uZQ==", "usage": IMAGE_USAGE})
    connection.end_stream()


def transcript_stream(connection: Connection, request: Request) -> None:
    connection.start_stream()
    for word in ("Hel", "lo."):
        named_event(connection, {"type": "transcript.text.delta", "delta": word})
    named_event(connection, {"type": "transcript.text.done", "text": "Hello.", "usage": HEARD_USAGE})
    connection.end_stream()


def speech_stream(connection: Connection, request: Request) -> None:
    connection.start_stream()
    named_event(connection, {"type": "speech.audio.delta", "audio": "AAAA"})
    named_event(connection, {"type": "speech.audio.done", "usage": SPOKEN_USAGE})
    connection.end_stream()


def provider(connection: Connection, request: Request) -> None:
    """Answers each call as OpenAI would."""
    is_form = "multipart/" in request.headers.get("content-type", "")
    asked: dict[str, Any] = {name: value.decode("latin-1") for name, value in fields_of(request).items()} if is_form else request.json
    streams = asked.get("stream") in (True, "true")
    if request.path.startswith("/v1/images/"):
        if streams:
            return image_stream(connection, request)
        return connection.reply(200, images(int(asked.get("n") or 1), IMAGE_USAGE if asked.get("model") == "gpt-image-1" else None))
    if request.path == "/v1/audio/speech":
        if asked.get("stream_format") == "sse":
            return speech_stream(connection, request)
        connection.start_stream({"content-type": "audio/mpeg"})
        for _ in range(4):
            connection.chunk(b"\xff\xfb\x90\x00" * 1000)
        return connection.end_stream()
    if streams:
        return transcript_stream(connection, request)
    if asked.get("response_format") == "srt":
        return connection.reply(200, b"1\n00:00:00,000 --> 00:00:01,000\nHello.\n", {"content-type": "text/plain; charset=utf-8"})
    if asked.get("response_format") == "verbose_json":
        return connection.reply(200, json.dumps({"task": "transcribe", "duration": 2.25, "text": "Hello."}).encode())
    used = HEARD_USAGE if str(asked.get("model")).startswith("gpt-") else {"type": "duration", "seconds": 3}
    return connection.reply(200, json.dumps({"text": "Hello.", "usage": used}).encode())
