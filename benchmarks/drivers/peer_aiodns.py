# SPDX-License-Identifier: MIT
"""The newest aiodns and pycares, with the exchanges' answers in a dict or not."""

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import aiodns
import pycares

from benchmarks.check import Target
from benchmarks.drivers import work

STATUSES = {
    pycares.errno.ARES_ENOTFOUND: "no_domain",
    pycares.errno.ARES_ESERVFAIL: "server_failure",
    pycares.errno.ARES_ETIMEOUT: "timeout",
}
TYPES = {"A": pycares.QUERY_TYPE_A, "AAAA": pycares.QUERY_TYPE_AAAA}
BUFFER = 4 << 20  # octets: bursts overflow the usual ones, and then wait 3 s


class Finder:
    """Finds the targets of a domain."""

    def __init__(self, port: int, *, cache: bool) -> None:
        """Make a resolver that takes SERVFAIL for an answer, as pymx does."""
        resolver = aiodns.DNSResolver(
            nameservers=["127.0.0.1"],
            udp_port=port,
            tcp_port=port,
            timeout=3.0,
            tries=3,
            flags=pycares.ARES_FLAG_NOCHECKRESP | pycares.ARES_FLAG_NOSEARCH,
            socket_send_buffer_size=BUFFER,
            socket_receive_buffer_size=BUFFER,
        )
        self.query: Callable[[str, str], Awaitable[Any]] = resolver.query_dns
        self.cache: dict[tuple[str, str], Awaitable[Any]] | None = {} if cache else None

    def ask(self, host: str, rtype: str) -> Awaitable[Any]:
        """Ask, or share the answer that another domain asked for."""
        if self.cache is None:
            return self.query(host, rtype)
        answer = self.cache.get((host, rtype))
        if answer is None:
            answer = self.cache[host, rtype] = self.query(host, rtype)
        return answer

    async def addresses(self, host: str) -> list[str]:
        """Return the addresses of an exchange."""
        types = ("A", "AAAA")
        answers = await asyncio.gather(
            *(self.ask(host, rtype) for rtype in types), return_exceptions=True
        )
        return [
            record.data.addr
            for rtype, answer in zip(types, answers, strict=True)
            if not isinstance(answer, BaseException)
            for record in answer.answer
            if record.type == TYPES[rtype]
        ]

    async def find(self, domain: str) -> tuple[str, list[Target]]:
        """Return status and targets of a domain."""
        try:
            answer = await self.query(domain, "MX")
        except aiodns.error.DNSError as error:
            if error.args[0] != pycares.errno.ARES_ENODATA:
                return STATUSES.get(error.args[0], "error"), []
            exchanges = [(0, domain)]
        else:
            exchanges = work.in_order(
                (record.data.priority, record.data.exchange)
                for record in answer.answer
                if record.type == pycares.QUERY_TYPE_MX
            )
            if exchanges in ([(0, "")], [(0, ".")]):
                return "null_mx", []
        found = await asyncio.gather(*(self.addresses(host) for _, host in exchanges))
        targets = [
            (preference, host, address)
            for (preference, host), addresses in zip(exchanges, found, strict=True)
            for address in addresses
        ]
        return "ok" if targets else "no_address", targets


async def run(options: argparse.Namespace) -> None:
    """Look up all domains."""
    domains = iter(work.read_domains(options))
    meter = work.Meter(options.results)
    finder = Finder(options.port, cache=options.cache)

    async def look_up_next() -> None:
        for domain in domains:
            status, targets = await finder.find(domain)
            meter.keep(domain, status, targets)

    await asyncio.gather(*(look_up_next() for _ in range(options.in_flight)))
    versions = {
        "aiodns": aiodns.__version__,
        "pycares": pycares.__version__,
        "pycares's c-ares": pycares.ARES_VERSION,
    }
    meter.report(versions)


if __name__ == "__main__":
    asyncio.run(run(work.parser(__doc__, in_flight=500).parse_args()))
