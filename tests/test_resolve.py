# SPDX-License-Identifier: MIT
"""`Resolver.resolve`: from what servers say to the route, over real sockets."""

import collections
import itertools
import pathlib
import time

import dns.flags
import dns.opcode
import pytest

from pymx import _native
from pymx.testing import (
    FakeDNS,
    answer,
    close,
    drop,
    echo_query,
    edit,
    flip_case,
    garbage,
    normal,
    raw,
    rcode,
    truncate,
    wrong_id,
    wrong_question,
    wrong_source,
)

MAIL_ZONE = pathlib.Path(__file__).parents[1] / "examples" / "mail.zone"

EQUAL = {
    "equal.example": {"MX": [(10, f"{letter}.example") for letter in "abc"]},
    "a.example": {"A": "192.0.2.1"},
    "b.example": {"A": "192.0.2.2"},
    "c.example": {"A": "192.0.2.3"},
}
# Has an address: whatever takes a failed MX question for "no MX" gives itself away.
TRAP = {"trap.example": {"MX": (10, "mx.trap.example"), "A": "192.0.2.66"}}


def hosts(route):
    return [exchange.host for exchange in route.exchanges]


def addresses(route):
    return [target.address for target in route.targets]


# What DNS can say.


def test_one_exchange(dns, resolver):
    server = dns(
        {
            "plain.example": {"MX": (10, "mx.plain.example"), "TTL": 600},
            "mx.plain.example": {"A": "192.0.2.25", "TTL": 60},
        }
    )
    route = resolver(server).resolve("Plain.Example")
    assert (route.status, route.deliverable, route.reason) == ("ok", True, None)
    assert (route.input, route.domain) == ("Plain.Example", "plain.example")
    assert (route.complete, route.implicit, route.cached) == (True, False, False)
    assert route.smtp_reply is None
    assert route.ttl == 60
    (exchange,) = route.exchanges
    assert (exchange.host, exchange.preference) == ("mx.plain.example", 10)
    assert exchange.addresses == ("192.0.2.25",)
    (target,) = route.targets
    assert (target.host, target.address) == ("mx.plain.example", "192.0.2.25")
    assert (target.family, target.preference) == ("ipv4", 10)
    assert target.sockaddr() == ("192.0.2.25", 25)
    route.raise_for_status()


def test_each_question_is_asked_once(dns, resolver):
    server = dns(EQUAL)
    resolver(server).resolve("equal.example")
    asked = sorted((question.type, question.name) for question in server.log)
    assert asked == sorted(
        [("MX", "equal.example")]
        + [(t, f"{letter}.example") for letter in "abc" for t in ("A", "AAAA")]
    )


def test_a_mail_address_is_asked_by_its_domain(dns, resolver):
    server = dns(MAIL_ZONE)
    route = resolver(server).resolve('"a@b"@plain.example')
    assert (route.status, route.domain) == ("ok", "plain.example")
    assert server.log.names("MX") == ["plain.example"]


def test_lower_preference_comes_first(dns, resolver):
    preferences = [65535, 0, 256, 10, 9, 32768]
    zone = {"d.example": {"MX": [(p, f"mx{p}.example") for p in preferences]}}
    for place, preference in enumerate(preferences):
        zone[f"mx{preference}.example"] = {"A": f"192.0.2.{place}"}
    route = resolver(dns(zone)).resolve("d.example")
    assert [e.preference for e in route.exchanges] == sorted(preferences)
    assert [t.preference for t in route.targets] == sorted(preferences)


def test_addresses_keep_the_published_order_with_families_in_turn(dns, resolver):
    route = resolver(dns(MAIL_ZONE)).resolve("multihomed.example")
    assert addresses(route) == [
        "203.0.113.3",
        "2001:db8:3::2",
        "203.0.113.1",
        "2001:db8:3::1",
        "203.0.113.2",
    ]


