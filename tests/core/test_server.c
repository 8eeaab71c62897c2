/* SPDX-License-Identifier: MIT */
#include "core/server.h"

#include <net/if.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { S = 1000000 };

static mx_server
server(const char *text)
{
    mx_server out;
    if (!mx_server_from_text(text, strlen(text), &out)) {
        fail_msg("\"%s\" is not taken as a server", text);
    }
    return out;
}

static const char *
round_trip(const char *text)
{
    static char out[MX_SERVER_TEXT_SIZE];
    mx_server read = server(text);
    memset(out, 'x', sizeof(out));
    size_t length = mx_server_to_text(&read, out);
    assert_int_equal(length, strlen(out));
    return out;
}

static void
test_forms_of_a_server(void **state)
{
    (void)state;
    assert_string_equal(round_trip("192.0.2.1"), "192.0.2.1:53");
    assert_string_equal(round_trip("192.0.2.1:5353"), "192.0.2.1:5353");
    assert_string_equal(round_trip("192.0.2.1:1"), "192.0.2.1:1");
    assert_string_equal(round_trip("192.0.2.1:65535"), "192.0.2.1:65535");
    assert_string_equal(round_trip("2001:DB8::1"), "[2001:db8::1]:53");
    assert_string_equal(round_trip("[2001:db8::1]"), "[2001:db8::1]:53");
    assert_string_equal(round_trip("[2001:db8::1]:5353"), "[2001:db8::1]:5353");
    assert_string_equal(round_trip("::1"), "[::1]:53");
    assert_string_equal(round_trip("fe80::1%7"), "[fe80::1%7]:53");
    assert_string_equal(round_trip("[fe80::1%7]:54"), "[fe80::1%7]:54");
    assert_string_equal(round_trip("febf::1%4294967295"), "[febf::1%4294967295]:53");
}

static void
test_the_longest_text_fits(void **state)
{
    (void)state;
    const char *text = "[fe80:1111:2222:3333:4444:5555:6666:7777%4294967295]:65535";
    assert_string_equal(round_trip(text), text);
    assert_true(strlen(text) < MX_SERVER_TEXT_SIZE);
}

static void
test_scope_by_name_of_the_interface(void **state)
{
    (void)state;
    struct if_nameindex *interfaces = if_nameindex();
    assert_non_null(interfaces);
    char text[MX_SERVER_TEXT_SIZE];
    for (const struct if_nameindex *one = interfaces; one->if_index != 0; one++) {
        snprintf(text, sizeof(text), "fe80::1%%%s", one->if_name);
        assert_int_equal(server(text).scope, one->if_index);
    }
    if_freenameindex(interfaces);
}

static void
test_unusable_texts(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        ":",
        ":53",
        "[",
        "]",
        "[]",
        "[]:53",
        "localhost",
        "192.0.2",
        "192.0.2.256",
        "192.0.2.1:",
        "192.0.2.1:0",
        "192.0.2.1:65536",
        "192.0.2.1:99999999999999999999",
        "192.0.2.1:+5",
        "192.0.2.1: 53",
        "192.0.2.1:53x",
        " 192.0.2.1",
        "192.0.2.1 ",
        "192.0.2.1%1",
        "[192.0.2.1]",
        "[192.0.2.1]:53",
        "2001:db8::1:",
        "[2001:db8::1",
        "[2001:db8::1]53",
        "[2001:db8::1]:",
        "[2001:db8::1]:0",
        "[[2001:db8::1]]",
        "2001:db8::1%1", /* only link-local addresses have a zone */
        "fe80::1",       /* and need one */
        "fe80::1%",
        "fe80::1%0",
        "fe80::1%4294967296",
        "fe80::1%no-such-interface",
        "fe80::1%a-name-longer-than-any-interface",
        "%1"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        mx_server out;
        memset(&out, 0x5a, sizeof(out));
        mx_server before = out;
        if (mx_server_from_text(texts[i], strlen(texts[i]), &out)) {
            fail_msg("\"%s\" is taken as a server", texts[i]);
        }
        assert_memory_equal(&out, &before, sizeof(out));
    }
    mx_server out;
    assert_false(mx_server_from_text("192.0.2.1\0", 10, &out));
    assert_false(mx_server_from_text("fe80::1%l\0", 10, &out));
    assert_true(mx_server_from_text("192.0.2.1junk", 9, &out));
}

