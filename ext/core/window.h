/* SPDX-License-Identifier: MIT */
/* window.h - how many questions may be on the wire of a resolver, and how fast they may
 * follow each other, learnt from what becomes of them (faults N25, N30).
 *
 * Silence proves little: a domain whose name servers are dead is silent through a
 * healthy path (law 3). Loss is proved by a question that was silent and whose
 * repetition was answered. Of the questions that are lost on the path, as many again are
 * so proved as get through at the first try, in proportion, however many domains are
 * dead; so proved losses against answers are the share of loss.
 *
 * - The window counts first messages only, and those not for longer than their patience:
 *   what is silent, and what is sent again, takes no place of theirs (fault L7). It
 *   grows with each answer while it is in use, and is halved by loss.
 * - A server that limits its clients needs more: what it drops comes back only after the
 *   patience, so that no window, however small, makes a steady rate. So loss also sets a
 *   pace, from the rate at which answers came. It grows to just below what was carried,
 *   stays there, and tries more ever more rarely.
 * - Loss that stays the same while the pace goes down has another cause; it is put up
 *   with.
 *
 * Time is divided in eras, one for each pace. The messages sent at the beginning of an
 * era are its sample, which can be followed to its end before the next one. What was
 * sent before a cut proves nothing any more: so there is one cut for one overload. Pure;
 * whoever has it tells the time.
 */
#ifndef MX_WINDOW_H
#define MX_WINDOW_H

#include "core/clock.h"
#include "core/rate.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MX_WINDOW_FIRST = 512, MX_WINDOW_FLOOR = 32, MX_WINDOW_MOST = 1 << 16 };
enum { MX_WINDOW_LOSSES = 8 };  /* fewer may be chance */
#define MX_WINDOW_SLOWEST 100.0 /* messages a second, the slowest pace */
#define MX_WINDOW_FASTEST 100e3 /* a pace above this is none */

typedef struct mx_window {
    size_t size;    /* first messages that may be awaited */
    size_t awaited; /* those that are: counted by the owner of the window */
    size_t repeats; /* messages that wait to be sent again: likewise */
    size_t answers; /* since it grew last, above the threshold */
    size_t threshold;
    mx_rate pace;
    mx_usec patience; /* of a first message */

    uint32_t era;
    uint32_t cut_era;         /* the first since the pace was cut */
    mx_usec cut_at;           /* -1: never */
    mx_usec began, judged_at; /* the era */
    uint32_t delivered;       /* answers that came in it */
    /* Answers and proved losses of messages since the cut, the older the less. */
    uint32_t recent_answers, recent_losses;
    uint32_t sample_answered, sample_lost;
    bool is_short; /* the pace held something up in it */

    /* Cuts that have not cured the loss yet, with the share of loss after the first of
     * them and the pace before it. */
    unsigned cuts;
    double share_before, pace_before;
    double tolerated;     /* share of loss that a slower pace did not cure */
    double ceiling;       /* what was carried last time there was loss, 0 if unknown */
    unsigned rests, rest; /* eras at the ceiling, so far and before more is tried */
    uint64_t losses;      /* proved so far */
} mx_window;

void mx_window_init(mx_window *window, mx_usec patience, mx_usec now);
/* Whether one more first message may be awaited. */
static inline bool
mx_window_has_room(const mx_window *window)
{
    return window->awaited < window->size;
}
/* Whether something was sent too fast at this time or later. */
static inline bool
mx_window_has_cut(const mx_window *window, mx_usec since)
{
    return window->cut_at >= since;
}
/* Whether the pace lets a message out. */
bool mx_window_may_send(mx_window *window, mx_usec now);
/* When it does, `now` at the earliest. */
mx_usec mx_window_next(mx_window *window, mx_usec now);
/* A message was sent. Returns its mark, to be given back with what became of it. */
uint32_t mx_window_sent(mx_window *window, mx_usec now);
/* A message was answered, late or in time. */
void mx_window_answered(mx_window *window, uint32_t mark, mx_usec now);
/* A message was lost for certain: it is silent, and its repetition was answered. */
void mx_window_lost(mx_window *window, uint32_t mark, mx_usec now);
/* The path was down: of what was sent before nothing is to be concluded. */
void mx_window_restart(mx_window *window, mx_usec now);

#endif
