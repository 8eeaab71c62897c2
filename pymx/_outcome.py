# SPDX-License-Identifier: MIT
"""What comes of a submitted lookup: a route or, in its place, what `prefer` raised."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pymx._native import Route

    Outcome = Route | BaseException


def route_of(outcome: Outcome) -> Route:
    """Return the route, or raise the exception to the one whose lookup it was."""
    if not isinstance(outcome, BaseException):
        return outcome
    try:
        raise outcome
    finally:
        del outcome  # its traceback has this frame
