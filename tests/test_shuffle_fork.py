# SPDX-License-Identifier: MIT
"""Children of one process do not shuffle alike: that would send all to one exchange."""

import json

import pytest

pytestmark = pytest.mark.forks

ZONE = {
    "d.example": {"MX": [(1, f"mx{n}.example") for n in range(8)]},
    **{f"mx{n}.example": {"A": f"192.0.2.{n}"} for n in range(8)},
}

CODE = """
import json, os, sys
import pymx

resolver = pymx.Resolver([sys.argv[1]])

def order():
    return [exchange.host for exchange in resolver.resolve("d.example").exchanges]

if sys.argv[2] == "used":
    order()
orders = []
for _ in range(6):
    reader, writer = os.pipe()
    if os.fork() == 0:
        os.write(writer, json.dumps(order()).encode())
        os._exit(0)
    os.wait()
    orders.append(json.loads(os.read(reader, 65536)))
orders.append(order())
print(json.dumps(orders))
"""


def different(output):
    return len({tuple(order) for order in json.loads(output)})


def test_children_of_a_resolver_that_was_used_differ(dns, child):
    # Seven orders out of 40,320: two alike by chance once in 2,000 runs, three never.
    assert different(child(CODE, dns(ZONE).nameserver, "used")) >= 6


def test_children_of_a_resolver_that_was_not_used_differ(dns, child):
    assert different(child(CODE, dns(ZONE).nameserver, "unused")) >= 6
