"""What a call costs beyond one price for tokens: longer calls, channels, images by size and quality, groups, searches; and that
any such bill can be computed again from its row and the version of the price that the row names.
"""
import json
import unittest
from typing import Any

import upstream as provider
from client import request
from harness import FunctionalTest, ask

CONFIG = '[billing]\ngroup_multipliers = ["partners=0.8", "guests=1.5"]\n'


class PriceTerms(FunctionalTest):
    def setUp(self) -> None:
        super().setUp()
        self.upstream = self.new_upstream()
        self.daemon = self.new_daemon(CONFIG)

    def use(self, prompt: int, output: int, **details: Any) -> None:
        """The provider says that it was so much."""
        used = {**provider.usage(), "prompt_tokens": prompt, "completion_tokens": output, "total_tokens": prompt + output, **details}
        self.upstream.answer = lambda connection, _: connection.reply(200, provider.completion_bytes("Hello!", used=used))

    def cost(self, key: str, model: str = "m1") -> dict[str, Any]:
        reply = self.daemon.post(key, ask(model=model))
        self.assertEqual(reply.status, 200, reply.body)
        return self.daemon.call(reply.request_id)

    def recompute(self, *more: str) -> tuple[int, dict[str, Any]]:
        done = self.obliv(self.daemon, "usage", "recompute", "--dry-run", "--json", *more)
        return done.returncode, json.loads(done.stdout)

    def test_a_longer_call_pays_its_tier_for_all_of_its_tokens(self) -> None:
        self.daemon.add_channel(self.upstream)
        done = self.obliv(self.daemon, "price", "set", "m1", "--input", "1", "--output", "10", "--tier", "1000:input=2,output=15,cache_read=0.5")
        self.assertEqual(done.returncode, 0, done.stderr)
        key = self.daemon.add_token()
        self.use(1000, 10)
        self.assertEqual(self.cost(key)["cost"], "0.0011")
        self.use(1001, 10)
        self.assertEqual(self.cost(key)["cost"], "0.002152")
        self.use(1001, 10, prompt_tokens_details={"cached_tokens": 1000})
        self.assertEqual(self.cost(key)["cost"], "0.000652")
        self.assert_books(self.daemon)

    def test_a_channel_may_cost_more(self) -> None:
        other = self.new_upstream()
        self.daemon.add_channel(self.upstream, name="own")
        self.daemon.add_channel(other, name="dear", models=["m2"], aliases={"m1": "m2"}, priority=1)
        self.daemon.set_price("m1", input="0", output="0", per_call="0.01")
        done = self.obliv(self.daemon, "price", "set", "m1", "--channel", "dear", "--per-call", "0.03")
        self.assertEqual(done.returncode, 0, done.stderr)
        key = self.daemon.add_token()
        self.assertEqual(self.cost(key)["cost"], "0.03")
        self.daemon.api("PATCH", "/channels/dear", {"enabled": False})
        self.assertEqual(self.cost(key)["cost"], "0.01")
        shown = self.daemon.api("GET", "/prices/m1?channel=dear")
        self.assertEqual((shown["channel"], shown["per_call"]), ("dear", "0.03"))
        self.assertEqual(self.obliv(self.daemon, "price", "rm", "m1", "--channel", "dear", "-y").returncode, 0)
        self.daemon.api("PATCH", "/channels/dear", {"enabled": True})
        row = self.cost(key)
        self.assertEqual((row["cost"], row["model_served"]), ("0.01", "m2"))
        self.assert_books(self.daemon)

    def test_a_price_of_a_channel_alone_pays_for_answers_from_the_cache(self) -> None:
        self.daemon.config.write_text('[cache]\nmodels = ["m1=exact"]\nprice_percent = 50\n', encoding="utf-8")
        self.daemon.api("POST", "/system/reload", {})
        self.daemon.add_channel(self.upstream, name="dear")
        done = self.obliv(self.daemon, "price", "set", "m1", "--channel", "dear", "--per-call", "0.04")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.daemon.add_prepaid("buyer", "1")
        key = self.daemon.add_token("buyer", account="buyer")
        self.assertEqual([self.cost(key)["cost"] for _ in range(2)], ["0.04", "0.02"])
        self.assertEqual(len(self.upstream.requests), 1)
        self.assert_books(self.daemon)

    def test_an_image_costs_by_its_size_and_quality(self) -> None:
        self.daemon.add_channel(self.upstream, models=["dall-e-3"])
        for variant, amount in (("", "0.04"), ("hd", "0.08"), ("1024x1792/hd", "0.12")):
            place = ["--variant", variant] if variant else []
            done = self.obliv(self.daemon, "price", "set", "dall-e-3", "--per-image", amount, *place)
            self.assertEqual(done.returncode, 0, done.stderr)
        self.upstream.answer = lambda connection, _: connection.reply(200, json.dumps({"created": 1, "data": [{"b64_json": "aGk="}]}).encode())
        key = self.daemon.add_token()
        for asked, amount in (({}, "0.04"), ({"quality": "hd"}, "0.08"), ({"size": "1024x1792", "quality": "hd"}, "0.12"),
                              ({"size": "1024x1792"}, "0.04")):
            reply = request(self.daemon.port, "POST", "/v1/images/generations", {"model": "dall-e-3", "prompt": "a cat", **asked},
                            {"Authorization": f"Bearer {key}"})
            self.assertEqual(reply.status, 200, reply.body)
            self.assertEqual(self.daemon.call(reply.request_id)["cost"], amount, asked)
        self.assert_books(self.daemon)

    def test_a_group_pays_its_part_and_a_reload_changes_it(self) -> None:
        self.daemon.add_channel(self.upstream, groups=["default", "partners", "guests"])
        self.daemon.set_price("m1", input="0", output="0", per_call="0.01")
        keys = {group: self.daemon.add_token(group, group=group) for group in ("default", "partners", "guests")}
        for group, amount, share in (("default", "0.01", "1.00"), ("partners", "0.008", "0.80"), ("guests", "0.015", "1.50")):
            row = self.cost(keys[group])
            self.assertEqual((row["cost"], row["price_share"]), (amount, share))
        self.daemon.config.write_text('[billing]\ngroup_multipliers = ["guests=2"]\n', encoding="utf-8")
        self.daemon.api("POST", "/system/reload", {})
        self.assertEqual([self.cost(keys[group])["cost"] for group in ("partners", "guests")], ["0.01", "0.02"])
        self.assert_books(self.daemon)
        code, audit = self.recompute()
        self.assertEqual((code, audit["calls"], audit["differing"], audit["charged"]), (0, 5, 0, "0.063"))

    def test_searches_of_the_web_cost_each_and_are_free_without_a_price(self) -> None:
        self.daemon.add_channel(self.upstream, models=["m1", "m2"])
        for model, more in (("m1", ["--per-search", "0.01"]), ("m2", [])):
            done = self.obliv(self.daemon, "price", "set", model, "--input", "0", "--output", "1", *more)
            self.assertEqual(done.returncode, 0, done.stderr)
        key = self.daemon.add_token()
        self.use(5, 10, num_search_queries=3)
        row = self.cost(key)
        self.assertEqual((row["usage"]["searches"], row["cost"]), (3, "0.03001"))
        row = self.cost(key, "m2")
        self.assertEqual((row["usage"]["searches"], row["cost"]), (3, "0.00001"))
        self.assert_books(self.daemon)
        code, audit = self.recompute()
        self.assertEqual((code, audit["calls"], audit["differing"]), (0, 2, 0))

    def test_a_price_of_a_channel_that_is_gone_is_in_force_no_more(self) -> None:
        self.daemon.add_channel(self.upstream, name="own")
        self.daemon.add_channel(self.upstream, name="dear", priority=1)
        self.daemon.set_price("m1", input="0", output="0", per_call="0.01")
        self.assertEqual(self.obliv(self.daemon, "price", "set", "m1", "--channel", "dear", "--per-call", "0.03").returncode, 0)
        rows = self.daemon.api("GET", "/prices")["data"]
        self.assertEqual([(row["channel"], row["per_call"]) for row in rows], [(None, "0.01"), ("dear", "0.03")])
        self.daemon.api("DELETE", "/channels/dear")
        self.assertEqual([row["channel"] for row in self.daemon.api("GET", "/prices")["data"]], [None])
        self.assertEqual(self.cost(self.daemon.add_token())["cost"], "0.01")


if __name__ == "__main__":
    unittest.main()
