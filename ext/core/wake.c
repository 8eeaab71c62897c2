/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* eventfd, pipe and fcntl under -std=c11 */
#include "core/wake.h"

#include <errno.h>
#include <stdint.h>
#include <unistd.h>
#ifdef __linux__
#    include <sys/eventfd.h>
#else
#    include <fcntl.h>
#endif

#ifdef __linux__

static int
open_descriptors(mx_wake *wake)
{
    int descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (descriptor < 0) {
        return errno;
    }
    wake->reader = wake->writer = descriptor;
    return 0;
}

#else

static int
set_up(int descriptor)
{
    int flags = fcntl(descriptor, F_GETFL);
    if (flags < 0 || fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) < 0 ||
        fcntl(descriptor, F_SETFD, FD_CLOEXEC) < 0) {
        return errno;
    }
    return 0;
}

static int
open_descriptors(mx_wake *wake)
{
    int ends[2];
    if (pipe(ends) < 0) {
        return errno;
    }
    int os_error = set_up(ends[0]);
    if (os_error == 0) {
        os_error = set_up(ends[1]);
    }
    if (os_error != 0) {
        close(ends[0]);
        close(ends[1]);
        return os_error;
    }
    wake->reader = ends[0];
    wake->writer = ends[1];
    return 0;
}

#endif

mx_status
mx_wake_init(mx_wake *wake, int *os_error)
{
    *wake = MX_WAKE_NONE;
    int failure = open_descriptors(wake);
    if (failure != 0) {
        *os_error = failure;
        return MX_SYS;
    }
    return MX_OK;
}

void
mx_wake_fini(mx_wake *wake)
{
    if (wake->reader >= 0) {
        close(wake->reader);
    }
    if (wake->writer >= 0 && wake->writer != wake->reader) {
        close(wake->writer);
    }
    *wake = MX_WAKE_NONE;
}

void
mx_wake_raise(const mx_wake *wake)
{
    if (wake->writer < 0) {
        return;
    }
    /* Eight bytes are what an eventfd demands. EAGAIN means full, that is raised. */
    const uint64_t one = 1;
    ssize_t count;
    do {
        count = write(wake->writer, &one, sizeof(one));
    } while (count < 0 && errno == EINTR);
}

void
mx_wake_lower(const mx_wake *wake)
{
    if (wake->reader < 0) {
        return;
    }
    uint64_t raised[64];
    ssize_t count;
    do {
        count = read(wake->reader, raised, sizeof(raised));
    } while (count == (ssize_t)sizeof(raised) || (count < 0 && errno == EINTR));
}
