/* SPDX-License-Identifier: MIT */
#include <Python.h>

#include "python/route_type.h"

#include "python/convert.h"
#include "python/errors.h"
#include "python/route_object.h"
#include "python/values.h"

#include <string.h>

enum { SHORT = 80 }; /* characters of a bad destination that a message repeats */

PyObject *
pymx_route_new_take(pymx_state *state, mx_route *route, PyObject *input,
                    PyObject *destination)
{
    pymx_route *self = PyObject_GC_New(pymx_route, state->route_type);
    if (self == NULL) {
        mx_route_unref(route);
        return NULL;
    }
    self->route = route;
    self->input = Py_NewRef(input);
    self->destination = Py_NewRef(destination);
    self->exchanges = self->targets = self->excluded = NULL;
    /* Only these two can lead back to the route; where they are strings, a million
     * routes in a list cost the collector nothing. */
    if (PyObject_IS_GC(input) || PyObject_IS_GC(destination)) {
        PyObject_GC_Track(self);
    }
    return (PyObject *)self;
}

static int
route_traverse(PyObject *self, visitproc visit, void *arg)
{
    pymx_route *route = (pymx_route *)self;
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(route->input);
    Py_VISIT(route->destination);
    return 0;
}

/* There is no tp_clear: a Route cannot change, so any cycle goes through an object that
 * can, and is broken there. */
static void
route_dealloc(PyObject *self)
{
    pymx_route *route = (pymx_route *)self;
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    Py_XDECREF(route->exchanges);
    Py_XDECREF(route->targets);
    Py_XDECREF(route->excluded);
    Py_DECREF(route->input);
    Py_DECREF(route->destination);
    mx_route_unref(route->route);
    type->tp_free(self);
    Py_DECREF(type);
}

static const mx_route *
core_of(PyObject *self)
{
    return ((pymx_route *)self)->route;
}

static const pymx_words *
words_of(PyObject *self)
{
    return &pymx_state_of(self)->words;
}

/* The core says "" where there is no domain. */
static PyObject *
text_or_none(const char *text)
{
    return text[0] == '\0' ? Py_NewRef(Py_None) : PyUnicode_FromString(text);
}

static PyObject *
repeat_destination(PyObject *self)
{
    PyObject *repr = PyObject_Repr(((pymx_route *)self)->destination);
    if (repr == NULL || PyUnicode_GET_LENGTH(repr) <= SHORT) {
        return repr;
    }
    PyObject *start = PyUnicode_Substring(repr, 0, SHORT - 3);
    Py_DECREF(repr);
    if (start == NULL) {
        return NULL;
    }
    PyObject *cut = PyUnicode_FromFormat("%U...", start);
    Py_DECREF(start);
    return cut;
}

static PyObject *
route_get_input(PyObject *self, void *Py_UNUSED(closure))
{
    return Py_NewRef(((pymx_route *)self)->input);
}

static PyObject *
route_get_domain(PyObject *self, void *Py_UNUSED(closure))
{
    return text_or_none(core_of(self)->domain);
}

static PyObject *
route_get_domain_unicode(PyObject *self, void *Py_UNUSED(closure))
{
    PyObject *domain = text_or_none(core_of(self)->domain);
    if (domain == NULL || strstr(core_of(self)->domain, "xn--") == NULL) {
        return domain;
    }
    PyObject *result = pymx_domain_to_unicode(domain);
    Py_DECREF(domain);
    return result;
}

static PyObject *
route_get_canonical(PyObject *self, void *Py_UNUSED(closure))
{
    return text_or_none(core_of(self)->canonical);
}

static PyObject *
route_get_status(PyObject *self, void *Py_UNUSED(closure))
{
    return pymx_status_word(words_of(self), core_of(self)->verdict);
}

static PyObject *
route_get_deliverable(PyObject *self, void *Py_UNUSED(closure))
{
    return pymx_deliverable_value(core_of(self)->verdict);
}

static PyObject *
route_get_reason(PyObject *self, void *Py_UNUSED(closure))
{
    return pymx_reason_word(words_of(self), core_of(self)->reason);
}

static PyObject *
route_get_message(PyObject *self, void *Py_UNUSED(closure))
{
    const mx_route *route = core_of(self);
    if (route->verdict != MX_VERDICT_INVALID) {
        char text[MX_ROUTE_MESSAGE_SIZE];
        size_t length = mx_route_message(route, text);
        return PyUnicode_FromStringAndSize(text, (Py_ssize_t)length);
    }
    /* The core does not know what the destination was. */
    PyObject *destination = repeat_destination(self);
    if (destination == NULL) {
        return NULL;
    }
    PyObject *text = PyUnicode_FromFormat("%U is not a mail destination: %s",
                                          destination, mx_reason_text(route->reason));
    Py_DECREF(destination);
    return text;
}

static PyObject *
route_get_implicit(PyObject *self, void *Py_UNUSED(closure))
{
    return PyBool_FromLong(core_of(self)->implicit);
}

