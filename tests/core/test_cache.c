/* SPDX-License-Identifier: MIT */
#include "core/cache.h"
#include "core/mem.h"
#include "core/rng.h"
#include "message.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { ROOMY = 1 << 20 };

static const mx_usec second = MX_USEC_PER_SEC;

/* All of one length, so that their answers take equally many bytes. */
static mx_question
question_of_number(unsigned number)
{
    char name[32];
    snprintf(name, sizeof(name), "host%05u.test", number);
    return question_of(name, MX_TYPE_A);
}

/* An A answer of `count` addresses, as a server would send it. */
static mx_answer *
new_records(const mx_question *question, uint32_t ttl, unsigned count)
{
    static _Thread_local message m;
    char name[MX_NAME_TEXT_SIZE];
    mx_name_to_text(&question->name, name);
    begin_reply(&m, name, MX_TYPE_A);
    for (unsigned i = 0; i < count; i++) {
        const uint8_t octets[] = {192, 0, (uint8_t)(i >> 8), (uint8_t)i};
        add_raw(&m, ANSWER, "@", MX_TYPE_A, ttl, octets, 4);
    }
    mx_answer *answer = NULL;
    mx_question asked = {question->name, MX_TYPE_A};
    if (mx_answer_read(m.bytes, m.length, &asked, &answer) != MX_OK) {
        return NULL;
    }
    return answer;
}

static mx_answer *
new_answer(const mx_question *question, mx_answer_kind kind, uint32_t ttl)
{
    mx_answer *answer = new_records(question, ttl, 1);
    assert_non_null(answer);
    assert_int_equal(answer->kind, MX_ANSWER_RECORDS);
    answer->kind = kind;
    return answer;
}

static mx_answer *
new_failure(const mx_question *question, mx_reason reason)
{
    mx_answer *answer = NULL;
    assert_int_equal(mx_answer_failure(question, reason, &answer), MX_OK);
    return answer;
}

static mx_cache *
new_cache(size_t capacity)
{
    mx_cache *cache = NULL;
    assert_int_equal(mx_cache_new(capacity, &cache), MX_OK);
    return cache;
}

/* Puts and lets go: what is found later is held by the cache alone. */
static void
put(mx_cache *cache, const mx_question *question, mx_answer *answer, mx_usec now)
{
    mx_cache_put(cache, question, mx_cache_hash(cache, question), answer, now);
    mx_answer_unref(answer);
}

static void
put_records(mx_cache *cache, const mx_question *question, uint32_t ttl, mx_usec now)
{
    put(cache, question, new_answer(question, MX_ANSWER_RECORDS, ttl), now);
}

static void
put_failure(mx_cache *cache, const mx_question *question, mx_usec now)
{
    put(cache, question, new_failure(question, MX_REASON_SERVFAIL), now);
}

static bool
has(mx_cache *cache, const mx_question *question, mx_usec now)
{
    uint32_t ttl;
    mx_answer *answer =
        mx_cache_get(cache, question, mx_cache_hash(cache, question), now, &ttl);
    mx_answer_unref(answer);
    return answer != NULL;
}

static void
test_an_answer_is_found_by_its_whole_question(void **state)
{
    (void)state;
    mx_cache *cache = new_cache(ROOMY);
    mx_question question = question_of("example.test", MX_TYPE_A);
    mx_question other_type = question_of("example.test", MX_TYPE_MX);
    mx_question other_name = question_of("example.tes", MX_TYPE_A);
    mx_answer *answer = new_answer(&question, MX_ANSWER_RECORDS, 300);
    uint32_t ttl = 0;
    assert_null(
        mx_cache_get(cache, &question, mx_cache_hash(cache, &question), 0, &ttl));
    mx_cache_put(cache, &question, mx_cache_hash(cache, &question), answer, 0);
    mx_answer *found =
        mx_cache_get(cache, &question, mx_cache_hash(cache, &question), 0, &ttl);
    assert_ptr_equal(found, answer);
    assert_int_equal(ttl, 300);
    assert_false(has(cache, &other_type, 0));
    assert_false(has(cache, &other_name, 0));
    mx_cache_free(cache);
    /* Both references outlive the cache. */
    assert_int_equal(answer->references, 2);
    mx_answer_unref(found);
    mx_answer_unref(answer);
}

