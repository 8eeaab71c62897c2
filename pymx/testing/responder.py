# SPDX-License-Identifier: MIT
"""Queries to replies: the message around what a zone answers."""

import struct
from dataclasses import dataclass

import dns.edns
import dns.exception
import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import dns.rdataclass

from pymx.testing.log import Transport
from pymx.testing.zone import Zone

# The payload size we announce ourselves: the flag day 2020 value.
OUR_PAYLOAD = 1232
# RFC 1035 section 4.2.1: what a client without EDNS takes over UDP.
PLAIN_PAYLOAD = 512
# What an IPv4 datagram can carry, whatever a client claims to take.
MAX_DATAGRAM = 65507
HEADER_LENGTH = 12


@dataclass(frozen=True, slots=True)
class Responder:
    """Answers one query out of a zone. Immutable; any thread may ask.

    By default it looks like a recursive resolver (RA set when RD is, AA clear);
    `authoritative` turns that round. `authenticated` sets AD for clients that set AD or
    DO. `negative_soa` puts the SOA into NXDOMAIN and "no data".
    """

    zone: Zone
    authoritative: bool = False
    authenticated: bool = False
    negative_soa: bool = True

    def respond(self, query: dns.message.Message) -> dns.message.Message:
        """Return the truthful reply to a query with one question."""
        if query.edns > 0:
            # RFC 6891 section 6.1.3: version 0 is the one we speak.
            return self.reply(query, dns.rcode.BADVERS)
        question = query.question[0]
        if question.rdclass != dns.rdataclass.IN:
            return self.reply(query, dns.rcode.REFUSED)
        found = self.zone.lookup(
            question.name, question.rdtype, negative_soa=self.negative_soa
        )
        message = self.reply(query, found.rcode)
        message.answer = [record.rrset() for record in found.answer]
        message.authority = [record.rrset() for record in found.authority]
        wants_ad = query.flags & dns.flags.AD or query.ednsflags & dns.flags.DO
        proven = found.rcode in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN)
        if self.authenticated and wants_ad and proven:
            message.flags |= dns.flags.AD
        return message

    def reply(
        self, query: dns.message.Message, rcode: dns.rcode.Rcode = dns.rcode.NOERROR
    ) -> dns.message.Message:
        """Return a reply without records: id, question and EDNS as asked."""
        message = dns.message.QueryMessage(query.id)
        message.flags = dns.flags.QR | query.flags & (dns.flags.RD | dns.flags.CD)
        if self.authoritative:
            message.flags |= dns.flags.AA
        elif query.flags & dns.flags.RD:
            message.flags |= dns.flags.RA
        message.question = list(query.question)
        if query.edns >= 0:
            message.use_edns(0, query.ednsflags & dns.flags.DO, OUR_PAYLOAD)
        message.set_rcode(rcode)
        return message


def read_query(wire: bytes) -> dns.message.Message | bytes | None:
    """Return the query in `wire`, or the bytes that refuse it, or None to ignore it.

    Ignored is what must not be answered: a reply, or less than a header. Refused with
    NOTIMP is another opcode than QUERY, with FORMERR what cannot be read and anything
    but exactly one question.
    """
    if len(wire) < HEADER_LENGTH:
        return None
    (flags,) = struct.unpack_from("!H", wire, 2)
    if flags & dns.flags.QR:
        return None
    if dns.opcode.from_flags(flags) != dns.opcode.QUERY:
        return _refusal(wire, flags, dns.rcode.NOTIMP)
    try:
        query = dns.message.from_wire(wire)
    except (dns.exception.DNSException, ValueError):
        return _refusal(wire, flags, dns.rcode.FORMERR)
    if len(query.question) != 1:
        return _refusal(wire, flags, dns.rcode.FORMERR)
    return query


def render(
    message: dns.message.Message, query: dns.message.Message, transport: Transport
) -> bytes:
    """Return the reply in wire form, cut with TC set where the client takes no more.

    Over UDP the client takes what its EDNS says, 512 octets without; over TCP 65,535.
    """
    limit = 65535
    if transport == "udp":
        limit = min(max(PLAIN_PAYLOAD, query.payload), MAX_DATAGRAM)
    return message.to_wire(max_size=limit, prefer_truncation=True, want_shuffle=False)


def _refusal(wire: bytes, flags: int, rcode: dns.rcode.Rcode) -> bytes:
    opcode = flags & 0x7800
    return wire[:2] + struct.pack(
        "!HHHHH", dns.flags.QR | opcode | flags & dns.flags.RD | rcode, 0, 0, 0, 0
    )
