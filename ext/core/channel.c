/* SPDX-License-Identifier: MIT */
#include "core/channel.h"

#include <sys/select.h> /* ares.h of 1.18 needs it and does not say so */

/* c-ares 1.34 marks ares_send and ares_set_socket_functions as deprecated in favour of
 * calls that 1.18 lacks. They work in every version, so one set of calls serves all. */
#define CARES_NO_DEPRECATED
#include "core/channel_ledger.h"
#include "core/descriptors.h"
#include "core/mem.h"
#include "core/question.h"
#include "core/wire.h"

#include <ares.h>
#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

enum {
    LENGTH_BYTES = 2, /* before each message of a TCP stream */
    ID_SIZE = 2,
    NAME_END = 1,
    TYPE_AND_CLASS = 4,
    SLIP_SIZE = MX_WIRE_HEADER + MX_MAX_NAME + TYPE_AND_CLASS,
    FLAG_QR = 0x80, /* in the first octet after the id */
    FLAG_RD = 0x01,
    /* The rcode of a receipt. Any that c-ares neither acts on (FORMERR, SERVFAIL,
     * NOTIMP, REFUSED, BADCOOKIE) nor takes as a sign of life (NOERROR, NXDOMAIN): from
     * those 1.34 learns the timeout that suits fast answers and fails slow ones (fault
     * c-ares 5). */
    RCODE_NOTAUTH = 9,
    /* 1.18 reads the length in one call and the message in the next. */
    READS_A_RECEIPT = 2
};

struct mx_ledger {
    ares_channel channel;
    int placeholder; /* the socket that c-ares believes to be its TCP connection */
    size_t count;    /* queries that c-ares has */
    bool is_inside;  /* a call into c-ares is going on */
    int failure;     /* ARES_* of the last query that c-ares gave up, else success */
    bool has_id;     /* c-ares has written a query since the last ask */
    uint8_t id[ID_SIZE];
    uint8_t receipt[LENGTH_BYTES + SLIP_SIZE];
    size_t receipt_start, receipt_end; /* what c-ares has not read of it */
};

/* ---- the process ---- */

static pthread_once_t library_once = PTHREAD_ONCE_INIT;
static mx_status library_status;

static void
init_library(void)
{
    int failure = ares_library_init(ARES_LIB_INIT_ALL);
    library_status = failure == ARES_SUCCESS  ? MX_OK
                     : failure == ARES_ENOMEM ? MX_NOMEM
                                              : MX_SYS;
}

mx_status
mx_channel_library_init(void)
{
    return pthread_once(&library_once, init_library) == 0 ? library_status : MX_SYS;
}

const char *
mx_channel_library_version(void)
{
    return ares_version(NULL);
}

const char *
mx_channel_header_version(void)
{
    return ARES_VERSION_STR;
}

/* ---- the system's name servers ---- */

/* Whether a configuration can be given to c-ares. It takes an unreadable file, a
 * directory even, for an empty one and then says 127.0.0.1; and 1.18 reads, or writes,
 * before its buffer when a line begins with NUL (CVE-2024-25629). No file at all is a
 * valid configuration, resolv.conf(5). */
static bool
is_sound(const char *path)
{
    char piece[4096];
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return errno == ENOENT;
    }
    bool has_nul = false;
    size_t length;
    while (!has_nul && (length = fread(piece, 1, sizeof(piece), file)) > 0) {
        has_nul = memchr(piece, '\0', length) != NULL;
    }
    bool is_good = !has_nul && ferror(file) == 0;
    fclose(file);
    return is_good;
}

#if ARES_VERSION >= 0x011800 /* 1.24.0: the only call that tells the interface */
static mx_status
copy_servers(ares_channel channel, mx_server *out, size_t *count)
{
    char *list = ares_get_servers_csv(channel);
    if (list == NULL) {
        return MX_NOMEM;
    }
    size_t found = 0;
    const char *text = list;
    while (*text != '\0' && found < MX_MAX_SERVERS) {
        size_t length = strcspn(text, ",");
        found += mx_server_from_text(text, length, &out[found]);
        text += length;
        text += *text == ',';
    }
    ares_free_string(list);
    *count = found;
    return found > 0 ? MX_OK : MX_SYS;
}
#else
static mx_status
copy_servers(ares_channel channel, mx_server *out, size_t *count)
{
    struct ares_addr_port_node *list = NULL;
    if (ares_get_servers_ports(channel, &list) != ARES_SUCCESS) {
        return MX_NOMEM;
    }
    size_t found = 0;
    for (const struct ares_addr_port_node *node = list;
         node != NULL && found < MX_MAX_SERVERS; node = node->next) {
        mx_server server = {.port = MX_DNS_PORT};
        if (node->udp_port != 0) {
            server.port = (uint16_t)node->udp_port;
        }
        server.address = node->family == AF_INET
                             ? mx_address_ipv4((const uint8_t *)&node->addr)
                             : mx_address_ipv6((const uint8_t *)&node->addr);
        out[found++] = server;
    }
    ares_free_data(list);
    *count = found;
    return found > 0 ? MX_OK : MX_SYS;
}
#endif

