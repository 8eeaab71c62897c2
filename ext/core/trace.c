/* SPDX-License-Identifier: MIT */
#include "core/trace.h"

#include "core/mem.h"

#include <string.h>

enum {
    FIRST_STEPS = 16,
    LAST_STEPS = 2 /* OMITTED and the final VERDICT: their room is never given away */
};

static mx_status
new_trace(size_t count, mx_trace **out)
{
    mx_trace *trace = mx_calloc(1, sizeof(*trace));

    if (trace == NULL) {
        return MX_NOMEM;
    }
    trace->steps = mx_calloc(count + LAST_STEPS, sizeof(*trace->steps));
    if (trace->steps == NULL) {
        mx_free(trace);
        return MX_NOMEM;
    }
    trace->capacity = count + LAST_STEPS;
    trace->references = 1;
    mx_arena_init(&trace->arena, MX_BLOCK_ROUTE);
    *out = trace;
    return MX_OK;
}

mx_status
mx_trace_new(mx_trace **out)
{
    return new_trace(FIRST_STEPS, out);
}

static mx_step *
add_step(mx_trace *trace, mx_event event, mx_usec at)
{
    mx_step *step = &trace->steps[trace->count++];

    *step = (mx_step){
        .event = event,
        .at = at,
        .elapsed = MX_STEP_NONE,
        .name = "",
        .protocol = MX_STEP_NONE,
        .edns = MX_STEP_NONE,
        .rcode = MX_STEP_NONE,
        .ede = MX_STEP_NONE,
        .verdict = MX_STEP_NONE,
        .count = MX_STEP_NONE,
        .ttl = MX_STEP_NONE,
        .cached = MX_STEP_NONE,
        .host = "",
        .preference = MX_STEP_NONE,
    };
    return step;
}

mx_status
mx_trace_restore(size_t count, mx_trace **out)
{
    mx_trace *trace;
    mx_status status;

    if (count > MX_TRACE_STEPS + LAST_STEPS) {
        return MX_INVALID;
    }
    status = new_trace(count, &trace);
    if (status != MX_OK) {
        return status;
    }
    while (trace->count < count) {
        (void)add_step(trace, MX_EVENT_OMITTED, 0);
    }
    *out = trace;
    return MX_OK;
}

mx_trace *
mx_trace_ref(mx_trace *trace)
{
    if (trace != NULL) {
        trace->references++;
    }
    return trace;
}

void
mx_trace_unref(mx_trace *trace)
{
    if (trace == NULL || --trace->references > 0) {
        return;
    }
    mx_arena_fini(&trace->arena);
    mx_free(trace->steps);
    mx_free(trace);
}

static bool
make_room(mx_trace *trace)
{
    size_t capacity = 2 * trace->capacity;
    mx_step *steps;

    if (trace->count == MX_TRACE_STEPS) {
        return false;
    }
    if (trace->count + LAST_STEPS < trace->capacity) {
        return true;
    }
    steps = mx_realloc(trace->steps, capacity, sizeof(*steps));
    if (steps == NULL) {
        return false;
    }
    trace->steps = steps;
    trace->capacity = capacity;
    return true;
}

mx_step *
mx_trace_add(mx_trace *trace, mx_event event, mx_usec at)
{
    if (!make_room(trace)) {
        trace->omitted++;
        return NULL;
    }
    return add_step(trace, event, at);
}

const char *
mx_trace_text(mx_trace *trace, const char *text)
{
    const char *copy = mx_arena_text(&trace->arena, text, strlen(text));

    return copy == NULL ? "" : copy;
}

const char *
mx_trace_name(mx_trace *trace, const mx_name *name)
{
    char text[MX_NAME_TEXT_SIZE];

    mx_name_to_text(name, text);
    return mx_trace_text(trace, text);
}

void
mx_step_set_reply(mx_step *step, const mx_answer *answer)
{
    /* Of a message that could not be read the rcode may be anything. */
    if (answer->reason != MX_REASON_DAMAGED_REPLY) {
        step->rcode = answer->rcode;
        step->ede = answer->ede;
    }
    step->reason = answer->reason;
    if (answer->kind == MX_ANSWER_RECORDS) {
        step->count = answer->count;
    }
    else if (answer->kind == MX_ANSWER_TRUNCATED) {
        step->reason = MX_REASON_TRUNCATED;
    }
}

void
mx_trace_forget(mx_trace *trace, mx_usec at)
{
    size_t old = 0;

    while (old < trace->count && trace->steps[old].at < at) {
        old++;
    }
    if (old == 0) {
        return;
    }
    trace->count -= old;
    memmove(trace->steps, trace->steps + old, trace->count * sizeof(*trace->steps));
}

void
mx_trace_append(mx_trace *trace, const mx_trace *messages, const char *name,
                uint16_t type)
{
    for (size_t i = 0; i < messages->count; i++) {
        const mx_step *message = &messages->steps[i];
        mx_step *step = mx_trace_add(trace, message->event, message->at);
        if (step != NULL) {
            *step = *message;
            step->name = name;
            step->type = type;
        }
    }
    trace->omitted += messages->omitted;
}

mx_step *
mx_trace_end(mx_trace *trace, mx_usec at)
{
    if (trace->omitted > 0) {
        add_step(trace, MX_EVENT_OMITTED, at)->count = (int64_t)trace->omitted;
    }
    return add_step(trace, MX_EVENT_VERDICT, at);
}

void
mx_trace_sort(mx_trace *trace, mx_usec began)
{
    mx_step *steps = trace->steps;

    /* Nearly sorted as it is: only the messages of one question come late. */
    for (size_t i = 0; i < trace->count; i++) {
        mx_step step = steps[i];
        size_t place = i;
        while (place > 0 && steps[place - 1].at > step.at - began) {
            place--;
        }
        memmove(steps + place + 1, steps + place, (i - place) * sizeof(*steps));
        step.at -= began;
        steps[place] = step;
    }
}
