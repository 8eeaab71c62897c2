# SPDX-License-Identifier: MIT
"""`Resolver(prefer=...)`: the caller's order among exchanges of equal preference."""

from collections import Counter

import pytest
from event_loops import Asyncio, Trio
from ranked import (
    ALL_WAYS,
    ORDER,
    RANKS,
    ZONE,
    Prefer,
    by_resolve,
    by_resolve_many,
    by_targets,
    hosts,
    twin,
)

from pymx import _native


@ALL_WAYS
@pytest.mark.parametrize("prefer", [RANKS, RANKS.get], ids=["mapping", "function"])
def test_the_lowest_rank_comes_first(dns, resolver, way, prefer):
    asking = resolver(dns(ZONE), prefer=prefer)
    for _ in range(5):
        assert way(asking, "d.example", "other.example") == [
            ORDER,
            ["b.example", "a.example"],
        ]


def test_each_host_is_asked_for_once_where_there_is_a_choice(dns, resolver):
    zone = {
        **ZONE,
        "d.example": {
            "MX": [
                *((7, "B.Example"), (7, "a.example"), (7, "b.example"), (7, "c.local")),
                *((8, "x.example"), (9, "y.example"), (9, "a.example")),
            ]
        },
    }
    prefer = Prefer()
    asking = resolver(dns(zone), prefer=prefer)
    assert hosts(asking.resolve("d.example"))[:2] == ["b.example", "a.example"]
    assert sorted(prefer.asked) == ["a.example", "b.example"]
    prefer.asked.clear()
    asking.resolve("single.example")
    assert prefer.asked == []


def test_what_needs_no_dns_asks_nobody(dns, resolver):
    prefer = Prefer()
    asking = resolver(dns(ZONE), prefer=prefer)
    assert asking.resolve("[192.0.2.1]").status == "ok"
    assert asking.resolve("a..b").status == "invalid"
    assert [r.status for r in asking.resolve_many(["[192.0.2.1]", None])] == [
        "ok",
        "invalid",
    ]
    assert prefer.asked == []


def test_a_route_from_the_cache_is_ranked_afresh(dns, resolver):
    ranks = dict(RANKS)
    server = dns(ZONE)
    asking = resolver(server, prefer=ranks.get)
    assert by_resolve(asking, "d.example") == [ORDER]
    questions = len(server.log)
    ranks["a.example"] = 0
    assert hosts(asking.resolve("d.example"))[0] == "a.example"
    assert len(server.log) == questions


@ALL_WAYS
def test_ranking_asks_no_second_question(dns, resolver, way):
    server = dns(ZONE)
    way(resolver(server, prefer=RANKS, cache_size=0), "other.example")
    assert Counter(server.log.names("MX")) == {"other.example": 1}


def test_figures_count_a_lookup_once(dns, resolver):
    asking = resolver(dns(ZONE), prefer=RANKS)
    for _ in range(3):
        asking.resolve("d.example")
    figures = asking.stats()
    assert (figures["lookups"], figures["in_progress"], figures["waiting"]) == (3, 0, 0)


def test_max_exchanges_cuts_by_rank(dns, resolver):
    zone = {
        "d.example": {"MX": [(1, f"mx{n}.example") for n in range(50)]},
        **{f"mx{n}.example": {"A": f"192.0.2.{n}"} for n in range(50)},
    }
    wanted = ["mx40.example", "mx7.example", "mx23.example"]
    ranks = {host: place for place, host in enumerate(wanted)}
    route = resolver(dns(zone), prefer=ranks, max_exchanges=2).resolve("d.example")
    assert hosts(route) == wanted[:2]
    assert {excluded.reason for excluded in route.excluded} == {"limit"}


def test_without_a_shuffle_equal_ranks_keep_the_published_order(dns, resolver):
    asking = resolver(
        dns(ZONE), shuffle="none", prefer={"c.example": 0, "y.example": None}
    )
    published = [host for _, host in ZONE["d.example"]["MX"]]
    order = hosts(asking.resolve("d.example"))
    assert order[0] == "c.example"
    served = [target.host for target in asking.targets("d.example")]
    assert served == order
    assert set(order) == set(published)