static void
test_an_answer_lives_exactly_its_ttl(void **state)
{
    (void)state;
    const mx_answer_kind kinds[] = {MX_ANSWER_RECORDS, MX_ANSWER_NODATA,
                                    MX_ANSWER_NXDOMAIN, MX_ANSWER_ALIAS};
    mx_question question = question_of("example.test", MX_TYPE_A);
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        mx_cache *cache = new_cache(ROOMY);
        const mx_usec start = 1000;
        put(cache, &question, new_answer(&question, kinds[i], 2), start);
        uint32_t ttl = 9;
        mx_answer_unref(mx_cache_get(cache, &question, mx_cache_hash(cache, &question),
                                     start, &ttl));
        assert_int_equal(ttl, 2);
        mx_answer_unref(mx_cache_get(cache, &question, mx_cache_hash(cache, &question),
                                     start + 1, &ttl));
        assert_int_equal(ttl, 1);
        mx_answer_unref(mx_cache_get(cache, &question, mx_cache_hash(cache, &question),
                                     start + second, &ttl));
        assert_int_equal(ttl, 1);
        mx_answer_unref(mx_cache_get(cache, &question, mx_cache_hash(cache, &question),
                                     start + 2 * second - 1, &ttl));
        assert_int_equal(ttl, 0);
        assert_int_equal(mx_cache_get_stats(cache).hits, 4);
        assert_false(has(cache, &question, start + 2 * second));
        assert_int_equal(mx_cache_get_stats(cache).answers, 0);
        mx_cache_free(cache);
    }
}

static void
test_what_has_no_ttl_is_not_kept(void **state)
{
    (void)state;
    const mx_answer_kind kinds[] = {MX_ANSWER_RECORDS, MX_ANSWER_NODATA,
                                    MX_ANSWER_NXDOMAIN, MX_ANSWER_ALIAS};
    mx_cache *cache = new_cache(ROOMY);
    mx_question question = question_of("example.test", MX_TYPE_A);
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        put(cache, &question, new_answer(&question, kinds[i], 0), 0);
        assert_int_equal(mx_cache_get_stats(cache).answers, 0);
    }
    put(cache, &question, new_answer(&question, MX_ANSWER_TRUNCATED, 300), 0);
    assert_int_equal(mx_cache_get_stats(cache).answers, 0);
    mx_cache_free(cache);
}

static void
test_only_failures_that_a_server_spoke_are_kept(void **state)
{
    (void)state;
    mx_question question = question_of("example.test", MX_TYPE_A);
    for (int i = MX_REASON_NONE + 1; i < MX_REASON_COUNT; i++) {
        mx_reason reason = (mx_reason)i;
        bool is_spoken = reason == MX_REASON_SERVFAIL || reason == MX_REASON_FORMERR ||
                         reason == MX_REASON_SERVER_REFUSED ||
                         reason == MX_REASON_NOTIMP || reason == MX_REASON_OTHER_RCODE;
        mx_cache *cache = new_cache(ROOMY);
        put(cache, &question, new_failure(&question, reason), 0);
        assert_int_equal(has(cache, &question, 0), is_spoken);
        mx_cache_free(cache);
    }
}

static void
test_failures_double_their_life_while_they_go_on(void **state)
{
    (void)state;
    const mx_usec lives[] = {5, 10, 20, 40, 60, 60};
    mx_cache *cache = new_cache(ROOMY);
    mx_question question = question_of("example.test", MX_TYPE_A);
    mx_usec now = 0;
    for (size_t i = 0; i < sizeof(lives) / sizeof(lives[0]); i++) {
        put_failure(cache, &question, now);
        mx_usec end = now + lives[i] * second;
        assert_true(has(cache, &question, end - 1));
        assert_false(has(cache, &question, end));
        now = end + (mx_usec)i * second;
    }
    mx_cache_free(cache);
}

static void
test_a_failure_within_the_life_of_one_does_not_double(void **state)
{
    (void)state;
    mx_cache *cache = new_cache(ROOMY);
    mx_question question = question_of("example.test", MX_TYPE_A);
    put_failure(cache, &question, 0);
    put_failure(cache, &question, 1 * second);
    put_failure(cache, &question, 2 * second);
    assert_true(has(cache, &question, 7 * second - 1));
    assert_false(has(cache, &question, 7 * second));
    mx_cache_free(cache);
}

