/* SPDX-License-Identifier: MIT */
/* engine_state.h - the engines of an interpreter, as many as the resolver with the most
 * threads asked for: started by its first lookup, never by import, restarted in fork
 * children, stopped when the interpreter ends.
 *
 *   engine_state.c  the engines: started, told, stopped
 *   engine_fork.c   what is done around a fork
 *
 * Their threads never touch Python. All functions but pymx_engine_free are called with
 * the GIL held.
 */
#ifndef PYMX_ENGINE_STATE_H
#define PYMX_ENGINE_STATE_H

#include <Python.h>

#include "core/batch.h"
#include "core/engine.h"
#include "core/shards.h"

#include <stdbool.h>

struct pymx_state;

typedef struct pymx_engine_state {
    size_t count;         /* of engines, 0 before the first lookup */
    unsigned generation;  /* grows in each fork child; what an older one made is dead */
    unsigned process;     /* the one that has the threads, see process.h */
    unsigned forks;       /* under way; more than one if an at-fork hook forks, */
    unsigned long forker; /* all in this thread */
    size_t locked;        /* engines, until they are over */
    bool is_shut_down;
    mx_engine *engines[MX_MAX_SHARDS]; /* each has one shard of every resolver */
} pymx_engine_state;

/* Sees to it that we hear of forks and of the interpreter's end. */
int pymx_engine_watch_process(PyObject *module);

/* -1 with ClosedError after shutdown. */
int pymx_engine_check_open(struct pymx_state *state);
/* Sees to it that there are at least `count` engines with their threads. -1 with
 * ClosedError (after shutdown, or in a thread that is forking) or OSError when no
 * thread can be had. */
int pymx_engine_start(struct pymx_state *state, size_t count);

/* As their namesakes of engine.h, except while a fork is under way: then they give up
 * the GIL to wait for it, or, called by the forking thread itself (from another at-fork
 * hook or the garbage collector), do nothing and say MX_CLOSED. */
mx_status pymx_engine_submit(struct pymx_state *state, const mx_shards *shards,
                             const mx_submission *submission,
                             mx_completions *completions, mx_request **request);
/* Nothing is sent from an at-fork hook: -1 with ClosedError there. */
int pymx_engine_check_sender(struct pymx_state *state);
void pymx_engine_send(struct pymx_state *state, mx_batch *batches, size_t count);
mx_status pymx_engine_resume(struct pymx_state *state, mx_request *request);
void pymx_engine_cancel(struct pymx_state *state, mx_request *request);
void pymx_engine_sweep(struct pymx_state *state);
void pymx_engine_close_resolver(struct pymx_state *state, const mx_shards *shards);

/* Ends every lookup as cancelled and joins the thread, for good. */
void pymx_engine_shut_down(struct pymx_state *state);
/* The last of all: frees what shutting down left. */
void pymx_engine_free(pymx_engine_state *state);

/* Of engine_state.c and engine_fork.c, for each other. */
void pymx_engine_forget(struct pymx_state *state);
bool pymx_engine_is_forker(const pymx_engine_state *engine);
void pymx_engine_wait_a_moment(void);

#endif
