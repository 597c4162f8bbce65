"""Calls go to providers over TLS, WebSockets too, and to nobody whose certificate is not good.

Proved with a certificate made for this test and a scripted provider behind Python's own TLS.
"""
import ssl
import subprocess
import unittest
from pathlib import Path

import websocket
from client import Response
from harness import FunctionalTest, ask
from upstream import Connection, Request
from websocket import Refused, Socket

USED = {"total_tokens": 3, "input_tokens": 2, "output_tokens": 1}


class RelayTls(FunctionalTest):
    def setUp(self) -> None:
        super().setUp()
        self.good = self.certificate("good")
        self.upstream = self.new_upstream(tls=self.context(self.good))
        self.daemon = self.new_daemon(f'[upstream]\nca_file = "{self.good}.pem"\nattempts = 1\n')
        self.daemon.set_price()
        self.key = self.daemon.add_token()

    def certificate(self, name: str) -> Path:
        """A key and a certificate for 127.0.0.1, signed by itself: its path without `.pem` and `.key`."""
        path = self.folder / name
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1",
                        "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", f"{path}.key", "-out", f"{path}.pem"],
                       check=True, capture_output=True, timeout=60)
        return path

    def context(self, path: Path) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(f"{path}.pem", f"{path}.key")
        return context

    def chat(self, model: str = "m1", stream: bool = False) -> Response:
        return self.daemon.post(self.key, ask(model, stream))

    def test_a_chat_goes_over_tls(self) -> None:
        self.daemon.add_channel(self.upstream)
        for stream in (False, True):
            self.assertEqual(self.chat(stream=stream).status, 200)
        self.assertEqual(len(self.upstream.requests), 2)

    def test_a_certificate_that_nobody_vouches_for_is_refused(self) -> None:
        stranger = self.new_upstream(tls=self.context(self.certificate("stranger")))
        self.daemon.add_channel(stranger)
        self.assertEqual(self.chat().status, 502)
        self.assertEqual(stranger.requests, [])

    def test_realtime_goes_over_tls(self) -> None:
        def talk(connection: Connection, asked: Request) -> None:
            server = websocket.accept(connection, asked)
            server.receive()
            server.send({"type": "response.created", "response": {"id": "r"}})
            server.send({"type": "response.output_audio.delta", "delta": "A" * 200_000})
            server.send({"type": "response.done", "response": {"id": "r", "usage": USED}})
            server.ended()
        self.upstream.answer = talk
        self.daemon.add_channel(self.upstream, models=["voice"])
        self.daemon.set_price("voice")
        client = self.realtime()
        client.send({"type": "response.create"})
        self.assertEqual([client.event()["type"] for _ in range(3)],
                         ["response.created", "response.output_audio.delta", "response.done"])
        row = self.daemon.call(self.headers["x-request-id"])
        self.assertEqual((row["usage"]["input"], row["usage"]["output"]), (2, 1))

    def realtime(self) -> Socket:
        client, self.headers = websocket.connect(self.daemon.port, "/v1/realtime?model=voice", {"Authorization": f"Bearer {self.key}"})
        self.addCleanup(client.sock.close)
        return client

    def test_realtime_goes_to_no_stranger(self) -> None:
        stranger = self.new_upstream(tls=self.context(self.certificate("stranger")))
        self.daemon.add_channel(stranger, models=["voice"])
        self.daemon.set_price("voice")
        with self.assertRaises(Refused) as refused:
            self.realtime()
        self.assertEqual((refused.exception.status, stranger.requests), (502, []))

    def test_sparks_websocket_goes_over_tls(self) -> None:
        def talk(connection: Connection, asked: Request) -> None:
            server = websocket.accept(connection, asked)
            server.receive()
            for number in range(3):
                text = {"role": "assistant", "index": 0, "content": "x" * 30_000}
                server.send({"header": {"code": 0, "sid": "s", "status": number},
                             "payload": {"choices": {"status": number, "seq": number, "text": [text]}}})
            server.ended()
        self.upstream.answer = talk
        self.daemon.add_channel(f"wss://127.0.0.1:{self.upstream.port}", type="spark", keys=["app|key|secret"])
        for stream in (False, True):
            reply = self.chat(stream=stream)
            self.assertEqual((reply.status, reply.body.count(b"x" * 30_000) > 0), (200, True))


if __name__ == "__main__":
    unittest.main()
