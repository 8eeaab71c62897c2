# SPDX-License-Identifier: MIT
"""International domain names to A-labels and back (rule I3, UTS 46, RFC 5891).

The rest of a destination (mail addresses, literals, lengths, characters) is read by the
C core, which calls `to_ascii` for a domain that holds other than ASCII, once, and reads
what comes back as it reads any domain. Python's own codec ``idna`` is never used: it is
IDNA 2003, which sends mail for "faß" to the owner of "fass".
"""

from __future__ import annotations

# What UTS 46 section 2.3 takes as the dot between labels.
_DOTS = str.maketrans("\u3002\uff0e\uff61", "...")

# Long enough for 253 octets of A-labels with characters in it that map to nothing.
_MAX_TEXT = 1000
_MAX_LABEL = 63

_HOST_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_")
_JOINERS = "\u200c\u200d"


def to_ascii(domain: str, strict: bool = False) -> str:
    """Return a domain with every non-ASCII label as an A-label.

    Labels are mapped by UTS 46, non-transitional. Those that IDNA 2008 (RFC 5892)
    leaves out although UTS 46 knows them are encoded as well; `strict` refuses them.
    ASCII labels stay as they are. Raises ValueError with the reason for a domain that
    cannot be encoded.

    >>> from pymx.destination import to_ascii
    >>> to_ascii("Bücher。example"), to_ascii("faß.example")
    ('xn--bcher-kva.example', 'xn--fa-hia.example')
    >>> to_ascii("☕.example")
    'xn--53h.example'
    >>> to_ascii("☕.example", strict=True)
    Traceback (most recent call last):
    ValueError: '☕.example': Codepoint U+2615 at position 1 of '☕' not allowed
    """
    if len(domain) > _MAX_TEXT:
        raise ValueError(f"the domain is {len(domain)} characters long")
    try:
        labels = domain.translate(_DOTS).split(".")
        return ".".join(
            label if label.isascii() else _mapped_to_ascii(label, strict)
            for label in labels
        )
    except ValueError as error:
        raise ValueError(f"{domain!r}: {error}") from None


def to_unicode(domain: str) -> str:
    """Return a domain with its A-labels as people write them.

    A label that is no valid A-label, or that `to_ascii` would not turn back into the
    same one, stays as it is: what is shown must not look like another domain's name.

    >>> from pymx.destination import to_unicode
    >>> to_unicode("xn--bcher-kva.example"), to_unicode("xn--zz.example")
    ('bücher.example', 'xn--zz.example')
    """
    if "xn--" not in domain:
        return domain
    return ".".join(
        _to_u_label(label) if label.startswith("xn--") else label
        for label in domain.split(".")
    )


def _mapped_to_ascii(label: str, strict: bool) -> str:
    """Return a non-ASCII label, mapped, as one or more ASCII labels."""
    import idna

    # A few characters are mapped to text with a dot in it.
    return ".".join(
        _to_a_label(part, strict)
        for part in idna.uts46_remap(label, std3_rules=False).split(".")
    )


def _to_a_label(label: str, strict: bool) -> str:
    """Return a label that UTS 46 has mapped as an ASCII label."""
    if len(label) > _MAX_LABEL:
        raise ValueError(f"a label is {len(label)} characters long")
    encoded = label
    if not label.isascii():
        _check_label(label, strict)
        encoded = "xn--" + label.encode("punycode").decode("ascii")
    # Full-width forms map to ASCII that must not become an "@", a bracket or a blank.
    for character in encoded:
        if character not in _HOST_CHARACTERS:
            raise ValueError(f"the label {label!r} holds {character!r}")
    return encoded


def _check_label(label: str, strict: bool) -> None:
    """Raise ValueError unless the label may be encoded."""
    import idna

    try:
        idna.check_label(label)
    except idna.IDNAError:
        if strict:
            raise
    else:
        return
    # UTS 46 section 4.1: all of IDNA 2008 but its list of characters.
    idna.check_nfc(label)
    idna.check_hyphen_ok(label)
    idna.check_initial_combiner(label)
    idna.check_bidi(label)
    for position, character in enumerate(label):
        if character in _JOINERS and not idna.valid_contextj(label, position):
            raise ValueError(f"a joiner stands at position {position + 1} of {label!r}")


def _to_u_label(label: str) -> str:
    try:
        text = label[4:].encode("ascii").decode("punycode")
        if not text.isascii() and to_ascii(text) == label:
            return text
    except ValueError:
        pass
    return label
