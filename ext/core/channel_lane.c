/* SPDX-License-Identifier: MIT */
#include "core/channel_lane.h"

#include "core/channel_lane_state.h"
#include "core/mem.h"
#include "core/udp.h"

#include <errno.h>
#include <string.h>

enum { ID_TRIES = 16, DATAGRAMS = 256 /* received in one turn */ };

/* Silence after a question that may mean a connection which only we believe in: without
 * a word from the other side the kernel takes a quarter of an hour to find out. */
#define STREAM_SILENCE MX_USEC_PER_SEC

/* ---- giving queries to c-ares ---- */

/* An id that the lane does not use; older versions take it. Without one that nobody can
 * foretell nothing is sent. */
static bool
propose_id(mx_lane *lane, mx_lane_query *query)
{
    for (int i = 0; i < ID_TRIES; i++) {
        if (mx_pool_draw(&lane->shared->ids, query->slip, MX_LANE_ID_SIZE) != MX_OK) {
            return false;
        }
        if (mx_table_first(&lane->by_id, mx_lane_hash_of_id(query->slip)) == NULL) {
            break;
        }
    }
    return true;
}

/* c-ares writes to a stream when told that it can. */
static void
have_it_written(mx_lane *lane, const mx_lane_query *query)
{
    for (mx_list *link = lane->sockets.previous;
         link != &lane->sockets && !query->is_written; link = link->previous) {
        const mx_lane_socket *socket = MX_CONTAINER(link, mx_lane_socket, link);
        if (socket->is_framed) {
            mx_lane_write(lane, socket->descriptor);
            return;
        }
    }
}

static void
enter(mx_lane *lane, mx_lane_query *query)
{
    mx_list_remove(&query->link);
    query->is_written = false;
    if (!propose_id(lane, query)) {
        mx_lane_judge(query, MX_REPLY_LOCAL, EAGAIN);
        return;
    }
    lane->count++;
    lane->used = lane->shared->now;
    lane->os_error = 0;
    query->is_entered = true;
    mx_list_append(&lane->entered, &query->entered);
    lane->writing = query;
    mx_lane_submit(lane);
    if (query->is_entered && !query->is_written) {
        have_it_written(lane, query);
    }
    lane->writing = NULL;
    if (query->is_entered && !query->is_written && !query->is_over) {
        mx_lane_judge(query, MX_REPLY_LOCAL, EIO);
    }
}

/* ---- turns ---- */

/* What c-ares did not call back for, though told: it will not be waited for. */
static void
end_all(mx_list *queries)
{
    while (!mx_list_is_empty(queries)) {
        mx_lane_query_end(MX_CONTAINER(queries->next, mx_lane_query, link));
    }
}

/* Has c-ares read all that there is for it. */
static void
feed(mx_lane *lane)
{
    const mx_lane_socket *socket;
    uint64_t reads = lane->reads - 1;
    while (lane->reads != reads && (socket = mx_guard_pending(lane)) != NULL) {
        reads = lane->reads;
        mx_lane_read(lane, socket->descriptor);
    }
    lane->is_repeating = false;
    lane->os_error = 0;
    while (!mx_list_is_empty(&lane->stranded)) {
        /* Out of memory recent versions drop what they have no room to end. */
        mx_lane_judge(MX_CONTAINER(lane->stranded.next, mx_lane_query, link),
                      MX_REPLY_LOCAL, ENOMEM);
    }
    end_all(&lane->told);
    end_all(&lane->over);
}

/* The same; then what c-ares gave up meanwhile is sent again. */
static void
pump(mx_lane *lane)
{
    feed(lane);
    while (!mx_list_is_empty(&lane->again)) {
        enter(lane, MX_CONTAINER(lane->again.next, mx_lane_query, link));
        feed(lane);
    }
}

bool
mx_lane_process(mx_lane *lane, int descriptor)
{
    mx_lane_socket *socket = mx_guard_find(lane, descriptor);
    if (socket == NULL) {
        return false;
    }
    socket->may_receive = true;
    socket->budget = DATAGRAMS;
    pump(lane);
    return true;
}

void
mx_lane_tick(mx_lane *lane)
{
    mx_lane_look_at_clock(lane);
}

/* The connection, NULL without one. */
static mx_lane_socket *
find_stream(const mx_lane *lane)
{
    for (mx_list *link = lane->sockets.next; link != &lane->sockets;
         link = link->next) {
        mx_lane_socket *found = MX_CONTAINER(link, mx_lane_socket, link);
        if (found->stream != NULL) {
            return found;
        }
    }
    return NULL;
}

