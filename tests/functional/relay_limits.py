"""Limits hold exactly, however many ask at once: so many a minute, so many at a time, and never a cent too much."""
import threading
import time
import unittest
from concurrent.futures import ThreadPoolExecutor

import upstream as provider
from client import Response
from harness import FunctionalTest, ask, until


class RelayLimits(FunctionalTest):
    def setUp(self) -> None:
        super().setUp()
        self.upstream = self.new_upstream()
        self.daemon = self.new_daemon()
        self.daemon.add_channel(self.upstream)
        self.daemon.set_price("m1", input="1000", output="1000")  # a tenth of a cent a token

    def at_once(self, key: str, count: int, body: dict | None = None) -> list[Response]:
        gate = threading.Barrier(count)

        def one(_: int) -> Response:
            gate.wait()
            return self.daemon.post(key, body or ask(max_tokens=7))
        with ThreadPoolExecutor(count) as pool:
            return list(pool.map(one, range(count)))

    def test_requests_a_minute_are_counted_exactly_under_a_race(self) -> None:
        key = self.daemon.add_token(requests_per_minute=5)
        statuses = sorted(reply.status for reply in self.at_once(key, 24))
        self.assertEqual(statuses, [200] * 5 + [429] * 19)
        self.assertEqual(len(self.upstream.requests), 5)

    def test_a_refusal_says_when_to_come_back(self) -> None:
        key = self.daemon.add_token(requests_per_minute=1)
        self.assertEqual(self.daemon.post(key, ask()).status, 200)
        reply = self.daemon.post(key, ask())
        self.assert_openai_error(reply, 429, "rate_limit_exceeded")
        self.assertTrue(1 <= int(reply.headers["retry-after"]) <= 60, reply.headers)

    def test_one_tokens_limit_is_not_anothers(self) -> None:
        first, second = (self.daemon.add_token(name, requests_per_minute=1) for name in ("a", "b"))
        self.assertEqual([self.daemon.post(key, ask()).status for key in (first, second, first, second)], [200, 200, 429, 429])

    def test_concurrent_calls_are_limited_and_the_place_is_given_back(self) -> None:
        key = self.daemon.add_token(concurrent_max=2)
        go_on = threading.Event()

        def hold(connection: provider.Connection, request: provider.Request) -> None:
            go_on.wait(provider.WAIT)
            provider.chat()(connection, request)
        self.upstream.answer = hold
        with ThreadPoolExecutor(2) as pool:
            held = [pool.submit(self.daemon.post, key, ask()) for _ in range(2)]
            self.assertTrue(self.upstream.wait_requests(2))
            refused = self.daemon.post(key, ask())
            self.assert_openai_error(refused, 429, "rate_limit_exceeded")
            self.assertGreaterEqual(int(refused.headers["retry-after"]), 1)
            go_on.set()
            self.assertEqual([call.result().status for call in held], [200, 200])
        self.assertEqual(self.daemon.post(key, ask()).status, 200)

    def test_who_has_seen_the_end_may_ask_again(self) -> None:
        # Each on a connection of its own, which another loop may take.
        key = self.daemon.add_token(concurrent_max=1)
        statuses = {self.daemon.post(key, ask(stream=bool(i % 2))).status for i in range(100)}
        self.assertEqual(statuses, {200})

    def test_a_caller_that_leaves_gives_its_place_back(self) -> None:
        key = self.daemon.add_token(concurrent_max=1)

        def trickle(connection: provider.Connection, _: provider.Request) -> None:
            connection.start_stream()
            connection.event(provider.delta("a"))
            connection.wait_closed()
        self.upstream.queue.append(trickle)
        stream = self.daemon.stream(key, ask(stream=True))
        stream.event()
        self.assertEqual(self.daemon.post(key, ask()).status, 429)
        stream.close()
        until(lambda: self.daemon.post(key, ask()).status == 200, "the place is free again")

    def test_a_budget_is_never_overspent(self) -> None:
        # A call may cost up to (estimated input + 7) tokens and does cost 18: the budget pays for a few of the 24.
        key = self.daemon.add_token(budget="0.10")
        replies = self.at_once(key, 24)
        done = [reply for reply in replies if reply.status == 200]
        self.assertTrue(done)
        for reply in replies:
            if reply.status != 200:
                self.assert_openai_error(reply, 429, "insufficient_quota")
        for reply in done:
            self.daemon.call(reply.request_id)
        self.assertLessEqual(len(done) * 0.018, 0.10 + 1e-9)
        self.assertLessEqual(float(self.daemon.api("GET", "/tokens/t")["spent"]), 0.10)
        self.assert_books(self.daemon)

    def test_a_prepaid_account_never_goes_below_zero(self) -> None:
        self.daemon.add_prepaid("team", "0.20")
        keys = [self.daemon.add_token(f"t{i}", account="team") for i in range(4)]
        gate = threading.Barrier(24)

        def one(index: int) -> Response:
            gate.wait()
            return self.daemon.post(keys[index % 4], ask(max_tokens=7))
        with ThreadPoolExecutor(24) as pool:
            replies = list(pool.map(one, range(24)))
        done = [reply for reply in replies if reply.status == 200]
        for reply in done:
            self.daemon.call(reply.request_id)
        account = self.daemon.api("GET", "/accounts/team")
        self.assertTrue(done)
        self.assertGreaterEqual(float(account["balance"]), 0)
        self.assertAlmostEqual(float(account["balance"]), 0.20 - 0.018 * len(done), places=9)
        self.assertEqual(float(account["held"]), 0)
        self.assert_books(self.daemon)

    def test_a_top_up_pays_for_the_next_call_and_a_repeat_changes_nothing(self) -> None:
        self.daemon.add_prepaid("team", "0.001")
        key = self.daemon.add_token(account="team")
        self.assert_openai_error(self.daemon.post(key, ask(max_tokens=7)), 429, "insufficient_quota")
        body = {"amount": "1.00", "operation_id": "op-1"}
        first = self.daemon.api("POST", "/accounts/team/topup", body)
        second = self.daemon.api("POST", "/accounts/team/topup", body)
        self.assertEqual(first["transfer"], second["transfer"])
        self.assertEqual(second["account"]["balance"], "1.001")
        self.assertEqual(self.daemon.post(key, ask(max_tokens=7)).status, 200)

    def test_an_unpriced_model_is_free_for_who_only_counts_and_refused_to_who_pays_ahead(self) -> None:
        self.daemon.add_channel(self.upstream, "unpriced", models=["m2"])
        reply = self.daemon.post(self.daemon.add_token(), ask("m2"))
        self.assertEqual(reply.status, 200, reply.body)
        self.assertIs(self.daemon.call(reply.request_id)["unpriced"], True)
        self.daemon.add_prepaid("team", "5.00")
        self.assertGreaterEqual(self.daemon.post(self.daemon.add_token("p", account="team"), ask("m2")).status, 400)
        self.assertGreaterEqual(self.daemon.post(self.daemon.add_token("b", budget="5.00"), ask("m2")).status, 400)

    def test_an_expired_token_ends_by_itself(self) -> None:
        soon = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time() + 2))
        key = self.daemon.add_token(expires_at=soon)
        self.assertEqual(self.daemon.post(key, ask()).status, 200)
        until(lambda: self.daemon.post(key, ask()).status == 401, "the token has expired")

    def test_a_tokens_models_are_all_it_may_call(self) -> None:
        self.daemon.add_channel(self.upstream, "more", models=["m2"])
        key = self.daemon.add_token(models=["m2"])
        self.assertIn(self.daemon.post(key, ask("m1")).status, (403, 404))
        self.assertEqual(self.daemon.post(key, ask("m2")).status, 200)


if __name__ == "__main__":
    unittest.main()
