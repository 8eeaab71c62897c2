/* SPDX-License-Identifier: MIT */
/* Datagrams in bursts, by whatever calls the system has. */
#include "core/burst.h"
#include "core/mem.h"
#include "loopback.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static const mx_burst_skill skills[] = {MX_BURST_ONE_BY_ONE, MX_BURST_MANY,
                                        MX_BURST_GROUPS};
enum { SKILLS = 3 };

struct world {
    loopback server;
    int socket;
    bool may_group;
    mx_burst *burst;
    uint8_t bytes[MX_BURST_SIZE][512];
};

static void
open_world(struct world *world, mx_burst_skill skill)
{
    struct sockaddr_in to = {.sin_family = AF_INET};

    mx_burst_limit(skill);
    loopback_open(&world->server, 0);
    to.sin_port = htons(world->server.server.port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    world->socket = socket(AF_INET, SOCK_DGRAM, 0);
    assert_true(world->socket >= 0);
    assert_int_equal(connect(world->socket, (struct sockaddr *)&to, sizeof(to)), 0);
    world->may_group = mx_burst_can_group(world->socket);
    assert_int_equal(mx_burst_new(&world->burst), MX_OK);
}

static void
close_world(struct world *world)
{
    mx_burst_limit(MX_BURST_GROUPS);
    mx_burst_free(world->burst);
    close(world->socket);
    loopback_close(&world->server);
}

/* Bytes of this length that tell the place. */
static void
put(struct world *world, size_t place, size_t length)
{
    memset(world->bytes[place], (int)place, sizeof(world->bytes[place]));
    mx_burst_put(world->burst, place, world->bytes[place], length);
}

static void
expect(struct world *world, size_t place, size_t length)
{
    loopback_query query;

    loopback_receive(&world->server, &query);
    assert_int_equal(query.length, length);
    assert_memory_equal(query.bytes, world->bytes[place], length);
}

static size_t
send_all(struct world *world, size_t first, size_t end, int *os_error)
{
    return mx_burst_send(world->burst, world->socket, &world->may_group, first, end,
                         os_error);
}

/* As many neighbours as this are of equal length; with 64 the limit of a group. */
static void
send_in_runs_of(struct world *world, size_t run)
{
    int os_error = 0;

    for (size_t i = 0; i < MX_BURST_SIZE; i++) {
        put(world, i, 20 + i / run);
    }
    assert_int_equal(send_all(world, 0, MX_BURST_SIZE, &os_error), MX_BURST_SIZE);
    for (size_t i = 0; i < MX_BURST_SIZE; i++) {
        expect(world, i, 20 + i / run);
    }
    assert_true(loopback_is_silent(&world->server));
}

static void
test_each_datagram_arrives_as_it_was(void **state)
{
    static const size_t runs[] = {1, 2, 3, 63, 64, 65, MX_BURST_SIZE};

    (void)state;
    for (int i = 0; i < SKILLS; i++) {
        struct world world;
        open_world(&world, skills[i]);
        for (size_t j = 0; j < sizeof(runs) / sizeof(runs[0]); j++) {
            send_in_runs_of(&world, runs[j]);
        }
        close_world(&world);
    }
}

static void
test_an_error_stops_where_it_was_met(void **state)
{
    (void)state;
    for (int i = 0; i < SKILLS; i++) {
        struct world world;
        int os_error = 0;
        open_world(&world, skills[i]);
        for (size_t j = 0; j < 10; j++) {
            put(&world, j, 20 + j);
        }
        mx_burst_fail(4, ENOBUFS);
        assert_int_equal(send_all(&world, 0, 10, &os_error), 3);
        assert_int_equal(os_error, ENOBUFS);
        assert_int_equal(send_all(&world, 4, 10, &os_error), 10);
        for (size_t j = 0; j < 10; j++) {
            if (j != 3) {
                expect(&world, j, 20 + j);
            }
        }
        assert_true(loopback_is_silent(&world.server));
        close_world(&world);
    }
}

static void
test_a_way_that_takes_no_groups(void **state)
{
    static const int refusals[] = {EIO, EINVAL, EMSGSIZE, EOPNOTSUPP};

    (void)state;
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        struct world world;
        int os_error = 0;
        open_world(&world, MX_BURST_GROUPS);
        bool could_group = world.may_group;
        for (size_t j = 0; j < 30; j++) {
            put(&world, j, j < 10 ? 20 : 21);
        }
        mx_burst_fail(could_group ? 2 : 0, refusals[i]); /* the group of 21 */
        assert_int_equal(send_all(&world, 0, 30, &os_error), 30);
        assert_false(world.may_group);
        for (size_t j = 0; j < 30; j++) {
            expect(&world, j, j < 10 ? 20 : 21);
        }
        /* Said of a single one it is an error like others. */
        mx_burst_fail(1, refusals[i]);
        assert_int_equal(send_all(&world, 0, 30, &os_error), 0);
        assert_int_equal(os_error, refusals[i]);
        close_world(&world);
    }
}

