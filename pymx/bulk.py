# SPDX-License-Identifier: MIT
"""The arguments of `resolve_many`, checked, for blocking callers and event loops."""

from __future__ import annotations

from pymx.options import MAX_CONCURRENCY, check_count, fault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypedDict

    Key = Callable[[Any], object]
    Report = Callable[[int, int], object]

    class BulkOptions(TypedDict):
        """What the engine's side takes beside the rows."""

        concurrency: int
        ordered: bool
        key: Key | None
        retries: int
        progress: Report | None


MAX_RETRIES = 100


def check_bulk(
    destinations: object,
    *,
    ordered: bool,
    concurrency: int | None,
    key: Key | None,
    retry_unknown: int,
    progress: Report | None,
    usual_concurrency: int,
) -> BulkOptions:
    """Check the arguments of `resolve_many`; return them for the engine's side.

    Raises TypeError or ConfigurationError.
    """
    if isinstance(destinations, str | bytes | bytearray):
        raise TypeError(
            "resolve_many takes an iterable of destinations, not one string"
        )
    if not isinstance(ordered, bool):
        raise fault("ordered", ordered, "True or False")
    if concurrency is not None:
        check_count("concurrency", concurrency, 1, MAX_CONCURRENCY, or_none=True)
    check_count("retry_unknown", retry_unknown, 0, MAX_RETRIES)
    for name, function in (("key", key), ("progress", progress)):
        if function is not None and not callable(function):
            raise fault(name, function, "None or a function")
    return {
        "concurrency": concurrency or usual_concurrency,
        "ordered": ordered,
        "key": key,
        "retries": retry_unknown,
        "progress": progress,
    }
