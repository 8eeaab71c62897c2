/* SPDX-License-Identifier: MIT */
/* reader.c - the reader of answers as a filter, for the differential test.
 *
 * Reads questions with what came as reply to them, big-endian as in DNS:
 *
 *     id (2)  type (2)  octets of the name (2)  name  octets of the message (2)  message
 *
 * and writes a line of facts about each, which answers.py reads:
 *
 *     is-reply kind reason rcode ede authenticated canonical aliases ttl count records...
 *
 * Names are their wire form in hexadecimal; a record is preference:name or an address.
 */
#include "core/answer.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

static void
stop(const char *why)
{
    fprintf(stderr, "reader: %s\n", why);
    exit(EXIT_FAILURE);
}

/* False at the end of the input, where a record may end but not within one. */
static bool
read_u16(size_t *out)
{
    int high = getchar();
    int low = getchar();
    if (high == EOF || low == EOF) {
        return false;
    }
    *out = (size_t)high << 8 | (size_t)low;
    return true;
}

static size_t
need_u16(void)
{
    size_t value;
    if (!read_u16(&value)) {
        stop("the input ends within a record");
    }
    return value;
}

/* Memory of the exact size, so that an octet read too many is seen. */
static uint8_t *
need_octets(size_t *length)
{
    *length = need_u16();
    uint8_t *octets = malloc(*length > 0 ? *length : 1);
    if (octets == NULL || fread(octets, 1, *length, stdin) != *length) {
        stop("the input ends within a record");
    }
    return octets;
}

static void
print_hex(const uint8_t *octets, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        printf("%02x", (unsigned)octets[i]);
    }
}

static void
print_records(const mx_answer *answer)
{
    size_t cursor = 0;
    uint16_t preference;
    const mx_name *host;

    while (mx_answer_next_exchange(answer, &cursor, &preference, &host)) {
        printf(" %u:", (unsigned)preference);
        print_hex(host->wire, host->length);
    }
    bool has_addresses = answer->type == MX_TYPE_A || answer->type == MX_TYPE_AAAA;
    for (size_t i = 0; has_addresses && i < answer->count; i++) {
        mx_address address = mx_answer_address(answer, i);
        putchar(' ');
        print_hex(address.bytes, address.family == MX_IPV4 ? 4 : 16);
    }
}

static void
print_answer(bool is_reply, const mx_answer *answer)
{
    static const char *const kinds[] = {
        [MX_ANSWER_RECORDS] = "records",     [MX_ANSWER_NODATA] = "nodata",
        [MX_ANSWER_NXDOMAIN] = "nxdomain",   [MX_ANSWER_ALIAS] = "alias",
        [MX_ANSWER_TRUNCATED] = "truncated", [MX_ANSWER_FAILURE] = "failure",
    };
    const char *reason = mx_reason_code(answer->reason);

    printf("%d %s %s %u %d %d ", is_reply, kinds[answer->kind],
           reason[0] == '\0' ? "-" : reason, (unsigned)answer->rcode, (int)answer->ede,
           answer->authenticated);
    print_hex(answer->canonical->wire, answer->canonical->length);
    printf(" %u %u %u", (unsigned)answer->cname_count, (unsigned)answer->ttl,
           (unsigned)answer->count);
    print_records(answer);
    putchar('\n');
}

int
main(void)
{
    size_t id;

    while (read_u16(&id)) {
        mx_question question = {.type = (uint16_t)need_u16()};
        uint8_t query[MX_QUERY_SIZE];
        size_t name_length, length;
        mx_answer *answer;

        uint8_t *name = need_octets(&name_length);
        if (!mx_name_from_wire(name, name_length, &question.name)) {
            stop("a question without a name");
        }
        free(name);
        uint8_t *message = need_octets(&length);
        size_t query_length = mx_question_write(&question, (uint16_t)id,
                                                (mx_query_flags){.edns = true}, query);
        bool is_reply = mx_reply_matches(query, query_length, message, length);
        if (mx_answer_read(message, length, &question, &answer) != MX_OK) {
            stop("no memory");
        }
        free(message);
        print_answer(is_reply, answer);
        mx_answer_unref(answer);
    }
    return EXIT_SUCCESS;
}
