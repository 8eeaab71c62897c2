/* SPDX-License-Identifier: MIT */
#include "core/datagram.h"

#include "core/datagram_state.h"
#include "core/mem.h"
#include "core/socket_error.h"
#include "core/table.h"

#include <errno.h>

enum {
    WINDOW = 8192, /* flights: what all sockets to one server take */
    READS = 4      /* bursts of one socket before others have their turn */
};

static mx_datagram *
datagram_of(mx_transport *transport)
{
    return MX_CONTAINER(transport, mx_datagram, transport);
}

static const mx_datagram *
const_datagram_of(const mx_transport *transport)
{
    return MX_CONTAINER(transport, const mx_datagram, transport);
}

/* ---- flights ---- */

void
mx_datagram_detach(mx_flight *flight)
{
    mx_endpoint *endpoint = flight->endpoint;
    mx_udp_socket *socket;

    switch ((mx_flight_state)flight->state) {
    case MX_FLIGHT_WAITS:
    case MX_FLIGHT_HAS_FAILED:
        mx_list_remove(&flight->link);
        break;
    case MX_FLIGHT_LOADED:
    case MX_FLIGHT_BY_UDP:
        socket = mx_udp_at(endpoint->udp, flight->socket);
        mx_flights_remove(&socket->flights, flight);
        mx_udp_release(endpoint->udp, socket);
        break;
    case MX_FLIGHT_BY_TCP:
        mx_connection_remove(endpoint->connections[flight->socket], flight);
        break;
    }
}

void
mx_datagram_fail(mx_datagram *datagram, mx_flight *flight, mx_reply_kind kind,
                 int os_error)
{
    flight->state = MX_FLIGHT_HAS_FAILED;
    flight->endpoint = NULL; /* which may go before the reply is taken */
    flight->count = (uint8_t)kind;
    flight->os_error = os_error;
    mx_list_append(&datagram->failed, &flight->link);
}

void
mx_datagram_fail_with_error(mx_datagram *datagram, mx_flight *flight, int os_error)
{
    mx_reply_kind kind = mx_socket_error_kind((mx_protocol)flight->protocol, os_error);

    mx_datagram_fail(datagram, flight, kind, os_error);
}

/* ---- streams whose bytes are shown ---- */

void
mx_datagram_discard_stream(mx_datagram *datagram, mx_stream *stream)
{
    if (stream != NULL && stream == datagram->shown) {
        datagram->kept = stream;
    }
    else {
        mx_stream_free(stream);
    }
}

static void
end_show(mx_datagram *datagram)
{
    mx_stream_free(datagram->kept);
    datagram->shown = datagram->kept = NULL;
}

/* ---- the transport ---- */

static mx_status
send_flight(mx_transport *transport, mx_flight *flight, const mx_server *server,
            mx_protocol protocol, mx_usec now)
{
    mx_datagram *datagram = datagram_of(transport);
    mx_endpoint *endpoint = mx_endpoint_get(datagram, server);
    int os_error;

    datagram->now = now;
    if (endpoint == NULL) {
        return MX_NOMEM;
    }
    flight->endpoint = endpoint;
    flight->wanted = (uint8_t)protocol;
    os_error = mx_endpoint_send(endpoint, flight);
    if (os_error == ENOMEM) {
        return MX_NOMEM;
    }
    flight->is_open = true;
    if (os_error != 0) {
        mx_datagram_fail_with_error(datagram, flight, os_error);
    }
    return MX_OK;
}

static void
flush(mx_transport *transport, mx_usec now)
{
    mx_datagram *datagram = datagram_of(transport);

    datagram->now = now;
    for (mx_list *link = datagram->endpoints.next; link != &datagram->endpoints;
         link = link->next) {
        mx_endpoint_flush(MX_CONTAINER(link, mx_endpoint, link));
    }
}

static void
cancel(mx_transport *transport, mx_flight *flight)
{
    (void)transport;
    if (!flight->is_open) {
        return;
    }
    if (flight->state == MX_FLIGHT_BY_TCP) {
        /* Given up in vain: perhaps because the connection is dead. */
        mx_endpoint *endpoint = flight->endpoint;
        mx_connection *connection = endpoint->connections[flight->socket];
        connection->is_suspect |= mx_connection_is_stalled(connection);
    }
    mx_datagram_detach(flight);
    flight->is_open = false;
}

static size_t
descriptors(const mx_transport *transport, struct pollfd *out, size_t capacity)
{
    const mx_datagram *datagram = const_datagram_of(transport);
    size_t count = 0;

    for (mx_list *link = datagram->endpoints.next; link != &datagram->endpoints;
         link = link->next) {
        const mx_endpoint *endpoint = MX_CONTAINER(link, const mx_endpoint, link);
        size_t room = count < capacity ? capacity - count : 0;
        count += mx_udp_descriptors(endpoint->udp, room > 0 ? out + count : NULL, room);
        for (size_t i = 0; i < MX_CONNECTIONS; i++) {
            if (endpoint->connections[i] == NULL) {
                continue;
            }
            if (count < capacity) {
                const mx_stream *stream = endpoint->connections[i]->stream;
                out[count] = (struct pollfd){.fd = mx_stream_descriptor(stream),
                                             .events = mx_stream_events(stream)};
            }
            count++;
        }
    }
    return count;
}

