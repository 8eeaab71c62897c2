/* SPDX-License-Identifier: MIT */
/* One destination through the engine: cache, seeds, deadlines, the slow family. */
#define _GNU_SOURCE
#include "bench.h"
#include "core/request.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define END                                                                            \
    {                                                                                  \
        NULL, NULL, NULL                                                               \
    }
#define A_ROUTE "ok; 10 mx.a.test 192.0.2.1"

static const script_line zone[] = {
    {"a.test", "MX", "10 mx.a.test"}, {"mx.a.test", "A", "192.0.2.1"},
    {"mx.a.test", "AAAA", "NODATA"},  {"b.test", "MX", "10 mx.a.test"},
    {"sick.test", "MX", "SERVFAIL"},  {"loop.test", "MX", "CNAME loop.test"},
    {"null.test", "MX", "0 ."},       END};

static void
one_lookup_asks_and_completes(void **state)
{
    uint64_t token = 0;

    (void)state;
    open_world(NULL, 1);
    assert_int_equal(submit("a.test", 7, NULL), MX_OK);
    turn();
    assert_sent(1);
    assert_asked(0, "a.test MX");
    answer(0, "10 mx.a.test");
    assert_sent(3);
    assert_asked(1, "mx.a.test A");
    assert_asked(2, "mx.a.test AAAA");
    answer(2, "NODATA");
    assert_string_equal(taken(NULL), "");
    answer(1, "192.0.2.1");
    assert_string_equal(taken(&token), A_ROUTE);
    assert_int_equal(token, 7);
    assert_string_equal(taken(NULL), "");
    close_world();
}

static void
no_question_for_what_needs_none(void **state)
{
    (void)state;
    open_world(NULL, 1);
    assert_int_equal(submit("a..b", 1, NULL), MX_OK);
    assert_string_equal(taken(NULL), "invalid/empty_label");
    assert_int_equal(submit("[192.0.2.1]", 1, NULL), MX_OK);
    assert_string_equal(taken(NULL), "ok; 0 [192.0.2.1] 192.0.2.1");
    turn();
    assert_sent(0);
    close_world();
}

static void
equal_questions_share_one_query(void **state)
{
    mx_resolver_stats stats;

    (void)state;
    open_world(NULL, 1);
    assert_int_equal(submit("a.test", 1, NULL), MX_OK);
    assert_int_equal(submit("a.test", 2, NULL), MX_OK);
    turn();
    assert_sent(1);
    answer(0, "0 .");
    assert_string_equal(taken(NULL), "null_mx/null_mx");
    assert_string_equal(taken(NULL), "null_mx/null_mx");
    mx_resolver_get_stats(world.resolver, &stats);
    assert_int_equal(stats.joins, 1);
    assert_int_equal(stats.queries, 1);
    assert_int_equal(stats.lookups, 2);
    assert_int_equal(stats.in_progress, 0);
    assert_int_equal(stats.waiting, 0);
    close_world();
}

static void
cache_answers_again_until_the_ttl_is_over(void **state)
{
    (void)state;
    open_world(NULL, 1);
    world.fake->zone = zone;
    ask("a.test");
    assert_string_equal(taken(NULL), A_ROUTE);
    assert_sent(3);
    world.now += 30 * SEC;
    ask("a.test");
    assert_string_equal(taken(NULL), A_ROUTE);
    assert_sent(3);
    world.now += 31 * SEC; /* the NODATA of 60 s is over, the 300 s are not */
    ask("b.test");
    assert_string_equal(taken(NULL), A_ROUTE);
    assert_sent(5);
    assert_asked(3, "b.test MX");
    assert_asked(4, "mx.a.test AAAA");
    close_world();
}

static void
slow_family_is_awaited_a_second(void **state)
{
    (void)state;
    open_world(NULL, 1);
    ask("a.test");
    answer(0, "10 mx.a.test");
    answer(1, "192.0.2.1");
    pass(999 * MSEC);
    assert_string_equal(taken(NULL), "");
    pass(1 * MSEC);
    assert_string_equal(taken(NULL), A_ROUTE "; ?partial; incomplete");
    assert_int_equal(world.fake->open_count, 0);
    close_world();
}

static void
nothing_final_from_what_was_not_answered(void **state)
{
    (void)state;
    open_world(NULL, 1);
    ask("a.test");
    answer(0, "10 mx.a.test");
    answer(2, "NODATA");
    pass(5 * SEC);
    assert_string_equal(taken(NULL), "timeout/timeout; mx.a.test=timeout/timeout; "
                                     "?partial; incomplete");
    close_world();
}

