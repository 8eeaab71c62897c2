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

enum { MANY = 1000, FORMERR = 1 };

/* ---- UDP ---- */

static void
test_a_question_and_its_reply(void **state)
{
    (void)state;
    struct scene scene;
    loopback_query query;
    uint8_t sent[MX_QUERY_SIZE], bytes[512];
    open_datagram_scene(&scene, false);
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
    open_datagram_scene(&scene, false);
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
    open_datagram_scene(&scene, false);
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

static void
test_bytes_are_kept_as_they_came(void **state)
{
    (void)state;
    struct scene scene;
    loopback_query query;
    uint8_t bytes[512];
    open_datagram_scene(&scene, false);
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

/* ---- cancelling and closing ---- */

static void
test_a_cancelled_attempt_says_nothing(void **state)
{
    (void)state;
    struct scene scene;
    loopback_query query;
    open_datagram_scene(&scene, false);
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
    (void)state;
    struct scene scene;
    loopback_query query;
    uint8_t bytes[512];
    open_datagram_scene(&scene, false);
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
    open_datagram_scene(&scene, false);
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
    open_datagram_scene(&scene, false);
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

static void
test_too_many_attempts_are_told_so(void **state)
{
    (void)state;
    struct scene scene;
    loopback_query query;
    unsigned number = 0;
    mx_reply out;
    open_datagram_scene(&scene, false);
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
        cmocka_unit_test(test_a_question_and_its_reply),
        cmocka_unit_test(test_ids_and_ports_differ),
        cmocka_unit_test(test_ids_of_one_port_are_unique),
        cmocka_unit_test(test_poison_harms_nobody),
        cmocka_unit_test(test_a_reply_on_another_socket_is_stray),
        cmocka_unit_test(test_a_reply_counts_once),
        cmocka_unit_test(test_bytes_are_kept_as_they_came),
        cmocka_unit_test(test_a_large_datagram_is_whole_or_truncated),
        cmocka_unit_test(test_a_closed_port_is_told_once_for_each),
        cmocka_unit_test(test_a_server_that_comes_back),
        cmocka_unit_test(test_a_refusal_of_one_server_spares_another),
        cmocka_unit_test(test_a_server_that_cannot_be_reached_at_all),
        cmocka_unit_test(test_ipv6),
        cmocka_unit_test(test_a_cancelled_attempt_says_nothing),
        cmocka_unit_test(test_cancelled_over_tcp),
        cmocka_unit_test(test_freed_with_attempts_in_every_state),
        cmocka_unit_test(test_descriptors_and_wake_up_go_when_idle),
        cmocka_unit_test(test_the_window_holds),
        cmocka_unit_test(test_too_many_attempts_are_told_so),
        cmocka_unit_test(test_running_out_of_descriptors),
        cmocka_unit_test(test_every_allocation_may_fail),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    /* Once more as on a system that has no calls for many datagrams. */
    mx_burst_limit(MX_BURST_ONE_BY_ONE);
    return failed + cmocka_run_group_tests(tests, NULL, NULL);
}
