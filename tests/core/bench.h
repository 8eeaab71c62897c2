/* SPDX-License-Identifier: MIT */
/* bench.h - an engine without a network and without a thread: fake transport, fake
 * clock, one resolver. A test submits, says what becomes of each message, moves time,
 * and reads the routes as text (script.h).
 */
#ifndef TEST_BENCH_H
#define TEST_BENCH_H

#include "core/engine.h"
#include "core/resolver.h"
#include "fake_transport.h"
#include "script.h"

#include <stdint.h>

#define SEC MX_USEC_PER_SEC
#define MSEC MX_USEC_PER_MSEC

typedef struct bench {
    fake_transport *fake;
    mx_engine *engine;
    mx_resolver *resolver;
    mx_completions *completions;
    mx_usec now;
    char text[SCRIPT_TEXT]; /* of the route that was taken last */
} bench;

extern bench world;

/* Name servers are 192.0.2.53, told apart by their ports: 1, 2, ... */
void open_world(void (*change)(mx_resolver_config *config), unsigned servers);
/* Another resolver of the same engine, in the place of the first, which is the caller's
 * now. */
void open_second_resolver(void);
void close_world(void);

mx_status submit(const char *destination, uint64_t token, mx_request **request);
/* The same as part of a bulk run. */
mx_status submit_bulk(const char *destination, uint64_t token, mx_request **request);
/* The same with levels and, unless NULL, a seed. */
mx_status submit_levels(const char *destination, uint32_t levels, const uint64_t *seed);
/* Submits and turns once. */
void ask(const char *destination);
void turn(void);
/* Moves the clock, then turns. */
void pass(mx_usec time);
/* What becomes of send number `send` (fake_transport_reply), then a turn. */
void answer(size_t send, const char *text);
/* The next route, NULL when there is none yet; the caller unrefs it. */
mx_route *take(uint64_t *token);
/* The next route as text, "" when there is none yet. */
const char *taken(uint64_t *token);
/* What a submitter does with a lookup that wants ranks: hosts with a c go first. */
mx_status rank_and_resume(mx_request *request);
mx_resolver_stats stats_of_world(void);

#define assert_asked(send, question)                                                   \
    assert_string_equal(fake_transport_question(world.fake, (send)), (question))
#define assert_sent(count) assert_int_equal(world.fake->send_count, (count))
#define assert_port(send, number)                                                      \
    assert_int_equal(world.fake->sends[(send)].server.port, (number))
#define assert_protocol(send, name)                                                    \
    assert_int_equal(world.fake->sends[(send)].protocol, (name))

#endif
