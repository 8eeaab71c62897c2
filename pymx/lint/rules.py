# SPDX-License-Identifier: MIT
"""What a route says about a mail setup: pure functions from a Setup to findings.

Unknown is never "no": what could not be looked up is reported as that, and rules that
need to know all of something keep still where they do not.
"""

from __future__ import annotations

import ipaddress

from pymx._native import REASONS
from pymx.lint.finding import Finding
from pymx.lint.networks import describe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pymx.lint.setup import Host, Setup

    Rule = Callable[[Setup], Iterator[Finding]]

MANY_EXCHANGES = 20  # what pymx and others try by default
MANY_ADDRESSES = 16  # of one exchange, likewise
HIGH_PREFERENCE = 1000  # people count in tens; more is a slip, or a trap for spammers
SHORT_TTL = 60  # seconds

SPECIAL_USE = "special_use"
NOT_IN_ZONE = "not_in_zone"  # a reason beside the engine's: the zone file ends there

# Answers that somebody has to mend, whoever asks. All other failures may be ours.
_BROKEN = {
    "cname_loop": "cname_loop",
    "cname_limit": "cname_chain",
    "damaged_reply": "bad_reply",
    "unrelated_answer": "bad_reply",
    "truncated": "bad_reply",
}
_HAS_NO_ADDRESS = "has neither A nor AAAA records"
_WHY_NO_ADDRESS = {
    "nxdomain": "does not exist",
    SPECIAL_USE: "is reserved for special use, not in the public DNS",
}
_KNOWN = ("ok", "no_address", "refused")  # of an exchange
_ROOT = "."

_SPECIAL_TOPS = {
    "localhost": "RFC 6761 section 6.3",
    "invalid": "RFC 6761 section 6.4",
    "local": "RFC 6762 section 3",
    "onion": "RFC 7686 section 2",
}


def check_verdict(setup: Setup) -> Iterator[Finding]:
    """Tell why a domain takes no mail, or that nobody knows."""
    domain, message = setup.domain, setup.message
    if setup.status == "invalid":
        yield Finding.of("invalid_domain", domain, domain, message)
    elif _is_of_no_dns(setup):
        name = setup.canonical
        what = f"{domain} is an alias of {name}, which" if setup.is_alias else domain
        text = f"{what} is reserved for special use, not in the public DNS"
        reference = _SPECIAL_TOPS.get(_top(name), "")
        yield Finding.of("special_use_domain", domain, domain, text, reference)
    elif setup.status == "no_domain":
        what = f"{domain} does not exist"
        if setup.is_alias:
            what = f"{domain} is an alias of {setup.canonical}, which does not exist"
        yield Finding.of("no_such_domain", domain, domain, what)
    elif setup.status == "no_mail":
        text = f"{domain} has neither MX nor address records: nobody can send it mail"
        yield Finding.of("no_mail", domain, domain, text)
    elif setup.status == "null_mx":
        text = f"{domain} says that it takes no mail"
        yield Finding.of("null_mx", domain, domain, text)
    elif setup.implicit:
        text = f"{domain} has no MX record: mail goes to its own address"
        yield Finding.of("implicit_mx", domain, domain, text)
    elif not setup.hosts and not setup.dropped:
        what = f"the MX records of {setup.canonical}"
        yield _failure(setup, domain, what, setup.reason)


def _is_of_no_dns(setup: Setup) -> bool:
    # Some networks have a .local in a DNS of their own (RFC 6762 appendix G).
    if setup.status == "no_domain":
        return is_special(setup.canonical)
    return setup.reason == SPECIAL_USE and not setup.hosts and not setup.dropped


def check_domain(setup: Setup) -> Iterator[Finding]:
    """Look at the name of the domain and what stands at it."""
    domain, own = setup.domain, setup.canonical
    if setup.is_alias and setup.status != "no_domain":
        text = f"{domain} is an alias of {own}, whose records are used"
        yield Finding.of("alias_domain", domain, own, text)
    if "underscore" in setup.warnings:
        text = f"{domain} has an underscore, which host names must not have"
        yield Finding.of("underscore_domain", domain, domain, text)
    if "cname_and_other" in setup.warnings:
        text = f"{own} is an alias (CNAME) and has other records beside"
        yield Finding.of("cname_and_other", domain, own, text)
    if "null_mx_preference" in setup.warnings:
        text = "the null MX has a preference other than 0"
        yield Finding.of("null_mx_preference", domain, _ROOT, text)


