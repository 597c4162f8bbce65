"""/metrics is what Prometheus understands, is complete by docs/metrics.md, and tells what happened."""
import re
import shutil
import subprocess
import unittest

from client import request
from harness import SOURCE, FunctionalTest, ask, until


def promtool() -> str | None:
    own = SOURCE / ".cache/tools/promtool"
    return str(own) if own.exists() else shutil.which("promtool")


class Metrics(FunctionalTest):
    def setUp(self) -> None:
        super().setUp()
        self.upstream = self.new_upstream()
        self.daemon = self.new_daemon()
        self.daemon.add_channel(self.upstream)
        self.daemon.set_price()
        key = self.daemon.add_token(budget="1.00")
        for body in (ask(), ask(stream=True), ask("no-such-model")):
            self.daemon.post(key, body)
        self.daemon.post("sk-wrong", ask())
        # A call is counted when its connection is done with it, which may be after its client has read the end.
        until(lambda: self.scrape() == 4, "the four calls are counted")

    def scrape(self) -> float:
        """Reads the page; says how many chat calls it counts."""
        self.text = request(self.daemon.socket, "GET", "/metrics").body.decode()
        return sum(value for name, value in self.samples().items()
                   if name.startswith("oblivd_requests_total") and "chat" in name)

    def samples(self) -> dict[str, float]:
        lines = [line.rsplit(" ", 1) for line in self.text.splitlines() if line and not line.startswith("#")]
        return {name: float(value) for name, value in lines}

    def families(self) -> set[str]:
        return set(re.findall(r"^# TYPE (\S+) ", self.text, re.MULTILINE))

    def test_promtool_finds_nothing_wrong(self) -> None:
        tool = promtool()
        if tool is None:
            self.skipTest("promtool is not installed (scripts/setup --test)")
        done = subprocess.run([tool, "check", "metrics"], input=self.text, capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""))

    def test_the_page_lists_exactly_what_is_exposed(self) -> None:
        page = (SOURCE / "docs/metrics.md").read_text(encoding="utf-8")
        listed = set(re.findall(r"`(oblivd_[a-z0-9_]+)`", page))
        self.assertEqual(listed - self.families(), set(), "listed but not exposed")
        self.assertEqual({name for name in self.families() if name.startswith("oblivd_")} - listed, set(), "exposed but not listed")

    def test_no_family_is_announced_without_a_sample(self) -> None:
        # No account of this daemon and no channel has a limit, and nobody is to be told of anything; the others all have
        # something to tell.
        silent = {name for name in self.families()
                  if not re.search(rf"^{name}(_bucket|_sum|_count)?[{{ ]", self.text, re.MULTILINE)}
        self.assertEqual(silent, {"oblivd_quota_left_usd", "oblivd_notices_total", "oblivd_notices_waiting",
                                  "oblivd_channel_quota_left", "oblivd_channel_quota_used_ratio", "oblivd_channel_balance"})

    def test_every_subject_of_the_operations_guide_is_there(self) -> None:
        names = " ".join(sorted(self.families()))
        for subject in ("request", "error", "token", "cost", "duration|latency", "ttft|first", "stream", "channel", "queue|ring",
                        "commit", "quota|budget|available"):
            self.assertRegex(names, subject)

    def test_what_happened_is_counted(self) -> None:
        samples = self.samples()
        served = sum(value for name, value in samples.items()
                     if name.startswith("oblivd_requests_total") and 'status="200"' in name and "chat" in name)
        self.assertEqual(served, 2, self.text)
        cost = sum(value for name, value in samples.items() if name.startswith("oblivd_cost") and 'model="m1"' in name)
        self.assertAlmostEqual(cost, 2 * 0.0000975)

    def test_a_stranger_over_the_network_is_asked_who_he_is_or_is_local(self) -> None:
        self.assertEqual(request(self.daemon.port, "GET", "/metrics").status, 200)  # loopback needs no credential

    def test_no_secret_is_a_label(self) -> None:
        self.assertNotIn("sk-", self.text)


if __name__ == "__main__":
    unittest.main()
