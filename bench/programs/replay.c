/* Replays a recorded trace of allocations.

   usage: replay FILE SLOTS TURNS

   The file holds operations of 8 bytes: operation (3 bits), slot (29 bits), then 32 bits of size; an
   aligned allocation is followed by a word whose size is the alignment. One thread replays them in
   recorded order, TURNS times; what a turn leaves is freed at its end. The file is read in pieces, so
   that it does not count as memory of the program.

   Blocks are used: first and last word, one word of every OS page of a block above one, every fourth
   small block wholly; zeroed blocks only at both ends, and every sixteenth page. */
#include "shape.h"
#include <fcntl.h>
#include <malloc.h>
#include <unistd.h>

enum { MALLOC = 1, CALLOC, REALLOC, ALIGNED, FREE };
enum { PIECE = 8192, OS_PAGE = 4096 };

typedef struct {
    uint32_t what, bytes;
} Operation;

typedef struct {
    char *block;
    uint32_t bytes;
} Slot;

static void use(char *block, uint32_t bytes, uint32_t every) {
    if (!block) fail("malloc gave no memory");
    if (!bytes) return;
    for (uint32_t at = 0; at < bytes; at += every) block[at] = 1;
    block[bytes - 1] = 2;
}

static void fill(Slot *slot, uint32_t bytes) {
    slot->bytes = bytes;
    if (bytes <= OS_PAGE && bytes / 8 % 4 == 0) memset(slot->block, 1, bytes);
    use(slot->block, bytes, OS_PAGE);
}

static void drop(Slot *slot) {
    /* Written when it came, so that a lost block shows. */
    if (slot->bytes && slot->block[slot->bytes - 1] != 2) fail("the last byte of a block was lost");
    free(slot->block);
    *slot = (Slot){0};
}

static void apply(Slot *slot, const Operation *operation) {
    uint32_t bytes = operation->bytes;
    switch (operation->what & 7) {
    case MALLOC:
        slot->block = malloc(bytes);
        fill(slot, bytes);
        break;
    case CALLOC:
        slot->block = calloc(1, bytes);
        slot->bytes = bytes;
        if (slot->block && bytes && slot->block[bytes / 2]) fail("calloc gave memory that is not zero");
        use(slot->block, bytes, 16 * OS_PAGE);
        break;
    case REALLOC:
        slot->block = realloc(slot->block, bytes);
        fill(slot, bytes);
        break;
    case ALIGNED:
        slot->block = memalign(operation[1].bytes, bytes);
        fill(slot, bytes);
        break;
    case FREE:
        drop(slot);
        break;
    default:
        fail("the trace holds an operation that is none");
    }
}

static void play(int file, Slot *slot, uint32_t slots) {
    static Operation piece[PIECE];
    size_t held = 0;
    if (lseek(file, 0, SEEK_SET)) fail("the trace cannot be read again");
    for (;;) {
        ssize_t got = read(file, (char *)piece + held, sizeof piece - held);
        if (got < 0) fail("the trace cannot be read");
        held += (size_t)got;
        size_t count = held / sizeof *piece, index = 0;
        while (index < count) {
            int is_pair = (piece[index].what & 7) == ALIGNED;
            if (is_pair && index + 1 == count) break;
            if (piece[index].what >> 3 >= slots) fail("the trace names a slot that is not there");
            apply(&slot[piece[index].what >> 3], &piece[index]);
            index += is_pair ? 2 : 1;
        }
        if (!got) break;
        held -= index * sizeof *piece;
        memmove(piece, piece + index, held);
    }
}

int main(int count, char **word) {
    if (count != 4) return 2;
    int file = open(word[1], O_RDONLY);
    if (file < 0) fail("the trace cannot be opened");
    uint32_t slots = (uint32_t)number(word[2]);
    uint64_t turns = number(word[3]);
    say_who_serves();
    Slot *slot = calloc(slots, sizeof *slot);
    if (!slot) fail("calloc gave no memory");
    for (uint64_t turn = 0; turn < turns; turn++) {
        play(file, slot, slots);
        for (uint32_t i = 0; i < slots; i++) {
            if (slot[i].block) drop(&slot[i]);
        }
    }
    free(slot);
    return 0;
}
