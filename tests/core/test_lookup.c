/* SPDX-License-Identifier: MIT */
/* The rules of the answer (SEMANTICS sections 1 to 5), a row each. */
#include "script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { LINES = 12 };

typedef struct scenario {
    const char *destination, *expected;
    script_line zone[LINES];
    void (*change)(mx_lookup_rules *rules);
} scenario;

static void
in_order(mx_lookup_rules *rules)
{
    rules->shuffle = MX_SHUFFLE_NONE;
}

static void
no_implicit(mx_lookup_rules *rules)
{
    rules->implicit = false;
}

static void
reject_mixed(mx_lookup_rules *rules)
{
    rules->null_mx_mixed = MX_REJECT;
}

static void
reject_cname(mx_lookup_rules *rules)
{
    rules->cname_exchange = MX_REJECT;
}

static void
reject_ip(mx_lookup_rules *rules)
{
    rules->ip_exchange = MX_REJECT;
}

static void
only_ipv6(mx_lookup_rules *rules)
{
    rules->families = MX_FAMILIES_IPV6;
}

static void
public_only(mx_lookup_rules *rules)
{
    rules->addresses = MX_ADDRESSES_PUBLIC;
}

static void
any_address(mx_lookup_rules *rules)
{
    rules->addresses = MX_ADDRESSES_ANY;
}

static void
only_ipv4(mx_lookup_rules *rules)
{
    rules->families = MX_FAMILIES_IPV4;
}

static void
ipv4_first(mx_lookup_rules *rules)
{
    rules->families = MX_FAMILIES_IPV4_FIRST;
}

static void
ipv6_first(mx_lookup_rules *rules)
{
    rules->families = MX_FAMILIES_IPV6_FIRST;
}

static void
interleave(mx_lookup_rules *rules)
{
    rules->families = MX_FAMILIES_INTERLEAVE;
}

static void
one_exchange(mx_lookup_rules *rules)
{
    rules->max_exchanges = 1;
}

static void
strict_names(mx_lookup_rules *rules)
{
    rules->destination.strict_names = true;
}

static void
two_of_each(mx_lookup_rules *rules)
{
    rules->shuffle = MX_SHUFFLE_NONE;
    rules->max_exchanges = rules->max_addresses = 2;
}

#define MX_A                                                                           \
    {                                                                                  \
        "mx.a.test", "A", "192.0.2.1"                                                  \
    }
#define MX_A6                                                                          \
    {                                                                                  \
        "mx.a.test", "AAAA", "NODATA"                                                  \
    }
#define END                                                                            \
    {                                                                                  \
        NULL, NULL, NULL                                                               \
    }

