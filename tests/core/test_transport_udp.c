/* SPDX-License-Identifier: MIT */
/* What every transport does over UDP, and with both protocols at once. */
#include "transports.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MANY = 1000 };

static void
test_a_question_and_its_reply(void **state)
{
    struct scene scene;
    loopback_query query;
    uint8_t sent[MX_QUERY_SIZE], bytes[512];
    open_given(&scene, state);
    ask(&scene, MX_UDP, 1);
    loopback_receive(&scene.server, &query);
    /* As it was given, in every version of c-ares; only the id is new. */
    size_t length = write_query(1, sent);
    assert_int_equal(query.length, length);
    assert_memory_equal(query.bytes + 2, sent + 2, length - 2);
    length = loopback_reply(&query, QR | RD | RA, bytes);
    loopback_send(&scene.server, &query, bytes, length);
    expect_message(&scene, 1, bytes, length);
    expect_nothing(&scene);
    close_scene(&scene);
}

/* What must be ignored, before the good answer comes. */
static void
send_poison(struct scene *scene, const loopback_query *query, unsigned kind)
{
    uint8_t bytes[512];
    size_t length = loopback_reply(query, QR | RD | RA, bytes);
    switch (kind % 10) {
    case 0:
        loopback_send(&scene->server, query, "", 0);
        break;
    case 1:
        loopback_send(&scene->server, query, "spoof", 5);
        break;
    case 2:
        loopback_send(&scene->server, query, bytes, 12); /* header only */
        break;
    case 3:
        bytes[1] ^= 1; /* id */
        loopback_send(&scene->server, query, bytes, length);
        break;
    case 4:
        loopback_send(&scene->server, query, query->bytes, query->length); /* echo */
        break;
    case 5:
        bytes[13] = 'x'; /* another name */
        loopback_send(&scene->server, query, bytes, length);
        break;
    case 6:
        bytes[length - 3] = MX_TYPE_A; /* another type */
        loopback_send(&scene->server, query, bytes, length);
        break;
    case 7:
        bytes[2] |= 0x20; /* opcode 4, NOTIFY */
        loopback_send(&scene->server, query, bytes, length);
        break;
    case 8:
        bytes[5] = 2; /* two questions, one is there */
        loopback_send(&scene->server, query, bytes, length);
        break;
    default:
        memset(bytes, 0xff, sizeof(bytes));
        loopback_send(&scene->server, query, bytes, sizeof(bytes));
        break;
    }
}

static void
test_poison_harms_nobody(void **state)
{
    struct scene scene;
    static loopback_query queries[MANY];
    static bool answered[MANY];
    memset(answered, 0, sizeof(answered));
    open_given(&scene, state);
    for (unsigned i = 0; i < MANY; i++) {
        ask(&scene, MX_UDP, i + 1);
        loopback_receive(&scene.server, &queries[i]);
    }
    for (unsigned i = 0; i < MANY; i++) {
        send_poison(&scene, &queries[i], i);
    }
    expect_nothing(&scene);
    assert_int_equal(strays(&scene), MANY);
    for (unsigned i = MANY; i-- > 0;) { /* in another order too */
        answer(&scene, &queries[i], QR | RA);
    }
    for (unsigned i = 0; i < MANY; i++) {
        mx_reply out = reply(&scene);
        assert_int_equal(out.kind, MX_REPLY_MESSAGE);
        assert_in_range(number_in(&scene, &out), 1, MANY);
        assert_false(answered[number_in(&scene, &out) - 1]);
        answered[number_in(&scene, &out) - 1] = true;
        assert_memory_equal(out.bytes, queries[number_in(&scene, &out) - 1].bytes, 2);
    }
    expect_nothing(&scene);
    close_scene(&scene);
}

static void
test_a_reply_on_another_socket_is_stray(void **state)
{
    struct scene scene;
    loopback_query first, second;
    uint8_t bytes[512];
    open_given(&scene, state);
    unsigned number = 1;
    ask(&scene, MX_UDP, number);
    loopback_receive(&scene.server, &first);
    do {
        ask(&scene, MX_UDP, ++number);
        loopback_receive(&scene.server, &second);
    } while (first.from.sin_port == second.from.sin_port);
    size_t length = loopback_reply(&first, QR, bytes);
    loopback_send(&scene.server, &second, bytes, length);
    expect_nothing(&scene);
    assert_int_equal(strays(&scene), 1);
    loopback_send(&scene.server, &first, bytes, length);
    expect_message(&scene, 1, bytes, length);
    close_scene(&scene);
}

static void
test_bytes_are_kept_as_they_came(void **state)
{
    struct scene scene;
    loopback_query query;
    uint8_t bytes[512];
    open_given(&scene, state);
    ask(&scene, MX_UDP, 1);
    loopback_receive(&scene.server, &query);
    size_t length = damaged_reply(&query, bytes);
    loopback_send(&scene.server, &query, bytes, length);
    expect_message(&scene, 1, bytes, length);

    ask(&scene, MX_TCP, 2);
    expect_nothing(&scene);
    int connection = loopback_accept(&scene.server);
    read_question(&scene, connection, &query);
    length = damaged_reply(&query, bytes);
    loopback_write_message(connection, bytes, length);
    expect_message(&scene, 2, bytes, length);
    close(connection);
    close_scene(&scene);
}

