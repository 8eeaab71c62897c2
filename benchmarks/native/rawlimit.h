/* SPDX-License-Identifier: MIT */
/* rawlimit.h - the questions of rawlimit and their ids, for both transports. */
#ifndef RAWLIMIT_H
#define RAWLIMIT_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

enum { IDS = 1 << 16, MAX_QUERY = 272, RESEND_SECONDS = 1 };

typedef struct {
    uint8_t wire[MAX_QUERY];
    uint16_t length;
    uint8_t in_use;
    double sent;
} limit_query;

extern limit_query limit_queries[IDS];
extern struct sockaddr_in limit_server;
extern int limit_in_flight;
extern long limit_resent;

/* The next question of the list, with a fresh id; NULL at its end. */
limit_query *limit_next_query(void);

/* Ends the query that this message answers, and counts its records; 0 if it is none. */
int limit_take_answer(const uint8_t *message, size_t length);

double limit_now(void);
_Noreturn void limit_die(const char *what);

/* Ask all questions of the list; end when all are answered. */
void limit_run_datagrams(void);
void limit_run_streams(int connections);

#endif
