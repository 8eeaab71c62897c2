/* SPDX-License-Identifier: MIT */
#include "core/outbox.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static mx_completions *
new_queue(size_t places)
{
    mx_completions *queue;
    int os_error;
    assert_int_equal(mx_completions_new(true, &queue, &os_error), MX_OK);
    assert_int_equal(mx_completions_reserve(queue, places), MX_OK);
    return queue;
}

static void
add(mx_outbox *outbox, mx_completions *queue, uint64_t token)
{
    mx_outbox_add_take(outbox, queue, (mx_completion){token, MX_OK, NULL});
}

static bool
is_readable(const mx_completions *queue)
{
    struct pollfd watched = {.fd = mx_completions_descriptor(queue), .events = POLLIN};
    return poll(&watched, 1, 0) == 1;
}

static void
expect(mx_completions *queue, uint64_t first, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        mx_completion taken;
        assert_int_equal(mx_completions_take(queue, &taken, 1, 0), 1);
        assert_int_equal(taken.token, first + i);
    }
    assert_false(is_readable(queue));
}

static void
test_nothing_is_seen_before_the_flush(void **state)
{
    (void)state;
    static mx_outbox outbox;
    mx_completions *queue = new_queue(2);
    mx_outbox_flush(&outbox);
    add(&outbox, queue, 1);
    add(&outbox, queue, 2);
    assert_false(is_readable(queue));
    mx_outbox_flush(&outbox);
    assert_true(is_readable(queue));
    mx_outbox_flush(&outbox);
    expect(queue, 1, 2);
    mx_completions_unref(queue);
}

static void
test_another_queue_flushes_the_first(void **state)
{
    (void)state;
    static mx_outbox outbox;
    mx_completions *first = new_queue(2), *second = new_queue(1);
    add(&outbox, first, 1);
    add(&outbox, second, 2);
    expect(first, 1, 1);
    assert_false(is_readable(second));
    add(&outbox, first, 3);
    expect(second, 2, 1);
    mx_outbox_flush(&outbox);
    expect(first, 3, 1);
    mx_completions_unref(first);
    mx_completions_unref(second);
}

static void
test_a_full_one_is_flushed(void **state)
{
    (void)state;
    static mx_outbox outbox;
    mx_completions *queue = new_queue(MX_OUTBOX_SIZE + 1);
    for (uint64_t token = 0; token <= MX_OUTBOX_SIZE; token++) {
        add(&outbox, queue, token);
    }
    expect(queue, 0, MX_OUTBOX_SIZE);
    mx_outbox_flush(&outbox);
    expect(queue, MX_OUTBOX_SIZE, 1);
    mx_completions_unref(queue);
}

static void
test_it_keeps_the_queue_until_the_flush(void **state)
{
    (void)state;
    static mx_outbox outbox;
    mx_completions *queue = new_queue(1);
    mx_route *route;
    assert_int_equal(mx_route_new(&route), MX_OK);
    mx_outbox_add_take(&outbox, queue, (mx_completion){1, MX_OK, route});
    mx_completions_close(queue);
    mx_completions_unref(queue);
    mx_outbox_flush(&outbox); /* a sanitizer sees to it that both are freed, once */
    assert_null(outbox.queue);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_is_seen_before_the_flush),
        cmocka_unit_test(test_another_queue_flushes_the_first),
        cmocka_unit_test(test_a_full_one_is_flushed),
        cmocka_unit_test(test_it_keeps_the_queue_until_the_flush),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
