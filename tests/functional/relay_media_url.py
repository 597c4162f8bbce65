"""Images that a caller tells by URL reach providers that take bytes only, and no URL leads where it must not.

A file server on loopback stands for the internet (it is on the allow list) and for the inside of a network (it is not).
"""
import base64
import json
import threading
import unittest
from typing import Any

import formats
import upstream as provider
from client import Response, request
from harness import WAIT, FunctionalTest, until

PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII=")


def file(body: bytes = PNG, kind: str = "image/png") -> provider.Answer:
    return lambda connection, _: connection.reply(200, body, {"content-type": kind})


class RelayMedia(FunctionalTest):
    def setUp(self) -> None:
        super().setUp()
        self.files = self.new_upstream(answer=file())
        self.gemini = self.new_upstream(answer=formats.PROVIDERS["gemini"].answer(formats.Script()))

    def serve(self, fetch: str) -> None:
        self.daemon = self.new_daemon(f"[fetch]\n{fetch}\n")
        self.daemon.add_channel(f"http://127.0.0.1:{self.gemini.port}", type="gemini")
        self.daemon.set_price()
        self.key = self.daemon.add_token()

    def ask(self, url: str, stream: bool = False) -> Response:
        return self.daemon.post(self.key, self.question(url, stream))

    def question(self, url: str, stream: bool = False) -> Any:
        content = [{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": url}}]
        return {"model": "m1", "stream": stream, "messages": [{"role": "user", "content": content}]}

    def url(self, path: str = "/a.png", host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.files.port}{path}"

    def refusal(self, reply: Response) -> str:
        self.assertEqual(reply.status, 400, reply.body)
        self.assertEqual(json.loads(reply.body)["error"]["type"], "invalid_request_error")
        return str(json.loads(reply.body)["error"]["message"])

    def test_an_image_is_fetched_for_a_provider_that_takes_bytes(self) -> None:
        self.serve('allow = ["127.0.0.0/8"]')
        for stream in (False, True):
            reply = self.ask(self.url(), stream)
            self.assertEqual(reply.status, 200, reply.body)
        part = self.gemini.requests[0].json["contents"][0]["parts"][1]
        self.assertEqual(part, {"inlineData": {"mimeType": "image/png", "data": base64.b64encode(PNG).decode()}})
        self.assertEqual(self.files.requests[0].path, "/a.png")
        self.assertFalse({"authorization", "cookie", "x-goog-api-key"} & set(self.files.requests[0].headers))
        until(lambda: len(self.daemon.calls()) == 2, "the usage rows")
        self.assert_books(self.daemon)

    def test_a_text_that_costs_more_than_there_is_goes_nowhere(self) -> None:
        self.serve('allow = ["127.0.0.0/8"]')
        self.files.answer = file(b"word " * 80_000, "text/plain")
        self.daemon.add_prepaid("poor", "0.05")
        key = self.daemon.add_token("poor", account="poor")
        source = {"type": "url", "url": self.url("/a.txt")}
        body = {"model": "m1", "max_tokens": 20, "messages": [{"role": "user", "content": [
            {"type": "document", "source": source}, {"type": "text", "text": "What is this?"}]}]}
        reply = request(self.daemon.port, "POST", "/v1/messages", body, {"x-api-key": key})
        self.assertEqual(self.gemini.requests, [], reply.body)
        self.assertIn(b"more than the account", reply.body)
        until(lambda: len(self.daemon.calls()) == 1, "the usage row")
        self.assertEqual(self.daemon.calls()[0]["cost"], "0.00")
        self.assertEqual(request(self.daemon.port, "POST", "/v1/messages", body, {"x-api-key": self.key}).status, 200)
        self.assert_books(self.daemon)

    def test_a_provider_that_takes_urls_fetches_itself(self) -> None:
        self.serve('allow = ["127.0.0.0/8"]')
        anthropic = self.new_upstream(answer=formats.PROVIDERS["anthropic"].answer(formats.Script()))
        self.daemon.api("DELETE", "/channels/main")
        self.daemon.add_channel(f"http://127.0.0.1:{anthropic.port}", name="a", type="anthropic")
        self.assertEqual(self.ask(self.url()).status, 200)
        self.assertEqual(self.files.requests, [])

    def test_what_is_not_public_is_not_reached(self) -> None:
        self.serve("")
        port = self.files.port
        for url in (self.url(), self.url(host="localhost"), f"http://[::ffff:127.0.0.1]:{port}/", f"http://2130706433:{port}/",
                    f"http://0.0.0.0:{port}/", f"http://user:pw@127.0.0.1:{port}/"):
            with self.subTest(url=url):
                self.refusal(self.ask(url))
        self.assertEqual((self.files.connections, self.gemini.requests), (0, []))
        until(lambda: len(self.daemon.calls()) == 6, "the rows of all calls")
        self.assertEqual([row["cost"] for row in self.daemon.calls()], ["0.00"] * 6)

    def test_a_redirect_leads_nowhere_else(self) -> None:
        self.serve('allow = ["127.0.0.1"]')
        inside = self.new_upstream(answer=file())
        self.files.queue.append(lambda connection, _: connection.reply(302, b"", {"location": f"http://localhost:{inside.port}/"}))
        self.files.queue.append(lambda connection, _: connection.reply(302, b"", {"location": f"http://127.0.0.2:{inside.port}/"}))
        self.files.queue.append(lambda connection, _: connection.reply(302, b"", {"location": "/moved"}))
        self.ask(self.url())  # `localhost` is 127.0.0.1, which is allowed, or ::1, which is not
        self.refusal(self.ask(self.url()))
        self.assertEqual(self.ask(self.url()).status, 200)
        self.assertEqual(self.files.requests[-1].path, "/moved")

    def test_what_is_no_image_or_too_long_is_refused(self) -> None:
        self.serve('allow = ["127.0.0.1"]\nbytes = "1KiB"')
        self.files.queue.append(file(b"<html>secret</html>", "text/html"))
        self.files.queue.append(file(b"root:secret", ""))
        self.files.queue.append(file(PNG * 100))
        self.files.queue.append(provider.error(404, "secret"))
        for _ in range(4):
            self.assertNotIn("secret", self.refusal(self.ask(self.url())))
        self.assertEqual(self.gemini.requests, [])

    def test_nothing_is_fetched_where_it_is_turned_off(self) -> None:
        self.serve('allow = ["127.0.0.1"]\nbytes = 0')
        self.assertEqual(self.ask(self.url()).status, 200)
        self.assertEqual(self.gemini.requests[0].json["contents"][0]["parts"][1]["fileData"]["fileUri"], self.url())
        self.assertEqual(self.files.connections, 0)

    def test_a_caller_who_leaves_ends_the_download(self) -> None:
        self.serve('allow = ["127.0.0.1"]\ntimeout = "1m"')
        left = threading.Event()

        def silent(connection: provider.Connection, _: provider.Request) -> None:
            if connection.wait_closed():
                left.set()
        self.files.answer = silent
        body = json.dumps(self.question(self.url())).encode()
        with provider.socket.create_connection(("127.0.0.1", self.daemon.port), WAIT) as sock:
            sock.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + self.key.encode()
                         + b"\r\nContent-Type: application/json\r\nContent-Length: " + str(len(body)).encode() + b"\r\n\r\n" + body)
            self.assertTrue(self.files.wait_requests(1))
        self.assertTrue(left.wait(WAIT), "the file server saw the close")
        self.assertEqual(request(self.daemon.port, "GET", "/healthz").status, 200)


if __name__ == "__main__":
    unittest.main()
