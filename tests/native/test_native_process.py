# SPDX-License-Identifier: MIT
"""What the extension does to its process: threads, forks, interpreters, the end.

Each in a child of its own that has `made`, a `resolver` whose name server never
answers, and helpers.
"""

import textwrap
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]

PREAMBLE = """
import gc, os, socket, sys, threading, time

# Registered before that of pymx, it runs after it, with the engine locked.
hooks = []
os.register_at_fork(before=lambda: [hook() for hook in hooks])

sys.path.insert(0, sys.argv[1])
from native import made
import pymx
from pymx import _native

server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 0))
patience = dict(
    nameservers=(f"127.0.0.1:{server.getsockname()[1]}",),
    timeout=3600.0, attempt_timeout=3600.0,
)
resolver = made.resolver(**patience)

def in_flight(count):
    while resolver.stats()["in_progress"] != count:
        time.sleep(0.001)

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
    assert os.waitpid(pid, 0)[1] == 0

def is_closed(use):
    try:
        use()
    except pymx.ClosedError:
        return True
    return False
"""


@pytest.fixture
def run(child):
    return lambda code: child(PREAMBLE + textwrap.dedent(code), str(TESTS))


def test_a_thread_is_started_by_the_first_question_and_ends_with_the_interpreter(run):
    output = run(
        """
        from pathlib import Path
        def names():
            tasks = Path("/proc/self/task").iterdir()
            return sorted((task / "comm").read_text().strip() for task in tasks)
        def descriptors():
            return len(os.listdir("/proc/self/fd"))
        at_first, open_at_first = names(), descriptors()
        queue = _native.Completions()
        for destination in ("[192.0.2.1]", "a..b", "bücher..example"):
            resolver.resolve(destination)
            resolver.submit(queue, 1, destination)
        queue.take()
        pymx.order([(1, 2), (3, 4)])
        assert (names(), descriptors()) == (at_first, open_at_first)
        resolver.submit(queue, 1, "a.example")
        in_flight(1)
        assert names() == sorted([*at_first, "pymx-engine"])
        made.resolver(**patience).submit(queue, 2, "a.example")
        assert len(names()) == 1 + len(at_first)
        _native.shutdown()
        _native.shutdown()
        assert names() == at_first
        print(sorted((token, route.status) for token, route in queue.take()))
        """
    )
    assert output == "[(1, 'cancelled'), (2, 'cancelled')]\n"


def test_after_shutdown_nothing_is_resolved(run):
    run(
        """
        queue = _native.Completions()
        request = resolver.submit(queue, 1, "a.example")
        _native.shutdown()
        request.cancel()
        assert is_closed(lambda: resolver.resolve("a.example"))
        assert is_closed(lambda: resolver.resolve("a..b"))
        assert is_closed(lambda: resolver.submit(queue, 1, "a.example"))
        assert is_closed(lambda: made.resolver().resolve("a.example"))
        assert [route.status for _, route in queue.take()] == ["cancelled"]
        resolver.close()
        assert pymx.order([(2, "b"), (1, "a")]) == [(1, "a"), (2, "b")]
        """
    )


def test_no_descriptor_to_be_had(run):
    output = run(
        """
        import errno, resource
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3000))
        for use in (
            lambda: _native.Completions(descriptor=True),
            lambda: resolver.resolve("a.example"),
        ):
            try:
                use()
            except OSError as error:
                assert error.errno == errno.EMFILE
                print(error.strerror)
        assert resolver.resolve("[192.0.2.1]").status == "ok"
        resource.setrlimit(resource.RLIMIT_NOFILE, (3000, 3000))
        queue = _native.Completions(descriptor=True)
        resolver.submit(queue, 1, "a.example")
        in_flight(1)
        """
    )
    assert output == (
        "cannot make a queue for finished lookups: Too many open files\n"
        "cannot start the resolver's thread: Too many open files\n"
    )


@pytest.mark.forks
def test_the_queue_of_a_parent_is_closed_to_its_child(run):
    run(
        """
        queue = _native.Completions(descriptor=True)
        requests = [resolver.submit(queue, n, f"d{n}.example") for n in range(3)]
        requests[0].cancel()
        in_flight(2)
        def work():
            global queue
            assert is_closed(queue.take)
            assert is_closed(lambda: queue.take(1, 0))
            assert is_closed(queue.fileno)
            assert is_closed(lambda: resolver.submit(queue, 1, "a..b"))
            assert resolver.stats()["in_progress"] == 0
            own = _native.Completions()
            resolver.submit(own, 1, "a.example")
            in_flight(1)
            requests[1].cancel()
            queue.close()
            del queue
            requests.clear()
            gc.collect()
            assert own.take(1, 0) == []
            resolver.close()
            assert [route.status for _, route in own.take()] == ["cancelled"]
        for _ in range(3):
            in_child(work)
        in_flight(2)
        assert [token for token, _ in queue.take()] == [0]
        """
    )


