# SPDX-License-Identifier: MIT
"""Records of CSV (RFC 4180), some of which go over several lines."""

import csv
import sys
from collections import deque
from collections.abc import Iterable, Iterator

Record = tuple[int, list[str]]  # the number of its first line, from 1; its cells

# A quote that is never closed would swallow all that follows: a record of more lines
# is taken for that.
MAX_LINES = 1000


class _Unclosed(Exception):
    """A quote goes over too many lines, or to the end of the input."""


class _Lines:
    """Hands out lines, and keeps those of the record that is being read."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self._again: deque[str] = deque()
        self.record: list[str] = []
        self.number = 1  # of the first line of the record
        self.is_at_end = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if len(self.record) >= MAX_LINES:
            raise _Unclosed
        try:
            line = self._again.popleft() if self._again else next(self._lines)
        except StopIteration:
            self.is_at_end = True
            raise
        self.record.append(line)
        # The reader must see the end of the line inside quotes.
        return line + "\n"

    def close_record(self) -> None:
        """Begin the next record."""
        self.number += len(self.record)
        self.record = []

    def take_back(self) -> str:
        """Return the first line of the record; all others are read again."""
        first, *others = self.record
        self._again.extendleft(reversed(others))
        self.record = []
        self.number += 1
        self.is_at_end = False
        return first


def records(lines: Iterable[str], delimiter: str) -> Iterator[Record]:
    """Yield the records of CSV; a line with a quote that is not closed is one as it is.

    An empty line is a record of one empty cell.
    """
    csv.field_size_limit(sys.maxsize)
    source = _Lines(lines)
    reader = csv.reader(source, delimiter=delimiter)
    while True:
        try:
            cells = next(reader, None)
            is_whole = not (source.is_at_end and source.record)
        except (_Unclosed, csv.Error):
            is_whole = False
        if not is_whole:
            number = source.number
            yield number, source.take_back().split(delimiter)
            reader = csv.reader(source, delimiter=delimiter)
        elif cells is None:
            return
        else:
            yield source.number, cells or [""]
            source.close_record()
