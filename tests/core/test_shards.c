/* SPDX-License-Identifier: MIT */
/* One configuration on several engines. Run under ThreadSanitizer too. */
#include "core/batch.h"
#include "core/shards.h"
#include "fake_transport.h"
#include "script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { ENGINES = 4, LOOKUPS = 2000, DOMAINS = 40 };

/* All domains have one exchange, which every engine asks for. */
static script_line zone[DOMAINS + 3];
static char names[DOMAINS][24];

static void
fill_zone(void)
{
    for (int i = 0; i < DOMAINS; i++) {
        snprintf(names[i], sizeof(names[i]), "d%d.test", i);
        zone[i] = (script_line){names[i], "MX", "10 mx.test"};
    }
    zone[DOMAINS] = (script_line){"mx.test", "A", "192.0.2.1"};
    zone[DOMAINS + 1] = (script_line){"mx.test", "AAAA", "NODATA"};
}

static mx_shards *
new_shards(size_t count, size_t concurrency)
{
    mx_resolver_config config;
    mx_shards *shards;

    mx_resolver_config_init(&config);
    config.concurrency = concurrency;
    config.server_count = 1;
    assert_true(mx_server_from_text("192.0.2.53", 10, &config.servers[0]));
    assert_int_equal(mx_shards_new(&config, count, &shards), MX_OK);
    return shards;
}

static void
read_destination(const char *name, mx_destination *out)
{
    mx_destination_rules rules = {0};
    mx_destination_read(name, strlen(name), &rules, out);
}

static size_t
sum_of_concurrency(const mx_shards *shards)
{
    size_t sum = 0;
    for (size_t i = 0; i < mx_shards_count(shards); i++) {
        size_t part = mx_resolver_get_config(mx_shards_get(shards, i))->concurrency;
        assert_true(part > 0);
        sum += part;
    }
    return sum;
}

static void
the_parts_add_up_to_the_whole(void **state)
{
    static const size_t figures[][3] = {{1, 7, 1},  {4, 1000, 4}, {4, 1003, 4},
                                        {64, 3, 3}, {64, 64, 64}, {64, 100000, 64}};
    (void)state;
    for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++) {
        mx_shards *shards = new_shards(figures[i][0], figures[i][1]);
        assert_int_equal(mx_shards_count(shards), figures[i][2]);
        assert_int_equal(sum_of_concurrency(shards), figures[i][1]);
        assert_int_equal(mx_shards_get_config(shards)->concurrency, figures[i][1]);
        mx_shards_free(shards);
    }
    mx_shards_free(NULL);
}

static void
counts_that_are_none(void **state)
{
    mx_resolver_config config;
    mx_shards *shards;

    (void)state;
    mx_resolver_config_init(&config);
    assert_int_equal(mx_shards_new(&config, 0, &shards), MX_INVALID);
    assert_int_equal(mx_shards_new(&config, MX_MAX_SHARDS + 1, &shards), MX_INVALID);
    config.tries = 0;
    assert_int_equal(mx_shards_new(&config, 2, &shards), MX_INVALID);
}

static void
a_domain_belongs_to_one_shard(void **state)
{
    size_t seen[ENGINES] = {0};
    mx_shards *shards = new_shards(ENGINES, 1000);
    mx_destination first, second;

    (void)state;
    for (int i = 0; i < LOOKUPS; i++) {
        char name[32], address[48];
        snprintf(name, sizeof(name), "d%d.test", i);
        snprintf(address, sizeof(address), "user@D%d.TEST.", i);
        read_destination(name, &first);
        read_destination(address, &second);
        size_t number = mx_shards_find(shards, &first);
        assert_true(number < ENGINES);
        assert_int_equal(number, mx_shards_find(shards, &second));
        seen[number]++;
    }
    for (int i = 0; i < ENGINES; i++) {
        assert_true(seen[i] > LOOKUPS / ENGINES / 2);
    }
    read_destination("[192.0.2.1]", &first);
    assert_int_equal(mx_shards_find(shards, &first), 0);
    mx_shards_free(shards);
}

static void
start_engines(mx_engine *engines[ENGINES], fake_transport *fakes[ENGINES])
{
    for (int i = 0; i < ENGINES; i++) {
        int os_error;
        mx_engine_config config = {.clock = mx_clock_system(),
                                   .transport = fake_transport_factory};
        fakes[i] = fake_transport_new();
        fakes[i]->zone = zone;
        config.transport_context = fakes[i];
        assert_int_equal(mx_engine_new(&config, &engines[i], &os_error), MX_OK);
        assert_int_equal(mx_engine_start(engines[i], &os_error), MX_OK);
    }
}

static void
submit_all(mx_engine *engines[ENGINES], const mx_shards *shards, mx_completions *queue)
{
    mx_batch batches[ENGINES];
    for (size_t i = 0; i < ENGINES; i++) {
        mx_batch_init(&batches[i], engines[i], mx_shards_get(shards, i), queue);
    }
    for (uint64_t token = 0; token < LOOKUPS; token++) {
        mx_destination read;
        mx_submission submission = {.destination = &read, .token = token};
        read_destination(names[token % DOMAINS], &read);
        assert_int_equal(
            mx_batch_add(&batches[mx_shards_find(shards, &read)], &submission, NULL),
            MX_OK);
    }
    for (size_t i = 0; i < ENGINES; i++) {
        mx_batch_send(&batches[i]);
    }
}

static void
take_each_once(mx_completions *queue)
{
    static bool seen[LOOKUPS];
    mx_completion done;

    memset(seen, 0, sizeof(seen));
    for (int i = 0; i < LOOKUPS; i++) {
        assert_int_equal(mx_completions_take(queue, &done, 1, MX_NEVER), 1);
        assert_int_equal(done.status, MX_OK);
        assert_int_equal(done.route->verdict, MX_VERDICT_OK);
        assert_false(seen[done.token]);
        seen[done.token] = true;
        mx_route_unref(done.route);
    }
    assert_int_equal(mx_completions_take(queue, &done, 1, 0), 0);
}

static void
every_submission_completes_once_on_four_engines(void **state)
{
    mx_engine *engines[ENGINES];
    fake_transport *fakes[ENGINES];
    mx_shards *shards = new_shards(ENGINES, 1000);
    mx_resolver_stats stats;
    mx_completions *queue;
    int os_error;

    (void)state;
    fill_zone();
    start_engines(engines, fakes);
    assert_int_equal(mx_completions_new(false, &queue, &os_error), MX_OK);
    for (int round = 0; round < 3; round++) {
        submit_all(engines, shards, queue);
        mx_shards_get_stats(shards, &stats);
        mx_shards_clear_cache(shards);
        take_each_once(queue);
    }
    mx_shards_get_stats(shards, &stats);
    assert_int_equal(stats.lookups, 3 * LOOKUPS);
    assert_int_equal(stats.in_progress, 0);
    for (size_t i = 0; i < ENGINES; i++) {
        mx_engine_close_resolver(engines[i], mx_shards_get(shards, i));
    }
    /* The cache outlives the one that has it as long as others use it. */
    mx_shards_free(shards);
    for (int i = 0; i < ENGINES; i++) {
        mx_engine_free(engines[i]);
        fake_transport_delete(fakes[i]);
    }
    mx_completions_unref(queue);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_parts_add_up_to_the_whole),
        cmocka_unit_test(counts_that_are_none),
        cmocka_unit_test(a_domain_belongs_to_one_shard),
        cmocka_unit_test(every_submission_completes_once_on_four_engines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
