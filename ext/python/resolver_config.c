/* SPDX-License-Identifier: MIT */
#include <Python.h>

#include "python/resolver_config.h"

#include "core/shards.h"
#include "python/convert.h"
#include "python/errors.h"
#include "python/ranking.h"
#include "python/self_config.h"

#include <string.h>

typedef struct choice {
    const char *word;
    int value;
} choice;

static const choice address_choices[] = {
    {"public", MX_ADDRESSES_PUBLIC},
    {"private", MX_ADDRESSES_PRIVATE},
    {"any", MX_ADDRESSES_ANY},
    {NULL, 0},
};
static const choice family_choices[] = {
    {"any", MX_FAMILIES_ANY},
    {"ipv4", MX_FAMILIES_IPV4},
    {"ipv6", MX_FAMILIES_IPV6},
    {"ipv4_first", MX_FAMILIES_IPV4_FIRST},
    {"ipv6_first", MX_FAMILIES_IPV6_FIRST},
    {"interleave", MX_FAMILIES_INTERLEAVE},
    {NULL, 0},
};
static const choice shuffle_choices[] = {
    {"hosts", MX_SHUFFLE_HOSTS},
    {"addresses", MX_SHUFFLE_ADDRESSES},
    {"none", MX_SHUFFLE_NONE},
    {NULL, 0},
};
static const choice null_mx_choices[] = {
    {"drop", MX_ACCEPT}, {"reject", MX_REJECT}, {NULL, 0}};
static const choice cname_choices[] = {
    {"follow", MX_ACCEPT}, {"reject", MX_REJECT}, {NULL, 0}};
static const choice ip_choices[] = {
    {"accept", MX_ACCEPT}, {"reject", MX_REJECT}, {NULL, 0}};
static const choice transport_choices[] = {
    {"auto", MX_TRANSPORT_AUTO},
    {"c-ares", MX_TRANSPORT_C_ARES},
    {"tcp", MX_TRANSPORT_TCP},
    {NULL, 0},
};

static int
read_choice(const char *word, const char *name, const choice *choices, int *out)
{
    for (; choices->word != NULL; choices++) {
        if (strcmp(word, choices->word) == 0) {
            *out = choices->value;
            return 0;
        }
    }
    pymx_raise_value("%s='%s': is not one of its choices", name, word);
    return -1;
}

int
pymx_read_server(PyObject *text, mx_server *out)
{
    Py_ssize_t length;
    const char *utf8;
    if (!PyUnicode_Check(text)) {
        pymx_raise_type("a name server must be str, not %s", Py_TYPE(text)->tp_name);
        return -1;
    }
    utf8 = PyUnicode_AsUTF8AndSize(text, &length);
    if (utf8 == NULL) {
        return -1;
    }
    if (!mx_server_from_text(utf8, (size_t)length, out)) {
        pymx_raise_value("%R is no name server: give an IP address, with a port as in "
                         "'192.0.2.53:5353' or '[2001:db8::53]:5353'",
                         text);
        return -1;
    }
    return 0;
}

PyObject *
pymx_server_text(const mx_server *server)
{
    char text[MX_SERVER_TEXT_SIZE];
    size_t length = mx_server_to_text(server, text);
    return PyUnicode_FromStringAndSize(text, (Py_ssize_t)length);
}

static int
read_servers(PyObject *tuple, mx_resolver_config *out)
{
    Py_ssize_t count = PyTuple_GET_SIZE(tuple);
    if (count > MX_MAX_SERVERS) {
        pymx_raise_value("nameservers: at most %d, not %zd", (int)MX_MAX_SERVERS,
                         count);
        return -1;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        if (pymx_read_server(PyTuple_GET_ITEM(tuple, i), &out->servers[i]) < 0) {
            return -1;
        }
    }
    out->server_count = (size_t)count;
    return 0;
}

/* The arguments as PyArg_ParseTupleAndKeywords leaves them. */
typedef struct given {
    PyObject *nameservers, *timeout, *attempt_timeout, *address_wait, *seed, *prefer;
    PyObject *self_names, *self_addresses;
    PyObject *tries, *max_exchanges, *max_addresses, *cache_size, *concurrency;
    PyObject *rate, *threads;
    const char *addresses, *family, *shuffle;
    const char *null_mx_mixed, *cname_exchange, *ip_exchange, *transport;
    int implicit, strict_names, strict_idna, lenient_literals, dnssec, trace;
} given;

static int
parse(PyObject *arguments, PyObject *keywords, given *out)
{
    static char *names[] = {
        "nameservers",
        "timeout",
        "attempt_timeout",
        "tries",
        "addresses",
        "family",
        "implicit",
        "shuffle",
        "seed",
        "prefer",
        "self_names",
        "self_addresses",
        "max_exchanges",
        "max_addresses",
        "address_wait",
        "null_mx_mixed",
        "cname_exchange",
        "ip_exchange",
        "strict_names",
        "strict_idna",
        "lenient_literals",
        "cache_size",
        "concurrency",
        "rate",
        "threads",
        "dnssec",
        "transport",
        "trace",
        NULL,
    };
    /* All of them are required: the defaults are pymx.Resolver's. */
    int is_parsed = PyArg_ParseTupleAndKeywords(
        arguments, keywords, "$O!OOOsspsOOO!O!OOOssspppOOOOpsp:Resolver", names,
        &PyTuple_Type, &out->nameservers, &out->timeout, &out->attempt_timeout,
        &out->tries, &out->addresses, &out->family, &out->implicit, &out->shuffle,
        &out->seed, &out->prefer, &PyTuple_Type, &out->self_names, &PyTuple_Type,
        &out->self_addresses, &out->max_exchanges, &out->max_addresses,
        &out->address_wait, &out->null_mx_mixed, &out->cname_exchange,
        &out->ip_exchange, &out->strict_names, &out->strict_idna,
        &out->lenient_literals, &out->cache_size, &out->concurrency, &out->rate,
        &out->threads, &out->dnssec, &out->transport, &out->trace);
    return is_parsed ? 0 : -1;
}

