/* SPDX-License-Identifier: MIT */
#include "core/self.h"

#include "core/mem.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct mx_self {
    atomic_uint references;
    size_t name_count, address_count;
    mx_name *names; /* both sorted */
    mx_address *addresses;
};

static int
compare_names(const void *first, const void *second)
{
    const mx_name *a = first, *b = second;

    return a->length != b->length ? a->length - b->length
                                  : memcmp(a->wire, b->wire, a->length);
}

static int
compare_addresses(const void *first, const void *second)
{
    return memcmp(first, second, sizeof(mx_address));
}

/* A socket for both families sees an IPv4 peer as ::ffff:192.0.2.1 (RFC 4291 2.5.5.2).
 */
static mx_address
unmap(const mx_address *address)
{
    static const uint8_t mapped[12] = {[10] = 0xff, 0xff};

    return address->family == MX_IPV6 &&
                   memcmp(address->bytes, mapped, sizeof(mapped)) == 0
               ? mx_address_ipv4(address->bytes + sizeof(mapped))
               : *address;
}

mx_status
mx_self_new(const mx_name *names, size_t name_count, const mx_address *addresses,
            size_t address_count, mx_self **out)
{
    mx_self *self;

    if (name_count > MX_LIMIT_SELF || address_count > MX_LIMIT_SELF) {
        return MX_INVALID;
    }
    self = mx_calloc(1, sizeof(*self));
    if (self == NULL) {
        return MX_NOMEM;
    }
    atomic_init(&self->references, 1);
    self->names = mx_calloc(name_count + 1, sizeof(*self->names));
    self->addresses = mx_calloc(address_count + 1, sizeof(*self->addresses));
    if (self->names == NULL || self->addresses == NULL) {
        mx_self_unref(self);
        return MX_NOMEM;
    }
    for (size_t i = 0; i < name_count; i++) {
        self->names[i] = names[i];
    }
    for (size_t i = 0; i < address_count; i++) {
        self->addresses[i] = unmap(&addresses[i]);
    }
    self->name_count = name_count;
    self->address_count = address_count;
    qsort(self->names, name_count, sizeof(*self->names), compare_names);
    qsort(self->addresses, address_count, sizeof(*self->addresses), compare_addresses);
    *out = self;
    return MX_OK;
}

mx_self *
mx_self_ref(mx_self *self)
{
    if (self != NULL) {
        atomic_fetch_add_explicit(&self->references, 1, memory_order_relaxed);
    }
    return self;
}

void
mx_self_unref(mx_self *self)
{
    if (self == NULL ||
        atomic_fetch_sub_explicit(&self->references, 1, memory_order_acq_rel) != 1) {
        return;
    }
    mx_free(self->names);
    mx_free(self->addresses);
    mx_free(self);
}

bool
mx_self_has_name(const mx_self *self, const mx_name *name)
{
    return self != NULL && bsearch(name, self->names, self->name_count, sizeof(*name),
                                   compare_names) != NULL;
}

bool
mx_self_has_address(const mx_self *self, const mx_address *address)
{
    mx_address plain = unmap(address);

    return self != NULL && bsearch(&plain, self->addresses, self->address_count,
                                   sizeof(plain), compare_addresses) != NULL;
}
