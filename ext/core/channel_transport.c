/* SPDX-License-Identifier: MIT */
/* The transport of channel.h: which lane a flight takes, and the replies. */
#include "core/channel.h"
#include "core/channel_lane.h"
#include "core/mem.h"
#include "core/udp.h"

#include <errno.h>

enum {
    LANES = 32, /* by UDP, to one name server: as many ports */
    PASSES = 2  /* in search of a lane: one that is not worn, then any */
};

/* RFC 7766 6.2.3 leaves it to us; servers close after a few seconds to a few minutes.
 */
#define LANE_IDLE (10 * MX_USEC_PER_SEC)
/* How often c-ares looks at its clock. Asking it when it wants to would cost a walk
 * over all its queries. */
#define TICK (250 * MX_USEC_PER_MSEC)

/* One name server. Exists while something of it is open. */
struct endpoint {
    mx_list link;
    mx_server server;
    mx_lane *lanes[LANES + 1]; /* NULL until needed; the last one by TCP */
};

struct channel {
    mx_transport transport;
    mx_lanes lanes;
    mx_rng ports;
    mx_list endpoints;
    mx_usec next_tick; /* MX_NEVER without endpoints */
    size_t lane_window;
    uint8_t *taken; /* bytes of the reply that was taken last */
};

static struct channel *
channel_of(mx_transport *transport)
{
    return MX_CONTAINER(transport, struct channel, transport);
}

static const struct channel *
const_channel_of(const mx_transport *transport)
{
    return MX_CONTAINER(transport, const struct channel, transport);
}

/* ---- endpoints ---- */

static struct endpoint *
find_endpoint(const struct channel *channel, const mx_server *server)
{
    for (mx_list *link = channel->endpoints.next; link != &channel->endpoints;
         link = link->next) {
        struct endpoint *found = MX_CONTAINER(link, struct endpoint, link);
        if (mx_server_equal(&found->server, server)) {
            return found;
        }
    }
    return NULL;
}

static struct endpoint *
add_endpoint(struct channel *channel, const mx_server *server)
{
    struct endpoint *added = mx_calloc(1, sizeof(*added));
    if (added != NULL) {
        added->server = *server;
        mx_list_append(&channel->endpoints, &added->link);
    }
    return added;
}

static void
free_endpoint(struct endpoint *endpoint)
{
    for (int i = 0; i <= LANES; i++) {
        mx_lane_free(endpoint->lanes[i]);
    }
    mx_list_remove(&endpoint->link);
    mx_free(endpoint);
}

/* Frees lanes that have long been idle. Returns when to look again, MX_NEVER when none
 * is left. */
static mx_usec
tidy_endpoint(const struct channel *channel, struct endpoint *endpoint)
{
    mx_usec now = channel->lanes.now, next = MX_NEVER;
    for (int i = 0; i <= LANES; i++) {
        mx_lane *lane = endpoint->lanes[i];
        if (lane == NULL) {
            continue;
        }
        mx_usec due = now + TICK;
        if (mx_lane_is_idle(lane)) {
            due = mx_lane_used(lane) + LANE_IDLE;
        }
        else {
            mx_lane_tick(lane);
        }
        if (due <= now) {
            mx_lane_free(lane);
            endpoint->lanes[i] = NULL;
        }
        else {
            next = due < next ? due : next;
        }
    }
    return next;
}

/* The lane at this place, made if there is none; NULL and 0, or an errno. */
static mx_lane *
lane_at(struct channel *channel, struct endpoint *endpoint, uint32_t place,
        int *os_error)
{
    mx_protocol protocol = place == LANES ? MX_TCP : MX_UDP;
    mx_lane *lane = endpoint->lanes[place];
    if (lane != NULL && mx_lane_is_broken(lane)) {
        mx_lane_free(lane);
        endpoint->lanes[place] = NULL;
    }
    if (endpoint->lanes[place] == NULL) {
        mx_status status = mx_lane_new(&channel->lanes, &endpoint->server, protocol,
                                       &endpoint->lanes[place], os_error);
        if (status != MX_OK) {
            *os_error = status == MX_NOMEM ? ENOMEM : *os_error;
            return NULL;
        }
    }
    return endpoint->lanes[place];
}

