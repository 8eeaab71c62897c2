/* SPDX-License-Identifier: MIT */
/* rate.h - no more than so many messages a second: a token bucket.
 *
 * Smooth: it holds MX_RATE_BURST of tokens, so that what was not used a moment ago does
 * not come as a flood now. Pure; whoever has it tells the time.
 */
#ifndef MX_RATE_H
#define MX_RATE_H

#include "core/clock.h"

#include <stdbool.h>

#define MX_RATE_BURST (50 * MX_USEC_PER_MSEC)

typedef struct mx_rate {
    double each; /* microseconds a token takes to come, 0: no limit */
    double burst, tokens;
    mx_usec filled_at;
} mx_rate;

/* `per_second` above 0, or 0 for no limit. The bucket is full at first. */
void mx_rate_init(mx_rate *rate, double per_second, mx_usec now);
/* Another limit from now on; no token is won by it. */
void mx_rate_change(mx_rate *rate, double per_second, mx_usec now);
static inline bool
mx_rate_is_limited(const mx_rate *rate)
{
    return rate->each > 0;
}
/* Messages a second, 0 for no limit. */
double mx_rate_get(const mx_rate *rate);
/* Whether a message may be sent now. */
bool mx_rate_has(mx_rate *rate, mx_usec now);
/* One was sent: also where none was to be had, which the next ones pay for. */
void mx_rate_take(mx_rate *rate, mx_usec now);
/* When the next one may be sent, `now` at the earliest. */
mx_usec mx_rate_next(mx_rate *rate, mx_usec now);

#endif
