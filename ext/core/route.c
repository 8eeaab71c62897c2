/* SPDX-License-Identifier: MIT */
#include "core/route.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

mx_status
mx_route_new(mx_route **out)
{
    mx_arena arena;
    mx_arena_init(&arena, MX_BLOCK_ROUTE);
    mx_route *route = mx_arena_alloc(&arena, 1, sizeof *route);
    if (route == NULL) {
        return MX_NOMEM;
    }
    memset(route, 0, sizeof *route);
    route->domain = route->canonical = route->server = "";
    route->references = 1;
    route->arena = arena;
    *out = route;
    return MX_OK;
}

mx_route *
mx_route_ref(mx_route *route)
{
    __atomic_fetch_add(&route->references, 1, __ATOMIC_RELAXED);
    return route;
}

void
mx_route_unref(mx_route *route)
{
    if (route == NULL ||
        __atomic_sub_fetch(&route->references, 1, __ATOMIC_ACQ_REL) != 0) {
        return;
    }
    mx_trace_unref(route->trace);
    mx_arena arena = route->arena;
    mx_arena_fini(&arena);
}

/* As many bytes of `piece` as fit, and where the text goes on. */
static char *
add(char *at, const char *end, const char *piece)
{
    size_t length = strlen(piece), room = (size_t)(end - at);
    memcpy(at, piece, length < room ? length : room);
    return at + (length < room ? length : room);
}

/* printf() with %s and %zu alone: bulk runs write a message for every route. Returns
 * the length; what does not fit is cut and ends in dots. */
static size_t __attribute__((format(printf, 2, 3)))
say(char *text, const char *format, ...)
{
    static const char dots[] = "...";
    char *end = text + MX_ROUTE_MESSAGE_SIZE, *at = text;
    char number[24];
    va_list arguments;
    va_start(arguments, format);
    while (*format != '\0' && at < end) {
        if (*format != '%') {
            *at++ = *format++;
        }
        else if (format[1] == 's') {
            at = add(at, end, va_arg(arguments, const char *));
            format += 2;
        }
        else {
            snprintf(number, sizeof number, "%zu", va_arg(arguments, size_t));
            at = add(at, end, number);
            format += 3;
        }
    }
    va_end(arguments);
    if (at == end) {
        at -= sizeof dots;
        memcpy(at, dots, sizeof dots);
        return MX_ROUTE_MESSAGE_SIZE - 1;
    }
    *at = '\0';
    return (size_t)(at - text);
}

static size_t
say_targets(const mx_route *route, const char *domain, char *text)
{
    char address[MX_ADDRESS_TEXT_SIZE] = "";
    const char *host = domain;
    if (route->target_count > 0) {
        const mx_target *first = &route->targets[0];
        host = route->exchanges[first->exchange].host;
        mx_address_to_text(&first->address, address);
    }
    if (domain[0] == '[') {
        return say(text, "mail for %s goes straight to that address", domain);
    }
    return say(text, "mail for %s goes to %zu target%s%s, first %s [%s]%s", domain,
               route->target_count, route->target_count == 1 ? "" : "s",
               route->implicit ? " of its own (it has no MX)" : "", host, address,
               route->complete ? "" : "; others could not be resolved for now");
}

static size_t
say_no_domain(const mx_route *route, const char *domain, char *text)
{
    if (route->reason != MX_REASON_NXDOMAIN) {
        return say(text, "%s does not exist: %s", domain,
                   mx_reason_text(route->reason));
    }
    if (strcmp(route->domain, route->canonical) != 0) {
        return say(text, "%s is an alias of %s, which does not exist", domain,
                   route->canonical);
    }
    return say(text, "%s does not exist", domain);
}

static size_t
say_no_mail(const mx_route *route, const char *domain, char *text)
{
    if (route->reason == MX_REASON_NO_DATA || route->reason == MX_REASON_NONE) {
        return say(text, "%s exists, but has neither MX nor address", domain);
    }
    return say(text, "%s takes no mail: %s", domain, mx_reason_text(route->reason));
}

/* All exchanges failed for good; the first shows how. */
static size_t
say_no_address(const mx_route *route, const char *domain, char *text)
{
    if (route->exchange_count == 0) {
        return say(text, "no exchange of %s has an address: %s", domain,
                   mx_reason_text(route->reason));
    }
    const mx_route_exchange *first = &route->exchanges[0];
    return say(text, "no exchange of %s has an address; of %s: %s", domain, first->host,
               mx_reason_text(first->reason));
}

size_t
mx_route_message(const mx_route *route, char *text)
{
    const char *domain = route->domain[0] != '\0' ? route->domain : "the destination";
    const char *why = mx_reason_text(route->reason);
    bool has_server = route->server[0] != '\0';

    switch (route->verdict) {
    case MX_VERDICT_OK:
        return say_targets(route, domain, text);
    case MX_VERDICT_NULL_MX:
        return say(text, "%s accepts no mail: it publishes a null MX (RFC 7505)",
                   domain);
    case MX_VERDICT_NO_DOMAIN:
        return say_no_domain(route, domain, text);
    case MX_VERDICT_NO_MAIL:
        return say_no_mail(route, domain, text);
    case MX_VERDICT_NO_ADDRESS:
        return say_no_address(route, domain, text);
    case MX_VERDICT_REFUSED:
        return say(text, "mail for %s is refused: %s", domain, why);
    case MX_VERDICT_INVALID:
        return say(text, "not a mail destination: %s", why);
    case MX_VERDICT_CANCELLED:
        return say(text, "the lookup of %s was cancelled", domain);
    default:
        return say(text, "%s could not be looked up: %s%s%s%s; try again later", domain,
                   why, has_server ? " (name server " : "", route->server,
                   has_server ? ")" : "");
    }
}
