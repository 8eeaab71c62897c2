# SPDX-License-Identifier: MIT
"""What one can get wrong in a line of C: each operator yields mutants of a file."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from mutation.tokens import Token, find_closing, split, split_arguments

SWAPS = {
    "<": "<=",
    "<=": "<",
    ">": ">=",
    ">=": ">",
    "==": "!=",
    "!=": "==",
    "&&": "||",
    "||": "&&",
    "+=": "-=",
    "-=": "+=",
    "true": "false",
    "false": "true",
    "break": "continue",
    "continue": "break",
}
# Statements that begin so declare or jump; without them nothing would compile, or the
# compiler alone would notice.
KEPT = frozenset(
    [
        "assert",
        "bool",
        "break",
        "case",
        "char",
        "const",
        "continue",
        "default",
        "do",
        "else",
        "enum",
        "extern",
        "for",
        "goto",
        "if",
        "int",
        "long",
        "return",
        "signed",
        "sizeof",
        "static",
        "struct",
        "switch",
        "typedef",
        "union",
        "unsigned",
        "void",
        "while",
    ]
)
# Only a leak checker misses these, and the counts of references.
RELEASES = ("free", "unref", "fini", "delete")
REFERENCES = "references"
# Their arguments may be swapped at will.
SYMMETRIC = ("equal", "smaller", "memcmp", "calloc")


@dataclass(frozen=True, slots=True)
class Mutant:
    """A file with one change."""

    path: Path
    start: int
    end: int
    text: str  # in the place of source[start:end]
    operator: str

    def apply(self, source: str) -> str:
        """Return the changed source."""
        return source[: self.start] + self.text + source[self.end :]

    def describe(self, source: str) -> str:
        """Return file, line, and the change within its line."""
        line = source.count("\n", 0, self.start) + 1
        begin = source.rfind("\n", 0, self.start) + 1
        finish = source.find("\n", self.end)
        before = " ".join(source[begin:finish].split())
        shift = finish + len(self.text) - (self.end - self.start)
        after = " ".join(self.apply(source)[begin:shift].split())
        return f"{self.path}:{line}: {self.operator}\n    {before}\n    {after}"


Change = tuple[int, int, str]
Operator = Callable[[str, list[Token]], Iterator[Change]]


def swap_signs(_source: str, tokens: list[Token]) -> Iterator[Change]:
    """Take the neighbour of an operator or a truth: < for <=, && for ||."""
    for token in tokens:
        if token.text in SWAPS:
            yield token.start, token.end, SWAPS[token.text]


def swap_sums(_source: str, tokens: list[Token]) -> Iterator[Change]:
    """Add for subtract."""
    for before, token in pairwise(tokens):
        is_binary = before.kind != "sign" or before.text in (")", "]")
        if is_binary and before.text != "return" and token.text in ("+", "-"):
            yield token.start, token.end, "-" if token.text == "+" else "+"


def negate(source: str, tokens: list[Token]) -> Iterator[Change]:
    """Do it when not to."""
    for i, token in enumerate(tokens):
        if token.text in ("if", "while") and tokens[i + 1].text == "(":
            start, end = tokens[i + 1].end, tokens[find_closing(tokens, i + 1)].start
            yield start, end, f"!({source[start:end]})"


def shift_numbers(source: str, tokens: list[Token]) -> Iterator[Change]:
    """Be off by one."""
    for i, token in enumerate(tokens):
        digits = token.text.rstrip("uUlL")
        suffix = token.text[len(digits) :]
        if token.kind != "number" or "." in digits or is_size(tokens, i):
            continue
        if REFERENCES in source[source.rfind("\n", 0, token.start) + 1 : token.start]:
            continue
        value = int(digits, 0)
        yield token.start, token.end, f"{value + 1}{suffix}"
        if value > 0:
            yield token.start, token.end, f"{value - 1}{suffix}"


def is_size(tokens: list[Token], at: int) -> bool:
    """Tell whether this is the 4 of `uint8_t bytes[4]`: only a sanitizer minds it."""
    if at < 3 or [token.text for token in tokens[at - 1 : at + 2 : 2]] != ["[", "]"]:
        return False
    name, before = tokens[at - 2], tokens[at - 3]
    is_type = before.kind == "name" and before.text not in ("return", "case")
    return name.kind == "name" and (is_type or before.text == "*")


def is_statement(tokens: list[Token], at: int) -> bool:
    """Tell whether an assignment or a call that can be left out begins here."""
    first, second = tokens[at], tokens[at + 1]
    begins = tokens[at - 1].text in (";", "{", "}", ")", "else", ":")
    if not begins or first.kind != "name" or first.text in KEPT:
        return False
    if second.text == "(":
        return not first.text.endswith(RELEASES)
    declares = second.kind == "name" or second.text in ("*", ":", ",", ";")
    return not declares


def remove_statements(_source: str, tokens: list[Token]) -> Iterator[Change]:
    """Forget a call or an assignment."""
    headers = {
        j
        for i, token in enumerate(tokens)
        if token.text == "for"
        for j in range(i, find_closing(tokens, i + 1))
    }
    for i in range(1, len(tokens) - 1):
        if i in headers or not is_statement(tokens, i):
            continue
        if tokens[i - 1].text == ")" and not closes_condition(tokens, i - 1):
            continue
        j = i
        while tokens[j].text not in (";", "{", "}"):
            j = find_closing(tokens, j) + 1 if tokens[j].text in ("(", "[") else j + 1
        if tokens[j].text == ";":
            yield tokens[i].start, tokens[j].start, ""


def closes_condition(tokens: list[Token], closing: int) -> bool:
    """Tell whether a bracket is the end of `if (...)` and the like."""
    depth = 0
    for i in range(closing, 0, -1):
        depth += {")": 1, "(": -1}.get(tokens[i].text, 0)
        if depth == 0:
            return tokens[i - 1].text in ("if", "for", "while")
    return False


def swap_constants(_source: str, tokens: list[Token]) -> Iterator[Change]:
    """Name another constant of the same family, the next that the file has."""
    families: dict[str, set[str]] = defaultdict(set)
    for token in tokens:
        if token.kind == "name" and token.text.isupper() and "_" in token.text:
            families[family_of(token.text)].add(token.text)
    for token in tokens:
        if token.kind != "name":
            continue
        names = sorted(families.get(family_of(token.text), ()))
        if token.text in names and len(names) > 1:
            at = bisect_left(names, token.text) + 1
            yield token.start, token.end, names[at % len(names)]


def family_of(constant: str) -> str:
    """Return MX_REASON of MX_REASON_TIMEOUT, RCODE of RCODE_REFUSED."""
    words = constant.split("_")
    return "_".join(words[: 2 if words[0] == "MX" else 1])


def swap_arguments(source: str, tokens: list[Token]) -> Iterator[Change]:
    """Mix up the first two arguments of a call."""
    for i, token in enumerate(tokens[:-1]):
        is_call = token.kind == "name" and tokens[i + 1].text == "("
        if not is_call or token.text in KEPT or token.text.endswith(SYMMETRIC):
            continue
        arguments = split_arguments(tokens, i + 1)
        is_definition = tokens[find_closing(tokens, i + 1) + 1].text == "{"
        if is_definition or len(arguments) < 2:
            continue
        (a, b), (c, d) = arguments[:2]
        if source[a:b] != source[c:d]:
            yield a, d, source[c:d] + source[b:c] + source[a:b]


OPERATORS: dict[str, Operator] = {
    "another operator": swap_signs,
    "another sign": swap_sums,
    "negated": negate,
    "off by one": shift_numbers,
    "left out": remove_statements,
    "another constant": swap_constants,
    "swapped arguments": swap_arguments,
}


def mutants_of(path: Path, source: str) -> Iterator[Mutant]:
    """Yield all mutants of a file."""
    tokens = split(source)
    for name, operator in OPERATORS.items():
        for start, end, text in operator(source, tokens):
            yield Mutant(path, start, end, text, name)
