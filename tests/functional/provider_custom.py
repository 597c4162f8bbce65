"""A provider that is described in a file serves calls at once: added, used, changed under a running daemon and removed."""
from __future__ import annotations

import unittest

from harness import FunctionalTest, as_json, ask

DESCRIBED = """
name = "acme"
base_url = "BASE"
[auth]
header = "x-acme-key"
prefix = ""
[headers]
x-acme-version = "7"
[paths]
chat = "/chat"
"""


class ProviderCustom(FunctionalTest):
    def test_a_described_provider_is_added_used_changed_and_removed(self) -> None:
        upstream = self.new_upstream()
        daemon = self.new_daemon()
        path = self.folder / "acme.toml"
        path.write_text(DESCRIBED.replace("BASE", upstream.base_url), encoding="utf-8")
        for step, code in ((("provider", "add", str(path), "--dry-run"), 0), (("provider", "show", "acme"), 4),
                           (("provider", "add", str(path)), 0), (("provider", "add", str(path)), 5)):
            done = self.obliv(daemon, *step)
            self.assertEqual(done.returncode == 0, code == 0, f"{step}: {done.stderr}")
        daemon.api("POST", "/channels", {"name": "c", "type": "acme", "keys": ["sk-acme-000000001"], "models": ["m1"]})
        key = daemon.add_token()
        daemon.set_price()
        self.assertEqual(daemon.post(key, ask()).status, 200)
        request = upstream.requests[-1]
        self.assertEqual(request.path, "/v1/chat")
        self.assertEqual((request.headers["x-acme-key"], request.headers["x-acme-version"]), ("sk-acme-000000001", "7"))
        self.assertNotIn("authorization", request.headers)

        path.write_text(path.read_text().replace('"/chat"', '"/talk"'), encoding="utf-8")
        self.assertEqual(self.obliv(daemon, "provider", "set", "acme", str(path)).returncode, 0)
        self.assertEqual(daemon.post(key, ask()).status, 200)
        self.assertEqual(upstream.requests[-1].path, "/v1/talk")
        shown = as_json(self.obliv(daemon, "provider", "show", "acme", "--json").stdout)
        self.assertEqual((shown["version"], shown["custom"]), ("2", True))
        self.assertEqual(self.obliv(daemon, "provider", "show", "acme", "--description").stdout.strip(), path.read_text().strip())

        self.assertNotEqual(self.obliv(daemon, "provider", "remove", "acme", "-y").returncode, 0, "it is in use")
        daemon.api("DELETE", "/channels/c")
        self.assertEqual(self.obliv(daemon, "provider", "remove", "acme", "-y").returncode, 0)
        self.assert_books(daemon)

    def test_a_description_outlives_a_restart(self) -> None:
        upstream = self.new_upstream()
        daemon = self.new_daemon()
        daemon.api("POST", "/providers", {"description": DESCRIBED.replace("BASE", upstream.base_url)})
        daemon.api("POST", "/channels", {"name": "c", "type": "acme", "keys": ["sk-acme-000000001"], "models": ["m1"]})
        key = daemon.add_token()
        daemon.stop()
        daemon.start()
        self.assertEqual(daemon.post(key, ask()).status, 200)

    def test_every_type_is_listed_with_what_it_does(self) -> None:
        daemon = self.new_daemon()
        rows = {row["type"]: row for row in as_json(self.obliv(daemon, "provider", "list", "--json").stdout)["data"]}
        chats = ("openai", "azure", "anthropic", "gemini", "vertex", "bedrock", "cohere", "mistral", "deepseek", "moonshot",
                 "minimax", "zhipu", "qwen", "qianfan", "spark", "groq", "xai", "openrouter", "together", "perplexity",
                 "cerebras", "huggingface", "ollama", "vllm", "llamacpp", "custom")
        self.assertEqual(set(rows), {*chats, "voyage", "deepgram"})
        for name in chats:
            self.assertIn("chat", rows[name]["operations"], name)
            self.assertTrue(rows[name]["formats"], name)
        for name, row in rows.items():
            self.assertTrue(row["version"], name)
            self.assertTrue(row["operations"], name)
            self.assertIn("json_schema", row["abilities"], name)
        self.assertIn("embeddings", rows["voyage"]["operations"])
        over_http = {row["type"]: row for row in daemon.api("GET", "/providers")["data"]}
        self.assertEqual(over_http, rows)
        self.assertEqual(rows["cohere"]["formats"], ["cohere"])


if __name__ == "__main__":
    unittest.main()
