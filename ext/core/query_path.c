/* SPDX-License-Identifier: MIT */
#include "core/mem.h"
#include "core/query_state.h"

/* Of three probes one goes by TCP: there may be nothing else that passes (fault N22). */
enum { TCP_PROBE = 3 };
/* What is probed with is noted no more often than this. */
#define NOTE_EVERY MX_USEC_PER_SEC

/* An earlier message of the same query that is silent. By the same server it was lost
 * on the way; where another one answered, the server may be dead, or the way to it. */
static void
note_overtaken(mx_query *query, mx_attempt *silent, const mx_attempt *sent, mx_usec now)
{
    mx_servers *servers = mx_query_servers(query);

    silent->is_overtaken = true;
    if (!mx_server_equal(&silent->server, &sent->server)) {
        mx_servers_overtaken(servers, &silent->server, now);
        if (!mx_servers_is_up(servers, &silent->server)) {
            return;
        }
    }
    mx_window_lost(&query->resolver->window, silent->mark, now);
}

void
mx_query_note_arrival(mx_query *query, const mx_attempt *sent, mx_usec now)
{
    mx_resolver *resolver = query->resolver;

    mx_outage_heard(&resolver->outage, now);
    mx_servers_succeeded(mx_query_servers(query), &sent->server);
    if (now - resolver->probed_at >= NOTE_EVERY) {
        resolver->probed_at = now;
        resolver->probed.type = query->question.type;
        mx_name_copy(&resolver->probed.name, &query->question.name);
    }
    mx_window_answered(&resolver->window, sent->mark, now);
    for (mx_attempt *attempt = mx_attempt_first(query); attempt != NULL;
         attempt = mx_attempt_next(attempt)) {
        if (attempt->is_silent && attempt->protocol == MX_UDP &&
            !attempt->is_overtaken && attempt->sent_at < sent->sent_at) {
            note_overtaken(query, attempt, sent, now);
        }
    }
}

static bool
has_patient(const mx_resolver *resolver)
{
    return resolver->bulk_count > 0 || !mx_list_is_empty(&resolver->waiting_bulk);
}

void
mx_query_suspect(mx_resolver *resolver, mx_usec now)
{
    if (has_patient(resolver)) {
        mx_outage_suspect(&resolver->outage, now);
    }
}

void
mx_query_note_silence(mx_query *query, const mx_attempt *attempt, mx_usec now)
{
    mx_resolver *resolver = query->resolver;

    if (mx_outage_note_silence(&resolver->outage, attempt->sent_at, now)) {
        mx_query_suspect(resolver, now);
    }
}

bool
mx_query_is_doubtful(const mx_query *query, mx_usec now)
{
    const mx_outage *outage = &query->resolver->outage;

    if (!query->is_bulk) {
        return false;
    }
    switch (query->failure == NULL ? MX_REASON_TIMEOUT : query->failure->reason) {
    case MX_REASON_UNREACHABLE:
    case MX_REASON_LOCAL_ERROR:
        /* It may be the first to notice; if it is not so, it is the last to be told. */
        if (!query->was_held) {
            return true;
        }
        return outage->is_down || mx_outage_is_stale(outage, now);
    case MX_REASON_TIMEOUT:
        return outage->is_down || mx_outage_is_stale(outage, now);
    default:
        return false; /* a server spoke of the domain */
    }
}

/* -- probes -- */

void
mx_query_drop_probe(mx_resolver *resolver)
{
    if (resolver->probe != NULL) {
        mx_attempt_cancel_all(resolver->probe);
        mx_free(resolver->probe);
        resolver->probe = NULL;
    }
}

/* A query that nobody waits for and that has no timer: only its messages count. It asks
 * what was answered lately, or else for what every resolver knows. */
static mx_query *
get_probe(mx_resolver *resolver)
{
    static const mx_question root = {.name = {.length = 1}, .type = MX_TYPE_NS};
    const mx_question *question =
        resolver->probed.name.length > 0 ? &resolver->probed : &root;
    mx_query *probe = resolver->probe;

    if (probe != NULL) {
        return probe;
    }
    probe = mx_calloc(1, sizeof(*probe));
    if (probe == NULL) {
        return NULL;
    }
    probe->resolver = resolver;
    probe->question.type = question->type;
    mx_name_copy(&probe->question.name, &question->name);
    mx_list_init(&probe->subscribers);
    mx_list_init(&probe->attempts);
    mx_list_init(&probe->queued);
    probe->is_started = true;
    resolver->probe = probe;
    return probe;
}

/* To all servers: whichever comes back first is the one. Those probed before are
 * listened to until the next but one. */
void
mx_query_probe(mx_resolver *resolver, mx_usec now)
{
    const mx_servers *servers = &resolver->nameservers.servers;
    mx_query *probe;
    mx_protocol protocol;

    if (!resolver->outage.is_down) {
        return;
    }
    if (!has_patient(resolver)) {
        mx_outage_drop(&resolver->outage);
        mx_query_drop_probe(resolver);
        return;
    }
    if (!mx_outage_probe(&resolver->outage, now)) {
        return;
    }
    probe = get_probe(resolver);
    if (probe == NULL) {
        return; /* the next one is due soon */
    }
    /* There may be other servers since: nothing else looks while a bulk run waits. */
    (void)mx_nameservers_refresh(&resolver->nameservers, now);
    protocol = ++probe->datagrams % TCP_PROBE == 0 ? MX_TCP : MX_UDP;
    while (mx_attempt_first(probe) != NULL &&
           now - mx_attempt_first(probe)->sent_at > 2 * MX_OUTAGE_PROBE) {
        mx_attempt_cancel(mx_attempt_first(probe));
    }
    for (size_t i = 0; i < servers->count; i++) {
        mx_status status =
            mx_attempt_send(probe, &servers->list[i].server, protocol, MX_NEVER, now);
        (void)status; /* likewise */
    }
}

void
mx_query_take_probe_reply(mx_query *probe, const mx_attempt *sent, mx_reply_kind kind,
                          mx_usec now)
{
    if (kind == MX_REPLY_MESSAGE) {
        mx_servers_succeeded(mx_query_servers(probe), &sent->server);
        mx_outage_heard(&probe->resolver->outage, now);
    }
}