static void
test_equal_means_every_part(void **state)
{
    (void)state;
    mx_server a = server("fe80::1%1");
    mx_server b = server("[fe80::1%1]:53");
    assert_true(mx_server_equal(&a, &b));
    b = server("fe80::1%2");
    assert_false(mx_server_equal(&a, &b));
    b = server("[fe80::1%1]:54");
    assert_false(mx_server_equal(&a, &b));
    b = server("fe80::2%1");
    assert_false(mx_server_equal(&a, &b));
}

/* Three servers, all up. */
static mx_servers
three(mx_server list[3])
{
    mx_servers servers = {.count = 0};
    list[0] = server("192.0.2.1");
    list[1] = server("192.0.2.2");
    list[2] = server("192.0.2.3");
    mx_servers_set(&servers, list, 3);
    return servers;
}

static void
test_servers_are_asked_in_order(void **state)
{
    (void)state;
    mx_server list[3];
    mx_servers servers = three(list);
    assert_int_equal(mx_servers_pick(&servers, 0, 0), 0);
    assert_int_equal(mx_servers_pick(&servers, 0, 0), 0);
    assert_int_equal(mx_servers_pick(&servers, 1, 0), 1);
    assert_int_equal(mx_servers_pick(&servers, 3, 0), 2);
    assert_int_equal(mx_servers_pick(&servers, 5, 0), 1);
    assert_int_equal(mx_servers_pick(&servers, 7, 0), 0);
}

static void
test_failures_in_a_row_take_a_server_down(void **state)
{
    (void)state;
    mx_server list[3];
    mx_servers servers = three(list);
    mx_servers_failed(&servers, &list[0], false, 0);
    mx_servers_failed(&servers, &list[0], false, 0);
    mx_servers_succeeded(&servers, &list[0]);
    mx_servers_failed(&servers, &list[0], false, 0);
    mx_servers_failed(&servers, &list[0], false, 0);
    assert_int_equal(mx_servers_pick(&servers, 0, 0), 0);
    mx_servers_failed(&servers, &list[0], false, 0);
    assert_int_equal(mx_servers_pick(&servers, 0, 0), 1);
    assert_int_equal(mx_servers_pick(&servers, 2, 0), 2);
}

static void
test_one_refusal_takes_a_server_down(void **state)
{
    (void)state;
    mx_server list[3];
    mx_servers servers = three(list);
    mx_servers_failed(&servers, &list[0], true, 0);
    mx_servers_failed(&servers, &list[1], true, 0);
    assert_int_equal(mx_servers_pick(&servers, 0, 0), 2);
    mx_servers_succeeded(&servers, &list[1]);
    assert_int_equal(mx_servers_pick(&servers, 0, 0), 1);
}

static void
test_a_down_server_is_probed_by_one_question_at_a_time(void **state)
{
    (void)state;
    mx_server list[3];
    mx_servers servers = three(list);
    for (int i = 0; i < 3; i++) {
        mx_servers_failed(&servers, &list[i], true, (mx_usec)i * S);
    }
    /* Probes are due at 5, 6 and 7 s. */
    assert_int_equal(mx_servers_pick(&servers, 0, 5 * S - 1), 0); /* nothing better */
    assert_int_equal(mx_servers_pick(&servers, 1, 5 * S), 1);
    assert_int_equal(mx_servers_pick(&servers, 0, 5 * S),
                     0); /* the probe, until 10 s */
    assert_int_equal(mx_servers_pick(&servers, 0, 6 * S),
                     1); /* the probe, until 11 s */
    assert_int_equal(mx_servers_pick(&servers, 0, 6 * S), 0); /* nothing better */
    assert_int_equal(mx_servers_pick(&servers, 0, 10 * S - 1), 2);
    assert_int_equal(mx_servers_pick(&servers, 0, 10 * S), 0);
    assert_int_equal(mx_servers_pick(&servers, 0, 10 * S), 0);
}

