# SPDX-License-Identifier: MIT
"""What a bulk run came to: counts as it goes, a summary at its end."""

import json
from collections import Counter
from operator import attrgetter
from time import monotonic
from typing import Any

from pymx import Route
from pymx._native import STATUSES, hosts

TOP = 10
# Exchanges that are counted at a time, so that memory stays flat.
MOST_EXCHANGES = 20_000
_STATISTICS = (
    *("queries", "tcp_queries", "retries", "cache_hits", "joins"),
    *("outages", "paused_ms"),
)

_WORDS = {True: "deliverable", False: "undeliverable", None: "unknown"}

_status = attrgetter("status")


class Tally:
    """Counts the routes of a run by status, and by exchange."""

    def __init__(self) -> None:
        """Begin now."""
        self.began = monotonic()
        self.statuses: Counter[str] = Counter()
        self.exchanges: Counter[str] = Counter()
        self.done = 0

    def add(self, routes: list[Route]) -> None:
        """Count some more."""
        self.statuses.update(map(_status, routes))
        self.exchanges.update(hosts(routes))
        self.done += len(routes)
        if len(self.exchanges) > MOST_EXCHANGES:
            # The rare half makes room: what is common is counted on.
            self.exchanges = Counter(
                dict(self.exchanges.most_common(MOST_EXCHANGES // 2))
            )


def summary(tally: Tally, statistics: dict[str, int], before: int) -> dict[str, Any]:
    """Return the summary of a run that found `before` lines done."""
    seconds = monotonic() - tally.began
    verdicts: Counter[str] = Counter()
    for status, count in tally.statuses.items():
        verdicts[_WORDS[STATUSES[status]]] += count
    return {
        "lines": tally.done,
        "lines_before": before,
        "seconds": round(seconds, 3),
        "lines_per_second": round(tally.done / seconds, 1) if seconds else None,
        "verdicts": {word: verdicts[word] for word in _WORDS.values()},
        "statuses": dict(tally.statuses.most_common()),
        "top_exchanges": dict(tally.exchanges.most_common(TOP)),
        **{name: statistics[name] for name in _STATISTICS if name in statistics},
    }


def as_json(figures: dict[str, Any]) -> str:
    """Return a summary as one line."""
    return json.dumps({"event": "summary", **figures}) + "\n"


def as_text(figures: dict[str, Any]) -> str:
    """Return a summary for people."""
    lines: int = figures["lines"]
    before: int = figures["lines_before"]
    earlier = f", {before:,} were done before" if before else ""
    text = f"{lines:,} lines in {duration(figures['seconds'])}"
    if lines and figures["lines_per_second"]:
        text += f", {figures['lines_per_second']:,.0f} a second"
    text += earlier + "\n"
    for counts in (figures["verdicts"], figures["statuses"]):
        text += "".join(
            f"  {name:<16}{count:>14,}{count / lines:>9.1%}\n"
            for name, count in counts.items()
            if count
        )
    if figures["top_exchanges"]:
        text += "top exchanges\n"
        text += "".join(
            f"  {count:>14,}{count / lines:>9.1%}  {host}\n"
            for host, count in figures["top_exchanges"].items()
        )
    return text + _queries(figures) + _pauses(figures)


def _queries(figures: dict[str, Any]) -> str:
    if "queries" not in figures:
        return ""
    saved = figures.get("cache_hits", 0) + figures.get("joins", 0)
    return (
        f"{figures['queries']:,} queries sent, {saved:,} saved: "
        f"{figures.get('cache_hits', 0):,} by the cache, "
        f"{figures.get('joins', 0):,} by waiting for one under way\n"
    )


def _pauses(figures: dict[str, Any]) -> str:
    if not figures.get("paused_ms"):
        return ""
    seconds = figures["paused_ms"] / 1000
    return f"no name server answered for {duration(seconds)} in all\n"


def duration(seconds: float) -> str:
    """Return a time for people.

    >>> duration(3.14), duration(75), duration(93784)
    ('3.1 s', '1:15', '26:03:04')
    """
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
