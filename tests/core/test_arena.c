/* SPDX-License-Identifier: MIT */
#include "core/arena.h"
#include "core/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void
test_an_empty_arena_holds_no_memory(void **state)
{
    (void)state;
    mx_arena arena;
    mx_mem_fail(SIZE_MAX, 0);
    mx_arena_init(&arena, MX_BLOCK_ROUTE);
    assert_int_equal(arena.bytes, 0);
    mx_arena_fini(&arena);
    assert_int_equal(mx_mem_fail(0, 0), 0);
}

static void
test_allocations_are_aligned_apart_and_stay(void **state)
{
    (void)state;
    enum { COUNT = 600 };
    unsigned char *memory[COUNT];
    mx_arena arena;
    mx_arena_init(&arena, MX_BLOCK_ROUTE);
    for (size_t i = 0; i < COUNT; i++) {
        memory[i] = mx_arena_alloc(&arena, i, 1);
        assert_non_null(memory[i]);
        assert_int_equal((uintptr_t)memory[i] % _Alignof(max_align_t), 0);
        memset(memory[i], (int)(i % 251), i);
    }
    for (size_t i = 0; i < COUNT; i++) {
        for (size_t j = 0; j < i; j++) {
            assert_int_equal(memory[i][j], i % 251);
        }
    }
    mx_arena_fini(&arena);
    assert_int_equal(arena.bytes, 0);
}

/* Neither many small blocks nor, in a small arena, much more than was asked for. */
static void
test_blocks_grow_with_the_arena(void **state)
{
    (void)state;
    const struct {
        size_t allocations, most_blocks, most_bytes;
    } cases[] = {
        {1, 1, 1024},   {50, 1, 1024},        {70, 2, 2048},
        {150, 3, 4096}, {60000, 64, 1000000},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        mx_arena arena;
        mx_arena_init(&arena, MX_BLOCK_ROUTE);
        size_t blocks = 0;
        char *expected = NULL;
        for (size_t j = 0; j < cases[i].allocations; j++) {
            char *memory = mx_arena_alloc(&arena, 1, 16);
            assert_non_null(memory);
            blocks += memory != expected;
            expected = memory + 16;
        }
        assert_true(blocks <= cases[i].most_blocks);
        assert_true(arena.bytes >= 16 * cases[i].allocations);
        assert_true(arena.bytes <= cases[i].most_bytes);
        mx_arena_fini(&arena);
    }
}

static void
test_a_large_allocation_does_not_waste_the_block_in_use(void **state)
{
    (void)state;
    mx_arena arena;
    mx_arena_init(&arena, MX_BLOCK_ROUTE);
    char *small = mx_arena_alloc(&arena, 1, 16);
    char *large = mx_arena_alloc(&arena, 100, 1000);
    assert_non_null(small);
    assert_non_null(large);
    memset(large, 'x', 100000);
    char *next = mx_arena_alloc(&arena, 1, 16);
    assert_ptr_equal(next, small + 16);
    mx_arena_fini(&arena);
}

static void
test_text_is_copied_with_a_nul(void **state)
{
    (void)state;
    mx_arena arena;
    mx_arena_init(&arena, MX_BLOCK_ROUTE);
    const char text[] = {'a', '\0', 'b', 'c'};
    char *copy = mx_arena_text(&arena, text, 3);
    assert_non_null(copy);
    assert_memory_equal(copy, "a\0b", 4);
    assert_string_equal(mx_arena_text(&arena, NULL, 0), "");
    mx_arena_fini(&arena);
}

static void
test_sizes_that_overflow_are_out_of_memory(void **state)
{
    (void)state;
    mx_arena arena;
    mx_arena_init(&arena, MX_BLOCK_ROUTE);
    assert_null(mx_arena_alloc(&arena, SIZE_MAX, 1));
    assert_null(mx_arena_alloc(&arena, SIZE_MAX / 2, 3));
    assert_null(mx_arena_alloc(&arena, SIZE_MAX - _Alignof(max_align_t), 1));
    assert_null(mx_arena_text(&arena, "", SIZE_MAX));
    assert_int_equal(arena.bytes, 0);
    mx_arena_fini(&arena);
}

static void
test_short_memory_leaves_the_arena_usable(void **state)
{
    (void)state;
    mx_arena arena;
    mx_arena_init(&arena, MX_BLOCK_ROUTE);
    mx_mem_fail(1, 0);
    assert_null(mx_arena_alloc(&arena, 1, 8));
    mx_mem_fail(1, 0);
    assert_null(mx_arena_text(&arena, "text", 4));
    mx_mem_fail(0, 0);
    char *text = mx_arena_text(&arena, "text", 4);
    assert_non_null(text);
    mx_mem_fail(1, 0);
    assert_null(mx_arena_alloc(&arena, 1, 5000));
    mx_mem_fail(0, 0);
    assert_non_null(mx_arena_alloc(&arena, 1, 5000));
    assert_string_equal(text, "text");
    mx_arena_fini(&arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_empty_arena_holds_no_memory),
        cmocka_unit_test(test_allocations_are_aligned_apart_and_stay),
        cmocka_unit_test(test_blocks_grow_with_the_arena),
        cmocka_unit_test(test_a_large_allocation_does_not_waste_the_block_in_use),
        cmocka_unit_test(test_text_is_copied_with_a_nul),
        cmocka_unit_test(test_sizes_that_overflow_are_out_of_memory),
        cmocka_unit_test(test_short_memory_leaves_the_arena_usable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
