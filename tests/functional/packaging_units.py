"""The systemd units are valid, hardened and agree with the defaults of the program.

systemd-analyze reads copies of the units in which the program is one that exists here.
"""
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from harness import SOURCE, WAIT

PACKAGING = SOURCE / "daemon/packaging"
EXPOSURE_MAX = 2.0


@unittest.skipUnless(shutil.which("systemd-analyze"), "systemd-analyze is not installed")
class Units(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="obliv-units-"))
        self.addCleanup(shutil.rmtree, self.folder, True)
        for name in ("oblivd.service", "oblivd.socket"):
            text = (PACKAGING / name).read_text(encoding="utf-8").replace("/usr/bin/oblivd", "/bin/true")
            (self.folder / name).write_text(text, encoding="utf-8")

    def analyze(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(["systemd-analyze", "--no-pager", *arguments], capture_output=True, text=True, timeout=WAIT,
                              check=False)

    def test_they_are_understood_without_a_word(self) -> None:
        done = self.analyze("--man=no", "verify", str(self.folder / "oblivd.service"), str(self.folder / "oblivd.socket"))
        self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""))

    def test_a_typing_error_in_them_would_be_noticed(self) -> None:
        unit = self.folder / "oblivd.service"
        unit.write_text(unit.read_text(encoding="utf-8").replace("WatchdogSec=", "WatchdgSec="), encoding="utf-8")
        done = self.analyze("--man=no", "verify", str(unit))
        self.assertIn("WatchdgSec", done.stdout + done.stderr)

    def test_the_exposure_score_is_low(self) -> None:
        done = self.analyze("security", "--offline=true", str(self.folder / "oblivd.service"))
        found = re.search(r"Overall exposure level for oblivd.service: (\d+\.\d+)", done.stdout)
        self.assertIsNotNone(found, done.stdout + done.stderr)
        self.assertLessEqual(float(found.group(1)), EXPOSURE_MAX)


class Contents(unittest.TestCase):
    def lines(self, name: str) -> set[str]:
        return set((PACKAGING / name).read_text(encoding="utf-8").splitlines())

    def test_the_service_restarts_what_a_restart_can_mend(self) -> None:
        wanted = {"Type=notify", "NotifyAccess=main", "Restart=on-failure", "RestartPreventExitStatus=78", "WatchdogSec=30",
                  "TimeoutStopSec=90", "ExecReload=/usr/bin/oblivd ctl reload", "LimitNOFILE=65536", "UMask=0077",
                  "User=oblivd", "CapabilityBoundingSet=", "MemoryDenyWriteExecute=yes"}
        self.assertLessEqual(wanted, self.lines("oblivd.service"))

    def test_the_socket_has_the_name_and_the_port_of_the_program(self) -> None:
        unit = self.lines("oblivd.socket")
        self.assertIn("FileDescriptorName=api", unit)
        settings = (PACKAGING / "oblivd.toml").read_text(encoding="utf-8")
        listen = next(line for line in unit if line.startswith("ListenStream=")).split("=", 1)[1]
        self.assertIn(f'#listen = ["{listen}"]', settings)


if __name__ == "__main__":
    unittest.main()
