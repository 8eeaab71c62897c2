/* SPDX-License-Identifier: MIT */
#include <Python.h>

#include "python/resolver_type.h"

#include "python/args.h"
#include "python/bulk_type.h"
#include "python/errors.h"
#include "python/offline.h"
#include "python/ranking.h"
#include "python/resolver_config.h"
#include "python/resolver_object.h"

#include <errno.h>

static mx_shards *
make_shards(pymx_state *state, const mx_resolver_config *config, size_t threads)
{
    mx_shards *shards;
    errno = 0;
    mx_status status = mx_shards_new(config, threads, &shards);
    if (status != MX_OK) {
        pymx_raise_status(state, status, errno, "make a resolver");
        return NULL;
    }
    return shards;
}

static PyObject *
resolver_new(PyTypeObject *type, PyObject *arguments, PyObject *keywords)
{
    pymx_state *state = PyType_GetModuleState(type);
    mx_resolver_config config;
    size_t threads;
    bool is_strict_idna;
    PyObject *prefer;
    if (pymx_resolver_config_read(arguments, keywords, &config, &threads,
                                  &is_strict_idna, &prefer) < 0) {
        return NULL;
    }
    mx_shards *shards = make_shards(state, &config, threads);
    mx_self_unref(config.rules.self);
    if (shards == NULL) {
        return NULL;
    }
    pymx_resolver *self = PyObject_GC_New(pymx_resolver, type);
    if (self == NULL) {
        mx_shards_free(shards);
        return NULL;
    }
    self->module = Py_NewRef(PyType_GetModule(type));
    self->shards = shards;
    self->prefer = prefer == Py_None ? NULL : Py_NewRef(prefer);
    self->generation = state->engine.generation;
    self->is_strict_idna = is_strict_idna;
    self->is_closed = false;
    /* Nothing else can lead back to it. */
    if (self->prefer != NULL) {
        PyObject_GC_Track(self);
    }
    return (PyObject *)self;
}

static int
resolver_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(((pymx_resolver *)self)->module);
    Py_VISIT(((pymx_resolver *)self)->prefer);
    return 0;
}

static int
resolver_clear(PyObject *self)
{
    Py_CLEAR(((pymx_resolver *)self)->prefer);
    return 0;
}

pymx_state *
pymx_resolver_state(PyObject *resolver)
{
    return pymx_state_of_module(((pymx_resolver *)resolver)->module);
}

/* In a fork child the engine that knew the resolver is gone, and its thread may have
 * held the locks of the resolver when it went. */
static bool
is_orphaned(const pymx_resolver *self)
{
    return self->generation != pymx_resolver_state((PyObject *)self)->engine.generation;
}

static void
close_resolver(pymx_resolver *self)
{
    if (!self->is_closed && !is_orphaned(self)) {
        pymx_engine_close_resolver(pymx_resolver_state((PyObject *)self), self->shards);
    }
    self->is_closed = true;
}

static void
resolver_dealloc(PyObject *object)
{
    pymx_resolver *self = (pymx_resolver *)object;
    PyTypeObject *type = Py_TYPE(object);
    PyObject *module = self->module;
    PyObject_GC_UnTrack(object);
    close_resolver(self);
    if (!is_orphaned(self)) {
        mx_shards_free(self->shards);
    }
    Py_CLEAR(self->prefer);
    type->tp_free(object);
    Py_DECREF(type);
    Py_DECREF(module);
}

/* In a fork child it makes some with the same configuration. The old ones are left
 * alone and their memory lost: to free them is to touch their locks. */
static const mx_shards *
use_shards(pymx_resolver *self)
{
    pymx_state *state = pymx_state_of((PyObject *)self);
    if (is_orphaned(self)) {
        mx_shards *fresh = make_shards(state, mx_shards_get_config(self->shards),
                                       mx_shards_count(self->shards));
        if (fresh == NULL) {
            return NULL;
        }
        self->shards = fresh;
        self->generation = state->engine.generation;
    }
    return self->shards;
}

