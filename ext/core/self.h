/* SPDX-License-Identifier: MIT */
/* self.h - what this machine is called and where it is reached, for finding it in lists
 * of exchanges (RFC 5321 5.1, rule O8).
 *
 * Immutable and reference-counted; any thread may hold one.
 */
#ifndef MX_SELF_H
#define MX_SELF_H

#include "core/address.h"
#include "core/name.h"
#include "core/status.h"

#include <stdbool.h>
#include <stddef.h>

enum { MX_LIMIT_SELF = 65535 }; /* names, and addresses: a sanity limit */

typedef struct mx_self mx_self;

/* MX_INVALID over the limit. */
MX_MUST_CHECK mx_status mx_self_new(const mx_name *names, size_t name_count,
                                    const mx_address *addresses, size_t address_count,
                                    mx_self **out);
mx_self *mx_self_ref(mx_self *self); /* returns `self`; NULL is fine */
void mx_self_unref(mx_self *self);   /* NULL is fine */
/* Nobody is NULL. */
bool mx_self_has_name(const mx_self *self, const mx_name *name);
/* An IPv4-mapped IPv6 address is the IPv4 address it holds, on both sides. */
bool mx_self_has_address(const mx_self *self, const mx_address *address);

#endif
