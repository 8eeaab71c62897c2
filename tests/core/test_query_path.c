/* SPDX-License-Identifier: MIT */
/* What the path to the servers does to lookups: dead domains beside living ones, limits,
 * outages. Law 3: a fault of one is no other's.
 */
#include "bench.h"
#include "core/query.h"
#include "core/resolver_state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char *
numbered(int number)
{
    static char text[32];

    snprintf(text, sizeof(text), "d%d.test", number);
    return text;
}

static void
submit_many(int from, int to, bool is_bulk)
{
    for (int i = from; i < to; i++) {
        mx_status status = is_bulk ? submit_bulk(numbered(i), (uint64_t)i, NULL)
                                   : submit(numbered(i), (uint64_t)i, NULL);
        assert_int_equal(status, MX_OK);
    }
    turn();
}

/* Takes all routes there are; counts those whose text begins so, and all of them. */
static int
take_all(const char *beginning, int *all)
{
    int count = 0;

    while (*taken(NULL) != '\0') {
        count += strncmp(world.text, beginning, strlen(beginning)) == 0;
        ++*all;
    }
    return count;
}

static void
answer_open(const char *text)
{
    for (size_t i = 0; i < world.fake->send_count; i++) {
        if (world.fake->sends[i].is_open) {
            fake_transport_reply(world.fake, i, text);
        }
    }
    turn();
}

static size_t
count_sent(const char *question, size_t from)
{
    size_t count = 0;

    for (size_t i = from; i < world.fake->send_count; i++) {
        count += strcmp(fake_transport_question(world.fake, i), question) == 0;
    }
    return count;
}

/* Of a resolver that has heard nothing else yet. */
static void
answer_probes(void)
{
    for (size_t i = 0; i < world.fake->send_count; i++) {
        if (world.fake->sends[i].is_open &&
            strcmp(fake_transport_question(world.fake, i), ". NS") == 0) {
            fake_transport_reply(world.fake, i, "NODATA");
        }
    }
    turn();
}

static void
many_at_a_time(mx_resolver_config *config)
{
    config->concurrency = 5000;
}

static void
many_without_cache(mx_resolver_config *config)
{
    config->concurrency = 5000;
    config->cache_size = 0;
}

/* Once the messages for 1,300 dead domains had all 4,000 places a living one waited for
 * seconds. */
static void
dead_domains_leave_room_for_others(void **state)
{
    (void)state;
    open_world(many_at_a_time, 1);
    world.fake->window = 4000;
    ask("first.test");
    answer(0, "0 .");
    assert_string_equal(taken(NULL), "null_mx/null_mx");
    submit_many(0, 1300, false);
    for (int i = 1; i < 49; i++) {
        size_t sent = world.fake->send_count;
        pass(100 * MSEC);
        sent = world.fake->send_count;
        assert_int_equal(submit("first.test", 1, NULL), MX_OK);
        mx_resolver_clear_cache(world.resolver);
        turn();
        assert_sent(sent + 1);
        assert_asked(sent, "first.test MX");
        answer(sent, "0 .");
        assert_string_equal(taken(NULL), "null_mx/null_mx");
    }
    assert_true(world.fake->most_open <= 4000);
    close_world();
}

/* Messages that are sent again have a part of the places, and so have the first ones. */
static void
places_are_shared_with_what_is_sent_again(void **state)
{
    size_t first;

    (void)state;
    open_world(many_at_a_time, 1);
    world.fake->window = 16;
    submit_many(0, 40, false);
    assert_sent(14);
    pass(1500 * MSEC);
    /* 8 repetitions and 8 first ones; whoever was silent longest lost his place. */
    first = world.fake->send_count;
    assert_int_equal(first, 14 + 16);
    assert_int_equal(world.fake->open_count, 16);
    pass(1500 * MSEC);
    assert_int_equal(world.fake->open_count, 16);
    assert_true(world.fake->send_count > first);
    close_world();
}

static void
nothing_is_sent_beyond_the_places(void **state)
{
    int all = 0;

    (void)state;
    open_world(many_at_a_time, 1);
    world.fake->window = 50;
    submit_many(0, 300, false);
    while (stats_of_world().in_progress > 0) {
        answer_open("0 .");
        assert_true(world.fake->most_open <= 50);
    }
    assert_int_equal(take_all("null_mx", &all), 300);
    assert_sent(300);
    close_world();
}

static void
two_at_a_time(mx_resolver_config *config)
{
    config->concurrency = 2;
}

