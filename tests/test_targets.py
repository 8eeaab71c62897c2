# SPDX-License-Identifier: MIT
"""`Resolver.targets`: one preference ahead, each address once, raises at the end."""

import pytest

import pymx
from pymx.testing import answer, drop, rcode

LEVELS = {
    "d.example": {
        "MX": [(n * 10, f"mx{n}{c}.example") for n in range(4) for c in "ab"]
    },
    **{
        f"mx{n}{c}.example": {"A": f"192.0.2.{n * 10 + i}"}
        for n in range(4)
        for i, c in enumerate("ab")
    },
}


def addresses(targets):
    return [target.address for target in targets]


def asked_levels(server):
    return sorted({name[2] for name in server.log.names("A")})


def test_all_targets_in_order(dns, resolver):
    asking = resolver(dns(LEVELS))
    targets = list(asking.targets("d.example"))
    assert [target.preference for target in targets] == [0, 0, 10, 10, 20, 20, 30, 30]
    assert len(set(addresses(targets))) == 8


def test_with_a_seed_the_order_is_that_of_resolve(dns, resolver):
    for seed in range(10):
        asking = resolver(dns(LEVELS), seed=seed)
        route = asking.resolve("d.example")
        assert tuple(asking.targets("d.example")) == route.targets


def test_the_order_holds_while_levels_come_in(dns, resolver):
    """Each lookup behind it shuffles afresh; nothing is lost or doubled by that."""
    asking = resolver(dns(LEVELS))
    orders = set()
    for _ in range(30):
        targets = list(asking.targets("d.example"))
        assert [t.preference for t in targets] == [0, 0, 10, 10, 20, 20, 30, 30]
        assert len(set(addresses(targets))) == 8
        orders.add(tuple(addresses(targets)))
    assert len(orders) > 1


def test_a_level_cut_by_the_limit_is_cut_once(dns, resolver):
    zone = {"d.example": {"MX": [(1, f"mx{n}.example") for n in range(10)]}}
    zone |= {f"mx{n}.example": {"A": f"192.0.2.{n}"} for n in range(10)}
    zone["d.example"]["MX"].append((2, "backup.example"))
    asking = resolver(dns(zone), max_exchanges=4)
    for _ in range(10):
        assert len(list(asking.targets("d.example"))) == 4


def test_hosts_are_resolved_one_level_ahead(dns, resolver):
    server = dns(LEVELS)
    targets = resolver(server).targets("d.example")
    assert len(server.log) == 0
    assert next(targets).preference == 0
    server.log.wait(4, type="A")
    assert asked_levels(server) == ["0", "1"]
    assert next(targets).preference == 0
    assert asked_levels(server) == ["0", "1"]
    assert next(targets).preference == 10
    server.log.wait(6, type="A")
    assert asked_levels(server) == ["0", "1", "2"]
    targets.close()


def test_a_level_that_fails_is_passed_over(dns, resolver):
    server = dns(LEVELS)
    server.script("mx0a.example", None, rcode("SERVFAIL"))
    server.script("mx0b.example", None, rcode("NXDOMAIN"))
    targets = list(resolver(server).targets("d.example"))
    assert [target.preference for target in targets] == [10, 10, 20, 20, 30, 30]


def test_a_level_that_fails_after_others_ends_quietly(dns, resolver):
    server = dns(LEVELS)
    for level in "123":
        for host in "ab":
            server.script(f"mx{level}{host}.example", None, rcode("SERVFAIL"))
    assert len(list(resolver(server).targets("d.example"))) == 2


def test_an_address_under_two_hosts_comes_once(dns, resolver):
    zone = {
        "d.example": {"MX": [(1, "a.example"), (2, "b.example")]},
        "a.example": {"A": "192.0.2.1"},
        "b.example": {"A": ["192.0.2.1", "192.0.2.2"]},
    }
    targets = list(resolver(dns(zone)).targets("d.example"))
    assert [(t.host, t.address) for t in targets] == [
        ("a.example", "192.0.2.1"),
        ("b.example", "192.0.2.2"),
    ]


def test_works_without_a_cache(dns, resolver):
    asking = resolver(dns(LEVELS), cache_size=0)
    assert len(list(asking.targets("d.example"))) == 8


ZONE = {
    "null.example": {"MX": (0, ".")},
    "nothing.example": {},
    "dangling.example": {"MX": [(1, "gone.example"), (2, "gone2.example")]},
    "loopback.example": {"A": "127.0.0.1"},
    "ill.example": "SERVFAIL",
}


@pytest.mark.parametrize(
    ("destination", "error", "parent"),
    [
        ("null.example", pymx.NullMX, pymx.PermanentError),
        ("gone.example", pymx.DomainNotFound, pymx.PermanentError),
        ("nothing.example", pymx.NoMailService, pymx.PermanentError),
        ("dangling.example", pymx.NoAddress, pymx.PermanentError),
        ("loopback.example", pymx.Refused, pymx.PermanentError),
        ("a..b", pymx.InvalidDomain, pymx.PermanentError),
        ("ill.example", pymx.ServerFailure, pymx.TemporaryError),
        ("slow.example", pymx.ResolveTimeout, pymx.TemporaryError),
        ("slow.example", TimeoutError, pymx.TemporaryError),
        ("odd.example", pymx.BadReply, pymx.TemporaryError),
    ],
)
def test_no_target_at_all_raises(dns, resolver, destination, error, parent):
    server = dns(ZONE)
    server.script("slow.example", None, drop())
    server.script("odd.example", None, answer("other.example. 60 IN MX 1 odd.example."))
    asking = resolver(server, **({"timeout": 0.5} if "slow" in destination else {}))
    targets = asking.targets(destination)
    with pytest.raises(error) as raised:
        next(targets)
    assert isinstance(raised.value, parent)
    assert isinstance(raised.value, pymx.ResolutionError)
    assert raised.value.route.input == destination
    assert str(raised.value) == raised.value.route.message


def test_no_servers_raises(resolver, dns):
    dead = dns()
    dead.stop()
    with pytest.raises(pymx.NoServers):
        next(resolver(dead, timeout=0.3).targets("a.example"))


def test_closing_early_cancels_what_is_in_progress(dns, resolver):
    server = dns(LEVELS)
    server.script("mx1a.example", None, drop())
    asking = resolver(server, timeout=3600, attempt_timeout=3600)
    targets = asking.targets("d.example")
    next(targets)
    server.log.wait(1, "mx1a.example")
    targets.close()
    # The next lookup is admitted after the cancellation was taken in.
    assert asking.resolve("gone.example").status == "no_domain"
    assert asking.stats()["in_progress"] == 0


def test_a_cancelled_route_is_a_temporary_error(dns, resolver):
    server = dns()
    server.pause()
    asking = resolver(server, timeout=3600, attempt_timeout=3600)
    many = asking.resolve_many(iter_then(["a.example"], asking.close))
    (route,) = many
    assert (route.status, route.deliverable) == ("cancelled", None)
    with pytest.raises(pymx.TemporaryError) as raised:
        route.raise_for_status()
    assert type(raised.value) is pymx.TemporaryError


def iter_then(values, function):
    yield from values
    function()
