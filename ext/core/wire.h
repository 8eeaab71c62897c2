/* SPDX-License-Identifier: MIT */
/* wire.h - a bounds-checked cursor over one DNS message (RFC 1035 section 4).
 *
 * The only place with pointer arithmetic over bytes from the network. A failed read
 * sets `failed` for good and returns zeros, so a caller may read several fields and
 * check once. The cursor borrows the bytes.
 */
#ifndef MX_WIRE_H
#define MX_WIRE_H

#include "core/name.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    MX_WIRE_HEADER = 12,
    MX_MAX_POINTERS = 16, /* hops of compression in one name; real ones need 2 */
    MX_MAX_LABEL_STEPS =
        20000 /* labels walked in one message: bounds "pointer bombs" */
};

typedef struct mx_wire {
    const uint8_t *bytes;
    size_t length;
    size_t position;
    unsigned label_steps; /* spent so far, of MX_MAX_LABEL_STEPS */
    bool failed;
} mx_wire;

static inline void
mx_wire_init(mx_wire *wire, const uint8_t *bytes, size_t length)
{
    *wire = (mx_wire){.bytes = bytes, .length = length};
}

/* `count` octets, borrowed; NULL on failure. */
static inline const uint8_t *
mx_wire_octets(mx_wire *wire, size_t count)
{
    if (wire->failed || count > wire->length - wire->position) {
        wire->failed = true;
        return NULL;
    }
    const uint8_t *octets = wire->bytes + wire->position;
    wire->position += count;
    return octets;
}

static inline void
mx_wire_skip(mx_wire *wire, size_t count)
{
    (void)mx_wire_octets(wire, count);
}

static inline uint16_t
mx_wire_u16(mx_wire *wire)
{
    const uint8_t *octets = mx_wire_octets(wire, 2);
    if (octets == NULL) {
        return 0;
    }
    return (uint16_t)(octets[0] << 8 | octets[1]);
}

static inline uint32_t
mx_wire_u32(mx_wire *wire)
{
    uint32_t high = mx_wire_u16(wire);
    return high << 16 | mx_wire_u16(wire);
}

/* A name that may be compressed: pointers go strictly backwards, to what ends before,
 * and never into the header; 255 octets at most. */
void mx_wire_name(mx_wire *wire, mx_name *out);

#endif
