/* SPDX-License-Identifier: MIT */
/* config_folder.h - a folder of its own for a program that tests configurations of the
 * system: setup and teardown of its group.
 */
#ifndef TEST_CONFIG_FOLDER_H
#define TEST_CONFIG_FOLDER_H

enum { CONFIG_PATH_SIZE = 64 };

extern char config_folder[];
extern char config_path[CONFIG_PATH_SIZE];  /* stands for /etc/resolv.conf */
extern char config_other[CONFIG_PATH_SIZE]; /* beside it */

/* Also makes c-ares ready to read them. */
int make_config_folder(void **state);
int remove_config_folder(void **state); /* which is empty again */

#endif
