# SPDX-License-Identifier: MIT
"""What is to be reached, and what was."""

from dataclasses import dataclass

DIGITS = {"x": 2, "ms": 1, "MiB": 1, "": 0}


@dataclass(frozen=True)
class Goal:
    """A figure that must not be higher than `limit`."""

    figure: str
    limit: float | None
    unit: str
    floor: bool = False  # must not be lower instead

    def shown(self) -> str:
        """Return it as the table has it."""
        if self.limit is None:
            return ""
        return f"{'>=' if self.floor else '<='} {self.number(self.limit)}"

    def number(self, value: float) -> str:
        """Return a value with its unit."""
        digits = DIGITS[self.unit]
        return f"{value:,.{digits}f} {self.unit}".rstrip()


# In the order of the table.
GOALS = {
    "bulk:limit": Goal("resolve_many : bare sockets", 1.3, "x"),
    "bulk:aiodns": Goal("resolve_many : aiodns with a dict as cache", 0.1, "x"),
    "bulk:massdns": Goal("resolve_many : massdns, 3 passes, no join", 0.8, "x"),
    "bulk:adns": Goal("resolve_many : adns from C", None, "x"),
    "bulk:dnspython": Goal("resolve_many : dnspython in threads, dict", None, "x"),
    "command:limit": Goal("pymx bulk to NDJSON : bare sockets", 1.5, "x"),
    "single:aiodns": Goal("one at a time, asyncio : aiodns, dict", 0.2, "x"),
    "uncached:aiodns": Goal("the same, no cache : aiodns, no dict", 0.2, "x"),
    "tcp:udp": Goal("resolve_many by TCP : by UDP", None, "x"),
    "tcp:limit": Goal("resolve_many by TCP : bare sockets by UDP", None, "x"),
    "limit-tcp:limit-udp": Goal("bare sockets by TCP : by UDP", None, "x"),
    "domains": Goal("a million domains : 10,000 domains", 1.1, "x"),
    "in-flight": Goal("8,000 at a time : 100 at a time", 1.3, "x"),
    "c-ares": Goal("with the newest c-ares : with the system's", 1.1, "x"),
    "c-ares-all": Goal("the same, transport c-ares", None, "x"),
    "idle": Goal("time of a lone lookup : c-ares from C", 1.2, "x"),
    "order": Goal("Python's sort and shuffle : ours, 5 exchanges", 50, "x", True),
    "order-call": Goal("the same, called as pymx.order", None, "x", True),
    "import": Goal("CPU time of import pymx", 20, "ms"),
    "instructions": Goal("instructions of a domain", None, ""),
    "instructions-engine": Goal("of them in the engine", 20_000, ""),
    "memory": Goal("memory, 10,000 at a time, no cache", 48, "MiB"),
    "memory-million": Goal("the same, a million domains", 48, "MiB"),
    "memory-growth": Goal("of it, grown after 100,000 domains", 1, "MiB"),
}


@dataclass(frozen=True)
class Figure:
    """A figure that was measured; the key is one of `GOALS`."""

    key: str
    value: float
    note: str = ""

    @property
    def goal(self) -> Goal:
        """What it is held against."""
        return GOALS[self.key]

    @property
    def is_reached(self) -> bool | None:
        """Tell whether the goal is reached; None when there is none."""
        goal = self.goal
        if goal.limit is None:
            return None
        return self.value >= goal.limit if goal.floor else self.value <= goal.limit
