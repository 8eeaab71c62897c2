# SPDX-License-Identifier: MIT
"""What goes wrong on a TCP stream, octet by octet."""

import socket
import types

import dns.message
import pytest

from pymx.testing import (
    FakeDNS,
    close,
    delay,
    drop,
    duplicate,
    false_length,
    normal,
    raw,
    slow_tcp,
    zero_length,
)

QUERY = b"\x12\x34" + dns.message.make_query("d.test", "A").to_wire()[2:]
FRAMED = len(QUERY).to_bytes(2) + QUERY


@pytest.fixture
def server():
    with FakeDNS({"d.test": {"A": "192.0.2.1"}}) as running:
        yield running


@pytest.fixture
def truth(server):
    """The answer as it stands on the stream."""
    with connect(server) as stream:
        stream.sendall(FRAMED)
        stream.shutdown(socket.SHUT_WR)
        data = read_all(stream)
    server.log.clear()
    return data


def connect(server):
    return socket.create_connection((server.address, server.port), timeout=20)


def read_all(stream):
    data = b""
    while chunk := stream.recv(65536):
        data += chunk
    return data


def until_close(server, *, end=False):
    """Send a query; return all that comes until the server closes.

    With `end` our side ends after the query: the server closes when all is sent.
    """
    with connect(server) as stream:
        stream.sendall(FRAMED)
        if end:
            stream.shutdown(socket.SHUT_WR)
        return read_all(stream)


class TestClose:
    def test_without_an_answer(self, server):
        server.script("d.test", "A", close())
        assert until_close(server) == b""

    def test_after_the_answer(self, server, truth):
        server.script("d.test", "A", close(after=normal()))
        assert until_close(server) == truth

    def test_after_a_delayed_answer(self, server, truth):
        server.script("d.test", "A", close(after=delay(0.01)))
        assert until_close(server) == truth

    def test_delayed(self, server):
        server.script("d.test", "A", delay(0.01, close()))
        assert until_close(server) == b""

    def test_queries_behind_it_are_not_read(self, server):
        server.script("d.test", "A", close())
        with connect(server) as stream:
            stream.sendall(FRAMED * 3)
            assert read_all(stream) == b""
        assert len(server.log) == 1

    def test_with_reset(self, server):
        server.script("d.test", "A", close(reset=True))
        with pytest.raises(ConnectionResetError):
            until_close(server)

    def test_delayed_answers_to_a_closed_connection_are_lost(self, server, ask):
        server.script("d.test", "A", delay(0.01), close(), normal())
        with connect(server) as stream:
            stream.sendall(FRAMED * 2)
            assert read_all(stream) == b""
        # The server has got over it when a later delay has passed.
        server.script("d.test", "A", delay(0.02))
        assert ask.tcp(server, "d.test", "A").answer

    def test_does_nothing_over_udp(self, server, ask):
        server.script("d.test", "A", close())
        assert ask.records(server, "d.test", "A") == ["192.0.2.1"]


class TestLength:
    def test_zero_first(self, server, truth):
        server.script("d.test", "A", zero_length())
        assert until_close(server, end=True) == b"\0\0" + truth

    def test_zero_and_nothing_else(self, server):
        server.script("d.test", "A", zero_length(then=drop()))
        assert until_close(server, end=True) == b"\0\0"

    @pytest.mark.parametrize("length", [0, 1, 11, 65535])
    def test_false(self, server, truth, length):
        server.script("d.test", "A", false_length(length))
        assert until_close(server) == length.to_bytes(2) + truth[2:]

    def test_false_and_the_stream_stays_open(self, server, truth):
        server.script("d.test", "A", false_length(7, then_close=False), normal())
        with connect(server) as stream:
            stream.sendall(FRAMED * 2)
            stream.shutdown(socket.SHUT_WR)
            assert read_all(stream) == b"\0\x07" + truth[2:] + truth

    def test_out_of_range(self):
        with pytest.raises(ValueError, match="65536"):
            false_length(65536)


