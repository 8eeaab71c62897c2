/* SPDX-License-Identifier: MIT */
/* list.h - doubly linked ring with its links inside the objects. Owns nothing. */
#ifndef MX_LIST_H
#define MX_LIST_H

#include <stdbool.h>
#include <stddef.h>

typedef struct mx_list {
    struct mx_list *previous, *next;
} mx_list;

static inline void
mx_list_init(mx_list *list)
{
    list->previous = list->next = list;
}

static inline bool
mx_list_is_empty(const mx_list *list)
{
    return list->next == list;
}

/* `link` must be in no list. */
static inline void
mx_list_append(mx_list *list, mx_list *link)
{
    link->previous = list->previous;
    link->next = list;
    list->previous->next = link;
    list->previous = link;
}

/* Leaves `link` as a list of its own, so removing twice is harmless. */
static inline void
mx_list_remove(mx_list *link)
{
    link->previous->next = link->next;
    link->next->previous = link->previous;
    mx_list_init(link);
}

/* Moves everything of `from` to the end of `to`. */
static inline void
mx_list_move_all(mx_list *to, mx_list *from)
{
    if (mx_list_is_empty(from)) {
        return;
    }
    from->next->previous = to->previous;
    from->previous->next = to;
    to->previous->next = from->next;
    to->previous = from->previous;
    mx_list_init(from);
}

#endif
