/* SPDX-License-Identifier: MIT */
#include <Python.h>

#include "core/completions.h"
#include "core/engine.h"
#include "python/args.h"
#include "python/errors.h"
#include "python/offline.h"
#include "python/resolver_object.h"
#include "python/resolver_type.h"
#include "python/route_type.h"
#include "python/wait.h"

/* The route of a completion, or NULL with an exception. */
static mx_route *
take_route(pymx_resolver *self, const mx_completion *done,
           const mx_submission *submission)
{
    pymx_state *state = pymx_state_of((PyObject *)self);
    if (done->status == MX_SYS) {
        /* No sockets to be had: local trouble, which is a status as it is for one. */
        return pymx_resolver_answer_offline(self, submission->destination);
    }
    if (done->status != MX_OK) {
        pymx_raise_status(state, done->status, 0, "look up the destination");
        return NULL;
    }
    return done->route;
}

/* Has the exchanges of a paused lookup ranked; -1 with an exception. */
static int
go_on(pymx_resolver *self, mx_request *request)
{
    pymx_state *state = pymx_state_of((PyObject *)self);
    unsigned generation = state->engine.generation;
    if (pymx_resolver_rank((PyObject *)self, request) < 0) {
        return -1;
    }
    mx_status status = generation == state->engine.generation
                           ? pymx_engine_resume(state, request)
                           : MX_CLOSED;
    if (status == MX_CLOSED) {
        pymx_raise_closed(state, "the lookup was begun by the parent of this process");
        return -1;
    }
    if (status != MX_OK) {
        pymx_raise_status(state, status, 0, "go on with a lookup");
        return -1;
    }
    return 0;
}

static mx_route *
wait_for_route(pymx_resolver *self, const mx_submission *submission,
               mx_completions *queue, mx_request *request)
{
    pymx_state *state = pymx_state_of((PyObject *)self);
    unsigned generation = state->engine.generation;
    mx_completion done = {.status = MX_BUG};
    while (pymx_wait(state, queue, &done, 1, MX_NEVER, NULL) >= 0) {
        if (done.status != MX_RANKS_WANTED) {
            return take_route(self, &done, submission);
        }
        if (go_on(self, request) < 0) {
            return NULL; /* forgetting a paused lookup ends it */
        }
    }
    if (generation == state->engine.generation) {
        pymx_engine_cancel(state, request);
    }
    return NULL;
}

static mx_route *
ask_engine(pymx_resolver *self, const mx_submission *submission)
{
    pymx_state *state = pymx_state_of((PyObject *)self);
    const mx_shards *shards = pymx_resolver_start(self);
    mx_route *route = NULL;
    mx_request *request = NULL;
    mx_completions *queue;
    int os_error = 0;
    if (shards == NULL) {
        return NULL;
    }
    mx_status status = mx_completions_new(false, &queue, &os_error);
    if (status != MX_OK) {
        pymx_raise_status(state, status, os_error, "wait for a lookup");
        return NULL;
    }
    status = pymx_engine_submit(state, shards, submission, queue, &request);
    if (status != MX_OK) {
        pymx_raise_status(state, status, 0, "start a lookup");
        goto done;
    }
    route = wait_for_route(self, submission, queue, request);
done:
    mx_request_release(request);
    mx_completions_close(queue);
    mx_completions_unref(queue);
    return route;
}

static mx_route *
find_route(pymx_resolver *self, PyObject *object)
{
    pymx_destination destination;
    const mx_submission submission = {.destination = &destination.read};
    mx_route *route = NULL;
    if (pymx_resolver_read_destination((PyObject *)self, object, &destination) < 0) {
        return NULL;
    }
    /* Only now: mapping an international domain runs Python code, which may close us.
     */
    if (pymx_resolver_check_open(self) == 0) {
        route = pymx_is_offline(&destination.read)
                    ? pymx_resolver_answer_offline(self, &destination.read)
                    : ask_engine(self, &submission);
    }
    pymx_destination_clear(&destination);
    return route;
}

PyObject *
pymx_resolver_resolve(PyObject *object, PyObject *const *args, Py_ssize_t count,
                      PyObject *keywords)
{
    static const char *const names[] = {"destination", "input"};
    static const pymx_signature signature = {"resolve", names, 2, 2, 1};
    PyObject *values[2];
    if (pymx_args_sort(&signature, args, count, keywords, values) < 0) {
        return NULL;
    }
    PyObject *destination = values[0];
    if (!PyUnicode_Check(destination)) {
        return pymx_raise_type("destination must be str, not %s",
                               Py_TYPE(destination)->tp_name);
    }
    mx_route *route = find_route((pymx_resolver *)object, destination);
    if (route == NULL) {
        return NULL;
    }
    return pymx_route_new_take(pymx_state_of(object), route,
                               values[1] == NULL ? destination : values[1],
                               destination);
}
