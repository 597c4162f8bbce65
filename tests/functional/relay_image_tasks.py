"""Images that a provider makes in the background: the caller waits for them as for any other.

Proved with a scripted DashScope: tasks that run for a while, fail, never end, and are taken back.
"""
import json
import threading
import unittest
from typing import Any

import client
import upstream as provider
from client import Response, request
from harness import WAIT, FunctionalTest, until

PATH = "/api/v1/services/aigc/text2image/image-synthesis"


class Tasks:
    """`states` are answered one after the other, the last one from then on."""

    def __init__(self, states: list[str], count: int = 2) -> None:
        self.states = states
        self.count = count
        self.cancelled = threading.Event()

    def __call__(self, connection: provider.Connection, asked: provider.Request) -> None:
        if asked.path.endswith("/cancel"):
            connection.reply(200, b'{"request_id":"r"}')
            self.cancelled.set()
            return
        state = self.states[0] if len(self.states) == 1 else self.states.pop(0)
        output: dict[str, Any] = {"task_id": "task-1", "task_status": state}
        if state == "SUCCEEDED":
            output["results"] = [{"url": f"https://images.test/{number}.png"} for number in range(self.count)]
        if state == "FAILED":
            output |= {"code": "DataInspectionFailed", "message": "the prompt is not nice"}
        connection.reply(200, json.dumps({"output": output, "request_id": "r"}).encode())


class RelayImageTasks(FunctionalTest):
    def setUp(self) -> None:
        super().setUp()
        self.upstream = self.new_upstream()
        self.daemon = self.new_daemon()
        base = f"http://127.0.0.1:{self.upstream.port}/compatible-mode/v1"
        self.daemon.add_channel(base, type="qwen", models=["drawer"], aliases={"drawer": "wanx-v1"})
        self.daemon.set_price("drawer", input="0", output="0", per_image="0.03")
        self.key = self.daemon.add_token()

    def ask(self, **more: Any) -> Response:
        return request(self.daemon.port, "POST", "/v1/images/generations", {"model": "drawer", "prompt": "a cat", **more},
                       {"authorization": f"Bearer {self.key}"})

    def test_a_task_is_begun_and_asked_after_until_it_has_ended(self) -> None:
        self.upstream.answer = Tasks(["PENDING", "RUNNING", "SUCCEEDED"])
        reply = self.ask(n=2, size="1024x768")
        self.assertEqual(reply.status, 200, reply.body)
        self.assertEqual([image["url"] for image in reply.json["data"]], ["https://images.test/0.png", "https://images.test/1.png"])
        begun, *polls = self.upstream.requests
        self.assertEqual((begun.path, begun.headers["x-dashscope-async"]), (PATH, "enable"))
        self.assertEqual(begun.json, {"model": "wanx-v1", "input": {"prompt": "a cat"}, "parameters": {"size": "1024*768", "n": 2}})
        self.assertEqual([(poll.method, poll.path) for poll in polls], [("GET", "/api/v1/tasks/task-1")] * 2)
        self.assertEqual({poll.headers["authorization"] for poll in polls}, {begun.headers["authorization"]})
        row = self.daemon.call(reply.request_id)
        self.assertEqual((row["usage"]["images"], row["cost"], row["model_served"]), (2, "0.06", "wanx-v1"))
        self.assert_books(self.daemon)

    def test_a_long_wish_takes_memory(self) -> None:
        self.upstream.answer = Tasks(["SUCCEEDED"], count=1)
        wish = "a cat " * 400_000
        self.assertEqual(self.ask(prompt=wish).status, 200)
        self.assertTrue(self.upstream.requests[0].json["input"]["prompt"] == wish)
        self.daemon.config.write_text('[limits]\nbody_memory = "1MiB"\n')
        self.daemon.api("POST", "/system/reload")
        self.assert_openai_error(self.ask(prompt=wish), 413)

    def test_only_images_that_came_are_billed(self) -> None:
        self.upstream.answer = Tasks(["SUCCEEDED"], count=1)
        self.assertEqual(self.daemon.call(self.ask(n=4).request_id)["cost"], "0.03")

    def test_a_task_that_fails_is_told_and_costs_nothing(self) -> None:
        self.upstream.answer = Tasks(["PENDING", "FAILED"])
        reply = self.ask()
        self.assert_openai_error(reply, 400)
        self.assertIn("not nice", reply.json["error"]["message"])
        self.assertEqual(self.daemon.call(reply.request_id)["cost"], "0.00")
        self.assert_books(self.daemon)

    def test_what_the_provider_cannot_do_is_refused_by_its_name(self) -> None:
        for more, field in (({"response_format": "b64_json"}, "response_format"), ({"stream": True}, "stream"), ({"background": "x"}, "background")):
            reply = self.ask(**more)
            self.assertGreaterEqual(reply.status, 400)
            self.assertIn(field, reply.json["error"]["message"])
        self.assertEqual(self.upstream.requests, [])

    def test_faults_are_failed_over_before_and_forgiven_while_a_task_runs(self) -> None:
        tasks = Tasks(["PENDING", "SUCCEEDED"])
        self.upstream.answer = tasks
        self.upstream.queue.extend([tasks, provider.error(503)])
        self.assertEqual(self.ask().status, 200)
        self.upstream.queue.append(provider.error(500))
        second = self.new_upstream(answer=Tasks(["SUCCEEDED"]))
        self.daemon.add_channel(f"http://127.0.0.1:{second.port}/compatible-mode/v1", name="second", type="qwen", models=["drawer"], priority=-1)
        self.assertEqual(self.ask().status, 200)
        self.assertEqual(len(second.requests), 1)
        self.upstream.answer = provider.error(400, "no such size")
        self.assertEqual(self.ask().json["error"]["message"], "no such size")

    def test_who_leaves_has_the_task_taken_back(self) -> None:
        tasks = Tasks(["PENDING"])
        self.upstream.answer = tasks
        connection = client.connect(self.daemon.port)
        connection.request("POST", "/v1/images/generations", json.dumps({"model": "drawer", "prompt": "a"}).encode(),
                           {"authorization": f"Bearer {self.key}", "content-type": "application/json"})
        self.assertTrue(self.upstream.wait_requests(2))
        connection.close()
        self.assertTrue(tasks.cancelled.wait(WAIT), "the task was taken back")
        until(lambda: len(self.daemon.calls()) == 1, "the usage row")
        row = self.daemon.calls()[0]
        self.assertEqual((row["finish_reason"], row["cost"]), ("aborted", "0.00"))
        self.assert_books(self.daemon)


if __name__ == "__main__":
    unittest.main()
