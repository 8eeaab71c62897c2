/* SPDX-License-Identifier: MIT */
/* The transport of channel.h: attempts, where they are open, and the replies to them.
 */
#include "core/channel.h"
#include "core/channel_ledger.h"
#include "core/list.h"
#include "core/mem.h"
#include "core/question.h"
#include "core/rng.h"
#include "core/stream.h"
#include "core/table.h"
#include "core/udp.h"
#include "core/wire.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

enum {
    MAX_MESSAGE = 65535,
    WINDOW = 4000,   /* attempts; well within what a ledger takes */
    DATAGRAMS = 256, /* received from one socket before others have their turn */
    ID_SIZE = 2,
    ID_TRIES = 16
};

/* RFC 7766 6.2.3 leaves it to us; servers close after a few seconds to a few minutes.
 */
#define STREAM_IDLE (10 * MX_USEC_PER_SEC)
/* Silence after a question that may mean a connection which only we believe in: without
 * a word from the other side the kernel takes a quarter of an hour to find out. */
#define STREAM_SILENCE MX_USEC_PER_SEC

/* One name server. Exists while something of it is open. */
struct endpoint {
    mx_list link;
    mx_server server;
    mx_ledger *ledger;
    mx_udp *udp;
    mx_stream *stream; /* NULL without a connection */
    bool stream_has_answered;
    bool stream_is_suspect; /* somebody waited in vain for anything to come from it */
    mx_usec stream_used;    /* last, when it became idle */
    mx_usec stream_heard;   /* last message from it */
    mx_list attempts[2];    /* open ones, by protocol */
    mx_usec tidy_at;
};

struct attempt {
    mx_list of_channel;
    mx_flight *flight;
    mx_table_link by_id; /* in the table while open */
    mx_list link;        /* of the endpoint while open, then of the replies */
    struct endpoint *endpoint;
    bool is_open;
    mx_protocol protocol;
    uint32_t socket; /* of UDP */
    mx_usec sent;
    mx_reply reply;
    uint8_t *bytes; /* of the reply */
    size_t query_length;
    uint8_t query[]; /* with the id it was sent with */
};

