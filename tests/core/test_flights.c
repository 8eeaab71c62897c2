/* SPDX-License-Identifier: MIT */
/* Ids of the open flights of one socket, and the flight of a reply. */
#include "core/flights.h"
#include "core/mem.h"
#include "core/question.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { MANY = 3000, QUERY = 64 };

static struct {
    mx_flight flight;
    uint8_t query[QUERY];
} all[MANY];
static mx_pool ids;

static mx_flight *
new_flight(unsigned number)
{
    char text[32];
    mx_question question = {.type = MX_TYPE_MX};
    mx_query_flags flags = {.edns = true};
    int length = snprintf(text, sizeof(text), "d%u.example", number);
    mx_flight *flight = &all[number].flight;

    assert_int_equal(mx_name_from_text(text, (size_t)length, &question.name), 0);
    *flight = (mx_flight){.query = all[number].query};
    flight->length = (uint16_t)mx_question_write(&question, 0, flags, flight->query);
    return flight;
}

/* The reply to it without records. */
static size_t
write_reply(const mx_flight *flight, uint8_t *out)
{
    size_t length = flight->length - 11u; /* no OPT */
    memcpy(out, flight->query, length);
    out[2] |= 0x80;
    out[11] = 0;
    return length;
}

static void
add(mx_flights *flights, unsigned number)
{
    assert_int_equal(mx_flights_reserve(flights, flights->count + 1), MX_OK);
    assert_int_equal(mx_flights_add(flights, &ids, new_flight(number)), MX_OK);
}

static void
test_each_finds_its_reply_while_the_table_grows(void **state)
{
    static bool used[65536];
    mx_flights flights = {0};
    uint8_t reply[QUERY];

    (void)state;
    memset(used, 0, sizeof(used));
    for (unsigned i = 0; i < MANY; i++) {
        add(&flights, i);
        assert_false(used[all[i].flight.id]);
        used[all[i].flight.id] = true;
        assert_int_equal(all[i].query[0] << 8 | all[i].query[1], all[i].flight.id);
    }
    assert_int_equal(flights.count, MANY);
    for (unsigned i = 0; i < MANY; i++) {
        size_t length = write_reply(&all[i].flight, reply);
        assert_ptr_equal(mx_flights_match(&flights, reply, length), &all[i].flight);
        reply[1] ^= 1; /* another's id, or nobody's */
        assert_null(mx_flights_match(&flights, reply, length));
        reply[1] ^= 1;
        assert_null(mx_flights_match(&flights, reply, 11));
        mx_flights_remove(&flights, &all[i].flight);
        assert_null(mx_flights_match(&flights, reply, length));
    }
    assert_int_equal(flights.count, 0);
    assert_null(mx_flights_match(&flights, reply, 0));
    mx_flights_fini(&flights);
}

static void
test_all_are_met_once(void **state)
{
    mx_flights flights = {0};
    const mx_flight *met;
    size_t place = 0, count = 0;

    (void)state;
    assert_null(mx_flights_next(&flights, &place));
    for (unsigned i = 0; i < 50; i++) {
        add(&flights, i);
    }
    mx_flights_remove(&flights, &all[7].flight);
    while ((met = mx_flights_next(&flights, &place)) != NULL) {
        assert_ptr_not_equal(met, &all[7].flight);
        count++;
    }
    assert_int_equal(count, 49);
    mx_flights_fini(&flights);
}

static void
test_out_of_memory(void **state)
{
    mx_flights flights = {0};
    uint8_t reply[QUERY];

    (void)state;
    for (unsigned i = 0; i < 30; i++) {
        add(&flights, i);
    }
    mx_mem_fail(1, 1);
    mx_status status = mx_flights_reserve(&flights, MANY);
    mx_mem_fail(0, 0);
    assert_int_equal(status, MX_NOMEM);
    size_t length = write_reply(&all[3].flight, reply);
    assert_ptr_equal(mx_flights_match(&flights, reply, length), &all[3].flight);
    mx_flights_fini(&flights);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_finds_its_reply_while_the_table_grows),
        cmocka_unit_test(test_all_are_met_once),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