static const scenario scenarios[] = {
    /* -- section 1: what needs no question -- */
    {"", "invalid/empty", {END}, NULL},
    {".", "invalid/root", {END}, NULL},
    {"a..test", "invalid/empty_label", {END}, NULL},
    {"[192.0.2.1]", "ok; 0 [192.0.2.1] 192.0.2.1", {END}, NULL},
    {"[IPv6:2001:db8::1]", "ok; 0 [IPv6:2001:db8::1] 2001:db8::1", {END}, NULL},
    {"[127.0.0.1]",
     "refused/loopback_address; -[127.0.0.1] 127.0.0.1 loopback_address",
     {END},
     NULL},
    {"[127.0.0.1]", "ok; 0 [127.0.0.1] 127.0.0.1", {END}, any_address},
    {"x.onion", "no_domain/special_use", {END}, NULL},
    {"x.invalid", "no_domain/special_use", {END}, NULL},
    {"localhost", "refused/special_use", {END}, NULL},

    /* -- section 2: the MX question -- */
    {"a.test",
     "ok; 10 mx.a.test 192.0.2.1",
     {{"a.test", "MX", "10 mx.a.test"}, MX_A, MX_A6, END},
     NULL},
    {"A.Test.",
     "ok; 10 mx.a.test 192.0.2.1",
     {{"a.test", "MX", "10 mx.a.test"}, MX_A, MX_A6, END},
     NULL},
    {"_a.test",
     "ok; 10 mx.a.test 192.0.2.1; ?underscore",
     {{"_a.test", "MX", "10 mx.a.test"}, MX_A, MX_A6, END},
     NULL},
    {"a.test",
     "ok; 0 a.test 192.0.2.1; 0 a.test 2001:db8::1; implicit",
     {{"a.test", "MX", "NODATA"},
      {"a.test", "A", "192.0.2.1"},
      {"a.test", "AAAA", "2001:db8::1"},
      END},
     NULL},
    {"a.test",
     "no_mail/no_data; a.test=no_address/no_data; implicit",
     {{"a.test", "MX", "NODATA"},
      {"a.test", "A", "NODATA"},
      {"a.test", "AAAA", "NODATA"},
      END},
     NULL},
    {"a.test", "no_mail/implicit_off", {{"a.test", "MX", "NODATA"}, END}, no_implicit},
    {"a.test", "no_domain/nxdomain", {{"a.test", "MX", "NXDOMAIN"}, END}, NULL},
    {"a.test",
     "server_failure/servfail; incomplete",
     {{"a.test", "MX", "SERVFAIL"}, END},
     NULL},
    {"a.test",
     "server_failure/server_refused; incomplete",
     {{"a.test", "MX", "REFUSED"}, END},
     NULL},
    {"a.test", "timeout/timeout; incomplete", {{"a.test", "MX", "TIMEOUT"}, END}, NULL},
    {"a.test",
     "no_servers/unreachable; incomplete",
     {{"a.test", "MX", "UNREACHABLE"}, END},
     NULL},
    {"a.test",
     "bad_reply/damaged_reply; incomplete",
     {{"a.test", "MX", "DAMAGED"}, END},
     NULL},
    {"a.test",
     "bad_reply/truncated; incomplete",
     {{"a.test", "MX", "TRUNCATED"}, END},
     NULL},
    {"a.test", "null_mx/null_mx", {{"a.test", "MX", "0 ."}, END}, NULL},
    {"a.test",
     "null_mx/null_mx; ?null_mx_preference",
     {{"a.test", "MX", "10 ."}, END},
     NULL},
    {"a.test",
     "null_mx/null_mx; ?null_mx_preference",
     {{"a.test", "MX", "0 ., 5 ."}, END},
     NULL},
    {"a.test",
     "ok; 10 mx.a.test 192.0.2.1; -. null_mx_mixed; ?null_mx_mixed",
     {{"a.test", "MX", "0 ., 10 mx.a.test"}, MX_A, MX_A6, END},
     NULL},
    {"a.test",
     "null_mx/null_mx_mixed; -mx.a.test null_mx_mixed; ?null_mx_mixed",
     {{"a.test", "MX", "0 ., 10 mx.a.test"}, END},
     reject_mixed},
    {"a.test",
     "ok; 10 mx.a.test 192.0.2.1; >b.test",
     {{"a.test", "MX", "CNAME b.test, 10 mx.a.test"}, MX_A, MX_A6, END},
     NULL},
    {"a.test",
     "ok; 10 mx.a.test 192.0.2.1; >c.test",
     {{"a.test", "MX", "CNAME b.test, CNAME c.test"},
      {"c.test", "MX", "10 mx.a.test"},
      MX_A,
      MX_A6,
      END},
     NULL},
    {"a.test",
     "ok; 0 b.test 192.0.2.9; >b.test; implicit",
     {{"a.test", "MX", "CNAME b.test"},
      {"b.test", "MX", "NODATA"},
      {"b.test", "A", "192.0.2.9"},
      {"b.test", "AAAA", "NODATA"},
      END},
     NULL},
    {"a.test",
     "no_domain/nxdomain; >b.test",
     {{"a.test", "MX", "CNAME b.test, NXDOMAIN"}, END},
     NULL},
    {"a.test",
     "bad_reply/cname_loop; incomplete",
     {{"a.test", "MX", "CNAME b.test"}, {"b.test", "MX", "CNAME a.test"}, END},
     NULL},
    {"a.test",
     "bad_reply/cname_loop; incomplete",
     {{"a.test", "MX", "LOOP"}, END},
     NULL},

    {"a.test",
     "ok; 10 mx.a.test 192.0.2.1; ?cname_and_other",
     {{"a.test", "MX", "BOTH b.test, 10 mx.a.test"}, MX_A, MX_A6, END},
     NULL},
    {"a.test",
     "server_failure/formerr; incomplete",
     {{"a.test", "MX", "FORMERR"}, END},
     NULL},
    {"a.test",
     "server_failure/notimp; incomplete",
     {{"a.test", "MX", "NOTIMP"}, END},
     NULL},
    {"a.test",
     "server_failure/other_rcode; incomplete",
     {{"a.test", "MX", "BADVERS"}, END},
     NULL},
    {"a.test",
     "bad_reply/unrelated_answer; incomplete",
     {{"a.test", "MX", "OWNER b.test, 10 mx.a.test"}, END},
     NULL},
    {"a.test",
     "server_failure/not_recursive; incomplete",
     {{"a.test", "MX", "REFERRAL"}, END},
     NULL},
    {"a.test",
     "no_domain/nxdomain; >c.test",
     {{"a.test", "MX", "CNAME b.test, CNAME c.test"},
      {"c.test", "MX", "NXDOMAIN"},
      END},
     NULL},
    {"a.test",
     "null_mx/null_mx; >b.test",
     {{"a.test", "MX", "CNAME b.test, 0 ."}, END},
     NULL},
    {"a.test",
     "server_failure/servfail; >b.test; incomplete",
     {{"a.test", "MX", "CNAME b.test"}, {"b.test", "MX", "SERVFAIL"}, END},
     NULL},
    {"a.test",
     "no_mail/implicit_off; >b.test",
     {{"a.test", "MX", "CNAME b.test"}, {"b.test", "MX", "NODATA"}, END},
     no_implicit},
    {"a.test",
     "bad_reply/cname_loop; >b.test; incomplete",
     {{"a.test", "MX", "CNAME b.test"},
      {"b.test", "MX", "CNAME c.test"},
      {"c.test", "MX", "CNAME b.test"},
      END},
     NULL},
    {"a.test",
     "server_failure/servfail; a.test=server_failure/servfail; ?partial; implicit; "
     "incomplete",
     {{"a.test", "MX", "NODATA"},
      {"a.test", "A", "SERVFAIL"},
      {"a.test", "AAAA", "NXDOMAIN"},
      END},
     NULL},
    {"a.test",
     "refused/address_policy; a.test=refused/address_policy; "
     "-a.test 127.0.0.1 loopback_address; implicit",
     {{"a.test", "MX", "NODATA"},
      {"a.test", "A", "127.0.0.1"},
      {"a.test", "AAAA", "NODATA"},
      END},
     NULL},
    {"a.test",
     "ok; 0 a.test 192.0.2.1; a.test>b.test; implicit",
     {{"a.test", "MX", "NODATA"},
      {"a.test", "A", "CNAME b.test, 192.0.2.1"},
      {"a.test", "AAAA", "CNAME b.test, NODATA"},
      END},
     reject_cname},
    {"_a.test", "invalid/underscore", {END}, strict_names},

    /* -- section 3: order -- */
    {"a.test",
     "ok; 10 mx.a.test 192.0.2.1",
     {{"a.test", "MX", "10 mx.a.test, 10 mx.a.test, 10 MX.A.test"}, MX_A, MX_A6, END},
     NULL},
    {"a.test",
     "ok; 10 mx.a.test 192.0.2.1; 10 mx.a.test 2001:db8::1; 10 mx.a.test 192.0.2.2; "
     "10 mx.a.test 2001:db8::2; 10 mx.a.test 192.0.2.3",
     {{"a.test", "MX", "10 mx.a.test"},
      {"mx.a.test", "A", "192.0.2.1, 192.0.2.2, 192.0.2.3"},
      {"mx.a.test", "AAAA", "2001:db8::1, 2001:db8::2"},
      END},
     NULL},
    {"a.test",
     "ok; 10 mx.a.test 2001:db8::1; 10 mx.a.test 192.0.2.1; 10 mx.a.test 192.0.2.2",
     {{"a.test", "MX", "10 mx.a.test"},
      {"mx.a.test", "A", "192.0.2.1, 192.0.2.2"},
      {"mx.a.test", "AAAA", "2001:db8::1"},
      END},
     interleave},
    {"a.test",
     "ok; 10 mx.a.test 192.0.2.1; 10 mx.a.test 192.0.2.2; 10 mx.a.test 2001:db8::1",
     {{"a.test", "MX", "10 mx.a.test"},
      {"mx.a.test", "A", "192.0.2.1, 192.0.2.2"},
      {"mx.a.test", "AAAA", "2001:db8::1"},
      END},
     ipv4_first},
    {"a.test",
     "ok; 10 mx.a.test 2001:db8::1; 10 mx.a.test 192.0.2.1; 10 mx.a.test 192.0.2.2; "
     "20 m2.test 192.0.2.3",
     {{"a.test", "MX", "10 mx.a.test, 20 m2.test"},
      {"mx.a.test", "A", "192.0.2.1, 192.0.2.2"},
      {"mx.a.test", "AAAA", "2001:db8::1"},
      {"m2.test", "A", "192.0.2.3"},
      {"m2.test", "AAAA", "2001:db8::1"},
      END},
     ipv6_first},
    {"a.test",
     "ok; 10 mx.a.test 192.0.2.1",
     {{"a.test", "MX", "10 mx.a.test"}, MX_A, END},
     only_ipv4},
    {"[192.0.2.1]", "refused/family; -[192.0.2.1] 192.0.2.1 family", {END}, only_ipv6},
    {"[IPv6:2001:db8::1]",
     "refused/family; -[IPv6:2001:db8::1] 2001:db8::1 family",
     {END},
     only_ipv4},
    {"a.test",
     "refused/family; 192.0.2.7=refused/family; -192.0.2.7 192.0.2.7 family; "
     "?ip_exchange",
     {{"a.test", "MX", "10 192.0.2.7"}, END},
     only_ipv6},
    {"a.test",
     "ok; 10 192.0.2.7 192.0.2.7; ?ip_exchange",
     {{"a.test", "MX", "10 192.0.2.7"}, END},
     only_ipv4},
    {"a.test",
     "ok; 5 mx.a.test 192.0.2.1; -b.test limit; -mx.a.test duplicate_exchange; ?limit; "
     "?duplicate_exchange",
     {{"a.test", "MX", "5 mx.a.test, 7 b.test, 9 mx.a.test"}, MX_A, MX_A6, END},
     one_exchange},
    {"a.test",
     "ok; 9 mx.a.test 192.0.2.1; -localhost special_use",
     {{"a.test", "MX", "5 localhost, 9 mx.a.test"}, MX_A, MX_A6, END},
     one_exchange},
    {"a.test",
     "ok; 5 mx2.a.test 192.0.2.2; 10 mx.a.test 192.0.2.1",
     {{"a.test", "MX", "10 mx.a.test, 5 mx2.a.test"},
      MX_A,
      MX_A6,
      {"mx2.a.test", "A", "192.0.2.2"},
      {"mx2.a.test", "AAAA", "NODATA"},
      END},
     NULL},
    {"a.test",
     "ok; 0 mx2.a.test 192.0.2.2; 65535 mx.a.test 192.0.2.1",
     {{"a.test", "MX", "65535 mx.a.test, 0 mx2.a.test"},
      MX_A,
      MX_A6,
      {"mx2.a.test", "A", "192.0.2.2"},
      {"mx2.a.test", "AAAA", "NODATA"},
      END},
     NULL},
    {"a.test",
     "ok; 10 mx.a.test 192.0.2.9; 10 mx.a.test 192.0.2.1",
     {{"a.test", "MX", "10 mx.a.test"},
      {"mx.a.test", "A", "192.0.2.9, 192.0.2.1"},
      MX_A6,
      END},
     NULL},
    {"a.test",
     "ok; 5 mx.a.test 192.0.2.1; -mx.a.test duplicate_exchange; "
     "?duplicate_exchange",
     {{"a.test", "MX", "10 MX.a.test, 5 mx.a.test"}, MX_A, MX_A6, END},
     NULL},
    {"a.test",
     "ok; 10 mx.a.test 192.0.2.1; 20 mx2.a.test 192.0.2.2",
     {{"a.test", "MX", "10 mx.a.test, 20 mx2.a.test"},
      MX_A,
      MX_A6,
      {"mx2.a.test", "A", "192.0.2.1, 192.0.2.2"},
      {"mx2.a.test", "AAAA", "NODATA"},
      END},
     NULL},
    {"a.test",
     "refused/family; mx.a.test=refused/family",
     {{"a.test", "MX", "10 mx.a.test"}, {"mx.a.test", "AAAA", "NODATA"}, END},
     only_ipv6},
    {"a.test",
     "refused/family; a.test=refused/family; implicit",
     {{"a.test", "MX", "NODATA"}, {"a.test", "AAAA", "NODATA"}, END},
     only_ipv6},
    {"a.test",
     "no_address/nxdomain; mx.a.test=no_address/nxdomain",
     {{"a.test", "MX", "10 mx.a.test"}, {"mx.a.test", "AAAA", "NXDOMAIN"}, END},
     only_ipv6},
    {"a.test",
     "server_failure/limit; m1.test=no_address/nxdomain; m2.test=no_address/no_data; "
     "-m3.test limit; ?limit; incomplete",
     {{"a.test", "MX", "10 m1.test, 20 m2.test, 30 m3.test"},
      {"m1.test", "A", "NXDOMAIN"},
      {"m1.test", "AAAA", "NXDOMAIN"},
      {"m2.test", "A", "NODATA"},
      {"m2.test", "AAAA", "NODATA"},
      END},
     two_of_each},
    {"a.test",
     "ok; 10 m1.test 192.0.2.1; 10 m1.test 192.0.2.2; 20 m2.test 192.0.2.4; "
     "-m3.test limit; -m1.test 192.0.2.3 limit; ?limit",
     {{"a.test", "MX", "10 m1.test, 20 m2.test, 30 m3.test"},
      {"m1.test", "A", "192.0.2.1, 192.0.2.2, 192.0.2.3"},
      {"m1.test", "AAAA", "NODATA"},
      {"m2.test", "A", "192.0.2.4"},
      {"m2.test", "AAAA", "NODATA"},
      END},
     two_of_each},
    {"a.test",
     "ok; 10 mx.a.test 2001:db8::1",
     {{"a.test", "MX", "10 mx.a.test"}, {"mx.a.test", "AAAA", "2001:db8::1"}, END},
     only_ipv6},

    /* -- section 4: the addresses of an exchange -- */
    {"a.test",
     "ok; 10 mx.a.test 192.0.2.1; gone.test=no_address/nxdomain",
     {{"a.test", "MX", "10 mx.a.test, 5 gone.test"},
      MX_A,
      MX_A6,
      {"gone.test", "A", "NXDOMAIN"},
      {"gone.test", "AAAA", "NXDOMAIN"},
      END},
     NULL},
    {"a.test",
     "ok; 10 mx.a.test 192.0.2.1; sick.test=server_failure/servfail; ?partial; "
     "incomplete",
     {{"a.test", "MX", "10 mx.a.test, 5 sick.test"},
      MX_A,
      MX_A6,
      {"sick.test", "A", "SERVFAIL"},
      {"sick.test", "AAAA", "SERVFAIL"},
      END},
     NULL},
    {"a.test",
     "no_address/nxdomain; gone.test=no_address/nxdomain",
     {{"a.test", "MX", "5 gone.test"},
      {"gone.test", "A", "NXDOMAIN"},
      {"gone.test", "AAAA", "NXDOMAIN"},
      END},
     NULL},
    {"a.test",
     "server_failure/servfail; gone.test=no_address/nxdomain; "
     "sick.test=server_failure/servfail; ?partial; incomplete",
     {{"a.test", "MX", "5 gone.test, 10 sick.test"},
      {"gone.test", "A", "NXDOMAIN"},
      {"gone.test", "AAAA", "NXDOMAIN"},
      {"sick.test", "A", "SERVFAIL"},
      {"sick.test", "AAAA", "NODATA"},
      END},
     NULL},
    {"a.test",
     "timeout/timeout; mx.a.test=timeout/timeout; ?partial; incomplete",
     {{"a.test", "MX", "10 mx.a.test"},
      {"mx.a.test", "A", "NODATA"},
      {"mx.a.test", "AAAA", "TIMEOUT"},
      END},
     NULL},
    {"a.test",
     "ok; 10 mx.a.test 192.0.2.1; ?partial; incomplete",
     {{"a.test", "MX", "10 mx.a.test"}, MX_A, {"mx.a.test", "AAAA", "TIMEOUT"}, END},
     NULL},
    {"a.test",
     "timeout/timeout; a.test=timeout/timeout; ?partial; implicit; incomplete",
     {{"a.test", "MX", "NODATA"},
      {"a.test", "A", "NODATA"},
      {"a.test", "AAAA", "TIMEOUT"},
      END},
     NULL},
    {"a.test",
     "ok; 10 al.test 192.0.2.1; al.test>mx.a.test; ?cname_exchange",
     {{"a.test", "MX", "10 al.test"},
      {"al.test", "A", "CNAME mx.a.test, 192.0.2.1"},
      {"al.test", "AAAA", "CNAME mx.a.test, NODATA"},
      END},
     NULL},
    {"a.test",
     "ok; 10 al.test 192.0.2.1; al.test>mx.a.test; ?cname_exchange",
     {{"a.test", "MX", "10 al.test"},
      {"al.test", "A", "CNAME mx.a.test"},
      {"al.test", "AAAA", "CNAME mx.a.test"},
      MX_A,
      MX_A6,
      END},
     NULL},
    {"a.test",
     "refused/cname_exchange; -al.test cname_exchange; ?cname_exchange",
     {{"a.test", "MX", "10 al.test"},
      {"al.test", "A", "CNAME mx.a.test, 192.0.2.1"},
      {"al.test", "AAAA", "CNAME mx.a.test, NODATA"},
      END},
     reject_cname},
    {"a.test",
     "bad_reply/cname_loop; al.test=bad_reply/cname_loop; ?cname_exchange; "
     "?partial; incomplete",
     {{"a.test", "MX", "10 al.test"},
      {"al.test", "A", "CNAME b.test"},
      {"b.test", "A", "CNAME al.test"},
      {"al.test", "AAAA", "NODATA"},
      END},
     NULL},
    {"a.test",
     "ok; 10 192.0.2.7 192.0.2.7; ?ip_exchange",
     {{"a.test", "MX", "10 192.0.2.7"}, END},
     NULL},
    {"a.test",
     "refused/ip_exchange; -192.0.2.7 ip_exchange; ?ip_exchange",
     {{"a.test", "MX", "10 192.0.2.7"}, END},
     reject_ip},
    {"a.test",
     "refused/address_policy; 127.0.0.1=refused/address_policy; "
     "-127.0.0.1 127.0.0.1 loopback_address; ?ip_exchange",
     {{"a.test", "MX", "10 127.0.0.1"}, END},
     NULL},
    {"a.test",
     "no_address/special_use; -x.onion special_use; -x.invalid special_use; "
     "-a.localhost special_use; -192.0.2.7 ip_exchange; "
     "?ip_exchange",
     {{"a.test", "MX", "1 x.onion, 2 x.invalid, 3 a.localhost, 4 192.0.2.7"}, END},
     reject_ip},
    {"a.test",
     "no_address/address_policy; mx.a.test=refused/address_policy; "
     "gone.test=no_address/nxdomain; -mx.a.test 127.0.0.1 loopback_address",
     {{"a.test", "MX", "5 mx.a.test, 10 gone.test"},
      {"mx.a.test", "A", "127.0.0.1"},
      MX_A6,
      {"gone.test", "A", "NXDOMAIN"},
      {"gone.test", "AAAA", "NXDOMAIN"},
      END},
     NULL},
    {"a.test",
     "ok; 20 mx.a.test 192.0.2.1; -al.test cname_exchange; ?cname_exchange",
     {{"a.test", "MX", "10 al.test, 20 mx.a.test"},
      {"al.test", "A", "CNAME b.test, 192.0.2.9"},
      {"al.test", "AAAA", "CNAME b.test, NODATA"},
      MX_A,
      MX_A6,
      END},
     reject_cname},
    {"a.test",
     "bad_reply/truncated; mx.a.test=bad_reply/truncated; ?partial; incomplete",
     {{"a.test", "MX", "10 mx.a.test"}, {"mx.a.test", "A", "TRUNCATED"}, MX_A6, END},
     NULL},
    {"a.test",
     "server_failure/servfail; mx.a.test=server_failure/servfail; ?partial; incomplete",
     {{"a.test", "MX", "10 mx.a.test"},
      {"mx.a.test", "A", "SERVFAIL"},
      {"mx.a.test", "AAAA", "TIMEOUT"},
      END},
     NULL},
    {"a.test",
     "server_failure/servfail; mx.a.test=server_failure/servfail; "
     "m2.test=timeout/timeout; ?partial; incomplete",
     {{"a.test", "MX", "10 mx.a.test, 20 m2.test"},
      {"mx.a.test", "A", "SERVFAIL"},
      MX_A6,
      {"m2.test", "A", "TIMEOUT"},
      {"m2.test", "AAAA", "NODATA"},
      END},
     NULL},
    {"a.test",
     "ok; 20 m2.test 192.0.2.2; mx.a.test=server_failure/servfail; ?partial; "
     "incomplete",
     {{"a.test", "MX", "10 mx.a.test, 20 m2.test"},
      {"mx.a.test", "A", "SERVFAIL"},
      {"mx.a.test", "AAAA", "SERVFAIL"},
      {"m2.test", "A", "192.0.2.2"},
      {"m2.test", "AAAA", "NODATA"},
      END},
     NULL},
    {"a.test",
     "refused/address_policy; mx.a.test=refused/address_policy; "
     "-mx.a.test 0.0.0.1 unspecified_address; -mx.a.test 224.0.0.1 multicast_address; "
     "-mx.a.test 240.0.0.1 reserved_address; "
     "-mx.a.test ::ffff:127.0.0.1 loopback_address",
     {{"a.test", "MX", "10 mx.a.test"},
      {"mx.a.test", "A", "0.0.0.1, 224.0.0.1, 240.0.0.1"},
      {"mx.a.test", "AAAA", "::ffff:127.0.0.1"},
      END},
     NULL},
    {"a.test",
     "ok; 10 mx.a.test 127.0.0.1; -mx.a.test 0.0.0.1 unspecified_address",
     {{"a.test", "MX", "10 mx.a.test"},
      {"mx.a.test", "A", "127.0.0.1, 0.0.0.1"},
      MX_A6,
      END},
     any_address},
    {"a.test",
     "ok; 1 192.0.2.7 192.0.2.7; 2 192.0.2.8 192.0.2.8; 3 mx 192.0.2.1; "
     "4 my 192.0.2.2; ?ip_exchange; ?single_label_exchange",
     {{"a.test", "MX", "1 192.0.2.7, 2 192.0.2.8, 3 mx, 4 my"},
      {"mx", "A", "192.0.2.1"},
      {"mx", "AAAA", "NODATA"},
      {"my", "A", "192.0.2.2"},
      {"my", "AAAA", "NODATA"},
      END},
     NULL},
    {"a.test",
     "ok; 10 m_x.test 192.0.2.1",
     {{"a.test", "MX", "10 m_x.test"},
      {"m_x.test", "A", "192.0.2.1"},
      {"m_x.test", "AAAA", "NODATA"},
      END},
     NULL},
    {"a.test",
     "no_address/bad_exchange_name; -a.10 bad_exchange_name; "
     "-01.2.3.4 bad_exchange_name; -1.2.3.4.5 bad_exchange_name",
     {{"a.test", "MX", "1 a.10, 2 01.2.3.4, 3 1.2.3.4.5"}, END},
     NULL},
    {"a.test",
     "no_address/bad_exchange_name; -127.1 bad_exchange_name",
     {{"a.test", "MX", "10 127.1"}, END},
     NULL},
    {"a.test",
     "no_address/special_use; -localhost special_use; -mx.local special_use",
     {{"a.test", "MX", "10 localhost, 20 mx.local"}, END},
     NULL},
    {"a.test",
     "ok; 10 mx 192.0.2.1; ?single_label_exchange",
     {{"a.test", "MX", "10 mx"},
      {"mx", "A", "192.0.2.1"},
      {"mx", "AAAA", "NODATA"},
      END},
     NULL},
    {"a.test",
     "no_address/bad_exchange_name; -m\\001x.test bad_exchange_name",
     {{"a.test", "MX", "10 m\001x.test"}, END},
     NULL},
    {"a.test",
     "ok; 10 mx.a.test 10.0.0.1; -mx.a.test 127.0.0.1 loopback_address",
     {{"a.test", "MX", "10 mx.a.test"},
      {"mx.a.test", "A", "127.0.0.1, 10.0.0.1"},
      MX_A6,
      END},
     NULL},
    {"a.test",
     "refused/address_policy; mx.a.test=refused/address_policy; "
     "-mx.a.test 10.0.0.1 private_address",
     {{"a.test", "MX", "10 mx.a.test"}, {"mx.a.test", "A", "10.0.0.1"}, MX_A6, END},
     public_only},
};

