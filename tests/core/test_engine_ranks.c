/* SPDX-License-Identifier: MIT */
/* Lookups that are paused until their submitter has ranked the exchanges (O9): whose
 * they are, what time they have, and what becomes of them if nobody goes on. */
#include "bench.h"
#include "core/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const script_line zone[] = {{"*", "MX", "1 b.test, 1 c.test"},
                                   {"b.test", "A", "192.0.2.1"},
                                   {"c.test", "A", "192.0.2.2"},
                                   {"*", "AAAA", "NODATA"},
                                   {NULL, NULL, NULL}};
#define C_FIRST "ok; 1 c.test 192.0.2.2; 1 b.test 192.0.2.1"

static void
with_ranks(mx_resolver_config *config)
{
    config->rules.has_ranks = true;
    config->rules.shuffle = MX_SHUFFLE_NONE;
}

static void
one_at_a_time(mx_resolver_config *config)
{
    with_ranks(config);
    config->concurrency = 1;
}

static mx_request *
start(const char *destination, uint64_t token)
{
    mx_request *request;

    assert_int_equal(submit(destination, token, &request), MX_OK);
    turn();
    return request;
}

static bool
is_paused(uint64_t token)
{
    mx_completion completion;

    if (mx_completions_take(world.completions, &completion, 1, 0) == 0) {
        return false;
    }
    assert_int_equal(completion.status, MX_RANKS_WANTED);
    assert_int_equal(completion.token, token);
    assert_null(completion.route);
    return true;
}

/* Starts a lookup whose exchanges are known at once. */
static mx_request *
start_paused(uint64_t token)
{
    mx_request *request;

    world.fake->zone = zone;
    request = start("a.test", token);
    assert_true(is_paused(token));
    return request;
}

static void
assert_counts(uint64_t lookups, uint64_t in_progress, uint64_t waiting)
{
    mx_resolver_stats stats = stats_of_world();

    assert_int_equal(stats.lookups, lookups);
    assert_int_equal(stats.in_progress, in_progress);
    assert_int_equal(stats.waiting, waiting);
}

static void
a_lookup_goes_on_with_its_ranks(void **state)
{
    mx_request *request;
    uint64_t token;

    (void)state;
    open_world(with_ranks, 1);
    request = start("a.test", 7);
    assert_false(is_paused(7));
    answer(0, "1 b.test, 1 c.test");
    assert_true(is_paused(7));
    assert_false(mx_request_is_cancelled(request));
    assert_counts(0, 1, 0);
    turn();
    assert_sent(1);
    assert_int_equal(rank_and_resume(request), MX_OK);
    turn();
    assert_sent(5);
    assert_asked(1, "c.test A");
    answer(1, "192.0.2.2");
    answer(2, "NODATA");
    answer(3, "192.0.2.1");
    assert_string_equal(taken(NULL), "");
    answer(4, "NODATA");
    assert_string_equal(taken(&token), C_FIRST);
    assert_int_equal(token, 7);
    assert_counts(1, 0, 0);
    mx_request_release(request);
    close_world();
}

static void
only_a_choice_pauses(void **state)
{
    static const script_line single[] = {{"*", "MX", "1 b.test, 2 c.test"},
                                         {"*", "A", "192.0.2.1"},
                                         {"*", "AAAA", "NODATA"},
                                         {NULL, NULL, NULL}};
    mx_request *request;

    (void)state;
    open_world(with_ranks, 1);
    world.fake->zone = single;
    request = start("a.test", 1);
    assert_string_equal(taken(NULL), "ok; 1 b.test 192.0.2.1");
    mx_request_release(request);
    close_world();
}

static void
cached_exchanges_are_ranked_afresh(void **state)
{
    (void)state;
    open_world(with_ranks, 1);
    for (uint64_t token = 1; token <= 3; token++) {
        mx_request *request = start_paused(token);
        assert_int_equal(rank_and_resume(request), MX_OK);
        turn();
        assert_string_equal(taken(NULL), C_FIRST);
        mx_request_release(request);
        assert_sent(5);
    }
    assert_counts(3, 0, 0);
    close_world();
}

