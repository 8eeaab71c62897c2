/* SPDX-License-Identifier: MIT */
#include "core/outage.h"

#define FIRST_PAUSE (100 * MX_USEC_PER_MSEC)

void
mx_outage_init(mx_outage *outage, mx_usec now)
{
    *outage = (mx_outage){.heard_at = now};
}

void
mx_outage_end(mx_outage *outage, mx_usec now)
{
    outage->lasted = now - outage->since;
    outage->is_down = false;
    outage->has_ended = true;
    if (mx_outage_was_real(outage)) {
        outage->count++;
        outage->paused += outage->lasted;
    }
}

bool
mx_outage_is_stale(const mx_outage *outage, mx_usec now)
{
    return now - outage->heard_at >= MX_OUTAGE_STALE;
}

void
mx_outage_suspect(mx_outage *outage, mx_usec now)
{
    if (outage->is_down) {
        return;
    }
    outage->is_down = true;
    outage->since = now;
    outage->lost_at = outage->heard_at;
    outage->probe_at = now;
    outage->probes = 0;
}

bool
mx_outage_note_silence(mx_outage *outage, mx_usec sent_at, mx_usec now)
{
    if (sent_at < outage->heard_at) {
        return false;
    }
    outage->silences++;
    return outage->silences >= MX_OUTAGE_SILENCES && mx_outage_is_stale(outage, now);
}

bool
mx_outage_note_trouble(mx_outage *outage)
{
    return ++outage->troubles >= MX_OUTAGE_TROUBLES;
}

void
mx_outage_drop(mx_outage *outage)
{
    outage->is_down = false;
    outage->silences = outage->troubles = 0;
}

mx_usec
mx_outage_next(const mx_outage *outage)
{
    return outage->is_down ? outage->probe_at : MX_NEVER;
}

bool
mx_outage_probe(mx_outage *outage, mx_usec now)
{
    mx_usec pause = MX_OUTAGE_PROBE;

    if (!outage->is_down || now < outage->probe_at) {
        return false;
    }
    if (FIRST_PAUSE << outage->probes < MX_OUTAGE_PROBE) {
        pause = FIRST_PAUSE << outage->probes;
        outage->probes++;
    }
    outage->probe_at = now + pause;
    return true;
}

bool
mx_outage_was_real(const mx_outage *outage)
{
    return outage->lasted >= MX_OUTAGE_REAL;
}

mx_usec
mx_outage_paused(const mx_outage *outage, mx_usec now)
{
    mx_usec going_on = outage->is_down ? now - outage->since : 0;

    return outage->paused + (going_on >= MX_OUTAGE_REAL ? going_on : 0);
}
