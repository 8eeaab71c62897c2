# SPDX-License-Identifier: MIT
"""`Resolver.resolve_many`: a route for each row, lazily, bounded, ordered if wished."""

import gc
import threading
import weakref
from time import monotonic

import pytest

import pymx
from pymx.testing import drop, normal, rcode

WORLD = {f"d{n}.example": {"A": f"192.0.2.{n % 250}"} for n in range(500)}


class Rows:
    """Counts how many rows were read."""

    def __init__(self, rows):
        self.rows = iter(rows)
        self.read = 0

    def __iter__(self):
        return self

    def __next__(self):
        row = next(self.rows)
        self.read += 1
        return row


def endless():
    while True:
        yield "d1.example"


def test_one_route_for_each_row(dns, resolver):
    rows = [*WORLD, "gone.example", "a..b", "", None, 7, b"d1.example", "d1.example"]
    routes = list(resolver(dns(WORLD)).resolve_many(rows))
    assert len(routes) == len(rows)
    assert sorted(map(repr, (route.input for route in routes))) == sorted(
        map(repr, rows)
    )
    status = {repr(route.input): route.status for route in routes}
    assert status["'gone.example'"] == "no_domain"
    assert status["'a..b'"] == status["None"] == status["7"] == "invalid"
    assert all(status[repr(name)] == "ok" for name in WORLD)


def test_no_rows(dns, resolver):
    assert list(resolver(dns()).resolve_many([])) == []
    assert list(resolver(dns()).resolve_many(iter(()), ordered=True)) == []


def test_as_they_finish(dns, resolver):
    server = dns(WORLD)
    server.script("d0.example", "MX", drop(), normal())
    asking = resolver(server, attempt_timeout=0.3)
    inputs = [r.input for r in asking.resolve_many(["d0.example", "d1.example"])]
    assert inputs == ["d1.example", "d0.example"]


@pytest.mark.parametrize("concurrency", [1, 2, 7, 1000])
def test_ordered(dns, resolver, concurrency):
    server = dns(WORLD)
    for name in ("d0.example", "d7.example", "d8.example", "d499.example"):
        server.script(name, "MX", drop(), normal())
    asking = resolver(server, attempt_timeout=0.1)
    routes = asking.resolve_many(WORLD, ordered=True, concurrency=concurrency)
    assert [route.input for route in routes] == list(WORLD)


def test_input_is_read_only_as_far_as_there_is_room(dns, resolver):
    rows = Rows(endless())
    asking = resolver(dns(WORLD))
    routes = asking.resolve_many(rows, concurrency=10)
    assert rows.read == 0
    for yielded in range(1, 200):
        next(routes)
        assert yielded <= rows.read <= yielded - 1 + 10
    routes.close()


def test_the_window_holds_while_the_first_row_is_slow(dns, resolver):
    server = dns(WORLD)
    server.script("d0.example", "MX", drop(), normal())
    rows = Rows(WORLD)
    asking = resolver(server, attempt_timeout=0.3)
    routes = asking.resolve_many(rows, concurrency=10, ordered=True)
    assert next(routes).input == "d0.example"
    assert rows.read <= 10
    routes.close()


def test_the_resolvers_concurrency_is_the_default(dns, resolver):
    rows = Rows(endless())
    routes = resolver(dns(WORLD), concurrency=3).resolve_many(rows)
    next(routes)
    assert rows.read <= 3
    routes.close()


def test_no_more_lookups_at_a_time_than_said(dns, resolver):
    server = dns(WORLD)
    server.pause()
    asking = resolver(server, timeout=3600, attempt_timeout=3600)
    routes = asking.resolve_many(WORLD, concurrency=5)
    thread = threading.Thread(target=next, args=(routes,))
    thread.start()
    server.log.wait(5, type="MX")
    assert asking.stats()["in_progress"] == 5
    assert asking.stats()["waiting"] == 0
    asking.close()
    thread.join()


def test_results_do_not_wait_for_slow_input(dns, resolver):
    server = dns(WORLD)
    finished = threading.Event()

    def rows():
        yield "d0.example"
        # A row each millisecond, until the route of the first was seen.
        for _ in range(30_000):
            if finished.wait(0.001):
                return
            yield "a..b"

    for route in resolver(server).resolve_many(rows(), concurrency=100_000):
        if route.input == "d0.example":
            finished.set()
    assert finished.is_set()


def test_the_row_comes_back_whole(dns, resolver):
    rows = [{"id": n, "to": f"user@d{n}.example"} for n in range(20)]
    routes = list(resolver(dns(WORLD)).resolve_many(rows, key=lambda row: row["to"]))
    assert all(route.input is rows[route.input["id"]] for route in routes)
    assert {route.domain for route in routes} == {f"d{n}.example" for n in range(20)}


