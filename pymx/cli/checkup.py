# SPDX-License-Identifier: MIT
"""The examination of one name server: what works, and what to do when it does not."""

from dataclasses import dataclass
from typing import Any

from pymx import Resolver, Route
from pymx.cli.exits import Failure
from pymx.cli.probe import Probe, ask

_PROBE_TIMEOUT = 2.0  # seconds a transport; a resolver's slow answers count as answers

_FAILURES = {
    "SERVFAIL": "cannot resolve {domain} itself: look at its forwarders, its network"
    " and, if it validates DNSSEC, its clock",
    "REFUSED": "refuses to answer this machine: add it to the server's access list, or"
    " name another server with -n",
    "FORMERR": "does not read our question: it, or a firewall on the way, trips over"
    " EDNS",
    "NOTIMP": "does not implement the question: name another server with -n",
}


@dataclass(frozen=True, slots=True)
class Checkup:
    """What one name server did with a lookup by the engine and with plain questions."""

    nameserver: str
    route: Route
    udp: Probe
    tcp: Probe

    @property
    def answers(self) -> bool:
        """Whether the engine got something definite out of it, "no such domain" too."""
        return self.route.deliverable is not None

    @property
    def best(self) -> Probe:
        """The probe that tells most."""
        return self.udp if self.udp.works else self.tcp

    def to_dict(self) -> dict[str, Any]:
        """Return all of it for JSON; times are in seconds."""
        trace = self.route.trace
        steps = {} if trace is None else {"trace": [step.to_dict() for step in trace]}
        return {
            "nameserver": self.nameserver,
            "answers": self.answers,
            "status": self.route.status,
            "reason": self.route.reason,
            "elapsed": self.route.elapsed,
            "udp": _transport(self.udp),
            "tcp": _transport(self.tcp),
            "edns": self.best.has_edns if self.best.works else None,
            "recursion": self.best.has_recursion if self.best.works else None,
            "advice": self.advice(),
            **steps,
        }

    def row(self) -> tuple[str, ...]:
        """Return all of it for a table with the columns of COLUMNS."""
        answer = f"yes, {self.route.status}" if self.answers else self.route.status
        best = self.best
        return (
            self.nameserver,
            answer,
            f"{self.route.elapsed * 1000:.1f} ms",
            self.udp.rcode or self.udp.error,
            self.tcp.rcode or self.tcp.error,
            _word(best.has_edns) if best.works else "-",
            _word(best.has_recursion) if best.works else "-",
        )

    def advice(self) -> list[str]:
        """Return what to do, a sentence each; none when all is well."""
        return [f"{self.nameserver} {sentence}" for sentence in self._sentences()]

    def _sentences(self) -> list[str]:
        udp, tcp = self.udp, self.tcp
        sentences: list[str] = []
        if not udp.works and not tcp.works:
            sentences.append(
                f"does not answer (UDP: {udp.error}; TCP: {tcp.error}): start it, let "
                "its port through the firewall, or name another server with -n or "
                "PYMX_NAMESERVERS"
            )
            return sentences
        domain = self.route.domain or ""
        if self.best.rcode in _FAILURES:
            sentences.append(_FAILURES[self.best.rcode].format(domain=domain))
        elif not self.best.has_recursion:
            sentences.append(
                "does not offer recursion: it serves its own zones only; name a "
                "resolver with -n"
            )
        elif not self.answers:
            sentences.append(f"gave nothing usable: {self.route.message}")
        if not udp.works:
            sentences.append(
                f"answers over TCP only (UDP: {udp.error}): each lookup waits for UDP "
                "first; let UDP through the firewall"
            )
        if not tcp.works:
            sentences.append(
                f"answers over UDP only (TCP: {tcp.error}): domains with long answers "
                "will fail; let TCP through the firewall (RFC 7766)"
            )
        if not self.best.has_edns:
            sentences.append(
                "does not speak EDNS: answers over 512 octets take a second question "
                "over TCP"
            )
        return sentences


COLUMNS = ("name server", "answers", "time", "UDP", "TCP", "EDNS", "recursion")


def examine(nameserver: str, domain: str, options: dict[str, Any]) -> Checkup:
    """Look `domain` up through one name server with these options of a Resolver.

    Raises Failure for a domain that no name server would be asked about.
    """
    with Resolver(**{**options, "nameservers": [nameserver]}) as resolver:
        route = resolver.resolve(domain)
    asked = route.domain
    if not asked or asked.startswith("[") or route.reason == "special_use":
        raise Failure(f"{domain} is not looked up in DNS: {route.message}")
    return Checkup(
        nameserver,
        route,
        ask(nameserver, asked, "udp", _PROBE_TIMEOUT),
        ask(nameserver, asked, "tcp", _PROBE_TIMEOUT),
    )


def _transport(probe: Probe) -> dict[str, Any]:
    return {
        "works": probe.works,
        "rcode": probe.rcode or None,
        "error": probe.error or None,
        "elapsed": probe.elapsed,
    }


def _word(value: bool) -> str:
    return "yes" if value else "no"
