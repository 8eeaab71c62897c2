/* SPDX-License-Identifier: MIT */
#include "core/server.h"

#include <inttypes.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

/* A decimal number of at most `digits` digits; false when it is anything else. */
static bool
read_number(const char *text, size_t length, size_t digits, uint64_t *out)
{
    if (length == 0 || length > digits) {
        return false;
    }
    uint64_t number = 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return false;
        }
        number = number * 10 + (uint64_t)(text[i] - '0');
    }
    *out = number;
    return true;
}

static bool
read_port(const char *text, size_t length, uint16_t *out)
{
    uint64_t port;
    if (!read_number(text, length, 5, &port) || port == 0 || port > UINT16_MAX) {
        return false;
    }
    *out = (uint16_t)port;
    return true;
}

/* An interface by its number or name. */
static bool
read_scope(const char *text, size_t length, uint32_t *out)
{
    uint64_t number;
    if (read_number(text, length, 10, &number)) {
        *out = (uint32_t)number;
        return number > 0 && number <= UINT32_MAX;
    }
    char name[IF_NAMESIZE];
    if (length == 0 || length >= sizeof(name) || memchr(text, '\0', length) != NULL) {
        return false;
    }
    memcpy(name, text, length);
    name[length] = '\0';
    *out = if_nametoindex(name);
    return *out != 0;
}

/* fe80::/10 (RFC 4291 2.5.6) */
static bool
is_link_local(const mx_address *address)
{
    return address->family == MX_IPV6 && address->bytes[0] == 0xfe &&
           (address->bytes[1] & 0xc0) == 0x80;
}

/* An address, and the scope without which a link-local one means nothing. */
static bool
read_host(const char *text, size_t length, mx_server *out)
{
    const char *percent = memchr(text, '%', length);
    size_t address_length = percent == NULL ? length : (size_t)(percent - text);
    if (!mx_address_from_text(text, address_length, &out->address) ||
        is_link_local(&out->address) != (percent != NULL)) {
        return false;
    }
    return percent == NULL ||
           read_scope(percent + 1, length - address_length - 1, &out->scope);
}

bool
mx_server_from_text(const char *text, size_t length, mx_server *out)
{
    const char *host = text, *port = NULL;
    size_t host_length = length;
    mx_family family = MX_IPV4;

    if (length == 0) {
        return false;
    }
    const char *colon = memchr(text, ':', length);
    if (text[0] == '[') {
        const char *bracket = memchr(text, ']', length);
        if (bracket == NULL) {
            return false;
        }
        host = text + 1;
        host_length = (size_t)(bracket - host);
        family = MX_IPV6;
        if (bracket + 1 < text + length) {
            if (bracket[1] != ':') {
                return false;
            }
            port = bracket + 2;
        }
    }
    else if (colon != NULL) {
        size_t rest = length - (size_t)(colon + 1 - text);
        if (memchr(colon + 1, ':', rest) != NULL) {
            family = MX_IPV6;
        }
        else {
            host_length = (size_t)(colon - text);
            port = colon + 1;
        }
    }

    mx_server server = {.port = MX_DNS_PORT};
    if (!read_host(host, host_length, &server) || server.address.family != family) {
        return false;
    }
    if (port != NULL &&
        !read_port(port, (size_t)(text + length - port), &server.port)) {
        return false;
    }
    *out = server;
    return true;
}

size_t
mx_server_to_text(const mx_server *server, char *text)
{
    char address[MX_ADDRESS_TEXT_SIZE];
    int length;
    mx_address_to_text(&server->address, address);
    if (server->address.family == MX_IPV4) {
        length = snprintf(text, MX_SERVER_TEXT_SIZE, "%s:%u", address, server->port);
    }
    else if (server->scope == 0) {
        length = snprintf(text, MX_SERVER_TEXT_SIZE, "[%s]:%u", address, server->port);
    }
    else {
        length = snprintf(text, MX_SERVER_TEXT_SIZE, "[%s%%%" PRIu32 "]:%u", address,
                          server->scope, server->port);
    }
    return (size_t)length;
}

