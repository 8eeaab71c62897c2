# SPDX-License-Identifier: MIT
"""Typed use of everything public; checked by mypy --strict, never run."""

from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator
from typing import Any, Literal, assert_type

import pymx
from pymx import aio
from pymx.testing import FakeDNS


def blocking(server: FakeDNS) -> None:
    with pymx.Resolver([server.nameserver], timeout=2, family="ipv4_first") as resolver:
        assert_type(resolver, pymx.Resolver)
        route = resolver.resolve("example.com")
        assert_type(route, pymx.Route)
        assert_type(resolver.targets("example.com"), Generator[pymx.Target, None, None])
        assert_type(resolver.stats(), dict[str, int])
        assert_type(resolver.nameservers, tuple[str, ...])
        assert_type(resolver.closed, bool)
        resolver.clear_cache()
    pymx.Resolver("192.0.2.53", seed=7, cache_size=0, trace=True)
    pymx.Resolver(iter(["192.0.2.53"]))
    pymx.Resolver(prefer={"a.example": 1, "b.example": 2.5, "c.example": None})
    pymx.Resolver(prefer=lambda host: len(host) if host else None)
    pymx.Resolver(family="ipv5")  # type: ignore[arg-type]
    pymx.Resolver(timeout="5")  # type: ignore[arg-type]
    pymx.Resolver(prefer=str.upper)  # type: ignore[arg-type]
    pymx.Resolver(preference=None)  # type: ignore[call-arg]


def result(route: pymx.Route) -> None:
    assert_type(route.deliverable, bool | None)
    assert_type(route.domain, str | None)
    assert_type(route.reason, str | None)
    assert_type(route.exchanges, tuple[pymx.Exchange, ...])
    assert_type(route.excluded, tuple[pymx.Excluded, ...])
    assert_type(route.warnings, tuple[str, ...])
    assert_type(route.smtp_reply, tuple[int, str, str] | None)
    assert_type(route.to_dict(), dict[str, Any])
    assert_type(route.trace, tuple[pymx.TraceStep, ...] | None)
    for step in route.trace or ():
        assert_type(step.time, float)
        assert_type(step.transport, Literal["udp", "tcp"] | None)
        assert_type(step.rcode, str | None)
        assert_type(step.count, int | None)
        assert_type(step.to_dict(), dict[str, Any])
    for target in route.targets:
        assert_type(target.family, Literal["ipv4", "ipv6"])
        assert_type(target.sockaddr(), tuple[str, int] | tuple[str, int, int, int])
    for exchange in route.exchanges:
        assert_type(exchange.addresses, tuple[str, ...])
    try:
        route.raise_for_status()
    except pymx.PermanentError as error:
        assert_type(error.route, pymx.Route)
    except pymx.ResolveTimeout as error:
        assert_type(error, pymx.ResolveTimeout)
        late: TimeoutError = error
        raise late from None


def rows() -> Iterator[dict[str, str]]:
    yield {"to": "example.com"}


def many() -> None:
    def to(row: dict[str, str]) -> str:
        return row["to"]

    def report(done: int, read: int) -> None:
        print(done, read)

    routes = pymx.resolve_many(
        rows(), ordered=True, concurrency=5, key=to, retry_unknown=1, progress=report
    )
    assert_type(routes, pymx.RouteIterator)
    assert_type(routes.take(10), list[pymx.Route])
    assert_type(pymx.resolve("example.com"), pymx.Route)
    assert_type(pymx.targets("example.com"), Generator[pymx.Target, None, None])
    pymx.resolve(b"example.com")  # type: ignore[arg-type]
    assert_type(pymx.order([(10, "a"), (5, "b")], seed=1), list[tuple[int, str]])
    assert_type(pymx.__version__, str)


async def async_rows() -> AsyncIterator[str]:
    yield "example.com"


async def asynchronous(server: FakeDNS) -> None:
    async with aio.Resolver([server.nameserver], tries=1) as resolver:
        assert_type(resolver, aio.Resolver)
        assert_type(await resolver.resolve("example.com"), pymx.Route)
        assert_type(resolver.targets("example.com"), AsyncGenerator[pymx.Target, None])
        assert_type(
            resolver.resolve_many(async_rows()), AsyncGenerator[pymx.Route, None]
        )
        await resolver.close()
    assert_type(await aio.resolve("example.com"), pymx.Route)
    async for target in aio.targets("example.com"):
        assert_type(target, pymx.Target)
    async for route in pymx.aio.resolve_many(["example.com"], ordered=True):
        assert_type(route, pymx.Route)