static void
two_at_a_time(mx_resolver_config *config)
{
    config->concurrency = 2;
}

static void
deadline_counts_from_admission(void **state)
{
    (void)state;
    open_world(two_at_a_time, 1);
    assert_int_equal(submit("a.test", 1, NULL), MX_OK);
    assert_int_equal(submit("b.test", 2, NULL), MX_OK);
    assert_int_equal(submit("null.test", 3, NULL), MX_OK);
    turn();
    assert_sent(2);
    pass(5 * SEC);
    assert_string_equal(taken(NULL), "timeout/timeout; incomplete");
    assert_string_equal(taken(NULL), "timeout/timeout; incomplete");
    assert_asked(world.fake->send_count - 1, "null.test MX");
    pass(1 * SEC);
    assert_string_equal(taken(NULL), "");
    answer(world.fake->send_count - 1, "0 .");
    assert_string_equal(taken(NULL), "null_mx/null_mx");
    close_world();
}

static mx_route *
look_up(const char *destination)
{
    mx_route *route;

    ask(destination);
    route = take(NULL);
    assert_non_null(route);
    return route;
}

static void
route_lives_as_long_as_its_shortest_record(void **state)
{
    static const script_line lines[] = {
        {"a.test", "MX", "TTL 200, 10 mx.a.test"},
        {"mx.a.test", "A", "TTL 100, 192.0.2.1"},
        {"mx.a.test", "AAAA", "TTL 20, NODATA"},
        {"b.test", "MX", "TTL 40, CNAME a.test, 10 mx.a.test"},
        {"c.test", "MX", "10 al.test"},
        {"al.test", "A", "TTL 50, CNAME end.test"},
        {"al.test", "AAAA", "TTL 50, CNAME end.test"},
        {"end.test", "A", "TTL 80, 192.0.2.1"},
        {"end.test", "AAAA", "TTL 90, 2001:db8::1"},
        {"null.test", "MX", "TTL 30, 0 ."},
        {"gone.test", "MX", "TTL 25, NXDOMAIN"},
        {"bare.test", "MX", "TTL 26, NODATA"},
        {"bare.test", "A", "192.0.2.1"},
        {"bare.test", "AAAA", "NODATA"},
        {"lost.test", "MX", "10 nowhere.test"},
        {"nowhere.test", "A", "TTL 27, NXDOMAIN"},
        {"nowhere.test", "AAAA", "TTL 28, NXDOMAIN"},
        {"sick.test", "MX", "SERVFAIL"},
        END};
    static const struct {
        const char *destination;
        uint32_t ttl;
    } rows[] = {{"a.test", 100},   {"b.test", 40},     {"c.test", 50},
                {"null.test", 30}, {"gone.test", 25},  {"bare.test", 26},
                {"lost.test", 27}, {"[192.0.2.1]", 0}, {"x.onion", 0}};
    mx_route *route;

    (void)state;
    open_world(NULL, 1);
    world.fake->zone = lines;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        route = look_up(rows[i].destination);
        assert_int_equal(route->ttl, rows[i].ttl);
        if (route->exchange_count > 0 && i < 3) {
            assert_int_equal(route->exchanges[0].ttl, i == 2 ? 50 : 100);
        }
        mx_route_unref(route);
    }
    assert_int_equal(submit("sick.test", 1, NULL), MX_OK);
    turn();
    pass(100 * MSEC);
    pass(200 * MSEC);
    route = take(NULL);
    assert_int_equal(route->verdict, MX_VERDICT_SERVER_FAILURE);
    assert_int_equal(route->ttl, 0);
    mx_route_unref(route);
    close_world();
}

static void
route_from_the_cache_says_what_is_left(void **state)
{
    static const script_line lines[] = {{"a.test", "MX", "TTL 100, 10 mx.a.test"},
                                        {"b.test", "MX", "TTL 30, 10 mx.a.test"},
                                        {"mx.a.test", "A", "TTL 50, 192.0.2.1"},
                                        {"mx.a.test", "AAAA", "TTL 70, NODATA"},
                                        END};
    mx_route *route;

    (void)state;
    open_world(NULL, 1);
    world.fake->zone = lines;
    route = look_up("a.test");
    assert_false(route->cached);
    mx_route_unref(route);
    world.now += 45 * SEC;
    route = look_up("a.test");
    assert_true(route->cached);
    assert_int_equal(route->ttl, 5);
    assert_int_equal(route->elapsed, 0);
    mx_route_unref(route);
    route = look_up("b.test"); /* only its addresses are in the cache */
    assert_false(route->cached);
    assert_int_equal(route->ttl, 5);
    mx_route_unref(route);
    world.now += 10 * SEC;
    route = look_up("a.test");
    assert_false(route->cached);
    assert_int_equal(route->ttl, 45);
    mx_route_unref(route);
    close_world();
}

