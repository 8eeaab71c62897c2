# SPDX-License-Identifier: MIT
"""A route as JSON, as rows of CSV, and as text for people."""

import csv
import io
import json
from collections.abc import Iterator
from typing import Protocol

from pymx import Route
from pymx._native import REASONS
from pymx.cli.notes import escape
from pymx.cli.style import Style, verdict

CSV_HEADER = (
    "input",
    "domain",
    "status",
    "deliverable",
    "reason",
    "preference",
    "host",
    "address",
    "family",
    "implicit",
    "complete",
    "ttl",
    "warnings",
    "message",
)
_WORDS = {True: "true", False: "false", None: "unknown"}


class Format(Protocol):
    """Makes text of routes, one after the other."""

    header: str

    def render(self, route: Route) -> str:
        """Return the text of one route, with the end of its last line."""


class Json:
    """One JSON object per line: `Route.to_dict()`.

    Pure ASCII, which no locale and no terminal can spoil.
    """

    header = ""

    def render(self, route: Route) -> str:
        """Return one line."""
        return json.dumps(route.to_dict(), separators=(", ", ": ")) + "\n"


class Csv:
    """One row per target, and one without a target for a route that has none.

    Always one line per row; warnings are separated by blanks.
    """

    def __init__(self) -> None:
        """Make the row of column names."""
        self.header = self._rows([CSV_HEADER])

    def render(self, route: Route) -> str:
        """Return the rows of one route."""
        before = (
            escape(str(route.input)),
            route.domain or "",
            route.status,
            _WORDS[route.deliverable],
            route.reason or "",
        )
        after = (
            _WORDS[route.implicit],
            _WORDS[route.complete],
            str(route.ttl),
            " ".join(route.warnings),
            escape(route.message),
        )
        targets: list[tuple[str, ...]] = [
            (str(target.preference), target.host, target.address, target.family)
            for target in route.targets
        ]
        return self._rows(
            [before + target + after for target in targets or [("", "", "", "")]]
        )

    @staticmethod
    def _rows(rows: list[tuple[str, ...]]) -> str:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(rows)
        return text.getvalue()


class Text:
    """Verdict, targets in delivery order, and what was left out or is remarkable."""

    header = ""

    def __init__(self, style: Style, *, verbose: bool = False) -> None:
        """Explain codes and add details when `verbose`."""
        self._style = style
        self._verbose = verbose

    def render(self, route: Route) -> str:
        """Return a paragraph of one line or more."""
        style = self._style
        words = [
            style.paint("bold", escape(str(route.input)) or "(nothing)"),
            style.paint(verdict(route.deliverable), _verdict_in_words(route)),
        ]
        # For a good route the targets say it all.
        if not route.targets or self._verbose:
            words.append(escape(route.message))
        lines = ["  ".join(words) + "\n"]
        if route.targets:
            rows = [(str(t.preference), t.host, t.address) for t in route.targets]
            lines.append(style.table(rows, right=0))
        for note in self._notes(route):
            lines.append(f"    {style.paint('dim', note)}\n")
        for step in trace_lines(route):
            lines.append(f"    {style.paint('dim', step)}\n")
        return "".join(lines)

    def _notes(self, route: Route) -> Iterator[str]:
        if self._verbose:
            yield from _details(route)
        for exchange in route.exchanges:
            if exchange.status != "ok":
                yield (
                    f"unusable: {exchange.preference} {exchange.host}: "
                    f"{self._explain(exchange.reason or exchange.status)}"
                )
        for excluded in route.excluded:
            place = " ".join(filter(None, [excluded.host, excluded.address]))
            yield (
                f"left out: {excluded.preference} {place}: "
                f"{self._explain(excluded.reason)}"
            )
        for warning in route.warnings:
            yield f"warning: {self._explain(warning)}"

    def _explain(self, code: str) -> str:
        if not self._verbose:
            return code
        return f"{code} ({REASONS[code]})" if code in REASONS else code


def trace_lines(route: Route) -> Iterator[str]:
    """Yield a line for each step of a route's trace, times in columns.

    No table: on a narrow terminal folded columns would tell the messages apart worse.
    """
    steps = route.trace or ()
    times = [f"{step.time * 1000:.1f} ms" for step in steps]
    width = max(map(len, times), default=0)
    for time, step in zip(times, steps, strict=True):
        yield f"{time:>{width}}  {step.event:<8}  {escape(step.text)}"


def _verdict_in_words(route: Route) -> str:
    more = [] if route.reason in (None, route.status) else [str(route.reason)]
    if route.implicit and route.targets:
        more.append("implicit MX")
    if not route.complete and route.targets:
        more.append("incomplete")
    return f"{route.status} ({', '.join(more)})" if more else route.status


def _details(route: Route) -> Iterator[str]:
    if route.domain_unicode and route.domain_unicode != route.domain:
        yield f"domain: {route.domain} ({escape(route.domain_unicode)})"
    elif route.domain and route.domain != route.input:
        yield f"domain: {route.domain}"
    if route.canonical and route.canonical != route.domain:
        yield f"alias of: {route.canonical}"
    if route.smtp_reply:
        yield "reply: {} {} {}".format(*route.smtp_reply)
    origin = "from the cache" if route.cached else f"{route.elapsed * 1000:.1f} ms"
    yield f"TTL {route.ttl} s, {origin}"
