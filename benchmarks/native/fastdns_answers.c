/* SPDX-License-Identifier: MIT */
/* fastdns_answers.c - a hash table of ready-made answers. */
#define _GNU_SOURCE /* MAP_POPULATE */
#include "fastdns.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    HEADER = 12,
    MAX_NAME = 255,
    MAX_LABEL = 63,
    PLAIN_DATAGRAM = 512,
    OPT_LENGTH = 11,
    TYPE_OPT = 41,
    ANY_OTHER = 0,
};

typedef struct {
    const uint8_t *name, *records;
    uint16_t type, answers, authorities, length;
    uint8_t name_length, rcode;
} entry;

static entry *table;
static size_t mask;
static entry no_such_name;

static uint64_t
hash(const uint8_t *name, size_t length, unsigned type)
{
    uint64_t value = 0x9e3779b97f4a7c15u ^ type, word;
    for (; length >= sizeof(word); name += sizeof(word), length -= sizeof(word)) {
        memcpy(&word, name, sizeof(word));
        value = (value ^ word) * 0xff51afd7ed558ccdu;
        value ^= value >> 32;
    }
    word = 0;
    memcpy(&word, name, length);
    value = (value ^ word) * 0xff51afd7ed558ccdu;
    return value ^ value >> 29;
}

static entry *
find_slot(const uint8_t *name, size_t length, unsigned type)
{
    size_t i = hash(name, length, type) & mask;
    while (table[i].name && (table[i].type != type || table[i].name_length != length ||
                             memcmp(table[i].name, name, length) != 0)) {
        i = (i + 1) & mask;
    }
    return &table[i];
}

static const entry *
find_answer(const uint8_t *name, size_t length, unsigned type)
{
    const entry *found = find_slot(name, length, type);
    if (!found->name) {
        found = find_slot(name, length, ANY_OTHER);
    }
    return found->name ? found : &no_such_name;
}

static uint16_t
little_u16(const uint8_t *at)
{
    return (uint16_t)(at[0] | at[1] << 8);
}

static const uint8_t *
map_file(const char *path, size_t *size)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) != 0) {
        fastdns_die(path);
    }
    *size = (size_t)status.st_size;
    const uint8_t *file =
        mmap(NULL, *size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
    if (file == MAP_FAILED || *size < 8 || memcmp(file, "MWB1", 4) != 0) {
        fprintf(stderr, "fastdns: %s is no file of benchmarks/wire.py\n", path);
        exit(1);
    }
    close(fd);
    return file;
}

void
fastdns_load(const char *path)
{
    size_t size;
    const uint8_t *at = map_file(path, &size), *end = at + size;
    uint32_t count = (uint32_t)(little_u16(at + 4) | little_u16(at + 6) << 16);

    for (mask = 1; mask < (size_t)count * 2; mask *= 2) {
    }
    table = calloc(mask, sizeof(*table));
    if (!table) {
        fastdns_die("calloc");
    }
    mask--;
    at += 8;
    for (uint32_t i = 0; i < count; i++) {
        entry new = {.name_length = *at, .name = at + 1};
        at += 1 + new.name_length;
        new.type = little_u16(at);
        new.rcode = at[2];
        new.answers = little_u16(at + 3);
        new.authorities = little_u16(at + 5);
        new.length = little_u16(at + 7);
        new.records = at + 9;
        at = new.records + new.length;
        if (at > end) {
            fprintf(stderr, "fastdns: %s is cut short\n", path);
            exit(1);
        }
        if (new.name_length == 1) {
            no_such_name = new;
        }
        *find_slot(new.name, new.name_length, new.type) = new;
    }
}

/* Reads the question at *at, in lower case; 0 when there is none. */
static size_t
read_question(const uint8_t *query, size_t length, size_t *at, uint8_t *name,
              unsigned *type)
{
    size_t name_length = 0, i = HEADER;
    while (query[i] != 0) {
        size_t end = i + 1 + query[i];
        if (query[i] > MAX_LABEL || end + 5 > length || end > HEADER + MAX_NAME - 1) {
            return 0;
        }
        for (; i < end; i++) {
            uint8_t octet = query[i];
            name[name_length++] =
                octet >= 'A' && octet <= 'Z' ? (uint8_t)(octet + 32) : octet;
        }
    }
    name[name_length++] = 0;
    if (i + 5 > length) {
        return 0;
    }
    *type = (unsigned)(query[i + 1] << 8 | query[i + 2]);
    *at = i + 5;
    return name_length;
}

/* Does an OPT record follow the question? (RFC 6891) */
static int
has_edns(const uint8_t *query, size_t length, size_t at)
{
    return query[11] == 1 && length >= at + OPT_LENGTH && query[at] == 0 &&
           query[at + 2] == TYPE_OPT;
}

static size_t
add_opt(uint8_t *at)
{
    static const uint8_t opt[OPT_LENGTH] = {0, 0, TYPE_OPT, MAX_MESSAGE >> 8,
                                            MAX_MESSAGE & 0xff};
    memcpy(at, opt, OPT_LENGTH);
    return OPT_LENGTH;
}

size_t
fastdns_respond(const uint8_t *query, size_t length, int is_datagram, uint8_t *answer)
{
    uint8_t name[MAX_NAME + 1];
    size_t at, name_length;
    unsigned type;

    if (length < HEADER + 5 || (query[2] & 0x80) || query[4] != 0 || query[5] != 1 ||
        !(name_length = read_question(query, length, &at, name, &type))) {
        counters->malformed++;
        return 0;
    }
    const entry *found = find_answer(name, name_length, type);
    int edns = has_edns(query, length, at);
    size_t limit = MAX_MESSAGE, wanted = at + found->length + (edns ? OPT_LENGTH : 0);
    if (is_datagram) {
        limit = edns ? (size_t)(query[at + 3] << 8 | query[at + 4]) : PLAIN_DATAGRAM;
    }
    int is_truncated = wanted > limit || wanted > MAX_MESSAGE;

    counters->answered++;
    memcpy(answer, query, at);
    answer[2] = (uint8_t)(0x80 | (query[2] & 1) | (is_truncated ? 2 : 0));
    answer[3] = (uint8_t)(0x80 | found->rcode);
    memset(answer + 6, 0, 6);
    answer[11] = (uint8_t)edns;
    if (!is_truncated) {
        answer[7] = (uint8_t)found->answers;
        answer[9] = (uint8_t)found->authorities;
        memcpy(answer + at, found->records, found->length);
        at += found->length;
    }
    return at + (edns ? add_opt(answer + at) : 0);
}
