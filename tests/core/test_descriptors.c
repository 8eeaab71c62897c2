/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "core/descriptors.h"
#include "core/process.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static bool
is_open(int descriptor)
{
    return fcntl(descriptor, F_GETFD) >= 0;
}

static int
new_socket(int type)
{
    int descriptor = -1;
    assert_int_equal(mx_descriptor_socket(AF_INET, type, &descriptor), 0);
    assert_true(descriptor >= 0);
    return descriptor;
}

static void
test_a_socket_does_not_block_and_closes_on_exec(void **state)
{
    (void)state;
    static const int types[] = {SOCK_DGRAM, SOCK_STREAM};
    for (int i = 0; i < 2; i++) {
        int made, type;
        socklen_t size = sizeof(type);
        made = new_socket(types[i]);
        assert_true((fcntl(made, F_GETFD) & FD_CLOEXEC) != 0);
        assert_true((fcntl(made, F_GETFL) & O_NONBLOCK) != 0);
        assert_int_equal(getsockopt(made, SOL_SOCKET, SO_TYPE, &type, &size), 0);
        assert_int_equal(type, types[i]);
        mx_descriptor_close(made);
        assert_false(is_open(made));
    }
}

static void
test_a_socket_that_cannot_be_had(void **state)
{
    (void)state;
    int descriptor = -7;
    assert_int_equal(mx_descriptor_socket(-1, SOCK_DGRAM, &descriptor), EAFNOSUPPORT);
    assert_int_equal(descriptor, -7);
}

/* In a child: 0 when it kept what is not ours and nothing else. */
static int
look_around(const int *ours, size_t count, int foreign, int closed)
{
    mx_descriptors_fork_unlock();
    mx_descriptors_close_all_in_child();
    for (size_t i = 0; i < count; i++) {
        if (is_open(ours[i])) {
            return 1;
        }
    }
    if (!is_open(foreign) || !is_open(closed)) {
        return 2;
    }
    /* The child's own life goes on. */
    int own = new_socket(SOCK_DGRAM);
    mx_descriptor_close(own);
    return is_open(own) ? 3 : 0;
}

static void
test_a_fork_child_closes_what_is_ours(void **state)
{
    (void)state;
    enum { HIGH = 1500 }; /* beyond what select() knows, fault P23 */
    int ends[2], status;
    assert_int_equal(pipe(ends), 0);
    int closed = new_socket(SOCK_DGRAM);
    mx_descriptor_close(closed);
    /* Somebody else gets the number of one that was ours. */
    assert_int_equal(dup2(ends[0], closed), closed);

    int high = fcntl(ends[0], F_DUPFD, HIGH);
    assert_true(high >= HIGH);
    mx_descriptor_opened(high);
    int ours[] = {new_socket(SOCK_DGRAM), new_socket(SOCK_STREAM), high};

    mx_descriptors_fork_lock();
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        _exit(look_around(ours, 3, ends[1], closed));
    }
    mx_descriptors_fork_unlock();
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    for (int i = 0; i < 3; i++) {
        assert_true(is_open(ours[i]));
        mx_descriptor_close(ours[i]);
        assert_false(is_open(ours[i]));
    }
    close(closed);
    close(ends[0]);
    close(ends[1]);
}

static void *
hold_the_lock(void *argument)
{
    pthread_barrier_t *together = argument;
    mx_descriptors_fork_lock();
    pthread_barrier_wait(together);
    pthread_barrier_wait(together); /* forked */
    mx_descriptors_fork_unlock();
    return NULL;
}

/* Of a fork in C we hear only when it is done. */
static void
test_a_fork_while_another_thread_has_the_lock(void **state)
{
    (void)state;
    enum { PATIENCE = 60 }; /* seconds; a child that hangs is killed */
    pthread_barrier_t together;
    pthread_t holder;
    int status;
    assert_int_equal(mx_process_watch(), MX_OK);
    assert_int_equal(pthread_barrier_init(&together, NULL, 2), 0);
    assert_int_equal(pthread_create(&holder, NULL, hold_the_lock, &together), 0);
    pthread_barrier_wait(&together);

    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        alarm(PATIENCE);
        mx_descriptor_close(new_socket(SOCK_DGRAM));
        mx_descriptors_fork_lock();
        mx_descriptors_fork_unlock();
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    pthread_barrier_wait(&together);
    assert_int_equal(pthread_join(holder, NULL), 0);
    pthread_barrier_destroy(&together);
    mx_descriptor_close(new_socket(SOCK_DGRAM));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_socket_does_not_block_and_closes_on_exec),
        cmocka_unit_test(test_a_socket_that_cannot_be_had),
        cmocka_unit_test(test_a_fork_child_closes_what_is_ours),
        cmocka_unit_test(test_a_fork_while_another_thread_has_the_lock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
