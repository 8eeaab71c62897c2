# SPDX-License-Identifier: MIT
"""The resolver of all drivers of pymx, and its results as check.py wants them."""

import argparse
from typing import Any

import pymx
from benchmarks.check import Target
from pymx._native import CARES_VERSION

# The server is on the same machine: a lookup that takes so long was forgotten.
TIMEOUT = 30.0

VERSIONS = {"pymx": pymx.__version__, "c-ares": CARES_VERSION}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what can be set."""
    parser.add_argument("--transport", help="udp unless told otherwise")
    parser.add_argument("--cache-size", type=int, help="octets; 0 for none")


def settings(options: argparse.Namespace) -> dict[str, Any]:
    """Return the arguments of a `Resolver`; addresses of the world are private ones."""
    chosen: dict[str, Any] = {
        "nameservers": [f"127.0.0.1:{options.port}"],
        "addresses": "any",
        "concurrency": options.in_flight,
        "timeout": TIMEOUT,
    }
    if options.transport is not None:
        chosen["transport"] = options.transport
    if options.cache_size is not None:
        chosen["cache_size"] = options.cache_size
    return chosen


def make(options: argparse.Namespace, **more: Any) -> pymx.Resolver:
    """Return the resolver for blocking code."""
    return pymx.Resolver(**{**settings(options), **more})


def targets_of(route: pymx.Route) -> list[Target]:
    """Return the targets for check.py."""
    return [(t.preference, t.host, t.address) for t in route.targets]
