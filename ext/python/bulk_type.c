/* SPDX-License-Identifier: MIT */
#include <Python.h>

#include "python/bulk_type.h"

#include "python/args.h"
#include "python/bulk_object.h"
#include "python/convert.h"
#include "python/errors.h"
#include "python/resolver_type.h"

/* Room that is worth reading rows for while routes are ready: the lookups go on while
 * the caller is busy with those, yet rows are read and sent in batches. */
static size_t
stride(const pymx_bulk *self)
{
    size_t part = self->concurrency / 8;
    if (part > PYMX_BULK_BATCH) {
        return PYMX_BULK_BATCH;
    }
    return part > 0 ? part : 1;
}

/* Sees to it that a route is ready, or all is done; tells how far it is. */
static int
make_ready(pymx_bulk *self)
{
    if (pymx_bulk_report(self, false) < 0) {
        return -1;
    }
    if (pymx_bulk_is_ready(self) &&
        (self->rows == NULL || self->is_slow || pymx_bulk_room(self) < stride(self))) {
        return pymx_bulk_check(self) < 0 ? -1 : 0;
    }
    return pymx_bulk_work(self, MX_NEVER);
}

static PyObject *
iterator_next(PyObject *object)
{
    pymx_bulk *self = (pymx_bulk *)object;
    PyObject *route = NULL;
    if (pymx_bulk_enter(self) < 0) {
        return NULL;
    }
    if (make_ready(self) < 0) {
        goto done;
    }
    if (!self->is_closed && pymx_bulk_is_ready(self)) {
        route = pymx_bulk_pop(self);
    }
    else {
        (void)pymx_bulk_finish(self);
    }
done:
    pymx_bulk_leave(self);
    return route;
}

static int
read_limit(PyObject *value, size_t *out)
{
    uint64_t limit;
    if (value == NULL) {
        return 0;
    }
    if (pymx_read_whole(value, "limit", PY_SSIZE_T_MAX, &limit) < 0) {
        return -1;
    }
    if (limit == 0) {
        pymx_raise_value("limit=0: must be 1 or more, as an empty list means the end");
        return -1;
    }
    *out = (size_t)limit;
    return 0;
}

static PyObject *
iterator_take(PyObject *object, PyObject *const *args, Py_ssize_t count,
              PyObject *keywords)
{
    static const char *const names[] = {"limit"};
    static const pymx_signature signature = {"take", names, 1, 1, 0};
    pymx_bulk *self = (pymx_bulk *)object;
    PyObject *value, *routes = NULL;
    size_t limit = PYMX_BULK_BATCH;
    if (pymx_args_sort(&signature, args, count, keywords, &value) < 0 ||
        read_limit(value, &limit) < 0 || pymx_bulk_enter(self) < 0) {
        return NULL;
    }
    if (make_ready(self) < 0) {
        goto done;
    }
    if (!self->is_closed && pymx_bulk_is_ready(self)) {
        routes = pymx_bulk_pop_many(self, limit);
    }
    else if (pymx_bulk_finish(self) == 0) {
        routes = PyList_New(0);
    }
done:
    pymx_bulk_leave(self);
    return routes;
}

static PyObject *
iterator_close(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    pymx_bulk_close((pymx_bulk *)self);
    Py_RETURN_NONE;
}

PyDoc_STRVAR(
    take_doc,
    "take($self, /, limit=256)\n--\n\n"
    "Return up to `limit` routes (1 or more) that are ready, in a list.\n\n"
    "Waits for the first one; an empty list is the end. Raises what next() raises.");

PyDoc_STRVAR(close_doc,
             "close($self, /)\n--\n\n"
             "Cancel what is in progress and forget the rest; any thread may.\n\n"
             "Nothing comes any more. Twice is fine.");

static PyMethodDef methods[] = {
    {"take", PYMX_METHOD(iterator_take), PYMX_FASTCALL, take_doc},
    {"close", iterator_close, METH_NOARGS, close_doc},
    {NULL, NULL, 0, NULL},
};