def test_without_mx_the_domain_is_its_own_exchange(dns, resolver):
    route = resolver(dns(MAIL_ZONE)).resolve("implicit.example")
    assert (route.status, route.implicit) == ("ok", True)
    (exchange,) = route.exchanges
    assert (exchange.host, exchange.preference) == ("implicit.example", 0)
    assert sorted(addresses(route)) == ["192.0.2.80", "2001:db8:80::1"]
    assert all(target.implicit for target in route.targets)


def test_implicit_mx_can_be_switched_off(dns, resolver):
    server = dns(MAIL_ZONE)
    route = resolver(server, implicit=False).resolve("implicit.example")
    assert (route.status, route.reason) == ("no_mail", "implicit_off")
    assert server.log.count(type="A") == 0


def test_null_mx(dns, resolver):
    server = dns(MAIL_ZONE)
    route = resolver(server).resolve("nullmx.example")
    assert (route.status, route.deliverable) == ("null_mx", False)
    assert route.smtp_reply[:2] == (556, "5.1.10")
    assert server.log.count(type="A") == 0


def test_no_such_domain(dns, resolver):
    server = dns(MAIL_ZONE)
    route = resolver(server).resolve("gone.example")
    assert (route.status, route.deliverable) == ("no_domain", False)
    assert server.log.names() == ["gone.example"]


def test_neither_mx_nor_address(dns, resolver):
    route = resolver(dns(MAIL_ZONE)).resolve("nomail.example")
    assert (route.status, route.deliverable) == ("no_mail", False)


def test_a_dangling_exchange_does_not_fall_back_to_the_domain(dns, resolver):
    server = dns(MAIL_ZONE)
    route = resolver(server).resolve("dangling.example")
    assert (route.status, route.deliverable) == ("no_address", False)
    assert route.targets == ()
    assert server.log.count("dangling.example", "A") == 0
    (exchange,) = route.exchanges
    assert (exchange.status, exchange.reason) == ("no_address", "nxdomain")


def test_one_exchange_of_two_suffices(dns, resolver):
    route = resolver(dns(MAIL_ZONE)).resolve("half.example")
    assert (route.status, route.complete) == ("ok", True)
    assert [e.status for e in route.exchanges] == ["no_address", "ok"]
    assert addresses(route) == ["192.0.2.41"]


def test_a_temporary_failure_of_one_exchange_is_told(dns, resolver):
    server = dns(MAIL_ZONE)
    server.script("backup1.levels.example", None, rcode("SERVFAIL"))
    route = resolver(server).resolve("levels.example")
    assert (route.status, route.complete) == ("ok", False)
    assert "partial" in route.warnings
    status = {e.host: e.status for e in route.exchanges}
    assert status["backup1.levels.example"] == "server_failure"
    assert "198.51.100.21" not in addresses(route)


def test_no_address_yet_one_unknown_is_unknown(dns, resolver):
    server = dns({"d.example": {"MX": [(1, "a.example"), (2, "b.example")]}})
    server.script("b.example", None, rcode("SERVFAIL"))
    route = resolver(server).resolve("d.example")
    assert (route.status, route.deliverable) == ("server_failure", None)


def test_an_alias_at_the_domain_is_followed(dns, resolver):
    route = resolver(dns(MAIL_ZONE)).resolve("alias.example")
    assert (route.status, route.domain) == ("ok", "alias.example")
    assert route.canonical == "plain.example"
    assert addresses(route) == ["192.0.2.25"]


def test_implicit_mx_is_asked_at_the_canonical_name(dns, resolver):
    server = dns(
        {"www.example": {"CNAME": "real.example"}, "real.example": {"A": "192.0.2.8"}}
    )
    route = resolver(server).resolve("www.example")
    assert (route.status, route.implicit) == ("ok", True)
    assert route.exchanges[0].host == "real.example"
    assert server.log.count("www.example", "A") == 0


