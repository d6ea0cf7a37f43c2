/* Large zeroed blocks, touched partly.

   usage: calloc_large SLOTS TURNS

   Models tables and buffers of programs that ask for more than they fill. Sizes from 64 KiB to
   16 MiB, evenly by their logarithm. The first and last page are written, and of the pages between
   one in sixteen; a few words are read and must be zero. */
#include "shape.h"

enum { SLOTS_MAX = 64, OS_PAGE = 4096 };

static void use(char *block, size_t bytes, uint64_t drawn) {
    if (!block) fail("calloc gave no memory");
    size_t begin = OS_PAGE * ((drawn >> 8) % 16);
    for (size_t at = begin; at < bytes; at += 16 * OS_PAGE) {
        Word *word = (Word *)(block + at);
        if (*word) fail("calloc gave memory that is not zero");
        *word = bytes;
    }
    memset(block, 1, 256);
    memset(block + bytes - 256, 2, 256);
}

int main(int count, char **word) {
    if (count != 3) return 2;
    uint32_t slots = (uint32_t)number(word[1]);
    uint64_t turns = number(word[2]);
    if (slots < 1 || slots > SLOTS_MAX) return 2;
    say_who_serves();
    static char *slot[SLOTS_MAX];
    Random random = random_from(5);
    for (uint64_t turn = 0; turn < turns; turn++) {
        uint64_t drawn = next_random(&random);
        size_t bytes = (size_t)65536 << (drawn >> 4) % 8;
        bytes += below(drawn, (uint32_t)bytes + 1);
        char **place = &slot[(drawn >> 12) % slots];
        free(*place);
        *place = calloc(bytes / 8, 8);
        use(*place, bytes & ~(size_t)7, drawn);
    }
    for (uint32_t i = 0; i < slots; i++) free(slot[i]);
    return 0;
}
