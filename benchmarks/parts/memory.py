# SPDX-License-Identifier: MIT
"""Memory of a long run, without a cache, 10,000 lookups at a time."""

from benchmarks.contenders import Driver
from benchmarks.goals import Figure
from benchmarks.process import MEBIBYTE
from benchmarks.rig import Rig

IN_FLIGHT = 10_000


def _run(rig: Rig, count: int) -> tuple[float, float]:
    """Return the most that was resident, and how much less it was after a tenth."""
    options = ("--cache-size", "0")
    driver = Driver("pymx, memory", count, IN_FLIGHT, "pymx_memory", options)
    told = driver.run(rig).json()
    driver.compare(rig, sum(told["statuses"].values()), count)
    over = (told["peak"] - told["idle"]) / MEBIBYTE
    growth = (told["peak"] - told["tenth_peak"]) / MEBIBYTE
    rig.say(f"memory of {count:,} domains: {over:.1f} MiB, growth {growth:.2f} MiB")
    return over, growth


def measure(rig: Rig) -> list[Figure]:
    """Run once: what is asked of the system differs little from run to run."""
    over, _ = _run(rig, rig.domains)
    return [Figure("memory", over)]


def measure_million(rig: Rig) -> list[Figure]:
    """Run once with all domains of a large world."""
    over, growth = _run(rig, rig.domains)
    return [Figure("memory-million", over), Figure("memory-growth", growth)]
