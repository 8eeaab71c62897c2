/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L /* setenv */
#include "config_folder.h"
#include "core/channel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void
write_file(const void *bytes, size_t length)
{
    FILE *file = fopen(config_path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

/* The name servers of a configuration, blank-separated. */
static const char *
servers_of_bytes(const char *bytes, size_t length)
{
    static char out[(MX_MAX_SERVERS + 1) * MX_SERVER_TEXT_SIZE];
    mx_server servers[MX_MAX_SERVERS];
    size_t count = 0, end = 0;
    write_file(bytes, length);
    assert_int_equal(mx_channel_file_servers(config_path, servers, &count), MX_OK);
    assert_in_range(count, 1, MX_MAX_SERVERS);
    for (size_t i = 0; i < count; i++) {
        if (i > 0) {
            out[end++] = ' ';
        }
        end += mx_server_to_text(&servers[i], out + end);
    }
    assert_int_equal(unlink(config_path), 0);
    return out;
}

static const char *
servers_of(const char *text)
{
    return servers_of_bytes(text, strlen(text));
}

static void
test_name_servers_in_order(void **state)
{
    (void)state;
    assert_string_equal(servers_of("nameserver 192.0.2.1\n"), "192.0.2.1:53");
    assert_string_equal(servers_of("# the usual\n"
                                   "search evil.example\n"
                                   "nameserver 192.0.2.3\n"
                                   "options rotate attempts:9 timeout:1 use-vc\n"
                                   "nameserver 2001:db8::1\n"
                                   "nameserver 192.0.2.1"),
                        "192.0.2.3:53 [2001:db8::1]:53 192.0.2.1:53");
}

static void
test_at_most_eight(void **state)
{
    (void)state;
    char text[100 * 32];
    int end = 0;
    for (int i = 1; i <= 100; i++) {
        end += snprintf(text + end, sizeof(text) - (size_t)end,
                        "nameserver 192.0.2.%d\n", i);
    }
    assert_string_equal(servers_of(text),
                        "192.0.2.1:53 192.0.2.2:53 192.0.2.3:53 192.0.2.4:53 "
                        "192.0.2.5:53 192.0.2.6:53 192.0.2.7:53 192.0.2.8:53");
}

/* resolv.conf(5): without a name server it is the one on this machine. */
static void
test_none_means_this_machine(void **state)
{
    (void)state;
    mx_server servers[MX_MAX_SERVERS];
    size_t count;
    assert_string_equal(servers_of(""), "127.0.0.1:53");
    assert_string_equal(servers_of("nameserver nonsense\noptions\n"), "127.0.0.1:53");
    /* So does no file. */
    assert_int_equal(mx_channel_file_servers(config_path, servers, &count), MX_OK);
    assert_int_equal(count, 1);
    assert_int_equal(servers[0].address.bytes[0], 127);
}

static void
test_a_megabyte_of_junk(void **state)
{
    (void)state;
    static char junk[1 << 20];
    for (size_t i = 0; i < sizeof(junk); i++) {
        junk[i] = "nameserver \n\t#;%:\xff"[i * 7919 % 18];
    }
    assert_string_equal(servers_of_bytes(junk, sizeof(junk)), "127.0.0.1:53");
}

static void
test_the_environment_adds_nothing(void **state)
{
    (void)state;
    setenv("RES_OPTIONS", "use-vc rotate", 1);
    setenv("LOCALDOMAIN", "evil.example", 1);
    assert_string_equal(servers_of("nameserver 192.0.2.1\nnameserver 192.0.2.2\n"),
                        "192.0.2.1:53 192.0.2.2:53");
    unsetenv("RES_OPTIONS");
    unsetenv("LOCALDOMAIN");
}

static void
test_what_cannot_be_read(void **state)
{
    (void)state;
    mx_server servers[MX_MAX_SERVERS];
    size_t count = 77;
    assert_int_equal(mx_channel_file_servers(config_folder, servers, &count), MX_SYS);
    assert_int_equal(count, 77);
    write_file("nameserver 192.0.2.1\n\0\nnameserver 192.0.2.2\n", 45);
    assert_int_equal(mx_channel_file_servers(config_path, servers, &count), MX_SYS);
    assert_int_equal(count, 77);
    assert_int_equal(unlink(config_path), 0);
    assert_int_equal(symlink("resolv.conf", config_path), 0); /* to itself */
    assert_int_equal(mx_channel_file_servers(config_path, servers, &count), MX_SYS);
    assert_int_equal(unlink(config_path), 0);
}

static void
test_the_system_has_name_servers(void **state)
{
    (void)state;
    mx_server servers[MX_MAX_SERVERS], again[MX_MAX_SERVERS];
    size_t count = 0, other = 0;
    assert_int_equal(mx_channel_system_servers(servers, &count), MX_OK);
    assert_in_range(count, 1, MX_MAX_SERVERS);
    assert_int_equal(mx_channel_file_servers("/etc/resolv.conf", again, &other), MX_OK);
    assert_int_equal(other, count);
    for (size_t i = 0; i < count; i++) {
        assert_true(mx_server_equal(&servers[i], &again[i]));
    }
}

static void
test_versions(void **state)
{
    (void)state;
    unsigned major, minor;
    assert_int_equal(sscanf(mx_channel_library_version(), "%u.%u", &major, &minor), 2);
    assert_int_equal(major, 1);
    assert_in_range(minor, 18, 999);
    assert_int_equal(sscanf(mx_channel_header_version(), "%u.%u", &major, &minor), 2);
    assert_int_equal(major, 1);
    assert_in_range(minor, 18, 999);
    assert_int_equal(mx_channel_library_init(), MX_OK); /* again */
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_name_servers_in_order),
        cmocka_unit_test(test_at_most_eight),
        cmocka_unit_test(test_none_means_this_machine),
        cmocka_unit_test(test_a_megabyte_of_junk),
        cmocka_unit_test(test_the_environment_adds_nothing),
        cmocka_unit_test(test_what_cannot_be_read),
        cmocka_unit_test(test_the_system_has_name_servers),
        cmocka_unit_test(test_versions),
    };
    return cmocka_run_group_tests(tests, make_config_folder, remove_config_folder);
}
