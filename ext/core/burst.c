/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* sendmmsg, recvmmsg */
#include "core/burst.h"

#include "core/mem.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#ifndef MSG_NOSIGNAL
#    define MSG_NOSIGNAL 0
#endif
#ifdef __linux__
#    define HAS_BURST_CALLS 1
#    ifndef UDP_SEGMENT
#        define UDP_SEGMENT 103 /* Linux 4.18; glibc before 2.30 lacks the name */
#    endif
#    ifndef SOL_UDP
#        define SOL_UDP IPPROTO_UDP
#    endif
#else
#    define HAS_BURST_CALLS 0
#endif

enum { GROUP_SIZE = 64 /* UDP_MAX_SEGMENTS of the kernel */ };

struct mx_burst {
    struct iovec out[MX_BURST_SIZE];
    struct iovec in[MX_BURST_SIZE];
#if HAS_BURST_CALLS
    struct mmsghdr out_headers[MX_BURST_SIZE];
    struct mmsghdr in_headers[MX_BURST_SIZE];
    _Alignas(struct cmsghdr) char sizes[MX_BURST_SIZE][CMSG_SPACE(sizeof(uint16_t))];
#endif
    uint32_t lengths[MX_BURST_SIZE];
    bool are_cut[MX_BURST_SIZE];
    uint8_t buffers[MX_BURST_SIZE][MX_BURST_DATAGRAM];
};

/* Less also where calls are forbidden, as in old sandboxes. */
static atomic_int skill_limit = HAS_BURST_CALLS ? MX_BURST_GROUPS : MX_BURST_ONE_BY_ONE;

void
mx_burst_limit(mx_burst_skill skill)
{
    atomic_store(&skill_limit, HAS_BURST_CALLS ? (int)skill : MX_BURST_ONE_BY_ONE);
}

static bool
is_able(mx_burst_skill skill)
{
    return atomic_load_explicit(&skill_limit, memory_order_relaxed) >= (int)skill;
}

mx_status
mx_burst_new(mx_burst **out)
{
    mx_burst *burst = mx_calloc(1, sizeof(*burst));

    if (burst == NULL) {
        return MX_NOMEM;
    }
    for (size_t i = 0; i < MX_BURST_SIZE; i++) {
        burst->in[i] =
            (struct iovec){.iov_base = burst->buffers[i], .iov_len = MX_BURST_DATAGRAM};
#if HAS_BURST_CALLS
        burst->in_headers[i].msg_hdr =
            (struct msghdr){.msg_iov = &burst->in[i], .msg_iovlen = 1};
#endif
    }
    *out = burst;
    return MX_OK;
}

void
mx_burst_free(mx_burst *burst)
{
    mx_free(burst);
}

/* ---- failures for tests ---- */

static atomic_uint failing_nth; /* 0: none */
static atomic_int failing_error;

void
mx_burst_fail(unsigned nth, int os_error)
{
    atomic_store(&failing_error, os_error);
    atomic_store(&failing_nth, nth);
}

/* How many of `count` may be sent; 0, with errno, when the next has to fail. */
static unsigned
spare(unsigned count)
{
    unsigned nth = atomic_load_explicit(&failing_nth, memory_order_relaxed);

    if (nth == 0) {
        return count;
    }
    if (nth == 1) {
        atomic_store(&failing_nth, 0);
        errno = atomic_load(&failing_error);
        return 0;
    }
    count = count < nth - 1 ? count : nth - 1;
    atomic_store(&failing_nth, nth - count);
    return count;
}

/* ---- sending ---- */

void
mx_burst_put(mx_burst *burst, size_t place, const uint8_t *bytes, size_t length)
{
    burst->out[place].iov_base = (void *)(uintptr_t)bytes; /* only read */
    burst->out[place].iov_len = length;
}

static size_t
send_one_by_one(mx_burst *burst, int descriptor, size_t first, size_t end,
                int *os_error)
{
    while (first < end) {
        const struct iovec *datagram = &burst->out[first];
        if (spare(1) == 1 && send(descriptor, datagram->iov_base, datagram->iov_len,
                                  MSG_NOSIGNAL) >= 0) {
            first++;
        }
        else if (errno != EINTR) {
            *os_error = errno;
            return first;
        }
    }
    return end;
}

#if HAS_BURST_CALLS

/* One header for the datagrams from `first` on that go as one. Returns their count. */
static size_t
fill_header(mx_burst *burst, size_t header, bool may_group, size_t first, size_t end)
{
    struct msghdr *out = &burst->out_headers[header].msg_hdr;
    struct cmsghdr *control;
    uint16_t size = (uint16_t)burst->out[first].iov_len;
    size_t count = 1;

    while (may_group && first + count < end && count < GROUP_SIZE &&
           burst->out[first + count].iov_len == size) {
        count++;
    }
    *out = (struct msghdr){.msg_iov = &burst->out[first], .msg_iovlen = count};
    if (count > 1) {
        out->msg_control = burst->sizes[header];
        out->msg_controllen = sizeof(burst->sizes[header]);
        control = CMSG_FIRSTHDR(out);
        control->cmsg_level = SOL_UDP;
        control->cmsg_type = UDP_SEGMENT;
        control->cmsg_len = CMSG_LEN(sizeof(size));
        memcpy(CMSG_DATA(control), &size, sizeof(size));
    }
    return count;
}

