/* Threads by the thousand, each with blocks of its own and some left for main to free. Memory stays bounded. */
#include "prove.h"
#include <pthread.h>

enum { LEFT = 4, AT_ONCE = 16 };
struct left { void *block; size_t size; unsigned char mark; };
static struct left lefts[AT_ONCE][LEFT];

static void *work(void *argument) {
    size_t number = (size_t)(uintptr_t)argument;
    uint64_t chance = number;
    void *blocks[40];
    size_t sizes[40];
    for (int i = 0; i < 40; i++) {
        sizes[i] = prove_size(&chance, 100000);
        PROVE((blocks[i] = malloc(sizes[i])) != NULL);
        prove_mark(blocks[i], sizes[i], (unsigned char)(number + (size_t)i));
    }
    for (int i = 0; i < 40; i++) {
        PROVE(prove_marked(blocks[i], sizes[i], (unsigned char)(number + (size_t)i)));
        if (i < LEFT) {
            lefts[number % AT_ONCE][i] = (struct left){blocks[i], sizes[i], (unsigned char)(number + (size_t)i)};
        } else {
            free(blocks[i]);
        }
    }
    return NULL;
}

int main(int count, char **words) {
    size_t threads = count > 1 ? strtoul(words[1], NULL, 10) : 10000, after_warmup = 0;
    for (size_t first = 0; first < threads; first += AT_ONCE) {
        pthread_t handles[AT_ONCE];
        for (size_t i = 0; i < AT_ONCE; i++) {
            PROVE(pthread_create(&handles[i], NULL, work, (void *)(uintptr_t)(first + i)) == 0);
        }
        for (size_t i = 0; i < AT_ONCE; i++) {
            PROVE(pthread_join(handles[i], NULL) == 0);
            for (int j = 0; j < LEFT; j++) {
                struct left left = lefts[i][j];
                PROVE(prove_marked(left.block, left.size, left.mark));
                free(left.block);
            }
        }
        if (first == threads / 5 / AT_ONCE * AT_ONCE) after_warmup = prove_resident();
    }
    /* Heaps of ended threads are used again: no growth with the number of threads. */
    PROVE(prove_resident() < after_warmup + (48u << 20));
    return prove_ok("thread_churn");
}