static void
test_a_failed_probe_leaves_the_server_down(void **state)
{
    (void)state;
    mx_server list[3];
    mx_servers servers = three(list);
    mx_servers_failed(&servers, &list[0], true, 0);
    assert_int_equal(mx_servers_pick(&servers, 6, 5 * S), 0);
    mx_servers_failed(&servers, &list[0], false, 6 * S);
    assert_int_equal(mx_servers_pick(&servers, 0, 9 * S), 1);
}

/* Else a first server that was away once would never be asked again. */
static void
test_a_down_server_is_probed_while_others_are_up(void **state)
{
    (void)state;
    mx_server list[3];
    mx_servers servers = three(list);
    mx_servers_failed(&servers, &list[0], true, 0);
    assert_int_equal(mx_servers_pick(&servers, 0, 5 * S - 1), 1);
    assert_int_equal(mx_servers_pick(&servers, 0, 5 * S), 0);
    assert_int_equal(mx_servers_pick(&servers, 0, 5 * S), 1);
    mx_servers_succeeded(&servers, &list[0]);
    assert_int_equal(mx_servers_pick(&servers, 0, 5 * S), 0);
}

static void
test_a_silent_server_is_probed_ever_more_rarely(void **state)
{
    (void)state;
    static const mx_usec pauses[] = {5 * S, 10 * S, 20 * S, 40 * S, 80 * S, 80 * S};
    mx_server list[3];
    mx_servers servers = three(list);
    mx_usec now = 0;
    mx_servers_failed(&servers, &list[0], false, now);
    mx_servers_failed(&servers, &list[0], false, now);
    for (size_t i = 0; i < sizeof(pauses) / sizeof(pauses[0]); i++) {
        mx_servers_failed(&servers, &list[0], false, now);
        assert_int_equal(mx_servers_pick(&servers, 0, now + pauses[i] - 1), 1);
        now += pauses[i];
        assert_int_equal(mx_servers_pick(&servers, 0, now), 0);
    }
}

static void
test_all_tried_begins_with_those_that_are_up(void **state)
{
    (void)state;
    mx_server list[3];
    mx_servers servers = three(list);
    mx_servers_failed(&servers, &list[0], true, 0);
    assert_int_equal(mx_servers_pick(&servers, 7, 0), 1);
    mx_servers_failed(&servers, &list[1], true, 0);
    mx_servers_failed(&servers, &list[2], true, 0);
    assert_int_equal(mx_servers_pick(&servers, 7, 9 * S), 0);
}

static void
test_a_new_list_keeps_the_health_of_known_servers(void **state)
{
    (void)state;
    mx_server list[3];
    mx_servers servers = three(list);
    mx_servers_failed(&servers, &list[1], true, 0);
    mx_server fresh[] = {list[1], server("192.0.2.9"), list[0]};
    mx_servers_set(&servers, fresh, 3);
    assert_int_equal(servers.count, 3);
    assert_int_equal(mx_servers_pick(&servers, 0, 0), 1);
    assert_int_equal(mx_servers_pick(&servers, 2, 0), 2);
    /* Forgotten is forgotten. */
    mx_servers_set(&servers, &list[0], 1);
    mx_servers_set(&servers, fresh, 3);
    assert_int_equal(mx_servers_pick(&servers, 0, 0), 0);
}

static void
test_no_more_than_eight_servers(void **state)
{
    (void)state;
    mx_servers servers = {.count = 0};
    mx_server list[MX_MAX_SERVERS + 1];
    for (int i = 0; i <= MX_MAX_SERVERS; i++) {
        char text[MX_SERVER_TEXT_SIZE];
        snprintf(text, sizeof(text), "192.0.2.%d", i + 1);
        list[i] = server(text);
    }
    mx_servers_set(&servers, list, MX_MAX_SERVERS + 1);
    assert_int_equal(servers.count, MX_MAX_SERVERS);
    assert_int_equal(mx_servers_pick(&servers, 0x7f, 0), MX_MAX_SERVERS - 1);
    /* News of a server that is not on the list (any more) change nothing. */
    mx_servers before = servers;
    mx_servers_failed(&servers, &list[MX_MAX_SERVERS], true, 0);
    mx_servers_succeeded(&servers, &list[MX_MAX_SERVERS]);
    assert_memory_equal(&servers, &before, sizeof(servers));
}

