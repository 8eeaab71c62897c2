/* SPDX-License-Identifier: MIT */
#include "core/heap.h"
#include "core/mem.h"
#include "core/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { COUNT = 500 };

static void
test_an_empty_heap_never_wakes(void **state)
{
    (void)state;
    mx_heap heap;
    mx_heap_init(&heap);
    assert_true(mx_heap_next(&heap) == MX_NEVER);
    assert_null(mx_heap_pop(&heap, MX_NEVER));
    mx_heap_fini(&heap);
}

static void
test_a_timer_comes_when_due_and_not_before(void **state)
{
    (void)state;
    mx_heap heap;
    mx_timer timer = {0};
    mx_heap_init(&heap);
    assert_false(mx_timer_is_set(&timer));
    assert_int_equal(mx_heap_set(&heap, &timer, 100), MX_OK);
    assert_true(mx_timer_is_set(&timer));
    assert_int_equal(mx_heap_next(&heap), 100);
    assert_null(mx_heap_pop(&heap, 99));
    assert_ptr_equal(mx_heap_pop(&heap, 100), &timer);
    assert_false(mx_timer_is_set(&timer));
    assert_null(mx_heap_pop(&heap, 100));
    mx_heap_fini(&heap);
    /* As after init. */
    assert_int_equal(mx_heap_set(&heap, &timer, 7), MX_OK);
    assert_ptr_equal(mx_heap_pop(&heap, 7), &timer);
    mx_heap_fini(&heap);
}

/* Every timer knows its place, and none is later than its children. */
static void
assert_sound(const mx_heap *heap)
{
    for (size_t i = 0; i < heap->count; i++) {
        assert_int_equal(heap->entries[i].timer->position, i + 1);
        if (i > 0) {
            assert_true(heap->entries[(i - 1) / 2].at <= heap->entries[i].at);
        }
    }
}

static size_t
count_set(const mx_timer *timers, mx_usec *first)
{
    size_t count = 0;
    *first = MX_NEVER;
    for (size_t i = 0; i < COUNT; i++) {
        if (mx_timer_is_set(&timers[i])) {
            count++;
            *first = timers[i].at < *first ? timers[i].at : *first;
        }
    }
    return count;
}

static void
test_setting_moving_and_unsetting_keep_the_order(void **state)
{
    (void)state;
    static mx_timer timers[COUNT];
    mx_heap heap;
    mx_rng rng;
    mx_heap_init(&heap);
    mx_rng_seed(&rng, 11);
    for (size_t step = 0; step < 20 * COUNT; step++) {
        mx_timer *timer = &timers[mx_rng_below(&rng, COUNT)];
        if (mx_rng_below(&rng, 3) == 0) {
            mx_heap_unset(&heap, timer);
            assert_false(mx_timer_is_set(timer));
        }
        else {
            mx_usec at = mx_rng_below(&rng, 1000);
            assert_int_equal(mx_heap_set(&heap, timer, at), MX_OK);
            assert_int_equal(timer->at, at);
        }
        if (step % 50 == 0) {
            mx_usec first;
            assert_sound(&heap);
            assert_int_equal(heap.count, count_set(timers, &first));
            assert_true(mx_heap_next(&heap) == first);
        }
    }
    mx_usec last = 0;
    size_t left = heap.count;
    for (mx_timer *timer; (timer = mx_heap_pop(&heap, MX_NEVER)) != NULL; left--) {
        assert_true(timer->at >= last);
        last = timer->at;
    }
    assert_int_equal(left, 0);
    mx_heap_fini(&heap);
}

static void
test_reserved_room_makes_setting_sure(void **state)
{
    (void)state;
    static mx_timer timers[COUNT];
    mx_heap heap;
    mx_heap_init(&heap);
    assert_int_equal(mx_heap_reserve(&heap, COUNT), MX_OK);
    mx_mem_fail(1, 1);
    for (size_t i = 0; i < COUNT; i++) {
        assert_int_equal(mx_heap_set(&heap, &timers[i], (mx_usec)(COUNT - i)), MX_OK);
    }
    assert_int_equal(mx_heap_reserve(&heap, COUNT), MX_OK);
    assert_int_equal(mx_mem_fail(0, 0), 0);
    assert_int_equal(mx_heap_next(&heap), 1);
    mx_heap_fini(&heap);
}

static void
test_short_memory_fails_setting_but_not_moving(void **state)
{
    (void)state;
    mx_heap heap;
    mx_timer first = {0}, extra[COUNT] = {{0}};
    mx_heap_init(&heap);
    mx_mem_fail(1, 1);
    assert_int_equal(mx_heap_set(&heap, &first, 5), MX_NOMEM);
    assert_false(mx_timer_is_set(&first));
    mx_mem_fail(0, 0);
    assert_int_equal(mx_heap_set(&heap, &first, 5), MX_OK);
    mx_mem_fail(1, 1);
    assert_int_equal(mx_heap_set(&heap, &first, 7), MX_OK);
    size_t set = 0;
    while (mx_heap_set(&heap, &extra[set], (mx_usec)set) == MX_OK) {
        set++;
    }
    mx_mem_fail(0, 0);
    assert_false(mx_timer_is_set(&extra[set]));
    assert_int_equal(heap.count, set + 1);
    assert_sound(&heap);
    assert_int_equal(mx_heap_set(&heap, &extra[set], 3), MX_OK);
    assert_sound(&heap);
    mx_heap_fini(&heap);
}

static void
test_a_size_that_overflows_is_out_of_memory(void **state)
{
    (void)state;
    mx_heap heap;
    mx_heap_init(&heap);
    assert_int_equal(mx_heap_reserve(&heap, SIZE_MAX), MX_NOMEM);
    assert_int_equal(heap.capacity, 0);
    mx_heap_fini(&heap);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_empty_heap_never_wakes),
        cmocka_unit_test(test_a_timer_comes_when_due_and_not_before),
        cmocka_unit_test(test_setting_moving_and_unsetting_keep_the_order),
        cmocka_unit_test(test_reserved_room_makes_setting_sure),
        cmocka_unit_test(test_short_memory_fails_setting_but_not_moving),
        cmocka_unit_test(test_a_size_that_overflows_is_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
