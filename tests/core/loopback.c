/* SPDX-License-Identifier: MIT */
#include "loopback.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static void
await(int descriptor, short events)
{
    struct pollfd ready = {.fd = descriptor, .events = events};
    assert_true(poll(&ready, 1, LOOPBACK_PATIENCE) == 1);
}

static int
try_open(int type, uint16_t *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(*port)};
    socklen_t length = sizeof(address);
    int on = 1, size = 4 << 20;
    int opened = socket(AF_INET, type, 0);
    assert_true(opened >= 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (type == SOCK_STREAM) {
        setsockopt(opened, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    }
    else {
        setsockopt(opened, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    }
    if (bind(opened, (struct sockaddr *)&address, length) != 0 ||
        (type == SOCK_STREAM && listen(opened, 100) != 0)) {
        assert_true(errno == EADDRINUSE);
        close(opened);
        return -1;
    }
    assert_true(getsockname(opened, (struct sockaddr *)&address, &length) == 0);
    *port = ntohs(address.sin_port);
    return opened;
}

void
loopback_open(loopback *server, uint16_t port)
{
    server->udp = server->tcp = -1;
    for (int i = 0; i < 100 && server->tcp < 0; i++) {
        uint16_t used = port;
        if (server->udp >= 0) {
            close(server->udp);
        }
        server->udp = try_open(SOCK_DGRAM, &used);
        if (server->udp >= 0) {
            server->tcp = try_open(SOCK_STREAM, &used);
            server->server.port = used;
        }
    }
    assert_true(server->tcp >= 0);
    server->server.address = mx_address_ipv4((const uint8_t[]){127, 0, 0, 1});
    server->server.scope = 0;
}

void
loopback_close(loopback *server)
{
    if (server->udp >= 0) {
        close(server->udp);
        close(server->tcp);
    }
    server->udp = server->tcp = -1;
}

mx_server
loopback_closed(void)
{
    loopback was;
    loopback_open(&was, 0);
    loopback_close(&was);
    return was.server;
}

void
loopback_receive(loopback *server, loopback_query *out)
{
    socklen_t size = sizeof(out->from);
    await(server->udp, POLLIN);
    ssize_t length = recvfrom(server->udp, out->bytes, sizeof(out->bytes), 0,
                              (struct sockaddr *)&out->from, &size);
    assert_true(length > 0);
    out->length = (size_t)length;
}

bool
loopback_is_silent(const loopback *server)
{
    struct pollfd ready[] = {{.fd = server->udp, .events = POLLIN},
                             {.fd = server->tcp, .events = POLLIN}};
    return poll(ready, 2, 0) == 0;
}

void
loopback_send(loopback *server, const loopback_query *to, const void *bytes,
              size_t length)
{
    ssize_t sent = sendto(server->udp, bytes, length, 0,
                          (const struct sockaddr *)&to->from, sizeof(to->from));
    assert_true(sent == (ssize_t)length);
}

int
loopback_accept(loopback *server)
{
    await(server->tcp, POLLIN);
    int connection = accept(server->tcp, NULL, NULL);
    assert_true(connection >= 0);
    return connection;
}

bool
loopback_has_data(int connection)
{
    struct pollfd ready = {.fd = connection, .events = POLLIN};
    return poll(&ready, 1, 0) == 1;
}

static void
read_exactly(int connection, uint8_t *bytes, size_t length)
{
    size_t done = 0;
    while (done < length) {
        await(connection, POLLIN);
        ssize_t count = read(connection, bytes + done, length - done);
        assert_true(count > 0);
        done += (size_t)count;
    }
}

void
loopback_read(int connection, loopback_query *out)
{
    uint8_t prefix[2];
    read_exactly(connection, prefix, sizeof(prefix));
    out->length = (size_t)(prefix[0] << 8 | prefix[1]);
    assert_true(out->length <= sizeof(out->bytes));
    read_exactly(connection, out->bytes, out->length);
}

void
loopback_write(int connection, const void *bytes, size_t length)
{
    assert_true(write(connection, bytes, length) == (ssize_t)length);
}

void
loopback_write_message(int connection, const void *bytes, size_t length)
{
    uint8_t framed[2 + LOOPBACK_MESSAGE];
    framed[0] = (uint8_t)(length >> 8);
    framed[1] = (uint8_t)length;
    memcpy(framed + 2, bytes, length);
    loopback_write(connection, framed, 2 + length);
}

void
loopback_reset(int connection)
{
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    assert_true(
        setsockopt(connection, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)) == 0);
    close(connection);
}

size_t
loopback_reply(const loopback_query *query, unsigned flags, uint8_t *out)
{
    size_t end = 12;
    while (query->bytes[end] != 0) {
        end += 1U + query->bytes[end];
    }
    end += 1 + 4;
    memcpy(out, query->bytes, end);
    out[2] = (uint8_t)(flags >> 8);
    out[3] = (uint8_t)flags;
    memset(out + 6, 0, 6); /* no records */
    return end;
}
