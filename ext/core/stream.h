/* SPDX-License-Identifier: MIT */
/* stream.h - one TCP connection to a name server: DNS messages with their length before
 * them (RFC 1035 4.2.2), any number in flight, in any order (RFC 7766).
 *
 * Belongs to the engine's thread. Never blocks; connecting goes on in mx_stream_work,
 * when poll says so, and so does what a flush could not write.
 */
#ifndef MX_STREAM_H
#define MX_STREAM_H

#include "core/server.h"
#include "core/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct mx_stream mx_stream;

/* Starts to connect. MX_SYS with errno in `*os_error`. */
MX_MUST_CHECK mx_status mx_stream_new(const mx_server *server, mx_stream **out,
                                      int *os_error);
void mx_stream_free(mx_stream *stream); /* NULL is fine */

int mx_stream_descriptor(const mx_stream *stream);
/* POLLIN, and POLLOUT while there is something to write. */
short mx_stream_events(const mx_stream *stream);

/* Whether the other side has yet to accept. */
bool mx_stream_is_connecting(const mx_stream *stream);
/* Whether it is over, with nothing left to read. */
bool mx_stream_has_ended(const mx_stream *stream);

/* Takes a message of 1 to 65,535 bytes to be written with the next flush, all of them
 * together; MX_NOMEM is the only failure. */
MX_MUST_CHECK mx_status mx_stream_send(mx_stream *stream, const uint8_t *message,
                                       size_t length);
/* Writes what can be written without waiting. Trouble shows in mx_stream_work. */
void mx_stream_flush(mx_stream *stream);
/* Writes and reads what can be without waiting, within limits that are fair to others.
 * Returns 0, or why the connection is over: ECONNRESET too when the server closed it in
 * order, ENOMEM when there is no room for its bytes. Whole messages that came before
 * that can still be taken. */
int mx_stream_work(mx_stream *stream);
/* The next whole message, valid until the next mx_stream_work; empty ones are skipped
 * (fault W37). False when there is none. */
bool mx_stream_next(mx_stream *stream, const uint8_t **message, size_t *length);

#endif
