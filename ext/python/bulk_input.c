/* SPDX-License-Identifier: MIT */
#include <Python.h>

#include "python/bulk_object.h"
#include "python/errors.h"

/* A row that was read is sent at the latest when so much time was spent on reading;
 * looked at every few rows, as the clock costs about as much as a row. */
#define PATIENCE (MX_USEC_PER_MSEC)
enum { GLANCE = 8 };

static mx_usec
read_clock(void)
{
    mx_clock clock = mx_clock_system();
    return mx_clock_now(&clock);
}

int
pymx_bulk_end_input(pymx_bulk *self)
{
    if (!PyErr_ExceptionMatches(PyExc_Exception)) {
        return -1; /* Ctrl-C is not to wait for anything */
    }
    self->failure = pymx_take_error();
    self->is_fed = false;
    Py_CLEAR(self->rows);
    return 0;
}

int
pymx_bulk_take_row(pymx_bulk *self, PyObject *input)
{
    PyObject *destination =
        self->key == NULL ? Py_NewRef(input) : PyObject_CallOneArg(self->key, input);
    if (destination == NULL) {
        Py_DECREF(input);
        return -1;
    }
    pymx_bulk_add_take(self, input, destination);
    return 0;
}

/* 1, 0 at the end of the input, or -1 with its exception. */
static int
read_row(pymx_bulk *self)
{
    if (pymx_bulk_prepare(self) < 0) {
        return -1;
    }
    PyObject *row = Py_TYPE(self->rows)->tp_iternext(self->rows);
    if (row != NULL) {
        return pymx_bulk_take_row(self, row) < 0 ? -1 : 1;
    }
    if (PyErr_Occurred()) {
        return pymx_forget_error(PyExc_StopIteration) ? 0 : -1;
    }
    return 0;
}

/* As many as the input gave in PATIENCE lately, so that none waits long to be sent
 * because of those after it; twice as many when it was faster. */
static void
adapt(pymx_bulk *self, size_t count, mx_usec elapsed)
{
    self->is_slow = elapsed >= PATIENCE && count < GLANCE;
    if (elapsed >= PATIENCE) {
        size_t fair = (size_t)((mx_usec)count * PATIENCE / elapsed);
        self->quota = fair > 0 ? fair : 1;
    }
    else if (count == self->quota && count < PYMX_BULK_BATCH) {
        self->quota *= 2;
    }
}

int
pymx_bulk_read(pymx_bulk *self)
{
    size_t room = pymx_bulk_room(self);
    size_t limit = self->quota < room ? self->quota : room;
    mx_usec began = read_clock(), elapsed = 0;
    size_t count = 0;
    int result = 1;
    while (count < limit && result > 0 && elapsed < PATIENCE) {
        result = read_row(self);
        int check = pymx_bulk_check(self);
        if (check <= 0) {
            return result < 0 ? result : check;
        }
        count += result > 0;
        if (count % GLANCE == 0) {
            elapsed = read_clock() - began;
        }
    }
    pymx_bulk_send(self);
    adapt(self, count, read_clock() - began);
    if (result == 0) {
        Py_CLEAR(self->rows);
    }
    return result < 0 ? pymx_bulk_end_input(self) : 0;
}
