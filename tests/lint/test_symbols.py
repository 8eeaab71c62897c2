# SPDX-License-Identifier: MIT
"""What the compiled core needs and offers, whatever its sources say.

Each rule takes the symbols of the object files and returns its violations as text; the
second half of this file compiles violations and expects the rule to find them.
"""

import importlib.util
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from lint.layers import ROOT, is_decision, layer_of, module_of, sources

# Besides the core itself, a decision may call only these: none reads a clock, a file, a
# socket, the locale or the environment.
PURE = frozenset(
    {
        *("memchr", "memcmp", "memcpy", "memmove", "memset"),
        *("strchr", "strcmp", "strlen", "strncmp", "snprintf", "vsnprintf"),
        *("inet_ntop", "inet_pton", "bsearch", "qsort"),
        *("__assert_fail", "__stack_chk_fail", "_GLOBAL_OFFSET_TABLE_"),
    }
)
# These of the core's leaves look at the machine.
IMPURE = frozenset(
    {
        *("mx_clock_now", "mx_clock_system"),
        *("mx_rng_seed_system", "mx_rng_system_bytes"),
    }
)


@dataclass(frozen=True)
class Symbols:
    """The external symbols of a binary."""

    defined: frozenset[str]
    needed: frozenset[str]


def run(*command: str, cwd: Path | None = None) -> str:
    """Run a command that must succeed and return its output."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def read_symbols(binary: Path, *options: str) -> Symbols:
    """Read the external symbols of an object file or a shared library."""
    listing = run("nm", "--extern-only", "--portability", *options, str(binary))
    kinds = dict(line.split()[:2] for line in listing.splitlines())
    needed = frozenset(name for name, kind in kinds.items() if kind in "Uw")
    return Symbols(frozenset(kinds) - needed, needed)


def compile_core(root: Path, out: Path) -> dict[str, Symbols]:
    """Compile every file of the core and return its symbols by stem."""
    files = list(sources(root, "*.c"))
    options = ["-std=c11", "-O0", "-fno-builtin", "-w", "-c", f"-I{root / 'ext'}"]
    cares = run("pkg-config", "--cflags", "libcares").split()
    run("cc", *options, *cares, *map(str, files), cwd=out)
    return {file.stem: read_symbols(out / f"{file.stem}.o") for file in files}


def foreign_symbols(core: dict[str, Symbols]) -> list[str]:
    """Find needs of Python, and of c-ares outside channel*.c."""
    return [
        f"{stem}.o needs {name}"
        for stem, symbols in core.items()
        for name in sorted(symbols.needed)
        if name.startswith(("Py", "_Py"))
        or (name.startswith("ares_") and module_of(stem) != "channel")
    ]


def unprefixed_symbols(core: dict[str, Symbols]) -> list[str]:
    """Find what leaves its file without the prefix."""
    return [
        f"{stem}.o exports {name}: make it static, or mx_{name}"
        for stem, symbols in core.items()
        for name in sorted(symbols.defined)
        if not name.startswith("mx_")
    ]


def upward_needs(core: dict[str, Symbols]) -> list[str]:
    """Find needs of a higher layer, even without its header."""
    home = {name: stem for stem, symbols in core.items() for name in symbols.defined}
    found = []
    for stem, symbols in core.items():
        for name in sorted(symbols.needed & home.keys()):
            user, used = module_of(stem), module_of(home[name])
            if user and used and layer_of(used) > layer_of(user):
                found.append(f"{stem}.o needs {name} of {used}, which lies above")
    return found


def impure_decisions(core: dict[str, Symbols]) -> list[str]:
    """Find decisions that could do more than compute."""
    return [
        f"{stem}.o needs {name}, which does more than compute"
        for stem, symbols in core.items()
        if is_decision(module_of(stem))
        for name in sorted(symbols.needed - PURE)
        if name in IMPURE or not name.startswith("mx_")
    ]


RULES = [foreign_symbols, unprefixed_symbols, upward_needs, impure_decisions]


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Symbols]:
    """Return the symbols of this tree's core."""
    return compile_core(ROOT, tmp_path_factory.mktemp("core"))


@pytest.mark.parametrize("rule", RULES)
def test_core_keeps_the_rule(
    rule: Callable[[dict[str, Symbols]], list[str]], core: dict[str, Symbols]
) -> None:
    assert core
    assert rule(core) == []


def test_extension_exports_its_init_function_only() -> None:
    extension = importlib.util.find_spec("pymx._native")
    assert extension is not None
    assert extension.origin is not None
    exported = read_symbols(Path(extension.origin), "--dynamic").defined
    assert exported == {"PyInit__native"}


CALLER = "int {called}(); int mx_caller(void) {{ return {called}(); }}"
DEFINITION = "int {name}(void) {{ return 1; }}"


@pytest.mark.parametrize(
    ("broken", "stem", "called"),
    [
        ([], "order", "memcmp"),
        ([], "udp", "socket"),
        ([], "channel", "ares_version"),
        ([], "engine", "mx_lookup_new"),
        ([foreign_symbols], "udp", "Py_IsInitialized"),
        ([foreign_symbols], "engine", "ares_version"),
        ([upward_needs], "cache", "mx_engine_new"),
        ([upward_needs], "order", "mx_lookup_new"),
        ([impure_decisions], "order", "mx_clock_now"),
        ([impure_decisions], "lookup", "socket"),
        ([impure_decisions], "answer", "strcasecmp"),
    ],
)
def test_planted_need_is_found(
    tmp_path: Path, broken: list[object], stem: str, called: str
) -> None:
    files = {
        "clock": DEFINITION.format(name="mx_clock_now"),
        "lookup": DEFINITION.format(name="mx_lookup_new"),
        "engine": DEFINITION.format(name="mx_engine_new"),
    }
    files[stem] = files.get(stem, "") + CALLER.format(called=called)
    assert broken_rules(tmp_path, files) == broken


def test_planted_export_without_prefix_is_found(tmp_path: Path) -> None:
    files = {"udp": DEFINITION.format(name="helper")}
    assert broken_rules(tmp_path, files) == [unprefixed_symbols]


def broken_rules(root: Path, files: dict[str, str]) -> list[object]:
    """Compile a small core and return the rules that it breaks."""
    folder = root / "ext" / "core"
    folder.mkdir(parents=True)
    for stem, text in files.items():
        (folder / f"{stem}.c").write_text(text)
    core = compile_core(root, root)
    return [rule for rule in RULES if rule(core)]
