/* SPDX-License-Identifier: MIT */
/* process.h - which process this is, without asking the system each time.
 *
 * Every fork() counts, in C too, but not a vfork() or a raw clone(): what runs after
 * those must not call us. Any thread may call.
 */
#ifndef MX_PROCESS_H
#define MX_PROCESS_H

#include "core/status.h"

/* From now on forks are heard of, and children have use of descriptors.h. Once is enough, and more often is fine. MX_NOMEM. */
MX_MUST_CHECK mx_status mx_process_watch(void);
/* The same number as long as it is the same process, another one in a fork child. */
unsigned mx_process_generation(void);

#endif
