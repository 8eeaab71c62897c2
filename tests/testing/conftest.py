# SPDX-License-Identifier: MIT
"""Clients of a FakeDNS: dnspython, and a bare socket."""

import socket

import dns.message
import dns.query
import pytest

# Long: only a server that is broken makes a test wait for it.
PATIENCE = 20


class Client:
    """Asks a server over UDP or TCP and returns the reply as a message."""

    def udp(self, server, name, rdtype="MX", **options):
        query = dns.message.make_query(name, rdtype, **options)
        return self.send(server, query)

    def tcp(self, server, name, rdtype="MX", **options):
        query = dns.message.make_query(name, rdtype, **options)
        return self.send(server, query, tcp=True)

    def send(self, server, query, *, tcp=False):
        ask = dns.query.tcp if tcp else dns.query.udp
        return ask(
            query,
            server.address,
            port=server.port,
            timeout=PATIENCE,
            one_rr_per_rrset=True,
        )

    def size(self, server, name, rdtype="MX", **options):
        """The octets of the reply over UDP."""
        query = dns.message.make_query(name, rdtype, **options)
        with Wire(server) as wire:
            [datagram] = wire.ask(1, query.to_wire())
        return len(datagram)

    def rcode(self, server, name, rdtype="MX", **options):
        return self.udp(server, name, rdtype, **options).rcode().name

    def records(self, server, name, rdtype="MX", **options):
        """The data of the answer section, in the order they came."""
        return data(self.udp(server, name, rdtype, **options))


def data(message):
    """The data of the answer section, in the order they came."""
    return [str(rrset[0]) for rrset in message.answer]


@pytest.fixture
def ask():
    return Client()


@pytest.fixture
def wire(server):
    """A UDP socket to the server that is not connected, so that it sees all replies."""
    with Wire(server) as opened:
        yield opened


class Wire:
    """Sends queries and gives the datagrams that come back, wherever from."""

    QUERY = b"\x12\x34" + dns.message.make_query("d.test", "MX").to_wire()[2:]

    def __init__(self, server):
        self.server = (server.address, server.port)
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.settimeout(PATIENCE)
        self.sock.bind((server.address, 0))

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.sock.close()

    def ask(self, count, query=QUERY):
        """Send one query; return the next `count` datagrams."""
        self.sock.sendto(query, self.server)
        return [self.sock.recv(65535) for _ in range(count)]

    def last(self):
        """Send a query that is answered normally; return what came before its answer.

        It shows that nothing else is under way: the server answers in order.
        """
        end = dns.message.make_query("end.test", "A").to_wire()
        self.sock.sendto(end, self.server)
        before = []
        while (data := self.sock.recv(65535))[:2] != end[:2]:
            before.append(data)
        return before

    def answers(self, datagram):
        return data(dns.message.from_wire(datagram, one_rr_per_rrset=True))
