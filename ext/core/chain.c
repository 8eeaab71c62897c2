/* SPDX-License-Identifier: MIT */
#include "core/chain.h"

#include "core/records.h"

/* What the answer section holds of one owner. */
typedef struct owned {
    uint32_t count; /* records of the type asked */
    size_t bytes;
    uint32_t ttl;
    uint32_t alias_ttl;
    bool has_alias;
    bool has_two_aliases; /* different ones: no server may say so (RFC 2181 10.1) */
    mx_name alias;
} owned;

static uint32_t
smaller(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* Whose records are looked for. */
typedef struct wanted_owner {
    const mx_name *name;
    bool is_question;
    bool has_hash;
    uint32_t hash;
    uint32_t at; /* where it stands in the message, UINT32_MAX if not known yet */
} wanted_owner;

/* Owners are compared where they stand. The first found is kept, since the others are
 * most likely the same pointer; of the question it is the question itself, which the
 * other names of a chain differ from. */
static bool
is_owned(mx_message *message, const mx_record *record, wanted_owner *owner)
{
    if (record->owner == owner->at || record->owner == MX_WIRE_HEADER) {
        return record->owner == owner->at;
    }
    if (!owner->has_hash) {
        owner->has_hash = true;
        owner->hash = mx_message_name_hash(owner->name);
    }
    if (record->owner_hash != owner->hash) {
        return false;
    }
    mx_name name;
    mx_wire_name(mx_message_at(message, record->owner), &name);
    if (!mx_name_equal(&name, owner->name)) {
        return false;
    }
    if (!owner->is_question) {
        owner->at = record->owner;
    }
    return true;
}

static void
take_alias(mx_message *message, mx_record *record, owned *out)
{
    mx_name alias;
    mx_wire_name(mx_message_at(message, record->rdata), &alias);
    if (!out->has_alias) {
        out->has_alias = true;
        mx_name_copy(&out->alias, &alias);
    }
    else if (!mx_name_equal(&alias, &out->alias)) {
        out->has_two_aliases = true;
    }
    out->alias_ttl = smaller(out->alias_ttl, record->ttl);
    record->is_used = true;
}

static void
find_owned(mx_message *message, const mx_name *name, bool is_question, uint16_t type,
           owned *out)
{
    wanted_owner owner = {.name = name,
                          .is_question = is_question,
                          .at = is_question ? MX_WIRE_HEADER : UINT32_MAX};

    out->count = 0;
    out->bytes = 0;
    out->ttl = out->alias_ttl = UINT32_MAX;
    out->has_alias = out->has_two_aliases = false;
    for (size_t i = 0; i < message->answer_count; i++) {
        mx_record *record = &message->records[i];
        bool is_wanted = record->type == type;
        if (record->class != MX_CLASS_IN ||
            !(is_wanted || record->type == MX_TYPE_CNAME) ||
            !is_owned(message, record, &owner)) {
            continue;
        }
        if (is_wanted) {
            out->count++;
            out->bytes += mx_records_size(type, record->target_length);
            out->ttl = smaller(out->ttl, record->ttl);
            record->is_used = true;
        }
        else {
            take_alias(message, record, out);
        }
    }
}

static bool
has_been_at(const mx_chain *chain, const mx_name *name)
{
    for (unsigned i = 0; i <= chain->aliases; i++) {
        if (mx_name_equal(&chain->names[i], name)) {
            return true;
        }
    }
    return false;
}

/* Records may stand in any order, so each step looks at all of them. */
mx_reason
mx_chain_walk(mx_message *message, const mx_question *question, mx_chain *out)
{
    mx_name_copy(&out->names[0], &question->name);
    out->aliases = 0;
    out->alias_ttl = UINT32_MAX;
    for (;;) {
        owned found;
        find_owned(message, &out->names[out->aliases], out->aliases == 0,
                   question->type, &found);
        if (message->again.failed) {
            return MX_REASON_DAMAGED_REPLY;
        }
        if (found.count > 0 || !found.has_alias) {
            out->count = found.count;
            out->bytes = found.bytes;
            out->ttl = smaller(out->alias_ttl, found.ttl);
            out->has_alias_beside = found.has_alias;
            return MX_REASON_NONE;
        }
        if (found.has_two_aliases) {
            return MX_REASON_DAMAGED_REPLY;
        }
        if (has_been_at(out, &found.alias)) {
            return MX_REASON_CNAME_LOOP;
        }
        if (out->aliases == MX_MAX_CNAMES) {
            return MX_REASON_CNAME_LIMIT;
        }
        mx_name_copy(&out->names[++out->aliases], &found.alias);
        out->alias_ttl = smaller(out->alias_ttl, found.alias_ttl);
    }
}
