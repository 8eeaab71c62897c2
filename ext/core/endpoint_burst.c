/* SPDX-License-Identifier: MIT */
#include "core/datagram_state.h"
#include "core/socket_error.h"
#include "core/table.h"

#include <assert.h>
#include <errno.h>

enum {
    FEW = 3,      /* flights that are not worth sorting */
    LENGTHS = 128 /* told apart; what is longer by as much is rare and does no harm */
};

/* Before the system is offered again what it would not take: its buffers drain. */
#define SEND_PAUSE (2 * MX_USEC_PER_MSEC)

static void
fail_all_waiting(mx_endpoint *endpoint, int os_error)
{
    while (!mx_list_is_empty(&endpoint->waiting)) {
        mx_flight *flight = MX_CONTAINER(endpoint->waiting.next, mx_flight, link);
        mx_datagram_detach(flight);
        mx_datagram_fail_with_error(endpoint->datagram, flight, os_error);
    }
}

void
mx_endpoint_fail_socket(mx_endpoint *endpoint, mx_udp_socket *socket, int os_error)
{
    mx_flight *refused;
    size_t place = 0;

    while ((refused = mx_flights_next(&socket->flights, &place)) != NULL) {
        if (refused->state == MX_FLIGHT_BY_UDP) {
            mx_flights_remove(&socket->flights, refused);
            mx_datagram_fail_with_error(endpoint->datagram, refused, os_error);
        }
    }
    mx_udp_release(endpoint->udp, socket);
}

/* So that those of equal length are neighbours, and can leave as one. */
static void
sort_by_length(mx_flight **flights, size_t count)
{
    mx_flight *sorted[MX_BURST_SIZE] = {NULL};
    uint8_t first[LENGTHS + 1] = {0}; /* where those of a length begin */

    for (size_t i = 0; i < count; i++) {
        first[flights[i]->length % LENGTHS + 1]++;
    }
    for (size_t i = 1; i <= LENGTHS; i++) {
        first[i] = (uint8_t)(first[i] + first[i - 1]);
    }
    for (size_t i = 0; i < count; i++) {
        sorted[first[flights[i]->length % LENGTHS]++] = flights[i];
    }
    for (size_t i = 0; i < count; i++) {
        flights[i] = sorted[i];
    }
}

/* Gives the first of those that wait an id on this socket; returns how many. */
static size_t
load_burst(mx_endpoint *endpoint, mx_udp_socket *socket, size_t limit,
           mx_flight **flights)
{
    mx_datagram *datagram = endpoint->datagram;
    size_t count = 0;

    while (count < limit && !mx_list_is_empty(&endpoint->waiting)) {
        mx_flight *flight = MX_CONTAINER(endpoint->waiting.next, mx_flight, link);
        mx_list_remove(&flight->link);
        if (mx_flights_add(&socket->flights, &datagram->ids, flight) != MX_OK) {
            /* Without an id that nobody can foretell nothing is sent. */
            mx_datagram_fail(datagram, flight, MX_REPLY_LOCAL, EAGAIN);
            continue;
        }
        flight->state = MX_FLIGHT_LOADED;
        flight->socket = socket->place;
        flight->count = 0;
        flights[count++] = flight;
    }
    mx_near_misses_forget(&datagram->near_misses);
    if (socket->may_group && count > FEW) {
        sort_by_length(flights, count);
    }
    for (size_t i = 0; i < count; i++) {
        mx_burst_put(datagram->burst, i, flights[i]->query, flights[i]->length);
    }
    return count;
}

/* Flights that did not leave wait on, before the others. */
static void
unload_burst(mx_endpoint *endpoint, mx_udp_socket *socket, mx_flight **flights,
             size_t count)
{
    mx_list others;

    mx_list_init(&others);
    mx_list_move_all(&others, &endpoint->waiting);
    for (size_t i = 0; i < count; i++) {
        mx_flights_remove(&socket->flights, flights[i]);
        mx_endpoint_wait(endpoint, flights[i]);
    }
    mx_list_move_all(&endpoint->waiting, &others);
}

/* Trouble that says nothing about the datagram and passes (fault N26). */
static bool
is_passing(int os_error)
{
    return os_error == EAGAIN || os_error == EWOULDBLOCK || os_error == ENOBUFS;
}

/* Sends a loaded burst. False when the rest has to wait. */
static bool
send_burst(mx_endpoint *endpoint, mx_udp_socket *socket, mx_flight **flights,
           size_t count)
{
    mx_datagram *datagram = endpoint->datagram;
    size_t sent = 0, told = count; /* `told`: where a refusal was met */
    int os_error;

    for (;;) {
        size_t end = mx_burst_send(datagram->burst, socket->descriptor,
                                   &socket->may_group, sent, count, &os_error);
        socket->sent += (unsigned)(end - sent);
        assert(end <= count);
        for (; sent < end; sent++) {
            flights[sent]->state = MX_FLIGHT_BY_UDP;
        }
        if (sent == count) {
            return true;
        }
        if (is_passing(os_error)) {
            unload_burst(endpoint, socket, flights + sent, count - sent);
            return false;
        }
        if (told != sent &&
            mx_socket_error_kind(MX_UDP, os_error) == MX_REPLY_UNREACHABLE) {
            /* Meant for what was sent before, and told once: this one may pass. */
            told = sent;
            mx_endpoint_fail_socket(endpoint, socket, os_error);
        }
        else {
            mx_flights_remove(&socket->flights, flights[sent]);
            mx_datagram_fail_with_error(datagram, flights[sent], os_error);
            sent++;
        }
    }
}

void
mx_endpoint_send_waiting(mx_endpoint *endpoint)
{
    mx_datagram *datagram = endpoint->datagram;
    mx_flight *flights[MX_BURST_SIZE];

    endpoint->retry_at = MX_NEVER;
    while (!mx_list_is_empty(&endpoint->waiting)) {
        mx_udp_socket *socket;
        size_t room;
        int os_error =
            mx_udp_pick(endpoint->udp, MX_BURST_SIZE, datagram->now, &socket, &room);
        if (os_error != 0) {
            fail_all_waiting(endpoint, os_error);
            return;
        }
        size_t count = load_burst(endpoint, socket,
                                  room < MX_BURST_SIZE ? room : MX_BURST_SIZE, flights);
        if (count > 0 && !send_burst(endpoint, socket, flights, count)) {
            endpoint->retry_at = datagram->now + SEND_PAUSE;
            return;
        }
    }
}
