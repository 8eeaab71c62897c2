/* SPDX-License-Identifier: MIT */
#include <Python.h>

#include "core/completions.h"
#include "core/engine.h"
#include "python/args.h"
#include "python/completions_type.h"
#include "python/errors.h"
#include "python/offline.h"
#include "python/request_type.h"
#include "python/resolver_object.h"
#include "python/resolver_type.h"

/* Posts the route of a destination that needs no DNS, as the engine would. */
static int
post_offline(pymx_resolver *self, const mx_submission *submission,
             mx_completions *queue)
{
    mx_route *route = pymx_resolver_answer_offline(self, submission->destination);
    if (route == NULL) {
        return -1;
    }
    mx_status status = mx_completions_reserve(queue, 1);
    if (status != MX_OK) {
        mx_route_unref(route);
        pymx_raise_status(pymx_state_of((PyObject *)self), status, 0, "start a lookup");
        return -1;
    }
    mx_completions_post_take(queue, submission->token, MX_OK, route);
    return 0;
}

static int
post_to_engine(pymx_resolver *self, const mx_submission *submission,
               mx_completions *queue, pymx_request *request)
{
    pymx_state *state = pymx_state_of((PyObject *)self);
    const mx_shards *shards = pymx_resolver_start(self);
    if (shards == NULL) {
        return -1;
    }
    mx_status status =
        pymx_engine_submit(state, shards, submission, queue, &request->handle);
    if (status != MX_OK) {
        pymx_raise_status(state, status, 0, "start a lookup");
        return -1;
    }
    return 0;
}

static int
start(pymx_resolver *self, PyObject *completions, mx_submission *submission,
      pymx_request *request)
{
    mx_completions *queue =
        pymx_completions_queue(pymx_state_of((PyObject *)self), completions);
    if (queue == NULL) {
        return -1;
    }
    submission->token = pymx_completions_token(request);
    pymx_completions_add(completions, request);
    int result = pymx_is_offline(submission->destination)
                     ? post_offline(self, submission, queue)
                     : post_to_engine(self, submission, queue, request);
    if (result < 0) {
        pymx_completions_drop(completions, request);
    }
    return result;
}

/* Reads the destination for `request`, then starts its lookup. */
static int
read_and_start(pymx_resolver *self, PyObject *completions, mx_submission submission,
               pymx_request *request)
{
    pymx_destination destination;
    int result = -1;
    if (pymx_resolver_read_destination((PyObject *)self, request->destination,
                                       &destination) < 0) {
        return -1;
    }
    /* Only now: mapping an international domain runs Python code, which may close us.
     */
    if (pymx_resolver_check_open(self) == 0) {
        submission.destination = &destination.read;
        result = start(self, completions, &submission, request);
    }
    pymx_destination_clear(&destination);
    return result;
}

enum { COMPLETIONS, TOKEN, DESTINATION, INPUT, LEVELS, SEED, RETRY, PARAMETERS };

PyObject *
pymx_resolver_submit(PyObject *object, PyObject *const *args, Py_ssize_t count,
                     PyObject *keywords)
{
    static const char *const names[PARAMETERS] = {
        [COMPLETIONS] = "completions",
        [TOKEN] = "token",
        [DESTINATION] = "destination",
        [INPUT] = "input",
        [LEVELS] = "levels",
        [SEED] = "seed",
        [RETRY] = "retry",
    };
    static const pymx_signature signature = {"submit", names, PARAMETERS, INPUT + 1,
                                             DESTINATION + 1};
    pymx_state *state = pymx_state_of(object);
    mx_submission submission = {0};
    PyObject *values[PARAMETERS];
    uint64_t levels = 0;
    if (pymx_args_sort(&signature, args, count, keywords, values) < 0 ||
        (values[LEVELS] != NULL &&
         pymx_read_whole(values[LEVELS], "levels", UINT32_MAX, &levels) < 0) ||
        pymx_read_seed(values[SEED], &submission.has_seed, &submission.seed) < 0) {
        return NULL;
    }
    int is_retry = values[RETRY] == NULL ? 0 : PyObject_IsTrue(values[RETRY]);
    if (is_retry < 0) {
        return NULL;
    }
    submission.levels = (uint32_t)levels;
    submission.is_retry = is_retry != 0;
    if (!Py_IS_TYPE(values[COMPLETIONS], state->completions_type)) {
        return pymx_raise_type("completions must be Completions, not %s",
                               Py_TYPE(values[COMPLETIONS])->tp_name);
    }
    PyObject *destination = values[DESTINATION];
    pymx_request *request =
        pymx_request_new(state, object, values[TOKEN], destination,
                         values[INPUT] == NULL ? destination : values[INPUT]);
    if (request != NULL && read_and_start((pymx_resolver *)object, values[COMPLETIONS],
                                          submission, request) < 0) {
        Py_CLEAR(request);
    }
    return (PyObject *)request;
}
