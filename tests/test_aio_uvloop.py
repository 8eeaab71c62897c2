# SPDX-License-Identifier: MIT
"""`pymx.aio` in uvloop, whose loops are no Python objects inside."""

import asyncio
import gc
import weakref

import uvloop

from pymx import aio

ZONE = {"a.example": {"A": "192.0.2.1"}, "b.example": {"A": "192.0.2.2"}}
PATIENT = {"timeout": 3600, "attempt_timeout": 3600}


def test_a_loop_that_stops_and_runs_again(dns):
    resolver = aio.Resolver([dns(ZONE).nameserver])
    loop = uvloop.new_event_loop()
    for name in ("a.example", "b.example"):
        assert loop.run_until_complete(resolver.resolve(name)).status == "ok"
    loop.close()


def test_a_loop_closed_early_does_no_harm(dns):
    server = dns(ZONE)
    server.pause()
    resolver = aio.Resolver([server.nameserver], **PATIENT)
    loop = uvloop.new_event_loop()
    task = loop.create_task(resolver.resolve("a.example"))
    task._log_destroy_pending = False  # asyncio's own complaint, about this test
    loop.run_until_complete(asyncio.sleep(0))
    server.log.wait(1)
    loop.close()
    witness = weakref.ref(task)
    del loop, task
    gc.collect()
    assert witness() is None
    server.resume()
    assert uvloop.run(resolver.resolve("b.example")).status == "ok"
    assert resolver.stats()["in_progress"] == 0


def test_uvloop_and_asyncio_in_turn(dns):
    resolver = aio.Resolver([dns(ZONE).nameserver])
    for run in (uvloop.run, asyncio.run) * 3:
        assert run(resolver.resolve("a.example")).status == "ok"
