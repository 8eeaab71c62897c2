/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* fork, kill and alarm under -std=c11 */
#include "core/clock.h"
#include "core/completions.h"
#include "core/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static mx_completions *
new_queue(bool with_descriptor)
{
    mx_completions *queue = NULL;
    int os_error = 0;
    assert_int_equal(mx_completions_new(with_descriptor, &queue, &os_error), MX_OK);
    assert_non_null(queue);
    return queue;
}

static void
post(mx_completions *queue, uint64_t token)
{
    assert_int_equal(mx_completions_reserve(queue, 1), MX_OK);
    mx_completions_post_take(queue, token, MX_OK, NULL);
}

static mx_route *
new_route(void)
{
    mx_route *route = NULL;
    assert_int_equal(mx_route_new(&route), MX_OK);
    return route;
}

static bool
is_readable(const mx_completions *queue)
{
    struct pollfd watched = {.fd = mx_completions_descriptor(queue), .events = POLLIN};
    return poll(&watched, 1, 0) == 1 && (watched.revents & POLLIN) != 0;
}

static void
test_completions_come_oldest_first_with_all_they_carry(void **state)
{
    (void)state;
    mx_completions *queue = new_queue(false);
    mx_route *route = new_route();
    assert_int_equal(mx_completions_descriptor(queue), -1);
    assert_int_equal(mx_completions_reserve(queue, 1), MX_OK);
    assert_int_equal(mx_completions_reserve(queue, 1), MX_OK);
    mx_completions_post_take(queue, 7, MX_OK, route);
    mx_completions_post_take(queue, UINT64_MAX, MX_NOMEM, NULL);
    mx_completion taken[4];
    assert_int_equal(mx_completions_take(queue, taken, 4, 0), 2);
    assert_int_equal(taken[0].token, 7);
    assert_int_equal(taken[0].status, MX_OK);
    assert_ptr_equal(taken[0].route, route);
    assert_true(taken[1].token == UINT64_MAX);
    assert_int_equal(taken[1].status, MX_NOMEM);
    assert_null(taken[1].route);
    mx_route_unref(route);
    mx_completions_unref(queue);
}

/* Batches of every size while the ring wraps and grows. */
static void
test_order_survives_wrapping_and_growth(void **state)
{
    (void)state;
    mx_completions *queue = new_queue(true);
    uint64_t posted = 0, expected = 0;
    for (size_t round = 1; round < 60; round++) {
        for (size_t i = 0; i < round; i++) {
            post(queue, posted++);
        }
        mx_completion taken[64];
        size_t count = mx_completions_take(queue, taken, round - round / 8, 0);
        assert_int_equal(count, round - round / 8);
        for (size_t i = 0; i < count; i++) {
            assert_int_equal(taken[i].token, expected++);
        }
        assert_int_equal(is_readable(queue), posted != expected);
    }
    mx_completion taken[1];
    while (mx_completions_take(queue, taken, 1, 0) == 1) {
        assert_int_equal(taken[0].token, expected++);
    }
    assert_int_equal(expected, posted);
    mx_completions_unref(queue);
}

static void
test_the_descriptor_is_readable_while_something_is_queued(void **state)
{
    (void)state;
    mx_completions *queue = new_queue(true);
    mx_completion taken[2];
    assert_false(is_readable(queue));
    assert_int_equal(mx_completions_reserve(queue, 1), MX_OK);
    assert_false(is_readable(queue));
    mx_completions_post_take(queue, 1, MX_OK, NULL);
    post(queue, 2);
    assert_true(is_readable(queue));
    assert_int_equal(mx_completions_take(queue, taken, 0, 0), 0);
    assert_true(is_readable(queue));
    assert_int_equal(mx_completions_take(queue, taken, 1, 0), 1);
    assert_true(is_readable(queue));
    assert_int_equal(mx_completions_take(queue, taken, 2, 0), 1);
    assert_false(is_readable(queue));
    mx_completions_unref(queue);
}

static void
test_an_empty_queue_is_waited_for_as_long_as_asked(void **state)
{
    (void)state;
    mx_completions *queue = new_queue(false);
    mx_completion taken;
    mx_clock clock = mx_clock_system();
    assert_int_equal(mx_completions_take(queue, &taken, 1, 0), 0);
    assert_int_equal(mx_completions_take(queue, &taken, 1, -1), 0);
    mx_usec start = mx_clock_now(&clock);
    assert_int_equal(mx_completions_take(queue, &taken, 1, 3 * MX_USEC_PER_MSEC), 0);
    assert_true(mx_clock_now(&clock) >= start + 3 * MX_USEC_PER_MSEC);
    /* What is there is not waited for, and no room is not either. */
    assert_int_equal(mx_completions_take(queue, &taken, 0, MX_NEVER), 0);
    post(queue, 1);
    assert_int_equal(mx_completions_take(queue, &taken, 1, MX_NEVER), 1);
    mx_completions_unref(queue);
}

