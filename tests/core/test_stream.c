/* SPDX-License-Identifier: MIT */
#include "core/mem.h"
#include "core/stream.h"
#include "loopback.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* What test_transport_tcp.c cannot see from outside; how messages are framed is there. */

static mx_stream *
connect_to(loopback *server, int *connection)
{
    mx_stream *stream;
    int os_error;
    loopback_open(server, 0);
    assert_int_equal(mx_stream_new(&server->server, &stream, &os_error), MX_OK);
    *connection = loopback_accept(server);
    return stream;
}

static void
close_all(mx_stream *stream, int connection, loopback *server)
{
    mx_stream_free(stream);
    close(connection);
    loopback_close(server);
}

/* Works until a message comes. */
static void
await_message(mx_stream *stream, const uint8_t **message, size_t *length)
{
    while (!mx_stream_next(stream, message, length)) {
        struct pollfd ready = {.fd = mx_stream_descriptor(stream),
                               .events = mx_stream_events(stream)};
        assert_int_equal(poll(&ready, 1, LOOPBACK_PATIENCE), 1);
        assert_int_equal(mx_stream_work(stream), 0);
    }
}

static void
test_it_waits_to_write_only_while_it_must(void **state)
{
    (void)state;
    loopback server;
    loopback_query query;
    int connection;
    mx_stream *stream = connect_to(&server, &connection);
    assert_int_equal(mx_stream_events(stream), POLLIN | POLLOUT); /* connecting */
    assert_int_equal(mx_stream_work(stream), 0);
    assert_int_equal(mx_stream_events(stream), POLLIN);
    assert_int_equal(mx_stream_send(stream, (const uint8_t *)"hello", 5), MX_OK);
    assert_int_equal(mx_stream_events(stream), POLLIN | POLLOUT);
    assert_int_equal(mx_stream_work(stream), 0);
    assert_int_equal(mx_stream_events(stream), POLLIN);
    loopback_read(connection, &query);
    assert_int_equal(query.length, 5);
    assert_memory_equal(query.bytes, "hello", 5);
    close_all(stream, connection, &server);
}

static void
test_messages_before_the_end_are_kept(void **state)
{
    (void)state;
    loopback server;
    const uint8_t *message;
    size_t length;
    int connection;
    mx_stream *stream = connect_to(&server, &connection);
    loopback_write_message(connection, "", 0);
    loopback_write_message(connection, "one", 3);
    loopback_write_message(connection, "", 0);
    loopback_write_message(connection, "two", 3);
    loopback_write(connection, "\0\3th", 4);
    shutdown(connection, SHUT_WR);
    int os_error;
    do {
        struct pollfd ready = {.fd = mx_stream_descriptor(stream), .events = POLLIN};
        assert_int_equal(poll(&ready, 1, LOOPBACK_PATIENCE), 1);
        os_error = mx_stream_work(stream);
    } while (os_error == 0);
    assert_int_equal(os_error, ECONNRESET);
    assert_true(mx_stream_next(stream, &message, &length));
    assert_memory_equal(message, "one", 3);
    assert_true(mx_stream_next(stream, &message, &length));
    assert_memory_equal(message, "two", 3);
    assert_false(mx_stream_next(stream, &message, &length));
    close_all(stream, connection, &server);
}

static void
test_short_memory_ends_it_with_enomem(void **state)
{
    (void)state;
    loopback server;
    int connection, os_error = 0;
    mx_stream *none = NULL;
    mx_stream *stream = connect_to(&server, &connection);
    mx_mem_fail(1, 1);
    assert_int_equal(mx_stream_send(stream, (const uint8_t *)"hello", 5), MX_NOMEM);
    assert_int_equal(mx_stream_work(stream), ENOMEM);
    assert_int_equal(mx_stream_new(&server.server, &none, &os_error), MX_NOMEM);
    mx_mem_fail(0, 0);
    assert_null(none);
    mx_stream_free(NULL);
    close_all(stream, connection, &server);
}

static void
test_long_messages_in_a_row(void **state)
{
    (void)state;
    enum { PIECE = 60000, PIECES = 40 };
    static uint8_t bytes[PIECE];
    loopback server;
    const uint8_t *message;
    size_t length;
    int connection;
    mx_stream *stream = connect_to(&server, &connection);
    for (unsigned i = 0; i < PIECES; i++) {
        memset(bytes, (int)i, sizeof(bytes));
        loopback_write_message(connection, bytes, sizeof(bytes));
        if (i % 4 == 3) {
            for (unsigned j = i - 3; j <= i; j++) {
                memset(bytes, (int)j, sizeof(bytes));
                await_message(stream, &message, &length);
                assert_int_equal(length, sizeof(bytes));
                assert_memory_equal(message, bytes, sizeof(bytes));
            }
        }
    }
    close_all(stream, connection, &server);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_waits_to_write_only_while_it_must),
        cmocka_unit_test(test_messages_before_the_end_are_kept),
        cmocka_unit_test(test_short_memory_ends_it_with_enomem),
        cmocka_unit_test(test_long_messages_in_a_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
