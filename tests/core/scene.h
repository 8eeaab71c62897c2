/* SPDX-License-Identifier: MIT */
/* scene.h - a transport over c-ares and the name server that a test plays for it. */
#ifndef TEST_SCENE_H
#define TEST_SCENE_H

#include "core/channel.h"
#include "core/question.h"
#include "loopback.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { S = 1000000, SEED = 11, LIFE = 10 * S };
enum { QR = 0x8000, TC = 0x0200, RD = 0x0100, RA = 0x0080 };

struct scene {
    mx_transport *transport;
    loopback server;
    mx_usec now;
};

static inline void
open_scene(struct scene *scene)
{
    assert_int_equal(mx_channel_library_init(), MX_OK);
    assert_int_equal(mx_channel_new(LIFE, SEED, &scene->transport), MX_OK);
    loopback_open(&scene->server, 0);
    scene->now = S;
}

static inline void
close_scene(struct scene *scene)
{
    if (scene->transport != NULL) {
        scene->transport->type->free(scene->transport);
    }
    loopback_close(&scene->server);
}

static inline size_t
write_query(unsigned number, uint8_t *out)
{
    char text[64];
    mx_question question = {.type = MX_TYPE_MX};
    mx_query_flags flags = {.edns = true};
    int length = snprintf(text, sizeof(text), "d%u.example", number);
    assert_int_equal(mx_name_from_text(text, (size_t)length, &question.name), 0);
    return mx_question_write(&question, 0, flags, out);
}

/* Asks for "d<token>.example" under this token. */
static inline mx_status
try_ask(struct scene *scene, const mx_server *server, mx_protocol protocol,
        unsigned token)
{
    uint8_t query[MX_QUERY_SIZE];
    size_t length = write_query(token, query);
    return scene->transport->type->send(scene->transport, token, server, protocol,
                                        query, length, scene->now);
}

static inline void
ask(struct scene *scene, mx_protocol protocol, unsigned token)
{
    assert_int_equal(try_ask(scene, &scene->server.server, protocol, token), MX_OK);
}

/* Waits for I/O, up to `patience` ms, and has it processed. False when there was none.
 */
static inline bool
turn(struct scene *scene, int patience)
{
    struct pollfd ready[256];
    const mx_transport_type *type = scene->transport->type;
    size_t count = type->descriptors(scene->transport, ready, 256);
    assert_true(count <= 256);
    int events = poll(ready, (nfds_t)count, patience);
    assert_true(events >= 0);
    type->process(scene->transport, ready, count, scene->now);
    return events > 0;
}

/* The next reply, waiting for it if need be. */
static inline mx_reply
reply(struct scene *scene)
{
    mx_reply out;
    while (!scene->transport->type->take(scene->transport, &out)) {
        if (!turn(scene, LOOPBACK_PATIENCE)) {
            fail_msg("no reply came");
        }
    }
    return out;
}

static inline void
expect_message(struct scene *scene, uint64_t token, const void *bytes, size_t length)
{
    mx_reply out = reply(scene);
    assert_int_equal(out.kind, MX_REPLY_MESSAGE);
    assert_int_equal(out.token, token);
    assert_int_equal(out.os_error, 0);
    assert_int_equal(out.length, length);
    assert_memory_equal(out.bytes, bytes, length);
}

static inline void
expect_error(struct scene *scene, uint64_t token, mx_reply_kind kind, int os_error)
{
    mx_reply out = reply(scene);
    assert_int_equal(out.kind, kind);
    assert_int_equal(out.os_error, os_error);
    assert_int_equal(out.token, token);
}

/* Nothing is to be had, now or after all I/O that is there. */
static inline void
expect_nothing(struct scene *scene)
{
    mx_reply out;
    while (turn(scene, 0)) {
    }
    assert_false(scene->transport->type->take(scene->transport, &out));
}

static inline uint64_t
strays(const struct scene *scene)
{
    return mx_channel_strays(scene->transport);
}

/* The number in the name that a query asks for. */
static inline unsigned
number_of(const loopback_query *query)
{
    assert_int_equal(query->bytes[13], 'd');
    return (unsigned)strtoul((const char *)query->bytes + 14, NULL, 10);
}

/* The next question on a connection of the server's, having the transport write it. */
static inline void
read_question(struct scene *scene, int connection, loopback_query *out)
{
    while (!loopback_has_data(connection)) {
        assert_true(turn(scene, LOOPBACK_PATIENCE));
    }
    loopback_read(connection, out);
}

static inline void
answer(struct scene *scene, const loopback_query *query, unsigned flags)
{
    uint8_t bytes[512];
    size_t length = loopback_reply(query, flags, bytes);
    loopback_send(&scene->server, query, bytes, length);
}

#endif
