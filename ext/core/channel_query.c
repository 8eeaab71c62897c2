/* SPDX-License-Identifier: MIT */
#include "core/channel_lane_state.h"
#include "core/mem.h"
#include "core/socket_error.h"

/* Ids are not chosen by the network, so a mixing function will do. */
uint64_t
mx_lane_hash_of_id(const uint8_t *message)
{
    uint64_t id = (uint64_t)message[0] << 8 | message[1];
    return id * UINT64_C(0x9e3779b97f4a7c15) >> 29;
}

static void
free_query(mx_lane_query *query)
{
    mx_free(query->bytes);
    mx_free(query);
}

/* No reply to it is awaited any more. */
static void
hide_query(mx_lane_query *query)
{
    if (query->is_findable) {
        mx_table_remove(&query->lane->by_id, &query->by_id);
        query->is_findable = false;
    }
    mx_list_remove(&query->link);
}

/* Gives it to whoever waits. What c-ares still has stays until that calls back. */
void
mx_lane_query_end(mx_lane_query *query)
{
    mx_list_remove(&query->link);
    query->is_ended = true;
    query->lane->lost += query->is_entered;
    if (query->flight != NULL) {
        mx_list_append(&query->lane->shared->replies, &query->link);
    }
    else if (!query->is_entered) {
        free_query(query);
    }
}

void
mx_lane_judge(mx_lane_query *query, mx_reply_kind kind, int os_error)
{
    hide_query(query);
    query->is_over = true;
    query->kind = kind;
    query->os_error = os_error;
    if (query->is_entered) {
        mx_list_append(&query->lane->over, &query->link);
    }
    else {
        mx_lane_query_end(query);
    }
}

void
mx_lane_query_left(mx_lane_query *query, int os_error)
{
    mx_lane *lane = query->lane;
    query->is_entered = false;
    mx_list_remove(&query->entered);
    lane->count--;
    lane->used = lane->shared->now;
    if (query->is_over) {
        if (!query->is_ended) {
            mx_lane_query_end(query);
            return;
        }
        lane->lost--;
        if (query->flight == NULL) {
            free_query(query);
        }
        return;
    }
    hide_query(query);
    if (os_error < 0 || query->flight == NULL) {
        free_query(query);
    }
    else if (lane->is_repeating) {
        mx_list_append(&lane->again, &query->link);
    }
    else {
        mx_lane_judge(query, mx_socket_error_kind(lane->protocol, os_error), os_error);
    }
}

void
mx_lane_query_taken(mx_lane_query *query)
{
    mx_list_remove(&query->link);
    query->flight = NULL;
    if (!query->is_entered) {
        free_query(query);
    }
}
