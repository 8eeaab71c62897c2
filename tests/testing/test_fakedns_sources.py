# SPDX-License-Identifier: MIT
"""Zones from text, files and dicts, the bad ones above all."""

import ipaddress

import dns.rdatatype
import pytest

from pymx.testing import FakeDNS, Zone, ZoneError
from pymx.testing.names import parse_name


def data(zone, name, rdtype):
    found = Zone.read(zone).lookup(parse_name(name), dns.rdatatype.from_text(rdtype))
    return [str(record.rdata) for record in found.answer]


class TestText:
    @pytest.mark.parametrize(
        ("text", "line", "complaint"),
        [
            ("a.test. A 999.1.1.1", 1, "A wants one IPv4 address"),
            ("\na.test. A", 2, "A wants one IPv4 address"),
            ("a.test. A 192.0.2.1 192.0.2.2\n", 1, "A wants one IPv4 address"),
            ("a.test. AAAA 192.0.2.1", 1, "AAAA wants one IPv6 address"),
            ("a.test. A 192.0.2.1\n\nb.test. MX ten mx.test.", 3, "a preference"),
            ("a.test. MX 70000 mx.test.", 1, "70000"),
            ("; comment\na.test. MX 10\nb.test. A 192.0.2.1", 2, "MX wants"),
            ("a.test. BOGUS x", 1, "BOGUS"),
            ("a.test.", 1, "no zone text"),
            ("a.test. \n", 1, "incomplete"),
            ("a..test. A 192.0.2.1", 1, "empty"),
            ("x" * 64 + ". A 192.0.2.1", 1, "63"),
            ("a.test. A 192.0.2.1\n$TTL soon", 2, "TTL"),
            ("a.test. CH A 192.0.2.1", 1, "class"),
            ('a.test. TXT "open\n', 1, "quoted"),
            ("a.test. A ( 192.0.2.1\n", 1, "parenthes"),
            ("a.test. A 192.0.2.1\n$INCLUDE other.zone", 2, "$INCLUDE is not served"),
            ("$GENERATE 1-x d$ A 192.0.2.$", 1, "$GENERATE"),
        ],
    )
    def test_error_names_the_line_and_what_is_wrong(self, text, line, complaint):
        with pytest.raises(ZoneError) as caught:
            Zone.read(text)
        assert caught.value.line == line
        assert complaint in str(caught.value)
        shown = text.splitlines()[line - 1].strip()
        assert shown[:30] in str(caught.value)

    def test_error_is_a_value_error(self):
        assert issubclass(ZoneError, ValueError)

    def test_a_file_name_given_as_text_is_explained(self):
        with pytest.raises(ZoneError, match=r"pathlib\.Path\('mail\.zone'\)"):
            FakeDNS("mail.zone")

    def test_names_beyond_ascii_follow_idna_2008(self):
        """IDNA 2003 would make "fass" of "faß", which is another registrant."""
        assert data("bücher.test. MX 10 faß.test.", "bücher.test", "MX") == [
            "10 xn--fa-hia.test."
        ]
        assert data("bücher.test. A 192.0.2.1", "xn--bcher-kva.test", "A")


class TestFile:
    def test_is_read_as_utf_8(self, tmp_path):
        path = tmp_path / "mail.zone"
        path.write_text("; bücher\nd.test. A 192.0.2.1\n", encoding="utf-8")
        assert data(path, "d.test", "A") == ["192.0.2.1"]

    def test_error_names_the_file(self, tmp_path):
        path = tmp_path / "mail.zone"
        path.write_text("d.test. A 192.0.2.1\nd.test. MX mx\n")
        with pytest.raises(ZoneError, match=r"mail\.zone, line 2: 'd\.test\. MX mx'"):
            Zone.read(path)

    def test_not_utf_8(self, tmp_path):
        path = tmp_path / "mail.zone"
        path.write_bytes(b"; b\xfccher\n")
        with pytest.raises(ZoneError, match="not UTF-8"):
            Zone.read(path)

    def test_missing(self, tmp_path):
        with pytest.raises(FileNotFoundError):
            Zone.read(tmp_path / "none.zone")


