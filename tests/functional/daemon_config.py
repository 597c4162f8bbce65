"""What an administrator sees of the configuration without a running daemon: check, print-config, exit codes, help.

Every call is the real oblivd with a folder of its own as home; nothing listens.
"""
import os
import stat
import subprocess
import unittest
from pathlib import Path

from harness import BIN, SOURCE, WAIT, FunctionalTest, environment


class Config(FunctionalTest):
    def setUp(self) -> None:
        super().setUp()
        self.file = self.folder / "oblivd.toml"
        self.data = self.folder / "data"

    def oblivd(self, *arguments: str, extra: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run([str(BIN / "oblivd"), *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=WAIT, env={**environment(self.folder), **(extra or {})}, check=False)

    def check(self, text: str, extra: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        self.file.write_text(text, encoding="utf-8")
        return self.oblivd("check", "--config", str(self.file), "--data-dir", str(self.data), extra=extra)

    def assert_problem(self, text: str, place: str, words: str, extra: dict[str, str] | None = None) -> None:
        done = self.check(text, extra)
        self.assertEqual((done.returncode, done.stdout), (78, ""), done.stderr)
        lines = [line for line in done.stderr.splitlines() if line.startswith(f"{self.file}:{place}: ")]
        self.assertTrue(any(words in line for line in lines), done.stderr)


class Check(Config):
    def test_a_good_file_is_0_and_nothing_is_made(self) -> None:
        before = sorted(self.folder.rglob("*"))
        done = self.check("[limits]\nbody_bytes = \"1MiB\"\n")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn(str(self.file), done.stdout)
        self.assertEqual(sorted(self.folder.rglob("*")), sorted([*before, self.file]))

    def test_every_problem_is_told_with_its_place_and_what_was_meant(self) -> None:
        done = self.check('[sever]\n[server]\nlistn = []\nthreads = -1\n[log]\nlevel = "inof"\n')
        self.assertEqual(done.returncode, 78)
        self.assertEqual(len(done.stderr.splitlines()), 4, done.stderr)
        self.assertIn(f"{self.file}:1:2: unknown section [sever] (did you mean [server]?)", done.stderr)
        self.assertIn(f"{self.file}:3:1: unknown key 'listn' in section [server] (did you mean 'listen'?)", done.stderr)
        self.assertIn(f"{self.file}:4:11: server.threads: ", done.stderr)
        self.assertIn('(did you mean "info"?)', done.stderr)

    def test_syntax_errors_have_a_place(self) -> None:
        self.assert_problem("[server]\nlisten = [\n", "2:12", "end-of-file")
        self.assert_problem("[server]\nthreads = 1\nthreads = 2\n", "3:11", "threads")

    def test_a_file_that_is_missing_or_unreadable_is_78(self) -> None:
        done = self.oblivd("check", "--config", str(self.folder / "gone.toml"))
        self.assertEqual(done.returncode, 78)
        self.assertIn("gone.toml: No such file or directory", done.stderr)
        done = self.oblivd("check", "--config", str(self.folder))
        self.assertEqual(done.returncode, 78)

    def test_a_drop_in_is_read_and_named(self) -> None:
        (self.folder / "conf.d").mkdir()
        bad = self.folder / "conf.d" / "50-bad.toml"
        bad.write_text("[server]\nthreads = true\n", encoding="utf-8")
        done = self.check("")
        self.assertEqual(done.returncode, 78)
        self.assertIn(f"{bad}:2:11: server.threads: expected a count", done.stderr)

    def test_references_are_resolved(self) -> None:
        self.assert_problem('[upstream]\nca_file = "${OBLIV_TEST_GONE}"\n', "2:11", "OBLIV_TEST_GONE is not set")
        self.assert_problem('[secrets]\nmaster_key = "credential:k"\n', "2:14", "$CREDENTIALS_DIRECTORY is not set")
        (self.folder / "k").write_text("5" * 64 + "\n", encoding="utf-8")
        done = self.check('[secrets]\nmaster_key = "credential:k"\n', {"CREDENTIALS_DIRECTORY": str(self.folder)})
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_certificates_are_opened(self) -> None:
        certificates = self.folder / "ca.pem"
        text = f'[upstream]\nca_file = "{certificates}"\n'
        self.assert_problem(text, "2:11", "No such file or directory")
        certificates.write_text("no certificate", encoding="utf-8")
        self.assert_problem(text, "2:11", "holds no certificate in PEM form")

    def test_a_master_key_that_others_may_read_is_told(self) -> None:
        self.data.mkdir()
        key = self.data / "master.key"
        key.write_text("0" * 64 + "\n", encoding="utf-8")
        key.chmod(0o644)
        done = self.check("")
        self.assertEqual(done.returncode, 78)
        self.assertIn("chmod 600", done.stderr)
        key.chmod(0o600)
        self.assertEqual(self.check("").returncode, 0)

    def test_a_database_that_is_none_is_told_and_left_alone(self) -> None:
        self.data.mkdir()
        key = self.data / "master.key"
        key.write_text("0" * 64 + "\n", encoding="utf-8")
        key.chmod(0o600)
        database = self.data / "oblivd.db"
        database.write_bytes(b"not a database, but long enough to be looked at\n" * 100)
        before = (database.read_bytes(), sorted(self.data.iterdir()))
        done = self.check("")
        self.assertEqual(done.returncode, 78, done.stderr)
        self.assertIn("oblivd.db", done.stderr)
        self.assertEqual((database.read_bytes(), sorted(self.data.iterdir())), before)


class PrintConfig(Config):
    def test_values_have_origins_and_secrets_do_not_show(self) -> None:
        (self.folder / "conf.d").mkdir()
        (self.folder / "conf.d" / "a.toml").write_text("[server]\nthreads = 3\n", encoding="utf-8")
        self.file.write_text('[server]\nthreads = 1\n[upstream]\nproxy = "http://ann:hunter2@proxy:1"\n'
                             '[secrets]\nmaster_key = "${OBLIV_TEST_KEY}"\n', encoding="utf-8")
        done = self.oblivd("print-config", "--config", str(self.file), "--listen", "127.0.0.1:1",
                           extra={"OBLIV_TEST_KEY": "5" * 64})
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(f"threads = 3  # {self.folder}/conf.d/a.toml:2:11\n", done.stdout)
        self.assertIn('listen = ["127.0.0.1:1"]  # --listen\n', done.stdout)
        self.assertIn('drain_timeout = "30s"  # default\n', done.stdout)
        self.assertIn('proxy = "http://***@proxy:1"', done.stdout)
        self.assertIn('master_key = "${OBLIV_TEST_KEY}"', done.stdout)
        self.assertNotIn("hunter2", done.stdout)
        self.assertNotIn("5555", done.stdout)

    def test_what_is_printed_is_a_configuration(self) -> None:
        printed = self.oblivd("print-config", "--data-dir", str(self.data)).stdout
        self.assertEqual(self.check(printed).returncode, 0)

    def test_a_closed_output_is_a_failure_and_no_crash(self) -> None:
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = subprocess.run([str(BIN / "oblivd"), "print-config"], stdout=full, stderr=subprocess.PIPE,
                                  env=environment(self.folder), timeout=WAIT, check=False)
        self.assertEqual(done.returncode, 1)


class Program(Config):
    def test_alone_it_prints_help(self) -> None:
        done = self.oblivd()
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("print-config", done.stdout)

    def test_a_word_it_does_not_know_is_2_with_a_guess(self) -> None:
        done = self.oblivd("chekc")
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("did you mean 'check'?", done.stderr)
        self.assertEqual(self.oblivd("run", "--no-such-flag").returncode, 2)

    def test_run_with_a_bad_file_is_78_and_makes_nothing(self) -> None:
        self.file.write_text("x = 1\n", encoding="utf-8")
        done = self.oblivd("run", "--config", str(self.file), "--data-dir", str(self.data))
        self.assertEqual(done.returncode, 78)
        self.assertIn(f"{self.file}:1:1: unknown key 'x'", done.stderr)
        self.assertFalse(self.data.exists())

    def test_ctl_without_a_daemon_says_where_it_looked(self) -> None:
        done = self.oblivd("ctl", "status", "--socket", str(self.folder / "none.sock"))
        self.assertEqual(done.returncode, 1)
        self.assertIn("none.sock", done.stderr)
        self.assertIn("hint: ", done.stderr)

    def test_it_works_without_a_home(self) -> None:
        done = subprocess.run([str(BIN / "oblivd"), "check", "--data-dir", str(self.data)], capture_output=True, text=True,
                              env={"PATH": os.environ["PATH"], "LC_ALL": "C"}, timeout=WAIT, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_what_is_generated_is_what_is_committed(self) -> None:
        done = subprocess.run([str(SOURCE / "scripts/generate_daemon_docs"), "--check", str(BIN / "oblivd")],
                              capture_output=True, text=True, timeout=WAIT, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_the_completions_are_scripts(self) -> None:
        bash = SOURCE / "completions/oblivd.bash"
        script = (f'source "{bash}"; COMP_WORDS=(oblivd ctl log-level ""); COMP_CWORD=3; _oblivd; echo "${{COMPREPLY[@]}}";'
                  'COMP_WORDS=(oblivd "che"); COMP_CWORD=1; _oblivd; echo "${COMPREPLY[@]}"')
        done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=WAIT, check=False)
        levels, check = done.stdout.splitlines()
        self.assertIn("warning", levels.split())
        self.assertEqual(check, "check")


class FirstStart(FunctionalTest):
    def test_state_is_for_its_owner_alone(self) -> None:
        daemon = self.new_daemon()
        for name in ("master.key", "oblivd.db"):
            mode = stat.S_IMODE((daemon.data / name).stat().st_mode)
            self.assertEqual(mode & 0o077, 0, f"{name}: {mode:o}")
        self.assertEqual(stat.S_IMODE(Path(daemon.socket).stat().st_mode), 0o660)
        self.assertEqual(daemon.stop(), 0)

    def test_a_lost_master_key_stops_the_start(self) -> None:
        daemon = self.new_daemon()
        self.assertEqual(daemon.stop(), 0)
        (daemon.data / "master.key").unlink()
        daemon.start(wait=False)
        self.assertEqual(daemon.running().wait(WAIT), 78, daemon.stderr())
        self.assertIn("master.key is missing", daemon.stderr())


if __name__ == "__main__":
    unittest.main()
