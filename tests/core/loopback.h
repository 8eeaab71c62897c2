/* SPDX-License-Identifier: MIT */
/* loopback.h - a name server on 127.0.0.1 that the test itself plays, in its own
 * thread: UDP and TCP on one port. What is awaited and does not come fails the test
 * after LOOPBACK_PATIENCE, which a passing test never waits out.
 */
#ifndef TEST_LOOPBACK_H
#define TEST_LOOPBACK_H

#include "core/server.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LOOPBACK_PATIENCE = 5000 /* ms */, LOOPBACK_MESSAGE = 65535 };

typedef struct loopback {
    mx_server server;
    int udp, tcp; /* tcp is the listening socket */
} loopback;

typedef struct loopback_query {
    struct sockaddr_in from; /* of UDP */
    size_t length;
    uint8_t bytes[512];
} loopback_query;

/* Port 0 for any that is free for both protocols. */
void loopback_open(loopback *server, uint16_t port);
/* A second close is harmless. */
void loopback_close(loopback *server);
/* A port that refuses: it was free just now. */
mx_server loopback_closed(void);

void loopback_receive(loopback *server, loopback_query *out);
/* Nothing came over UDP, and nobody connected. */
bool loopback_is_silent(const loopback *server);
void loopback_send(loopback *server, const loopback_query *to, const void *bytes,
                   size_t length);

int loopback_accept(loopback *server);
bool loopback_has_data(int connection);
/* One whole message from a connection. */
void loopback_read(int connection, loopback_query *out);
void loopback_write(int connection, const void *bytes, size_t length);
/* With its length before it. */
void loopback_write_message(int connection, const void *bytes, size_t length);
/* Closes with a reset instead of in order. */
void loopback_reset(int connection);

/* A reply without records: header and question of the query with these flags (QR and
 * rcode among them). Returns its length; `out` has room for a query. */
size_t loopback_reply(const loopback_query *query, unsigned flags, uint8_t *out);

#endif
