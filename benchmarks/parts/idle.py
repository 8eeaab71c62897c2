# SPDX-License-Identifier: MIT
"""How long one lookup takes when nothing else runs: MX, then A and AAAA."""

from statistics import median

from benchmarks import build
from benchmarks.contenders import Driver
from benchmarks.goals import Figure
from benchmarks.process import run
from benchmarks.rig import Rig

LOOKUPS = 1000
TIMEOUT = 60.0


def measure(rig: Rig) -> list[Figure]:
    """Compare with c-ares from C, by time."""
    lookups = min(LOOKUPS, rig.domains // 10)
    domains = rig.files.shortest(lookups)
    port = str(rig.datagrams.port)
    c_ares = [build.program("idle_cares", rig.folder), port, domains]
    pymx = Driver("pymx, idle", lookups, 1, "pymx_idle")
    pairs = []
    for _ in range(rig.rounds):
        figures = []
        for done in (pymx.run(rig, domains=domains), run(c_ares, timeout=TIMEOUT)):
            told = done.json()
            pymx.compare(rig, told["found"], lookups)
            figures.append(median(told["seconds"]))
        pairs.append(figures)
    ratios = [own / other for own, other in pairs]
    own, other = (median(column) * 1e6 for column in zip(*pairs, strict=True))
    note = f"{own:.0f} against {other:.0f} us"
    rig.say(f"one lookup: {note}")
    return [Figure("idle", median(ratios), note)]
