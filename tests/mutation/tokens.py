# SPDX-License-Identifier: MIT
"""C source as tokens with their places; enough of it to change one thing."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal["name", "number", "sign"]

# What is no code: comments, strings, characters, lines of the preprocessor.
_MASKED = re.compile(
    r"""/\*.*?\*/ | //[^\n]* | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*'
    | ^[ \t]*\#(?:\\\n|[^\n])*""",
    re.DOTALL | re.MULTILINE | re.VERBOSE,
)
_TOKEN = re.compile(
    r"""(?P<name>[A-Za-z_]\w*)
    | (?P<number>\d[\w.]*)
    | (?P<sign><<=|>>=|\.\.\.|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|[^\s\w])
    """,
    re.VERBOSE,
)
_CLOSING = {"(": ")", "[": "]", "{": "}"}


@dataclass(frozen=True, slots=True)
class Token:
    """A word of the source, and where it begins."""

    text: str
    start: int
    kind: Kind

    @property
    def end(self) -> int:
        """Where it ends."""
        return self.start + len(self.text)


def mask(source: str) -> str:
    """Blank out what is no code; a string leaves its quotes, so that it is a value."""

    def blank(match: re.Match[str]) -> str:
        text = match.group()
        if text[0] in "\"'":
            return "0" * len(text)
        return re.sub(r"[^\n]", " ", text)

    return _MASKED.sub(blank, source)


def split(source: str) -> list[Token]:
    """Return the tokens of a source file."""

    def tokens() -> Iterator[Token]:
        for match in _TOKEN.finditer(mask(source)):
            start = match.start()
            if source[start] in "\"'":
                yield Token(match.group(), start, "name")  # a value, never changed
            elif match["name"]:
                yield Token(match.group(), start, "name")
            elif match["number"]:
                yield Token(match.group(), start, "number")
            else:
                yield Token(match.group(), start, "sign")

    return list(tokens())


def find_closing(tokens: list[Token], opening: int) -> int:
    """Return the index of the bracket that closes the one at `opening`."""
    depth = 0
    for i in range(opening, len(tokens)):
        if tokens[i].text in _CLOSING:
            depth += 1
        elif tokens[i].text in _CLOSING.values():
            depth -= 1
            if depth == 0:
                return i
    raise ValueError(f"no closing bracket for the one at {tokens[opening].start}")


def split_arguments(tokens: list[Token], opening: int) -> list[tuple[int, int]]:
    """Return begin and end of each argument in the brackets at `opening`, in octets."""
    closing = find_closing(tokens, opening)
    found = []
    first = opening + 1
    i = first
    while i < closing:
        if tokens[i].text in _CLOSING:
            i = find_closing(tokens, i)
        elif tokens[i].text == ",":
            found.append((tokens[first].start, tokens[i - 1].end))
            first = i + 1
        i += 1
    if first < closing:
        found.append((tokens[first].start, tokens[closing - 1].end))
    return found
