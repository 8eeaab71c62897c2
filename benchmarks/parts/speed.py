# SPDX-License-Identifier: MIT
"""CPU for a domain, of everything that does this work, in turn."""

from collections.abc import Iterator

from benchmarks import build
from benchmarks.contenders import Contender, Driver
from benchmarks.goals import Figure
from benchmarks.programs import Adns, BulkCommand, Limit, Massdns
from benchmarks.rig import Rig
from benchmarks.turns import Samples, ratio, take_turns

LIMIT = "bare sockets in C, UDP"
LIMIT_TCP = "bare sockets in C, TCP"
MANY = "pymx, resolve_many"
MANY_TCP = "pymx, resolve_many, TCP"
COMMAND = "pymx bulk, to NDJSON"
SINGLE = "pymx, asyncio, one at a time"
UNCACHED = "pymx, the same, no cache"
AIODNS = "aiodns, dict as cache"
AIODNS_UNCACHED = "aiodns, c-ares's own cache"
MASSDNS = "massdns, 3 passes, no join"
ADNS = "adns from C, no cache"
DNSPYTHON = "dnspython, 64 threads, dict"
CONNECTIONS = 4

PAIRS = {
    "bulk:limit": (MANY, LIMIT),
    "bulk:aiodns": (MANY, AIODNS),
    "bulk:massdns": (MANY, MASSDNS),
    "bulk:adns": (MANY, ADNS),
    "bulk:dnspython": (MANY, DNSPYTHON),
    "command:limit": (COMMAND, LIMIT),
    "single:aiodns": (SINGLE, AIODNS),
    "uncached:aiodns": (UNCACHED, AIODNS_UNCACHED),
    "tcp:udp": (MANY_TCP, MANY),
    "tcp:limit": (MANY_TCP, LIMIT),
    "limit-tcp:limit-udp": (LIMIT_TCP, LIMIT),
}


def contenders(domains: int) -> list[Contender]:
    """Return all, those that are compared side by side; slow ones do less."""
    some, few = max(domains // 10, 100), max(domains // 100, 50)
    dictionary = ("--cache",)
    return [
        Limit(LIMIT, domains, 1000),
        Driver(MANY, domains, 1000, "pymx_many"),
        Massdns(MASSDNS, domains, 1000),
        BulkCommand(COMMAND, domains, 1000),
        Limit(LIMIT_TCP, domains, 1000, connections=CONNECTIONS),
        Driver(
            MANY_TCP,
            domains,
            1000,
            "pymx_many",
            ("--transport", "tcp"),
            is_stream=True,
        ),
        Driver(SINGLE, some, 500, "pymx_single"),
        Driver(AIODNS, some, 500, "peer_aiodns", dictionary, build.peers),
        Driver(UNCACHED, some, 500, "pymx_single", ("--cache-size", "0")),
        Driver(AIODNS_UNCACHED, some, 500, "peer_aiodns", (), build.peers),
        Adns(ADNS, some, 100),
        Driver(DNSPYTHON, few, 64, "peer_dnspython", dictionary, build.peers),
    ]


def figures(samples: Samples) -> Iterator[Figure]:
    """Yield the ratios."""
    for key, (of, to) in PAIRS.items():
        value = ratio(samples, of, to)
        if value is not None:
            yield Figure(key, value)


def measure(rig: Rig) -> tuple[Samples, list[Figure]]:
    """Return the figures of all rounds, and the ratios."""
    samples = take_turns(rig, contenders(rig.domains))
    return samples, list(figures(samples))


def in_flight(domains: int) -> dict[str, int]:
    """Return how many lookups each contender does at a time."""
    return {contender.name: contender.in_flight for contender in contenders(domains)}
