# SPDX-License-Identifier: MIT
"""Submitting and taking what needs no DNS: the queue by itself."""

import gc
import select
import weakref

import pytest
from native import made

import pymx
from pymx import _native


@pytest.fixture
def queue():
    queue = _native.Completions()
    yield queue
    queue.close()


@pytest.fixture
def submit(queue):
    resolver = made.resolver()

    def submit(token, destination="[192.0.2.1]", *arguments, **keywords):
        return resolver.submit(queue, token, destination, *arguments, **keywords)

    return submit


def test_each_submission_comes_out_once_in_order(queue, submit):
    for token in range(5):
        submit(token)
    assert queue.pending == 5
    assert [token for token, _ in queue.take()] == [0, 1, 2, 3, 4]
    assert queue.pending == 0
    assert queue.take() == queue.take(1, float("inf")) == queue.take(1, 1e300) == []


def test_the_limit(queue, submit):
    for token in range(1000):
        submit(token)
    assert [len(queue.take(limit)) for limit in (0, 1, 300)] == [0, 1, 300]
    assert len(queue.take()) == 256
    assert queue.pending == 443
    assert [token for token, _ in queue.take(10_000, 0)] == list(range(557, 1000))


@pytest.mark.parametrize(
    ("destination", "status", "reason"),
    [
        ("[192.0.2.1]", "ok", None),
        ("a..b", "invalid", "empty_label"),
        (None, "invalid", "not_text"),
        (b"example.com", "invalid", "not_text"),
        (["a"], "invalid", "not_text"),
        ("\udc80", "invalid", "bad_character"),
        ("\N{SNOWMAN}\u200d.example", "invalid", "bad_idna"),
    ],
)
def test_any_object_is_a_destination(queue, submit, destination, status, reason):
    submit("token", destination)
    ((token, route),) = queue.take()
    assert token == "token"
    assert (route.status, route.reason) == (status, reason)
    assert route.input is destination


def test_the_input_is_the_row(queue, submit):
    row = {"domain": "[192.0.2.1]"}
    submit(2**64, row["domain"], row, levels=1, seed=7)
    ((token, route),) = queue.take()
    assert token == 2**64
    assert route.input is row


def test_a_request_is_made_by_submit_only_and_cancels_what_is_done(queue, submit):
    request = submit(1)
    request.cancel()
    assert [token for token, _ in queue.take()] == [1]
    request.cancel()
    with pytest.raises(TypeError, match="cannot create"):
        type(request)()


@pytest.mark.parametrize(
    ("arguments", "keywords"),
    [
        ((), {}),
        ((1,), {}),
        ((1, "d", "input", 1), {}),
        ((1, "d"), {"levels": "1"}),
        ((1, "d"), {"seed": 1.5}),
        ((1, "d"), {"other": 1}),
    ],
)
def test_wrong_arguments_of_submit(queue, arguments, keywords):
    with pytest.raises(TypeError):
        made.resolver().submit(queue, *arguments, **keywords)
    assert queue.pending == 0


@pytest.mark.parametrize(
    ("option", "value"), [("levels", -1), ("levels", 2**32), ("seed", 2**64)]
)
def test_values_out_of_range(submit, queue, option, value):
    with pytest.raises(ValueError, match=f"{option}={value}"):
        submit(1, **{option: value})
    assert queue.pending == 0


def test_only_completions_take_submissions():
    with pytest.raises(TypeError, match="completions must be Completions, not list"):
        made.resolver().submit([], 1, "[192.0.2.1]")


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        ((-1,), ValueError),
        (("1",), TypeError),
        ((1, -0.5), ValueError),
        ((1, float("nan")), ValueError),
        ((1, "1"), TypeError),
        ((1, 1, 1), TypeError),
    ],
)
def test_wrong_arguments_of_take(queue, arguments, kind):
    with pytest.raises(kind):
        queue.take(*arguments)


def test_wrong_arguments_of_completions():
    with pytest.raises(TypeError):
        _native.Completions(True)
    with pytest.raises(TypeError):
        type("Mine", (_native.Completions,), {})


