/* SPDX-License-Identifier: MIT */
#include <Python.h>

#include "core/mem.h"
#include "core/verdict.h"
#include "python/bulk_object.h"
#include "python/convert.h"
#include "python/errors.h"
#include "python/offline.h"
#include "python/resolver_object.h"
#include "python/resolver_type.h"
#include "python/route_type.h"

enum { FIRST_ROWS = 64 };

static pymx_state *
state_of(const pymx_bulk *self)
{
    return pymx_resolver_state(self->resolver);
}

int
pymx_bulk_check(const pymx_bulk *self)
{
    pymx_state *state = state_of(self);
    if (self->is_closed) {
        return 0;
    }
    if (self->generation != state->engine.generation) {
        pymx_raise_closed(state, "the iterator belongs to the parent of this process");
        return -1;
    }
    return 1;
}

static void
append(pymx_bulk *self, pymx_row_list *list, uint32_t place)
{
    self->table[place].next = PYMX_NO_ROW;
    if (list->first == PYMX_NO_ROW) {
        list->first = place;
    }
    else {
        self->table[list->last].next = place;
    }
    list->last = place;
}

static void
put_aside(pymx_bulk *self, pymx_row_list *list, uint32_t place)
{
    self->table[place].next_aside = PYMX_NO_ROW;
    if (list->first == PYMX_NO_ROW) {
        list->first = place;
    }
    else {
        self->table[list->last].next_aside = place;
    }
    list->last = place;
}

/* Doubles the table; the new places are free. */
static int
grow(pymx_bulk *self)
{
    size_t capacity = self->capacity == 0 ? FIRST_ROWS : 2 * (size_t)self->capacity;
    capacity = capacity < self->concurrency ? capacity : self->concurrency;
    pymx_row *table = mx_realloc(self->table, capacity, sizeof(*table));
    if (table == NULL) {
        pymx_raise_memory();
        return -1;
    }
    self->table = table;
    for (uint32_t place = self->capacity; place < capacity; place++) {
        table[place] =
            (pymx_row){.next = place + 1 == capacity ? PYMX_NO_ROW : place + 1};
    }
    self->free_row = self->capacity;
    self->capacity = (uint32_t)capacity;
    return 0;
}

static int
begin_batches(pymx_bulk *self, const mx_shards *shards)
{
    const pymx_state *state = state_of(self);
    size_t count = mx_shards_count(shards);
    mx_batch *batches = mx_calloc(count, sizeof(*batches));
    if (batches == NULL) {
        pymx_raise_memory();
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        mx_batch_init(&batches[i], state->engine.engines[i], mx_shards_get(shards, i),
                      self->queue);
    }
    self->batches = batches;
    self->shards = shards;
    return 0;
}

int
pymx_bulk_prepare(pymx_bulk *self)
{
    pymx_state *state = state_of(self);
    if (pymx_resolver_check_open((pymx_resolver *)self->resolver) < 0) {
        return -1;
    }
    /* It may start engines, without the GIL. */
    const mx_shards *shards = pymx_resolver_start((pymx_resolver *)self->resolver);
    if (shards == NULL || pymx_engine_check_sender(state) < 0 ||
        (self->batches == NULL && begin_batches(self, shards) < 0)) {
        return -1;
    }
    return self->free_row == PYMX_NO_ROW ? grow(self) : 0;
}

static void
finish(pymx_bulk *self, uint32_t place)
{
    self->table[place].is_finished = true;
    if (!self->is_ordered) {
        append(self, &self->line, place);
    }
}

/* The exception that is set comes in the place of the row's route. */
static void
finish_with_error(pymx_bulk *self, uint32_t place)
{
    PyObject *error = pymx_take_error();
    self->table[place].error = error;
    finish(self, place);
}

