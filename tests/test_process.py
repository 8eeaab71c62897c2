# SPDX-License-Identifier: MIT
"""Interrupts, forks and ends of processes, each in a child process.

A child must end with status 0, say nothing on stderr, and be done in time: see the
`child` fixture. Children ask a server of the parent that may stay silent for ever.
"""

import textwrap

import pytest

import pymx
from pymx.testing import drop

ZONE = {f"d{n}.example": {"A": f"192.0.2.{n}"} for n in range(10)}

# What every child begins with: a resolver that waits as good as for ever.
PREAMBLE = """
import asyncio, atexit, gc, multiprocessing, os, signal, sys, threading, time
import pymx
from pymx import aio

server = sys.argv[1]
patient = dict(timeout=3600, attempt_timeout=3600)
resolver = pymx.Resolver([server], **patient)

def wait_for(condition):
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)

def in_flight(count):
    wait_for(lambda: resolver.stats()["in_progress"] == count)

def in_child(work):
    pid = os.fork()
    if pid == 0:
        try:
            work()
        except BaseException:
            import traceback
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    return pid

def ends_well(pid):
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
"""


@pytest.fixture
def silent(dns):
    """A server that answers for d0.example to d9.example but never for others."""
    server = dns(ZONE)
    server.script("*.silent", None, drop())
    return server


@pytest.fixture
def run(child, silent):
    """Run code after the preamble; return what it printed."""
    return lambda code: child(PREAMBLE + textwrap.dedent(code), silent.nameserver)


# Interrupts.


def test_ctrl_c_ends_a_blocking_lookup(run):
    run(
        """
        threading.Timer(0.1, signal.raise_signal, (signal.SIGINT,)).start()
        try:
            resolver.resolve("n.silent")
        except KeyboardInterrupt:
            pass
        else:
            raise SystemExit("no KeyboardInterrupt")
        # The lookup is freed.
        in_flight(0)
        assert resolver.resolve("d1.example").status == "ok"
        """
    )


@pytest.mark.parametrize(
    "step",
    ["next(resolver.targets('n.silent'))", "next(resolver.resolve_many(['n.silent']))"],
)
def test_ctrl_c_ends_an_iterator(run, step):
    run(
        f"""
        threading.Timer(0.1, signal.raise_signal, (signal.SIGINT,)).start()
        try:
            {step}
        except KeyboardInterrupt:
            pass
        else:
            raise SystemExit("no KeyboardInterrupt")
        in_flight(0)
        """
    )


def test_a_signal_handler_runs_while_a_lookup_waits(run):
    output = run(
        """
        def handle(number, frame):
            print("handled", flush=True)
            resolver.close()
        signal.signal(signal.SIGUSR1, handle)
        threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGUSR1)).start()
        print(resolver.resolve("n.silent").status)
        """
    )
    assert output == "handled\ncancelled\n"


def test_ctrl_c_in_asyncio(run):
    run(
        """
        async def main():
            threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()
            await aio.Resolver([server], **patient).resolve("n.silent")
        try:
            asyncio.run(main())
        except KeyboardInterrupt:
            pass
        else:
            raise SystemExit("no KeyboardInterrupt")
        """
    )


# Forks.


@pytest.mark.forks
def test_a_forked_child_resolves(run):
    run(
        """
        assert resolver.resolve("d1.example").status == "ok"
        def work():
            assert resolver.resolve("d2.example").status == "ok"
            assert [r.status for r in resolver.resolve_many(["d3.example"])] == ["ok"]
            asking = aio.Resolver([server])
            assert asyncio.run(asking.resolve("d4.example")).status == "ok"
        for _ in range(5):
            ends_well(in_child(work))
        assert resolver.resolve("d5.example").status == "ok"
        """
    )


@pytest.mark.forks
def test_fork_with_lookups_in_flight(run):
    run(
        """
        results = []
        def lookup(n):
            results.append(resolver.resolve(f"n{n}.silent").status)
        threads = [threading.Thread(target=lookup, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        in_flight(8)
        def work():
            assert resolver.resolve("d1.example").status == "ok"
            resolver.close()
        children = [in_child(work) for _ in range(4)]
        for pid in children:
            ends_well(pid)
        # The parent's lookups do not notice.
        in_flight(8)
        assert resolver.resolve("d1.example").status == "ok"
        resolver.close()
        for thread in threads:
            thread.join()
        assert results == ["cancelled"] * 8
        """
    )


