/* SPDX-License-Identifier: MIT */
#include "core/channel.h"
#include "core/channel_slip.h"
#include "scene.h"

enum { NUMBER = 1 };

/* Sends a question of any length and has it answered, with what came as it went. */
static void
ask_and_answer(struct scene *scene, mx_protocol protocol, const mx_question *question,
               mx_query_flags flags)
{
    uint8_t query[MX_QUERY_SIZE], sent[MX_QUERY_SIZE], bytes[512];
    loopback_query received;
    mx_flight *flight = flight_of(scene, NUMBER);
    flight->query = query;
    flight->length = (uint16_t)mx_question_write(question, 0, flags, query);
    memcpy(sent, query, flight->length);
    assert_int_equal(scene->transport->type->send(scene->transport, flight,
                                                  &scene->server.server, protocol,
                                                  scene->now),
                     MX_OK);
    scene->transport->type->flush(scene->transport, scene->now);
    int connection = -1;
    if (protocol == MX_UDP) {
        loopback_receive(&scene->server, &received);
    }
    else {
        connection = loopback_accept(&scene->server);
        read_question(scene, connection, &received);
    }
    assert_int_equal(received.length, flight->length);
    assert_memory_equal(received.bytes, query, 2);
    assert_memory_equal(received.bytes + 2, sent + 2, received.length - 2);
    size_t length = loopback_reply(&received, QR | RA, bytes);
    if (protocol == MX_UDP) {
        loopback_send(&scene->server, &received, bytes, length);
    }
    else {
        loopback_write_message(connection, bytes, length);
        loopback_reset(connection);
    }
    expect_message(scene, NUMBER, bytes, length);
    if (protocol == MX_TCP) {
        while (scene->transport->type->descriptors(scene->transport, NULL, 0) > 0) {
            assert_true(turn(scene, LOOPBACK_PATIENCE));
        }
    }
}

static void
test_every_length_of_name(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    for (size_t size = 1; size <= MX_MAX_NAME_TEXT; size++) {
        char text[MX_MAX_NAME_TEXT + 1];
        mx_question question = {.type = MX_TYPE_AAAA};
        memset(text, 'a', sizeof(text));
        for (size_t dot = 50; dot + 1 < size; dot += 51) {
            text[dot] = '.';
        }
        assert_int_equal(mx_name_from_text(text, size, &question.name), 0);
        mx_protocol protocol = size % 16 == 13 ? MX_TCP : MX_UDP;
        for (int edns = 0; edns < 2; edns++) {
            mx_query_flags flags = {.edns = edns == 1, .dnssec = edns == 1};
            ask_and_answer(&scene, protocol, &question, flags);
        }
    }
    close_scene(&scene);
}

/* The end of a CNAME chain need not be a host name. */
static void
test_every_byte_in_a_name(void **state)
{
    (void)state;
    struct scene scene;
    mx_question question = {.type = MX_TYPE_A};
    open_scene(&scene);
    for (unsigned byte = 0; byte <= 255; byte++) {
        const uint8_t wire[] = {3, 'a', (uint8_t)byte, 'b', 1, (uint8_t)byte, 0};
        assert_true(mx_name_from_wire(wire, sizeof(wire), &question.name));
        ask_and_answer(&scene, MX_UDP, &question, (mx_query_flags){.edns = true});
    }
    close_scene(&scene);
}

static void
test_every_type(void **state)
{
    (void)state;
    static const uint16_t types[] = {MX_TYPE_A,    MX_TYPE_NS,    MX_TYPE_CNAME,
                                     MX_TYPE_SOA,  MX_TYPE_MX,    MX_TYPE_AAAA,
                                     16 /* TXT */, 52 /* TLSA */, 64999};
    struct scene scene;
    mx_question question;
    assert_int_equal(mx_name_from_text("a.example", 9, &question.name), 0);
    open_scene(&scene);
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        question.type = types[i];
        ask_and_answer(&scene, MX_UDP, &question, (mx_query_flags){.edns = true});
    }
    close_scene(&scene);
}

static void
test_a_slip_has_header_and_question(void **state)
{
    (void)state;
    static const uint8_t wire[] = {3, 'a', '.', 'b', 2, 'c', '_', 0};
    static const uint8_t asked[] = {0x12, 0x34, 1,   0,   0, 1,   0,   0, 0, 0,  0, 0,
                                    3,    'a',  '-', 'b', 2, 'c', '_', 0, 0, 15, 0, 1};
    mx_question question = {.type = MX_TYPE_MX};
    uint8_t query[MX_QUERY_SIZE], slip[MX_SLIP_SIZE];
    char text[MX_SLIP_TEXT_SIZE];
    assert_true(mx_name_from_wire(wire, sizeof(wire), &question.name));
    size_t length = mx_question_write(
        &question, 0x1234, (mx_query_flags){.edns = true, .dnssec = true}, query);
    assert_int_equal(mx_slip_write(query, length, slip), sizeof(asked));
    assert_memory_equal(slip, asked, sizeof(asked));
    mx_slip_answer(slip);
    assert_int_equal(slip[2], 0x81);
    assert_in_range(slip[3], 6, 15); /* an rcode that c-ares does nothing about */
    assert_memory_equal(slip + 4, asked + 4, sizeof(asked) - 4);
    mx_slip_name(slip, sizeof(asked), text);
    assert_string_equal(text, "a-b.c_.");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_length_of_name),
        cmocka_unit_test(test_every_byte_in_a_name),
        cmocka_unit_test(test_every_type),
        cmocka_unit_test(test_a_slip_has_header_and_question),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
