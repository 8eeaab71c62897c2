# SPDX-License-Identifier: MIT
"""pymx bulk: disks that are full, pipes that break, files that cannot be used."""

import contextlib
import errno
import io
import os
import resource
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from cli.bulk import QUIET, bulk, records
from cli.command import COMMAND, ENVIRONMENT, TIME_LIMIT, ZONE, run, start

from pymx.cli import bulk_journal, bulk_parquet
from pymx.cli.bulk_output import FileSink
from pymx.cli.exits import Failure

LINES = [f"d{number}.example" for number in range(1, 601)]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "input"
    path.write_text("\n".join(LINES) + "\n")
    return path


def numbers(output: Path) -> list[int]:
    return [record["number"] for record in records(output.read_bytes())]


class Disk(io.FileIO):
    """A file on a disk with so much room, which takes a few octets at a time."""

    room = 0
    step = 7

    def write(self, octets: object) -> int:
        piece = bytes(octets)[: min(self.step, self.room)]  # type: ignore[call-overload]
        if not piece:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self.room -= len(piece)
        return super().write(piece)


def write(path: Path, room: int, batches: list[bytes]) -> None:
    with Disk(path, "w+") as disk:
        disk.room = room
        sink = FileSink(disk, "out")
        for batch in batches:
            sink.write(batch)


def test_a_disk_that_is_full_at_any_octet(tmp_path: Path) -> None:
    batches = [b"first\nsecond\n", b"third\n"]
    whole = b"".join(batches)
    for room in range(len(whole)):
        path = tmp_path / f"out{room}"
        with pytest.raises(Failure, match="No space left on device; when") as raised:
            write(path, room, batches)
        assert raised.value.code == 74
        kept = len(batches[0]) if room >= len(batches[0]) else 0
        assert path.read_bytes() == whole[:kept]
    write(path, len(whole), batches)
    assert path.read_bytes() == whole


def test_an_exception_at_any_write_leaves_a_batch_that_is_settled(
    tmp_path: Path,
) -> None:
    class Signalled(Disk):
        room = 10**6
        left = 0

        def write(self, octets: object) -> int:
            self.left -= 1
            # As a signal handler does, before the write or right after it.
            if self.left == 0:
                raise KeyboardInterrupt
            size = super().write(octets)
            if self.left == 1:
                raise KeyboardInterrupt
            return size

    for left in range(1, 9):
        path = tmp_path / f"out{left}"
        with Signalled(path, "w+") as disk:
            sink = FileSink(disk, "out")
            sink.write(b"first\n")
            disk.left = left
            batch = b"second, which takes some writes\n"
            with contextlib.suppress(KeyboardInterrupt):
                sink.write(batch)
            disk.left = 0
            sink.settle()
            sink.settle()
        assert path.read_bytes() in (b"first\n", b"first\n" + batch)
        if left > 2:
            assert path.read_bytes() == b"first\n" + batch


def test_dev_full(source: Path) -> None:
    done = run("bulk", *QUIET, str(source), "-o", "/dev/full")
    assert done.returncode == 74
    assert done.stderr == b"pymx: -o/--output /dev/full: No space left on device\n"
    with Path("/dev/full").open("wb") as full:
        child = subprocess.run(
            [*COMMAND, "bulk", *QUIET, str(source)],
            stdout=full,
            stderr=subprocess.PIPE,
            env=ENVIRONMENT,
            timeout=TIME_LIMIT,
        )
    assert child.returncode == 74
    assert child.stderr == b"pymx: standard output: No space left on device\n"


def limit_files_to(size: int) -> Callable[[], None]:
    def limit() -> None:
        import signal

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    return limit


@pytest.mark.parametrize("size", [100, 5_000, 250_000])
def test_a_file_that_may_grow_no_further(
    tmp_path: Path, source: Path, size: int
) -> None:
    output = tmp_path / "out"
    command = [*COMMAND, "bulk", *QUIET, str(source), "-o", str(output)]
    child = subprocess.run(
        command,
        stderr=subprocess.PIPE,
        env=ENVIRONMENT,
        timeout=TIME_LIMIT,
        preexec_fn=limit_files_to(size),
    )
    assert child.returncode == 74
    assert b"File too large" in child.stderr
    if output.exists():
        assert numbers(output) == sorted(set(numbers(output)))
    assert bulk(source, "-o", output, "--resume") == 0
    assert numbers(output) == list(range(1, 601))