/* Fault L11. */
static void
single_lookups_are_admitted_before_a_bulk_run(void **state)
{
    (void)state;
    open_world(two_at_a_time, 1);
    submit_many(0, 10, true);
    submit_many(10, 11, false);
    assert_sent(2);
    answer(0, "0 .");
    assert_sent(3);
    assert_asked(2, "d10.test MX");
    close_world();
}

static void
two_hundred_at_a_time(mx_resolver_config *config)
{
    config->concurrency = 200;
    config->cache_size = 0;
}

/* Answers what is sent after 20 ms, but for one domain in `dead`; submits a domain each
 * millisecond. Returns how many were done in six seconds. */
static int
stream_domains(int dead)
{
    static mx_usec sent_at[FAKE_SENDS];
    size_t seen = 0, answered = 0;
    int all = 0, good = 0;

    open_world(two_hundred_at_a_time, 1);
    world.fake->window = 4000;
    for (int ms = 0; ms < 6000; ms++) {
        const char *kind = dead > 0 && ms % 10 < dead ? "dead" : "d";
        char name[32];
        snprintf(name, sizeof(name), "%s%d.test", kind, ms);
        assert_int_equal(submit_bulk(name, 1, NULL), MX_OK);
        for (; seen < world.fake->send_count; seen++) {
            sent_at[seen] = world.now;
        }
        for (; answered < seen && world.now - sent_at[answered] >= 20 * MSEC;
             answered++) {
            if (memcmp(fake_transport_question(world.fake, answered), "dead", 4) != 0) {
                fake_transport_reply(world.fake, answered, "0 .");
            }
        }
        pass(1 * MSEC);
        good += take_all("null_mx", &all);
    }
    close_world();
    return good;
}

/* Fault L7: three in ten are dead and take five seconds each. */
static void
dead_domains_leave_living_ones_their_speed(void **state)
{
    (void)state;
    assert_true(stream_domains(0) >= 5970);
    assert_true(stream_domains(3) >= 5970 * 7 / 10);
}

/* -- outages -- */

/* Faults N10 and N15: all is silent, and comes back after a long time. */
static void
outage_costs_a_bulk_run_nothing_but_time(void **state)
{
    size_t before, probes;
    int all = 0;

    (void)state;
    open_world(many_without_cache, 2);
    submit_many(0, 1, true);
    answer(0, "0 .");
    submit_many(1, 201, true);
    assert_sent(201);
    pass(1500 * MSEC);
    before = world.fake->send_count;
    for (int i = 0; i < 3000; i++) {
        pass(100 * MSEC);
    }
    /* Two servers are probed each second, and nothing else is sent. */
    probes = count_sent("d0.test MX", before);
    assert_int_equal(world.fake->send_count, before + probes);
    assert_in_range(probes, 2 * 298, 2 * 305);
    assert_int_equal(take_all("null_mx", &all), 1);
    assert_int_equal(all, 1);
    submit_many(201, 301, true);
    assert_int_equal(stats_of_world().waiting, 100);
    assert_in_range(stats_of_world().paused, 299 * SEC, 301 * SEC);

    answer(world.fake->send_count - 1, "NXDOMAIN");
    assert_int_equal(stats_of_world().outages, 1);
    for (int i = 0; i < 10 && stats_of_world().in_progress > 0; i++) {
        answer_open("0 .");
    }
    assert_int_equal(take_all("null_mx", &all), 300);
    assert_int_equal(all, 301);
    close_world();
}

/* Faults N9 and N15: the system tells at once that nobody listens. */
static void
closed_port_costs_a_bulk_run_nothing_but_time(void **state)
{
    static const script_line refusing[] = {
        {"*", "MX", "UNREACHABLE"}, {"*", "NS", "UNREACHABLE"}, {NULL, NULL, NULL}};
    size_t sent;
    int all = 0;

    (void)state;
    open_world(many_without_cache, 1);
    world.fake->zone = refusing;
    submit_many(0, 200, true);
    sent = world.fake->send_count;
    world.fake->zone = NULL;
    for (int i = 0; i < 600; i++) {
        pass(100 * MSEC);
        answer_open("UNREACHABLE");
    }
    assert_in_range(world.fake->send_count - sent, 60, 65);
    assert_int_equal(take_all("", &all), 0);
    for (int i = 0; i < 2; i++) {
        pass(500 * MSEC);
        answer_open("NXDOMAIN");
    }
    while (stats_of_world().in_progress > 0) {
        answer_open("0 .");
    }
    assert_true(take_all("", &all) == 200);
    close_world();
}

