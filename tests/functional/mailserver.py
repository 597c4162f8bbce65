"""A mail server on loopback that takes every mail and keeps it."""
from __future__ import annotations

import email
import email.message
import email.policy
import socket
import threading


class MailServer:
    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        self.mails: list[tuple[list[str], email.message.EmailMessage]] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        with sock, sock.makefile("rwb") as stream:
            def say(line: str) -> None:
                stream.write(line.encode() + b"\r\n")
                stream.flush()
            say("220 test")
            receivers: list[str] = []
            for raw in stream:
                verb, _, rest = raw.decode().strip().partition(" ")
                if verb.upper() == "RCPT":
                    receivers.append(rest.partition(":")[2].strip("<>"))
                if verb.upper() == "DATA":
                    say("354 go on")
                    lines: list[bytes] = []
                    for line in stream:
                        if line == b".\r\n":
                            break
                        lines.append(line[1:] if line.startswith(b".") else line)
                    mail = email.message_from_bytes(b"".join(lines), policy=email.policy.default)
                    self.mails.append((receivers, mail))
                    receivers = []
                say("221 bye" if verb.upper() == "QUIT" else "250 ok")
                if verb.upper() == "QUIT":
                    return