PyDoc_STRVAR(
    iterator_doc,
    "The routes of resolve_many(), one for each row of its input.\n\n"
    "Made by pymx only. Closed when it is collected. An exception that it raises\n"
    "takes nothing with it: who catches it may go on.");

static PyType_Slot slots[] = {
    {Py_tp_doc, (void *)iterator_doc},
    {Py_tp_dealloc, pymx_bulk_dealloc},
    {Py_tp_traverse, pymx_bulk_traverse},
    {Py_tp_clear, pymx_bulk_clear},
    {Py_tp_iter, PyObject_SelfIter},
    {Py_tp_iternext, iterator_next},
    {Py_tp_methods, methods},
    {0, NULL},
};

static PyType_Spec spec = {
    .name = "pymx.RouteIterator",
    .basicsize = sizeof(pymx_bulk),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_HAVE_GC |
             Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = slots,
};

enum { ROWS, CONCURRENCY, ORDERED, KEY, RETRIES, PROGRESS, PARAMETERS };

PyObject *
pymx_bulk_begin(PyTypeObject *type, PyObject *resolver, const char *function,
                bool has_descriptor, PyObject *const *args, Py_ssize_t count,
                PyObject *keywords)
{
    static const char *const names[PARAMETERS] = {
        [ROWS] = "rows", [CONCURRENCY] = "concurrency", [ORDERED] = "ordered",
        [KEY] = "key",   [RETRIES] = "retries",         [PROGRESS] = "progress",
    };
    const pymx_signature signature = {function, names, PARAMETERS, PARAMETERS,
                                      CONCURRENCY + 1};
    PyObject *values[PARAMETERS];
    uint64_t concurrency, retries = 0;
    if (pymx_args_sort(&signature, args, count, keywords, values) < 0 ||
        pymx_read_whole(values[CONCURRENCY], "concurrency", PYMX_NO_ROW, &concurrency) <
            0 ||
        (values[RETRIES] != NULL &&
         pymx_read_whole(values[RETRIES], "retries", UINT32_MAX, &retries) < 0)) {
        return NULL;
    }
    if (concurrency == 0 || (values[ROWS] != Py_None && !PyIter_Check(values[ROWS]))) {
        return pymx_raise_type("%s() takes an iterator, and room for a row", function);
    }
    int is_ordered = values[ORDERED] == NULL ? 0 : PyObject_IsTrue(values[ORDERED]);
    pymx_bulk *self = NULL;
    if (is_ordered >= 0) {
        self = (pymx_bulk *)pymx_bulk_new(type, resolver, has_descriptor,
                                          (size_t)concurrency);
    }
    if (self == NULL) {
        return NULL;
    }
    self->rows = values[ROWS] == Py_None ? NULL : Py_NewRef(values[ROWS]);
    self->is_fed = values[ROWS] == Py_None;
    self->is_ordered = is_ordered != 0;
    self->retries = (uint32_t)retries;
    if (values[KEY] != Py_None) {
        self->key = Py_XNewRef(values[KEY]);
    }
    if (values[PROGRESS] != Py_None) {
        self->report = Py_XNewRef(values[PROGRESS]);
    }
    return (PyObject *)self;
}

PyObject *
pymx_resolver_resolve_many(PyObject *resolver, PyObject *const *args, Py_ssize_t count,
                           PyObject *keywords)
{
    return pymx_bulk_begin(pymx_resolver_state(resolver)->route_iterator_type, resolver,
                           "resolve_many", false, args, count, keywords);
}

int
pymx_bulk_setup(PyObject *module, pymx_state *state)
{
    if (pymx_add_type(module, &pymx_bulk_feed_spec, &state->bulk_type) < 0) {
        return -1;
    }
    return pymx_add_type(module, &spec, &state->route_iterator_type);
}