bool
mx_server_equal(const mx_server *a, const mx_server *b)
{
    return a->port == b->port && a->scope == b->scope &&
           mx_address_equal(&a->address, &b->address);
}

/* The index of `server`, or `servers->count`. */
static size_t
find_server(const mx_servers *servers, const mx_server *server)
{
    size_t i = 0;
    while (i < servers->count && !mx_server_equal(&servers->list[i].server, server)) {
        i++;
    }
    return i;
}

void
mx_servers_set(mx_servers *servers, const mx_server *list, size_t count)
{
    mx_servers fresh = {.count = count < MX_MAX_SERVERS ? count : MX_MAX_SERVERS};
    for (size_t i = 0; i < fresh.count; i++) {
        size_t old = find_server(servers, &list[i]);
        if (old < servers->count) {
            fresh.list[i] = servers->list[old];
        }
        else {
            fresh.list[i].server = list[i];
        }
    }
    *servers = fresh;
}

enum { MAX_PROBE_DOUBLINGS = 4 }; /* 5 s to 80 s between two probes */

size_t
mx_servers_pick(mx_servers *servers, uint32_t tried, mx_usec now)
{
    size_t none = servers->count;
    size_t first_up = none, usable = none, untried = none;

    for (size_t i = servers->count; i-- > 0;) {
        bool is_up = servers->list[i].down_until == 0;
        if (is_up) {
            first_up = i;
        }
        if ((tried >> i & 1) != 0) {
            continue;
        }
        untried = i;
        if (is_up || now >= servers->list[i].down_until) {
            usable = i;
        }
    }

    if (usable != none) {
        if (servers->list[usable].down_until != 0) {
            servers->list[usable].down_until = now + MX_SERVER_PROBE;
        }
        return usable;
    }
    if (untried != none) {
        return untried;
    }
    return first_up != none ? first_up : 0;
}

void
mx_servers_succeeded(mx_servers *servers, const mx_server *server)
{
    size_t i = find_server(servers, server);
    if (i < servers->count) {
        servers->list[i].failures = 0;
        servers->list[i].down_until = 0;
        servers->list[i].has_answered = true;
    }
}

/* Counts silences of the server at this place. */
static void
note_silences(mx_servers *servers, size_t i, unsigned silences, mx_usec now)
{
    unsigned failures = servers->list[i].failures + silences;

    if (failures > MX_SERVER_FAILURES + MAX_PROBE_DOUBLINGS) {
        failures = MX_SERVER_FAILURES + MAX_PROBE_DOUBLINGS;
    }
    servers->list[i].failures = failures;
    if (failures >= MX_SERVER_FAILURES) {
        servers->list[i].down_until =
            now + (MX_SERVER_PROBE << (failures - MX_SERVER_FAILURES));
    }
}

void
mx_servers_failed(mx_servers *servers, const mx_server *server, bool at_once,
                  mx_usec now)
{
    size_t i = find_server(servers, server);
    if (i == servers->count) {
        return;
    }
    /* A silent server costs the question that probes it a whole attempt, one that
     * refuses costs nothing: so only silences count, and are probed ever more rarely. */
    if (at_once) {
        servers->list[i].down_until = now + MX_SERVER_PROBE;
        return;
    }
    note_silences(servers, i, 1, now);
}

void
mx_servers_overtaken(mx_servers *servers, const mx_server *server, mx_usec now)
{
    size_t i = find_server(servers, server);
    unsigned missing = 1;

    if (i == servers->count || servers->list[i].down_until != 0) {
        return;
    }
    if (!servers->list[i].has_answered) {
        missing = MX_SERVER_FAILURES - servers->list[i].failures;
    }
    note_silences(servers, i, missing, now);
}

bool
mx_servers_is_up(const mx_servers *servers, const mx_server *server)
{
    size_t i = find_server(servers, server);

    return i < servers->count && servers->list[i].down_until == 0;
}

bool
mx_servers_are_down(const mx_servers *servers)
{
    for (size_t i = 0; i < servers->count; i++) {
        if (servers->list[i].down_until == 0) {
            return false;
        }
    }
    return true;
}
