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
#include "core/protocol.h"
#include "core/server.h"
#include "core/status.h"

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum mx_reply_kind {
    MX_REPLY_MESSAGE,     /* `bytes` matches the query (mx_reply_matches), unread */
    MX_REPLY_UNREACHABLE, /* the server refused, reset or cannot be reached */
    MX_REPLY_LOCAL        /* this machine's fault: descriptors, memory, no route */
} mx_reply_kind;

typedef struct mx_reply {
    uint64_t token;
    mx_reply_kind kind;
    int os_error;         /* errno of UNREACHABLE and LOCAL, 0 if unknown */
    const uint8_t *bytes; /* of MESSAGE: valid until the next call of the transport */
    size_t length;
} mx_reply;

typedef struct mx_transport mx_transport;

typedef struct mx_transport_type {
    /* Sends `query` (a message by mx_question_write; the transport sets its id) to
     * `server`. `token` is the caller's, unique among its open attempts, never 0. The
     * attempt stays open until a reply with its token is taken or it is cancelled. Only
     * MX_NOMEM fails the call; everything else becomes a reply. */
    mx_status (*send)(mx_transport *transport, uint64_t token, const mx_server *server,
                      mx_protocol protocol, const uint8_t *query, size_t length,
                      mx_usec now);
    /* Closes an attempt; no reply with this token will be given any more. A token that
     * is not open is fine. */
    void (*cancel)(mx_transport *transport, uint64_t token);
    /* Writes up to `capacity` descriptors and events to wait for; returns how many
     * there are, so that the caller can come back with more room. */
    size_t (*descriptors)(const mx_transport *transport, struct pollfd *descriptors,
                          size_t capacity);
    /* When process() wants to be called at the latest, MX_NEVER if only for I/O. */
    mx_usec (*next_wake)(const mx_transport *transport);
    /* Does the work that `descriptors` (as filled by poll) and `now` ask for. */
    void (*process)(mx_transport *transport, const struct pollfd *descriptors,
                    size_t count, mx_usec now);
    /* The next thing that happened; false when there is no more. */
    bool (*take)(mx_transport *transport, mx_reply *out);
    /* How many attempts may be open at a time without risking loss in our own buffers.
     */
    size_t (*window)(const mx_transport *transport);
    /* Closes all and frees; nothing is reported any more. */
    void (*free)(mx_transport *transport);
} mx_transport_type;

struct mx_transport {
    const mx_transport_type *type;
};

#endif
