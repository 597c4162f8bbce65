"""`obliv chat` driven through a pseudo-terminal, against a scripted server: keys, history, Ctrl-C, commands."""
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import threading
import time
import unittest

from clitest import OBLIV, WAIT, CliTest

PROMPT = "> "


class Terminal:
    """A conversation at 60 columns; `seen` is everything that was written to the terminal."""

    def __init__(self, test: CliTest, *words: str) -> None:
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 60, 0, 0))
        env = test.environment(TERM="xterm")
        self.process = subprocess.Popen([str(OBLIV), "chat", "-m", "m1", *words], stdin=slave, stdout=slave, stderr=slave,
                                        env=env, cwd=test.folder, start_new_session=True,
                                        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0) and None)
        os.close(slave)
        self.seen = ""
        test.addCleanup(self.close)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.master)

    def type(self, text: str) -> None:
        os.write(self.master, text.encode())

    def expect(self, text: str) -> str:
        """Waits for this text after what was expected before; returns all up to its end."""
        end = time.monotonic() + WAIT
        while text not in self.seen:
            left = end - time.monotonic()
            ready, _, _ = select.select([self.master], [], [], max(0.0, left))
            if not ready:
                raise AssertionError(f"{text!r} did not come: {self.seen!r}")
            try:
                data = os.read(self.master, 65536)
            except OSError as problem:
                raise AssertionError(f"the program ended before {text!r}: {self.seen!r}") from problem
            self.seen += data.decode(errors="replace")
        at = self.seen.index(text) + len(text)
        before, self.seen = self.seen[:at], self.seen[at:]
        return before

    def ready(self) -> None:
        # Bracketed paste is switched on each time the editor starts.
        self.expect("\x1b[?2004h")
        self.expect(PROMPT)

    def end(self) -> int:
        code = None
        deadline = time.monotonic() + WAIT
        while code is None and time.monotonic() < deadline:
            # Somebody has to read what is written, or the program waits for the terminal.
            if select.select([self.master], [], [], 0.05)[0]:
                try:
                    self.seen += os.read(self.master, 65536).decode(errors="replace")
                except OSError:
                    pass
            code = self.process.poll()
        return self.process.wait(1)


