# SPDX-License-Identifier: MIT
"""What a zone answers: no sockets, no messages."""

import dns.rcode
import dns.rdatatype
import pytest

from pymx.testing import Zone
from pymx.testing.names import parse_name


def lookup(zone, name, rdtype="MX", **options):
    if not isinstance(zone, Zone):
        zone = Zone.read(zone)
    rdtype = dns.rdatatype.from_text(rdtype)
    return zone.lookup(parse_name(name), rdtype, **options)


def answer(zone, name, rdtype="MX"):
    """The answer section as lines of owner, type and data."""
    return [line(record) for record in lookup(zone, name, rdtype).answer]


def line(record):
    rdtype = dns.rdatatype.to_text(record.rdata.rdtype)
    return f"{record.name} {rdtype} {record.rdata}"


def rcode(zone, name, rdtype="MX"):
    return lookup(zone, name, rdtype).rcode.name


def test_published_order_is_kept():
    zone = (
        "h.example. A 192.0.2.3\n"
        "h.example. A 192.0.2.1\n"
        "other.example. A 192.0.2.9\n"
        "h.example. A 192.0.2.2\n"
    )
    assert [str(record.rdata) for record in lookup(zone, "h.example", "A").answer] == [
        "192.0.2.3",
        "192.0.2.1",
        "192.0.2.2",
    ]


def test_repeated_records_stay_repeated():
    zone = {"d.example": {"MX": [(10, "mx.example"), (10, "mx.example")]}}
    assert answer(zone, "d.example") == ["d.example. MX 10 mx.example."] * 2


def test_null_mx():
    assert answer("d.example. MX 0 .", "d.example") == ["d.example. MX 0 ."]


def test_names_compare_without_case():
    assert answer("D.Example. A 192.0.2.1", "d.eXAMPLE", "A")


def test_ttl_is_that_of_the_record_the_directive_or_300():
    zone = (
        "a.example. A 192.0.2.1\n"
        "$TTL 60\nb.example. A 192.0.2.1\nc.example. 5 A 192.0.2.1"
    )
    ttls = [lookup(zone, f"{name}.example", "A").answer[0].ttl for name in "abc"]
    assert ttls == [300, 60, 5]


def test_origin_makes_relative_names_absolute():
    zone = "$ORIGIN example.\nd MX 10 mx\n$ORIGIN test.\n@ A 192.0.2.1"
    assert answer(zone, "d.example") == ["d.example. MX 10 mx.example."]
    assert answer(zone, "test", "A") == ["test. A 192.0.2.1"]


def test_without_origin_names_are_relative_to_the_root():
    assert answer("d.example MX 10 mx.test", "d.example") == [
        "d.example. MX 10 mx.test."
    ]


def test_generate_makes_many_names():
    zone = "$GENERATE 1-3 d$.example. A 192.0.2.$"
    assert answer(zone, "d2.example", "A") == ["d2.example. A 192.0.2.2"]
    assert rcode(zone, "d4.example", "A") == "NXDOMAIN"


def test_a_type_beyond_those_known_by_name():
    zone = r"d.example. TYPE65280 \# 2 abcd"
    assert answer(zone, "d.example", "TYPE65280") == [r"d.example. TYPE65280 \# 2 abcd"]


class TestNegative:
    ZONE = "a.b.example. A 192.0.2.1"

    def test_nothing_at_or_below_is_nxdomain(self):
        assert rcode(self.ZONE, "c.example") == "NXDOMAIN"
        assert rcode(self.ZONE, "below.a.b.example") == "NXDOMAIN"

    @pytest.mark.parametrize("name", ["b.example", "example", "."])
    def test_empty_non_terminal_is_no_data(self, name):
        """RFC 8020: a name exists when there is something below it."""
        found = lookup(self.ZONE, name)
        assert (found.rcode, found.answer) == (dns.rcode.NOERROR, [])

    def test_another_type_is_no_data(self):
        found = lookup(self.ZONE, "a.b.example")
        assert (found.rcode, found.answer) == (dns.rcode.NOERROR, [])

    def test_empty_zone_has_no_names(self):
        assert rcode(None, "d.example") == "NXDOMAIN"
        assert rcode("", "d.example") == "NXDOMAIN"

    @pytest.mark.parametrize(
        ("name", "owner"), [("gone.b.example", "b.example."), ("example", ".")]
    )
    def test_soa_is_made_up_at_the_parent(self, name, owner):
        [soa] = lookup(self.ZONE, name).authority
        assert (str(soa.name), soa.ttl, soa.rdata.minimum) == (owner, 300, 300)

    def test_soa_of_the_enclosing_zone_is_used(self):
        zone = (
            "example. 900 SOA ns.example. h.example. 1 2 3 4 60\n"
            "sub.example. 20 SOA ns.example. h.example. 1 2 3 4 70\n"
        )
        for name, owner, ttl in (
            ("gone.example", "example.", 60),
            ("example", "example.", 60),
            ("a.b.sub.example", "sub.example.", 20),
        ):
            [soa] = lookup(zone, name).authority
            # RFC 2308 section 3: the lesser of the TTL and the minimum.
            assert (str(soa.name), soa.ttl) == (owner, ttl)

    def test_soa_can_be_left_out(self):
        assert lookup(self.ZONE, "gone.example", negative_soa=False).authority == []

    def test_positive_answers_have_no_soa(self):
        assert lookup(self.ZONE, "a.b.example", "A").authority == []


