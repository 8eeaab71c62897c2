# SPDX-License-Identifier: MIT
"""pymx: one lookup at a time, nothing else running; prints the seconds of each."""

import json
import resource
import sys
import time

from benchmarks.drivers import pymx_resolver, work


def main() -> None:
    """Look up all domains, without a cache."""
    parser = work.parser(__doc__, in_flight=1)
    pymx_resolver.add_options(parser)
    options = parser.parse_args()
    domains = work.read_domains(options)
    seconds, found = [], 0
    before = resource.getrusage(resource.RUSAGE_SELF)
    with pymx_resolver.make(options, cache_size=0) as resolver:
        for domain in domains:
            start = time.perf_counter()
            route = resolver.resolve(domain)
            seconds.append(time.perf_counter() - start)
            found += route.status == "ok"
    after = resource.getrusage(resource.RUSAGE_SELF)
    figures = {
        "seconds": seconds,
        "found": found,
        "user": after.ru_utime - before.ru_utime,
        "system": after.ru_stime - before.ru_stime,
    }
    json.dump(figures, sys.stdout)


if __name__ == "__main__":
    main()
