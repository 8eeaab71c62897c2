# SPDX-License-Identifier: MIT
"""The columns that a record can be made of, where it is not the whole route."""

from collections.abc import Callable
from typing import Any

from pymx import Route

Value = str | int | float | bool | list[str] | None

# Keys of a record of the whole route: `Route.to_dict()`, behind the number.
RECORD_KEYS = (
    *("number", "input", "domain", "domain_unicode", "canonical", "status"),
    *("deliverable", "reason", "message", "implicit", "complete", "exchanges"),
    *("targets", "excluded", "warnings", "ttl", "cached", "elapsed"),
    *("authenticated", "smtp_reply"),
)


def number_of(route: Route) -> int:
    """Return the number of the line that a route is of."""
    number: int = route.input[0]
    return number


def _input(route: Route) -> str:
    destination = route.input[1]
    return destination if isinstance(destination, str) else repr(destination)


def _exchange(route: Route) -> str | None:
    return route.exchanges[0].host if route.exchanges else None


def _preference(route: Route) -> int | None:
    return route.exchanges[0].preference if route.exchanges else None


def _reply(place: int) -> Callable[[Route], Any]:
    return lambda route: route.smtp_reply[place] if route.smtp_reply else None


# Name -> value, type of the value in a Parquet file. The number comes before them all.
COLUMNS: dict[str, tuple[Callable[[Route], Value], str]] = {
    "input": (_input, "string"),
    "domain": (lambda route: route.domain, "string"),
    "domain_unicode": (lambda route: route.domain_unicode, "string"),
    "canonical": (lambda route: route.canonical, "string"),
    "status": (lambda route: route.status, "string"),
    "deliverable": (lambda route: route.deliverable, "bool"),
    "reason": (lambda route: route.reason, "string"),
    "message": (lambda route: route.message, "string"),
    "implicit": (lambda route: route.implicit, "bool"),
    "complete": (lambda route: route.complete, "bool"),
    "exchange": (_exchange, "string"),
    "preference": (_preference, "uint16"),
    "exchanges": (lambda route: [one.host for one in route.exchanges], "strings"),
    "addresses": (lambda route: [one.address for one in route.targets], "strings"),
    "warnings": (lambda route: list(route.warnings), "strings"),
    "ttl": (lambda route: route.ttl, "uint32"),
    "cached": (lambda route: route.cached, "bool"),
    "elapsed": (lambda route: route.elapsed, "double"),
    "authenticated": (lambda route: route.authenticated, "bool"),
    "smtp_code": (_reply(0), "uint16"),
    "smtp_enhanced": (_reply(1), "string"),
    "smtp_text": (_reply(2), "string"),
}
USUAL = (
    *("input", "domain", "status", "deliverable", "reason", "implicit", "exchange"),
    *("exchanges", "addresses", "ttl", "warnings"),
)
# Names that columns copied from the input cannot have.
RESERVED = frozenset(RECORD_KEYS) | frozenset(COLUMNS)


def distinct(names: list[str]) -> list[str]:
    """Return names for columns of the input, each once and none of ours.

    >>> distinct(["id", "status", "id"])
    ['id', 'input_status', 'id_2']
    """
    taken = set(RESERVED)
    chosen = []
    for name in names:
        first = new = f"input_{name}" if name in RESERVED else name
        count = 1
        while new in taken:
            count += 1
            new = f"{first}_{count}"
        taken.add(new)
        chosen.append(new)
    return chosen
