"""What the commands send and print, in every form of output, and what they keep to themselves: against a scripted
server, with stdin or stdout closed, without a home, in the C locale, at 80 columns."""
import json
import os
import subprocess
import unittest

from clitest import OBLIV, WAIT, CliTest
from simulator import Sim

KEY = "sk-test-abcdefghijklmnopqrstuvwxyz"
TOKEN = {"id": "7", "name": "ci", "role": "relay", "group": "default", "models": ["m1", "m2"], "budget": "5.00",
         "spent": "0.25", "hint": "sk-…wxyz", "expires_at": None, "revoked_at": None}


class Management(CliTest):
    def last(self) -> tuple[str, str, object]:
        call = self.server.calls[-1]
        return call.method, call.path, json.loads(call.body) if call.body else None

    def test_token_create_in_the_form_that_scripts_hold_on_to(self) -> None:
        self.server.on("POST /api/v1/tokens", 201, {**TOKEN, "key": KEY})
        made = self.json("token", "create", "ci", "--budget", "5.00", "--expires", "30d", "--models", "m1,m2")
        self.assertEqual((made["schema"], made["id"], made["key"]), ("obliv.token.create/1", "7", KEY))
        method, path, body = self.last()
        assert isinstance(body, dict)
        self.assertRegex(body.pop("expires_at"), r"^\d{4}-\d\d-\d\dT.*Z$")
        self.assertEqual((method, path, body), ("POST", "/api/v1/tokens",
                                                {"name": "ci", "budget": "5.00", "models": ["m1", "m2"]}))

    def test_channel_add_in_the_form_that_scripts_hold_on_to(self) -> None:
        self.server.on("POST /api/v1/channels", 201, {"id": "3", "name": "main"})
        self.json("channel", "add", "main", "--type", "openai", "--base-url", "http://h/v1", "--key-stdin", "--models",
                  "a,b", "--map", "fast=a", "--map", "slow=b", "--group", "g", "--priority", "2", "--weight", "5",
                  stdin=KEY + "\n")
        self.assertEqual(self.last()[2], {"name": "main", "type": "openai", "base_url": "http://h/v1", "keys": [KEY],
                                          "models": ["a", "b"], "aliases": {"fast": "a", "slow": "b"}, "groups": ["g"],
                                          "priority": 2, "weight": 5})

    def test_the_other_changes(self) -> None:
        for words, expected in (
                (["token", "set", "ci", "--budget", "none", "--concurrent", "3"],
                 ("PATCH", "/api/v1/tokens/ci", {"budget": None, "concurrent_max": 3})),
                (["token", "rotate", "ci", "-y"], ("POST", "/api/v1/tokens/ci/rotate", None)),
                (["token", "revoke", "a/b", "-y"], ("POST", "/api/v1/tokens/a%2Fb/revoke", None)),
                (["token", "rm", "ci", "-y"], ("DELETE", "/api/v1/tokens/ci", None)),
                (["token", "restore", "ci"], ("POST", "/api/v1/tokens/ci/restore", None)),
                (["channel", "rm", "main", "-y"], ("DELETE", "/api/v1/channels/main", None)),
                (["budget", "rm", "3", "-y"], ("DELETE", "/api/v1/budgets/3", None)),
                (["channel", "disable", "main"], ("PATCH", "/api/v1/channels/main", {"enabled": False})),
                (["price", "set", "m", "--input", "2.50", "--output", "10"],
                 ("PUT", "/api/v1/prices/m", {"input": "2.50", "output": "10"})),
                (["account", "create", "t", "--kind", "credit", "--credit-limit", "5"],
                 ("POST", "/api/v1/accounts", {"name": "t", "kind": "credit", "credit_limit": "5"})),
                (["account", "adjust", "t", "-1.50", "--operation-id", "x"],
                 ("POST", "/api/v1/accounts/t/adjust", {"amount": "-1.50", "operation_id": "x"})),
                (["account", "topup", "t", "5", "--operation-id", "x", "--expires", "2031-01-02T03:04:05Z"],
                 ("POST", "/api/v1/accounts/t/topup",
                  {"amount": "5", "operation_id": "x", "expires_at": "2031-01-02T03:04:05.000Z"})),
                (["account", "transfer", "t", "other", "1.50", "--reason", "why", "--operation-id", "x"],
                 ("POST", "/api/v1/accounts/t/transfer",
                  {"to": "other", "amount": "1.50", "reason": "why", "operation_id": "x"}))):
            with self.subTest(words):
                method, path, _ = expected
                self.server.on(f"{method} {path}", 204 if method == "DELETE" else 200, b"" if method == "DELETE" else {})
                self.ok(*words)
                self.assertEqual(self.last(), expected)
        self.assertEqual([path.name for path in self.folder.iterdir()], ["home"])

    def test_a_top_up_has_an_operation_id_of_its_own(self) -> None:
        self.server.on("POST /api/v1/accounts/t/topup", 200, {"transfer": {"id": "1"}, "account": {"name": "t"}})
        ids = set()
        for _ in range(2):
            self.ok("account", "topup", "t", "5")
            ids.add(self.server.calls[-1].json["operation_id"])
        self.assertEqual(len(ids), 2)

    def test_a_dry_run_changes_nothing_and_fails_as_the_real_one_would(self) -> None:
        self.server.on("GET /api/v1/tokens/ci", 200, TOKEN)
        plan = self.json("token", "revoke", "ci", "--dry-run")
        self.assertEqual((plan["dry_run"], plan["method"], plan["path"]), (True, "POST", "/api/v1/tokens/ci/revoke"))
        self.fails(5, "token", "revoke", "nobody", "--dry-run")
        self.server.on("GET /api/v1/tokens/web", 200, TOKEN)
        plans = self.json("token", "revoke", "ci", "web", "--dry-run")["data"]
        self.assertEqual([row["result"]["path"] for row in plans], ["/api/v1/tokens/ci/revoke", "/api/v1/tokens/web/revoke"])
        self.fails(11, "token", "revoke", "ci", "nobody", "--dry-run")
        self.fails(6, "token", "create", "ci", "--dry-run")
        shown = self.ok("channel", "add", "c", "--type", "openai", "--models", "m", "--key-stdin", "--dry-run", stdin=KEY)
        self.assertNotIn(KEY, shown)
        self.assertEqual({call.method for call in self.server.calls}, {"GET"})

    def test_lists_in_every_form(self) -> None:
        self.server.on("GET /api/v1/tokens", 200, {"data": [TOKEN, {**TOKEN, "id": "8", "name": "a,\"b\"\tc"}],
                                                   "next_cursor": "c2"})
        page = self.json("token", "list")
        self.assertEqual(list(page), ["schema", "data", "next_cursor"])
        self.assertEqual((page["schema"], page["next_cursor"]), ("obliv.token.list/1", "c2"))
        plain = self.ok("token", "list").splitlines()
        self.assertEqual(plain[0].split("\t")[:3], ["ID", "NAME", "ROLE"])
        self.assertEqual(plain[1].split("\t")[:5], ["7", "ci", "relay", "default", "m1,m2"])
        self.assertEqual(self.ok("token", "list", "--format", "csv").splitlines()[2].split(",relay")[0], '8,"a,""b"" c"')
        events = [json.loads(line) for line in self.ok("token", "list", "--ndjson").splitlines()]
        self.assertEqual([next(iter(event)) for event in events], ["type"] * 3)
        self.assertEqual(([e["type"] for e in events], events[-1]["next_cursor"]), (["token", "token", "end"], "c2"))
        self.assertEqual(self.ok("token", "list", "--jq", ".data[].name"), 'ci\na,"b"\tc\n')
        fields = json.loads(self.ok("token", "list", "--fields", "id,name"))
        self.assertEqual(fields["data"][0], {"id": "7", "name": "ci"})
        self.assertIn("did you mean 'name'", self.fails(2, "token", "list", "--fields", "nam"))

    def test_a_table_fits_eighty_columns_and_shows_no_escape(self) -> None:
        self.server.on("GET /api/v1/tokens", 200, {"data": [{**TOKEN, "name": "x\x1b[2J" + "世界" * 60}], "next_cursor": None})
        table = self.ok("token", "list", "--format", "table", env=self.environment(COLUMNS="80"))
        self.assertNotIn("\x1b", table)
        self.assertIn("…", table)
        self.assertEqual(self.ok("token", "list", "--format", "table", "--color", "always",
                                 env=self.environment(NO_COLOR="1"))[:4], "\x1b[1m")
        for line in table.splitlines():
            self.assertLessEqual(sum(2 if ord(c) > 0x2E80 else 1 for c in line), 80)

    def test_queries_carry_their_filters(self) -> None:
        self.server.on("GET /api/v1/usage/report", 200, {"by": ["model"], "data": []})
        self.ok("usage", "report", "--by", "model,day", "--model", "a b", "--since", "2026-01-01")
        self.assertEqual(self.server.calls[-1].path,
                         "/api/v1/usage/report?since=2026-01-01T00%3A00%3A00.000Z&model=a%20b&by=model%2Cday")
        self.server.on("GET /api/v1/usage", 200, {"data": [{"request_id": "r2"}, {"request_id": "r1"}], "next_cursor": "x"})
        rows = self.json("usage", "tail", "--since", "-24h")["data"]
        self.assertEqual([row["request_id"] for row in rows], ["r1", "r2"])
        self.server.on("GET /api/v1/ledger/entries", 200, {"data": [], "next_cursor": None})
        self.assertEqual(self.json("ledger", "show", "--account", "t")["schema"], "obliv.ledger.show/1")

    def test_explain_api_doctor_and_models(self) -> None:
        self.server.on("GET /api/v1/channels/explain", 200, {
            "model": "m", "group": "default", "candidates": [{"channel": {"id": "1", "name": "main"}, "priority": 1}],
            "excluded": [{"channel": {"id": "2", "name": "old"}, "reason": "disabled"}]})
        self.assertIn("old", self.ok("channel", "explain", "m"))
        self.assertEqual(self.ok("api", "GET", "/api/v1/channels/explain?model=m", "--jq", ".model"), "m\n")
        self.server.fail("GET /api/v1/models", 403, "forbidden")
        self.server.on("GET /v1/models", 200, {"data": [{"id": "m1"}, {"id": "m2"}]})
        self.assertEqual(self.ok("model", "list", "--jq", ".data[].id"), "m1\nm2\n")
        self.assertEqual(self.ok("model", "list", "--server", self.server.url + "/v1", "--jq", ".data[0].id"), "m1\n")
        for path in ("/healthz", "/readyz"):
            self.server.on("GET " + path, 200, {})
        self.server.on("GET /api/v1/whoami", 200, {"role": "relay", "via": "token"})
        checks = self.json("doctor", "--wait", "10s")["data"]
        self.assertTrue(all(check["ok"] for check in checks), checks)