struct channel {
    mx_transport transport;
    mx_usec attempt_life;
    mx_usec now; /* as last told */
    mx_rng ports;
    mx_pool ids;
    mx_list attempts; /* all */
    mx_table queries; /* open attempts */
    mx_list endpoints;
    mx_list replies; /* attempts that ended and were not taken yet */
    uint8_t *taken;  /* bytes of the reply that was taken last */
    uint64_t strays;
    uint8_t buffer[MAX_MESSAGE];
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

/* ---- finding ---- */

/* Ids are not chosen by the network, so a mixing function will do. */
static uint64_t
mix(uint64_t bits)
{
    bits = (bits ^ bits >> 32) * UINT64_C(0x9e3779b97f4a7c15);
    return bits ^ bits >> 29;
}

static uint64_t
hash_of_id(const struct endpoint *endpoint, mx_protocol protocol,
           const uint8_t *message)
{
    uint64_t id = (uint64_t)message[0] << 8 | message[1];
    return mix((uint64_t)(uintptr_t)endpoint << 1 ^ (id << 1 | (protocol == MX_TCP)));
}

/* The open attempt that a message from this endpoint answers. */
static struct attempt *
find_query(const struct channel *channel, const struct endpoint *endpoint,
           mx_protocol protocol, uint32_t socket, const uint8_t *message, size_t length)
{
    if (length < MX_WIRE_HEADER) {
        return NULL;
    }
    mx_table_link *link =
        mx_table_first(&channel->queries, hash_of_id(endpoint, protocol, message));
    for (; link != NULL; link = mx_table_next(link)) {
        struct attempt *found = MX_CONTAINER(link, struct attempt, by_id);
        if (found->endpoint == endpoint && found->protocol == protocol &&
            (protocol == MX_TCP || found->socket == socket) &&
            mx_reply_matches(found->query, found->query_length, message, length)) {
            return found;
        }
    }
    return NULL;
}

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

/* ---- ending attempts ---- */

static void
free_attempt(struct attempt *attempt)
{
    attempt->flight->is_open = false;
    mx_list_remove(&attempt->of_channel);
    mx_free(attempt->bytes);
    mx_free(attempt);
}

/* Takes an open attempt off its socket and out of the books; its flight stays open. */
static void
close_attempt(struct channel *channel, struct attempt *attempt)
{
    struct endpoint *endpoint = attempt->endpoint;
    mx_table_remove(&channel->queries, &attempt->by_id);
    mx_list_remove(&attempt->link);
    attempt->is_open = false;
    if (attempt->protocol == MX_UDP) {
        mx_udp_release(endpoint->udp, attempt->socket);
    }
    else {
        endpoint->stream_used = channel->now;
    }
    mx_ledger_settle(endpoint->ledger, attempt->query, attempt->query_length);
    attempt->endpoint = NULL; /* which may go before the reply is taken */
}

static void
end_attempt(struct channel *channel, struct attempt *attempt, mx_reply_kind kind,
            int os_error)
{
    close_attempt(channel, attempt);
    attempt->reply.kind = kind;
    attempt->reply.os_error = os_error;
    mx_list_append(&channel->replies, &attempt->link);
}

/* Whether an error means that the server cannot be reached, or trouble of our own. */
static mx_reply_kind
kind_of_error(mx_protocol protocol, int os_error)
{
    switch (os_error) {
    case ECONNREFUSED:
    case ECONNRESET:
    case ECONNABORTED:
    case EHOSTUNREACH:
    case EHOSTDOWN:
    case ENETUNREACH:
    case ETIMEDOUT:
    case EPIPE:
    case EPROTO:
    case EAFNOSUPPORT: /* an IPv6 server, and no IPv6 here: another server may do */
        return MX_REPLY_UNREACHABLE;
    case EADDRNOTAVAIL: /* UDP: no address to reach it from; TCP: no port is left */
        return protocol == MX_UDP ? MX_REPLY_UNREACHABLE : MX_REPLY_LOCAL;
    default:
        return MX_REPLY_LOCAL;
    }
}

static void
end_with_error(struct channel *channel, struct attempt *attempt, int os_error)
{
    end_attempt(channel, attempt, kind_of_error(attempt->protocol, os_error), os_error);
}

/* The server refused what was sent on this socket. */
static void
end_all_on_socket(struct channel *channel, struct endpoint *endpoint, uint32_t socket,
                  int os_error)
{
    mx_list *open = &endpoint->attempts[MX_UDP];
    for (mx_list *link = open->next, *next; link != open; link = next) {
        struct attempt *refused = MX_CONTAINER(link, struct attempt, link);
        next = link->next;
        if (refused->socket == socket) {
            end_with_error(channel, refused, os_error);
        }
    }
}

/* Keeps a copy of a message for whom it is meant. False when it is stray. */
static bool
capture(struct channel *channel, struct endpoint *endpoint, mx_protocol protocol,
        uint32_t socket, const uint8_t *message, size_t length)
{
    struct attempt *answered =
        find_query(channel, endpoint, protocol, socket, message, length);
    if (answered == NULL) {
        channel->strays++;
        return false;
    }
    answered->bytes = mx_malloc(length);
    if (answered->bytes == NULL) {
        end_attempt(channel, answered, MX_REPLY_LOCAL, ENOMEM);
        return true;
    }
    memcpy(answered->bytes, message, length);
    answered->reply.bytes = answered->bytes;
    answered->reply.length = length;
    end_attempt(channel, answered, MX_REPLY_MESSAGE, 0);
    return true;
}

/* ---- TCP ---- */

static void
drop_stream(struct endpoint *endpoint)
{
    mx_stream_free(endpoint->stream);
    endpoint->stream = NULL;
}

/* A new connection; 0 or an errno. */
static int
open_stream(struct channel *channel, struct endpoint *endpoint)
{
    int os_error = 0;
    endpoint->stream_has_answered = false;
    endpoint->stream_is_suspect = false;
    endpoint->stream_used = endpoint->stream_heard = channel->now;
    mx_status status = mx_stream_new(&endpoint->server, &endpoint->stream, &os_error);
    if (status != MX_OK) {
        endpoint->stream = NULL;
    }
    return status == MX_NOMEM ? ENOMEM : os_error;
}

static void
end_all_on_stream(struct channel *channel, struct endpoint *endpoint, int os_error)
{
    mx_list *open = &endpoint->attempts[MX_TCP];
    drop_stream(endpoint);
    while (!mx_list_is_empty(open)) {
        end_with_error(channel, MX_CONTAINER(open->next, struct attempt, link),
                       os_error);
    }
}

/* Sends all that is open once more, on a new connection. */
static void
repeat_on_new_stream(struct channel *channel, struct endpoint *endpoint)
{
    mx_list *open = &endpoint->attempts[MX_TCP];
    drop_stream(endpoint);
    int os_error = open_stream(channel, endpoint);
    for (mx_list *link = open->next; os_error == 0 && link != open; link = link->next) {
        const struct attempt *again = MX_CONTAINER(link, const struct attempt, link);
        if (mx_stream_send(endpoint->stream, again->query, again->query_length) !=
            MX_OK) {
            os_error = ENOMEM;
        }
    }
    if (os_error != 0) {
        end_all_on_stream(channel, endpoint, os_error);
    }
}

/* The connection is over. A server may close one at any time between two replies, and
 * what was sent on it meanwhile was never read (RFC 7766 6.2.4). That is repeated only
 * if the connection has answered something, so that it comes to an end. */
static void
lose_stream(struct channel *channel, struct endpoint *endpoint, int os_error)
{
    bool is_idle = mx_list_is_empty(&endpoint->attempts[MX_TCP]);
    if (!is_idle && endpoint->stream_has_answered) {
        repeat_on_new_stream(channel, endpoint);
    }
    else {
        end_all_on_stream(channel, endpoint, os_error);
    }
}

static void
work_on_stream(struct channel *channel, struct endpoint *endpoint)
{
    int os_error = mx_stream_work(endpoint->stream);
    const uint8_t *message;
    size_t length;
    while (mx_stream_next(endpoint->stream, &message, &length)) {
        endpoint->stream_is_suspect = false;
        endpoint->stream_heard = channel->now;
        if (capture(channel, endpoint, MX_TCP, MX_UDP_NONE, message, length)) {
            endpoint->stream_has_answered = true;
        }
    }
    if (os_error != 0) {
        lose_stream(channel, endpoint, os_error);
    }
}

/* Sees to a connection that can be sent on; 0 or an errno. */
static int
prepare_stream(struct channel *channel, struct endpoint *endpoint)
{
    if (endpoint->stream != NULL && mx_list_is_empty(&endpoint->attempts[MX_TCP])) {
        /* The server may have closed it since the last turn. */
        work_on_stream(channel, endpoint);
    }
    if (endpoint->stream != NULL && endpoint->stream_is_suspect) {
        repeat_on_new_stream(channel, endpoint);
    }
    return endpoint->stream != NULL ? 0 : open_stream(channel, endpoint);
}

/* The caller gives up on an attempt: perhaps because the connection is dead. */
static void
suspect_stream(const struct channel *channel, const struct attempt *attempt)
{
    struct endpoint *endpoint = attempt->endpoint;
    if (attempt->protocol == MX_TCP && endpoint->stream_heard <= attempt->sent &&
        channel->now - attempt->sent >= STREAM_SILENCE) {
        endpoint->stream_is_suspect = true;
    }
}

/* ---- UDP ---- */

/* 0 or an errno. */
static int
send_datagram(struct channel *channel, struct attempt *attempt)
{
    struct endpoint *endpoint = attempt->endpoint;
    uint32_t socket;
    int os_error = mx_udp_send(endpoint->udp, attempt->query, attempt->query_length,
                               channel->now, &socket);
    if (os_error == 0) {
        attempt->socket = socket;
    }
    else if (socket != MX_UDP_NONE &&
             kind_of_error(MX_UDP, os_error) == MX_REPLY_UNREACHABLE) {
        end_all_on_socket(channel, endpoint, socket, os_error);
    }
    return os_error;
}

static void
receive_datagrams(struct channel *channel, struct endpoint *endpoint, uint32_t socket)
{
    for (int i = 0; i < DATAGRAMS; i++) {
        int os_error;
        ptrdiff_t length = mx_udp_receive(endpoint->udp, socket, channel->buffer,
                                          sizeof(channel->buffer), &os_error);
        if (length >= 0) {
            capture(channel, endpoint, MX_UDP, socket, channel->buffer, (size_t)length);
        }
        else if (kind_of_error(MX_UDP, os_error) == MX_REPLY_UNREACHABLE) {
            end_all_on_socket(channel, endpoint, socket, os_error);
        }
        else {
            return; /* nothing there, or trouble of ours that may pass */
        }
    }
}

/* ---- endpoints ---- */

static void
free_endpoint(struct endpoint *endpoint)
{
    mx_list_remove(&endpoint->link);
    mx_stream_free(endpoint->stream);
    mx_udp_free(endpoint->udp);
    mx_ledger_free(endpoint->ledger);
    mx_free(endpoint);
}

static mx_status
add_endpoint(struct channel *channel, const mx_server *server, struct endpoint **out,
             int *os_error)
{
    struct endpoint *added = mx_calloc(1, sizeof(*added));
    if (added == NULL) {
        return MX_NOMEM;
    }
    added->server = *server;
    added->tidy_at = MX_NEVER;
    mx_list_init(&added->link);
    mx_list_init(&added->attempts[MX_UDP]);
    mx_list_init(&added->attempts[MX_TCP]);
    mx_status status = mx_udp_new(server, mx_rng_next(&channel->ports), &added->udp);
    if (status == MX_OK) {
        status = mx_ledger_new(channel->attempt_life, &added->ledger, os_error);
    }
    if (status != MX_OK) {
        free_endpoint(added);
        return status;
    }
    mx_list_append(&channel->endpoints, &added->link);
    *out = added;
    return MX_OK;
}

/* Closes what has been idle for long enough, the endpoint itself when nothing is left
 * of it. */
static void
tidy_endpoint(struct channel *channel, struct endpoint *endpoint)
{
    mx_usec next = mx_udp_tidy(endpoint->udp, channel->now);
    if (endpoint->stream != NULL) {
        mx_usec due = endpoint->stream_used + STREAM_IDLE;
        bool is_idle = mx_list_is_empty(&endpoint->attempts[MX_TCP]);
        if (is_idle && channel->now >= due) {
            drop_stream(endpoint);
        }
        else {
            due = is_idle ? due : channel->now + STREAM_IDLE;
            next = due < next ? due : next;
        }
    }
    endpoint->tidy_at = next;
    if (next == MX_NEVER && mx_list_is_empty(&endpoint->attempts[MX_UDP]) &&
        mx_list_is_empty(&endpoint->attempts[MX_TCP])) {
        free_endpoint(endpoint);
    }
}

/* ---- the transport ---- */

static void
drop_taken(struct channel *channel)
{
    mx_free(channel->taken);
    channel->taken = NULL;
}

/* An id that is not in use there; any, should chance be that unkind. Without one that
 * nobody can foretell nothing is sent: 0 or an errno. */
static int
propose_id(struct channel *channel, const struct endpoint *endpoint,
           struct attempt *attempt)
{
    for (int i = 0; i < ID_TRIES; i++) {
        if (mx_pool_draw(&channel->ids, attempt->query, ID_SIZE) != MX_OK) {
            return EAGAIN;
        }
        uint64_t hash = hash_of_id(endpoint, attempt->protocol, attempt->query);
        if (mx_table_first(&channel->queries, hash) == NULL) {
            break;
        }
    }
    return 0;
}

/* Gives the attempt its id and makes it findable; 0 or an errno. */
static int
open_attempt(struct channel *channel, struct endpoint *endpoint,
             struct attempt *attempt)
{
    int os_error = propose_id(channel, endpoint, attempt);
    if (os_error == 0) {
        os_error =
            mx_ledger_enter(endpoint->ledger, attempt->query, attempt->query_length);
    }
    if (os_error != 0) {
        return os_error;
    }
    uint64_t hash = hash_of_id(endpoint, attempt->protocol, attempt->query);
    if (mx_table_insert(&channel->queries, &attempt->by_id, hash) != MX_OK) {
        mx_ledger_settle(endpoint->ledger, attempt->query, attempt->query_length);
        return ENOMEM;
    }
    attempt->endpoint = endpoint;
    attempt->sent = channel->now;
    attempt->is_open = true;
    mx_list_append(&endpoint->attempts[attempt->protocol], &attempt->link);
    return 0;
}

/* 0 or an errno. */
static int
start_attempt(struct channel *channel, const mx_server *server, struct attempt *attempt)
{
    int os_error = 0;
    struct endpoint *endpoint = find_endpoint(channel, server);
    if (endpoint == NULL) {
        mx_status status = add_endpoint(channel, server, &endpoint, &os_error);
        if (status != MX_OK) {
            return status == MX_NOMEM ? ENOMEM : os_error;
        }
    }
    if (endpoint->tidy_at == MX_NEVER) {
        endpoint->tidy_at = channel->now + MX_UDP_SOCKET_LIFE;
    }
    if (attempt->protocol == MX_TCP) {
        os_error = prepare_stream(channel, endpoint);
        if (os_error != 0) {
            return os_error;
        }
    }
    os_error = open_attempt(channel, endpoint, attempt);
    if (os_error != 0) {
        return os_error;
    }
    if (attempt->protocol == MX_UDP) {
        return send_datagram(channel, attempt);
    }
    mx_status status =
        mx_stream_send(endpoint->stream, attempt->query, attempt->query_length);
    return status == MX_OK ? 0 : ENOMEM;
}

static mx_status
channel_send(mx_transport *transport, mx_flight *flight, const mx_server *server,
             mx_protocol protocol, mx_usec now)
{
    struct channel *channel = channel_of(transport);
    channel->now = now;

    struct attempt *attempt = mx_calloc(1, sizeof(*attempt) + flight->length);
    if (attempt == NULL) {
        return MX_NOMEM;
    }
    attempt->flight = attempt->reply.flight = flight;
    attempt->protocol = protocol;
    attempt->socket = MX_UDP_NONE;
    attempt->query_length = flight->length;
    memcpy(attempt->query, flight->query, flight->length);
    mx_list_init(&attempt->link);
    mx_list_append(&channel->attempts, &attempt->of_channel);
    flight->is_open = true;
    flight->endpoint = attempt;

    int os_error = start_attempt(channel, server, attempt);
    if (os_error == 0) {
        return MX_OK;
    }
    if (attempt->is_open) {
        close_attempt(channel, attempt);
    }
    if (os_error == ENOMEM) {
        free_attempt(attempt);
        return MX_NOMEM;
    }
    attempt->reply.kind = kind_of_error(protocol, os_error);
    attempt->reply.os_error = os_error;
    mx_list_append(&channel->replies, &attempt->link);
    return MX_OK;
}

static void
channel_flush(mx_transport *transport, mx_usec now)
{
    channel_of(transport)->now = now;
}

static void
channel_cancel(mx_transport *transport, mx_flight *flight)
{
    struct channel *channel = channel_of(transport);
    struct attempt *attempt = flight->endpoint;
    if (!flight->is_open) {
        return;
    }
    if (attempt->is_open) {
        suspect_stream(channel, attempt);
        close_attempt(channel, attempt);
    }
    mx_list_remove(&attempt->link);
    free_attempt(attempt);
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
        size_t used = count < capacity ? count : capacity;
        count += mx_udp_descriptors(endpoint->udp, descriptors + used, capacity - used);
        if (endpoint->stream != NULL) {
            if (count < capacity) {
                descriptors[count] =
                    (struct pollfd){.fd = mx_stream_descriptor(endpoint->stream),
                                    .events = mx_stream_events(endpoint->stream)};
            }
            count++;
        }
    }
    return count;
}

