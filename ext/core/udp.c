/* SPDX-License-Identifier: MIT */
#include "core/udp.h"

#include "core/descriptors.h"
#include "core/mem.h"
#include "core/socket_address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>

#ifndef MSG_NOSIGNAL
#    define MSG_NOSIGNAL 0
#endif

enum {
    /* Those in rotation, and retired ones that still await replies. */
    PLACES = 2 * MX_UDP_SOCKETS,
    PLACE_BITS = 7, /* of a handle; the rest is the socket's serial number */
    EMPTY = -1,
    /* What one reply of up to MX_EDNS_PAYLOAD costs in the kernel's accounting, which
     * counts its buffers and not our bytes (fault c-ares 11: 92 such replies in
     * 212,992).
     */
    REPLY_COST = 2304,
    PORT_TRIES = 4
};

_Static_assert(PLACES == 1 << PLACE_BITS, "a handle has room for every place");

typedef struct udp_socket {
    int descriptor; /* EMPTY without a socket */
    uint32_t serial;
    unsigned open; /* attempts */
    unsigned sent; /* datagrams */
    bool is_retired;
    mx_usec opened;
} udp_socket;

struct mx_udp {
    mx_server server;
    mx_rng rng;
    uint32_t serial;
    unsigned socket_window; /* open attempts a socket, once its real buffer is known */
    int rotation[MX_UDP_SOCKETS]; /* place of the socket in each slot, or EMPTY */
    udp_socket places[PLACES];
};

mx_status
mx_udp_new(const mx_server *server, uint64_t seed, mx_udp **out)
{
    mx_udp *udp = mx_calloc(1, sizeof(*udp));
    if (udp == NULL) {
        return MX_NOMEM;
    }
    udp->server = *server;
    udp->socket_window = MX_UDP_SOCKET_WINDOW;
    mx_rng_seed(&udp->rng, seed);
    for (int i = 0; i < MX_UDP_SOCKETS; i++) {
        udp->rotation[i] = EMPTY;
    }
    for (int i = 0; i < PLACES; i++) {
        udp->places[i].descriptor = EMPTY;
    }
    *out = udp;
    return MX_OK;
}

void
mx_udp_free(mx_udp *udp)
{
    if (udp == NULL) {
        return;
    }
    for (int i = 0; i < PLACES; i++) {
        if (udp->places[i].descriptor != EMPTY) {
            mx_descriptor_close(udp->places[i].descriptor);
        }
    }
    mx_free(udp);
}

static uint32_t
handle_of(const mx_udp *udp, int place)
{
    return udp->places[place].serial << PLACE_BITS | (uint32_t)place;
}

/* The socket of a handle, NULL when it was closed since. */
static udp_socket *
socket_of(mx_udp *udp, uint32_t handle)
{
    int place = (int)(handle & (PLACES - 1));
    udp_socket *socket = &udp->places[place];
    bool is_it = socket->descriptor != EMPTY && handle_of(udp, place) == handle;
    return is_it ? socket : NULL;
}

static void
close_socket(udp_socket *socket)
{
    mx_descriptor_close(socket->descriptor);
    socket->descriptor = EMPTY;
}

/* Ports that middleboxes treat as something else: RoCE and memcached (fault S14). */
static bool
has_bad_port(int descriptor)
{
    struct sockaddr_storage address;
    socklen_t length = sizeof(address);
    if (getsockname(descriptor, (struct sockaddr *)&address, &length) != 0) {
        return false;
    }
    uint16_t port = ntohs(address.ss_family == AF_INET
                              ? ((struct sockaddr_in *)&address)->sin_port
                              : ((struct sockaddr_in6 *)&address)->sin6_port);
    return port == 4791 || port == 11211;
}

static int
open_connected(const mx_server *server, int *descriptor)
{
    struct sockaddr_storage address;
    socklen_t length = mx_socket_address(server, &address);
    int opened;
    int error = mx_descriptor_socket(address.ss_family, SOCK_DGRAM, &opened);
    if (error != 0) {
        return error;
    }
    if (connect(opened, (struct sockaddr *)&address, length) != 0) {
        error = errno;
        mx_descriptor_close(opened);
        return error;
    }
    *descriptor = opened;
    return 0;
}

/* Opens another before it closes one with a bad port, so as not to get that port again.
 */
static int
open_with_good_port(const mx_server *server, int *descriptor)
{
    int opened = EMPTY;
    int error = open_connected(server, &opened);
    for (int i = 1; error == 0 && i < PORT_TRIES && has_bad_port(opened); i++) {
        int bad = opened;
        error = open_connected(server, &opened);
        mx_descriptor_close(bad);
    }
    if (error == 0) {
        *descriptor = opened;
    }
    return error;
}

/* Asks for a large receive buffer and learns how many replies the one we got can hold.
 */
static unsigned
enlarge_buffer(int descriptor)
{
    int size = MX_UDP_BUFFER;
    socklen_t length = sizeof(size);
    (void)setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    if (getsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, &length) != 0 ||
        size / REPLY_COST >= MX_UDP_SOCKET_WINDOW) {
        return MX_UDP_SOCKET_WINDOW;
    }
    return size < REPLY_COST ? 1 : (unsigned)(size / REPLY_COST);
}

static int
free_place(const mx_udp *udp)
{
    for (int i = 0; i < PLACES; i++) {
        if (udp->places[i].descriptor == EMPTY) {
            return i;
        }
    }
    return EMPTY;
}

