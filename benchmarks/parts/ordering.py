# SPDX-License-Identifier: MIT
"""The ordering of five exchanges beside Python's own means, as order.py measures it."""

from benchmarks import build
from benchmarks.goals import Figure
from benchmarks.process import python_module, run
from benchmarks.rig import Rig

TIMEOUT = 120.0


def measure(rig: Rig) -> list[Figure]:
    """Run order.py for lists of five."""
    program = build.program("order_core", rig.folder)
    command = [*python_module("order"), program, "--json", "5"]
    told = run(command, timeout=TIMEOUT).json()
    rig.say(f"ordering: {told}")
    return [
        Figure("order", told["C alone"]["times"], f"{told['C alone']['ns']:.0f} ns"),
        Figure("order-call", told["pymx.order"]["times"]),
    ]
