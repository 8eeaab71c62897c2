/* SPDX-License-Identifier: MIT */
#include "scenario.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_REPEAT = 999 };

_Noreturn void
scenario_complain(const char *path, int line, const char *what, const char *detail)
{
    fprintf(stderr, "%s:%d: %s%s%s\n", path, line, what, detail[0] != '\0' ? ": " : "",
            detail);
    exit(1);
}

static void *
need(void *memory)
{
    if (memory == NULL) {
        fputs("scenario: out of memory\n", stderr);
        exit(1);
    }
    return memory;
}

void
scenario_add_line(scenario_lines *lines, const char *format, ...)
{
    va_list arguments, again;

    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    char *line = need(malloc((size_t)length + 1));
    vsnprintf(line, (size_t)length + 1, format, arguments);
    va_end(arguments);
    lines->lines =
        need(realloc(lines->lines, (lines->count + 1) * sizeof(*lines->lines)));
    lines->lines[lines->count++] = line;
}

void
scenario_free_lines(scenario_lines *lines)
{
    for (size_t i = 0; i < lines->count; i++) {
        free(lines->lines[i]);
    }
    free(lines->lines);
    *lines = (scenario_lines){.count = 0};
}

bool
scenario_has_word(const char *line, const char *word, const char **rest)
{
    size_t length = strlen(word);

    if (strncmp(line, word, length) != 0 ||
        (line[length] != ' ' && line[length] != '\0')) {
        return false;
    }
    *rest = line + length + (line[length] == ' ');
    return true;
}

/* How long a "{n}" is that the text begins with, 0 if it begins with none. */
static size_t
read_repeat(const char *text, unsigned long *times)
{
    char *end;

    if (text[0] != '{' || text[1] < '1' || text[1] > '9') {
        return 0;
    }
    *times = strtoul(text + 1, &end, 10);
    return *end == '}' && *times <= MAX_REPEAT ? (size_t)(end + 1 - text) : 0;
}

/* The line with each "c{n}" written out: n times the octet c. */
static char *
expand(const char *line, size_t length)
{
    char *out = need(malloc((length + 1) * MAX_REPEAT));
    size_t at = 0, i = 0;

    while (i < length) {
        unsigned long times;
        size_t skipped = at == 0 ? 0 : read_repeat(line + i, &times);
        if (skipped == 0) {
            out[at++] = line[i++];
            continue;
        }
        memset(out + at, out[at - 1], times - 1);
        at += times - 1;
        i += skipped;
    }
    out[at] = '\0';
    return out;
}

/* The destination is the rest of its line, \DDD in it the octet of that number. */
static void
read_destination(scenario *row, const char *text)
{
    size_t length = 0;

    row->destination = need(malloc(strlen(text) + 1));
    row->has_destination = true;
    for (; *text != '\0'; text++) {
        unsigned number = (unsigned char)*text;
        if (*text == '\\' && strspn(text + 1, "0123456789") >= 3) {
            sscanf(text + 1, "%3u", &number);
            text += 3;
        }
        row->destination[length++] = (char)number;
    }
    row->destination[length] = '\0';
    row->destination_length = length;
}

static scenario *
begin_scenario(scenario_file *file, int line, const char *title)
{
    scenario *row;

    file->scenarios =
        need(realloc(file->scenarios, (file->count + 1) * sizeof(*file->scenarios)));
    row = &file->scenarios[file->count++];
    *row = (scenario){.path = file->path, .line = line};
    row->title = need(malloc(strlen(title) + 1));
    memcpy(row->title, title, strlen(title) + 1);
    return row;
}

/* The domain of a route is the destination, unless the scenario says otherwise. */
static void
end_scenario(scenario *row)
{
    const char *rest;
    bool has_status = false, has_domain = false, is_invalid = false;

    for (size_t i = 0; i < row->expected.count; i++) {
        const char *line = row->expected.lines[i];
        has_domain |= scenario_has_word(line, "domain", &rest);
        has_status |= scenario_has_word(line, "status", &rest);
        is_invalid |= strncmp(line, "status invalid", 14) == 0;
    }
    if (!row->has_destination || !has_status) {
        scenario_complain(row->path, row->line, "has no `resolve` or no `status`",
                          row->title);
    }
    if (!has_domain && !is_invalid) {
        scenario_add_line(&row->expected, "domain %s", row->destination);
    }
}

