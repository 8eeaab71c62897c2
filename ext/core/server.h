/* SPDX-License-Identifier: MIT */
/* server.h - name servers: their addresses as text, and which one to ask next.
 *
 * Pure decisions, no I/O. A mx_servers belongs to the engine's thread.
 */
#ifndef MX_SERVER_H
#define MX_SERVER_H

#include "core/address.h"
#include "core/clock.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    MX_MAX_SERVERS = 8,
    MX_SERVER_TEXT_SIZE = 80, /* "[v6%scope]:port" and NUL */
    MX_DNS_PORT = 53
};

typedef struct mx_server {
    mx_address address;
    uint16_t port;
    uint32_t scope; /* interface index of a link-local IPv6 address, else 0 */
} mx_server;

/* "addr", "addr:port", "v6", "[v6]", "[v6]:port", with %scope for link-local IPv6
 * (interface name or number). Port 1..65535, 53 when absent. False: unusable. */
bool mx_server_from_text(const char *text, size_t length, mx_server *out);
/* "192.0.2.1:53", "[2001:db8::1]:53"; returns the length, `text` has
 * MX_SERVER_TEXT_SIZE bytes. */
size_t mx_server_to_text(const mx_server *server, char *text);
bool mx_server_equal(const mx_server *a, const mx_server *b);

/* How one server has been doing. A server that fails several times in a row, or refuses
 * packets, is down: skipped, but for one question every MX_SERVER_PROBE that probes it,
 * so that it comes into its own again; a silent one is probed more and more rarely. */
enum { MX_SERVER_FAILURES = 3 };
#define MX_SERVER_PROBE (5 * MX_USEC_PER_SEC)

typedef struct mx_servers {
    struct {
        mx_server server;
        unsigned failures;  /* silences in a row */
        mx_usec down_until; /* 0 when up */
        bool has_answered;  /* ever */
    } list[MX_MAX_SERVERS];
    size_t count;
} mx_servers;

/* Takes the first MX_MAX_SERVERS of `list`; a server that was there before keeps its
 * health. */
void mx_servers_set(mx_servers *servers, const mx_server *list, size_t count);
/* The server for an attempt: in configured order, the first not in the bit set `tried`
 * that is up or whose probe is due; else the first not tried; else the first up one;
 * else the first. Marks a probe as taken. `count` is at least 1. Returns its index. */
size_t mx_servers_pick(mx_servers *servers, uint32_t tried, mx_usec now);
void mx_servers_succeeded(mx_servers *servers, const mx_server *server);
/* `at_once`: it refused our packets, one is enough. */
void mx_servers_failed(mx_servers *servers, const mx_server *server, bool at_once,
                       mx_usec now);
/* It was silent where another server answered the same question, so the question is not
 * the reason: as good as one more silence, and enough if it never answered anything
 * (fault N12). */
void mx_servers_overtaken(mx_servers *servers, const mx_server *server, mx_usec now);
bool mx_servers_is_up(const mx_servers *servers, const mx_server *server);
/* None is up. */
bool mx_servers_are_down(const mx_servers *servers);

#endif
