/* What the programs of the comparison share: random numbers, sizes, touching of memory, and who serves
   malloc.

   Every block is stamped in its first and last word and checked before it goes, as a program that
   uses its memory would read and write it; every sixteenth is written wholly. A damaged stamp ends the
   program, so that a figure is never that of an allocator that lost a block. */
#ifndef SHAPE_H
#define SHAPE_H
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    uint64_t state;
} Random;

static inline Random random_from(uint64_t seed) {
    return (Random){(seed + 1) * 0x9E3779B97F4A7C15u | 1};
}

static inline uint64_t next_random(Random *random) {
    uint64_t state = random->state;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return random->state = state;
}

/* A number below `bound`, from the upper half of a random one. */
static inline uint32_t below(uint64_t drawn, uint32_t bound) {
    return (uint32_t)(((drawn >> 32) * bound) >> 32);
}

/* Sizes as programs ask for them: half at most 64 B, one in a hundred above 8 KiB. */
static inline size_t program_size(uint64_t drawn) {
    uint32_t kind = (uint32_t)drawn % 100;
    if (kind < 50) return 16 + below(drawn, 49);
    if (kind < 80) return 65 + below(drawn, 192);
    if (kind < 95) return 257 + below(drawn, 768);
    if (kind < 99) return 1025 + below(drawn, 7168);
    return 8193 + below(drawn, 57344);
}

static void fail(const char *what) {
    fprintf(stderr, "%s\n", what);
    exit(3);
}

/* A word at any address: the programs are compiled without built-in functions, so that memcpy would be
   a call and take a third of the time. */
typedef uint64_t __attribute__((may_alias, aligned(1))) Word;

/* Writes a block of at least 16 B. */
static inline void stamp(char *block, size_t bytes, uint64_t drawn) {
    if (!block) fail("malloc gave no memory");
    if ((drawn >> 20) % 16 == 0) memset(block, 7, bytes);
    *(Word *)block = bytes;
    *(Word *)(block + bytes - 8) = bytes ^ (uint64_t)(uintptr_t)block;
}

/* Reads a stamped block, and says how large it is. */
static inline size_t check(const char *block) {
    size_t bytes = *(const Word *)block;
    if (bytes < 16) fail("the first word of a block was lost");
    uint64_t mark = *(const Word *)(block + bytes - 8);
    if (mark != (bytes ^ (uint64_t)(uintptr_t)block)) fail("the last word of a block was lost");
    return bytes;
}

static inline char *take(size_t bytes, uint64_t drawn) {
    char *block = malloc(bytes);
    stamp(block, bytes, drawn);
    return block;
}

static inline void give(char *block) {
    if (!block) return;
    check(block);
    free(block);
}

static inline uint64_t number(const char *word) { return strtoull(word, 0, 10); }

/* The runner holds the first line against the library that it meant to measure. */
static inline void say_who_serves(void) {
    Dl_info info;
    if (!dladdr(dlsym(RTLD_DEFAULT, "malloc"), &info)) fail("nobody defines malloc");
    puts(info.dli_fname);
    fflush(stdout);
}

static inline void start_thread(pthread_t *thread, void *(*work)(void *), void *given) {
    if (pthread_create(thread, 0, work, given)) fail("no thread could be started");
}

#endif
