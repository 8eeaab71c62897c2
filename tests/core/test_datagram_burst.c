/* SPDX-License-Identifier: MIT */
/* Many queries a flush: what leaves together, what goes wrong in the middle of it, and
 * who guesses ids.
 */
#include "core/burst.h"
#include "scene.h"

#include <arpa/inet.h>
#include <errno.h>
#include <unistd.h>

enum { MANY = 100 };

static void
prepare_many(struct scene *scene, const mx_server *server, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        assert_int_equal(prepare(scene, server, MX_UDP, i), MX_OK);
    }
}

static void
flush(struct scene *scene)
{
    scene->transport->type->flush(scene->transport, scene->now);
}

/* Every one of these is answered, in whatever order they came; their count. */
static unsigned
answer_all(struct scene *scene)
{
    unsigned count = 0;
    loopback_query query;
    while (!loopback_is_silent(&scene->server)) {
        loopback_receive(&scene->server, &query);
        answer(scene, &query, QR);
        count++;
    }
    return count;
}

static void
expect_replies(struct scene *scene, unsigned count)
{
    static bool seen[FLIGHTS];
    memset(seen, 0, sizeof(seen));
    for (unsigned i = 0; i < count; i++) {
        mx_reply out = reply(scene);
        assert_int_equal(out.kind, MX_REPLY_MESSAGE);
        assert_false(seen[number_in(scene, &out)]);
        seen[number_in(scene, &out)] = true;
    }
    expect_nothing(scene);
}

static void
test_nothing_leaves_before_the_flush(void **state)
{
    (void)state;
    struct scene scene;
    open_datagram_scene(&scene, false);
    prepare_many(&scene, &scene.server.server, MANY);
    assert_true(loopback_is_silent(&scene.server));
    assert_int_equal(scene.transport->type->descriptors(scene.transport, NULL, 0), 0);
    cancel(&scene, 3);
    flush(&scene);
    assert_int_equal(answer_all(&scene), MANY - 1);
    expect_replies(&scene, MANY - 1);
    close_scene(&scene);
}

/* Few sockets carry many, and still their ports change from burst to burst. */
static void
test_a_burst_leaves_by_one_socket(void **state)
{
    (void)state;
    struct scene scene;
    loopback_query query;
    static bool ports[65536];
    unsigned port_count = 0;
    memset(ports, 0, sizeof(ports));
    open_datagram_scene(&scene, false);
    for (unsigned burst = 0; burst < 20; burst++) {
        uint16_t port = 0;
        for (unsigned i = 0; i < 10; i++) {
            assert_int_equal(
                prepare(&scene, &scene.server.server, MX_UDP, burst * 10 + i), MX_OK);
        }
        flush(&scene);
        for (unsigned i = 0; i < 10; i++) {
            loopback_receive(&scene.server, &query);
            assert_true(port == 0 || port == query.from.sin_port);
            port = query.from.sin_port;
        }
        port_count += !ports[port];
        ports[port] = true;
    }
    assert_in_range(port_count, 8, 20); /* of 64 at random */
    close_scene(&scene);
}

static void
test_names_of_all_lengths_in_one_burst(void **state)
{
    (void)state;
    struct scene scene;
    enum { ASKED = 3000 }; /* one to four digits */
    open_datagram_scene(&scene, false);
    prepare_many(&scene, &scene.server.server, ASKED);
    flush(&scene);
    assert_int_equal(answer_all(&scene), ASKED);
    expect_replies(&scene, ASKED);
    close_scene(&scene);
}

/* Replies that were read and not taken yet are still there after more was read. */
static void
test_nothing_is_lost_when_taken_slowly(void **state)
{
    (void)state;
    struct scene scene;
    mx_reply out;
    open_datagram_scene(&scene, false);
    prepare_many(&scene, &scene.server.server, MANY);
    flush(&scene);
    assert_int_equal(answer_all(&scene), MANY);
    for (unsigned i = 0; i < MANY; i++) {
        turn(&scene, 0);
        assert_true(scene.transport->type->take(scene.transport, &out));
        assert_int_equal(out.kind, MX_REPLY_MESSAGE);
    }
    expect_nothing(&scene);
    assert_int_equal(strays(&scene), 0);
    close_scene(&scene);
}

