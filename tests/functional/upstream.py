"""A provider that does what a test tells it: answers, streams, pauses, hangs, breaks off, and remembers.

Raw sockets and one thread per connection, because the tests are about bytes: what the upstream sent must be
what the client got, and what the upstream got must be what the client sent.
"""
from __future__ import annotations

import json
import socket
import ssl
import struct
import threading
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Callable

WAIT = 20.0  # seconds; no wait of a test is longer


@dataclass
class Request:
    method: str
    path: str
    headers: dict[str, str]  # names in lower case
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Connection:
    """One client of the upstream, with verbs for answering it."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.buffer = b""
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def read_request(self) -> Request | None:
        while b"\r\n\r\n" not in self.buffer:
            if not self._more():
                return None
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        method, path, _ = first.split(" ", 2)
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body = self._chunks() if "transfer-encoding" in headers else self._exactly(int(headers.get("content-length", "0")))
        return Request(method, path, headers, body)

    def _more(self) -> bool:
        data = self.sock.recv(65536)
        self.buffer += data
        return bool(data)

    def _exactly(self, count: int) -> bytes:
        data, self.buffer = bytearray(self.buffer[:count]), self.buffer[count:]
        while len(data) < count:
            piece = self.sock.recv(min(count - len(data), 1 << 20))
            if not piece:
                raise ConnectionError("the caller left inside its request")
            data += piece
        return bytes(data)

    def _line(self) -> bytes:
        while b"\r\n" not in self.buffer:
            if not self._more():
                raise ConnectionError("the caller left inside its request")
        line, _, self.buffer = self.buffer.partition(b"\r\n")
        return line

    def _chunks(self) -> bytes:
        body = b""
        while size := int(self._line().partition(b";")[0], 16):
            body += self._exactly(size)
            self._line()
        self._line()
        return body

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def reply(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        lines = {"content-type": "application/json", **(headers or {}), "content-length": str(len(body))}
        self.send(head(status, lines) + body)

    def start_stream(self, headers: dict[str, str] | None = None) -> None:
        lines = {"content-type": "text/event-stream; charset=utf-8", **(headers or {}), "transfer-encoding": "chunked"}
        self.send(head(200, lines))

    def chunk(self, data: bytes) -> None:
        self.send(b"%x\r\n%s\r\n" % (len(data), data))

    def event(self, data: Any) -> None:
        self.chunk(event_bytes(data))

    def end_stream(self) -> None:
        self.send(b"0\r\n\r\n")

    def cut(self) -> None:
        """Ends the connection with a reset, as a crashed provider does."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def wait_closed(self, seconds: float = WAIT) -> bool:
        """True once the caller has closed its side."""
        self.sock.settimeout(seconds)
        try:
            while self.sock.recv(65536):
                pass
            return True
        except ConnectionError:
            return True
        except (TimeoutError, OSError):
            return False


Answer = Callable[[Connection, Request], None]


def head(status: int, headers: dict[str, str]) -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status} Scripted\r\n{lines}\r\n".encode()


def event_bytes(data: Any) -> bytes:
    text = data if isinstance(data, str) else json.dumps(data, separators=(",", ":"))
    return f"data: {text}\n\n".encode()


def usage(prompt: int = 11, completion: int = 7) -> dict[str, int]:
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}


def completion_bytes(text: str = "Hello.", model: str = "m1", used: dict[str, int] | None = None) -> bytes:
    """Spaced and ordered as no JSON writer of ours would, so that a reserialised body is noticed."""
    return (b'{ "id":"chatcmpl-1",\n  "object" : "chat.completion", "created":1700000000,"model":%s,'
            b'"choices":[{"index":0,"message":{"role":"assistant","content":%s},"finish_reason":"stop"}],'
            b'\t"x_own":{"b":1,"a":[1.50,2e3]},"usage":%s }\n'
            % (json.dumps(model).encode(), json.dumps(text).encode(), json.dumps(used or usage()).encode()))


def delta(text: str | None = None, finish: str | None = None, model: str = "m1") -> dict[str, Any]:
    content = {} if text is None else {"content": text}
    return {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1700000000, "model": model,
            "choices": [{"index": 0, "delta": content, "finish_reason": finish}]}


def usage_event(used: dict[str, int] | None = None, model: str = "m1") -> dict[str, Any]:
    return {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1700000000, "model": model,
            "choices": [], "usage": used or usage()}


def asks_usage(request: Request) -> bool:
    options = request.json.get("stream_options") or {}
    return bool(options.get("include_usage"))


def chat(words: list[str] | None = None, used: dict[str, int] | None = None) -> Answer:
    """What a well-behaved provider does: a stream when asked for one, usage when asked for it."""
    said = words if words is not None else ["Hel", "lo", "."]

    def answer(connection: Connection, request: Request) -> None:
        if not request.json.get("stream"):
            connection.reply(200, completion_bytes("".join(said), request.json["model"], used))
            return
        connection.start_stream()
        for word in said:
            connection.event(delta(word, model=request.json["model"]))
        connection.event(delta(finish="stop", model=request.json["model"]))
        if asks_usage(request):
            connection.event(usage_event(used, request.json["model"]))
        connection.event("[DONE]")
        connection.end_stream()
    return answer


def error(status: int, message: str = "scripted", headers: dict[str, str] | None = None) -> Answer:
    body = json.dumps({"error": {"message": message, "type": "server_error", "param": None, "code": None}}).encode()
    return lambda connection, request: connection.reply(status, body, headers)


@dataclass
class Upstream:
    """Listens on a free port of 127.0.0.1 until stop(). Answers by `queue` first, then by `answer`."""
    answer: Answer = field(default_factory=chat)
    queue: deque[Answer] = field(default_factory=deque)
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    problems: list[str] = field(default_factory=list)
    tls: ssl.SSLContext | None = None

    def __post_init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port: int = self.listener.getsockname()[1]
        self.arrived = threading.Condition()
        self.open: set[socket.socket] = set()
        self.stopping = False
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def base_url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}/v1"

    def stop(self) -> None:
        self.stopping = True
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        with self.arrived:
            for sock in self.open:
                try:
                    sock.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def wait_requests(self, count: int, seconds: float = WAIT) -> bool:
        with self.arrived:
            return self.arrived.wait_for(lambda: len(self.requests) >= count, seconds)

    def _accept(self) -> None:
        while not self.stopping:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            with self.arrived:
                self.connections += 1
                self.open.add(sock)
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        connection = None
        try:
            connection = Connection(self.tls.wrap_socket(sock, server_side=True) if self.tls else sock)
            while request := connection.read_request():
                with self.arrived:
                    self.requests.append(request)
                    action = self.queue.popleft() if self.queue else self.answer
                    self.arrived.notify_all()
                action(connection, request)
        except OSError:
            pass  # the caller left, or the script cut the connection
        except Exception as problem:  # a script that is wrong must not look like a provider that is
            self.problems.append(repr(problem))
        finally:
            with self.arrived:
                self.open.discard(sock)
            (connection.sock if connection else sock).close()
