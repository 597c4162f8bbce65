"""Channels by the dozen: a declared file is made true after its difference was shown, and the configurations of other
gateways are taken over. All by `obliv` against a real oblivd."""
from __future__ import annotations

import json
import unittest
from pathlib import Path

from harness import FunctionalTest, as_json
from upstream import Connection, Request

ACCOUNT = Path(__file__).resolve().parents[1] / "fixtures/google/service_account.json"

DECLARED = """
[main]
type = "openai"
base_url = "http://127.0.0.1:9/v1"
models = ["m1", "m2*"]
keys = ["sk-declared-key-0000001"]
priority = 2
[main.aliases]
fast = "m1"

["gpt-4.1"]
type = "mistral"
models = ["x"]
key_env = "MY_KEY"
"""

NEWAPI = {"success": True, "data": {"items": [
    {"id": 1, "type": 43, "name": "Deep Seek!", "key": "sk-one-000000000001\nsk-two-000000000002", "models": "deepseek-chat,deepseek-reasoner",
     "group": "default,vip", "model_mapping": "{\"fast\":\"deepseek-chat\"}", "priority": 5, "weight": 0, "status": 1,
     "base_url": "https://api.deepseek.com/", "auto_ban": 1},
    {"id": 2, "type": 1, "name": "local", "key": "", "models": "qwen3", "status": 2, "base_url": "http://10.0.0.1:8000", "auto_ban": 1},
    {"id": 3, "type": 2, "name": "pictures", "key": "k", "models": "mj", "status": 1, "auto_ban": 0},
]}}

# As One API's /api/channel/ answers an administrator who asks for keys: no `auto_ban`, settings as JSON in a text.
ONEAPI = {"success": True, "message": "", "data": [
    {"id": 11, "type": 1, "key": "sk-one-000000000001", "status": 1, "name": "OpenAI 主", "weight": 0, "created_time": 1719400000,
     "test_time": 1719400100, "response_time": 812, "base_url": "", "other": "", "balance": 4.2, "balance_updated_time": 1719400200,
     "models": "gpt-4o,gpt-4o-mini", "group": "default,vip", "used_quota": 123456, "model_mapping": "", "priority": 10, "config": "{}",
     "system_prompt": None},
    {"id": 10, "type": 3, "key": "azure-key-00000000001", "status": 1, "name": "azure-eu", "weight": 3, "base_url": "https://eu.openai.azure.com",
     "other": "", "models": "gpt-4o", "group": "default", "model_mapping": "{\"gpt-4o\":\"deployed-4o\"}", "priority": 0,
     "config": "{\"api_version\":\"2024-03-01-preview\"}"},
    {"id": 9, "type": 18, "key": "app|secret|key", "status": 3, "name": "spark", "base_url": None, "models": "SparkDesk-v4.0", "group": "default",
     "model_mapping": None, "priority": None, "config": "{\"api_version\":\"v4.0\"}"},
    {"id": 8, "type": 33, "key": "AKIA1|secret|us-east-1", "status": 2, "name": "aws", "models": "claude-3-5-sonnet-20241022", "group": "vip",
     "config": "{\"region\":\"us-east-1\",\"ak\":\"AKIA1\",\"sk\":\"secret\"}"},
    {"id": 7, "type": 42, "key": "us-central1|p-1|@ACCOUNT@", "status": 1, "name": "vertex", "models": "gemini-2.0-flash", "group": "default"},
    {"id": 6, "type": 36, "key": "", "status": 1, "name": "deepseek", "models": "deepseek-chat", "group": "default", "base_url": ""},
    {"id": 5, "type": 50, "key": "sk-own-0000000000001", "status": 1, "name": "own", "models": "qwen3", "group": "default", "base_url": "http://10.0.0.1:8000"},
    {"id": 4, "type": 23, "key": "a|b|c", "status": 1, "name": "hunyuan", "models": "hunyuan-lite", "group": "default"},
]}