static char text[SCRIPT_TEXT];

static mx_route *
look_up(const char *destination, const script_line *zone,
        void (*change)(mx_lookup_rules *rules), uint64_t seed, uint32_t levels,
        uint32_t *asked)
{
    script_run run = {.seed = seed, .levels = levels};

    mx_lookup_rules_init(&run.rules);
    if (change != NULL) {
        change(&run.rules);
    }
    return script_lookup(&run, zone, destination, asked);
}

static void
test_rules(void **state)
{
    size_t wrong = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++) {
        const scenario *row = &scenarios[i];
        uint32_t asked;
        mx_route *route =
            look_up(row->destination, row->zone, row->change, 1, 0, &asked);
        script_describe(route, text);
        if (strcmp(text, row->expected) != 0) {
            print_error("row %zu, %s:\n  expected %s\n  got      %s\n", i,
                        row->destination, row->expected, text);
            wrong++;
        }
        mx_route_unref(route);
    }
    assert_int_equal(wrong, 0);
}

static const script_line three_equal[] = {
    {"a.test", "MX", "10 m1.test, 10 m2.test, 10 m3.test"},
    {"m1.test", "A", "192.0.2.1"},
    {"m2.test", "A", "192.0.2.2"},
    {"m3.test", "A", "192.0.2.3"},
    {"*", "AAAA", "NODATA"},
    END};

