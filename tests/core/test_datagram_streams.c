/* SPDX-License-Identifier: MIT */
/* Streams from the first question on, and datagrams where streams cannot be had. */
#include "scene.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

static void
answer_on(int connection, const loopback_query *query)
{
    uint8_t bytes[512];
    size_t length = loopback_reply(query, QR, bytes);
    loopback_write_message(connection, bytes, length);
}

static mx_protocol
protocol_of(struct scene *scene, unsigned number)
{
    return (mx_protocol)flight_of(scene, number)->protocol;
}

static void
test_questions_go_by_tcp(void **state)
{
    (void)state;
    struct scene scene;
    loopback_query query;
    open_datagram_scene(&scene, true);
    for (unsigned i = 0; i < 10; i++) {
        ask(&scene, MX_UDP, i);
        assert_int_equal(protocol_of(&scene, i), MX_TCP);
    }
    int connection = loopback_accept(&scene.server);
    for (unsigned i = 0; i < 10; i++) {
        read_question(&scene, connection, &query);
        assert_int_equal(number_of(&query), i);
        answer_on(connection, &query);
        expect_reply_to(&scene, i);
        assert_int_equal(protocol_of(&scene, i), MX_TCP);
    }
    assert_true(loopback_is_silent(&scene.server));
    close(connection);
    close_scene(&scene);
}

/* On a connection that stands, what a turn asks is on the wire when its flush is over.
 */
static void
test_a_flush_writes_at_once(void **state)
{
    (void)state;
    enum { MANY = 100 };
    struct scene scene;
    loopback_query query;
    open_datagram_scene(&scene, true);
    ask(&scene, MX_UDP, 0);
    int connection = loopback_accept(&scene.server);
    read_question(&scene, connection, &query);
    for (unsigned i = 1; i <= MANY; i++) {
        assert_int_equal(prepare(&scene, &scene.server.server, MX_UDP, i), MX_OK);
    }
    assert_false(loopback_has_data(connection));
    scene.transport->type->flush(scene.transport, scene.now);
    for (unsigned i = 1; i <= MANY; i++) {
        loopback_read(connection, &query);
        answer_on(connection, &query);
    }
    for (unsigned i = 1; i <= MANY; i++) {
        expect_reply_to(&scene, i);
    }
    close(connection);
    close_scene(&scene);
}

static void
test_four_connections_at_most(void **state)
{
    (void)state;
    enum { MANY = 5000, CONNECTIONS = 4 };
    struct scene scene;
    loopback_query query;
    int connections[CONNECTIONS];
    unsigned answered = 0;
    open_datagram_scene(&scene, true);
    for (unsigned i = 0; i < MANY; i++) {
        assert_int_equal(prepare(&scene, &scene.server.server, MX_UDP, i), MX_OK);
    }
    for (int i = 0; i < CONNECTIONS; i++) {
        connections[i] = loopback_accept(&scene.server);
    }
    assert_true(loopback_is_silent(&scene.server));
    while (answered < MANY) {
        mx_reply out;
        turn(&scene, 0);
        for (int i = 0; i < CONNECTIONS; i++) {
            if (loopback_has_data(connections[i])) {
                loopback_read(connections[i], &query);
                answer_on(connections[i], &query);
            }
        }
        while (scene.transport->type->take(scene.transport, &out)) {
            assert_int_equal(out.kind, MX_REPLY_MESSAGE);
            assert_int_equal(number_in(&scene, &out),
                             (unsigned)atoi((const char *)out.bytes + 14));
            answered++;
        }
    }
    for (int i = 0; i < CONNECTIONS; i++) {
        close(connections[i]);
    }
    close_scene(&scene);
}

/* The port is open for UDP alone. */
static void
close_tcp(struct scene *scene)
{
    close(scene->server.tcp);
    scene->server.tcp = dup(scene->server.udp); /* closed with the rest */
    assert_true(scene->server.tcp >= 0);
}

static void
answer_by_udp(struct scene *scene, unsigned number)
{
    loopback_query query;
    loopback_receive(&scene->server, &query);
    assert_int_equal(number_of(&query), number);
    answer(scene, &query, QR);
    expect_reply_to(scene, number);
    assert_int_equal(protocol_of(scene, number), MX_UDP);
}

