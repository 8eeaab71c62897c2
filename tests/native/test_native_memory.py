# SPDX-License-Identifier: MIT
"""Nothing is left behind, whatever fails.

Counted are the blocks of Python's allocator before and after many rounds. Its caches
fill up in some of the rounds; a leak grows in all of them.
"""

import copy
import gc
import os
import pathlib
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import NoReturn

import pytest
from native import made

import pymx
from pymx import _native

WINDOWS = 10
ROUNDS = 100
SPARE = 20  # blocks in a window; a leak of one a round is five times that


def use_route() -> None:
    route = made.route()
    for field in dir(route):
        getattr(route, field)
    hash(route)
    assert route == made.route()
    repr((route, *route.exchanges, *route.targets, *route.excluded))
    route.to_dict()
    copy.deepcopy(route)
    pickle.loads(pickle.dumps(route))


def fail_route() -> None:
    for change in (
        {"warnings": ("why",)},
        {"excluded": (("h", 1, "x", "limit"),)},
        {"targets": ((9, "192.0.2.1"),)},
        {"exchanges": (("h", "h", 1, ("192.0.2.1", "x"), 1, "ok", None),)},
    ):
        with pytest.raises(ValueError, match=r"not know|is not an IP|of exchange 9"):
            made.route(**change)
    with pytest.raises(pymx.NullMX):
        made.route(status="null_mx", reason="null_mx").raise_for_status()


def use_trace() -> None:
    resolver = made.resolver(trace=True)
    for destination in ("[192.0.2.1]", "a..b"):
        route = resolver.resolve(destination)
        for step in route.trace or ():
            for field in dir(step):
                getattr(step, field)
            hash(step)
            repr(step)
            copy.copy(step)
            assert pickle.loads(pickle.dumps(step)) == step
        route.to_dict()
        pickle.loads(pickle.dumps(route))
    for plain in ((), (1,), (0, "dream", *[""] * 16)):
        with pytest.raises((TypeError, ValueError)):
            _native._rebuild_step(*plain)  # type: ignore[attr-defined]
        with pytest.raises((TypeError, ValueError)):
            _native._rebuild_route(*made.state(), (plain,))  # type: ignore[attr-defined]


def use_target() -> None:
    target = pymx.Target("mx.example", "2001:db8::1", 5)
    assert len({target, pymx.Target("mx.example", "2001:db8::1", 5)}) == 1
    target.sockaddr(port=25)
    target.to_dict()
    with pytest.raises(ValueError, match="port"):
        target.sockaddr(-1)
    with pytest.raises(ValueError, match="address"):
        pymx.Target("mx.example", "x")


def use_order() -> None:
    pairs = [(n, [n]) for n in range(50)]
    pymx.order(pairs)
    pymx.order(tuple(pairs[:5]), seed=7)
    for bad in ((-1, "a"), ("1", "a"), (1,), 5):
        for few in (1, 40):
            with pytest.raises((ValueError, TypeError)):
                pymx.order([*pairs[:few], bad])
    with pytest.raises(TypeError):
        pymx.order(pairs, sede=7)


def use_resolver() -> None:
    resolver = made.resolver(nameservers=("192.0.2.53",))
    for destination in ("[192.0.2.1]", "[127.0.0.1]", "a..b", "bücher..example"):
        resolver.resolve(destination, [destination])
    resolver.stats()
    with pytest.raises(TypeError):
        resolver.resolve(None)
    resolver.close()
    with pytest.raises(pymx.ClosedError):
        resolver.resolve("a..b")


def fail_resolver() -> None:
    for option, value in (("tries", 0), ("family", "x"), ("nameservers", ("x",))):
        with pytest.raises(ValueError, match=r"cannot make|choices|no name server"):
            made.resolver(**{option: value})


def use_completions() -> None:
    resolver = made.resolver()
    queue = _native.Completions(descriptor=True)
    for token in range(3):
        resolver.submit(queue, token, "a..b", [token])
    queue.take(1)
    resolver.submit(queue, token, None).cancel()
    with pytest.raises(TypeError):
        resolver.submit(queue, 1, "a..b", levels="x")
    queue.close()
    with pytest.raises(pymx.ClosedError):
        resolver.submit(queue, 1, "a..b")


