# SPDX-License-Identifier: MIT
"""Who is measured: each does the same work, and says what it took and what it found."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.check import Verdict, check_lines
from benchmarks.process import (
    MICROSECOND,
    BenchmarkError,
    Finished,
    python_module,
    run,
)
from benchmarks.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.rig import Rig

TIMEOUT = 600.0  # seconds for one run of one contender


@dataclass(frozen=True)
class Sample:
    """One run: seconds of CPU and of time, octets of memory, numbers of things."""

    domains: int
    user: float
    system: float
    wall: float
    memory: int
    queries: int

    @property
    def cost(self) -> float:
        """Microseconds of CPU for a domain."""
        return (self.user + self.system) / self.domains / MICROSECOND


@dataclass
class Contender:
    """Something that looks up `count` domains, `in_flight` at a time."""

    name: str
    count: int
    in_flight: int

    def prepare(self, rig: Rig) -> None:
        """Make what is needed; raises BenchmarkError when it cannot take part."""

    def verify(self, rig: Rig) -> None:
        """Run once, not for the clock; compare all that was found with the world."""
        self.measure(rig)

    def measure(self, rig: Rig) -> Sample:
        """Run once; numbers that are not the world's are a fault of the rig's run."""
        raise NotImplementedError

    def sample(self, done: Finished, queries: int) -> Sample:
        """Return the figures that the program printed, or else those of the process."""
        told = done.json() if done.output.startswith("{") else {}
        return Sample(
            self.count,
            told.get("user", done.user),
            told.get("system", done.system),
            told.get("wall", done.wall),
            done.memory,
            queries,
        )

    def compare(self, rig: Rig, found: object, expected: object) -> None:
        """Hold the numbers of a run against the world's."""
        if found != expected:
            rig.fault(f"{self.name} found {found}, the world holds {expected}")

    def judge(self, rig: Rig, verdict: Verdict) -> None:
        """Say how a comparison of all domains came out."""
        if verdict.is_right:
            rig.say(f"{self.name}: {verdict}")
        else:
            rig.fault(f"{self.name}: {verdict}")


@dataclass
class Driver(Contender):
    """A module of drivers/, which measures itself: not the start of Python."""

    module: str
    options: tuple[str, ...] = ()
    python: Callable[[], Path] | None = None  # None: the Python that has pymx
    pythonpath: str | None = None
    is_stream: bool = False

    def prepare(self, rig: Rig) -> None:
        """See that it runs, with a domain or two, and by TCP if that is measured."""
        before = rig.streams.queries
        self.run(rig, "--count", "2", "--in-flight", "1")
        if self.is_stream and rig.streams.queries == before:
            raise BenchmarkError("it did not ask by TCP")

    def run(
        self,
        rig: Rig,
        *more: str,
        domains: Path | None = None,
        port: int | None = None,
        tool: Sequence[str] = (),
    ) -> Finished:
        """Run it; the last of equal options counts. A `tool` stands before it."""
        python = (self.python(),) if self.python else ()
        command = [
            *tool,
            *python_module(f"drivers.{self.module}", *python),
            *(
                str(domains or rig.files.domains),
                "--port",
                str(port or rig.datagrams.port),
            ),
            *("--count", str(self.count), "--in-flight", str(self.in_flight)),
            *self.options,
            *more,
        ]
        return run(command, timeout=TIMEOUT, pythonpath=self.pythonpath)

    def verify(self, rig: Rig) -> None:
        """Compare status, hosts, addresses and order of every domain."""
        results = rig.files.folder / "results"
        done = self.run(rig, "--results", str(results))
        for name, version in done.json()["versions"].items():
            rig.versions.setdefault(name, version)
        with results.open() as lines:
            verdict = check_lines(World(self.count, rig.files.world.seed), lines)
        results.unlink()
        self.judge(rig, verdict)

    def measure(self, rig: Rig) -> Sample:
        """Run it for the clock."""
        before = rig.queries
        done = self.run(rig)
        figures = done.json()
        tally = rig.files.tally(self.count)
        self.compare(
            rig,
            ({k: n for k, n in figures["statuses"].items() if n}, figures["targets"]),
            (dict(tally.statuses), tally.targets),
        )
        return self.sample(done, rig.queries - before)