const mx_shards *
pymx_resolver_start(pymx_resolver *self)
{
    pymx_state *state = pymx_state_of((PyObject *)self);
    /* First of all: it notices forks, which the shards may have to follow. */
    if (pymx_engine_start(state, mx_shards_count(self->shards)) < 0) {
        return NULL;
    }
    return use_shards(self);
}

int
pymx_resolver_check_open(const pymx_resolver *self)
{
    pymx_state *state = pymx_state_of((PyObject *)self);
    if (self->is_closed) {
        pymx_raise_closed(state, "the resolver is closed");
        return -1;
    }
    return pymx_engine_check_open(state);
}

const mx_lookup_rules *
pymx_resolver_rules(PyObject *resolver)
{
    return &mx_shards_get_config(((pymx_resolver *)resolver)->shards)->rules;
}

int
pymx_resolver_read_destination(PyObject *resolver, PyObject *destination,
                               pymx_destination *out)
{
    return pymx_destination_read(destination,
                                 &pymx_resolver_rules(resolver)->destination,
                                 ((pymx_resolver *)resolver)->is_strict_idna, out);
}

int
pymx_resolver_rank(PyObject *resolver, mx_request *request)
{
    PyObject *prefer = Py_XNewRef(((pymx_resolver *)resolver)->prefer);
    int result = 0;
    if (prefer != NULL && !mx_request_is_cancelled(request)) {
        result = pymx_ranking_ask(prefer, mx_request_get_lookup(request));
    }
    Py_XDECREF(prefer);
    return result;
}

mx_route *
pymx_resolver_answer_offline(pymx_resolver *self, const mx_destination *destination)
{
    mx_route *route;
    mx_status status = pymx_resolve_offline(pymx_resolver_rules((PyObject *)self),
                                            destination, &route);
    if (status != MX_OK) {
        pymx_raise_status(pymx_state_of((PyObject *)self), status, 0, "make a route");
        return NULL;
    }
    return route;
}

static PyObject *
resolver_stats(PyObject *object, PyObject *Py_UNUSED(ignored))
{
    const mx_shards *shards = use_shards((pymx_resolver *)object);
    mx_resolver_stats stats;
    if (shards == NULL) {
        return NULL;
    }
    mx_shards_get_stats(shards, &stats);
    const struct {
        const char *name;
        uint64_t value;
    } figures[] = {
        {"lookups", stats.lookups},
        {"queries", stats.queries},
        {"tcp_queries", stats.tcp_queries},
        {"retries", stats.retries},
        {"joins", stats.joins},
        {"in_progress", stats.in_progress},
        {"waiting", stats.waiting},
        {"window", stats.window},
        {"pace", stats.pace},
        {"losses", stats.losses},
        {"outages", stats.outages},
        {"paused_ms", (uint64_t)(stats.paused / MX_USEC_PER_MSEC)},
        {"cache_answers", stats.cache.answers},
        {"cache_bytes", stats.cache.bytes},
        {"cache_capacity", stats.cache.capacity},
        {"cache_hits", stats.cache.hits},
        {"cache_misses", stats.cache.misses},
        {"cache_evictions", stats.cache.evictions},
    };
    PyObject *dict = PyDict_New();
    for (size_t i = 0; dict != NULL && i < Py_ARRAY_LENGTH(figures); i++) {
        PyObject *value = PyLong_FromUnsignedLongLong(figures[i].value);
        if (value == NULL || PyDict_SetItemString(dict, figures[i].name, value) < 0) {
            Py_CLEAR(dict);
        }
        Py_XDECREF(value);
    }
    return dict;
}

static PyObject *
resolver_clear_cache(PyObject *object, PyObject *Py_UNUSED(ignored))
{
    const mx_shards *shards = use_shards((pymx_resolver *)object);
    if (shards == NULL) {
        return NULL;
    }
    mx_shards_clear_cache(shards);
    Py_RETURN_NONE;
}

static PyObject *
resolver_close(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    close_resolver((pymx_resolver *)self);
    Py_RETURN_NONE;
}

static PyObject *
resolver_get_closed(PyObject *self, void *Py_UNUSED(closure))
{
    return PyBool_FromLong(((pymx_resolver *)self)->is_closed);
}

