"""The load of scripts/bench counts what it got: every call of a fixed rate, failed ones too, and chunks of open streams.

Proved against obliv sim, which fails calls at a known rate and stamps its chunks.
"""
import json
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from harness import BIN, WAIT, environment

PLAIN = json.dumps({"model": "m", "messages": [{"role": "user", "content": "hi"}]})


def streaming(marks: str) -> str:
    return json.dumps({"model": "m", "stream": True, "messages": [{"role": "user", "content": marks}]})


class BenchLoad(unittest.TestCase):
    def setUp(self) -> None:
        if not (BIN / "bench_client").exists() or not (BIN / "obliv").exists():
            self.skipTest(f"{BIN}/bench_client or obliv is not built")
        self.folder = Path(tempfile.mkdtemp(prefix="obliv-"))
        self.addCleanup(shutil.rmtree, self.folder, True)

    def sim(self, *flags: str) -> str:
        process = subprocess.Popen([str(BIN / "obliv"), "sim", "--itl", "0ms", "--jitter", "0", *(flags or ("--ttft", "0ms"))],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                                   env=environment(self.folder))
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        assert process.stdout is not None
        return process.stdout.readline().strip() + "/chat/completions"

    def client(self, mode: str, url: str, body: str, *flags: str) -> subprocess.Popen[str]:
        return subprocess.Popen([str(BIN / "bench_client"), mode, "--url", url, "--body", body, *flags], text=True,
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def rate(self, url: str, *flags: str) -> dict[str, float]:
        client = self.client("rate", url, PLAIN, "--rate", "1000", "--seconds", "0.5", "--connections", "8", *flags)
        out, err = client.communicate(timeout=WAIT)
        self.assertEqual(client.returncode, 0, err)
        return json.loads(out)

    def test_every_planned_call_is_made_and_counted(self) -> None:
        report = self.rate(self.sim())
        self.assertEqual((report["calls"], report["errors"]), (500, 0))
        self.assertGreaterEqual(report["p99_us"], report["p50_us"])

    def test_latency_counts_from_when_a_call_should_have_been_sent(self) -> None:
        # Eight connections and 20 ms a call serve 400 of the 1,000 calls a second: the queue grows, and with it the
        # latency. From the moment of sending it would be 20 ms throughout.
        report = self.rate(self.sim("--ttft", "20ms"))
        self.assertEqual(report["calls"], 500)
        self.assertGreater(report["p99_us"], 200_000)

    def test_failed_calls_are_told(self) -> None:
        report = self.rate(self.sim("--fault", "429=1"))
        self.assertEqual((report["calls"], report["errors"]), (500, 500))

    def test_streams_are_held_and_their_chunks_counted(self) -> None:
        url = self.sim()
        client = self.client("streams", url, streaming("[[sim:tokens=100000]][[sim:itl=5ms]][[sim:stamp]]"), "--streams", "20")
        assert client.stdin is not None and client.stdout is not None
        first = json.loads(client.stdout.readline())
        self.assertEqual((first["streams"], first["ended"], first["broken"]), (20, 0, 0))
        chunks = first["chunks"]
        while chunks < first["chunks"] + 200:  # bounded by the test's time-out
            client.stdin.write("?\n")
            client.stdin.flush()
            chunks = json.loads(client.stdout.readline())["chunks"]
        client.communicate(timeout=WAIT)
        self.assertEqual(client.returncode, 0)

    def test_a_refused_stream_is_no_load(self) -> None:
        client = self.client("streams", self.sim("--fault", "500=1"), streaming("hi"), "--streams", "1")
        assert client.stderr is not None
        self.assertIn("refused", client.stderr.read())
        client.communicate(timeout=WAIT)
        self.assertEqual(client.returncode, 1)


if __name__ == "__main__":
    unittest.main()