static void
with_dnssec(mx_resolver_config *config)
{
    config->dnssec = true;
}

static const script_line signed_zone[] = {{"all.test", "MX", "AD, 10 m1.test"},
                                          {"mx.test", "MX", "10 m1.test"},
                                          {"host.test", "MX", "AD, 10 m2.test"},
                                          {"none.test", "MX", "AD, NODATA"},
                                          {"none.test", "A", "AD, NODATA"},
                                          {"none.test", "AAAA", "AD, NODATA"},
                                          {"m1.test", "A", "AD, 192.0.2.1"},
                                          {"m1.test", "AAAA", "AD, NODATA"},
                                          {"m2.test", "A", "AD, 192.0.2.1"},
                                          {"m2.test", "AAAA", "NODATA"},
                                          END};

static bool
is_authenticated(const char *destination)
{
    mx_route *route = look_up(destination);
    bool result = route->authenticated;

    mx_route_unref(route);
    return result;
}

static void
authenticated_is_every_step(void **state)
{
    (void)state;
    open_world(with_dnssec, 1);
    world.fake->zone = signed_zone;
    assert_true(is_authenticated("all.test"));
    assert_true(is_authenticated("all.test")); /* from the cache */
    assert_false(is_authenticated("mx.test"));
    assert_false(is_authenticated("host.test"));
    assert_true(is_authenticated("none.test"));
    assert_false(is_authenticated("[192.0.2.1]"));
    close_world();
}

static void
authenticated_only_when_asked_for(void **state)
{
    (void)state;
    open_world(NULL, 1);
    world.fake->zone = signed_zone;
    assert_false(is_authenticated("all.test"));
    assert_false(is_authenticated("all.test"));
    close_world();
}

static const script_line equals[] = {
    {"a.test", "MX", "10 m1.test, 10 m2.test, 10 m3.test, 20 m4.test, 20 m5.test"},
    {"b.test", "MX", "10 m1.test, 10 m2.test, 10 m3.test, 20 m4.test, 20 m5.test"},
    {"*", "A", "192.0.2.1, 192.0.2.2"},
    {"*", "AAAA", "NODATA"},
    END};

static void
hosts_of(mx_route *route, char text[64])
{
    size_t length = 0;

    assert_non_null(route);
    for (size_t i = 0; i < route->exchange_count; i++) {
        text[length++] = route->exchanges[i].host[1];
    }
    text[length] = '\0';
    mx_route_unref(route);
}

static void
cached_answers_are_shuffled_afresh(void **state)
{
    enum { ROUNDS = 600 };
    unsigned first[3] = {0};
    char hosts[64];

    (void)state;
    open_world(NULL, 1);
    world.fake->zone = equals;
    for (int i = 0; i < ROUNDS; i++) {
        ask("a.test");
        hosts_of(take(NULL), hosts);
        first[hosts[0] - '1']++;
    }
    assert_sent(11);
    /* Each is 200 in the mean, 11.5 the standard deviation. */
    for (int i = 0; i < 3; i++) {
        assert_in_range(first[i], 130, 270);
    }
    close_world();
}

static void
seed_of_seven(mx_resolver_config *config)
{
    config->has_seed = true;
    config->seed = 7;
}

static void
seeds_repeat_a_shuffle(void **state)
{
    char hosts[64], again[64];
    unsigned different = 0;

    (void)state;
    open_world(seed_of_seven, 1);
    world.fake->zone = equals;
    for (uint64_t seed = 0; seed < 50; seed++) {
        assert_int_equal(submit_levels("a.test", 0, &seed), MX_OK);
        assert_int_equal(submit_levels("a.test", 0, &seed), MX_OK);
        assert_int_equal(submit_levels("b.test", 0, &seed), MX_OK);
        turn();
        hosts_of(take(NULL), hosts);
        hosts_of(take(NULL), again);
        assert_string_equal(hosts, again);
        hosts_of(take(NULL), again); /* another domain, another order */
        different += strcmp(hosts, again) != 0;
    }
    assert_in_range(different, 30, 50);
    ask("a.test"); /* the resolver's own seed */
    hosts_of(take(NULL), hosts);
    for (int i = 0; i < 20; i++) {
        ask("a.test");
        hosts_of(take(NULL), again);
        assert_string_equal(hosts, again);
    }
    close_world();
}