def test_a_key_that_gives_no_text_is_an_invalid_row(dns, resolver):
    (route,) = resolver(dns()).resolve_many([{}], key=lambda row: row.get("to"))
    assert (route.input, route.reason) == ({}, "not_text")


@pytest.mark.parametrize("cache_size", [0, 2**20])
def test_retry_unknown_asks_again(dns, resolver, cache_size):
    server = dns(WORLD)
    server.script("d3.example", "MX", rcode("SERVFAIL"), times=2)
    asking = resolver(server, cache_size=cache_size, tries=1)
    names = [f"d{n}.example" for n in range(5)]
    status = {r.input: r.status for r in asking.resolve_many(names, retry_unknown=2)}
    assert set(status.values()) == {"ok"}
    assert server.log.count("d3.example", "MX") == 3


def test_retry_unknown_asks_again_for_what_is_missing(dns, resolver):
    server = dns(WORLD)
    asking = resolver(server, cache_size=0, tries=1)
    server.script("d3.example", "AAAA", rcode("SERVFAIL"), times=1)
    (first,) = asking.resolve_many(["d3.example"])
    assert (first.status, first.complete) == ("ok", False)
    server.script("d3.example", "AAAA", rcode("SERVFAIL"), times=1)
    (again,) = asking.resolve_many(["d3.example"], retry_unknown=2)
    assert (again.status, again.complete) == ("ok", True)


def test_a_lost_datagram_costs_no_addresses(dns, resolver):
    server = dns({"dual.example": {"A": "192.0.2.1", "AAAA": "2001:db8::1"}})
    asking = resolver(server, cache_size=0, attempt_timeout=0.1, address_wait=0)
    server.script("dual.example", "AAAA", drop(), times=1)
    alone = asking.resolve("dual.example")
    assert (len(alone.targets), alone.complete) == (1, False)
    server.script("dual.example", "AAAA", drop(), times=1)
    (route,) = asking.resolve_many(["dual.example"])
    assert (len(route.targets), route.complete) == (2, True)


def test_retry_unknown_gives_up(dns, resolver):
    server = dns(WORLD)
    server.script("d3.example", "MX", rcode("SERVFAIL"))
    asking = resolver(server, cache_size=0, tries=1)
    routes = list(asking.resolve_many(["d3.example"], retry_unknown=2))
    assert [route.status for route in routes] == ["server_failure"]
    assert server.log.count("d3.example", "MX") == 3


def test_retry_unknown_leaves_facts_alone(dns, resolver):
    server = dns()
    list(resolver(server, cache_size=0).resolve_many(["gone.example"], retry_unknown=5))
    assert server.log.count("gone.example", "MX") == 1


def test_what_is_retried_does_not_wait_for_the_slowest(dns, resolver):
    """When half of the room is held by failures they are asked again at once."""
    server = dns(WORLD)
    server.script("d0.example", "MX", drop(), normal())
    for name in ("d1.example", "d2.example"):
        server.script(name, "MX", rcode("SERVFAIL"), times=1)
    asking = resolver(server, cache_size=0, tries=1, attempt_timeout=1.0)
    names = ["d0.example", "d1.example", "d2.example"]
    routes = asking.resolve_many(names, concurrency=4, retry_unknown=1)
    assert [route.input for route in routes][2] == "d0.example"


def test_what_close_cancelled_is_not_retried(dns, resolver):
    server = dns()
    server.pause()
    asking = resolver(server)

    def rows():
        yield "a.example"
        server.log.wait(1)
        asking.close()

    (route,) = asking.resolve_many(rows(), retry_unknown=3)
    assert route.status == "cancelled"


@pytest.mark.parametrize("ordered", [False, True])
@pytest.mark.parametrize("concurrency", [1, 2, 10])
def test_many_failures_do_not_stop_the_flow(dns, resolver, ordered, concurrency):
    """More failures than there is room for: what is held makes place in time."""
    server = dns(WORLD)
    server.script(None, "MX", rcode("SERVFAIL"))
    asking = resolver(server, cache_size=0, tries=1)
    names = list(WORLD)[:50]
    routes = list(
        asking.resolve_many(
            names, retry_unknown=1, ordered=ordered, concurrency=concurrency
        )
    )
    assert sorted(route.input for route in routes) == sorted(names)
    assert server.log.count(type="MX") == 100


