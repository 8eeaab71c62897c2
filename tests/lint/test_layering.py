# SPDX-License-Identifier: MIT
"""Who may include and call what in ext, read off its sources.

Each rule takes a source tree and returns its violations as text; the second half of
this file plants violations and expects the rule to find them.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from lint.layers import ROOT, layer_of, module_of, sources

INCLUDE = re.compile(r'^\s*#\s*include\s*(?P<quote>[<"])(?P<path>[^>"]+)[>"]')
CALL = re.compile(r"(?<![\w.>])(\w+)\s*\(")
RAISE = re.compile(r"\bPyErr_(?:Set\w*|Format|NoMemory|BadArgument)\b")
NOT_CODE = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"', re.DOTALL)

# (functions, the one file of the core that may call them, what others use instead)
WRAPPED = [
    ("malloc calloc realloc free strdup strndup", "mem.c", "mem.h"),
    ("time gettimeofday clock_gettime clock", "clock.c", "clock.h"),
    ("rand srand random getrandom arc4random", "rng.c", "rng.h"),
    ("strcasecmp strncasecmp", None, "mx_name_equal"),
    ("strcpy strcat sprintf vsprintf gets strtok alloca", None, "one that knows sizes"),
    ("printf fprintf puts perror", None, "a status: the core has no stdio"),
    ("select FD_SET", None, "poll: descriptors go beyond 1,023"),
]


@dataclass(frozen=True)
class Include:
    """One include line of the core."""

    file: Path
    line: int
    quoted: bool
    path: str

    def __str__(self) -> str:
        return f"{self.file.name}:{self.line} includes {self.path}"


def includes(root: Path) -> Iterator[Include]:
    """Yield every include line of the core."""
    for file in sources(root):
        for number, line in enumerate(file.read_text().splitlines(), 1):
            if match := INCLUDE.match(line):
                yield Include(file, number, match["quote"] == '"', match["path"])


def unknown_modules(root: Path) -> list[str]:
    """Find files whose module has no layer."""
    return [
        f"{file.name} belongs to no module: give it a place in lint/layers.py"
        for file in sources(root)
        if module_of(file.stem) is None
    ]


def knows_cares(file: Path) -> bool:
    """Tell whether a file is one of those that c-ares is left to."""
    return file.suffix == ".c" and module_of(file.stem) == "channel"


def forbidden_includes(root: Path) -> list[str]:
    """Find includes of Python, of the bindings, and of c-ares outside channel*.c."""
    found = []
    for include in includes(root):
        if include.quoted and not include.path.startswith("core/"):
            found.append(f'{include}: the core includes "core/..." and the system only')
        elif Path(include.path).name == "Python.h":
            found.append(f"{include}: the core knows no Python")
        elif include.path.startswith("ares") and not knows_cares(include.file):
            found.append(f"{include}: only channel*.c know c-ares")
    return found


def upward_includes(root: Path) -> list[str]:
    """Find includes that go from a layer to a higher one."""
    found = []
    for include in includes(root):
        user, used = module_of(include.file.stem), module_of(Path(include.path).stem)
        if include.quoted and user and used and layer_of(used) > layer_of(user):
            found.append(f"{include}, which lies above {user}")
    return found


def include_cycles(root: Path) -> list[str]:
    """Find headers that include each other, however far around."""
    graph: dict[str, set[str]] = {}
    for include in includes(root):
        if include.file.suffix == ".h" and include.quoted:
            graph.setdefault(include.file.stem, set()).add(Path(include.path).stem)

    def reachable(header: str, seen: set[str]) -> set[str]:
        for used in graph.get(header, set()) - seen:
            seen.add(used)
            reachable(used, seen)
        return seen

    circle = sorted(header for header in graph if header in reachable(header, set()))
    return [f"headers include each other: {', '.join(circle)}"] if circle else []


def code_lines(file: Path) -> Iterator[tuple[int, str]]:
    """Yield the numbered lines of a file without comments and string literals."""
    code = NOT_CODE.sub(lambda m: "\n" * m[0].count("\n"), file.read_text())
    yield from enumerate(code.splitlines(), 1)


def forbidden_calls(root: Path) -> list[str]:
    """Find calls of functions that one module wraps for all, or that nobody may use."""
    rules = {
        name: (owner, instead)
        for names, owner, instead in WRAPPED
        for name in names.split()
    }
    found = []
    for file in sources(root):
        for number, line in code_lines(file):
            for name in CALL.findall(line):
                owner, instead = rules.get(name, (file.name, ""))
                if file.name != owner:
                    found.append(f"{file.name}:{number} calls {name}: use {instead}")
    return found


def scattered_exceptions(root: Path) -> list[str]:
    """Find bindings that set an exception outside errors.c."""
    return [
        f"{file.name}:{number} calls {match[0]}: add what it says to python/errors.c"
        for file in sorted((root / "ext" / "python").glob("*.c"))
        if file.name != "errors.c"
        for number, line in code_lines(file)
        if (match := RAISE.search(line))
    ]


RULES = [
    unknown_modules,
    forbidden_includes,
    upward_includes,
    include_cycles,
    forbidden_calls,
    scattered_exceptions,
]


@pytest.mark.parametrize("rule", RULES)
def test_core_keeps_the_rule(rule: Callable[[Path], list[str]]) -> None:
    assert list(sources(ROOT))
    assert rule(ROOT) == []


CLEAN = {
    "core/status.h": "int mx_status_text(void);\n",
    "core/order.c": '#include "core/status.h"\n#include <string.h>\n',
    "core/channel.c": "#include <ares.h>\n",
    "core/channel_ares.c": "#include <ares.h>\n",
    "core/mem.c": "void *mx_malloc(void) { return malloc(1); }\n",
    "core/engine_check.c": '#include "core/engine.h"\n/* never malloc(1) or time(0) */',
    "core/engine.c": 'void f(table *t) { t->free(t); x.time(0); say("time(0)"); }\n',
    "python/errors.c": "PyErr_SetString(PyExc_ValueError, text);\n",
    "python/module.c": "if (PyErr_Occurred()) { PyErr_Clear(); }\n",
}


def broken_rules(root: Path, files: dict[str, str]) -> list[str]:
    """Write a small tree and return the names of the rules that it breaks."""
    for folder in ("core", "python"):
        (root / "ext" / folder).mkdir(parents=True)
    for name, text in files.items():
        (root / "ext" / name).write_text(text)
    return [rule.__name__ for rule in RULES if rule(root)]


def test_clean_tree_breaks_no_rule(tmp_path: Path) -> None:
    assert broken_rules(tmp_path, CLEAN) == []


@pytest.mark.parametrize(
    ("rule", "name", "text"),
    [
        ("unknown_modules", "core/helper.c", ""),
        ("forbidden_includes", "core/order.c", "#include <Python.h>"),
        ("forbidden_includes", "core/order.c", "#  include <python3.11/Python.h>"),
        ("forbidden_includes", "core/order.c", '#include "python/errors.h"'),
        ("forbidden_includes", "core/order.c", '#include "status.h"'),
        ("forbidden_includes", "core/udp.c", "#include <ares.h>"),
        ("forbidden_includes", "core/udp.c", "#include <ares_dns.h>"),
        ("forbidden_includes", "core/channel.h", "#include <ares.h>"),
        ("forbidden_includes", "core/udp_channel.c", "#include <ares.h>"),
        ("upward_includes", "core/order.h", '#include "core/engine.h"'),
        ("upward_includes", "core/lookup.c", '#include "core/channel.h"'),
        ("upward_includes", "core/status.h", '#include "core/name.h"'),
        ("forbidden_calls", "core/order.c", "x = malloc(5);"),
        ("forbidden_calls", "core/order.c", "free (x);"),
        ("forbidden_calls", "core/engine.c", "now = time(NULL);"),
        ("forbidden_calls", "core/order.c", "i = rand() % n;"),
        ("forbidden_calls", "core/name.c", "/* a */ strcpy(a, b); /* c */"),
        ("forbidden_calls", "core/mem.c", "strcpy(a, b);"),
        ("forbidden_calls", "core/udp.c", "select(n, &r, NULL, NULL, NULL);"),
        ("scattered_exceptions", "python/module.c", "PyErr_SetString(a, b);"),
        ("scattered_exceptions", "python/module.c", "return PyErr_NoMemory();"),
    ],
)
def test_planted_violation_is_found(
    tmp_path: Path, rule: str, name: str, text: str
) -> None:
    assert broken_rules(tmp_path, {**CLEAN, name: text + "\n"}) == [rule]


def test_planted_cycle_is_found(tmp_path: Path) -> None:
    cycle = {
        "core/heap.h": '#include "core/list.h"\n',
        "core/list.h": '#include "core/table.h"\n',
        "core/table.h": '#include "core/heap.h"\n',
    }
    assert broken_rules(tmp_path, {**CLEAN, **cycle}) == ["include_cycles"]
