/* SPDX-License-Identifier: MIT */
#include "fake_transport.h"

#include "core/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static fake_transport *
fake_of(mx_transport *transport)
{
    return (fake_transport *)(void *)transport;
}

static void
read_query(fake_send *send, const uint8_t *query, size_t length)
{
    mx_wire wire;

    mx_wire_init(&wire, query, length);
    mx_wire_skip(&wire, 10);
    send->has_edns = mx_wire_u16(&wire) == 1;
    mx_wire_name(&wire, &send->question.name);
    send->question.type = mx_wire_u16(&wire);
    if (wire.failed) {
        abort();
    }
}

static void
close_send(fake_transport *fake, fake_send *send)
{
    if (send->is_open) {
        send->is_open = false;
        send->flight->is_open = false;
        fake->open_count--;
    }
}

static mx_status
fake_send_query(mx_transport *transport, mx_flight *flight, const mx_server *server,
                mx_protocol protocol, mx_usec now)
{
    fake_transport *fake = fake_of(transport);
    fake_send *send = &fake->sends[fake->send_count];

    (void)now;
    if (fake->send_count == FAKE_SENDS) {
        abort();
    }
    if (flight->is_open) {
        abort();
    }
    flight->is_open = true;
    flight->socket = (uint32_t)fake->send_count;
    send->flight = flight;
    send->server = *server;
    send->protocol = protocol;
    send->is_open = true;
    read_query(send, flight->query, flight->length);
    fake->open_count++;
    if (fake->open_count > fake->most_open) {
        fake->most_open = fake->open_count;
    }
    fake->send_count++;
    if (fake->zone != NULL) {
        fake_transport_reply(fake, fake->send_count - 1,
                             script_find(fake->zone, &send->question));
    }
    return MX_OK;
}

static void
fake_flush(mx_transport *transport, mx_usec now)
{
    fake_transport *fake = fake_of(transport);

    (void)now;
    fake->flushed = fake->send_count;
}

static void
fake_cancel(mx_transport *transport, mx_flight *flight)
{
    fake_transport *fake = fake_of(transport);

    if (flight->is_open) {
        close_send(fake, &fake->sends[flight->socket]);
    }
}

static size_t
fake_descriptors(const mx_transport *transport, struct pollfd *descriptors,
                 size_t capacity)
{
    fake_transport *fake = fake_of((mx_transport *)(uintptr_t)transport);

    if (fake->flushed != fake->send_count) {
        abort(); /* the engine is about to wait for replies to what it holds back */
    }
    fake->waits++;
    fake->sent_before_wait = fake->send_count;
    for (size_t i = 0; i < fake->watched_count && i < capacity; i++) {
        descriptors[i] = fake->watched[i];
    }
    return fake->watched_count;
}

static mx_usec
fake_next_wake(const mx_transport *transport)
{
    (void)transport;
    return MX_NEVER;
}

static void
fake_process(mx_transport *transport, const struct pollfd *descriptors, size_t count,
             mx_usec now)
{
    fake_transport *fake = fake_of(transport);

    (void)now;
    fake->processed_count = count;
    fake->ready_count = 0;
    for (size_t i = 0; i < count; i++) {
        fake->ready_count += descriptors[i].revents != 0;
    }
}

static bool
fake_take(mx_transport *transport, mx_reply *out)
{
    fake_transport *fake = fake_of(transport);

    while (fake->taken < fake->reply_count) {
        size_t next = fake->taken++;
        fake_send *send = &fake->sends[fake->replies[next].send];
        if (!send->is_open) {
            continue;
        }
        close_send(fake, send);
        *out = (mx_reply){.flight = send->flight, .kind = fake->replies[next].kind};
        if (out->kind == MX_REPLY_MESSAGE) {
            const uint8_t *bytes =
                script_message(&send->question, fake->replies[next].text, &out->length);
            memcpy(fake->bytes, bytes, out->length);
            out->bytes = fake->bytes;
        }
        return true;
    }
    return false;
}

static size_t
fake_window(const mx_transport *transport)
{
    return ((const fake_transport *)(const void *)transport)->window;
}

static void
fake_free(mx_transport *transport)
{
    fake_of(transport)->freed++;
}

static const mx_transport_type fake_type = {
    .send = fake_send_query,
    .flush = fake_flush,
    .cancel = fake_cancel,
    .descriptors = fake_descriptors,
    .next_wake = fake_next_wake,
    .process = fake_process,
    .take = fake_take,
    .window = fake_window,
    .free = fake_free,
};

fake_transport *
fake_transport_new(void)
{
    fake_transport *fake = calloc(1, sizeof(*fake));

    if (fake == NULL) {
        abort();
    }
    fake->base.type = &fake_type;
    fake->window = 1000;
    return fake;
}

void
fake_transport_delete(fake_transport *fake)
{
    free(fake);
}

mx_status
fake_transport_factory(void *context, const mx_resolver_config *config,
                       mx_transport **out)
{
    fake_transport *fake = context;

    (void)config;
    if (fake->refusal != MX_OK) {
        return fake->refusal;
    }
    while (fake->is_out && fake->next != NULL) {
        fake = fake->next;
    }
    fake->is_out = true;
    *out = &fake->base;
    return MX_OK;
}

void
fake_transport_reply(fake_transport *fake, size_t send, const char *text)
{
    mx_reply_kind kind = MX_REPLY_MESSAGE;

    if (strcmp(text, "SILENCE") == 0) {
        return;
    }
    if (strcmp(text, "UNREACHABLE") == 0) {
        kind = MX_REPLY_UNREACHABLE;
    }
    else if (strcmp(text, "LOCAL") == 0) {
        kind = MX_REPLY_LOCAL;
    }
    else if (strcmp(text, "NEAR MISSES") == 0) {
        kind = MX_REPLY_NEAR_MISSES;
    }
    if (fake->reply_count == FAKE_SENDS || send >= fake->send_count) {
        abort();
    }
    fake->replies[fake->reply_count].send = send;
    fake->replies[fake->reply_count].kind = kind;
    fake->replies[fake->reply_count].text = text;
    fake->reply_count++;
}

const char *
fake_transport_question(const fake_transport *fake, size_t send)
{
    static char text[MX_NAME_TEXT_SIZE + 8];
    size_t length;

    if (send >= fake->send_count) {
        return "";
    }
    length = mx_name_to_text(&fake->sends[send].question.name, text);
    snprintf(text + length, 8, " %s", mx_type_text(fake->sends[send].question.type));
    return text;
}
