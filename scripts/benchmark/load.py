"""The load: wrk at saturation, bench_client at a fixed rate and for streams. All on the other CPU than the proxy."""
from __future__ import annotations

import json
import re
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmark import probes
from benchmark.servers import LOAD_CPU, MODEL, Server

# About 0.6 kB of request; the reply of 50 words is about 0.8 kB with its head.
PLAIN = json.dumps({"model": MODEL, "messages": [
    {"role": "system", "content": "You answer in few words. " + "Be precise and kind. " * 20},
    {"role": "user", "content": "What is the capital of France?"}]})


def stream_body(gap_ms: int) -> str:
    """A stream that lasts longer than any measurement, a stamped chunk every so many milliseconds."""
    wishes = f"[[sim:tokens=1000000]][[sim:itl={gap_ms}ms]][[sim:stamp]]"
    return json.dumps({"model": MODEL, "stream": True, "messages": [{"role": "user", "content": "Go. " + wishes}]})


def pinned(command: list[str]) -> list[str]:
    return ["taskset", "-c", str(LOAD_CPU), *command]


@dataclass
class Saturated:
    requests_per_s: float
    cpu_us: float  # of the proxy, per request


def saturate(server: Server, program: str, folder: Path, seconds: float) -> Saturated:
    script = folder / f"{server.name.replace(' ', '_')}.lua"
    lines = ['wrk.method = "POST"', 'wrk.headers["Content-Type"] = "application/json"']
    for header in server.headers:
        name, _, value = header.partition(": ")
        lines.append(f'wrk.headers["{name}"] = "{value}"')
    lines.append(f"wrk.body = {json.dumps(PLAIN)}")
    script.write_text("\n".join(lines) + "\n")
    before = probes.cpu_ns(server.pids)
    done = subprocess.run(pinned([program, "-t1", "-c64", f"-d{seconds:g}s", "-s", str(script), server.url]),
                          capture_output=True, text=True, check=True, timeout=seconds + 30)
    cpu = probes.cpu_ns(server.pids) - before
    return read_wrk(done.stdout, cpu)


def read_wrk(text: str, cpu: int) -> Saturated:
    found = re.search(r"(\d+) requests in", text)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", text)
    if not found or not rate or "Non-2xx" in text or "Socket errors" in text:
        raise SystemExit(f"scripts/bench: wrk did not succeed:\n{text}")
    return Saturated(float(rate[1]), cpu / 1e3 / int(found[1]))


@dataclass
class Steady:
    cpu_us: float
    p50_us: float
    p99_us: float


def steady(server: Server, client: Path, rate: float, seconds: float) -> Steady:
    command = [str(client), "rate", "--url", server.url, "--body", PLAIN, "--rate", f"{rate:g}", "--seconds",
               f"{seconds:g}"]
    for header in server.headers:
        command += ["--header", header]
    before = probes.cpu_ns(server.pids)
    done = subprocess.run(pinned(command), capture_output=True, text=True, timeout=seconds + 60, check=False)
    cpu = probes.cpu_ns(server.pids) - before
    if done.returncode != 0:
        raise SystemExit(f"scripts/bench: {server.name} at {rate:g} calls/s: {done.stderr}")
    report = json.loads(done.stdout)
    if report["errors"]:
        raise SystemExit(f"scripts/bench: {server.name}: {report['errors']} of {report['calls']} calls failed")
    return Steady(cpu / 1e3 / report["calls"], report["p50_us"], report["p99_us"])


class Streams:
    """Streams that are open between entering and leaving."""

    def __init__(self, server: Server, client: Path, count: int, gap_ms: int) -> None:
        self.server = server
        self.count = count
        self.command = [str(client), "streams", "--url", server.url, "--body", stream_body(gap_ms), "--streams", str(count)]
        for header in server.headers:
            self.command += ["--header", header]

    def __enter__(self) -> Streams:
        self.process = subprocess.Popen(pinned(self.command), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        self.report()
        return self

    def __exit__(self, *_: object) -> None:
        self.process.communicate(timeout=30)

    def report(self) -> dict[str, Any]:
        assert self.process.stdout is not None and self.process.stderr is not None
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"scripts/bench: {self.count} streams on {self.server.name}: "
                             f"{self.process.stderr.read()} {self.server.log()[-1000:]}")
        report = json.loads(line)
        if report["streams"] != self.count or report["ended"] or report["broken"]:
            raise SystemExit(f"scripts/bench: of {self.count} streams on {self.server.name}: {line}")
        return report

    def ask(self) -> dict[str, Any]:
        assert self.process.stdin is not None
        self.process.stdin.write("?\n")
        self.process.stdin.flush()
        return self.report()


@dataclass
class Streaming:
    cpu_us: float  # per chunk
    chunks_per_s: float
    delay_p50_us: float
    delay_p99_us: float


def stream(server: Server, client: Path, seconds: float, count: int = 200, gap_ms: int = 20) -> Streaming:
    with Streams(server, client, count, gap_ms) as streams:
        first = streams.ask()
        before, start = probes.cpu_ns(server.pids), time.monotonic()
        time.sleep(seconds)
        last = streams.ask()
        cpu, took = probes.cpu_ns(server.pids) - before, time.monotonic() - start
    chunks = last["chunks"] - first["chunks"]
    return Streaming(cpu / 1e3 / chunks, chunks / took, last["delay_p50_us"], last["delay_p99_us"])


@dataclass
class Held:
    private_kib: float   # more than idle, per stream
    resident_mib: float  # of the whole proxy


def hold(server: Server, client: Path, count: int) -> Held:
    """Memory of a proxy that has just been started and warmed up, with so many streams open."""
    steady(server, client, 500, 1)
    idle = probes.private_kib(server.pids)
    # Few chunks, or the machine would be measured: 5,000 chunks a second with 10,000 streams.
    with Streams(server, client, count, 2000) as streams:
        time.sleep(2.5)
        private, resident = probes.private_kib(server.pids), probes.resident_kib(server.pids)
        streams.ask()
    return Held((private - idle) / count, resident / 1024)