class TestCname:
    def test_chain_is_followed_inside_the_zone(self):
        zone = "a.test. CNAME b.test.\nb.test. CNAME c.test.\nc.test. A 192.0.2.1"
        assert answer(zone, "a.test", "A") == [
            "a.test. CNAME b.test.",
            "b.test. CNAME c.test.",
            "c.test. A 192.0.2.1",
        ]

    def test_long_chain_is_one_answer(self):
        zone = "$GENERATE 0-29 $.c.test. CNAME n$.c.test.\n" + "".join(
            f"n{i}.c.test. CNAME {i + 1}.c.test.\n" for i in range(30)
        )
        assert len(answer(zone + "30.c.test. A 192.0.2.1", "0.c.test", "A")) == 61

    def test_end_that_does_not_exist_is_nxdomain(self):
        found = lookup("a.test. CNAME gone.test.", "a.test")
        assert found.rcode == dns.rcode.NXDOMAIN
        assert [line(record) for record in found.answer] == ["a.test. CNAME gone.test."]
        assert len(found.authority) == 1

    def test_end_without_the_type_is_no_data(self):
        found = lookup("a.test. CNAME b.test.\nb.test. A 192.0.2.1", "a.test")
        assert (found.rcode, len(found.answer), len(found.authority)) == (
            dns.rcode.NOERROR,
            1,
            1,
        )

    @pytest.mark.parametrize(
        ("zone", "length"),
        [
            ("a.test. CNAME a.test.", 1),
            ("a.test. CNAME b.test.\nb.test. CNAME a.test.", 2),
        ],
    )
    def test_loop_ends_where_it_closes(self, zone, length):
        found = lookup(zone, "a.test")
        assert (found.rcode, len(found.answer), found.authority) == (
            dns.rcode.NOERROR,
            length,
            [],
        )

    def test_asked_for_itself_is_not_followed(self):
        zone = "a.test. CNAME b.test.\nb.test. CNAME c.test."
        assert answer(zone, "a.test", "CNAME") == ["a.test. CNAME b.test."]

    def test_beside_other_records_both_are_answered(self):
        zone = "a.test. CNAME b.test.\na.test. MX 10 mx.test.\nb.test. MX 20 mx.test."
        assert answer(zone, "a.test") == [
            "a.test. CNAME b.test.",
            "a.test. MX 10 mx.test.",
        ]

    def test_beside_other_records_it_is_followed_for_other_types(self):
        zone = "a.test. CNAME b.test.\na.test. MX 10 mx.test.\nb.test. A 192.0.2.1"
        assert answer(zone, "a.test", "A") == [
            "a.test. CNAME b.test.",
            "b.test. A 192.0.2.1",
        ]


def test_any_gives_all_in_order():
    zone = {"d.test": {"MX": (10, "mx.test"), "A": "192.0.2.1", "CNAME": "e.test"}}
    assert answer(zone, "d.test", "ANY") == [
        "d.test. MX 10 mx.test.",
        "d.test. A 192.0.2.1",
        "d.test. CNAME e.test.",
    ]


class TestWildcard:
    ZONE = "*.test. MX 10 mx.test.\nhost.test. A 192.0.2.1\nx.ent.test. A 192.0.2.2"

    def test_matches_any_depth_under_the_asked_name(self):
        for name in ("a.test", "a.b.test"):
            assert answer(self.ZONE, name) == [f"{name}. MX 10 mx.test."]

    def test_does_not_match_names_that_exist(self):
        assert answer(self.ZONE, "host.test") == []
        assert rcode(self.ZONE, "host.test") == "NOERROR"
        assert answer(self.ZONE, "ent.test") == []

    def test_does_not_reach_past_a_closer_name(self):
        """RFC 4592 section 3.3.1: only below the closest encloser."""
        assert rcode(self.ZONE, "below.host.test") == "NXDOMAIN"
        assert rcode(self.ZONE, "y.ent.test") == "NXDOMAIN"

    def test_may_be_an_alias(self):
        zone = "*.test. CNAME real.example.\nreal.example. A 192.0.2.1"
        assert answer(zone, "w.test", "A") == [
            "w.test. CNAME real.example.",
            "real.example. A 192.0.2.1",
        ]


class TestRcodes:
    ZONE = Zone.read(
        {
            "gone.test": "NXDOMAIN",
            "sick.test": "SERVFAIL",
            "well.sick.test": {"A": "192.0.2.1"},
        }
    )

    def test_stand_for_a_name_and_all_below(self):
        assert rcode(self.ZONE, "sick.test") == "SERVFAIL"
        assert rcode(self.ZONE, "deep.below.sick.test", "A") == "SERVFAIL"
        assert rcode(self.ZONE, "gone.test") == "NXDOMAIN"

    def test_names_with_records_of_their_own_are_spared(self):
        assert answer(self.ZONE, "well.sick.test", "A") == [
            "well.sick.test. A 192.0.2.1"
        ]

    def test_only_negative_answers_carry_an_soa(self):
        assert lookup(self.ZONE, "sick.test").authority == []
        assert len(lookup(self.ZONE, "gone.test").authority) == 1

    def test_names_above_a_failing_one_exist(self):
        assert rcode({"sick.test": "SERVFAIL"}, "test") == "NOERROR"
        assert rcode({"gone.test": "NXDOMAIN"}, "test") == "NXDOMAIN"
        assert rcode({".": "SERVFAIL"}, "any.test") == "SERVFAIL"

    def test_are_found_behind_an_alias(self):
        zone = {"a.test": {"CNAME": "sick.test"}, "sick.test": "SERVFAIL"}
        found = lookup(zone, "a.test")
        assert (found.rcode, len(found.answer)) == (dns.rcode.SERVFAIL, 1)
