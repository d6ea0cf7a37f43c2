/* Every way to ask for an alignment, up to 16 MiB, with blocks held at once so that they could overlap. */
#include "prove.h"

static void held_together(size_t align, size_t size) {
    void *blocks[12];
    for (int i = 0; i < 12; i++) {
        if (i % 3 == 0) {
            blocks[i] = aligned_alloc(align, (size + align - 1) / align * align);
        } else if (i % 3 == 1) {
            blocks[i] = memalign(align, size);
        } else {
            blocks[i] = NULL;
            size_t at_least = align < sizeof(void *) ? sizeof(void *) : align;
            PROVE(posix_memalign(&blocks[i], at_least, size) == 0);
        }
        PROVE(blocks[i] != NULL && (uintptr_t)blocks[i] % align == 0);
        PROVE(malloc_usable_size(blocks[i]) >= size);
        prove_mark(blocks[i], size, (unsigned char)(i + 1));
    }
    for (int i = 0; i < 12; i++) PROVE(prove_marked(blocks[i], size, (unsigned char)(i + 1)));
    /* A realloc of an aligned block keeps its contents; its alignment may go. */
    blocks[0] = realloc(blocks[0], size * 2 + 1);
    PROVE(blocks[0] != NULL && prove_marked(blocks[0], size < 16384 ? size : 64, 1));
    blocks[1] = realloc(blocks[1], size / 2 + 1);
    PROVE(blocks[1] != NULL);
    for (int i = 0; i < 12; i += 2) free(blocks[i]);
    for (int i = 1; i < 12; i += 2) free(blocks[i]);
}

static void whole_pages(void) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    for (size_t size = 0; size < 300000; size = size * 2 + 1) {
        void *block = valloc(size);
        PROVE(block != NULL && (uintptr_t)block % page == 0);
        prove_mark(block, size, 3);
        free(block);
        block = pvalloc(size);
        PROVE(block != NULL && (uintptr_t)block % page == 0);
        size_t whole = (size + page - 1) / page * page;
        PROVE(malloc_usable_size(block) >= whole);
        memset(block, 4, whole);
        free(block);
    }
}

int main(void) {
    void *kept = (void *)1;
    PROVE(posix_memalign(&kept, 3, 8) == EINVAL);
    PROVE(posix_memalign(&kept, 0, 8) == EINVAL);
    PROVE(posix_memalign(&kept, 24, 8) == EINVAL);
    PROVE(posix_memalign(&kept, 4, 8) == EINVAL);
    PROVE(kept == (void *)1);
    for (size_t align = 1; align <= 16u << 20; align *= 2) {
        for (size_t size = 1; size < 40u << 20; size = size * 7 + 3) {
            if (align >= 1u << 20 && size > 4u << 20) continue;
            held_together(align, size);
        }
    }
    /* Natural alignment of plain malloc, small sizes included. */
    for (size_t size = 0; size < 5000; size++) {
        void *block = malloc(size);
        PROVE((uintptr_t)block % 16 == 0);
        free(block);
    }
    whole_pages();
    return prove_ok("alignment");
}
