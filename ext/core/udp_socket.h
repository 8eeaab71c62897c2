/* SPDX-License-Identifier: MIT */
/* udp_socket.h - opening one UDP socket that is fit to ask a name server from. */
#ifndef MX_UDP_SOCKET_H
#define MX_UDP_SOCKET_H

#include "core/server.h"

/* A socket connected to the server, on a port that middleboxes leave alone, with a large
 * receive buffer; `*window` is how many replies the buffer it got can hold, at most
 * MX_UDP_SOCKET_WINDOW. Returns 0 or an errno. */
int mx_udp_socket_open(const mx_server *server, int *descriptor, unsigned *window);

#endif
