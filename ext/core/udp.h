/* SPDX-License-Identifier: MIT */
/* udp.h - UDP sockets to one name server, many of them in rotation.
 *
 * Many source ports make forged replies a lottery (RFC 5452) and keep what is in flight
 * on one socket below what its receive buffer holds (faults c-ares 7, c-ares 11, S13,
 * S14). Every socket is connected, so the kernel drops packets of others and tells us
 * of refusals. Belongs to the engine's thread.
 */
#ifndef MX_UDP_H
#define MX_UDP_H

#include "core/clock.h"
#include "core/flights.h"
#include "core/list.h"
#include "core/rng.h"
#include "core/server.h"
#include "core/status.h"

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    MX_UDP_SOCKETS = 64,
    MX_UDP_PLACES = 2 * MX_UDP_SOCKETS, /* with those retired that await replies */
    MX_UDP_SOCKET_QUERIES = 1000,       /* sent by one socket before it is retired */
    MX_UDP_SOCKET_WINDOW = 128,         /* open flights a socket */
    MX_UDP_BUFFER = 4 << 20             /* receive buffer asked for, bytes */
};
#define MX_UDP_SOCKET_LIFE (10 * MX_USEC_PER_SEC)

typedef struct mx_udp_socket {
    int descriptor;
    uint32_t place;     /* which of its mx_udp */
    mx_flights flights; /* open; has room for MX_UDP_SOCKET_WINDOW */
    unsigned sent;      /* datagrams */
    bool is_retired;
    bool may_group; /* mx_burst_send's */
    mx_usec opened;
    /* Its user's, to remember that there is something to read. */
    void *user;
    mx_list ready;
    bool has_more;
    unsigned reads;
} mx_udp_socket;

typedef struct mx_udp mx_udp;

/* `user` is what its sockets say theirs is. */
MX_MUST_CHECK mx_status mx_udp_new(const mx_server *server, uint64_t seed, void *user,
                                   mx_udp **out);
void mx_udp_free(mx_udp *udp); /* NULL is fine */

/* A socket with room for some of `wanted` flights and how many it takes, at random among
 * those in rotation. Returns 0 or an errno: EAGAIN when none has room, EMFILE, ENOMEM,
 * ... (ours), ENETUNREACH and the like (remote). */
int mx_udp_pick(mx_udp *udp, size_t wanted, mx_usec now, mx_udp_socket **out,
                size_t *room);
mx_udp_socket *mx_udp_at(const mx_udp *udp, uint32_t place);
/* To be called when the last flight of a socket is over: closes one that has retired, so
 * that it is no longer there. */
void mx_udp_release(mx_udp *udp, mx_udp_socket *socket);

size_t mx_udp_descriptors(const mx_udp *udp, struct pollfd *descriptors,
                          size_t capacity);
/* The socket behind a descriptor that poll returned, NULL when it is none of ours.
 * Looked for from place `*from` on, which moves behind it: in the order of
 * mx_udp_descriptors all are found in one round. */
mx_udp_socket *mx_udp_find(const mx_udp *udp, int descriptor, uint32_t *from);
/* Closes sockets without open flights that are older than MX_UDP_SOCKET_LIFE. Returns
 * when to call again, MX_NEVER if nothing is open. */
mx_usec mx_udp_tidy(mx_udp *udp, mx_usec now);
/* Open flights that all sockets together may have. */
size_t mx_udp_window(const mx_udp *udp);

#endif
