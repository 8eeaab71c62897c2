# SPDX-License-Identifier: MIT
"""The mutants that are made, and what a removed rule must break."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from mutation.bench import ROOT, Failure, Run
from mutation.operators import mutants_of
from mutation.removals import Removal, read_removals

PATH = Path("some.c")


def changes(source: str, operator: str) -> list[str]:
    """Return a file as it is after each mutation by one operator."""
    found = (m for m in mutants_of(PATH, source) if m.operator == operator)
    return [m.apply(source) for m in found]


@pytest.mark.parametrize(
    ("operator", "source", "changed"),
    [
        ("another operator", "x = a < b;", ["x = a <= b;"]),
        ("another operator", "x = a->b && c;", ["x = a->b || c;"]),
        ("another operator", "x = a << 2;", []),
        ("another operator", 'f("a == b"); /* a == b */', []),
        ("another operator", "#if A == 1\n#endif", []),
        ("another operator", "return true;", ["return false;"]),
        ("another operator", "for (;;) { break; }", ["for (;;) { continue; }"]),
        ("another sign", "x = a + b;", ["x = a - b;"]),
        ("another sign", "x = -1;", []),
        ("another sign", "x = (a) - 1;", ["x = (a) + 1;"]),
        ("another sign", "return -1;", []),
        ("negated", "if (a(b) && c) {}", ["if (!(a(b) && c)) {}"]),
        ("negated", "while (a) {}", ["while (!(a)) {}"]),
        ("off by one", "x = 0x10u;", ["x = 17u;", "x = 15u;"]),
        ("off by one", "x = 0;", ["x = 1;"]),
        ("off by one", "x = a[1];", ["x = a[2];", "x = a[0];"]),
        ("off by one", "void f(char a[4]);", []),
        ("off by one", "{ static char *a[4]; return b[x]; }", []),
        ("off by one", "return a[0];", ["return a[1];"]),
        ("off by one", "atomic_init(&a->references, 1);", []),
        ("off by one", "x = '1' + y2;", []),
        ("left out", "{ int a = 1; a = 2; f(a); return a; }",
         ["{ int a = 1; ; f(a); return a; }", "{ int a = 1; a = 2; ; return a; }"]),
        ("left out", "{ for (a = 0; b(a); a++) { c(); } }",
         ["{ for (a = 0; b(a); a++) { ; } }"]),
        ("left out", "{ if (a) f(b); mx_free(b); }", ["{ if (a) ; mx_free(b); }"]),
        ("left out", "{ mx_name *a = (b) c; assert(a); }", []),
        ("another constant", "MX_A_ONE; MX_A_TWO; MX_B;",
         ["MX_A_TWO; MX_A_TWO; MX_B;", "MX_A_ONE; MX_A_ONE; MX_B;"]),
        ("another constant", "RCODE_A; SIZE_B;", []),
        ("swapped arguments", "x = f(a, g(b, c), d);",
         ["x = f(g(b, c), a, d);", "x = f(a, g(c, b), d);"]),
        ("swapped arguments", "is_equal(a, b); f(a, a); int g(a, b) {}", []),
    ],
)  # fmt: skip
def test_operator(operator: str, source: str, changed: list[str]) -> None:
    assert changes(source, operator) == changed


def test_mutants_are_told_by_line_and_change() -> None:
    source = "int\nf(void)\n{\n    return a <\n        b;\n}\n"
    (mutant,) = mutants_of(PATH, source)
    assert mutant.describe(source) == (
        "some.c:4: another operator\n    return a <\n    return a <="
    )


def test_every_operator_finds_something_in_the_core() -> None:
    found = Counter(
        mutant.operator
        for name in ("answer", "chain", "lookup", "order")
        for mutant in mutants_of(PATH, (ROOT / f"ext/core/{name}.c").read_text())
    )
    assert len(found) == 7
    assert min(found.values()) >= 5


LOG = """[ RUN      ] test_scenarios
../scenarios/order.scenario:12: O1 lowest preference first
  `target` differs
    expected
../scenarios/order.scenario:40: O5 one host at two preferences, answers in reverse
"""


def removal(rule: str) -> Removal:
    return Removal(rule, "some of it", PATH, "if (a)", "if (0)")


def test_a_rule_is_taken_out_at_one_place() -> None:
    assert removal("O1").apply("if (a) b();") == "if (0) b();"
    for source in ("b();", "if (a) if (a) b();"):
        with pytest.raises(Failure, match=r"there must be one"):
            removal("O1").apply(source)


# Python's, and what cannot be taken out because no code does it.
NOT_REMOVABLE = {"I3", "N1"}


def test_every_rule_can_be_taken_out() -> None:
    folder = ROOT / "tests" / "scenarios"
    titles = [
        line.split()[1]
        for path in folder.glob("*.scenario")
        for line in path.read_text().splitlines()
        if line.startswith("scenario ")
    ]
    # Of faults (W, C, S) the rules are told elsewhere.
    rules = {rule for rule in titles if rule[0] in "IMOAVTND"} - NOT_REMOVABLE
    removed = {removal.rule for removal in read_removals(folder / "removals.toml")}
    assert rules <= removed


NOT_ITS_OWN = "NOT MISSED by its own scenarios"


@pytest.mark.parametrize(
    ("passed", "verdict"), [(False, "ok, test_order fails"), (True, "NOT MISSED")]
)
def test_verdict_by_another_test(passed: bool, verdict: str) -> None:
    shuffled = replace(removal("O2"), test="test_order")
    assert shuffled.verdict(Run(passed, "")) == verdict


@pytest.mark.parametrize(
    ("rule", "run", "verdict"),
    [
        ("O1", Run(False, LOG), "ok, 1 of its scenarios fail: O1 lowest preference"),
        ("O2", Run(False, LOG), f"{NOT_ITS_OWN}, only by those of O1 O5"),
        ("O1", Run(False, ""), f"{NOT_ITS_OWN}: they end early"),
        ("O1", Run(True, ""), "NOT MISSED by any scenario"),
        ("O1", None, "DOES NOT COMPILE"),
    ],
)
def test_verdict_on_a_removal(rule: str, run: Run | None, verdict: str) -> None:
    assert removal(rule).verdict(run).startswith(verdict)
