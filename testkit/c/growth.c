/* realloc up to 512 MiB and back, in steps of every kind; contents kept all the way. */
#include "prove.h"

static void check(const unsigned char *block, size_t size, size_t step) {
    for (size_t at = 0; at < size; at += step) PROVE(block[at] == (unsigned char)(at / step * 31 + 7));
}

static unsigned char *grow(unsigned char *block, size_t old, size_t size, size_t step) {
    unsigned char *moved = realloc(block, size);
    PROVE(moved != NULL && malloc_usable_size(moved) >= size);
    check(moved, old < size ? old : size, step);
    for (size_t at = (old + step - 1) / step * step; at < size; at += step)
        moved[at] = (unsigned char)(at / step * 31 + 7);
    return moved;
}

int main(void) {
    unsigned char *block = NULL;
    size_t size = 0;
    /* By an eighth at a time: meets every class, the border to large, and the border to huge. */
    while (size < 4u << 20) {
        size_t next = size + size / 8 + 1;
        block = grow(block, size, next, 1);
        size = next;
    }
    /* By half at a time, a byte of every page. */
    free(block);
    block = NULL;
    size = 0;
    for (size_t next = 4096; next <= 512u << 20; next = next * 3 / 2 / 4096 * 4096 + 4096) {
        block = grow(block, size, next, 4096);
        size = next;
    }
    block = grow(block, size, 512u << 20, 4096);
    size = 512u << 20;
    while (size > 10) {
        size_t next = size * 3 / 5;
        block = realloc(block, next);
        PROVE(block != NULL);
        check(block, next, 4096);
        size = next;
    }
    free(block);
    /* Two that grow in turn, so that neither can stay where it is. */
    unsigned char *one = NULL, *other = NULL;
    size = 0;
    for (size_t next = 1000; next < 24u << 20; next += next / 5) {
        one = grow(one, size, next, 997);
        other = grow(other, size, next, 997);
        size = next;
    }
    free(one);
    free(other);
    PROVE(malloc_trim(0) >= 0);
    return prove_ok("growth");
}