@pytest.mark.forks
def test_fork_while_other_threads_resolve(run):
    run(
        """
        stop = threading.Event()
        failures = []
        def hammer():
            while not stop.is_set():
                if resolver.resolve("d1.example").status != "ok":
                    failures.append(1)
        threads = [threading.Thread(target=hammer) for _ in range(4)]
        for thread in threads:
            thread.start()
        def work():
            assert resolver.resolve("d2.example").status == "ok"
        for _ in range(20):
            ends_well(in_child(work))
        stop.set()
        for thread in threads:
            thread.join()
        assert not failures
        """
    )


@pytest.mark.forks
def test_a_generator_begun_by_the_parent_says_so_in_the_child(run):
    run(
        """
        many = resolver.resolve_many(["d1.example", "n.silent", "d2.example"])
        targets = resolver.targets("d3.example")
        next(many), next(targets)
        def work():
            try:
                list(many)
            except pymx.ClosedError as error:
                assert "parent" in str(error), error
            else:
                raise AssertionError
            assert resolver.resolve("d4.example").status == "ok"
        ends_well(in_child(work))
        assert next(many).status == "ok"
        """
    )


@pytest.mark.forks
def test_a_loop_carried_over_a_fork(run):
    """A child that goes on with its parent's idle loop gets a hub of its own."""
    run(
        """
        asking = aio.Resolver([server])
        loop = asyncio.new_event_loop()
        assert loop.run_until_complete(asking.resolve("d1.example")).status == "ok"
        hub = loop._pymx_hub
        def work():
            assert loop.run_until_complete(asking.resolve("d2.example")).status == "ok"
            assert loop._pymx_hub is not hub
        ends_well(in_child(work))
        assert loop.run_until_complete(asking.resolve("d3.example")).status == "ok"
        assert loop._pymx_hub is hub
        loop.close()
        """
    )


@pytest.mark.parametrize(
    "method", [pytest.param("fork", marks=pytest.mark.forks), "spawn", "forkserver"]
)
def test_multiprocessing(silent, tmp_path, child, method):
    script = tmp_path / "work.py"
    script.write_text(
        textwrap.dedent(
            """
            import multiprocessing, sys
            import pymx

            def work(resolver, name):
                return resolver.resolve(name)

            def main(server, method):
                resolver = pymx.Resolver([server], timeout=3600)
                assert resolver.resolve("d0.example").status == "ok"
                names = [f"d{n}.example" for n in range(10)]
                context = multiprocessing.get_context(method)
                with context.Pool(2) as pool:
                    routes = pool.starmap(work, [(resolver, name) for name in names])
                    pool.close()
                    pool.join()
                assert [route.domain for route in routes] == names
                assert {route.status for route in routes} == {"ok"}

            if __name__ == "__main__":
                main(*sys.argv[1:])
            """
        )
    )
    child(
        "import runpy, sys; runpy.run_path(sys.argv.pop(1), run_name='__main__')",
        str(script),
        silent.nameserver,
        method,
    )


# Ends.


def test_exit_with_a_daemon_thread_in_a_lookup(run):
    run(
        """
        for n in range(4):
            threading.Thread(
                target=resolver.resolve, args=(f"n{n}.silent",), daemon=True
            ).start()
        in_flight(4)
        """
    )


@pytest.mark.parametrize(
    "step",
    [
        "many = resolver.resolve_many(['d1.example', *['n.silent'] * 50]); next(many)",
        "targets = resolver.targets('d1.example'); next(targets)",
    ],
    ids=["resolve_many", "targets"],
)
def test_exit_with_an_iterator_half_consumed(run, step):
    run(step)


def test_exit_with_an_iterator_in_a_cycle(run):
    run(
        """
        class Holder:
            pass
        holder = Holder()
        holder.itself = holder
        holder.many = resolver.resolve_many(["d1.example", "n.silent"])
        next(holder.many)
        del holder
        """
    )


def test_asyncio_run_ends_with_a_lookup_in_flight(run):
    run(
        """
        async def main():
            task = asyncio.create_task(resolver.resolve("n.silent"))
            await asyncio.sleep(0)
        resolver = aio.Resolver([server], **patient)
        asyncio.run(main())
        """
    )


def test_an_async_generator_is_left_open(run):
    run(
        """
        async def main():
            async for route in aio.Resolver([server], **patient).resolve_many(
                ["d1.example", *["n.silent"] * 10]
            ):
                break
        asyncio.run(main())
        """
    )


