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

/* Owners are compared where they stand. The first found is kept in `*same_owner`, since
 * the others are most likely the same pointer. */
static bool
is_owned(mx_message *message, const mx_record *record, const mx_name *name,
         uint32_t hash, uint32_t *same_owner)
{
    if (record->owner_hash != hash) {
        return false;
    }
    if (record->owner != *same_owner) {
        mx_name owner;
        mx_wire_name(mx_message_at(message, record->owner), &owner);
        if (!mx_name_equal(&owner, name)) {
            return false;
        }
        *same_owner = record->owner;
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
        out->alias = alias;
    }
    else if (!mx_name_equal(&alias, &out->alias)) {
        out->has_two_aliases = true;
    }
    out->alias_ttl = smaller(out->alias_ttl, record->ttl);
    record->is_used = true;
}

static void
find_owned(mx_message *message, const mx_name *name, uint16_t type, owned *out)
{
    uint32_t hash = mx_message_name_hash(name);
    uint32_t same_owner = UINT32_MAX;

    *out = (owned){.ttl = UINT32_MAX, .alias_ttl = UINT32_MAX};
    for (size_t i = 0; i < message->answer_count; i++) {
        mx_record *record = &message->records[i];
        bool is_wanted = record->type == type;
        if (record->class != MX_CLASS_IN ||
            !(is_wanted || record->type == MX_TYPE_CNAME) ||
            !is_owned(message, record, name, hash, &same_owner)) {
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
    out->names[0] = question->name;
    out->aliases = 0;
    out->alias_ttl = UINT32_MAX;
    for (;;) {
        owned found;
        find_owned(message, &out->names[out->aliases], question->type, &found);
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
        out->names[++out->aliases] = found.alias;
        out->alias_ttl = smaller(out->alias_ttl, found.alias_ttl);
    }
}
