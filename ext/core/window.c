/* SPDX-License-Identifier: MIT */
#include "core/window.h"

#define LEAST_SHARE 0.02 /* of loss: repeating makes that good without more ado */
#define CURED 0.7        /* slower sending helped if less than this part is left */
#define HOPELESS 0.6     /* a share of loss that only haste is believed to cause */
#define BACK_OFF 0.75    /* of what was carried, after loss */
#define HEADROOM 0.95    /* of what was carried, in the long run */
#define RETURN 1.15      /* each era, up to the ceiling */
#define SEARCH 1.5       /* each era, while there is none */
#define PROBE 1.05       /* beyond it */

enum { TRIALS = 3, FIRST_REST = 8, LONGEST_REST = 64 };

/* A mark is the era, and whether the message is in its sample. */
#define IN_SAMPLE (UINT32_C(1) << 31)

static void
begin_era(mx_window *window, mx_usec now)
{
    window->era++;
    window->began = now;
    /* What is sent in the first half of a patience, then its patience, then some time
     * for the repetitions to be answered. */
    window->judged_at =
        now + window->patience / 2 + window->patience + window->patience / 4;
    window->delivered = 0;
    window->recent_answers /= 2;
    window->recent_losses /= 2;
    window->sample_answered = window->sample_lost = 0;
    window->is_short = false;
}

/* What was sent so far proves nothing any more. */
static void
forget(mx_window *window, mx_usec now)
{
    begin_era(window, now);
    window->recent_answers = window->recent_losses = 0;
    window->cut_era = window->era;
}

void
mx_window_init(mx_window *window, mx_usec patience, mx_usec now)
{
    *window = (mx_window){.size = MX_WINDOW_FIRST,
                          .threshold = MX_WINDOW_MOST,
                          .patience = patience,
                          .cut_at = -1,
                          .rest = FIRST_REST};
    mx_rate_init(&window->pace, 0, now);
    begin_era(window, now);
}

static void
set_pace(mx_window *window, double per_second, mx_usec now)
{
    mx_rate_change(&window->pace, per_second > MX_WINDOW_FASTEST ? 0 : per_second, now);
}

static double
share_of(uint32_t lost, uint32_t answered)
{
    double all = (double)lost + (double)answered;

    return all > 0 ? (double)lost / all : 0;
}

static bool
is_too_much(const mx_window *window, uint32_t lost, double share)
{
    double tolerance = 1.5 * window->tolerated;

    return lost >= MX_WINDOW_LOSSES &&
           share > (tolerance > LEAST_SHARE ? tolerance : LEAST_SHARE);
}

/* Messages a second that the path carried in this era. */
static double
measure_pace(const mx_window *window, double share, mx_usec now)
{
    mx_usec elapsed = now - window->began;
    double pace = mx_rate_get(&window->pace);
    double measured = (double)window->delivered * (double)MX_USEC_PER_SEC /
                      (double)(elapsed > 0 ? elapsed : 1);

    if (pace > 0) {
        /* Little may have been asked; what would have got through is known. */
        measured = measured < pace * (1 - share) ? pace * (1 - share) : measured;
        measured = measured > pace ? pace : measured;
    }
    return measured;
}

/* The pace alone is to slow us down: what is silent keeps its place for a patience. */
static void
halve(mx_window *window)
{
    double silent =
        mx_rate_get(&window->pace) * (double)window->patience / (double)MX_USEC_PER_SEC;
    size_t half = window->size / 2;

    if (half < MX_WINDOW_FLOOR || (double)half < silent) {
        half = MX_WINDOW_FLOOR + (size_t)silent;
    }
    window->size = half < MX_WINDOW_MOST ? half : MX_WINDOW_MOST;
    window->threshold = window->size;
}

static void
cut(mx_window *window, double share, mx_usec now)
{
    double pace = mx_rate_get(&window->pace);
    double measured = measure_pace(window, share, now);
    double next = BACK_OFF * measured;

    if (window->cuts++ == 0) {
        window->pace_before = pace;
        window->share_before = 0;
    }
    /* The first measure is of a time when all stood still: it is no ceiling. */
    window->ceiling = pace > 0 ? HEADROOM * measured : 0;
    window->rest = window->rests > 0 && 2 * window->rest <= LONGEST_REST
                       ? 2 * window->rest
                       : window->rest;
    window->rests = 0;
    set_pace(window, next < MX_WINDOW_SLOWEST ? MX_WINDOW_SLOWEST : next, now);
    halve(window);
    window->cut_at = now;
    forget(window, now);
}

