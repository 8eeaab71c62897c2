/* SPDX-License-Identifier: MIT */
/* bulk_object.h - the body of a bulk run, shared by its files and by nobody else:
 *
 *   bulk_rows.c   the table of rows: started, settled, kept for a retry, handed out
 *   bulk_input.c  reading rows, as many as there is room for
 *   bulk_flow.c   what is to be done next, and waiting
 *   bulk_type.c   RouteIterator, for callers that block
 *   bulk_feed.c   Bulk, for event loops
 *
 * A row is what was read, with a destination in it. Its place in the table is the token
 * of its lookup. At most `concurrency` of them were read and not handed out, so that
 * nothing here grows with the input.
 *
 * Any Python code may run wherever an object of the caller's is touched: it may close
 * the run, fork, or raise. Each function that says so returns -1 with an exception, or
 * leaves it to the next pymx_bulk_check() to notice.
 */
#ifndef PYMX_BULK_OBJECT_H
#define PYMX_BULK_OBJECT_H

#include <Python.h>

#include "core/batch.h"
#include "core/clock.h"
#include "core/completions.h"
#include "core/route.h"
#include "python/module.h"

#include <stdbool.h>
#include <stdint.h>

/* Completions taken, and rows read, at a time. */
enum { PYMX_BULK_BATCH = 256 };

enum { PYMX_NO_ROW = UINT32_MAX };

typedef struct pymx_row {
    PyObject *input; /* NULL in a place that is free */
    PyObject *destination;
    mx_request *request; /* to rank its exchanges; NULL where nothing is preferred */
    mx_route *route;     /* NULL if memory was short, or in the place of: */
    PyObject *error;     /* what its destination or `prefer` raised */
    uint32_t next;       /* in `line`, or among the free ones */
    uint32_t next_aside; /* in `held` or `paused` */
    uint32_t retries;    /* left */
    bool is_finished;
} pymx_row;

typedef struct pymx_row_list {
    uint32_t first, last; /* PYMX_NO_ROW when there is none */
} pymx_row_list;

typedef struct pymx_bulk {
    PyObject ob_base;
    PyObject *resolver;
    PyObject *rows; /* an iterator; NULL at its end, or if rows are added */
    PyObject *key;  /* these two may be NULL */
    PyObject *report;
    PyObject *failure; /* ended the input; raised once all that was read is out */

    mx_completions *queue;
    mx_batch *batches; /* one for each shard; NULL before the first row */
    const mx_shards *shards;
    unsigned generation; /* of the engine that it was made for */

    pymx_row *table;
    uint32_t capacity;
    uint32_t free_row;
    pymx_row_list line;   /* ordered: all rows; otherwise those that are finished */
    pymx_row_list held;   /* to be asked again */
    pymx_row_list paused; /* their exchanges are to be ranked */
    size_t held_count;

    size_t concurrency;
    size_t in_flight;
    uint64_t read;
    uint64_t yielded;
    size_t lent;  /* of a feed: handed out, but not yet counted as yielded */
    size_t quota; /* rows to be read at a time */
    uint32_t retries;
    mx_usec report_at;
    bool is_ordered;
    bool is_fed;     /* rows may still be added */
    bool has_unsent; /* of a feed: rows that were added */
    bool is_poked;   /* of a feed: there is a completion in the queue that is none */
    bool is_slow;    /* the input: ready routes do not wait for a row of it */
    bool is_running; /* somebody is in one of our functions */
    bool is_closed;
} pymx_bulk;

/* bulk_rows.c */

/* How many rows may be read now. */
static inline size_t
pymx_bulk_room(const pymx_bulk *self)
{
    return self->concurrency - (size_t)(self->read - self->yielded);
}

/* Whether a row can be handed out. */
static inline bool
pymx_bulk_is_ready(const pymx_bulk *self)
{
    return self->line.first != PYMX_NO_ROW && self->table[self->line.first].is_finished;
}

