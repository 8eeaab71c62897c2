# SPDX-License-Identifier: MIT
"""The option transport: who has the sockets.

That all of them come to the same is in test_scenarios.py.
"""

from collections.abc import Iterator

import pytest

import pymx
from pymx.testing import FakeDNS, truncate

LOOKUPS = 100
OWN_PORTS = 64  # that pymx's datagrams are sent from, in rotation
ADDRESS = "192.0.2.1"
ZONE = {f"d{i}.example": {"A": ADDRESS} for i in range(LOOKUPS)}


@pytest.fixture
def dns() -> Iterator[FakeDNS]:
    """Yield a server for domains that are their own mail hosts."""
    with FakeDNS(ZONE) as server:
        yield server


@pytest.mark.parametrize(
    ("transport", "least", "most"),
    # c-ares gives up a port when nothing is awaited on it.
    [("auto", 2, OWN_PORTS), ("c-ares", OWN_PORTS + 1, 3 * LOOKUPS)],
)
def test_ports(dns: FakeDNS, transport: str, least: int, most: int) -> None:
    with pymx.Resolver(
        [dns.nameserver], family="ipv4", addresses="any", transport=transport
    ) as resolver:
        for i in range(LOOKUPS):
            route = resolver.resolve(f"d{i}.example")
            assert [target.address for target in route.targets] == [ADDRESS]
    ports = {question.client[1] for question in dns.log}
    assert least <= len(ports) <= most
    assert {question.transport for question in dns.log} == {"udp"}


@pytest.mark.parametrize("transport", ["auto", "c-ares"])
def test_truncation(dns: FakeDNS, transport: str) -> None:
    dns.script("d0.example", None, truncate())
    with pymx.Resolver([dns.nameserver], transport=transport) as resolver:
        route = resolver.resolve("d0.example")
    assert [target.address for target in route.targets] == [ADDRESS]
    over_tcp = [question for question in dns.log if question.transport == "tcp"]
    assert {question.type for question in over_tcp} == {"MX", "A", "AAAA"}
    assert len({question.client for question in over_tcp}) == 1  # one connection
