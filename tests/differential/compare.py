# SPDX-License-Identifier: MIT
"""Compare our reader of answers with dnspython, message by message.

python tests/differential/compare.py build/differential/reader --count 100000
"""

import argparse
import concurrent.futures
import random
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import dns.version
from differential.answers import Answer, Case, parse
from differential.differences import DIFFERENCES, find
from differential.mutations import family
from differential.oracle import look
from differential.replies import reply

SEED = 20_261_123
BATCH = 2_500  # messages a run of the reader
SHOWN = 5


@dataclass
class Outcome:
    """Of a number of messages."""

    kinds: Counter[str] = field(default_factory=Counter)
    differences: Counter[str] = field(default_factory=Counter)
    refused: int = 0  # by dnspython
    final_though_refused: int = 0
    unlisted: list[str] = field(default_factory=list)

    def add(self, other: "Outcome") -> None:
        """Take in another one."""
        self.kinds += other.kinds
        self.differences += other.differences
        self.refused += other.refused
        self.final_though_refused += other.final_though_refused
        self.unlisted += other.unlisted


def generate(seed: int, count: int) -> list[Case]:
    """Return this many cases, the same for the same seed."""
    rng = random.Random(seed)
    cases: list[Case] = []
    while len(cases) < count:
        draft = reply(rng)
        cases += [Case(draft.question, message) for message in family(rng, draft)]
    return cases[:count]


def read_ours(reader: Path, cases: list[Case]) -> list[Answer]:
    """Return what ext/core says of the cases."""
    done = subprocess.run(
        [reader], input=b"".join(c.encode() for c in cases), capture_output=True
    )
    if done.returncode != 0:
        raise SystemExit(f"{reader} failed:\n{done.stderr.decode()}")
    answers = [parse(line) for line in done.stdout.decode().splitlines()]
    if len(answers) != len(cases):
        raise SystemExit(f"{reader} answered {len(answers)} of {len(cases)} questions")
    return answers


def describe(case: Case, ours: Answer, theirs: Answer, refusal: str) -> str:
    """Return what somebody needs who is to understand a difference."""
    return "\n".join(
        (
            f"question  {case.question}",
            f"message   {case.message.hex()}",
            f"ours      {ours}",
            f"dnspython {theirs}{refusal and f' ({refusal})'}",
        )
    )


def compare(cases: list[Case], answers: list[Answer]) -> Outcome:
    """Hold our answers against the oracle's."""
    outcome = Outcome()
    for case, ours in zip(cases, answers, strict=True):
        view = look(case)
        theirs = view.answer
        outcome.kinds[f"{ours.kind}, {ours.reason}"] += 1
        outcome.refused += view.refusal != ""
        if ours == theirs:
            continue
        difference = find(case, ours, theirs)
        if difference is None:
            outcome.unlisted.append(describe(case, ours, theirs, view.refusal))
            continue
        outcome.differences[difference.name] += 1
        outcome.final_though_refused += view.refusal != "" and ours.is_costly
    return outcome


def run_batch(reader: Path, seed: int, count: int) -> Outcome:
    """Make one batch of messages and compare."""
    cases = generate(seed, count)
    return compare(cases, read_ours(reader, cases))


def run(reader: Path, seed: int, count: int, jobs: int = 1) -> Outcome:
    """Compare this many messages, in processes side by side if told so."""
    sizes = [min(BATCH, count - at) for at in range(0, count, BATCH)]
    seeds = [seed * 1_000_000 + i for i in range(len(sizes))]
    total = Outcome()
    if jobs == 1:
        for arguments in zip(seeds, sizes, strict=True):
            total.add(run_batch(reader, *arguments))
        return total
    with concurrent.futures.ProcessPoolExecutor(jobs) as pool:
        for outcome in pool.map(run_batch, [reader] * len(sizes), seeds, sizes):
            total.add(outcome)
    return total


def report(outcome: Outcome) -> str:
    """Return the figures of a run as text."""
    lines = ["what our reader said:"]
    lines += [f"{n:8,}  {kind}" for kind, n in outcome.kinds.most_common()]
    lines.append(f"{outcome.refused:8,}  refused by dnspython {dns.version.version}")
    lines.append("listed differences:")
    for difference in DIFFERENCES:
        count = outcome.differences[difference.name]
        lines.append(f"{count:8,}  {difference.name}: {difference.why}")
        lines.append(f"{'':10}({difference.source})")
    lines.append(
        f"{outcome.final_though_refused:8,}  of these are final: no records, no "
        "domain or null MX"
    )
    lines.append(f"unlisted differences: {len(outcome.unlisted)}")
    return "\n".join(lines)


def main() -> int:
    """Run from the command line; 1 when a difference is not listed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("reader", type=Path, help="the program made of reader.c")
    parser.add_argument("--count", type=int, default=100_000, help="messages")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("-j", "--jobs", type=int, default=2, help="processes")
    options = parser.parse_args()
    start = time.monotonic()
    outcome = run(options.reader, options.seed, options.count, options.jobs)
    print(f"{options.count:,} messages, seed {options.seed}")
    print(report(outcome))
    for text in outcome.unlisted[:SHOWN]:
        print(f"\n{text}")
    print(f"{time.monotonic() - start:.1f} s")
    return 1 if outcome.unlisted else 0


if __name__ == "__main__":
    sys.exit(main())