def test_aliases_in_a_circle_are_temporary(dns, resolver):
    server = dns(
        {"a.example": {"CNAME": "b.example"}, "b.example": {"CNAME": "a.example"}}
    )
    route = resolver(server).resolve("a.example")
    assert (route.deliverable, route.reason) == (None, "cname_loop")


def test_an_alias_as_exchange_is_followed_and_told(dns, resolver):
    server = dns(MAIL_ZONE)
    route = resolver(server).resolve("cnamex.example")
    (exchange,) = route.exchanges
    assert exchange.host == "smtp.cnamex.example"
    assert exchange.canonical == "mx1.mailhost.example"
    assert "cname_exchange" in route.warnings
    refused = resolver(server, cname_exchange="reject").resolve("cnamex.example")
    assert (refused.status, refused.reason) == ("refused", "cname_exchange")
    assert refused.excluded[0].host == "smtp.cnamex.example"


def test_an_international_domain_has_both_forms(dns, resolver):
    server = dns(MAIL_ZONE)
    route = resolver(server).resolve("Bücher。example")
    assert (route.status, route.domain) == ("ok", "xn--bcher-kva.example")
    assert route.domain_unicode == "bücher.example"
    assert server.log.names("MX") == ["xn--bcher-kva.example"]


def test_an_address_literal_needs_no_question(dns, resolver):
    server = dns(MAIL_ZONE)
    asking = resolver(server)
    assert addresses(asking.resolve("user@[192.0.2.1]")) == ["192.0.2.1"]
    assert addresses(asking.resolve("[IPv6:2001:DB8::1]")) == ["2001:db8::1"]
    assert len(server.log) == 0


def test_reserved_names_are_never_asked(dns, resolver):
    server = dns(MAIL_ZONE)
    asking = resolver(server)
    assert asking.resolve("abc.onion").status == "no_domain"
    assert asking.resolve("mail.invalid").status == "no_domain"
    assert asking.resolve("localhost").status == "refused"
    assert len(server.log) == 0


@pytest.mark.parametrize(
    ("policy", "private", "loopback"),
    [
        ("public", "refused", "refused"),
        ("private", "ok", "refused"),
        ("any", "ok", "ok"),
    ],
)
def test_address_policy(dns, resolver, policy, private, loopback):
    asking = resolver(dns(MAIL_ZONE), addresses=policy)
    assert asking.resolve("private.example").status == private
    route = asking.resolve("loopback.example")
    assert route.status == loopback
    if loopback == "refused":
        (excluded,) = route.excluded
        assert (excluded.address, excluded.reason) == ("127.0.0.1", "loopback_address")


# Order.


def test_seeds_give_each_order_of_equals_equally_often(dns, resolver):
    asking = resolver(dns(EQUAL))
    completions = _native.Completions()
    orders = collections.Counter()
    for seed in range(10_000):
        # The engine's own door: resolve() has one seed for all.
        asking._native.submit(completions, seed, "equal.example", seed=seed)
        for _, route in completions.take(256, 0):
            orders[tuple(hosts(route))] += 1
    while orders.total() < 10_000:
        for _, route in completions.take(256):
            orders[tuple(hosts(route))] += 1
    assert set(orders) == set(
        itertools.permutations(f"{letter}.example" for letter in "abc")
    )
    sixth = 10_000 / 6
    assert all(abs(count - sixth) < 0.05 * sixth for count in orders.values()), orders


def test_one_seed_gives_one_order(dns, resolver):
    server = dns(EQUAL)
    first, second = (resolver(server, seed=7) for _ in range(2))
    orders = {
        tuple(hosts(asking.resolve("equal.example")))
        for asking in (first, second)
        for _ in range(50)
    }
    assert len(orders) == 1
    # 6 ** -39: as good as never the same for 40 seeds.
    others = {
        tuple(hosts(resolver(server, seed=seed).resolve("equal.example")))
        for seed in range(40)
    }
    assert len(others) > 1


