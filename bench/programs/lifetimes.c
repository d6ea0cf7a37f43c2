/* Long-lived and short-lived populations that drift in size: an hour of a server, compressed.

   usage: lifetimes TICKS

   A tick allocates one block; every eighth tick frees those whose time has come. Of a hundred blocks
   about seventy live up to 64 ticks, twenty up to 8192, and ten up to a million. Twelve times in the
   run the sizes that the older populations ask for move on, and their weights change, so that slabs
   full of old long-lived blocks stay half used while other sizes are in demand: what makes heaps grow
   over days. */
#include "shape.h"

enum { STEP = 8, LIFE_MAX = 1 << 20, WHEEL = LIFE_MAX / STEP, SEASONS = 12 };

typedef struct Block {
    /* The size stands first, as a stamp wants it. */
    size_t bytes;
    struct Block *next;
} Block;

static Block *due[WHEEL];

static uint32_t lifetime(uint64_t drawn, uint32_t season) {
    uint32_t kind = (uint32_t)(drawn >> 8) % 100, old = 6 + season % 3 * 4;
    if (kind < 70) return 1 + below(drawn << 7, 64);
    if (kind < 100 - old) return 64 + below(drawn << 7, 8128);
    return 8192 + below(drawn << 7, LIFE_MAX - 8192 - STEP);
}

static size_t size_of(uint64_t drawn, uint32_t life, uint32_t season) {
    /* Short-lived blocks are strings and nodes at all times; older ones follow the season. */
    if (life <= 64) return program_size(drawn);
    uint32_t centre = 32u + 40u * ((season * 5) % SEASONS);
    if (life <= 8192) return centre + below(drawn, centre);
    return 24 + centre / 2 + below(drawn, centre / 4 + 1) * 2;
}

static void free_due(uint64_t step) {
    for (Block *block = due[step], *next; block; block = next) {
        next = block->next;
        give((char *)block);
    }
    due[step] = 0;
}

int main(int count, char **word) {
    if (count != 2) return 2;
    uint64_t ticks = number(word[1]);
    say_who_serves();
    Random random = random_from(6);
    for (uint64_t tick = 0; tick < ticks; tick++) {
        if (tick % STEP == 0) free_due(tick / STEP % WHEEL);
        uint32_t season = (uint32_t)(tick * SEASONS / ticks);
        uint64_t drawn = next_random(&random);
        uint32_t life = lifetime(drawn, season);
        size_t bytes = size_of(drawn, life, season);
        if (bytes < 24) bytes = 24;
        Block *block = (Block *)take(bytes, drawn);
        /* At least one step ahead, at most a turn of the wheel. */
        Block **place = &due[((tick + life) / STEP + 1) % WHEEL];
        block->next = *place;
        *place = block;
    }
    for (uint32_t step = 0; step < WHEEL; step++) free_due(step);
    return 0;
}