static mx_usec
channel_next_wake(const mx_transport *transport)
{
    const struct channel *channel = const_channel_of(transport);
    mx_usec next = MX_NEVER;
    for (mx_list *link = channel->endpoints.next; link != &channel->endpoints;
         link = link->next) {
        mx_usec due = MX_CONTAINER(link, struct endpoint, link)->tidy_at;
        next = due < next ? due : next;
    }
    return next;
}

/* Work on whatever has this descriptor; it may have been closed meanwhile. */
static void
work_on_descriptor(struct channel *channel, int descriptor)
{
    for (mx_list *link = channel->endpoints.next; link != &channel->endpoints;
         link = link->next) {
        struct endpoint *endpoint = MX_CONTAINER(link, struct endpoint, link);
        uint32_t socket;
        if (mx_udp_find(endpoint->udp, descriptor, &socket)) {
            receive_datagrams(channel, endpoint, socket);
            return;
        }
        if (endpoint->stream != NULL &&
            mx_stream_descriptor(endpoint->stream) == descriptor) {
            work_on_stream(channel, endpoint);
            return;
        }
    }
}

static void
channel_process(mx_transport *transport, const struct pollfd *descriptors, size_t count,
                mx_usec now)
{
    struct channel *channel = channel_of(transport);
    drop_taken(channel);
    channel->now = now;
    for (size_t i = 0; i < count; i++) {
        if (descriptors[i].revents != 0) {
            work_on_descriptor(channel, descriptors[i].fd);
        }
    }
    for (mx_list *link = channel->endpoints.next, *next; link != &channel->endpoints;
         link = next) {
        struct endpoint *endpoint = MX_CONTAINER(link, struct endpoint, link);
        next = link->next;
        if (endpoint->tidy_at <= now) {
            tidy_endpoint(channel, endpoint);
        }
    }
}

