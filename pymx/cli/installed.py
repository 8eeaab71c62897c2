# SPDX-License-Identifier: MIT
"""What is installed: versions of pymx, Python, c-ares and the packages around."""

import platform
from importlib import metadata
from typing import Any

from pymx import _native

# Packages pymx uses when they are there, and the extra that brings them.
_OPTIONAL = {"dnspython": "testing", "rich": "cli", "trio": "trio"}
# Use after free (CVE-2025-31498, CVE-2025-62408) and, at the end of the range, a socket
# per lost packet (c-ares issue 1152).
_FAULTY_CARES = ((1, 32, 3), (1, 34, 6))


def versions() -> dict[str, Any]:
    """Return the versions; None for a package that is not installed."""
    return {
        "pymx": version_of("pymx"),
        "python": f"{platform.python_version()} ({platform.python_implementation()})",
        "platform": platform.platform(terse=True),
        "cares": {
            "running": _native.CARES_VERSION,
            "compiled": _native.CARES_HEADER_VERSION,
            "has_known_faults": is_faulty_cares(_native.CARES_VERSION),
        },
        "idna": version_of("idna"),
        "optional": {name: version_of(name) for name in _OPTIONAL},
    }


def version_of(package: str) -> str | None:
    """Return the version of an installed distribution, or None."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def is_faulty_cares(version: str) -> bool:
    """Tell whether this c-ares has faults that can end the process."""
    numbers = tuple(int(part) for part in version.split(".")[:3] if part.isdigit())
    least, most = _FAULTY_CARES
    return least <= numbers <= most


def advice(found: dict[str, Any]) -> list[str]:
    """Return what to do about the versions, a sentence each; none when all is well."""
    sentences = []
    if found["cares"]["has_known_faults"]:
        sentences.append(
            f"c-ares {found['cares']['running']} has faults that can end the process "
            "(CVE-2025-31498, CVE-2025-62408): install 1.34.7 or later, or a "
            "distribution's 1.18 to 1.32.2"
        )
    return sentences


def describe(found: dict[str, Any]) -> str:
    """Return the versions as lines for people."""
    cares = found["cares"]
    optional = [
        f"{name} {version}" if version else f"no {name} (pymx[{_OPTIONAL[name]}])"
        for name, version in found["optional"].items()
    ]
    return (
        f"pymx {found['pymx']}, Python {found['python']}, {found['platform']}\n"
        f"c-ares {cares['running']}, compiled for {cares['compiled']}\n"
        f"idna {found['idna'] or 'is missing'}; {', '.join(optional)}\n"
    )
