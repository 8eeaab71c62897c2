# SPDX-License-Identifier: MIT
"""Aliases to names that are never sent to DNS (rules I7, A7)."""

import pytest

import pymx
from pymx.testing import FakeDNS, answer

ZONE = {
    "mail.test": {"MX": [(10, "mx.mail.test"), (20, "ok.mail.test")]},
    "ok.mail.test": {"A": "192.0.2.1"},
}
# A server that leaves the end of the alias to whoever asked.
ALIASES = {
    "onion.test": "hidden.onion",
    "invalid.test": "gone.invalid",
    "local.test": "x.localhost",
    "mx.mail.test": "printer.local",
}


@pytest.fixture(scope="module")
def dns():
    with FakeDNS(ZONE) as server:
        for name, target in ALIASES.items():
            server.script(name, None, answer(f"{name}. 60 IN CNAME {target}."))
        yield server


@pytest.mark.parametrize(
    ("domain", "status"),
    [
        ("onion.test", "no_domain"),
        ("invalid.test", "no_domain"),
        ("local.test", "refused"),
    ],
)
def test_a_domain_that_is_an_alias_there(dns, domain, status):
    with pymx.Resolver(dns.nameserver) as resolver:
        route = resolver.resolve(domain)
    assert (route.status, route.reason) == (status, "special_use")


def test_an_exchange_that_is_an_alias_there(dns):
    with pymx.Resolver(dns.nameserver) as resolver:
        route = resolver.resolve("mail.test")
    assert route.status == "ok"
    assert route.complete
    mx = route.exchanges[0]
    assert (mx.canonical, mx.status, mx.reason) == (
        "printer.local",
        "no_address",
        "special_use",
    )


def test_nothing_of_it_was_asked(dns):
    tops = {name.rpartition(".")[2] for name in dns.log.names()}
    assert tops <= {"test"}
