/* SPDX-License-Identifier: MIT */
/* socket_address.h - a name server's address as the system's socket calls want it. */
#ifndef MX_SOCKET_ADDRESS_H
#define MX_SOCKET_ADDRESS_H

#include "core/server.h"

#include <sys/socket.h>

/* Fills `out`; returns its length in use. `out->ss_family` is the socket's family. */
socklen_t mx_socket_address(const mx_server *server, struct sockaddr_storage *out);

#endif
