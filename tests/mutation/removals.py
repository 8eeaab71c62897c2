# SPDX-License-Identifier: MIT
"""Rules of the specification, and how each one is taken out of the code.

A file of removals is TOML:

    [[removal]]
    rule = "M5"                      # as the titles of its scenarios begin
    what = "a null MX is no target"  # the part of the rule that goes
    file = "ext/core/weigh.c"
    old = "mx_name_is_root(&host)"   # there exactly once
    new = "false"
    test = "test_order"              # where no scenario can tell, e.g. randomness
"""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from mutation.bench import ROOT, Failure, Run

SCENARIOS = "test_scenarios"
# As it prints them: ../scenarios/order.scenario:12: O1 lowest first
_FAILED = re.compile(r"^\S+\.scenario:\d+: (?P<title>(?P<rule>\S+).*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Removal:
    """How one rule, or a part of it, is taken out."""

    rule: str
    what: str
    file: Path
    old: str
    new: str
    test: str = SCENARIOS  # another one where no scenario can tell

    def apply(self, source: str) -> str:
        """Return the source without the rule."""
        count = source.count(self.old)
        if count != 1:
            raise Failure(
                f"{self.name}: {self.file} has {count} places with "
                f"{self.old!r}; there must be one"
            )
        return source.replace(self.old, self.new)

    @property
    def name(self) -> str:
        """What to call it."""
        return f"{self.rule} {self.what}"

    def verdict(self, run: Run | None) -> str:
        """Say what the scenarios made of it; "ok" when one of the rule failed."""
        if run is None:
            return "DOES NOT COMPILE"
        if self.test != SCENARIOS:
            return "NOT MISSED" if run.passed else f"ok, {self.test} fails"
        failed = [(m["rule"], m["title"]) for m in _FAILED.finditer(run.output)]
        own = [title for rule, title in failed if rule == self.rule]
        if own:
            return f"ok, {len(own)} of its scenarios fail: {own[0]}"
        if failed:
            others = " ".join(sorted({rule for rule, _ in failed}))
            return f"NOT MISSED by its own scenarios, only by those of {others}"
        if not run.passed:
            return "NOT MISSED by its own scenarios: they end early, or never"
        return "NOT MISSED by any scenario"


def read_removals(path: Path) -> list[Removal]:
    """Read a file of removals."""
    with path.open("rb") as file:
        rows = tomllib.load(file)["removal"]
    found = [Removal(**{**row, "file": Path(row["file"])}) for row in rows]
    for removal in found:
        removal.apply((ROOT / removal.file).read_text())
    return found
