/* SPDX-License-Identifier: MIT */
#include "core/stream.h"

#include "core/descriptors.h"
#include "core/mem.h"
#include "core/socket_address.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#ifndef MSG_NOSIGNAL
#    define MSG_NOSIGNAL 0
#endif

enum {
    LENGTH_BYTES = 2,
    READ_SIZE = 32 << 10,
    READS = 4 /* a mx_stream_work, so that a fast sender does not hog the turn */
};

/* Bytes first to last, of which those before `start` are used up. */
typedef struct buffer {
    uint8_t *bytes;
    size_t start, end, capacity;
} buffer;

struct mx_stream {
    int descriptor;
    bool is_connecting;
    int write_error;
    buffer in, out;
};

/* Makes room for `count` bytes after `end`. */
static mx_status
make_room(buffer *used, size_t count)
{
    if (used->start > 0) {
        size_t left = used->end - used->start;
        if (left > 0) {
            memmove(used->bytes, used->bytes + used->start, left);
        }
        used->start = 0;
        used->end = left;
    }
    if (used->capacity - used->end >= count) {
        return MX_OK;
    }
    size_t capacity = used->capacity * 2;
    if (capacity < used->end + count) {
        capacity = used->end + count;
    }
    uint8_t *bytes = mx_realloc(used->bytes, capacity, 1);
    if (bytes == NULL) {
        return MX_NOMEM;
    }
    used->bytes = bytes;
    used->capacity = capacity;
    return MX_OK;
}

mx_status
mx_stream_new(const mx_server *server, mx_stream **out, int *os_error)
{
    struct sockaddr_storage address;
    socklen_t length = mx_socket_address(server, &address);
    mx_stream *stream = mx_calloc(1, sizeof(*stream));
    if (stream == NULL) {
        return MX_NOMEM;
    }
    *os_error =
        mx_descriptor_socket(address.ss_family, SOCK_STREAM, &stream->descriptor);
    if (*os_error != 0) {
        mx_free(stream);
        return MX_SYS;
    }
    /* A query is one small segment; waiting to fill it up would only delay it. */
    int on = 1;
    (void)setsockopt(stream->descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (connect(stream->descriptor, (struct sockaddr *)&address, length) != 0) {
        /* An interrupted connect goes on like one in progress (POSIX). */
        if (errno != EINPROGRESS && errno != EINTR) {
            *os_error = errno;
            mx_stream_free(stream);
            return MX_SYS;
        }
        stream->is_connecting = true;
    }
    *out = stream;
    return MX_OK;
}

void
mx_stream_free(mx_stream *stream)
{
    if (stream == NULL) {
        return;
    }
    mx_descriptor_close(stream->descriptor);
    mx_free(stream->in.bytes);
    mx_free(stream->out.bytes);
    mx_free(stream);
}

int
mx_stream_descriptor(const mx_stream *stream)
{
    return stream->descriptor;
}

short
mx_stream_events(const mx_stream *stream)
{
    bool must_write = stream->is_connecting || stream->out.start < stream->out.end;
    return must_write ? POLLIN | POLLOUT : POLLIN;
}

bool
mx_stream_is_connecting(const mx_stream *stream)
{
    return stream->is_connecting;
}

bool
mx_stream_has_ended(const mx_stream *stream)
{
    uint8_t byte;
    ssize_t count;

    if (stream->is_connecting) {
        return false;
    }
    do {
        count = recv(stream->descriptor, &byte, 1, MSG_PEEK);
    } while (count < 0 && errno == EINTR);
    return count == 0 || (count < 0 && errno != EAGAIN && errno != EWOULDBLOCK);
}

mx_status
mx_stream_send(mx_stream *stream, const uint8_t *message, size_t length)
{
    buffer *out = &stream->out;
    if (make_room(out, LENGTH_BYTES + length) != MX_OK) {
        return MX_NOMEM;
    }
    out->bytes[out->end++] = (uint8_t)(length >> 8);
    out->bytes[out->end++] = (uint8_t)length;
    memcpy(out->bytes + out->end, message, length);
    out->end += length;
    return MX_OK;
}

/* Whether the connection stands; 0, or why it came to nothing. */
static int
finish_connecting(mx_stream *stream)
{
    struct pollfd ready = {.fd = stream->descriptor, .events = POLLOUT};
    if (poll(&ready, 1, 0) <= 0) {
        return 0;
    }
    int error = 0;
    socklen_t length = sizeof(error);
    if (getsockopt(stream->descriptor, SOL_SOCKET, SO_ERROR, &error, &length) != 0) {
        return errno;
    }
    stream->is_connecting = false;
    return error;
}

void
mx_stream_flush(mx_stream *stream)
{
    buffer *out = &stream->out;

    while (!stream->is_connecting && stream->write_error == 0 &&
           out->start < out->end) {
        ssize_t count = send(stream->descriptor, out->bytes + out->start,
                             out->end - out->start, MSG_NOSIGNAL);
        if (count >= 0) {
            out->start += (size_t)count;
        }
        else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            return;
        }
        else if (errno != EINTR) {
            stream->write_error = errno;
        }
    }
}

static int
read_in(mx_stream *stream)
{
    buffer *in = &stream->in;
    for (int i = 0; i < READS; i++) {
        if (make_room(in, READ_SIZE) != MX_OK) {
            return ENOMEM;
        }
        ssize_t count =
            recv(stream->descriptor, in->bytes + in->end, in->capacity - in->end, 0);
        if (count > 0) {
            in->end += (size_t)count;
        }
        else if (count == 0) {
            return ECONNRESET;
        }
        else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            return 0;
        }
        else if (errno != EINTR) {
            return errno;
        }
    }
    return 0;
}

int
mx_stream_work(mx_stream *stream)
{
    if (stream->is_connecting) {
        int error = finish_connecting(stream);
        if (error != 0 || stream->is_connecting) {
            return error;
        }
    }
    mx_stream_flush(stream);
    /* Messages may have come before the connection broke. */
    int read_error = read_in(stream);
    return stream->write_error != 0 ? stream->write_error : read_error;
}

bool
mx_stream_next(mx_stream *stream, const uint8_t **message, size_t *length)
{
    buffer *in = &stream->in;
    while (in->end - in->start >= LENGTH_BYTES) {
        const uint8_t *first = in->bytes + in->start;
        size_t announced = (size_t)(first[0] << 8 | first[1]);
        if (in->end - in->start < LENGTH_BYTES + announced) {
            return false;
        }
        in->start += LENGTH_BYTES + announced;
        if (announced > 0) {
            *message = first + LENGTH_BYTES;
            *length = announced;
            return true;
        }
    }
    return false;
}
