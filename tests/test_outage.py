# SPDX-License-Identifier: MIT
"""Bulk runs over name servers that go away, come back, or take only so much."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence

import pytest

import pymx
from pymx.testing import Behaviour, Query, Send, Step
from tests.conftest import MakeResolver, StartDNS

COUNT = 2000
NAMES = [f"d{number}.example" for number in range(COUNT)]
ZONE = {
    name: {"MX": [(10, f"mx{number % 10}.example")]}
    for number, name in enumerate(NAMES)
} | {f"mx{number}.example": {"A": f"192.0.2.{number + 1}"} for number in range(10)}
# The usual times: what is told apart here is whether anybody is charged.
TIMES = {"timeout": 5.0, "attempt_timeout": 0.5, "cache_size": 0}


def _after_a_second(action: Callable[[], object]) -> threading.Timer:
    timer = threading.Timer(1.0, action)
    timer.start()
    return timer


@pytest.mark.parametrize("way", ["stop", "pause", "freeze"])
def test_a_server_that_is_gone_for_a_second_costs_no_destination(
    dns: StartDNS, resolver: MakeResolver, way: str
) -> None:
    server = dns(ZONE)
    back = {"stop": server.start, "pause": server.resume, "freeze": server.resume}[way]
    asking = resolver(server, **TIMES)
    timer = None
    statuses: Counter[str] = Counter()
    for route in asking.resolve_many(NAMES):
        statuses[route.status] += 1
        if statuses.total() == 300:
            getattr(server, way)()
            timer = _after_a_second(back)
    assert timer is not None
    timer.join()
    assert statuses == {"ok": COUNT}


def test_a_server_that_is_not_there_yet_is_waited_for(
    dns: StartDNS, resolver: MakeResolver
) -> None:
    server = dns(ZONE)
    server.stop()
    asking = resolver(server, **{**TIMES, "timeout": 0.5})
    timer = threading.Timer(2.0, server.start)
    timer.start()
    statuses = Counter(route.status for route in asking.resolve_many(NAMES[:200]))
    timer.join()
    assert statuses == {"ok": 200}
    figures = asking.stats()
    assert figures["outages"] == 1
    assert figures["paused_ms"] >= 1000


def test_a_single_lookup_ends_in_time(dns: StartDNS, resolver: MakeResolver) -> None:
    server = dns(ZONE)
    server.pause()
    asking = resolver(server, **{**TIMES, "timeout": 0.5})
    assert asking.resolve(NAMES[0]).status == "timeout"
    server.stop()
    assert asking.resolve(NAMES[0]).status in {"timeout", "no_servers"}
    server.start()


def _take_at_most(limit: float) -> Behaviour:
    """Answer so many a second, saving up a second's worth; drop the rest."""
    tokens, at = limit, time.monotonic()

    def plan(query: Query) -> Sequence[Step]:
        nonlocal tokens, at
        now = time.monotonic()
        tokens, at = min(limit, tokens + limit * (now - at)), now
        if tokens < 1:
            return []
        tokens -= 1
        return [Send(query.reply)]

    return Behaviour(f"_take_at_most({limit})", plan, "udp")


def test_a_server_that_limits_its_clients_is_found_out(
    dns: StartDNS, resolver: MakeResolver
) -> None:
    server = dns(ZONE)
    server.script(None, None, _take_at_most(1000))
    asking = resolver(server, **{**TIMES, "concurrency": 5000})
    statuses = Counter(route.status for route in asking.resolve_many(NAMES))
    assert statuses == {"ok": COUNT}
    assert asking.stats()["losses"] > 0


def test_no_more_than_the_rate(dns: StartDNS, resolver: MakeResolver) -> None:
    server = dns(ZONE)
    asking = resolver(server, **{**TIMES, "timeout": 0.3}, rate=200)
    began = time.monotonic()
    statuses = Counter(route.status for route in asking.resolve_many(NAMES[:60]))
    took = time.monotonic() - began
    assert statuses == {"ok": 60}
    asked = len(server.log)
    # The bucket holds 50 ms' worth.
    assert asked <= 200 * took + 10 + 1


def test_dead_domains_end_and_cost_the_others_nothing(
    dns: StartDNS, resolver: MakeResolver
) -> None:
    server = dns(ZONE)
    server.script("*.dead.example", None, pymx.testing.drop())
    asking = resolver(server, **{**TIMES, "timeout": 2.0})
    dead = [f"d{number}.dead.example" for number in range(100)]
    statuses = Counter(
        (route.status, route.domain.endswith("dead.example"))
        for route in asking.resolve_many(dead + NAMES[:300])
    )
    assert statuses == {("ok", False): 300, ("timeout", True): 100}
