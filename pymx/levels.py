# SPDX-License-Identifier: MIT
"""The lookups behind `targets`, one preference ahead of what is yielded."""

from __future__ import annotations

from pymx._outcome import route_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Protocol

    from pymx._native import Target
    from pymx._outcome import Outcome

    class Lookup(Protocol):
        """A lookup in progress."""

        def cancel(self) -> None:
            """End it."""

    # Starts the lookup of the best so many preferences.
    Submit = Callable[[int], Lookup]


class Levels:
    """One destination on its way: feed it the route of each lookup, take the targets.

    Each lookup covers the preferences of the one before and the next one, whose answers
    alone are new to the cache. That each shuffles afresh does not show: all that it
    adds is the targets of its last preference.
    """

    def __init__(self, submit: Submit) -> None:
        """Start the lookup of the best preference."""
        self._submit = submit
        self._seen: set[str] = set()
        self._levels = 1
        self._request = submit(self._levels)
        self.is_done = False

    def advance(self, outcome: Outcome) -> Iterator[Target]:
        """Take the route of the lookup in progress, start the next, yield new targets.

        Raises the route's ResolutionError if it is the last and there was no target,
        and the exception that came in the place of a route.
        """
        route = route_of(outcome)
        if route._has_more:
            self._levels += 1
            self._request = self._submit(self._levels)
        else:
            self.is_done = True
        for target in route.targets:
            if target.address not in self._seen:
                self._seen.add(target.address)
                yield target
        if self.is_done and not self._seen:
            route.raise_for_status()

    def cancel(self) -> None:
        """Cancel what is in progress; for the end, whatever the reason."""
        self._request.cancel()
