/* SPDX-License-Identifier: MIT */
#include "core/channel_lane_state.h"
#include "core/descriptors.h"
#include "core/mem.h"
#include "core/question.h"
#include "core/socket_error.h"
#include "core/udp_socket.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#ifndef MSG_NOSIGNAL
#    define MSG_NOSIGNAL 0
#endif

enum {
    SOCKETS = 4, /* of a lane; c-ares needs one, two while it changes */
    SENDS = 2    /* of a datagram, should the first be told of a refusal */
};

static int
fail_with(int os_error)
{
    errno = os_error;
    return -1;
}

/* ---- sockets ---- */

mx_lane_socket *
mx_guard_find(const mx_lane *lane, int descriptor)
{
    for (mx_list *link = lane->sockets.next; link != &lane->sockets;
         link = link->next) {
        mx_lane_socket *found = MX_CONTAINER(link, mx_lane_socket, link);
        if (found->descriptor == descriptor) {
            return found;
        }
    }
    return NULL;
}

mx_lane_socket *
mx_guard_pending(const mx_lane *lane)
{
    bool has_slips =
        !mx_list_is_empty(&lane->over) || lane->slip_start < lane->slip_end;
    for (mx_list *link = lane->sockets.next; link != &lane->sockets;
         link = link->next) {
        mx_lane_socket *found = MX_CONTAINER(link, mx_lane_socket, link);
        if (has_slips || found->may_receive || found->loss != 0) {
            return found;
        }
    }
    return NULL;
}

/* 0 or an errno. */
static int
open_stream(mx_lane *lane, mx_lane_socket *opened)
{
    int error = 0;
    mx_status status = mx_stream_new(&lane->server, &opened->stream, &error);
    if (status != MX_OK) {
        return status == MX_NOMEM ? ENOMEM : error;
    }
    opened->descriptor = mx_stream_descriptor(opened->stream);
    lane->heard = lane->shared->now;
    lane->is_suspect = false;
    return 0;
}

int
mx_guard_open(mx_lane *lane, bool is_framed)
{
    mx_lane_socket *opened = NULL;
    int error = lane->socket_count < SOCKETS ? 0 : EMFILE;
    if (error == 0) {
        opened = mx_calloc(1, sizeof(*opened));
        error =
            opened == NULL ? ENOMEM
            : lane->protocol == MX_UDP
                ? mx_udp_socket_open(&lane->server, &opened->descriptor, &lane->window)
                : open_stream(lane, opened);
    }
    if (error != 0) {
        mx_free(opened);
        lane->os_error = errno = error;
        return -1;
    }
    opened->is_framed = is_framed;
    mx_list_init(&opened->open);
    mx_list_append(&lane->sockets, &opened->link);
    lane->socket_count++;
    return opened->descriptor;
}

void
mx_guard_close(mx_lane *lane, int descriptor)
{
    mx_lane_socket *closed = mx_guard_find(lane, descriptor);
    if (closed == NULL) {
        return;
    }
    while (!mx_list_is_empty(&closed->open)) {
        mx_lane_query *query = MX_CONTAINER(closed->open.next, mx_lane_query, link);
        query->socket = NULL;
        mx_list_remove(&query->link);
        mx_list_append(&lane->stranded, &query->link);
    }
    if (closed->stream != NULL) {
        mx_stream_free(closed->stream);
    }
    else {
        mx_descriptor_close(closed->descriptor);
    }
    lane->slip_start = lane->slip_end = 0;
    lane->socket_count--;
    mx_list_remove(&closed->link);
    mx_free(closed);
}

/* ---- sending ---- */

static void
judge_all_on(mx_lane *lane, mx_lane_socket *socket, int os_error)
{
    mx_reply_kind kind = mx_socket_error_kind(lane->protocol, os_error);
    while (!mx_list_is_empty(&socket->open)) {
        mx_lane_judge(MX_CONTAINER(socket->open.next, mx_lane_query, link), kind,
                      os_error);
    }
}

/* 0 or an errno. */
static int
send_datagram(mx_lane *lane, mx_lane_socket *socket, const mx_flight *flight)
{
    int os_error = 0;
    for (int i = 0; i < SENDS; i++) {
        if (send(socket->descriptor, flight->query, flight->length, MSG_NOSIGNAL) >=
            0) {
            return 0;
        }
        os_error = errno;
        if (mx_socket_error_kind(MX_UDP, os_error) == MX_REPLY_LOCAL) {
            break;
        }
        /* Meant for what was sent before, and told once: this one may pass. */
        judge_all_on(lane, socket, os_error);
    }
    return os_error;
}

static void
send_query(mx_lane *lane, mx_lane_socket *socket, mx_lane_query *query)
{
    const mx_flight *flight = query->flight;
    int error = 0;
    if (socket->stream == NULL) {
        error = send_datagram(lane, socket, flight);
    }
    else if (mx_stream_send(socket->stream, flight->query, flight->length) != MX_OK) {
        error = ENOMEM;
    }
    socket->sent++;
    mx_list_append(&socket->open, &query->link);
    if (error != 0) {
        mx_lane_judge(query, mx_socket_error_kind(lane->protocol, error), error);
    }
}

/* c-ares writes its slip of lane->writing: that has an id now, and is sent for it. What
 * c-ares would send besides is not. */
