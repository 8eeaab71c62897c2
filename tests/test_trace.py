# SPDX-License-Identifier: MIT
"""`Resolver(trace=True)`: the steps of lookups, over real sockets."""

import json
import pathlib
import pickle

import pytest
from dns.edns import EDEOption
from event_loops import Asyncio, Trio, Uvloop

import pymx
from pymx import _native, aio
from pymx.testing import answer, close, drop, edit, rcode, refuse_edns, truncate

MAIL_ZONE = pathlib.Path(__file__).parents[1] / "examples" / "mail.zone"
NULL_MX = {"quiet.example": {"MX": (0, ".")}}


@pytest.fixture
def traced(resolver):
    """Make resolvers that trace."""

    def make(*servers, **options):
        return resolver(*servers, trace=True, **options)

    return make


def events(route):
    return [step.event for step in route.trace]


def only(route, event):
    """Return the steps of one event."""
    return [step for step in route.trace if step.event == event]


def messages(route):
    """Return what went over the wire, each message as a row."""
    return [
        (step.event, step.transport, step.rcode)
        for step in route.trace
        if step.event in ("query", "reply", "silence", "failure")
    ]


def test_without_it_there_is_none(dns, resolver):
    route = resolver(dns(MAIL_ZONE)).resolve("plain.example")
    assert route.trace is None
    assert "trace" not in route.to_dict()
    assert pickle.loads(pickle.dumps(route)).trace is None


def test_every_step_of_a_lookup(dns, traced):
    server = dns(MAIL_ZONE)
    route = traced(server, family="ipv4").resolve("plain.example")
    query, reply, mx, exchange, *rest = route.trace
    assert (query.event, query.name, query.type) == ("query", "plain.example", "MX")
    assert (query.server, query.transport) == (server.nameserver, "udp")
    assert (query.edns, query.rcode, query.elapsed) == (True, None, None)
    assert (reply.event, reply.name, reply.type) == ("reply", "plain.example", "MX")
    assert (reply.server, reply.transport) == (server.nameserver, "udp")
    assert (reply.rcode, reply.count, reply.reason) == ("NOERROR", 1, None)
    assert reply.edns is None
    assert reply.elapsed == pytest.approx(reply.time - query.time)
    assert (mx.event, mx.count, mx.ttl, mx.cached) == ("answer", 1, 3600, False)
    assert (exchange.event, exchange.preference) == ("exchange", 10)
    assert exchange.host == "mail.plain.example"
    assert [step.event for step in rest] == [
        *("query", "reply", "answer", "verdict", "verdict")
    ]
    of_exchange, of_lookup = rest[-2:]
    assert (of_exchange.host, of_exchange.count) == ("mail.plain.example", 1)
    assert (of_exchange.status, of_exchange.reason) == ("ok", None)
    assert (of_lookup.host, of_lookup.status, of_lookup.count) == (None, "ok", 1)
    times = [step.time for step in route.trace]
    assert times == sorted(times)
    assert times[0] >= 0
    assert times[-1] == route.elapsed


def test_a_failure_that_passes(dns, traced):
    server = dns(NULL_MX)
    server.script("quiet.example", "MX", rcode("SERVFAIL"), times=1)
    route = traced(server).resolve("quiet.example")
    assert messages(route) == [
        ("query", "udp", None),
        ("reply", "udp", "SERVFAIL"),
        ("query", "udp", None),
        ("reply", "udp", "NOERROR"),
    ]
    assert route.trace[1].reason == "servfail"
    # The same server is asked again after a pause.
    assert route.trace[2].time - route.trace[1].time >= 0.1
    (verdict,) = only(route, "verdict")
    assert (verdict.status, verdict.reason) == ("null_mx", "null_mx")


def test_a_silent_first_server(dns, traced):
    silent, server = dns(), dns(NULL_MX)
    silent.pause()
    route = traced(silent, server, attempt_timeout=0.2).resolve("quiet.example")
    assert messages(route)[:3] == [
        ("query", "udp", None),
        ("silence", "udp", None),
        ("query", "udp", None),
    ]
    first, silence, second = route.trace[:3]
    assert first.server == silence.server == silent.nameserver
    assert second.server == server.nameserver
    assert silence.elapsed >= 0.2
    assert route.status == "null_mx"


def test_a_dead_server(dns, traced):
    dead, server = dns(), dns(NULL_MX)
    dead.stop()
    route = traced(dead, server).resolve("quiet.example")
    (failure,) = only(route, "failure")
    assert (failure.server, failure.reason) == (dead.nameserver, "unreachable")
    assert route.status == "null_mx"


def test_truncation(dns, traced):
    server = dns(NULL_MX)
    server.script("quiet.example", "MX", truncate())
    route = traced(server).resolve("quiet.example")
    assert messages(route) == [
        ("query", "udp", None),
        ("reply", "udp", "NOERROR"),
        ("query", "tcp", None),
        ("reply", "tcp", "NOERROR"),
    ]
    assert [step.reason for step in only(route, "reply")] == ["truncated", None]