@pytest.mark.forks
def test_a_child_may_forget_what_its_parent_made(run):
    run(
        """
        def forget():
            global resolver, queue
            del resolver, queue
            gc.collect()
            assert made.resolver().resolve("[192.0.2.1]").status == "ok"
        queue = _native.Completions(descriptor=True)
        in_child(forget)
        resolver.submit(queue, 1, "a.example")
        in_child(forget)
        resolver.close()
        in_child(forget)
        assert [route.status for _, route in queue.take()] == ["cancelled"]
        """
    )


@pytest.mark.forks
def test_a_fork_that_python_does_not_hear_of(run):
    output = run(
        """
        import ctypes
        queue = _native.Completions()
        resolver.submit(queue, 1, "a.example")
        in_flight(1)
        pid = ctypes.PyDLL(None).fork()
        if pid:
            assert os.waitpid(pid, 0)[1] == 0
            in_flight(1)
            print("parent")
        elif ctypes.PyDLL(None).fork():
            # Ends as interpreters do, without a lookup; its child after one.
            os.wait()
        else:
            own = made.resolver(**{**patience, "timeout": 0.05})
            print(own.resolve("a.example").status)
            assert is_closed(queue.take)
        """
    )
    assert output == "timeout\nparent\n"


@pytest.mark.forks
def test_a_signal_handler_that_forks_within_a_lookup(run):
    output = run(
        """
        import signal
        pid = None
        def fork(number, frame):
            global pid
            pid = os.fork()
            if pid:
                assert os.waitpid(pid, 0)[1] == 0
                resolver.close()
        signal.signal(signal.SIGUSR1, fork)
        threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGUSR1)).start()
        try:
            print("parent", resolver.resolve("a.example").status)
        except pymx.ClosedError as error:
            print("child", error, flush=True)
            os._exit(0)
        """
    )
    assert output == (
        "child the lookup was begun by the parent of this process\nparent cancelled\n"
    )


@pytest.mark.forks
def test_a_bulk_run_from_an_at_fork_hook(run):
    """It would wait for the engine's lock, which its own thread holds."""
    run(
        """
        many = resolver.resolve_many(iter(["n.silent", None]), 5, retries=1)
        assert next(many).status == "invalid"
        closed = []
        def hook():
            closed.append(is_closed(lambda: next(many)))
            closed.append(is_closed(lambda: next(resolver.resolve_many(iter("a"), 1))))
        hooks.append(hook)
        in_child(lambda: None)
        hooks.clear()
        assert closed == [True, True], closed
        in_flight(1)
        many.close()
        in_flight(0)
        """
    )


@pytest.mark.forks
@pytest.mark.parametrize("is_running", [False, True])
def test_no_lookup_starts_from_an_at_fork_hook_and_none_hangs(run, is_running):
    output = run(
        f"""
        is_running = {is_running}
        calls = []
        queue = _native.Completions()
        if is_running:
            request = resolver.submit(queue, 1, "a.example")
            in_flight(1)
        else:
            request = resolver.submit(queue, 1, "a..b")
        def hook():
            global queue, resolver
            late = _native.Completions()
            calls.append(is_closed(lambda: resolver.submit(late, 1, "a.example")))
            calls.append(is_closed(lambda: resolver.resolve("a.example")))
            request.cancel()
            made.resolver(**patience).close()
            del late
            gc.collect()
        hooks.append(hook)
        in_child(lambda: None)
        hooks.clear()
        print(calls)
        resolver.close()
        """
    )
    assert output == "[True, True]\n"


@pytest.mark.forks
def test_a_lookup_that_another_thread_starts_during_a_fork(run):
    run(
        """
        queue = _native.Completions()
        for is_running in (False, True):
            forking = threading.Event()
            asked = threading.Event()
            def ask():
                forking.wait()
                asked.set()
                resolver.submit(queue, is_running, "a.example")
            thread = threading.Thread(target=ask)
            thread.start()
            def hook():
                forking.set()
                # Gives the GIL to the other thread, which without care would wait with
                # it for the lock of the engine, for ever.
                asked.wait()
            hooks.append(hook)
            in_child(lambda: None)
            hooks.clear()
            thread.join()
            in_flight(1 + is_running)
        resolver.close()
        routes = [route for _ in range(2) for _, route in queue.take(1)]
        assert [route.status for route in routes] == ["cancelled"] * 2
        """
    )


