"""obliv sim plays an OpenAI provider: replies, streams, usage, faults, the same again under the same seed.

Proved over real sockets, with a plain HTTP client and with raw bytes where framing matters.
"""
import json
import shutil
import signal
import tempfile
import unittest
from pathlib import Path
from typing import Any

import client
import simulator
from harness import BIN, WAIT

CHAT = "/v1/chat/completions"


class Sim(simulator.Sim):
    def chat(self, text: str = "hello there", headers: dict[str, str] | None = None, **more: Any) -> client.Response:
        return client.request(self.port, "POST", CHAT, body(text, **more), headers)

    def stream(self, text: str = "hello there", **more: Any) -> list[str]:
        """What follows `data: ` in each event."""
        reply = self.chat(text, stream=True, **more)
        assert reply.status == 200, reply.body
        return events(reply.body)


def body(text: str, **more: Any) -> dict[str, Any]:
    return {"model": "m1", "messages": [{"role": "user", "content": text}], **more}


def events(data: bytes) -> list[str]:
    found = data.decode().split("\n\n")
    assert found.pop() == "", data
    assert all(event.startswith("data: ") for event in found), data
    return [event.removeprefix("data: ") for event in found]


def text_of(found: list[str]) -> str:
    choices = [json.loads(event)["choices"] for event in found if event != "[DONE]"]
    return "".join(choice[0]["delta"].get("content") or "" for choice in choices if choice)


