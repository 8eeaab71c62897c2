/* SPDX-License-Identifier: MIT */
/* engine_state.h - the body of an engine, shared by its files and by nobody else:
 *
 *   engine.c       what any thread may call: fills the inbox, starts, stops
 *   batch.c        submissions on their way to the inbox
 *   engine_inbox.c what the thread finds there: requests, cancellations, ends
 *   engine_loop.c  what the engine's thread does
 */
#ifndef MX_ENGINE_STATE_H
#define MX_ENGINE_STATE_H

#include "core/engine.h"
#include "core/hash.h"
#include "core/list.h"
#include "core/outbox.h"
#include "core/wake.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>

struct mx_engine {
    mx_engine_config config;

    /* The inbox: everything under `lock`, filled by any thread until is_stopping. */
    pthread_mutex_t lock;
    mx_list submitted;  /* requests */
    mx_list cancelling; /* requests, with a reference each */
    mx_list closing;    /* resolvers, with a reference each */
    bool has_closed;    /* queues were closed whose lookups nobody wants */
    atomic_bool is_stopping;

    /* The thread waits, or is about to, and knows of nothing in the inbox: set by the
     * thread under `lock`, cleared by whoever raises `wake` to end that. */
    atomic_bool is_asleep;
    mx_wake wake;

    mx_hash_key seed_key; /* the n-th lookup's seed is the hash of n */
    atomic_uint_fast64_t seeds;

    /* Whoever stops the engine waits for its end under `ending`. */
    pthread_mutex_t ending;
    pthread_t thread;
    bool has_thread, has_ended;

    /* The engine's thread only. */
    mx_outbox outbox;
    mx_list resolvers;
    struct pollfd *descriptors;
    size_t descriptor_capacity;
};

/* A fresh seed; any thread. */
uint64_t mx_engine_next_seed(mx_engine *engine);
bool mx_engine_is_stopping(const mx_engine *engine);
/* Moves `requests` to the inbox; false, and they stay, when the engine is stopping. Any
 * thread. */
bool mx_engine_receive(mx_engine *engine, mx_list *requests);

/* Room for the first descriptors, without which the loop cannot run. */
MX_MUST_CHECK mx_status mx_engine_prepare(mx_engine *engine);
/* Empties the inbox. False when the engine is to stop. */
bool mx_engine_read_inbox(mx_engine *engine, mx_usec now);
/* The resolver after `place`, which is &engine->resolvers or one's of_engine; NULL at the
 * end. */
mx_resolver *mx_engine_next_resolver(const mx_engine *engine, const mx_list *place);

/* Takes in submissions, works, waits at most `wait` for an event, works. False when the
 * engine is to stop. */
bool mx_engine_loop_once(mx_engine *engine, mx_usec wait);
/* Once is_stopping is set: every lookup completes as cancelled, every transport is
 * freed. */
void mx_engine_end_all(mx_engine *engine);

#endif
