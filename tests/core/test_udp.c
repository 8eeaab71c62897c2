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

/* A flight on each datagram that was sent, so that its socket knows of it. */
enum { FLIGHTS = 20000 };

struct sent {
    mx_flight flight;
    uint8_t query[2];
};

static struct sent flights[FLIGHTS];
static mx_pool ids;

static mx_udp *
new_udp(const mx_server *server)
{
    mx_udp *udp;
    memset(flights, 0, sizeof(flights));
    assert_int_equal(mx_udp_new(server, SEED, NULL, &udp), MX_OK);
    return udp;
}

/* Sends one byte on a socket that is picked; 0 or an errno. */
static int
try_send(mx_udp *udp, uint8_t byte, mx_usec now, mx_udp_socket **socket)
{
    size_t room;
    int os_error = mx_udp_pick(udp, 1, now, socket, &room);
    if (os_error != 0) {
        return os_error;
    }
    static size_t next;
    while (flights[next % FLIGHTS].flight.is_open) {
        next++;
    }
    struct sent *sent = &flights[next++ % FLIGHTS];
    sent->flight.query = sent->query;
    sent->flight.is_open = true;
    assert_true(room > 0);
    assert_int_equal(mx_flights_add(&(*socket)->flights, &ids, &sent->flight), MX_OK);
    (*socket)->sent++;
    return send((*socket)->descriptor, &byte, 1, 0) == 1 ? 0 : errno;
}

/* The same, which must work. */
static mx_udp_socket *
send_byte(mx_udp *udp, uint8_t byte, mx_usec now)
{
    mx_udp_socket *socket;
    assert_int_equal(try_send(udp, byte, now, &socket), 0);
    return socket;
}

/* One of the flights on a socket is over. */
static void
release(mx_udp *udp, mx_udp_socket *socket)
{
    size_t place = 0;
    mx_flight *flight = mx_flights_next(&socket->flights, &place);
    flight->is_open = false;
    mx_flights_remove(&socket->flights, flight);
    mx_udp_release(udp, socket);
}

static bool
is_there(const mx_udp *udp, int descriptor)
{
    uint32_t from = 0;
    return mx_udp_find(udp, descriptor, &from) != NULL;
}

static size_t
count_descriptors(const mx_udp *udp)
{
    return mx_udp_descriptors(udp, NULL, 0);
}

static void
test_descriptors_lead_to_their_sockets(void **state)
{
    (void)state;
    enum { MANY = 500 };
    loopback server;
    struct pollfd ready[MX_UDP_PLACES];
    uint32_t from = 0;
    loopback_open(&server, 0);
    mx_udp *udp = new_udp(&server.server);
    for (int i = 0; i < MANY; i++) {
        send_byte(udp, 1, 0);
    }
    size_t count = mx_udp_descriptors(udp, ready, MX_UDP_PLACES);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(ready[i].events, POLLIN);
        mx_udp_socket *found = mx_udp_find(udp, ready[i].fd, &from);
        assert_non_null(found);
        assert_int_equal(found->descriptor, ready[i].fd);
        assert_ptr_equal(mx_udp_at(udp, found->place), found);
    }
    /* In any order too. */
    assert_non_null(mx_udp_find(udp, ready[0].fd, &from));
    assert_null(mx_udp_find(udp, server.udp, &from));
    assert_null(mx_udp_find(udp, -1, &from));
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
    uint8_t bytes[16];
    loopback_open(&server, 0);
    loopback_open(&stranger, 0);
    mx_udp *udp = new_udp(&server.server);
    const mx_udp_socket *socket = send_byte(udp, 1, 0);
    loopback_receive(&server, &query);
    loopback_send(&stranger, &query, "forged", 6);
    loopback_send(&server, &query, "real", 4);
    assert_int_equal(recv(socket->descriptor, bytes, sizeof(bytes), 0), 4);
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
    mx_udp_socket *first = send_byte(udp, 1, 0), *socket;
    size_t window = mx_udp_window(udp);
    assert_in_range(window, MX_UDP_SOCKETS, MX_UDP_SOCKETS * MX_UDP_SOCKET_WINDOW);
    for (size_t i = 1; i < window; i++) {
        send_byte(udp, 1, 0);
    }
    assert_int_equal(count_descriptors(udp), MX_UDP_SOCKETS);
    assert_int_equal(try_send(udp, 1, 0, &socket), EAGAIN);
    release(udp, first);
    assert_ptr_equal(send_byte(udp, 1, 0), first);
    mx_udp_free(udp);
    loopback_close(&server);
}

