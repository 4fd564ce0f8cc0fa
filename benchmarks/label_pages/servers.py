"""A tool's server: started, waited for, watched, and ended with all that it started."""

from __future__ import annotations

import os
import random
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

_PATIENCE = 300.0
_SECONDS_TO_END = 10.0
# Below the ports that systems hand out by themselves (32768 and above on Linux).
_PORTS = range(20_000, 32_000)
_LOOPBACK = ("127.0.0.1", "::1", "::ffff:127.0.0.1")


class ServerError(Exception):
    """A server did not come up, or listens where it must not; the message says how."""


@dataclass(frozen=True)
class Server:
    """A server that runs.

    Attributes
    ----------
    process : psutil.Process
    port : int
    out : Path
        What it prints.
    """

    process: Any
    port: int
    out: Path

    def kill(self) -> None:
        """End it as the power failing would."""
        for each in (*self.process.children(recursive=True), self.process):
            with suppress(psutil.NoSuchProcess):
                each.kill()

    def seconds(self) -> tuple[float, float]:
        """Return the processor time of it with all that it started, and of itself."""
        first = _seconds(self.process)
        others = sum(_seconds(child) for child in self.process.children(recursive=True))
        return first + others, first

    def thread_seconds(self) -> dict[int, float]:
        """Return the processor time of each thread of the first process but the main one."""
        return {
            thread.id: thread.user_time + thread.system_time
            for thread in self.process.threads()
            if thread.id != self.process.pid
        }

    def check_loopback(self) -> None:
        """Raise ServerError if anything of it can be reached from another machine."""
        for each in (self.process, *self.process.children(recursive=True)):
            for found in each.net_connections("tcp"):
                if found.status == psutil.CONN_LISTEN and found.laddr.ip not in _LOOPBACK:
                    raise ServerError(f"it listens on {found.laddr.ip}:{found.laddr.port}")


def free_port() -> int:
    """Return a port of the loopback that nobody uses, nor is given before it is listened to."""
    for port in random.SystemRandom().sample(_PORTS, 100):
        with socket.socket() as made, suppress(OSError):
            made.bind(("127.0.0.1", port))
            return port
    raise ServerError("a hundred ports were taken")


@contextmanager
def serving(
    command: Sequence[str], folder: Path, port: int, more: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """Run a server until the context ends; what it has started ends with it."""
    out = folder / "server.txt"
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    with out.open("w", encoding="utf-8") as printed:
        started = subprocess.Popen(
            list(command),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=subprocess.STDOUT,
            env=environment | dict(more or {}),
        )
        process = psutil.Process(started.pid)
        try:
            yield Server(process, port, out)
        finally:
            _end(started, process)


def wait_for(server: Server, *, said: str | None = None) -> str:
    """Wait until the port is open, or until a line with these words was printed: that line."""
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        if server.process.status() == psutil.STATUS_ZOMBIE:
            break
        if said is not None:
            lines = server.out.read_text(encoding="utf-8", errors="replace").splitlines()
            found = next((line for line in lines if said in line), None)
            if found is not None:
                return found
        else:
            with suppress(OSError), socket.create_connection(("127.0.0.1", server.port), 1):
                return ""
        time.sleep(0.02)
    last = server.out.read_text(encoding="utf-8", errors="replace")[-500:]
    raise ServerError(f"the server did not come up: {last}")


def _seconds(process: Any) -> float:
    with suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
        times = process.cpu_times()
        return float(times.user + times.system)
    return 0.0


def _end(started: subprocess.Popen[bytes], process: Any) -> None:
    """End a process and what it started, each by its number; whoever does not listen is killed."""
    family = []
    with suppress(psutil.NoSuchProcess):
        family = [*process.children(recursive=True), process]
    for ask in (psutil.Process.terminate, psutil.Process.kill):
        for each in family:
            with suppress(psutil.NoSuchProcess):
                ask(each)
        _, family = psutil.wait_procs(family, timeout=_SECONDS_TO_END)
        if not family:
            break
    started.wait(_SECONDS_TO_END)
