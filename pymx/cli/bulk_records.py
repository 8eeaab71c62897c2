# SPDX-License-Identifier: MIT
"""Routes as records: NDJSON, of the whole route or of columns, and CSV."""

import csv
import json
from collections.abc import Sequence
from typing import Any, Protocol

from pymx import Route
from pymx._native import ndjson
from pymx.cli.bulk_columns import COLUMNS, RESERVED, Value, distinct, number_of
from pymx.cli.notes import escape

_WORDS = {True: "true", False: "false", None: ""}
_COMPACT = (",", ":")


class Format(Protocol):
    """Makes batches of records. `header` is what an output begins with."""

    header: bytes

    def encode(self, routes: list[Route]) -> bytes:
        """Return the records of routes whose inputs are rows."""


class Rest(Protocol):
    """What a record holds of the other columns of its row."""

    names: list[str]  # of the columns, where every row has the same

    def members(self, route: Route) -> dict[str, Any]:
        """Return them by name."""

    def cells(self, route: Route) -> list[str]:
        """Return them as text, in the order of their names."""


class NoRest:
    """Nothing is copied."""

    names: list[str] = []  # noqa: RUF012

    def members(self, route: Route) -> dict[str, Any]:  # noqa: ARG002
        """Return nothing."""
        return {}

    def cells(self, route: Route) -> list[str]:  # noqa: ARG002
        """Return nothing."""
        return []


class RestOfTable:
    """The other cells of a record of CSV."""

    def __init__(self, names: list[str]) -> None:
        """Name the columns as the header does, but for what is ours."""
        self.names = distinct(names)

    def members(self, route: Route) -> dict[str, Any]:
        """Return the cells by name; those that the header has no name for by number."""
        cells = route.input[2]
        members = dict(zip(self.names, cells, strict=False))
        for place in range(len(self.names), len(cells)):
            members[f"column_{place + 2}"] = cells[place]
        return members

    def cells(self, route: Route) -> list[str]:
        """Return the cells, as many as there are names or more."""
        cells: list[str] = route.input[2]
        return cells + [""] * (len(self.names) - len(cells))


class RestOfObject:
    """The other members of an object of NDJSON."""

    names: list[str] = []  # noqa: RUF012

    def members(self, route: Route) -> dict[str, Any]:
        """Return the members, renamed where a name is ours."""
        members: dict[str, Any] = route.input[2]
        if RESERVED.isdisjoint(members):
            return members
        return dict(zip(distinct(list(members)), members.values(), strict=True))

    def cells(self, route: Route) -> list[str]:
        """Return nothing: rows have no columns in common."""
        raise NotImplementedError


class RestAsJson:
    """The other members of an object of NDJSON in one column, as JSON."""

    names = ["row"]  # noqa: RUF012

    def members(self, route: Route) -> dict[str, Any]:
        """Return the one column."""
        return {"row": self.cells(route)[0]}

    def cells(self, route: Route) -> list[str]:
        """Return the one column."""
        return [json.dumps(route.input[2], separators=_COMPACT)]


class Routes:
    """NDJSON: the number, all of `Route.to_dict()`, what is copied of the row."""

    header = b""

    def __init__(self, rest: Rest | None) -> None:
        """Copy `rest`, if any."""
        self._rest = rest

    def encode(self, routes: list[Route]) -> bytes:
        """Return a line for each route."""
        numbers = [route.input[0] for route in routes]
        if self._rest is None:
            return ndjson(routes, numbers)
        members = [_inner(self._rest.members(route)) for route in routes]
        return ndjson(routes, numbers, members)


def _inner(members: dict[str, Any]) -> bytes:
    """Return an object as JSON without the braces around it."""
    return json.dumps(members, separators=_COMPACT)[1:-1].encode()


class Columns:
    """NDJSON: the number, some columns, what is copied of the row."""

    header = b""

    def __init__(self, columns: Sequence[str], rest: Rest) -> None:
        """Make records of these columns."""
        self._columns = {name: COLUMNS[name][0] for name in columns}
        self._rest = rest

    def encode(self, routes: list[Route]) -> bytes:
        """Return a line for each route."""
        return "".join(
            json.dumps(
                {
                    "number": number_of(route),
                    **{name: get(route) for name, get in self._columns.items()},
                    **self._rest.members(route),
                },
                separators=_COMPACT,
            )
            + "\n"
            for route in routes
        ).encode()


class _Echo:
    """A file for csv.writer, whose `writerow` then returns the row."""

    def write(self, text: str) -> str:
        return text


class Csv:
    """CSV (RFC 4180): the number, some columns, what is copied of the row.

    A list is its items with blanks between them; what nobody knows is ``unknown`` as
    `deliverable`, and else empty. A record ends in a line feed.
    """

    def __init__(self, columns: Sequence[str], rest: Rest) -> None:
        """Make records of these columns."""
        self._get = [COLUMNS[name][0] for name in columns]
        self._unknown = ["unknown" if name == "deliverable" else "" for name in columns]
        self._rest = rest
        # With this end of line a carriage return in a cell is quoted too.
        self._write = csv.writer(_Echo(), lineterminator="\r\n").writerow
        self.header = self._record(["number", *columns, *rest.names]).encode()

    def encode(self, routes: list[Route]) -> bytes:
        """Return a record for each route."""
        text = "".join(self._record(self._cells(route)) for route in routes)
        # Octets that were no UTF-8 are shown, as \udcff.
        return text.encode("utf-8", "backslashreplace")

    def _cells(self, route: Route) -> list[str]:
        cells = [str(number_of(route))]
        for get, unknown in zip(self._get, self._unknown, strict=True):
            value = get(route)
            cells.append(unknown if value is None else _text(value))
        return cells + self._rest.cells(route)

    def _record(self, cells: list[str]) -> str:
        record: str = self._write(cells)
        # A NUL in a file is what a power cut leaves, not ours.
        return record[:-2].replace("\0", "\\x00") + "\n"


def _text(value: Value) -> str:
    if isinstance(value, str):
        return escape(value)
    if isinstance(value, bool):
        return _WORDS[value]
    if isinstance(value, list):
        return " ".join(value)
    return str(value)
