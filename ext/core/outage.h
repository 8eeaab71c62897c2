/* SPDX-License-Identifier: MIT */
/* outage.h - whether the name servers can be heard at all, so that nobody is charged
 * with silence, refusal or trouble of this machine that has nothing to do with the
 * domain asked for (faults N9, N10, N15, N26, N27, P22).
 *
 * Any message from any of them shows that they can. The other way round there is no
 * proof, only suspicion: several silences and nothing heard meanwhile, every server
 * refusing, or this machine failing again and again. A probe settles it; while its
 * answer is awaited whoever can wait does. If all that is left are dead domains, the
 * probe is answered in a round trip; if the servers are gone, the probes go on, at most
 * MX_OUTAGE_PROBE apart, until one is answered.
 *
 * Pure; whoever has it tells the time and sends the probes.
 */
#ifndef MX_OUTAGE_H
#define MX_OUTAGE_H

#include "core/clock.h"

#include <stdbool.h>
#include <stdint.h>

enum { MX_OUTAGE_SILENCES = 4, MX_OUTAGE_TROUBLES = 3 };
#define MX_OUTAGE_STALE (250 * MX_USEC_PER_MSEC) /* what was heard before is old news */
#define MX_OUTAGE_PROBE MX_USEC_PER_SEC          /* longest time between two probes */
#define MX_OUTAGE_REAL MX_USEC_PER_SEC           /* shorter ones were false alarm */

typedef struct mx_outage {
    mx_usec heard_at;            /* last message */
    unsigned silences, troubles; /* since then */
    bool is_down;                /* or suspected to be */
    bool has_ended;              /* to be reset by who has dealt with it */
    mx_usec since;               /* suspected at */
    mx_usec lost_at;             /* last message before */
    mx_usec lasted;              /* the one that ended last */
    mx_usec probe_at;
    unsigned probes;
    uint64_t count; /* real ones */
    mx_usec paused; /* the length of those that are over */
} mx_outage;

void mx_outage_init(mx_outage *outage, mx_usec now);
/* A server said something. */
void mx_outage_end(mx_outage *outage, mx_usec now);
static inline void
mx_outage_heard(mx_outage *outage, mx_usec now)
{
    outage->heard_at = now;
    outage->silences = outage->troubles = 0;
    if (outage->is_down) {
        mx_outage_end(outage, now);
    }
}
/* Nothing was heard for so long that silence may be everybody's. */
bool mx_outage_is_stale(const mx_outage *outage, mx_usec now);
void mx_outage_suspect(mx_outage *outage, mx_usec now);
/* A message sent at `sent_at` is silent. True: grounds for suspicion. */
bool mx_outage_note_silence(mx_outage *outage, mx_usec sent_at, mx_usec now);
/* A message failed in this machine. True: grounds for suspicion. */
bool mx_outage_note_trouble(mx_outage *outage);
/* Nobody waits for the end any more. */
void mx_outage_drop(mx_outage *outage);
/* When the next probe is due, MX_NEVER when none is. */
mx_usec mx_outage_next(const mx_outage *outage);
/* Whether one is due, which counts as sent then. */
bool mx_outage_probe(mx_outage *outage, mx_usec now);
/* The one that ended last was one. */
bool mx_outage_was_real(const mx_outage *outage);
/* All real ones so far together, with the one that goes on. */
mx_usec mx_outage_paused(const mx_outage *outage, mx_usec now);

#endif
