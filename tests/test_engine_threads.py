# SPDX-License-Identifier: MIT
"""`Resolver(threads=...)`: several engines do what one does."""

import asyncio

import pytest

import pymx
from pymx import aio
from pymx.testing import drop, rcode

WORLD = {
    f"d{n}.example": {"MX": [(10, f"mx{m}.example") for m in range(n % 4)]}
    for n in range(400)
} | {f"mx{m}.example": {"A": f"192.0.2.{m}"} for m in range(4)}
DOMAINS = [name for name in WORLD if name.startswith("d")]


@pytest.mark.parametrize("ordered", [False, True])
def test_every_destination_comes_out_once(dns, resolver, ordered):
    server = dns(WORLD)
    asking = resolver(server, threads=4)
    rows = [*DOMAINS, "gone.example", "a..b", "[192.0.2.1]", *DOMAINS]
    routes = asking.resolve_many(rows, ordered=ordered)
    inputs = [route.input for route in routes]
    assert inputs == rows if ordered else sorted(inputs) == sorted(rows)
    # Lookups of one domain are all of one engine: they join.
    assert all(server.log.count(name, "MX") == 1 for name in DOMAINS)
    stats = asking.stats()
    assert stats["lookups"] == 2 * len(DOMAINS) + 1
    assert (stats["in_progress"], stats["waiting"]) == (0, 0)


def test_a_seed_gives_the_same_order_whatever_the_threads(dns, resolver):
    server = dns(WORLD)
    orders = [
        [route.targets for route in asking.resolve_many(DOMAINS, ordered=True)]
        for asking in (
            resolver(server, seed=7, threads=threads) for threads in (1, 2, 4)
        )
    ]
    assert orders[0] == orders[1] == orders[2]


def test_one_cache(dns, resolver):
    server = dns(WORLD)
    asking = resolver(server, threads=4)
    list(asking.resolve_many(DOMAINS))
    assert asking.stats()["cache_answers"] >= len(DOMAINS)
    queries = asking.stats()["queries"]
    assert all(route.cached for route in asking.resolve_many(DOMAINS))
    assert asking.stats()["queries"] == queries
    asking.clear_cache()
    assert asking.stats()["cache_answers"] == 0


def test_never_more_at_a_time_than_said(dns, resolver):
    server = dns(WORLD)
    server.script(None, "MX", drop())
    asking = resolver(server, threads=4, concurrency=10, timeout=3600)
    routes = asking.resolve_many([*DOMAINS, None], concurrency=1000)
    assert next(routes).status == "invalid"
    server.log.wait(10, type="MX")
    assert asking.stats()["in_progress"] <= 10
    asking.close()
    assert {route.status for route in routes} == {"cancelled"}


def test_fewer_lookups_at_a_time_than_threads(dns, resolver):
    asking = resolver(dns(WORLD), threads=64, concurrency=3)
    assert {route.status for route in asking.resolve_many(DOMAINS)} <= {"ok", "no_mail"}


def test_close_ends_them_all(dns, resolver):
    server = dns(WORLD)
    server.script(None, None, drop())
    asking = resolver(server, threads=4, timeout=3600, attempt_timeout=3600)
    routes = asking.resolve_many([*DOMAINS[:50], None])
    assert next(routes).input is None
    server.log.wait(50, type="MX")
    asking.close()
    assert [route.status for route in routes] == ["cancelled"] * 50


def test_leaving_early_cancels_on_all(dns, resolver):
    server = dns(WORLD)
    server.script(None, "MX", drop())
    asking = resolver(server, threads=4, timeout=3600, attempt_timeout=3600)
    routes = asking.resolve_many([*DOMAINS[:50], None])
    next(routes)
    server.log.wait(50, type="MX")
    routes.close()
    server.script(None, "MX", rcode("NXDOMAIN"))
    # A later lookup of each engine is done after the cancellation.
    list(asking.resolve_many(f"n{n}.example" for n in range(100)))
    assert asking.stats()["in_progress"] == 0


def test_prefer_and_single_lookups(dns, resolver):
    asking = resolver(dns(WORLD), threads=4, prefer={"mx2.example": 1}, shuffle="none")
    for route in asking.resolve_many(DOMAINS):
        if route.domain == "d3.example":
            assert route.exchanges[0].host == "mx2.example"
    assert asking.resolve("d7.example").exchanges[0].host == "mx2.example"
    assert next(asking.targets("d7.example")).host == "mx2.example"


def test_event_loops(dns):
    async def main():
        resolver = aio.Resolver([dns(WORLD).nameserver], threads=4)
        names = [r.input async for r in resolver.resolve_many(DOMAINS, ordered=True)]
        assert names == DOMAINS
        assert (await resolver.resolve("d1.example")).status == "ok"

    asyncio.run(main())


FORK = """
import os, sys
import pymx

domains = [f"d{n}.example" for n in range(100)]
asking = pymx.Resolver([sys.argv[1]], threads=4)
def all_ok():
    return len([r for r in asking.resolve_many(domains) if r.deliverable]) == 75
assert all_ok()
child = os.fork()
if child == 0:
    os._exit(not all_ok())
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
assert all_ok()
print("done")
"""


@pytest.mark.forks
def test_a_forked_child_starts_its_own(dns, child):
    assert child(FORK, dns(WORLD).nameserver) == "done\n"


THREADS = """
import pathlib, sys
import pymx

def count():
    tasks = pathlib.Path("/proc/self/task").iterdir()
    return sum((task / "comm").read_text() == "pymx-engine\\n" for task in tasks)

one = pymx.Resolver([sys.argv[1]])
four = pymx.Resolver([sys.argv[1]], threads=4)
counts = [count()]
one.resolve("d1.example")
counts.append(count())
four.resolve("d1.example")
counts.append(count())
pymx.Resolver([sys.argv[1]], threads=2).resolve("d1.example")
counts.append(count())
print(*counts)
"""


def test_resolvers_share_the_threads(dns, child):
    assert child(THREADS, dns(WORLD).nameserver) == "0 1 4 4\n"


def test_it_shows_what_is_not_the_default():
    assert "threads=3" in repr(pymx.Resolver(threads=3))
