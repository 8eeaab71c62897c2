# SPDX-License-Identifier: MIT
"""The rows of a bulk run's input: plain lines, CSV or NDJSON.

A row is a tuple: the number of its first line, from 1; the destination, any object;
and, where other columns are copied, these as a dict. One row comes for each line, or
record of CSV, whatever is in it: what is no destination is told as one.

Where reading fails the rows end: those whose ends were read are looked up all the same,
and `Source.failure` is for afterwards.
"""

import json
from collections.abc import Iterable, Iterator
from itertools import chain
from math import isfinite
from typing import Any, NoReturn

from pymx.cli.bulk_quotes import Record, records
from pymx.cli.bulk_source import Source
from pymx.cli.exits import Failure
from pymx.cli.notes import escape

Row = tuple[Any, ...]

MAX_LINE = 4096  # characters; RFC 5321 4.5.3.1.3 grants an address 256 octets
MAX_RECORD = 16 * 2**20  # characters of a line of CSV or NDJSON
_CUT = "…"  # no domain ends with it: what is left of a line is never looked up
_OCTETS = 4  # of a character at most


def split(blocks: Iterable[bytes], longest: int) -> Iterator[list[str]]:
    """Yield lines without their ends, those of a block at a time.

    One of more than `longest` characters is cut, and ends in a character that says so.
    Octets that are not UTF-8 become lone surrogates.
    """
    begun = b""
    for block in blocks:
        head, newline, rest = block.rpartition(b"\n")
        if not newline:
            begun = (begun + rest)[: _OCTETS * longest + 1]
            continue
        yield _decoded(begun + head, longest)
        begun = rest[: _OCTETS * longest + 1]
    if begun:
        yield _decoded(begun, longest)


def _decoded(octets: bytes, longest: int) -> list[str]:
    text = octets.decode("utf-8", "surrogateescape")
    if "\r" in text:
        text = text.replace("\r\n", "\n").removesuffix("\r")
    lines = text.split("\n")
    if max(map(len, lines)) > longest:
        return [_cut(line, longest) for line in lines]
    return lines


def _cut(line: str, longest: int) -> str:
    return line if len(line) <= longest else line[:longest] + _CUT


def read_lines(source: Source) -> Iterator[Row]:
    """Yield a row for each line."""
    # No Python of ours runs for a line of its own.
    return chain.from_iterable(_numbered(source))


def _numbered(source: Source) -> Iterator[Iterable[Row]]:
    number = 1
    try:
        for lines in split(source.blocks(), MAX_LINE):
            yield enumerate(lines, number)
            number += len(lines)
    except Failure as failure:
        source.failure = failure


def read_ndjson(source: Source, field: str | None, *, has_rest: bool) -> Iterator[Row]:
    """Yield a row for each line, a JSON text.

    The destination is the member `field` of an object, without one its first member; or
    the text itself where it is no object. A line that is no JSON, or has no such
    member, has a `NoText` for a destination, which nobody can resolve.
    """
    number = 0
    try:
        for lines in split(source.blocks(), MAX_RECORD):
            for line in lines:
                number += 1
                destination, rest = _read_json(line, field)
                yield (number, destination, rest) if has_rest else (number, destination)
    except Failure as failure:
        source.failure = failure


def _read_json(line: str, field: str | None) -> tuple[object, dict[str, Any]]:
    # A blank line is an empty destination, as among plain lines.
    if not line.strip():
        return "", {}
    try:
        value = json.loads(line, parse_constant=_refuse, parse_float=_finite)
    except (ValueError, RecursionError):
        return NoText(_cut(line, MAX_LINE)), {}
    if not isinstance(value, dict):
        return _destination(value), {}
    key = next(iter(value), "") if field is None else field
    if key not in value:
        return NoText(""), value
    return _destination(value.pop(key)), value


def _destination(value: object) -> object:
    if isinstance(value, str):
        return value
    return NoText(_cut(json.dumps(value, ensure_ascii=False), MAX_LINE))


class NoText:
    """What stands in the place of a destination and is no text; shown as it came."""

    __slots__ = ("_shown",)

    def __init__(self, shown: str) -> None:
        """`shown` is JSON, a line that is none, or nothing where nothing was."""
        self._shown = shown

    def __repr__(self) -> str:
        """Return what a record has as its input."""
        return self._shown


def _refuse(name: str) -> NoReturn:
    """Refuse NaN and Infinity, which are no JSON."""
    raise ValueError(name)


def _finite(text: str) -> float:
    """Return a number; one that no double can hold is none that could be copied."""
    number = float(text)
    if not isfinite(number):
        raise ValueError(text)
    return number


class Table:
    """CSV: which column is the destination, what the others are called."""

    def __init__(
        self,
        source: Source,
        *,
        delimiter: str = ",",
        field: str | None = None,
        has_header: bool = True,
    ) -> None:
        """Read the header. `field` is the name of a column, or its number from 1.

        Raises Failure when there is no such column, or when the header looks like data.
        """
        self._source = source
        lines = chain.from_iterable(split(source.blocks(), MAX_RECORD))
        self._records = records(lines, delimiter)
        self._first: Record | None = next(self._records, None)
        self.header: list[str] = []
        if self._first is None:
            # No record, hence nothing that could be lost by a wrong column.
            self._column = 0
            return
        cells = self._first[1]
        if has_header:
            self.header, self._first = cells, None
        else:
            self.header = [f"column_{place}" for place in range(1, len(cells) + 1)]
        self._column = self._find(field, has_header=has_header)
        if has_header:
            _check_header(cells[self._column], is_named=field in cells)

    def _find(self, field: str | None, *, has_header: bool) -> int:
        if field is None:
            return 0
        if has_header and field in self.header:
            return self.header.index(field)
        if field.isascii() and field.isdigit() and int(field) > 0:
            # A record may have more columns than the first one.
            if not has_header or int(field) <= len(self.header):
                return int(field) - 1
            raise Failure(f"--field {field}: the header has {len(self.header)} columns")
        if not has_header:
            raise Failure(
                f"--field {escape(field)}: without a header a column is told by its "
                "number, from 1"
            )
        names = ", ".join(self.header)
        raise Failure(f"--field {escape(field)}: the header has {escape(names)}")

    @property
    def rest_names(self) -> list[str]:
        """The names of the other columns."""
        return [
            name or f"column_{place + 1}"
            for place, name in enumerate(self.header)
            if place != self._column
        ]

    def rows(self, *, has_rest: bool) -> Iterator[Row]:
        """Yield a row for each record but the header."""
        first = [] if self._first is None else [self._first]
        try:
            for number, cells in chain(first, self._records):
                yield self._row(number, cells, has_rest=has_rest)
        except Failure as failure:
            self._source.failure = failure

    def _row(self, number: int, cells: list[str], *, has_rest: bool) -> Row:
        column = self._column
        destination = cells[column] if column < len(cells) else ""
        if has_rest:
            return number, destination, cells[:column] + cells[column + 1 :]
        return number, destination


def _check_header(cell: str, *, is_named: bool) -> None:
    """Raise Failure for a first line that seems to be a destination."""
    if not is_named and ("." in cell or "@" in cell):
        raise Failure(
            f"the header of the column is {escape(cell)}, which looks like a "
            "destination: say --no-header, or --field with the name of the column"
        )