def check_list(setup: Setup) -> Iterator[Finding]:
    """Look at the exchanges as a list: how many, at which preferences."""
    domain = setup.domain
    for name, preference, reason in setup.dropped:
        if reason == "null_mx_mixed":
            text = 'a null MX ("MX 0 .") stands beside real exchanges'
            yield Finding.of("null_mx_mixed", domain, _ROOT, text)
        elif reason == "duplicate_exchange":
            text = f"{name} is listed again with the worse preference {preference}"
            yield Finding.of("duplicate_exchange", domain, name, text)
        elif reason == "limit":
            text = f"{name} was not looked up: there are too many exchanges"
            yield Finding.of("not_checked", domain, name, text)
    listed = [(host.name, host.preference) for host in setup.hosts]
    listed += [(name, preference) for name, preference, _ in setup.dropped]
    for name, preference in listed:
        if preference > HIGH_PREFERENCE:
            text = f"{name} has preference {preference}, over {HIGH_PREFERENCE}"
            yield Finding.of("unusual_preference", domain, name, text)
    count = len({name for name, _ in listed} - {_ROOT})
    if count > MANY_EXCHANGES:
        text = f"{domain} has {count} exchanges, more than {MANY_EXCHANGES}"
        yield Finding.of("too_many_exchanges", domain, domain, text)
    if count == 1 and not setup.implicit:
        yield from _check_single(setup)


def _check_single(setup: Setup) -> Iterator[Finding]:
    # One name may stand for many machines; what has failed is told elsewhere.
    for host in setup.hosts:
        if host.status == "ok" and not host.reason and _is_one(host.addresses):
            text = f"{host.name} is the only exchange, with one address"
            yield Finding.of("single_exchange", setup.domain, host.name, text)


def check_names(setup: Setup) -> Iterator[Finding]:
    """Look at the names of the exchanges."""
    for name, _, reason in setup.dropped:
        if reason == SPECIAL_USE:
            reference = _SPECIAL_TOPS.get(_top(name), "")
            text = f"{name} is reserved for special use, not in the public DNS"
            yield Finding.of(
                "special_use_exchange", setup.domain, name, text, reference
            )
        elif reason == "bad_exchange_name":
            text = f"{name} is no name that a host can have"
            yield Finding.of("bad_exchange_name", setup.domain, name, text)
    if setup.implicit:
        return
    for host in setup.hosts:
        yield from _check_name(setup, host.name)


def _check_name(setup: Setup, name: str) -> Iterator[Finding]:
    domain = setup.domain
    if _is_address(name):
        text = f"{name} is an address where the name of a host must stand"
        yield Finding.of("ip_exchange", domain, name, text)
        return
    labels = name.split(".")
    if any(label.startswith("-") or label.endswith("-") for label in labels):
        text = f"{name} has a part that begins or ends with a hyphen"
        yield Finding.of("bad_exchange_name", domain, name, text)
    if "_" in name:
        text = f"{name} has an underscore, which host names must not have"
        yield Finding.of("underscore_exchange", domain, name, text)
    if len(labels) == 1:
        text = f"{name} is a name without a dot, a top-level domain"
        yield Finding.of("single_label_exchange", domain, name, text)
    for origin in _possible_origins(setup.canonical):
        yield from check_final_dot(domain, name, origin)


def check_final_dot(domain: str, name: str, origin: str) -> Iterator[Finding]:
    """Look for a name that a zone file with this origin made longer than was meant."""
    if f".{name}".endswith(f".{origin}.{origin}"):
        text = f"{name} ends with {origin} twice: a final dot was left out"
        yield Finding.of("missing_final_dot", domain, name, text)


def _possible_origins(domain: str) -> Iterator[str]:
    """Yield the domain and those above it, but for the top-level domain.

    There are domains such as com.com.
    """
    while "." in domain:
        yield domain
        domain = domain.partition(".")[2]


def check_aliases(setup: Setup) -> Iterator[Finding]:
    """Look for exchanges that are aliases."""
    if setup.implicit:
        return
    domain = setup.domain
    has_alias = False
    for host in setup.hosts:
        if host.canonical == host.name:
            continue
        has_alias = True
        if host.canonical == setup.canonical:
            text = f"{host.name} is an alias (CNAME) of the domain itself"
            yield Finding.of("own_alias_exchange", domain, host.name, text)
        else:
            text = f"{host.name} is an alias (CNAME) of {host.canonical}"
            yield Finding.of("cname_exchange", domain, host.name, text)
    # Where the alias leads nowhere the route does not say which exchange it is.
    if not has_alias and "cname_exchange" in setup.warnings:
        text = f"an exchange of {domain} is an alias (CNAME)"
        yield Finding.of("cname_exchange", domain, domain, text)


