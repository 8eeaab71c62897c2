/* SPDX-License-Identifier: MIT */
#include "scene.h"

#include <sys/select.h> /* ares.h of 1.18 needs it and does not say so */

/* As in the core. */
#define CARES_NO_DEPRECATED
#include <ares.h>
#include <unistd.h>

/* Allocations inside c-ares: the one that fails is counted down to. */
static size_t allocations, failing;
static bool fails_onward;

static bool
is_refused(void)
{
    allocations++;
    return failing > 0 &&
           (allocations == failing || (fails_onward && allocations > failing));
}

static void *
allocate(size_t size)
{
    return is_refused() ? NULL : malloc(size);
}

static void *
reallocate(void *old, size_t size)
{
    return is_refused() ? NULL : realloc(old, size);
}

/* Plays the server for question 1, unless that has come to an end. */
static void
serve(struct scene *scene, mx_protocol protocol, int *connection)
{
    loopback_query query;
    uint8_t bytes[512];
    mx_reply out;
    if (protocol == MX_UDP) {
        loopback_receive(&scene->server, &query);
        answer(scene, &query, QR);
        reply(scene);
        return;
    }
    *connection = loopback_accept(&scene->server);
    assert_true(turn(scene, LOOPBACK_PATIENCE));
    if (!scene->transport->type->take(scene->transport, &out)) {
        loopback_read(*connection, &query);
        loopback_write_message(*connection, bytes, loopback_reply(&query, QR, bytes));
        reply(scene);
    }
}

/* Asks once while the nth allocation of c-ares fails; whatever comes of that, it goes on
 * when there is memory again. False when none failed. */
static bool
survives_failure_of_allocation(size_t nth, mx_protocol protocol)
{
    struct scene scene;
    loopback_query query;
    mx_reply out;
    int connection = -1;
    open_scene(&scene);
    allocations = 0;
    failing = nth;
    mx_status status = try_ask(&scene, &scene.server.server, protocol, 1);
    if (status == MX_OK && !scene.transport->type->take(scene.transport, &out)) {
        serve(&scene, protocol, &connection);
    }
    bool has_failed = allocations >= nth;
    failing = 0;
    assert_false(flight_of(&scene, 1)->is_open);
    expect_nothing(&scene);
    ask(&scene, MX_UDP, 2);
    do { /* the first question may still be there, unread */
        loopback_receive(&scene.server, &query);
    } while (number_of(&query) != 2);
    answer(&scene, &query, QR);
    expect_reply_to(&scene, 2);
    if (connection >= 0) {
        close(connection);
    }
    close_scene(&scene);
    return has_failed;
}

/* Of 1.34 alone half of these crash or hang (fault c-ares 9). */
static void
test_every_allocation_of_c_ares_may_fail(void **state)
{
    (void)state;
    for (int variant = 0; variant < 4; variant++) {
        mx_protocol protocol = variant % 2 == 0 ? MX_UDP : MX_TCP;
        size_t nth = 1;
        fails_onward = variant >= 2;
        while (survives_failure_of_allocation(nth, protocol)) {
            nth++;
        }
        assert_true(nth > 5);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_allocation_of_c_ares_may_fail),
    };
    if (ares_library_init_mem(ARES_LIB_INIT_ALL, allocate, free, reallocate) != 0) {
        return 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
