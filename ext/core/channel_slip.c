/* SPDX-License-Identifier: MIT */
#include "core/channel_slip.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

enum {
    ID_SIZE = 2,
    NAME_END = 1,
    TYPE_AND_CLASS = 4,
    FLAG_QR = 0x80, /* in the first octet after the id */
    FLAG_RD = 0x01,
    /* The rcode of a reply. Any that c-ares neither acts on (FORMERR, SERVFAIL, NOTIMP,
     * REFUSED, BADCOOKIE) nor takes as a sign of how fast the server is (NOERROR,
     * NXDOMAIN). */
    RCODE_NOTAUTH = 9
};

static bool
is_host_byte(uint8_t byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') ||
           byte == '-' || byte == '_';
}

size_t
mx_slip_write(const uint8_t *query, size_t length, uint8_t *out)
{
    static const uint8_t header[] = {FLAG_RD, 0, 0, 1, 0, 0, 0, 0, 0, 0};
    memcpy(out, query, ID_SIZE);
    memcpy(out + ID_SIZE, header, sizeof(header));
    size_t end = MX_WIRE_HEADER;
    while (end < length && query[end] != 0) {
        size_t next = end + 1 + query[end];
        assert(next < length && next < MX_SLIP_SIZE);
        out[end] = query[end];
        while (++end < next) {
            out[end] = is_host_byte(query[end]) ? query[end] : '-';
        }
    }
    assert(end + NAME_END + TYPE_AND_CLASS <= length);
    memcpy(out + end, query + end, NAME_END + TYPE_AND_CLASS);
    return end + NAME_END + TYPE_AND_CLASS;
}

void
mx_slip_answer(uint8_t *slip)
{
    slip[ID_SIZE] |= FLAG_QR;
    slip[ID_SIZE + 1] = RCODE_NOTAUTH;
}

void
mx_slip_name(const uint8_t *slip, size_t length, char *out)
{
    size_t end = MX_WIRE_HEADER, size = 0;
    while (end < length && slip[end] != 0) {
        size_t label = slip[end];
        memcpy(out + size, slip + end + 1, label);
        size += label;
        out[size++] = '.';
        end += 1 + label;
    }
    out[size] = '\0';
}
