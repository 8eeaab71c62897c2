# SPDX-License-Identifier: MIT
"""What to look up: the arguments, and the lines of standard input where they say so."""

import os
import sys
from collections import deque
from collections.abc import Sequence

from pymx.cli.notes import say

_CHUNK = 64 * 1024  # octets of standard input at a time
_MAX_LINE = 4096  # octets; RFC 5321 4.5.3.1.3 grants an address 256
_CUT = "…"  # no domain ends with it: what is left of a line is never looked up
_STANDARD_INPUT = "-"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class Destinations:
    """What to look up next. ``"-"`` stands for the lines of standard input."""

    def __init__(self, arguments: Sequence[str]) -> None:
        """Start with the first argument."""
        self._rest = deque(arguments)
        self._lines: deque[str] = deque()
        self._begun = b""  # of a line whose end has not been read, if need be cut
        self._is_first = True

    @property
    def has_next(self) -> bool:
        """Whether `take` has something."""
        return bool(self._lines or (self._rest and self._rest[0] != _STANDARD_INPUT))

    @property
    def needs_reading(self) -> bool:
        """Whether the next destination is still in standard input."""
        return not self._lines and bool(self._rest) and not self.has_next

    def take(self) -> str:
        """Return the next destination."""
        return (self._lines or self._rest).popleft()

    def read(self, descriptor: int) -> None:
        """Read what is there of standard input; its end makes room for what follows."""
        chunk = os.read(descriptor, _CHUNK)
        if not chunk:
            self._rest.popleft()
            if self._begun:
                self._add(self._begun)
                self._begun = b""
            return
        rest, *lines = chunk.split(b"\n")
        self._begin(self._begun + rest)
        for line in lines:
            self._add(self._begun)
            self._begin(line)

    def _begin(self, line: bytes) -> None:
        # One octet too many tells that there were more.
        self._begun = line[: _MAX_LINE + 1]

    def _add(self, line: bytes) -> None:
        is_cut = len(line) > _MAX_LINE
        line = line[:_MAX_LINE]
        if self._is_first:
            line = line.removeprefix(_BYTE_ORDER_MARK)
            self._is_first = False
        # What is not UTF-8 becomes what such an argument would: no destination, and
        # told as one.
        text = line.removesuffix(b"\r").decode("utf-8", "surrogateescape")
        self._lines.append(text + _CUT if is_cut else text)


def explain_terminal(arguments: Sequence[str]) -> None:
    """Tell a person at a terminal that standard input is waited for, where it is."""
    reads = _STANDARD_INPUT in arguments
    if reads and sys.stdin is not None and sys.stdin.isatty():
        say("reading destinations from the terminal, one a line; Ctrl-D ends them")