/* More arrives on the socket whose replies are being taken. */
static void
test_more_arrives_while_replies_are_taken(void **state)
{
    (void)state;
    struct scene scene;
    static loopback_query queries[MANY];
    mx_reply out;
    open_datagram_scene(&scene, false);
    prepare_many(&scene, &scene.server.server, MANY);
    flush(&scene);
    for (unsigned i = 0; i < MANY; i++) {
        loopback_receive(&scene.server, &queries[i]);
    }
    answer(&scene, &queries[0], QR);
    answer(&scene, &queries[1], QR);
    for (unsigned i = 2; i < MANY; i++) {
        turn(&scene, 0);
        assert_true(scene.transport->type->take(scene.transport, &out));
        answer(&scene, &queries[i], QR);
    }
    expect_replies(&scene, 2);
    assert_int_equal(strays(&scene), 0);
    close_scene(&scene);
}

/* Fault N26: what the system would not take is offered again, in its time. */
static void
test_a_full_send_buffer_is_waited_out(void **state)
{
    static const int errors[] = {EAGAIN, ENOBUFS};
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct scene scene;
        const mx_transport_type *type;
        open_datagram_scene(&scene, false);
        type = scene.transport->type;
        mx_burst_limit(MX_BURST_MANY);
        prepare_many(&scene, &scene.server.server, MANY);
        mx_burst_fail(41, errors[i]);
        flush(&scene);
        assert_int_equal(answer_all(&scene), 40);
        expect_replies(&scene, 40);
        mx_usec wake = type->next_wake(scene.transport);
        assert_in_range(wake - scene.now, 1, 10000);
        scene.now = wake;
        turn(&scene, 0);
        cancel(&scene, 99); /* one that waits */
        flush(&scene);
        assert_int_equal(answer_all(&scene), MANY - 40 - 1);
        expect_replies(&scene, MANY - 40 - 1);
        assert_true(type->next_wake(scene.transport) > scene.now + S);
        mx_burst_limit(MX_BURST_GROUPS);
        close_scene(&scene);
    }
}

/* Trouble with one datagram is its own. */
static void
test_an_error_in_the_middle_hits_one(void **state)
{
    (void)state;
    struct scene scene;
    open_datagram_scene(&scene, false);
    mx_burst_limit(MX_BURST_MANY);
    prepare_many(&scene, &scene.server.server, MANY);
    mx_burst_fail(41, EPERM); /* as a firewall of this machine says */
    flush(&scene);
    assert_int_equal(answer_all(&scene), MANY - 1);
    mx_reply out;
    assert_true(scene.transport->type->take(scene.transport, &out));
    assert_int_equal(out.kind, MX_REPLY_LOCAL);
    assert_int_equal(out.os_error, EPERM);
    expect_replies(&scene, MANY - 1);
    mx_burst_limit(MX_BURST_GROUPS);
    close_scene(&scene);
}

/* What is met while sending was meant for what that socket sent before. */
static void
test_a_refusal_in_the_middle_hits_what_was_sent(void **state)
{
    (void)state;
    struct scene scene;
    open_datagram_scene(&scene, false);
    mx_burst_limit(MX_BURST_MANY);
    prepare_many(&scene, &scene.server.server, MANY);
    mx_burst_fail(41, ECONNREFUSED);
    flush(&scene);
    mx_reply out;
    for (int i = 0; i < 40; i++) {
        assert_true(scene.transport->type->take(scene.transport, &out));
        assert_int_equal(out.kind, MX_REPLY_UNREACHABLE);
        assert_int_equal(out.os_error, ECONNREFUSED);
    }
    assert_int_equal(answer_all(&scene), MANY); /* those 40 come too late */
    expect_replies(&scene, MANY - 40);
    assert_int_equal(strays(&scene), 40);
    mx_burst_limit(MX_BURST_GROUPS);
    close_scene(&scene);
}

static void
test_a_closed_port_refuses_a_whole_burst(void **state)
{
    (void)state;
    struct scene scene;
    open_datagram_scene(&scene, false);
    mx_server closed = loopback_closed();
    prepare_many(&scene, &closed, MANY);
    flush(&scene);
    for (unsigned i = 0; i < MANY; i++) {
        mx_reply out = reply(&scene);
        assert_int_equal(out.kind, MX_REPLY_UNREACHABLE);
        assert_int_equal(out.os_error, ECONNREFUSED);
    }
    expect_nothing(&scene);
    close_scene(&scene);
}

/* ---- near misses (faults S16, N31) ---- */

/* The right question on the right port, under an id that is not its own. */
static void
guess(struct scene *scene, const loopback_query *query, unsigned wrong)
{
    uint8_t bytes[512];
    size_t length = loopback_reply(query, QR | RD | RA, bytes);
    unsigned id = (unsigned)(bytes[0] << 8 | bytes[1]) + wrong;
    bytes[0] = (uint8_t)(id >> 8);
    bytes[1] = (uint8_t)id;
    bytes[13] = 'D'; /* letters of either case are the same name */
    loopback_send(&scene->server, query, bytes, length);
}

