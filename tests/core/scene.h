/* SPDX-License-Identifier: MIT */
/* scene.h - a transport and the name server that a test plays for it. */
#ifndef TEST_SCENE_H
#define TEST_SCENE_H

#include "core/channel.h"
#include "core/datagram.h"
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
enum { FLIGHTS = 40000, SCENE_QUERY = 64 /* bytes of the longest */ };
enum { QR = 0x8000, TC = 0x0200, RD = 0x0100, RA = 0x0080 };

/* The question for "d<number>.example". */
struct scene_flight {
    mx_flight flight;
    uint8_t query[SCENE_QUERY];
};

struct scene {
    mx_transport *transport;
    loopback server;
    mx_usec now;
    struct scene_flight *flights;
    uint64_t (*strays)(const mx_transport *);
};

static inline void
open_scene_with(struct scene *scene, mx_transport *transport)
{
    scene->transport = transport;
    loopback_open(&scene->server, 0);
    scene->now = S;
    scene->flights = calloc(FLIGHTS, sizeof(*scene->flights));
    assert_non_null(scene->flights);
}

/* The transport of c-ares. */
static inline void
open_scene(struct scene *scene)
{
    mx_transport *transport;
    assert_int_equal(mx_channel_library_init(), MX_OK);
    assert_int_equal(mx_channel_new(LIFE, SEED, &transport), MX_OK);
    open_scene_with(scene, transport);
    scene->strays = mx_channel_strays;
}

/* The transport of datagrams, or of streams as long as these can be had. */
static inline void
open_datagram_scene(struct scene *scene, bool prefers_streams)
{
    mx_transport *transport;
    assert_int_equal(mx_datagram_new(prefers_streams, SEED, &transport), MX_OK);
    open_scene_with(scene, transport);
    scene->strays = mx_datagram_strays;
}

static inline void
close_scene(struct scene *scene)
{
    if (scene->transport != NULL) {
        scene->transport->type->free(scene->transport);
    }
    loopback_close(&scene->server);
    free(scene->flights);
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

static inline mx_flight *
flight_of(struct scene *scene, unsigned number)
{
    assert_true(number < FLIGHTS);
    return &scene->flights[number].flight;
}

/* The number of the flight that a reply is for, which is no longer open. */
static inline unsigned
number_in(const struct scene *scene, const mx_reply *out)
{
    assert_false(out->flight->is_open);
    return (unsigned)((struct scene_flight *)(void *)out->flight - scene->flights);
}

/* Opens flight `number`. */
static inline mx_status
prepare(struct scene *scene, const mx_server *server, mx_protocol protocol,
        unsigned number)
{
    mx_flight *flight = flight_of(scene, number);
    assert_false(flight->is_open);
    flight->query = scene->flights[number].query;
    flight->length = (uint16_t)write_query(number, flight->query);
    mx_status status = scene->transport->type->send(scene->transport, flight, server,
                                                    protocol, scene->now);
    assert_int_equal(flight->is_open, status == MX_OK);
    return status;
}

/* Opens flight `number` and sends it. */
static inline mx_status
try_ask(struct scene *scene, const mx_server *server, mx_protocol protocol,
        unsigned number)
{
    mx_status status = prepare(scene, server, protocol, number);
    scene->transport->type->flush(scene->transport, scene->now);
    return status;
}

static inline void
cancel(struct scene *scene, unsigned number)
{
    scene->transport->type->cancel(scene->transport, flight_of(scene, number));
    assert_false(flight_of(scene, number)->is_open);
}

static inline void
ask(struct scene *scene, mx_protocol protocol, unsigned number)
{
    assert_int_equal(try_ask(scene, &scene->server.server, protocol, number), MX_OK);
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
expect_message(struct scene *scene, unsigned number, const void *bytes, size_t length)
{
    mx_reply out = reply(scene);
    assert_int_equal(out.kind, MX_REPLY_MESSAGE);
    assert_int_equal(number_in(scene, &out), number);
    assert_int_equal(out.os_error, 0);
    assert_int_equal(out.length, length);
    assert_memory_equal(out.bytes, bytes, length);
}

static inline void
expect_error(struct scene *scene, unsigned number, mx_reply_kind kind, int os_error)
{
    mx_reply out = reply(scene);
    assert_int_equal(out.kind, kind);
    assert_int_equal(out.os_error, os_error);
    assert_int_equal(number_in(scene, &out), number);
}

static inline void
expect_reply_to(struct scene *scene, unsigned number)
{
    mx_reply out = reply(scene);
    assert_int_equal(out.kind, MX_REPLY_MESSAGE);
    assert_int_equal(number_in(scene, &out), number);
}

/* Nothing is to be had, now or after all I/O that is there. */
static inline void
expect_nothing(struct scene *scene)
{
    mx_reply out;
    do {
        assert_false(scene->transport->type->take(scene->transport, &out));
    } while (turn(scene, 0));
}

static inline uint64_t
strays(const struct scene *scene)
{
    return scene->strays(scene->transport);
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

/* An MX whose exchange is a pointer into the header (fault W23). */
static inline size_t
damaged_reply(const loopback_query *query, uint8_t *out)
{
    static const uint8_t mx[] = {0xc0, 12, 0, 15, 0, 1,  0,    0,
                                 1,    0,  0, 4,  0, 10, 0xc0, 4};
    size_t length = loopback_reply(query, QR | RD | RA, out);
    out[7] = 1;
    memcpy(out + length, mx, sizeof(mx));
    return length + sizeof(mx);
}

#endif
