/* calloc is zero whatever lay there before: at every size, after blocks of other sizes, after purges. */
#include "prove.h"

static void dirty(size_t size, int count) {
    void *blocks[64];
    for (int i = 0; i < count; i++) {
        PROVE((blocks[i] = malloc(size)) != NULL);
        memset(blocks[i], 0xdb, malloc_usable_size(blocks[i]));
    }
    for (int i = 0; i < count; i++) free(blocks[i]);
}

static void clean(size_t size, int count) {
    void *blocks[64];
    for (int i = 0; i < count; i++) {
        PROVE((blocks[i] = calloc(1, size)) != NULL);
        PROVE(prove_zero(blocks[i], size));
        memset(blocks[i], 0xbd, size);
    }
    for (int i = 0; i < count; i++) free(blocks[i]);
}

int main(void) {
    for (size_t size = 1; size <= 33000; size += size < 1024 ? 1 : size < 9000 ? 17 : 129) {
        dirty(size, 24);
        clean(size, 24);
    }
    for (size_t size = 33000; size <= 24u << 20; size = size * 5 / 4) {
        dirty(size, 3);
        clean(size, 3);
        if (size % 3 == 0) malloc_trim(0);
    }
    /* Other sizes in the memory of dirty ones. */
    uint64_t chance = 5;
    for (int i = 0; i < 3000; i++) {
        size_t before = prove_size(&chance, 3u << 20), after = prove_size(&chance, 3u << 20);
        dirty(before, 4);
        clean(after, 4);
    }
    /* Members and sizes both beyond one. */
    for (size_t count = 1; count < 300; count += 7) {
        unsigned char *block = calloc(count, 333);
        PROVE(block != NULL && prove_zero(block, count * 333));
        memset(block, 1, count * 333);
        free(block);
    }
    return prove_ok("zeroed");
}