static void
test_the_second_near_miss_is_told(void **state)
{
    (void)state;
    struct scene scene;
    loopback_query missed, query;
    open_datagram_scene(&scene, false);
    ask(&scene, MX_UDP, 1);
    loopback_receive(&scene.server, &missed);
    prepare_many(&scene, &scene.server.server, 1);
    flush(&scene);
    guess(&scene, &missed, 1);
    expect_nothing(&scene);
    answer(&scene, &missed, QR | 0x2000); /* no reply to anything: no near miss */
    expect_nothing(&scene);
    guess(&scene, &missed, 2);
    expect_error(&scene, 1, MX_REPLY_NEAR_MISSES, 0);
    /* Too late for the true one, which is asked for by TCP; others go on. */
    answer(&scene, &missed, QR);
    loopback_receive(&scene.server, &query);
    answer(&scene, &query, QR);
    expect_reply_to(&scene, 0);
    expect_nothing(&scene);
    assert_in_range(strays(&scene), 3, 4); /* its socket may be closed */
    close_scene(&scene);
}

static void
test_one_near_miss_harms_nobody(void **state)
{
    (void)state;
    struct scene scene;
    loopback_query query;
    open_datagram_scene(&scene, false);
    for (unsigned i = 0; i < MANY; i++) {
        ask(&scene, MX_UDP, i);
        loopback_receive(&scene.server, &query);
        guess(&scene, &query, 1);
        answer(&scene, &query, QR);
        expect_reply_to(&scene, i);
    }
    assert_int_equal(strays(&scene), MANY);
    close_scene(&scene);
}

/* A burst at one of many questions on one socket moves that one. */
static void
test_a_burst_of_guesses(void **state)
{
    enum { GUESSES = 2000 };
    (void)state;
    struct scene scene;
    static loopback_query queries[MANY];
    mx_reply out;
    unsigned told = 0, answered = 0;
    open_datagram_scene(&scene, false);
    prepare_many(&scene, &scene.server.server, MANY);
    flush(&scene);
    for (unsigned i = 0; i < MANY; i++) {
        loopback_receive(&scene.server, &queries[i]);
    }
    for (unsigned i = 0; i < GUESSES; i++) {
        guess(&scene, &queries[7], 1 + i);
        if (i % 50 == 0) {
            turn(&scene, 0);
            if (scene.transport->type->take(scene.transport, &out)) {
                assert_int_equal(out.kind, MX_REPLY_NEAR_MISSES);
                assert_int_equal(number_in(&scene, &out), number_of(&queries[7]));
                told++;
            }
        }
    }
    expect_nothing(&scene);
    assert_int_equal(told, 1);
    for (unsigned i = 0; i < MANY; i++) {
        answer(&scene, &queries[i], QR);
    }
    for (; answered < MANY - 1; answered++) {
        assert_int_equal(reply(&scene).kind, MX_REPLY_MESSAGE);
    }
    expect_nothing(&scene);
    close_scene(&scene);
}

/* Flights that came after the others had been arranged by question are found too. */
static void
test_guesses_at_a_later_question(void **state)
{
    (void)state;
    struct scene scene;
    loopback_query query;
    open_datagram_scene(&scene, false);
    for (unsigned i = 0; i < MANY; i++) {
        ask(&scene, MX_UDP, i);
        loopback_receive(&scene.server, &query);
        guess(&scene, &query, 1);
        guess(&scene, &query, 2);
        expect_error(&scene, i, MX_REPLY_NEAR_MISSES, 0);
    }
    close_scene(&scene);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_leaves_before_the_flush),
        cmocka_unit_test(test_a_burst_leaves_by_one_socket),
        cmocka_unit_test(test_names_of_all_lengths_in_one_burst),
        cmocka_unit_test(test_nothing_is_lost_when_taken_slowly),
        cmocka_unit_test(test_more_arrives_while_replies_are_taken),
        cmocka_unit_test(test_a_full_send_buffer_is_waited_out),
        cmocka_unit_test(test_an_error_in_the_middle_hits_one),
        cmocka_unit_test(test_a_refusal_in_the_middle_hits_what_was_sent),
        cmocka_unit_test(test_a_closed_port_refuses_a_whole_burst),
        cmocka_unit_test(test_the_second_near_miss_is_told),
        cmocka_unit_test(test_one_near_miss_harms_nobody),
        cmocka_unit_test(test_a_burst_of_guesses),
        cmocka_unit_test(test_guesses_at_a_later_question),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
