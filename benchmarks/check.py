# SPDX-License-Identifier: MIT
"""Compare what a resolver found with what the world holds.

A contender writes a line of JSON for each domain: [domain, status, targets], with
targets [preference, host, address] in the order given. Any order within a preference is
right.
"""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from benchmarks.world import Domain, World

Target = tuple[int, str, str]


@dataclass
class Verdict:
    """What was found wrong: names of domains, some of them."""

    checked: int = 0
    missing: int = 0
    wrong: list[str] = field(default_factory=list)

    @property
    def is_right(self) -> bool:
        """Tell whether every domain was found once, as it is."""
        return not self.missing and not self.wrong

    def __str__(self) -> str:
        """Say it in one line."""
        if self.is_right:
            return f"{self.checked:,} domains right"
        shown = "; ".join(self.wrong[:3])
        return f"{self.missing:,} missing, {len(self.wrong):,} wrong: {shown}"


def is_right(domain: Domain, status: str, targets: Iterable[Target]) -> bool:
    """Tell whether this is what the world holds."""
    found: dict[tuple[int, str], list[str]] = {}
    preferences = []
    for preference, host, address in targets:
        found.setdefault((preference, host), []).append(address)
        preferences.append(preference)
    expected = {
        (preference, host.name): sorted(host.ipv4 + host.ipv6)
        for preference, host in domain.exchanges
    }
    return (
        status == domain.status
        and preferences == sorted(preferences)
        and {key: sorted(addresses) for key, addresses in found.items()} == expected
    )


def check(world: World, rows: Iterable[Any]) -> Verdict:
    """Compare [domain, status, targets] of all domains with the world."""
    verdict = Verdict()
    seen = bytearray(world.count)
    for name, status, targets in rows:
        verdict.checked += 1
        domain = world.named(name)
        if domain is None:
            verdict.wrong.append(f"{name} is not in the world")
            continue
        index = int(name[1:8])
        if seen[index]:
            verdict.wrong.append(f"{name} came twice")
        seen[index] = 1
        if not is_right(domain, status, targets):
            verdict.wrong.append(f"{name} ({domain.kind}): {status} {targets}")
    verdict.missing = seen.count(0)
    return verdict


def check_lines(world: World, lines: Iterable[str | bytes]) -> Verdict:
    """Do the same with lines of JSON."""
    return check(world, map(json.loads, lines))


@dataclass
class Tally:
    """How many domains had which status, and how many targets they had together.

    What the world holds also tells how many of the targets have an exchange that is
    `aliased`, and how many `records` of each type bear the name that was asked for,
    those of a host counted once.
    """

    statuses: Counter[str] = field(default_factory=Counter)
    targets: int = 0
    aliased: int = 0
    records: Counter[str] = field(default_factory=Counter)

    def add(self, status: str, targets: int) -> None:
        """Count one domain."""
        self.statuses[status] += 1
        self.targets += targets


def expected_tally(world: World) -> Tally:
    """Count what a resolver must find."""
    tally = Tally()
    seen: set[str] = set()
    for domain in world:
        tally.add(domain.status, domain.target_count)
        if domain.kind == "mx_cname":
            tally.aliased += domain.target_count
        if domain.kind == "null_mx":
            tally.records["MX"] += 1
        for _, host in domain.exchanges:
            tally.records["MX"] += domain.kind != "implicit"
            if host.name not in seen and not host.alias_of:
                seen.add(host.name)
                tally.records.update(A=len(host.ipv4), AAAA=len(host.ipv6))
    return tally
