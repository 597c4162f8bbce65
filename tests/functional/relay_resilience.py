"""No failure a caller need see: at random, of keys, of whole channels, before the first word.

Faults come from `obliv sim` or a scripted provider; every wait is for a state, and bounded.
"""
from __future__ import annotations

import json
import subprocess
import threading
import time
import unittest
from typing import Any

import formats
import upstream as provider
from client import request
from harness import BIN, FunctionalTest, Daemon, ask, environment, until
from upstream import delta, event_bytes

QUICK = '[upstream]\nretry_pause_first = "20ms"\nretry_pause_last = "50ms"\n'
RESPONSE = {"id": "resp_up", "object": "response", "status": "completed", "model": "o3-mini", "output": [
    {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed",
     "content": [{"type": "output_text", "text": "Hello.", "annotations": []}]}], "usage": {"input_tokens": 3, "output_tokens": 2, "total_tokens": 5}}


class Resilience(FunctionalTest):
    def sim(self, *arguments: str) -> tuple[subprocess.Popen[str], str]:
        """A simulated provider that answers at once, and where it is."""
        process = subprocess.Popen([str(BIN / "obliv"), "sim", "--listen", "127.0.0.1:0", "--threads", "1",
                                    "--ttft", "1ms", "--itl", "0ms", "--output-tokens", "5", *arguments],
                                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                                   env=environment(self.folder / "home"))

        def end() -> None:
            process.kill()
            process.wait()
            if process.stdout:
                process.stdout.close()
        self.addCleanup(end)
        assert process.stdout is not None
        return process, process.stdout.readline().strip()

    def load(self, daemon: Daemon, key: str, seconds: float = 0, calls: int = 0, threads: int = 8,
             stream: bool = False) -> list[tuple[int, float]]:
        """Statuses of many calls, with how long each took."""
        results: list[tuple[int, float]] = []
        lock = threading.Lock()
        end = time.monotonic() + seconds
        left = [calls]

        def go_on() -> bool:
            if not calls:
                return time.monotonic() < end
            with lock:
                left[0] -= 1
                return left[0] >= 0

        def work() -> None:
            while go_on():
                begun = time.monotonic()
                reply = daemon.post(key, ask(stream=stream))
                whole = reply.status == 200 and (not stream or b"[DONE]" in reply.body)
                with lock:
                    results.append((200 if whole else reply.status or 599, time.monotonic() - begun))
        workers = [threading.Thread(target=work) for _ in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        return results

    def states(self, daemon: Daemon) -> dict[str, str]:
        return {c["name"]: c["health"]["state"] for c in daemon.api("GET", "/channels")["data"]}

    def test_one_reply_in_twenty_fails_and_nearly_nobody_sees_it(self) -> None:
        _, url = self.sim("--fault", "500=0.03", "--fault", "503=0.02", "--seed", "11")
        daemon = self.new_daemon(QUICK)
        for name in ("a", "b"):
            daemon.add_channel(url, name)
        key = daemon.add_token()
        served = 0
        for stream in (False, True):
            results = self.load(daemon, key, calls=2000, stream=stream)
            good = sum(status == 200 for status, _ in results)
            self.assertGreaterEqual(good / len(results), 0.999)
            served += good
        self.assertEqual(set(self.states(daemon).values()), {"up"})

        def attempts(cause: str) -> int:
            return sum(row["attempts"] for row in daemon.api("GET", "/usage/attempts")["data"] if row["cause"] == cause)

        until(lambda: attempts("ok") >= served, "every call's record")
        self.assertGreater(attempts("server_error"), 100)
        self.assert_books(daemon)

    def test_one_failure_in_twenty_of_the_only_channel_is_made_good_by_repeats(self) -> None:
        _, url = self.sim("--fault", "500=0.05", "--seed", "12")
        daemon = self.new_daemon(QUICK)
        daemon.add_channel(url, "only")
        results = self.load(daemon, daemon.add_token(), calls=2000)
        self.assertGreaterEqual(sum(status == 200 for status, _ in results) / len(results), 0.999)

    def test_one_of_three_channels_dies_under_load(self) -> None:
        sims = [self.sim() for _ in range(3)]
        daemon = self.new_daemon(QUICK)
        for name, (_, url) in zip("abc", sims):
            daemon.add_channel(url, name)
        key = daemon.add_token()
        results: list[tuple[int, float]] = []
        caller = threading.Thread(target=lambda: results.extend(self.load(daemon, key, seconds=4)))
        caller.start()
        until(lambda: daemon.api("GET", "/channels/b")["health"]["requests"] > 50, "calls to b")
        sims[1][0].kill()
        until(lambda: self.states(daemon)["b"] in ("open", "half_open"), "b is passed over")
        caller.join()
        self.assertGreater(len(results), 200)
        self.assertGreaterEqual(sum(status == 200 for status, _ in results) / len(results), 0.999)
        self.assertLess(max(took for _, took in results), 10)
        kinds = [e["kind"] for e in daemon.api("GET", "/channels/b/history")["data"]]
        self.assertIn("opened", kinds)
        shown = self.obliv(daemon, "channel", "history", "b")
        self.assertIn("opened", shown.stdout, shown.stderr)
        stats = self.obliv(daemon, "channel", "list", "--stats")
        self.assertIn("AVAILABLE", stats.stdout, stats.stderr)
        self.assert_books(daemon)

    def test_a_stream_that_fails_before_its_first_word_is_failed_over_invisibly(self) -> None:
        def role_then_end(connection: provider.Connection, _: provider.Request) -> None:
            connection.start_stream()
            connection.chunk(b": ping\n\n" + event_bytes({**delta(""), "whose": "the bad one"}))
            connection.cut()

        def role_then_error(connection: provider.Connection, _: provider.Request) -> None:
            connection.start_stream()
            connection.event(delta(""))
            connection.event({"error": {"message": "overloaded", "type": "server_error"}})
            connection.end_stream()
        bad, good = self.new_upstream(), self.new_upstream()
        daemon = self.new_daemon()
        daemon.add_channel(bad, "bad", priority=1)
        daemon.add_channel(good, "good")
        key = daemon.add_token()
        for answer in (role_then_end, role_then_error):
            bad.answer = answer
            reply = daemon.post(key, ask(stream=True))
            self.assertEqual(reply.status, 200)
            self.assertNotIn(b"bad one", reply.body)
            self.assertNotIn(b"overloaded", reply.body)
            self.assertIn(b"Hel", reply.body)
            self.assertTrue(reply.body.endswith(b"data: [DONE]\n\n"))
            self.assertEqual(daemon.call(reply.request_id)["attempts"], 2)

    def test_what_was_held_back_comes_first_and_whole(self) -> None:
        parts = [b": hello\n\n", event_bytes(delta("")), event_bytes(delta("Hel")), event_bytes(delta("lo")),
                 event_bytes(delta(finish="stop")), b"data: [DONE]\n\n"]
        for joined in (False, True):
            def answer(connection: provider.Connection, _: provider.Request, whole: bool = joined) -> None:
                connection.start_stream()
                for part in [b"".join(parts)] if whole else parts:
                    connection.chunk(part)
                    connection.sock.settimeout(None)
                connection.end_stream()
            upstream = self.new_upstream(answer=answer)
            daemon = self.new_daemon(name=f"held-{joined}")
            daemon.add_channel(upstream)
            reply = daemon.post(daemon.add_token(), ask(stream=True, stream_options={"include_usage": True}))
            self.assertEqual(reply.body, b"".join(parts))

    def test_a_key_that_fails_gives_way_to_another_and_rests(self) -> None:
        def answer(connection: provider.Connection, asked: provider.Request) -> None:
            if asked.headers["authorization"].endswith("bad"):
                provider.error(401, "no such key")(connection, asked)
            else:
                provider.chat()(connection, asked)
        upstream = self.new_upstream(answer=answer)
        daemon = self.new_daemon()
        daemon.add_channel(upstream, keys=["sk-upstream-key-0001-bad", "sk-upstream-key-0002-good"],
                           key_policy="round_robin")
        token = daemon.add_token()
        for _ in range(6):
            self.assertEqual(daemon.post(token, ask()).status, 200)
        used = [r.headers["authorization"].rsplit("-", 1)[1] for r in upstream.requests]
        self.assertEqual(used.count("bad"), 1)
        keys = daemon.api("GET", "/channels/main")["keys"]
        self.assertEqual([k["state"] for k in keys], ["refused", "up"])
        self.assertNotIn("sk-upstream-key-0001-bad", json.dumps(daemon.api("GET", "/channels/main")))
        until(lambda: [e["kind"] for e in daemon.api("GET", "/channels/main/history")["data"]] == ["key_rests"], "the event")
        # A test that goes well wakes it.
        upstream.answer = provider.chat()
        self.assertTrue(daemon.api("POST", "/channels/main/test", {})["ok"])
        self.assertEqual([k["state"] for k in daemon.api("GET", "/channels/main")["keys"]], ["up", "up"])

    def test_a_channel_whose_keys_all_rest_is_unavailable(self) -> None:
        upstream = self.new_upstream(answer=provider.error(403))
        daemon = self.new_daemon()
        daemon.add_channel(upstream, keys=["sk-upstream-key-0001", "sk-upstream-key-0002"])
        token = daemon.add_token()
        self.assertEqual(daemon.post(token, ask()).status, 502)
        self.assertEqual(len(upstream.requests), 2)
        reply = daemon.post(token, ask())
        self.assert_openai_error(reply, 503)
        self.assertIn(b"keys are resting", reply.body)
        self.assertEqual(len(upstream.requests), 2)
        self.assertEqual(self.states(daemon), {"main": "resting"})

    def test_keys_are_added_listed_and_removed(self) -> None:
        daemon = self.new_daemon()
        daemon.add_channel(self.new_upstream())
        added = self.obliv(daemon, "channel", "key", "add", "main", "--key-stdin",
                           stdin="".join(f"sk-another-key-{n:04}\n" for n in range(120)))
        self.assertEqual(added.returncode, 0, added.stderr)
        again = self.obliv(daemon, "channel", "key", "add", "main", "--key-stdin", stdin="sk-another-key-0003\n")
        self.assertEqual(again.returncode, 6, again.stderr)
        listed = json.loads(self.obliv(daemon, "channel", "key", "list", "main", "--json").stdout)["data"]
        self.assertEqual(len(listed), 121)
        self.assertNotIn("another-key", json.dumps(listed))
        removed = self.obliv(daemon, "channel", "key", "remove", "main", listed[5]["id"], "-y")
        self.assertEqual(removed.returncode, 0, removed.stderr)
        self.assertEqual(len(daemon.api("GET", "/channels/main")["keys"]), 120)
        self.assertEqual(self.obliv(daemon, "channel", "key", "remove", "main", "none", "-y").returncode, 5)
        several = self.obliv(daemon, "channel", "key", "remove", "main", listed[6]["id"], "none", listed[7]["id"], "-y", "--json")
        self.assertEqual(several.returncode, 11, several.stderr)
        self.assertEqual([row["ok"] for row in json.loads(several.stdout)["data"]], [True, False, True])
        self.assertEqual(len(daemon.api("GET", "/channels/main")["keys"]), 118)

    def test_a_dead_idle_channel_is_found_and_comes_back(self) -> None:
        upstream = self.new_upstream(answer=lambda connection, _: connection.reply(500, b"{}"))
        daemon = self.new_daemon('[health]\ncheck_interval = "200ms"\ncheck_retry = "20ms"\n'
                                 'recheck_interval = "100ms"\ncheck_timeout = "2s"\n')
        daemon.add_channel(upstream)
        daemon.add_channel(upstream, "off", enabled=False)
        daemon.add_channel(upstream, "unchecked", check="none")
        until(lambda: self.states(daemon)["main"] == "down", "the channel is down")
        self.assertEqual({r.path for r in upstream.requests}, {"/v1/models"})
        metrics = request(daemon.port, "GET", "/metrics").body.decode()
        self.assertIn('oblivd_channel_up{channel="main"} 0', metrics)
        upstream.answer = lambda connection, _: connection.reply(200, b'{"data":[]}')
        until(lambda: self.states(daemon)["main"] in ("recovering", "up"), "the channel is used again")
        kinds = [e["kind"] for e in daemon.api("GET", "/channels/main/history")["data"]]
        until(lambda: len(daemon.api("GET", "/channels/main/history")["data"]) >= 2, "both events")
        self.assertLessEqual({"disabled"}, set(kinds))
        self.assertEqual(self.states(daemon)["off"], "disabled")
        self.assertEqual(self.states(daemon)["unchecked"], "up")

    def test_settings_of_a_channel_come_back_and_are_checked(self) -> None:
        daemon = self.new_daemon()
        upstream = self.new_upstream()
        made = self.obliv(daemon, "channel", "add", "full", "--type", "openai", "--base-url", upstream.base_url,
                          "--models", "m1", "--key-policy", "random", "--key-rpm", "60", "--rpm", "600", "--concurrent",
                          "9", "--cost-factor", "0.5", "--check", "chat", "--offer", "*=stream,tools,context:8192",
                          "--header", "x-team=blue", "--parameters", '{"temperature":0}', "--map-status", "529=503",
                          "--system-prompt", "Be kind.\nBe brief.", "--system-prompt-place", "replace", "--json")
        self.assertEqual(made.returncode, 0, made.stderr)
        channel = json.loads(made.stdout)
        self.assertEqual((channel["key_policy"], channel["key_requests_per_minute"], channel["requests_per_minute"],
                          channel["concurrent_max"], channel["cost_factor"], channel["check"]),
                         ("random", 60, 600, 9, "0.5", "chat"))
        self.assertEqual(channel["offers"], [{"models": "*", "abilities": ["stream", "tools"], "context_tokens": 8192}])
        self.assertEqual((channel["headers"], channel["parameters"], channel["status_map"]),
                         ({"x-team": "blue"}, {"temperature": 0}, {"529": "503"}))
        self.assertEqual((channel["system_prompt"], channel["system_prompt_place"]), ("Be kind.\nBe brief.", "replace"))
        unsaid = self.obliv(daemon, "channel", "set", "full", "--system-prompt", "", "--json")
        self.assertEqual(json.loads(unsaid.stdout)["system_prompt"], None)
        cleared = daemon.api("PATCH", "/channels/full", {"offers": None, "headers": None, "parameters": None,
                                                         "status_map": None, "concurrent_max": None})
        self.assertEqual((cleared["offers"], cleared["headers"], cleared["parameters"], cleared["concurrent_max"]),
                         ([], {}, None, None))
        for bad in ({"headers": {"content-length": "5"}}, {"headers": {"a b": "x"}}, {"status_map": {"x": "503"}},
                    {"offers": [{"models": "/(/"}]}, {"system_prompt": ""}, {"system_prompt": "x" * 65537},
                    {"system_prompt_place": "below"}):
            response = request(daemon.socket, "PATCH", "/api/v1/channels/full", bad)
            self.assertEqual(response.status, 400, response.body)

    def test_a_channel_changes_what_it_is_asked(self) -> None:
        upstream = self.new_upstream()
        daemon = self.new_daemon()
        daemon.add_channel(upstream, headers={"x-team": "blue", "user-agent": "", "accept": "text/plain"},
                           parameters={"temperature": 0, "user": None})
        token = daemon.add_token()
        for stream in (False, True):
            reply = daemon.post(token, ask(stream=stream, user="me", temperature=1, top_p=0.5))
            self.assertEqual(reply.status, 200)
            asked = upstream.requests[-1]
            self.assertEqual((asked.json["temperature"], asked.json["top_p"], "user" in asked.json), (0, 0.5, False))
            self.assertEqual((asked.headers["x-team"], asked.headers["accept"]), ("blue", "text/plain"))
        refused = request(daemon.socket, "PATCH", "/api/v1/channels/main", {"parameters": {"model": "other"}})
        self.assertEqual(refused.status, 400)

    def test_a_channel_is_called_by_way_of_its_proxy(self) -> None:
        proxy, direct = self.new_upstream(), self.new_upstream()
        daemon = self.new_daemon()
        daemon.add_channel("http://provider.test:8080/v1", "far", models=["m1"],
                           proxy=f"http://127.0.0.1:{proxy.port}")
        daemon.add_channel(direct, "near", models=["m2"])
        token = daemon.add_token()
        self.assertEqual(daemon.post(token, ask()).status, 200)
        asked = proxy.requests[-1]
        self.assertEqual((asked.path, asked.headers["host"]),
                         ("http://provider.test:8080/v1/chat/completions", "provider.test:8080"))
        self.assertEqual(daemon.post(token, ask("m2")).status, 200)
        self.assertEqual(direct.requests[-1].path, "/v1/chat/completions")
        self.assertEqual(len(proxy.requests), 1)

    def test_a_status_is_taken_for_another(self) -> None:
        bad, good = self.new_upstream(answer=provider.error(400, "overloaded")), self.new_upstream()
        daemon = self.new_daemon()
        daemon.add_channel(bad, "bad", priority=1, status_map={"400": "503"})
        daemon.add_channel(good, "good")
        reply = daemon.post(daemon.add_token(), ask())
        self.assertEqual((reply.status, daemon.call(reply.request_id)["attempts"]), (200, 2))

    def test_an_effort_in_the_name_reaches_the_model(self) -> None:
        upstream = self.new_upstream()
        daemon = self.new_daemon()
        daemon.add_channel(upstream, models=["o3-mini"])
        token = daemon.add_token()
        self.assertEqual(daemon.post(token, ask("o3-mini-high")).status, 200)
        asked = upstream.requests[0].json
        self.assertEqual((asked["model"], asked["reasoning_effort"]), ("o3-mini", "high"))
        self.assertEqual(daemon.post(token, ask("o3-mini")).status, 200)
        self.assertNotIn("reasoning_effort", upstream.requests[1].json)
        self.assert_openai_error(daemon.post(token, ask("o4-mini-high")), 404)

    def test_an_effort_in_the_name_reaches_the_model_from_every_format(self) -> None:
        upstream, claude = self.new_upstream(), self.new_upstream()
        daemon = self.new_daemon()
        daemon.add_channel(upstream, models=["o3-mini"])
        daemon.add_channel(f"http://127.0.0.1:{claude.port}", "claude", type="anthropic", models=["claude-opus-4-6"])
        claude.answer = formats.PROVIDERS["anthropic"].answer(formats.Script())
        token = daemon.add_token()
        for client in ("anthropic", "gemini", "responses"):
            with self.subTest(client=client):
                path, body = formats.CLIENTS[client].ask(False, False)
                if "model" in body:
                    body["model"] = "o3-mini-low"
                if client == "responses":
                    upstream.answer = lambda c, _: c.reply(200, json.dumps(RESPONSE).encode())
                reply = request(daemon.port, "POST", path.replace("m1", "o3-mini-low"), body, {"authorization": f"Bearer {token}"})
                self.assertEqual(reply.status, 200, reply.body)
                asked = upstream.requests[-1].json
                self.assertEqual(asked["model"], "o3-mini")
                effort = asked["reasoning"]["effort"] if client == "responses" else asked["reasoning_effort"]
                self.assertEqual(effort, "low")
        path, body = formats.CLIENTS["anthropic"].ask(False, False)
        reply = request(daemon.port, "POST", path, {**body, "model": "claude-opus-4-6-high"}, {"authorization": f"Bearer {token}"})
        self.assertEqual(reply.status, 200, reply.body)
        asked = claude.requests[-1].json
        self.assertEqual((asked["model"], asked["output_config"]), ("claude-opus-4-6", {"effort": "high"}))
        self.assertEqual(daemon.call(reply.request_id)["model"], "claude-opus-4-6-high")
        self.assert_books(daemon)

    def test_another_model_answers_when_the_first_cannot(self) -> None:
        first, second = self.new_upstream(), self.new_upstream()
        daemon = self.new_daemon(QUICK + '[routing]\nfallbacks = ["big=none,m2"]\n')
        daemon.add_channel(first, "first", models=["big"])
        daemon.add_channel(second, "second", models=["m2"])
        token = daemon.add_token()
        plain = daemon.post(token, ask("big"))
        self.assertNotIn("x-oblivious-model", plain.headers)
        too_long = json.dumps({"error": {"message": "This model's maximum context length is 8192 tokens.",
                                         "code": "context_length_exceeded"}}).encode()
        for answer, stream in ((provider.error(500), False), (lambda c, _: c.reply(400, too_long), True)):
            first.answer = answer
            reply = daemon.post(token, ask("big", stream=stream))
            self.assertEqual((reply.status, reply.headers.get("x-oblivious-model")), (200, "m2"))
            self.assertEqual(second.requests[-1].json["model"], "m2")
        # Any other mistake of the caller is the caller's.
        first.answer = provider.error(400, "temperature is too high")
        self.assert_openai_error(daemon.post(token, ask("big")), 400)
        # A token that may not call the other model does not get it.
        first.answer = provider.error(500)
        self.assertEqual(daemon.post(daemon.add_token("narrow", models=["big"]), ask("big")).status, 502)
        self.assert_books(daemon)

    def test_another_model_answers_what_the_first_ones_policy_forbids(self) -> None:
        first, second = self.new_upstream(), self.new_upstream()
        daemon = self.new_daemon(QUICK + '[routing]\nfallbacks = ["big=m2", "google=m2"]\n')
        daemon.add_channel(first, "first", models=["big"])
        daemon.add_channel(f"http://127.0.0.1:{first.port}", "google", type="gemini", models=["google"])
        daemon.add_channel(second, "second", models=["m2"])
        token, narrow = daemon.add_token(), daemon.add_token("narrow", models=["big"])
        forbidden = json.dumps({"error": {"message": "Rejected by the safety system.", "code": "content_policy_violation"}}).encode()
        said_nothing = {"id": "c", "object": "chat.completion", "choices": [{"index": 0, "finish_reason": "content_filter",
                                                                             "message": {"role": "assistant", "content": ""}}]}
        blocked = {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "usageMetadata": {"promptTokenCount": 9, "totalTokenCount": 9}}

        def filtered(connection: provider.Connection, asked: provider.Request) -> None:
            whole = blocked if "google" in asked.path else said_nothing
            if not asked.json.get("stream") and "stream" not in asked.path:
                return connection.reply(200, json.dumps(whole).encode())
            connection.start_stream()
            if whole is blocked:
                connection.event(blocked)
            else:
                connection.event(delta(""))
                connection.event(delta(finish="content_filter"))
                connection.event("[DONE]")
            connection.end_stream()
        cases = (("big", lambda c, _: c.reply(400, forbidden)), ("big", filtered), ("google", filtered))
        for model, answer in cases:
            first.answer = answer
            for stream in (False, True):
                with self.subTest(model=model, stream=stream):
                    reply = daemon.post(token, ask(model, stream=stream))
                    self.assertEqual((reply.status, reply.headers.get("x-oblivious-model")), (200, "m2"), reply.body)
                    self.assertIn(b"Hel", reply.body)
                    self.assertNotIn(b"content_filter", reply.body)
        # Who may not call the other model is told what the provider said.
        first.answer = filtered
        reply = daemon.post(narrow, ask("big", stream=True))
        self.assertEqual((reply.status, "x-oblivious-model" in reply.headers), (200, False))
        self.assertIn(b"content_filter", reply.body)
        self.assert_books(daemon)

    def test_a_list_of_other_models_that_goes_while_the_first_is_asked_is_not_used(self) -> None:
        too_long = json.dumps({"error": {"message": "Too long.", "code": "context_length_exceeded"}}).encode()
        go_on = threading.Event()

        def held(connection: provider.Connection, _: provider.Request) -> None:
            go_on.wait(provider.WAIT)
            connection.reply(400, too_long)
        first, second = self.new_upstream(answer=held), self.new_upstream()
        daemon = self.new_daemon(QUICK + '[routing]\nfallbacks = ["big=m2"]\n')
        daemon.add_channel(first, "first", models=["big"])
        daemon.add_channel(second, "second", models=["m2"])
        token = daemon.add_token()
        replies: list[Any] = []
        caller = threading.Thread(target=lambda: replies.append(daemon.post(token, ask("big"))))
        caller.start()
        self.assertTrue(first.wait_requests(1))
        # What stands behind the lists in memory is no list of models: whoever reads on past them trips over it.
        daemon.config.write_text(QUICK + '[cache]\nmodels = ["other=exact", "another=exact"]\n', encoding="utf-8")
        daemon.api("POST", "/system/reload", {})
        go_on.set()
        caller.join()
        self.assert_openai_error(replies[0], 400, "context_length_exceeded")
        self.assertEqual(second.requests, [])
        self.assertNotIn("exception", daemon.stderr())
        self.assert_books(daemon)

    def test_the_first_models_refusal_stands_where_no_other_model_answers(self) -> None:
        used = provider.usage(100, 0)
        said_nothing = {"id": "c-first", "object": "chat.completion", "usage": used, "choices": [
            {"index": 0, "finish_reason": "content_filter", "message": {"role": "assistant", "content": ""}}]}
        forbidden = json.dumps({"error": {"message": "Rejected by the safety system.", "type": "invalid_request_error",
                                          "param": None, "code": "content_policy_violation"}}).encode()

        def filtered(connection: provider.Connection, asked: provider.Request) -> None:
            if not asked.json.get("stream"):
                return connection.reply(200, json.dumps(said_nothing).encode())
            connection.start_stream({"x-request-id": "up-first"})
            connection.event({**delta(""), "id": "c-first"})
            connection.event({**delta(finish="content_filter"), "id": "c-first"})
            connection.event(provider.usage_event(used))
            connection.event("[DONE]")
            connection.end_stream()

        def blocked(connection: provider.Connection, asked: provider.Request) -> None:
            told = {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "usageMetadata": {"promptTokenCount": 100, "totalTokenCount": 100}}
            if "stream" not in asked.path:
                return connection.reply(200, json.dumps(told).encode())
            connection.start_stream()
            connection.event(told)
            connection.end_stream()
        first, google, second = (self.new_upstream() for _ in range(3))
        daemon = self.new_daemon(QUICK + '[routing]\nfallbacks = ["big=m2,gone", "google=m2,gone"]\n')
        channels = {"big": daemon.add_channel(first, "first", models=["big"])["id"], "google": daemon.add_channel(
            f"http://127.0.0.1:{google.port}", "google", type="gemini", models=["google"])["id"]}
        daemon.add_channel(second, "second", models=["m2"])
        daemon.add_channel("http://127.0.0.1:9/v1", "gone", models=["gone"])
        daemon.set_price("big", input="10", output="10")
        daemon.set_price("google", input="10", output="10")
        daemon.set_price("m2", input="1000", output="1000")
        daemon.add_prepaid("buyer", "5")
        token = daemon.add_token(account="buyer")
        google.answer, second.answer = blocked, provider.error(503)
        for model, answer in (("big", filtered), ("google", blocked), ("big", lambda c, _: c.reply(400, forbidden))):
            first.answer = answer
            for stream in (False, True):
                with self.subTest(model=model, stream=stream, status=answer not in (filtered, blocked)):
                    reply = daemon.post(token, ask(model, stream=stream))
                    self.assertNotIn("x-oblivious-model", reply.headers)
                    row = daemon.call(reply.request_id)
                    self.assertEqual((row["model_served"], row["channel_id"]), (model, channels[model]))
                    attempts = daemon.api("GET", f"/requests/{reply.request_id}")["attempts"]
                    self.assertEqual(attempts[0]["cause"], "refused")
                    if answer not in (filtered, blocked):
                        self.assert_openai_error(reply, 400, "content_policy_violation")
                        self.assertEqual(row["cost"], "0.00")
                        continue
                    self.assertEqual(reply.status, 200, reply.body)
                    self.assertIn(b'"content_filter"', reply.body)
                    self.assertEqual(reply.body.endswith(b"data: [DONE]\n\n"), stream)
                    self.assertEqual((row["status"], row["error"], row["finish_reason"], row["cost"]),
                                     (200, None, "content_filter", "0.001"))
                    if model == "big":
                        self.assertIn(b"c-first", reply.body)
                        self.assertEqual(reply.headers.get("x-upstream-request-id"), "up-first" if stream else None)
        self.assertTrue(second.requests)
        self.assert_books(daemon)

    def test_a_call_that_no_channel_can_serve_is_told_what_is_missing(self) -> None:
        upstream = self.new_upstream()
        daemon = self.new_daemon()
        daemon.add_channel(upstream, offers=[{"models": "*", "abilities": ["stream"], "context_tokens": 100}])
        token = daemon.add_token()
        self.assertEqual(daemon.post(token, ask(stream=True)).status, 200)
        reply = daemon.post(token, ask(tools=[{"type": "function", "function": {"name": "f"}}]))
        self.assert_openai_error(reply, 400)
        self.assertIn(b"tools", reply.body)
        long = daemon.post(token, {"model": "m1", "messages": [{"role": "user", "content": "word " * 2000}]})
        self.assert_openai_error(long, 400)
        self.assertIn(b"longer", long.body)
        self.assertEqual(len(upstream.requests), 1)

    def test_a_channel_takes_no_more_calls_at_once_than_it_may(self) -> None:
        upstream = self.new_upstream(answer=lambda connection, _: connection.wait_closed() and None)
        daemon = self.new_daemon("[server]\nthreads = 1\n")
        daemon.add_channel(upstream, concurrent_max=1)
        token = daemon.add_token()
        first = threading.Thread(target=lambda: self.assertRaises(Exception, daemon.post, token, ask(), None, 1.0))
        first.start()
        self.assertTrue(upstream.wait_requests(1))
        reply = daemon.post(token, ask())
        self.assert_openai_error(reply, 503)
        self.assertIn("retry-after", reply.headers)
        self.assertIn(b"as many calls run", reply.body)
        first.join()
        self.assertEqual(len(upstream.requests), 1)


if __name__ == "__main__":
    unittest.main()
