# SPDX-License-Identifier: MIT
"""The C tests, linked with one changed file instead of the real one."""

import resource
import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CORE_TESTS = ROOT / "tests" / "core"
MEMORY = 2 << 30
# A mutant that only a diagnostic stops is none: swapped arguments of different types.
COMPILE = [
    "-std=c11",
    "-O0",
    "-DMX_DEBUG",
    "-UNDEBUG",
    "-Werror=discarded-qualifiers",
    "-Werror=implicit-function-declaration",
    "-Werror=incompatible-pointer-types",
    "-Werror=int-conversion",
]


class Failure(Exception):
    """The tests cannot be built, or fail without any change."""


@dataclass(frozen=True, slots=True)
class Run:
    """What became of a test program."""

    passed: bool
    output: str


def limit_resources() -> None:
    """Bound what this process and its children take: some mutants allocate for ever."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _flags(*arguments: str) -> list[str]:
    done = subprocess.run(
        ["pkg-config", *arguments, "libcares", "cmocka"],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split()


class Bench:
    """Object files of core and tests, compiled once, and a folder to work in."""

    def __init__(self, folder: Path, tests: list[str], time_limit: float) -> None:
        self.folder = folder
        self.tests = tests
        self.time_limit = time_limit
        self.objects = folder / "core-plain"
        self.archive = folder / "core.a"
        self.cflags = [*COMPILE, "-I", str(ROOT / "ext"), *_flags("--cflags")]
        self.libraries = [*_flags("--libs"), "-lpthread"]

    def build(self) -> None:
        """Compile everything as it is, and see it pass."""
        command = ["make", "--no-print-directory", "-j2", "-C", str(CORE_TESTS)]
        variables = [
            "VARIANT=plain",
            f"BUILD={self.folder}",
            f"T={' '.join(self.tests)}",
            "CFLAGS=-O0 -g0",
        ]
        done = subprocess.run(
            [*command, *variables, "programs"], capture_output=True, text=True
        )
        if done.returncode != 0:
            raise Failure(done.stderr)
        self.archive.unlink(missing_ok=True)
        members = sorted(self.objects.glob("core/*.o"))
        members += [
            path
            for path in sorted(self.objects.glob("tests/*.o"))
            if not path.name.startswith("test_")
        ]
        subprocess.run(["ar", "rcs", self.archive, *members], check=True)
        for test in self.tests:
            run = self.run(self.objects / test)
            if not run.passed:
                raise Failure(f"{test} fails without any change:\n{run.output}")

    def compile(self, source: str, folder: Path) -> Path | None:
        """Return the object of a changed file, None when it does not compile."""
        folder.mkdir(parents=True, exist_ok=True)
        changed, compiled = folder / "mutant.c", folder / "mutant.o"
        changed.write_text(source)
        done = subprocess.run(
            ["cc", *self.cflags, "-c", "-o", compiled, changed], capture_output=True
        )
        return compiled if done.returncode == 0 else None

    def link(self, test: str, compiled: Path) -> Path:
        """Link a test with the changed file: what is there is not taken anew."""
        program = compiled.parent / test
        first = self.objects / "tests" / f"{test}.o"
        subprocess.run(
            ["cc", "-o", program, first, compiled, self.archive, *self.libraries],
            check=True,
        )
        return program

    def run(self, program: Path) -> Run:
        """Run a test program; one that hangs has failed."""
        try:
            done = subprocess.run(
                [program],
                cwd=CORE_TESTS,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=self.time_limit,
            )
        except subprocess.TimeoutExpired as e:
            return Run(False, (e.output or b"").decode(errors="replace"))
        return Run(done.returncode == 0, done.stdout.decode(errors="replace"))

    def try_out(self, source: str, folder: Path, tests: list[str]) -> Run | None:
        """Run tests against a changed file; return the first that fails, or the last.

        None when it does not compile.
        """
        compiled = self.compile(source, folder)
        if compiled is None:
            return None
        for test in tests:
            run = self.run(self.link(test, compiled))
            if not run.passed:
                break
        return run