/* Which of the six orders of three hosts a route has. */
static int
order_of(const mx_route *route)
{
    int first = route->exchanges[0].host[1] - '1';
    int second = route->exchanges[1].host[1] - '1';

    return first * 2 + (second > 3 - first - second);
}

static void
test_equal_exchanges_come_in_every_order(void **state)
{
    enum { ROUNDS = 12000 };
    unsigned counts[6] = {0};
    double chi_square = 0;

    (void)state;
    for (uint64_t seed = 0; seed < ROUNDS; seed++) {
        uint32_t asked;
        mx_route *route = look_up("a.test", three_equal, NULL, seed, 0, &asked);
        counts[order_of(route)]++;
        mx_route_unref(route);
    }
    for (int i = 0; i < 6; i++) {
        double off = (double)counts[i] - ROUNDS / 6.0;
        chi_square += off * off / (ROUNDS / 6.0);
    }
    /* 5 degrees of freedom; one run in a thousand would exceed 20.5. */
    assert_true(chi_square < 20.5);
}

static void
test_same_seed_same_route(void **state)
{
    char again[SCRIPT_TEXT];

    (void)state;
    for (uint64_t seed = 0; seed < 50; seed++) {
        uint32_t asked;
        mx_route *route = look_up("a.test", three_equal, NULL, seed, 0, &asked);
        script_describe(route, text);
        mx_route_unref(route);
        route = look_up("a.test", three_equal, NULL, seed, 0, &asked);
        script_describe(route, again);
        mx_route_unref(route);
        assert_string_equal(text, again);
    }
}

