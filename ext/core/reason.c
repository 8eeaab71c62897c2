/* SPDX-License-Identifier: MIT */
#include "core/reason.h"

#include <stddef.h>

typedef struct words {
    const char *code, *text;
} words;

/* clang-format off */
static const words reasons[MX_REASON_COUNT] = {
    [MX_REASON_NONE] = {"", ""},

    [MX_REASON_EMPTY] = {"empty", "the destination is empty"},
    [MX_REASON_ROOT] = {"root", "the root of the DNS (\".\") is no mail domain"},
    [MX_REASON_EMPTY_LABEL] =
        {"empty_label", "there is nothing between two dots or before the first one"},
    [MX_REASON_LABEL_TOO_LONG] =
        {"label_too_long", "a part between dots is longer than 63 octets"},
    [MX_REASON_NAME_TOO_LONG] =
        {"name_too_long", "the domain is longer than 253 octets"},
    [MX_REASON_BAD_CHARACTER] =
        {"bad_character", "it holds a character that is not allowed there, such as a"
                          " blank or a control character"},
    [MX_REASON_BAD_HYPHEN] =
        {"bad_hyphen", "a part between dots begins or ends with a hyphen"},
    [MX_REASON_UNDERSCORE] =
        {"underscore", "the domain has an underscore, which host names must not have"},
    [MX_REASON_NO_LOCAL_PART] = {"no_local_part", "there is nothing before the @"},
    [MX_REASON_NO_DOMAIN_PART] =
        {"no_domain_part", "there is no domain after the local part"},
    [MX_REASON_TWO_AT_SIGNS] = {"two_at_signs", "there is more than one unquoted @"},
    [MX_REASON_BAD_QUOTING] =
        {"bad_quoting", "the quotes of the local part are unfinished or do not enclose"
                        " all of it"},
    [MX_REASON_BAD_LITERAL] =
        {"bad_literal", "the address literal is not of the form [192.0.2.1] or"
                        " [IPv6:2001:db8::1]"},
    [MX_REASON_BARE_ADDRESS] =
        {"bare_address", "an IP address must be written as [192.0.2.1] or"
                         " [IPv6:2001:db8::1]"},
    [MX_REASON_BAD_IDNA] =
        {"bad_idna", "the domain is not a valid international domain name"},
    [MX_REASON_NOT_TEXT] = {"not_text", "the destination is no text"},

    [MX_REASON_NULL_MX] =
        {"null_mx", "the domain declares that it accepts no mail (null MX)"},
    [MX_REASON_NXDOMAIN] = {"nxdomain", "the name does not exist"},
    [MX_REASON_NO_DATA] = {"no_data", "the name exists but has no such records"},
    [MX_REASON_SPECIAL_USE] =
        {"special_use", "the name is reserved for special use, not in the public DNS"},
    [MX_REASON_IMPLICIT_OFF] =
        {"implicit_off", "there are no MX records, and the use of the domain's own"
                         " address is switched off"},
    [MX_REASON_SERVFAIL] =
        {"servfail", "the name server failed to find the answer (SERVFAIL)"},
    [MX_REASON_SERVER_REFUSED] =
        {"server_refused", "the name server refused to answer (REFUSED)"},
    [MX_REASON_FORMERR] =
        {"formerr", "the name server could not read the query (FORMERR)"},
    [MX_REASON_NOTIMP] =
        {"notimp", "the name server does not implement such queries (NOTIMP)"},
    [MX_REASON_OTHER_RCODE] =
        {"other_rcode", "the name server answered with an unusual error code"},
    [MX_REASON_NOT_RECURSIVE] =
        {"not_recursive", "the name server does no lookups for others (no recursion)"},
    [MX_REASON_TIMEOUT] = {"timeout", "no answer came in time"},
    [MX_REASON_UNREACHABLE] = {"unreachable", "the name server cannot be reached"},
    [MX_REASON_LOCAL_ERROR] =
        {"local_error", "this machine could not send the query: it is short of memory,"
                        " descriptors or a network route"},
    [MX_REASON_DAMAGED_REPLY] = {"damaged_reply", "the reply is damaged"},
    [MX_REASON_UNRELATED_ANSWER] =
        {"unrelated_answer", "the reply answers for other names only"},
    [MX_REASON_TRUNCATED] = {"truncated", "the reply is cut short, even over TCP"},
    [MX_REASON_CNAME_LOOP] =
        {"cname_loop", "the name is an alias that leads back to itself"},
    [MX_REASON_CNAME_LIMIT] =
        {"cname_limit", "the name is an alias with more than 8 steps"},
    [MX_REASON_CANCELLED] = {"cancelled", "the lookup was cancelled"},

    [MX_REASON_LIMIT] =
        {"limit", "it lies beyond the limits on exchanges, addresses or queries"},
    [MX_REASON_LOOP] =
        {"loop", "mail would loop: the exchange is this machine, or is behind it"},
    [MX_REASON_FAMILY] = {"family", "it has no address of the families asked for"},
    [MX_REASON_BAD_EXCHANGE_NAME] =
        {"bad_exchange_name", "the exchange is not a valid host name"},
    [MX_REASON_NULL_MX_MIXED] =
        {"null_mx_mixed", "the domain publishes a null MX beside real exchanges"},
    [MX_REASON_NULL_MX_PREFERENCE] =
        {"null_mx_preference", "the null MX has a preference other than 0"},
    [MX_REASON_DUPLICATE_EXCHANGE] =
        {"duplicate_exchange", "the exchange is published at more than one preference"},
    [MX_REASON_CNAME_EXCHANGE] =
        {"cname_exchange", "the exchange is an alias, which RFC 2181 forbids"},
    [MX_REASON_IP_EXCHANGE] =
        {"ip_exchange", "the exchange is an IP address written as a name"},
    [MX_REASON_SINGLE_LABEL_EXCHANGE] =
        {"single_label_exchange", "the exchange is a name without a dot"},
    [MX_REASON_CNAME_AND_OTHER] =
        {"cname_and_other", "the name is an alias and has other records too, which RFC"
                            " 1912 forbids"},
    [MX_REASON_UNSPECIFIED_ADDRESS] =
        {"unspecified_address", "the address is the unspecified one (0.0.0.0/8 or ::)"},
    [MX_REASON_LOOPBACK_ADDRESS] =
        {"loopback_address", "the address is a loopback one"},
    [MX_REASON_LINK_LOCAL_ADDRESS] =
        {"link_local_address", "the address is a link-local one"},
    [MX_REASON_PRIVATE_ADDRESS] =
        {"private_address", "the address is of a private, shared, documentation or test"
                            " network"},
    [MX_REASON_MULTICAST_ADDRESS] =
        {"multicast_address", "the address is a multicast one"},
    [MX_REASON_RESERVED_ADDRESS] =
        {"reserved_address", "the address is reserved and not globally reachable"},
    [MX_REASON_ADDRESS_POLICY] =
        {"address_policy", "every address is one that the address policy (addresses=)"
                           " excludes"},
    [MX_REASON_PARTIAL] = {"partial", "some exchanges could not be resolved for now"},
};
/* clang-format on */

static const words *
find_words(mx_reason reason)
{
    size_t index = (size_t)reason;
    return &reasons[index < MX_REASON_COUNT ? index : MX_REASON_NONE];
}

const char *
mx_reason_code(mx_reason reason)
{
    return find_words(reason)->code;
}

const char *
mx_reason_text(mx_reason reason)
{
    return find_words(reason)->text;
}
