/* SPDX-License-Identifier: MIT */
#include "core/list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Walks both ways, so a link that is set in one direction only is found. */
static void
assert_holds(const mx_list *list, mx_list *const *links, size_t count)
{
    const mx_list *forward = list, *backward = list;
    for (size_t i = 0; i < count; i++) {
        forward = forward->next;
        backward = backward->previous;
        assert_ptr_equal(forward, links[i]);
        assert_ptr_equal(backward, links[count - 1 - i]);
    }
    assert_ptr_equal(forward->next, list);
    assert_ptr_equal(backward->previous, list);
    assert_int_equal(mx_list_is_empty(list), count == 0);
}

static void
test_links_keep_the_order_of_appending(void **state)
{
    (void)state;
    mx_list list, a, b, c;
    mx_list_init(&list);
    assert_holds(&list, NULL, 0);
    mx_list_append(&list, &a);
    mx_list_append(&list, &b);
    mx_list_append(&list, &c);
    assert_holds(&list, (mx_list *[]){&a, &b, &c}, 3);
}

static void
test_removing_twice_is_harmless(void **state)
{
    (void)state;
    mx_list list, a, b;
    mx_list_init(&list);
    mx_list_append(&list, &a);
    mx_list_append(&list, &b);
    mx_list_remove(&a);
    mx_list_remove(&a);
    assert_holds(&list, (mx_list *[]){&b}, 1);
    mx_list_remove(&b);
    assert_holds(&list, NULL, 0);
}

static void
test_everything_moves_to_the_end_of_the_other(void **state)
{
    (void)state;
    mx_list to, from, a, b, c;
    mx_list_init(&to);
    mx_list_init(&from);
    mx_list_move_all(&to, &from);
    assert_holds(&to, NULL, 0);
    mx_list_append(&from, &b);
    mx_list_append(&from, &c);
    mx_list_append(&to, &a);
    mx_list_move_all(&to, &from);
    assert_holds(&from, NULL, 0);
    assert_holds(&to, (mx_list *[]){&a, &b, &c}, 3);
    mx_list_move_all(&from, &to);
    assert_holds(&from, (mx_list *[]){&a, &b, &c}, 3);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_links_keep_the_order_of_appending),
        cmocka_unit_test(test_removing_twice_is_harmless),
        cmocka_unit_test(test_everything_moves_to_the_end_of_the_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
