/* SPDX-License-Identifier: MIT */
#include "core/socket_error.h"

#include <errno.h>

mx_reply_kind
mx_socket_error_kind(mx_protocol protocol, int os_error)
{
    switch (os_error) {
    case ECONNREFUSED:
    case ECONNRESET:
    case ECONNABORTED:
    case EHOSTUNREACH:
    case EHOSTDOWN:
    case ENETUNREACH:
    case ETIMEDOUT:
    case EPIPE:
    case EPROTO:
    case EAFNOSUPPORT: /* an IPv6 server, and no IPv6 here: another server may do */
        return MX_REPLY_UNREACHABLE;
    case EADDRNOTAVAIL: /* UDP: no address to reach it from; TCP: no port is left */
        return protocol == MX_UDP ? MX_REPLY_UNREACHABLE : MX_REPLY_LOCAL;
    default:
        return MX_REPLY_LOCAL;
    }
}