class TestDict:
    @pytest.mark.parametrize(
        ("node", "rdtype", "expected"),
        [
            ({"A": "192.0.2.1"}, "A", ["192.0.2.1"]),
            ({"A": ["192.0.2.2", "192.0.2.1"]}, "A", ["192.0.2.2", "192.0.2.1"]),
            ({"A": ipaddress.ip_address("192.0.2.1")}, "A", ["192.0.2.1"]),
            ({"AAAA": "2001:db8::1"}, "AAAA", ["2001:db8::1"]),
            ({"MX": (10, "mx.test")}, "MX", ["10 mx.test."]),
            ({"MX": "10 mx.test."}, "MX", ["10 mx.test."]),
            (
                {"MX": [(20, "b.test"), (10, "a.test")]},
                "MX",
                ["20 b.test.", "10 a.test."],
            ),
            ({"MX": (0, ".")}, "MX", ["0 ."]),
            ({"CNAME": "other.test"}, "CNAME", ["other.test."]),
            ({"TXT": "v=spf1 -all"}, "TXT", ['"v=spf1 -all"']),
            ({"TXT": 'say "a\\b"'}, "TXT", [r'"say \"a\\b\""']),
            ({"TXT": '"one" "two"'}, "TXT", ['"one" "two"']),
            ({"TXT": "ü"}, "TXT", [r'"\195\188"']),
            ({"TXT": "x" * 300}, "TXT", [f'"{"x" * 255}" "{"x" * 45}"']),
            ({"TYPE65280": r"\# 1 00"}, "TYPE65280", [r"\# 1 00"]),
            ({}, "A", []),
            ({"A": []}, "A", []),
        ],
    )
    def test_values(self, node, rdtype, expected):
        assert data({"d.test": node}, "d.test", rdtype) == expected

    def test_ttl(self):
        zone = Zone.read({"d.test": {"TTL": 60, "A": "192.0.2.1"}})
        [record] = zone.lookup(parse_name("d.test"), dns.rdatatype.A).answer
        assert record.ttl == 60

    def test_ttl_takes_the_full_32_bits(self):
        zone = Zone.read({"d.test": {"TTL": 2**32 - 1, "A": "192.0.2.1"}})
        [record] = zone.lookup(parse_name("d.test"), dns.rdatatype.A).answer
        assert record.ttl == 2**32 - 1

    @pytest.mark.parametrize(
        ("zone", "complaint"),
        [
            ({"d.test": {"MX": 10}}, r"zone\['d\.test'\]\['MX'\]: 10: .*MX wants"),
            ({"d.test": {"MX": ("mx.test", 10)}}, "MX wants a preference"),
            ({"d.test": {"A": ("192.0.2.1", "192.0.2.2")}}, "records are a list"),
            ({"d.test": {"A": None}}, "None is not text"),
            ({"d.test": {"MX": (True, "mx.test")}}, "is not text, a number"),
            ({"d.test": {"BOGUS": "x"}}, "'BOGUS' is not a record type"),
            ({"d.test": {7: "x"}}, "7 is not a record type"),
            ({"d.test": {"TTL": -1}}, "TTL"),
            ({"d.test": {"TTL": "soon"}}, "'soon' is not a time"),
            ({"d.test": "NOSUCHCODE"}, "'NOSUCHCODE' is not an rcode"),
            ({"d.test": "192.0.2.1"}, r"write records as \{\"A\": '192\.0\.2\.1'\}"),
            ({"d.test": ["192.0.2.1"]}, "neither a dict of types"),
            ({"d..test": {}}, r"zone\['d\.\.test'\]: 'd\.\.test' is not a domain name"),
            ({7: {}}, r"zone\[7\]: 7 is not a domain name"),
        ],
    )
    def test_error_names_the_name_and_what_is_wrong(self, zone, complaint):
        with pytest.raises(ZoneError, match=complaint):
            Zone.read(zone)


@pytest.mark.parametrize("source", [7, b"d.test. A 192.0.2.1", ["d.test. A 192.0.2.1"]])
def test_no_zone_at_all(source):
    with pytest.raises(TypeError, match="a zone is the text of a master file"):
        Zone.read(source)
