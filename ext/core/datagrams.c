/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* sendmmsg, recvmmsg */
#include "core/datagrams.h"

#include "core/mem.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/uio.h>

#ifndef MSG_NOSIGNAL
#    define MSG_NOSIGNAL 0
#endif
#ifdef __linux__
#    define HAS_BATCH_CALLS 1
#else
#    define HAS_BATCH_CALLS 0
#endif

struct mx_datagrams {
    struct iovec out[MX_DATAGRAMS];
    struct iovec in[MX_DATAGRAMS];
#if HAS_BATCH_CALLS
    struct mmsghdr out_headers[MX_DATAGRAMS];
    struct mmsghdr in_headers[MX_DATAGRAMS];
#endif
    uint32_t lengths[MX_DATAGRAMS];
    bool are_cut[MX_DATAGRAMS];
    uint8_t buffers[MX_DATAGRAMS][MX_DATAGRAM_SIZE];
};

/* Also where the calls are forbidden, as in old sandboxes. */
static atomic_bool is_plain_only = !HAS_BATCH_CALLS;

void
mx_datagrams_set_plain(bool is_plain)
{
    atomic_store(&is_plain_only, is_plain || !HAS_BATCH_CALLS);
}

static bool
is_plain(void)
{
    return atomic_load_explicit(&is_plain_only, memory_order_relaxed);
}

mx_status
mx_datagrams_new(mx_datagrams **out)
{
    mx_datagrams *batch = mx_calloc(1, sizeof(*batch));

    if (batch == NULL) {
        return MX_NOMEM;
    }
    for (size_t i = 0; i < MX_DATAGRAMS; i++) {
        batch->in[i] =
            (struct iovec){.iov_base = batch->buffers[i], .iov_len = MX_DATAGRAM_SIZE};
#if HAS_BATCH_CALLS
        batch->in_headers[i].msg_hdr =
            (struct msghdr){.msg_iov = &batch->in[i], .msg_iovlen = 1};
        batch->out_headers[i].msg_hdr =
            (struct msghdr){.msg_iov = &batch->out[i], .msg_iovlen = 1};
#endif
    }
    *out = batch;
    return MX_OK;
}

void
mx_datagrams_free(mx_datagrams *batch)
{
    mx_free(batch);
}

/* ---- sending ---- */

void
mx_datagrams_put(mx_datagrams *batch, size_t place, const uint8_t *bytes, size_t length)
{
    batch->out[place].iov_base = (void *)(uintptr_t)bytes; /* only read */
    batch->out[place].iov_len = length;
}

static size_t
send_plain(mx_datagrams *batch, int descriptor, size_t first, size_t end, int *os_error)
{
    while (first < end) {
        const struct iovec *datagram = &batch->out[first];
        if (send(descriptor, datagram->iov_base, datagram->iov_len, MSG_NOSIGNAL) >=
            0) {
            first++;
        }
        else if (errno != EINTR) {
            *os_error = errno;
            return first;
        }
    }
    return end;
}

#if HAS_BATCH_CALLS
static size_t
send_many(mx_datagrams *batch, int descriptor, size_t first, size_t end, int *os_error)
{
    while (first < end) {
        int count = sendmmsg(descriptor, &batch->out_headers[first],
                             (unsigned)(end - first), MSG_NOSIGNAL);
        if (count > 0) {
            /* Fewer than asked for: the next call says why. */
            first += (size_t)count;
        }
        else if (errno == ENOSYS) {
            mx_datagrams_set_plain(true);
            return send_plain(batch, descriptor, first, end, os_error);
        }
        else if (errno != EINTR) {
            *os_error = errno;
            return first;
        }
    }
    return end;
}
#endif

size_t
mx_datagrams_send(mx_datagrams *batch, int descriptor, size_t first, size_t end,
                  int *os_error)
{
#if HAS_BATCH_CALLS
    if (!is_plain()) {
        return send_many(batch, descriptor, first, end, os_error);
    }
#endif
    return send_plain(batch, descriptor, first, end, os_error);
}

/* ---- receiving ---- */

static size_t
receive_plain(mx_datagrams *batch, int descriptor, int *os_error)
{
    size_t count = 0;

    while (count < MX_DATAGRAMS) {
        struct msghdr header = {.msg_iov = &batch->in[count], .msg_iovlen = 1};
        ssize_t length = recvmsg(descriptor, &header, MSG_DONTWAIT);
        if (length >= 0) {
            batch->lengths[count] = (uint32_t)length;
            batch->are_cut[count] = (header.msg_flags & MSG_TRUNC) != 0;
            count++;
        }
        else if (errno != EINTR) {
            *os_error = errno;
            break;
        }
    }
    return count;
}

#if HAS_BATCH_CALLS
static size_t
receive_many(mx_datagrams *batch, int descriptor, int *os_error)
{
    int count;

    do {
        count =
            recvmmsg(descriptor, batch->in_headers, MX_DATAGRAMS, MSG_DONTWAIT, NULL);
    } while (count < 0 && errno == EINTR);
    if (count < 0 && errno == ENOSYS) {
        mx_datagrams_set_plain(true);
        return receive_plain(batch, descriptor, os_error);
    }
    if (count < 0) {
        *os_error = errno;
        return 0;
    }
    for (int i = 0; i < count; i++) {
        batch->lengths[i] = batch->in_headers[i].msg_len;
        batch->are_cut[i] = (batch->in_headers[i].msg_hdr.msg_flags & MSG_TRUNC) != 0;
    }
    return (size_t)count;
}
#endif

size_t
mx_datagrams_receive(mx_datagrams *batch, int descriptor, int *os_error)
{
    *os_error = 0;
#if HAS_BATCH_CALLS
    if (!is_plain()) {
        return receive_many(batch, descriptor, os_error);
    }
#endif
    return receive_plain(batch, descriptor, os_error);
}

uint8_t *
mx_datagrams_get(mx_datagrams *batch, size_t place, size_t *length, bool *is_cut)
{
    *length = batch->lengths[place];
    *is_cut = batch->are_cut[place];
    return batch->buffers[place];
}
