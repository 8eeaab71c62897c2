# SPDX-License-Identifier: MIT
"""The same work with pymx built against the newest c-ares, and against the system's."""

from benchmarks.contenders import Contender, Driver
from benchmarks.goals import Figure
from benchmarks.newest_cares import build_pymx
from benchmarks.rig import Rig
from benchmarks.turns import ratio, take_turns

SYSTEM, NEWEST = "pymx, system's c-ares", "pymx, newest c-ares"
ALL = ("--transport", "c-ares")


def measure(rig: Rig) -> list[Figure]:
    """Compare both, also when c-ares does everything."""
    package = str(build_pymx())
    count = min(50_000, rig.domains)

    def contender(name: str, path: str | None, *options: str) -> Contender:
        return Driver(name, count, 1000, "pymx_many", options, pythonpath=path)

    samples = take_turns(
        rig,
        [
            contender(SYSTEM, None),
            contender(NEWEST, package),
            contender(f"{SYSTEM}, for all", None, *ALL),
            contender(f"{NEWEST}, for all", package, *ALL),
        ],
    )
    usual = ratio(samples, NEWEST, SYSTEM)
    everything = ratio(samples, f"{NEWEST}, for all", f"{SYSTEM}, for all")
    assert usual is not None
    assert everything is not None
    return [Figure("c-ares", usual), Figure("c-ares-all", everything)]
