/* SPDX-License-Identifier: MIT */
#include "core/mem.h"
#include "core/resolver.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define SEC MX_USEC_PER_SEC

/* What a resolver of this configuration comes to. */
static mx_status
make(const mx_resolver_config *config)
{
    mx_resolver *resolver = NULL;
    mx_status status = mx_resolver_new(config, &resolver);

    assert_int_equal(status == MX_OK, resolver != NULL);
    mx_resolver_unref(resolver);
    return status;
}

static void
defaults_are_usable(void **state)
{
    mx_resolver_config config;

    (void)state;
    mx_resolver_config_init(&config);
    assert_int_equal(make(&config), MX_OK);
    assert_int_equal(config.timeout, 5 * SEC);
    assert_int_equal(config.attempt_timeout, 1500 * MX_USEC_PER_MSEC);
    assert_int_equal(config.address_wait, SEC);
    assert_int_equal(config.tries, 3);
    assert_int_equal(config.concurrency, 1000);
    assert_int_equal(config.cache_size, 64 << 20);
    assert_int_equal(config.server_count, 0);
    assert_int_equal(config.rules.max_exchanges, 20);
    assert_int_equal(config.rules.max_addresses, 16);
    assert_true(config.rules.implicit);
    assert_int_equal(config.transport, MX_TRANSPORT_AUTO);
    assert_false(config.dnssec);
    assert_false(config.has_seed);
}

/* The figure is set to `good` and found usable, to `bad` and not. */
#define assert_limit(figure, good, bad)                                                \
    do {                                                                               \
        mx_resolver_config config;                                                     \
        mx_resolver_config_init(&config);                                              \
        config.figure = (good);                                                        \
        assert_int_equal(make(&config), MX_OK);                                        \
        config.figure = (bad);                                                         \
        assert_int_equal(make(&config), MX_INVALID);                                   \
    } while (0)

static void
figures_have_their_ranges(void **state)
{
    (void)state;
    assert_limit(timeout, 1, 0);
    assert_limit(timeout, 3600 * SEC, 3600 * SEC + 1);
    assert_limit(timeout, 1, -1);
    assert_limit(attempt_timeout, 1, 0);
    assert_limit(attempt_timeout, 3600 * SEC, INT64_MAX);
    assert_limit(address_wait, 0, -1);
    assert_limit(address_wait, 3600 * SEC, 3600 * SEC + 1);
    assert_limit(tries, 1, 0);
    assert_limit(tries, 16, 17);
    assert_limit(concurrency, 1, 0);
    assert_limit(concurrency, 100000, 100001);
    assert_limit(rules.max_exchanges, 1, 0);
    assert_limit(rules.max_exchanges, MX_LIMIT_EXCHANGES, MX_LIMIT_EXCHANGES + 1);
    assert_limit(rules.max_addresses, 1, 0);
    assert_limit(rules.max_addresses, MX_LIMIT_ADDRESSES, MX_LIMIT_ADDRESSES + 1);
    assert_limit(server_count, MX_MAX_SERVERS, MX_MAX_SERVERS + 1);
    assert_limit(transport, MX_TRANSPORT_TCP, (mx_transport_choice)3);
}

static void
configuration_is_kept(void **state)
{
    mx_resolver_config config;
    mx_resolver_stats stats;
    mx_resolver *resolver;

    (void)state;
    mx_resolver_config_init(&config);
    config.tries = 7;
    config.has_seed = true;
    config.seed = 42;
    config.cache_size = 12345;
    assert_int_equal(mx_resolver_new(&config, &resolver), MX_OK);
    config.tries = 1;
    assert_int_equal(mx_resolver_get_config(resolver)->tries, 7);
    assert_int_equal(mx_resolver_get_config(resolver)->seed, 42);
    mx_resolver_get_stats(resolver, &stats);
    assert_int_equal(stats.lookups + stats.queries + stats.waiting, 0);
    assert_int_equal(stats.cache.capacity, 12345);
    mx_resolver_clear_cache(resolver);
    mx_resolver_unref(resolver);
}

static void
last_reference_frees(void **state)
{
    mx_resolver_config config;
    mx_resolver *resolver;

    (void)state;
    mx_resolver_config_init(&config);
    assert_int_equal(mx_resolver_new(&config, &resolver), MX_OK);
    assert_ptr_equal(mx_resolver_ref(resolver), resolver);
    mx_resolver_unref(resolver);
    assert_int_equal(mx_resolver_get_config(resolver)->tries, 3);
    mx_resolver_unref(resolver);
    mx_resolver_unref(NULL);
}

static void
short_memory_is_told(void **state)
{
    mx_resolver_config config;
    size_t nth = 0, asked;

    (void)state;
    mx_resolver_config_init(&config);
    do {
        mx_status status;
        (void)mx_mem_fail(++nth, 0);
        status = make(&config);
        asked = mx_mem_fail(0, 0);
        assert_int_equal(status, asked >= nth ? MX_NOMEM : MX_OK);
    } while (asked >= nth);
    assert_in_range(asked, 2, 20);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_usable),
        cmocka_unit_test(figures_have_their_ranges),
        cmocka_unit_test(configuration_is_kept),
        cmocka_unit_test(last_reference_frees),
        cmocka_unit_test(short_memory_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
