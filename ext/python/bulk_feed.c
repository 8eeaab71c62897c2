/* SPDX-License-Identifier: MIT */
#include <Python.h>

#include "python/args.h"
#include "python/bulk_object.h"
#include "python/bulk_type.h"
#include "python/convert.h"
#include "python/errors.h"
#include "python/resolver_type.h"

/* Makes the descriptor readable, for news that does not come from the engine. */
static int
poke(pymx_bulk *self)
{
    if (self->is_poked || self->is_closed) {
        return 0;
    }
    mx_status status = mx_completions_reserve(self->queue, 1);
    if (status == MX_NOMEM) {
        pymx_raise_memory();
        return -1;
    }
    if (status == MX_OK) {
        self->is_poked = true;
        mx_completions_post_take(self->queue, PYMX_NO_ROW, MX_OK, NULL);
    }
    return 0;
}

static int
add(pymx_bulk *self, PyObject *row)
{
    int result = pymx_bulk_check(self);
    if (result <= 0) {
        return result;
    }
    if (pymx_bulk_prepare(self) < 0 || pymx_bulk_take_row(self, Py_NewRef(row)) < 0 ||
        pymx_bulk_check(self) < 0) {
        return -1;
    }
    return pymx_bulk_is_ready(self) ? poke(self) : 0;
}

static PyObject *
feed_add(PyObject *object, PyObject *row)
{
    pymx_bulk *self = (pymx_bulk *)object;
    if (pymx_bulk_enter(self) < 0) {
        return NULL;
    }
    bool is_first = !self->has_unsent;
    int result = add(self, row);
    self->has_unsent = true;
    pymx_bulk_leave(self);
    return result < 0 ? NULL : PyBool_FromLong(is_first);
}

static PyObject *
feed_send(PyObject *object, PyObject *Py_UNUSED(ignored))
{
    pymx_bulk *self = (pymx_bulk *)object;
    self->has_unsent = false;
    if (!self->is_closed) {
        pymx_bulk_send(self);
    }
    Py_RETURN_NONE;
}

static PyObject *
feed_end(PyObject *object, PyObject *failure)
{
    pymx_bulk *self = (pymx_bulk *)object;
    if (failure != Py_None && !PyExceptionInstance_Check(failure)) {
        return pymx_raise_type("failure must be None or an exception, not %s",
                               Py_TYPE(failure)->tp_name);
    }
    self->is_fed = false;
    if (failure != Py_None && !self->is_closed) {
        Py_XSETREF(self->failure, Py_NewRef(failure));
    }
    if (poke(self) < 0) {
        return NULL;
    }
    Py_RETURN_NONE;
}

/* What was lent the last time counts as yielded from now on. */
static PyObject *
poll_routes(pymx_bulk *self, size_t limit)
{
    self->yielded += self->lent;
    self->lent = 0;
    if (pymx_bulk_report(self, false) < 0 || pymx_bulk_work(self, 0) < 0) {
        return NULL;
    }
    if (self->is_closed || !pymx_bulk_is_ready(self)) {
        bool is_done = self->is_closed || pymx_bulk_is_done(self);
        return is_done && pymx_bulk_finish(self) < 0 ? NULL : PyList_New(0);
    }
    PyObject *routes = pymx_bulk_pop_many(self, limit);
    if (routes != NULL && !self->is_closed) {
        self->lent = (size_t)PyList_GET_SIZE(routes);
        self->yielded -= self->lent;
    }
    return routes;
}

static PyObject *
feed_poll(PyObject *object, PyObject *const *args, Py_ssize_t count, PyObject *keywords)
{
    static const char *const names[] = {"limit"};
    static const pymx_signature signature = {"poll", names, 1, 1, 0};
    pymx_bulk *self = (pymx_bulk *)object;
    PyObject *value;
    uint64_t limit = PYMX_BULK_BATCH;
    if (pymx_args_sort(&signature, args, count, keywords, &value) < 0 ||
        (value != NULL &&
         pymx_read_whole(value, "limit", PY_SSIZE_T_MAX, &limit) < 0) ||
        pymx_bulk_enter(self) < 0) {
        return NULL;
    }
    PyObject *routes = poll_routes(self, (size_t)limit);
    pymx_bulk_leave(self);
    return routes;
}