static void
test_a_failure_is_forgotten_300_seconds_after_its_end(void **state)
{
    (void)state;
    mx_cache *cache = new_cache(ROOMY);
    mx_question question = question_of("example.test", MX_TYPE_A);
    put_failure(cache, &question, 0);
    mx_usec now = 305 * second - 1;
    assert_false(has(cache, &question, now));
    put_failure(cache, &question, now);
    now += 10 * second;
    assert_true(has(cache, &question, now - 1));
    assert_false(has(cache, &question, now));
    now += 300 * second;
    put_failure(cache, &question, now);
    assert_true(has(cache, &question, now + 5 * second - 1));
    assert_false(has(cache, &question, now + 5 * second));
    assert_int_equal(mx_cache_get_stats(cache).answers, 1);
    assert_false(has(cache, &question, now + 305 * second));
    assert_int_equal(mx_cache_get_stats(cache).answers, 0);
    mx_cache_free(cache);
}

static void
test_an_answer_ends_the_doubling(void **state)
{
    (void)state;
    mx_cache *cache = new_cache(ROOMY);
    mx_question question = question_of("example.test", MX_TYPE_A);
    put_failure(cache, &question, 0);
    put_failure(cache, &question, 6 * second);
    put_records(cache, &question, 1, 20 * second);
    put_failure(cache, &question, 30 * second);
    assert_true(has(cache, &question, 35 * second - 1));
    assert_false(has(cache, &question, 35 * second));
    mx_cache_free(cache);
}

static void
test_a_failure_does_not_displace_what_still_holds(void **state)
{
    (void)state;
    mx_cache *cache = new_cache(ROOMY);
    mx_question question = question_of("example.test", MX_TYPE_A);
    mx_answer *answer = new_answer(&question, MX_ANSWER_RECORDS, 10);
    put(cache, &question, mx_answer_ref(answer), 0);
    put_failure(cache, &question, 9 * second);
    uint32_t ttl;
    mx_answer *found = mx_cache_get(cache, &question, mx_cache_hash(cache, &question),
                                    9 * second, &ttl);
    assert_ptr_equal(found, answer);
    mx_answer_unref(found);
    mx_answer_unref(answer);
    put_failure(cache, &question, 10 * second);
    assert_true(has(cache, &question, 15 * second - 1));
    assert_false(has(cache, &question, 15 * second));
    mx_cache_free(cache);
}

static void
test_a_newer_answer_takes_the_place_of_the_older(void **state)
{
    (void)state;
    mx_cache *cache = new_cache(ROOMY);
    mx_question question = question_of("example.test", MX_TYPE_A);
    put_records(cache, &question, 300, 0);
    size_t bytes = mx_cache_get_stats(cache).bytes;
    mx_answer *newer = new_answer(&question, MX_ANSWER_RECORDS, 20);
    put(cache, &question, mx_answer_ref(newer), second);
    uint32_t ttl;
    mx_answer *found =
        mx_cache_get(cache, &question, mx_cache_hash(cache, &question), second, &ttl);
    assert_ptr_equal(found, newer);
    assert_int_equal(ttl, 20);
    mx_answer_unref(found);
    mx_answer_unref(newer);
    assert_int_equal(mx_cache_get_stats(cache).answers, 1);
    assert_int_equal(mx_cache_get_stats(cache).bytes, bytes);
    /* What is not kept changes nothing. */
    put(cache, &question, new_failure(&question, MX_REASON_TIMEOUT), second);
    put_records(cache, &question, 0, second);
    assert_true(has(cache, &question, second));
    mx_cache_free(cache);
}

