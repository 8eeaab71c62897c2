# SPDX-License-Identifier: MIT
"""Reads the scenarios of tests/scenarios, whose README.rst tells the format."""

import re
from dataclasses import dataclass, field
from pathlib import Path

FOLDER = Path(__file__).parent / "scenarios"

# What can be expected of a route, and what is looked at only where a scenario has it.
ALWAYS = [
    "status",
    "domain",
    "canonical",
    "unicode",
    "implicit",
    "incomplete",
    "authenticated",
    "target",
    "exchange",
    "addresses",
    "alias",
    "excluded",
    "warning",
]
IF_EXPECTED = [
    "ttl",
    "exchange_ttl",
    "smtp",
    "deliverable",
    "elapsed",
    "queries",
    "targets",
    "exchanges",
    "excludes",
]
# Lines of some keywords stand for those of others.
STANDS_FOR = {
    "targets": ["target"],
    "exchanges": ["exchange", "addresses", "alias"],
    "excludes": ["excluded"],
}

_REPEAT = re.compile(r"([\x21-\x7e])\{([1-9]\d{0,2})\}")
_OCTET = re.compile(r"\\(\d{3})")


class ScenarioError(Exception):
    """A file breaks the format."""


@dataclass
class Scenario:
    """One block of a file."""

    path: Path
    line: int
    title: str  # begins with the rule
    destination: str | None = None
    is_unordered: bool = False
    needs_python: bool = False
    options: dict[str, str] = field(default_factory=dict)
    dns: list[tuple[str, str, str]] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    @property
    def place(self) -> str:
        """Where it stands, as an editor takes it."""
        return f"{self.path}:{self.line}"

    @property
    def rule(self) -> str:
        """The rule that it is an example of."""
        return self.title.partition(" ")[0]

    def expects(self, keyword: str) -> bool:
        """Tell whether any line of a keyword is expected."""
        return any(line.partition(" ")[0] == keyword for line in self.expected)


def read_all(folder: Path = FOLDER) -> list[Scenario]:
    """Return the scenarios of all files. Raises ScenarioError."""
    paths = sorted(folder.glob("*.scenario"))
    scenarios = [scenario for path in paths for scenario in read(path)]
    seen: dict[str, Scenario] = {}
    for scenario in scenarios:
        other = seen.setdefault(scenario.title, scenario)
        if other is not scenario:
            raise ScenarioError(f"{scenario.place}: same title as {other.place}")
    return scenarios


def read(path: Path) -> list[Scenario]:
    """Return the scenarios of a file. Raises ScenarioError."""
    scenarios: list[Scenario] = []
    current: Scenario | None = None
    lines = path.read_text("utf-8").split("\n")
    for number, line in enumerate([*lines, ""], 1):
        text = _REPEAT.sub(lambda found: found[1] * int(found[2]), line)
        keyword, _, rest = text.partition(" ")
        if keyword == "scenario" and current is None:
            current = Scenario(path, number, rest)
            scenarios.append(current)
        elif not text and current:
            _finish(current)
            current = None
        elif not text or text.startswith("#"):
            continue
        elif current is None or not _take(current, keyword, rest):
            raise ScenarioError(f"{path}:{number}: unknown or out of place: {line}")
    if not scenarios:
        raise ScenarioError(f"{path}:1: has no scenario")
    return scenarios


def _take(scenario: Scenario, keyword: str, rest: str) -> bool:
    """Take one line; False when there is no such keyword."""
    match keyword:
        case "resolve":
            scenario.destination = _OCTET.sub(lambda found: chr(int(found[1])), rest)
        case "option":
            name, _, value = rest.partition(" ")
            scenario.options[name] = value
        case "dns":
            name, type_, reply = rest.split(" ", 2)
            scenario.dns.append((name, type_, reply))
        case "host":
            scenario.dns += _host(*rest.split())
        case "unordered":
            scenario.is_unordered = True
        case "python":
            scenario.needs_python = True
        case _ if keyword in ALWAYS or keyword in IF_EXPECTED:
            scenario.expected.append(f"{keyword} {rest}".rstrip())
        case _:
            return False
    return True


def _host(name: str, *addresses: str) -> list[tuple[str, str, str]]:
    """Return the `dns` lines of a host with these addresses."""
    ipv4 = [address for address in addresses if ":" not in address]
    ipv6 = [address for address in addresses if ":" in address]
    return [
        (name, "A", ", ".join(ipv4) or "NODATA"),
        (name, "AAAA", ", ".join(ipv6) or "NODATA"),
    ]


def _finish(scenario: Scenario) -> None:
    if scenario.destination is None or not scenario.expects("status"):
        raise ScenarioError(f"{scenario.place}: has no `resolve` or no `status`")
    is_invalid = any(line.startswith("status invalid") for line in scenario.expected)
    if not is_invalid and not scenario.expects("domain"):
        scenario.expected.append(f"domain {scenario.destination}")
