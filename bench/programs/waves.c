/* Waves of bulk free across threads.

   usage: waves THREADS BLOCKS WAVES

   Models a program that works in phases: in a wave every thread allocates a bulk of blocks; when all
   are done each frees the whole bulk of another, in the order of allocation, backwards, or mixed,
   as the wave has it. The largest size doubles from wave to wave, from 32 B to 2 KiB, and starts
   again. */
#include "shape.h"

enum { THREADS_MAX = 16 };

static uint32_t threads, blocks;
static uint64_t waves;
static char **bulk[THREADS_MAX];
static pthread_barrier_t barrier;

static void drop(char **block, uint32_t how) {
    /* A stride that shares no factor with the count visits every block once. */
    uint32_t stride = how == 0 ? 1 : how == 1 ? blocks - 1 : 7919;
    uint32_t index = how == 1 ? blocks - 1 : 0;
    for (uint32_t i = 0; i < blocks; i++) {
        give(block[index]);
        index += stride;
        if (index >= blocks) index -= blocks;
    }
}

static void *work(void *place) {
    uint32_t own = (uint32_t)(uintptr_t)place;
    Random random = random_from(own);
    for (uint64_t wave = 0; wave < waves; wave++) {
        uint32_t most = 32u << wave % 7;
        for (uint32_t i = 0; i < blocks; i++) {
            uint64_t drawn = next_random(&random);
            bulk[own][i] = take(16 + below(drawn, most - 15), drawn);
        }
        pthread_barrier_wait(&barrier);
        drop(bulk[(own + 1 + wave % (threads - 1)) % threads], (uint32_t)(wave % 3));
        pthread_barrier_wait(&barrier);
    }
    return 0;
}

int main(int count, char **word) {
    if (count != 4) return 2;
    threads = (uint32_t)number(word[1]);
    blocks = (uint32_t)number(word[2]);
    waves = number(word[3]);
    if (threads < 2 || threads > THREADS_MAX || blocks <= 7919 || blocks % 7919 == 0) return 2;
    say_who_serves();
    pthread_barrier_init(&barrier, 0, threads);
    for (uint32_t i = 0; i < threads; i++) {
        bulk[i] = calloc(blocks, sizeof **bulk);
        if (!bulk[i]) fail("calloc gave no memory");
    }
    pthread_t thread[THREADS_MAX];
    for (uint32_t i = 1; i < threads; i++) start_thread(&thread[i], work, (void *)(uintptr_t)i);
    work(0);
    for (uint32_t i = 1; i < threads; i++) pthread_join(thread[i], 0);
    for (uint32_t i = 0; i < threads; i++) free(bulk[i]);
    return 0;
}
