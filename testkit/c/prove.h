/* What every program here is made of: a check that names its line, chance from a seed, and marked blocks.
 * A program prints "ok NAME" and ends with 0, or prints what failed and ends with 1. */
#ifndef PROVE_H
#define PROVE_H
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PROVE(claim)                                                                             \
    do {                                                                                         \
        if (!(claim)) {                                                                          \
            int saved = errno;                                                                   \
            char line[512];                                                                      \
            int length = snprintf(line, sizeof line, "%s:%d: not true: %s (errno %d)\n",         \
                                  __FILE__, __LINE__, #claim, saved);                            \
            if (write(2, line, (size_t)length) < 0) { /* nowhere left to say it */ }             \
            _exit(1);                                                                            \
        }                                                                                        \
    } while (0)

/* True when the allocator under test is the one that was preloaded (the harness says so). */
static inline int prove_preloaded(void) { return getenv("PROVE_PRELOADED") != NULL; }

/* True when this process has the page that every process on the allocator has. */
static inline int prove_active(void) {
    char line[4096];
    int found = 0;
    FILE *maps = fopen("/proc/self/maps", "r");
    if (maps == NULL) return 0;
    while (fgets(line, sizeof line, maps) != NULL) found |= strstr(line, "memfd:bedplate-malloc") != NULL;
    fclose(maps);
    return found;
}

static inline int prove_ok(const char *name) {
    PROVE(prove_active() == prove_preloaded());
    printf("ok %s\n", name);
    return fflush(stdout) == 0 ? 0 : 1;
}

static inline uint64_t prove_next(uint64_t *state) {
    uint64_t x = *state += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

/* A size that is mostly small and sometimes up to `max`. */
static inline size_t prove_size(uint64_t *state, size_t max) {
    uint64_t kind = prove_next(state) % 100;
    size_t end = kind < 70 ? 512 : kind < 90 ? 8192 : kind < 98 ? 65536 : max;
    return 1 + prove_next(state) % (end < max ? end : max);
}

/* Marks the whole of a small block; both ends and one byte of every 4 KiB of a large one. */
static inline void prove_mark(void *block, size_t size, unsigned char mark) {
    unsigned char *bytes = (unsigned char *)block;
    if (size <= 16384) {
        memset(bytes, mark, size);
        return;
    }
    memset(bytes, mark, 64);
    for (size_t at = 64; at < size - 64; at += 4096) bytes[at] = mark;
    memset(bytes + size - 64, mark, 64);
}

static inline int prove_marked(const void *block, size_t size, unsigned char mark) {
    const unsigned char *bytes = (const unsigned char *)block;
    if (size <= 16384) {
        for (size_t at = 0; at < size; at++)
            if (bytes[at] != mark) return 0;
        return 1;
    }
    for (size_t at = 0; at < 64; at++)
        if (bytes[at] != mark || bytes[size - 1 - at] != mark) return 0;
    for (size_t at = 64; at < size - 64; at += 4096)
        if (bytes[at] != mark) return 0;
    return 1;
}

static inline int prove_zero(const void *block, size_t size) {
    const unsigned char *bytes = (const unsigned char *)block;
    for (size_t at = 0; at < size; at++)
        if (bytes[at] != 0) return 0;
    return 1;
}

/* Resident bytes of this process, without allocating. */
static inline size_t prove_resident(void) {
    char text[128] = {0};
    int file = open("/proc/self/statm", O_RDONLY);
    if (file < 0) return 0;
    ssize_t got = read(file, text, sizeof text - 1);
    close(file);
    if (got <= 0) return 0;
    char *rest;
    strtoull(text, &rest, 10);
    return strtoull(rest, NULL, 10) * (size_t)sysconf(_SC_PAGESIZE);
}
#endif
