/* SPDX-License-Identifier: MIT */
/* idle_cares.c - one lookup at a time with c-ares from C, nothing else running.
 *
 *     idle_cares PORT DOMAINS
 *
 * Each domain of the file takes one MX query and, if it has one exchange, A and AAAA of
 * that at once, as the shortest lookup of pymx does. Prints JSON: seconds of each, CPU,
 * and how many had addresses.
 */
#define _GNU_SOURCE /* clock_gettime */
#include <ares.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

enum { CLASS_IN = 1, TYPE_A = 1, TYPE_MX = 15, TYPE_AAAA = 28, MAX_NAME = 256 };

static ares_channel channel;
static int left, found;
static char exchange[MAX_NAME];

static double
now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double
seconds(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static void
take_exchange(void *context, int status, int timeouts, unsigned char *answer,
              int length)
{
    struct ares_mx_reply *first = NULL;
    (void)context;
    (void)timeouts;
    left--;
    if (status == ARES_SUCCESS && ares_parse_mx_reply(answer, length, &first) == 0) {
        snprintf(exchange, sizeof(exchange), "%s", first->host);
        ares_free_data(first);
    }
}

static void
take_ipv4(void *context, int status, int timeouts, unsigned char *answer, int length)
{
    struct ares_addrttl addresses[8];
    int count = 8;
    (void)context;
    (void)timeouts;
    left--;
    if (status == ARES_SUCCESS) {
        found += ares_parse_a_reply(answer, length, NULL, addresses, &count) == 0;
    }
}

static void
take_ipv6(void *context, int status, int timeouts, unsigned char *answer, int length)
{
    struct ares_addr6ttl addresses[8];
    int count = 8;
    (void)context;
    (void)timeouts;
    left--;
    if (status == ARES_SUCCESS) {
        ares_parse_aaaa_reply(answer, length, NULL, addresses, &count);
    }
}

static void
wait_for_all(void)
{
    while (left > 0) {
        ares_socket_t sockets[ARES_GETSOCK_MAXNUM];
        struct pollfd events[ARES_GETSOCK_MAXNUM];
        int bits = ares_getsock(channel, sockets, ARES_GETSOCK_MAXNUM);
        nfds_t count = 0;
        for (int i = 0; i < ARES_GETSOCK_MAXNUM; i++) {
            if (ARES_GETSOCK_READABLE(bits, i)) {
                events[count++] = (struct pollfd){.fd = sockets[i], .events = POLLIN};
            }
        }
        poll(events, count, 1000);
        for (nfds_t i = 0; i < count; i++) {
            if (events[i].revents) {
                ares_process_fd(channel, events[i].fd, ARES_SOCKET_BAD);
            }
        }
    }
}

static void
look_up(const char *domain)
{
    exchange[0] = '\0';
    left = 1;
    ares_query(channel, domain, CLASS_IN, TYPE_MX, take_exchange, NULL);
    wait_for_all();
    if (exchange[0]) {
        left = 2;
        ares_query(channel, exchange, CLASS_IN, TYPE_A, take_ipv4, NULL);
        ares_query(channel, exchange, CLASS_IN, TYPE_AAAA, take_ipv6, NULL);
        wait_for_all();
    }
}

static int
open_channel(const char *port)
{
    struct ares_options options = {.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOCHECKRESP,
                                   .udp_port = (unsigned short)strtol(port, NULL, 10)};
    struct ares_addr_node server = {.family = AF_INET};
    server.addr.addr4.s_addr = htonl(INADDR_LOOPBACK);
    return ares_library_init(ARES_LIB_INIT_ALL) == ARES_SUCCESS &&
           ares_init_options(&channel, &options, ARES_OPT_FLAGS | ARES_OPT_UDP_PORT) ==
               ARES_SUCCESS &&
           ares_set_servers(channel, &server) == ARES_SUCCESS;
}

int
main(int argc, char **argv)
{
    FILE *list = argc == 3 ? fopen(argv[2], "r") : NULL;
    char domain[MAX_NAME];
    const char *separator = "";

    if (!list || !open_channel(argv[1])) {
        fprintf(stderr, "usage: idle_cares PORT DOMAINS\n");
        return 2;
    }
    printf("{\"seconds\": [");
    while (fgets(domain, sizeof(domain), list)) {
        domain[strcspn(domain, "\n")] = '\0';
        double start = now();
        look_up(domain);
        printf("%s%.7f", separator, now() - start);
        separator = ", ";
    }
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("], \"user\": %.6f, \"system\": %.6f, \"found\": %d}\n",
           seconds(usage.ru_utime), seconds(usage.ru_stime), found);
    ares_destroy(channel);
    ares_library_cleanup();
    fclose(list);
    return 0;
}