int
mx_guard_write(mx_lane *lane, int descriptor, const uint8_t *bytes, size_t length)
{
    mx_lane_socket *socket = mx_guard_find(lane, descriptor);
    if (socket == NULL) {
        return fail_with(EBADF);
    }
    mx_lane_query *query = lane->writing;
    size_t before = socket->is_framed ? MX_LANE_LENGTH_BYTES : 0;
    if (query == NULL || query->is_written || length < before + MX_LANE_ID_SIZE) {
        return 0;
    }
    memcpy(query->slip, bytes + before, MX_LANE_ID_SIZE);
    memcpy(query->flight->query, bytes + before, MX_LANE_ID_SIZE);
    query->is_written = true;
    query->socket = socket;
    query->sent = lane->shared->now;
    if (mx_table_insert(&lane->by_id, &query->by_id,
                        mx_lane_hash_of_id(query->flight->query)) != MX_OK) {
        mx_lane_judge(query, MX_REPLY_LOCAL, ENOMEM);
        return 0;
    }
    query->is_findable = true;
    send_query(lane, socket, query);
    return 0;
}

/* ---- receiving ---- */

static mx_lane_query *
find_query(const mx_lane *lane, const mx_lane_socket *socket, const uint8_t *message,
           size_t length)
{
    if (length < MX_WIRE_HEADER) {
        return NULL;
    }
    mx_table_link *link = mx_table_first(&lane->by_id, mx_lane_hash_of_id(message));
    for (; link != NULL; link = mx_table_next(link)) {
        mx_lane_query *found = MX_CONTAINER(link, mx_lane_query, by_id);
        if (found->socket == socket &&
            mx_reply_matches(found->flight->query, found->flight->length, message,
                             length)) {
            return found;
        }
    }
    return NULL;
}

static bool
capture(mx_lane *lane, const mx_lane_socket *socket, const uint8_t *message,
        size_t length)
{
    mx_lane_query *query = find_query(lane, socket, message, length);
    if (query == NULL) {
        lane->shared->strays++;
        return false;
    }
    query->bytes = mx_malloc(length);
    if (query->bytes == NULL) {
        mx_lane_judge(query, MX_REPLY_LOCAL, ENOMEM);
        return true;
    }
    memcpy(query->bytes, message, length);
    query->length = length;
    mx_lane_judge(query, MX_REPLY_MESSAGE, 0);
    return true;
}

/* Receives until there is something for c-ares to read. */
static void
receive_datagrams(mx_lane *lane, mx_lane_socket *socket)
{
    uint8_t *buffer = lane->shared->buffer;
    for (; socket->budget > 0; socket->budget--) {
        if (!mx_list_is_empty(&lane->over)) {
            return;
        }
        ssize_t length = recv(socket->descriptor, buffer, MX_LANE_MESSAGE, 0);
        if (length >= 0) {
            capture(lane, socket, buffer, (size_t)length);
        }
        else if (mx_socket_error_kind(MX_UDP, errno) == MX_REPLY_UNREACHABLE) {
            judge_all_on(lane, socket, errno);
        }
        else {
            break; /* nothing there, or trouble of ours that may pass */
        }
    }
    socket->may_receive = false;
}

static void
receive_stream(mx_lane *lane, mx_lane_socket *socket)
{
    const uint8_t *message;
    size_t length;
    socket->may_receive = false;
    socket->loss = mx_stream_work(socket->stream);
    while (mx_stream_next(socket->stream, &message, &length)) {
        lane->is_suspect = false;
        lane->heard = lane->shared->now;
        if (capture(lane, socket, message, length)) {
            socket->has_answered = true;
        }
    }
}

/* Makes the slip of the next reply ready to be read. */
static void
prepare_slip(mx_lane *lane, const mx_lane_socket *socket)
{
    mx_lane_query *query = MX_CONTAINER(lane->over.next, mx_lane_query, link);
    mx_list_remove(&query->link);
    mx_list_append(&lane->told, &query->link);
    mx_slip_answer(query->slip);
    lane->slip_bytes[0] = (uint8_t)(query->slip_length >> 8);
    lane->slip_bytes[1] = (uint8_t)query->slip_length;
    memcpy(lane->slip_bytes + MX_LANE_LENGTH_BYTES, query->slip, query->slip_length);
    lane->slip_start = socket->is_framed ? 0 : MX_LANE_LENGTH_BYTES;
    lane->slip_end = MX_LANE_LENGTH_BYTES + query->slip_length;
}

/* c-ares reads: the slip of a reply, or the end of a connection. */
ptrdiff_t
mx_guard_read(mx_lane *lane, int descriptor, void *bytes, size_t size)
{
    mx_lane_socket *socket = mx_guard_find(lane, descriptor);
    if (socket == NULL) {
        return fail_with(EBADF);
    }
    lane->reads++;
    if (lane->slip_start == lane->slip_end) {
        if (socket->may_receive && socket->stream != NULL) {
            receive_stream(lane, socket);
        }
        else if (socket->may_receive) {
            receive_datagrams(lane, socket);
        }
        if (!mx_list_is_empty(&lane->over)) {
            prepare_slip(lane, socket);
        }
    }
    size_t count = lane->slip_end - lane->slip_start;
    count = count < size ? count : size;
    if (count == 0 && socket->loss != 0) {
        lane->os_error = socket->loss;
        lane->is_repeating = lane->is_repeating || socket->has_answered;
        return fail_with(ECONNRESET);
    }
    if (count == 0) {
        return fail_with(EAGAIN);
    }
    memcpy(bytes, lane->slip_bytes + lane->slip_start, count);
    /* What c-ares has no room for of a datagram is lost, as it is to anybody. */
    lane->slip_start = socket->is_framed ? lane->slip_start + count : lane->slip_end;
    return (ptrdiff_t)count;
}