/* `path` is NULL for the system's own configuration. */
static mx_status
read_servers(const char *path, mx_server *out, size_t *count)
{
    ares_channel channel;
    struct ares_options options;
    char *copy = NULL;
    int mask = 0;

    if (!is_sound(path != NULL ? path : "/etc/resolv.conf")) {
        return MX_SYS;
    }
    memset(&options, 0, sizeof(options));
    if (path != NULL) {
        copy = mx_malloc(strlen(path) + 1);
        if (copy == NULL) {
            return MX_NOMEM;
        }
        memcpy(copy, path, strlen(path) + 1);
        options.resolvconf_path = copy;
        mask = ARES_OPT_RESOLVCONF;
    }
    int failure = ares_init_options(&channel, &options, mask);
    mx_free(copy);
    if (failure != ARES_SUCCESS) {
        return failure == ARES_ENOMEM ? MX_NOMEM : MX_SYS;
    }
    mx_status status = copy_servers(channel, out, count);
    ares_destroy(channel);
    return status;
}

mx_status
mx_channel_system_servers(mx_server *out, size_t *count)
{
    return read_servers(NULL, out, count);
}

mx_status
mx_channel_file_servers(const char *path, mx_server *out, size_t *count)
{
    return read_servers(path, out, count);
}

/* ---- the socket of a ledger ---- */

static ares_socket_t
open_placeholder(int family, int type, int protocol, void *argument)
{
    const mx_ledger *ledger = argument;
    (void)family;
    (void)type;
    (void)protocol;
    return ledger->placeholder;
}

static int
close_placeholder(ares_socket_t socket, void *argument)
{
    (void)socket;
    (void)argument;
    return 0; /* the ledger's, and used again */
}

static int
connect_placeholder(ares_socket_t socket, const struct sockaddr *address,
                    ares_socklen_t length, void *argument)
{
    (void)socket;
    (void)address;
    (void)length;
    (void)argument;
    return 0;
}

/* c-ares reads: gives it what is left of the receipt. */
static ares_ssize_t
read_receipt(ares_socket_t socket, void *bytes, size_t size, int flags,
             struct sockaddr *address, ares_socklen_t *address_length, void *argument)
{
    mx_ledger *ledger = argument;
    (void)socket;
    (void)flags;
    (void)address;
    (void)address_length;
    size_t count = ledger->receipt_end - ledger->receipt_start;
    if (count > size) {
        count = size;
    }
    if (count == 0) {
        errno = EAGAIN;
        return -1;
    }
    memcpy(bytes, ledger->receipt + ledger->receipt_start, count);
    ledger->receipt_start += count;
    return (ares_ssize_t)count;
}

/* c-ares writes: takes note of the id, which follows the length of the message. */
static ares_ssize_t
note_id(ares_socket_t socket, const struct iovec *parts, int count, void *argument)
{
    mx_ledger *ledger = argument;
    size_t position = 0;
    (void)socket;
    for (int i = 0; i < count; i++) {
        const uint8_t *bytes = parts[i].iov_base;
        for (size_t j = 0; j < parts[i].iov_len; j++, position++) {
            if (position >= LENGTH_BYTES && position < LENGTH_BYTES + ID_SIZE) {
                ledger->id[position - LENGTH_BYTES] = bytes[j];
            }
        }
    }
    ledger->has_id = position >= LENGTH_BYTES + ID_SIZE;
    return (ares_ssize_t)position;
}

static const struct ares_socket_functions placeholder_functions = {
    open_placeholder, close_placeholder, connect_placeholder, read_receipt, note_id,
};

/* ---- a ledger ---- */

/* The query is off c-ares's list. Nothing else may happen here (fault c-ares 8). */
static void
query_ended(void *argument, int status, int timeouts, unsigned char *bytes, int length)
{
    mx_ledger *ledger = argument;
    (void)timeouts;
    (void)bytes;
    (void)length;
    ledger->count--;
    ledger->failure = status;
}

static int
milliseconds(mx_usec time)
{
    mx_usec whole = time / MX_USEC_PER_MSEC;
    return whole < 1 ? 1 : whole > INT_MAX ? INT_MAX : (int)whole;
}

static int
init_channel(mx_ledger *ledger, mx_usec life)
{
    static char no_file[] = "/dev/null";
    static char no_hosts[] = "b";
    /* Never connected to. Set so that c-ares does not take the system's. */
    struct in_addr server = {.s_addr = htonl(INADDR_LOOPBACK)};
    struct ares_options options;
    int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_NDOTS |
               ARES_OPT_SERVERS | ARES_OPT_DOMAINS | ARES_OPT_LOOKUPS |
               ARES_OPT_NOROTATE | ARES_OPT_RESOLVCONF;

    memset(&options, 0, sizeof(options));
    /* A stream asks for no retransmission, no cookies and no care for truncation, and
     * RES_OPTIONS=use-vc would make it one anyway. */
    options.flags = ARES_FLAG_USEVC | ARES_FLAG_STAYOPEN | ARES_FLAG_NOSEARCH |
                    ARES_FLAG_NOALIASES | ARES_FLAG_NOCHECKRESP | ARES_FLAG_IGNTC;
    options.timeout = milliseconds(life + MX_USEC_PER_SEC);
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
    return ares_init_options(&ledger->channel, &options, mask);
}

