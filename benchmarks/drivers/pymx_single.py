# SPDX-License-Identifier: MIT
"""pymx: ``await resolver.resolve(domain)`` in many tasks of asyncio."""

import argparse
import asyncio

from benchmarks.drivers import pymx_resolver, work
from pymx import aio


async def run(options: argparse.Namespace) -> None:
    """Look up all domains, one a task at a time."""
    domains = iter(work.read_domains(options))
    meter = work.Meter(options.results)

    async def look_up_next(resolver: aio.Resolver) -> None:
        for domain in domains:
            route = await resolver.resolve(domain)
            if meter.wants_results:
                meter.keep(domain, route.status, pymx_resolver.targets_of(route))
            else:
                meter.tally.add(route.status, len(route.targets))

    async with aio.Resolver(**pymx_resolver.settings(options)) as resolver:
        await asyncio.gather(
            *(look_up_next(resolver) for _ in range(options.in_flight))
        )
        stats = resolver.stats()
    meter.report(pymx_resolver.VERSIONS, stats=stats)


if __name__ == "__main__":
    own = work.parser(__doc__, in_flight=500)
    pymx_resolver.add_options(own)
    asyncio.run(run(own.parse_args()))
