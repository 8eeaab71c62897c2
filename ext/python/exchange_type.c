/* SPDX-License-Identifier: MIT */
#include <Python.h>

#include "python/exchange_type.h"

#include "python/convert.h"
#include "python/values.h"

/* In no reference cycle: it holds but strings and what the core owns. */
typedef struct pymx_exchange {
    PyObject ob_base;
    mx_route *route; /* owns `exchange` */
    const mx_route_exchange *exchange;
    PyObject *host;      /* shared with the targets */
    PyObject *addresses; /* NULL until asked for */
} pymx_exchange;

PyObject *
pymx_exchange_new(pymx_state *state, mx_route *route, size_t index)
{
    const mx_route_exchange *exchange = &route->exchanges[index];
    PyObject *host = PyUnicode_FromString(exchange->host);
    if (host == NULL) {
        return NULL;
    }
    pymx_exchange *self = PyObject_New(pymx_exchange, state->exchange_type);
    if (self == NULL) {
        Py_DECREF(host);
        return NULL;
    }
    self->route = mx_route_ref(route);
    self->exchange = exchange;
    self->host = host;
    self->addresses = NULL;
    return (PyObject *)self;
}

static void
exchange_dealloc(PyObject *self)
{
    pymx_exchange *exchange = (pymx_exchange *)self;
    PyTypeObject *type = Py_TYPE(self);
    Py_XDECREF(exchange->addresses);
    Py_DECREF(exchange->host);
    mx_route_unref(exchange->route);
    type->tp_free(self);
    Py_DECREF(type);
}

static const mx_route_exchange *
core_of(PyObject *self)
{
    return ((pymx_exchange *)self)->exchange;
}

PyObject *
pymx_exchange_host(PyObject *exchange)
{
    return ((pymx_exchange *)exchange)->host;
}

static PyObject *
make_addresses(PyObject *self)
{
    const mx_route_exchange *exchange = core_of(self);
    PyObject *tuple = PyTuple_New((Py_ssize_t)exchange->address_count);
    if (tuple == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < exchange->address_count; i++) {
        PyObject *text = pymx_address_text(&exchange->addresses[i]);
        if (text == NULL) {
            Py_DECREF(tuple);
            return NULL;
        }
        PyTuple_SET_ITEM(tuple, (Py_ssize_t)i, text);
    }
    return tuple;
}

static PyObject *
exchange_get_host(PyObject *self, void *Py_UNUSED(closure))
{
    return Py_NewRef(((pymx_exchange *)self)->host);
}

static PyObject *
exchange_get_canonical(PyObject *self, void *Py_UNUSED(closure))
{
    return PyUnicode_FromString(core_of(self)->canonical);
}

static PyObject *
exchange_get_preference(PyObject *self, void *Py_UNUSED(closure))
{
    return PyLong_FromLong(core_of(self)->preference);
}

static PyObject *
exchange_get_addresses(PyObject *self, void *Py_UNUSED(closure))
{
    return pymx_make_once(self, &((pymx_exchange *)self)->addresses, make_addresses);
}

static PyObject *
exchange_get_ttl(PyObject *self, void *Py_UNUSED(closure))
{
    return PyLong_FromUnsignedLong(core_of(self)->ttl);
}

static PyObject *
exchange_get_status(PyObject *self, void *Py_UNUSED(closure))
{
    return pymx_status_word(&pymx_state_of(self)->words, core_of(self)->verdict);
}

static PyObject *
exchange_get_reason(PyObject *self, void *Py_UNUSED(closure))
{
    return pymx_reason_word(&pymx_state_of(self)->words, core_of(self)->reason);
}

