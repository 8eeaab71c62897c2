/* SPDX-License-Identifier: MIT */
#include "core/verdict.h"

#include <stddef.h>

typedef struct meaning {
    const char *word;
    mx_deliverable deliverable;
    mx_smtp_reply reply;
} meaning;

static const mx_smtp_reply no_reply = {0, "", ""};

/* RFC 7505 section 4.2 for the null MX, RFC 3463 for the status codes. */
/* clang-format off */
static const meaning meanings[MX_VERDICT_COUNT] = {
    [MX_VERDICT_OK] = {"ok", MX_DELIVERABLE, {0, "", ""}},
    [MX_VERDICT_NULL_MX] =
        {"null_mx", MX_UNDELIVERABLE,
         {556, "5.1.10", "Domain does not accept mail (null MX)"}},
    [MX_VERDICT_NO_DOMAIN] =
        {"no_domain", MX_UNDELIVERABLE, {550, "5.1.2", "Domain does not exist"}},
    [MX_VERDICT_NO_MAIL] =
        {"no_mail", MX_UNDELIVERABLE,
         {550, "5.1.2", "Domain has no mail exchange and no address"}},
    [MX_VERDICT_NO_ADDRESS] =
        {"no_address", MX_UNDELIVERABLE,
         {550, "5.4.4", "No mail exchange of the domain has an address"}},
    [MX_VERDICT_REFUSED] =
        {"refused", MX_UNDELIVERABLE,
         {550, "5.4.4", "No usable mail exchange: excluded by local policy"}},
    [MX_VERDICT_INVALID] =
        {"invalid", MX_UNDELIVERABLE, {501, "5.1.3", "Bad destination address syntax"}},
    [MX_VERDICT_TIMEOUT] =
        {"timeout", MX_UNKNOWN,
         {451, "4.4.3", "Domain lookup timed out, try again later"}},
    [MX_VERDICT_SERVER_FAILURE] =
        {"server_failure", MX_UNKNOWN,
         {451, "4.4.3", "Domain lookup failed at the name server, try again later"}},
    [MX_VERDICT_NO_SERVERS] =
        {"no_servers", MX_UNKNOWN,
         {451, "4.4.3", "No name server can be reached, try again later"}},
    [MX_VERDICT_BAD_REPLY] =
        {"bad_reply", MX_UNKNOWN,
         {451, "4.4.3", "Domain lookup gave an unusable reply, try again later"}},
    [MX_VERDICT_CANCELLED] = {"cancelled", MX_UNKNOWN, {0, "", ""}},
};
/* clang-format on */

/* RFC 5321 section 5.1: our own machine is the best exchange that is left. */
static const mx_smtp_reply loop_reply = {
    550, "5.4.6", "Mail for the domain would loop back to this machine"};

static const meaning *
find_meaning(mx_verdict verdict)
{
    size_t index = (size_t)verdict;
    return index < MX_VERDICT_COUNT ? &meanings[index] : NULL;
}

const char *
mx_verdict_word(mx_verdict verdict)
{
    const meaning *found = find_meaning(verdict);
    return found == NULL ? "" : found->word;
}

mx_deliverable
mx_verdict_deliverable(mx_verdict verdict)
{
    const meaning *found = find_meaning(verdict);
    return found == NULL ? MX_UNKNOWN : found->deliverable;
}

mx_smtp_reply
mx_verdict_smtp_reply(mx_verdict verdict, mx_reason reason)
{
    if (verdict == MX_VERDICT_REFUSED && reason == MX_REASON_LOOP) {
        return loop_reply;
    }
    const meaning *found = find_meaning(verdict);
    return found == NULL ? no_reply : found->reply;
}

mx_verdict
mx_verdict_of_failure(mx_reason reason)
{
    switch (reason) {
    case MX_REASON_TIMEOUT:
        return MX_VERDICT_TIMEOUT;
    case MX_REASON_UNREACHABLE:
    case MX_REASON_LOCAL_ERROR:
        return MX_VERDICT_NO_SERVERS;
    case MX_REASON_DAMAGED_REPLY:
    case MX_REASON_UNRELATED_ANSWER:
    case MX_REASON_TRUNCATED:
    case MX_REASON_CNAME_LOOP:
    case MX_REASON_CNAME_LIMIT:
        return MX_VERDICT_BAD_REPLY;
    case MX_REASON_CANCELLED:
        return MX_VERDICT_CANCELLED;
    default:
        /* Every rcode, a server that does not recurse, and where we stopped asking. */
        return MX_VERDICT_SERVER_FAILURE;
    }
}
