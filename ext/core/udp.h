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
#include "core/rng.h"
#include "core/server.h"
#include "core/status.h"

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    MX_UDP_SOCKETS = 64,
    MX_UDP_SOCKET_QUERIES = 1000, /* sent by one socket before it is retired */
    MX_UDP_SOCKET_WINDOW = 128,   /* open attempts a socket */
    MX_UDP_BUFFER = 4 << 20       /* receive buffer asked for, bytes */
};
#define MX_UDP_SOCKET_LIFE (10 * MX_USEC_PER_SEC)
#define MX_UDP_NONE UINT32_MAX /* no socket's handle */

typedef struct mx_udp mx_udp;

MX_MUST_CHECK mx_status mx_udp_new(const mx_server *server, uint64_t seed,
                                   mx_udp **out);
void mx_udp_free(mx_udp *udp); /* NULL is fine */

/* Sends one datagram on a socket picked at random among those with room. `*socket` says
 * which: a handle, valid until mx_udp_release, that keeps the socket open. Returns 0 or
 * an errno: ECONNREFUSED and the like (remote), EAGAIN when no socket has room, EMFILE,
 * ENOBUFS, ... (ours), and then there is nothing to release. A refusal was meant for
 * what was sent before on `*socket`; it is MX_UDP_NONE when no socket could be had. */
int mx_udp_send(mx_udp *udp, const uint8_t *bytes, size_t length, mx_usec now,
                uint32_t *socket);
/* The attempt on `socket` is over. */
void mx_udp_release(mx_udp *udp, uint32_t socket);

size_t mx_udp_descriptors(const mx_udp *udp, struct pollfd *descriptors,
                          size_t capacity);
/* The socket behind a descriptor that poll returned; false when it is none of ours. */
bool mx_udp_find(const mx_udp *udp, int descriptor, uint32_t *socket);
/* Receives one datagram: its length, 0 when it is empty, or -1 with `*os_error` set:
 * EAGAIN when there is none, ECONNREFUSED and the like when the server refused. */
ptrdiff_t mx_udp_receive(mx_udp *udp, uint32_t socket, uint8_t *buffer, size_t size,
                         int *os_error);
/* Closes sockets without open attempts that are older than MX_UDP_SOCKET_LIFE. Returns
 * when to call again, MX_NEVER if nothing is open. */
mx_usec mx_udp_tidy(mx_udp *udp, mx_usec now);
/* Open attempts that all sockets together may have. */
size_t mx_udp_window(const mx_udp *udp);

#endif
