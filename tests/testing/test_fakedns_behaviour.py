# SPDX-License-Identifier: MIT
"""Behaviours as a client meets them, over UDP unless it does not matter."""

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest

from pymx.testing import (
    Behaviour,
    FakeDNS,
    Send,
    ZoneError,
    answer,
    delay,
    drop,
    edit,
    normal,
    raw,
    rcode,
    sometimes,
    truncate,
)

ZONE = {
    "d.test": {"MX": [(20, "b.test"), (10, "a.test"), (20, "b.test")]},
    "big.test": {"TXT": ["x" * 200] * 4},
}
TRUTH = ["20 b.test.", "10 a.test.", "20 b.test."]


@pytest.fixture
def server():
    with FakeDNS(ZONE) as running:
        yield running


def test_drop(server, wire):
    server.script("d.test", "MX", drop(), times=1)
    wire.ask(0)
    assert wire.last() == []
    assert wire.answers(*wire.ask(1)) == TRUTH


class TestDelay:
    def test_does_not_delay_others(self, server, wire):
        server.script("d.test", "MX", delay(3600))
        wire.ask(0)
        assert wire.last() == []

    def test_of_something_else(self, server, ask):
        server.script("d.test", "MX", delay(0.001, rcode("SERVFAIL")))
        assert ask.rcode(server, "d.test") == "SERVFAIL"

    def test_reorders_answers(self, server, wire):
        server.script("d.test", "MX", delay(0.1), normal())
        # Both are read in one go.
        server.freeze()
        for number in (1, 2):
            wire.ask(0, bytes([0, number]) + wire.QUERY[2:])
        server.resume()
        assert [wire.sock.recv(512)[1] for _ in range(2)] == [2, 1]

    def test_negative(self):
        with pytest.raises(ValueError, match="-1"):
            delay(-1)


class TestRcode:
    @pytest.mark.parametrize(
        ("code", "name"),
        [
            ("SERVFAIL", "SERVFAIL"),
            ("refused", "REFUSED"),
            ("NXDOMAIN", "NXDOMAIN"),
            (9, "NOTAUTH"),
            (15, "15"),
            (0, "NOERROR"),
        ],
    )
    def test_without_records(self, server, ask, code, name):
        server.script("d.test", "MX", rcode(code))
        reply = ask.udp(server, "d.test", use_edns=False)
        assert dns.rcode.to_text(reply.rcode()) == name
        assert (reply.answer, reply.authority, reply.opt) == ([], [], None)

    @pytest.mark.parametrize("code", ["BADVERS", "BADCOOKIE", 4095])
    @pytest.mark.parametrize("edns", [0, False])
    def test_extended_ones_bring_edns_along(self, server, wire, code, edns):
        server.script("d.test", "MX", rcode(code))
        query = dns.message.make_query("d.test", "MX", use_edns=edns)
        [datagram] = wire.ask(1, query.to_wire())
        reply = dns.message.from_wire(datagram)
        expected = code if isinstance(code, int) else dns.rcode.from_text(code)
        assert (reply.rcode(), reply.edns) == (expected, 0)

    @pytest.mark.parametrize("code", ["BOGUS", -1, 4096])
    def test_unknown(self, code):
        with pytest.raises(ValueError, match="is not an rcode"):
            rcode(code)


class TestTruncate:
    def test_over_udp_only(self, server, ask):
        server.script("d.test", "MX", truncate())
        reply = ask.udp(server, "d.test")
        assert (reply.flags & dns.flags.TC, reply.answer) == (dns.flags.TC, [])
        reply = ask.tcp(server, "d.test")
        assert (reply.flags & dns.flags.TC, len(reply.answer)) == (0, 3)

    def test_with_a_part_of_the_answer(self, server, ask):
        server.script("d.test", "MX", truncate(2))
        assert ask.records(server, "d.test") == TRUTH[:2]

    def test_over_tcp_too(self, server, ask):
        server.script("d.test", "MX", truncate(1, tcp=True))
        reply = ask.tcp(server, "d.test")
        assert (reply.flags & dns.flags.TC, len(reply.answer)) == (dns.flags.TC, 1)


