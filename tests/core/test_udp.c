/* SPDX-License-Identifier: MIT */
#include "core/mem.h"
#include "core/udp.h"
#include "loopback.h"

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { S = 1000000, SEED = 7 };

static mx_udp *
new_udp(const mx_server *server)
{
    mx_udp *udp;
    assert_int_equal(mx_udp_new(server, SEED, &udp), MX_OK);
    return udp;
}

/* Sends one byte, which must work, and returns the socket. */
static uint32_t
send_byte(mx_udp *udp, uint8_t byte, mx_usec now)
{
    uint32_t socket;
    assert_int_equal(mx_udp_send(udp, &byte, 1, now, &socket), 0);
    return socket;
}

static size_t
count_descriptors(const mx_udp *udp)
{
    return mx_udp_descriptors(udp, NULL, 0);
}

static void
test_a_datagram_and_its_reply(void **state)
{
    (void)state;
    loopback server;
    loopback_query query;
    loopback_open(&server, 0);
    mx_udp *udp = new_udp(&server.server);
    uint32_t socket;

    assert_int_equal(mx_udp_send(udp, (const uint8_t *)"hello", 5, 0, &socket), 0);
    loopback_receive(&server, &query);
    assert_int_equal(query.length, 5);
    assert_memory_equal(query.bytes, "hello", 5);
    loopback_send(&server, &query, "welcome", 7);
    loopback_send(&server, &query, "", 0);

    struct pollfd ready[2];
    assert_int_equal(mx_udp_descriptors(udp, ready, 2), 1);
    assert_int_equal(poll(ready, 1, LOOPBACK_PATIENCE), 1);
    uint32_t found;
    assert_true(mx_udp_find(udp, ready[0].fd, &found));
    assert_int_equal(found, socket);
    assert_false(mx_udp_find(udp, server.udp, &found));
    assert_false(mx_udp_find(udp, -1, &found));

    uint8_t bytes[16];
    int os_error = 0;
    assert_int_equal(mx_udp_receive(udp, socket, bytes, sizeof(bytes), &os_error), 7);
    assert_memory_equal(bytes, "welcome", 7);
    assert_int_equal(mx_udp_receive(udp, socket, bytes, sizeof(bytes), &os_error), 0);
    assert_int_equal(mx_udp_receive(udp, socket, bytes, sizeof(bytes), &os_error), -1);
    assert_int_equal(os_error, EAGAIN);
    mx_udp_release(udp, socket);
    assert_int_equal(count_descriptors(udp), 0);
    mx_udp_free(udp);
    loopback_close(&server);
}

static void
test_many_source_ports(void **state)
{
    (void)state;
    loopback server;
    loopback_query query;
    bool seen[65536] = {false};
    unsigned ports = 0;
    loopback_open(&server, 0);
    mx_udp *udp = new_udp(&server.server);
    for (int i = 0; i < 200; i++) {
        send_byte(udp, 1, 0);
        loopback_receive(&server, &query);
        ports += !seen[ntohs(query.from.sin_port)];
        seen[ntohs(query.from.sin_port)] = true;
    }
    /* 200 draws from 64 leave 3 out on average. */
    assert_in_range(ports, 55, MX_UDP_SOCKETS);
    assert_int_equal(count_descriptors(udp), ports);
    mx_udp_free(udp);
    loopback_close(&server);
}

static void
test_datagrams_from_elsewhere_are_not_seen(void **state)
{
    (void)state;
    loopback server, stranger;
    loopback_query query;
    loopback_open(&server, 0);
    loopback_open(&stranger, 0);
    mx_udp *udp = new_udp(&server.server);
    uint32_t socket = send_byte(udp, 1, 0);
    loopback_receive(&server, &query);
    loopback_send(&stranger, &query, "forged", 6);
    loopback_send(&server, &query, "real", 4);
    uint8_t bytes[16];
    int os_error;
    struct pollfd ready;
    assert_int_equal(mx_udp_descriptors(udp, &ready, 1), 1);
    assert_int_equal(poll(&ready, 1, LOOPBACK_PATIENCE), 1);
    assert_int_equal(mx_udp_receive(udp, socket, bytes, sizeof(bytes), &os_error), 4);
    assert_memory_equal(bytes, "real", 4);
    mx_udp_free(udp);
    loopback_close(&stranger);
    loopback_close(&server);
}

static void
test_a_full_window_says_try_again(void **state)
{
    (void)state;
    loopback server;
    loopback_open(&server, 0);
    mx_udp *udp = new_udp(&server.server);
    uint32_t first = send_byte(udp, 1, 0);
    size_t window = mx_udp_window(udp);
    assert_in_range(window, MX_UDP_SOCKETS, MX_UDP_SOCKETS * MX_UDP_SOCKET_WINDOW);
    for (size_t i = 1; i < window; i++) {
        send_byte(udp, 1, 0);
    }
    assert_int_equal(count_descriptors(udp), MX_UDP_SOCKETS);
    uint32_t socket;
    assert_int_equal(mx_udp_send(udp, (const uint8_t *)"x", 1, 0, &socket), EAGAIN);
    assert_int_equal(socket, MX_UDP_NONE);
    mx_udp_release(udp, first);
    assert_int_equal(send_byte(udp, 1, 0), first);
    mx_udp_free(udp);
    loopback_close(&server);
}

