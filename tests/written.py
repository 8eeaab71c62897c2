# SPDX-License-Identifier: MIT
"""A line that the extension writes of a route, held against Python's own json."""

import json

import pymx
from pymx import _native


def check_line(route: pymx.Route, number: int = 1) -> None:
    """Raise AssertionError unless the line is what json makes of `to_dict()`."""
    expected = {"number": number, **route.to_dict()}
    expected.pop("trace", None)
    line = _native.ndjson([route], [number])
    assert line == json.dumps(expected, separators=(",", ":")).encode() + b"\n"