/* A lane with room for one more: NULL with an errno when there is none. */
static mx_lane *
pick_lane(struct channel *channel, struct endpoint *endpoint, mx_protocol protocol,
          int *os_error)
{
    *os_error = EAGAIN;
    if (protocol == MX_TCP) {
        mx_lane *lane = lane_at(channel, endpoint, LANES, os_error);
        return lane != NULL && mx_lane_room(lane) > 0 ? lane : NULL;
    }
    uint32_t first = mx_rng_below(&channel->ports, LANES);
    for (uint32_t i = 0; i < PASSES * LANES; i++) {
        bool any_will_do = i >= LANES;
        mx_lane *lane = lane_at(channel, endpoint, (first + i) % LANES, os_error);
        if (lane == NULL) {
            return NULL;
        }
        if (mx_lane_room(lane) > 0 && (any_will_do || !mx_lane_is_worn(lane))) {
            return lane;
        }
    }
    return NULL;
}

/* ---- the transport ---- */

static void
drop_taken(struct channel *channel)
{
    mx_free(channel->taken);
    channel->taken = NULL;
}

/* A reply that has seen no lane. */
static mx_status
fail_at_once(struct channel *channel, mx_flight *flight, int os_error)
{
    mx_lane_query *failed = mx_calloc(1, sizeof(*failed));
    if (failed == NULL) {
        return MX_NOMEM;
    }
    failed->flight = flight;
    failed->kind = MX_REPLY_LOCAL;
    failed->os_error = os_error;
    failed->is_ended = true;
    flight->endpoint = failed;
    mx_list_append(&channel->lanes.replies, &failed->link);
    return MX_OK;
}

static mx_status
channel_send(mx_transport *transport, mx_flight *flight, const mx_server *server,
             mx_protocol protocol, mx_usec now)
{
    struct channel *channel = channel_of(transport);
    mx_status status = MX_NOMEM;
    int os_error;

    channel->lanes.now = now;
    struct endpoint *endpoint = find_endpoint(channel, server);
    if (endpoint == NULL) {
        endpoint = add_endpoint(channel, server);
    }
    if (endpoint == NULL) {
        return MX_NOMEM;
    }
    if (channel->next_tick > now + TICK) {
        channel->next_tick = now + TICK;
    }
    mx_lane *lane = pick_lane(channel, endpoint, protocol, &os_error);
    if (lane != NULL) {
        status = mx_lane_send(lane, flight);
    }
    else if (os_error != ENOMEM) {
        status = fail_at_once(channel, flight, os_error);
    }
    if (lane != NULL && protocol == MX_UDP) {
        channel->lane_window = mx_lane_window(lane);
    }
    flight->is_open = status == MX_OK;
    return status;
}

/* c-ares has written everything by then. */
static void
channel_flush(mx_transport *transport, mx_usec now)
{
    channel_of(transport)->lanes.now = now;
}

static void
channel_cancel(mx_transport *transport, mx_flight *flight)
{
    (void)transport;
    if (flight->is_open) {
        flight->is_open = false;
        mx_lane_drop(flight->endpoint);
    }
}

static size_t
channel_descriptors(const mx_transport *transport, struct pollfd *descriptors,
                    size_t capacity)
{
    const struct channel *channel = const_channel_of(transport);
    size_t count = 0;
    for (mx_list *link = channel->endpoints.next; link != &channel->endpoints;
         link = link->next) {
        const struct endpoint *endpoint =
            MX_CONTAINER(link, const struct endpoint, link);
        for (int i = 0; i <= LANES; i++) {
            if (endpoint->lanes[i] != NULL) {
                count +=
                    count < capacity
                        ? mx_lane_descriptors(endpoint->lanes[i], descriptors + count,
                                              capacity - count)
                        : mx_lane_descriptors(endpoint->lanes[i], NULL, 0);
            }
        }
    }
    return count;
}

static mx_usec
channel_next_wake(const mx_transport *transport)
{
    return const_channel_of(transport)->next_tick;
}

