# SPDX-License-Identifier: MIT
"""Make what is measured: programs of native/, peers from PyPI, the world's files."""

import hashlib
import json
import os
import shlex
import shutil
import subprocess
import sys
from collections import Counter
from itertools import islice
from pathlib import Path

from benchmarks import wire
from benchmarks.check import Tally, expected_tally
from benchmarks.process import ROOT, BenchmarkError
from benchmarks.world import World

BUILD = ROOT / "build" / "benchmarks"
NATIVE = ROOT / "benchmarks" / "native"
FLAGS = [
    *("-std=c11", "-O2", "-g", "-Wall", "-Wextra", "-Wconversion", "-Wshadow"),
    *("-Wstrict-prototypes", "-Wmissing-prototypes", "-Wvla", "-Werror"),
    *("-DNDEBUG", f"-I{ROOT / 'ext'}"),
]
CORE = ROOT / "ext" / "core"
# Program: its sources, its libraries.
PROGRAMS: dict[str, tuple[list[Path], list[str]]] = {
    "fastdns": (sorted(NATIVE.glob("fastdns*.c")), []),
    "rawlimit": (sorted(NATIVE.glob("rawlimit*.c")), []),
    "peer_adns": ([NATIVE / "peer_adns.c"], ["-ladns"]),
    "idle_cares": ([NATIVE / "idle_cares.c"], ["-lcares"]),
    "order_core": (
        [NATIVE / "order_core.c", CORE / "order.c", CORE / "rng.c"],
        [],
    ),
}
PEERS = ("aiodns", "dnspython")


def execute(*command: object, **environment: str) -> None:
    """Run what makes something; raises BenchmarkError with what it said."""
    words = [str(word) for word in command]
    env = {**os.environ, **environment}
    done = subprocess.run(words, cwd=ROOT, env=env, capture_output=True, text=True)
    if done.returncode != 0:
        raise BenchmarkError(f"{' '.join(words)}:\n{done.stdout}{done.stderr}")


def program(name: str, folder: Path = BUILD) -> Path:
    """Compile a program unless it is newer than its sources; return its path."""
    sources, libraries = PROGRAMS[name]
    made = folder / name
    newest = max(f.stat().st_mtime for f in [*sources, *NATIVE.glob("*.h")])
    if not made.exists() or made.stat().st_mtime < newest:
        folder.mkdir(parents=True, exist_ok=True)
        compiler = shlex.split(os.environ.get("CC", "cc"))
        execute(*compiler, *FLAGS, "-o", made, *sources, *libraries)
    return made


def peers() -> Path:
    """Return a Python that has the newest peers, as of the first time."""
    folder = BUILD / "peers"
    python = folder / "bin" / "python"
    stamp = folder / ".installed"
    if not stamp.exists():
        execute(sys.executable, "-m", "venv", "--clear", folder)
        execute(python, "-m", "pip", "--quiet", "install", "--upgrade", *PEERS)
        stamp.touch()
    return python


def massdns() -> Path:
    """Return the massdns that is on PATH."""
    found = shutil.which("massdns")
    if found is None:
        raise BenchmarkError("massdns is not on PATH")
    return Path(found)


class Files:
    """The files of a world in the folder of the build, made when they are asked for."""

    def __init__(self, count: int, seed: int = 1, build: Path = BUILD) -> None:
        """Name the folder by all that the files depend on."""
        self.world = World(count, seed)
        sources = (
            Path(__file__).with_name(name)
            for name in ("world.py", "wire.py", "check.py")
        )
        text = b"".join(source.read_bytes() for source in sources)
        digest = hashlib.sha256(text).hexdigest()[:8]
        self.folder = build / f"world-{count}-{seed}-{digest}"
        self.folder.mkdir(parents=True, exist_ok=True)

    def _made(self, name: str) -> tuple[Path, Path]:
        return self.folder / name, self.folder / f"{name}.part"

    def _drop_former(self) -> None:
        name = self.folder.name.rpartition("-")[0]
        for former in self.folder.parent.glob(f"{name}-*"):
            if former != self.folder:
                shutil.rmtree(former)

    @property
    def answers(self) -> Path:
        """The file that fastdns serves."""
        made, part = self._made("world.bin")
        if not made.exists():
            self._drop_former()
            with part.open("wb") as file:
                wire.write(self.world, file)
            part.rename(made)
        return made

    @property
    def domains(self) -> Path:
        """One domain a line."""
        made, part = self._made("domains")
        if not made.exists():
            with part.open("w") as file:
                file.writelines(f"{domain.name}\n" for domain in self.world)
            part.rename(made)
        return made

    def first(self, count: int) -> Path:
        """Return a file of so many domains."""
        if count == self.world.count:
            return self.domains
        made, part = self._made(f"domains-{count}")
        if not made.exists():
            with self.domains.open() as file, part.open("w") as to:
                to.writelines(islice(file, count))
            part.rename(made)
        return made

    def shortest(self, count: int) -> Path:
        """Return so many domains whose one exchange is their own: the least work."""
        made, part = self._made(f"shortest-{count}")
        if not made.exists():
            names = [
                d.name for d in self.world if len(d.exchanges) == 1 and d.kind == "own"
            ]
            part.write_text("".join(f"{name}\n" for name in names[:count]))
            part.rename(made)
        return made

    def questions(self, count: int, *, cached: bool) -> Path:
        """Return what must be asked for so many domains, "name type" a line.

        `cached`: each question once, in the order of the first time.
        """
        made, part = self._made(f"{'unique' if cached else 'all'}-{count}")
        if not made.exists():
            seen: set[tuple[str, str]] = set()
            with part.open("w") as file:
                for domain in World(count, self.world.seed):
                    for question in domain.questions():
                        if not cached or question not in seen:
                            file.write("{} {}\n".format(*question))
                            seen.add(question)
            part.rename(made)
        return made

    def hosts(self, count: int) -> Path:
        """Return the hosts whose addresses are asked for, each once."""
        made, part = self._made(f"hosts-{count}")
        if not made.exists():
            questions = self.questions(count, cached=True).read_text().splitlines()
            names = [q.removesuffix(" A") for q in questions if q.endswith(" A")]
            part.write_text("".join(f"{name}\n" for name in names))
            part.rename(made)
        return made

    def tally(self, count: int) -> Tally:
        """Return what a resolver must find for so many domains."""
        made, part = self._made(f"tally-{count}.json")
        if not made.exists():
            tally = expected_tally(World(count, self.world.seed))
            part.write_text(json.dumps(vars(tally)))
            part.rename(made)
        told = json.loads(made.read_text())
        statuses, records = Counter(told["statuses"]), Counter(told["records"])
        return Tally(statuses, told["targets"], told["aliased"], records)
