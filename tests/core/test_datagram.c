/* SPDX-License-Identifier: MIT */
#include "core/burst.h"
#include "core/mem.h"
#include "scene.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void
test_ids_and_ports_differ(void **state)
{
    (void)state;
    struct scene scene;
    loopback_query query;
    static bool ids[65536], ports[65536];
    enum { ASKED = 2000 };
    unsigned id_count = 0, port_count = 0;
    memset(ids, 0, sizeof(ids));
    memset(ports, 0, sizeof(ports));
    open_datagram_scene(&scene, false);
    for (unsigned i = 1; i <= ASKED; i++) {
        ask(&scene, MX_UDP, i);
        loopback_receive(&scene.server, &query);
        unsigned id = (unsigned)(query.bytes[0] << 8 | query.bytes[1]);
        unsigned port = ntohs(query.from.sin_port);
        id_count += !ids[id];
        ids[id] = true;
        port_count += !ports[port];
        ports[port] = true;
        if (i == 200) {
            assert_in_range(port_count, 32, 64);
        }
    }
    /* At random from 65,536 some 30 of them come twice. */
    assert_in_range(id_count, ASKED - 100, ASKED);
    close_scene(&scene);
}

/* Those that are open on one socket at a time. */
static void
test_ids_of_one_port_are_unique(void **state)
{
    (void)state;
    enum { ASKED = 4000 };
    struct scene scene;
    loopback_query query;
    static uint32_t seen[ASKED];
    open_datagram_scene(&scene, false);
    for (unsigned i = 0; i < ASKED; i++) {
        ask(&scene, MX_UDP, i);
        loopback_receive(&scene.server, &query);
        seen[i] = (uint32_t)ntohs(query.from.sin_port) << 16 |
                  (uint32_t)(query.bytes[0] << 8 | query.bytes[1]);
    }
    for (unsigned i = 0; i < ASKED; i++) {
        for (unsigned j = 0; j < i; j++) {
            assert_true(seen[i] != seen[j]);
        }
    }
    close_scene(&scene);
}

static void
test_a_reply_counts_once(void **state)
{
    (void)state;
    struct scene scene;
    loopback_query query;
    open_datagram_scene(&scene, false);
    ask(&scene, MX_UDP, 1);
    loopback_receive(&scene.server, &query);
    for (int i = 0; i < 50; i++) {
        answer(&scene, &query, QR);
    }
    assert_int_equal(reply(&scene).kind, MX_REPLY_MESSAGE);
    expect_nothing(&scene);
    assert_int_equal(strays(&scene), 49);
    close_scene(&scene);
}

/* Never cut silently: what does not fit comes as cut off, as its sender might have said
 * (fault W36). */
static void
test_a_large_datagram_is_whole_or_truncated(void **state)
{
    (void)state;
    static const size_t sizes[] = {1232, 1600, 1601, 4096, 65507};
    static uint8_t bytes[65507];
    struct scene scene;
    loopback_query query;
    memset(bytes, 0x5a, sizeof(bytes));
    open_datagram_scene(&scene, false);
    for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        ask(&scene, MX_UDP, i + 1);
        loopback_receive(&scene.server, &query);
        loopback_reply(&query, QR, bytes);
        loopback_send(&scene.server, &query, bytes, sizes[i]);
        mx_reply out = reply(&scene);
        assert_int_equal(out.kind, MX_REPLY_MESSAGE);
        assert_int_equal(number_in(&scene, &out), i + 1);
        bool is_cut = sizes[i] > 1600;
        assert_int_equal(out.length, is_cut ? 1600 : sizes[i]);
        assert_int_equal(out.bytes[2], is_cut ? (QR | TC) >> 8 : QR >> 8);
        assert_memory_equal(out.bytes + 3, bytes + 3, out.length - 3);
    }
    close_scene(&scene);
}

