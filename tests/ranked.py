# SPDX-License-Identifier: MIT
"""A zone with equal exchanges, and every way to their order; for tests of `prefer`."""

import contextlib

import pytest
from event_loops import Asyncio, Trio, Uvloop

from pymx import aio

ZONE = {
    "d.example": {
        "MX": [(10, f"{host}.example") for host in "abc"]
        + [(20, f"{host}.example") for host in "xy"]
    },
    "other.example": {"MX": [(10, "a.example"), (10, "b.example")]},
    "single.example": {"MX": [(10, "a.example"), (20, "b.example")]},
    **{
        f"{host}.example": {"A": f"192.0.2.{number}"}
        for number, host in enumerate("abcxy", 1)
    },
}
RANKS = {"c.example": 1, "b.example": 2.5, "y.example": -1}
ORDER = ["c.example", "b.example", "a.example", "y.example", "x.example"]


class Prefer:
    """A function that notes what it is asked."""

    def __init__(self, answer=RANKS.get):
        self.answer = answer
        self.asked = []

    def __call__(self, host):
        self.asked.append(host)
        return self.answer(host)


def hosts(route):
    return [exchange.host for exchange in route.exchanges]


def by_resolve(asking, *destinations):
    return [hosts(asking.resolve(destination)) for destination in destinations]


def by_targets(asking, *destinations):
    return [
        [target.host for target in asking.targets(destination)]
        for destination in destinations
    ]


def by_resolve_many(asking, *destinations):
    return [hosts(route) for route in asking.resolve_many(destinations, ordered=True)]


def twin(asking):
    """Return the resolver of event loops with the engine's side of this one."""
    made = aio.Resolver.__new__(aio.Resolver)
    vars(made).update(vars(asking))
    return made


def in_loop(loop, way):
    def run(asking, *destinations):
        return loop.run(lambda: way(twin(asking), *destinations))

    run.__name__ = f"{loop.name}-{way.__name__}"
    return run


async def aio_resolve(asking, *destinations):
    return [hosts(await asking.resolve(destination)) for destination in destinations]


async def aio_targets(asking, *destinations):
    results = []
    for destination in destinations:
        async with contextlib.aclosing(asking.targets(destination)) as targets:
            results.append([target.host async for target in targets])
    return results


async def aio_resolve_many(asking, *destinations):
    routes = asking.resolve_many(destinations, ordered=True)
    async with contextlib.aclosing(routes):
        return [hosts(route) async for route in routes]


WAYS = [
    *(by_resolve, by_targets, by_resolve_many),
    *(
        in_loop(loop, way)
        for loop in (Asyncio(), Uvloop(), Trio())
        for way in (aio_resolve, aio_targets, aio_resolve_many)
    ),
]
ALL_WAYS = pytest.mark.parametrize("way", WAYS, ids=[way.__name__ for way in WAYS])
