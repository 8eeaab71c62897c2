/* SPDX-License-Identifier: MIT */
/* datagram_state.h - the body of the datagram transport, shared by its files and by
 * nobody else:
 *
 *   datagram.c         what the transport's type says
 *   datagram_take.c    replies: read, matched, given away
 *   endpoint.c         one name server: by what a flight goes, what is closed when idle
 *   endpoint_burst.c   datagrams to one name server, many at a time
 *   connection.c       one TCP connection with its flights
 *   near_misses.c      replies to a live question under a wrong id
 */
#ifndef MX_DATAGRAM_STATE_H
#define MX_DATAGRAM_STATE_H

#include "core/burst.h"
#include "core/clock.h"
#include "core/datagram.h"
#include "core/flights.h"
#include "core/list.h"
#include "core/near_misses.h"
#include "core/rng.h"
#include "core/stream.h"
#include "core/udp.h"

enum { MX_CONNECTIONS = 4 /* to one name server (fault S19) */ };

/* Where an open flight is; says what `link` and `socket` mean. */
typedef enum mx_flight_state {
    MX_FLIGHT_WAITS,     /* in endpoint->waiting */
    MX_FLIGHT_LOADED,    /* about to leave by the socket at place `socket` */
    MX_FLIGHT_BY_UDP,    /* sent by it; `count` is of its near misses */
    MX_FLIGHT_BY_TCP,    /* on connection number `socket`, in its list */
    MX_FLIGHT_HAS_FAILED /* in datagram->failed, `count` is the kind of its reply */
} mx_flight_state;

typedef struct mx_endpoint mx_endpoint;

typedef struct mx_connection {
    mx_endpoint *endpoint;
    uint32_t number;
    mx_stream *stream;
    mx_flights by_id;
    mx_list flights; /* in the order of their queries */
    bool has_answered;
    bool is_suspect;     /* somebody waited in vain for anything to come from it */
    int os_error;        /* why it is over; messages at hand still count */
    mx_usec opened;      /* its stream */
    mx_usec idle_since;  /* when it became idle */
    mx_usec quiet_since; /* last message from it, or when it ceased to be idle */
    mx_list ready;       /* in datagram->ready_connections when it was read */
} mx_connection;

typedef struct mx_datagram mx_datagram;

/* One name server. Exists while something of it is open. */
struct mx_endpoint {
    mx_list link;
    mx_datagram *datagram;
    mx_server server;
    mx_list waiting;  /* flights that leave by UDP with the next flush */
    mx_usec retry_at; /* the system took no more datagrams; MX_NEVER mostly */
    mx_udp *udp;
    mx_connection *connections[MX_CONNECTIONS];
    uint32_t current;      /* connection that new flights go by */
    mx_usec tcp_off_until; /* it could not be had */
    mx_usec tidy_at;
};

struct mx_datagram {
    mx_transport transport;
    bool prefers_streams;
    mx_usec now; /* as last told */
    mx_rng seeds;
    mx_pool ids;
    mx_list endpoints;
    mx_list failed;            /* flights with a reply that was not taken yet */
    mx_list ready_sockets;     /* with something to read */
    mx_list ready_connections; /* with messages that were read, or over */
    mx_burst *burst;
    mx_list reading; /* the socket of the burst at hand, if it is still there */
    size_t next, received;
    int os_error; /* what came after it */
    mx_near_misses near_misses;
    /* The stream that the last message was from, whose bytes live until the next take;
     * `kept` is that stream when it has ended meanwhile. */
    mx_stream *shown, *kept;
    uint64_t strays;
};

/* -- datagram.c -- */

/* Takes a flight from where it is; it may fail or be closed then. */
void mx_datagram_detach(mx_flight *flight);
/* Makes a detached flight's reply one without a message. */
void mx_datagram_fail(mx_datagram *datagram, mx_flight *flight, mx_reply_kind kind,
                      int os_error);
void mx_datagram_fail_with_error(mx_datagram *datagram, mx_flight *flight,
                                 int os_error);
/* Frees a stream, at once or when nobody looks at its bytes any more. */
void mx_datagram_discard_stream(mx_datagram *datagram, mx_stream *stream);

/* -- datagram_take.c -- */

/* The next reply; false when there is none. The flight is still marked as open. */
bool mx_datagram_take(mx_datagram *datagram, mx_reply *out);

/* -- endpoint.c -- */

/* NULL without memory. */
mx_endpoint *mx_endpoint_get(mx_datagram *datagram, const mx_server *server);
void mx_endpoint_free(mx_endpoint *endpoint);
/* Puts a flight where it leaves with the next flush; 0 or an errno. */
int mx_endpoint_send(mx_endpoint *endpoint, mx_flight *flight);
/* TCP cannot be had for now: flights that need not go by it go by UDP. */
void mx_endpoint_leave_tcp(mx_endpoint *endpoint, mx_connection *connection);
void mx_endpoint_wait(mx_endpoint *endpoint, mx_flight *flight);
void mx_endpoint_drop_connection(mx_endpoint *endpoint, mx_connection *connection);
void mx_endpoint_flush(mx_endpoint *endpoint);
/* Closes what has been idle for long enough, the endpoint itself when nothing is left
 * of it. */
void mx_endpoint_tidy(mx_endpoint *endpoint);

/* -- endpoint_burst.c -- */

void mx_endpoint_send_waiting(mx_endpoint *endpoint);
/* The server refused what was sent on this socket, which may be closed then. */
void mx_endpoint_fail_socket(mx_endpoint *endpoint, mx_udp_socket *socket,
                             int os_error);

/* -- connection.c -- */

/* 0 or an errno. */
int mx_connection_new(mx_endpoint *endpoint, uint32_t number, mx_connection **out);
void mx_connection_free(mx_connection *connection); /* its flights are gone */
static inline bool
mx_connection_is_idle(const mx_connection *connection)
{
    return mx_list_is_empty(&connection->flights);
}
/* 0 or an errno. */
int mx_connection_add(mx_connection *connection, mx_flight *flight);
void mx_connection_remove(mx_connection *connection, mx_flight *flight);
/* Flights wait, and nothing has come for longer than a connection that lives lets us
 * wait. */
bool mx_connection_is_stalled(const mx_connection *connection);
/* Sends all that is open once more, on a new stream; may end the connection. */
void mx_connection_repeat(mx_connection *connection);
/* The stream is over; ends the connection unless its flights are repeated. */
void mx_connection_lose(mx_connection *connection, int os_error);

#endif