static void
all_addresses(mx_resolver_config *config)
{
    config->rules.shuffle = MX_SHUFFLE_ADDRESSES;
}

/* A sender that asks for one level and later for all goes on where it stopped. */
static void
levels_of_one_seed_agree(void **state)
{
    static void (*const changes[])(mx_resolver_config *) = {NULL, all_addresses};
    char part[SCRIPT_TEXT];
    size_t length;

    (void)state;
    for (uint64_t seed = 0; seed < 40; seed++) {
        open_world(changes[seed % 2], 1);
        world.fake->zone = equals;
        assert_int_equal(submit_levels("a.test", 1, &seed), MX_OK);
        turn();
        snprintf(part, sizeof(part), "%s", taken(NULL));
        length = strlen(part) - strlen("; more");
        assert_string_equal(part + length, "; more");
        assert_int_equal(submit_levels("a.test", 2, &seed), MX_OK);
        turn();
        assert_memory_equal(taken(NULL), part, length);
        assert_null(strstr(world.text, "more"));
        close_world();
    }
}

static void
route_of_no_wait(mx_resolver_config *config)
{
    config->address_wait = 0;
}

static void
slow_family_need_not_be_awaited(void **state)
{
    (void)state;
    open_world(route_of_no_wait, 1);
    ask("a.test");
    answer(0, "10 mx.a.test");
    answer(1, "192.0.2.1");
    assert_string_equal(taken(NULL), A_ROUTE "; ?partial; incomplete");
    close_world();
}

static void
slow_family_is_awaited_until_the_deadline_at_most(void **state)
{
    (void)state;
    open_world(NULL, 1);
    ask("a.test");
    answer(0, "10 mx.a.test");
    world.now += 4500 * MSEC;
    answer(1, "192.0.2.1");
    pass(499 * MSEC);
    assert_string_equal(taken(NULL), "");
    pass(1 * MSEC);
    assert_string_equal(taken(NULL), A_ROUTE "; ?partial; incomplete");
    close_world();
}

static void
every_exchange_is_awaited_before_the_slow_families(void **state)
{
    (void)state;
    open_world(NULL, 1);
    ask("a.test");
    answer(0, "10 mx.a.test, 20 my.a.test");
    assert_asked(3, "my.a.test A");
    answer(1, "192.0.2.1");
    pass(1100 * MSEC);
    assert_string_equal(taken(NULL), "");
    answer(3, "192.0.2.2");
    pass(900 * MSEC);
    answer(4, "2001:db8::2"); /* one more, but the wait is not begun anew */
    pass(99 * MSEC);
    assert_string_equal(taken(NULL), "");
    pass(1 * MSEC);
    assert_string_equal(taken(NULL), "ok; 10 mx.a.test 192.0.2.1; "
                                     "20 my.a.test 192.0.2.2; "
                                     "20 my.a.test 2001:db8::2; ?partial; incomplete");
    close_world();
}

static void
address_that_is_no_target_does_not_cut_the_wait(void **state)
{
    (void)state;
    open_world(NULL, 1);
    ask("a.test");
    answer(0, "10 mx.a.test");
    answer(1, "127.0.0.1");
    pass(1001 * MSEC);
    assert_string_equal(taken(NULL), "");
    answer(2, "2001:db8::1");
    assert_string_equal(taken(NULL), "ok; 10 mx.a.test 2001:db8::1; "
                                     "-mx.a.test 127.0.0.1 loopback_address");
    close_world();
}

