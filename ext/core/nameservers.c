/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* st_mtim */
#include "core/nameservers.h"

#include "core/channel.h"
#include "core/hash.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define SYSTEM_PATH "/etc/resolv.conf"

#ifdef __APPLE__
#    define st_mtim st_mtimespec
#    define st_ctim st_ctimespec
#endif

void
mx_nameservers_init(mx_nameservers *nameservers, const mx_server *list, size_t count)
{
    *nameservers = (mx_nameservers){.path = NULL};
    mx_servers_set(&nameservers->servers, list, count);
}

void
mx_nameservers_init_file(mx_nameservers *nameservers, const char *path)
{
    *nameservers = (mx_nameservers){.path = path == NULL ? SYSTEM_PATH : path};
}

/* Changes when the file is written, replaced or removed; 0 when it is not there. */
static uint64_t
stamp_file(const char *path)
{
    static const mx_hash_key key = {0};
    struct stat file;

    if (stat(path, &file) != 0) {
        return 0;
    }
    uint64_t facts[] = {
        (uint64_t)file.st_dev,          (uint64_t)file.st_ino,
        (uint64_t)file.st_size,         (uint64_t)file.st_mtim.tv_sec,
        (uint64_t)file.st_mtim.tv_nsec, (uint64_t)file.st_ctim.tv_sec,
        (uint64_t)file.st_ctim.tv_nsec,
    };
    return mx_hash(&key, facts, sizeof(facts)) | 1;
}

static bool
is_nameserver_line(const char *line)
{
    static const char blanks[] = " \t";
    const char *word = line + strlen("nameserver");
    mx_server server;

    if (strncmp(line, "nameserver", strlen("nameserver")) != 0) {
        return false;
    }
    word += strspn(word, blanks);
    return mx_server_from_text(word, strcspn(word, " \t\r\n"), &server);
}

/* Without a server the system's default is this very machine (resolv.conf(5)). That is
 * right for a start, but not for a file that is just being written. */
static bool
names_server(const char *path)
{
    char line[256];
    bool has_one = false;
    FILE *file = fopen(path, "re");

    if (file == NULL) {
        return false;
    }
    while (!has_one && fgets(line, sizeof(line), file) != NULL) {
        has_one = is_nameserver_line(line);
    }
    fclose(file);
    return has_one;
}

static mx_status
read_file(const mx_nameservers *nameservers, mx_server *list, size_t *count)
{
    return strcmp(nameservers->path, SYSTEM_PATH) == 0
               ? mx_channel_system_servers(list, count)
               : mx_channel_file_servers(nameservers->path, list, count);
}

bool
mx_nameservers_refresh(mx_nameservers *nameservers, mx_usec now)
{
    bool has_good = nameservers->servers.count > 0;
    mx_server list[MX_MAX_SERVERS];
    size_t count = 0;
    uint64_t stamp;

    if (nameservers->path == NULL || now < nameservers->next_check) {
        return has_good;
    }
    nameservers->next_check = now + MX_NAMESERVERS_CHECK;
    stamp = stamp_file(nameservers->path);
    if (has_good && (stamp == nameservers->stamp || !names_server(nameservers->path))) {
        return true;
    }
    if (read_file(nameservers, list, &count) == MX_OK && count > 0) {
        mx_servers_set(&nameservers->servers, list, count);
        nameservers->version++;
        nameservers->stamp = stamp;
    }
    return nameservers->servers.count > 0;
}