static void
test_a_socket_retires_after_its_queries(void **state)
{
    (void)state;
    loopback server;
    loopback_query query;
    loopback_open(&server, 0);
    mx_udp *udp = new_udp(&server.server);
    uint32_t kept = send_byte(udp, 1, 0);
    loopback_receive(&server, &query);
    /* More than all sockets together may send. */
    for (int i = 0; i < 2 * MX_UDP_SOCKETS * MX_UDP_SOCKET_QUERIES; i++) {
        uint32_t socket = send_byte(udp, 2, 0);
        assert_int_not_equal(recv(server.udp, query.bytes, 1, MSG_DONTWAIT), 0);
        mx_udp_release(udp, socket);
    }
    for (int i = 0; i < 100; i++) {
        uint32_t socket = send_byte(udp, 3, 0);
        assert_int_not_equal(socket, kept);
        mx_udp_release(udp, socket);
    }
    /* It takes no new ones and still hears its reply. */
    loopback_send(&server, &query, "late", 4);
    struct pollfd ready;
    assert_int_equal(mx_udp_descriptors(udp, &ready, 1), 1);
    assert_int_equal(poll(&ready, 1, LOOPBACK_PATIENCE), 1);
    uint8_t bytes[16];
    int os_error = 0;
    assert_int_equal(mx_udp_receive(udp, kept, bytes, sizeof(bytes), &os_error), 4);
    mx_udp_release(udp, kept);
    /* Now it is closed: its handle means nothing any more. */
    uint32_t found;
    assert_false(mx_udp_find(udp, ready.fd, &found));
    assert_int_equal(mx_udp_receive(udp, kept, bytes, sizeof(bytes), &os_error), -1);
    assert_int_equal(os_error, EAGAIN);
    mx_udp_release(udp, kept);
    mx_udp_free(udp);
    loopback_close(&server);
}

static void
test_sockets_in_all_are_bounded(void **state)
{
    (void)state;
    loopback server;
    loopback_open(&server, 0);
    mx_udp *udp = new_udp(&server.server);
    /* A server that never answers: all sockets keep attempts and grow old. */
    for (mx_usec now = 0; now < 100 * MX_UDP_SOCKET_LIFE; now += MX_UDP_SOCKET_LIFE) {
        for (int i = 0; i < MX_UDP_SOCKETS; i++) {
            send_byte(udp, 1, now);
        }
        assert_true(count_descriptors(udp) <= 2 * MX_UDP_SOCKETS);
    }
    assert_int_equal(count_descriptors(udp), 2 * MX_UDP_SOCKETS);
    mx_udp_free(udp);
    loopback_close(&server);
}

static void
test_an_idle_pool_closes_and_then_sleeps(void **state)
{
    (void)state;
    loopback server;
    loopback_open(&server, 0);
    mx_udp *udp = new_udp(&server.server);
    struct pollfd ready;
    uint32_t found;
    assert_int_equal(mx_udp_tidy(udp, 0), MX_NEVER);

    uint32_t socket = send_byte(udp, 1, 3 * S);
    assert_int_equal(mx_udp_descriptors(udp, &ready, 1), 1);
    assert_int_equal(mx_udp_tidy(udp, 3 * S), 13 * S);
    /* Old, but it awaits a reply. */
    assert_int_equal(mx_udp_tidy(udp, 14 * S), 24 * S);
    assert_int_equal(count_descriptors(udp), 1);
    mx_udp_release(udp, socket);
    assert_false(mx_udp_find(udp, ready.fd, &found));
    assert_int_equal(mx_udp_tidy(udp, 14 * S), MX_NEVER);

    socket = send_byte(udp, 1, 20 * S);
    assert_int_equal(mx_udp_descriptors(udp, &ready, 1), 1);
    mx_udp_release(udp, socket);
    assert_int_equal(mx_udp_tidy(udp, 30 * S - 1), 30 * S);
    assert_true(mx_udp_find(udp, ready.fd, &found));
    assert_int_equal(mx_udp_tidy(udp, 30 * S), MX_NEVER);
    assert_false(mx_udp_find(udp, ready.fd, &found));
    mx_udp_free(udp);
    loopback_close(&server);
}

static void
test_a_refusal_is_told(void **state)
{
    (void)state;
    mx_server closed = loopback_closed();
    mx_udp *udp = new_udp(&closed);
    uint32_t socket = send_byte(udp, 1, 0);
    struct pollfd ready;
    assert_int_equal(mx_udp_descriptors(udp, &ready, 1), 1);
    assert_int_equal(poll(&ready, 1, LOOPBACK_PATIENCE), 1);
    uint8_t bytes[16];
    int os_error = 0;
    assert_int_equal(mx_udp_receive(udp, socket, bytes, sizeof(bytes), &os_error), -1);
    assert_int_equal(os_error, ECONNREFUSED);
    mx_udp_free(udp);
}

