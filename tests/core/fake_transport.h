/* SPDX-License-Identifier: MIT */
/* fake_transport.h - a transport without a network: it notes what is sent, and a test
 * says what becomes of it.
 */
#ifndef TEST_FAKE_TRANSPORT_H
#define TEST_FAKE_TRANSPORT_H

#include "core/engine.h"
#include "core/question.h"
#include "core/transport.h"
#include "script.h"

enum { FAKE_SENDS = 20000 };

typedef struct fake_send {
    mx_flight *flight;
    mx_server server;
    mx_protocol protocol;
    mx_question question;
    bool has_edns;
    bool is_open;
} fake_send;

typedef struct fake_transport {
    mx_transport base;
    struct fake_transport *next; /* what the factory hands out after this one */
    const script_line *zone;     /* answers at once from here, unless NULL */
    size_t window;
    bool is_out;
    mx_status refusal; /* what the factory fails with, MX_OK to make one */
    size_t open_count, most_open, freed;
    size_t waits;            /* how often the engine was about to wait */
    size_t sent_before_wait; /* of send_count, by then */
    size_t flushed;          /* of send_count, by the last flush */
    struct pollfd *watched;  /* descriptors to wait for */
    size_t watched_count;
    size_t processed_count; /* descriptors of the last process(), and those ready */
    size_t ready_count;
    fake_send sends[FAKE_SENDS];
    size_t send_count;
    struct {
        size_t send;
        mx_reply_kind kind;
        const char *text;
    } replies[FAKE_SENDS];
    size_t reply_count, taken;
    uint8_t bytes[65535];
} fake_transport;

fake_transport *fake_transport_new(void);
void fake_transport_delete(fake_transport *fake);
/* For mx_engine_config; the context is the first fake_transport to hand out. */
mx_status fake_transport_factory(void *context, const mx_resolver_config *config,
                                 mx_transport **out);
/* What becomes of send number `send`: a message of script.h, or "UNREACHABLE", "LOCAL",
 * "NEAR MISSES".
 * `text` lives on. */
void fake_transport_reply(fake_transport *fake, size_t send, const char *text);
/* "a.test MX" of send number `send`, or "" when there was none. */
const char *fake_transport_question(const fake_transport *fake, size_t send);

#endif
