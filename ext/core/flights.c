/* SPDX-License-Identifier: MIT */
#include "core/flights.h"

#include "core/mem.h"
#include "core/question.h"

#include <assert.h>

/* Half of the places stay free, so that two draws find one on average. */
enum { FEWEST_PLACES = 64, PLACES_A_FLIGHT = 2, MOST_PLACES = 1 << 16 };

static mx_flight **
place_of(const mx_flights *flights, unsigned id)
{
    return &flights->places[id & (flights->place_count - 1)];
}

mx_status
mx_flights_reserve(mx_flights *flights, size_t count)
{
    size_t needed = FEWEST_PLACES;
    mx_flights grown = {.count = flights->count};

    while (needed < count * PLACES_A_FLIGHT && needed < MOST_PLACES) {
        needed *= 2;
    }
    if (needed <= flights->place_count) {
        return MX_OK;
    }
    grown.places = mx_calloc(needed, sizeof(mx_flight *));
    if (grown.places == NULL) {
        return MX_NOMEM;
    }
    grown.place_count = needed;
    for (size_t i = 0; i < flights->place_count; i++) {
        if (flights->places[i] != NULL) {
            *place_of(&grown, flights->places[i]->id) = flights->places[i];
        }
    }
    mx_free(flights->places);
    *flights = grown;
    return MX_OK;
}

void
mx_flights_fini(mx_flights *flights)
{
    mx_free(flights->places);
    *flights = (mx_flights){0};
}

mx_status
mx_flights_add(mx_flights *flights, mx_pool *ids, mx_flight *flight)
{
    mx_flight **place;

    assert(flights->count < flights->place_count);
    do {
        uint8_t drawn[2];
        mx_status status = mx_pool_draw(ids, drawn, sizeof(drawn));
        if (status != MX_OK) {
            return status;
        }
        flight->query[0] = drawn[0];
        flight->query[1] = drawn[1];
        flight->id = (uint16_t)(drawn[0] << 8 | drawn[1]);
        place = place_of(flights, flight->id);
    } while (*place != NULL);
    *place = flight;
    flights->count++;
    return MX_OK;
}

void
mx_flights_remove(mx_flights *flights, mx_flight *flight)
{
    mx_flight **place = place_of(flights, flight->id);

    assert(*place == flight);
    *place = NULL;
    flights->count--;
}

mx_flight *
mx_flights_match(const mx_flights *flights, const uint8_t *message, size_t length)
{
    mx_flight *flight;

    if (length < 2 || flights->count == 0) {
        return NULL;
    }
    flight = *place_of(flights, (unsigned)(message[0] << 8 | message[1]));
    if (flight == NULL ||
        !mx_reply_matches(flight->query, flight->length, message, length)) {
        return NULL;
    }
    return flight;
}

void
mx_flights_prefetch(const mx_flights *flights, const uint8_t *message, size_t length)
{
    /* The flight, and the query that it is part of. */
    static const size_t line = 64, lines = 6;
    const mx_flight *flight;

    if (length < 2 || flights->count == 0) {
        return;
    }
    flight = *place_of(flights, (unsigned)(message[0] << 8 | message[1]));
    for (size_t i = 0; flight != NULL && i < lines; i++) {
        __builtin_prefetch((const char *)flight + i * line);
    }
}

mx_flight *
mx_flights_next(const mx_flights *flights, size_t *from)
{
    while (*from < flights->place_count) {
        mx_flight *flight = flights->places[(*from)++];
        if (flight != NULL) {
            return flight;
        }
    }
    return NULL;
}