static void
time_stands_still_while_paused(void **state)
{
    mx_request *request;
    mx_route *route;

    (void)state;
    open_world(with_ranks, 1);
    request = start("a.test", 1);
    world.now += 2 * SEC;
    answer(0, "1 b.test, 1 c.test");
    assert_true(is_paused(1));
    pass(1000 * SEC);
    assert_null(take(NULL));
    assert_int_equal(rank_and_resume(request), MX_OK);
    turn();
    answer(1, "192.0.2.2");
    pass(2999 * MSEC);
    assert_null(take(NULL));
    pass(1 * MSEC);
    route = take(NULL);
    assert_non_null(route);
    assert_int_equal(route->verdict, MX_VERDICT_OK);
    assert_string_equal(route->exchanges[1].host, "b.test");
    assert_int_equal(route->exchanges[1].verdict, MX_VERDICT_TIMEOUT);
    assert_int_equal(route->elapsed, 1005 * SEC);
    mx_route_unref(route);
    mx_request_release(request);
    close_world();
}

static void
with_ranks_and_trace(mx_resolver_config *config)
{
    with_ranks(config);
    config->rules.trace = true;
}

static void
a_trace_tells_of_the_ranks(void **state)
{
    mx_request *request;
    const mx_step *step;
    mx_route *route;

    (void)state;
    open_world(with_ranks_and_trace, 1);
    world.fake->zone = zone;
    request = start("a.test", 1);
    assert_true(is_paused(1));
    pass(3 * SEC);
    assert_int_equal(rank_and_resume(request), MX_OK);
    turn();
    route = take(NULL);
    assert_non_null(route);
    step = route->trace->steps;
    while (step->event != MX_EVENT_RANKED) {
        assert_in_range(step->event, MX_EVENT_QUERY, MX_EVENT_ANSWER);
        step++;
    }
    assert_int_equal(step->count, 2);
    assert_int_equal(step->elapsed, 3 * SEC);
    assert_int_equal(step->at, 3 * SEC);
    step++;
    assert_int_equal(step->event, MX_EVENT_EXCHANGE);
    assert_int_equal(step->at, 3 * SEC);
    assert_string_equal(step->host, "c.test");
    mx_route_unref(route);
    mx_request_release(request);
    close_world();
}

static mx_request *
pause_at_the_deadline(const char *destination)
{
    size_t sent = world.fake->send_count;
    mx_request *request;

    world.fake->zone = NULL;
    request = start(destination, 1);
    world.now += 5 * SEC;
    answer(sent, "1 b.test, 1 c.test");
    assert_true(is_paused(1));
    return request;
}

static void
go_on_without_time(mx_request *request, const char *expected)
{
    size_t sent = world.fake->send_count;

    assert_int_equal(rank_and_resume(request), MX_OK);
    turn();
    assert_string_equal(taken(NULL), expected);
    assert_sent(sent);
    mx_request_release(request);
}

static void
no_time_is_enough_for_the_cache_only(void **state)
{
    mx_request *request;

    (void)state;
    open_world(with_ranks, 1);
    request = start_paused(1);
    assert_int_equal(rank_and_resume(request), MX_OK);
    turn();
    assert_string_equal(taken(NULL), C_FIRST);
    mx_request_release(request);
    go_on_without_time(pause_at_the_deadline("d.test"), C_FIRST);
    request = pause_at_the_deadline("e.test");
    mx_resolver_clear_cache(world.resolver);
    go_on_without_time(request, "timeout/timeout; c.test=timeout/timeout; "
                                "b.test=timeout/timeout; ?partial; incomplete");
    close_world();
}

