/* SPDX-License-Identifier: MIT */
#include <Python.h>

#include "python/ordering.h"

#include "core/order.h"
#include "core/rng.h"
#include "python/args.h"
#include "python/convert.h"
#include "python/errors.h"
#include "python/module.h"

#include <errno.h>

enum { ON_STACK = 32 }; /* real MX lists are shorter */

const char pymx_order_doc[] =
    "order($module, /, exchanges, *, seed=None, shuffle=True)\n--\n\n"
    "Return (preference, ...) pairs in delivery order, as a list.\n\n"
    "Lowest preference first; equal ones in random order, every order equally\n"
    "likely (RFC 5321 5.1), or as given with shuffle=False. `exchanges` is any\n"
    "iterable of sequences of two or more; the same objects are returned. The same\n"
    "`seed` (0 to 2**64 - 1) gives the same order, on every machine.\n\n"
    "Raises ValueError for a preference outside of 0 to 65535, TypeError for what is\n"
    "no pair or no whole number.\n\n"
    ">>> pymx.order([(20, 'b'), (10, 'a')])\n"
    "[(10, 'a'), (20, 'b')]";

static PyObject *
first_of(PyObject *pair, Py_ssize_t index)
{
    if (!PySequence_Check(pair)) {
        return pymx_raise_type("exchanges[%zd] must be a pair (preference, exchange), "
                               "not %s",
                               index, Py_TYPE(pair)->tp_name);
    }
    Py_ssize_t size = PySequence_Size(pair);
    if (size < 0) {
        return NULL;
    }
    if (size < 2) {
        return pymx_raise_type("exchanges[%zd] must be a pair (preference, exchange), "
                               "%R has %zd",
                               index, pair, size);
    }
    return PySequence_GetItem(pair, 0);
}

static int
read_number(PyObject *number, Py_ssize_t index, uint16_t *out)
{
    if (!PyIndex_Check(number)) {
        pymx_raise_type("exchanges[%zd]: the preference must be a whole number, not %s",
                        index, Py_TYPE(number)->tp_name);
        return -1;
    }
    int is_outside;
    PyObject *whole = PyNumber_Index(number);
    long value = whole == NULL ? -1 : PyLong_AsLongAndOverflow(whole, &is_outside);
    Py_XDECREF(whole);
    if (whole == NULL) {
        return -1;
    }
    if (value < 0 || value > UINT16_MAX || is_outside) {
        pymx_raise_value("exchanges[%zd]: preference %R is not within 0 to 65535",
                         index, number);
        return -1;
    }
    *out = (uint16_t)value;
    return 0;
}

static int
read_preference(PyObject *pair, Py_ssize_t index, uint16_t *out)
{
    PyObject *number = first_of(pair, index);
    if (number == NULL) {
        return -1;
    }
    int result = read_number(number, index, out);
    Py_DECREF(number);
    return result;
}

static mx_rng *
shared_rng(pymx_state *state)
{
    if (!state->is_rng_seeded) {
        errno = 0;
        if (mx_rng_seed_system(&state->rng) != MX_OK) {
            pymx_raise_status(state, MX_SYS, errno, "read random numbers");
            return NULL;
        }
        state->is_rng_seeded = true;
    }
    return &state->rng;
}

/* Fills a new list with `items` in the order of `keys`. */
static void
pick(PyObject *list, PyObject *const *items, const mx_order_key *keys, Py_ssize_t count)
{
    for (Py_ssize_t i = 0; i < count; i++) {
        PyList_SET_ITEM(list, i, Py_NewRef(items[keys[i].index]));
    }
}

/* Keys of the ordinary case: a dozen tuples of small numbers, in a list or tuple.
 * Nothing of it can run code that changes the list under our hands. False when it is
 * another case, or a fault to be told. */
static bool
read_plain(PyObject *const *items, Py_ssize_t count, mx_order_key *keys)
{
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *pair = items[i];
        if (!PyTuple_CheckExact(pair) || PyTuple_GET_SIZE(pair) < 2 ||
            !PyLong_CheckExact(PyTuple_GET_ITEM(pair, 0))) {
            return false;
        }
        int is_outside;
        long value = PyLong_AsLongAndOverflow(PyTuple_GET_ITEM(pair, 0), &is_outside);
        if (value < 0 || value > UINT16_MAX) { /* -1 is outside, too */
            return false;
        }
        keys[i].preference = (uint16_t)value;
        keys[i].index = (uint32_t)i;
    }
    return true;
}

