/* SPDX-License-Identifier: MIT */
/* rawlimit.c - what one core can do over loopback with no resolver library at all.
 *
 *     rawlimit PORT IN_FLIGHT QUERIES [CONNECTIONS]
 *
 * QUERIES is a file with lines "name TYPE". An answer must match id and question; its
 * records are counted and thrown away. With a number of connections it asks by TCP, else
 * by UDP. Prints JSON.
 */
#define _GNU_SOURCE /* clock_gettime */
#include "rawlimit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { HEADER = 12, TYPE_A = 1, TYPE_MX = 15, TYPE_AAAA = 28, MAX_NAME = 250 };

limit_query limit_queries[IDS];
struct sockaddr_in limit_server;
int limit_in_flight;
long limit_resent;

static FILE *list;
static long answered, records;

void
limit_die(const char *what)
{
    perror(what);
    exit(1);
}

double
limit_now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static unsigned
random_id(void)
{
    static uint64_t state = 88172645463325252u;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state >> 24 & 0xffff;
}

static limit_query *
compose(const char *line, const char *space)
{
    uint8_t type = TYPE_A;
    unsigned id;

    if (strncmp(space, " MX", 3) == 0) {
        type = TYPE_MX;
    }
    else if (strncmp(space, " AAAA", 5) == 0) {
        type = TYPE_AAAA;
    }
    do {
        id = random_id();
    } while (limit_queries[id].in_use);
    limit_query *query = &limit_queries[id];
    uint8_t *wire = query->wire, *label = wire + HEADER, *at = label + 1;
    memset(wire, 0, HEADER);
    wire[0] = (uint8_t)(id >> 8);
    wire[1] = (uint8_t)id;
    wire[2] = 1; /* RD */
    wire[5] = 1; /* one question */
    for (const char *c = line; c <= space; c++) {
        if (*c == '.' || c == space) {
            *label = (uint8_t)(at - label - 1);
            label = at++;
        }
        else {
            *at++ = (uint8_t)*c;
        }
    }
    *label = 0;
    memcpy(at, (uint8_t[]){0, type, 0, 1}, 4);
    query->length = (uint16_t)(at + 4 - wire);
    query->in_use = 1;
    return query;
}

limit_query *
limit_next_query(void)
{
    char line[300];
    while (fgets(line, sizeof(line), list)) {
        const char *space = strchr(line, ' ');
        if (space && space - line <= MAX_NAME) {
            return compose(line, space);
        }
    }
    return NULL;
}

static size_t
skip_name(const uint8_t *message, size_t length, size_t at)
{
    while (at < length && message[at] != 0 && message[at] < 0xc0) {
        at += message[at] + 1u;
    }
    return at < length ? at + (message[at] ? 2 : 1) : length;
}

int
limit_take_answer(const uint8_t *message, size_t length)
{
    if (length < HEADER) {
        return 0;
    }
    limit_query *query = &limit_queries[message[0] << 8 | message[1]];
    if (!query->in_use || length < query->length || !(message[2] & 0x80) ||
        memcmp(message + HEADER, query->wire + HEADER, query->length - HEADER) != 0) {
        return 0;
    }
    size_t at = query->length;
    for (int left = message[6] << 8 | message[7]; left > 0; left--) {
        at = skip_name(message, length, at);
        if (at + 10 > length) {
            break;
        }
        int type = message[at] << 8 | message[at + 1];
        records += type == TYPE_A || type == TYPE_AAAA || type == TYPE_MX;
        at += 10u + (size_t)(message[at + 8] << 8 | message[at + 9]);
    }
    query->in_use = 0;
    answered++;
    return 1;
}

static double
seconds(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

int
main(int argc, char **argv)
{
    int connections = argc == 5 ? (int)strtol(argv[4], NULL, 10) : 0;

    limit_in_flight = argc >= 4 ? (int)strtol(argv[2], NULL, 10) : 0;
    list = argc >= 4 ? fopen(argv[3], "r") : NULL;
    if (!list || limit_in_flight < 1 || limit_in_flight > IDS / 2) {
        fprintf(stderr, "usage: rawlimit PORT IN_FLIGHT(1-%d) QUERIES [CONNECTIONS]\n",
                IDS / 2);
        return 2;
    }
    limit_server =
        (struct sockaddr_in){.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)strtol(argv[1], NULL, 10)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    double start = limit_now();
    if (connections > 0) {
        limit_run_streams(connections);
    }
    else {
        limit_run_datagrams();
    }
    double wall = limit_now() - start;
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("{\"user\": %.6f, \"system\": %.6f, \"wall\": %.6f, \"queries\": %ld, "
           "\"records\": %ld, \"resent\": %ld}\n",
           seconds(usage.ru_utime), seconds(usage.ru_stime), wall, answered, records,
           limit_resent);
    return 0;
}
