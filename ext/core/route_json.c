/* SPDX-License-Identifier: MIT */
#include "core/route_json.h"

#include <string.h>

static void
write_text(mx_json *json, const char *text)
{
    mx_json_string(json, text, strlen(text));
}

/* As the core says "" where there is none. */
static void
write_text_or_null(mx_json *json, const char *text)
{
    if (text[0] == '\0') {
        MX_JSON_LITERAL(json, "null");
    }
    else {
        write_text(json, text);
    }
}

static void
write_reason(mx_json *json, mx_reason reason)
{
    if (reason == MX_REASON_NONE) {
        MX_JSON_LITERAL(json, "null");
    }
    else {
        mx_json_word(json, mx_reason_code(reason));
    }
}

static void
write_bool(mx_json *json, bool value)
{
    mx_json_raw(json, value ? "true" : "false", value ? 4 : 5);
}

static void
write_deliverable(mx_json *json, mx_verdict verdict)
{
    mx_deliverable deliverable = mx_verdict_deliverable(verdict);
    if (deliverable == MX_UNKNOWN) {
        MX_JSON_LITERAL(json, "null");
    }
    else {
        write_bool(json, deliverable == MX_DELIVERABLE);
    }
}

/* Nothing of an address needs an escape. */
static void
write_address(mx_json *json, const mx_address *address)
{
    char *out = mx_json_room(json, MX_ADDRESS_TEXT_SIZE + 2);
    if (out != NULL) {
        out[0] = '"';
        size_t length = mx_address_to_text(address, out + 1);
        out[length + 1] = '"';
        json->length += length + 2;
    }
}

static void
write_exchange(mx_json *json, const mx_route_exchange *exchange)
{
    MX_JSON_LITERAL(json, "{\"host\":");
    write_text(json, exchange->host);
    MX_JSON_LITERAL(json, ",\"canonical\":");
    write_text(json, exchange->canonical);
    MX_JSON_LITERAL(json, ",\"preference\":");
    mx_json_number(json, exchange->preference);
    MX_JSON_LITERAL(json, ",\"addresses\":[");
    for (size_t i = 0; i < exchange->address_count; i++) {
        mx_json_raw(json, ",", i > 0);
        write_address(json, &exchange->addresses[i]);
    }
    MX_JSON_LITERAL(json, "],\"ttl\":");
    mx_json_number(json, exchange->ttl);
    MX_JSON_LITERAL(json, ",\"status\":");
    mx_json_word(json, mx_verdict_word(exchange->verdict));
    MX_JSON_LITERAL(json, ",\"reason\":");
    write_reason(json, exchange->reason);
    MX_JSON_LITERAL(json, "}");
}

static void
write_target(mx_json *json, const mx_route *route, const mx_target *target)
{
    const mx_route_exchange *exchange = &route->exchanges[target->exchange];
    MX_JSON_LITERAL(json, "{\"host\":");
    write_text(json, exchange->host);
    MX_JSON_LITERAL(json, ",\"address\":");
    write_address(json, &target->address);
    if (target->address.family == MX_IPV4) {
        MX_JSON_LITERAL(json, ",\"family\":\"ipv4\",\"preference\":");
    }
    else {
        MX_JSON_LITERAL(json, ",\"family\":\"ipv6\",\"preference\":");
    }
    mx_json_number(json, exchange->preference);
    MX_JSON_LITERAL(json, "}");
}

static void
write_excluded(mx_json *json, const mx_excluded *excluded)
{
    MX_JSON_LITERAL(json, "{\"host\":");
    write_text(json, excluded->host);
    MX_JSON_LITERAL(json, ",\"preference\":");
    mx_json_number(json, excluded->preference);
    MX_JSON_LITERAL(json, ",\"address\":");
    if (excluded->has_address) {
        write_address(json, &excluded->address);
    }
    else {
        MX_JSON_LITERAL(json, "null");
    }
    MX_JSON_LITERAL(json, ",\"reason\":");
    write_reason(json, excluded->reason);
    MX_JSON_LITERAL(json, "}");
}

