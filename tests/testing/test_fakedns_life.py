# SPDX-License-Identifier: MIT
"""The life of a server: start, stop, restart, pause, failure."""

import errno
import pathlib
import socket
import threading

import dns.exception
import dns.message
import pytest

import pymx.testing
from pymx.testing import Behaviour, FakeDNS, ServerError, delay, drop, edit, raw

ZONE = {"d.test": {"A": "192.0.2.1"}}
QUERY = dns.message.make_query("d.test", "A").to_wire()


def udp_socket(server, timeout=20):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.settimeout(timeout)
    sock.connect((server.address, server.port))
    return sock


def open_descriptors():
    return len(list(pathlib.Path("/dev/fd").iterdir()))


class TestStartAndStop:
    def test_no_port_before_the_first_start(self):
        server = FakeDNS()
        with pytest.raises(RuntimeError, match="call start"):
            _ = server.nameserver
        assert "stopped" in repr(server)

    def test_stopped_server_refuses(self):
        server = FakeDNS(ZONE).start()
        nameserver = server.nameserver
        server.stop()
        server.stop()
        assert server.nameserver == nameserver
        with udp_socket(server) as sock:
            sock.send(QUERY)
            with pytest.raises(ConnectionRefusedError):
                sock.recv(512)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((server.address, server.port), timeout=20)

    def test_restart_keeps_port_log_and_script(self, ask):
        with FakeDNS(ZONE) as server:
            port = server.port
            server.script("d.test", "A", drop(), times=1)
            with socket.create_connection((server.address, port)):
                ask.records(server, "other.test", "A")
                server.restart()
                assert server.port == port
                assert server.log.names() == ["other.test"]
                with udp_socket(server) as sock:
                    sock.send(QUERY)
                    server.log.wait(1, "d.test")
                assert ask.records(server, "d.test", "A") == ["192.0.2.1"]

    def test_start_twice(self):
        with FakeDNS() as server, pytest.raises(RuntimeError, match="already"):
            server.start()

    def test_port_asked_for(self, ask):
        with FakeDNS() as first:
            port = first.port
        with FakeDNS(ZONE, port=port) as server:
            assert server.port == port
            assert ask.records(server, "d.test", "A")

    def test_port_taken(self):
        with FakeDNS() as first:
            other = FakeDNS(port=first.port)
            with pytest.raises(
                OSError, match=rf"UDP on 127\.0\.0\.1 port {first.port}"
            ):
                other.start()
            assert "stopped" in repr(other)

    def test_free_port_is_one_that_is_free_for_both(self, monkeypatch, ask):
        taken = []

        def bind_tcp(address, port):
            if len(taken) < 3:
                taken.append(port)
                raise OSError(errno.EADDRINUSE, "taken")
            return real(address, port)

        real = pymx.testing.bind.bind_tcp
        monkeypatch.setattr("pymx.testing.bind.bind_tcp", bind_tcp)
        with FakeDNS(ZONE) as server:
            assert len(taken) == 3
            assert ask.tcp(server, "d.test", "A").answer

    def test_no_port_is_free_for_both(self, monkeypatch):
        def bind_tcp(_address, _port):
            raise OSError(errno.EADDRINUSE, "taken")

        monkeypatch.setattr("pymx.testing.bind.bind_tcp", bind_tcp)
        before = open_descriptors()
        with pytest.raises(OSError, match="no port of 127"):
            FakeDNS().start()
        assert open_descriptors() == before

    def test_port_taken_for_tcp_alone(self):
        with socket.create_server(("127.0.0.1", 0)) as sock:
            port = sock.getsockname()[1]
            before = open_descriptors()
            with pytest.raises(OSError, match=rf"TCP on 127\.0\.0\.1 port {port}"):
                FakeDNS(port=port).start()
            assert open_descriptors() == before

    @pytest.mark.parametrize("address", ["0.0.0.0", "192.0.2.1", "localhost", "::", ""])
    def test_address_must_be_loopback(self, address):
        with pytest.raises(ValueError, match="not a loopback address"):
            FakeDNS(address=address)

    @pytest.mark.parametrize("port", [-1, 65536])
    def test_port_out_of_range(self, port):
        with pytest.raises(ValueError, match="port"):
            FakeDNS(port=port)

    def test_nothing_is_left_behind(self):
        FakeDNS().start().stop()
        descriptors, threads = open_descriptors(), threading.active_count()
        for _ in range(20):
            with FakeDNS(ZONE) as server:
                server.script("d.test", "A", pymx.testing.wrong_source())
                with (
                    udp_socket(server) as sock,
                    socket.create_connection((server.address, server.port)) as stream,
                ):
                    sock.send(QUERY)
                    stream.sendall(len(QUERY).to_bytes(2) + QUERY)
                    assert stream.recv(512)
                    server.log.wait(2)
        assert open_descriptors() == descriptors
        assert threading.active_count() == threads

    def test_stop_with_delayed_answers_and_open_connections(self):
        server = FakeDNS(ZONE).start()
        server.script("*", None, delay(3600))
        with (
            udp_socket(server) as sock,
            socket.create_connection((server.address, server.port)) as stream,
        ):
            sock.send(QUERY)
            stream.sendall(len(QUERY).to_bytes(2) + QUERY)
            server.log.wait(2)
            server.stop()
            assert stream.recv(1) == b""