def test_progress_ends_with_the_whole(dns, resolver):
    reports = []
    asking = resolver(dns(WORLD))
    routes = asking.resolve_many(
        WORLD, progress=lambda done, read: reports.append((done, read))
    )
    assert len(list(routes)) == 500
    assert reports[-1] == (500, 500)
    assert all(done <= read <= 500 for done, read in reports)
    assert reports == sorted(reports)


def test_progress_is_told_ten_times_a_second(dns, resolver):
    reports = []
    began = monotonic()
    routes = resolver(dns(WORLD)).resolve_many(
        WORLD, progress=lambda *_: reports.append(monotonic() - began)
    )
    for _ in routes:
        while len(reports) < 3 and monotonic() < began + 0.1 * (len(reports) + 1):
            pass
    elapsed = monotonic() - began
    assert 4 <= len(reports) <= elapsed / 0.1 + 1
    assert all(at >= 0.1 * n for n, at in enumerate(reports[:-1], 1))


class Broken(Exception):
    pass


def fail(*_):
    raise Broken


def broken_rows():
    yield "d0.example"
    raise Broken


@pytest.mark.parametrize(
    ("rows", "options"),
    [
        (broken_rows, {}),
        (lambda: ["d0.example"], {"key": fail}),
        (lambda: ["d0.example"], {"progress": fail}),
    ],
    ids=["rows", "key", "progress"],
)
def test_an_exception_of_the_callers_own_comes_through(dns, resolver, rows, options):
    asking = resolver(dns(WORLD))
    with pytest.raises(Broken):
        list(asking.resolve_many(rows(), **options))
    assert asking.resolve("d1.example").status == "ok"
    assert asking.stats()["in_progress"] == 0


def test_leaving_early_cancels_what_is_in_flight(dns, resolver):
    server = dns(WORLD)
    server.script("*.slow.example", None, drop())
    asking = resolver(server, timeout=3600, attempt_timeout=3600)
    names = ["d0.example", *(f"n{n}.slow.example" for n in range(50))]
    for _ in asking.resolve_many(names):
        break
    gc.collect()
    assert asking.resolve("d1.example").status == "ok"
    assert asking.stats()["in_progress"] == 0


def test_leaving_early_frees_the_rows(dns, resolver):
    class Row:
        to = "d0.example"

    server = dns(WORLD)
    server.pause()
    asking = resolver(server, timeout=3600, attempt_timeout=3600)
    rows = [Row() for _ in range(10)]
    witnesses = [weakref.ref(row) for row in rows]
    routes = asking.resolve_many([*rows, None], key=lambda row: row and row.to)
    assert next(routes).input is None
    routes.close()
    # Once a later lookup is done, so is the cancellation.
    server.resume()
    asking.resolve("d1.example")
    del rows
    gc.collect()
    assert not any(witness() for witness in witnesses)


def test_a_generator_never_started_does_nothing(dns, resolver):
    server = dns(WORLD)
    rows = Rows(WORLD)
    routes = resolver(server).resolve_many(rows)
    del routes
    assert (rows.read, len(server.log)) == (0, 0)


@pytest.mark.parametrize("wrong", ["d0.example", b"d0.example", bytearray(b"x")])
def test_one_destination_is_not_many(dns, resolver, wrong):
    with pytest.raises(TypeError, match="takes an iterable of destinations, not one"):
        resolver(dns()).resolve_many(wrong)


@pytest.mark.parametrize("wrong", [None, 7, object()])
def test_what_cannot_be_iterated(dns, resolver, wrong):
    with pytest.raises(TypeError, match="not iterable"):
        resolver(dns()).resolve_many(wrong)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"concurrency": 0}, "concurrency=0: must be None or a whole number from 1 to"),
        ({"concurrency": "9"}, "concurrency='9': must be None or a whole number"),
        (
            {"retry_unknown": -1},
            "retry_unknown=-1: must be a whole number from 0 to 100",
        ),
        ({"retry_unknown": True}, "retry_unknown=True: must be a whole number"),
        ({"ordered": 1}, "ordered=1: must be True or False"),
        ({"key": "to"}, "key='to': must be None or a function"),
        ({"progress": 5}, "progress=5: must be None or a function"),
    ],
)
def test_bad_options(dns, resolver, options, text):
    with pytest.raises(pymx.ConfigurationError, match=text):
        resolver(dns()).resolve_many([], **options)


def test_two_at_once_share_the_answers(dns, resolver):
    server = dns(WORLD)
    asking = resolver(server)
    first, second = asking.resolve_many(WORLD), asking.resolve_many(WORLD)
    pairs = list(zip(first, second, strict=True))
    assert len(pairs) == 500
    assert server.log.count(type="MX") == 500
