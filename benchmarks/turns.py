# SPDX-License-Identifier: MIT
"""Measure contenders in turn, A B A B, and compare them pair by pair."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from statistics import median

from benchmarks.contenders import Contender, Sample
from benchmarks.process import BenchmarkError
from benchmarks.rig import Rig

Samples = dict[str, list[Sample]]


def take_turns(rig: Rig, contenders: Sequence[Contender]) -> Samples:
    """Verify all that can take part, then run them round by round.

    A machine drifts while one measures: only figures of one round are compared.
    """
    samples: Samples = {}
    for contender in contenders:
        try:
            contender.prepare(rig)
        except BenchmarkError as error:
            rig.warn(f"{contender.name}: {last_line(error)}")
            continue
        with _blamed(rig, samples, contender):
            contender.verify(rig)
            samples[contender.name] = []
    for number in range(rig.rounds):
        for contender in contenders:
            if contender.name in samples:
                with _blamed(rig, samples, contender):
                    sample = contender.measure(rig)
                    samples[contender.name].append(sample)
                    rig.say(
                        f"round {number + 1} of {rig.rounds}: {contender.name}: "
                        f"{sample.cost:.2f} us CPU a domain"
                    )
    return samples


@contextmanager
def _blamed(rig: Rig, samples: Samples, contender: Contender) -> Iterator[None]:
    """Who fails is out, and the whole run is a failure; the others go on."""
    try:
        yield
    except BenchmarkError as error:
        samples.pop(contender.name, None)
        rig.fault(f"{contender.name}: {error}")


def last_line(error: BenchmarkError) -> str:
    """Return the line of an error that says most."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return next((line for line in lines if "error: " in line), lines[-1])


def cost(samples: Sequence[Sample]) -> float:
    """Return microseconds of CPU for a domain, the median."""
    return median(sample.cost for sample in samples)


def ratio(samples: Samples, of: str, to: str) -> float | None:
    """Return how many times the CPU of another one takes, the median of the pairs.

    None when one of them did not take part.
    """
    if of not in samples or to not in samples:
        return None
    pairs = zip(samples[of], samples[to], strict=True)
    return median(own.cost / other.cost for own, other in pairs)
