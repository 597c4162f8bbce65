"""What a call costs beyond one price for tokens: longer calls, channels, images by size and quality, groups, searches; and that
any such bill can be computed again from its row and the version of the price that the row names.
"""
import json
import unittest
from typing import Any

import upstream as provider
from client import request
from harness import ask
from prices import PriceTest

CONFIG = '[billing]\ngroup_multipliers = ["partners=0.8", "guests=1.5"]\n'


class PriceTerms(PriceTest):
    def setUp(self) -> None:
        super().setUp()
        self.upstream = self.new_upstream()
        self.daemon = self.new_daemon(CONFIG)

    def use(self, prompt: int, output: int, **details: Any) -> None:
        """The provider says that it was so much."""
        used = {**provider.usage(), "prompt_tokens": prompt, "completion_tokens": output, "total_tokens": prompt + output, **details}
        self.upstream.answer = lambda connection, _: connection.reply(200, provider.completion_bytes("Hello!", used=used))

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
                              ({"size": "1024x1792"}, "0.04"), ({"size": "1024x1024", "quality": "standard"}, "0.04"),
                              ({"quality": "ultra"}, "0.08"), ({"size": "64x64", "quality": "hd"}, "0.12")):
            reply = request(self.daemon.port, "POST", "/v1/images/generations", {"model": "dall-e-3", "prompt": "a cat", **asked},
                            {"Authorization": f"Bearer {key}"})
            self.assertEqual(reply.status, 200, reply.body)
            self.assertEqual(self.daemon.call(reply.request_id)["cost"], amount, asked)
        self.assert_books(self.daemon)

    def test_what_an_image_turned_out_to_be_is_charged_else_the_dearest(self) -> None:
        self.daemon.add_channel(self.upstream, models=["gpt-image-1"])
        for variant, amount in (("", "0.01"), ("high", "0.16"), ("medium", "0.04"), ("1536x1024/high", "0.25")):
            place = ["--variant", variant] if variant else []
            done = self.obliv(self.daemon, "price", "set", "gpt-image-1", "--per-image", amount, *place)
            self.assertEqual(done.returncode, 0, done.stderr)
        self.daemon.add_prepaid("buyer", "10")
        key = self.daemon.add_token("buyer", account="buyer")
        for asked, told, amount in (({}, {}, "0.25"), ({"quality": "auto"}, {}, "0.25"), ({"size": "7x7", "quality": "medium"}, {}, "0.04"),
                                    ({}, {"size": "1024x1024", "quality": "medium"}, "0.04"), ({"quality": "auto"}, {"quality": "high"}, "0.25"),
                                    ({}, {"size": "1536x1024", "quality": "high"}, "0.25"), ({"size": "7x7"}, {"quality": "medium"}, "0.04")):
            answer = json.dumps({"created": 1, **told, "data": [{"b64_json": "aGk="}]}).encode()
            self.upstream.answer = lambda connection, _, answer=answer: connection.reply(200, answer)
            reply = request(self.daemon.port, "POST", "/v1/images/generations", {"model": "gpt-image-1", "prompt": "a cat", **asked},
                            {"Authorization": f"Bearer {key}"})
            self.assertEqual(reply.status, 200, reply.body)
            row = self.daemon.call(reply.request_id)
            self.assertEqual((row["cost"], row["loss"]), (amount, "0.00"), (asked, told))
        self.assert_books(self.daemon)
        code, audit = self.recompute()
        self.assertEqual((code, audit["differing"]), (0, 0))

    def test_what_another_model_may_cost_is_set_aside_before_it_is_asked(self) -> None:
        too_long = json.dumps({"error": {"message": "This model's maximum context length is 8192 tokens.", "code": "context_length_exceeded"}})
        other = self.new_upstream()
        self.daemon.config.write_text('[routing]\nfallbacks = ["fast=dear,cheap"]\n', encoding="utf-8")
        self.daemon.api("POST", "/system/reload", {})
        self.daemon.add_channel(self.upstream, "first", models=["m1"], aliases={"fast": "m1"})
        self.daemon.add_channel(other, "second", models=["dear", "cheap"])
        for model, amount in (("m1", "0.01"), ("dear", "0.03"), ("cheap", "0.02")):
            self.daemon.set_price(model, input="0", output="0", per_call=amount)
        self.upstream.answer = lambda connection, _: connection.reply(400, too_long.encode())
        for balance, asked, cost in (("0.01", [], "0.00"), ("0.02", ["cheap"], "0.02"), ("0.03", ["dear"], "0.03")):
            with self.subTest(balance=balance):
                self.daemon.add_prepaid(f"buyer-{balance}", balance)
                key = self.daemon.add_token(f"buyer-{balance}", account=f"buyer-{balance}")
                before = len(other.requests)
                reply = self.daemon.post(key, ask(model="fast"))
                self.assertEqual(reply.status, 200 if asked else 400, reply.body)
                self.assertEqual([each.json["model"] for each in other.requests[before:]], asked)
                row = self.daemon.call(reply.request_id)
                self.assertEqual((row["cost"], row["loss"]), (cost, "0.00"))
                attempts = self.daemon.api("GET", f"/requests/{reply.request_id}")["attempts"]
                passed = {each["model"]: each["why"] for each in attempts if each["cause"] == "unusable"}
                self.assertEqual(sorted(passed), [model for model in ("cheap", "dear") if balance < {"cheap": "0.02", "dear": "0.03"}[model]])
                for why in passed.values():
                    self.assertIn(f"only {balance} USD can be set aside", why)
        self.assert_books(self.daemon)

    def test_a_price_of_its_own_of_a_channel_that_falls_back_is_set_aside(self) -> None:
        other = self.new_upstream()
        self.daemon.config.write_text('[routing]\nfallbacks = ["m1=m2"]\n', encoding="utf-8")
        self.daemon.api("POST", "/system/reload", {})
        self.daemon.add_channel(self.upstream, "first")
        self.daemon.add_channel(other, "second", models=["m2"])
        self.daemon.set_price("m1", input="0", output="0", per_call="0.01")
        done = self.obliv(self.daemon, "price", "set", "m1", "--channel", "second", "--per-call", "0.03")
        self.assertEqual(done.returncode, 0, done.stderr)
        too_long = json.dumps({"error": {"message": "This model's maximum context length is 8192 tokens.", "code": "context_length_exceeded"}})
        self.upstream.answer = lambda connection, _: connection.reply(400, too_long.encode())
        self.daemon.add_prepaid("buyer", "0.05")
        key = self.daemon.add_token("buyer", account="buyer")
        self.assertEqual(self.cost(key)["cost"], "0.03")
        self.assertEqual(self.daemon.post(key, ask()).status, 400)
        self.assertEqual(len(other.requests), 1)
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

    def test_searches_of_the_web_are_set_aside_where_they_cost_something(self) -> None:
        self.daemon.add_channel(self.upstream, models=["m1", "m2"])
        for model, more in (("m1", ["--per-search", "0.01"]), ("m2", [])):
            done = self.obliv(self.daemon, "price", "set", model, "--input", "0", "--output", "0", "--per-call", "0.001", *more)
            self.assertEqual(done.returncode, 0, done.stderr)
        self.daemon.add_prepaid("buyer", "0.045")
        key = self.daemon.add_token("buyer", account="buyer")
        self.use(5, 10, num_search_queries=2)
        tools = {"tools": [{"type": "web_search"}]}
        self.assert_openai_error(self.daemon.post(key, ask(**tools)), 429, "insufficient_quota")
        self.assertEqual(self.upstream.requests, [])
        self.assertEqual(self.daemon.post(key, ask("m2", **tools)).status, 200)
        tools["tools"][0]["max_uses"] = 4
        row = self.cost_of(key, ask(**tools))
        self.assertEqual((row["usage"]["searches"], row["cost"], row["loss"]), (2, "0.021", "0.00"))
        self.assert_openai_error(self.daemon.post(key, ask(**tools)), 429, "insufficient_quota")
        self.assertEqual(self.cost_of(key, ask(web_search_options={}))["cost"], "0.021")
        self.assert_books(self.daemon)

    def test_a_ranking_of_many_documents_sets_several_searches_aside(self) -> None:
        self.daemon.add_channel(self.upstream, type="cohere", models=["r1"])
        self.assertEqual(self.obliv(self.daemon, "price", "set", "r1", "--per-search", "0.01").returncode, 0)
        answer = json.dumps({"id": "r", "results": [{"index": 0, "relevance_score": 0.5}], "meta": {"billed_units": {"search_units": 3}}})
        self.upstream.answer = lambda connection, _: connection.reply(200, answer.encode())
        body = {"model": "r1", "query": "q", "documents": ["a document"] * 201}
        for balance, status, requests in (("0.02", 429, 0), ("0.03", 200, 1)):
            self.daemon.add_prepaid(f"buyer-{balance}", balance)
            key = self.daemon.add_token(f"buyer-{balance}", account=f"buyer-{balance}")
            reply = request(self.daemon.port, "POST", "/v2/rerank", body, {"Authorization": f"Bearer {key}"})
            self.assertEqual((reply.status, len(self.upstream.requests)), (status, requests), reply.body)
        row = self.daemon.call(reply.request_id)
        self.assertEqual((row["cost"], row["loss"]), ("0.03", "0.00"))
        self.assert_books(self.daemon)

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
