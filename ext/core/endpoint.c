/* SPDX-License-Identifier: MIT */
#include "core/datagram_state.h"
#include "core/mem.h"
#include "core/table.h"

#include <errno.h>

/* Flights on every connection before another is opened: many share one write and one
 * read, and few suffer when it is lost. */
enum { MANY_FLIGHTS = 256 };
/* RFC 7766 6.2.3 leaves it to us; servers close after a few seconds to a few minutes. */
#define STREAM_IDLE (10 * MX_USEC_PER_SEC)
/* Where streams are only preferred: how long one is waited for, and how long none is
 * tried when that was in vain. */
#define CONNECT_PATIENCE MX_USEC_PER_SEC
#define TCP_PAUSE (10 * MX_USEC_PER_SEC)

/* ---- being there ---- */

static mx_endpoint *
add_endpoint(mx_datagram *datagram, const mx_server *server)
{
    mx_endpoint *added = mx_calloc(1, sizeof(*added));

    if (added == NULL) {
        return NULL;
    }
    if (mx_udp_new(server, mx_rng_next(&datagram->seeds), added, &added->udp) !=
        MX_OK) {
        mx_free(added);
        return NULL;
    }
    added->datagram = datagram;
    added->server = *server;
    added->retry_at = added->tidy_at = MX_NEVER;
    mx_list_init(&added->waiting);
    mx_list_append(&datagram->endpoints, &added->link);
    return added;
}

mx_endpoint *
mx_endpoint_get(mx_datagram *datagram, const mx_server *server)
{
    for (mx_list *link = datagram->endpoints.next; link != &datagram->endpoints;
         link = link->next) {
        mx_endpoint *found = MX_CONTAINER(link, mx_endpoint, link);
        if (mx_server_equal(&found->server, server)) {
            return found;
        }
    }
    return add_endpoint(datagram, server);
}

void
mx_endpoint_free(mx_endpoint *endpoint)
{
    for (size_t i = 0; i < MX_CONNECTIONS; i++) {
        if (endpoint->connections[i] != NULL) {
            mx_endpoint_drop_connection(endpoint, endpoint->connections[i]);
        }
    }
    mx_list_remove(&endpoint->link);
    mx_near_misses_forget(&endpoint->datagram->near_misses);
    mx_udp_free(endpoint->udp);
    mx_free(endpoint);
}

/* ---- connections ---- */

void
mx_endpoint_drop_connection(mx_endpoint *endpoint, mx_connection *connection)
{
    endpoint->connections[connection->number] = NULL;
    mx_connection_free(connection);
}

/* A connection that can be sent on in this slot, or NULL. */
static mx_connection *
connection_in(mx_endpoint *endpoint, uint32_t slot)
{
    mx_connection *connection = endpoint->connections[slot];

    if (connection != NULL && mx_connection_is_idle(connection) &&
        mx_stream_has_ended(connection->stream)) {
        mx_endpoint_drop_connection(endpoint, connection);
    }
    else if (connection != NULL && connection->is_suspect) {
        mx_connection_repeat(connection);
    }
    return endpoint->connections[slot];
}

static int
open_connection(mx_endpoint *endpoint, uint32_t slot)
{
    mx_datagram *datagram = endpoint->datagram;
    mx_usec due =
        datagram->now + (datagram->prefers_streams ? CONNECT_PATIENCE : STREAM_IDLE);
    int os_error = mx_connection_new(endpoint, slot, &endpoint->connections[slot]);

    if (os_error == 0 && due < endpoint->tidy_at) {
        endpoint->tidy_at = due;
    }
    return os_error;
}

/* Those with little to carry first, one that is open already before a new one. 0 or an
 * errno. */
static int
pick_connection(mx_endpoint *endpoint, mx_connection **out)
{
    mx_connection *least = NULL;
    uint32_t empty = MX_CONNECTIONS;

    for (uint32_t i = 0; i < MX_CONNECTIONS; i++) {
        uint32_t slot = (endpoint->current + i) % MX_CONNECTIONS;
        mx_connection *found = connection_in(endpoint, slot);
        if (found == NULL) {
            empty = empty < MX_CONNECTIONS ? empty : slot;
        }
        else if (found->by_id.count < MANY_FLIGHTS) {
            *out = found;
            return 0;
        }
        else if (least == NULL || found->by_id.count < least->by_id.count) {
            least = found;
        }
    }
    if (empty < MX_CONNECTIONS) {
        int os_error = open_connection(endpoint, empty);
        if (os_error == 0 || least == NULL) {
            *out = endpoint->connections[empty];
            return os_error;
        }
    }
    *out = least;
    return 0;
}