static PyGetSetDef fields[] = {
    {"host", exchange_get_host, NULL,
     PyDoc_STR("Name as published, lower-cased: the name for TLS."), NULL},
    {"canonical", exchange_get_canonical, NULL,
     PyDoc_STR("End of its CNAME chain (RFC 2181 10.3 forbids one), usually the host."),
     NULL},
    {"preference", exchange_get_preference, NULL,
     PyDoc_STR("0 to 65535, lower is tried first (RFC 5321 5.1)."), NULL},
    {"addresses", exchange_get_addresses, NULL,
     PyDoc_STR("IPv4 and IPv6 addresses in delivery order, as a tuple of str."), NULL},
    {"ttl", exchange_get_ttl, NULL,
     PyDoc_STR("Seconds that the addresses may be kept for."), NULL},
    {"status", exchange_get_status, NULL,
     PyDoc_STR("'ok' with addresses, else what came of asking for them."), NULL},
    {"reason", exchange_get_reason, NULL,
     PyDoc_STR("Why, as a code of pymx.REASONS; None if there is nothing to say."),
     NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

enum { FIELDS = sizeof(fields) / sizeof(fields[0]) - 1 };

PyObject *
pymx_exchange_plain(PyObject *exchange)
{
    return pymx_fields_tuple(exchange, fields, FIELDS);
}

/* What mail would do: all but the TTL, which shrinks while the same answer is kept. */
static PyObject *
exchange_key(PyObject *self)
{
    const pymx_words *words = &pymx_state_of(self)->words;
    const mx_route_exchange *exchange = core_of(self);
    PyObject *addresses = exchange_get_addresses(self, NULL);
    if (addresses == NULL) {
        return NULL;
    }
    return Py_BuildValue("(OsiNNN)", ((pymx_exchange *)self)->host, exchange->canonical,
                         exchange->preference, addresses,
                         pymx_status_word(words, exchange->verdict),
                         pymx_reason_word(words, exchange->reason));
}

static PyObject *
exchange_richcompare(PyObject *self, PyObject *other, int operation)
{
    return pymx_compare_by(exchange_key, self, other, operation);
}

static Py_hash_t
exchange_hash(PyObject *self)
{
    return pymx_hash_by(exchange_key, self);
}

static PyObject *
exchange_repr(PyObject *self)
{
    const mx_route_exchange *exchange = core_of(self);
    PyObject *addresses = exchange_get_addresses(self, NULL);
    if (addresses == NULL) {
        return NULL;
    }
    PyObject *repr = PyUnicode_FromFormat(
        "<Exchange host=%R preference=%d status='%s' addresses=%R>",
        ((pymx_exchange *)self)->host, (int)exchange->preference,
        mx_verdict_word(exchange->verdict), addresses);
    Py_DECREF(addresses);
    return repr;
}

PyObject *
pymx_exchange_to_dict(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    PyObject *dict = pymx_fields_dict(self, fields, FIELDS);
    if (dict == NULL) {
        return NULL;
    }
    PyObject *addresses = exchange_get_addresses(self, NULL);
    PyObject *list = addresses == NULL ? NULL : PySequence_List(addresses);
    if (list == NULL || PyDict_SetItemString(dict, "addresses", list) < 0) {
        Py_CLEAR(dict);
    }
    Py_XDECREF(list);
    Py_XDECREF(addresses);
    return dict;
}

static PyObject *
exchange_reduce(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    return pymx_reduce_take(self, "_rebuild_exchange", pymx_exchange_plain(self));
}

PyDoc_STRVAR(to_dict_doc, "to_dict($self, /)\n--\n\n"
                          "Return all fields, ready for JSON.");

static PyMethodDef methods[] = {
    {"to_dict", pymx_exchange_to_dict, METH_NOARGS, to_dict_doc},
    {"__reduce__", exchange_reduce, METH_NOARGS, NULL},
    PYMX_COPY_METHODS,
    {NULL, NULL, 0, NULL},
};

PyDoc_STRVAR(
    exchange_doc,
    "A mail exchange of a domain (an MX record) with its addresses.\n\n"
    "Made by pymx only. Immutable, hashable; equal when mail would do the same\n"
    "with both, whatever the TTL.");

static PyType_Slot slots[] = {
    {Py_tp_doc, (void *)exchange_doc},
    {Py_tp_dealloc, exchange_dealloc},
    {Py_tp_repr, exchange_repr},
    {Py_tp_hash, exchange_hash},
    {Py_tp_richcompare, exchange_richcompare},
    {Py_tp_getset, fields},
    {Py_tp_methods, methods},
    {0, NULL},
};

static PyType_Spec spec = {
    .name = "pymx.Exchange",
    .basicsize = sizeof(pymx_exchange),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE |
             Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = slots,
};

int
pymx_exchange_setup(PyObject *module, pymx_state *state)
{
    return pymx_add_type(module, &spec, &state->exchange_type);
}