enum { TOKENS = 2000 };

typedef struct sharing {
    mx_completions *queue, *finished;
    atomic_size_t taken, early;
    atomic_bool is_closed;
    atomic_uint times[TOKENS];
} sharing;

static void *
take_until_closed(void *context)
{
    sharing *all = context;
    mx_completion batch[3];
    size_t count;
    while ((count = mx_completions_take(all->queue, batch, 3, MX_NEVER)) > 0) {
        for (size_t i = 0; i < count; i++) {
            atomic_fetch_add(&all->times[batch[i].token], 1);
        }
        if (atomic_fetch_add(&all->taken, count) + count == TOKENS) {
            mx_completions_post_take(all->finished, 0, MX_OK, NULL);
        }
    }
    atomic_fetch_add(&all->early, atomic_load(&all->is_closed) ? 0 : 1);
    return NULL;
}

/* A taker that finds its completion taken by another waits on. */
static void
test_takers_on_many_threads_share_each_completion_once(void **state)
{
    (void)state;
    enum { TAKERS = 3 };
    static sharing all;
    pthread_t takers[TAKERS];
    all.queue = new_queue(true);
    all.finished = new_queue(false);
    assert_int_equal(mx_completions_reserve(all.finished, 1), MX_OK);
    for (size_t i = 0; i < TAKERS; i++) {
        assert_int_equal(pthread_create(&takers[i], NULL, take_until_closed, &all), 0);
    }
    for (uint64_t token = 0; token < TOKENS; token++) {
        post(all.queue, token);
    }
    mx_completion last;
    assert_int_equal(mx_completions_take(all.finished, &last, 1, MX_NEVER), 1);
    assert_false(is_readable(all.queue));
    atomic_store(&all.is_closed, true);
    mx_completions_close(all.queue);
    for (size_t i = 0; i < TAKERS; i++) {
        assert_int_equal(pthread_join(takers[i], NULL), 0);
    }
    for (size_t i = 0; i < TOKENS; i++) {
        assert_int_equal(atomic_load(&all.times[i]), 1);
    }
    assert_int_equal(atomic_load(&all.early), 0);
    mx_completions_unref(all.queue);
    mx_completions_unref(all.finished);
}

enum { ROUNDS = 300 };

typedef struct pair {
    mx_completions *there, *back;
} pair;

static void *
send_back(void *context)
{
    pair *queues = context;
    mx_completion taken;
    for (size_t i = 0; i < ROUNDS; i++) {
        if (mx_completions_take(queues->there, &taken, 1, MX_NEVER) == 1) {
            mx_completions_post_take(queues->back, taken.token, MX_OK, NULL);
        }
    }
    return NULL;
}

/* In each round one of the two waits for the other, so a post that does not wake ends
 * the test by its time limit. */
static void
test_a_post_wakes_who_waits(void **state)
{
    (void)state;
    pair queues = {new_queue(false), new_queue(false)};
    pthread_t thread;
    for (size_t i = 0; i < ROUNDS; i++) {
        assert_int_equal(mx_completions_reserve(queues.back, 1), MX_OK);
    }
    assert_int_equal(pthread_create(&thread, NULL, send_back, &queues), 0);
    for (uint64_t token = 0; token < ROUNDS; token++) {
        mx_completion taken = {0};
        post(queues.there, token);
        /* Both ways to wait, in turn. */
        mx_usec wait = token % 2 == 0 ? MX_NEVER : 60 * MX_USEC_PER_SEC;
        assert_int_equal(mx_completions_take(queues.back, &taken, 1, wait), 1);
        assert_int_equal(taken.token, token);
    }
    assert_int_equal(pthread_join(thread, NULL), 0);
    mx_completions_unref(queues.there);
    mx_completions_unref(queues.back);
}