static void
test_unshuffled_is_as_published(void **state)
{
    uint32_t asked;
    mx_route *route = look_up("a.test", three_equal, in_order, 7, 0, &asked);

    (void)state;
    script_describe(route, text);
    assert_string_equal(text, "ok; 10 m1.test 192.0.2.1; 10 m2.test 192.0.2.2; "
                              "10 m3.test 192.0.2.3");
    mx_route_unref(route);
}

static void
test_levels_ask_only_the_best(void **state)
{
    static const script_line zone[] = {
        {"a.test", "MX", "10 m1.test, 20 m2.test, 20 m3.test, 30 m4.test"},
        {"m1.test", "A", "192.0.2.1"},
        {"m2.test", "A", "192.0.2.2"},
        {"m3.test", "A", "192.0.2.3"},
        {"m4.test", "A", "192.0.2.4"},
        {"*", "AAAA", "NODATA"},
        END};
    static const uint32_t questions[] = {9, 3, 7, 9};
    static const size_t targets[] = {4, 1, 3, 4};
    static const bool more[] = {false, true, true, false};

    (void)state;
    for (uint32_t levels = 0; levels < 4; levels++) {
        uint32_t asked;
        mx_route *route = look_up("a.test", zone, NULL, 3, levels, &asked);
        assert_int_equal(asked, questions[levels]);
        assert_int_equal(route->target_count, targets[levels]);
        assert_int_equal(route->has_more, more[levels]);
        mx_route_unref(route);
    }
}