/* A batch is not cut to pieces while there are sockets with more room. */
static void
test_room_for_a_batch_is_preferred(void **state)
{
    (void)state;
    loopback server;
    mx_udp_socket *socket;
    size_t room;
    loopback_open(&server, 0);
    mx_udp *udp = new_udp(&server.server);
    mx_udp_socket *first = send_byte(udp, 1, 0);
    size_t socket_window = mx_udp_window(udp) / MX_UDP_SOCKETS;
    for (size_t i = 1; i < mx_udp_window(udp); i++) {
        send_byte(udp, 1, 0);
    }
    /* One with a single place, one with half of them. */
    size_t half = socket_window / 2;
    for (size_t i = 0; i < half; i++) {
        release(udp, first);
    }
    const mx_udp_socket *full = NULL;
    for (uint32_t i = 0; i < MX_UDP_SOCKETS && full == NULL; i++) {
        full = mx_udp_at(udp, i) == first ? NULL : mx_udp_at(udp, i);
    }
    release(udp, mx_udp_at(udp, full->place));
    for (int i = 0; i < 100; i++) {
        assert_int_equal(mx_udp_pick(udp, socket_window, 0, &socket, &room), 0);
        assert_ptr_equal(socket, first);
        assert_int_equal(room, half);
    }
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
    mx_udp_socket *kept = send_byte(udp, 1, 0);
    int descriptor = kept->descriptor;
    loopback_receive(&server, &query);
    /* More than all sockets together may send. */
    for (int i = 0; i < 2 * MX_UDP_SOCKETS * MX_UDP_SOCKET_QUERIES; i++) {
        mx_udp_socket *socket = send_byte(udp, 2, 0);
        assert_int_not_equal(recv(server.udp, query.bytes, 1, MSG_DONTWAIT), 0);
        release(udp, socket);
        assert_true(kept->flights.count > 0);
    }
    assert_true(kept->is_retired);
    for (int i = 0; i < 100; i++) {
        mx_udp_socket *socket = send_byte(udp, 3, 0);
        assert_ptr_not_equal(socket, kept);
        release(udp, socket);
    }
    /* It takes no new ones and still hears its reply. */
    uint8_t bytes[16];
    loopback_send(&server, &query, "late", 4);
    assert_int_equal(recv(descriptor, bytes, sizeof(bytes), 0), 4);
    while (is_there(udp, descriptor)) {
        release(udp, kept);
    }
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
    assert_int_equal(mx_udp_tidy(udp, 0), MX_NEVER);

    mx_udp_socket *socket = send_byte(udp, 1, 3 * S);
    int descriptor = socket->descriptor;
    assert_int_equal(mx_udp_tidy(udp, 3 * S), 13 * S);
    /* Old, but it awaits a reply. */
    assert_int_equal(mx_udp_tidy(udp, 14 * S), 24 * S);
    assert_int_equal(count_descriptors(udp), 1);
    release(udp, socket);
    assert_false(is_there(udp, descriptor));
    assert_int_equal(mx_udp_tidy(udp, 14 * S), MX_NEVER);

    socket = send_byte(udp, 1, 20 * S);
    descriptor = socket->descriptor;
    release(udp, socket);
    assert_int_equal(mx_udp_tidy(udp, 30 * S - 1), 30 * S);
    assert_true(is_there(udp, descriptor));
    assert_int_equal(mx_udp_tidy(udp, 30 * S), MX_NEVER);
    assert_false(is_there(udp, descriptor));
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
    mx_udp_socket *socket;
    assert_int_equal(try_send(udp, 1, 0, &socket), EACCES);
    assert_int_equal(count_descriptors(udp), 0);
    assert_int_equal(mx_udp_tidy(udp, 0), MX_NEVER);
    mx_udp_free(udp);
}

/* In a child, whose limits are its own: 0 when all held. */
static int
run_out_of_descriptors(const mx_server *server)
{
    struct rlimit limit;
    mx_udp_socket *socket;
    mx_udp *udp = new_udp(server);
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return 1;
    }
    rlim_t usual = limit.rlim_cur;
    int lowest = dup(0);
    close(lowest);
    limit.rlim_cur = (rlim_t)lowest;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0 ||
        try_send(udp, 1, 0, &socket) != EMFILE) {
        return 2;
    }
    /* With one socket all go through it, up to its window. */
    limit.rlim_cur = (rlim_t)lowest + 1;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return 3;
    }
    size_t window = 1;
    for (size_t i = 0; i < window; i++) {
        if (try_send(udp, 1, 0, &socket) != 0) {
            return 4;
        }
        window = mx_udp_window(udp) / MX_UDP_SOCKETS;
    }
    if (try_send(udp, 1, 0, &socket) != EMFILE) {
        return 5;
    }
    limit.rlim_cur = usual;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || try_send(udp, 1, 0, &socket) != 0 ||
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
    mx_status status = mx_udp_new(&server, SEED, NULL, &udp);
    mx_mem_fail(0, 0);
    assert_int_equal(status, MX_NOMEM);
    assert_null(udp);
    mx_udp_free(NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_descriptors_lead_to_their_sockets),
        cmocka_unit_test(test_many_source_ports),
        cmocka_unit_test(test_datagrams_from_elsewhere_are_not_seen),
        cmocka_unit_test(test_a_full_window_says_try_again),
        cmocka_unit_test(test_room_for_a_batch_is_preferred),
        cmocka_unit_test(test_a_socket_retires_after_its_queries),
        cmocka_unit_test(test_sockets_in_all_are_bounded),
        cmocka_unit_test(test_an_idle_pool_closes_and_then_sleeps),
        cmocka_unit_test(test_a_socket_that_cannot_connect_is_an_errno),
        cmocka_unit_test(test_running_out_of_descriptors),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