static void
test_posting_needs_no_memory_once_reserved(void **state)
{
    (void)state;
    enum { COUNT = 1000 };
    mx_completions *queue = new_queue(true);
    for (size_t i = 0; i < COUNT; i++) {
        assert_int_equal(mx_completions_reserve(queue, 1), MX_OK);
    }
    mx_mem_fail(1, 1);
    for (uint64_t token = 0; token < COUNT; token++) {
        mx_completions_post_take(queue, token, MX_OK, NULL);
    }
    static mx_completion taken[COUNT];
    assert_int_equal(mx_completions_take(queue, taken, COUNT, 0), COUNT);
    assert_int_equal(mx_mem_fail(0, 0), 0);
    for (size_t i = 0; i < COUNT; i++) {
        assert_int_equal(taken[i].token, i);
    }
    mx_completions_unref(queue);
}

static void
test_short_memory_fails_reserving_and_loses_nothing(void **state)
{
    (void)state;
    mx_completions *queue = NULL;
    int os_error = 0;
    mx_mem_fail(1, 0);
    assert_int_equal(mx_completions_new(true, &queue, &os_error), MX_NOMEM);
    mx_mem_fail(0, 0);
    queue = new_queue(true);
    uint64_t posted = 0;
    for (size_t round = 0; round < 5; round++) {
        mx_mem_fail(1, 1);
        while (mx_completions_reserve(queue, 1) == MX_OK) {
            mx_completions_post_take(queue, posted++, MX_OK, NULL);
        }
        mx_mem_fail(0, 0);
        post(queue, posted++);
    }
    assert_true(posted > 100);
    mx_completion taken;
    for (uint64_t token = 0; token < posted; token++) {
        assert_int_equal(mx_completions_take(queue, &taken, 1, 0), 1);
        assert_int_equal(taken.token, token);
    }
    mx_completions_unref(queue);
}

static void
test_a_lack_of_descriptors_is_told(void **state)
{
    (void)state;
    struct rlimit before, none;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = 0;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    mx_completions *queue = NULL;
    int os_error = 0;
    mx_status status = mx_completions_new(true, &queue, &os_error);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(status, MX_SYS);
    assert_int_equal(os_error, EMFILE);
    assert_null(queue);
}

static void
test_close_drops_what_is_queued_and_what_comes_later(void **state)
{
    (void)state;
    mx_completions *queue = new_queue(true);
    mx_route *route = new_route();
    int descriptor = mx_completions_descriptor(queue);
    assert_int_equal(mx_completions_reserve(queue, 1), MX_OK);
    assert_int_equal(mx_completions_reserve(queue, 1), MX_OK);
    mx_completions_post_take(queue, 1, MX_OK, mx_route_ref(route));
    mx_completions_close(queue);
    assert_int_equal(route->references, 1);
    assert_int_equal(mx_completions_descriptor(queue), -1);
    assert_int_equal(fcntl(descriptor, F_GETFD), -1);
    mx_completions_post_take(queue, 2, MX_OK, mx_route_ref(route));
    assert_int_equal(route->references, 1);
    mx_completion taken;
    assert_int_equal(mx_completions_take(queue, &taken, 1, MX_NEVER), 0);
    assert_int_equal(mx_completions_reserve(queue, 1), MX_CLOSED);
    mx_completions_close(queue);
    mx_completions_unref(queue);
    mx_route_unref(route);
}

/* Also from a ring that wraps. */
static void
test_close_drops_each_route_that_is_queued(void **state)
{
    (void)state;
    enum { COUNT = 16 };
    mx_completions *queue = new_queue(false);
    mx_route *routes[COUNT];
    mx_completion taken[COUNT];
    for (uint64_t token = 0; token < COUNT - 3; token++) {
        post(queue, token);
    }
    assert_int_equal(mx_completions_take(queue, taken, COUNT, 0), COUNT - 3);
    for (uint64_t token = 0; token < COUNT; token++) {
        routes[token] = new_route();
        mx_route_ref(routes[token]);
        assert_int_equal(mx_completions_reserve(queue, 1), MX_OK);
        mx_completions_post_take(queue, token, MX_OK, routes[token]);
    }
    assert_int_equal(mx_completions_take(queue, taken, 1, 0), 1);
    mx_completions_close(queue);
    assert_int_equal(routes[0]->references, 2);
    mx_route_unref(taken[0].route);
    for (size_t i = 0; i < COUNT; i++) {
        assert_int_equal(routes[i]->references, 1);
        mx_route_unref(routes[i]);
    }
    mx_completions_unref(queue);
}

