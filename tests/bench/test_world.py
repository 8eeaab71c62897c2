# SPDX-License-Identifier: MIT
"""The mail world of benchmarks/, and the comparison with what was found in it."""

import pytest

from benchmarks import check
from benchmarks.world import MIX, Domain, World

WORLD = World(500)


def found(domain: Domain) -> list[check.Target]:
    exchanges = sorted(domain.exchanges, key=lambda exchange: exchange[0])
    return [
        (preference, host.name, address)
        for preference, host in exchanges
        for address in host.ipv4 + host.ipv6
    ]


ROWS = [(domain.name, domain.status, found(domain)) for domain in WORLD]


def test_a_world_follows_from_its_seed() -> None:
    assert list(World(20, seed=7)) == list(World(30, seed=7))[:20]
    assert list(World(20, seed=7)) != list(World(20, seed=8))
    assert {domain.kind for domain in WORLD} == set(MIX)


def test_domains_are_found_by_name() -> None:
    assert WORLD.named("d0000499.test") == WORLD.domain(499)
    for name in ("d0000500.test", "d499.test", "mx1.d0000499.test", "x.test"):
        assert WORLD.named(name) is None


def test_all_is_right() -> None:
    verdict = check.check(WORLD, ROWS)
    assert str(verdict) == "500 domains right"


def test_equal_preferences_may_come_in_any_order() -> None:
    name, status, targets = next(
        row for row in ROWS if len({t[0] for t in row[2]}) == 1 and len(row[2]) > 2
    )
    domain = WORLD.named(name)
    assert domain
    assert check.is_right(domain, status, targets[::-1])


def with_change(index: int, status: str, targets: list[check.Target]) -> list[object]:
    rows: list[object] = list(ROWS)
    rows[index] = (ROWS[index][0], status, targets)
    return rows


LONGEST = max(range(len(ROWS)), key=lambda i: len({t[0] for t in ROWS[i][2]}))
RIGHT = ROWS[LONGEST][2]


@pytest.mark.parametrize(
    ("status", "targets"),
    [
        ("no_domain", RIGHT),
        ("ok", RIGHT[:-1]),
        ("ok", [*RIGHT, RIGHT[-1]]),
        ("ok", RIGHT[::-1]),
        ("ok", [(p, host, "192.0.2.1") for p, host, _ in RIGHT]),
        ("ok", [(p + 1, host, address) for p, host, address in RIGHT]),
        ("ok", [(p, "other.test", address) for p, _, address in RIGHT]),
    ],
)
def test_what_is_wrong_is_noticed(status: str, targets: list[check.Target]) -> None:
    verdict = check.check(WORLD, with_change(LONGEST, status, targets))
    assert (verdict.missing, len(verdict.wrong)) == (0, 1)


def test_missing_twice_and_unknown() -> None:
    assert check.check(WORLD, ROWS[1:]).missing == 1
    assert check.check(WORLD, [*ROWS, ROWS[0]]).wrong == ["d0000000.test came twice"]
    stranger = ("x.test", "ok", [])
    assert check.check(WORLD, [*ROWS, stranger]).wrong == ["x.test is not in the world"]