static PyGetSetDef fields[] = {
    {"closed", resolver_get_closed, NULL, PyDoc_STR("close() was called."), NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

PyDoc_STRVAR(
    resolve_doc,
    "resolve($self, /, destination, input=...)\n--\n\n"
    "Return the Route of a destination; blocks, but not for Ctrl-C.\n\n"
    "`input` is what the route calls its input, else the destination. When another\n"
    "thread closes the resolver meanwhile its status is 'cancelled'. Raises TypeError\n"
    "unless `destination` is a str, ClosedError when the resolver is closed, and what\n"
    "`prefer` raises.");

PyDoc_STRVAR(
    submit_doc,
    "submit($self, /, completions, token, destination, input=..., *, levels=0, "
    "seed=None, retry=False)\n--\n\n"
    "Start a lookup whose (token, Route) `completions` will give; return its\n"
    "Request.\n\n"
    "Any object is a destination; one that cannot be used gives a route with\n"
    "status 'invalid'. `levels`: only the exchanges of so many best preferences\n"
    "are resolved, 0 is all. `seed` (0 to 2**64 - 1) decides the shuffle, with\n"
    "the domain. Raises ClosedError.");

PyDoc_STRVAR(
    resolve_many_doc,
    "resolve_many($self, rows, /, concurrency, ordered=False, key=None, retries=0, "
    "progress=None)\n--\n\n"
    "Return a RouteIterator over an iterator of rows; pymx checked the arguments.");

PyDoc_STRVAR(
    feed_doc,
    "feed($self, rows, /, concurrency, ordered=False, key=None, retries=0, "
    "progress=None)\n--\n\n"
    "Return a Bulk, for event loops, over an iterator of rows or, if that is None,\n"
    "over those that will be added. Raises OSError when no descriptor can be had.");

PyDoc_STRVAR(stats_doc, "stats($self, /)\n--\n\n"
                        "Return figures of the engine and the cache by name.\n\n"
                        "They count from when the resolver, or its process, began.");

PyDoc_STRVAR(clear_cache_doc, "clear_cache($self, /)\n--\n\n"
                              "Forget all answers.");

PyDoc_STRVAR(close_doc, "close($self, /)\n--\n\n"
                        "End all lookups as cancelled and free the sockets, soon.\n\n"
                        "Later lookups raise ClosedError. Twice is fine.");

static PyMethodDef methods[] = {
    {"resolve", PYMX_METHOD(pymx_resolver_resolve), PYMX_FASTCALL, resolve_doc},
    {"submit", PYMX_METHOD(pymx_resolver_submit), PYMX_FASTCALL, submit_doc},
    {"resolve_many", PYMX_METHOD(pymx_resolver_resolve_many), PYMX_FASTCALL,
     resolve_many_doc},
    {"feed", PYMX_METHOD(pymx_resolver_feed), PYMX_FASTCALL, feed_doc},
    {"stats", resolver_stats, METH_NOARGS, stats_doc},
    {"clear_cache", resolver_clear_cache, METH_NOARGS, clear_cache_doc},
    {"close", resolver_close, METH_NOARGS, close_doc},
    {NULL, NULL, 0, NULL},
};

PyDoc_STRVAR(resolver_doc,
             "The engine's side of one configuration; pymx checked the arguments.\n\n"
             "Any number of threads may use it. In a forked child it begins afresh.");

static PyType_Slot slots[] = {
    {Py_tp_doc, (void *)resolver_doc}, {Py_tp_new, resolver_new},
    {Py_tp_dealloc, resolver_dealloc}, {Py_tp_traverse, resolver_traverse},
    {Py_tp_clear, resolver_clear},     {Py_tp_getset, fields},
    {Py_tp_methods, methods},          {0, NULL},
};

static PyType_Spec spec = {
    .name = "pymx._native.Resolver",
    .basicsize = sizeof(pymx_resolver),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_HAVE_GC,
    .slots = slots,
};

int
pymx_resolver_setup(PyObject *module, pymx_state *state)
{
    return pymx_add_type(module, &spec, &state->resolver_type);
}