static void
test_the_least_recently_used_makes_room(void **state)
{
    (void)state;
    enum { FILLED = 8 };
    mx_cache *cache = new_cache(ROOMY);
    for (unsigned i = 0; i < FILLED; i++) {
        mx_question question = question_of_number(i);
        put_records(cache, &question, 300, 0);
    }
    size_t capacity = mx_cache_get_stats(cache).bytes;
    mx_cache_free(cache);

    cache = new_cache(capacity);
    for (unsigned i = 0; i < FILLED; i++) {
        mx_question question = question_of_number(i);
        put_records(cache, &question, 300, 0);
    }
    assert_int_equal(mx_cache_get_stats(cache).answers, FILLED);
    assert_int_equal(mx_cache_get_stats(cache).evictions, 0);
    /* 0 is used by a get, 1 by a put. */
    mx_question used = question_of_number(0), renewed = question_of_number(1);
    assert_true(has(cache, &used, 0));
    put_records(cache, &renewed, 300, 0);
    for (unsigned i = FILLED; i < FILLED + 3; i++) {
        mx_question question = question_of_number(i);
        put_records(cache, &question, 300, 0);
    }
    assert_int_equal(mx_cache_get_stats(cache).evictions, 3);
    for (unsigned i = 0; i < FILLED + 3; i++) {
        mx_question question = question_of_number(i);
        bool was_evicted = i >= 2 && i <= 4;
        assert_int_equal(has(cache, &question, 0), !was_evicted);
    }
    mx_cache_free(cache);
}

static void
test_bytes_never_exceed_the_capacity(void **state)
{
    (void)state;
    enum { CAPACITY = 20000 };
    mx_cache *cache = new_cache(CAPACITY);
    mx_rng rng;
    mx_rng_seed(&rng, 17);
    size_t most = 0;
    for (size_t step = 0; step < 5000; step++) {
        mx_question question = question_of_number(mx_rng_below(&rng, 200));
        unsigned count = mx_rng_below(&rng, 50) == 0 ? 3000 : mx_rng_below(&rng, 200);
        mx_answer *answer = new_records(&question, 300, count + 1);
        assert_non_null(answer);
        put(cache, &question, answer, (mx_usec)step);
        mx_cache_stats stats = mx_cache_get_stats(cache);
        assert_int_equal(stats.capacity, CAPACITY);
        assert_true(stats.bytes <= CAPACITY);
        most = stats.bytes > most ? stats.bytes : most;
    }
    assert_true(most > CAPACITY * 9 / 10);
    assert_true(mx_cache_get_stats(cache).evictions > 1000);
    mx_cache_free(cache);
}

static void
test_bytes_count_answers_and_overhead(void **state)
{
    (void)state;
    mx_cache *cache = new_cache(ROOMY);
    size_t answers = 0;
    for (unsigned i = 0; i < 100; i++) {
        mx_question question = question_of_number(i);
        mx_answer *answer = new_records(&question, 300, i + 1);
        assert_non_null(answer);
        answers += mx_answer_bytes(answer);
        put(cache, &question, answer, 0);
    }
    mx_cache_stats stats = mx_cache_get_stats(cache);
    assert_int_equal(stats.answers, 100);
    /* A few pointers and numbers, and the name. */
    assert_in_range(stats.bytes - answers, 100 * 64, 100 * 160);
    mx_cache_free(cache);
}

/* What a cache that holds nothing else needs for the answer. */
static size_t
measure(const mx_question *question, unsigned count)
{
    mx_cache *cache = new_cache(ROOMY);
    put(cache, question, new_records(question, 300, count), 0);
    size_t bytes = mx_cache_get_stats(cache).bytes;
    mx_cache_free(cache);
    return bytes;
}

static void
test_what_can_never_fit_displaces_nothing(void **state)
{
    (void)state;
    mx_question small = question_of_number(1), large = question_of_number(2);
    mx_cache *cache = new_cache(measure(&large, 1000) - 1);
    put_records(cache, &small, 300, 0);
    put(cache, &large, new_records(&large, 300, 1000), 0);
    assert_true(has(cache, &small, 0));
    assert_false(has(cache, &large, 0));
    assert_int_equal(mx_cache_get_stats(cache).evictions, 0);
    mx_cache_free(cache);
}

static void
test_tiny_capacities_are_kept_too(void **state)
{
    (void)state;
    mx_question question = question_of_number(1);
    size_t enough = measure(&question, 1);
    for (size_t capacity = 0; capacity < enough + 10; capacity++) {
        mx_cache *cache = new_cache(capacity);
        put_records(cache, &question, 300, 0);
        put_records(cache, &question, 300, 0);
        mx_cache_stats stats = mx_cache_get_stats(cache);
        assert_true(stats.bytes <= capacity);
        assert_int_equal(has(cache, &question, 0), capacity >= enough);
        mx_cache_free(cache);
    }
}

