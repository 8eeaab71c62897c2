# SPDX-License-Identifier: MIT
"""`resolve_many` for a caller that blocks."""

from __future__ import annotations

from functools import partial

from pymx._native import Completions
from pymx.bulk import prepare

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator
    from typing import Any

    from pymx._native import Resolver, Route
    from pymx.bulk import Bulk, Submit

_BATCH = 256  # completions taken at a time
_END = object()


def resolve_many(
    resolver: Resolver, destinations: Iterable[Any], **options: Any
) -> Generator[Route, None, None]:
    """Yield the routes; the arguments are checked now, not at the first step."""
    make_bulk = prepare(destinations, **options)
    return _yield_routes(resolver, iter(destinations), make_bulk)


def _yield_routes(
    resolver: Resolver, rows: Iterator[Any], make_bulk: Callable[[Submit], Bulk]
) -> Generator[Route, None, None]:
    completions = Completions()
    bulk = make_bulk(partial(resolver.submit, completions))
    is_more = True
    try:
        while is_more or bulk.is_in_flight or bulk.is_ready:
            # One row in and one route out at a turn: results do not wait for an input
            # that is slow, nor the lookups for a loop body that is.
            has_room = is_more and bulk.room > 0
            if has_room:
                row = next(rows, _END)
                if row is _END:
                    is_more = False
                else:
                    bulk.add(row)
            if bulk.is_in_flight:
                wait = 0 if has_room or bulk.is_ready else None
                for completion in completions.take(_BATCH, wait):
                    bulk.finish(*completion)
            if bulk.is_ready:
                yield bulk.pop()
                bulk.report()
        bulk.report(is_last=True)
    finally:
        bulk.cancel()
        completions.close()
