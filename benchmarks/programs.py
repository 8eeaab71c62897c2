# SPDX-License-Identifier: MIT
"""The contenders that are no Python, and the command ``pymx bulk``."""

from __future__ import annotations

import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import build
from benchmarks.check import Verdict, check
from benchmarks.contenders import TIMEOUT, Contender, Sample
from benchmarks.process import Finished, run
from benchmarks.server import Server
from benchmarks.world import World

if TYPE_CHECKING:
    from benchmarks.rig import Rig


@dataclass
class Limit(Contender):
    """rawlimit.c: nothing but sockets, with all questions known beforehand."""

    cached: bool = True
    connections: int = 0

    def prepare(self, rig: Rig) -> None:
        """Write the questions."""
        rig.files.questions(self.count, cached=self.cached)

    def measure(self, rig: Rig) -> Sample:
        """Ask everything."""
        before = rig.queries
        questions = rig.files.questions(self.count, cached=self.cached)
        program = build.program("rawlimit", rig.folder)
        port, in_flight = rig.datagrams.port, self.in_flight
        connections = [str(self.connections)] if self.connections else []
        command = [program, str(port), str(in_flight), str(questions), *connections]
        done = run(command, timeout=TIMEOUT)
        with questions.open("rb") as file:
            self.compare(rig, done.json()["queries"], sum(1 for _ in file))
        return self.sample(done, rig.queries - before)


@dataclass
class BulkCommand(Contender):
    """``pymx bulk`` from a file of lines to one of NDJSON, start and end included."""

    def prepare(self, rig: Rig) -> None:
        """See that it runs, with a domain or two."""
        with tempfile.TemporaryDirectory(dir=rig.folder) as folder:
            self.run(rig, Path(folder) / "routes.ndjson", 2)
        rig.files.first(self.count)

    def run(self, rig: Rig, output: Path, count: int | None = None) -> Finished:
        """Run it, for some of the domains."""
        server = f"127.0.0.1:{rig.datagrams.port}"
        command = [
            *(sys.executable, "-m", "pymx", "bulk", "--nameserver", server),
            *("--addresses", "any", "--timeout", "30"),
            *("--concurrency", str(self.in_flight), "--output", str(output)),
            str(rig.files.first(count or self.count)),
        ]
        return run(command, timeout=TIMEOUT)

    def verify(self, rig: Rig) -> None:
        """Compare status, hosts, addresses and order of every domain."""
        with tempfile.TemporaryDirectory(dir=rig.folder) as folder:
            output = Path(folder) / "routes.ndjson"
            self.run(rig, output)
            self.judge(rig, self._check(rig, output))

    def _check(self, rig: Rig, output: Path) -> Verdict:
        def rows() -> Iterator[Any]:
            with output.open("rb") as lines:
                for route in map(json.loads, lines):
                    targets = [
                        (target["preference"], target["host"], target["address"])
                        for target in route["targets"]
                    ]
                    yield route["domain"], route["status"], targets

        return check(World(self.count, rig.files.world.seed), rows())

    def measure(self, rig: Rig) -> Sample:
        """Run it for the clock."""
        before = rig.queries
        with tempfile.TemporaryDirectory(dir=rig.folder) as folder:
            output = Path(folder) / "routes.ndjson"
            done = self.run(rig, output)
            with output.open("rb") as lines:
                self.compare(rig, sum(1 for _ in lines), self.count)
        return self.sample(done, rig.queries - before)


@dataclass
class Adns(Contender):
    """GNU adns from C; it asks port 53 only and refuses exchanges that are aliases."""

    address: str = "127.0.5.3"

    def prepare(self, rig: Rig) -> None:
        """Compile it (libadns1-dev), see that port 53 may be served (root)."""
        build.program("peer_adns", rig.folder)
        with self._server(rig):
            pass

    def _server(self, rig: Rig) -> Server:
        fastdns = build.program("fastdns", rig.folder)
        return Server(fastdns, rig.files.answers, address=self.address, port=53)

    def measure(self, rig: Rig) -> Sample:
        """Look up everything."""
        adns = build.program("peer_adns", rig.folder)
        numbers = (str(self.in_flight), str(self.count))
        with self._server(rig) as server:
            command = [adns, self.address, *numbers, str(rig.files.domains)]
            done = run(command, timeout=TIMEOUT)
            queries = server.queries
        figures = done.json()
        tally = rig.files.tally(self.count)
        self.compare(
            rig,
            ({k: n for k, n in figures["statuses"].items() if n}, figures["targets"]),
            (dict(tally.statuses), tally.targets - tally.aliased),
        )
        return self.sample(done, queries)


@dataclass
class Massdns(Contender):
    """massdns in three passes: MX, then A and AAAA of every host; nothing is joined."""

    def prepare(self, rig: Rig) -> None:
        """Find it, and write its lists."""
        build.massdns()
        rig.files.hosts(self.count)
        rig.files.first(self.count)

    def measure(self, rig: Rig) -> Sample:
        """Run the passes; its whole process counts, as it says nothing of itself."""
        before = rig.queries
        passes = [
            self._run(rig, "MX", rig.files.first(self.count)),
            self._run(rig, "A", rig.files.hosts(self.count)),
            self._run(rig, "AAAA", rig.files.hosts(self.count)),
        ]
        return Sample(
            self.count,
            sum(done.user for done in passes),
            sum(done.system for done in passes),
            sum(done.wall for done in passes),
            max(done.memory for done in passes),
            rig.queries - before,
        )

    def _run(self, rig: Rig, rtype: str, names: Path) -> Finished:
        with tempfile.TemporaryDirectory(dir=rig.folder) as folder:
            resolvers, output = Path(folder) / "resolvers", Path(folder) / "records"
            resolvers.write_text(f"127.0.0.1:{rig.datagrams.port}\n")
            command = [
                *(str(build.massdns()), "--quiet", "--resolvers", str(resolvers)),
                *("--type", rtype, "--output", "S", "--outfile", str(output)),
                *("--hashmap-size", str(self.in_flight), str(names)),
            ]
            done = run(command, timeout=TIMEOUT)
            with output.open() as lines:
                records = Counter(line.split(" ")[1] for line in lines if " " in line)
            self.compare(
                rig, records[rtype], rig.files.tally(self.count).records[rtype]
            )
        return done
