# SPDX-License-Identifier: MIT
"""Zone text to records: master files (RFC 1035 section 5) read by dnspython.

dnspython's zone classes keep records as sets and refuse a CNAME beside other records.
Here each record is kept as it comes, in order, because that order is what the server
publishes, and because broken zones are what the server is for.
"""

import re
from dataclasses import dataclass
from typing import Any

import dns.exception
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import dns.tokenizer
import dns.transaction
import dns.ttl
import dns.zonefile

from pymx.testing.names import IDNA

DEFAULT_TTL = 300

_SHAPES = {
    "A": "one IPv4 address",
    "AAAA": "one IPv6 address",
    "CNAME": "one name",
    "MX": "a preference from 0 to 65535 and a name",
    "NS": "one name",
    "PTR": "one name",
    "SOA": "two names and five numbers",
    "TXT": 'text in "quotes"',
}

_REASONS = {
    "Text input is malformed": "",
    "expecting an identifier": "a word is missing",
}
_LEFT_OVER = re.compile(r"^expected EOL or EOF, got \d+ ")


class ZoneError(ValueError):
    """A zone that cannot be served: names the line or the name, and what is wrong.

    `line` is the number of the line in the text, from 1; None for a dict.
    """

    def __init__(self, message: str, line: int | None = None) -> None:
        """Say `message`; a fault in text has a `line`."""
        super().__init__(message)
        self.line = line


@dataclass(frozen=True, slots=True)
class Record:
    """One resource record. `ttl` is in seconds, the full 32 bits."""

    name: dns.name.Name
    ttl: int
    rdata: dns.rdata.Rdata

    def rrset(self, owner: dns.name.Name | None = None) -> dns.rrset.RRset:
        """Return the record as a set of its own, owned by `owner` if that is given.

        One set per record keeps order and repetitions on the wire.
        """
        return dns.rrset.from_rdata(owner or self.name, self.ttl, self.rdata)


def read_text(text: str, source: str = "zone text") -> list[Record]:
    """Return the records of a master file in their order.

    Relative names are relative to the root until an $ORIGIN; a record without a TTL has
    that of $TTL, or 300 seconds. $GENERATE works, $INCLUDE is refused. Raises
    ZoneError; `source` is what it calls the text.
    """
    manager = dns.zonefile.RRSetsReaderManager(dns.name.root)
    found = _Collector(manager)
    tokens = _Tokens(text, source)
    reader = dns.zonefile.Reader(
        tokens, dns.rdataclass.IN, found, default_ttl=DEFAULT_TTL
    )
    try:
        reader.read()
    except (dns.exception.DNSException, ValueError) as error:
        raise _text_error(text, source, tokens.line, error) from None
    return found.records


def complaint(type_name: str, error: Exception) -> str:
    """Say what dnspython found wrong and what data of this type look like."""
    reason, shape = _reason(error), _SHAPES.get(type_name)
    if shape is None:
        return reason or "it is incomplete or malformed"
    wanted = f"{type_name} wants {shape}"
    return f"{reason} ({wanted})" if reason else wanted


class _Collector(dns.transaction.Transaction):
    """Takes the records a Reader adds, in order."""

    def __init__(self, manager: dns.transaction.TransactionManager) -> None:
        super().__init__(manager)
        self.records: list[Record] = []

    def add(self, *args: Any) -> None:
        name, ttl, rdata = args
        self.records.append(Record(name, ttl, rdata))

    def _set_origin(self, origin: dns.name.Name) -> None:
        """Ignore $ORIGIN: names arrive absolute."""


class _Tokens(dns.tokenizer.Tokenizer):
    """Remembers the line on which the present record or directive began.

    The tokenizer's own count is already on the next line when the end of a line is what
    is wrong.
    """

    def __init__(self, text: str, source: str) -> None:
        super().__init__(text, source, IDNA)
        self.line = 1

    def get(
        self, want_leading: bool = False, want_comment: bool = False
    ) -> dns.tokenizer.Token:
        if want_leading and self.ungotten_token is None:
            self.line = self.line_number
        return super().get(want_leading, want_comment)


def _text_error(text: str, source: str, line: int, error: Exception) -> ZoneError:
    written = text.splitlines()[line - 1 : line]
    shown = written[0].strip() if written else ""
    if "\n" not in text and len(text.split()) == 1:
        return ZoneError(
            f"{text!r} is no zone text; to serve a file, pass pathlib.Path({text!r})",
            line,
        )
    if shown.upper().startswith("$INCLUDE"):
        reason = "$INCLUDE is not served; write the records into one text"
    else:
        words = [] if shown.startswith("$") else shown.upper().split()[1:]
        known = next((word for word in words if word in _SHAPES), "")
        reason = complaint(known, error)
    return ZoneError(f"{source}, line {line}: {shown!r}: {reason}", line)


def _reason(error: Exception) -> str:
    """Return dnspython's reason in words of a zone file's author, "" if it has none."""
    text = str(error)
    # Reader puts "file:line: " in front, sometimes of the wrong line.
    head, separator, tail = text.partition(": ")
    if separator and head.rpartition(":")[2].isdigit():
        text = tail
    text = text.replace("rdatatype", "record type").rstrip(".")
    text = _LEFT_OVER.sub("there is more on the line than that: ", text)
    return _REASONS.get(text, text)
