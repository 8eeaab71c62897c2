/* SPDX-License-Identifier: MIT */
/* fastdns_streams.c - DNS over TCP with pipelining (RFC 7766 section 6.2.1.1). */
#define _GNU_SOURCE /* accept4 */
#include "fastdns.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    INPUT = 1 << 16,
    OUTPUT = 1 << 21, /* no more is read while so much is unsent */
    EVENTS = 64,
    PREFIX = 2,
};

typedef struct {
    int fd;
    size_t read, unsent, sent; /* in input; in output; of `unsent` */
    uint8_t input[INPUT + PREFIX];
    uint8_t output[OUTPUT];
} connection;

/* Answers all whole messages of the input for which there is room; keeps the rest. */
static void
answer_input(connection *c)
{
    size_t at = 0;
    while (c->read - at >= PREFIX && c->unsent + PREFIX + MAX_MESSAGE <= OUTPUT) {
        size_t length = (size_t)(c->input[at] << 8 | c->input[at + 1]);
        if (c->read - at < PREFIX + length) {
            break;
        }
        uint8_t *to = c->output + c->unsent;
        size_t written =
            fastdns_respond(c->input + at + PREFIX, length, 0, to + PREFIX);
        counters->queries++;
        if (written) {
            to[0] = (uint8_t)(written >> 8);
            to[1] = (uint8_t)written;
            c->unsent += PREFIX + written;
        }
        at += PREFIX + length;
    }
    c->read -= at;
    memmove(c->input, c->input + at, c->read);
}

/* False when the connection is gone. */
static int
send_output(connection *c)
{
    while (c->sent < c->unsent) {
        ssize_t count =
            send(c->fd, c->output + c->sent, c->unsent - c->sent, MSG_NOSIGNAL);
        if (count < 0) {
            return errno == EAGAIN || errno == EINTR;
        }
        c->sent += (size_t)count;
    }
    c->sent = c->unsent = 0;
    return 1;
}

static int
serve(connection *c)
{
    if (!send_output(c)) {
        return 0;
    }
    while (c->unsent == 0) {
        ssize_t count = recv(c->fd, c->input + c->read, INPUT - c->read, 0);
        if (count <= 0) {
            return count < 0 && (errno == EAGAIN || errno == EINTR);
        }
        counters->receive_calls++;
        c->read += (size_t)count;
        answer_input(c);
        if (!send_output(c)) {
            return 0;
        }
    }
    return 1;
}

static void
accept_connection(int poll, int listener)
{
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC), on = 1;
    connection *c = fd < 0 ? NULL : malloc(sizeof(*c));
    if (!c) {
        if (fd >= 0) {
            close(fd);
        }
        return;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    c->fd = fd;
    c->read = c->unsent = c->sent = 0;
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = c};
    if (epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event) != 0) {
        fastdns_die("epoll_ctl");
    }
    counters->connections++;
}

void
fastdns_serve_streams(int listener)
{
    struct epoll_event events[EVENTS] = {{.events = EPOLLIN}};
    int poll = epoll_create1(EPOLL_CLOEXEC);
    if (poll < 0 || epoll_ctl(poll, EPOLL_CTL_ADD, listener, events) != 0) {
        fastdns_die("epoll");
    }
    for (;;) {
        int count = epoll_wait(poll, events, EVENTS, -1);
        for (int i = 0; i < count; i++) {
            connection *c = events[i].data.ptr;
            if (!c) {
                accept_connection(poll, listener);
            }
            else if (!serve(c)) {
                close(c->fd);
                free(c);
            }
        }
    }
}