LITELLM = """
# a comment
model_list:
  - model_name: gpt-4o
    litellm_params:
      model: openai/gpt-4o-2024
      api_key: os.environ/SOME_KEY   # from the environment
  - model_name: "claude"
    litellm_params: {"model": "anthropic/claude-x", "api_key": "sk-ant-0000000001"}
  - model_name: odd
    litellm_params:
      model: sagemaker/thing
litellm_settings:
  drop_params: true
"""


class ChannelFleet(FunctionalTest):
    def channels(self, daemon):
        return {row["name"]: row for row in daemon.api("GET", "/channels")["data"]}

    def run_ok(self, daemon, *words, **options):
        done = self.obliv(daemon, *words, **options)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done

    def test_what_a_provider_offers_is_fetched_and_chosen_from(self) -> None:
        def models(connection: Connection, request: Request) -> None:
            self.assertEqual((request.method, request.path), ("GET", "/v1/models"))
            self.assertEqual(request.headers["authorization"], "Bearer sk-upstream-secret-0001")
            connection.reply(200, json.dumps({"data": [{"id": "m1"}, {"id": "m3"}, {"id": "bad name"}]}).encode())
        upstream = self.new_upstream(answer=models)
        daemon = self.new_daemon()
        daemon.add_channel(upstream, models=["m1", "mine"])
        rows = as_json(self.run_ok(daemon, "channel", "models", "main", "--fetch", "--json").stdout)["data"]
        self.assertEqual([(r["model"], r["served"], r["offered"]) for r in rows],
                         [("m1", True, True), ("m3", False, True), ("mine", True, False)])
        self.run_ok(daemon, "channel", "models", "main", "--fetch", "--add", "m3")
        self.assertEqual(self.channels(daemon)["main"]["models"], ["m1", "mine", "m3"])
        self.assertEqual(self.obliv(daemon, "channel", "models", "main", "--fetch", "--add", "m9").returncode, 2)
        self.assertEqual(self.obliv(daemon, "channel", "models", "main", "--add", "m3").returncode, 2)
        before = len(upstream.requests)
        rows = as_json(self.run_ok(daemon, "channel", "models", "main", "--json").stdout)["data"]
        self.assertEqual([r["offered"] for r in rows], [None, None, None])
        self.assertEqual(len(upstream.requests), before, "without --fetch nobody is asked")

    def test_a_provider_without_a_list_or_with_an_error_is_told(self) -> None:
        upstream = self.new_upstream(answer=lambda connection, request: connection.reply(500, b"{}"))
        daemon = self.new_daemon()
        daemon.add_channel(upstream)
        done = self.obliv(daemon, "channel", "models", "main", "--fetch")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("main", done.stderr)
        daemon.add_channel(upstream, name="spark", type="spark")
        self.assertIn("no list of its models", self.obliv(daemon, "channel", "models", "spark", "--fetch").stderr)

    def test_a_provider_is_asked_what_is_left_of_each_keys_money(self) -> None:
        def money(connection: Connection, request: Request) -> None:
            self.assertEqual((request.method, request.path), ("GET", "/v1/user/balance"))
            if request.headers["authorization"] == "Bearer sk-bad":
                return connection.reply(401, b'{"error":{"message":"no such key"}}')
            return connection.reply(200, b'{"balance_infos":[{"currency":"CNY","total_balance":"110.00"}]}')
        upstream = self.new_upstream(answer=money)
        daemon = self.new_daemon()
        daemon.add_channel(upstream, type="deepseek", keys=["sk-good", "sk-bad"])
        rows = as_json(self.run_ok(daemon, "channel", "balance", "main", "--json").stdout)["data"]
        self.assertEqual([(r["amount"], r["currency"]) for r in rows], [("110.00", "CNY"), (None, None)])
        self.assertIn("no such key", rows[1]["error"])
        daemon.add_channel(upstream, name="other")
        self.assertIn("does not tell", self.obliv(daemon, "channel", "balance", "other").stderr)

    def test_a_declared_file_is_made_true_after_its_difference_was_shown(self) -> None:
        daemon = self.new_daemon()
        daemon.add_channel("http://127.0.0.1:9/v1", name="old")
        path = self.folder / "channels.toml"
        path.write_text(DECLARED.replace('key_env = "MY_KEY"\n', ""), encoding="utf-8")
        plan = as_json(self.run_ok(daemon, "channel", "apply", str(path), "--dry-run", "--json").stdout)["data"]
        steps = [(r["action"], r["channel"]) for r in plan]
        self.assertEqual(steps, [("add", "main"), ("add", "gpt-4.1"), ("remove", "old")])
        self.assertEqual(set(self.channels(daemon)), {"old"}, "a dry run changes nothing")
        self.assertEqual(self.obliv(daemon, "channel", "apply", str(path), "--no-input").returncode, 2)
        self.assertEqual(set(self.channels(daemon)), {"old"}, "nothing is removed without being asked")
        self.run_ok(daemon, "channel", "apply", str(path), "-y")
        channels = self.channels(daemon)
        self.assertEqual(set(channels), {"main", "gpt-4.1"})
        self.assertEqual(channels["main"]["aliases"], {"fast": "m1"})
        self.assertEqual(channels["main"]["priority"], 2)

        again = as_json(self.run_ok(daemon, "channel", "apply", str(path), "--json").stdout)["data"]
        self.assertEqual({r["action"] for r in again}, {"keep"}, "a second time there is nothing to do")
        path.write_text(path.read_text().replace("priority = 2", "priority = 3"), encoding="utf-8")
        daemon.api("PATCH", "/channels/gpt-4.1", {"weight": 7})
        plan = as_json(self.run_ok(daemon, "channel", "apply", str(path), "--json").stdout)["data"]
        self.assertEqual([(r["action"], r["fields"]) for r in plan], [("change", ["priority"]), ("change", ["weight"])])
        self.assertEqual(self.channels(daemon)["gpt-4.1"]["weight"], 1)

    def test_a_wrong_declaration_changes_nothing_and_says_where(self) -> None:
        daemon = self.new_daemon()
        for text, said in (("[a]\ntype = \"openai\"\n", "has no models"), ("type = 1\n", "begin with [NAME]"),
                           ("[a]\nweight = \"x\"\n", "a whole number"), ("[a]\ncolour = \"x\"\n", "no 'colour'"),
                           ("[a\n", ":1")):
            done = self.obliv(daemon, "channel", "apply", "-", stdin=text)
            self.assertEqual(done.returncode, 2, text)
            self.assertIn(said, done.stderr)

    def test_new_api_is_taken_over(self) -> None:
        daemon = self.new_daemon()
        done = self.run_ok(daemon, "channel", "import", "-", "--json", stdin=json.dumps(NEWAPI))
        self.assertIn("pictures", done.stderr)
        self.assertIn("without a key", done.stderr)
        channels = self.channels(daemon)
        self.assertEqual(set(channels), {"Deep-Seek", "local"})
        deep = channels["Deep-Seek"]
        self.assertEqual((deep["type"], deep["base_url"], deep["groups"]), ("deepseek", "https://api.deepseek.com", ["default", "vip"]))
        self.assertEqual((len(deep["key_hints"]), deep["aliases"], deep["priority"]), (2, {"fast": "deepseek-chat"}, 5))
        self.assertEqual((channels["local"]["base_url"], channels["local"]["enabled"]), ("http://10.0.0.1:8000/v1", False))
        again = as_json(self.run_ok(daemon, "channel", "import", "-", "--json", stdin=json.dumps(NEWAPI)).stdout)["data"]
        self.assertEqual({r["action"] for r in again}, {"keep"})

    def test_one_api_is_taken_over(self) -> None:
        daemon = self.new_daemon()
        account = ACCOUNT.read_text(encoding="utf-8")  # of many lines
        export = json.loads(json.dumps(ONEAPI))
        for row in export["data"]:
            row["key"] = row["key"].replace("@ACCOUNT@", account)
        text = json.dumps(export)
        done = self.run_ok(daemon, "channel", "import", "-", "--json", stdin=text)
        self.assertIn("left out 'hunyuan'", done.stderr)
        self.assertIn("'deepseek' comes without a key", done.stderr)
        channels = self.channels(daemon)
        self.assertEqual({name: (row["type"], row["enabled"], len(row["key_hints"])) for name, row in channels.items()}, {
            "OpenAI": ("openai", True, 1), "azure-eu": ("azure", True, 1), "spark": ("spark", False, 1), "aws": ("bedrock", False, 1),
            "vertex": ("vertex", True, 1), "deepseek": ("deepseek", True, 0), "own": ("openai", True, 1)})
        self.assertEqual((channels["OpenAI"]["models"], channels["OpenAI"]["groups"], channels["OpenAI"]["priority"], channels["OpenAI"]["weight"]),
                         (["gpt-4o", "gpt-4o-mini"], ["default", "vip"], 10, 1))
        self.assertEqual((channels["azure-eu"]["aliases"], channels["azure-eu"]["weight"]), ({"gpt-4o": "deployed-4o"}, 3))
        self.assertEqual(channels["vertex"]["base_url"], "https://us-central1-aiplatform.googleapis.com")
        self.assertEqual(channels["own"]["base_url"], "http://10.0.0.1:8000/v1")
        again = as_json(self.run_ok(daemon, "channel", "import", "-", "--from", "oneapi", "--json", stdin=text).stdout)["data"]
        self.assertEqual({row["action"] for row in again}, {"keep"})

    def test_several_accounts_of_vertex_in_one_list_are_taken_over(self) -> None:
        daemon = self.new_daemon()
        account = json.loads(ACCOUNT.read_text(encoding="utf-8"))
        accounts = json.dumps([account, {**account, "client_email": "other@p-1.iam.gserviceaccount.com"}])
        rows = [{"type": 42, "key": key, "status": 1, "name": name, "models": "gemini-2.0-flash", "group": "default"}
                for name, key in (("list", accounts), ("placed", "us-central1|p-1|" + accounts))]
        self.run_ok(daemon, "channel", "import", "-", "--from", "oneapi", stdin=json.dumps({"data": rows}))
        channels = self.channels(daemon)
        self.assertEqual([len(channels[name]["key_hints"]) for name in ("list", "placed")], [2, 2])
        self.assertEqual([channels[name]["base_url"] for name in ("list", "placed")],
                         [None, "https://us-central1-aiplatform.googleapis.com"])

    def test_the_parts_of_a_spark_key_are_put_in_our_order(self) -> None:
        daemon = self.new_daemon()
        seen: list[Request] = []

        def answer(connection: Connection, asked: Request) -> None:
            seen.append(asked)
            connection.reply(200, b'{"code":0,"choices":[{"message":{"content":"x"},"finish_reason":"stop"}]}')
        upstream = self.new_upstream(answer=answer)
        row = {"type": 18, "key": "app|secret|key", "status": 1, "name": "spark", "models": "lite", "group": "default", "base_url": upstream.base_url}
        self.run_ok(daemon, "channel", "import", "-", stdin=json.dumps([row]))
        daemon.set_price("lite")
        daemon.post(daemon.add_token(), {"model": "lite", "messages": [{"role": "user", "content": "x"}]})
        self.assertEqual(seen[0].headers["authorization"], "Bearer key:secret")

    def test_litellm_is_taken_over(self) -> None:
        daemon = self.new_daemon()
        done = self.run_ok(daemon, "channel", "import", "-", stdin=LITELLM)
        self.assertIn("sagemaker", done.stderr)
        self.assertIn("SOME_KEY", done.stderr)
        channels = self.channels(daemon)
        self.assertEqual(set(channels), {"gpt-4o", "claude"})
        self.assertEqual(channels["gpt-4o"]["aliases"], {"gpt-4o": "gpt-4o-2024"})
        self.assertEqual(channels["claude"]["type"], "anthropic")
        self.assertEqual(len(channels["claude"]["key_hints"]), 1)
        self.assertEqual(self.obliv(daemon, "channel", "import", "-", stdin="a: [1\n").returncode, 2)


if __name__ == "__main__":
    unittest.main()
