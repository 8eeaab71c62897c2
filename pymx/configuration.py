# SPDX-License-Identifier: MIT
"""What `pymx.Resolver` and `pymx.aio.Resolver` share: arguments, figures, identity."""

from __future__ import annotations

from pymx import _native
from pymx.errors import ConfigurationError
from pymx.options import (
    check,
    check_nameservers,
    check_self_addresses,
    check_self_names,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from pymx import options


class Configured:
    """A resolver's configuration and the engine's side of it.

    Pickled, copied and unpickled it is a new resolver with the same configuration:
    cache and figures stay behind.
    """

    def __init__(
        self,
        nameservers: str | Iterable[str] | None = None,
        *,
        timeout: float = 5.0,
        attempt_timeout: float = 1.5,
        tries: int = 3,
        addresses: options.Addresses = "private",
        family: options.Family = "any",
        implicit: bool = True,
        shuffle: options.Shuffle = "hosts",
        seed: int | None = None,
        prefer: options.Prefer | None = None,
        self_names: str | Iterable[str] = (),
        self_addresses: str | Iterable[str] = (),
        max_exchanges: int = 20,
        max_addresses: int = 16,
        address_wait: float = 1.0,
        null_mx_mixed: options.NullMXMixed = "drop",
        cname_exchange: options.CnameExchange = "follow",
        ip_exchange: options.IPExchange = "accept",
        strict_names: bool = False,
        strict_idna: bool = False,
        lenient_literals: bool = False,
        cache_size: int = 64 * 2**20,
        concurrency: int = 1000,
        rate: float | None = None,
        threads: int = 1,
        dnssec: bool = False,
        transport: options.Transport = "auto",
        trace: bool = False,
    ) -> None:
        """Check the arguments; nothing is started or opened before the first lookup.

        Raises ConfigurationError that names the argument, its value and what is
        allowed.
        """
        # At this point the locals are the arguments, each once.
        arguments: dict[str, Any] = dict(locals())
        del arguments["self"], arguments["nameservers"]
        if prefer is not None:
            # Its imports cost more than all of the others.
            from pymx._prefer import check_prefer

            arguments["prefer"] = check_prefer(prefer)
        arguments["self_names"] = check_self_names(self_names)
        arguments["self_addresses"] = check_self_addresses(self_addresses)
        check(arguments)
        self._arguments = arguments
        self._servers = check_nameservers(nameservers)
        try:
            self._native = _native.Resolver(nameservers=self._servers, **arguments)
        except ValueError as error:
            raise ConfigurationError(str(error)) from None

    @property
    def nameservers(self) -> tuple[str, ...]:
        """The servers asked, as ``"addr:port"``: those given, or the system's now."""
        return self._servers or _native.system_nameservers()

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._native.closed

    def stats(self) -> dict[str, int]:
        """Return figures since the resolver was made.

        Among them ``lookups`` (finished), ``queries`` (messages sent), ``retries``,
        ``in_progress`` and ``waiting``. Of the path to the name servers: ``window``,
        first messages that may be awaited at a time; ``pace``, messages a second that
        it was found to carry, 0 while that is unknown; ``losses``, messages lost for
        certain; ``outages`` and ``paused_ms``, times when no server could be heard and
        their length together, with the one that goes on.
        """
        return self._native.stats()

    def clear_cache(self) -> None:
        """Forget all answers; lookups in progress are not touched."""
        self._native.clear_cache()

    def __getstate__(self) -> dict[str, Any]:
        """Return the arguments to make such a resolver anew."""
        return {"nameservers": self._servers or None, **self._arguments}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Become a new resolver with these arguments."""
        self.__init__(**state)  # type: ignore[misc]

    def __repr__(self) -> str:
        """Show what is not as it is by default."""
        shown = [repr(list(self._servers))] if self._servers else []
        defaults = Configured.__init__.__kwdefaults__ or {}
        shown += [
            f"{name}={value!r}"
            for name, value in self._arguments.items()
            if value != defaults[name]
        ]
        return f"{type(self).__qualname__}({', '.join(shown)})"