static void
test_a_closed_port_is_told_once_for_each(void **state)
{
    (void)state;
    enum { ASKED = 300 };
    struct scene scene;
    bool told[ASKED] = {false};
    open_datagram_scene(&scene, false);
    mx_server closed = loopback_closed();
    for (unsigned i = 0; i < ASKED; i++) {
        assert_int_equal(try_ask(&scene, &closed, MX_UDP, i + 1), MX_OK);
    }
    for (unsigned i = 0; i < ASKED; i++) {
        mx_reply out = reply(&scene);
        assert_int_equal(out.kind, MX_REPLY_UNREACHABLE);
        assert_int_equal(out.os_error, ECONNREFUSED);
        assert_in_range(number_in(&scene, &out), 1, ASKED);
        assert_false(told[number_in(&scene, &out) - 1]);
        told[number_in(&scene, &out) - 1] = true;
    }
    expect_nothing(&scene);
    close_scene(&scene);
}

static void
test_a_server_that_comes_back(void **state)
{
    (void)state;
    struct scene scene;
    loopback_query query;
    open_datagram_scene(&scene, false);
    uint16_t port = scene.server.server.port;
    loopback_close(&scene.server);
    ask(&scene, MX_UDP, 1);
    expect_error(&scene, 1, MX_REPLY_UNREACHABLE, ECONNREFUSED);
    loopback_open(&scene.server, port);
    ask(&scene, MX_UDP, 2);
    loopback_receive(&scene.server, &query);
    answer(&scene, &query, QR);
    expect_reply_to(&scene, 2);
    close_scene(&scene);
}

static void
test_a_refusal_of_one_server_spares_another(void **state)
{
    (void)state;
    struct scene scene;
    loopback_query query;
    open_datagram_scene(&scene, false);
    mx_server closed = loopback_closed();
    ask(&scene, MX_UDP, 1);
    assert_int_equal(try_ask(&scene, &closed, MX_UDP, 2), MX_OK);
    expect_error(&scene, 2, MX_REPLY_UNREACHABLE, ECONNREFUSED);
    expect_nothing(&scene);
    loopback_receive(&scene.server, &query);
    answer(&scene, &query, QR);
    expect_reply_to(&scene, 1);
    close_scene(&scene);
}

static void
test_a_server_that_cannot_be_reached_at_all(void **state)
{
    (void)state;
    struct scene scene;
    mx_server nowhere;
    open_datagram_scene(&scene, false);
    /* Broadcast needs a permission that nobody asked for: trouble of our own. */
    assert_true(mx_server_from_text("255.255.255.255", 15, &nowhere));
    assert_int_equal(try_ask(&scene, &nowhere, MX_UDP, 1), MX_OK);
    expect_error(&scene, 1, MX_REPLY_LOCAL, EACCES);
    assert_int_equal(try_ask(&scene, &nowhere, MX_TCP, 2), MX_OK);
    mx_reply out = reply(&scene);
    assert_int_equal(number_in(&scene, &out), 2);
    assert_int_not_equal(out.os_error, 0);
    expect_nothing(&scene);
    close_scene(&scene);
}

static void
test_ipv6(void **state)
{
    (void)state;
    struct scene scene;
    struct sockaddr_in6 address = {.sin6_family = AF_INET6,
                                   .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    socklen_t length = sizeof(address);
    open_datagram_scene(&scene, false);
    mx_server server;
    assert_true(mx_server_from_text("::1", 3, &server));
    int listener = socket(AF_INET6, SOCK_DGRAM, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, length) != 0) {
        /* A machine without IPv6: the server is out of reach, as another may not be. */
        assert_int_equal(try_ask(&scene, &server, MX_UDP, 1), MX_OK);
        assert_int_equal(reply(&scene).kind, MX_REPLY_UNREACHABLE);
    }
    else {
        uint8_t bytes[512];
        assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &length),
                         0);
        server.port = ntohs(address.sin6_port);
        assert_int_equal(try_ask(&scene, &server, MX_UDP, 1), MX_OK);
        ssize_t count = recvfrom(listener, bytes, sizeof(bytes), 0,
                                 (struct sockaddr *)&address, &length);
        assert_true(count > 12);
        bytes[2] |= 0x80;
        assert_int_equal(sendto(listener, bytes, (size_t)count, 0,
                                (struct sockaddr *)&address, length),
                         count);
        expect_message(&scene, 1, bytes, (size_t)count);
    }
    close(listener);
    close_scene(&scene);
}

