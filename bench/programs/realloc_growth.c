/* Growth chains of vectors and strings.

   usage: realloc_growth CHAINS APPENDS

   Models buffers that are filled piece by piece. Of the chains that grow side by side half double
   their room as vectors do, a quarter grow by half, and a quarter, strings, by just the piece
   appended. A full chain (a random end between 64 B and 256 KiB, strings 16 KiB) is cut to its
   length, read at both ends and freed, and begins anew. */
#include "shape.h"

enum { CHAINS_MAX = 4096 };

typedef struct {
    char *block;
    size_t length, room, end;
} Chain;

static size_t draw_end(uint64_t drawn, uint32_t kind) {
    size_t end = (size_t)64 << (drawn >> 40) % 13;
    if (kind == 3 && end > 16384) end = 16384;
    return end + below(drawn, (uint32_t)end);
}

static void grow(Chain *chain, uint32_t kind, size_t piece) {
    if (chain->length + piece > chain->room) {
        size_t room = kind < 2 ? chain->room * 2 : kind == 2 ? chain->room + chain->room / 2 : 0;
        if (room < chain->length + piece) room = chain->length + piece;
        chain->block = realloc(chain->block, room);
        if (!chain->block) fail("realloc gave no memory");
        chain->room = room;
    }
    memset(chain->block + chain->length, (int)(piece & 127) + 1, piece);
    chain->length += piece;
}

static void finish(Chain *chain) {
    chain->block = realloc(chain->block, chain->length);
    if (!chain->block || !chain->block[0] || !chain->block[chain->length - 1]) {
        fail("a chain lost its ends");
    }
    free(chain->block);
    *chain = (Chain){0};
}

int main(int count, char **word) {
    if (count != 3) return 2;
    uint32_t chains = (uint32_t)number(word[1]);
    uint64_t appends = number(word[2]);
    if (chains < 1 || chains > CHAINS_MAX) return 2;
    say_who_serves();
    static Chain all[CHAINS_MAX];
    Random random = random_from(4);
    for (uint64_t i = 0; i < appends; i++) {
        uint64_t drawn = next_random(&random);
        uint32_t index = (uint32_t)drawn % chains, kind = index % 4;
        Chain *chain = &all[index];
        if (!chain->end) chain->end = draw_end(drawn, kind);
        /* Pieces in proportion to the chain, so that its length does not decide the time. */
        size_t piece = 8 + below(drawn << 16, (uint32_t)(chain->end / 16));
        grow(chain, kind, piece);
        if (chain->length >= chain->end) finish(chain);
    }
    for (uint32_t i = 0; i < chains; i++) {
        if (all[i].block) finish(&all[i]);
    }
    return 0;
}
