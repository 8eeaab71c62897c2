/* SPDX-License-Identifier: MIT */
/* The blocks that are kept, which builds with checkers do without: the file itself, with
 * its functions under names of our own. */
#define MX_KEEP_BLOCKS
#define mx_block_take take_block
#define mx_block_give give_block
#include "core/block.c"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define KIND MX_BLOCK_ROUTE

static void
free_all_kept(void)
{
    while (atomic_load(&kept[KIND]) > 0) {
        mx_free(take_kept(KIND));
    }
}

static void
test_a_block_goes_round(void **state)
{
    (void)state;
    void *first = take_block(KIND), *second = take_block(KIND);
    assert_non_null(first);
    assert_non_null(second);
    assert_int_equal((uintptr_t)first % _Alignof(max_align_t), 0);
    memset(first, 'x', MX_BLOCK_SIZE);
    give_block(first, KIND);
    assert_ptr_equal(take_block(KIND), first);
    give_block(first, KIND);
    give_block(second, KIND);
    assert_int_equal(atomic_load(&kept[KIND]), 2);
    free_all_kept();
}

static void
test_no_more_are_kept_than_may_be(void **state)
{
    (void)state;
    enum { MORE = MAX_KEPT + 10 };
    void **blocks = calloc(MORE, sizeof(*blocks));
    assert_non_null(blocks);
    for (size_t i = 0; i < MORE; i++) {
        blocks[i] = take_block(KIND);
        assert_non_null(blocks[i]);
    }
    for (size_t i = 0; i < MORE; i++) {
        give_block(blocks[i], KIND);
    }
    assert_int_equal(atomic_load(&kept[KIND]), MAX_KEPT);
    free_all_kept();
    free(blocks);
}

static void
test_a_kept_block_fails_as_an_allocation_does(void **state)
{
    (void)state;
    give_block(take_block(KIND), KIND);
    mx_mem_fail(1, 0);
    assert_null(take_block(KIND));
    mx_mem_fail(0, 0);
    assert_int_equal(atomic_load(&kept[KIND]), 1);
    free_all_kept();
    mx_mem_fail(1, 0);
    assert_null(take_block(KIND));
    mx_mem_fail(0, 0);
}

static void *
take_and_end(void *argument)
{
    (void)argument;
    void *taken = take_block(KIND); /* one, and the others in store */
    assert_non_null(in_store[KIND]);
    return taken;
}

static void
test_a_thread_that_ends_gives_its_store_back(void **state)
{
    (void)state;
    void *blocks[4], *taken;
    pthread_t thread;
    for (size_t i = 0; i < 4; i++) {
        blocks[i] = take_block(KIND);
    }
    for (size_t i = 0; i < 4; i++) {
        give_block(blocks[i], KIND);
    }
    assert_int_equal(pthread_create(&thread, NULL, take_and_end, NULL), 0);
    assert_int_equal(pthread_join(thread, &taken), 0);
    assert_int_equal(atomic_load(&kept[KIND]), 3);
    for (size_t i = 0; i < 3; i++) {
        blocks[i] = take_kept(KIND);
        assert_non_null(blocks[i]);
    }
    assert_int_equal(atomic_load(&kept[KIND]), 0);
    for (size_t i = 0; i < 3; i++) {
        mx_free(blocks[i]);
    }
    mx_free(taken);
}

enum { THREADS = 4, ROUNDS = 20000, HELD = 8 };

/* Each block is one thread's alone while it has it. */
static void *
go_round(void *argument)
{
    unsigned char mark = *(const unsigned char *)argument;
    unsigned char *held[HELD] = {NULL};
    uintptr_t wrong = 0;
    for (size_t i = 0; i < ROUNDS; i++) {
        unsigned char **place = &held[i * 7 % HELD];
        if (*place != NULL) {
            wrong += (*place)[100] != mark || (*place)[MX_BLOCK_SIZE - 1] != mark;
            give_block(*place, KIND);
        }
        *place = take_block(KIND);
        (*place)[100] = (*place)[MX_BLOCK_SIZE - 1] = mark;
    }
    for (size_t i = 0; i < HELD; i++) {
        give_block(held[i], KIND);
    }
    return (void *)wrong;
}

static void
test_threads_share_the_blocks(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    unsigned char marks[THREADS] = {1, 2, 3, 4};
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, go_round, &marks[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        void *wrong;
        assert_int_equal(pthread_join(threads[i], &wrong), 0);
        assert_null(wrong);
    }
    assert_in_range(atomic_load(&kept[KIND]), 1, MAX_KEPT);
    free_all_kept();
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_block_goes_round),
        cmocka_unit_test(test_no_more_are_kept_than_may_be),
        cmocka_unit_test(test_a_kept_block_fails_as_an_allocation_does),
        cmocka_unit_test(test_a_thread_that_ends_gives_its_store_back),
        cmocka_unit_test(test_threads_share_the_blocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