def test_addresses_are_mixed_within_a_rank(dns, resolver):
    zone = {
        "d.example": {"MX": [(1, "a.example"), (1, "b.example"), (1, "c.example")]},
        "a.example": {"A": ["192.0.2.1", "192.0.2.2"]},
        "b.example": {"A": ["192.0.2.3", "192.0.2.4"]},
        "c.example": {"A": ["192.0.2.5", "192.0.2.6"]},
    }
    asking = resolver(dns(zone), shuffle="addresses", prefer={"b.example": 0})
    orders = set()
    for _ in range(100):
        targets = [target.host[0] for target in asking.resolve("d.example").targets]
        assert targets[:2] == ["b", "b"]
        orders.add("".join(targets[2:]))
    assert {"acac", "aacc"} <= orders


def first_hosts(asking, rounds):
    """Count the first host of the route over as many seeds."""
    completions = _native.Completions()
    for seed in range(rounds):
        asking._native.submit(completions, seed, "d.example", seed=seed)
    firsts = Counter()
    while completions.pending:
        for _, route in completions.take():
            firsts[hosts(route)[0]] += 1
    return firsts


@pytest.mark.parametrize(
    ("prefer", "first"),
    [
        ({}, "abc"),
        (lambda _: None, "abc"),
        (lambda _: 7, "abc"),
        ({"a.example": 1, "b.example": 1.0}, "ab"),
        ({"c.example": 2**60}, "c"),
        ({"b.example": -1e300, "c.example": -(2**60)}, "b"),
    ],
)
def test_equal_ranks_are_equally_often_first(dns, resolver, prefer, first):
    firsts = first_hosts(resolver(dns(ZONE), prefer=prefer), 900)
    assert set(firsts) == {f"{host}.example" for host in first}
    # The seeds are fixed; off by four standard deviations would be 60.
    assert all(abs(count - 900 / len(first)) < 60 for count in firsts.values())


WRONG = [
    (True, TypeError, "True"),
    ("1", TypeError, "'1'"),
    ([1], TypeError, r"\[1\]"),
    (1j, TypeError, "1j"),
    (float("nan"), ValueError, "nan"),
    (float("-inf"), ValueError, "-inf"),
    (10**400, ValueError, "1000000"),
]


@pytest.mark.parametrize(("rank", "kind", "shown"), WRONG)
def test_what_is_no_rank_is_named_with_its_host(dns, resolver, rank, kind, shown):
    asking = resolver(dns(ZONE), prefer=lambda host: rank if host == "b.example" else 1)
    for way in (by_resolve, by_targets, by_resolve_many):
        with pytest.raises(
            kind, match=rf"prefer: {shown}.* for 'b.example' is no rank: give .*lowest"
        ):
            way(asking, "d.example")


class OwnError(Exception):
    """What a test's function raises."""


@ALL_WAYS
def test_an_exception_of_the_function_is_raised(dns, resolver, way):
    error = OwnError("because")

    def prefer(_):
        raise error

    asking = resolver(dns(ZONE), prefer=prefer)
    with pytest.raises(OwnError) as raised:
        way(asking, "d.example")
    assert raised.value is error
    assert "prefer" in [entry.name for entry in raised.traceback]
    assert way(asking, "single.example") == [["a.example", "b.example"]]
    assert asking.stats()["in_progress"] == 0


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
@ALL_WAYS
def test_an_exception_that_ends_programs_comes_through(dns, resolver, way, kind):
    def prefer(_):
        raise kind("now")

    asking = resolver(dns(ZONE), prefer=prefer)
    with pytest.raises(kind, match="now"):
        way(asking, "d.example")
    assert way(asking, "single.example") == [["a.example", "b.example"]]


def fail_for(host):
    """Make a function that cannot rank this one."""

    def prefer(asked):
        if asked == host:
            raise OwnError(host)

    return prefer


def test_an_exception_comes_in_the_place_of_the_route(dns, resolver):
    asking = resolver(dns(ZONE), prefer=fail_for("c.example"))
    rows = ["single.example"] * 3 + ["d.example"] + ["single.example"] * 100
    routes = asking.resolve_many(rows, concurrency=1)
    assert [next(routes).status for _ in range(3)] == ["ok"] * 3
    with pytest.raises(OwnError):
        next(routes)
    assert [route.status for route in routes] == ["ok"] * 100


@pytest.mark.parametrize("loop", [Asyncio(), Trio()], ids=["asyncio", "trio"])
def test_other_tasks_do_not_suffer(dns, resolver, loop):
    asking = twin(resolver(dns(ZONE), prefer=fail_for("c.example")))

    def task(destination):
        async def run():
            try:
                return (await asking.resolve(destination)).status
            except OwnError as error:
                return str(error)

        return run

    async def main():
        return await loop.together(
            *(task(name) for name in ["d.example", "other.example"] * 20)
        )

    assert loop.run(main) == ["c.example", "ok"] * 20
