/* SPDX-License-Identifier: MIT */
#include "core/mem.h"
#include "core/rng.h"
#include "core/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { COUNT = 2000 };

typedef struct object {
    unsigned key;
    bool is_in;
    mx_table_link link;
} object;

static object objects[COUNT];

static object *
find(const mx_table *table, uint64_t hash, unsigned key)
{
    mx_table_link *link = mx_table_first(table, hash);
    while (link != NULL) {
        assert_true(link->hash == hash);
        object *found = MX_CONTAINER(link, object, link);
        if (found->key == key) {
            return found;
        }
        link = mx_table_next(link);
    }
    return NULL;
}

/* Many share a hash, and many more a bucket. */
static uint64_t
hash_of(unsigned key)
{
    return (uint64_t)(key / 3) * UINT64_C(0x9e3779b97f4a7c15);
}

static void
test_an_empty_table_finds_nothing_and_holds_no_memory(void **state)
{
    (void)state;
    mx_table table;
    mx_mem_fail(SIZE_MAX, 0);
    mx_table_init(&table);
    assert_null(mx_table_first(&table, 0));
    assert_null(mx_table_any(&table));
    mx_table_fini(&table);
    assert_int_equal(mx_mem_fail(0, 0), 0);
}

/* Against a plain array as the model, through growth and with equal hashes. */
static void
test_what_is_inserted_is_found_until_removed(void **state)
{
    (void)state;
    mx_table table;
    mx_rng rng;
    mx_table_init(&table);
    mx_rng_seed(&rng, 5);
    size_t inside = 0;
    for (unsigned i = 0; i < COUNT; i++) {
        objects[i] = (object){.key = i};
    }
    for (size_t step = 0; step < 10 * COUNT; step++) {
        unsigned key = mx_rng_below(&rng, COUNT);
        object *chosen = &objects[key];
        if (chosen->is_in) {
            assert_ptr_equal(find(&table, hash_of(key), key), chosen);
            mx_table_remove(&table, &chosen->link);
            inside--;
        }
        else {
            assert_null(find(&table, hash_of(key), key));
            assert_int_equal(mx_table_insert(&table, &chosen->link, hash_of(key)),
                             MX_OK);
            inside++;
        }
        chosen->is_in = !chosen->is_in;
        assert_int_equal(table.count, inside);
    }
    for (unsigned key = 0; key < COUNT; key++) {
        object *found = find(&table, hash_of(key), key);
        assert_ptr_equal(found, objects[key].is_in ? &objects[key] : NULL);
    }
    mx_table_fini(&table);
    assert_int_equal(table.count, 0);
}

static void
test_any_empties_the_table(void **state)
{
    (void)state;
    mx_table table;
    mx_table_init(&table);
    for (unsigned round = 0; round < 2; round++) {
        for (unsigned i = 0; i < COUNT; i++) {
            objects[i] = (object){.key = i, .is_in = true};
            mx_status status = mx_table_insert(&table, &objects[i].link, hash_of(i));
            assert_int_equal(status, MX_OK);
        }
        for (unsigned i = 0; i < COUNT; i++) {
            mx_table_link *link = mx_table_any(&table);
            assert_non_null(link);
            object *found = MX_CONTAINER(link, object, link);
            assert_true(found->is_in);
            found->is_in = false;
            mx_table_remove(&table, link);
        }
        assert_null(mx_table_any(&table));
    }
    mx_table_fini(&table);
}

static void
test_buckets_grow_with_the_objects(void **state)
{
    (void)state;
    mx_table table;
    mx_table_init(&table);
    for (unsigned i = 0; i < COUNT; i++) {
        objects[i] = (object){.key = i};
        mx_status status = mx_table_insert(&table, &objects[i].link, hash_of(i));
        assert_int_equal(status, MX_OK);
        assert_true(table.bucket_count >= table.count);
    }
    assert_int_equal(table.bucket_count & (table.bucket_count - 1), 0);
    mx_table_fini(&table);
}

static void
test_without_memory_to_grow_it_only_gets_slower(void **state)
{
    (void)state;
    mx_table table;
    mx_table_init(&table);
    mx_mem_fail(1, 1);
    objects[0] = (object){.key = 0};
    assert_int_equal(mx_table_insert(&table, &objects[0].link, 0), MX_NOMEM);
    assert_int_equal(table.count, 0);
    mx_mem_fail(0, 0);
    assert_int_equal(mx_table_insert(&table, &objects[0].link, hash_of(0)), MX_OK);
    size_t buckets = table.bucket_count;
    mx_mem_fail(1, 1);
    for (unsigned i = 1; i < COUNT; i++) {
        objects[i] = (object){.key = i};
        mx_status status = mx_table_insert(&table, &objects[i].link, hash_of(i));
        assert_int_equal(status, MX_OK);
    }
    mx_mem_fail(0, 0);
    assert_int_equal(table.bucket_count, buckets);
    for (unsigned i = 0; i < COUNT; i++) {
        assert_ptr_equal(find(&table, hash_of(i), i), &objects[i]);
    }
    mx_table_fini(&table);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_empty_table_finds_nothing_and_holds_no_memory),
        cmocka_unit_test(test_what_is_inserted_is_found_until_removed),
        cmocka_unit_test(test_any_empties_the_table),
        cmocka_unit_test(test_buckets_grow_with_the_objects),
        cmocka_unit_test(test_without_memory_to_grow_it_only_gets_slower),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
