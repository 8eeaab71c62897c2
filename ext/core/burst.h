/* SPDX-License-Identifier: MIT */
/* burst.h - datagrams on a connected socket, many by one system call where the system
 * has such calls (Linux), one by one elsewhere. What is received stays in buffers that
 * are used again and again. Belongs to the engine's thread.
 */
#ifndef MX_BURST_H
#define MX_BURST_H

#include "core/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    MX_BURST_SIZE = 128, /* datagrams a call */
    /* More than a server sends that heeds MX_EDNS_PAYLOAD. No power of two: buffers
     * 4,096 apart would share the same few lines of the processor's cache. */
    MX_BURST_DATAGRAM = 1600
};

typedef struct mx_burst mx_burst;

MX_MUST_CHECK mx_status mx_burst_new(mx_burst **out);
void mx_burst_free(mx_burst *burst); /* NULL is fine */

/* Puts bytes of the caller's in place `place` of what is to be sent; they are read by
 * mx_burst_send. */
void mx_burst_put(mx_burst *burst, size_t place, const uint8_t *bytes, size_t length);
/* Sends the places from `first` up to `end` in order. Returns where it stopped: `end`,
 * or the place whose datagram did not leave, for the reason in `*os_error`. That may be
 * what befell earlier datagrams of the socket (ECONNREFUSED); it is told once.
 * `*may_group`: neighbours of equal length go through the system as one and are told
 * apart at its edge, which spares a third of what a datagram costs; becomes false when
 * the way to the server has no such edge. */
size_t mx_burst_send(mx_burst *burst, int descriptor, bool *may_group, size_t first,
                     size_t end, int *os_error);
/* Whether to begin with `*may_group` on this socket. */
bool mx_burst_can_group(int descriptor);

/* Receives what is there without waiting, up to MX_BURST_SIZE datagrams; returns their
 * count. `*os_error` is what came after them: EAGAIN when nothing did, ECONNREFUSED and
 * the like when the server refused; 0 when nobody looked. The datagrams of the call
 * before are gone. */
size_t mx_burst_receive(mx_burst *burst, int descriptor, int *os_error);
/* One of those received. `*is_cut`: it did not fit, the rest is lost. */
uint8_t *mx_burst_get(mx_burst *burst, size_t place, size_t *length, bool *is_cut);

/* For tests, process-wide: do no more than this, on a system that can. */
typedef enum mx_burst_skill {
    MX_BURST_ONE_BY_ONE,
    MX_BURST_MANY,
    MX_BURST_GROUPS
} mx_burst_skill;
void mx_burst_limit(mx_burst_skill skill);
/* For tests, process-wide: the datagram (or group) number `nth` from now that is to be
 * sent, 1 being the next, is not, but meets this errno. */
void mx_burst_fail(unsigned nth, int os_error);

#endif