class TestWrites:
    def test_slow_sends_the_answer_in_pieces(self, server, truth):
        server.script("d.test", "A", slow_tcp(3, 0.0005))
        pieces = []
        with connect(server) as stream:
            stream.sendall(FRAMED)
            while len(b"".join(pieces)) < len(truth):
                pieces.append(stream.recv(65536))
        assert b"".join(pieces) == truth

    def test_slow_plans_a_write_per_piece(self):
        """How the stream cuts them is up to the system; what is planned is not."""
        query = types.SimpleNamespace(reply=b"x" * 10)
        steps = slow_tcp(5, 2.0).plan(query)
        assert [(step.data, step.after, step.framed) for step in steps] == [
            (b"\0\x0axxx", 0.0, False),
            (b"xxxxx", 2.0, False),
            (b"xx", 4.0, False),
        ]

    def test_two_answers_at_once(self, server, truth):
        server.script("d.test", "A", duplicate(2))
        assert until_close(server, end=True) == truth * 2

    def test_answers_in_another_order(self, server):
        server.script("d.test", "A", delay(0.01), normal())
        with connect(server) as stream:
            second = FRAMED[:2] + b"\0\2" + QUERY[2:]
            stream.sendall(FRAMED + second)
            stream.shutdown(socket.SHUT_WR)
            data = read_all(stream)
        half = len(data) // 2
        assert (data[2:4], data[half + 2 : half + 4]) == (b"\0\2", b"\x12\x34")

    def test_raw_with_and_without_length(self, server):
        server.script("d.test", "A", raw(b"..abc"))
        assert until_close(server, end=True) == b"\0\x05\x12\x34abc"
        server.script("d.test", "A", raw(b"..abc", framed=False))
        assert until_close(server, end=True) == b"\x12\x34abc"

    def test_silence(self, server):
        server.script("d.test", "A", drop(), transport="tcp")
        with connect(server) as stream:
            stream.sendall(FRAMED)
            server.log.wait(1)
            stream.setblocking(False)
            with pytest.raises(BlockingIOError):
                stream.recv(1)

    @pytest.mark.parametrize("arguments", [(0, 1), (1, -1)])
    def test_slow_out_of_range(self, arguments):
        with pytest.raises(ValueError, match="slow_tcp"):
            slow_tcp(*arguments)


class TestRefusal:
    def test_refused_and_accepted_again(self, server, ask, truth):
        server.refuse_tcp()
        with pytest.raises(ConnectionRefusedError):
            connect(server)
        assert ask.records(server, "d.test", "A") == ["192.0.2.1"]
        server.accept_tcp()
        assert until_close(server, end=True) == truth

    def test_reset_after_accept(self, server, truth):
        server.refuse_tcp(after_accept=True)
        with pytest.raises(ConnectionError):
            until_close(server)
        server.accept_tcp()
        assert until_close(server, end=True) == truth

    def test_open_connections_are_closed(self, server):
        with connect(server) as stream:
            stream.sendall(FRAMED)
            assert stream.recv(65536)
            server.refuse_tcp()
            assert stream.recv(1) == b""

    def test_holds_across_restarts(self, server, truth):
        server.refuse_tcp()
        server.restart()
        with pytest.raises(ConnectionRefusedError):
            connect(server)
        server.refuse_tcp()
        server.accept_tcp()
        server.accept_tcp()
        assert until_close(server, end=True) == truth

    def test_before_the_start(self):
        server = FakeDNS()
        server.refuse_tcp()
        with server, pytest.raises(ConnectionRefusedError):
            connect(server)

    def test_nobody_else_gets_the_port_meanwhile(self, server):
        server.refuse_tcp()
        with (
            socket.socket(socket.AF_INET, socket.SOCK_STREAM) as other,
            pytest.raises(OSError, match="in use"),
        ):
            other.bind((server.address, server.port))
