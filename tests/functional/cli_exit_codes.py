"""Every exit code that obliv can return, and both forms of its errors, against a scripted server."""
import json
import signal
import subprocess
import unittest

from apiserver import Call, Handler
from clitest import OBLIV, WAIT, CliTest
from harness import until


class ExitCodes(CliTest):
    def test_0_done(self) -> None:
        self.server.on("GET /api/v1/whoami", 200, {"role": "admin", "via": "token", "token": None, "account": None})
        self.assertEqual(self.json("whoami")["role"], "admin")

    def test_1_failed(self) -> None:
        self.server.fail("GET /api/v1/whoami", 400, "invalid_request")
        self.fails(1, "whoami")

    def test_2_usage(self) -> None:
        for words in (["tokn"], ["token"], ["token", "lst"], ["token", "create"], ["token", "list", "--limitt", "3"],
                      ["token", "list", "--limit", "many"], ["token", "get", "a", "b"], ["token", "list", "--json=yes"],
                      ["token", "list", "--limit"], ["price", "set", "m", "--input", "1"], ["ask"], ["chat"],
                      ["channel", "add", "x"], ["usage", "report", "--by", "colour"], ["ask", "x", "--server", "ftp://h"],
                      ["account", "topup", "a", "-1"], ["token", "lis"],
                      ["ask", "x", "--server", "http://user:secret@h"], ["token", "list", "--format", "xml"]):
            with self.subTest(words):
                message = self.fails(2, *words)
                self.assertTrue(message.startswith("obliv: "), message)
                self.assertLessEqual(len(message.splitlines()), 3)
                self.assertNotIn("secret@", message)
        self.assertEqual(json.loads(self.fails(2, "version", "--jq", ".["))["error"]["code"], "usage")
        self.assertIn("did you mean `obliv token`?", self.fails(2, "tokn"))
        self.assertIn("did you mean '--limit'?", self.fails(2, "token", "list", "--limitt", "3"))

    def test_2_when_a_needed_answer_cannot_be_asked_for(self) -> None:
        self.assertIn("--yes", self.fails(2, "token", "revoke", "ci"))
        self.assertIn("--yes", self.fails(2, "token", "revoke", "ci", "--no-input"))
        self.assertEqual(self.server.calls, [])

    def test_3_config(self) -> None:
        self.write("home/.config/obliv/config.toml", "model = \"a\"\ncolour = \"auto\"\n")
        message = self.fails(3, "config", "list")
        self.assertIn("config.toml:2:1", message)
        self.assertIn("did you mean 'color'?", message)
        self.ok("version")
        self.ok("config", "path")

    def test_4_auth(self) -> None:
        self.server.fail("GET /api/v1/tokens", 401, "unauthenticated")
        self.assertIn("obliv login", self.fails(4, "token", "list"))
        self.server.fail("GET /api/v1/tokens", 403, "forbidden")
        self.fails(4, "token", "list")

    def test_5_not_found(self) -> None:
        self.fails(5, "token", "get", "nobody")
        self.fails(5, "config", "get", "model")
        self.fails(5, "man", "nothing")

    def test_6_conflict(self) -> None:
        self.server.fail("POST /api/v1/tokens", 409, "conflict")
        self.fails(6, "token", "create", "ci")
        existing = self.write("there", "old")
        self.fails(6, "version", "-o", existing)
        self.ok("version", "-o", existing, "--force")
        with open(existing, encoding="utf-8") as file:
            self.assertTrue(file.read().startswith("obliv "))

    def test_7_unavailable(self) -> None:
        self.fails(7, "whoami", env=self.environment(OBLIV_SERVER="http://127.0.0.1:1"))
        message = self.fails(7, "whoami", env=self.environment(OBLIV_SERVER=f"unix:{self.folder}/none.sock"))
        self.assertIn(f"cannot reach unix:{self.folder}/none.sock: No such file or directory\n", message)
        self.assertIn("is oblivd running", message)
        self.server.on("GET /v1/models", 200, {"data": [{"id": "m1"}]})
        self.server.chat("half", finish=None)
        done = self.obliv("ask", "hello")
        self.assertEqual((done.returncode, done.stdout), (7, "half\n"))
        self.assertIn("finish reason", done.stderr)

    def test_8_limited(self) -> None:
        self.server.on("GET /api/v1/whoami", 429, {"error": {"code": "rate_limited", "message": "slow"}},
                       {"retry-after": "3600"})
        error = json.loads(self.fails(8, "whoami", "--json"))["error"]
        self.assertEqual((error["code"], error["retry_after_ms"], error["retryable"]), ("limited.rate", 3600000, True))
        self.server.fail("GET /api/v1/whoami", 429, "quota_exhausted")
        error = json.loads(self.fails(8, "whoami", "--json"))["error"]
        self.assertEqual((error["code"], error["retryable"]), ("limited.quota", False))

    def test_9_timeout(self) -> None:
        self.server.routes["GET /api/v1/whoami"] = self.hang
        self.assertIn("--timeout", self.fails(9, "whoami", "--timeout", "200ms"))
        self.server.fail("GET /readyz", 503, "unavailable")
        self.fails(9, "doctor", "--wait", "500ms")

    def test_10_gate(self) -> None:
        self.server.on("POST /api/v1/ledger/verify", 200, {"ok": False, "accounts": 1, "charges": 2, "transfers": 3,
                                                           "usage_rows": 4, "problems": ["account 7 is off by 1"]})
        done = self.obliv("ledger", "verify", "--json")
        self.assertEqual(done.returncode, 10, done.stderr)
        self.assertFalse(json.loads(done.stdout)["ok"])
        self.server.on("POST /api/v1/channels/main/test", 200, {"ok": False, "error": "refused"})
        self.fails(10, "channel", "test", "main")
        self.fails(10, "doctor")

    def test_11_partial(self) -> None:
        self.server.on("POST /api/v1/tokens/a/revoke", 200, {"id": "1", "name": "a"})
        self.server.on("POST /api/v1/tokens/c/revoke", 200, {"id": "3", "name": "c"})
        done = self.obliv("token", "revoke", "a", "b", "c", "-y", "--json")
        self.assertEqual(done.returncode, 11, done.stderr)
        listed = json.loads(done.stdout)
        self.assertEqual(listed["schema"], "obliv.token.revoke.many/1")
        self.assertEqual([(row["item"], row["ok"]) for row in listed["data"]], [("a", True), ("b", False), ("c", True)])
        self.assertEqual((listed["data"][0]["result"]["id"], listed["data"][0]["error"]), ("1", None))
        self.assertEqual((listed["data"][1]["result"], listed["data"][1]["error"]["code"]), (None, "not_found"))
        error = json.loads(done.stderr.splitlines()[-1])["error"]
        self.assertEqual((error["code"], error["exit"], error["http_status"]), ("partial", 11, None))
        self.assertIn("1 of 3 failed: b: no such object", error["message"])
        # For people: what failed is named on stderr, also when only errors are wanted.
        message = self.fails(11, "token", "revoke", "a", "b", "c", "-yq")
        self.assertEqual(message, "obliv: 1 of 3 failed: b: no such object\n")

    def test_11_only_when_something_worked(self) -> None:
        self.fails(5, "token", "remove", "a", "b", "-y")
        self.server.on("DELETE /api/v1/tokens/a", 204, b"")
        self.server.on("DELETE /api/v1/tokens/b", 204, b"")
        self.assertEqual([row["ok"] for row in self.json("token", "remove", "a", "b", "-y")["data"]], [True, True])
        self.fails(2, "token", "remove", "-y")
        for noun in ("price", "provider", "budget"):
            self.server.on(f"DELETE /api/v1/{noun}s/1", 204, b"")
            done = self.obliv(noun, "remove", "1", "2", "-y")
            self.assertEqual(done.returncode, 11, done.stderr)
            self.assertEqual(done.stderr, f"removed {noun} 1\nobliv: 1 of 2 failed: 2: no such object\n")

    def test_11_keeps_the_list_of_what_failed_in_the_file(self) -> None:
        self.server.on("PATCH /api/v1/channels/a", 200, {"id": "1", "name": "a"})
        self.fails(11, "channel", "disable", "a", "b", "--json", "-o", str(self.folder / "out"))
        self.assertEqual(len(json.loads((self.folder / "out").read_text(encoding="utf-8"))["data"]), 2)

    def test_a_batch_ends_where_every_item_would_fail(self) -> None:
        self.server.fail("PATCH /api/v1/channels/a", 401, "unauthenticated")
        self.fails(4, "channel", "enable", "a", "b", "c")
        self.assertEqual([call.path for call in self.server.calls], ["/api/v1/channels/a"])

    def test_several_channels_are_tested_and_all_of_them(self) -> None:
        self.server.on("POST /api/v1/channels/a/test", 200, {"ok": True, "latency_ms": 12.5})
        self.server.on("POST /api/v1/channels/b/test", 200, {"ok": False, "error": "status 401"})
        self.server.on("POST /api/v1/channels/off/test", 200, {"ok": False})
        self.server.on("GET /api/v1/channels", 200, {"next_cursor": None, "data": [
            {"name": "a", "enabled": True}, {"name": "b", "enabled": True}, {"name": "off", "enabled": False}]})
        for words in (["a", "b"], ["--every"]):
            done = self.obliv("channel", "test", *words, "--json")
            self.assertEqual(done.returncode, 11, done.stderr)
            rows = json.loads(done.stdout)["data"]
            self.assertEqual([(row["item"], row["ok"]) for row in rows], [("a", True), ("b", False)])
            self.assertEqual((rows[0]["result"]["latency_ms"], rows[1]["error"]["code"]), (12.5, "gate"))
        self.fails(10, "channel", "test", "b", "off")
        self.fails(2, "channel", "test")
        self.fails(2, "channel", "test", "a", "--every")

    def test_an_import_goes_on_after_a_failure_and_an_apply_then_removes_nothing(self) -> None:
        self.server.on("GET /api/v1/channels", 200, {"next_cursor": None, "data": [{"name": "old", "enabled": True}]})
        added: list[str] = []

        def add(handler: Handler, call: Call) -> None:
            name = call.json["name"]
            added.append(name)
            if name == "bad":
                handler.reply(400, {"error": {"code": "invalid_request", "message": "no", "param": "models"}})
            else:
                handler.reply(201, {"id": "1", "name": name})
        self.server.routes["POST /api/v1/channels"] = add
        file = self.write("c.toml", "".join(f'[{name}]\ntype = "openai"\nmodels = ["m"]\n' for name in ("bad", "good")))
        done = self.obliv("channel", "apply", file, "-y", "--json")
        self.assertEqual((done.returncode, added), (11, ["bad", "good"]), done.stderr)
        rows = {row["channel"]: row for row in json.loads(done.stdout)["data"]}
        self.assertEqual({name: row["done"] for name, row in rows.items()}, {"bad": False, "good": True, "old": False})
        self.assertEqual(rows["bad"]["error"]["message"], "no")
        self.assertNotIn("DELETE", [call.method for call in self.server.calls])
        self.assertIn("2 of 3 failed: bad: no; old: not removed", done.stderr)

    def test_12_refused(self) -> None:
        self.server.chat("I", finish="content_filter")
        self.fails(12, "ask", "hello", "-m", "m1")

    def test_130_and_143_within_a_second_of_the_signal(self) -> None:
        self.server.routes["POST /v1/chat/completions"] = self.hang
        for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            process = self.start("ask", "hello", "-m", "m1")
            self.wait_for_calls(1)
            process.send_signal(number)
            # One second is the promise; the bound leaves room for a busy machine.
            self.assertEqual(process.wait(5), code)
            process.communicate()
            self.server.calls.clear()

    def test_nothing_is_done_whose_result_could_not_be_given(self) -> None:
        self.server.on("POST /api/v1/tokens", 201, {"id": "7", "name": "ci", "key": "sk-once"})
        existing = self.write("there", "old")
        for code, words in ((2, ["--jq", ".["]), (6, ["-o", existing]), (1, ["-o", "/nowhere/at/all"])):
            error = json.loads(self.fails(code, "token", "create", "ci", "--json", *words))["error"]
            self.assertEqual((error["http_status"], error["request_id"]), (None, None))
        self.assertEqual(self.server.calls, [])
        # A field is known to be missing only afterwards: then it is told what to do about the key.
        self.assertIn("token rotate 7", self.fails(2, "token", "create", "ci", "--fields", "nokey"))
        # What writes no result makes no file.
        self.server.on("DELETE /api/v1/tokens/ci", 204, b"")
        self.ok("token", "remove", "ci", "-y", "-o", str(self.folder / "none"))
        self.assertFalse((self.folder / "none").exists())

    def test_what_the_server_says_of_an_argument_is_a_usage_error(self) -> None:
        self.server.on("POST /api/v1/tokens", 400, {"error": {"code": "invalid_request", "message": "budget: not so",
                                                              "param": "budget"}})
        error = json.loads(self.fails(2, "token", "create", "ci", "--budget", "-5", "--json"))["error"]
        self.assertEqual((error["code"], error["http_status"], error["request_id"]), ("usage", 400, "req-test-1"))

    def test_an_empty_list_is_no_list_of_everything(self) -> None:
        for words in (["token", "create", "ci", "--models", ""], ["token", "set", "ci", "--models", ","],
                      ["channel", "add", "c", "--type", "openai", "--models", ""],
                      ["channel", "set", "c", "--group", ""]):
            self.assertIn("expected one or more", self.fails(2, *words))
        self.assertEqual(self.server.calls, [])

    def test_141_when_the_reader_has_gone(self) -> None:
        rows = [{"id": str(i), "name": "n" * 100} for i in range(5000)]
        self.server.on("GET /api/v1/tokens", 200, {"data": rows, "next_cursor": None})
        process = self.start("token", "list")
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        self.assertEqual(process.wait(WAIT), -signal.SIGPIPE)
        assert process.stderr is not None
        self.assertEqual(process.stderr.read(), b"")
        process.stderr.close()

    def test_the_error_form_of_json(self) -> None:
        error = json.loads(self.fails(5, "token", "get", "x", "--json"))["error"]
        self.assertEqual(list(error), ["code", "message", "hint", "retryable", "retry_after_ms", "http_status",
                                       "request_id", "exit"])
        self.assertEqual((error["code"], error["http_status"], error["request_id"], error["exit"]),
                         ("not_found", 404, "req-test-1", 5))
        self.assertEqual(json.loads(self.fails(2, "tokn", "--json"))["error"]["exit"], 2)

    def test_the_human_form_is_three_lines_without_escapes(self) -> None:
        self.server.on("GET /api/v1/whoami", 400, {"error": {"code": "conflict", "message": "a\x1b[31m\nb"}})
        message = self.fails(6, "whoami")
        self.assertNotIn("\x1b", message)
        self.assertEqual(len(message.splitlines()), 2)
        self.assertIn("  request: req-test-1", message)

    def test_after_503_it_is_tried_again_and_told_at_v(self) -> None:
        answers = [503, 200]
        self.server.routes["GET /api/v1/whoami"] = lambda h, _: h.reply(
            answers.pop(0), {"role": "relay", "via": "token"})
        done = self.obliv("whoami", "-v")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("try 2 of 4", done.stderr)

    def start(self, *words: str) -> "subprocess.Popen[bytes]":
        return subprocess.Popen([str(OBLIV), *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, env=self.environment(), cwd=self.folder)

    def wait_for_calls(self, count: int) -> None:
        until(lambda: len(self.server.calls) >= count, "the server was called")

    def hang(self, handler: Handler, _: Call) -> None:
        handler.connection.settimeout(WAIT)
        try:
            handler.rfile.read(1)  # until the client goes away
        except OSError:
            pass
        handler.close_connection = True


if __name__ == "__main__":
    unittest.main()