def test_a_loop_is_closed_early(run):
    run(
        """
        resolver = aio.Resolver([server], **patient)
        loop = asyncio.new_event_loop()
        task = loop.create_task(resolver.resolve("n.silent"))
        task._log_destroy_pending = False  # asyncio's own complaint, about this code
        loop.run_until_complete(asyncio.sleep(0))
        in_flight(1)
        loop.close()
        del loop, task
        gc.collect()
        in_flight(0)
        assert asyncio.run(resolver.resolve("d1.example")).status == "ok"
        """
    )


def test_a_loop_is_closed_before_its_lookup_finishes_and_kept(run):
    """The route arrives for a loop that cannot be told any more."""
    run(
        """
        resolver = aio.Resolver([server], **patient)
        loop = asyncio.new_event_loop()
        task = loop.create_task(resolver.resolve("d1.example"))
        task._log_destroy_pending = False
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()
        wait_for(lambda: resolver.stats()["lookups"] == 1)
        """
    )


def test_sys_exit_with_lookups_in_flight(run):
    run(
        """
        many = resolver.resolve_many(["d1.example", "n.silent"])
        next(many)
        sys.exit(0)
        """
    )


def test_a_lookup_in_an_atexit_function(run):
    output = run(
        """
        def last():
            try:
                print(resolver.resolve("d2.example").status)
            except pymx.ClosedError:
                print("closed")
        atexit.register(last)
        assert resolver.resolve("d1.example").status == "ok"
        """
    )
    # Registered after pymx's own, so run before it.
    assert output == "ok\n"


def test_a_lookup_after_pymx_was_shut_down(run):
    output = run(
        """
        class Late:
            def __del__(self):
                try:
                    resolver.resolve("d2.example")
                except pymx.ClosedError:
                    print("closed", flush=True)
        resolver.late = Late()
        assert resolver.resolve("d1.example").status == "ok"
        """
    )
    assert output in ("closed\n", "")


def test_a_thread_that_outlives_main(run):
    """Threads are joined before pymx is shut down: their lookups end as they should."""
    output = run(
        """
        resolver = pymx.Resolver([server], timeout=0.3, attempt_timeout=0.1)
        threading.Thread(
            target=lambda: print(resolver.resolve("n.silent").status)
        ).start()
        """
    )
    assert output == "timeout\n"


def test_os_exit(run):
    run(
        """
        many = resolver.resolve_many(["d1.example", "n.silent"])
        next(many)
        os._exit(0)
        """
    )


# Imports.


def test_import_starts_no_thread_opens_no_descriptor_and_stays_light(child):
    output = child(
        """
        import sys, threading, pathlib
        before = set(sys.modules)
        fds = len(list(pathlib.Path("/proc/self/fd").iterdir()))
        import pymx
        pymx.Resolver()
        assert len(list(pathlib.Path("/proc/self/fd").iterdir())) == fds
        assert len(list(pathlib.Path("/proc/self/task").iterdir())) == 1
        print(*sorted(set(sys.modules) - before))
        """
    )
    heavy = {
        "asyncio",
        "dataclasses",
        "idna",
        "importlib.metadata",
        "inspect",
        "logging",
    }
    heavy |= {"pymx.aio", "random", "socket", "trio", "typing"}
    assert not heavy & set(output.split())


def import_time(child, module):
    """Processor time of the import in a new process, the least of five, in seconds."""
    code = f"""
        import time
        begun = time.process_time()
        import {module}
        print(time.process_time() - begun)
    """
    return min(float(child(code)) for _ in range(5))


def test_import_costs_little(child):
    # 20 ms; more on a machine, or in a sanitized build, that is as much slower.
    limit = max(0.020, 0.4 * import_time(child, "asyncio"))
    assert import_time(child, "pymx") < limit


@pytest.mark.parametrize("name", ["aio", "__version__"])
def test_what_is_imported_when_used(child, name):
    assert child(f"import pymx; print(pymx.{name} is not None)") == "True\n"


def test_python_m_pymx(child):
    output = child(
        """
        import subprocess, sys
        subprocess.run([sys.executable, "-m", "pymx", "--help"], check=True)
        """
    )
    assert "usage: pymx" in output.lower()


def test_an_unknown_attribute():
    with pytest.raises(AttributeError, match="'pymx' has no attribute 'resolv'"):
        pymx.resolv  # noqa: B018
