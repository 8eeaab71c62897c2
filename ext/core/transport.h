/* SPDX-License-Identifier: MIT */
/* transport.h - the interface of whatever carries queries: send this query to that
 * server, later tell me the bytes of a reply or that there will be none.
 *
 * All calls come from the engine's thread. Nothing calls back: what happened is kept in
 * the transport until taken. Retries, deadlines and choice of server are the caller's;
 * a transport never gives up on its own while a reply may still come.
 */
#ifndef MX_TRANSPORT_H
#define MX_TRANSPORT_H

#include "core/clock.h"
#include "core/list.h"
#include "core/protocol.h"
#include "core/server.h"
#include "core/status.h"

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum mx_reply_kind {
    MX_REPLY_MESSAGE,     /* `bytes` matches the query (mx_reply_matches), unread */
    MX_REPLY_NEAR_MISSES, /* somebody guesses ids (fault S16): better ask over TCP */
    MX_REPLY_UNREACHABLE, /* the server refused, reset or cannot be reached */
    MX_REPLY_LOCAL        /* this machine's fault: descriptors, memory, no route */
} mx_reply_kind;

/* One query on its way. Its storage is the caller's, zeroed before its first use; it
 * stays where it is, as `query` does, while the flight is open. */
typedef struct mx_flight {
    /* The caller's: a message by mx_question_write, in storage that no other open flight
     * has. The transport writes the id into it. */
    uint8_t *query;
    uint16_t length;
    bool is_open; /* from send until its reply is taken or it is cancelled */
    /* By what it goes, or has gone: the one asked for, or TCP where the transport prefers
     * that to UDP. To be set to the former before send. */
    uint8_t protocol;
    /* The transport's, which gives each the meaning it needs. */
    uint8_t wanted;
    uint8_t state, count;
    uint16_t id;
    uint32_t socket;
    int os_error;
    void *endpoint;
    mx_list link;
} mx_flight;

typedef struct mx_reply {
    mx_flight *flight; /* no longer open */
    mx_reply_kind kind;
    int os_error;         /* errno of UNREACHABLE and LOCAL, 0 if unknown */
    const uint8_t *bytes; /* of MESSAGE: valid until the next take or process */
    size_t length;
} mx_reply;

typedef struct mx_transport mx_transport;

typedef struct mx_transport_type {
    /* Opens a flight to `server`. Its query leaves with the next flush at the latest, so
     * that one system call may carry many. Only MX_NOMEM fails the call, and then the
     * flight is not open; everything else becomes a reply. */
    mx_status (*send)(mx_transport *transport, mx_flight *flight,
                      const mx_server *server, mx_protocol protocol, mx_usec now);
    /* Puts on the wire what waits. To be called before the caller waits. */
    void (*flush)(mx_transport *transport, mx_usec now);
    /* Closes a flight; no reply to it will be given any more. One that is not open is
     * fine. */
    void (*cancel)(mx_transport *transport, mx_flight *flight);
    /* Writes up to `capacity` descriptors and events to wait for; returns how many
     * there are, so that the caller can come back with more room. */
    size_t (*descriptors)(const mx_transport *transport, struct pollfd *descriptors,
                          size_t capacity);
    /* When process() wants to be called at the latest, MX_NEVER if only for I/O. */
    mx_usec (*next_wake)(const mx_transport *transport);
    /* Does the work that `descriptors` (as filled by poll) and `now` ask for. */
    void (*process)(mx_transport *transport, const struct pollfd *descriptors,
                    size_t count, mx_usec now);
    /* The next thing that happened; false when there is no more. May read what process()
     * found to be there. */
    bool (*take)(mx_transport *transport, mx_reply *out);
    /* How many flights may be open at a time without risking loss in our own buffers. */
    size_t (*window)(const mx_transport *transport);
    /* Closes all and frees; nothing is reported any more. */
    void (*free)(mx_transport *transport);
} mx_transport_type;

struct mx_transport {
    const mx_transport_type *type;
};

#endif
