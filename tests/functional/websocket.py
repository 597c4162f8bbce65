"""WebSockets for the tests (RFC 6455), written apart from the daemon's own: a client, and the server's side of one."""
from __future__ import annotations

import base64
import hashlib
import json
import os
import socket
import struct
from typing import Any

from upstream import WAIT, Connection, Request, head

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def accept_of(key: str) -> str:
    return base64.b64encode(hashlib.sha1(key.encode() + GUID).digest()).decode()


class Socket:
    """Frames over a connected socket. A client masks, a server does not."""

    def __init__(self, sock: socket.socket, masks: bool, buffer: bytes = b"") -> None:
        self.sock = sock
        self.masks = masks
        self.buffer = buffer
        sock.settimeout(WAIT)

    def frame(self, opcode: int, payload: bytes, fin: bool = True) -> bytes:
        plain = self.frame_of(payload, opcode, fin)
        if not self.masks:
            return plain
        mask = os.urandom(4)
        masked = bytes(byte ^ mask[i & 3] for i, byte in enumerate(payload))
        length = plain[1:len(plain) - len(payload)]
        return plain[:1] + bytes([length[0] | 0x80]) + length[1:] + mask + masked

    @staticmethod
    def frame_of(payload: bytes, opcode: int = TEXT, fin: bool = True) -> bytes:
        """As a server sends it."""
        size = len(payload)
        length = bytes([size]) if size < 126 else b"\x7e" + struct.pack(">H", size) if size < 65536 else b"\x7f" + struct.pack(">Q", size)
        return bytes([opcode | (0x80 if fin else 0)]) + length + payload

    def send(self, payload: Any, opcode: int = TEXT) -> None:
        self.sock.sendall(self.frame(opcode, payload if isinstance(payload, bytes) else json.dumps(payload).encode()))

    def close(self, code: int = 1000, reason: str = "") -> None:
        self.send(struct.pack(">H", code) + reason.encode(), CLOSE)

    def exactly(self, count: int) -> bytes:
        while len(self.buffer) < count:
            data = self.sock.recv(65536)
            if not data:
                raise ConnectionError("the other side has gone")
            self.buffer += data
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def receive(self) -> tuple[int, bytes]:
        """The next frame: opcode and payload."""
        first, second = self.exactly(2)
        size = second & 0x7F
        if size == 126:
            size = struct.unpack(">H", self.exactly(2))[0]
        elif size == 127:
            size = struct.unpack(">Q", self.exactly(8))[0]
        mask = self.exactly(4) if second & 0x80 else b""
        payload = self.exactly(size)
        return first & 0x0F, bytes(byte ^ mask[i & 3] for i, byte in enumerate(payload)) if mask else payload

    def event(self) -> Any:
        opcode, payload = self.receive()
        if opcode != TEXT:
            raise AssertionError(f"expected a text, got {opcode} {payload!r}")
        return json.loads(payload)

    def close_code(self) -> int:
        """Reads to the close frame; its code."""
        while True:
            opcode, payload = self.receive()
            if opcode == CLOSE:
                return int(struct.unpack(">H", payload[:2])[0])

    def ended(self) -> bool:
        try:
            while self.sock.recv(65536):
                pass
            return True
        except ConnectionError:
            return True
        except TimeoutError:
            return False


class Refused(Exception):
    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(f"{status} {body!r}")
        self.status = status
        self.body = body


def connect(port: int, path: str, headers: dict[str, str], raw: str = "") -> tuple[Socket, dict[str, str]]:
    """A client's handshake; its reply's headers. `raw` replaces the whole request head."""
    sock = socket.create_connection(("127.0.0.1", port), WAIT)
    key = base64.b64encode(os.urandom(16)).decode()
    sent = {"Host": f"127.0.0.1:{port}", "Connection": "keep-alive, Upgrade", "Upgrade": "WebSocket", "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": key, "Sec-WebSocket-Extensions": "permessage-deflate", **headers}
    lines = "".join(f"{name}: {value}\r\n" for name, value in sent.items())
    sock.sendall((raw or f"GET {path} HTTP/1.1\r\n{lines}\r\n").encode())
    buffer = b""
    while b"\r\n\r\n" not in buffer:
        data = sock.recv(65536)
        if not data:
            raise ConnectionError(f"no reply: {buffer!r}")
        buffer += data
    top, _, rest = buffer.partition(b"\r\n\r\n")
    first, *others = top.decode().split("\r\n")
    got = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in others)}
    status = int(first.split(" ")[1])
    if status != 101:
        while len(rest) < int(got.get("content-length", "0")):
            rest += sock.recv(65536)
        sock.close()
        raise Refused(status, rest)
    assert got["sec-websocket-accept"] == accept_of(key), got
    return Socket(sock, True, rest), got


def accept(connection: Connection, request: Request) -> Socket:
    """The server's half of a handshake."""
    assert request.method == "GET" and request.headers["upgrade"].lower() == "websocket", request
    connection.send(head(101, {"connection": "Upgrade", "upgrade": "websocket",
                               "sec-websocket-accept": accept_of(request.headers["sec-websocket-key"])}))
    return Socket(connection.sock, False, connection.buffer)
