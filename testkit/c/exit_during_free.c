/* Threads that end while others free their blocks: the race of abandoning a heap against remote frees. */
#include "prove.h"
#include <pthread.h>
#include <stdatomic.h>

enum { BLOCKS = 400, FREERS = 2 };
static _Atomic(void *) shelf[BLOCKS];
static atomic_int stop;
static size_t threads_max = 3000;

static void *maker(void *argument) {
    uint64_t chance = (uintptr_t)argument;
    for (int i = 0; i < BLOCKS; i++) {
        size_t size = 8 + prove_size(&chance, 20000);
        unsigned char *block = malloc(size);
        PROVE(block != NULL);
        uint64_t check = size * 0x9e3779b97f4a7c15u;
        memcpy(block, &check, 8);
        block[size - 1] = size > 8 ? 0xa5 : block[size - 1];
        void *older = atomic_exchange(&shelf[i], block);
        free(older);
    }
    /* Ends at once: the freers are in the middle of its blocks. */
    return NULL;
}

static void *freer(void *argument) {
    uint64_t chance = 1000 + (uintptr_t)argument;
    while (!atomic_load(&stop)) {
        for (int i = 0; i < 64; i++) {
            unsigned char *block = atomic_exchange(&shelf[prove_next(&chance) % BLOCKS], NULL);
            if (block == NULL) continue;
            uint64_t check;
            memcpy(&check, block, 8);
            size_t usable = malloc_usable_size(block);
            uint64_t size = check * 0xf1de83e19937733du; /* the inverse of the factor above */
            PROVE(size >= 8 && size <= usable);
            PROVE(size == 8 || block[size - 1] == 0xa5);
            free(block);
        }
        void *own = malloc(64);
        free(own);
    }
    return NULL;
}

int main(int count, char **words) {
    if (count > 1) threads_max = strtoul(words[1], NULL, 10);
    pthread_t freers[FREERS];
    for (size_t i = 0; i < FREERS; i++) PROVE(pthread_create(&freers[i], NULL, freer, (void *)(uintptr_t)i) == 0);
    for (size_t i = 0; i < threads_max; i++) {
        pthread_t one, other;
        PROVE(pthread_create(&one, NULL, maker, (void *)(uintptr_t)(i * 2)) == 0);
        PROVE(pthread_create(&other, NULL, maker, (void *)(uintptr_t)(i * 2 + 1)) == 0);
        pthread_join(one, NULL);
        pthread_join(other, NULL);
    }
    atomic_store(&stop, 1);
    for (size_t i = 0; i < FREERS; i++) pthread_join(freers[i], NULL);
    for (int i = 0; i < BLOCKS; i++) free(shelf[i]);
    return prove_ok("exit_during_free");
}
