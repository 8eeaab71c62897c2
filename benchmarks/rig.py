# SPDX-License-Identifier: MIT
"""What all measurements share: the files of the world, the servers, the options."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import build
from benchmarks.process import BenchmarkError
from benchmarks.server import Server

PORTS_TRIED = 5


@dataclass
class Rig:
    """A world being served, and how much of it is to be measured."""

    files: build.Files
    datagrams: Server
    streams: Server
    domains: int
    rounds: int
    warnings: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=dict)
    folder: Path = build.BUILD

    @property
    def queries(self) -> int:
        """How many queries the two servers were sent."""
        return self.datagrams.queries + self.streams.queries

    def say(self, text: str) -> None:
        """Tell how far it is."""
        print(text, file=sys.stderr, flush=True)

    def warn(self, text: str) -> None:
        """Note what is left out, and why."""
        if text not in self.warnings:
            self.warnings.append(text)
            self.say(f"left out: {text}")

    def fault(self, text: str) -> None:
        """Note a wrong result: the whole run fails."""
        self.wrong.append(text)
        self.say(f"WRONG: {text}")

    def absorb(self, other: "Rig") -> None:
        """Take over what another one noted."""
        self.warnings += other.warnings
        self.wrong += other.wrong
        self.versions = {**other.versions, **self.versions}

    @contextmanager
    def delayed_server(self, seconds: float) -> Iterator[Server]:
        """Serve the same world with answers that take their time."""
        program = build.program("fastdns", self.folder)
        with Server(program, self.files.answers, delay=seconds) as server:
            yield server


@contextmanager
def set_up(domains: int, rounds: int, *, folder: Path = build.BUILD) -> Iterator[Rig]:
    """Make what is needed and serve the world by UDP and, on the same port, by TCP."""
    with ExitStack() as stack:
        files = build.Files(domains, build=folder)
        datagrams, streams = _serve_both(stack, files, folder)
        yield Rig(files, datagrams, streams, domains, rounds, folder=folder)


def _serve_both(
    stack: ExitStack, files: build.Files, folder: Path
) -> tuple[Server, Server]:
    fastdns = build.program("fastdns", folder)
    for _ in range(PORTS_TRIED):
        streams = Server(fastdns, files.answers, is_stream=True)
        stack.enter_context(streams)
        datagrams = Server(fastdns, files.answers, port=streams.port)
        # Someone else may have the other port of this number.
        with suppress(BenchmarkError):
            return stack.enter_context(datagrams), streams
    raise BenchmarkError("no port is free for both UDP and TCP")
