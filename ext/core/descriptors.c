/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* SOCK_CLOEXEC, SOCK_NONBLOCK */
#include "core/descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    /* fs.nr_open of Linux: no process gets a higher number unless an administrator
     * raised it. A table of fixed size needs no allocation, which a fork child may not
     * make. */
    DESCRIPTOR_LIMIT = 1 << 20,
    WORD_BITS = (int)(sizeof(unsigned long) * CHAR_BIT)
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned long noted[DESCRIPTOR_LIMIT / WORD_BITS]; /* one bit a descriptor */
static int highest = -1;                                  /* noted so far */

static void
note(int descriptor)
{
    if (descriptor < 0 || descriptor >= DESCRIPTOR_LIMIT) {
        return;
    }
    noted[descriptor / WORD_BITS] |= 1UL << (descriptor % WORD_BITS);
    if (descriptor > highest) {
        highest = descriptor;
    }
}

static void
forget(int descriptor)
{
    if (descriptor >= 0 && descriptor < DESCRIPTOR_LIMIT) {
        noted[descriptor / WORD_BITS] &= ~(1UL << (descriptor % WORD_BITS));
    }
}

static int
open_socket(int family, int type)
{
#if defined(SOCK_CLOEXEC) && defined(SOCK_NONBLOCK)
    return socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
#else
    int descriptor = socket(family, type, 0);
    if (descriptor < 0) {
        return -1;
    }
    if (fcntl(descriptor, F_SETFD, FD_CLOEXEC) != 0 ||
        fcntl(descriptor, F_SETFL, O_NONBLOCK) != 0) {
        int error = errno;
        close(descriptor);
        errno = error;
        return -1;
    }
    return descriptor;
#endif
}

int
mx_descriptor_socket(int family, int type, int *descriptor)
{
    int error = 0;
    pthread_mutex_lock(&lock);
    int opened = open_socket(family, type);
    if (opened < 0) {
        error = errno;
    }
    else if (opened >= DESCRIPTOR_LIMIT) {
        close(opened);
        error = EMFILE;
    }
    else {
        note(opened);
        *descriptor = opened;
    }
    pthread_mutex_unlock(&lock);
#ifdef SO_NOSIGPIPE
    if (error == 0) {
        int on = 1;
        (void)setsockopt(opened, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof(on));
    }
#endif
    return error;
}

void
mx_descriptor_opened(int descriptor)
{
    pthread_mutex_lock(&lock);
    note(descriptor);
    pthread_mutex_unlock(&lock);
}

void
mx_descriptor_forget(int descriptor)
{
    pthread_mutex_lock(&lock);
    forget(descriptor);
    pthread_mutex_unlock(&lock);
}

void
mx_descriptor_close(int descriptor)
{
    /* Closed under the lock: once it is closed another thread may get the same number.
     */
    pthread_mutex_lock(&lock);
    forget(descriptor);
    close(descriptor);
    pthread_mutex_unlock(&lock);
}

/* One thread may fork for several engines, each with hooks of its own. A recursive mutex
 * would not do: in the child its owner has another id. */
static _Thread_local unsigned fork_locks;

void
mx_descriptors_fork_lock(void)
{
    if (fork_locks++ == 0) {
        pthread_mutex_lock(&lock);
    }
}

void
mx_descriptors_fork_unlock(void)
{
    if (--fork_locks == 0) {
        pthread_mutex_unlock(&lock);
    }
}

/* Who held the lock, opening a descriptor or forking itself, did not come with us. */
void
mx_descriptors_begin_in_child(void)
{
    if (fork_locks == 0) {
        pthread_mutex_init(&lock, NULL);
    }
}

void
mx_descriptors_close_all_in_child(void)
{
    for (int descriptor = 0; descriptor <= highest; descriptor++) {
        unsigned long bit = 1UL << (descriptor % WORD_BITS);
        if ((noted[descriptor / WORD_BITS] & bit) != 0) {
            forget(descriptor);
            close(descriptor);
        }
    }
    highest = -1;
}
