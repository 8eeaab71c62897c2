/* SPDX-License-Identifier: MIT */
/* channel_lane_state.h - the body of a lane, shared by its four files and by nobody else:
 *
 *   channel_lane.c  turns
 *   channel_query.c what comes of queries
 *   channel_ares.c  c-ares: what it is given, what it says and calls
 *   channel_guard.c the sockets under it
 *
 * The guard sends our own message where c-ares writes its slip of it, under the id that
 * c-ares drew. What arrives it drops unless it is a reply to an open query, keeps the
 * bytes, and has c-ares read a slip of the reply. A refusal or trouble of this machine
 * becomes known to the queries it concerns, never to c-ares, which reads a slip for each
 * of them too; so does it for what is cancelled, and thus forgets nothing too late.
 */
#ifndef MX_CHANNEL_LANE_STATE_H
#define MX_CHANNEL_LANE_STATE_H

#include "core/channel_lane.h"
#include "core/channel_slip.h"
#include "core/stream.h"

enum {
    MX_LANE_LENGTH_BYTES = 2, /* before each message of a TCP stream */
    MX_LANE_ID_SIZE = 2,
    MX_GUARD_START = MX_LANE_LENGTH_BYTES + MX_LANE_ID_SIZE
};

/* What c-ares knows by its descriptor. */
typedef struct mx_lane_socket {
    mx_list link;      /* of the lane */
    int descriptor;    /* UDP's own, or the stream's */
    mx_stream *stream; /* NULL for UDP */
    bool is_framed; /* c-ares writes and reads a stream (RES_OPTIONS may want it so) */
    bool has_answered;
    bool may_receive; /* there may be something to read */
    int loss;         /* errno once the connection is over, else 0 */
    unsigned budget;  /* datagrams to receive in this turn */
    unsigned sent;
    mx_list open; /* queries sent on it */
} mx_lane_socket;

struct mx_lane {
    mx_lanes *shared;
    mx_server server;
    mx_protocol protocol;
    struct ares_channeldata *channel;
    struct ares_dns_record *slip; /* of the query that is sent, from 1.28 on */
    bool is_inside;               /* a call into c-ares is going on */
    bool is_repeating;            /* what c-ares gives up is sent again */
    bool is_suspect;              /* somebody waited in vain for anything to come */
    size_t count;                 /* queries that c-ares has */
    size_t lost; /* of these that ended all the same: it should have called back */
    unsigned window;
    unsigned socket_count;
    mx_usec used, heard;
    int os_error;           /* why the last socket was lost, or not had */
    mx_lane_query *writing; /* what c-ares is about to write */
    mx_table by_id;
    mx_list sockets;
    mx_list entered;
    mx_list over;     /* ended, which c-ares is to be told */
    mx_list told;     /* and was, but has not called back yet */
    mx_list stranded; /* their socket is closed, and c-ares has not called back yet */
    mx_list again;    /* given up by c-ares, to be sent anew */
    /* The slip that c-ares reads, with its length before it where it is framed. */
    uint8_t slip_bytes[MX_LANE_LENGTH_BYTES + MX_SLIP_SIZE];
    size_t slip_start, slip_end;
    uint64_t reads; /* calls so far: whether c-ares reads at all */
};

/* -- channel_query.c -- */

uint64_t mx_lane_hash_of_id(const uint8_t *message);
/* What came of a query: c-ares is to be told, then it is among the replies. */
void mx_lane_judge(mx_lane_query *query, mx_reply_kind kind, int os_error);
/* It is told, or never will be. */
void mx_lane_query_end(mx_lane_query *query);
/* c-ares has no more to do with it, for this errno if nothing came of it; -1 when the
 * lane goes. Nothing but bookkeeping happens here (fault c-ares 8). */
void mx_lane_query_left(mx_lane_query *query, int os_error);

/* -- channel_ares.c: none of these is called from within c-ares -- */

MX_MUST_CHECK mx_status mx_lane_init_channel(mx_lane *lane);
void mx_lane_destroy_channel(mx_lane *lane);
/* Has c-ares write the slip of lane->writing. */
void mx_lane_submit(mx_lane *lane);
/* Has c-ares read from this descriptor, write to it, or look at its clock alone. */
void mx_lane_read(mx_lane *lane, int descriptor);
void mx_lane_write(mx_lane *lane, int descriptor);
void mx_lane_look_at_clock(mx_lane *lane);

/* -- channel_guard.c: what c-ares wants done with sockets, by their descriptors. -1 with
 * errno for a failure -- */

/* One that is connected, or will be. */
int mx_guard_open(mx_lane *lane, bool is_framed);
void mx_guard_close(mx_lane *lane, int descriptor);
/* All is taken at once. `bytes` are the first of them, MX_GUARD_START or more if there
 * are as many. */
int mx_guard_write(mx_lane *lane, int descriptor, const uint8_t *bytes, size_t length);
/* The slip of a reply. */
ptrdiff_t mx_guard_read(mx_lane *lane, int descriptor, void *bytes, size_t size);
/* The socket that `descriptor` is, NULL when it is none of the lane's. */
mx_lane_socket *mx_guard_find(const mx_lane *lane, int descriptor);
/* One on which there is something for c-ares to read: NULL when there is nothing. */
mx_lane_socket *mx_guard_pending(const mx_lane *lane);

#endif
