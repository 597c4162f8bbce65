"""The programs of a measurement: the simulated provider and the proxies in front of it. Each runs in a folder of its
own on a port of 127.0.0.1, pinned to one CPU, and is ended by the pid it was started with."""
from __future__ import annotations

import http.client
import json
import os
import resource
import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

from benchmark import probes

PROXY_CPU = 0
LOAD_CPU = 1
DESCRIPTORS = 20_000  # the usual limit; 9,900 streams need two each
MODEL = "bench"


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def find_program(name: str, root: Path) -> str:
    for candidate in (shutil.which(name), f"/usr/sbin/{name}", str(root / ".cache/tools" / name)):
        if candidate and os.access(candidate, os.X_OK):
            return candidate
    raise SystemExit(f"scripts/bench: {name} is missing; scripts/setup --bench installs it")


def raise_descriptors() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(DESCRIPTORS, hard), hard))


class Server:
    name = ""
    cpu = PROXY_CPU
    path = "/v1/chat/completions"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{self.path}"

    @property
    def headers(self) -> list[str]:
        return []

    def command(self) -> list[str]:
        raise NotImplementedError

    def start(self) -> Any:
        log = (self.folder / "log").open("ab")
        self.process = subprocess.Popen(["taskset", "-c", str(self.cpu), *self.command()], cwd=self.folder,
                                        stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        log.close()
        self.wait_until_it_answers()
        self.prepare()
        return self

    def prepare(self) -> None:
        """What must be done before the first call."""

    def wait_until_it_answers(self) -> None:
        assert self.process is not None
        end = time.monotonic() + 30
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > end:
                    raise SystemExit(f"scripts/bench: {self.name} did not start: {self.log()[-2000:]}") from None
                time.sleep(0.02)

    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    @property
    def pids(self) -> list[int]:
        assert self.process is not None
        return [self.process.pid, *probes.children(self.process.pid)]

    def stop(self) -> None:
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Simulator(Server):
    """The provider. Without delays of its own: calls ask for theirs."""
    name = "obliv sim"
    cpu = LOAD_CPU

    def __init__(self, folder: Path, bin_folder: Path) -> None:
        super().__init__(folder)
        self.program = bin_folder / "obliv"

    def command(self) -> list[str]:
        return [str(self.program), "sim", "--listen", f"127.0.0.1:{self.port}", "--threads", "1", "--ttft", "0ms",
                "--itl", "0ms", "--jitter", "0", "--output-tokens", "50"]


NGINX_CONFIG = """
worker_processes 1;
worker_rlimit_nofile {descriptors};
daemon off;
pid {folder}/nginx.pid;
error_log stderr;
events {{ worker_connections {connections}; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    client_body_buffer_size 1m;
    keepalive_requests 100000000;
    keepalive_timeout 1h;
    upstream provider {{
        server 127.0.0.1:{upstream};
        keepalive 512;
        keepalive_requests 100000000;
    }}
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location / {{
            proxy_pass http://provider;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_buffering off;
            proxy_read_timeout 1h;
        }}
    }}
}}
"""


class Nginx(Server):
    name = "nginx"

    def __init__(self, folder: Path, upstream: Simulator, root: Path) -> None:
        super().__init__(folder)
        self.program = find_program("nginx", root)
        # Started by root, its worker is another user, who has to reach the folder.
        self.folder.chmod(0o755)
        # It stops accepting before it runs out of connections: with as many as descriptors, 127 of 9,900 never came in.
        text = NGINX_CONFIG.format(folder=self.folder, descriptors=DESCRIPTORS, connections=2 * DESCRIPTORS,
                                   upstream=upstream.port, port=self.port)
        user = "user root;\n" if os.getuid() == 0 else ""
        (self.folder / "nginx.conf").write_text(user + text)

    def command(self) -> list[str]:
        return [self.program, "-e", "stderr", "-c", str(self.folder / "nginx.conf")]


# Everything on; of the log only what nginx also writes: no line for each request.
DAEMON_CONFIG = """
[log]
level = "notice"
"""


class Daemon(Server):
    """oblivd as it is installed: SQLite with synchronous=FULL, authentication, limits, ledger, usage log."""
    name = "oblivd"

    def __init__(self, folder: Path, upstream: Simulator, bin_folder: Path) -> None:
        super().__init__(folder)
        self.program = bin_folder / "oblivd"
        self.upstream = upstream
        self.key = ""
        (self.folder / "bench.toml").write_text(DAEMON_CONFIG)

    @property
    def socket(self) -> str:
        return str(self.folder / "oblivd.sock")

    @property
    def headers(self) -> list[str]:
        return [f"Authorization: Bearer {self.key}"]

    def command(self) -> list[str]:
        return [str(self.program), "run", "--config", str(self.folder / "bench.toml"), "--data-dir",
                str(self.folder / "data"), "--listen", f"127.0.0.1:{self.port}", "--socket", self.socket]

    def wait_until_it_answers(self) -> None:
        super().wait_until_it_answers()
        end = time.monotonic() + 30  # the socket comes after the port
        while not Path(self.socket).exists() and time.monotonic() < end:
            time.sleep(0.02)

    def prepare(self) -> None:
        self.api("POST", "/channels", {"name": "sim", "type": "openai", "keys": ["sk-simulated-0001"],
                                       "models": [MODEL], "base_url": f"http://127.0.0.1:{self.upstream.port}/v1"})
        self.api("PUT", f"/prices/{MODEL}", {"input": "2.5", "output": "10"})
        # A prepaid account and limits that are checked at every call, and never reached.
        self.api("POST", "/accounts", {"name": "bench", "kind": "prepaid"})
        self.api("POST", "/accounts/bench/topup", {"amount": "1000000"})
        token = self.api("POST", "/tokens", {"name": "bench", "account": "bench", "budget": "1000000",
                                             "requests_per_minute": 1_000_000, "concurrent_max": 100_000})
        self.key = token["key"]

    def api(self, method: str, path: str, body: Any = None) -> Any:
        connection = http.client.HTTPConnection("localhost", timeout=60)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(self.socket)
        data = None if body is None else json.dumps(body)
        connection.request(method, "/api/v1" + path, data, {"Content-Type": "application/json"} if data else {})
        response = connection.getresponse()
        text = response.read()
        connection.close()
        if response.status >= 300:
            raise SystemExit(f"scripts/bench: {method} {path}: {response.status} {text[:500]!r}")
        return json.loads(text) if text else None

    def books(self) -> str:
        report = self.api("POST", "/ledger/verify")
        return "agree" if report["ok"] else f"do NOT agree: {report['problems'][:3]}"

    def calls_billed(self) -> int:
        return sum(row["requests"] for row in self.api("GET", "/usage/report")["data"])


class Portkey(Server):
    """The Portkey gateway from npm, installed by hand in a folder: npm install --prefix FOLDER @portkey-ai/gateway."""
    name = "portkey"

    def __init__(self, folder: Path, upstream: Simulator, installed: Path) -> None:
        super().__init__(folder)
        self.script = installed.resolve() / "node_modules/@portkey-ai/gateway/build/start-server.js"
        self.upstream = upstream
        if not self.script.exists():
            raise SystemExit(f"scripts/bench: no {self.script}; run npm install --prefix {installed} @portkey-ai/gateway")

    @property
    def headers(self) -> list[str]:
        return ["x-portkey-provider: openai", f"x-portkey-custom-host: http://127.0.0.1:{self.upstream.port}/v1",
                "Authorization: Bearer sk-simulated-0001"]

    def command(self) -> list[str]:
        return ["node", str(self.script), f"--port={self.port}", "--headless"]
