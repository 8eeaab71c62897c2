/* SPDX-License-Identifier: MIT */
#include "core/udp_socket.h"

#include "core/descriptors.h"
#include "core/socket_address.h"
#include "core/udp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>

enum {
    /* What one reply of up to MX_EDNS_PAYLOAD costs in the kernel's accounting, which
     * counts its buffers and not our bytes (fault c-ares 11: 92 such replies in
     * 212,992).
     */
    REPLY_COST = 2304,
    PORT_TRIES = 4,
    NONE = -1
};

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
    int opened = NONE;
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

int
mx_udp_socket_open(const mx_server *server, int *descriptor, unsigned *window)
{
    int error = open_with_good_port(server, descriptor);

    if (error == 0) {
        *window = enlarge_buffer(*descriptor);
    }
    return error;
}
