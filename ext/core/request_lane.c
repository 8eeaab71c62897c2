/* SPDX-License-Identifier: MIT */
/* The slow lane: a lookup that waits although the servers answer others waits for dead
 * name servers somewhere, up to its deadline. A few of those in a hundred would fill all
 * of `concurrency`, and the others would wait for them (fault L7). */
#include "core/request.h"
#include "core/resolver_state.h"

#define SLOW_AFTER (250 * MX_USEC_PER_MSEC)

/* So many slow ones for each quick one, and in all. */
enum { SLOW_SHARE = 20, MOST_SLOW = 20000 };

void
mx_request_enter(mx_request *request)
{
    mx_resolver *resolver = request->resolver;

    mx_list_remove(&request->place);
    mx_list_append(&resolver->admitted, &request->place);
    if (resolver->first_quick == &resolver->admitted) {
        resolver->first_quick = &request->place;
    }
    resolver->bulk_count += request->is_bulk;
}

void
mx_request_leave(mx_request *request)
{
    mx_resolver *resolver = request->resolver;

    if (resolver->first_quick == &request->place) {
        resolver->first_quick = request->place.next;
    }
    resolver->slow_count -= request->is_slow;
    resolver->bulk_count -= request->is_bulk;
    request->is_slow = false;
    mx_list_remove(&request->place);
}

static size_t
slow_limit(const mx_resolver *resolver)
{
    size_t share = SLOW_SHARE * resolver->config.concurrency;

    return share < MOST_SLOW ? share : MOST_SLOW;
}

static bool
has_slow_room(const mx_resolver *resolver, mx_usec now)
{
    return resolver->first_quick != &resolver->admitted &&
           resolver->slow_count < slow_limit(resolver) &&
           !mx_outage_is_stale(&resolver->outage, now);
}

static mx_usec
slow_at(const mx_resolver *resolver)
{
    return MX_CONTAINER(resolver->first_quick, mx_request, place)->admitted_at +
           SLOW_AFTER;
}

bool
mx_requests_have_room(mx_resolver *resolver, bool is_bulk, mx_usec now)
{
    size_t limit = resolver->config.concurrency;

    if (!is_bulk && resolver->outage.is_down) {
        /* Those that wait out an outage keep nobody from seeing that there is one. */
        return resolver->deadlines.count - resolver->bulk_count < limit;
    }
    while (resolver->deadlines.count - resolver->slow_count >= limit &&
           has_slow_room(resolver, now) && slow_at(resolver) <= now) {
        MX_CONTAINER(resolver->first_quick, mx_request, place)->is_slow = true;
        resolver->slow_count++;
        resolver->first_quick = resolver->first_quick->next;
    }
    return resolver->deadlines.count - resolver->slow_count < limit;
}

mx_usec
mx_requests_next_slow(const mx_resolver *resolver, mx_usec now)
{
    mx_usec at;

    if (!has_slow_room(resolver, now)) {
        return MX_NEVER;
    }
    at = slow_at(resolver);
    return at > now ? at : now;
}
