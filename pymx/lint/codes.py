# SPDX-License-Identifier: MIT
"""Every code of a finding: how bad it is, what says so, and what to do about it.

docs/lint.rst tells people what each means; tests/test_lint_codes.py holds it against
this list.
"""

from dataclasses import dataclass
from typing import Final, Literal

Severity = Literal["error", "warning", "notice"]

SEVERITIES: Final[tuple[Severity, ...]] = ("error", "warning", "notice")


@dataclass(frozen=True, slots=True)
class Code:
    """What is the same for all findings of one code.

    `reference`: an RFC and its section, "" where none speaks of it. `leaves_open`:
    something could not be looked up, so that there may be more to find.
    """

    severity: Severity
    reference: str
    advice: str
    leaves_open: bool = False


_ROUTING = "RFC 5321 section 5.1"
_ALIASES = "RFC 1034 section 3.6.2"
_EXCHANGE = "RFC 2181 section 10.3"
_HOST_NAME = "RFC 1123 section 2.1"
_NULL_MX = "RFC 7505 section 3"
_SPECIAL_ADDRESS = "RFC 6890 section 2.2"

CODES: Final[dict[str, Code]] = {
    # The domain
    "invalid_domain": Code("error", _HOST_NAME, "Correct the name."),
    "special_use_domain": Code(
        "error", "RFC 6761 section 6", "Use a domain registered in the public DNS."
    ),
    "no_such_domain": Code(
        "error",
        _ROUTING,
        "Publish an MX record, or stop using the domain in mail addresses.",
    ),
    "no_mail": Code(
        "error",
        _ROUTING,
        'Publish an MX record, or a null MX ("MX 0 .") if the domain takes no mail.',
    ),
    "implicit_mx": Code(
        "warning",
        _ROUTING,
        'Publish an MX record that names the host, or a null MX ("MX 0 .") if the'
        " domain takes no mail.",
    ),
    "null_mx": Code(
        "notice", _NULL_MX, "Nothing, if the domain is to take no mail; else remove it."
    ),
    "null_mx_preference": Code("warning", _NULL_MX, "Publish it with preference 0."),
    "null_mx_mixed": Code(
        "error",
        _NULL_MX,
        "Remove the null MX if the domain takes mail, else every other MX record.",
    ),
    "underscore_domain": Code(
        "warning", _HOST_NAME, "Use a domain of letters, digits and hyphens for mail."
    ),
    "alias_domain": Code(
        "notice",
        _ROUTING,
        "Nothing if that is meant; the MX records of the other name count.",
    ),
    "cname_and_other": Code(
        "error",
        "RFC 1912 section 2.4",
        "Remove the CNAME record or everything beside it; name servers refuse to load"
        " such a zone.",
    ),
    "wildcard_mx": Code(
        "notice",
        "RFC 1912 section 2.7",
        "Nothing if mail for every name without records of its own is wanted.",
    ),
    # The exchanges
    "single_exchange": Code(
        "notice",
        _ROUTING,
        "Consider a second exchange; while this one is down, mail waits at the"
        " senders.",
    ),
    "too_many_exchanges": Code(
        "warning",
        _ROUTING,
        "Publish fewer, and several addresses for one name where needed; many senders"
        " try only some.",
    ),
    "duplicate_exchange": Code(
        "warning", _ROUTING, "Keep the MX record with the better (lower) preference."
    ),
    "unusual_preference": Code(
        "notice",
        "RFC 1035 section 3.3.9",
        "Check the number; only which one is lower counts.",
    ),
    "dangling_exchange": Code(
        "error", _EXCHANGE, "Publish A or AAAA records for it, or remove the MX record."
    ),
    "missing_final_dot": Code(
        "warning",
        "RFC 1035 section 5.1",
        "End the name in the zone file with a dot, or write it relative to the zone.",
    ),
    "cname_exchange": Code(
        "error",
        f"{_EXCHANGE}, {_ROUTING}",
        "Name in the MX record the host at the end of the alias.",
    ),
    "own_alias_exchange": Code(
        "error",
        f"{_EXCHANGE}, {_ROUTING}",
        "Name the domain itself in the MX record: a mailer that does not know itself"
        " by the alias sends mail in a circle.",
    ),
    "ip_exchange": Code(
        "error",
        "RFC 1035 section 3.3.9",
        "Give the address a name with an A or AAAA record and name that.",
    ),
    "single_label_exchange": Code(
        "warning",
        "RFC 5321 section 2.3.5",
        "Write the whole name of the host, with its domain.",
    ),
    "special_use_exchange": Code(
        "error",
        "RFC 6761 section 6",
        "Name a host of the public DNS.",
    ),
    "bad_exchange_name": Code(
        "error", _HOST_NAME, "Use a name of letters, digits and inner hyphens."
    ),
    "underscore_exchange": Code(
        "warning",
        _HOST_NAME,
        "Rename the host; some senders refuse names with an underscore.",
    ),
    # Their addresses
    "private_address": Code(
        "error", _SPECIAL_ADDRESS, "Publish an address that the world can reach."
    ),
    "documentation_address": Code(
        "error",
        _SPECIAL_ADDRESS,
        "Put the host's real address in the place of the example.",
    ),
    "loopback_address": Code(
        "error",
        _SPECIAL_ADDRESS,
        "Publish the host's address on the network: each sender would reach itself.",
    ),
    "link_local_address": Code(
        "error", _SPECIAL_ADDRESS, "Publish an address that the world can reach."
    ),
    "unspecified_address": Code(
        "error",
        _SPECIAL_ADDRESS,
        'Publish the host\'s address, or a null MX ("MX 0 .") for no mail.',
    ),
    "multicast_address": Code(
        "error", _SPECIAL_ADDRESS, "Publish the address of one host."
    ),
    "reserved_address": Code(
        "error", _SPECIAL_ADDRESS, "Publish an address that the world can reach."
    ),
    "one_address": Code(
        "warning",
        _ROUTING,
        "Give the exchanges machines of their own, or publish one of them only.",
    ),
    "ipv6_only": Code(
        "warning",
        "RFC 3974 section 4.1",
        "Give an exchange an IPv4 address; many senders have no IPv6.",
    ),
    "too_many_addresses": Code(
        "warning", _ROUTING, "Publish fewer; senders try only some of them."
    ),
    "family_failed": Code(
        "warning",
        "RFC 4074 section 4",
        "Mend the name servers of the host: each must answer for A and AAAA, if only"
        " with no records.",
        leaves_open=True,
    ),
    # The records
    "short_ttl": Code(
        "warning",
        "RFC 1912 section 2.2",
        "Publish a TTL of some minutes at least, hours rather.",
    ),
    "expires_soon": Code(
        "notice",
        "RFC 1035 section 3.2.1",
        "Look at the published TTL: it is short, or this is what a cache has left of a"
        " longer one.",
    ),
    "cname_loop": Code(
        "error",
        _ALIASES,
        "Let the alias end at a name with records.",
        leaves_open=True,
    ),
    "cname_chain": Code(
        "error",
        _ALIASES,
        "Let the first alias name the last host; resolvers give up on long chains.",
        leaves_open=True,
    ),
    "bad_reply": Code(
        "error",
        "RFC 1035 section 4.1",
        "Ask another resolver, then look at the domain's name servers.",
        leaves_open=True,
    ),
    # What was not looked up
    "not_checked": Code(
        "warning",
        _ROUTING,
        "Try again later; if it goes on, `pymx doctor` examines the name servers that"
        " were asked.",
        leaves_open=True,
    ),
    "not_in_zone": Code(
        "notice",
        "",
        "Let ordinary DNS be asked for it (--outside), or check once it is published.",
        leaves_open=True,
    ),
}