/* Faults P22 and N26. */
static void
trouble_of_this_machine_costs_a_bulk_run_nothing_but_time(void **state)
{
    int all = 0;

    (void)state;
    open_world(many_without_cache, 1);
    submit_many(0, 50, true);
    for (int i = 0; i < 600; i++) {
        answer_open("LOCAL");
        pass(100 * MSEC);
    }
    assert_int_equal(take_all("", &all), 0);
    for (int i = 0; i < 100 && stats_of_world().in_progress > 0; i++) {
        answer_open("NXDOMAIN");
        pass(100 * MSEC);
    }
    assert_int_equal(take_all("no_domain", &all), 50);
    close_world();
}

/* A connection notices first that the server is gone. */
static void
refused_connection_may_be_the_first_sign(void **state)
{
    (void)state;
    open_world(many_without_cache, 1);
    submit_many(0, 1, true);
    answer(0, "TRUNCATED");
    answer(1, "UNREACHABLE");
    answer(2, "UNREACHABLE");
    for (int i = 0; i < 50; i++) {
        assert_string_equal(taken(NULL), "");
        pass(200 * MSEC);
        answer_open("UNREACHABLE");
    }
    pass(SEC);
    answer_open("NXDOMAIN"); /* the probe */
    answer_open("0 .");
    assert_string_equal(taken(NULL), "null_mx/null_mx");
    close_world();
}

/* Fault N23: it is only that there is no TCP. */
static void
refused_connection_alone_is_no_outage(void **state)
{
    (void)state;
    open_world(many_without_cache, 1);
    submit_many(0, 1, true);
    answer(0, "TRUNCATED");
    answer(1, "UNREACHABLE");
    answer(2, "UNREACHABLE");
    assert_string_equal(taken(NULL), "");
    assert_protocol(3, MX_UDP);
    answer(3, "NXDOMAIN"); /* the probe */
    assert_string_equal(taken(NULL), "no_servers/unreachable; incomplete");
    close_world();
}

static void
single_lookups_do_not_wait_for_the_end(void **state)
{
    int all = 0;

    (void)state;
    open_world(many_without_cache, 1);
    submit_many(0, 20, true);
    pass(2 * SEC);
    submit_many(20, 21, false);
    assert_int_equal(submit("d3.test", 3, NULL),
                     MX_OK); /* which a bulk run waits for */
    turn();
    pass(5 * SEC);
    assert_int_equal(take_all("timeout/timeout", &all), 2);
    assert_int_equal(all, 2);
    close_world();
}

/* Also where a bulk run has all of `concurrency` and waits for the end. */
static void
single_lookups_find_room_during_an_outage(void **state)
{
    int all = 0;

    (void)state;
    open_world(two_at_a_time, 1);
    submit_many(0, 10, true);
    for (int i = 0; i < 12; i++) {
        pass(500 * MSEC);
    }
    submit_many(10, 13, false);
    assert_int_equal(stats_of_world().waiting, 8 + 1); /* of `concurrency` their own */
    for (int i = 0; i < 22; i++) {
        pass(500 * MSEC);
    }
    assert_int_equal(take_all("timeout/timeout", &all), 3);
    assert_int_equal(all, 3);
    close_world();
}

/* Before it nothing was ever heard, and all tries were spent when it was noticed. */
static void
lookup_that_began_in_an_outage_has_its_whole_time_after_it(void **state)
{
    size_t sent;
    int i;

    (void)state;
    open_world(many_without_cache, 1);
    submit_many(0, 1, true);
    for (i = 0; i < 40; i++) {
        pass(500 * MSEC);
    }
    sent = world.fake->send_count;
    answer(sent - 1, "NXDOMAIN"); /* the probe */
    assert_sent(sent + 1);
    assert_asked(sent, "d0.test MX");
    for (i = 0; i < 40 && *taken(NULL) == '\0'; i++) {
        pass(500 * MSEC);
        answer_probes();
    }
    assert_string_equal(world.text, "timeout/timeout; incomplete");
    assert_in_range(i, 9, 12);
    close_world();
}