class TestPause:
    def test_paused_is_silent_and_logs(self, ask):
        with FakeDNS(ZONE) as server, udp_socket(server) as sock:
            server.pause()
            sock.send(QUERY)
            server.log.wait(1)
            server.resume()
            assert ask.records(server, "d.test", "A") == ["192.0.2.1"]
            sock.setblocking(False)
            with pytest.raises(BlockingIOError):
                sock.recv(512)

    def test_paused_uses_up_no_script(self, ask):
        with FakeDNS(ZONE) as server, udp_socket(server) as sock:
            server.script("d.test", "A", pymx.testing.rcode("REFUSED"), times=1)
            server.pause()
            sock.send(QUERY)
            server.log.wait(1)
            server.resume()
            assert ask.rcode(server, "d.test", "A") == "REFUSED"

    def test_frozen_answers_everything_late(self):
        with FakeDNS(ZONE) as server, udp_socket(server) as sock:
            server.freeze()
            for _ in range(10):
                sock.send(QUERY)
            assert len(server.log) == 0
            sock.setblocking(False)
            with pytest.raises(BlockingIOError):
                sock.recv(512)
            sock.settimeout(20)
            server.resume()
            for _ in range(10):
                assert dns.message.from_wire(sock.recv(512)).answer

    def test_frozen_can_be_stopped_but_not_switched(self):
        with FakeDNS(ZONE) as server:
            server.freeze()
            server.freeze()
            with pytest.raises(RuntimeError, match="resume"):
                server.refuse_tcp()

    def test_freeze_needs_a_running_server(self):
        with pytest.raises(RuntimeError, match="not running"):
            FakeDNS().freeze()


def test_clear_script(ask):
    with FakeDNS(ZONE) as server:
        server.script("*", None, pymx.testing.rcode("REFUSED"))
        assert ask.rcode(server, "d.test", "A") == "REFUSED"
        server.clear_script()
        assert ask.rcode(server, "d.test", "A") == "NOERROR"


def test_load_answers_from_another_zone(ask):
    with FakeDNS(ZONE) as server:
        assert ask.records(server, "d.test", "A") == ["192.0.2.1"]
        server.load({"d.test": {"A": "192.0.2.2"}})
        assert ask.records(server, "d.test", "A") == ["192.0.2.2"]
        server.load(None)
        assert ask.rcode(server, "d.test", "A") == "NXDOMAIN"


