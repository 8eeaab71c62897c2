# SPDX-License-Identifier: MIT
"""A report of a check as JSON and as text for people."""

import json
from typing import Protocol

from pymx.cli.notes import escape
from pymx.cli.style import Paint, Style, verdict
from pymx.lint import SEVERITIES, Finding, Report, Severity

_PAINTS: dict[Severity, Paint] = {"error": "bad", "warning": "unsure", "notice": "dim"}


class Format(Protocol):
    """Makes text of reports, one after the other."""

    def render(self, report: Report) -> str:
        """Return the text of one report, with the end of its last line."""


class Json:
    """One JSON object per line: `Report.to_dict()`, pure ASCII."""

    def render(self, report: Report) -> str:
        """Return one line."""
        return json.dumps(report.to_dict(), separators=(", ", ": ")) + "\n"


class Text:
    """A heading, and the findings with what to do, the worst first."""

    def __init__(self, style: Style, *, verbose: bool = False) -> None:
        """Show the targets as well when `verbose`."""
        self._style = style
        self._verbose = verbose

    def render(self, report: Report) -> str:
        """Return a paragraph of one line or more."""
        style = self._style
        heading = style.paint("bold", escape(report.domain) or "(nothing)")
        result = style.paint(verdict(verdict_of(report)), _in_words(report))
        lines = [f"{heading}  {result}\n"]
        targets = report.route.targets
        if self._verbose and targets:
            rows = [(str(t.preference), t.host, t.address) for t in targets]
            lines.append(style.table(rows, right=0))
        lines += [self._explain(finding) for finding in report.findings]
        return "".join(lines)

    def _explain(self, finding: Finding) -> str:
        severity = self._style.paint(_PAINTS[finding.severity], finding.severity)
        advice = finding.advice
        if finding.reference:
            advice += f" ({finding.reference})"
        return (
            f"    {severity}: {escape(finding.message)} [{finding.code}]\n"
            f"        {self._style.paint('dim', advice)}\n"
        )


def verdict_of(report: Report) -> bool | None:
    """Return whether a setup is free of errors; None if that could not be told.

    An error outweighs "could not tell": it will not go away by asking again.
    """
    if report.worst == "error":
        return False
    return None if report.unknown else True


def _in_words(report: Report) -> str:
    if not report.findings:
        return "nothing to complain about"
    counts = [(report.count(severity), severity) for severity in SEVERITIES]
    words = [
        f"{count} {severity}{'s' if count > 1 else ''}"
        for count, severity in counts
        if count
    ]
    if report.unknown:
        words.append("not all could be checked")
    return ", ".join(words)
