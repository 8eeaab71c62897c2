/* SPDX-License-Identifier: MIT */
/* channel_lane.h - one channel of c-ares: queries to one name server by one protocol.
 *
 * c-ares draws the ids, says when a socket is opened, written, read and closed, finds
 * the query that a reply is for, and calls back. Between it and the system stands a
 * guard (channel_guard.c) that owns the sockets. Left to itself c-ares loses queries
 * that could still be answered: one damaged reply or one refusal ends all that are in
 * flight (faults c-ares 3, c-ares 4).
 *
 * Belongs to the engine's thread. c-ares's callbacks only note what happened; no query
 * is started, repeated or cancelled from within c-ares (fault c-ares 8).
 */
#ifndef MX_CHANNEL_LANE_H
#define MX_CHANNEL_LANE_H

#include "core/clock.h"
#include "core/list.h"
#include "core/rng.h"
#include "core/server.h"
#include "core/status.h"
#include "core/table.h"
#include "core/transport.h"

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    /* Queries that c-ares has at a time. With few of the 65,536 ids left 1.34 looks for
     * one for ever (faults c-ares 6, S13). */
    MX_LANE_IDS = 4000,
    MX_LANE_SENT = 1000, /* by one port before the lane should rest */
    MX_LANE_MESSAGE = 65535
};

typedef struct mx_lane mx_lane;

/* A query from when it is given to c-ares until its reply has been taken and c-ares has
 * called back. The caller's part is the reply; the rest is the lane's. */
typedef struct mx_lane_query {
    mx_list link; /* of its socket, then of what c-ares is to be told, then a reply */
    mx_flight *flight; /* NULL once nobody waits for it */
    mx_reply_kind kind;
    int os_error;
    uint8_t *bytes; /* its own */
    size_t length;

    mx_lane *lane;
    mx_list entered; /* of its lane while c-ares has it */
    mx_table_link by_id;
    const void *socket;
    mx_usec sent;
    bool is_entered;  /* c-ares has it */
    bool is_written;  /* and wrote it to `socket` */
    bool is_findable; /* in the lane's table: a reply may come */
    bool is_over;     /* what came of it is known */
    bool is_ended;    /* and is, or was, among the replies */
    size_t slip_length;
    uint8_t slip[];
} mx_lane_query;

/* What the lanes of one transport share. */
typedef struct mx_lanes {
    mx_usec now;        /* as last told */
    mx_usec query_life; /* c-ares forgets a query shortly after */
    mx_list replies;    /* queries that ended, in order */
    uint64_t strays;
    mx_pool ids;
    uint8_t buffer[MX_LANE_MESSAGE];
} mx_lanes;

/* MX_SYS with errno in `*os_error`. */
MX_MUST_CHECK mx_status mx_lane_new(mx_lanes *shared, const mx_server *server,
                                    mx_protocol protocol, mx_lane **out, int *os_error);
/* Queries that have not ended are gone without a reply. NULL is fine. */
void mx_lane_free(mx_lane *lane);

/* Sends; what comes of it, at once too, is among the replies. MX_NOMEM is the only
 * failure. The lane must have room. */
MX_MUST_CHECK mx_status mx_lane_send(mx_lane *lane, mx_flight *flight);
/* Nobody waits for it any more. It may have ended and be among the replies. */
void mx_lane_drop(mx_lane_query *query);
/* Its reply was taken, with its bytes. */
void mx_lane_query_taken(mx_lane_query *query);

/* Queries that may be sent now. */
size_t mx_lane_room(const mx_lane *lane);
/* Queries that may be open at a time, once its real buffer is known. */
size_t mx_lane_window(const mx_lane *lane);
/* Its port has sent enough: another lane should be used until this one is idle and gets
 * a new one. */
bool mx_lane_is_worn(const mx_lane *lane);
bool mx_lane_is_idle(const mx_lane *lane); /* no query is open */
/* Idle, and c-ares has not called back for all that it was given: to be freed. */
bool mx_lane_is_broken(const mx_lane *lane);
mx_usec mx_lane_used(const mx_lane *lane); /* when last a query began or ended */

size_t mx_lane_descriptors(const mx_lane *lane, struct pollfd *descriptors,
                           size_t capacity);
/* Reads and writes on this descriptor; false when it is none of the lane's. */
bool mx_lane_process(mx_lane *lane, int descriptor);
/* Lets c-ares look at its clock. */
void mx_lane_tick(mx_lane *lane);

#endif