static void
a_paused_lookup_takes_no_room_and_waits_no_turn(void **state)
{
    mx_request *first, *second;

    (void)state;
    open_world(one_at_a_time, 1);
    first = start("a.test", 1);
    second = start("d.test", 2);
    assert_sent(1);
    assert_counts(0, 1, 1);
    answer(0, "1 b.test, 1 c.test");
    assert_true(is_paused(1));
    assert_sent(2);
    assert_asked(1, "d.test MX");
    assert_counts(0, 2, 0);
    assert_int_equal(rank_and_resume(first), MX_OK);
    turn();
    assert_sent(6);
    assert_asked(2, "c.test A");
    mx_request_release(first);
    mx_request_release(second);
    close_world();
}

static void
cancelled_while_paused(void **state)
{
    mx_request *request;

    (void)state;
    open_world(with_ranks, 1);
    request = start_paused(1);
    mx_request_cancel(world.engine, request);
    mx_request_cancel(world.engine, request);
    turn();
    assert_true(mx_request_is_cancelled(request));
    assert_string_equal(taken(NULL), "");
    assert_counts(0, 1, 0);
    assert_int_equal(mx_engine_resume(world.engine, request), MX_OK);
    turn();
    assert_string_equal(taken(NULL), "cancelled/cancelled; incomplete");
    assert_counts(1, 0, 0);
    mx_request_cancel(world.engine, request);
    turn();
    assert_string_equal(taken(NULL), "");
    mx_request_release(request);
    close_world();
}

static void
cancelled_on_the_way_back(void **state)
{
    mx_request *request;

    (void)state;
    open_world(with_ranks, 1);
    request = start_paused(1);
    assert_int_equal(rank_and_resume(request), MX_OK);
    mx_request_cancel(world.engine, request);
    turn();
    assert_string_equal(taken(NULL), "cancelled/cancelled; incomplete");
    assert_string_equal(taken(NULL), "");
    assert_counts(1, 0, 0);
    mx_request_release(request);
    close_world();
}

static void
closed_while_paused(void **state)
{
    mx_request *request;

    (void)state;
    open_world(with_ranks, 1);
    request = start_paused(1);
    mx_engine_close_resolver(world.engine, world.resolver);
    assert_true(mx_request_is_cancelled(request));
    turn();
    assert_string_equal(taken(NULL), "");
    assert_int_equal(rank_and_resume(request), MX_OK);
    turn();
    assert_string_equal(taken(NULL), "cancelled/cancelled; incomplete");
    assert_counts(1, 0, 0);
    mx_request_release(request);
    close_world();
}

static void
stopped_while_paused_or_on_the_way_back(void **state)
{
    mx_request *paused, *resumed;
    uint64_t token;

    (void)state;
    open_world(with_ranks, 1);
    resumed = start_paused(1);
    paused = start_paused(2);
    assert_int_equal(rank_and_resume(resumed), MX_OK);
    mx_engine_stop(world.engine);
    assert_string_equal(taken(&token), "cancelled/cancelled; incomplete");
    assert_int_equal(token, 1);
    world.now += SEC;
    assert_int_equal(rank_and_resume(paused), MX_OK);
    assert_string_equal(taken(&token), "cancelled/cancelled; incomplete");
    assert_int_equal(token, 2);
    assert_counts(2, 0, 0);
    mx_request_release(paused);
    mx_request_release(resumed);
    close_world();
}

static void
what_nobody_goes_on_with_counts_as_finished(void **state)
{
    mx_request *request;

    (void)state;
    open_world(with_ranks, 1);
    mx_request_release(start_paused(1));
    assert_counts(1, 0, 0);
    request = start_paused(2);
    mx_request_abandon(request);
    assert_counts(2, 0, 0);
    mx_request_cancel(world.engine, request); /* there is nothing to do */
    mx_request_release(request);
    assert_counts(2, 0, 0);
    /* Let go before its exchanges were known. */
    world.fake->zone = NULL;
    mx_resolver_clear_cache(world.resolver);
    mx_request_release(start("d.test", 3));
    assert_counts(2, 1, 0);
    answer(world.fake->send_count - 1, "1 b.test, 1 c.test");
    assert_true(is_paused(3));
    assert_counts(3, 0, 0);
    close_world();
}