def test_the_descriptor_is_readable_while_something_is_there():
    queue = _native.Completions(descriptor=True)
    ready = select.poll()
    ready.register(queue.fileno(), select.POLLIN)
    assert ready.poll(0) == []
    for token in range(3):
        made.resolver().submit(queue, token, "a..b")
    assert ready.poll(0)
    queue.take(2)
    assert ready.poll(0)
    queue.take(2)
    assert ready.poll(0) == []


def test_no_descriptor(queue):
    with pytest.raises(ValueError, match=r"Completions\(descriptor=True\)"):
        queue.fileno()


def test_a_closed_queue():
    queue = _native.Completions(descriptor=True)
    made.resolver().submit(queue, 1, "a..b")
    queue.close()
    queue.close()
    assert queue.pending == 0
    for use in (
        queue.take,
        queue.fileno,
        lambda: made.resolver().submit(queue, 2, "a..b"),
    ):
        with pytest.raises(pymx.ClosedError, match="completions are closed"):
            use()
    assert queue.pending == 0


def test_a_closed_resolver(queue):
    resolver = made.resolver()
    assert not resolver.closed
    resolver.submit(queue, 1, "a..b")
    resolver.close()
    resolver.close()
    assert resolver.closed
    with pytest.raises(pymx.ClosedError, match="resolver is closed"):
        resolver.resolve("a..b")
    with pytest.raises(pymx.ClosedError, match="resolver is closed"):
        resolver.submit(queue, 2, "a..b")
    assert [token for token, _ in queue.take()] == [1]


def test_closed_by_the_code_that_maps_the_domain(queue, monkeypatch):
    resolver = made.resolver()

    def close(*_):
        resolver.close()
        return "a..b"

    monkeypatch.setattr("pymx.destination.to_ascii", close)
    with pytest.raises(pymx.ClosedError):
        resolver.submit(queue, 1, "bücher.example")
    assert queue.pending == 0


@pytest.mark.parametrize(
    ("result", "kind"), [(LookupError(), LookupError), (7, TypeError)]
)
def test_faults_of_the_code_that_maps_the_domain(monkeypatch, queue, result, kind):
    def fail(*_):
        if isinstance(result, Exception):
            raise result
        return result

    monkeypatch.setattr("pymx.destination.to_ascii", fail)
    resolver = made.resolver()
    with pytest.raises(kind):
        resolver.resolve("bücher.example")
    with pytest.raises(kind):
        resolver.submit(queue, 1, "bücher.example")
    assert queue.pending == 0


@pytest.mark.parametrize("mapped", ["a@b.example", "bücher.example", ""])
def test_a_mapping_that_gives_no_domain(monkeypatch, mapped):
    monkeypatch.setattr("pymx.destination.to_ascii", lambda *_: mapped)
    assert made.resolver().resolve("bücher.example").status == "invalid"


def test_stats_have_names_and_count_dns_only():
    resolver = made.resolver(cache_size=4096)
    resolver.resolve("[192.0.2.1]")
    stats = resolver.stats()
    assert stats["lookups"] == stats["queries"] == stats["cache_answers"] == 0
    assert stats["cache_capacity"] == 4096
    resolver.clear_cache()
    resolver.close()
    assert resolver.stats() == stats


class Row:
    """Something that can be in a cycle, and be seen to die."""


@pytest.mark.parametrize("where", ["queued", "taken", "request"])
def test_a_cycle_through_the_input_is_collected(where):
    row = Row()
    alive = weakref.ref(row)
    row.queue = _native.Completions()
    row.request = made.resolver().submit(row.queue, 1, "a..b", row)
    if where == "taken":
        row.results = row.queue.take()
        del row.queue
    if where == "request":
        row.queue.take()
    del row
    gc.collect()
    assert alive() is None


def test_results_whose_input_is_text_are_no_load_for_the_collector():
    text = made.resolver().resolve("[192.0.2.1]")
    row = made.resolver().resolve("[192.0.2.1]", [])
    assert not gc.is_tracked(text)
    assert gc.is_tracked(row)
    assert not any(map(gc.is_tracked, [*text.targets, *text.exchanges]))