class Ask(CliTest):
    def test_text_files_and_stdin_in_this_order(self) -> None:
        self.server.chat("Grüße, ", "世界")
        file = self.write("notes", "from the file\n")
        answer = self.ok("ask", "first", "words", "-f", file, "-m", "m1", "-S", "be brief", "--max-tokens", "1k",
                         "--temperature", "0.5", stdin="from stdin\n")
        self.assertEqual(answer, "Grüße, 世界\n")
        body = self.server.calls[-1].json
        self.assertEqual([m["content"] for m in body["messages"]],
                         ["be brief", "first words\n\nfrom the file\n\nfrom stdin"])
        self.assertEqual((body["model"], body["max_tokens"], body["temperature"], body["stream"]), ("m1", 1000, 0.5, True))

    def test_the_only_model_is_taken_and_two_are_a_question(self) -> None:
        self.server.chat("x")
        self.server.on("GET /v1/models", 200, {"data": [{"id": "only"}]})
        self.ok("ask", "hello")
        self.assertEqual(self.server.calls[-1].json["model"], "only")
        self.server.on("GET /v1/models", 200, {"data": [{"id": "a"}, {"id": "b"}]})
        self.assertIn("a, b", self.fails(2, "ask", "hello"))
        self.ok("ask", "hello", env=self.environment(OBLIV_MODEL="b"))
        self.assertEqual(self.server.calls[-1].json["model"], "b")

    def test_json_events_and_usage(self) -> None:
        self.server.chat("one ", "two")
        reply = self.json("ask", "x", "-m", "m1")
        self.assertEqual((reply["schema"], reply["text"], reply["finish_reason"], reply["model"]),
                         ("obliv.ask/1", "one two", "stop", "m1-served"))
        self.assertEqual(reply["usage"], {"input": 8, "cache_read": 3, "output": 5, "reasoning": 2})
        events = [json.loads(line) for line in self.ok("ask", "x", "-m", "m1", "--ndjson").splitlines()]
        self.assertEqual([e["type"] for e in events], ["start", "text", "text", "usage", "end"])
        self.assertEqual(events[-1]["finish_reason"], "stop")
        self.server.on("GET /api/v1/calls/req-test-1", 200, {"cost": "0.0012"})
        told = self.obliv("ask", "x", "-m", "m1", "--usage")
        self.assertIn("11 in (3 cached), 7 out (2 reasoning) tokens, 0.0012 USD", told.stderr)
        # The row may be written a moment after the end of the reply.
        answers = [(404, {"error": {"code": "not_found", "message": "not yet"}}), (200, {"cost": "0.5"})]
        self.server.routes["GET /api/v1/calls/req-test-1"] = lambda handler, _: handler.reply(*answers.pop(0))
        self.assertIn("tokens, 0.5 USD", self.obliv("ask", "x", "-m", "m1", "--usage").stderr)

    def test_a_provider_is_asked_for_a_bill_once_at_most(self) -> None:
        self.server.chat("fine")
        bill = "/api/v1/calls/req-test-1"
        for status, body in ((404, {"type": "error", "error": {"type": "not_found_error", "message": "no"}, "request_id": "req_1"}),
                             (404, {"error": {"message": "Invalid URL", "type": "invalid_request_error", "param": None, "code": None}}),
                             (404, {"error": {"code": 404, "message": "no", "status": "NOT_FOUND"}}), (404, {"detail": "Not Found"}),
                             (404, b"<html>"), (404, []), (200, b"<html>"), (403, {"error": "no"})):
            with self.subTest(body):
                self.server.on("GET " + bill, status, body)
                self.server.calls.clear()
                told = self.obliv("ask", "x", "-m", "m1", "--usage")
                self.assertEqual((told.returncode, told.stdout), (0, "fine\n"), told.stderr)
                self.assertIn("7 out (2 reasoning) tokens\n", told.stderr)
                self.assertEqual([call.path for call in self.server.calls].count(bill), 1)

    def test_the_last_event_of_a_failure_is_the_error(self) -> None:
        self.server.chat("half", finish=None)
        done = self.obliv("ask", "x", "-m", "m1", "--ndjson")
        events = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual((done.returncode, [e["type"] for e in events][-1], events[-1]["error"]["exit"]), (7, "error", 7))

    def test_straight_to_a_server_with_and_without_v1(self) -> None:
        self.server.chat("fine")
        for base in (self.server.url, self.server.url + "/v1", self.server.url + "/v1/"):
            self.assertEqual(self.ok("ask", "x", "-m", "m1", "--server", base), "fine\n")

    def test_a_plain_document_instead_of_a_stream_is_understood(self) -> None:
        self.server.on("POST /v1/chat/completions", 200, {"model": "m", "choices": [
            {"index": 0, "message": {"content": "whole"}, "finish_reason": "stop"}]})
        self.assertEqual(self.ok("ask", "x", "-m", "m1"), "whole\n")

    def test_reasoning_goes_to_stderr(self) -> None:
        def run(handler, _) -> None:  # type: ignore[no-untyped-def]
            handler.start_stream()
            handler.event({"choices": [{"index": 0, "delta": {"reasoning_content": "hmm"}}]})
            handler.event({"choices": [{"index": 0, "delta": {"content": "yes"}, "finish_reason": "stop"}]})
            handler.event("[DONE]")
        self.server.routes["POST /v1/chat/completions"] = run
        done = self.obliv("ask", "x", "-m", "m1")
        self.assertEqual(done.stdout, "yes\n")
        self.assertIn("hmm", done.stderr)

    def test_odd_prompts(self) -> None:
        self.server.chat("x")
        for prompt in ("[brackets]", "token", "--", "-5", "list"):
            self.ok("ask", "-m", "m1", "--", prompt)
            self.assertEqual(self.server.calls[-1].json["messages"][0]["content"], prompt)
        self.ok("ask", "[a,b]", "token", "list", "-m", "m1")
        self.assertEqual(self.server.calls[-1].json["messages"][0]["content"], "[a,b] token list")
        (self.folder / "binary").write_bytes(b"\xff\xfe")
        self.fails(2, "ask", "-m", "m1", "-f", "binary")
        self.fails(2, "ask", "-m", "m1", "-f", "nowhere")


