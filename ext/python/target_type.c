/* SPDX-License-Identifier: MIT */
#include <Python.h>

#include "python/target_type.h"

#include "python/args.h"
#include "python/convert.h"
#include "python/errors.h"
#include "python/values.h"

typedef struct pymx_target {
    PyObject ob_base;
    PyObject *host;
    mx_address address;
    uint16_t preference;
    bool is_implicit;
} pymx_target;

PyObject *
pymx_target_new(pymx_state *state, PyObject *host, const mx_address *address,
                uint16_t preference, bool is_implicit)
{
    pymx_target *target = PyObject_New(pymx_target, state->target_type);
    if (target == NULL) {
        return NULL;
    }
    target->host = Py_NewRef(host);
    target->address = *address;
    target->preference = preference;
    target->is_implicit = is_implicit;
    return (PyObject *)target;
}

static int
read_address(PyObject *text, mx_address *out)
{
    Py_ssize_t length;
    const char *utf8 = PyUnicode_AsUTF8AndSize(text, &length);
    if (utf8 == NULL) {
        return -1;
    }
    if (!mx_address_from_text(utf8, (size_t)length, out)) {
        pymx_raise_value("address=%R: must be an IPv4 or IPv6 address", text);
        return -1;
    }
    return 0;
}

static PyObject *
make_target(pymx_state *state, PyObject *host, PyObject *text, PyObject *number,
            int is_implicit)
{
    mx_address address;
    uint64_t preference = 0;
    if (read_address(text, &address) < 0 ||
        (number != NULL &&
         pymx_read_whole(number, "preference", UINT16_MAX, &preference) < 0)) {
        return NULL;
    }
    /* Of a subclass only the text: a Target has no part in reference cycles. */
    PyObject *plain_host = PyUnicode_FromObject(host);
    if (plain_host == NULL) {
        return NULL;
    }
    PyObject *target = pymx_target_new(state, plain_host, &address,
                                       (uint16_t)preference, is_implicit != 0);
    Py_DECREF(plain_host);
    return target;
}

static PyObject *
target_new(PyTypeObject *type, PyObject *arguments, PyObject *keywords)
{
    static char *names[] = {"host", "address", "preference", "implicit", NULL};
    PyObject *host, *address, *preference = NULL;
    int is_implicit = 0;
    if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "UU|O$p:Target", names, &host,
                                     &address, &preference, &is_implicit)) {
        return NULL;
    }
    return make_target(PyType_GetModuleState(type), host, address, preference,
                       is_implicit);
}

PyObject *
pymx_target_rebuild(PyObject *module, PyObject *arguments)
{
    PyObject *host, *address, *preference;
    int is_implicit;
    if (!PyArg_ParseTuple(arguments, "UUOp:_rebuild_target", &host, &address,
                          &preference, &is_implicit)) {
        return NULL;
    }
    return make_target(pymx_state_of_module(module), host, address, preference,
                       is_implicit);
}

static void
target_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    Py_DECREF(((pymx_target *)self)->host);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyObject *
target_get_host(PyObject *self, void *Py_UNUSED(closure))
{
    return Py_NewRef(((pymx_target *)self)->host);
}

static PyObject *
target_get_address(PyObject *self, void *Py_UNUSED(closure))
{
    return pymx_address_text(&((pymx_target *)self)->address);
}

static PyObject *
target_get_family(PyObject *self, void *Py_UNUSED(closure))
{
    return pymx_family_word(&pymx_state_of(self)->words,
                            &((pymx_target *)self)->address);
}

static PyObject *
target_get_preference(PyObject *self, void *Py_UNUSED(closure))
{
    return PyLong_FromLong(((pymx_target *)self)->preference);
}

static PyObject *
target_get_implicit(PyObject *self, void *Py_UNUSED(closure))
{
    return PyBool_FromLong(((pymx_target *)self)->is_implicit);
}

enum { JSON_FIELDS = 4 }; /* in JSON the route says once if it is implicit */