/* Work on whatever has this descriptor; it may have been closed meanwhile. */
static void
work_on_descriptor(const struct channel *channel, int descriptor)
{
    for (mx_list *link = channel->endpoints.next; link != &channel->endpoints;
         link = link->next) {
        const struct endpoint *endpoint =
            MX_CONTAINER(link, const struct endpoint, link);
        for (int i = 0; i <= LANES; i++) {
            if (endpoint->lanes[i] != NULL &&
                mx_lane_process(endpoint->lanes[i], descriptor)) {
                return;
            }
        }
    }
}

static void
tick(struct channel *channel)
{
    channel->next_tick = MX_NEVER;
    for (mx_list *link = channel->endpoints.next, *next; link != &channel->endpoints;
         link = next) {
        struct endpoint *endpoint = MX_CONTAINER(link, struct endpoint, link);
        next = link->next;
        mx_usec due = tidy_endpoint(channel, endpoint);
        if (due == MX_NEVER) {
            free_endpoint(endpoint);
        }
        channel->next_tick = due < channel->next_tick ? due : channel->next_tick;
    }
}

static void
channel_process(mx_transport *transport, const struct pollfd *descriptors, size_t count,
                mx_usec now)
{
    struct channel *channel = channel_of(transport);
    drop_taken(channel);
    channel->lanes.now = now;
    for (size_t i = 0; i < count; i++) {
        if (descriptors[i].revents != 0) {
            work_on_descriptor(channel, descriptors[i].fd);
        }
    }
    if (channel->next_tick <= now) {
        tick(channel);
    }
}

static bool
channel_take(mx_transport *transport, mx_reply *out)
{
    struct channel *channel = channel_of(transport);
    drop_taken(channel);
    if (mx_list_is_empty(&channel->lanes.replies)) {
        return false;
    }
    mx_lane_query *ended =
        MX_CONTAINER(channel->lanes.replies.next, mx_lane_query, link);
    *out = (mx_reply){
        .flight = ended->flight,
        .kind = ended->kind,
        .os_error = ended->os_error,
        .bytes = ended->bytes,
        .length = ended->length,
    };
    out->flight->is_open = false;
    channel->taken = ended->bytes;
    ended->bytes = NULL;
    mx_lane_query_taken(ended);
    return true;
}

static size_t
channel_window(const mx_transport *transport)
{
    size_t window = LANES * const_channel_of(transport)->lane_window;
    return window < MX_LANE_IDS ? window : MX_LANE_IDS; /* TCP has one lane */
}

static void
channel_free(mx_transport *transport)
{
    struct channel *channel = channel_of(transport);
    while (!mx_list_is_empty(&channel->endpoints)) {
        free_endpoint(MX_CONTAINER(channel->endpoints.next, struct endpoint, link));
    }
    while (!mx_list_is_empty(&channel->lanes.replies)) {
        mx_lane_query_taken(
            MX_CONTAINER(channel->lanes.replies.next, mx_lane_query, link));
    }
    mx_free(channel->taken);
    mx_free(channel);
}

static const mx_transport_type channel_type = {
    .send = channel_send,
    .flush = channel_flush,
    .cancel = channel_cancel,
    .descriptors = channel_descriptors,
    .next_wake = channel_next_wake,
    .process = channel_process,
    .take = channel_take,
    .window = channel_window,
    .free = channel_free,
};

mx_status
mx_channel_new(mx_usec flight_life, uint64_t seed, mx_transport **out)
{
    struct channel *channel = mx_calloc(1, sizeof(*channel));
    if (channel == NULL) {
        return MX_NOMEM;
    }
    mx_rng_seed(&channel->ports, seed);
    channel->transport.type = &channel_type;
    channel->lanes.query_life = flight_life;
    channel->next_tick = MX_NEVER;
    channel->lane_window = MX_UDP_SOCKET_WINDOW;
    mx_list_init(&channel->lanes.replies);
    mx_list_init(&channel->endpoints);
    *out = &channel->transport;
    return MX_OK;
}

uint64_t
mx_channel_strays(const mx_transport *transport)
{
    return const_channel_of(transport)->lanes.strays;
}
