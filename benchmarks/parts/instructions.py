# SPDX-License-Identifier: MIT
"""Instructions for a domain, counted by valgrind: nearly the same in every run."""

import re
import shutil
import tempfile
from pathlib import Path

from benchmarks.contenders import Driver
from benchmarks.goals import Figure
from benchmarks.rig import Rig

MANY = 4000
MAIN = 1  # the thread of Python, as callgrind numbers them


def count(rig: Rig, domains: int) -> dict[int, int]:
    """Return the instructions of each thread."""
    with tempfile.TemporaryDirectory(dir=rig.folder) as folder:
        output = Path(folder) / "callgrind"
        tool = (
            *("valgrind", "--tool=callgrind", "--separate-threads=yes"),
            f"--callgrind-out-file={output}",
        )
        driver = Driver("pymx, valgrind", domains, 1000, "pymx_many")
        driver.run(rig, tool=tool)
        threads = {}
        for file in Path(folder).glob("callgrind-??"):
            totals = re.search(r"^totals: (\d+)", file.read_text(), re.MULTILINE)
            threads[int(file.name[-2:])] = int(totals[1]) if totals else 0
        return threads


def measure(rig: Rig) -> list[Figure]:
    """Count for some and for more domains."""
    if shutil.which("valgrind") is None:
        rig.warn("instructions: valgrind is not on PATH")
        return []
    # What is done once falls out of the difference.
    more = min(MANY, rig.domains)
    less = more // 4
    few, many = count(rig, less), count(rig, more)
    each = {thread: (many[thread] - few[thread]) / (more - less) for thread in many}
    rig.say(f"instructions for a domain by thread: {each}")
    return [
        Figure("instructions", sum(each.values())),
        Figure("instructions-engine", sum(each.values()) - each[MAIN]),
    ]
