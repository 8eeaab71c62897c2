/* SPDX-License-Identifier: MIT */
/* fastdns.c - a DNS server cheap enough that the client under test is the bottleneck.
 *
 *     fastdns [-a 127.0.0.1] [-p PORT] [-t] [-d MICROSECONDS] [-s FILE] WORLD
 *
 * Serves a file of wire.py on loopback, one thread, by UDP or (-t) by TCP. -d answers each
 * datagram that much later. -s keeps counters in a file. Port 0, the default, takes a free
 * one. Prints the port once it serves; ends with the process that started it.
 */
#define _GNU_SOURCE /* recvmmsg, sendmmsg, ppoll, SO_RCVBUFFORCE */
#include "fastdns.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 256, HELD = 1 << 17, BUFFER = 64 << 20 };

typedef struct {
    uint64_t due;
    struct sockaddr_in to;
    size_t length;
    uint8_t message[MAX_MESSAGE];
} held_answer;

static fastdns_counters own_counters;
fastdns_counters *counters = &own_counters;

static struct mmsghdr in[BATCH], out[BATCH];
static struct iovec in_parts[BATCH], out_parts[BATCH];
static struct sockaddr_in from[BATCH];
static uint8_t queries[BATCH][MAX_MESSAGE], answers[BATCH][MAX_MESSAGE];

/* Answers that wait for their time, oldest first. */
static held_answer *held;
static unsigned held_first, held_end;

void
fastdns_die(const char *what)
{
    perror(what);
    exit(1);
}

static uint64_t
now_us(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_nsec / 1000;
}

static void
send_all(int fd, unsigned count)
{
    for (unsigned sent = 0; sent < count;) {
        int done = sendmmsg(fd, out + sent, count - sent, 0);
        if (done > 0) {
            sent += (unsigned)done;
        }
        else if (errno != EINTR) {
            counters->unsent++;
            sent++;
        }
    }
}

static void
prepare_batches(void)
{
    for (int i = 0; i < BATCH; i++) {
        in_parts[i] = (struct iovec){queries[i], MAX_MESSAGE};
        in[i].msg_hdr = (struct msghdr){
            .msg_name = &from[i], .msg_iov = &in_parts[i], .msg_iovlen = 1};
        out_parts[i].iov_base = answers[i];
        out[i].msg_hdr = (struct msghdr){
            .msg_namelen = sizeof(from[i]), .msg_iov = &out_parts[i], .msg_iovlen = 1};
    }
}

static int
receive_batch(int fd, int flags)
{
    for (int i = 0; i < BATCH; i++) {
        in[i].msg_hdr.msg_namelen = sizeof(from[i]);
    }
    int count = recvmmsg(fd, in, BATCH, flags, NULL);
    if (count > 0) {
        counters->receive_calls++;
        counters->queries += (uint64_t)count;
    }
    return count;
}

static void
serve_at_once(int fd)
{
    int count = receive_batch(fd, MSG_WAITFORONE);
    unsigned ready = 0;
    for (int i = 0; i < count; i++) {
        size_t length = fastdns_respond(queries[i], in[i].msg_len, 1, answers[ready]);
        if (length) {
            out_parts[ready].iov_len = length;
            out[ready++].msg_hdr.msg_name = &from[i];
        }
    }
    send_all(fd, ready);
}

static void
send_due(int fd, uint64_t now)
{
    unsigned count = 0;
    for (; held_first != held_end && held[held_first % HELD].due <= now; held_first++) {
        held_answer *answer = &held[held_first % HELD];
        out_parts[count] = (struct iovec){answer->message, answer->length};
        out[count++].msg_hdr.msg_name = &answer->to;
        if (count == BATCH) {
            send_all(fd, count);
            count = 0;
        }
    }
    send_all(fd, count);
}

static void
serve_later(int fd, uint64_t delay)
{
    uint64_t now = now_us();
    send_due(fd, now);
    struct timespec wait = {.tv_sec = 1};
    if (held_first != held_end) {
        uint64_t left = held[held_first % HELD].due - now;
        wait =
            (struct timespec){(time_t)(left / 1000000), (long)(left % 1000000 * 1000)};
    }
    struct pollfd readable = {.fd = fd, .events = POLLIN};
    if (ppoll(&readable, 1, &wait, NULL) <= 0) {
        return;
    }
    int count = receive_batch(fd, MSG_DONTWAIT);
    now = now_us();
    for (int i = 0; i < count; i++) {
        held_answer *answer = &held[held_end % HELD];
        if (held_end - held_first == HELD) {
            counters->unsent++;
            continue;
        }
        answer->length = fastdns_respond(queries[i], in[i].msg_len, 1, answer->message);
        if (answer->length) {
            answer->due = now + delay;
            answer->to = from[i];
            held_end++;
        }
    }
}

static int
open_socket(const char *address, int port, int is_stream)
{
    int fd = socket(AF_INET, (is_stream ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC, 0);
    int size = BUFFER, on = 1;
    struct sockaddr_in here = {.sin_family = AF_INET,
                               .sin_port = htons((uint16_t)port)};
    socklen_t length = sizeof(here);

    if (is_stream) {
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    }
    else if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) != 0) {
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    }
    inet_pton(AF_INET, address, &here.sin_addr);
    if (bind(fd, (struct sockaddr *)&here, sizeof(here)) != 0 ||
        getsockname(fd, (struct sockaddr *)&here, &length) != 0 ||
        (is_stream && listen(fd, SOMAXCONN) != 0)) {
        fastdns_die("fastdns: bind");
    }
    printf("%d\n", ntohs(here.sin_port));
    fflush(stdout);
    return fd;
}

static void
map_counters(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0 || ftruncate(fd, sizeof(own_counters)) != 0) {
        fastdns_die(path);
    }
    counters =
        mmap(NULL, sizeof(own_counters), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (counters == MAP_FAILED) {
        fastdns_die(path);
    }
    close(fd);
}

int
main(int argc, char **argv)
{
    const char *address = "127.0.0.1";
    int port = 0, is_stream = 0, option;
    uint64_t delay = 0;

    /* Never left over when what started it is killed. */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    while ((option = getopt(argc, argv, "a:p:d:s:t")) != -1) {
        switch (option) {
        case 'a':
            address = optarg;
            break;
        case 'p':
            port = (int)strtol(optarg, NULL, 10);
            break;
        case 'd':
            delay = strtoull(optarg, NULL, 10);
            break;
        case 's':
            map_counters(optarg);
            break;
        case 't':
            is_stream = 1;
            break;
        default:
            return 2;
        }
    }
    if (optind + 1 != argc || strncmp(address, "127.", 4) != 0) {
        fprintf(stderr, "usage: fastdns [-a 127.x.y.z] [-p PORT] [-t] "
                        "[-d MICROSECONDS] [-s FILE] WORLD\n");
        return 2;
    }
    fastdns_load(argv[optind]);
    prepare_batches();
    if (delay && !(held = malloc(HELD * sizeof(*held)))) {
        fastdns_die("malloc");
    }
    int fd = open_socket(address, port, is_stream);
    if (is_stream) {
        fastdns_serve_streams(fd);
    }
    for (;;) {
        if (delay) {
            serve_later(fd, delay);
        }
        else {
            serve_at_once(fd);
        }
    }
}
