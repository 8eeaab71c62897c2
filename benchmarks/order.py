# SPDX-License-Identifier: MIT
"""What the ordering of exchanges costs, beside Python's own means.

    make bench
    python -m benchmarks.order build/benchmarks/order_core      # this alone

All contenders order the same lists, in turns, several rounds; the figures are medians.
"C alone" is what a lookup does; `pymx.order` adds a call from Python and a new list,
which `list(pairs)` costs too.
"""

import argparse
import json
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import groupby
from operator import itemgetter
from pathlib import Path

import pymx

Pair = tuple[int, str]
Order = Callable[[list[Pair]], list[Pair]]

SIZES = (1, 3, 5, 20)
LISTS = 32  # of each size, so that no processor knows what comes
PREFERENCES = (5, 10, 10, 20, 30)
preference_of = itemgetter(0)


def shuffle_and_sort(pairs: list[Pair]) -> list[Pair]:
    """Order as one would write it first."""
    ordered = list(pairs)
    random.shuffle(ordered)
    ordered.sort(key=preference_of)
    return ordered


def group_and_shuffle(pairs: list[Pair]) -> list[Pair]:
    """Order as the RFC says it."""
    ordered: list[Pair] = []
    for _, equals in groupby(sorted(pairs, key=preference_of), preference_of):
        group = list(equals)
        random.shuffle(group)
        ordered += group
    return ordered


PYMX = "pymx.order"
CORE = "C alone"
BASE = "random.shuffle, sort"
CONTENDERS: dict[str, Order] = {
    BASE: shuffle_and_sort,
    "groups, random.shuffle": group_and_shuffle,
    PYMX: pymx.order,
    "list(pairs)": list,
}


def make_lists(size: int) -> list[list[Pair]]:
    """Return lists of exchanges, the same in every run."""
    rng = random.Random(size)
    return [
        [(rng.choice(PREFERENCES), f"mx{i}.example") for i in range(size)]
        for _ in range(LISTS)
    ]


def time_python(order: Order, lists: list[list[Pair]], rounds: int) -> float:
    """Return nanoseconds for one list."""
    start = time.perf_counter_ns()
    for _ in range(rounds):
        for pairs in lists:
            order(pairs)
    return (time.perf_counter_ns() - start) / (rounds * len(lists))


def time_core(program: Path, lists: list[list[Pair]], rounds: int) -> float:
    """Return nanoseconds for one list, as order_core.c measures them."""
    words: list[str] = []
    for pairs in lists:
        words += [",", *(str(preference) for preference, _ in pairs)]
    done = subprocess.run(
        [program, str(rounds), *words[1:]], capture_output=True, text=True, check=True
    )
    return float(done.stdout)


def measure(
    program: Path, size: int, rounds: int, repeats: int
) -> dict[str, list[float]]:
    """Return the figures of each contender, one for each repetition."""
    lists = make_lists(size)
    figures: dict[str, list[float]] = {name: [] for name in [*CONTENDERS, CORE]}
    for _ in range(repeats):
        for name, order in CONTENDERS.items():
            figures[name].append(time_python(order, lists, rounds))
        figures[CORE].append(time_core(program, lists, 20 * rounds))
    return figures


def times(base: list[float], own: list[float]) -> float:
    """Return how many times faster it is, the median of the pairs."""
    pairs = zip(base, own, strict=True)
    return statistics.median(slow / fast for slow, fast in pairs)


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="What the ordering costs.")
    parser.add_argument("program", type=Path, help="made of order_core.c")
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--repeats", type=int, default=25)
    parser.add_argument("--json", type=int, metavar="SIZE", help="only lists so long")
    options = parser.parse_args()
    if options.json:
        figures = measure(
            options.program, options.json, options.rounds, options.repeats
        )
        told = {
            name: {"ns": statistics.median(own), "times": times(figures[BASE], own)}
            for name, own in figures.items()
        }
        print(json.dumps(told))
        return 0
    print(f"nanoseconds for one list, median of {options.repeats}; times {BASE!r}")
    print(f"{'exchanges':24}" + "".join(f"{size:>18}" for size in SIZES))
    table: dict[str, str] = {}
    for size in SIZES:
        figures = measure(options.program, size, options.rounds, options.repeats)
        for name, own in figures.items():
            ratio = times(figures[BASE], own)
            cell = f"{statistics.median(own):,.1f} {ratio:6.1f} x"
            table[name] = table.get(name, f"{name:24}") + f"{cell:>18}"
    print("\n".join(table.values()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
