/* SPDX-License-Identifier: MIT */
/* What every transport does over TCP. */
#include "transports.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ASKED = 20 };

/* Asks once more and reads the question from the server's end of the connection. */
static void
ask_and_read(struct scene *scene, unsigned number, int connection, loopback_query *out)
{
    ask(scene, MX_TCP, number);
    read_question(scene, connection, out);
    assert_int_equal(number_of(out), number);
}

/* The first question, which opens a connection. */
static int
connect_and_read(struct scene *scene, unsigned number, loopback_query *out)
{
    ask(scene, MX_TCP, number);
    int connection = loopback_accept(&scene->server);
    read_question(scene, connection, out);
    assert_int_equal(number_of(out), number);
    return connection;
}

static void
answer_on(int connection, const loopback_query *query)
{
    uint8_t bytes[512];
    size_t length = loopback_reply(query, QR, bytes);
    loopback_write_message(connection, bytes, length);
}

static void
expect_answer_to(struct scene *scene, const loopback_query *query)
{
    uint8_t bytes[512];
    size_t length = loopback_reply(query, QR, bytes);
    expect_message(scene, number_of(query), bytes, length);
}

static void
test_many_questions_on_one_connection_in_any_order(void **state)
{
    struct scene scene;
    static loopback_query queries[ASKED];
    open_given(&scene, state);
    for (unsigned i = 0; i < ASKED; i++) {
        ask(&scene, MX_TCP, i + 1);
    }
    int connection = loopback_accept(&scene.server);
    for (unsigned i = 0; i < ASKED; i++) {
        uint8_t sent[MX_QUERY_SIZE];
        read_question(&scene, connection, &queries[i]);
        /* As it was given, in every version of c-ares; only the id is new. */
        assert_int_equal(queries[i].length, write_query(i + 1, sent));
        assert_memory_equal(queries[i].bytes + 2, sent + 2, queries[i].length - 2);
    }
    for (unsigned i = ASKED; i-- > 0;) {
        answer_on(connection, &queries[i]);
    }
    for (unsigned i = ASKED; i-- > 0;) {
        expect_answer_to(&scene, &queries[i]);
    }
    assert_true(loopback_is_silent(&scene.server)); /* one connection it was */
    close(connection);
    close_scene(&scene);
}

static void
test_one_byte_at_a_time(void **state)
{
    struct scene scene;
    loopback_query query;
    uint8_t bytes[512];
    open_given(&scene, state);
    int connection = connect_and_read(&scene, 1, &query);
    size_t length = loopback_reply(&query, QR, bytes);
    uint8_t prefix[] = {0, (uint8_t)length};
    for (size_t i = 0; i < 2 + length; i++) {
        expect_nothing(&scene);
        loopback_write(connection, i < 2 ? &prefix[i] : &bytes[i - 2], 1);
        assert_true(turn(&scene, LOOPBACK_PATIENCE));
    }
    expect_message(&scene, 1, bytes, length);
    close(connection);
    close_scene(&scene);
}

static void
test_several_messages_in_one_segment(void **state)
{
    struct scene scene;
    loopback_query first, second;
    uint8_t bytes[1024];
    open_given(&scene, state);
    int connection = connect_and_read(&scene, 1, &first);
    ask_and_read(&scene, 2, connection, &second);
    /* An empty message, one, and half of another (faults W37, W39). */
    memset(bytes, 0, sizeof(bytes));
    size_t length = 2;
    size_t one = loopback_reply(&first, QR, bytes + length + 2);
    bytes[length + 1] = (uint8_t)one;
    length += 2 + one;
    size_t other = loopback_reply(&second, QR, bytes + length + 2);
    bytes[length + 1] = (uint8_t)other;
    size_t half = length + 2 + other / 2;
    length += 2 + other;
    loopback_write(connection, bytes, half);
    expect_answer_to(&scene, &first);
    expect_nothing(&scene);
    loopback_write(connection, bytes + half, length - half);
    expect_answer_to(&scene, &second);
    close(connection);
    close_scene(&scene);
}

