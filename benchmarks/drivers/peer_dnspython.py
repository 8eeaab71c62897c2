# SPDX-License-Identifier: MIT
"""The newest dnspython in threads, with the exchanges' addresses in a dict or not."""

import argparse
from concurrent.futures import ThreadPoolExecutor

import dns.exception
import dns.resolver
import dns.version

from benchmarks.check import Target
from benchmarks.drivers import work


class Finder:
    """Finds the targets of a domain; for any number of threads."""

    def __init__(self, port: int, *, cache: bool) -> None:
        """Make a resolver."""
        self.resolver = dns.resolver.Resolver(configure=False)
        self.resolver.nameservers = ["127.0.0.1"]
        self.resolver.port = port
        self.resolver.timeout, self.resolver.lifetime = 3, 9
        self.cache: dict[tuple[str, str], list[str]] | None = {} if cache else None

    def addresses(self, host: str, rtype: str) -> list[str]:
        """Return the addresses of an exchange."""
        if self.cache is not None and (host, rtype) in self.cache:
            return self.cache[host, rtype]
        try:
            found = [record.address for record in self.resolver.resolve(host, rtype)]
        except dns.exception.DNSException:
            found = []
        if self.cache is not None:
            self.cache[host, rtype] = found
        return found

    def find(self, domain: str) -> tuple[str, str, list[Target]]:
        """Return the domain, its status and targets."""
        try:
            exchanges = work.in_order(
                (record.preference, record.exchange.to_text(omit_final_dot=True))
                for record in self.resolver.resolve(domain, "MX")
            )
        except dns.resolver.NoAnswer:
            exchanges = [(0, domain)]
        except dns.resolver.NXDOMAIN:
            return domain, "no_domain", []
        except dns.resolver.NoNameservers:
            return domain, "server_failure", []
        except dns.exception.DNSException:
            return domain, "error", []
        if exchanges in ([(0, "")], [(0, ".")]):
            return domain, "null_mx", []
        targets = [
            (preference, host, address)
            for preference, host in exchanges
            for rtype in ("A", "AAAA")
            for address in self.addresses(host, rtype)
        ]
        return domain, "ok", targets


def run(options: argparse.Namespace) -> None:
    """Look up all domains."""
    domains = work.read_domains(options)
    meter = work.Meter(options.results)
    finder = Finder(options.port, cache=options.cache)
    with ThreadPoolExecutor(options.in_flight) as pool:
        for found in pool.map(finder.find, domains):
            meter.keep(*found)
    meter.report({"dnspython": dns.version.version})


if __name__ == "__main__":
    run(work.parser(__doc__, in_flight=64).parse_args())
