# SPDX-License-Identifier: MIT
"""`pymx.aio`: what holds in asyncio, uvloop and trio alike."""

import contextlib
import gc
import pathlib
from concurrent.futures import ThreadPoolExecutor

import pytest
from event_loops import Asyncio, Trio, Uvloop

import pymx
import pymx.resolver
from pymx import aio
from pymx.testing import drop, normal, rcode

MAIL_ZONE = pathlib.Path(__file__).parents[1] / "examples" / "mail.zone"
WORLD = {f"d{n}.example": {"A": f"192.0.2.{n % 250}"} for n in range(300)}
LEVELS = {
    "d.example": {"MX": [(n, f"mx{n}.example") for n in range(4)]},
    **{f"mx{n}.example": {"A": f"192.0.2.{n}"} for n in range(4)},
}
PATIENT = {"timeout": 3600, "attempt_timeout": 3600}


@pytest.fixture(params=[Asyncio(), Uvloop(), Trio()], ids=lambda loop: loop.name)
def loop(request):
    return request.param


def eventfds():
    """Count descriptors of the kind that completions have."""
    count = 0
    for entry in pathlib.Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            count += str(entry.readlink()) == "anon_inode:[eventfd]"
    return count


def test_resolve(dns, loop):
    server = dns(MAIL_ZONE)

    async def main():
        async with aio.Resolver([server.nameserver], seed=1) as resolver:
            return [
                await resolver.resolve(f"{name}.example")
                for name in ("levels", "nullmx", "gone", "a..b")
            ]

    routes = loop.run(main)
    assert [r.status for r in routes] == ["ok", "null_mx", "no_domain", "invalid"]
    with pymx.Resolver([server.nameserver], seed=1) as blocking:
        assert blocking.resolve("levels.example").targets == routes[0].targets


def test_module_functions_share_the_default_resolver(dns, loop, monkeypatch):
    server = dns(MAIL_ZONE)
    monkeypatch.setattr(pymx.resolver, "_default", None)
    monkeypatch.setenv("PYMX_NAMESERVERS", server.nameserver)

    async def main():
        route = await aio.resolve("plain.example")
        targets = [target async for target in aio.targets("plain.example")]
        routes = [route async for route in aio.resolve_many(["plain.example"])]
        return route, targets, routes

    route, targets, routes = loop.run(main)
    assert route.targets == tuple(targets) == routes[0].targets
    assert pymx.resolve("plain.example").cached
    assert server.log.count("plain.example", "MX") == 1


def test_many_at_once(dns, loop):
    server = dns(WORLD)

    async def main():
        resolver = aio.Resolver([server.nameserver], **PATIENT)

        async def lookup(name):
            return (await resolver.resolve(name)).domain

        names = [*WORLD] * 3
        results = await loop.together(*(lambda n=name: lookup(n) for name in names))
        assert results == names

    loop.run(main)
    assert server.log.count(type="MX") == 300


def test_one_after_the_other(dns, loop):
    server = dns(WORLD)

    async def main():
        resolver = aio.Resolver([server.nameserver])
        return {(await resolver.resolve("d1.example")).status for _ in range(500)}

    assert loop.run(main) == {"ok"}


@pytest.mark.parametrize("wrong", [None, b"a.example", 7])
def test_what_is_no_text(dns, loop, wrong):
    resolver = aio.Resolver([dns().nameserver])

    async def main():
        with pytest.raises(TypeError, match="destination must be a str, not"):
            await resolver.resolve(wrong)
        with pytest.raises(TypeError, match="destination must be a str, not"):
            resolver.targets(wrong)

    loop.run(main)


def test_a_cancelled_task_frees_its_lookup(dns, loop):
    server = dns(WORLD)
    server.script("*.slow.example", None, drop())
    resolver = aio.Resolver([server.nameserver], **PATIENT)

    async def main():
        await loop.cancel(
            lambda: resolver.resolve("n.slow.example"),
            when=lambda: server.log.wait(1, "n.slow.example"),
        )
        # The engine takes in the cancellation before the next lookup.
        assert (await resolver.resolve("d1.example")).status == "ok"
        assert resolver.stats()["in_progress"] == 0

    loop.run(main)


def test_close_wakes_those_who_wait(dns, loop):
    server = dns()
    server.pause()
    resolver = aio.Resolver([server.nameserver], **PATIENT)

    async def waiting():
        assert (await resolver.resolve("a.example")).status == "cancelled"

    async def waiting_for_targets():
        with pytest.raises(pymx.TemporaryError, match="cancelled"):
            await anext(resolver.targets("b.example"))

    async def waiting_for_many():
        routes = resolver.resolve_many(["c.example"])
        assert [route.status async for route in routes] == ["cancelled"]

    async def closing():
        await loop.in_thread(lambda: server.log.wait(3))
        await resolver.close()

    async def main():
        await loop.together(waiting, waiting_for_targets, waiting_for_many, closing)
        with pytest.raises(pymx.ClosedError):
            await resolver.resolve("a.example")

    loop.run(main)