def use_bulk() -> None:
    rows: list[object] = ["a..b", "[192.0.2.1]", None, 5, "x" * 300]
    resolver = made.resolver()
    routes = resolver.resolve_many(iter(rows), 3, ordered=True, progress=len_of)
    assert next(routes).status == "invalid"
    assert routes.take(2)
    assert len(list(routes)) + 3 >= len(rows)
    routes = resolver.resolve_many(iter(rows), 3, key=lambda row: row, retries=1)
    next(routes)
    routes.close()
    feed = resolver.feed(None, 5)
    for row in rows:
        if feed.add(row):
            feed.send()
    feed.end(None)
    while not feed.done:
        feed.poll(2)


def fail_bulk() -> None:
    resolver = made.resolver()

    def rows() -> Iterator[str]:
        yield "a..b"
        raise ZeroDivisionError

    routes = resolver.resolve_many(rows(), 5)
    next(routes)
    with pytest.raises(ZeroDivisionError):
        next(routes)
    for options in ({"key": fail}, {"progress": fail}, {"ordered": Ambiguous()}):
        with pytest.raises((ZeroDivisionError, TypeError)):
            list(resolver.resolve_many(iter(["a..b"]), 5, **options))
    with pytest.raises(ValueError, match="limit"):
        routes.take(0)
    feed = resolver.feed(None, 1, key=fail)
    with pytest.raises(ZeroDivisionError):
        feed.add("a..b")
    feed.end(ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        feed.poll()
    with pytest.raises(TypeError):
        feed.end(7)  # type: ignore[arg-type]
    resolver.close()
    with pytest.raises(pymx.ClosedError):
        next(resolver.resolve_many(iter(["a..b"]), 5))


def cycle_bulk() -> None:
    row: list[object] = []
    routes = made.resolver().resolve_many(
        iter([row, "a..b"]), 5, key=lambda it: it and row and "a..b"
    )
    row.append(routes)
    next(routes)


class Ambiguous:
    def __bool__(self) -> bool:
        raise TypeError


def fail(*_: object) -> NoReturn:
    raise ZeroDivisionError


def len_of(*_: object) -> None:
    pass


def use_cycle() -> None:
    row: list[object] = []
    queue = _native.Completions()
    row.append(queue)
    row.append(made.resolver().submit(queue, 1, "a..b", row))
    row.append(made.resolver().resolve("a..b", row))


def leak() -> None:
    KEPT.append(object())


KEPT: list[object] = []
USES = {
    use.__name__: use
    for use in (
        use_route,
        fail_route,
        use_trace,
        use_target,
        use_order,
        use_resolver,
        fail_resolver,
        use_completions,
        use_cycle,
        use_bulk,
        fail_bulk,
        cycle_bulk,
        leak,
    )
}


def least_growth(use: Callable[[], None]) -> int:
    """Return by how many blocks the calmest window grew."""
    gc.collect()
    growths = []
    for _ in range(WINDOWS):
        before = sys.getallocatedblocks()
        for _ in range(ROUNDS):
            use()
        gc.collect()
        growths.append(sys.getallocatedblocks() - before)
    return min(growths)


def grows(name: str) -> bool:
    """Tell whether it leaks, in a process where nothing else allocates."""
    code = "import sys; from native import test_native_memory as m; m.main(sys.argv[1])"
    child = subprocess.run(
        [sys.executable, "-c", code, name],
        env=os.environ | {"PYTHONPATH": str(pathlib.Path(__file__).parents[1])},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=60,
    )
    return int(child.stdout) >= SPARE


def main(name: str) -> None:
    """Say it, for the parent."""
    print(least_growth(USES[name]))


@pytest.mark.parametrize("name", [name for name in USES if name != "leak"])
def test_nothing_is_left(name: str) -> None:
    assert not grows(name)


def test_a_leak_is_noticed() -> None:
    assert grows("leak")
