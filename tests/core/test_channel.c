/* SPDX-License-Identifier: MIT */
#include "core/channel.h"
#include "scene.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MANY = 1000, FORMERR = 1 };

/* ---- UDP ---- */

static void
test_a_question_and_its_reply(void **state)
{
    (void)state;
    struct scene scene;
    loopback_query query;
    uint8_t sent[MX_QUERY_SIZE], bytes[512];
    open_scene(&scene);
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

static void
test_ids_and_ports_differ(void **state)
{
    (void)state;
    enum { ASKED = 2000, PORTS = 32 }; /* random ids alone would repeat */
    struct scene scene;
    loopback_query query;
    static bool ids[PORTS][65536];
    in_port_t ports[PORTS];
    unsigned port_count = 0;
    memset(ids, 0, sizeof(ids));
    open_scene(&scene);
    for (unsigned i = 1; i <= ASKED; i++) {
        ask(&scene, MX_UDP, i);
        loopback_receive(&scene.server, &query);
        unsigned port = 0;
        while (port < port_count && ports[port] != query.from.sin_port) {
            port++;
        }
        assert_true(port < PORTS);
        if (port == port_count) {
            ports[port_count++] = query.from.sin_port;
        }
        unsigned id = (unsigned)(query.bytes[0] << 8 | query.bytes[1]);
        assert_false(ids[port][id]);
        ids[port][id] = true;
        if (i == 500) {
            assert_int_equal(port_count, PORTS);
        }
    }
    close_scene(&scene);
}

static void
test_an_idle_port_is_given_up(void **state)
{
    (void)state;
    enum { ASKED = 50 };
    struct scene scene;
    loopback_query query;
    in_port_t last = 0;
    unsigned changes = 0;
    open_scene(&scene);
    for (unsigned i = 1; i <= ASKED; i++) {
        ask(&scene, MX_UDP, i);
        loopback_receive(&scene.server, &query);
        changes += query.from.sin_port != last;
        last = query.from.sin_port;
        answer(&scene, &query, QR);
        expect_reply_to(&scene, i);
        assert_int_equal(scene.transport->type->descriptors(scene.transport, NULL, 0),
                         0);
    }
    assert_in_range(changes, ASKED / 2, ASKED); /* the kernel draws them */
    close_scene(&scene);
}

/* Even if something is always in flight on it (fault S14). */
static void
test_a_worn_port_is_given_up(void **state)
{
    (void)state;
    enum { ASKED = 36000, OPEN = 640 };
    struct scene scene;
    static loopback_query open[OPEN];
    static bool ports[65536];
    unsigned port_count = 0;
    memset(ports, 0, sizeof(ports));
    open_scene(&scene);
    for (unsigned i = 0; i < ASKED; i++) {
        loopback_query *place = &open[i % OPEN];
        if (i >= OPEN) {
            answer(&scene, place, QR);
            expect_reply_to(&scene, i - OPEN);
        }
        ask(&scene, MX_UDP, i);
        loopback_receive(&scene.server, place);
        unsigned port = ntohs(place->from.sin_port);
        port_count += !ports[port];
        ports[port] = true;
        if (i == ASKED / 2) { /* some 560 by each */
            assert_int_equal(port_count, 32);
        }
    }
    assert_in_range(port_count, 40, 100);
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
    (void)state;
    struct scene scene;
    static loopback_query queries[MANY];
    static bool answered[MANY];
    memset(answered, 0, sizeof(answered));
    open_scene(&scene);
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
    (void)state;
    struct scene scene;
    loopback_query first, second;
    uint8_t bytes[512];
    open_scene(&scene);
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

/* Asks, from `number` on, until one question comes from this port. Returns its number.
 */
static unsigned
ask_from_port(struct scene *scene, in_port_t port, unsigned number,
              loopback_query *query)
{
    for (;; number++) {
        ask(scene, MX_UDP, number);
        loopback_receive(&scene->server, query);
        if (query->from.sin_port == port) {
            return number;
        }
    }
}

static void
test_a_reply_counts_once(void **state)
{
    (void)state;
    struct scene scene;
    loopback_query query, other;
    open_scene(&scene);
    ask(&scene, MX_UDP, 1);
    loopback_receive(&scene.server, &query);
    ask_from_port(&scene, query.from.sin_port, 2, &other); /* so that it stays open */
    for (int i = 0; i < 50; i++) {
        answer(&scene, &query, QR);
    }
    expect_reply_to(&scene, 1);
    expect_nothing(&scene);
    assert_int_equal(strays(&scene), 49);
    close_scene(&scene);
}

/* An MX whose exchange is a pointer into the header (fault W23). */
static size_t
damaged_reply(const loopback_query *query, uint8_t *out)
{
    static const uint8_t mx[] = {0xc0, 12, 0, 15, 0, 1,  0,    0,
                                 1,    0,  0, 4,  0, 10, 0xc0, 4};
    size_t length = loopback_reply(query, QR | RD | RA, out);
    out[7] = 1;
    memcpy(out + length, mx, sizeof(mx));
    return length + sizeof(mx);
}

/* What c-ares 1.28 and later cannot read ends all that is in flight beside it, and is an
 * answer to our reader. */
static void
test_a_damaged_reply_harms_no_neighbour(void **state)
{
    (void)state;
    enum { HEALTHY = 300 };
    struct scene scene;
    static loopback_query queries[HEALTHY + 1];
    static uint8_t bytes[512];
    open_scene(&scene);
    for (unsigned i = 0; i <= HEALTHY; i++) {
        ask(&scene, MX_UDP, i);
        loopback_receive(&scene.server, &queries[i]);
    }
    size_t length = damaged_reply(&queries[0], bytes);
    loopback_send(&scene.server, &queries[0], bytes, length);
    expect_message(&scene, 0, bytes, length);
    expect_nothing(&scene);
    assert_true(loopback_is_silent(&scene.server));
    for (unsigned i = 1; i <= HEALTHY; i++) {
        answer(&scene, &queries[i], QR | RA);
        expect_reply_to(&scene, i);
    }
    expect_nothing(&scene);
    close_scene(&scene);
}

static void
test_bytes_are_kept_as_they_came(void **state)
{
    (void)state;
    struct scene scene;
    loopback_query query;
    uint8_t bytes[512];
    open_scene(&scene);
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
test_the_largest_datagram_is_kept_whole(void **state)
{
    (void)state;
    struct scene scene;
    loopback_query query;
    static uint8_t bytes[65507];
    memset(bytes, 0x5a, sizeof(bytes));
    open_scene(&scene);
    ask(&scene, MX_UDP, 1);
    loopback_receive(&scene.server, &query);
    loopback_reply(&query, QR, bytes);
    loopback_send(&scene.server, &query, bytes, sizeof(bytes));
    expect_message(&scene, 1, bytes, sizeof(bytes));
    close_scene(&scene);
}

/* c-ares alone would ask again, over TCP or without EDNS. */
static void
test_c_ares_asks_nothing_on_its_own(void **state)
{
    (void)state;
    static const unsigned flags[] = {QR | TC, QR | FORMERR, QR | 2, QR | 4, QR | 5};
    struct scene scene;
    loopback_query query;
    open_scene(&scene);
    for (unsigned i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        uint8_t bytes[512];
        ask(&scene, MX_UDP, i + 1);
        loopback_receive(&scene.server, &query);
        size_t length = loopback_reply(&query, flags[i], bytes);
        loopback_send(&scene.server, &query, bytes, length);
        expect_message(&scene, i + 1, bytes, length);
        expect_nothing(&scene);
        assert_true(loopback_is_silent(&scene.server));
    }
    close_scene(&scene);
}

/* ---- cancelling and closing ---- */

static void
test_a_cancelled_attempt_says_nothing(void **state)
{
    (void)state;
    struct scene scene;
    loopback_query query;
    open_scene(&scene);
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

/* c-ares is told of each, or would still have its sockets open. */
static void
test_storms_of_cancelling(void **state)
{
    (void)state;
    enum { STORMS = 3 };
    struct scene scene;
    mx_reply out;
    open_scene(&scene);
    const mx_transport_type *type = scene.transport->type;
    unsigned window = (unsigned)type->window(scene.transport);
    for (int storm = 0; storm < STORMS; storm++) {
        for (unsigned i = 0; i < window; i++) {
            ask(&scene, i % 16 == 0 ? MX_TCP : MX_UDP, i);
        }
        for (unsigned i = 0; i < window; i++) {
            cancel(&scene, i * 37 % window);
        }
        assert_false(type->take(scene.transport, &out));
        assert_in_range(type->descriptors(scene.transport, NULL, 0), 0, 1); /* TCP */
        for (uint8_t byte; recv(scene.server.udp, &byte, 1, MSG_DONTWAIT) >= 0;) {
        }
    }
    expect_nothing(&scene);
    close_scene(&scene);
}

static void
test_cancelled_over_tcp(void **state)
{
    (void)state;
    struct scene scene;
    loopback_query query;
    uint8_t bytes[512];
    open_scene(&scene);
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
    (void)state;
    struct scene scene;
    loopback_query query;
    mx_reply out;
    open_scene(&scene);
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
    (void)state;
    struct scene scene;
    loopback_query query;
    open_scene(&scene);
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
test_the_window_holds(void **state)
{
    (void)state;
    struct scene scene;
    loopback_query query;
    open_scene(&scene);
    size_t window = scene.transport->type->window(scene.transport);
    assert_in_range(window, 64, 4000);
    for (unsigned i = 1; i <= window; i++) {
        ask(&scene, MX_UDP, i);
        loopback_receive(&scene.server, &query);
        answer(&scene, &query, QR);
    }
    /* All replies at once, and none lost in our buffers. */
    for (size_t i = 0; i < window; i++) {
        assert_int_equal(reply(&scene).kind, MX_REPLY_MESSAGE);
    }
    close_scene(&scene);
}

static void
test_too_many_attempts_are_told_so(void **state)
{
    (void)state;
    struct scene scene;
    loopback_query query;
    unsigned number = 0;
    mx_reply out;
    open_scene(&scene);
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

/* c-ares hears of every end, or would be full before this is over. */
static void
test_more_flights_in_turn_than_c_ares_holds(void **state)
{
    (void)state;
    struct scene scene;
    loopback_query query;
    open_scene(&scene);
    for (unsigned i = 1; i < FLIGHTS; i++) {
        ask(&scene, MX_UDP, i);
        loopback_receive(&scene.server, &query);
        if (i % 2 == 0) {
            answer(&scene, &query, QR);
            expect_reply_to(&scene, i);
        }
        else {
            cancel(&scene, i);
        }
    }
    expect_nothing(&scene);
    close_scene(&scene);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_question_and_its_reply),
        cmocka_unit_test(test_ids_and_ports_differ),
        cmocka_unit_test(test_an_idle_port_is_given_up),
        cmocka_unit_test(test_a_worn_port_is_given_up),
        cmocka_unit_test(test_poison_harms_nobody),
        cmocka_unit_test(test_a_reply_on_another_socket_is_stray),
        cmocka_unit_test(test_a_reply_counts_once),
        cmocka_unit_test(test_a_damaged_reply_harms_no_neighbour),
        cmocka_unit_test(test_bytes_are_kept_as_they_came),
        cmocka_unit_test(test_the_largest_datagram_is_kept_whole),
        cmocka_unit_test(test_c_ares_asks_nothing_on_its_own),
        cmocka_unit_test(test_a_cancelled_attempt_says_nothing),
        cmocka_unit_test(test_storms_of_cancelling),
        cmocka_unit_test(test_cancelled_over_tcp),
        cmocka_unit_test(test_freed_with_attempts_in_every_state),
        cmocka_unit_test(test_descriptors_and_wake_up_go_when_idle),
        cmocka_unit_test(test_the_window_holds),
        cmocka_unit_test(test_too_many_attempts_are_told_so),
        cmocka_unit_test(test_more_flights_in_turn_than_c_ares_holds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