static void
test_the_last_reference_drops_what_is_queued(void **state)
{
    (void)state;
    mx_completions *queue = new_queue(false);
    mx_route *route = new_route();
    assert_ptr_equal(mx_completions_ref(queue), queue);
    assert_int_equal(mx_completions_reserve(queue, 1), MX_OK);
    mx_completions_post_take(queue, 1, MX_OK, mx_route_ref(route));
    mx_completions_unref(queue);
    assert_int_equal(route->references, 2);
    mx_completions_unref(queue);
    assert_int_equal(route->references, 1);
    mx_completions_unref(NULL);
    mx_route_unref(route);
}

static void *
take_one(void *context)
{
    mx_completion taken;
    return mx_completions_take(context, &taken, 1, MX_NEVER) == 0 ? NULL : context;
}

static void
test_close_wakes_all_who_wait(void **state)
{
    (void)state;
    enum { WAITING = 3 };
    mx_completions *queue = new_queue(false);
    pthread_t waiting[WAITING];
    for (size_t i = 0; i < WAITING; i++) {
        assert_int_equal(pthread_create(&waiting[i], NULL, take_one, queue), 0);
    }
    mx_completions_close(queue);
    for (size_t i = 0; i < WAITING; i++) {
        void *result = queue;
        assert_int_equal(pthread_join(waiting[i], &result), 0);
        assert_null(result);
    }
    mx_completions_unref(queue);
}

typedef struct busy {
    mx_completions *queue;
    atomic_bool must_stop;
    atomic_size_t turns;
} busy;

/* Holds the mutex most of the time. */
static void *
post_and_take(void *context)
{
    busy *shared = context;
    mx_completion taken[2];
    while (!atomic_load(&shared->must_stop)) {
        if (mx_completions_reserve(shared->queue, 1) == MX_OK) {
            mx_completions_post_take(shared->queue, 1, MX_OK, NULL);
        }
        mx_completions_take(shared->queue, taken, 1, 0);
        atomic_fetch_add(&shared->turns, 1);
    }
    return NULL;
}

static int
use_in_child(mx_completions *queue)
{
    mx_completion taken;
    int descriptor = mx_completions_descriptor(queue);
    if (mx_completions_take(queue, &taken, 1, MX_NEVER) != 0) {
        return 1;
    }
    mx_completions_close(queue);
    if (mx_completions_descriptor(queue) != -1 || fcntl(descriptor, F_GETFD) != -1) {
        return 2;
    }
    mx_completions_unref(queue);
    return 0;
}

/* A child must get away from a queue whose mutex was held when it was born. */
static void
test_a_fork_child_closes_without_waiting_or_disturbing_the_parent(void **state)
{
    (void)state;
    static busy shared;
    shared.queue = new_queue(true);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, post_and_take, &shared), 0);
    while (atomic_load(&shared.turns) == 0) {
    }
    for (size_t i = 0; i < 40; i++) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            alarm(20); /* ends a child that waits for the mutex */
            _exit(use_in_child(shared.queue));
        }
        int status = -1;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
    }
    atomic_store(&shared.must_stop, true);
    assert_int_equal(pthread_join(thread, NULL), 0);
    mx_completion taken;
    assert_int_equal(mx_completions_take(shared.queue, &taken, 1, 0), 0);
    assert_false(is_readable(shared.queue));
    post(shared.queue, 5);
    assert_true(is_readable(shared.queue));
    assert_int_equal(mx_completions_take(shared.queue, &taken, 1, 0), 1);
    mx_completions_unref(shared.queue);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_completions_come_oldest_first_with_all_they_carry),
        cmocka_unit_test(test_order_survives_wrapping_and_growth),
        cmocka_unit_test(test_the_descriptor_is_readable_while_something_is_queued),
        cmocka_unit_test(test_an_empty_queue_is_waited_for_as_long_as_asked),
        cmocka_unit_test(test_takers_on_many_threads_share_each_completion_once),
        cmocka_unit_test(test_a_post_wakes_who_waits),
        cmocka_unit_test(test_posting_needs_no_memory_once_reserved),
        cmocka_unit_test(test_short_memory_fails_reserving_and_loses_nothing),
        cmocka_unit_test(test_a_lack_of_descriptors_is_told),
        cmocka_unit_test(test_close_drops_what_is_queued_and_what_comes_later),
        cmocka_unit_test(test_close_drops_each_route_that_is_queued),
        cmocka_unit_test(test_the_last_reference_drops_what_is_queued),
        cmocka_unit_test(test_close_wakes_all_who_wait),
        cmocka_unit_test(
            test_a_fork_child_closes_without_waiting_or_disturbing_the_parent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
