/* SPDX-License-Identifier: MIT */
#include "core/engine_state.h"
#include "core/mem.h"
#include "core/query.h"
#include "core/request.h"
#include "core/resolver_state.h"

enum { FIRST_DESCRIPTORS = 64 };
/* How long to wait where poll() cannot. */
#define POLL_PAUSE (10 * MX_USEC_PER_MSEC)

/* Of one list, as many as may be in progress and as have somewhere to go: the time of a
 * lookup must not run while its questions wait here. */
static void
admit_from(mx_list *waiting, mx_resolver *resolver, mx_usec now)
{
    bool is_bulk = waiting == &resolver->waiting_bulk;

    while (!mx_list_is_empty(waiting) &&
           mx_requests_have_room(resolver, is_bulk, now) &&
           mx_query_has_room(resolver, is_bulk, now)) {
        mx_request *request = MX_CONTAINER(waiting->next, mx_request, place);
        if (mx_nameservers_refresh(&resolver->nameservers, now)) {
            mx_request_admit(request, now);
            mx_query_start_queued(resolver, now);
        }
        else if (is_bulk) {
            return; /* until there is a configuration: trouble of this machine */
        }
        else {
            mx_request_end_failed(request, MX_REASON_LOCAL_ERROR, now);
        }
    }
}

static void
end_outage(mx_resolver *resolver, mx_usec now)
{
    resolver->outage.has_ended = false;
    mx_query_drop_probe(resolver);
    mx_window_restart(&resolver->window, now);
    mx_requests_end_outage(resolver, now);
    mx_query_release_held(resolver, now);
}

/* Everything that can be done without waiting. */
static void
work(mx_resolver *resolver, mx_usec now)
{
    mx_timer *timer;

    if (resolver->outage.has_ended) {
        end_outage(resolver, now);
    }
    mx_query_take_time(resolver, now);
    for (;;) {
        while (!mx_list_is_empty(&resolver->settled)) {
            mx_request_take_answer(
                MX_CONTAINER(resolver->settled.next, mx_subscription, of_query), now);
        }
        timer = mx_heap_pop(&resolver->deadlines, now);
        if (timer == NULL) {
            break;
        }
        mx_request_time_out(MX_CONTAINER(timer, mx_request, deadline), now);
    }
    mx_query_start_queued(resolver, now);
    admit_from(&resolver->waiting, resolver, now);
    admit_from(&resolver->waiting_bulk, resolver, now);
    mx_resolver_show_path(resolver, now);
}

/* True when there was any. */
static bool
take_replies(mx_resolver *resolver, mx_usec now)
{
    mx_transport *transport = resolver->transport;
    bool has_any = false;
    mx_reply reply;

    while (transport->type->take(transport, &reply)) {
        mx_query_take_reply(&reply, now);
        has_any = true;
    }
    return has_any;
}

static void
work_all(mx_engine *engine, mx_usec now)
{
    mx_resolver *resolver = mx_engine_next_resolver(engine, &engine->resolvers);

    for (; resolver != NULL;
         resolver = mx_engine_next_resolver(engine, &resolver->of_engine)) {
        mx_transport *transport = resolver->transport;
        (void)take_replies(resolver, now);
        do {
            work(resolver, now);
            transport->type->flush(transport, now);
            /* What a send reports at once no descriptor would tell us. */
        } while (take_replies(resolver, now));
    }
}

/* Room for `needed` descriptors; without memory for more the rest waits for a turn. */
static void
make_room(mx_engine *engine, size_t needed)
{
    struct pollfd *grown;
    size_t capacity = engine->descriptor_capacity;

    if (needed <= capacity) {
        return;
    }
    capacity = needed + needed / 2;
    grown = mx_realloc(engine->descriptors, capacity, sizeof(*grown));
    if (grown != NULL) {
        engine->descriptors = grown;
        engine->descriptor_capacity = capacity;
    }
}

/* Fills engine->descriptors: the wake-up first, then each resolver's in turn. */
static size_t
gather_descriptors(mx_engine *engine)
{
    mx_resolver *resolver = mx_engine_next_resolver(engine, &engine->resolvers);
    size_t count = 1;

    for (; resolver != NULL;
         resolver = mx_engine_next_resolver(engine, &resolver->of_engine)) {
        mx_transport *transport = resolver->transport;
        size_t wanted =
            transport->type->descriptors(transport, engine->descriptors + count,
                                         engine->descriptor_capacity - count);
        if (wanted > engine->descriptor_capacity - count) {
            make_room(engine, count + wanted);
            wanted =
                transport->type->descriptors(transport, engine->descriptors + count,
                                             engine->descriptor_capacity - count);
        }
        if (wanted > engine->descriptor_capacity - count) {
            wanted = engine->descriptor_capacity - count;
        }
        resolver->descriptor_count = wanted;
        count += wanted;
    }
    return count;
}

