/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* getifaddrs's type, RLIMIT_NOFILE */
#include "core/interfaces.h"
#include "core/mem.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

enum { MAX_INTERFACES = 8 };

/* What getifaddrs() gives, made up. */
static struct ifaddrs list[MAX_INTERFACES];
static struct sockaddr_storage sockets[MAX_INTERFACES];
static size_t listed;

static int
clear_list(void **state)
{
    (void)state;
    memset(list, 0, sizeof(list));
    memset(sockets, 0, sizeof(sockets));
    listed = 0;
    return 0;
}

static void
add(int family, const void *address, size_t length)
{
    list[listed].ifa_addr = (struct sockaddr *)&sockets[listed];
    memcpy(&sockets[listed], address, length);
    sockets[listed].ss_family = (sa_family_t)family;
    if (listed > 0) {
        list[listed - 1].ifa_next = &list[listed];
    }
    listed++;
}

static void
add_ipv4(const char *text)
{
    struct sockaddr_in address = {.sin_port = 25};
    assert_int_equal(inet_pton(AF_INET, text, &address.sin_addr), 1);
    add(AF_INET, &address, sizeof(address));
}

static void
add_ipv6(const char *text, uint32_t zone)
{
    struct sockaddr_in6 address = {.sin6_scope_id = zone};
    assert_int_equal(inet_pton(AF_INET6, text, &address.sin6_addr), 1);
    add(AF_INET6, &address, sizeof(address));
}

/* The addresses with a blank behind each. */
static const char *
read_list(void)
{
    static char text[MAX_INTERFACES * (MX_ADDRESS_TEXT_SIZE + 1)];
    char *end = text;
    mx_address *addresses;
    size_t count;

    assert_int_equal(mx_interfaces_read(listed > 0 ? list : NULL, &addresses, &count),
                     MX_OK);
    assert_non_null(addresses);
    for (size_t i = 0; i < count; i++) {
        end += mx_address_to_text(&addresses[i], end);
        *end++ = ' ';
    }
    *end = '\0';
    mx_free(addresses);
    return text;
}

static void
test_no_interface_has_no_address(void **state)
{
    (void)state;
    assert_string_equal(read_list(), "");
}

static void
test_addresses_are_sorted_and_without_zones(void **state)
{
    (void)state;
    add_ipv6("fe80::2", 3);
    add_ipv4("192.0.2.10");
    add_ipv6("::1", 0);
    add_ipv4("192.0.2.9");
    add_ipv4("127.0.0.1");
    assert_string_equal(read_list(), "127.0.0.1 192.0.2.9 192.0.2.10 ::1 fe80::2 ");
}

static void
test_each_address_is_there_once(void **state)
{
    (void)state;
    add_ipv6("fe80::1", 2);
    add_ipv4("192.0.2.9");
    add_ipv6("fe80::1", 3);
    add_ipv4("192.0.2.9");
    add_ipv6("fe80::1", 4);
    assert_string_equal(read_list(), "192.0.2.9 fe80::1 ");
}

static void
test_an_interface_without_an_ip_address_is_passed_over(void **state)
{
    (void)state;
    uint8_t link[20] = {0};
    add_ipv4("192.0.2.9");
    add(AF_UNIX, link, sizeof(link));
    add_ipv4("192.0.2.10");
    list[2].ifa_addr = NULL; /* a point-to-point one that is down, getifaddrs(3) */
    add_ipv4("192.0.2.11");
    assert_string_equal(read_list(), "192.0.2.9 192.0.2.11 ");
}

static void
test_this_machine_has_an_address(void **state)
{
    (void)state;
    mx_address *addresses;
    size_t count;

    assert_int_equal(mx_interfaces_list(&addresses, &count), MX_OK);
    assert_in_range(count, 1, 65535);
    mx_free(addresses);
}

static void
test_out_of_memory(void **state)
{
    (void)state;
    mx_address *addresses;
    size_t count;

    mx_mem_fail(1, 0);
    assert_int_equal(mx_interfaces_list(&addresses, &count), MX_NOMEM);
    mx_mem_fail(0, 0);
}

static void
test_no_descriptor_left(void **state)
{
    (void)state;
    struct rlimit old, none;
    mx_address *addresses;
    size_t count;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
    none = old;
    none.rlim_cur = 0;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    mx_status status = mx_interfaces_list(&addresses, &count);
    int os_error = errno;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
    assert_int_equal(status, MX_SYS);
    assert_int_equal(os_error, EMFILE);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_no_interface_has_no_address, clear_list),
        cmocka_unit_test_setup(test_addresses_are_sorted_and_without_zones, clear_list),
        cmocka_unit_test_setup(test_each_address_is_there_once, clear_list),
        cmocka_unit_test_setup(test_an_interface_without_an_ip_address_is_passed_over,
                               clear_list),
        cmocka_unit_test(test_this_machine_has_an_address),
        cmocka_unit_test(test_out_of_memory),
        cmocka_unit_test(test_no_descriptor_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
