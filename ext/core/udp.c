/* SPDX-License-Identifier: MIT */
#include "core/udp.h"

#include "core/burst.h"
#include "core/descriptors.h"
#include "core/mem.h"
#include "core/udp_socket.h"

#include <errno.h>

enum { EMPTY = -1 };

struct mx_udp {
    mx_server server;
    void *user;
    mx_rng rng;
    unsigned socket_window; /* open flights a socket, once its real buffer is known */
    int rotation[MX_UDP_SOCKETS]; /* place of the socket in each slot, or EMPTY */
    mx_udp_socket *places[MX_UDP_PLACES];
};

mx_status
mx_udp_new(const mx_server *server, uint64_t seed, void *user, mx_udp **out)
{
    mx_udp *udp = mx_calloc(1, sizeof(*udp));
    if (udp == NULL) {
        return MX_NOMEM;
    }
    udp->server = *server;
    udp->user = user;
    udp->socket_window = MX_UDP_SOCKET_WINDOW;
    mx_rng_seed(&udp->rng, seed);
    for (int i = 0; i < MX_UDP_SOCKETS; i++) {
        udp->rotation[i] = EMPTY;
    }
    *out = udp;
    return MX_OK;
}

static void
close_socket(mx_udp *udp, mx_udp_socket *socket)
{
    udp->places[socket->place] = NULL;
    mx_descriptor_close(socket->descriptor);
    mx_list_remove(&socket->ready);
    mx_flights_fini(&socket->flights);
    mx_free(socket);
}

void
mx_udp_free(mx_udp *udp)
{
    if (udp == NULL) {
        return;
    }
    for (int i = 0; i < MX_UDP_PLACES; i++) {
        if (udp->places[i] != NULL) {
            close_socket(udp, udp->places[i]);
        }
    }
    mx_free(udp);
}

mx_udp_socket *
mx_udp_at(const mx_udp *udp, uint32_t place)
{
    return udp->places[place];
}

static int
free_place(const mx_udp *udp)
{
    for (int i = 0; i < MX_UDP_PLACES; i++) {
        if (udp->places[i] == NULL) {
            return i;
        }
    }
    return EMPTY;
}

/* A new socket in an empty slot; 0 or an errno. */
static int
fill_slot(mx_udp *udp, int slot, mx_usec now)
{
    int place = free_place(udp);
    if (place == EMPTY) {
        return EAGAIN;
    }
    int error = ENOMEM;
    mx_udp_socket *socket = mx_calloc(1, sizeof(*socket));
    if (socket == NULL ||
        mx_flights_reserve(&socket->flights, MX_UDP_SOCKET_WINDOW) != MX_OK) {
        goto fail;
    }
    error = mx_udp_socket_open(&udp->server, &socket->descriptor, &udp->socket_window);
    if (error != 0) {
        goto fail;
    }
    socket->opened = now;
    socket->may_group = mx_burst_can_group(socket->descriptor);
    socket->user = udp->user;
    socket->place = (uint32_t)place;
    mx_list_init(&socket->ready);
    udp->places[place] = socket;
    udp->rotation[slot] = place;
    return 0;
fail:
    if (socket != NULL) {
        mx_flights_fini(&socket->flights);
    }
    mx_free(socket);
    return error;
}

static bool
is_due(const mx_udp_socket *socket, mx_usec now)
{
    return socket->sent >= MX_UDP_SOCKET_QUERIES ||
           now - socket->opened >= MX_UDP_SOCKET_LIFE;
}

/* Empties the slot of a socket that has served its time: closes it, or lets it await
 * its replies in its place. With all places taken it stays in service. */
static void
retire(mx_udp *udp, int slot)
{
    mx_udp_socket *socket = udp->places[udp->rotation[slot]];
    if (socket->flights.count == 0) {
        close_socket(udp, socket);
    }
    else if (free_place(udp) != EMPTY) {
        socket->is_retired = true;
    }
    else {
        return;
    }
    udp->rotation[slot] = EMPTY;
}

