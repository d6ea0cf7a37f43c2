/* A small program that lives for a moment.

   usage: small_program ALLOCATIONS

   Models a command-line tool. Reads strings into an index with chained entries and a growing list of
   their sums, drops an entry now and then, uses a buffer for a line once in a while, and ends without
   freeing the rest. */
#include "shape.h"

enum { CHAINS = 256 };

typedef struct Entry {
    struct Entry *next;
    char *text;
} Entry;

typedef struct {
    uint64_t *sum;
    size_t length, room;
} List;

static void append(List *list, uint64_t sum) {
    if (list->length == list->room) {
        list->room = list->room ? list->room * 2 : 16;
        list->sum = realloc(list->sum, list->room * sizeof *list->sum);
        if (!list->sum) fail("realloc gave no memory");
    }
    list->sum[list->length++] = sum;
}

static void insert(Entry **chain, char *text) {
    Entry *entry = malloc(sizeof *entry);
    if (!entry) fail("malloc gave no memory");
    *entry = (Entry){*chain, text};
    *chain = entry;
}

static void drop(Entry **chain) {
    Entry *gone = *chain;
    if (!gone) return;
    *chain = gone->next;
    give(gone->text);
    free(gone);
}

int main(int count, char **word) {
    if (count != 2) return 2;
    uint64_t allocations = number(word[1]);
    say_who_serves();
    Random random = random_from(3);
    Entry **chain = calloc(CHAINS, sizeof *chain);
    if (!chain) fail("calloc gave no memory");
    List list = {0};
    for (uint64_t done = 0; done < allocations; done += 2) {
        uint64_t drawn = next_random(&random);
        size_t bytes = program_size(drawn);
        if (bytes > 4096) {
            give(take(bytes, drawn));
            continue;
        }
        append(&list, drawn);
        insert(&chain[(drawn >> 16) % CHAINS], take(bytes, drawn));
        if (drawn % 5 < 2) drop(&chain[(drawn >> 24) % CHAINS]);
    }
    return 0;
}
