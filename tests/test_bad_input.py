# SPDX-License-Identifier: MIT
"""What is no destination: a route that says why, never a question, never a crash."""

import pytest

import pymx

UNUSABLE = [
    ("", "empty"),
    ("   ", "empty"),
    (".", "root"),
    ("..", "empty_label"),
    ("a..b", "empty_label"),
    (".example", "empty_label"),
    ("example..", "empty_label"),
    ("a" * 64 + ".example", "label_too_long"),
    (".".join(["a" * 59] * 5), "name_too_long"),
    ("a" * 300, "label_too_long"),
    ("a\0b.example", "bad_character"),
    ("a b.example", "bad_character"),
    ("a\tb.example", "bad_character"),
    ("a\nb.example", "bad_character"),
    ("a\x7fb.example", "bad_character"),
    ("a/b.example", "bad_character"),
    ("a,b.example", "bad_character"),
    ("exa$mple.example", "bad_character"),
    ("-a.example", "bad_hyphen"),
    ("a-.example", "bad_hyphen"),
    ("user@", "no_domain_part"),
    ("@example.com", "no_local_part"),
    ("a@b@example.com", "two_at_signs"),
    ('"a@example.com', "bad_quoting"),
    ("[1.2.3]", "bad_literal"),
    ("[]", "bad_literal"),
    ("[1.2.3.4", "bad_literal"),
    ("[01.2.3.4]", "bad_literal"),
    ("[1.2.3.256]", "bad_literal"),
    ("[2001:db8::1]", "bad_literal"),
    ("[IPv6:zz]", "bad_literal"),
    ("[IPv6:fe80::1%eth0]", "bad_literal"),
    ("[X400:c=de]", "bad_literal"),
    ("192.0.2.1", "bare_address"),
    ("2001:db8::1", "bare_address"),
    ("\ud800.example", "bad_character"),
    ("user@\udcff.example", "bad_character"),
    ("é b.example", "bad_character"),
    ("\u200d.example", "bad_idna"),
    ("\u0301a.example", "bad_idna"),
    ("xn--é.example", "bad_idna"),
    ("אa.example", "bad_idna"),
    ("user\uff20é.example", "bad_idna"),
    ("é" * 64 + ".example", "bad_idna"),
    ("é" * 63 + ".example", "label_too_long"),
    ("\u00ad.example", "empty_label"),
    ("。", "root"),
    ("\U0010ffff.example", "bad_idna"),
]


@pytest.mark.parametrize(("destination", "reason"), UNUSABLE, ids=ascii)
def test_unusable_destination(dns, resolver, destination, reason):
    server = dns()
    asking = resolver(server)
    route = asking.resolve(destination)
    assert (route.status, route.deliverable) == ("invalid", False)
    assert route.reason == reason
    assert route.input == destination
    assert route.message
    assert route.smtp_reply[:2] == (501, "5.1.3")
    with pytest.raises(pymx.InvalidDomain) as raised:
        next(asking.targets(destination))
    assert raised.value.route.reason == reason
    assert len(server.log) == 0


@pytest.mark.parametrize("size", [10_000, 1_000_000])
@pytest.mark.parametrize("character", ["a", ".", "@", "é", "\0", "[", '"', "a."])
def test_any_length(dns, resolver, size, character):
    server = dns()
    assert resolver(server).resolve(character * size).status == "invalid"
    assert len(server.log) == 0


@pytest.mark.parametrize("character", range(128))
def test_any_ascii_character_in_a_label(dns, resolver, character):
    asking = resolver(dns())
    route = asking.resolve(f"a{chr(character)}b.example")
    assert route.status in ("invalid", "no_domain")


@pytest.mark.parametrize(
    "destination", [None, b"plain.example", bytearray(b"x"), 7, ["plain.example"]]
)
def test_what_is_no_text_at_all(dns, resolver, destination):
    server = dns()
    asking = resolver(server)
    expected = f"destination must be a str, not {type(destination).__name__}"
    with pytest.raises(TypeError, match=expected):
        asking.resolve(destination)
    with pytest.raises(TypeError, match=expected):
        asking.targets(destination)
    (route,) = asking.resolve_many([destination])
    assert (route.status, route.reason) == ("invalid", "not_text")
    assert route.input is destination
    assert len(server.log) == 0


@pytest.mark.parametrize(
    ("option", "destination", "reason"),
    [
        ("strict_names", "_dmarc.example", "underscore"),
        ("strict_idna", "☕.example", "bad_idna"),
    ],
)
def test_stricter_than_usual(dns, resolver, option, destination, reason):
    server = dns()
    assert resolver(server).resolve(destination).status == "no_domain"
    route = resolver(server, **{option: True}).resolve(destination)
    assert (route.status, route.reason) == ("invalid", reason)
    assert server.log.count() == 1


def test_lenient_literals(dns, resolver):
    asking = resolver(dns(), lenient_literals=True)
    for destination in ("192.0.2.1", "[2001:db8::1]", "2001:db8::1"):
        assert asking.resolve(destination).status == "ok"


@pytest.mark.parametrize(
    "destination",
    ["plain.example.", " plain.example ", "\tplain.example\n", "PLAIN.example"],
)
def test_what_is_put_right(dns, resolver, destination):
    server = dns()
    assert resolver(server).resolve(destination).domain == "plain.example"
    assert server.log.names() == ["plain.example"]


def test_underscore_is_a_warning(dns, resolver):
    route = resolver(dns()).resolve("a_b.example")
    assert "underscore" in route.warnings