/* Fault N12: that another server answers says whose fault the silence was. */
static void
test_a_server_that_never_answered_is_down_when_it_is_overtaken(void **state)
{
    (void)state;
    mx_server list[3];
    mx_servers servers = three(list);
    mx_servers_failed(&servers, &list[0], false, 0);
    assert_true(mx_servers_is_up(&servers, &list[0]));
    mx_servers_overtaken(&servers, &list[0], 0);
    assert_false(mx_servers_is_up(&servers, &list[0]));
    assert_int_equal(mx_servers_pick(&servers, 0, 5 * S - 1), 1);
    /* Once: it is known. */
    mx_servers_overtaken(&servers, &list[0], 4 * S);
    assert_int_equal(mx_servers_pick(&servers, 0, 5 * S), 0);
}

static void
test_a_server_that_has_answered_is_overtaken_twice(void **state)
{
    (void)state;
    mx_server list[3];
    mx_servers servers = three(list);
    mx_servers_succeeded(&servers, &list[0]);
    mx_servers_failed(&servers, &list[0], false, 0);
    mx_servers_overtaken(&servers, &list[0], 0);
    assert_true(mx_servers_is_up(&servers, &list[0]));
    mx_servers_failed(&servers, &list[0], false, 0);
    assert_false(mx_servers_is_up(&servers, &list[0]));
    assert_false(mx_servers_are_down(&servers));
    mx_servers_failed(&servers, &list[1], true, 0);
    mx_servers_failed(&servers, &list[2], true, 0);
    assert_true(mx_servers_are_down(&servers));
    mx_servers_succeeded(&servers, &list[2]);
    assert_false(mx_servers_are_down(&servers));
    assert_true(mx_servers_is_up(&servers, &list[2]));
}

/* It answered nothing yet, but neither did it keep a question waiting. */
static void
test_refusals_are_no_silences(void **state)
{
    (void)state;
    mx_server list[3];
    mx_servers servers = three(list);
    for (int i = 0; i < 7; i++) {
        mx_servers_failed(&servers, &list[0], true, 0);
    }
    assert_int_equal(mx_servers_pick(&servers, 0, 5 * S - 1), 1);
    assert_int_equal(mx_servers_pick(&servers, 0, 5 * S), 0);
    mx_servers_failed(&servers, &list[0], false, 6 * S); /* the probe is lost */
    assert_int_equal(mx_servers_pick(&servers, 0, 10 * S - 1), 1);
    assert_int_equal(mx_servers_pick(&servers, 0, 10 * S), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms_of_a_server),
        cmocka_unit_test(test_the_longest_text_fits),
        cmocka_unit_test(test_scope_by_name_of_the_interface),
        cmocka_unit_test(test_unusable_texts),
        cmocka_unit_test(test_equal_means_every_part),
        cmocka_unit_test(test_servers_are_asked_in_order),
        cmocka_unit_test(test_failures_in_a_row_take_a_server_down),
        cmocka_unit_test(test_one_refusal_takes_a_server_down),
        cmocka_unit_test(test_a_down_server_is_probed_by_one_question_at_a_time),
        cmocka_unit_test(test_a_failed_probe_leaves_the_server_down),
        cmocka_unit_test(test_a_down_server_is_probed_while_others_are_up),
        cmocka_unit_test(test_a_silent_server_is_probed_ever_more_rarely),
        cmocka_unit_test(
            test_a_server_that_never_answered_is_down_when_it_is_overtaken),
        cmocka_unit_test(test_a_server_that_has_answered_is_overtaken_twice),
        cmocka_unit_test(test_refusals_are_no_silences),
        cmocka_unit_test(test_all_tried_begins_with_those_that_are_up),
        cmocka_unit_test(test_a_new_list_keeps_the_health_of_known_servers),
        cmocka_unit_test(test_no_more_than_eight_servers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
