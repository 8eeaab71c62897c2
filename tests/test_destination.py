# SPDX-License-Identifier: MIT
"""`pymx.destination`: international names to A-labels and back."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pymx.destination import to_ascii, to_unicode


@pytest.mark.parametrize(
    ("domain", "ascii_domain"),
    [
        ("bücher.example", "xn--bcher-kva.example"),
        ("BÜCHER.example", "xn--bcher-kva.example"),
        ("bu\u0308cher.example", "xn--bcher-kva.example"),
        ("例え.テスト", "xn--r8jz45g.xn--zckzah"),
        ("один.рф", "xn--d1aipb.xn--p1ai"),
        ("אבג.example", "xn--4dbcd.example"),
        ("\u0646\u0627\u0645\u0647\u200c\u0627\u06cc.com", "xn--mgba3gch31f060k.com"),
        ("☕.example", "xn--53h.example"),
        ("l·l.example", "xn--ll-0ea.example"),
        ("·.example", "xn--uba.example"),
        ("é.", "xn--9ca."),
    ],
)
def test_to_ascii(domain, ascii_domain):
    assert to_ascii(domain) == ascii_domain


def test_deviations_are_kept():
    """Not IDNA 2003, which sends these to the owners of "fass", "βολοσ" and "nk"."""
    assert to_ascii("faß.de") == "xn--fa-hia.de"
    assert to_ascii("βόλος.com") == "xn--nxasmm1c.com"
    assert to_ascii("faß.de") != "faß.de".encode("idna").decode()


@pytest.mark.parametrize("dot", "\u3002\uff0e\uff61")
def test_ideographic_dots_separate_labels(dot):
    assert to_ascii(f"é{dot}example") == "xn--9ca.example"
    assert to_ascii(f"plain{dot}example") == "plain.example"


def test_ascii_labels_stay_as_they_are():
    for label in (
        "_dmarc",
        "UPPER",
        "a--b",
        "ab--c",
        "-a",
        "xn--zz",
        "",
        "a b",
        "x" * 99,
    ):
        assert to_ascii(f"{label}.é") == f"{label}.xn--9ca"


@pytest.mark.parametrize(
    ("domain", "text"),
    [
        ("\ud800.example", r"U\+D800"),
        ("\u0378.example", r"U\+0378"),
        ("\u0301a.example", "combining"),
        ("a\u200db.example", "joiner"),
        ("אa.example", "direction"),
        ("-é.example", "hyphen"),
        ("é-.example", "hyphen"),
        ("xn--é.example", "hyphen"),
        ("é b.example", "' '"),
        ("é\0.example", r"'\\x00'"),
        ("user\uff20example.com", "'@'"),
        ("\uff3b192.0.2.1\uff3d", r"'\['"),
        ("℀.example", "'/'"),
        ("é" * 64 + ".example", "64 characters"),
        ("é" * 1001, "1001 characters"),
    ],
)
def test_what_cannot_be_encoded(domain, text):
    with pytest.raises(ValueError, match=text) as raised:
        to_ascii(domain)
    assert len(str(raised.value)) < 8200


@pytest.mark.parametrize("domain", ["☕.example", "·.example", "💩.la", "_é.example"])
def test_strict_refuses_what_idna_2008_leaves_out(domain):
    assert to_ascii(domain).startswith("xn--")
    with pytest.raises(ValueError, match="not allowed"):
        to_ascii(domain, strict=True)


@pytest.mark.parametrize(
    "domain", ["bücher.example", "faß.de", "例え.テスト", "l·l.cat"]
)
def test_strict_takes_the_others(domain):
    assert to_ascii(domain, strict=True) == to_ascii(domain)


@pytest.mark.parametrize(
    ("domain", "unicode_domain"),
    [
        ("plain.example", "plain.example"),
        ("xn--bcher-kva.example", "bücher.example"),
        ("xn--fa-hia.de", "faß.de"),
        ("xn--53h.example", "☕.example"),
        ("mx.xn--9ca", "mx.é"),
    ],
)
def test_to_unicode(domain, unicode_domain):
    assert to_unicode(domain) == unicode_domain


@pytest.mark.parametrize(
    "label",
    [
        "xn--",
        "xn--zz",
        "xn--a",  # decodes to a control character
        "xn--example-",  # plain ASCII in disguise
        "xn--Bcher-Kva",  # not the form that comes back
        "xn--" + "a\u200db".encode("punycode").decode(),
        "xn--99999999999",
    ],
)
def test_a_false_a_label_is_shown_as_it_is(label):
    assert to_unicode(f"{label}.example") == f"{label}.example"


@given(st.text(max_size=40))
@example("\u00ad.\u200b")
@example("İ")
def test_any_text_gives_host_characters_or_value_error(text):
    try:
        result = to_ascii(text)
    except ValueError:
        return
    for label, given_label in zip(result.split("."), text.split("."), strict=False):
        if not given_label.isascii():
            assert set(label) <= set("abcdefghijklmnopqrstuvwxyz0123456789-_")


@given(st.text(min_size=1, max_size=20))
def test_there_and_back(text):
    try:
        result = to_ascii(text)
    except ValueError:
        return
    back = to_unicode(result)
    assert to_ascii(back) == result


@given(st.text(alphabet="abcxn-0123456789.", max_size=40))
def test_any_ascii_can_be_shown(text):
    assert to_ascii(to_unicode(text)) == text
