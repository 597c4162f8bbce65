"""The .debs hold what they promise, install into an empty root, and their programs run there.

The packages are made of the build under test by CPack, installed by dpkg into a root that has nothing, and run by chroot
with only the libraries that they ask for.
"""
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

import client
from harness import BIN, WAIT, FunctionalTest, free_port, until

BUILD = Path(os.environ.get("OBLIV_BUILD_DIR", BIN.parent))


def run(*command: str | Path, check: bool = True, **options: object) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=6 * WAIT, check=False, **options)
    if check and done.returncode != 0:
        raise AssertionError(f"{command}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done


class Packages(FunctionalTest):
    debs: dict[str, Path]

    @classmethod
    def setUpClass(cls) -> None:
        if BUILD.name not in ("dev", "test", "release"):
            raise unittest.SkipTest("packages are made of plain builds only")
        out = Path(tempfile.mkdtemp(prefix="obliv-packages-"))
        cls.addClassCleanup(shutil.rmtree, out, True)
        run("cpack", "-G", "DEB", "-B", out, "--config", BUILD / "CPackConfig.cmake", cwd=out)
        cls.debs = {deb.name.split("_")[0]: deb for deb in out.glob("*.deb")}

    def field(self, package: str, name: str) -> str:
        return run("dpkg-deb", "-f", self.debs[package], name).stdout.strip()

    def contents(self, package: str) -> set[str]:
        lines = run("dpkg-deb", "-c", self.debs[package]).stdout.splitlines()
        return {line.split(None, 5)[5].split(" ")[0].removeprefix(".") for line in lines if not line.endswith("/")}

    def test_two_packages_that_know_each_other_and_their_libraries(self) -> None:
        self.assertEqual(set(self.debs), {"obliv", "oblivd"})
        self.assertEqual(self.field("oblivd", "Recommends"), "obliv")
        self.assertIn("libc6", self.field("oblivd", "Depends"))
        self.assertIn("libssl3", self.field("oblivd", "Depends"))
        self.assertIn("libcurl4", self.field("obliv", "Depends"))

    def test_everything_is_in_its_place(self) -> None:
        self.assertLessEqual({"/usr/bin/obliv", "/usr/share/man/man1/obliv.1", "/usr/share/bash-completion/completions/obliv",
                              "/usr/share/zsh/vendor-completions/_obliv", "/usr/share/fish/vendor_completions.d/obliv.fish",
                              "/usr/share/doc/obliv/copyright"}, self.contents("obliv"))
        self.assertLessEqual({"/usr/bin/oblivd", "/usr/share/man/man8/oblivd.8", "/usr/share/man/man5/oblivd.toml.5",
                              "/usr/lib/systemd/system/oblivd.service", "/usr/lib/systemd/system/oblivd.socket",
                              "/usr/lib/sysusers.d/oblivd.conf", "/usr/lib/tmpfiles.d/oblivd.conf", "/etc/oblivd/oblivd.toml"},
                             self.contents("oblivd"))
        for package in self.debs:
            self.assertLessEqual({f"/usr/share/{package}/vocabularies/{encoding}.bpe"
                                  for encoding in ("r50k_base", "p50k_base", "cl100k_base", "o200k_base")}, self.contents(package))
            stray = {path for path in self.contents(package) if not re.match(r"/usr/(bin|lib|share)/|/etc/oblivd/", path)}
            self.assertEqual(stray, set(), package)

    def test_they_install_into_an_empty_root_and_run_there(self) -> None:
        if os.geteuid() != 0:
            self.skipTest("a foreign root needs root")
        root = self.folder / "root"
        for name in ("var/lib/dpkg/info", "var/lib/dpkg/updates", "etc", "tmp", "run", "dev", "proc", "var/log"):
            (root / name).mkdir(parents=True)
        (root / "var/lib/dpkg/status").touch()
        run("dpkg", f"--root={root}", "--force-depends", "--force-script-chrootless", "-i", *self.debs.values())
        self.assertIn("oblivd:", (root / "etc/passwd").read_text())
        for program in ("obliv", "oblivd"):
            self.copy_libraries(root, root / "usr/bin" / program)
            self.assertIn(program, run("chroot", root, f"/usr/bin/{program}", "version").stdout)
        checked = run("chroot", root, "/usr/bin/oblivd", "check", "--config", "/etc/oblivd/oblivd.toml", check=False)
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)
        self.serve(root)
        run("dpkg", f"--root={root}", "--force-depends", "--force-script-chrootless", "--purge", "obliv", "oblivd")
        self.assertFalse((root / "usr/bin/oblivd").exists())
        self.assertFalse((root / "etc/oblivd/oblivd.toml").exists())

    def copy_libraries(self, root: Path, program: Path) -> None:
        for library in re.findall(r"(/\S+)", run("ldd", program).stdout):
            target = root / library.lstrip("/")
            if not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(library, target)

    def serve(self, root: Path) -> None:
        """As the package's own user, on its own folders."""
        port = free_port()
        uid, gid = re.search(r"^oblivd:[^:]*:(\d+):(\d+):", (root / "etc/passwd").read_text(), re.MULTILINE).groups()
        for name in ("var/lib/oblivd", "run/oblivd"):
            (root / name).mkdir(parents=True, exist_ok=True)
            os.chown(root / name, int(uid), int(gid))
        os.chmod(self.folder, 0o755)
        with (self.folder / "log").open("wb") as log:
            process = subprocess.Popen(["chroot", f"--userspec={uid}:{gid}", str(root), "/usr/bin/oblivd", "run", "--config",
                                        "/etc/oblivd/oblivd.toml", "--data-dir", "/var/lib/oblivd", "--socket", "/run/oblivd/oblivd.sock",
                                        "--listen", f"127.0.0.1:{port}"], stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        self.addCleanup(lambda: (process.poll() is None and process.kill(), process.wait()))

        def ready() -> bool:
            self.assertIsNone(process.poll(), (self.folder / "log").read_text())
            try:
                return client.request(port, "GET", "/readyz").status == 200
            except OSError:
                return False
        until(ready, "the installed oblivd is ready")
        who = run("chroot", root, "/usr/bin/obliv", "--server", "unix:/run/oblivd/oblivd.sock", "whoami", "--json",
                  env={"HOME": "/tmp", "PATH": os.environ["PATH"]})
        self.assertIn("admin", who.stdout)
        process.terminate()
        self.assertEqual(process.wait(WAIT), 0)


if __name__ == "__main__":
    unittest.main()
