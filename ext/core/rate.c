/* SPDX-License-Identifier: MIT */
#include "core/rate.h"

static void
fill(mx_rate *rate, mx_usec now)
{
    if (now <= rate->filled_at) {
        return;
    }
    rate->tokens += (double)(now - rate->filled_at) / rate->each;
    rate->filled_at = now;
    if (rate->tokens > rate->burst) {
        rate->tokens = rate->burst;
    }
}

static void
set_limit(mx_rate *rate, double per_second)
{
    double burst;

    rate->each = per_second > 0 ? (double)MX_USEC_PER_SEC / per_second : 0;
    if (rate->each > 0) {
        burst = (double)MX_RATE_BURST / rate->each;
        /* Less than a whole token would never be enough for a message. */
        rate->burst = burst > 1 ? burst : 1;
    }
}

void
mx_rate_init(mx_rate *rate, double per_second, mx_usec now)
{
    *rate = (mx_rate){.filled_at = now};
    set_limit(rate, per_second);
    rate->tokens = rate->burst;
}

void
mx_rate_change(mx_rate *rate, double per_second, mx_usec now)
{
    if (mx_rate_is_limited(rate)) {
        fill(rate, now);
    }
    else {
        rate->tokens = 0;
        rate->filled_at = now;
    }
    set_limit(rate, per_second);
    if (rate->tokens > rate->burst) {
        rate->tokens = rate->burst;
    }
}

double
mx_rate_get(const mx_rate *rate)
{
    return mx_rate_is_limited(rate) ? (double)MX_USEC_PER_SEC / rate->each : 0;
}

bool
mx_rate_has(mx_rate *rate, mx_usec now)
{
    if (!mx_rate_is_limited(rate)) {
        return true;
    }
    if (rate->tokens < 1) {
        fill(rate, now);
    }
    return rate->tokens >= 1;
}

void
mx_rate_take(mx_rate *rate, mx_usec now)
{
    if (mx_rate_is_limited(rate)) {
        fill(rate, now);
        rate->tokens -= 1;
    }
}

mx_usec
mx_rate_next(mx_rate *rate, mx_usec now)
{
    if (mx_rate_has(rate, now)) {
        return now;
    }
    /* A microsecond more, lest rounding wakes us for a token that is not there. */
    return now + (mx_usec)((1 - rate->tokens) * rate->each) + 1;
}
