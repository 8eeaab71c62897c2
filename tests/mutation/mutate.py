# SPDX-License-Identifier: MIT
"""How many small errors in the core do its tests notice?

    python tests/mutation/mutate.py --limit 400 ext/core/order.c

makes mutants of C files, one change at a time, links each with the tests and prints
those that pass them all. A mutant that hangs is noticed; one that does not compile is
none.

    python tests/mutation/mutate.py --rules tests/scenarios/removals.toml

takes out one rule at a time, as the file says, and demands that a scenario of that very
rule fails.
"""

import argparse
import random
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from lint.layers import LAYERS, module_of, sources
from mutation.bench import ROOT, Bench, Failure, limit_resources
from mutation.operators import Mutant, mutants_of
from mutation.removals import SCENARIOS, Removal, read_removals

# What decides about a route: the layers of order and lookup, and what they stand on.
MODULES = f"{LAYERS['order']} {LAYERS['lookup']} address answer chain self".split()
TESTS = (
    f"{SCENARIOS} test_lookup test_lookup_order test_lookup_ranks test_lookup_trace "
    "test_order test_self test_address test_answer test_answer_damage test_chain"
)

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_parallel(
    jobs: int, work: Callable[[Item, Path], Result], items: Iterable[Item], folder: Path
) -> Iterable[Result]:
    """Yield what `work` makes of the items, in order; each thread has a folder."""
    mine = threading.local()

    def run(item: Item) -> Result:
        if not hasattr(mine, "folder"):
            mine.folder = folder / f"mutant-{threading.get_ident()}"
        return work(item, mine.folder)

    with ThreadPoolExecutor(jobs) as pool:
        yield from pool.map(run, items)


def sample(paths: list[Path], seed: int, limit: int) -> list[Mutant]:
    """Return at most `limit` mutants, the same for the same seed, ordered by place."""
    everything = [m for path in paths for m in mutants_of(path, read(path))]
    if 0 < limit < len(everything):
        everything = random.Random(seed).sample(everything, limit)
    return sorted(everything, key=lambda m: (m.path, m.start, m.text))


def read(path: Path) -> str:
    """Return a source file of the project."""
    return (ROOT / path).read_text()


def run_mutants(bench: Bench, mutants: list[Mutant], jobs: int) -> int:
    """Print survivors and the share caught per file; return how many survived."""

    def is_caught(mutant: Mutant, folder: Path) -> bool | None:
        source = mutant.apply(read(mutant.path))
        run = bench.try_out(source, folder, bench.tests)
        return None if run is None else not run.passed

    made: Counter[Path] = Counter()
    caught: Counter[Path] = Counter()
    results = in_parallel(jobs, is_caught, mutants, bench.folder)
    for mutant, result in zip(mutants, results, strict=True):
        if result is None:
            continue
        made[mutant.path] += 1
        caught[mutant.path] += result
        if not result:
            print(mutant.describe(read(mutant.path)), flush=True)
    print(f"\n{'caught':>8} {'of':>6} {'share':>7}")
    for path in sorted(made):
        print(share(caught[path], made[path]), path)
    print(share(caught.total(), made.total()), "all, by", " ".join(bench.tests))
    return made.total() - caught.total()


def share(part: int, whole: int) -> str:
    """Return a row of the table."""
    return f"{part:8} {whole:6} {part / max(whole, 1):7.1%}"


def run_removals(bench: Bench, removals: list[Removal], jobs: int) -> int:
    """Print what happens without each rule; return how many nobody misses."""

    def judge(removal: Removal, folder: Path) -> str:
        source = removal.apply(read(removal.file))
        return removal.verdict(bench.try_out(source, folder, [removal.test]))

    noticed = 0
    results = in_parallel(jobs, judge, removals, bench.folder)
    for removal, verdict in zip(removals, results, strict=True):
        noticed += verdict.startswith("ok")
        print(f"{removal.rule:6} {removal.what}: {verdict}", flush=True)
    print(f"{noticed} of {len(removals)} removals break what their rule promises")
    return len(removals) - noticed


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", nargs="*", type=Path, help="C files to change")
    parser.add_argument("--rules", type=Path, help="take out rules instead")
    parser.add_argument("--tests", default=TESTS, help="programs, with blanks")
    parser.add_argument("--seed", type=int, default=1, help="of the sample")
    parser.add_argument("--limit", type=int, default=0, help="mutants, 0 for all")
    parser.add_argument("--time-limit", type=float, default=10.0, help="in seconds")
    parser.add_argument("-j", "--jobs", type=int, default=2, help="at the same time")
    options = parser.parse_args()
    files = options.files or [
        path.relative_to(ROOT)
        for path in sources(ROOT, "*.c")
        if module_of(path.stem) in MODULES
    ]
    limit_resources()
    try:
        removals = read_removals(options.rules) if options.rules else []
        tests = sorted({r.test for r in removals}) or options.tests.split()
        bench = Bench(ROOT / "build" / "mutation", tests, options.time_limit)
        bench.build()
        if removals:
            return 1 if run_removals(bench, removals, options.jobs) else 0
        mutants = sample(files, options.seed, options.limit)
        run_mutants(bench, mutants, options.jobs)
    except (Failure, OSError) as e:
        parser.exit(2, f"{parser.prog}: {e}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
