# SPDX-License-Identifier: MIT
"""What all tests of the command need."""

import pytest


@pytest.fixture(autouse=True)
def _plain_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PYMX_NAMESERVERS", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