static inline bool
pymx_bulk_is_open(const pymx_bulk *self)
{
    return self->rows != NULL || self->is_fed;
}

/* There is nothing to come any more, but perhaps `failure`. */
static inline bool
pymx_bulk_is_done(const pymx_bulk *self)
{
    return !pymx_bulk_is_open(self) && self->read == self->yielded;
}

/* Whether more than `self` still wants it: -1 with ClosedError in a fork child; 0 when
 * it was closed; else 1. */
int pymx_bulk_check(const pymx_bulk *self);
/* The engine and room for one more row, before it is read. -1 with ClosedError,
 * OSError or MemoryError. */
int pymx_bulk_prepare(pymx_bulk *self);
/* Takes over a row that was read; what its lookup needs is sent later. Its destination
 * may run Python code. */
void pymx_bulk_add_take(pymx_bulk *self, PyObject *input, PyObject *destination);
/* Sends what was started. */
void pymx_bulk_send(pymx_bulk *self);
/* What became of a row that was in flight. */
void pymx_bulk_settle(pymx_bulk *self, const mx_completion *done);
/* Starts again those that are held, once it is time to. */
void pymx_bulk_retry(pymx_bulk *self);
/* Ranks exchanges, which runs Python code, until nothing is paused. -1 with its
 * exception unless that is the row's own. */
int pymx_bulk_rank(pymx_bulk *self);
/* The next route, or the exception in its place; only while one is ready. */
PyObject *pymx_bulk_pop(pymx_bulk *self);
/* Frees all rows; a row's objects may run Python code when they go. */
void pymx_bulk_drop_rows(pymx_bulk *self);

/* bulk_input.c */

/* Reads some rows, if there is room and the input has more. An exception of the input
 * becomes `failure`; what is no Exception (Ctrl-C) is -1 at once. */
int pymx_bulk_read(pymx_bulk *self);
/* Reads the destination of a row; takes over `input`. -1 with the exception of `key`. */
int pymx_bulk_take_row(pymx_bulk *self, PyObject *input);
/* The exception that is set ends the input: 0; -1 if it is not for later. */
int pymx_bulk_end_input(pymx_bulk *self);

/* bulk_flow.c */

PyObject *pymx_bulk_new(PyTypeObject *type, PyObject *resolver, bool has_descriptor,
                        size_t concurrency);
int pymx_bulk_traverse(PyObject *object, visitproc visit, void *arg);
int pymx_bulk_clear(PyObject *self);
void pymx_bulk_dealloc(PyObject *object);
/* Cancels what is in flight and frees all. While somebody else is in one of our
 * functions that is left to them. */
void pymx_bulk_close(pymx_bulk *self);

/* Enters the run for a caller: -1 with ValueError while somebody else is in it. Leave
 * it in any case after 0. */
int pymx_bulk_enter(pymx_bulk *self);
void pymx_bulk_leave(pymx_bulk *self);
/* Does what can be done until a route is ready or the run is done; at most waits
 * `wait` for that. -1 with an exception. */
int pymx_bulk_work(pymx_bulk *self, mx_usec wait);
/* Tells how far it is, if it is time to. -1 with the exception of `report`. */
int pymx_bulk_report(pymx_bulk *self, bool is_last);
/* Pops up to `limit` routes that are ready: a list, or NULL with the exception in the
 * place of the first. */
PyObject *pymx_bulk_pop_many(pymx_bulk *self, size_t limit);
/* Once done: raises `failure`, once, else reports for the last time and closes. 0, or
 * -1 with an exception. */
int pymx_bulk_finish(pymx_bulk *self);

/* bulk_type.c: the object for the arguments of a method of Resolver. */
PyObject *pymx_bulk_begin(PyTypeObject *type, PyObject *resolver, const char *function,
                          bool has_descriptor, PyObject *const *args, Py_ssize_t count,
                          PyObject *keywords);

/* bulk_feed.c */
extern PyType_Spec pymx_bulk_feed_spec;

#endif
