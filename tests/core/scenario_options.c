/* SPDX-License-Identifier: MIT */
/* A resolver's options, by their public names, as the rules of a lookup. */
#include "scenario_options.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct choice {
    const char *option, *value;
    size_t at; /* of the int in scenario_options */
    int number;
} choice;

#define RULE(field) offsetof(scenario_options, rules.field)

static const choice choices[] = {
    {"addresses", "public", RULE(addresses), MX_ADDRESSES_PUBLIC},
    {"addresses", "private", RULE(addresses), MX_ADDRESSES_PRIVATE},
    {"addresses", "any", RULE(addresses), MX_ADDRESSES_ANY},
    {"family", "any", RULE(families), MX_FAMILIES_ANY},
    {"family", "ipv4", RULE(families), MX_FAMILIES_IPV4},
    {"family", "ipv6", RULE(families), MX_FAMILIES_IPV6},
    {"family", "ipv4_first", RULE(families), MX_FAMILIES_IPV4_FIRST},
    {"family", "ipv6_first", RULE(families), MX_FAMILIES_IPV6_FIRST},
    {"family", "interleave", RULE(families), MX_FAMILIES_INTERLEAVE},
    {"shuffle", "hosts", RULE(shuffle), MX_SHUFFLE_HOSTS},
    {"shuffle", "addresses", RULE(shuffle), MX_SHUFFLE_ADDRESSES},
    {"shuffle", "none", RULE(shuffle), MX_SHUFFLE_NONE},
    {"null_mx_mixed", "drop", RULE(null_mx_mixed), MX_ACCEPT},
    {"null_mx_mixed", "reject", RULE(null_mx_mixed), MX_REJECT},
    {"cname_exchange", "follow", RULE(cname_exchange), MX_ACCEPT},
    {"cname_exchange", "reject", RULE(cname_exchange), MX_REJECT},
    {"ip_exchange", "accept", RULE(ip_exchange), MX_ACCEPT},
    {"ip_exchange", "reject", RULE(ip_exchange), MX_REJECT},
};

/* What only says how the engine asks. */
static const char *const transport_options[] = {"tries", "attempt_timeout"};

static bool
set_choice(scenario_options *out, const char *option, const char *value)
{
    for (size_t i = 0; i < sizeof(choices) / sizeof(choices[0]); i++) {
        const choice *one = &choices[i];
        if (strcmp(option, one->option) == 0 && strcmp(value, one->value) == 0) {
            memcpy((char *)out + one->at, &one->number, sizeof(one->number));
            return true;
        }
    }
    return false;
}

static bool
set_switch(scenario_options *out, const char *option, const char *value)
{
    const struct {
        const char *option;
        bool *at;
    } switches[] = {
        {"implicit", &out->rules.implicit},
        {"strict_names", &out->rules.destination.strict_names},
        {"lenient_literals", &out->rules.destination.lenient_literals},
        {"dnssec", &out->dnssec},
    };
    bool is_on = strcmp(value, "true") == 0;

    for (size_t i = 0; i < sizeof(switches) / sizeof(switches[0]); i++) {
        if (strcmp(option, switches[i].option) == 0) {
            *switches[i].at = is_on;
            return is_on || strcmp(value, "false") == 0;
        }
    }
    return false;
}

static bool
set_number(scenario_options *out, const char *option, const char *value)
{
    char *end;
    double number = strtod(value, &end);

    if (end == value || *end != '\0') {
        return false;
    }
    if (strcmp(option, "max_exchanges") == 0) {
        out->rules.max_exchanges = (uint32_t)number;
    }
    else if (strcmp(option, "max_addresses") == 0) {
        out->rules.max_addresses = (uint32_t)number;
    }
    else if (strcmp(option, "seed") == 0) {
        out->seed = (uint64_t)number;
    }
    else if (strcmp(option, "timeout") == 0) {
        out->timeout = (mx_usec)(number * MX_USEC_PER_SEC);
    }
    else if (strcmp(option, "address_wait") == 0) {
        out->address_wait = (mx_usec)(number * MX_USEC_PER_SEC);
    }
    else {
        return false;
    }
    return true;
}

/* Reads the words of `value` as our names or addresses, beside those read before. */
static bool
set_self(scenario_options *out, const char *option, const char *value)
{
    bool is_name = strcmp(option, "self_names") == 0;

    if (!is_name && strcmp(option, "self_addresses") != 0) {
        return false;
    }
    while (*value != '\0') {
        size_t length = strcspn(value, " ");
        if (is_name ? out->own_name_count == SCENARIO_OWN ||
                          mx_name_from_text(value, length,
                                            &out->own_names[out->own_name_count++]) !=
                              MX_REASON_NONE
                    : out->own_address_count == SCENARIO_OWN ||
                          !mx_address_from_text(
                              value, length,
                              &out->own_addresses[out->own_address_count++])) {
            return false;
        }
        value += length + strspn(value + length, " ");
    }
    return true;
}

static bool
set_prefer(scenario_options *out, const char *option, const char *value)
{
    if (strcmp(option, "prefer") != 0 || strchr(value, '=') == NULL) {
        return false;
    }
    out->prefer = value;
    out->rules.has_ranks = true;
    return true;
}

double
scenario_rank(const scenario_options *options, const char *host)
{
    const char *at = options->prefer;
    size_t length = strlen(host);

    while (at != NULL && *at != '\0') {
        if (strncmp(at, host, length) == 0 && at[length] == '=') {
            return strtod(at + length + 1, NULL);
        }
        at += strcspn(at, " ");
        at += strspn(at, " ");
    }
    return INFINITY;
}

static bool
is_transport_option(const char *option)
{
    for (size_t i = 0; i < sizeof(transport_options) / sizeof(transport_options[0]);
         i++) {
        if (strcmp(option, transport_options[i]) == 0) {
            return true;
        }
    }
    return false;
}

void
scenario_read_options(const scenario *row, scenario_options *out)
{
    *out = (scenario_options){
        .timeout = 10 * MX_USEC_PER_SEC, .address_wait = MX_USEC_PER_SEC, .seed = 1};
    mx_lookup_rules_init(&out->rules);
    for (size_t i = 0; i < row->options.count; i++) {
        const char *line = row->options.lines[i], *value = line + strcspn(line, " ");
        char option[64];
        snprintf(option, sizeof(option), "%.*s", (int)(value - line), line);
        value += *value == ' ';
        if (!is_transport_option(option) && !set_choice(out, option, value) &&
            !set_switch(out, option, value) && !set_number(out, option, value) &&
            !set_self(out, option, value) && !set_prefer(out, option, value)) {
            scenario_complain(row->path, row->line, "unknown option or value", line);
        }
    }
    if (out->own_name_count + out->own_address_count > 0 &&
        mx_self_new(out->own_names, out->own_name_count, out->own_addresses,
                    out->own_address_count, &out->rules.self) != MX_OK) {
        scenario_complain(row->path, row->line, "no memory for", "mx_self");
    }
}

void
scenario_free_options(scenario_options *options)
{
    mx_self_unref(options->rules.self);
}
