/* Large blocks that are replaced by others of any size.

   usage: large_replaced SLOTS TURNS

   Models programs that hold some buffers of 5 to 25 MiB (images, columns, tensors) and get one for
   another all the time. Each is written wholly, and its ends are read before it goes. */
#include "shape.h"

enum { SLOTS_MAX = 256, MIB = 1 << 20 };

int main(int count, char **word) {
    if (count != 3) return 2;
    uint32_t slots = (uint32_t)number(word[1]);
    uint64_t turns = number(word[2]);
    if (slots < 1 || slots > SLOTS_MAX) return 2;
    say_who_serves();
    static char *slot[SLOTS_MAX];
    Random random = random_from(11);
    for (uint64_t turn = 0; turn < turns; turn++) {
        uint64_t drawn = next_random(&random);
        char **place = &slot[(drawn >> 12) % slots];
        if (*place) give(*place);
        size_t bytes = 5 * MIB + below(drawn, 20 * MIB);
        char *block = malloc(bytes);
        if (!block) fail("malloc gave no memory");
        memset(block, (int)(drawn & 127), bytes);
        stamp(block, bytes, 1 << 20);
        *place = block;
    }
    for (uint32_t i = 0; i < slots; i++) {
        if (slot[i]) give(slot[i]);
    }
    return 0;
}
