/* SPDX-License-Identifier: MIT */
#include "bench.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

bench world;

static void
make_resolver(void (*change)(mx_resolver_config *config), unsigned servers)
{
    mx_resolver_config config;

    mx_resolver_config_init(&config);
    config.server_count = servers;
    for (unsigned i = 0; i < servers; i++) {
        assert_true(mx_server_from_text("192.0.2.53", 10, &config.servers[i]));
        config.servers[i].port = (uint16_t)(i + 1);
    }
    if (change != NULL) {
        change(&config);
    }
    assert_int_equal(mx_resolver_new(&config, &world.resolver), MX_OK);
}

void
open_world(void (*change)(mx_resolver_config *config), unsigned servers)
{
    mx_engine_config config = {.transport = fake_transport_factory};
    int os_error;

    world.now = 1000 * SEC;
    world.fake = fake_transport_new();
    config.clock = mx_clock_fake(&world.now);
    config.transport_context = world.fake;
    assert_int_equal(mx_engine_new(&config, &world.engine, &os_error), MX_OK);
    assert_int_equal(mx_completions_new(false, &world.completions, &os_error), MX_OK);
    make_resolver(change, servers);
}

void
open_second_resolver(void)
{
    make_resolver(NULL, 1);
}

void
close_world(void)
{
    mx_engine_free(world.engine);
    mx_resolver_unref(world.resolver);
    mx_completions_unref(world.completions);
    fake_transport_delete(world.fake);
}

static mx_status
submit_as(const char *destination, mx_submission submission, mx_request **request)
{
    mx_destination_rules rules = {0};
    mx_destination read;

    mx_destination_read(destination, strlen(destination), &rules, &read);
    submission.destination = &read;
    return mx_engine_submit(world.engine, world.resolver, &submission,
                            world.completions, request);
}

mx_status
submit(const char *destination, uint64_t token, mx_request **request)
{
    return submit_as(destination, (mx_submission){.token = token}, request);
}

mx_status
submit_bulk(const char *destination, uint64_t token, mx_request **request)
{
    return submit_as(destination, (mx_submission){.token = token, .is_bulk = true},
                     request);
}

mx_status
submit_levels(const char *destination, uint32_t levels, const uint64_t *seed)
{
    mx_submission submission = {.levels = levels, .has_seed = seed != NULL};

    if (seed != NULL) {
        submission.seed = *seed;
    }
    return submit_as(destination, submission, NULL);
}

void
ask(const char *destination)
{
    assert_int_equal(submit(destination, 1, NULL), MX_OK);
    turn();
}

void
turn(void)
{
    assert_int_equal(mx_engine_turn(world.engine, 0), MX_OK);
}

void
pass(mx_usec time)
{
    world.now += time;
    turn();
}

void
answer(size_t send, const char *text)
{
    fake_transport_reply(world.fake, send, text);
    turn();
}

mx_route *
take(uint64_t *token)
{
    mx_completion completion;

    if (mx_completions_take(world.completions, &completion, 1, 0) == 0) {
        return NULL;
    }
    assert_int_equal(completion.status, MX_OK);
    if (token != NULL) {
        *token = completion.token;
    }
    return completion.route;
}

const char *
taken(uint64_t *token)
{
    mx_route *route = take(token);

    if (route == NULL) {
        return "";
    }
    script_describe(route, world.text);
    mx_route_unref(route);
    return world.text;
}

mx_status
rank_and_resume(mx_request *request)
{
    mx_lookup *lookup = mx_request_get_lookup(request);
    const char *host;

    while ((host = mx_lookup_next_unranked(lookup)) != NULL) {
        mx_lookup_set_rank(lookup, host[0] == 'c' ? -1 : INFINITY);
    }
    return mx_engine_resume(world.engine, request);
}

mx_resolver_stats
stats_of_world(void)
{
    mx_resolver_stats stats;

    mx_resolver_get_stats(world.resolver, &stats);
    return stats;
}
