# SPDX-License-Identifier: MIT
"""The tables in reStructuredText, and all figures as JSON."""

import json
import os
import platform
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.goals import Figure
from benchmarks.rig import Rig
from benchmarks.turns import Samples, cost


def machine() -> dict[str, str]:
    """Tell what this was measured on."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [x for x in cpuinfo.read_text().splitlines() if "model name" in x]
        model = names[0].partition(":")[2].strip() if names else model
    return {
        "processor": model,
        "processors": f"{os.cpu_count()} processors",
        "system": f"{platform.system()} {platform.release()}",
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
    }


def table(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a simple table; all columns but the first have figures."""
    cells = [list(heading), *map(list, rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(heading))]
    rule = " ".join("=" * width for width in widths)
    lines = [
        " ".join(
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    ]
    return "\n".join([rule, lines[0], rule, *lines[1:], rule])


def speed_table(samples: Samples, in_flight: dict[str, int]) -> str:
    """Return what a domain costs each contender; medians."""
    return table(
        ("Who", "at a time", "CPU us/domain", "domains/s", "queries/domain"),
        (
            (
                name,
                f"{in_flight[name]:,}",
                f"{cost(own):,.1f}",
                f"{median(s.domains / s.wall for s in own):,.0f}",
                f"{median(s.queries / s.domains for s in own):.2f}",
            )
            for name, own in samples.items()
        ),
    )


def goal_table(figures: Iterable[Figure]) -> str:
    """Return what was measured beside what is to be reached."""
    marks = {True: "yes", False: "no", None: ""}
    return table(
        ("What", "measured", "goal", "reached"),
        (
            (
                f.goal.figure,
                f.goal.number(f.value),
                f.goal.shown(),
                marks[f.is_reached],
            )
            for f in figures
        ),
    )


def write_json(
    path: Path, rig: Rig, samples: Samples, figures: Sequence[Figure]
) -> None:
    """Write all that was measured."""
    told: dict[str, Any] = {
        "machine": machine(),
        "python": sys.version,
        "versions": rig.versions,
        "domains": rig.domains,
        "rounds": rig.rounds,
        "wrong": rig.wrong,
        "left_out": rig.warnings,
        "figures": [
            {
                "figure": f.goal.figure,
                "value": f.value,
                "unit": f.goal.unit,
                "goal": f.goal.limit,
                "reached": f.is_reached,
                "note": f.note,
            }
            for f in figures
        ],
        "samples": {
            name: [{**asdict(s), "cost": s.cost} for s in own]
            for name, own in samples.items()
        },
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(told, indent=1) + "\n")


def show(
    rig: Rig, samples: Samples, in_flight: dict[str, int], figures: Sequence[Figure]
) -> None:
    """Print the tables and what they rest on."""
    if samples:
        print("\n" + speed_table(samples, in_flight) + "\n")
    print(goal_table(figures) + "\n")
    told = [*machine().values(), *(f"{k} {v}" for k, v in rig.versions.items())]
    print("; ".join(told))
    print(f"{rig.domains:,} domains; rounds: {rig.rounds}")
    for text in rig.warnings:
        print(f"left out: {text}")
    for text in rig.wrong:
        print(f"WRONG: {text}")