static bool
channel_take(mx_transport *transport, mx_reply *out)
{
    struct channel *channel = channel_of(transport);
    drop_taken(channel);
    if (mx_list_is_empty(&channel->replies)) {
        return false;
    }
    struct attempt *ended = MX_CONTAINER(channel->replies.next, struct attempt, link);
    mx_list_remove(&ended->link);
    *out = ended->reply;
    channel->taken = ended->bytes;
    ended->bytes = NULL;
    free_attempt(ended);
    return true;
}

static size_t
channel_window(const mx_transport *transport)
{
    const struct channel *channel = const_channel_of(transport);
    size_t window = WINDOW;
    for (mx_list *link = channel->endpoints.next; link != &channel->endpoints;
         link = link->next) {
        size_t room = mx_udp_window(MX_CONTAINER(link, struct endpoint, link)->udp);
        window = room < window ? room : window;
    }
    return window;
}

static void
channel_free(mx_transport *transport)
{
    struct channel *channel = channel_of(transport);
    while (!mx_list_is_empty(&channel->attempts)) {
        free_attempt(MX_CONTAINER(channel->attempts.next, struct attempt, of_channel));
    }
    while (!mx_list_is_empty(&channel->endpoints)) {
        free_endpoint(MX_CONTAINER(channel->endpoints.next, struct endpoint, link));
    }
    mx_table_fini(&channel->queries);
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
mx_channel_new(mx_usec attempt_life, uint64_t seed, mx_transport **out)
{
    struct channel *channel = mx_calloc(1, sizeof(*channel));
    if (channel == NULL) {
        return MX_NOMEM;
    }
    mx_rng_seed(&channel->ports, seed);
    channel->transport.type = &channel_type;
    channel->attempt_life = attempt_life;
    mx_list_init(&channel->attempts);
    mx_table_init(&channel->queries);
    mx_list_init(&channel->endpoints);
    mx_list_init(&channel->replies);
    *out = &channel->transport;
    return MX_OK;
}

uint64_t
mx_channel_strays(const mx_transport *transport)
{
    return const_channel_of(transport)->strays;
}
