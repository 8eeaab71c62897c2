/* SPDX-License-Identifier: MIT */
/* scenario_options.h - the `option` lines of a scenario, as a lookup takes them. */
#ifndef TEST_SCENARIO_OPTIONS_H
#define TEST_SCENARIO_OPTIONS_H

#include "core/clock.h"
#include "core/lookup.h"
#include "scenario.h"

enum { SCENARIO_OWN = 4 }; /* names, and addresses, of this machine */

typedef struct scenario_options {
    mx_lookup_rules rules;
    mx_usec timeout, address_wait;
    uint64_t seed;
    bool dnssec;
    mx_name own_names[SCENARIO_OWN];
    mx_address own_addresses[SCENARIO_OWN];
    size_t own_name_count, own_address_count;
    const char *prefer; /* "host=rank host=rank", NULL for nobody */
} scenario_options;

/* Complains about an option that does not exist, or a value that it cannot have. */
void scenario_read_options(const scenario *row, scenario_options *out);
/* The rank of a host, INFINITY without one. */
double scenario_rank(const scenario_options *options, const char *host);
void scenario_free_options(scenario_options *options);

#endif
