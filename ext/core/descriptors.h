/* SPDX-License-Identifier: MIT */
/* descriptors.h - every descriptor the core has open in this process.
 *
 * A fork child must not send or receive on the sockets of its parent (fault P1), and
 * cannot ask the objects that own them: the thread that was changing them is gone. So
 * each is noted here too. Any thread may call; one mutex, held for system calls that do
 * not block.
 */
#ifndef MX_DESCRIPTORS_H
#define MX_DESCRIPTORS_H

/* A socket that does not block, closes on exec, raises no SIGPIPE and is noted. `type`
 * is SOCK_DGRAM or SOCK_STREAM. Returns 0 or an errno; `*descriptor` is set on success.
 */
int mx_descriptor_socket(int family, int type, int *descriptor);
/* Notes a descriptor that was opened elsewhere (a pipe, an eventfd). */
void mx_descriptor_opened(int descriptor);
/* Closes it and forgets it. */
void mx_descriptor_close(int descriptor);
/* Its owner is about to close it in another way. */
void mx_descriptor_forget(int descriptor);

/* Around fork() in the forking thread: lock before, unlock after in parent and child,
 * as often as locked. Until then the thread must not call the functions above. */
void mx_descriptors_fork_lock(void);
void mx_descriptors_fork_unlock(void);
/* In a child, before anything else: no lock is left of a thread of the parent. */
void mx_descriptors_begin_in_child(void);
/* In the child, while it has one thread: closes all that the parent had open. */
void mx_descriptors_close_all_in_child(void);

#endif
