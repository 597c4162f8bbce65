"""A scripted HTTP server on loopback for tests of obliv alone: answers by route, keeps what it was asked."""
from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Callable


@dataclass
class Call:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


Route = Callable[["Handler", Call], None]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "ApiServer"

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def handle_any(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        call = Call(self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body)
        self.server.calls.append(call)
        route = self.server.routes.get(f"{self.command} {self.path.split('?')[0]}")
        if route is None:
            self.reply(404, {"error": {"code": "not_found", "message": "no such object"}})
        else:
            route(self, call)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = handle_any

    def reply(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"content-type": "application/json", "content-length": str(len(data)),
                            "x-request-id": "req-test-1", **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def start_stream(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("x-request-id", "req-test-1")
        self.send_header("connection", "close")
        self.end_headers()
        self.close_connection = True

    def event(self, data: Any) -> None:
        text = data if isinstance(data, str) else json.dumps(data)
        self.wfile.write(f"data: {text}\n\n".encode())
        self.wfile.flush()


class ApiServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.calls: list[Call] = []
        self.routes: dict[str, Route] = {}
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # a client that goes away is part of several tests

    def stop(self) -> None:
        self.shutdown()
        self.server_close()
        self.thread.join(10)

    def on(self, route: str, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        self.routes[route] = lambda handler, _: handler.reply(status, body, headers)

    def fail(self, route: str, status: int, code: str) -> None:
        self.on(route, status, {"error": {"code": code, "message": f"it is {code}", "type": "x"}})

    def chat(self, *pieces: str, finish: str | None = "stop", usage: bool = True) -> None:
        """Streams these pieces as a chat completion."""
        def run(handler: Handler, _: Call) -> None:
            handler.start_stream()
            for piece in pieces:
                handler.event({"model": "m1-served", "choices": [{"index": 0, "delta": {"content": piece}}]})
            if finish:
                handler.event({"choices": [{"index": 0, "delta": {}, "finish_reason": finish}]})
            if usage:
                handler.event({"choices": [], "usage": {
                    "prompt_tokens": 11, "completion_tokens": 7, "prompt_tokens_details": {"cached_tokens": 3},
                    "completion_tokens_details": {"reasoning_tokens": 2}}})
            if finish:
                handler.event("[DONE]")
        self.routes["POST /v1/chat/completions"] = run
