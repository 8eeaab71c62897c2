# SPDX-License-Identifier: MIT
"""Memory of a long run, without a cache, 10,000 lookups at a time."""

from benchmarks.contenders import Driver
from benchmarks.goals import Figure
from benchmarks.process import MEBIBYTE
from benchmarks.rig import Rig

IN_FLIGHT = 10_000


def measure(rig: Rig) -> list[Figure]:
    """Run once: what is asked of the system differs little from run to run."""
    options = ("--cache-size", "0")
    count = rig.files.world.count
    driver = Driver("pymx, memory", count, IN_FLIGHT, "pymx_memory", options)
    told = driver.run(rig).json()
    driver.compare(rig, sum(told["statuses"].values()), count)
    over = (told["peak"] - told["idle"]) / MEBIBYTE
    growth = (told["peak"] - told["tenth_peak"]) / MEBIBYTE
    rig.say(f"memory of {count:,} domains: {over:.1f} MiB, growth {growth:.2f} MiB")
    domains = f"{count:,} domains"
    return [Figure("memory", over, domains), Figure("memory-growth", growth, domains)]
