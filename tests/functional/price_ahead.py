"""A price that was set for a time to come is in force from that time on, without anybody doing anything."""
import time
import unittest

from harness import FunctionalTest, ask, until


def from_now(seconds: float) -> str:
    moment = time.time() + seconds
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(moment)) + f".{int(moment % 1 * 1000):03}Z"


class PriceAhead(FunctionalTest):
    def setUp(self) -> None:
        super().setUp()
        self.daemon = self.new_daemon()
        self.daemon.add_channel(self.new_upstream())
        self.key = self.daemon.add_token()

    def cost(self) -> str:
        """What a call is charged now."""
        reply = self.daemon.post(self.key, ask())
        self.assertEqual(reply.status, 200, reply.body)
        return self.daemon.call(reply.request_id)["cost"]

    def set_price(self, amount: str, ahead: float) -> None:
        self.daemon.set_price("m1", input="0", output="0", per_call=amount, effective_from=from_now(ahead))

    def test_it_comes_into_force_by_itself(self) -> None:
        self.daemon.set_price("m1", input="0", output="0", per_call="0.01")
        self.set_price("0.05", 3600)
        self.assertEqual(self.cost(), "0.01")
        self.set_price("0.02", 0.7)
        until(lambda: self.cost() == "0.02", "the price that was set ahead is charged")
        self.assert_books(self.daemon)

    def test_a_restart_does_not_forget_it(self) -> None:
        self.daemon.set_price("m1", input="0", output="0", per_call="0.01")
        self.set_price("0.02", 1.5)
        self.daemon.stop()
        self.daemon.start()
        until(lambda: self.cost() == "0.02", "the price that was set ahead is charged")


if __name__ == "__main__":
    unittest.main()
