# SPDX-License-Identifier: MIT
"""pymx: ``for route in resolver.resolve_many(domains)``."""

import argparse

from benchmarks.drivers import pymx_resolver, work


def run(options: argparse.Namespace) -> None:
    """Look up all domains; every route's status and targets are looked at."""
    domains = work.read_domains(options)
    meter = work.Meter(options.results)
    add = meter.tally.add
    with pymx_resolver.make(options) as resolver:
        if meter.wants_results:
            for route in resolver.resolve_many(domains):
                targets = pymx_resolver.targets_of(route)
                meter.keep(str(route.input), route.status, targets)
        else:
            for route in resolver.resolve_many(domains):
                add(route.status, len(route.targets))
        stats = resolver.stats()
    meter.report(pymx_resolver.VERSIONS, stats=stats)


if __name__ == "__main__":
    own = work.parser(__doc__, in_flight=1000)
    pymx_resolver.add_options(own)
    run(own.parse_args())
