"""HEAD is answered as GET is, but for the body, wherever GET is: by probes, by callers and by who manages.

Proved over connections that stay open: a byte of a body that should not be there would be taken for the next reply.
"""
import http.client
import unittest

import media
import upstream as provider
from client import connect, headers_of, request
from harness import FunctionalTest
from relay_files import Keeper

OF_EACH_REPLY = {"date", "x-request-id"}
CONTENT = 64 << 20


def begins(connection: provider.Connection, asked: provider.Request) -> None:
    """A provider whose files begin and never end."""
    if not asked.path.endswith("/content"):
        return Keeper()(connection, asked)
    connection.send(provider.head(200, {"content-type": "text/plain", "content-length": str(CONTENT)}) + b"x")
    connection.wait_closed()


class DaemonHead(FunctionalTest):
    def setUp(self) -> None:
        super().setUp()
        self.upstream = self.new_upstream(answer=begins)
        self.daemon = self.new_daemon()
        self.daemon.add_channel(self.upstream, models=["m1"])
        self.daemon.set_price("m1", input="2", output="8")
        self.key = self.daemon.add_token()

    def told(self, connection: http.client.HTTPConnection, method: str, path: str, key: str = "") -> tuple[int, dict[str, str], bytes]:
        connection.request(method, path, headers={"authorization": f"Bearer {key}"} if key else {})
        reply = connection.getresponse()
        headers = {name: value for name, value in headers_of(reply).items() if name not in OF_EACH_REPLY}
        return reply.status, headers, reply.read()

    def assert_head_is_get(self, address: int | str, paths: dict[str, int], key: str = "") -> None:
        connection = connect(address)
        self.addCleanup(connection.close)
        connection.connect()
        first = connection.sock
        for path, expected in paths.items():
            with self.subTest(path):
                status, headers, body = self.told(connection, "GET", path, key)
                self.assertEqual(status, expected, body)
                self.assertEqual(headers["content-length"], str(len(body)))
                self.assertEqual(self.told(connection, "HEAD", path, key), (status, headers, b""))
                self.assertIs(connection.sock, first, "the connection stays open")

    def test_probes_may_ask_by_head(self) -> None:
        self.assert_head_is_get(self.daemon.port, {"/healthz": 200, "/readyz": 200, "/no/such/path": 404})
        self.assertEqual(request(self.daemon.port, "HEAD", "/metrics").status, 200)

    def test_lists_of_models_files_and_responses_may_be_asked_by_head(self) -> None:
        self.assert_head_is_get(self.daemon.port, {
            "/v1/models": 200, "/v1/models/m1": 200, "/v1/models/m9": 404, "/v1beta/models": 200, "/v1/files": 200,
            "/v1/batches": 200, "/v1/responses/resp_1": 404, "/v1/realtime": 400}, self.key)
        self.assert_head_is_get(self.daemon.port, {"/v1/models": 401, "/v1/files": 401})

    def test_management_may_be_asked_by_head(self) -> None:
        self.assert_head_is_get(self.daemon.socket, {
            "/openapi.json": 200, "/api/v1/tokens": 200, "/api/v1/channels/main": 200, "/api/v1/tokens/none": 404})
        self.assert_head_is_get(self.daemon.port, {"/api/v1/tokens": 401})

    def test_a_file_is_not_fetched_for_who_asks_by_head(self) -> None:
        body, headers = media.form([("purpose", "batch"), ("file", b"x")])
        made = request(self.daemon.port, "POST", "/v1/files", body, {"authorization": f"Bearer {self.key}", **headers})
        self.assertEqual(made.status, 200, made.body)
        connection = connect(self.daemon.port)
        self.addCleanup(connection.close)
        status, told, body = self.told(connection, "HEAD", f"/v1/files/{made.json['id']}/content", self.key)
        self.assertEqual((status, told["content-length"], body), (200, str(CONTENT), b""))
        self.assertEqual(self.told(connection, "GET", "/healthz")[2], b"ok\n")
        self.assertEqual(self.upstream.requests[-1].method, "GET")

    def test_head_makes_no_websocket(self) -> None:
        reply = request(self.daemon.port, "HEAD", "/v1/realtime?model=m1", headers={
            "authorization": f"Bearer {self.key}", "connection": "Upgrade", "upgrade": "websocket",
            "sec-websocket-version": "13", "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ=="})
        self.assertEqual(reply.status, 400)
        self.assertEqual(self.upstream.requests, [])

    def test_allow_names_head_where_get_goes(self) -> None:
        auth = {"authorization": f"Bearer {self.key}"}
        for method, path, allowed in (("POST", "/healthz", "GET, HEAD"), ("DELETE", "/v1/models", "GET, HEAD"),
                                      ("PUT", "/v1/files", "GET, HEAD, POST"), ("POST", "/v1/files/f", "GET, HEAD, DELETE"),
                                      ("POST", "/v1/responses/resp_1", "GET, HEAD, DELETE"),
                                      ("HEAD", "/v1/chat/completions", "POST"), ("HEAD", "/v1/batches/b/cancel", "POST")):
            with self.subTest(f"{method} {path}"):
                reply = request(self.daemon.port, method, path, headers=auth)
                self.assertEqual((reply.status, reply.headers["allow"]), (405, allowed))
        reply = request(self.daemon.socket, "PUT", "/api/v1/tokens", {})
        self.assertEqual((reply.status, reply.headers["allow"]), (405, "GET, HEAD, POST"))


if __name__ == "__main__":
    unittest.main()
