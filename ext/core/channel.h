/* SPDX-License-Identifier: MIT */
/* channel.h - c-ares: the system's name servers, and a transport that does everything
 * through it.
 *
 * The files named channel are the only ones that know c-ares; every version gate is in
 * them. channel.c has what is of the process and of the system, channel_transport.c the
 * transport, channel_lane.c and channel_guard.c what that is made of.
 */
#ifndef MX_CHANNEL_H
#define MX_CHANNEL_H

#include "core/clock.h"
#include "core/server.h"
#include "core/status.h"
#include "core/transport.h"

#include <stddef.h>
#include <stdint.h>

/* Makes c-ares ready for the process; call once before anything else here, on any
 * thread, and never undo it: c-ares has no safe way while others may use it. */
MX_MUST_CHECK mx_status mx_channel_library_init(void);
/* "1.18.1": the c-ares in use at run time, and the one compiled against. */
const char *mx_channel_library_version(void);
const char *mx_channel_header_version(void);

/* Ids, the life of sockets, whom a reply is for: all that is c-ares's, in every version
 * the same. `flight_life`: no flight stays open longer than this, so c-ares may forget
 * it shortly after. `seed` decides which socket sends; the kernel picks its port. */
MX_MUST_CHECK mx_status mx_channel_new(mx_usec flight_life, uint64_t seed,
                                       mx_transport **out);
/* Datagrams and TCP messages so far that answered no open flight of this transport,
 * which mx_channel_new made: late, twice, damaged in header or question, or forged. */
uint64_t mx_channel_strays(const mx_transport *transport);

/* The name servers the system is configured with, at most MX_MAX_SERVERS, in order.
 * Only those are taken from its configuration: no search list, no options, no hosts
 * file. MX_SYS when there is none or it cannot be read. */
MX_MUST_CHECK mx_status mx_channel_system_servers(mx_server *out, size_t *count);
/* The same from another file, in the form of resolv.conf(5). */
MX_MUST_CHECK mx_status mx_channel_file_servers(const char *path, mx_server *out,
                                                size_t *count);

#endif