static void
test_a_cache_of_no_capacity_keeps_nothing(void **state)
{
    (void)state;
    mx_cache *cache = new_cache(0);
    mx_question question = question_of_number(1);
    put_records(cache, &question, 300, 0);
    put_failure(cache, &question, 0);
    assert_false(has(cache, &question, 0));
    mx_cache_stats stats = mx_cache_get_stats(cache);
    assert_int_equal(stats.answers, 0);
    assert_int_equal(stats.bytes, 0);
    assert_int_equal(stats.misses, 1);
    mx_cache_free(cache);
    mx_cache_free(NULL);
}

static void
test_clear_forgets_everything_and_goes_on(void **state)
{
    (void)state;
    mx_cache *cache = new_cache(ROOMY);
    mx_question question = question_of_number(1);
    for (size_t round = 0; round < 2; round++) {
        for (unsigned i = 0; i < 100; i++) {
            mx_question each = question_of_number(i);
            put_records(cache, &each, 300, 0);
        }
        assert_true(has(cache, &question, 0));
        mx_cache_clear(cache);
        assert_false(has(cache, &question, 0));
        assert_int_equal(mx_cache_get_stats(cache).answers, 0);
        assert_int_equal(mx_cache_get_stats(cache).bytes, 0);
    }
    mx_cache_free(cache);
}

static void
test_hits_and_misses_are_counted(void **state)
{
    (void)state;
    mx_cache *cache = new_cache(ROOMY);
    mx_question question = question_of_number(1), other = question_of_number(2);
    put_records(cache, &question, 1, 0);
    assert_true(has(cache, &question, 0));
    assert_true(has(cache, &question, 0));
    assert_false(has(cache, &other, 0));
    assert_false(has(cache, &question, second));
    mx_cache_stats stats = mx_cache_get_stats(cache);
    assert_int_equal(stats.hits, 2);
    assert_int_equal(stats.misses, 2);
    mx_cache_free(cache);
}

static void
test_the_end_of_time_does_not_overflow(void **state)
{
    (void)state;
    mx_cache *cache = new_cache(ROOMY);
    mx_question question = question_of_number(1), failed = question_of_number(2);
    mx_usec now = MX_NEVER - second;
    put_records(cache, &question, MX_MAX_TTL, now);
    put_failure(cache, &failed, now);
    assert_true(has(cache, &question, MX_NEVER - 1));
    assert_true(has(cache, &failed, MX_NEVER - 1));
    put_failure(cache, &failed, MX_NEVER);
    assert_false(has(cache, &question, MX_NEVER));
    mx_cache_free(cache);
}

enum { SHORT = 40 };

/* Fills a cache while memory is short. Returns how many allocations were asked for. */
static size_t
fill_short(const mx_question *questions, mx_answer **answers, size_t nth, int onward)
{
    mx_cache *cache = NULL;
    mx_mem_fail(nth, onward);
    assert_int_equal(mx_cache_new(ROOMY, &cache), nth == 1 ? MX_NOMEM : MX_OK);
    size_t kept = 0;
    for (size_t i = 0; cache != NULL && i < SHORT; i++) {
        uint32_t ttl;
        uint64_t hash = mx_cache_hash(cache, &questions[i]);
        mx_cache_put(cache, &questions[i], hash, answers[i], 0);
        mx_answer *found = mx_cache_get(cache, &questions[i], hash, 0, &ttl);
        assert_true(found == NULL || found == answers[i]);
        kept += found != NULL;
        mx_answer_unref(found);
    }
    size_t asked = mx_mem_fail(0, 0);
    if (cache != NULL) {
        assert_int_equal(mx_cache_get_stats(cache).answers, kept);
        assert_true(onward != 0 || kept >= SHORT - 1);
    }
    mx_cache_free(cache);
    return asked;
}

/* Each allocation fails in turn, alone or with all that follow: nothing is lost but
 * answers that are not kept. */
