/* SPDX-License-Identifier: MIT */
/* datagrams.h - datagrams on a connected socket, many by one system call where the system
 * has such calls (Linux), one by one elsewhere. What is received stays in buffers that
 * are used again and again. Belongs to the engine's thread.
 */
#ifndef MX_DATAGRAMS_H
#define MX_DATAGRAMS_H

#include "core/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    MX_DATAGRAMS = 64, /* datagrams a call */
    /* More than a server sends that heeds MX_EDNS_PAYLOAD. No power of two: buffers
     * 4,096 apart would share the same few lines of the processor's cache. */
    MX_DATAGRAM_SIZE = 1600
};

typedef struct mx_datagrams mx_datagrams;

MX_MUST_CHECK mx_status mx_datagrams_new(mx_datagrams **out);
void mx_datagrams_free(mx_datagrams *batch); /* NULL is fine */

/* Puts bytes of the caller's in place `place` of what is to be sent; they are read by
 * mx_datagrams_send. */
void mx_datagrams_put(mx_datagrams *batch, size_t place, const uint8_t *bytes,
                      size_t length);
/* Sends the places from `first` up to `end` in order. Returns where it stopped: `end`,
 * or the place whose datagram did not leave, for the reason in `*os_error`. That may be
 * what befell earlier datagrams of the socket (ECONNREFUSED); it is told once. */
size_t mx_datagrams_send(mx_datagrams *batch, int descriptor, size_t first, size_t end,
                         int *os_error);

/* Receives what is there without waiting, up to MX_DATAGRAMS datagrams; returns their
 * count. `*os_error` is what came after them: EAGAIN when nothing did, ECONNREFUSED and
 * the like when the server refused; 0 when nobody looked. The datagrams of the call
 * before are gone. */
size_t mx_datagrams_receive(mx_datagrams *batch, int descriptor, int *os_error);
/* One of those received. `*is_cut`: it did not fit, the rest is lost. */
uint8_t *mx_datagrams_get(mx_datagrams *batch, size_t place, size_t *length,
                          bool *is_cut);

/* For tests: one by one on every system, or not. Process-wide. */
void mx_datagrams_set_plain(bool is_plain);

#endif
