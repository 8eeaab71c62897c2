# SPDX-License-Identifier: MIT
"""A DNS server on loopback that says what a test tells it to say.

>>> from pymx.testing import FakeDNS, rcode
>>> with FakeDNS({"example.com": {"MX": [(10, "mx.example.com")]}}) as dns:
...     dns.script("example.com", "MX", rcode("SERVFAIL"), times=1)
...     # Give dns.nameserver to the resolver under test; then see what it asked:
...     dns.log.names()
[]

Needs dnspython, the extra ``testing``, and nothing else of pymx.
"""

try:
    from pymx.testing.behaviour import (
        answer,
        delay,
        drop,
        edit,
        normal,
        raw,
        rcode,
        sometimes,
        truncate,
    )
    from pymx.testing.bogus import (
        drop_above,
        duplicate,
        echo_query,
        flip_case,
        garbage,
        refuse_edns,
        wrong_id,
        wrong_question,
        wrong_source,
    )
    from pymx.testing.log import Log, Question
    from pymx.testing.server import FakeDNS
    from pymx.testing.service import ServerError
    from pymx.testing.step import Behaviour, Close, Query, Send, Step
    from pymx.testing.stream import close, false_length, slow_tcp, zero_length
    from pymx.testing.zone import Zone, ZoneSource
    from pymx.testing.zonetext import ZoneError
except ModuleNotFoundError as error:
    if (error.name or "").partition(".")[0] != "dns":
        raise
    raise ImportError(
        "pymx.testing needs dnspython: pip install 'pymx[testing]'", name="dns"
    ) from error

__all__ = [
    "Behaviour",
    "Close",
    "FakeDNS",
    "Log",
    "Query",
    "Question",
    "Send",
    "ServerError",
    "Step",
    "Zone",
    "ZoneError",
    "ZoneSource",
    "answer",
    "close",
    "delay",
    "drop",
    "drop_above",
    "duplicate",
    "echo_query",
    "edit",
    "false_length",
    "flip_case",
    "garbage",
    "normal",
    "raw",
    "rcode",
    "refuse_edns",
    "slow_tcp",
    "sometimes",
    "truncate",
    "wrong_id",
    "wrong_question",
    "wrong_source",
    "zero_length",
]