def test_trouble_with_edns(dns, traced):
    server = dns(NULL_MX)
    server.script(None, None, refuse_edns())
    route = traced(server).resolve("quiet.example")
    assert [step.edns for step in only(route, "query")] == [True, False]
    assert [step.rcode for step in only(route, "reply")] == ["FORMERR", "NOERROR"]


def test_a_closed_connection(dns, traced):
    server = dns(NULL_MX)
    server.script("quiet.example", "MX", truncate())
    server.script("quiet.example", "MX", close(), times=1, transport="tcp")
    route = traced(server).resolve("quiet.example")
    assert messages(route)[2:] == [
        ("query", "tcp", None),
        ("failure", "tcp", None),
        ("query", "tcp", None),
        ("reply", "tcp", "NOERROR"),
    ]


@pytest.mark.parametrize(
    ("code", "word"),
    [
        ("NOTIMP", "NOTIMP"),
        ("BADVERS", "BADVERS"),
        (17, "RCODE17"),
        (4095, "RCODE4095"),
    ],
)
def test_every_rcode_has_a_word(dns, traced, code, word):
    server = dns()
    server.script(None, None, rcode(code))
    route = traced(server, tries=1).resolve("sick.example")
    assert {step.rcode for step in only(route, "reply")} == {word}
    assert route.deliverable is None


def test_an_extended_error(dns, traced):
    def forged(message):
        message.use_edns(0, options=[EDEOption(22, "no reachable authority")])
        message.set_rcode(2)
        return message

    server = dns()
    server.script(None, None, edit(forged))
    route = traced(server, tries=1).resolve("sick.example")
    assert {(step.rcode, step.ede) for step in only(route, "reply")} == {
        ("SERVFAIL", 22)
    }
    assert "SERVFAIL, EDE 22" in only(route, "reply")[0].text


def test_time_runs_out(dns, traced):
    server = dns()
    server.pause()
    asking = traced(server, timeout=0.3, attempt_timeout=0.2)
    route = asking.resolve("silent.example")
    *_, deadline, given_up, verdict = route.trace
    assert (deadline.event, given_up.event) == ("deadline", "answer")
    assert (given_up.reason, given_up.count) == ("timeout", None)
    assert (verdict.status, verdict.time >= 0.3) == ("timeout", True)


def test_the_cache(dns, traced):
    server = dns(MAIL_ZONE)
    asking = traced(server, family="ipv4")
    first, second = (asking.resolve("plain.example") for _ in range(2))
    assert [step.cached for step in only(first, "answer")] == [False, False]
    assert [step.cached for step in only(second, "answer")] == [True, True]
    assert messages(second) == []
    assert "from the cache" in only(second, "answer")[0].text


def test_a_question_under_way_is_joined(dns, traced):
    server = dns(NULL_MX)
    server.script("quiet.example", None, drop())
    asking = traced(server, attempt_timeout=0.2, tries=16)
    completions = _native.Completions()
    for token in range(3):
        asking._native.submit(completions, token, "quiet.example")
    # By its answer the engine has taken in all that came before it.
    asking.resolve("other.example")
    server.clear_script()
    routes = {}
    while len(routes) < 3:
        routes |= completions.take()
    assert ["join" in events(routes[token]) for token in range(3)] == [
        False,
        True,
        True,
    ]
    assert len({tuple(messages(route)) for route in routes.values()}) == 1
    assert messages(routes[2])[0] == ("query", "udp", None)
    assert routes[2].trace[0].time <= 0
    (join,) = only(routes[2], "join")
    assert (join.name, join.type, join.time) == ("quiet.example", "MX", 0)


def test_aliases(dns, traced):
    route = traced(dns(MAIL_ZONE), family="ipv4").resolve("alias.example")
    (alias,) = only(route, "alias")
    assert (alias.name, alias.type) == ("alias.example", "MX")
    assert alias.host == "plain.example"


def test_implicit_exchange(dns, traced):
    route = traced(dns(MAIL_ZONE), family="ipv4").resolve("implicit.example")
    assert events(route) == [
        *("query", "reply", "answer", "implicit", "exchange"),
        *("query", "reply", "answer", "verdict", "verdict"),
    ]
    assert route.trace[2].reason == "no_data"
    assert route.trace[3].host == "implicit.example"


def test_what_is_left_out(dns, traced):
    server = dns(
        {
            "odd.example": {"MX": [(10, "mx.example"), (20, "localhost"), (30, ".")]},
            "mx.example": {"A": ["192.0.2.1", "127.0.0.1"]},
        }
    )
    route = traced(server, family="ipv4").resolve("odd.example")
    left_out = [
        (step.preference, step.host, step.address, step.reason)
        for step in only(route, "excluded")
    ]
    assert sorted(left_out, key=str) == sorted(
        [(e.preference, e.host, e.address, e.reason) for e in route.excluded], key=str
    )
    assert (10, "mx.example", "127.0.0.1", "loopback_address") in left_out
    assert (20, "localhost", None, "special_use") in left_out
    assert tuple(step.reason for step in only(route, "warning")) == route.warnings


