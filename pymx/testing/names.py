# SPDX-License-Identifier: MIT
"""Names and types as text, written one way in zones, scripts and the log."""

import contextlib

import dns.exception
import dns.name
import dns.rdatatype

# The IDNA of the idna package (UTS 46), not the IDNA 2003 that dnspython defaults to:
# that one sends "faß" to another registrant's "fass".
IDNA = dns.name.IDNA_2008_UTS_46


def parse_name(text: str) -> dns.name.Name:
    """Return the absolute name `text` says, with or without its final dot.

    Raises ValueError for what is no domain name.
    """
    if not isinstance(text, str):
        raise ValueError(f"{text!r} is not a domain name")
    try:
        return dns.name.from_text(text or ".", dns.name.root, IDNA)
    except dns.exception.DNSException as error:
        raise ValueError(f"{text!r} is not a domain name: {error}") from None


def plain_name(name: dns.name.Name | str) -> str:
    """Return a name in lower case without its final dot; the root is ``"."``."""
    if isinstance(name, str):
        name = parse_name(name)
    return name.to_text(omit_final_dot=True).lower()


def parse_type(text: str) -> dns.rdatatype.RdataType:
    """Return the record type `text` names. Raises ValueError for an unknown one."""
    if isinstance(text, str):
        with contextlib.suppress(dns.exception.DNSException, ValueError):
            return dns.rdatatype.from_text(text)
    raise ValueError(f'{text!r} is not a record type like "MX", "AAAA" or "TYPE65280"')