/* Whether its lookup is under way, or will be once it is sent. */
static bool
submit(pymx_bulk *self, uint32_t place, const mx_destination *destination,
       bool is_retry)
{
    pymx_row *row = &self->table[place];
    const mx_submission submission = {.destination = destination,
                                      .token = place,
                                      .is_bulk = true,
                                      .is_retry = is_retry};
    bool has_ranks = pymx_resolver_rules(self->resolver)->has_ranks;
    mx_status status =
        mx_batch_add(&self->batches[mx_shards_find(self->shards, destination)],
                     &submission, has_ranks ? &row->request : NULL);
    if (status == MX_CLOSED) {
        pymx_raise_closed(state_of(self), "the resolver is closed");
        finish_with_error(self, place);
    }
    else if (status != MX_OK) {
        finish(self, place); /* gets a route once there is memory */
    }
    return status == MX_OK;
}

static void
answer_offline(pymx_bulk *self, uint32_t place, const mx_destination *destination)
{
    pymx_row *row = &self->table[place];
    if (pymx_resolve_offline(pymx_resolver_rules(self->resolver), destination,
                             &row->route) != MX_OK) {
        row->route = NULL; /* tried again when it is handed out */
    }
    finish(self, place);
}

static void
start(pymx_bulk *self, uint32_t place, bool is_retry)
{
    pymx_destination destination;
    PyObject *object = Py_NewRef(self->table[place].destination);
    int result = pymx_resolver_read_destination(self->resolver, object, &destination);
    if (result < 0) {
        finish_with_error(self, place);
        Py_DECREF(object);
        return;
    }
    /* In a fork child, which mapping an international domain may have made, the batch
     * is our parent's. */
    if (self->generation != state_of(self)->engine.generation) {
        finish(self, place);
    }
    else if (pymx_is_offline(&destination.read)) {
        answer_offline(self, place, &destination.read);
    }
    else if (submit(self, place, &destination.read, is_retry)) {
        self->in_flight++;
    }
    pymx_destination_clear(&destination);
    Py_DECREF(object);
}

void
pymx_bulk_add_take(pymx_bulk *self, PyObject *input, PyObject *destination)
{
    uint32_t place = self->free_row;
    pymx_row *row = &self->table[place];
    self->free_row = row->next;
    *row = (pymx_row){
        .input = input, .destination = destination, .retries = self->retries};
    self->read++;
    if (self->is_ordered) {
        append(self, &self->line, place);
    }
    start(self, place, false);
}

void
pymx_bulk_send(pymx_bulk *self)
{
    pymx_state *state = state_of(self);
    if (self->batches != NULL && self->generation == state->engine.generation) {
        pymx_engine_send(state, self->batches, mx_shards_count(self->shards));
    }
}

/* Whether asking again may tell more: of an exchange too, where others will do. */
static bool
is_unknown(const mx_route *route)
{
    return route == NULL ||
           (!route->complete && route->verdict != MX_VERDICT_CANCELLED);
}

void
pymx_bulk_settle(pymx_bulk *self, const mx_completion *done)
{
    uint32_t place = (uint32_t)done->token;
    if (place == PYMX_NO_ROW) {
        self->is_poked = false;
        return;
    }
    pymx_row *row = &self->table[place];
    self->in_flight--;
    if (done->status == MX_RANKS_WANTED) {
        put_aside(self, &self->paused, place);
        return;
    }
    mx_request_release(row->request);
    row->request = NULL;
    if (row->retries > 0 && is_unknown(done->route)) {
        row->retries--;
        mx_route_unref(done->route);
        put_aside(self, &self->held, place);
        self->held_count++;
        return;
    }
    row->route = done->route;
    finish(self, place);
}

void
pymx_bulk_retry(pymx_bulk *self)
{
    /* As late as can be, so that what is wrong may pass; but what is held takes room
     * from the others. */
    if (self->held_count == 0 ||
        (self->in_flight > 0 && 2 * self->held_count < self->concurrency)) {
        return;
    }
    uint32_t place = self->held.first;
    self->held.first = PYMX_NO_ROW;
    self->held_count = 0;
    while (place != PYMX_NO_ROW) {
        uint32_t next = self->table[place].next_aside;
        start(self, place, true);
        place = next;
    }
    pymx_bulk_send(self);
}