def test_without_a_seed_each_route_is_shuffled_afresh(dns, resolver):
    asking = resolver(dns(EQUAL))
    routes = [asking.resolve("equal.example") for _ in range(100)]
    assert routes[-1].cached
    assert len({tuple(hosts(route)) for route in routes}) > 1


def test_shuffle_none_keeps_the_published_order(dns, resolver):
    asking = resolver(dns(EQUAL), shuffle="none")
    for _ in range(20):
        assert hosts(asking.resolve("equal.example")) == [
            "a.example",
            "b.example",
            "c.example",
        ]


def test_shuffle_addresses_mixes_the_hosts_of_a_preference(dns, resolver):
    zone = {
        "d.example": {"MX": [(1, "a.example"), (1, "b.example")]},
        "a.example": {"A": [f"192.0.2.{n}" for n in range(1, 9)]},
        "b.example": {"A": [f"198.51.100.{n}" for n in range(1, 9)]},
    }
    route = resolver(dns(zone), shuffle="addresses", seed=1).resolve("d.example")
    turns = [host for host, _ in itertools.groupby(t.host for t in route.targets)]
    assert len(turns) > 2


@pytest.mark.parametrize(
    ("family", "expected"),
    [
        ("ipv4", ["203.0.113.3", "203.0.113.1", "203.0.113.2"]),
        ("ipv6", ["2001:db8:3::2", "2001:db8:3::1"]),
    ],
)
def test_one_family_only(dns, resolver, family, expected):
    server = dns(MAIL_ZONE)
    route = resolver(server, family=family).resolve("multihomed.example")
    assert addresses(route) == expected
    other = "AAAA" if family == "ipv4" else "A"
    assert server.log.count(type=other) == 0


# Limits.


def test_a_thousand_exchanges_cost_at_most_50_queries(dns, resolver):
    zone = {"big.example": {"MX": [(n % 7, f"mx{n}.example") for n in range(1000)]}}
    zone |= {f"mx{n}.example": {"A": "192.0.2.1"} for n in range(1000)}
    server = dns(zone)
    route = resolver(server).resolve("big.example")
    assert route.status == "ok"
    assert len(route.exchanges) == 20
    assert {exchange.preference for exchange in route.exchanges} == {0}
    assert len(server.log) <= 50
    cut = [excluded for excluded in route.excluded if excluded.reason == "limit"]
    assert len(cut) == 980
    assert "limit" in route.warnings


def test_max_exchanges_and_max_addresses(dns, resolver):
    zone = {
        "d.example": {"MX": [(n, f"mx{n}.example") for n in range(5)]},
        **{
            f"mx{n}.example": {"A": [f"192.0.2.{10 * n + i}" for i in range(5)]}
            for n in range(5)
        },
    }
    route = resolver(dns(zone), max_exchanges=2, max_addresses=3).resolve("d.example")
    assert [len(exchange.addresses) for exchange in route.exchanges] == [3, 3]


# Failures are not facts about a domain.


def neither_recursive_nor_authoritative(message):
    message.flags &= ~(dns.flags.RA | dns.flags.AA)
    return message


def notify(message):
    message.set_opcode(dns.opcode.NOTIFY)
    return message


def point_into_header(query):
    """Name an exchange by a pointer to the header's first zero, which reads as root."""
    end = query.index(b"\0", 12) + 5
    header = query[:2] + bytes.fromhex("8180 0001 0001 0000 0000")
    record = bytes.fromhex("c00c 000f 0001 0000003c 0004 000a c006")
    return header + query[12:end] + record


REFERRAL = answer("", authority="trap.example. 60 IN NS ns.elsewhere.example.")
OF_ANOTHER = answer("other.example. 60 IN MX 10 mx.trap.example.")