static PyObject *
order_any(PyObject *exchanges, mx_rng *rng)
{
    PyObject *result = NULL;
    PyObject *pairs = PySequence_List(exchanges); /* our own: nobody changes it */
    if (pairs == NULL) {
        return NULL;
    }
    Py_ssize_t count = PyList_GET_SIZE(pairs);
    size_t room = count > 0 ? (size_t)count : 1;
    mx_order_key *keys =
        room > UINT32_MAX ? NULL : PyMem_Malloc(2 * room * sizeof(*keys));
    if (keys == NULL) {
        pymx_raise_memory();
        goto done;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        if (read_preference(PyList_GET_ITEM(pairs, i), i, &keys[i].preference) < 0) {
            goto done;
        }
        keys[i].index = (uint32_t)i;
    }
    mx_order_keys(keys, (size_t)count, rng, keys + count);
    result = PyList_New(count);
    if (result != NULL) {
        pick(result, PySequence_Fast_ITEMS(pairs), keys, count);
    }
done:
    PyMem_Free(keys);
    Py_DECREF(pairs);
    return result;
}

/* The ordinary case, where the call and the list cost more than the ordering. 1 with
 * the result, 0 when it is another case, -1 with an exception. */
static int
order_plain(PyObject *exchanges, mx_rng *rng, PyObject **result)
{
    mx_order_key keys[2 * ON_STACK];
    Py_ssize_t count = PySequence_Fast_GET_SIZE(exchanges);
    if (count > ON_STACK) {
        return 0;
    }
    /* First of all: making a list may run the collector, and that any code. */
    PyObject *list = PyList_New(count);
    if (list == NULL) {
        return -1;
    }
    PyObject *const *items = PySequence_Fast_ITEMS(exchanges);
    if (PySequence_Fast_GET_SIZE(exchanges) != count ||
        !read_plain(items, count, keys)) {
        Py_DECREF(list);
        return 0;
    }
    mx_order_keys(keys, (size_t)count, rng, keys + count);
    pick(list, items, keys, count);
    *result = list;
    return 1;
}

static PyObject *
order(PyObject *exchanges, mx_rng *rng)
{
    PyObject *result = NULL;
    int is_plain = 0;
    if (PyList_CheckExact(exchanges) || PyTuple_CheckExact(exchanges)) {
        is_plain = order_plain(exchanges, rng, &result);
    }
    return is_plain == 0 ? order_any(exchanges, rng) : result;
}

enum { EXCHANGES, SEED, SHUFFLE, PARAMETERS };

static PyObject *
order_with_options(pymx_state *state, PyObject *const *values)
{
    mx_rng own;
    bool has_seed;
    uint64_t seed;
    int is_shuffled = values[SHUFFLE] == NULL ? 1 : PyObject_IsTrue(values[SHUFFLE]);
    if (is_shuffled < 0 || pymx_read_seed(values[SEED], &has_seed, &seed) < 0) {
        return NULL;
    }
    if (!is_shuffled) {
        return order(values[EXCHANGES], NULL);
    }
    if (has_seed) {
        mx_rng_seed(&own, seed);
        return order(values[EXCHANGES], &own);
    }
    mx_rng *rng = shared_rng(state);
    return rng == NULL ? NULL : order(values[EXCHANGES], rng);
}

PyObject *
pymx_order(PyObject *module, PyObject *const *args, Py_ssize_t count,
           PyObject *keywords)
{
    static const char *const names[PARAMETERS] = {"exchanges", "seed", "shuffle"};
    static const pymx_signature signature = {"order", names, PARAMETERS, 1, 1};
    pymx_state *state = pymx_state_of_module(module);
    PyObject *values[PARAMETERS];
    if (count == 1 && keywords == NULL && state->is_rng_seeded) {
        return order(args[0], &state->rng);
    }
    if (pymx_args_sort(&signature, args, count, keywords, values) < 0) {
        return NULL;
    }
    return order_with_options(state, values);
}
