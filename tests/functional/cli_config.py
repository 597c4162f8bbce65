"""Settings of obliv: precedence with origins, edits in place, mistakes with their places, project files and trust."""
import os
import pty
import subprocess
import unittest
from pathlib import Path

from clitest import OBLIV, WAIT, CliTest


class Config(CliTest):
    def user_file(self, text: str) -> str:
        return self.write("home/.config/obliv/config.toml", text)

    def origin(self, key: str, *words: str, **env: str) -> tuple[str, str]:
        row = self.json("config", "get", key, *words, env=self.environment(**env))
        return row["value"], row["origin"].replace(str(self.folder), "")

    def test_precedence(self) -> None:
        self.assertEqual(self.origin("color"), ("auto", "built-in"))
        self.user_file('model = "from-user"\ncolor = "never"\n\n[profile.work]\nmodel = "from-profile"\n')
        self.assertEqual(self.origin("model"), ("from-user", "/home/.config/obliv/config.toml:1:9"))
        self.assertEqual(self.origin("model", "--profile", "work"),
                         ("from-profile", "/home/.config/obliv/config.toml:5:9"))
        self.write(".obliv.toml", 'model = "from-project"\n')
        self.assertEqual(self.origin("model")[0], "from-project")
        self.assertEqual(self.origin("model", "--no-project")[0], "from-user")
        self.assertEqual(self.origin("model", OBLIV_MODEL="from-variable"), ("from-variable", "OBLIV_MODEL"))
        self.assertEqual(self.origin("color", "--color", "always"), ("always", "--color"))
        other = self.write("other.toml", 'model = "other"\n')
        self.assertEqual(self.origin("model", "--no-project", "--config", other)[0], "other")
        self.fails(3, "config", "list", "--config", "nowhere.toml")
        self.assertIn("no profile", self.fails(2, "config", "list", "--profile", "home"))

    def test_a_project_file_is_trusted_by_path_and_content(self) -> None:
        project = self.write(".obliv.toml", 'server = "http://evil"\nkey_command = ["touch", "pwned"]\nmodel = "m"\n')
        env = self.environment()
        del env["OBLIV_SERVER"]
        warned = self.obliv("config", "list", env=env)
        self.assertIn("server' is ignored", warned.stderr)
        self.assertNotIn("evil", warned.stdout)
        self.obliv("whoami", env=env)
        self.assertFalse((self.folder / "pwned").exists())
        self.ok("config", "trust", env=env)
        self.assertIn("http://evil", self.ok("config", "list", env=env))
        self.write(".obliv.toml", 'server = "http://worse"\n')
        self.assertNotIn("worse", self.ok("config", "list", env=env))
        self.assertTrue(project)

    def test_set_edits_in_place(self) -> None:
        path = self.user_file('# mine\nmodel = "a"   # why\n\n[profile.work]\nserver = "http://w"\n')
        self.ok("config", "set", "model", 'b"ü')
        self.ok("config", "set", "timeout", "5m")
        self.ok("config", "set", "profile.work.model", "w")
        self.ok("config", "set", "profile.lab.server", "http://lab")
        self.ok("config", "set", "key_command", "pass,show,x")
        with open(path, encoding="utf-8") as file:
            self.assertEqual(file.read(), '# mine\nmodel = "b\\"ü"   # why\ntimeout = "5m"\n'
                             'key_command = ["pass", "show", "x"]\n\n[profile.work]\nserver = "http://w"\nmodel = "w"\n'
                             '\n[profile.lab]\nserver = "http://lab"\n')
        self.assertEqual(self.ok("config", "get", "model"), 'b"ü\n')
        self.ok("config", "unset", "model")
        self.fails(5, "config", "get", "model")
        self.fails(5, "config", "unset", "model")
        self.assertIn("did you mean 'model'", self.fails(2, "config", "set", "modell", "x"))
        self.fails(2, "config", "set", "timeout", "soon")
        self.fails(2, "config", "set", "color", "purple")
        self.ok("config", "set", "color", "never", "--dry-run")
        self.assertEqual(self.ok("config", "get", "color"), "auto\n")

    def test_set_makes_the_file(self) -> None:
        self.ok("config", "set", "model", "m")
        self.assertEqual(self.ok("config", "get", "model"), "m\n")
        self.assertIn("config.toml", self.json("config", "path")["user"])

    def edit(self, editor: str, *words: str) -> tuple[int, str]:
        """`config edit` on a terminal, with what it says on stderr."""
        master, slave = pty.openpty()
        try:
            done = subprocess.run([str(OBLIV), "config", "edit", *words], stdin=slave, capture_output=True, text=True,
                                  timeout=WAIT, check=False, cwd=self.folder,
                                  env=self.environment(OBLIV_EDITOR=editor, EDITOR="false", TMPDIR=str(self.folder)))
        finally:
            os.close(master)
            os.close(slave)
        return done.returncode, done.stderr

    def test_edit_keeps_what_is_right_and_nothing_else(self) -> None:
        self.user_file('model = "m"  # mine\n')
        self.assertEqual(self.edit("sed -i 's/\"m\"/\"n\"/'")[0], 0)
        self.assertEqual(self.ok("config", "get", "model"), "n\n")
        kept = Path(self.home / ".config/obliv/config.toml").read_text(encoding="utf-8")
        self.assertEqual(kept, 'model = "n"  # mine\n')
        code, said = self.edit("sed -i s/model/modell/")
        self.assertEqual(code, 3, said)
        self.assertIn("config.toml:1:1", said)
        # What was written is not lost.
        draft = Path(said.split("what was written is in ")[1].strip())
        self.assertEqual(draft.read_text(encoding="utf-8"), 'modell = "n"  # mine\n')
        draft.unlink()
        self.assertEqual(self.edit("false")[0], 1)
        self.assertEqual(self.edit("sed -i s/n/o/", "--dry-run")[0], 0)
        self.assertEqual(Path(self.home / ".config/obliv/config.toml").read_text(encoding="utf-8"), kept)
        self.assertIn("config set", self.fails(2, "config", "edit"))

    def test_mistakes_have_a_place(self) -> None:
        for text, place in (('model = \n', ":1:"), ('model = 5\n', ":1:9"), ('[profile.x]\nmodell = "a"\n', ":2:1"),
                            ('[section]\n', ":1:"), ('timeout = "soon"\n', ":1:11")):
            with self.subTest(text):
                self.user_file(text)
                self.assertIn("config.toml" + place, self.fails(3, "config", "check"))
                self.assertIn("config.toml" + place, self.fails(3, "whoami"))
        self.user_file('model = "m"\n')
        self.ok("config", "check")
        self.fails(3, "config", "check", self.write("bad.toml", "x = ["))


if __name__ == "__main__":
    unittest.main()