static void
a_queue_closed_with_paused_ones_in_it(void **state)
{
    mx_request *requests[3];

    (void)state;
    open_world(with_ranks, 1);
    world.fake->zone = zone;
    for (uint64_t i = 0; i < 3; i++) {
        requests[i] = start("a.test", i);
    }
    assert_true(is_paused(0));
    mx_completions_close(world.completions);
    assert_int_equal(rank_and_resume(requests[0]), MX_CLOSED);
    for (uint64_t i = 0; i < 3; i++) {
        mx_request_release(requests[i]);
    }
    turn();
    assert_counts(3, 0, 0);
    close_world();
}

static void
ranks_need_a_handle(void **state)
{
    (void)state;
    open_world(with_ranks, 1);
    assert_int_equal(submit("a.test", 1, NULL), MX_INVALID);
    assert_counts(0, 0, 0);
    close_world();
}

static void
no_memory_to_resume_is_told_and_may_pass(void **state)
{
    enum { ROOM = 16 }; /* of the queue, until it grows */
    mx_request *request;

    (void)state;
    open_world(with_ranks, 1);
    request = start_paused(1);
    for (uint64_t i = 0; i < ROOM; i++) {
        mx_request *literal;
        assert_int_equal(submit("[192.0.2.1]", 2, &literal), MX_OK);
        mx_request_release(literal);
    }
    (void)mx_mem_fail(1, 0);
    assert_int_equal(rank_and_resume(request), MX_NOMEM);
    (void)mx_mem_fail(0, 0);
    assert_counts(ROOM, 1, 0);
    assert_int_equal(rank_and_resume(request), MX_OK);
    for (uint64_t i = 0; i < ROOM; i++) {
        assert_string_equal(taken(NULL), "ok; 0 [192.0.2.1] 192.0.2.1");
    }
    turn();
    assert_string_equal(taken(NULL), C_FIRST);
    mx_request_release(request);
    close_world();
}

static void
no_memory_to_go_on_is_a_fault(void **state)
{
    mx_completion completion;
    mx_request *request;

    (void)state;
    open_world(with_ranks, 1);
    request = start_paused(1);
    assert_int_equal(rank_and_resume(request), MX_OK);
    (void)mx_mem_fail(1, 1);
    turn();
    (void)mx_mem_fail(0, 0);
    assert_int_equal(mx_completions_take(world.completions, &completion, 1, 0), 1);
    assert_int_equal(completion.status, MX_NOMEM);
    assert_null(completion.route);
    assert_counts(1, 0, 0);
    mx_request_release(request);
    close_world();
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lookup_goes_on_with_its_ranks),
        cmocka_unit_test(only_a_choice_pauses),
        cmocka_unit_test(cached_exchanges_are_ranked_afresh),
        cmocka_unit_test(time_stands_still_while_paused),
        cmocka_unit_test(a_trace_tells_of_the_ranks),
        cmocka_unit_test(no_time_is_enough_for_the_cache_only),
        cmocka_unit_test(a_paused_lookup_takes_no_room_and_waits_no_turn),
        cmocka_unit_test(cancelled_while_paused),
        cmocka_unit_test(cancelled_on_the_way_back),
        cmocka_unit_test(closed_while_paused),
        cmocka_unit_test(stopped_while_paused_or_on_the_way_back),
        cmocka_unit_test(what_nobody_goes_on_with_counts_as_finished),
        cmocka_unit_test(a_queue_closed_with_paused_ones_in_it),
        cmocka_unit_test(ranks_need_a_handle),
        cmocka_unit_test(no_memory_to_resume_is_told_and_may_pass),
        cmocka_unit_test(no_memory_to_go_on_is_a_fault),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