static PyGetSetDef fields[] = {
    {"host", target_get_host, NULL,
     PyDoc_STR("Name of the exchange as published, lower-cased: the name for TLS."),
     NULL},
    {"address", target_get_address, NULL,
     PyDoc_STR("IPv4 or IPv6 (RFC 5952) address to connect to."), NULL},
    {"family", target_get_family, NULL, PyDoc_STR("'ipv4' or 'ipv6'."), NULL},
    {"preference", target_get_preference, NULL,
     PyDoc_STR("Of the exchange: 0 to 65535, lower is tried first (RFC 5321 5.1)."),
     NULL},
    {"implicit", target_get_implicit, NULL,
     PyDoc_STR("The domain has no MX record and this is its own address."), NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

/* The family follows from the address. */
static PyObject *
target_key(PyObject *self)
{
    const pymx_target *target = (pymx_target *)self;
    return Py_BuildValue("(ONiO)", target->host, pymx_address_text(&target->address),
                         target->preference, target->is_implicit ? Py_True : Py_False);
}

static PyObject *
target_richcompare(PyObject *self, PyObject *other, int operation)
{
    return pymx_compare_by(target_key, self, other, operation);
}

static Py_hash_t
target_hash(PyObject *self)
{
    return pymx_hash_by(target_key, self);
}

static PyObject *
target_repr(PyObject *self)
{
    const pymx_target *target = (pymx_target *)self;
    char address[MX_ADDRESS_TEXT_SIZE];
    mx_address_to_text(&target->address, address);
    return PyUnicode_FromFormat("Target(host=%R, address='%s', preference=%d%s)",
                                target->host, address, (int)target->preference,
                                target->is_implicit ? ", implicit=True" : "");
}

static PyObject *
target_sockaddr(PyObject *self, PyObject *const *args, Py_ssize_t count,
                PyObject *keywords)
{
    static const char *const names[] = {"port"};
    static const pymx_signature signature = {"sockaddr", names, 1, 1, 0};
    const mx_address *address = &((pymx_target *)self)->address;
    PyObject *given;
    uint64_t port = 25;
    if (pymx_args_sort(&signature, args, count, keywords, &given) < 0 ||
        (given != NULL && pymx_read_whole(given, "port", UINT16_MAX, &port) < 0)) {
        return NULL;
    }
    PyObject *text = pymx_address_text(address);
    if (text == NULL) {
        return NULL;
    }
    return address->family == MX_IPV4 ? Py_BuildValue("(Ni)", text, (int)port)
                                      : Py_BuildValue("(Niii)", text, (int)port, 0, 0);
}

PyObject *
pymx_target_to_dict(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    return pymx_fields_dict(self, fields, JSON_FIELDS);
}

static PyObject *
target_reduce(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    return pymx_reduce_take(self, "_rebuild_target", target_key(self));
}

PyDoc_STRVAR(sockaddr_doc,
             "sockaddr($self, /, port=25)\n--\n\n"
             "Return what socket.connect() takes for this address.\n\n"
             "That is (address, port), for IPv6 (address, port, 0, 0). `port` is 0 to\n"
             "65535, else ValueError.");

PyDoc_STRVAR(to_dict_doc,
             "to_dict($self, /)\n--\n\n"
             "Return host, address, family and preference, ready for JSON.");

static PyMethodDef methods[] = {
    {"sockaddr", PYMX_METHOD(target_sockaddr), PYMX_FASTCALL, sockaddr_doc},
    {"to_dict", pymx_target_to_dict, METH_NOARGS, to_dict_doc},
    {"__reduce__", target_reduce, METH_NOARGS, NULL},
    PYMX_COPY_METHODS,
    {NULL, NULL, 0, NULL},
};

PyDoc_STRVAR(target_doc,
             "Target(host, address, preference=0, *, implicit=False)\n--\n\n"
             "A host and one address of it: where to connect to, for one attempt.\n\n"
             "`address` is IPv4 or IPv6 text and `preference` 0 to 65535, else\n"
             "ValueError. Immutable, hashable, equal by its fields.\n\n"
             ">>> pymx.Target('mail.example', '192.0.2.25', 10).sockaddr()\n"
             "('192.0.2.25', 25)");

static PyType_Slot slots[] = {
    {Py_tp_doc, (void *)target_doc},
    {Py_tp_new, target_new},
    {Py_tp_dealloc, target_dealloc},
    {Py_tp_repr, target_repr},
    {Py_tp_hash, target_hash},
    {Py_tp_richcompare, target_richcompare},
    {Py_tp_getset, fields},
    {Py_tp_methods, methods},
    {0, NULL},
};

static PyType_Spec spec = {
    .name = "pymx.Target",
    .basicsize = sizeof(pymx_target),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = slots,
};

int
pymx_target_setup(PyObject *module, pymx_state *state)
{
    return pymx_add_type(module, &spec, &state->target_type);
}
