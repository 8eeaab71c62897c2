# SPDX-License-Identifier: MIT
"""The layers of ext/core: which module lies above which."""

from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# Lowest first. A module sees its own layer and those below, never above.
LAYERS = {
    "leaves": "arena block clock hash heap json list mem reason rng status table "
    "verdict",
    "names": "name wire",
    "facts": "address answer chain destination message question records self",
    "servers": "outage protocol rate server window",
    "result": "route trace",
    "order": "order",
    "lookup": "conclude draft exchanges follow lookup ranks targets weigh",
    "I/O": "burst cache channel completions connection datagram descriptors "
    "endpoint flights interfaces nameservers near_misses outbox process "
    "socket_address socket_error stream transport udp wake",
    "engine": "batch engine query request resolver shards",
}

# These only compute: no clock, no socket, no lock, no locale.
DECISIONS = ("names", "facts", "result", "order", "lookup")


def module_of(stem: str) -> str | None:
    """Return the module of a file; engine_check.c belongs to the module engine."""
    modules = {module for layer in LAYERS.values() for module in layer.split()}
    while stem not in modules:
        stem, separator, _ = stem.rpartition("_")
        if not separator:
            return None
    return stem


def layer_of(module: str) -> int:
    """Return the height of a module's layer."""
    return next(i for i, names in enumerate(LAYERS.values()) if module in names.split())


def is_decision(module: str | None) -> bool:
    """Tell whether a module must be free of I/O."""
    return module is not None and list(LAYERS)[layer_of(module)] in DECISIONS


def sources(root: Path, pattern: str = "*.[ch]") -> Iterator[Path]:
    """Yield the C files and headers of the core."""
    yield from sorted((root / "ext" / "core").glob(pattern))