static void
test_without_tcp_there_is_udp(void **state)
{
    (void)state;
    struct scene scene;
    open_datagram_scene(&scene, true);
    close_tcp(&scene);
    ask(&scene, MX_UDP, 1); /* refused, and sent once more */
    while (loopback_is_silent(&scene.server)) {
        expect_nothing(&scene);
        scene.transport->type->flush(scene.transport, scene.now);
    }
    answer_by_udp(&scene, 1);
    ask(&scene, MX_UDP, 2); /* at once */
    assert_int_equal(protocol_of(&scene, 2), MX_UDP);
    answer_by_udp(&scene, 2);
    /* Who insists is told. */
    ask(&scene, MX_TCP, 3);
    expect_error(&scene, 3, MX_REPLY_UNREACHABLE, ECONNREFUSED);
    close_scene(&scene);
}

static void
test_tcp_that_comes_back_is_used_again(void **state)
{
    (void)state;
    struct scene scene;
    loopback_query query;
    open_datagram_scene(&scene, true);
    uint16_t port = scene.server.server.port;
    loopback_close(&scene.server);
    ask(&scene, MX_UDP, 1);
    while (flight_of(&scene, 1)->protocol == MX_TCP) {
        turn(&scene, LOOPBACK_PATIENCE);
        mx_reply out;
        assert_false(scene.transport->type->take(scene.transport, &out));
    }
    loopback_open(&scene.server, port);
    scene.transport->type->flush(scene.transport, scene.now);
    answer_by_udp(&scene, 1);
    scene.now += 10 * S - 1;
    ask(&scene, MX_UDP, 2);
    answer_by_udp(&scene, 2);
    scene.now += 1;
    ask(&scene, MX_UDP, 3);
    int connection = loopback_accept(&scene.server);
    read_question(&scene, connection, &query);
    answer_on(connection, &query);
    expect_reply_to(&scene, 3);
    close(connection);
    close_scene(&scene);
}

/* Lost with a question on it before anything was answered. */
static void
test_a_server_that_hangs_up_is_asked_by_udp(void **state)
{
    (void)state;
    struct scene scene;
    loopback_query query;
    open_datagram_scene(&scene, true);
    ask(&scene, MX_UDP, 1);
    ask(&scene, MX_TCP, 2);
    int connection = loopback_accept(&scene.server);
    read_question(&scene, connection, &query);
    loopback_reset(connection);
    expect_error(&scene, 2, MX_REPLY_UNREACHABLE, ECONNRESET);
    scene.transport->type->flush(scene.transport, scene.now);
    answer_by_udp(&scene, 1);
    close_scene(&scene);
}

