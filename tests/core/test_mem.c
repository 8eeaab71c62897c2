/* SPDX-License-Identifier: MIT */
#include "core/mem.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void
test_allocations_hold_what_was_asked_for(void **state)
{
    (void)state;
    char *text = mx_malloc(4);
    assert_non_null(text);
    memcpy(text, "abc", 4);
    text = mx_realloc(text, 1000, 2);
    assert_non_null(text);
    assert_string_equal(text, "abc");
    memset(text, 'x', 2000);
    mx_free(text);

    uint64_t *numbers = mx_calloc(100, sizeof(*numbers));
    assert_non_null(numbers);
    for (size_t i = 0; i < 100; i++) {
        assert_int_equal(numbers[i], 0);
    }
    mx_free(numbers);
    mx_free(NULL);
}

static void
test_nothing_asked_for_is_not_out_of_memory(void **state)
{
    (void)state;
    void *memory = mx_malloc(0);
    assert_non_null(memory);
    memory = mx_realloc(memory, 0, 8);
    assert_non_null(memory);
    mx_free(memory);
    memory = mx_calloc(0, 8);
    assert_non_null(memory);
    mx_free(memory);
}

static void
test_sizes_that_overflow_are_out_of_memory(void **state)
{
    (void)state;
    /* volatile, or the compiler sees the size and warns. */
    volatile size_t count = SIZE_MAX / 8 + 2;
    char *text = mx_malloc(4);
    assert_non_null(text);
    memcpy(text, "abc", 4);
    assert_null(mx_realloc(text, count, 8));
    assert_string_equal(text, "abc");
    mx_free(text);
    assert_null(mx_calloc(count, 8));
}

static void
test_the_nth_allocation_fails_once(void **state)
{
    (void)state;
    mx_mem_fail(2, 0);
    void *first = mx_malloc(1);
    void *second = mx_calloc(1, 1);
    void *third = mx_realloc(NULL, 1, 1);
    assert_int_equal(mx_mem_fail(0, 0), 3);
    assert_non_null(first);
    assert_null(second);
    assert_non_null(third);
    mx_free(first);
    mx_free(third);
}

static void
test_all_allocations_fail_from_the_nth_onward(void **state)
{
    (void)state;
    mx_mem_fail(2, 1);
    void *first = mx_malloc(1);
    void *second = mx_malloc(1);
    void *third = mx_realloc(NULL, 1, 1);
    assert_int_equal(mx_mem_fail(0, 0), 3);
    assert_non_null(first);
    assert_null(second);
    assert_null(third);
    mx_free(first);
}

static void
test_a_failed_realloc_leaves_the_old_memory(void **state)
{
    (void)state;
    char *text = mx_malloc(4);
    assert_non_null(text);
    memcpy(text, "abc", 4);
    mx_mem_fail(1, 0);
    char *moved = mx_realloc(text, 100, 1);
    mx_mem_fail(0, 0);
    assert_null(moved);
    assert_string_equal(text, "abc");
    mx_free(text);
}

static void
test_nothing_fails_or_is_counted_when_off(void **state)
{
    (void)state;
    mx_mem_fail(0, 1);
    void *memory = mx_malloc(1);
    assert_non_null(memory);
    mx_free(memory);
    assert_int_equal(mx_mem_fail(0, 0), 0);
}

enum { THREADS = 4, ALLOCATIONS = 500 };

static void *
count_failures(void *context)
{
    size_t *failures = context;
    for (size_t i = 0; i < ALLOCATIONS; i++) {
        void *memory = mx_malloc(1);
        if (memory == NULL) {
            (*failures)++;
        }
        mx_free(memory);
    }
    return NULL;
}

static void
test_threads_see_exactly_one_failure_among_them(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    size_t failures[THREADS] = {0};
    mx_mem_fail(THREADS * ALLOCATIONS / 2, 0);
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(
            pthread_create(&threads[i], NULL, count_failures, &failures[i]), 0);
    }
    size_t total = 0;
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        total += failures[i];
    }
    assert_int_equal(mx_mem_fail(0, 0), THREADS * ALLOCATIONS);
    assert_int_equal(total, 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_allocations_hold_what_was_asked_for),
        cmocka_unit_test(test_nothing_asked_for_is_not_out_of_memory),
        cmocka_unit_test(test_sizes_that_overflow_are_out_of_memory),
        cmocka_unit_test(test_the_nth_allocation_fails_once),
        cmocka_unit_test(test_all_allocations_fail_from_the_nth_onward),
        cmocka_unit_test(test_a_failed_realloc_leaves_the_old_memory),
        cmocka_unit_test(test_nothing_fails_or_is_counted_when_off),
        cmocka_unit_test(test_threads_see_exactly_one_failure_among_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
