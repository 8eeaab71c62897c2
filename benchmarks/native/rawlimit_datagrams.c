/* SPDX-License-Identifier: MIT */
/* rawlimit_datagrams.c - one connected UDP socket, whole batches for each call. */
#define _GNU_SOURCE /* recvmmsg, sendmmsg, SO_RCVBUFFORCE */
#include "rawlimit.h"

#include <poll.h>
#include <sys/socket.h>

enum { BATCH = 256, MESSAGE = 1500, BUFFER = 64 << 20 };
static const double SWEEP_SECONDS = 0.25;

static int fd;
static struct mmsghdr in[BATCH], out[BATCH];
static struct iovec in_parts[BATCH], out_parts[BATCH];
static uint8_t messages[BATCH][MESSAGE];
static unsigned queued;

static void
flush(void)
{
    for (unsigned sent = 0; sent < queued;) {
        int count = sendmmsg(fd, out + sent, queued - sent, 0);
        if (count > 0) {
            sent += (unsigned)count;
        }
    }
    queued = 0;
}

static void
transmit(limit_query *query, double now)
{
    query->sent = now;
    out_parts[queued] = (struct iovec){query->wire, query->length};
    if (++queued == BATCH) {
        flush();
    }
}

static void
open_socket(void)
{
    int size = BUFFER;
    fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) != 0) {
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    }
    if (connect(fd, (struct sockaddr *)&limit_server, sizeof(limit_server)) != 0) {
        limit_die("rawlimit: connect");
    }
    for (int i = 0; i < BATCH; i++) {
        in_parts[i] = (struct iovec){messages[i], MESSAGE};
        in[i].msg_hdr = (struct msghdr){.msg_iov = &in_parts[i], .msg_iovlen = 1};
        out[i].msg_hdr = (struct msghdr){.msg_iov = &out_parts[i], .msg_iovlen = 1};
    }
}

static int
receive(void)
{
    int count = recvmmsg(fd, in, BATCH, MSG_DONTWAIT, NULL), answers = 0;
    if (count <= 0) {
        poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, 100);
        count = recvmmsg(fd, in, BATCH, MSG_DONTWAIT, NULL);
    }
    for (int i = 0; i < count; i++) {
        answers += limit_take_answer(messages[i], in[i].msg_len);
    }
    return answers;
}

static void
resend_late(double now)
{
    for (int i = 0; i < IDS; i++) {
        if (limit_queries[i].in_use && now - limit_queries[i].sent > RESEND_SECONDS) {
            transmit(&limit_queries[i], now);
            limit_resent++;
        }
    }
}

void
limit_run_datagrams(void)
{
    int in_flight = 0, has_more = 1;
    double now = limit_now(), swept = now;

    open_socket();
    while (has_more || in_flight > 0) {
        while (has_more && in_flight < limit_in_flight) {
            limit_query *query = limit_next_query();
            has_more = query != NULL;
            if (query) {
                transmit(query, now);
                in_flight++;
            }
        }
        flush();
        in_flight -= receive();
        now = limit_now();
        if (now - swept > SWEEP_SECONDS) {
            swept = now;
            resend_late(now);
        }
    }
}