static void
test_the_window_holds(void **state)
{
    (void)state;
    struct scene scene;
    loopback_query query;
    open_datagram_scene(&scene, false);
    size_t window = scene.transport->type->window(scene.transport);
    assert_in_range(window, 64, 64 * 128);
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

/* In a child, whose limits are its own. */
static int
run_out_of_descriptors(void)
{
    struct scene scene;
    loopback_query query;
    struct rlimit limit;
    open_datagram_scene(&scene, false);
    getrlimit(RLIMIT_NOFILE, &limit);
    rlim_t usual = limit.rlim_cur;
    int lowest = dup(0);
    close(lowest);
    limit.rlim_cur = (rlim_t)lowest;
    setrlimit(RLIMIT_NOFILE, &limit);
    for (unsigned i = 0; i < 2; i++) {
        ask(&scene, i == 0 ? MX_UDP : MX_TCP, i + 1);
        mx_reply out = reply(&scene);
        if (out.kind != MX_REPLY_LOCAL || out.os_error != EMFILE ||
            number_in(&scene, &out) != i + 1) {
            return 1;
        }
    }
    limit.rlim_cur = usual;
    setrlimit(RLIMIT_NOFILE, &limit);
    ask(&scene, MX_UDP, 3);
    loopback_receive(&scene.server, &query);
    answer(&scene, &query, QR);
    if (reply(&scene).kind != MX_REPLY_MESSAGE) {
        return 2;
    }
    close_scene(&scene);
    return 0;
}

static void
expect_success_in_child(int (*run)(void))
{
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        _exit(run());
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void
test_running_out_of_descriptors(void **state)
{
    (void)state;
    expect_success_in_child(run_out_of_descriptors);
}

static void
answer_once(struct scene *scene, mx_protocol protocol)
{
    loopback_query query;
    if (protocol == MX_UDP) {
        loopback_receive(&scene->server, &query);
        answer(scene, &query, QR);
        return;
    }
    uint8_t bytes[512];
    int connection = loopback_accept(&scene->server);
    read_question(scene, connection, &query);
    size_t length = loopback_reply(&query, QR, bytes);
    loopback_write_message(connection, bytes, length);
    close(connection);
}

/* Asks and answers once while the nth allocation fails; false when none did. */
static bool
survives_failure_of_allocation(size_t nth, mx_protocol protocol)
{
    struct scene scene;
    mx_reply out;
    open_datagram_scene(&scene, false);
    mx_mem_fail(nth, 0);
    mx_status status = try_ask(&scene, &scene.server.server, protocol, 1);
    if (status != MX_OK) {
        assert_int_equal(status, MX_NOMEM);
    }
    else if (!scene.transport->type->take(scene.transport, &out)) {
        answer_once(&scene, protocol);
        out = reply(&scene);
    }
    bool has_failed = mx_mem_fail(0, 0) >= nth;
    if (status == MX_OK && out.kind == MX_REPLY_LOCAL) {
        assert_int_equal(out.os_error, ENOMEM);
    }
    else if (status == MX_OK) {
        assert_int_equal(out.kind, MX_REPLY_MESSAGE);
    }
    expect_nothing(&scene);
    close_scene(&scene);
    return has_failed;
}

static void
test_every_allocation_may_fail(void **state)
{
    (void)state;
    for (int protocol = MX_UDP; protocol <= MX_TCP; protocol++) {
        size_t nth = 1;
        while (survives_failure_of_allocation(nth, (mx_protocol)protocol)) {
            nth++;
        }
        assert_true(nth > 4);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ids_and_ports_differ),
        cmocka_unit_test(test_ids_of_one_port_are_unique),
        cmocka_unit_test(test_a_reply_counts_once),
        cmocka_unit_test(test_a_large_datagram_is_whole_or_truncated),
        cmocka_unit_test(test_a_closed_port_is_told_once_for_each),
        cmocka_unit_test(test_a_server_that_comes_back),
        cmocka_unit_test(test_a_refusal_of_one_server_spares_another),
        cmocka_unit_test(test_a_server_that_cannot_be_reached_at_all),
        cmocka_unit_test(test_ipv6),
        cmocka_unit_test(test_the_window_holds),
        cmocka_unit_test(test_running_out_of_descriptors),
        cmocka_unit_test(test_every_allocation_may_fail),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    /* Once more as on a system that has no calls for many datagrams. */
    mx_burst_limit(MX_BURST_ONE_BY_ONE);
    return failed + cmocka_run_group_tests(tests, NULL, NULL);
}
