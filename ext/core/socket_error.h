/* SPDX-License-Identifier: MIT */
/* socket_error.h - whose trouble an errno of a socket is. */
#ifndef MX_SOCKET_ERROR_H
#define MX_SOCKET_ERROR_H

#include "core/protocol.h"
#include "core/transport.h"

/* MX_REPLY_UNREACHABLE when the server refused or cannot be reached, so that another may
 * do; MX_REPLY_LOCAL for trouble of this machine. */
mx_reply_kind mx_socket_error_kind(mx_protocol protocol, int os_error);

#endif