static void
test_a_cancelled_attempt_says_nothing(void **state)
{
    struct scene scene;
    loopback_query query;
    open_given(&scene, state);
    cancel(&scene, 99); /* never was */

    ask(&scene, MX_UDP, 1);
    loopback_receive(&scene.server, &query);
    cancel(&scene, 1); /* open */
    cancel(&scene, 1);
    ask(&scene, MX_UDP, 2); /* keeps a socket open, so that the late reply is seen */
    answer(&scene, &query, QR);
    expect_nothing(&scene);

    loopback_receive(&scene.server, &query);
    answer(&scene, &query, QR);
    assert_true(turn(&scene, LOOPBACK_PATIENCE));
    cancel(&scene, 2); /* replied, not taken */
    expect_nothing(&scene);

    ask(&scene, MX_UDP, 3);
    loopback_receive(&scene.server, &query);
    answer(&scene, &query, QR);
    expect_reply_to(&scene, 3);
    cancel(&scene, 3); /* taken */
    expect_nothing(&scene);

    ask(&scene, MX_UDP, 3); /* a flight may be used again */
    loopback_receive(&scene.server, &query);
    answer(&scene, &query, QR);
    expect_reply_to(&scene, 3);
    close_scene(&scene);
}

static void
test_cancelled_over_tcp(void **state)
{
    struct scene scene;
    loopback_query query;
    uint8_t bytes[512];
    open_given(&scene, state);
    ask(&scene, MX_TCP, 1);
    cancel(&scene, 1); /* while it connects */
    ask(&scene, MX_TCP, 2);
    expect_nothing(&scene);
    int connection = loopback_accept(&scene.server);
    read_question(&scene, connection, &query); /* it was on its way */
    assert_int_equal(number_of(&query), 1);
    size_t length = loopback_reply(&query, QR, bytes);
    loopback_write_message(connection, bytes, length);
    loopback_read(connection, &query);
    assert_int_equal(number_of(&query), 2);
    length = loopback_reply(&query, QR, bytes);
    loopback_write_message(connection, bytes, length);
    expect_message(&scene, 2, bytes, length);
    assert_int_equal(strays(&scene), 1);
    close(connection);
    close_scene(&scene);
}

static void
test_freed_with_attempts_in_every_state(void **state)
{
    struct scene scene;
    loopback_query query;
    mx_reply out;
    open_given(&scene, state);
    for (unsigned i = 1; i <= 10; i++) {
        ask(&scene, i % 2 == 0 ? MX_UDP : MX_TCP, i);
    }
    loopback_receive(&scene.server, &query);
    answer(&scene, &query, QR);
    assert_true(turn(&scene, LOOPBACK_PATIENCE));
    loopback_receive(&scene.server, &query);
    answer(&scene, &query, QR);
    while (!scene.transport->type->take(scene.transport, &out)) {
        assert_true(turn(&scene, LOOPBACK_PATIENCE));
    }
    close_scene(&scene); /* one taken, one perhaps replied, the rest open */
}

static void
test_descriptors_and_wake_up_go_when_idle(void **state)
{
    struct scene scene;
    loopback_query query;
    open_given(&scene, state);
    const mx_transport_type *type = scene.transport->type;
    assert_int_equal(type->descriptors(scene.transport, NULL, 0), 0);
    assert_int_equal(type->next_wake(scene.transport), MX_NEVER);

    ask(&scene, MX_UDP, 1);
    ask(&scene, MX_TCP, 2);
    struct pollfd one;
    assert_int_equal(type->descriptors(scene.transport, &one, 1), 2);
    assert_int_equal(one.events, POLLIN);
    assert_true(type->next_wake(scene.transport) <= scene.now + 10 * S);
    loopback_receive(&scene.server, &query);
    answer(&scene, &query, QR);
    expect_reply_to(&scene, 1);
    cancel(&scene, 2);

    /* Time passes, and the transport is called when it wants to be. */
    for (int i = 0; i < 10 && type->next_wake(scene.transport) != MX_NEVER; i++) {
        scene.now = type->next_wake(scene.transport);
        turn(&scene, 0);
    }
    assert_int_equal(type->next_wake(scene.transport), MX_NEVER);
    assert_int_equal(type->descriptors(scene.transport, NULL, 0), 0);
    assert_true(scene.now <= 31 * S);

    ask(&scene, MX_UDP, 3);
    loopback_receive(&scene.server, &query);
    answer(&scene, &query, QR);
    expect_reply_to(&scene, 3);
    close_scene(&scene);
}

static void
test_too_many_attempts_are_told_so(void **state)
{
    struct scene scene;
    loopback_query query;
    unsigned number = 0;
    mx_reply out;
    open_given(&scene, state);
    do {
        ask(&scene, MX_UDP, ++number);
        recv(scene.server.udp, query.bytes, 1, MSG_DONTWAIT);
    } while (!scene.transport->type->take(scene.transport, &out));
    assert_int_equal(out.kind, MX_REPLY_LOCAL);
    assert_int_equal(out.os_error, EAGAIN);
    assert_int_equal(number_in(&scene, &out), number);
    assert_in_range(number, 65, 64 * 128 + 1);
    close_scene(&scene);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_question_and_its_reply),
        cmocka_unit_test(test_poison_harms_nobody),
        cmocka_unit_test(test_a_reply_on_another_socket_is_stray),
        cmocka_unit_test(test_bytes_are_kept_as_they_came),
        cmocka_unit_test(test_a_cancelled_attempt_says_nothing),
        cmocka_unit_test(test_cancelled_over_tcp),
        cmocka_unit_test(test_freed_with_attempts_in_every_state),
        cmocka_unit_test(test_descriptors_and_wake_up_go_when_idle),
        cmocka_unit_test(test_too_many_attempts_are_told_so),
    };
    return RUN_WITH_EACH_TRANSPORT(tests);
}
