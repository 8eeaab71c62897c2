/* SPDX-License-Identifier: MIT */
#include "core/datagram_state.h"
#include "core/socket_error.h"
#include "core/table.h"
#include "core/wire.h"

enum {
    TC_OCTET = 2,
    TC_BIT = 0x02,
    AHEAD = 3 /* replies, each some hundred nanoseconds of work */
};

static bool
take_failed(mx_datagram *datagram, mx_reply *out)
{
    mx_flight *flight;

    if (mx_list_is_empty(&datagram->failed)) {
        return false;
    }
    flight = MX_CONTAINER(datagram->failed.next, mx_flight, link);
    mx_list_remove(&flight->link);
    out->flight = flight;
    out->kind = (mx_reply_kind)flight->count;
    out->os_error = flight->os_error;
    return true;
}

static void
give(mx_reply *out, mx_flight *flight, const uint8_t *bytes, size_t length)
{
    mx_datagram_detach(flight);
    out->flight = flight;
    out->kind = MX_REPLY_MESSAGE;
    out->bytes = bytes;
    out->length = length;
}

/* ---- datagrams ---- */

static mx_endpoint *
endpoint_of(const mx_udp_socket *socket)
{
    return socket->user;
}

static void
note_stray(mx_datagram *datagram, mx_udp_socket *socket, const uint8_t *bytes,
           size_t length)
{
    mx_flight *missed =
        mx_near_misses_count(&datagram->near_misses, &socket->flights, bytes, length);

    datagram->strays++;
    if (missed != NULL) {
        mx_datagram_detach(missed);
        mx_datagram_fail(datagram, missed, MX_REPLY_NEAR_MISSES, 0);
    }
}

/* The socket of the burst at hand, NULL when it was closed since. */
static mx_udp_socket *
socket_at_hand(const mx_datagram *datagram)
{
    return mx_list_is_empty(&datagram->reading)
               ? NULL
               : MX_CONTAINER(datagram->reading.next, mx_udp_socket, ready);
}

/* What was sent long ago is far away in memory, and comes while the replies before it
 * are taken. */
static void
fetch_ahead(mx_datagram *datagram, const mx_udp_socket *socket, size_t place)
{
    if (place < datagram->received) {
        size_t length;
        bool is_cut;
        const uint8_t *bytes = mx_burst_get(datagram->burst, place, &length, &is_cut);
        mx_flights_prefetch(&socket->flights, bytes, length);
    }
}

/* The next reply in the burst at hand. */
static bool
take_from_burst(mx_datagram *datagram, mx_reply *out)
{
    while (datagram->next < datagram->received) {
        mx_udp_socket *socket = socket_at_hand(datagram);
        size_t length;
        bool is_cut;
        if (socket != NULL) {
            fetch_ahead(datagram, socket, datagram->next + AHEAD);
        }
        uint8_t *bytes =
            mx_burst_get(datagram->burst, datagram->next++, &length, &is_cut);
        mx_flight *flight =
            socket == NULL ? NULL : mx_flights_match(&socket->flights, bytes, length);
        if (flight != NULL) {
            if (is_cut) {
                /* Whatever was cut off, TCP has it (fault W36). */
                bytes[TC_OCTET] |= TC_BIT;
            }
            give(out, flight, bytes, length);
            return true;
        }
        if (socket == NULL) {
            datagram->strays++;
        }
        else {
            note_stray(datagram, socket, bytes, length);
        }
    }
    return false;
}

/* The burst at hand is used up: what came after it, and whether the socket may have
 * more. */
static void
end_burst(mx_datagram *datagram)
{
    mx_udp_socket *socket = socket_at_hand(datagram);
    int os_error = datagram->os_error;
    bool is_refusal =
        os_error != 0 && mx_socket_error_kind(MX_UDP, os_error) == MX_REPLY_UNREACHABLE;

    if (socket == NULL) {
        return;
    }
    mx_list_remove(&socket->ready);
    if (--socket->reads > 0 &&
        (is_refusal || socket->has_more || datagram->received == MX_BURST_SIZE)) {
        mx_list_append(&datagram->ready_sockets, &socket->ready);
    }
    if (is_refusal) {
        mx_endpoint_fail_socket(endpoint_of(socket), socket, os_error);
    }
}

/* Receives from the next socket that has something. False when none has. */
static bool
receive_burst(mx_datagram *datagram)
{
    mx_udp_socket *socket;

    if (mx_list_is_empty(&datagram->ready_sockets)) {
        return false;
    }
    socket = MX_CONTAINER(datagram->ready_sockets.next, mx_udp_socket, ready);
    mx_list_remove(&socket->ready);
    mx_list_append(&datagram->reading, &socket->ready);
    datagram->next = 0;
    socket->has_more = false;
    datagram->received =
        mx_burst_receive(datagram->burst, socket->descriptor, &datagram->os_error);
    return true;
}

/* ---- streams ---- */

/* The next reply that was read from a connection. */
static bool
take_from_stream(mx_datagram *datagram, mx_connection *connection, mx_reply *out)
{
    const uint8_t *bytes;
    size_t length;

    while (mx_stream_next(connection->stream, &bytes, &length)) {
        mx_flight *flight = mx_flights_match(&connection->by_id, bytes, length);
        connection->is_suspect = false;
        connection->quiet_since = datagram->now;
        if (flight != NULL) {
            connection->has_answered = true;
            datagram->shown = connection->stream;
            give(out, flight, bytes, length);
            return true;
        }
        datagram->strays++;
    }
    return false;
}

/* Takes from the connections that were read, and sees to those that are over. */
static bool
take_from_streams(mx_datagram *datagram, mx_reply *out)
{
    while (!mx_list_is_empty(&datagram->ready_connections)) {
        mx_connection *connection =
            MX_CONTAINER(datagram->ready_connections.next, mx_connection, ready);
        if (take_from_stream(datagram, connection, out)) {
            return true;
        }
        if (connection->os_error != 0) {
            mx_connection_lose(connection, connection->os_error);
            if (take_failed(datagram, out)) {
                return true;
            }
        }
        else {
            mx_list_remove(&connection->ready);
        }
    }
    return false;
}

bool
mx_datagram_take(mx_datagram *datagram, mx_reply *out)
{
    for (;;) {
        if (take_failed(datagram, out) || take_from_burst(datagram, out)) {
            return true;
        }
        end_burst(datagram);
        if (take_failed(datagram, out)) {
            return true;
        }
        if (!receive_burst(datagram)) {
            return take_from_streams(datagram, out);
        }
    }
}
