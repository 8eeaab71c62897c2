# SPDX-License-Identifier: MIT
"""What is wrong with a published mail setup, or with a zone before it is published.

>>> from pymx.lint import lint
>>> for finding in lint("dangling.example").findings:
...     print(f"{finding.severity}: {finding.message} ({finding.reference})")
error: mx.gone.example does not exist (RFC 2181 section 10.3)

`lint` looks a domain up, `lint_zone` (which needs dnspython, the extra ``testing``)
reads a zone file; `judge` is the pure function behind both, for routes one already has.
Each `Finding` has a severity, a code of `CODES`, what it is about, the RFC and what to
do. What could not be looked up is a finding too, and never taken for a "no".
"""

from pymx.lint.codes import CODES, SEVERITIES, Code, Severity
from pymx.lint.finding import Finding, Report
from pymx.lint.live import SETTINGS, judge, lint

__all__ = [
    "CODES",
    "SETTINGS",
    "SEVERITIES",
    "Code",
    "Finding",
    "Report",
    "Severity",
    "judge",
    "lint",
    "lint_zone",
]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pymx.lint.offline import lint_zone
else:

    def __getattr__(name):
        """Import what needs dnspython when it is asked for."""
        if name == "lint_zone":
            from pymx.lint.offline import lint_zone

            return lint_zone
        raise AttributeError(f"module 'pymx.lint' has no attribute {name!r}")