/* Sees to it that a connection which is there can be sent on. */
static void
check_stream(mx_lane *lane)
{
    mx_lane_socket *socket = find_stream(lane);
    if (socket != NULL && lane->is_suspect) {
        socket->loss = ECONNRESET;
        lane->is_repeating = true;
        pump(lane);
    }
    else if (socket != NULL && lane->count == 0) {
        /* The server may have closed it since the last turn. */
        (void)mx_lane_process(lane, socket->descriptor);
    }
}

mx_status
mx_lane_send(mx_lane *lane, mx_flight *flight)
{
    uint8_t slip[MX_SLIP_SIZE];
    size_t length = mx_slip_write(flight->query, flight->length, slip);
    mx_lane_query *query = mx_calloc(1, sizeof(*query) + length);
    if (query == NULL) {
        return MX_NOMEM;
    }
    memcpy(query->slip, slip, length);
    query->slip_length = length;
    query->lane = lane;
    query->flight = flight;
    mx_list_init(&query->link);
    mx_list_init(&query->entered);
    flight->endpoint = query;
    if (lane->protocol == MX_TCP) {
        check_stream(lane);
    }
    enter(lane, query);
    pump(lane);
    return MX_OK;
}

void
mx_lane_drop(mx_lane_query *query)
{
    mx_lane *lane = query->lane;
    query->flight = NULL;
    if (query->is_ended) {
        mx_lane_query_taken(query);
        return;
    }
    if (lane->protocol == MX_TCP && lane->heard <= query->sent &&
        lane->shared->now - query->sent >= STREAM_SILENCE) {
        lane->is_suspect = true;
    }
    mx_lane_judge(query, MX_REPLY_LOCAL, ECANCELED);
    pump(lane);
}

/* ---- lanes ---- */

mx_status
mx_lane_new(mx_lanes *shared, const mx_server *server, mx_protocol protocol,
            mx_lane **out, int *os_error)
{
    mx_lane *lane = mx_calloc(1, sizeof(*lane));
    if (lane == NULL) {
        return MX_NOMEM;
    }
    lane->shared = shared;
    lane->server = *server;
    lane->protocol = protocol;
    lane->window = protocol == MX_UDP ? MX_UDP_SOCKET_WINDOW : MX_LANE_IDS;
    lane->used = shared->now;
    mx_table_init(&lane->by_id);
    mx_list_init(&lane->sockets);
    mx_list_init(&lane->entered);
    mx_list_init(&lane->over);
    mx_list_init(&lane->told);
    mx_list_init(&lane->stranded);
    mx_list_init(&lane->again);
    mx_status status = mx_lane_init_channel(lane);
    if (status != MX_OK) {
        mx_free(lane);
        *os_error = EIO;
        return status;
    }
    *out = lane;
    return MX_OK;
}

void
mx_lane_free(mx_lane *lane)
{
    if (lane == NULL) {
        return;
    }
    mx_lane_destroy_channel(lane);
    while (!mx_list_is_empty(&lane->entered)) { /* c-ares has lost them */
        mx_lane_query_left(MX_CONTAINER(lane->entered.next, mx_lane_query, entered),
                           -1);
    }
    mx_table_fini(&lane->by_id);
    mx_free(lane);
}

size_t
mx_lane_room(const mx_lane *lane)
{
    return lane->count < lane->window ? lane->window - lane->count : 0;
}

size_t
mx_lane_window(const mx_lane *lane)
{
    return lane->window;
}

bool
mx_lane_is_worn(const mx_lane *lane)
{
    return !mx_list_is_empty(&lane->sockets) &&
           MX_CONTAINER(lane->sockets.previous, mx_lane_socket, link)->sent >=
               MX_LANE_SENT;
}

bool
mx_lane_is_idle(const mx_lane *lane)
{
    return lane->count == lane->lost;
}

bool
mx_lane_is_broken(const mx_lane *lane)
{
    return lane->lost > 0 && mx_lane_is_idle(lane);
}

mx_usec
mx_lane_used(const mx_lane *lane)
{
    return lane->used;
}

size_t
mx_lane_descriptors(const mx_lane *lane, struct pollfd *descriptors, size_t capacity)
{
    size_t count = 0;
    for (mx_list *link = lane->sockets.next; link != &lane->sockets;
         link = link->next, count++) {
        const mx_lane_socket *socket = MX_CONTAINER(link, mx_lane_socket, link);
        if (count < capacity) {
            descriptors[count] = (struct pollfd){
                .fd = socket->descriptor,
                .events =
                    socket->stream != NULL ? mx_stream_events(socket->stream) : POLLIN};
        }
    }
    return count;
}
