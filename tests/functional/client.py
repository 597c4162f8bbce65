"""HTTP for the tests: a plain client over TCP or a Unix socket, and raw bytes for what no client would send."""
from __future__ import annotations

import http.client
import json
import socket
from dataclasses import dataclass
from typing import Any

WAIT = 20.0


@dataclass
class Response:
    status: int
    headers: dict[str, str]  # names in lower case
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def request_id(self) -> str:
        return self.headers["x-request-id"]


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def connect(address: int | str, timeout: float = WAIT) -> http.client.HTTPConnection:
    """`address` is a port of 127.0.0.1 or the path of a Unix socket."""
    if isinstance(address, str):
        return UnixConnection(address, timeout)
    return http.client.HTTPConnection("127.0.0.1", address, timeout=timeout)


def headers_of(response: http.client.HTTPResponse) -> dict[str, str]:
    return {name.lower(): value for name, value in response.getheaders()}


def request(address: int | str, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None,
            timeout: float = WAIT) -> Response:
    """One call on a connection of its own. A body that is not bytes is sent as JSON."""
    data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
    sent = dict(headers or {})
    if data is not None:
        sent.setdefault("Content-Type", "application/json")
    connection = connect(address, timeout)
    try:
        connection.request(method, path, data, sent)
        response = connection.getresponse()
        return Response(response.status, headers_of(response), response.read())
    finally:
        connection.close()


class Stream:
    """A reply read piece by piece; close() leaves in the middle."""

    def __init__(self, address: int | str, path: str, body: Any, headers: dict[str, str], timeout: float = WAIT) -> None:
        self.connection = connect(address, timeout)
        self.connection.request("POST", path, json.dumps(body).encode(), {"Content-Type": "application/json", **headers})
        self.response = self.connection.getresponse()
        self.status = self.response.status
        self.headers = headers_of(self.response)

    def event(self) -> bytes:
        """The next event with its blank line; empty at the end."""
        found = b""
        while line := self.response.readline():
            found += line
            if line in (b"\n", b"\r\n"):
                return found
        return found

    def rest(self) -> bytes:
        return self.response.read()

    def close(self) -> None:
        self.connection.close()
        self.response.close()


def raw(port: int, data: bytes, replies: int = 1, timeout: float = WAIT) -> bytes:
    """Sends the bytes as they are; returns what comes until so many replies are whole or the server closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as sock:
        try:
            sock.sendall(data)
        except OSError:
            pass  # the server may refuse before it has read everything: its answer is what counts
        received = b""
        try:
            while len(parse_replies(received)) < replies and (part := sock.recv(65536)):
                received += part
        except ConnectionError:
            pass
        return received


def parse_replies(data: bytes) -> list[Response]:
    """Every whole Content-Length or chunked reply in a run of bytes."""
    replies: list[Response] = []
    while b"\r\n\r\n" in data:
        head, _, data = data.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        status = int(first.split(" ")[1])
        if status < 200:
            continue
        body, data, whole = parse_body(headers, data)
        if not whole:
            break
        replies.append(Response(status, headers, body))
    return replies


def parse_body(headers: dict[str, str], data: bytes) -> tuple[bytes, bytes, bool]:
    """The body, what follows it, and whether it was whole."""
    if "transfer-encoding" not in headers:
        count = int(headers.get("content-length", "0"))
        return data[:count], data[count:], len(data) >= count
    body = b""
    while b"\r\n" in data:
        size, _, data = data.partition(b"\r\n")
        count = int(size.partition(b";")[0], 16)
        if len(data) < count + 2:
            break
        body, data = body + data[:count], data[count + 2:]
        if not count:
            return body, data, True
    return body, data, False