@pytest.mark.parametrize(
    ("behaviour", "status", "reason"),
    [
        (rcode("SERVFAIL"), "server_failure", "servfail"),
        (rcode("REFUSED"), "server_failure", "server_refused"),
        (rcode("FORMERR"), "server_failure", "formerr"),
        (rcode("NOTIMP"), "server_failure", "notimp"),
        (rcode(6), "server_failure", "other_rcode"),
        (rcode(11), "server_failure", "other_rcode"),
        (rcode(23), "server_failure", "other_rcode"),
        (rcode(4000), "server_failure", "other_rcode"),
        (drop(), "timeout", "timeout"),
        (echo_query(), "timeout", "timeout"),
        (edit(notify), "timeout", "timeout"),
        (REFERRAL, "server_failure", "not_recursive"),
        (OF_ANOTHER, "bad_reply", "unrelated_answer"),
        (raw(point_into_header), "bad_reply", "damaged_reply"),
        (wrong_question(), "timeout", "timeout"),
        (truncate(tcp=True), "bad_reply", "truncated"),
    ],
    ids=str,
)
def test_a_failed_mx_question_never_means_the_address(
    dns, resolver, behaviour, status, reason
):
    server = dns(TRAP)
    server.script("trap.example", "MX", behaviour)
    # Only those that wait for nothing may be short of time.
    timeout = 0.5 if reason == "timeout" else 60
    asking = resolver(server, timeout=timeout, attempt_timeout=timeout / 5)
    route = asking.resolve("trap.example")
    assert (route.status, route.deliverable) == (status, None)
    assert route.reason == reason
    assert route.smtp_reply[:2] == (451, "4.4.3")
    assert route.targets == ()
    assert server.log.count(type="A") == server.log.count(type="AAAA") == 0


def test_an_answer_by_nobody_who_may_is_no_answer(dns, resolver):
    server = dns({"quiet.example": {"A": "192.0.2.66"}})
    server.script("quiet.example", "MX", edit(neither_recursive_nor_authoritative))
    route = resolver(server).resolve("quiet.example")
    assert (route.status, route.reason) == ("server_failure", "not_recursive")
    assert server.log.count(type="A") == 0


def test_a_failure_that_passes_is_survived(dns, resolver):
    server = dns(TRAP | {"mx.trap.example": {"A": "192.0.2.25"}})
    server.script("trap.example", "MX", drop(), normal())
    route = resolver(server, attempt_timeout=0.1).resolve("trap.example")
    assert addresses(route) == ["192.0.2.25"]
    assert server.log.count("trap.example", "MX") >= 2


def test_forged_replies_are_not_believed(dns, resolver):
    zone = TRAP | {"mx.trap.example": {"A": "192.0.2.25"}}
    for nonsense in (
        wrong_id(50, then=normal()),
        wrong_question(then=normal()),
        wrong_source(then=normal()),
        garbage(500),
        garbage([b"", b"\0" * 12]),
    ):
        server = dns(zone)
        server.script(None, None, nonsense)
        route = resolver(server).resolve("trap.example")
        assert addresses(route) == ["192.0.2.25"], nonsense


def test_the_case_of_the_question_may_come_back_changed(dns, resolver):
    server = dns(TRAP | {"mx.trap.example": {"A": "192.0.2.25"}})
    server.script(None, None, flip_case())
    assert resolver(server).resolve("trap.example").status == "ok"


def test_a_truncated_answer_is_asked_again_over_tcp(dns, resolver):
    server = dns(TRAP | {"mx.trap.example": {"A": "192.0.2.25"}})
    server.script("trap.example", "MX", truncate())
    route = resolver(server).resolve("trap.example")
    assert addresses(route) == ["192.0.2.25"]
    asked = [question.transport for question in server.log.matching(type="MX")]
    assert asked == ["udp", "tcp"]