/* The pace has done no harm, and held something up. */
static void
grow_pace(mx_window *window, mx_usec now)
{
    double pace = mx_rate_get(&window->pace);

    if (window->ceiling <= 0) {
        set_pace(window, SEARCH * pace, now);
    }
    else if (pace < window->ceiling) {
        double grown = RETURN * pace;
        set_pace(window, grown < window->ceiling ? grown : window->ceiling, now);
    }
    else if (++window->rests >= window->rest) {
        /* If this does no harm either the limit has gone, or was misjudged. */
        set_pace(window, PROBE * pace, now);
        window->rest = window->rest / 2 > 0 ? window->rest / 2 : 1;
        window->rests = 0;
    }
}

/* Slower and slower, and the same share is lost. */
static bool
is_in_vain(const mx_window *window, double share)
{
    return window->cuts >= TRIALS && share < HOPELESS &&
           share > CURED * window->share_before;
}

/* The sample of the era has come to its end. */
static void
judge(mx_window *window, mx_usec now)
{
    double share = share_of(window->sample_lost, window->sample_answered);

    if (is_too_much(window, window->sample_lost, share)) {
        if (!is_in_vain(window, share)) {
            double before = window->cuts > 0 ? window->share_before : 0;
            cut(window, share, now);
            window->share_before = before > 0 ? before : share;
            return;
        }
        window->tolerated = share;
        window->cuts = 0;
        window->threshold = MX_WINDOW_MOST;
        set_pace(window, window->pace_before, now);
        forget(window, now);
        return;
    }
    if (share < window->tolerated / 2) {
        window->tolerated = share;
    }
    if (window->is_short && (double)window->repeats < mx_rate_get(&window->pace)) {
        /* While more is to be repeated than takes a second, haste would lose it again. */
        grow_pace(window, now);
    }
    window->cuts = 0;
    begin_era(window, now);
}

bool
mx_window_may_send(mx_window *window, mx_usec now)
{
    bool may = mx_rate_has(&window->pace, now);

    window->is_short |= !may;
    return may;
}

mx_usec
mx_window_next(mx_window *window, mx_usec now)
{
    return mx_rate_next(&window->pace, now);
}

uint32_t
mx_window_sent(mx_window *window, mx_usec now)
{
    mx_rate_take(&window->pace, now);
    return now - window->began < window->patience / 2 ? window->era | IN_SAMPLE
                                                      : window->era;
}

static void
grow(mx_window *window)
{
    if (window->size >= MX_WINDOW_MOST || 2 * window->awaited < window->size) {
        return;
    }
    if (window->size < window->threshold || ++window->answers >= window->size) {
        window->size++;
        window->answers = 0;
    }
}

void
mx_window_answered(mx_window *window, uint32_t mark, mx_usec now)
{
    window->delivered++;
    window->recent_answers++;
    window->sample_answered += mark == (window->era | IN_SAMPLE);
    grow(window);
    if (now >= window->judged_at) {
        judge(window, now);
    }
}

void
mx_window_lost(mx_window *window, uint32_t mark, mx_usec now)
{
    double share;

    window->losses++;
    window->sample_lost += mark == (window->era | IN_SAMPLE);
    if ((mark & ~IN_SAMPLE) < window->cut_era) {
        return;
    }
    window->recent_losses++;
    share = share_of(window->recent_losses, window->recent_answers);
    /* What a cut led to is to be seen in full, unless it is plain already. */
    if (is_too_much(window, window->recent_losses, share) &&
        (window->cuts == 0 || share > HOPELESS)) {
        cut(window, share, now);
    }
}

void
mx_window_restart(mx_window *window, mx_usec now)
{
    window->size = window->size < MX_WINDOW_FIRST ? window->size : MX_WINDOW_FIRST;
    forget(window, now);
}
