# SPDX-License-Identifier: MIT
"""Which special-purpose network an address belongs to, and which RFC set it aside.

Whether an address is a target at all is the engine's judgement, with its reason. The
RFC, and documentation apart from private networks, are told here. Source: the IANA
IPv4 and IPv6 special-purpose address registries.
"""

from __future__ import annotations

import ipaddress

_DOCUMENTATION = "documentation_address"

# Network, section that sets it aside, and the code where the engine's is too wide.
_NETWORKS = tuple(
    (ipaddress.ip_network(network), reference, code)
    for network, reference, code in (
        ("0.0.0.0/8", "RFC 1122 section 3.2.1.3", ""),
        ("10.0.0.0/8", "RFC 1918 section 3", ""),
        ("100.64.0.0/10", "RFC 6598 section 7", ""),
        ("127.0.0.0/8", "RFC 1122 section 3.2.1.3", ""),
        ("169.254.0.0/16", "RFC 3927 section 2.1", ""),
        ("172.16.0.0/12", "RFC 1918 section 3", ""),
        ("192.0.2.0/24", "RFC 5737 section 3", _DOCUMENTATION),
        ("192.88.99.0/24", "RFC 7526 section 5", ""),
        ("192.168.0.0/16", "RFC 1918 section 3", ""),
        ("198.18.0.0/15", "RFC 2544 section C.2.2", ""),
        ("198.51.100.0/24", "RFC 5737 section 3", _DOCUMENTATION),
        ("203.0.113.0/24", "RFC 5737 section 3", _DOCUMENTATION),
        ("224.0.0.0/4", "RFC 5771 section 3", ""),
        ("240.0.0.0/4", "RFC 1112 section 4", ""),
        ("::/128", "RFC 4291 section 2.5.2", ""),
        ("::1/128", "RFC 4291 section 2.5.3", ""),
        ("2001:db8::/32", "RFC 3849 section 2", _DOCUMENTATION),
        ("3fff::/20", "RFC 9637 section 3", _DOCUMENTATION),
        ("fc00::/7", "RFC 4193 section 3", ""),
        ("fe80::/10", "RFC 4291 section 2.5.6", ""),
        ("ff00::/8", "RFC 4291 section 2.7", ""),
    )
)


def describe(address: str, reason: str) -> tuple[str, str]:
    """Return the code and the reference for an address left out for `reason`.

    The reference is "" for a network that the registry alone knows, and for an IPv6
    address that is left out for the IPv4 address in it.
    """
    ip = ipaddress.ip_address(address)
    for network, reference, code in _NETWORKS:
        if ip in network:
            return code or reason, reference
    return reason, ""
