/* SPDX-License-Identifier: MIT */
#include "core/channel_lane_state.h"

#include <sys/select.h> /* ares.h of 1.18 needs it and does not say so */

/* c-ares 1.34 marks calls as deprecated in favour of ones that 1.18 lacks. */
#define CARES_NO_DEPRECATED
#include <ares.h>
#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

/* ---- what c-ares says ---- */

static void
note_end(mx_lane_query *query, int status)
{
    const mx_lane *lane = query->lane;
    /* 1.22 to 1.27 call the loss of a connection a timeout. */
    int error = status == ARES_EDESTRUCTION ? -1
                : status == ARES_ENOMEM     ? ENOMEM
                : lane->os_error != 0       ? lane->os_error
                : status == ARES_ETIMEOUT   ? ETIMEDOUT
                                            : EIO;
    mx_lane_query_left(query, error);
}

/* ---- what c-ares is given ---- */

#if ARES_VERSION >= 0x011c00 /* 1.28.0: spares it to parse, and to write again */

static void
query_ended(void *argument, ares_status_t status, size_t timeouts,
            const ares_dns_record_t *record)
{
    (void)timeouts;
    (void)record;
    note_end(argument, (int)status);
}

static mx_status
make_slip(mx_lane *lane)
{
    ares_status_t status = ares_dns_record_create(
        &lane->slip, 0, ARES_FLAG_RD, ARES_OPCODE_QUERY, ARES_RCODE_NOERROR);
    if (status == ARES_SUCCESS) {
        status =
            ares_dns_record_query_add(lane->slip, "", ARES_REC_TYPE_MX, ARES_CLASS_IN);
    }
    return status == ARES_SUCCESS ? MX_OK : status == ARES_ENOMEM ? MX_NOMEM : MX_SYS;
}

static void
send_slip(mx_lane *lane, mx_lane_query *query)
{
    char name[MX_SLIP_TEXT_SIZE];
    const uint8_t *end = query->slip + query->slip_length;
    int type = end[-4] << 8 | end[-3];
    mx_slip_name(query->slip, query->slip_length, name);
    ares_status_t status = ares_dns_record_query_set_name(lane->slip, 0, name);
    if (status == ARES_SUCCESS) {
        status =
            ares_dns_record_query_set_type(lane->slip, 0, (ares_dns_rec_type_t)type);
    }
    if (status == ARES_SUCCESS) {
        (void)ares_send_dnsrec(lane->channel, lane->slip, query_ended, query, NULL);
    }
    else {
        note_end(query, (int)status);
    }
}

static void
discard_slip(mx_lane *lane)
{
    ares_dns_record_destroy(lane->slip);
}

#else

static void
query_ended(void *argument, int status, int timeouts, unsigned char *bytes, int length)
{
    (void)timeouts;
    (void)bytes;
    (void)length;
    note_end(argument, status);
}

static mx_status
make_slip(mx_lane *lane)
{
    (void)lane;
    return MX_OK;
}

static void
send_slip(mx_lane *lane, mx_lane_query *query)
{
    ares_send(lane->channel, query->slip, (int)query->slip_length, query_ended, query);
}

static void
discard_slip(mx_lane *lane)
{
    (void)lane;
}

#endif

void
mx_lane_submit(mx_lane *lane)
{
    assert(!lane->is_inside);
    lane->is_inside = true;
    send_slip(lane, lane->writing);
    lane->is_inside = false;
}

static void
process(mx_lane *lane, ares_socket_t readable, ares_socket_t writable)
{
    assert(!lane->is_inside);
    lane->is_inside = true;
    ares_process_fd(lane->channel, readable, writable);
    lane->is_inside = false;
}

void
mx_lane_read(mx_lane *lane, int descriptor)
{
    process(lane, descriptor, ARES_SOCKET_BAD);
}

void
mx_lane_write(mx_lane *lane, int descriptor)
{
    process(lane, ARES_SOCKET_BAD, descriptor);
}