def test_targets(dns, loop):
    server = dns(LEVELS)
    resolver = aio.Resolver([server.nameserver], **PATIENT)

    async def main():
        targets = resolver.targets("d.example")
        assert (await anext(targets)).host == "mx0.example"
        server.log.wait(2, type="A")
        assert sorted(server.log.names("A")) == ["mx0.example", "mx1.example"]
        return [target.host async for target in targets]

    assert loop.run(main) == ["mx1.example", "mx2.example", "mx3.example"]


@pytest.mark.parametrize(
    ("destination", "error"),
    [
        ("nullmx.example", pymx.NullMX),
        ("gone.example", pymx.DomainNotFound),
        ("a..b", pymx.InvalidDomain),
    ],
)
def test_targets_raises_without_any(dns, loop, destination, error):
    resolver = aio.Resolver([dns(MAIL_ZONE).nameserver])

    async def main():
        with pytest.raises(error):
            await anext(resolver.targets(destination))

    loop.run(main)


def test_leaving_targets_early_cancels(dns, loop):
    server = dns(LEVELS)
    server.script("mx1.example", None, drop())
    resolver = aio.Resolver([server.nameserver], **PATIENT)

    async def main():
        async with contextlib.aclosing(resolver.targets("d.example")) as targets:
            await anext(targets)
            server.log.wait(1, "mx1.example")
        assert (await resolver.resolve("gone.example")).status == "no_domain"
        assert resolver.stats()["in_progress"] == 0

    loop.run(main)


async def asynchronously(rows):
    for row in rows:
        yield row


@pytest.fixture(params=[list, asynchronously], ids=["ordinary", "async"])
def iterable(request):
    return request.param


@pytest.mark.parametrize("concurrency", [1, 3, 1000])
@pytest.mark.parametrize("ordered", [False, True])
def test_resolve_many(dns, loop, iterable, concurrency, ordered):
    server = dns(WORLD)
    resolver = aio.Resolver([server.nameserver])
    rows = [*WORLD, "gone.example", None]

    async def main():
        routes = resolver.resolve_many(
            iterable(rows), concurrency=concurrency, ordered=ordered
        )
        return [route.input async for route in routes]

    inputs = loop.run(main)
    assert (
        inputs == rows
        if ordered
        else sorted(map(str, inputs)) == sorted(map(str, rows))
    )


def test_resolve_many_with_key_retries_and_progress(dns, loop, iterable):
    server = dns(WORLD)
    server.script("d3.example", "MX", rcode("SERVFAIL"), times=1)
    resolver = aio.Resolver([server.nameserver], cache_size=0, tries=1)
    rows = [{"to": name} for name in WORLD]
    reports = []

    async def main():
        return [
            route
            async for route in resolver.resolve_many(
                iterable(rows),
                key=lambda row: row["to"],
                retry_unknown=1,
                progress=lambda *figures: reports.append(figures),
                concurrency=50,
            )
        ]

    routes = loop.run(main)
    assert {route.status for route in routes} == {"ok"}
    assert all(route.domain == route.input["to"] for route in routes)
    assert reports[-1] == (300, 300)


def test_input_is_read_only_as_far_as_there_is_room(dns, loop, iterable):
    resolver = aio.Resolver([dns(WORLD).nameserver])
    read = 0

    def endless():
        nonlocal read
        while True:
            read += 1
            yield "d1.example"

    async def main():
        rows = endless() if iterable is list else iterable(endless())
        async with contextlib.aclosing(
            resolver.resolve_many(rows, concurrency=10)
        ) as routes:
            for yielded in range(1, 100):
                await anext(routes)
                assert yielded <= read <= yielded - 1 + 11

    loop.run(main)


def test_routes_do_not_wait_for_the_next_row(dns, loop):
    """As from a queue: the second row comes after the first one's route."""
    resolver = aio.Resolver([dns(WORLD).nameserver])
    receive, send = loop.channel()

    async def rows():
        while (row := await receive()) is not None:
            yield row

    async def main():
        await send("d0.example")
        seen = []
        async for route in resolver.resolve_many(rows()):
            seen.append(route.input)
            await send(f"d{len(seen)}.example" if len(seen) < 5 else None)
        assert seen == [f"d{n}.example" for n in range(5)]

    loop.run(main)


class Broken(Exception):
    pass