class TestAnswer:
    def test_owner_order_and_repetitions_are_kept(self, server, ask):
        lines = [
            "other.test. 60 IN MX 10 mx.test.",
            "d.test. 60 IN MX 10 mx.test.",
            "d.test. 5 IN MX 10 mx.test.",
        ]
        server.script("d.test", "MX", answer("\n".join(lines)))
        reply = ask.udp(server, "d.test")
        assert [str(rrset) for rrset in reply.answer] == lines

    def test_other_sections(self, server, ask):
        ns, a = "test. 9 IN NS ns.test.", "mx.test. 9 IN A 192.0.2.66"
        server.script("d.test", "MX", answer("", authority=ns, additional=a))
        reply = ask.udp(server, "d.test")
        assert reply.answer == []
        assert [str(rrset) for rrset in reply.authority] == [ns]
        assert [str(rrset) for rrset in reply.additional] == [a]

    def test_is_truncated_like_any_answer(self, server, ask):
        many = "".join(f"d.test. MX {n} mx{n}.test.\n" for n in range(1000))
        server.script("d.test", "MX", answer(many))
        assert ask.udp(server, "d.test").flags & dns.flags.TC
        assert len(ask.tcp(server, "d.test").answer) == 1000

    def test_bad_records(self):
        with pytest.raises(ZoneError, match="authority, line 1"):
            answer("", authority="d.test. NS")


class TestEdit:
    def test_changes_the_true_message(self, server, ask):
        def change(message):
            message.flags &= ~dns.flags.RA
            message.answer[1].ttl = 0
            message.answer.append(
                dns.rrset.from_text("d.test.", 7, "IN", "A", "192.0.2.9")
            )
            return message

        server.script("d.test", "MX", edit(change))
        reply = ask.udp(server, "d.test")
        assert not reply.flags & dns.flags.RA
        assert [rrset.ttl for rrset in reply.answer] == [300, 0, 300, 7]
        assert [str(rrset[0]) for rrset in reply.answer] == [*TRUTH, "192.0.2.9"]

    def test_does_not_touch_later_answers(self, server, ask):
        def empty(message):
            message.answer.clear()
            return message

        server.script("d.test", "MX", edit(empty), times=1)
        assert ask.records(server, "d.test") == []
        assert ask.records(server, "d.test") == TRUTH

    def test_is_not_cut_to_what_the_client_takes(self, server, ask):
        server.script("big.test", "TXT", edit(lambda message: message))
        assert ask.size(server, "big.test", "TXT", use_edns=False) > 512


class TestRaw:
    def test_the_id_becomes_the_query_s(self, server, wire):
        server.script("d.test", "MX", raw(b"\0\0anything"))
        assert wire.ask(1) == [b"\x12\x34anything"]

    @pytest.mark.parametrize(("given", "sent"), [(b"", b""), (b"\0", b"\x12")])
    def test_shorter_than_an_id(self, server, wire, given, sent):
        server.script("d.test", "MX", raw(given))
        assert wire.ask(1) == [sent]

    def test_the_id_may_be_kept(self, server, wire):
        server.script("d.test", "MX", raw(b"\0\0anything", keep_id=True))
        assert wire.ask(1) == [b"\0\0anything"]

    def test_several(self, server, wire):
        server.script("d.test", "MX", raw([b"..one", b"..two"]))
        assert wire.ask(2) == [b"\x12\x34one", b"\x12\x34two"]

    def test_made_of_the_query(self, server, wire):
        server.script("d.test", "MX", raw(lambda query: [query[::-1], query[2:]]))
        turned, cut = wire.ask(2)
        assert turned == b"\x12\x34" + wire.QUERY[::-1][2:]
        assert cut == b"\x12\x34" + wire.QUERY[4:]


class TestSometimes:
    @pytest.mark.parametrize(("share", "refused"), [(0, 0), (1, 40)])
    def test_never_and_always(self, server, ask, share, refused):
        server.script("d.test", "MX", sometimes(share, rcode("REFUSED")))
        codes = [ask.rcode(server, "d.test") for _ in range(40)]
        assert codes.count("REFUSED") == refused

    def test_the_same_seed_makes_the_same_choices(self, server, ask):
        runs = []
        for seed in (1, 1, 2):
            behaviour = sometimes(0.5, rcode("REFUSED"), seed=seed)
            server.script("d.test", "MX", behaviour)
            runs.append([ask.rcode(server, "d.test") for _ in range(40)])
        assert runs[0] == runs[1] != runs[2]
        assert 5 < runs[0].count("REFUSED") < 35

    def test_share_out_of_range(self):
        with pytest.raises(ValueError, match=r"1\.5"):
            sometimes(1.5, drop())


def test_behaviour_of_a_test_s_own(server, wire):
    def plan(query):
        return [Send(query.question.name.encode()), Send(query.wire)]

    server.script("d.test", "MX", Behaviour("spell()", plan))
    assert wire.ask(2) == [b"d.test", wire.QUERY]