static PyObject *
route_get_complete(PyObject *self, void *Py_UNUSED(closure))
{
    return PyBool_FromLong(core_of(self)->complete);
}

static PyObject *
route_get_warnings(PyObject *self, void *Py_UNUSED(closure))
{
    const mx_route *route = core_of(self);
    PyObject *tuple = PyTuple_New((Py_ssize_t)route->warning_count);
    for (size_t i = 0; tuple != NULL && i < route->warning_count; i++) {
        PyTuple_SET_ITEM(tuple, (Py_ssize_t)i,
                         pymx_reason_word(words_of(self), route->warnings[i]));
    }
    return tuple;
}

static PyObject *
route_get_ttl(PyObject *self, void *Py_UNUSED(closure))
{
    return PyLong_FromUnsignedLong(core_of(self)->ttl);
}

static PyObject *
route_get_cached(PyObject *self, void *Py_UNUSED(closure))
{
    return PyBool_FromLong(core_of(self)->cached);
}

static PyObject *
route_get_elapsed(PyObject *self, void *Py_UNUSED(closure))
{
    return PyFloat_FromDouble((double)core_of(self)->elapsed / (double)MX_USEC_PER_SEC);
}

static PyObject *
route_get_authenticated(PyObject *self, void *Py_UNUSED(closure))
{
    return PyBool_FromLong(core_of(self)->authenticated);
}

static PyObject *
route_get_smtp_reply(PyObject *self, void *Py_UNUSED(closure))
{
    const mx_route *route = core_of(self);
    mx_smtp_reply reply = mx_verdict_smtp_reply(route->verdict, route->reason);
    if (reply.code == 0) {
        Py_RETURN_NONE;
    }
    return Py_BuildValue("(iss)", reply.code, reply.enhanced, reply.text);
}

static PyObject *
route_get_has_more(PyObject *self, void *Py_UNUSED(closure))
{
    return PyBool_FromLong(core_of(self)->has_more);
}

