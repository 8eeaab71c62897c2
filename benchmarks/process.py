# SPDX-License-Identifier: MIT
"""Run a program on one processor, for a limited time, and measure it."""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
MICROSECOND = 1e-6
MEBIBYTE = 1 << 20

Command = Sequence[object]  # each word as str() has it


class BenchmarkError(Exception):
    """A program failed, or found something wrong."""


@dataclass(frozen=True)
class Finished:
    """What a program printed and took: seconds, octets."""

    output: str
    errors: str
    user: float
    system: float
    wall: float
    memory: int

    @property
    def cpu(self) -> float:
        """Seconds of CPU of the whole process."""
        return self.user + self.system

    def json(self) -> dict[str, Any]:
        """Return the object that it printed."""
        figures: dict[str, Any] = json.loads(self.output)
        return figures


def processors() -> tuple[int, int]:
    """Return the processor of the servers and that of the clients."""
    allowed = sorted(os.sched_getaffinity(0))
    return allowed[0], allowed[min(1, len(allowed) - 1)]


@contextmanager
def on_processor(number: int) -> Iterator[None]:
    """Keep the processes that are started within to this processor."""
    own = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {number})
    try:
        yield
    finally:
        os.sched_setaffinity(0, own)


def environment(pythonpath: str | None = None) -> dict[str, str]:
    """Return the environment of a measured program, free of what changes Python."""
    own = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "PYMX"))}
    if pythonpath is None:
        return own
    # Or else the package in this folder would come first.
    return {**own, "PYTHONPATH": f"{pythonpath}:{ROOT}", "PYTHONSAFEPATH": "1"}


def run(command: Command, *, timeout: float, pythonpath: str | None = None) -> Finished:
    """Run a client to its end.

    Raises BenchmarkError when it fails or is not done in `timeout` seconds.
    """
    with tempfile.TemporaryFile() as printed, tempfile.TemporaryFile() as errors:
        start = time.perf_counter()
        with on_processor(processors()[1]):
            process = subprocess.Popen(
                [str(word) for word in command],
                cwd=ROOT,
                env=environment(pythonpath),
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=errors,
            )
        guard = threading.Timer(timeout, process.kill)
        guard.start()
        try:
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        finally:
            guard.cancel()
            if process.returncode is None:
                process.kill()
                process.wait()
        wall = time.perf_counter() - start
        printed.seek(0)
        errors.seek(0)
        told = errors.read().decode(errors="replace")
        if process.returncode != 0:
            words = " ".join(map(str, command))
            why = f"exit status {process.returncode} after {wall:.1f} s"
            raise BenchmarkError(f"{words}: {why}\n{told[-2000:]}")
        return Finished(
            printed.read().decode(),
            told,
            usage.ru_utime,
            usage.ru_stime,
            wall,
            usage.ru_maxrss * 1024,
        )


def python_module(module: str, python: str | Path = sys.executable) -> list[str]:
    """Return the command that runs a module of this folder."""
    return [str(python), "-m", f"benchmarks.{module}"]
