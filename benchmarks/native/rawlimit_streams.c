/* SPDX-License-Identifier: MIT */
/* rawlimit_streams.c - a few TCP connections with many messages for each call (RFC 7766). */
#define _GNU_SOURCE /* SOCK_NONBLOCK */
#include "rawlimit.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_CONNECTIONS = 64, INPUT = 1 << 17, OUTPUT = 1 << 16, PREFIX = 2 };

typedef struct {
    int fd, in_flight;
    size_t read, unsent, sent; /* in input; in output; of `unsent` */
    uint8_t input[INPUT], output[OUTPUT];
} stream;

static stream *streams;
static struct pollfd events[MAX_CONNECTIONS];

static void
open_stream(stream *s, struct pollfd *event)
{
    int on = 1;
    s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(s->fd, (struct sockaddr *)&limit_server, sizeof(limit_server)) != 0) {
        limit_die("rawlimit: connect");
    }
    setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    event->fd = s->fd;
}

static void
send_output(stream *s)
{
    ssize_t count = send(s->fd, s->output + s->sent, s->unsent - s->sent,
                         MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count < 0 && errno != EAGAIN) {
        limit_die("rawlimit: send");
    }
    s->sent += count > 0 ? (size_t)count : 0;
    if (s->sent == s->unsent) {
        s->sent = s->unsent = 0;
    }
}

/* False at the end of the list. */
static int
fill(stream *s, int share)
{
    while (s->in_flight < share && s->unsent + PREFIX + MAX_QUERY <= OUTPUT) {
        limit_query *query = limit_next_query();
        if (!query) {
            return 0;
        }
        uint8_t *to = s->output + s->unsent;
        to[0] = (uint8_t)(query->length >> 8);
        to[1] = (uint8_t)query->length;
        memcpy(to + PREFIX, query->wire, query->length);
        s->unsent += (size_t)(PREFIX + query->length);
        s->in_flight++;
    }
    return 1;
}

static void
receive(stream *s)
{
    ssize_t count = recv(s->fd, s->input + s->read, INPUT - s->read, MSG_DONTWAIT);
    if (count == 0 || (count < 0 && errno != EAGAIN)) {
        limit_die("rawlimit: recv");
    }
    s->read += count > 0 ? (size_t)count : 0;
    size_t at = 0;
    while (s->read - at >= PREFIX) {
        size_t length = (size_t)(s->input[at] << 8 | s->input[at + 1]);
        if (s->read - at < PREFIX + length) {
            break;
        }
        s->in_flight -= limit_take_answer(s->input + at + PREFIX, length);
        at += PREFIX + length;
    }
    s->read -= at;
    memmove(s->input, s->input + at, s->read);
}

void
limit_run_streams(int connections)
{
    int share = limit_in_flight / connections, has_more = 1, in_flight = 1;

    streams = calloc((size_t)connections, sizeof(*streams));
    if (connections > MAX_CONNECTIONS || share < 1 || !streams) {
        errno = EINVAL;
        limit_die("rawlimit: connections");
    }
    for (int i = 0; i < connections; i++) {
        open_stream(&streams[i], &events[i]);
    }
    while (has_more || in_flight > 0) {
        in_flight = 0;
        for (int i = 0; i < connections; i++) {
            stream *s = &streams[i];
            /* Room is refilled by halves, so that messages go out in company. */
            if (has_more && s->in_flight <= share / 2) {
                has_more = fill(s, share);
            }
            if (s->unsent) {
                send_output(s);
            }
            in_flight += s->in_flight;
            events[i].events = (short)(POLLIN | (s->unsent ? POLLOUT : 0));
        }
        if (in_flight == 0) {
            continue;
        }
        poll(events, (nfds_t)connections, -1);
        for (int i = 0; i < connections; i++) {
            if (events[i].revents & (POLLIN | POLLHUP | POLLERR)) {
                receive(&streams[i]);
            }
        }
    }
    for (int i = 0; i < connections; i++) {
        close(streams[i].fd);
    }
    free(streams);
}
