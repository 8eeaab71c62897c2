# SPDX-License-Identifier: MIT
"""What ``import pymx`` adds to a Python that does nothing."""

import sys
from statistics import median

from benchmarks.goals import Figure
from benchmarks.process import run
from benchmarks.rig import Rig

STARTS = 5  # for each round
TIMEOUT = 30.0


def measure(rig: Rig) -> list[Figure]:
    """Compare by CPU time, start by start."""

    def cpu(program: str) -> float:
        return run([sys.executable, "-c", program], timeout=TIMEOUT).cpu

    cpu("import pymx")  # so that all is compiled
    more = [cpu("import pymx") - cpu("pass") for _ in range(rig.rounds * STARTS)]
    rig.say(f"import pymx: {median(more) * 1e3:.1f} ms")
    return [Figure("import", median(more) * 1e3)]