static void
test_short_memory_only_means_not_kept(void **state)
{
    (void)state;
    mx_answer *answers[SHORT];
    mx_question questions[SHORT];
    for (unsigned i = 0; i < SHORT; i++) {
        questions[i] = question_of_number(i);
        answers[i] = new_answer(&questions[i], MX_ANSWER_RECORDS, 300);
    }
    for (int onward = 0; onward < 2; onward++) {
        size_t nth = 1;
        while (fill_short(questions, answers, nth, onward) >= nth) {
            nth++;
        }
        assert_true(nth > SHORT);
    }
    for (size_t i = 0; i < SHORT; i++) {
        assert_int_equal(answers[i]->references, 1);
        mx_answer_unref(answers[i]);
    }
}

enum { THREADS = 4, STEPS = 2000, NAMES = 50 };

typedef struct traffic {
    mx_cache *cache;
    uint64_t seed;
    size_t wrong;
} traffic;

/* Says of each answer by its TTL which question it is for. */
static void *
use_cache(void *context)
{
    traffic *own = context;
    mx_rng rng;
    mx_rng_seed(&rng, own->seed);
    for (mx_usec now = 0; now < STEPS; now++) {
        unsigned number = mx_rng_below(&rng, NAMES);
        mx_question question = question_of_number(number);
        uint32_t ttl;
        mx_answer *answer = mx_cache_get(
            own->cache, &question, mx_cache_hash(own->cache, &question), now, &ttl);
        if (answer == NULL) {
            answer = new_records(&question, 100 + number, 1);
            if (answer != NULL) {
                mx_cache_put(own->cache, &question,
                             mx_cache_hash(own->cache, &question), answer, now);
            }
        }
        if (answer == NULL || answer->ttl != 100 + number) {
            own->wrong++;
        }
        mx_answer_unref(answer);
        if (mx_rng_below(&rng, 500) == 0) {
            mx_cache_clear(own->cache);
        }
        if (mx_cache_get_stats(own->cache).bytes > 8000) {
            own->wrong++;
        }
    }
    return NULL;
}

static void
test_threads_share_a_cache(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    traffic all[THREADS];
    mx_cache *cache = new_cache(8000);
    for (size_t i = 0; i < THREADS; i++) {
        all[i] = (traffic){cache, i, 0};
        assert_int_equal(pthread_create(&threads[i], NULL, use_cache, &all[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(all[i].wrong, 0);
    }
    mx_cache_stats stats = mx_cache_get_stats(cache);
    assert_int_equal(stats.hits + stats.misses, THREADS * STEPS);
    assert_true(stats.hits > 0 && stats.evictions > 0);
    mx_cache_free(cache);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_answer_is_found_by_its_whole_question),
        cmocka_unit_test(test_an_answer_lives_exactly_its_ttl),
        cmocka_unit_test(test_what_has_no_ttl_is_not_kept),
        cmocka_unit_test(test_only_failures_that_a_server_spoke_are_kept),
        cmocka_unit_test(test_failures_double_their_life_while_they_go_on),
        cmocka_unit_test(test_a_failure_within_the_life_of_one_does_not_double),
        cmocka_unit_test(test_a_failure_is_forgotten_300_seconds_after_its_end),
        cmocka_unit_test(test_an_answer_ends_the_doubling),
        cmocka_unit_test(test_a_failure_does_not_displace_what_still_holds),
        cmocka_unit_test(test_a_newer_answer_takes_the_place_of_the_older),
        cmocka_unit_test(test_the_least_recently_used_makes_room),
        cmocka_unit_test(test_bytes_never_exceed_the_capacity),
        cmocka_unit_test(test_bytes_count_answers_and_overhead),
        cmocka_unit_test(test_what_can_never_fit_displaces_nothing),
        cmocka_unit_test(test_tiny_capacities_are_kept_too),
        cmocka_unit_test(test_a_cache_of_no_capacity_keeps_nothing),
        cmocka_unit_test(test_clear_forgets_everything_and_goes_on),
        cmocka_unit_test(test_hits_and_misses_are_counted),
        cmocka_unit_test(test_the_end_of_time_does_not_overflow),
        cmocka_unit_test(test_short_memory_only_means_not_kept),
        cmocka_unit_test(test_threads_share_a_cache),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
