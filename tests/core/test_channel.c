/* SPDX-License-Identifier: MIT */
#include "core/channel.h"
#include "scene.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FORMERR = 1 };

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

static void
test_a_server_that_reads_slowly(void **state)
{
    (void)state;
    enum { FLOOD = 4000, LITTLE = 2048 };
    struct scene scene;
    loopback_query query;
    open_scene(&scene);
    int size = LITTLE;
    assert_int_equal(
        setsockopt(scene.server.tcp, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)), 0);
    /* More than the buffers of the kernel hold: the rest waits with us. */
    for (unsigned i = 1; i <= FLOOD; i++) {
        ask(&scene, MX_TCP, i);
    }
    int connection = loopback_accept(&scene.server);
    for (unsigned i = 1; i <= FLOOD; i++) {
        turn(&scene, 0);
        read_question(&scene, connection, &query);
        assert_int_equal(number_of(&query), i);
    }
    close(connection);
    close_scene(&scene);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ids_and_ports_differ),
        cmocka_unit_test(test_an_idle_port_is_given_up),
        cmocka_unit_test(test_a_worn_port_is_given_up),
        cmocka_unit_test(test_a_reply_counts_once),
        cmocka_unit_test(test_a_damaged_reply_harms_no_neighbour),
        cmocka_unit_test(test_the_largest_datagram_is_kept_whole),
        cmocka_unit_test(test_c_ares_asks_nothing_on_its_own),
        cmocka_unit_test(test_storms_of_cancelling),
        cmocka_unit_test(test_the_window_holds),
        cmocka_unit_test(test_more_flights_in_turn_than_c_ares_holds),
        cmocka_unit_test(test_a_server_that_reads_slowly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