static int
read_times(const given *from, mx_resolver_config *out)
{
    if (pymx_read_seconds(from->timeout, "timeout", &out->timeout) < 0 ||
        pymx_read_seconds(from->attempt_timeout, "attempt_timeout",
                          &out->attempt_timeout) < 0 ||
        pymx_read_seconds(from->address_wait, "address_wait", &out->address_wait) < 0) {
        return -1;
    }
    return 0;
}

/* Messages a second, None for no limit. */
static int
read_rate(PyObject *value, double *out)
{
    *out = 0;
    if (value == Py_None) {
        return 0;
    }
    double rate = PyFloat_AsDouble(value);
    if (PyErr_Occurred()) {
        return -1;
    }
    if (!(rate > 0)) {
        pymx_raise_value("rate=%R: must be None or a number above 0", value);
        return -1;
    }
    *out = rate;
    return 0;
}

static int
read_counts(const given *from, mx_resolver_config *out, size_t *threads)
{
    uint64_t tries, exchanges, addresses, cache_size, concurrency, shards;
    if (pymx_read_whole(from->tries, "tries", UINT32_MAX, &tries) < 0 ||
        pymx_read_whole(from->max_exchanges, "max_exchanges", UINT32_MAX, &exchanges) <
            0 ||
        pymx_read_whole(from->max_addresses, "max_addresses", UINT32_MAX, &addresses) <
            0 ||
        pymx_read_whole(from->cache_size, "cache_size", SIZE_MAX, &cache_size) < 0 ||
        pymx_read_whole(from->concurrency, "concurrency", SIZE_MAX, &concurrency) < 0 ||
        read_rate(from->rate, &out->rate) < 0 ||
        pymx_read_whole(from->threads, "threads", MX_MAX_SHARDS, &shards) < 0 ||
        pymx_read_seed(from->seed, &out->has_seed, &out->seed) < 0) {
        return -1;
    }
    out->tries = (unsigned)tries;
    out->rules.max_exchanges = (uint32_t)exchanges;
    out->rules.max_addresses = (uint32_t)addresses;
    out->cache_size = (size_t)cache_size;
    out->concurrency = (size_t)concurrency;
    *threads = (size_t)shards;
    return 0;
}

static int
read_choices(const given *from, mx_resolver_config *config)
{
    mx_lookup_rules *out = &config->rules;
    int transport;
    int addresses, families, shuffle, null_mx_mixed, cname_exchange, ip_exchange;
    if (read_choice(from->addresses, "addresses", address_choices, &addresses) < 0 ||
        read_choice(from->family, "family", family_choices, &families) < 0 ||
        read_choice(from->shuffle, "shuffle", shuffle_choices, &shuffle) < 0 ||
        read_choice(from->null_mx_mixed, "null_mx_mixed", null_mx_choices,
                    &null_mx_mixed) < 0 ||
        read_choice(from->cname_exchange, "cname_exchange", cname_choices,
                    &cname_exchange) < 0 ||
        read_choice(from->ip_exchange, "ip_exchange", ip_choices, &ip_exchange) < 0 ||
        read_choice(from->transport, "transport", transport_choices, &transport) < 0) {
        return -1;
    }
    out->addresses = (mx_address_policy)addresses;
    out->families = (mx_families)families;
    out->shuffle = (mx_shuffle)shuffle;
    out->null_mx_mixed = (mx_leniency)null_mx_mixed;
    out->cname_exchange = (mx_leniency)cname_exchange;
    out->ip_exchange = (mx_leniency)ip_exchange;
    config->transport = (mx_transport_choice)transport;
    return 0;
}

int
pymx_resolver_config_read(PyObject *arguments, PyObject *keywords,
                          mx_resolver_config *out, size_t *threads,
                          bool *is_strict_idna, PyObject **prefer)
{
    given from;
    mx_resolver_config_init(out);
    if (parse(arguments, keywords, &from) < 0 ||
        read_servers(from.nameservers, out) < 0 || read_times(&from, out) < 0 ||
        read_counts(&from, out, threads) < 0 || read_choices(&from, out) < 0 ||
        pymx_ranking_check(from.prefer) < 0 ||
        pymx_read_self(from.self_names, from.self_addresses, &out->rules.self) < 0) {
        return -1;
    }
    out->rules.has_ranks = from.prefer != Py_None;
    *prefer = from.prefer;
    out->rules.implicit = from.implicit != 0;
    out->rules.destination.strict_names = from.strict_names != 0;
    out->rules.destination.lenient_literals = from.lenient_literals != 0;
    out->rules.trace = from.trace != 0;
    out->dnssec = from.dnssec != 0;
    *is_strict_idna = from.strict_idna != 0;
    return 0;
}