@pytest.mark.parametrize("what", ["fsync", "truncate", "write", "unlink", "replace"])
def test_errors_of_the_system_are_told(
    tmp_path: Path,
    source: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    what: str,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    name = "out.parquet" if what == "replace" else "out"
    arguments = (source, "-o", tmp_path / name)
    with monkeypatch.context() as broken:
        if what == "unlink":
            broken.setattr(Path, "unlink", fail)
        elif what == "replace":
            broken.setattr(bulk_parquet.os, "replace", fail)
        elif what in ("fsync", "write"):
            broken.setattr(bulk_journal.os, what, fail)
        else:
            broken.setattr(FileSink, "continue_at", fail_with_failure)
        assert bulk(*arguments) == 74
    assert "Input/output error" in capsys.readouterr().err
    assert bulk(*arguments, "--resume") == 0
    if name == "out":
        assert numbers(tmp_path / name) == list(range(1, 601))


def fail_with_failure(sink: FileSink, length: int) -> None:
    del length
    raise sink._failure(OSError(errno.EIO, os.strerror(errno.EIO)))


def test_closing_fails(tmp_path: Path) -> None:
    class Remote(io.FileIO):
        def close(self) -> None:
            if not self.closed:
                super().close()
                raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT))

    sink = FileSink(Remote(tmp_path / "out", "w+"), "out")
    sink.write(b"x\n")
    with pytest.raises(Failure, match="out: Disk quota exceeded") as raised:
        sink.close()
    assert raised.value.code == 74


def test_nobody_reads_any_more(source: Path) -> None:
    with start("bulk", *QUIET, str(source)) as child:
        assert child.stdout
        child.stdout.readline()
        child.stdout.close()
        assert child.stderr
        assert child.stderr.read() == b""
        assert child.wait(TIME_LIMIT) == 141


def test_a_slow_reader_is_waited_for(tmp_path: Path) -> None:
    # More than a pipe holds, read only when the input is at its end.
    lines = "".join(f"d{number}.example\n" for number in range(2000)).encode()
    with start("bulk", *QUIET) as child:
        assert child.stdin
        assert child.stdout
        child.stdin.write(lines)
        child.stdin.close()
        found = []
        while line := child.stdout.readline():
            found.append(line)
        assert child.wait(TIME_LIMIT) == 0
    assert len(records(b"".join(found))) == 2000
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("output", "error"),
    [
        ("missing/out", "No such file or directory"),
        ("", "Is a directory"),
        ("input/out", "Not a directory"),
        ("input", "is the input itself"),
        ("link", "is the input itself"),
        ("zone", "is the --zone itself"),
    ],
)
def test_outputs_that_are_refused_before_any_work(
    tmp_path: Path,
    source: Path,
    capsys: pytest.CaptureFixture[str],
    output: str,
    error: str,
) -> None:
    (tmp_path / "link").symlink_to(source)
    (tmp_path / "zone").write_bytes(Path(ZONE).read_bytes())
    before = source.read_bytes()
    from pymx.cli import main

    for flags in ([], ["--force"], ["--resume"]):
        arguments = ["--zone", str(tmp_path / "zone"), "-q", str(source), *flags]
        assert main(["bulk", *arguments, "-o", str(tmp_path / output)]) == 2
        assert error in capsys.readouterr().err
    assert source.read_bytes() == before
    assert (tmp_path / "zone").read_bytes() == Path(ZONE).read_bytes()


def test_the_journal_is_not_the_input(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "out.pymx"
    source.write_text("plain.example\n")
    assert bulk(source, "-o", tmp_path / "out") == 2
    assert "out.pymx is the input itself" in capsys.readouterr().err
    assert source.read_text() == "plain.example\n"


def test_standard_input_that_is_the_output(source: Path) -> None:
    for flags in (["-o", str(source), "--force"], []):
        with source.open("r+b") as file:
            child = subprocess.run(
                [*COMMAND, "bulk", *QUIET, *flags],
                stdin=file,
                stdout=subprocess.PIPE if flags else file,
                stderr=subprocess.PIPE,
                env=ENVIRONMENT,
                timeout=TIME_LIMIT,
            )
        assert child.returncode == 2
        assert b"is the input itself" in child.stderr
        assert source.read_text().split() == LINES


def test_pipes_and_devices_cannot_be_resumed(
    source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bulk(source, "-o", "/dev/null") == 0
    assert bulk(source, "-o", "/dev/null", "--resume") == 2
    assert "/dev/null is no file: it cannot be resumed" in capsys.readouterr().err
    assert not Path("/dev/null.pymx").exists()