def broken():
    yield "d0.example"
    raise Broken


@pytest.mark.parametrize("where", ["rows", "key", "progress"])
def test_an_exception_of_the_callers_own_comes_through(dns, loop, iterable, where):
    resolver = aio.Resolver([dns(WORLD).nameserver])

    def fail(*_):
        raise Broken

    async def main():
        rows = broken() if where == "rows" else ["d0.example"]
        rows = rows if iterable is list else iterable(rows)
        options = {} if where == "rows" else {where: fail}
        with pytest.raises(Broken):
            async for _ in resolver.resolve_many(rows, **options):
                pass
        assert (await resolver.resolve("d1.example")).status == "ok"
        assert resolver.stats()["in_progress"] == 0

    loop.run(main)


def test_what_was_read_comes_before_the_exception_of_the_input(dns, loop, iterable):
    resolver = aio.Resolver([dns(WORLD).nameserver])

    def rows():
        yield from [*WORLD, None]
        raise Broken

    seen = []

    async def take():
        async for route in resolver.resolve_many(iterable_of(iterable, rows())):
            seen.append(route.input)

    async def main():
        with pytest.raises(Broken):
            await take()
        assert sorted(map(str, seen)) == sorted(map(str, [*WORLD, None]))

    loop.run(main)


def iterable_of(iterable, rows):
    # Lists are made before anything is yielded: an iterator stands for them.
    return rows if iterable is list else iterable(rows)


def test_leaving_resolve_many_early_cancels(dns, loop, iterable):
    server = dns(WORLD)
    server.script("*.slow.example", None, drop())
    resolver = aio.Resolver([server.nameserver], **PATIENT)
    names = ["d0.example", *(f"n{n}.slow.example" for n in range(50))]

    async def main():
        async with contextlib.aclosing(
            resolver.resolve_many(iterable(names))
        ) as routes:
            assert (await anext(routes)).input == "d0.example"
        assert (await resolver.resolve("d1.example")).status == "ok"
        assert resolver.stats()["in_progress"] == 0

    loop.run(main)


def test_cancelling_resolve_many_cancels_its_lookups(dns, loop, iterable):
    server = dns(WORLD)
    server.script("*.slow.example", None, drop())
    resolver = aio.Resolver([server.nameserver], **PATIENT)

    async def consume():
        async for _ in resolver.resolve_many(iterable(["n.slow.example"] * 3)):
            pass

    async def main():
        await loop.cancel(consume, when=lambda: server.log.wait(1, "n.slow.example"))
        # Its generator may still be open, for want of aclosing().
        gc.collect()
        assert (await resolver.resolve("d1.example")).status == "ok"
        assert resolver.stats()["in_progress"] == 0

    loop.run(main)


@pytest.mark.parametrize("wrong", ["d0.example", b"x"])
def test_one_destination_is_not_many(wrong):
    with pytest.raises(TypeError, match="takes an iterable of destinations, not one"):
        aio.Resolver().resolve_many(wrong)


def test_what_cannot_be_iterated():
    with pytest.raises(TypeError, match="not iterable"):
        aio.Resolver().resolve_many(7)


def test_loops_in_threads_share_a_resolver(dns, loop):
    server = dns(WORLD)
    resolver = aio.Resolver([server.nameserver], **PATIENT)

    async def main():
        names = [*WORLD][:20]
        results = await loop.together(*(lambda n=n: resolver.resolve(n) for n in names))
        return [route.domain for route in results] == names

    with ThreadPoolExecutor(50) as pool:
        assert all(pool.map(lambda _: loop.run(main), range(50)))
    assert server.log.count(type="MX") == 20


def test_one_loop_after_the_other_leaks_no_descriptor(dns, loop):
    server = dns(WORLD)
    resolver = aio.Resolver([server.nameserver])

    async def main():
        async for _ in resolver.resolve_many(["d1.example", "d2.example"]):
            pass
        return (await resolver.resolve("d1.example")).status

    def counted():
        assert loop.run(main) == "ok"
        gc.collect()
        return eventfds()

    first = counted()
    assert {counted() for _ in range(20)} == {first}


def test_blocking_and_async_lookups_share_one_engine(dns, loop):
    server = dns(WORLD)
    server.script("d0.example", "MX", drop(), normal())
    resolver = aio.Resolver([server.nameserver], attempt_timeout=0.2)

    async def main():
        # The loop stands still longer than an attempt takes: no false timeout.
        with pymx.Resolver([server.nameserver], attempt_timeout=0.2) as blocking:
            assert blocking.resolve("d0.example").status == "ok"
        return await resolver.resolve("d0.example")

    assert loop.run(main).status == "ok"