/* The socket in a slot, a new one if need be; NULL without one. */
static mx_udp_socket *
socket_in(mx_udp *udp, int slot, mx_usec now, int *error)
{
    if (udp->rotation[slot] != EMPTY && is_due(udp->places[udp->rotation[slot]], now)) {
        retire(udp, slot);
    }
    if (udp->rotation[slot] == EMPTY && *error == 0) {
        *error = fill_slot(udp, slot, now);
    }
    return udp->rotation[slot] == EMPTY ? NULL : udp->places[udp->rotation[slot]];
}

/* Starts the search in a random slot, and takes the first socket with room for at least
 * half of what a socket may have, or for all that is wanted: one with little room would
 * make for small bursts. When a new one cannot be had (EMFILE) any open one will do. */
int
mx_udp_pick(mx_udp *udp, size_t wanted, mx_usec now, mx_udp_socket **out, size_t *room)
{
    int error = 0;
    int start = (int)mx_rng_below(&udp->rng, MX_UDP_SOCKETS);
    *room = 0;
    for (int i = 0; i < MX_UDP_SOCKETS; i++) {
        mx_udp_socket *socket =
            socket_in(udp, (start + i) % MX_UDP_SOCKETS, now, &error);
        if (socket == NULL || socket->flights.count >= udp->socket_window) {
            continue;
        }
        size_t found = udp->socket_window - socket->flights.count;
        if (found > *room) {
            *out = socket;
            *room = found;
        }
        if (found >= wanted || found >= udp->socket_window / 2) {
            break;
        }
    }
    if (*room == 0) {
        return error != 0 ? error : EAGAIN;
    }
    return 0;
}

void
mx_udp_release(mx_udp *udp, mx_udp_socket *socket)
{
    if (socket->flights.count == 0 && socket->is_retired) {
        close_socket(udp, socket);
    }
}

size_t
mx_udp_descriptors(const mx_udp *udp, struct pollfd *descriptors, size_t capacity)
{
    size_t count = 0;
    for (int i = 0; i < MX_UDP_PLACES; i++) {
        const mx_udp_socket *socket = udp->places[i];
        if (socket != NULL && socket->flights.count > 0) {
            if (count < capacity) {
                descriptors[count] =
                    (struct pollfd){.fd = socket->descriptor, .events = POLLIN};
            }
            count++;
        }
    }
    return count;
}

mx_udp_socket *
mx_udp_find(const mx_udp *udp, int descriptor, uint32_t *from)
{
    for (uint32_t i = 0; i < MX_UDP_PLACES; i++) {
        uint32_t place = (*from + i) % MX_UDP_PLACES;
        if (udp->places[place] != NULL &&
            udp->places[place]->descriptor == descriptor) {
            *from = place + 1;
            return udp->places[place];
        }
    }
    return NULL;
}

mx_usec
mx_udp_tidy(mx_udp *udp, mx_usec now)
{
    mx_usec next = MX_NEVER;
    for (int slot = 0; slot < MX_UDP_SOCKETS; slot++) {
        int place = udp->rotation[slot];
        if (place != EMPTY && is_due(udp->places[place], now)) {
            retire(udp, slot);
        }
    }
    for (int i = 0; i < MX_UDP_PLACES; i++) {
        const mx_udp_socket *socket = udp->places[i];
        if (socket != NULL) {
            /* One that is due awaits replies, and closes when it has them. */
            mx_usec due = is_due(socket, now) ? now + MX_UDP_SOCKET_LIFE
                                              : socket->opened + MX_UDP_SOCKET_LIFE;
            next = due < next ? due : next;
        }
    }
    return next;
}

size_t
mx_udp_window(const mx_udp *udp)
{
    return (size_t)udp->socket_window * MX_UDP_SOCKETS;
}