def check_lookups(setup: Setup) -> Iterator[Finding]:
    """Tell of exchanges without address, and of those nobody knows about."""
    domain = setup.domain
    for host in setup.hosts:
        if host.status == "no_address" and not setup.implicit:
            why = _WHY_NO_ADDRESS.get(host.reason or "", _HAS_NO_ADDRESS)
            text = f"{_at_end(host)} {why}"
            yield Finding.of("dangling_exchange", domain, host.name, text)
        elif host.status not in _KNOWN:
            what = f"the addresses of {host.canonical}"
            yield _failure(setup, host.name, what, host.reason)
        elif host.status == "ok" and host.reason:
            missing = "IPv4" if _families(host.addresses) == {6} else "IPv6"
            why = REASONS.get(host.reason, host.reason)
            text = f"looking up the {missing} addresses of {host.name} failed: {why}"
            yield Finding.of("family_failed", domain, host.name, text)


def check_addresses(setup: Setup) -> Iterator[Finding]:
    """Look at the addresses of the exchanges, each and all together."""
    domain = setup.domain
    for host in setup.hosts:
        for address, reason in host.left_out:
            if reason == "limit":
                continue
            code, reference = describe(address, reason)
            where = f"{host.name} [{address}]"
            kind = code.replace("link_local", "link-local").replace("_", " ")
            text = f"{host.name} has the {kind} {address}"
            yield Finding.of(code, domain, where, text, reference)
        count = len(host.addresses) + len(host.left_out)
        if count > MANY_ADDRESSES:
            text = f"{host.name} has {count} addresses, more than {MANY_ADDRESSES}"
            yield Finding.of("too_many_addresses", domain, host.name, text)
    if not all(_is_settled(host) for host in setup.hosts):
        return
    good = [host for host in setup.hosts if host.status == "ok"]
    sets = [set(host.addresses) for host in good]
    found = set().union(*sets)
    if len(good) > 1 and _is_one(found) and set.intersection(*sets):
        text = f"all {len(good)} exchanges have one address: {', '.join(sorted(found))}"
        yield Finding.of("one_address", domain, domain, text)
    if _families(found) == {6}:
        text = f"no exchange of {domain} has an IPv4 address"
        yield Finding.of("ipv6_only", domain, domain, text)


def check_ttl(setup: Setup) -> Iterator[Finding]:
    """Look for answers that expire soon, as a resolver gave them.

    It tells what its cache has left of the published TTL, so that a short one is not
    certain.
    """
    good = [host for host in setup.hosts if host.status == "ok"]
    # An address in the place of a name has no record, and so no TTL.
    asked = [host for host in good if not _is_address(host.name)]
    soon = [host for host in asked if host.ttl < SHORT_TTL]
    for host in soon:
        text = f"the addresses of {host.name} expire in {host.ttl} s"
        yield Finding.of("expires_soon", setup.domain, host.name, text)
    has_answer = good or setup.status == "null_mx"
    if has_answer and not soon and setup.ttl < SHORT_TTL:
        text = f"the MX records of {setup.domain} expire in {setup.ttl} s"
        yield Finding.of("expires_soon", setup.domain, setup.domain, text)


def is_special(name: str) -> bool:
    """Whether a name is never looked up in DNS."""
    return _top(name) in _SPECIAL_TOPS


RULES: tuple[Rule, ...] = (
    check_verdict,
    check_domain,
    check_list,
    check_names,
    check_aliases,
    check_lookups,
    check_addresses,
)


def _failure(setup: Setup, where: str, what: str, reason: str | None) -> Finding:
    """Return the finding for a lookup that gave no answer, or a broken one."""
    code = _BROKEN.get(reason or "", "not_checked")
    if reason == NOT_IN_ZONE:
        text = f"{what} are not in this zone file: not checked"
        return Finding.of("not_in_zone", setup.domain, where, text)
    why = REASONS.get(reason or "", "no answer")
    return Finding.of(
        code, setup.domain, where, f"{what} could not be looked up: {why}"
    )


def _at_end(host: Host) -> str:
    """Return the subject of a sentence about where an exchange's alias leads."""
    if host.canonical == host.name:
        return host.name
    return f"{host.name} is an alias of {host.canonical}, which"


def _is_settled(host: Host) -> bool:
    """Whether all addresses of an exchange are known."""
    return host.status in _KNOWN and not (host.status == "ok" and host.reason)


def _is_one(addresses: tuple[str, ...] | set[str]) -> bool:
    """Whether these can be one machine: at most one address of each family."""
    return len(addresses) > 0 and len(_families(addresses)) == len(addresses)


def _families(addresses: tuple[str, ...] | set[str]) -> set[int]:
    return {6 if ":" in address else 4 for address in addresses}


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _top(name: str) -> str:
    return name.rpartition(".")[2]
