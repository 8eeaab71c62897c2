/* SPDX-License-Identifier: MIT */
#include <Python.h>

#include "python/module.h"

#include "core/channel.h"
#include "python/args.h"
#include "python/bulk_type.h"
#include "python/completions_type.h"
#include "python/errors.h"
#include "python/exchange_type.h"
#include "python/excluded_type.h"
#include "python/hosts.h"
#include "python/interfaces.h"
#include "python/ndjson.h"
#include "python/ordering.h"
#include "python/request_type.h"
#include "python/resolver_config.h"
#include "python/resolver_type.h"
#include "python/route_type.h"
#include "python/step_type.h"
#include "python/target_type.h"

pymx_state *
pymx_state_of_module(PyObject *module)
{
    return PyModule_GetState(module);
}

pymx_state *
pymx_state_of(PyObject *self)
{
    return PyType_GetModuleState(Py_TYPE(self));
}

int
pymx_add_type(PyObject *module, PyType_Spec *spec, PyTypeObject **out)
{
    *out = (PyTypeObject *)PyType_FromModuleAndSpec(module, spec, NULL);
    return *out == NULL ? -1 : PyModule_AddType(module, *out);
}

static PyObject *
parse_nameserver(PyObject *Py_UNUSED(module), PyObject *text)
{
    mx_server server;
    return pymx_read_server(text, &server) < 0 ? NULL : pymx_server_text(&server);
}

static PyObject *
system_nameservers(PyObject *module, PyObject *Py_UNUSED(ignored))
{
    mx_server servers[MX_MAX_SERVERS];
    size_t count = 0;
    mx_status status = mx_channel_library_init();
    if (status == MX_OK) {
        status = mx_channel_system_servers(servers, &count);
    }
    if (status != MX_OK && status != MX_SYS) {
        return pymx_raise_status(pymx_state_of_module(module), status, 0,
                                 "read the system's name servers");
    }
    PyObject *tuple = PyTuple_New(status == MX_OK ? (Py_ssize_t)count : 0);
    for (Py_ssize_t i = 0; tuple != NULL && i < PyTuple_GET_SIZE(tuple); i++) {
        PyObject *text = pymx_server_text(&servers[i]);
        if (text == NULL) {
            Py_CLEAR(tuple);
        }
        else {
            PyTuple_SET_ITEM(tuple, i, text);
        }
    }
    return tuple;
}

static PyObject *
shut_down(PyObject *module, PyObject *Py_UNUSED(ignored))
{
    pymx_state *state = pymx_state_of_module(module);
    pymx_engine_shut_down(state);
    /* Once the interpreter is being taken apart, nothing can be imported any more. */
    if (pymx_prepare_closed_error(state) < 0) {
        return NULL;
    }
    Py_RETURN_NONE;
}

PyDoc_STRVAR(
    parse_nameserver_doc,
    "parse_nameserver($module, text, /)\n--\n\n"
    "Return a name server as 'addr:port' or '[v6]:port'; the port is 53 unless\n"
    "given. Raises ValueError.");

PyDoc_STRVAR(
    system_nameservers_doc,
    "system_nameservers($module, /)\n--\n\n"
    "Return the name servers the system is configured with, in order; at most 8,\n"
    "none if there are none or they cannot be read.");

PyDoc_STRVAR(shutdown_doc,
             "shutdown($module, /)\n--\n\n"
             "End all lookups as cancelled, and the engine's thread, for good.\n\n"
             "Called when the interpreter ends. Later lookups raise ClosedError.");

