/* SPDX-License-Identifier: MIT */
/* datagram.h - the fast transport: our own datagrams with our own ids in bursts of system
 * calls, and streams for what datagrams cannot carry, or for all. c-ares has no part in
 * it.
 */
#ifndef MX_DATAGRAM_H
#define MX_DATAGRAM_H

#include "core/status.h"
#include "core/transport.h"

#include <stdbool.h>
#include <stdint.h>

/* `prefers_streams`: what is sent as MX_UDP goes by TCP as well, as long as TCP can be
 * had. `seed` decides which socket sends; the kernel picks its port. */
MX_MUST_CHECK mx_status mx_datagram_new(bool prefers_streams, uint64_t seed,
                                        mx_transport **out);
/* Datagrams and TCP messages so far that answered no open flight of this transport,
 * which mx_datagram_new made: late, twice, damaged in header or question, or forged. */
uint64_t mx_datagram_strays(const mx_transport *transport);

#endif
