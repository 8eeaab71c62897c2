/* SPDX-License-Identifier: MIT */
/* Time that passes while nothing of a lookup is on the wire, or while nothing can be
 * heard, is not the domain's. */
#include "core/request.h"
#include "core/resolver_state.h"

#include <assert.h>

/* For what was lost on the path, and for outages too short to be sure of. It must come
 * to an end: a dead domain must not be asked for ever. */
enum { MAX_PUT_OFFS = 3 };
#define LONG_OUTAGE (5 * MX_USEC_PER_SEC)

static void
set_deadline(mx_request *request, mx_usec at)
{
    /* Memory is there: it was set before, and the heap does not shrink. */
    mx_status status =
        mx_heap_set(&request->resolver->deadlines, &request->deadline, at);

    assert(status == MX_OK);
    (void)status;
}

static mx_subscription *
subscription_at(const mx_request *request, mx_list *place)
{
    return place == &request->subscriptions
               ? NULL
               : MX_CONTAINER(place, mx_subscription, of_request);
}

static bool
is_credited(const mx_request *request)
{
    return request->is_bulk || mx_rate_is_limited(&request->resolver->limit);
}

/* The longest time that one of the open questions waited for its turn. */
static mx_usec
take_held(mx_request *request, mx_usec now)
{
    mx_subscription *each = subscription_at(request, request->subscriptions.next);
    mx_usec longest = 0;

    for (; each != NULL; each = subscription_at(request, each->of_request.next)) {
        mx_usec held = each->query == NULL ? 0 : mx_query_take_held(each, now);
        longest = held > longest ? held : longest;
    }
    return longest;
}

/* Some of what was sent for it may have been lost for our own haste: all tries again. */
static void
prolong(mx_request *request, mx_usec now)
{
    mx_subscription *each = subscription_at(request, request->subscriptions.next);

    for (; each != NULL; each = subscription_at(request, each->of_request.next)) {
        mx_query_prolong(each);
    }
    request->put_offs++;
    set_deadline(request, now + request->resolver->config.timeout);
}

/* Of its time, at the last word of the servers: all, where that was before it began or
 * was never heard. */
static mx_usec
find_left(const mx_request *request, mx_usec now)
{
    mx_usec whole = request->resolver->config.timeout;
    mx_usec left = now - request->resolver->outage.lost_at;

    return left < whole ? left : whole;
}

bool
mx_request_put_off(mx_request *request, mx_usec now)
{
    mx_resolver *resolver = request->resolver;
    mx_outage *outage = &resolver->outage;
    mx_usec held = is_credited(request) ? take_held(request, now) : 0;

    if (held > 0) {
        set_deadline(request, now + held);
        return true;
    }
    if (!request->is_bulk) {
        return false;
    }
    if (outage->is_down || mx_outage_is_stale(outage, now)) {
        mx_query_suspect(resolver, now);
        request->left = find_left(request, now);
        set_deadline(request, MX_NEVER);
        return true;
    }
    if (!request->waits_for_family && request->put_offs < MAX_PUT_OFFS &&
        mx_window_has_cut(&resolver->window, request->admitted_at)) {
        prolong(request, now);
        return true;
    }
    return false;
}

void
mx_request_credit(mx_request *request, mx_usec time)
{
    if (time > 0 && is_credited(request) && mx_timer_is_set(&request->deadline) &&
        request->deadline.at != MX_NEVER) {
        set_deadline(request, request->deadline.at + time);
    }
}

/* It was lost time for all that was sent, from the last word of the servers on. */
static void
give_back_outage(mx_request *request, mx_usec now)
{
    mx_subscription *each = subscription_at(request, request->subscriptions.next);
    const mx_outage *outage = &request->resolver->outage;

    for (; each != NULL; each = subscription_at(request, each->of_request.next)) {
        mx_query_renew(each, now);
    }
    if (request->deadline.at != MX_NEVER) {
        set_deadline(request, request->deadline.at + outage->lasted);
    }
    else {
        set_deadline(request, now + request->left);
    }
}

void
mx_requests_end_outage(mx_resolver *resolver, mx_usec now)
{
    const mx_outage *outage = &resolver->outage;
    bool is_real = mx_outage_was_real(outage), is_long = outage->lasted >= LONG_OUTAGE;

    for (mx_list *place = resolver->admitted.next; place != &resolver->admitted;
         place = place->next) {
        mx_request *request = MX_CONTAINER(place, mx_request, place);
        if (!request->is_bulk) {
            continue;
        }
        if (is_real && (is_long || request->put_offs < MAX_PUT_OFFS)) {
            request->put_offs += !is_long;
            give_back_outage(request, now);
        }
        else if (request->deadline.at == MX_NEVER) {
            /* False alarm: the servers can be heard, and said nothing of this one. */
            set_deadline(request, now);
        }
    }
}