static void
test_a_system_without_such_calls(void **state)
{
    struct world world;
    int os_error = 0;

    (void)state;
    open_world(&world, MX_BURST_MANY);
    for (size_t i = 0; i < 3; i++) {
        put(&world, i, 20);
    }
    mx_burst_fail(1, ENOSYS);
    assert_int_equal(send_all(&world, 0, 3, &os_error), 3);
    for (size_t i = 0; i < 3; i++) {
        expect(&world, i, 20);
    }
    assert_false(mx_burst_can_group(world.socket));
    close_world(&world);
}

static void
test_a_refusal_is_told_once(void **state)
{
    (void)state;
    for (int i = 0; i < SKILLS; i++) {
        struct world world;
        int os_error = 0;
        open_world(&world, skills[i]);
        loopback_close(&world.server);
        put(&world, 0, 20);
        assert_int_equal(send_all(&world, 0, 1, &os_error), 1);
        assert_int_equal(send_all(&world, 0, 1, &os_error), 0);
        assert_int_equal(os_error, ECONNREFUSED);
        assert_int_equal(send_all(&world, 0, 1, &os_error), 1);
        assert_int_equal(mx_burst_receive(world.burst, world.socket, &os_error), 0);
        assert_int_equal(os_error, ECONNREFUSED);
        assert_int_equal(mx_burst_receive(world.burst, world.socket, &os_error), 0);
        assert_int_equal(os_error, EAGAIN);
        close_world(&world);
    }
}

/* Sends `count` datagrams of lengths that tell them apart, back to the socket. */
static void
reply_with(struct world *world, const size_t *lengths, size_t count)
{
    static uint8_t bytes[65507];
    loopback_query query;
    int os_error;

    put(world, 0, 20);
    assert_int_equal(send_all(world, 0, 1, &os_error), 1);
    loopback_receive(&world->server, &query);
    for (size_t i = 0; i < count; i++) {
        memset(bytes, (int)i, lengths[i]);
        loopback_send(&world->server, &query, bytes, lengths[i]);
    }
}

static void
test_what_arrives(void **state)
{
    static const size_t lengths[] = {12, 0, MX_BURST_DATAGRAM, MX_BURST_DATAGRAM + 1,
                                     65507};
    enum { COUNT = sizeof(lengths) / sizeof(lengths[0]) };

    (void)state;
    for (int i = 0; i < SKILLS; i++) {
        struct world world;
        int os_error;
        open_world(&world, skills[i]);
        reply_with(&world, lengths, COUNT);
        assert_int_equal(mx_burst_receive(world.burst, world.socket, &os_error), COUNT);
        for (size_t j = 0; j < COUNT; j++) {
            size_t length;
            bool is_cut;
            const uint8_t *bytes = mx_burst_get(world.burst, j, &length, &is_cut);
            assert_int_equal(is_cut, lengths[j] > MX_BURST_DATAGRAM);
            assert_int_equal(length, is_cut ? MX_BURST_DATAGRAM : lengths[j]);
            for (size_t k = 0; k < length; k++) {
                assert_int_equal(bytes[k], j);
            }
        }
        close_world(&world);
    }
}

static void
test_more_than_a_burst_arrives(void **state)
{
    static size_t lengths[MX_BURST_SIZE + 1];

    (void)state;
    for (size_t i = 0; i <= MX_BURST_SIZE; i++) {
        lengths[i] = 100 + i;
    }
    for (int i = 0; i < SKILLS; i++) {
        struct world world;
        size_t length;
        bool is_cut;
        int os_error;
        open_world(&world, skills[i]);
        reply_with(&world, lengths, MX_BURST_SIZE + 1);
        assert_int_equal(mx_burst_receive(world.burst, world.socket, &os_error),
                         MX_BURST_SIZE);
        assert_int_equal(os_error, 0);
        assert_int_equal(mx_burst_receive(world.burst, world.socket, &os_error), 1);
        mx_burst_get(world.burst, 0, &length, &is_cut);
        assert_int_equal(length, 100 + MX_BURST_SIZE);
        close_world(&world);
    }
}

static void
test_out_of_memory(void **state)
{
    mx_burst *burst = NULL;

    (void)state;
    mx_mem_fail(1, 1);
    mx_status status = mx_burst_new(&burst);
    mx_mem_fail(0, 0);
    assert_int_equal(status, MX_NOMEM);
    assert_null(burst);
    mx_burst_free(NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_datagram_arrives_as_it_was),
        cmocka_unit_test(test_an_error_stops_where_it_was_met),
        cmocka_unit_test(test_a_way_that_takes_no_groups),
        cmocka_unit_test(test_a_system_without_such_calls),
        cmocka_unit_test(test_a_refusal_is_told_once),
        cmocka_unit_test(test_what_arrives),
        cmocka_unit_test(test_more_than_a_burst_arrives),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
