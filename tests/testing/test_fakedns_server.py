# SPDX-License-Identifier: MIT
"""A server on its sockets: flags, EDNS, sizes, both transports."""

import socket
import struct

import dns.edns
import dns.flags
import dns.message
import dns.opcode
import dns.rdataclass
import pytest

from pymx.testing import FakeDNS, Send
from pymx.testing.udp import Datagrams

ZONE = {
    "plain.example": {"MX": (10, "mx.plain.example")},
    "big.example": {"MX": [(10, f"exchange-{n}.big.example") for n in range(61)]},
}


def has_ipv6():
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


@pytest.fixture
def server():
    with FakeDNS(ZONE) as running:
        yield running


def test_answers_over_udp_and_tcp_on_one_port(server, ask):
    for reply in (ask.udp(server, "plain.example"), ask.tcp(server, "plain.example")):
        assert [str(rrset) for rrset in reply.answer] == [
            "plain.example. 300 IN MX 10 mx.plain.example."
        ]


def test_nameserver_is_address_and_port(server):
    assert server.nameserver == f"127.0.0.1:{server.port}"


@pytest.mark.skipif(not has_ipv6(), reason="the machine has no IPv6")
def test_answers_over_ipv6(ask):
    with FakeDNS(ZONE, address="::1") as server:
        assert server.nameserver == f"[::1]:{server.port}"
        assert ask.records(server, "plain.example") == ["10 mx.plain.example."]
        assert ask.tcp(server, "plain.example").answer


def test_published_order_on_the_wire(ask):
    addresses = [f"192.0.2.{last}" for last in (9, 2, 7, 1, 8)]
    with FakeDNS({"h.example": {"A": addresses}}) as server:
        for _ in range(5):
            assert ask.records(server, "h.example", "A") == addresses


class TestFlags:
    ALL = dns.flags.AA | dns.flags.TC | dns.flags.RA | dns.flags.AD

    def flags(self, server, ask, name="plain.example", **options):
        reply = ask.udp(server, name, **options)
        assert reply.flags & dns.flags.QR
        return dns.flags.to_text(reply.flags & (self.ALL | dns.flags.RD))

    def test_of_a_recursive_resolver(self, server, ask):
        assert self.flags(server, ask) == "RD RA"
        assert self.flags(server, ask, "gone.example") == "RD RA"

    def test_of_one_not_asked_to_recurse(self, server, ask):
        assert self.flags(server, ask, flags=0) == ""

    def test_of_an_authority(self, ask):
        with FakeDNS(ZONE, authoritative=True) as server:
            assert self.flags(server, ask) == "AA RD"

    @pytest.mark.parametrize(
        "options",
        [{"flags": dns.flags.RD | dns.flags.AD}, {"want_dnssec": True}],
        ids=["AD", "DO"],
    )
    def test_authenticated_only_for_those_who_ask(self, ask, options):
        with FakeDNS({"d.test": {}, "s.test": "SERVFAIL"}, authenticated=True) as dns_:
            assert self.flags(dns_, ask, "d.test", **options) == "RD RA AD"
            assert self.flags(dns_, ask, "gone.test", **options) == "RD RA AD"
            assert self.flags(dns_, ask, "s.test", **options) == "RD RA"
            assert self.flags(dns_, ask, "d.test") == "RD RA"

    def test_not_authenticated_by_default(self, server, ask):
        assert self.flags(server, ask, want_dnssec=True) == "RD RA"


class TestQuestion:
    def test_case_is_echoed(self, server, ask):
        for name in ("pLaIn.ExAmPlE", "PLAIN.example"):
            reply = ask.udp(server, name)
            assert reply.question[0].name.to_text() == name + "."
            assert reply.answer[0].name.to_text() == name + "."

    def test_another_class_is_refused(self, server, ask):
        reply = ask.udp(server, "plain.example", rdclass=dns.rdataclass.CH)
        assert reply.rcode().name == "REFUSED"
        assert reply.answer == []

    def test_unknown_type_is_no_data(self, server, ask):
        reply = ask.udp(server, "plain.example", "TYPE65280")
        assert (reply.rcode().name, reply.answer) == ("NOERROR", [])
        assert len(reply.authority) == 1

    def test_soa_can_be_left_out(self, ask):
        with FakeDNS(ZONE, negative_soa=False) as server:
            assert ask.udp(server, "gone.example").authority == []


