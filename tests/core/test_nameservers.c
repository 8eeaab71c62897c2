/* SPDX-License-Identifier: MIT */
/* The system's name servers, from a file of our own in its place (fault N29). */
#define _GNU_SOURCE /* utimensat */
#include "config_folder.h"
#include "core/channel.h"
#include "core/nameservers.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static mx_nameservers nameservers;
static mx_usec now;

static void
write_to(const char *file_path, const char *text)
{
    FILE *file = fopen(file_path, "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void
start(const char *text)
{
    now = 1000 * MX_USEC_PER_SEC;
    write_to(config_path, text);
    mx_nameservers_init_file(&nameservers, config_path);
}

static int
remove_file(void **state)
{
    (void)state;
    (void)rmdir(config_path);
    (void)unlink(config_path);
    return 0;
}

/* The servers in use, blank-separated, without the port; "" when there is none. */
static const char *
servers(void)
{
    static char text[MX_MAX_SERVERS * MX_SERVER_TEXT_SIZE];
    size_t length = 0;
    bool has_any = mx_nameservers_refresh(&nameservers, now);

    assert_int_equal(has_any, nameservers.servers.count > 0);
    text[0] = '\0';
    for (size_t i = 0; i < nameservers.servers.count; i++) {
        char one[MX_SERVER_TEXT_SIZE];
        (void)mx_server_to_text(&nameservers.servers.list[i].server, one);
        length += (size_t)snprintf(text + length, sizeof(text) - length, "%s%s",
                                   i > 0 ? " " : "", one);
    }
    return text;
}

/* After the time between two checks. */
static const char *
servers_later(void)
{
    now += MX_NAMESERVERS_CHECK;
    return servers();
}

static void
callers_servers_stay(void **state)
{
    mx_server server;

    (void)state;
    assert_true(mx_server_from_text("192.0.2.1", 9, &server));
    mx_nameservers_init(&nameservers, &server, 1);
    now = 0;
    assert_string_equal(servers(), "192.0.2.1:53");
    assert_string_equal(servers_later(), "192.0.2.1:53");
    assert_int_equal(nameservers.version, 0);
}

static void
system_is_read_when_no_path_is_given(void **state)
{
    (void)state;
    mx_nameservers_init_file(&nameservers, NULL);
    assert_string_equal(nameservers.path, "/etc/resolv.conf");
}

static void
change_is_seen_at_the_next_check(void **state)
{
    (void)state;
    start("nameserver 192.0.2.1\n");
    assert_string_equal(servers(), "192.0.2.1:53");
    write_to(config_path, "nameserver 192.0.2.2\nnameserver 192.0.2.3\n");
    now += MX_NAMESERVERS_CHECK - 1;
    assert_string_equal(servers(), "192.0.2.1:53");
    now += 1;
    assert_string_equal(servers(), "192.0.2.2:53 192.0.2.3:53");
}

static void
version_tells_of_every_new_list(void **state)
{
    uint64_t version;

    (void)state;
    start("nameserver 192.0.2.1\n");
    (void)servers();
    version = nameservers.version;
    (void)servers_later();
    assert_int_equal(nameservers.version, version);
    write_to(config_path, "nameserver 192.0.2.20\n");
    (void)servers_later();
    assert_int_not_equal(nameservers.version, version);
}

static void
atomic_replacement_is_seen(void **state)
{
    (void)state;
    start("nameserver 192.0.2.1\n");
    (void)servers();
    write_to(config_other, "nameserver 192.0.2.2\n");
    assert_int_equal(rename(config_other, config_path), 0);
    assert_string_equal(servers_later(), "192.0.2.2:53");
}

/* As long as the old one, within the same second. */
static void
rewriting_in_place_is_seen(void **state)
{
    const struct timespec first[2] = {{.tv_sec = 1000, .tv_nsec = 1},
                                      {.tv_sec = 1000, .tv_nsec = 1}};
    const struct timespec second[2] = {{.tv_sec = 1000, .tv_nsec = 2},
                                       {.tv_sec = 1000, .tv_nsec = 2}};

    (void)state;
    start("nameserver 192.0.2.1\n");
    assert_int_equal(utimensat(AT_FDCWD, config_path, first, 0), 0);
    assert_string_equal(servers(), "192.0.2.1:53");
    write_to(config_path, "nameserver 192.0.2.2\n");
    assert_int_equal(utimensat(AT_FDCWD, config_path, second, 0), 0);
    assert_string_equal(servers_later(), "192.0.2.2:53");
}

static void
good_set_outlives_bad_files(void **state)
{
    static const char *const junk[] = {"",
                                       "# being written\n",
                                       "search example.test\n",
                                       "nameserver\n",
                                       "nameserver junk\n",
                                       "nameservers 192.0.2.2\n",
                                       "options nameserver 192.0.2.2\n"};

    (void)state;
    start("nameserver 192.0.2.1\n");
    assert_string_equal(servers(), "192.0.2.1:53");
    for (size_t i = 0; i < sizeof(junk) / sizeof(junk[0]); i++) {
        write_to(config_path, junk[i]);
        assert_string_equal(servers_later(), "192.0.2.1:53");
    }
    assert_int_equal(unlink(config_path), 0);
    assert_string_equal(servers_later(), "192.0.2.1:53");
    assert_int_equal(mkdir(config_path, 0700), 0);
    assert_string_equal(servers_later(), "192.0.2.1:53");
    assert_int_equal(rmdir(config_path), 0);
    write_to(config_path, "nameserver 192.0.2.9\n");
    assert_string_equal(servers_later(), "192.0.2.9:53");
}

static void
file_with_this_machine_is_taken(void **state)
{
    (void)state;
    start("nameserver 192.0.2.1\n");
    (void)servers();
    write_to(config_path, "options edns0\nnameserver\t127.0.0.1\n");
    assert_string_equal(servers_later(), "127.0.0.1:53");
}

/* resolv.conf(5): without a server it is the one of this machine. */
static void
default_is_this_machine(void **state)
{
    (void)state;
    start("search example.test\n");
    assert_string_equal(servers(), "127.0.0.1:53");
    write_to(config_path, "nameserver 192.0.2.1\n");
    assert_string_equal(servers_later(), "192.0.2.1:53");
}

static void
unreadable_file_leaves_none_until_it_can_be_read(void **state)
{
    (void)state;
    start("");
    assert_int_equal(unlink(config_path), 0);
    assert_int_equal(mkdir(config_path, 0700), 0);
    assert_string_equal(servers(), "");
    assert_string_equal(servers_later(), "");
    assert_int_equal(rmdir(config_path), 0);
    write_to(config_path, "nameserver 192.0.2.1\n");
    assert_string_equal(servers(), ""); /* not looked at on every lookup */
    assert_string_equal(servers_later(), "192.0.2.1:53");
}

static void
server_that_stays_keeps_its_health(void **state)
{
    (void)state;
    start("nameserver 192.0.2.1\nnameserver 192.0.2.2\n");
    (void)servers();
    mx_servers_failed(&nameservers.servers, &nameservers.servers.list[0].server, true,
                      now);
    write_to(config_path, "nameserver 192.0.2.3\nnameserver 192.0.2.1\n");
    assert_string_equal(servers_later(), "192.0.2.3:53 192.0.2.1:53");
    assert_int_equal(nameservers.servers.list[0].down_until, 0);
    assert_int_not_equal(nameservers.servers.list[1].down_until, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(callers_servers_stay),
        cmocka_unit_test(system_is_read_when_no_path_is_given),
        cmocka_unit_test_teardown(change_is_seen_at_the_next_check, remove_file),
        cmocka_unit_test_teardown(version_tells_of_every_new_list, remove_file),
        cmocka_unit_test_teardown(atomic_replacement_is_seen, remove_file),
        cmocka_unit_test_teardown(rewriting_in_place_is_seen, remove_file),
        cmocka_unit_test_teardown(good_set_outlives_bad_files, remove_file),
        cmocka_unit_test_teardown(file_with_this_machine_is_taken, remove_file),
        cmocka_unit_test_teardown(default_is_this_machine, remove_file),
        cmocka_unit_test_teardown(unreadable_file_leaves_none_until_it_can_be_read,
                                  remove_file),
        cmocka_unit_test_teardown(server_that_stays_keeps_its_health, remove_file),
    };

    return cmocka_run_group_tests(tests, make_config_folder, remove_config_folder);
}