class TestFailure:
    def fail(self, server, ask):
        def broken(_message):
            raise ZeroDivisionError("in the test's own code")

        server.script("d.test", "A", edit(broken), times=2)
        return [ask.rcode(server, "d.test", "A") for _ in range(3)]

    def test_is_raised_at_stop_and_the_server_lives_on(self, ask):
        server = FakeDNS(ZONE).start()
        assert self.fail(server, ask) == ["SERVFAIL", "SERVFAIL", "NOERROR"]
        with pytest.raises(
            ServerError, match=r"edit\(broken\) failed on d\.test A"
        ) as e:
            server.stop()
        assert isinstance(e.value.__cause__, ZeroDivisionError)
        assert len(e.value.__notes__) == 1
        server.stop()

    def test_leaves_the_with_statement(self, ask):
        with pytest.raises(ServerError), FakeDNS(ZONE) as server:
            self.fail(server, ask)

    def test_does_not_hide_that_of_the_test(self, ask):
        def fail_twice():
            with FakeDNS(ZONE) as server:
                self.fail(server, ask)
                raise KeyError("the test itself")

        with pytest.raises(KeyError) as caught:
            fail_twice()
        assert "edit(broken) failed" in caught.value.__notes__[0]

    def test_pytest_fail_in_a_scripted_function_fails_the_test(self, ask):
        def fail(_message):
            pytest.fail("must not be asked")

        server = FakeDNS(ZONE).start()
        server.script("d.test", "A", edit(fail))
        ask.udp(server, "d.test", "A")
        with pytest.raises(ServerError, match="must not be asked"):
            server.stop()

    @pytest.mark.parametrize(
        ("behaviour", "complaint"),
        [
            (raw(b"x" * 65536), r"raw\(.* 65536 octets are more than a message"),
            (Behaviour("odd()", lambda _query: [b"x"]), "b'x' is neither Send nor"),
        ],
    )
    @pytest.mark.parametrize("transport", ["udp", "tcp"])
    def test_of_steps_that_cannot_be_taken(self, ask, behaviour, complaint, transport):
        server = FakeDNS(ZONE).start()
        server.script("d.test", "A", behaviour)
        reply = getattr(ask, transport)(server, "d.test", "A")
        assert reply.rcode().name == "SERVFAIL"
        with pytest.raises(ServerError, match=complaint):
            server.stop()

    def test_of_the_thread_itself(self, monkeypatch):
        def broken(_wire):
            raise ZeroDivisionError("a defect of the server")

        server = FakeDNS(ZONE).start()
        monkeypatch.setattr("pymx.testing.service.read_query", broken)
        with udp_socket(server) as sock:
            sock.send(QUERY)
            server._loop._thread.join()
            with pytest.raises(RuntimeError, match="has ended"):
                server.refuse_tcp()
            with pytest.raises(ServerError, match="a defect of the server"):
                server.stop()

    def test_of_a_scripted_function_that_blocks(self, monkeypatch):
        monkeypatch.setattr("pymx.testing.server._STOP_TIMEOUT", 0.01)
        go = threading.Event()
        server = FakeDNS(ZONE).start()
        thread = server._loop._thread
        server.script("d.test", "A", edit(lambda _message: go.wait()))
        with udp_socket(server) as sock:
            sock.send(QUERY)
            server.log.wait(1)
            with pytest.raises(RuntimeError, match="a scripted function that blocks"):
                server.stop()
        go.set()
        thread.join()

    def test_of_a_switch_reaches_its_caller(self, monkeypatch):
        def full(_address, _port):
            raise OSError("no descriptors")

        with FakeDNS(ZONE) as server:
            monkeypatch.setattr("pymx.testing.server.bind_tcp", full)
            with pytest.raises(OSError, match="no descriptors"):
                server.refuse_tcp()

    def test_scripted_functions_may_switch_the_server(self, ask):
        def refuse(message):
            server.refuse_tcp()
            return message

        with FakeDNS(ZONE) as server:
            server.script("d.test", "A", edit(refuse))
            assert ask.udp(server, "d.test", "A").answer
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection((server.address, server.port))
