/* SPDX-License-Identifier: MIT */
#include <Python.h>

#include "python/step_type.h"

#include "core/question.h"
#include "python/convert.h"
#include "python/resolver_config.h"
#include "python/values.h"

#include <inttypes.h>
#include <stdio.h>

/* In no reference cycle: it holds but what the core owns. */
typedef struct pymx_step {
    PyObject ob_base;
    mx_route *route; /* owns `step` */
    const mx_step *step;
} pymx_step;

PyObject *
pymx_step_new(pymx_state *state, mx_route *route, size_t index)
{
    pymx_step *self = PyObject_New(pymx_step, state->step_type);
    if (self == NULL) {
        return NULL;
    }
    self->route = mx_route_ref(route);
    self->step = &route->trace->steps[index];
    return (PyObject *)self;
}

static void
step_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    mx_route_unref(((pymx_step *)self)->route);
    type->tp_free(self);
    Py_DECREF(type);
}

static const mx_step *
core_of(PyObject *self)
{
    return ((pymx_step *)self)->step;
}

static PyObject *
text_or_none(const char *text)
{
    return text[0] == '\0' ? Py_NewRef(Py_None) : PyUnicode_FromString(text);
}

static PyObject *
number_or_none(int64_t number)
{
    return number == MX_STEP_NONE ? Py_NewRef(Py_None) : PyLong_FromLongLong(number);
}

static PyObject *
bool_or_none(int value)
{
    return value == MX_STEP_NONE ? Py_NewRef(Py_None) : PyBool_FromLong(value);
}

static PyObject *
to_seconds(mx_usec time)
{
    return PyFloat_FromDouble((double)time / (double)MX_USEC_PER_SEC);
}

static PyObject *
step_get_time(PyObject *self, void *Py_UNUSED(closure))
{
    return to_seconds(core_of(self)->at);
}

static PyObject *
step_get_event(PyObject *self, void *Py_UNUSED(closure))
{
    return PyUnicode_InternFromString(mx_event_word(core_of(self)->event));
}

static PyObject *
step_get_name(PyObject *self, void *Py_UNUSED(closure))
{
    return text_or_none(core_of(self)->name);
}

static PyObject *
step_get_type(PyObject *self, void *Py_UNUSED(closure))
{
    uint16_t type = core_of(self)->type;
    return text_or_none(type == 0 ? "" : mx_type_text(type));
}

static PyObject *
step_get_server(PyObject *self, void *Py_UNUSED(closure))
{
    const mx_server *server = &core_of(self)->server;
    return server->port == 0 ? Py_NewRef(Py_None) : pymx_server_text(server);
}

static PyObject *
step_get_transport(PyObject *self, void *Py_UNUSED(closure))
{
    static const char *const words[] = {[MX_UDP] = "udp", [MX_TCP] = "tcp"};
    int protocol = core_of(self)->protocol;
    return text_or_none(protocol == MX_STEP_NONE ? "" : words[protocol]);
}

static PyObject *
step_get_edns(PyObject *self, void *Py_UNUSED(closure))
{
    return bool_or_none(core_of(self)->edns);
}

static PyObject *
step_get_rcode(PyObject *self, void *Py_UNUSED(closure))
{
    char text[MX_RCODE_TEXT_SIZE] = "";
    if (core_of(self)->rcode != MX_STEP_NONE) {
        mx_rcode_text((uint16_t)core_of(self)->rcode, text);
    }
    return text_or_none(text);
}

static PyObject *
step_get_ede(PyObject *self, void *Py_UNUSED(closure))
{
    return number_or_none(core_of(self)->ede);
}

static PyObject *
step_get_elapsed(PyObject *self, void *Py_UNUSED(closure))
{
    mx_usec elapsed = core_of(self)->elapsed;
    return elapsed == MX_STEP_NONE ? Py_NewRef(Py_None) : to_seconds(elapsed);
}

static PyObject *
step_get_reason(PyObject *self, void *Py_UNUSED(closure))
{
    return pymx_reason_word(&pymx_state_of(self)->words, core_of(self)->reason);
}

static PyObject *
step_get_status(PyObject *self, void *Py_UNUSED(closure))
{
    int verdict = core_of(self)->verdict;
    return verdict == MX_STEP_NONE
               ? Py_NewRef(Py_None)
               : pymx_status_word(&pymx_state_of(self)->words, (mx_verdict)verdict);
}