PyGetSetDef pymx_route_fields[] = {
    {"input", route_get_input, NULL,
     PyDoc_STR("The caller's object: the destination, or the row it was part of."),
     NULL},
    {"domain", route_get_domain, NULL,
     PyDoc_STR(
         "The domain in lower-case A-labels, or the address literal; None if the\n"
         "destination is invalid."),
     NULL},
    {"domain_unicode", route_get_domain_unicode, NULL,
     PyDoc_STR("The domain as people write it (RFC 5890 U-labels)."), NULL},
    {"canonical", route_get_canonical, NULL,
     PyDoc_STR("End of the domain's CNAME chain, usually the domain."), NULL},
    {"status", route_get_status, NULL,
     PyDoc_STR(
         "What it comes to: 'ok', 'null_mx', 'no_domain', 'no_mail', 'no_address',\n"
         "'refused', 'invalid', 'timeout', 'server_failure', 'no_servers',\n"
         "'bad_reply' or 'cancelled'."),
     NULL},
    {"deliverable", route_get_deliverable, NULL,
     PyDoc_STR("True, False, or None if it could not be told: never a 'no'."), NULL},
    {"reason", route_get_reason, NULL,
     PyDoc_STR("Why, as a code of pymx.REASONS; None if ok."), NULL},
    {"message", route_get_message, NULL,
     PyDoc_STR("One line for people: what was wrong, where, or what was found."), NULL},
    {"implicit", route_get_implicit, NULL,
     PyDoc_STR("No MX record: the domain itself is the exchange (RFC 5321 5.1)."),
     NULL},
    {"complete", route_get_complete, NULL,
     PyDoc_STR("False if any exchange failed for a while only: there may be more."),
     NULL},
    {"exchanges", pymx_route_get_exchanges, NULL,
     PyDoc_STR("A tuple of Exchange in delivery order."), NULL},
    {"targets", pymx_route_get_targets, NULL,
     PyDoc_STR("A tuple of Target in delivery order, each address once."), NULL},
    {"excluded", pymx_route_get_excluded, NULL,
     PyDoc_STR("A tuple of Excluded: what was left out, and why."), NULL},
    {"warnings", route_get_warnings, NULL,
     PyDoc_STR("A tuple of codes of pymx.REASONS: what is odd but does not stop mail."),
     NULL},
    {"ttl", route_get_ttl, NULL,
     PyDoc_STR(
         "Seconds that the route may be kept for: the least of all records used."),
     NULL},
    {"cached", route_get_cached, NULL, PyDoc_STR("All answers came from the cache."),
     NULL},
    {"elapsed", route_get_elapsed, NULL, PyDoc_STR("Seconds that the lookup took."),
     NULL},
    {"authenticated", route_get_authenticated, NULL,
     PyDoc_STR(
         "The name server set AD (DNSSEC) in all answers, asked for by dnssec=True;\n"
         "as good as the path to that server."),
     NULL},
    {"smtp_reply", route_get_smtp_reply, NULL,
     PyDoc_STR("What a mailer answers: (RFC 5321 code, RFC 3463 code, text), or None."),
     NULL},
    {"trace", pymx_route_get_trace, NULL,
     PyDoc_STR("A tuple of TraceStep, oldest first; None unless Resolver(trace=True)."),
     NULL},
    {"_has_more", route_get_has_more, NULL,
     PyDoc_STR("There are exchanges of worse preference than were asked for."), NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

/* What mail would do: nothing of how and when it was found out. */
static PyObject *
route_key(PyObject *self)
{
    static getter const getters[] = {
        route_get_domain,         route_get_canonical,    route_get_status,
        route_get_reason,         route_get_implicit,     route_get_complete,
        pymx_route_get_exchanges, pymx_route_get_targets, pymx_route_get_excluded,
        route_get_warnings,
    };
    PyObject *key = PyTuple_New(Py_ARRAY_LENGTH(getters));
    for (size_t i = 0; key != NULL && i < Py_ARRAY_LENGTH(getters); i++) {
        PyObject *value = getters[i](self, NULL);
        if (value == NULL) {
            Py_CLEAR(key);
        }
        else {
            PyTuple_SET_ITEM(key, (Py_ssize_t)i, value);
        }
    }
    return key;
}

static PyObject *
route_richcompare(PyObject *self, PyObject *other, int operation)
{
    return pymx_compare_by(route_key, self, other, operation);
}

static Py_hash_t
route_hash(PyObject *self)
{
    return pymx_hash_by(route_key, self);
}

static int
route_bool(PyObject *Py_UNUSED(self))
{
    pymx_raise_type(
        "a Route is neither true nor false: whether mail can be delivered is "
        "three-valued, use route.deliverable (True, False or None) or "
        "route.status");
    return -1;
}

static PyObject *
route_repr(PyObject *self)
{
    const mx_route *route = core_of(self);
    const char *word = mx_verdict_word(route->verdict);
    PyObject *name = route->verdict == MX_VERDICT_INVALID
                         ? repeat_destination(self)
                         : PyUnicode_FromFormat("'%s'", route->domain);
    PyObject *repr;
    if (name == NULL) {
        return NULL;
    }
    if (route->verdict == MX_VERDICT_OK) {
        repr = PyUnicode_FromFormat(
            "<Route %U %s: %zu exchange%s, %zu target%s>", name, word,
            route->exchange_count, route->exchange_count == 1 ? "" : "s",
            route->target_count, route->target_count == 1 ? "" : "s");
    }
    else {
        repr = PyUnicode_FromFormat("<Route %U %s: %s>", name, word,
                                    mx_reason_code(route->reason));
    }
    Py_DECREF(name);
    return repr;
}

static PyObject *
route_raise_for_status(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    mx_verdict verdict = core_of(self)->verdict;
    if (verdict == MX_VERDICT_OK) {
        Py_RETURN_NONE;
    }
    return pymx_raise_verdict(verdict, self);
}

PyDoc_STRVAR(
    raise_for_status_doc,
    "raise_for_status($self, /)\n--\n\n"
    "Raise the ResolutionError of a route that is not ok.\n\n"
    "PermanentError (NullMX, DomainNotFound, NoMailService, NoAddress, Refused,\n"
    "InvalidDomain) or TemporaryError (ResolveTimeout, ServerFailure, NoServers,\n"
    "BadReply); its `route` is this one.");

PyDoc_STRVAR(
    to_dict_doc,
    "to_dict($self, /)\n--\n\n"
    "Return the route as a dict that is ready for JSON, keys in fixed order.\n\n"
    "An input that is no str is told by its destination. The key \"trace\" is there\n"
    "for a route that has one.");

static PyMethodDef methods[] = {
    {"raise_for_status", route_raise_for_status, METH_NOARGS, raise_for_status_doc},
    {"to_dict", pymx_route_to_dict, METH_NOARGS, to_dict_doc},
    {"__reduce__", pymx_route_reduce, METH_NOARGS, NULL},
    PYMX_COPY_METHODS,
    {NULL, NULL, 0, NULL},
};

PyDoc_STRVAR(
    route_doc,
    "Where mail for one destination goes, or why it cannot be delivered.\n\n"
    "Made by pymx only. Immutable and hashable; equal when mail would do the same\n"
    "with both: input, ttl, cached, elapsed, authenticated and trace do not count.\n"
    "It has no truth value: use `deliverable` or `status`.");

static PyType_Slot slots[] = {
    {Py_tp_doc, (void *)route_doc},   {Py_tp_dealloc, route_dealloc},
    {Py_tp_traverse, route_traverse}, {Py_tp_repr, route_repr},
    {Py_tp_hash, route_hash},         {Py_tp_richcompare, route_richcompare},
    {Py_nb_bool, route_bool},         {Py_tp_getset, pymx_route_fields},
    {Py_tp_methods, methods},         {0, NULL},
};

static PyType_Spec spec = {
    .name = "pymx.Route",
    .basicsize = sizeof(pymx_route),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_HAVE_GC |
             Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = slots,
};

int
pymx_route_setup(PyObject *module, pymx_state *state)
{
    return pymx_add_type(module, &spec, &state->route_type);
}