class TestSize:
    def test_without_edns_512_octets(self, server, ask):
        reply = ask.udp(server, "big.example", use_edns=False)
        assert reply.flags & dns.flags.TC
        assert 0 < len(reply.answer) < 61
        assert reply.opt is None
        assert ask.size(server, "big.example", use_edns=False) <= 512

    @pytest.mark.parametrize("payload", [600, 1232])
    def test_with_edns_what_it_says(self, server, ask, payload):
        reply = ask.udp(server, "big.example", use_edns=0, payload=payload)
        assert reply.flags & dns.flags.TC
        size = ask.size(server, "big.example", use_edns=0, payload=payload)
        assert 512 < size <= payload

    def test_less_than_512_is_512(self, server, ask):
        size = ask.size(server, "big.example", use_edns=0, payload=100)
        assert 400 < size <= 512

    def test_whole_where_it_fits(self, server, ask):
        reply = ask.udp(server, "big.example", use_edns=0, payload=4096)
        assert not reply.flags & dns.flags.TC
        assert len(reply.answer) == 61

    def test_whole_over_tcp(self, server, ask):
        reply = ask.tcp(server, "big.example", use_edns=False)
        assert not reply.flags & dns.flags.TC
        assert len(reply.answer) == 61

    def test_answer_beyond_any_datagram_is_cut(self, ask):
        zone = {"huge.test": {"TXT": [f"{n:0250}" for n in range(300)]}}
        with FakeDNS(zone) as server:
            reply = ask.udp(server, "huge.test", "TXT", use_edns=0, payload=65535)
            assert reply.flags & dns.flags.TC
            size = ask.size(server, "huge.test", "TXT", use_edns=0, payload=65535)
            assert 60_000 < size <= 65507


class TestEdns:
    def test_is_answered_with_edns(self, server, ask):
        reply = ask.udp(server, "plain.example", want_dnssec=True)
        assert (reply.edns, reply.payload) == (0, 1232)
        assert reply.ednsflags & dns.flags.DO

    def test_unknown_version_is_badvers(self, server, ask):
        assert ask.rcode(server, "plain.example", use_edns=1) == "BADVERS"

    def test_options_are_read_over(self, server, ask):
        cookie = dns.edns.GenericOption(dns.edns.OptionType.COOKIE, b"12345678")
        reply = ask.udp(server, "plain.example", options=[cookie])
        assert (reply.rcode().name, reply.options) == ("NOERROR", ())