static void
test_a_refusal_met_while_sending_names_its_socket(void **state)
{
    (void)state;
    mx_server closed = loopback_closed();
    mx_udp *udp = new_udp(&closed);
    bool used[256] = {false};
    int refused = 0;
    /* Some socket is drawn again, and has been refused meanwhile. */
    for (int i = 0; i < 20 * MX_UDP_SOCKETS && refused == 0; i++) {
        uint32_t socket;
        refused = mx_udp_send(udp, (const uint8_t *)"x", 1, 0, &socket);
        assert_int_not_equal(socket, MX_UDP_NONE);
        assert_int_equal(refused != 0, used[socket & 0x7f]);
        used[socket & 0x7f] = true;
    }
    assert_int_equal(refused, ECONNREFUSED);
    mx_udp_free(udp);
}

static void
test_a_refusal_nobody_awaited_is_forgotten(void **state)
{
    (void)state;
    loopback server;
    mx_server closed = loopback_closed();
    mx_udp *udp = new_udp(&closed);
    for (int i = 0; i < 20 * MX_UDP_SOCKETS; i++) {
        mx_udp_release(udp, send_byte(udp, 1, 0));
    }
    /* Every socket has a refusal waiting; the server comes back. */
    loopback_open(&server, closed.port);
    for (int i = 0; i < MX_UDP_SOCKETS; i++) {
        loopback_query query;
        send_byte(udp, 2, 0);
        loopback_receive(&server, &query);
        assert_int_equal(query.bytes[0], 2);
    }
    mx_udp_free(udp);
    loopback_close(&server);
}

static void
test_a_socket_that_cannot_connect_is_an_errno(void **state)
{
    (void)state;
    /* Broadcast needs a permission that nobody asked for. */
    mx_server nowhere = {
        .address = mx_address_ipv4((const uint8_t[]){255, 255, 255, 255}), .port = 53};
    mx_udp *udp = new_udp(&nowhere);
    uint32_t socket;
    assert_int_equal(mx_udp_send(udp, (const uint8_t *)"x", 1, 0, &socket), EACCES);
    assert_int_equal(socket, MX_UDP_NONE);
    assert_int_equal(count_descriptors(udp), 0);
    assert_int_equal(mx_udp_tidy(udp, 0), MX_NEVER);
    mx_udp_free(udp);
}

/* In a child, whose limits are its own: 0 when all held. */
static int
run_out_of_descriptors(const mx_server *server)
{
    struct rlimit limit;
    uint32_t socket;
    mx_udp *udp = new_udp(server);
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return 1;
    }
    rlim_t usual = limit.rlim_cur;
    int lowest = dup(0);
    close(lowest);
    limit.rlim_cur = (rlim_t)lowest;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0 ||
        mx_udp_send(udp, (const uint8_t *)"x", 1, 0, &socket) != EMFILE ||
        socket != MX_UDP_NONE) {
        return 2;
    }
    /* With one socket all go through it, up to its window. */
    limit.rlim_cur = (rlim_t)lowest + 1;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return 3;
    }
    size_t window = 1;
    for (size_t i = 0; i < window; i++) {
        if (mx_udp_send(udp, (const uint8_t *)"x", 1, 0, &socket) != 0) {
            return 4;
        }
        window = mx_udp_window(udp) / MX_UDP_SOCKETS;
    }
    if (mx_udp_send(udp, (const uint8_t *)"x", 1, 0, &socket) != EMFILE) {
        return 5;
    }
    limit.rlim_cur = usual;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0 ||
        mx_udp_send(udp, (const uint8_t *)"x", 1, 0, &socket) != 0 ||
        mx_udp_descriptors(udp, NULL, 0) != 2) {
        return 6;
    }
    mx_udp_free(udp);
    return 0;
}

static void
test_running_out_of_descriptors(void **state)
{
    (void)state;
    loopback server;
    loopback_open(&server, 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        _exit(run_out_of_descriptors(&server.server));
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    loopback_close(&server);
}

static void
test_out_of_memory(void **state)
{
    (void)state;
    mx_server server = loopback_closed();
    mx_udp *udp = NULL;
    mx_mem_fail(1, 1);
    mx_status status = mx_udp_new(&server, SEED, &udp);
    mx_mem_fail(0, 0);
    assert_int_equal(status, MX_NOMEM);
    assert_null(udp);
    mx_udp_free(NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_datagram_and_its_reply),
        cmocka_unit_test(test_many_source_ports),
        cmocka_unit_test(test_datagrams_from_elsewhere_are_not_seen),
        cmocka_unit_test(test_a_full_window_says_try_again),
        cmocka_unit_test(test_a_socket_retires_after_its_queries),
        cmocka_unit_test(test_sockets_in_all_are_bounded),
        cmocka_unit_test(test_an_idle_pool_closes_and_then_sleeps),
        cmocka_unit_test(test_a_refusal_is_told),
        cmocka_unit_test(test_a_refusal_met_while_sending_names_its_socket),
        cmocka_unit_test(test_a_refusal_nobody_awaited_is_forgotten),
        cmocka_unit_test(test_a_socket_that_cannot_connect_is_an_errno),
        cmocka_unit_test(test_running_out_of_descriptors),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
