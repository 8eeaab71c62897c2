/* SPDX-License-Identifier: MIT */
/* protocol.h - what carries a message to a name server. */
#ifndef MX_PROTOCOL_H
#define MX_PROTOCOL_H

typedef enum mx_protocol { MX_UDP, MX_TCP } mx_protocol;

#endif
