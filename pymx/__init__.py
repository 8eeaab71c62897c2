# SPDX-License-Identifier: MIT
"""Where, and in which order, mail for a domain goes.

>>> route = pymx.resolve("levels.example")
>>> route.targets[0].host, route.targets[0].address
('primary.levels.example', '198.51.100.10')

`resolve` gives the whole plan of one destination, `targets` its targets one by one,
`resolve_many` the routes of many; `aio` has the same for asyncio and trio. `Resolver`
is for other settings than the default ones.
"""

from pymx._native import (
    Exchange,
    Excluded,
    Route,
    RouteIterator,
    Target,
    TraceStep,
    order,
    own_addresses,
)
from pymx.errors import (
    BadReply,
    ClosedError,
    ConfigurationError,
    DomainNotFound,
    Error,
    InvalidDomain,
    NoAddress,
    NoMailService,
    NoServers,
    NullMX,
    PermanentError,
    Refused,
    ResolutionError,
    ResolveTimeout,
    ServerFailure,
    TemporaryError,
)
from pymx.resolver import Resolver, resolve, resolve_many, targets

__all__ = [
    "BadReply",
    "ClosedError",
    "ConfigurationError",
    "DomainNotFound",
    "Error",
    "Exchange",
    "Excluded",
    "InvalidDomain",
    "NoAddress",
    "NoMailService",
    "NoServers",
    "NullMX",
    "PermanentError",
    "Refused",
    "ResolutionError",
    "ResolveTimeout",
    "Resolver",
    "Route",
    "RouteIterator",
    "ServerFailure",
    "Target",
    "TemporaryError",
    "TraceStep",
    "order",
    "own_addresses",
    "resolve",
    "resolve_many",
    "targets",
]

__version__: str

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pymx import aio as aio
else:

    def __getattr__(name):
        """Import what is not worth the time of every import: the version and `aio`."""
        import importlib

        if name == "__version__":
            return importlib.import_module("importlib.metadata").version("pymx")
        if name == "aio":
            return importlib.import_module("pymx.aio")
        raise AttributeError(f"module 'pymx' has no attribute {name!r}")