class Chat(CliTest):
    def sent(self) -> list[tuple[str, str]]:
        return [(m["role"], m["content"]) for m in self.server.calls[-1].json["messages"]]

    def start(self, *words: str) -> Terminal:
        terminal = Terminal(self, *words)
        terminal.ready()
        return terminal

    def test_two_turns_and_out(self) -> None:
        self.server.chat("Hello ", "世界", "\x1b[2J!")
        terminal = self.start("-S", "be brief")
        terminal.type("hi\r")
        answer = terminal.expect("!")
        self.assertIn("Hello 世界", answer)
        self.assertNotIn("\x1b[2J", answer)
        terminal.ready()
        terminal.type("again\r")
        terminal.expect("!")
        self.assertEqual(self.sent(), [("system", "be brief"), ("user", "hi"), ("assistant", "Hello 世界\x1b[2J!"),
                                       ("user", "again")])
        terminal.ready()
        terminal.type("\x04")
        self.assertEqual(terminal.end(), 0)

    def test_lines_edits_and_pastes(self) -> None:
        self.server.chat("ok")
        terminal = self.start()
        # A backslash, Alt-Enter and Ctrl-J continue; a paste keeps its lines and never sends.
        terminal.type("one\\\rtwo\x1b\rthree\x0afour\x1b[200~\rfive\x03\r\x1b[201~six")
        terminal.type("\x7f\x7f\x7fX\x01Y\x05Z\r")
        terminal.expect("ok")
        self.assertEqual(self.sent(), [("user", "one\ntwo\nthree\nfour\nfive\nYXZ")])

    def test_ctrl_c_stops_the_answer_and_keeps_what_came(self) -> None:
        gone = threading.Event()

        def run(handler, _) -> None:  # type: ignore[no-untyped-def]
            handler.start_stream()
            handler.event({"choices": [{"index": 0, "delta": {"content": "so far"}}]})
            handler.connection.settimeout(WAIT)
            handler.connection.recv(1)  # until the client goes away
            gone.set()
        self.server.routes["POST /v1/chat/completions"] = run
        terminal = self.start()
        terminal.type("tell\r")
        terminal.expect("so far")
        terminal.type("\x03")
        terminal.expect("[stopped]")
        terminal.ready()
        self.assertTrue(gone.wait(WAIT), "the server saw that the client left")
        self.server.chat("done")
        terminal.type("go on\r")
        terminal.expect("done")
        self.assertEqual(self.sent(), [("user", "tell"), ("assistant", "so far"), ("user", "go on")])

    def test_ctrl_c_clears_and_tells_how_to_leave(self) -> None:
        terminal = self.start()
        terminal.type("text\x03")
        terminal.type("\x03")
        terminal.expect("/quit leaves")
        terminal.type("/quit\r")
        self.assertEqual(terminal.end(), 0)
        self.assertEqual(self.server.calls, [])

    def test_history_is_private_and_searched(self) -> None:
        self.server.chat("ok")
        terminal = self.start()
        for line in ("first question", " secret", "second"):
            terminal.type(line + "\r")
            terminal.expect("ok")
            terminal.ready()
        terminal.type("\x04")
        self.assertEqual(terminal.end(), 0)
        path = self.home / ".local/state/obliv/history"
        self.assertEqual(path.read_text(), "first question\nsecond\n")
        self.assertEqual(path.stat().st_mode & 0o777, 0o600)
        terminal = self.start()
        terminal.type("\x12irst\r")
        terminal.expect("ok")
        self.assertEqual(self.sent()[-1], ("user", "first question"))
        terminal.ready()
        terminal.type("\x1b[A\x1b[A\r")  # what was just sent, and the one before it
        terminal.expect("ok")
        self.assertEqual(self.sent()[-1], ("user", "second"))

    def test_ephemeral_writes_nothing(self) -> None:
        self.server.chat("ok")
        terminal = self.start("--ephemeral")
        terminal.type("hello\r")
        terminal.expect("ok")
        terminal.ready()
        terminal.type("\x04")
        self.assertEqual(terminal.end(), 0)
        self.assertFalse((self.home / ".local/state/obliv/history").exists())

    def test_commands(self) -> None:
        self.server.chat("answer")
        terminal = self.start()

        def command(text: str, expected: str) -> None:
            terminal.type(text + "\r")
            terminal.expect(expected)
            terminal.ready()
        command("/help", "/system")
        command("/modle x", "did you mean /model?")
        command("/model m2", "The model is m2.")
        command("/system be kind", "be kind")
        command("/retry", "Nothing was asked yet")
        command("one", "answer")
        command("//slash", "answer")
        self.assertEqual(self.sent()[-1], ("user", "/slash"))
        command("/retry", "answer")
        self.assertEqual((self.sent()[-1], len(self.sent()), self.server.calls[-1].json["model"]),
                         (("user", "/slash"), 4, "m2"))
        command("/undo", "Took back: /slash")
        command("/usage", "33 tokens in (9 cached)")
        command("/info", "1 turns")
        command("/save talk.md", "Saved to talk.md")
        self.assertIn("## You\n\none\n\n## Model\n\nanswer\n", (self.folder / "talk.md").read_text())
        command("/save talk.md", "exists already")
        command("/new", "A new conversation")
        command("two", "answer")
        self.assertEqual(self.sent(), [("system", "be kind"), ("user", "two")])
        terminal.type("/quit\r")
        self.assertEqual(terminal.end(), 0)

    def test_an_error_is_told_and_the_conversation_goes_on(self) -> None:
        self.server.fail("POST /v1/chat/completions", 401, "unauthenticated")
        terminal = self.start()
        terminal.type("hello\r")
        terminal.expect("it is unauthenticated")
        terminal.ready()
        self.server.chat("fine")
        terminal.type("again\r")
        terminal.expect("fine")
        self.assertEqual(self.sent(), [("user", "again")])

    def test_the_terminal_is_put_back(self) -> None:
        terminal = self.start()
        raw = termios.tcgetattr(terminal.master)[3]
        self.assertFalse(raw & termios.ECHO)
        self.process_end(terminal)
        terminal = self.start()
        terminal.process.send_signal(signal.SIGTERM)
        self.assertEqual(terminal.end(), 143)
        self.assertIn("\x1b[?2004l", terminal.seen)

    def process_end(self, terminal: Terminal) -> None:
        terminal.type("\x04")
        self.assertEqual(terminal.end(), 0)
        self.assertIn("\x1b[?2004l", terminal.seen)


if __name__ == "__main__":
    unittest.main()
