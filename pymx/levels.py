# SPDX-License-Identifier: MIT
"""The lookups behind `targets`, one preference ahead of what is yielded."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pymx._native import Route, Target
    from pymx.bulk import Lookup

    # Starts the lookup of (the best so many preferences, with this seed).
    Submit = Callable[[int, int | None], Lookup]


class Levels:
    """One destination on its way: feed it the route of each lookup, take the targets.

    Each lookup covers the preferences of the one before and the next one, whose answers
    alone are new to the cache. They share a seed, so that their orders agree.
    """

    def __init__(self, submit: Submit, *, has_seed: bool) -> None:
        """Start the lookup of the best preference; `has_seed`: the resolver has one."""
        self._submit = submit
        self._seed = None if has_seed else int.from_bytes(os.urandom(8))
        self._seen: set[str] = set()
        self._levels = 1
        self._request = submit(self._levels, self._seed)
        self.is_done = False

    def advance(self, route: Route) -> Iterator[Target]:
        """Take the route of the lookup in progress, start the next, yield new targets.

        Raises the route's ResolutionError if it is the last and there was no target.
        """
        if route._has_more:
            self._levels += 1
            self._request = self._submit(self._levels, self._seed)
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
