/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L /* setenv */
#include "core/channel.h"
#include "core/descriptors.h"
#include "core/mem.h"
#include "scene.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- servers ---- */

static void
test_a_closed_port_is_told_once_for_each(void **state)
{
    (void)state;
    enum { ASKED = 300 };
    struct scene scene;
    bool told[ASKED] = {false};
    open_scene(&scene);
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

/* It goes away with 300 questions in flight. Each is told once, as its port finds out, and
 * none is lost when it is back (fault c-ares 4). */
static void
test_a_server_that_goes_away_and_comes_back(void **state)
{
    (void)state;
    enum { ASKED = 300, LIMIT = 5000 };
    struct scene scene;
    loopback_query query;
    mx_reply out;
    unsigned told = 0, number = ASKED;
    open_scene(&scene);
    uint16_t port = scene.server.server.port;
    for (unsigned i = 0; i < ASKED; i++) {
        ask(&scene, MX_UDP, i);
        loopback_receive(&scene.server, &query);
    }
    loopback_close(&scene.server);
    while (told < ASKED) {
        assert_true(number < LIMIT);
        ask(&scene, MX_UDP, number);
        bool has_ended = false;
        while (!has_ended) {
            out = reply(&scene);
            assert_int_equal(out.kind, MX_REPLY_UNREACHABLE);
            assert_int_equal(out.os_error, ECONNREFUSED);
            has_ended = number_in(&scene, &out) == number;
            told += number_in(&scene, &out) < ASKED;
        }
        number++;
    }
    loopback_open(&scene.server, port);
    for (unsigned i = 0; i < ASKED; i++) {
        ask(&scene, MX_UDP, i);
        loopback_receive(&scene.server, &query);
        answer(&scene, &query, QR);
        expect_reply_to(&scene, i);
    }
    expect_nothing(&scene);
    close_scene(&scene);
}

/* The system tells of a refusal when the next datagram is sent, which has not been
 * refused. */
static void
test_a_refusal_is_of_what_was_sent_before(void **state)
{
    (void)state;
    enum { REFUSED = 100, ASKED = 200 };
    struct scene scene;
    loopback_query query;
    unsigned told = 0;
    open_scene(&scene);
    uint16_t port = scene.server.server.port;
    loopback_close(&scene.server);
    for (unsigned i = 0; i < REFUSED; i++) {
        ask(&scene, MX_UDP, i);
    }
    loopback_open(&scene.server, port);
    for (unsigned i = REFUSED; i < ASKED; i++) {
        ask(&scene, MX_UDP, i);
        loopback_receive(&scene.server, &query);
        assert_int_equal(number_of(&query), i);
        answer(&scene, &query, QR);
    }
    for (unsigned i = 0; i < ASKED; i++) {
        mx_reply out = reply(&scene);
        bool was_refused = number_in(&scene, &out) < REFUSED;
        assert_int_equal(out.kind,
                         was_refused ? MX_REPLY_UNREACHABLE : MX_REPLY_MESSAGE);
        told += was_refused;
    }
    assert_int_equal(told, REFUSED);
    close_scene(&scene);
}

static void
test_a_server_that_comes_back(void **state)
{
    (void)state;
    struct scene scene;
    loopback_query query;
    open_scene(&scene);
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
    open_scene(&scene);
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
    open_scene(&scene);
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
    open_scene(&scene);
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

/* It shall never give up before the caller does; should it, that is told. */
static void
test_c_ares_gives_up_by_itself(void **state)
{
    (void)state;
    struct scene scene;
    loopback_query query;
    open_scene(&scene);
    scene.transport->type->free(scene.transport);
    /* c-ares gets a second more than flights live: a few milliseconds. */
    assert_int_equal(mx_channel_new(-S + 5000, SEED, &scene.transport), MX_OK);
    mx_reply out;
    ask(&scene, MX_UDP, 1);
    loopback_receive(&scene.server, &query);
    for (int i = 0; i < 1000 && flight_of(&scene, 1)->is_open; i++) {
        poll(NULL, 0, 1);
        scene.now += S;
        turn(&scene, 0);
        if (scene.transport->type->take(scene.transport, &out)) {
            assert_int_equal(number_in(&scene, &out), 1);
            assert_int_equal(out.kind, MX_REPLY_UNREACHABLE);
            assert_int_equal(out.os_error, ETIMEDOUT);
        }
    }
    assert_false(flight_of(&scene, 1)->is_open);
    expect_nothing(&scene);
    close_scene(&scene);
}

/* ---- this process ---- */

/* In a child, whose environment is its own. */
static int
ask_in_hostile_environment(void)
{
    struct scene scene;
    loopback_query query;
    char lookup[512];
    setenv("RES_OPTIONS", "use-vc rotate attempts:5 timeout:1 ndots:15 edns0", 1);
    setenv("LOCALDOMAIN", "evil.example", 1);
    setenv("HOSTALIASES", "/etc/passwd", 1);
    open_scene(&scene);
    ask(&scene, MX_UDP, 1);
    loopback_receive(&scene.server, &query);
    size_t length = write_query(1, (uint8_t *)lookup);
    if (query.length != length ||
        memcmp(query.bytes + 2, lookup + 2, length - 2) != 0) {
        return 1;
    }
    answer(&scene, &query, QR);
    if (reply(&scene).kind != MX_REPLY_MESSAGE || !loopback_is_silent(&scene.server)) {
        return 2;
    }
    close_scene(&scene);
    return 0;
}

/* In a child, whose limits are its own. */
static int
run_out_of_descriptors(void)
{
    struct scene scene;
    loopback_query query;
    struct rlimit limit;
    open_scene(&scene);
    getrlimit(RLIMIT_NOFILE, &limit);
    rlim_t usual = limit.rlim_cur;
    int lowest = dup(0);
    close(lowest);
    limit.rlim_cur = (rlim_t)lowest;
    setrlimit(RLIMIT_NOFILE, &limit);
    for (unsigned i = 1; i <= 2; i++) {
        ask(&scene, i == 1 ? MX_UDP : MX_TCP, i);
        mx_reply out = reply(&scene);
        if (out.kind != MX_REPLY_LOCAL || out.os_error != EMFILE ||
            number_in(&scene, &out) != i) {
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
test_the_environment_has_no_say(void **state)
{
    (void)state;
    expect_success_in_child(ask_in_hostile_environment);
}

static void
test_running_out_of_descriptors(void **state)
{
    (void)state;
    expect_success_in_child(run_out_of_descriptors);
}

/* The child has none of the sockets, and the parent all that it had. */
static void
test_a_fork(void **state)
{
    (void)state;
    struct scene scene;
    struct pollfd open[4];
    loopback_query query;
    int status;
    open_scene(&scene);
    ask(&scene, MX_UDP, 1);
    ask(&scene, MX_TCP, 2);
    size_t count = scene.transport->type->descriptors(scene.transport, open, 4);
    assert_int_equal(count, 2);
    mx_descriptors_fork_lock();
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        mx_descriptors_close_all_in_child();
        bool is_gone = true;
        for (size_t i = 0; i < count; i++) {
            is_gone = is_gone && fcntl(open[i].fd, F_GETFD) == -1 && errno == EBADF;
        }
        mx_descriptors_fork_unlock();
        close_scene(&scene); /* which sends nothing */
        _exit(is_gone ? 0 : 1);
    }
    for (size_t i = 0; i < count; i++) {
        assert_true((fcntl(open[i].fd, F_GETFD) & FD_CLOEXEC) != 0);
        assert_true((fcntl(open[i].fd, F_GETFL) & O_NONBLOCK) != 0);
    }
    mx_descriptors_fork_unlock();
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    loopback_receive(&scene.server, &query);
    answer(&scene, &query, QR);
    expect_reply_to(&scene, 1);
    int connection = loopback_accept(&scene.server);
    read_question(&scene, connection, &query);
    close(connection);
    close_scene(&scene);
}

/* Asks and answers once while the nth allocation fails; false when none did. */
static bool
survives_failure_of_allocation(size_t nth, mx_protocol protocol)
{
    struct scene scene;
    loopback_query query;
    uint8_t bytes[512];
    mx_reply out = {.flight = NULL};
    open_scene(&scene);
    mx_mem_fail(nth, 0);
    mx_status status = try_ask(&scene, &scene.server.server, protocol, 1);
    bool has_ended =
        status != MX_OK || scene.transport->type->take(scene.transport, &out);
    if (!has_ended && protocol == MX_UDP) {
        loopback_receive(&scene.server, &query);
        answer(&scene, &query, QR);
        out = reply(&scene);
    }
    else if (!has_ended) {
        int connection = loopback_accept(&scene.server);
        assert_true(turn(&scene, LOOPBACK_PATIENCE));
        if (!scene.transport->type->take(scene.transport, &out)) {
            loopback_read(connection, &query);
            size_t length = loopback_reply(&query, QR, bytes);
            loopback_write_message(connection, bytes, length);
            out = reply(&scene);
        }
        close(connection);
    }
    bool has_failed = mx_mem_fail(0, 0) >= nth;
    if (status != MX_OK) {
        assert_int_equal(status, MX_NOMEM);
    }
    else if (out.kind == MX_REPLY_LOCAL) {
        assert_int_equal(out.os_error, ENOMEM);
    }
    else {
        /* Without memory to read on the message at hand is still whole. */
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
        assert_true(nth > 5);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_closed_port_is_told_once_for_each),
        cmocka_unit_test(test_a_server_that_goes_away_and_comes_back),
        cmocka_unit_test(test_a_refusal_is_of_what_was_sent_before),
        cmocka_unit_test(test_a_server_that_comes_back),
        cmocka_unit_test(test_a_refusal_of_one_server_spares_another),
        cmocka_unit_test(test_a_server_that_cannot_be_reached_at_all),
        cmocka_unit_test(test_ipv6),
        cmocka_unit_test(test_c_ares_gives_up_by_itself),
        cmocka_unit_test(test_the_environment_has_no_say),
        cmocka_unit_test(test_running_out_of_descriptors),
        cmocka_unit_test(test_a_fork),
        cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
