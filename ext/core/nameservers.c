/* SPDX-License-Identifier: MIT */
#include "core/nameservers.h"

#include "core/channel.h"
#include "core/hash.h"

#include <string.h>
#include <sys/stat.h>

void
mx_nameservers_init(mx_nameservers *nameservers, const mx_server *list, size_t count)
{
    memset(nameservers, 0, sizeof(*nameservers));
    nameservers->is_system = count == 0;
    if (count > 0) {
        mx_servers_set(&nameservers->servers, list, count);
    }
}

/* Changes when the file is written, replaced or removed; 0 when it is not there. */
static uint64_t
stamp_configuration(void)
{
    static const mx_hash_key key = {0};
    struct stat file;
    uint64_t facts[5];

    if (stat("/etc/resolv.conf", &file) != 0) {
        return 0;
    }
    facts[0] = (uint64_t)file.st_ino;
    facts[1] = (uint64_t)file.st_size;
    facts[2] = (uint64_t)file.st_mtime;
    facts[3] = (uint64_t)file.st_ctime;
    facts[4] = (uint64_t)file.st_dev;
    return mx_hash(&key, facts, sizeof(facts)) | 1;
}

bool
mx_nameservers_refresh(mx_nameservers *nameservers, mx_usec now)
{
    mx_server list[MX_MAX_SERVERS];
    size_t count = 0;
    uint64_t stamp;

    if (!nameservers->is_system || (now < nameservers->next_check)) {
        return nameservers->servers.count > 0;
    }
    nameservers->next_check = now + MX_NAMESERVERS_CHECK;
    stamp = stamp_configuration();
    if (nameservers->servers.count > 0 && stamp == nameservers->stamp) {
        return true;
    }
    if (mx_channel_system_servers(list, &count) == MX_OK && count > 0) {
        mx_servers_set(&nameservers->servers, list, count);
        nameservers->stamp = stamp;
    }
    return nameservers->servers.count > 0;
}