@pytest.mark.forks
def test_two_threads_that_fork_at_once(run):
    run(
        """
        # Gives up the GIL with the engine locked, as locks of the standard library's
        # own hooks (logging, random, threading) do when another thread has them.
        hooks.append(lambda: time.sleep(0.001))
        queue = _native.Completions()
        resolver.submit(queue, 1, "a.example")
        in_flight(1)
        def work():
            own = _native.Completions()
            resolver.submit(own, 1, "a.example")
            in_flight(1)
        together = threading.Barrier(3)
        failures = []
        def fork_often():
            try:
                together.wait()
                for _ in range(20):
                    in_child(work)
            except BaseException as failure:
                failures.append(failure)
        threads = [threading.Thread(target=fork_often) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        in_flight(1)
        resolver.submit(queue, 2, "b.example")
        in_flight(2)
        """
    )


@pytest.mark.forks
def test_a_hook_that_forks(run):
    run(
        """
        queue = _native.Completions()
        def work():
            own = _native.Completions()
            resolver.submit(own, 1, "a.example")
            in_flight(1)
        def hook():
            hooks.clear()
            in_child(lambda: is_closed(lambda: resolver.resolve("a")) or os._exit(2))
            assert is_closed(lambda: resolver.resolve("a.example"))
            if os.fork() == 0:
                inner.append(1)  # and goes on with the outer fork
        inner = []
        for count in (1, 2):
            hooks.append(hook)
            in_child(work)
            if inner:
                work()
                os._exit(0)
            assert os.wait()[1] == 0
            resolver.submit(queue, count, "a.example")
            in_flight(count)
        """
    )


@pytest.mark.forks
def test_a_module_that_was_loaded_twice(run):
    run(
        """
        def load():
            for name in list(sys.modules):
                if name.split(".")[0] in ("pymx", "native"):
                    del sys.modules[name]
            from native import made
            from pymx import _native
            return made.resolver(**patience), _native.Completions()
        loaded = [(resolver, _native.Completions()), load(), load()]
        assert len({type(each) for each, _ in loaded}) == 3
        def ask():
            for each, queue in loaded:
                each.submit(queue, 1, "a.example")
                while each.stats()["in_progress"] == 0:
                    time.sleep(0.001)
                each.close()
        def work():
            global loaded
            loaded = [(each, type(queue)()) for each, queue in loaded]
            ask()
        in_child(work)
        for each, queue in loaded:
            each.submit(queue, 1, "a.example")
            in_child(work)
        ask()
        """
    )


def test_each_interpreter_has_its_own_engine(run):
    output = run(
        """
        try:
            import _interpreters as interpreters
        except ImportError:
            import _xxsubinterpreters as interpreters
        code = '''if True:
            import sys
            sys.path[:] = {path!r}
            from native import made
            from pymx import _native
            assert _native.order([(2, "b"), (1, "a")]) == [(1, "a"), (2, "b")]
            assert made.resolver().resolve("[192.0.2.1]").targets
            resolver = made.resolver(nameservers=({server!r},), timeout=0.05)
            assert resolver.resolve("a.example").status == "timeout"
            queue = _native.Completions()
            resolver.submit(queue, 1, "b.example", queue)
            print("ran", flush=True)
        '''.format(path=sys.path, server=patience["nameservers"][0])
        queue = _native.Completions()
        resolver.submit(queue, 1, "a.example")
        for _ in range(3):
            interpreter = interpreters.create()
            failure = interpreters.run_string(interpreter, code)
            assert failure is None, failure
            interpreters.destroy(interpreter)
        in_flight(1)
        """
    )
    assert output == "ran\n" * 3


def test_the_interpreter_ends_with_everything_in_use(run):
    run(
        """
        queue = _native.Completions(descriptor=True)
        for n in range(100):
            resolver.submit(queue, n, f"d{n}.example", [queue, resolver])
        threading.Thread(target=queue.take, daemon=True).start()
        threading.Thread(
            target=resolver.resolve, args=("a.example",), daemon=True
        ).start()
        in_flight(101)
        sys.kept = [queue, resolver, made.route(), _native]
        """
    )