static void
test_stray_messages_are_skipped(void **state)
{
    struct scene scene;
    loopback_query query;
    uint8_t bytes[512];
    open_given(&scene, state);
    int connection = connect_and_read(&scene, 1, &query);
    loopback_write_message(connection, "x", 1);
    loopback_write_message(connection, query.bytes, query.length); /* an echo */
    size_t length = loopback_reply(&query, QR, bytes);
    bytes[0] ^= 1;
    loopback_write_message(connection, bytes, length);
    bytes[0] ^= 1;
    bytes[13] = 'x';
    loopback_write_message(connection, bytes, length);
    expect_nothing(&scene);
    assert_int_equal(strays(&scene), 4);
    answer_on(connection, &query);
    expect_answer_to(&scene, &query);
    close(connection);
    close_scene(&scene);
}

static void
test_the_largest_message(void **state)
{
    struct scene scene;
    loopback_query query;
    static uint8_t bytes[65535];
    open_given(&scene, state);
    int connection = connect_and_read(&scene, 1, &query);
    memset(bytes, 0x5a, sizeof(bytes));
    loopback_reply(&query, QR, bytes);
    /* More than one end buffers, perhaps: in pieces. */
    loopback_write(connection, "\xff\xff", 2);
    for (size_t at = 0; at < sizeof(bytes); at += 13107) {
        loopback_write(connection, bytes + at, 13107);
        turn(&scene, 0);
    }
    expect_message(&scene, 1, bytes, sizeof(bytes));
    close(connection);
    close_scene(&scene);
}

static void
test_a_refused_connection(void **state)
{
    struct scene scene;
    open_given(&scene, state);
    mx_server closed = loopback_closed();
    for (unsigned i = 1; i <= ASKED; i++) {
        assert_int_equal(try_ask(&scene, &closed, MX_TCP, i), MX_OK);
    }
    for (unsigned i = 1; i <= ASKED; i++) {
        expect_error(&scene, i, MX_REPLY_UNREACHABLE, ECONNREFUSED);
    }
    expect_nothing(&scene);
    close_scene(&scene);
}

static void
test_a_reset_connection(void **state)
{
    struct scene scene;
    loopback_query query;
    open_given(&scene, state);
    int connection = connect_and_read(&scene, 1, &query);
    loopback_reset(connection);
    expect_error(&scene, 1, MX_REPLY_UNREACHABLE, ECONNRESET);
    /* At once after the handshake, with a question on its way. */
    ask(&scene, MX_TCP, 2);
    loopback_reset(loopback_accept(&scene.server));
    mx_reply out = reply(&scene);
    assert_int_equal(number_in(&scene, &out), 2);
    assert_int_equal(out.kind, MX_REPLY_UNREACHABLE);
    expect_nothing(&scene);
    close_scene(&scene);
}

static void
test_a_connection_closed_before_the_reply(void **state)
{
    struct scene scene;
    loopback_query query;
    uint8_t bytes[512];
    open_given(&scene, state);
    int connection = connect_and_read(&scene, 1, &query);
    close(connection);
    expect_error(&scene, 1, MX_REPLY_UNREACHABLE, ECONNRESET);
    /* In the middle of it (fault N20). */
    connection = connect_and_read(&scene, 2, &query);
    size_t length = loopback_reply(&query, QR, bytes);
    uint8_t prefix[] = {0, (uint8_t)length};
    loopback_write(connection, prefix, 2);
    loopback_write(connection, bytes, length / 2);
    close(connection);
    expect_error(&scene, 2, MX_REPLY_UNREACHABLE, ECONNRESET);
    expect_nothing(&scene);
    close_scene(&scene);
}

