/* SPDX-License-Identifier: MIT */
#include "core/answer.h"

#include "core/chain.h"
#include "core/mem.h"
#include "core/message.h"
#include "core/records.h"

enum {
    RCODE_NOERROR = 0,
    RCODE_FORMERR = 1,
    RCODE_SERVFAIL = 2,
    RCODE_NXDOMAIN = 3,
    RCODE_NOTIMP = 4,
    RCODE_REFUSED = 5
};

static uint32_t
smaller(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static mx_reason
reason_of_rcode(uint16_t rcode)
{
    switch (rcode) {
    case RCODE_FORMERR:
        return MX_REASON_FORMERR;
    case RCODE_SERVFAIL:
        return MX_REASON_SERVFAIL;
    case RCODE_NOTIMP:
        return MX_REASON_NOTIMP;
    case RCODE_REFUSED:
        return MX_REASON_SERVER_REFUSED;
    default:
        return MX_REASON_OTHER_RCODE;
    }
}

/* Why the message as a whole says nothing about the question, MX_REASON_NONE if it may.
 * A server that failed is believed that, however damaged the rest is. */
static mx_reason
find_trouble(const mx_message *message)
{
    if (message->is_truncated) {
        return MX_REASON_TRUNCATED;
    }
    if (message->rcode != RCODE_NOERROR && message->rcode != RCODE_NXDOMAIN) {
        return reason_of_rcode(message->rcode);
    }
    return message->is_damaged ? MX_REASON_DAMAGED_REPLY : MX_REASON_NONE;
}

/* A DNAME from which a CNAME of the chain was made (RFC 6672 3.1). */
static bool
is_dname_of_chain(mx_message *message, const mx_record *record, const mx_chain *chain)
{
    if (record->type != MX_TYPE_DNAME) {
        return false;
    }
    mx_name owner;
    mx_wire_name(mx_message_at(message, record->owner), &owner);
    for (unsigned i = 0; i < chain->aliases; i++) {
        if (mx_name_is_within(&chain->names[i], &owner) &&
            !mx_name_equal(&chain->names[i], &owner)) {
            return true;
        }
    }
    return false;
}

/* A signature of an alias; one over anything else says that there is more. */
static bool
is_signature_of_alias(mx_message *message, const mx_record *record)
{
    if (record->type != MX_TYPE_RRSIG || record->rdlength < 2) {
        return false;
    }
    uint16_t covered = mx_wire_u16(mx_message_at(message, record->rdata));
    return covered == MX_TYPE_CNAME || covered == MX_TYPE_DNAME;
}

/* "No such records" is proven only by an answer section that holds nothing but the
 * chain: whatever else is there may be what was asked for, damaged on its way or put
 * there by somebody (faults C3, C4). */
static mx_reason
find_foreign(mx_message *message, const mx_question *question, const mx_chain *chain)
{
    mx_reason reason = MX_REASON_NONE;
    for (size_t i = 0; i < message->answer_count; i++) {
        const mx_record *record = &message->records[i];
        bool is_in = record->class == MX_CLASS_IN;
        if (is_in && (record->is_used || is_signature_of_alias(message, record) ||
                      is_dname_of_chain(message, record, chain))) {
            continue;
        }
        if (is_in &&
            (record->type == question->type || record->type == MX_TYPE_CNAME)) {
            return MX_REASON_UNRELATED_ANSWER;
        }
        reason = MX_REASON_DAMAGED_REPLY;
    }
    return reason;
}

/* Finds the SOA of a zone that `name` is in, or NULL. */
static const mx_record *
find_soa(mx_message *message, const mx_name *name)
{
    for (size_t i = message->answer_count; i < message->count; i++) {
        const mx_record *record = &message->records[i];
        if (record->type != MX_TYPE_SOA || record->class != MX_CLASS_IN) {
            continue;
        }
        mx_name owner;
        mx_wire_name(mx_message_at(message, record->owner), &owner);
        if (!message->again.failed && mx_name_is_within(name, &owner)) {
            return record;
        }
    }
    return NULL;
}

/* How long a negative answer lives: RFC 2308 5; not at all without an SOA. */
static uint32_t
negative_ttl(mx_message *message, const mx_record *soa, const mx_chain *chain)
{
    if (soa == NULL) {
        return 0;
    }
    size_t minimum_at = (size_t)soa->rdata + soa->rdlength - 4;
    uint32_t minimum = mx_wire_u32(mx_message_at(message, minimum_at));
    uint32_t ttl = smaller(soa->ttl, minimum);
    return smaller(smaller(ttl, chain->alias_ttl), MX_MAX_NEGATIVE_TTL);
}

static bool
has_name_servers(const mx_message *message)
{
    for (size_t i = message->answer_count; i < message->count; i++) {
        const mx_record *record = &message->records[i];
        if (record->type == MX_TYPE_NS && record->class == MX_CLASS_IN) {
            return true;
        }
    }
    return false;
}

/* The chain ends without a record of the type asked, rcode 0. Whether that proves that
 * there is none: fault S1. Returns why not. */
static mx_reason
judge_absence(mx_message *message, const mx_question *question, const mx_chain *chain,
              mx_answer *answer)
{
    mx_reason foreign = find_foreign(message, question, chain);
    if (foreign != MX_REASON_NONE) {
        return foreign;
    }
    const mx_record *soa = find_soa(message, answer->canonical);
    if (soa == NULL && chain->aliases > 0) {
        answer->kind = MX_ANSWER_ALIAS;
        answer->ttl = smaller(chain->ttl, MX_MAX_TTL);
        return MX_REASON_NONE;
    }
    bool is_referral =
        soa == NULL && !message->is_authoritative && has_name_servers(message);
    if (is_referral || !(message->is_authoritative || message->has_recursion)) {
        return MX_REASON_NOT_RECURSIVE;
    }
    answer->kind = MX_ANSWER_NODATA;
    answer->reason = MX_REASON_NO_DATA;
    answer->ttl = negative_ttl(message, soa, chain);
    return MX_REASON_NONE;
}

static void
take_records(mx_message *message, const mx_chain *chain, mx_answer *answer)
{
    for (size_t i = 0; i < message->answer_count; i++) {
        const mx_record *record = &message->records[i];
        if (record->is_used && record->type == answer->type) {
            mx_records_add(answer, mx_message_at(message, record->rdata));
        }
    }
    answer->kind = MX_ANSWER_RECORDS;
    answer->reason =
        chain->has_alias_beside ? MX_REASON_CNAME_AND_OTHER : MX_REASON_NONE;
    answer->ttl = smaller(chain->ttl, MX_MAX_TTL);
}

static void
fail(mx_answer *answer, const mx_question *question, mx_reason reason)
{
    answer->kind =
        reason == MX_REASON_TRUNCATED ? MX_ANSWER_TRUNCATED : MX_ANSWER_FAILURE;
    answer->reason = reason;
    mx_records_set_canonical(answer, &question->name);
    answer->cname_count = 0;
    answer->ttl = 0;
    answer->count = 0;
    answer->bytes_used = 0;
}

static void
judge(mx_message *message, const mx_question *question, const mx_chain *chain,
      mx_answer *answer)
{
    mx_reason trouble = MX_REASON_NONE;

    answer->cname_count = chain->aliases;
    if (message->rcode == RCODE_NXDOMAIN) {
        const mx_record *soa = find_soa(message, answer->canonical);
        answer->kind = MX_ANSWER_NXDOMAIN;
        answer->reason = MX_REASON_NXDOMAIN;
        answer->ttl = negative_ttl(message, soa, chain);
    }
    else if (chain->count > 0) {
        take_records(message, chain, answer);
    }
    else {
        trouble = judge_absence(message, question, chain, answer);
    }
    if (message->again.failed) { /* names without end: fault W26 */
        trouble = MX_REASON_DAMAGED_REPLY;
    }
    if (trouble != MX_REASON_NONE) {
        fail(answer, question, trouble);
    }
}

mx_status
mx_answer_read(const uint8_t *bytes, size_t length, const mx_question *question,
               mx_answer **out)
{
    mx_message message;
    mx_chain chain;
    mx_answer *answer = NULL;

    mx_status status = mx_message_init(&message, bytes, length, question);
    if (status != MX_OK) {
        return status;
    }
    mx_reason trouble = find_trouble(&message);
    if (trouble == MX_REASON_NONE) {
        trouble = mx_chain_walk(&message, question, &chain);
    }
    bool is_sound = trouble == MX_REASON_NONE;
    const mx_name *end = is_sound ? &chain.names[chain.aliases] : &question->name;
    answer = mx_records_new_answer(end, &question->name, is_sound ? chain.bytes : 0);
    if (answer == NULL) {
        status = MX_NOMEM;
        goto done;
    }
    answer->type = question->type;
    answer->rcode = message.rcode;
    answer->ede = message.ede;
    answer->authenticated = message.is_authenticated;
    if (is_sound) {
        judge(&message, question, &chain, answer);
    }
    else {
        fail(answer, question, trouble);
    }
    status = mx_records_drop_duplicates(&answer);
    if (status != MX_OK) {
        mx_answer_unref(answer);
        goto done;
    }
    *out = answer;

done:
    mx_message_fini(&message);
    return status;
}

mx_status
mx_answer_failure(const mx_question *question, mx_reason reason, mx_answer **out)
{
    mx_answer *answer = mx_records_new_answer(&question->name, &question->name, 0);
    if (answer == NULL) {
        return MX_NOMEM;
    }
    answer->type = question->type;
    fail(answer, question, reason);
    answer->kind = MX_ANSWER_FAILURE; /* also where TCP did not help: TRUNCATED */
    *out = answer;
    return MX_OK;
}

mx_answer *
mx_answer_ref(mx_answer *answer)
{
    __atomic_fetch_add(&answer->references, 1, __ATOMIC_RELAXED);
    return answer;
}

void
mx_answer_unref(mx_answer *answer)
{
    if (answer != NULL &&
        __atomic_sub_fetch(&answer->references, 1, __ATOMIC_ACQ_REL) == 0) {
        mx_free(answer);
    }
}

size_t
mx_answer_bytes(const mx_answer *answer)
{
    return sizeof *answer + answer->name_room + answer->bytes_used;
}
