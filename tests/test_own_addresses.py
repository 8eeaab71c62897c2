# SPDX-License-Identifier: MIT
"""The addresses of this machine, and what they are for."""

import ipaddress
import re
from collections.abc import Callable
from pathlib import Path

import pymx
from pymx.testing import FakeDNS

NET = Path("/proc/net")


def test_loopback_is_among_them() -> None:
    assert "127.0.0.1" in pymx.own_addresses()


def test_each_is_there_once_ipv4_first() -> None:
    found = [ipaddress.ip_address(text) for text in pymx.own_addresses()]
    assert len(set(found)) == len(found)
    assert found == sorted(found, key=lambda address: (address.version, int(address)))


def test_text_is_what_a_resolver_takes() -> None:
    addresses = pymx.own_addresses()
    assert isinstance(addresses, tuple)
    assert addresses == tuple(str(ipaddress.ip_address(text)) for text in addresses)
    with pymx.Resolver("127.0.0.1", self_addresses=addresses):
        pass


def test_they_are_those_that_the_kernel_lists() -> None:
    # |-- 192.0.2.2, then on a line of its own /32 host LOCAL
    trie = (NET / "fib_trie").read_text()
    listed = set(re.findall(r"-- (\S+)\n\s+/32 host LOCAL", trie))
    ipv6 = NET / "if_inet6"  # not there without IPv6
    rows = ipv6.read_text().split()[::6] if ipv6.exists() else []
    listed |= {str(ipaddress.ip_address(bytes.fromhex(row))) for row in rows}
    assert set(pymx.own_addresses()) == listed


def test_we_find_ourselves_among_the_exchanges() -> None:
    zone = {
        "a.test": {"MX": [(10, "near.test"), (20, "us.test"), (30, "far.test")]},
        "near.test": {"A": "192.0.2.1"},
        "us.test": {"A": "127.0.0.1"},
        "far.test": {"A": "192.0.2.3"},
    }
    with (
        FakeDNS(zone) as dns,
        pymx.Resolver(
            dns.nameserver, self_addresses=pymx.own_addresses(), addresses="any"
        ) as resolver,
    ):
        route = resolver.resolve("a.test")
    assert [target.address for target in route.targets] == ["192.0.2.1"]


def test_the_fault_of_the_system_is_told(child: Callable[[str], str]) -> None:
    told = child(
        """
        import resource, pymx
        resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
        try:
            pymx.own_addresses()
        except OSError as error:
            print(error)
        """
    )
    assert told == (
        "[Errno 24] cannot list the addresses of this machine: Too many open files\n"
    )
