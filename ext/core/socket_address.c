/* SPDX-License-Identifier: MIT */
#include "core/socket_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

socklen_t
mx_socket_address(const mx_server *server, struct sockaddr_storage *out)
{
    memset(out, 0, sizeof(*out));
    if (server->address.family == MX_IPV4) {
        struct sockaddr_in *v4 = (struct sockaddr_in *)out;
        v4->sin_family = AF_INET;
        v4->sin_port = htons(server->port);
        memcpy(&v4->sin_addr, server->address.bytes, sizeof(v4->sin_addr));
        return sizeof(*v4);
    }
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(server->port);
    v6->sin6_scope_id = server->scope;
    memcpy(&v6->sin6_addr, server->address.bytes, sizeof(v6->sin6_addr));
    return sizeof(*v6);
}
