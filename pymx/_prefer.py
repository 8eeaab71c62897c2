# SPDX-License-Identifier: MIT
"""The argument `prefer` of a resolver, checked, its hosts as routes name them."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite

from pymx.destination import to_ascii
from pymx.errors import ConfigurationError
from pymx.options import fault, show

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pymx.options import Prefer


def check_prefer(prefer: object) -> Prefer:
    """Return the function, or the ranks of a mapping as a dict of our own.

    Raises ConfigurationError.
    """
    if isinstance(prefer, Mapping):
        return _read_ranks(prefer)
    if callable(prefer):
        return prefer
    raise fault("prefer", prefer, "None, a function or a mapping of hosts to ranks")


def _read_ranks(prefer: Mapping[Any, Any]) -> dict[str, float | None]:
    ranks: dict[str, float | None] = {}
    for name, rank in prefer.items():
        where = f"prefer[{show(name)}]"
        if not _is_rank(rank):
            raise fault(where, rank, "None or a finite number: the lowest comes first")
        host = _read_host(name)
        if ranks.setdefault(host, rank) != rank:
            raise fault(where, rank, f"{ranks[host]!r}, as {host!r} is there already")
    return ranks


def _is_rank(rank: object) -> bool:
    # A bool is an int to Python, and True for "this one" would come after False.
    if isinstance(rank, bool) or not isinstance(rank, int | float):
        return rank is None
    try:
        return isfinite(rank)
    except OverflowError:
        return False


def _read_host(name: object) -> str:
    try:
        host = to_ascii(name).removesuffix(".").lower() if isinstance(name, str) else ""
    except ValueError:
        host = ""
    if not host:
        raise ConfigurationError(f"prefer: {show(name)} is not the name of a host")
    return host
