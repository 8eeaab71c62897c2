# SPDX-License-Identifier: MIT
"""One question to one name server over plain sockets: which transports work.

The engine moves from UDP to TCP, and from EDNS to none, without a word. Whoever wants
to know what a firewall lets through has to ask each way apart.
"""

import contextlib
import secrets
import socket
import struct
import time
from dataclasses import dataclass
from typing import Literal

Transport = Literal["udp", "tcp"]

_HEADER = struct.Struct("!HHHHHH")
_QR = 0x8000
_RA = 0x0080
_RD = 0x0100
_MX = 15
_OPT = 41
_IN = 1
_PAYLOAD = 1232  # the flag day 2020 value, as the engine announces it
_RCODES = {0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN"} | {
    4: "NOTIMP",
    5: "REFUSED",
}


@dataclass(frozen=True, slots=True)
class Probe:
    """What came of a question: `rcode` is "" and `error` says why when nothing did."""

    rcode: str
    error: str
    elapsed: float  # seconds
    has_edns: bool = False
    has_recursion: bool = False

    @property
    def works(self) -> bool:
        """Whether there was a reply at all."""
        return bool(self.rcode)


def ask(server: str, domain: str, transport: Transport, timeout: float) -> Probe:
    """Ask `server` (``"addr:port"``) for the MX of `domain`, in A-labels.

    `timeout` is in seconds. Network trouble is a Probe, never an exception.
    """
    host, port = _split(server)
    started = time.monotonic()
    query = _query(domain)
    error, reply = "", b""
    try:
        if transport == "udp":
            reply = _over_udp(host, port, query, started + timeout)
        else:
            reply = _over_tcp(host, port, query, started + timeout)
    except TimeoutError:
        error = f"no reply in {timeout:g} s"
    except OSError as failure:
        error = (failure.strerror or str(failure)).lower()
    elapsed = time.monotonic() - started
    if error:
        return Probe("", error, elapsed)
    if not _answers(reply, query):
        return Probe("", "a reply to something else", elapsed)
    return _read(reply, elapsed)


def _split(server: str) -> tuple[str, int]:
    host, _, port = server.rpartition(":")
    return host.strip("[]"), int(port)


def _query(domain: str) -> bytes:
    labels = [label.encode("ascii") for label in domain.split(".")]
    name = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
    header = _HEADER.pack(secrets.randbits(16), _RD, 1, 0, 0, 1)
    question = name + struct.pack("!HH", _MX, _IN)
    return header + question + b"\0" + struct.pack("!HHIH", _OPT, _PAYLOAD, 0, 0)


def _over_udp(host: str, port: int, query: bytes, deadline: float) -> bytes:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as client:
        # Connected: the kernel drops what others send and reports a refusal.
        client.connect((host, port))
        client.send(query)
        while True:
            client.settimeout(_left(deadline))
            reply = client.recv(65535)
            if _answers(reply, query):
                return reply


def _over_tcp(host: str, port: int, query: bytes, deadline: float) -> bytes:
    with socket.create_connection((host, port), _left(deadline)) as client:
        client.settimeout(_left(deadline))
        client.sendall(struct.pack("!H", len(query)) + query)
        (length,) = struct.unpack("!H", _exactly(client, 2, deadline))
        return _exactly(client, length, deadline)


def _exactly(client: socket.socket, length: int, deadline: float) -> bytes:
    data = b""
    while len(data) < length:
        client.settimeout(_left(deadline))
        piece = client.recv(length - len(data))
        if not piece:
            raise ConnectionError("closed before the reply was complete")
        data += piece
    return data


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _answers(reply: bytes, query: bytes) -> bool:
    if len(reply) < _HEADER.size:
        return False
    (flags,) = struct.unpack_from("!H", reply, 2)
    return reply[:2] == query[:2] and bool(flags & _QR)


def _read(reply: bytes, elapsed: float) -> Probe:
    _, flags, *counts = _HEADER.unpack_from(reply)
    rcode = flags & 0xF
    has_edns = False
    # What cannot be walked shows no EDNS; whether it is an answer the engine tells.
    with contextlib.suppress(IndexError, struct.error):
        has_edns = _has_opt(reply, *counts)
    return Probe(
        _RCODES.get(rcode, f"rcode {rcode}"),
        "",
        elapsed,
        has_edns,
        has_recursion=bool(flags & _RA),
    )


def _has_opt(
    reply: bytes, questions: int, answers: int, authorities: int, additionals: int
) -> bool:
    position = _HEADER.size
    for _ in range(questions):
        position = _after_name(reply, position) + 4
    for _ in range(answers + authorities + additionals):
        position = _after_name(reply, position)
        rdtype, _, _, length = struct.unpack_from("!HHIH", reply, position)
        if rdtype == _OPT:
            return True
        position += 10 + length
    return False


def _after_name(reply: bytes, position: int) -> int:
    while reply[position]:
        if reply[position] >= 0xC0:
            return position + 2
        position += 1 + reply[position]
    return position + 1