static PyObject *
feed_fileno(PyObject *object, PyObject *Py_UNUSED(ignored))
{
    return PyLong_FromLong(mx_completions_descriptor(((pymx_bulk *)object)->queue));
}

static PyObject *
feed_close(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    pymx_bulk_close((pymx_bulk *)self);
    Py_RETURN_NONE;
}

static PyObject *
feed_get_room(PyObject *object, void *Py_UNUSED(closure))
{
    const pymx_bulk *self = (pymx_bulk *)object;
    return PyLong_FromSize_t(self->is_closed ? 0 : pymx_bulk_room(self));
}

static PyObject *
feed_get_done(PyObject *object, void *Py_UNUSED(closure))
{
    const pymx_bulk *self = (pymx_bulk *)object;
    return PyBool_FromLong(self->is_closed);
}

static PyObject *
feed_get_idle(PyObject *object, void *Py_UNUSED(closure))
{
    const pymx_bulk *self = (pymx_bulk *)object;
    return PyBool_FromLong(!self->is_closed && self->lent == 0);
}

static PyGetSetDef fields[] = {
    {"room", feed_get_room, NULL, PyDoc_STR("How many rows may be added now."), NULL},
    {"idle", feed_get_idle, NULL, PyDoc_STR("The last poll() gave nothing."), NULL},
    {"done", feed_get_done, NULL, PyDoc_STR("Nothing comes any more."), NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

PyDoc_STRVAR(
    add_doc,
    "add($self, row, /)\n--\n\n"
    "Take a row, for which there must be room; True when send() is to be called.\n\n"
    "Raises what `key` raises, ClosedError, OSError.");

PyDoc_STRVAR(send_doc, "send($self, /)\n--\n\n"
                       "Start the lookups of the rows that were added.");

PyDoc_STRVAR(end_doc, "end($self, failure, /)\n--\n\n"
                      "No more rows will be added, because of an exception or None.");

PyDoc_STRVAR(poll_doc,
             "poll($self, /, limit=256)\n--\n\n"
             "Return up to `limit` routes that are ready; does not wait for any.\n\n"
             "They count as yielded at the next call. When there is none wait for the\n"
             "descriptor, unless `done`. Raises what RouteIterator raises.");

PyDoc_STRVAR(fileno_doc,
             "fileno($self, /)\n--\n\n"
             "Return the descriptor that is readable when it is worth a poll().");

PyDoc_STRVAR(close_doc, "close($self, /)\n--\n\n"
                        "Cancel what is in progress; nothing comes any more.");

static PyMethodDef methods[] = {
    {"add", feed_add, METH_O, add_doc},
    {"send", feed_send, METH_NOARGS, send_doc},
    {"end", feed_end, METH_O, end_doc},
    {"poll", PYMX_METHOD(feed_poll), PYMX_FASTCALL, poll_doc},
    {"fileno", feed_fileno, METH_NOARGS, fileno_doc},
    {"close", feed_close, METH_NOARGS, close_doc},
    {NULL, NULL, 0, NULL},
};

PyDoc_STRVAR(bulk_doc,
             "Routes for many rows, taken without waiting: resolve_many() for event "
             "loops.\n\n"
             "Made by Resolver.feed() only. Closed when it is collected.");

static PyType_Slot slots[] = {
    {Py_tp_doc, (void *)bulk_doc},
    {Py_tp_dealloc, pymx_bulk_dealloc},
    {Py_tp_traverse, pymx_bulk_traverse},
    {Py_tp_clear, pymx_bulk_clear},
    {Py_tp_getset, fields},
    {Py_tp_methods, methods},
    {0, NULL},
};

PyType_Spec pymx_bulk_feed_spec = {
    .name = "pymx._native.Bulk",
    .basicsize = sizeof(pymx_bulk),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_HAVE_GC |
             Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = slots,
};

PyObject *
pymx_resolver_feed(PyObject *resolver, PyObject *const *args, Py_ssize_t count,
                   PyObject *keywords)
{
    return pymx_bulk_begin(pymx_resolver_state(resolver)->bulk_type, resolver, "feed",
                           true, args, count, keywords);
}