void
mx_lane_look_at_clock(mx_lane *lane)
{
    process(lane, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}

/* ---- what c-ares calls ---- */

static ares_socket_t
open_socket(int family, int type, int protocol, void *lane)
{
    (void)family; /* of an address that only c-ares believes in */
    (void)protocol;
    return mx_guard_open(lane, type == SOCK_STREAM);
}

static int
close_socket(ares_socket_t descriptor, void *lane)
{
    mx_guard_close(lane, descriptor);
    return 0;
}

static ares_ssize_t
read_slip(ares_socket_t descriptor, void *bytes, size_t size, int flags,
          struct sockaddr *address, ares_socklen_t *length, void *lane)
{
    /* c-ares compares it with the one that it takes for the server's. */
    struct sockaddr_in server = {.sin_family = AF_INET,
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    (void)flags;
    if (address != NULL && length != NULL && *length >= sizeof(server)) {
        memcpy(address, &server, sizeof(server));
        *length = sizeof(server);
    }
    return mx_guard_read(lane, descriptor, bytes, size);
}

#if ARES_VERSION >= 0x012200 /* 1.34.0 */

static int
set_option(ares_socket_t descriptor, ares_socket_opt_t option, const void *value,
           ares_socklen_t size, void *lane)
{
    (void)descriptor;
    (void)option;
    (void)value;
    (void)size;
    (void)lane;
    errno = ENOSYS; /* no buffers, no device, no fast open of c-ares's */
    return -1;
}

static int
connect_socket(ares_socket_t descriptor, const struct sockaddr *address,
               ares_socklen_t length, unsigned flags, void *lane)
{
    (void)descriptor;
    (void)address;
    (void)length;
    (void)flags;
    (void)lane;
    return 0;
}

static ares_ssize_t
write_slip(ares_socket_t descriptor, const void *bytes, size_t length, int flags,
           const struct sockaddr *address, ares_socklen_t address_length, void *lane)
{
    (void)flags;
    (void)address;
    (void)address_length;
    return mx_guard_write(lane, descriptor, bytes, length) == 0 ? (ares_ssize_t)length
                                                                : -1;
}

static void
install_guard(mx_lane *lane)
{
    const struct ares_socket_functions_ex functions = {
        .version = 1,
        .flags = ARES_SOCKFUNC_FLAG_NONBLOCKING,
        .asocket = open_socket,
        .aclose = close_socket,
        .asetsockopt = set_option,
        .aconnect = connect_socket,
        .arecvfrom = read_slip,
        .asendto = write_slip,
    };
    (void)ares_set_socket_functions_ex(lane->channel, &functions, lane);
}

#else

static int
connect_socket(ares_socket_t descriptor, const struct sockaddr *address,
               ares_socklen_t length, void *lane)
{
    (void)descriptor;
    (void)address;
    (void)length;
    (void)lane;
    return 0;
}

static ares_ssize_t
write_slip(ares_socket_t descriptor, const struct iovec *parts, int count, void *lane)
{
    uint8_t start[MX_GUARD_START];
    size_t length = 0, kept = 0;
    for (int i = 0; i < count; i++) {
        const uint8_t *bytes = parts[i].iov_base;
        for (size_t j = 0; j < parts[i].iov_len && kept < sizeof(start); j++) {
            start[kept++] = bytes[j];
        }
        length += parts[i].iov_len;
    }
    return mx_guard_write(lane, descriptor, start, kept) == 0 ? (ares_ssize_t)length
                                                              : -1;
}

static void
install_guard(mx_lane *lane)
{
    static const struct ares_socket_functions functions = {
        open_socket, close_socket, connect_socket, read_slip, write_slip,
    };
    ares_set_socket_functions(lane->channel, &functions, lane);
}

#endif

/* ---- a channel ---- */

static int
milliseconds(mx_usec time)
{
    mx_usec whole = time / MX_USEC_PER_MSEC;
    return whole < 1 ? 1 : whole > INT_MAX ? INT_MAX : (int)whole;
}

static int
init_with_options(mx_lane *lane)
{
    static char no_file[] = "/dev/null";
    static char no_hosts[] = "b";
    /* In c-ares's place the guard connects to the name server: 1.18 has no place for
     * the interface in its address, and later versions leave out what they doubt. */
    struct in_addr server = {.s_addr = htonl(INADDR_LOOPBACK)};
    struct ares_options options;
    int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_NDOTS |
               ARES_OPT_SERVERS | ARES_OPT_DOMAINS | ARES_OPT_LOOKUPS |
               ARES_OPT_NOROTATE | ARES_OPT_RESOLVCONF;

    memset(&options, 0, sizeof(options));
    options.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES | ARES_FLAG_NOCHECKRESP |
                    ARES_FLAG_IGNTC;
    if (lane->protocol == MX_TCP) {
        options.flags |= ARES_FLAG_USEVC | ARES_FLAG_STAYOPEN;
    }
    options.timeout = milliseconds(lane->shared->query_life + MX_USEC_PER_SEC);
    options.tries = 1;
    options.ndots = 1;
    options.servers = &server;
    options.nservers = 1;
    options.lookups = no_hosts;
    options.resolvconf_path = no_file;
#ifdef ARES_OPT_MAXTIMEOUTMS /* 1.22: without it 5 s */
    mask |= ARES_OPT_MAXTIMEOUTMS;
    options.maxtimeout = options.timeout;
#endif
#ifdef ARES_OPT_QUERY_CACHE /* 1.23; since 1.31 on unless told otherwise */
    mask |= ARES_OPT_QUERY_CACHE;
    options.qcache_max_ttl = 0;
#endif
    return ares_init_options(&lane->channel, &options, mask);
}

mx_status
mx_lane_init_channel(mx_lane *lane)
{
    int failure = init_with_options(lane);
    if (failure != ARES_SUCCESS) {
        return failure == ARES_ENOMEM ? MX_NOMEM : MX_SYS;
    }
    install_guard(lane);
    mx_status status = make_slip(lane);
    if (status != MX_OK) {
        mx_lane_destroy_channel(lane);
    }
    return status;
}

void
mx_lane_destroy_channel(mx_lane *lane)
{
    assert(!lane->is_inside);
    ares_destroy(lane->channel);
    discard_slip(lane);
}
