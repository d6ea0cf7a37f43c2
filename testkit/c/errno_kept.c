/* free leaves errno alone whatever it has to do; a call that succeeds does too. */
#include "prove.h"

int main(void) {
    uint64_t chance = 1;
    static void *slots[512];
    static size_t sizes[512];
    for (int round = 0; round < 200000; round++) {
        size_t slot = prove_next(&chance) % 512;
        errno = 12345;
        free(slots[slot]);
        PROVE(errno == 12345);
        size_t size = prove_size(&chance, 6u << 20);
        slots[slot] = round % 5 == 0 ? calloc(1, size) : malloc(size);
        PROVE(slots[slot] != NULL && errno == 12345);
        if (round % 7 == 0) {
            size = prove_size(&chance, 6u << 20);
            slots[slot] = realloc(slots[slot], size);
            PROVE(slots[slot] != NULL && errno == 12345);
        }
        sizes[slot] = size;
        if (size < 65536) prove_mark(slots[slot], size, (unsigned char)slot);
    }
    for (size_t slot = 0; slot < 512; slot++) {
        if (slots[slot] == NULL) continue;
        if (sizes[slot] < 65536) PROVE(prove_marked(slots[slot], sizes[slot], (unsigned char)slot));
        errno = 4;
        free(slots[slot]);
        PROVE(errno == 4);
    }
    errno = 99;
    free(NULL);
    malloc_trim(0);
    PROVE(malloc_usable_size(NULL) == 0 && errno == 99);
    return prove_ok("errno_kept");
}
