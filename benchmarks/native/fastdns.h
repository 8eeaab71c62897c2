/* SPDX-License-Identifier: MIT */
/* fastdns.h - what the two transports of fastdns share. */
#ifndef FASTDNS_H
#define FASTDNS_H

#include <stddef.h>
#include <stdint.h>

enum { MAX_MESSAGE = 1232 };

/* Kept in a file that others map, native byte order; server.py knows the first four. */
typedef struct {
    uint64_t queries, answered, dropped, malformed;
    uint64_t unsent, receive_calls, connections, reserved;
} fastdns_counters;

extern fastdns_counters *counters;

/* Maps a file of wire.py and indexes it; ends the program when it is none. */
void fastdns_load(const char *path);

/* The answer to the query, written at `answer` (MAX_MESSAGE octets); its length, 0 for
   none. A datagram is truncated at what the query's EDNS says, or at 512. */
size_t fastdns_respond(const uint8_t *query, size_t length, int is_datagram,
                       uint8_t *answer);

/* Serves by TCP for ever: any number of messages for one read and one write. */
_Noreturn void fastdns_serve_streams(int listener);

_Noreturn void fastdns_die(const char *what);

#endif
