/* SPDX-License-Identifier: MIT */
/* channel_ledger.h - c-ares's part in carrying queries to one name server.
 *
 * c-ares draws the id of each query and keeps it on its list until it has been settled;
 * the packets themselves never pass through it. Left to itself c-ares loses queries
 * that could still be answered: one damaged reply or one refusal ends all that are in
 * flight (faults c-ares 3, c-ares 4), and 1.34 shortens timeouts as it likes (fault
 * c-ares 5). So the socket it is given is one that nobody else sees: what it writes
 * there only tells us the id, what it reads there is our word that a query is over.
 *
 * Belongs to the engine's thread. No function is called from within c-ares.
 */
#ifndef MX_CHANNEL_LEDGER_H
#define MX_CHANNEL_LEDGER_H

#include "core/clock.h"
#include "core/status.h"

#include <stddef.h>
#include <stdint.h>

/* How many queries one ledger takes. With few of the 65,536 ids left c-ares 1.34 looks
 * for one for ever, and its manual advises half of them (faults c-ares 6, S13). */
enum { MX_LEDGER_SIZE = 30000 };

typedef struct mx_ledger mx_ledger;

/* `life`: no query stays longer than this, so c-ares may forget it shortly after.
 * MX_SYS with errno in `*os_error`. */
MX_MUST_CHECK mx_status mx_ledger_new(mx_usec life, mx_ledger **out, int *os_error);
void mx_ledger_free(mx_ledger *ledger); /* NULL is fine */

/* Enters a query by mx_question_write and puts its id into the message; the id that is
 * there already is a proposal, which older versions take. Returns 0 or an errno:
 * ENOMEM, EAGAIN when the ledger is full, EIO when c-ares has other trouble. */
int mx_ledger_enter(mx_ledger *ledger, uint8_t *query, size_t length);
/* The query is over, whatever the reason. Pointless but harmless when c-ares gave it up
 * before. */
void mx_ledger_settle(mx_ledger *ledger, const uint8_t *query, size_t length);
/* Queries that c-ares still has on its list. */
size_t mx_ledger_count(const mx_ledger *ledger);

#endif