/* Short for the `dns` lines of a host's addresses, A and AAAA. */
static void
take_host(scenario *row, int number, const char *text)
{
    static const char *const types[] = {"A", "AAAA"};
    size_t name = strcspn(text, " ");

    for (int ipv6 = 0; ipv6 < 2; ipv6++) {
        char reply[1024] = "";
        size_t length = 0, word;
        for (const char *at = text + name; *at != '\0'; at += word) {
            word = strcspn(++at, " ");
            if ((memchr(at, ':', word) != NULL) != (ipv6 == 1)) {
                continue;
            }
            length += (size_t)snprintf(reply + length, sizeof(reply) - length, "%s%.*s",
                                       length > 0 ? ", " : "", (int)word, at);
            if (length >= sizeof(reply)) {
                scenario_complain(row->path, number, "too many addresses", "");
            }
        }
        scenario_add_line(&row->dns, "%.*s %s %s", (int)name, text, types[ipv6],
                          length > 0 ? reply : "NODATA");
    }
}

static void
take_line(scenario *row, int number, const char *line)
{
    const char *rest;

    if (scenario_has_word(line, "resolve", &rest)) {
        read_destination(row, rest);
    }
    else if (scenario_has_word(line, "option", &rest)) {
        scenario_add_line(&row->options, "%s", rest);
    }
    else if (scenario_has_word(line, "dns", &rest)) {
        scenario_add_line(&row->dns, "%s", rest);
    }
    else if (scenario_has_word(line, "host", &rest)) {
        take_host(row, number, rest);
    }
    else if (scenario_has_word(line, "unordered", &rest)) {
        row->is_unordered = true;
    }
    else if (scenario_has_word(line, "python", &rest)) {
        row->needs_python = true;
    }
    else if (scenario_is_expectation(line)) {
        scenario_add_line(&row->expected, "%s", line);
    }
    else {
        scenario_complain(row->path, number, "unknown keyword", line);
    }
}

static char *
read_text(const char *path)
{
    FILE *stream = fopen(path, "rb");
    char *text = NULL;
    size_t length = 0, got;

    if (stream == NULL) {
        scenario_complain(path, 0, "cannot be read", "");
    }
    do {
        text = need(realloc(text, length + 65536));
        got = fread(text + length, 1, 65535, stream);
        length += got;
    } while (got > 0);
    fclose(stream);
    text[length] = '\0';
    return text;
}

void
scenario_file_read(const char *path, scenario_file *out)
{
    char *text = read_text(path), *at = text;
    scenario *row = NULL;

    *out = (scenario_file){.count = 0};
    out->path = need(malloc(strlen(path) + 1));
    memcpy(out->path, path, strlen(path) + 1);
    for (int number = 1; *at != '\0'; number++) {
        size_t length = strcspn(at, "\n");
        char *line = expand(at, length);
        const char *rest;
        at += length + (at[length] == '\n');
        if (scenario_has_word(line, "scenario", &rest)) {
            if (row != NULL) {
                scenario_complain(path, number, "no blank line before it", line);
            }
            row = begin_scenario(out, number, rest);
        }
        else if (line[0] == '\0' && row != NULL) {
            end_scenario(row);
            row = NULL;
        }
        else if (line[0] != '\0' && line[0] != '#') {
            if (row == NULL) {
                scenario_complain(path, number, "outside of a scenario", line);
            }
            take_line(row, number, line);
        }
        free(line);
    }
    if (row != NULL) {
        end_scenario(row);
    }
    if (out->count == 0) {
        scenario_complain(path, 1, "has no scenario", "");
    }
    free(text);
}

void
scenario_file_free(scenario_file *file)
{
    for (size_t i = 0; i < file->count; i++) {
        scenario *row = &file->scenarios[i];
        free(row->title);
        free(row->destination);
        scenario_free_lines(&row->options);
        scenario_free_lines(&row->dns);
        scenario_free_lines(&row->expected);
    }
    free(file->scenarios);
    free(file->path);
}