class Forms(CliTest):
    """`ask` in the forms of other providers: against the simulator for what comes, a scripted server for what is sent."""

    def test_each_form_is_spoken_with_a_server_of_its_kind(self) -> None:
        sim = Sim(self.folder)
        self.addCleanup(sim.stop)
        for api, base in (("anthropic", ""), ("anthropic", "/v1"), ("gemini", ""), ("gemini", "/v1beta")):
            with self.subTest(api + base):
                server = ["--api", api, "--server", f"http://127.0.0.1:{sim.port}{base}", "-m", "m1"]
                reply = self.json("ask", "[[sim:echo]] one two", "-S", "be brief", *server)
                self.assertIn("one two", reply["text"])
                self.assertEqual((reply["finish_reason"], reply["model"]), ("stop", "m1"))
                self.assertGreater(reply["usage"]["input"], 0)
                self.assertGreater(reply["usage"]["output"], 0)
                self.assertEqual(self.json("ask", "x", "--max-tokens", "3", *server)["finish_reason"], "length")
                self.assertIn("broke off", self.fails(7, "ask", "[[sim:fault=cut]] x", *server))
                self.assertIn("simulated", self.fails(7, "ask", "[[sim:fault=500]] x", *server))

    def test_the_key_and_the_prompt_go_as_the_form_wants_them(self) -> None:
        for api, path, header in (("anthropic", "/v1/messages", "x-api-key"),
                                  ("gemini", "/v1beta/models/m%2F1:streamGenerateContent", "x-goog-api-key")):
            with self.subTest(api):
                self.server.fail("POST " + path, 401, "unauthenticated")
                done = self.obliv("ask", "hello", "-S", "be brief", "-m", "m/1", "--api", api, "--max-tokens", "9",
                                  "--temperature", "0.5", "-vv", env=self.environment(OBLIV_TOKEN=KEY))
                self.assertEqual(done.returncode, 4, done.stderr)
                self.assertNotIn(KEY, done.stderr)
                sent = self.server.calls[-1]
                self.assertEqual((sent.headers[header], "authorization" in sent.headers), (KEY, False))
                body = sent.json
                if api == "anthropic":
                    self.assertEqual(sent.headers["anthropic-version"], "2023-06-01")
                    self.assertEqual((body["model"], body["stream"], body["max_tokens"], body["temperature"]),
                                     ("m/1", True, 9, 0.5))
                    self.assertIn("be brief", json.dumps(body["system"]))
                else:
                    self.assertTrue(sent.path.endswith("?alt=sse"))
                    self.assertEqual((body["generationConfig"]["maxOutputTokens"], body["generationConfig"]["temperature"]),
                                     (9, 0.5))
                    self.assertIn("be brief", json.dumps(body["systemInstruction"]))
        self.assertIn("-m MODEL", self.fails(2, "ask", "x", "--api", "gemini"))
        self.fails(2, "ask", "x", "-m", "m", "--api", "smoke-signals")

    def test_a_profile_may_have_a_form(self) -> None:
        self.ok("config", "set", "profile.claude.api", "anthropic")
        self.server.fail("POST /v1/messages", 403, "forbidden")
        self.fails(4, "ask", "x", "-m", "m", "--profile", "claude")
        self.assertEqual(self.server.calls[-1].path, "/v1/messages")


