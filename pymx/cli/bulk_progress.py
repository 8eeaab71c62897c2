# SPDX-License-Identifier: MIT
"""How far a bulk run is, on standard error."""

import contextlib
import json
import sys
import threading
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from types import TracebackType
from typing import Any, Protocol, Self, TextIO

from pymx.cli.bulk_summary import duration

INTERVAL = 0.5  # seconds between two looks
_LOOKS = 20  # of which the rate is that of the time between first and last
_SLOW = 10  # looks for one line where lines stay


@dataclass(frozen=True, slots=True)
class Look:
    """A run at one moment."""

    time: float  # seconds, of a clock that only goes on
    done: int  # records
    share: float | None  # of the input, 0 to 1
    statuses: Counter[str]
    is_paused: bool  # no name server answers, and the run waits for one


class Pauses:
    """Whether a run waits for a name server, by the time that it spent so."""

    def __init__(self) -> None:
        """Begin with none."""
        self._milliseconds = 0

    def go_on(self, statistics: dict[str, int]) -> bool:
        """Tell whether it waited since the last call, by `Resolver.stats`."""
        before, self._milliseconds = (
            self._milliseconds,
            statistics.get("paused_ms", 0),
        )
        return self._milliseconds > before


class Pace:
    """Speed and time left, by the last few looks."""

    def __init__(self) -> None:
        """Begin without any."""
        self._looks: deque[Look] = deque(maxlen=_LOOKS)

    def add(self, look: Look) -> dict[str, Any]:
        """Return a look's figures, ready for JSON."""
        self._looks.append(look)
        first = self._looks[0]
        seconds = look.time - first.time
        rate = (look.done - first.done) / seconds if seconds > 0 else None
        left = None
        if look.share is not None and first.share is not None and seconds > 0:
            gained = look.share - first.share
            left = (1 - look.share) / gained * seconds if gained > 0 else None
        return {
            "done": look.done,
            "share": None if look.share is None else round(look.share, 4),
            "rate": None if rate is None else round(rate, 1),
            "seconds_left": None if left is None else round(left),
            "statuses": dict(look.statuses.most_common()),
            "paused": look.is_paused,
        }


def one_line(figures: dict[str, Any]) -> str:
    """Return figures for people.

    >>> one_line({"done": 1234, "share": 0.5, "rate": 100.0, "seconds_left": 75,
    ...     "statuses": {"ok": 1000, "no_domain": 234}, "paused": False})
    '1,234 lines  50.0%  100/s  1:15 left  ok 81.0%  no_domain 19.0%'
    """
    words = [f"{figures['done']:,} lines"]
    if figures["share"] is not None:
        words.append(f"{figures['share']:.1%}")
    if figures["paused"]:
        words.append("paused: no name server answers")
    else:
        if figures["rate"] is not None:
            words.append(f"{figures['rate']:,.0f}/s")
        if figures["seconds_left"] is not None:
            words.append(f"{duration(figures['seconds_left'])} left")
    total = sum(figures["statuses"].values())
    words += [
        f"{status} {count / total:.1%}" for status, count in figures["statuses"].items()
    ]
    return "  ".join(words)


class Display(Protocol):
    """Shows figures, the last ones too."""

    def show(self, figures: dict[str, Any], *, is_last: bool) -> None:
        """Show them now."""


class JsonLines:
    """One JSON object a line, for machines."""

    def __init__(self, stream: TextIO) -> None:
        """Write to `stream`."""
        self._stream = stream

    def show(self, figures: dict[str, Any], *, is_last: bool) -> None:
        """Write a line."""
        del is_last
        self._stream.write(json.dumps({"event": "progress", **figures}) + "\n")
        self._stream.flush()


class PlainLine:
    """A line that is written over on a terminal; elsewhere one now and then."""

    def __init__(self, stream: TextIO) -> None:
        """Write to `stream`."""
        self._stream = stream
        self._is_terminal = stream.isatty()
        self._width = 0
        self._looks = 0

    def show(self, figures: dict[str, Any], *, is_last: bool) -> None:
        """Write the line, or do without."""
        line = one_line(figures)
        if self._is_terminal:
            line, self._width = line.ljust(self._width), len(line)
            self._stream.write("\r" + line + ("\n" if is_last else ""))
        elif is_last or self._looks % _SLOW == 0:
            self._stream.write(line + "\n")
        self._looks += 1
        self._stream.flush()


class RichBar:
    """A bar and a line, by rich."""

    def __init__(self, stream: TextIO) -> None:
        """Draw on `stream`. Raises ImportError without rich."""
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        console = Console(file=stream)
        self._progress = Progress(
            BarColumn(bar_width=20),
            TextColumn("{task.description}", markup=False),
            console=console,
            auto_refresh=False,
        )
        self._task = self._progress.add_task("", total=1.0)
        self._progress.start()

    def show(self, figures: dict[str, Any], *, is_last: bool) -> None:
        """Draw it anew."""
        self._progress.update(
            self._task,
            description=one_line(figures),
            completed=figures["share"] or 0.0,
            refresh=True,
        )
        if is_last:
            self._progress.stop()


class Progress:
    """Shows how far a run is, from a thread of its own: also while nothing comes."""

    def __init__(self, display: Display | None, look: Callable[[], Look]) -> None:
        """Show on `display`, if any, what `look` returns."""
        self._display = display
        self._look = look
        self._pace = Pace()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        while not self._end.wait(INTERVAL):
            self._show(is_last=False)

    def _show(self, *, is_last: bool) -> None:
        assert self._display is not None
        # A standard error that takes no more must not end the run.
        with contextlib.suppress(OSError, ValueError):
            self._display.show(self._pace.add(self._look()), is_last=is_last)

    def __enter__(self) -> Self:
        """Start."""
        if self._display is not None:
            self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Show the last figures, and end."""
        if self._display is not None:
            self._end.set()
            self._thread.join()
            self._show(is_last=True)


def choose_display(kind: str) -> Display | None:
    """Return the display for ``--progress``: auto, rich, plain, json or off.

    Raises ImportError for rich where it is not installed.
    """
    stream = sys.stderr
    if stream is None or kind == "off":
        return None
    if kind == "json":
        return JsonLines(stream)
    if kind == "auto" and not stream.isatty():
        return None
    if kind == "plain":
        return PlainLine(stream)
    try:
        return RichBar(stream)
    except ModuleNotFoundError:
        if kind == "rich":
            raise
        return PlainLine(stream)


def now() -> float:
    """Return the time of looks."""
    return monotonic()