/* Offers all to the system once. Returns where it stopped, with errno if that is
 * `first`; `*is_group`: several stopped there. */
static size_t
offer(mx_burst *burst, int descriptor, bool may_group, size_t first, size_t end,
      bool *is_group)
{
    unsigned headers = 0;
    int count = -1;

    for (size_t place = first; place < end; headers++) {
        place += fill_header(burst, headers, may_group, place, end);
    }
    headers = spare(headers);
    if (headers > 0) {
        count = sendmmsg(descriptor, burst->out_headers, headers, MSG_NOSIGNAL);
    }
    *is_group = burst->out_headers[0].msg_hdr.msg_iovlen > 1;
    for (int i = 0; i < count; i++) {
        first += burst->out_headers[i].msg_hdr.msg_iovlen;
    }
    return first;
}

/* What a kernel says for which grouping comes to nothing, on this way at least: a device
 * without checksums of its own, a tunnel, a segment over its limit. */
static bool
is_refused_group(int os_error)
{
    return os_error == EIO || os_error == EINVAL || os_error == EMSGSIZE ||
           os_error == EOPNOTSUPP;
}

static size_t
send_many(mx_burst *burst, int descriptor, bool *may_group, size_t first, size_t end,
          int *os_error)
{
    while (first < end) {
        bool is_group;
        size_t stop = offer(burst, descriptor, *may_group, first, end, &is_group);
        if (stop > first) {
            first = stop; /* if that is not the end, the next call says why */
        }
        else if (errno == ENOSYS) {
            mx_burst_limit(MX_BURST_ONE_BY_ONE);
            return send_one_by_one(burst, descriptor, first, end, os_error);
        }
        else if (is_group && is_refused_group(errno)) {
            *may_group = false;
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
mx_burst_send(mx_burst *burst, int descriptor, bool *may_group, size_t first,
              size_t end, int *os_error)
{
#if HAS_BURST_CALLS
    if (is_able(MX_BURST_MANY)) {
        return send_many(burst, descriptor, may_group, first, end, os_error);
    }
#endif
    (void)may_group;
    return send_one_by_one(burst, descriptor, first, end, os_error);
}

/* A kernel that does not know of groups would send them as one long datagram. */
bool
mx_burst_can_group(int descriptor)
{
#if HAS_BURST_CALLS
    int size = 0;
    socklen_t length = sizeof(size);

    return is_able(MX_BURST_GROUPS) &&
           getsockopt(descriptor, SOL_UDP, UDP_SEGMENT, &size, &length) == 0;
#else
    (void)descriptor;
    return false;
#endif
}

/* ---- receiving ---- */

static size_t
receive_one_by_one(mx_burst *burst, int descriptor, int *os_error)
{
    size_t count = 0;

    while (count < MX_BURST_SIZE) {
        struct msghdr header = {.msg_iov = &burst->in[count], .msg_iovlen = 1};
        ssize_t length = recvmsg(descriptor, &header, MSG_DONTWAIT);
        if (length >= 0) {
            burst->lengths[count] = (uint32_t)length;
            burst->are_cut[count] = (header.msg_flags & MSG_TRUNC) != 0;
            count++;
        }
        else if (errno != EINTR) {
            *os_error = errno;
            break;
        }
    }
    return count;
}

#if HAS_BURST_CALLS
static size_t
receive_many(mx_burst *burst, int descriptor, int *os_error)
{
    int count;

    do {
        count =
            recvmmsg(descriptor, burst->in_headers, MX_BURST_SIZE, MSG_DONTWAIT, NULL);
    } while (count < 0 && errno == EINTR);
    if (count < 0 && errno == ENOSYS) {
        mx_burst_limit(MX_BURST_ONE_BY_ONE);
        return receive_one_by_one(burst, descriptor, os_error);
    }
    if (count < 0) {
        *os_error = errno;
        return 0;
    }
    for (int i = 0; i < count; i++) {
        burst->lengths[i] = burst->in_headers[i].msg_len;
        burst->are_cut[i] = (burst->in_headers[i].msg_hdr.msg_flags & MSG_TRUNC) != 0;
    }
    return (size_t)count;
}
#endif

size_t
mx_burst_receive(mx_burst *burst, int descriptor, int *os_error)
{
    *os_error = 0;
#if HAS_BURST_CALLS
    if (is_able(MX_BURST_MANY)) {
        return receive_many(burst, descriptor, os_error);
    }
#endif
    return receive_one_by_one(burst, descriptor, os_error);
}

uint8_t *
mx_burst_get(mx_burst *burst, size_t place, size_t *length, bool *is_cut)
{
    *length = burst->lengths[place];
    *is_cut = burst->are_cut[place];
    return burst->buffers[place];
}
