# SPDX-License-Identifier: MIT
"""Sockets for a server: UDP and TCP on one port of a loopback address."""

import contextlib
import errno
import ipaddress
import socket

# Room for some thousand questions at once; the system may grant less.
_BUFFER = 4 * 2**20
# How often to look for a port that is free for both, when any will do.
_ATTEMPTS = 100


def check_address(address: str) -> None:
    """Raise ValueError for what is no loopback address."""
    try:
        is_loopback = ipaddress.ip_address(address).is_loopback
    except ValueError:
        is_loopback = False
    if not is_loopback:
        raise ValueError(
            f"address: {address!r} is not a loopback address like '127.0.0.1' or '::1'"
        )


def check_port(port: int) -> None:
    """Raise ValueError for what is no port number; 0 is any free one."""
    if not 0 <= port <= 65535:
        raise ValueError(f"port: {port!r} is not between 0 and 65535")


def bind_both(address: str, port: int) -> tuple[socket.socket, socket.socket]:
    """Return a UDP and a TCP socket bound to the same port, neither blocking.

    Port 0 takes one that is free for both. Raises OSError when there is none, or when
    the one asked for is taken.
    """
    for _ in range(_ATTEMPTS):
        udp = _bind(address, port, socket.SOCK_DGRAM)
        try:
            return udp, bind_tcp(address, udp.getsockname()[1])
        except OSError as error:
            udp.close()
            if port or error.errno != errno.EADDRINUSE:
                raise
    raise OSError(errno.EADDRINUSE, f"no port of {address} is free for UDP and TCP")


def bind_tcp(address: str, port: int) -> socket.socket:
    """Return a TCP socket that is bound but does not listen: connecting is refused."""
    return _bind(address, port, socket.SOCK_STREAM)


def _bind(address: str, port: int, kind: socket.SocketKind) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family, kind)
    try:
        sock.setblocking(False)
        if kind == socket.SOCK_STREAM:
            # For a restart on the same port. Not for UDP, where it would let two
            # servers take each other's datagrams.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        else:
            for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
                # Some systems refuse what is over their limit instead of cutting it.
                with contextlib.suppress(OSError):
                    sock.setsockopt(socket.SOL_SOCKET, option, _BUFFER)
        sock.bind((address, port))
    except OSError as error:
        sock.close()
        protocol = "TCP" if kind == socket.SOCK_STREAM else "UDP"
        raise OSError(
            error.errno, f"cannot serve {protocol} on {address} port {port}: {error}"
        ) from error
    return sock