static PyObject *
step_get_count(PyObject *self, void *Py_UNUSED(closure))
{
    return number_or_none(core_of(self)->count);
}

static PyObject *
step_get_ttl(PyObject *self, void *Py_UNUSED(closure))
{
    return number_or_none(core_of(self)->ttl);
}

static PyObject *
step_get_cached(PyObject *self, void *Py_UNUSED(closure))
{
    return bool_or_none(core_of(self)->cached);
}

static PyObject *
step_get_host(PyObject *self, void *Py_UNUSED(closure))
{
    return text_or_none(core_of(self)->host);
}

static PyObject *
step_get_preference(PyObject *self, void *Py_UNUSED(closure))
{
    return number_or_none(core_of(self)->preference);
}

static PyObject *
step_get_address(PyObject *self, void *Py_UNUSED(closure))
{
    const mx_address *address = &core_of(self)->address;
    return address->family == 0 ? Py_NewRef(Py_None) : pymx_address_text(address);
}

static PyObject *
step_get_text(PyObject *self, void *Py_UNUSED(closure))
{
    char text[MX_STEP_TEXT_SIZE];
    size_t length = mx_step_text(core_of(self), text);
    return PyUnicode_FromStringAndSize(text, (Py_ssize_t)length);
}

static PyGetSetDef fields[] = {
    {"time", step_get_time, NULL,
     PyDoc_STR("Seconds since the lookup began. Negative for a message that was sent\n"
               "before, for another lookup with the same question."),
     NULL},
    {"event", step_get_event, NULL,
     PyDoc_STR("What happened, one of pymx.EVENTS: 'query', 'reply', 'answer', ..."),
     NULL},
    {"name", step_get_name, NULL, PyDoc_STR("Name of the question, or None."), NULL},
    {"type", step_get_type, NULL,
     PyDoc_STR("Type of the question: 'MX', 'A', 'AAAA', or None."), NULL},
    {"server", step_get_server, NULL,
     PyDoc_STR("The name server, as 'addr:port' or '[v6]:port', or None."), NULL},
    {"transport", step_get_transport, NULL, PyDoc_STR("'udp', 'tcp', or None."), NULL},
    {"edns", step_get_edns, NULL,
     PyDoc_STR("Whether the query has an OPT record (RFC 6891); else None."), NULL},
    {"rcode", step_get_rcode, NULL,
     PyDoc_STR("Of a reply: 'NOERROR', 'SERVFAIL', ..., 'RCODE17'; else None."), NULL},
    {"ede", step_get_ede, NULL,
     PyDoc_STR("Extended DNS error of a reply (RFC 8914 info code), or None."), NULL},
    {"elapsed", step_get_elapsed, NULL,
     PyDoc_STR("Seconds since the message was sent; of 'wait', that are waited at\n"
               "most; else None."),
     NULL},
    {"reason", step_get_reason, NULL,
     PyDoc_STR("Why, as a code of pymx.REASONS; None if there is nothing to say."),
     NULL},
    {"status", step_get_status, NULL,
     PyDoc_STR("Of 'verdict': as Route.status or Exchange.status; else None."), NULL},
    {"count", step_get_count, NULL,
     PyDoc_STR("Records, exchanges, addresses, targets or steps; or None."), NULL},
    {"ttl", step_get_ttl, NULL,
     PyDoc_STR("Of 'answer': seconds that it may be kept for; or None."), NULL},
    {"cached", step_get_cached, NULL,
     PyDoc_STR("Of 'answer': whether it came from the cache; else None."), NULL},
    {"host", step_get_host, NULL,
     PyDoc_STR("An exchange, or what an alias leads to; or None."), NULL},
    {"preference", step_get_preference, NULL, PyDoc_STR("Of the exchange, or None."),
     NULL},
    {"address", step_get_address, NULL,
     PyDoc_STR("The one address that is left out, or None."), NULL},
    {"text", step_get_text, NULL,
     PyDoc_STR("The step for people, without time and event."), NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

enum { FIELDS = sizeof(fields) / sizeof(fields[0]) - 1 };

PyObject *
pymx_step_plain(PyObject *self)
{
    const mx_step *step = core_of(self);
    char server[MX_SERVER_TEXT_SIZE] = "", address[MX_ADDRESS_TEXT_SIZE] = "";
    const char *reason = mx_reason_code(step->reason);
    const char *status = step->verdict == MX_STEP_NONE
                             ? NULL
                             : mx_verdict_word((mx_verdict)step->verdict);
    if (step->server.port != 0) {
        mx_server_to_text(&step->server, server);
    }
    if (step->address.family != 0) {
        mx_address_to_text(&step->address, address);
    }
    return Py_BuildValue("(LssHsiiiiLzzLLisis)", (long long)step->at,
                         mx_event_word(step->event), step->name, step->type, server,
                         step->protocol, step->edns, step->rcode, (int)step->ede,
                         (long long)step->elapsed, reason[0] == '\0' ? NULL : reason,
                         status, (long long)step->count, (long long)step->ttl,
                         step->cached, step->host, (int)step->preference, address);
}

static PyObject *
step_richcompare(PyObject *self, PyObject *other, int operation)
{
    return pymx_compare_by(pymx_step_plain, self, other, operation);
}

static Py_hash_t
step_hash(PyObject *self)
{
    return pymx_hash_by(pymx_step_plain, self);
}

static PyObject *
step_str(PyObject *self)
{
    const mx_step *step = core_of(self);
    char before[64], text[MX_STEP_TEXT_SIZE];
    (void)snprintf(before, sizeof(before), "%.1f ms",
                   (double)step->at / (double)MX_USEC_PER_MSEC);
    mx_step_text(step, text);
    return PyUnicode_FromFormat("%s %s %s", before, mx_event_word(step->event), text);
}

static PyObject *
step_repr(PyObject *self)
{
    PyObject *text = step_str(self);
    if (text == NULL) {
        return NULL;
    }
    PyObject *repr = PyUnicode_FromFormat("<TraceStep %U>", text);
    Py_DECREF(text);
    return repr;
}

PyObject *
pymx_step_to_dict(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    PyObject *dict = PyDict_New();
    for (size_t i = 0; dict != NULL && i < FIELDS; i++) {
        PyObject *value = fields[i].get(self, NULL);
        if (value == NULL || (value != Py_None &&
                              PyDict_SetItemString(dict, fields[i].name, value) < 0)) {
            Py_CLEAR(dict);
        }
        Py_XDECREF(value);
    }
    return dict;
}

static PyObject *
step_reduce(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    return pymx_reduce_take(self, "_rebuild_step", pymx_step_plain(self));
}

PyDoc_STRVAR(to_dict_doc, "to_dict($self, /)\n--\n\n"
                          "Return the fields that are not None, ready for JSON.");

static PyMethodDef methods[] = {
    {"to_dict", pymx_step_to_dict, METH_NOARGS, to_dict_doc},
    {"__reduce__", step_reduce, METH_NOARGS, NULL},
    PYMX_COPY_METHODS,
    {NULL, NULL, 0, NULL},
};

PyDoc_STRVAR(step_doc,
             "A step of a lookup: a message, an answer or a decision.\n\n"
             "Made by pymx only, for Resolver(trace=True). Immutable, hashable, equal\n"
             "by its fields; str() is a line for people.");

static PyType_Slot slots[] = {
    {Py_tp_doc, (void *)step_doc},
    {Py_tp_dealloc, step_dealloc},
    {Py_tp_repr, step_repr},
    {Py_tp_str, step_str},
    {Py_tp_hash, step_hash},
    {Py_tp_richcompare, step_richcompare},
    {Py_tp_getset, fields},
    {Py_tp_methods, methods},
    {0, NULL},
};

static PyType_Spec spec = {
    .name = "pymx.TraceStep",
    .basicsize = sizeof(pymx_step),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE |
             Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = slots,
};

int
pymx_step_setup(PyObject *module, pymx_state *state)
{
    return pymx_add_type(module, &spec, &state->step_type);
}

PyObject *
pymx_events_tuple(void)
{
    PyObject *tuple = PyTuple_New(MX_EVENT_COUNT);
    for (int i = 0; tuple != NULL && i < MX_EVENT_COUNT; i++) {
        PyObject *word = PyUnicode_InternFromString(mx_event_word((mx_event)i));
        if (word == NULL) {
            Py_CLEAR(tuple);
        }
        else {
            PyTuple_SET_ITEM(tuple, i, word);
        }
    }
    return tuple;
}
