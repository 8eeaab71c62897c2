# SPDX-License-Identifier: MIT
"""`RouteIterator` as an object: batches, exceptions, threads, the end."""

import contextlib
import gc
import signal
import threading
import weakref

import pytest

import pymx
from pymx.testing import drop, normal, rcode

WORLD = {f"d{n}.example": {"A": f"192.0.2.{n % 250}"} for n in range(300)}
PATIENT = {"timeout": 3600, "attempt_timeout": 3600}


class Broken(Exception):
    pass


def broken(rows):
    yield from rows
    raise Broken


# Batches.


@pytest.mark.parametrize("ordered", [False, True])
@pytest.mark.parametrize("limit", [1, 7, 1000])
def test_take(dns, resolver, ordered, limit):
    routes = resolver(dns(WORLD)).resolve_many(WORLD, ordered=ordered, concurrency=50)
    taken = []
    while batch := routes.take(limit):
        assert len(batch) <= min(limit, 50)
        taken += [route.input for route in batch]
    assert taken == list(WORLD) if ordered else sorted(taken) == sorted(WORLD)
    assert routes.take() == []
    with pytest.raises(StopIteration):
        next(routes)


def test_take_and_next_share_the_routes(dns, resolver):
    routes = resolver(dns(WORLD)).resolve_many(WORLD, ordered=True)
    names = [next(routes).input]
    names += [route.input for route in routes.take(limit=3)]
    names += [route.input for route in routes]
    assert names == list(WORLD)


@pytest.mark.parametrize("wrong", [0, -1, 2.5, None, "1"])
def test_a_limit_that_is_none(wrong):
    routes = pymx.resolve_many([])
    with pytest.raises((ValueError, TypeError), match="limit"):
        routes.take(wrong)


def test_an_exception_after_routes_comes_with_the_next_take(dns, resolver):
    routes = resolver(dns(WORLD)).resolve_many(
        broken(["d0.example", "a..b"]), ordered=True
    )
    taken = []
    while len(taken) < 2:
        taken += routes.take()
    assert [route.input for route in taken] == ["d0.example", "a..b"]
    with pytest.raises(Broken):
        routes.take()
    assert routes.take() == []


# Exceptions lose nothing.


@pytest.mark.parametrize("ordered", [False, True])
def test_what_was_read_comes_before_the_exception_of_the_input(dns, resolver, ordered):
    server = dns(WORLD)
    server.script("d3.example", "MX", rcode("SERVFAIL"), times=1)
    asking = resolver(server, tries=1, cache_size=0)
    routes = asking.resolve_many(broken(WORLD), ordered=ordered, retry_unknown=1)
    inputs = []
    with pytest.raises(Broken):
        inputs.extend(route.input for route in routes)
    assert sorted(inputs) == sorted(WORLD)
    assert list(routes) == []


def test_what_was_read_comes_before_the_exception_of_the_key(dns, resolver):
    routes = resolver(dns(WORLD)).resolve_many(
        ["d0.example", "d1.example", 5, "d2.example"], key=lambda row: row + ""
    )
    inputs = []
    with pytest.raises(TypeError):
        inputs.extend(route.input for route in routes)
    assert sorted(inputs) == ["d0.example", "d1.example"]
    assert list(routes) == []


def test_an_exception_of_progress_takes_no_route_with_it(dns, resolver):
    calls = 0

    def progress(*_):
        nonlocal calls
        calls += 1
        raise Broken

    routes = resolver(dns(WORLD)).resolve_many(WORLD, progress=progress)
    inputs = []
    for _ in range(1000):
        with contextlib.suppress(Broken):
            inputs.extend(route.input for route in routes)
            break
    assert calls > 0
    assert sorted(inputs) == sorted(WORLD)


def test_the_loop_body_may_raise_and_go_on(dns, resolver):
    routes = resolver(dns(WORLD)).resolve_many(WORLD, ordered=True)
    inputs = []

    def body():
        for route in routes:
            inputs.append(route.input)
            if len(inputs) == 100:
                raise Broken

    with pytest.raises(Broken):
        body()
    inputs.extend(route.input for route in routes)
    assert inputs == list(WORLD)