/* A new socket in an empty slot. */
static int
fill_slot(mx_udp *udp, int slot, mx_usec now)
{
    int place = free_place(udp);
    if (place == EMPTY) {
        return EAGAIN;
    }
    int descriptor;
    int error = open_with_good_port(&udp->server, &descriptor);
    if (error != 0) {
        return error;
    }
    udp->socket_window = enlarge_buffer(descriptor);
    udp->places[place] =
        (udp_socket){.descriptor = descriptor, .serial = ++udp->serial, .opened = now};
    udp->rotation[slot] = place;
    return 0;
}

static bool
is_due(const udp_socket *socket, mx_usec now)
{
    return socket->sent >= MX_UDP_SOCKET_QUERIES ||
           now - socket->opened >= MX_UDP_SOCKET_LIFE;
}

/* Empties the slot of a socket that has served its time: closes it, or lets it await
 * its replies in its place. With all places taken it stays in service. */
static void
retire(mx_udp *udp, int slot)
{
    udp_socket *socket = &udp->places[udp->rotation[slot]];
    if (socket->open == 0) {
        close_socket(socket);
    }
    else if (free_place(udp) != EMPTY) {
        socket->is_retired = true;
    }
    else {
        return;
    }
    udp->rotation[slot] = EMPTY;
}

/* A socket with room, starting the search in a random slot. When a new one cannot be
 * had (EMFILE) any open one will do. */
static int
pick_socket(mx_udp *udp, mx_usec now, int *picked)
{
    int error = 0;
    int start = (int)mx_rng_below(&udp->rng, MX_UDP_SOCKETS);
    for (int i = 0; i < MX_UDP_SOCKETS; i++) {
        int slot = (start + i) % MX_UDP_SOCKETS;
        if (udp->rotation[slot] != EMPTY &&
            is_due(&udp->places[udp->rotation[slot]], now)) {
            retire(udp, slot);
        }
        if (udp->rotation[slot] == EMPTY && error == 0) {
            error = fill_slot(udp, slot, now);
        }
        int place = udp->rotation[slot];
        if (place != EMPTY && udp->places[place].open < udp->socket_window) {
            *picked = place;
            return 0;
        }
    }
    return error != 0 ? error : EAGAIN;
}

static int
send_datagram(int descriptor, const uint8_t *bytes, size_t length)
{
    while (send(descriptor, bytes, length, MSG_NOSIGNAL) < 0) {
        if (errno != EINTR) {
            return errno;
        }
    }
    return 0;
}

int
mx_udp_send(mx_udp *udp, const uint8_t *bytes, size_t length, mx_usec now,
            uint32_t *socket)
{
    int place;
    *socket = MX_UDP_NONE;
    int error = pick_socket(udp, now, &place);
    if (error != 0) {
        return error;
    }
    udp_socket *used = &udp->places[place];
    *socket = handle_of(udp, place);
    error = send_datagram(used->descriptor, bytes, length);
    if (error != 0 && used->open == 0) {
        /* An error that earlier datagrams left behind: nobody awaits them any more, and
         * reporting it took it away. */
        error = send_datagram(used->descriptor, bytes, length);
    }
    if (error == 0) {
        used->open++;
        used->sent++;
    }
    return error;
}

void
mx_udp_release(mx_udp *udp, uint32_t socket)
{
    udp_socket *used = socket_of(udp, socket);
    if (used == NULL || used->open == 0) {
        return;
    }
    used->open--;
    if (used->open == 0 && used->is_retired) {
        close_socket(used);
    }
}

size_t
mx_udp_descriptors(const mx_udp *udp, struct pollfd *descriptors, size_t capacity)
{
    size_t count = 0;
    for (int i = 0; i < PLACES; i++) {
        const udp_socket *socket = &udp->places[i];
        if (socket->descriptor != EMPTY && socket->open > 0) {
            if (count < capacity) {
                descriptors[count] =
                    (struct pollfd){.fd = socket->descriptor, .events = POLLIN};
            }
            count++;
        }
    }
    return count;
}

bool
mx_udp_find(const mx_udp *udp, int descriptor, uint32_t *socket)
{
    for (int i = 0; i < PLACES; i++) {
        if (udp->places[i].descriptor == descriptor && descriptor != EMPTY) {
            *socket = handle_of(udp, i);
            return true;
        }
    }
    return false;
}

ptrdiff_t
mx_udp_receive(mx_udp *udp, uint32_t socket, uint8_t *buffer, size_t size,
               int *os_error)
{
    udp_socket *used = socket_of(udp, socket);
    if (used == NULL) {
        *os_error = EAGAIN;
        return -1;
    }
    ssize_t length;
    do {
        length = recv(used->descriptor, buffer, size, 0);
    } while (length < 0 && errno == EINTR);
    if (length < 0) {
        *os_error = errno;
    }
    return length;
}

mx_usec
mx_udp_tidy(mx_udp *udp, mx_usec now)
{
    mx_usec next = MX_NEVER;
    for (int slot = 0; slot < MX_UDP_SOCKETS; slot++) {
        int place = udp->rotation[slot];
        if (place != EMPTY && is_due(&udp->places[place], now)) {
            retire(udp, slot);
        }
    }
    for (int i = 0; i < PLACES; i++) {
        const udp_socket *socket = &udp->places[i];
        if (socket->descriptor != EMPTY) {
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