def test_exchanges_are_told_in_their_order(dns, traced):
    asking = traced(dns(MAIL_ZONE), family="ipv4")
    orders = set()
    for _ in range(30):
        route = asking.resolve("equal.example")
        hosts = [step.host for step in only(route, "exchange")]
        assert hosts == [exchange.host for exchange in route.exchanges]
        orders.add(tuple(hosts))
    assert len(orders) > 1


def test_ranks_come_before_the_exchanges_they_order(dns, traced):
    asking = traced(dns(MAIL_ZONE), family="ipv4", prefer={"c.equal.example": 1})
    for _ in range(3):
        route = asking.resolve("equal.example")
        first = events(route).index("ranked")
        ranked, *exchanges = route.trace[first : first + 4]
        assert ranked.count == 3
        assert ranked.text.startswith("3 exchanges, after ")
        assert {step.event for step in exchanges} == {"exchange"}
        assert exchanges[0].host == "c.equal.example"
        assert exchanges[0].time == ranked.time >= ranked.elapsed
        assert only(asking.resolve("plain.example"), "ranked") == []


@pytest.mark.parametrize(
    ("destination", "reason", "status"),
    [
        ("[192.0.2.1]", None, "ok"),
        ("[127.0.0.1]", "loopback_address", "refused"),
        ("a..b", "empty_label", "invalid"),
        ("user@", "no_domain_part", "invalid"),
        ("x.onion", "special_use", "no_domain"),
        ("bücher..example", "empty_label", "invalid"),
    ],
)
def test_nothing_to_ask(dns, traced, destination, reason, status):
    server = dns()
    route = traced(server).resolve(destination)
    first, last = route.trace[0], route.trace[-1]
    assert (first.event, first.reason) == ("offline", reason)
    assert (last.event, last.status, last.reason) == ("verdict", status, reason)
    assert len(server.log) == 0


def test_bulk_of_anything(dns, traced):
    asking = traced(dns(MAIL_ZONE))
    inputs = ["plain.example", None, "[192.0.2.1]", "gone.example", "a..b"]
    for route in asking.resolve_many(inputs, ordered=True):
        assert events(route)[-1] == "verdict"
        assert route.trace[-1].status == route.status
        assert route.trace[-1].reason == route.reason


@pytest.mark.parametrize("loop", [Asyncio(), Uvloop(), Trio()], ids=lambda x: x.name)
def test_aio(dns, loop):
    server = dns(MAIL_ZONE)

    async def main():
        async with aio.Resolver([server.nameserver], trace=True) as resolver:
            route = await resolver.resolve("nullmx.example")
            return [
                route,
                *[r async for r in resolver.resolve_many(["nomail.example"])],
            ]

    first, second = loop.run(main)
    assert events(first) == ["query", "reply", "answer", "verdict"]
    assert only(second, "verdict")[-1].status == "no_mail"


def test_an_error_has_its_route_with_the_trace(dns, traced):
    asking = traced(dns(MAIL_ZONE))
    with pytest.raises(pymx.NullMX) as raised:
        next(asking.targets("nullmx.example"))
    assert only(raised.value.route, "answer")


def test_a_huge_answer_makes_no_huge_trace(dns, traced):
    server = dns({"huge.example": {"MX": [(n, f"x{n}.example") for n in range(1500)]}})
    route = traced(server, max_exchanges=1, family="ipv4").resolve("huge.example")
    assert len(route.trace) == 502
    omitted, verdict = route.trace[-2:]
    assert (omitted.event, verdict.event) == ("omitted", "verdict")
    assert omitted.count + 502 > len(route.excluded) == 1499
    assert pickle.loads(pickle.dumps(route)).trace == route.trace


def test_hostile_names_are_escaped(dns, traced):
    server = dns()
    server.script(
        "a.example", "MX", answer("a.example. 60 IN MX 10 x\\027[2J\\195\\188.example.")
    )
    route = traced(server).resolve("a.example")
    (excluded,) = only(route, "excluded")
    assert excluded.host == "x\\027\\0912j\\195\\188.example"
    assert str(excluded).isprintable()
    assert str(excluded).isascii()


def test_pickled_copied_and_as_json(dns, traced):
    route = traced(dns(MAIL_ZONE)).resolve("cnamex.example")
    again = pickle.loads(pickle.dumps(route))
    assert again.trace == route.trace
    assert [str(step) for step in again.trace] == [str(step) for step in route.trace]
    assert again.trace[0].to_dict() == route.trace[0].to_dict()
    found = route.to_dict()
    assert list(found)[-1] == "trace"
    assert found["trace"] == [step.to_dict() for step in route.trace]
    assert json.loads(json.dumps(found)) == found
    for step in found["trace"]:
        assert None not in step.values()
        assert list(step)[:2] == ["time", "event"]
        assert step["text"]


def test_routes_are_equal_whatever_their_traces(dns, resolver):
    server = dns(MAIL_ZONE)
    plain = resolver(server).resolve("plain.example")
    traced = resolver(server, trace=True).resolve("plain.example")
    assert plain == traced
    assert hash(plain) == hash(traced)
