/* A ring of threads: each frees what its left neighbour made and makes for its right one. */
#include "prove.h"
#include <pthread.h>
#include <stdatomic.h>

enum { THREADS = 6, DEPTH = 64 };
struct cell { _Atomic(void *) block; size_t size; unsigned char mark; };
static struct cell cells[THREADS][DEPTH];
static size_t rounds = 60000;
static atomic_int finished;

static void drain(struct cell *cell) {
    void *block = atomic_exchange(&cell->block, NULL);
    if (block == NULL) return;
    size_t size;
    memcpy(&size, block, sizeof size);
    PROVE(prove_marked((char *)block + 16, size, (unsigned char)size));
    free(block);
}

static void *work(void *argument) {
    size_t number = (size_t)(uintptr_t)argument;
    struct cell *left = cells[number], *right = cells[(number + 1) % THREADS];
    uint64_t chance = number;
    for (size_t i = 0; i < rounds; i++) {
        size_t size = prove_size(&chance, 30000);
        char *block = i % 4 == 0 ? calloc(1, size + 16) : malloc(size + 16);
        PROVE(block != NULL);
        if (i % 4 == 0) PROVE(prove_zero(block, size + 16));
        memcpy(block, &size, sizeof size);
        prove_mark(block + 16, size, (unsigned char)size);
        void *older = atomic_exchange(&right[i % DEPTH].block, block);
        if (older != NULL) {
            struct cell back = {older, 0, 0};
            drain(&back);
        }
        drain(&left[prove_next(&chance) % DEPTH]);
    }
    atomic_fetch_add(&finished, 1);
    return NULL;
}

int main(int count, char **words) {
    if (count > 1) rounds = strtoul(words[1], NULL, 10);
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++) PROVE(pthread_create(&threads[i], NULL, work, (void *)(uintptr_t)i) == 0);
    for (size_t i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    for (size_t i = 0; i < THREADS; i++)
        for (size_t j = 0; j < DEPTH; j++) drain(&cells[i][j]);
    PROVE(finished == THREADS);
    return prove_ok("ring");
}