static mx_usec
next_wake(const mx_transport *transport)
{
    const mx_datagram *datagram = const_datagram_of(transport);
    mx_usec next = MX_NEVER;

    for (mx_list *link = datagram->endpoints.next; link != &datagram->endpoints;
         link = link->next) {
        const mx_endpoint *endpoint = MX_CONTAINER(link, const mx_endpoint, link);
        next = endpoint->tidy_at < next ? endpoint->tidy_at : next;
        next = endpoint->retry_at < next ? endpoint->retry_at : next;
    }
    return next;
}

static void
work_on_connection(mx_datagram *datagram, mx_connection *connection)
{
    connection->os_error = mx_stream_work(connection->stream);
    mx_list_remove(&connection->ready);
    mx_list_append(&datagram->ready_connections, &connection->ready);
}

/* Datagrams are read when they are taken, so that they need no place of their own. */
static void
note_ready(mx_datagram *datagram, int descriptor, uint32_t *from)
{
    for (mx_list *link = datagram->endpoints.next; link != &datagram->endpoints;
         link = link->next) {
        mx_endpoint *endpoint = MX_CONTAINER(link, mx_endpoint, link);
        mx_udp_socket *socket = mx_udp_find(endpoint->udp, descriptor, from);
        if (socket != NULL) {
            socket->reads = READS;
            /* One whose burst is at hand has its turn when that is used up. */
            socket->has_more = true;
            if (mx_list_is_empty(&socket->ready)) {
                mx_list_append(&datagram->ready_sockets, &socket->ready);
            }
            return;
        }
        for (size_t i = 0; i < MX_CONNECTIONS; i++) {
            mx_connection *connection = endpoint->connections[i];
            if (connection != NULL &&
                mx_stream_descriptor(connection->stream) == descriptor) {
                work_on_connection(datagram, connection);
                return;
            }
        }
    }
}

static void
process(mx_transport *transport, const struct pollfd *ready, size_t count, mx_usec now)
{
    mx_datagram *datagram = datagram_of(transport);
    uint32_t from = 0;

    end_show(datagram);
    datagram->now = now;
    for (size_t i = 0; i < count; i++) {
        if (ready[i].revents != 0) {
            note_ready(datagram, ready[i].fd, &from);
        }
    }
    for (mx_list *link = datagram->endpoints.next, *next; link != &datagram->endpoints;
         link = next) {
        mx_endpoint *endpoint = MX_CONTAINER(link, mx_endpoint, link);
        next = link->next;
        if (endpoint->tidy_at <= now) {
            mx_endpoint_tidy(endpoint);
        }
    }
}

static bool
take(mx_transport *transport, mx_reply *out)
{
    mx_datagram *datagram = datagram_of(transport);

    end_show(datagram);
    *out = (mx_reply){0};
    if (!mx_datagram_take(datagram, out)) {
        return false;
    }
    out->flight->is_open = false;
    return true;
}

static size_t
window(const mx_transport *transport)
{
    const mx_datagram *datagram = const_datagram_of(transport);
    size_t open = WINDOW;

    for (mx_list *link = datagram->endpoints.next; link != &datagram->endpoints;
         link = link->next) {
        size_t room = mx_udp_window(MX_CONTAINER(link, mx_endpoint, link)->udp);
        open = room < open ? room : open;
    }
    return open;
}

static void
free_datagram(mx_transport *transport)
{
    mx_datagram *datagram = datagram_of(transport);

    end_show(datagram);
    while (!mx_list_is_empty(&datagram->endpoints)) {
        mx_endpoint_free(MX_CONTAINER(datagram->endpoints.next, mx_endpoint, link));
    }
    mx_burst_free(datagram->burst);
    mx_free(datagram);
}

static const mx_transport_type datagram_type = {
    .send = send_flight,
    .flush = flush,
    .cancel = cancel,
    .descriptors = descriptors,
    .next_wake = next_wake,
    .process = process,
    .take = take,
    .window = window,
    .free = free_datagram,
};

mx_status
mx_datagram_new(bool prefers_streams, uint64_t seed, mx_transport **out)
{
    mx_datagram *datagram = mx_calloc(1, sizeof(*datagram));

    if (datagram == NULL) {
        return MX_NOMEM;
    }
    if (mx_burst_new(&datagram->burst) != MX_OK) {
        mx_free(datagram);
        return MX_NOMEM;
    }
    datagram->transport.type = &datagram_type;
    datagram->prefers_streams = prefers_streams;
    mx_rng_seed(&datagram->seeds, seed);
    mx_list_init(&datagram->endpoints);
    mx_list_init(&datagram->failed);
    mx_list_init(&datagram->ready_sockets);
    mx_list_init(&datagram->ready_connections);
    mx_list_init(&datagram->reading);
    *out = &datagram->transport;
    return MX_OK;
}

uint64_t
mx_datagram_strays(const mx_transport *transport)
{
    return const_datagram_of(transport)->strays;
}