static void
test_a_reply_right_before_the_close_counts(void **state)
{
    struct scene scene;
    loopback_query query;
    open_given(&scene, state);
    int connection = connect_and_read(&scene, 1, &query);
    answer_on(connection, &query);
    close(connection);
    expect_answer_to(&scene, &query);
    expect_nothing(&scene);
    close_scene(&scene);
}

static void
test_a_server_that_closes_between_questions(void **state)
{
    struct scene scene;
    loopback_query query;
    open_given(&scene, state);
    for (unsigned i = 1; i <= 5; i++) {
        int connection = connect_and_read(&scene, i, &query);
        answer_on(connection, &query);
        expect_answer_to(&scene, &query);
        close(connection);
        if (i % 2 == 0) {
            expect_nothing(&scene); /* it saw that; else it finds out when it sends */
        }
    }
    close_scene(&scene);
}

static void
test_a_server_that_closes_after_each_answer(void **state)
{
    struct scene scene;
    open_given(&scene, state);
    for (unsigned i = 1; i <= ASKED; i++) {
        ask(&scene, MX_TCP, i);
    }
    for (unsigned i = 1; i <= ASKED; i++) {
        loopback_query query;
        int connection = loopback_accept(&scene.server);
        read_question(&scene, connection, &query);
        assert_int_equal(number_of(&query), i);
        answer_on(connection, &query);
        close(connection); /* with the other questions unread */
        expect_answer_to(&scene, &query);
        while (i < ASKED && loopback_is_silent(&scene.server)) {
            assert_true(turn(&scene, LOOPBACK_PATIENCE));
            expect_nothing(&scene); /* it sees the end and connects anew */
        }
    }
    expect_nothing(&scene);
    close_scene(&scene);
}

static void
test_what_is_repeated_is_repeated_once(void **state)
{
    struct scene scene;
    loopback_query query;
    open_given(&scene, state);
    int connection = connect_and_read(&scene, 1, &query);
    answer_on(connection, &query);
    expect_answer_to(&scene, &query);
    ask_and_read(&scene, 2, connection, &query);
    close(connection);
    assert_true(turn(&scene, LOOPBACK_PATIENCE));
    expect_nothing(&scene);
    connection = loopback_accept(&scene.server);
    read_question(&scene, connection, &query);
    assert_int_equal(number_of(&query), 2);
    close(connection); /* this one has answered nothing */
    expect_error(&scene, 2, MX_REPLY_UNREACHABLE, ECONNRESET);
    assert_true(loopback_is_silent(&scene.server));
    close_scene(&scene);
}

static void
test_a_connection_lost_for_good_when_repeating(void **state)
{
    struct scene scene;
    loopback_query query;
    open_given(&scene, state);
    int connection = connect_and_read(&scene, 1, &query);
    answer_on(connection, &query);
    expect_answer_to(&scene, &query);
    ask_and_read(&scene, 2, connection, &query);
    close(connection);
    loopback_close(&scene.server);
    expect_error(&scene, 2, MX_REPLY_UNREACHABLE, ECONNREFUSED);
    expect_nothing(&scene);
    close_scene(&scene);
}

static void
test_udp_and_tcp_do_not_mix(void **state)
{
    struct scene scene;
    loopback_query over_udp, over_tcp;
    uint8_t bytes[512];
    open_given(&scene, state);
    ask(&scene, MX_UDP, 1);
    loopback_receive(&scene.server, &over_udp);
    int connection = connect_and_read(&scene, 2, &over_tcp);
    /* Each reply on the other one's way. */
    answer_on(connection, &over_udp);
    size_t length = loopback_reply(&over_tcp, QR, bytes);
    loopback_send(&scene.server, &over_udp, bytes, length);
    expect_nothing(&scene);
    assert_int_equal(strays(&scene), 2);
    /* The loss of the connection does not concern UDP. */
    close(connection);
    expect_error(&scene, 2, MX_REPLY_UNREACHABLE, ECONNRESET);
    length = loopback_reply(&over_udp, QR, bytes);
    loopback_send(&scene.server, &over_udp, bytes, length);
    expect_message(&scene, 1, bytes, length);
    close_scene(&scene);
}