/* Of the first paused row. 0 when that is settled, -1 with an exception that is not
 * the row's own. */
static int
rank_first(pymx_bulk *self)
{
    uint32_t place = self->paused.first;
    mx_request *request = self->table[place].request;
    int result = pymx_resolver_rank(self->resolver, request);
    bool is_own = result < 0 && PyErr_ExceptionMatches(PyExc_Exception);
    if ((result < 0 && !is_own) || pymx_bulk_check(self) < 0) {
        return -1;
    }
    self->paused.first = self->table[place].next_aside;
    if (result == 0) {
        mx_status status = pymx_engine_resume(state_of(self), request);
        if (status == MX_OK) {
            self->in_flight++;
            return 0;
        }
        pymx_raise_status(state_of(self), status, 0, "go on with a lookup");
    }
    mx_request_release(request); /* of a paused one that is its end */
    self->table[place].request = NULL;
    finish_with_error(self, place);
    return 0;
}

int
pymx_bulk_rank(pymx_bulk *self)
{
    while (self->paused.first != PYMX_NO_ROW && !self->is_closed) {
        if (rank_first(self) < 0) {
            return -1;
        }
    }
    return 0;
}

/* A row whose lookup ended without a route, for want of memory, still gets one. */
static mx_route *
make_route(pymx_bulk *self, const pymx_row *row)
{
    pymx_destination destination;
    mx_route *route = NULL;
    if (row->route != NULL) {
        return mx_route_ref(row->route);
    }
    if (pymx_resolver_read_destination(self->resolver, row->destination, &destination) <
        0) {
        return NULL;
    }
    mx_status status = pymx_resolve_offline(pymx_resolver_rules(self->resolver),
                                            &destination.read, &route);
    pymx_destination_clear(&destination);
    if (status != MX_OK) {
        pymx_raise_status(state_of(self), status, 0, "make a route");
        return NULL;
    }
    return route;
}

static void
free_row(pymx_row *row)
{
    mx_request_release(row->request);
    mx_route_unref(row->route);
    Py_XDECREF(row->error);
    Py_DECREF(row->destination);
    Py_DECREF(row->input);
}

/* The first of the line is handed out: its place is free. */
static pymx_row
unlink_first(pymx_bulk *self)
{
    uint32_t place = self->line.first;
    pymx_row row = self->table[place];
    self->line.first = row.next;
    self->table[place] = (pymx_row){.next = self->free_row};
    self->free_row = place;
    self->yielded++;
    return row;
}

PyObject *
pymx_bulk_pop(pymx_bulk *self)
{
    pymx_row row = self->table[self->line.first];
    PyObject *result = NULL;
    if (row.error == NULL) {
        /* Until it is made the row stays: without memory it can be had again. */
        mx_route *route = make_route(self, &row);
        result = route == NULL ? NULL
                               : pymx_route_new_take(state_of(self), route, row.input,
                                                     row.destination);
        if (result == NULL || self->is_closed) {
            Py_CLEAR(result);
            return NULL;
        }
    }
    row = unlink_first(self);
    if (row.error != NULL) {
        pymx_raise_again_take(Py_NewRef(row.error));
    }
    free_row(&row);
    return result;
}

void
pymx_bulk_drop_rows(pymx_bulk *self)
{
    pymx_row *table = self->table;
    uint32_t capacity = self->capacity;
    /* Out of sight first, as freeing them may lead back here. */
    self->table = NULL;
    self->capacity = 0;
    self->in_flight = self->held_count = 0;
    self->free_row = PYMX_NO_ROW;
    self->line.first = self->held.first = self->paused.first = PYMX_NO_ROW;
    for (uint32_t place = 0; place < capacity; place++) {
        if (table[place].input != NULL) {
            free_row(&table[place]);
        }
    }
    mx_free(table);
}
