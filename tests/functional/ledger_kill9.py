"""kill -9 at any instant loses no charge that a client has seen the end of, and doubles none.

Twenty times: oblivd serves a load of plain and streamed calls, is killed without warning, is started again on the same
books, and must prove them. Every call costs the same known amount, so the sums say whether a charge was lost or doubled.
"""
import http.client
import json
import random
import sys
import threading
import time
import unittest

from client import headers_of
from harness import Daemon, FunctionalTest, ask, until

ROUNDS = 20
CALLERS = 6
COST_NANOS = (11 * 2500) + (7 * 10000)


class Load:
    """Callers that ask as fast as they are answered until told to stop; remembers who saw the end of a reply."""

    def __init__(self, daemon: Daemon, key: str) -> None:
        self.daemon = daemon
        self.key = key
        self.stopping = threading.Event()
        self.lock = threading.Lock()
        self.whole: list[str] = []
        self.threads = [threading.Thread(target=self._run, args=(index,)) for index in range(CALLERS)]

    def __enter__(self) -> "Load":
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        for thread in self.threads:
            thread.join()

    def count(self) -> int:
        with self.lock:
            return len(self.whole)

    def _run(self, index: int) -> None:
        connection = None
        while not self.stopping.is_set():
            try:
                connection = connection or http.client.HTTPConnection("127.0.0.1", self.daemon.port, timeout=20)
                request_id = self._call(connection, stream=index % 2 == 0)
                with self.lock:
                    self.whole.append(request_id)
            except (OSError, http.client.HTTPException):
                # Killed in the middle, or not up again yet.
                if connection is not None:
                    connection.close()
                connection = None
                self.stopping.wait(0.005)
        if connection is not None:
            connection.close()

    def _call(self, connection: http.client.HTTPConnection, stream: bool) -> str:
        connection.request("POST", "/v1/chat/completions", json.dumps(ask(stream=stream)),
                           {"Content-Type": "application/json", "Authorization": f"Bearer {self.key}"})
        response = connection.getresponse()
        body = response.read()
        if response.status != 200 or (stream and not body.endswith(b"data: [DONE]\n\n")):
            raise http.client.HTTPException(f"{response.status}: not a whole answer")
        return headers_of(response)["x-request-id"]


class Kill9(FunctionalTest):
    def test_twenty_kills_under_load_lose_and_double_nothing(self) -> None:
        seed = random.randrange(1 << 30)
        print(f"seed {seed}", file=sys.stderr)
        chance = random.Random(seed)
        upstream = self.new_upstream()
        daemon = self.new_daemon()
        daemon.add_channel(upstream)
        daemon.set_price()
        daemon.add_prepaid("team", "1000.00")
        key = daemon.add_token(account="team")

        with Load(daemon, key) as load:
            for number in range(ROUNDS):
                before = load.count()
                wanted = before + chance.randrange(5, 60)
                deadline = time.monotonic() + 20
                while load.count() < wanted and time.monotonic() < deadline:
                    time.sleep(0.002)
                self.assertGreater(load.count(), before, f"round {number}: calls are answered")
                time.sleep(chance.random() * 0.03)  # anywhere in the life of a call, a commit or a fold
                daemon.kill()
                daemon.start()
                self.assert_books(daemon)

        # The last calls are stored with their group, up to 20 ms after their ends.
        whole = set(load.whole)
        until(lambda: whole <= {row["request_id"] for row in daemon.calls()},
              f"all of {len(whole)} whole answers are charged", seconds=5)
        rows = daemon.calls()
        charged = {}
        for row in rows:
            self.assertNotIn(row["request_id"], charged, "a call is charged once")
            charged[row["request_id"]] = row["cost"]
        for request_id in load.whole:
            self.assertEqual(charged[request_id], "0.0000975")
        self.assertLessEqual(len([cost for cost in charged.values() if cost != "0.00"]), len(upstream.requests))

        spent = sum(nanos(row["cost"]) for row in rows)
        account = daemon.api("GET", "/accounts/team")
        self.assertEqual(nanos(account["balance"]), nanos("1000.00") - spent)
        self.assertEqual(nanos(account["held"]), 0, "no reservation outlives the process it was made in")
        self.assertGreaterEqual(spent, COST_NANOS * len(load.whole))
        self.assert_books(daemon)


def nanos(text: str) -> int:
    whole, _, part = text.partition(".")
    sign = -1 if whole.startswith("-") else 1
    return int(whole) * 1_000_000_000 + sign * int(part.ljust(9, "0"))


if __name__ == "__main__":
    unittest.main()