/* When there may be more to admit, unless something else happens first. */
static mx_usec
next_start(mx_resolver *resolver, mx_usec now)
{
    bool is_bulk = mx_list_is_empty(&resolver->waiting);
    bool is_wanted = !is_bulk || !mx_list_is_empty(&resolver->waiting_bulk);
    bool has_room = is_wanted && mx_requests_have_room(resolver, is_bulk, now);
    mx_usec next = mx_query_next_start(resolver, has_room, now);
    mx_usec slow = mx_requests_next_slow(resolver, now);
    mx_usec check = resolver->nameservers.next_check;

    if (is_wanted && !has_room && slow < next) {
        next = slow;
    }
    return is_wanted && resolver->nameservers.servers.count == 0 && check < next ? check
                                                                                 : next;
}

static mx_usec
next_event(const mx_engine *engine, mx_usec now)
{
    mx_resolver *resolver = mx_engine_next_resolver(engine, &engine->resolvers);
    mx_usec next = MX_NEVER;

    for (; resolver != NULL;
         resolver = mx_engine_next_resolver(engine, &resolver->of_engine)) {
        mx_usec times[] = {
            mx_heap_next(&resolver->retries),
            mx_heap_next(&resolver->deadlines),
            resolver->transport->type->next_wake(resolver->transport),
            next_start(resolver, now),
        };
        for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
            next = times[i] < next ? times[i] : next;
        }
    }
    return next;
}

/* Whole milliseconds for poll(), rounded up so that it does not wake too early. */
static int
poll_timeout(mx_usec wait)
{
    mx_usec longest = 3600 * MX_USEC_PER_SEC;

    if (wait <= 0) {
        return 0;
    }
    wait = wait < longest ? wait : longest;
    return (int)((wait + MX_USEC_PER_MSEC - 1) / MX_USEC_PER_MSEC);
}

static void
process_transports(mx_engine *engine, mx_usec now)
{
    mx_resolver *resolver = mx_engine_next_resolver(engine, &engine->resolvers);
    size_t place = 1;

    for (; resolver != NULL;
         resolver = mx_engine_next_resolver(engine, &resolver->of_engine)) {
        resolver->transport->type->process(resolver->transport,
                                           engine->descriptors + place,
                                           resolver->descriptor_count, now);
        place += resolver->descriptor_count;
    }
}

/* False when something is in the inbox. From now on who fills it wakes us. */
static bool
fall_asleep(mx_engine *engine)
{
    pthread_mutex_lock(&engine->lock);
    bool is_idle = mx_list_is_empty(&engine->submitted) &&
                   mx_list_is_empty(&engine->cancelling) &&
                   mx_list_is_empty(&engine->closing) && !engine->has_closed &&
                   !atomic_load(&engine->is_stopping);
    atomic_store(&engine->is_asleep, is_idle);
    pthread_mutex_unlock(&engine->lock);
    return is_idle;
}

/* The wake-up, then the transports. */
static void
wait_for_event(mx_engine *engine, mx_usec wait)
{
    size_t count = gather_descriptors(engine);

    if (!fall_asleep(engine)) {
        wait = 0;
    }
    engine->descriptors[0] =
        (struct pollfd){.fd = engine->wake.reader, .events = POLLIN};
    if (poll(engine->descriptors, (nfds_t)count, poll_timeout(wait)) < 0) {
        /* Not EINTR, all signals are blocked. EINVAL (RLIMIT_NOFILE was lowered below
         * what is open) and ENOMEM come at once: without a pause the loop would spin.
         */
        for (size_t i = 0; i < count; i++) {
            engine->descriptors[i].revents = 0;
        }
        (void)poll(NULL, 0, poll_timeout(wait < POLL_PAUSE ? wait : POLL_PAUSE));
    }
    atomic_store(&engine->is_asleep, false);
    if (engine->descriptors[0].revents != 0) {
        mx_wake_lower(&engine->wake);
    }
}

bool
mx_engine_loop_once(mx_engine *engine, mx_usec wait)
{
    mx_usec now = mx_clock_now(&engine->config.clock);
    mx_usec next;

    if (!mx_engine_read_inbox(engine, now)) {
        return false;
    }
    work_all(engine, now);
    mx_outbox_flush(&engine->outbox);

    next = next_event(engine, now);
    if (next != MX_NEVER) {
        next = next > now ? next - now : 0;
        wait = next < wait ? next : wait;
    }
    wait_for_event(engine, wait);

    now = mx_clock_now(&engine->config.clock);
    process_transports(engine, now);
    work_all(engine, now);
    mx_outbox_flush(&engine->outbox);
    return true;
}

mx_status
mx_engine_prepare(mx_engine *engine)
{
    make_room(engine, FIRST_DESCRIPTORS);
    return engine->descriptors == NULL ? MX_NOMEM : MX_OK;
}