static void
write_lists(mx_json *json, const mx_route *route)
{
    MX_JSON_LITERAL(json, ",\"exchanges\":[");
    for (size_t i = 0; i < route->exchange_count; i++) {
        mx_json_raw(json, ",", i > 0);
        write_exchange(json, &route->exchanges[i]);
    }
    MX_JSON_LITERAL(json, "],\"targets\":[");
    for (size_t i = 0; i < route->target_count; i++) {
        mx_json_raw(json, ",", i > 0);
        write_target(json, route, &route->targets[i]);
    }
    MX_JSON_LITERAL(json, "],\"excluded\":[");
    for (size_t i = 0; i < route->excluded_count; i++) {
        mx_json_raw(json, ",", i > 0);
        write_excluded(json, &route->excluded[i]);
    }
    MX_JSON_LITERAL(json, "],\"warnings\":[");
    for (size_t i = 0; i < route->warning_count; i++) {
        mx_json_raw(json, ",", i > 0);
        mx_json_word(json, mx_reason_code(route->warnings[i]));
    }
    MX_JSON_LITERAL(json, "]");
}

static void
write_message(mx_json *json, const mx_route *route, const mx_utf8 *message)
{
    char text[MX_ROUTE_MESSAGE_SIZE];
    if (message->bytes != NULL) {
        mx_json_string(json, message->bytes, message->length);
    }
    else {
        size_t length = mx_route_message(route, text);
        mx_json_string(json, text, length);
    }
}

static void
write_smtp_reply(mx_json *json, const mx_route *route)
{
    mx_smtp_reply reply = mx_verdict_smtp_reply(route->verdict, route->reason);
    if (reply.code == 0) {
        MX_JSON_LITERAL(json, "null");
        return;
    }
    MX_JSON_LITERAL(json, "{\"code\":");
    mx_json_number(json, (uint64_t)reply.code);
    MX_JSON_LITERAL(json, ",\"enhanced\":");
    mx_json_word(json, reply.enhanced);
    MX_JSON_LITERAL(json, ",\"text\":");
    mx_json_word(json, reply.text);
    MX_JSON_LITERAL(json, "}");
}

static void
write_names(mx_json *json, const mx_route *route, const mx_route_words *words)
{
    MX_JSON_LITERAL(json, "\"input\":");
    mx_json_string(json, words->input.bytes, words->input.length);
    MX_JSON_LITERAL(json, ",\"domain\":");
    write_text_or_null(json, route->domain);
    MX_JSON_LITERAL(json, ",\"domain_unicode\":");
    if (words->domain_unicode.bytes != NULL) {
        mx_json_string(json, words->domain_unicode.bytes, words->domain_unicode.length);
    }
    else {
        write_text_or_null(json, route->domain);
    }
    MX_JSON_LITERAL(json, ",\"canonical\":");
    write_text_or_null(json, route->canonical);
}

void
mx_route_json(const mx_route *route, const mx_route_words *words, mx_json *json)
{
    write_names(json, route, words);
    MX_JSON_LITERAL(json, ",\"status\":");
    mx_json_word(json, mx_verdict_word(route->verdict));
    MX_JSON_LITERAL(json, ",\"deliverable\":");
    write_deliverable(json, route->verdict);
    MX_JSON_LITERAL(json, ",\"reason\":");
    write_reason(json, route->reason);
    MX_JSON_LITERAL(json, ",\"message\":");
    write_message(json, route, &words->message);
    MX_JSON_LITERAL(json, ",\"implicit\":");
    write_bool(json, route->implicit);
    MX_JSON_LITERAL(json, ",\"complete\":");
    write_bool(json, route->complete);
    write_lists(json, route);
    MX_JSON_LITERAL(json, ",\"ttl\":");
    mx_json_number(json, route->ttl);
    MX_JSON_LITERAL(json, ",\"cached\":");
    write_bool(json, route->cached);
    MX_JSON_LITERAL(json, ",\"elapsed\":");
    mx_json_seconds(json, (uint64_t)route->elapsed);
    MX_JSON_LITERAL(json, ",\"authenticated\":");
    write_bool(json, route->authenticated);
    MX_JSON_LITERAL(json, ",\"smtp_reply\":");
    write_smtp_reply(json, route);
}
