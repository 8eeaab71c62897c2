# SPDX-License-Identifier: MIT
"""What the function of `Resolver(prefer=...)` may do, and what ends around it."""

import gc
import select
import threading
import weakref

import pytest
from event_loops import Asyncio
from ranked import (
    ALL_WAYS,
    ORDER,
    RANKS,
    ZONE,
    Prefer,
    aio_resolve,
    by_resolve,
    by_resolve_many,
    hosts,
    twin,
)

import pymx
from pymx import _native
from pymx.testing import drop


class OwnError(Exception):
    """What a test's function raises."""


@ALL_WAYS
def test_the_function_may_resolve(dns, resolver, way):
    inner = []

    def prefer(host):
        if not inner:
            inner.append(None)  # it is asked of itself below
            inner.append(hosts(asking.resolve("d.example")))
            inner.append(by_resolve_many(asking, "other.example", "d.example"))
        return RANKS.get(host)

    asking = resolver(dns(ZONE), prefer=prefer)
    assert way(asking, "d.example") == [ORDER]
    assert inner[1:] == [ORDER, [["b.example", "a.example"], ORDER]]


def test_the_function_may_close_the_resolver(dns, resolver):
    server = dns(ZONE)

    def prefer(_):
        asking.close()

    asking = resolver(server, prefer=prefer)
    route = asking.resolve("d.example")
    assert (route.status, route.exchanges) == ("cancelled", ())
    asking = resolver(server, prefer=prefer)
    routes = list(asking.resolve_many(["d.example"], concurrency=3))
    assert [route.status for route in routes] == ["cancelled"]
    asking = resolver(server, prefer=prefer)
    with pytest.raises(pymx.TemporaryError):
        list(asking.targets("d.example"))
    asking = resolver(server, prefer=prefer)
    assert Asyncio().run(lambda: aio_resolve(twin(asking), "d.example")) == [[]]


def submit(asking, *destinations, **options):
    """Start lookups; return their queue."""
    completions = _native.Completions(**options)
    for destination in destinations:
        asking._native.submit(completions, destination, destination)
    return completions


@pytest.mark.parametrize("error", [None, OwnError("too")])
def test_the_function_may_close_the_queue(dns, resolver, error):
    def prefer(_):
        completions.close()
        if error:
            raise error

    asking = resolver(dns(ZONE), prefer=prefer)
    completions = submit(asking, "d.example", "other.example")
    with pytest.raises(OwnError if error else pymx.ClosedError):
        completions.take()
    assert completions.pending == 0


def test_the_function_may_not_take_from_the_same_queue(dns, resolver):
    asking = resolver(dns(ZONE), prefer=lambda _: completions.take())
    completions = submit(asking, "d.example")
    ((_, error),) = completions.take()
    assert isinstance(error, RuntimeError)


def wait_until_readable(completions):
    ready = select.poll()
    ready.register(completions.fileno(), select.POLLIN)
    assert ready.poll(60_000)


def test_a_cancelled_lookup_is_not_ranked(dns, resolver):
    prefer = Prefer()
    asking = resolver(dns(ZONE), prefer=prefer)
    completions = _native.Completions(descriptor=True)
    request = asking._native.submit(completions, 1, "d.example")
    wait_until_readable(completions)
    request.cancel()
    ((_, route),) = completions.take()
    assert route.status == "cancelled"
    assert prefer.asked == []


@pytest.mark.parametrize("by", ["close", "forget"])
def test_a_queue_ends_with_lookups_that_are_not_ranked(dns, resolver, by):
    prefer = Prefer()
    asking = resolver(dns(ZONE), prefer=prefer)
    completions = submit(asking, "d.example", descriptor=True)
    wait_until_readable(completions)
    if by == "close":
        completions.close()
    del completions
    asking.resolve("single.example")
    assert prefer.asked == []
    assert asking.stats()["in_progress"] == 0
    assert asking.stats()["lookups"] == 2