/* Packets to its TCP port go nowhere: a listener whose queue is full is silent. */
static void
test_a_connection_that_does_not_stand_in_time(void **state)
{
    (void)state;
    enum { QUEUED = 16 };
    struct scene scene;
    struct sockaddr_in to = {.sin_family = AF_INET};
    int fillers[QUEUED];
    open_datagram_scene(&scene, true);
    assert_int_equal(listen(scene.server.tcp, 0), 0);
    to.sin_port = htons(scene.server.server.port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (int i = 0; i < QUEUED; i++) {
        fillers[i] = socket(AF_INET, SOCK_STREAM, 0);
        assert_true(fillers[i] >= 0);
        assert_int_equal(fcntl(fillers[i], F_SETFL, O_NONBLOCK), 0);
        (void)connect(fillers[i], (struct sockaddr *)&to, sizeof(to));
    }
    ask(&scene, MX_UDP, 1);
    ask(&scene, MX_TCP, 2);
    expect_nothing(&scene);
    scene.now = scene.transport->type->next_wake(scene.transport);
    assert_true(scene.now <= 2 * S);
    expect_nothing(&scene);
    turn(&scene, 0);
    scene.transport->type->flush(scene.transport, scene.now);
    answer_by_udp(&scene, 1);
    assert_true(flight_of(&scene, 2)->is_open); /* it insists, and listens on */
    for (int i = 0; i < QUEUED; i++) {
        close(fillers[i]);
    }
    close_scene(&scene);
}

static void
test_a_connection_that_went_silent_is_passed_by(void **state)
{
    (void)state;
    struct scene scene;
    loopback_query query;
    open_datagram_scene(&scene, true);
    ask(&scene, MX_UDP, 1);
    int connection = loopback_accept(&scene.server);
    read_question(&scene, connection, &query);
    scene.now += S - 1;
    ask(&scene, MX_UDP, 2);
    assert_int_equal(protocol_of(&scene, 2), MX_TCP);
    scene.now += 1;
    ask(&scene, MX_UDP, 3); /* perhaps the same question once more */
    answer_by_udp(&scene, 3);
    /* Its late answers still count, and make it good. */
    answer_on(connection, &query);
    expect_reply_to(&scene, 1);
    ask(&scene, MX_UDP, 4);
    assert_int_equal(protocol_of(&scene, 4), MX_TCP);
    close(connection);
    close_scene(&scene);
}

/* The bytes of a reply outlive what the caller does about it. */
static void
test_bytes_of_a_reply_whose_connection_ended(void **state)
{
    (void)state;
    struct scene scene;
    loopback_query query;
    uint8_t bytes[512];
    open_datagram_scene(&scene, true);
    ask(&scene, MX_UDP, 1);
    int connection = loopback_accept(&scene.server);
    read_question(&scene, connection, &query);
    size_t length = loopback_reply(&query, QR, bytes);
    loopback_write_message(connection, bytes, length);
    close(connection);
    mx_reply out = reply(&scene);
    ask(&scene, MX_UDP, 2); /* finds the connection ended */
    assert_int_equal(out.length, length);
    assert_memory_equal(out.bytes, bytes, length);
    connection = loopback_accept(&scene.server);
    read_question(&scene, connection, &query);
    assert_int_equal(number_of(&query), 2);
    close(connection);
    close_scene(&scene);
}

static void
test_a_server_that_reads_slowly(void **state)
{
    (void)state;
    enum { FLOOD = 20000, CONNECTIONS = 4, SMALL = 16384 };
    struct scene scene;
    loopback_query query;
    int connections[CONNECTIONS], size = SMALL;
    static bool seen[FLOOD];
    unsigned seen_count = 0;
    open_datagram_scene(&scene, false);
    memset(seen, 0, sizeof(seen));
    assert_int_equal(
        setsockopt(scene.server.tcp, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)), 0);
    /* More than the buffers of the kernel hold: the rest waits with us. */
    for (unsigned i = 0; i < FLOOD; i++) {
        assert_int_equal(prepare(&scene, &scene.server.server, MX_TCP, i), MX_OK);
    }
    for (int i = 0; i < CONNECTIONS; i++) {
        connections[i] = loopback_accept(&scene.server);
    }
    assert_true(loopback_is_silent(&scene.server));
    while (seen_count < FLOOD) {
        turn(&scene, 0);
        for (int i = 0; i < CONNECTIONS; i++) {
            if (loopback_has_data(connections[i])) {
                loopback_read(connections[i], &query);
                assert_false(seen[number_of(&query)]);
                seen[number_of(&query)] = true;
                seen_count++;
            }
        }
    }
    for (int i = 0; i < CONNECTIONS; i++) {
        close(connections[i]);
    }
    close_scene(&scene);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_questions_go_by_tcp),
        cmocka_unit_test(test_a_flush_writes_at_once),
        cmocka_unit_test(test_four_connections_at_most),
        cmocka_unit_test(test_without_tcp_there_is_udp),
        cmocka_unit_test(test_tcp_that_comes_back_is_used_again),
        cmocka_unit_test(test_a_server_that_hangs_up_is_asked_by_udp),
        cmocka_unit_test(test_a_connection_that_does_not_stand_in_time),
        cmocka_unit_test(test_a_connection_that_went_silent_is_passed_by),
        cmocka_unit_test(test_bytes_of_a_reply_whose_connection_ended),
        cmocka_unit_test(test_a_server_that_reads_slowly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
