# SPDX-License-Identifier: MIT
"""Steps that a signal must not come between."""

import contextlib
import signal
import threading
from collections.abc import Iterator

_NUMBERS = (signal.SIGINT, signal.SIGTERM)


@contextlib.contextmanager
def held() -> Iterator[None]:
    """Put off Ctrl-C and SIGTERM until the end of the block, which should be short.

    The handlers are changed, not the thread's mask: another thread would take a signal
    that this one blocks, and Python would run its handler here all the same.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    before = {number: signal.getsignal(number) for number in _NUMBERS}
    # A handler that was not set from Python cannot be put back, nor does it raise.
    usual = {number: handler for number, handler in before.items() if callable(handler)}
    for number in usual:
        signal.signal(number, lambda number, _frame: came.append(number))
    try:
        yield
    finally:
        for number, handler in usual.items():
            signal.signal(number, handler)
        if came:
            signal.raise_signal(came[0])
