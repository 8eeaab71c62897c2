/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L /* mkdtemp */
#include "config_folder.h"

#include "core/channel.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

char config_folder[] = "/tmp/mx-config-XXXXXX";
char config_path[CONFIG_PATH_SIZE], config_other[CONFIG_PATH_SIZE];

int
make_config_folder(void **state)
{
    (void)state;
    if (mkdtemp(config_folder) == NULL || mx_channel_library_init() != MX_OK) {
        return -1;
    }
    snprintf(config_path, sizeof(config_path), "%s/resolv.conf", config_folder);
    snprintf(config_other, sizeof(config_other), "%s/new", config_folder);
    return 0;
}

int
remove_config_folder(void **state)
{
    (void)state;
    return rmdir(config_folder);
}