/* What is answered before the deadline; the route after it. */
static void
time_runs_out_wherever_a_lookup_stands(void **state)
{
    static const struct {
        const char *answers[6], *expected;
    } rows[] = {
        {{NULL}, "timeout/timeout; incomplete"},
        {{"CNAME c.test", NULL}, "timeout/timeout; >c.test; incomplete"},
        {{"10 mx.a.test", NULL},
         "timeout/timeout; mx.a.test=timeout/timeout; ?partial; incomplete"},
        {{"10 mx.a.test", "NODATA", NULL},
         "timeout/timeout; mx.a.test=timeout/timeout; ?partial; incomplete"},
        {{"10 mx.a.test", "NXDOMAIN", "CNAME c.test", NULL},
         "timeout/timeout; mx.a.test=timeout/timeout; ?cname_exchange; ?partial; "
         "incomplete"},
        {{"10 mx.a.test", "192.0.2.1", "CNAME c.test", NULL},
         A_ROUTE "; ?cname_exchange; ?partial; incomplete"},
        {{"NODATA", "NODATA", NULL},
         "timeout/timeout; a.test=timeout/timeout; ?partial; implicit; incomplete"},
        {{"10 mx.a.test, 20 my.a.test", "NODATA", "NODATA", "192.0.2.2", NULL},
         "ok; 20 my.a.test 192.0.2.2; mx.a.test=no_address/no_data; ?partial; "
         "incomplete"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        open_world(NULL, 1);
        ask("a.test");
        for (size_t a = 0; rows[i].answers[a] != NULL; a++) {
            answer(a, rows[i].answers[a]);
        }
        assert_string_equal(taken(NULL), "");
        pass(5 * SEC);
        assert_string_equal(taken(NULL), rows[i].expected);
        assert_int_equal(world.fake->open_count, 0);
        assert_int_equal(stats_of_world().in_progress, 0);
        close_world();
    }
}

static void
answer_at_the_deadline_comes_in_time(void **state)
{
    (void)state;
    open_world(NULL, 1);
    ask("a.test");
    world.now += 5 * SEC;
    answer(0, "0 .");
    assert_string_equal(taken(NULL), "null_mx/null_mx");
    /* A question that only opens then is too late. */
    ask("b.test");
    world.now += 5 * SEC;
    answer(1, "10 mx.a.test");
    assert_string_equal(taken(NULL), "timeout/timeout; mx.a.test=timeout/timeout; "
                                     "?partial; incomplete");
    close_world();
}

static void
elapsed_counts_from_admission(void **state)
{
    mx_route *route;

    (void)state;
    open_world(two_at_a_time, 1);
    for (uint64_t i = 0; i < 3; i++) {
        assert_int_equal(submit(i == 0   ? "a.test"
                                : i == 1 ? "b.test"
                                         : "c.test",
                                i, NULL),
                         MX_OK);
    }
    turn();
    assert_sent(2);
    assert_int_equal(stats_of_world().in_progress, 2);
    assert_int_equal(stats_of_world().waiting, 1);
    world.now += SEC;
    answer(0, "0 .");
    assert_sent(3);
    route = take(NULL);
    assert_int_equal(route->elapsed, SEC);
    mx_route_unref(route);
    world.now += SEC;
    answer(2, "0 .");
    route = take(NULL);
    assert_int_equal(route->elapsed, SEC);
    mx_route_unref(route);
    close_world();
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_lookup_asks_and_completes),
        cmocka_unit_test(no_question_for_what_needs_none),
        cmocka_unit_test(equal_questions_share_one_query),
        cmocka_unit_test(cache_answers_again_until_the_ttl_is_over),
        cmocka_unit_test(slow_family_is_awaited_a_second),
        cmocka_unit_test(nothing_final_from_what_was_not_answered),
        cmocka_unit_test(deadline_counts_from_admission),
        cmocka_unit_test(route_lives_as_long_as_its_shortest_record),
        cmocka_unit_test(route_from_the_cache_says_what_is_left),
        cmocka_unit_test(authenticated_is_every_step),
        cmocka_unit_test(authenticated_only_when_asked_for),
        cmocka_unit_test(cached_answers_are_shuffled_afresh),
        cmocka_unit_test(seeds_repeat_a_shuffle),
        cmocka_unit_test(levels_of_one_seed_agree),
        cmocka_unit_test(slow_family_need_not_be_awaited),
        cmocka_unit_test(slow_family_is_awaited_until_the_deadline_at_most),
        cmocka_unit_test(every_exchange_is_awaited_before_the_slow_families),
        cmocka_unit_test(address_that_is_no_target_does_not_cut_the_wait),
        cmocka_unit_test(time_runs_out_wherever_a_lookup_stands),
        cmocka_unit_test(answer_at_the_deadline_comes_in_time),
        cmocka_unit_test(elapsed_counts_from_admission),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