/* Else a run whose last domains are dead would never end. */
static void
dead_domains_are_no_outage(void **state)
{
    int all = 0, i;

    (void)state;
    open_world(many_without_cache, 1);
    submit_many(0, 1, true);
    answer(0, "0 .");
    submit_many(1, 101, true);
    for (i = 0; i < 100 && stats_of_world().in_progress > 0; i++) {
        for (size_t j = 0; j < world.fake->send_count; j++) {
            if (world.fake->sends[j].is_open &&
                strcmp(fake_transport_question(world.fake, j), "d0.test MX") == 0) {
                fake_transport_reply(world.fake, j, "0 .");
            }
        }
        pass(100 * MSEC);
    }
    assert_int_equal(take_all("timeout/timeout", &all), 100);
    assert_in_range(i, 50, 60);
    assert_int_equal(stats_of_world().outages, 0);
    close_world();
}

/* What is heard through TCP alone is no outage either (fault N22). */
static void
path_that_drops_datagrams_is_no_outage(void **state)
{
    int all = 0, i;

    (void)state;
    open_world(many_without_cache, 1);
    submit_many(0, 50, true);
    for (i = 0; i < 200 && stats_of_world().in_progress > 0; i++) {
        for (size_t j = 0; j < world.fake->send_count; j++) {
            if (world.fake->sends[j].is_open &&
                world.fake->sends[j].protocol == MX_TCP) {
                fake_transport_reply(world.fake, j, "NXDOMAIN");
            }
        }
        pass(50 * MSEC);
    }
    assert_int_equal(take_all("no_domain", &all), 50);
    assert_int_equal(stats_of_world().outages, 0);
    close_world();
}

static void
run_may_be_given_up_during_an_outage(void **state)
{
    mx_request *request;
    size_t sent;
    int all = 0;

    (void)state;
    open_world(many_without_cache, 1);
    assert_int_equal(submit_bulk("a.test", 1, &request), MX_OK);
    for (int i = 0; i < 40; i++) {
        pass(500 * MSEC);
    }
    assert_string_equal(taken(NULL), "");
    mx_request_cancel(world.engine, request);
    mx_request_release(request);
    turn();
    assert_int_equal(take_all("cancelled", &all), 1);
    pass(SEC);
    sent = world.fake->send_count;
    pass(10 * SEC);
    assert_sent(sent);
    /* And closing with all of it under way leaves nothing behind. */
    submit_many(0, 20, true);
    pass(1500 * MSEC);
    pass(100 * MSEC);
    close_world();
}

static void
outage_while_the_slow_family_is_awaited_is_no_reason_to_go_on(void **state)
{
    (void)state;
    open_world(NULL, 1);
    submit_many(0, 1, true);
    answer(0, "10 mx.test");
    answer(1, "192.0.2.1");
    for (int i = 0; i < 100; i++) {
        pass(100 * MSEC);
        assert_string_equal(taken(NULL), "");
    }
    answer(world.fake->send_count - 1, "NODATA"); /* the probe */
    for (int i = 0; i < 20 && stats_of_world().in_progress > 0; i++) {
        answer_open("NODATA");
        pass(10 * MSEC);
    }
    assert_string_equal(taken(NULL), "ok; 10 mx.test 192.0.2.1");
    close_world();
}

/* -- rate -- */

static void
ten_a_second(mx_resolver_config *config)
{
    config->rate = 10;
    config->concurrency = 5000;
}

static void
rate_is_kept_and_charged_to_nobody(void **state)
{
    size_t sent = 0;
    int all = 0;

    (void)state;
    for (int is_bulk = 0; is_bulk < 2; is_bulk++) {
        open_world(ten_a_second, 1);
        submit_many(0, 200, is_bulk != 0);
        sent = world.fake->send_count;
        assert_int_equal(sent, 1);
        for (int i = 1; i <= 250; i++) {
            answer_open("0 .");
            pass(100 * MSEC);
            assert_true(world.fake->send_count <= 1 + (size_t)i);
        }
        all = 0;
        assert_int_equal(take_all("null_mx", &all), 200);
        assert_int_equal(all, 200);
        close_world();
    }
}

/* The second questions of a lookup wait too, and so do repetitions. */
static void
one_a_second(mx_resolver_config *config)
{
    config->rate = 1;
}

