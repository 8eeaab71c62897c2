# SPDX-License-Identifier: MIT
import pytest
from native import made

from pymx import _native


@pytest.mark.parametrize(
    ("option", "value", "kind"),
    [
        ("nameservers", ["192.0.2.53"], TypeError),
        ("nameservers", (53,), TypeError),
        ("nameservers", ("example.com",), ValueError),
        ("nameservers", ("192.0.2.53",) * 9, ValueError),
        ("timeout", "5", TypeError),
        ("timeout", -1.0, ValueError),
        ("timeout", float("nan"), ValueError),
        ("timeout", 0.0, ValueError),
        ("attempt_timeout", None, TypeError),
        ("attempt_timeout", 0, ValueError),
        ("address_wait", -0.1, ValueError),
        ("tries", 0, ValueError),
        ("tries", 2**32, ValueError),
        ("tries", 1.5, TypeError),
        ("addresses", "some", ValueError),
        ("addresses", None, TypeError),
        ("family", "ipv5", ValueError),
        ("shuffle", "", ValueError),
        ("null_mx_mixed", "follow", ValueError),
        ("cname_exchange", "drop", ValueError),
        ("ip_exchange", "drop", ValueError),
        ("seed", -1, ValueError),
        ("seed", 2**64, ValueError),
        ("seed", "7", TypeError),
        ("prefer", 1, TypeError),
        ("max_exchanges", 0, ValueError),
        ("max_exchanges", 101, ValueError),
        ("max_addresses", 0, ValueError),
        ("max_addresses", 101, ValueError),
        ("cache_size", -1, ValueError),
        ("concurrency", 0, ValueError),
        ("concurrency", 2**64, ValueError),
    ],
)
def test_what_the_core_cannot_use_is_refused(option, value, kind):
    with pytest.raises(kind):
        made.resolver(**{option: value})


def test_a_value_beyond_its_type_is_named():
    with pytest.raises(ValueError, match=r"tries=-1: must be a whole number from 0"):
        made.resolver(tries=-1)
    with pytest.raises(ValueError, match=r"addresses='some'"):
        made.resolver(addresses="some")
    with pytest.raises(TypeError, match=r"timeout must be seconds, not str"):
        made.resolver(timeout="5")


@pytest.mark.parametrize(
    ("option", "values"),
    [
        ("addresses", ["public", "private", "any"]),
        ("family", ["any", "ipv4", "ipv6", "ipv4_first", "ipv6_first", "interleave"]),
        ("shuffle", ["hosts", "addresses", "none"]),
        ("null_mx_mixed", ["drop", "reject"]),
        ("cname_exchange", ["follow", "reject"]),
        ("ip_exchange", ["accept", "reject"]),
        ("seed", [None, 0, 2**64 - 1]),
        ("prefer", [None, {}, len]),
        ("timeout", [0.01, 3600]),
        ("nameservers", [(), ("192.0.2.53",) * 8, ("[::1]:5353", "fe80::1%1")]),
    ],
)
def test_every_choice_is_taken(option, values):
    for value in values:
        assert not made.resolver(**{option: value}).closed


@pytest.mark.parametrize("option", made.OPTIONS)
def test_every_option_is_required_and_by_name(option):
    options = {name: made.OPTIONS[name] for name in made.OPTIONS if name != option}
    with pytest.raises(TypeError, match=option):
        _native.Resolver(**options)
    with pytest.raises(TypeError):
        _native.Resolver(made.OPTIONS[option], **options)


@pytest.mark.parametrize(
    ("options", "destination", "status"),
    [
        ({}, "192.0.2.1", "invalid"),
        ({"lenient_literals": True}, "192.0.2.1", "ok"),
        ({}, "[127.0.0.1]", "refused"),
        ({"addresses": "any"}, "[127.0.0.1]", "ok"),
        ({}, "[192.0.2.1]", "ok"),
        ({"addresses": "public"}, "[192.0.2.1]", "refused"),
        ({"strict_names": True}, "a_b.example", "invalid"),
        ({"strict_idna": True}, "\N{HOT BEVERAGE}.example", "invalid"),
    ],
)
def test_options_reach_the_rules(options, destination, status):
    assert made.resolver(**options).resolve(destination).status == status


@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("192.0.2.53", "192.0.2.53:53"),
        ("192.0.2.53:5353", "192.0.2.53:5353"),
        ("2001:DB8::53", "[2001:db8::53]:53"),
        ("[2001:db8::53]:1", "[2001:db8::53]:1"),
    ],
)
def test_parse_nameserver(text, server):
    assert _native.parse_nameserver(text) == server


@pytest.mark.parametrize("text", ["", "dns.example", "192.0.2.53:0", "1.2.3", "\udc80"])
def test_text_that_is_no_nameserver(text):
    with pytest.raises(ValueError, match=r"no name server|surrogates"):
        _native.parse_nameserver(text)


def test_a_nameserver_that_is_no_text():
    with pytest.raises(TypeError, match="a name server must be str, not bytes"):
        _native.parse_nameserver(b"192.0.2.53")


def test_system_nameservers_are_nameservers():
    servers = _native.system_nameservers()
    assert isinstance(servers, tuple)
    assert len(servers) <= 8
    assert all(_native.parse_nameserver(server) == server for server in servers)


def test_version_of_cares():
    assert _native.CARES_HEADER_VERSION.startswith("1.")
    oldest = tuple(map(int, _native.CARES_VERSION.split(".")))
    assert oldest >= (1, 18, 1)
