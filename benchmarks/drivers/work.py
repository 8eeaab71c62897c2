# SPDX-License-Identifier: MIT
"""What the drivers share: arguments, accounting, the JSON that they print.

A driver finds the targets of every domain of a list: MX, then A and AAAA of each
exchange or, when there is no MX, of the domain itself. It prints one object: seconds of
CPU (``user``, ``system``) and of time (``wall``) of that work alone, the numbers of
``statuses`` and of ``targets``, ``versions``. With ``--results FILE`` it also writes
what it found, for check.py; such a run is not for the clock.
"""

import argparse
import json
import random
import resource
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from benchmarks.check import Tally, Target


def parser(description: str | None, in_flight: int) -> argparse.ArgumentParser:
    """Return a parser of the arguments that all drivers have."""
    own = argparse.ArgumentParser(description=description)
    own.add_argument("domains", type=Path, help="a file, one domain a line")
    own.add_argument(
        "--port", type=int, required=True, help="of the server, on 127.0.0.1"
    )
    own.add_argument("--count", type=int, help="only so many domains")
    own.add_argument(
        "--in-flight", type=int, default=in_flight, help="domains at a time"
    )
    own.add_argument("--cache", action="store_true", help="ask for each host once")
    own.add_argument("--results", type=Path, help="write what was found to this file")
    return own


def read_domains(options: argparse.Namespace) -> list[str]:
    """Return the domains to look up."""
    domains: list[str] = options.domains.read_text().split()
    return domains[: options.count]


def in_order(exchanges: Iterable[tuple[int, str]]) -> list[tuple[int, str]]:
    """Order (preference, host) as RFC 5321 section 5.1 says it."""
    ordered = list(exchanges)
    random.shuffle(ordered)
    ordered.sort(key=lambda exchange: exchange[0])
    return ordered


class Meter:
    """Counts what is found; measures from its creation on."""

    def __init__(self, results: Path | None = None) -> None:
        """Start the clock; `results` is a file for what is found."""
        self.tally = Tally()
        self._results = results.open("w") if results else None
        self._wall = time.perf_counter()
        self._usage = resource.getrusage(resource.RUSAGE_SELF)

    @property
    def wants_results(self) -> bool:
        """Tell whether `keep` is to be called for each domain."""
        return self._results is not None

    def keep(self, domain: str, status: str, targets: list[Target]) -> None:
        """Count a domain and write what was found."""
        self.tally.add(status, len(targets))
        if self._results:
            self._results.write(json.dumps([domain, status, targets]) + "\n")

    def report(self, versions: dict[str, str], **more: Any) -> None:
        """Stop the clock and print the figures."""
        wall = time.perf_counter() - self._wall
        usage = resource.getrusage(resource.RUSAGE_SELF)
        if self._results:
            self._results.close()
        figures = {
            "user": usage.ru_utime - self._usage.ru_utime,
            "system": usage.ru_stime - self._usage.ru_stime,
            "wall": wall,
            "statuses": self.tally.statuses,
            "targets": self.tally.targets,
            "versions": {"Python": sys.version.split()[0], **versions},
            **more,
        }
        json.dump(figures, sys.stdout)