class SimOpenai(unittest.TestCase):
    def setUp(self) -> None:
        if not (BIN / "obliv").exists():
            self.skipTest(f"{BIN}/obliv is not built")
        self.folder = Path(tempfile.mkdtemp(prefix="obliv-"))
        self.addCleanup(shutil.rmtree, self.folder, True)

    def sim(self, *flags: str, stdin: str = "") -> Sim:
        sim = Sim(self.folder, *flags, stdin=stdin)
        self.addCleanup(sim.stop)
        return sim

    def test_a_plain_reply_is_labelled_and_counts_exactly(self) -> None:
        sim = self.sim()
        self.assertIs(sim.told["simulated"], True)
        reply = sim.chat("one two  three", n=2, max_tokens=7)
        self.assertEqual((reply.status, reply.headers["x-simulated"]), (200, "true"))
        value = reply.json
        self.assertEqual(value["system_fingerprint"], "sim")
        self.assertEqual([len(choice["message"]["content"].split()) for choice in value["choices"]], [7, 7])
        self.assertEqual(value["choices"][1]["finish_reason"], "length")
        # Three words and four tokens for the message; two choices of seven.
        self.assertEqual(value["usage"], {"prompt_tokens": 7, "completion_tokens": 14, "total_tokens": 21})

    def test_a_stream_says_the_same_as_the_plain_reply(self) -> None:
        sim = self.sim()
        plain = sim.chat("[[sim:tokens=12]]").json["choices"][0]
        found = sim.stream("[[sim:tokens=12]]")
        self.assertEqual(text_of(found), plain["message"]["content"])
        self.assertEqual(found[-1], "[DONE]")
        self.assertEqual(json.loads(found[-2])["choices"][0]["finish_reason"], plain["finish_reason"])
        self.assertEqual(len(found), 1 + 12 + 1 + 1)
        self.assertFalse(any("usage" in event for event in found))

    def test_a_stream_tells_its_usage_when_asked(self) -> None:
        sim = self.sim()
        found = sim.stream("[[sim:tokens=3]] word", stream_options={"include_usage": True})
        last = json.loads(found[-2])
        self.assertEqual(last["choices"], [])
        self.assertEqual(last["usage"], {"prompt_tokens": 6, "completion_tokens": 3, "total_tokens": 9})

    def test_usage_can_be_kept_or_forced(self) -> None:
        self.assertNotIn("usage", self.sim("--usage", "off").chat().json)
        forced = self.sim("--usage", "final-chunk").stream()
        self.assertIn("total_tokens", json.loads(forced[-2])["usage"])

    def test_an_echo_and_a_tool_call(self) -> None:
        sim = self.sim()
        said = sim.chat('say "Grüße" 世界 [[sim:echo]]').json["choices"][0]
        self.assertEqual(said["message"]["content"], 'say "Grüße" 世界')
        tools = [{"type": "function", "function": {"name": "weather", "parameters": {}}}]
        called = sim.chat("hi", tools=tools, tool_choice="required").json["choices"][0]
        self.assertEqual(called["finish_reason"], "tool_calls")
        function = called["message"]["tool_calls"][0]["function"]
        self.assertEqual((function["name"], type(json.loads(function["arguments"]))), ("weather", dict))

    def test_models_are_listed_and_others_refused(self) -> None:
        sim = self.sim("--models", "m1,m2")
        listed = client.request(sim.port, "GET", "/v1/models").json["data"]
        self.assertEqual([(model["id"], model["owned_by"]) for model in listed], [("m1", "simulated"), ("m2", "simulated")])
        self.assertEqual(sim.chat().status, 200)
        refused = sim.chat(model="m3")
        self.assertEqual((refused.status, refused.json["error"]["code"]), (404, "model_not_found"))

    def test_a_key_is_asked_for(self) -> None:
        sim = self.sim("--key-stdin", stdin="sk-of-the-test\n")
        self.assertEqual(sim.chat().status, 401)
        self.assertEqual(sim.chat(headers={"Authorization": "Bearer sk-of-the-tesT"}).status, 401)
        self.assertEqual(sim.chat(headers={"Authorization": "Bearer sk-of-the-test"}).status, 200)

    def test_bad_requests_are_refused_in_openais_shape(self) -> None:
        sim = self.sim()
        for data in (b"", b"{", b"[]", b'{"model":"m"}', b'{"model":"m","messages":[{"role":"user","content":5}]}',
                     json.dumps(body("[[sim:typo]]")).encode()):
            reply = client.request(sim.port, "POST", CHAT, data)
            self.assertEqual(reply.status, 400, data)
            self.assertLessEqual({"message", "type", "param", "code"}, set(reply.json["error"]))
        self.assertEqual(client.request(sim.port, "GET", "/v1/nothing").status, 404)
        self.assertEqual(client.request(sim.port, "GET", CHAT).status, 405)

    def test_statuses_on_demand(self) -> None:
        sim = self.sim()
        limited = sim.chat(headers={"x-sim-fault": "429"})
        self.assertEqual((limited.status, limited.headers["retry-after"]), (429, "1"))
        self.assertEqual(sim.chat("[[sim:fault=500]]").status, 500)
        self.assertEqual(sim.chat("[[sim:fault=503]]", stream=True).status, 503)

    def test_a_cut_reply_has_no_end(self) -> None:
        sim = self.sim()
        with self.assertRaises((client.http.client.IncompleteRead, ConnectionError)):
            sim.chat("[[sim:fault=cut]]")
        stream = client.Stream(sim.port, CHAT, body("[[sim:fault=cut]][[sim:tokens=6]]", stream=True), {})
        self.addCleanup(stream.close)
        texts = [text_of(events(stream.event())) for _ in range(4)]
        self.assertEqual("".join(texts), "lorem ipsum dolor")
        with self.assertRaises((client.http.client.IncompleteRead, ConnectionError)):
            stream.rest()

    def test_a_malformed_reply_is_no_json(self) -> None:
        sim = self.sim()
        with self.assertRaises(ValueError):
            _ = sim.chat("[[sim:fault=malformed]]").json
        broken = []
        for event in sim.stream("[[sim:fault=malformed]]")[:-1]:
            try:
                json.loads(event)
            except ValueError:
                broken.append(event)
        self.assertEqual(len(broken), 1)

    def test_a_dripping_reply_is_whole(self) -> None:
        sim = self.sim()
        self.assertEqual(len(sim.chat("[[sim:fault=drip]][[sim:tokens=9]]").json["choices"][0]["message"]["content"].split()), 9)
        self.assertEqual(sim.stream("[[sim:fault=drip]][[sim:tokens=2]]")[-1], "[DONE]")

    def test_a_hanging_call_gets_nothing_while_others_are_served(self) -> None:
        sim = self.sim("--threads", "1")
        hanging = client.connect(sim.port, 0.3)
        self.addCleanup(hanging.close)
        hanging.request("POST", CHAT, json.dumps(body("[[sim:fault=hang]]")))
        self.assertEqual(sim.chat().status, 200)
        with self.assertRaises(TimeoutError):
            hanging.getresponse()

    def test_calls_on_one_connection_are_answered_in_order(self) -> None:
        sim = self.sim()
        def raw(text: str) -> bytes:
            data = json.dumps(body(text)).encode()
            return b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s" % (CHAT.encode(), len(data), data)
        # The first one waits for its time: the second must not overtake it.
        sent = raw("[[sim:tokens=1]][[sim:ttft=50ms]]") + raw("[[sim:tokens=2]]") + raw("[[sim:tokens=3]]")
        replies = client.parse_replies(client.raw(sim.port, sent, 3))
        self.assertEqual([reply.json["usage"]["completion_tokens"] for reply in replies], [1, 2, 3])

    def test_chunked_bodies_and_100_continue(self) -> None:
        sim = self.sim()
        data = json.dumps(body("[[sim:tokens=1]]")).encode()
        half = len(data) // 2
        chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (data[:half], data[half:]))
        head = b"POST %s HTTP/1.1\r\nHost: x\r\n" % CHAT.encode()
        got = client.raw(sim.port, head + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n")
        self.assertEqual(client.parse_replies(got)[0].status, 200)
        expecting = head + b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(data)
        with client.socket.create_connection(("127.0.0.1", sim.port), WAIT) as sock:
            sock.sendall(expecting)
            self.assertEqual(sock.recv(100), b"HTTP/1.1 100 Continue\r\n\r\n")
            sock.sendall(data)
            self.assertTrue(sock.recv(65536).startswith(b"HTTP/1.1 200 "))

    def test_the_same_seed_gives_the_same_run(self) -> None:
        def run(seed: str) -> list[tuple[int, bytes]]:
            sim = self.sim("--seed", seed, "--output-tokens", "20:8", "--fault", "429=0.2", "--fault", "500=0.2")
            replies = [sim.chat(stream=i % 2 == 0) for i in range(40)]
            return [(reply.status, reply.body) for reply in replies]
        first = run("7")
        self.assertEqual(first, run("7"))
        self.assertNotEqual(first, run("8"))
        self.assertEqual({status for status, _ in first}, {200, 429, 500})

    def test_delays_are_kept(self) -> None:
        sim = self.sim()
        # Asserted from the sender's own stamps: ten gaps of 20 ms cannot take less than 200 ms.
        found = sim.stream("[[sim:stamp]][[sim:tokens=11]][[sim:itl=20ms]]")
        stamps = [int(text) for text in map(lambda event: text_of([event]), found) if text]
        self.assertEqual(len(stamps), 11)
        self.assertGreaterEqual(stamps[-1] - stamps[0], 190_000_000)

    def test_signals_end_it_at_once(self) -> None:
        for number, code in ((signal.SIGTERM, 0), (signal.SIGINT, 130)):
            sim = self.sim()
            hanging = client.connect(sim.port)
            hanging.request("POST", CHAT, json.dumps(body("[[sim:fault=hang]]")))
            self.assertEqual(sim.end(number), code)
            hanging.close()

    def test_what_cannot_be_is_refused(self) -> None:
        taken = self.sim()
        for flags, code in ((("--fault", "429=2"), 2), (("--fault", "x=0.1"), 2), (("--jitter", "3"), 2),
                            (("--output-tokens", "0"), 2), (("--fault", "429=0.9", "--fault", "cut=0.9"), 2),
                            (("--listen", "nonsense"), 2), (("--listen", "127.0.0.1:99999", "--dry-run"), 2),
                            (("--listen", taken.told["address"]), 6)):
            sim = self.sim(*flags)
            self.assertEqual(sim.process.wait(WAIT), code, flags)
            self.assertEqual(sim.told["type"], "error")


if __name__ == "__main__":
    unittest.main()
