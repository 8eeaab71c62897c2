/* SPDX-License-Identifier: MIT */
#include "core/wire.h"

enum { LABEL_POINTER = 0xc0 };

/* Copies the label at `at` to the end of `out`; false when it goes up to `limit`, makes
 * the name too long or is one too many for this message. */
static bool
append_label(mx_wire *wire, size_t at, size_t limit, mx_name *out, size_t *length)
{
    size_t count = wire->bytes[at];
    /* Both leave room: the octets for another one, the name for its root byte. */
    if (count >= limit - at || *length + 1 + count >= MX_MAX_NAME ||
        wire->label_steps >= MX_MAX_LABEL_STEPS) {
        return false;
    }
    wire->label_steps++;
    const uint8_t *label = wire->bytes + at;
    uint8_t *end = out->wire + *length;
    end[0] = (uint8_t)count;
    for (size_t i = 1; i <= count; i++) {
        bool is_upper = label[i] >= 'A' && label[i] <= 'Z';
        end[i] = (uint8_t)(label[i] | (is_upper ? 0x20 : 0));
    }
    *length += 1 + count;
    return true;
}

void
mx_wire_name(mx_wire *wire, mx_name *out)
{
    size_t at = wire->position;
    size_t start = at; /* of the run of labels walked; pointers only lead below it */
    /* Where the run must have ended. What a pointer leads to is a prior name (RFC 1035
     * 4.1.4), so it ends before the run that pointed. */
    size_t limit = wire->length;
    size_t length = 0;
    unsigned pointers = 0;

    if (wire->failed) {
        goto fail;
    }
    for (;;) {
        if (at >= limit) {
            goto fail;
        }
        unsigned octet = wire->bytes[at];
        if (octet == 0) {
            break;
        }
        if (octet >= LABEL_POINTER) {
            if (limit - at < 2) {
                goto fail;
            }
            size_t target = (octet & 0x3fu) << 8 | wire->bytes[at + 1];
            if (pointers == 0) {
                wire->position = at + 2;
            }
            if (++pointers > MX_MAX_POINTERS || target >= start ||
                target < MX_WIRE_HEADER) {
                goto fail;
            }
            limit = start;
            at = start = target;
            continue;
        }
        /* 0x40 and 0x80 begin label types that never came into use (RFC 6891 5). */
        if (octet > MX_MAX_LABEL || !append_label(wire, at, limit, out, &length)) {
            goto fail;
        }
        at += 1 + octet;
    }
    if (pointers == 0) {
        wire->position = at + 1;
    }
    out->wire[length] = 0;
    out->length = (uint8_t)(length + 1);
    return;

fail:
    wire->failed = true;
    out->wire[0] = 0;
    out->length = 1;
}
