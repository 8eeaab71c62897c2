/* SPDX-License-Identifier: MIT */
/* ranking.h - what a resolver's `prefer` says of equal exchanges, as ranks of the core.
 */
#ifndef PYMX_RANKING_H
#define PYMX_RANKING_H

#include <Python.h>

#include "core/lookup.h"

/* Whether `prefer` is None, a dict or callable; -1 with TypeError. */
int pymx_ranking_check(PyObject *prefer);
/* Ranks all hosts of a lookup that wants ranks, asking `prefer`, a dict or a callable,
 * for each. Runs any Python code. -1 with its exception, with TypeError for what is no
 * rank or ValueError for what is no finite one; the host is asked for again next time.
 */
int pymx_ranking_ask(PyObject *prefer, mx_lookup *lookup);

#endif
