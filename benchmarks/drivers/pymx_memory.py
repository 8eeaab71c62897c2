# SPDX-License-Identifier: MIT
"""pymx: memory of a long run whose input is read line by line and nothing is kept."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from benchmarks.drivers import work

STATUS = Path("/proc/self/status")


def memory(key: str) -> int:
    """Return octets: VmRSS, in use now; VmHWM, the most there ever was."""
    for line in STATUS.read_text().splitlines():
        if line.startswith(key + ":"):
            return int(line.split()[1]) * 1024
    raise SystemExit(f"{STATUS} has no {key}")


def lines(path: Path, count: int) -> Iterator[str]:
    """Yield the domains without holding them."""
    with path.open() as file:
        for line in islice(file, count):
            yield line.rstrip()


def main() -> None:
    """Look up all domains; print the memory before, after a tenth, at the end."""
    parser = work.parser(__doc__, in_flight=10_000)
    parser.add_argument("--transport")
    parser.add_argument("--cache-size", type=int)
    options = parser.parse_args()
    figures = {"idle": memory("VmRSS")}
    # Not before: what the import takes is pymx's too.
    from benchmarks.drivers import pymx_resolver

    figures["imported"] = memory("VmRSS")
    meter = work.Meter()
    with pymx_resolver.make(options) as resolver:
        routes = resolver.resolve_many(lines(options.domains, options.count))
        for done, route in enumerate(routes, start=1):
            meter.tally.add(route.status, len(route.targets))
            if done == options.count // 10:
                figures["tenth"] = memory("VmRSS")
                figures["tenth_peak"] = memory("VmHWM")
        figures.update(end=memory("VmRSS"), peak=memory("VmHWM"))
    meter.report({}, **figures)


if __name__ == "__main__":
    main()