static PyMethodDef methods[] = {
    {"order", PYMX_METHOD(pymx_order), PYMX_FASTCALL, pymx_order_doc},
    {"hosts", pymx_hosts, METH_O, pymx_hosts_doc},
    {"ndjson", PYMX_METHOD(pymx_ndjson), PYMX_FASTCALL, pymx_ndjson_doc},
    {"own_addresses", pymx_own_addresses, METH_NOARGS, pymx_own_addresses_doc},
    {"parse_nameserver", parse_nameserver, METH_O, parse_nameserver_doc},
    {"system_nameservers", system_nameservers, METH_NOARGS, system_nameservers_doc},
    {"shutdown", shut_down, METH_NOARGS, shutdown_doc},
    {"_rebuild_target", pymx_target_rebuild, METH_VARARGS, NULL},
    {"_rebuild_exchange", pymx_exchange_rebuild, METH_VARARGS, NULL},
    {"_rebuild_excluded", pymx_excluded_rebuild, METH_VARARGS, NULL},
    {"_rebuild_route", pymx_route_rebuild, METH_VARARGS, NULL},
    {"_rebuild_step", pymx_step_rebuild, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

/* Takes over `value`, which may be NULL with an exception set. */
static int
add_take(PyObject *module, const char *name, PyObject *value)
{
    int result = value == NULL ? -1 : PyModule_AddObjectRef(module, name, value);
    Py_XDECREF(value);
    return result;
}

static int
add_constants(PyObject *module, const pymx_words *words)
{
    if (PyModule_AddStringConstant(module, "CARES_VERSION",
                                   mx_channel_library_version()) < 0 ||
        PyModule_AddStringConstant(module, "CARES_HEADER_VERSION",
                                   mx_channel_header_version()) < 0 ||
        add_take(module, "EVENTS", pymx_events_tuple()) < 0 ||
        add_take(module, "REASONS", pymx_reasons_dict(words)) < 0) {
        return -1;
    }
    return add_take(module, "STATUSES", pymx_statuses_dict(words));
}

static int
execute(PyObject *module)
{
    static int (*const setups[])(PyObject *, pymx_state *) = {
        pymx_target_setup,      pymx_exchange_setup, pymx_excluded_setup,
        pymx_route_setup,       pymx_step_setup,     pymx_request_setup,
        pymx_completions_setup, pymx_resolver_setup, pymx_bulk_setup,
    };
    pymx_state *state = pymx_state_of_module(module);
    if (pymx_words_init(&state->words) < 0) {
        return -1;
    }
    for (size_t i = 0; i < Py_ARRAY_LENGTH(setups); i++) {
        if (setups[i](module, state) < 0) {
            return -1;
        }
    }
    if (add_constants(module, &state->words) < 0) {
        return -1;
    }
    return pymx_engine_watch_process(module);
}

static int
module_traverse(PyObject *module, visitproc visit, void *arg)
{
    pymx_state *state = pymx_state_of_module(module);
    Py_VISIT(state->target_type);
    Py_VISIT(state->exchange_type);
    Py_VISIT(state->excluded_type);
    Py_VISIT(state->route_type);
    Py_VISIT(state->step_type);
    Py_VISIT(state->request_type);
    Py_VISIT(state->completions_type);
    Py_VISIT(state->resolver_type);
    Py_VISIT(state->route_iterator_type);
    Py_VISIT(state->bulk_type);
    Py_VISIT(state->closed_error);
    return 0;
}

static int
module_clear(PyObject *module)
{
    pymx_state *state = pymx_state_of_module(module);
    Py_CLEAR(state->target_type);
    Py_CLEAR(state->exchange_type);
    Py_CLEAR(state->excluded_type);
    Py_CLEAR(state->route_type);
    Py_CLEAR(state->step_type);
    Py_CLEAR(state->request_type);
    Py_CLEAR(state->completions_type);
    Py_CLEAR(state->resolver_type);
    Py_CLEAR(state->route_iterator_type);
    Py_CLEAR(state->bulk_type);
    Py_CLEAR(state->closed_error);
    return 0;
}

/* The words stay until now: objects that outlive module_clear() may still be shown. */
static void
module_free(void *module)
{
    pymx_state *state = pymx_state_of_module(module);
    module_clear(module);
    pymx_words_clear(&state->words);
    pymx_engine_free(&state->engine);
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, execute},
#if PY_VERSION_HEX >= 0x030c0000
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
#endif
    /* No Py_mod_gil: state and objects are guarded by the GIL, and a free-threaded
     * interpreter turns it on for us. */
    {0, NULL},
};

PyDoc_STRVAR(module_doc,
             "The C extension of pymx: results, resolver, ordering. Private.");

static PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,         .m_name = "pymx._native", .m_doc = module_doc,
    .m_size = sizeof(pymx_state),  .m_methods = methods,     .m_slots = slots,
    .m_traverse = module_traverse, .m_clear = module_clear,  .m_free = module_free,
};

PyMODINIT_FUNC PyInit__native(void); /* no header: only the import system calls it */

PyMODINIT_FUNC
PyInit__native(void)
{
    return PyModuleDef_Init(&definition);
}