class Surroundings(CliTest):
    def run_with(self, closed: str, *words: str, env: dict[str, str] | None = None) -> "subprocess.CompletedProcess[bytes]":
        return subprocess.run(["sh", "-c", f'exec "$@" {closed}', "sh", str(OBLIV), *words], capture_output=True,
                              stdin=subprocess.DEVNULL, env=env or self.environment(), timeout=WAIT, check=False)

    def test_stdin_closed(self) -> None:
        self.server.chat("fine")
        self.assertEqual(self.run_with("<&-", "ask", "x", "-m", "m1").stdout, b"fine\n")
        self.assertEqual(self.run_with("<&-", "chat").returncode, 2)

    def test_stdout_closed(self) -> None:
        done = self.run_with(">&-", "version")
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"cannot write the result", done.stderr)

    def test_stderr_closed(self) -> None:
        self.assertEqual(self.run_with("2>&-", "tokn").returncode, 2)

    def test_without_a_home(self) -> None:
        env = self.environment()
        del env["HOME"]
        self.server.chat("fine")
        self.assertEqual(self.ok("ask", "x", "-m", "m1", env=env), "fine\n")
        self.ok("config", "list", env=env)
        self.assertIn("HOME is not set", self.fails(3, "config", "set", "model", "m", env=env))

    def test_no_secret_at_vv(self) -> None:
        self.server.on("GET /api/v1/whoami", 200, {"role": "admin", "via": "token"}, {"set-cookie": "session=" + KEY})
        done = self.obliv("whoami", "-vv", env=self.environment(OBLIV_TOKEN=KEY))
        self.assertEqual(self.server.calls[-1].headers["authorization"], "Bearer " + KEY)
        self.assertIn("> Authorization: ***", done.stderr)
        self.assertNotIn(KEY, done.stdout + done.stderr)
        self.server.on("POST /api/v1/channels", 201, {"id": "3", "name": "main"})
        done = self.obliv("channel", "add", "main", "--type", "openai", "--models", "m", "--key-stdin", "-vv", stdin=KEY)
        self.assertNotIn(KEY, done.stdout + done.stderr)

    def test_login_keeps_a_token_for_this_server_alone(self) -> None:
        self.server.on("GET /api/v1/whoami", 200, {"role": "relay", "via": "token", "token": {"name": "ci"}})
        self.ok("login", stdin=KEY + "\n")
        stored = self.home / ".local/state/obliv/credentials"
        self.assertEqual(os.stat(stored).st_mode & 0o777, 0o600)
        self.ok("whoami")
        self.assertEqual(self.server.calls[-1].headers["authorization"], "Bearer " + KEY)
        self.ok("whoami", "--server", self.server.url.replace("127.0.0.1", "localhost"))
        self.assertNotIn("authorization", self.server.calls[-1].headers)
        stored.chmod(0o644)
        self.assertIn("chmod 600", self.fails(3, "whoami"))
        stored.chmod(0o600)
        self.ok("logout")
        self.ok("whoami")
        self.assertNotIn("authorization", self.server.calls[-1].headers)

    def test_a_refused_token_is_not_kept(self) -> None:
        self.server.fail("GET /api/v1/whoami", 401, "unauthenticated")
        self.fails(4, "login", stdin=KEY)
        self.assertFalse((self.home / ".local/state/obliv/credentials").exists())

    def test_where_keys_come_from(self) -> None:
        self.server.on("GET /api/v1/whoami", 200, {"role": "relay"})
        loose = self.write("loose", KEY, 0o644)
        self.assertIn("chmod 600", self.fails(3, "whoami", "--key-file", loose))
        self.ok("whoami", "--key-file", self.write("tight", KEY + "\n"))
        self.assertEqual(self.server.calls[-1].headers["authorization"], "Bearer " + KEY)
        self.ok("whoami", "--key-stdin", stdin="from-stdin")
        self.assertEqual(self.server.calls[-1].headers["authorization"], "Bearer from-stdin")
        self.write("home/.config/obliv/config.toml", 'key_command = ["printf", "%s", "from-command"]\n')
        self.ok("whoami", env=self.environment(OBLIV_TOKEN=KEY))
        self.assertEqual(self.server.calls[-1].headers["authorization"], "Bearer from-command")
        self.fails(2, "whoami", "--key-stdin", stdin="two words")


if __name__ == "__main__":
    unittest.main()
