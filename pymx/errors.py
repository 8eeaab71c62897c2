# SPDX-License-Identifier: MIT
"""The exceptions of pymx, all under `Error`.

::

    Error
    ├── ConfigurationError (also ValueError)     a bad argument
    ├── ClosedError (also RuntimeError)          the resolver was closed
    └── ResolutionError                          has .route
        ├── PermanentError                       asking again will not help
        │   ├── NullMX, DomainNotFound, NoMailService, NoAddress, Refused
        │   └── InvalidDomain
        └── TemporaryError                       nobody knows, ask again later
            ├── ResolveTimeout (also TimeoutError)
            └── ServerFailure, NoServers, BadReply

What DNS says about a domain is a value of `resolve` and `resolve_many`; it becomes an
exception only in `targets` and `Route.raise_for_status`.
"""

from __future__ import annotations

TYPE_CHECKING = False  # as typing has it; the import would cost more than this module
if TYPE_CHECKING:
    from pymx._native import Route


class Error(Exception):
    """Anything pymx raises on purpose, but for a TypeError."""


class ConfigurationError(Error, ValueError):
    """An argument cannot be used; the text names it, its value and what is allowed.

    >>> pymx.Resolver(tries=0)
    Traceback (most recent call last):
    pymx.errors.ConfigurationError: tries=0: must be a whole number from 1 to 16
    """


class ClosedError(Error, RuntimeError):
    """The resolver was closed before this call."""


class ResolutionError(Error):
    """There is no target; `route` has the status, the reason and the SMTP reply.

    >>> try:
    ...     next(pymx.targets("nullmx.example"))
    ... except pymx.ResolutionError as error:
    ...     error.route.status
    'null_mx'
    """

    def __init__(self, route: Route) -> None:
        """Keep the route; its message is the text of the exception."""
        super().__init__(route)
        self.route = route

    def __str__(self) -> str:
        """Return the route's line for people."""
        return self.route.message


class PermanentError(ResolutionError):
    """Mail for this destination cannot be delivered: bounce it."""


class NullMX(PermanentError):
    """The domain says that it takes no mail (RFC 7505); status ``null_mx``."""


class DomainNotFound(PermanentError):
    """There is no such domain (RFC 8020); status ``no_domain``."""


class NoMailService(PermanentError):
    """The domain exists without MX and address records; status ``no_mail``."""


class NoAddress(PermanentError):
    """There are exchanges and none has an address; status ``no_address``."""


class Refused(PermanentError):
    """A policy of ours left no target; status ``refused``, the reason says which."""


class InvalidDomain(PermanentError):
    """The destination is no domain, address or literal; status ``invalid``."""


class TemporaryError(ResolutionError):
    """Whether the destination takes mail is unknown: keep the mail and ask again.

    Raised as it is for status ``cancelled``.
    """


class ResolveTimeout(TemporaryError, TimeoutError):
    """No usable reply within the time limits; status ``timeout``."""


class ServerFailure(TemporaryError):
    """The name server answered with an error; status ``server_failure``."""


class NoServers(TemporaryError):
    """No name server could be asked; status ``no_servers``."""


class BadReply(TemporaryError):
    """The name server's reply was damaged or beside the point; status ``bad_reply``."""
