# SPDX-License-Identifier: MIT
"""How the cost of a domain grows with the work, and with what is in flight."""

from typing import Any

from benchmarks.contenders import Contender, Driver
from benchmarks.goals import Figure
from benchmarks.process import Finished
from benchmarks.rig import Rig
from benchmarks.turns import ratio, take_turns

FEW, MANY = 10_000, 1_000_000
NARROW, WIDE = 100, 8_000
# An answer takes so long for each in flight that both have the same rate.
ROUND_TRIP = 2e-3 / NARROW
DELAYED_DOMAINS = 50_000


class Delayed(Driver):
    """pymx against a server that takes its time, so that so many are in flight."""

    def run(self, rig: Rig, *more: str, **options: Any) -> Finished:
        """Run it against a server of its own."""
        with rig.delayed_server(self.in_flight * ROUND_TRIP) as server:
            return super().run(rig, *more, **options, port=server.port)


def measure(rig: Rig) -> list[Figure]:
    """Measure both, in turn."""
    many = min(MANY, rig.files.world.count)
    delayed = min(DELAYED_DOMAINS, rig.files.world.count)
    contenders: list[Contender] = [
        Driver("few domains", FEW, 1000, "pymx_many"),
        Driver("many domains", many, 1000, "pymx_many"),
        Delayed("few in flight", delayed, NARROW, "pymx_many"),
        Delayed("many in flight", delayed, WIDE, "pymx_many"),
    ]
    samples = take_turns(rig, contenders)
    growth = ratio(samples, "many domains", "few domains")
    width = ratio(samples, "many in flight", "few in flight")
    assert growth is not None
    assert width is not None
    return [Figure("domains", growth), Figure("in-flight", width)]
