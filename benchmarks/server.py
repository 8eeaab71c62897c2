# SPDX-License-Identifier: MIT
"""fastdns as a process of its own, on the servers' processor."""

import struct
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from benchmarks.process import BenchmarkError, environment, on_processor, processors


class Server:
    """A running fastdns; `port` is where."""

    def __init__(
        self,
        program: Path,
        world: Path,
        *,
        address: str = "127.0.0.1",
        port: int = 0,
        is_stream: bool = False,
        delay: float = 0.0,
    ) -> None:
        """Prepare it; `delay` is in seconds, port 0 a free one."""
        self.address = address
        self.port = port
        self._folder = tempfile.TemporaryDirectory(prefix="fastdns-")
        self._counters = Path(self._folder.name) / "counters"
        self._command = [
            *(str(program), "-a", address, "-p", str(port)),
            *("-s", str(self._counters), "-d", str(round(delay * 1e6))),
            *(("-t",) if is_stream else ()),
            str(world),
        ]

    def __enter__(self) -> Self:
        """Start it; raises BenchmarkError when it cannot serve there."""
        with on_processor(processors()[0]):
            self._process = subprocess.Popen(
                self._command,
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            told = self._process.communicate()[1]
            self._folder.cleanup()
            raise BenchmarkError(told.strip())
        self.port = int(line)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End it."""
        self._process.kill()
        self._process.communicate()
        self._folder.cleanup()

    @property
    def queries(self) -> int:
        """How many queries it was sent."""
        count: int = struct.unpack_from("=Q", self._counters.read_bytes())[0]
        return count
