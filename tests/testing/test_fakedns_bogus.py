# SPDX-License-Identifier: MIT
"""Forged, damaged, doubled and misdirected replies as a client meets them."""

import dns.message
import pytest

from pymx.testing import (
    FakeDNS,
    drop,
    drop_above,
    duplicate,
    echo_query,
    flip_case,
    garbage,
    normal,
    refuse_edns,
    wrong_id,
    wrong_question,
    wrong_source,
)

ZONE = {
    "d.test": {"MX": [(20, "b.test"), (10, "a.test")]},
    "big.test": {"TXT": ["x" * 200] * 4},
}
TRUTH = ["20 b.test.", "10 a.test."]


@pytest.fixture
def server():
    with FakeDNS(ZONE) as running:
        yield running


class TestWrongId:
    def test_alone(self, server, wire):
        server.script("d.test", "MX", wrong_id())
        [datagram] = wire.ask(1)
        assert datagram[:2] != wire.QUERY[:2]
        assert wire.answers(datagram) == TRUTH
        assert wire.last() == []

    def test_many_before_the_good_answer(self, server, wire):
        server.script("d.test", "MX", wrong_id(199, then=normal()))
        datagrams = wire.ask(200)
        assert len({datagram[:2] for datagram in datagrams}) == 200
        assert datagrams[-1][:2] == wire.QUERY[:2]

    def test_wraps_round(self, server, wire):
        server.script("d.test", "MX", wrong_id())
        [datagram] = wire.ask(1, b"\xff\xff" + wire.QUERY[2:])
        assert datagram[:2] == b"\0\0"


def test_wrong_question(server, wire):
    server.script("d.test", "MX", wrong_question(then=normal()))
    forged, good = [dns.message.from_wire(datagram) for datagram in wire.ask(2)]
    assert forged.id == good.id == 0x1234
    assert str(good.question[0].name) == "d.test."
    assert str(forged.question[0].name) == "another-question.invalid."
    assert str(forged.answer[0].name) == "d.test."


@pytest.mark.parametrize("address", [None, "127.0.0.2"])
def test_wrong_source(server, wire, address):
    server.script("d.test", "MX", wrong_source(address, then=normal()))
    wire.ask(0)
    forged, where = wire.sock.recvfrom(512)
    good, there = wire.sock.recvfrom(512)
    assert forged == good
    assert there == wire.server
    assert where[0] == (address or server.address)
    assert where[1] != server.port


def test_wrong_source_is_loopback():
    with pytest.raises(ValueError, match="not a loopback address"):
        wrong_source("192.0.2.1")


def test_echo_query(server, wire):
    server.script("d.test", "MX", echo_query(then=normal()))
    echo, good = wire.ask(2)
    assert echo == wire.QUERY
    assert wire.answers(good) == TRUTH


class TestGarbage:
    def test_octets_before_the_good_answer(self, server, wire):
        server.script("d.test", "MX", garbage(40))
        first = wire.ask(2)
        assert len(first[0]) == 40
        assert wire.answers(first[1]) == TRUTH
        assert wire.ask(2) == first

    def test_datagrams_as_given(self, server, wire):
        server.script("d.test", "MX", garbage([b"", b"one", b"two"], then=drop()))
        assert wire.ask(3) == [b"", b"one", b"two"]
        assert wire.last() == []

    def test_more_than_fits(self):
        with pytest.raises(ValueError, match="65508"):
            garbage(65508)


def test_duplicate(server, wire):
    server.script("d.test", "MX", duplicate(3), times=1)
    assert len(set(wire.ask(3))) == 1
    assert wire.last() == []


def test_flip_case(server, ask):
    server.script("d.test", "MX", flip_case())
    reply = ask.udp(server, "d.TEST")
    assert reply.question[0].name.to_text() == "D.test."
    assert reply.answer[0].name.to_text() == "D.test."


@pytest.mark.parametrize("code", ["FORMERR", "NOTIMP"])
def test_refuse_edns(server, ask, code):
    server.script("d.test", "MX", refuse_edns(code))
    reply = ask.udp(server, "d.test", use_edns=0)
    assert (reply.rcode().name, reply.opt, reply.answer) == (code, None, [])
    assert ask.records(server, "d.test", use_edns=False) == TRUTH


def test_refuse_edns_by_a_code_that_needs_it():
    with pytest.raises(ValueError, match="itself needs EDNS"):
        refuse_edns("BADVERS")


def test_drop_above(server, ask, wire):
    server.script("*", None, drop_above(512))
    assert ask.records(server, "d.test") == TRUTH
    wire.ask(0, dns.message.make_query("big.test", "TXT", use_edns=0).to_wire())
    assert wire.last() == []
    assert len(ask.tcp(server, "big.test", "TXT").answer) == 4


@pytest.mark.parametrize("behaviour", [wrong_id, duplicate])
def test_counts_below_one(behaviour):
    with pytest.raises(ValueError, match="0"):
        behaviour(0)