class TestMalformed:
    """What is no readable query is kept apart, refused or ignored, and never kills."""

    GOOD = dns.message.make_query("plain.example", "MX").to_wire()

    def exchange(self, server, wire):
        """Send `wire` and a good query; return what `wire` got, or None."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(20)
            sock.connect((server.address, server.port))
            sock.send(wire)
            sock.send(b"\0\1" + self.GOOD[2:])
            replies = [sock.recv(4096)]
            while replies[-1][:2] != b"\0\1":
                replies.append(sock.recv(4096))
        return dns.message.from_wire(replies[0]) if len(replies) == 2 else None

    @pytest.mark.parametrize(
        ("wire", "rcode"),
        [
            (GOOD[:-1], "FORMERR"),
            (GOOD + b"\0", "FORMERR"),
            (GOOD[:12], "FORMERR"),
            (GOOD[:4] + b"\0\0" + GOOD[6:12] + GOOD[12:], "FORMERR"),
            (GOOD[:4] + b"\0\2" + GOOD[6:] + GOOD[12:], "FORMERR"),
            (GOOD[:2] + b"\x20\0" + GOOD[4:], "NOTIMP"),
        ],
        ids=["cut", "trailing", "header", "none", "two", "notify"],
    )
    def test_refused(self, server, wire, rcode):
        wire = b"\xab\xcd" + wire[2:]
        reply = self.exchange(server, wire)
        assert (reply.id, reply.rcode().name) == (0xABCD, rcode)
        assert server.log.malformed == [wire]
        assert server.log.names() == ["plain.example"]

    @pytest.mark.parametrize(
        "wire",
        [b"", b"\xab\xcd", GOOD[:11], GOOD[:2] + b"\x81\x80" + GOOD[4:]],
        ids=["empty", "id", "short", "reply"],
    )
    def test_ignored(self, server, wire):
        assert self.exchange(server, wire) is None
        assert server.log.malformed == [wire]

    def test_every_cut_and_flip_is_survived(self, server):
        wire = dns.message.make_query("plain.example", "MX", want_dnssec=True).to_wire()
        bad = [wire[:end] for end in range(len(wire))]
        for bit in range(len(wire) * 8):
            flipped = bytearray(wire)
            flipped[bit // 8] ^= 1 << bit % 8
            bad.append(bytes(flipped))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            for message in bad:
                sock.sendto(message, (server.address, server.port))
        assert self.exchange(server, b"\xab\xcd\x20\0" + self.GOOD[4:])


class TestTcp:
    def connect(self, server):
        return socket.create_connection((server.address, server.port), timeout=20)

    def read(self, stream):
        length = int.from_bytes(stream.read(2))
        return dns.message.from_wire(stream.read(length))

    def framed(self, name):
        wire = dns.message.make_query(name, "MX").to_wire()
        return len(wire).to_bytes(2) + wire

    def test_many_queries_on_one_connection(self, server):
        with self.connect(server) as sock, sock.makefile("rb") as stream:
            sock.sendall(b"".join(self.framed("plain.example") for _ in range(50)))
            assert all(self.read(stream).answer for _ in range(50))
        assert {question.client for question in server.log} == {server.log[0].client}

    def test_query_in_pieces(self, server):
        with self.connect(server) as sock, sock.makefile("rb") as stream:
            for octet in self.framed("plain.example"):
                sock.sendall(bytes([octet]))
            assert self.read(stream).answer

    def test_answer_after_the_client_ended_its_side(self, server):
        with self.connect(server) as sock, sock.makefile("rb") as stream:
            sock.sendall(self.framed("plain.example"))
            sock.shutdown(socket.SHUT_WR)
            assert self.read(stream).answer
            assert stream.read() == b""

    def test_empty_messages_are_passed_over(self, server):
        with self.connect(server) as sock, sock.makefile("rb") as stream:
            sock.sendall(b"\0\0" + self.framed("plain.example"))
            assert self.read(stream).answer

    @pytest.mark.parametrize("count", [0, 1, 50])
    def test_clients_that_reset_are_survived(self, count, ask):
        with FakeDNS({"huge.test": {"TXT": ["x" * 250] * 240}}) as server:
            query = dns.message.make_query("huge.test", "TXT").to_wire()
            with self.connect(server) as sock:
                linger = struct.pack("ii", 1, 0)
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                sock.sendall((len(query).to_bytes(2) + query) * count)
                server.log.wait(count)
            assert ask.tcp(server, "huge.test", "TXT").answer

    def test_answers_beyond_the_socket_buffer(self):
        texts = [f"{n:0250}" for n in range(240)]
        with FakeDNS({"huge.test": {"TXT": texts}}) as server:
            query = dns.message.make_query("huge.test", "TXT").to_wire()
            with self.connect(server) as sock, sock.makefile("rb") as stream:
                # Over 6 MB of answers before the first one is read.
                sock.sendall((len(query).to_bytes(2) + query) * 100)
                server.log.wait(100)
                for _ in range(100):
                    assert len(self.read(stream).answer[0]) == 240


def test_datagrams_wait_for_room_in_the_send_buffer():
    """On loopback a full buffer cannot be had at will: the socket is played."""
    sent, timers = [], []

    received = [(b"query", ("127.0.0.1", 9))]

    class Socket:
        def recvfrom(self, _size):
            if not received:
                raise BlockingIOError
            return received.pop()

        def sendto(self, data, client):
            if not timers:
                raise BlockingIOError
            sent.append((data, client))

    class Loop:
        def watch(self, _socket, readable):
            readable()

        def after(self, seconds, callback):
            timers.append((seconds, callback))

    Datagrams(Loop(), Socket(), lambda wire, *_: [Send(wire[::-1])])
    [(seconds, again)] = timers
    assert sent == []
    again()
    assert (sent, len(timers)) == ([(b"yreuq", ("127.0.0.1", 9))], 1)
    assert 0 < seconds < 1