static void
test_huge_answers_cost_a_bounded_number_of_questions(void **state)
{
    static char records[64 * 1024];
    script_line zone[] = {{"a.test", "MX", records},
                          {"*", "A", "192.0.2.1"},
                          {"*", "AAAA", "NODATA"},
                          END};
    size_t length = 0;
    uint32_t asked;
    mx_route *route;

    (void)state;
    for (int i = 0; i < 3000; i++) {
        length +=
            (size_t)snprintf(records + length, sizeof(records) - length, "10 m%d, ", i);
    }
    route = look_up("a.test", zone, NULL, 5, 0, &asked);
    assert_int_equal(asked, 1 + 2 * MX_DEFAULT_EXCHANGES);
    assert_int_equal(route->exchange_count, MX_DEFAULT_EXCHANGES);
    assert_int_equal(route->excluded_count, 3000 - MX_DEFAULT_EXCHANGES);
    assert_int_equal(route->excluded[0].reason, MX_REASON_LIMIT);
    mx_route_unref(route);
}

static void
test_long_alias_chains_end(void **state)
{
    static const script_line eight[] = {
        {"a.test", "MX",
         "CNAME b, CNAME c, CNAME d, CNAME e, CNAME f, CNAME g, CNAME h"},
        {"h", "MX", "CNAME i, 10 mx"},
        {"mx", "A", "192.0.2.1"},
        {"mx", "AAAA", "NODATA"},
        END};
    static const script_line nine[] = {
        {"a.test", "MX",
         "CNAME b, CNAME c, CNAME d, CNAME e, CNAME f, CNAME g, CNAME h"},
        {"h", "MX", "CNAME i, CNAME j"},
        END};
    static const script_line nine_with_records[] = {
        {"a.test", "MX",
         "CNAME b, CNAME c, CNAME d, CNAME e, CNAME f, CNAME g, CNAME h"},
        {"h", "MX", "CNAME i, CNAME j, 10 mx"},
        END};
    static const script_line nine_of_a_host[] = {
        {"a.test", "MX", "10 b"},
        {"b", "A", "CNAME c, CNAME d, CNAME e, CNAME f, CNAME g, CNAME h"},
        {"h", "A", "CNAME i, CNAME j, CNAME k, 192.0.2.1"},
        {"b", "AAAA", "NODATA"},
        END};
    uint32_t asked;
    mx_route *route = look_up("a.test", eight, NULL, 1, 0, &asked);

    (void)state;
    assert_int_equal(route->verdict, MX_VERDICT_OK);
    mx_route_unref(route);
    route = look_up("a.test", nine, NULL, 1, 0, &asked);
    assert_int_equal(route->verdict, MX_VERDICT_BAD_REPLY);
    assert_int_equal(route->reason, MX_REASON_CNAME_LIMIT);
    mx_route_unref(route);
    route = look_up("a.test", nine_with_records, NULL, 1, 0, &asked);
    assert_int_equal(route->reason, MX_REASON_CNAME_LIMIT);
    mx_route_unref(route);
    route = look_up("a.test", nine_of_a_host, NULL, 1, 0, &asked);
    assert_int_equal(route->verdict, MX_VERDICT_BAD_REPLY);
    assert_int_equal(route->exchanges[0].reason, MX_REASON_CNAME_LIMIT);
    mx_route_unref(route);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_equal_exchanges_come_in_every_order),
        cmocka_unit_test(test_same_seed_same_route),
        cmocka_unit_test(test_unshuffled_is_as_published),
        cmocka_unit_test(test_levels_ask_only_the_best),
        cmocka_unit_test(test_huge_answers_cost_a_bounded_number_of_questions),
        cmocka_unit_test(test_long_alias_chains_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
