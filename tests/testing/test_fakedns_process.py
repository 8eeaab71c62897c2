# SPDX-License-Identifier: MIT
"""A server and its process: fork, exit, import. Each in a child of its own."""

import ast
import os
import pathlib
import subprocess
import sys
import textwrap

import pytest

import pymx.testing


@pytest.mark.forks
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_forked_child_does_not_serve_but_can_ask():
    """In a child process of its own: forking with threads is what is tested."""
    code = """
        import os, socket, dns.message, dns.query
        from pymx.testing import FakeDNS
        server = FakeDNS({"d.test": {"A": "192.0.2.1"}}).start()
        query = dns.message.make_query("d.test", "A")
        stream = socket.create_connection((server.address, server.port))
        dns.query.tcp(query, server.address, 20, sock=stream)
        before = len(os.listdir("/proc/self/fd"))
        ready, go = os.pipe(), os.pipe()
        pid = os.fork()
        if pid == 0:
            assert dns.query.udp(query, "127.0.0.1", 20, server.port).answer
            # Loop: epoll and two of a pair. Server: UDP, TCP and one connection.
            left = len(os.listdir("/proc/self/fd"))
            assert left == before + 4 - 6, (before, left)
            assert len(server.log) == 1 and "stopped" in repr(server)
            server.stop()
            os.write(ready[1], b"x")
            os.read(go[0], 1)
            os._exit(0)
        os.read(ready[0], 1)
        assert dns.query.udp(query, "127.0.0.1", 20, server.port).answer
        dns.query.tcp(query, server.address, 20, sock=stream)
        server.stop()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.connect(("127.0.0.1", server.port))
            sock.send(b"x")
            try:
                sock.settimeout(20)
                sock.recv(1)
            except ConnectionRefusedError:
                print("refused")
        os.write(go[1], b"x")
        assert os.waitpid(pid, 0)[1] == 0
    """
    run_python(code, expected="refused")


def test_out_of_descriptors_connections_wait_and_udp_goes_on():
    run_python(
        """
        import resource, socket, dns.message
        from pymx.testing import FakeDNS
        query = dns.message.make_query("d.test", "A").to_wire()
        with (
            FakeDNS({"d.test": {"A": "192.0.2.1"}}) as server,
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
            socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp,
        ):
            # Descriptors are given out from the lowest: the next one is the limit.
            with socket.socket() as probe:
                lowest = probe.fileno()
            soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
            resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, hard))
            for sock in (udp, tcp):
                sock.settimeout(20)
                sock.connect((server.address, server.port))
            tcp.sendall(len(query).to_bytes(2) + query)
            for _ in range(100):
                udp.send(query)
                assert dns.message.from_wire(udp.recv(512)).answer
            assert server.log.count(transport="tcp") == 0
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            assert tcp.recv(512)
            print("answered")
        """,
        expected="answered",
    )


def test_interpreter_ends_with_a_server_running():
    run_python(
        """
        from pymx.testing import FakeDNS
        server = FakeDNS().start()
        print("running")
        """,
        expected="running",
    )


def test_without_dnspython_the_extra_is_named():
    run_python(
        """
        import sys
        sys.modules["dns"] = None
        try:
            import pymx.testing
        except ImportError as error:
            print(error)
        """,
        expected="pymx.testing needs dnspython: pip install 'pymx[testing]'",
    )


def test_nothing_else_of_pymx_is_imported():
    """A test that only needs a server must not need the native engine."""
    folder = pathlib.Path(pymx.testing.__file__).parent
    imported = set()
    for path in folder.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                imported.add(node.module)
            elif isinstance(node, ast.Import):
                imported |= {alias.name for alias in node.names}
    own = {name for name in imported if name.partition(".")[0] == "pymx"}
    assert own
    assert all(name.startswith("pymx.testing.") for name in own)


def run_python(code, expected):
    done = subprocess.run(
        [
            sys.executable,
            "-W",
            "ignore::DeprecationWarning",
            "-c",
            textwrap.dedent(code),
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, expected, "")