def test_a_truncated_answer_is_not_used_when_tcp_fails(dns, resolver):
    server = dns(TRAP)
    server.script("trap.example", "MX", truncate(keep=1), transport="udp")
    server.script("trap.example", "MX", close(), transport="tcp")
    asking = resolver(server, timeout=2.0, attempt_timeout=0.2)
    route = asking.resolve("trap.example")
    assert route.deliverable is None
    assert server.log.count(type="A") == 0


# Servers.


def test_the_second_server_steps_in(dns, resolver):
    zone = TRAP | {"mx.trap.example": {"A": "192.0.2.25"}}
    for silence in (drop(), rcode("SERVFAIL"), rcode("REFUSED")):
        first, second = dns(zone), dns(zone)
        first.script(None, None, silence)
        route = resolver(first, second, attempt_timeout=0.1).resolve("trap.example")
        assert addresses(route) == ["192.0.2.25"], silence
        assert second.log.count("trap.example", "MX") >= 1


def test_a_silent_server_is_a_timeout_within_the_deadline(dns, resolver):
    server = dns(TRAP)
    server.pause()
    asking = resolver(server, timeout=0.5, attempt_timeout=0.1, tries=16)
    before = time.monotonic()
    route = asking.resolve("trap.example")
    assert (route.status, route.deliverable) == ("timeout", None)
    assert 0.4 < route.elapsed < 2
    assert time.monotonic() - before < 5
    assert server.nameserver in route.message


def test_tries_bounds_the_datagrams(dns, resolver):
    server = dns(TRAP)
    server.pause()
    asking = resolver(server, timeout=0.5, attempt_timeout=0.05, tries=2)
    asking.resolve("trap.example")
    assert server.log.count(transport="udp") == 2
    assert server.log.count(transport="tcp") <= 1


def test_a_dead_server_is_no_servers(resolver):
    with FakeDNS() as dead:
        pass
    route = resolver(dead, timeout=0.5).resolve("a.example")
    assert (route.status, route.deliverable) == ("no_servers", None)
    assert (route.reason, route.complete) == ("unreachable", False)
    assert route.elapsed < 2


def test_a_server_that_comes_back_is_used_again(dns, resolver):
    server = dns(TRAP | {"mx.trap.example": {"A": "192.0.2.25"}})
    server.stop()
    asking = resolver(server, timeout=0.3, cache_size=0)
    assert asking.resolve("trap.example").deliverable is None
    server.start()
    assert asking.resolve("trap.example").status == "ok"


def test_ipv6_server(dns, resolver):
    server = dns(MAIL_ZONE, address="::1")
    assert resolver(server).resolve("plain.example").status == "ok"


# Life of an answer.


def test_an_answer_is_kept(dns, resolver):
    server = dns(MAIL_ZONE)
    asking = resolver(server)
    first = asking.resolve("plain.example")
    asked = len(server.log)
    second = asking.resolve("user@PLAIN.example")
    assert (first.cached, second.cached) == (False, True)
    assert len(server.log) == asked
    asking.clear_cache()
    assert not asking.resolve("plain.example").cached


def test_without_a_cache_every_lookup_asks(dns, resolver):
    server = dns(MAIL_ZONE)
    asking = resolver(server, cache_size=0)
    for _ in range(2):
        assert not asking.resolve("plain.example").cached
    assert server.log.count("plain.example", "MX") == 2


def test_no_search_list_hosts_file_or_aliases(dns, resolver, monkeypatch, tmp_path):
    aliases = tmp_path / "aliases"
    aliases.write_text("plain mail.elsewhere.example\n")
    monkeypatch.setenv("HOSTALIASES", str(aliases))
    monkeypatch.setenv("LOCALDOMAIN", "example")
    monkeypatch.setenv("RES_OPTIONS", "ndots:5 attempts:9")
    server = dns(MAIL_ZONE)
    route = resolver(server).resolve("plain")
    assert route.status == "no_domain"
    assert server.log.names() == ["plain"]
