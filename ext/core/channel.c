/* SPDX-License-Identifier: MIT */
#include "core/channel.h"

#include "core/mem.h"

#include <sys/select.h> /* ares.h of 1.18 needs it and does not say so */

/* c-ares 1.34 marks calls as deprecated in favour of ones that 1.18 lacks. */
#define CARES_NO_DEPRECATED
#include <ares.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

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
