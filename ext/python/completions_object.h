/* SPDX-License-Identifier: MIT */
/* completions_object.h - the body of a Completions, shared by its files and by nobody
 * else:
 *
 *   completions_type.c  the object, its fields and other methods
 *   completions_take.c  take(): what is finished, and what is to be ranked first
 */
#ifndef PYMX_COMPLETIONS_OBJECT_H
#define PYMX_COMPLETIONS_OBJECT_H

#include <Python.h>

#include "core/completions.h"
#include "core/list.h"
#include "core/table.h"
#include "python/module.h"
#include "python/request_type.h"

#include <stdbool.h>

typedef struct pymx_completions {
    PyObject ob_base;
    mx_completions *queue;
    mx_list in_flight;  /* requests, in order of submission */
    mx_list finished;   /* requests with their routes, or paused, not yet taken */
    Py_ssize_t pending; /* of both */
    unsigned generation;
    bool is_closed;
    bool is_taking;
} pymx_completions;

static inline pymx_request *
pymx_first_request(const mx_list *list)
{
    return MX_CONTAINER(list->next, pymx_request, link);
}

/* -1 with ClosedError. */
int pymx_completions_check_open(pymx_state *state, const pymx_completions *self);
/* A request of one of the lists is no more ours. */
void pymx_completions_forget(pymx_completions *self, pymx_request *request);

/* A method, PYMX_FASTCALL. */
PyObject *pymx_completions_take(PyObject *object, PyObject *const *args,
                                Py_ssize_t count, PyObject *keywords);

#endif
