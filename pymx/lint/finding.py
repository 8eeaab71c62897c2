# SPDX-License-Identifier: MIT
"""What a check comes to: findings, and the report of one domain."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from pymx.destination import to_unicode
from pymx.lint.codes import CODES, SEVERITIES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, Self

    from pymx import Route
    from pymx.lint.codes import Severity


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, or worth knowing, with the mail setup of a domain.

    `severity`: ``"error"`` (mail is lost or refused, or a rule of DNS or SMTP is
    broken), ``"warning"`` (mail works, not for everybody or not for long) or
    ``"notice"``. `code`: a key of `CODES`. `where`: the domain, host, or host and
    [address] it is about, as published. `message`: one line, what is wrong.
    `reference`: an RFC and section, "" if there is none. `advice`: what to do.
    """

    severity: Severity
    code: str
    domain: str
    where: str
    message: str
    reference: str
    advice: str

    @classmethod
    def of(
        cls, code: str, domain: str, where: str, message: str, reference: str = ""
    ) -> Self:
        """Make one; what is not given is that of the code."""
        kind = CODES[code]
        return cls(
            kind.severity,
            code,
            domain,
            where,
            message,
            reference or kind.reference,
            kind.advice,
        )

    def to_dict(self) -> dict[str, str]:
        """Return all fields, ready for JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Report:
    """All findings about one domain, the worst first; none is what one hopes for.

    `route` is what was judged. That of a zone file knows nothing beyond the file.
    """

    domain: str
    findings: tuple[Finding, ...]
    route: Route

    @classmethod
    def of(cls, domain: str, findings: Iterable[Finding], route: Route) -> Self:
        """Make one of findings in any order; the first of a code and a place counts."""
        once: dict[tuple[str, str], Finding] = {}
        for finding in findings:
            once.setdefault((finding.code, finding.where), finding)
        ranked = sorted(once.values(), key=lambda one: SEVERITIES.index(one.severity))
        return cls(domain, tuple(ranked), route)

    @property
    def worst(self) -> Severity | None:
        """The severity of the worst finding; None if there is none."""
        return self.findings[0].severity if self.findings else None

    @property
    def unknown(self) -> bool:
        """Whether something could not be looked up: there may be more to find."""
        return any(CODES[finding.code].leaves_open for finding in self.findings)

    def count(self, severity: Severity) -> int:
        """Return the number of findings of a severity."""
        return sum(finding.severity == severity for finding in self.findings)

    def to_dict(self) -> dict[str, Any]:
        """Return the report without the route, ready for JSON, keys in fixed order."""
        return {
            "domain": self.domain,
            "domain_unicode": to_unicode(self.domain),
            "unknown": self.unknown,
            "errors": self.count("error"),
            "warnings": self.count("warning"),
            "notices": self.count("notice"),
            "findings": [finding.to_dict() for finding in self.findings],
        }