mx_status
mx_ledger_new(mx_usec life, mx_ledger **out, int *os_error)
{
    mx_ledger *ledger = mx_calloc(1, sizeof(*ledger));
    if (ledger == NULL) {
        return MX_NOMEM;
    }
    /* A real socket, though a made-up number would do in most versions: 1.33 asks for
     * its local address. */
    *os_error = mx_descriptor_socket(AF_INET, SOCK_STREAM, &ledger->placeholder);
    if (*os_error == EAFNOSUPPORT) { /* a machine with IPv6 alone */
        *os_error = mx_descriptor_socket(AF_INET6, SOCK_STREAM, &ledger->placeholder);
    }
    if (*os_error != 0) {
        mx_free(ledger);
        return MX_SYS;
    }
    int failure = init_channel(ledger, life);
    if (failure != ARES_SUCCESS) {
        mx_descriptor_close(ledger->placeholder);
        mx_free(ledger);
        *os_error = EIO;
        return failure == ARES_ENOMEM ? MX_NOMEM : MX_SYS;
    }
    ares_set_socket_functions(ledger->channel, &placeholder_functions, ledger);
    *out = ledger;
    return MX_OK;
}

void
mx_ledger_free(mx_ledger *ledger)
{
    if (ledger == NULL) {
        return;
    }
    assert(!ledger->is_inside);
    ares_destroy(ledger->channel);
    assert(ledger->count == 0);
    mx_descriptor_close(ledger->placeholder);
    mx_free(ledger);
}

size_t
mx_ledger_count(const mx_ledger *ledger)
{
    return ledger->count;
}

static bool
is_host_byte(uint8_t byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') ||
           byte == '-' || byte == '_';
}

/* The part of a message by mx_question_write that c-ares is shown: id and question,
 * with flags and rcode of our own and no records, which it would only take apart and
 * put together again. Recent versions refuse names that are not host names; such bytes,
 * which the target of a CNAME may have, become hyphens. Returns its size. */
static size_t
write_slip(const uint8_t *query, size_t length, uint8_t flags, uint8_t rcode,
           uint8_t *out)
{
    const uint8_t header[] = {flags, rcode, 0, 1, 0, 0, 0, 0, 0, 0};
    memcpy(out, query, ID_SIZE);
    memcpy(out + ID_SIZE, header, sizeof(header));
    size_t end = MX_WIRE_HEADER;
    while (end < length && query[end] != 0) {
        size_t next = end + 1 + query[end];
        assert(next < length && next < SLIP_SIZE);
        out[end] = query[end];
        while (++end < next) {
            out[end] = is_host_byte(query[end]) ? query[end] : '-';
        }
    }
    assert(end + NAME_END + TYPE_AND_CLASS <= length);
    memcpy(out + end, query + end, NAME_END + TYPE_AND_CLASS);
    return end + NAME_END + TYPE_AND_CLASS;
}

int
mx_ledger_enter(mx_ledger *ledger, uint8_t *query, size_t length)
{
    assert(!ledger->is_inside);
    if (ledger->count >= MX_LEDGER_SIZE) {
        return EAGAIN;
    }
    uint8_t slip[SLIP_SIZE];
    size_t size = write_slip(query, length, FLAG_RD, 0, slip);

    ledger->is_inside = true;
    ledger->has_id = false;
    ledger->failure = ARES_SUCCESS;
    ledger->count++;
    ares_send(ledger->channel, slip, (int)size, query_ended, ledger);
    if (!ledger->has_id && ledger->failure == ARES_SUCCESS) {
        /* c-ares writes to a stream when told that it can. */
        ares_process_fd(ledger->channel, ARES_SOCKET_BAD, ledger->placeholder);
    }
    ledger->is_inside = false;
    if (ledger->has_id) {
        memcpy(query, ledger->id, ID_SIZE);
        return 0;
    }
    return ledger->failure == ARES_ENOMEM ? ENOMEM : EIO;
}

void
mx_ledger_settle(mx_ledger *ledger, const uint8_t *query, size_t length)
{
    assert(!ledger->is_inside);
    size_t size = write_slip(query, length, FLAG_QR | FLAG_RD, RCODE_NOTAUTH,
                             ledger->receipt + LENGTH_BYTES);
    ledger->receipt[0] = (uint8_t)(size >> 8);
    ledger->receipt[1] = (uint8_t)size;
    ledger->receipt_start = 0;
    ledger->receipt_end = LENGTH_BYTES + size;

    ledger->is_inside = true;
    for (int i = 0; i < READS_A_RECEIPT && ledger->receipt_start < ledger->receipt_end;
         i++) {
        ares_process_fd(ledger->channel, ledger->placeholder, ARES_SOCKET_BAD);
    }
    ledger->is_inside = false;
    ledger->receipt_start = ledger->receipt_end = 0;
}
