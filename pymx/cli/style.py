# SPDX-License-Identifier: MIT
"""Colours and columns of what people read."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pymx.cli.output import Output

Paint = Literal["good", "bad", "unsure", "bold", "dim"]

# SGR codes, ECMA-48 section 8.3.117.
_CODES: dict[Paint, str] = {
    "good": "32",
    "bad": "31",
    "unsure": "33",
    "bold": "1",
    "dim": "2",
}
_INDENT = 4
_GAP = 2


@dataclass(frozen=True, slots=True)
class Style:
    """How to show things: coloured or not, in columns fitted to a terminal or not."""

    has_colour: bool = False
    fits_terminal: bool = False

    @classmethod
    def choose(cls, output: Output, colour: str) -> "Style":
        """Return the style for an output and a ``--color`` of auto, always or never.

        auto honours NO_COLOR (no-color.org) and TERM=dumb.
        """
        if colour == "auto":
            has_colour = (
                output.is_terminal
                and not os.environ.get("NO_COLOR")
                and os.environ.get("TERM") != "dumb"
            )
        else:
            has_colour = colour == "always"
        return cls(has_colour, output.is_terminal)

    def paint(self, paint: Paint, text: str) -> str:
        """Return `text` in a colour, or as it is where there is none."""
        if not (self.has_colour and text):
            return text
        return f"\x1b[{_CODES[paint]}m{text}\x1b[0m"

    def table(self, rows: Sequence[Sequence[str]], *, right: int = -1) -> str:
        """Return rows as lines in columns; column number `right` is flush right.

        On a terminal narrower than that, and with rich there, long cells are folded
        inside their column.
        """
        if self.fits_terminal:
            folded = _fold(rows, right)
            if folded is not None:
                return folded
        return _align(rows, right)


def verdict(deliverable: bool | None) -> Paint:
    """Return the colour of a verdict: three values, three colours."""
    if deliverable is None:
        return "unsure"
    return "good" if deliverable else "bad"


def _align(rows: Sequence[Sequence[str]], right: int) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = [
            cell.rjust(width) if number == right else cell.ljust(width)
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append((" " * _INDENT + (" " * _GAP).join(cells)).rstrip() + "\n")
    return "".join(lines)


def _fold(rows: Sequence[Sequence[str]], right: int) -> str | None:
    try:
        from rich.console import Console
        from rich.padding import Padding
        from rich.table import Table
        from rich.text import Text
    except ModuleNotFoundError:
        return None
    table = Table.grid(padding=(0, _GAP, 0, 0))
    for number in range(len(rows[0])):
        table.add_column(
            justify="right" if number == right else "left", overflow="fold"
        )
    for row in rows:
        table.add_row(*map(Text, row))
    console = Console(color_system=None, force_terminal=False)
    with console.capture() as captured:
        console.print(Padding(table, (0, 0, 0, _INDENT), expand=False))
    return "".join(f"{line.rstrip()}\n" for line in captured.get().splitlines())
