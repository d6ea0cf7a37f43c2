/* The whole C family: what each call gives for ordinary, empty and impossible sizes. */
#include "prove.h"
#include <stdint.h>

extern void free_sized(void *, size_t) __attribute__((weak));
extern void free_aligned_sized(void *, size_t, size_t) __attribute__((weak));

static void empty_sizes(void) {
    void *one = malloc(0), *other = malloc(0);
    PROVE(one != NULL && other != NULL && one != other);
    free(one);
    free(other);
    void *none = calloc(0, 8);
    PROVE(none != NULL);
    free(none);
    none = calloc(8, 0);
    PROVE(none != NULL);
    free(none);
    free(NULL);
    void *grown = realloc(NULL, 100);
    PROVE(grown != NULL);
    prove_mark(grown, 100, 7);
    void *gone = realloc(grown, 0);
    free(gone);
    gone = realloc(NULL, 0);
    PROVE(gone != NULL);
    free(gone);
    PROVE(malloc_usable_size(NULL) == 0);
    size_t before = prove_resident();
    for (int i = 0; i < 200000; i++) {
        void *block = malloc(1000);
        PROVE(block != NULL);
        free(realloc(block, 0));
    }
    PROVE(prove_resident() < before + (16u << 20));
}

#define REFUSED(call)                                                                            \
    do {                                                                                         \
        errno = 0;                                                                               \
        PROVE((call) == NULL);                                                                   \
        PROVE(errno == ENOMEM);                                                                  \
    } while (0)

static void impossible_sizes(void) {
    volatile size_t beyond = (size_t)PTRDIFF_MAX + 1, most = PTRDIFF_MAX, all = SIZE_MAX;
    volatile size_t wide = (size_t)1 << 32;
    REFUSED(malloc(most));
    REFUSED(malloc(beyond));
    REFUSED(malloc(all));
    for (size_t below = 1; below <= 1u << 24; below *= 2) REFUSED(malloc(all - below));
    REFUSED(calloc(1, beyond));
    REFUSED(calloc(all / 2, 3));
    REFUSED(calloc(all, all));
    REFUSED(calloc(wide, wide));
    REFUSED(realloc(NULL, all));
    REFUSED(reallocarray(NULL, all / 2, 3));
    REFUSED(reallocarray(NULL, wide, wide));
    REFUSED(memalign(64, all - 32));
    REFUSED(memalign(4096, beyond));
    REFUSED(aligned_alloc(4096, all - 8191));
    REFUSED(aligned_alloc(1u << 24, beyond));
    REFUSED(valloc(all - 4094));
    REFUSED(pvalloc(all - 10));
    REFUSED(memalign((size_t)1 << 62, 1));
    void *held = (void *)1;
    PROVE(posix_memalign(&held, 64, all - 64) == ENOMEM && held == (void *)1);
    PROVE(posix_memalign(&held, 64, beyond) == ENOMEM);
    for (size_t size = 1; size <= 8u << 20; size = size * 3 + 1) {
        void *block = malloc(size);
        PROVE(block != NULL);
        prove_mark(block, size, 0x5a);
        REFUSED(realloc(block, all));
        REFUSED(realloc(block, beyond));
        REFUSED(reallocarray(block, all / 4, 5));
        PROVE(prove_marked(block, size, 0x5a));
        free(block);
    }
}

static void usable_sizes(void) {
    for (size_t size = 0; size < 70000; size += size < 2000 ? 1 : 61) {
        void *block = malloc(size);
        PROVE(block != NULL && (uintptr_t)block % 16 == 0);
        size_t usable = malloc_usable_size(block);
        PROVE(usable >= size);
        memset(block, 0xff, usable);
        void *same = realloc(block, usable);
        PROVE(same != NULL && malloc_usable_size(same) >= usable);
        free(same);
    }
    for (size_t size = 100000; size < 80u << 20; size = size * 3 / 2) {
        void *block = malloc(size);
        PROVE(block != NULL && (uintptr_t)block % 16 == 0 && malloc_usable_size(block) >= size);
        prove_mark(block, malloc_usable_size(block), 1);
        free(block);
    }
}

static void arrays(void) {
    int *numbers = reallocarray(NULL, 1000, sizeof *numbers);
    PROVE(numbers != NULL);
    for (int i = 0; i < 1000; i++) numbers[i] = i;
    numbers = reallocarray(numbers, 100000, sizeof *numbers);
    PROVE(numbers != NULL);
    for (int i = 0; i < 1000; i++) PROVE(numbers[i] == i);
    numbers = reallocarray(numbers, 10, sizeof *numbers);
    PROVE(numbers != NULL && numbers[9] == 9);
    free(numbers);
}

static void tuning(void) {
    PROVE(mallopt(M_MMAP_THRESHOLD, 1 << 20) == 1);
    PROVE(mallopt(M_ARENA_MAX, 2) == 1);
    PROVE(mallopt(M_TRIM_THRESHOLD, 1 << 20) == 1);
    void *blocks[64];
    for (int i = 0; i < 64; i++) PROVE((blocks[i] = malloc(100000)) != NULL);
    struct mallinfo2 info = mallinfo2();
    PROVE(info.uordblks + info.hblkhd >= 64u * 100000);
    for (int i = 0; i < 64; i++) free(blocks[i]);
    int trimmed = malloc_trim(0);
    PROVE(trimmed == 0 || trimmed == 1);
    char *text = NULL;
    size_t length = 0;
    FILE *file = open_memstream(&text, &length);
    PROVE(file != NULL);
    PROVE(malloc_info(0, file) == 0);
    fclose(file);
    PROVE(length > 0 && strncmp(text, "<malloc", 7) == 0 && strstr(text, "</malloc>") != NULL);
    free(text);
    malloc_stats();
}

static void sized_frees(void) {
    if (prove_preloaded()) PROVE(free_sized != NULL && free_aligned_sized != NULL);
    for (size_t size = 0; size < 3u << 20; size = size * 5 / 4 + 1) {
        void *block = malloc(size);
        if (free_sized != NULL) free_sized(block, size);
        else free(block);
        for (size_t align = 16; align <= 65536; align *= 4) {
            size_t whole = (size + align - 1) / align * align;
            block = aligned_alloc(align, whole);
            PROVE(block != NULL);
            if (free_aligned_sized != NULL) free_aligned_sized(block, align, whole);
            else free(block);
        }
    }
    if (free_sized != NULL) free_sized(NULL, 8);
    if (free_aligned_sized != NULL) free_aligned_sized(NULL, 64, 64);
}

int main(void) {
    empty_sizes();
    impossible_sizes();
    usable_sizes();
    arrays();
    tuning();
    sized_frees();
    return prove_ok("family");
}
