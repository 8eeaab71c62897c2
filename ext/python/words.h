/* SPDX-License-Identifier: MIT */
/* words.h - statuses, reasons and address families as Python strings, each made once.
 *
 * Every function returns a new reference and never fails, but for the two that make the
 * dicts REASONS and STATUSES.
 */
#ifndef PYMX_WORDS_H
#define PYMX_WORDS_H

#include <Python.h>

#include "core/address.h"
#include "core/reason.h"
#include "core/verdict.h"

#include <stdbool.h>

typedef struct pymx_words {
    PyObject *statuses[MX_VERDICT_COUNT];
    PyObject *reasons[MX_REASON_COUNT]; /* None for MX_REASON_NONE */
    PyObject *ipv4, *ipv6;
} pymx_words;

int pymx_words_init(pymx_words *words);
void pymx_words_clear(pymx_words *words);

PyObject *pymx_status_word(const pymx_words *words, mx_verdict verdict);
/* None for MX_REASON_NONE. */
PyObject *pymx_reason_word(const pymx_words *words, mx_reason reason);
PyObject *pymx_family_word(const pymx_words *words, const mx_address *address);
/* True, False, or None for unknown. */
PyObject *pymx_deliverable_value(mx_verdict verdict);

/* What a word stands for; NULL is MX_REASON_NONE. False: no such word. */
bool pymx_status_from_word(const char *word, mx_verdict *out);
bool pymx_reason_from_word(const char *word, mx_reason *out);

/* {code: text for people} and {status: deliverable}. */
PyObject *pymx_reasons_dict(const pymx_words *words);
PyObject *pymx_statuses_dict(const pymx_words *words);

#endif
