# SPDX-License-Identifier: MIT
"""The log of questions, and many questions at once."""

import socket
import threading
import time

import dns.message
import pytest

from pymx.testing import FakeDNS, drop


@pytest.fixture
def server():
    with FakeDNS({"d.test": {"A": "192.0.2.1"}}) as running:
        yield running


def test_questions_in_order_of_arrival(server, ask):
    before = time.monotonic()
    ask.udp(server, "D.Test", "MX")
    ask.tcp(server, "d.test", "A")
    ask.udp(server, ".", "TYPE65280")
    assert [(q.name, q.type, q.transport) for q in server.log] == [
        ("d.test", "MX", "udp"),
        ("d.test", "A", "tcp"),
        (".", "TYPE65280", "udp"),
    ]
    times = [before, *(question.time for question in server.log), time.monotonic()]
    assert times == sorted(times)


def test_question_has_the_whole_query(server, ask):
    query = dns.message.make_query("D.Test", "MX", want_dnssec=True)
    ask.send(server, query)
    [question] = server.log
    assert question.id == query.id
    assert question.message() == query
    assert question.message().question[0].name.to_text() == "D.Test."
    assert question.client[0] == "127.0.0.1"


def test_count_names_and_matching(server, ask):
    for name, rdtype in (("a.test", "MX"), ("b.test", "A"), ("a.test", "A")):
        ask.udp(server, name, rdtype)
    ask.tcp(server, "a.test", "A")
    log = server.log
    assert log.names() == ["a.test", "b.test", "a.test", "a.test"]
    assert log.names("MX") == ["a.test"]
    assert log.count() == len(log) == 4
    assert log.count("A.test.") == 3
    assert log.count("a.test", "a") == 2
    assert log.count("a.test", "A", "udp") == 1
    assert log.count(transport="tcp") == 1
    assert log.count("a.test", "AAAA") == 0
    assert log.matching("b.test") == [log[1]] == log[1:2]
    assert "a.test MX udp" in repr(log)


def test_unanswered_questions_are_logged(server):
    server.script("*", None, drop())
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        query = dns.message.make_query("d.test", "A").to_wire()
        sock.sendto(query, (server.address, server.port))
        [question] = server.log.wait(1, "d.test", "A", "udp")
    assert question.query == query


def test_clear(server, ask):
    ask.udp(server, "d.test", "A")
    server.log.clear()
    assert len(server.log) == 0
    ask.udp(server, "d.test", "MX")
    assert [question.type for question in server.log] == ["MX"]


def test_iteration_does_not_see_later_questions(server, ask):
    ask.udp(server, "d.test", "A")
    for _ in server.log:
        ask.udp(server, "d.test", "A")
    assert len(server.log) == 2


def test_wait_says_what_is_missing(server, ask):
    ask.udp(server, "d.test", "A")
    with pytest.raises(TimeoutError, match=r"1 of 2 questions for name='d\.test'"):
        server.log.wait(2, "d.test", timeout=0.01)


def test_wait_wakes_for_a_question_of_another_thread(server, ask):
    found = []
    waiter = threading.Thread(target=lambda: found.extend(server.log.wait(2)))
    waiter.start()
    ask.udp(server, "a.test")
    ask.udp(server, "b.test")
    waiter.join()
    assert [question.name for question in found] == ["a.test", "b.test"]


def test_a_thousand_questions_at_once(server):
    """All are in the socket before the first is read."""
    query = dns.message.make_query("d.test", "A").to_wire()[2:]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(20)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * 2**20)
        sock.connect((server.address, server.port))
        room = sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
        # The kernel charges well under 1 KiB for a datagram of this size.
        count = min(1000, room // 1024)
        server.freeze()
        for number in range(count):
            sock.send(number.to_bytes(2) + query)
        server.resume()
        ids = {sock.recv(512)[:2] for _ in range(count)}
    assert len(ids) == count >= 200


def test_more_different_questions_than_are_kept_ready(server, ask, monkeypatch):
    monkeypatch.setattr("pymx.testing.service._MAX_KNOWN", 10)
    for _ in range(2):
        for number in range(25):
            reply = ask.udp(server, f"d{number}.test", "A")
            assert reply.question[0].name.to_text() == f"d{number}.test."
            assert ask.records(server, "d.test", "A") == ["192.0.2.1"]
    assert len(server.log) == 100
