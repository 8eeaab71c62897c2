# SPDX-License-Identifier: MIT
"""Measure pymx beside its peers and the limit.

    make bench          what is done in some minutes
    make bench-all      the long runs too: a million domains, the newest c-ares

Exit status 1: a contender missed a domain, or found something wrong for it.
"""

import argparse
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks import build, report
from benchmarks.goals import GOALS, Figure
from benchmarks.parts import (
    cares,
    growth,
    idle,
    instructions,
    memory,
    ordering,
    speed,
    start,
)
from benchmarks.process import BenchmarkError
from benchmarks.rig import Rig, set_up
from benchmarks.turns import Samples

SHORT: dict[str, Callable[[Rig], list[Figure]]] = {
    "idle": idle.measure,
    "order": ordering.measure,
    "import": start.measure,
    "instructions": instructions.measure,
    "memory": memory.measure,
}
LONG: dict[str, Callable[[Rig], list[Figure]]] = {
    "memory-million": memory.measure_million,
    "growth": growth.measure,
    "newest-c-ares": cares.measure,
}
PARTS = ["speed", *SHORT, *LONG]
LONG_DOMAINS = 1_000_000


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--all", action="store_true", help="the long runs too")
    parser.add_argument("--only", metavar="PART,...", help=", ".join(PARTS))
    parser.add_argument("--domains", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5, help="pairs of each ratio")
    parser.add_argument("--json", type=Path, default=build.BUILD / "figures.json")
    options = parser.parse_args(arguments)
    usual = [*SHORT, "speed", *(LONG if options.all else ())]
    options.parts = options.only.split(",") if options.only else usual
    unknown = set(options.parts) - set(PARTS)
    if unknown:
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    return options


def measure_part(
    rig: Rig, name: str, measure: Callable[[Rig], list[Figure]]
) -> list[Figure]:
    """Measure one part; say how long it took."""
    began = time.monotonic()
    try:
        figures = measure(rig)
    except BenchmarkError as error:
        rig.fault(f"{name}: {error}")
        figures = []
    rig.say(f"{name}: took {time.monotonic() - began:.0f} s")
    return figures


def in_table_order(figures: list[Figure]) -> list[Figure]:
    """Return the figures as the goals are listed."""
    latest = {figure.key: figure for figure in figures}
    return [latest[key] for key in GOALS if key in latest]


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line."""
    options = parse(arguments)
    # So that no server or client is left behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    samples: Samples = {}
    figures: list[Figure] = []

    def measure_speed(rig: Rig) -> list[Figure]:
        own, ratios = speed.measure(rig)
        samples.update(own)
        return ratios

    short = {"speed": measure_speed, **SHORT}
    rigs = []
    for domains, parts in ((options.domains, short), (LONG_DOMAINS, LONG)):
        chosen = {name: parts[name] for name in parts if name in options.parts}
        if chosen:
            with set_up(domains, options.rounds) as rig:
                for name, part in chosen.items():
                    figures += measure_part(rig, name, part)
            rigs.append(rig)
    rig = rigs[0]
    for other in rigs[1:]:
        rig.absorb(other)
    figures = in_table_order(figures)
    report.write_json(options.json, rig, samples, figures)
    report.show(rig, samples, speed.in_flight(rig.domains), figures)
    return 1 if rig.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
