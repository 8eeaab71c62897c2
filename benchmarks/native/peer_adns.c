/* SPDX-License-Identifier: MIT */
/* peer_adns.c - GNU adns over the work of benchmarks/world.py.
 *
 *     peer_adns SERVER IN_FLIGHT COUNT DOMAINS
 *
 * An MX query of adns (adns_r_mx) brings the addresses of all exchanges along; a domain
 * without MX takes a second query for its own. adns asks port 53 only, and is kept to so
 * many in flight from here: it has no limit. It refuses exchanges that are aliases. Prints
 * JSON.
 */
#define _GNU_SOURCE /* clock_gettime, struct timeval of adns.h */
#include <adns.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { OK, NULL_MX, NO_DOMAIN, SERVER_FAILURE, OTHER, STATUSES };
static const char *const names[STATUSES] = {"ok", "null_mx", "no_domain",
                                            "server_failure", "other"};

static adns_state state;
static long statuses[STATUSES], targets, in_flight;
/* The context of the second query. */
static char implicit;

static void
submit(const char *domain, adns_rrtype type, void *context)
{
    adns_query query;
    if (adns_submit(state, domain, type, adns_qf_owner | adns_qf_want_allaf, context,
                    &query) != 0) {
        perror("adns_submit");
        exit(1);
    }
    in_flight++;
}

static int
take_exchanges(const adns_answer *answer)
{
    for (int i = 0; i < answer->nrrs; i++) {
        const adns_rr_hostaddr *exchange = &answer->rrs.inthostaddr[i].ha;
        if (answer->nrrs == 1 &&
            (exchange->host[0] == '\0' || strcmp(exchange->host, ".") == 0)) {
            return NULL_MX;
        }
        targets += exchange->naddrs > 0 ? exchange->naddrs : 0;
    }
    return OK;
}

static void
take_answer(void)
{
    adns_query query = NULL;
    adns_answer *answer;
    void *context;

    if (adns_wait(state, &query, &answer, &context) != 0) {
        perror("adns_wait");
        exit(1);
    }
    in_flight--;
    if (context) {
        targets += answer->nrrs;
        statuses[OK]++;
    }
    else if (answer->status == adns_s_nodata) {
        submit(answer->owner, adns_r_addr, &implicit);
    }
    else if (answer->status == adns_s_ok) {
        statuses[take_exchanges(answer)]++;
    }
    else if (answer->status == adns_s_nxdomain) {
        statuses[NO_DOMAIN]++;
    }
    else {
        statuses[answer->status == adns_s_rcodeservfail ? SERVER_FAILURE : OTHER]++;
    }
    free(answer);
}

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
print_figures(double wall)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("{\"user\": %.6f, \"system\": %.6f, \"wall\": %.6f, \"targets\": %ld, "
           "\"statuses\": {",
           seconds(usage.ru_utime), seconds(usage.ru_stime), wall, targets);
    for (int i = 0; i < STATUSES; i++) {
        printf("%s\"%s\": %ld", i ? ", " : "", names[i], statuses[i]);
    }
    printf("}}\n");
}

int
main(int argc, char **argv)
{
    char configuration[64], line[300];
    FILE *list = argc == 5 ? fopen(argv[4], "r") : NULL;

    if (!list) {
        fprintf(stderr, "usage: peer_adns SERVER IN_FLIGHT COUNT DOMAINS\n");
        return 2;
    }
    long limit = strtol(argv[2], NULL, 10), left = strtol(argv[3], NULL, 10);
    snprintf(configuration, sizeof(configuration), "nameserver %s", argv[1]);
    if (adns_init_strcfg(&state, adns_if_noautosys | adns_if_noenv, stderr,
                         configuration) != 0) {
        perror("adns_init_strcfg");
        return 1;
    }
    double start = now();
    while (left > 0 || in_flight > 0) {
        while (left > 0 && in_flight < limit) {
            left = fgets(line, sizeof(line), list) ? left - 1 : 0;
            if (!feof(list)) {
                line[strcspn(line, "\n")] = '\0';
                submit(line, adns_r_mx, NULL);
            }
        }
        if (in_flight > 0) {
            take_answer();
        }
    }
    print_figures(now() - start);
    adns_finish(state);
    return 0;
}
