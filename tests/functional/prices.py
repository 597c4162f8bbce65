"""What the tests of prices ask of one daemon and its provider."""
import json
from typing import Any

from harness import Daemon, FunctionalTest, ask


class PriceTest(FunctionalTest):
    daemon: Daemon

    def cost_of(self, key: str, body: Any) -> dict[str, Any]:
        """The usage row of a call that is answered."""
        reply = self.daemon.post(key, body)
        self.assertEqual(reply.status, 200, reply.body)
        return self.daemon.call(reply.request_id)

    def cost(self, key: str, model: str = "m1") -> dict[str, Any]:
        return self.cost_of(key, ask(model=model))

    def recompute(self, *more: str) -> tuple[int, dict[str, Any]]:
        done = self.obliv(self.daemon, "usage", "recompute", "--dry-run", "--json", *more)
        return done.returncode, json.loads(done.stdout)
