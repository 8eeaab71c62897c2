# SPDX-License-Identifier: MIT
"""What queries are sent by, seen from Python: over TCP from the first, past forgers."""

from collections import Counter

from pymx.testing import close, drop, normal, wrong_id

ZONE = {
    "many.example": {"MX": [(10, f"mx{n}.example") for n in range(10)]},
    **{f"mx{n}.example": {"A": f"192.0.2.{n}"} for n in range(10)},
}


def protocols(server):
    return Counter(question.transport for question in server.log)


def test_tcp_from_the_first_query_on(dns, resolver):
    server = dns(ZONE)
    one = resolver(server, transport="tcp")
    assert len(one.resolve("many.example").targets) == 10
    assert protocols(server) == {"tcp": 21}
    assert one.stats()["tcp_queries"] == one.stats()["queries"] == 21
    assert one.stats()["retries"] == 0


def test_many_lookups_share_a_few_connections(dns, resolver):
    count = 500
    server = dns({f"d{n}.example": {"A": "192.0.2.1"} for n in range(count)})
    routes = resolver(server, transport="tcp").resolve_many(
        f"d{n}.example" for n in range(count)
    )
    assert Counter(route.status for route in routes) == {"ok": count}
    assert set(protocols(server)) == {"tcp"}
    assert len({question.client for question in server.log}) <= 4


def test_without_tcp_there_is_udp(dns, resolver):
    server = dns(ZONE)
    server.script(None, None, close(), transport="tcp")
    one = resolver(server, transport="tcp")
    assert len(one.resolve("many.example").targets) == 10
    assert protocols(server)["udp"] == 21


def test_silence_over_tcp_is_asked_about_over_udp(dns, resolver):
    server = dns(ZONE)
    server.script(None, None, drop(), transport="tcp")
    one = resolver(server, transport="tcp", attempt_timeout=1.0, tries=2)
    assert len(one.resolve("many.example").targets) == 10
    assert protocols(server)["udp"] >= 1


def test_a_question_that_is_guessed_at_goes_by_tcp(dns, resolver):
    server = dns(ZONE)
    server.script("many.example", "MX", wrong_id(50, then=drop()), transport="udp")
    server.script("many.example", "MX", normal(), transport="tcp")
    route = resolver(server, trace=True).resolve("many.example")
    assert len(route.targets) == 10
    asked = [
        q.transport for q in server.log if (q.name, q.type) == ("many.example", "MX")
    ]
    assert asked == ["udp", "tcp"]
    assert protocols(server)["tcp"] == 1
