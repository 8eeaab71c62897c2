/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* fork */
#include "core/process.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void
test_a_fork_child_is_another_process(void **state)
{
    int status;

    (void)state;
    assert_int_equal(mx_process_watch(), MX_OK);
    assert_int_equal(mx_process_watch(), MX_OK);
    unsigned ours = mx_process_generation();
    pid_t child = fork();
    if (child == 0) {
        unsigned first = mx_process_generation();
        pid_t grandchild = fork();
        if (grandchild == 0) {
            _exit(mx_process_generation() == first || first == ours);
        }
        _exit(waitpid(grandchild, &status, 0) != grandchild || status != 0 ||
              first == ours || first != mx_process_generation());
    }
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(mx_process_generation(), ours);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_fork_child_is_another_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