static void
time_spent_waiting_for_the_rate_is_given_back(void **state)
{
    (void)state;
    open_world(one_a_second, 1);
    ask("a.test");
    answer(0, "10 a.mx.test, 10 b.mx.test, 10 c.mx.test, 10 d.mx.test");
    for (size_t i = 1; i <= 8; i++) {
        pass(999 * MSEC);
        assert_sent(i);
        pass(2 * MSEC);
        assert_sent(i + 1);
        if (i < 8) {
            answer(i, world.fake->sends[i].question.type == MX_TYPE_A ? "192.0.2.1"
                                                                      : "NODATA");
        }
        assert_string_equal(taken(NULL), "");
    }
    pass(400 * MSEC);
    answer(8, "NODATA");
    assert_memory_equal(taken(NULL), "ok; ", 4);
    close_world();
}

/* It is no place in the window that a single lookup waits for. */
static void
single_lookup_wakes_for_its_token_though_the_window_is_full(void **state)
{
    mx_resolver *resolver;
    mx_usec next;

    (void)state;
    open_world(ten_a_second, 1);
    resolver = world.resolver;
    submit_many(0, 1, true);
    resolver->window.size = 1;
    mx_rate_change(&resolver->limit, 0, world.now);
    mx_rate_change(&resolver->window.pace, 10, world.now);
    submit_many(1, 2, false);
    assert_sent(1);
    next = mx_query_next_start(resolver, false, world.now);
    assert_in_range(next - world.now, 1, 100 * MSEC + 1);
    pass(101 * MSEC);
    assert_sent(2);
    close_world();
}

/* -- servers that limit their clients -- */

/* Fault N30: answers so many a second, with as many saved up at most, drops the rest. */
static void
limit_is_nobodys_failure(void **state)
{
    enum { DOMAINS = 9000, LIMIT = 1000 };
    double tokens = LIMIT;
    size_t seen = 0;
    int all = 0, good = 0, ms = 0;

    (void)state;
    open_world(many_without_cache, 1);
    world.fake->window = 4000;
    submit_many(0, DOMAINS, true);
    for (; stats_of_world().in_progress + stats_of_world().waiting > 0; ms++) {
        assert_true(ms < 60000);
        tokens = tokens + LIMIT / 1000.0 < LIMIT ? tokens + LIMIT / 1000.0 : LIMIT;
        for (; seen < world.fake->send_count; seen++) {
            if (tokens >= 1 || world.fake->sends[seen].protocol == MX_TCP) {
                tokens -= world.fake->sends[seen].protocol == MX_UDP;
                fake_transport_reply(world.fake, seen, "0 .");
            }
        }
        pass(1 * MSEC);
        good += take_all("null_mx", &all);
    }
    assert_int_equal(all, DOMAINS);
    assert_int_equal(good, DOMAINS);
    assert_true(stats_of_world().losses > 0);
    assert_in_range(stats_of_world().pace, 1, 2 * LIMIT);
    assert_in_range(ms, 1, DOMAINS / LIMIT * 1250); /* 80 % of the limit, at least */
    close_world();
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dead_domains_leave_room_for_others),
        cmocka_unit_test(places_are_shared_with_what_is_sent_again),
        cmocka_unit_test(nothing_is_sent_beyond_the_places),
        cmocka_unit_test(single_lookups_are_admitted_before_a_bulk_run),
        cmocka_unit_test(dead_domains_leave_living_ones_their_speed),
        cmocka_unit_test(outage_costs_a_bulk_run_nothing_but_time),
        cmocka_unit_test(closed_port_costs_a_bulk_run_nothing_but_time),
        cmocka_unit_test(trouble_of_this_machine_costs_a_bulk_run_nothing_but_time),
        cmocka_unit_test(refused_connection_may_be_the_first_sign),
        cmocka_unit_test(refused_connection_alone_is_no_outage),
        cmocka_unit_test(single_lookups_do_not_wait_for_the_end),
        cmocka_unit_test(single_lookups_find_room_during_an_outage),
        cmocka_unit_test(lookup_that_began_in_an_outage_has_its_whole_time_after_it),
        cmocka_unit_test(dead_domains_are_no_outage),
        cmocka_unit_test(path_that_drops_datagrams_is_no_outage),
        cmocka_unit_test(run_may_be_given_up_during_an_outage),
        cmocka_unit_test(outage_while_the_slow_family_is_awaited_is_no_reason_to_go_on),
        cmocka_unit_test(rate_is_kept_and_charged_to_nobody),
        cmocka_unit_test(time_spent_waiting_for_the_rate_is_given_back),
        cmocka_unit_test(single_lookup_wakes_for_its_token_though_the_window_is_full),
        cmocka_unit_test(limit_is_nobodys_failure),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