def test_taking_without_waiting_ranks_and_comes_back(dns, resolver):
    prefer = Prefer()
    server = dns(ZONE)
    server.script("a.example", None, drop())
    asking = resolver(server, prefer=prefer)
    completions = submit(asking, "d.example", descriptor=True)
    wait_until_readable(completions)
    assert completions.take(1, 0) == []
    assert len(prefer.asked) == 5
    assert completions.take(1, 0.01) == []
    assert completions.pending == 1
    completions.close()


def test_a_timeout_while_ranking_is_that_of_take(dns, resolver):
    server = dns(ZONE)
    server.script("a.example", None, drop())
    completions = submit(resolver(server, prefer=RANKS), "d.example")
    assert completions.take(1, 0.2) == []
    completions.close()


def test_the_timeout_of_a_lookup_goes_on_after_the_ranks(dns, resolver):
    server = dns(ZONE)
    for host in "abcxy":
        server.script(f"{host}.example", None, drop())
    route = resolver(server, prefer=RANKS, timeout=0.3).resolve("d.example")
    assert route.status == "timeout"
    assert hosts(route) == ORDER


def test_many_threads(dns, resolver):
    asking = resolver(dns(ZONE), prefer=RANKS.get)
    orders = []

    def resolve():
        orders.extend(by_resolve(asking, *["d.example"] * 50))

    threads = [threading.Thread(target=resolve) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert orders == [ORDER] * 200


FORK = """
import os, sys
import pymx

forks = []

def prefer(host):
    if not forks:
        forks.append(os.fork())
    return {"c.example": 1}.get(host)

def first(asking):
    return asking.resolve("d.example").exchanges[0].host

asking = pymx.Resolver([sys.argv[1]], prefer=prefer)
lookup = {
    "resolve": lambda: asking.resolve("d.example"),
    "many": lambda: list(asking.resolve_many(["d.example"])),
    "targets": lambda: next(asking.targets("d.example")),
}[sys.argv[2]]
try:
    lookup()
except pymx.ClosedError as error:
    assert forks == [0], forks
    assert "parent of this process" in str(error)
else:
    assert forks[0] > 0
assert first(asking) == "c.example"
if forks[0] == 0:
    os._exit(7)
assert os.waitstatus_to_exitcode(os.waitpid(forks[0], 0)[1]) == 7
assert asking.stats()["in_progress"] == 0
print("done")
"""


@pytest.mark.forks
@pytest.mark.parametrize("way", ["resolve", "many", "targets"])
def test_the_function_may_fork(dns, child, way):
    assert child(FORK, dns(ZONE).nameserver, way) == "done\n"


class Owner:
    """Has a resolver that prefers what a method of it says, and perhaps a queue."""

    def __init__(self, server):
        self.asking = pymx.Resolver(server.nameserver, prefer=self.prefer)

    def prefer(self, host):
        return RANKS.get(host)


@pytest.mark.parametrize("state", ["unused", "used", "in flight", "paused", "token"])
def test_a_cycle_through_the_function_is_collected(dns, state):
    server = dns(ZONE)
    owner = Owner(server)
    if state == "used":
        assert by_resolve(owner.asking, "d.example") == [ORDER]
    elif state == "in flight":
        server.pause()
        owner.queue = submit(owner.asking, "d.example")
    elif state == "paused":
        owner.queue = submit(owner.asking, "d.example", descriptor=True)
        wait_until_readable(owner.queue)
    elif state == "token":
        owner.queue = submit(owner.asking, "d.example")
        owner.asking._native.submit(owner.queue, owner, "d.example")
    alive = weakref.ref(owner)
    del owner
    gc.collect()
    assert alive() is None


def test_a_resolver_that_prefers_nobody_is_no_load_for_the_collector():
    assert not gc.is_tracked(pymx.Resolver()._native)
    assert gc.is_tracked(pymx.Resolver(prefer=len)._native)
