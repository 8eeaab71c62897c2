/* SPDX-License-Identifier: MIT */
#include "core/datagram_state.h"
#include "core/mem.h"
#include "core/table.h"

#include <assert.h>
#include <errno.h>

/* Flights of one connection; twice as many ids are in the game. */
enum { MOST_FLIGHTS = 16384 };
/* Silence after a question that may mean a connection which only we believe in: without
 * a word from the other side the kernel takes a quarter of an hour to find out. */
#define SILENCE MX_USEC_PER_SEC

static mx_usec
now_of(const mx_connection *connection)
{
    return connection->endpoint->datagram->now;
}

/* A new stream; 0 or an errno. */
static int
open_stream(mx_connection *connection)
{
    int os_error = 0;
    mx_status status =
        mx_stream_new(&connection->endpoint->server, &connection->stream, &os_error);

    connection->has_answered = false;
    connection->is_suspect = false;
    connection->os_error = 0;
    connection->opened = connection->idle_since = connection->quiet_since =
        now_of(connection);
    if (status != MX_OK) {
        connection->stream = NULL;
    }
    return status == MX_NOMEM ? ENOMEM : os_error;
}

int
mx_connection_new(mx_endpoint *endpoint, uint32_t number, mx_connection **out)
{
    mx_connection *connection = mx_calloc(1, sizeof(*connection));
    int os_error;

    if (connection == NULL) {
        return ENOMEM;
    }
    connection->endpoint = endpoint;
    connection->number = number;
    mx_list_init(&connection->flights);
    mx_list_init(&connection->ready);
    os_error = open_stream(connection);
    if (os_error != 0) {
        mx_free(connection);
        return os_error;
    }
    *out = connection;
    return 0;
}

static void
close_stream(mx_connection *connection)
{
    mx_list_remove(&connection->ready);
    mx_datagram_discard_stream(connection->endpoint->datagram, connection->stream);
    connection->stream = NULL;
}

void
mx_connection_free(mx_connection *connection)
{
    close_stream(connection);
    mx_flights_fini(&connection->by_id);
    mx_free(connection);
}

int
mx_connection_add(mx_connection *connection, mx_flight *flight)
{
    mx_datagram *datagram = connection->endpoint->datagram;

    if (connection->by_id.count >= MOST_FLIGHTS) {
        return EAGAIN;
    }
    if (mx_flights_reserve(&connection->by_id, connection->by_id.count + 1) != MX_OK) {
        return ENOMEM;
    }
    if (mx_flights_add(&connection->by_id, &datagram->ids, flight) != MX_OK) {
        return EAGAIN;
    }
    if (mx_stream_send(connection->stream, flight->query, flight->length) != MX_OK) {
        mx_flights_remove(&connection->by_id, flight);
        return ENOMEM;
    }
    if (mx_connection_is_idle(connection)) {
        connection->quiet_since = datagram->now;
    }
    flight->state = MX_FLIGHT_BY_TCP;
    flight->socket = connection->number;
    mx_list_append(&connection->flights, &flight->link);
    return 0;
}

void
mx_connection_remove(mx_connection *connection, mx_flight *flight)
{
    mx_flights_remove(&connection->by_id, flight);
    mx_list_remove(&flight->link);
    if (mx_connection_is_idle(connection)) {
        connection->idle_since = now_of(connection);
    }
}

bool
mx_connection_is_stalled(const mx_connection *connection)
{
    return !mx_connection_is_idle(connection) &&
           now_of(connection) - connection->quiet_since >= SILENCE;
}

/* Nothing of it can be saved. */
static void
end(mx_connection *connection, int os_error)
{
    mx_endpoint *endpoint = connection->endpoint;

    mx_endpoint_leave_tcp(endpoint, connection);
    while (!mx_list_is_empty(&connection->flights)) {
        mx_flight *flight = MX_CONTAINER(connection->flights.next, mx_flight, link);
        mx_datagram_detach(flight);
        mx_datagram_fail_with_error(endpoint->datagram, flight, os_error);
    }
    mx_endpoint_drop_connection(endpoint, connection);
}

void
mx_connection_repeat(mx_connection *connection)
{
    const mx_list *open = &connection->flights;
    int os_error;

    close_stream(connection);
    os_error = open_stream(connection);
    for (mx_list *link = open->next; os_error == 0 && link != open; link = link->next) {
        const mx_flight *again = MX_CONTAINER(link, mx_flight, link);
        if (mx_stream_send(connection->stream, again->query, again->length) != MX_OK) {
            os_error = ENOMEM;
        }
    }
    if (os_error != 0) {
        end(connection, os_error);
    }
}

/* A server may close a connection at any time between two replies, and what was sent on
 * it meanwhile was never read (RFC 7766 6.2.4). That is repeated only if the connection
 * has answered something, so that it comes to an end. */
void
mx_connection_lose(mx_connection *connection, int os_error)
{
    if (!mx_connection_is_idle(connection) && connection->has_answered) {
        mx_connection_repeat(connection);
    }
    else {
        end(connection, os_error);
    }
}
