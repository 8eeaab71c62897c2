/* SPDX-License-Identifier: MIT */
/* transports.h - tests of what every transport does, run with each of them. */
#ifndef TEST_TRANSPORTS_H
#define TEST_TRANSPORTS_H

#include "core/burst.h"
#include "scene.h"

enum given_transport { GIVEN_CHANNEL, GIVEN_DATAGRAMS };

/* Opens the transport that the group of tests is run with. */
static inline void
open_given(struct scene *scene, void **state)
{
    const enum given_transport *given = *state;
    if (*given == GIVEN_CHANNEL) {
        open_scene(scene);
    }
    else {
        open_datagram_scene(scene, false);
    }
}

static inline int
give_channel(void **state)
{
    static enum given_transport given = GIVEN_CHANNEL;
    *state = &given;
    return 0;
}

static inline int
give_datagrams(void **state)
{
    static enum given_transport given = GIVEN_DATAGRAMS;
    *state = &given;
    return 0;
}

/* As on a system that has no calls for many datagrams. */
static inline int
give_single_datagrams(void **state)
{
    mx_burst_limit(MX_BURST_ONE_BY_ONE);
    return give_datagrams(state);
}

/* How many of an array of tests failed. */
#define RUN_WITH_EACH_TRANSPORT(tests)                                                 \
    (cmocka_run_group_tests_name("c-ares", tests, give_channel, NULL) +                \
     cmocka_run_group_tests_name("datagrams", tests, give_datagrams, NULL) +           \
     cmocka_run_group_tests_name("one by one", tests, give_single_datagrams, NULL))

#endif