def test_ctrl_c_is_raised_at_once_and_loses_nothing(dns, resolver):
    server = dns(WORLD)
    server.script("d2.example", "MX", drop(), normal())
    asking = resolver(server, attempt_timeout=0.3)

    def rows():
        yield from ["d2.example", "d0.example"]
        signal.raise_signal(signal.SIGINT)
        yield "d1.example"

    routes = asking.resolve_many(rows())
    inputs = []
    with pytest.raises(KeyboardInterrupt):
        inputs.extend(route.input for route in routes)
    assert "d2.example" not in inputs
    inputs.extend(route.input for route in routes)
    assert sorted(inputs) == ["d0.example", "d2.example"]


def test_ctrl_c_ends_the_wait(dns, resolver):
    server = dns(WORLD)
    server.script("d0.example", "MX", drop(), normal())
    asking = resolver(server, attempt_timeout=0.3)
    routes = asking.resolve_many(["d0.example"])

    def interrupt():
        server.log.wait(1)
        signal.raise_signal(signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        next(routes)
    thread.join()
    assert next(routes).status == "ok"


# Its life.


def test_it_is_made_by_pymx_only():
    with pytest.raises(TypeError, match="cannot create"):
        pymx.RouteIterator()


def test_closing(dns, resolver):
    server = dns(WORLD)
    server.script("*.slow.example", None, drop())
    asking = resolver(server, **PATIENT)
    names = ["d0.example", *(f"n{n}.slow.example" for n in range(50))]
    with contextlib.closing(asking.resolve_many(names)) as routes:
        assert next(routes).input == "d0.example"
    routes.close()
    assert list(routes) == []
    assert routes.take() == []
    assert asking.resolve("d1.example").status == "ok"
    assert asking.stats()["in_progress"] == asking.stats()["waiting"] == 0


def test_another_thread_may_close_it(dns, resolver):
    server = dns()
    server.pause()
    asking = resolver(server, **PATIENT)
    routes = asking.resolve_many(["a.example", "b.example"])
    ended = []
    thread = threading.Thread(target=lambda: ended.append(list(routes)))
    thread.start()
    server.log.wait(2)
    with pytest.raises(ValueError, match="in use already"):
        next(routes)
    with pytest.raises(ValueError, match="in use already"):
        routes.take()
    routes.close()
    thread.join()
    assert ended == [[]]


@pytest.mark.parametrize("where", ["rows", "key", "progress", "input"])
def test_what_it_calls_may_close_it(dns, resolver, where):
    def close(*_):
        routes.close()
        return "d1.example"

    def rows():
        while True:
            yield close() if where == "rows" else "d0.example"

    options = {where: close} if where in ("key", "progress") else {}
    routes = resolver(dns(WORLD)).resolve_many(rows(), concurrency=10, **options)
    if where == "input":
        closing = [route for route in routes if close()]
        assert len(closing) == 1
    else:
        assert all(route.status == "ok" for route in routes)
    assert list(routes) == []


def test_what_it_calls_cannot_use_it(dns, resolver):
    def again(_):
        return next(routes)

    routes = resolver(dns(WORLD)).resolve_many(["d0.example"], key=again)
    with pytest.raises(ValueError, match="in use already"):
        next(routes)


def test_a_cycle_through_it_is_collected(dns, resolver):
    class Row:
        def __init__(self, to):
            self.to = to

    server = dns(WORLD)
    server.script("n.silent.example", None, drop())
    asking = resolver(server, **PATIENT)
    rows = [Row("n.silent.example"), Row("d0.example")]
    witnesses = [weakref.ref(row) for row in rows]
    routes = asking.resolve_many(rows, key=lambda row: row.to)
    rows[0].routes = routes
    assert next(routes).input is rows[1]
    del rows, routes
    gc.collect()
    assert not any(witness() for witness in witnesses)
    assert asking.resolve("d1.example").status == "ok"
    assert asking.stats()["in_progress"] == 0


def test_lookups_go_on_while_the_loop_body_works(dns, resolver):
    """New rows are read and asked for although routes are ready."""
    server = dns(WORLD)
    routes = resolver(server).resolve_many(WORLD, concurrency=8)
    next(routes)
    for read in range(9, 100):
        next(routes)
        server.log.wait(read - 8, type="MX")
    routes.close()