static void
test_silence_is_no_error(void **state)
{
    struct scene scene;
    loopback_query query;
    open_given(&scene, state);
    int connection = connect_and_read(&scene, 1, &query);
    for (int i = 0; i < 100; i++) {
        scene.now += S;
        expect_nothing(&scene);
    }
    answer_on(connection, &query);
    expect_answer_to(&scene, &query);
    close(connection);
    close_scene(&scene);
}

static void
test_a_connection_that_went_silent_is_not_trusted(void **state)
{
    struct scene scene;
    loopback_query query;
    open_given(&scene, state);
    int dead = connect_and_read(&scene, 1, &query);
    answer_on(dead, &query);
    expect_answer_to(&scene, &query);

    /* Cancelled in a hurry means nothing; the connection is used again. */
    scene.now += S;
    ask_and_read(&scene, 2, dead, &query);
    scene.now += S / 2;
    expect_nothing(&scene);
    cancel(&scene, 2);
    ask_and_read(&scene, 3, dead, &query);

    /* Waited for in vain, while another is still awaited. */
    scene.now += S;
    ask_and_read(&scene, 4, dead, &query);
    cancel(&scene, 3);
    ask(&scene, MX_TCP, 5);
    int connection = loopback_accept(&scene.server);
    for (unsigned i = 4; i <= 5; i++) {
        read_question(&scene, connection, &query);
        assert_int_equal(number_of(&query), i);
        answer_on(connection, &query);
        expect_answer_to(&scene, &query);
    }
    close(dead);
    close(connection);
    close_scene(&scene);
}

static void
test_an_idle_connection_is_closed(void **state)
{
    struct scene scene;
    loopback_query query;
    char byte;
    open_given(&scene, state);
    int connection = connect_and_read(&scene, 1, &query);
    scene.now += 60 * S; /* in use, not idle */
    answer_on(connection, &query);
    expect_answer_to(&scene, &query);
    scene.now += 10 * S - 1;
    expect_nothing(&scene);
    assert_int_equal(recv(connection, &byte, 1, MSG_DONTWAIT), -1);
    scene.now = scene.transport->type->next_wake(scene.transport);
    for (int i = 0; i < 3 && scene.now != MX_NEVER; i++) {
        expect_nothing(&scene);
        turn(&scene, 0);
        scene.now = scene.transport->type->next_wake(scene.transport);
    }
    assert_int_equal(recv(connection, &byte, 1, MSG_DONTWAIT), 0);
    assert_int_equal(scene.transport->type->descriptors(scene.transport, NULL, 0), 0);
    close(connection);
    close_scene(&scene);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_many_questions_on_one_connection_in_any_order),
        cmocka_unit_test(test_one_byte_at_a_time),
        cmocka_unit_test(test_several_messages_in_one_segment),
        cmocka_unit_test(test_stray_messages_are_skipped),
        cmocka_unit_test(test_the_largest_message),
        cmocka_unit_test(test_a_refused_connection),
        cmocka_unit_test(test_a_reset_connection),
        cmocka_unit_test(test_a_connection_closed_before_the_reply),
        cmocka_unit_test(test_a_reply_right_before_the_close_counts),
        cmocka_unit_test(test_a_server_that_closes_between_questions),
        cmocka_unit_test(test_a_server_that_closes_after_each_answer),
        cmocka_unit_test(test_what_is_repeated_is_repeated_once),
        cmocka_unit_test(test_a_connection_lost_for_good_when_repeating),
        cmocka_unit_test(test_udp_and_tcp_do_not_mix),
        cmocka_unit_test(test_silence_is_no_error),
        cmocka_unit_test(test_a_connection_that_went_silent_is_not_trusted),
        cmocka_unit_test(test_an_idle_connection_is_closed),
    };
    return RUN_WITH_EACH_TRANSPORT(tests);
}