static int
send_by_tcp(mx_endpoint *endpoint, mx_flight *flight)
{
    mx_connection *connection;
    int os_error = pick_connection(endpoint, &connection);

    if (os_error != 0) {
        return os_error;
    }
    endpoint->current = connection->number;
    return mx_connection_add(connection, flight);
}

/* ---- by what a flight goes ---- */

void
mx_endpoint_wait(mx_endpoint *endpoint, mx_flight *flight)
{
    flight->state = MX_FLIGHT_WAITS;
    flight->protocol = MX_UDP;
    mx_list_append(&endpoint->waiting, &flight->link);
}

static bool
should_prefer_tcp(const mx_endpoint *endpoint)
{
    const mx_datagram *datagram = endpoint->datagram;

    if (!datagram->prefers_streams || datagram->now < endpoint->tcp_off_until) {
        return false;
    }
    for (size_t i = 0; i < MX_CONNECTIONS; i++) {
        if (endpoint->connections[i] != NULL &&
            mx_connection_is_stalled(endpoint->connections[i])) {
            return false; /* it may be dead: the question is asked another way */
        }
    }
    return true;
}

int
mx_endpoint_send(mx_endpoint *endpoint, mx_flight *flight)
{
    mx_datagram *datagram = endpoint->datagram;
    int os_error;

    if (endpoint->tidy_at == MX_NEVER) {
        endpoint->tidy_at = datagram->now + MX_UDP_SOCKET_LIFE;
    }
    flight->protocol = MX_TCP;
    if (flight->wanted == MX_TCP) {
        return send_by_tcp(endpoint, flight);
    }
    if (should_prefer_tcp(endpoint)) {
        os_error = send_by_tcp(endpoint, flight);
        if (os_error == 0) {
            return 0;
        }
        endpoint->tcp_off_until = datagram->now + TCP_PAUSE;
    }
    mx_endpoint_wait(endpoint, flight);
    return 0;
}

void
mx_endpoint_leave_tcp(mx_endpoint *endpoint, mx_connection *connection)
{
    mx_list *open = &connection->flights;

    if (!endpoint->datagram->prefers_streams) {
        return;
    }
    endpoint->tcp_off_until = endpoint->datagram->now + TCP_PAUSE;
    for (mx_list *link = open->next, *next; link != open; link = next) {
        mx_flight *flight = MX_CONTAINER(link, mx_flight, link);
        next = link->next;
        if (flight->wanted == MX_UDP) {
            mx_connection_remove(connection, flight);
            mx_endpoint_wait(endpoint, flight);
        }
    }
}

void
mx_endpoint_flush(mx_endpoint *endpoint)
{
    for (size_t i = 0; i < MX_CONNECTIONS; i++) {
        if (endpoint->connections[i] != NULL) {
            mx_stream_flush(endpoint->connections[i]->stream);
        }
    }
    /* Each turn's questions go by one connection, so that they share a segment. */
    endpoint->current = (endpoint->current + 1) % MX_CONNECTIONS;
    mx_endpoint_send_waiting(endpoint);
}

/* ---- growing old ---- */

/* When to look at a connection again, MX_NEVER when it was closed. */
static mx_usec
tidy_connection(mx_endpoint *endpoint, mx_connection *connection)
{
    mx_datagram *datagram = endpoint->datagram;
    mx_usec due = datagram->now + STREAM_IDLE;

    if (mx_connection_is_idle(connection)) {
        due = connection->idle_since + STREAM_IDLE;
        if (datagram->now >= due) {
            mx_endpoint_drop_connection(endpoint, connection);
            return MX_NEVER;
        }
    }
    else if (datagram->prefers_streams && mx_stream_is_connecting(connection->stream)) {
        if (datagram->now < connection->opened + CONNECT_PATIENCE) {
            return connection->opened + CONNECT_PATIENCE;
        }
        mx_endpoint_leave_tcp(endpoint, connection);
    }
    return due;
}

void
mx_endpoint_tidy(mx_endpoint *endpoint)
{
    mx_usec next = mx_udp_tidy(endpoint->udp, endpoint->datagram->now);
    bool has_connection = false;

    for (size_t i = 0; i < MX_CONNECTIONS; i++) {
        if (endpoint->connections[i] != NULL) {
            mx_usec due = tidy_connection(endpoint, endpoint->connections[i]);
            next = due < next ? due : next;
            has_connection |= endpoint->connections[i] != NULL;
        }
    }
    endpoint->tidy_at = next;
    if (next == MX_NEVER && !has_connection && mx_list_is_empty(&endpoint->waiting)) {
        mx_endpoint_free(endpoint);
    }
}
